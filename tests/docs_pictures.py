"""The pictures of docs that are made without a browser: ``python tests/docs_pictures.py`` writes them."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path

import chainnet as cn
from chainnet.network import TABLES

IMAGES = Path(__file__).parents[1] / "docs" / "images"
INK, GREY, LINE = "#1d2733", "#5b6b7c", "#2b6cb0"
WIDTH, ROW, HEAD, BOX = 800, 20, 46, 206
# where a table lies, what it is in a word, and the columns that show how it joins and what it is for
BOXES = {
    "nodes": (297, 20, "plants and users", ("id", "stage", "step", "country", "process", "capacity_tpa")),
    "projects": (16, 250, "plants that may come", ("id", "start_year", "status", "(columns of nodes)")),
    "edges": (578, 20, "who ships what to whom", ("source", "target", "commodity", "flow_tpa", "capacity_tpa")),
    "demand": (578, 206, "who asks for how much", ("node", "commodity", "tier", "demand_tpa")),
    "processes": (16, 20, "recipes", ("process", "commodity", "role", "t_per_t")),
    "commodities": (297, 250, "what flows", ("id", "basis", "price_usd_per_t")),
    "stocks": (578, 372, "what lies in store", ("id", "commodity", "stock_t", "tiers")),
}
# column -> the column that it names
JOINS = {
    ("edges", "source"): ("nodes", "id"),
    ("edges", "target"): ("nodes", "id"),
    ("demand", "node"): ("nodes", "id"),
    ("nodes", "process"): ("processes", "process"),
    ("edges", "commodity"): ("commodities", "id"),
    ("demand", "commodity"): ("commodities", "id"),
    ("processes", "commodity"): ("commodities", "id"),
    ("stocks", "commodity"): ("commodities", "id"),
}


def tables() -> str:
    """Return how the tables of a chain join; a column that the schema does not know is an error."""
    height = max(y + HEAD + ROW * len(columns) for _, y, _, columns in BOXES.values()) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="Helvetica, Arial, sans-serif" aria-label="How the tables of a chain join">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{LINE}"/></marker></defs>',
    ]
    for table, (x, y, words, columns) in BOXES.items():
        assert all(one in TABLES[table].names for one in columns if "(" not in one), table
        tall = HEAD + ROW * len(columns)
        parts.append(
            f'<rect x="{x}" y="{y}" width="{BOX}" height="{tall}" rx="6" fill="#ffffff" stroke="{INK}"/>'
            f'<path d="M{x} {y + 40} h{BOX}" stroke="{INK}"/>'
            f'<text x="{x + 10}" y="{y + 18}" font-size="15" font-weight="600" fill="{INK}">{table}</text>'
            f'<text x="{x + 10}" y="{y + 34}" font-size="12" fill="{GREY}">{escape(words)}</text>'
        )
        for column in columns:
            bold = ' font-weight="600"' if column in TABLES[table].key or (table, column) in JOINS else ""
            parts.append(
                f'<text x="{x + 10}" y="{_middle(table, column) + 4}" font-size="13"{bold} fill="{INK}">{column}</text>'
            )
    parts += [_arrow(*source, *target) for source, target in JOINS.items()]
    return "\n".join([*parts, "</svg>", ""])


def _middle(table: str, column: str) -> int:
    _, y, _, columns = BOXES[table]
    return y + HEAD + ROW * columns.index(column) + ROW // 2


def _arrow(table: str, column: str, other: str, key: str) -> str:
    """Return the line from a column to what it names; by the near sides of the two boxes."""
    x, to = BOXES[table][0], BOXES[other][0]
    start, end = _middle(table, column), _middle(other, key)
    if x == to:
        side = x + BOX
        return _path(f"M{side} {start} C {side + 28} {start} {side + 28} {end} {side} {end}")
    a, b = (x + BOX, to) if x < to else (x, to + BOX)
    bend = (b - a) / 2
    return _path(f"M{a} {start} C {a + bend:.0f} {start} {b - bend:.0f} {end} {b} {end}")


def _path(line: str) -> str:
    return f'<path d="{line}" fill="none" stroke="{LINE}" stroke-width="1.4" marker-end="url(#tip)"/>'


def drawn(name: str, view: str) -> str:
    """Return a Sankey or a map of a chain, baseline."""
    with tempfile.TemporaryDirectory() as folder:
        return cn.draw(cn.read(name), view=view, path=Path(folder) / "drawn.svg").read_text(encoding="utf-8")


PICTURES = {
    "tables.svg": tables,
    "sankey-graphite.svg": lambda: drawn("graphite", "sankey"),
    "map-rare-earths.svg": lambda: drawn("rare-earths", "map"),
}

if __name__ == "__main__":
    for name, make in PICTURES.items():
        (IMAGES / name).write_text(make(), encoding="utf-8")
