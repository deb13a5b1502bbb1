"""What stands in a spreadsheet or a text file, cell by cell: nothing is taken for a head or a number yet."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from chainnet.errors import DataError
from chainnet.io.encodings import encoding_of
from chainnet.io.sizes import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, exceeds, too_large
from chainnet.io.text import number_text, read_bytes, refuse
from chainnet.io.workbook import broken, guard

Cell = str | float | None
SEPARATORS = (",", ";", "\t", "|")
_TRIED = 200  # lines by which the separator is found
_HEAD = 1 << 16  # bytes that say of what kind a file is
_WIDE = ("UTF-16", "UTF-32")
_OLD = b"\xd0\xcf\x11\xe0"  # of workbooks before 2007, and of those behind a password
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')

_HELD: ContextVar[Mapping[Path, Sequence[Any]] | None] = ContextVar("grids", default=None)


@dataclass
class Grid:
    """The cells of a sheet, or of a text file: text without blanks at its ends, numbers, None where nothing stands.

    ``merged``: first row, first column, last row, last column, counted from 0; only the part that holds cells counts.
    ``is_cut``: more rows than were read.
    """

    sheet: str
    rows: list[list[Cell]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    is_cut: bool = False
    is_hidden: bool = False
    encoding: str = ""
    separator: str = ","

    def __post_init__(self) -> None:
        low, right = len(self.rows) - 1, self.width - 1
        self.merged = [
            (top, left, min(bottom, low), min(end, right))
            for top, left, bottom, end in self.merged
            if top <= low and left <= right
        ]

    @property
    def width(self) -> int:
        """The number of columns."""
        return max(map(len, self.rows), default=0)

    def heads(self, first: int, last: int) -> list[str]:
        """Return a name for each column, from the rows ``first`` to ``last``, counted from 0.

        A head over several columns stands in the name of each. What stands twice, or nowhere, bears its letter.
        """
        parts = [[_text(cell) for cell in row] + [""] * (self.width - len(row)) for row in self.rows[first : last + 1]]
        spans = [one for one in self.merged if first <= one[0] and one[2] <= last]
        for top, left, bottom, right in spans:
            for place in range(top, bottom + 1):
                parts[place - first][left : right + 1] = [parts[top - first][left]] * (right + 1 - left)
        if not spans:  # a text file keeps the first cell of a head that was merged
            for row, below in pairwise(parts):
                for place in range(1, len(row)):
                    row[place] = row[place] or (row[place - 1] if below[place] else "")
        names = []
        for column in zip(*parts, strict=True):
            said = [part for place, part in enumerate(column) if part and part not in column[:place]]
            names.append(" / ".join(said))
        times = Counter(names)
        return [
            name if name and times[name] == 1 else f"{name} [{letters(place)}]".strip()
            for place, name in enumerate(names)
        ]

    def body(self, after: int, without: frozenset[int] = frozenset()) -> Iterator[tuple[int, list[Cell]]]:
        """Yield the rows below row ``after``, counted from 0, with their numbers in the file, counted from 1.

        A cell that is merged with those below it stands in each of their rows. Blank rows are left out.
        """
        width = self.width
        down: dict[int, list[tuple[int, Cell]]] = {}
        for top, left, bottom, _ in self.merged:
            if top > after and left < len(self.rows[top]):
                for row in range(top + 1, bottom + 1):
                    down.setdefault(row, []).append((left, self.rows[top][left]))
        for place in range(after + 1, len(self.rows)):
            if place + 1 in without:
                continue
            cells = self.rows[place] + [None] * (width - len(self.rows[place]))
            for left, value in down.get(place, ()):
                cells[left] = value
            if any(cell is not None for cell in cells):
                yield place + 1, cells


def letters(place: int) -> str:
    """Return what a spreadsheet calls a column, counted from 0."""
    found = ""
    while place >= 0:
        found = chr(65 + place % 26) + found
        place = place // 26 - 1
    return found


def plain(text: str) -> str:
    """Return a text on one line, without blanks at its ends and what no screen shows."""
    if text.isprintable():  # nearly always, and quicker by far
        return " ".join(text.split())
    seen = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") else " " * c.isspace() for c in text)
    return " ".join(seen.split())


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else "" if cell is None else number_text(cell)


def read_grids(
    path: Path, *, sheet: str | None = None, separator: str | None = None, most: int | None = None
) -> list[Grid]:
    """Return the cells of a workbook, sheet by sheet, or of a text file.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Only this one.
    separator : str, optional
        Between the cells of a text file; default as its lines show it.
    most : int, optional
        Rows of each sheet that are read; default all, and then too many are refused.

    Raises
    ------
    DataError
        If there is no such file or sheet, or it is empty or none of these.
    """
    file = path.name
    known = (_HELD.get() or {}).get(path, ())
    if known and not any(grid.is_cut for grid in known) and separator in (None, known[0].separator):
        kept = [grid for grid in known if sheet in (None, grid.sheet)]
        if kept:
            return kept
    start = _start_of(path, file)
    if start.startswith(b"PK"):
        return _of_workbook(path, file, sheet, most)
    if sheet is not None:
        raise refuse(file, "a text file has no sheets", "Leave sheet= (--sheet) out.")
    return [_of_text(path, file, start, separator, most)]


@contextmanager
def held(path: Path, grids: list[Grid]) -> Iterator[None]:
    """Read a file once: within, ``read_grids`` hands out what was read before."""
    token = _HELD.set({path: grids})
    try:
        yield
    finally:
        _HELD.reset(token)


def _start_of(path: Path, file: str) -> bytes:
    """Return how a file begins; refuse what is no table."""
    if path.is_dir():
        raise refuse(file, "is a folder", "Give a file in it; chainnet check FOLDER reads a folder of tables.")
    if not path.is_file():
        beside = sorted(entry.name for entry in path.parent.iterdir())[:12] if path.parent.is_dir() else []
        raise refuse(file, "there is no such file", f"In its folder are: {', '.join(beside) or 'nothing'}.")
    try:
        with path.open("rb") as handle:
            start = handle.read(_HEAD)
    except OSError as error:
        raise refuse(file, f"the file cannot be read: {error.strerror}", "Check its permissions.") from None
    if not start.strip():
        raise refuse(file, "the file is empty", "Give a file that holds a table.")
    if start.startswith(_OLD):
        if "EncryptedPackage".encode("utf-16-le") in read_bytes(path, file):
            raise refuse(file, "the workbook is protected by a password", "Save a copy without it.")
        raise refuse(file, "is a workbook in the form before 2007 (.xls)", "Save it as .xlsx.")
    if re.match(rb"\s*<(!doctype html|html|table|head|meta)", start.removeprefix(b"\xef\xbb\xbf"), re.I):
        raise refuse(file, "is a web page, whatever its name says", "Open it, and save it as .xlsx.")
    if not start.startswith(b"PK") and b"\x00" in start and encoding_of(start)[1] not in _WIDE:
        raise refuse(file, "is no text and no workbook", "Give a table as .csv, .tsv or .xlsx.")
    return start


def _of_text(path: Path, file: str, start: bytes, separator: str | None, most: int | None) -> Grid:
    is_wide = encoding_of(start)[1] in _WIDE
    if most is None:
        data, is_cut = read_bytes(path, file), False
    else:
        with path.open("rb") as handle:
            data = handle.read(most * 200)
            is_cut = bool(handle.read(1))
        if is_cut and b"\n" not in data:
            raise too_large(file, f"its first line has more than {len(data)} bytes", "Shorten its cells", row=1)
        if is_cut:
            data = data[: data.rfind(b"\n") + 1] if not is_wide else data[: len(data) // 4 * 4]
    codec, encoding = encoding_of(data)
    try:
        text = data.decode(codec, errors="strict" if codec.startswith("utf") else "replace").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise refuse(file, f"says that it is in {encoding}, and is not", "Save it as UTF-8.") from None
    before = csv.field_size_limit(max(len(text), 1))
    try:
        mark = separator or separator_of(text)
        found = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        rows = [[_said(cell, file, line) for cell in row] for line, row in enumerate(islice(found, most), start=1)]
        is_cut |= next(found, None) is not None
    except csv.Error as error:
        raise refuse(file, f"a row cannot be split into cells: {error}", "Close every quote.") from None
    finally:
        csv.field_size_limit(before)
    return _fitting(Grid("", list(map(list[Cell], rows)), is_cut=is_cut, encoding=encoding, separator=mark), file)


def separator_of(text: str) -> str:
    """Return the mark that splits the lines of a text into the most cells, as many in each."""
    lines = [line for line in islice(io.StringIO(text), _TRIED) if line.strip()]
    best, found = 0, ","
    for mark in SEPARATORS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=mark))
        score = max((times * (width - 1) for width, times in widths.items()), default=0)
        if score > best:
            best, found = score, mark
    return found


def _of_workbook(path: Path, file: str, sheet: str | None, most: int | None) -> list[Grid]:
    from openpyxl import load_workbook

    data = read_bytes(path, file)
    guard(data, file)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl lets any error of zip, XML and its own through
        raise broken(file, error) from None
    try:
        titles = [one.title for one in book.worksheets]
        if sheet is not None and sheet not in titles:
            listed = ", ".join(f'"{plain(title)}"' for title in titles)
            raise refuse(file, f'there is no sheet "{plain(sheet)}"', f"The sheets are: {listed}.")
        return [
            _fitting(_of_sheet(one, file, most), f"{file}!{one.title}")
            for one in book.worksheets
            if sheet in (None, one.title)
        ]
    finally:
        book.close()


def _of_sheet(sheet: Any, file: str, most: int | None) -> Grid:
    try:
        sheet.reset_dimensions()  # what the file claims its size to be is not to be trusted
        lines = enumerate(islice(sheet.iter_rows(values_only=True), most), start=1)
        rows = [_trimmed(_cell(cell, file, line) for cell in row) for line, row in lines]
        is_cut = most is not None and next(sheet.iter_rows(min_row=most + 1, max_row=most + 1), None) is not None
        merged = []
        if len(rows) > 0:
            with sheet._get_source() as source:
                found = _MERGED.findall(source.read())
            places = [(int(b) - 1, _place(a), int(d) - 1, _place(c)) for a, b, c, d in found]
            merged = [one for one in places if one[0] < len(rows) and one[3] < MOST_COLUMNS]
    except DataError:
        raise
    except Exception as error:
        raise broken(file, error) from None
    while rows and not rows[-1]:
        rows.pop()
    return Grid(sheet.title, rows, merged, is_cut, sheet.sheet_state != "visible")


def _place(column: bytes) -> int:
    place = 0
    for letter in column:
        place = place * 26 + letter - 64
    return place - 1


def _said(text: str, file: str, line: int) -> str | None:
    """Return the text of a cell, None where nothing stands; refuse one that no table holds."""
    if exceeds(len(text), LONGEST_CELL):
        rule = f"a cell has {len(text)} characters; at most {LONGEST_CELL} are taken"
        raise too_large(file, rule, "Shorten it", row=line)
    return plain(text) or None


def _cell(value: Any, file: str, line: int) -> Cell:
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).upper()
    if isinstance(value, (int, float)):
        return float(value) if abs(value) < float("inf") else None
    return _said(value.isoformat()[:10] if isinstance(value, date) else str(value), file, line)


def _trimmed(cells: Iterable[Cell]) -> list[Cell]:
    row = list(islice(cells, 5 * MOST_COLUMNS))
    while row and row[-1] is None:
        row.pop()
    return row


def _fitting(grid: Grid, file: str) -> Grid:
    if exceeds(grid.width, MOST_COLUMNS):
        rule = f"the table has {grid.width} columns; at most {MOST_COLUMNS}"
        raise too_large(file, rule, "Remove columns")
    if exceeds(len(grid.rows), MOST_ROWS):
        raise too_large(file, f"the table has more than {MOST_ROWS} rows", "Split it")
    return grid
