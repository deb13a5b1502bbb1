"""Answers as text: an aligned table, one CSV table, or one strict JSON document."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any

import pandas as pd

from chainnet import checks
from chainnet.cli.words import one_line
from chainnet.results import fact_of, rests_words
from chainnet.words import exact, gap, infinite_word, whole

# columns of ids, and the column that names what they stand for
_LABELS = {
    "id": "label",
    "node": "label",
    "site": "label",
    "project": "label",
    "source": "source_label",
    "target": "target_label",
}


@dataclass(frozen=True)
class Answer:
    """What a command has to say: tables by name, the main one first, and single figures."""

    tables: Mapping[str, pd.DataFrame]
    numbers: Mapping[str, Any]
    provenance: Mapping[str, Any]
    shown: tuple[str, ...]  # what people see; none = the main one
    footer: Mapping[str, str] = field(default_factory=dict)  # sentences that people read last
    labels: Mapping[str, str] = field(default_factory=dict)  # names for people, by id
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of a table, where people see not all


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    named = any(name is not None for name in table.index.names)
    return table.reset_index() if named else table.reset_index(drop=True)


def render(answer: Answer, form: str, table: str | None = None) -> str:
    """Return an answer as text.

    Raises
    ------
    DataError
        If the table is unknown.
    """
    tables = {name: _labelled(_settled(_flat(rows)), answer.labels) for name, rows in answer.tables.items()}
    if table is not None:
        checks.known(table, tables, "--table", "table")
    main = table or next(iter(tables))
    if form == "json":
        return json.dumps(_document(answer, tables), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if form == "csv":
        from chainnet.io import to_people_csv

        return to_people_csv(tables[main])
    lines = [f"{name}: {_cell(value, name)}" for name, value in answer.numbers.items()]
    for name in (main,) if table else answer.shown or (main,):
        if lines:
            lines.append("")
        lines += [
            f"{name} ({len(tables[name])} rows)",
            *_seen(tables[name], () if table else answer.columns.get(name, ())),
        ]
    lines += ["", *(f"{name}: {one_line(said)}" for name, said in answer.footer.items())] if answer.footer else []
    if "rests_on" in answer.provenance:
        lines += ["", *_borne(answer)]
    return "\n".join(lines) + "\n"


def _settled(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which a shortfall below what is shown of its demand is none: noise is no finding."""
    from chainnet.engine import PRINTED

    for unit in ("tpa", "t"):
        if f"demand_{unit}" not in table.columns:
            continue
        least = PRINTED * table[f"demand_{unit}"].abs()
        for name in [c for c in table.columns if str(c).startswith("shortfall") and str(c).endswith(f"_{unit}")]:
            table = table.assign(**{name: table[name].mask(table[name].abs() <= least, 0.0)})
    return table


def _labelled(table: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with a name for people for each column of ids that has such names."""
    for column, head in _LABELS.items():
        if column not in table.columns or head in table.columns:
            continue
        named = table[column].map(lambda value: labels.get(str(value)))
        if named.notna().any():
            table = table.copy()
            # the ends of a link are named last, so that a link stays its two ids side by side
            place = list(table.columns).index(column) + 1 if head == "label" else table.shape[1]
            table.insert(place, head, named.astype(object))
    return table


def _seen(table: pd.DataFrame, columns: tuple[str, ...]) -> list[str]:
    """Return a table as people see it: the chosen columns, without those that hold nothing."""
    chosen = [c for c in columns if c in table.columns] or list(table.columns)
    blank = [c for c in chosen if len(table) and (table[c].isna() | (table[c].astype(object) == "")).all()]
    lines = [_text(table[[c for c in chosen if c not in blank] or chosen[:1]])]
    if blank:
        lines.append(f"  no value in any row: {', '.join(map(str, blank))}")
    if left := len(table.columns) - len(chosen):
        lines.append(f"  {left} more columns: --table, or --format csv or json")
    return lines


def _borne(answer: Answer) -> list[str]:
    """Say how an answer was made, and apart from it how well the inputs are known that bind it."""
    source = answer.provenance
    said = f"{source['status']}; {rests_words(source['rests_on'])}"
    facts = [fact_of(table, "rests_on", {}) for table in answer.tables.values()]
    each: Mapping[str, Any] = next(filter(None, facts), {})
    if not each:
        return [said]
    return [f"{said}, all scenarios together", *(f"  {name}: {rests_words(rest)}" for name, rest in each.items())]


def _document(answer: Answer, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    return {
        **{name: _plain(value, name) for name, value in answer.numbers.items()},
        **answer.footer,
        "tables": {
            name: [{str(k): _plain(v, str(k)) for k, v in row.items()} for row in table.to_dict("records")]
            for name, table in tables.items()
        },
        "columns": _plain({name: fact_of(table, "columns", {}) for name, table in tables.items()}),
        "provenance": _plain(answer.provenance),
    }


def _plain(value: Any, column: str = "") -> Any:
    """Return a value that strict JSON can hold: infinite is a word by its column, missing is null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {**_plain(asdict(value)), **({"ok": value.ok} if hasattr(value, "ok") else {})}
    if isinstance(value, Mapping):
        return {str(k): _plain(v, str(k)) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v, column) for v in value]
    if value is None or value is pd.NA:
        return None
    if hasattr(value, "item"):
        return _plain(value.item(), column)
    if isinstance(value, float):
        return None if math.isnan(value) else infinite_word(column) if math.isinf(value) else value
    return value if isinstance(value, int) else str(value)


def _cell(value: Any, column: str = "") -> str:
    if hasattr(value, "ok") and hasattr(value, "problem"):
        second = "" if value.second_value is None else f", second solver {exact(value.second_value, 9)}"
        return (
            f"{'holds' if value.ok else 'FAILS'} (gap {gap(value.gap)}, largest breach {gap(value.violation)}{second})"
        )
    plain = _plain(value, column)
    if plain is None:
        return "n/a"
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, (int, float)) and column.endswith("year"):
        return whole(plain)
    if isinstance(plain, float):
        return exact(plain)
    if isinstance(plain, list):
        return ", ".join(map(str, plain)) or "none"
    return one_line(str(plain))


def _text(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "  (no rows)"
    cells = [[str(c) for c in frame.columns]] + [
        [_cell(v, str(c)) for c, v in zip(frame.columns, row, strict=True)] for row in frame.itertuples(index=False)
    ]
    numeric = [pd.api.types.is_numeric_dtype(frame.dtypes.iloc[i]) for i in range(frame.shape[1])]
    widths = [min(max(len(row[i]) for row in cells), 60) for i in range(frame.shape[1])]
    lines = []
    for row in cells:
        parts = [
            _clip(text, width).rjust(width) if is_number else _clip(text, width).ljust(width)
            for text, width, is_number in zip(row, widths, numeric, strict=True)
        ]
        lines.append("  " + "  ".join(parts).rstrip())
    lines.insert(1, "  " + "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
