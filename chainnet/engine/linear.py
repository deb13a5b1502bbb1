"""Linear programs on arrays, solved again and again from a warm basis by HiGHS.

A model is built once. A removal or a measure changes bounds or costs, never the matrix. Before
every solve the saved basis is restored into a cleared solver, so that an answer depends on its
own bounds only and never on what was solved before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csc_array, hstack, vstack

from chainnet._types import Array, Ints
from chainnet.engine.certificate import Certificate, certify_linear
from chainnet.engine.tolerances import FINEST, NEAT, NEGLIGIBLE, PAID, SOLVER, WIDE
from chainnet.errors import SolverError

Bounds = tuple[Array, Array, Array, Array]  # lower and upper of columns, lower and upper of rows
Way = tuple[dict[str, Any], bool]  # options of the solver, and whether it goes on from what there is

NO_LIMIT = 2**31 - 1
PLAIN: dict[str, Any] = {
    "simplex_iteration_limit": NO_LIMIT,
    "solver": "simplex",
    "presolve": "off",
    "simplex_strategy": 1,
    "simplex_scale_strategy": 2,
    "primal_feasibility_tolerance": SOLVER,
    "dual_feasibility_tolerance": SOLVER,
    # devex: steepest edge would weigh every row anew before each warm solve
    "simplex_dual_edge_weight_strategy": 1,
}
# the primal method starts well where only costs have changed; no second scaling, which can hide a breach
PRIMAL = {**PLAIN, "simplex_strategy": 4, "simplex_scale_strategy": 0}
FINE = {**PRIMAL, "dual_feasibility_tolerance": FINEST}
PRESOLVED = {**PLAIN, "presolve": "on"}
WIDELY = {**PLAIN, "presolve": "on", "primal_feasibility_tolerance": WIDE, "dual_feasibility_tolerance": WIDE}
INTERIOR = {**PLAIN, "presolve": "on", "solver": "ipm"}
# steps for so many rows after which the interior point takes less time than the rest of the way (measured on months)
ROWS_A_STEP, LEAST_STEPS = 3, 2_000
# from here on it takes less from the start, where several objectives are sought at once
MANY_ROWS = 10_000


@dataclass(frozen=True)
class LinearProgram:
    """min cost x  s.t.  row_lower <= A x <= row_upper, col_lower <= x <= col_upper.

    ``row_scale`` and ``col_scale`` are the natural size of a row and a column: the solver sees
    rows divided by the one and columns divided by the other, callers never do.
    """

    matrix: csc_array
    row_lower: Array
    row_upper: Array
    col_lower: Array
    col_upper: Array
    cost: Array
    row_scale: Array
    col_scale: Array

    def with_rows(self, lines: Any, lower: Array, upper: Array, scale: Array) -> LinearProgram:
        """Return the program with further rows at its end."""
        return replace(
            self,
            matrix=csc_array(vstack([self.matrix, lines])),
            row_lower=np.append(self.row_lower, lower),
            row_upper=np.append(self.row_upper, upper),
            row_scale=np.append(self.row_scale, scale),
        )

    def with_columns(
        self,
        scale: Array,
        cost: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        entries: tuple[Ints, Ints, Array] | None = None,
    ) -> LinearProgram:
        """Return the program with further columns at its end, each from 0 on.

        Parameters
        ----------
        scale : array
            Natural size of each new column.
        cost, upper : arrays or numbers
            Of the new columns.
        entries : (rows, columns, values), optional
            Coefficients to add, columns counted over old and new ones; the old ones may get more.
        """
        (m, n), k = self.matrix.shape, len(scale)
        matrix = hstack([self.matrix, csc_array((m, k))], format="csc")
        if entries is not None:
            rows, columns, values = entries
            matrix = matrix + csc_array((values, (rows, columns)), shape=(m, n + k))
        return replace(
            self,
            matrix=csc_array(matrix),
            col_lower=np.append(self.col_lower, np.zeros(k)),
            col_upper=np.append(self.col_upper, np.full(k, upper)),
            cost=np.append(self.cost, np.full(k, cost)),
            col_scale=np.append(self.col_scale, scale),
        )

    def scaled(self) -> tuple[csc_array, tuple[Array, Array], tuple[Array, Array]]:
        """Return the matrix, the bounds of rows and those of columns, all in the solver's units."""
        rows, cols = self.row_scale, self.col_scale
        coo = self.matrix.tocoo()
        matrix = csc_array((coo.data * cols[coo.col] / rows[coo.row], (coo.row, coo.col)), shape=self.matrix.shape)
        row_bounds = self.row_lower / rows, self.row_upper / rows
        return matrix, row_bounds, (self.col_lower / cols, self.col_upper / cols)


