"""The report: one content in three formats, sentences from numbers, the same bytes, text that stays text."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pypdf
import pytest

import chainnet as cn
from chainnet.reporting import report
from chainnet.reporting.content import build
from chainnet.reporting.formats.page import html_report
from chainnet.reporting.glyphs import drawable, stand_ins
from chainnet.reporting.model import Document, ReportFigure

FILES = ["graph.html", "report.html", "report.json", "report.pdf", "report.xlsx"]
STOCK = pd.DataFrame({"id": ["depot"], "node": ["USE"], "commodity": ["magnet"], "stock_t": [2.0], "country": ["USA"]})
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    '=HYPERLINK("http://x.example","y")',
    "稀土分离厂",
    "مصنع المغناطيس",
    '#eval(read("x")) $x^2$ *b* _i_ {{ 7*7 }} \\ @a',
    "W" * 400,
    "-2+3 & “quotes” 'single' ]]> <!-- -->",
)


@pytest.fixture(scope="module")
def mag9(assessed: cn.Assessment) -> cn.Assessment:
    return assessed


@pytest.fixture(scope="module")
def document(teaching: Document) -> Document:
    return teaching


def tiny(labels: tuple[str, ...] = (), **more: Any) -> cn.Network:
    """A mine, two makers and a user in two countries; the first maker is the larger."""
    names = dict(zip(("pit", "big", "small", "user"), labels, strict=False))
    nodes = pd.DataFrame(
        {
            "id": ["pit", "big", "small", "user"],
            "label": [names.get(i) for i in ("pit", "big", "small", "user")],
            "stage": ["mine", "refiner", "refiner", "end_use"],
            "country": ["CHN", "CHN", "USA", "USA"],
            "operator": [names.get("pit"), names.get("big"), None, None],
            "owner_country": ["CHN", "CHN", "USA", None],
            "capacity_tpa": [100.0, 60.0, 20.0, None],
        }
    )
    edges = pd.DataFrame(
        {
            "source": ["pit", "pit", "big", "small"],
            "target": ["big", "small", "user", "user"],
            "capacity_tpa": [100.0, 100.0, 100.0, 100.0],
            "flow_tpa": [50.0, 10.0, 50.0, 10.0],
        }
    )
    demand = pd.DataFrame({"node": ["user", "user"], "tier": ["defence", "civilian"], "demand_tpa": [30.0, 30.0]})
    return cn.Network(nodes, edges, demand=demand, name="tiny", **more)


def stop(label: str = "Big stops") -> cn.Scenario:
    return cn.Scenario("stop", measures=[{"kind": "remove", "nodes": ["big"]}], label=label)


def pdf_text(data: bytes) -> list[str]:
    return [page.extract_text().replace("\u00a0", " ") for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u200b", ""))


# -- sentences ---------------------------------------------------------------------------------


def test_the_last_word_of_the_work_is_the_verdict(mag9: cn.Assessment, tmp_path: Path) -> None:
    heard: list[tuple[str, float]] = []
    report(mag9, tmp_path, ["xlsx"], progress=lambda what, part: heard.append((what, part)))
    assert (flat(heard[-1][0]), heard[-1][1]) == (flat(mag9.findings[0].title), 1.0)


@pytest.mark.long
def test_no_scenario_and_no_tier_are_said() -> None:
    net = tiny()
    demand = net.demand.iloc[:1].assign(tier=None)
    a = cn.assess(net.with_demand(demand), months=12, draws=0)
    document = build(a)
    assert a.findings[0].scenario is not None
    assert a.findings[0].scenario.name == "bottleneck_stops", "without a scenario, the stop of the bottleneck"
    assert html_report(document, has_graph=False)


def test_figure_titles_are_findings_of_a_dozen_words(document: Document) -> None:
    titles = {block.key: block.title for block in document.blocks() if isinstance(block, ReportFigure)}
    del titles["break"]  # the verdict itself
    assert len(titles) >= 5
    assert not {key: title for key, title in titles.items() if len(title.split(" ")) > 12}


# -- the same everywhere ------------------------------------------------------------------------


def test_no_cell_is_blank(document: Document) -> None:
    for table in document.tables:
        for row in table.rows:
            assert all(cell.text.strip() for cell in row), table.id


def test_html_asks_for_nothing_and_runs_nothing(document: Document) -> None:
    page = html_report(replace(document, marking="MARK & CO"), has_graph=True).decode("utf-8")
    assert "<script" not in page.lower()
    assert "default-src 'none'" in page
    linked = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith(("#", "data:")) or link == "graph.html" for link in linked)
    assert page.count("MARK &amp; CO") >= 3
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in linked if link.startswith("#")} <= set(ids)


@pytest.mark.documents
def test_pdf_bears_the_marking_on_each_page_and_the_bottom_line(mag9: cn.Assessment, tmp_path: Path) -> None:
    report(mag9, tmp_path / "out", ["pdf"], marking="FOR TEST ONLY", author="A. Planner")
    data = (tmp_path / "out" / "report.pdf").read_bytes()
    pages = pdf_text(data)
    assert all(page.count("FOR TEST ONLY") >= 2 for page in pages)
    assert all(f"page {i + 1} of {len(pages)}" in flat(page) for i, page in enumerate(pages))
    assert flat(mag9.findings[0].title) in flat(pages[0])
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == "FOR TEST ONLY | MAG-9, a magnet chain to learn on: stress test"
    assert reader.metadata.creation_date_raw is None
    assert len(reader.outline) > 5


def test_no_marking_no_strip(document: Document) -> None:
    assert '<div class="marking' not in html_report(document, has_graph=False).decode("utf-8")


# -- bytes --------------------------------------------------------------------------------------


def digests(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}


@pytest.mark.slow
def test_same_bytes_twice_and_for_shuffled_rows(tmp_path: Path) -> None:
    """Two runs that share nothing, the second on rows turned round: what is unlike from run to run would show too."""
    net = cn.read("mag-9")
    assert net.folder is not None
    shutil.copytree(net.folder, tmp_path / "mag-9")
    for table in (tmp_path / "mag-9").glob("*.csv"):
        head, *rows = table.read_text(encoding="utf-8").splitlines()
        table.write_text("\n".join([head, *rows[::-1]]) + "\n", encoding="utf-8")
    for name, source in (("a", net), ("b", cn.read(tmp_path / "mag-9"))):
        # with a stock, which the chain that ships lacks
        stocked = source.with_table("stocks", STOCK)
        report(stocked, tmp_path / name, years=[2030], months=12, draws=8)
    assert sorted(digests(tmp_path / "a")) == FILES
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


# -- hostile text -------------------------------------------------------------------------------


@pytest.mark.documents
def test_hostile_text_stays_text(tmp_path: Path) -> None:
    script, formula, chinese, arabic, code, long, signs = HOSTILE
    net = tiny((script, chinese, formula, arabic), label=code)
    paths = report(
        cn.assess(net, [stop(signs)], months=12, draws=0),
        tmp_path / "out",
        title=f"{code} {long}",
        marking=script,
        author=formula,
    )
    assert [p.name for p in paths] == FILES
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page.lower()
    assert "<img src=x" not in page
    assert chinese in page
    assert "{{ 7*7 }}" in page
    book = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx")
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert not [c for c in cells if c.data_type == "f" or (c.hyperlink and c.hyperlink.target)]
    values = {c.value for c in cells}
    assert {script, formula, chinese, arabic} <= values
    text = flat(" ".join(pdf_text((tmp_path / "out" / "report.pdf").read_bytes())))
    assert "#eval(read(" in text
    assert "big" in text  # the id stands in for a script that the fonts lack
    assert "alert(1)" in text


def test_names_the_fonts_lack_fall_back() -> None:
    names = stand_ins({"plant_a": "稀土分离厂", "plant_b": "Plant"})
    assert names == {"稀土分离厂": "plant_a"}
    assert drawable("Loss of 稀土分离厂: 3", names) == "Loss of plant_a: 3"
    assert drawable("稀土 x") == "□ x"


# -- faults -------------------------------------------------------------------------------------


def test_unknown_format_writes_nothing(mag9: cn.Assessment, tmp_path: Path) -> None:
    with pytest.raises(cn.DataError, match="docx"):
        report(mag9, tmp_path / "out", ["html", "docx"])
    assert list(tmp_path.iterdir()) == []


def test_missing_package_is_named(mag9: cn.Assessment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainnet.reporting.documents.find_spec", lambda name: None if name == "typst" else object())
    with pytest.raises(cn.DataError, match=r"\.\[report\]"):
        report(mag9, tmp_path / "out", ["pdf"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("is_there", [False, True])
def test_nothing_is_half_written(
    mag9: cn.Assessment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    out = tmp_path / "deep" / "out"
    if is_there:
        out.mkdir(parents=True)
        (out / "report.html").write_text("old")
        (out / "notes.txt").write_text("mine")

    def fail(*_args: Any, **_named: Any) -> bytes:
        raise cn.SolverError("the last document fails")

    monkeypatch.setattr("chainnet.reporting.formats.workbook.workbook_report", fail)
    with pytest.raises(cn.SolverError):
        report(mag9, out, ["html", "xlsx"])
    if is_there:
        assert {f.name: f.read_text() for f in out.iterdir()} == {"report.html": "old", "notes.txt": "mine"}
    else:
        assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_other_files_of_the_folder_stay(mag9: cn.Assessment, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "report.xlsx").write_text("old")
    assert report(mag9, tmp_path, "xlsx") == [tmp_path / "report.xlsx"]
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "report.xlsx").read_bytes()[:2] == b"PK"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["notes.txt", "report.xlsx"]


def test_wrong_arguments(mag9: cn.Assessment, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(cn.DataError, match="is a file"):
        report(mag9, tmp_path / "file")
    with pytest.raises(cn.DataError, match="none given"):
        report(mag9, tmp_path / "out", [])
    with pytest.raises(cn.DataError, match="control character"):
        report(mag9, tmp_path / "out", title="a\x00b")
    with pytest.raises(cn.DataError, match="neither"):
        report("mag-9", tmp_path / "out")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["title", "author", "marking"])
def test_words_that_no_document_can_bear_are_refused_before_the_work(name: str, tmp_path: Path) -> None:
    """An assessment takes minutes: who waited for it is not told of a slip at its end."""
    heard: list[tuple[str, float]] = []
    with pytest.raises(cn.DataError, match="control character"):
        report(tiny(), tmp_path / "out", progress=lambda *said: heard.append(said), **{name: "a\x00b"})  # type: ignore[arg-type]
    assert (heard, (tmp_path / "out").exists()) == ([], False)
