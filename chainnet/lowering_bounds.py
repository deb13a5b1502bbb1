"""Bounds and costs of the linear program under an overlay: what changes while the matrix stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csc_array

from chainnet.engine.linear import LinearProgram
from chainnet.errors import DataError
from chainnet.lowering_overlay import Overlay
from chainnet.lowering_relations import Relations
from chainnet.lowering_rows import Rows, Tables
from chainnet.network import Network

Array = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
INF = np.inf


@dataclass(frozen=True)
class Columns:
    """Where the blocks of columns begin and what stands in them."""

    commodity: Ints
    makers: Ints
    standins: pd.DataFrame
    draw_start: int
    demand: pd.DataFrame
    demand_start: int


def assemble(
    t: Tables,
    overlay: Overlay,
    degree: str,
    stocks: bool,
    rows: Rows,
    columns: Columns,
    recipes: pd.DataFrame,
    caps: Array,
    tail: Ints,
    head: Ints,
    relations: Relations,
    extra_cost_usd_per_t: float,
) -> LinearProgram:
    """Put bounds, costs and scales to the rows."""
    network, m, n_flows = t.network, len(t.tail), len(tail)
    n_cols = columns.demand_start + len(columns.demand)
    upper = np.full(n_cols, INF)
    upper[:m] = edge_caps(t, overlay, degree)
    upper[n_flows : n_flows + len(columns.makers)] = caps[columns.makers]
    upper[columns.draw_start : columns.demand_start] = stock_draws(network, overlay, t) if stocks else 0.0
    upper[columns.demand_start :] = columns.demand["demand_tpa"].to_numpy()
    cost = np.zeros(n_cols)
    cost[:n_flows] = edge_costs(t, tail, head, relations, extra_cost_usd_per_t)
    unit = t.nodes["unit_cost_usd_per_t"].fillna(0.0).to_numpy()
    cost[n_flows : n_flows + len(columns.makers)] = unit[columns.makers]
    size = commodity_sizes(t, recipes, caps, columns.demand, upper[:m])
    main = recipes[recipes["role"] == "output"].set_index("node")["code"]
    stock_code = network.stocks["commodity"].fillna("").map(t.code)
    codes = [
        columns.commodity,
        main.reindex(columns.makers),
        columns.standins["code"],
        stock_code,
        columns.demand["code"],
    ]
    col_scale = size[np.concatenate([np.asarray(c, dtype=np.int64) for c in codes])]
    matrix = rows.matrix(n_cols)
    row_scale = _row_sizes(matrix, rows.names, size, col_scale)
    low, high = np.array(rows.low, dtype=float), np.array(rows.high, dtype=float)
    return LinearProgram(matrix, low, high, np.zeros(n_cols), upper, cost, row_scale, col_scale)


def _row_sizes(matrix: csc_array, names: list[tuple[str, int, int]], size: Array, col_scale: Array) -> Array:
    """A balance has the size of its commodity, any other row that of its largest column."""
    largest = np.zeros(matrix.shape[0])
    coo = matrix.tocoo()
    np.maximum.at(largest, coo.row, np.abs(coo.data) * col_scale[coo.col])
    largest[largest == 0] = 1.0
    return np.array([size[k] if kind == "balance" else largest[i] for i, (kind, _, k) in enumerate(names)], dtype=float)


def node_caps(t: Tables, overlay: Overlay) -> Array:
    """Return capacities of nodes and projects under the overlay, t/a; inf = unlimited, unbuilt = 0."""
    network = t.network
    n = len(network.nodes)
    share = overlay.node_share
    partial = (share != 1.0) & (share != 0.0)
    caps = t.node_capacity
    if partial.any():
        caps = np.concatenate(
            [network.finite_capacity("nodes", partial[:n]), network.finite_capacity("projects", partial[n:])]
        )
    caps = np.where(np.isnan(caps), INF, caps)
    caps = np.where(share == 0, 0.0, caps * np.where(share == 0, 1.0, share))
    built = overlay.built
    size = np.where(built == 0, 0.0, np.where(np.isinf(caps[n:]), INF, caps[n:] * built))
    return np.concatenate([caps[:n], size])


def edge_caps(t: Tables, overlay: Overlay, degree: str) -> Array:
    """Return capacities of edges under the overlay, t/a; edges of dead nodes and unbuilt projects carry nothing."""
    network = t.network
    share = overlay.edge_share
    partial = (share != 1.0) & (share != 0.0)
    caps = network.finite_capacity("edges", partial) if partial.any() else t.edge_capacity
    caps = np.where(np.isnan(caps), INF, caps)
    n = len(network.nodes)
    asleep = np.concatenate([np.zeros(n, dtype=bool), overlay.built == 0]) | (overlay.node_share == 0)
    dead = asleep[t.tail] | asleep[t.head] | (share == 0)
    if degree == "frozen":
        flow = t.edge_flow
        new = (t.tail >= n) | (t.head >= n)  # edges of projects have no baseline
        lacking = np.isnan(flow) & ~dead & ~new
        if lacking.any():
            pairs = (network.edges["source"] + " -> " + network.edges["target"])[lacking].tolist()
            raise DataError(
                f"reroute=frozen: no baseline flow on {', '.join(pairs[:5])}"
                f"{f' and {len(pairs) - 5} more' if len(pairs) > 5 else ''}; "
                "frozen means that no edge carries more than its flow_tpa. Fill flow_tpa or ask for existing."
            )
        caps = np.where(new, caps, np.minimum(caps, np.where(np.isnan(flow), 0.0, flow)))
    scaled = np.where(np.isinf(caps), INF, caps * np.where(np.isinf(caps), 1.0, share))
    scaled = np.where(dead, 0.0, scaled)
    for restriction in overlay.restrictions:
        if restriction.bound_tpa == 0:
            scaled[restriction.edges] = 0.0
    return scaled


def stock_draws(network: Network, overlay: Overlay, t: Tables) -> Array:
    """Return what each stock can give in one year: min(stock, release), t."""
    stocks = network.stocks
    amount = np.fmin(stocks["stock_t"].to_numpy(dtype=float), stocks["release_tpa"].to_numpy(dtype=float))
    amount = amount * overlay.stock_share
    where = stocks["node"].map(t.position)
    placed = where.notna().to_numpy()
    alive = np.zeros(len(stocks), dtype=bool)
    alive[placed] = overlay.node_share[where[placed].to_numpy(dtype=np.int64)] != 0
    return np.where(alive, amount, 0.0)


def edge_costs(t: Tables, tail: Ints, head: Ints, relations: Relations, extra: float) -> Array:
    """Cost of a tonne on each edge: its own, and the unit cost of nodes without a process."""
    own = t.network.edges["cost_usd_per_t"].fillna(0.0).to_numpy()
    cost = np.concatenate([own, np.where(relations.is_pair, extra, 0.0)])
    passes = t.nodes["process"].isna().to_numpy()
    unit = np.concatenate([t.nodes["unit_cost_usd_per_t"].fillna(0.0).to_numpy(), np.zeros(relations.n_hubs)])
    mine = np.concatenate([passes & (t.nodes["stage"] == "mine").to_numpy(), np.zeros(relations.n_hubs, dtype=bool)])
    other = np.concatenate([passes, np.zeros(relations.n_hubs, dtype=bool)]) & ~mine
    return np.asarray(cost + np.where(mine[tail], unit[tail], 0.0) + np.where(other[head], unit[head], 0.0))


def commodity_sizes(t: Tables, recipes: pd.DataFrame, caps: Array, demand: pd.DataFrame, edge_upper: Array) -> Array:
    """Natural size of each commodity, so that its largest flow meets the solver as about a thousand.

    What can flow is bounded by what its makers and what its users can do together; where both
    are unlimited, by the largest finite edge.
    """
    k = len(t.code)
    sides = np.zeros((2, k))
    for role, side in (("input", 1), ("output", 0), ("coproduct", 0), ("byproduct", 0)):
        lines = recipes[recipes["role"] == role]
        amount = caps[lines["node"].to_numpy(np.int64)] * lines["t_per_t"].to_numpy()
        np.add.at(sides[side], lines["code"].to_numpy(np.int64), amount)
    mine = ((t.nodes["stage"] == "mine") & t.nodes["process"].isna()).to_numpy()
    pairs = pd.DataFrame({"node": t.tail, "code": t.commodity})[mine[t.tail]].drop_duplicates()
    np.add.at(sides[0], pairs["code"].to_numpy(np.int64), caps[pairs["node"].to_numpy(np.int64)])
    np.add.at(sides[1], demand["code"].to_numpy(np.int64), demand["demand_tpa"].to_numpy())
    sides[sides == 0] = INF
    bound = sides.min(axis=0)
    finite = np.isfinite(edge_upper)
    edge = np.zeros(k)
    np.maximum.at(edge, t.commodity[finite], edge_upper[finite])
    bound = np.where(np.isfinite(bound), bound, np.where(edge > 0, edge, 1000.0))
    return np.asarray(np.maximum(bound, 1e-6) / 1000.0)
