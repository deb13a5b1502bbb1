"""Alignment: a two-bloc network solved by hand, parity with scenarios, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainnet as cn
from chainnet.blocs import Alignment, alignment

BLOCS = {"a": ["USA"], "b": ["CHN"]}


def two_blocs(owner: str | None = None) -> cn.Network:
    """Ore and metal in two blocs, with a mine in Australia and a refiner in Malaysia between them."""
    nodes = pd.DataFrame(
        [
            ("MA", "mine", "USA", None, 10.0),
            ("MB", "mine", "CHN", None, 50.0),
            ("MC", "mine", "AUS", None, 20.0),
            ("RA", "refiner", "USA", "smelt", 10.0),
            ("RB", "refiner", "CHN", "smelt", 60.0),
            ("RD", "refiner", "MYS", "smelt", 15.0),
            ("UA", "end_use", "USA", None, np.nan),
            ("UB", "end_use", "CHN", None, np.nan),
        ],
        columns=["id", "stage", "country", "process", "capacity_tpa"],
    )
    nodes["owner_country"] = np.where(nodes["id"] == "RD", owner, None)
    flows = {("MA", "RA"): 10.0, ("MB", "RB"): 50.0, ("MC", "RD"): 10.0}
    flows |= {("RA", "UA"): 10.0, ("RB", "UA"): 20.0, ("RB", "UB"): 30.0, ("RD", "UA"): 10.0}
    pairs = [(m, r, "ore") for m in ("MA", "MB", "MC") for r in ("RA", "RB", "RD")]
    pairs += [(r, u, "metal") for r in ("RA", "RB", "RD") for u in ("UA", "UB")]
    edges = pd.DataFrame(pairs, columns=["source", "target", "commodity"])
    edges["flow_tpa"] = [flows.get((s, t), 0.0) for s, t, _ in pairs]
    edges["cost_usd_per_t"] = 1.0
    return cn.Network(
        nodes=nodes,
        edges=edges,
        demand=pd.DataFrame(
            {"node": ["UA", "UB"], "commodity": "metal", "tier": "industrial", "demand_tpa": [40.0, 30.0]}
        ),
        processes=pd.DataFrame(
            {"process": "smelt", "commodity": ["ore", "metal"], "role": ["input", "output"], "t_per_t": 1.0}
        ),
        commodities=pd.DataFrame({"id": ["ore", "metal"], "price_usd_per_t": [10.0, 100.0]}),
        main_commodity=["metal"],
        name="two_blocs",
    )


@pytest.fixture(scope="module")
def found() -> Alignment:
    return alignment(two_blocs(), BLOCS, cap_share=0.4)


def test_split_by_hand(found: Alignment) -> None:
    # after the split a has RA 10 and RD 15, alone RA 10; b has its own 50 t of ore for 30
    a = found.split.loc["a"]
    assert a[["together_tpa", "split_tpa", "lost_tpa", "alone_tpa"]].to_list() == pytest.approx([40, 25, 15, 10])
    assert found.split.loc["b", "lost_tpa"] == 0.0
    assert found.split.loc["third countries", "demand_tpa"] == 0.0
    assert found.tiers.set_index("side")["split_tpa"].to_dict() == pytest.approx({"a": 25.0, "b": 30.0})
    assert found.certificate.ok


def test_swing_and_shapley_by_hand(found: Alignment) -> None:
    # without Malaysia a keeps RA alone; Australia's ore only helps where Malaysia is a's
    mys, aus = found.countries.loc["MYS"], found.countries.loc["AUS"]
    assert mys[["a_joins_tpa", "a_rival_tpa", "a_both_tpa"]].to_list() == pytest.approx([25, 10, 25])
    assert mys["swing_a_t"] == pytest.approx(15.0)
    assert aus["swing_a_t"] == 0.0
    assert found.countries["shapley_a_t"].to_dict() == pytest.approx({"AUS": 7.5, "MYS": 7.5})
    assert found.countries["swing_b_t"].to_list() == [0.0, 0.0]


def test_incumbent_and_counter_network_by_hand(found: Alignment) -> None:
    b = found.incumbents.loc["b"]
    assert b["sells_tpa"] == pytest.approx(20.0)
    assert b["sells_share"] == pytest.approx(0.4)
    assert b["revenue_usd"] == pytest.approx(2000.0)
    assert b["leverage_t"] == pytest.approx(15.0)
    assert found.incumbents.loc["a", "leverage_t"] == 0.0
    network = found.counter_network[found.counter_network["bloc"] == "a"].set_index("network")["served_tpa"]
    assert network["the bloc alone"] == pytest.approx(10.0)
    assert network["the bloc with AUS, MYS alone"] == pytest.approx(25.0)


def test_the_split_as_bars_is_the_split_as_a_scenario() -> None:
    """The bars of the tier table keep whom the scenario of the split keeps, tier by tier."""
    net = two_blocs()
    found = alignment(net, BLOCS)
    for side, countries in BLOCS.items():
        kept = cn.balance(net, found.scenarios["split"], beneficiaries=countries).by_tier()["served_tpa"]
        told = found.tiers.set_index(["side", "tier"])["split_tpa"].loc[side]
        assert told.to_dict() == pytest.approx(kept.to_dict())


@pytest.mark.parametrize("name", ["tariff_rates", "leak_shares", "leak_usd_per_t", "supply_elasticity"])
def test_what_alignment_no_longer_takes_is_refused(name: str) -> None:
    assert not {"tariffs", "leaks", "prices"} & set(Alignment.__annotations__)
    with pytest.raises(TypeError, match=name):
        alignment(two_blocs(), BLOCS, **{name: 0.2})


def test_exclusion_by_hand() -> None:
    parted = alignment(two_blocs(), BLOCS).scenarios["split"]
    found = alignment(two_blocs("CHN"), BLOCS, scenario=parted, exclude_from="2027-01")
    assert found.exclusion.index.to_list() == ["RD"]
    assert found.exclusion.loc["RD", "scope"] == "third countries"
    lost = found.excluded.set_index(["scope", "side"])["lost_tpa"]
    assert lost[("a", "a")] == 0.0
    assert lost[("with third countries", "a")] == pytest.approx(15.0)
    assert found.scenarios["exclusion"].measures[0]["start"] == "2027-01"


@pytest.mark.slow
def test_named_owners_and_all_that_they_control_are_excluded() -> None:
    net = two_blocs()
    nodes = net.nodes.assign(owner=net.nodes["id"].map({"RA": "Works", "RD": "Daughter", "RB": "Giant"}))
    owners = pd.DataFrame(
        {
            "owner": ["Works", "Daughter", "Giant"],
            "parent": ["Giant", "Giant", "CHN"],
            "share": [0.4, 0.5, np.nan],
        }
    )
    net = net.with_table("nodes", nodes).with_table("owners", owners)
    parted = alignment(net, BLOCS).scenarios["split"]
    # half of Daughter is enough, two fifths of Works are not; Giant is Chinese by its parent
    whole = alignment(net, BLOCS, scenario=parted)
    assert whole.exclusion.index.tolist() == ["RD"]
    giant = alignment(net, BLOCS, scenario=parted, exclude=["Giant"])
    pd.testing.assert_frame_equal(giant.excluded, whole.excluded)
    own = alignment(net, BLOCS, scenario=parted, exclude="Works", exclude_from="2028-06")
    assert own.exclusion["scope"].to_dict() == {"RA": "a"}
    assert own.excluded.set_index(["scope", "side"]).loc[("a", "a"), "lost_tpa"] == pytest.approx(10.0)
    plan = own.scenarios["exclusion"]
    assert plan.measures[0]["where"] == {"owner": ["Works"], "country": ["USA"]}
    assert plan.measures[0]["start"] == "2028-06"
    kept = cn.balance(net, cn.Scenario("both", [*parted.measures, *plan.measures]), beneficiaries=["USA"])
    assert kept.by_tier()["served_tpa"].sum() == pytest.approx(15.0)


def test_caps_by_hand(found: Alignment) -> None:
    caps = found.caps.set_index("commodity")
    assert caps.loc["metal", "top_country"] == "CHN"
    assert caps.loc["metal", "top_share"] == pytest.approx(0.5)
    assert bool(caps.loc["metal", "breaks_cap"])
    # 25 t from elsewhere are 60 % of 41.7 t, more than demand; at a cap of 25 % they are 75 % of 33.3 t
    assert caps.loc["metal", "lost_tpa"] == 0.0
    tight = alignment(two_blocs(), BLOCS, cap_share=0.25).caps.set_index("commodity")
    # Malaysia too may bring a quarter only: RA 10 of half the total of 20
    assert tight.loc["metal", "served_tpa"] == pytest.approx(20.0)
    assert tight.loc["all", "lost_tpa"] == pytest.approx(20.0)


def test_benchmarks_by_hand(found: Alignment) -> None:
    # a's user takes 40 t of metal, of which its own refiner can make 10; that refiner takes 10 t of ore, all its own
    marks = found.benchmarks
    assert marks["covered_share"].to_dict() == pytest.approx({("mine", "ore"): 1.0, ("refiner", "metal"): 0.25})
    assert marks["is_met"].to_dict() == {("mine", "ore"): True, ("refiner", "metal"): False}


def test_benchmarks_count_the_projects_of_the_bloc() -> None:
    net = two_blocs()
    projects = net.nodes[net.nodes["id"] == "RA"].assign(id="RA2")
    legs = net.edges[(net.edges["source"] == "RA") | (net.edges["target"] == "RA")].replace("RA", "RA2")
    more = cn.Network(
        nodes=net.nodes,
        edges=pd.concat([net.edges, legs.assign(flow_tpa=np.nan)], ignore_index=True),
        demand=net.demand,
        processes=net.processes,
        projects=projects,
        main_commodity=["metal"],
    )
    line = alignment(more, BLOCS, benchmarks={"refiner": 0.5}).benchmarks.loc[("refiner", "metal")]
    assert line[["covered_share", "with_projects_share"]].to_list() == pytest.approx([0.25, 0.5])
    assert not line["is_met"]
    assert bool(line["is_met_with_projects"])


def test_benchmarks_with_projects_by_hand() -> None:
    """Smelting also yields 0.1 t of Ga per tonne; users in a take 10 t of ore, 40 t of metal and 2 t of Ga."""
    net = two_blocs()
    gallium = pd.DataFrame(
        [("RA", "UA", 1.0), ("RB", "UB", 5.0), ("RD", "UA", 1.0)], columns=["source", "target", "flow_tpa"]
    ).assign(commodity="ga")
    awaited = pd.DataFrame(
        [("PM", "RA", "ore"), ("PC", "UB", "metal"), ("PS", "UA", "metal"), ("PS", "UA", "ga")],
        columns=["source", "target", "commodity"],
    )
    planned = cn.Network(
        nodes=net.nodes,
        edges=pd.concat([net.edges, gallium, awaited], ignore_index=True),
        demand=net.demand,
        processes=pd.concat(
            [net.processes, pd.DataFrame([("smelt", "ga", "coproduct", 0.1)], columns=[*net.processes.columns[:4]])]
        ),
        projects=pd.DataFrame(
            [
                ("PS", "refiner", "USA", "smelt", 10.0),
                ("PM", "mine", "USA", None, 20.0),
                ("PC", "refiner", "CHN", "smelt", 500.0),
            ],
            columns=["id", "stage", "country", "process", "capacity_tpa"],
        ),
        main_commodity=["metal"],
    )
    light = {"countries": []}  # nothing else is read here
    table = alignment(planned, BLOCS, benchmarks={"mine": 0.5, "refiner": 0.5}, **light).benchmarks
    rows = [("mine", "ore"), ("refiner", "ga"), ("refiner", "metal")]
    assert table["use_tpa"].to_dict() == pytest.approx(dict(zip(rows, [10.0, 2.0, 40.0], strict=True)))
    assert table["covered_share"].to_dict() == pytest.approx(dict(zip(rows, [1.0, 0.5, 0.25], strict=True)))
    # 20 t of the mine; 10 t of the smelter, and the 1 t of Ga that comes with them; nothing of the rival's 500 t
    assert table["with_projects_share"].to_dict() == pytest.approx(dict(zip(rows, [3.0, 1.0, 0.5], strict=True)))
    assert table["is_met"].to_dict() == dict(zip(rows, [True, True, False], strict=True))
    assert table["is_met_with_projects"].all(), "half of the use is a benchmark of half met"
    higher = alignment(planned, BLOCS, benchmarks={"refiner": 0.51, "mine": 1.0}, **light).benchmarks
    assert higher["is_met_with_projects"].to_dict() == dict(zip(rows, [True, True, False], strict=True))


@pytest.mark.slow
def test_shapley_adds_up_and_equals_get_equal_shares() -> None:
    net = two_blocs()
    half = net.nodes.assign(capacity_tpa=net.nodes["capacity_tpa"].mask(net.nodes["id"] == "RD", 7.5))
    twin = half[half["id"] == "RD"].assign(id="RE", country="VNM")
    legs = net.edges[(net.edges["source"] == "RD") | (net.edges["target"] == "RD")].replace("RD", "RE")
    both = cn.Network(
        nodes=pd.concat([half, twin], ignore_index=True),
        edges=pd.concat([net.edges, legs.assign(flow_tpa=0.0)], ignore_index=True),
        demand=net.demand,
        processes=net.processes,
        main_commodity=["metal"],
    )
    table = alignment(both, BLOCS).countries
    assert table.loc["MYS", "shapley_a_t"] == pytest.approx(table.loc["VNM", "shapley_a_t"])
    ends = alignment(both, BLOCS).counter_network.set_index(["bloc", "network"])["served_tpa"]
    whole = ends[("a", "split, all others with it")] - ends[("a", "split, all others with the rival")]
    assert table["shapley_a_t"].sum() == pytest.approx(whole)


def test_mag_9_by_hand() -> None:
    """The users of MAG-9 are nobody's: G_CN alone can serve all 50 t from M_CN and H_CN, so no side counts a loss."""
    net = cn.read("mag-9")
    found = alignment(net, {"allies": ["USA", "JPN", "AUS"], "china": ["CHN"]})
    assert found.split.loc["third countries", "together_tpa"] == pytest.approx(50.0)
    assert found.split.loc["third countries", "split_tpa"] == pytest.approx(50.0)
    assert set(found.countries.index) == {"BRA", "MYS"}
    # with China gone Brazil's 0.2 t of Dy make 10 t
    gone = alignment(net, {"allies": ["USA", "JPN", "AUS"], "china": ["CHN"]}, scenario=cn.scenarios(net)["china_out"])
    assert gone.split.loc["third countries", "split_tpa"] == pytest.approx(10.0)


