"""The evidence as pictures: shortfall over time, the levels of response, what each measure avoids at what cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from chainnet.drawing.style import COLOURS
from chainnet.drawing.svg import WIDTH, Picture, cut, wide
from chainnet.words import is_missing, number, percent

HALF = 232.0  # a picture beside another, points
INK, LINE, RULE, PALE, RED = (COLOURS[name] for name in ("ink", "line", "rule", "blank", "less"))
APART = 0.005  # shares nearer than that are one
UNKNOWN, STRIPE, WORD = 0.25, 5.0, 8.0  # height of what has no price, between stripes, least width with a number
BARS = [size * 10.0**power for power in range(4, -7, -1) for size in (5.0, 2.0, 1.0)]  # of a scale, the longest first
YEAR, LATER = 12, 5.0  # months: of the band, and between the months and what comes later
Ends = tuple[float, float]
Due = Sequence[tuple[float, str]]
# how near to output: the darker the nearer
STATES = dict(
    zip(("running", "building", "decided", "undecided", "idle"), (INK, COLOURS["soft"], LINE, RULE, PALE), strict=True)
)


def _axis(picture: Picture, left: float, right: float, top: float, bottom: float) -> None:
    """Draw the shares at the left, with their rules."""
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * (bottom - top)
        picture.line([(left, y), (right, y)], LINE if share == 0 else RULE, 0.5)
        picture.words(left - 4.0, y + 3.0, percent(share, " "), at="end", colour=COLOURS["soft"])


def course_svg(
    months: pd.DataFrame, year: Ends, later: tuple[float, float, float], words: str, first: float, due: Due
) -> str:
    """Draw shortfall over time: months as steps, the range of the first year as a band, what comes later at the right.

    Parameters
    ----------
    months : DataFrame, index month (its first)
        months (how many), share of demand.
    year : pair of float
        Least and most of the first twelve months.
    later : triple of float
        Central, least and most once new suppliers are qualified.
    words : str
        What is said there.
    first : float
        The first short month, NaN = none.
    due : sequence of pairs of float and str
        Months and names of projects that are due.
    """
    height, left, right, top = 142.0, 34.0, WIDTH - 82.0, 18.0
    bottom, picture = height - 26.0, Picture(height)
    horizon = float((months.index + months["months"]).max() - 1)
    scale = (right - left) / (horizon + LATER + 3.0)

    def x(month: float) -> float:
        return left + scale * month

    def y(share: float) -> float:
        return bottom - min(max(share, 0.0), 1.0) * (bottom - top)

    _axis(picture, left, right, top, bottom)
    low, high = year
    if high - low > APART:
        picture.box(x(0), y(high), x(min(YEAR, horizon)) - x(0), y(low) - y(high), PALE)
    points: list[tuple[float, float]] = []
    for month, row in months.iterrows():
        begin = float(month) - 1.0  # type: ignore[arg-type]
        points += [(x(begin), y(row["share"])), (x(begin + row["months"]), y(row["share"]))]
    picture.shape([(points[0][0], y(0)), *points, (points[-1][0], y(0))], RULE)
    if high - low > APART:  # the ends of the range are seen through what is short
        for end in year:
            picture.line([(x(0), y(end)), (x(min(YEAR, horizon)), y(end))], LINE)
    picture.line(points, INK, 1.8)
    central, least, most = later
    at = x(horizon + LATER)
    picture.box(at, y(most), 3.0 * scale, y(least) - y(most), PALE)
    picture.line([(at, y(central)), (right, y(central))], INK, 1.8)
    picture.words(right + 5.0, min(y(central) + 3.0, bottom), words, bold=True)
    for month in range(0, int(horizon) + 1, YEAR):
        picture.line([(x(month), bottom), (x(month), bottom + 3.0)], LINE)
        picture.words(x(month), bottom + 12.0, str(month), at="middle", colour=COLOURS["soft"])
    picture.words(x(horizon / 2), bottom + 22.0, "months after the first measure", at="middle", colour=COLOURS["soft"])
    picture.words((at + right) / 2, bottom + 12.0, "later", at="middle", colour=COLOURS["soft"])
    _marks(picture, first, due, x, horizon, (top, bottom))
    return picture.svg


def _marks(picture: Picture, first: float, due: Due, x: Callable[[float], float], horizon: float, ends: Ends) -> None:
    """Mark the first short month in red, and when projects are due."""
    top, bottom = ends
    marks = [(first - 1.0, "first short", RED)] if not is_missing(first) else []
    marks += [(month, words, COLOURS["soft"]) for month, words in due if 0 < month < horizon]
    for row, (month, words, colour) in enumerate(sorted(marks)):
        y = top - 8.0 + 11.0 * row
        picture.line([(x(month), y), (x(month), bottom)], colour, 1.0 if colour == RED else 0.6)
        is_late = x(month) + wide(words, bold=colour == RED) > WIDTH - 82.0
        place = x(month) - 3.0 if is_late else x(month) + 3.0
        picture.words(
            place, y + 6.0, words, colour=colour, bold=colour == RED, at="end" if is_late else "start", halo=True
        )


def levels_svg(levels: pd.DataFrame, first: str) -> str:
    """Draw what stays short after each level of response; the tick is where allies are served last.

    Parameters
    ----------
    levels : DataFrame, index level
        share, last_share.
    first : str
        The level whose bar is the number of the title.
    """
    row, names = 17.0, 92.0
    picture = Picture(row * len(levels) + 14.0, HALF)
    room = HALF - names - 38.0
    for i, (level, one) in enumerate(levels.iterrows()):
        y, share = row * i + 2.0, min(float(one["share"]), 1.0)
        is_title = level == first
        picture.words(names - 5.0, y + 10.0, cut(str(level), names - 5.0, bold=is_title), at="end", bold=is_title)
        picture.box(names, y + 1.0, max(room * share, 0.8), row - 5.0, INK if is_title else COLOURS["line"])
        last = min(float(one["last_share"]), 1.0)
        at, end = (names + room * part for part in (last, share))
        if last > share + APART:
            picture.line([(at, y - 1.0), (at, y + row - 2.0)], RED, 1.6)
            end = at if at - end < 34.0 else end  # the number has no room before the tick
        picture.words(end + 5.0, y + 10.0, percent(share, " "), bold=is_title)
    picture.line([(names, 0), (names, row * len(levels))], LINE)
    return picture.svg


def measures_svg(measures: pd.DataFrame, demand_tpa: float) -> str:
    """Draw each measure as a box, in the order given: its width what it avoids alone, its height USD million a point.

    Parameters
    ----------
    measures : DataFrame
        label, state, avoids_tpa, cost_musd (NaN = not known: hatched, at the right).
    demand_tpa : float
        What the tier asks for.
    """
    height, left, top = 118.0, 30.0, 10.0  # room for a number over the highest
    bottom, picture = height - 26.0, Picture(height, HALF)
    table = measures.assign(points=100.0 * measures["avoids_tpa"] / demand_tpa)
    table = table.assign(price=table["cost_musd"] / table["points"])
    total, most = float(table["points"].sum()) or 1.0, float(table["price"].max(skipna=True))
    most = most if most == most and most > 0 else 1.0
    x, scale = left, (HALF - left - 4.0) / total
    for place, row in enumerate(table.to_dict("records"), 1):
        room, known = row["points"] * scale, not is_missing(row["price"])
        tall = max((bottom - top) * (row["price"] / most if known else UNKNOWN), 1.0)
        right = max(room - 1.0, 0.5)
        picture.box(x, bottom - tall, right, tall, STATES[row["state"]] if known else "none", LINE)
        for at in np.arange(0.0, 0.0 if known else right, STRIPE):
            rise = min(tall, right - at)
            picture.line([(x + at, bottom), (x + at + rise, bottom - rise)], LINE, 0.5)
        if room > WORD:
            picture.words(x + room / 2, bottom - tall - 2.5, str(place), at="middle", bold=True)
        x += room
    picture.line([(left, bottom), (HALF - 4.0, bottom)], LINE)
    picture.line([(left, top), (left, bottom)], LINE)
    picture.words(left - 4.0, top + 6.0, number(most), at="end", colour=COLOURS["soft"])
    picture.words(left - 4.0, bottom + 1.0, "0", at="end", colour=COLOURS["soft"])
    # each stands alone: an axis would add them up, so a bar says how wide a point is
    bar = next((size for size in BARS if size <= total / 3.0), BARS[-1])
    picture.line([(left, bottom + 8.0), (left + bar * scale, bottom + 8.0)], INK, 2.0)
    said = f"width: points of demand avoided, bar {number(bar)}"
    picture.words(left, bottom + 22.0, said, colour=COLOURS["soft"])
    return picture.svg
