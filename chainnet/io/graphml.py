"""GraphML: written in full, read without any entity or document type."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pandas as pd

from chainnet.errors import DataError
from chainnet.io import sizes
from chainnet.io.embedded import annotated_parts, network_of_graph
from chainnet.io.sizes import exceeds, too_large
from chainnet.io.text import load_json, number_text, read_text, refuse
from chainnet.network import CARRIED, Network, Reading, carried_words, own_names, written_columns

_DEEPEST = 32
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
_ESCAPED = re.compile("[" + "".join(_ESCAPES) + "]")


def graphml_bytes(network: Network, results: Any = None) -> bytes:
    """Return GraphML; tables other than nodes and edges stand as JSON in one attribute of the graph.

    ``results`` are answers whose numbers become attributes; a reader of ours leaves them out.
    """
    held = annotated_parts(network, results)
    keys: list[str] = []
    nodes = _elements("node", held.nodes, keys)
    links = _elements("edge", held.edges, keys)
    words = json.dumps(carried_words(network, held.results), ensure_ascii=False, allow_nan=False)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        f'  <key id="g_{CARRIED}" for="graph" attr.name="{CARRIED}" attr.type="string"/>',
        *keys,
        '  <graph edgedefault="directed">',
        f'    <data key="g_{CARRIED}">{_escape(words)}</data>',
        *nodes,
        *links,
        "  </graph>",
        "</graphml>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _elements(element: str, frame: pd.DataFrame, keys: list[str]) -> list[str]:
    """Return one XML element per row; the keys of its data go to ``keys``."""
    own = ["id"] if element == "node" else ["source", "target"]
    names = [name for name in written_columns(frame, ()) if name not in own]
    columns = []
    for name in names:
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        key, kind = f"{element}_{name}", "double" if numeric else "string"
        keys.append(f'  <key id="{key}" for="{element}" attr.name="{name}" attr.type="{kind}"/>')
        texts = map(number_text, frame[name].tolist()) if numeric else map(_escape, frame[name].fillna("").tolist())
        columns.append([f'<data key="{key}">{text}</data>' if text else "" for text in texts])
    ends = [[f'{name}="{_escape(v)}"' for v in frame[name].tolist()] for name in own]
    heads = [" ".join(parts) for parts in zip(*ends, strict=True)]
    return [f"    <{element} {head}>{''.join(parts)}</{element}>" for head, *parts in zip(heads, *columns, strict=True)]


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES[found.group()], text)


def read_graphml(path: Path, how: Reading) -> Network:
    """Read GraphML of chainnet, networkx, igraph or others; one directed graph without nesting.

    Raises
    ------
    DataError
        If the file declares a document type or an entity, or with every fault found.
    """
    file = path.name
    scan = _Scan(file, how.two_way)
    scan.run(read_text(path, file))
    nodes, said = own_names([(ends, scan.resolve("node", own)) for own, ends in scan.nodes], "nodes")
    edges, also = own_names([(ends, scan.resolve("edge", own)) for own, ends in scan.edges], "edges")
    _igraph_names(nodes, edges)
    graph = scan.resolve("graph", scan.graph)
    words = load_json(graph[CARRIED], f"{file}!graph") if graph.get(CARRIED) else {}
    if not words:
        words = {key: graph[key] for key in ("name", "results") if graph.get(key)}
    _add_labels(nodes, edges, scan)
    return network_of_graph(nodes, edges, words, file, how, is_own=bool(graph.get(CARRIED)), beside=[*said, *also])


def _add_labels(nodes: list[dict[str, str]], edges: list[dict[str, str]], scan: _Scan) -> None:
    """What a drawing program writes on a node is its label, and on an edge a note."""
    for items, words, column in ((nodes, scan.drawn["node"], "label"), (edges, scan.drawn["edge"], "note")):
        for place, text in words.items():
            items[place].setdefault(column, text)


def _igraph_names(nodes: list[dict[str, str]], edges: list[dict[str, str]]) -> None:
    """Igraph numbers the nodes n0, n1, ... and keeps their ids as an attribute ``name``."""
    names = [node.get("name") for node in nodes]
    numbered = all(node.get("id") == f"n{place}" for place, node in enumerate(nodes))
    if not numbered or not all(names) or len(set(names)) < len(names):
        return
    ids = {node["id"]: node.pop("name") for node in nodes}
    for node in nodes:
        node["id"] = ids[node["id"]]
    for edge in edges:
        for end in ("source", "target"):
            edge[end] = ids.get(edge[end], edge[end])


class _Scan:
    """One pass of the XML parser over a GraphML text."""

    def __init__(self, file: str, two_way: bool) -> None:
        self.file = file
        self.two_way = two_way
        self.drawn: dict[str, dict[int, str]] = {"node": {}, "edge": {}}
        self.nodes: list[tuple[dict[str, str], dict[str, str]]] = []
        self.edges: list[tuple[dict[str, str], dict[str, str]]] = []
        self.graph: dict[str, str] = {}
        self._keys: dict[str, dict[str, str]] = {}
        self._defaults: dict[str, str] = {}
        self._path: list[str] = []
        self._place: dict[str, str] | None = None
        self._key = ""
        self._text: list[str] | None = None
        self._parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._doctype

    def run(self, text: str) -> None:
        """Parse the text; raise DataError with the line of what is wrong."""
        try:
            self._parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            message = expat.errors.messages.get(error.code, "malformed")
            raise refuse(self.file, f"not XML: {message}", "Correct the file.", row=error.lineno) from None
        if self._keys.get("", {}) or not (self.nodes or self.edges):
            raise refuse(self.file, "holds no GraphML graph with nodes", "Give a GraphML file.")

    def resolve(self, element: str, data: dict[str, str]) -> dict[str, str]:
        """Return attributes by name, defaults filled in; keys that only a drawing program knows are left out."""
        out = {}
        for key, words in self._keys.items():
            name = words.get("attr.name")
            if name and words.get("for", "all") in (element, "all"):
                value = data.get(key, self._defaults.get(key))
                if value is not None:
                    out[name] = value
        for key in data:
            if key not in self._keys:
                raise refuse(self.file, "data with a key that is not declared", "Declare the key.", value=key)
        return out

    def _refuse(self, rule: str, remedy: str) -> DataError:
        return refuse(self.file, rule, remedy, row=self._parser.CurrentLineNumber)

    def _doctype(self, *_: Any) -> None:
        raise self._refuse("declares a document type or an entity", "Remove the declaration; it is never needed.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit(" ", 1)[-1]
        inside = self._path[-1] if self._path else ""
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise self._refuse(f"is nested deeper than {_DEEPEST} elements", "Flatten the file.")
        if not inside and name != "graphml":
            raise self._refuse(f"is no GraphML: the root is <{name[:80]}>", "Give a GraphML file.")
        if name in ("hyperedge", "port") or (name == "graph" and inside != "graphml"):
            raise self._refuse(f"<{name}> within <{inside}> is not taken", "Give one graph of nodes and edges.")
        if name == "graph":
            self._open_graph(attributes)
        elif name in ("node", "edge") and inside == "graph":
            self._open_item(name, attributes)
        elif name == "key" and inside == "graphml":
            self._key = attributes.get("id", "")
            self._keys[self._key] = attributes
        elif name == "data" and inside in ("graph", "node", "edge"):
            self._key = attributes.get("key", "")
            self._text = []
        elif name == "default" and inside == "key":
            self._text = []

    def _open_graph(self, attributes: dict[str, str]) -> None:
        if self._path.count("graph") > 1 or self._place is not None:
            raise self._refuse("holds more than one graph", "Give one graph.")
        if attributes.get("edgedefault") != "directed" and not self.two_way:
            remedy = 'Set edgedefault="directed", or read it with two_way=True.'
            raise self._refuse("the graph is undirected; flows have a direction", remedy)
        self._place = self.graph

    def _open_item(self, name: str, attributes: dict[str, str]) -> None:
        own = ("id",) if name == "node" else ("source", "target")
        if attributes.get("directed") == "false" and not self.two_way:
            raise self._refuse("the edge is undirected; flows have a direction", "Write it as two edges.")
        ends = {end: attributes.get(end, "") for end in own}
        self._place = {}
        items = self.nodes if name == "node" else self.edges
        if exceeds(len(items) + 1, sizes.MOST_ITEMS):
            rule = f"has more than {sizes.MOST_ITEMS} {name}s"
            raise too_large(self.file, rule, "Give bare edges as Parquet", row=self._parser.CurrentLineNumber)
        items.append((self._place, ends))

    def _characters(self, text: str) -> None:
        if self._text is not None and self._path[-1] in ("data", "default"):
            self._text.append(text)
        elif self._path[-1:] in (["NodeLabel"], ["EdgeLabel"]) and text.strip():
            kind, items = ("node", self.nodes) if self._path[-1] == "NodeLabel" else ("edge", self.edges)
            place = len(items) - 1
            self.drawn[kind][place] = (self.drawn[kind].get(place, "") + text).strip()

    def _end(self, tag: str) -> None:
        name = self._path.pop()
        if name == "data" and self._text is not None and self._place is not None:
            self._place[self._key] = "".join(self._text)
            self._text = None
        elif name == "default" and self._text is not None:
            self._defaults[self._key] = "".join(self._text)
            self._text = None
        elif name in ("node", "edge"):
            self._place = self.graph
