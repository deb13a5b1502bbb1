"""A network as a workbook: one sheet per table and a sheet ``meta``; text only, never a formula."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, Fault
from chainnet.io.datapackage import take_meta
from chainnet.io.intake import Intake
from chainnet.io.sizes import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_MARKS,
    MOST_RATIO,
    MOST_UNPACKED,
    exceeds,
    too_large,
)  # fmt: skip
from chainnet.io.text import Records, fit_records, number_text, read_bytes, refuse
from chainnet.network import TABLES, Network, Reading, meta_words, plain_head, rows_of
from chainnet.words import infinite_word

META = "meta"
# sheets of the template and of the copy that shows the faults; they hold no data
OWN_SHEETS = ("guide", "lists", "faults")
_LISTS = ("main_commodity", "beneficiaries")
_HEADS = 8  # heads of a sheet, and sheets, that a message names
_LONGEST_CELL = 32_767
_MOST_ROWS = 1_048_575
_STAMP = (1980, 1, 1, 0, 0, 0)
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LOOKS_CODED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def workbook_bytes(network: Network) -> bytes:
    """Return a workbook with one sheet per table that has rows.

    Raises
    ------
    DataError
        If a cell or a table is larger than a sheet can hold.
    """
    meta: list[tuple[Any, ...]] = []
    for key, value in meta_words(network).items():
        meta += [(key, word) for word in (value if isinstance(value, list) else [value])]
    sheets = {META: (["key", "value"], meta)}
    filed = network.at(None)  # what opened since is a project in a file, and stands again when it is read
    for table in TABLES:
        frame = getattr(filed, table)
        if len(frame):
            sheets[table] = rows_of(frame, table)
    return _book_bytes(sheets)


def tables_bytes(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Return a workbook of any tables, one sheet each.

    Raises
    ------
    DataError
        If a cell or a table is larger than a sheet can hold.
    """
    return _book_bytes({title: (list(map(str, frame.columns)), _rows(frame)) for title, frame in tables.items()})


def _rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(zip(*([_cell_of(v, str(c)) for v in frame[c].tolist()] for c in frame.columns), strict=True))


def _cell_of(value: Any, column: str) -> Any:
    """Return a value as a sheet holds it: text, yes or no, a number; infinite as a word, missing as nothing."""
    if isinstance(value, (str, bool)):
        return value
    if pd.isna(value):
        return None
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else infinite_word(column)
    return str(value)


def _book_bytes(sheets: Mapping[str, tuple[list[str], list[tuple[Any, ...]]]]) -> bytes:
    from openpyxl import Workbook

    for title, (columns, rows) in sheets.items():
        _check_size(title, columns, rows)
    book = Workbook(write_only=True)
    book.properties.creator = "chainnet"
    book.properties.created = datetime(*_STAMP, tzinfo=UTC).replace(tzinfo=None)
    for title, (columns, rows) in sheets.items():
        _write_sheet(book, title, columns, rows)
    out = io.BytesIO()
    book.save(out)
    return repacked(out.getvalue())


def _check_size(title: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    """Refuse what a sheet would cut off; checked first, since openpyxl leaves its temporary files when stopped."""
    if len(rows) > _MOST_ROWS:
        raise DataError(f"write: {title} has {len(rows)} rows; a sheet holds {_MOST_ROWS}. Write a folder instead.")
    for number, row in enumerate(rows, start=2):
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, str) and len(_coded(value)) > _LONGEST_CELL:
                raise DataError(
                    f"write: {title} row {number}, {column}: {len(value)} characters; a cell of a workbook "
                    f"holds {_LONGEST_CELL}. Write a folder instead."
                )


def _coded(text: str) -> str:
    """Return text as a sheet holds it: carriage returns, and what looks like a code, as codes."""
    return _LOOKS_CODED.sub("_x005F_", text).replace("\r", "_x000D_")


