"""Closing columns one set at a time: the value of every removal, from one warm basis.

What is idle in any optimal answer costs nothing to remove. So before the sweep a few other optimal
answers are looked for that use as little as they can of what is still in question; what they leave
idle is settled at once. The rest is solved from the base basis, on as many threads as there are
processors. Every answer depends on its own bounds only, so neither order nor threads change a bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from chainnet._types import Array, Ints
from chainnet.engine.linear import LinearProgram, LinearSolution, WarmModel
from chainnet.engine.threads import n_threads, thread_pool
from chainnet.engine.tolerances import IN_USE, UNIT_ROUNDING
from chainnet.errors import SolverError

Places = Sequence[int]
Sweeps = Callable[[Places], Iterable[Places]]  # gives the work in pieces: what it was given last is done by then

# fewer open candidates than this are solved at once: looking for other optima would not pay
FEW = 48


def at_once(places: Places) -> Iterable[Places]:
    """Give all in one piece."""
    yield places


def values_without(
    program: LinearProgram, base: LinearSolution, closings: Sequence[Ints], sweeps: Sweeps = at_once
) -> Array:
    """Return the optimal value with each set of columns closed.

    Parameters
    ----------
    program : LinearProgram
        With its costs and bounds as solved; a minimum.
    base : LinearSolution
        Its optimal solution.
    closings : list of int arrays
        Columns that each removal holds at nothing.
    sweeps : function, optional
        Gives in pieces what has to be solved, to tell of them.

    Returns
    -------
    float array, one value per removal

    Raises
    ------
    SolverError
        If a removal has no verdict (closing columns of a program whose zero is feasible always has).
    """
    values = np.full(len(closings), base.value)
    run = partial(values_of, program, base, closings)
    for share, part in in_shares(not_idle(program, base, closings), run, sweeps):
        if np.isnan(part).any():
            raise SolverError("a removal has no optimum; report the network that caused this")
        values[share] = part
    return values


def values_of(
    program: LinearProgram,
    base: LinearSolution,
    closings: Sequence[Ints],
    share: Sequence[int],
    *,
    row: int | None = None,
    floors: Array | None = None,
) -> Array:
    """Return the optimal value with each of some sets of columns closed, by one warm model; NaN = no optimum.

    ``row``: a row that has a lower bound of its own for each of all sets, ``floors``.
    """
    model = WarmModel(program)
    out = np.empty(len(share))
    for place, i in enumerate(share):
        upper = program.col_upper.copy()
        upper[closings[i]] = 0.0
        model.set_upper(upper)
        if row is not None and floors is not None:
            model.set_row(row, float(floors[i]), np.inf)
        out[place] = model.value(base.basis)
    return out


def in_shares(places: Places, run: Callable[[Places], Any], sweeps: Sweeps = at_once) -> list[tuple[Places, Any]]:
    """Run shares of the work on as many threads as pay; every answer depends on its own bounds only."""
    return [found for piece in sweeps(places) for found in _shared(piece, run)]


def _shared(places: Places, run: Callable[[Places], Any]) -> list[tuple[Places, Any]]:
    workers = max(1, min(n_threads(), len(places) // 16))
    shares = [list(places[start::workers]) for start in range(workers)]
    if workers == 1:
        return [(shares[0], run(shares[0]))] if shares[0] else []
    with thread_pool() as pool:
        return list(zip(shares, pool.map(run, shares), strict=True))


def not_idle(program: LinearProgram, base: LinearSolution, closings: Sequence[Ints]) -> list[int]:
    """Return the closings that no known optimal answer leaves idle: all others cost nothing.

    Where many are open, other optimal answers than ``base`` are looked for.
    """
    tiny = IN_USE * program.col_scale
    open_sets = [i for i, columns in enumerate(closings) if (base.x[columns] > tiny[columns]).any()]
    if len(open_sets) > FEW:
        open_sets = _settle(program, base, closings, open_sets, tiny)
    return open_sets


def _settle(
    program: LinearProgram, base: LinearSolution, closings: Sequence[Ints], open_sets: list[int], tiny: Array
) -> list[int]:
    """Return the candidates that no other optimal answer leaves idle."""
    model = WarmModel(_locked(program, base.value))
    basis = model.extended_basis(base.basis, 1)
    while len(open_sets) > FEW:
        weight = np.zeros(len(program.cost))
        for i in open_sets:
            columns = closings[i]
            used = columns[base.x[columns] > tiny[columns]]
            weight[used] = np.maximum(weight[used], 1.0 / base.x[used])
        model.set_cost(weight)
        other = model.solve(basis)
        if other.status != "optimal":
            return open_sets
        basis = other.basis
        left = [i for i in open_sets if (other.x[closings[i]] > tiny[closings[i]]).any()]
        settled = len(open_sets) - len(left)
        open_sets = left
        if settled < max(4, len(open_sets) // 25):
            break
    return open_sets


def _locked(program: LinearProgram, value: float) -> LinearProgram:
    """Return the program with a row that holds the objective at its optimum."""
    row = csc_array(program.cost[None, :])
    size = float(np.max(np.abs(program.cost) * program.col_scale, initial=0.0)) or 1.0
    most = value + UNIT_ROUNDING * abs(value)
    return program.with_rows(row, np.array([-np.inf]), np.array([most]), np.array([size]))
