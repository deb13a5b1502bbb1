"""The gate and the transforms: what a network accepts, refuses, orders and remembers."""

from __future__ import annotations

import gc
import pickle
import re
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import diamond, frame, line, two_tier

import chainnet as cn
from chainnet.network import TABLES, kept

NODES = frame("id stage", ("m", "mine"), ("u", "end_use"))
EDGES = frame("source target capacity_tpa", ("m", "u", 3.0))


def rules(**tables: object) -> list[str]:
    with pytest.raises(cn.DataError, match=r"^\d+ faults? in the data") as caught:
        cn.Network(**{"nodes": NODES, "edges": EDGES, **tables})
    return caught.value.faults["rule"].tolist()


def test_integer_ids_become_text() -> None:
    net = cn.Network.from_edges(pd.DataFrame({"source": [1, 2], "target": [2, 3], "capacity_tpa": [3, 4]}))
    assert net.nodes["id"].tolist() == ["1", "2", "3"]
    assert net.nodes["stage"].tolist() == ["mine", "refiner", "end_use"]
    assert cn.max_flow(net).value_tpa == 3.0


@pytest.mark.parametrize("grades", [["A", "B", "C"], ["1", "2", "3"], [1, 2, 3], ["A", "2", "C"], [1.0, 2.0, 3.0]])
def test_letters_of_older_tables_are_read_as_source_classes(grades: list[object]) -> None:
    def made(grades: list[object]) -> cn.Network:
        return cn.Network(nodes=NODES, edges=EDGES, references=pd.DataFrame({"key": list("xyz"), "grade": grades}))

    assert made(grades).references["grade"].tolist() == ["1", "2", "3"]
    assert made(grades).digest == made(["1", "2", "3"]).digest


def test_a_folder_with_letters_is_the_same_network(tmp_path: Path) -> None:
    net = cn.read("rare-earths")
    file = cn.write(net, tmp_path / "net") / "references.csv"
    text = file.read_text(encoding="utf-8")
    older = re.sub(r",([123])$", lambda found: "," + "ABC"[int(found[1]) - 1], text, flags=re.MULTILINE)
    assert older != text
    file.write_text(older, encoding="utf-8")
    assert cn.read(file.parent).digest == net.digest


def test_no_other_source_class_is_known() -> None:
    assert rules(references=frame("key grade", ("x", "D"), ("y", None), ("z", "0"))) == ["not one of 1, 2, 3"] * 2


def test_stage_given_is_stage_used() -> None:
    nodes = frame("id stage", ("m", "refiner"))
    net = cn.Network.from_edges(EDGES, nodes=nodes)
    assert cn.max_flow(net).value_tpa == 0.0, "a refiner without a way in simply gets nothing"
    assert net.nodes.set_index("id").loc["u", "stage"] == "end_use", "stages are inferred for nodes not listed"


@pytest.mark.parametrize("cell", [np.nan, np.inf, None])
def test_missing_and_infinite_capacity_are_unlimited(cell: object) -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "p", cell), ("p", "u", 2.5)))
    assert cn.max_flow(net).value_tpa == 2.5
    assert net.edges["capacity_tpa"].isna().sum() == 1


def test_parallel_rows_stay_and_add_up() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "u", 3.0), ("m", "u", 4.0), ("m", "u", 3.0)))
    assert len(net.edges) == 3
    assert net.edges["capacity_tpa"].tolist() == [3.0, 3.0, 4.0]
    assert cn.max_flow(net).value_tpa == 10.0


def test_order_and_digest_do_not_depend_on_the_input() -> None:
    net = two_tier()
    again = cn.Network(
        nodes=net.nodes.iloc[::-1],
        edges=net.edges.sample(frac=1, random_state=1),
        processes=net.processes.iloc[::-1],
        demand=net.demand.iloc[::-1],
        main_commodity="metal",
    )
    assert again.digest == net.digest
    pd.testing.assert_frame_equal(again.edges, net.edges)
    tables = {"processes": net.processes, "demand": net.demand, "main_commodity": "metal"}
    changed = cn.Network(nodes=net.nodes, edges=net.edges.assign(cost_usd_per_t=9.0), **tables)
    assert changed.digest != net.digest


