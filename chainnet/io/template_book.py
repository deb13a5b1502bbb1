"""A graph of one's own as a workbook: lists to choose from, units, checks in the cell; and faults marked in a copy."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainnet.errors import DataError, Fault
from chainnet.io.atomic import write_file
from chainnet.io.template import template_network
from chainnet.io.text import read_bytes
from chainnet.io.workbook import META, guard, repacked
from chainnet.network import TABLES, TWICE, Column, Table, country_names, meta_words, rows_of

if TYPE_CHECKING:
    import pandas as pd

# sheets of the template, in the order in which they are filled in
_SHEETS = (
    "nodes", "edges", "demand", "commodities", "processes", "projects", "stakes", "stocks", "qualification", "cover",
    "contracts", "service", "rules", "groups", "references",
)  # fmt: skip
_LAST = 1000  # rows that have checks
_NEEDED, _FREE, _WRONG = "DDEBF7", "F2F2F2", "F8CBAD"
# columns whose words stand in a column of another sheet
_CHOICES = {
    ("edges", "source"): "nodes",
    ("edges", "target"): "nodes",
    ("demand", "node"): "nodes",
    ("stocks", "node"): "nodes",
    ("nodes", "process"): "processes",
    ("projects", "process"): "processes",
    ("stakes", "project"): "projects",
    ("cover", "node"): "nodes",
    ("contracts", "supplier"): "nodes",
    **{(sheet, "commodity"): "commodities" for sheet in _SHEETS if "commodity" in TABLES[sheet].names},
    **{(sheet, "reference"): "references" for sheet in _SHEETS if "reference" in TABLES[sheet].names},
}
_STEPS = (
    "Replace the example chain by your own, sheet by sheet; keep the first row of each sheet.",
    "Blue columns must be filled; an empty cell elsewhere is unknown, never zero; an empty capacity is no limit.",
    "A cell with a list opens it; the note on a column head says what it holds, in which unit.",
    "Delete the example rows of cover, contracts, service and rules where you know of none.",
    "Check it: chainnet check FILE. What is wrong is marked in a copy of the workbook, cell by cell.",
    "Ask it: chainnet chokepoints FILE, chainnet stress FILE, chainnet report FILE.",
)


def write_template_book(path: str | Path) -> Path:
    """Write the workbook that a graph of one's own starts from.

    Parameters
    ----------
    path : str or Path
        A new ``.xlsx`` file.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the file is there already, has another suffix, or cannot be written.
    """
    from openpyxl import Workbook

    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise DataError(f"{target}: the template is a workbook; give a name that ends in .xlsx.")
    if target.exists():
        raise DataError(f"{target}: stands already; give a new file.")
    network = template_network(target.stem)
    book = Workbook()
    book.remove(book.active)
    _add_guide(book)
    _fill(book.create_sheet(META), ["key", "value"], [*meta_words(network).items(), ("beneficiaries", None)])
    lists = _Lists()
    for name in _SHEETS:
        sheet = book.create_sheet(name)
        table = TABLES[name]
        columns, rows = _example(getattr(network, name), table)
        _fill(sheet, columns, rows)
        for place, column in enumerate(map(table.column, columns), start=1):
            _dress(sheet, table, column, place, lists)
    lists.write(book.create_sheet("lists"))
    for sheet in book:
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    out = io.BytesIO()
    book.save(out)
    return write_file(target, repacked(out.getvalue()))


def _example(frame: pd.DataFrame, table: Table) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return all columns of a table, and its rows in them."""
    held, rows = rows_of(frame, table.name)
    at = {name: place for place, name in enumerate(held)}
    return table.names, [tuple(row[at[name]] if name in at else None for name in table.names) for row in rows]


