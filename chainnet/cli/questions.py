"""Which commands answer which question: the order in which ``chainnet --help`` lists them."""

from __future__ import annotations

from collections.abc import Mapping

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "What can the chain not lose?": (
        "chokepoints", "interdict", "fortify", "shapley", "exposure", "reverse", "hazards", "cascade", "flow",
        "concentration", "indicators",
    ),
    "Who runs short, and when?": ("find", "overview", "stress", "balance", "rules"),
    "How large must a stockpile be?": ("stockpile",),
    "Which projects are worth funding?": (
        "reroute", "portfolio", "floor", "break-even", "overcapacity",
    ),
    "What does a price do, and who pays?": (
        "market", "best-reply", "storage", "floor-curve", "implied-floors", "instruments",
    ),
    "What does a bloc gain?": ("alliance", "alignment", "partners", "retaliation", "fair-split"),
    "How far can I trust a number?": (
        "assumptions", "ensemble", "sensitivity", "hindcast", "events", "compare", "check",
    ),
    "How do I hand over the result?": ("report", "draw"),
    "How do I use my own data?": (
        "list", "copy", "init", "look", "import", "scenario", "stock", "calibrate", "from-trade", "refresh", "merge",
        "join",
    ),
    "How do I share data that others may not see?": (
        "redact", "attack", "aggregate", "bracket", "commit", "prove", "verify", "key", "partition", "offer", "joint",
    ),
    "What is installed?": ("licences",),
}  # fmt: skip
