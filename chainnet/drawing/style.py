"""Shapes and colours, the same in every picture; numbers with a plain blank before their unit."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from chainnet import words

_STYLE = tomllib.loads((Path(__file__).parent / "style.toml").read_text(encoding="utf-8"))
COLOURS: dict[str, str] = _STYLE["colours"]
TIER_COLOURS: tuple[str, ...] = tuple(_STYLE["tiers"]["colours"])
LOSS_ENDS: tuple[float, ...] = tuple(_STYLE["losses"]["ends"])
LOSS_COLOURS = tuple(
    (colour, COLOURS[word]) for colour, word in zip(_STYLE["losses"]["colours"], _STYLE["losses"]["words"], strict=True)
)
_COUNTRIES = _STYLE["countries"]
COUNTRY_COLOURS: tuple[str, ...] = tuple(_COUNTRIES["colours"])
DUST = 1e-9  # of a share
OTHER_COLOUR: str = _COUNTRIES["other"]
SHAPES = {
    "mine": ("triangle", "▲"),
    "refiner": ("diamond", "◆"),
    "manufacturer": ("square", "■"),
    "end_use": ("dot", "●"),
    "recycler": ("triangleDown", "▼"),
}
# corners of a mark by its shape, of one with radius 1
CORNERS = {
    "triangle": ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
    "triangleDown": ((0, 1.3), (1.2, -0.9), (-1.2, -0.9)),
    "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    "square": ((-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)),
}
# on a page a number and its unit may part at the end of a line
percent, tonnes = partial(words.percent, blank=" "), partial(words.tonnes, blank=" ")


def corners(stage: str, r: float, x: float = 0.0, y: float = 0.0) -> str:
    """Return the corners of a stage's mark around a place, as a polygon has them; empty where it is round."""
    return " ".join(f"{x + r * a:.1f},{y + r * b:.1f}" for a, b in CORNERS.get(SHAPES[stage][0], ()))


def css_text(text: str) -> str:
    """Return text as the inside of a CSS string: every sign that is no letter or digit of ASCII by its number."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)


def tier_colour(place: int) -> str:
    """Return the colour of a tier by its place in the order of service; beyond the last all are alike."""
    return TIER_COLOURS[min(place, len(TIER_COLOURS) - 1)]


def palette_sheet() -> str:
    """Return the palette as variables of a style sheet, with those for readers who ask for more contrast."""

    def root(colours: Mapping[str, str]) -> str:
        return ":root{" + ";".join(f"--{name.replace('_', '-')}:{colour}" for name, colour in colours.items()) + "}"

    return f"{root(COLOURS)}\n@media(prefers-contrast:more){{{root(_STYLE['contrast'])}}}\n"


def palette_script() -> str:
    """Return the palette as ``COLOURS`` of a script; its ``dark`` gives the colour of small letters for a country's."""
    places = [*COUNTRY_COLOURS, OTHER_COLOUR]
    letters = [*_COUNTRIES["words"], COLOURS[_COUNTRIES["other_words"]]]
    dark = dict(zip(places, letters, strict=True))
    return f"const COLOURS = {json.dumps({**COLOURS, 'dark': dark})};\n"


def loss_class(share: Any) -> int:
    """Return 0 for no loss, 1 to 5 for the classes up to 5, 25, 50, 75 and 100 %."""
    if not words.is_known(share) or share <= DUST:
        return 0
    return 1 + sum(float(share) > end + DUST for end in LOSS_ENDS[:-1])
