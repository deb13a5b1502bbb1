"""Of equally good answers the one nearest to the flows of the base year."""

from __future__ import annotations

import numpy as np
from scipy.sparse import block_array, coo_array, csc_array

from chainnet._types import Array
from chainnet.engine import Certificate, LinearProgram, LinearSolution, WarmModel, floor_of, optimal
from chainnet.lowering import Lowered


def closest_to_baseline(low: Lowered, model: WarmModel, last: LinearSolution) -> tuple[Array, Certificate]:
    """Return the columns of the answer that serves as much and costs as little, but moves least, and its proof.

    Parameters
    ----------
    low : Lowered
    model : WarmModel
        Its program, with the total of every stage kept and the costs in place.
    last : LinearSolution
        Its optimum.

    Raises
    ------
    SolverError
        If there is no optimum.

    Notes
    -----
    Least is the sum over the edges of the change from ``flow_tpa``, t/a, each over the widest flow of its commodity,
    for tonnes of different commodities are never added. An edge without a flow on record has none.
    """
    program = model.current()
    edges = low.tables.network.edges
    n, cols = len(edges), len(program.cost)
    base = edges["flow_tpa"].fillna(0.0)
    widest = base.groupby(edges["commodity"].fillna("")).transform("max")
    weight = 1.0 / widest.where(widest > 0, max(float(base.max()), 1.0) if n else 1.0).to_numpy(dtype=float)
    flow, eye = _columns(n, cols), csc_array(coo_array((np.ones(n), (np.arange(n), np.arange(n))), shape=(n, n)))
    dear = coo_array(program.cost[None, :])
    wider = LinearProgram(
        csc_array(block_array([[program.matrix, None], [flow, -eye], [-flow, -eye], [dear, None]])),
        np.concatenate([program.row_lower, np.full(2 * n + 1, -np.inf)]),
        np.concatenate([program.row_upper, base, -base, [-floor_of(-last.value, _cost_size(program))]]),
        np.append(program.col_lower, np.zeros(n)),
        np.append(program.col_upper, np.full(n, np.inf)),
        np.append(np.zeros(cols), weight),
        np.concatenate([program.row_scale, *[program.col_scale[:n]] * 2, [_cost_size(program)]]),
        np.append(program.col_scale, program.col_scale[:n]),
    )
    nearest = WarmModel(wider)
    found = optimal(nearest, None, "balance, closest")
    return found.x[:cols], nearest.certify("balance, closest to the baseline", found)


def _columns(n: int, cols: int) -> csc_array:
    return csc_array(coo_array((np.ones(n), (np.arange(n), np.arange(n))), shape=(n, cols)))


def _cost_size(program: LinearProgram) -> float:
    """Return the natural size of the cost, USD/a."""
    return max(float(np.abs(program.cost * program.col_scale).max(initial=0.0)), 1.0)
