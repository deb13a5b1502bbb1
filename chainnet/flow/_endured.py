"""Whose whole service is asked for, over how many periods from the start."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainnet._types import Array
from chainnet.engine import CERTAIN, LEAST_SIZE
from chainnet.lowering import Periods


class Endured:
    """Whose whole service is asked for, over how many periods from the start."""

    def __init__(self, periods: Periods, rows: Any, wanted: Array, steps: int) -> None:
        self.steps, self._wanted = steps, wanted[:, np.flatnonzero(rows)]
        self._columns = periods.served(rows).reshape(periods.n_periods, -1)

    def first_short(self, x: Array) -> int:
        """Return the first period in which an answer leaves them short; the number of periods if it never does."""
        short: Any = self._wanted - x[self._columns] > CERTAIN * np.maximum(self._wanted, LEAST_SIZE)
        some = np.flatnonzero(short.any(axis=1)[: self.steps])
        return int(some[0]) if len(some) else self.steps

    def cost(self, tried: int, n_columns: int, *, is_early: bool = False) -> Array:
        """Return costs under which the least is the most that they can be served in the first periods, or early."""
        cost, columns = np.zeros(n_columns), self._columns[:tried]
        weight = np.arange(tried, 0, -1) / tried if is_early else np.ones(tried)
        cost[columns.ravel()] = -np.repeat(weight, columns.shape[1])
        return cost
