"""Of equally good answers the one nearest to the flows of the base year."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainnet._types import Array
from chainnet.engine import Certificate, LinearProgram, LinearSolution, Rows, WarmModel, floor_of, optimal
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
    Least is the sum over the edges of the change from ``flow_tpa``, t/yr, each over the widest flow of its commodity,
    for tonnes of different commodities are never added. An edge without a flow on record has none.
    """
    program = model.current()
    edges = low.tables.network.edges
    n, cols = len(edges), len(program.cost)
    base = edges["flow_tpa"].fillna(0.0)
    widest = base.groupby(edges["commodity"].fillna("")).transform("max")
    weight = 1.0 / widest.where(widest > 0, max(float(base.max()), 1.0) if n else 1.0).to_numpy(dtype=float)
    # a column for each edge: how far it is from its flow in the base year, on either side
    wider = replace(program, cost=np.zeros(cols)).with_columns(program.col_scale[:n], cost=weight)
    edge, away, rows = np.arange(n), cols + np.arange(n), Rows()
    rows.each([edge, away], [1.0, -1.0], -np.inf, base, program.col_scale[:n])
    rows.each([edge, away], [-1.0, -1.0], -np.inf, -base, program.col_scale[:n])
    size = _cost_size(program)
    rows.block(program.cost[None, :], 0, -np.inf, -floor_of(-last.value, size), size)
    wider = wider.with_rows(*rows.lines(cols + n))
    nearest = WarmModel(wider)
    found = optimal(nearest, None, "balance, closest")
    return found.x[:cols], nearest.certify("balance, closest to the baseline", found)


def _cost_size(program: LinearProgram) -> float:
    """Return the natural size of the cost, USD/a."""
    return max(float(np.abs(program.cost * program.col_scale).max(initial=0.0)), 1.0)
