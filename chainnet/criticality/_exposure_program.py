"""One window of a network as a linear program: value served, stocks by window, removals by column."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, Ints
from chainnet.engine import (
    AGREE,
    LEAST_SIZE,
    ROUNDING,
    Certificate,
    LinearProgram,
    LinearSolution,
    WarmModel,
    certify_linear,
    not_idle,
    plan,
    plans_without,
    require,
    shares_without,
    solve_independently,
    survival_program,
)
from chainnet.errors import DataError, SolverError
from chainnet.flow import Counting, in_finer_sizes
from chainnet.lowering import Degree, Lowered, Overlay, lower, release_rate
from chainnet.progress import SILENT, Steps

MOST_CHECKED = 20


class ExposureProgram:
    """One period of a network as a linear program: value served, stocks by window, removals by column."""

    def __init__(self, counting: Counting, overlay: Overlay, degree: Degree) -> None:
        network = counting.network
        if network.demand.empty:
            raise DataError(
                "risk_exposure: the network has no demand table, so nothing can be lost. Give demand with demand_tpa."
            )
        values, self.has_values = _values(network.demand, counting.valued)
        self._overlay, self._rows = overlay, np.flatnonzero(counting.valued & (values > 0))
        self.values = values[self._rows]
        in_finer_sizes(partial(lower, network, overlay, degree, stocks=True), self._take, lambda: self._proof().ok)
        require(self._proof())
        self._survival: tuple[LinearProgram, LinearSolution | None] | None = None

    def _take(self, low: Lowered) -> Array:
        """Take a program, let stocks bear what they do, and solve it with no stock drawn; return its columns."""
        self.low = low
        self.n_cols = len(low.program.cost)
        self._stocks(low)
        program = self._mines(low)
        self.wanted = low.served[self._rows]
        self.demand = program.col_upper[self.wanted]
        cost = np.zeros(len(program.cost))
        cost[self.wanted] = -self.values
        upper = program.col_upper.copy()
        upper[low.flows.draw_start : low.flows.demand_start] = 0.0
        self.program = replace(program, cost=cost, col_upper=upper)
        self._dust = ROUNDING * np.maximum(self.demand, program.col_scale[self.wanted])
        # values of one size: any cheapest plan loses the least tonnes
        self._is_tied = bool(len(self.values)) and self.values.min() < self.values.max()
        self.base = WarmModel(self.program).solve()
        if self.base.status != "optimal":
            raise SolverError(f"risk_exposure: the base program is {self.base.status}; report the network.")
        return self.base.x[: self.n_cols]

    def _proof(self) -> Certificate:
        return certify_linear("risk_exposure", self.program, self.base.x, self.base.row_dual, self.program.row_scale)

    def _stocks(self, low: Lowered) -> None:
        """Find the stocks that can be drawn: their columns, tonnes and releases."""
        stocks, overlay = low.tables.network.stocks, self._overlay
        amount = stocks["stock_t"].to_numpy(dtype=float) * overlay.stock_share
        where = low.tables.stock_place
        usable = (where >= 0) & (amount > 0)
        usable[where >= 0] &= overlay.node_share[where[where >= 0]] > 0
        self.draws = low.flows.draw_start + np.flatnonzero(usable)
        self.amounts = amount[usable]
        self.releases = release_rate(low.tables, overlay)[usable]
        codes = low.tables.stock_code
        self.held = list(zip(where[usable].tolist(), codes[usable].tolist(), strict=True))

    def _mines(self, low: Lowered) -> LinearProgram:
        """Part what a mine digs from what it has in store: only the first ends when it drops out.

        A mine's balance lets it ship out of nothing, and its capacity bounds all that leaves it.
        """
        self.dug: dict[int, list[int]] = {}
        lower, rows, columns, values, scale = low.program.row_lower.copy(), [], [], [], []
        opened: dict[tuple[int, int], int] = {}
        held: dict[tuple[int, int], list[int]] = {}
        for column, key in zip(self.draws.tolist(), self.held, strict=True):
            held.setdefault(key, []).append(column)
        nodes = {node for node, _ in held}
        for row, (kind, node, code) in enumerate(low.rows):
            key = (node, code)
            if kind in ("balance", "strand") and key in held and np.isneginf(lower[row]):
                lower[row] = 0.0
                if key not in opened:
                    opened[key] = self.n_cols + len(opened)
                    self.dug.setdefault(node, []).append(opened[key])
                    scale.append(low.program.col_scale[held[key][0]])
                rows.append(row)
                columns.append(opened[key])
                values.append(1.0)
            elif kind == "node" and node in nodes and low.tables.nodes["stage"].iloc[node] == "mine":
                stored = [column for (at, _), some in held.items() if at == node for column in some]
                rows += [row] * len(stored)
                columns += stored
                values += [-1.0] * len(stored)
        if not rows:
            return low.program
        program = replace(low.program, row_lower=lower)
        at = np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64)
        return program.with_columns(np.array(scale), entries=(*at, np.array(values)))

    def closing(self, nodes: Ints) -> Ints:
        """Return the columns that stop when these nodes drop out; what they have in store still leaves."""
        low = self.low
        columns = low.closing(nodes)
        inside = set(nodes.tolist())
        kept = {key for key in self.held if key[0] in inside}
        if not kept:
            return columns
        m, demand = len(low.flows.tail), low.flows.demand
        stays = np.zeros(self.n_cols, dtype=bool)
        out = np.zeros(max(low.flows.head.max(initial=0), len(low.tables.ids)) + 1, dtype=bool)
        out[nodes] = True
        for node, code in kept:
            stays[:m] |= (low.flows.tail == node) & (low.flows.commodity == code) & ~out[low.flows.head]
            stays[low.served] |= ((demand["position"] == node) & (demand["code"] == code)).to_numpy()
        dug = [column for node in sorted(inside & set(self.dug)) for column in self.dug[node]]
        return np.concatenate([columns[~stays[columns]], np.array(dug, dtype=np.int64)])

    def _lost(self, carried: Array) -> Array:
        """Return what is lost of each counted demand, without rounding."""
        lost = self.demand - carried
        return np.where(lost <= self._dust, 0.0, lost)

    def _plans(self, closings: list[Ints], bounds: Array, basis: Any, steps: Steps) -> Array:
        """Return what is lost of each counted demand in the cheapest plan without each set of columns."""
        return self._lost(
            plans_without(self.program, basis, closings, self.draws, bounds, self.wanted, self._is_tied, steps.sweeps)
        )

    def survival(self, closings: list[Ints], _periods: Array, steps: Steps = SILENT) -> Array:
        """Return the longest time without any loss of each removal, in periods; the same whatever time is asked."""
        if not len(self.draws):
            nothing = np.empty(0, dtype=np.int64)
            self._rates = self._without([nothing, *closings], np.zeros((1, 0)), steps)
            return np.where(self._rates[1:].any(axis=1), 0.0, np.inf)
        program, base = self._survivor()
        if base is None:
            return np.zeros(len(closings))
        return self._times(shares_without(program, base, closings, steps.open_of(len(closings))))

    def _survivor(self) -> tuple[LinearProgram, LinearSolution | None]:
        """Return the program that asks how long, and its answer with nothing out (None = not at all)."""
        if self._survival is None:
            carried = np.maximum(self.base.x[self.wanted], 0.0)
            # where demand is short by rounding alone it is met
            least = np.where(self._lost(carried) > 0, self.demand, np.minimum(carried, self.demand))
            for part in (1.0, 1.0 - ROUNDING):
                program = survival_program(
                    self.program, self.draws, self.amounts, self.releases, self.wanted, part * least
                )
                found = WarmModel(program).solve()
                if found.status == "optimal":
                    break
            if found.status == "optimal":
                require(certify_linear("time to survive", program, found.x, found.row_dual, program.row_scale))
            self._survival = (program, found if found.status == "optimal" else None)
        return self._survival

    def _times(self, shares: Array) -> Array:
        """Turn u = 1 / t into t; a draw that is rounding beside the flow of its commodity is none."""
        size = 10.0 * ROUNDING * self.program.col_scale[self.draws]
        out = np.zeros(len(shares))
        for i, u in enumerate(shares):
            if np.isfinite(u):
                out[i] = np.inf if (u * self.amounts <= size).all() else 1.0 / u
        return out

    def _bounds(self, periods: Array) -> Array:
        """Return what each stock gives a period at most in windows of so many periods."""
        return np.asarray(np.minimum(self.amounts / periods[:, None], self.releases))

    def _without(self, closings: list[Ints], bounds: Array, steps: Steps) -> Array:
        """Return what is lost a period of each counted demand in one window, idle removals without a solve."""
        upper = self.program.col_upper.copy()
        upper[self.draws] = bounds[0]
        program = replace(self.program, col_upper=upper)
        base, equals, basis = plan(program, self.base.basis, self.wanted, self._is_tied)
        # what some plan as good leaves idle loses as much and as many tonnes
        lost = np.tile(self._lost(base.x[self.wanted]), (len(closings), 1))
        open_sets = not_idle(equals, base, closings)
        if open_sets:
            same = np.repeat(bounds, len(open_sets), axis=0)
            lost[open_sets] = self._plans([closings[i] for i in open_sets], same, basis, steps)
        return lost

    def _start(self, periods: Array) -> Any:
        """Return a basis from which windows of about these lengths are soon solved: with nothing out."""
        upper = self.program.col_upper.copy()
        upper[self.draws] = self._bounds(np.sort(periods)[len(periods) // 2 :][:1])[0]
        return plan(replace(self.program, col_upper=upper), self.base.basis, self.wanted, False)[2]

    def costs(
        self, closings: list[Ints], periods: Array, survive: Array, steps: Steps = SILENT
    ) -> tuple[Array, Array, Array]:
        """Return value lost, tonnes lost, and value beyond what is lost with nothing out."""
        lost = np.zeros((len(closings), len(self.wanted)))
        base = np.zeros_like(lost)
        if not len(self.draws):
            base, lost = self._rates[:1] * periods[:, None], self._rates[1:] * periods[:, None]
        else:
            late = periods > survive
            _, found = self._survivor()
            whole = 0.0 if found is None else float(self._times(np.array([found.value]))[0])
            for t in np.unique(periods[late & (periods > whole)]):  # short even with nothing out
                rows = np.flatnonzero(periods == t)
                both = self._without(
                    [np.empty(0, dtype=np.int64), *(closings[i] for i in rows)], self._bounds(np.array([t])), steps
                )
                base[rows], lost[rows] = both[0] * t, both[1:] * t
            rows = np.flatnonzero(late & (periods <= whole))
            if len(rows):
                found_rows = self._plans(
                    [closings[i] for i in rows], self._bounds(periods[rows]), self._start(periods[rows]), steps
                )
                lost[rows] = found_rows * periods[rows, None]
        cost, anyway, tonnes = lost @ self.values, base @ self.values, lost.sum(axis=1)
        # what costs no more than nothing out ties with it exactly, whichever plan the solver ends in
        same = cost - anyway <= ROUNDING * anyway
        tonnes = np.where(same & (np.abs(tonnes - base.sum(axis=1)) <= ROUNDING * tonnes), base.sum(axis=1), tonnes)
        cost = np.where(same, anyway, cost)
        return cost, tonnes, cost - anyway

    def check(self, closings: list[Ints], table: pd.DataFrame) -> None:
        """Solve the first rows again on a fresh model by interior points.

        Raises
        ------
        SolverError
            If a cost or a time differs by more than 1e-6.
        """
        survivor = self._survivor() if len(self.draws) else None
        rows = table.head(MOST_CHECKED)
        for closed, name, cost, t, time in zip(
            closings, rows.index, rows["cost_usd"], rows["recovery"], rows["time_to_survive"], strict=False
        ):
            if t > 0:
                upper = self.program.col_upper.copy()
                upper[self.draws] = self._bounds(np.array([t]))[0]
                upper[closed] = 0.0
                served = -solve_independently(replace(self.program, col_upper=upper))
                whole = float(self.demand @ self.values)
                self._compare(name, "cost", cost, (whole - served) * t, max(whole * t, LEAST_SIZE))
            if survivor is not None and survivor[1] is not None and 0 < time < np.inf:
                upper = survivor[0].col_upper.copy()
                upper[closed] = 0.0
                u = solve_independently(replace(survivor[0], col_upper=upper))
                self._compare(name, "1 / time to survive", 1.0 / time, u, max(1.0 / time, u))

    @staticmethod
    def _compare(name: Any, what: str, ours: float, theirs: float, size: float) -> None:
        if abs(ours - theirs) > AGREE * size:
            raise SolverError(
                f"risk_exposure: a second solver finds {what} {theirs!r} for {name!r}, not {ours!r}. "
                "Report the network."
            )


def _values(demand: pd.DataFrame, counted: Bools) -> tuple[Array, bool]:
    """Return the loss per tonne of each row, and whether the table gives it.

    Raises
    ------
    DataError
        If some of the rows that count have a value and some have none.
    """
    values = demand["value_usd_per_t"].to_numpy(dtype=float)
    lacking = np.isnan(values) & counted
    if lacking.sum() == counted.sum():
        return np.ones(len(values)), False
    if lacking.any():
        rows = demand[lacking]
        names = [
            " ".join(str(w) for w in line if isinstance(w, str))
            for line in rows[["node", "commodity", "tier"]].to_numpy()
        ]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise DataError(
            f"demand.value_usd_per_t: empty for {', '.join(names[:5])}{more}, while other rows that count have a "
            "value. Fill it for all of them, or for none (a tonne then counts 1)."
        )
    return values, True
