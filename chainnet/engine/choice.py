"""The best set under a budget: one copy of the flow for each scenario and year, one choice for all.

Arrays in, arrays out. Copies share binary variables (what is bought whole) and parts of stocks; the
objective is the mean, the worst or the conditional value at risk of what stays short.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from chainnet._types import INF, Array, Bools, Ints
from chainnet.engine.linear import LinearProgram, WarmModel
from chainnet.engine.mip import solve_mixed
from chainnet.engine.rows import Rows
from chainnet.engine.tolerances import GRAIN


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
        rows = self.rows = Rows()
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

    def _copy(self, rows: Rows, copy: Copy, start: int) -> Array:
        """Write the rows of one copy; return the upper bounds of its columns."""
        p = copy.program
        scaled, (low, high), (_, upper) = p.scaled()
        matrix = scaled.tocsr()
        linked = {row for row, *_ in copy.rows}
        held = [
            (row, least / p.row_scale[row], more / p.row_scale[row], option) for row, least, more, option in copy.rows
        ]
        high[sorted(linked)] = INF
        rows.block(matrix, start, low, high)
        for row, least, more, option in held:
            line = matrix[[row], :].tocoo()
            rows.add([*(start + line.col).tolist(), self.first + option], [*line.data.tolist(), -more], -INF, least)
        for column, most, option in copy.columns:
            rows.add([start + column, self.first + option], [1.0, -most / p.col_scale[column]], -INF, 0.0)
        for column, most, option in copy.stocks:
            rows.add([start + column, self.first + option], [1.0, -most / p.col_scale[column]], -INF, 0.0)
        return np.asarray(upper)

    def _risk(self, rows: Rows) -> None:
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
        rows = self.rows.copy()
        options = np.arange(self.first, self.first + len(self.cost))
        seeks_cost = cheapest_at is not None or floors is not None
        if cheapest_at is not None:
            at = np.flatnonzero(self.goal)
            rows.add(at, self.goal[at], cheapest_at / self.size - self.offset, INF)
        lower, upper = self.col_lower.copy(), self.col_upper.copy()
        if floors is not None:
            lower[self.value_at : self.risk_at] = floors / self.size
        if fixed is not None:
            whole = options[~self.is_stock]
            lower[whole] = upper[whole] = fixed[~self.is_stock]
        found = solve_mixed(
            "portfolio",
            rows,
            (lower, upper),
            self._price() if seeks_cost else self.goal,
            options,
            self.cost,
            budget,
            is_part=self.is_stock,
            barred=[np.flatnonzero(members & ~self.is_stock) for members in barred],
            is_minimum=seeks_cost,
            time_limit_s=self.time_limit_s,
        )
        if found is None:
            return None
        taken, parts = (found.amount > 0) & ~self.is_stock, np.where(self.is_stock, found.amount, 0.0)
        value = (float(self.goal @ found.x) + self.offset) * self.size
        bound = found.bound if seeks_cost else (found.bound + self.offset) * self.size
        return Found(taken, parts, value, bound, float(self.cost @ found.amount), found.is_optimal)

    def _price(self) -> Array:
        """Cost as an objective, with a grain on each option: nothing is taken for nothing, and of equals the first."""
        goal = np.zeros(self.width)
        n = len(self.cost)
        grain = GRAIN * max(float(self.cost.max(initial=0.0)), 1.0) * (1.0 + np.arange(n) / max(n, 1))
        goal[self.first : self.first + n] = self.cost + grain
        return goal


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
