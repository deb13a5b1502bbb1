"""A pyvis network as one page that asks for nothing: what it holds is data, and never code."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chainnet.drawing.assets import asset, engine, filled, shared_script
from chainnet.drawing.style import COLOURS
from chainnet.errors import UNWRITABLE, DataError
from chainnet.network import lay_out

# what is taken of a node and of an edge; pictures and icons would come from elsewhere
_NODE = (
    "id", "label", "title", "shape", "color", "size", "value", "group", "stage", "x", "y", "hidden", "borderWidth",
    "opacity", "font",
)  # fmt: skip
_EDGE = ("from", "to", "label", "title", "width", "value", "color", "arrows", "dashes", "hidden", "font")
_FROM_ELSEWHERE = ("image", "circularImage", "icon", "custom")


def is_handed(network: Any) -> bool:
    """Say whether this is a network of pyvis, without importing pyvis."""
    return any(f"{kind.__module__}.{kind.__qualname__}" == "pyvis.network.Network" for kind in type(network).__mro__)


def handed_page(page: Any, title: str | None, marking: str) -> str:
    """Return the page of a pyvis network.

    Raises
    ------
    DataError
        If it has no node, a text cannot be written, or an edge ends at no node.
    """
    nodes = [_taken(node, _NODE) for node in page.nodes]
    edges = [_taken(edge, _EDGE) for edge in page.edges]
    if not nodes:
        raise DataError("draw: the pyvis network has no nodes. Add some.")
    position = {node.get("id"): place for place, node in enumerate(nodes)}
    for edge in edges:
        for end in ("from", "to"):
            if edge.get(end) not in position:
                raise DataError(f'draw: an edge of the pyvis network ends at "{edge.get(end)}", which is no node.')
    if any(not isinstance(node.get(axis), (int, float)) for node in nodes for axis in ("x", "y")):
        ends = [[position[edge[end]] for edge in edges] for end in ("from", "to")]
        for node, (x, y) in zip(nodes, lay_out(len(nodes), *ends).tolist(), strict=True):
            node.update(x=x, y=y)
    for node in nodes:
        node["label"] = str(node["id"] if node.get("label") is None else node["label"])
        if node.get("shape") in _FROM_ELSEWHERE:
            node["shape"] = "dot"
    name = title if title is not None else _text(page.heading) or "Graph"
    return filled(
        "handed.html.j2",
        title=name,
        marking=marking,
        data={"nodes": nodes, "edges": edges},
        nodes=nodes,
        edges=edges,
        kinds=_kinds(nodes),
        engine=engine(),
        style=asset("handed.css"),
        script=shared_script() + asset("handed.js"),
    )


def _taken(item: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: _plain(item[key]) for key in keys if item.get(key) is not None}


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it: numbers of numpy as numbers, what is no number as nothing."""
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(held) for held in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _text(value)


def _text(value: Any) -> str:
    text = str(value)
    if UNWRITABLE.search(text):
        raise DataError(f"draw: {text[:80]!a} holds a control character that no page may hold. Remove it.")
    return text


def _kinds(nodes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the legend: each stage, or group, with its colour and how many nodes it has."""
    found: dict[str, dict[str, Any]] = {}
    for node in nodes:
        name = str(node.get("stage") or node.get("group") or "node").replace("_", " ")
        colour = node.get("color")
        colour = (colour.get("background") if isinstance(colour, Mapping) else colour) or COLOURS["plain"]
        first = {"name": name, "colour": str(colour), "shape": str(node.get("shape") or "dot"), "n": 0}
        found.setdefault(name, first)["n"] += 1
    return list(found.values())
