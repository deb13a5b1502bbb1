"""One commodity as a pure flow problem: its makers are sources, its users are sinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import INF, Bools, Ints
from chainnet.engine import FlowProblem
from chainnet.network import Network


@dataclass(frozen=True)
class FlowMarket:
    """A flow problem and what its arcs and nodes stand for.

    ``rows``: row of ``network.edges`` of each arc.
    ``supply_is_node``: whether a supply is the output capacity of a maker.
    """

    network: Network
    problem: FlowProblem
    rows: Ints

    @property
    def ids(self) -> Any:
        """Ids of the nodes of the problem, a text array."""
        return self.network.view("nodes")["id"].array


def is_plain(network: Network) -> bool:
    """Say whether a network is one commodity that only passes through: a pure flow problem."""
    if not network.view("processes").empty:
        return False
    flows, asked = (set(table["commodity"].unique()) for table in (network.view("edges"), network.view("demand")))
    blank = {word for word in flows | asked if not isinstance(word, str)}
    return len((flows | asked) - blank) + bool(blank) <= 1


def lower_market(
    network: Network, commodity: str | None = None, counted: Bools | None = None, beneficiaries: Bools | None = None
) -> FlowMarket:
    """Cut out the market of one commodity.

    Parameters
    ----------
    network : Network
    commodity : str, optional
        None = the one commodity of a plain network.
    counted : boolean array over ``network.demand``, optional
        Demand that counts; the rest is 0.
    beneficiaries : boolean array over ``network.nodes``, optional
        End uses that count where there is no demand table.

    Notes
    -----
    Cost: linear in nodes and edges.
    """
    nodes, edges = network.view("nodes"), network.view("edges")
    tail, head = network.edge_ends
    awake = (tail >= 0) & (head >= 0)  # edges of unbuilt projects sleep
    if commodity is not None:
        awake &= (edges["commodity"] == commodity).to_numpy()
    rows = np.flatnonzero(awake)
    capacity = edges["capacity_tpa"].to_numpy(dtype=float)
    if len(rows) < len(edges):
        tail, head, capacity = tail[rows], head[rows], capacity[rows]
    capacity = np.where(np.isnan(capacity), INF, capacity)
    caps = nodes["capacity_tpa"].to_numpy(dtype=float)
    caps = np.where(np.isnan(caps), INF, caps)
    passes = nodes["process"].isna().to_numpy()
    is_mine, ends = ((nodes["stage"] == stage).to_numpy() for stage in ("mine", "end_use"))
    supply, demand = np.zeros(len(nodes)), np.zeros(len(nodes))
    supply[passes & is_mine] = INF
    if network.view("demand").empty:
        demand[passes & ends & (True if beneficiaries is None else beneficiaries)] = INF
    else:
        table = network.view("demand")
        asked = np.ones(len(table), dtype=bool) if counted is None else counted
        if commodity is not None:
            asked = asked & (table["commodity"] == commodity).to_numpy()
        at = pd.Index(nodes["id"]).get_indexer(table["node"])
        asked = asked & (at >= 0)
        np.add.at(demand, at[asked], table["demand_tpa"].to_numpy()[asked])
    if not passes.all():
        lines = pd.DataFrame({"process": nodes["process"], "node": np.arange(len(nodes))}).dropna()
        recipes = network.view("processes")
        lines = lines.merge(recipes[recipes["commodity"] == commodity], on="process")
        share = np.where(lines["group"].notna(), lines["max_share"].fillna(1.0), 1.0)
        at = lines["node"].to_numpy(dtype=np.int64)
        amount = caps[at] * lines["t_per_t"].to_numpy() * share
        taken = (lines["role"] == "input").to_numpy()
        np.add.at(demand, at[taken], amount[taken])
        np.add.at(supply, at[~taken], amount[~taken])
    problem = FlowProblem(len(nodes), tail, head, capacity, np.where(passes, caps, INF), supply, demand)
    return FlowMarket(network, problem, rows)
