"""The months in the report: numbers equal those of the tables, sentences from numbers, hostile words, bare networks."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import openpyxl
import pandas as pd
import pytest

import chainnet as cn
from chainnet.reporting.content import build
from chainnet.reporting.facts import Facts
from chainnet.reporting.formats.page import html_report
from chainnet.reporting.formats.pdf import pdf_report
from chainnet.reporting.formats.workbook import workbook_report
from chainnet.reporting.model import Document, ReportTable
from chainnet.reporting.order import figure_id
from chainnet.reporting.sections.asked import not_assessed
from chainnet.reporting.sections.stocks import stock_points
from chainnet.words import (
    bracket_sentence,
    calendar_month,
    endurance_sentence,
    foresight_sentence,
    month_words,
    recover_words,
    stock_part,
    stock_sentence,
    survive_words,
    tier_sentence,
)

SCRIPT = "<script>alert(1)</script>"


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


def chain(label: str = "Maker", **more: object) -> cn.Network:
    """One maker of 12 t/yr for defence (6) and others (6), a stock of 2 t beside it, no lag; 3 million USD/t."""
    nodes = pd.DataFrame(
        {
            "id": ["pit", "maker", "user"],
            "label": ["Pit", label, "User"],
            "stage": ["mine", "refiner", "end_use"],
            "country": ["CHN", "CHN", "USA"],
            "capacity_tpa": [12.0, 12.0, None],
        }
    )
    edges = pd.DataFrame(
        {
            "source": ["pit", "maker"],
            "target": ["maker", "user"],
            "commodity": "metal",
            "capacity_tpa": [12.0, 12.0],
            "flow_tpa": [12.0, 12.0],
        }
    )
    demand = pd.DataFrame(
        {
            "node": ["user", "user"],
            "commodity": "metal",
            "tier": ["defence", "civilian"],
            "demand_tpa": [6.0, 6.0],
            "value_usd_per_t": [2e6, 1e6],
        }
    )
    stocks = pd.DataFrame(
        {"id": ["depot"], "node": ["user"], "commodity": "metal", "stock_t": [2.0], "country": ["USA"]}
    )
    prices = pd.DataFrame({"id": ["metal"], "label": ["Metal"], "price_usd_per_t": [3e6]})
    tables = {"stocks": stocks, "commodities": prices}
    return cn.Network(nodes, edges, demand=demand, **{"name": "chain", "year": 2024, **tables, **more})


def stop(label: str = "Maker stops") -> cn.Scenario:
    measures = [{"kind": "remove", "nodes": ["maker"], "start_month": 2, "months": 9}]
    return cn.Scenario("stop", measures=measures, label=label)


@pytest.fixture(scope="module")
def made() -> cn.Assessment:
    return cn.assess(chain(), [stop()], months=12, recovery=0.5)


@pytest.fixture(scope="module")
def document(made: cn.Assessment) -> Document:
    return build(made)


@pytest.fixture(scope="module")
def calm() -> cn.Assessment:
    """The chain without a scenario, and without a word on how long a site is out."""
    return cn.assess(chain(), [], months=12, draws=0)


@pytest.fixture(scope="module")
def calm_document(calm: cn.Assessment) -> Document:
    return build(calm)


def table(document: Document, name: str) -> ReportTable:
    return next(t for t in [*document.tables, *document.inputs] if t.key == name)


def column(found: ReportTable, key: str) -> list[object]:
    place = [c.key for c in found.columns].index(key)
    return [row[place].value if row[place].value is not None else row[place].text for row in found.rows]


# -- words --------------------------------------------------------------------------------------


def test_months_count_from_one_and_bear_their_name() -> None:
    assert calendar_month(1, "2025-01") == "Jan 2025"
    assert calendar_month(12, "2025-01") == "Dec 2025"
    assert calendar_month(13, "2025-12") == "Dec 2026"
    assert flat(month_words(3, "")) == "3"
    assert month_words(float("nan"), "2025-01") == "never"


@pytest.mark.parametrize(
    ("months", "is_unlimited", "said"),
    [
        (0.0, False, "0"),
        (6.0, False, "6"),
        (47.0, False, "at least 47"),
        (48.0, False, "at least 48"),
        (np.inf, True, "never short"),
    ],
)
def test_time_to_survive_says_what_it_is(months: float, is_unlimited: bool, said: str) -> None:
    assert survive_words(months, is_unlimited, 47.0) == said


def test_templates() -> None:
    assert recover_words(np.inf, 48) == "not in 48"
    assert flat(tier_sentence("defence", 24.0, 0.0, float("nan"), float("nan"), 0.0, "2025-01")) == (
        "Defence demand (24 t) is met in every month."
    )
    assert endurance_sentence("defence", "1", "not in 48").startswith("It can be kept whole for one month")
    assert "for at least 46 months" in endurance_sentence("defence", "at least 46", "2")
    assert flat(foresight_sentence(1.0, 2.0)) == "If nobody foresees a date, 3 t are short, 1 t more."
    assert flat(bracket_sentence(0.0, 7.5)) == (
        "With best rerouting 0 t/yr are lost; if firms react only to their own stocks, 7.5."
    )
    assert flat(stock_part("oxide", 3.0, 0.0, None)) == "3 t of oxide (nothing to buy, what is held does)"
    assert "no price in the data" in stock_part("oxide", 3.0, 3.0, np.nan)
    assert stock_sentence("defence", "S", ["a", "b", "c"]) == "Carrying defence through “S” takes a, b and c."


# -- the numbers are those of the tables --------------------------------------------------------


def test_hand_worked_months(made: cn.Assessment) -> None:
    # month 3 to 11 nothing is made; 2 t in stock serve defence (0.5 t a month) for four months
    months = Facts(made).months
    row = months.of("stop", "defence")
    assert row["shortfall_t"] == pytest.approx(9 * 0.5 - 2.0)
    assert months.survive(row) == "4"
    assert months.onset("stop") == 3.0
    assert months.of("stop", "civilian")["first_short_month"] == 3
    assert months.of("stop", "civilian")["worst_month"] == 3
    assert months.start == months.start_of("stop") == ""  # nobody gave a date
    assert months.after({**row, "scenario": "stop"}) == 4
    assert months.left("stop") == 10


def test_tables_are_those_of_the_stress_test(made: cn.Assessment, document: Document) -> None:
    summary = made.stress.summary.reset_index().set_index(["scenario", "tier"])
    over, when = table(document, "over_time"), table(document, "endurance")
    for found in (over, when):
        keys = list(zip(column(found, "scenario"), column(found, "tier"), strict=True))
        assert set(keys) == set(summary.index)
        for key in {"shortfall_t", "served_t", "shortfall_unforeseen_t", "months_short"} & {
            c.key for c in found.columns
        }:
            for place, value in zip(keys, column(found, key), strict=True):
                assert value == pytest.approx(float(summary.loc[place, key]), abs=1e-6)
    every = table(document, "M1")
    assert sum(float(str(v)) for v in column(every, "shortfall_t")) == pytest.approx(
        float(made.stress.months["shortfall_t"].sum()), abs=1e-6
    )
    assert column(every, "calendar_month")[:1] == ["-"]
    levels = column(table(document, "M3"), "level_t")
    assert levels == pytest.approx(made.stress.stocks["level_t"].tolist(), abs=1e-6)


def test_a_month_has_a_name_where_a_start_is_given(made: cn.Assessment) -> None:
    stress = made.stress
    settings = stress.provenance["settings"] | {"start": "2031-05"}
    dated = replace(made, stress=replace(stress, provenance=stress.provenance | {"settings": settings}))
    months = Facts(dated).months
    assert months.span == "12 months, May 2031 to Apr 2032"
    assert months.start_of("stop") == "2031-05"


def test_stock_rows_add_up(made: cn.Assessment, document: Document) -> None:
    need = table(document, "requirement")
    assert column(need, "required_t") == pytest.approx([4.5])
    assert column(need, "held_t") == pytest.approx([2.0])
    assert column(need, "net_t") == pytest.approx([2.5])
    steps = table(document, "mitigation")
    tonnes, dollars = (
        list(zip(*(column(steps, f"{k}_{unit}") for k in ("before", "averted", "after")), strict=True))
        for unit in ("t", "musd")
    )
    # every other row is a sum: money adds up, tonnes of different materials do not
    assert tonnes[1::2] == [("-", "-", "-")] * 3
    # nine months of the 0.5 t that defence asks for; two free months before, in which 0.5 t each can be set aside
    assert tonnes[::2] == [pytest.approx(row) for row in ((4.5, 0.0, 4.5), (4.5, 1.0, 3.5), (3.5, 2.0, 1.5))]
    for row in (*tonnes[::2], *dollars):
        assert row[0] - row[1] == pytest.approx(row[2])
    assert [row[0].text for row in steps.rows] == [s for s in made.mitigation["step"] for _ in range(2)]


def test_money_is_tonnes_times_price_in_millions(made: cn.Assessment, document: Document) -> None:
    """Metal is 3 million USD/t; a tonne not served costs defence 2 and civilians 1 million."""
    need = table(document, "requirement")
    assert column(need, "price_usd_per_t") == pytest.approx([3e6])
    assert column(need, "cost_musd") == pytest.approx([2.5 * 3])
    assert column(need, "buy_musd") == pytest.approx([2.5 * 3])
    steps = table(document, "mitigation")
    assert column(steps, "before_musd") == pytest.approx([v * 3 for v in (4.5, 4.5, 4.5, 4.5, 3.5, 3.5)])
    assert column(steps, "averted_musd") == pytest.approx([v * 3 for v in (0.0, 0.0, 1.0, 1.0, 2.0, 2.0)])
    assert column(steps, "after_musd") == pytest.approx([v * 3 for v in (4.5, 4.5, 3.5, 3.5, 1.5, 1.5)])
    # half a year without the maker: 2 t in stock, 1 t short of defence and 3 t of civilians
    exposed = table(document, "exposure")
    assert column(exposed, "lost_t") == pytest.approx([4.0, 4.0])
    assert column(exposed, "cost_musd") == pytest.approx([1 * 2 + 3 * 1.0] * 2)
    assert column(exposed, "spend_musd") == pytest.approx([12 * 3.0] * 2)
    over = table(document, "over_time")
    assert column(over, "value_at_risk_musd") == pytest.approx([2.5 * 2, 4.5 * 1, 0, 0])
    assert column(table(document, "served"), "value_musd") == pytest.approx([0, 0, 6 * 2, 6 * 1])
    said = " ".join(flat(s.text) for s in stock_points(Facts(made)))
    assert "4.5 t of Metal (2.5 t to buy beside what is held, USD 7.5 million)" in said
    assert "take what is required from USD 13.5 million to USD 4.5 million" in said
    every = {(t.key, c.key) for t in document.tables for c in t.columns if c.key.endswith("_musd")}
    read = {
        "requirement": ["cost", "buy"],
        "mitigation": ["before", "averted", "after"],
        "exposure": ["cost", "spend"],
        "served": ["value"],
    }
    read["over_time"] = ["value_at_risk"]
    assert every == {(key, f"{name}_musd") for key, names in read.items() for name in names}, "each is read above"


def test_a_material_without_a_price_costs_nothing_known_and_stays_out_of_the_sums(made: cn.Assessment) -> None:
    unknown = {"commodity": "other", "price_usd_per_t": np.nan, "cost_usd": np.nan}
    need = pd.concat([made.stockpile, made.stockpile.assign(**unknown)], ignore_index=True)
    none = dict.fromkeys(("before_usd", "averted_usd", "after_usd"), np.nan)
    less = pd.concat([made.mitigation, made.mitigation.assign(commodity="other", **none)], ignore_index=True)
    need.attrs, less.attrs = made.stockpile.attrs, made.mitigation.attrs
    document = build(replace(made, stockpile=need, mitigation=less))
    assert column(table(document, "requirement"), "cost_musd") == [pytest.approx(7.5), "n/d", pytest.approx(7.5)]
    assert column(table(document, "requirement"), "buy_musd") == [pytest.approx(7.5), "n/d", pytest.approx(7.5)]
    assert column(table(document, "requirement"), "material")[-1] == "All with a price"
    assert column(table(document, "mitigation"), "before_musd") == [
        *(pytest.approx(13.5), "n/d", pytest.approx(13.5)) * 2,
        *(pytest.approx(10.5), "n/d", pytest.approx(10.5)),
    ]


def test_exposure_and_bracket_are_those_of_their_questions(made: cn.Assessment, document: Document) -> None:
    asked = cn.risk_exposure(made.network, 0.5, by="site")
    found = table(document, "exposure")
    assert column(found, "cost_musd") == pytest.approx((asked["cost_usd"] / 1e6).tolist())
    assert column(found, "recovery") == pytest.approx([6.0] * len(asked))
    assert "6 months for each site (as given)" in found.subtitle
    lost = table(document, "bracket")
    assert column(lost, "optimal_tpa") == pytest.approx([made.bracket.loc[("stop", "optimal"), "lost_tpa"]])
    assert column(lost, "myopic_long_run_tpa") == pytest.approx(
        [made.bracket.loc[("stop", "myopic long run"), "lost_tpa"]]
    )


def test_recovery_that_nobody_gave_is_said(calm_document: Document) -> None:
    found = table(calm_document, "exposure")
    assert "12 months for each site (assumed, the data hold none)" in found.subtitle


def test_workbook_has_the_sheets(document: Document) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_report(document)), read_only=True)
    wanted = {"Months", "Over time", "Endurance", "Endurance by use", "Stock", "Stock levels", "Stock mitigation"}
    assert wanted | {"Exposure", "Bracket", "Levels of response over time"} <= set(book.sheetnames)


def test_figures_bear_title_and_words(document: Document) -> None:
    page = html_report(document, has_graph=False).decode("utf-8")
    for key in ("months", "courses", "endurance", "exposure", "stocks"):
        name = figure_id(key).lower()
        assert re.search(rf'<figure id="{name}">.*?<img alt="[^"]{{40,}}"', page, flags=re.DOTALL), name


# -- bare networks ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare() -> cn.Assessment:
    """The chain without tiers, stocks, values, a year or baseline flows."""
    net = chain(stocks=None, year=None)
    net = net.with_demand(net.demand.iloc[:1].assign(tier=None, value_usd_per_t=np.nan))
    net = net.with_table("edges", net.edges.assign(flow_tpa=np.nan))
    return cn.assess(net, [stop()], months=12, draws=0)


def test_without_tiers_stocks_values_or_year(bare: cn.Assessment) -> None:
    made, document = bare, build(bare)
    assert "cost_t" in [c.key for c in table(document, "exposure").columns]
    assert not [t for t in document.inputs if t.key == "M3"]
    assert "nobody asks in the first tier" in made.unanswered["stockpile"]
    assert Facts(made).months.span == "12 months"
    page = html_report(document, has_graph=False).decode("utf-8")
    assert "Not assessed: required stock. Nobody asks in the first tier." in flat(page)
    assert pdf_report(document, {})[:4] == b"%PDF"


def test_without_baseline_flows_the_bracket_is_not_assessed(bare: cn.Assessment) -> None:
    assert bare.bracket.empty
    said = [flat(s.text) for s in not_assessed(Facts(bare), "bracket")]
    assert said[0].startswith("Not assessed: myopic loss (“Maker stops”). No baseline flow on")


@pytest.mark.slow
def test_report_passes_the_horizon_on(tmp_path: Path) -> None:
    asked = {"months": 6, "start": "2030-03", "recovery": 2.0, "draws": 0}
    cn.report(chain(), tmp_path / "out", "xlsx", scenarios=[stop()], **asked)
    book = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx", read_only=True)
    rows = list(book["Months"].iter_rows(min_row=6, values_only=True))
    assert [row[2] for row in rows if row[:2] == ("stop", "defence")] == [1, 2, 3, 4, 5, 6]
    assert rows[0][3] == "Mar 2030"


def test_no_scenario(calm: cn.Assessment, calm_document: Document) -> None:
    page = html_report(calm_document, False).decode()
    assert not [f for f in ("months", "courses", "endurance", "stocks") if f'id="{figure_id(f).lower()}"' in page]
    assert calm.stress.horizon_levels.empty


def test_hostile_words_stay_words(made: cn.Assessment) -> None:
    label = f'{SCRIPT} =1+1 {{{{ 7*7 }}}} "W" 稀土'
    scenarios = made.scenarios.assign(label=label)
    need = made.stockpile.assign(label=label)
    need.attrs = made.stockpile.attrs
    why = MappingProxyType({"bracket: stop": f"bracket: {SCRIPT}", "exposure": SCRIPT})
    bad = replace(made, scenarios=scenarios, stockpile=need, unanswered=why)
    document = build(bad)
    page = html_report(document, has_graph=False).decode("utf-8")
    assert "<script" not in page.lower()
    assert "{{ 7*7 }}" in page
    assert pdf_report(document, {"稀土": "ree"})[:4] == b"%PDF"
    book = openpyxl.load_workbook(io.BytesIO(workbook_report(document)))
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
