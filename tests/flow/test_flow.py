"""``max_flow``: value, flow, cut and proof."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from conftest import TOYS, frame, hourglass, line, two_tier
from oracles import check_flow

import chainnet as cn
from chainnet.flow import Counting, ValueModel
from chainnet.flow._plan import Told


@pytest.mark.parametrize("name", TOYS)
def test_toys(name: str) -> None:
    make, value = TOYS[name]
    net = make()
    flow = cn.max_flow(net, verify=True)
    assert flow.value_tpa == pytest.approx(value, rel=1e-12)
    assert flow.certificate.ok
    assert flow.certificate.second_value == pytest.approx(value)
    assert (flow.cut["capacity_tpa"] * flow.cut["price"]).sum() == pytest.approx(value, rel=1e-9)
    if net.processes.empty:
        check_flow(net, flow.edges, tolerance=1e-12)
        assert flow.cut["capacity_tpa"].sum() == value


def test_the_cut_names_edges_and_nodes() -> None:
    cut = cn.max_flow(hourglass()).cut
    assert cut[["kind", "id", "capacity_tpa"]].to_numpy().tolist() == [["node", "waist", 9.0]]
    edge = cn.max_flow(cn.Network.from_edges(frame("source target capacity_tpa", ("m", "u", 2.0)))).cut
    assert edge[["kind", "source", "target"]].to_numpy().tolist() == [["edge", "m", "u"]]


def test_edges_come_row_for_row_and_nodes_with_throughput() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "u", 3.0), ("m", "u", 4.0), ("a", "u", 1.0)))
    flow = cn.max_flow(net)
    assert flow.edges["flow_tpa"].tolist() == [1.0, 3.0, 4.0]
    assert flow.nodes["throughput_tpa"].to_dict() == {"a": 1.0, "m": 7.0, "u": 8.0}


def test_no_path_is_value_zero_and_an_empty_cut() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "x", 3.0), ("y", "u", 2.0))).without(
        nodes=["x", "y"]
    )
    flow = cn.max_flow(net)
    assert flow.value_tpa == 0.0
    assert flow.cut.empty
    assert flow.certificate.ok


def test_an_unlimited_way_is_an_error_of_our_own() -> None:
    net = cn.Network.from_edges(frame("source target", ("m", "p"), ("p", "u")))
    with pytest.raises(cn.ChainnetError, match="m -> p -> u"):
        cn.max_flow(net)
    many = cn.Network.from_edges(frame("source target commodity", ("m", "u", "a"), ("m", "u", "b")))
    with pytest.raises(cn.ChainnetError, match="nothing limits"):
        cn.max_flow(many)


def test_far_sizes_stay_exact() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "u", 2.5e9), ("a", "u", 0.37)))
    flow = cn.max_flow(net)
    assert flow.value_tpa == 2.5e9 + 0.37
    assert flow.edges["flow_tpa"].tolist() == [0.37, 2.5e9]


def test_a_mine_with_a_way_in_and_an_end_use_with_a_way_out_pass_flow_on() -> None:
    net = cn.Network.from_edges(
        frame("source target capacity_tpa", ("m", "u", 5.0), ("u", "v", 2.0), ("u", "m", 1.0), ("v", "w", 1.0)),
        nodes=frame("id stage capacity_tpa", ("m", "mine", 4.0), ("u", "end_use", None), ("v", "end_use", None)),
    )
    flow = cn.max_flow(net)
    assert flow.value_tpa == 4.0
    far = cn.max_flow(net.without(edges=[("v", "w")]), beneficiaries=None)
    assert far.value_tpa == 4.0
    asked = cn.Network(nodes=net.nodes, edges=net.edges, demand=frame("node demand_tpa", ("v", 9.0)))
    assert cn.max_flow(asked).value_tpa == 2.0
    check_flow(
        asked, cn.max_flow(asked).edges, pd.DataFrame([("v", None, 2.0)], columns=["node", "commodity", "served_tpa"])
    )


def test_demand_bounds_an_end_use_and_the_value() -> None:
    net = two_tier()
    assert cn.max_flow(net).value_tpa == pytest.approx(5.0)
    small = net.with_demand(net.demand.assign(demand_tpa=1.0))
    flow = cn.max_flow(small)
    assert flow.value_tpa == pytest.approx(3.0)
    assert set(flow.cut["kind"]) == {"demand"}
    check_flow(small, flow.edges, small.demand.assign(served_tpa=1.0))


def test_a_host_product_never_counts() -> None:
    net = two_tier()
    demand = pd.concat([net.demand, frame("node commodity demand_tpa", ("works", "ore", 99.0))], ignore_index=True)
    assert cn.max_flow(net.with_demand(demand)).value_tpa == pytest.approx(5.0)
    untiered = net.with_demand(net.demand.assign(tier=None, node=["u_jpn", "u_usa", "works"]))
    assert cn.max_flow(untiered).value_tpa == pytest.approx(5.0), "unless no row has a tier"


def test_the_market_of_one_commodity() -> None:
    net = two_tier()
    ore = cn.max_flow(net, commodity="ore")
    assert ore.value_tpa == 10.0, "works has no limit, so the mine bounds the market of ore"
    assert ore.edges["flow_tpa"].tolist() == [10.0, 0.0, 0.0]
    metal = cn.max_flow(net, commodity="metal")
    assert metal.value_tpa == 9.0, "in its own market all demand can be met"
    with pytest.raises(cn.DataError, match="unknown commodity"):
        cn.max_flow(net, commodity="gold")


@pytest.mark.parametrize("with_demand", [False, True])
def test_beneficiaries_are_whose_demand_counts(with_demand: bool) -> None:
    edges = frame("source target capacity_tpa", ("m", "u", 3.0), ("m", "v", 4.0))
    nodes = frame("id stage country", ("u", "end_use", "USA"), ("v", "end_use", "CHN"))
    net = cn.Network.from_edges(edges, nodes=nodes)
    if with_demand:
        net = cn.Network(nodes=net.nodes, edges=net.edges, demand=frame("node demand_tpa", ("u", 9.0), ("v", 9.0)))
    assert cn.max_flow(net).value_tpa == 7.0
    assert cn.max_flow(net, beneficiaries=["USA"]).value_tpa == 3.0
    assert cn.max_flow(net, beneficiaries="G7").value_tpa == 3.0
    lost = cn.chokepoints(net, by="edge", beneficiaries=["USA"])["lost_tpa"]
    assert lost.to_dict() == {("m", "u", ""): 3.0, ("m", "v", ""): 0.0}


def test_several_commodities_without_recipes() -> None:
    edges = frame(
        "source target commodity capacity_tpa", ("m", "p", "a", 3.0), ("m", "p", "b", 4.0), ("p", "u", "a", 9.0)
    )
    assert cn.max_flow(cn.Network.from_edges(edges)).value_tpa == pytest.approx(3.0)
    nodes = frame("id stage capacity_tpa", ("p", "refiner", 2.0))
    assert cn.max_flow(cn.Network.from_edges(edges, nodes=nodes)).value_tpa == pytest.approx(2.0)


def test_a_demand_for_what_does_not_flow_is_not_served() -> None:
    net = cn.Network(
        nodes=frame("id stage", ("m", "mine"), ("u", "end_use")),
        edges=frame("source target commodity capacity_tpa", ("m", "u", "a", 3.0)),
        demand=frame("node commodity tier demand_tpa", ("u", "b", "defence", 3.0)),
    )
    assert cn.max_flow(net).value_tpa == 0.0


def test_results_bear_their_provenance_and_are_frozen() -> None:
    net = two_tier()
    flow = cn.max_flow(net)
    assert {"graph", "digest", "version", "solver", "settings"} <= set(flow.provenance)
    assert flow.provenance["digest"] == net.digest
    for table in flow.tables().values():
        assert table.attrs["provenance"] == flow.provenance
    with pytest.raises(AttributeError, match="value_tpa"):
        flow.value_tpa = 3.0  # type: ignore[misc]
    assert "<script" not in flow._repr_html_()


def test_unlimited_nodes_that_carry_flow_are_counted() -> None:
    assert cn.max_flow(hourglass()).n_unlimited == 4
    assert math.isnan(cn.max_flow(hourglass()).nodes.loc["m1", "utilisation"])
    assert np.isclose(cn.max_flow(hourglass()).nodes.loc["waist", "utilisation"], 1.0)


def test_nothing_left_at_all_is_value_zero() -> None:
    net = two_tier().without(nodes=["mine", "works", "u_usa"])
    bare = cn.Network(nodes=net.nodes[net.nodes["id"] == "u_jpn"], edges=net.edges, processes=net.processes)
    assert cn.max_flow(bare).value_tpa == 0.0
    assert cn.chokepoints(bare).empty


def test_a_commodity_that_nobody_ships_is_told_with_those_that_are(mag9: cn.Network) -> None:
    with pytest.raises(cn.DataError, match='commodity: unknown commodity "gold"') as told:
        cn.max_flow(mag9, "gold")
    assert "has no name" not in str(told.value)
    with pytest.raises(cn.DataError, match=r'"gold".*The one commodity here has no name\.'):
        cn.max_flow(line(), "gold")


def test_a_tier_that_nobody_has_is_told(mag9: cn.Network) -> None:
    with pytest.raises(cn.DataError, match=r'^tier: unknown tier "navy"'):
        cn.chokepoints(mag9, tier="navy")


def test_programs_that_are_done_are_told_as_a_part_of_all_and_never_more() -> None:
    told: list[tuple[str, float]] = []
    for todo, steps in ((1, (1,)), (4, (1, 2, 5)), (0, (1,))):
        plan = Told(lambda *said: told.append(said), todo, 1300)
        for n in steps:
            plan.done("first", n)
    assert told[1] == ("first (1 of 4 programs of 1,300 columns)", 0.25)
    assert [part for _, part in told] == [1.0, 0.25, 0.75, 1.0, 1.0]


def test_a_value_under_another_amount_in_a_recipe_leaves_the_first_as_it_was() -> None:
    """Ten tonnes of ore, two for one of metal; nine of metal are wanted."""
    first = ValueModel(Counting(two_tier()))
    lines = first.counting.network.processes["role"].tolist()
    for role, amount, metal in (("input", 2.5, 4.0), ("input", 1.0, 9.0), ("output", 1.5, 7.5)):
        other = first.with_line(lines.index(role), amount)
        assert other.value == pytest.approx(metal)
        assert other.certificate(verify=True).second_value == pytest.approx(metal)
        assert first.value == first.value_without(np.array([], dtype=int)) == pytest.approx(5.0)
