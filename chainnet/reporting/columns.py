"""Tables and columns as records: a table's key, makers of columns by kind and unit, and what several tables have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import Kind, ReportColumn, ReportTable
from chainnet.words import NOT_APPLICABLE, NOT_ASKED, country_name

Made = TypeVar("Made", ReportTable, ReportTable | None)


def table(key: str, sheet: str, title: str) -> Callable[[Callable[[Facts], Made]], Callable[[Facts], Made]]:
    """Give a function that makes one table, or none, its key, sheet and title; it makes it once for a report."""

    def named(make: Callable[[Facts], Made]) -> Callable[[Facts], Made]:
        @once
        @wraps(make)
        def made(facts: Facts) -> Made:
            found = make(facts)
            return found and replace(found, key=key, sheet=sheet, title=title)

        return made

    return named


def _maker(kind: Kind, unit: str = "") -> Callable[..., ReportColumn]:
    """Return a maker of columns: key, head, meaning, then value, and ``body`` or ``missing`` by name."""

    def made(key: str, head: str, meaning: str, value: Callable[[Any], Any] | str = "", **more: Any) -> ReportColumn:
        return ReportColumn(key, head, kind, more.pop("unit", unit), meaning, value, **more)

    return made


text, count, number = _maker("text"), _maker("count"), _maker("number")
share = _maker("share", "share")  # 0 to 1 in the workbook, percent in print
tons, weight = _maker("number", "t/yr"), _maker("number", "t")
million, per_tonne = _maker("number", "USD million"), _maker("number", "USD/t")
months, month, year = _maker("number", "months"), _maker("count", "month"), _maker("year", "year")

TIER = text("tier", "Tier", "who asks")
STEP = text("step", "Step", "step of the chain")


def scenario(facts: Facts, body: bool = True) -> tuple[ReportColumn, ReportColumn]:
    """Return the columns of a row's scenario: its name, and the same in words."""
    return (
        text("scenario", "Scenario", "name of the scenario", body=False),
        text(
            "label",
            "Scenario",
            "the scenario in words",
            lambda row: facts.scenario_label(str(row["scenario"])),
            body=body,
        ),
    )


def short_share(part: str, whole: str) -> ReportColumn:
    """Return the column of what goes short of a demand."""
    return share(
        "short_share",
        "Short, of demand",
        "part of the demand that goes short",
        lambda row: row[part] / row[whole] if row[whole] > 0 else NOT_APPLICABLE,
    )


def commodity(facts: Facts, head: str, meaning: str, key: str = "commodity") -> ReportColumn:
    """Return the column of a row's commodity, by its name for people."""
    return text(key, head, meaning, lambda row: facts.commodity(row["commodity"]), missing=NOT_ASKED)


def quality(meaning: str) -> ReportColumn:
    """Return the column that says how a figure is known."""
    return text("quality", "Quality", meaning)


def country(value: Any) -> str | None:
    """Return a country of the data by name; None where there is none."""
    return country_name(value) if isinstance(value, str) else None
