"""Bare edges and graphs of others: what is inferred, recognised, named and left out, and that it is said."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.network import country_names

# a track is open both ways; s-a-t carries 4, s-b-t carries 3, and a-b joins them
TRACKS = frame(
    "source target capacity_tpa", ("s", "a", 9.0), ("s", "b", 3.0), ("a", "b", 2.0), ("a", "t", 4.0), ("b", "t", 6.0),
)  # fmt: skip
BOTH = pd.concat([TRACKS, TRACKS.rename(columns={"source": "target", "target": "source"})], ignore_index=True)


def said(call: Any) -> tuple[cn.Network, str]:
    """Return a network and the one warning that its making gave."""
    with pytest.warns(cn.ChainnetWarning) as caught:
        made = call()
    assert len(caught) == 1, [str(w.message) for w in caught]
    assert caught[0].filename == __file__, "the warning points at the caller"
    return made, str(caught[0].message)


def test_edges_on_no_way_are_told_with_their_part_of_the_capacity() -> None:
    edges = frame(
        "source target capacity_tpa", ("m", "u", 6.0), ("m", "idle", 1.5), ("idle", "loop", 0.5), ("loop", "idle", None)
    )
    stages = frame("id stage", ("m", "mine"), ("u", "end_use"), ("idle", "refiner"))
    _, words = said(lambda: cn.Network.from_edges(edges, nodes=stages))
    assert "3 of 4 edges (25 % of the capacity that is given) lie on no way from a mine to an end use." in words
    _, words = said(lambda: cn.Network.from_edges(edges.drop(columns="capacity_tpa"), nodes=stages))
    assert "3 of 4 edges lie on no way" in words


def test_the_name_of_a_graph_is_that_of_its_network() -> None:
    graph = nx.DiGraph([("s", "t", {"capacity_tpa": 3.0})], name="roads")
    named, unnamed = (cn.Network.from_networkx(g, source="s", sink="t").name for g in (graph, nx.DiGraph(graph.edges)))
    assert named == "roads"
    assert unnamed != "roads"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("way", ["listed both ways", "two_way", "digraph", "graph", "igraph"])
def test_a_two_way_network_with_its_ends_named_is_the_maximum_flow_of_networkx(way: str) -> None:
    import igraph

    ends = {"source": "s", "sink": "t"}
    graph = nx.from_pandas_edgelist(BOTH, edge_attr="capacity_tpa", create_using=nx.DiGraph)
    undirected = nx.from_pandas_edgelist(TRACKS, edge_attr="capacity_tpa")
    made = {
        "listed both ways": lambda: cn.Network.from_edges(BOTH, **ends),
        "two_way": lambda: cn.Network.from_edges(TRACKS, two_way=True, **ends),
        "digraph": lambda: cn.Network.from_networkx(graph, **ends),
        "graph": lambda: cn.Network.from_networkx(undirected, two_way=True, **ends),
        "igraph": lambda: cn.Network.from_igraph(igraph.Graph.from_networkx(undirected, "name"), two_way=True, **ends),
    }[way]()
    value, (left, _) = nx.minimum_cut(graph, "s", "t", capacity="capacity_tpa")
    found = cn.max_flow(made)
    assert found.value_tpa == value == 9.0
    assert {(e["source"], e["target"]) for _, e in found.cut.iterrows()} == {
        (u, v) for u, v in graph.edges if u in left and v not in left
    }
    assert made.roles.set_index("id")["stage"].to_dict() == {
        "a": "refiner", "b": "refiner", "s": "mine", "t": "end_use",
    }  # fmt: skip
    assert set(made.roles["origin"][made.roles["id"].isin(["s", "t"])]) == {"given"}


def test_roles_that_nobody_gave_are_said_once_with_what_they_leave_out() -> None:
    net, words = said(lambda: cn.Network.from_edges(BOTH))
    assert "roles of 4 of 4 nodes are inferred: 4 as refiner" in words.lower()
    assert "10 of 10 edges (100 % of the capacity that is given) lie on no way from a mine to an end use" in words
    assert "No node is left as a mine" in words
    assert any("Roles of 4 of 4" in note for note in net.notes)
    assert set(net.roles["origin"]) == {"inferred"}
    assert pickle.loads(pickle.dumps(net)).notes == net.notes == net.without(nodes=["a"]).notes


def test_the_part_of_the_capacity_on_no_way_is_counted_and_a_starved_node_is_named() -> None:
    stray = frame("source target capacity_tpa", ("m", "u", 6.0), ("x", "y", 3.0), ("y", "x", 1.0))
    assert "2 of 3 edges (40 % of the capacity that is given)" in said(lambda: cn.Network.from_edges(stray))[1]
    trade = frame("source target capacity_tpa", ("PHL", "CHN", 33e6), ("IDN", "PHL", 1.0), ("GTM", "CHN", 3e5))
    assert (
        '"PHL" may ship 33,000,000, but 1 can reach it: is it a source?'
        in said(lambda: cn.Network.from_edges(trade))[1]
    )
    with pytest.warns(cn.ChainnetWarning, match="1 as end_use"):
        net = cn.Network.from_edges(trade, source=["PHL", "IDN", "GTM"])
    assert cn.max_flow(net).value_tpa == 33e6 + 3e5


def test_a_stage_that_is_given_in_part_is_filled_by_the_rule() -> None:
    nodes = frame(
        "id stage country", ("s", "mine", "AUS"), ("t", "end_use", None), ("a", None, "CHN"), ("b", " ", None)
    )
    net, words = said(lambda: cn.Network.from_edges(BOTH, nodes=nodes))
    assert "roles of 2 of 4 nodes" in words.lower()
    assert net.roles.set_index("id").loc[["a", "s"], ["stage", "origin"]].to_numpy().tolist() == [
        ["refiner", "inferred"], ["mine", "given"],
    ]  # fmt: skip
    assert cn.max_flow(net).value_tpa == 9.0
    bare, _ = said(lambda: cn.Network.from_edges(TRACKS, nodes=nodes[["id", "country"]]))
    assert bare.nodes.set_index("id")["stage"].to_dict() == {
        "a": "refiner",
        "b": "refiner",
        "s": "mine",
        "t": "end_use",
    }


@pytest.mark.parametrize(
    ("ends", "error", "words"),
    [
        ({"source": "z"}, cn.UnknownIdError, 'source: unknown node "z"'),
        ({"sink": ["t", "tt"]}, cn.UnknownIdError, 'sink: unknown node "tt"; did you mean'),
        ({"source": "a", "sink": ["a", "t"]}, cn.DataError, '"a" is named as both'),
        ({"source": "t"}, cn.DataError, 'stage: "end_use": the node "t" is named by source='),
    ],
)  # fmt: skip
def test_ends_that_cannot_be_are_refused(ends: dict[str, Any], error: type[Exception], words: str) -> None:
    tagged = pd.concat([TRACKS, frame("source target capacity_tpa", ("b", "ttt", 1.0))])
    with pytest.raises(error, match=words.replace("(", r"\(")):
        cn.Network.from_edges(tagged, nodes=frame("id stage", ("t", "end_use")), **ends)


@pytest.mark.parametrize(
    ("word", "column"),
    [("weight", "capacity_tpa"), ("Weight", "capacity_tpa"), ("flow", "flow_tpa"), ("value", "flow_tpa")],
)
def test_a_usual_word_is_read_for_its_column_and_said(word: str, column: str) -> None:
    net, words = said(lambda: cn.Network.from_edges(TRACKS.rename(columns={"capacity_tpa": word})))
    assert f'"{word}" of edges is read as {column} (t/yr)' in words
    assert net.edges[column].sum() == 24.0


def test_a_weight_beside_a_capacity_is_left_out_and_the_usual_capacity_needs_no_word() -> None:
    graph = nx.DiGraph()
    graph.add_edge("m", "u", capacity=3.0, weight=9.0)
    net, words = said(lambda: cn.Network.from_networkx(graph, source="m", sink="u"))
    assert net.edges["capacity_tpa"].tolist() == [3.0]
    assert words == 'from_networkx: "weight" of edges left out: no answer looks at it.'
    del graph.edges["m", "u"]["weight"]
    quiet = cn.Network.from_networkx(graph, source="m", sink="u")
    assert quiet.notes == ('"capacity" of edges is read as capacity_tpa (t/yr).',)


def test_strange_attributes_are_refused_renamed_or_left_out() -> None:
    graph = nx.DiGraph()
    graph.add_node("m", community=4, where="AUS")
    graph.add_edge("m", "u", capacity_tpa=3.0, trust=1)
    with pytest.raises(cn.DataError, match=r"trust: unknown column.*rename=.*ignore_unknown="):
        cn.Network.from_networkx(graph)
    ends = {"source": "m", "sink": "u"}
    net, words = said(lambda: cn.Network.from_networkx(graph, ignore_unknown=True, rename={"where": "country"}, **ends))
    assert net.nodes["country"].tolist()[0] == "AUS"
    assert words.count("left out: no table knows it") == 2
    for rename, rule in (
        ({"wher": "country"}, 'unknown column "wher"; did you mean "where"'),
        ({"where": "land"}, 'nodes knows no column "land"'),
        ({"trust": "capacity_tpa"}, "the column stands in edges already"),
    ):
        with pytest.raises(cn.DataError, match=rule):
            cn.Network.from_networkx(graph, rename=rename)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("DRC", "COD"), ("Congo (Kinshasa)", "COD"), ("Congo, Dem. Rep. of the", "COD"), ("Korea, Republic of", "KOR"),
        ("South Korea", "KOR"), ("U.S.", "USA"), ("UK", "GBR"), ("Türkiye", "TUR"), ("Turkey", "TUR"),
        ("Cote d'Ivoire", "CIV"), ("Russia", "RUS"), ("the Netherlands", "NLD"), ("Guinea", "GIN"), ("chn", "CHN"),
    ],
)  # fmt: skip
def test_a_country_by_its_name_is_offered_and_with_leave_taken(word: str, code: str) -> None:
    nodes = frame("id stage country", ("m", "mine", word), ("u", "end_use", "USA"))
    edges = frame("source target capacity_tpa", ("m", "u", 1.0))
    with pytest.raises(cn.DataError, match=f'"{word}".* Write {code} '.replace("(", r"\(").replace(")", r"\)")):
        cn.Network.from_edges(edges, nodes=nodes)
    net, words = said(lambda: cn.Network.from_edges(edges, nodes=nodes, country_names=True))
    assert net.nodes["country"].tolist() == [code, "USA"]
    assert f'"{word}" = {code}' in words


@pytest.mark.parametrize("word", ["Congo", "Korea", "NA", "EU", "Atlantis", ""])
def test_what_may_be_two_countries_or_none_is_never_taken(word: str) -> None:
    nodes = frame("id stage country", ("m", "mine", word or "-"), ("u", "end_use", "USA"))
    with pytest.raises(cn.DataError, match="not an upper-case ISO 3166-1 alpha-3 code"):
        cn.Network.from_edges(frame("source target", ("m", "u")), nodes=nodes, country_names=True)


def test_every_country_is_known_by_the_name_of_the_standard() -> None:
    names = {code: name for code, name in country_names().items() if name not in ("Congo",)}
    nodes = pd.DataFrame({"id": list(names), "stage": "mine", "country": list(names.values())})
    edges = pd.DataFrame({"source": list(names), "target": "u"})
    with pytest.warns(cn.ChainnetWarning, match="taken by their names"):
        net = cn.Network.from_edges(edges, nodes=nodes, country_names=True)
    held = net.nodes.dropna(subset=["country"])
    assert (held["id"] == held["country"]).all()


def test_a_word_of_a_question_that_is_a_country_by_another_name_is_hinted(mag9: cn.Network) -> None:
    with pytest.raises(cn.DataError, match=r'"DRC" is neither .* did you mean "COD"'):
        cn.max_flow(mag9, beneficiaries=["DRC"])


def test_a_fault_of_a_frame_names_its_label_and_one_of_a_file_its_line(tmp_path: Path) -> None:
    edges = TRACKS.assign(capacity_tpa=[1, -2, 3, 4, -2]).set_axis([f"r{i}" for i in range(5)])
    with pytest.raises(cn.DataError) as caught:
        cn.Network.from_edges(edges)
    text = str(caught.value).splitlines()[1].strip()
    assert text == 'edges row 3, capacity_tpa: "-2": must be 0 or more. Correct the cell. (also row 6; index r1, r4)'
    assert caught.value.faults["row"].tolist() == [3, 6]
    edges.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(cn.DataError, match=r"x.csv row 3, capacity_tpa: .* \(also row 6\)$"):
        cn.read(tmp_path / "x.csv")


def test_identical_faults_are_one_line() -> None:
    nodes = pd.DataFrame({"id": [f"n{i}" for i in range(60)], "stage": None})
    with pytest.raises(cn.DataError) as caught:
        cn.Network(nodes, frame("source target", ("n0", "n1")))
    lines = str(caught.value).splitlines()
    assert (len(lines), len(caught.value.faults)) == (2, 60)
    assert "and 39 more" in lines[1]
    assert "<table" in caught.value._repr_html_()


def test_what_no_relation_reaches_is_named() -> None:
    net = cn.Network(
        nodes=frame("id stage", ("m", "mine"), ("u", "end_use"), ("idle", "refiner")),
        edges=frame("source target commodity", ("m", "u", "ore"), ("m", "plan", "ore")),
        projects=frame("id label stage", ("plan", None, "refiner"), ("lonely", "Lonely works", "refiner")),
        stocks=frame(
            "id commodity stock_t node",
            ("fit", "ore", 1.0, "m"),
            ("lost", "ore", 1.0, "idle"),
            ("far", "ore", 1.0, None),
        ),
        demand=frame("node commodity demand_tpa", ("u", "ore", 1.0)),
    )
    found = net.unrelated.set_index("id")
    assert found.index.tolist() == ["idle", "lonely", "far", "lost"]
    assert found.loc["lonely", "label"] == "Lonely works"
    assert found["words"].str.startswith("has no relation").all()
    assert found["is_fit"].tolist() == [True, True, True, False]
    with pytest.raises(cn.DataError, match='can take "lost"'):
        cn.stress_test(net, [], months=2)
    kept = net.with_table("stocks", net.stocks[net.stocks["id"] != "lost"])
    assert cn.stress_test(kept, [], months=2).summary is not None


def test_a_project_without_a_relation_is_not_said_to_buy_nothing(mag9: cn.Network, china_out: cn.Scenario) -> None:
    rows = pd.concat([mag9.projects, frame("id stage capacity_tpa", ("alone", "refiner", 5.0))])
    found = cn.reroute(mag9.with_table("projects", rows), china_out).projects
    assert found.loc["alone", "words"].startswith("alone has no relation")
    assert not found["words"].drop("alone").str.contains("has no relation").any()


def test_answers_that_rest_on_nothing_say_so(mag9: cn.Network) -> None:
    bare = mag9.with_table("nodes", mag9.nodes.assign(country=None))
    with pytest.warns(cn.ChainnetWarning, match=r"has a country, so there is nothing to rank\. Fill nodes\.country"):
        assert cn.chokepoints(bare, by="country").empty
    with pytest.warns(cn.ChainnetWarning, match="no demand of mag-9 lies in DEU, so every loss of theirs is 0"):
        assert not cn.chokepoints(mag9, beneficiaries=["DEU"])["lost_tpa"].any()


@pytest.mark.parametrize("other", ["KOLWEZI", "Kolwézi", "kolwezi"])
def test_near_equal_names_stay_two_plants_and_are_named(other: str) -> None:
    rows = [("Kolwezi", "use", 10.0), (other, "use", 5.0)]
    edges = pd.DataFrame(rows, columns=["source", "target", "capacity_tpa"])
    with pytest.warns(cn.ChainnetWarning, match="differ by case, blanks or accents") as caught:
        net = cn.Network.from_edges(edges, source=["Kolwezi", other], sink="use")
    assert f'"{other}"' in str(caught[0].message)
    assert any("are plants of their own" in note for note in net.notes)
    assert set(net.nodes["id"]) == {"Kolwezi", other, "use"}  # no id is altered


def test_names_that_differ_otherwise_are_not_doubted() -> None:
    edges = pd.DataFrame({"source": ["Kolwezi 1", "Kolwezi 2", "Göd"], "target": "use", "capacity_tpa": 1.0})
    net = cn.Network.from_edges(edges, source=["Kolwezi 1", "Kolwezi 2", "Göd"], sink="use")
    assert not any("blanks or accents" in note for note in net.notes)


def test_a_demand_among_the_attributes_of_nodes_is_told_where_it_belongs() -> None:
    graph = nx.DiGraph()
    graph.add_node("b", need=3.0)
    graph.add_edge("a", "b", capacity=4.0)
    with pytest.raises(cn.DataError, match=r"nodes knows no column .demand_tpa.; it is a column of the table demand"):
        cn.Network.from_networkx(graph, rename={"need": "demand_tpa"})


def test_a_node_that_gets_far_more_than_it_ships_is_asked_whether_it_is_a_user() -> None:
    trade = pd.DataFrame(
        [("COD", "CHN", 325000.0), ("CHN", "JPN", 7100.0)], columns=["source", "target", "capacity_tpa"]
    )
    with pytest.warns(cn.ChainnetWarning, match='"CHN" may get 325,000, but 7,100 can leave it: is it a user?'):
        cn.Network.from_edges(trade)
