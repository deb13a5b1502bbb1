"""What a network loses without a node, an arc or a group of nodes: exact, and from one base flow.

Take any maximum flow and delete node v, which carries q. Its predecessors are left with excess, its successors with
room. Excess can always go back to the source and room be given up by the sink, so the loss is q less the largest flow
from the excess (and the source) to the room (and the sink) in the residual network without v. Every way of that flow
that matters lies inside the strong component of the residual network that holds v: what leads from one component to
another is left out before anything starts. Inside the component of the sink only ways to room or the sink are looked
for; that of the source is turned round and treated alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainnet.engine.maxflow import PLENTY, BaseFlow, FlowProblem, FlowSolution, solve
from chainnet.engine.maxflow_jit import Kernels, kernels
from chainnet.engine.maxflow_kernel import Residual, Work
from chainnet.engine.maxflow_network import components, residual, to_rows, workspace
from chainnet.engine.threads import n_threads, thread_pool

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# effort (half-edges looked at) that the searches of one removal have at least, before all excess is sent at once
_LEAST_EFFORT = 2_000
# half-edges of which the rows stay near the processor while a search runs
_CACHED = 600_000
# half-edges from which threads repay the copies that each of them works on
_SHARED_FROM = 100_000
# heaps of removals for each thread
_HEAPS = 16


def node_losses(
    problem: FlowProblem, base: FlowSolution, nodes: IntArray | None = None, top: int | None = None
) -> FloatArray:
    """Return what the maximum flow loses without each single node.

    Parameters
    ----------
    problem : FlowProblem
        The network.
    base : FlowSolution
        Its solution.
    nodes : int array, optional
        The nodes asked for; all by default.
    top : int, optional
        Look for the so many largest losses only.

    Returns
    -------
    float array, one entry per node asked for
        NaN where ``top`` is given and the node was proved not to be needed among the largest.
    """
    flow = base.base
    asked = np.arange(problem.n_nodes) if nodes is None else np.asarray(nodes, dtype=np.int64)
    through = flow.throughput[asked]
    lost = np.full(len(asked), -1, dtype=np.int64)
    lost[through == 0] = 0
    if not through.any():
        return _to_float(base, lost)
    parts = _Parts.of(flow)
    inner, outer = flow.split.inner[asked], flow.split.outer[asked]
    is_apart = (parts.component[inner] != parts.component[outer]) & (through > 0)
    lost[is_apart] = through[is_apart]
    left = np.flatnonzero(lost < 0)
    left, best = _by_flow(left, through, lost, top)
    if len(left):
        lost[left] = parts.sweep(
            "sweep_nodes", (inner[left], outer[left]), parts.root[inner[left]], through[left], best
        )
    return _to_float(base, lost)


def arc_losses(
    problem: FlowProblem, base: FlowSolution, arcs: IntArray | None = None, top: int | None = None
) -> FloatArray:
    """Return what the maximum flow loses without each single arc.

    Parameters
    ----------
    problem : FlowProblem
        The network.
    base : FlowSolution
        Its solution.
    arcs : int array, optional
        The arcs asked for; all by default.
    top : int, optional
        Look for the so many largest losses only.

    Returns
    -------
    float array, one entry per arc asked for
        NaN where ``top`` is given and the arc was proved not to be needed among the largest.
    """
    flow = base.base
    a, b, _ = flow.split.block
    edge_of = np.full(len(problem.tail), -1, dtype=np.int64)
    edge_of[flow.split.origin[a:b]] = np.arange(a, b)
    edges = edge_of if arcs is None else edge_of[np.asarray(arcs, dtype=np.int64)]
    through = np.where(edges >= 0, flow.edge_flow[edges], 0) if len(flow.edge_flow) else np.zeros(len(edges), np.int64)
    lost = np.full(len(edges), -1, dtype=np.int64)
    lost[through == 0] = 0
    if not through.any():
        return _to_float(base, lost)
    parts = _Parts.of(flow)
    tail, head = parts.component[flow.split.tail[edges]], parts.component[flow.split.head[edges]]
    is_apart = (tail != head) & (through > 0)
    lost[is_apart] = through[is_apart]
    left = np.flatnonzero(lost < 0)
    left, best = _by_flow(left, through, lost, top)
    if len(left):
        half = parts.forward_halves(len(flow.edge_flow))[edges[left]]
        root = parts.root[flow.split.tail[edges[left]]]
        lost[left] = parts.sweep("sweep_edges", (half,), root, through[left], best)
    return _to_float(base, lost)


def group_losses(problem: FlowProblem, base: FlowSolution, groups: Sequence[IntArray]) -> FloatArray:
    """Return what the maximum flow loses without each group of nodes, all of a group gone at once.

    Parameters
    ----------
    problem : FlowProblem
        The network.
    base : FlowSolution
        Its solution.
    groups : sequence of int arrays
        The nodes of each group; groups may overlap and may be empty.

    Returns
    -------
    float array, one entry per group
    """
    flow = base.base
    split = flow.split
    lost = np.zeros(len(groups))
    busy = [np.unique(np.asarray(group, dtype=np.int64)) for group in groups]
    busy = [group[flow.throughput[group] > 0] if len(group) else group for group in busy]
    if not any(len(group) for group in busy):
        return lost
    n_halves = len(flow.rows.head)
    make = kernels(n_halves)
    g = residual(make, flow.rows, flow.res)
    w = workspace(make, split.n_places, n_halves)
    for k, group in enumerate(busy):
        if not len(group):
            continue
        if float(flow.throughput[group].sum(dtype=np.float64)) >= PLENTY / 2:
            # what passes several members counts several times and might not fit into 64 bits
            lost[k] = base.value - solve(_without(problem, group)).value
            continue
        # idle members stay: whatever they could carry, the rest of the group is gone all the same
        members = np.unique(np.asarray(groups[k], dtype=np.int64))
        places = np.unique(np.concatenate((split.inner[members], split.outer[members])))
        loss = make.lose_group(g, w, make.buffer(places, np.int32), split.source, split.sink, PLENTY)
        lost[k] = flow.scale.one_to_float(int(loss))
    return lost


def _without(problem: FlowProblem, group: IntArray) -> FlowProblem:
    capacity = problem.node_capacity.copy()
    capacity[group] = 0
    return FlowProblem(
        problem.n_nodes, problem.tail, problem.head, problem.capacity, capacity, problem.supply, problem.demand
    )


def _by_flow(left: IntArray, through: IntArray, lost: IntArray, top: int | None) -> tuple[IntArray, IntArray]:
    """Return what is left in the order to go by, and the largest losses known so far, rising."""
    if top is None or top <= 0:
        return left, np.zeros(0, dtype=np.int64)
    best = np.sort(np.concatenate((np.full(top, -1, dtype=np.int64), lost[lost >= 0])))[-top:]
    return left[np.argsort(-through[left], kind="stable")], best


def _to_float(base: FlowSolution, lost: IntArray) -> FloatArray:
    values = base.base.scale.to_float(lost)
    values[lost < 0] = np.nan
    return values


@dataclass
class _Parts:
    """The residual network without what leads from one strong component to another."""

    component: IntArray
    root: IntArray  # per place: sink or source, if it is in the same component, else -1
    make: Kernels
    g: Residual
    w: Work
    edge: Any  # per half-edge: its edge, in step with g
    n_halves: int

    @classmethod
    def of(cls, flow: BaseFlow) -> _Parts:
        split, rows = flow.split, flow.rows
        n = split.n_places
        component = components(rows, flow.res)
        kept = np.flatnonzero(component[split.tail] == component[split.head])
        tail, head = split.tail[kept], split.head[kept]
        forward = rows.forward()[kept]
        ahead, back = flow.res[forward], flow.res[rows.mate[forward]]
        # the component of the source is turned round, so that there too all ways lead to the root
        is_turned = component[tail] == component[split.source]
        tail, head = np.where(is_turned, head, tail), np.where(is_turned, tail, head)
        inside = to_rows(n, tail, head)
        res = np.where(inside.is_forward, ahead[inside.edge], back[inside.edge])
        n_halves = len(inside.head)
        make = kernels(len(rows.head))
        g = residual(make, inside, res)
        w = workspace(make, n, n_halves)
        edge = make.buffer(kept[inside.edge], np.int32)
        for root in (split.sink, split.source):
            make.set_guides(g, w, edge, root)
        root_of = np.full(n, -1, dtype=np.int64)
        for root in (split.sink, split.source):
            root_of[component == component[root]] = root
        return cls(component, root_of, make, g, w, edge, n_halves)

    def forward_halves(self, n_edges: int) -> IntArray:
        """Return the place of the forward half-edge of each edge that is left."""
        place = np.full(n_edges, -1, dtype=np.int64)
        at = np.flatnonzero(np.asarray(self.g.is_forward))
        place[np.asarray(self.edge)[at]] = at
        return place

    def sweep(
        self, kernel: str, what: tuple[IntArray, ...], root: IntArray, through: IntArray, best: IntArray
    ) -> IntArray:
        """Run a sweep kernel and return the losses; a long one without a bound to pass on is shared among threads."""
        shares = n_threads() if self.make.compiled and self.n_halves >= _SHARED_FROM and not len(best) else 1
        lost = np.full(len(root), -1, dtype=np.int64)
        # what a removal changes is put back before the next, but in between nobody else may see it
        own = [(self.g, self.w)]
        own += [
            (self.g._replace(res=self.g.res.copy()), Work(*(part.copy() for part in self.w))) for _ in range(1, shares)
        ]

        free: SimpleQueue[tuple[Residual, Work]] = SimpleQueue()
        for each in own:
            free.put(each)

        def run(first: int, stride: int) -> None:
            make, mine, state = self.make, slice(first, None, stride), free.get()
            found = make.filled(len(root[mine]), np.int64, -1)
            try:
                getattr(make, kernel)(
                    *state,
                    *(make.buffer(places[mine], np.int32) for places in what),
                    make.buffer(root[mine], np.int32),
                    make.buffer(through[mine], np.int64),
                    found,
                    make.buffer(best, np.int64),
                    _budget(self.n_halves),
                )
            finally:
                free.put(state)
            lost[mine] = found

        if shares == 1:
            run(0, 1)
        else:
            # some removals take a million times as long as others: whoever is done takes the next heap
            heaps = shares * _HEAPS
            with thread_pool() as pool:
                list(pool.map(run, range(heaps), [heaps] * heaps))
        return lost


def _budget(n_halves: int) -> int:
    """Return the effort from which it is worth to label the whole network: more where that leaves the caches."""
    times = min(max(n_halves / _CACHED, 0.5), 12.0)  # measured from 10^4 to 10^7 edges
    return max(_LEAST_EFFORT, int(times * n_halves))
