"""A table of the report from a result frame, a column each, told by its name: for what is looked up, not read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Cell, Kind, ReportColumn, ReportTable
from chainnet.words import NOT_ASKED, country_name, first_capital, gap, is_missing, join

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
_SMALL = {"gap", "violation", "tolerance"}  # figures that round to nothing
_CHANCES = {"chance_low", "chance_high", "p_low", "p_high"}  # of a number without a unit "<0.1" is all that is left


def words_of(key: str) -> str:
    """Return the name of a column in words, without its unit.

    Examples
    --------
    >>> words_of("lost_tpa"), words_of("first_month")
    ('Lost', 'First month')
    """
    end = next((end for end, *_ in _ENDS if key.endswith(end)), "")
    return first_capital(key.removesuffix(end).replace("_", " ")) or first_capital(key.strip("_").replace("_", " "))


def columns_of(frame: pd.DataFrame, heads: Mapping[str, str] | None = None) -> list[ReportColumn]:
    """Return a column for each of a frame: names of things, places and goods in words, the ids beside them."""
    found: list[ReportColumn] = []
    for key in map(str, frame.columns):
        head = (heads or {}).get(key, words_of(key))
        found += _columns(key, head, frame[key])
    return found


def _columns(key: str, head: str, values: pd.Series) -> list[ReportColumn]:
    meaning = head[:1].lower() + head[1:]
    if key in _THINGS:
        return [col.code(key, "Id", "name in the data"), col.named(f"{key}_label", head, meaning, key)]
    if key in _NAMED:
        name = _NAMED[key]
        code = [col.code(key, "Name", "name in the data")] if key in ("scenario", "site", "country") else []
        return [*code, col.text(f"{key}_label" if code else key, head, meaning, lambda f, row: name(f, row[key]))]
    if values.map(lambda value: isinstance(value, bool)).all() and len(values):
        return [col.whether(key, head, meaning)]
    if key in _SMALL:
        return [col.text(key, head, meaning, lambda _, row: gap(row[key]))]
    if pd.api.types.is_numeric_dtype(values):
        kind, unit, factor = _number_of(key, values)

        def shown(_: Any, row: Any) -> Any:
            return None if is_missing(row[key]) else row[key] * factor

        return [ReportColumn(key, head, kind, unit, meaning, shown)]
    return [col.text(key, head, meaning, lambda _, row: _text(row[key]), missing=NOT_ASKED)]


def _number_of(key: str, values: pd.Series) -> tuple[Kind, str, float]:
    if pd.api.types.is_integer_dtype(values):
        return ("year", "year", 1.0) if key.endswith("year") else ("count", "", 1.0)
    if key in _CHANCES:
        return "share", "share", 1.0
    return next(((kind, unit, factor) for end, kind, unit, factor in _ENDS if key.endswith(end)), ("number", "", 1.0))


def _text(value: Any) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        return join([str(one) for one in value]) or None
    return value if isinstance(value, Cell) or not is_missing(value) else None


_NAMED: dict[str, Callable[[Facts, Any], Any]] = {
    "scenario": lambda f, value: f.scenario_label(str(value)),
    "site": lambda f, value: f.site_label(str(value)),
    "country": lambda _, value: country_name(value) if isinstance(value, str) else None,
    "commodity": lambda f, value: f.commodity(value) or None,
}


@dataclass(frozen=True, eq=False)
class Frame:
    """A table of which the columns are those of its frame: ``rows`` gives that, None or no row = no table."""

    key: str
    sheet: str
    title: str
    rows: Callable[[Facts], pd.DataFrame | None]
    subtitle: col.Text = "Unit: {f.unit}."
    note: col.Text = ""
    stands: Callable[[Facts], Mapping[str, Any]] | None = None
    heads: Mapping[str, str] | None = None
    lead: int = 8

    def __call__(self, facts: Facts) -> ReportTable | None:
        """Return the table of an assessment."""
        frame = self.rows(facts)
        if frame is None or frame.empty:
            return None
        own, named = frame, [name for name in frame.index.names if name is not None]
        frame = frame.reset_index() if named else frame
        return col.Table(
            self.key,
            self.sheet,
            self.title,
            rows=lambda _: frame,
            columns=columns_of(frame, self.heads),
            subtitle=self.subtitle,
            note=self.note,
            stands=self.stands or (lambda f: f.standing(own)),
            lead=self.lead,
        ).of(facts)
