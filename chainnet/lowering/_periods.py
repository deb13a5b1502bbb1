"""Many periods in one linear program: a block of columns and rows for each, joined by goods under way and stocks.

Every block has the matrix of one year's program, with its bounds cut to the length of its period; periods may differ in
length. A period ships at one rate. What an edge with a lag ships arrives as many months later, in the parts that fall
into each later block (and into its own, if that lasts longer than the lag), so that a steady flow stays steady however
the periods are cut. What is under way at the start may be taken in or is lost. Stocks are drawn, and where the table
gives them room filled again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array

from chainnet._types import INF, Array, Bools, Ints
from chainnet.engine import ROUNDING, UNIT_ROUNDING, LinearProgram, Rows
from chainnet.errors import DataError, InfeasibleError
from chainnet.lowering._bounds import release_rate
from chainnet.lowering._lowered import Lowered
from chainnet.lowering._overlay import Overlay

Entries = tuple[Ints, Ints, Array]  # rows, columns and values of a matrix


@dataclass(frozen=True)
class Start:
    """What is there at the start: tonnes under way that arrive in period p, and tonnes in each stock.

    ``arrivals``: one row per pipeline column of ``Periods``, t; ``stock_t``: over the stocks table, also what a
    measure keeps out of reach.
    """

    arrivals: Array
    stock_t: Array


@dataclass(frozen=True)
class Periods:
    """A network over time as one linear program, and where each thing stands.

    Column ``t * width + j`` is column j of ``low`` in period t; then what is under way at the start
    (``under_way``: column, period of arrival), then levels and fillings of stocks that can be filled.
    ``lengths``: months of each period; ``lag``: months under way of each column.
    """

    low: Lowered
    n_periods: int
    lengths: Array
    program: LinearProgram
    width: int
    height: int
    lag: Ints
    under_way: Ints
    first_level: int
    kept: Ints
    fills: Ints
    stock_rows: Ints

    @property
    def years(self) -> Array:
        """Length of each period in years."""
        return self.lengths / 12.0

    @cached_property
    def is_balance(self) -> Bools:
        """Which rows of a period say that goods come to what goes, at a place or in a tracked flow."""
        return np.array([kind in ("balance", "strand") for kind, _, _ in self.low.rows], dtype=bool)

    @property
    def is_even(self) -> bool:
        """Whether all periods have one length."""
        return bool((self.lengths == self.lengths[0]).all())

    def served(self, members: Bools) -> Ints:
        """Return the columns of served demand of these rows, period by period."""
        columns = self.low.served[members]
        return np.asarray((np.arange(self.n_periods)[:, None] * self.width + columns).ravel())

    def block(self, x: Array) -> Array:
        """Return the columns of one year's program as periods x columns."""
        return x[: self.n_periods * self.width].reshape(self.n_periods, self.width)

    def held(self, overlays: Sequence[Overlay], start: Start) -> Array:
        """Return tonnes in each stock at the start that these overlays leave in reach.

        What a measure takes of a stock is a part of its ``stock_t``, however much was drawn before.
        """
        whole = self.low.tables.network.stocks["stock_t"].to_numpy(dtype=float)
        share = np.max([o.stock_share for o in overlays], axis=0)
        return np.asarray(np.maximum(start.stock_t - (1.0 - share) * whole, 0.0))

    def levels(self, x: Array, overlays: Sequence[Overlay], start: Start) -> Array:
        """Return tonnes in reach in each stock at the end of each period, periods x stocks."""
        level = np.maximum(self.held(overlays, start) + self._change(x), 0.0)
        return np.asarray(np.where(level <= ROUNDING * level.max(axis=0, initial=0.0), 0.0, level))

    def _change(self, x: Array) -> Array:
        """Return what was filled less what was drawn by the end of each period, periods x stocks."""
        change = -self.block(x)[:, self.low.flows.draw_start : self.low.flows.demand_start]
        for place, stock in enumerate(self.kept):
            first = int(self.fills[place])
            change[:, stock] += x[first : first + self.n_periods]
        return np.asarray(np.cumsum(change, axis=0))

    def throughput(self, x: Array) -> Array:
        """Return tonnes of main output (process) or throughput (else) by period, periods x nodes and projects.

        What an edge with a lag ships counts where it leaves at once, where it enters on arrival.
        """
        low, flows, block = self.low, self.low.flows, self.block(x)
        n, m, k = len(flows.activity), len(flows.tail), len(flows.demand)
        size, flow = n + low.relations.n_hubs, block[:, :m]
        edge, ones = np.arange(m), np.ones(m)
        leaves = csr_array((ones, (edge, flows.tail)), shape=(m, size))
        enters = csr_array((ones, (edge, flows.head)), shape=(m, size))
        place = flows.demand["position"].to_numpy(dtype=np.int64)
        users = csr_array((np.ones(k), (np.arange(k), place)), shape=(k, size))
        out = flow @ leaves + block[:, low.served] @ users
        into = np.zeros_like(out)
        for lag in np.unique(self.lag[:m]).tolist():
            mine = self.lag[:m] == lag
            into += csr_array(_arriving(self.lengths, lag)) @ (flow[:, mine] @ enters[mine])
        if len(self.under_way):
            column, arrival = self.under_way.T
            first = low.strands.first
            parted = column >= first
            edges = column.copy()
            edges[parted] = low.strands.edge[column[parted] - first]
            came = x[self.n_periods * self.width : self.first_level]
            np.add.at(into, (arrival, flows.head[edges]), came)
        through = np.maximum(out, into)[:, :n]
        active = flows.activity >= 0
        through[:, active] = block[:, flows.activity[active]]
        return np.asarray(np.maximum(through, 0.0))

    def rows_of(self, other: Periods) -> Ints | None:
        """Return for each row its place in another program over the same columns, -1 where it has none.

        None where the columns are not the same.
        """
        tail = len(self.program.row_lower) - self.n_periods * self.height
        if (
            self.n_periods != other.n_periods
            or self.width != other.width
            or not np.array_equal(self.under_way, other.under_way)
            or len(self.program.cost) != len(other.program.cost)
            or tail != len(other.program.row_lower) - other.n_periods * other.height
            or len(self.low.strands.edge) + len(other.low.strands.edge) > 0
        ):
            return None
        place = {name: row for row, name in enumerate(other.low.rows)}
        mine = np.array([place.get(name, -1) for name in self.low.rows], dtype=np.int64)
        t = np.arange(self.n_periods)[:, None]
        inner = np.where(mine >= 0, t * other.height + mine, -1).ravel()
        return np.concatenate([inner, other.n_periods * other.height + np.arange(tail)])

    def bounds(
        self, overlays: Sequence[Overlay], start: Start, *, keeps_end: bool = True
    ) -> tuple[Array, Array, Array]:
        """Return upper bounds of columns, lower and upper bounds of rows under one overlay per period.

        Fewer overlays than periods: the rest are beyond the horizon, nothing moves in them.

        Raises
        ------
        InfeasibleError
            If a stock has to keep more than it can hold.
        """
        p, n, m, steps = self.program, self.width, self.height, len(overlays)
        upper, row_lower, row_upper = p.col_upper.copy(), p.row_lower.copy(), p.row_upper.copy()
        upper[: self.n_periods * n] = 0.0
        known: dict[tuple[int, float], tuple[Array, Array]] = {}
        for t, (overlay, years) in enumerate(zip(overlays, self.years.tolist(), strict=False)):
            if (id(overlay), years) not in known:
                known[id(overlay), years] = self._one(overlay, years)
            upper[t * n : (t + 1) * n], row_upper[t * m : (t + 1) * m] = known[id(overlay), years]
        arrivals = np.where(self.under_way[:, 1] < steps, start.arrivals, 0.0)
        upper[self.n_periods * n : self.first_level] = arrivals
        self._stock_bounds(overlays, start, upper, row_lower, row_upper, keeps_end)
        return upper, row_lower, row_upper

    def _one(self, overlay: Overlay, years: float) -> tuple[Array, Array]:
        upper, rows = self.low.bounds(overlay)
        held = self.low.tables.held
        if len(held):
            room = self.low.tables.room
            most = np.where(np.isnan(room), held, np.maximum(room, held)) * overlay.stock_share
            draws = slice(self.low.flows.draw_start, self.low.flows.demand_start)
            alive = upper[draws] > 0  # where the node stands and the stock is not shut
            refilled = ~np.isnan(room) & (overlay.stock_share > 0) & self.low.stocks
            rate = np.minimum(release_rate(self.low.tables, overlay) * years, most)
            upper = upper * years
            upper[draws] = np.where(alive | refilled, rate, 0.0)
        else:
            upper = upper * years
        return upper, rows * years

    def _stock_bounds(
        self,
        overlays: Sequence[Overlay],
        start: Start,
        upper: Array,
        row_lower: Array,
        row_upper: Array,
        keeps_end: bool,
    ) -> None:
        stocks = self.low.tables.network.stocks
        if stocks.empty:
            return
        share = np.max([o.stock_share for o in overlays], axis=0)
        end = stocks["end_t"].fillna(0.0).to_numpy(dtype=float) * keeps_end
        room = stocks["capacity_t"].to_numpy(dtype=float) * share
        steps = len(overlays)
        for i, (name, held) in enumerate(zip(stocks["id"], self.held(overlays, start).tolist(), strict=True)):
            most = held if np.isnan(room[i]) else max(float(room[i]), held)
            if end[i] > most * (1 + UNIT_ROUNDING):
                raise InfeasibleError(
                    f'stocks: "{name}" has to keep end_t {end[i]:g} t at the end but can hold {most:g} t '
                    "(stock_t, share left by measures, capacity_t). Lower end_t or raise the stock."
                )
            place = np.flatnonzero(self.kept == i)
            if not len(place):
                row_upper[self.stock_rows[i]] = held - end[i]
                continue
            first = self.first_level + int(place[0]) * 2 * self.n_periods
            level = slice(first, first + self.n_periods)
            upper[level] = most
            upper[first + self.n_periods : first + 2 * self.n_periods] = 0.0
            upper[first + self.n_periods : first + self.n_periods + steps] = 0.0 if np.isnan(room[i]) else INF
            row = self.stock_rows[i]
            row_lower[row] = row_upper[row] = held
            row_lower[row + self.n_periods] = end[i]

    def costs(self, overlays: Sequence[Overlay]) -> Array:
        """Return what a tonne over each column costs, USD/t; holding by the length of a period."""
        cost = np.zeros(len(self.program.col_upper))
        known: dict[int, Array] = {}
        for t, overlay in enumerate(overlays):
            if id(overlay) not in known:
                known[id(overlay)] = self.low.costs(overlay)
            cost[t * self.width : (t + 1) * self.width] = known[id(overlay)]
        holding = self.low.tables.network.stocks["holding_usd_per_t_a"].fillna(0.0).to_numpy(dtype=float)
        for place, stock in enumerate(self.kept):
            first = self.first_level + place * 2 * self.n_periods
            cost[first : first + self.n_periods] = holding[stock] * self.years
        return cost

    def base_start(self, flow_tpa: Array) -> Start:
        """Return the start in which every edge has shipped ``flow_tpa`` for as long as its lag."""
        arrivals = np.zeros(len(self.under_way))
        years = _arriving_first(self.lengths, self.lag[self.under_way[:, 0]], self.under_way[:, 1]) / 12.0
        for edge, columns in self._leaves().items():
            flow = float(flow_tpa[edge]) if edge < self.low.n_edges else 0.0
            if flow > 0:
                cleanest = min(columns, key=lambda c: (self._marks(c), c))
                mine = self.under_way[:, 0] == cleanest
                arrivals[mine] = flow * years[mine]
        return Start(arrivals, self.low.tables.network.stocks["stock_t"].to_numpy(dtype=float))

    def later_start(self, x: Array, start: Start, period: int, later: Periods | None = None) -> Start:
        """Return the start for the periods from ``period`` on, when a plan was followed up to it.

        ``later``: the program of those periods, where it is not this one, whose last periods then stay empty.
        """
        after = self if later is None else later
        column, arrival = after.under_way[:, 0], after.under_way[:, 1] + period
        arrivals = np.zeros(len(column))
        for lag in np.unique(self.lag[column]).tolist():
            mine = (self.lag[column] == lag) & (arrival < self.n_periods)
            parts = _arriving(self.lengths, lag)[arrival[mine], :period]
            arrivals[mine] = (parts * self.block(x)[:period, column[mine]].T).sum(axis=1)
        # what was under way before the first period and has still not come
        waits = {(int(c), int(a)): i for i, (c, a) in enumerate(self.under_way)}
        older = np.array(
            [waits.get((int(c), int(a)), -1) for c, a in zip(column, arrival, strict=True)], dtype=np.int64
        )
        arrivals[older >= 0] += start.arrivals[older[older >= 0]]
        stock = start.stock_t + self._change(x)[period - 1] if period else start.stock_t
        return Start(arrivals, stock)

    def _leaves(self) -> dict[int, list[int]]:
        """Columns with a lag that carry goods, by the edge they belong to."""
        out: dict[int, list[int]] = {}
        for column in np.unique(self.under_way[:, 0]).tolist():
            first = self.low.strands.first
            edge = column if column < first else int(self.low.strands.edge[column - first])
            out.setdefault(edge, []).append(column)
        return out

    def _marks(self, column: int) -> int:
        first = self.low.strands.first
        return 0 if column < first else int(self.low.strands.marks[column - first])


