"""Antimony and tungsten: who owns what, who makes primers, what runs, and when a rule may bite."""

from __future__ import annotations

import pandas as pd
import pytest

import chainnet as cn

CHAINS = ("antimony", "tungsten")
AT_HOME = {"CHN", "RUS", "PRK"}  # countries whose sums of many firms are national
STATES = {"running", "building", "decided", "undecided", "idle"}


@pytest.fixture(params=CHAINS)
def net(request: pytest.FixtureRequest, graphs: dict[str, cn.Network]) -> cn.Network:
    return graphs[request.param]


def test_every_plant_has_an_owner_and_its_country(net: cn.Network) -> None:
    plants = pd.concat([net.nodes[net.nodes["stage"] != "end_use"], net.projects[net.projects["owner"].notna()]])
    assert plants["owner"].notna().all(), plants.loc[plants["owner"].isna(), "id"].tolist()
    sums = plants["owner"] == "several"
    assert plants.loc[~sums, "owner_country"].notna().all()
    assert set(plants.loc[sums, "owner_country"].dropna()) <= AT_HOME


def test_owners_that_changed(graphs: dict[str, cn.Network]) -> None:
    antimony = graphs["antimony"].nodes.set_index("id")
    assert antimony.loc[["tjk_konchoch", "tjk_talco_gold"], "owner_country"].tolist() == ["CHN", "CHN"]
    assert antimony.loc["aus_costerfield", "owner_country"] == "AUS", "Alkane since August 2025"
    halves = graphs["antimony"].owners.set_index("owner").loc["TALCO Gold"]
    assert halves.set_index("parent")["share"].to_dict() == {"TALCO": 0.5, "Tibet Huayu Mining": 0.5}
    assert graphs["tungsten"].projects.set_index("id").loc["can_sisson", "owner_country"] == "NZL"


def test_a_parent_without_a_share_controls_so_none_is_listed_by_guess(net: cn.Network) -> None:
    assert net.owners["share"].notna().all()
    assert (net.owners["share"] >= 0.25).all()


def test_primers_have_two_makers(graphs: dict[str, cn.Network]) -> None:
    net = graphs["antimony"]
    makers = net.nodes[net.nodes["process"] == "make_trisulfide"]
    assert set(makers["id"]) == {"chn_trisulfide", "usa_thompson_falls_trisulfide"}
    table = cn.balance(net, cn.scenarios(net)["china_export_stop"]).demand
    ours = table[table["is_beneficiary"] & (table["tier"] == "defence")]
    short = ours.groupby("commodity")["shortfall_tpa"].sum()
    assert short["sb_trisulfide"] == pytest.approx(42.801 - 18.75, abs=1e-3), "all but what Thompson Falls can make"
    assert short.drop("sb_trisulfide").sum() == pytest.approx(0.0, abs=1e-6)


def test_the_state_of_a_project_begins_with_one_of_five_words(net: cn.Network) -> None:
    assert set(net.projects["status"].str.split(",").str[0]) <= STATES


def test_every_measure_says_where_it_comes_from(net: cn.Network) -> None:
    known = set(net.references["key"])
    for name, scenario in cn.scenarios(net).items():
        for measure in scenario.measures:
            assert {"status", "source", "checked_on"} <= set(measure), name
            assert set(measure["source"].split(";")) <= known, name
            dated = "start" in measure
            assert dated == (measure["status"] != "assumed"), f"{name}: a rule has a date, a supposition has none"


@pytest.mark.long
def test_the_suspended_ban_does_not_bite_before_it_returns(graphs: dict[str, cn.Network]) -> None:
    net = graphs["antimony"]
    scenarios = cn.scenarios(net)
    assert {"china_us_ban_returns", "china_us_ban_extended"} <= set(scenarios)
    *stays, ban = scenarios["china_us_ban_returns"].measures
    assert (ban["start"], ban["status"], ban["rule"]) == ("2026-12", "suspended", "chn_a46_c2")
    assert stays == list(scenarios["china_us_ban_extended"].measures), "what was never suspended stays in force"
    assert {m["rule"] for m in stays} == {"chn_a46_c1", "chn_jp_a1", "chn_sb_2024"}
    only_ban = cn.Scenario("ban", [ban], "the ban alone")
    months = cn.stress_test(net, [only_ban], months=5, start="2026-10", stocks=False).months
    short = months.groupby("month")["shortfall_t"].sum()
    assert short.iloc[:2].sum() == pytest.approx(0.0, abs=1e-6), "October and November 2026"
    assert short.iloc[2:].sum() > 1.0
