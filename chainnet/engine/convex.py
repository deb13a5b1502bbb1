"""Programs with curves: the least of a linear cost and of convex costs of single columns, exact at its conditions.

Each curve is cut into steps, and a linear program finds where between them the answer lies; the steps are refined
around it. What binds there is then taken as equations and solved as they are, curves and all. If that answer keeps
every bound and every sign it is the optimum, for the program is convex; otherwise the steps are refined further.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csc_array, hstack

from chainnet._types import Array, Bools, Ints
from chainnet.engine.certificate import Certificate, certify_linear
from chainnet.engine.linear import LinearProgram, WarmModel
from chainnet.engine.linear_compact import AT_LOWER, BASIC
from chainnet.engine.tolerances import NEAT, ROUNDING, UNIT_ROUNDING
from chainnet.errors import SolverError

STEPS = 9
MOST_ROUNDS = 40
NEWTON = 30
FINER = 1000.0
NEARBY = 0.02
SLOW = 0.1  # of the step before: how far a step may be, or what solves for it is made anew


@dataclass(frozen=True, eq=False)
class Curves:
    """Marginal costs that rise along single columns: base + slope x + power (max(x, least) / at) ** exponent.

    Parameters
    ----------
    column : int array
        On which column each stands; its cost in the program comes on top.
    base, slope, power, exponent, at, least : float arrays
        ``power`` and ``exponent`` have one sign, ``slope`` is 0 or more. Below ``least`` the power stands still.
    """

    column: Ints
    base: Array
    slope: Array
    power: Array
    exponent: Array
    at: Array
    least: Array

    def marginal(self, x: Array) -> Array:
        """Return what one more costs at ``x``."""
        rise = self.power * (np.maximum(x, self.least) / self.at) ** self.exponent
        return np.asarray(self.base + self.slope * x + rise, dtype=float)

    def steepness(self, x: Array) -> Array:
        """Return how fast that rises."""
        at = np.maximum(np.maximum(x, self.least), UNIT_ROUNDING * self.at)
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = self.power * self.exponent * (at / self.at) ** self.exponent / at
        return np.asarray(self.slope + np.where((self.power == 0) | (x < self.least), 0.0, rise), dtype=float)

    def total(self, x: Array) -> Array:
        """Return what all from 0 to ``x`` costs."""
        low, up = np.minimum(x, self.least), np.maximum(x, self.least)
        flat = self.exponent == -1
        part = self.exponent + 1.0 + flat
        with np.errstate(divide="ignore", invalid="ignore"):
            powers = ((up / self.at) ** part - (self.least / self.at) ** part) / part
            rest = self.at * np.where(flat, np.log(up / self.least), powers)
            start = low * (self.least / self.at) ** self.exponent
        rise = np.where(self.power == 0, 0.0, self.power * (np.where(low > 0, start, 0.0) + rest))
        return np.asarray(self.base * x + self.slope * x * x / 2 + rise, dtype=float)


@dataclass(frozen=True, eq=False)
class ConvexSolution:
    """An optimum: ``row_dual`` is the change of the value per unit of row bound, ``col_dual`` what a column loses.

    ``tangent`` is the linear program of which it is an optimum too, each curve being as steep as there; ``arbitrage``
    the most that a column could still gain or loses, over what is paid and got for it; ``residual`` the largest
    breach of any condition.
    """

    x: Array
    row_dual: Array
    col_dual: Array
    tangent: LinearProgram
    arbitrage: float
    residual: float
    certificate: Certificate


class ConvexModel:
    """A program with curves, asked again under other costs and bounds.

    Parameters
    ----------
    program : LinearProgram
        Columns with a curve have a finite upper bound.
    curves : Curves
    problem : str
        Name for messages and proofs.

    Attributes
    ----------
    is_straight : bool
        Whether all curves are lines.
    """

    def __init__(self, program: LinearProgram, curves: Curves, problem: str) -> None:
        self._curves, self._problem = curves, problem
        n = len(program.cost)
        copies = np.repeat(curves.column, STEPS - 1)
        self._owner = np.concatenate([np.arange(n), copies])
        self._steps = np.vstack(
            [curves.column, n + np.arange(len(copies)).reshape(len(curves.column), STEPS - 1).T]
        )  # one column of the stepped program each: (step, curve)
        self.program = program
        self._transposed = csc_array(program.matrix.T)
        self._sizes = abs(self._transposed)
        coo = program.matrix.tocoo()
        self._entries = coo.row, coo.col, coo.data * program.col_scale[coo.col] / program.row_scale[coo.row]
        self.is_straight = not curves.power.any()
        stepped = replace(
            program,
            matrix=csc_array(hstack([program.matrix, program.matrix[:, copies]])) if len(copies) else program.matrix,
            col_lower=np.concatenate([program.col_lower, np.zeros(len(copies))]),
            col_upper=program.col_upper[self._owner],
            cost=program.cost[self._owner],
            col_scale=program.col_scale[self._owner],
        )
        start = np.abs(program.cost)
        np.maximum.at(
            start, curves.column, np.abs(program.cost[curves.column] + curves.marginal(self._reach(program) / 2))
        )
        # finer than other programs: a good that is worth little beside others has a price too
        natural = float(np.max(start * program.col_scale, initial=0.0)) or 1.0
        self._model = WarmModel(stepped, cost_size=natural / FINER)
        self._basis: Any = None
        self._active: tuple[Bools, Bools, Ints, Array] | None = None
        self._frame: _Frame | None = None

    @property
    def binding(self) -> bytes | None:
        """What bound in the last answer, where all curves are lines; None where that says nothing of other answers.

        If the same binds in two programs, it binds on the line between them too, and the answer moves along a line.
        """
        if self._active is None or not self.is_straight:
            return None
        return b"".join(np.asarray(part).tobytes() for part in self._active[:3])

    def _reach(self, program: LinearProgram) -> Array:
        return np.asarray(program.col_upper[self._curves.column], dtype=float)

    def solve(self, program: LinearProgram | None = None) -> ConvexSolution:
        """Return the optimum; ``program`` may have other costs and bounds, its matrix is the one of the model.

        Raises
        ------
        SolverError
            If there is none, or if no answer passes its own check.
        """
        program = program or self.program
        if self._active is not None:
            if (found := self._polished(program, *self._active)) is not None:
                return found
            at = self._active[-1][self._curves.column]  # the last answer is seldom far
            try:
                return self._refined(program, at - NEARBY * self._reach(program), at + NEARBY * self._reach(program))
            except SolverError:  # but where it is, all is looked at again
                self._basis = None
        return self._refined(program, np.zeros(len(self._curves.column)), self._reach(program))

    def _refined(self, program: LinearProgram, low: Array, high: Array) -> ConvexSolution:
        """Refine the steps around the answer until its conditions hold, from steps between ``low`` and ``high`` on."""
        curves, model = self._curves, self._model
        most = self._reach(program)
        low, high = np.maximum(low, 0.0), np.minimum(high, most)
        best: ConvexSolution | None = None
        for _ in range(MOST_ROUNDS if len(most) else 1):
            inner = np.linspace(low, high, STEPS - 1)
            marks = np.vstack([np.zeros_like(most), inner, most])
            widths, sums = np.diff(marks, axis=0), np.diff([curves.total(mark) for mark in marks], axis=0)
            middle = curves.marginal((marks[1:] + marks[:-1]) / 2)
            with np.errstate(divide="ignore", invalid="ignore"):
                # a step that is too thin for a difference of sums is as steep as its middle
                price = np.where(widths > 1e-6 * np.maximum(most, 1e-300), sums / widths, middle)
            upper, cost = program.col_upper[self._owner], program.cost[self._owner]
            upper[self._steps], cost[self._steps] = widths, cost[self._steps] + np.maximum.accumulate(price, axis=0)
            lower = np.append(program.col_lower, self._model.program.col_lower[len(program.cost) :])
            model.set_bounds((lower, upper, program.row_lower, program.row_upper))
            model.set_cost(cost)
            found = model.solve(self._basis, is_neat=not len(most))
            if found.status != "optimal":
                raise SolverError(f"{self._problem}: the program is {found.status}.")
            self._basis = found.basis
            x = np.bincount(self._owner, weights=found.x, minlength=len(program.cost)).astype(float)
            active = self._binding(found, upper, x, program)
            polished = self._polished(program, *active)
            if polished is not None:
                return polished
            answer = self._answer(program, x, found.row_dual)
            if best is None or answer.residual < best.residual:
                best = answer
            at = x[curves.column]
            reach = np.maximum((high - low) / (STEPS - 2), 4 * UNIT_ROUNDING * most)
            narrow = ((at > low + reach / 2) | (low <= 0)) & ((at < high - reach / 2) | (high >= most))
            span = np.where(narrow, reach, np.minimum(2 * (high - low), most))
            low, high = np.maximum(at - span, 0.0), np.minimum(at + span, most)
            if (reach <= 1e-11 * most).all():
                break
        if best is None or best.residual > NEAT:
            raise SolverError(
                f"{self._problem}: the answer failed its own check (largest breach "
                f"{np.nan if best is None else best.residual:.3g}). Report the network that caused this."
            )
        return best

    def _binding(self, found: Any, upper: Array, x: Array, program: LinearProgram) -> tuple[Bools, Bools, Ints, Array]:
        """Return which columns lie between their bounds, which at the upper one, what side of each row binds, and x."""
        status = np.array([int(s) for s in found.basis.col_status])
        row = np.array([int(s) for s in found.basis.row_status])
        free = status[: len(x)] == BASIC
        steps = status[self._steps]
        if steps.size:
            wide, filled = upper[self._steps] > 0, found.x[self._steps] > upper[self._steps] / 2
            between = (filled & wide).any(axis=0) & ~(filled | ~wide).all(axis=0)
            free[self._curves.column] = (steps == BASIC).any(axis=0) | between
        is_up = ~free & (x > (program.col_lower + program.col_upper) / 2)
        return free, is_up, np.where(row == BASIC, 0, np.where(row == AT_LOWER, -1, 1)), x

    def _polished(
        self, program: LinearProgram, free: Bools, is_up: Bools, side: Ints, x: Array
    ) -> ConvexSolution | None:
        """Solve what binds as equations; None where the answer is no optimum."""
        x = np.where(free, x, np.where(is_up, program.col_upper, program.col_lower))
        bound = np.where(side < 0, program.row_lower, program.row_upper)
        bound = np.where(np.isfinite(bound), bound, np.where(side < 0, program.row_upper, program.row_lower))
        tight = (side != 0) & np.isfinite(bound)
        if self._frame is None or not self._frame.is_of(free, tight):
            self._frame = _Frame.of(self, free, tight)
        frame = self._frame
        paid = np.abs(program.cost) * program.col_scale
        size = max(float(np.max(paid[np.isfinite(paid)], initial=0.0)), 1e-300)  # prices stand in units near one
        n = len(frame.scale)
        z = np.append(x[free] / frame.scale, np.zeros(len(frame.rows)))
        known = (bound - program.matrix @ x)[tight] / frame.rows + (frame.body @ z)[n:]
        found = frame.solved(z, known, program.cost[free], size)
        if found is None:
            return None
        x[free], y = found[:n] * frame.scale, np.zeros(len(bound))
        y[tight] = found[n:] * size / frame.rows
        answer = self._answer(program, x, y)
        if answer.residual > ROUNDING:
            return None
        self._active = free, is_up, side, answer.x
        return answer

    def _answer(self, program: LinearProgram, x: Array, row_dual: Array) -> ConvexSolution:
        """Return an answer with its proof: it is the optimum of the program with every curve as its tangent."""
        x = np.clip(x, program.col_lower, program.col_upper)
        cost = program.cost.copy()
        cost[self._curves.column] += self._curves.marginal(x[self._curves.column])
        tangent = replace(program, cost=cost)
        proof = certify_linear(self._problem, tangent, x, row_dual, program.row_scale, self._transposed)
        reduced = cost - self._transposed @ row_dual
        worth = np.abs(cost) + self._sizes @ np.abs(row_dual)
        breach = np.where(x - program.col_lower > NEAT * program.col_scale, reduced, 0.0)  # in use, but does not pay
        breach = np.maximum(breach, np.where(program.col_upper - x > NEAT * program.col_scale, -reduced, 0.0))
        # a price of nothing is no more than rounding of all others
        dust = UNIT_ROUNDING * float(np.max(worth * program.col_scale, initial=0.0)) / program.col_scale
        arbitrage = float(np.max(np.where(breach > dust, breach / np.maximum(worth, 1e-300), 0.0), initial=0.0))
        residual = max(proof.gap, proof.violation, arbitrage)
        return ConvexSolution(x, row_dual, reduced, tangent, arbitrage, residual, proof)


@dataclass(eq=False)
class _Frame:
    """The equations of what binds, in natural units: columns between their bounds, then prices of the rows that bind.

    ``body`` has no curves in it; ``curved`` has room for how steep they are at ``spots``. ``places``: which of the
    columns bear ``curves``. ``lu``: what solved them last, prices being in units of ``size``.
    """

    free: Bools
    tight: Bools
    scale: Array
    rows: Array
    places: Ints
    curves: Curves
    body: csc_array
    curved: csc_array
    spots: Ints
    lu: Any = None
    size: float = 0.0

    @classmethod
    def of(cls, model: ConvexModel, free: Bools, tight: Bools) -> _Frame:
        """Return the equations of a program in which these columns are free and these rows bind."""
        program, curves, entries = model.program, model._curves, model._entries
        scale, rows, bent = program.col_scale[free], program.row_scale[tight], free[curves.column]
        n = len(scale)
        column, row = np.cumsum(free) - 1, n + np.cumsum(tight) - 1
        inside = tight[entries[0]] & free[entries[1]]
        at_row, at_column, value = (part[inside] for part in entries)
        at_row, at_column, places = row[at_row], column[at_column], column[curves.column[bent]]
        spots = np.concatenate([places, at_column, at_row]), np.concatenate([places, at_row, at_column])
        shape = (n + len(rows), n + len(rows))
        # each entry holds its number at first, so that its place in the columns is known
        numbered = coo_array((np.arange(1.0, 1.0 + len(spots[0])), spots), shape=shape).tocsc()
        order = numbered.data.astype(np.int64) - 1
        data = np.concatenate([np.zeros(len(places)), -value, value])[order]
        body, curved = (csc_array((data.copy(), numbered.indices, numbered.indptr), shape=shape) for _ in range(2))
        own = Curves(*(np.asarray(getattr(curves, one.name))[bent] for one in fields(curves)))
        return cls(free, tight, scale, rows, places, own, body, curved, np.argsort(order)[: len(places)])

    def is_of(self, free: Bools, tight: Bools) -> bool:
        """Return whether these are the columns and rows."""
        return np.array_equal(self.free, free) and np.array_equal(self.tight, tight)

    def solved(self, start: Array, known: Array, cost: Array, size: float) -> Array | None:
        """Return columns and prices in natural units, by Newton's method from ``start``; None where there are none.

        ``known``: what stands beside the rows; ``cost``: of the columns, without their curves. What solved the last
        equations is taken first, for they are seldom far; it is made anew where steps shrink slowly.
        """
        lu = self.lu if self.size == size else None
        self.size = size
        found = None if lu is None else self._newton(start, known, cost, lu)
        return self._newton(start, known, cost, None) if found is None else found

    def _newton(self, start: Array, known: Array, cost: Array, lu: Any) -> Array | None:
        from scipy.sparse.linalg import splu

        places, scale, z, last = self.places, self.scale, start.copy(), np.inf
        for _ in range(NEWTON):
            at = z[places] * scale[places]
            now = cost.copy()
            now[places] += self.curves.marginal(at)
            if lu is None:
                self.curved.data[self.spots] = self.curves.steepness(at) * scale[places] ** 2 / self.size
                try:
                    lu = splu(self.curved)
                except RuntimeError:  # singular: there is no one answer to these equations
                    return None
            step = lu.solve(np.append(-now * scale / self.size, known) - self.body @ z)
            moved = float(np.max(np.abs(step), initial=0.0))
            if not np.isfinite(moved):
                return None
            z += step
            if (z[places] < -NEAT).any():
                return None
            z[places] = np.maximum(z[places], 0.0)
            self.lu = lu
            if moved <= 1e-14 * max(1.0, float(np.max(np.abs(z[: len(scale)]), initial=0.0))):
                break
            if moved > SLOW * last:
                lu = None
            last = moved
        return z
