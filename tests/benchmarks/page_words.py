"""The words, tables and plot of docs/explanation/benchmarks.md, from what is on record."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
COLOURS = {"chainnet": "#0B6BB8", "OR-Tools": "#B8480B", "igraph": "#3F7F3F", "scipy": "#7A4FA3"}
EARLIER = Path(__file__).with_name("earlier.md")


def write_page(record: Row, docs: Path) -> None:
    """Write the page and its plot into the folder of the documentation."""
    rows: list[Row] = record["rows"]
    parts = [_head(record), _headline(rows), _table(record, rows), _recipes(rows), _more(), _held()]
    text = "\n\n".join(part.strip() for part in parts if part) + "\n"
    (docs / "explanation" / "benchmarks.md").write_text(text, encoding="utf-8")
    draw(rows, docs / "images" / "scaling.svg")


def seconds(values: Sequence[float]) -> str:
    """Return a time in words: one value, or the two ends where these differ as they are written."""
    low, high = _short(min(values)), _short(max(values))
    return f"{low} s" if low == high else f"{low} to {high} s"


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return (
        f"{value:.1f}"
        if value >= 10
        else f"{value:.2g}"
        if value >= 0.1
        else f"{value:.2f}"
        if value >= 0.01
        else "0.01"
    )


def ratios(values: Sequence[float]) -> str:
    """Return ratios as their two ends."""
    low, high = (f"{round(v):,}" if v >= 20 else f"{v:.1f}" for v in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def of(rows: list[Row], way: str, size: int | None = None) -> list[Row]:
    """Return the rows of one way, and one size."""
    return [row for row in rows if row["way"] == way and size in (None, row["size"])]


def whole(row: Row) -> float:
    """Return the time of a rival's loop over all nodes that carry flow, projected where it was cut off."""
    return float(row["losses_s"] / row["removed"] * row["of"])


def _head(record: Row) -> str:
    on, versions = record, ", ".join(f"{name} {v}" for name, v in record["versions"].items())
    seeds = sorted({row["seed"] for row in record["rows"]})
    return f"""# Benchmarks

```text
python tests/benchmarks/page.py
```

This command makes the page and its plot from its own runs (extra `bench`). Run on {on["date"]}: {on["processor"]}, {on["cores"]} cores,
{on["memory_gb"]} GB, {on["system"]}, CPython {on["python"]}, {versions}. The load of the machine was {on["load"]} when it began. Seeds:
{", ".join(map(str, seeds))}. A range gives the least and the most of them. Times depend on the machine; ratios taken in one run depend on it less.
Every loss that a rival finds is compared with ours, and must be the same.{_busy(on)}"""


def _busy(on: Row) -> str:
    """Return a warning where other work ran beside the runs."""
    if on["load"] < 1:
        return ""
    return (
        "\n\n**Other work ran on the machine at the same time**: all times are too long, and ratios too small where ours uses two\n"
        "threads and a rival one."
    )


def _headline(rows: list[Row]) -> str:
    top = max(row["size"] for row in of(rows, "chainnet"))
    found = of(rows, "chainnet", top)
    total = [row["read_s"] + row["losses_s"] for row in found]
    edges, nodes = ([row[key] for row in found] for key in ("edges", "nodes"))
    return f"""## {_millions(statistics.median(edges))} edges from Parquet

**{_millions(statistics.median(edges))} edges and {_millions(statistics.median(nodes))} nodes with text ids, node and edge capacities: read, and the exact loss
of every node found, in {seconds(total)}, with at most {max(row["peak_gb"] for row in found):.1f} GB of memory.** Reading takes
{seconds([row["read_s"] for row in found])} of it, the losses {seconds([row["losses_s"] for row in found])}. Measured is `cn.read(folder)` and
`cn.chokepoints(net)`; the start of Python and of compiled code is left out."""


def _millions(number: float) -> str:
    return f"{number / 1e6:.3g} million" if number >= 1e6 else f"{round(number):,}"


