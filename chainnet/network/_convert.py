"""Tables to and from networkx and igraph."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import DataError
from chainnet.network._gate import Frames
from chainnet.network._reading import RESULTS
from chainnet.network._results import annotated
from chainnet.network._schema import TABLES


def _filled(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {str(k): v for k, v in row.items() if not pd.isna(v)}


def to_networkx(name: str, nodes: pd.DataFrame, edges: pd.DataFrame, results: Any) -> Any:
    """See ``Network.to_networkx``."""
    import networkx as nx

    held = annotated(nodes, edges, results)
    parallel = edges.duplicated(["source", "target"]).any()
    graph = nx.MultiDiGraph(name=name) if parallel else nx.DiGraph(name=name)
    if held.results:
        graph.graph[RESULTS] = held.results
    for row in held.nodes.to_dict("records"):
        graph.add_node(row.pop("id"), **_filled(row))
    known = set(graph)
    for key, row in enumerate(held.edges.to_dict("records")):
        source, target = row.pop("source"), row.pop("target")
        if source in known and target in known:  # edges of unbuilt projects sleep
            graph.add_edge(source, target, **({"key": key} if parallel else {}), **_filled(row))
    return graph


def to_igraph(name: str, nodes: pd.DataFrame, edges: pd.DataFrame, results: Any) -> Any:
    """See ``Network.to_igraph``."""
    import igraph

    held = annotated(nodes, edges, results)
    position = pd.Series(np.arange(len(nodes)), index=nodes["id"])
    ends = pd.DataFrame({"s": edges["source"].map(position), "t": edges["target"].map(position)})
    awake = ends.notna().all(axis=1)  # edges of unbuilt projects sleep
    graph = igraph.Graph(n=len(nodes), edges=ends[awake].astype(int).to_numpy().tolist(), directed=True)
    graph["name"] = name
    if held.results:
        graph[RESULTS] = held.results
    for column in held.nodes.columns:
        if held.nodes[column].notna().any():
            words = [None if pd.isna(v) else v for v in held.nodes[column].tolist()]
            graph.vs["name" if column == "id" else column] = words
    for column in held.edges.columns[2:]:
        if held.edges[column].notna().any():
            graph.es[column] = [None if pd.isna(v) else v for v in held.edges.loc[awake, column].tolist()]
    return graph


def from_networkx(graph: Any, two_way: bool) -> Frames:
    """Return the tables of a digraph; see ``Network.from_networkx``."""
    _check_direction(graph.is_directed(), "from_networkx", two_way)
    nodes = _rows([{"id": str(node), **data} for node, data in graph.nodes(data=True)])
    edges = _rows([{"source": str(u), "target": str(v), **data} for u, v, data in graph.edges(data=True)])
    return _parts(nodes, edges)


def _check_direction(is_directed: bool, asked_by: str, two_way: bool) -> None:
    if not is_directed and not two_way:
        raise DataError(
            f"{asked_by}: the graph is undirected; flows have a direction. Give a directed graph, or two_way=True "
            "where every edge is open both ways."
        )


def _rows(rows: list[dict[str, Any]]) -> pd.DataFrame:
    try:
        return pd.DataFrame(rows)
    except UnicodeEncodeError:
        names = list(dict.fromkeys(name for row in rows for name in row))
        return _columns({name: [row.get(name) for row in rows] for name in names})


def _columns(columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    """Return columns as a table; half a character makes it one of Python objects, and the gate names the cell."""
    try:
        return pd.DataFrame(columns)
    except UnicodeEncodeError:
        held = [pd.Series(cells, dtype=object) for cells in columns.values()]
        return pd.concat(held, axis=1).set_axis(pd.Index(list(columns), dtype=object), axis=1)


def _parts(nodes: pd.DataFrame, edges: pd.DataFrame) -> Frames:
    if edges.empty:
        edges = pd.DataFrame({"source": [], "target": []}, dtype="str")
    if nodes.empty:
        nodes = pd.DataFrame({"id": [], "stage": []}, dtype="str")
    return {"nodes": nodes, "edges": edges}


def from_igraph(graph: Any, two_way: bool) -> Frames:
    """Return the tables of a directed graph; see ``Network.from_igraph``."""
    _check_direction(graph.is_directed(), "from_igraph", two_way)
    known = set(TABLES["nodes"].names)
    names = graph.vs.attributes()
    ids = graph.vs["id"] if "id" in names else graph.vs["name"] if "name" in names else list(range(graph.vcount()))
    more = [c for c in names if c not in ("id", "name") or (c == "name" and c in known)]
    nodes = _columns({"id": [str(i) for i in ids], **{c: graph.vs[c] for c in more}})
    pairs = graph.get_edgelist()
    ends = {"source": [str(ids[u]) for u, _ in pairs], "target": [str(ids[v]) for _, v in pairs]}
    return _parts(nodes, _columns({**ends, **{c: graph.es[c] for c in graph.es.attributes()}}))
