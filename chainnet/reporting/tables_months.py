"""The tables of who goes short when: over the horizon, endurance, the ladder over time, every month."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainnet.reporting.facts import ALL_TIERS, BASELINE, CERTAIN
from chainnet.reporting.facts_months import Months
from chainnet.reporting.model import Cell, Column, Table, make_table
from chainnet.reporting.tables import LADDER_WORDS, PROVED, share, text, whose_words
from chainnet.words import NOT_APPLICABLE, NOT_ASKED, calendar_month, month_words, whole

__all__ = [
    "endurance_table",
    "horizon_table",
    "month_columns",
    "month_sheet",
    "rung_table",
    "stock_sheet",
    "user_sheet",
]

NEVER = "never"
BODY_SCENARIOS = 5
FORESIGHT = (
    "Short: a planner knows every date of the scenario. Unforeseen: nobody sees more than what is in force. "
    "Knowing the dates is worth the difference. "
)


def tonnes_of(key: str, head: str, meaning: str, **more: Any) -> Column:
    """Return a column of tonnes over the horizon."""
    return Column(key, head, "number", "t", meaning, **more)


def months_of(key: str, head: str, meaning: str, **more: Any) -> Column:
    """Return a column of months."""
    return Column(key, head, "number", "months", meaning, **more)


def _scenario_columns() -> list[Column]:
    return [
        text("scenario", "Scenario", "name of the scenario", body=False),
        text("label", "Scenario", "the scenario in words"),
        text("tier", "Tier", "who asks"),
    ]


def _rows(months: Months) -> list[Any]:
    """Return the rows of the summary, worst scenario first, the baseline last."""
    facts = months.facts
    return [months.of(name, tier) for name in [*months.ordered, BASELINE] for tier in facts.tiers]


def _lead(months: Months) -> int:
    shown = max(min(len(months.short), BODY_SCENARIOS), 1)
    return shown * len(months.facts.tiers)


def horizon_table(months: Months) -> Table:
    """Return T8d: demand, served and short over the horizon, foreseen and unforeseen."""
    facts = months.facts
    columns = [
        *_scenario_columns(),
        tonnes_of("demand_t", "Demand", "tonnes asked for over the horizon"),
        tonnes_of("served_t", "Served", "tonnes served over the horizon"),
        tonnes_of("shortfall_t", "Short", "demand less served, every date known beforehand"),
        share("short_share", "Short, of demand", "part of the demand that goes short"),
        tonnes_of("shortfall_unforeseen_t", "Short if unforeseen", "short if only what is in force is known"),
        tonnes_of("value_of_information_t", "Dates are worth", "short if unforeseen less short"),
        Column("value_at_risk_musd", "Loss", "number", "USD million", "shortfall times value per tonne", body=False),
    ]
    rows = [
        [
            row["scenario"],
            facts.scenario_label(row["scenario"]),
            row["tier"],
            row["demand_t"],
            row["served_t"],
            row["shortfall_t"],
            row["shortfall_t"] / row["demand_t"] if row["demand_t"] > 0 else Cell(NOT_APPLICABLE),
            row["shortfall_unforeseen_t"],
            row["value_of_information_t"],
            row["value_at_risk_musd"],
        ]
        for row in _rows(months)
    ]
    return make_table(
        columns,
        rows,
        id="T8d",
        sheet="Over time",
        title="Who goes short over the horizon",
        subtitle=f"Unit: {months.unit}. {months.span}. Known relations, stocks drawn. {whose_words(facts)}",
        note=FORESIGHT + "Worst first, by what " + months.lead + " lacks. Every month: sheet Months.",
        status=PROVED,
        **facts.rests_on(facts.a.stress.summary),
    ).with_lead(rows=_lead(months))


def month_columns() -> list[Column]:
    """Return the columns that say when a tier goes short and how long it can be kept whole."""
    return [
        text("first", "First month short", "first month in which anything is short"),
        Column("first_short_month", "First month", "count", "month", "the same, counted from 1", body=False),
        text("survive", "Time to survive, months", "months whole from the first measure, if served first"),
        months_of("time_to_survive", "Time to survive", "the same; empty = unlimited", body=False),
    ]


def month_cells(months: Months, row: Any) -> list[Any]:
    """Return the cells of ``month_columns``."""
    first = row["first_short_month"]
    survive = row["time_to_survive"]
    return [
        month_words(first, months.start),
        Cell(NEVER) if np.isnan(first) else first,
        months.survive(row),
        Cell("unlimited") if np.isinf(survive) else survive,
    ]


def endurance_table(months: Months) -> Table:
    """Return T8e: first and worst month, months short, time to survive and to recover."""
    facts = months.facts
    columns = [
        *_scenario_columns(),
        *month_columns()[:2],
        text("worst", "Worst month", "month with the largest share short; the first of equals"),
        Column("worst_month", "Worst month", "count", "month", "the same, counted from 1", body=False),
        share("worst_month_share", "Short in it", "part of that month's demand that goes short"),
        months_of("months_short", "Months short", "number of months with anything short"),
        *month_columns()[2:],
        text("recover", "Time to recover, months", "months from the first short one until demand is met to the end"),
        months_of("time_to_recover", "Time to recover", "the same", body=False),
        Column("onset_month", "First measure", "count", "month", "first month with a measure in force", body=False),
    ]
    rows = []
    for row in _rows(months):
        first, survive = month_cells(months, row)[:2], month_cells(months, row)[2:]
        worst, recover, onset = row["worst_month"], row["time_to_recover"], months.onset(row["scenario"])
        rows.append(
            [
                row["scenario"],
                facts.scenario_label(row["scenario"]),
                row["tier"],
                *first,
                month_words(worst, months.start, NOT_ASKED),
                Cell(NOT_ASKED) if np.isnan(worst) else worst,
                row["worst_month_share"],
                row["months_short"],
                *survive,
                months.recover(row),
                Cell(months.recover(row)) if np.isinf(recover) else recover,
                Cell("none") if np.isnan(onset) else onset,
            ]
        )
    return make_table(
        columns,
        rows,
        id="T8e",
        sheet="Endurance",
        title="When demand goes short, and how long it can be kept whole",
        subtitle=f"Unit: months, from 1. {months.span}. Known relations, stocks drawn. {whose_words(facts)}",
        note=(
            "Time to survive: months from the first measure in which all demand of the tier can be met if it comes "
            f"first; at least {whole(months.horizon)} = the horizon ends before it does; unlimited = it could go on "
            f"for ever. Time to recover: from the first short month until demand is met to the end; not in "
            f"{whole(months.horizon)} = it is not. Each end use by itself: sheet Endurance by use."
        ),
        status=PROVED,
        **facts.rests_on(facts.a.stress.summary),
    ).with_lead(rows=_lead(months))


def rung_table(months: Months) -> Table | None:
    """Return T9c: the ladder over the horizon, of every scenario for which it was made."""
    facts, ladder = months.facts, months.facts.a.stress.horizon_ladder
    if ladder.empty:
        return None
    ladder = ladder.assign(tier=ladder["tier"].fillna(ALL_TIERS))
    words = {**LADDER_WORDS, "stocks": "+ stocks", "projects": "+ projects from their start year"}
    rows = []
    columns = ["demand_t", "served_t", "gained_t", "shortfall_t"]
    for (name, rung), found in ladder.groupby(["scenario", "rung"], sort=False):
        parts = [(row["tier"], row) for row in found.to_dict("records")]
        if len(parts) > 1:
            parts.append((ALL_TIERS, found[columns].sum(min_count=1).to_dict()))
        for tier, row in parts:
            size = CERTAIN * row["demand_t"]
            short = 0.0 if abs(row["shortfall_t"]) <= size else row["shortfall_t"]
            served = row["demand_t"] - short
            gained = Cell(NOT_ASKED) if np.isnan(row["gained_t"]) else row["gained_t"]
            cells = [row["demand_t"], 0.0 if abs(served) <= size else served, gained, short]
            rows.append([name, facts.scenario_label(str(name)), rung, words.get(str(rung), str(rung)), tier, *cells])
    many = ladder["scenario"].nunique() > 1
    one = "" if many else f" Scenario: {facts.scenario_label(str(ladder['scenario'].iloc[0]))}."
    return make_table(
        [
            text("scenario", "Scenario", "name of the scenario", body=False),
            text("label", "Scenario", "the scenario in words", body=many),
            text("rung", "Rung", "name of the rung", body=False),
            text("meaning", "What is allowed", "each rung keeps what those before it allow"),
            text("tier", "Tier", "who asks"),
            tonnes_of("demand_t", "Demand", "tonnes asked for over the horizon"),
            tonnes_of("served_t", "Served", "tonnes served"),
            tonnes_of("gained_t", "Gained by this rung", "served here less served one rung before"),
            tonnes_of("shortfall_t", "Still short", "demand less served"),
        ],
        rows,
        id="T9c",
        sheet="Ladder over time",
        title="What rerouting, stocks and projects win back over the horizon",
        subtitle=f"Unit: {months.unit}. {months.span}.{one} {whose_words(facts)}",
        note=(
            "Counted in half-years, where lags shorter than that vanish, so that a rung may differ a little from T8d. "
            "A new relation serves a tier once qualified for it; stocks are drawn once. The last shortfall does not "
            "depend on the order of the rungs, the steps do."
        ),
        status=PROVED,
        **facts.rests_on(facts.a.stress.summary),
    )


# -- sheets of the workbook only ------------------------------------------------------------------


def month_sheet(months: Months) -> Table:
    """Return the sheet of every month: scenario, tier, month."""
    table = months.by_month
    columns = [
        text("scenario", "Scenario", "name of the scenario"),
        text("tier", "Tier", "who asks"),
        Column("month", "Month", "year", "month", "counted from 1"),
        text("calendar_month", "Calendar month", "the same by name"),
        tonnes_of("demand_t", "Demand", "tonnes asked for"),
        tonnes_of("served_t", "Served", "tonnes served"),
        tonnes_of("shortfall_t", "Short", "demand less served, every date known"),
        share("short_share", "Short, of demand", "part of the demand that goes short"),
        tonnes_of("shortfall_unforeseen_t", "Short if unforeseen", "if only what is in force is known"),
    ]
    rows = [
        [
            row.scenario,
            row.tier,
            row.month,
            calendar_month(row.month, months.start) or NOT_ASKED,
            row.demand_t,
            row.served_t,
            row.shortfall_t,
            row.share,
            row.shortfall_unforeseen_t,
        ]
        for row in table.itertuples()
    ]
    return make_table(columns, rows, **_sheet(months, "M1", "Months", "Every month, by scenario and tier"))


def user_sheet(months: Months) -> Table:
    """Return the sheet of how long each end use can be kept whole."""
    facts = months.facts
    columns = [
        text("scenario", "Scenario", "name of the scenario"),
        text("tier", "Tier", "who asks"),
        text("node", "End use", "id of the end use"),
        text("label", "End use", "the end use in words"),
        months_of("time_to_survive", "Time to survive", "months whole from the first measure"),
        months_of("time_to_recover", "Time to recover", "months from the first short one until met to the end"),
        Column("first_short_month", "First month", "count", "month", "first month with anything short, from 1"),
        tonnes_of("shortfall_t", "Short", "over the horizon"),
    ]
    rows = []
    for row in months.users.to_dict("records"):
        first = row["first_short_month"]
        survive, recover = row["time_to_survive"], row["time_to_recover"]
        rows.append(
            [
                row["scenario"],
                row["tier"],
                row["node"],
                facts.label(row["node"]),
                survive if np.isfinite(survive) else Cell(months.survive(row)),
                recover if np.isfinite(recover) else Cell(months.recover(row)),
                Cell(NEVER) if np.isnan(first) else first,
                0.0 if np.isnan(first) else row["shortfall_t"],
            ]
        )
    return make_table(
        columns, rows, **_sheet(months, "M2", "Endurance by use", "How long each end use can be kept whole")
    )


def stock_sheet(months: Months) -> Table | None:
    """Return the sheet of what is left in each stock at the end of each month; None without stocks."""
    table = months.levels
    if table.empty:
        return None
    columns = [
        text("scenario", "Scenario", "name of the scenario"),
        Column("month", "Month", "year", "month", "counted from 1"),
        text("calendar_month", "Calendar month", "the same by name"),
        text("stock", "Stock", "name of the stock"),
        text("commodity", "Of", "what is in store"),
        tonnes_of("level_t", "Left", "tonnes left at the end of the month"),
        share("share", "Left, of all", "part of what is on record"),
        tonnes_of("level_unforeseen_t", "Left if unforeseen", "if only what is in force is known"),
    ]
    rows = [
        [
            row.scenario,
            row.month,
            calendar_month(row.month, months.start) or NOT_ASKED,
            row.stock,
            months.facts.commodity(row.commodity) or NOT_ASKED,
            row.level_t,
            row.share,
            row.level_unforeseen_t,
        ]
        for row in table.itertuples()
    ]
    return make_table(columns, rows, **_sheet(months, "M3", "Stock levels", "What is left in each stock"))


def _sheet(months: Months, number: str, sheet: str, title: str) -> dict[str, Any]:
    return {
        "id": number,
        "sheet": sheet,
        "title": title,
        "subtitle": f"Unit: {months.unit}. {months.span}. Known relations, stocks drawn.",
        "status": PROVED,
        **months.facts.rests_on(months.facts.a.stress.months),
    }
