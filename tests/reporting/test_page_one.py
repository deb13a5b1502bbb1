"""The editor's gate: pages one and two as a reader meets them, counted in the files made, and what they may say."""

from __future__ import annotations

import base64
import html
import io
import json
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdf
import pytest
from small_chains import small_chain
from test_one_finding import assert_all_formats_say_one_thing
from test_words_of_the_field import struck

import chainnet as cn
from chainnet.reporting import report
from chainnet.words import NBSP, number, percent, whole

MOST_WORDS, MOST_NUMBERS = 250, 20
SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
HEADS = ("Who and when.", "Where.", "What to do.", "How sure.")
NUMBER = re.compile(r"(?<![\w.])\d[\d,.]*")
TICK = re.compile(r"((\d+( %)?|later|months after the first measure)\s*)+")
# a minute each, in the second job; the longest by hand
SHIPPED = ("gallium", "germanium", "graphite", "rare-earths", "tungsten")
LONGEST = "antimony"
SMALL = (2, 3)  # seeds of made-up chains: allies short in the long run, everybody short from the first month


@dataclass(frozen=True)
class Made:
    """The files of a report, and what page one says in its PDF and on screen, without ticks, header and footer."""

    assessment: cn.Assessment
    folder: Path
    told: list[dict[str, Any]]  # report.json

    @property
    def page(self) -> str:
        """The page as HTML."""
        return (self.folder / "report.html").read_text(encoding="utf-8")

    @property
    def course(self) -> str:
        """The title of the picture of the months."""
        finding = self.assessment.findings[0]
        return finding.claims.course(finding.answers.months)

    @property
    def pdf(self) -> str:
        """Page one of the PDF, a line of the page or of a picture a line."""
        sheet = pypdf.PdfReader(io.BytesIO((self.folder / "report.pdf").read_bytes())).pages[0]
        lines = [line.replace(NBSP, " ").strip() for line in sheet.extract_text().splitlines()]
        first = next(i for i, line in enumerate(lines) if self.told[0]["title"][:20].replace(NBSP, " ") in line)
        drawn = next(i for i, line in enumerate(lines) if self.course.replace(NBSP, " ") in line)
        vintage = self.told[0]["vintage"]
        last = next(i for i, line in enumerate(lines) if i > drawn and vintage in line)  # the footer
        kept = [*lines[first:drawn], *(line for line in lines[drawn:last] if not TICK.fullmatch(line))]
        return " ".join(line for line in kept if vintage not in line)

    @property
    def screen(self) -> str:
        """The first screen of the HTML."""
        head = re.search(r'<header class="top front".*?</header>', self.page, re.DOTALL)
        assert head
        words = re.sub(r'<div class="small">.*?</div>', "", head[0], flags=re.DOTALL)
        pictures = [base64.b64decode(one).decode() for one in re.findall(r"svg\+xml;base64,([^\"]+)", words)]
        labels = [text for one in pictures for text in re.findall(r"<text[^>]*>([^<]*)<", one)]
        words = " ".join(re.sub(r"<[^>]+>", " ", words).split())
        return html.unescape(" ".join([words, *(one for one in labels if not TICK.fullmatch(one))])).replace(NBSP, " ")

    @property
    def said(self) -> dict[str, str]:
        """What page one says, by format."""
        return {"pdf": self.pdf, "html": self.screen}


