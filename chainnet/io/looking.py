"""``look``: what a table from elsewhere holds, and how it is read, before it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from chainnet.errors import DataError
from chainnet.io.columns import SAID, text_of
from chainnet.io.commands import arguments_of, call_of, command_of
from chainnet.io.grid import Grid, held, letters, plain, read_grids
from chainnet.io.seen import Sheet, sheet_seen
from chainnet.io.ways import Ways, ways_of
from chainnet.io.workbook import is_beside
from chainnet.network import TABLES

_ROWS = 50_000  # of each sheet that are looked at
_SHEETS = 40  # that are looked at
_MOST_ROWS = 30  # rows that are no data, of a sheet, that people see
_WIDTH = 60  # letters of a cell that people see
_TRIED = 32 * 2**20  # bytes of a file beyond what is looked at on which commands are run all the same
Run = Callable[[str, Path, dict[str, Any]], str]  # verb, path, arguments; what is wrong
_READ_AS_IS = (".graphml", ".gexf", ".json", ".parquet", ".zip")
_COLUMNS = ("sheet", "column", "head", "seems", "evidence", "unit", "spelling", "filled", "example")


@dataclass(frozen=True, repr=False, eq=False)
class Look:
    """What a file seems to hold.

    Attributes
    ----------
    path : str
        As it was given.
    sheets : DataFrame
        sheet, rows, columns, header (rows of the heads, as a spreadsheet counts), n_data (rows of data), form.
    columns : DataFrame
        sheet, column (its letter), head (as ``rename`` takes it), seems, evidence, unit, spelling (of countries),
        filled, example.
    rows : DataFrame
        Rows that are no data: sheet, row, kind, said, why.
    notes : DataFrame
        sheet, note.
    questions : DataFrame
        What the file leaves open: sheet, question.
    ways : DataFrame
        How it is read: sheet, answers (taken for given), command, call.
    """

    path: str
    sheets: pd.DataFrame
    columns: pd.DataFrame
    rows: pd.DataFrame
    notes: pd.DataFrame
    questions: pd.DataFrame
    ways: pd.DataFrame

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that read it, one for each answer to the questions."""
        return tuple(self.ways["command"])

    @property
    def calls(self) -> tuple[str, ...]:
        """The same in Python, where chainnet is ``cn``."""
        return tuple(self.ways["call"])

    @property
    def command(self) -> str | None:
        """The one command that reads it; None where a question is open, or none does."""
        return self.commands[0] if len(self.commands) == 1 else None

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        names = ("sheets", "columns", "rows", "notes", "questions", "ways")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return f"<Look at {_shown(self.path)}: {len(self.ways)} commands, {len(self.questions)} questions>"

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def look_at(path: str | Path, *, sheet: str | None, run: Run) -> Look:
    """Look at a table, and keep of the commands those that ``run`` finds no fault with.

    Raises
    ------
    DataError
        If there is no such file, or it is empty, too large, behind a password, or no table.
    """
    if not isinstance(path, (str, Path)):
        raise DataError(f"look: {path!r} is no path. Give the path of a file.")
    file = Path(path)
    if file.suffix.lower() in _READ_AS_IS and file.is_file():
        raise DataError(f"look: {file.name} is no table of text. It is read as it is: chainnet import {file.name}.")
    try:
        grids = [grid for grid in read_grids(file, sheet=sheet, most=_ROWS)[:_SHEETS] if grid.rows]
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"look: {_shown(str(path))} is no path that can be read.") from None
    if not grids:
        raise DataError(f"look: {_shown(file.name)} holds no cell that is filled. Give a file that holds a table.")
    own = _own_tables(grids)
    is_alone = sheet is None and len(grids) == 1
    sheets = [sheet_seen(grid) for grid in grids]
    beside = [
        grid.sheet for grid in grids if not own and is_beside(grid.sheet.strip().lower(), map(text_of, grid.rows[0]))
    ]
    has_nodes = any(title.strip().lower() == "nodes" for title in beside)
    found = [
        Ways(said=["A table of ours: it is read along with a list in another sheet."])
        if one.grid.sheet in beside
        else Ways()
        if own
        else ways_of(one, file, is_alone=is_alone, has_nodes=has_nodes)
        for one in sheets
    ]
    with held(file, grids):
        for grid, how in zip(grids, found, strict=True):
            _try(how, file, run, is_cut=grid.is_cut)
    columns, rows, notes, asked, ways = [], [], [], [], []
    if own:
        notes.append(("", f"The sheets {', '.join(own)} are tables of ours: it is a chain, read as it is."))
        fault = run("import", file, {})
        if fault:
            asked.append(("", f"It is refused as it is. What is to become of this? {fault}"))
        else:
            ways.append(("", "", f"chainnet check {path}", f'cn.read("{path}")'))
    for one_sheet, how in zip(sheets, found, strict=True):
        title = one_sheet.grid.sheet
        columns += [
            (title, letters(one.place), one.head, one.role or "text", one.evidence, " or ".join(one.units),
             one.spelling, one.n_filled, one.example[:200])
            for one in one_sheet.columns
        ]  # fmt: skip
        rows += [(title, one.row, one.kind, one.said[:200], one.why) for one in one_sheet.extras]
        notes += [(title, said) for said in [*_form_words(one_sheet), *one_sheet.said, *how.said]]
        asked += [(title, said) for said in how.questions]
        ways += [
            (title, "; ".join(one.answers), command_of(one, str(path)), call_of(one, str(path))) for one in how.ways
        ]
    if len({title for title, *_ in ways}) > 1:
        asked.insert(0, ("", "Which sheet? Several hold a table that can be read."))
    return Look(
        str(path),
        pd.DataFrame(
            [_size(sheet) for sheet in sheets], columns=["sheet", "rows", "columns", "header", "n_data", "form"]
        ),
        pd.DataFrame(columns, columns=list(_COLUMNS)),
        pd.DataFrame(rows, columns=["sheet", "row", "kind", "said", "why"]),
        pd.DataFrame(notes, columns=["sheet", "note"]),
        pd.DataFrame(asked, columns=["sheet", "question"]),
        pd.DataFrame(ways, columns=["sheet", "answers", "command", "call"]),
    )


