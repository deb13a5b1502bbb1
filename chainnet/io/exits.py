"""GEXF for Gephi, for those who go on elsewhere; ``gexf`` reads it back."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd

from chainnet._types import records
from chainnet.io.embedded import annotated_parts
from chainnet.io.text import number_text
from chainnet.network import Network, carried_words

_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
_SPECIAL = re.compile('[&<>"\r\n\t]')


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
