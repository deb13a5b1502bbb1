"""What must hold on any network: monotone values, overlays = transforms, scaling, renaming, splitting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import check_flow
from recipe_networks import recipe_network
from strategies import bare_edges, chains

import chainnet as cn
from chainnet.flow import Counting, ValueModel, balance_under
from chainnet.scenario import overlay_of

SEEDS = st.integers(0, 10_000)
COUNTRIES = ("CHN", "USA", "JPN", "AUS")


def value(net: cn.Network, **more: Any) -> float:
    try:
        return cn.max_flow(net, **more).value_tpa
    except cn.DataError:  # nothing limits the flow
        assume(False)
        raise


def close(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1e-6)


@given(bare_edges())
def test_a_pure_flow_keeps_its_bounds_and_meets_its_cut(edges: pd.DataFrame) -> None:
    net = cn.Network.from_edges(edges)
    try:
        flow = cn.max_flow(net)
    except cn.DataError:
        assert edges["capacity_tpa"].isna().any()
        return
    check_flow(net, flow.edges, tolerance=1e-9)
    assert close(flow.cut["capacity_tpa"].sum(), flow.value_tpa)


@given(bare_edges(whole=True), st.data())
def test_removal_never_raises_the_value_of_a_pure_flow(edges: pd.DataFrame, data: st.DataObject) -> None:
    net = cn.Network.from_edges(edges)
    ids = net.nodes["id"].tolist()
    out = data.draw(st.lists(st.sampled_from(ids), max_size=3, unique=True))
    whole, less = cn.max_flow(net).value_tpa, cn.max_flow(net.without(nodes=out)).value_tpa
    assert less <= whole
    table = cn.chokepoints(net)
    for node in out:
        if node in table.index:
            alone = cn.max_flow(net.without(nodes=[node])).value_tpa
            assert table.loc[node, "lost_tpa"] == whole - alone
            assert table.loc[node, "lost_tpa"] <= table.loc[node, "throughput_tpa"]
            assert less <= alone
    if not out:
        assert less == whole


@settings(max_examples=7)
@given(chains(), st.data())
def test_removal_never_raises_the_value_of_a_chain(net: cn.Network, data: st.DataObject) -> None:
    whole = value(net)
    node = data.draw(st.sampled_from(net.nodes["id"].tolist()))
    assert value(net.without(nodes=[node])) <= whole + 1e-6 * max(whole, 1e-6)
    country = data.draw(st.sampled_from(COUNTRIES))
    assert value(net.without(where={"country": country})) <= whole + 1e-6 * max(whole, 1e-6)


@settings(max_examples=7)
@given(chains(), st.sampled_from([0.001, 3.0, 1e6]))
def test_all_bounds_times_k_give_the_value_times_k(net: cn.Network, k: float) -> None:
    def times(frame: pd.DataFrame, column: str) -> pd.DataFrame:
        return frame.assign(**{column: frame[column] * k})

    scaled = cn.Network(
        nodes=times(net.nodes, "capacity_tpa"),
        edges=times(net.edges, "capacity_tpa"),
        demand=times(net.demand, "demand_tpa"),
        processes=net.processes,
        main_commodity=net.main_commodity or None,
    )
    assert close(value(scaled), k * value(net))
    shares = cn.chokepoints(net)["lost_share"]
    assert np.allclose(cn.chokepoints(scaled)["lost_share"].reindex(shares.index), shares, atol=1e-6)


@settings(max_examples=7)
@given(SEEDS, SEEDS)
def test_shuffling_and_renaming_change_nothing(seed: int, order: int) -> None:
    net = recipe_network(seed, wild=False)
    names = {i: f"z{k}" for k, i in enumerate(reversed(net.nodes["id"].tolist()))}

    def mixed(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
        frame = frame.assign(**{c: frame[c].map(names) for c in columns})
        return frame.sample(frac=1, random_state=order)

    tables = {"processes": net.processes, "main_commodity": net.main_commodity or None}
    shuffled = cn.Network(
        nodes=net.nodes.sample(frac=1, random_state=order),
        edges=net.edges.sample(frac=1, random_state=order),
        demand=net.demand.sample(frac=1, random_state=order),
        **tables,
    )
    assert shuffled.digest == net.digest
    renamed = cn.Network(
        nodes=mixed(net.nodes, "id"),
        edges=mixed(net.edges, "source", "target"),
        demand=mixed(net.demand, "node"),
        **tables,
    )
    assert close(value(renamed), value(net))
    lost, other = cn.chokepoints(net)["lost_tpa"], cn.chokepoints(renamed)["lost_tpa"]
    assert np.allclose(other.reindex([names[i] for i in lost.index]), lost, atol=1e-6)


@settings(max_examples=7)
@given(SEEDS, st.floats(0.05, 0.95))
def test_an_edge_in_two_parallel_halves_is_the_edge(seed: int, part: float) -> None:
    net = recipe_network(seed, wild=False)
    edges = net.edges
    limited = np.flatnonzero(edges["capacity_tpa"].notna())
    assume(len(limited))
    row = int(limited[seed % len(limited)])
    halves = edges.iloc[[row, row]].assign(capacity_tpa=edges["capacity_tpa"].iloc[row] * np.array([part, 1 - part]))
    split = cn.Network(
        nodes=net.nodes,
        edges=pd.concat([edges.drop(index=row), halves], ignore_index=True),
        demand=net.demand,
        processes=net.processes,
        main_commodity=net.main_commodity or None,
    )
    assert close(value(split), value(net))


# -- overlays and transforms ---------------------------------------------------------------------

WHERES = st.sampled_from(
    [
        {"country": "CHN"},
        {"country": ["USA", "JPN"], "stage": "refiner"},
        {"stage": "mine"},
        {"operator": "A"},
        {"status": "planned"},
        {"country": "AUS", "status": "planned"},
        {"commodity": "ore"},
        {"country": "G7"},
    ]
)
MEASURES = st.one_of(
    st.tuples(st.just("remove"), WHERES, st.none()),
    st.tuples(st.just("scale"), WHERES, st.sampled_from([0.0, 0.3, 0.5, 1.0])),
    st.tuples(st.just("nodes"), st.integers(0, 99), st.none()),
    st.tuples(st.just("edges"), st.integers(0, 99), st.none()),
)


@pytest.mark.long
@settings(max_examples=7)
@given(SEEDS, st.lists(MEASURES, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_overlays_equal_transforms_in_any_order(seed: int, drawn: list[Any], rng: Any) -> None:
    net = recipe_network(seed, wild=False, baseline=True, projects=True)
    ids = [*net.nodes["id"], *net.projects["id"]]
    measures: list[dict[str, Any]] = []
    steps: list[Any] = []
    for kind, what, share in drawn:
        if kind == "remove":
            measures.append({"kind": "remove", "where": what})
            steps.append(lambda n, w=what: n.without(where=w))
        elif kind == "scale":
            measures.append({"kind": "scale", "where": what, "share": share})
            steps.append(lambda n, w=what, s=share: n.scale(w, s))
        elif kind == "nodes":
            name = ids[what % len(ids)]
            measures.append({"kind": "remove", "nodes": [name]})
            steps.append(lambda n, i=name: n.without(nodes=[i]))
        else:
            row = net.edges.iloc[what % len(net.edges)]
            pair = (row["source"], row["target"])
            measures.append({"kind": "remove", "edges": [pair]})
            steps.append(lambda n, p=pair: n.without(edges=[p]))
    built = [p for p in net.projects["id"] if rng.random() < 0.6]
    steps.append(lambda n: n.with_projects(built))
    scenario = cn.Scenario("s", measures)
    try:
        overlay = overlay_of(net, scenario).with_built(net.projects["id"].isin(built).to_numpy(dtype=float))
        found = {d: ValueModel(Counting(net), overlay, d, stocks=True).value for d in ("none", "existing", "new")}
        rng.shuffle(steps)
        other = net
        for step in steps:
            other = step(other)
    except cn.DataError:  # neither a limit nor a baseline, or nothing limits the flow
        assume(False)
        raise
    for degree, expected in found.items():
        assert ValueModel(Counting(other), None, degree, stocks=True).value == pytest.approx(
            expected, rel=1e-6, abs=1e-6
        )
        late = net.with_projects(built)
        again = ValueModel(Counting(late), overlay_of(late, scenario), degree, stocks=True).value
        assert again == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.long
@settings(max_examples=7)
@given(SEEDS)
def test_nothing_disrupted_is_the_base(seed: int) -> None:
    net = recipe_network(seed, wild=False, projects=True)
    try:
        base = cn.balance(net)
    except cn.DataError:
        assume(False)
        raise
    nothing = cn.Scenario(
        "nothing",
        [{"kind": "remove", "where": {"country": "NZL"}}, {"kind": "scale", "where": {"stage": "mine"}, "share": 1}],
    )
    pd.testing.assert_frame_equal(cn.balance(net, nothing).demand, base.demand)
    assert cn.balance(net, nothing).cost_usd == base.cost_usd


@pytest.mark.long
@settings(max_examples=7)
@given(SEEDS, st.sampled_from(COUNTRIES))
def test_projects_never_lower_and_disruption_never_raises_the_value(seed: int, country: str) -> None:
    net = recipe_network(seed, wild=False, projects=True)
    whole = list(net.projects["id"])
    base, less = value(net), value(net.without(where={"country": country}))
    some = value(net.with_projects(whole[:1]))
    full = value(net.with_projects(whole))
    slack = 1e-6 * max(full, 1.0)
    assert base <= some + slack
    assert some <= full + slack
    assert value(net.without(where={"country": country}).with_projects(whole)) <= full + slack
    assert less <= base + slack


@settings(max_examples=7)
@given(SEEDS, st.sampled_from([0.0, 0.2, 0.7]))
def test_the_first_tier_never_gains_from_less_capacity(seed: int, share: float) -> None:
    net = recipe_network(seed, wild=False)
    nodes = net.nodes
    smaller = cn.Network(
        nodes=nodes.assign(capacity_tpa=nodes["capacity_tpa"] * share),
        edges=net.edges,
        demand=net.demand,
        processes=net.processes,
        main_commodity=net.main_commodity or None,
    )
    try:
        whole, less = (cn.balance(n).by_tier()["served_tpa"] for n in (net, smaller))
    except cn.DataError:
        assume(False)
        raise
    if len(whole) and isinstance(whole.index[0], str):
        assert less.iloc[0] <= whole.iloc[0] + 1e-6 * max(whole.iloc[0], 1.0)


@settings(max_examples=7)
@given(SEEDS, st.sampled_from(COUNTRIES))
def test_others_after_is_the_smaller_shortfall(seed: int, country: str) -> None:
    net = recipe_network(seed, wild=False)
    none = overlay_of(net, None)
    try:
        after, before = (
            balance_under(Counting.of(net, None, country, order=o), none).demand.query("is_counted and is_beneficiary")
            for o in ("allies_first", "allies_last")
        )
    except cn.DataError:
        assume(False)
        raise
    assert after["shortfall_tpa"].sum() <= before["shortfall_tpa"].sum() + 1e-6 * max(after["demand_tpa"].sum(), 1.0)


@settings(max_examples=7)
@given(SEEDS)
def test_more_rerouting_never_serves_less(seed: int) -> None:
    net = recipe_network(seed, wild=False, baseline=True)
    try:
        frozen, existing, new = (ValueModel(Counting(net), None, d).value for d in ("none", "existing", "new"))
    except cn.DataError:
        assume(False)
        raise
    assert frozen <= existing + 1e-6 * max(existing, 1.0)
    assert existing <= new + 1e-6 * max(new, 1.0)


@settings(max_examples=7)
@given(SEEDS)
def test_shapley_shares_are_efficient_and_symmetric(seed: int) -> None:
    net = recipe_network(seed, wild=False)
    base = value(net)
    share = cn.shapley(net, by="country")["shapley_tpa"]
    out = net
    for label in share.index:
        out = out.without(where={"country": label})
    assert share.sum() == pytest.approx(base - value(out), rel=1e-6, abs=1e-6)
    assert (share >= -1e-6 * max(base, 1.0)).all()


@given(st.integers(1, 5), st.integers(1, 20))
def test_equal_players_get_equal_shares(n: int, capacity: int) -> None:
    edges = pd.DataFrame({"source": [f"m{i}" for i in range(n)], "target": "u", "capacity_tpa": float(capacity)})
    share = cn.shapley(cn.Network.from_edges(edges), by="node")["shapley_tpa"]
    assert np.allclose(share, capacity)
