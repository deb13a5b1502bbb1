"""How likely a loss of so much or more is: a band from all chances low to all high, and no line in its middle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log10

import pandas as pd

from chainnet.drawing.style import COLOURS
from chainnet.drawing.svg import WIDTH, Picture, folded, wide
from chainnet.words import odds, percent

LEFT, RIGHT, TOP, FOOT, HEIGHT = 58.0, 6.0, 50.0, 34.0, 262.0
LEAST = 1e-3  # the lowest chance that is drawn
THIN = 5.0  # points of a band at least
_TICKS = ((1.0, "certain"), (0.1, "1 in 10"), (0.01, "1 in 100"), (LEAST, "1 in 1,000"))
_HATCH = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<line x1="0" y1="0" x2="0" y2="5" stroke="{COLOURS["soft"]}" stroke-width="1.2"/></pattern></defs>'
)
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Exceedance:
    """What ``exceedance_svg`` draws.

    Parameters
    ----------
    curve : DataFrame
        As of ``reverse``: if_event, loss_share, chance_low, chance_high.
    asked : float
        The loss that was asked for, a share.
    years : float
        How far ahead the day lies.
    labels : mapping of str to str, optional
        Names for people, by event.
    users : str
        Whose demand.
    """

    curve: pd.DataFrame
    asked: float
    years: float
    labels: Mapping[str, str] = field(default_factory=dict)
    users: str = "demand"

    @property
    def reached(self) -> pd.DataFrame:
        """The losses of the curve that are at least what was asked for, without the events that have no rate."""
        return self.curve[(self.curve["if_event"] == "") & (self.curve["loss_share"] >= self.asked - 1e-9)]

    @property
    def ends(self) -> tuple[float, float]:
        """The chance of the loss that was asked for, or more: the least and the most."""
        first = self.reached[["chance_low", "chance_high"]].head(1).to_numpy().ravel()
        return (float(first[0]), float(first[1])) if len(first) else (0.0, 0.0)

    @property
    def title(self) -> str:
        """What the figure says."""
        words = f"{percent(self.asked, ' ')} or more of {self.users} short on a day {self.years:g} years ahead"
        return f"{words}: {odds(*self.ends)}"


def exceedance_svg(told: Exceedance) -> str:
    """Draw the band, hatched once more with each event that has no rate, and mark the loss that was asked for.

    Parameters
    ----------
    told : Exceedance
        What to draw.

    Returns
    -------
    str
        An SVG document that asks for nothing outside itself.

    See Also
    --------
    reverse, drawing.exposure_svg
    """
    picture = Picture(HEIGHT)
    bottom = HEIGHT - FOOT
    _axes(picture, told, bottom)
    picture.parts.append(_HATCH)
    parts = {str(name): part for name, part in told.curve.groupby("if_event", sort=False)}
    given = [name for name in parts if name]
    base = parts.get("", told.curve.iloc[:0])
    edges = {name: (_steps(parts[name], "chance_low"), _steps(parts[name], "chance_high")) for name in given}
    low, high = _steps(base, "chance_low"), _steps(base, "chance_high")
    for least, most in edges.values():
        _band(picture, least, most, COLOURS["blank"])
    _band(picture, low, high, COLOURS["rule"])
    for least, most in edges.values():  # over the grey: where both are, both are seen
        _band(picture, least, most, "url(#hatch)")
        for points in (least, most):
            picture.line(points, COLOURS["soft"], 0.8)
    for points in (low, high):
        picture.line(points, COLOURS["ink"], 1.4)
    _asked(picture, told, bottom)
    _key(picture, 0, COLOURS["rule"], "from all rates low to all rates high")
    if given:
        words = " or ".join(told.labels.get(name, name) for name in given)
        _key(picture, 1, "url(#hatch)", f"the same if this happens, for which nobody gives a rate: {words}")
    return picture.svg


def _x(share: float) -> float:
    return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - RIGHT - LEFT)


def _y(chance: float) -> float:
    part = -log10(max(chance, LEAST)) / -log10(LEAST)
    return TOP + part * (HEIGHT - FOOT - TOP)


def _axes(picture: Picture, told: Exceedance, bottom: float) -> None:
    for chance, words in _TICKS:
        picture.line([(LEFT, _y(chance)), (WIDTH - RIGHT, _y(chance))], COLOURS["rule"], 0.5)
        picture.words(LEFT - 5.0, _y(chance) + 3.0, words, at="end", colour=COLOURS["soft"])
    picture.line([(LEFT, bottom), (WIDTH - RIGHT, bottom)], COLOURS["line"])
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        picture.line([(_x(share), bottom), (_x(share), bottom + 3.0)], COLOURS["line"])
        at = "end" if share == 1.0 else "middle"
        picture.words(_x(share), bottom + 12.0, percent(share, " "), at=at, colour=COLOURS["soft"])
    words = f"shortfall of so much of {told.users} or more, on a day {told.years:g} years ahead"
    picture.words((LEFT + WIDTH - RIGHT) / 2.0, bottom + 26.0, words, at="middle", colour=COLOURS["soft"])


def _key(picture: Picture, row: int, fill: str, words: str) -> None:
    picture.box(LEFT, 3.0 + 12.0 * row, 14.0, 8.5, fill, COLOURS["line"])
    room = 0.85 * (WIDTH - RIGHT - LEFT - 20.0)  # a page may show it in a wider font
    for line, part in enumerate(folded(words, room, 2)):
        picture.words(LEFT + 20.0, 10.5 + 12.0 * (row + line), part, colour=COLOURS["soft"])


def _steps(curve: pd.DataFrame, column: str) -> Points:
    """Return the edge: up to each loss the chance of that loss or more; beyond the last there is none."""
    points: Points = []
    at = 0.0
    for share, chance in zip(curve["loss_share"], curve[column], strict=True):
        points += [(_x(at), _y(chance)), (_x(share), _y(chance))]
        at = float(share)
    return [*points, (_x(at), _y(0.0))] if points else []


def _band(picture: Picture, low: Points, high: Points, fill: str) -> None:
    """Fill a band; where its edges meet, as near certain, it keeps a width that is seen."""
    least = [(x, max(y, top + THIN)) for (x, y), (_, top) in zip(low, high, strict=True)]
    picture.shape([*high, *reversed(least)], fill)


def _before(first: float, rows: pd.DataFrame) -> list[float]:
    """Return where each step begins, the first at a share."""
    return [first, *rows["loss_share"].tolist()[:-1]][: len(rows)]


def _asked(picture: Picture, told: Exceedance, bottom: float) -> None:
    """Mark the loss that was asked for, with both chances in words where there is room."""
    x, rows = _x(told.asked), told.reached
    picture.line([(x, TOP), (x, bottom)], COLOURS["less"], 1.0)
    for chance in told.ends if len(rows) else ():
        picture.box(x - 2.2, _y(chance) - 2.2, 4.4, 4.4, COLOURS["ink"])
    words = f"{percent(told.asked, ' ')} or more: {odds(*told.ends)}"
    room = max(WIDTH - RIGHT - x, x - LEFT) - 8.0
    lines = folded(words, room, 2, bold=True)
    is_right = x + 6.0 + max(wide(line, bold=True) for line in lines) <= WIDTH - RIGHT
    span = max(wide(line, bold=True) for line in lines) + 6.0
    edge = [
        _y(p) for left, p in zip(_before(told.asked, rows), rows["chance_high"], strict=True) if _x(left) < x + span
    ]
    top = TOP + 11.0
    if edge and edge[0] < top + 11.0 * len(lines):  # the upper edge runs there
        top = max(edge) + 15.0
    for row, line in enumerate(lines):
        place = (x + 6.0, "start") if is_right else (x - 6.0, "end")
        picture.words(place[0], top + 11.0 * row, line, bold=True, at=place[1], halo=True)
