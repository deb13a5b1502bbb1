"""Values where the beneficiaries do not outbid everyone: what is left for them, or what part of all can be theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from chainnet._types import Array, Bools, Ints
from chainnet.engine import (
    Certificate,
    LinearProgram,
    LinearSolution,
    Sweeps,
    WarmModel,
    at_once,
    certify_linear,
    in_shares,
    not_idle,
    solve_independently,
    values_of,
    values_without,
)
from chainnet.errors import SolverError
from chainnet.flow._counting import Counting
from chainnet.flow._stages import SEVERAL, floor_of
from chainnet.flow._value import ValueModel
from chainnet.lowering import Degree, Lowered, Overlay
from chainnet.progress import SILENT, Steps


def value_model(
    counting: Counting, overlay: Overlay | None = None, degree: Degree = "existing", *, stocks: bool = False
) -> ValueModel:
    """Return the value of a network as its counting says: the beneficiaries first, last, or nobody first.

    Parameters
    ----------
    counting : Counting
        ``others`` before = what is left for those that count once all others are served as far as can be;
        alongside = all together.
    overlay, degree, stocks
        As for ``ValueModel``.
    """
    if counting.others == "before" and counting.rivals.any():
        return OrderedValue(counting, overlay, degree, stocks=stocks)
    if counting.others == "alongside":
        return SharedValue(counting, overlay, degree, stocks=stocks)
    return ValueModel(counting, overlay, degree, stocks=stocks)


class _Held:
    """A program in which some demand rows keep the total that they can get at most, a hair aside.

    Parameters
    ----------
    low : Lowered
    first : boolean array over the demand rows
        Those that keep their total.
    cost : array
        What is least then.
    total : float
        What they can get at most, t/a.
    basis : Any
        Where to start from: that of the answer that gives them so much.
    """

    def __init__(self, low: Lowered, first: Bools, cost: Array, total: float, basis: Any) -> None:
        held = low.serving(first)
        size = float(np.max(np.abs(held) * low.program.col_scale, initial=0.0)) or 1.0
        self._size = size
        floor = floor_of(total, size)
        self.slack = total - floor
        wider = replace(low.program, cost=cost).with_rows(
            csc_array(-held[None, :]), np.array([floor]), np.array([np.inf]), np.array([size])
        )
        self.program: LinearProgram = replace(wider, cost=cost)
        self.row = len(wider.row_upper) - 1
        self.model = WarmModel(self.program)
        self.model.set_cost(cost)
        start = None if basis is None else self.model.extended_basis(basis, 1)
        self.base = self.solve(start)

    def solve(self, basis: Any) -> LinearSolution:
        """Solve within the bounds in place."""
        found = self.model.solve(basis, or_wide=True)
        if found.status != "optimal":
            raise SolverError(f"the value program is {found.status}. Report the network that caused this.")
        return found

    def proof(self) -> Certificate:
        """Prove the base answer by its duals."""
        p = self.program
        return certify_linear("value", p, self.base.x, self.base.row_dual, p.row_scale)

    def solve_under(self, upper: Array, row_upper: Array, total: float, basis: Any = None) -> LinearSolution:
        """Solve within other upper bounds of columns and rows and with another total."""
        low = self.program.row_lower.copy()
        low[self.row] = floor_of(total, self._size)
        self.model.set_upper(upper)
        self.model.set_rows(low, np.append(row_upper, np.inf))
        return self.solve(self.base.basis if basis is None else basis)

    def open(self, closings: Sequence[Ints]) -> list[int]:
        """Return the closings that change anything: an answer that does without keeps both totals."""
        return not_idle(self.program, self.base, closings)

    def values_without(self, closings: Sequence[Ints], totals: Array, sweeps: Sweeps = at_once) -> Array:
        """Return the least cost with each set of columns closed, its total being the one given."""
        floors = np.array([floor_of(total, self._size) for total in totals])
        out = np.empty(len(closings))
        run = partial(values_of, self.program, self.base, closings, row=self.row, floors=floors)
        for share, part in in_shares(range(len(closings)), run, sweeps):
            out[share] = part
        for i in np.flatnonzero(np.isnan(out)).tolist():  # rounding made it infeasible
            upper = self.program.col_upper.copy()
            upper[closings[i]] = 0.0
            out[i] = self.solve_under(upper, self.program.row_upper[:-1], float(totals[i])).value
        return out

    def second(self, closed: Ints, total: float) -> float:
        """Return the least cost with some columns closed by a second solver."""
        upper, low = self.program.col_upper.copy(), self.program.row_lower.copy()
        upper[closed] = 0.0
        low[self.row] = floor_of(total, self._size)
        return solve_independently(replace(self.program, col_upper=upper, row_lower=low))


class OrderedValue(ValueModel):
    """What is left for those that count when all others are served first, as far as can be.

    Notes
    -----
    A removal may also leave more: what the others can then no longer use. So values neither rise nor fall by rule.
    What the base answer does without costs nothing all the same, for it serves the others as well as can be.
    """

    def _take(self, low: Lowered, basis: Any = None) -> Array:
        self.lowered = low
        self._first_cost = low.serving(self.counting.rivals)
        self._model = WarmModel(low.program)
        self._model.set_cost(self._first_cost)
        self._first = self._solve(None)  # a basis given is of what comes after
        self._upper = low.program.col_upper
        self._cost = low.serving(self.counted)
        self._held = _Held(low, self.counting.rivals, self._cost, -self._first.value, self._first.basis)
        self.base = self._held.base
        return self.base.x

    @property
    def program(self) -> LinearProgram:
        """The program of the second stage, whose least is the largest tonnage left."""
        return self._held.program

    @property
    def value(self) -> float:
        """Largest tonnage left, t/a."""
        left = -self.base.value
        return 0.0 if left <= SEVERAL * self._held.slack else left

    def settled(self, values: Array) -> Array:
        """Return values without what the lock gives way: nothing, or the base value, where they are that near."""
        hair = SEVERAL * self._held.slack
        near = np.where(np.abs(values - self.value) <= hair, self.value, values)
        return np.where(near <= hair, 0.0, near)

    def _proof(self) -> Certificate:
        first = replace(self.lowered.program, cost=self._first_cost)
        one = certify_linear("value", first, self._first.x, self._first.row_dual, first.row_scale)
        two = self._held.proof()
        return replace(two, gap=max(one.gap, two.gap), violation=max(one.violation, two.violation))

    def second_value(self, closed: Ints) -> float:
        """Return the value with some columns closed, both stages by a second solver."""
        upper = self._upper.copy()
        upper[closed] = 0.0
        first = replace(self.lowered.program, cost=self._first_cost, col_upper=upper)
        return -self._held.second(closed, -solve_independently(first))

    def value_without(self, columns: Ints) -> float:
        """Return the value with some columns closed."""
        return float(self.values_without([columns])[0])

    def values_without(self, closings: Sequence[Ints], steps: Steps = SILENT) -> Array:
        """Return the value with each set of columns closed, one at a time; each is a step of two stages."""
        out = np.full(len(closings), self.value)
        at = self._held.open(closings)
        some = [closings[i] for i in at]
        steps.more(len(some)).done(n=len(closings) - len(some))
        sweeps = steps.open_of(len(some))
        totals = -values_without(replace(self.lowered.program, cost=self._first_cost), self._first, some, sweeps)
        out[at] = self.settled(-self._held.values_without(some, np.maximum(totals, 0.0), sweeps))
        return out

    def solve_within(self, upper: Array, row_upper: Array, basis: Any = None) -> LinearSolution:
        """Solve both stages within other upper bounds of columns and rows."""
        self._model.set_upper(upper)
        self._model.set_rows(self.lowered.program.row_lower, row_upper)
        first = self._solve(self._first.basis)
        return self._held.solve_under(upper, row_upper, -first.value, basis)


class SharedValue(ValueModel):
    """What all are served together, nobody first, and the least and the most of it that can be the beneficiaries'."""

    def _take(self, low: Lowered, basis: Any = None) -> Array:
        x = super()._take(low, basis)
        mine = low.serving(self.counting.rows)
        total, near = -self.base.value, self.base.basis
        self._ends = [_Held(low, self.counted, sign * mine, total, near) for sign in (-1.0, 1.0)]
        return x

    def _proof(self) -> Certificate:
        proofs = [super()._proof(), *(end.proof() for end in self._ends)]
        return replace(proofs[0], gap=max(p.gap for p in proofs), violation=max(p.violation for p in proofs))

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the most that the beneficiaries can get of the value, t/a."""
        least, most = self._tidy(*(np.array([abs(end.base.value)]) for end in self._ends))
        return float(least[0]), float(most[0])

    def ends_without(self, closings: Sequence[Ints]) -> tuple[Array, Array]:
        """Return both with each set of columns closed, one at a time."""
        totals = self.values_without(closings)
        out = []
        for end in self._ends:
            found = np.full(len(closings), abs(end.base.value))
            at = end.open(closings)
            found[at] = np.abs(end.values_without([closings[i] for i in at], totals[at]))
            out.append(found)
        return self._tidy(*out)

    def ends_within(self, upper: Array, row_upper: Array) -> tuple[float, float]:
        """Return both within other upper bounds of columns and rows."""
        total = -self.solve_within(upper, row_upper).value
        found = [np.array([abs(end.solve_under(upper, row_upper, total).value)]) for end in self._ends]
        least, most = self._tidy(*found)
        return float(least[0]), float(most[0])

    def _tidy(self, least: Array, most: Array) -> tuple[Array, Array]:
        """Return both ends, one number where they differ by what the lock gives way alone."""
        same = most - least <= SEVERAL * self._ends[0].slack
        return np.where(same, most, least), most
