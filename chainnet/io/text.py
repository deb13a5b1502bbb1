"""Text files that may come from anywhere: size and encoding guards, strict CSV and JSON, plain numbers."""

from __future__ import annotations

import csv
import gc
import io
import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import DataError, Fault
from chainnet.io import sizes
from chainnet.io.sizes import exceeds, too_large
from chainnet.network import MOST_FAULTS

# what people write in TOML that is none: what the line holds, what is wrong, what to do
_SLIPS = (
    (r"[=\[,]\s*([+-]?\d+,\d+)\s*(?:#.*)?$", "a number has a decimal point", "Write {0}."),
    ("([\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019])", "curly quotes", 'Write ".'),
    (r'"(\w:\\[^"]*)', "a backslash in a text begins a code", "Write / in paths."),
    (r"=\s*([A-Za-z][\w -]*?)\s*(?:#.*)?$", "a text stands in quotes", 'Write "{1}".'),
)
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@dataclass
class Records:
    """The records of one table as text: header, rows of equal length, the line of each row."""

    header: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


_REFUSED = re.compile(r'[<>:"/\\|?*]')


def refuse(
    file: str, rule: str, remedy: str, *, row: int | None = None, column: str = "", value: str = ""
) -> DataError:
    """Return the error for a file that cannot be read at all."""
    return DataError(faults=[Fault(file, row, column, value, rule, remedy)])


def read_bytes(path: Path, file: str) -> bytes:
    """Return the bytes of a regular file that is not too large.

    Raises
    ------
    DataError
        If it is missing, no regular file, too large or not readable.
    """
    try:
        if not path.exists():
            raise refuse(file, "there is no such file", "Correct the path.")
        if not path.is_file():
            raise refuse(file, "is not a regular file", "Give a file.")
        size = path.stat().st_size
        if exceeds(size, sizes.MOST_BYTES):
            rule = f"the file has {size} bytes; at most {sizes.MOST_BYTES} are taken"
            raise too_large(file, rule, "Split it, use Parquet")
        return path.read_bytes()
    except OSError as error:
        raise refuse(file, f"the file cannot be read: {error.strerror}", "Check its permissions.") from error


def read_text(path: Path, file: str) -> str:
    """Return the text of a UTF-8 file, with or without BOM.

    Raises
    ------
    DataError
        If it is missing, too large, empty, or in another encoding.
    """
    data = read_bytes(path, file)
    remedy = "Save the file as UTF-8."
    if data.startswith(_WIDE_BOMS):
        raise refuse(file, "the file is in UTF-16 or UTF-32", remedy)
    place = data.find(b"\x00")
    if place >= 0:
        raise refuse(file, "the file holds a NUL byte", remedy, row=_line(data, place))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = "0x" + error.object[error.start : error.start + 1].hex()
        rule = "the file is not in UTF-8"
        raise refuse(file, rule, remedy, row=_line(error.object, error.start), value=found) from None
    if not text.strip():
        raise refuse(file, "the file is empty", "Write a header and rows, or remove the file.")
    return text