def test_edges_sort_by_ends_then_by_all_other_columns_empty_last() -> None:
    rows = frame("source target capacity_tpa", ("m", "u", None), ("m", "u", 2.0), ("a", "u", 5.0), ("m", "u", 1.0))
    net = cn.Network.from_edges(rows)
    assert net.edges["source"].tolist() == ["a", "m", "m", "m"]
    assert net.edges["capacity_tpa"].fillna(-1).tolist() == [5.0, 1.0, 2.0, -1.0]


def test_a_network_is_frozen_and_its_frames_are_copies() -> None:
    net = line()
    with pytest.raises(AttributeError, match="frozen: name cannot be set"):
        net.name = "other"
    with pytest.raises(AttributeError, match="frozen: name cannot be deleted"):
        del net.name
    for table in ("nodes", "edges"):
        view = getattr(net, table)
        view["capacity_tpa"] = 0.0
        view.loc[0, "note"] = "mine"
    assert cn.max_flow(net).value_tpa == 5.0


@pytest.mark.parametrize("table", ["nodes", "edges", "processes", "demand", "stocks", "projects"])
def test_not_even_the_array_of_a_column_writes_through(table: str) -> None:
    net = two_tier().with_table("stocks", frame("id commodity stock_t node", ("store", "metal", 1.0, "u_usa")))
    net = net.with_table("projects", frame("id stage capacity_tpa", ("plan", "mine", 1.0)))
    digest, held = net.digest, getattr(net, table)
    view = getattr(net, table)
    for column in view.columns:
        view[column].array[:] = 1.0 if pd.api.types.is_numeric_dtype(view[column]) else "x"
    pd.testing.assert_frame_equal(getattr(net, table), held)
    assert net.with_table(table, getattr(net, table)).digest == digest


def test_what_a_network_knows_of_itself_is_handed_out_as_copies(mag9: cn.Network) -> None:
    flow = cn.max_flow(mag9).value_tpa
    base = mag9.baseline
    base[:] = 0.0
    mag9.groups_known["EU27"] = frozenset({"USA"})
    for part in mag9.trade:
        part["commodity"] = "none"
    with pytest.raises(ValueError, match="read-only"):
        mag9.edge_ends[0][:] = 0
    assert mag9.baseline.sum() > 0
    assert "DEU" in mag9.groups_known["EU27"]
    assert (mag9.trade[0]["commodity"] != "none").all()
    assert cn.max_flow(mag9).value_tpa == flow


def test_a_table_of_a_network_that_is_gone_can_be_changed() -> None:
    demand = two_tier().demand
    demand.loc[0, "demand_tpa"] = 9.0
    demand.iloc[1, demand.columns.get_loc("demand_tpa")] = 8.0
    assert demand["demand_tpa"].tolist()[:2] == [9.0, 8.0]


def test_the_frames_given_in_are_not_changed_and_not_shared() -> None:
    edges = EDGES.copy()
    net = cn.Network.from_edges(edges)
    edges.loc[0, "capacity_tpa"] = 99.0
    assert cn.max_flow(net).value_tpa == 3.0


def test_a_network_survives_pickling() -> None:
    net = two_tier()
    again = pickle.loads(pickle.dumps(net))
    assert again.digest == net.digest
    assert cn.max_flow(again).value_tpa == cn.max_flow(net).value_tpa


def test_optional_tables_are_empty_frames_with_their_columns() -> None:
    net = line()
    for table in [
        "commodities",
        "processes",
        "demand",
        "stocks",
        "projects",
        "stakes",
        "qualification",
        "cover",
        "contracts",
        "service",
        "rules",
        "groups",
        "owners",
        "tiers",
        "totals",
        "figures",
        "references",
    ]:
        found = getattr(net, table)
        assert len(found) == 0
        assert len(found.columns) > 1