def _lag_months(low: Lowered, new_lag_months: float) -> Ints:
    """Return the lag of every column in whole months, rounded."""
    lag = np.zeros(len(low.program.col_upper), dtype=np.int64)
    months = low.tables.network.edges["lag_months"].fillna(0.0).to_numpy(dtype=float)
    lag[: low.n_edges] = np.floor(months + 0.5)
    pairs = np.flatnonzero(low.relations.is_pair) + low.n_edges
    lag[pairs] = int(np.floor(new_lag_months + 0.5))
    edge = low.strands.edge
    lag[low.strands.first :][edge >= 0] = lag[edge[edge >= 0]]
    return lag


def _arriving(lengths: Array, lag: int) -> Array:
    """Return which part of what each period (column) ships arrives in each period (row), ``lag`` months later.

    A period ships at one rate, so the part is the overlap of its months, moved by the lag, with those of the other.
    """
    end = np.cumsum(lengths)
    begin = end - lengths
    overlap = np.minimum(end[:, None], end[None, :] + lag) - np.maximum(begin[:, None], begin[None, :] + lag)
    return np.asarray(np.maximum(overlap, 0.0) / lengths)


def _arriving_first(lengths: Array, lag: Ints, arrival: Ints) -> Array:
    """Return in how many months of its period of arrival that comes in which left before the first period."""
    end = np.cumsum(lengths)
    return np.asarray(np.clip(lag - (end - lengths)[arrival], 0.0, lengths[arrival]))


