"""From frames as people write them to typed tables: every cell parsed and checked by itself.

All faults of all tables, also of the rules that span cells (``network_rules``), are gathered here and raised once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Set
from dataclasses import replace
from datetime import datetime, time
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.errors import UNWRITABLE, UNWRITABLE_RULE, DataError, Fault, printable
from chainnet.network._coded import Coded, blank_numbers, blank_texts, encode, is_long, places, plain_numbers
from chainnet.network._countries import country_hint, is_country, is_total
from chainnet.network._decimals import as_numbers
from chainnet.network._schema import LONGEST_NAME, TABLES, Column, Table
from chainnet.network._tidy import HEAPS, tidy, too_long

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
MOST_FAULTS = 100_000
_SHOWN = 80  # characters of a value that a fault shows
_TEXT = pd.array([None], dtype="str").dtype
# columns whose codes the rules and the order of rows ask for
_KEPT_CODED = {name: {*table.named_by, *table.foreign} for name, table in TABLES.items()}
_UNLIMITED = ("capacity_tpa", "release_tpa")
# what other programs keep with a node, or earlier tables with a project, and where it belongs here
_BOUND = "Contracts say to whom output is bound: a row of contracts with supplier (the id of the project), for, share."
_ELSEWHERE = {
    ("projects", "offtake_country"): _BOUND,
    ("projects", "offtake_share"): _BOUND,
    ("nodes", "demand"): (
        "Demand is a table of its own: demand=DataFrame with node, tier, demand_tpa; source= and sink= name who "
        "supplies and who takes. Then leave the attribute out: ignore_unknown=."
    ),
}

BLANK = "the cell is blank"
# what others call a stage or a tier -> our word
_MEANT = {
    "army": "defence", "civil": "civilian", "consumer": "end_use", "customer": "end_use", "defense": "defence",
    "factory": "manufacturer", "melter": "refiner", "military": "defence", "processor": "refiner", "scrap": "recycler",
    "smelter": "refiner", "supplier": "mine", "user": "end_use",
}  # fmt: skip
TOO_LARGE = "larger than any number that can be kept (1.8e308)"

Frames = dict[str, pd.DataFrame]


class Gate:
    """One pass over the tables of a network: gathers faults, hands out typed frames."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self.files = dict(files or {})
        self.faults: list[Fault] = []
        self.more = 0
        # rows of a frame by their label there; a table from a file has lines instead
        self.labels: dict[str, Any] = {}
        # long columns of text by table and column, for the rules and the order of rows
        self.coded: dict[tuple[str, str], Coded] = {}
        self._places: dict[tuple[str, str], np.ndarray] = {}

    def rows(self, broken: Any) -> list[int]:
        """Return the positions where a rule is broken, as many as may still be noted."""
        rows = np.flatnonzero(broken)
        kept = rows[: MOST_FAULTS - len(self.faults)]
        self.more += len(rows) - len(kept)
        return [int(row) for row in kept]

    def fault(self, table: str, row: int | None, column: str, value: object, rule: str, remedy: str) -> None:
        """Note one broken rule; ``row`` counts records from 0. Beyond ``MOST_FAULTS`` they are only counted."""
        if len(self.faults) >= MOST_FAULTS:
            self.more += 1
            return
        text = printable("" if value is None else str(value)[: _SHOWN + 1])
        if len(text) > _SHOWN:
            text = text[: _SHOWN - 3] + "..."
        file = self.files.get(table, table)
        labels = self.labels.get(table, ())
        label = str(labels[row]) if row is not None and row < len(labels) else ""
        self.faults.append(Fault(file, None if row is None else row + 2, column, text, rule, remedy, label))

    def coded_of(self, name: str) -> dict[str, Coded]:
        """Return the long columns of text of a table that are known as codes."""
        return {column: coded for (table, column), coded in self.coded.items() if table == name}

    def places(self, name: str, column: str, ids: pd.Series) -> np.ndarray:
        """Return the row in ``ids`` of each distinct word of a long column; -1 where none has it."""
        if (name, column) not in self._places:
            self._places[name, column] = places(self.coded[name, column].words, ids)
        return self._places[name, column]

    def parse(self, name: str, frame: pd.DataFrame | None) -> pd.DataFrame:
        """Return ``frame`` with the columns of the schema, typed; faults are noted."""
        table = TABLES[name]
        if frame is None:
            return empty(name)
        if name not in self.files and isinstance(frame, (pd.DataFrame, pd.Series)):
            self.labels[name] = frame.index
        frame = tidy(name, frame)
        if frame.empty and frame.columns.tolist() == table.names:
            return empty(name)
        for label in frame.columns:
            if label not in table.names:
                usual = f"{checks.listed(table.names)} Another name: rename=; leave it out: ignore_unknown=."
                remedy = _ELSEWHERE.get((name, str(label)), usual)
                self.fault(
                    name, None, str(label)[:_SHOWN], None, checks.told("unknown column", label, table.names), remedy
                )
        if not frame.columns.is_unique:
            for label in frame.columns[frame.columns.duplicated()]:
                self.fault(name, None, str(label), None, "the column stands twice", "Keep one of them.")
            frame = frame.loc[:, ~frame.columns.duplicated()]
        given = dict(frame.items())
        out: dict[str, Any] = {}
        for column in table.columns:
            if column.name in given:
                out[column.name] = self._column(table, column, given[column.name])
            else:
                if column.required:
                    self.fault(name, None, column.name, None, "required column is missing", "Add the column.")
                out[column.name] = _blank(column, len(frame))
        self._tell_totals(name, out)
        # long columns stand each by itself: where they are blank they cost nothing
        return pd.DataFrame(out, pd.RangeIndex(len(frame)), copy=None if not is_long(frame) else False)

    def _tell_totals(self, name: str, columns: Mapping[str, Any]) -> None:
        """Say of a row with a blank cell and a word for a sum that it is a total, not a row to be filled in."""
        file = self.files.get(name, name)
        places = [i for i, f in enumerate(self.faults) if f.file == file and f.rule == BLANK and f.row is not None]
        if not places:
            return
        rows = [(self.faults[i].row or 2) - 2 for i in places]
        texts = [pd.Series(columns[c.name]).iloc[rows].tolist() for c in TABLES[name].columns if c.kind == "text"]
        for i, cells in zip(places, zip(*texts, strict=True), strict=True):
            if any(map(is_total, cells)):
                self.faults[i] = replace(self.faults[i], rule="the row looks like a total", remedy="Remove the row.")

    def _column(self, table: Table, column: Column, cells: pd.Series) -> Any:
        parse = self._text if column.kind == "text" else self._numbers
        before = len(self.faults)
        values = parse(table, column, cells)
        if column.filled:
            blank = np.asarray(pd.isna(values))
            told = [fault.row - 2 for fault in self.faults[before:] if fault.row is not None]
            if told:
                blank = blank.copy()
                blank[told] = False
            for row in self.rows(blank):
                self.fault(table.name, row, column.name, None, BLANK, "Fill it in.")
        return values

    def _text(self, table: Table, column: Column, cells: pd.Series) -> Any:
        cells = self._cut(table, column, cells)
        if is_long(cells):
            long = self._long_text(table, column, cells)
            if long is not None:
                return long
        plain = cells.dtype == _TEXT
        if not plain and pd.api.types.is_string_dtype(cells.dtype) and cells.dtype != object:
            try:
                cells, plain = cells.astype(_TEXT), True
            except UnicodeEncodeError:  # half a character, which other kinds of text can hold
                plain = False
        if not plain:
            held = cells.tolist()
            texts = [None if isinstance(v, HEAPS) else as_text(v) for v in held]
            for row in self.rows([isinstance(v, HEAPS) for v in held]):
                self.fault(table.name, row, column.name, held[row], "neither text nor a number", "Correct the cell.")
            if UNWRITABLE.search("\n".join(t for t in texts if t is not None)):
                texts = [self._clean(table, column, row, text) for row, text in enumerate(texts)]
            cells = pd.Series(texts, dtype=_TEXT)
            known = {text for text in texts if text is not None}
        else:
            known = {text for text in cells.tolist() if isinstance(text, str)}
            if UNWRITABLE.search("\n".join(known)):
                for row, text in enumerate(cells.tolist()):
                    self._clean(table, column, row, text if isinstance(text, str) else None)
        blank = {text for text in known if not text.strip()}
        if blank:
            cells = cells.mask(cells.isin(blank))
            known -= blank
        if known & column.formerly.keys():
            cells = cells.replace(dict(column.formerly))
            known = {column.formerly.get(text, text) for text in known}
        for wrong, rule, remedy in _wrong_words(column, known):
            for row in self.rows(cells.isin(wrong).to_numpy()):
                self.fault(table.name, row, column.name, cells.iloc[row], rule, remedy)
        return cells.array

    def _cut(self, table: Table, column: Column, cells: pd.Series) -> pd.Series:
        """Note cells that are too long to be looked at, and return the column with the beginning of each."""
        rows = self.rows(too_long(column, cells))
        if not rows:
            return cells
        held = cells.tolist()
        for row in rows:
            rule = f"the cell has {len(held[row])} characters; at most {column.longest} are taken"
            held[row] = held[row][:_SHOWN]
            self.fault(table.name, row, column.name, held[row], rule, "Shorten it.")
        return pd.Series(held, dtype="object")

    def _long_text(self, table: Table, column: Column, cells: pd.Series) -> Any:
        """Check a long column by its distinct words; None where its cells must be looked at one by one."""
        coded = encode(cells)
        if coded is None:
            return None
        words = coded.words.tolist()
        if UNWRITABLE.search("\n".join(words)) or column.formerly.keys() & set(words):
            return None
        blank = (pd.Series(coded.words) == "").to_numpy() | pd.Series(coded.words).str.isspace().to_numpy(dtype=bool)
        if blank.any():
            coded = coded.without(blank)
        if column.name in _KEPT_CODED.get(table.name, ()):
            coded = self.coded[table.name, column.name] = coded.ranked()
        if column.words or column.is_country:
            for wrong, rule, remedy in _wrong_words(column, set(coded.words.tolist())):
                for row in self.rows(coded.rows_of(wrong)):
                    self.fault(table.name, row, column.name, coded.words[coded.codes[row]], rule, remedy)
        if not len(coded.words):
            return blank_texts(len(cells))
        is_same = cells.dtype == coded.words.dtype and not blank.any()
        return cells.array.copy() if is_same else coded.cells()

    def _clean(self, table: Table, column: Column, row: int, text: str | None) -> str | None:
        """Note a control character or a lone surrogate, which neither XML nor UTF-8 can hold."""
        if text is None or not UNWRITABLE.search(text):
            return text
        self.fault(table.name, row, column.name, text, UNWRITABLE_RULE, "Remove it.")
        return printable(text)

    def words(self, **words: str | tuple[str, ...]) -> None:
        """Note words of the network itself that no file may hold."""
        for name, given in words.items():
            for text in given if isinstance(given, tuple) else (given,):
                if isinstance(text, str) and len(text) > LONGEST_NAME:
                    rule = f"has {len(text)} characters; at most {LONGEST_NAME} are taken"
                    self.fault("network", None, name, text, rule, "Shorten it.")
                elif isinstance(text, str) and UNWRITABLE.search(text):
                    self.fault("network", None, name, text, UNWRITABLE_RULE, "Remove it.")

    def _numbers(self, table: Table, column: Column, cells: pd.Series) -> Array:
        if pd.api.types.is_bool_dtype(cells.dtype):
            cells = cells.astype("object")
        if pd.api.types.is_numeric_dtype(cells.dtype):
            values = cells.to_numpy(dtype="float64", na_value=np.nan).copy()
        else:
            if table.name not in self.files:  # from a file they have decimal points by now
                cells, open_cell = as_numbers(cells)
                if open_cell is not None:
                    self.fault(table.name, open_cell[0], column.name, *open_cell[1:])
            values, left = plain_numbers(cells)
            for row, cell in zip(left.tolist(), cells.iloc[left].tolist(), strict=True):
                values[row] = self._number(table, column, row, cell)
        infinite = np.isinf(values)
        if infinite.any():
            if column.name in _UNLIMITED:
                values[values == np.inf] = np.nan
                infinite = np.isinf(values)
            for row in self.rows(infinite):
                self.fault(table.name, row, column.name, values[row], "not a finite number", "Correct the cell.")
            values[infinite] = np.nan
        self._range(table, column, values)
        values += 0.0  # -0.0 and 0.0 are one number
        return values

    def _number(self, table: Table, column: Column, row: int, cell: object) -> float:
        if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
            return np.nan
        is_number = isinstance(cell, (int, float, np.integer, np.floating)) and not isinstance(cell, (bool, np.bool_))
        text = "" if is_number else str(cell).strip()
        if not is_number and not text:
            return np.nan
        rule = "not a number"
        remedy = "Write a plain number such as 1234.5; leave the cell empty where it is not known."
        if is_number or (not isinstance(cell, (bool, np.bool_)) and _NUMBER.fullmatch(text)):
            value = _float(cell)
            if isinstance(cell, (float, np.floating)) or np.isfinite(value):
                return value
            rule = TOO_LARGE
            cell = text or "a whole number"
        elif re.fullmatch(r"[+-]?[\d.,' \u00a0\u202f]+", text):
            rule = "not a plain number: decimal commas and thousands marks are not taken"
            remedy = 'Write it as 1234.5, or read the file with decimal="," or decimal="." (--decimal).'
        elif re.fullmatch(r"[+-]?[\d.,]+\s*%", text):
            rule = "not a number: a per cent is no tonnage" if column.unit.startswith("t") else "not a number"
            remedy = "Write the tonnes." if column.unit.startswith("t") else "Write 60 % as 0.6."
        self.fault(table.name, row, column.name, cell, rule, remedy)
        return np.nan

    def _range(self, table: Table, column: Column, values: np.ndarray) -> None:
        with np.errstate(invalid="ignore"):
            bad = np.zeros(len(values), dtype=bool)
            if column.minimum is not None:
                bad |= values < column.minimum
            if column.maximum is not None:
                bad |= values > column.maximum
            if column.above is not None:
                bad |= values <= column.above
        for row in self.rows(bad):
            self.fault(
                table.name,
                int(row),
                column.name,
                f"{values[row]:g}",
                f"must be {column.range_words}",
                "Correct the cell.",
            )
        if column.kind == "integer":
            for row in self.rows(np.isfinite(values) & (values != np.floor(values))):
                self.fault(
                    table.name,
                    int(row),
                    column.name,
                    f"{values[row]:g}",
                    "must be a whole number",
                    "Correct the cell.",
                )

    def done(self) -> None:
        """Raise all faults at once, if there are any."""
        if self.faults:
            message = f"the first {len(self.faults)} faults of {len(self.faults) + self.more} in the data"
            raise DataError(message if self.more else "", self.faults)


