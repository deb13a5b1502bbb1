"""The figures of what must be in stock, and of what is spent against what is exposed."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from chainnet.drawing import exposure_svg
from chainnet.reporting.facts import Facts
from chainnet.reporting.facts_months import Months
from chainnet.reporting.figures import INK, RULE, SMALL, TIERS, Names, draw_all, make_figure, new_canvas, no_value_axis
from chainnet.reporting.glyphs import drawable, short_label
from chainnet.reporting.model import Figure
from chainnet.reporting.tables_exposure import has_values, recovery_words
from chainnet.reporting.tables_stocks import needed
from chainnet.words import money, number, percent, same, weight

__all__ = ["exposure_figure", "stock_figures"]

MOST_BARS = 12
HEAD = 68.0


def stock_figures(months: Months, names: Names) -> dict[str, Figure]:
    """Return the figures of stocks and exposure for which there is something to draw, by id."""
    made = draw_all(months, names, (("F10", _bullets),))
    found = exposure_figure(months.facts, names)
    return made | ({"F7b": found} if found is not None else {})


def _bullets(months: Months, names: Names) -> Figure | None:
    table = needed(months.facts)
    if table.empty or not (table["required_t"] > 0).any():
        return None
    table = table[table["required_t"] > 0].head(MOST_BARS)
    rows = table.to_dict("records")
    figure, (ax,) = new_canvas(0.62 + 0.36 * len(rows))
    y = np.arange(len(rows))[::-1]
    for at, row in zip(y, rows, strict=True):
        required, held = float(row["required_t"]), min(float(row["held_t"]), float(row["required_t"]))
        part = held / required
        ax.barh(
            at, 1.0 - part, left=part, height=0.5, facecolor="white", edgecolor=TIERS[0], hatch="////", linewidth=0.8
        )
        if part > 0:
            ax.barh(at, part, height=0.5, color=TIERS[0])
        ax.plot([1, 1], [at - 0.36, at + 0.36], color=INK, linewidth=2.2)
        cost = "no price" if np.isnan(row["cost_usd"]) else money(row["cost_usd"])
        words = f"{weight(required)} required, {number(row['held_t'])} held, {cost}"
        ax.text(1.03, at, words, va="center", fontsize=SMALL, color=INK)
    labels = [_row_label(months.facts, row, names) for row in rows]
    ax.set_yticks(y, labels, fontsize=7.0)
    ax.set_xlim(0, 2.4)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    no_value_axis(ax)
    ax.axvline(0, color=RULE, linewidth=0.8)
    ax.spines["left"].set_visible(False)
    priced = [r for r in rows if not np.isnan(r["cost_usd"])]
    top = max(priced, key=lambda r: r["cost_usd"]) if priced else max(rows, key=lambda r: r["net_t"])
    label = short_label(str(top["label"] or top["commodity"]), 40)
    need = weight(top["required_t"])
    has_none = same(top["net_t"], top["required_t"])
    said = f"none of {need} required is held" if has_none else f"{number(top['net_t'])} of {need} required are missing"
    title = f"{drawable(label, names)}: {said}"
    alt = "Bars show the part of the requirement that is held: " + "; ".join(
        f"{months.facts.scenario_label(r['scenario'])}, {r['label'] or r['commodity']} {weight(r['required_t'])} "
        f"required, {percent(min(r['held_t'] / r['required_t'], 1.0))} held"
        for r in rows[:3]
    )
    subtitle = (
        f"Held (solid) and missing (hatched), part of what {months.lead} requires (tick) to stay whole, by scenario "
        f"and material. {months.span}."
    )
    return make_figure("F10", title, subtitle, figure, alt + ".", "Data: T12.")


def _row_label(facts: Facts, row: Any, names: Names) -> str:
    material = drawable(short_label(str(row["label"] or row["commodity"]), 46), names)
    return f"{material}\n{drawable(short_label(facts.scenario_label(row['scenario']), 46), names)}"


def exposure_figure(facts: Facts, names: Names) -> Figure | None:
    """Return F7b: spend against exposure, as the drawing room draws it; None where it was not assessed."""
    table = facts.a.exposure
    if table.empty or not (table["cost_usd"] > 0).any():
        return None
    labels = {site: drawable(short_label(facts.site_label(str(site)), 44), names) for site in table.index}
    svg = _headless(exposure_svg(table, labels, title=" "))
    column = "spend_usd" if "spend_usd" in table else "throughput_tpa"
    rank = table.attrs.get("rank_correlation", {}).get(column, float("nan"))
    what = "spend" if column == "spend_usd" else "throughput"
    told = "n/a (one does not vary)" if np.isnan(rank) else f"{rank:.2f}".replace("-", "\u2212")
    title = f"{what.capitalize()} and exposure of {len(table)} sites: rank correlation {told}"
    top = list(table.head(3).iterrows())
    worth = [
        f"{facts.site_label(str(site))} {money(row['cost_usd']) if has_values(facts) else weight(row['cost_usd'])}"
        for site, row in top
    ]
    subtitle = f"What each site ships against what its loss costs until it is back. {recovery_words(facts)}"
    alt = f"{title}. Marks show each site; largest: {'; '.join(worth)}."
    tail = "Data: T8f."
    return Figure("F7b", title, subtitle, svg, alt, tail)


def _headless(svg: str) -> str:
    """Return a chart without the band of its own heading: the report has heading and subtitle above it."""
    size = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)" width="[0-9.]+" height="[0-9.]+"', svg)
    if size is None:
        return svg
    width, height = size[1], f"{float(size[2]) - HEAD:g}"
    return svg.replace(size[0], f'viewBox="0 {HEAD:g} {width} {height}" width="{width}" height="{height}"', 1)
