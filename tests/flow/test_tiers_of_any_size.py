"""Tiers whose tonnes differ a million times: each is served as far as those before it leave, against exact flows."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainnet as cn

SIZES = [1e-3, 0.37, 1.0, 20.0, 4321.0, 2.6e7, 1e9]
TIERS = ("defence", "industrial", "civilian")


def network_of(
    mines: list[float], edges: list[tuple[int, int, float]], asked: list[tuple[int, int, float]]
) -> cn.Network:
    """Return mines that ship to users over edges, who ask in tiers."""
    users = sorted({user for user, *_ in asked})
    nodes = [(f"m{i}", "mine", size) for i, size in enumerate(mines)] + [(f"u{i}", "end_use", np.nan) for i in users]
    return cn.Network(
        nodes=pd.DataFrame(nodes, columns=["id", "stage", "capacity_tpa"]),
        edges=pd.DataFrame(
            [(f"m{i}", f"u{j}", size) for i, j, size in edges], columns=["source", "target", "capacity_tpa"]
        ),
        demand=pd.DataFrame(
            [(f"u{j}", TIERS[tier], size) for j, tier, size in asked], columns=["node", "tier", "demand_tpa"]
        ),
    )


def exact_shortfalls(net: cn.Network) -> dict[str, Fraction]:
    """Return the shortfall by tier: largest flows to the first tiers together, in whole numbers."""
    served, whole = Fraction(0), 10**12
    found = {}
    graph = nx.DiGraph()
    for node, size in zip(net.nodes["id"], net.nodes["capacity_tpa"], strict=True):
        if node.startswith("m"):
            graph.add_edge("all mines", node, capacity=int(Fraction(size) * whole))
    for source, target, size in zip(net.edges["source"], net.edges["target"], net.edges["capacity_tpa"], strict=True):
        graph.add_edge(source, target, capacity=int(Fraction(size) * whole))
    for tier in TIERS:
        rows = net.demand[net.demand["tier"] == tier]
        for node, size in zip(rows["node"], rows["demand_tpa"], strict=True):
            graph.add_edge(node, (node, tier))
            graph.add_edge((node, tier), "all users", capacity=int(Fraction(size) * whole))
        total = Fraction(nx.maximum_flow_value(graph, "all mines", "all users"), whole) if len(rows) else served
        found[tier] = sum(map(Fraction, rows["demand_tpa"]), Fraction(0)) - (total - served)
        served = total
    return found


@pytest.mark.parametrize(
    ("first", "second", "mine", "short"),
    [
        (20.0, 2.6e7, 2.6e7, (0.0, 20.0)),
        (1.0, 1e9, 1e9, (0.0, 1.0)),
        (1e-3, 1e9, 1e9, (0.0, 1e-3)),
        (2.6e7, 20.0, 2.6e7, (0.0, 20.0)),
        (1e9, 1e-3, 1e9, (0.0, 1e-3)),
        (2.6e7, 20.0, 2.6e7 + 8, (0.0, 12.0)),
    ],
)
def test_priority_holds_whatever_the_sizes(first: float, second: float, mine: float, short: tuple[float, ...]) -> None:
    net = network_of([mine], [(0, 0, 1e10)], [(0, 0, first), (0, 2, second)])
    found = cn.balance(net).by_tier()["shortfall_tpa"]
    assert found.to_numpy() == pytest.approx(short, rel=1e-3, abs=1e-6 * min(first, second))


def test_a_short_tier_is_said_beside_a_huge_demand() -> None:
    net = network_of([2.6e7], [(0, 0, 1e10)], [(0, 0, 20.0), (0, 2, 2.6e7)])
    assert cn.balance(net).sentence == "Baseline: civilian is short 20 of 26,000,000 t/yr. Defence is met."


@given(st.data())
def test_tiers_of_any_size_against_exact_flows(data: st.DataObject) -> None:
    size = st.sampled_from(SIZES).flatmap(lambda s: st.sampled_from([s, 2 * s, 0.5 * s, 1.25 * s]))
    mines = data.draw(st.lists(size, min_size=1, max_size=3))
    n_users = data.draw(st.integers(1, 3))
    pairs = [(i, j) for i in range(len(mines)) for j in range(n_users)]
    edges = [(i, j, data.draw(size)) for i, j in data.draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))]
    keys = [(j, tier) for j in range(n_users) for tier in range(3)]
    asked = [(j, t, data.draw(size)) for j, t in data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))]
    users = {j for j, *_ in asked}
    edges = [edge for edge in edges if edge[1] in users]
    if not edges:
        return
    net = network_of(mines, edges, asked)
    found, truth = cn.balance(net).by_tier(), exact_shortfalls(net)
    flows = min(sum(mines), float(found["demand_tpa"].sum()))
    for tier, row in found.iterrows():
        # the last digits of the largest flow are open, and what is never printed of a tier
        room = 1e-6 * row["demand_tpa"] + 64 * np.spacing(flows)
        assert abs(row["shortfall_tpa"] - float(truth[str(tier)])) <= room, (tier, dict(row), float(truth[str(tier)]))
