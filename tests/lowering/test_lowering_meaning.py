"""What tables mean in the program, by hand: who bears a cost, what a month under way brings, what a share allows."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn


def test_a_mine_bears_its_unit_cost_on_what_leaves_and_whoever_hands_on_or_uses_on_what_it_takes() -> None:
    """A port asks for 4 t itself and hands on 6: 10 x 2 dug, 10 x 3 at the port, 6 x 5 at the user, 10 x 1 and 6 x 1.5 on the way."""
    net = cn.Network(
        frame("id stage unit_cost_usd_per_t", ("pit", "mine", 2.0), ("port", "refiner", 3.0), ("user", "end_use", 5.0)),
        frame("source target cost_usd_per_t", ("pit", "port", 1.0), ("port", "user", 1.5)),
        demand=frame("node demand_tpa", ("port", 4.0), ("user", 6.0)),
    )
    found = cn.balance(net)
    assert found.edges["flow_tpa"].tolist() == pytest.approx([10.0, 6.0])
    assert found.cost_usd == pytest.approx(20 + 30 + 30 + 10 + 9)


@pytest.mark.parametrize(("lag", "first"), [(0.5, 2), (2.4, 3), (2.5, 4)])
def test_half_a_month_under_way_counts_as_a_whole_one(lag: float, first: int) -> None:
    """The pit stops at once: what is under way carries the user for as many whole months, a half rounded up."""
    found = cn.stress_test(road(lag), [STOP], months=6)
    assert found.summary.loc["stop", "first_short_month"].tolist() == [first]


def road(lag: float) -> cn.Network:
    return cn.Network(
        frame("id stage capacity_tpa", ("pit", "mine", 12.0), ("user", "end_use", None)),
        frame("source target flow_tpa lag_months", ("pit", "user", 12.0, lag)),
        demand=frame("node tier demand_tpa", ("user", "defence", 12.0)),
    )


STOP = cn.Scenario("stop", [{"kind": "remove", "nodes": ["pit"]}])


@pytest.mark.parametrize(("lag", "step"), [(4, 2), (6, 3), (5, 6)])
def test_what_is_under_way_at_the_start_comes_in_whatever_the_period(lag: int, step: int) -> None:
    """One tonne a month left in each of the months under way, so as many tonnes still come, in whatever periods."""
    found = cn.stress_test(road(lag), [STOP], months=12, step_months=step)
    assert found.summary.loc["stop", "served_t"].tolist() == pytest.approx([lag])
    assert found.summary.loc["stop", "months_short"].tolist() == [12 - lag]


def feed(ore_tpa: float, **shares: float | None) -> cn.Network:
    """A smelter of 12 t of metal eats 2 t of ore for each, or 1.5 t of scrap for up to a part of it."""
    inputs = [("ore", 2.0), ("scrap", 1.5), ("slag", 3.0)]
    return cn.Network(
        frame(
            "id stage process capacity_tpa",
            ("pit", "mine", None, ore_tpa),
            ("yard", "mine", None, 100.0),
            ("heap", "mine", None, 100.0),
            ("works", "refiner", "smelt", 12.0),
            ("user", "end_use", None, None),
        ),
        frame(
            "source target commodity",
            ("pit", "works", "ore"),
            ("yard", "works", "scrap"),
            ("works", "user", "metal"),
            *([("heap", "works", "slag")] if "slag" in shares else []),
        ),
        demand=frame("node commodity demand_tpa", ("user", "metal", 12.0)),
        processes=frame(
            "process commodity role t_per_t group max_share",
            *(("smelt", name, "input", per, "feed", shares[name]) for name, per in inputs if name in shares),
            ("smelt", "metal", "output", 1.0, None, None),
        ),
        main_commodity="metal",
    )


def test_the_market_of_a_stand_in_takes_no_more_than_its_share_lets_in() -> None:
    net = feed(100.0, ore=None, scrap=0.4)
    assert cn.max_flow(net, commodity="scrap").value_tpa == pytest.approx(12 * 1.5 * 0.4)
    assert cn.max_flow(net, commodity="ore").value_tpa == pytest.approx(12 * 2.0)


def test_a_limited_stand_in_alone_runs_no_process() -> None:
    """Scrap may be four tenths: without ore nothing is made. Scrap and slag that may be all of it together are enough."""
    part = cn.chokepoints(feed(100.0, ore=None, scrap=0.4))
    assert part.loc[["pit", "works", "yard"], "is_dominator"].tolist() == [True, True, False]
    assert part.loc["pit", "lost_share"] == pytest.approx(1.0)
    both = cn.chokepoints(feed(100.0, ore=None, scrap=0.4, slag=0.6))
    assert not both.loc["pit", "is_dominator"]
    assert not both.loc["yard", "is_dominator"]
    short = cn.chokepoints(feed(100.0, ore=None, scrap=0.4, slag=0.5))
    assert short.loc["pit", "is_dominator"]


def test_stand_ins_serve_up_to_their_share_of_the_feed() -> None:
    """6 t of ore feed 3 t of metal; scrap may be 0.4 of the feed, so 5 t are made: 2 of them from 3 t of scrap."""
    assert cn.max_flow(feed(6.0, ore=None, scrap=0.4)).value_tpa == pytest.approx(5.0)


def test_the_last_rung_builds_the_projects_asked_about_and_no_others() -> None:
    net = cn.Network(
        frame("id stage country capacity_tpa", ("pit", "mine", "CHN", 10.0), ("user", "end_use", "USA", None)),
        frame("source target", ("pit", "user"), ("p", "user"), ("q", "user")),
        demand=frame("node tier demand_tpa", ("user", "defence", 10.0)),
        projects=frame("id stage capacity_tpa start_year", ("p", "mine", 3.0, 2026), ("q", "mine", 4.0, 2026)),
        year=2024,
    )
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": ["pit"]}])
    for names, served in (([], 0.0), (["p"], 3.0), (["q"], 4.0), (["p", "q"], 7.0), (None, 7.0)):
        rungs = cn.reroute(net, stop, projects=names).ladder.set_index("rung")["served_tpa"]
        assert rungs["projects"] == pytest.approx(served), names
        assert rungs["stocks"] == pytest.approx(0.0)


# -- against programs written from the documentation -------------------------------------------------


def test_costs_of_random_networks_against_an_independent_program() -> None:
    """Each node with a unit cost, and some who hands on asks for something itself: the cost tells who bears it."""
    from oracles import TableProgram
    from recipe_networks import recipe_network

    seen = 0
    for seed in range(4):
        net = recipe_network(seed, wild=False)
        nodes = net.nodes.assign(unit_cost_usd_per_t=[1.0 + 3 * k for k in range(len(net.nodes))])
        net = net.with_table("nodes", nodes)
        program = TableProgram(net)
        _, cost = program.lexicographic(program.stages())
        found = cn.balance(net)
        assert found.cost_usd == pytest.approx(cost, rel=1e-4, abs=1e-4)
        takes = set(net.nodes.loc[net.nodes["stage"] == "end_use", "id"])
        seen += bool(pd.Series(found.edges.loc[found.edges["target"].isin(takes), "flow_tpa"]).sum() > 0)
    assert seen >= 2