def expand_periods(
    low: Lowered,
    n_periods: int,
    step_months: float | Sequence[float] = 1.0,
    *,
    new_lag_months: float = 2.0,
) -> Periods:
    """Repeat a one-year program over periods.

    Parameters
    ----------
    low : Lowered
        Lowered with stocks and pipeline.
    n_periods : int
    step_months : float, or one for each period
        Length of a period; lags count in whole months.
    new_lag_months : float
        Assumed time under way over a new relation.

    Notes
    -----
    Cost: linear in periods times non-zeros; no loop over edges.
    """
    base = low.program.matrix.tocoo()
    m, n = base.shape
    lengths = np.array(np.broadcast_to(np.asarray(step_months, dtype=float), n_periods))
    years = lengths / 12.0
    lag = _lag_months(low, new_lag_months)
    kind = np.array([name for name, _, _ in low.rows], dtype=object)
    owner = np.array([place for _, place, _ in low.rows], dtype=np.int64)
    arrives = np.full(n, -1, dtype=np.int64)
    arrives[: len(low.flows.head)] = low.flows.head
    edge = low.strands.edge
    arrives[low.strands.first :][edge >= 0] = low.flows.head[edge[edge >= 0]]
    later = (lag[base.col] > 0) & np.isin(kind[base.row], ("balance", "node", "strand"))
    later &= owner[base.row] == arrives[base.col]
    waits = np.where(later, lag[base.col], 0)
    parts = []
    for months in np.unique(waits).tolist():
        mine, share = waits == months, coo_array(_arriving(lengths, months))
        row, col = share.row[:, None] * m + base.row[mine], share.col[:, None] * n + base.col[mine]
        parts.append((row.ravel(), col.ravel(), (share.data[:, None] * base.data[mine]).ravel()))

    under_way, arrival_part = _under_way(low, lag, lengths)
    first_level = n_periods * n + len(under_way)
    carried = csc_array((base.data[later], (base.row[later], base.col[later])), shape=(m, n))
    parts.append(_arrivals(carried, arrival_part, under_way, m, n_periods * n))
    kept, fills, stock_rows, stock_parts, n_stock_rows = _stock_rows(low, n_periods, n, m, first_level)
    parts += stock_parts
    n_cols = first_level + 2 * n_periods * len(kept)
    n_rows = n_periods * m + n_stock_rows

    sizes = low.program.col_scale
    stock_code = low.tables.network.stocks["commodity"].fillna("").map(low.tables.code).to_numpy(dtype=np.int64)
    stock_size = low.sizes[stock_code] * years.max()

    def by_period(one: Array) -> Array:
        """Repeat what a year has, cut to the length of each period."""
        return np.asarray((years[:, None] * one).ravel())

    under_way_size = sizes[under_way[:, 0]] * years[under_way[:, 1]]
    col_scale = np.concatenate([by_period(sizes), under_way_size, np.repeat(stock_size[kept], 2 * n_periods)])
    row_scale = np.concatenate([by_period(low.program.row_scale), np.ones(n_rows - n_periods * m)])
    for i, first in enumerate(stock_rows):
        row_scale[first : first + (n_periods + 1 if i in set(kept.tolist()) else 1)] = stock_size[i]
    tail = np.zeros(n_stock_rows)
    lower = np.concatenate([by_period(low.program.row_lower), tail])
    upper = np.concatenate([by_period(low.program.row_upper), tail])
    for i, first in enumerate(stock_rows):
        if i in set(kept.tolist()):
            upper[first + n_periods] = INF
        else:
            lower[first] = -INF
    rows = Rows()
    rows.open_all(n_rows, lower, upper, row_scale)
    rows.write(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    program = rows.program(np.zeros(n_cols), size=col_scale)
    return Periods(low, n_periods, lengths, program, n, m, lag, under_way, first_level, kept, fills, stock_rows)


def _under_way(low: Lowered, lag: Ints, lengths: Array) -> tuple[Ints, Ints]:
    """Return (column, period of arrival) of all that may be under way at the start."""
    leaves = lag > 0
    edge = low.strands.edge
    leaves[edge[edge >= 0]] = False  # parted: their tracked flows carry the goods
    columns = np.flatnonzero(leaves)
    # the periods that begin before the last of it has come
    reach = np.searchsorted(np.cumsum(lengths) - lengths, lag[columns])
    column = np.repeat(columns, reach)
    arrival = np.concatenate([np.arange(r) for r in reach]) if len(reach) else np.empty(0, dtype=np.int64)
    first = low.strands.first
    whole = np.where(column < first, column, edge[np.maximum(column - first, 0)] if len(edge) else column)
    return np.column_stack([column, arrival]).astype(np.int64), whole


def _arrivals(carried: csc_array, whole: Ints, under_way: Ints, m: int, first: int) -> Entries:
    """Write where goods under way come in: what their column writes on arrival, and what the whole of it does."""
    column, arrival = under_way.T
    rows, cols, values = [], [], []
    number = np.arange(len(column))
    for which, mask in ((column, np.ones(len(column), dtype=bool)), (whole, whole != column)):
        picked = carried[:, which[mask]].tocoo()
        rows.append(picked.row + arrival[mask][picked.col] * m)
        cols.append(first + number[mask][picked.col])
        values.append(picked.data)
    return np.concatenate(rows), np.concatenate(cols), np.concatenate(values)


def _stock_rows(
    low: Lowered, n_periods: int, n: int, m: int, first_level: int
) -> tuple[Ints, Ints, Ints, list[Entries], int]:
    """Write what joins the draws of each stock: one sum, or a level for each period where it can be filled."""
    stocks = low.tables.network.stocks
    t = np.arange(n_periods)
    keeps = (stocks["capacity_t"].notna() | (stocks["holding_usd_per_t_a"].fillna(0.0) > 0)).to_numpy()
    kept = np.flatnonzero(keeps)
    stock_rows: list[int] = []
    fills: list[int] = []
    parts: list[Entries] = []
    row = n_periods * m
    for i in range(len(stocks)):
        stock_rows.append(row)
        draws = t * n + low.flows.draw_start + i
        if not keeps[i]:
            parts.append((np.full(n_periods, row), draws, np.ones(n_periods)))
            row += 1
            continue
        level = first_level + 2 * n_periods * len(fills) + t
        fill = level + n_periods
        fills.append(int(fill[0]))
        ones = np.ones(n_periods)
        parts += [(row + t, level, ones), (row + t[1:], level[:-1], -ones[1:]), (row + t, draws, ones)]
        parts += [(row + t, fill, -ones), (np.array([row + n_periods]), level[-1:], ones[:1])]
        parts += _filling(low, i, t * m, fill)
        row += n_periods + 1
    ints = (np.array(x, dtype=np.int64) for x in (kept, fills, stock_rows))
    kept_, fills_, rows_ = ints
    return kept_, fills_, rows_, parts, row - n_periods * m


def _filling(low: Lowered, stock: int, offset: Ints, fill: Ints) -> list[Entries]:
    """Write where a stock takes what it is filled with: goods in the state in which it gives them back."""
    table = low.tables.network.view("stocks")
    node, commodity = table["node"].iloc[stock], table["commodity"].fillna("").iloc[stock]
    if not isinstance(node, str):
        return []
    place, code = low.tables.position[node], low.tables.code[commodity]
    row = low.balance[place, code]
    parts = [(offset + row, fill, np.full(len(fill), -1.0))]
    state = int(low.strands.stock_state[stock])
    strand = low.strands.balance.get((place, code, state))
    if strand is not None:
        parts.append((offset + strand, fill, np.full(len(fill), -1.0)))
    return parts


def check_stocks(low: Lowered) -> None:
    """Raise where a stock lies at a node that can neither use nor pass on what is in store.

    Raises
    ------
    DataError
        Naming the stocks.
    """
    stocks, lines, flows = low.tables.network.view("stocks"), low.tables.recipes, low.flows
    inputs = lines[lines["role"] == "input"]
    takers = {
        *zip(flows.tail.tolist(), flows.commodity.tolist(), strict=True),
        *zip(inputs["node"].tolist(), inputs["code"].tolist(), strict=True),
        *zip(flows.demand["position"].tolist(), flows.demand["code"].tolist(), strict=True),
    }
    bad = []
    for name, node, commodity in zip(stocks["id"], stocks["node"], stocks["commodity"].fillna(""), strict=True):
        if isinstance(node, str) and (low.tables.position[node], low.tables.code[commodity]) not in takers:
            bad.append(f'"{name}" ({commodity or "goods"} at {node})')
    if bad:
        raise DataError(
            f"stocks: no edge, process or demand at its node can take {', '.join(bad)}. "
            "Correct stocks.node or stocks.commodity, or add the edge."
        )