def _table(record: Row, rows: list[Row]) -> str:
    limit = f"{record['limit_s']:g}"
    lines = [
        "| edges | nodes | read | losses | peak memory | OR-Tools loop | igraph loop | scipy loop |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size in sorted({row["size"] for row in of(rows, "chainnet")}):
        own = of(rows, "chainnet", size)
        cells = [
            f"{round(statistics.median(row['edges'] for row in own)):,}",
            f"{round(statistics.median(row['nodes'] for row in own)):,}",
            seconds([row["read_s"] for row in own]),
            seconds([row["losses_s"] for row in own]),
            f"{max(row['peak_gb'] for row in own):.1f} GB",
            *(_rival(own, of(rows, way, size)) for way in ("OR-Tools", "igraph", "scipy")),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return f"""## Every removal of a pure flow

A layered network, five layers, sizes by a Pareto law, five edges a node. Ours is the whole call `chokepoints(net)`, from the tables to
the table of losses. A rival is the loop that one would write: graph built once, one capacity set to 0, solved, put back, for the
nodes that carry flow only, in a random order; building its graph is not counted. A loop ends after {limit} s. What had not come to its end
then is *projected*: the time a removal took, times the nodes that carry flow. In brackets: how many times ours. A dash: not tried, because
the way did not remove {_fewest()} nodes within {limit} s at this or a smaller size, or its integers are too narrow (scipy: 32 bits).

{chr(10).join(lines)}

![Time of the exact loss of every node against edges](../images/scaling.svg)"""


def _fewest() -> int:
    from page import FEWEST

    return FEWEST


def _rival(own: list[Row], found: list[Row]) -> str:
    if not found:
        return "-"
    ours = {row["seed"]: row["losses_s"] for row in own}
    times = [whole(row) for row in found]
    ratio = ratios([whole(row) / ours[row["seed"]] for row in found])
    cut = [row["removed"] for row in found if row["removed"] < row["of"]]
    after = f", projected after {min(cut):,} removals" if cut else ""
    return f"{seconds(times)}{after} ({ratio})"


def _recipes(rows: list[Row]) -> str:
    found = of(rows, "recipes")
    if not found:
        return ""
    ratio = [row["warm_s"] / row["losses_s"] for row in found]
    some = found[0]
    return f"""## Every removal of a recipe network

{some["nodes"]:,} nodes in three tiers, about {round(some["edges"], -2):,} edges, {some["removed"]:,} candidates, of which
{min(row["flowing"] for row in found):,} to {max(row["flowing"] for row in found):,} carry flow. The rival removes only these, all of them: one
HiGHS model, bounds closed and opened again, warm by itself.

| way | time | times ours |
| --- | ---: | ---: |
| chainnet, whole call | {seconds([row["losses_s"] for row in found])} | 1 |
| a loop over one warm HiGHS model, written by hand | {seconds([row["warm_s"] for row in found])} | {ratios(ratio)} |

Candidates without flow cost nothing, and other optimal answers settle more of them; each solve starts from the base basis in a
cleared solver, so that no answer depends on what was solved before; threads share the rest."""


def _more() -> str:
    return """## Held

```text
python tests/benchmarks/guard.py
```

Ratios to the same rivals at small sizes, in one run, beside [those on record](ratios.json); it fails below half of one. `--record` puts new
ones on record. A new process pays about a second once to start compiled code. A new installation compiles it once, in ten to twenty
seconds, and says so on stderr: only for networks of more than about 5,000 edges; smaller ones run the same code as plain Python."""


def _held() -> str:
    return f"""## Measured earlier

What follows was measured by the commands that it names, at other times, on two shared cores, and is not part of the command above.

{EARLIER.read_text(encoding="utf-8")}"""


def draw(rows: list[Row], target: Path) -> None:
    """Plot time against edges: points and ranges, projections hollow and dotted."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "chainnet"
    figure = Figure(figsize=(6.6, 3.8))
    axes = figure.subplots()
    for way, colour in COLOURS.items():
        points = []
        for size in sorted({row["size"] for row in of(rows, way)}):
            found = of(rows, way, size)
            times = [row["losses_s"] if way == "chainnet" else whole(row) for row in found]
            at = statistics.median(row["edges"] for row in of(rows, "chainnet", size))
            is_whole = way == "chainnet" or all(row["removed"] == row["of"] for row in found)
            points.append((at, statistics.median(times), is_whole))
            axes.vlines(at, min(times), max(times), color=colour, linewidth=4, alpha=0.3)
            axes.plot(
                at, points[-1][1], "o", color=colour, markerfacecolor=colour if is_whole else "white", markersize=5
            )
        for before, after in itertools.pairwise(points):
            style = "-" if before[2] and after[2] else ":"
            axes.plot((before[0], after[0]), (before[1], after[1]), style, color=colour, linewidth=1.5)
        if points:
            label = way if way == "chainnet" else f"{way} loop"
            axes.annotate(label, points[-1][:2], textcoords="offset points", xytext=(7, -3), color=colour, fontsize=9)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("edges")
    axes.set_ylabel("seconds")
    axes.set_title("Exact loss of every node (hollow: projected)", loc="left", fontsize=11)
    axes.grid(visible=True, which="major", color="#C9CED6", linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.18, y=0.1)
    figure.tight_layout()
    FigureCanvasSVG(figure).print_svg(target, metadata={"Date": None, "Creator": "chainnet"})
