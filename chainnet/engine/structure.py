"""What a network hangs by, whatever its capacities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainnet.engine.maxflow import FlowProblem, run
from chainnet.engine.maxflow_network import components, split_nodes, to_rows

__all__ = ["dominators"]


def dominators(problem: FlowProblem) -> NDArray[np.bool_]:
    """Return the nodes without which no supply reaches any demand.

    They are the nodes that lie on every way from a supply to a demand. Capacities count only as open (more than 0) or
    closed. Where nothing reaches a demand anyway there are none.

    Parameters
    ----------
    problem : FlowProblem
        The network.

    Returns
    -------
    bool array, one entry per node

    Notes
    -----
    Linear in nodes and arcs. With room for one unit in each node, two units get through if and only if no node lies
    on every way. If only one does, a node lies on every way if and only if it alone is a minimum cut: if it is full and
    its halves lie in different strong components of the residual network.
    """

    def open_for(values: NDArray[np.float64], units: float) -> NDArray[np.float64]:
        return np.where(values > 0, units, 0.0)

    split = split_nodes(
        problem.tail,
        problem.head,
        open_for(problem.capacity, 2),
        open_for(problem.node_capacity, 1),
        open_for(problem.supply, 2),
        open_for(problem.demand, 2),
    )
    rows = to_rows(split.n_places, split.tail, split.head)
    res, value, _, _ = run(split, rows, split.capacity.astype(np.int64), 2)
    if value != 1:
        return np.zeros(problem.n_nodes, dtype=np.bool_)
    component = components(rows, res)
    is_full = np.zeros(problem.n_nodes, dtype=np.bool_)
    through = np.arange(split.block[0])
    is_full[split.origin[through]] = res[rows.mate[rows.forward()[through]]] == 1
    is_on_every: NDArray[np.bool_] = is_full & (component[split.inner] != component[split.outer])
    return is_on_every
