"""Tables from outside: whatever pandas holds them in, they are the tables that they say, or refused in words."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pyarrow as pa
import pytest

import chainnet as cn

EDGES = pd.DataFrame({"source": ["well", "kiln"], "target": ["kiln", "mill"], "capacity_tpa": [7.0, 5.0]})
NODES = pd.DataFrame(
    {"id": ["well", "kiln", "mill"], "stage": ["mine", "refiner", "end_use"], "country": ["CHL", "JPN", None]}
)
DEMAND = pd.DataFrame({"node": ["mill"], "tier": ["civilian"], "demand_tpa": [4.0]})


def digest(edges: Any = EDGES, nodes: Any = NODES, demand: Any = DEMAND) -> str:
    return cn.Network(nodes=nodes, edges=edges, demand=demand).digest


def of_kind(frame: pd.DataFrame, kind: Any) -> pd.DataFrame:
    texts = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c].dtype)]
    return frame.astype(dict.fromkeys(texts, kind))


KINDS = [
    "category", "object", "string[pyarrow]", "string[python]", pd.ArrowDtype(pa.string()),
    pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_kind_of_text_column_is_the_same_table(kind: Any) -> None:
    assert digest(of_kind(EDGES, kind), of_kind(NODES, kind), of_kind(DEMAND, kind)) == digest()
    listed = cn.Network.from_edges(of_kind(EDGES, kind), of_kind(NODES, kind), demand=of_kind(DEMAND, kind))
    assert listed.digest == digest()
    assert cn.Network(NODES, EDGES).with_table("demand", of_kind(DEMAND, kind)).digest == digest()


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([7, 5], dtype="Int64"),
        pd.Series([7.0, 5.0]).astype("category"),
        pd.Series([Decimal("7.00"), Decimal("5")], dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
        pd.Series([7.0, 5.0], dtype="Sparse[float]"),
        pd.Series(["7", "5.0"], dtype="category"),
    ],
    ids=lambda cells: str(cells.dtype),
)
def test_every_kind_of_number_column_is_the_same_table(cells: pd.Series) -> None:
    assert digest(EDGES.assign(capacity_tpa=cells)) == digest()


def test_complex_numbers_are_refused_and_not_halved() -> None:
    with pytest.raises(cn.DataError, match=r'edges row 2, capacity_tpa: "1j": not a number'):
        digest(EDGES.assign(capacity_tpa=[1j, 2]))


def test_named_levels_of_the_index_are_columns() -> None:
    levels = EDGES.set_index(["source", "target"])
    assert digest(levels, NODES.set_index("id"), DEMAND.set_index(["node", "tier"])) == digest()
    assert cn.Network.from_edges(levels, NODES, demand=DEMAND).digest == digest()
    assert cn.Network.from_edges(levels["capacity_tpa"], NODES, demand=DEMAND).digest == digest()
    assert cn.Network.from_edges(levels.rename_axis(["Source", " TARGET"]), NODES, demand=DEMAND).digest == digest()
    seller = levels.rename_axis(["seller", "buyer"])
    renamed = cn.Network.from_edges(seller, NODES, demand=DEMAND, rename={"seller": "source", "buyer": "target"})
    assert renamed.digest == digest()


def test_nameless_levels_of_the_index_are_refused_with_the_way_out() -> None:
    nameless = EDGES.set_index(["source", "target"]).rename_axis([None, None])
    for ask in (lambda: digest(nameless), lambda: cn.Network.from_edges(nameless)):
        with pytest.raises(cn.DataError, match=r"source and target are index levels.*reset_index\(\)"):
            ask()


def test_heads_in_any_case_are_columns_where_they_can_be_no_other() -> None:
    heads = EDGES.rename(columns={"source": " Source ", "target": "TARGET", "capacity_tpa": "Capacity TPA"})
    assert digest(heads, NODES.rename(columns=str.title)) == digest()
    assert cn.Network.from_edges(heads, NODES, demand=DEMAND).digest == digest()
    wide = EDGES.set_axis(pd.MultiIndex.from_tuples([(c, "") for c in EDGES.columns]), axis=1)
    assert digest(wide) == digest()
    with pytest.raises(cn.DataError, match='edges, Source: unknown column; did you mean "source"'):
        digest(EDGES.assign(Source="x"))
    with pytest.raises(cn.DataError, match="edges, source: required column is missing"):
        digest(EDGES.rename(columns={"source": "Source"}).assign(SOURCE="x"))


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\u00a0", "\u3000"])
def test_blanks_around_a_cell_are_no_part_of_it(blank: str) -> None:
    edges = EDGES.assign(source=["well" + blank, blank + "kiln"], target=["kiln", blank + "mill" + blank])
    assert digest(edges, NODES.assign(stage=["mine" + blank, "refiner", "end_use"])) == digest()
    listed = cn.Network.from_edges(edges, source=blank + "well", sink=["mill" + blank])
    assert listed.nodes["id"].tolist() == ["kiln", "mill", "well"]
    assert listed.nodes["stage"].tolist() == ["refiner", "end_use", "mine"]


def test_whole_numbers_and_days_are_ids_and_dates_as_they_are_written() -> None:
    numbers = pd.DataFrame({"source": pd.Series([1, "2"], dtype=object), "target": pd.array([2, 3], dtype="Int64")})
    assert cn.Network.from_edges(numbers).nodes["id"].tolist() == ["1", "2", "3"]
    made = cn.Network(NODES.assign(note=[datetime(2028, 3, 1), pd.NaT, None]), EDGES).nodes
    assert made.set_index("id")["note"].dropna().to_dict() == {"well": "2028-03-01"}


@pytest.mark.parametrize("cell", [["a"], {"a": 1}, {"a"}, b"a"])
def test_a_cell_of_several_things_is_no_id(cell: Any) -> None:
    with pytest.raises(cn.DataError, match=r"edges row 2, source: .*neither text nor a number"):
        digest(EDGES.assign(source=pd.Series([cell, "kiln"], dtype=object)))


@pytest.mark.parametrize("given", ["edges.csv", 5, b"x", object(), {"source": ["a"], "target": ["b", "c"]}])
def test_what_is_no_table_is_refused_in_words(given: Any) -> None:
    for ask in (lambda: cn.Network(NODES, given), lambda: cn.Network.from_edges(given)):
        with pytest.raises(cn.DataError, match=r"^edges: .*table"):
            ask()


def test_columns_and_records_of_plain_python_are_tables() -> None:
    assert digest(EDGES.to_dict("list"), NODES.to_dict("records")) == digest()
    assert cn.Network.from_edges(EDGES.to_dict("records"), NODES, demand=DEMAND).digest == digest()


def test_a_graph_whose_attributes_have_blanks_is_the_same_network() -> None:
    graph = nx.DiGraph()
    graph.add_node("well", stage=" mine", country="CHL ")
    graph.add_edge("well", "mill", Capacity_TPA=3)
    made = cn.Network.from_networkx(graph)
    assert made.nodes.set_index("id")["country"].dropna().to_dict() == {"well": "CHL"}
    assert made.edges["capacity_tpa"].tolist() == [3.0]


def crossed() -> nx.DiGraph:
    """Return a graph whose attributes name other nodes and the edge the other way round."""
    graph = nx.DiGraph()
    graph.add_node("pit", id="mill", country="PER")
    graph.add_node("mill", id="pit")
    graph.add_edge("pit", "mill", capacity=3.0, source="mill", target="pit")
    return graph


def test_names_of_a_graph_are_its_own_whatever_its_attributes_say(tmp_path: Path) -> None:
    nx.write_graphml(crossed(), tmp_path / "a.graphml")
    text = """<gexf xmlns="http://gexf.net/1.3"><graph defaultedgetype="directed"><attributes class="node">
