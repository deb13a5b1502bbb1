"""Shapes and the colours of losses, the same in every picture; numbers with a plain blank before their unit."""

from __future__ import annotations

from functools import partial
from typing import Any

from chainnet import words

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
# on a page a number and its unit may part at the end of a line
percent, tonnes = partial(words.percent, blank=" "), partial(words.tonnes, blank=" ")


def css_text(text: str) -> str:
    """Return text as the inside of a CSS string: every sign that is no letter or digit of ASCII by its number."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)


def loss_class(share: Any) -> int:
    """Return 0 for no loss, 1 to 5 for the classes up to 5, 25, 50, 75 and 100 %."""
    if not words.is_known(share) or share <= 0:
        return 0
    return 1 + sum(float(share) > step for step in _LOSS_STEPS)