def test_a_key_may_be_the_index() -> None:
    assert cn.Network(nodes=NODES.set_index("id"), edges=EDGES).nodes["id"].tolist() == ["m", "u"]


@pytest.mark.parametrize(
    ("tables", "rule"),
    [
        ({"edges": frame("source target capacity_tpa", ("m", "u", -1.0))}, "0 or more"),
        ({"edges": frame("source target", ("m", "x"))}, "no node or project"),
        ({"edges": frame("source target", ("m", "m"))}, "may not end"),
        ({"edges": frame("source target kapacity", ("m", "u", 1))}, "unknown column"),
        ({"edges": frame("source", ("m",))}, "required column"),
        ({"edges": frame("source target commodity", ("m", "u", "a"), ("m", "u", None))}, "blank beside"),
        ({"edges": frame("source target flow_tpa", ("m", "u", "1,500"))}, "the comma may mark thousands"),
        ({"edges": frame("source target flow_tpa", ("m", "u", "nan"))}, "not a number"),
        ({"edges": frame("source target flow_tpa", ("m", "u", np.inf))}, "finite"),
        ({"nodes": frame("id stage", ("m", "mine"), ("u", "end_use"), ("m", "mine"))}, "stands twice"),
        ({"nodes": frame("id stage", ("m", "mine"), ("u", "customer"))}, "not one of"),
        ({"nodes": frame("id stage country", ("m", "mine", "chn"), ("u", "end_use", None))}, "alpha-3"),
        ({"nodes": frame("id stage latitude", ("m", "mine", 91.0), ("u", "end_use", None))}, "from -90 to 90"),
        ({"nodes": frame("id stage low high", ("m", "mine", 2, 1), ("u", "end_use", None, None))}, "low is above"),
        ({"demand": frame("node tier demand_tpa", ("u", "military", 1.0))}, "not a known tier"),
        ({"demand": frame("node demand_tpa", ("u", None))}, "blank"),
        ({"processes": frame("process commodity role t_per_t", ("p", "a", "input", 1.0))}, "0 rows with role output"),
        ({"processes": frame("process commodity role t_per_t", ("p", "a", "output", 2.0))}, "t_per_t 1"),
        (
            {"processes": frame("process commodity role t_per_t", ("p", "a", "output", 1.0), ("p", "a", "input", 1.0))},
            "its own input",
        ),
        ({"processes": frame("process commodity role t_per_t", ("p", "a", "output", 0.0))}, "above 0"),
        ({"projects": frame("id stage", ("m", "mine"))}, "stands in nodes too"),
    ],
)
def test_the_gate_refuses(tables: dict[str, pd.DataFrame], rule: str) -> None:
    assert any(rule in found for found in rules(**tables)), rules(**tables)


def test_a_blank_commodity_of_demand_beside_named_edges_is_a_fault() -> None:
    edges = frame("source target commodity capacity_tpa", ("m", "u", "a", 3.0))
    assert rules(edges=edges, demand=frame("node demand_tpa", ("u", 1.0))) == [
        "blank beside edges that name a commodity"
    ]


def test_all_faults_come_in_one_error_sorted() -> None:
    nodes = frame("id stage country", ("m", "mine", "XXX"), ("u", "shop", None))
    edges = frame("source target capacity_tpa", ("m", "nobody", -3.0))
    with pytest.raises(cn.DataError, match=r"^4 faults") as caught:
        cn.Network(nodes=nodes, edges=edges)
    faults = caught.value.faults
    assert list(faults.columns) == ["file", "row", "column", "value", "rule", "remedy"]
    assert list(zip(faults["file"], faults["row"], faults["column"], strict=True)) == [
        ("edges", 2, "capacity_tpa"),
        ("edges", 2, "target"),
        ("nodes", 2, "country"),
        ("nodes", 3, "stage"),
    ]
    assert isinstance(caught.value, ValueError)


