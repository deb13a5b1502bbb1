"""Tables to arrays: what becomes a column, what a row, and how large the solver sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from conftest import frame, two_tier
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.lowering import Overlay, Reach, lower
from chainnet.scenario import overlay_of


def test_every_edge_recipe_and_demand_has_a_column_and_every_balance_a_row() -> None:
    net = two_tier()
    low = lower(net)
    assert low.n_edges == 3
    assert (low.flows.activity >= 0).tolist() == [False, False, False, True]
    assert len(low.served) == 3
    balances = {(low.tables.ids[node], low.commodities[code]) for node, code in low.balance}
    assert balances == {("mine", "ore"), ("works", "ore"), ("works", "metal"), ("u_usa", "metal"), ("u_jpn", "metal")}
    assert low.program.matrix.shape == (len(low.rows), len(low.program.col_upper))


def test_an_overlay_changes_bounds_and_never_the_matrix() -> None:
    net = recipe_network(3, wild=False, projects=True)
    none = Overlay.none(net)
    shares = np.where(np.arange(len(none.node_share)) % 2 == 0, 0.0, 1.0)
    other = replace(none, node_share=shares, built=np.ones_like(none.built))
    a, b = lower(net, none), lower(net, other)
    assert abs(a.program.matrix - b.program.matrix).max() == 0.0
    upper, rows = a.bounds(other)
    assert np.array_equal(upper, b.program.col_upper)
    assert np.array_equal(rows, b.program.row_upper)


def test_closing_names_all_that_stops_with_a_node() -> None:
    net = two_tier()
    low = lower(net)
    works = int(np.flatnonzero(low.tables.ids == "works")[0])
    assert set(low.closing(np.array([works]))) == {0, 1, 2, int(low.flows.activity[works])}
    user = int(np.flatnonzero(low.tables.ids == "u_usa")[0])
    closed = low.closing(np.array([user]))
    assert len(closed) == 3, "one edge and two demands"


def test_frozen_needs_baseline_flows() -> None:
    with pytest.raises(cn.DataError, match="works -> u_jpn"):
        lower(two_tier(), degree="none")
    with pytest.raises(cn.DataError, match="unknown degree"):
        lower(two_tier(), degree="loose")  # type: ignore[arg-type]


def test_a_demand_far_beyond_what_can_flow_does_not_set_the_size() -> None:
    """A tolerance that fits 1e9 t would swallow a flow of 0.37 t."""
    edges = frame("source target commodity capacity_tpa", ("m", "u", "a", 0.37))
    net = cn.Network(
        nodes=frame("id stage", ("m", "mine"), ("u", "end_use")),
        edges=edges,
        demand=frame("node commodity tier demand_tpa", ("u", "a", "defence", 1e9)),
    )
    assert lower(net).sizes == pytest.approx(0.37 / 1000)
    assert cn.balance(net).demand["served_tpa"].tolist() == pytest.approx([0.37], rel=1e-9)


def test_sizes_follow_the_chain() -> None:
    low = lower(two_tier())
    sizes = dict(zip(low.commodities, low.sizes, strict=True))
    assert sizes["ore"] == pytest.approx(0.010)  # the mine's 10 t/yr
    assert sizes["metal"] == pytest.approx(0.005)  # what 10 t of ore can make


def test_sizes_are_made_finer_where_the_estimate_was_far_off() -> None:
    nodes = frame("id stage capacity_tpa", ("m", "mine", 2.5e9), ("p", "refiner", None), ("u", "end_use", None))
    edges = frame("source target commodity capacity_tpa", ("m", "p", "a", None), ("p", "u", "a", 0.37))
    demand = frame("node commodity tier demand_tpa", ("u", "a", "defence", 2e9))
    net = cn.Network(nodes=nodes, edges=edges, demand=demand)
    low = lower(net)
    assert low.finer_sizes(np.zeros(len(low.program.col_upper))) is None
    assert cn.balance(net).demand["served_tpa"].tolist() == pytest.approx([0.37], rel=1e-9)


def test_unbuilt_projects_carry_nothing_even_without_a_capacity() -> None:
    net = cn.Network(
        nodes=frame("id stage", ("u", "end_use")),
        edges=frame("source target", ("plan", "u")),
        demand=frame("node tier demand_tpa", ("u", "defence", 5.0)),
        projects=frame("id stage", ("plan", "mine")),
    )
    assert cn.balance(net).demand["served_tpa"].sum() == 0.0
    assert cn.balance(net.with_projects(["plan"])).demand["served_tpa"].sum() == 5.0


def test_new_relations_are_hubs_and_not_pairs() -> None:
    net = recipe_network(5, wild=False)
    low = lower(net, degree="new")
    makers = {(s, c) for s, c in zip(net.edges["source"], net.edges["commodity"], strict=True)}
    users = {(t, c) for t, c in zip(net.edges["target"], net.edges["commodity"], strict=True)}
    n_single = int((~low.relations.is_pair).sum())
    assert n_single == len(makers) + len(users)
    assert low.relations.n_hubs > 0
    assert low.relations.is_pair.sum() > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 8))])
@pytest.mark.parametrize("degree", ["existing", "new"])
def test_another_amount_in_a_recipe_is_what_lowering_anew_gives(seed: int, degree: Any) -> None:
    net = recipe_network(seed, wild=False, baseline=True, projects=True)
    rule = (
        {"kind": "restrict", "from": {"country": "CHN"}, "tier": "defence"}
        if seed % 2
        else {"kind": "scale", "share": 0.5}
    )
    where = {} if seed % 2 else {"where": {"country": "CHN"}}
    overlay = overlay_of(net, cn.Scenario("s", measures=[{**rule, **where}]))
    low, tried = lower(net, overlay, degree, stocks=True), 0
    for line in np.flatnonzero((net.processes["role"] != "output").to_numpy()).tolist():
        table = net.processes
        amount = 1.01 * float(table["t_per_t"].iloc[line])
        table.loc[table.index[line], "t_per_t"] = amount
        try:
            other = net.with_table("processes", table)
        except cn.DataError:  # it would weigh more than it is made of
            continue
        anew = lower(other, overlay, degree, stocks=True)
        assert abs(low.with_line(line, amount).program.matrix - anew.program.matrix).max() <= 1e-12
        tried += 1
    assert tried


@pytest.mark.parametrize("n", [1, 5, 6, 9])
def test_five_edges_without_a_baseline_are_named_and_the_rest_counted(n: int) -> None:
    edges = [(f"m{i}", "u", None) for i in range(n)] + [("z", "u", 3.0)]
    nodes = frame("id stage", *((source, "mine") for source, *_ in edges), ("u", "end_use"))
    net = cn.Network(nodes, frame("source target flow_tpa", *edges))
    with pytest.raises(cn.DataError) as told:
        lower(net, degree="none")
    named = ", ".join(f"m{i} -> u" for i in range(min(n, 5))) + (f" and {n - 5} more" if n > 5 else "")
    assert str(told.value) == (
        f"reroute=none: no baseline flow on {named}; none means that no edge carries more than its flow_tpa. "
        "Fill flow_tpa or ask for existing."
    )


@pytest.mark.parametrize(
    ("gone", "cut", "is_reached"),
    [
        ("", "", True),
        ("ore", "", False),  # every need of a recipe has to be met
        ("coal", "", False),  # coke may be half of the feed alone
        ("gas", "", True),
        ("coke gas", "", True),  # coal may be all of it
        ("works", "", False),
        ("port", "", False),
        ("", "port", False),
        ("", "gas", True),
        ("", "ore", False),
    ],
)
def test_what_is_reached_at_all_by_hand(gone: str, cut: str, is_reached: bool) -> None:
    """Works need ore, and coal, or coke up to a half with gas up to a quarter; a port hands metal on to the user."""
    ways = [("ore", "works", "ore"), ("coal", "works", "coal"), ("coke", "works", "coke"), ("gas", "works", "gas")]
    net = cn.Network(
        frame(
            "id stage process",
            *((name, "mine", None) for name in ("ore", "coal", "coke", "gas")),
            ("works", "refiner", "melt"),
            ("port", "refiner", None),
            ("u", "end_use", None),
        ),
        frame("source target commodity", *ways, ("works", "port", "metal"), ("port", "u", "metal")),
        processes=frame(
            "process commodity role t_per_t group max_share",
            ("melt", "ore", "input", 2.0, None, None),
            ("melt", "coal", "input", 1.0, "heat", None),
            ("melt", "coke", "input", 1.0, "heat", 0.5),
            ("melt", "gas", "input", 1.0, "heat", 0.25),
            ("melt", "metal", "output", 1.0, None, None),
        ),
        demand=frame("node commodity demand_tpa", ("u", "metal", 1.0)),
    )
    low = lower(net)
    targets = low.flows.demand[["position", "code"]].to_numpy(dtype=np.int64)
    nodes = np.flatnonzero(net.nodes["id"].isin(gone.split()).to_numpy())
    edges = np.flatnonzero((net.edges["source"] == cut).to_numpy())
    assert Reach(net, targets).reaches(nodes, edges) is is_reached
