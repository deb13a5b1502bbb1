"""The report as a workbook: one table a sheet, values only, text that looks like a formula stays text."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chainnet.reporting.model import Cell, Document, ReportColumn, ReportTable, Sentence

__all__ = ["sheet_names", "workbook_report"]

HEAD_ROW = 3  # the fourth line, as people count
CELL_LIMIT = 32767
NAME_LIMIT = 31
CREATED = datetime(2000, 1, 1)  # fixed, so that the same content gives the same bytes
WIDEST = 60
READ_ME, COLUMNS = "Read me", "Columns"
FORMATS = {"number": "#,##0.###", "share": "0.0%", "year": "0", "count": "#,##0"}
CUT = " [cut: the cell is full]"


def workbook_report(document: Document) -> bytes:
    """Return the workbook of a report.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
        XLSX: a read-me sheet, one sheet a table with all rows at full precision, the inputs, a codebook.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    title = f"{document.marking} | {document.title}" if document.marking else document.title
    book.set_properties(
        {
            "title": title[:255],
            "author": document.author[:255],
            "created": CREATED,
            "comments": f"chainnet {document.version}",
        }
    )
    writer = _Writer(book, document)
    tables = [*document.tables, *document.inputs]
    names = sheet_names(tables)
    writer.read_me(tables, names)
    for table in tables:
        writer.table(table, names[table.id])
    writer.codebook(tables, names)
    book.close()
    return buffer.getvalue()


def sheet_names(tables: Sequence[ReportTable]) -> dict[str, str]:
    """Return table id -> name of its sheet: unique, without characters that a workbook forbids."""
    taken = {READ_ME.lower(), COLUMNS.lower()}
    out: dict[str, str] = {}
    for table in tables:
        plain = re.sub(r"[\[\]:*?/\\]", " ", table.sheet).strip("' ")[:NAME_LIMIT] or "ReportTable"
        name, number = plain, 2
        while name.lower() in taken:
            name = f"{plain[: NAME_LIMIT - 4]} {number}"
            number += 1
        taken.add(name.lower())
        out[table.id] = name
    return out


