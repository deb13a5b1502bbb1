"""What a file held, on its way to the gate: tables as text, where each row stood, faults so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import pandas as pd

from chainnet.errors import DataError, Fault
from chainnet.io.text import Records, collector_off
from chainnet.network import MOST_FAULTS, TABLES, Gate, Network

__all__ = ["Intake"]


class Intake:
    """Gathers the tables of one source and all that is wrong with them; ``network`` is the way out.

    Parameters
    ----------
    pattern : str
        How the faults call a table, with ``{}`` for its name: ``{}.csv`` or ``book.xlsx!{}``.
    place : str
        How the faults call what stands outside of the tables: ``datapackage.json`` or ``book.xlsx!meta``.
    """

    def __init__(self, pattern: str, place: str) -> None:
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
            columns = zip(*records.rows, strict=True) if records.rows else [()] * len(records.header)
            frame = pd.DataFrame({i: _series(cells) for i, cells in enumerate(columns)})
        frame.columns = pd.Index(records.header, dtype="object")
        self.frames[table] = frame
        self._lines[self.files[table]] = records.lines
        self.faults += records.faults

    def network(self, **meta: Any) -> Network:
        """Return the network.

        Raises
        ------
        DataError
            With the faults of all tables.
        """
        if not self._unreadable:
            try:
                network = Network(**meta, **cast("dict[str, Any]", self.frames), files=self.files)
            except DataError as error:
                found = error.faults_list
                if not found:
                    self.fault(str(error), "Correct it.")
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
                if schema.required and table not in self.frames and table not in self._unreadable:
                    self.fault("the table is missing", "Give it.", file=self.files[table])
        message = f"more than {MOST_FAULTS} faults in the data, of which" if len(self.faults) >= MOST_FAULTS else ""
        raise DataError(message, self.faults)

    def _take(self, found: Iterable[Fault]) -> None:
        """Keep faults of the gate, at the line of the file; a row that did not fit is blamed once."""
        spoilt = {(f.file, f.row) for f in self.faults if f.row is not None}
        for fault in found:
            lines = self._lines.get(fault.file)
            row = fault.row
            if row is not None and lines is not None:
                row = lines[row - 2]
            if (fault.file, row) not in spoilt:
                self.faults.append(Fault(fault.file, row, fault.column, fault.value, fault.rule, fault.remedy))


def _series(cells: Any) -> pd.Series:
    try:
        return pd.Series(list(cells), dtype="str") if set(map(type, cells)) <= {str} else _mixed(cells)
    except UnicodeEncodeError:  # a lone surrogate from a JSON escape: the gate names the cell
        return _mixed(cells)


def _mixed(cells: Any) -> pd.Series:
    return pd.Series(list(cells), dtype="object")