def _try(how: Ways, file: Path, run: Run, *, is_cut: bool) -> None:
    """Run each way on the file, and leave out those that fail; where none is left, what is wrong is to be answered."""
    if is_cut and file.stat().st_size > _TRIED:
        if how.ways:
            how.said.append("The file is so large that no command was tried on it: one may be refused.")
        return
    kept, failed = [], dict[str, str]()
    for way in how.ways:
        fault = run(way.verb, file, arguments_of(way))
        if fault:
            failed.setdefault(fault, "; ".join(way.answers))
        else:
            kept.append(way)
    if how.ways and not kept:
        how.questions.append(f"No command reads it as it is. What is to become of this? {next(iter(failed))}")
    elif failed:
        fault, answers = next(iter(failed.items()))
        how.said.append(f'Not printed, since it is refused: the command for "{answers}". {fault}')
    how.ways = kept


def _own_tables(grids: list[Grid]) -> list[str]:
    """Return the sheets that bear names of our tables, if nodes or edges are among them."""
    names = [grid.sheet.strip().lower() for grid in grids]
    own = [name for name in names if name in TABLES]
    return own if "nodes" in own and "edges" in own else []


def _size(sheet: Sheet) -> tuple[Any, ...]:
    header = "" if sheet.header is None else "-".join(map(str, dict.fromkeys(sheet.header)))
    return (sheet.grid.sheet, len(sheet.grid.rows), sheet.grid.width, header, len(sheet.rows), sheet.form)


def _form_words(sheet: Sheet) -> list[str]:
    if sheet.header is None:
        return ["Nothing in it looks like a table: no row of heads with data below it."]
    if sheet.grid.sheet:
        return []
    mark = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}[sheet.grid.separator]
    return [f"Text in {sheet.grid.encoding}, cells split by {mark}."]


def _shown(text: Any, width: int = _WIDTH) -> str:
    """Return a text that comes from a file as a terminal can show it."""
    said = plain("".join(c if c.isprintable() else " " for c in str(text)))
    return said if len(said) <= width else said[: width - 3] + "..."


def _printable(command: object) -> str:
    """Return a command as a terminal can show it, and no shorter than it is."""
    return "".join(c if c.isprintable() else "?" for c in str(command))


def _lines(found: Look) -> list[str]:
    """Return what people read."""
    out = [_shown(found.path, 200)]
    notes = dict(list(found.notes.groupby("sheet", sort=False)["note"]))
    several = len(found.sheets) > 1
    for title, n_rows, n_columns, header, n_data, _ in found.sheets.itertuples(index=False):
        where = f', sheet "{_shown(title)}"' if title else ""
        heads = f"; heads in row{'s' * ('-' in header)} {header}, {n_data} rows of data" if header else ""
        out.append(f"{n_rows} rows, {n_columns} columns{where}{heads}")
        columns = found.columns[found.columns["sheet"] == title]
        if len(columns):
            cells = [
                (one.column, _shown(one.head), SAID[one.seems], _shown(one.evidence, 100))
                for one in columns.itertuples()
            ]
            out += ["", *_table(["column", "head", "seems", "because"], cells)]
        rows = found.rows[found.rows["sheet"] == title]
        if len(rows):
            cells = [
                (str(one.row), one.kind, _shown(one.said, 40), _shown(one.why, 100))
                for one in rows.head(_MOST_ROWS).itertuples()
            ]
            out += ["", *_table(["row", "seems", "says", "because"], cells)]
            out += [f"  and {len(rows) - _MOST_ROWS} more"] if len(rows) > _MOST_ROWS else []
        out += ["", *(f"- {_shown(one, 400)}" for one in notes.get(title, ())), ""]
    if found.sheets["sheet"].iloc[0]:
        out += [f"- {_shown(one, 400)}" for one in notes.get("", ())]
    if len(found.questions):
        out += ["The file leaves open:"]
        out += [f"  {i}. {_shown(one, 400)}" for i, one in enumerate(found.questions["question"], start=1)]
        out.append("")
    for place, one in enumerate(found.ways.itertuples()):
        if len(found.ways) > 1:
            title = f'sheet "{_shown(one.sheet)}"' if several and one.sheet else ""
            out.append(f"If {'; '.join(filter(None, (title, _shown(one.answers, 300)))) or 'not'}:")
        elif not place:
            out.append("It is read by:")
        out += [f"  {_printable(one.command)}", f"  {_printable(one.call)}"]
    first = found.commands[0] if found.commands else ""
    if " --out " in first:
        has_countries = first.startswith("chainnet from-trade") or "_country" in first  # an edge list may name none
        by = " --by country" if has_countries else ""
        # a graph of flows alone limits nothing, so nothing of it can be ranked
        kind = ", read as capacity_tpa," if any("=flow_tpa" in each for each in found.commands) else ","
        out += ["", f"Then{kind} for instance: chainnet chokepoints {first.rpartition(' --out ')[2]}{by}"]
    return out


def _table(heads: list[str], rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(head), *(len(row[i]) for row in rows)) for i, head in enumerate(heads)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [heads, *rows]]
    return [f"  {line.rstrip()}" for line in lines]