@pytest.mark.slow
def test_split_equals_the_split_as_a_scenario_on_rare_earths() -> None:
    net = cn.read("rare-earths")
    blocs = {"allies": ["bloc_2026", "G7", "quad"], "china": ["CHN", "RUS"]}
    found = alignment(net, blocs, countries=["MYS"])
    shipped = cn.scenarios(net)["two_blocs"]
    value = cn.chokepoints(net, top=1, scenario=shipped, beneficiaries=["bloc_2026", "G7", "quad"])
    assert found.split.loc["allies", "split_tpa"] == pytest.approx(
        value.attrs["provenance"]["settings"]["base_tpa"], rel=1e-9
    )
    again = cn.balance(net, found.scenarios["split"]).by_tier()["served_tpa"].sum()
    assert again == pytest.approx(cn.balance(net, shipped).by_tier()["served_tpa"].sum(), rel=1e-7)
    new = alignment(net, blocs, countries=[], reroute="new")
    assert new.split.loc["allies", "split_tpa"] >= found.split.loc["allies", "split_tpa"] - 1e-6
    opened = cn.chokepoints(net, top=1, scenario=shipped, reroute="new", beneficiaries=["bloc_2026", "G7", "quad"])
    assert new.split.loc["allies", "split_tpa"] == pytest.approx(
        opened.attrs["provenance"]["settings"]["base_tpa"], rel=1e-9
    )