def _fill(sheet: Any, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    sheet.append(columns)
    for row in rows:
        sheet.append(["; ".join(cell) if isinstance(cell, list) else cell for cell in row])
    sheet.freeze_panes = "A2"


def _add_guide(book: Any) -> None:
    """Add the page that says what each sheet is for, and what each column holds."""
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet("guide")
    rows: list[tuple[str, ...]] = [("A supply chain of your own",), ()]
    rows += [(f"{number}. {step}",) for number, step in enumerate(_STEPS, start=1)]
    rows += [(), ("sheet", "what it is for", "must be filled")]
    heads = {1, len(rows)}
    rows.append(
        (META, "Name, title and year; main_commodity: what losses count; beneficiaries: whose demand counts.", "")
    )
    rows.append(("", "Beneficiaries are countries or groups, several split by semicolons: USA; FRA; NATO.", ""))
    rows += [(name, TABLES[name].description, "yes" if TABLES[name].required else "") for name in _SHEETS]
    rows += [(), ("sheet", "column", "unit", "what it holds", "allowed", "if empty")]
    heads.add(len(rows))
    for name in _SHEETS:
        for column in TABLES[name].columns:
            empty = "must be filled" if column.filled else column.missing
            rows.append((name, column.name, column.unit, column.description, column.range_words, empty))
    for row in rows:
        sheet.append(list(row))
    for number in heads:
        for cell in sheet[number]:
            cell.font = Font(bold=True, size=14 if number == 1 else 11)
    for letter, width in zip("ABCDEF", (16, 44, 16, 60, 44, 28), strict=True):
        sheet.column_dimensions[letter].width = width
    for cells in sheet.iter_rows(min_row=len(_STEPS) + 4):
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


class _Lists:
    """The sheet of words that cells choose from."""

    def __init__(self) -> None:
        self._columns: dict[str, list[str]] = {}

    def place(self, head: str, words: Iterable[str], table: str = "") -> str:
        """Return the range where the words stand."""
        from openpyxl.utils import get_column_letter

        if self._columns.setdefault(head, list(words)) != list(words):
            head = f"{table}.{head}"  # another table has a column of this name with other words
            self._columns.setdefault(head, list(words))
        letter = get_column_letter(list(self._columns).index(head) + 1)
        return f"lists!${letter}$2:${letter}${len(self._columns[head]) + 1}"

    def write(self, sheet: Any) -> None:
        """Fill the sheet."""
        self._columns["country name"] = [country_names()[code] for code in self._columns.get("country", ())]
        for place, (head, words) in enumerate(self._columns.items(), start=1):
            for row, word in enumerate([head, *words], start=1):
                sheet.cell(row, place, word)


def _dress(sheet: Any, table: Table, column: Column, place: int, lists: _Lists) -> None:
    """Give a column its note, colour, width, list and checks."""
    from openpyxl.comments import Comment
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    letter = get_column_letter(place)
    head = sheet.cell(1, place)
    unit = f" [{column.unit}]" if column.unit else ""
    rule = f"\n{column.range_words}" if column.range_words else ""
    empty = "\nmust be filled" if column.filled else f"\nempty: {column.missing}"
    head.comment = Comment(f"{column.description}{unit}{rule}{empty}", "chainnet", width=260, height=120)
    head.font = Font(bold=True)
    head.fill = PatternFill("solid", fgColor=_NEEDED if column.filled else _FREE)
    sheet.column_dimensions[letter].width = max(12, len(column.name) + 3)
    cells = f"{letter}2:{letter}{_LAST}"
    check = _validation(table, column, letter, lists)
    if check is not None:
        check.promptTitle, check.prompt = column.name[:32], f"{column.description}{unit}"[:255]
        sheet.add_data_validation(check)
        check.add(cells)
    red = PatternFill("solid", bgColor=_WRONG)
    last = get_column_letter(len(table.names))
    if column.filled:
        blank = f'AND(COUNTA($A2:${last}2)>0,{letter}2="")'
        sheet.conditional_formatting.add(cells, FormulaRule(formula=[blank], fill=red))
    if table.key == (column.name,):
        twice = f"COUNTIF(${letter}$2:${letter}${_LAST},{letter}2)>1"
        sheet.conditional_formatting.add(cells, FormulaRule(formula=[twice], fill=red))


def _validation(table: Table, column: Column, letter: str, lists: _Lists) -> Any:
    """Return the check of a column's cells, None where anything may stand there."""
    from openpyxl.worksheet.datavalidation import DataValidation

    kind: dict[str, Any]
    if column.words:
        kind = {"type": "list", "formula1": lists.place(column.name, column.words, table.name)}
    elif column.is_country:
        kind = {"type": "list", "formula1": lists.place("country", country_names())}
    elif (table.name, column.name) in _CHOICES:
        # a project's id, several references: other words may be right too
        other = f"{_CHOICES[table.name, column.name]}!$A$2:$A${_LAST}"
        kind = {"type": "list", "formula1": other, "errorStyle": "warning"}
    elif column.kind == "text":
        return None
    else:
        low = column.minimum if column.minimum is not None else column.above
        high, operator = column.maximum, "between"
        if low is None:
            low, high = -1e300, 1e300
        elif high is None:
            operator = "greaterThan" if column.above is not None else "greaterThanOrEqual"
        second = f"{high:g}" if operator == "between" else None
        whole = "whole" if column.kind == "integer" else "decimal"
        kind = {"type": whole, "operator": operator, "formula1": f"{low:g}", "formula2": second}
    said = column.range_words or ("a number" if column.kind != "text" else "one of the list")
    check = DataValidation(allow_blank=True, showErrorMessage=True, showInputMessage=True, **kind)
    check.errorTitle, check.error = column.name[:32], f"{column.name}: {said}."[:225]
    return check


def marked_copy(path: str | Path, error: DataError) -> Path:
    """Write a copy of a workbook in which every fault is marked at its cell, beside the workbook.

    Parameters
    ----------
    path : str or Path
        The workbook that could not be read.
    error : DataError
        What ``read`` raised for it.

    Returns
    -------
    Path
        ``NAME-marked.xlsx``: cells at fault are red and bear a note; the sheet ``faults``, first, lists all of them.

    Raises
    ------
    DataError
        If the workbook cannot be opened, or the copy not be written.
    """
    from openpyxl import load_workbook

    source = Path(path)
    data = read_bytes(source, source.name)
    guard(data, source.name)
    try:
        book = load_workbook(io.BytesIO(data), keep_links=False)
    except Exception:  # openpyxl lets any error of zip, XML and its own through
        raise DataError(f"{source.name}: cannot be opened, so no fault can be marked in it.") from None
    places = [_mark(book, fault) for fault in error.faults_list]
    _add_faults(book, error.faults_list, places)
    out = io.BytesIO()
    book.save(out)
    return write_file(source.with_name(f"{source.stem}-marked.xlsx"), repacked(out.getvalue()))


def _mark(book: Any, fault: Fault) -> str:
    """Mark the cell of a fault; return where it stands, nothing where it has no cell."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    title = fault.file.rpartition("!")[2]
    sheet = book[title] if title in book.sheetnames else None
    if sheet is None:
        return ""
    table = TABLES.get(title.strip().lower())
    twice = table is not None and fault.column == "".join(table.key[:1]) and fault.rule == TWICE
    columns = table.key if twice and table is not None else (fault.column,)
    cells = [_cell(sheet, replace(fault, column=column)) for column in columns]
    for cell in cells:
        cell.fill = PatternFill("solid", fgColor=_WRONG)
        words = f"{fault.rule}. {fault.remedy}"
        if cell.comment is not None and cell.comment.author == "chainnet check":
            words = f"{cell.comment.text}\n{words}"
        cell.comment = Comment(words, "chainnet check", width=320, height=120)
    return f"'{title}'!{cells[0].coordinate}"


def _cell(sheet: Any, fault: Fault) -> Any:
    """Return the cell where a fault stands: of a whole row its first cell, of a whole column its head."""
    if sheet.title.strip().lower() == META and fault.row is None:
        for row in range(2, sheet.max_row + 1):
            if str(sheet.cell(row, 1).value) == fault.column:
                return sheet.cell(row, 2)
    heads = [str(cell.value).strip() for cell in sheet[1]]
    named = [heads.index(fault.column)] if fault.column in heads else []
    close = [place for place, head in enumerate(heads) if head.lower() == fault.column.lower()]
    place = fault.row or 1, (named or close or [0])[0] + 1
    merged = (r for r in sheet.merged_cells.ranges if r.min_row <= place[0] <= r.max_row)
    held = next((r for r in merged if r.min_col <= place[1] <= r.max_col), None)
    return sheet.cell(*place) if held is None else sheet.cell(held.min_row, held.min_col)


def _add_faults(book: Any, faults: tuple[Fault, ...], places: list[str]) -> None:
    from openpyxl.styles import Font

    sheet = book.create_sheet("faults", 0)
    sheet.append(["cell", "value", "rule", "remedy"])
    for fault, place in zip(faults, places, strict=True):
        sheet.append([place.replace("'", "") or fault.file, None, None, None])
        row = sheet.max_row
        for column, text in enumerate((fault.value, fault.rule, fault.remedy), start=2):
            cell = sheet.cell(row, column, text)
            cell.data_type = "s"  # also what begins with = stays text
        if place:
            sheet.cell(row, 1).hyperlink = f"#{place}"
            sheet.cell(row, 1).style = "Hyperlink"
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCD", (24, 24, 60, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    book.active = 0
