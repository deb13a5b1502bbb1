"""Tables to and from networkx and igraph, and nodes inferred from bare edges."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import DataError
from chainnet.network._coded import encode, is_long, places
from chainnet.network._gate import as_text, member
from chainnet.network._schema import TABLES


def infer_nodes(edges: pd.DataFrame, nodes: pd.DataFrame | None) -> pd.DataFrame:
    """Return ``nodes`` with a row for each id that only ``edges`` name; stages from the ways in and out."""
    edges = pd.DataFrame(edges)
    lacking = [c for c in ("source", "target") if c not in edges.columns]
    given = pd.DataFrame({"id": [], "stage": []}) if nodes is None else pd.DataFrame(nodes)
    if "id" in given.index.names:
        given = given.reset_index("id")
    if lacking or "id" not in given.columns:
        return given
    found = _stages_of_many(edges) if is_long(edges) else None
    found = _stages(edges) if found is None else found
    if len(given):
        ids = _text(given["id"])
        fresh = places(found["id"].array, ids) < 0 if is_long(found) else ~member(found["id"], set(ids.dropna()))
        found = found[fresh]
    inferred = found.reset_index(drop=True)
    if given.empty:
        return inferred.reindex(columns=list(dict.fromkeys(["id", "stage", *given.columns])))
    return pd.concat([given, inferred], ignore_index=True) if len(inferred) else given


def _stages(edges: pd.DataFrame) -> pd.DataFrame:
    """Return id and stage of each end of edges, from whether it has a way in and a way out."""
    codes, found = pd.factorize(pd.concat([_text(edges[c]) for c in ("source", "target")], ignore_index=True))
    leaves, enters = np.zeros(len(found) + 1, dtype=bool), np.zeros(len(found) + 1, dtype=bool)
    leaves[codes[: len(edges)]] = True  # a missing end has code -1: the spare last place
    enters[codes[len(edges) :]] = True
    stages = np.where(~enters, "mine", np.where(~leaves, "end_use", "refiner"))[:-1]
    return pd.DataFrame({"id": found, "stage": stages})


def _stages_of_many(edges: pd.DataFrame) -> pd.DataFrame | None:
    """Return the same of many edges, from the distinct words of each end; None where these are no plain text."""
    source, target = (encode(edges[end]) for end in ("source", "target"))
    if source is None or target is None:
        return None
    leaving, entering = source.words, target.words
    is_end = places(entering, pd.Series(leaving)) < 0
    stage = np.where(places(leaving, pd.Series(entering)) < 0, "mine", "refiner")
    both = [
        pd.DataFrame({"id": leaving, "stage": stage}),
        pd.DataFrame({"id": entering[is_end], "stage": "end_use"}),
    ]
    return pd.concat(both, ignore_index=True)


def _text(cells: pd.Series) -> pd.Series:
    if pd.api.types.is_integer_dtype(cells.dtype):
        return cells.astype(str)
    if pd.api.types.is_string_dtype(cells.dtype) and cells.dtype != object:
        return cells
    texts = [as_text(v) for v in cells.tolist()]
    try:
        return pd.Series(texts, dtype="str", index=cells.index)
    except UnicodeEncodeError:  # a lone surrogate: a stand-in will do, the gate refuses the cell itself
        safe = [None if t is None else t.encode("utf-8", "replace").decode() for t in texts]
        return pd.Series(safe, dtype="str", index=cells.index)


def _filled(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {str(k): v for k, v in row.items() if not pd.isna(v)}


def to_networkx(name: str, nodes: pd.DataFrame, edges: pd.DataFrame) -> Any:
    """See ``Network.to_networkx``."""
    import networkx as nx

    graph = nx.MultiDiGraph(name=name)
    for row in nodes.to_dict("records"):
        graph.add_node(row.pop("id"), **_filled(row))
    known = set(graph)
    for key, row in enumerate(edges.to_dict("records")):
        source, target = row.pop("source"), row.pop("target")
        if source in known and target in known:  # edges of unbuilt projects sleep
            graph.add_edge(source, target, key=key, **_filled(row))
    return graph


def from_networkx(graph: Any) -> dict[str, Any]:
    """Return the keywords of ``Network`` that a digraph gives; see ``Network.from_networkx``."""
    if not graph.is_directed():
        raise DataError(
            "from_networkx: the graph is undirected; flows have a direction. Give a DiGraph or MultiDiGraph."
        )
    nodes = _rows([{"id": str(node), **data} for node, data in graph.nodes(data=True)])
    edges = _rows([{"source": str(u), "target": str(v), **_capacity(data)} for u, v, data in graph.edges(data=True)])
    return _parts(nodes, edges, str(graph.name or ""))


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


def _capacity(data: Mapping[str, Any]) -> dict[str, Any]:
    return {("capacity_tpa" if k == "capacity" else str(k)): v for k, v in data.items()}


def _parts(nodes: pd.DataFrame, edges: pd.DataFrame, name: str) -> dict[str, Any]:
    if edges.empty:
        edges = pd.DataFrame({"source": [], "target": []}, dtype="str")
    if nodes.empty:
        nodes = pd.DataFrame({"id": [], "stage": []}, dtype="str")
    if "stage" not in nodes.columns:
        found = infer_nodes(edges, None)
        stages = dict(zip(found["id"], found["stage"], strict=True))
        # a node without any edge has no way in: a mine
        nodes = nodes.assign(stage=[stages.get(i, "mine") for i in nodes["id"]])
    return {"nodes": nodes, "edges": edges, **({"name": name} if name else {})}


def to_igraph(name: str, nodes: pd.DataFrame, edges: pd.DataFrame) -> Any:
    """See ``Network.to_igraph``."""
    import igraph

    position = pd.Series(np.arange(len(nodes)), index=nodes["id"])
    ends = pd.DataFrame({"s": edges["source"].map(position), "t": edges["target"].map(position)})
    awake = ends.notna().all(axis=1)  # edges of unbuilt projects sleep
    graph = igraph.Graph(n=len(nodes), edges=ends[awake].astype(int).to_numpy().tolist(), directed=True)
    graph["name"] = name
    for column in nodes.columns:
        if nodes[column].notna().any():
            graph.vs["name" if column == "id" else column] = [None if pd.isna(v) else v for v in nodes[column]]
    for column in edges.columns[2:]:
        if edges[column].notna().any():
            graph.es[column] = [None if pd.isna(v) else v for v in edges.loc[awake, column]]
    return graph


def from_igraph(graph: Any) -> dict[str, Any]:
    """Return the keywords of ``Network`` that a directed graph gives; see ``Network.from_igraph``."""
    if not graph.is_directed():
        raise DataError("from_igraph: the graph is undirected; flows have a direction. Give a directed Graph.")
    known = set(TABLES["nodes"].names)
    names = graph.vs.attributes()
    ids = graph.vs["id"] if "id" in names else graph.vs["name"] if "name" in names else list(range(graph.vcount()))
    more = [c for c in names if c not in ("id", "name") or (c == "name" and c in known)]
    nodes = _columns({"id": [str(i) for i in ids], **{c: graph.vs[c] for c in more}})
    pairs = graph.get_edgelist()
    own_columns = {"capacity_tpa" if c == "capacity" else c: graph.es[c] for c in graph.es.attributes()}
    ends = {"source": [str(ids[u]) for u, _ in pairs], "target": [str(ids[v]) for _, v in pairs]}
    edges = _columns({**ends, **own_columns})
    name = graph["name"] if "name" in graph.attributes() else None
    return _parts(nodes, edges, str(name or ""))
