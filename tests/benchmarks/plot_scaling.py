"""Plot the time of one exact sweep of every node against the number of edges; writes docs/images/scaling.svg."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench_removal import layered, network_of

import chainnet as cn

SEEDS = (0, 1, 2)
EDGES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)


def main() -> None:
    """Measure and draw."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    cn.chokepoints(network_of(layered(3_000, 0)))  # start numba
    points: list[tuple[int, float]] = []
    every: list[tuple[int, float]] = []
    for edges in EDGES:
        found = []
        for seed in SEEDS:
            net = network_of(layered(round(edges / 5.9), seed))
            begin = time.perf_counter()
            cn.chokepoints(net)
            found.append(time.perf_counter() - begin)
        points.append((edges, statistics.median(found)))
        every += [(edges, seconds) for seconds in found]
        print(f"| {edges:,} | {min(found):.3f} | {points[-1][1]:.3f} | {max(found):.3f} |", flush=True)
    mpl.rcParams["svg.hashsalt"] = "chainnet"
    figure = Figure(figsize=(6.3, 3.2))
    axes = figure.subplots()
    axes.loglog(*zip(*points, strict=True), color="#0B6BB8", marker="o", linewidth=1.5)
    axes.loglog(*zip(*every, strict=True), color="#0B6BB8", marker="o", markersize=3, linestyle="", alpha=0.5)
    for edges, seconds in points[::2]:
        axes.annotate(f"{seconds:.2g} s", (edges, seconds), textcoords="offset points", xytext=(0, 8), ha="center")
    axes.set_xlabel("edges")
    axes.set_ylabel("seconds, whole call")
    axes.set_title("Exact loss of every node: time against size", loc="left", fontsize=11)
    axes.grid(visible=True, which="major", color="#C9CED6", linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.15)
    figure.tight_layout()
    target = Path(__file__).parents[2] / "docs" / "images" / "scaling.svg"
    FigureCanvasSVG(figure).print_svg(target, metadata={"Date": None, "Creator": "chainnet"})


if __name__ == "__main__":
    main()
