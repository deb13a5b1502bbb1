"""Losses by removal, against solving the network again without what was removed."""

from __future__ import annotations

import numpy as np
import pytest
from flow_problems import problem, problems, random_problem, without
from hypothesis import given, settings
from hypothesis import strategies as st

from chainnet.engine import (
    FlowProblem,
    FlowSolution,
    UnboundedFlow,
    arc_losses,
    group_losses,
    maxflow,
    maxflow_jit,
    node_losses,
    removal,
    solve,
)
from chainnet.engine.maxflow_network import residual, to_rows, workspace

INF = float("inf")
ROUTES = [(0, 1, 10), (0, 2, 70), (2, 1, 30), (1, 4, 100), (2, 3, 40), (3, 4, 50)]
# two back-ups before a narrow place, and two ways of their own: single losses hide what the two are worth together
BACKED_UP = [
    (0, 1, 10),
    (0, 2, 10),
    (1, 3, INF),
    (2, 3, INF),
    (3, 6, INF),
    (0, 4, 4),
    (4, 6, INF),
    (0, 5, INF),
    (5, 6, 3),
]


def bounded(seed: int, **size: int) -> tuple[FlowProblem, FlowSolution] | None:
    p = random_problem(seed, **size)
    try:
        return p, solve(p)
    except UnboundedFlow:
        return None


def check_against_solving_again(p: FlowProblem, f: FlowSolution) -> None:
    def again(nodes: list[int], arcs: list[int]) -> float:
        return f.value - solve(without(p, nodes, arcs)).value

    tolerance = 1e-9 * max(f.value, 1e-300) + 2 * f.max_error
    by_node, by_arc = node_losses(p, f), arc_losses(p, f)
    for v in range(p.n_nodes):
        assert by_node[v] == pytest.approx(again([v], []), rel=0, abs=tolerance)
    for a in range(len(p.tail)):
        assert by_arc[a] == pytest.approx(again([], [a]), rel=0, abs=tolerance)
    assert (by_node >= 0).all()
    assert (by_node <= f.throughput).all()
    assert (by_arc <= f.arc_flow).all()


def test_textbook_losses() -> None:
    p = problem(5, ROUTES, supply={0: INF}, demand={4: INF})
    f = solve(p)
    assert node_losses(p, f).tolist() == [80, 40, 70, 40, 80]
    assert arc_losses(p, f).tolist() == [10, 70, 30, 40, 40, 40]


def test_back_ups_are_worth_something_together() -> None:
    p = problem(7, BACKED_UP, supply={0: INF}, demand={6: INF}, node_capacity={3: 10})
    f = solve(p)
    assert f.value == 17
    assert node_losses(p, f, np.array([1, 2, 4, 5])).tolist() == [0, 0, 4, 3]
    groups = [
        np.array([1, 2]),
        np.array([1, 2, 4]),
        np.array([1, 2, 4, 5]),
        np.array([], dtype=np.int64),
        np.array([2]),
    ]
    assert group_losses(p, f, groups).tolist() == [10, 14, 17, 0, 0]


def test_removing_what_is_idle_costs_nothing_and_no_flow_loses_nothing() -> None:
    p = problem(4, [(0, 1, 1), (2, 3, 1)], supply={0: INF}, demand={3: INF})
    f = solve(p)
    assert node_losses(p, f).tolist() == [0] * 4
    assert arc_losses(p, f).tolist() == [0] * 2
    assert node_losses(p, f, top=2).tolist() == [0] * 4
    assert group_losses(p, f, [np.arange(4)]).tolist() == [0]


def test_subsets_come_in_the_order_asked() -> None:
    p = problem(5, ROUTES, supply={0: INF}, demand={4: INF})
    f = solve(p)
    assert node_losses(p, f, np.array([3, 0, 2])).tolist() == [40, 80, 70]
    assert arc_losses(p, f, np.array([5, 0])).tolist() == [40, 10]
    assert node_losses(p, f, np.array([], dtype=np.int64)).tolist() == []


@pytest.mark.parametrize("seed", range(200))
def test_losses_of_random_networks(seed: int) -> None:
    if (case := bounded(seed)) is not None:
        check_against_solving_again(*case)


@pytest.mark.parametrize("effort", [0, 3, 15, 60])
@pytest.mark.parametrize("seed", range(30))
def test_searches_cut_short_give_the_same(seed: int, effort: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "_budget", lambda n_halves: effort)
    if (case := bounded(seed)) is not None:
        check_against_solving_again(*case)


@given(problems())
@settings(max_examples=100, deadline=None)
def test_losses_prove_themselves(p: FlowProblem) -> None:
    check_against_solving_again(p, solve(p))


