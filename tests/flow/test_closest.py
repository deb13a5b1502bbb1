"""Of equally good balances the one nearest to the base year; and the long run of many scenarios at once."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import frame, two_tier
from hypothesis import given
from hypothesis import strategies as st
from oracles import check_flow

import chainnet as cn
from chainnet.flow import Counting, long_runs


def distance(net: cn.Network, found: cn.Balance) -> float:
    """What moves against the base year, each flow over the widest of its commodity."""
    base = net.edges["flow_tpa"].fillna(0.0)
    widest = base.groupby(net.edges["commodity"].fillna("")).transform("max")
    return float(((found.edges["flow_tpa"] - base).abs() / widest.where(widest > 0, 1.0)).sum())


@pytest.mark.long
@given(st.lists(st.integers(0, 6), min_size=9, max_size=9), st.integers(1, 20))
def test_it_serves_as_much_and_moves_no_more_than_the_cheapest(flows: list[int], demand: int) -> None:
    pairs = [(f"m{i}", f"r{j}") for i in range(3) for j in range(3)]
    rows = [(a, b, float(flow), float(i % 2)) for i, ((a, b), flow) in enumerate(zip(pairs, flows, strict=True))]
    rows += [(f"r{j}", "u", float(sum(flows[j::3])), 0.0) for j in range(3)]
    nodes = frame(
        "id stage capacity_tpa",
        *((f"m{i}", "mine", 5.0) for i in range(3)),
        *((f"r{j}", "refiner", 7.0) for j in range(3)),
        ("u", "end_use", None),
    )
    net = cn.Network(
        nodes=nodes,
        edges=frame("source target flow_tpa cost_usd_per_t", *rows),
        demand=frame("node demand_tpa", ("u", float(demand))),
    )
    plain, near = cn.balance(net), cn.balance(net, closest=True)
    assert near.demand["served_tpa"].sum() == pytest.approx(plain.demand["served_tpa"].sum(), rel=1e-7)
    cost = (near.edges["flow_tpa"] * net.edges["cost_usd_per_t"]).sum()
    assert cost == pytest.approx(near.cost_usd, rel=1e-6, abs=1e-5), "what it costs is told, and plays no part"
    assert near.cost_usd >= plain.cost_usd - 1e-5
    assert distance(net, near) <= distance(net, plain) + 1e-6
    check_flow(net, near.edges, near.demand)
    assert near.certificate.ok


def test_the_base_year_itself_is_nearest_where_it_is_as_good() -> None:
    net = two_tier()
    flows = cn.balance(net).edges["flow_tpa"]
    same = cn.Network(
        nodes=net.nodes,
        edges=net.edges.assign(flow_tpa=flows.to_numpy()),
        processes=net.processes,
        demand=net.demand,
        main_commodity="metal",
    )
    near = cn.balance(same, closest=True)
    assert near.edges["flow_tpa"].to_numpy() == pytest.approx(flows.to_numpy(), abs=1e-6)
    assert near.provenance["settings"]["closest"] is True
    assert "closest" not in cn.balance(same).provenance["settings"]


def test_long_runs_are_the_balances_of_each_scenario_beside_one_baseline() -> None:
    net = cn.read("mag-9")
    stop = cn.scenarios(net)["china_out"]
    counting = Counting.of(net, beneficiaries=["USA"])
    found = long_runs(net, [stop, None], counting)
    for scenario, near in zip((stop, None), found.balances, strict=True):
        alone = cn.balance(net, scenario, beneficiaries=["USA"], order="allies_first")
        assert np.allclose(near.by_tier(), alone.by_tier())
    assert found.balances[1] is found.baseline
    assert found.baseline.edges["flow_tpa"].to_numpy() == pytest.approx(net.edges["flow_tpa"].to_numpy(), abs=1e-6)
    moved = found.balances[0].moved
    assert moved is not None
    # of each link that is told the range is that of its flow among the answers that serve as much, found alone
    for i, row in moved.iterrows():
        assert row["least_tpa"] - 1e-6 <= row["flow_tpa"] <= row["most_tpa"] + 1e-6
        assert row["near_tpa"] == pytest.approx(net.edges["flow_tpa"].iloc[int(i)])
    assert len(moved) == 8
    assert not found.balances[0].edges["flow_tpa"].iloc[0], "the Chinese mine stops"
