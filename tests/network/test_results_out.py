"""Answers on the nodes and edges of a graph for other programs."""

from __future__ import annotations

import networkx as nx
import pytest
from conftest import diamond, frame, two_tier

import chainnet as cn


@pytest.mark.parametrize("parallel", [False, True])
def test_algorithms_of_networkx_run_on_what_is_handed_over(parallel: bool) -> None:
    more = [("mine", "a", 1.0)] if parallel else []
    rows = [("mine", "a", 4.0), ("mine", "b", 3.0), ("a", "user", 9.0), ("b", "user", 9.0), *more]
    net = cn.Network.from_edges(frame("source target capacity_tpa", *rows))
    graph = net.to_networkx()
    assert graph.is_multigraph() is parallel
    if not parallel:
        value, _ = nx.maximum_flow(graph, "mine", "user", capacity="capacity_tpa")
        assert value == cn.max_flow(net).value_tpa == 7.0


def test_losses_flows_and_prices_stand_on_their_nodes_and_edges() -> None:
    net = two_tier()
    losses, arcs, served = cn.chokepoints(net), cn.chokepoints(net, by="edge"), cn.balance(net)
    graph = net.to_networkx(results=[losses, arcs, served])
    assert {n: graph.nodes[n]["lost_tpa"] for n in losses.index} == losses["lost_tpa"].to_dict()
    for source, target, _ in arcs.index:
        assert graph.edges[source, target]["lost_tpa"] == arcs["lost_tpa"].droplevel(2)[source, target]
    flows = served.edges.set_index(["source", "target"])["flow_tpa"]
    assert {e: graph.edges[e]["balance_flow_tpa"] for e in graph.edges} == flows.to_dict()
    price = served.prices.loc[("works", "ore"), "served_t_per_t"]
    assert graph.nodes["works"]["served_t_per_t_ore"] == price
    short = served.demand.set_index(["node", "tier"])["shortfall_tpa"]
    assert graph.nodes["u_usa"]["shortfall_tpa_civilian"] == short["u_usa", "civilian"]


def test_igraph_bears_the_same() -> None:
    net = diamond()
    losses = cn.chokepoints(net)
    graph = net.to_igraph(results={"mine": losses})
    assert dict(zip(graph.vs["name"], graph.vs["lost_tpa"], strict=True)) == {
        "user": None, **losses["lost_tpa"].to_dict(),
    }  # fmt: skip
    assert cn.Network.from_igraph(graph).digest == net.digest


def test_parallel_edges_keep_each_its_own_or_none() -> None:
    net = cn.Network.from_edges(
        frame("source target capacity_tpa", ("m", "u", 1.0), ("m", "u", 5.0), ("m", "x", 2.0), ("x", "u", 9.0))
    )
    flows = net.to_networkx(results=cn.max_flow(net))
    assert sorted(d["max_flow_flow_tpa"] for _, _, d in flows.edges(data=True)) == [1.0, 2.0, 2.0, 5.0]
    ranked = net.to_networkx(results=cn.chokepoints(net, by="edge"))
    assert sorted(d.get("lost_tpa", -1.0) for _, _, d in ranked.edges(data=True)) == [-1.0, -1.0, 2.0, 2.0]


def test_two_answers_that_clash_bear_their_names(mag9: cn.Network, china_out: cn.Scenario) -> None:
    graph = mag9.to_networkx(results=[cn.balance(mag9), cn.balance(mag9, china_out)])
    edge = graph.edges["G_CN", "USE"]
    assert edge["balance_flow_tpa"] > 0
    assert edge["balance_china_out_flow_tpa"] == 0
    assert edge["flow_tpa"] == mag9.edges.set_index(["source", "target"])["flow_tpa"]["G_CN", "USE"]
    named = mag9.to_networkx(results={"before": cn.balance(mag9), "after": cn.balance(mag9, china_out)})
    assert named.edges["G_CN", "USE"]["after_flow_tpa"] == 0


def test_a_graph_with_answers_is_read_back_as_the_network(tmp_path: object) -> None:
    net = diamond()
    graph = net.to_networkx(results=[cn.chokepoints(net), cn.max_flow(net)])
    again = cn.Network.from_networkx(graph)
    assert again.digest == net.digest
    assert "results of an earlier answer" in " ".join(again.notes)
    nx.write_graphml(graph, f"{tmp_path}/g.graphml")
    assert cn.read(f"{tmp_path}/g.graphml").digest == net.digest


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(cn.DataError, match="results: x: a int is no answer"):
        diamond().to_networkx(results={"x": 3})
    with pytest.raises(cn.DataError, match="a str is no answer"):
        diamond().to_networkx(results="chokepoints")
