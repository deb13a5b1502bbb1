"""Tables and columns as records: what a table holds, makers of columns, and columns that several tables have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import Kind, ReportColumn, ReportTable, make_table
from chainnet.reporting.order import table_ids
from chainnet.words import NOT_APPLICABLE, NOT_ASKED, country_name

Rows = pd.DataFrame | Iterable[Any] | None
Text = str | Callable[[Facts], str]


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the report before it is asked of an assessment: ``table(facts)`` fills it, once for a report.

    In ``subtitle`` and ``note`` stand ``{f.unit}``, what the facts say, and ``{served}``, the name in print of the
    table with that key. ``rows`` are asked one by one; no table where they are None, ``none`` where there is no row.
    """

    key: str
    sheet: str
    title: str
    rows: Callable[[Facts], Rows]
    columns: Sequence[ReportColumn] | Callable[[Facts], Sequence[ReportColumn]]
    subtitle: Text
    stands: Mapping[str, Any] | Callable[[Facts], Mapping[str, Any]]
    note: Text = ""
    lead: int | Callable[[Facts], int] = 0  # rows in the body; 0 = all
    none: Mapping[str, Any] | Callable[[Facts], Mapping[str, Any]] | None = None
    total: Callable[[Facts], Mapping[str, Any]] | None = None

    def __call__(self, facts: Facts) -> ReportTable | None:
        """Return the table of an assessment."""
        return _filled(facts, self)

    def of(self, facts: Facts) -> ReportTable:
        """Return the same where it is always there."""
        found = _filled(facts, self)
        assert found is not None, self.key
        return found


@once
def _filled(facts: Facts, table: Table) -> ReportTable | None:
    found = table.rows(facts)
    if found is None:
        return None
    if isinstance(found, pd.DataFrame):
        named = any(name is not None for name in found.index.names)
        found = (found.reset_index() if named else found).to_dict("records")
    made = make_table(
        table.columns(facts) if callable(table.columns) else table.columns,
        found,
        facts,
        none=table.none(facts) if callable(table.none) else table.none,
        total=table.total(facts) if table.total else None,
        key=table.key,
        sheet=table.sheet,
        title=table.title.format(f=facts),
        subtitle=_said(facts, table.subtitle),
        note=_said(facts, table.note),
        **(table.stands(facts) if callable(table.stands) else table.stands),
    )
    lead = table.lead(facts) if callable(table.lead) else table.lead
    return made.with_lead(rows=lead) if lead else made


def _said(facts: Facts, text: Text) -> str:
    return text(facts) if callable(text) else text.format(f=facts, **table_ids())


def some(table: pd.DataFrame) -> pd.DataFrame | None:
    """Return a table; None where it is empty."""
    return table if len(table) else None


def _maker(kind: Kind, unit: str = "") -> Callable[..., ReportColumn]:
    """Return a maker of columns: key, head, meaning, then value, and ``body`` or ``missing`` by name."""

    def made(key: str, head: str, meaning: str, value: Callable[[Facts, Any], Any] | str = "", **more: Any) -> Any:
        return ReportColumn(key, head, kind, more.pop("unit", unit), meaning, value, **more)

    return made


text, count, number = _maker("text"), _maker("count"), _maker("number")
share = _maker("share", "share")  # 0 to 1 in the workbook, percent in print
tons, weight = _maker("number", "t/yr"), _maker("number", "t")
million, per_tonne = _maker("number", "USD million"), _maker("number", "USD/t")
months, month, year = _maker("number", "months"), _maker("count", "month"), _maker("year", "year")


def code(key: str, head: str, meaning: str, value: Any = "", **more: Any) -> ReportColumn:
    """Return a column of text for the workbook alone, such as an id."""
    return text(key, head, meaning, value, body=False, **more)


def named(key: str, head: str, meaning: str, field: str = "id", **more: Any) -> ReportColumn:
    """Return the column of a node or project by its label; ``field`` holds the id."""
    return text(key, head, meaning, lambda f, row: f.label(str(row[field])), **more)


def whether(key: str, head: str, meaning: str, **more: Any) -> ReportColumn:
    """Return a column of yes and no."""
    return text(key, head, meaning, lambda _, row: "yes" if row[key] else "no", **more)


def commodity(head: str, meaning: str, key: str = "commodity") -> ReportColumn:
    """Return the column of a row's commodity, by its name for people."""
    return text(key, head, meaning, lambda f, row: f.commodity(row["commodity"]), missing=NOT_ASKED)


def placed(key: str, head: str, meaning: str, field: str = "country", **more: Any) -> ReportColumn:
    """Return the column of a row's country by name; ``field`` holds its code."""
    return text(key, head, meaning, lambda _, row: country(row[field]), **more)


def dollars(key: str, head: str, meaning: str, field: str, **more: Any) -> ReportColumn:
    """Return the column of an amount that a row has in dollars, in millions."""
    return million(key, head, meaning, lambda _, row: row[field] / 1e6, **more)


def quality(meaning: str) -> ReportColumn:
    """Return the column that says how a figure is known."""
    return text("quality", "Quality", meaning)


def part_of(part: float, whole: float) -> Any:
    """Return a part of a demand; in words where nothing is asked for."""
    return part / whole if whole > 0 else NOT_APPLICABLE


def country(value: Any) -> str | None:
    """Return a country of the data by name; None where there is none."""
    return country_name(value) if isinstance(value, str) else None


TIER = text("tier", "Tier", "who asks")
RANK = text("rank", "Rank", "place by the loss; = tied")
SCENARIO_NAME = code("scenario", "Scenario", "name of the scenario")
SCENARIO_LABEL = text(
    "label", "Scenario", "the scenario in words", lambda f, row: f.scenario_label(str(row["scenario"]))
)
SCENARIO = (SCENARIO_NAME, SCENARIO_LABEL)
PROJECT_ID = code("id", "Id", "name of the project")
PROJECT = named("label", "Project", "the project in words")
