"""The tables of the outer and the inner network: sums over classes, and what shares leave of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, Ints
from chainnet.engine import FlowProblem, UnboundedFlow, solve
from chainnet.network import TABLES, Frames, Network, plants_of
from chainnet.sharing._records import like
from chainnet.sharing.coarse._classes import Classes, kept_columns

# tables whose rows speak of plants
_OF_PLANTS = ("nodes", "projects", "edges", "demand", "stocks", "contracts", "cover")
_HAIR = 1e-9  # a sum of flows that were rounded to whole units is not to fall short


def unlimited(values: Any) -> Array:
    """Return bounds as numbers, inf where there is none."""
    found = np.asarray(values, dtype=float)
    return np.where(np.isnan(found), np.inf, found)


def lags_of(network: Network) -> Array:
    """Return the time in transit of each edge, months."""
    return np.asarray(network.view("edges")["lag_months"].fillna(0.0), dtype=float)


def edge_bounds(classes: Classes, of: Ints, rebuilt: Bools) -> Array:
    """Return the most that each class edge can carry, t/yr: a maximum flow from its sources to its targets.

    A source ships no more than it can make, where nobody ships the good to it; a target without a recipe takes no
    more than its throughput. A target with a recipe may throw input away, so it bounds nothing here.
    """
    t = classes.tables
    n_edges = len(rebuilt)
    caps, limit = unlimited(t.node_capacity), unlimited(t.edge_capacity)
    lines = t.recipes[t.recipes["role"] != "input"]
    most = {
        (int(i), int(good)): float(caps[int(i)] * per)
        for i, good, per in zip(lines["node"], lines["code"], lines["t_per_t"], strict=True)
    }
    entered = set(zip(t.head.tolist(), t.commodity.tolist(), strict=True))
    out = np.full(n_edges, np.inf)
    for k in np.flatnonzero(rebuilt):
        rows = np.flatnonzero(of == k)
        good = int(t.commodity[rows[0]])

        def source(i: int, good: int = good) -> float:
            if not t.acts[i]:
                return float(caps[i])
            return np.inf if (i, good) in entered else most.get((i, good), np.inf)

        tails, tail = np.unique(t.tail[rows], return_inverse=True)
        heads, head = np.unique(t.head[rows], return_inverse=True)
        supply = np.array([source(int(i)) for i in tails])
        demand = np.array([np.inf if t.acts[i] else caps[i] for i in heads])
        ways = np.minimum(np.minimum(supply[tail], demand[head]), limit[rows])
        if len(tails) == 1 or len(heads) == 1 or np.isinf(ways).any():
            side = supply if len(tails) > 1 else demand
            at = tail if len(tails) > 1 else head
            each = np.minimum(side, np.bincount(at, np.where(np.isinf(ways), np.inf, ways), minlength=len(side)))
            whole = min(float(supply.sum()), float(demand.sum()))
            out[k] = min(float(each.sum()), whole)
            continue
        zero = np.zeros(len(tails) + len(heads))
        problem = FlowProblem(
            len(zero), tail.astype(np.int64), (len(tails) + head).astype(np.int64), ways, np.full(len(zero), np.inf),
            np.concatenate([np.minimum(supply, ways.sum()), np.zeros(len(heads))]),
            np.concatenate([np.zeros(len(tails)), np.minimum(demand, ways.sum())]),
        )  # fmt: skip
        try:
            out[k] = solve(problem).value * (1.0 + _HAIR)
        except UnboundedFlow:
            out[k] = np.inf
    return out


def bounded(values: Array, weights: Array, owner: Ints, n: int) -> Array:
    """Return the least of value over weight by owner, where there is weight; inf where there is none."""
    out = np.full(n, np.inf)
    on = weights > 0
    with np.errstate(divide="ignore"):
        np.minimum.at(out, owner[on], values[on] / weights[on])
    return out


def coarse(
    network: Network,
    classes: Classes,
    of: Ints,
    ends: tuple[Ints, Ints, Ints],
    side: str,
    caps: Array,
    edge_caps: Array,
    asked: Mapping[tuple[int, str, str], float],
) -> Network:
    """Return the network of classes with the bounds given.

    Parameters
    ----------
    network, classes
    of : int array
        Class edge of each edge.
    ends : (sources, targets, goods) of each class edge
    side : {"outer", "inner"}
        Says which cost is taken, the least or the most, and the name.
    caps, edge_caps : arrays by class and class edge, t/yr
    asked : mapping of (class, commodity, tier) to tonnes
    """
    single = classes.sizes[classes.of] == 1
    frames: Frames = {name: network.view(name) for name in TABLES}
    for table, start in (("nodes", 0), ("projects", len(frames["nodes"]))):
        frames[table] = _plants(frames[table], table, start, classes, side, caps)
    rebuilt = ~(single[classes.tables.tail] & single[classes.tables.head])
    frames["edges"] = _edges(frames["edges"], classes, of, ends, rebuilt, side, edge_caps)
    frames["demand"] = _demand(frames["demand"], classes, asked)
    left = plants_of(frames["nodes"], frames["projects"])["id"]
    for table, column in (("stakes", "project"), ("contracts", "supplier"), ("cover", "node")):
        frame = frames[table]
        frames[table] = frame[frame[column].isin(left) | frame[column].isna()]
    if not single.all():
        figures = frames["figures"]
        frames["figures"] = figures[~figures["table"].isin(_OF_PLANTS)]
    return like(network, frames, f"{network.name}-{side}", f"{network.label}, {side} bound")


def _plants(frame: pd.DataFrame, table: str, start: int, classes: Classes, side: str, caps: Array) -> pd.DataFrame:
    of = classes.of[start : start + len(frame)]
    single = classes.sizes[of] == 1
    rows: list[dict[str, Any]] = []
    for k in np.unique(of[~single]):
        own = frame[of == k]
        cost = own["unit_cost_usd_per_t"].fillna(0.0)
        row = {
            "id": classes.names[k],
            **kept_columns(own, table, classes.respected),
            "process": own["process"].iloc[0],
            "capacity_tpa": caps[k],
            "unit_cost_usd_per_t": cost.min() if side == "outer" else cost.max(),
        }
        if table == "projects":
            row["capex_musd"] = own["capex_musd"].sum(min_count=len(own))
            row["break_even_usd_per_t"] = own["break_even_usd_per_t"].agg("min" if side == "outer" else "max")
        rows.append(row)
    return _stacked(frame[single], rows, table)


def _stacked(kept: pd.DataFrame, rows: list[dict[str, Any]], table: str) -> pd.DataFrame:
    new = pd.DataFrame(rows, columns=TABLES[table].names)
    if not len(new):
        return kept
    return pd.concat([kept, new.astype(dict(kept.dtypes))], ignore_index=True) if len(kept) else new


def _edges(
    frame: pd.DataFrame,
    classes: Classes,
    of: Ints,
    ends: tuple[Ints, Ints, Ints],
    rebuilt: Bools,
    side: str,
    edge_caps: Array,
) -> pd.DataFrame:
    inside = of < 0
    rows = []
    goods = list(classes.tables.code)
    for k in np.unique(of[rebuilt & ~inside]):
        own = frame[of == k]
        cost = own["cost_usd_per_t"].fillna(0.0)
        rows.append(
            {
                "source": classes.names[ends[0][k]],
                "target": classes.names[ends[1][k]],
                "commodity": goods[ends[2][k]] or None,
                "flow_tpa": own["flow_tpa"].sum(min_count=len(own)),
                "capacity_tpa": edge_caps[k],
                "cost_usd_per_t": cost.min() if side == "outer" else cost.max(),
                "lag_months": own["lag_months"].iloc[0],
                "note": f"{len(own)} relations",
            }
        )
    return _stacked(frame[~rebuilt], rows, "edges")


def _demand(frame: pd.DataFrame, classes: Classes, asked: Mapping[tuple[int, str, str], float]) -> pd.DataFrame:
    owner = np.array([classes.of[classes.tables.position[i]] for i in frame["node"]], dtype=np.int64)
    single = classes.sizes[owner] == 1 if len(owner) else np.zeros(0, dtype=bool)
    rows = []
    for (k, good, tier), tonnes in asked.items():
        if classes.sizes[k] == 1:
            continue
        own = frame[(owner == k) & (frame["commodity"].fillna("") == good) & (frame["tier"].fillna("") == tier)]
        value = own["value_usd_per_t"]
        rows.append(
            {
                "node": classes.names[k],
                "commodity": good or None,
                "tier": tier or None,
                "demand_tpa": tonnes,
                "value_usd_per_t": value.iloc[0] if (value == value.iloc[0]).all() else None,
            }
        )
    return _stacked(frame[single], rows, "demand")
