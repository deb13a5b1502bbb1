"""Colours, shapes and numbers as they are printed, the same in every picture."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["COUNTRY_COLOURS", "LOSS_COLOURS", "OTHER_COLOUR", "SHAPES", "loss_class", "number", "percent", "tonnes"]

# told apart in normal, deutan, protan and tritan sight; the ISO code in the label carries the same meaning
COUNTRY_COLOURS = ("#0B6BB8", "#D55E00", "#00594F", "#4B2A85", "#3A97D3", "#8C1D18")
OTHER_COLOUR = "#7A828C"
LOSS_COLOURS = (
    ("#FFF1DC", "#1B1F24"),
    ("#FBC98A", "#1B1F24"),
    ("#E8893A", "#1B1F24"),
    ("#AD4A0C", "#FFFFFF"),
    ("#5C1F08", "#FFFFFF"),
)
_LOSS_STEPS = (0.05, 0.25, 0.5, 0.75)
SHAPES = {
    "mine": ("triangle", "▲"),
    "refiner": ("diamond", "◆"),
    "manufacturer": ("square", "■"),
    "end_use": ("dot", "●"),
    "recycler": ("triangleDown", "▼"),
}
MINUS = "−"


def is_known(value: Any) -> bool:
    """Say whether a cell holds something: neither None nor NaN nor empty text."""
    if value is None or value == "":
        return False
    return not (isinstance(value, float) and math.isnan(value))


def number(value: Any) -> str:
    """Return three significant figures with thousands commas; ``n/d`` where unknown."""
    if not is_known(value):
        return "n/d"
    x = float(value)
    if math.isinf(x):
        return "unlimited"
    sign, x = (MINUS, -x) if x < 0 else ("", x)
    if x == 0:
        return "0"
    if x < 0.001:
        return f"{sign}<0.001"
    rounded = float(f"{x:.3g}")
    digits = max(0, 2 - math.floor(math.log10(rounded)))
    text = f"{rounded:,.{digits}f}"
    return sign + (text.rstrip("0").rstrip(".") if "." in text else text)


def tonnes(value: Any) -> str:
    """Return a yearly tonnage with its unit."""
    text = number(value)
    return text if text in ("n/d", "unlimited") else f"{text} t/yr"


def percent(share: Any) -> str:
    """Return a share as percent: whole from 10 up, one decimal below, never a rounded 0 or 100."""
    if not is_known(share):
        return "n/d"
    x = 100.0 * float(share)
    if x == 0:
        return "0 %"
    if 0 < x < 0.1:
        return "<0.1 %"
    if 99.9 < x < 100 - 1e-7:
        return ">99.9 %"
    return f"{x:.0f} %" if x >= 9.95 else f"{x:.1f} %"


def css_text(text: str) -> str:
    """Return text as the inside of a CSS string: every sign that is no letter or digit of ASCII by its number."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)


def loss_class(share: Any) -> int:
    """Return 0 for no loss, 1 to 5 for the classes up to 5, 25, 50, 75 and 100 %."""
    if not is_known(share) or share <= 0:
        return 0
    return 1 + sum(float(share) > step for step in _LOSS_STEPS)
