"""Trust is told in words: no printed document and no line of a command holds a letter that stands for it."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path

import openpyxl
import pypdf
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.results import BOUNDED, CHECKED, FROM_INPUTS, SAMPLED, SIMULATED, origin_of

LETTERS = re.compile(
    r"\bgrades? [A-Z]\b|\bgraded\b|\bstatus [A-Z]\b|\b[RPSMG]:? (?:reported|proved|sampled|given)\b", re.I
)


def lines(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("report")
    assessment = cn.assess(cn.read("mag-9"), months=12, draws=8)
    return {path.name: path for path in map(Path, cn.report(assessment, path=out, formats=("html", "xlsx", "pdf")))}


@pytest.mark.parametrize("name", ["report.html", "graph.html"])
def test_pages_hold_no_letters(printed: dict[str, Path], name: str) -> None:
    text = printed[name].read_text(encoding="utf-8")
    text = unescape(re.sub(r"<style.*?</style>|<script(?![^>]*json).*?</script>|<[^>]+>", " ", text, flags=re.DOTALL))
    assert not LETTERS.findall(text)
    assert "assumed" in text


def test_the_printed_report_holds_no_letters(printed: dict[str, Path]) -> None:
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(printed["report.pdf"]).pages)
    assert not LETTERS.findall(text)
    assert "Arithmetic checked. Inputs: assumed." in re.sub(r"\s+", " ", text)


def test_the_workbook_holds_no_letters(printed: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(printed["report.xlsx"].read_bytes()), read_only=True)
    known, checked = {CHECKED, BOUNDED, SAMPLED, SIMULATED, FROM_INPUTS}, 0
    for sheet in book.worksheets:
        rows = list(sheet.iter_rows(values_only=True))
        assert not LETTERS.findall(" ".join(str(cell) for row in rows for cell in row if cell is not None)), sheet.title
        head = list(rows[4]) if len(rows) > 4 else []
        if "inputs" in head and "range_kind" in head:
            at, told = head.index("inputs"), head.index("table_id")
            for row in rows[5:]:
                if row[told]:
                    assert len(str(row[at])) > 1, (sheet.title, row)
                    assert any(word in str(row[at - 1]) for word in known), (sheet.title, row)
                    checked += 1
    assert checked > 100


@pytest.mark.parametrize(
    "words",
    [
        "flow mag-9",
        "balance mag-9 --scenario china_out",
        "chokepoints mag-9 --top 3",
        "interdict mag-9 --k 1",
        "stress mag-9 --months 6",
        "reroute mag-9 --scenario china_out",
        "check mag-9",
        "flow germanium",
        "balance germanium",
        "check germanium",
    ],
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_commands_hold_no_letters(words: str, form: str) -> None:
    said = lines(*words.split(), "--format", form)
    assert not LETTERS.findall(said)
    assert not re.search(r'"(?:status|grade|quality)": "[A-Z]"', said)
    if form == "table" and not words.startswith("check"):
        assert re.search(r"^arithmetic checked; rests on .* input.* \(.*bind", said, re.MULTILINE), said


def test_the_footer_of_a_stress_test_counts_as_each_balance_does() -> None:
    net = cn.read("mag-9")
    footer = lines("stress", "mag-9", "--months", "6").splitlines()[-3:]
    rest = cn.balance(net, cn.scenarios(net)["china_out"]).provenance["rests_on"]
    assert footer[0].endswith(", all scenarios together")
    assert footer[2] == f"  china_out: rests on {rest['quality']} inputs (all {rest['n_limiting']} that bind)"


def test_a_results_page_holds_no_letters() -> None:
    found = cn.balance(cn.read("mag-9"))
    assert not LETTERS.findall(found._repr_html_() + repr(found) + repr(found.provenance))
    assert origin_of(found.demand)["status"] == CHECKED
