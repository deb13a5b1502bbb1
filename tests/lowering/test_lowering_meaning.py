"""What tables mean in the program, by hand: who bears a cost, what a month under way brings, what a share allows."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from conftest import frame
from oracles import TableProgram
from recipe_networks import recipe_network
from scipy.optimize import linprog

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
        levels = cn.reroute(net, stop, projects=names).levels.set_index("level")["served_tpa"]
        assert levels["projects"] == pytest.approx(served), names
        assert levels["stocks"] == pytest.approx(0.0)


# -- against programs written from the documentation -------------------------------------------------


def test_costs_of_random_networks_against_an_independent_program() -> None:
    """Each node has another unit cost, and users take what they are served: the cost tells who bears it."""
    seen = 0
    for seed in range(4):
        net = recipe_network(seed, wild=False)
        nodes = net.nodes.assign(unit_cost_usd_per_t=[1.0 + 3 * k for k in range(len(net.nodes))])
        net = net.with_table("nodes", nodes)
        program = TableProgram(net)
        _, cost = program.lexicographic(program.stages())
        found = cn.balance(net)
        assert found.cost_usd == pytest.approx(cost, rel=1e-4, abs=1e-4)
        users = set(net.nodes.loc[net.nodes["stage"] == "end_use", "id"])
        seen += bool(found.edges.loc[found.edges["target"].isin(users), "flow_tpa"].sum() > 0)
    assert seen >= 2


def ways(rng: np.random.Generator, lags: tuple[float, ...]) -> cn.Network:
    """Mines, ports that hand on, and users of one good; links with lags of whole and half months, at their baseline."""
    ids = {"mine": ["m0", "m1"], "refiner": ["p0", "p1"], "end_use": ["u0", "u1"]}
    nodes = [
        (i, stage, None if stage == "end_use" else float(rng.integers(6, 30))) for stage, of in ids.items() for i in of
    ]
    pairs = [(a, b) for a in ids["mine"] for b in ids["refiner"]] + [
        (a, b) for a in ids["refiner"] for b in ids["end_use"]
    ]
    edges = [
        (a, b, float(rng.integers(1, 12)), float(rng.integers(1, 24)), float(rng.choice(lags)))
        for a, b in [*pairs, ("m0", "u1")]
        if rng.random() < 0.8
    ] or [("m0", "p0", 4.0, 9.0, 2.5)]
    return cn.Network(
        frame("id stage capacity_tpa", *nodes),
        frame("source target flow_tpa capacity_tpa lag_months", *edges),
        demand=frame("node tier demand_tpa", *((u, "defence", float(rng.integers(4, 20))) for u in ids["end_use"])),
    )


def most_served(net: cn.Network, out: str, starts: list[int], months: int) -> float:
    """Return the most that can be served over the horizon, t, where a mine is out from the start on.

    Written from docs/explanation/model.md: a period ships at one rate, what is shipped arrives a lag later, half a month
    counting as a whole one; before the start every link carried its baseline. What arrives is handed on or used in the
    same period; what was under way at the start may be left.
    """
    lengths = np.diff([*starts, months])
    period_of = np.repeat(np.arange(len(starts)), lengths)
    edges, demand = net.edges.to_dict("records"), net.demand.to_dict("records")
    caps = net.nodes.set_index("id")["capacity_tpa"]
    upper: list[float] = []
    balance: dict[tuple[str, int], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    passed: dict[tuple[str, int], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for edge in edges:
        source, target, lag = edge["source"], edge["target"], int(edge["lag_months"] + 0.5)
        arrived = defaultdict(lambda: defaultdict(float))  # period of arrival -> column -> part
        for p, length in enumerate(lengths):
            upper.append(0.0 if source == out else edge["capacity_tpa"] * length / 12)
            column = len(upper) - 1
            balance[source, p][column] -= 1.0
            if caps.notna()[source] and source.startswith("m"):
                passed[source, p][column] += 1.0
            for m in np.flatnonzero(period_of == p) + lag:
                if m < months:
                    arrived[period_of[m]][column] += 1.0 / length
        for p in range(len(lengths)):
            left_before = int(((np.flatnonzero(period_of == p) - lag) < 0).sum())
            upper.append(edge["flow_tpa"] * left_before / 12)
            arrived[p][len(upper) - 1] = 1.0
            for column, part in arrived[p].items():
                balance[target, p][column] += part
                if caps.notna()[target]:
                    passed[target, p][column] += part
    served = []
    for row in demand:
        for p, length in enumerate(lengths):
            upper.append(row["demand_tpa"] * length / 12)
            served.append(len(upper) - 1)
            balance[row["node"], p][served[-1]] -= 1.0

    def dense(rows: list[dict[int, float]]) -> np.ndarray:
        matrix = np.zeros((len(rows), len(upper)))
        for k, terms in enumerate(rows):
            for column, value in terms.items():
                matrix[k, column] += value
        return matrix

    equal = [terms for (node, _), terms in balance.items() if not node.startswith("m")]
    most = [(terms, caps[node] * lengths[p] / 12) for (node, p), terms in passed.items()]
    cost = np.zeros(len(upper))
    cost[served] = -1.0
    found = linprog(
        cost, dense([t for t, _ in most]), [b for _, b in most], dense(equal), np.zeros(len(equal)), [(0, u) for u in upper]
    )  # fmt: skip
    assert found.status == 0, found.message
    return -float(found.fun)


@pytest.mark.long
@pytest.mark.parametrize(("step", "lags"), [(1, (0, 0.5, 1, 2.5, 4, 7)), (3, (0, 3.5, 8)), (6, (0, 7))])
@pytest.mark.parametrize("seed", range(3))
def test_months_of_random_networks_with_goods_under_way_against_an_independent_program(
    seed: int, step: int, lags: tuple[float, ...]
) -> None:
    net = ways(np.random.default_rng(seed), lags)
    scenario = cn.Scenario("stop", [{"kind": "remove", "nodes": ["m0"]}])
    found = cn.stress_test(net, [scenario], months=12, step_months=step)
    table = found.months.reset_index()
    starts = sorted(int(month) - 1 for month in table.loc[table["scenario"] == "stop", "month"].unique())
    assert max(np.diff([*starts, 12])) == step, "some periods are as long as asked for"
    expected = most_served(net, "m0", starts, 12)
    assert found.summary.loc["stop", "served_t"].sum() == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", [12, 17, 30])
def test_what_dominates_is_what_nobody_is_served_without_were_nothing_else_limited(seed: int) -> None:
    net = recipe_network(seed, wild=False)
    bare = {table: getattr(net, table).assign(capacity_tpa=np.nan) for table in ("nodes", "edges")}
    free = net.with_table("nodes", bare["nodes"]).with_table("edges", bare["edges"])
    found = cn.chokepoints(net)
    found = found[found["lost_share"] >= 1 - 1e-9]
    assert len(found) > 0
    assert TableProgram(free).value() > 0
    for node, is_dominator in found["is_dominator"].items():
        assert is_dominator == (TableProgram(free.without(nodes=[node])).value() <= 1e-7), node
