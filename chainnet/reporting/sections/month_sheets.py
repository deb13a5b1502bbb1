"""The sheets of the workbook that go by month: every month, how long each end use is whole, what is left in stock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.horizon import Months
from chainnet.reporting.model import ReportColumn, ReportTable, make_table
from chainnet.reporting.sections.months import NEVER
from chainnet.words import NOT_ASKED, calendar_month

_SCENARIO = col.text("scenario", "Scenario", "name of the scenario")


def sheets(facts: Facts) -> list[ReportTable]:
    """Return the sheets of the workbook that are too long to print."""
    made = (_month_sheet(facts), _user_sheet(facts), _stock_sheet(facts))
    return [table for table in made if table is not None]


def _sheet(facts: Facts, columns: Sequence[ReportColumn], rows: Any, unit: str = "", **named: Any) -> ReportTable:
    months = facts.months
    return make_table(
        columns,
        rows.to_dict("records"),
        subtitle=f"Unit: {unit or months.unit}. {months.span}. Known relations, stocks drawn.",
        **facts.standing(facts.a.stress.months),
        **named,
    )


def _month(months: Months) -> tuple[ReportColumn, ReportColumn]:
    named = col.text(
        "calendar_month",
        "Calendar month",
        "the same by name",
        lambda row: calendar_month(row["month"], months.start_of(row["scenario"])),
        missing=NOT_ASKED,
    )
    return col.year("month", "Month", "counted from 1", unit="month"), named


def _month_sheet(facts: Facts) -> ReportTable:
    """Return the sheet of every month: scenario, tier, month."""
    columns = [
        _SCENARIO,
        col.TIER,
        *_month(facts.months),
        col.weight("demand_t", "Demand", "tonnes asked for"),
        col.weight("served_t", "Served", "tonnes served"),
        col.weight("shortfall_t", "Short", "demand less served, every date known"),
        col.share("short_share", "Short, of demand", "part of the demand that goes short", "share"),
        col.weight("shortfall_unforeseen_t", "Short if unforeseen", "if only what is in force is known"),
    ]
    title = "Every month, by scenario and tier"
    return _sheet(facts, columns, facts.months.by_month, key="M1", sheet="Months", title=title)


def _user_sheet(facts: Facts) -> ReportTable:
    """Return the sheet of how long each end use can be kept whole."""
    months = facts.months
    columns = [
        _SCENARIO,
        col.TIER,
        col.text("node", "End use", "id of the end use"),
        col.text("label", "End use", "the end use in words", lambda row: facts.label(row["node"])),
        col.months("time_to_survive", "Time to survive", "months whole from the first measure"),
        col.months(
            "time_to_recover",
            "Time to recover",
            "months from the first short one until met to the end",
            months.recovered,
        ),
        col.month("first_short_month", "First month", "first month with anything short, from 1", missing=NEVER),
        col.weight(
            "shortfall_t",
            "Short",
            "over the horizon",
            lambda row: 0.0 if np.isnan(row["first_short_month"]) else row["shortfall_t"],
        ),
    ]
    title = "How long each end use can be kept whole"
    return _sheet(facts, columns, months.users, key="M2", sheet="Endurance by use", title=title)


def _stock_sheet(facts: Facts) -> ReportTable | None:
    """Return the sheet of what is left in each stock at the end of each month; None without stocks."""
    if facts.months.levels.empty:
        return None
    columns = [
        _SCENARIO,
        *_month(facts.months),
        col.text("stock", "Stock", "name of the stock"),
        col.commodity(facts, "Of", "what is in store"),
        col.weight("level_t", "Left", "tonnes left at the end of the month"),
        col.share("share", "Left, of all", "part of what is on record"),
        col.weight("level_unforeseen_t", "Left if unforeseen", "if only what is in force is known"),
    ]
    title, unit = "What is left in each stock", "t of the stock's own material"
    return _sheet(facts, columns, facts.months.levels, unit, key="M3", sheet="Stock levels", title=title)
