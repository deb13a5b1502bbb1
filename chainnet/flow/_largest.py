"""Maximum flow: the largest tonnage a network can carry, and the cut that proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Bools, Ints, Words
from chainnet.engine import (
    Certificate,
    CutMembers,
    FlowProblem,
    FlowSolution,
    UnboundedFlow,
    certify_flow,
    require,
    solve,
)
from chainnet.errors import DataError
from chainnet.flow._counting import Counting, check_commodities
from chainnet.flow._ordered import value_model
from chainnet.flow._steady import CUT_COLUMNS, edge_table, node_table, priced_bounds, with_places
from chainnet.flow._value import ValueModel
from chainnet.lowering import Degree, FlowMarket, Overlay, is_plain, lower_market, stack
from chainnet.network import Network
from chainnet.results import Result, limiting_inputs, provenance, stamp


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class MaxFlow(Result):
    """A maximum flow.

    Attributes
    ----------
    value_tpa : float
        The largest tonnage that can be served, t/yr.
    edges : DataFrame
        One row per row of ``network.edges``, in its order: source, target, commodity, flow_tpa, capacity_tpa.
    nodes : DataFrame, index id
        throughput_tpa, capacity_tpa, utilisation (0 to 1, NaN where no limit).
    cut : DataFrame
        One minimum cut: kind (edge, node, demand, restriction), source and target or id, commodity, tier,
        capacity_tpa, price, and of a node step, country, owner; capacity x price sums to the value. On pure flows
        every price is 1.
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
        Capacities in t/yr; missing capacity means no limit.
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

    See Also
    --------
    chokepoints, balance, interdict

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
    >>> round(float(cn.max_flow(cn.read("gallium")).value_tpa), 1)
    46.4
    """
    if commodity is not None:
        check_commodities(network, (commodity,))
    counting = Counting.of(network, None, beneficiaries)
    settings = {**counting.settings, "market": commodity or "whole network"}
    if commodity is None and not is_plain(network):
        return _by_program(counting, settings, verify)
    market = market_of(counting) if commodity is None else lower_market(network, commodity)
    found = solve_market(market)
    members = cut_table(market, found.source_cut)
    proof = certify_flow("max_flow", market.problem, found, float(members["capacity_tpa"].sum()), found.max_error)
    if verify:
        proof = replace(proof, second_value=values_by_igraph(market.problem)[0])
    after = cut_table(market, found.sink_cut)
    source = provenance(
        network,
        "chainnet blocking flow",
        rests_on=lambda: limiting_inputs(network, pd.concat([members, after])),
        **settings,
    )
    flows = np.zeros(len(network.view("edges")))
    flows[market.rows] = found.arc_flow
    edges = edge_table(network, flows)
    nodes = node_table(network, found.throughput)
    return MaxFlow(
        provenance=source,
        value_tpa=float(found.value),
        edges=stamp(edges, source),
        nodes=stamp(nodes, source),
        cut=stamp(members, source),
        sink_cut=stamp(after, source),
        is_unique=found.is_unique,
        n_unlimited=_n_unlimited(nodes),
        certificate=require(proof),
    )


def _n_unlimited(nodes: pd.DataFrame) -> int:
    return int((nodes["capacity_tpa"].isna() & (nodes["throughput_tpa"] > 0)).sum())


def market_of(counting: Counting, rows: Bools | None = None) -> FlowMarket:
    """Return a plain network as a flow problem; without a demand table its end uses take whatever they can.

    Parameters
    ----------
    counting : Counting
    rows : boolean array over the demand rows as lowered, optional
        Demand that counts; default that of the beneficiaries.
    """
    network = counting.network
    if not network.view("demand").empty:
        return lower_market(network, None, counting.rows if rows is None else rows)
    if rows is None:
        return lower_market(network, None, None, counting.inside(network.view("nodes")))
    ends = set(stack(network).asked["node"][rows])
    return lower_market(network, None, None, network.view("nodes")["id"].isin(ends).to_numpy())


def solve_market(market: FlowMarket) -> FlowSolution:
    """Solve a market's flow problem; a way without a limit is a DataError that names it."""
    try:
        return solve(market.problem)
    except UnboundedFlow as err:
        way = " -> ".join(str(market.ids[node]) for node in err.path)
        raise DataError(
            f"nothing limits the flow along {way}: neither a node nor an edge of this way has a capacity. "
            "Give one of them capacity_tpa. If flow_tpa, what moved, is the most that can move, read the file again "
            "with that column as capacity_tpa (--rename COLUMN=capacity_tpa)."
        ) from err


