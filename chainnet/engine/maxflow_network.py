"""From nodes and arcs to a residual network in compressed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from chainnet.engine.maxflow_jit import Kernels, kernels
from chainnet.engine.maxflow_kernel import Residual, Work
from chainnet.engine.tolerances import ROUNDING

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Split:
    """The network with a source and a sink of its own, and capacitated nodes split in two.

    Edges come in four blocks: through split nodes, arcs, supplies, demands; ``block`` holds the three borders between
    them and ``origin`` the index of node, arc, node, node that an edge stands for.
    """

    n_places: int
    source: int
    sink: int
    inner: IntArray
    outer: IntArray
    tail: IntArray
    head: IntArray
    capacity: FloatArray
    origin: IntArray
    block: tuple[int, int, int]


def split_nodes(
    tail: IntArray,
    head: IntArray,
    capacity: FloatArray,
    node_capacity: FloatArray,
    supply: FloatArray,
    demand: FloatArray,
) -> Split:
    """Build the split network of a flow problem.

    Arcs without capacity and arcs from a node to itself are left out. A node is split only where its capacity can bind.
    """
    n = len(node_capacity)
    arcs = np.flatnonzero((capacity > 0) & (tail != head))
    enter = np.bincount(head[arcs], capacity[arcs], n) + supply
    leave = np.bincount(tail[arcs], capacity[arcs], n) + demand
    # with some room for rounding: a capacity above all that can come in (or go out) is never full in a minimum cut
    is_split = node_capacity <= np.minimum(enter, leave) * (1 + ROUNDING)
    is_split &= np.isfinite(node_capacity)
    inner = np.arange(n) + np.concatenate(([0], np.cumsum(is_split)[:-1])) if n else np.arange(0)
    outer = inner + is_split
    n_split = int(np.count_nonzero(is_split))
    source, sink = n + n_split, n + n_split + 1
    halves, supplies, demands = np.flatnonzero(is_split), np.flatnonzero(supply), np.flatnonzero(demand)
    borders = np.cumsum([len(halves), len(arcs), len(supplies)])
    return Split(
        n_places=n + n_split + 2,
        source=source,
        sink=sink,
        inner=inner,
        outer=outer,
        tail=np.concatenate((inner[halves], outer[tail[arcs]], np.full(len(supplies), source), outer[demands])),
        head=np.concatenate((outer[halves], inner[head[arcs]], inner[supplies], np.full(len(demands), sink))),
        capacity=np.concatenate((node_capacity[halves], capacity[arcs], supply[supplies], demand[demands])),
        origin=np.concatenate((halves, arcs, supplies, demands)),
        block=(int(borders[0]), int(borders[1]), int(borders[2])),
    )


@dataclass(frozen=True)
class Rows:
    """Half-edges grouped by tail. ``edge`` is the edge of each, ``is_forward`` its direction."""

    start: IntArray
    head: IntArray
    mate: IntArray
    edge: IntArray
    is_forward: BoolArray

    def forward(self) -> IntArray:
        """Return the place of each edge's forward half, by edge."""
        place = np.empty(len(self.edge) // 2, dtype=np.int64)
        at = np.flatnonzero(self.is_forward)
        place[self.edge[at]] = at
        return place


def to_rows(n_places: int, tail: IntArray, head: IntArray) -> Rows:
    """Group the two halves of each edge by their tails, in linear time."""
    n_edges = len(tail)
    n_halves = 2 * n_edges
    tails = np.concatenate((tail, head)).astype(np.int32)
    # a transposed sparse matrix is a stable counting sort: row r of the result lists the halves whose tail is r
    one_each = sp.csr_array(
        (np.ones(n_halves, dtype=np.int8), tails, np.arange(n_halves + 1, dtype=np.int32)), shape=(n_halves, n_places)
    )
    by_tail = one_each.tocsc()
    order = by_tail.indices
    place = np.empty(n_halves, dtype=np.int32)
    place[order] = np.arange(n_halves, dtype=np.int32)
    is_forward = order < n_edges
    edge = np.where(is_forward, order, order - n_edges)
    mate = place[np.where(is_forward, order + n_edges, order - n_edges)]
    return Rows(by_tail.indptr, tails[np.where(is_forward, order + n_edges, order - n_edges)], mate, edge, is_forward)


def residual(make: Kernels, rows: Rows, res: IntArray) -> Residual:
    """Put a residual network into the buffers of the kernels; no half-edge is a guide yet."""
    return Residual(
        start=make.buffer(rows.start, np.int32),
        head=make.buffer(rows.head, np.int32),
        mate=make.buffer(rows.mate, np.int32),
        res=make.buffer(res, np.int64),
        guide_end=make.buffer(rows.start[:-1], np.int32),
        is_forward=make.buffer(rows.is_forward.astype(np.int8), np.int8),
    )


def workspace(make: Kernels, n_places: int, n_halves: int) -> Work:
    """Return scratch space for a residual network of this size."""

    def nodes(dtype: Any = np.int32) -> Any:
        return make.filled(n_places + 1, dtype)

    # stamp 0 and epoch 0 are never used, so zeros everywhere mean "not yet"
    return Work(
        clock=make.buffer(np.array([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), np.int64),
        level=nodes(),
        seen=nodes(),
        cur=nodes(),
        guide=nodes(),
        guided=nodes(),
        shut=nodes(),
        parent=nodes(),
        queue=nodes(),
        behind=nodes(),
        onward=nodes(),
        back_queue=nodes(),
        path=nodes(),
        trail=nodes(),
        count=nodes(),
        excess=nodes(np.int64),
        room=nodes(np.int64),
        starts=nodes(),
        targets=nodes(),
        touched=make.filled(n_halves, np.int32),
        marks=make.filled(n_places // 64 + 1, np.int64),
        log_edge=make.filled(n_halves // 2 + 1, np.int32),
        log_res=make.filled(n_halves // 2 + 1, np.int64),
        log_back=make.filled(n_halves // 2 + 1, np.int64),
    )


def components(rows: Rows, res: IntArray) -> IntArray:
    """Return the number of the strong component of each place in a residual network."""
    n_places, n_halves = len(rows.start) - 1, len(rows.head)
    make = kernels(n_halves)
    component = make.filled(n_places, np.int32, -1)
    make.strong_components(residual(make, rows, res), workspace(make, n_places, n_halves), component)
    return np.asarray(component, dtype=np.int64)
