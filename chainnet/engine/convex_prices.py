"""Prices that are not one number: the least and the largest dual of a row among all that prove an optimum."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array

from chainnet._types import Array, Bools, Ints
from chainnet.engine.convex import ConvexSolution
from chainnet.engine.linear import LinearProgram, WarmModel
from chainnet.engine.tolerances import LOCK, NEAT
from chainnet.errors import SolverError

SMALL = 1e-9  # a coefficient that is none, after elimination


def dual_ends(found: ConvexSolution, rows: Ints) -> tuple[Array, Array, Array]:
    """Return the least and the largest dual of rows over all optimal duals, and one dual that lies in the middle.

    Parameters
    ----------
    found : ConvexSolution
    rows : int array

    Returns
    -------
    low, high : float arrays over ``rows``
        Infinite where nothing bounds it; NaN where the solver had no verdict.
    middle : float array over all rows of the program
        An optimal dual: the mean of two, one with all these duals as low as can be together, one with all as high.

    Notes
    -----
    By complementary slackness a dual is optimal if and only if it gives no column that is in use a loss, none that
    is not a gain, and no slack row a price. What is tied to columns strictly between their bounds by as many
    equations as there are unknowns is one number, which needs no program; for the rest two warm linear programs a row.
    """
    program, y = found.tangent, found.row_dual.copy()
    between, low_rows, high_rows = _sides(program, found.x)
    tight = low_rows | high_rows
    y[~tight] = 0.0
    is_open = _open(csc_array(program.matrix[:, between]), tight)
    low, high = y[rows].copy(), y[rows].copy()
    asked = np.flatnonzero(is_open[rows])
    if not len(asked):
        return low, high, y
    own = np.flatnonzero(is_open)
    face = _face(found, own, low_rows[own], high_rows[own])
    model, basis = WarmModel(face), None
    place = {int(row): number for number, row in enumerate(own)}
    for number in asked:
        cost = np.zeros(len(own))
        for side, sign in ((low, 1.0), (high, -1.0)):
            cost[place[int(rows[number])]] = sign
            model.set_cost(cost)
            try:
                answer = model.solve(basis, is_neat=False)
            except SolverError:  # no verdict: this end stays unknown
                side[number] = np.nan
                continue
            if answer.status == "optimal":
                basis = answer.basis
                side[number] = sign * answer.value
            else:
                side[number] = -sign * np.inf if answer.status == "unbounded" else np.nan
    # one dual that goes together: halfway between all prices at their least and all at their largest
    named = np.array([place[int(rows[number])] for number in asked])
    below, above = np.isfinite(low[asked]), np.isfinite(high[asked])
    cost, fixed, ends = np.zeros(len(own)), np.zeros(len(own)), []
    cost[named[below & above]] = 1.0 / face.col_scale[named[below & above]]
    fixed[named[below & ~above]] = 1.0  # what has one end lies there
    fixed[named[above & ~below]] = -1.0
    for sign in (1.0, -1.0):
        model.set_cost(sign * cost + fixed / face.col_scale)
        answer = model.solve(basis, is_neat=False)
        ends += [answer.x] if answer.status == "optimal" else []
    if len(ends) == 2:
        y[own] = (ends[0] + ends[1]) / 2
    return low, high, y


def _open(tied: csc_array, tight: Bools) -> Bools:
    """Return which duals the equations of some columns leave open, those of rows that are not tight being 0.

    An equation with one unknown left settles it; what is tied in circles is solved by elimination.
    """
    is_open = tight.copy()
    coo = tied.tocoo()
    row, column = coo.row[coo.data != 0], coo.col[coo.data != 0]
    while True:
        left = is_open[row]
        single = np.bincount(column[left], minlength=tied.shape[1]) == 1
        settled = row[left & single[column]]
        if not len(settled):
            break
        is_open[settled] = False
    places = np.flatnonzero(is_open)
    part = csc_array(tied[places])
    equations = part[:, np.flatnonzero(np.diff(part.indptr))].toarray().T.copy()
    pivots = []
    for step in range(min(equations.shape)):
        row, column = np.unravel_index(np.argmax(np.abs(equations[step:])), equations[step:].shape)
        if abs(equations[step + row, column]) <= SMALL:
            break
        equations[[step, step + row]] = equations[[step + row, step]]
        equations[step] /= equations[step, column]
        # no product of BLAS, whose threads cost more than the sums
        lead = equations[:, column].copy()
        lead[step] = 0.0
        equations -= lead[:, None] * equations[step]
        pivots.append(int(column))
    loose = np.ones(len(places), dtype=bool)
    loose[pivots] = False
    bound = (np.abs(equations[: len(pivots)][:, loose]) <= SMALL).all(axis=1)
    is_open[places[np.array(pivots, dtype=np.int64)[bound]]] = False
    return is_open


def _sides(program: LinearProgram, x: Array) -> tuple[Bools, Bools, Bools]:
    """Return which columns lie strictly between their bounds, and which rows lie at the lower and at the upper one."""
    scale = program.col_scale
    between = (x - program.col_lower > NEAT * scale) & (program.col_upper - x > NEAT * scale)
    activity, size = program.matrix @ x, NEAT * program.row_scale
    return between, activity - program.row_lower <= size, program.row_upper - activity <= size


def _face(found: ConvexSolution, own: Ints, low: Bools, high: Bools) -> LinearProgram:
    """Return the program over the duals of some rows, all others being what they are: every optimal one, no other."""
    program, reduced, x = found.tangent, found.col_dual, found.x
    part = csc_array(program.matrix[own].T)
    touched = np.flatnonzero(np.diff(csc_array(part.T).indptr))
    part = csc_array(part[touched])
    # what these duals may take from each column: all that is left after the others, or the same where it is in use
    given = reduced[touched] + part @ found.row_dual[own]
    hair = LOCK * (np.abs(program.cost[touched]) + abs(part) @ np.abs(found.row_dual[own]))
    scale = program.col_scale[touched]
    at_low = x[touched] - program.col_lower[touched] <= NEAT * scale
    at_high = program.col_upper[touched] - x[touched] <= NEAT * scale
    price = np.maximum(np.abs(found.row_dual[own]), float(np.max(np.abs(found.row_dual), initial=1.0)) * 1e-3)
    return LinearProgram(
        part,
        np.where(at_low, -np.inf, given - hair),
        np.where(at_high, np.inf, given + hair),
        np.where(high, -np.inf, 0.0),
        np.where(low, np.inf, 0.0),
        np.zeros(len(own)),
        np.maximum(np.abs(given), 1e-3 * float(np.max(price))),
        price,
    )
