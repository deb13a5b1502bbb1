"""Second opinions on losses: another solver, and what graph centrality would have said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.criticality._removals import Removals
from chainnet.engine import AGREE, LEAST_SIZE, solve_independently
from chainnet.errors import SolverError
from chainnet.flow import Counting, OrderedValue, market_of, value_model, values_by_igraph
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network

MOST_CHECKED = 20
# current-flow betweenness inverts a dense matrix
MOST_NODES = 2000


def check_losses(
    counting: Counting, what: Removals, lost: Array, base: float, plain: bool, overlay: Overlay, reroute: Degree
) -> None:
    """Solve the value and the first losses of a table again: pure flows with igraph, recipes by interior point.

    Raises
    ------
    SolverError
        If the two differ by more than 1e-6 of the value.
    """
    chosen = range(min(MOST_CHECKED, len(what.members)))
    if plain and counting.order == "allies_first":
        second = _by_igraph(counting, what, chosen)
    else:
        second = _by_interior_point(counting, what, chosen, overlay, reroute)
    size = max(abs(base), LEAST_SIZE)
    pairs = [(what.index[i], float(lost[i]), second[0] - second[1 + place]) for place, i in enumerate(chosen)]
    pairs.append(("the value", base, second[0]))
    for name, ours, theirs in pairs:
        if abs(ours - theirs) > AGREE * size:
            raise SolverError(
                f"chokepoints: a second solver finds {theirs!r} for {name!r}, not {ours!r}. Report the network."
            )


def _by_interior_point(
    counting: Counting, what: Removals, chosen: range, overlay: Overlay, reroute: Degree
) -> list[float]:
    model = value_model(counting, overlay, reroute)
    low, program = model.lowered, model.program
    if isinstance(model, OrderedValue):
        closed = [what.members[i] if what.is_edge else low.closing(what.members[i]) for i in chosen]
        return [model.second_value(columns) for columns in (np.empty(0, dtype=np.int64), *closed)]
    values = [-solve_independently(program)]
    for i in chosen:
        upper = program.col_upper.copy()
        upper[what.members[i] if what.is_edge else low.closing(what.members[i])] = 0.0
        values.append(-solve_independently(replace(program, col_upper=upper)))
    return values


def _by_igraph(counting: Counting, what: Removals, chosen: range) -> list[float]:
    market = market_of(counting)
    members = [np.asarray(what.members[i]) for i in chosen]
    if not what.is_edge:
        return values_by_igraph(market.problem, nodes=members)
    place = np.full(len(counting.network.view("edges")), -1)
    place[market.rows] = np.arange(len(market.rows))
    arcs = [place[rows] for rows in members]
    return values_by_igraph(market.problem, arcs=[at[at >= 0] for at in arcs])  # edges of unbuilt projects sleep


def compared(network: Network, table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, float]]:
    """Add current-flow betweenness and articulation points, and how centrality ranks against loss.

    Returns
    -------
    DataFrame, dict
        With ``current_flow`` (NaN above 2,000 nodes) and ``is_articulation``; Spearman's correlation of each centrality
        and of the throughput with the loss.
    """
    graph = network.to_igraph()
    names = np.array(graph.vs["name"], dtype=object)
    joints = set(names[graph.as_undirected().articulation_points()])
    table = table.copy()
    table["current_flow"] = _current_flow(network).reindex(table.index)
    table["is_articulation"] = [name in joints for name in table.index]
    lost = ranks(table["lost_tpa"])
    ranked = {}
    for column in ("betweenness", "current_flow", "throughput_tpa"):
        values = ranks(table[column])
        varied = values.min() < values.max() and lost.min() < lost.max()
        ranked[column] = float(values.corr(lost)) if varied else float("nan")
    return table, ranked


def ranks(values: pd.Series) -> pd.Series:
    """Return the rank of each value, the mean rank among equals; what differs by rounding alone is equal."""
    return (values / max(float(values.abs().max()), LEAST_SIZE)).round(9).rank()


def _current_flow(network: Network) -> pd.Series:
    """Current-flow betweenness inside each connected part, the capacity (else the flow, else 1) as conductance."""
    import networkx as nx

    nodes, edges = network.view("nodes"), network.view("edges")
    if len(nodes) > MOST_NODES:
        return pd.Series(np.nan, index=nodes["id"])
    weight = edges["capacity_tpa"].fillna(edges["flow_tpa"]).fillna(1.0)
    graph = nx.Graph()
    graph.add_nodes_from(nodes["id"])
    for source, target, conductance in zip(edges["source"], edges["target"], weight, strict=True):
        if source in graph and target in graph and conductance > 0:
            known = graph.get_edge_data(source, target, {"weight": 0.0})["weight"]
            graph.add_edge(source, target, weight=known + conductance)
    out = dict.fromkeys(graph, 0.0)
    for part in nx.connected_components(graph):
        if len(part) > 2:
            out |= nx.current_flow_betweenness_centrality(graph.subgraph(sorted(part)), weight="weight")
    return pd.Series(out).round(9) + 0.0  # a rounding below or above 0 is 0