def near_word(word: str, known: Collection[str]) -> str:
    """Return `` did you mean "x"?`` for a word of ours that means the same, or for those that are spelled alike."""
    meant = _MEANT.get(word.strip().lower())
    return checks.meant([f'"{meant}"']) if meant in known else checks.near(word, known)


def as_text(value: object) -> str | None:
    """Return a cell as text, a whole number without its point, a day without its hours; None where it is missing."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _blank(column: Column, length: int) -> Any:
    """Return the cells of a column that nobody gave."""
    return blank_texts(length) if column.kind == "text" else blank_numbers(length)


def _wrong_words(column: Column, known: set[str]) -> list[tuple[set[str], str, str]]:
    """Return the words that a column may not hold, each set with its rule and remedy."""
    found: list[tuple[set[str], str, str]] = []
    if column.words:
        wrong = known - set(column.words)
        rule, remedy = f"not {column.range_words}", "Use one of these words."
        hints = {word: hint for word in wrong if (hint := near_word(word, column.words))}
        found += [({word}, rule, remedy + hint) for word, hint in sorted(hints.items())]
        found.append((wrong - hints.keys(), rule, remedy))
    if column.is_country:
        rule = "not an upper-case ISO 3166-1 alpha-3 code"
        remedy = "Use the three-letter code; put a larger area into region and leave the cell empty."
        wrong = {code for code in known if not is_country(code)}
        hints = {code: hint for code in wrong if (hint := country_hint(code))}
        found += [({code}, rule, hint) for code, hint in sorted(hints.items())]
        found.append((wrong - hints.keys(), rule, remedy))
    return [each for each in found if each[0]]


@cache
def empty(name: str) -> pd.DataFrame:
    """Return table ``name`` without rows; callers must not change it."""
    return pd.DataFrame({c.name: _blank(c, 0) for c in TABLES[name].columns})


def member(cells: pd.Series, words: Set[str]) -> np.ndarray:
    """Return a boolean array: which cells are among ``words``."""
    if cells.empty or not words:
        return np.zeros(len(cells), dtype=bool)
    if not is_long(cells):
        return np.array([cell in words for cell in cells.tolist()], dtype=bool)
    # isin on Arrow text makes a Python object of every word, one by one
    return np.asarray(pd.Series(cells.to_numpy(dtype=object), dtype="object").isin(words))


def split_list(cell: object) -> list[str]:
    """Split a cell that lists several words by semicolons."""
    return [word.strip() for word in str(cell).split(";") if word.strip()]


def _float(number: Any) -> float:
    """Return a number, or the text of one; infinite where it is larger than any that can be kept."""
    try:
        return float(number)
    except OverflowError:
        return np.inf
