"""Tables to and from networkx and igraph."""

from __future__ import annotations

import json
import warnings
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from chainnet.errors import ChainnetWarning, DataError
from chainnet.network._carried import CARRIED, Carried, Tables, awake_edges, carried_words, meta_words, parse_carried
from chainnet.network._gate import Frames, as_text
from chainnet.network._reading import RESULTS
from chainnet.network._results import Annotated, annotated, result_columns
from chainnet.network._schema import TABLES
from chainnet.network._tidy import own_names

_ENDS = ["source", "target"]
_SUMMED = ("capacity_tpa", "flow_tpa")


@dataclass
class Parts:
    """A graph as tables: keywords of ``Network``, columns that are answers, what is to be said, whether it is ours."""

    frames: Frames
    meta: dict[str, Any] = field(default_factory=dict)
    results: dict[str, list[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    is_own: bool = False


def usual_edges(network: Tables, results: Any, simple: bool = False) -> Annotated:
    """Return nodes and the edges between them with the words of graph libraries: capacity (NaN = no limit), weight.

    ``simple``: one row a pair of nodes, capacities and flows added; a cell stays where all its rows agree.
    """
    held = annotated(network.view("nodes"), network.view("edges"), results)
    edges = held.edges.loc[awake_edges(network)[0].index]
    edges = _merged(edges) if simple else edges
    usual = {"capacity": edges["capacity_tpa"], "weight": edges["flow_tpa"].fillna(edges["capacity_tpa"])}
    return Annotated(held.nodes, edges.assign(**usual), held.results)


def _merged(edges: pd.DataFrame) -> pd.DataFrame:
    """Return one row a pair of ends: no limit where any of its rows has none, a flow where any of them has one."""
    if not edges.duplicated(_ENDS).any():
        return edges
    pairs = edges.assign(capacity_tpa=edges["capacity_tpa"].fillna(np.inf)).groupby(_ENDS, sort=False)
    first = pairs.first().where(pairs.nunique(dropna=False).eq(1))
    first["capacity_tpa"] = pairs["capacity_tpa"].sum().replace(np.inf, np.nan)
    first["flow_tpa"] = pairs["flow_tpa"].sum(min_count=1)
    return first.reset_index()[edges.columns]


def _carried(network: Tables, results: str, simple: bool) -> str:
    """Return what goes along with a graph, as JSON text; with a simple one no more than its names."""
    words = carried_words(network, results)
    if simple:
        edges = awake_edges(network)[0]
        lost = sorted(words.get("tables", {}))
        mixed = edges.duplicated(_ENDS).any() and len(set(edges["commodity"].dropna())) > 1
        lost += ["parallel edges"] if mixed else []
        words = {**meta_words(network), **({"results": results} if results else {}), "lost": lost}
    return json.dumps(words, ensure_ascii=False, allow_nan=False)


def _filled(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {str(k): v for k, v in row.items() if not pd.isna(v)}


def to_networkx(network: Tables, results: Any, simple: bool, onto: Any) -> Any:
    """See ``Network.to_networkx``."""
    import networkx as nx

    if onto is not None:
        return _onto(network, results, simple, onto)
    held = usual_edges(network, results, simple)
    parallel = held.edges.duplicated(_ENDS).any()
    graph = nx.MultiDiGraph(name=network.name) if parallel else nx.DiGraph(name=network.name)
    graph.graph[CARRIED] = _carried(network, held.results, simple)
    for row in held.nodes.to_dict("records"):
        graph.add_node(row.pop("id"), **_filled(row))
    for key, row in enumerate(held.edges.to_dict("records")):
        source, target = row.pop("source"), row.pop("target")
        graph.add_edge(source, target, **({"key": key} if parallel else {}), **_filled(row))
    return graph


def _onto(network: Tables, results: Any, simple: bool, graph: Any) -> Any:
    """Write answers onto a graph whose ids, as text, are those of the network, and return it."""
    if simple or results is None:
        raise DataError("to_networkx: onto= takes answers and no simple=. Give results=[...].")
    held = annotated(network.view("nodes"), network.view("edges"), results)
    own = json.loads(held.results) if held.results else {"nodes": [], "edges": []}
    by_id = {name: _filled(row) for name, row in held.nodes.set_index("id")[own["nodes"]].to_dict("index").items()}
    found = 0
    for node, data in graph.nodes(data=True):
        found += str(node) in by_id
        data.update(by_id.get(str(node), {}))
    if not found:
        raise DataError("to_networkx: onto=: no node of the graph has the id of a node of the network.")
    if found < len(by_id):
        words = f"{len(by_id) - found} of {len(by_id)} nodes of the network are not in the graph"
        warnings.warn(f"to_networkx: {words}; what the answers say of them is left out.", ChainnetWarning, stacklevel=3)
    if graph.is_directed():
        rows = held.edges[~held.edges.duplicated(_ENDS, keep=False)].set_index(_ENDS)[own["edges"]].to_dict("index")
        for u, v, data in graph.edges(data=True):
            if graph.number_of_edges(u, v) == 1:
                data.update(_filled(rows.get((str(u), str(v)), {})))
    return graph


def to_igraph(network: Tables, results: Any, simple: bool) -> Any:
    """See ``Network.to_igraph``."""
    import igraph

    held = usual_edges(network, results, simple)
    nodes, edges = held.nodes, held.edges
    position = pd.Series(np.arange(len(nodes)), index=nodes["id"])
    ends = np.column_stack([edges[end].map(position).to_numpy(dtype=int) for end in _ENDS])
    graph = igraph.Graph(n=len(nodes), edges=ends.tolist(), directed=True)
    graph["name"] = network.name
    graph[CARRIED] = _carried(network, held.results, simple)
    for column in nodes.columns:
        if nodes[column].notna().any():
            graph.vs["name" if column == "id" else column] = _whole(nodes[column])
    for column in edges.columns[2:]:
        if edges[column].notna().any():
            graph.es[column] = _whole(edges[column])
    # here every edge has every attribute, and an algorithm takes numbers alone
    graph.es["capacity"] = edges["capacity"].fillna(np.inf).tolist()
    return graph


def _whole(cells: pd.Series) -> list[Any]:
    """Return a column as igraph holds it: a text that is missing is empty, since igraph writes None as the word."""
    missing = None if pd.api.types.is_numeric_dtype(cells.dtype) or cells.dtype == object else ""
    return [missing if pd.isna(v) else v for v in cells.tolist()]


def incidence(network: Tables) -> tuple[csr_array, pd.Index, pd.MultiIndex]:
    """See ``Network.incidence``."""
    edges = network.view("edges")
    nodes = pd.Index(network.view("nodes")["id"].to_numpy(dtype=object), name="id")
    ends = [nodes.get_indexer(edges[end].to_numpy(dtype=object)) for end in _ENDS]
    rows = np.flatnonzero((ends[0] >= 0) & (ends[1] >= 0))
    signs = np.repeat([-1.0, 1.0], len(rows))
    places = np.concatenate([end[rows] for end in ends]), np.tile(np.arange(len(rows)), 2)
    matrix = csr_array((signs, places), shape=(len(nodes), len(rows)))
    keys = [edges[name].fillna("").to_numpy(dtype=object)[rows] for name in (*_ENDS, "commodity")]
    return matrix, nodes, pd.MultiIndex.from_arrays([*keys, rows], names=[*_ENDS, "commodity", "row"])


def from_networkx(graph: Any, two_way: bool) -> Parts:
    """Return a digraph as tables; see ``Network.from_networkx``."""
    _check_direction(graph.is_directed(), "from_networkx", two_way)
    nodes, said = own_names([({"id": str(node)}, data) for node, data in graph.nodes(data=True)], "nodes")
    ends = [({"source": str(u), "target": str(v)}, data) for u, v, data in graph.edges(data=True)]
    edges, also = own_names(ends, "edges")
    return _parts(_rows(nodes), _rows(edges), graph.graph, "from_networkx", [*said, *also])


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


def _parts(
    nodes: pd.DataFrame, edges: pd.DataFrame, words: Mapping[str, Any], asked_by: str, beside: list[str]
) -> Parts:
    """Return the tables of a graph with what it carried; its own nodes and edges win."""
    if edges.empty:
        edges = pd.DataFrame({"source": [], "target": []}, dtype="str")
    if nodes.empty:
        nodes = pd.DataFrame({"id": [], "stage": []}, dtype="str")
    place = f'graph["{CARRIED}"]'
    held = parse_carried(words.get(CARRIED), place)
    named: dict[str, Any] = {"name": str(words["name"])} if words.get("name") else {}
    if held is None:
        _check_whole(nodes, asked_by)
        return Parts({"nodes": nodes, "edges": edges}, named, result_columns(words.get(RESULTS)), beside)
    carried = Carried.of(held, place, {table: f"{place}.{table}" for table in TABLES})
    if carried.faults:
        raise DataError(faults=carried.faults)
    if carried.lost:
        raise DataError(
            f"{asked_by}: the graph is simple and left out {', '.join(carried.lost)}, so it is no network any more. "
            "Hand it out without simple=True, and bring that back."
        )
    said = [*beside, *carried.fit(set(nodes["id"]))]
    more = carried.frames()
    asleep = more.pop("edges", None)
    if asleep is not None and len(asleep):
        edges = pd.concat([edges, asleep], ignore_index=True)
    return Parts({"nodes": nodes, "edges": edges, **more}, {**carried.meta, **named}, carried.results, said, True)


def _check_whole(nodes: pd.DataFrame, asked_by: str) -> None:
    """Refuse a graph of ours whose other tables were lost on the way, in words that say where."""
    if "process" in nodes.columns and nodes["process"].notna().any():
        raise DataError(
            f'{asked_by}: nodes name processes, but the graph has lost its attribute "{CARRIED}", which holds them and '
            "the demand. networkx writes no attribute of a graph to GEXF: take GraphML, or chainnet.write(net, ...). "
            "For the bare graph, remove the attribute process of its nodes."
        )


def from_igraph(graph: Any, two_way: bool) -> Parts:
    """Return a directed graph as tables; see ``Network.from_igraph``."""
    _check_direction(graph.is_directed(), "from_igraph", two_way)
    names = graph.vs.attributes()
    named = graph.vs["name"] if "name" in names else []
    is_named = bool(named) and len(set(map(as_text, named)) - {None, ""}) == len(named)
    ids = named if is_named else graph.vs["id"] if "id" in names else list(range(graph.vcount()))
    own = {"id": [as_text(i) or "" for i in ids]}
    # igraph numbers the nodes of a file beside their names
    nodes = {c: graph.vs[c] for c in names if c != "id" and not (is_named and c == "name")}
    pairs = graph.get_edgelist()
    ends = {"source": [own["id"][u] for u, _ in pairs], "target": [own["id"][v] for _, v in pairs]}
    attributes = {c: graph.es[c] for c in graph.es.attributes()}
    rows: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (dict(zip(ends, pair, strict=True)), {}) for pair in zip(*ends.values(), strict=True)
    ]
    for end in ends.keys() & attributes.keys():
        for (_, given), cell in zip(rows, attributes[end], strict=True):
            given |= {} if cell is None else {end: cell}
    said = own_names(rows, "edges")[1]
    words = {word: graph[word] for word in graph.attributes()}
    return _parts(_columns({**own, **nodes}), _columns({**ends, **attributes, **ends}), words, "from_igraph", said)
