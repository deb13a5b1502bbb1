"""Who is short, and when? The long run by scenario, tier, place and end use; then months, habit and exposure."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import BASELINE, Facts
from chainnet.reporting.model import (
    ReportColumn,
    ReportFigure,
    Section,
    Sentence,
    make_section,
)
from chainnet.reporting.others import order_of
from chainnet.reporting.sections import exposure, months
from chainnet.results import Ends, fact_of
from chainnet.words import NOT_ASSESSED, count, first_capital, join, number, percent, span, tonnes, verb

MOST_ROWS = 10
_HIDDEN: Any = {"missing": NOT_ASSESSED, "body": False}
_SEVERAL = (
    "Inside a tier, who is short is one of several answers with the same total; the total of a tier is proved. "
    "Totals come from unrounded values."
)
_SERVED = (
    col.tons("demand_tpa", "Demand", "tonnes asked for"),
    col.tons("served_tpa", "Served", "tonnes served"),
    col.tons("shortfall_tpa", "Short", "demand less served"),
    col.shortfall_share("shortfall_tpa", "demand_tpa"),
)


def section(facts: Facts) -> Section:
    """Return who is short when: the months, then the long run, then what habit loses and what sites cost."""
    myopic, exposed = exposure.myopic_blocks(facts), exposure.exposed_blocks(facts)
    return make_section(
        "Who is short, and when?",
        *months.blocks(facts),
        Sentence("", (), "In the long run"),
        heat_figure(facts),
        tier_table(facts),
        layer_table(facts),
        place_table(facts),
        Sentence("", (), "If firms react only to their own stocks") if myopic else None,
        *myopic,
        Sentence("", (), "What a site's loss costs until it is back") if exposed else None,
        *exposed,
    )


def _ends(what: str) -> Any:
    return lambda _, row: span(row[f"{what}_low_tpa"], row[f"{what}_high_tpa"])


def _tier_columns(facts: Facts) -> list[ReportColumn]:
    ends = [end for end in ("least", "most") if f"shortfall_{end}_tpa" in facts.a.stress.summary.columns]
    low_to_high = "shortfall with all demand at its low and high values"
    return [
        *col.SCENARIO,
        col.TIER,
        col.tons("demand_tpa", "Demand", "tonnes asked for"),
        col.tons("served_tpa", "Served", f"tonnes served, {order_of(facts).served}"),
        *_SERVED[2:],
        *(
            col.tons(f"shortfall_{end}_tpa", f"Short, at {end}", f"the {end} of it that can fall to the counted demand")
            for end in ends
        ),
        col.tons("shortfall_last_tpa", "Short, others first", "shortfall if all other countries come first"),
        col.text("demand_range", "Demand, low to high", "all demand at its low and high values", _ends("demand")),
        col.text("range", "Short, low to high", low_to_high, _ends("shortfall")),
        *(
            col.tons(f"{what}_{side}_tpa", f"{what}, {side}", f"{what} with all demand at its {side} values", **_HIDDEN)
            for what in ("demand", "shortfall")
            for side in ("low", "high")
        ),
        col.million("value_musd", "Loss", "shortfall times value per tonne", unit="USD million/yr", body=False),
    ]


def _tier_lead(facts: Facts) -> int:
    short = sum(bool(facts.whole["shortfall_tpa"][name] > 0) for name in facts.ordered)
    return (1 + min(short, 6)) * len(facts.tiers)


tier_table = col.Table(
    "served",
    "Served",
    "Who is short in the long run, by scenario and tier",
    rows=lambda f: [f.of(name, tier) for name in (BASELINE, *f.ordered) for tier in f.tiers],
    columns=_tier_columns,
    subtitle="Unit: {f.unit}. A steady year with every measure at its full size. Existing links up to their "
    "capacity; stocks not drawn. {f.whose_words}",
    note=lambda f: (
        f"{order_of(f).note} Ranges are corner cases (all demand low, all demand high), ends rounded outward; "
        "the high end of a shortfall is the bad one."
    ),
    stands=lambda f: f.standing(f.a.stress.summary),
    lead=_tier_lead,
)


def _layer_columns(facts: Facts) -> list[ReportColumn]:
    first = "shortfall if all other countries come first"
    return [
        col.text("layer", "Layer", "which plants stand"),
        col.count("n_opened", "Opened since", "plants that opened since the base year", body=False),
        col.TIER,
        col.tons("demand_tpa", "Demand", "tonnes asked for"),
        col.tons("shortfall_first_tpa", "Short, others after", "shortfall if all other countries come last"),
        *([col.tons("shortfall_last_tpa", "Short, others first", first)] if facts.has_others else []),
        col.text(
            "shortfall",
            "Shortfall",
            "part of demand that is short, allies served first and last where they differ",
            lambda _, row: Ends.of(row).shares,
        ),
        col.tons("shortfall_new_tpa", "Short, new relations", "shortfall with new relations, once qualified"),
        col.tons("shortfall_stocks_tpa", "+ one year of stocks", "the same with what stocks release in one year"),
    ]


def _layer_note(facts: Facts) -> str:
    opened = fact_of(facts.a.layers, "opened", ())
    since = f"Opened since: {join([str(b) for b in opened])}." if opened else "No listed project runs."
    return f"All other tables are of the chain as it stands. {since}"


layer_table = col.Table(
    "layers",
    "Layers",
    "Who is short in the worst scenario, in the base year alone and as the chain stands",
    rows=lambda f: f.layers.astype(object),
    columns=_layer_columns,
    subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. Existing links, no stocks; new ones and stocks where the "
    "head says so.",
    note=_layer_note,
    stands=lambda f: f.standing(f.a.layers),
)


def _sums(table: pd.DataFrame) -> dict[str, Any]:
    """Return the last row of a table of who is short: its sums."""
    sums = {key: float(table[key].sum()) for key in ("demand_tpa", "served_tpa", "shortfall_tpa")}
    return {"tier": "All", **sums, "shortfall_share": col.part_of(sums["shortfall_tpa"], sums["demand_tpa"])}


_worst = partial(
    col.Table,
    subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. {f.whose_words}",
    note=_SEVERAL,
    stands=lambda f: f.scenario_standing(f.when),
)


place_table = _worst(
    "by_country",
    "By country",
    "Who is short in the long run of the worst scenario, by country",
    rows=lambda f: f.by_place(f.when),
    columns=(col.TIER, col.PLACE, *_SERVED),
    total=lambda f: _sums(f.by_place(f.when)),
    lead=15,
)


def _users(facts: Facts) -> pd.DataFrame:
    table = facts.users[facts.users["scenario"] == facts.when]
    rank = {tier: i for i, tier in enumerate(facts.tiers)}
    return table.iloc[np.lexsort((table["node"], -table["shortfall_tpa"].to_numpy(), table["tier"].map(rank)))]


user_table = _worst(
    "end_uses",
    "End uses",
    "Who is short in the long run of the worst scenario, by end use",
    rows=_users,
    columns=(
        col.TIER,
        col.named("label", "End use", "the end use in words", "node"),
        col.text("place", "Country or region", "where it stands", lambda f, row: f.things.loc[row["node"], "place"]),
        col.commodity("Asks for", "what it asks for"),
        *_SERVED,
    ),
    total=lambda f: _sums(_users(f)),
    lead=12,
)


@fig.figure("long_run")
def heat_figure(facts: Facts) -> ReportFigure | None:
    """Draw the part of each tier's demand that is short in the long run, scenario by scenario."""
    if not facts.ordered:
        return None
    # who leaves nobody short has no row
    hit = [name for name in facts.ordered if facts.whole["shortfall_tpa"][name] > 0]
    rows = hit[:MOST_ROWS] or facts.ordered[:1]
    canvas, (ax,) = fig.new_canvas(0.5 + 0.265 * len(rows))
    for i, name in enumerate(rows):
        for j, tier in enumerate(facts.tiers):
            row = facts.of(name, tier)
            share = float(row["shortfall_tpa"] / row["demand_tpa"]) if row["demand_tpa"] > 0 else 0.0
            level, at = fig.loss_class(share), len(rows) - 1 - i
            ax.barh(at, 0.97, left=j, color=fig.LOSS[level], height=0.88, edgecolor=fig.RULE, linewidth=0.6)
            words = f"{percent(share)}  ({number(row['shortfall_tpa'])})" if level else percent(share)
            fig.write(ax, j + 0.485, at, words, "center", color="white" if level >= 4 else fig.INK)
    labels = [fig.folded(facts.drawn(facts.scenario_label(n)), 46, 2) for n in rows]
    ax.set_yticks(np.arange(len(rows))[::-1], labels, linespacing=0.95)
    ax.set_xticks(np.arange(len(facts.tiers)) + 0.485, [facts.drawn(first_capital(t)) for t in facts.tiers])
    ax.xaxis.tick_top()
    ax.spines["left"].set_visible(False)
    ax.set_xlim(0, len(facts.tiers))
    ax.set_ylim(-0.55, len(rows) - 0.45)
    short, every = [n for n in facts.ordered if facts.lacks(n) > 0], len(facts.ordered)
    title = f"{len(short)} of {every} scenarios {verb('leave', len(short))} {facts.first} demand short"
    if not short:
        title = f"No scenario of {every} leaves {facts.first} demand short in the long run"
    if every == 1:
        title = f"The one scenario {'leaves' if short else 'does not leave'} {facts.first} short in the long run"
    first_too = [n for n in facts.ordered if facts.short_if_last(n, facts.first).worst > 0]
    if facts.has_others and len(first_too) > len(short):
        title += f"; {count(len(first_too))} if others are first"
    alt = "Cells show the share of demand that is short: " + "; ".join(
        f"{facts.scenario_label(n)} {number(facts.lacks(n))} t/yr of {facts.first}" for n in rows[:3]
    )
    idle, left = len(facts.ordered) - len(hit), len(hit) - len(hit[:MOST_ROWS])
    rest = f"{count(idle)} of {count(len(facts.ordered))} leave nobody short. " if hit and idle else ""
    rest += f"{count(left)} more leave somebody short." if left else ""
    lacks = float(facts.whole["shortfall_tpa"][BASELINE])
    return fig.make_figure(
        canvas,
        title,
        f"Short in the long run, as if every measure held all year, % of demand ({facts.unit} in brackets); existing "
        "links, stocks not drawn.",
        alt + ".",
        f"Baseline: {'nothing is short' if lacks <= 0 else f'{tonnes(lacks)} short'}. {rest}",
        tier_table(facts),
    )