@given(problems(), st.data())
@settings(max_examples=100, deadline=None)
def test_groups(p: FlowProblem, data: st.DataObject) -> None:
    f = solve(p)
    members = st.lists(st.integers(0, p.n_nodes - 1), max_size=p.n_nodes)
    groups = [np.array(group, dtype=np.int64) for group in data.draw(st.lists(members, max_size=4))]
    tolerance = 1e-9 * max(f.value, 1e-300) + 2 * f.max_error
    singles = node_losses(p, f)
    for group, loss in zip(groups, group_losses(p, f, groups), strict=True):
        assert loss == pytest.approx(f.value - solve(without(p, group.tolist())).value, rel=0, abs=tolerance)
        assert loss >= singles[group].max(initial=0.0) - tolerance
        if len(group) == 1:
            assert loss == singles[group[0]]


def test_groups_that_flow_passes_many_times_do_not_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem(6, [(v, v + 1, 8.0) for v in range(5)], supply={0: INF}, demand={5: INF})
    f = solve(p)
    plain = group_losses(p, f, [np.array([1, 3]), np.array([0, 2, 4])])
    monkeypatch.setattr(removal, "PLENTY", 20)
    assert group_losses(p, f, [np.array([1, 3]), np.array([0, 2, 4])]).tolist() == plain.tolist() == [8, 8]


@pytest.mark.parametrize("top", [1, 2, 5, 100])
@pytest.mark.parametrize("seed", range(60))
def test_top_is_the_head_of_the_whole(seed: int, top: int) -> None:
    if (case := bounded(seed)) is None:
        return
    p, f = case
    for losses in (node_losses, arc_losses):
        whole, best = losses(p, f), losses(p, f, top=top)
        known = best[~np.isnan(best)]
        assert len(known) >= min(top, len(whole))
        assert np.sort(known)[::-1][:top].tolist() == np.sort(whole)[::-1][:top].tolist()
        assert (best == whole)[~np.isnan(best)].all()


@pytest.mark.parametrize("seed", range(25))
def test_every_removal_is_put_back_bit_for_bit(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if (case := bounded(seed)) is None or not case[1].value:
        return
    p, f = case
    made = []
    original = removal._Parts.of.__func__

    def remember(cls: type[removal._Parts], flow: maxflow.BaseFlow) -> removal._Parts:
        parts = original(cls, flow)
        made.append((parts, list(parts.g.res)))
        return parts

    monkeypatch.setattr(removal._Parts, "of", classmethod(remember))
    node_losses(p, f)
    arc_losses(p, f)
    for parts, before in made:
        assert list(parts.g.res) == before
        assert not any(parts.w.excess)
        assert not any(parts.w.room)


def test_the_order_of_rows_changes_nothing() -> None:
    for seed in range(0, 60, 5):
        if (case := bounded(seed)) is None:
            continue
        p, f = case
        rng = np.random.default_rng(seed)
        place, row = rng.permutation(p.n_nodes), rng.permutation(len(p.tail))
        back = np.argsort(place)
        q = FlowProblem(p.n_nodes, place[p.tail][row], place[p.head][row], p.capacity[row], p.node_capacity[back],
                        p.supply[back], p.demand[back])  # fmt: skip
        g = solve(q)
        assert g.value == f.value
        assert node_losses(q, g)[place].tolist() == node_losses(p, f).tolist()
        assert arc_losses(q, g).tolist() == arc_losses(p, f)[row].tolist()


@pytest.mark.slow
@pytest.mark.parametrize("effort", [10, 10**9])
@pytest.mark.parametrize("seed", range(20))
def test_compiled_kernels_give_the_same_bits(seed: int, effort: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if (case := bounded(seed, most_nodes=60, most_arcs=300)) is None:
        return
    p, f = case
    monkeypatch.setattr(removal, "_budget", lambda n_halves: effort)
    groups = [np.arange(0, p.n_nodes, 3), np.arange(1, p.n_nodes, 2)]

    def all_losses() -> list[bytes]:
        return [
            losses.tobytes()
            for losses in (
                node_losses(p, f),
                arc_losses(p, f),
                node_losses(p, f, top=5),
                arc_losses(p, f, top=5),
                group_losses(p, f, groups),
            )
        ]

    plain = all_losses()
    monkeypatch.setattr(maxflow_jit, "CACHED_FROM", 0)
    monkeypatch.setattr(maxflow_jit, "COMPILED_FROM", 0)
    assert all_losses() == plain


def test_the_search_from_the_targets_stops_in_the_middle_of_a_long_row_and_goes_on_there() -> None:
    n = 300  # a hub with room, into which all others lead
    tail, head = np.arange(1, n), np.zeros(n - 1, dtype=np.int64)
    rows = to_rows(n, tail, head)
    make = maxflow_jit.kernels(len(rows.head))
    g, w = residual(make, rows, np.where(rows.is_forward, 7, 0)), workspace(make, n, len(rows.head))
    w.targets[0], w.room[0], w.seen[299] = 0, 5, 42
    found = [make.seek_back(g, w, -1, 1, 42, 100) for _ in range(3)]
    assert found == [-1, -1, 299]
    assert [w.back_queue[k] for k in range(n)] == list(range(n))
    assert make.seek_back(g, w, -1, 1, 42, 100) == -1  # nothing is looked at twice
