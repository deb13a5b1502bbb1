"""The tables of the report that answer a question, from an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.model import Cell, Column, Table, make_table
from chainnet.words import NO_DATA, NOT_APPLICABLE, NOT_ASSESSED, country_name, first_capital, percent, span

__all__ = [
    "coverage_table",
    "ladder_table",
    "place_table",
    "scenario_table",
    "stage_table",
    "tier_table",
    "user_table",
    "year_table",
]

PROVED = "P"
GIVEN = "G"
TPA = "t/yr"


def tons(key: str, head: str, meaning: str, **more: Any) -> Column:
    """Return a column of tonnes a year."""
    return Column(key, head, "number", TPA, meaning, **more)


def share(key: str, head: str, meaning: str, **more: Any) -> Column:
    """Return a column of shares, 0 to 1 in the workbook, percent in print."""
    return Column(key, head, "share", "share", meaning, **more)


def text(key: str, head: str, meaning: str, **more: Any) -> Column:
    """Return a column of words."""
    return Column(key, head, "text", "", meaning, **more)


def scenario_table(facts: Facts, extra: Sequence[Column], cells: Mapping[str, Sequence[Any]]) -> Table:
    """Return T1: the baseline, then scenarios, worst first.

    ``extra`` are the columns of the months, ``cells`` what stands in them by scenario.
    """
    first = first_capital(facts.first)
    others = [t for t in facts.tiers if t != facts.first] if facts.has_first else []
    columns = [
        text("scenario", "Scenario", "name of the scenario", body=False),
        text("label", "Scenario", "the scenario in words"),
        tons("shortfall_tpa", f"{first} short", f"shortfall of {facts.first}, others served after"),
        text("range", "Low to high demand", "the same with all demand at its low and at its high values"),
        tons("shortfall_low_tpa", "Short, low demand", "all demand at its low values", body=False),
        tons("shortfall_high_tpa", "Short, high demand", "all demand at its high values", body=False),
        share("met_share", f"{first} met", f"part of the demand of {facts.first} that is served", body=False),
        tons(
            "shortfall_before_tpa",
            f"{first} short, others first",
            "shortfall if all other countries come first",
            body=False,
        ),
        *(tons(f"shortfall_{t}_tpa", f"{first_capital(t)} short", f"shortfall of {t}") for t in others),
        *([tons("whole_served_tpa", "All tiers served", "tonnes served over all tiers", body=False)] if others else []),
        *extra,
        tons("residual_tpa", "Left after rerouting, stocks", "after new relations and one year of stocks"),
        text("rests_on", "Rests on", "grade of the weakest input that binds, how many of how many", body=False),
    ]
    rows = []
    for name in [BASELINE, *facts.ordered]:
        row = facts.leading.loc[name]
        left = facts.scenario_rung(name, "stocks", facts.first)
        demand = float(row["demand_tpa"])
        rows.append(
            [
                name,
                facts.scenario_label(name),
                row["shortfall_tpa"],
                Cell(span(row["shortfall_low_tpa"], row["shortfall_high_tpa"])),
                _or_not(row["shortfall_low_tpa"]),
                _or_not(row["shortfall_high_tpa"]),
                row["served_tpa"] / demand if demand > 0 else Cell(NOT_APPLICABLE),
                row["shortfall_before_tpa"],
                *(facts.of(name, t)["shortfall_tpa"] for t in others),
                *([facts.whole.loc[name, "served_tpa"]] if others else []),
                *cells[name],
                left["shortfall_tpa"] if left is not None else Cell(NOT_APPLICABLE),
                facts.scenario_grade_words(name),
            ]
        )
    return make_table(
        columns,
        rows,
        id="T1",
        sheet="Summary",
        title="Scenarios, worst first",
        subtitle=f"Unit: {facts.unit}. The long run; months from 1. {whose_words(facts)}",
        note=(
            "Scenarios are assumptions to test against, not forecasts. The range is that of two corner cases, all "
            "demand at its low and at its high values. Months: over the horizon, stocks drawn, every date known (T8e); "
            "time to survive counts from the first measure, if the tier is served first. Some are short in the long "
            "run but in no month: measures end, stocks carry. Worst site under a scenario: not assessed. Projects: T9."
        ),
        status=PROVED,
        **facts.rests_on(facts.a.stress.summary),
    )


def whose_words(facts: Facts) -> str:
    """Return whose demand counts, as a sentence."""
    if not facts.whose:
        return "All demand counts."
    members = f" ({facts.whose_members})" if facts.whose_members else ""
    return f"Counted: demand of {facts.whose}{members}."


def _or_not(value: Any) -> Any:
    return Cell(NOT_ASSESSED) if pd.isna(value) else value


def stage_table(facts: Facts) -> Table:
    """Return T4: concentration, spare capacity and cover of each step."""
    table = facts.a.indicators.reset_index()
    if "step" not in table.columns:
        table["step"] = table["stage"]
    table["step"] = table["step"].fillna(table["stage"]).str.replace("_", " ")
    place = {step: i for i, step in enumerate(facts.steps)}
    table = table.iloc[np.lexsort((table["commodity"].astype(str), table["step"].map(place).fillna(99)))]
    pairs = facts.a.first_tier["step+country"]["lost_tpa"] if facts.has_first else pd.Series(dtype=float)
    every = facts.a.chokepoints["step+country"]["lost_tpa"]
    columns = [
        text("step", "Step", "step of the chain"),
        text("commodity", "Makes", "what leaves the step"),
        tons("output_tpa", "Output", "baseline flow that leaves the step, else capacity"),
        tons("capacity_tpa", "Capacity", "most that the step can make", body=False),
        share("utilisation", "Used", "output over capacity"),
        Column("hhi_10000", "HHI", "number", "0 to 10,000", "sum of squared shares x 10,000"),
        text("holder", "Largest holder", "country with the largest share, and that share"),
        text("top", "Largest holder", "country with the largest share", body=False),
        share("top_share", "Its share", "its part of the output", body=False),
        share("top3_share", "Top three", "part of the three largest", body=False),
        share("n1_cover", "N-1 cover", "supply without the largest holder over demand without its own"),
        *(
            [tons("first_lost_tpa", f"{first_capital(facts.first)} lost without it", "largest holder out of this step")]
            if facts.has_first
            else []
        ),
        tons("lost_tpa", "All tiers lost without it", "the largest holder's nodes of this step removed"),
    ]
    rows = []
    for row in table.itertuples():
        if (str(row.step), str(row.commodity)) in facts.inner_goods:
            continue
        key = (row.step, row.top)
        is_held = facts.is_place(row.top)
        holder = country_name(row.top) if isinstance(row.top, str) else NO_DATA
        known = isinstance(row.top, str) and key in every.index
        spare = row.excess_share
        rows.append(
            [
                row.step,
                facts.commodity(row.commodity) or "-",
                row.output_tpa,
                row.capacity_tpa if not np.isnan(row.capacity_tpa) else Cell(NO_DATA),
                1.0 - spare if not np.isnan(spare) else Cell(NO_DATA),
                row.hhi * 10000 if is_held else Cell(NOT_APPLICABLE),
                f"{holder} {percent(row.top_share)}",
                holder,
                row.top_share,
                row.top3_share,
                row.n1_cover if is_held else Cell(NOT_APPLICABLE),
                *([pairs[key] if known else Cell(NOT_APPLICABLE)] if facts.has_first else []),
                every[key] if known else Cell(NOT_APPLICABLE),
            ]
        )
    return make_table(
        columns,
        rows,
        id="T4",
        sheet="Stages",
        title="Concentration, spare capacity and cover by step",
        subtitle="Unit: t/yr of what the step makes (each on its own basis, never added); losses in "
        + facts.unit
        + ".",
        note=(
            "Shares by baseline output, else by capacity. N-1 cover above 100 % means that the others could meet "
            "the rest; "
            "it knows no recipe, so the losses at the right, solved, may say otherwise. n/a: the largest holder is a "
            "region, or no step of its own. Goods that stay in their own step have no row."
        ),
        status=f"{GIVEN}; losses {PROVED}",
        **facts.rests_on(facts.a.chokepoints["step+country"]),
    )


def tier_table(facts: Facts) -> Table:
    """Return T8: scenario x tier."""
    columns = [
        text("scenario", "Scenario", "name of the scenario", body=False),
        text("label", "Scenario", "the scenario in words"),
        text("tier", "Tier", "who asks"),
        tons("demand_tpa", "Demand", "tonnes asked for"),
        tons("served_tpa", "Served", "tonnes served, other countries after"),
        tons("shortfall_tpa", "Short", "demand less served"),
        share("short_share", "Short, of demand", "part of the demand that goes short"),
        tons("shortfall_before_tpa", "Short, others first", "shortfall if all other countries come first"),
        text("demand_range", "Demand, low to high", "all demand at its low and high values"),
        text("range", "Short, low to high", "shortfall with all demand at its low and high values"),
        *(
            tons(f"{what}_{side}_tpa", f"{what}, {side}", f"{what} with all demand at its {side} values", body=False)
            for what in ("demand", "shortfall")
            for side in ("low", "high")
        ),
        Column("value_musd", "Loss", "number", "USD million/yr", "shortfall times value per tonne", body=False),
    ]
    rows = []
    for name in [BASELINE, *facts.ordered]:
        for tier in facts.tiers:
            row = facts.of(name, tier)
            demand = float(row["demand_tpa"])
            rows.append(
                [
                    name,
                    facts.scenario_label(name),
                    tier,
                    demand,
                    row["served_tpa"],
                    row["shortfall_tpa"],
                    row["shortfall_tpa"] / demand if demand > 0 else Cell(NOT_APPLICABLE),
                    row["shortfall_before_tpa"],
                    Cell(span(row["demand_low_tpa"], row["demand_high_tpa"])),
                    Cell(span(row["shortfall_low_tpa"], row["shortfall_high_tpa"])),
                    *(
                        _or_not(row[f"{what}_{side}_tpa"])
                        for what in ("demand", "shortfall")
                        for side in ("low", "high")
                    ),
                    row["value_musd"],
                ]
            )
    short = [n for n in facts.ordered if facts.whole.loc[n, "shortfall_tpa"] > 0]
    lead = (1 + min(len(short), 6)) * len(facts.tiers)
    return make_table(
        columns,
        rows,
        id="T8",
        sheet="Served",
        title="Who goes short in the long run, by scenario and tier",
        subtitle=f"Unit: {facts.unit}. A steady year with every measure at its full size. Known relations up to their "
        f"capacity; stocks not drawn. {whose_words(facts)}",
        note=(
            "Short and short with others first bound the shortfall from below and above. Ranges are corner cases "
            "(all demand low, all demand high), ends rounded outward; the high end of a shortfall is the bad one."
        ),
        status=PROVED,
        **facts.rests_on(facts.a.stress.summary),
    ).with_lead(rows=lead)


def place_table(facts: Facts, scenario: str) -> Table:
    """Return T8b: who goes short under one scenario, by country or region and tier."""
    table = facts.by_place(scenario)
    rows = [
        [
            row.tier,
            row.place,
            row.demand_tpa,
            row.served_tpa,
            row.shortfall_tpa,
            row.shortfall_tpa / row.demand_tpa if row.demand_tpa > 0 else Cell(NOT_APPLICABLE),
        ]
        for row in table.itertuples()
    ]
    sums = [float(table[c].sum()) for c in ("demand_tpa", "served_tpa", "shortfall_tpa")]
    return make_table(
        [text("tier", "Tier", "who asks"), text("place", "Country or region", "where it stands"), *_SERVED],
        rows,
        id="T8b",
        sheet="By country",
        title="Who goes short in the long run of the worst scenario, by country",
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(scenario)}. {whose_words(facts)}",
        note=_SEVERAL,
        total=["All", "-", *sums, sums[2] / sums[0] if sums[0] > 0 else Cell(NOT_APPLICABLE)],
        status=PROVED,
        **facts.scenario_rests_on(scenario),
    ).with_lead(rows=15)


_SEVERAL = (
    "Inside a tier, who goes short is one of several answers with the same total; the total of a tier is proved. "
    "Totals come from unrounded values."
)
_SERVED = (
    tons("demand_tpa", "Demand", "tonnes asked for"),
    tons("served_tpa", "Served", "tonnes served"),
    tons("shortfall_tpa", "Short", "demand less served"),
    share("short_share", "Short, of demand", "part of the demand that goes short"),
)


def user_table(facts: Facts, scenario: str) -> Table:
    """Return T8c: who goes short under one scenario, by end use and commodity."""
    table = facts.users[facts.users["scenario"] == scenario]
    rank = {tier: i for i, tier in enumerate(facts.tiers)}
    order = np.lexsort((table["node"], -table["shortfall_tpa"].to_numpy(), table["tier"].map(rank)))
    table = table.iloc[order]
    rows = [
        [
            row.tier,
            facts.label(row.node),
            facts.things.loc[row.node, "place"],
            facts.commodity(row.commodity) or "-",
            row.demand_tpa,
            row.served_tpa,
            row.shortfall_tpa,
            row.shortfall_tpa / row.demand_tpa if row.demand_tpa > 0 else Cell(NOT_APPLICABLE),
        ]
        for row in table.itertuples()
    ]
    sums = [float(table[c].sum()) for c in ("demand_tpa", "served_tpa", "shortfall_tpa")]
    columns = [
        text("tier", "Tier", "who asks"),
        text("label", "End use", "the end use in words"),
        text("place", "Country or region", "where it stands"),
        text("commodity", "Asks for", "what it asks for"),
        *_SERVED,
    ]
    return make_table(
        columns,
        rows,
        id="T8c",
        sheet="End uses",
        title="Who goes short in the long run of the worst scenario, by end use",
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(scenario)}. {whose_words(facts)}",
        note=_SEVERAL,
        total=["All", "-", "-", "-", *sums, sums[2] / sums[0] if sums[0] > 0 else Cell(NOT_APPLICABLE)],
        status=PROVED,
        **facts.scenario_rests_on(scenario),
    ).with_lead(rows=12)


LADDER_WORDS = {
    "frozen": "Nothing is rerouted",
    "existing": "Known relations, up to capacity",
    "new": "+ new relations, once qualified",
    "stocks": "+ stocks, first year only",
    "projects": "+ projects that stand",
}
_LADDER = (
    text("rung", "Rung", "name of the rung", body=False),
    text("meaning", "What is allowed", "each rung keeps what those before it allow"),
    text("tier", "Tier", "who asks"),
    tons("demand_tpa", "Demand", "tonnes asked for"),
    tons("served_tpa", "Served", "tonnes served"),
    tons("gained_tpa", "Gained by this rung", "served here less served one rung before"),
    tons("shortfall_tpa", "Still short", "demand less served"),
)
_LADDER_NOTE = (
    "Tiers are served in their order, so a rung may take from a later tier what an earlier one then gets (a gain "
    "below 0). "
    "Stocks count once: first year only. The last shortfall does not depend on the order of the rungs, the steps do."
)


def _ladder_rows(ladder: pd.DataFrame) -> list[list[Any]]:
    """Return the rows of a ladder, each rung followed by its sum over tiers where there are several."""
    rows: list[list[Any]] = []
    for rung, found in ladder.groupby("rung", sort=False):
        words = LADDER_WORDS.get(str(rung), str(found["meaning"].iloc[0]))
        parts = found.assign(tier=found["tier"].fillna(ALL_TIERS))
        if len(parts) > 1:
            whole = parts[["demand_tpa", "served_tpa", "gained_tpa", "shortfall_tpa"]].sum(min_count=1)
            parts = pd.concat([parts, whole.to_frame().T.assign(tier=ALL_TIERS)], ignore_index=True)
        for row in parts.itertuples():
            gained = Cell("-") if np.isnan(row.gained_tpa) else row.gained_tpa
            rows.append([rung, words, row.tier, row.demand_tpa, row.served_tpa, gained, row.shortfall_tpa])
    return rows


def year_table(facts: Facts) -> Table:
    """Return T9: the ladder under the worst scenario, with the projects that stand by each year."""
    rows = _years(facts)
    return make_table(
        [text("by_year", "By", "year by which projects stand"), *_LADDER],
        rows,
        id="T9",
        sheet="Ladder",
        title="What rerouting, stocks and projects win back in the long run of the worst scenario",
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(facts.when)}. {whose_words(facts)}",
        note=_LADDER_NOTE + " Projects count at announced size, start year and ramp.",
        status=PROVED,
        **facts.rests_on(facts.a.stress.ladder),
    )


def _years(facts: Facts) -> list[list[Any]]:
    """Return the rungs that hold in every year once, then those with projects, year by year."""
    rows: list[list[Any]] = []
    for number_, (year, ladder) in enumerate(facts.ladders.items()):
        for row in _ladder_rows(ladder):
            if row[0] == "projects" or number_ == 0:
                rows.append([str(year) if row[0] == "projects" else "any year", *row])
    return rows


def ladder_table(facts: Facts) -> Table:
    """Return T9b: the ladder without projects under every scenario."""
    table = facts.scenario_ladders
    rows = [
        [name, facts.scenario_label(name), *row]
        for name in facts.ordered
        for row in _ladder_rows(table[table["scenario"] == name])
    ]
    return make_table(
        [
            text("scenario", "Scenario", "name of the scenario", body=False),
            text("label", "Scenario", "the scenario in words"),
            *_LADDER,
        ],
        rows,
        id="T9b",
        sheet="Ladder by scenario",
        title="What rerouting and stocks win back in the long run, every scenario",
        subtitle=f"Unit: {facts.unit}. No projects built. {whose_words(facts)}",
        note=_LADDER_NOTE,
        status=PROVED,
        **facts.rests_on(*(r.ladder for r in facts.a.rerouting.values())),
    ).with_lead(rows=4 * (len(facts.tiers) + 1))


def coverage_table(facts: Facts) -> Table:
    """Return T18: tonnes of each step by grade."""
    table = facts.a.coverage
    grades = [c for c in table.columns if c.endswith("_tpa")]
    table = table.iloc[np.argsort([facts.place_of_step(str(name)) for name in table.index], kind="stable")]
    heads = {c: first_capital(c.removesuffix("_tpa")) for c in grades}
    columns = [
        text("step", "Step", "step of the chain"),
        *(tons(c, heads[c], f"tonnes whose principal figure is {heads[c].lower()}") for c in grades),
        share("assumed_share", "Assumed", "part of the tonnes whose figure is assumed"),
        Column("n_nodes", "Nodes", "count", "", "nodes of the step"),
        Column("n_unlimited", "No capacity", "count", "", "nodes without a capacity, counted as unlimited"),
    ]
    rows = [
        [
            str(step).replace("_", " "),
            *(row[c] for c in grades),
            row["assumed_share"],
            row["n_nodes"],
            row["n_unlimited"],
        ]
        for step, row in table.iterrows()
    ]
    return make_table(
        columns,
        rows,
        id="T18",
        sheet="Coverage",
        title="How well each step is known",
        subtitle="Unit: t/yr that the nodes of a step make, by grade of the node's principal figure.",
        note="Grades: R reported, E estimated, I inferred, A assumed. Tonnes of different steps are on different "
        "bases.",
        status=GIVEN,
        grade="see columns",
    )