def test_mass_may_not_be_gained() -> None:
    commodities = frame("id basis", ("ore", "t Nd"), ("metal", "t Nd"))
    recipe = frame("process commodity role t_per_t", ("p", "ore", "input", 0.9), ("p", "metal", "output", 1.0))
    assert any("from at most 0.9 t" in rule for rule in rules(commodities=commodities, processes=recipe))


def told(**tables: object) -> list[str]:
    with pytest.raises(cn.DataError) as caught:
        cn.Network(**{"nodes": NODES, "edges": EDGES, **tables})
    return [str(fault).partition(" (index")[0] for fault in caught.value.faults_list]


def test_faults_of_hazards_say_what_is_wrong_and_what_to_do() -> None:
    columns = "id rate_low rate_high share_low share_high count years months_low months_high group"
    rows = [
        ("a", 0.2, 0.1),
        ("b", 0.2, None, None, None, None, None, 3.0),  # no end seen: no fault
        ("c", None, None, None, 0.3, None, None, None, 4.0),
        ("d", 0.1, 0.2, 0.3, 0.4),
        ("e", None, None, None, None, 2.5),
        ("f", None, None, None, None, None, 7.0, None, None, None, None, 0.1, 0.2),
        ("g", None, None, None, None, None, None, None, None, "G", None, 0.1, 0.2),
        ("h", None, None, None, None, None, None, None, None, "G", None, 0.125, 0.2),
        ("i", None, None, None, None, None, None, None, None, "H"),
        ("j", None, None, None, None, None, None, None, None, "I", "node"),
        ("k", 0.1, 0.2, None, None, 4.0, 10.0, 5.0, 4.0, None, None, None, 0.2),
        ("l", 0.2, 0.2, None, None, None, None, 4.0, 4.0, "G", None, 0.1, 0.2),
    ]
    table = frame(
        f"{columns} each group_rate_low group_rate_high", *((*row, *[None] * (13 - len(row))) for row in rows)
    )
    once, years = "Say how often in one way: a rate, a count or a share.", "needs the years in which it was counted"
    assert told(hazards=table) == [
        'hazards row 2, rate_low: "0.2": rate_low is above rate_high (0.1). Swap or correct them.',
        "hazards row 3, rate_high: blank, but rate_low is given. Give each its other end.",
        "hazards row 4, months_low: blank, but months_high is given. Give each its other end.",
        "hazards row 4, share_low: blank, but share_high is given. Give each its other end.",
        f'hazards row 5, share_low: "0.3": stands beside rate_low. {once}',
        'hazards row 6, count: "2.5": is no whole number of events. Correct it.',
        f"hazards row 6, years: blank: a count {years}, and these a count. Fill it.",
        f"hazards row 7, count: blank: a count {years}, and these a count. Fill it.",
        "hazards row 7, group: blank, but group_rate_low is given. Name the group.",
        'hazards row 9, group_rate_low: "0.125": the rates of the group G differ. Give it one pair of rates.',
        'hazards row 10, group: "H": a group of one: it has no common cause. Name the others, or leave it out.',
        f'hazards row 12, count: "4": stands beside rate_low. {once}',
        "hazards row 12, group: blank, but group_rate_high is given. Name the group.",
        "hazards row 12, group_rate_low: blank, but group_rate_high is given. Give each its other end.",
        'hazards row 12, months_low: "5": months_low is above months_high (4). Swap or correct them.',
    ]


