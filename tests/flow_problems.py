"""Random flow problems for the engine, checks of an answer, and other programs' answers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csc_array

from chainnet.engine import CutMembers, FlowProblem, FlowSolution, LinearProgram

MIXED = (0.37, 3e9, 2.5e9, 1.0, 0.0, 12.25, 1e-3, 7.0)


def problem(
    n_nodes: int,
    arcs: Iterable[tuple[int, int, float]],
    *,
    supply: dict[int, float],
    demand: dict[int, float],
    node_capacity: dict[int, float] | None = None,
) -> FlowProblem:
    rows = list(arcs)

    def per_node(values: dict[int, float], default: float) -> np.ndarray:
        out = np.full(n_nodes, default)
        for node, value in values.items():
            out[node] = value
        return out

    return FlowProblem(
        n_nodes,
        np.array([a[0] for a in rows], dtype=np.int64),
        np.array([a[1] for a in rows], dtype=np.int64),
        np.array([a[2] for a in rows], dtype=np.float64),
        per_node(node_capacity or {}, np.inf),
        per_node(supply, 0.0),
        per_node(demand, 0.0),
    )


def random_problem(seed: int, most_nodes: int = 13, most_arcs: int = 45) -> FlowProblem:
    """Parallel and two-way arcs, loops, cycles, idle parts and parts without a limit; five kinds of capacities by turns."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, most_nodes + 1))
    m = int(rng.integers(1, most_arcs + 1))

    def capacities(k: int) -> np.ndarray:
        match seed % 5:
            case 0:
                values = rng.integers(0, 9, k).astype(float)
            case 1:
                values = rng.choice(MIXED, k)
            case 2:
                values = rng.random(k) * 10.0 ** rng.integers(-3, 6, k)
            case 3:
                values = rng.integers(1, 3, k).astype(float)
            case _:
                values = rng.integers(0, 2**44, k).astype(float)
        values[rng.random(k) < 0.15] = np.inf
        return values

    node_capacity = capacities(n)
    node_capacity[rng.random(n) < 0.5] = np.inf
    return FlowProblem(
        n,
        rng.integers(0, n, m),
        rng.integers(0, n, m),
        capacities(m),
        node_capacity,
        np.where(rng.random(n) < 0.3, capacities(n), 0.0),
        np.where(rng.random(n) < 0.3, capacities(n), 0.0),
    )


@st.composite
def problems(draw: st.DrawFn, most_nodes: int = 8) -> FlowProblem:
    n = draw(st.integers(1, most_nodes))
    node = st.integers(0, n - 1)
    finite = st.integers(0, 12).map(float) | st.sampled_from(MIXED) | st.floats(0, 1e9)
    capacity = finite | st.just(float("inf"))
    return problem(
        n,
        draw(st.lists(st.tuples(node, node, capacity), max_size=4 * n)),
        # one side finite, so that nothing is unbounded
        supply=draw(st.dictionaries(node, finite, max_size=3)),
        demand=draw(st.dictionaries(node, capacity, max_size=3)),
        node_capacity=draw(st.dictionaries(node, capacity)),
    )


def without(p: FlowProblem, nodes: Iterable[int] = (), arcs: Iterable[int] = ()) -> FlowProblem:
    node_capacity, capacity = p.node_capacity.copy(), p.capacity.copy()
    node_capacity[list(nodes)] = 0.0
    capacity[list(arcs)] = 0.0
    return FlowProblem(p.n_nodes, p.tail, p.head, capacity, node_capacity, p.supply, p.demand)


def split_edges(p: FlowProblem) -> list[tuple[int, int, float]]:
    """All edges of the split network: node v is 2v and 2v + 1, the source 2n, the sink 2n + 1."""
    n = p.n_nodes
    edges = [(2 * v, 2 * v + 1, float(p.node_capacity[v])) for v in range(n)]
    edges += [(2 * n, 2 * v, float(p.supply[v])) for v in range(n)]
    edges += [(2 * v + 1, 2 * n + 1, float(p.demand[v])) for v in range(n)]
    edges += [(2 * t + 1, 2 * h, float(c)) for t, h, c in zip(p.tail, p.head, p.capacity, strict=True)]
    return [edge for edge in edges if edge[2] > 0]


def cut_capacity(p: FlowProblem, cut: CutMembers) -> float:
    parts = (p.capacity[cut.arcs], p.node_capacity[cut.nodes], p.supply[cut.supplies], p.demand[cut.demands])
    return float(sum(part.sum() for part in parts))


def check_flow(p: FlowProblem, f: FlowSolution) -> None:
    """Bounds, conservation, and both cuts as large as the flow and apart from it."""
    largest = max(float(f.throughput.max(initial=0.0)), 1e-300)
    enter, leave = f.supply_flow.copy(), f.demand_flow.copy()
    np.add.at(enter, p.head, f.arc_flow)
    np.add.at(leave, p.tail, f.arc_flow)
    assert np.abs(enter - leave).max(initial=0.0) <= 1e-9 * largest
    assert np.abs(enter - f.throughput).max(initial=0.0) <= 1e-9 * largest
    for flow, bound in (
        (f.arc_flow, p.capacity),
        (f.throughput, p.node_capacity),
        (f.supply_flow, p.supply),
        (f.demand_flow, p.demand),
    ):
        assert (flow >= 0).all()
        assert (flow <= bound).all()
    tolerance = 1e-9 * max(f.value, 1e-300) + f.max_error
    assert abs(f.supply_flow.sum() - f.value) <= tolerance
    assert abs(f.demand_flow.sum() - f.value) <= tolerance
    for cut in (f.source_cut, f.sink_cut):
        assert abs(cut_capacity(p, cut) - f.value) <= tolerance
        assert not separated_reach(p, cut)


def separated_reach(p: FlowProblem, cut: CutMembers) -> bool:
    """Tell whether a supply still reaches a demand when the cut is taken out."""
    supply, demand = p.supply.copy(), p.demand.copy()
    supply[cut.supplies] = 0.0
    demand[cut.demands] = 0.0
    left = without(p, cut.nodes, cut.arcs)
    reached = {int(v) for v in np.flatnonzero(supply) if left.node_capacity[v] > 0}
    stack = list(reached)
    while stack:
        v = stack.pop()
        if demand[v] > 0:
            return True
        for a in np.flatnonzero((left.tail == v) & (left.capacity > 0)):
            w = int(left.head[a])
            if w not in reached and left.node_capacity[w] > 0:
                reached.add(w)
                stack.append(w)
    return False


def chain_program(rng: np.random.Generator, n: int = 12) -> LinearProgram:
    """Balances along random chains: what goes in is at least what goes out."""
    matrix = np.zeros((n, 3 * n))
    for column in range(3 * n):
        tail, head = sorted(rng.choice(n + 1, 2, replace=False))
        if tail > 0:
            matrix[tail - 1, column] = -1.0
        if head < n:
            matrix[head, column] += rng.uniform(0.5, 1.0)
    upper = np.where(rng.random(3 * n) < 0.5, 0.0, rng.uniform(0, 10, 3 * n))
    sink = rng.random(3 * n) < 0.3
    ones = np.ones
    return LinearProgram(
        csc_array(matrix),
        np.zeros(n),
        np.full(n, np.inf),
        np.zeros(3 * n),
        upper,
        -sink.astype(float),
        ones(n),
        ones(3 * n),
    )
