"""Spend or flow against exposure, as one SVG: what is bought most is seldom what would be missed most."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.errors import DataError, printable
from chainnet.results import fact_of, origin_of
from chainnet.words import number as three_figures

number = partial(three_figures, least=0.001)  # the axis of the sizes may begin far down
INK, GREY, AXIS, RULE, STRIP = "#1B1F24", "#4B5563", "#767D87", "#DDE1E6", "#F3F5F7"
NAMED, OTHERS = "#D55E00", "#0B6BB8"
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 980.0, 84.0, 640.0, 112.0, 430.0
BAND, GAP, LIST, INSET = 44.0, 8.0, 672.0, 12.0
MOST_NAMED, MOST_DRAWN = 10, 2000
NEAR = 11.0  # points nearer than this bear one number together
WIDE_RANGE = 50.0  # beyond it losses are drawn on a log scale


def exposure_svg(
    table: pd.DataFrame,
    labels: Mapping[Any, str] | None = None,
    *,
    title: str | None = None,
    named: int = MOST_NAMED,
) -> str:
    """Draw what is spent on each thing that can drop out against what its loss costs.

    One mark a row of ``risk_exposure``: spend (flow where prices are not known) to the right on a log
    scale, cost upwards. What costs nothing, and what carries nothing, lies in a strip of its own.

    Parameters
    ----------
    table : DataFrame
        An answer of ``risk_exposure``, or some of its rows.
    labels : mapping, optional
        Index value -> name to print; else the index value itself.
    title : str, optional
        Heading; else the finding.
    named : int
        How many of the largest costs are named, 0 to 10.

    Returns
    -------
    str
        An SVG document that asks for nothing outside itself, with a title and a description for those
        who do not see it. The same table gives the same text.

    Raises
    ------
    DataError
        If the table is not one of ``risk_exposure``, or ``named`` is not 0 to 10.

    Notes
    -----
    At most 2,000 marks are drawn, the largest costs first; the foot says how many are left out.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.drawing import exposure_svg
    >>> picture = exposure_svg(cn.risk_exposure(cn.read("mag-9"), recovery=1))
    >>> picture.startswith("<svg"), "rank correlation" in picture
    (True, True)
    """
    lacking = [c for c in ("cost_usd", "throughput_tpa", "recovery", "added_cost_usd") if c not in table]
    if lacking:
        raise DataError(f"exposure_svg: the table lacks {', '.join(lacking)}. Give an answer of risk_exposure.")
    if not checks.is_whole(named) or not 0 <= named <= MOST_NAMED:
        raise DataError(f"exposure_svg: named={named!r} is not allowed; give a whole number from 0 to {MOST_NAMED}.")
    picture = _Picture(table, labels or {}, named)
    heading = _clean(title) if title is not None else picture.finding()
    key = picture.key()
    height = max(picture.foot + 18.0 * len(picture.notes()), picture.listed) + 14.0
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" '
        f'height="{height:.0f}" role="img" aria-labelledby="exposure-title exposure-desc" '
        'font-family="DejaVu Sans, Verdana, Arial, sans-serif">',
        f'<title id="exposure-title">{escape(heading)}</title>',
        f'<desc id="exposure-desc">{escape(picture.description())}</desc>',
        f'<rect width="{WIDTH:.0f}" height="{height:.0f}" fill="#FFFFFF"/>',
        _text(28, 34, _cut(heading, 920, 18), 18, weight="bold"),
        _text(28, 58, picture.subtitle(), 13, GREY),
        *picture.axes(),
        *picture.marks(),
        *key,
        *(_text(28, picture.foot + 18 * i, words, 12, GREY) for i, words in enumerate(picture.notes())),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class _Scale:
    """A scale: what becomes which part of its axis (0 to 1), and where it is marked."""

    part: Callable[[float], float]
    ticks: tuple[float, ...]
    is_log: bool


class _Picture:
    """The places of all marks; the order is that of the table, its largest cost first."""

    def __init__(self, table: pd.DataFrame, labels: Mapping[Any, str], named: int) -> None:
        self._whole = len(table)
        ordered = table.iloc[np.argsort(-table["cost_usd"].to_numpy(dtype=float), kind="stable")]
        self._n_lost = int((ordered["cost_usd"] > 0).sum())
        settings = origin_of(table).get("settings", {})
        self._is_money = settings.get("value", "value_usd_per_t") == "value_usd_per_t"
        self._given = settings.get("recovery")
        self._column = "spend_usd" if "spend_usd" in table else "throughput_tpa"
        self._correlation = fact_of(table, "rank_correlation", {}).get(self._column, math.nan)
        carried = ordered["cost_usd"] - ordered["added_cost_usd"]
        self._anyway = float(carried.max()) if len(ordered) else 0.0
        self._anyway = self._anyway if self._anyway > 1e-9 * float(ordered["cost_usd"].max() or 0.0) else 0.0
        ordered = ordered.head(MOST_DRAWN)
        is_edge = ordered.index.names[:2] == ["source", "target"]
        self._names = [_clean(labels.get(key, _word(key, is_edge))) for key in ordered.index]
        self._size = ordered[self._column].to_numpy(dtype=float)
        self._cost = ordered["cost_usd"].to_numpy(dtype=float)
        self._recovery = ordered["recovery"].to_numpy(dtype=float)
        self._n_named = min(named, int((self._cost > 0).sum()))
        self._has_none, self._has_idle = bool((self._cost <= 0).any()), bool((self._size <= 0).any())
        self._x0 = LEFT + (BAND + GAP if self._has_idle else 0.0)
        self._across = _log_scale(self._size[self._size > 0])
        self._up = _cost_scale(self._cost[self._cost > 0])
        self._x, self._y = self._places()
        self.listed = TOP
        self.foot = BOTTOM + (GAP + BAND if self._has_none else 0.0) + 72.0

    def _places(self) -> tuple[Array, Array]:
        x, y = np.zeros(len(self._cost)), np.zeros(len(self._cost))
        idle, none = self._size <= 0, self._cost <= 0
        for i in range(len(x)):
            x[i] = self._at_x(self._size[i]) if not idle[i] else 0.0
            y[i] = self._at_y(self._cost[i]) if not none[i] else 0.0
        # inside a strip the place across it has no meaning: neighbours are moved apart
        for strip, along, across, middle in (
            (idle, y, x, LEFT + BAND / 2),
            (none, x, y, BOTTOM + GAP + BAND / 2),
        ):
            rows = np.flatnonzero(strip)
            rows = rows[np.argsort(along[rows], kind="stable")]
            across[rows] = middle + 6.0 * ((2 * np.arange(len(rows))) % 5 - 2)
        return x, y

    def _at_x(self, size: float) -> float:
        return self._x0 + INSET + (RIGHT - self._x0 - 2 * INSET) * self._across.part(size)

    def _at_y(self, cost: float) -> float:
        return BOTTOM - INSET - (BOTTOM - TOP - 2 * INSET) * self._up.part(cost)

    # -- words ------------------------------------------------------------------------------------

    def _amount(self, cost: float) -> str:
        return _money(cost) if self._is_money else f"{number(cost)} t"

    def _carried(self, size: float) -> str:
        return _money(size) if self._column == "spend_usd" else f"{number(size)} t"

    @property
    def _axis_words(self) -> str:
        return "Spend" if self._column == "spend_usd" else "Flow"

    def finding(self) -> str:
        """Return the heading: what costs most, with those that cost as much."""
        if not len(self._cost):
            return "Nothing can drop out"
        if not self._n_lost:
            return "Nothing is lost, whatever drops out alone, before it is back"
        top = float(self._cost[0])
        level = int((self._cost >= top * (1 - 1e-9)).sum())
        name = _cut(self._names[0], 480, 18)
        if level > 1:
            others = "one other" if level == 2 else f"any of {level - 1} others"
            return f"Losing {name} costs most, as does {others}: {self._amount(top)}"
        return f"Losing {name} costs most: {self._amount(top)}"

    def subtitle(self) -> str:
        """Return what the picture shows."""
        times = np.unique(self._recovery)
        if len(times) == 1:
            back = f"{number(times[0])} period{'' if times[0] == 1 else 's'}"
        else:
            back = f"{number(times[0])} to {number(times[-1])} periods" if len(times) else "no time"
        lost = "Value" if self._is_money else "Tonnes"
        return f"{lost} lost until what drops out is back ({back}), against {self._axis_words.lower()} through it"

    def notes(self) -> list[str]:
        """Return the foot: correlation, what is lost anyway, what is not drawn."""
        what = f"{self._axis_words.lower()} with loss, over all {self._whole:,} rows"
        if math.isnan(self._correlation):
            first = f"Spearman's rank correlation of {what}: n/a (one of them does not vary)."
        else:
            value = f"{self._correlation:.2f}".replace("-", "\u2212")
            first = f"Spearman's rank correlation of {what}: {value} (1 = same order, 0 = unrelated)."
        out = [first]
        if self._anyway:
            up_to = "up to " if len(np.unique(self._recovery)) > 1 else ""
            out.append(f"Of each loss {up_to}{self._amount(self._anyway)} would be lost in that time with nothing out.")
        if self._has_none or self._has_idle:
            out.append("Inside a shaded strip the place across it has no meaning.")
        if self._whole > len(self._cost):
            out.append(f"{self._whole - len(self._cost):,} rows with smaller or no losses are not drawn.")
        return out

    def description(self) -> str:
        """Return the picture in words."""
        first = [
            f"{self._names[i]}: {self._amount(self._cost[i])} lost, {self._carried(self._size[i])} "
            f"{self._axis_words.lower()}"
            for i in range(min(3, self._n_named))
        ]
        told = f" Largest: {'; '.join(first)}." if first else ""
        return (
            f"Scatter plot of {self._whole:,} rows, {self._n_lost:,} of them with a loss. {self.subtitle()}.{told} "
            f"{' '.join(self.notes())}"
        )

    # -- shapes -----------------------------------------------------------------------------------

    def axes(self) -> list[str]:
        """Return strips, rules and tick labels."""
        low = BOTTOM + (GAP + BAND if self._has_none else 0.0)
        out = []
        if self._has_none:
            out.append(_box(LEFT, BOTTOM + GAP, RIGHT - LEFT, BAND))
            out.append(_text(LEFT - 8, BOTTOM + GAP + BAND / 2 + 4, "no loss", 12, GREY, "end"))
        if self._has_idle:
            out.append(_box(LEFT, TOP, BAND, BOTTOM - TOP))
            out.append(_text(LEFT + BAND / 2, low + 18, f"no {self._axis_words.lower()}", 12, GREY, "middle"))
        for value in self._across.ticks:
            x = self._at_x(value)
            out.append(_line(x, TOP, x, low, RULE))
            out.append(_text(x, low + 18, _tick(value), 12, INK, "middle"))
        for value in self._up.ticks:
            y = self._at_y(value)
            out.append(_line(self._x0, y, RIGHT, y, RULE))
            out.append(_text(LEFT - 8, y + 4, _tick(value), 12, INK, "end"))
        out.append(_line(self._x0, TOP, self._x0, BOTTOM, AXIS))
        out.append(_line(self._x0, BOTTOM, RIGHT, BOTTOM, AXIS))
        unit = "USD" if self._is_money else "t"
        log = ", log scale" if self._up.is_log else ""
        out.append(_text(28, TOP - 16, f"Loss, {unit}{log}", 13, INK, weight="bold"))
        across = "USD a period" if self._column == "spend_usd" else "t a period"
        out.append(_text(RIGHT, low + 40, f"{self._axis_words}, {across}, log scale", 13, INK, "end", weight="bold"))
        return out

    def marks(self) -> list[str]:
        """Return one mark a row, the named ones last and on top, and their numbers."""
        out = []
        for i in range(len(self._cost) - 1, -1, -1):
            said = (
                f"{self._names[i]}: loss {self._amount(self._cost[i])}, {self._axis_words.lower()} "
                f"{self._carried(self._size[i])}, recovery {number(self._recovery[i])}"
            )
            at = f'cx="{self._x[i]:.1f}" cy="{self._y[i]:.1f}"'
            if i < self._n_named:
                shape = f'<circle {at} r="6" fill="{NAMED}" stroke="#FFFFFF">'
            elif self._cost[i] > 0:
                shape = f'<circle {at} r="4.5" fill="{OTHERS}" fill-opacity="0.75" stroke="#FFFFFF" stroke-width="0.6">'
            else:
                shape = f'<circle {at} r="3.5" fill="#FFFFFF" fill-opacity="0.8" stroke="{AXIS}">'
            out.append(f"{shape}<title>{escape(said)}</title></circle>")
        return out + self._numbers()

    def _numbers(self) -> list[str]:
        """Number the named marks; those that lie on each other share one text."""
        groups: list[list[int]] = []
        for i in range(self._n_named):
            near = [g for g in groups if any(self._gap(i, j) < NEAR for j in g)]
            groups = [g for g in groups if g not in near] + [sorted([i, *(j for g in near for j in g)])]
        taken = [(self._x[i] - 6, self._y[i] - 6, self._x[i] + 6, self._y[i] + 6) for i in range(self._n_named)]
        out = []
        for group in sorted(groups):
            words = _runs([i + 1 for i in group])
            width, (x0, x1) = 7.6 * len(words) + 2, (min(self._x[group]), max(self._x[group]))
            y0, y1 = min(self._y[group]), max(self._y[group])
            middle = (y0 + y1) / 2
            spots = [
                (x1 + 9, middle - 7),
                (x0 - 9 - width, middle - 7),
                ((x0 + x1 - width) / 2, y0 - 22),
                ((x0 + x1 - width) / 2, y1 + 8),
                (x1 + 7, y0 - 20),
                (x1 + 7, y1 + 6),
                (x0 - 7 - width, y0 - 20),
                (x0 - 7 - width, y1 + 6),
            ]
            boxes = [(x, y, x + width, y + 14) for x, y in spots]
            box = min(boxes, key=lambda b: sum(_overlap(b, t) for t in taken) + _outside(b))
            taken.append(box)
            out.append(_text(box[0] + 1, box[1] + 11.5, words, 12, INK, weight="bold", halo=True))
        return out

    def _gap(self, i: int, j: int) -> float:
        return math.hypot(self._x[i] - self._x[j], self._y[i] - self._y[j])

    def key(self) -> list[str]:
        """Return the names beside the picture."""
        if not self._n_named:
            return []
        out = [_text(LIST, TOP - 16, "Largest losses", 13, INK, weight="bold")]
        y = TOP + 8
        for i in range(self._n_named):
            out.append(_text(LIST + 20, y, str(i + 1), 12, INK, "end", weight="bold"))
            for words in _lines(self._names[i], WIDTH - LIST - 40, 12):
                out.append(_text(LIST + 30, y, words, 12, INK))
                y += 15
            words = f"{self._amount(self._cost[i])} lost, {self._carried(self._size[i])} {self._axis_words.lower()}"
            out.append(_text(LIST + 30, y, words, 11, GREY))
            y += 20
        self.listed = y
        return out


# -- scales -----------------------------------------------------------------------------------------


def _log_scale(values: Array) -> _Scale:
    if not len(values):
        return _Scale(lambda _: 0.5, (), True)
    low, high = math.log10(float(values.min())), math.log10(float(values.max()))
    if high - low < 1.0:
        low, high = (low + high - 1.0) / 2, (low + high + 1.0) / 2
    step = max(1, math.ceil((high - low) / 6))
    decades = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    ticks = [10.0**k for k in decades if k % step == 0]
    if len(ticks) < 3:
        ticks = [m * 10.0**k for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
        ticks = [t for t in ticks if low - 1e-9 <= math.log10(t) <= high + 1e-9]
    return _Scale(lambda v: (math.log10(v) - low) / (high - low), tuple(ticks), True)


def _cost_scale(values: Array) -> _Scale:
    if not len(values):
        return _Scale(lambda _: 0.5, (), False)
    high = float(values.max())
    if high > WIDE_RANGE * float(values.min()):
        return _log_scale(values)
    step = 10.0 ** math.floor(math.log10(high / 2))
    step *= next(m for m in (1, 2, 5, 10) if high / (m * step) <= 6)
    return _Scale(lambda v: v / high, tuple(step * k for k in range(math.floor(high / step + 1e-9) + 1)), False)


# -- words and shapes -------------------------------------------------------------------------------


def _word(key: Hashable, is_edge: bool) -> str:
    if not isinstance(key, tuple):
        return str(key)
    words = [str(part) for part in key if part != ""]
    return ", ".join([" → ".join(words[:2]), *words[2:]] if is_edge else words)


def _clean(text: Any) -> str:
    """Keep a text on one line and inside what XML allows."""
    return printable(" ".join(str(text).split()))


def _money(value: float) -> str:
    for size, word in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
        if value >= size:
            return f"{number(value / size)}{word} USD"
    return f"{number(value)} USD"


def _tick(value: float) -> str:
    for size, word in ((1e12, " tn"), (1e9, " bn"), (1e6, " mn")):
        if value >= size * (1 - 1e-9):
            return f"{value / size:,.6g}{word}"
    return f"{value:,.6g}" if value < 1 else f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def _runs(places: Sequence[int]) -> str:
    """Return 1, 2, 3, 6 as "1-3, 6"."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return ", ".join(f"{r[0]}\u2013{r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs)


