"""Measures that follow goods down the chain: a tier or an origin, by hand on four nodes, and what must hold."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import frame
from hypothesis import given, settings
from strategies import chains

import chainnet as cn


def four(**tables: object) -> cn.Network:
    """Two makers of oxide, one magnet plant, one user in two tiers: 30 t for defence, 40 t for civilians."""
    given = {
        "nodes": frame(
            "id stage country process capacity_tpa",
            ("oxide_chn", "refiner", "CHN", "oxide", 60.0),
            ("oxide_aus", "refiner", "AUS", "oxide", 10.0),
            ("plant", "manufacturer", "JPN", "magnet", 100.0),
            ("user", "end_use", "USA", None, None),
        ),
        "edges": frame(
            "source target commodity flow_tpa",
            ("oxide_chn", "plant", "oxide", 60.0),
            ("oxide_aus", "plant", "oxide", 10.0),
            ("plant", "user", "magnet", 70.0),
        ),
        "processes": frame(
            "process commodity role t_per_t",
            ("oxide", "oxide", "output", 1.0),
            ("magnet", "oxide", "input", 1.0),
            ("magnet", "magnet", "output", 1.0),
        ),
        "demand": frame(
            "node commodity tier demand_tpa", ("user", "magnet", "defence", 30.0), ("user", "magnet", "civilian", 40.0)
        ),
        "main_commodity": "magnet",
    }
    return cn.Network(**{**given, **tables})  # type: ignore[arg-type]


def served(net: cn.Network, *measures: dict[str, object], **ask: object) -> list[float]:
    found = cn.balance(net, cn.Scenario("bar", list(measures)), **ask)  # type: ignore[arg-type]
    assert found.certificate.ok
    return found.demand.set_index("tier").loc[["defence", "civilian"], "served_tpa"].round(6).tolist()


BAR = {"kind": "restrict", "from": {"country": "CHN"}, "tier": "defence"}


def test_barred_for_a_tier_two_steps_up() -> None:
    """Chinese oxide may not end in defence magnets: defence is left with 10 t of Australian oxide."""
    assert served(four(), {**BAR, "share": 0}) == [10.0, 40.0]


def test_a_tier_keeps_its_share_of_the_baseline() -> None:
    """Half of 60 t x 30/70 may still go to defence: 12.857 t, and 10 t from Australia."""
    assert served(four(), {**BAR, "share": 0.5}) == [pytest.approx(10 + 0.5 * 60 * 30 / 70), 40.0]


def test_barred_by_origin_where_nobody_bars_the_border() -> None:
    bar = {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "share": 0}
    assert served(four(), bar) == [10.0, 0.0]
    assert served(four(), {**bar, "tier": "defence"}) == [10.0, 40.0]
    assert served(four(), {**bar, "to": {"country": "JPN"}}) == [10.0, 0.0]
    assert served(four(), {**bar, "to": {"country": "AUS"}}) == [30.0, 40.0]


def test_a_stock_of_that_origin_is_barred_too_and_a_reserved_one_helps_its_tier() -> None:
    bar = {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "tier": "defence", "share": 0}
    stock = frame("id node commodity stock_t country", ("pile", "plant", "oxide", 15.0, "CHN"))
    level = cn.stress_test(four(stocks=stock), cn.Scenario("bar", [bar]), months=12)
    assert level.summary.loc[("bar", "defence"), "shortfall_t"] == pytest.approx(20.0)
    ours = stock.assign(country="USA")
    found = cn.stress_test(four(stocks=ours), cn.Scenario("bar", [bar]), months=12)
    assert found.summary.loc[("bar", "defence"), "shortfall_t"] == pytest.approx(5.0)
    kept = ours.assign(tiers="civilian")
    found = cn.stress_test(four(stocks=kept), cn.Scenario("bar", [bar]), months=12)
    assert found.summary.loc[("bar", "defence"), "shortfall_t"] == pytest.approx(20.0)


def test_two_bars_and_a_plant_of_their_own() -> None:
    """Both bars leave defence what neither reaches; a Japanese oxide plant is clean of both."""
    bars = [
        {**BAR, "share": 0},
        {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "AUS"}, "tier": "defence", "share": 0},
    ]
    assert served(four(), *bars) == [0.0, 40.0]
    assert served(four(), *reversed(bars)) == [0.0, 40.0]
    projects = frame("id stage country process capacity_tpa", ("oxide_jpn", "refiner", "JPN", "oxide", 25.0))
    net = four(projects=projects)
    edges = pd.concat([net.edges, frame("source target commodity", ("oxide_jpn", "plant", "oxide"))], ignore_index=True)
    assert served(four(projects=projects, edges=edges).with_projects(["oxide_jpn"]), *bars) == [25.0, 40.0]


def test_new_relations_of_the_class_are_closed_for_that_tier_only() -> None:
    """The plant's only known supplier is Australian; China would sell to it, but not for defence."""
    known = four().edges.query("source != 'oxide_chn'")
    other = frame("id stage country process capacity_tpa", ("plant_chn", "manufacturer", "CHN", "magnet", 0.0))
    net = four(
        nodes=pd.concat([four().nodes, other], ignore_index=True),
        edges=pd.concat(
            [known, frame("source target commodity flow_tpa", ("oxide_chn", "plant_chn", "oxide", 0.0))],
            ignore_index=True,
        ),
    )
    assert served(net, {**BAR, "share": 0}, reroute="existing") == [10.0, 0.0]
    assert served(net, {**BAR, "share": 0}, reroute="new") == [10.0, 40.0]


