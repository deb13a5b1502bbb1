"""A network as pyvis holds it: every node in its place, from left to right, and words for whoever points at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Ints
from chainnet.network._carried import Tables
from chainnet.network._convert import usual_edges

# shape and colour of each stage: told apart without colour, and by those who see few
STAGE_LOOKS = {
    "mine": ("triangle", "#E69F00"),
    "refiner": ("diamond", "#56B4E9"),
    "manufacturer": ("square", "#009E73"),
    "end_use": ("dot", "#CC79A7"),
    "recycler": ("triangleDown", "#B8A900"),
}
_COLUMN, _ROW = 320.0, 70.0  # between columns and between the nodes of one, on the canvas
_WIDEST = 8.0
_UNSAID = ("latitude", "longitude", "reference", "note", "low", "high", "capacity", "weight", "id", "label")


def lay_out(n: int, source: Sequence[int], target: Sequence[int], columns: Sequence[int] | Ints | None = None) -> Any:
    """Return a place for each of ``n`` nodes: columns from left to right, an order in each that keeps crossings few.

    Parameters
    ----------
    n : int
    source, target : sequence of int
        Ends of the edges.
    columns : sequence of int, optional
        Column of each node; default by the longest way that leads to it.

    Returns
    -------
    array of float
        n x 2, the same for the same graph.
    """
    import igraph

    if not n:
        return np.zeros((0, 2))
    pairs = list(zip(source, target, strict=True))
    level = np.asarray(_levels(n, pairs) if columns is None else columns, dtype=int)
    level = np.unique(level, return_inverse=True)[1]
    graph = igraph.Graph(n=n, edges=pairs, directed=True)
    first = np.array(graph.layout_sugiyama(layers=level.tolist()).coords)[:n, 0]
    out = np.zeros((n, 2))
    for column in range(int(level.max()) + 1):
        inside = np.flatnonzero(level == column)
        inside = inside[np.argsort(first[inside], kind="stable")]
        out[inside, 0] = column * _COLUMN
        out[inside, 1] = (np.arange(len(inside)) - (len(inside) - 1) / 2) * _ROW
    return out


def _levels(n: int, pairs: list[tuple[int, int]]) -> Ints:
    """Return the longest way that leads to each node; nodes of a loop stand together."""
    import networkx as nx

    graph = nx.DiGraph(pairs)
    graph.add_nodes_from(range(n))
    whole = nx.condensation(graph)
    level = np.zeros(n, dtype=int)
    for depth, parts in enumerate(nx.topological_generations(whole)):
        for part in parts:
            level[list(whole.nodes[part]["members"])] = depth
    return level


def to_pyvis(network: Tables, results: Any) -> Any:
    """See ``Network.to_pyvis``."""
    from pyvis.network import Network as Page

    held = usual_edges(network, results)
    nodes, edges = held.nodes, held.edges
    page = Page(height="750px", directed=True, cdn_resources="in_line")
    page.toggle_physics(False)
    position = pd.Series(np.arange(len(nodes)), index=nodes["id"])
    source, target = (edges[end].map(position).tolist() for end in ("source", "target"))
    places = lay_out(len(nodes), source, target, _columns(nodes, source, target)).tolist()
    for row, (x, y) in zip(nodes.to_dict("records"), places, strict=True):
        shape, colour = STAGE_LOOKS[row["stage"]]
        name = row["label"] if isinstance(row["label"], str) else row["id"]
        title = _words(name, {"id": row["id"], **row})
        page.add_node(
            row["id"], label=name, shape=shape, color=colour, title=title, x=x, y=y, size=14, stage=row["stage"]
        )
    most = float(edges["weight"].max()) if edges["weight"].notna().any() else 0.0
    for row in edges.to_dict("records"):
        part = row["weight"] / most if most > 0 and row["weight"] == row["weight"] else 0.0
        ends = row.pop("source"), row.pop("target")
        size = {"weight": row["weight"]} if row["weight"] == row["weight"] else {}
        page.add_edge(*ends, title=_words(" -> ".join(ends), row), width=round(1 + _WIDEST * part**0.5, 3), **size)
    return page


def _columns(nodes: pd.DataFrame, source: list[int], target: list[int]) -> Ints:
    """Return the column of each node: mines first, end uses last, a recycler before what it ships to."""
    stage = nodes["stage"].to_numpy(dtype=object)
    recycles = stage == "recycler"
    # what comes back would make a loop of the whole chain
    ends = list(zip(source, target, strict=True))
    onward = [(s, t) for s, t in ends if stage[s] not in ("recycler", "end_use") and not recycles[t]]
    level = _levels(len(nodes), onward)
    level[stage == "end_use"] = level.max() + 1
    for s, t in ends:
        if recycles[s] and not recycles[t]:
            level[s] = max(level[t] - 1, 0)
    return level


def _words(head: str, row: Mapping[Any, Any]) -> str:
    """Return what a tooltip says. The stock page of pyvis takes all tooltips for HTML if one holds the letters href."""
    facts = [f"{name}: {_shown(value)}" for name, value in row.items() if _is_told(name, value, head)]
    return "\n".join([head, *facts]).replace("href", "hr\u2060ef")


def _is_told(name: Any, value: Any, head: str) -> bool:
    return not pd.isna(value) and (name == "id" or name not in _UNSAID) and value != head


def _shown(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
