"""Colours, shapes and numbers as they are printed, the same in every picture."""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = [
    "COUNTRY_COLOURS",
    "LOSS_COLOURS",
    "OTHER_COLOUR",
    "SHAPES",
    "css_text",
    "loss_class",
    "number",
    "percent",
    "plain",
    "readable_id",
    "significant",
    "tonnes",
]

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
MINUS = "\u2212"
FIGURES = 3
DUST = 1e-9
LEAST = 0.1
HALF_UP = 1 + 1e-9  # what lies at a half but for the last digits of a solve always rounds up


def is_known(value: Any) -> bool:
    """Say whether a cell holds something: neither None nor NaN nor empty text."""
    if value is None or value == "":
        return False
    return not (isinstance(value, float) and math.isnan(value))


def number(value: Any, infinite: str = "unlimited", least: float = LEAST) -> str:
    """Return three significant figures, thousands by comma, halves up; ``n/d`` where unknown.

    What lies below ``least`` is said to be so. Report and drawings write the same.
    """
    if not is_known(value) or value != value:
        return "n/d"
    x = float(value)
    if math.isinf(x):
        return infinite
    size = abs(x)
    if size <= DUST:
        return "0"
    if size < least:
        return f"<{least:g}" if x > 0 else f">{MINUS}{least:g}"
    return (MINUS if x < 0 else "") + plain(significant(size, FIGURES))


def significant(size: float, figures: int) -> float:
    """Return an amount above 0 rounded to so many figures, halves up."""
    step = 10.0 ** (math.floor(math.log10(size)) - figures + 1)
    return round(size / step * HALF_UP) * step


def plain(size: float) -> str:
    """Return an amount that is rounded already, without zeros at its end."""
    if size >= 100:
        return f"{size:,.0f}"
    exponent = math.floor(math.log10(size)) if size > 0 else 0
    text = f"{size:,.{max(FIGURES - 1 - exponent, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tonnes(value: Any) -> str:
    """Return a yearly tonnage with its unit."""
    text = number(value)
    return text if text in ("n/d", "unlimited") else f"{text} t/yr"


def percent(share: Any) -> str:
    """Return a share as percent: whole from 10 up, one decimal below; only what is nothing or all reads 0 or 100."""
    if not is_known(share) or share != share:
        return "n/d"
    x = 100.0 * float(share)
    if abs(x) <= DUST:
        return "0 %"
    if 0 < x < LEAST:
        return f"<{LEAST:g} %"
    if 99.5 <= x < 100 - DUST:
        return ">99.9 %" if x > 99.9 else f"{math.floor(x * 10) / 10:.1f} %"
    size = abs(x) * HALF_UP
    shown = f"{size:.1f}".removesuffix(".0") if size < 9.95 else f"{size:.0f}"
    return f"{MINUS if x < 0 else ''}{shown} %"


def css_text(text: str) -> str:
    """Return text as the inside of a CSS string: every sign that is no letter or digit of ASCII by its number."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)


def loss_class(share: Any) -> int:
    """Return 0 for no loss, 1 to 5 for the classes up to 5, 25, 50, 75 and 100 %."""
    if not is_known(share) or share <= 0:
        return 0
    return 1 + sum(float(share) > step for step in _LOSS_STEPS)


def readable_id(text: str) -> str:
    """Return a lower snake case id as words, any other text as it stands.

    Examples
    --------
    >>> readable_id("japan_magnet_makers"), readable_id("H_CN")
    ('Japan magnet makers', 'H_CN')
    """
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", text):
        return text[:1].upper() + text[1:].replace("_", " ")
    return text
