"""Closing columns one set at a time: the value of every removal, from one warm basis.

What is idle in any optimal answer costs nothing to remove. So before the sweep a few other optimal
answers are looked for that use as little as they can of what is still in question; what they leave
idle is settled at once. The rest is solved from the base basis, on as many threads as there are
processors. Every answer depends on its own bounds only, so neither order nor threads change a bit.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array, vstack

from chainnet._types import Array, Ints
from chainnet.engine.linear import LinearProgram, LinearSolution, WarmModel
from chainnet.errors import SolverError

__all__ = ["values_without"]

# fewer open candidates than this are solved at once: looking for other optima would not pay
FEW = 48
IDLE = 1e-9


def values_without(program: LinearProgram, base: LinearSolution, closings: Sequence[Ints]) -> Array:
    """Return the optimal value with each set of columns closed.

    Parameters
    ----------
    program : LinearProgram
        With its costs and bounds as solved; a minimum.
    base : LinearSolution
        Its optimal solution.
    closings : list of int arrays
        Columns that each removal holds at nothing.

    Returns
    -------
    float array, one value per removal

    Raises
    ------
    SolverError
        If a removal has no verdict (closing columns of a program whose zero is feasible always has).
    """
    values = np.full(len(closings), base.value)
    tiny = IDLE * program.col_scale
    open_sets = [i for i, columns in enumerate(closings) if (base.x[columns] > tiny[columns]).any()]
    if len(open_sets) > FEW:
        open_sets = _settle(program, base, closings, open_sets, tiny)
    if not open_sets:
        return values
    workers = max(1, min(os.cpu_count() or 1, len(open_sets) // 16))
    shares = [open_sets[start::workers] for start in range(workers)]
    if workers == 1:
        found = [_solve_share(program, base, closings, shares[0])]
    else:
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(lambda share: _solve_share(program, base, closings, share), shares))
    for share, part in zip(shares, found, strict=True):
        values[share] = part
    return values


def _solve_share(program: LinearProgram, base: LinearSolution, closings: Sequence[Ints], share: Sequence[int]) -> Array:
    model = WarmModel(program)
    out = np.empty(len(share))
    for place, i in enumerate(share):
        upper = program.col_upper.copy()
        upper[closings[i]] = 0.0
        model.set_upper(upper)
        out[place] = model.value(base.basis)
    if np.isnan(out).any():
        raise SolverError("a removal has no optimum; report the network that caused this")
    return out


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
    return replace(
        program,
        matrix=vstack([program.matrix, row]).tocsc(),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, value + 1e-12 * abs(value)),
        row_scale=np.append(program.row_scale, size),
    )
