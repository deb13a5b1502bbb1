"""Rows of a program, collected as they come, and the one way from there to a proved answer."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array, csc_array

from chainnet._types import Array, Ints
from chainnet.engine.certificate import Certificate, require
from chainnet.engine.linear import LinearProgram, LinearSolution, WarmModel
from chainnet.errors import SolverError


class Rows:
    """Collects the rows of a program: what stands in each, its bounds, and its natural size.

    A coefficient that is written twice counts with the sum. Rows are numbered from 0 on, as they are opened.
    """

    def __init__(self) -> None:
        self.low, self.high, self.size = array("d"), array("d"), array("d")  # as lists, but arrays at no cost
        self._parts: list[tuple[Any, ...]] = []  # rows, columns, values
        self._entries: list[tuple[int, int, float]] = []  # put one at a time, since the last part

    def __len__(self) -> int:
        return len(self.low)

    def open(self, low: float, high: float, size: float = 1.0) -> int:
        """Open an empty row and return its number."""
        self.low.append(low)
        self.high.append(high)
        self.size.append(size)
        return len(self.low) - 1

    def open_all(self, n: int, low: ArrayLike, high: ArrayLike, size: ArrayLike = 1.0) -> Ints:
        """Open so many empty rows and return their numbers; what is one number stands for all."""
        first = len(self.low)
        for kept, given in ((self.low, low), (self.high, high), (self.size, size)):
            kept.frombytes(np.full(n, given, dtype=float).tobytes())
        return np.arange(first, first + n)

    def write(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Write coefficients into open rows; what is one number stands for all."""
        self._gather()
        self._parts.append(np.broadcast_arrays(np.atleast_1d(rows), columns, values))

    def put(self, row: int, column: int, value: float) -> None:
        """Write one coefficient, as ``write`` does; many of these cost a fraction of it."""
        self._entries.append((row, column, value))

    def add(self, columns: ArrayLike, values: ArrayLike, low: float, high: float, size: float = 1.0) -> int:
        """Add a row and return its number."""
        row = self.open(low, high, size)
        self.write(row, columns, values)
        return row

    def each(
        self,
        columns: Sequence[ArrayLike],
        values: Sequence[ArrayLike],
        low: ArrayLike,
        high: ArrayLike,
        size: ArrayLike = 1.0,
    ) -> Ints:
        """Add rows that are alike and return their numbers.

        Parameters
        ----------
        columns, values : sequences of arrays or numbers
            The columns of the first term of each row and its coefficients, those of the second, and so on.
        low, high, size : arrays or numbers
        """
        rows = self.open_all(np.broadcast(*columns).size, low, high, size)
        for column, value in zip(columns, values, strict=True):
            self.write(rows, column, value)
        return rows

    def block(self, matrix: Any, start: int, low: ArrayLike, high: ArrayLike, size: ArrayLike = 1.0) -> Ints:
        """Add all rows of a matrix, its first column standing at ``start``; return their numbers."""
        coo = coo_array(matrix)
        rows = self.open_all(coo.shape[0], low, high, size)
        self.write(rows[coo.row], coo.col + start, coo.data)
        return rows

    def bar(self, columns: Ints) -> None:
        """Bar all of these columns, which take 0 or 1, from being 1 at once."""
        self.add(columns, 1.0, -np.inf, len(columns) - 1.0)

    def copy(self) -> Self:
        """Return rows that go on from these."""
        self._gather()
        other = type(self)()
        other.low, other.high, other.size = self.low[:], self.high[:], self.size[:]
        other._parts = list(self._parts)
        return other

    def matrix(self, n_columns: int) -> csc_array:
        """Return all that was written as a matrix of so many columns."""
        self._gather()
        shape = (len(self.low), n_columns)
        if not self._parts:
            return csc_array(shape)
        parts = zip((np.int64, np.int64, np.float64), zip(*self._parts, strict=True), strict=True)
        rows, columns, values = (np.concatenate(part).astype(kind, copy=False) for kind, part in parts)
        return csc_array((values, (rows, columns)), shape=shape)

    def lines(self, n_columns: int) -> tuple[csc_array, Array, Array, Array]:
        """Return matrix, lower and upper bounds and sizes, as ``LinearProgram.with_rows`` takes them."""
        low, high, size = (np.array(part) for part in (self.low, self.high, self.size))
        return self.matrix(n_columns), low, high, size

    def program(
        self, cost: Array, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf, size: ArrayLike = 1.0
    ) -> LinearProgram:
        """Return the program: the least cost within these rows.

        Parameters
        ----------
        cost : array, one per column
        lower, upper : arrays or numbers
            Bounds of the columns.
        size : array or number
            Natural size of the columns.
        """
        matrix, low, high, row_size = self.lines(len(cost))
        least, most, scale = (np.full(len(cost), part, dtype=float) for part in (lower, upper, size))
        return LinearProgram(matrix, low, high, least, most, cost, row_size, scale)

    def _gather(self) -> None:
        """Make a part of what was put one by one, so that all stays in its order."""
        if self._entries:
            rows, columns, values = zip(*self._entries, strict=True)
            self._parts.append((np.array(rows), np.array(columns), np.array(values)))
            self._entries = []


def least(problem: str, program: LinearProgram) -> tuple[LinearSolution, Certificate]:
    """Return the answer of least cost to a program that is asked once, and what proves it.

    Parameters
    ----------
    problem : str
        Name for messages.
    program : LinearProgram

    Raises
    ------
    SolverError
        If nothing keeps all bounds, if nothing bounds the cost, or if the answer fails its own check.
    """
    # costs as they are written: which of several optima is found hangs on their scale
    model = WarmModel(program, cost_size=1.0)
    found = model.solve(or_wide=True, afresh=True)
    if found.status != "optimal":
        raise SolverError(f"{problem}: the program is {found.status}. Report the input that caused this.")
    return found, require(model.certify(problem, found))
