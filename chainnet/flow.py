"""Maximum flow: the largest tonnage a network can carry, and the cut that proves it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine.certificate import Certificate, certify_flow, require
from chainnet.engine.maxflow import CutMembers, FlowSolution, UnboundedFlow, solve
from chainnet.errors import DataError
from chainnet.flow_second import values_by_igraph
from chainnet.flow_value import ValueModel, Words, benefits, check_commodities, count_settings, counted_demand
from chainnet.lowering_market import Market, is_plain, lower_market
from chainnet.network import Network
from chainnet.results import Result, provenance, stamp

__all__ = ["MaxFlow", "max_flow"]

CUT_COLUMNS = [
    "kind",
    "source",
    "target",
    "id",
    "commodity",
    "tier",
    "capacity_tpa",
    "price",
    "step",
    "country",
    "owner",
]


@dataclass(frozen=True, repr=False, eq=False)
class MaxFlow(Result):
    """A maximum flow.

    Attributes
    ----------
    value_tpa : float
        The largest tonnage that can be served, t/a.
    edges : DataFrame
        One row per row of ``network.edges``, in its order: source, target, commodity, flow_tpa, capacity_tpa.
    nodes : DataFrame, index id
        throughput_tpa, capacity_tpa, utilisation (0 to 1, NaN where unlimited).
    cut : DataFrame
        One minimum cut: kind (edge, node, demand, restriction), source and target or id,
        capacity_tpa, price; capacity x price sums to the value. On pure flows every price is 1.
    sink_cut : DataFrame
        The minimum cut nearest to the uses (``cut`` is the one nearest to the sources); on recipe
        networks the same as ``cut``.
    is_unique : bool or None
        Whether there is no other minimum cut; None on recipe networks, where it is not looked at.
    n_unlimited : int
        Nodes without a capacity that carry flow.
    certificate : Certificate
        Balances, bounds, and cut = value.
    """

    value_tpa: float
    edges: pd.DataFrame
    nodes: pd.DataFrame
    cut: pd.DataFrame
    sink_cut: pd.DataFrame
    is_unique: bool | None
    n_unlimited: int
    certificate: Certificate


def max_flow(
    network: Network, commodity: str | None = None, *, beneficiaries: Words = None, verify: bool = False
) -> MaxFlow:
    """Find the largest tonnage that can be served, and a minimum cut.

    Parameters
    ----------
    network : Network
        Capacities in t/a; missing capacity means unlimited.
    commodity : str, optional
        Cut out the market of one commodity: its makers are sources, its users sinks, at their
        capacities. None = the whole network, where the value counts the main commodities.
    beneficiaries : list of str, optional
        Countries or groups whose demand counts; default from the network, else all. The market of one
        commodity has all its users as sinks, whosever they are.
    verify : bool
        Solve again with a second solver and compare.

    Returns
    -------
    MaxFlow
        Exact for integer data on pure flows; 1e-7 relative on recipe networks.

    Raises
    ------
    DataError
        If the commodity is unknown, or nothing limits the flow.
    SolverError
        If the answer fails its own check.

    Notes
    -----
    A network without processes and with one commodity is a pure maximum flow (integers after exact
    scaling, Dinitz 1970). Otherwise one linear program.

    Examples
    --------
    >>> import chainnet as cn
    >>> flow = cn.max_flow(cn.read("mag-9"))
    >>> round(float(flow.value_tpa), 6), flow.certificate.ok
    (50.0, True)
    """
    if commodity is not None:
        check_commodities(network, commodity)
    settings = {**count_settings(network, None, beneficiaries), "market": commodity or "whole network"}
    if commodity is None and not is_plain(network):
        return _by_program(network, beneficiaries, settings, verify)
    counted = counted_demand(network, network.demand, None, beneficiaries, None) if commodity is None else None
    whose = None if commodity else benefits(network, network.nodes.rename(columns={"id": "node"}), beneficiaries)
    market = lower_market(network, commodity, counted, whose)
    found = solve_market(market)
    members = _cut_table(market, found.source_cut)
    proof = certify_flow("max_flow", market.problem, found, float(members["capacity_tpa"].sum()), found.max_error)
    if verify:
        proof = replace(proof, second_value=values_by_igraph(market.problem)[0])
    source = provenance(network, "chainnet blocking flow", **settings)
    edges = network.edges[["source", "target", "commodity", "flow_tpa", "capacity_tpa"]].copy()
    edges["flow_tpa"] = 0.0
    flows = np.zeros(len(edges))
    flows[market.rows] = found.arc_flow
    edges["flow_tpa"] = flows
    nodes = node_table(network, found.throughput)
    return MaxFlow(
        source,
        float(found.value),
        stamp(edges, source),
        stamp(nodes, source),
        stamp(members, source),
        stamp(_cut_table(market, found.sink_cut), source),
        found.is_unique,
        int((nodes["capacity_tpa"].isna() & (nodes["throughput_tpa"] > 0)).sum()),
        require(proof),
    )


def solve_market(market: Market) -> FlowSolution:
    """Solve a market's flow problem; an unlimited way is a DataError that names it."""
    try:
        return solve(market.problem)
    except UnboundedFlow as err:
        way = " -> ".join(str(market.ids[node]) for node in err.path)
        raise DataError(
            f"nothing limits the flow along {way}: neither a node nor an edge of this way has a capacity. "
            "Give one of them capacity_tpa."
        ) from err


