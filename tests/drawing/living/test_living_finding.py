"""What a living page says of who is short and where it breaks is what a finding says, whatever its reader moves."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from test_living import by_chance, setting_scenario, solved, until

import chainnet as cn
from chainnet.assessment import Answers, Finding, finding_of
from chainnet.drawing.living.controls import controls_of
from chainnet.drawing.living.order import orders_of
from chainnet.flow import Counting, balance_under, stages_of
from chainnet.network import TABLES
from chainnet.scenario import overlay_of
from chainnet.words import Claims, Narrow, Shortfall, number, place_words

PLANTS = ("site", "owner", "project")


def as_it_stands(network, controls, values):
    """Return the network with the plants that a setting has switched off or on: no capacity, or a node like any other."""
    off = {"site": set(), "owner": set(), "project": set()}
    for control in controls:
        if values.get(control.id, control.default) != control.default:
            off.get(control.kind, set()).add(control.id.partition(":")[2])
    plants, nodes, edges, projects = network.plants, network.nodes, network.edges, network.projects
    out = off["site"] | set(plants.loc[plants["owner"].isin(off["owner"]), "id"])
    built = projects["id"].isin(off["project"])
    shared = [column for column in nodes.columns if column in projects.columns]
    nodes = pd.concat([nodes, projects.loc[built, shared]], ignore_index=True)
    nodes.loc[nodes["id"].isin(out), "capacity_tpa"] = 0.0
    edges.loc[edges["source"].isin(out), "flow_tpa"] = 0.0  # what others sent there they still make
    kept = {name: network.view(name) for name in TABLES if name not in ("nodes", "edges", "projects")}
    words = {"name": network.name, "main_commodity": network.main_commodity, "beneficiaries": network.beneficiaries}
    return cn.Network(nodes, edges, projects=projects[~built], as_of=network.as_of, **kept, **words)


def assert_the_bottleneck_is_that_of_a_finding(network, page, times, seed=23):
    info, draw, controls = page.evaluate("chainnet.ready"), np.random.default_rng(seed), controls_of(network)
    named, ties = set(), 0
    for _ in range(times):
        setting, counting, _ = by_chance(network, controls, info, draw)
        if counting.order not in ("law", "allies_first"):  # a bottleneck is of allies first, or by law
            counting, setting["order"] = counting.in_order("allies_first"), "allies_first"
        plants = {name: value for name, value in setting["controls"].items() if name.partition(":")[0] in PLANTS}
        rest = {name: value for name, value in setting["controls"].items() if name not in plants}
        if any(name.startswith("project:") for name in plants):  # a scenario cannot build what stands
            setting["preset"] = ""
        answer = solved(page, setting)
        mine = page.evaluate("chainnet.bottleneck()")
        standing = as_it_stands(network, controls, plants)
        scenario = setting_scenario(controls, rest, cn.scenarios(network).get(setting["preset"]))
        counting = Counting.of(standing, order=counting.order)
        theirs = Finding(Answers(counting), scenario, answer["tier"]).bottleneck
        assert mine.get("name", ["", ""]) == [theirs["step"], theirs["country"]], setting
        assert mine.get("lost_tpa", 0.0) == pytest.approx(theirs["lost_tpa"], abs=1e-6)
        assert len(mine["ties"]) == len(theirs["ties"])
        share = theirs["share_made"]
        assert mine.get("share") == (None if share != share else pytest.approx(share, abs=1e-9))
        named.add(theirs["step"])
        ties += len(theirs["ties"]) > 0
    return named, ties


@pytest.mark.browser
@pytest.mark.parametrize("n", [40, pytest.param(100, marks=pytest.mark.slow)])
def test_the_bottleneck_is_that_of_a_finding_of_the_chain_as_it_then_stands(mag9, written, tab, n):
    named, ties = assert_the_bottleneck_is_that_of_a_finding(mag9, tab(written(mag9)), n)
    assert len(named) > 3
    assert ties > 1


@pytest.mark.browser
@pytest.mark.slow
def test_the_bottleneck_of_gallium_is_that_of_a_finding(written, tab):
    network = cn.read("gallium")
    named, _ = assert_the_bottleneck_is_that_of_a_finding(network, tab(written(network)), 100)
    assert len(named) > 3


# -- served by law ------------------------------------------------------------------------------------


def with_law():
    """Two mines and three users, one of them at home with an export rule; half of one mine is under contract."""
    nodes = pd.DataFrame(
        {
            "id": ["m_cn", "m_au", "us", "jp", "cn"],
            "stage": ["mine", "mine", "end_use", "end_use", "end_use"],
            "country": ["CHN", "AUS", "USA", "JPN", "CHN"],
            "capacity_tpa": [10.0, 3.0, np.nan, np.nan, np.nan],
        }
    )
    ends = [(mine, user) for mine in ("m_cn", "m_au") for user in ("us", "jp", "cn")]
    edges = pd.DataFrame(ends, columns=["source", "target"]).assign(
        flow_tpa=[4.0, 3.0, 3.0, 1.0, 1.5, 0.5], cost_usd_per_t=[1.0, 2.0, 3.0, 4.0, 5.0, 7.0]
    )
    demand = pd.DataFrame(
        {
            "node": ["us", "cn", "us", "jp", "cn"],
            "tier": ["defence", "defence", "industrial", "industrial", "industrial"],
            "demand_tpa": [4.0, 2.0, 8.0, 6.0, 4.0],
        }
    )
    contracts = pd.DataFrame({"supplier": ["m_au"], "for": ["JPN"], "share": [0.75], "binding": ["law"]})
    return cn.Network(
        nodes, edges, demand=demand, contracts=contracts, name="law", beneficiaries=["USA"], year=2024, as_of="2026-11"
    )


def assert_served_by_law_as_in_python(network, page, settings):
    controls, asked = controls_of(network), network.demand["demand_tpa"].sum()
    counting, seen = Counting.of(network, order="law"), set()
    for setting in settings:
        answer = solved(page, {**setting, "order": "law"})
        scenario = setting_scenario(controls, setting["controls"], cn.scenarios(network).get(setting["preset"]))
        told = balance_under(counting, overlay_of(network, scenario), setting["relations"])
        served = told.demand["served_tpa"].to_numpy()
        near = {"abs": 1e-8 * asked if asked < 1e6 else 1e-9 * asked}
        theirs = [served[rows].sum() for _, rows in stages_of(counting)]
        assert [stage["served_tpa"] for stage in answer["stages"]] == pytest.approx(theirs, **near), setting
        assert answer["cost_usd"] == pytest.approx(told.cost_usd, rel=1e-6, abs=1e-5)
        for tier in answer["tiers"]:
            ends = told.ranges.loc[tier["tier"]]
            rows = counting.rows & counting.tiers[tier["tier"]]
            assert tier["served_tpa"] == pytest.approx(served[rows].sum(), **near), setting
            assert tier["least_tpa"] == pytest.approx(ends["served_least_tpa"], **near), setting
            assert tier["most_tpa"] == pytest.approx(ends["served_most_tpa"], **near), setting
        assert answer["certificate"]["ok"]
        seen |= set(told.provenance["settings"].get("home_first", []))
    return seen


@pytest.mark.browser
def test_law_and_contract_serve_as_in_python(written, tab):
    network = with_law()
    page = tab(written(network))
    info, draw, controls = page.evaluate("chainnet.ready"), np.random.default_rng(4), controls_of(network)
    assert info["orders"] == ["alike", "allies_first", "allies_last", "law"]
    assert page.evaluate("chainnet.get().order") == "law"
    assert "served by law and contract" in page.text_content("#under")
    settings = [by_chance(network, controls, info, draw)[0] for _ in range(40)]
    assert assert_served_by_law_as_in_python(network, page, settings) == {"AUS", "CHN"}
    bound = {"controls": {"site:m_cn": False}, "relations": "existing"}
    # of the 3 t that are left Japan may keep 2.25 by contract; US defence comes first, yet gets 0.75 at most
    assert solved(page, bound)["stages"][0] == {"name": "defence", "demand_tpa": 4.0, "served_tpa": pytest.approx(0.75)}
    free = solved(page, {**bound, "order": "allies_first"})["stages"][0]
    assert free["served_tpa"] == pytest.approx(3.0)
    file = page.evaluate("chainnet.set({controls: {}}).then(() => chainnet.toml())")
    assert file.startswith("# chainnet balance law --scenario law-setting.toml --reroute new --order law\n")


@pytest.mark.browser
@pytest.mark.slow
def test_gallium_is_served_by_law_as_in_python_and_opens_as_it_is_shipped(written, tab):
    network = cn.read("gallium")
    page = tab(written(network, scenario="china_export_stop_all"))
    info, draw, controls = page.evaluate("chainnet.ready"), np.random.default_rng(8), controls_of(network)
    told = cn.balance(network, cn.scenarios(network)["china_export_stop_all"], "new")
    assert told.provenance["settings"]["order"] == "law"
    served = told.demand["served_tpa"].to_numpy()
    theirs = [served[rows].sum() for _, rows in stages_of(Counting.of(network, order=None))]
    opened = [stage["served_tpa"] for stage in page.evaluate("chainnet.answer()")["stages"]]
    assert opened == pytest.approx(theirs, rel=1e-9)
    settings = [by_chance(network, controls, info, draw)[0] for _ in range(60)]
    shipped = [{"controls": {}, "preset": name, "relations": "new"} for name in info["presets"] if name]
    assert "CHN" in assert_served_by_law_as_in_python(network, page, [*shipped, *settings])


def test_a_page_knows_law_where_it_is_the_default_or_asked_for(mag9):
    assert orders_of(Counting(mag9)) == ("allies_first", "allies_last", "alike")
    assert orders_of(Counting.of(mag9, order="law"))[0] == orders_of(Counting(with_law()))[0] == "law"
    assert orders_of(Counting.of(with_law(), beneficiaries=["CHN"])) == ("allies_first", "allies_last", "alike")


# -- the same words -----------------------------------------------------------------------------------


def shown(page, label):
    """Return what the claims of a finding say of the numbers on screen."""
    told = page.evaluate("shown.answer")
    mine = page.evaluate("chainnet.bottleneck()")
    k = [tier["tier"] for tier in told["tiers"]].index(told["tier"])
    whole = told["tiers"][k]["demand_tpa"]
    due = max(0.0, whole - told["tiers"][k]["served_tpa"] - told["already"][k]) / whole
    short = Shortfall(due, due, due, due, told["already"][k] / whole, due <= 0.01, True)
    narrow = Narrow(place_words(*mine["name"]), mine["lost_tpa"], len(mine["ties"]))
    return Claims(label, told["tier"], True, short, np.nan, narrow), told["tiers"]


@pytest.mark.browser
def test_heading_and_bottleneck_have_the_wording_of_a_finding(written, tab):
    network = with_law()
    page = tab(written(network), "#export:CHN:mine=0")
    page.evaluate("chainnet.ready")
    label = page.evaluate("movedWords('export:CHN:mine', 0)")
    claims, tiers = shown(page, label)
    until(page, "document.getElementById('narrow').textContent.startsWith('The bottleneck')")
    assert page.text_content("#narrow") == claims.where
    qualified = claims.amount.split(" (")[0].split(", ")[0]
    assert page.text_content("#heading") == f"{label}: {qualified}."
    page.keyboard.press("a")
    page.evaluate("chainnet.set({controls: {}}).then(() => 0)")
    now = page.evaluate("shown.answer.tiers")
    points = [
        100 * (new["served_tpa"] - old["served_tpa"]) / old["demand_tpa"] for new, old in zip(now, tiers, strict=True)
    ]
    words = [
        f"+{number(point)} points for {tier}" for point, tier in zip(points, ("defence", "industrial"), strict=True)
    ]
    assert page.text_content("#against") == f"Against A: {' and '.join(words)}."


@pytest.mark.browser
def test_what_cannot_be_said_is_said_as_the_page_opens(mag9, written, tab):
    found = cn.find(mag9, "china_out")
    page = tab(written(mag9, scenario="china_out"))
    page.evaluate("chainnet.ready")
    assert not found.certain
    assert page.text_content("#heading") == found.title
    unsure = [one.tier for one in found.others if not one.certain]
    assert ("cannot be said" in page.text_content("#others")) == bool(unsure)
    page.evaluate("chainnet.set({preset: 'china_out', relations: 'existing'}).then(() => 0)")
    until(page, "document.getElementById('heading').textContent.includes('on existing links')")


@pytest.mark.long
@pytest.mark.parametrize("scenario", [None, "china_out"])
def test_the_page_has_the_finding_of_the_setting_that_it_opens_with(mag9, written, scenario):
    text = written(mag9, scenario=scenario).read_text(encoding="utf-8")
    kept = json.loads(re.search(r'<script type="application/json" id="finding">([^<]*)<', text).group(1))
    answers = Answers(Counting.of(mag9, order=None))
    asked = None if scenario is None else cn.scenarios(mag9)[scenario]
    found = finding_of(answers, asked).to_dict(brief=True)
    assert kept["tier"] == found["tier"] == "defence"
    assert kept["shortfall"]["certain"] == found["shortfall"]["certain"] == (scenario is None)
    for name in ("chain", "as_of", "base_year", "scenario", "scenario_label", "beneficiaries", "order", "demand_tpa"):
        assert kept[name] == found[name]
    assert kept["bottleneck"] == found["bottleneck"]
    for name in ("share", "tpa"):
        assert kept["shortfall"]["later"][name] == pytest.approx(found["shortfall"]["later"][name], abs=1e-9)
