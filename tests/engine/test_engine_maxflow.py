"""The flow engine: values, flows and cuts, against other programs and against the mathematics."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from typing import Any

import igraph
import networkx as nx
import numpy as np
import pytest
from flow_problems import check_flow, cut_capacity, problem, problems, random_problem, split_edges
from hypothesis import given, settings

from chainnet.engine import FlowProblem, FlowSolution, UnboundedFlow, maxflow_jit, solve
from chainnet.engine.maxflow_scale import to_integers
from chainnet.errors import DataError

INF = float("inf")
# methods example A: Start > B 10, Start > C 70, C > B 30, B > End 100, C > D 40, D > End 50
ROUTES = [(0, 1, 10), (0, 2, 70), (2, 1, 30), (1, 4, 100), (2, 3, 40), (3, 4, 50)]


def test_textbook_network() -> None:
    p = problem(5, ROUTES, supply={0: INF}, demand={4: INF})
    f = solve(p)
    assert f.value == 80.0
    assert f.max_error == 0.0
    assert f.arc_flow.tolist() == [10, 70, 30, 40, 40, 40]
    assert f.throughput.tolist() == [80, 40, 70, 40, 80]
    assert f.source_cut.arcs.tolist() == [0, 1]
    assert f.sink_cut.arcs.tolist() == [0, 2, 4]
    assert not f.is_unique
    check_flow(p, f)


def test_a_unique_cut_is_said_to_be_unique() -> None:
    f = solve(problem(3, [(0, 1, 5), (1, 2, 4)], supply={0: INF}, demand={2: INF}))
    assert f.is_unique
    assert f.source_cut.arcs.tolist() == f.sink_cut.arcs.tolist() == [1]


def test_every_kind_of_cut_member() -> None:
    arcs = [(0, 1, INF), (2, 3, INF), (4, 5, INF), (6, 7, 1.5)]
    p = problem(8, arcs, supply={0: 2.0, 2: INF, 4: INF, 6: INF}, demand={1: INF, 3: 3.0, 5: INF, 7: INF},
                node_capacity={4: 4.0})  # fmt: skip
    f = solve(p)
    assert f.value == 10.5
    cut = f.source_cut
    assert [part.tolist() for part in (cut.arcs, cut.nodes, cut.supplies, cut.demands)] == [[3], [4], [0], [3]]
    assert f.is_unique


def test_no_way_is_an_answer() -> None:
    f = solve(problem(3, [(1, 0, 5)], supply={0: INF}, demand={2: INF}))
    assert f.value == 0.0
    assert f.is_unique
    assert not len(f.source_cut.arcs)
    assert solve(problem(0, [], supply={}, demand={})).value == 0.0
    assert solve(problem(1, [], supply={0: 3.0}, demand={0: 2.5})).value == 2.5


def test_a_closed_node_is_a_removed_node() -> None:
    p = problem(4, [(0, 1, 3), (1, 3, 3), (0, 2, 2), (2, 3, 2)], supply={0: INF}, demand={3: INF}, node_capacity={1: 0})
    assert solve(p).value == 2.0


def test_unbounded_flow_names_the_way() -> None:
    arcs = [(0, 1, 5), (0, 2, INF), (2, 3, INF), (3, 4, INF), (1, 4, INF)]
    with pytest.raises(UnboundedFlow, match="nothing limits the flow along nodes 0 > 2 > 3 > 4") as caught:
        solve(problem(5, arcs, supply={0: INF}, demand={4: INF}))
    assert caught.value.path == (0, 2, 3, 4)
    assert solve(problem(5, arcs, supply={0: INF}, demand={4: INF}, node_capacity={3: 1e300})).value == 1e300


@pytest.mark.parametrize("wrong", [-1.0, float("nan")])
def test_what_is_no_capacity_is_refused(wrong: float) -> None:
    with pytest.raises(DataError, match=r"capacity\[0\]"):
        solve(problem(2, [(0, 1, wrong)], supply={0: 1}, demand={1: 1}))


@pytest.mark.parametrize("large", [2**31 - 1, 2**31, 2**32 + 5, 3_000_000_000, 2**52 + 1, 2**53 - 1])
def test_large_integers_are_exact(large: int) -> None:
    f = solve(problem(3, [(0, 1, large), (1, 2, INF)], supply={0: INF}, demand={2: INF}))
    assert f.value == large
    assert f.max_error == 0.0


def test_small_beside_large() -> None:
    f = solve(problem(3, [(0, 2, 2.5e9), (0, 1, 0.37), (1, 2, 3e9)], supply={0: INF}, demand={2: INF}))
    assert f.value == 2500000000.37
    assert f.arc_flow.tolist() == [2.5e9, 0.37, 0.37]
    assert f.max_error == 0.0


def test_a_huge_capacity_costs_no_digits() -> None:
    arcs = [(0, 1, 1e300), (1, 2, 0.1), (1, 2, 1 / 3), (2, 3, 1e200)]
    f = solve(problem(4, arcs, supply={0: 1e250}, demand={3: INF}))
    assert f.value == pytest.approx(0.1 + 1 / 3, rel=1e-15)
    assert f.source_cut.arcs.tolist() == [1, 2]


def test_rounding_is_bounded_and_said() -> None:
    rng = np.random.default_rng(7)
    values = rng.random(5000) * 10.0 ** rng.uniform(-9, 9, 5000)
    integers, scale = to_integers(values, float(values.sum()))
    error = abs(sum(map(Fraction, values.tolist())) - Fraction(int(integers.sum())) / Fraction(2) ** scale.power)
    assert 0 < float(error) <= scale.max_error
    assert scale.max_error < 1e-12 * values.sum()


@pytest.mark.parametrize("tiny", [1e-300, 1e-320])
def test_tiny_numbers(tiny: float) -> None:
    f = solve(problem(3, [(0, 1, tiny), (1, 2, 3 * tiny)], supply={0: INF}, demand={2: INF}))
    assert f.value == tiny


@pytest.mark.parametrize("seed", range(300))
def test_parity_with_networkx_and_igraph(seed: int) -> None:
    p = random_problem(seed)
    edges = split_edges(p)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(2 * p.n_nodes + 2))
    for tail, head, capacity in edges:
        known = graph.get_edge_data(tail, head, {"capacity": 0})["capacity"]
        graph.add_edge(tail, head, capacity=known + capacity)
    source, sink = 2 * p.n_nodes, 2 * p.n_nodes + 1
    try:
        value = nx.maximum_flow_value(graph, source, sink, flow_func=nx.algorithms.flow.edmonds_karp)
    except nx.NetworkXUnbounded:
        with pytest.raises(UnboundedFlow, match="nothing limits the flow along nodes") as caught:
            solve(p)
        assert p.supply[caught.value.path[0]] == p.demand[caught.value.path[-1]] == INF
        return
    f = solve(p)
    assert f.value == pytest.approx(value, rel=1e-9, abs=f.max_error)
    check_flow(p, f)
    enough = 1 + sum(c for _, _, c in edges if c < INF)
    other = igraph.Graph(n=2 * p.n_nodes + 2, edges=[e[:2] for e in edges], directed=True)
    flow = other.maxflow(source, sink, capacity=[min(c, enough) for _, _, c in edges])
    assert f.value == pytest.approx(flow.value, rel=1e-9, abs=f.max_error + 1e-12 * enough)


@given(problems())
@settings(max_examples=150, deadline=None)
def test_answers_prove_themselves(p: FlowProblem) -> None:
    f = solve(p)
    check_flow(p, f)
    same = all(
        getattr(f.source_cut, part).tolist() == getattr(f.sink_cut, part).tolist()
        for part in ("arcs", "nodes", "supplies", "demands")
    )
    assert f.is_unique == same
    assert cut_capacity(p, f.sink_cut) == pytest.approx(f.value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(0, 100, 5))
def test_a_unique_cut_is_the_only_one(seed: int) -> None:
    p = random_problem(seed, most_nodes=5, most_arcs=8)
    p.supply[0], p.demand[1] = 5.0, 6.0
    f = solve(p)
    closed = set()
    for node in range(p.n_nodes):
        for part in ("node_capacity", "supply", "demand"):
            values = getattr(p, part)
            if 0 < values[node] < INF and _is_in_a_cut(p, f, part, node):
                closed.add((part, node))
    arcs = {("capacity", a) for a in range(len(p.tail)) if _is_in_a_cut(p, f, "capacity", a)}
    cut = f.source_cut
    members = {("node_capacity", v) for v in cut.nodes} | {("capacity", a) for a in cut.arcs}
    members |= {("supply", v) for v in cut.supplies} | {("demand", v) for v in cut.demands}
    assert f.is_unique == (members == closed | arcs)


def _is_in_a_cut(p: FlowProblem, f: FlowSolution, part: str, place: int) -> bool:
    """Tell whether taking this out lowers the flow by all of its capacity, as only a member of a minimum cut does."""
    values = {name: getattr(p, name).copy() for name in ("capacity", "node_capacity", "supply", "demand")}
    capacity = values[part][place]
    if not 0 < capacity < INF:
        return False
    values[part][place] = 0.0
    less = solve(FlowProblem(p.n_nodes, p.tail, p.head, **values))
    return less.value == f.value - capacity


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_compiled_kernels_give_the_same_bits(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    p = random_problem(5 * seed, most_nodes=60, most_arcs=300)
    p.supply[p.supply == INF] = 50.0
    plain = solve(p)
    monkeypatch.setattr(maxflow_jit, "CACHED_FROM", 0)
    monkeypatch.setattr(maxflow_jit, "COMPILED_FROM", 0)
    fast = solve(p)
    assert fast.value == plain.value
    for part in ("arc_flow", "supply_flow", "demand_flow", "throughput"):
        assert getattr(fast, part).tobytes() == getattr(plain, part).tobytes()
    for side in ("source_cut", "sink_cut"):
        for part in ("arcs", "nodes", "supplies", "demands"):
            assert np.array_equal(getattr(getattr(fast, side), part), getattr(getattr(plain, side), part))


def test_small_networks_do_not_start_numba() -> None:
    code = (
        "import sys, numpy as np\n"
        "from chainnet.engine.maxflow import FlowProblem, solve\n"
        "from chainnet.engine.removal import node_losses\n"
        "one = np.array([1.0, 0.0])\n"
        "p = FlowProblem(2, np.array([0]), np.array([1]), np.array([2.0]), one + 9, one, one[::-1])\n"
        "assert node_losses(p, solve(p)).tolist() == [1, 1]\n"
        "assert 'numba' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_no_place_for_compiled_code_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    njit = numba.njit

    def nowhere(*args: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*args, **options)

    monkeypatch.setattr(numba, "njit", nowhere)
    monkeypatch.setattr(maxflow_jit, "_place", lambda: None)
    maxflow_jit._compiled.cache_clear()
    try:
        # compiling takes seconds in every process then, and middling networks are better off without
        assert not maxflow_jit.kernels(maxflow_jit.CACHED_FROM).compiled
        assert maxflow_jit.kernels(maxflow_jit.COMPILED_FROM).compiled
    finally:
        maxflow_jit._compiled.cache_clear()
