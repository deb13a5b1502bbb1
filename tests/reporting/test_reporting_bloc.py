"""The parts of the report on money, blocs and doubt; figures as objects; language and templates."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from both_ends import lacks_an_end

import chainnet as cn
from chainnet.reporting.content import build
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Document, ReportFigure, ReportTable, Sentence
from chainnet.reporting.sections.decides import section, side_table


@pytest.fixture(scope="module")
def made() -> cn.Assessment:
    """A chain with ranges, prices, costs, blocs and a country between them."""
    nodes = pd.DataFrame(
        [
            ("m_chn", "mine", "ore", "CHN", None, 80.0, 60.0, 100.0),
            ("m_aus", "mine", "ore", "AUS", None, 30.0, 20.0, 40.0),
            ("r_chn", "refiner", "metal", "CHN", "smelt", 70.0, 60.0, 80.0),
            ("r_mys", "refiner", "metal", "MYS", "smelt", 20.0, 10.0, 30.0),
            ("u_usa", "end_use", "use", "USA", None, np.nan, np.nan, np.nan),
            ("u_chn", "end_use", "use", "CHN", None, np.nan, np.nan, np.nan),
        ],
        columns=["id", "stage", "step", "country", "process", "capacity_tpa", "low", "high"],
    )
    edges = pd.DataFrame(
        [
            ("m_chn", "r_chn", "ore", 60.0, 80.0),
            ("m_aus", "r_mys", "ore", 20.0, 30.0),
            ("r_chn", "u_chn", "metal", 30.0, 40.0),
            ("r_chn", "u_usa", "metal", 30.0, 40.0),
            ("r_mys", "u_usa", "metal", 20.0, 20.0),
            ("m_aus", "p_usa", "ore", np.nan, 30.0),
            ("p_usa", "u_usa", "metal", np.nan, 30.0),
        ],
        columns=["source", "target", "commodity", "flow_tpa", "capacity_tpa"],
    )
    demand = pd.DataFrame(
        [
            ("u_usa", "metal", "defence", 10.0, 5.0, 25.0),
            ("u_usa", "metal", "civilian", 40.0, 30.0, 50.0),
            ("u_chn", "metal", "civilian", 30.0, None, None),
        ],
        columns=["node", "commodity", "tier", "demand_tpa", "low", "high"],
    )
    processes = pd.DataFrame(
        [("smelt", "ore", "input", 1.0), ("smelt", "metal", "output", 1.0)],
        columns=["process", "commodity", "role", "t_per_t"],
    )
    projects = pd.DataFrame(
        {
            "id": ["p_usa"], "stage": ["refiner"], "step": ["metal"], "country": ["USA"], "process": ["smelt"], "capacity_tpa": [15.0],
            "start_year": [2026], "capex_musd": [90.0], "unit_cost_usd_per_t": [1000.0],
        }
    )  # fmt: skip
    commodities = pd.DataFrame(
        {"id": ["ore", "metal"], "basis": ["t ore", "t metal"], "price_usd_per_t": [None, 50000.0]}
    )
    net = cn.Network(
        nodes, edges, demand=demand, processes=processes, projects=projects, commodities=commodities,
        year=2024, main_commodity="metal", beneficiaries="USA", name="small",
    )  # fmt: skip
    stop = cn.Scenario(
        "stop", [{"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "USA"}, "share": 0.0}]
    )
    return cn.assess(net, [stop], months=12, draws=16, order="allies_first")


@pytest.fixture(scope="module")
def document(made: cn.Assessment) -> Document:
    return build(made)


def sheet(document: Document, name: str) -> pd.DataFrame:
    table = next(t for t in document.tables if t.key == name)
    assert isinstance(table, ReportTable)
    values = [[c.value if c.value is not None else c.text for c in row] for row in table.rows]
    return pd.DataFrame(values, columns=[c.key for c in table.columns])


def test_best_sets_by_hand(document: Document) -> None:
    """Without China 30 t are short; by new relations Malaysia smelts its ore, so that of Australia fills the project."""
    table = sheet(document, "portfolio")
    rows = table[table["counts"] == "all tiers"]
    assert rows["averted_t"].max() == pytest.approx(15.0)
    assert rows.loc[rows["averted_t"] > 0, "spent_musd"].iloc[0] == 90.0


def test_what_a_floor_does_by_hand(document: Document) -> None:
    """All that the USA buy comes over the border; 0.05 and the root of 0.2 x 0.9 are the elasticities, on a line."""
    row = sheet(document, "floors").set_index("floor").loc[75_000.0]
    bought = 10 * (1 - 0.05 * 0.5) + 40 * (1 - np.sqrt(0.2 * 0.9) * 0.5)
    assert row["held"] == "held"
    assert row["price"] == pytest.approx(75_000)
    assert row["imports"] == pytest.approx(bought)
    assert row["users"] == pytest.approx(-25_000 * (50 + bought) / 2 / 1e6)
    assert 0 < row["treasury"] < 25_000 * bought / 1e6 + 0.6, "what makers abroad bear comes on top of what users pay"
    assert sheet(document, "floors").iloc[0]["held"] == "already there"


def test_contracts_pay_where_the_project_pays(made: cn.Assessment, document: Document) -> None:
    table = sheet(document, "instruments").set_index("instrument")
    factor = 0.1 * 1.1**10 / (1.1**10 - 1)
    pays = 1000 + 90e6 * factor / 15
    assert pays <= table.loc["Contracts, offtake", "usd_per_t"] <= pays * 1.005
    assert table.loc["Contracts, offtake", "projects"] == "p_usa"
    assert (table.loc["Floor at the border", "reaches"], table.loc["Floor at the border", "cost"]) == ("no", "n/a")
    assert made.priced.instruments is not None
    asked = made.priced.instruments.provenance["settings"]["avoid_tpa"]
    assert asked == pytest.approx(7.5), "half of what the project avoids"
    assert table.loc["Stock", "cost"] == pytest.approx(0.1 * asked * 50_000 / 1e6), "a tenth of what it holds, a year"


def figure(document: Document, key: str) -> ReportFigure:
    return next(b for b in document.blocks() if isinstance(b, ReportFigure) and b.key == key)


def test_the_wedge_is_that_of_the_market(made: cn.Assessment, document: Document) -> None:
    assert made.priced.market is not None
    prices = made.priced.market.prices["price_usd_per_t"]
    row = sheet(document, "market").set_index("commodity").loc["metal"]
    assert row["inside_high_usd_per_t"] == pytest.approx(prices["u_chn", "metal"])
    assert row["elsewhere_high_usd_per_t"] == pytest.approx(prices["u_usa", "metal"])
    least = row["elsewhere_low_usd_per_t"] / row["inside_high_usd_per_t"]
    assert row["elsewhere_low_usd_per_t"] == pytest.approx(50_000), (
        "at the plant in Malaysia any price from there on does"
    )
    assert figure(document, "prices").title == f"Metal costs at least {least:.1f} times as much outside China"


@pytest.fixture(scope="module")
def likely(made: cn.Assessment) -> cn.Assessment:
    """The same with what may happen: 0.02 to 0.1 and 0.1 to 0.3 a year, no end, five years; and one without a rate."""
    hazards = pd.DataFrame(
        {
            "id": ["stop", "out", "unknown"],
            "label": ["China stops", "Malaysia is out", "Nobody knows"],
            "effect": [
                'measures = [{kind = "restrict", from = {country = "CHN"}, to = {country = "USA"}, share = 0.0}]',
                'nodes = ["r_mys"]',
                'nodes = ["m_aus"]',
            ],
            "rate_low": [0.02, 0.1, None],
            "rate_high": [0.1, 0.3, None],
        }
    )
    return replace(
        made, likelihood=cn.reverse(made.network, 0.55, hazards=hazards, reroute="new", exceed=[0.1, 0.55, 0.9])
    )


def test_a_likely_loss_never_has_one_chance(likely: cn.Assessment) -> None:
    """1 - exp(-5 rate)."""
    found: Any = likely.likelihood
    assert found.likeliest == ("stop",)
    document = build(likely)
    text = next(s for s in document.sections if s.heading.endswith("How sure are we?"))
    said = next(
        one.text for block in text.blocks if isinstance(block, tuple) for one in block if one.head == "How likely."
    )
    assert "China stops, between 1 in 11 and 2 in 5" in said
    assert "Proved" in said
    assert "1 of the 3 events listed has no rate and enters no chance: Nobody knows" in said
    row = sheet(document, "ways").iloc[0]
    assert (row["chance_low"], row["chance_high"]) == pytest.approx((1 - np.exp(-0.1), 1 - np.exp(-0.5)))
    drawn = figure(document, "ways")
    assert "between 1 in 11 and 2 in 5" in drawn.svg
    assert "between 1 in 11 and 2 in 5" in drawn.title
    band = sheet(document, "exceedance")
    for column in ("loss_share", "chance_low", "chance_high"):
        assert band[column].tolist() == pytest.approx(found.exceedance[column].tolist())
    asked = band.set_index("loss_share").loc[0.55]
    assert (asked["chance_low"], asked["chance_high"]) == pytest.approx((1 - np.exp(-0.1), 1 - np.exp(-0.5)))
    assert asked["words"] == "between 1 in 11 and 2 in 5"


@pytest.mark.documents
def test_no_document_says_one_chance(likely: cn.Assessment, tmp_path: Path) -> None:
    """Page, print, workbook, JSON, the page of one side and the slides; a rate that nobody knows is none."""
    from openpyxl import load_workbook
    from pypdf import PdfReader

    cn.report(likely, tmp_path, figures=tmp_path / "slides")
    cn.report(likely, tmp_path, brief=True)
    texts = {"report.json": (tmp_path / "report.json").read_text(encoding="utf-8")}
    for file in [*tmp_path.glob("*.html"), *(tmp_path / "slides").glob("*.svg")]:
        page = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", file.read_text(encoding="utf-8"), flags=re.S)
        texts[file.name] = " ".join(html.unescape(page).split())
    for file in tmp_path.glob("*.pdf"):
        text = " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())
        texts[file.name] = re.sub(r"certain(?:1 in 1[0,]*)+", "", text)  # the scale of a picture
    book = load_workbook(tmp_path / "report.xlsx")
    texts["report.xlsx"] = "\n".join(
        " | ".join(str(cell) for cell in row if cell is not None)
        for one in book
        for row in one.iter_rows(values_only=True)
    )
    assert {name: said for name, text in texts.items() if (said := lacks_an_end(text))} == {}
    told = [name for name, text in texts.items() if "between 1 in 11 and 2 in 5" in text.replace("\u00a0", " ")]
    assert {"report.html", "report.pdf", "report.xlsx"} <= set(told)
    ends = {row[0]: row[1:3] for row in book["Hazards"].iter_rows(values_only=True)}
    assert ends["Nobody knows"] == ("n/d", "n/d")
    assert ends["China stops"] == pytest.approx((1 - np.exp(-0.1), 1 - np.exp(-0.5)))
    assert "China stops 9.5 % 39 %" in texts["report.html"].replace("\u00a0", " ")


def test_countries_between_the_blocs(document: Document) -> None:
    table = sheet(document, "balance").set_index("country")
    assert set(table.index) == {"AUS", "MYS"}
    assert table.loc["MYS", "swing_allies_t"] == pytest.approx(20.0), "all metal that the USA has left"
    split = sheet(document, "split")
    usa = split[split["side"] == "United States"].iloc[0]
    assert usa["lost_tpa"] == pytest.approx(30.0)


def test_where_no_country_lies_between_the_blocs_there_is_no_table_of_what_they_are_worth(made: cn.Assessment) -> None:
    assert made.alignment is not None
    none = replace(made, alignment=replace(made.alignment, countries=pd.DataFrame()))
    assert side_table(Facts(none)) is None
    assert side_table(Facts(made)) is not None


def test_why_nobody_between_the_blocs_was_assessed_is_said_with_their_question(made: cn.Assessment) -> None:
    why = {"alignment": "alignment: no bloc is named. Name two.", "draws": "none were asked for."}
    blocks = section(Facts(replace(made, alignment=None, unanswered=why))).blocks
    every = [one for block in blocks for one in (block if isinstance(block, tuple) else (block,))]
    said = [one.text for one in every if isinstance(one, Sentence) and one.text.startswith("Not assessed")]
    assert said == ["Not assessed: what countries between two blocs are worth. No bloc is named."]


def test_ranges_are_those_of_the_ensemble(made: cn.Assessment, document: Document) -> None:
    table = sheet(document, "uncertainty").set_index("number")
    assert made.ensemble is not None
    for name in ("lost_t", "defence_short_t"):
        assert table.loc[name, "p90"] == pytest.approx(made.ensemble.summary.loc[name, "p90"])
    single = sheet(document, "sensitivity")
    assert single["swing_tpa"].is_monotonic_decreasing


def test_index_beside_loss(document: Document) -> None:
    table = sheet(document, "indices")
    china = table[(table["country"] == "CHN") & (table["step"] == "metal")].iloc[0]
    assert china["share"] == pytest.approx(0.75)
    assert china["lost_tpa"] == pytest.approx(30.0)


def test_figures_are_objects(made: cn.Assessment, tmp_path: Path) -> None:
    found = cn.report_figures(made)
    assert {"break", "course", "response", "holders", "ranges"} <= set(found)
    picture = found["holders"]
    assert picture.save(tmp_path / "f.svg").read_text(encoding="utf-8").startswith("<svg")
    assert picture.save(tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    assert picture.title in picture._repr_html_()
    with pytest.raises(cn.DataError, match=r"\.svg or \.png"):
        picture.save(tmp_path / "f.gif")
    with pytest.raises(cn.DataError, match="give an Assessment"):
        cn.report_figures(made.network)  # type: ignore[arg-type]


@pytest.mark.slow
def test_language_and_templates_of_ones_own(made: cn.Assessment, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "page.html.j2").write_text(
        '<html lang="{{ d.language }}"><h1>Mein {{ d.title }}</h1></html>', encoding="utf-8"
    )
    cn.report(made, tmp_path / "out", formats=["html"], language="de", templates=own)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert text.startswith('<html lang="de"><h1>Mein small')
    cn.report(made, tmp_path / "plain", formats=["html", "pdf"], language="fr")
    assert '<html lang="fr">' in (tmp_path / "plain" / "report.html").read_text(encoding="utf-8")
    assert re.search(rb"/Lang\s*\(fr", (tmp_path / "plain" / "report.pdf").read_bytes())


@pytest.mark.parametrize(
    ("name", "text", "formats", "said"),
    [
        ("page.html.j2", "{{ nothing_of_this_name }}", ["html"], r"page\.html\.j2.*nothing_of_this_name"),
        ("page.html.j2", "{% if %}", ["html"], r"page\.html\.j2"),
        ("report.typ", "#unknown-function()", ["pdf"], r"report\.typ"),
        ("other.txt", "x", ["html"], "neither"),
    ],
)
def test_a_broken_template_is_named(
    made: cn.Assessment,
    document: Document,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    text: str,
    formats: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("chainnet.reporting.content.build", lambda *_given, **_named: document)  # made once
    own = tmp_path / "own"
    own.mkdir()
    (own / name).write_text(text, encoding="utf-8")
    with pytest.raises(cn.DataError, match=said):
        cn.report(made, tmp_path / "out", formats=formats, templates=own)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [{"language": "English"}, {"language": 3}, {"templates": "nowhere"}])
def test_wrong_words_are_refused(made: cn.Assessment, tmp_path: Path, words: dict[str, object]) -> None:
    with pytest.raises(cn.DataError, match=next(iter(words))):
        cn.report(made, tmp_path / "out", **words)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()
