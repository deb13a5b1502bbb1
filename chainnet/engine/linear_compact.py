"""A large linear program most of whose columns can carry nothing: only the others meet the solver."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from chainnet._types import Array, Bools, Ints
from chainnet.engine.certificate import Certificate
from chainnet.engine.linear import Bounds, LinearProgram, LinearSolution, WarmModel

Statuses = tuple[Any, Any]  # small integers: of columns and of rows, in the numbers of the solver
AT_LOWER, BASIC = 0, 1


def in_use(matrix: csc_array, is_open: Bools, row_lower: Array, row_upper: Array) -> Bools:
    """Return which columns can be other than 0 at all, when all are at least 0.

    A row that may not fall below 0 and has nothing open that raises it shuts all that lowers it, and so
    the other way round; this goes on along the chain.

    Notes
    -----
    Cost: one pass over the non-zeros per step of the longest chain.
    """
    coo = matrix.tocoo()
    raises = coo.data > 0
    row, column, some = coo.row, coo.col, coo.data != 0
    n_rows = matrix.shape[0]
    is_open = is_open.copy()
    while True:
        live = is_open[column] & some
        row, column, raises, some = row[live], column[live], raises[live], some[live]
        up = np.bincount(row[raises], minlength=n_rows)
        down = np.bincount(row[~raises], minlength=n_rows)
        shut = np.where(raises, ((row_upper == 0) & (down == 0))[row], ((row_lower == 0) & (up == 0))[row])
        if not shut.any():
            return is_open
        is_open[column[shut]] = False


class CompactModel:
    """Like ``WarmModel``, for programs whose lower bounds are 0: columns that must be 0 are left out.

    The solver's model is made anew when a column comes into use that it lacks; otherwise it is kept warm.

    Notes
    -----
    A row none of whose columns is in use is left out too; if it cannot hold with nothing the answer is
    infeasible.
    """

    def __init__(self, program: LinearProgram, stays: Bools | None = None) -> None:
        self.program = program
        self._stays = stays  # columns kept in the model although they must be 0, for a basis from elsewhere
        self._upper = program.col_upper
        self._low, self._high = program.row_lower, program.row_upper
        self._cost = program.cost
        self._model: WarmModel | None = None
        self._open = np.zeros(len(program.cost), dtype=bool)
        self._rows = np.zeros(len(program.row_lower), dtype=bool)

    def set_cost(self, cost: Array) -> None:
        """Put another objective in place."""
        self._cost = cost
        if self._model is not None:
            self._model.set_cost(cost[self._open])

    def set_bounds(self, upper: Array, row_lower: Array, row_upper: Array) -> None:
        """Put other upper bounds of columns and bounds of rows in place, and let go of what was held."""
        self._upper, self._low, self._high = upper, row_lower, row_upper
        used = in_use(self.program.matrix, upper > 0, row_lower, row_upper)
        if self._stays is not None:
            used |= self._stays
        if self._model is None or (used & ~self._open).any():
            self._build(used)
        else:
            nothing = np.zeros(int(self._open.sum()))
            self._model.set_bounds((nothing, upper[self._open], row_lower[self._rows], row_upper[self._rows]))

    @property
    def held(self) -> Bounds:
        """What is in place of bounds, to be put back by ``set_held``."""
        return self._inner.bounds

    def set_held(self, bounds: Bounds) -> None:
        """Put back what ``held`` was, under the bounds that are in place."""
        self._inner.set_bounds(bounds)

    def hold(self, found: LinearSolution) -> None:
        """Leave only what is as good as the optimum ``found``; see ``WarmModel.hold``."""
        inner = replace(
            found, x=found.x[self._open], row_dual=found.row_dual[self._rows], col_dual=found.col_dual[self._open]
        )
        self._inner.hold(inner)

    def admit(self, found: LinearSolution) -> bool:
        """Move bounds that an answer breaches by rounding to where it lies; see ``WarmModel.admit``."""
        return self._inner.admit(found.x[self._open])

    def hold_at(self, columns: Ints, value: Array) -> None:
        """Leave only answers in which some columns have these values."""
        place = np.cumsum(self._open) - 1
        some = self._open[columns]
        lower, upper, *rows = self._inner.bounds
        lower, upper = lower.copy(), upper.copy()
        lower[place[columns[some]]] = upper[place[columns[some]]] = value[some]
        self._inner.set_bounds((lower, upper, rows[0], rows[1]))

    def keep_at_least(self, columns: Ints, value: Array) -> None:
        """Leave only answers in which some columns have these values or more."""
        place = np.cumsum(self._open) - 1
        some = self._open[columns]
        lower, upper, *rows = self._inner.bounds
        lower, at = lower.copy(), place[columns[some]]
        lower[at] = np.minimum(np.maximum(value[some], lower[at]), upper[at])
        self._inner.set_bounds((lower, upper, rows[0], rows[1]))

    def free_below(self, rows: Ints) -> None:
        """Take away the lower bounds of some rows."""
        place = np.cumsum(self._rows) - 1
        lower, upper, row_lower, row_upper = self._inner.bounds
        row_lower = row_lower.copy()
        row_lower[place[rows[self._rows[rows]]]] = -np.inf
        self._inner.set_bounds((lower, upper, row_lower, row_upper))

    @property
    def _inner(self) -> WarmModel:
        if self._model is None:
            self.set_bounds(self._upper, self._low, self._high)
        assert self._model is not None
        return self._model

    def solve(
        self,
        before: LinearSolution | None = None,
        *,
        or_wide: bool = False,
        is_near: bool = False,
        afresh: bool = False,
        is_far: bool = False,
    ) -> LinearSolution:
        """Solve under what is in place, from an earlier answer if its basis still fits; see ``WarmModel.solve``."""
        model = self._inner
        idle = ~self._rows
        if (np.maximum(self._low[idle], -self._high[idle]) > 0).any():
            none = np.empty(0)
            return LinearSolution("infeasible", np.nan, none, none, none, None)
        basis = before.basis[1] if before is not None and before.basis[0] is model else None
        found = model.solve(basis, or_wide=or_wide, is_near=is_near, afresh=afresh, is_far=is_far)
        if found.status != "optimal":
            return found
        self._last = found
        x, reduced = np.zeros(len(self._open)), np.zeros(len(self._open))
        dual = np.zeros(len(self._rows))
        x[self._open], reduced[self._open], dual[self._rows] = found.x, found.col_dual, found.row_dual
        return LinearSolution("optimal", found.value, x, dual, reduced, (model, found.basis))

    @property
    def is_at_once(self) -> bool:
        """Whether the last answer was found on the way that was tried first."""
        return self._inner.is_at_once

    @property
    def n_steps(self) -> int:
        """Number of steps that the last solve took."""
        return self._inner.n_steps

    def statuses(self, found: LinearSolution) -> Statuses:
        """Return the basis of an answer as numbers over all columns and rows, what was left out at its place."""
        basis = found.basis[1]
        columns, rows = (
            np.full(len(some), at, dtype=np.int8) for some, at in ((self._open, AT_LOWER), (self._rows, BASIC))
        )
        columns[self._open] = [status.value for status in basis.col_status]
        rows[self._rows] = [status.value for status in basis.row_status]
        return columns, rows

    def at(self, statuses: Statuses) -> LinearSolution:
        """Return where to start from, given the basis of an answer to a program with the same columns and rows."""
        none = np.empty(0)
        basis = self._inner.basis_of(statuses[0][self._open], statuses[1][self._rows])
        return LinearSolution("start", np.nan, none, none, none, (self._model, basis))

    def certify(self, problem: str) -> Certificate:
        """Prove the last answer on the columns in use, which are all that there can be."""
        return self._inner.certify(problem, self._last)

    def _build(self, used: Bools) -> None:
        p = self.program
        part = csc_array(p.matrix[:, np.flatnonzero(used)])
        rows = np.zeros(len(p.row_lower), dtype=bool)
        rows[part.indices[part.data != 0]] = True
        self._open, self._rows = used, rows
        self._model = WarmModel(
            LinearProgram(
                csc_array(part[np.flatnonzero(rows), :]),
                self._low[rows],
                self._high[rows],
                np.zeros(int(used.sum())),
                self._upper[used],
                self._cost[used],
                p.row_scale[rows],
                p.col_scale[used],
            )
        )
