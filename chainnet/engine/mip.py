"""Mixed-integer programs: one way to HiGHS, one set of tolerances, budgets kept exactly; all in the solver's units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainnet._types import Array, Bools, Ints
from chainnet.engine.linear import highs_model
from chainnet.engine.rows import Rows
from chainnet.engine.tolerances import NEGLIGIBLE, ROUNDING, SOLVER, UNIT_ROUNDING
from chainnet.errors import SolverError

OPTIONS: dict[str, Any] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "mip_rel_gap": SOLVER,
    "mip_abs_gap": SOLVER,
    "mip_feasibility_tolerance": SOLVER,
    "primal_feasibility_tolerance": SOLVER,
    "dual_feasibility_tolerance": SOLVER,
    "small_matrix_value": NEGLIGIBLE,
}


@dataclass(frozen=True)
class MixedSolution:
    """A feasible solution, how much of each option it takes, its value, the bound of all, and whether the two meet."""

    x: Array
    amount: Array
    value: float
    bound: float
    is_optimal: bool


def solve_mixed(
    problem: str,
    rows: Rows,
    bounds: tuple[Array, Array],
    goal: Array,
    options: Ints,
    cost: Array,
    budget: float,
    *,
    is_part: Bools | None = None,
    barred: Sequence[Ints] = (),
    is_minimum: bool,
    time_limit_s: float,
) -> MixedSolution | None:
    """Choose options within a budget; None = no choice is allowed.

    Parameters
    ----------
    problem : str
        Name for messages.
    rows : Rows
        All rows but those of the budget and of barred sets.
    bounds : (lower, upper)
        Of the columns.
    goal : array over columns
    options : int array
        Columns that take 0 or 1.
    cost : array over options, and budget
        inf = any.
    is_part : boolean array over options
        Those of which a part may be taken too.
    barred : sequence of int arrays
        Sets of options none of whose supersets may be chosen.
    is_minimum : bool
    time_limit_s : float
        After that the best choice so far is returned.

    Raises
    ------
    SolverError
        If no choice was found although there may be one.

    Notes
    -----
    The solver's 1 may be a little less than 1: a choice that is too dear by more than rounding is barred, and it
    chooses again.
    """
    part = np.zeros(len(options), dtype=bool) if is_part is None else is_part
    rows = rows.copy()
    if np.isfinite(budget):
        rows.add(options, cost, -np.inf, budget)
    for members in barred:
        rows.bar(options[members])
    is_whole = np.zeros(len(goal), dtype=bool)
    is_whole[options[~part]] = True
    while True:
        found = _solve(problem, rows, bounds, goal, is_whole, is_minimum, time_limit_s)
        if found is None:
            return None
        x = found.x[options]
        amount = np.where(part, np.clip(x, 0.0, 1.0), x > 0.5)
        chosen = (amount > 0) & ~part
        within = affordable(cost * amount, budget)
        if (part & (amount > 0)).any():  # a part is as large as the solver's row allows
            within = within or float(cost @ amount) <= budget + ROUNDING * max(budget, 1.0)
        if within or not chosen.any():
            return replace(found, amount=amount)
        rows.bar(options[chosen])


def affordable(costs: Array, budget: float) -> bool:
    """Return whether all of it costs no more than the budget, but for what adding costs up may lose.

    A solver keeps its rows within a tolerance; a budget has none.
    """
    return math.fsum(costs) <= budget * (1 + UNIT_ROUNDING)


def _solve(
    problem: str,
    rows: Rows,
    bounds: tuple[Array, Array],
    goal: Array,
    is_whole: Bools,
    is_minimum: bool,
    time_limit_s: float,
) -> MixedSolution | None:
    import highspy

    matrix, low, high, _ = rows.lines(len(goal))
    model = highs_model(matrix, (low, high), bounds, goal)
    model.sense_ = highspy.ObjSense.kMinimize if is_minimum else highspy.ObjSense.kMaximize
    if is_whole.any():
        kind = highspy.HighsVarType
        model.integrality_ = [kind.kInteger if whole else kind.kContinuous for whole in is_whole.tolist()]
    highs = highspy.Highs()
    for option, value in {**OPTIONS, "time_limit": float(time_limit_s)}.items():
        highs.setOptionValue(option, value)
    if highs.passModel(model) == highspy.HighsStatus.kError:
        raise SolverError(f"{problem}: the solver refused the model; report the network that caused this")
    highs.run()
    status, info = highs.getModelStatus(), highs.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        words = highs.modelStatusToString(status)
        raise SolverError(f"{problem}: no answer was found within {time_limit_s:g} s ({words})")
    x, reached = np.asarray(highs.getSolution().col_value), float(info.objective_function_value)
    bound = float(info.mip_dual_bound) if is_whole.any() else reached
    return MixedSolution(x, np.empty(0), reached, bound, status == highspy.HighsModelStatus.kOptimal)