def cut_table(market: FlowMarket, members: CutMembers) -> pd.DataFrame:
    """Return the members of a market's cut: nodes, edges, demands, at their capacities."""
    p, edges = market.problem, market.network.view("edges")
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
    ends = set(market.network.view("nodes").loc[market.network.view("nodes")["stage"] == "end_use", "id"])
    # the intake of a plant that uses the commodity is the plant's own capacity
    cut.loc[(cut["kind"] == "demand") & ~cut["id"].isin(ends), "kind"] = "node"
    return with_places(market.network, cut)


def _by_program(counting: Counting, settings: dict[str, Any], verify: bool) -> MaxFlow:
    """Solve a recipe network: the same answer as a linear program, the cut read from its duals."""
    network, model = counting.network, ValueModel(counting)
    cut = cut_of(model)
    source = provenance(network, "HiGHS simplex", rests_on=lambda: limiting_inputs(network, cut), **settings)
    edges = edge_table(network, model.base.x)
    nodes = node_table(network, model.lowered.throughput(model.base.x))
    return MaxFlow(
        provenance=source,
        value_tpa=model.value,
        edges=stamp(edges, source),
        nodes=stamp(nodes, source),
        cut=stamp(cut, source),
        sink_cut=stamp(cut.copy(), source),
        is_unique=None,
        n_unlimited=_n_unlimited(nodes),
        certificate=model.certificate(verify),
    )


def cut_of(model: ValueModel) -> pd.DataFrame:
    """Read the cut from the duals: every finite bound with a price, the prices in tonnes served per tonne."""
    return priced_bounds(model.lowered, -model.base.col_dual, -model.base.row_dual)


def binding_inputs(counting: Counting, overlays: Sequence[Overlay], degree: Degree = "existing") -> pd.DataFrame:
    """Return the inputs that bind the value under any of some overlays, as ``limiting_inputs``; a program each."""
    cuts = [cut_of(value_model(counting, overlay, degree)) for overlay in overlays]
    return limiting_inputs(counting.network, pd.concat(cuts, ignore_index=True))


def values_by_igraph(problem: FlowProblem, arcs: Sequence[Ints] = (), nodes: Sequence[Ints] = ()) -> list[float]:
    """Return the maximum flow by igraph, a second opinion: of the problem, without each set of arcs, then of nodes.

    Parameters
    ----------
    problem : FlowProblem
    arcs, nodes : list of int arrays
        What is closed, one set at a time.
    """
    import igraph

    p, n, m = problem, problem.n_nodes, len(problem.tail)
    inner = np.arange(n)
    ends = np.concatenate(
        [
            np.column_stack([p.tail + n, p.head]),
            np.column_stack([inner, inner + n]),
            np.column_stack([np.full(n, 2 * n), inner]),
            np.column_stack([inner + n, np.full(n, 2 * n + 1)]),
        ]
    )
    capacity = np.concatenate([p.capacity, p.node_capacity, p.supply, p.demand])
    finite = np.isfinite(capacity)
    capacity = np.where(finite, capacity, float(capacity[finite].sum()) + 1.0)
    graph = igraph.Graph(n=2 * n + 2, edges=ends.tolist(), directed=True)
    none = np.empty(0, dtype=np.int64)
    values = []
    for closed in (none, *arcs, *(m + np.asarray(members) for members in nodes)):
        left = capacity.copy()
        left[closed] = 0.0
        values.append(float(graph.maxflow_value(2 * n, 2 * n + 1, left.tolist())))
    return values
