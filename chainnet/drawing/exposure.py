"""Spend or flow against exposure: what is bought most is seldom what would be missed most."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.drawing.canvas import SMALL, figure_style, new_canvas, svg_of, write
from chainnet.drawing.style import COLOURS
from chainnet.errors import DataError, printable
from chainnet.results import fact_of, origin_of
from chainnet.words import correlation, costliest_sentence, count, counted, dollars, nouns, number, short_label

MOST_NAMED, MOST_DRAWN = 10, 2000
NEAR = 0.035  # parts of the axes: marks nearer than that bear one number together
WIDE_RANGE = 50.0  # beyond it an axis is a log scale
LETTERS = 36  # of a name in the list
MILLION = 1e6


def exposure_svg(
    table: pd.DataFrame,
    labels: Mapping[Any, str] | None = None,
    *,
    title: str | None = None,
    named: int = MOST_NAMED,
) -> str:
    """Draw what is spent on each thing that can drop out against what its loss costs.

    One mark a row of ``risk_exposure``: spend (flow where prices are not known) to the right, cost upwards, on a log
    scale where they lie far apart. What costs nothing is hollow.

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
        If the table is not one of ``risk_exposure``, ``named`` is not 0 to 10, or the extra ``report``, whose
        matplotlib draws it, is not installed.

    See Also
    --------
    risk_exposure, report_figures

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
    found = Exposure(table, labels or {}, named)
    heading = _clean(title) if title is not None else found.finding()
    with figure_style("exposure", {"svg.fonttype": "none", "text.color": COLOURS["ink"]}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # letters stay letters: their reader's fonts draw them
        canvas = found.draw(above=0.6, below=0.15 + 0.14 * len(found.notes()))
        canvas.text(0.015, 0.975, short_label(heading, 78), va="top", fontsize=10.5, fontweight="bold")
        canvas.text(0.015, 0.925, found.subtitle(), va="top", color=COLOURS["soft"])
        canvas.text(0.015, 0.02, "\n".join(found.notes()), va="bottom", fontsize=SMALL, color=COLOURS["soft"])
        svg = svg_of(canvas)
    told = (
        f'<title id="exposure-title">{escape(heading)}</title>\n'
        f'<desc id="exposure-desc">{escape(found.description())}</desc>\n'
    )
    head, rest = svg.split(">", 1)
    return f'{head} role="img" aria-labelledby="exposure-title exposure-desc">\n{told}{rest}'


class Exposure:
    """The rows of an answer of ``risk_exposure``, the largest cost first, and what is said of them."""

    def __init__(self, table: pd.DataFrame, labels: Mapping[Any, str], named: int = MOST_NAMED) -> None:
        lacking = [c for c in ("cost_usd", "throughput_tpa", "recovery", "added_cost_usd") if c not in table]
        if lacking:
            raise DataError(f"exposure_svg: the table lacks {', '.join(lacking)}. Give an answer of risk_exposure.")
        if not checks.is_whole(named) or not 0 <= named <= MOST_NAMED:
            rule = f"give a whole number from 0 to {MOST_NAMED}."
            raise DataError(f"exposure_svg: named={named!r} is not allowed; {rule}")
        rows = table.iloc[np.argsort(-table["cost_usd"].to_numpy(dtype=float), kind="stable")]
        self._n, self._n_lost = len(rows), int((rows["cost_usd"] > 0).sum())
        self._is_money = origin_of(table).get("settings", {}).get("value", "value_usd_per_t") == "value_usd_per_t"
        column = "spend_usd" if "spend_usd" in table else "throughput_tpa"
        self._what = "Spend" if column == "spend_usd" else "Flow"
        self._rank = fact_of(table, "rank_correlation", {}).get(column, math.nan)
        anyway = float((rows["cost_usd"] - rows["added_cost_usd"]).max()) if len(rows) else 0.0
        self._anyway = anyway if anyway > 1e-9 * float(rows["cost_usd"].max() if len(rows) else 0.0) else 0.0
        self._times = np.unique(rows["recovery"].to_numpy(dtype=float))
        rows = rows.head(MOST_DRAWN)
        is_edge = rows.index.names[:2] == ["source", "target"]
        self._names = [_clean(labels.get(key, _word(key, is_edge))) for key in rows.index]
        self._size, self._cost = (rows[c].to_numpy(dtype=float) for c in (column, "cost_usd"))
        self._named = min(named, self._n_lost)

    # -- words ------------------------------------------------------------------------------------

    def _lost(self, cost: float) -> str:
        return dollars(cost, " ") if self._is_money else f"{number(cost)} t"

    def _carried(self, size: float) -> str:
        return dollars(size, " ") if self._what == "Spend" else f"{number(size)} t"

    def finding(self) -> str:
        """Return the heading: what costs most, with those that cost as much."""
        if not self._n:
            return "Nothing can drop out"
        if not self._n_lost:
            return "Nothing is lost, whatever drops out alone, before it is back"
        tied = int((self._cost >= self._cost[0] * (1 - 1e-9)).sum()) - 1
        said = costliest_sentence(short_label(self._names[0], LETTERS), self._lost(self._cost[0]), tied)
        return said.removesuffix(".")  # a heading

    def subtitle(self) -> str:
        """Return what the picture shows."""
        back = " to ".join(dict.fromkeys(number(time) for time in self._times[[0, -1]])) if len(self._times) else "no"
        periods = nouns("period", 1 if back == "1" else 2)
        lost = "Value" if self._is_money else "Tonnes"
        return f"{lost} lost until what drops out is back ({back} {periods}), against {self._what.lower()} through it"

    def notes(self) -> list[str]:
        """Return the foot: correlation, what is lost anyway, what is not drawn."""
        rank = correlation(self._rank)
        means = "one of them does not vary" if math.isnan(self._rank) else "1 = same order, 0 = unrelated"
        over = f"{self._what.lower()} with loss, over all {counted(self._n, 'row')}"
        out = [f"Spearman's rank correlation of {over}: {rank} ({means})."]
        if self._anyway:
            up_to = "up to " if len(self._times) > 1 else ""
            out.append(f"Of each loss {up_to}{self._lost(self._anyway)} would be lost in that time with nothing out.")
        if left := self._n - len(self._cost):
            out.append(f"{count(left)} rows with smaller or no losses are not drawn.")
        return out

    def description(self) -> str:
        """Return the picture in words."""
        first = [f"{self._names[i]}: {self._told(i)}" for i in range(min(3, self._named))]
        largest = f" Largest: {'; '.join(first)}." if first else ""
        return (
            f"Scatter plot of {counted(self._n, 'row')}, {count(self._n_lost)} of them with a loss. {self.subtitle()}."
            f"{largest} {' '.join(self.notes())}"
        )

    def _told(self, i: int) -> str:
        return f"{self._lost(self._cost[i])} lost, {self._carried(self._size[i])} {self._what.lower()}"

    # -- the picture ------------------------------------------------------------------------------

    def draw(self, above: float = 0.0, below: float = 0.0) -> Any:
        """Return the canvas: marks at the left, the largest losses at the right, room in inches above and below."""
        height = 3.6 + above + below
        canvas, (ax, side) = new_canvas(height, columns=2, ratios=(1.35, 1.0))
        canvas.get_layout_engine().set(rect=(0, below / height, 1, 3.6 / height))
        unit = "USD a period" if self._what == "Spend" else "t a period"
        _axis(ax, "x", self._size, f"{self._what}, {unit}")
        _axis(ax, "y", self._cost, f"Loss, {'USD' if self._is_money else 't'}")
        ax.grid(color=COLOURS["rule"], linewidth=0.5)
        ax.set_axisbelow(True)
        ax.minorticks_off()
        rest = np.arange(len(self._cost)) >= self._named
        for rows, face, size in (
            (rest & (self._cost <= 0), COLOURS["paper"], 14),
            (rest & (self._cost > 0), COLOURS["bar_light"], 22),
            (~rest, COLOURS["less"], 30),
        ):
            edge = COLOURS["line"] if face == COLOURS["paper"] else COLOURS["paper"]
            look = {"color": face, "edgecolors": edge, "linewidths": 0.7, "zorder": 3, "clip_on": False}
            ax.scatter(self._size[rows], self._cost[rows], size, **look)
        self._number(ax)
        self._list(side)
        return canvas

    def _number(self, ax: Any) -> None:
        """Number the named marks; those that lie on each other share one text."""
        at = ax.transAxes.inverted().transform(
            ax.transData.transform(np.column_stack([self._size, self._cost])[: self._named])
        )
        groups: list[list[int]] = []
        for i in range(self._named):
            near = [g for g in groups if any(math.dist(at[i], at[j]) < NEAR for j in g)]
            groups = [g for g in groups if g not in near] + [sorted([i, *(j for g in near for j in g)])]
        for group in groups:
            x, y = max(at[group, 0]) + 0.018, float(np.mean(at[group, 1]))
            ax.text(x, y, _runs([i + 1 for i in group]), transform=ax.transAxes, va="center", fontweight="bold")

    def _list(self, side: Any) -> None:
        side.axis("off")
        if not self._named:
            return
        side.set(xlim=(0, 1), ylim=(MOST_NAMED - 0.2, -1.2))
        write(side, 0.0, -1.0, "Largest losses", fontweight="bold")
        for i in range(self._named):
            write(side, 0.07, i, str(i + 1), "right", va="bottom", fontweight="bold")
            write(side, 0.1, i, short_label(self._names[i], LETTERS), va="bottom", fontsize=SMALL - 0.5)
            write(side, 0.1, i, self._told(i), va="top", fontsize=SMALL - 1, color=COLOURS["soft"])
        for text in side.texts:
            text.set_in_layout(False)


def _axis(ax: Any, name: str, values: Array, head: str) -> None:
    """Scale an axis: by powers of ten where its values lie far apart; what is nothing lies at its foot."""
    some = values[values > 0]
    top = float(some.max()) if len(some) else 1.0
    if is_log := len(some) > 0 and top > WIDE_RANGE * float(some.min()):
        first, last = (math.floor(math.log10(x)) for x in (float(some.min()), top))
        least, step = 10.0**first, math.ceil((last - first + 1) / 6)
        has_none = len(some) < len(values)
        getattr(ax, f"set_{name}scale")("symlog", linthresh=least, linscale=1.0)
        getattr(ax, f"set_{name}lim")(-0.12 * least if has_none else 0.9 * least, 2.2 * top)
        ticks = [*([0.0] if has_none else []), *(10.0**k for k in range(first, last + 1, step))]
        getattr(ax, f"set_{name}ticks")(ticks, [_tick(value) for value in ticks])
    else:
        getattr(ax, f"set_{name}lim")(-0.03 * top, 1.08 * top)
        getattr(ax, f"{name}axis").set_major_formatter(lambda value, _: _tick(value))
        ax.locator_params(axis=name, nbins=5)
    words = f"{head}{', log scale' if is_log else ''}"
    getattr(ax, f"set_{name}label")(words, fontweight="bold", fontsize=SMALL, color=COLOURS["ink"])


def _tick(value: float) -> str:
    return f"{number(value / MILLION, least=0.0)} mn" if abs(value) >= MILLION else number(value, least=0.0)


def _word(key: Hashable, is_edge: bool) -> str:
    if not isinstance(key, tuple):
        return str(key)
    words = [str(part) for part in key if part != ""]
    return ", ".join([" → ".join(words[:2]), *words[2:]] if is_edge else words)


def _clean(text: Any) -> str:
    """Keep a text on one line and inside what XML allows."""
    return printable(" ".join(str(text).split()))


def _runs(places: Sequence[int]) -> str:
    """Return 1, 2, 3, 6 as "1-3, 6"."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return ", ".join(f"{r[0]}\u2013{r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs)
