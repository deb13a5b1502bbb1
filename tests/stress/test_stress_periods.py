"""Periods end where measures do: what a coarser step says beside a program month by month of our own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from scipy.optimize import linprog

import chainnet as cn
from chainnet.flow import Counting
from chainnet.scenario import timeline
from chainnet.stress import Ask, horizon_levels

HORIZON = 24
STEPS = (1, 3, 12)


def drawn(seed: int) -> tuple[cn.Network, cn.Scenario]:
    """Two mines, a works, a user; lags, a stock, and measures that begin and end in the midst of any long period."""
    rng = np.random.default_rng(seed)
    lag = rng.integers(0, 4, 4).astype(float)
    base = rng.uniform(2.0, 10.0, 3).round(1)  # into the works from each mine, and past it
    edges = frame(
        "source target flow_tpa capacity_tpa lag_months",
        ("big", "works", base[0], base[0] * rng.uniform(1.0, 1.5), lag[0]),
        ("far", "works", base[1], base[1] * rng.uniform(1.0, 2.0), lag[1]),
        ("works", "user", base[0] + base[1], None, lag[2]),
        ("far", "user", base[2], base[2] * rng.uniform(1.0, 2.0), lag[3]),
    )
    net = cn.Network(
        nodes=frame(
            "id stage capacity_tpa",
            ("big", "mine", base[0] * rng.uniform(1.0, 1.6)),
            ("far", "mine", (base[1] + base[2]) * rng.uniform(1.0, 1.6)),
            ("works", "refiner", None),
            ("user", "end_use", None),
        ),
        edges=edges,
        demand=frame("node tier demand_tpa", ("user", "defence", float(base.sum()))),
        stocks=frame("id node stock_t release_tpa", ("pile", "user", rng.uniform(0.0, 3.0), rng.uniform(2.0, 20.0))),
        year=2024,
    )
    first = int(rng.integers(0, 12))
    out = {"kind": "remove", "nodes": ["big"], "start_month": first, "months": int(rng.integers(1, 8))}
    less = {"kind": "scale", "nodes": ["far"], "share": 0.5, "start_month": int(rng.integers(0, 20)), "months": 2}
    opens = {"kind": "release", "stocks": ["pile"], "start_month": max(first - 1, 0), "months": int(rng.integers(2, 9))}
    more = {"kind": "demand", "tier": "defence", "share": 1.25, "start_month": 5, "phase_in_months": 2, "months": 6}
    return net, cn.Scenario("s", [out, less, opens, more][: int(rng.integers(1, 5))])


def by_hand(net: cn.Network, scenario: cn.Scenario, starts: tuple[int, ...]) -> float:
    """Most that can be served, t: months of its own, all flows at one rate and all balances in sum within a period."""
    month = np.arange(HORIZON)

    def force(measure: dict[str, Any]) -> Any:
        begin = measure.get("start_month", 0)
        inside = (month >= begin) & (month < begin + measure["months"])
        return np.where(inside, np.clip((month - begin + 1) / measure.get("phase_in_months", 1), 0, 1), 0.0)

    cap = {i: np.full(HORIZON, c / 12) for i, c in zip(net.nodes["id"], net.nodes["capacity_tpa"], strict=True)}
    asked, stock = np.full(HORIZON, net.demand["demand_tpa"].iloc[0] / 12), net.stocks.iloc[0]
    rate = np.full(HORIZON, min(stock["release_tpa"] / 12, stock["stock_t"]))
    for measure in map(dict, scenario.measures):
        acts = force(measure)
        if measure["kind"] == "release":
            rate = np.where(acts > 0, rate, 0.0)
        elif measure["kind"] == "demand":
            asked = asked * (1 + (measure["share"] - 1) * acts)
        else:
            cap[measure["nodes"][0]] = cap[measure["nodes"][0]] * (1 - (1 - measure.get("share", 0.0)) * acts)
    edges = net.edges.to_dict("records")
    n_edges, T = len(edges), HORIZON
    # columns: shipped by edge and month, taken in of what was under way by edge and month, drawn, served
    ship, come, draw, serve = 0, n_edges * T, 2 * n_edges * T, 2 * n_edges * T + T
    upper = np.zeros(serve + T)
    for e, edge in enumerate(edges):
        upper[ship + e * T : ship + (e + 1) * T] = (
            np.inf if np.isnan(edge["capacity_tpa"]) else edge["capacity_tpa"] / 12
        )
        upper[come + e * T : come + e * T + int(edge["lag_months"])] = edge["flow_tpa"] / 12
    upper[draw : draw + T], upper[serve : serve + T] = rate, asked
    rows, right, most, most_right = [], [], [], []
    periods = [range(a, b) for a, b in zip(starts, [*starts[1:], T], strict=True)]
    for period in periods:
        for node in ("works", "user"):
            row = np.zeros(len(upper))
            for t in period:
                for e, edge in enumerate(edges):
                    sent = t - int(edge["lag_months"])
                    if edge["target"] == node:
                        row[come + e * T + t] += 1
                        if sent >= 0:
                            row[ship + e * T + sent] += 1
                    if edge["source"] == node:
                        row[ship + e * T + t] -= 1
                if node == "user":
                    row[draw + t], row[serve + t] = 1, -1
            rows.append(row)
            right.append(0.0)
        for t in period:
            for e in range(n_edges):
                if t > period[0]:
                    row = np.zeros(len(upper))
                    row[ship + e * T + t], row[ship + e * T + t - 1] = 1, -1
                    rows.append(row)
                    right.append(0.0)
            for mine in ("big", "far"):
                row = np.zeros(len(upper))
                row[[ship + e * T + t for e, edge in enumerate(edges) if edge["source"] == mine]] = 1
                most.append(row)
                most_right.append(cap[mine][t])
    row = np.zeros(len(upper))
    row[draw : draw + T] = 1
    most.append(row)
    most_right.append(stock["stock_t"])
    cost = np.zeros(len(upper))
    cost[serve:] = -1
    found = linprog(
        cost, np.array(most), most_right, np.array(rows), right, np.column_stack([np.zeros(len(upper)), upper])
    )
    assert found.status == 0
    return -float(found.fun)


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 2, 3, 8, 11])
def test_every_step_serves_what_a_program_of_our_own_does(seed: int) -> None:
    net, scenario = drawn(seed)
    for step in STEPS:
        line = timeline(net, scenario, HORIZON, step_months=step)
        found = cn.stress_test(net, scenario, HORIZON, step_months=step).months
        mine = found[found["scenario"] == "s"]
        assert mine["month"].tolist() == [1 + month for month in line.starts]
        assert mine["served_t"].sum() == pytest.approx(by_hand(net, scenario, line.starts), abs=1e-6), step


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 3, 8, 11])
def test_a_longer_step_tells_the_months_of_the_event(seed: int) -> None:
    net, scenario = drawn(seed)
    told = ["shortfall_t", "first_short_month", "months_short", "time_to_survive", "time_to_recover"]
    monthly = cn.stress_test(net, scenario, HORIZON).summary.loc[("s", "defence"), told]
    assert monthly["shortfall_t"] > 0.1
    for step in (3, 24):
        found = cn.stress_test(net, scenario, HORIZON, step_months=step).summary.loc[("s", "defence"), told]
        assert found.to_numpy(float) == pytest.approx(monthly.to_numpy(float), abs=1e-6), step


def test_an_outage_of_four_months_costs_the_same_in_every_step() -> None:
    net = cn.read("mag-9")
    out = cn.Scenario("out", [{"kind": "remove", "where": {"country": "CHN"}, "start_month": 4, "months": 4}])
    for step in STEPS:
        found = cn.stress_test(net, out, HORIZON, step_months=step)
        short = found.summary.loc["out"]
        # 40 t/yr are short while China is out (10 industrial, 30 civilian): four twelfths of it
        assert short["shortfall_t"].tolist() == pytest.approx([0.0, 10.0 / 3.0, 10.0])
        assert short["shortfall_unforeseen_t"].tolist() == pytest.approx([0.0, 10.0 / 3.0, 10.0])
        assert short.loc["civilian", ["first_short_month", "months_short", "time_to_recover"]].tolist() == [5, 4, 4]
        need = cn.stockpile_requirement(net, out, list(net.tier_order), months=HORIZON, step_months=step)
        assert need.set_index("commodity")["required_t"]["magnet"] == pytest.approx(40.0 / 3.0)
        moved = found.flows[(found.flows["scenario"] == "baseline") & (found.flows["target"] == "USE")]
        assert moved["flow_t"].sum() == pytest.approx(2 * 50.0), "tonnes of a period are its rate by its months"


@pytest.mark.long
def test_two_months_without_china_are_seen_in_quarters_and_half_years() -> None:
    net = cn.read("germanium", as_of=None)
    out = cn.Scenario("out", [{"kind": "remove", "where": {"country": "CHN"}, "start": "2027-02", "months": 2}])
    monthly, *others = (
        cn.stress_test(net, out, 12, "2027-01", step_months=step, cover=False, order="allies_first").summary.loc["out"]
        for step in (1, 3, 6)
    )
    assert monthly["shortfall_t"].tolist() == pytest.approx([0.016296, 0.551984, 1.791398], abs=1e-6)
    for found in others:
        assert found["shortfall_t"].tolist() == pytest.approx(monthly["shortfall_t"].tolist(), abs=1e-6)
        assert (found["first_short_month"] >= 2).all(), "not before the event"


def test_rungs_of_the_ladder_are_counted_in_the_same_periods() -> None:
    net, scenario = drawn(8)
    late = frame("id stage capacity_tpa start_year", ("new", "mine", 6.0, 2025))
    more = frame("source target capacity_tpa flow_tpa", ("new", "user", 6.0, 0.0))
    edges = net.edges[["source", "target", "capacity_tpa", "flow_tpa", "lag_months"]]
    net = net.with_table("projects", late).with_table(
        "edges", pd.DataFrame([*edges.to_dict("records"), *more.to_dict("records")])
    )
    by_step = []
    for step in (1, 12):
        asked = Ask(Counting.of(net, None, None), HORIZON, "2024-06", step_months=step)
        levels = horizon_levels([scenario], asked).set_index("level")
        assert (levels["gained_t"].dropna() >= 0).all(), "a degree more never serves less, as a finer cut might"
        by_step.append(levels["shortfall_t"].to_dict())
    monthly, yearly = by_step
    assert list(monthly) == ["none", "existing", "new", "stocks", "projects"]
    assert monthly["existing"] > 1.0
    assert yearly == pytest.approx(monthly, abs=1e-6)


def test_a_set_of_projects_stands_in_the_long_run_as_compare_has_it() -> None:
    net = cn.read("mag-9")
    out, ids = cn.scenarios(net)["china_out"], list(net.projects["id"])
    sets = {"none": [], "all": ids}
    beside = cn.compare(net, scenario="china_out", portfolios=sets, months=0).answers
    for name, chosen in sets.items():
        told = cn.stress_test(net, out, 3, projects=chosen).summary.loc["china_out", "shortfall_tpa"]
        ours = beside[beside["column"] == name].set_index("tier")["shortfall_tpa"]
        assert told.to_dict() == pytest.approx(ours.to_dict())
        assert told["industrial"] == pytest.approx(0.0 if chosen else 10.0, abs=1e-6)
        nodes = cn.stress_test(net, out, 3, projects=chosen).nodes.loc["china_out", "shortfall_tpa"]
        assert nodes.sum() == pytest.approx(told.sum())


def pile(**more: Any) -> cn.Network:
    """Half of 120 t/yr comes from a mine; 100 t lie in store at the user."""
    return cn.Network(
        nodes=frame("id stage capacity_tpa", ("mine", "mine", 60.0), ("user", "end_use", None)),
        edges=frame("source target flow_tpa", ("mine", "user", 60.0)),
        demand=frame("node tier demand_tpa", ("user", "defence", 120.0)),
        stocks=frame("id node stock_t release_tpa", ("pile", "user", 100.0, more.get("rate"))),
        year=2024,
    )


RELEASE = {"kind": "release", "stocks": ["pile"], "release_tpa": 120.0}


def test_a_release_beyond_the_horizon_keeps_its_stock_shut() -> None:
    net = pile()
    late = cn.Scenario("late", [{**RELEASE, "start_month": 8}])
    past = cn.Scenario("past", [{**RELEASE, "start": "2023-01", "until": "2023-06"}])

    def short(scenario: cn.Scenario, months: int) -> float:
        table = cn.stress_test(net, scenario, months).months
        return float(table[(table["scenario"] == scenario.name) & (table["month"] <= 8)]["shortfall_t"].sum())

    for scenario, months in ((late, 8), (past, 9)):
        with pytest.warns(cn.ChainnetWarning, match="release .*: its stocks stay shut") as told:
            assert short(scenario, months) == pytest.approx(8 * 5.0)
        assert not any("equals the baseline" in str(one.message) for one in told), "in the baseline the stock is open"
    assert short(late, 9) == pytest.approx(8 * 5.0), "a longer horizon changes no month already told"


def test_a_release_is_never_faster_than_the_stock() -> None:
    with pytest.warns(cn.ChainnetWarning, match=r'release: release_tpa 120 .*"pile" 24 t/yr'):
        found = cn.stress_test(pile(rate=24.0), cn.Scenario("open", [RELEASE]), 12)
    table = found.months[found.months["scenario"] == "open"]
    assert table["shortfall_t"].tolist() == pytest.approx([5.0 - 24.0 / 12] * 12)


def test_a_horizon_that_nobody_means_is_refused_at_once() -> None:
    with pytest.raises(cn.DataError, match="months: 1000000 is out of range; give a whole number, 1 to 1200"):
        cn.stress_test(pile(), [], months=10**6)
    assert len(cn.stress_test(cn.read("mag-9"), [], months=1200).months) == 3 * 1200