def _width(text: str, size: float) -> float:
    """Return a fair guess of a text's width in pixels, rather too wide."""
    return size * sum(1.05 if ord(c) > 0x2E7F else 0.62 for c in text)


def _cut(text: str, room: float, size: float) -> str:
    if _width(text, size) <= room:
        return text
    while text and _width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip(" ,;(") + "…"


def _lines(text: str, room: float, size: float) -> list[str]:
    """Break a text into at most two lines, at a space where there is one."""
    if _width(text, size) <= room:
        return [text]
    first = _cut(text, room + _width("…", size), size).removesuffix("…")
    place = first.rfind(" ") if text[len(first) :][:1] != " " else len(first)
    first = text[:place] if place > len(first) // 2 else first
    return [first, _cut(text[len(first) :].lstrip(), room, size)]


def _text(
    x: float,
    y: float,
    words: str,
    size: float,
    fill: str = INK,
    anchor: str = "start",
    *,
    weight: str = "normal",
    halo: bool = False,
) -> str:
    more = ' stroke="#FFFFFF" stroke-width="3" paint-order="stroke"' if halo else ""
    more += ' font-weight="bold"' if weight == "bold" else ""
    more += f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}"{more}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{STRIP}"/>'


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def _outside(box: tuple[float, ...]) -> float:
    return 1e4 * float(box[0] < LEFT or box[2] > LIST - 8 or box[1] < TOP - 14 or box[3] > BOTTOM)
