"""Measures in plain words: every kind, every key, names for ids."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from chainnet.reporting.facts import Facts
from chainnet.reporting.measures import _KINDS, measure_rows
from chainnet.reporting.sections.asked import measure_table
from chainnet.reporting.sections.page_one import _columns
from chainnet.scenario import KINDS

CHN = {"country": "CHN"}


@cache
def facts(graph: str) -> Facts:
    found = Facts.__new__(Facts)
    found.network = cn.read(graph)
    found.a = SimpleNamespace(network=found.network)  # type: ignore[assignment]
    return found


def said(*measures: dict[str, Any], graph: str = "mag-9") -> list[str]:
    return [words for words, _ in measure_rows(facts(graph), cn.Scenario("s", list(measures)))]


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ({"kind": "remove", "where": {"country": "CHN"}}, "Out: China"),
        ({"kind": "remove", "nodes": ["H_CN", "S_CN"]}, "Out: Dysprosium source in China and Separator in China"),
        ({"kind": "remove", "edges": [["H_CN", "G_CN"]]}, "Out: Dysprosium source in China > Magnet plant in China"),
        ({"kind": "scale", "nodes": "H_CN", "share": 0.5}, "Capacity at 50 %: Dysprosium source in China"),
        ({"kind": "restrict", "from": {"country": "CHN"}}, "No flow from China"),
        (
            {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "!CHN"}},
            "No flow from China to all countries but China",
        ),
        ({"kind": "restrict", "to": {"country": ["G7", "!USA"]}, "share": 0.0}, "No flow to G7 but the United States"),
        (
            {"kind": "restrict", "from": {"country": "CHN"}, "to": {"region": "other"}, "share": 0.25},
            "At most 25 % of the baseline flow from China to the region “other”",
        ),
        (
            {"kind": "restrict", "to": {"country": ["USA", "COD"]}, "tier": "defence", "origin": {"country": "CHN"}},
            "No flow to the United States and DR Congo for defence, with material of origin China in it",
        ),
        (
            {"kind": "quota", "from": {"country": "CHN"}, "tpa": 1200.0, "severity": 0.5},
            "At most 1,200 t/yr from China (50 % of the cut)",
        ),
        (
            {"kind": "tariff", "to": {"country": "USA"}, "rate": 0.25, "start": "2026-01"},
            "Tariff of 25 % on flow to the United States, from Jan 2026",
        ),
        (
            {"kind": "remove", "where": {"country": "CHN"}, "start": "2026-01", "until": "2026-11"},
            "Out: China, from Jan 2026, until Nov 2026",
        ),
        (
            {"kind": "tariff", "from": {"country": "CHN"}, "usd_per_t": 900.0},
            "Tariff of USD 900/t on flow from China",
        ),
        (
            {"kind": "price_floor", "commodity": "dy", "usd_per_t": 3e5, "phase_in_months": 6},
            "Price floor of USD 300,000/t for flow of dysprosium, phased in over 6 months",
        ),
        ({"kind": "demand", "tier": ["defence", "civilian"], "share": 2}, "Demand times 2 for defence and civilian"),
        (
            {"kind": "release", "stocks": ["us_pile"], "tiers": "defence", "release_tpa": 5.0, "start_month": 3},
            "Stocks released: Us pile for defence at 5 t/yr at most, from month 4",
        ),
        ({"kind": "build", "projects": "G_US"}, "Projects stand: Magnet plant in the United States"),
        (
            {"kind": "delay", "projects": ["G_US"], "late_months": 1},
            "Late by 1 month: Magnet plant in the United States",
        ),
        (
            {
                "kind": "remove",
                "where": {"owner_country": "CHN", "stage": "mine", "step": "mining", "operator": "Acme"},
                "months": 4,
                "suspended": [{"start_month": 0, "months": 1}, {"start_month": 2, "months": 2}],
            },
            "Out: owned from China, mines, mining, operator Acme, for 4 months, suspended from month 1 for 1 month, "
            "suspended from month 3 for 2 months",
        ),
        (
            {"kind": "club", "to": {"country": "JPN"}, "commodity": "magnet", "tpa": 5, "usd_per_t": 9000},
            "Bought by a club of Japan: at most 5 t/yr of NdFeB magnets at USD 9,000/t at most, paid by a surcharge on what its "
            "members use",
        ),
        (
            {
                "kind": "buffer",
                "node": "USE",
                "commodity": "magnet",
                "floor_usd_per_t": 8,
                "cap_usd_per_t": 9,
                "room_t": 3,
            },
            "Buffer stock of NdFeB magnets at Users of magnets: buys at USD 8/t into room for 3 t, sells at USD 9/t from 0 t",
        ),
        (
            {"kind": "buffer", "to": CHN, "commodity": "magnet", "floor_usd_per_t": 8, "cap_usd_per_t": 9, "stock_t": 4, "until": "2027-03"},
            "Buffer stock of NdFeB magnets of China: buys at USD 8/t into room for 0 t, sells at USD 9/t from 4 t, until Mar 2027",
        ),
        (
            {"kind": "licence", "from": CHN, "commodity": "magnet", "announced": "2025-05-01", "start": "2025-06",
             "profile": [{"months": 2, "share": 0.0}, {"months": 0, "share": 0.1}, {"months": 1, "share": 0.3}, {"share": 0.5}],
             "by": [{"to": {"country": "JPN"}, "profile": [{"months": 1, "share": 0.2}, {"share": 0.75}]},
                    {"to": {"id": "USE"}, "profile": [{"share": 0.0}]}]},
            "Licences on flow of NdFeB magnets from China: none for 2 months, then at most 30 % of the baseline flow for 1 "
            "month, then at most 50 % of the baseline flow; to Japan: at most 20 % of the baseline flow for 1 month, then at "
            "most 75 % of the baseline flow; to Users of magnets: none, announced 2025-05-01, from Jun 2025",
        ),
        ({"kind": "licence", "from": CHN, "share": 0.25}, "Licences on flow from China: at most 25 % of the baseline flow"),
        (
            {"kind": "licence", "from": CHN, "by": [{"to": {"country": "JPN"}, "profile": [{"share": 0.25}]}]},
            "Licences on flow from China; to Japan: at most 25 % of the baseline flow",
        ),
        (
            {"kind": "licence", "from": CHN, "profile": [{"months": 13, "share": 0.5}, {"share": 1.0}]},
            "Licences on flow from China: at most 50 % of the baseline flow for 13 months, then at most 100 % of the baseline flow",
        ),
        ({"kind": "quota", "to": {"stage": "end_use"}, "tpa": 30.0}, "At most 30 t/yr to end uses"),
        ({"kind": "export_tax", "from": CHN, "usd_per_t": 40.0}, "Export tax of USD 40/t on flow from China"),
        (
            {"kind": "price_floor", "commodity": "magnet", "usd_per_t": 90, "mechanism": "border", "to": {"country": "USA"}},
            "Price floor of USD 90/t for flow of NdFeB magnets to the United States",
        ),
        (
            {"kind": "price_floor", "usd_per_t": 90, "mechanism": "cfd", "nodes": ["G_US"]},
            "Price floor of USD 90/t, by contract with Magnet plant in the United States",
        ),
        (
            {"kind": "subsidy", "usd_per_t": 70, "where": {"country": "USA", "makes": "magnet"}},
            "Subsidy of USD 70/t made: the United States, which make NdFeB magnets",
        ),
        (
            {"kind": "subsidy", "capex_share": 0.3, "where": {"takes": ["dy", "magnet"]}},
            "Subsidy of 30 % of the capital cost: which take dysprosium and NdFeB magnets",
        ),
        (
            {"kind": "purchase", "node": "USE", "commodity": "magnet", "tpa": 7, "usd_per_t": 95},
            "Bought at Users of magnets: at most 7 t/yr of NdFeB magnets at USD 95/t at most",
        ),
        ({"kind": "purchase", "node": "USE", "tpa": 7}, "Bought at Users of magnets: at most 7 t/yr"),
        (
            {"kind": "club", "node": "USE", "to": {"country": ["JPN", "USA"]}, "tpa": 5},
            "Bought at Users of magnets by a club of Japan and the United States: at most 5 t/yr, paid by a surcharge on what its "
            "members use",
        ),
        (
            {"kind": "demand", "nodes": ["USE"], "where": {"country": "USA"}, "share": 1.5},
            "Demand times 1.5, Users of magnets; the United States",
        ),
        (
            {"kind": "demand", "where": {"country": "USA"}, "tier": "civilian", "share": 0.5},
            "Demand times 0.5 for civilian, the United States",
        ),
        ({"kind": "release", "where": {"country": "JPN"}, "tiers": ["defence", "civilian"]}, "Stocks released: Japan for defence and civilian"),
        ({"kind": "build", "where": {"country": ["JPN", "USA"]}}, "Projects stand: Japan and the United States"),
        ({"kind": "delay", "where": {"step": ["magnet making", "mining"]}, "late_months": 18}, "Late by 18 months: magnet making and mining"),
        (
            {"kind": "remove", "where": {"id": ["H_CN", "S_CN"], "stage": ["mine", "end_use"]}, "start_month": 0},
            "Out: Dysprosium source in China and Separator in China, mines and end uses",
        ),
        (
            {"kind": "remove", "where": {"country": ["!CHN", "!USA"]}, "suspended": [{"start": "2026-05", "months": 13}]},
            "Out: all countries but China and the United States, suspended from May 2026 for 13 months",
        ),
    ],
)  # fmt: skip
def test_every_kind_in_words(measure: dict[str, Any], words: str) -> None:
    assert [line.replace("\u00a0", " ") for line in said(measure)] == [words]


def test_no_kind_is_without_words() -> None:
    assert set(_KINDS) == set(KINDS)


def test_measures_that_differ_in_their_good_alone_are_one() -> None:
    rule = {"kind": "restrict", "from": {"country": "CHN"}, "share": 0.0}
    one, other = ({**rule, "commodity": c} for c in ("dy", "magnet"))
    assert said(one, other) == ["No flow of dysprosium and NdFeB magnets from China"]
    assert len(said(one, {**other, "months": 2})) == 2


def test_goods_whose_names_hold_commas_stay_apart() -> None:
    rule = {"kind": "restrict", "from": {"country": "CHN"}, "commodity": ["ga_primary", "ga_scrap"]}
    assert said(rule, graph="gallium") == [
        "No flow of Primary gallium, 99.99 percent (4N); New scrap of wafers and precursors; from China"
    ]


def test_where_a_measure_comes_from_stands_beside_it() -> None:
    ban = {"kind": "restrict", "from": {"country": "CHN"}, "commodity": "dy", "share": 0}
    told = {"status": "in force", "source": "a ;b", "checked_on": "2025-11-20"}
    scenario = cn.Scenario("s", [{**ban, **told}, {**ban, **told, "commodity": "magnet"}, ban, {**ban, "source": "a"}])
    rows = measure_rows(facts("mag-9"), scenario)
    assert [where for _, where in rows] == ["in force, a; b, checked 2025-11-20", "", "a"]
    assert len({words for words, _ in rows}) == 2, "measures of one standing that differ in their good are one"


@pytest.mark.slow
def test_the_table_of_measures_has_the_column_where_one_says_it() -> None:
    net = cn.read("mag-9")
    for told, heads in (({}, []), ({"status": "assumed"}, ["Status, source, checked on"])):
        scenario = cn.Scenario("s", [{"kind": "remove", "where": {"country": "CHN"}, **told}])
        found = Facts(cn.assess(net, [scenario], months=3, draws=0))
        table = measure_table(found)
        assert [c.head for c in table.columns] == ["Name", "Scenario", "Measure", *heads]
        assert [cell.value for cell in table.rows[0]][3:] == list(told.values())


def test_what_cannot_be_said_is_not_said_in_the_table_of_scenarios() -> None:
    """Its figure of the central case stands beside a word: of each tier asked about, and "not assessed" of the others."""
    defence, industrial = (
        SimpleNamespace(tier="defence", certain=False),
        SimpleNamespace(tier="industrial", certain=True),
    )
    for doubtful, word in (((defence,), "not of defence"), ((), "yes")):
        worst = SimpleNamespace(
            scenario=SimpleNamespace(name="china_out"), certain=not doubtful, tier="defence", others=(industrial,),
            answers=SimpleNamespace(tiers=("defence", "industrial", "civilian")),
        )  # fmt: skip
        found = Facts.__new__(Facts)
        found.a = SimpleNamespace(findings=(worst,))  # type: ignore[assignment]
        (said,) = (one for one in _columns(found) if one.key == "can_be_said")
        assert said.of({"scenario": "china_out"}, found).text == word
        assert said.of({"scenario": "another"}, found).text == "not assessed"


def test_another_scenario_that_leaves_each_tier_as_short_as_the_worst_is_as_bad() -> None:
    columns = ["scenario", "which", "label", "state", "due_share:defence", "due_share:civilian"]
    rows = [
        ("stop", "worst", "Stop", "", 0.2, 0.59),
        ("owned", "other", "Owned", "", 0.2, 0.5900001),
        ("half", "other", "Half", "", 0.2, 0.3),
        ("now", "in force", "Now", "in force", 0.2, 0.59),
    ]
    table = pd.DataFrame(rows, columns=columns).set_index("scenario")
    whose = SimpleNamespace(tiers=("defence", "civilian"))
    worst = SimpleNamespace(scenarios=table, answers=whose, scenario=None, tier="defence", certain=True, others=())
    found = Facts.__new__(Facts)
    found.a = SimpleNamespace(findings=(worst,))  # type: ignore[assignment]
    (when,) = (one for one in _columns(found) if one.key == "which")
    said = [when.of(row, found).text for row in table.reset_index().to_dict("records")]
    assert said == ["Worst", "As bad", "Other", "In force"]


def test_long_lists_are_cut_and_counted() -> None:
    many = [str(i) for i in facts("gallium").network.nodes["id"][:9]]
    (words,) = said({"kind": "remove", "nodes": many}, graph="gallium")
    assert words.endswith("and 4 more")


def test_no_shipped_measure_shows_an_id() -> None:
    for graph in cn.catalog().index:
        net = facts(graph).network
        ids = {str(i) for i in net.nodes["id"]} | {str(i) for i in net.commodities["id"]}
        labels = " ".join([*net.nodes["label"].fillna(""), *net.commodities["label"].fillna("")])
        for scenario in cn.scenarios(net).values():
            for words, _ in measure_rows(facts(graph), scenario):
                shown = {word.strip(",;.()") for word in words.split()}
                assert not {i for i in shown & ids if "_" in i and i not in labels}, words
