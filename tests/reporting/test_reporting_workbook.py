"""The workbook of a report: a reader opens it at the contents, reads heads in words, and prints what stands there."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import openpyxl
import pytest

from chainnet.reporting.formats.charts import charts
from chainnet.reporting.formats.page import html_report
from chainnet.reporting.formats.workbook import empty_tables, sheet_names, workbook_report
from chainnet.reporting.model import Cell, Document, ReportColumn, make_table
from chainnet.reporting.order import table_id

HEAD, CODE, FIRST = 4, 5, 6  # lines, as people count
FORMULA = '=HYPERLINK("http://x.example","y")'


@pytest.fixture(scope="module")
def document(teaching: Document) -> Document:
    return teaching


@pytest.fixture(scope="module")
def book(document: Document) -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook_report(document)))


def filled(document: Document) -> list[Any]:
    every = [*document.tables, *document.inputs]
    empty = {table.id for table in empty_tables(every)}
    return [table for table in every if table.id not in empty]


def test_every_html_table_is_a_sheet_cell_by_cell(document: Document, book: Any) -> None:
    page = html_report(document, has_graph=True).decode("utf-8")
    shown = {s.removesuffix("-all") for s in re.findall(r'<table id="([^"]+)"', page)}
    assert {t.anchor for t in document.tables} == shown
    names = sheet_names(filled(document))
    assert len(names) > 38
    for table in filled(document):
        sheet = book[names[table.id]]
        codes = [c.value for c in sheet[CODE]]
        assert {column.key for column in table.columns} <= set(codes)
        assert sheet.freeze_panes == "A6"
        for i, row in enumerate(table.rows):
            for column, cell in zip(table.columns, row, strict=True):
                value = sheet.cell(FIRST + i, codes.index(column.key) + 1).value
                assert value == (pytest.approx(cell.value) if isinstance(cell.value, float) else cell.text)


def test_a_table_in_which_nothing_stands_has_no_sheet(document: Document, book: Any) -> None:
    """MAG-9 has no operators and no stocks; the section says so in a line."""
    assert not empty_tables(document.tables)
    assert not {"Operators", "Stocks held"} & set(book.sheetnames)
    assert {"Countries", "Charts"} <= set(book.sheetnames)


def test_a_row_of_zeros_is_no_empty_table() -> None:
    columns = [ReportColumn("name", "Name"), ReportColumn("lost_t", "Lost", "number", "t")]
    zero = make_table(columns, [{"name": "pit", "lost_t": 0.0}])
    unlimited = make_table(columns, [{"name": "pit", "lost_t": float("inf")}])
    nothing = make_table(columns, [], none={"name": "none on record"})
    assert empty_tables([zero, unlimited, nothing, make_table(columns, [])])[0] is nothing
    assert len(empty_tables([zero, unlimited])) == 0


def test_the_contents_lead_to_every_sheet_and_back(document: Document, book: Any) -> None:
    rows = list(book["Contents"].iter_rows(min_row=FIRST))
    links = {row[0].value: row[0].hyperlink.location for row in rows if row[0].hyperlink}
    assert set(links) == set(book.sheetnames) - {"Read me", "Contents"}
    assert all(place == f"'{name}'!A1" for name, place in links.items())
    for name in links:
        assert book[name]["A3"].hyperlink.location == "'Contents'!A1"
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.hyperlink and c.hyperlink.target]
    told = {row[2].value: (row[3].value, row[4].value) for row in rows}
    for table in filled(document):
        if not table.id.startswith("I "):
            assert told[table.id] == (table.title, len(table.rows))


def test_heads_are_words_with_units_and_no_two_are_alike(document: Document, book: Any) -> None:
    for name in sheet_names(filled(document)).values():
        heads = [c.value for c in book[name][HEAD]]
        assert len(set(heads)) == len(heads)
        assert not [head for head in heads if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", head)], name
    served = [c.value for c in book["Served"][HEAD]]
    assert {"Scenario", "Demand, t/yr", "Short, t/yr"} <= set(served)
    assert "Capacity, t/yr" in [c.value for c in book["Input nodes"][HEAD]]


def test_a_name_of_a_sheet_has_no_forbidden_sign_and_no_two_are_alike() -> None:
    """A workbook takes no name of one of these seven signs, over 31 letters, or alike but for capitals."""
    long = "a" * 27 + "bcdef"
    asked = ["In/out: t?", "IN OUT: T?", "[a]*b\\c", long, long, "'/'", "contents"]
    tables = [make_table([ReportColumn("x", "X")], [], key=f"I {i}", sheet=name) for i, name in enumerate(asked)]
    names = ["In out  t", "IN OUT  T 2", "a  b c", long[:31], f"{long[:27]} 2", "ReportTable", "contents 2"]
    assert list(sheet_names(tables).values()) == names


def test_status_and_inputs_stand_in_words_above_each_table(document: Document, book: Any) -> None:
    names = sheet_names(filled(document))
    for table in filled(document):
        assert book[names[table.id]]["B3"].value == table.standing


def test_no_cell_of_a_table_is_blank(document: Document, book: Any) -> None:
    for table in filled(document):
        sheet = book[sheet_names(filled(document))[table.id]]
        rows = list(sheet.iter_rows(min_row=HEAD, max_row=CODE + len(table.rows), values_only=True))
        assert all(str(value or "0").strip() for row in rows for value in row), table.id
        assert not [value for row in rows for value in row if value is None], table.id


def test_what_a_missing_input_means_stands_in_the_codebook(book: Any) -> None:
    meaning = {row[:2]: row[4] for row in book["Columns"].iter_rows(min_row=FIRST, values_only=True)}
    assert meaning["Input edges", "flow_tpa"].endswith("n/d: unknown")
    assert "Said of no row: " in " ".join(str(c.value) for c in book["Input edges"]["A"])
    assert "capacity_tpa" not in [c.value for c in book["Input edges"][CODE]]


def test_sheets_print_on_the_width_of_a_page_with_their_heads(document: Document, book: Any) -> None:
    for table in filled(document):
        sheet = book[sheet_names(filled(document))[table.id]]
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)  # 1 is the default
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$4:$5"
        assert all(9 <= sheet.column_dimensions[key].width <= 47 for key in sheet.column_dimensions)
        first, last = re.fullmatch(r".*\$(A)\$1:\$([A-Z]+)\$\d+", sheet.print_area).groups()  # type: ignore[union-attr]
        printed = openpyxl.utils.column_index_from_string(last)
        assert first == "A"
        assert printed >= len(table.body_columns)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("number", 21337.41, "#,##0"),
        ("number", 9.99999999999, "#,##0"),
        ("number", 55.66, "#,##0.0"),
        ("number", 0.0412, "#,##0.0000"),
        ("number", 0.0000412, "0.0E+00"),
        ("share", 0.0123, "#,##0.0%"),
        ("share", 0.9999, '">99.9%"'),
        ("share", 0.00002, '"<0.1%"'),
        ("share", 0.62, "#,##0%"),
        ("year", 2027.0, "0"),
        ("count", 1234.0, "#,##0"),
    ],
)
def test_a_figure_is_shown_with_the_digits_of_the_report(
    document: Document, kind: Any, value: float, shown: str
) -> None:
    table = replace(
        document.inputs[0], columns=(ReportColumn("x", "X", kind),), rows=((Cell(str(value), value),),), key="scenarios"
    )
    made = workbook_report(replace(document, front=None, sections=(), inputs=(table,)))
    cell = openpyxl.load_workbook(io.BytesIO(made))[table.sheet].cell(FIRST, 1)
    assert (cell.value, cell.number_format) == (value, shown)


def test_main_tables_are_drawn_and_each_chart_shows_the_figures_beside_it(document: Document, book: Any) -> None:
    drawn = charts(filled(document))
    keys = ("steps", "sites", "countries", "M1", "levels")  # no project helps defence here
    assert [chart.table for chart in drawn] == [table_id(key) for key in keys]
    sheet = book["Charts"]
    assert len(sheet._charts) == len(drawn)
    cells = {(row[1].value, row[i].value) for row in sheet.iter_rows() for i in range(2, len(row))}
    t5 = next(chart for chart in drawn if chart.table == table_id("sites"))
    shares = dict(t5.series)["of all tiers"]
    assert shares[0] == pytest.approx(0.8)
    assert (t5.lines[0], shares[0]) in cells
    months = next(chart for chart in drawn if chart.table == "M1")
    assert [head for head, _ in months.series] == ["defence", "industrial", "civilian"]
    assert len(months.lines) == 18, "months of the first year, then half-years"


def test_no_chart_is_drawn_of_zeros() -> None:
    columns = [ReportColumn("label", "Site"), ReportColumn("lost_share", "of all tiers", "share")]
    calm = make_table(columns, [{"label": "pit", "lost_share": 0.0}], key="sites")
    assert charts([calm]) == ()


def test_names_that_look_like_formulas_are_never_run(document: Document) -> None:
    """A title, a series and a category of a chart are text too, not only cells."""
    column = ReportColumn("label", "Site"), ReportColumn("lost_share", FORMULA, "share", "share")
    table = make_table(
        column,
        [{"label": FORMULA, "lost_share": 0.5}],
        key="sites",
        title=FORMULA,
        sheet="Summary",
        note=FORMULA,
    )
    hostile = replace(document, title=FORMULA, marking=FORMULA, front=None, summary=(table,), sections=(), inputs=())
    made = workbook_report(hostile)
    read = openpyxl.load_workbook(io.BytesIO(made))
    cells = [c for sheet in read for row in sheet.iter_rows() for c in row if c.value is not None]
    assert not [c for c in cells if c.data_type == "f"]
    assert FORMULA in {c.value for c in cells}
    refs = [r for chart in read["Charts"]._charts for s in chart.series for r in (s.tx.strRef.f, s.val.numRef.f)]
    assert refs
    assert all(re.fullmatch(r"'?Charts'?!\$[A-Z]\$\d+(:\$[A-Z]\$\d+)?", ref) for ref in refs)


def test_same_document_same_bytes(document: Document) -> None:
    assert workbook_report(document) == workbook_report(document)
