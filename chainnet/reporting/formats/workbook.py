"""The report as a workbook: contents, charts, one table a sheet; values only, what looks like a formula stays text.

A sheet reads from above: what the table says, its unit, how its figures were made; the heads in words, below them the
names of the columns in code; the rows; what the table's notes say. What is printed stands at the left.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from textwrap import wrap
from typing import Any

from chainnet.reporting import canvas as fig
from chainnet.reporting.formats.charts import Chart, charts, figures_of
from chainnet.reporting.model import Cell, Document, ReportColumn, ReportTable
from chainnet.reporting.texts import SIGNS
from chainnet.words import MINUS, NBSP, NO_DATA, NOT_APPLICABLE, NOT_ASKED, number, percent, spelled

HEAD_ROW, CODE_ROW, FIRST_ROW = 3, 4, 5  # the fourth to the sixth line, as people count
CELL_LIMIT = 32767
NAME_LIMIT = 31
CREATED = datetime(2000, 1, 1)  # fixed, so that the same content gives the same bytes
NARROWEST, WIDEST, WIDEST_CODE = 9, 46, 14
PAGE = 118  # width of a printed page in signs: columns beyond those of the report are printed while there is room
CHART_LINES, CHART_WIDTH = 19, 560  # rows that a chart takes, and its width in pixels
CHART_ROW, CHART_SCALE, PAGE_LINES = 15, 60, 54  # points of a row, per cent in print, rows on a page
READ_ME, CONTENTS, CHARTS, COLUMNS = "Read me", "Contents", "Charts", "Columns"
LEAST = 0.001  # smaller figures are shown in powers of ten
CUT = " [cut: the cell is full]"
ALONE = "Workbook alone"
_CONTENTS = (  # code, head and width of each column
    *(("sheet", "Sheet", 22), ("part", "Part of the report", 34), ("table_id", "Table", 10)),
    *(("title", "What it says", 60), ("rows", "Rows", 7), ("status", "How it was made", 30)),
    ("inputs", "Inputs known as", 16),
)
_CODEBOOK = (
    *(("sheet", "Sheet", 20), ("column", "Column in code", 26), ("label", "Head", 34), ("unit", "Unit", 16)),
    ("meaning", "Meaning", 70),
)


def workbook_report(document: Document) -> bytes:
    """Return the workbook of a report.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
        XLSX: a read-me sheet, contents with links, charts, one sheet a table with all rows at full precision, the
        inputs, a codebook. A table in which nothing stands has no sheet; the contents name it.
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
    every = [*document.tables, *document.inputs]
    empty = {table.id for table in empty_tables(every)}
    tables = [table for table in every if table.id not in empty]
    writer = _Writer(book, document, sheet_names(tables))
    drawn = charts(tables)
    writer.read_me()
    writer.contents(tables, [table for table in every if table.id in empty], drawn)
    if drawn:
        writer.charts(drawn)
    for table in tables:
        writer.table(table)
    writer.codebook(tables)
    book.close()
    return buffer.getvalue()


def empty_tables(tables: Iterable[ReportTable]) -> tuple[ReportTable, ...]:
    """Return the tables in which nothing stands: without rows, or with one row that says that there are none."""
    return tuple(table for table in tables if _is_empty(table))


def _is_empty(table: ReportTable) -> bool:
    if len(table.rows) != 1:
        return not table.rows
    numbers = [cell.value for column, cell in zip(table.columns, table.rows[0], strict=True) if column.is_number]
    return bool(numbers) and all(value is None for value in numbers) and NOT_ASKED in _texts(table.rows[0])


def _texts(row: Sequence[Cell]) -> list[str]:
    return [cell.text for cell in row]


def sheet_names(tables: Sequence[ReportTable]) -> dict[str, str]:
    """Return table id -> name of its sheet: unique, without characters that a workbook forbids."""
    taken = {name.lower() for name in (READ_ME, CONTENTS, CHARTS, COLUMNS)}
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


@dataclass(frozen=True)
class _Shown:
    """A column of a sheet with its heads and cells; ``is_said``: of the table, the same in every row."""

    column: ReportColumn
    code: str
    head: str
    cells: Sequence[Cell]
    is_said: bool

    @property
    def width(self) -> float:
        """Return how wide it is, in signs."""
        longest = max(len(cell.text) for cell in self.cells)
        word = max((len(w) for w in self.head.split()), default=0)
        return min(max(longest + 2, word + 2, min(0.62 * len(self.code) + 3, WIDEST_CODE), NARROWEST), WIDEST)


