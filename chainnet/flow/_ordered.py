"""Values where the beneficiaries do not outbid everyone: what is left for them, or what part of all can be theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chainnet._types import Array, Bools, Ints
from chainnet.engine import (
    Certificate,
    LinearProgram,
    LinearSolution,
    Ordered,
    Sweeps,
    at_once,
    floor_of,
    in_shares,
    not_idle,
    values_of,
    values_without,
)
from chainnet.flow._counting import Counting
from chainnet.flow._stages import SEVERAL
from chainnet.flow._value import UNLIMITED, ValueModel
from chainnet.lowering import Degree, Lowered, Overlay
from chainnet.progress import SILENT, Steps


def value_model(
    counting: Counting, overlay: Overlay | None = None, degree: Degree = "existing", *, stocks: bool = False
) -> ValueModel:
    """Return the value of a network as its counting says: the beneficiaries first, last, or nobody first.

    Parameters
    ----------
    counting : Counting
        ``order`` allies_last = what is left for those that count once all others are served as far as can be;
        alike = all together.
    overlay, degree, stocks
        As for ``ValueModel``.
    """
    if counting.order == "allies_last" and counting.rivals.any():
        return OrderedValue(counting, overlay, degree, stocks=stocks)
    if counting.order == "alike":
        return SharedValue(counting, overlay, degree, stocks=stocks)
    return ValueModel(counting, overlay, degree, stocks=stocks)


class _Kept:
    """A program in which some demand rows keep what they can get at most within the same bounds, then costs are least.

    Parameters
    ----------
    low : Lowered
    first : boolean array over the demand rows
        Those that keep their total.
    costs : sequence of arrays
        Each is asked by itself for its least.
    start : Any
        Basis of an answer that gives them so much, if one is known.
    """

    def __init__(self, low: Lowered, first: Bools, costs: Sequence[Array], start: Any = None) -> None:
        self._goal, self._costs = low.serving(first), list(costs)
        self._ordered = Ordered(low.program, "value", [self._goal], unbounded=lambda: UNLIMITED)
        longer = None if start is None else self._ordered.model.extended_basis(start, 1)
        self.first = self._ordered.stage(self._goal, basis=longer)
        self.slack = self._ordered.floor(0, self.first.value)
        self.bases = [self._ordered.ask(cost) for cost in self._costs]
        self.proofs = list(self._ordered.proofs)
        self._program = self._ordered.model.current()

    def program(self, at: int = 0) -> LinearProgram:
        """Return the program of a cost, the total being kept."""
        return replace(self._program, cost=self._costs[at])

    def put_under(self, upper: Array, row_upper: Array | None = None) -> None:
        """Put other upper bounds of columns and rows in place, and keep the total within these."""
        self._ordered.within(upper, row_upper)
        self._ordered.floor(0, self._ordered.stage(self._goal, basis=self.first.basis).value)

    def least(self, at: int = 0, basis: Any = None) -> LinearSolution:
        """Return the least of a cost within the bounds in place."""
        return self._ordered.ask(self._costs[at], basis=self.bases[at].basis if basis is None else basis)

    def open(self, closings: Sequence[Ints], at: int = 0) -> list[int]:
        """Return the closings that change anything: an answer that does without keeps both totals."""
        return not_idle(self.program(at), self.bases[at], closings)

    def values_without(self, closings: Sequence[Ints], totals: Array, sweeps: Sweeps = at_once, at: int = 0) -> Array:
        """Return the least cost with each set of columns closed, its total being the one given."""
        row = len(self._program.row_lower) - 1
        floors = np.array([floor_of(total, float(self._program.row_scale[row])) for total in totals])
        out = np.empty(len(closings))
        run = partial(values_of, self.program(at), self.bases[at], closings, row=row, floors=floors)
        for share, part in in_shares(range(len(closings)), run, sweeps):
            out[share] = part
        for i in np.flatnonzero(np.isnan(out)).tolist():  # rounding made it infeasible
            self.put_under(self._without(closings[i]))
            out[i] = self.least(at).value
        return out

    def second(self, closed: Ints) -> float:
        """Return the least of the first cost with some columns closed, total and cost by a second solver."""
        self._ordered.within(self._without(closed))
        self._ordered.floor(0, self._ordered.second(self._goal))
        return self._ordered.second(self._costs[0])

    def _without(self, closed: Ints) -> Array:
        upper = self._program.col_upper.copy()
        upper[closed] = 0.0
        return upper


class OrderedValue(ValueModel):
    """What is left for those that count when all others are served first, as far as can be.

    Notes
    -----
    A removal may also leave more: what the others can then no longer use. So values neither rise nor fall by rule.
    What the base answer does without costs nothing all the same, for it serves the others as well as can be.
    """

    def _take(self, low: Lowered, basis: Any = None) -> Array:  # a basis given is of what comes after
        self.lowered = low
        self._kept = _Kept(low, self.counting.rivals, [low.serving(self.counted)])
        self.base = self._kept.bases[0]
        return self.base.x

    @property
    def program(self) -> LinearProgram:
        """The program of the second stage, whose least is the largest tonnage left."""
        return self._kept.program()

    @property
    def value(self) -> float:
        """Largest tonnage left, t/yr."""
        left = -self.base.value
        return 0.0 if left <= SEVERAL * self._kept.slack else left

    def settled(self, values: Array) -> Array:
        """Return values without what the floor gives way: nothing, or the base value, where they are that near."""
        hair = SEVERAL * self._kept.slack
        near = np.where(np.abs(values - self.value) <= hair, self.value, values)
        return np.where(near <= hair, 0.0, near)

    def _proof(self) -> Certificate:
        return Certificate.worst(self._kept.proofs)

    def second_value(self, closed: Ints) -> float:
        """Return the value with some columns closed, both stages by a second solver."""
        return -self._kept.second(closed)

    def value_without(self, columns: Ints) -> float:
        """Return the value with some columns closed."""
        return float(self.values_without([columns])[0])

    def values_without(self, closings: Sequence[Ints], steps: Steps = SILENT) -> Array:
        """Return the value with each set of columns closed, one at a time; each is a step of two stages."""
        out = np.full(len(closings), self.value)
        at = self._kept.open(closings)
        some = [closings[i] for i in at]
        steps.more(len(some)).done(n=len(closings) - len(some))
        sweeps = steps.open_of(len(some))
        first = replace(self.lowered.program, cost=self.lowered.serving(self.counting.rivals))
        totals = -values_without(first, self._kept.first, some, sweeps)
        out[at] = self.settled(-self._kept.values_without(some, np.maximum(totals, 0.0), sweeps))
        return out

    def solve_within(self, upper: Array, row_upper: Array, basis: Any = None) -> LinearSolution:
        """Solve both stages within other upper bounds of columns and rows."""
        self._kept.put_under(upper, row_upper)
        return self._kept.least(basis=basis)


class SharedValue(ValueModel):
    """What all are served together, nobody first, and the least and the most of it that can be the beneficiaries'."""

    def _take(self, low: Lowered, basis: Any = None) -> Array:
        x = super()._take(low, basis)
        mine = low.serving(self.counting.rows)
        self._kept = _Kept(low, self.counted, [-mine, mine], self.base.basis)
        return x

    def _proof(self) -> Certificate:
        return Certificate.worst([*self._kept.proofs, super()._proof()])

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the most that the beneficiaries can get of the value, t/yr."""
        least, most = self._tidy(*(np.array([abs(base.value)]) for base in self._kept.bases))
        return float(least[0]), float(most[0])

    def ends_without(self, closings: Sequence[Ints]) -> tuple[Array, Array]:
        """Return both with each set of columns closed, one at a time."""
        totals = self.values_without(closings)
        out = []
        for end, base in enumerate(self._kept.bases):
            found = np.full(len(closings), abs(base.value))
            open_ = self._kept.open(closings, end)
            found[open_] = np.abs(self._kept.values_without([closings[i] for i in open_], totals[open_], at=end))
            out.append(found)
        return self._tidy(*out)

    def ends_within(self, upper: Array, row_upper: Array) -> tuple[float, float]:
        """Return both within other upper bounds of columns and rows."""
        self._kept.put_under(upper, row_upper)
        least, most = self._tidy(*(np.array([abs(self._kept.least(end).value)]) for end in (0, 1)))
        return float(least[0]), float(most[0])

    def _tidy(self, least: Array, most: Array) -> tuple[Array, Array]:
        """Return the low and the high end, one number where they differ by what the floor gives way alone."""
        same = most - least <= SEVERAL * self._kept.slack
        return np.where(same, most, least), most