class _Writer:
    """Writes sheets in one style."""

    def __init__(self, book: Any, document: Document) -> None:
        self.book, self.document = book, document
        self.bold = book.add_format({"bold": True, "valign": "top"})
        self.head = book.add_format({"bold": True, "valign": "bottom", "text_wrap": True, "bottom": 1})
        self.plain = book.add_format({"valign": "top"})
        self.wrap = book.add_format({"valign": "top", "text_wrap": True})
        self.numbers = {kind: book.add_format({"num_format": form, "valign": "top"}) for kind, form in FORMATS.items()}
        self.says = book.add_format({"valign": "top", "align": "right"})

    def _sheet(self, name: str) -> Any:
        sheet = self.book.add_worksheet(name)
        marking = self.document.marking.replace("&", "&&")[:100]
        foot = f"&L{self.document.vintage.replace('&', '&&')[:80]}&Cpage &P of &N&Rinput {self.document.digest}"
        sheet.set_header(f"&C{marking}" if marking else "")
        sheet.set_footer(f"{foot}\n{marking}" if marking else foot)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _text(self, sheet: Any, row: int, column: int, text: str, form: Any = None) -> None:
        kept = text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - len(CUT)] + CUT
        if kept:
            sheet.write_string(row, column, kept, form or self.plain)

    def read_me(self, tables: Sequence[ReportTable], names: dict[str, str]) -> None:
        """Write the sheet that says what the workbook holds."""
        document = self.document
        sheet = self._sheet(READ_ME)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 110)
        rows: list[tuple[str, str]] = []
        if document.marking:
            rows.append(("Marking", document.marking))
        rows += [("Report", document.title), ("Asked", document.subtitle)]
        if document.author:
            rows.append(("Author", document.author))
        rows += [
            ("Data", document.vintage),
            ("Input digest", document.digest),
            ("Version", f"chainnet {document.version}"),
        ]
        rows += [(s.head, s.text) for s in document.bottom_line]
        signs = document.annexes[0].blocks[0]
        rows += [(s.head, s.text) for s in signs[:3] if isinstance(s, Sentence)] if isinstance(signs, tuple) else []
        rows.append(
            ("Numbers", "Full precision in the cells, rounded on show. Text that looks like a formula is text.")
        )
        cite = f"{document.title}. {document.vintage}, input digest {document.digest}, chainnet {document.version}."
        rows += [
            ("To cite", cite),
            (
                "Licence",
                "The facts are those of the sources named row by row; what each allows is for its publisher to say.",
            ),
            ("Known limits", "Sheets Gaps and Assumptions say what is missing and which way that pushes the answers."),
        ]
        rows.append(("Sheets", "Name of the sheet, then the report's table and what it answers:"))
        rows += [(names[t.id], f"{t.id}: {t.title}" if not t.id.startswith("I ") else t.title) for t in tables]
        rows.append((COLUMNS, "Every column of every sheet: unit and meaning"))
        for i, (left, right) in enumerate(rows):
            self._text(sheet, i, 0, left, self.bold)
            self._text(sheet, i, 1, right, self.wrap)

    def table(self, table: ReportTable, name: str) -> None:
        """Write one table: title, what stands here, header in the fourth line, then rows."""
        sheet = self._sheet(name)
        marking = f"{self.document.marking}. " if self.document.marking else ""
        self._text(sheet, 0, 0, f"{table.id} {table.title}", self.bold)
        said = f"{marking}{table.subtitle} {table.note} {table.standing}"
        self._text(sheet, 1, 0, said)
        is_input = table.id.startswith("I ")
        borne = () if is_input else _BORNE
        columns = [*table.columns, *(ReportColumn(key, key) for key in borne)]
        tail = [Cell(t or "-", t or "-") for t in _borne(table)] if borne else []
        keys = _unique([c.key for c in columns])
        for j, (column, key) in enumerate(zip(columns, keys, strict=True)):
            self._text(sheet, HEAD_ROW, j, key, self.head)
            sheet.set_column(
                j, j, _width(column, key, [row[j].text for row in table.rows] if j < len(table.columns) else [])
            )
        for i, row in enumerate(table.rows):
            for j, cell in enumerate([*row, *tail]):
                self._cell(sheet, HEAD_ROW + 1 + i, j, columns[j], cell)
        last = HEAD_ROW + max(len(table.rows), 1)
        ident = re.sub(r"\W", "_", f"tbl_{table.id}")
        sheet.add_table(
            HEAD_ROW,
            0,
            last,
            len(columns) - 1,
            {
                "name": ident,
                "columns": [{"header": key, "header_format": self.head} for key in keys],
                "style": "Table Style Light 1",
                "banded_rows": False,
                "autofilter": True,
            },
        )
        if table.total:
            for j, cell in enumerate([*table.total, *tail]):
                self._cell(sheet, last + 2, j, columns[j], cell)
        sheet.freeze_panes(HEAD_ROW + 1, 0)
        sheet.repeat_rows(HEAD_ROW)

    def _cell(self, sheet: Any, row: int, column: int, kind: ReportColumn, cell: Cell) -> None:
        if isinstance(cell.value, float):
            sheet.write_number(row, column, cell.value, self.numbers.get(kind.kind, self.numbers["number"]))
        else:
            self._text(sheet, row, column, cell.text, self.says if kind.is_number else self.plain)

    def codebook(self, tables: Sequence[ReportTable], names: dict[str, str]) -> None:
        """Write what every column means."""
        sheet = self._sheet(COLUMNS)
        self._text(sheet, 0, 0, "Columns of every sheet", self.bold)
        self._text(
            sheet,
            1,
            0,
            f"{self.document.marking}. Units and meanings." if self.document.marking else "Units and meanings.",
        )
        heads = ("sheet", "column", "label", "unit", "meaning")
        for j, head in enumerate(heads):
            self._text(sheet, HEAD_ROW, j, head, self.head)
        row = HEAD_ROW
        for table in tables:
            for column in table.columns:
                row += 1
                cells = (names[table.id], column.key, column.head, column.unit, column.meaning)
                for j, words in enumerate(cells):
                    self._text(sheet, row, j, words or "-")
        sheet.add_table(
            HEAD_ROW,
            0,
            row,
            len(heads) - 1,
            {
                "name": "tbl_columns",
                "columns": [{"header": h} for h in heads],
                "style": "Table Style Light 1",
                "banded_rows": False,
            },
        )
        for j, width in enumerate((20, 26, 34, 16, 70)):
            sheet.set_column(j, j, width)
        sheet.freeze_panes(HEAD_ROW + 1, 0)
        sheet.repeat_rows(HEAD_ROW)


# what every row of a result sheet ends with
_BORNE = ("status", "inputs", "range_kind", "reference", "table_id")


def _borne(table: ReportTable) -> tuple[str, ...]:
    return table.status, table.inputs, table.range_kind or "n/a", table.reference, table.id


def _unique(keys: Sequence[str]) -> list[str]:
    """Return header names of which no two are equal, whatever their case."""
    out: list[str] = []
    for key in keys:
        name, number = key, 2
        while name.lower() in {k.lower() for k in out}:
            name, number = f"{key}_{number}", number + 1
        out.append(name)
    return out


def _width(column: ReportColumn, key: str, texts: Sequence[str]) -> int:
    longest = max([len(t) for t in texts], default=0)
    return min(max(longest + 2, min(len(key) + 2, 16), 9), WIDEST)
