"""Equal fractions inside a tier, as far as the least total shortfall allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainnet.engine import CERTAIN, FAIR, LinearProgram, LinearSolution, Ordered, Rows, WarmModel, optimal
from chainnet.errors import SolverError
from chainnet.lowering import Lowered


def share_fairly(low: Lowered, solver: Ordered, stages: Sequence[Any]) -> None:
    """Raise the least served fraction of each stage as far as it goes, fix who is stuck, go on with the rest.

    Parameters
    ----------
    low : Lowered
    solver : Ordered
        With the total of every stage kept; its program gets a lower bound on each served column.
    stages : list of boolean arrays over the demand rows
        In their order.

    Raises
    ------
    SolverError
        If a step has no optimum.

    Notes
    -----
    Progressive filling: at most one warm linear program per demand row. Where shares and floors collide by rounding it
    begins anew with wider ones: what the floors leave is an answer, so an equal one as far as they allow is one too.
    """
    while True:
        try:
            floors = _fair_floors(low, solver.model.current(), stages, FAIR * solver.looser)
        except SolverError:
            if not solver.loosen():
                raise
        else:
            break
    for column, least in floors.items():
        solver.model.set_col_lower(column, max(least, solver.model.col_lower(column)))


def _fair_floors(low: Lowered, program: LinearProgram, stages: Sequence[Any], hair: float) -> dict[int, float]:
    """Return what each served column has at the least, t/yr, ``hair`` below its fair share, relative to that."""
    wanted = low.flows.demand["demand_tpa"].to_numpy(dtype=float)
    program, floor_rows, level = _with_level(low, program, wanted)
    filling = WarmModel(program)
    cost = np.zeros(len(program.cost))
    cost[level] = -1.0
    filling.set_cost(cost)
    basis: Any = None
    floors: dict[int, float] = {}
    for members in stages:
        open_rows = [int(i) for i in np.flatnonzero(members & (wanted > 0))]
        for i in open_rows:
            filling.set_row(int(floor_rows[i]), 0.0, np.inf)
        while open_rows:
            found = _most(filling, basis)
            basis = found.basis
            share = min(float(found.x[level]), 1.0)
            stuck = [i for i in open_rows if found.row_dual[floor_rows[i]] * wanted[i] > CERTAIN]
            if share >= 1 - CERTAIN or not stuck:
                stuck = open_rows
            for i in stuck:
                column = int(low.served[i])
                floors[column] = max(share * wanted[i] * (1 - hair), floors.get(column, 0.0))
                filling.set_row(int(floor_rows[i]), -np.inf, np.inf)
                filling.set_col_lower(column, max(floors[column], filling.col_lower(column)))
            open_rows = [i for i in open_rows if i not in stuck]
    return floors


def _most(filling: WarmModel, basis: Any) -> LinearSolution:
    """Return the largest common fraction; from the start again where the step from the last basis went astray."""
    try:
        return optimal(filling, basis, "balance, fair")
    except SolverError:
        return optimal(filling, None, "balance, fair")


def _with_level(low: Lowered, program: LinearProgram, wanted: Any) -> tuple[LinearProgram, Any, int]:
    """Add the common fraction as a column, and a free row served - fraction x demand for each demand row."""
    first, level = program.matrix.shape
    size = np.maximum(program.col_scale[low.served], np.minimum(wanted, 1e6 * program.col_scale[low.served]) / 1000.0)
    wider = replace(program, cost=np.zeros(level)).with_columns(np.array([1e-3]), upper=1.0)
    rows = Rows()
    places = rows.each([low.served, level], [1.0, -wanted], -np.inf, np.inf, size)
    return wider.with_rows(*rows.lines(level + 1)), first + places, level
