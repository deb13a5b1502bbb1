"""From frames as people write them to canonical tables: parse, check every rule, sort.

All faults of all tables are gathered and raised once. After this gate nobody checks again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet.countries import Groups, is_country
from chainnet.errors import DataError, Fault, near_matches
from chainnet.schema import DEFAULT_TIERS, TABLES, Column, Table

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]"
_FORBIDDEN_RE = re.compile(_FORBIDDEN)
_UNLIMITED = ("capacity_tpa", "release_tpa")

Frames = dict[str, pd.DataFrame]


class Gate:
    """One pass over the tables of a network: gathers faults, hands out canonical frames."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self.files = dict(files or {})
        self.faults: list[Fault] = []

    def fault(self, table: str, row: int | None, column: str, value: object, rule: str, remedy: str) -> None:
        """Note one broken rule; ``row`` counts records from 0."""
        text = "" if value is None else str(value)
        text = _FORBIDDEN_RE.sub("?", text)
        if len(text) > 80:
            text = text[:77] + "..."
        file = self.files.get(table, table)
        self.faults.append(Fault(file, None if row is None else row + 2, column, text, rule, remedy))

    def parse(self, name: str, frame: pd.DataFrame | None) -> pd.DataFrame:
        """Return ``frame`` with the columns of the schema, typed; faults are noted."""
        table = TABLES[name]
        if frame is None:
            return empty(name)
        frame = pd.DataFrame(frame)
        keyed = [n for n in frame.index.names if n in table.names and n not in frame.columns]
        if keyed:
            frame = frame.reset_index(keyed)
        frame = frame.reset_index(drop=True)
        for column in frame.columns:
            if column not in table.names:
                hint = near_matches(str(column), table.names)
                self.fault(
                    name,
                    None,
                    str(column),
                    None,
                    f"unknown column;{hint}".rstrip(";"),
                    f"Known columns: {', '.join(table.names)}.",
                )
        if not frame.columns.is_unique:
            for column in frame.columns[frame.columns.duplicated()]:
                self.fault(name, None, str(column), None, "the column stands twice", "Keep one of them.")
            frame = frame.loc[:, ~frame.columns.duplicated()]
        out: dict[str, Any] = {}
        for column in table.columns:
            if column.name in frame.columns:
                out[column.name] = self._column(table, column, frame[column.name])
            else:
                if column.required:
                    self.fault(name, None, column.name, None, "required column is missing", "Add the column.")
                out[column.name] = _blank(column, len(frame))
        return pd.DataFrame(out, columns=table.names)

    def _column(self, table: Table, column: Column, cells: pd.Series) -> pd.Series:
        parse = self._text if column.kind == "text" else self._numbers
        values = parse(table, column, cells)
        if column.filled:
            for row in np.flatnonzero(values.isna().to_numpy()).tolist():
                self.fault(table.name, row, column.name, None, "the cell is blank", "Fill it in.")
        return values

    def _text(self, table: Table, column: Column, cells: pd.Series) -> pd.Series:
        if not pd.api.types.is_string_dtype(cells.dtype) or cells.dtype == object:
            texts = [as_text(v) for v in cells.tolist()]
            if _FORBIDDEN_RE.search("\n".join(t for t in texts if t is not None)):
                texts = [self._clean(table, column, row, text) for row, text in enumerate(texts)]
            cells = pd.Series(texts, dtype="str", index=cells.index)
        else:
            cells = cells.astype("str")
            if _FORBIDDEN_RE.search("\n".join(cells.dropna().unique())):
                for row, text in enumerate(cells.tolist()):
                    self._clean(table, column, row, text if isinstance(text, str) else None)
        known = pd.Series(cells.dropna().unique(), dtype="str")
        blank = set(known[known.str.strip() == ""])
        if blank:
            cells = cells.mask(cells.isin(blank))
            known = known[~known.isin(blank)]
        rules: list[tuple[set[str], str, str]] = []
        if column.words:
            wrong = set(known) - set(column.words)
            rules.append((wrong, f"not {column.range_words}", "Use one of these words."))
        if column.is_country:
            wrong = {code for code in known if not is_country(code)}
            rules.append(
                (
                    wrong,
                    "not an upper-case ISO 3166-1 alpha-3 code",
                    "Use the three-letter code; put a larger area into region and leave the cell empty.",
                )
            )
        for wrong, rule, remedy in rules:
            if wrong:
                for row in np.flatnonzero(cells.isin(wrong).to_numpy()).tolist():
                    self.fault(table.name, row, column.name, cells.iloc[row], rule, remedy)
        return cells.reset_index(drop=True)

    def _clean(self, table: Table, column: Column, row: int, text: str | None) -> str | None:
        """Note a control character or a lone surrogate, which neither XML nor UTF-8 can hold."""
        if text is None or not _FORBIDDEN_RE.search(text):
            return text
        self.fault(table.name, row, column.name, text, "a control character that no file may hold", "Remove it.")
        return _FORBIDDEN_RE.sub("?", text)

    def _numbers(self, table: Table, column: Column, cells: pd.Series) -> pd.Series:
        if pd.api.types.is_bool_dtype(cells.dtype):
            cells = cells.astype("object")
        if pd.api.types.is_numeric_dtype(cells.dtype):
            values = cells.to_numpy(dtype="float64", na_value=np.nan).copy()
        else:
            values = np.full(len(cells), np.nan)
            for row, cell in enumerate(cells.tolist()):
                values[row] = self._number(table, column, row, cell)
        infinite = np.isinf(values)
        if infinite.any():
            if column.name in _UNLIMITED:
                values[values == np.inf] = np.nan
                infinite = np.isinf(values)
            for row in np.flatnonzero(infinite).tolist():
                self.fault(table.name, row, column.name, values[row], "not a finite number", "Correct the cell.")
            values[infinite] = np.nan
        self._range(table, column, values)
        values += 0.0  # -0.0 and 0.0 are one number
        return pd.Series(values)

    def _number(self, table: Table, column: Column, row: int, cell: object) -> float:
        if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
            return np.nan
        if isinstance(cell, (int, float, np.integer, np.floating)) and not isinstance(cell, (bool, np.bool_)):
            return float(cell)
        text = str(cell).strip()
        if not text:
            return np.nan
        if not isinstance(cell, (bool, np.bool_)) and _NUMBER.fullmatch(text):
            return float(text)
        remedy = "Write a plain number such as 1234.5; leave the cell empty where it is not known."
        if re.fullmatch(r"[+-]?[\d.,' \u00a0\u202f]+", text):
            rule = "not a plain number: decimal commas and thousands marks are not taken"
        else:
            rule = "not a number"
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
        for row in np.flatnonzero(bad).tolist():
            self.fault(
                table.name,
                int(row),
                column.name,
                f"{values[row]:g}",
                f"must be {column.range_words}",
                "Correct the cell.",
            )
        if column.kind == "integer":
            for row in np.flatnonzero(np.isfinite(values) & (values != np.floor(values))).tolist():
                self.fault(
                    table.name,
                    int(row),
                    column.name,
                    f"{values[row]:g}",
                    "must be a whole number",
                    "Correct the cell.",
                )

    # -- rules over rows and tables ------------------------------------------------------------

    def check(self, frames: Frames, common: Groups) -> None:
        """Note every broken rule that spans cells: keys, ids, ranges, recipes."""
        for name, frame in frames.items():
            self._keys(TABLES[name], frame)
            if "low" in frame.columns:
                for row in np.flatnonzero((frame["low"] > frame["high"]).to_numpy()).tolist():
                    self.fault(
                        name,
                        int(row),
                        "low",
                        f"{frame['low'].iloc[row]:g}",
                        f"low is above high ({frame['high'].iloc[row]:g})",
                        "Swap or correct them.",
                    )
        self._shared_ids(frames)
        self._foreign(frames)
        self._edges(frames)
        self._processes(frames)
        self._words(frames, common)

    def _keys(self, table: Table, frame: pd.DataFrame) -> None:
        if not table.key or frame.empty:
            return
        keys = frame[list(table.key)]
        twice = keys.duplicated().to_numpy() & keys[table.key[0]].notna().to_numpy()
        for row in np.flatnonzero(twice).tolist():
            value = " / ".join("" if pd.isna(v) else str(v) for v in keys.iloc[row])
            self.fault(table.name, int(row), table.key[0], value, "stands twice in the table", "Keep one row.")

    def _shared_ids(self, frames: Frames) -> None:
        nodes = set(frames["nodes"]["id"].dropna())
        both = member(frames["projects"]["id"], nodes)
        for row in np.flatnonzero(both).tolist():
            self.fault(
                "projects",
                int(row),
                "id",
                frames["projects"]["id"].iloc[row],
                "the id stands in nodes too",
                "Give the project an id of its own.",
            )

    def _foreign(self, frames: Frames) -> None:
        ids: dict[str, set[str]] = {
            "node": set(frames["nodes"]["id"].dropna()) | set(frames["projects"]["id"].dropna()),
            "commodity": set(frames["commodities"]["id"].dropna()),
            "process": set(frames["processes"]["process"].dropna()),
            "reference": set(frames["references"]["key"].dropna()),
        }
        for name, frame in frames.items():
            for column in ("source", "target", "node"):
                if column in frame.columns and column in TABLES[name].foreign:
                    self._known(name, frame, column, ids["node"], "no node or project has this id", True)
            if "commodity" in frame.columns and ids["commodity"] and name != "totals":
                self._known(name, frame, "commodity", ids["commodity"], "the commodities table lacks it")
            if "reference" in frame.columns and ids["reference"]:
                self._references(name, frame, ids["reference"])
        for name in ("nodes", "projects"):
            self._known(name, frames[name], "process", ids["process"], "the processes table lacks it", True)

    def _known(
        self, name: str, frame: pd.DataFrame, column: str, known: set[str], rule: str, always: bool = False
    ) -> None:
        cells = frame[column]
        if cells.empty or not (known or always):
            return
        wrong = cells.notna().to_numpy() & ~member(cells, known)
        for row in np.flatnonzero(wrong).tolist():
            value = cells.iloc[row]
            hint = near_matches(value, known)
            self.fault(name, int(row), column, value, rule, f"Correct it or add the row.{hint}")

    def _references(self, name: str, frame: pd.DataFrame, known: set[str]) -> None:
        cells = frame["reference"]
        wrong: dict[str, list[str]] = {}
        for cell in cells.dropna().unique():
            lacking = [key for key in split_list(cell) if key not in known]
            if lacking:
                wrong[cell] = lacking
        for row in np.flatnonzero(cells.isin(list(wrong)).to_numpy()).tolist():
            lacking = wrong[cells.iloc[row]]
            self.fault(
                name,
                int(row),
                "reference",
                "; ".join(lacking),
                "the references table lacks it",
                f"Correct it or add the source.{near_matches(lacking[0], known)}",
            )

    def _edges(self, frames: Frames) -> None:
        edges = frames["edges"]
        for row in np.flatnonzero((edges["source"] == edges["target"]).to_numpy()).tolist():
            self.fault(
                "edges",
                int(row),
                "target",
                edges["target"].iloc[row],
                "an edge may not end where it begins",
                "Remove the row.",
            )
        blank = edges["commodity"].isna().to_numpy()
        if blank.any() and not blank.all():
            for row in np.flatnonzero(blank).tolist():
                self.fault(
                    "edges",
                    int(row),
                    "commodity",
                    None,
                    "blank beside rows that name a commodity",
                    "Name the commodity in every row, or in none.",
                )

    def _processes(self, frames: Frames) -> None:
        table = frames["processes"]
        basis = dict(zip(frames["commodities"]["id"], frames["commodities"]["basis"], strict=True))
        for process, rows in table.dropna(subset=["process"]).groupby("process", sort=True):
            first = int(rows.index[0])
            outputs = rows[rows["role"] == "output"]
            products = rows[rows["role"] != "input"]
            inputs = rows[rows["role"] == "input"]
            if len(outputs) != 1:
                self.fault(
                    "processes",
                    first,
                    "role",
                    process,
                    f"the process has {len(outputs)} rows with role output; it must have one",
                    "Make the other products coproduct or byproduct.",
                )
            for row, value in outputs["t_per_t"].items():
                if value != 1.0 and not np.isnan(value):
                    self.fault(
                        "processes",
                        int(row),
                        "t_per_t",
                        f"{value:g}",
                        "the main output has t_per_t 1",
                        "State the other rows per tonne of main output.",
                    )
            for row, commodity in products["commodity"].items():
                if commodity in set(inputs["commodity"].dropna()):
                    self.fault(
                        "processes",
                        int(row),
                        "commodity",
                        commodity,
                        "the output is its own input",
                        "Net the two.",
                    )
            for row in products.index[products["commodity"].duplicated() & products["commodity"].notna()]:
                self.fault(
                    "processes",
                    int(row),
                    "commodity",
                    products["commodity"][row],
                    "the product stands twice",
                    "Add the rows up.",
                )
            self._mass(first, str(process), inputs, products, basis)

    def _mass(
        self, row: int, process: str, inputs: pd.DataFrame, products: pd.DataFrame, basis: Mapping[str, Any]
    ) -> None:
        """No process may make more of a basis than its inputs on that basis can weigh."""
        made = products.assign(basis=products["commodity"].map(basis)).groupby("basis")["t_per_t"].sum()
        taken = inputs.assign(basis=inputs["commodity"].map(basis))
        for name, weight in made.items():
            held = taken[taken["basis"] == name]
            if held.empty:
                continue
            most = float(held.loc[held["group"].isna(), "t_per_t"].sum())
            for _, members in held.dropna(subset=["group"]).groupby("group"):
                room = 1.0
                for _, member in members.sort_values("t_per_t", ascending=False).iterrows():
                    share = min(room, 1.0 if np.isnan(member["max_share"]) else member["max_share"])
                    most += share * member["t_per_t"]
                    room -= share
            if weight > most * (1 + 1e-9):
                self.fault(
                    "processes",
                    row,
                    "t_per_t",
                    process,
                    f"makes {weight:g} t of {name} per tonne of activity from at most {most:g} t",
                    "Correct the recipe or the commodities' basis.",
                )

    def _words(self, frames: Frames, common: Groups) -> None:
        tiers = set(frames["tiers"]["tier"].dropna()) or set(DEFAULT_TIERS)
        for name in ("demand", "qualification"):
            self._known(name, frames[name], "tier", tiers, f"not a known tier ({', '.join(sorted(tiers))})")
        for row, cell in frames["stocks"]["tiers"].dropna().items():
            for tier in split_list(cell):
                if tier not in tiers:
                    self.fault("stocks", int(row), "tiers", tier, "not a known tier", "Correct it.")
        groups = set(frames["groups"]["group"].dropna()) | set(common)
        for row, cell in frames["projects"]["backers"].dropna().items():
            for word in split_list(cell):
                if word not in groups and not is_country(word):
                    self.fault(
                        "projects",
                        int(row),
                        "backers",
                        word,
                        "neither a country nor a known group",
                        "Use ISO alpha-3 codes or group names, split by ;.",
                    )
        figures = frames["figures"]
        for row, (table, column) in enumerate(zip(figures["table"], figures["column"], strict=True)):
            if table not in TABLES:
                self.fault("figures", row, "table", table, "no such table", f"One of {', '.join(TABLES)}.")
            elif column not in TABLES[table].names:
                self.fault("figures", row, "column", column, f"the table {table} has no such column", "Correct it.")

    def done(self) -> None:
        """Raise all faults at once, if there are any."""
        if self.faults:
            raise DataError(faults=self.faults)