def test_faults_of_recipes_say_what_is_wrong_and_what_to_do() -> None:
    recipes = frame(
        "process commodity role t_per_t",
        ("none", "a", "input", 1.0),
        ("two", "a", "input", 9.0),
        ("two", "x", "output", 1.0),
        ("two", "y", "output", 1.0),
        ("off", "a", "input", 4.0),
        ("off", "b", "output", 2.5),
        ("off", "b", "byproduct", 0.5),
        ("off", "a", "coproduct", 0.25),
        ("heavy", "ore", "input", 0.9),
        ("heavy", "metal", "output", 1.0),
        ("light", "ore", "input", 1.0),
        ("light", "metal", "output", 1.0),
    )
    basis = frame("id basis", ("ore", "t Nd"), ("metal", "t Nd"), *((good, None) for good in "abxy"))
    one = "it must have one. Make the other products coproduct or byproduct."
    assert told(processes=recipes, commodities=basis) == [
        f'processes row 2, role: "none": the process has 0 rows with role output; {one}',
        f'processes row 3, role: "two": the process has 2 rows with role output; {one}',
        'processes row 7, t_per_t: "2.5": the main output has t_per_t 1. State the other rows per tonne of main output.',
        'processes row 8, commodity: "b": the product stands twice. Add the rows up.',
        'processes row 9, commodity: "a": the output is its own input. Net the two.',
        'processes row 10, t_per_t: "heavy": makes 1 t of t Nd per tonne of activity from at most 0.9 t. '
        "Correct the recipe or the commodities' basis.",
    ]


# -- transforms ---------------------------------------------------------------------------------


def test_without_takes_edges_and_demand_along() -> None:
    net = two_tier().without(nodes=["u_jpn"])
    assert net.nodes["id"].tolist() == ["mine", "u_usa", "works"]
    assert net.demand["node"].unique().tolist() == ["u_usa"]
    assert len(net.edges) == 2


def test_without_where_spares_end_uses() -> None:
    net = two_tier().without(where={"country": ["USA", "CHN"]})
    assert net.nodes["id"].tolist() == ["mine", "u_jpn", "u_usa"]
    assert len(net.demand) == 3


def test_removing_twice_is_removing_once() -> None:
    once = diamond().without(nodes=["a"])
    twice = once.without(nodes=["a"]).without(edges=[("a", "user")])
    assert twice.digest == once.digest
    assert cn.max_flow(twice).value_tpa == 3.0


def test_without_edges_by_pair_and_by_commodity() -> None:
    net = two_tier()
    assert len(net.without(edges=[("works", "u_usa")]).edges) == 2
    assert len(net.without(edges=[("works", "u_usa", "metal")]).edges) == 2
    unnamed = diamond()
    assert len(unnamed.without(edges=[("mine", "a", "")]).edges) == 3, "as the index of chokepoints(by='edge') has it"
    with pytest.raises(cn.UnknownIdError, match='no edge from "works" to "u_usa"'):
        net.without(edges=[("works", "u_usa", "ore")])
    with pytest.raises(cn.DataError, match=r"'works' is no \(source, target\) pair"):
        net.without(edges=["works"])


@pytest.mark.parametrize("call", ["without", "scale"])
def test_where_with_an_unknown_column_is_a_fault_and_without_a_match_an_answer(call: str) -> None:
    net = two_tier()

    def run(where: dict[str, str]) -> cn.Network:
        return net.without(where=where) if call == "without" else net.scale(where, 0.5)

    with pytest.raises(cn.DataError, match="unknown column"):
        run({"contry": "CHN"})
    with pytest.raises(cn.DataError, match="neither"):
        run({"country": "CHINA"})
    assert run({"country": "NAM"}).digest == net.digest


def test_unknown_ids_are_named_with_near_matches() -> None:
    with pytest.raises(cn.UnknownIdError, match='did you mean "works"') as caught:
        two_tier().without(nodes=["workz"])
    assert isinstance(caught.value, KeyError)
    with pytest.raises(cn.UnknownIdError, match='unknown project "p"'):
        two_tier().with_projects(["p"])


def test_scale_takes_the_baseline_of_an_unlimited_node() -> None:
    net = cn.Network.from_edges(
        frame("source target capacity_tpa flow_tpa", ("m", "p", 9.0, 6.0), ("p", "u", None, 6.0)),
        nodes=frame("id stage country", ("p", "refiner", "CHN")),
    )
    assert cn.max_flow(net).value_tpa == 9.0
    assert cn.max_flow(net.scale({"country": "CHN"}, 0.5)).value_tpa == 3.0
    assert net.scale({"country": "CHN"}, 1).digest == net.digest
    half = net.scale({"country": "CHN"}, 0.5)
    assert cn.max_flow(half.scale({"country": "CHN"}, 0.5)).value_tpa == 1.5


