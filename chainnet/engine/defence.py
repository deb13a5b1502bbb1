"""The plan that does best against all attacks known so far: one copy of the flow for each attack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csc_array, lil_array, vstack

from chainnet._types import Array, Ints
from chainnet.engine.attack import affordable
from chainnet.engine.linear import LinearProgram
from chainnet.errors import SolverError

__all__ = ["BestDefence"]

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
        shape = program.matrix.tocoo()
        data = shape.data * program.col_scale[shape.col] / program.row_scale[shape.row]
        self._matrix = csc_array((data, (shape.row, shape.col)), shape=program.matrix.shape)
        self._size = float(np.max(program.col_scale, initial=1.0))
        self._attacks: list[Sequence[tuple[Ints, int]]] = []
        self._too_dear: list[Ints] = []

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
        while True:
            chosen, least = self._best()
            if affordable(self._cost, chosen, self._budget):
                return chosen, least
            self._too_dear.append(np.flatnonzero(chosen))

    def _best(self) -> tuple[Any, float]:
        """Return a best plan, within the budget as exactly as the solver keeps it."""
        import highspy

        n_rows, n_cols = self._matrix.shape
        n_options, n_copies = len(self._cost), len(self._attacks)
        width = n_copies * n_cols + n_options + 1  # flows of each copy, options, the least served
        first, last = n_copies * n_cols, width - 1
        upper = self._program.col_upper / self._program.col_scale
        capped = np.minimum(upper, MOST)
        col_upper = np.concatenate([np.tile(upper, n_copies), np.ones(n_options), [np.inf]])
        links: list[tuple[list[int], list[float]]] = []
        for copy, attack in enumerate(self._attacks):
            start = copy * n_cols
            for columns, option in attack:
                if option < 0:
                    col_upper[start + columns] = 0.0
                else:
                    links += [([start + int(j), first + option], [1.0, -float(capped[j])]) for j in columns]
            for option, columns in enumerate(self._opens):
                links += [([start + int(j), first + option], [1.0, -float(capped[j])]) for j in columns]
        worth = self._program.col_scale[self._served] / self._size
        for copy in range(n_copies):
            at = [*(copy * n_cols + self._served).tolist(), last]
            links.append((at, [*(-worth).tolist(), 1.0]))
        for members in self._too_dear:
            links.append(((first + members).tolist(), [1.0] * len(members)))
        links.append(([first + o for o in range(n_options)], self._cost.tolist()))
        most = [*[0.0] * (len(links) - len(self._too_dear) - 1), *[len(m) - 1.0 for m in self._too_dear], self._budget]
        side = lil_array((len(links), width))
        for row, (at, values) in enumerate(links):
            side[[row] * len(at), at] = values
        blocks = [
            csc_array((self._matrix.data, self._matrix.indices, self._matrix.indptr), shape=(n_rows, n_cols))
            for _ in range(n_copies)
        ]
        matrix = vstack([_diagonal(blocks, width), side.tocsc()]).tocsc()
        matrix.sort_indices()
        low = np.tile(self._program.row_lower / self._program.row_scale, n_copies)
        high = np.tile(self._program.row_upper / self._program.row_scale, n_copies)
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = matrix.shape
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = np.concatenate([np.zeros(width - 1), [1.0]])
        model.col_lower_, model.col_upper_ = np.zeros(width), col_upper
        model.row_lower_ = np.concatenate([low, np.full(len(links), -np.inf)])
        model.row_upper_ = np.concatenate([high, most])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = (
            matrix.indptr,
            matrix.indices,
            matrix.data,
        )
        kind = highspy.HighsVarType
        model.integrality_ = [kind.kContinuous] * first + [kind.kInteger] * n_options + [kind.kContinuous]
        highs = highspy.Highs()
        for option_name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("time_limit", float(self._time)),
            ("mip_rel_gap", 1e-9),
            ("random_seed", 0),
        ):
            highs.setOptionValue(option_name, value)
        if highs.passModel(model) == highspy.HighsStatus.kError:
            raise SolverError("fortify: the solver refused the model; report the network that caused this")
        highs.run()
        if highs.getInfo().primal_solution_status != 2:
            raise SolverError(f"fortify: no plan was found ({highs.modelStatusToString(highs.getModelStatus())})")
        x = np.asarray(highs.getSolution().col_value)
        bound = highs.getInfo().mip_dual_bound if n_options else highs.getInfo().objective_function_value
        return x[first:last] > 0.5, float(bound) * self._size


def _diagonal(blocks: Sequence[csc_array], width: int) -> csc_array:
    from scipy.sparse import block_diag

    body = block_diag(list(blocks), format="csc")
    body.resize(body.shape[0], width)
    return csc_array(body)
