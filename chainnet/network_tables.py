"""From frames as people write them to canonical tables: parse, check every rule, sort.

All faults of all tables are gathered and raised once. After this gate nobody checks again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet.countries import Groups, is_country
from chainnet.errors import DataError, Fault, near_matches
from chainnet.schema import DEFAULT_TIERS, TABLES, Column, Table

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]"
_FORBIDDEN_RE = re.compile(_FORBIDDEN)
MOST_FAULTS = 100_000
_HINT_COMPARISONS = 200_000
_UNLIMITED = ("capacity_tpa", "release_tpa")

Frames = dict[str, pd.DataFrame]


class Gate:
    """One pass over the tables of a network: gathers faults, hands out canonical frames."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self.files = dict(files or {})
        self.faults: list[Fault] = []
        self.more = 0

    def _rows(self, broken: Any) -> list[int]:
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
            for row in self._rows(values.isna().to_numpy()):
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
            if _FORBIDDEN_RE.search("\n".join(cells.dropna().unique().tolist())):
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
                for row in self._rows(cells.isin(wrong).to_numpy()):
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
            for row in self._rows(infinite):
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
        for row in self._rows(bad):
            self.fault(
                table.name,
                int(row),
                column.name,
                f"{values[row]:g}",
                f"must be {column.range_words}",
                "Correct the cell.",
            )
        if column.kind == "integer":
            for row in self._rows(np.isfinite(values) & (values != np.floor(values))):
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
                for row in self._rows((frame["low"] > frame["high"]).to_numpy()):
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
        self._unnamed(frames)
        self._processes(frames)
        self._words(frames, common)

    def _keys(self, table: Table, frame: pd.DataFrame) -> None:
        if not table.key or frame.empty:
            return
        keys = frame[list(table.key)]
        twice = keys.duplicated().to_numpy() & keys[table.key[0]].notna().to_numpy()
        for row in self._rows(twice):
            value = " / ".join("" if pd.isna(v) else str(v) for v in keys.iloc[row])
            self.fault(table.name, int(row), table.key[0], value, "stands twice in the table", "Keep one row.")

    def _shared_ids(self, frames: Frames) -> None:
        nodes = set(frames["nodes"]["id"].dropna().tolist())
        both = member(frames["projects"]["id"], nodes)
        for row in self._rows(both):
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
            "node": set(frames["nodes"]["id"].dropna().tolist()) | set(frames["projects"]["id"].dropna().tolist()),
            "commodity": set(frames["commodities"]["id"].dropna().tolist()),
            "process": set(frames["processes"]["process"].dropna().tolist()),
            "reference": set(frames["references"]["key"].dropna().tolist()),
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
        hints: dict[str, str] = {}
        for row in self._rows(wrong):
            value = cells.iloc[row]
            if value not in hints:
                # likeness is costly: with many wrong words the first get a hint
                hints[value] = near_matches(value, known) if len(hints) * len(known) < _HINT_COMPARISONS else ""
            self.fault(name, row, column, value, rule, f"Correct it or add the row.{hints[value]}")

    def _references(self, name: str, frame: pd.DataFrame, known: set[str]) -> None:
        cells = frame["reference"]
        wrong: dict[str, list[str]] = {}
        for cell in cells.dropna().unique():
            lacking = [key for key in split_list(cell) if key not in known]
            if lacking:
                wrong[cell] = lacking
        for row in self._rows(cells.isin(list(wrong)).to_numpy()):
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
        for row in self._rows((edges["source"] == edges["target"]).to_numpy()):
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
            for row in self._rows(blank):
                self.fault(
                    "edges",
                    int(row),
                    "commodity",
                    None,
                    "blank beside rows that name a commodity",
                    "Name the commodity in every row, or in none.",
                )

    def _unnamed(self, frames: Frames) -> None:
        """Demand and stocks name a commodity where edges do: nothing unnamed could ever reach them."""
        edges = frames["edges"]["commodity"]
        if edges.empty or edges.isna().any():
            return
        for name in ("demand", "stocks"):
            for row in self._rows(frames[name]["commodity"].isna().to_numpy()):
                rule = "blank beside edges that name a commodity"
                self.fault(name, row, "commodity", None, rule, "Name the commodity.")

    def _processes(self, frames: Frames) -> None:
        table = frames["processes"]
        table = table[table["process"].notna()]
        if table.empty:
            return
        is_output, is_input = table["role"] == "output", table["role"] == "input"
        outputs = is_output.groupby(table["process"]).sum()
        first = ~table["process"].duplicated()
        counted = table["process"].map(outputs)
        self._process_faults(
            table[first & (counted != 1)],
            "role",
            "process",
            lambda row: f"the process has {outputs[row['process']]} rows with role output; it must have one",
            "Make the other products coproduct or byproduct.",
        )
        t_per_t = table["t_per_t"]
        self._process_faults(
            table[is_output & (t_per_t != 1.0) & t_per_t.notna()],
            "t_per_t",
            "t_per_t",
            lambda row: "the main output has t_per_t 1",
            "State the other rows per tonne of main output.",
        )
        named = table["commodity"].notna()
        pairs = pd.MultiIndex.from_frame(table[["process", "commodity"]])
        self._process_faults(
            table[~is_input & named & pairs.isin(pairs[is_input & named])],
            "commodity",
            "commodity",
            lambda row: "the output is its own input",
            "Net the two.",
        )
        products = table[~is_input & named]
        self._process_faults(
            products[products.duplicated(["process", "commodity"])],
            "commodity",
            "commodity",
            lambda row: "the product stands twice",
            "Add the rows up.",
        )
        commodities = frames["commodities"].drop_duplicates("id").set_index("id")["basis"]
        self._mass(table.assign(basis=table["commodity"].map(commodities)))

    def _process_faults(
        self, rows: pd.DataFrame, column: str, shown: str, rule: Callable[[dict[Any, Any]], str], remedy: str
    ) -> None:
        noted = rows.iloc[self._rows(np.ones(len(rows), dtype=bool))]
        for place, row in zip(noted.index.tolist(), noted.to_dict("records"), strict=True):
            value = f"{row[shown]:g}" if shown == "t_per_t" else row[shown]
            self.fault("processes", place, column, value, rule(row), remedy)

    def _mass(self, table: pd.DataFrame) -> None:
        """No process may make more of a basis than its inputs on that basis can weigh."""
        first = dict(zip(table["process"][::-1], table.index[::-1], strict=True))
        table = table.dropna(subset=["basis"])
        is_input = table["role"] == "input"
        by = ["process", "basis"]
        made = table[~is_input].groupby(by)["t_per_t"].sum(skipna=False)
        inputs = table[is_input].sort_values([*by, "group", "t_per_t"], ascending=[True, True, True, False])
        # stand-ins of a group: the heaviest first, each up to its share, until the activity is covered
        share = inputs["max_share"].fillna(1.0)
        before = share.groupby([inputs["process"], inputs["basis"], inputs["group"]]).cumsum() - share
        part = np.minimum(share, (1.0 - before).clip(lower=0.0)).where(inputs["group"].notna(), 1.0)
        most = (part * inputs["t_per_t"]).groupby([inputs["process"], inputs["basis"]]).sum(skipna=False)
        both = pd.concat({"made": made, "most": most}, axis=1, join="inner").sort_index()
        heavy = both[both["made"] > both["most"] * (1 + 1e-9)]
        for place in self._rows(np.ones(len(heavy), dtype=bool)):
            process, basis = heavy.index[place]
            weight, held = heavy.iloc[place]
            self.fault(
                "processes",
                int(first[process]),
                "t_per_t",
                process,
                f"makes {weight:g} t of {basis} per tonne of activity from at most {held:g} t",
                "Correct the recipe or the commodities' basis.",
            )

    def _words(self, frames: Frames, common: Groups) -> None:
        tiers = set(frames["tiers"]["tier"].dropna().tolist()) or set(DEFAULT_TIERS)
        for name in ("demand", "qualification"):
            self._known(name, frames[name], "tier", tiers, f"not a known tier ({', '.join(sorted(tiers))})")
        for row, cell in frames["stocks"]["tiers"].dropna().items():
            for tier in split_list(cell):
                if tier not in tiers:
                    self.fault("stocks", int(row), "tiers", tier, "not a known tier", "Correct it.")
        groups = set(frames["groups"]["group"].dropna().tolist()) | set(common)
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
            message = f"the first {len(self.faults)} faults of {len(self.faults) + self.more} in the data"
            raise DataError(message if self.more else "", self.faults)


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