def test_scale_of_an_unlimited_node_without_baseline() -> None:
    net = two_tier()
    with pytest.raises(cn.DataError, match="works"):
        net.scale({"country": "CHN"}, 0.5)
    assert cn.max_flow(net.scale({"country": "CHN"}, 0)).value_tpa == 0.0, "nothing of anything is nothing"


@pytest.mark.parametrize("share", [-0.1, np.nan, np.inf, True, "half"])
def test_scale_refuses(share: object) -> None:
    with pytest.raises(cn.DataError, match=r"^scale\(share=...\): .* a share is"):
        two_tier().scale({"country": "CHN"}, share)  # type: ignore[arg-type]


def with_plan() -> cn.Network:
    """A mine and a user, and a second mine that may be built."""
    return cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 2.0), ("u", "end_use", None)),
        edges=frame("source target", ("m", "u"), ("plan", "u")),
        demand=frame("node tier demand_tpa", ("u", "defence", 9.0)),
        projects=frame("id stage country capacity_tpa status", ("plan", "mine", "USA", 4.0, "planned")),
        stocks=frame("id country stock_t node", ("k", "USA", 1.0, "u")),
    )


def test_edges_of_projects_sleep_until_they_are_built() -> None:
    net = with_plan()
    assert cn.max_flow(net).value_tpa == 2.0
    assert cn.max_flow(net.with_projects(["plan"])).value_tpa == 6.0
    assert net.with_projects([]).digest == net.digest


def test_measures_reach_projects_whatever_the_order() -> None:
    net = with_plan()
    for where in ({"country": "USA"}, {"status": "planned"}):
        first = net.without(where=where).with_projects(["plan"])
        last = net.with_projects(["plan"]).without(where=where)
        assert cn.max_flow(first).value_tpa == cn.max_flow(last).value_tpa == 2.0
        for order in (net.scale(where, 0.5).with_projects(["plan"]), net.with_projects(["plan"]).scale(where, 0.5)):
            assert cn.max_flow(order).value_tpa == 4.0


def test_where_reaches_stocks() -> None:
    net = with_plan()
    assert len(net.without(where={"country": "USA"}).stocks) == 0
    assert len(net.without(nodes=["u"]).stocks) == 0
    assert net.scale({"country": "USA"}, 0.5).stocks["stock_t"].tolist() == [0.5]
    assert len(net.without(where={"country": "USA", "stage": "mine"}).stocks) == 1, "stocks have no stage"


# -- other libraries ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["networkx", "igraph"])
def test_round_trip(way: str) -> None:
    net = cn.Network.from_edges(
        frame("source target capacity_tpa", ("m", "p", 3.0), ("p", "m", 1.0), ("m", "p", None), ("p", "u", 2.0))
    )
    again = getattr(cn.Network, f"from_{way}")(getattr(net, f"to_{way}")())
    pd.testing.assert_frame_equal(again.edges, net.edges)
    pd.testing.assert_frame_equal(again.nodes, net.nodes)


def test_undirected_graphs_are_refused() -> None:
    import igraph
    import networkx as nx

    with pytest.raises(cn.DataError, match="from_networkx: the graph is undirected"):
        cn.Network.from_networkx(nx.Graph([("a", "b")]))
    with pytest.raises(cn.DataError, match="from_igraph: the graph is undirected"):
        cn.Network.from_igraph(igraph.Graph([(0, 1)]))


def test_networkx_capacity_is_read() -> None:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_edge("m", "u", capacity=3)
    assert cn.max_flow(cn.Network.from_networkx(graph)).value_tpa == 3.0
    assert dict(graph.edges["m", "u"]) == {"capacity": 3}


