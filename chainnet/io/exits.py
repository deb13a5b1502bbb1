"""GEXF for Gephi and DOT for Graphviz, for those who go on elsewhere; ``gexf`` reads the former back."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd

from chainnet._types import records
from chainnet.io.embedded import annotated_parts
from chainnet.io.text import number_text
from chainnet.network import TABLES, Network, awake_edges, carried_words

_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
_SPECIAL = re.compile('[&<>"\r\n\t]')
_SHAPES = {
    "mine": "triangle",
    "refiner": "diamond",
    "manufacturer": "box",
    "end_use": "ellipse",
    "recycler": "invtriangle",
}


def gexf_bytes(network: Network, results: Any = None) -> bytes:
    """Return GEXF 1.3: every column that holds something; the weight is the baseline flow, else the capacity.

    Tables other than nodes and edges stand as JSON among the keywords; ``results`` are answers whose numbers become
    attributes.
    """
    held = annotated_parts(network, results)
    nodes, edges = held.nodes, held.edges
    words = json.dumps(carried_words(network, held.results), ensure_ascii=False, allow_nan=False)
    same = nodes["label"].where(nodes["label"] == nodes["id"])  # else a reader takes it for a label that is missing
    node_columns = _columns(nodes.assign(label=same), ("id",))
    edge_columns = _columns(edges, ("source", "target"))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<gexf xmlns="http://gexf.net/1.3" version="1.3">',
        f"  <meta><creator>chainnet</creator><keywords>{_escape(words)}</keywords>"
        f"<description>{_escape(network.label)}</description></meta>",
        '  <graph defaultedgetype="directed" mode="static">',
        *_attributes("node", node_columns),
        *_attributes("edge", edge_columns),
        "    <nodes>",
    ]
    for row in records(nodes):
        label = row["label"] if isinstance(row["label"], str) else row["id"]
        head = f'<node id="{_escape(row["id"])}" label="{_escape(label)}">'
        told = {**row, "label": row["id"] if row["label"] == row["id"] else None}
        lines.append(f"      {head}{_values(told, node_columns)}</node>")
    lines += ["    </nodes>", "    <edges>"]
    for number, row in enumerate(records(edges)):
        weight = next((row[c] for c in ("flow_tpa", "capacity_tpa") if row.get(c) == row.get(c) and row.get(c)), None)
        size = f' weight="{number_text(weight)}"' if weight else ""
        ends = f'source="{_escape(row["source"])}" target="{_escape(row["target"])}"'
        lines.append(f'      <edge id="{number}" {ends}{size}>{_values(row, edge_columns)}</edge>')
    lines += ["    </edges>", "  </graph>", "</gexf>"]
    return ("\n".join(lines) + "\n").encode()


def dot_bytes(network: Network) -> bytes:
    """Return DOT: one rank per stage from left to right, width of a line by the logarithm of its flow."""
    edges, _ = awake_edges(network)
    lines = [f"digraph {_quote(network.name)} {{", f"  graph [rankdir=LR, label={_quote(network.label)}];"]
    for stage in TABLES["nodes"].column("stage").words:
        rows = network.view("nodes")[(network.view("nodes")["stage"] == stage).to_numpy()]
        if rows.empty:
            continue
        lines.append(f"  {{ node [shape={_SHAPES[stage]}];" + (" rank=same;" if stage in ("mine", "end_use") else ""))
        for row in rows.to_dict("records"):
            label = row["label"] if isinstance(row["label"], str) else row["id"]
            place = f"\n{row['country']}" if isinstance(row["country"], str) else ""
            lines.append(f"    {_quote(row['id'])} [label={_quote(label + place)}];")
        lines.append("  }")
    top = float(edges["flow_tpa"].max()) if edges["flow_tpa"].notna().any() else 0.0
    for row in edges.to_dict("records"):
        flow, words = row["flow_tpa"], []
        if isinstance(row["commodity"], str):
            words.append(f"tooltip={_quote(row['commodity'])}")
        if flow == flow and top > 0:
            words.append(f'label="{number_text(float(f"{flow:.3g}"))}", penwidth={0.5 + 6 * (flow / top) ** 0.5:.2f}')
        if row["quality"] == "inferred":
            words.append("style=dashed")
        tail = f" [{', '.join(words)}]" if words else ""
        lines.append(f"  {_quote(row['source'])} -> {_quote(row['target'])}{tail};")
    return ("\n".join([*lines, "}"]) + "\n").encode()


def _columns(frame: pd.DataFrame, own: tuple[str, ...]) -> list[tuple[str, bool]]:
    """Return the columns that hold something: name, and whether it is a number."""
    found = [c for c in frame.columns if c not in own and frame[c].notna().any()]
    return [(c, pd.api.types.is_numeric_dtype(frame[c])) for c in found]


def _attributes(kind: str, columns: list[tuple[str, bool]]) -> list[str]:
    rows = [
        f'      <attribute id="{kind}_{name}" title="{_escape(name)}" type="{"double" if numeric else "string"}"/>'
        for name, numeric in columns
    ]
    return [f'    <attributes class="{kind}">', *rows, "    </attributes>"]


def _values(row: dict[str, Any], columns: list[tuple[str, bool]]) -> str:
    kind = "node" if "stage" in row else "edge"
    parts = []
    for name, numeric in columns:
        value = row[name]
        if numeric and value == value:
            parts.append(f'<attvalue for="{kind}_{name}" value="{number_text(value)}"/>')
        elif isinstance(value, str):
            parts.append(f'<attvalue for="{kind}_{name}" value="{_escape(value)}"/>')
    return f"<attvalues>{''.join(parts)}</attvalues>" if parts else ""


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: _XML[found.group()], text)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", "\\n")
    return f'"{escaped}"'
