"""The course over months of a living page: the exported program once a month, goods under way, stocks.

What the page builds is the block of one year repeated, as ``expand_periods`` does; matrix and bounds that come of it
are held against that function before a page is written. It has no projects: those that start in time are seldom
qualified in time, and which tier may take of them parts the goods. ``stress_test`` has them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csc_array

from chainnet._types import Array, Bools
from chainnet.drawing.living.controls import Control
from chainnet.drawing.living.program import LivingProgram, Values, apart, drawn, proved
from chainnet.flow import EXTRA_COST_USD_PER_T, released
from chainnet.lowering import Periods, Start, expand_periods, lower
from chainnet.network import Network
from chainnet.stress import base_flow

MONTHS = 24
# unknowns of all months together that a page solves while its reader waits
_MOST_COLUMNS = 40_000
# settings that are drawn to prove the bounds, months that they last, and how near the bounds must come
_DRAWN, _LASTS = 12, (1, 7, MONTHS)


def why_no_months(network: Network, program: LivingProgram) -> str:
    """Return why a page has no course over months, in words; empty where it has one."""
    stocks = network.stocks
    if stocks["capacity_t"].notna().any() or (stocks["holding_usd_per_t_a"].fillna(0.0) > 0).any():
        return "a stock can be filled or costs something to hold"
    if (columns := MONTHS * program.n_columns) > _MOST_COLUMNS:
        return f"{MONTHS} months would have {columns} unknowns, more than a page solves while one waits"
    return ""


def kept_for_tiers(network: Network) -> list[str]:
    """Return the ids of stocks that are kept for some tiers: they part goods, so they stay shut over months."""
    stocks = network.stocks
    return [str(name) for name in stocks.loc[stocks["tiers"].notna(), "id"]]


class LivingMonths:
    """An exported program over months.

    Parameters
    ----------
    network : Network
        Of which ``why_no_months`` says nothing.
    program : LivingProgram
        For no rerouting or existing relations, without rules by tier or origin.
    controls : list of Control
    """

    def __init__(self, network: Network, program: LivingProgram, controls: list[Control]) -> None:
        self._network, self._program, self._controls = network, program, controls
        stocks = network.stocks
        is_shut = stocks["id"].isin(kept_for_tiers(network))
        stocks.loc[is_shut, ["stock_t", "tiers"]] = [0.0, None]
        network = network.with_table("stocks", stocks) if is_shut.any() else network
        low = lower(
            network, program.open, program.degree, stocks=True, extra_cost_usd_per_t=EXTRA_COST_USD_PER_T, pipeline=True
        )
        self.periods: Periods = expand_periods(low, MONTHS, 1.0)
        self.start: Start = self.periods.base_start(base_flow(network))

    # -- what the page is handed ---------------------------------------------------------------------

    @cached_property
    def arrays(self) -> dict[str, Any]:
        """What makes months of the program.

        ``late``: pairs of an entry of the matrix, by columns, and the months after which it writes; ``under_way``:
        triples of column, month of arrival and tonnes; ``stocks``: control, column, size of its row, and by preset most
        tonnes a month and tonnes in reach while the setting is in force, the latter also where it ends before;
        ``shuts``: places in ``stocks`` that a control closes while it is off.
        """
        p, low = self.periods, self.periods.low
        draws = low.flows.draw_start
        stocks = [
            {
                "number": i,
                "control": f"stock:{name}",
                "col": draws + i,
                "rowScale": float(p.program.row_scale[int(p.stock_rows[i])]),
                "presets": {preset: self._amounts(preset, i) for preset in self._program.base},
            }
            for i, name in enumerate(self._network.stocks["id"])
        ]
        return {
            "years": self._years,
            "late": self._late,
            "underWay": [
                [int(column), int(month), float(tonnes)]
                for (column, month), tonnes in zip(p.under_way, self.start.arrivals, strict=True)
            ],
            "stocks": stocks,
            "shuts": self._shuts,
        }

    @property
    def _years(self) -> float:
        """Length of a month in years."""
        return float(self.periods.years[0])

    @cached_property
    def _late(self) -> list[list[int]]:
        """Entries of the block that write months later: where goods under way come in."""
        p, block = self.periods, self.periods.low.program.matrix
        kind = np.array([name in ("balance", "node") for name, _, _ in p.low.rows])
        owner = np.array([place for _, place, _ in p.low.rows], dtype=np.int64)
        column = np.repeat(np.arange(block.shape[1]), np.diff(block.indptr))
        head = np.full(block.shape[1], -1, dtype=np.int64)
        head[: len(p.low.flows.head)] = p.low.flows.head
        late = (p.lag[column] > 0) & kind[block.indices] & (owner[block.indices] == head[column])
        return [[int(k), int(p.lag[column[k]])] for k in np.flatnonzero(late)]

    def _amounts(self, preset: str, stock: int) -> list[float]:
        """Return the most that a stock gives a month, what it holds in reach to the end, and if all ends before."""
        p, draw = self.periods, self.periods.low.flows.draw_start + stock
        row = int(p.stock_rows[stock])
        upper, _, held = self._told(preset, {}, MONTHS)
        return [float(upper[draw]), float(held[row]), float(self._told(preset, {}, 1)[2][row])]

    @cached_property
    def _shuts(self) -> dict[str, list[int]]:
        span = slice(self.periods.low.flows.draw_start, self.periods.low.flows.demand_start)
        whole = self._told("", {}, MONTHS)[0][span]
        found = {}
        for control in self._controls:
            if control.kind in ("site", "owner"):
                draws = self.periods.low.bounds(self._program.overlay("", {control.id: False}))[0][span]
                if shut := np.flatnonzero((draws == 0) & (whole > 0)).tolist():
                    found[control.id] = shut
        return found

    # -- that it is the same ---------------------------------------------------------------------------

    def _told(self, preset: str, values: Values, months: int) -> tuple[Array, Array, Array]:
        """Return what the periods say: upper bounds of columns, lower and upper bounds of rows."""
        shut = {c.id: False for c in self._controls if c.kind == "stock" and values.get(c.id) is False}
        asked = ((preset, values), ("", shut))
        on, off = (released(self._program.overlay(name, v, with_projects=False)) for name, v in asked)
        return self.periods.bounds([on] * months + [off] * (MONTHS - months), self.start)

    def composed(self, preset: str, values: Values, months: int) -> tuple[Array, Array]:
        """Return upper bounds of columns and rows as the page makes them."""
        p, arrays = self.periods, self.arrays
        on, off = self._program.composed(preset, values, with_projects=False), self._program.composed("", {}, False)
        upper, rows = (
            np.concatenate([np.tile(a, months), np.tile(b, MONTHS - months)]) * self._years
            for a, b in zip(on, off, strict=True)
        )
        closed = {k for name, shut in arrays["shuts"].items() if values.get(name) is False for k in shut}
        held = []
        for k, stock in enumerate(arrays["stocks"]):
            rate, whole, after = stock["presets"][preset]
            is_shut = values.get(stock["control"]) is False
            for t in range(MONTHS):
                most = rate if t < months else stock["presets"][""][0]
                upper[t * p.width + stock["col"]] = 0.0 if is_shut or (t < months and k in closed) else most
            held.append(whole if months == MONTHS else after)
        arrivals = [tonnes for _, _, tonnes in arrays["underWay"]]
        return np.concatenate([upper, arrivals]), np.concatenate([rows, held])

    def matrix(self) -> csc_array:
        """Return the matrix as the page makes it: the block for each month, late entries later."""
        p, block = self.periods, self._program.low.program.matrix
        m, n = block.shape
        column = np.repeat(np.arange(n), np.diff(block.indptr))
        shift = np.zeros(block.nnz, dtype=np.int64)
        late = np.array(self._late, dtype=np.int64).reshape(-1, 2)
        shift[late[:, 0]] = late[:, 1]
        parts = []
        for t in range(MONTHS):
            inside = t + shift < MONTHS
            parts.append(((t + shift[inside]) * m + block.indices[inside], t * n + column[inside], block.data[inside]))
        entries: dict[int, list[int]] = {}
        for k, _ in self._late:
            entries.setdefault(int(column[k]), []).append(k)
        for number, (j, month, _) in enumerate(self.arrays["underWay"]):
            for k in entries.get(j, []):
                parts.append(([month * m + block.indices[k]], [MONTHS * n + number], [block.data[k]]))
        for number, stock in enumerate(self.arrays["stocks"]):
            draws = np.arange(MONTHS) * n + stock["col"]
            parts.append((np.full(MONTHS, MONTHS * m + number), draws, np.ones(MONTHS)))
        rows, cols, values = (np.concatenate([np.asarray(part[i]) for part in parts]) for i in range(3))
        shape = (MONTHS * m + len(self.arrays["stocks"]), MONTHS * n + len(p.under_way))
        return csc_array(coo_array((values, (rows.astype(np.int64), cols.astype(np.int64))), shape=shape))

    def _idle(self, upper: Array) -> Bools:
        """Return the rows of stocks that can give nothing in any month, so that what they hold does not matter."""
        p, found = self.periods, np.zeros(len(self.periods.program.row_upper), dtype=bool)
        for stock in self.arrays["stocks"]:
            found[p.stock_rows[stock["number"]]] = not p.block(upper)[:, stock["col"]].any()
        return found

    def prove(self, seed: int = 0) -> float:
        """Hold matrix and bounds against those of the periods; return what differs most.

        Raises
        ------
        SolverError
            If more than rounding differs.
        """
        ours, told = self.matrix(), self.periods.program.matrix
        worst = float("inf") if ours.shape != told.shape else float(abs(ours - told).max())
        draw = np.random.default_rng(seed)
        presets = list(self._program.base)
        for number in range(_DRAWN):
            preset, months = presets[number % len(presets)], _LASTS[number % len(_LASTS)]
            values = {k: v for k, v in drawn(self._controls, draw).items() if not k.startswith("project:")}
            upper, _, rows = self._told(preset, values, months)
            idle = self._idle(upper)
            mine_upper, mine_rows = self.composed(preset, values, months)
            worst = max(worst, apart(mine_upper, upper), apart(mine_rows[~idle], rows[~idle]))
        return proved(worst, f"the months of a living page of {self._network.name} are not those of the program")