def highs_model(matrix: csc_array, rows: tuple[Array, Array], columns: tuple[Array, Array], cost: Array) -> Any:
    """Return a program in the solver's own form: matrix, bounds of rows, bounds of columns, costs."""
    import highspy

    matrix.sort_indices()
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = cost
    model.col_lower_, model.col_upper_ = columns
    model.row_lower_, model.row_upper_ = rows
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return model


@dataclass(frozen=True)
class LinearSolution:
    """An optimal solution, or what went wrong.

    ``status`` is "optimal", "infeasible" or "unbounded". ``row_dual`` is the change of the value
    per unit of row bound, ``col_dual`` = cost - A' row_dual. ``basis`` can be handed back.
    """

    status: str
    value: float
    x: Array
    row_dual: Array
    col_dual: Array
    basis: Any


class WarmModel:
    """One linear program held in a solver, re-solved under other bounds and costs.

    Parameters
    ----------
    program : LinearProgram
    cost_size : float, optional
        What the solver measures costs in; None = the largest of those in place.
    """

    def __init__(self, program: LinearProgram, cost_size: float | None = None) -> None:
        import highspy

        self.program, self._cost_size = program, cost_size
        self._row_scale, self._col_scale = program.row_scale, program.col_scale
        self._transposed = program.matrix.T
        self._proved: tuple[LinearSolution, Certificate] | None = None  # under the bounds and costs in place
        lp = highs_model(*program.scaled(), self._scaled(program.cost))
        self._highs = highspy.Highs()
        self.is_at_once = True  # whether the last answer was found on the way that was tried first
        self._way: dict[str, Any] = {}
        for option, value in (("output_flag", False), ("threads", 1), ("small_matrix_value", NEGLIGIBLE)):
            self._highs.setOptionValue(option, value)
        self._follow(PLAIN)
        if self._highs.passModel(lp) == highspy.HighsStatus.kError:
            raise SolverError("the solver refused the model; report the network that caused this")
        self._known = highspy
        self._col_lower, self._col_upper = program.col_lower, program.col_upper
        self._row_bounds = (program.row_lower, program.row_upper)

    def set_cost(self, cost: Array) -> None:
        """Put another objective in place, in the caller's units."""
        before, put = self._put, self._scaled(cost)
        changed = np.flatnonzero(put != before).astype(np.int32)
        if len(changed):
            self._highs.changeColsCost(len(changed), changed, put[changed])

    def _scaled(self, cost: Array) -> Array:
        """Keep a cost; return it in the solver's units, mostly its largest 1: tolerances are absolute there."""
        self._cost, self._proved = cost, None
        scaled = cost * self._col_scale
        self._cost_scale = self._cost_size or float(np.max(np.abs(scaled), initial=0.0)) or 1.0
        self._put = scaled / self._cost_scale  # what the solver has
        return self._put

    def set_upper(self, upper: Array) -> None:
        """Put other upper bounds of columns in place."""
        changed = np.flatnonzero(upper != self._col_upper).astype(np.int32)
        if len(changed):
            lower = self._col_lower[changed] / self._col_scale[changed]
            self._highs.changeColsBounds(len(changed), changed, lower, upper[changed] / self._col_scale[changed])
        self._col_upper, self._proved = upper, None

    def col_lower(self, column: int) -> float:
        """Return the lower bound of a column that is in place."""
        return float(self._col_lower[column])

    def set_col_lower(self, column: int, lower: float) -> None:
        """Put another lower bound of one column in place."""
        self._col_lower = self._col_lower.copy()
        self._col_lower[column], self._proved = lower, None
        scale = self._col_scale[column]
        self._highs.changeColBounds(column, lower / scale, self._col_upper[column] / scale)

    def set_row(self, row: int, lower: float, upper: float) -> None:
        """Put other bounds of one row in place."""
        scale = self._row_scale[row]
        self._highs.changeRowBounds(row, lower / scale, upper / scale)
        low, high = (bounds.copy() for bounds in self._row_bounds)
        low[row], high[row] = lower, upper
        self._row_bounds, self._proved = (low, high), None

    def set_rows(self, lower: Array, upper: Array) -> None:
        """Put other bounds of all rows in place."""
        low, high = self._row_bounds
        changed = np.flatnonzero((lower != low) | (upper != high)).astype(np.int32)
        if len(changed):
            scale = self._row_scale[changed]
            highs: Any = self._highs  # its stubs lack the call
            highs.changeRowsBounds(len(changed), changed, lower[changed] / scale, upper[changed] / scale)
        self._row_bounds, self._proved = (lower, upper), None

    @property
    def bounds(self) -> Bounds:
        """Bounds of columns and of rows in place: lower, upper, lower, upper; callers do not change them."""
        return self._col_lower, self._col_upper, *self._row_bounds

    def set_bounds(self, bounds: Bounds) -> None:
        """Put other bounds of columns and rows in place."""
        lower, upper, *rows = bounds
        changed = np.flatnonzero((lower != self._col_lower) | (upper != self._col_upper)).astype(np.int32)
        if len(changed):
            scale = self._col_scale[changed]
            self._highs.changeColsBounds(len(changed), changed, lower[changed] / scale, upper[changed] / scale)
        self._col_lower, self._col_upper = lower, upper
        self.set_rows(*rows)

    def hold(self, found: LinearSolution) -> None:
        """Leave of the program in place only what is as good as its optimum ``found``.

        Notes
        -----
        By complementary slackness an answer is optimal if and only if what has a price in one optimal dual lies at
        its bound. So these columns and rows are held there, and the next objective is sought on that face alone: no
        row is added, nothing gives way, and the program becomes smaller. Cost: one pass over the non-zeros.
        """
        col_lower, col_upper, row_lower, row_upper = self.bounds
        activity = self.program.matrix @ found.x
        prices = found.col_dual * self._col_scale, found.row_dual * self._row_scale
        columns = _held(prices[0] / self._cost_scale, found.x / self._col_scale, col_lower, col_upper, self._col_scale)
        rows = _held(prices[1] / self._cost_scale, activity / self._row_scale, row_lower, row_upper, self._row_scale)
        self.set_bounds((*columns, *rows))

    def admit(self, x: Array) -> bool:
        """Move each bound that an answer breaches by rounding to where the answer lies; False where it breaches more.

        For where what is held at its bounds leaves no answer, though the one that it was held for keeps all of them as
        near as the solver tells: a demand that its only road carries but for 1e-12 of it.
        """
        lower, upper, row_lower, row_upper = self.bounds
        activity = self.program.matrix @ x
        off = np.maximum(lower - x, x - upper) / self._col_scale
        row_off = np.maximum(row_lower - activity, activity - row_upper) / self._row_scale
        if max(off.max(initial=0.0), row_off.max(initial=0.0)) > WIDE:
            return False
        rows = np.minimum(row_lower, activity), np.maximum(row_upper, activity)
        self.set_bounds((np.minimum(lower, x), np.maximum(upper, x), *rows))
        return True

    def current(self) -> LinearProgram:
        """Return the program as it stands now, with the bounds and costs last put in place."""
        p = self.program
        return LinearProgram(
            p.matrix, *self._row_bounds, self._col_lower, self._col_upper, self._cost, p.row_scale, p.col_scale
        )

    def certify(self, problem: str, found: LinearSolution) -> Certificate:
        """Return what the duals prove of an answer to the program as it stands; proved once while it stands."""
        if self._proved is None or self._proved[0] is not found:
            proof = certify_linear(problem, self.current(), found.x, found.row_dual, self._row_scale, self._transposed)
            self._proved = found, proof
        return replace(self._proved[1], problem=problem)

    @property
    def n_steps(self) -> int:
        """Number of steps that the last solve took."""
        return int(self._highs.getInfo().simplex_iteration_count)

    def basis_of(self, columns: Ints, rows: Ints) -> Any:
        """Return a basis made of the numbers of its statuses; the solver mends what does not fit."""
        word = {int(status): status for status in self._known.HighsBasisStatus.__members__.values()}
        basis = self._known.HighsBasis()
        basis.col_status = [word[status] for status in columns.tolist()]
        basis.row_status = [word[status] for status in rows.tolist()]
        basis.valid = True
        return basis

    def extended_basis(self, basis: Any, n_rows: int) -> Any:
        """Return a basis for this model made of one without its last rows, which become basic."""
        known = self._known
        longer = known.HighsBasis()
        longer.col_status = basis.col_status
        longer.row_status = [*basis.row_status, *[known.HighsBasisStatus.kBasic] * n_rows]
        longer.valid = True
        return longer

    def solve(
        self,
        basis: Any = None,
        *,
        or_wide: bool = False,
        is_near: bool = False,
        is_neat: bool = True,
        afresh: bool = False,
        is_far: bool = False,
    ) -> LinearSolution:
        """Solve under the bounds in place, from ``basis`` if one is given.

        ``or_wide``: where that is infeasible, but not surely so, rounding may be to blame; then it is solved again
        with presolve and wider tolerances. The answer still has to pass its own check.
        ``is_near`` is for where the answer of ``basis`` still keeps all bounds, only costs being other,
        and few steps are to go: another method, which is fast then.
        ``afresh``: for where that was tried of a program alike, and too many steps were to go: presolve, then the
        interior point, whose time hangs less on how far there is to go. ``is_far``: of a large program at once.
        ``is_neat``: whether an answer that is off by more than rounding is looked for again.

        Raises
        ------
        SolverError
            If HiGHS ends without a verdict, whatever way it goes.

        Notes
        -----
        Where an answer breaches a bound or misses its dual by more than rounding, or there is no verdict,
        other ways are tried, the first of them from what was found; of the answers the neatest is returned.
        """
        is_near &= basis is not None
        first = self._afresh(is_far) if afresh or is_far else self._near() if is_near else []
        found = self._best(basis, [*first, *self._ways(False)], is_neat)
        if found.status == "infeasible" and or_wide and not self.is_surely_infeasible():
            return self._best(None, self._ways(True), is_neat)
        return found

    def _best(self, basis: Any, ways: list[Way], is_neat: bool) -> LinearSolution:
        best: LinearSolution | None = None
        proved: Certificate
        least, status, held = np.inf, "", None
        for number, (way, goes_on) in enumerate(ways):
            self.is_at_once = number == 0
            start = best.basis if best is not None else basis
            status, held = self._run(start if goes_on else None, way), None
            if status in ("infeasible", "unbounded") and best is None:
                none = np.empty(0)
                return LinearSolution(status, np.nan, none, none, none, None)
            if status != "optimal":
                continue
            found, enough = self._found(), NEAT if best is None else WIDE
            if not is_neat:
                return found
            proof = self.certify("", found)
            fault = max(proof.gap, proof.violation)
            if best is None or fault < least:
                least, best, held, proved = fault, found, found, proof
            if least <= enough:
                break
        if best is None:
            raise SolverError(f"the solver stopped without a verdict ({status})")
        if held is not best:
            self._run(best.basis, PLAIN)  # what is asked of the solver next is asked of this answer
        self._proved = best, proved
        return best

    def is_surely_infeasible(self) -> bool:
        """Say, after a verdict of infeasible, whether it stands even if every bound gave way by twice ``WIDE``.

        Notes
        -----
        By the lemma of Farkas: weights of the rows under which what the rows ask for exceeds what the
        columns can give. False where there are no such weights, so where rounding may be to blame.
        """
        highs: Any = self._highs  # its stubs lack the call
        _, is_there, ray = highs.getDualRay()
        if not is_there:
            return False
        scale, size = self._row_scale, self._col_scale
        weight = np.asarray(ray, dtype=float) / max(float(np.max(np.abs(ray), initial=0.0)), 1e-300)
        for rows in (weight, -weight):
            cols = size * (self._transposed @ (rows / scale))
            room = 2 * WIDE * (np.abs(rows).sum() + np.abs(cols).sum())
            asked = _least(rows, *(bound / scale for bound in self._row_bounds))
            given = -_least(-cols, self._col_lower / size, self._col_upper / size)
            if asked > given + room:
                return True
        return False

    def _ways(self, is_wide: bool) -> list[Way]:
        """Return ways to solve, the fastest first, each with whether it goes on from what there is."""
        size = sum(self.program.matrix.shape) + 1000
        # a way that mends is near its end or runs in circles
        fine, interior = ({**way, "simplex_iteration_limit": size} for way in (FINE, INTERIOR))
        if is_wide:
            return [(WIDELY, False), (fine, True), (interior, False)]
        return [(PLAIN, True), (fine, True), (PLAIN, False), (WIDELY, False), (interior, False)]

    def _near(self) -> list[Way]:
        """Return ways where only costs have changed: a few steps, and afresh where these do not do."""
        few = {**PRIMAL, "simplex_iteration_limit": max(self.program.matrix.shape[0] // 16, 500)}
        return [(few, True), *self._afresh(False)]

    def _afresh(self, is_far: bool) -> list[Way]:
        """Return ways that begin afresh."""
        n_rows = self.program.matrix.shape[0]
        few = {**PRESOLVED, "simplex_iteration_limit": max(n_rows // ROWS_A_STEP, LEAST_STEPS)}
        return [(few, False), (INTERIOR, False)][is_far and n_rows > MANY_ROWS :]

    def value(self, basis: Any) -> float:
        """Solve for the optimal value alone, the cheapest answer there is; NaN if there is no optimum."""
        status = self._run(basis, PLAIN)
        if status in ("infeasible", "unbounded"):
            return np.nan
        if status == "optimal":
            return float(self._highs.getInfo().objective_function_value) * self._cost_scale
        return self.solve(basis).value

    def _found(self) -> LinearSolution:
        found = self._highs.getSolution()
        x = np.asarray(found.col_value) * self._col_scale
        row_dual = np.asarray(found.row_dual) * self._cost_scale / self._row_scale
        col_dual = self._cost - self._transposed @ row_dual
        return LinearSolution("optimal", float((self._cost * x).sum()), x, row_dual, col_dual, self._highs.getBasis())

    def _follow(self, way: dict[str, Any]) -> None:
        """Set the options of a way that are not yet in place."""
        for option, value in way.items():
            if self._way.get(option) != value:
                self._highs.setOptionValue(option, value)
        self._way = way

    def _run(self, basis: Any, way: dict[str, Any]) -> str:
        """Run the solver once; return its verdict, or its own word where that is none."""
        highs, known = self._highs, self._known
        verdicts = {
            known.HighsModelStatus.kOptimal: "optimal",
            known.HighsModelStatus.kModelEmpty: "optimal",  # neither rows nor columns: nothing flows
            known.HighsModelStatus.kInfeasible: "infeasible",
            known.HighsModelStatus.kUnbounded: "unbounded",
            known.HighsModelStatus.kUnboundedOrInfeasible: "unbounded",
        }
        self._follow(way)
        highs.clearSolver()
        if basis is not None:
            highs.setBasis(basis)
        run = highs.run()
        status = highs.getModelStatus()
        if run == known.HighsStatus.kError or status not in verdicts:
            return str(highs.modelStatusToString(status)) or "error"
        return verdicts[status]

    def row_ranges(self) -> tuple[Array, Array]:
        """Return, per row, the bound values between which the row's dual holds (after a solve)."""
        _, ranging = self._highs.getRanging()
        low = np.asarray(ranging.row_bound_dn.value_) * self._row_scale
        high = np.asarray(ranging.row_bound_up.value_) * self._row_scale
        return low, high


def _held(price: Array, value: Array, lower: Array, upper: Array, scale: Array) -> tuple[Array, Array]:
    """Return bounds that hold what has a price at the bound that it stands for; price and value in solver's units."""
    down = (price > PAID) & (value - lower / scale <= WIDE)
    up = (price < -PAID) & (upper / scale - value <= WIDE)
    return np.where(up, upper, lower), np.where(down, lower, upper)


def _least(weight: Array, lower: Array, upper: Array) -> float:
    """Return the least that a weighted sum can be within bounds; weights that are rounding do not count."""
    at = np.where(weight > 0, lower, upper)
    at = np.where(np.isinf(at) & (np.abs(weight) <= SOLVER), 0.0, at)
    some = weight != 0
    return float((weight[some] * at[some]).sum())


def solve_independently(program: LinearProgram) -> float:
    """Return the optimal value by another road: the interior point solver of scipy, on a fresh model.

    Raises
    ------
    SolverError
        If it finds no optimum.
    """
    from scipy.optimize import linprog

    scaled = program.matrix.tocsr() * program.col_scale
    rows = scaled.multiply(1.0 / program.row_scale[:, None]).tocsr()
    low, high = program.row_lower / program.row_scale, program.row_upper / program.row_scale
    equal = low == high
    above, below = np.isfinite(low) & ~equal, np.isfinite(high) & ~equal
    upper_rows = vstack([rows[below], -rows[above]]).tocsr() if (above | below).any() else None
    upper_bound = np.concatenate([high[below], -low[above]]) if upper_rows is not None else None
    result = linprog(
        program.cost * program.col_scale,
        A_ub=upper_rows,
        b_ub=upper_bound,
        A_eq=rows[equal] if equal.any() else None,
        b_eq=low[equal] if equal.any() else None,
        bounds=np.column_stack([program.col_lower / program.col_scale, program.col_upper / program.col_scale]),
        method="highs-ipm",
    )
    if result.status != 0:
        raise SolverError(f"the second solver found no optimum: {result.message}")
    return float(result.fun)
