"""The window of an exposure in which all others take first what they can: two stages, the first one held."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csc_array

from chainnet._types import Array, Ints
from chainnet.criticality._exposure_program import MOST_CHECKED, ExposureProgram
from chainnet.engine import AGREE, LEAST_SIZE, ROUNDING, Certificate, Ordered, require, solve_independently
from chainnet.flow import Counting
from chainnet.lowering import Degree, Lowered, Overlay
from chainnet.progress import SILENT, Steps

MOST_STEPS = 80  # halvings of 1 / time


class ExposureLast(ExposureProgram):
    """What is lost to those that count while all others are served first, as far as can be.

    Notes
    -----
    In each window the tonnes of the others come first; of the plans that give them most, the one that loses the least
    value is taken. A removal can also leave more than there was, where the others can no longer use what they took;
    so added cost may be below 0, and losses may come and go with time. The time to survive is where a loss begins that
    is known: it is found from both sides of 1 / time by the line through two losses, or by halving.
    """

    def __init__(self, counting: Counting, overlay: Overlay, degree: Degree) -> None:
        self._rivals = counting.rivals
        super().__init__(counting, overlay, degree)

    def _take(self, low: Lowered) -> Array:
        x = super()._take(low)
        first = np.zeros(len(self.program.cost))
        first[: self.n_cols] = low.serving(self._rivals)
        tonnes = np.zeros_like(first)
        tonnes[self.wanted] = -1.0
        self._stages = [first, self.program.cost, *([tonnes] if self._is_tied else [])]
        self._ordered = Ordered(self.program, "risk_exposure")
        answers = list(self._ordered.in_order(self._stages))
        self._first_basis = answers[0].basis
        self._base_proofs = list(self._ordered.proofs)
        return x

    def _proof(self) -> Certificate:
        return Certificate.worst([*self._base_proofs, super()._proof()])

    def _upper(self, u: float, closed: Ints) -> Array:
        """Return upper bounds of a window of 1 / u periods with some columns closed."""
        upper = self.program.col_upper.copy()
        with np.errstate(invalid="ignore"):
            share = np.where(self.amounts > 0, self.amounts * u, 0.0)
        upper[self.draws] = np.minimum(share, self.releases)
        upper[closed] = 0.0
        return upper

    def _window(self, u: float, closed: Ints) -> tuple[Array, Array]:
        """Return what is lost a period of each counted demand, and the plan."""
        self._ordered.within(self._upper(u, closed))
        *_, last = self._ordered.in_order(self._stages, basis=self._first_basis)
        for proof in self._ordered.proofs[-len(self._stages) :]:
            require(proof)
        return self._lost(last.x[self.wanted]), last.x

    def _losses(self, u: float, closings: list[Ints], steps: Steps) -> tuple[Array, Array]:
        """Return what is lost a period with nothing out, and with each set of columns closed.

        What the plan with nothing out does without changes neither stage: the plan stays, and none can be better.
        """
        base, x = self._window(u, np.empty(0, dtype=np.int64))
        out = [self._window(u, c)[0] if (x[c] > 0).any() else base for c in steps.each(closings)]
        return base, np.array(out)

    def survival(self, closings: list[Ints], periods: Array, steps: Steps = SILENT) -> Array:
        """Return the shortest time known from which each removal costs anything, in periods.

        A loss without any stock tells of one, and so does a loss over the periods that are asked: of the two the
        shorter is where the search begins.
        """
        steps.more(2 * len(closings))  # over the periods asked, for ever, without any stock, and where losses begin
        self._base, self._out = self._over(closings, periods, steps)
        if not closings:
            return np.empty(0)
        boundless, unstocked = self._losses(np.inf, closings, steps)[1], self._losses(0.0, closings, steps)[1]
        late, never = self._out.sum(axis=1) > 0, boundless.sum(axis=1) <= 0
        out = np.where(never, np.inf, 0.0)
        asked = np.flatnonzero(((unstocked.sum(axis=1) > 0) | late) & never).tolist()
        steps.done(n=len(closings) - len(asked))
        for i in steps.each(asked):
            begin, lost = (1.0 / periods[i], self._out[i]) if late[i] else (0.0, unstocked[i])
            out[i] = 1.0 / self._begins(closings[i], begin, float(lost.sum()))
        return out

    def _over(self, closings: list[Ints], periods: Array, steps: Steps) -> tuple[Array, Array]:
        """Return what is lost a period with nothing out, and without each, each over its own periods; 0 over none."""
        base = np.zeros((len(closings), len(self.wanted)))
        out = np.zeros_like(base)
        for t in np.unique(periods[periods > 0]):
            rows = np.flatnonzero(periods == t)
            base[rows], out[rows] = self._losses(1.0 / float(t), [closings[i] for i in rows], steps)
        return base, out

    def _begins(self, closed: Ints, low: float, at: float) -> float:
        """Return the 1 / time above which nothing is lost, given what is lost a period at one below it."""
        high = max(1.0, 2.0 * low)
        lower, before = low, at  # an earlier point with a loss, for the line
        while (lost := self._loss(high, closed)) > 0:
            lower, before, low, at, high = low, at, high, lost, 2.0 * high
        for _ in range(MOST_STEPS):
            if high - low <= 2.0 * ROUNDING * high:
                break
            line = low + at * (low - lower) / (before - at) if low > lower and before > at else np.inf
            # a hair to either side of where the line ends, so that both sides close at once
            near = [end for end in (line * (1.0 + ROUNDING), line * (1.0 - ROUNDING)) if low < end < high]
            guess = near[0] if near else 0.5 * (low + high)
            lost = self._loss(guess, closed)
            if lost > 0:
                lower, before, low, at = low, at, guess, lost
            else:
                high = guess
        return high

    def _loss(self, u: float, closed: Ints) -> float:
        return float(self._window(u, closed)[0].sum())

    def costs(
        self, closings: list[Ints], periods: Array, survive: Array, _steps: Steps = SILENT
    ) -> tuple[Array, Array, Array]:
        """Return value lost, tonnes lost, and value beyond what is lost with nothing out."""
        base, lost = self._base * periods[:, None], self._out * periods[:, None]
        lost[np.abs(periods - survive) <= 4.0 * ROUNDING * periods] = 0.0  # where losses begin nothing is lost yet
        cost, anyway, tonnes = lost @ self.values, base @ self.values, lost.sum(axis=1)
        cost = np.where(np.abs(cost - anyway) <= ROUNDING * anyway, anyway, cost)
        return cost, tonnes, cost - anyway

    def check(self, closings: list[Ints], table: pd.DataFrame) -> None:
        """Solve both stages of the first rows again on fresh models by interior points.

        Raises
        ------
        SolverError
            If a cost differs by more than 1e-6.
        """
        rows = table.head(MOST_CHECKED)
        for closed, name, cost, t in zip(closings, rows.index, rows["cost_usd"], rows["recovery"], strict=False):
            if t > 0:
                first = replace(self.program, col_upper=self._upper(1.0 / t, closed), cost=self._stages[0])
                most = -solve_independently(first)
                size = float(np.max(np.abs(first.cost) * first.col_scale, initial=0.0)) or 1.0
                # wider than a floor of the engine, for interior points need room
                floor = most - AGREE * 1e-3 * max(most, size)
                second = first.with_rows(
                    csc_array(-first.cost[None, :]), np.array([floor]), np.array([np.inf]), np.array([size])
                )
                served = -solve_independently(replace(second, cost=self.program.cost))
                whole = float(self.demand @ self.values)
                self._compare(name, "cost", cost, (whole - served) * t, max(whole * t, LEAST_SIZE))
