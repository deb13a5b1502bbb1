"""Answers as text: an aligned table, one CSV table, or one strict JSON document."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from textwrap import wrap
from typing import Any

import pandas as pd

from chainnet import checks
from chainnet.cli.words import one_line
from chainnet.results import fact_of, is_assessed, rests_words
from chainnet.words import exact, gap, infinite_word, least_short, percent, whole

# letters: of a line; a cell at most, a name and another text at least where it must be cut; a part of a head
LINE, WIDEST, NAME, NARROW, LEAST_HEAD = 100, 60, 26, 16, 8
# columns of ids, and the column that names what they stand for
_LABELS = {
    "id": "label",
    "node": "label",
    "site": "label",
    "project": "label",
    "source": "source_label",
    "target": "target_label",
}
_SHARE = re.compile(r"(?:^|_)share(?:_low|_high)?$")  # columns and figures that people read as percent
_IDS = {*_LABELS, "event", "instrument", "name", "option", "rule", "scenario"}


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
    idle: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # column whose zeros people see as a count; words


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
        columns = () if table else answer.columns.get(name, ())
        rows, left_out = (
            (tables[name], []) if table or name not in answer.idle else _busy(tables[name], *answer.idle[name])
        )
        seen = _seen(rows, columns, fits=not table) if len(rows) or not left_out else []
        lines += [f"{name} ({len(tables[name])} rows)", *seen, *left_out]
    lines += ["", *(f"{name}: {one_line(said)}" for name, said in answer.footer.items())] if answer.footer else []
    if "rests_on" in answer.provenance:
        lines += ["", *_borne(answer)]
    return "\n".join(lines) + "\n"


def _settled(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which a shortfall below what is shown of its demand is none: noise is no finding."""
    for unit in ("tpa", "t"):
        if f"demand_{unit}" not in table.columns:
            continue
        least = least_short(table[f"demand_{unit}"].abs())
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


