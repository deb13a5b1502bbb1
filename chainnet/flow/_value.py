"""The value of a network: the largest tonnage that can be served, one linear program kept warm."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chainnet._types import Array, Ints
from chainnet.engine import (
    UNIT_ROUNDING,
    Certificate,
    LinearProgram,
    LinearSolution,
    WarmModel,
    certify_linear,
    require,
    solve_independently,
    values_without,
)
from chainnet.errors import DataError
from chainnet.flow._counting import Counting
from chainnet.flow._stages import in_finer_sizes
from chainnet.lowering import Degree, Lowered, Overlay, lower
from chainnet.progress import SILENT, Steps

UNLIMITED = (
    "nothing limits the flow: on some way from a source to a use neither a node nor an edge has a capacity, "
    "and the use has no demand. Give one of them capacity_tpa, or give the demand table."
)


class ValueModel:
    """The value of a network under an overlay: solved once, then again and again with columns closed.

    Parameters
    ----------
    counting : Counting
        Whose demand counts, in which network.
    overlay : Overlay, optional
    degree : {"none", "existing", "new"}
    stocks : bool
        Whether stocks may be drawn.

    Raises
    ------
    DataError
        If nothing limits the flow.
    """

    def __init__(
        self,
        counting: Counting,
        overlay: Overlay | None = None,
        degree: Degree = "existing",
        *,
        stocks: bool = False,
    ) -> None:
        self.counting, self.counted = counting, counting.valued
        lowering = partial(lower, counting.network, overlay, degree, stocks=stocks)
        in_finer_sizes(lowering, self._take, lambda: self._proof().ok)

    def _take(self, low: Lowered, basis: Any = None) -> Array:
        """Take a program and solve it, from a basis if one is given; return the columns of its answer."""
        self.lowered = low
        self._cost = low.serving(self.counted)
        self._model = WarmModel(low.program)
        self._model.set_cost(self._cost)
        self.base = self._solve(basis)
        self._upper = low.program.col_upper
        return self.base.x

    def _solve(self, basis: Any) -> LinearSolution:
        found = self._model.solve(basis)
        if found.status == "unbounded":
            raise DataError(UNLIMITED)
        if found.status != "optimal":
            raise DataError(f"the value program is {found.status}")
        return found

    def first(self, tier: str | None) -> ValueModel:
        """Return the same for one tier, on the program at hand: lowering tracked flows is the slow part."""
        other = copy(self)
        other.counting = self.counting.first(tier)
        other.counted = other.counting.valued
        other._take(self.lowered)
        return other

    def with_line(self, line: int, t_per_t: float) -> ValueModel:
        """Return the same with another amount in a line of a recipe (row of the processes table), warm."""
        other = copy(self)
        other._take(self.lowered.with_line(line, t_per_t), self.base.basis)
        return other

    @property
    def program(self) -> LinearProgram:
        """The program, whose least is the largest tonnage served."""
        return replace(self.lowered.program, cost=self._cost)

    @property
    def value(self) -> float:
        """Largest tonnage served, t/yr."""
        return -self.base.value + 0.0

    def certificate(self, verify: bool = False) -> Certificate:
        """Prove the base value by its duals, and by a second solver if asked."""
        proof = self._proof()
        second = -solve_independently(self.program) if verify else None
        return require(
            Certificate(
                "value", -proof.value + 0.0, -proof.bound + 0.0, proof.gap, proof.violation, proof.tolerance, second
            )
        )

    def _proof(self) -> Certificate:
        program = self.program
        return certify_linear("value", program, self.base.x, self.base.row_dual, program.row_scale)

    def value_without(self, columns: Ints) -> float:
        """Return the value with some columns closed; those that carry nothing cost no solve."""
        if not (self.base.x[columns] > UNIT_ROUNDING * self.lowered.program.col_scale[columns]).any():
            return self.value
        upper = self._upper.copy()
        upper[columns] = 0.0
        self._model.set_upper(upper)
        value = -self._solve(self.base.basis).value
        return min(max(value, 0.0), self.value)

    def values_without(self, closings: Sequence[Ints], steps: Steps = SILENT) -> Array:
        """Return the value with each set of columns closed, one at a time; each is a step."""
        found = -values_without(self.program, self.base, closings, steps.open_of(len(closings)))
        return np.clip(found, 0.0, self.value)

    def solve_under(self, overlay: Overlay) -> LinearSolution:
        """Solve under another overlay of the same restrictions (projects built, shares changed)."""
        return self.solve_within(*self.lowered.bounds(overlay))

    def solve_within(self, upper: Array, row_upper: Array, basis: Any = None) -> LinearSolution:
        """Solve within other upper bounds of columns and rows, from ``basis`` or that of the base answer."""
        self._model.set_upper(upper)
        self._model.set_rows(self.lowered.program.row_lower, row_upper)
        return self._solve(self.base.basis if basis is None else basis)