def test_what_keeps_a_share_or_stops_is_told_in_every_table() -> None:
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("m", "mine", "CHN", 8.0),
            ("n", "mine", "CHN", None),
            ("o", "mine", "AUS", None),
            ("u", "end_use", "CHN", 20.0),
        ),
        edges=frame("source target flow_tpa capacity_tpa", ("m", "u", 4.0, 6.0), ("n", "u", 12.0, None), ("o", "u", 1.0, 3.0)),
        projects=frame("id stage country capacity_tpa", ("p", "mine", "CHN", 2.0), ("q", "mine", "AUS", None)),
        stocks=frame(
            "id node country stock_t release_tpa capacity_t",
            ("at_n", "n", "AUS", 4.0, None, 8.0),
            ("at_o", "o", "CHN", 16.0, 2.0, None),
            ("at_u", "u", "AUS", 1.0, 1.0, 1.0),
        ),
    )  # fmt: skip

    def cells(found: cn.Network, table: str, *columns: str) -> list[list[float | None]]:
        rows = getattr(found, table)[list(columns)].astype(object)
        return rows.where(rows.notna(), None).to_numpy().tolist()  # type: ignore[no-any-return]

    quarter, none = (net.scale({"country": "CHN"}, share) for share in (0.25, 0.0))
    # what has no limit keeps a quarter of its baseline; edges and users stay as they are
    assert cells(quarter, "nodes", "capacity_tpa") == [[2.0], [3.0], [None], [20.0]]
    assert cells(quarter, "projects", "capacity_tpa") == [[0.5], [None]]
    assert cells(quarter, "edges", "capacity_tpa") == cells(net, "edges", "capacity_tpa") == [[6.0], [None], [3.0]]
    stocks = ("stock_t", "release_tpa", "capacity_t")
    assert cells(quarter, "stocks", *stocks) == [[4.0, None, 8.0], [4.0, 0.5, None], [1.0, 1.0, 1.0]]
    # what stops needs no baseline, and takes its edges and stocks along
    assert cells(none, "nodes", "capacity_tpa") == [[0.0], [0.0], [None], [20.0]]
    assert cells(none, "projects", "capacity_tpa") == [[0.0], [None]]
    assert cells(none, "edges", "capacity_tpa") == [[0.0], [0.0], [3.0]]
    assert cells(none, "stocks", *stocks) == [[0.0, None, 0.0], [0.0, 0.0, None], [1.0, 1.0, 1.0]]


BROKEN = {
    "nodes": lambda t: t.assign(id=t["id"].replace("H_CN", "M_CN")),
    "projects": lambda t: t.assign(id=t["id"].replace("H_US", "H_CN")),
    "edges": lambda t: t.assign(source=t["source"].replace("H_CN", "H_XX")),
    "processes": lambda t: t.assign(t_per_t=t["t_per_t"].where(t["role"] != "output", 2.0)),
    "commodities": lambda t: t.iloc[1:],
    "demand": lambda t: t.assign(tier="royal"),
    "stocks": lambda _: frame("id node commodity stock_t tiers", ("s", "nowhere", "magnet", 1.0, "royal")),
}


BROKEN_WORDS = {
    "nodes": 'edges row 8, source: "H_CN": no node or project has this id',
    "projects": 'edges row 11, source: "H_US": no node or project has this id',
    "edges": 'edges row 8, source: "H_XX": no node or project has this id',
    "processes": 'processes row 3, t_per_t: "2": the main output has t_per_t 1',
    "commodities": 'edges row 5, commodity: "dy": the commodities table lacks it',
    "demand": 'demand row 2, tier: "royal": not a known tier',
    "stocks": 'stocks row 2, node: "nowhere": no node or project has this id',
}


