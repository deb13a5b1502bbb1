"""How the documents are laid out: pages, groups, what is left out, the strip, the brief, slides; read in the documents."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest

import chainnet as cn
from chainnet.drawing import country_colours
from chainnet.reporting.content import build
from chainnet.reporting.formats.page import html_report
from chainnet.reporting.formats.pdf import pdf_report
from chainnet.reporting.formats.slides import slide
from chainnet.reporting.model import Document, ReportColumn, ReportFigure, ReportTable, make_table

HOSTILE = '<script>alert(1)</script> #eval(read("x")) ' + "W" * 300
A4 = (595, 842)


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u200b", ""))


def pages_of(data: bytes) -> list[str]:
    return [flat(page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(data)).pages]


@pytest.fixture(scope="module")
def document(teaching: Document) -> Document:
    return teaching


@pytest.fixture(scope="module")
def pdf(document: Document) -> bytes:
    return pdf_report(document, document.stand_ins)


@pytest.fixture(scope="module")
def pages(pdf: bytes) -> list[str]:
    return pages_of(pdf)


@pytest.fixture(scope="module")
def page(document: Document) -> str:
    return html_report(document, has_graph=False).decode("utf-8")


# -- the PDF ------------------------------------------------------------------------------------


def test_a_table_stands_on_one_page_with_its_head_and_its_note(document: Document, pages: list[str]) -> None:
    found = set()
    printed = [
        document.front.scenarios,
        *(b for s in document.sections for b in s.blocks if isinstance(b, ReportTable)),
    ]
    for table in printed:
        head = f"{table.id} {flat(table.title)} "
        end = flat(table.body_rows[0][table.body_columns[0]].text) if table.rows else ""
        for text in pages:
            if head in text:
                assert text.index(head) < text.rindex(end), head
                found.add(table.id)
    assert found == {table.id for table in printed}
    assert len(found) >= 6


def test_every_figure_is_told_and_every_head_cell_has_its_scope(pdf: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part>1<" in root["/Metadata"].get_data().replace(b" ", b"")
    found = list(_elements(root["/StructTreeRoot"]))
    kinds = [str(e.get("/S")) for e in found]
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/L", "/Link"} <= set(kinds)
    figures = [e for e in found if e.get("/S") == "/Figure"]
    assert all(str(e.get("/Alt", "")).strip() for e in figures)
    assert len(figures) >= 6
    for head in (e for e in found if e.get("/S") == "/TH"):
        said = head["/A"].get_object()
        said = said if isinstance(said, list) else [said]
        assert any("/Scope" in part.get_object() for part in said)


def _elements(element: Any) -> Iterator[Any]:
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        thing = kid.get_object() if hasattr(kid, "get_object") else kid
        if isinstance(thing, dict) and "/S" in thing:
            yield thing
            yield from _elements(thing)


@pytest.mark.slow
@pytest.mark.parametrize("graph", ["gallium", "rare-earths"])
def test_a_large_chain_has_at_most_12_pages(graph: str, tmp_path: Path) -> None:
    cn.report(cn.read(graph), tmp_path, ["pdf"], marking="FOR TEST ONLY")
    assert len(pages_of((tmp_path / "report.pdf").read_bytes())) <= 12


# -- what is left out, what stands once ---------------------------------------------------------


def small(rows: list[tuple[Any, ...]], **named: Any) -> ReportTable:
    columns = [ReportColumn("label", "Scenario"), ReportColumn("tier", "Tier"), ReportColumn("t", "Short", "number")]
    columns.append(ReportColumn("price", "Price", "number"))
    keys = [column.key for column in columns]
    return make_table(columns, [dict(zip(keys, row, strict=True)) for row in rows], key="sites", sheet="S", **named)


def test_a_table_without_a_number_says_why() -> None:
    nan = float("nan")
    assert small([("a", "x", 0.0, 0.0), ("a", "y", 0.0, 0.0)]).says_nothing == "all 0"
    assert small([("a", "x", nan, nan), ("a", "y", nan, nan)]).says_nothing == "no number known"
    assert small([("a", "x", 0.0, nan), ("a", "y", 0.0, nan)]).says_nothing == "all 0 or not known"
    assert small([("a", "x", 0.0, nan), ("a", "y", 1e-9, nan)]).says_nothing == ""
    assert small([("a", "x", 2.0, nan)]).says_nothing == ""


def test_a_column_in_which_nothing_is_known_is_left_out_and_named() -> None:
    table = small([("a", "x", 1.0, float("nan")), ("a", "y", 2.0, float("nan"))])
    assert [table.columns[i].head for i in table.body_columns] == ["Scenario", "Tier", "Short"]
    assert table.left_out == "In every row n/d: Price. "
    known = small([("a", "x", 1.0, float("nan")), ("a", "y", 2.0, 0.0)])
    assert (len(known.body_columns), known.left_out) == (4, "")


def test_what_heads_a_group_stands_once() -> None:
    rows = [("a", "x"), ("a", "x"), ("a", "y"), ("b", "y"), ("b", "y"), ("a", "x")]
    table = small([(*row, 1.0 + i, 2.0) for i, row in enumerate(rows)])
    spans = table.spans(table.rows)
    assert [span[0] for span in spans] == [3, 0, 0, 2, 0, 1]
    assert [span[1] for span in spans] == [2, 0, 1, 2, 0, 1]
    assert [span[2:] for span in spans] == [[1, 1]] * 6
    assert table.gaps(table.rows) == [3, 5]
    alone = small([(str(i), "x", 1.0, 2.0) for i in range(12)])
    assert alone.gaps(alone.rows) == [5, 10]


def test_the_html_has_a_cell_for_each_place_of_a_table(document: Document, page: str) -> None:
    checked = 0
    for found in re.finditer(r'<table id="([^"]+)".*?<tbody>(.*?)</tbody>', page, re.DOTALL):
        table = next(t for t in document.tables if found[1] in (t.anchor, f"{t.anchor}-all"))
        rows = re.findall(r"<tr.*?</tr>", found[2], re.DOTALL)
        spans = [int(n) for n in re.findall(r'rowspan="(\d+)"', found[2])]
        cells = found[2].count("<td")
        assert cells - len(spans) + sum(spans) == len(rows) * len(table.body_columns)
        checked += len(spans)
    assert checked >= 3


def test_a_country_has_the_colour_of_the_graph(assessed: cn.Assessment, tmp_path: Path) -> None:
    text = Path(cn.draw(assessed.network, path=tmp_path / "graph.html")).read_text(encoding="utf-8")
    for place, colour in country_colours(assessed.network).items():
        assert f'"{place}":"{colour}"' in text


# -- the brief ----------------------------------------------------------------------------------


@pytest.mark.documents
def test_the_brief_is_one_page_that_stands_alone(assessed: cn.Assessment) -> None:
    brief = build(assessed, marking="FOR TEST ONLY", is_brief=True)
    (text,) = pages_of(pdf_report(brief, brief.stand_ins))
    page = html_report(brief, has_graph=False).decode("utf-8")
    for said in (text, flat(re.sub(r"<[^>]*>", " ", page))):
        assert "FOR TEST ONLY" in said
        assert flat(brief.front.title) in said  # type: ignore[union-attr]
    assert "<nav" not in page
    assert not re.findall(r'href="#(?!summary)', page)


# -- slides -------------------------------------------------------------------------------------


def test_a_slide_is_of_full_size_and_bears_finding_and_marking(document: Document) -> None:
    marked = replace(document, marking="MARK & CO")
    figure = next(b for b in document.blocks() if isinstance(b, ReportFigure) and b.key == "holders")
    figure = replace(figure, note=HOSTILE)
    png = slide(figure, marked, "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1920, 1080)
    svg = slide(figure, marked, "svg")
    assert svg.startswith(b"<svg")
    assert b"<script" not in svg
    assert svg == slide(figure, marked, "svg")
    assert svg != slide(figure, document, "svg")


@pytest.mark.documents
def test_report_writes_brief_and_figures_side_by_side(
    document: Document, assessed: cn.Assessment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(b for b in document.blocks() if isinstance(b, ReportFigure))
    few = replace(document, sections=())
    built = lambda *_a, is_brief, **_n: replace(few, is_brief=is_brief)  # noqa: E731
    monkeypatch.setattr("chainnet.reporting.content.build", built)
    made = cn.report(assessed, tmp_path / "out", ["pdf"], brief=True, figures=tmp_path / "figures")
    said = [p.relative_to(tmp_path).as_posix() for p in made]
    assert said[:3] == ["out/brief.pdf", f"figures/F01-{first.key}.png", f"figures/F01-{first.key}.svg"]


def test_wrong_asks_for_a_brief_or_figures_write_nothing(assessed: cn.Assessment, tmp_path: Path) -> None:
    with pytest.raises(cn.DataError, match='unknown format of a brief "xlsx"'):
        cn.report(assessed, tmp_path / "out", ["xlsx"], brief=True)
    with pytest.raises(cn.DataError, match="one of their own"):
        cn.report(assessed, tmp_path / "out", figures=tmp_path / "out")
    (tmp_path / "file").write_text("x")
    with pytest.raises(cn.DataError, match=r"figures: .*is a file"):
        cn.report(assessed, tmp_path / "out", figures=tmp_path / "file")
    assert [f.name for f in tmp_path.iterdir()] == ["file"]


# -- the page in a browser ----------------------------------------------------------------------

BOX = "e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }"


def test_the_first_screen_is_the_finding_and_the_contents_stay(browser: Any, page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto(file.as_uri())
    left, top, right, bottom = tab.eval_on_selector("#summary", BOX)
    assert 0 <= left < right <= 1280
    assert 0 <= top < bottom <= 800, "the finding stands above the fold"
    beside = (
        "ds => ds.map(d => [d.children[0].getBoundingClientRect().left, d.children[1].getBoundingClientRect().left])"
    )
    key = tab.eval_on_selector_all("dl.key > div", beside)
    assert len({left for pair in key for left in pair}) == len(key) == 3, "each caption stands under its own figure"
    tab.evaluate("document.querySelector('#s5').scrollIntoView()")
    left, top, _, bottom = tab.eval_on_selector("nav", BOX)
    assert 0 <= top < bottom <= 800
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    tab.eval_on_selector("#t4", "e => { e.closest('.table').scrollLeft = 150 }")
    left, _, right, _ = tab.eval_on_selector("#t4 caption div", BOX)
    assert (left, right) >= (0, 200)
    assert right <= 390
    tab.close()