def test_the_order_of_rows_does_not_matter(found: Alignment) -> None:
    net = two_blocs()
    turned = cn.Network(
        nodes=net.nodes.iloc[::-1],
        edges=net.edges.iloc[::-1],
        demand=net.demand.iloc[::-1],
        processes=net.processes,
        commodities=net.commodities,
        main_commodity=["metal"],
        name="two_blocs",
    )
    again = alignment(turned, BLOCS, cap_share=0.4)
    for name, table in found.tables().items():
        pd.testing.assert_frame_equal(table, again.tables()[name], check_exact=True)


def test_new_relations_are_cut_and_capped_too() -> None:
    # at degree new nothing can be gained here, for every maker serves every user already
    new = alignment(two_blocs(), BLOCS, reroute="new", cap_share=0.25)
    assert new.split.loc["a", "split_tpa"] == pytest.approx(25.0)
    assert new.caps.set_index("commodity").loc["metal", "served_tpa"] == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("blocs", "keywords", "words"),
    [
        ({"a": ["USA"]}, {}, "give two"),
        ({"a": ["USA"], "b": []}, {}, '"b" has no members'),
        ({"a": ["USA"], "b": ["G7"]}, {}, "USA is in both"),
        ({"a": ["USA"], "b": ["XXX"]}, {}, "XXX"),
        ({"a": ["USA"], "b": ["FRA"]}, {}, "nothing in two_blocs"),
        (BLOCS, {"countries": ["USA"]}, "has no choice"),
        (BLOCS, {"cap_share": 0.0}, "cap_share"),
        (BLOCS, {"benchmarks": {"mines": 0.1}}, "unknown stage"),
        (BLOCS, {"benchmarks": {"mine": 10}}, "10 is not allowed for mine"),
        (BLOCS, {"projects": ["nothing"]}, "unknown project"),
        (BLOCS, {"by_year": 2030.5}, "by_year"),
        (BLOCS, {"exclude": ["Nobody"]}, 'exclude: unknown owner "Nobody"'),
    ],
)
def test_bad_input_is_named(blocs: Any, keywords: dict[str, Any], words: str) -> None:
    with pytest.raises(cn.ChainnetError, match=words):
        alignment(two_blocs(), blocs, **keywords)
