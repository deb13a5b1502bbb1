"""The same answers from other programs: networkx, igraph and scipy for flows, scipy's linprog for recipes."""

from __future__ import annotations

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from oracles import TableProgram, check_flow
from recipe_networks import recipe_network
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow

import chainnet as cn
from chainnet.flow import Counting, balance_under
from chainnet.scenario import overlay_of


def random_edges(seed: int) -> pd.DataFrame:
    """Whole capacities on a random digraph with parallel rows; node 0 is the only way in, node n-1 the only way out."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 30))
    m = int(rng.integers(n, 5 * n))
    tail, head = rng.integers(0, n, m), rng.integers(0, n, m)
    keep = (tail != head) & (head != 0) & (tail != n - 1)
    tail, head = np.append(tail[keep], 0), np.append(head[keep], n - 1)
    return pd.DataFrame({"source": tail, "target": head, "capacity_tpa": rng.integers(0, 50, len(tail))})


@pytest.mark.parametrize("seed", range(25))
def test_max_flow_and_losses(seed: int) -> None:
    edges = random_edges(seed)
    n = int(edges.max().iloc[:2].max()) + 1
    nodes = pd.DataFrame({"id": range(n), "stage": ["mine", *["refiner"] * (n - 2), "end_use"]})
    net = cn.Network.from_edges(edges, nodes=nodes)
    flow = cn.max_flow(net)
    check_flow(net, flow.edges, tolerance=1e-12)
    pairs = edges.groupby(["source", "target"])["capacity_tpa"].sum().reset_index()
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_weighted_edges_from(pairs.to_numpy().tolist(), weight="capacity")
    assert flow.value_tpa == nx.maximum_flow_value(graph, 0, n - 1)
    ig = igraph.Graph(n=n, edges=edges[["source", "target"]].to_numpy().tolist(), directed=True)
    assert flow.value_tpa == ig.maxflow_value(0, n - 1, edges["capacity_tpa"].tolist())
    matrix = coo_array((pairs["capacity_tpa"].astype(np.int32), (pairs["source"], pairs["target"])), shape=(n, n))
    assert flow.value_tpa == maximum_flow(matrix.tocsr(), 0, n - 1).flow_value
    table = cn.chokepoints(net)
    for node in table.index[:6].drop("0", errors="ignore"):
        less = graph.subgraph(set(graph) - {int(node)})
        assert table.loc[node, "lost_tpa"] == flow.value_tpa - nx.maximum_flow_value(less, 0, n - 1)
    by_edge = cn.chokepoints(net, by="edge")
    key = by_edge.index[0]
    less = graph.copy()
    rows = edges[(edges["source"] == int(key[0])) & (edges["target"] == int(key[1]))]["capacity_tpa"]
    losses = []
    for capacity in rows:
        less[int(key[0])][int(key[1])]["capacity"] = rows.sum() - capacity
        losses.append(flow.value_tpa - nx.maximum_flow_value(less, 0, n - 1))
    assert by_edge["lost_tpa"].iloc[0] == max(losses)


def compare(seed: int, wild: bool) -> float:
    """Compare value, balance by stage and cost of one random recipe network; return its value."""
    net = recipe_network(seed, wild=wild)
    program = TableProgram(net)
    expected = program.value()
    if np.isinf(expected):
        with pytest.raises(cn.DataError, match="nothing limits"):
            cn.max_flow(net)
        return expected
    flow = cn.max_flow(net)
    assert flow.value_tpa == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert (flow.cut["capacity_tpa"] * flow.cut["price"]).sum() == pytest.approx(expected, rel=1e-6, abs=1e-6)
    for countries in (None, {"USA"}):
        for order in ("allies_first", "allies_last") if countries else ("allies_first",):
            counting = Counting.of(net, None, sorted(countries) if countries else None, order=order)
            found = balance_under(counting, overlay_of(net, None))
            stages = program.stages(countries, order)
            totals, cost = program.lexicographic(stages)
            served = found.demand["served_tpa"].to_numpy()
            # a lock may slack a hair, which a later stage may then use
            hair = 1e-6 + 1e-8 * max(totals)
            assert [served[s].sum() for s in stages] == pytest.approx(totals, rel=1e-6, abs=hair)
            assert found.cost_usd == pytest.approx(cost, rel=1e-4, abs=1e-4)
            assert found.certificate.ok
            check_flow(net, found.edges, found.demand)
    return expected


@pytest.mark.long
@pytest.mark.parametrize("start", [0, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize("wild", [False, True], ids=["near", "far"])
def test_value_and_balance_against_an_independent_program(start: int, wild: bool) -> None:
    found = [compare(seed, wild) for seed in range(start, start + 10)]
    assert sum(v > 0 for v in found) >= 2, "the networks must carry something"


@pytest.mark.slow
@pytest.mark.parametrize("start", range(20, 1020, 100))
@pytest.mark.parametrize("wild", [False, True], ids=["near", "far"])
def test_many_more(start: int, wild: bool) -> None:
    found = [compare(seed, wild) for seed in range(start, start + 100)]
    assert sum(v > 0 for v in found) >= 25


@pytest.mark.parametrize("seed", range(12))
def test_tier_beneficiaries_and_commodity_against_it(seed: int) -> None:
    net = recipe_network(seed, wild=False)
    program = TableProgram(net)
    assert np.isfinite(program.value()), "seeds whose flow something limits"
    for given, whose in (
        ({"tier": "defence"}, {"tier": "defence"}),
        ({"beneficiaries": ["CHN", "JPN"]}, {"countries": {"CHN", "JPN"}}),
        ({"commodity": ["slag"]}, {"commodity": ("slag",)}),
    ):
        base = cn.chokepoints(net, top=1, **given).attrs["provenance"]["settings"]["base_tpa"]
        assert base == pytest.approx(program.value(**whose), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_the_frozen_degree_against_it(seed: int) -> None:
    net = recipe_network(seed, wild=False, baseline=True)
    expected = TableProgram(net, frozen=True).value()
    found = cn.chokepoints(net, reroute="none", top=1).attrs["provenance"]["settings"]["base_tpa"]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)
