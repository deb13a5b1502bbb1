"""The worst attack within a budget, exactly, on any linear program of served tonnage.

The attacker closes groups of columns; the defender then serves as much as he can. Closing is
written as a penalty on use: a column of an attacked group costs so much per tonne that using it
can never pay. The inner maximum is replaced by its dual, which leaves one mixed-integer program
(Wood 1993 for a pure flow, where every penalty is 1). The penalty of a column is the most that a
tonne over it can add to what is served, so the program is as tight as the recipes allow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, hstack, identity

from chainnet._types import Array, Ints
from chainnet.engine.linear import LinearProgram
from chainnet.engine.mip import MixedSolution, solve_mixed
from chainnet.engine.rows import Rows


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


@dataclass(frozen=True)
class _Dual:
    """The defender's dual: rows, upper bounds of columns, what each counts in its value, that value's size in tonnes.

    ``options``: the columns that say whether a group is attacked.
    """

    rows: Rows
    upper: Array
    value: Array
    options: Ints
    size: float


def worst_attack(
    program: LinearProgram,
    served: Ints,
    groups: Sequence[Ints],
    penalty: Array,
    cost: Array,
    budget: float,
    *,
    forbidden: Sequence[Ints] = (),
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
    time_limit_s : float
        When to stop; the bound found by then is returned.

    Returns
    -------
    Attack or None
        None if all are forbidden.

    Raises
    ------
    SolverError
        If the solver ends without a verdict.
    """
    dual = _dual_program(program, served, groups, penalty)
    found = _choose("interdict", dual, dual.value, cost, budget, forbidden, time_limit_s)
    if found is None:
        return None
    size = dual.size
    return Attack(np.flatnonzero(found.amount), found.value * size, found.bound * size, found.is_optimal)


def cheapest_attack(
    program: LinearProgram,
    served: Ints,
    groups: Sequence[Ints],
    penalty: Array,
    cost: Array,
    left: float,
    *,
    most: float = np.inf,
    one_of: Sequence[Ints] = (),
    forbidden: Sequence[Ints] = (),
    time_limit_s: float = 60.0,
) -> Attack | None:
    """Find the cheapest groups of columns whose closing leaves no more served than so much.

    Parameters
    ----------
    program, served, groups, penalty, forbidden, time_limit_s
        As in ``worst_attack``.
    cost : array, one per group
    left : float
        The most that may still be served, to the solver's tolerance.
    most : float
        How many groups may be chosen.
    one_of : list of int arrays
        Sets of groups, of each of which at least one must be chosen.

    Returns
    -------
    Attack or None
        ``left`` and ``bound`` are costs here. None if no groups leave so little.

    Raises
    ------
    SolverError
        If the time is over before an attack is found.
    """
    dual = _dual_program(program, served, groups, penalty)
    valued = np.flatnonzero(dual.value)
    dual.rows.add(valued, dual.value[valued], -np.inf, left / dual.size)
    for members in one_of:
        dual.rows.add(dual.options[members], 1.0, 1.0, np.inf)
    goal = np.zeros(len(dual.value))
    goal[dual.options] = cost
    found = _choose("reverse", dual, goal, np.ones(len(groups)), most, forbidden, time_limit_s)
    return None if found is None else Attack(np.flatnonzero(found.amount), found.value, found.bound, found.is_optimal)


def _choose(
    problem: str,
    dual: _Dual,
    goal: Array,
    cost: Array,
    budget: float,
    forbidden: Sequence[Ints],
    time_limit_s: float,
) -> MixedSolution | None:
    """Choose groups within a budget so that the goal is least."""
    return solve_mixed(
        problem,
        dual.rows,
        (np.zeros(len(goal)), dual.upper),
        goal,
        dual.options,
        cost,
        budget,
        barred=forbidden,
        is_minimum=True,
        time_limit_s=time_limit_s,
    )


def essential(chosen: Sequence[int], left: Callable[[tuple[int, ...]], float], most: float) -> tuple[int, ...]:
    """Drop the members of an attack without which it still leaves at most ``most``; ``left`` says what is left."""
    core = tuple(chosen)
    for i in chosen:
        rest = tuple(j for j in core if j != i)
        if left(rest) <= most:
            core = rest
    return core


def _dual_program(program: LinearProgram, served: Ints, groups: Sequence[Ints], penalty: Array) -> _Dual:
    """Build the dual with penalties: its rows, upper bounds and costs, in units of the size of its value.

    Primal: max served x, rows between low and high, 0 <= x <= upper. Dual: min high y+ - low y- +
    upper w over A'(y+ - y-) + w >= served - penalty a. A row bound that is infinite has no y.
    """
    size = float(np.max(program.col_scale, initial=1.0))
    scaled, (low, high), (_, upper) = program.scaled()
    cols = len(upper)
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
    rows = Rows()
    rows.block(hstack(blocks), 0, worth, np.full(cols, np.inf))
    objective = np.concatenate([high[has_high], -low[has_low], upper[has_upper], np.zeros(len(groups))])
    first = len(objective) - len(groups)
    most = np.ones(len(objective))
    most[:first] = np.inf
    return _Dual(rows, most, objective, np.arange(first, len(objective)), size)
