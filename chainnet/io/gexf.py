"""GEXF, the form of Gephi: read without any entity or document type; what is written stands in ``exits``."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from chainnet.io import sizes
from chainnet.io.embedded import network_of_graph
from chainnet.io.sizes import exceeds, too_large
from chainnet.io.text import load_json, read_text, refuse
from chainnet.network import CARRIED, Network, Reading, own_names


def read_gexf(path: Path, how: Reading) -> Network:
    """Read GEXF of Gephi, networkx or chainnet: one directed graph without hierarchy.

    Raises
    ------
    DataError
        If the file declares a document type or an entity, or with every fault found.
    """
    file = path.name
    text = read_text(path, file)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        rule = "declares a document type or an entity"
        raise refuse(file, rule, "Remove the declaration; it is never needed.")
    if exceeds(text.count("<"), sizes.MOST_MARKS):
        raise too_large(file, f"holds more than {sizes.MOST_MARKS} XML elements", "Give bare edges as Parquet")
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise refuse(file, f"not XML: {error.msg}", "Correct the file.", row=error.position[0]) from None
    graph = _child(root, "graph")
    if _tag(root) != "gexf" or graph is None:
        raise refuse(file, "holds no GEXF graph", "Give a GEXF file.")
    nodes, said = own_names(_items(graph, "node", file), "nodes")
    edges, also = own_names(_items(graph, "edge", file), "edges")
    undirected = graph.get("defaultedgetype", "undirected") != "directed"
    if not how.two_way and any(edge.pop("type", "undirected" if undirected else "") == "undirected" for edge in edges):
        rule = "has undirected edges; flows have a direction"
        raise refuse(file, rule, "Give directed edges, or read it with two_way=True.")
    meta = _child(root, "meta")
    is_own = meta is not None and _words(meta, "creator") == CARRIED
    words = load_json(_words(meta, "keywords") or "{}", f"{file}!graph") if meta is not None and is_own else {}
    return network_of_graph(nodes, edges, words, file, how, is_own=is_own, beside=[*said, *also])


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _child(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((child for child in element if _tag(child) == name), None)


def _words(element: ElementTree.Element, name: str) -> str:
    child = _child(element, name)
    return "" if child is None else child.text or ""


def _items(graph: ElementTree.Element, kind: str, file: str) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Return the ends of nodes or edges, and their attributes by title; those of a drawing alone are left out."""
    titles = {
        attribute.get("id", ""): attribute.get("title", "")
        for group in graph
        if _tag(group) == "attributes" and group.get("class") == kind
        for attribute in group
        if _tag(attribute) == "attribute"
    }
    holder = _child(graph, f"{kind}s")
    own = {"node": ("id", "label"), "edge": ("source", "target", "weight", "label", "type")}[kind]
    ends = ("id",) if kind == "node" else ("source", "target")
    out: list[tuple[dict[str, str], dict[str, str]]] = []
    for item in [] if holder is None else holder:
        if _tag(item) != kind:
            continue
        if exceeds(len(out) + 1, sizes.MOST_ITEMS):
            raise too_large(file, f"has more than {sizes.MOST_ITEMS} {kind}s", "Give bare edges as Parquet")
        if _child(item, "nodes") is not None:
            raise refuse(file, "has nodes within nodes", "Flatten the graph.", value=item.get("id", ""))
        values = _child(item, "attvalues")
        row = {name: item.attrib[name] for name in own if name in item.attrib and name not in ends}
        if kind == "node" and row.get("label") == item.get("id"):  # most programs write the id where there is none
            row.pop("label", None)
        for value in [] if values is None else values:
            key = value.get("for", value.get("id", ""))
            if key not in titles:
                raise refuse(file, "a value for an attribute that is not declared", "Declare it.", value=key)
            row[titles[key]] = value.get("value", "")
        out.append(({end: item.get(end, "") for end in ends}, row))
    return out
