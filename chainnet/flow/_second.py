"""A second opinion on pure flows: the same problem put to igraph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainnet.engine import FlowProblem

__all__ = ["values_by_igraph"]


def values_by_igraph(problem: FlowProblem, arcs: Sequence[Any] = (), nodes: Sequence[Any] = ()) -> list[float]:
    """Return the maximum flow by igraph: of the whole problem, then without each set of arcs, then of nodes.

    Parameters
    ----------
    problem : FlowProblem
    arcs, nodes : list of int arrays
        What is closed, one set at a time.
    """
    import igraph

    p, n, m = problem, problem.n_nodes, len(problem.tail)
    inner = np.arange(n)
    ends = np.concatenate(
        [
            np.column_stack([p.tail + n, p.head]),
            np.column_stack([inner, inner + n]),
            np.column_stack([np.full(n, 2 * n), inner]),
            np.column_stack([inner + n, np.full(n, 2 * n + 1)]),
        ]
    )
    capacity = np.concatenate([p.capacity, p.node_capacity, p.supply, p.demand])
    finite = np.isfinite(capacity)
    capacity = np.where(finite, capacity, float(capacity[finite].sum()) + 1.0)
    graph = igraph.Graph(n=2 * n + 2, edges=ends.tolist(), directed=True)
    none = np.empty(0, dtype=np.int64)
    values = []
    for closed in (none, *arcs, *(m + np.asarray(members) for members in nodes)):
        left = capacity.copy()
        left[closed] = 0.0
        values.append(float(graph.maxflow_value(2 * n, 2 * n + 1, left.tolist())))
    return values
