"""Coarser chains whose answers bracket the true one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainnet as cn
from chainnet.errors import SolverError
from chainnet.sharing import aggregate, bracket
from chainnet.sharing.coarse._aggregate import _Truth

Row = tuple[str, str, float | None]
ONE: list[Row] = [("a1", "b1", None), ("a2", "b2", None)]
TWO: list[Row] = [("a1", "b1", None), ("a2", "b1", None), ("a2", "b2", 12.0)]


def pairs(edges: list[Row], owner: str = "x") -> cn.Network:
    """Mines of 10 and 30 t feed refiners of 25 and 15 t, which serve 40 t."""
    rows = [*edges, ("b1", "user", None), ("b2", "user", None)]
    return cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["a1", "a2", "b1", "b2", "user"],
                "stage": ["mine", "mine", "refiner", "refiner", "end_use"],
                "country": ["AUS", "AUS", "MYS", "MYS", "USA"],
                "owner": [owner, "y", None, None, None],
                "capacity_tpa": [10.0, 30.0, 25.0, 15.0, None],
            }
        ),
        edges=pd.DataFrame(rows, columns=["source", "target", "capacity_tpa"]),
        demand=pd.DataFrame({"node": ["user"], "demand_tpa": [40.0]}),
    )


@pytest.mark.parametrize(("edges", "served"), [(ONE, 25.0), (TWO, 37.0)])
def test_worked_examples_are_exact(edges: list[Row], served: float) -> None:
    found = aggregate(pairs(edges), ["country", "stage"])
    assert found.n_classes == 3
    base = bracket(found.inner, found.outer).loc["base"]
    assert base[["served_low_tpa", "served_high_tpa"]].tolist() == pytest.approx([served, served], rel=1e-7)
    assert base["is_exact"]
    assert base[["shortfall_low_tpa", "shortfall_high_tpa"]].tolist() == pytest.approx([40 - served] * 2, rel=1e-6)


def test_a_sum_alone_would_promise_too_much() -> None:
    outer = aggregate(pairs(ONE), ["country", "stage"]).outer
    between = outer.edges.set_index(["source", "target"]).loc[("AUS_mine_1", "MYS_refiner_1"), "capacity_tpa"]
    assert outer.nodes.set_index("id").loc["AUS_mine_1", "capacity_tpa"] == 40.0
    assert between == pytest.approx(25.0)


def test_bounds_that_do_not_hold_the_truth_are_told_and_a_sum_never_falls_short() -> None:
    net = pairs(ONE)
    less = net.scale({"stage": "mine"}, 0.5)
    with pytest.raises(SolverError) as told:
        _Truth(net, []).check(less, net)
    assert str(told.value) == (
        "aggregate: under base the chain serves 25 t/yr, but the bounds are 25 and 20. "
        "Report the network that caused this."
    )
    held = _Truth(net, []).check(net, less)
    assert held.loc["base"].tolist() == pytest.approx([20.0, 25.0, 25.0, 5.0 / 40.0])
    # 10 and 30 t through 25 and 15, one way of 12: 37 t, not a hair less for having been rounded
    outer = aggregate(pairs(TWO), ["country", "stage"]).outer.edges.set_index("source")
    assert 37.0 <= outer.loc["AUS_mine_1", "capacity_tpa"] <= 37.0 * (1 + 1e-8)


def test_a_class_holds_sums_where_it_can_and_its_costs_are_the_least_outside_and_the_most_inside() -> None:
    net = cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["a1", "a2", "b", "u1", "u2"],
                "stage": ["mine", "mine", "refiner", "end_use", "end_use"],
                "country": ["AUS", "AUS", "MYS", "USA", "USA"],
                "owner": ["x", "y", "z", None, None],
                "capacity_tpa": [10.0, 30.0, 25.0, None, None],
                "unit_cost_usd_per_t": [3.0, 7.0, 2.0, None, None],
            }
        ),
        edges=pd.DataFrame(
            {
                "source": ["a1", "a2", "b", "b"],
                "target": ["b", "b", "u1", "u2"],
                "commodity": ["ore"] * 4,
                "flow_tpa": [8.0, 12.0, 15.0, None],
                "cost_usd_per_t": [1.0, None, 4.0, 6.0],
                "lag_months": [2.0, 2.0, None, None],
            }
        ),
        demand=pd.DataFrame(
            {
                "node": ["u1", "u1", "u2", "u2"],
                "commodity": ["ore"] * 4,
                "tier": ["defence", "civilian", "defence", "civilian"],
                "demand_tpa": [5.0, 9.0, 3.0, 6.0],
                "value_usd_per_t": [100.0, 40.0, 100.0, 50.0],
            }
        ),
        name="toy",
    )
    found = aggregate(net, ["country", "stage"])
    for side, mine, links in (("outer", 3.0, [0.0, 4.0]), ("inner", 7.0, [1.0, 6.0])):
        one = getattr(found, side)
        assert one.name == f"toy-{side}"
        nodes = one.nodes.set_index("id")
        assert nodes.index.tolist() == ["AUS_mine_1", "USA_end_use_1", "b"]
        assert nodes.loc["AUS_mine_1", ["unit_cost_usd_per_t", "note"]].tolist() == [
            mine,
            "class of 2; differ in: owner",
        ]
        assert (nodes.loc["AUS_mine_1", "capacity_tpa"] == 40.0) == (side == "outer")
        edges = one.edges
        assert list(zip(edges["source"], edges["target"], strict=True)) == [("AUS_mine_1", "b"), ("b", "USA_end_use_1")]
        assert edges["cost_usd_per_t"].tolist() == links
        assert edges["lag_months"].fillna(0.0).tolist() == [2.0, 0.0]
        assert edges["flow_tpa"].fillna(-1.0).tolist() == [20.0, -1.0]  # not known where one is not
        assert edges["note"].tolist() == ["2 relations", "2 relations"]
        asked = one.demand[["node", "commodity", "tier", "value_usd_per_t"]].fillna(-1.0).to_numpy().tolist()
        assert asked == [["USA_end_use_1", "ore", "civilian", -1.0], ["USA_end_use_1", "ore", "defence", 100.0]]
        assert (one.demand["demand_tpa"].tolist() == [15.0, 8.0]) == (side == "outer")


@pytest.mark.filterwarnings("ignore:aggregate")
@settings(max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_the_bracket_holds_on_random_chains(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = [f"{stage}{i}" for stage in "abc" for i in range(4)]
    nodes = pd.DataFrame(
        {
            "id": [*ids, "u1", "u2"],
            "stage": ["mine"] * 4 + ["refiner"] * 4 + ["manufacturer"] * 4 + ["end_use"] * 2,
            "country": rng.choice(["AUS", "CHN"], 14),
            "capacity_tpa": [*rng.integers(1, 20, 12).astype(float), None, None],
        }
    )
    ties = [(a, b) for one, other in ("ab", "bc") for a in ids if a[0] == one for b in ids if b[0] == other]
    ties += [(c, u) for c in ids if c[0] == "c" for u in ("u1", "u2")]
    edges = pd.DataFrame([t for t in ties if rng.random() < 0.6], columns=["source", "target"])
    if edges.empty:
        return
    edges["capacity_tpa"] = np.where(rng.random(len(edges)) < 0.5, np.nan, rng.integers(1, 9, len(edges)))
    net = cn.Network(nodes, edges, demand=pd.DataFrame({"node": ["u1", "u2"], "demand_tpa": [15.0, 9.0]}))
    found = aggregate(net, ["country", "stage"])
    rows = bracket(found.inner, found.outer, by="country")
    for label in rows.index:
        left = net if label == "base" else net.without(where={"country": label})
        truth = cn.max_flow(left).value_tpa
        assert rows.loc[label, "served_low_tpa"] - 1e-6 <= truth <= rows.loc[label, "served_high_tpa"] + 1e-6
        lost = cn.max_flow(net).value_tpa - truth
        assert rows.loc[label, "lost_low_tpa"] - 1e-6 <= lost <= rows.loc[label, "lost_high_tpa"] + 1e-6


@pytest.mark.parametrize("name", ["mag-9", "germanium"])
def test_on_shipped_chains_every_country_out_lies_inside(name: str, graphs: dict[str, cn.Network]) -> None:
    held_inside(graphs[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["antimony", "gallium", "graphite", "rare-earths", "tungsten"])
def test_on_large_chains_every_country_out_lies_inside(name: str, graphs: dict[str, cn.Network]) -> None:
    held_inside(graphs[name])


def held_inside(net: cn.Network) -> None:
    found = aggregate(net, most_width=0.05)
    rows = bracket(found.inner, found.outer, by="country")
    truth = cn.chokepoints(net, by="country")["lost_tpa"]
    size = cn.max_flow(net).value_tpa
    labels = [label for label in rows.index if label != "base"]
    assert len(labels) > 4
    for label in labels:
        low, high = rows.loc[label, ["lost_low_tpa", "lost_high_tpa"]]
        assert low - 1e-6 * size <= truth[label] <= high + 1e-6 * size
    assert rows["width_share"].max() <= 0.05 + 1e-9
    assert net.name == "mag-9" or len(found.inner.nodes) < len(net.nodes)


def test_a_respected_scenario_lies_inside_though_it_asks_by_what_members_differ_in() -> None:
    net = pairs(TWO)
    ban = cn.Scenario("ban", [{"kind": "scale", "where": {"owner": "y"}, "share": 0.5}])
    parted = aggregate(net, ["country", "stage"], respect=[ban])
    row = bracket(parted.inner, parted.outer, [ban]).loc["ban"]
    assert row["served_low_tpa"] <= 25.0 + 1e-6 <= row["served_high_tpa"] + 2e-6
    coarser = aggregate(net, ["country", "stage"])
    with pytest.raises(cn.DataError, match='ban: asks by owner, but the class "AUS_mine_1"'):
        bracket(coarser.inner, coarser.outer, [ban])
    with pytest.raises(cn.DataError, match="asks by owner"):
        bracket(coarser.inner, coarser.outer, by="owner")


def test_a_class_that_is_reached_whole_still_bears_the_words_by_which_it_is_reached() -> None:
    ban = cn.Scenario("ban", [{"kind": "remove", "where": {"owner": ["x", "y"]}}])
    found = aggregate(pairs(TWO), ["country", "stage"], respect=[ban])
    assert bracket(found.inner, found.outer, [ban]).loc["ban", "served_high_tpa"] == 0.0


def test_an_inner_network_that_serves_nothing_is_said_to_be_worthless() -> None:
    net = pairs([("a1", "b1", None)])
    net = net.without(edges=[("b1", "user")])
    with pytest.warns(cn.ChainnetWarning, match="the inner network serves nothing"):
        found = aggregate(net, ["country", "stage"])
    base = found.checked.loc["base"]
    assert base["served_low_tpa"] == base["served_tpa"] == 0.0 < base["served_high_tpa"]


def test_a_plant_that_is_named_stays_by_itself() -> None:
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": ["a2"]}])
    found = aggregate(pairs(TWO), ["country", "stage"], respect=[stop])
    assert found.classes["a2"] == "a2"
    assert bracket(found.inner, found.outer, [stop]).loc["stop", "served_high_tpa"] == pytest.approx(10.0)


def test_no_class_ships_to_itself_and_stores_stay_by_themselves() -> None:
    net = pairs([*TWO, ("b1", "b2", None)])
    found = aggregate(net, ["country", "stage"])
    assert found.classes["b1"] != found.classes["b2"]
    stocked = pairs(TWO).with_table("stocks", pd.DataFrame({"id": ["s"], "node": ["b1"], "stock_t": [1.0]}))
    assert aggregate(stocked, ["country", "stage"]).classes["b1"] == "b1"


def test_what_the_owner_says_narrows_a_loss_and_must_lie_inside() -> None:
    found = aggregate(pairs(TWO), ["country", "stage"])
    net = found.outer.with_demand(found.outer.demand)
    ban = cn.Scenario("ban", [{"kind": "scale", "where": {"country": "AUS"}, "share": 0.5}])
    wide = bracket(pairs(ONE), net, [ban]).loc["ban"]
    narrow = bracket(pairs(ONE), net, [ban], base_tpa=37.0).loc["ban"]
    assert narrow["lost_high_tpa"] == pytest.approx(37.0 - wide["served_low_tpa"])
    assert narrow["lost_low_tpa"] >= wide["lost_low_tpa"]
    with pytest.raises(cn.DataError, match="base_tpa: 99 lies outside"):
        bracket(pairs(ONE), net, base_tpa=99.0)


def test_two_networks_in_the_wrong_order_are_a_fault() -> None:
    with pytest.raises(cn.SolverError, match="not bounds of one chain"):
        bracket(pairs(TWO), pairs(ONE))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"by": ["colour"]}, 'unknown label of nodes "colour"'), ({"by": []}, "no label is named"), ({"most_width": 0.0}, "most_width: 0.0"),
     ({"most_width": 1.5}, "most_width: 1.5")],
)  # fmt: skip
def test_bad_words_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(cn.DataError, match=message):
        aggregate(pairs(ONE), **change)  # type: ignore[arg-type]


def test_a_measure_by_an_unknown_id_is_refused() -> None:
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": ["a9"]}])
    with pytest.raises(cn.UnknownIdError, match="a9"):
        aggregate(pairs(ONE), respect=[stop])


@pytest.mark.parametrize("named", [{"nodes": ["a1", "a2"]}, {"edges": [["a1", "b1"], ["a2", "b1"]]}])
def test_plants_that_one_measure_names_together_stay_apart_too(named: dict[str, object]) -> None:
    stop = cn.Scenario("stop", [{"kind": "remove", **named}])
    classes = aggregate(pairs(TWO), ["country", "stage"], respect=[stop]).classes
    assert classes[["a1", "a2"]].tolist() == ["a1", "a2"]
