"""Time the exact loss of every node beside a loop over OR-Tools, on layered and on deep networks.

Run as a script for the table of ratios, or by pytest-benchmark for times alone::

    python tests/benchmarks/bench_removal.py --sizes 2000 20000 200000
    pytest tests/benchmarks/bench_removal.py

Ours is the whole public call, from the tables to the table of losses. OR-Tools builds its graph once; a removal sets
one capacity to 0, solves, and puts it back, for nodes that carry flow only. Its time for all of these is estimated from
a sample, and every sampled loss is compared with ours. The loop for the 20 largest losses goes
by falling throughput, stops by the same bound as ours, and runs to its end.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainnet as cn
from chainnet.engine import FlowProblem, solve

SEEDS = (0, 1, 2)
KINDS = ("layered", "deep")
TOP = 20
UNLIMITED = 2**40


def layered(n_nodes: int, seed: int, per_node: float = 5.92) -> FlowProblem:
    """Five layers, sizes by a Pareto law; half of the edges go where the size is."""
    rng = np.random.default_rng(seed)
    n_layers = 5
    layer = np.sort(rng.integers(0, n_layers, n_nodes))
    size = np.minimum(np.ceil(10 * (rng.pareto(1.1, n_nodes) + 1)), 1e7)
    tails, heads, capacities = [], [], []
    for step in range(n_layers - 1):
        here, there = np.flatnonzero(layer == step), np.flatnonzero(layer == step + 1)
        n_edges = round(per_node * n_layers / (n_layers - 1) * len(here))
        more = rng.choice(here, n_edges - len(here), p=size[here] / size[here].sum())
        tail = np.concatenate((here, more))
        head = rng.choice(there, n_edges, p=0.5 * size[there] / size[there].sum() + 0.5 / len(there))
        share = size[tail] / np.bincount(tail, minlength=n_nodes)[tail]
        tails.append(tail)
        heads.append(head)
        capacities.append(np.maximum(1, np.ceil(share * rng.lognormal(0.7, 0.8, n_edges))))
    return _between(layer, np.concatenate(tails), np.concatenate(heads), np.concatenate(capacities), size)


def deep(n_nodes: int, seed: int, n_layers: int = 10, per_node: int = 6) -> FlowProblem:
    """Ten layers of equal nodes with equal edges."""
    rng = np.random.default_rng(seed)
    layer = np.sort(np.arange(n_nodes) % n_layers)
    tails = [np.repeat(np.flatnonzero(layer == step), per_node) for step in range(n_layers - 1)]
    heads = [rng.choice(np.flatnonzero(layer == step + 1), len(tail)) for step, tail in enumerate(tails)]
    tail = np.concatenate(tails)
    return _between(layer, tail, np.concatenate(heads), np.full(len(tail), 10.0), np.full(n_nodes, 30.0))


def _between(
    layer: np.ndarray, tail: np.ndarray, head: np.ndarray, capacity: np.ndarray, size: np.ndarray
) -> FlowProblem:
    first, last = layer == 0, layer == layer.max()
    return FlowProblem(
        len(layer), tail, head, capacity, size, np.where(first, np.inf, 0.0), np.where(last, np.inf, 0.0)
    )


class OrTools:
    """The loop that a user would write."""

    def __init__(self, p: FlowProblem) -> None:
        from ortools.graph.python import max_flow

        def whole(values: np.ndarray) -> np.ndarray:
            return np.where(np.isinf(values), UNLIMITED, values).astype(np.int64)

        n = p.n_nodes
        nodes, first, last = np.arange(n), np.flatnonzero(p.supply), np.flatnonzero(p.demand)
        self.ends = (2 * n, 2 * n + 1)
        self.capacity = whole(p.node_capacity)
        self.graph = max_flow.SimpleMaxFlow()
        self.through = self.graph.add_arcs_with_capacity(nodes, nodes + n, self.capacity)
        self.graph.add_arcs_with_capacity(p.tail + n, p.head, whole(p.capacity))
        self.graph.add_arcs_with_capacity(np.full(len(first), 2 * n), first, whole(p.supply[first]))
        self.graph.add_arcs_with_capacity(last + n, np.full(len(last), 2 * n + 1), whole(p.demand[last]))

    def value(self) -> int:
        if self.graph.solve(*self.ends) != self.graph.OPTIMAL:
            raise RuntimeError("no optimal flow")
        return int(self.graph.optimal_flow())

    def without(self, node: int) -> int:
        self.graph.set_arc_capacity(self.through[node], 0)
        value = self.value()
        self.graph.set_arc_capacity(self.through[node], self.capacity[node])
        return value

    def top(self, count: int) -> list[int]:
        """Return the largest losses: by falling throughput, until throughput falls below the last of them."""
        base = self.value()
        through = self.graph.flows(self.through)
        best = [0] * count
        for node in np.argsort(-through, kind="stable"):
            if through[node] <= best[-1]:
                break
            best = sorted([*best, base - self.without(int(node))], reverse=True)[:count]
        return best


def timed(call: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Return the median time of a call, and its last result."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), result


def network_of(p: FlowProblem) -> cn.Network:
    """Return a flow problem as a network."""
    ids = np.array([f"n{i}" for i in range(p.n_nodes)], dtype=object)
    stage = np.where(p.supply > 0, "mine", np.where(p.demand > 0, "end_use", "refiner"))
    nodes = pd.DataFrame({"id": ids, "stage": stage, "capacity_tpa": p.node_capacity})
    edges = pd.DataFrame({"source": ids[p.tail], "target": ids[p.head], "capacity_tpa": p.capacity})
    return cn.Network(nodes=nodes, edges=edges, name="layers")


def ours(net: cn.Network, top: int | None = None) -> pd.Series:
    """Return the losses by node: the whole public call, from the tables to the table."""
    return cn.chokepoints(net, top=top)["lost_tpa"]


def compare(kind: str, n_nodes: int, seed: int, samples: int) -> str:
    """Return one row of the table. The rival removes only nodes that carry flow, as a user would."""
    p = {"layered": layered, "deep": deep}[kind](n_nodes, seed)
    net = network_of(p)
    repeats = 5 if n_nodes <= 20_000 else 1
    own, losses = timed(lambda: ours(net), repeats)
    own_top, best = timed(lambda: ours(net, TOP), repeats)
    if not np.array_equal(best.to_numpy(), losses.to_numpy()[: len(best)]):
        raise AssertionError("the largest losses differ")
    row = f"| {kind} | {n_nodes:,} | {len(p.tail):,} | {seed} | {own * 1e3:,.0f} ms | {own_top * 1e3:,.0f} ms |"
    if not samples:
        return row + " | | |"
    rival = OrTools(p)
    base = rival.value()
    carries = solve(p).throughput > 0
    listed = np.flatnonzero(carries & (p.demand == 0))
    picked = np.random.default_rng(1).choice(listed, min(samples, len(listed)), replace=False)
    rival_time, values = timed(lambda: [rival.without(int(node)) for node in picked])
    if not np.array_equal(base - np.array(values), losses[[f"n{i}" for i in picked]].to_numpy()):
        raise AssertionError("losses differ")
    every = rival_time / len(picked) * int(carries.sum())
    row += f" {every:,.1f} s | {every / own:,.0f} |"
    if n_nodes > 20_000:
        return row + " |"
    rival_top, _ = timed(lambda: rival.top(TOP))
    return row + f" {rival_top / own_top:,.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--samples", type=int, default=40, help="nodes that OR-Tools removes; 0 leaves it out")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    given = parser.parse_args()
    warm, _ = timed(lambda: ours(network_of(layered(3_000, 0))))
    print(f"First call in this process (numba starts; compiles if it never did): {warm:.1f} s\n")
    print("| network | nodes | edges | seed | every node | top 20 | OR-Tools loop | ratio | ratio top 20 |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for kind in given.kinds:
        for n_nodes in given.sizes:
            for seed in given.seeds:
                print(compare(kind, n_nodes, seed, given.samples), flush=True)


@pytest.mark.parametrize("n_nodes", [200, 2_000, 20_000])
@pytest.mark.parametrize("kind", KINDS)
def test_every_node(benchmark: Any, kind: str, n_nodes: int) -> None:
    p = {"layered": layered, "deep": deep}[kind](n_nodes, 0)
    losses = benchmark(ours, network_of(p))
    assert len(losses) <= n_nodes


@pytest.mark.parametrize("n_nodes", [2_000, 20_000])
@pytest.mark.parametrize("kind", KINDS)
def test_top(benchmark: Any, kind: str, n_nodes: int) -> None:
    p = {"layered": layered, "deep": deep}[kind](n_nodes, 0)
    losses = benchmark(ours, network_of(p), TOP)
    assert len(losses) == TOP


@pytest.mark.parametrize("n_nodes", [2_000, 20_000])
@pytest.mark.parametrize("kind", KINDS)
def test_one_removal_by_ortools(benchmark: Any, kind: str, n_nodes: int) -> None:
    rival = OrTools({"layered": layered, "deep": deep}[kind](n_nodes, 0))
    benchmark(rival.without, n_nodes // 2)


if __name__ == "__main__":
    main()
