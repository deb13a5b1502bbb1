"""Who goes short, and when? The long run by scenario, tier, place and end use; then months, habit and exposure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.ends import Short, has_others, share_words, short_of
from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.model import (
    ReportColumn,
    ReportFigure,
    ReportTable,
    Section,
    Sentence,
    make_section,
    make_table,
)
from chainnet.reporting.others import order_of
from chainnet.reporting.sections import exposure, months
from chainnet.results import fact_of
from chainnet.words import NOT_ASKED, NOT_ASSESSED, count, first_capital, join, number, percent, span, tonnes

MOST_ROWS = 10
_SEVERAL = (
    "Inside a tier, who goes short is one of several answers with the same total; the total of a tier is proved. "
    "Totals come from unrounded values."
)
_SERVED = (
    col.tons("demand_tpa", "Demand", "tonnes asked for"),
    col.tons("served_tpa", "Served", "tonnes served"),
    col.tons("shortfall_tpa", "Short", "demand less served"),
    col.short_share("shortfall_tpa", "demand_tpa"),
)


def section(facts: Facts) -> Section:
    """Return who goes short when: the months, then the long run, then what habit loses and what sites cost."""
    myopic, exposed = exposure.myopic_blocks(facts), exposure.exposed_blocks(facts)
    return make_section(
        "Who goes short, and when?",
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
    return lambda row: span(row[f"{what}_low_tpa"], row[f"{what}_high_tpa"])


@col.table("served", "Served", "Who goes short in the long run, by scenario and tier")
def tier_table(facts: Facts) -> ReportTable:
    """Return scenario x tier."""
    columns = [
        *col.scenario(facts),
        col.TIER,
        col.tons("demand_tpa", "Demand", "tonnes asked for"),
        col.tons("served_tpa", "Served", f"tonnes served, {order_of(facts).served}"),
        col.tons("shortfall_tpa", "Short", "demand less served"),
        col.short_share("shortfall_tpa", "demand_tpa"),
        *(
            col.tons(f"shortfall_{end}_tpa", f"Short, at {end}", f"the {end} of it that can fall to the counted demand")
            for end in ("least", "most")
            if f"shortfall_{end}_tpa" in facts.a.stress.summary.columns
        ),
        col.tons("shortfall_before_tpa", "Short, others first", "shortfall if all other countries come first"),
        col.text("demand_range", "Demand, low to high", "all demand at its low and high values", _ends("demand")),
        col.text(
            "range", "Short, low to high", "shortfall with all demand at its low and high values", _ends("shortfall")
        ),
        *(
            col.tons(
                f"{what}_{side}_tpa",
                f"{what}, {side}",
                f"{what} with all demand at its {side} values",
                missing=NOT_ASSESSED,
                body=False,
            )
            for what in ("demand", "shortfall")
            for side in ("low", "high")
        ),
        col.million("value_musd", "Loss", "shortfall times value per tonne", unit="USD million/yr", body=False),
    ]
    short = [n for n in facts.ordered if facts.whole["shortfall_tpa"][n] > 0]
    return make_table(
        columns,
        (facts.of(name, tier) for name in [BASELINE, *facts.ordered] for tier in facts.tiers),
        subtitle=f"Unit: {facts.unit}. A steady year with every measure at its full size. Known relations up to their "
        f"capacity; stocks not drawn. {facts.whose_words}",
        note=(
            f"{order_of(facts).note} Ranges are corner cases "
            "(all demand low, all demand high), ends rounded outward; the high end of a shortfall is the bad one."
        ),
        **facts.standing(facts.a.stress.summary),
    ).with_lead(rows=(1 + min(len(short), 6)) * len(facts.tiers))


@col.table("layers", "Layers", "Who goes short in the worst scenario, in the base year and as built since")
def layer_table(facts: Facts) -> ReportTable:
    """Return layer x tier, at both ends of who is served first."""
    table = facts.a.layers
    built = fact_of(table, "built", ())

    def unmet(row: Any) -> str:
        demand, after, before = (row[c] for c in ("demand_tpa", "shortfall_after_tpa", "shortfall_before_tpa"))
        return share_words(Short(demand, after, after, before))

    columns = [
        col.text("layer", "Layer", "which plants stand"),
        col.year("year", "Year", "of the layer", missing="n/d"),
        col.count("n_built", "Built since", "plants that were projects in the base year and stand", body=False),
        col.TIER,
        col.tons("demand_tpa", "Demand", "tonnes asked for"),
        col.tons("shortfall_after_tpa", "Short, others after", "shortfall if all other countries come last"),
        *(
            [col.tons("shortfall_before_tpa", "Short, others first", "shortfall if all other countries come first")]
            if has_others(facts)
            else []
        ),
        col.text("unmet", "Unmet", "part of demand that goes short, at both ends where they differ", unmet),
        col.tons("shortfall_new_tpa", "Short, new relations", "shortfall with new relations, once qualified"),
        col.tons("shortfall_stocks_tpa", "+ one year of stocks", "the same with what stocks release in one year"),
        col.text(
            "asked",
            "All else",
            "the layer of all other tables",
            lambda row: "this" if row["is_asked"] else NOT_ASKED,
            body=False,
        ),
    ]
    rows = table.reset_index()
    asked = rows.loc[rows["is_asked"], "layer"].iloc[0]
    return make_table(
        columns,
        rows.assign(tier=rows["tier"].fillna(ALL_TIERS)).astype(object).to_dict("records"),
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(facts.when)}. Known relations, no stocks; "
        "new ones and stocks where the head says so.",
        note=f"All other tables stand on the layer “{asked}”. "
        + (f"Built since: {join([str(b) for b in built])}." if built else "No listed project runs."),
        **facts.standing(table),
    )


def _worst_table(
    facts: Facts, table: pd.DataFrame, columns: Sequence[ReportColumn], lead: int, **named: Any
) -> ReportTable:
    """Return who goes short in the long run of the worst scenario, with a sum."""
    sums = {key: float(table[key].sum()) for key in ("demand_tpa", "served_tpa", "shortfall_tpa")}
    return make_table(
        [*columns, *_SERVED],
        table.to_dict("records"),
        total={"tier": "All", **sums, "short_share": _SERVED[-1].of(sums)},
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(facts.when)}. {facts.whose_words}",
        note=_SEVERAL,
        **facts.scenario_standing(facts.when),
        **named,
    ).with_lead(rows=lead)


@col.table("by_country", "By country", "Who goes short in the long run of the worst scenario, by country")
def place_table(facts: Facts) -> ReportTable:
    """Return who goes short in the worst scenario, by country or region and tier."""
    return _worst_table(
        facts, facts.by_place(facts.when), [col.TIER, col.text("place", "Country or region", "where it stands")], 15
    )


@col.table("end_uses", "End uses", "Who goes short in the long run of the worst scenario, by end use")
def user_table(facts: Facts) -> ReportTable:
    """Return who goes short in the worst scenario, by end use and commodity."""
    table = facts.users[facts.users["scenario"] == facts.when]
    rank = {tier: i for i, tier in enumerate(facts.tiers)}
    order = np.lexsort((table["node"], -table["shortfall_tpa"].to_numpy(), table["tier"].map(rank)))
    columns = [
        col.TIER,
        col.text("label", "End use", "the end use in words", lambda row: facts.label(row["node"])),
        col.text("place", "Country or region", "where it stands", lambda row: facts.things.loc[row["node"], "place"]),
        col.commodity(facts, "Asks for", "what it asks for"),
    ]
    return _worst_table(facts, table.iloc[order], columns, 12)


@fig.figure("long_run")
def heat_figure(facts: Facts) -> ReportFigure | None:
    """Draw the part of each tier's demand that goes short in the long run, scenario by scenario."""
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
    leave = "leaves" if len(short) == 1 else "leave"
    title = f"{len(short)} of {every} scenarios {leave} {facts.first} demand short"
    if not short:
        title = f"No scenario of {every} leaves {facts.first} demand short in the long run"
    if every == 1:
        title = f"The one scenario {'leaves' if short else 'does not leave'} {facts.first} short in the long run"
    first_too = [n for n in facts.ordered if short_of(facts, n, facts.first).worst > 0]
    if has_others(facts) and len(first_too) > len(short):
        title += f"; {count(len(first_too))} if others are first"
    alt = "Cells show the share of demand that goes short: " + "; ".join(
        f"{facts.scenario_label(n)} {number(facts.lacks(n))} t/yr of {facts.first}" for n in rows[:3]
    )
    idle, left = len(facts.ordered) - len(hit), len(hit) - len(hit[:MOST_ROWS])
    rest = f"{count(idle)} of {count(len(facts.ordered))} leave nobody short. " if hit and idle else ""
    rest += f"{count(left)} more leave somebody short." if left else ""
    lacks = float(facts.whole["shortfall_tpa"][BASELINE])
    return fig.make_figure(
        canvas,
        title,
        f"Short in the long run, as if every measure held all year, % of demand ({facts.unit} in brackets); known "
        "relations, stocks not drawn.",
        alt + ".",
        f"Baseline: {'nothing is short' if lacks <= 0 else f'{tonnes(lacks)} short'}. {rest}",
        tier_table(facts),
    )