@pytest.fixture(scope="module", params=["mag-9", *SMALL])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    name = request.param
    folder = tmp_path_factory.mktemp(str(name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)  # measures that are over
        if name == "mag-9":
            assessment = request.getfixturevalue("assessed")
        else:
            network, asked = small_chain(name)
            assessment = cn.assess(network, asked, months=24, draws=0)
    return written(assessment, folder)


def written(assessment: cn.Assessment, folder: Path) -> Made:
    """Write the report of an assessment."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        report(assessment, folder, ["html", "pdf", "json"])
    return Made(assessment, folder, json.loads((folder / "report.json").read_text(encoding="utf-8")))


def numbers(value: Any) -> Iterator[str]:
    """Yield each number of a record as it is printed."""
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, str):
        yield from NUMBER.findall(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        for said in (number(value), percent(value), number(math.ceil(value / 12)), whole(value)):
            yield from NUMBER.findall(said)


def test_page_one_has_few_words_and_numbers(made: Made) -> None:
    for kind, said in made.said.items():
        assert len(said.split()) <= MOST_WORDS, f"{kind}: {len(said.split())} words: {said}"
        assert len(NUMBER.findall(said)) <= MOST_NUMBERS, f"{kind}: {NUMBER.findall(said)}"


def test_both_formats_say_the_finding(made: Made) -> None:
    finding = made.told[0]
    for said in made.said.values():
        bare = re.sub(r"\W", "", said)
        for claim in (finding["title"], *finding["sentences"]):
            assert re.sub(r"\W", "", claim) in bare
        assert [said.index(head) for head in HEADS] == sorted(said.index(head) for head in HEADS)
        for value, caption in made_key(made):
            assert re.sub(r"\W", "", value) in bare
            assert re.sub(r"\W", "", caption) in bare


def made_key(made: Made) -> list[tuple[str, str]]:
    findings = made.assessment.findings
    claims = findings[0].claims
    today = [findings[1].claims.today] if len(findings) > 1 else [("Nothing", "is restricted by rules in force")]
    return [claims.figure, claims.first(findings[0].answers.months), *today]


def test_each_number_of_page_one_is_in_the_record(made: Made) -> None:
    known = {one.rstrip(".,") for one in numbers(made.told)} | {whole(made.assessment.findings[0].answers.months)}
    for kind, said in made.said.items():
        assert {one.rstrip(".,") for one in NUMBER.findall(said)} <= known, kind


def test_no_struck_word(made: Made) -> None:
    for said in made.said.values():
        assert struck(said) == []
    reader = pypdf.PdfReader(io.BytesIO((made.folder / "report.pdf").read_bytes()))
    assert struck(" ".join(reader.pages[1].extract_text().split())) == []


def test_at_most_twelve_pages_each_full_to_its_last_fifth(made: Made) -> None:
    reader = pypdf.PdfReader(io.BytesIO((made.folder / "report.pdf").read_bytes()))
    assert len(reader.pages) <= 12
    foot = 18 / 25.4 * 72  # points, with the footer below it
    for number_, page in enumerate(reader.pages[:-1], 1):
        found: list[float] = []

        def place(drawn: bytes, args: Any, cm: list[float], tm: list[float], to: list[float] = found) -> None:
            if drawn in (b"l", b"c"):  # words of some figures are lines
                x, y = map(float, args[-2:])
                to.append(x * cm[1] + y * cm[3] + cm[5])
            elif drawn in (b"Tj", b"TJ"):
                to.append(tm[4] * cm[1] + tm[5] * cm[3] + cm[5])

        page.extract_text(visitor_operand_before=place)
        lowest = min(y for y in found if y > foot + 1)
        assert lowest - foot <= float(page.mediabox.height) / 5, f"page {number_} ends at {lowest:.0f} points"


def test_each_date_lies_ahead_or_is_said_to_have_passed(made: Made) -> None:
    finding = made.told[0]
    if finding["as_of"] is None:
        return
    for said in made.said.values():
        rest = said.replace(finding["scenario_label"], "")
        for due in re.finditer(r"(was )?due (?:([A-Z][a-z]{2}) )?(\d{4})", rest):
            end = f"{due[3]}-{SHORT.index(due[2]) + 1 if due[2] else 12:02}"
            assert bool(due[1]) == (end < finding["as_of"][:7]), due[0]


def test_cannot_be_said_stands_where_it_must(made: Made) -> None:
    sure = [one["shortfall"]["certain"] for one in made.told]
    sure += [tier["certain"] for tier in made.told[0]["other_tiers"]]
    for said in made.said.values():
        assert ("cannot be said" in said.lower()) == (not all(sure))
    worst = made.told[0]
    assert ("cannot be said" in worst["title"]) == (not worst["shortfall"]["certain"])


def test_no_letter_of_a_picture_is_small(made: Made) -> None:
    front = re.findall(r"svg\+xml;base64,([^\"]+)", made.page)[:4]
    sizes = [float(s) for one in front for s in re.findall(r'font-size="([\d.]+)"', base64.b64decode(one).decode())]
    assert sizes
    assert min(sizes) >= 8.5


def test_the_break_is_as_wide_as_the_demand(made: Made) -> None:
    finding = made.told[0]
    users = [row for row in finding["passage"] if not row["to_step"]]
    assert sum(row["arrives_tpa"] for row in users) == pytest.approx(finding["arrives_tpa"])
    lost = sum(row["lost_tpa"] for row in users)
    assert lost == pytest.approx(finding["demand_tpa"] - finding["arrives_tpa"], abs=1e-4 * finding["demand_tpa"])
    due = finding["shortfall"]["later"]["share"] + finding["shortfall"]["already_share"]
    assert lost / finding["demand_tpa"] == pytest.approx(due, abs=1e-4)


def test_the_projects_are_listed_as_they_are_drawn(made: Made) -> None:
    rows = made.told[0]["measures"]
    prices = [(math.inf if row["cost_musd"] is None else row["cost_musd"]) / row["avoids_tpa"] for row in rows]
    drawn = [
        row["label"] for _, row in sorted(zip(prices, rows, strict=True), key=lambda one: (one[0], one[1]["label"]))
    ]
    listed = re.findall(r"<li>(.*?) \([a-z]+[,)]", "".join(re.findall(r"<ol>.*?</ol>", made.page, re.DOTALL)[-1:]))
    assert [html.unescape(name) for name in listed] == drawn


def test_a_brief_is_page_one_alone(made: Made, tmp_path: Path) -> None:
    report(made.assessment, tmp_path, ["pdf", "html"], brief=True)
    reader = pypdf.PdfReader(tmp_path / "brief.pdf")
    assert len(reader.pages) == 1
    numbered = re.compile(r"page\s*1\s*of\s*\d+\s*")  # where the foot is full it is read in pieces
    both = (reader, pypdf.PdfReader(made.folder / "report.pdf"))
    alone, first = (" ".join(numbered.sub(" ", one.pages[0].extract_text()).split()) for one in both)
    assert alone == first
    assert "evidence" not in re.sub(r"<style>.*?</style>", "", (tmp_path / "brief.html").read_text(), flags=re.DOTALL)


@pytest.mark.browser
def test_page_one_stands_above_the_fold(made: Made, browser: Any) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto((made.folder / "report.html").as_uri())
    assert tab.evaluate("document.querySelector('#summary').getBoundingClientRect().bottom") <= 800
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1280
    tab.close()


GATE = (
    test_page_one_has_few_words_and_numbers,
    test_both_formats_say_the_finding,
    test_each_number_of_page_one_is_in_the_record,
    test_no_struck_word,
    test_at_most_twelve_pages_each_full_to_its_last_fifth,
    test_each_date_lies_ahead_or_is_said_to_have_passed,
    test_cannot_be_said_stands_where_it_must,
    test_no_letter_of_a_picture_is_small,
)


@pytest.mark.long
@pytest.mark.parametrize("name", [*SHIPPED, pytest.param(LONGEST, marks=pytest.mark.slow)])
def test_the_gate_on_a_shipped_chain(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)  # measures that are over
        assessment = cn.assess(cn.read(name), draws=0)
    assert_all_formats_say_one_thing(assessment, tmp_path)
    made = Made(assessment, tmp_path / "whole", json.loads((tmp_path / "whole" / "report.json").read_text("utf-8")))
    for rule in GATE:
        rule(made)