def _write_sheet(book: Any, title: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    from openpyxl.cell import WriteOnlyCell

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append(columns)
    for row in rows:
        cells: list[Any] = []
        for value in row:
            if isinstance(value, str):
                cell = WriteOnlyCell(sheet, value=_coded(value))
                cell.data_type = "s"  # also what begins with = stays text
                cells.append(cell)
            else:
                plain = value is None or isinstance(value, bool)
                cells.append(value if plain else _number_cell(sheet, value))
        sheet.append(cells)


def _number_cell(sheet: Any, value: float) -> Any:
    from openpyxl.cell import WriteOnlyCell

    # openpyxl rounds numbers to 16 digits, but writes a text as it stands
    cell = WriteOnlyCell(sheet, value=number_text(float(value)))
    cell.data_type = "n"
    return cell


def repacked(data: bytes) -> bytes:
    """Return the workbook without clock times, packed so that the guard of the reader lets it in."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    for packing in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, content in parts:
                if name == "docProps/core.xml":
                    content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", content)
                info = zipfile.ZipInfo(name, _STAMP)
                info.compress_type = packing
                archive.writestr(info, content)
        if sum(len(content) for _, content in parts) <= MOST_RATIO * len(out.getvalue()):
            break
    return out.getvalue()


def read_workbook(path: Path, how: Reading) -> Network:
    """Read a network from a workbook whose sheets bear the names of tables, in any case, or from an edge list in one.

    Other sheets are left out, and that is said.

    Raises
    ------
    DataError
        If it is no workbook or unpacks too large, or with every fault of every sheet.
    """
    file, meta = path.name, dict[str, Any]()
    book = _opened(path)
    try:
        found, beside = _sorted_sheets(book, file, how)
        is_list = "edges" in found and "nodes" not in found
        intake = Intake(f"{file}!{{}}", f"{file}!{META}", replace(how, separator=""), forgiving=is_list)
        for table, sheet in found.items():
            if table in TABLES:
                intake.files[table] = f"{file}!{sheet.title}"
            _take_sheet(table, sheet, intake, meta)
        if beside:
            intake.said.append(f"sheets that are no table of ours left out: {', '.join(beside)}.")
    finally:
        book.close()
    return intake.network(**meta)


def take_beside(path: Path, sheet: str | None, intake: Intake) -> dict[str, Any]:
    """Take in the sheets that are tables of ours beside an edge list in another sheet; return what ``meta`` says."""
    meta: dict[str, Any] = {}
    book = _opened(path)
    try:
        for one in book.worksheets:
            table = one.title.strip().lower()
            if one.title != sheet and (table == META or is_beside(table, _header(one, path.name))):
                intake.files[table] = f"{path.name}!{one.title}"
                _take_sheet(table, one, intake, meta)
    finally:
        book.close()
    return meta


def is_beside(table: str, heads: Iterable[str]) -> bool:
    """Say whether a sheet of this name and these heads is a table of ours that goes with an edge list."""
    needed = {"id"} if table == "nodes" else _needed(table) if table in TABLES else set()
    return table in TABLES and table != "edges" and needed <= {head.lower() for head in heads}


def _opened(path: Path) -> Any:
    from openpyxl import load_workbook

    data = read_bytes(path, path.name)
    guard(data, path.name)
    try:
        return load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # openpyxl lets any error of zip, XML and its own through
        raise broken(path.name, error) from None


def _sorted_sheets(book: Any, file: str, how: Reading) -> tuple[dict[str, Any], list[str]]:
    """Return the sheet of each table, and the titles of the others.

    Raises
    ------
    DataError
        If two sheets are one table, a title is so near to that of a table that it must be a slip, or no sheet is a
        table of ours.
    """
    found: dict[str, Any] = {}
    others: list[Any] = []
    for sheet in book.worksheets:
        table = sheet.title.strip().lower()
        if table in found:
            rule = f'the sheet "{found[table].title}" is the table {table} too'
            raise refuse(f"{file}!{sheet.title}", rule, "Keep one of them.")
        if table in TABLES or table == META:
            found[table] = sheet
        elif table not in OWN_SHEETS:
            others.append(sheet)
    faults = []
    lists = []
    for sheet in others:
        header = {how.rename.get(name, name.lower()) for name in _header(sheet, file)}
        hint = checks.near(sheet.title.lower(), [t for t in TABLES if header & _needed(t)])
        if hint:
            rule = f"no table has this name;{hint}"
            remedy = f"Rename or remove the sheet. {checks.listed(TABLES)}"
            faults.append(Fault(f"{file}!{sheet.title}", None, "", "", rule, remedy))
        elif _fits("edges", header):
            lists.append(sheet)
    if faults:
        raise DataError(faults=faults)
    if "edges" not in found and len(lists) > 1:
        titles = ", ".join(sheet.title for sheet in lists)
        raise refuse(file, f"several sheets may be the edges: {titles}", 'Call one of them "edges".')
    if "edges" not in found and lists:
        found["edges"] = lists[0]
        others.remove(lists[0])
    if not found.keys() & TABLES.keys():
        raise _no_table(file, {sheet.title: _header(sheet, file) for sheet in others})
    return found, [f'"{sheet.title}"' for sheet in others]


def _no_table(file: str, heads: Mapping[str, list[str]]) -> DataError:
    """Return the error for a workbook of which no sheet is a table of ours; it says what stands in the sheets."""
    shown = [f'"{title}" has {", ".join(names[:_HEADS]) or "nothing"} in row 1' for title, names in heads.items()]
    rule = f"no sheet is a table of ours: {'; '.join(shown[:_HEADS]) or 'it is empty'}"
    remedy = (
        f"chainnet look {file} finds the row of its heads, and prints the command that reads it. Or name the ends of a "
        "list with rename= (--rename HEAD=source), or begin with chainnet init --excel FILE."
    )
    return refuse(file, rule, remedy)


def _header(sheet: Any, file: str) -> list[str]:
    try:
        sheet.reset_dimensions()
        first = next(sheet.iter_rows(max_row=1), ())
        return [str(cell.value).strip() for cell in first[:MOST_COLUMNS] if cell.value is not None]
    except Exception as error:  # openpyxl lets any error of zip, XML and its own through
        raise broken(file, error) from None


def _fits(table: str, header: set[str]) -> bool:
    """Say whether a header holds every column that a table must have."""
    return _needed(table) <= header


def _needed(table: str) -> set[str]:
    return {column.name for column in TABLES[table].columns if column.required}


def broken(file: str, error: Exception) -> DataError:
    """Return the error for what openpyxl cannot read."""
    words = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return refuse(file, f"not a workbook that can be read: {words}", "Save it again as .xlsx.")


def _take_sheet(title: str, sheet: Any, intake: Intake, meta: dict[str, Any]) -> None:
    file = intake.place if title == META else intake.files[title]
    try:
        records = _records(sheet, file)
    except DataError as error:
        intake.unreadable(title, error)
        return
    if title in TABLES:
        intake.add(title, records)
        return
    intake.faults += records.faults
    if [plain_head(name) for name in records.header] != ["key", "value"]:
        intake.fault("the columns must be key and value", "Correct the header.")
        return
    words: dict[str, Any] = {}
    for given, value in records.rows:
        key = plain_head("" if given is None else given)
        if not key:
            intake.fault("the key is blank", "Write which it is.", column="key", value=value)
        elif key in _LISTS:
            words.setdefault(key, []).extend(_split(key, value))
        elif key in words:
            intake.fault("the key stands twice", "Keep one row.", column="key", value=key)
        elif key not in ("base_year", "year"):
            words[key] = None if value is None else str(value)
        else:
            words[key] = int(value) if isinstance(value, float) and value.is_integer() else value
    meta.update(take_meta(words, intake))


def _split(key: str, value: Any) -> list[str]:
    """Return the words of a cell that lists several; a row may stand for each as well."""
    marks = "[;,]" if key == "beneficiaries" else ";"  # a commodity may have a comma in its id
    return [word.strip() for word in re.split(marks, "" if value is None else str(value)) if word.strip()]


def _records(sheet: Any, file: str) -> Records:
    """Return the records of a sheet; cells that hold no plain text or number are faults."""
    faults: list[Fault] = []
    try:
        sheet.reset_dimensions()  # what the file claims its size to be is not to be trusted
        records = fit_records(_sheet_rows(sheet, file, faults), file)
    except DataError:
        raise
    except Exception as error:  # openpyxl lets any error of zip, XML and its own through
        raise broken(file, error) from None
    if not records.header:
        raise refuse(file, "the sheet is empty", "Write a header and rows, or remove the sheet.")
    records.faults += faults
    return records


def _sheet_rows(sheet: Any, file: str, faults: list[Fault]) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows, each as wide as the header unless a cell beyond it is filled."""
    header: list[Any] = []
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        if len(cells) > 5 * MOST_COLUMNS:
            raise refuse(file, f"a cell stands beyond column {5 * MOST_COLUMNS}", "Remove it.", row=line)
        row = [_value(cell, file, line, header, faults) for cell in cells]
        while row and row[-1] is None:
            row.pop()
        if line == 1:
            header = ["" if name is None else name for name in row]
            yield line, header
        else:
            yield line, row + [None] * (len(header) - len(row)) if row else row


def _value(cell: Any, file: str, line: int, header: list[Any], faults: list[Fault]) -> Any:
    value, kind = cell.value, cell.data_type
    if value is None or value == "":
        return None
    if kind in ("s", "inlineStr", "str") and isinstance(value, str):
        return _CODE.sub(lambda found: chr(int(found.group(1), 16)), value) if "_x" in value else value
    if kind == "n" and isinstance(value, (int, float)) and value not in (math.inf, -math.inf):
        return value
    place = cell.column - 1
    column = str(header[place]) if place < len(header) else ""
    words = {
        "f": ("the cell holds a formula", "Paste its value instead."),
        "n": ("larger than any number that can be kept", "Correct it."),
        "e": ("the cell holds an error", "Correct it, or leave the cell empty."),
        "b": ("the cell holds a logical value", "Format the cell as text."),
        "d": ("the cell holds a date", "Format the cell as text or number."),
    }
    rule, remedy = words.get(kind, ("the cell holds neither text nor a number", "Correct it."))
    text = str(value) if isinstance(value, (str, bool, int, float)) else type(value).__name__
    faults.append(Fault(file, line, column, text[:80], rule, remedy))
    return None


def guard(data: bytes, file: str) -> None:
    """Refuse what is no zip, what unpacks too large, and what holds more cells than a network needs."""
    remedy = "Save the tables as CSV in a folder instead"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if exceeds(size, MOST_UNPACKED) or exceeds(size, MOST_RATIO * len(data)):
                rule = f"unpacks to {size} bytes from {len(data)}; at most {MOST_UNPACKED} and {MOST_RATIO} times"
                raise too_large(file, rule, remedy)
            marks = 0
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    marks += _check_part(archive.read(part), part.filename, file)
            if exceeds(marks, MOST_MARKS):
                raise too_large(file, f"holds {marks} XML elements; at most {MOST_MARKS}", remedy)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise broken(file, error) from None
    except Exception as error:
        if isinstance(error, DataError):
            raise
        raise broken(file, error) from None


def _check_part(content: bytes, name: str, file: str) -> int:
    if exceeds(len(content), MOST_BYTES):
        raise too_large(file, f"{name} unpacks to {len(content)} bytes; at most {MOST_BYTES}", "Split the tables")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content[:4]:
        raise refuse(file, f"{name} declares a document type or an entity", "Save it again as .xlsx.")
    return content.count(b"<") // 2
