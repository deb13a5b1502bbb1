"""The worst attack within a budget, exactly, on any linear program of served tonnage.

The attacker closes groups of columns; the defender then serves as much as he can. Closing is
written as a penalty on use: a column of an attacked group costs so much per tonne that using it
can never pay. The inner maximum is replaced by its dual, which leaves one mixed-integer program
(Wood 1993 for a pure flow, where every penalty is 1). The penalty of a column is the most that a
tonne over it can add to what is served, so the program is as tight as the recipes allow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_array, hstack, identity

from chainnet._types import Array, Ints
from chainnet.engine.linear import LinearProgram
from chainnet.errors import SolverError

__all__ = ["Attack", "affordable", "worst_attack"]

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Attack:
    """An attack and what is known of it.

    ``chosen``: groups attacked. ``left``: what the program says can still be served. ``bound``: no
    attack within the budget leaves less. ``is_optimal``: the two meet.
    """

    chosen: Ints
    left: float
    bound: float
    is_optimal: bool


def affordable(cost: Array, chosen: Any, budget: float) -> bool:
    """Return whether what is chosen costs no more than the budget, but for what adding costs up may lose.

    A solver keeps its rows within a tolerance; a budget has none.
    """
    return math.fsum(cost[chosen]) <= budget * (1 + _ROUNDING)


def worst_attack(
    program: LinearProgram,
    served: Ints,
    groups: Sequence[Ints],
    penalty: Array,
    cost: Array,
    budget: float,
    *,
    forbidden: Sequence[Ints] = (),
    ceiling: float | None = None,
    time_limit_s: float = 60.0,
) -> Attack | None:
    """Find the groups of columns whose closing leaves the least served.

    Parameters
    ----------
    program : LinearProgram
        In the caller's units; its costs are not used.
    served : int array
        Columns whose sum is what is served.
    groups : list of int arrays
        Columns that each attack closes.
    penalty : array, one per column
        Most that a tonne over the column can add to what is served.
    cost : array, one per group, and budget
        Cost of each attack and their bound.
    forbidden : list of int arrays
        Sets of groups that may not be chosen again (nor any set that holds them all).
    ceiling : float, optional
        Only attacks that leave at most this much.
    time_limit_s : float
        When to stop; the bound found by then is returned.

    Returns
    -------
    Attack or None
        None if no attack meets the ceiling.

    Raises
    ------
    SolverError
        If the solver ends without a verdict.
    """
    barred = list(forbidden)
    while True:
        found = _search(program, served, groups, penalty, cost, budget, barred, ceiling, time_limit_s)
        if found is None or affordable(cost, found.chosen, budget):
            return found
        barred.append(found.chosen)


def _search(
    program: LinearProgram,
    served: Ints,
    groups: Sequence[Ints],
    penalty: Array,
    cost: Array,
    budget: float,
    forbidden: Sequence[Ints],
    ceiling: float | None,
    time_limit_s: float,
) -> Attack | None:
    """Solve the attacker's program once; the budget is kept as exactly as the solver keeps it."""
    import highspy

    model, size = _dual_program(program, served, groups, penalty, cost, budget, forbidden, ceiling)
    highs = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("time_limit", float(time_limit_s)),
        ("mip_rel_gap", 1e-9),
        ("mip_abs_gap", 1e-9),
        ("mip_feasibility_tolerance", 1e-9),
        ("primal_feasibility_tolerance", 1e-9),
        ("random_seed", 0),
    ):
        highs.setOptionValue(option, value)
    if highs.passModel(model) == highspy.HighsStatus.kError:
        raise SolverError("interdict: the solver refused the model; report the network that caused this")
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    info = highs.getInfo()
    solved = status == highspy.HighsModelStatus.kOptimal
    if not solved and info.primal_solution_status != 2:
        raise SolverError(
            f"interdict: no attack was found within {time_limit_s:g} s ({highs.modelStatusToString(status)})"
        )
    x = np.asarray(highs.getSolution().col_value)
    chosen = np.flatnonzero(x[-len(groups) :] > 0.5) if groups else np.empty(0, dtype=np.int64)
    return Attack(chosen, float(info.objective_function_value) * size, float(info.mip_dual_bound) * size, solved)