def _busy(table: pd.DataFrame, column: str, words: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows in which a column is not zero, as it is printed, and a line that counts the others."""
    from chainnet.engine import PRINTED

    size = table[column].abs()
    busy = ~(size <= PRINTED * (size.max() if len(size) else 0.0))
    n = int((~busy).sum())
    return table[busy], [f"  {n} {'more ' if busy.any() else ''}{words}: --format csv or json"] if n else []


def _seen(table: pd.DataFrame, columns: tuple[str, ...], fits: bool) -> list[str]:
    """Return a table as people see it: the chosen columns (that fit a line), without those that hold nothing."""
    chosen = [c for c in columns if c in table.columns] or list(table.columns)
    blank = [c for c in chosen if len(table) and (table[c].isna() | (table[c].astype(object) == "")).all()]
    kept = [c for c in chosen if c not in blank] or chosen[:1]
    text, n_shown = _fitted(table[kept]) if fits else (_text(table[kept]), len(kept))
    lines = [text]
    if blank:
        said = f"no value in any row: {', '.join(map(str, blank))}"
        lines += wrap(said, LINE, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    if left := len(table.columns) - len(blank) - n_shown:
        lines.append(f"  {left} more column{'s' * (left != 1)}: --table, or --format csv or json")
    return lines


def _borne(answer: Answer) -> list[str]:
    """Say how an answer was made, and apart from it how well the inputs are known that bind it."""
    source = answer.provenance
    rests = f"; {rests_words(source['rests_on'])}" if is_assessed(source["rests_on"]) else ""
    said = f"{source['status']}{rests}"
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
    if isinstance(plain, (int, float)) and _SHARE.search(column):
        return percent(plain, " ")
    if isinstance(plain, float):
        return exact(plain)
    if isinstance(plain, list):
        return ", ".join(map(str, plain)) or "none"
    return one_line(str(plain))


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    """Return the rows of a table as texts."""
    heads = [str(c) for c in frame.columns]
    rows = frame.itertuples(index=False)
    return [[_cell(v, head) for head, v in zip(heads, row, strict=True)] for row in rows]


def _heads(frame: pd.DataFrame) -> list[str]:
    """Return the heads of a table, with the unit of a time whose name has none."""
    facts = fact_of(frame, "columns", {})
    units = {str(c): str(facts.get(str(c), {}).get("unit", "")).partition(" ")[0] for c in frame.columns}
    return [f"{c} ({unit})" if unit in ("months", "periods") and unit not in c else c for c, unit in units.items()]


def _text(frame: pd.DataFrame) -> str:
    """Return a table with all its columns, whatever its width."""
    if frame.empty:
        return "  (no rows)"
    cells, heads = _cells(frame), _heads(frame)
    return _laid_out(frame, [heads], cells, [min(width, WIDEST) for width in _widths([heads, *cells])])


def _fitted(frame: pd.DataFrame) -> tuple[str, int]:
    """Return a table that fits a line, and how many of its columns that shows.

    Where all do not fit heads are folded, then the widest texts are cut, then the last columns left out, of a pair of
    ends both.
    """
    if frame.empty:
        return "  (no rows)", frame.shape[1]
    cells = _cells(frame)
    heads = [_heads(frame)]
    widths = [min(width, WIDEST) for width in _widths([*heads, *cells])]
    if _line(widths) > LINE:
        heads = _folded_heads(heads[0], _widths(cells))
        widths = [min(width, WIDEST) for width in _widths([*heads, *cells])]
    floors = [_least(str(c), width) for c, width in zip(frame.columns, widths, strict=True)]
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]
    floors = [
        max(widths[i] if is_number else min(floors[i], widths[i]), *(len(row[i]) for row in heads))
        for i, is_number in enumerate(numeric)
    ]
    names, n = [str(c) for c in frame.columns], frame.shape[1]
    # a low end without its high one says what nobody knows
    while n > 1 and (_line(floors[:n]) > LINE or names[n : n + 1] == [names[n - 1].replace("_low", "_high")]):
        n -= 1
    while _line(widths[:n]) > LINE and any(width > least for width, least in zip(widths[:n], floors[:n], strict=True)):
        widths[max(range(n), key=lambda i: (widths[i] > floors[i], widths[i]))] -= 1
    rows = [[row[:n] for row in part] for part in (heads, cells)]
    while len(rows[0]) > 1 and not any(rows[0][-1]):  # of heads that are left out
        rows[0].pop()
    return _laid_out(frame.iloc[:, :n], rows[0], rows[1], widths[:n]), n


def _least(column: str, width: int) -> int:
    """Return the least width of a column of texts: an id is not cut, the name of it less than other words."""
    return width if column in _IDS else NAME if column in _LABELS.values() else NARROW


def _line(widths: Sequence[int]) -> int:
    """Return how long a line of columns is."""
    return sum(widths) + 2 * len(widths)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _folded_heads(heads: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    """Return heads on several lines, broken behind an underscore where they are wider than their column."""
    columns = []
    for head, width in zip(heads, widths, strict=True):
        lines = [""]
        for part in re.findall(r"[^_ ]*[_ ]?", head)[:-1]:
            if lines[-1] and len(lines[-1]) + len(part) > max(width, LEAST_HEAD):
                lines.append("")
            lines[-1] += part
        columns.append([line.rstrip(" ") for line in lines])
    most = max(map(len, columns))
    return [[column[i] if i < len(column) else "" for column in columns] for i in range(most)]


def _laid_out(
    frame: pd.DataFrame, heads: Sequence[Sequence[str]], cells: Sequence[Sequence[str]], widths: Sequence[int]
) -> str:
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]
    lines = []
    clipped = [_clipped(column, width) for column, width in zip(zip(*cells, strict=True), widths, strict=True)]
    for row in [*heads, *zip(*clipped, strict=True)]:
        parts = [
            text.rjust(width) if is_number else text.ljust(width)
            for text, width, is_number in zip(row, widths, numeric, strict=True)
        ]
        lines.append("  " + "  ".join(parts).rstrip())
    lines.insert(len(heads), "  " + "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _clipped(texts: Sequence[str], width: int) -> list[str]:
    """Return texts cut to a width; what differs stays apart: cut at the end, in the middle, or wherever it can be."""
    several: dict[str, set[str]] = {}
    for text in texts:
        several.setdefault(_cut(text, width, 0), set()).add(text)
    shown: dict[str, str] = {}
    for same in several.values():
        ways = [{text: _cut(text, width, tail) for text in same} for tail in (0, width // 2, width - LEAST_HEAD)]
        apart = [way for way in ways if len(set(way.values())) == len(same)]
        shown |= apart[0] if apart else _apart(same, width)
    return [shown[text] for text in texts]


def _apart(same: set[str], width: int) -> dict[str, str]:
    """Return texts that look alike at either end, each cut where it looks like none before it, else with a number."""
    shown: dict[str, str] = {}
    for text in sorted(same):
        mark = f"…{len(shown) + 1}"
        ways = [_cut(text, width, tail) for tail in range(width - 1)]
        numbered = text[: width - len(mark)] + mark
        shown[text] = next((way for way in ways if way not in shown.values()), numbered)
    return shown


def _cut(text: str, width: int, tail: int) -> str:
    """Return a text of no more letters than the width, of which so many are its last."""
    return text if len(text) <= width else f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"
