"""Doors to networkx, igraph, pyvis and scipy: the whole chain goes out, and the same chain comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from conftest import diamond, frame

import chainnet as cn
from chainnet.network import lay_out

CHAINS = list(cn.catalog().index)
HOSTILE = '<img src=x onerror=alert(1)> "a" & </script> \u202eabc \u4e2d\u6587 href'


def by_networkx_file(net: cn.Network, folder: Path) -> cn.Network:
    nx.write_graphml(net.to_networkx(), folder / "nx.graphml")
    assert cn.read(folder / "nx.graphml").digest == net.digest
    return cn.Network.from_networkx(nx.read_graphml(folder / "nx.graphml"))


def by_our_json(net: cn.Network, folder: Path) -> cn.Network:
    data = json.loads(cn.write(net, folder / "own.json").read_text(encoding="utf-8"))
    return cn.Network.from_networkx(nx.node_link_graph(data, edges="edges"))


def by_igraph_reading_ours(net: cn.Network, folder: Path) -> cn.Network:
    return cn.Network.from_igraph(igraph.Graph.Read_GraphML(str(cn.write(net, folder / "own.graphml"))))


WAYS: dict[str, Callable[[cn.Network, Path], cn.Network]] = {
    "networkx": lambda net, _: cn.Network.from_networkx(net.to_networkx()),
    "igraph": lambda net, _: cn.Network.from_igraph(net.to_igraph()),
    "networkx file": by_networkx_file,
    "our json in networkx": by_our_json,
    "our graphml in igraph": by_igraph_reading_ours,
    **{kind: lambda net, folder, kind=kind: cn.read(cn.write(net, folder / f"x{kind}")) for kind in  # type: ignore[misc]
       (".graphml", ".gexf", ".json", ".xlsx", "")},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("error::chainnet.ChainnetWarning")
@pytest.mark.parametrize("name", CHAINS)
def test_every_shipped_chain_comes_back_the_same(name: str, tmp_path: Path) -> None:
    net = cn.read(name)
    words = ("name", "label", "year", "main_commodity", "beneficiaries")
    for way, there_and_back in WAYS.items():
        again = there_and_back(net, tmp_path)
        assert again.digest == net.digest, way
        assert [getattr(again, word) for word in words] == [getattr(net, word) for word in words], way
    assert len(net.edges) > net.to_networkx().number_of_edges(), "edges of projects sleep, and come back"


def plain(seed: int) -> tuple[nx.MultiDiGraph, cn.Network]:
    """A random plain network with parallel edges, two-way links and an edge without a limit."""
    random = np.random.default_rng(seed)
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(["s", "t"])
    for _ in range(24):
        u, v = random.choice(["s", "a", "b", "c", "d", "t"], 2, replace=False)
        graph.add_edge(str(u), str(v), capacity=int(random.integers(1, 9)))
    graph.add_edge("a", "b")
    return graph, cn.Network.from_networkx(graph, source="s", sink="t")


@pytest.mark.parametrize("seed", range(6))
def test_the_largest_flow_is_that_of_networkx_and_igraph(seed: int) -> None:
    _, net = plain(seed)
    value = float(cn.max_flow(net).value_tpa)
    assert net.edges.duplicated(["source", "target"]).any()
    simple = net.to_networkx(simple=True)
    assert type(simple) is nx.DiGraph
    assert nx.maximum_flow_value(simple, "s", "t") == value
    whole = net.to_igraph()
    ends = whole.vs.find("s").index, whole.vs.find("t").index
    assert whole.maxflow(*ends, capacity="capacity").value == value
    assert sum(nx.pagerank(net.to_networkx()).values()) == pytest.approx(1.0)


def test_a_simple_graph_adds_parallel_edges_and_leaves_projects_out() -> None:
    rows = [("m", "u", "ore", 4.0, 1.0), ("m", "u", "ore", 3.0, None), ("m", "x", "ore", None, 2.0),
            ("m", "x", "ore", 5.0, 2.0), ("x", "u", "ore", 9.0, None)]  # fmt: skip
    net = cn.Network.from_edges(frame("source target commodity capacity_tpa flow_tpa", *rows))
    graph = net.to_networkx(simple=True)
    assert graph.edges["m", "u"] == {
        "commodity": "ore", "capacity_tpa": 7.0, "flow_tpa": 1.0, "capacity": 7.0, "weight": 1.0,
    }  # fmt: skip
    assert "capacity" not in graph.edges["m", "x"], "one of the two has no limit"
    assert graph.edges["m", "x"]["weight"] == 4.0
    assert graph.edges["x", "u"]["weight"] == 9.0, "no flow: the capacity"
    assert cn.max_flow(cn.Network.from_networkx(graph)).value_tpa == cn.max_flow(net).value_tpa == 16.0
    with pytest.raises(cn.DataError, match=r"the graph is simple and left out .*demand.* Hand it out without simple"):
        cn.Network.from_networkx(cn.read("mag-9").to_networkx(simple=True))


def test_an_edited_graph_wins_and_what_it_no_longer_holds_is_said(mag9: cn.Network) -> None:
    graph = mag9.to_networkx()
    graph.remove_node("USE")
    graph.add_node("NEW", stage="end_use")
    graph.add_edge("G_CN", "NEW", commodity="magnet", flow_tpa=2.0)
    graph.edges["M_CN", "S_CN"]["flow_tpa"] = 1.0
    with pytest.warns(cn.ChainnetWarning, match=r'\d+ rows? of demand.* left out: they name "USE"'):
        edited = cn.Network.from_networkx(graph)
    assert edited.demand.empty
    assert set(edited.nodes["id"]) == set(mag9.nodes["id"]) - {"USE"} | {"NEW"}
    assert edited.processes.equals(mag9.processes)
    assert len(edited.projects) == len(mag9.projects) > 0
    flows = edited.edges.set_index(["source", "target"])["flow_tpa"]
    assert flows["M_CN", "S_CN"] == 1.0
    assert flows["G_CN", "NEW"] == 2.0


def test_a_file_that_was_edited_elsewhere_says_the_same(mag9: cn.Network, tmp_path: Path) -> None:
    graph = mag9.to_networkx()
    graph.remove_node("H_CN")
    nx.write_graphml(graph, tmp_path / "g.graphml")
    words = '1 row of edges left out: they name "H_CN", which the graph does not hold'
    with pytest.warns(cn.ChainnetWarning, match=words):
        edited = cn.Network.from_networkx(graph)
    with pytest.warns(cn.ChainnetWarning, match=words):
        assert cn.read(tmp_path / "g.graphml").digest == edited.digest
    assert "H_CN" not in set(edited.nodes["id"])


def test_a_node_of_a_projects_id_takes_its_place(mag9: cn.Network) -> None:
    graph = mag9.to_networkx()
    name = mag9.projects["id"].iloc[0]
    graph.add_node(name, stage="refiner")
    with pytest.warns(cn.ChainnetWarning, match="1 row of projects left out: the graph has nodes of these ids"):
        edited = cn.Network.from_networkx(graph)
    assert name in set(edited.nodes["id"])
    assert name not in set(edited.projects["id"])


def test_weight_is_a_width_in_a_graph_of_ours_and_a_capacity_elsewhere() -> None:
    rows = frame("source target flow_tpa", ("m", "a", 2.0), ("a", "u", 2.0))
    net = cn.Network.from_edges(rows)
    graph = net.to_networkx()
    assert [data["weight"] for *_, data in graph.edges(data=True)] == [2.0, 2.0]
    again = cn.Network.from_networkx(graph)
    assert again.edges["capacity_tpa"].isna().all()
    assert again.digest == net.digest
    graph.add_edge("m", "u", weight=5.0)
    with pytest.warns(cn.ChainnetWarning, match='"weight" of 1 edge without flow and capacity is not read'):
        cn.Network.from_networkx(graph)
    del graph.graph["chainnet"]
    with pytest.warns(cn.ChainnetWarning, match='"weight" of edges is read as capacity_tpa'):
        assert cn.Network.from_networkx(graph).edges["capacity_tpa"].tolist() == [2.0, 2.0, 5.0]


def test_capacity_fills_a_blank_and_never_overrides_in_silence() -> None:
    graph = diamond().to_networkx()
    graph.add_edge("mine", "user", capacity=6.0)
    assert cn.max_flow(cn.Network.from_networkx(graph)).value_tpa == 13.0
    graph.edges["mine", "a"]["capacity"] = 1.0
    with pytest.warns(cn.ChainnetWarning, match=r'"capacity" differs from capacity_tpa on 1 of 5 .*mine -> a'):
        assert cn.max_flow(cn.Network.from_networkx(graph)).value_tpa == 13.0


@pytest.mark.parametrize(
    "empty", [nx.DiGraph(), igraph.Graph(directed=True), pd.DataFrame(columns=["source", "target"])]
)
def test_an_empty_graph_is_refused_with_what_to_do(empty: Any) -> None:
    names = {nx.DiGraph: "from_networkx", igraph.Graph: "from_igraph"}
    make = getattr(cn.Network, names.get(type(empty), "from_edges"))
    with pytest.raises(cn.DataError, match=r"neither a node nor an edge\. Give edges with source, target"):
        make(empty)


def test_hostile_words_come_through_every_door(tmp_path: Path) -> None:
    nodes = pd.DataFrame({"id": ["a", "\u4e2d"], "stage": ["mine", "end_use"], "label": [HOSTILE, None]})
    edges = frame("source target commodity flow_tpa note", ("a", "\u4e2d", "ore", 1.0, HOSTILE))
    demand = frame("node commodity tier demand_tpa note", ("\u4e2d", "ore", "defence", 3.0, HOSTILE))
    net = cn.Network(nodes, edges, demand=demand, label=HOSTILE)
    for way, there_and_back in WAYS.items():
        again = there_and_back(net, tmp_path)
        assert (again.digest, again.label) == (net.digest, HOSTILE), way


@pytest.mark.parametrize(
    ("text", "rule"),
    [("{", "not JSON"), ("[]", "must be one JSON object"), ('{"tables": []}', "must be an object of tables"),
     ('{"tables": {"stokcs": {}}}', 'no table of this name may stand here; did you mean "stocks"'),
     ('{"tables": {"stocks": {"columns": ["id"], "rows": [[1, 2]]}}}', "the row does not have 1 cells"),
     ('{"year": "soon"}', "must be a year"), ('{"tables": {"stocks": {"columns": ["id"], "rows": [[NaN]]}}}', "NaN")],
)  # fmt: skip
def test_what_was_done_to_the_carried_text_is_named(text: str, rule: str) -> None:
    graph = diamond().to_networkx()
    graph.graph["chainnet"] = text
    with pytest.raises(cn.DataError, match=rule) as caught:
        cn.Network.from_networkx(graph)
    assert caught.value.faults["file"].str.startswith('graph["chainnet"]').all()


def test_a_graph_that_lost_its_tables_says_where(mag9: cn.Network, tmp_path: Path) -> None:
    nx.write_gexf(mag9.to_networkx(), tmp_path / "g.gexf")
    with pytest.raises(cn.DataError, match=r"networkx writes no attribute of a graph to GEXF"):
        cn.Network.from_networkx(nx.read_gexf(tmp_path / "g.gexf"))


def test_the_demand_of_networkx_is_named_for_what_it_is() -> None:
    graph = nx.DiGraph([("m", "u")])
    graph.nodes["u"]["demand"] = 4
    with pytest.raises(cn.DataError, match=r"demand: unknown column.* Demand is a table of its own"):
        cn.Network.from_networkx(graph)
    with pytest.raises(cn.DataError, match=r'nodes knows no column "demand_tpa"; it is a column of the table demand'):
        cn.Network.from_networkx(graph, rename={"demand": "demand_tpa"})


def test_answers_go_onto_a_graph_whose_ids_are_numbers() -> None:
    graph = nx.DiGraph()
    for u, v, capacity in ((0, 1, 4), (0, 2, 3), (1, 3, 9), (2, 3, 9)):
        graph.add_edge(u, v, capacity=capacity, weight=1)
    with pytest.warns(cn.ChainnetWarning, match='"weight" of edges left out'):
        net = cn.Network.from_networkx(graph, source=0, sink=3)
    losses = cn.chokepoints(net)
    same = net.to_networkx(onto=graph, results=[losses, cn.max_flow(net)])
    assert same is graph
    assert {n: graph.nodes[n]["lost_tpa"] for n in (0, 1, 2)} == {0: 7.0, 1: 4.0, 2: 3.0}
    assert graph.edges[0, 1] == {"capacity": 4, "weight": 1, "max_flow_flow_tpa": 4.0}
    with pytest.raises(cn.DataError, match="Give results="):
        net.to_networkx(onto=graph)
    with pytest.raises(cn.DataError, match="no node of the graph has the id"):
        net.to_networkx(onto=nx.DiGraph([("x", "y")]), results=losses)
    graph.remove_node(2)
    with pytest.warns(cn.ChainnetWarning, match="1 of 4 nodes of the network are not in the graph"):
        net.to_networkx(onto=graph, results=losses)


@pytest.mark.parametrize("kind", ["graphml", "gexf"])
@pytest.mark.parametrize("two_way", [False, True])
def test_an_answer_in_a_file_is_a_network_of_the_same_largest_flow(kind: str, two_way: bool, tmp_path: Path) -> None:
    graph = nx.Graph() if two_way else nx.DiGraph()
    for u, v, capacity in (("s", "a", 5), ("s", "b", 3), ("a", "t", 9), ("b", "t", 9)):
        graph.add_edge(u, v, capacity=capacity)
    flow = cn.max_flow(cn.Network.from_networkx(graph, source="s", sink="t", two_way=two_way))
    assert flow.value_tpa == 8.0
    assert cn.max_flow(cn.read(cn.write(flow, tmp_path / f"flow.{kind}"))).value_tpa == 8.0


def test_an_answer_without_its_network_keeps_parallel_edges_and_node_limits(tmp_path: Path) -> None:
    rows = [("m", "p", 4.0), ("m", "p", 4.0), ("p", "u", 9.0)]
    net = cn.Network.from_edges(
        frame("source target capacity_tpa", *rows), frame("id stage capacity_tpa", ("p", None, 6.0))
    )
    again = cn.read(cn.write(cn.max_flow(net), tmp_path / "flow.graphml"))
    assert again.digest == net.digest
    other = net.with_table("nodes", net.nodes.assign(country="AUS"))
    with pytest.warns(cn.ChainnetWarning, match="the graph holds what the answer names"):
        cn.write(cn.max_flow(other), tmp_path / "other.graphml")


def test_incidence_balances_the_flow(mag9: cn.Network) -> None:
    matrix, nodes, edges = mag9.incidence()
    assert matrix.shape == (len(nodes), len(edges)) == (10, 15)
    assert (edges.names, nodes.tolist()) == (["source", "target", "commodity", "row"], mag9.nodes["id"].tolist())
    dense = matrix.toarray()
    assert (dense.sum(axis=0) == 0).all()
    assert (np.abs(dense).sum(axis=0) == 2).all()
    for column, (source, target, commodity, row) in enumerate(edges):
        assert dense[nodes.get_loc(source), column] == -1
        assert dense[nodes.get_loc(target), column] == 1
        assert mag9.edges.loc[row, ["source", "target", "commodity"]].tolist() == [source, target, commodity]
    flow = cn.max_flow(diamond())
    matrix, nodes, _ = diamond().incidence()
    gain = dict(zip(nodes, matrix @ flow.edges["flow_tpa"].to_numpy(), strict=True))
    assert gain == {"a": 0.0, "b": 0.0, "mine": -7.0, "user": 7.0}


def test_nodes_are_laid_out_in_columns_each_about_its_middle_without_crossings() -> None:
    """a and b lead to d and c: crossed as they are numbered; e stands behind all of them."""
    a, b, c, d, e = range(5)
    places = lay_out(5, [a, b, c, d], [d, c, e, e]).tolist()
    x, y = zip(*places, strict=True)
    assert list(x) == [0.0, 0.0, 320.0, 320.0, 640.0]
    assert sorted(y[:2]) == sorted(y[2:4]) == [-35.0, 35.0]
    assert (y[a], y[b], y[e]) == (y[d], y[c], 0.0)
    three = lay_out(4, [0, 1, 2], [3, 3, 3], columns=[2, 2, 2, 5]).tolist()
    assert sorted(three) == [[0.0, -70.0], [0.0, 0.0], [0.0, 70.0], [320.0, 0.0]]
    assert lay_out(0, [], []).shape == (0, 2)
