"""The sheets of the workbook that go by month: every month, how long each end use is met, what is left in stock."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import ReportTable
from chainnet.reporting.sections.months import NEVER, RECOVERED
from chainnet.words import NOT_ASKED, calendar_month


def _calendar(facts: Facts, row: Any) -> str:
    return calendar_month(row["month"], facts.months.start_of(row["scenario"]))


def _short(_facts: Facts, row: Any) -> float:
    return 0.0 if np.isnan(row["first_short_month"]) else row["shortfall_t"]


_MONTH = (
    col.year("month", "Month", "counted from 1", unit="month"),
    col.text("calendar_month", "Calendar month", "the same by name", _calendar, missing=NOT_ASKED),
)
_SCENARIO = col.text("scenario", "Scenario", "name of the scenario")
_sheet = partial(
    col.Table,
    subtitle="Unit: {f.months.unit}. {f.months.span}. Existing links, stocks drawn.",
    stands=lambda f: f.standing(f.a.stress.months),
)
_SHEETS = (
    _sheet(
        "M1",
        "Months",
        "Every month, by scenario and tier",
        rows=lambda f: f.months.by_month,
        columns=(
            _SCENARIO,
            col.TIER,
            *_MONTH,
            col.weight("demand_t", "Demand", "tonnes asked for"),
            col.weight("served_t", "Served", "tonnes served"),
            col.weight("shortfall_t", "Short", "demand less served, every date known"),
            col.share("shortfall_share", "Short, of demand", "part of the demand that is short", "share"),
            col.weight("shortfall_unforeseen_t", "Short if unforeseen", "if only what is in force is known"),
        ),
    ),
    _sheet(
        "M2",
        "Endurance by use",
        "How long each end use can be kept whole",
        rows=lambda f: f.months.users,
        columns=(
            _SCENARIO,
            col.TIER,
            col.text("node", "End use", "id of the end use"),
            col.named("label", "End use", "the end use in words", "node"),
            col.months("time_to_survive", "Time to survive", "months whole from the first measure"),
            col.months("time_to_recover", "Time to recover", RECOVERED, lambda f, row: f.months.recovered(row)),
            col.month("first_short_month", "First month", "first month with anything short, from 1", missing=NEVER),
            col.weight("shortfall_t", "Short", "over the horizon", _short),
        ),
    ),
    _sheet(
        "M3",
        "Stock levels",
        "What is left in each stock",
        rows=lambda f: col.some(f.months.levels),
        columns=(
            _SCENARIO,
            *_MONTH,
            col.text("stock", "Stock", "name of the stock"),
            col.commodity("Of", "what is in store"),
            col.weight("level_t", "Left", "tonnes left at the end of the month"),
            col.share("share", "Left, of all", "part of what is on record"),
            col.weight("level_unforeseen_t", "Left if unforeseen", "if only what is in force is known"),
        ),
        subtitle="Unit: t of the stock's own material. {f.months.span}. Existing links, stocks drawn.",
    ),
)


def sheets(facts: Facts) -> list[ReportTable]:
    """Return the sheets of the workbook that are too long to print."""
    return [made for table in _SHEETS if (made := table(facts)) is not None]