def _line(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


@contextmanager
def collector_off() -> Iterator[None]:
    """Stop the cycle collector, which else walks over millions of fresh rows again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def parse_csv(text: str, file: str, separator: str = ",") -> Records:
    """Split CSV text into records; rows that do not fit the header are faults, and are made to fit.

    A file whose header line ends in CRLF has CRLF for every line end, also within a cell.

    Raises
    ------
    DataError
        If quotes do not match, the cells are split by another character, or the table is larger than memory is
        given for.
    """
    newline = text.find("\n")
    if newline > 0 and text[newline - 1] == "\r":
        text = text.replace("\r\n", "\n")
    before = csv.field_size_limit(max(len(text), 1))
    try:
        with collector_off():
            return fit_records(_csv_rows(text, file, separator), file)
    finally:
        csv.field_size_limit(before)


def _csv_rows(text: str, file: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    line = 0
    try:
        for line, row in enumerate(reader, start=1):
            if line == 1 and len(row) == 1:
                _check_separator(row[0], file)
            yield line, row
    except csv.Error as error:
        rule = f"the row cannot be split into cells: {error}"
        remedy = "Close every quote, and double quotes within a quoted cell."
        raise refuse(file, rule, remedy, row=line + 1) from None


def _check_separator(header: str, file: str) -> None:
    """Refuse a header of one cell that another character splits."""
    for mark, name, word in ((";", "semicolons", ";"), ("\t", "tabs", "\\t"), (",", "commas", ",")):
        if mark in header:
            remedy = f'Read it with separator="{word}" (--separator "{word}")'
            remedy += ", which reads decimal commas too." if mark != "," else "."
            raise refuse(file, f"the cells are split by {name}", remedy, row=1)


def fit_records(numbered: Iterable[tuple[int, list[Any]]], file: str) -> Records:
    """Return the records of ``numbered`` rows, the first of them the header; ragged rows are faults."""
    out = Records()
    width = cells = blank = 0
    for line, row in numbered:
        if line == 1:
            out.header = [str(name) for name in row]
            width = len(row)
            if exceeds(width, sizes.MOST_COLUMNS):
                rule = f"the header has {width} columns; at most {sizes.MOST_COLUMNS}"
                raise too_large(file, rule, "Remove columns", row=1)
            continue
        if not row:
            blank = blank or line
            continue
        if blank:
            if len(out.faults) < MOST_FAULTS:
                out.faults.append(Fault(file, blank, "", "", "the row is blank", "Remove it."))
            blank = 0
        if len(row) != width:
            if len(out.faults) < MOST_FAULTS:
                rule = f"the row has {len(row)} cell{'s' * (len(row) != 1)}, the header has {width}"
                remedy = "Add the missing cells, or quote a cell that holds a comma."
                out.faults.append(Fault(file, line, "", "", rule, remedy))
            row = row[:width] + [""] * (width - len(row))
        out.rows.append(row)
        out.lines.append(line)
        cells += width
        if exceeds(len(out.rows), sizes.MOST_ROWS) or exceeds(cells, sizes.MOST_CELLS):
            rule = f"the table has more than {sizes.MOST_ROWS} rows or {sizes.MOST_CELLS} cells"
            raise too_large(file, rule, "Give bare edges as Parquet")
    return out


def load_json(text: str, file: str) -> Any:
    """Parse strict JSON: no NaN or Infinity, no number beyond the largest, no key twice in one object.

    Raises
    ------
    DataError
        If the text is anything else.
    """

    def constant(word: str) -> Any:
        raise ValueError(f"{word} is no JSON number")

    def real(word: str) -> float:
        value = float(word)
        if math.isinf(value):
            raise ValueError(f"{word[:40]} is larger than any number that can be kept")
        return value

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(items)
        if len(out) < len(items):
            names = [name for name, _ in items]
            raise ValueError(f'the key "{next(n for n in names if names.count(n) > 1)}" stands twice')
        return out

    remedy = "Correct the file."
    if exceeds(text.count("{") + text.count("["), sizes.MOST_JSON_PARTS):
        rule = f"holds more than {sizes.MOST_JSON_PARTS} objects and lists"
        raise too_large(file, rule, "Give bare edges as Parquet")
    try:
        return json.loads(text, parse_constant=constant, parse_float=real, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        raise refuse(file, f"not JSON: {error.msg}", remedy, row=error.lineno) from None
    except RecursionError:
        raise refuse(file, "not JSON that can be read: nested too deeply", remedy) from None
    except ValueError as error:
        raise refuse(file, f"not JSON: {error}", remedy) from None


def load_toml(text: str, file: str) -> dict[str, Any]:
    """Parse TOML.

    Raises
    ------
    DataError
        If the text is anything else.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number without end
        raise _toml_fault(text, file, str(error)[:200]) from None


def _toml_fault(text: str, file: str, said: str) -> DataError:
    """Return the error for text that is no TOML; usual slips are named by the line where they stand."""
    found = re.search(r"\(at line (\d+)", said)
    row = int(found[1]) if found else None
    lines = text.splitlines()
    line = lines[row - 1] if row is not None and row <= len(lines) else ""
    for pattern, rule, remedy in _SLIPS:
        slip = re.search(pattern, line)
        if slip:
            return refuse(file, rule, remedy.format(slip[1].replace(",", "."), slip[1]), row=row, value=slip[1])
    return refuse(file, f"no valid TOML: {said}", "Correct the file.")


def file_stem(name: str) -> str:
    """Return a name as every file system takes it: two underscores stand for what Windows refuses."""
    return _REFUSED.sub("__", name)


def number_text(value: float) -> str:
    """Return the shortest plain text that reads back as the same number; nothing for a missing one."""
    if value != value:
        return ""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


def csv_line(cells: Sequence[str]) -> str:
    """Return one CSV line; cells are quoted only where they must be."""
    quoted = [
        '"' + c.replace('"', '""') + '"' if any(mark in c for mark in '",\r\n') or c != c.strip() else c for c in cells
    ]
    # a lone empty cell would else be a blank line
    return (",".join(quoted) or '""') + "\n"


def written_cells(cells: pd.Series) -> list[str]:
    """Return a column as the text that a file holds; missing cells are empty."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return [number_text(v) for v in cells.to_numpy(dtype=np.float64).tolist()]
    return [str(v) for v in cells.fillna("").tolist()]