def _dual_program(
    program: LinearProgram,
    served: Ints,
    groups: Sequence[Ints],
    penalty: Array,
    cost: Array,
    budget: float,
    forbidden: Sequence[Ints],
    ceiling: float | None,
) -> tuple[Any, float]:
    """Build the dual with penalties, scaled like the program; returns the model and the size of its value.

    Primal: max served x, rows between low and high, 0 <= x <= upper. Dual: min high y+ - low y- +
    upper w over A'(y+ - y-) + w >= served - penalty a. A row bound that is infinite has no y.
    """
    import highspy

    size = float(np.max(program.col_scale, initial=1.0))
    shape = program.matrix.tocoo()
    rows, cols = program.matrix.shape
    scaled = csc_array(
        (shape.data * program.col_scale[shape.col] / program.row_scale[shape.row], (shape.row, shape.col)),
        shape=(rows, cols),
    )
    upper = program.col_upper / program.col_scale
    high, low = program.row_upper / program.row_scale, program.row_lower / program.row_scale
    has_high, has_low, has_upper = np.isfinite(high), np.isfinite(low), np.isfinite(upper)
    worth = np.zeros(cols)
    worth[served] = program.col_scale[served] / size
    attack = csc_array((cols, len(groups)))
    if groups:
        at = np.concatenate(groups)
        of = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
        value = penalty[at] * program.col_scale[at] / size
        # a column that several groups hold: any of them closes it, the penalties may add up
        attack = csc_array((value, (at, of)), shape=(cols, len(groups)))
    transposed = scaled.T.tocsc()
    blocks = [transposed[:, has_high], -transposed[:, has_low], identity(cols, format="csc")[:, has_upper], attack]
    matrix = hstack(blocks).tocsr()
    n_dual = int(has_high.sum() + has_low.sum() + has_upper.sum())
    objective = np.concatenate([high[has_high], -low[has_low], upper[has_upper], np.zeros(len(groups))])
    extra, extra_low, extra_high = _side_rows(n_dual, groups, cost, budget, forbidden, objective, ceiling, size)
    from scipy.sparse import vstack

    whole = vstack([matrix, extra]).tocsc()
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = whole.shape
    model.col_cost_ = objective
    model.col_lower_ = np.zeros(whole.shape[1])
    model.col_upper_ = np.concatenate([np.full(n_dual, np.inf), np.ones(len(groups))])
    model.row_lower_ = np.concatenate([worth, extra_low])
    model.row_upper_ = np.concatenate([np.full(cols, np.inf), extra_high])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    whole.sort_indices()
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = whole.indptr, whole.indices, whole.data
    kinds = [highspy.HighsVarType.kContinuous] * n_dual + [highspy.HighsVarType.kInteger] * len(groups)
    model.integrality_ = kinds
    return model, size


def _side_rows(
    n_dual: int,
    groups: Sequence[Ints],
    cost: Array,
    budget: float,
    forbidden: Sequence[Ints],
    objective: Array,
    ceiling: float | None,
    size: float,
) -> tuple[csc_array, Array, Array]:
    """Budget, sets that may not come again, and the ceiling on what is left."""
    rows = [np.concatenate([np.zeros(n_dual), cost])]
    low, high = [-np.inf], [budget]
    for chosen in forbidden:
        row = np.zeros(n_dual + len(groups))
        row[n_dual + chosen] = 1.0
        rows.append(row)
        low.append(-np.inf)
        high.append(len(chosen) - 1.0)
    if ceiling is not None:
        rows.append(objective)
        low.append(-np.inf)
        high.append(ceiling / size)
    return csc_array(np.array(rows)), np.array(low), np.array(high)