def as_text(value: object) -> str | None:
    """Return a cell as text, a whole number without its point; None where it is missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _blank(column: Column, length: int) -> pd.Series:
    if column.kind == "text":
        # one missing cell, taken many times: no Python object per row
        return pd.Series([None], dtype="str").take(np.zeros(length, dtype=np.int64)).reset_index(drop=True)
    return pd.Series(np.full(length, np.nan))


def empty(name: str) -> pd.DataFrame:
    """Return table ``name`` without rows."""
    return pd.DataFrame({c.name: _blank(c, 0) for c in TABLES[name].columns})


def member(cells: pd.Series, words: set[str]) -> np.ndarray:
    """Return a boolean array: which cells are among ``words``."""
    if cells.empty or not words:
        return np.zeros(len(cells), dtype=bool)
    # isin on Arrow text makes a Python object of every word, one by one
    return np.asarray(pd.Series(cells.to_numpy(dtype=object, na_value=None), dtype="object").isin(words))


def split_list(cell: object) -> list[str]:
    """Split a cell that lists several words by semicolons."""
    return [word.strip() for word in str(cell).split(";") if word.strip()]


def canonical(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Sort ``frame`` into canonical order: by key, then by all other columns, empty last."""
    table = TABLES[name]
    first = list(table.key) or ["source", "target", "commodity"]
    if len(frame) < 2:
        return frame.reset_index(drop=True)
    codes = _folded([_codes(frame[column]) for column in first])
    order = np.lexsort(codes[::-1])
    same = np.ones(len(frame) - 1, dtype=bool)
    for code in codes:
        same &= code[order][1:] == code[order][:-1]
    if same.any():
        rest = [c for c in table.names if c not in first]
        codes += [_codes(frame[column]) for column in rest]
        order = np.lexsort(codes[::-1])
    return frame.take(order).reset_index(drop=True)


def _folded(codes: list[np.ndarray]) -> list[np.ndarray]:
    """Fold ranks of several columns into one of the same order, where it fits: one sort instead of several."""
    room = 1
    for code in codes:
        if code.dtype != np.int64:
            return codes
        room *= int(code.max()) + 1
    if room >= 2**62:
        return codes
    folded = np.zeros(len(codes[0]), dtype=np.int64)
    for code in codes:
        folded = folded * (int(code.max()) + 1) + code
    return [folded]


def _codes(cells: pd.Series) -> np.ndarray:
    """Return sort ranks of a column; missing cells rank last."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return np.asarray(cells.to_numpy(dtype="float64"))
    codes, uniques = pd.factorize(cells, use_na_sentinel=True)
    rank = np.empty(len(uniques) + 1, dtype=np.int64)
    texts = np.asarray(uniques, dtype=object)
    rank[np.argsort(texts, kind="stable")] = np.arange(len(uniques))
    rank[-1] = len(uniques)
    return np.asarray(rank[codes])
