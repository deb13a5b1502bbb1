"""Tables and columns as records: what a table holds, makers of columns, and columns that several tables have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import Cell, Kind, ReportColumn, ReportTable, make_table
from chainnet.reporting.order import table_ids
from chainnet.results import fact_of
from chainnet.words import NOT_APPLICABLE, NOT_ASKED, country_name, first_capital, gap, is_missing, join

Rows = pd.DataFrame | Iterable[Any] | None
Text = str | Callable[[Facts], str]
FEW_ROWS = 8  # in the body, of a table that is looked up
# how a column of numbers ends -> what it holds, its unit, how much of that is one in the frame
_ENDS: tuple[tuple[str, Kind, str, float], ...] = (
    ("_usd_per_tpa", "number", "USD per t/yr", 1.0),
    ("_usd_per_t", "number", "USD/t", 1.0),
    ("_tpa", "number", "t/yr", 1.0),
    ("_musd", "number", "USD million", 1.0),
    ("_usd", "number", "USD million", 1e-6),
    ("_share", "share", "share", 1.0),
    ("_t", "number", "t", 1.0),
)
_THINGS = {"node", "project", "id", "node_a", "node_b", "project_a", "project_b"}
RELATIVE = "relative"  # unit of proofs, whose figures round to nothing
_CHANCES = {"chance_low", "chance_high", "p_low", "p_high"}  # of a number without a unit "<0.1" is all that is left


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the report before it is asked of an assessment: ``table(facts)`` fills it, once for a report.

    In ``subtitle`` and ``note`` stand ``{f.unit}``, what the facts say, and ``{served}``, the name in print of the
    table with that key. ``rows`` are asked one by one; no table where they are None, ``none`` where there is no row.
    A table without ``columns`` is looked up, not read: it has those of its frame, told by their names or by ``heads``,
    and is none where that has no row.
    """

    key: str
    sheet: str
    title: str
    rows: Callable[[Facts], Rows]
    columns: Sequence[ReportColumn] | Callable[[Facts], Sequence[ReportColumn]] | None = None
    subtitle: Text = "Unit: {f.unit}."
    stands: Mapping[str, Any] | Callable[[Facts], Mapping[str, Any]] | None = None  # None = by what the frame bears
    note: Text = ""
    heads: Mapping[str, str] = field(default_factory=dict)
    lead: int | Callable[[Facts], int] | None = None  # rows in the body; None = all, of what is looked up a few
    none: Mapping[str, Any] | Callable[[Facts], Mapping[str, Any]] | None = None

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
    own: Any = table.rows(facts)
    rows = own
    if isinstance(own, pd.DataFrame):
        named = any(name is not None for name in own.index.names)
        frame = own.reset_index() if named else own
        rows = frame.to_dict("records")
    if rows is None or (table.columns is None and not rows):
        return None
    columns = columns_of(frame, table.heads) if table.columns is None else _asked(facts, table.columns)
    made = make_table(
        columns,
        rows,
        facts,
        none=_asked(facts, table.none),
        key=table.key,
        sheet=table.sheet,
        title=table.title.format(f=facts),
        subtitle=_said(facts, table.subtitle),
        note=_said(facts, table.note),
        **(facts.standing(own) if table.stands is None else _asked(facts, table.stands)),
    )
    lead = (FEW_ROWS if table.columns is None else 0) if table.lead is None else _asked(facts, table.lead)
    return made.with_lead(rows=lead) if lead else made


def _asked(facts: Facts, given: Any) -> Any:
    """Return what a field of a table holds, or says of the facts."""
    return given(facts) if callable(given) else given


def _said(facts: Facts, text: Text) -> str:
    return text(facts) if callable(text) else text.format(f=facts, **table_ids())


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
    return text(key, head, meaning, lambda f, row: None if is_missing(row[field]) else f.label(str(row[field])), **more)


def whether(key: str, head: str, meaning: str, **more: Any) -> ReportColumn:
    """Return a column of yes and no."""
    return text(key, head, meaning, lambda _, row: "yes" if row[key] else "no", **more)


def commodity(head: str, meaning: str) -> ReportColumn:
    """Return the column of a row's commodity, by its name for people."""
    return text("commodity", head, meaning, lambda f, row: f.commodity(row["commodity"]), missing=NOT_ASKED)


def placed(key: str, head: str, meaning: str) -> ReportColumn:
    """Return the column of a row's country by name."""
    return text(key, head, meaning, lambda _, row: country(row["country"]))


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


# -- columns of a frame, told by their names --------------------------------------------------------


def words_of(key: str) -> str:
    """Return the name of a column in words, without its unit.

    Examples
    --------
    >>> words_of("lost_tpa"), words_of("first_month"), words_of("t_per_t")
    ('Lost', 'First month', 'T per t')
    """
    end = next((end for end, *_ in _ENDS if key.endswith(end) and not key.endswith(f"_per{end}")), "")
    return first_capital(key.removesuffix(end).replace("_", " ")) or first_capital(key.strip("_").replace("_", " "))


def columns_of(frame: pd.DataFrame, heads: Mapping[str, str]) -> list[ReportColumn]:
    """Return a column for each of a frame: names of things, places and goods in words, the ids beside them."""
    found: list[ReportColumn] = []
    for key in map(str, frame.columns):
        head = heads.get(key, words_of(key))
        told = fact_of(frame, "columns", {}).get(key, {}).get("unit", "").partition(",")[0]
        told = head.rpartition(", ")[2] if ", " in head else told
        found += _columns(key, head, frame[key], told)
    return found


def _columns(key: str, head: str, values: pd.Series, told: str) -> list[ReportColumn]:
    meaning = head[:1].lower() + head[1:]
    if key in _THINGS:
        return [code(key, "Id", "name in the data"), named(f"{key}_label", head, meaning, key)]
    if key in _NAMED:
        name = _NAMED[key]
        ids = [code(key, "Name", "name in the data")] if key in ("scenario", "site", "country") else []
        return [*ids, text(f"{key}_label" if ids else key, head, meaning, lambda f, row: name(f, row[key]))]
    if values.map(lambda value: isinstance(value, bool)).all() and len(values):
        return [whether(key, head, meaning)]
    if told == RELATIVE:
        return [text(key, head, meaning, lambda _, row: gap(row[key]))]
    if pd.api.types.is_numeric_dtype(values):
        kind, unit, factor = _number_of(key, values, told)

        def shown(_: Any, row: Any) -> Any:
            return None if is_missing(row[key]) else row[key] * factor

        return [ReportColumn(key, head, kind, unit, meaning, shown)]
    return [text(key, head, meaning, lambda _, row: _text(row[key]), missing=NOT_ASKED)]


def _number_of(key: str, values: pd.Series, told: str) -> tuple[Kind, str, float]:
    if key.endswith("year"):
        return "year", "year", 1.0
    if pd.api.types.is_integer_dtype(values):
        return "count", told, 1.0
    if key in _CHANCES:
        return "share", "share", 1.0
    return next(((kind, unit, factor) for end, kind, unit, factor in _ENDS if key.endswith(end)), ("number", told, 1.0))


def _text(value: Any) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        return join([str(one) for one in value]) or None
    return value if isinstance(value, Cell) or not is_missing(value) else None


_NAMED: dict[str, Callable[[Facts, Any], Any]] = {
    "scenario": lambda f, value: f.scenario_label(str(value)),
    "site": lambda f, value: f.network.site_labels[str(value)],
    "country": lambda _, value: country(value),
    "commodity": lambda f, value: f.commodity(value) or None,
}
