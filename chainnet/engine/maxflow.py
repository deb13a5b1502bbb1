"""Maximum flow and minimum cuts on real capacities, exact.

A `FlowProblem` is arrays; `solve` answers it. Blocking flows (Dinitz 1970) run on integers, see
`chainnet.engine.maxflow_scale`; nodes with a capacity are split in two, see `chainnet.engine.maxflow_network`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order

from chainnet.engine.maxflow_jit import kernels
from chainnet.engine.maxflow_kernel import EPOCH
from chainnet.engine.maxflow_network import Rows, Split, residual, split_nodes, to_rows, workspace
from chainnet.engine.maxflow_scale import Scale, to_integers
from chainnet.errors import ChainnetError, DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# more than can ever leave the source
PLENTY = 2**62
# a capacity below this many units has lost digits that matter
_COARSE = 2**30


class UnboundedFlow(ChainnetError):  # noqa: N818 - names the mathematics
    """There is a way from a supply to a demand on which nothing limits the flow.

    Attributes
    ----------
    path : tuple of int
        The nodes of such a way, first to last.
    """

    def __init__(self, path: tuple[int, ...]) -> None:
        super().__init__(f"nothing limits the flow along nodes {' > '.join(map(str, path))}")
        self.path = path


@dataclass(frozen=True, eq=False)
class FlowProblem:
    """A network with several sources and sinks.

    Attributes
    ----------
    n_nodes : int
        Number of nodes.
    tail, head : int arrays, one entry per arc
        Where each arc comes from and leads to; parallel arcs and two-way arcs are separate arcs.
    capacity : float array, one entry per arc
        Largest flow, 0 or more, ``inf`` for no limit.
    node_capacity : float array, one entry per node
        Largest flow through the node.
    supply, demand : float arrays, one entry per node
        Most that can enter the network, or leave it, at the node; 0 where none can.
    """

    n_nodes: int
    tail: IntArray
    head: IntArray
    capacity: FloatArray
    node_capacity: FloatArray
    supply: FloatArray
    demand: FloatArray


@dataclass(frozen=True, eq=False)
class CutMembers:
    """What a minimum cut consists of, as rising indices of arcs and of nodes."""

    arcs: IntArray
    nodes: IntArray
    supplies: IntArray
    demands: IntArray


@dataclass(frozen=True, eq=False)
class BaseFlow:
    """The integer flow behind a solution, from which removals start."""

    split: Split
    rows: Rows
    scale: Scale
    res: IntArray
    edge_flow: IntArray
    throughput: IntArray
    value: int


@dataclass(frozen=True, eq=False)
class FlowSolution:
    """A maximum flow and its two extreme minimum cuts.

    Attributes
    ----------
    value : float
        The largest flow from all supplies to all demands.
    arc_flow, supply_flow, demand_flow, throughput : float arrays
        Flow on each arc, into and out of the network at each node, through each node.
    source_cut, sink_cut : CutMembers
        The minimum cut nearest to the supplies, and the one nearest to the demands.
    is_unique : bool
        Whether the two are one, so that there is no other minimum cut.
    max_error : float
        Most by which ``value`` may be wrong; 0 when all capacities could be scaled to integers exactly.
    """

    value: float
    arc_flow: FloatArray
    supply_flow: FloatArray
    demand_flow: FloatArray
    throughput: FloatArray
    source_cut: CutMembers
    sink_cut: CutMembers
    is_unique: bool
    max_error: float
    base: BaseFlow = field(repr=False)


def solve(problem: FlowProblem) -> FlowSolution:
    """Find a maximum flow and both extreme minimum cuts.

    Parameters
    ----------
    problem : FlowProblem
        The network.

    Returns
    -------
    FlowSolution
        Exact for integers up to 2**53 and for decimals that fit into 64 bits together.

    Raises
    ------
    UnboundedFlow
        If nothing limits the flow.
    DataError
        If a capacity is negative or not a number.
    """
    _check(problem)
    _refuse_unbounded(problem)
    split = split_nodes(
        problem.tail, problem.head, problem.capacity, problem.node_capacity, problem.supply, problem.demand
    )
    capacity, scale = _integers(problem, split)
    rows = to_rows(split.n_places, split.tail, split.head)
    res, value, reached, reaching = run(split, rows, capacity, PLENTY)
    edge_flow = res[rows.mate[rows.forward()]]
    throughput = np.zeros(problem.n_nodes + 1, dtype=np.int64)
    node_of = _node_of_inner(split)
    np.add.at(throughput, node_of[split.head], edge_flow)
    base = BaseFlow(split, rows, scale, res, edge_flow, throughput[:-1], value)
    cuts = [_members(split, side) for side in (reached, ~reaching)]
    a, b, c = split.block
    arc_flow, supply_flow, demand_flow = (
        _spread(scale.to_float(edge_flow[part]), split.origin[part], length)
        for part, length in (
            (slice(a, b), len(problem.tail)),
            (slice(b, c), problem.n_nodes),
            (slice(c, None), problem.n_nodes),
        )
    )
    return FlowSolution(
        value=scale.one_to_float(value),
        arc_flow=arc_flow,
        supply_flow=supply_flow,
        demand_flow=demand_flow,
        throughput=scale.to_float(base.throughput),
        source_cut=cuts[0],
        sink_cut=cuts[1],
        is_unique=all(
            np.array_equal(getattr(cuts[0], part), getattr(cuts[1], part))
            for part in ("arcs", "nodes", "supplies", "demands")
        ),
        max_error=scale.max_error + scale.rounding(value),
        base=base,
    )


def _check(problem: FlowProblem) -> None:
    for name in ("capacity", "node_capacity", "supply", "demand"):
        values = getattr(problem, name)
        wrong = np.flatnonzero(~(values >= 0))
        if len(wrong):
            raise DataError(f"{name}[{wrong[0]}]: {values[wrong[0]]} is not a capacity; 0 or more is allowed, or inf")


def _refuse_unbounded(problem: FlowProblem) -> None:
    """Raise if a supply reaches a demand by what has no limit alone."""
    n = problem.n_nodes
    is_free = np.isinf(problem.node_capacity)
    first = np.flatnonzero(is_free & np.isinf(problem.supply))
    last = np.flatnonzero(is_free & np.isinf(problem.demand))
    if not len(first) or not len(last):
        return
    arcs = np.flatnonzero(np.isinf(problem.capacity))
    arcs = arcs[is_free[problem.tail[arcs]] & is_free[problem.head[arcs]]]
    tail = np.concatenate((problem.tail[arcs], np.full(len(first), n)))
    head = np.concatenate((problem.head[arcs], first))
    graph = sp.csr_array((np.ones(len(tail)), (tail, head)), shape=(n + 1, n + 1))
    _, parent = breadth_first_order(graph, n, directed=True)
    hit = last[parent[last] >= 0]
    if not len(hit):
        return
    path = [int(hit[0])]
    while parent[path[-1]] != n:
        path.append(int(parent[path[-1]]))
    raise UnboundedFlow(tuple(reversed(path)))


def _bound(problem: FlowProblem, split: Split) -> float:
    """Return a finite number no less than the maximum flow, as small as is quickly found."""
    n = problem.n_nodes
    leave = np.bincount(problem.tail, problem.capacity, n) + problem.demand
    enter = np.bincount(problem.head, problem.capacity, n) + problem.supply
    # nothing that is bound by 0 can carry flow, and inf x 0 is no number
    at_source = np.minimum(np.minimum(problem.supply, problem.node_capacity), leave).sum()
    at_sink = np.minimum(np.minimum(problem.demand, problem.node_capacity), enter).sum()
    finite = split.capacity[np.isfinite(split.capacity)].sum()
    return float(min(at_source, at_sink, finite)) * (1 + 1e-9)


def _integers(problem: FlowProblem, split: Split) -> tuple[IntArray, Scale]:
    """Scale the capacities, looking closer at a bound so huge that small ones would lose digits."""
    bound = _bound(problem, split)
    capacity, scale = to_integers(split.capacity, bound)
    if scale.max_error > 0 and capacity.min(initial=_COARSE) < _COARSE:
        closer = _widest_way(split) * len(split.tail)
        if closer < bound:
            return to_integers(split.capacity, closer)
    return capacity, scale


def _widest_way(split: Split) -> float:
    """Return the largest amount that fits along one way from source to sink."""
    widths = np.unique(split.capacity)
    low, high = -1, len(widths) - 1
    while low < high:
        middle = (low + high + 1) // 2
        kept = split.capacity >= widths[middle]
        ends = (split.tail[kept], split.head[kept])
        graph = sp.csr_array((np.ones(len(ends[0])), ends), shape=(split.n_places, split.n_places))
        order = breadth_first_order(graph, split.source, directed=True, return_predecessors=False)
        if np.any(order == split.sink):
            low = middle
        else:
            high = middle - 1
    return float(widths[low]) if low >= 0 else 0.0


def run(
    split: Split, rows: Rows, capacity: IntArray, supply: int
) -> tuple[IntArray, int, NDArray[np.bool_], NDArray[np.bool_]]:
    """Send up to ``supply`` from source to sink.

    Returns
    -------
    residuals by half-edge, how much went, places that the source reaches, places that reach the sink
        The last is of use only if not all of the supply went.
    """
    n_halves = len(rows.head)
    make = kernels(n_halves)
    start = np.where(rows.is_forward, capacity[rows.edge], 0)
    g = residual(make, rows, start)
    w = workspace(make, split.n_places, n_halves)
    w.excess[split.source] = supply
    w.starts[0] = split.source
    value = int(make.send_all(g, w, 1, 0, split.sink))
    make.label_back(g, w, split.sink, 0)
    reaching = np.asarray(w.seen)[: split.n_places] == w.clock[EPOCH]
    make.reach(g, w, split.source)
    reached = np.asarray(w.seen)[: split.n_places] == w.clock[EPOCH]
    return np.asarray(g.res, dtype=np.int64), value, reached, reaching


def _node_of_inner(split: Split) -> IntArray:
    """Return the node whose way in a place is; one past the last node for every other place."""
    node = np.full(split.n_places, len(split.inner), dtype=np.int64)
    node[split.inner] = np.arange(len(split.inner))
    return node


def _members(split: Split, side: NDArray[np.bool_]) -> CutMembers:
    """Return what leads from the places on the source's ``side`` to the others."""
    is_cut = side[split.tail] & ~side[split.head] & (split.capacity > 0)
    a, b, c = split.block
    nodes, arcs, supplies, demands = (
        split.origin[part][is_cut[part]] for part in (slice(0, a), slice(a, b), slice(b, c), slice(c, None))
    )
    return CutMembers(arcs=arcs, nodes=nodes, supplies=supplies, demands=demands)


def _spread(values: FloatArray, index: IntArray, length: int) -> FloatArray:
    out = np.zeros(length)
    out[index] = values
    return out