def node_table(network: Network, throughput: Any) -> pd.DataFrame:
    """Return throughput, capacity and utilisation of every node, index id."""
    nodes = network.nodes
    through = np.asarray(throughput)[: len(nodes)]
    capacity = nodes["capacity_tpa"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(capacity > 0, through / capacity, np.nan)
    table = pd.DataFrame({"throughput_tpa": through, "capacity_tpa": capacity, "utilisation": used})
    table.index = pd.Index(nodes["id"], name="id")
    return table


def _named(network: Network, cut: pd.DataFrame) -> pd.DataFrame:
    """Add step, country and owner of each member: the node's own, or those of an edge's two ends."""
    nodes = network.nodes.set_index("id")
    places = {
        "step": nodes["step"].fillna(nodes["stage"]),
        "country": nodes["country"].fillna(nodes["region"]),
        "owner": nodes["owner"],
    }
    for column, values in places.items():
        own, a, b = (cut[key].map(values) for key in ("id", "source", "target"))
        cut[column] = own.where(cut["kind"] != "edge", a.fillna("?") + " > " + b.fillna("?"))
    return cut.reindex(columns=CUT_COLUMNS)


def _cut_table(market: Market, members: CutMembers) -> pd.DataFrame:
    p, edges = market.problem, market.network.edges
    rows = edges.iloc[market.rows[members.arcs]]
    parts = [
        pd.DataFrame(
            {
                "kind": "edge",
                "source": rows["source"],
                "target": rows["target"],
                "commodity": rows["commodity"],
                "capacity_tpa": p.capacity[members.arcs],
            }
        )
    ]
    for kind, at, amount in (
        ("node", members.nodes, p.node_capacity),
        ("node", members.supplies, p.supply),
        ("demand", members.demands, p.demand),
    ):
        parts.append(pd.DataFrame({"kind": kind, "id": market.ids[at], "capacity_tpa": amount[at]}))
    cut = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    cut = cut.reindex(columns=CUT_COLUMNS).assign(price=1.0)
    ends = set(market.network.nodes.loc[market.network.nodes["stage"] == "end_use", "id"])
    # the intake of a plant that uses the commodity is the plant's own capacity
    cut.loc[(cut["kind"] == "demand") & ~cut["id"].isin(ends), "kind"] = "node"
    return _named(market.network, cut)


def _by_program(network: Network, beneficiaries: Words, settings: dict[str, Any], verify: bool) -> MaxFlow:
    """Solve a recipe network: the same answer as a linear program, the cut read from its duals."""
    model = ValueModel(network, beneficiaries=beneficiaries)
    source = provenance(network, "HiGHS simplex", **settings)
    cut = cut_of(model)
    edges = edge_table(network, model.base.x)
    nodes = node_table(network, model.lowered.throughput(model.base.x))
    return MaxFlow(
        source,
        model.value,
        stamp(edges, source),
        stamp(nodes, source),
        stamp(cut, source),
        stamp(cut.copy(), source),
        None,
        int((nodes["capacity_tpa"].isna() & (nodes["throughput_tpa"] > 0)).sum()),
        model.certificate(verify),
    )


def edge_table(network: Network, x: Any) -> pd.DataFrame:
    """Return the flow on every row of ``network.edges``."""
    edges = network.edges[["source", "target", "commodity", "flow_tpa", "capacity_tpa"]].copy()
    edges["flow_tpa"] = np.maximum(np.asarray(x)[: len(edges)], 0.0)
    return edges


def cut_of(model: ValueModel) -> pd.DataFrame:
    """Read the cut from the duals: every finite bound with a price, the prices in tonnes served per tonne."""
    low, base = model.lowered, model.base
    program = low.program
    price = -base.col_dual
    priced = (price > 1e-9) & np.isfinite(program.col_upper) & (program.col_upper > 0)
    ids = low.ids
    edges = low.network.edges
    rows: list[dict[str, Any]] = []
    owner_of = {int(column): node for node, column in enumerate(low.activity) if column >= 0}
    for column in np.flatnonzero(priced).tolist():
        entry: dict[str, Any] = {"capacity_tpa": program.col_upper[column], "price": price[column]}
        if column < low.n_edges:
            edge = edges.iloc[column]
            entry |= {
                "kind": "edge",
                "source": edge["source"],
                "target": edge["target"],
                "commodity": edge["commodity"],
            }
        elif column >= low.demand_start:
            ask = low.demand.iloc[column - low.demand_start]
            entry |= {"kind": "demand", "id": ask["node"], "commodity": ask["commodity"], "tier": ask["tier"]}
        elif column in owner_of:
            entry |= {"kind": "node", "id": ids[owner_of[column]]}
        else:
            continue
        rows.append(entry)
    for row, (kind, owner, _) in enumerate(low.rows):
        dual = -base.row_dual[row]
        if kind in ("node", "restriction") and dual > 1e-9 and program.row_upper[row] > 0:
            name = ids[owner] if kind == "node" else f"measure {owner + 1}"
            rows.append({"kind": kind, "id": name, "capacity_tpa": program.row_upper[row], "price": dual})
    cut = pd.DataFrame(rows, columns=CUT_COLUMNS)
    cut = cut.sort_values(["kind", "source", "target", "id", "commodity", "tier"], ignore_index=True)
    return _named(low.network, cut)