@pytest.mark.parametrize("table", BROKEN)
def test_another_table_is_checked_as_at_the_gate(mag9: cn.Network, table: str) -> None:
    tables = {name: getattr(mag9, name) for name in TABLES}
    wrong = BROKEN[table](tables[table])
    with pytest.raises(cn.DataError, match=BROKEN_WORDS[table]) as alone:
        mag9.with_table(table, wrong)
    with pytest.raises(cn.DataError, match=BROKEN_WORDS[table]) as whole:
        cn.Network(**{**tables, table: wrong})
    pd.testing.assert_frame_equal(alone.value.faults, whole.value.faults)


def test_a_kept_answer_belongs_to_its_network_and_goes_with_it() -> None:
    gc.freeze()  # what is older need not be looked through
    asked: list[str] = []

    @kept(1)
    def ids(network: cn.Network, stage: str) -> list[str]:
        asked.append(stage)
        return network.nodes.loc[network.nodes["stage"] == stage, "id"].tolist()

    one, two = line(), line()
    assert ids(one, "mine") == ids(one, "mine") == ids(two, "mine")
    assert asked == ["mine", "mine"]  # once for each network
    ids(one, "end_use")
    ids(one, "mine")
    assert asked[2:] == ["end_use", "mine"]  # the last answer alone is kept
    assert "_kept" not in pickle.loads(pickle.dumps(one)).__dict__
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
    assert two.nodes.shape[0] > 0


def test_a_network_sent_twice_is_one_where_it_arrives() -> None:
    gc.freeze()  # what is older need not be looked through
    net, equal = line(), line()
    sent = [pickle.dumps(net), pickle.dumps((net, "again")), pickle.dumps(equal), pickle.dumps(net.without(["port"]))]
    arrived = pickle.loads(sent[0])
    assert pickle.loads(sent[1])[0] is arrived is pickle.loads(pickle.dumps(arrived))
    assert arrived is not net
    assert pickle.loads(sent[2]) is not arrived  # equal, but asked on its own
    assert len(pickle.loads(sent[3]).nodes) == len(net.nodes) - 1
    gone = weakref.ref(arrived)
    del arrived
    gc.collect()
    assert gone() is None  # nobody there asked any more
    assert pickle.loads(sent[0]).digest == net.digest


# -- remedies ------------------------------------------------------------------------------------------


def refused(nodes: pd.DataFrame, edges: pd.DataFrame, **more: object) -> str:
    with pytest.raises(cn.DataError) as bad:
        cn.Network(nodes, edges, **more)
    return str(bad.value)


def test_a_word_of_others_is_told_ours() -> None:
    edges = frame("source target", ("m", "u"))
    assert 'did you mean "refiner"?' in refused(frame("id stage", ("m", "melter"), ("u", "end_use")), edges)
    nodes = frame("id stage", ("m", "mine"), ("u", "end_use"))
    asked = frame("node tier demand_tpa", ("u", "military", 1.0))
    assert 'did you mean "defence"?' in refused(nodes, edges, demand=asked)


def test_a_cell_that_is_no_number_is_not_blank_too() -> None:
    nodes = frame("id stage", ("m", "mine"), ("u", "end_use"))
    told = refused(nodes, frame("source target", ("m", "u")), demand=frame("node demand_tpa", ("u", "60%")))
    assert "1 fault in the data" in told
    assert "a per cent is no tonnage" in told


def test_a_row_of_totals_is_told_as_such() -> None:
    nodes = frame("id stage", ("m", "mine"), ("u", "end_use"))
    told = refused(nodes, frame("source target flow_tpa", ("m", "u", 3.0), ("Total", None, 3.0)))
    assert "edges row 3, target: the row looks like a total. Remove the row." in told


def test_beneficiaries_that_are_no_countries_are_told_with_all_other_faults() -> None:
    nodes = frame("id stage", ("m", "melter"), ("u", "end_use"))
    told = refused(nodes, frame("source target", ("m", "u")), beneficiaries=["USA;FRA", "Kazakstan", "G7"])
    assert "3 faults in the data" in told
    assert 'beneficiaries: "USA;FRA": neither' in told
    assert "did you mean KAZ (Kazakhstan)?" in told
