"""Which commands answer which question: the order in which ``chainnet --help`` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typer.core import TyperGroup

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "What can the chain not lose?": (
        "chokepoints", "interdict", "fortify", "shapley", "exposure", "cascade", "flow", "concentration", "indicators",
    ),
    "Who runs short, and when?": ("overview", "stress", "balance", "rules"),
    "How large must a stockpile be?": ("stockpile",),
    "Which projects are worth funding?": ("reroute", "portfolio", "floor", "overcapacity"),
    "What does a bloc gain?": ("alliance", "alignment", "partners", "retaliation", "fair-split"),
    "How far can I trust a number?": ("assumptions", "ensemble", "sensitivity", "compare", "check"),
    "How do I hand over the result?": ("report", "draw", "engine"),
    "How do I use my own data?": (
        "list", "copy", "init", "import", "scenario", "stock", "calibrate", "from-trade", "refresh", "merge", "join",
    ),
    "How do I share data that others may not see?": (
        "redact", "attack", "aggregate", "bracket", "commit", "prove", "verify", "key", "partition", "offer", "joint",
    ),
    "What is installed?": ("licences",),
}  # fmt: skip


class ByQuestion(TyperGroup):
    """The commands under the question that they answer; each names its function where that has another name."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, a heading for each question."""
        from chainnet.cli.common import COMMANDS

        width = max(map(len, self.commands))
        for question, names in QUESTIONS.items():
            with formatter.section(question):
                for name in names:
                    short = self.commands[name].get_short_help_str(limit=80)
                    asked = COMMANDS[name].like.rpartition(".")[2] if name in COMMANDS else ""
                    more = f" [{asked}]" if asked.replace("_", "-") not in ("", name) else ""
                    formatter.write(f"{'':{formatter.current_indent}}{name:{width}}  {short}{more}\n")
