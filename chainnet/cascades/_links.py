"""Baseline relations as arrays, and who uses what in the end: what both cascades start from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Ints
from chainnet.errors import DataError
from chainnet.flow import Counting
from chainnet.lowering import Tables, stack
from chainnet.network import Network


@dataclass(frozen=True, eq=False)
class Links:
    """Baseline relations that carry something: positions of source and target, commodity codes, t/yr, edge rows."""

    tables: Tables
    source: Ints
    target: Ints
    commodity: Ints
    flow: Array
    row: Ints

    @cached_property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.tables.network.nodes)

    @property
    def words(self) -> list[str]:
        """Commodity of each code."""
        return list(self.tables.code)


def links_of(network: Network) -> Links:
    """Return the baseline relations; edges of projects, built or not, have no baseline and are left out.

    Raises
    ------
    DataError
        If another edge has no ``flow_tpa``: missing is never zero.
    """
    t, edges = stack(network), network.edges
    source, target = network.edge_ends
    new = network.built_projects
    ours = (source >= 0) & (target >= 0) & ~(edges["source"].isin(new) | edges["target"].isin(new)).to_numpy()
    flow = edges["flow_tpa"].to_numpy(dtype=float)
    lacking = ours & np.isnan(flow)
    if lacking.any():
        names = (edges["source"] + " -> " + edges["target"])[lacking].tolist()
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise DataError(
            f"cascade: no baseline flow on {', '.join(names[:5])}{more}; a cascade follows edges.flow_tpa, and "
            "missing is not zero. Fill flow_tpa (0 for an idle relation)."
        )
    row = np.flatnonzero(ours & (flow > 0))
    return Links(t, source[row], target[row], t.commodity[row], flow[row], row)


def recipe_of(links: Links, ends: Ints) -> pd.DataFrame:
    """Return the recipe line (role, t_per_t, group, max_share) of each link at the node of one of its ends."""
    k = len(links.words)
    lines = links.tables.recipes
    lines = lines.assign(key=lines["node"] * k + lines["code"]).drop_duplicates("key").set_index("key")
    return lines[["role", "t_per_t", "group", "max_share"]].reindex(ends * k + links.commodity).reset_index(drop=True)


def end_uses(links: Links, counting: Counting) -> pd.DataFrame:
    """Return who uses what in the baseline, one row per end use, commodity and tier.

    Columns position, code, node, commodity, tier, demand_row (-1 = none), flow_tpa (what arrives and is
    not passed on, split by the demand of each tier), counted.
    """
    t, network = links.tables, links.tables.network
    k = max(len(links.words), 1)
    uses = (network.nodes["stage"] == "end_use").to_numpy()
    keys = links.target * k + links.commodity
    used = total_by(keys, links.flow, links.n * k)
    used = np.maximum(used - total_by(links.source * k + links.commodity, links.flow, links.n * k), 0.0)
    places = np.unique(keys[uses[links.target]])
    places = places[used[places] > 0]
    table = pd.DataFrame({"key": places, "position": places // k, "code": places % k, "used": used[places]})
    demand = network.demand
    asked = pd.DataFrame(
        {
            "key": demand["node"].map(t.position).to_numpy(dtype=np.int64) * k
            + demand["commodity"].fillna("").map(t.code).to_numpy(dtype=np.int64),
            "tier": demand["tier"],
            "demand_row": np.arange(len(demand)),
            "wanted": demand["demand_tpa"],
        }
    )
    table = table.merge(asked, on="key", how="left", sort=False)
    total = table.groupby("key")["wanted"].transform("sum").to_numpy(dtype=float)
    rows = table.groupby("key")["key"].transform("size").to_numpy(dtype=float)
    wanted = table["wanted"].fillna(0.0).to_numpy(dtype=float)
    part = np.where(total > 0, wanted / np.where(total > 0, total, 1.0), 1.0 / rows)
    table["flow_tpa"] = table["used"] * part
    table["demand_row"] = table["demand_row"].fillna(-1).astype("int64")
    table["node"] = network.nodes["id"].to_numpy(dtype=object)[table["position"]]
    names = np.array([w or None for w in links.words], dtype=object)
    table["commodity"] = names[table["code"].to_numpy(dtype=np.int64)]
    asks = (table["demand_row"] >= 0).to_numpy() | demand.empty
    table["counted"] = counting.rows_of(table) & asks
    return table.drop(columns=["wanted", "used"])


def total_by(place: Ints, amount: Array, n: int) -> Array:
    """Return the sum of the amounts at each of n places."""
    return np.asarray(np.bincount(place, amount, minlength=n), dtype=np.float64)


def check_number(value: Any, name: str, low: float, high: float, why: str) -> float:
    """Return ``value`` as a float; raise DataError unless it is a finite number from low to high."""
    span = f"from {low:g} to {high:g}" if np.isfinite(high) else f"{low:g} or more"
    return checks.number(value, name, low, high, f"is not allowed; give a finite number, {span} ({why}).")
