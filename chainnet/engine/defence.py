"""The plan that does best against all attacks known so far: one copy of the flow for each attack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainnet._types import Array, Ints
from chainnet.engine.linear import LinearProgram
from chainnet.engine.mip import solve_mixed
from chainnet.engine.rows import Rows
from chainnet.errors import SolverError

# columns are scaled so that the largest flow of a commodity is about a thousand
MOST = 1000.0


class BestDefence:
    """Chooses options within a budget so that the least served over all attacks is largest.

    Parameters
    ----------
    program : LinearProgram
        In the caller's units, with every option's columns open.
    served : int array
        Columns whose sum is what is served.
    cost : array, one per option, and budget
    opens : list of int arrays
        Columns that stay shut unless the option is taken.
    time_limit_s : float
    """

    def __init__(
        self,
        program: LinearProgram,
        served: Ints,
        cost: Array,
        budget: float,
        opens: Sequence[Ints],
        time_limit_s: float,
    ) -> None:
        self._program, self._served, self._cost, self._budget = program, served, cost, budget
        self._opens, self._time = opens, time_limit_s
        self._size = float(np.max(program.col_scale, initial=1.0))
        self._attacks: list[Sequence[tuple[Ints, int]]] = []

    def add_attack(self, attack: Sequence[tuple[Ints, int]]) -> None:
        """Plan against one more attack: columns closed, and the option that keeps them open (-1: none)."""
        self._attacks.append(attack)

    def solve(self) -> tuple[Any, float]:
        """Return (which options are taken, the least served over all attacks).

        Raises
        ------
        SolverError
            If the solver finds no plan.
        """
        matrix, (low, high), (_, upper) = self._program.scaled()
        n_cols, n_options, n_copies = matrix.shape[1], len(self._cost), len(self._attacks)
        width = n_copies * n_cols + n_options + 1  # flows of each copy, options, the least served
        first, last = n_copies * n_cols, width - 1
        capped = np.where(np.isfinite(upper), upper, MOST)  # a known bound may be far above it in small units
        col_upper = np.concatenate([np.tile(upper, n_copies), np.ones(n_options), [np.inf]])
        rows = Rows()
        for copy in range(n_copies):
            rows.block(matrix, copy * n_cols, low, high)

        def open_with(option: int, start: int, columns: Ints) -> None:
            for j in columns:
                rows.add([start + j, first + option], [1.0, -capped[j]], -np.inf, 0.0)

        for copy, attack in enumerate(self._attacks):
            start = copy * n_cols
            for columns, option in attack:
                if option < 0:
                    col_upper[start + columns] = 0.0
                else:
                    open_with(option, start, columns)
            for option, columns in enumerate(self._opens):
                open_with(option, start, columns)
        worth = self._program.col_scale[self._served] / self._size
        for copy in range(n_copies):
            rows.add([*(copy * n_cols + self._served), last], [*-worth, 1.0], -np.inf, 0.0)
        goal = np.zeros(width)
        goal[last] = 1.0
        found = solve_mixed(
            "fortify",
            rows,
            (np.zeros(width), col_upper),
            goal,
            np.arange(first, last),
            self._cost,
            self._budget,
            is_minimum=False,
            time_limit_s=self._time,
        )
        if found is None:
            raise SolverError("fortify: no plan was found; report the network that caused this")
        return found.amount > 0, found.bound * self._size
