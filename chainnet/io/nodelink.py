"""Node-link JSON, as networkx writes and reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chainnet.io import sizes
from chainnet.io.embedded import network_of_graph
from chainnet.io.sizes import exceeds, too_large
from chainnet.io.text import load_json, read_text, refuse
from chainnet.network import CARRIED, Network, Reading, awake_edges, carried_words, rows_of


def nodelink_bytes(network: Network) -> bytes:
    """Return node-link JSON; tables other than nodes and edges stand as JSON in one attribute of the graph."""
    edges, _ = awake_edges(network)
    words = json.dumps(carried_words(network), ensure_ascii=False, allow_nan=False)
    data = {
        "directed": True,
        "multigraph": True,
        "graph": {"name": network.name, CARRIED: words},
        "nodes": _items(*rows_of(network.view("nodes"), "nodes")),
        "edges": [{**item, "key": key} for key, item in enumerate(_items(*rows_of(edges, "edges")))],
    }
    return (json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _items(columns: list[str], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [{c: v for c, v in zip(columns, row, strict=True) if v is not None} for row in rows]


def read_nodelink(path: Path, how: Reading) -> Network:
    """Read node-link JSON; edges may be called ``edges`` or ``links``.

    Raises
    ------
    DataError
        With every fault found.
    """
    file = path.name
    data = load_json(read_text(path, file), file)
    if not isinstance(data, dict):
        raise refuse(file, "must be one JSON object with nodes and edges", "Correct the file.")
    if data.get("directed") is False and not how.two_way:
        rule = "the graph is undirected; flows have a direction"
        raise refuse(file, rule, "Give a directed graph, or read it with two_way=True.")
    if "edges" in data and "links" in data:
        raise refuse(file, "has both edges and links", "Keep one of them.")
    nodes = _objects(data.get("nodes"), "nodes", file)
    edges = _objects(data.get("edges", data.get("links")), "edges", file)
    edges = [{k: v for k, v in item.items() if k != "key"} for item in edges]
    words = data.get("graph", {})
    is_own = isinstance(words, dict) and bool({CARRIED, "tables"} & set(words))
    if isinstance(words, dict) and CARRIED in words:  # files of an earlier version have the words themselves here
        text = words[CARRIED]
        words = load_json(text, f"{file}!graph") if isinstance(text, str) else text
    return network_of_graph(nodes, edges, words, file, how, is_own=is_own)


def _objects(items: Any, name: str, file: str) -> list[dict[str, Any]]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise refuse(file, f"{name} must be a list of objects", "Write it with networkx.node_link_data or chainnet.")
    if exceeds(len(items), sizes.MOST_ITEMS):
        raise too_large(file, f"has {len(items)} {name}; at most {sizes.MOST_ITEMS}", "Give bare edges as Parquet")
    return items
