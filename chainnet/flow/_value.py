"""The value of a network: the largest tonnage that can be served, one linear program kept warm."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from chainnet.engine import (
    Certificate,
    LinearSolution,
    WarmModel,
    certify_linear,
    require,
    solve_independently,
    values_without,
)
from chainnet.errors import DataError
from chainnet.flow._counting import Counting
from chainnet.lowering import Degree, Lowered, Overlay, lower

__all__ = ["ValueModel"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


class ValueModel:
    """The value of a network under an overlay: solved once, then again and again with columns closed.

    Parameters
    ----------
    counting : Counting
        Whose demand counts, in which network.
    overlay : Overlay, optional
    degree : {"frozen", "existing", "new"}
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
        network = counting.network
        self._lower(lower(network, overlay, degree, stocks=stocks), counting)
        finer = self.lowered.finer_sizes(self.base.x)
        if finer is not None:
            first, held = self.lowered, self._proof().ok
            self._lower(lower(network, overlay, degree, stocks=stocks, sizes=finer), counting)
            if held and not self._proof().ok:
                self._lower(first, counting)

    def _lower(self, low: Lowered, counting: Counting) -> None:
        """Take a program and solve it."""
        self.lowered, self.counting, self.counted = low, counting, counting.rows
        cost = np.zeros(len(self.lowered.program.cost))
        cost[self.lowered.served[self.counted]] = -1.0
        self._cost = cost
        self._model = WarmModel(self.lowered.program)
        self._model.set_cost(cost)
        self.base = self._solve(None)
        self._upper = self.lowered.program.col_upper

    def _solve(self, basis: Any) -> LinearSolution:
        found = self._model.solve(basis)
        if found.status == "unbounded":
            raise DataError(
                "nothing limits the flow: on some way from a source to a use neither a node nor an edge has a "
                "capacity, and the use has no demand. Give one of them capacity_tpa, or give the demand table."
            )
        if found.status != "optimal":
            raise DataError(f"the value program is {found.status}")
        return found

    def first(self, tier: str | None) -> ValueModel:
        """Return the same for one tier, on the program at hand: lowering strands is the slow part."""
        other = copy(self)
        other._lower(self.lowered, self.counting.first(tier))
        return other

    @property
    def value(self) -> float:
        """Largest tonnage served, t/a."""
        return -self.base.value + 0.0

    def certificate(self, verify: bool = False) -> Certificate:
        """Prove the base value by its duals, and by a second solver if asked."""
        proof = self._proof()
        second = -solve_independently(self._model.current()) if verify else None
        return require(
            Certificate(
                "value", -proof.value + 0.0, -proof.bound + 0.0, proof.gap, proof.violation, proof.tolerance, second
            )
        )

    def _proof(self) -> Certificate:
        program = replace(self.lowered.program, cost=self._cost)
        return certify_linear("value", program, self.base.x, self.base.row_dual, program.row_scale)

    def value_without(self, columns: Ints) -> float:
        """Return the value with some columns closed; those that carry nothing cost no solve."""
        if not (self.base.x[columns] > 1e-12 * self.lowered.program.col_scale[columns]).any():
            return self.value
        upper = self._upper.copy()
        upper[columns] = 0.0
        self._model.set_upper(upper)
        value = -self._solve(self.base.basis).value
        return min(max(value, 0.0), self.value)

    def values_without(self, closings: Sequence[Ints]) -> Array:
        """Return the value with each set of columns closed, one at a time."""
        program = replace(self.lowered.program, cost=self._cost)
        found = -values_without(program, self.base, closings)
        return np.clip(found, 0.0, self.value)

    def solve_under(self, overlay: Overlay) -> LinearSolution:
        """Solve under another overlay of the same restrictions (projects built, shares changed)."""
        upper, row_upper = self.lowered.bounds(overlay)
        self._model.set_upper(upper)
        self._model.set_rows(self.lowered.program.row_lower, row_upper)
        return self._solve(self.base.basis)