class _Writer:
    """Writes sheets in one style."""

    def __init__(self, book: Any, document: Document, names: dict[str, str]) -> None:
        self.book, self.document, self.names = book, document, names
        self.marking = f"{document.marking}. " if document.marking else ""
        self.title = book.add_format({"bold": True, "font_size": 13, "valign": "top"})
        self.bold = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
        self.head = book.add_format({"bold": True, "valign": "bottom", "text_wrap": True})
        self.head_right = book.add_format(
            {"bold": True, "valign": "bottom", "text_wrap": True, "align": "right", "indent": 1}
        )
        small = {"font_size": 7, "font_color": fig.GREY, "bold": False, "bottom": 1, "valign": "vcenter"}
        self.code, self.code_right = book.add_format(small), book.add_format({**small, "align": "right", "indent": 1})
        self.plain = book.add_format({"valign": "top"})
        self.wrap = book.add_format({"valign": "top", "text_wrap": True})
        self.note = book.add_format({"valign": "top", "font_color": fig.GREY})
        self.says = book.add_format({"valign": "top", "align": "right", "indent": 1})
        self.link = book.add_format({"valign": "top", "font_color": fig.LINK, "underline": 1})
        self._made: dict[str, Any] = {}

    # -- one cell -------------------------------------------------------------------------------

    def _format(self, form: str) -> Any:
        """Return the format of a figure, made once."""
        if form not in self._made:
            look = {"valign": "top", "num_format": form, "align": "right", "indent": 1}
            self._made[form] = self.book.add_format(look)
        return self._made[form]

    def _text(self, sheet: Any, row: int, column: int, text: str, form: Any = None) -> None:
        kept = text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - len(CUT)] + CUT
        if kept:
            sheet.write_string(row, column, kept, form or self.plain)

    def _go(self, sheet: Any, row: int, column: int, name: str, text: str) -> None:
        """Write a link to another sheet."""
        place = name.replace("'", "''")
        sheet.write_url(row, column, f"internal:'{place}'!A1", self.link, text)

    def _cell(self, sheet: Any, row: int, place: int, shown: _Shown, cell: Cell) -> None:
        if isinstance(cell.value, float):
            sheet.write_number(row, place, cell.value, self._format(_number_form(shown.column.kind, cell.value)))
        else:
            words = self.plain if shown.is_said else self.wrap  # what is said of all rows makes none higher
            self._text(sheet, row, place, cell.text, self.says if shown.column.is_number else words)

    # -- one sheet ------------------------------------------------------------------------------

    def _sheet(self, name: str) -> Any:
        sheet = self.book.add_worksheet(name)
        marking = self.document.marking.replace("&", "&&")[:100]
        foot = f"&L{self.document.vintage.replace('&', '&&')[:80]}&Cpage &P of &N&Rinput {self.document.digest}"
        sheet.set_header(f"&L{name.replace('&', '&&')}&C{marking}" if marking else f"&L{name.replace('&', '&&')}")
        sheet.set_footer(f"{foot}\n{marking}" if marking else foot)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(1)
        return sheet

    def _above(self, sheet: Any, title: str, line: str, back: str = CONTENTS, standing: str = "") -> None:
        """Write what stands above a table: its title, its marking and unit, a link back, how it was made."""
        self._text(sheet, 0, 0, title, self.title)
        self._text(sheet, 1, 0, line)
        self._go(sheet, 2, 0, back, back)
        self._text(sheet, 2, 1, standing)

    def _listed(self, sheet: Any, ident: str, codes: Mapping[str, bool], last: int) -> None:
        """Mark rows as a table that can be filtered, and keep its heads in view and on every page.

        ``codes`` are the names of the columns, each with whether its cells stand at the right.
        """
        sheet.add_table(
            CODE_ROW,
            0,
            last,
            len(codes) - 1,
            {
                "name": re.sub(r"\W", "_", f"tbl_{ident}"),
                "columns": [
                    {"header": code, "header_format": self.code_right if right else self.code}
                    for code, right in codes.items()
                ],
                "style": "Table Style Light 1",
                "banded_rows": False,
            },
        )
        sheet.set_row(CODE_ROW, 16)
        sheet.freeze_panes(FIRST_ROW, 0)
        sheet.repeat_rows(HEAD_ROW, CODE_ROW)

    def read_me(self) -> None:
        """Write the sheet that says what the report says, and what the signs mean."""
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
        if document.front:
            front = document.front
            said = [
                front.title,
                *(f"{value} {caption}" for value, caption in front.key_figures),
                *(said for _, said, _ in front.sentences),
            ]
            rows += [("Finding" if not i else "", text) for i, text in enumerate(said)]
        rows += [(one.head, one.text) for one in SIGNS]
        cite = f"{document.title}. {document.vintage}, input digest {document.digest}, chainnet {document.version}."
        rows += [
            ("Numbers", "Full precision in the cells, rounded on show. Text that looks like a formula is text."),
            ("Heads", "In words; below them in small print the names of the columns in code, as Python has them."),
            ("To cite", cite),
            (
                "Licence",
                "The facts are those of the sources named row by row; what each allows is for its publisher to say.",
            ),
            ("Known limits", "Sheets Gaps and Assumptions say what is missing and which way that pushes the answers."),
        ]
        for i, (left, right) in enumerate(rows):
            self._text(sheet, i, 0, left, self.bold)
            self._text(sheet, i, 1, right, self.wrap)
        self._text(sheet, len(rows), 0, "Sheets", self.bold)
        self._go(sheet, len(rows), 1, CONTENTS, "Contents, with a link to every sheet")

    def contents(self, tables: Sequence[ReportTable], empty: Sequence[ReportTable], drawn: Sequence[Chart]) -> None:
        """Write what stands where: a line a sheet, in the order of the report."""
        sheet = self._sheet(CONTENTS)
        self._above(sheet, f"{self.document.title}: contents", self.document.marking or self.document.vintage, READ_ME)
        parts: dict[str, str] = {}  # the heading under which each table stands first
        for part in self.document.sections:
            for block in (*part.blocks, *part.more):
                if isinstance(block, ReportTable):
                    parts.setdefault(block.id, part.heading)
        charts = f"{spelled(len(drawn), 'chart')} of the main tables", len(drawn), "as their tables", "as their tables"
        rows: list[tuple[str | int, ...]] = [(CHARTS, "All parts", NOT_APPLICABLE, *charts)] if drawn else []
        for table in tables:
            ident = NOT_APPLICABLE if table.id.startswith("I ") else table.id
            made = table.status or NOT_APPLICABLE, table.inputs or NOT_APPLICABLE
            rows.append((self.names[table.id], parts.get(table.id, ALONE), ident, table.title, len(table.rows), *made))
        words = "Every column of every sheet: unit and meaning", sum(len(table.columns) for table in tables)
        rows.append((COLUMNS, ALONE, NOT_APPLICABLE, *words, NOT_APPLICABLE, NOT_APPLICABLE))
        self._lines(sheet, "contents", _CONTENTS, rows)
        for i, table in enumerate(empty, FIRST_ROW + len(rows) + 1):
            said = next((t for t in (_texts(table.rows[0]) if table.rows else []) if t != NOT_ASKED), "no rows")
            self._text(sheet, i, 0, f"No sheet: {table.id} {table.title}: {said}.", self.note)

    def _lines(self, sheet: Any, ident: str, columns: Sequence[tuple[str, str, int]], rows: Sequence[Any]) -> None:
        """Write a list of sheets or columns; the contents link to the sheet that a line begins with."""
        for j, (_, head, width) in enumerate(columns):
            self._text(sheet, HEAD_ROW, j, head, self.head_right if head == "Rows" else self.head)
            sheet.set_column(j, j, width)
        for i, row in enumerate(rows, FIRST_ROW):
            for j, said in enumerate(row):
                if isinstance(said, int):
                    sheet.write_number(i, j, said, self._format("#,##0"))
                elif j or ident != "contents":
                    self._text(sheet, i, j, said or NOT_ASKED, self.wrap)
                else:
                    self._go(sheet, i, j, said, said)
        self._listed(sheet, ident, {code: head == "Rows" for code, head, _ in columns}, CODE_ROW + len(rows))

    def table(self, table: ReportTable) -> None:
        """Write one table: above it what it says, the heads, the rows, its notes."""
        is_input = table.id.startswith("I ")
        sheet = self._sheet(self.names[table.id])
        sheet.set_tab_color(fig.RULE if is_input else fig.LINK)
        shown, printed = _columns(table, is_input)
        page = int(sum(column.width for column in shown[:printed]))
        subtitle, *more = wrap(table.subtitle, max(page, 100)) or [""]
        title = table.title if is_input else f"{table.id} {table.title}"
        self._above(sheet, title, f"{self.marking}{subtitle}", standing=table.standing)
        for j, column in enumerate(shown):
            self._text(sheet, HEAD_ROW, j, column.head, self.head_right if column.column.is_number else self.head)
            sheet.set_column(j, j, column.width)
            for i, cell in enumerate(column.cells, FIRST_ROW):
                self._cell(sheet, i, j, column, cell if cell.text.strip() else replace(cell, text=NO_DATA))
        last = CODE_ROW + len(table.rows)
        self._listed(sheet, table.id, {column.code: column.column.is_number for column in shown}, last)
        sources = f"Sources: {table.reference}." if table.reference and not is_input else ""
        notes = [*more, *wrap(table.note, max(page, 100)), *wrap(sources, max(page, 100))]
        below = last + 2
        for i, line in enumerate(notes):
            self._text(sheet, below + i, 0, line, self.note)
        sheet.print_area(0, 0, below + len(notes), printed - 1)

    def charts(self, drawn: Sequence[Chart]) -> None:
        """Write the charts of the main tables, each beside the figures that it shows."""
        sheet = self._sheet(CHARTS)
        sheet.set_column(0, 0, 80)
        sheet.set_column(1, 1, 36)
        sheet.set_column(2, 8, 12)
        self._above(sheet, "Charts of the main tables", self.document.marking or self.document.vintage)
        sheet.set_default_row(CHART_ROW)
        sheet.set_print_scale(CHART_SCALE)
        row, page = HEAD_ROW, 0
        breaks = []
        for chart in drawn:
            tall = max(CHART_LINES, len(chart.lines)) + 3
            if row + tall - page > PAGE_LINES:
                breaks.append(row)
                page = row
            self._chart(sheet, row, chart)
            row += tall
        sheet.set_h_pagebreaks(breaks)
        sheet.print_area(0, 0, row, 1 + max(len(chart.series) for chart in drawn))

    def _chart(self, sheet: Any, row: int, chart: Chart) -> None:
        self._go(sheet, row, 0, self.names[chart.table], chart.title)
        self._text(sheet, row, 1, "What is shown", self.head)
        sheet.set_row(row, 2 * CHART_ROW)
        for j, (head, _) in enumerate(chart.series, start=2):
            self._text(sheet, row, j, head if chart.is_share else f"{head}, {chart.unit}", self.head_right)
        for i, (line, figures) in enumerate(figures_of(chart), start=row + 1):
            self._text(sheet, i, 1, line)
            for j, figure in enumerate(figures, start=2):
                if figure is None:
                    self._text(sheet, i, j, NO_DATA, self.says)
                else:
                    form = _number_form("share" if chart.is_share else "number", figure)
                    sheet.write_number(i, j, figure, self._format(form))
        kind = {"type": "line"} if chart.kind == "line" else {"type": "bar"}
        made = self.book.add_chart(kind)
        first, last = row + 1, row + len(chart.lines)
        for j in range(len(chart.series)):
            colour = fig.tier_colour(j) if chart.of_tiers else (fig.BAR, fig.BAR_LIGHT)[j % 2]
            drawn = {"line": {"color": colour, "width": 2.25}} if chart.kind == "line" else {"fill": {"color": colour}}
            made.add_series(
                {
                    # by reference: a name that looks like a formula stays text
                    "name": [CHARTS, row, j + 2],
                    "categories": [CHARTS, first, 1, last, 1],
                    "values": [CHARTS, first, j + 2, last, j + 2],
                    "gap": 40,
                    **drawn,
                }
            )
        form = "0%" if chart.is_share else "#,##0"
        values = {"num_format": form, "min": 0, "major_gridlines": {"visible": True, "line": {"color": fig.RULE}}}
        if chart.is_share:
            values["max"] = 1
        else:
            values["name"] = chart.unit
        if chart.kind == "line":
            made.set_y_axis(values)
            made.set_x_axis({"interval_unit": max(len(chart.lines) // 12, 1), "num_font": {"rotation": -45}})
        else:  # the first line at the top
            made.set_y_axis({"reverse": True})
            made.set_x_axis({**values, "label_position": "high"})
        made.set_title({"none": True})
        made.set_legend({"position": "bottom"} if len(chart.series) > 1 else {"none": True})
        made.set_size({"width": CHART_WIDTH, "height": 20 * CHART_LINES})
        sheet.insert_chart(row + 1, 0, made, {"description": chart.title, "object_position": 2})

    def codebook(self, tables: Sequence[ReportTable]) -> None:
        """Write what every column means."""
        sheet = self._sheet(COLUMNS)
        self._above(sheet, "Columns of every sheet", f"{self.marking}Units and meanings.")
        rows = [
            (self.names[table.id], column.key, column.head, column.unit or column.kind, column.meaning)
            for table in tables
            for column in table.columns
        ]
        self._lines(sheet, "columns", _CODEBOOK, rows)


# -- columns ------------------------------------------------------------------------------------

# what every row of a result sheet ends with
_BORNE = (
    ("status", "How it was made"),
    ("inputs", "Inputs known as"),
    ("range_kind", "Kind of range"),
    ("reference", "Sources"),
    ("table_id", "Table"),
)


def _columns(table: ReportTable, is_input: bool) -> tuple[list[_Shown], int]:
    """Return the columns of a sheet, those that the report prints first, and how many of them go on paper."""
    found = [(column, [row[i] for row in table.rows]) for i, column in enumerate(table.columns)]
    found.sort(key=lambda one: not one[0].body)
    borne = table.status, table.inputs, table.range_kind or NOT_APPLICABLE, table.reference, table.id
    for (key, head), words in () if is_input else zip(_BORNE, borne, strict=True):
        found.append((ReportColumn(key, head), [Cell(words or NOT_ASKED)] * len(table.rows)))
    codes, heads = _unique([c.key for c, _ in found]), _heads([c for c, _ in found])
    shown = [
        _Shown(column, code, head, cells, i >= len(table.columns))
        for i, ((column, cells), code, head) in enumerate(zip(found, codes, heads, strict=True))
    ]
    printed = sum(column.body for column in table.columns)
    width = sum(column.width for column in shown[:printed])
    while printed < len(shown) and width + shown[printed].width <= PAGE:
        width += shown[printed].width
        printed += 1
    return shown, printed


def _heads(columns: Sequence[ReportColumn]) -> list[str]:
    """Return the heads in words, with their units; of two that are alike the later one names its column too."""
    out: list[str] = []
    for column in columns:
        said = re.search(rf"(^|[ ,]){re.escape(column.unit.rstrip('s'))}s?($|[ ,])", column.head, re.IGNORECASE)
        is_told = not column.is_number or column.unit in ("", "share", "year") or said
        head = column.head if is_told else f"{column.head}, {column.unit}"
        out.append(head if head not in out else f"{head} ({column.key})")
    return out


def _unique(keys: Sequence[str]) -> list[str]:
    """Return header names of which no two are equal, whatever their case."""
    out: list[str] = []
    for key in keys:
        name, number = key, 2
        while name.lower() in {k.lower() for k in out}:
            name, number = f"{key}_{number}", number + 1
        out.append(name)
    return out


def _number_form(kind: str, value: float) -> str:
    """Return how a figure is shown: with the digits that the report prints; the cell holds all of them."""
    if kind in ("year", "count"):
        return "0" if kind == "year" else "#,##0"
    text = percent(value) if kind == "share" else number(value, least=LEAST)
    if kind == "share" and text.startswith(("<", ">")):  # in words where it rounds to nothing, or to all
        return f'"{text.replace(NBSP, "")}"'
    if text.startswith(("<", f">{MINUS}")):
        return "0.0E+00"
    places = len(re.sub(r"[^0-9].*", "", text.partition(".")[2]))
    return f"#,##0{'.' if places else ''}{'0' * places}{'%' if kind == 'share' else ''}"