@settings(max_examples=12)
@given(chains())
def test_a_bar_never_helps_whom_it_bars_and_no_bar_changes_nothing(net: cn.Network) -> None:
    if net.demand.empty or not (net.demand["tier"] == "defence").any():
        return
    free = cn.balance(net).by_tier()
    bar = cn.Scenario("bar", [{"kind": "restrict", "from": {"country": "CHN"}, "tier": "defence", "share": 0}])
    barred = cn.balance(net, bar)
    assert barred.certificate.ok
    assert barred.by_tier().loc["defence", "served_tpa"] <= free.loc["defence", "served_tpa"] * (1 + 1e-7) + 1e-9
    # a chain in which China makes nothing has nothing to bar
    if not (net.nodes["country"] == "CHN").any():
        assert barred.by_tier()["served_tpa"].to_numpy() == pytest.approx(free["served_tpa"].to_numpy(), abs=1e-6)


@settings(max_examples=8)
@given(chains())
def test_a_tier_barred_from_a_country_gets_what_is_left_without_it(net: cn.Network) -> None:
    """For the first tier alone a bar of all that passed through China is China gone."""
    if net.demand.empty or not (net.demand["tier"] == "defence").any():
        return
    stage = {"country": "CHN", "stage": ["mine", "refiner", "manufacturer"]}
    bar = cn.Scenario("bar", [{"kind": "restrict", "origin": stage, "tier": "defence", "share": 0}])
    gone = cn.Scenario("gone", [{"kind": "remove", "where": {"country": "CHN"}}])
    a, b = (cn.balance(net, s).by_tier().loc["defence", "served_tpa"] for s in (bar, gone))
    assert a == pytest.approx(b, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_tier_that_alone_asks_can_be_held_to_a_part(share: float) -> None:
    """Where nobody else asks no tracked flow is needed: the border itself is the tier's."""
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("mine", "mine", "CHN", 10.0),
            ("works", "refiner", "USA", None),
            ("user", "end_use", "USA", None),
        ),
        edges=frame(
            "source target commodity flow_tpa", ("mine", "works", "metal", 8.0), ("works", "user", "metal", 8.0)
        ),
        demand=frame("node commodity tier demand_tpa", ("user", "metal", "defence", 8.0)),
        main_commodity="metal",
    )
    bar = {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "USA"}, "tier": "defence", "share": share}
    found = cn.balance(net, cn.Scenario("bar", [bar]))
    assert found.demand["served_tpa"].sum() == pytest.approx(8.0 * share)
