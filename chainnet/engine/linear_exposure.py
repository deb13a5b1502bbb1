"""How much a removal costs over a window, and how long it can be borne: two families of warm programs.

A window of t periods divided by t is the program of one period in which a stock gives at most its
tonnes over t. So one matrix serves every window and every removal: bounds alone change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chainnet._types import Array, Ints
from chainnet.engine.linear import LinearProgram, LinearSolution, WarmModel
from chainnet.engine.linear_removal import Sweeps, at_once, in_shares, not_idle, values_of
from chainnet.engine.rows import Rows
from chainnet.engine.tolerances import SOLVER
from chainnet.errors import SolverError


def survival_program(
    program: LinearProgram, draws: Ints, amounts: Array, releases: Array, required: Ints, least: Array
) -> LinearProgram:
    """Return the program whose optimum is 1 / (the longest time in which nothing required is lost).

    The last column is u = 1 / t; a stock gives at most ``amounts`` x u a period, and ``releases``.

    Parameters
    ----------
    program : LinearProgram
        One period.
    draws : int array
        Columns of the stocks.
    amounts, releases : arrays
        Tonnes in each, and the most it gives a period (inf = no limit).
    required, least : arrays
        Columns that must reach at least this much.
    """
    n = program.matrix.shape[1]
    stores = Rows()
    stores.each([draws, n], [1.0, -amounts], -np.inf, 0.0, program.col_scale[draws])
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    upper[draws] = releases
    lower[required] = least
    size = np.exp(np.mean(np.log(program.col_scale[draws] / amounts)))
    timeless = replace(program, col_lower=lower, col_upper=upper, cost=np.zeros(n))
    wider = timeless.with_columns(np.array([size]), cost=1.0)
    return wider.with_rows(*stores.lines(n + 1))


def shares_without(
    program: LinearProgram, base: LinearSolution, closings: Sequence[Ints], sweeps: Sweeps = at_once
) -> Array:
    """Return the optimum of a survival program with each set of columns closed; inf = not to be met.

    Parameters
    ----------
    program : LinearProgram
        See ``survival_program``.
    base : LinearSolution
        Its optimal solution.
    closings : list of int arrays
        Columns that each removal holds at nothing.
    sweeps : function, optional
        As in ``values_without``.
    """
    found = np.full(len(closings), base.value)
    run = partial(values_of, program, base, closings)
    for share, values in in_shares(not_idle(program, base, closings), run, sweeps):
        found[share] = [np.inf if np.isnan(value) else max(value, base.value) for value in values]
    return found


def plans_without(
    program: LinearProgram,
    basis: Any,
    closings: Sequence[Ints],
    draws: Ints,
    bounds: Array,
    wanted: Ints,
    is_tied: bool,
    sweeps: Sweeps = at_once,
) -> Array:
    """Return what the wanted columns carry in the cheapest plan with each set of columns closed.

    Parameters
    ----------
    program : LinearProgram
        One period, with its costs.
    basis : Any
        Where to start from.
    closings : list of int arrays
    draws : int array
        Columns of the stocks.
    bounds : float array, closings x draws
        The most that each gives a period in the window of that closing.
    wanted : int array
        Columns to report.
    is_tied : bool
        Whether to carry, among equally cheap plans, as much as can be on the wanted columns.
    sweeps : function, optional
        As in ``values_without``.

    Raises
    ------
    SolverError
        If a plan has no optimum.
    """
    out = np.zeros((len(closings), len(wanted)))

    def run(share: Sequence[int]) -> Array:
        planner = _Planner(program, basis, wanted, is_tied)
        carried = np.zeros((len(share), len(wanted)))
        for place, i in enumerate(share):
            upper = program.col_upper.copy()
            upper[draws] = bounds[i]
            upper[closings[i]] = 0.0
            carried[place] = planner.plan(upper)[0].x[wanted]
        return carried

    for share, values in in_shares(range(len(closings)), run, sweeps):
        out[share] = values
    return out


def plan(program: LinearProgram, basis: Any, wanted: Ints, is_tied: bool) -> tuple[LinearSolution, LinearProgram, Any]:
    """Return the cheapest plan under the bounds of the program, the program of all that are as good, and a basis.

    The basis is one to start like programs from: that of the first step, in which cost alone counts.

    Parameters
    ----------
    program, basis, wanted, is_tied
        As in ``plans_without``.
    """
    return _Planner(program, basis, wanted, is_tied).plan(program.col_upper)


class _Planner:
    """One warm model: cheapest, then, if asked, the most on the wanted columns at that cost."""

    def __init__(self, program: LinearProgram, basis: Any, wanted: Ints, is_tied: bool) -> None:
        self._program, self._start, self._is_tied = program, basis, is_tied
        self._model = WarmModel(program)
        self._most = np.zeros(len(program.cost))
        self._most[wanted] = -1.0

    def plan(self, upper: Array) -> tuple[LinearSolution, LinearProgram, Any]:
        program, model = self._program, self._model
        model.set_upper(upper)
        found = model.solve(self._start)
        if found.status != "optimal":
            raise SolverError(f"a plan without some nodes is {found.status}; report the network that caused this")
        if not self._is_tied:
            return found, program, found.basis
        face = _face(replace(program, col_upper=upper), found, self._most)
        raised = np.flatnonzero(face.col_lower != program.col_lower).tolist()
        model.set_upper(face.col_upper)
        for column in raised:
            model.set_col_lower(column, float(face.col_lower[column]))
        model.set_rows(face.row_lower, face.row_upper)
        model.set_cost(face.cost)
        second = model.solve(found.basis)
        for column in raised:
            model.set_col_lower(column, float(program.col_lower[column]))
        model.set_rows(program.row_lower, program.row_upper)
        model.set_cost(program.cost)
        return (second, face, found.basis) if second.status == "optimal" else (found, program, found.basis)


def _face(program: LinearProgram, found: LinearSolution, cost: Array) -> LinearProgram:
    """Return the program of all optimal answers, with another cost.

    By complementary slackness each of them keeps a column with a reduced cost, and a row with a dual (beyond the
    solver's tolerance), at its bound: no row that holds the cost is needed, which would be dense, with its own slack.
    """
    p = program
    size = float(np.max(np.abs(p.cost) * p.col_scale, initial=0.0)) or 1.0
    reduced, dual = found.col_dual * p.col_scale / size, found.row_dual * p.row_scale / size

    def held(at_most: Any, bound: Array, other: Array) -> Array:
        return np.where(at_most & np.isfinite(bound), bound, other)

    return replace(
        p,
        cost=cost,
        col_lower=held(reduced < -SOLVER, p.col_upper, p.col_lower),
        col_upper=held(reduced > SOLVER, p.col_lower, p.col_upper),
        row_lower=held(dual < -SOLVER, p.row_upper, p.row_lower),
        row_upper=held(dual > SOLVER, p.row_lower, p.row_upper),
    )
