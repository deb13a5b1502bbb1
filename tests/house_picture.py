"""The floors of the house as a picture, drawn from the imports of the code: ``docs/images/floors.svg``."""

from __future__ import annotations

import ast
from html import escape
from pathlib import Path

import networkx as nx
from parsed import statements, tree

PACKAGE = Path(__file__).parents[1] / "chainnet"
WIDTH, ROW, BOX, HEIGHT, LEFT = 1180, 84, 122, 46, 84
INK, LINE, PAPER, FILL = "#1d2733", "#7d8fa3", "#ffffff", "#e8eef5"


def rooms_and_imports() -> tuple[dict[str, int], nx.DiGraph]:
    """Return the number of modules of each room of the top level, and who imports whom when the program runs."""
    sizes: dict[str, int] = {}
    graph = nx.DiGraph()
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if room in ("__init__", "__main__"):
            continue
        sizes[room] = sizes.get(room, 0) + (path.name != "__init__.py")
        every = statements(tree(path))
        typing = [node for node in every if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
        for node in set(every).difference(*map(statements, typing)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("chainnet."):
                other = node.module.split(".")[1]  # type: ignore[union-attr]
                if other != room:
                    graph.add_edge(room, other)
    graph.add_nodes_from(sizes)
    return sizes, graph


def picture(floors: tuple[tuple[str, ...], ...]) -> str:
    """Return the SVG: a row a floor, the lowest at the bottom; an arrow where no longer way says the same."""
    sizes, graph = rooms_and_imports()
    reduced = nx.transitive_reduction(graph)
    height = ROW * len(floors) + 40
    place: dict[str, tuple[float, float]] = {}
    for number, names in enumerate(floors):
        y = height - 30 - ROW * number - HEIGHT
        gap = (WIDTH - LEFT - BOX * len(names)) / (len(names) + 1)
        for i, name in enumerate(names):
            place[name] = (LEFT + gap * (i + 1) + BOX * i, y)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="Helvetica, Arial, sans-serif" aria-label="Floors of the package">',
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 L8 4 L0 8 z" fill="{LINE}"/></marker></defs>',
    ]
    for number in range(len(floors)):
        y = height - 30 - ROW * number - HEIGHT
        parts.append(f'<text x="16" y="{y + 28:.0f}" font-size="13" fill="{LINE}">floor {number + 1}</text>')
        parts.append(f'<path d="M{LEFT} {y + HEIGHT + 19:.0f} H{WIDTH - 16}" stroke="{FILL}"/>')
    for source, target in sorted(reduced.edges):
        (x1, y1), (x2, y2) = place[source], place[target]
        a, b = x1 + BOX / 2, x2 + BOX / 2
        if y1 == y2:  # of one floor: over the roof
            parts.append(
                f'<path d="M{a:.0f} {y1:.0f} C {a:.0f} {y1 - 26:.0f} {b:.0f} {y1 - 26:.0f} {b:.0f} {y1:.0f}" '
                f'fill="none" stroke="{LINE}" marker-end="url(#tip)"/>'
            )
            continue
        top, bottom = y1 + HEIGHT, y2
        bend = (bottom - top) / 2
        parts.append(
            f'<path d="M{a:.0f} {top:.0f} C {a:.0f} {top + bend:.0f} {b:.0f} {bottom - bend:.0f} {b:.0f} {bottom:.0f}" '
            f'fill="none" stroke="{LINE}" marker-end="url(#tip)"/>'
        )
    for name, (x, y) in sorted(place.items()):
        count = sizes.get(name, 0)
        words = f"{count} modules" if count > 1 else "1 module"
        parts.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{BOX}" height="{HEIGHT}" rx="6" fill="{FILL}" stroke="{INK}"/>'
            f'<text x="{x + BOX / 2:.0f}" y="{y + 21:.0f}" font-size="14" font-weight="600" text-anchor="middle" '
            f'fill="{INK}">{escape(name)}</text>'
            f'<text x="{x + BOX / 2:.0f}" y="{y + 37:.0f}" font-size="11" text-anchor="middle" fill="{INK}">{words}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    from test_architecture import FLOORS

    (PACKAGE.parent / "docs" / "images" / "floors.svg").write_text(picture(FLOORS), encoding="utf-8")
