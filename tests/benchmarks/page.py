"""Write docs/explanation/benchmarks.md and its plot from runs of this command.

    python tests/benchmarks/page.py                       # everything: for a quiet machine
    python tests/benchmarks/page.py --edges 1000 10000    # small sizes, minutes
    python tests/benchmarks/page.py --written             # the page anew from what is on record, nothing is run

Each measurement is a process of its own: its peak memory is its own, and OR-Tools and HiGHS never meet. What was
measured lies in docs/explanation/benchmarks.json; the page says nothing that does not stand there.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs" / "explanation" / "benchmarks.json"
EDGES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
SEEDS = (0, 1, 2)
LIMIT = 60.0  # seconds that a rival's loop may take
PER_NODE = 5.0
FEWEST = 50  # a rival that removes fewer within the limit is not tried at the next size: ten times as many take ten times as long
RIVALS = ("OR-Tools", "igraph", "scipy")
PACKAGES = ("numpy", "pandas", "pyarrow", "scipy", "numba", "highspy", "ortools", "igraph")
Row = dict[str, Any]


def problem(edges: int, seed: int) -> Any:
    """The network that all ways are asked of: five layers, heavy-tailed sizes, five edges a node."""
    from bench_removal import layered

    return layered(round(edges / PER_NODE), seed, PER_NODE)


def write_tables(p: Any, seed: int, folder: Path) -> None:
    """Write a flow problem as a folder of Parquet, with text ids and rows in no order."""
    import pyarrow as pa
    from pyarrow import parquet

    rng = np.random.default_rng(seed)
    ids = pa.array([f"n{i:07d}" for i in range(p.n_nodes)])
    stage = np.where(p.supply > 0, "mine", np.where(p.demand > 0, "end_use", "refiner"))
    parquet.write_table(
        pa.table({"id": ids, "stage": stage, "capacity_tpa": p.node_capacity}), folder / "nodes.parquet"
    )
    order = rng.permutation(len(p.tail))
    ends = {name: ids.take(pa.array(rows[order])) for name, rows in (("source", p.tail), ("target", p.head))}
    parquet.write_table(pa.table({**ends, "capacity_tpa": p.capacity[order]}), folder / "edges.parquet")


# -- one measurement, in a process of its own ------------------------------------------------------


def measure_chainnet(edges: int, seed: int, folder: Path, limit: float) -> Row:
    """Read the folder and find the exact loss of every node; the losses go to a file beside it."""
    import pandas as pd
    from bench_removal import layered, network_of

    import chainnet as cn

    cn.chokepoints(network_of(layered(20_000, 0)))  # imports; compiled code is loaded, or compiled
    pd.read_parquet(folder / "nodes.parquet")
    begin = time.perf_counter()
    net = cn.read(folder)
    read = time.perf_counter() - begin
    begin = time.perf_counter()
    table = cn.chokepoints(net)
    found = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    table["lost_tpa"].to_frame().to_parquet(folder / "losses.parquet")
    return {
        "read_s": read,
        "losses_s": found,
        "peak_gb": peak,
        "nodes": len(net.view("nodes")),
        "edges": len(net.view("edges")),
        "removed": len(table),
    }


def measure_rival(way: str, edges: int, seed: int, folder: Path, limit: float) -> Row:
    """Remove nodes that carry flow in a random order until all are through or the limit is reached."""
    import pandas as pd

    from chainnet.engine import solve

    p = problem(edges, seed)
    ours = pd.read_parquet(folder / "losses.parquet")["lost_tpa"]
    listed = np.flatnonzero((solve(p).throughput > 0) & (p.demand == 0))
    order = np.random.default_rng(seed).permutation(listed)
    loop = {"OR-Tools": by_ortools, "igraph": by_igraph, "scipy": by_scipy}[way](p)
    base = next(loop)
    losses: list[float] = []
    begin = time.perf_counter()
    for node in order:
        losses.append(base - loop.send(int(node)))
        if time.perf_counter() - begin > limit:
            break
    spent = time.perf_counter() - begin
    expected = ours[[f"n{i:07d}" for i in order[: len(losses)]]].to_numpy()
    if not np.array_equal(np.array(losses), expected):
        raise SystemExit(f"{way} finds other losses")
    return {"losses_s": spent, "removed": len(losses), "of": len(listed)}


def by_ortools(p: Any) -> Iterator[Any]:
    """One graph, one capacity set to 0, solved, put back."""
    from bench_removal import OrTools

    rival = OrTools(p)
    node = yield rival.value()
    while True:
        node = yield rival.without(node)


def halves(p: Any, unlimited: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tail, head and capacity of the network with split nodes, a source and a sink; nodes first."""
    n, nodes = p.n_nodes, np.arange(p.n_nodes)
    first, last = np.flatnonzero(p.supply), np.flatnonzero(p.demand)
    tail = np.concatenate((nodes, p.tail + n, np.full(len(first), 2 * n), last + n))
    head = np.concatenate((nodes + n, p.head, first, np.full(len(last), 2 * n + 1)))
    size = np.concatenate((p.node_capacity, p.capacity, p.supply[first], p.demand[last]))
    return tail, head, np.where(np.isinf(size), unlimited, size).astype(np.int64)


