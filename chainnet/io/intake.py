"""What a file held, on its way to the gate: tables as text, where each row stood, faults so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from chainnet.errors import DataError, Fault
from chainnet.io.decimals import with_points
from chainnet.io.sizes import LONGEST_CELL, exceeds, too_large
from chainnet.io.text import Records, collector_off
from chainnet.network import AS_WRITTEN, MOST_FAULTS, TABLES, Gate, Network, Reading, lone_table


class Intake:
    """Gathers the tables of one source and all that is wrong with them; ``network`` is the way out.

    Parameters
    ----------
    pattern : str
        How the faults call a table, with ``{}`` for its name: ``{}.csv`` or ``book.xlsx!{}``.
    place : str
        How the faults call what stands outside of the tables: ``datapackage.json`` or ``book.xlsx!meta``.
    how : Reading
        What the caller says of the source.
    forgiving : bool
        Whether it is a graph or an edge list of others, read as ``Network.from_edges`` does.
    """

    def __init__(self, pattern: str, place: str, how: Reading = AS_WRITTEN, forgiving: bool = False) -> None:
        self.how = how
        self.forgiving = forgiving
        self.said: list[str] = []
        self.files = {table: pattern.format(table) for table in TABLES}
        self.files["network"] = place
        self.place = place
        self.faults: list[Fault] = []
        self.frames: dict[str, pd.DataFrame] = {}
        self._lines: dict[str, list[int]] = {}
        self._unreadable: set[str] = set()

    def fault(self, rule: str, remedy: str, *, file: str = "", column: str = "", value: object = "") -> None:
        """Note a broken rule that has no one row."""
        self.faults.append(Fault(file or self.place, None, column, str(value), rule, remedy))

    def unreadable(self, table: str, error: DataError) -> None:
        """Note that a table is there but could not be read."""
        self._unreadable.add(table)
        self.faults += error.faults_list

    def add(self, table: str, records: Records) -> None:
        """Take in the records of a table."""
        if TABLES[table].required and not records.rows:
            self._unreadable.add(table)
            rule = "the table has no rows"
            self.faults.append(Fault(self.files[table], None, "", "", rule, "Add them; it must have some."))
            return
        with collector_off():
            columns = list(zip(*records.rows, strict=True)) if records.rows else [()] * len(records.header)
            if self._has_long_cells(table, records, columns):
                self._unreadable.add(table)
                return
            frame = pd.DataFrame({i: _series(cells) for i, cells in enumerate(columns)})
        frame.columns = pd.Index(records.header, dtype="object")
        self.frames[table], unclear = with_points(table, frame, self.how, self.files[table], records.lines)
        self.faults += unclear
        self._lines[self.files[table]] = records.lines
        self.faults += records.faults

    def _has_long_cells(self, table: str, records: Records, columns: list[tuple[Any, ...]]) -> bool:
        """Note the first cell of a column that is too long, and say whether there is one."""
        before = len(self.faults)
        for name, cells in zip(records.header, columns, strict=True):
            longest = max((len(cell) for cell in cells if isinstance(cell, str)), default=0)
            if exceeds(longest, LONGEST_CELL):
                row = next(i for i, cell in enumerate(cells) if isinstance(cell, str) and len(cell) > LONGEST_CELL)
                rule = f"the cell has {len(cells[row])} characters; at most {LONGEST_CELL} are taken"
                error = too_large(self.files[table], rule, "Shorten it", row=records.lines[row], column=name[:80])
                self.faults += error.faults_list
        return len(self.faults) > before

    def network(self, **meta: Any) -> Network:
        """Return the network.

        Raises
        ------
        DataError
            With the faults of all tables.
        """
        if not self._unreadable:
            self._leave_loops()
            try:
                network = self.how.network(
                    Network, self.frames, forgiving=self.forgiving, depth=4, beside=self.said, files=self.files, **meta
                )
            except DataError as error:
                found = error.faults_list
                if not found and not self.faults:
                    raise
                self._take(found)
            else:
                if not self.faults:
                    return network
        else:
            # rules between tables would only blame the rows of the others
            gate = Gate(self.files)
            for table, frame in self.frames.items():
                gate.parse(table, frame)
            self._take(gate.faults)
            for table, schema in TABLES.items():
                known = table in self.frames or table in self._unreadable or (self.forgiving and table == "nodes")
                if schema.required and not known:
                    self.fault("the table is missing", "Give it.", file=self.files[table])
        message = f"more than {MOST_FAULTS} faults in the data, of which" if len(self.faults) >= MOST_FAULTS else ""
        raise DataError(message, self.faults)

    def _leave_loops(self) -> None:
        """Leave out edges that end where they begin, with their lines."""
        if self.forgiving and "edges" in self.frames:
            is_kept, said = self.how.without_loops(self.frames["edges"])
            self.said += said
            if said:
                self.frames["edges"] = self.frames["edges"][is_kept].reset_index(drop=True)
                lines = self._lines[self.files["edges"]]
                self._lines[self.files["edges"]] = [line for line, kept in zip(lines, is_kept, strict=True) if kept]

    def table(self, table: str) -> pd.DataFrame:
        """Return a table that stands by itself.

        Raises
        ------
        DataError
            With every fault of the table.
        """
        if table in self.frames:
            try:
                frame = lone_table(table, self.frames[table], self.files[table])
            except DataError as error:
                self._take(error.faults_list)
            else:
                if not self.faults:
                    return frame
        raise DataError(faults=self.faults)

    def _take(self, found: Iterable[Fault]) -> None:
        """Keep faults of the gate, at the line of the file; a row that did not fit is blamed once."""
        spoilt = {(f.file, f.row, column) for f in self.faults if f.row is not None for column in {f.column, ""}}
        whole = {(f.file, f.row) for f in self.faults if f.row is not None and not f.column}
        for fault in found:
            lines = self._lines.get(fault.file)
            row = fault.row
            if row is not None and lines is not None:
                if row - 2 >= len(lines):  # of what was added to the rows: the rows themselves are at fault too
                    continue
                row = lines[row - 2]
            if (fault.file, row) not in whole and (fault.file, row, fault.column or None) not in spoilt:
                self.faults.append(Fault(fault.file, row, fault.column, fault.value, fault.rule, fault.remedy))


def _series(cells: Any) -> pd.Series:
    try:
        return pd.Series(list(cells), dtype="str") if set(map(type, cells)) <= {str} else _mixed(cells)
    except UnicodeEncodeError:  # a lone surrogate from a JSON escape: the gate names the cell
        return _mixed(cells)


def _mixed(cells: Any) -> pd.Series:
    return pd.Series(list(cells), dtype="object")
