"""The market as one convex program on the lowered chain: what users would pay, less what it costs to make and bring."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from chainnet._types import INF, Array, Bools, Ints, records
from chainnet.engine import ConvexModel, Curves, LinearProgram, Ordered, Rows
from chainnet.errors import DataError
from chainnet.lowering import Lowered
from chainnet.prices._inputs import CHEAP, CHOKE, Inputs

HAIR = 1e-9  # by how much what must be served lies below the most that can be, relative to it
DEAREST = 1000.0  # times what a plant is left at reference prices: beyond it more is not made at any price (assumed)
FAR = 10.0  # times the largest demand of a chain: an output without a limit gets this one where its cost rises


class Output(NamedTuple):
    """What a plant puts out: its position, the good, the column, its capacity, what a tonne must earn for capital."""

    plant: int
    code: int
    column: int
    cap: float
    capital: float


class Trade(NamedTuple):
    """What a measure buys (sign 1) or sells (-1) at a place: at most how much, at which price (None = at any).

    ``rows``: the balance of the good, and where goods are tracked that of the state in which they are.
    """

    number: int
    plant: int
    code: int
    sign: int
    most: float
    usd: float | None
    rows: tuple[int, ...]
    column: int = -1

    def price(self, dual: Array) -> float:
        """Return what a tonne of it is worth at its place."""
        return float(sum(dual[row] for row in self.rows))


@dataclass(frozen=True, eq=False)
class Program:
    """A market as arrays: columns of the lowered chain first, then outputs of plants that have no process.

    ``demand``: a row per row of demand, with column, reference price, size, whether it is valued.
    ``own``: which rows have nothing on their right side, so that what stands in them adds up to nothing.
    ``prices``: row of each (position, code); ``owner``: position of who gains by a column, -1 = nobody.
    """

    low: Lowered
    program: LinearProgram
    curves: Curves
    outputs: list[Output]
    demand: pd.DataFrame
    own: Bools
    prices: dict[tuple[int, int], int]
    owner: Ints
    left_out: tuple[str, ...]
    trades: tuple[Trade, ...] = ()
    marks: tuple[int, ...] = ()  # columns of what players sell, whose cost is a mark-up and no cost

    def model(self) -> ConvexModel:
        """Return the program in a solver."""
        return ConvexModel(self.program, self.curves, "market")

    def trades_of(self, number: int) -> tuple[Ints, Ints]:
        """Return the columns in which a measure trades itself, and the sign of each."""
        own = [one for one in self.trades if one.number == number]
        return np.array([one.column for one in own], dtype=np.int64), np.array(
            [one.sign for one in own], dtype=np.int64
        )

    def price_of(self, dual: Array, node: int, code: int) -> float:
        """Return the price of a good at a node."""
        row = self.prices.get((node, code))
        return np.nan if row is None else float(dual[row])


def build(
    low: Lowered,
    inputs: Inputs,
    extra: float,
    protect: tuple[str, ...],
    capital: Array,
    drawn: Bools,
) -> Program:
    """Build the program of a market.

    Parameters
    ----------
    low : Lowered
        The chain under the scenario, projects that may run as if built.
    inputs : Inputs
    extra : float
        Cost of a tonne over a new relation.
    protect : tuple of str
        Tiers whose largest service is kept, in their order.
    capital : array over nodes, then projects
        What a tonne of output must earn for the capital, USD/t.
    drawn : boolean array over the stocks
        Which may be drawn.
    """
    t, f = low.tables, low.flows
    n = len(low.program.cost)
    freight = np.concatenate([t.edge_cost + low.overlay.edge_cost, np.where(low.relations.is_pair, extra, 0.0)])
    program = replace(low.program, cost=np.concatenate([freight, np.zeros(n - len(freight))]))
    program, outputs = _with_outputs(low, program, capital)
    rows_low, rows_high = program.row_lower.copy(), program.row_upper.copy()
    for (node, _), row in low.balance.items():
        if node < len(t.nodes):  # all that is made may be thrown away; hubs pass on what they get
            rows_low[row], rows_high[row] = 0.0, INF
    upper = program.col_upper.copy()
    upper[f.draw_start : f.demand_start] = np.where(drawn, upper[f.draw_start : f.demand_start], 0.0)
    program = replace(program, row_lower=rows_low, row_upper=rows_high, col_upper=upper)
    demand, program, bends = _with_demand(low, program, inputs)
    program, bent = _with_costs(program, outputs, inputs, low)
    program = _kept(program, demand, protect)
    own = np.isin(program.row_lower, (0.0, -INF)) & np.isin(program.row_upper, (0.0, INF))
    columns = [*bends, *bent]
    parts = np.array(columns, dtype=float).reshape(len(columns), 7).T
    curves = Curves(parts[0].astype(np.int64), *parts[1:])
    places = {key: row for key, row in low.balance.items() if key[0] < len(t.nodes)}
    left = tuple(sorted({str(c) for c in demand.loc[~demand["is_valued"], "commodity"].fillna("")}))
    return Program(low, program, curves, outputs, demand, own, places, _owners(low, outputs), left)


def with_trades(program: Program, trades: list[Trade]) -> Program:
    """Add columns for what measures trade: up to its price one takes goods out, from it on one brings them."""
    if not trades:
        return program
    base, curves = program.program, program.curves
    first, last = len(base.cost), len(base.row_lower)
    trades = [one._replace(column=first + number) for number, one in enumerate(trades)]
    dearest = max(
        1.0, float(np.max(-base.cost[program.low.served])), float(np.max(-curves.base - curves.power, initial=0))
    )
    prices = [CHOKE * dearest if one.usd is None else one.usd for one in trades]
    entries = [(row, one.column, -1.0 * one.sign) for one in trades for row in one.rows]
    at = [np.array(part) for part in zip(*entries, strict=True)]
    body = base.with_columns(
        np.array([program.low.sizes[one.code] for one in trades]),
        cost=np.array([-one.sign * usd for one, usd in zip(trades, prices, strict=True)]),
        upper=np.array([one.most for one in trades]),
        entries=(at[0], at[1], at[2]),
    )
    rows = Rows()
    for number, sign in sorted({(one.number, one.sign) for one in trades}):  # several places share what there is
        own = [one for one in trades if (one.number, one.sign) == (number, sign)]
        if len(own) > 1:
            rows.add([one.column for one in own], 1.0, -INF, own[0].most, max(own[0].most, 1e-12))
    body = body.with_rows(*rows.lines(first + len(trades)))
    return replace(
        program,
        program=body,
        own=np.append(program.own, np.zeros(len(body.row_lower) - last, dtype=bool)),
        owner=np.append(program.owner, np.full(len(trades), -1)),
        trades=tuple(trades),
    )


def _with_outputs(low: Lowered, program: LinearProgram, capital: Array) -> tuple[LinearProgram, list[Output]]:
    """Give every plant columns for its outputs, which bear its cost and its capacity.

    A plant with a process has its activity. A mine makes its goods by columns of their own; what another node passes
    on is counted by one. Rows of throughput then bind nothing, or say what that count is.
    """
    t, f = low.tables, low.flows
    limits = {owner: row for row, (kind, owner, _) in enumerate(low.rows) if kind == "node"}
    main = dict(zip(np.flatnonzero(t.acts).tolist(), t.main_code.tolist(), strict=True))
    is_end = (t.nodes["stage"] == "end_use").to_numpy()
    goods_of: dict[int, list[int]] = {}
    for node, code in low.balance:
        goods_of.setdefault(node, []).append(code)
    low_bound, high_bound = program.row_lower.copy(), program.row_upper.copy()
    found: list[Output] = []
    entries: list[tuple[int, int, float]] = []
    rows, first = Rows(), len(program.cost)
    new = first
    for plant in range(len(t.nodes)):
        limit = limits.get(plant)
        cap, earns = float(program.row_upper[limit]) if limit is not None else INF, float(capital[plant])
        goods = goods_of.get(plant, [])
        if plant in main:
            column = int(f.activity[plant])
            found.append(Output(plant, main[plant], column, float(program.col_upper[column]), earns))
        elif t.is_mine[plant]:
            if limit is not None:
                low_bound[limit], high_bound[limit] = -INF, INF
            for code in goods:
                entries.append((low.balance[plant, code], new, 1.0))
                found.append(Output(plant, code, new, cap, earns))
                new += 1
            if len(goods) > 1 and np.isfinite(cap):
                rows.add(np.arange(new - len(goods), new), 1.0, -INF, cap, max(cap, 1.0))
        elif (limit is not None or not is_end[plant]) and len(into := np.flatnonzero(f.head == plant)):
            if limit is None:
                rows.add(np.append(into, new), np.append(np.ones(len(into)), -1.0), 0.0, 0.0)
            else:
                entries.append((limit, new, -1.0))
                low_bound[limit] = high_bound[limit] = 0.0
            found.append(Output(plant, goods[0], new, cap, earns))
            new += 1
    own = [one for one in found if one.column >= first]
    at = [np.array(part) for part in zip(*entries, strict=True)]
    program = replace(program, row_lower=low_bound, row_upper=high_bound).with_columns(
        np.array([low.sizes[one.code] for one in own]),
        upper=np.array([one.cap for one in own]),
        entries=(at[0], at[1], at[2]) if at else None,
    )
    return program.with_rows(*rows.lines(new)), found


def _with_demand(
    low: Lowered, program: LinearProgram, inputs: Inputs
) -> tuple[pd.DataFrame, LinearProgram, list[tuple[float, ...]]]:
    """Give every row of demand what it would pay, and how much it takes at most."""
    demand = low.flows.demand.reset_index(drop=True)
    asked = demand["demand_tpa"].to_numpy(dtype=float)
    share = low.overlay.demand_share if len(low.tables.wanted) else np.ones(len(demand))
    cost, upper, lower = program.cost.copy(), program.col_upper.copy(), program.col_lower.copy()
    bends: list[tuple[float, ...]] = []
    valued, known = np.ones(len(demand), dtype=bool), np.full(len(demand), np.nan)
    columns = low.served
    for number, row in enumerate(records(demand)):
        node, tier = str(row["node"]), row["tier"]
        good = row["commodity"] if isinstance(row["commodity"], str) else ""
        column, most = int(columns[number]), asked[number]
        curve = inputs.demand_curve(node, good, tier)
        is_gone = low.overlay.node_share[int(row["position"])] == 0
        if curve is not None:
            intercept, slope = curve
            if slope == 0:
                cost[column] = -intercept
            else:
                upper[column] = 0.0 if is_gone else intercept / slope * share[number]
                bends.append((column, -intercept, slope / max(share[number], 1e-12), 0.0, 0.0, 1.0, 0.0))
            continue
        price = inputs.worth(good, node)
        known[number] = price
        if np.isnan(price):
            valued[number] = False
            continue
        size = inputs.elasticity(node, good, tier)
        if size == 0:
            cost[column] = -max(np.nan_to_num(float(row["value_usd_per_t"])), CHOKE * price)
        elif most > 0 and inputs.demand_form == "linear":
            upper[column] = most * (1.0 + size)
            bends.append((column, -price * (1.0 + 1.0 / size), price / (size * most), 0.0, 0.0, 1.0, 0.0))
        elif most > 0:
            upper[column] = most * CHEAP**-size
            bends.append((column, 0.0, 0.0, -price, -1.0 / size, most, most * CHOKE**-size))
    demand = demand.assign(column=columns, reference=known, is_valued=valued)
    if len(demand) and not valued.any() and not (cost[columns] < 0).any():
        words = sorted(set(demand["commodity"].fillna("")))
        raise DataError(
            f"market: no price is known of what is asked for: {', '.join(map(repr, words))}. "
            "Give reference_price (--reference), or fill price_usd_per_t in commodities."
        )
    return demand, replace(program, cost=cost, col_upper=upper, col_lower=lower), bends


def _with_costs(
    program: LinearProgram, outputs: list[Output], inputs: Inputs, low: Lowered
) -> tuple[LinearProgram, list[tuple[float, ...]]]:
    """Give every output its cost: flat, or rising by a curve that was given or by an elasticity."""
    t, words, base = low.tables, low.commodities, low.tables.network.baseline
    cost, upper = program.cost.copy(), program.col_upper.copy()
    bends: list[tuple[float, ...]] = []
    largest = FAR * float(np.max(upper[low.served][np.isfinite(upper[low.served])], initial=1.0))
    processes, listed = t.nodes["process"].tolist(), t.nodes["unit_cost_usd_per_t"].to_numpy(dtype=float)
    for plant, code, column, _, capital in outputs:
        name, good, process = str(t.ids[plant]), words[code], processes[plant]
        is_maker = bool(t.acts[plant] or t.is_mine[plant])
        cost[column] += capital
        given, at = inputs.supply_curve(name, good), float(base.get(name, np.nan))
        rising = inputs.supply(name, process, good) if given is None and is_maker and at > 0 else None
        if given is not None:
            cost[column] += given[0]
            if given[1] > 0:
                bends.append((column, 0.0, given[1], 0.0, 0.0, 1.0, 0.0))
                upper[column] = upper[column] if np.isfinite(upper[column]) else largest
        elif rising is not None:
            bends.append((column, 0.0, 0.0, rising[1], 1.0 / rising[0], at, 0.0))
            upper[column] = min(upper[column], at * DEAREST ** rising[0])
        elif is_maker or not np.isnan(listed[plant]) or inputs.given_cost(name, good) is not None:
            cost[column] += inputs.cost(name, process, good, listed[plant], plant >= t.n_nodes)
        # else it sells what it buys
    return replace(program, cost=cost, col_upper=upper), bends


def _kept(program: LinearProgram, demand: pd.DataFrame, protect: tuple[str, ...]) -> LinearProgram:
    """Keep the largest service of the tiers protected, in their order."""
    groups = [(demand["tier"] == tier).to_numpy() for tier in protect]
    groups = [members for members in groups if members.any()]
    if not groups:
        return program
    columns = demand["column"].to_numpy(dtype=np.int64)
    capped = replace(program, col_upper=program.col_upper.copy())
    capped.col_upper[columns] = demand["demand_tpa"].to_numpy(dtype=float)
    ordered, rows = Ordered(capped, "market, what is kept"), Rows()
    for members in groups:
        cost = np.zeros(len(program.cost))
        cost[columns[members]] = -1.0
        most = -ordered.stage(cost).value
        ordered.hold()
        least = most * (1.0 - HAIR)
        rows.add(columns[members], 1.0, least, INF, max(float(program.col_scale[columns[members]].max()), 1e-12))
    return program.with_rows(*rows.lines(len(program.cost)))


def _owners(low: Lowered, outputs: list[Output]) -> Ints:
    """Return who gains by each column: who sells over a relation, who makes, who holds a stock; users not."""
    t, f = low.tables, low.flows
    owner = np.full(f.demand_start + len(f.demand) + len(low.strands.code), -1, dtype=np.int64)
    n = len(t.nodes)
    owner[: len(f.tail)] = np.where(f.tail < n, f.tail, np.where(f.head < n, f.head, -1))
    acting = f.activity >= 0
    owner[f.activity[acting]] = np.flatnonzero(acting)
    owner[f.standin_start : f.draw_start] = f.standins["node"].to_numpy(dtype=np.int64)
    owner[f.draw_start : f.demand_start] = t.stock_place
    edge = low.strands.edge
    owner[low.strands.first :] = np.where(edge >= 0, owner[edge], -1)
    return np.append(owner, [one.plant for one in outputs if one.column >= len(owner)]).astype(np.int64)