def by_igraph(p: Any) -> Iterator[Any]:
    """One graph; each value is asked for with the capacities that are left."""
    import igraph

    tail, head, size = halves(p, 2**40)
    graph = igraph.Graph(n=2 * p.n_nodes + 2, edges=np.column_stack([tail, head]).tolist(), directed=True)
    left = size.tolist()
    ends = (2 * p.n_nodes, 2 * p.n_nodes + 1)
    node = yield graph.maxflow_value(*ends, left)
    while True:
        left[node] = 0
        value = graph.maxflow_value(*ends, left)
        left[node] = int(size[node])
        node = yield value


def by_scipy(p: Any) -> Iterator[Any]:
    """One sparse matrix of 32-bit integers, which is all that scipy takes; parallel edges are added up."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    tail, head, size = halves(p, 2**31 - 1)
    if p.node_capacity[p.supply > 0].sum() >= 2**31 or size[p.n_nodes :].max() > 2**31 - 1:
        raise SystemExit("more than 32 bits hold")
    side, n = 2 * p.n_nodes + 2, p.n_nodes
    matrix = csr_array((size, (tail, head)), shape=(side, side))
    matrix.sum_duplicates()
    matrix = csr_array((matrix.data.astype(np.int32), matrix.indices, matrix.indptr), shape=(side, side))
    place = matrix.indptr[:n]  # the row of a node's own half holds one edge
    node = yield int(maximum_flow(matrix, 2 * n, 2 * n + 1).flow_value)
    while True:
        held, matrix.data[place[node]] = matrix.data[place[node]], 0
        value = int(maximum_flow(matrix, 2 * n, 2 * n + 1).flow_value)
        matrix.data[place[node]] = held
        node = yield value


def measure_recipes(edges: int, seed: int, folder: Path, limit: float) -> Row:
    """Every removal of a recipe network of 1,700 nodes, beside one warm HiGHS model by hand."""
    from bench_recipes import three_tiers, timed, warm_highs

    import chainnet as cn
    from chainnet.flow import Counting, ValueModel

    cn.chokepoints(cn.read("mag-9"))  # imports
    net = three_tiers(1000, 500, 200, seed)
    seconds, table = timed(cn.chokepoints, net)
    flowing = table.index[table["throughput_tpa"] > 1e-9]
    model = ValueModel(Counting(net))
    position = {name: i for i, name in enumerate(model.lowered.tables.ids)}
    closings = [model.lowered.closing(np.array([position[one]])) for one in flowing]
    spent, values = timed(warm_highs, model, closings)
    worst = float(np.abs(model.value - np.array(values) - table.loc[flowing, "lost_tpa"].to_numpy()).max())
    if worst > 1e-6 * model.value:
        raise SystemExit("the warm HiGHS model finds other losses")
    return {
        "losses_s": seconds,
        "warm_s": spent,
        "removed": len(table),
        "flowing": len(flowing),
        "nodes": len(net.nodes),
        "edges": len(net.edges),
    }


# -- all measurements ------------------------------------------------------------------------------


def in_process(way: str, edges: int, seed: int, folder: Path, limit: float) -> Row | None:
    """Return what one measurement finds, or None where the way does not go so far."""
    given = [sys.executable, __file__, "--one", way, str(edges), str(seed), str(folder), str(limit)]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    try:
        # also what comes before the loop, such as the first solve of a rival, must end
        done = subprocess.run(
            given,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            timeout=None if way in ("chainnet", "recipes") else 10 * limit + 60,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        if way in ("chainnet", "recipes"):
            raise SystemExit(f"{way} failed")
        return None
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return {"way": way, "size": edges, "seed": seed, **found}


def measured(sizes: list[int], seeds: list[int], limit: float) -> list[Row]:
    """Run everything; a rival that hardly begins within the limit is not tried at larger sizes."""
    rows: list[Row] = []
    tried = list(RIVALS)
    for edges in sorted(sizes):
        for seed in seeds:
            with tempfile.TemporaryDirectory(prefix="chainnet-page-") as name:
                folder = Path(name)
                write_tables(problem(edges, seed), seed, folder)
                for way in ("chainnet", *tried):
                    row = in_process(way, edges, seed, folder, limit)
                    print(way, edges, seed, row or "does not go so far", flush=True)
                    rows += [row] if row else []
        through = {way: [row["removed"] for row in rows if (row["way"], row["size"]) == (way, edges)] for way in tried}
        tried = [way for way in tried if min(through[way], default=0) >= FEWEST]
    for seed in seeds:
        row = in_process("recipes", 0, seed, ROOT, limit)
        print("recipes", seed, row, flush=True)
        rows += [row] if row else []
    return rows


def machine() -> Row:
    """What the runs ran on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": model,
        "cores": cores,
        "memory_gb": round(memory),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "versions": versions,
    }


def main() -> None:
    """Measure and write, or one of the two, or one measurement."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--edges", type=int, nargs="+", default=list(EDGES))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds that a rival's loop may take")
    parser.add_argument("--written", action="store_true", help="run nothing; write the page from what is on record")
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        way, edges, seed, folder, limit = given.one
        ways: dict[str, Callable[..., Row]] = {"chainnet": measure_chainnet, "recipes": measure_recipes}
        call = ways.get(way) or (lambda *rest: measure_rival(way, *rest))
        print(json.dumps(call(int(edges), int(seed), Path(folder), float(limit))))
        return
    if not given.written:
        on = machine()  # before the runs load it
        rows = measured(given.edges, given.seeds, given.limit)
        RECORD.write_text(json.dumps({**on, "limit_s": given.limit, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    from page_words import write_page

    write_page(json.loads(RECORD.read_text(encoding="utf-8")), ROOT / "docs")


if __name__ == "__main__":
    main()
