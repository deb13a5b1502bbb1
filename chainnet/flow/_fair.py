"""Equal fractions inside a tier, as far as the least total shortfall allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import block_array, coo_array

from chainnet.engine import CERTAIN, FAIR, LinearProgram, WarmModel
from chainnet.flow._stages import optimal
from chainnet.lowering import Lowered

__all__ = ["share_fairly"]


def share_fairly(low: Lowered, model: WarmModel, stages: Sequence[Any]) -> None:
    """Raise the least served fraction of each stage as far as it goes, fix who is stuck, go on with the rest.

    Parameters
    ----------
    low : Lowered
    model : WarmModel
        Its program, with the total of every stage locked; gets a lower bound on each served column.
    stages : list of boolean arrays over the demand rows
        In their order.

    Raises
    ------
    SolverError
        If a step has no optimum.

    Notes
    -----
    Progressive filling: at most one warm linear program per demand row.
    """
    wanted = low.flows.demand["demand_tpa"].to_numpy(dtype=float)
    program, floor_rows, level = _with_level(low, model.current(), wanted)
    filling = WarmModel(program)
    cost = np.zeros(len(program.cost))
    cost[level] = -1.0
    filling.set_cost(cost)
    basis: Any = None
    for members in stages:
        open_rows = [int(i) for i in np.flatnonzero(members & (wanted > 0))]
        for i in open_rows:
            filling.set_row(int(floor_rows[i]), 0.0, np.inf)
        while open_rows:
            found = optimal(filling, basis, "balance, fair")
            basis = found.basis
            share = min(float(found.x[level]), 1.0)
            stuck = [i for i in open_rows if found.row_dual[floor_rows[i]] * wanted[i] > CERTAIN]
            if share >= 1 - CERTAIN or not stuck:
                stuck = open_rows
            for i in stuck:
                column = int(low.served[i])
                least = share * wanted[i] * (1 - FAIR)
                filling.set_row(int(floor_rows[i]), -np.inf, np.inf)
                for held in (filling, model):
                    held.set_col_lower(column, max(least, held.col_lower(column)))
            open_rows = [i for i in open_rows if i not in stuck]


def _with_level(low: Lowered, program: LinearProgram, wanted: Any) -> tuple[LinearProgram, Any, int]:
    """Add the common fraction as a column, and a free row served - fraction x demand for each demand row."""
    rows, cols = program.matrix.shape
    n = len(wanted)
    place = np.arange(n)
    served = coo_array((np.ones(n), (place, low.served)), shape=(n, cols))
    share = coo_array((-wanted, (place, np.zeros(n, dtype=np.int64))), shape=(n, 1))
    matrix = block_array([[program.matrix, None], [served, share]]).tocsc()
    size = np.maximum(program.col_scale[low.served], np.minimum(wanted, 1e6 * program.col_scale[low.served]) / 1000.0)
    wider = LinearProgram(
        matrix,
        np.append(program.row_lower, np.full(n, -np.inf)),
        np.append(program.row_upper, np.full(n, np.inf)),
        np.append(program.col_lower, 0.0),
        np.append(program.col_upper, 1.0),
        np.zeros(cols + 1),
        np.append(program.row_scale, size),
        np.append(program.col_scale, 1e-3),
    )
    return wider, rows + place, cols
