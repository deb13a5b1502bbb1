"""The best set under a budget: one copy of the flow for each scenario and year, one choice for all.

Arrays in, arrays out. Copies share binary variables (what is bought whole) and parts of stocks; the
objective is the mean, the worst or the conditional value at risk of what stays short.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from chainnet._types import INF, Array, Bools, Ints
from chainnet.engine.linear import LinearProgram, WarmModel
from chainnet.errors import SolverError

__all__ = ["BestSet", "Copy", "FixedSets", "Found", "risk_of"]

# relative: sets whose values are this near are equally good
SLACK = 1e-7
ROUNDING = 1e-9


@dataclass
class Copy:
    """One scenario in one year, with every option open.

    ``columns``: (column, most, option): nothing flows unless the option is taken. ``rows``: (row, least,
    more, option): the row's upper bound without it, and what the option adds. ``stocks``: (column, tonnes
    at the largest size, option). ``part``: weight of this copy's value in its scenario's.
    """

    program: LinearProgram
    served: Ints
    scenario: int
    part: float
    wanted: float
    columns: list[tuple[int, float, int]] = field(default_factory=list)
    rows: list[tuple[int, float, float, int]] = field(default_factory=list)
    stocks: list[tuple[int, float, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """An answer: which options, how much of each stock (0 to 1), the objective, its bound, the cost."""

    taken: Bools
    parts: Array
    value: float
    bound: float
    cost: float
    is_optimal: bool


def risk_of(short: Array, weight: Array, objective: str, alpha: float) -> float:
    """Return the mean, the worst or the conditional value at risk of what scenarios leave short.

    The last is the mean over the worst 1 - alpha of the probability (Rockafellar and Uryasev 2000).
    """
    if objective == "expected":
        return float(weight @ short)
    likely = weight > 0
    if objective == "worst":
        return float(short[likely].max())
    order = np.argsort(-short[likely], kind="stable")
    mass, worst = weight[likely][order], short[likely][order]
    left = np.clip((1.0 - alpha) - np.concatenate([[0.0], np.cumsum(mass)[:-1]]), 0.0, mass)
    return float(left @ worst / left.sum())


class _Builder:
    """Collects the rows of a program."""

    def __init__(self) -> None:
        self.at: list[Ints] = []
        self.row: list[Ints] = []
        self.data: list[Array] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, columns: Any, values: Any, low: float, high: float) -> None:
        columns = np.asarray(columns, dtype=np.int64)
        self.at.append(columns)
        self.data.append(np.asarray(values, dtype=float))
        self.row.append(np.full(len(columns), len(self.low)))
        self.low.append(low)
        self.high.append(high)

    def block(self, matrix: Any, start: int, low: Array, high: Array) -> None:
        coo = matrix.tocoo()
        self.at.append(coo.col + start)
        self.row.append(coo.row + len(self.low))
        self.data.append(coo.data)
        self.low += low.tolist()
        self.high += high.tolist()


class BestSet:
    """Chooses options so that what stays short is least.

    Parameters
    ----------
    copies : sequence of Copy
    weight : array over scenarios
        Probabilities, summing to 1.
    cost : array over options, USD million
    is_stock : boolean array over options
    objective : {"expected", "worst", "cvar"}
    alpha : float
    time_limit_s : float
        For each program.
    """

    def __init__(
        self,
        copies: Sequence[Copy],
        weight: Array,
        cost: Array,
        is_stock: Bools,
        objective: str,
        alpha: float,
        time_limit_s: float,
    ) -> None:
        self.copies, self.weight, self.cost, self.is_stock = list(copies), weight, cost, is_stock
        self.objective, self.alpha, self.time_limit_s = objective, alpha, time_limit_s
        self.wanted = np.zeros(len(weight))
        for copy in copies:
            self.wanted[copy.scenario] += copy.part * copy.wanted
        scales = [float(c.program.col_scale[c.served].max(initial=0.0)) for c in copies]
        self.size = max([*scales, 1e-12])
        self._build()

    def _build(self) -> None:
        n_options, n_scenarios = len(self.cost), len(self.weight)
        starts = np.concatenate([[0], np.cumsum([c.program.matrix.shape[1] for c in self.copies])]).astype(int)
        self.first = int(starts[-1])  # options, then the value of each scenario, then the risk columns
        self.value_at = self.first + n_options
        self.risk_at = self.value_at + n_scenarios
        tail = {"expected": 0, "worst": 1, "cvar": 1 + n_scenarios}[self.objective]
        self.width = self.risk_at + tail
        rows = _Builder()
        upper = [np.empty(0)]
        worth: list[tuple[list[int], list[float]]] = [([], []) for _ in range(n_scenarios)]
        for copy, start in zip(self.copies, starts[:-1].tolist(), strict=True):
            upper.append(self._copy(rows, copy, start))
            at, values = worth[copy.scenario]
            at += (start + copy.served).tolist()
            values += (-copy.part * copy.program.col_scale[copy.served] / self.size).tolist()
        for scenario, (at, values) in enumerate(worth):
            rows.add([*at, self.value_at + scenario], [*values, 1.0], -INF, 0.0)
        self.col_lower = np.zeros(self.width)
        self.col_upper = np.concatenate([*upper, np.ones(n_options), np.full(n_scenarios + tail, INF)])
        self.goal = np.zeros(self.width)
        self._risk(rows)
        self.rows = rows

    def _copy(self, rows: _Builder, copy: Copy, start: int) -> Array:
        """Write the rows of one copy; return the upper bounds of its columns."""
        p = copy.program
        coo = p.matrix.tocoo()
        data = coo.data * p.col_scale[coo.col] / p.row_scale[coo.row]
        matrix = coo_array((data, (coo.row, coo.col)), shape=p.matrix.shape).tocsr()
        high = p.row_upper / p.row_scale
        linked = {row for row, *_ in copy.rows}
        held = [
            (row, least / p.row_scale[row], more / p.row_scale[row], option) for row, least, more, option in copy.rows
        ]
        high[sorted(linked)] = INF
        rows.block(matrix, start, p.row_lower / p.row_scale, high)
        upper = p.col_upper / p.col_scale
        for row, least, more, option in held:
            line = matrix[[row], :].tocoo()
            rows.add([*(start + line.col).tolist(), self.first + option], [*line.data.tolist(), -more], -INF, least)
        for column, most, option in copy.columns:
            rows.add([start + column, self.first + option], [1.0, -most / p.col_scale[column]], -INF, 0.0)
        for column, most, option in copy.stocks:
            rows.add([start + column, self.first + option], [1.0, -most / p.col_scale[column]], -INF, 0.0)
        return np.asarray(upper)

    def _risk(self, rows: _Builder) -> None:
        """Write the objective: columns are in units of ``size``, shortfall is wanted - value."""
        wanted = (self.wanted - self.wanted.max()) / self.size
        values = np.arange(self.value_at, self.risk_at)
        if self.objective == "expected":
            self.goal[values] = self.weight
            self.offset = -float(self.weight @ wanted)
            return
        self.offset = 0.0
        self.col_lower[self.risk_at :] = -INF if self.objective == "worst" else 0.0
        if self.objective == "worst":
            for scenario in np.flatnonzero(self.weight > 0).tolist():
                rows.add([self.risk_at, values[scenario]], [1.0, -1.0], -INF, -wanted[scenario])
            self.goal[self.risk_at] = 1.0
            return
        self.col_lower[self.risk_at] = -INF  # the threshold; then what each scenario falls short of it
        self.goal[self.risk_at] = 1.0
        for scenario, weight in enumerate(self.weight.tolist()):
            over = self.risk_at + 1 + scenario
            rows.add([self.risk_at, values[scenario], over], [1.0, -1.0, -1.0], -INF, -wanted[scenario])
            self.goal[over] = -weight / (1.0 - self.alpha)

    def solve(
        self,
        budget: float,
        *,
        cheapest_at: float | None = None,
        floors: Array | None = None,
        fixed: Bools | None = None,
        barred: Iterable[Bools] = (),
    ) -> Found | None:
        """Return the best set within the budget, or the cheapest that does as well as asked; None = there is none.

        Parameters
        ----------
        budget : float
            USD million; inf = any.
        cheapest_at : float, optional
            Least of the objective, as ``Found.value``; then the cheapest set is sought.
        floors : array over scenarios, optional
            Least value of each, t; then the cheapest set is sought.
        fixed : boolean array over options, optional
            What is taken, stocks aside.
        barred : iterable of boolean arrays
            Sets none of whose supersets may be taken.

        Raises
        ------
        SolverError
            If the solver ends without a verdict.
        """
        side = _Builder()
        options = np.arange(self.first, self.first + len(self.cost))
        if np.isfinite(budget):
            side.add(options, self.cost, -INF, budget)
        seeks_cost = cheapest_at is not None or floors is not None
        if cheapest_at is not None:
            at = np.flatnonzero(self.goal)
            side.add(at, self.goal[at], cheapest_at / self.size - self.offset, INF)
        lower, upper = self.col_lower.copy(), self.col_upper.copy()
        if floors is not None:
            lower[self.value_at : self.risk_at] = floors / self.size
        if fixed is not None:
            whole = ~self.is_stock
            lower[options[whole]] = upper[options[whole]] = fixed[whole]
        for members in barred:
            inside = np.flatnonzero(members & ~self.is_stock)
            side.add(options[inside], np.ones(len(inside)), -INF, len(inside) - 1.0)
        goal = self._price() if seeks_cost else self.goal
        found = self._run(side, lower, upper, goal, seeks_cost)
        if found is None:
            return None
        x, bound, is_optimal = found
        taken = (x[options] > 0.5) & ~self.is_stock
        parts = np.where(self.is_stock, np.clip(x[options], 0.0, 1.0), 0.0)
        value = (float(self.goal @ x) + self.offset) * self.size
        cost = float(self.cost @ (taken + parts))
        if taken.any() and cost > budget + ROUNDING * max(budget, 1.0):
            # the solver's 1 may be a little less than 1: this set is too dear
            again = [*barred, taken]
            return self.solve(budget, cheapest_at=cheapest_at, floors=floors, fixed=fixed, barred=again)
        return Found(taken, parts, value, bound if seeks_cost else (bound + self.offset) * self.size, cost, is_optimal)

    def _price(self) -> Array:
        """Cost as an objective, with a grain on each option: nothing is taken for nothing, and of equals the first."""
        goal = np.zeros(self.width)
        n = len(self.cost)
        grain = 1e-7 * max(float(self.cost.max(initial=0.0)), 1.0) * (1.0 + np.arange(n) / max(n, 1))
        goal[self.first : self.first + n] = self.cost + grain
        return goal

    def _run(
        self, side: _Builder, lower: Array, upper: Array, goal: Array, is_minimum: bool
    ) -> tuple[Array, float, bool] | None:
        import highspy

        main = self.rows
        n_main = len(main.low)
        row = np.concatenate([*main.row, *[r + n_main for r in side.row]])
        at, data = np.concatenate([*main.at, *side.at]), np.concatenate([*main.data, *side.data])
        matrix = coo_array((data, (row, at)), shape=(n_main + len(side.low), self.width)).tocsc()
        matrix.sort_indices()
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = matrix.shape
        model.sense_ = highspy.ObjSense.kMinimize if is_minimum else highspy.ObjSense.kMaximize
        model.col_cost_, model.col_lower_, model.col_upper_ = goal, lower, upper
        model.row_lower_, model.row_upper_ = np.array(main.low + side.low), np.array(main.high + side.high)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        kind = highspy.HighsVarType
        is_whole = np.zeros(self.width, dtype=bool)
        is_whole[self.first : self.first + len(self.cost)] = ~self.is_stock
        if is_whole.any():
            model.integrality_ = [kind.kInteger if whole else kind.kContinuous for whole in is_whole.tolist()]
        highs = highspy.Highs()
        for name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("time_limit", float(self.time_limit_s)),
            ("mip_rel_gap", 1e-9),
            ("mip_abs_gap", 1e-9),
            ("mip_feasibility_tolerance", 1e-9),
            ("primal_feasibility_tolerance", 1e-9),
            ("dual_feasibility_tolerance", 1e-9),
            ("small_matrix_value", 1e-12),
            ("random_seed", 0),
        ):
            highs.setOptionValue(name, value)
        if highs.passModel(model) == highspy.HighsStatus.kError:
            raise SolverError("portfolio: the solver refused the model; report the network that caused this")
        highs.run()
        status, info = highs.getModelStatus(), highs.getInfo()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if info.primal_solution_status != 2:
            raise SolverError(f"portfolio: no set was found ({highs.modelStatusToString(status)})")
        bound = info.mip_dual_bound if is_whole.any() else info.objective_function_value
        x = np.asarray(highs.getSolution().col_value)
        return x, float(bound), status == highspy.HighsModelStatus.kOptimal


class FixedSets:
    """The value of each scenario under a given set, by warm programs; stocks bought whole or not at all."""

    def __init__(self, copies: Sequence[Copy], n_scenarios: int) -> None:
        self._copies, self._n = list(copies), n_scenarios
        self._models = []
        for copy in copies:
            model = WarmModel(copy.program)
            cost = np.zeros(len(copy.program.cost))
            cost[copy.served] = -1.0
            model.set_cost(cost)
            self._models.append((model, model.solve().basis))
        self._known: dict[bytes, Array] = {}

    def values(self, taken: Bools) -> Array:
        """Return the value of each scenario, t."""
        key = taken.tobytes()
        if key not in self._known:
            out = np.zeros(self._n)
            for copy, (model, basis) in zip(self._copies, self._models, strict=True):
                upper, high = copy.program.col_upper.copy(), copy.program.row_upper.copy()
                for column, most, option in [*copy.columns, *copy.stocks]:
                    upper[column] = min(upper[column], most if taken[option] else 0.0)
                for row, least, more, option in copy.rows:
                    high[row] = min(high[row], least + (more if taken[option] else 0.0))
                model.set_upper(upper)
                model.set_rows(copy.program.row_lower, high)
                out[copy.scenario] += copy.part * max(-model.solve(basis).value, 0.0)
            self._known[key] = out
        return self._known[key]