<attribute id="0" title="id" type="string"/><attribute id="1" title="country" type="string"/></attributes>
<attributes class="edge"><attribute id="0" title="source" type="string"/></attributes>
<nodes><node id="pit"><attvalues><attvalue for="0" value="mill"/><attvalue for="1" value="PER"/></attvalues></node>
<node id="mill"><attvalues><attvalue for="0" value="pit"/></attvalues></node></nodes>
<edges><edge source="pit" target="mill"><attvalues><attvalue for="0" value="mill"/></attvalues></edge></edges>
</graph></gexf>"""
    (tmp_path / "a.gexf").write_text(text)
    ways = [
        lambda: cn.Network.from_networkx(crossed()),
        *(partial(cn.read, tmp_path / f"a.{k}") for k in ("graphml", "gexf")),
    ]
    for way in ways:
        with pytest.warns(cn.ChainnetWarning, match=r'"id" among the attributes of 2 nodes.*the graph.s own names'):
            net = way()
        assert net.edges[["source", "target"]].to_numpy().tolist() == [["pit", "mill"]]
        assert net.nodes.set_index("id")["country"].dropna().to_dict() == {"pit": "PER"}


def test_numbers_of_pajek_move_no_attribute_to_another_node(tmp_path: Path) -> None:
    path = tmp_path / "s.net"
    path.write_text('*Vertices 3\n1 "3"\n2 "1"\n3 "2"\n*Arcs\n1 2 10\n2 3 8\n')
    graph = nx.read_pajek(path)
    graph.nodes["3"]["country"] = "BRA"
    net = cn.Network.from_networkx(graph, ignore_unknown=True)
    assert net.nodes.set_index("id")["country"].dropna().to_dict() == {"3": "BRA"}
    assert sorted(net.edges[["source", "target"]].to_numpy().tolist()) == [["1", "2"], ["3", "1"]]


def test_names_of_igraph_are_its_own() -> None:
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph(n=2, edges=[(0, 1)], directed=True)
    graph.vs["name"], graph.vs["id"] = ["pit", "mill"], [1.0, 2.0]
    graph.es["capacity"], graph.es["source"] = [3.0], ["mill"]
    with pytest.warns(cn.ChainnetWarning, match='"source" among the attributes of 1 edge'):
        net = cn.Network.from_igraph(graph)
    assert net.edges[["source", "target"]].to_numpy().tolist() == [["pit", "mill"]]
    graph.vs["name"] = ["both", "both"]
    assert cn.Network.from_igraph(graph).nodes[["id", "label"]].to_numpy().tolist() == [["1", "both"], ["2", "both"]]


LONG = "a, b" * 2_500_000


@pytest.mark.parametrize(
    ("table", "column"),
    [("nodes", "id"), ("nodes", "label"), ("nodes", "country"), ("nodes", "note"), ("nodes", "stage"), ("edges", "source")],
)  # fmt: skip
def test_ten_megabytes_in_one_cell_are_refused_at_once_with_their_place(table: str, column: str) -> None:
    tables = {"nodes": NODES.assign(label="x", note="y").astype(object), "edges": EDGES.astype(object)}
    tables[table].loc[1, column] = LONG
    for ask in (lambda: cn.Network(**tables), lambda: cn.Network.from_edges(**tables)):
        with pytest.raises(cn.DataError) as caught:
            ask()
        fault = next(f for f in caught.value.faults_list if "characters" in f.rule)
        assert (fault.file, fault.row, fault.column) == (table, 3, column)
        assert "the cell has 10000000 characters; at most" in fault.rule
        assert len(str(caught.value)) < 5000


def test_ten_megabytes_in_a_name_are_refused() -> None:
    for more in ({"name": LONG}, {"label": LONG}, {"beneficiaries": [LONG]}):
        with pytest.raises(cn.DataError, match="has 10000000 characters; at most 10000"):
            cn.Network.from_edges(EDGES, NODES, **more)
    with pytest.raises(cn.DataError, match="unknown column"):
        cn.Network.from_edges(EDGES.assign(**{LONG: 1}))


@pytest.mark.parametrize("kind", ["object", "category"])
@pytest.mark.parametrize("text", ["half \ud83d a pair", "nul \x00", "bell \x07", "form \x0c feed"])
def test_what_no_file_may_hold_is_refused_with_its_place(kind: str, text: str) -> None:
    labels = pd.Series(["pit", text, "mill"], dtype=object)
    labels = (
        pd.Series(pd.Categorical(labels, pd.Index(["pit", text, "mill"], dtype=object))) if kind != "object" else labels
    )
    nodes = NODES.astype(object)
    nodes["label"] = labels
    for ask in (lambda: cn.Network(nodes, EDGES), lambda: cn.Network.from_edges(EDGES, nodes)):
        with pytest.raises(cn.DataError, match=r"nodes row 3, label: .*a control character or half a character"):
            ask()


def test_half_a_character_in_a_head_or_a_key_is_refused() -> None:
    edges = EDGES.set_axis(pd.Index(["source", "target", "ca\ud800p"], dtype=object), axis=1)
    for ask in (lambda: cn.Network(NODES, edges), lambda: cn.Network.from_edges(edges)):
        with pytest.raises(cn.DataError, match="unknown column"):
            ask()


def test_columns_of_two_kinds_and_columns_that_stand_twice_are_no_crash() -> None:
    mixed = pd.DataFrame({"source": pd.array(["pit", "pit"], dtype="string"), "target": ["kiln", float("inf")]})
    assert cn.Network.from_edges(mixed).nodes["id"].tolist() == ["inf", "kiln", "pit"]
    twice = pd.concat([NODES, NODES[["id"]]], axis=1)
    for ask in (lambda: cn.Network(twice, EDGES), lambda: cn.Network.from_edges(EDGES, twice)):
        with pytest.raises(cn.DataError, match="nodes, id: the column stands twice"):
            ask()
    heaps = pd.DataFrame({"source": [["a"], "b"], "target": ["b", "c"], "weight": [1, 2]})
    with pytest.raises(cn.DataError, match=r"edges row 2, source: .*neither text nor a number") as caught:
        cn.Network.from_edges(heaps)
    assert len(caught.value.faults_list) == 1
