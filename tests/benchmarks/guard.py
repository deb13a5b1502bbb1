"""Hold the speed: ratios to the same rivals in one run, beside those on record.

    python tests/benchmarks/guard.py           # about two minutes; fails below half of a ratio on record
    python tests/benchmarks/guard.py --record  # puts what was measured on record in docs/explanation/ratios.json

No absolute time is judged: a slow machine slows the rivals too. Every loss that a rival finds is compared with ours.
The rivals: a loop over OR-Tools' ``SimpleMaxFlow``; a loop over one warm HiGHS model, written by hand; a loop of cold
``scipy.optimize.linprog``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from bench_recipes import scipy_cold, three_tiers, warm_highs
from bench_removal import TOP, OrTools, layered, network_of, ours

import chainnet as cn
from chainnet.engine import FlowProblem, solve
from chainnet.flow import Counting, ValueModel

RECORD = Path(__file__).parents[2] / "docs" / "explanation" / "ratios.json"
SEEDS = (0, 1, 2)
LEAST = 0.5  # of the ratio on record


def seconds(call: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """The least time of some calls, as what else runs can only add to it; and the last result."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        found = call()
        times.append(time.perf_counter() - begin)
    return min(times), found


def removals(n_nodes: int, samples: int) -> tuple[float, float]:
    """Every removal, and the largest 20, of a pure flow: the median ratios of three networks to the OR-Tools loop."""
    ratios = [_ratios(layered(n_nodes, seed), samples) for seed in SEEDS]
    every, best = zip(*ratios, strict=True)
    return statistics.median(every), statistics.median(best)


def _ratios(p: FlowProblem, samples: int) -> tuple[float, float]:
    # a network of its own for each call: nothing that an earlier one kept
    fresh = iter([network_of(p) for _ in range(6)])
    own, losses = seconds(lambda: ours(next(fresh)), 3)
    own_top, _ = seconds(lambda: ours(next(fresh), TOP), 3)
    rival = OrTools(p)
    base = rival.value()
    listed = np.flatnonzero((solve(p).throughput > 0) & (p.demand == 0))
    picked = np.random.default_rng(1).choice(listed, min(samples, len(listed)), replace=False)
    spent, values = seconds(lambda: [rival.without(int(node)) for node in picked])
    if not np.array_equal(base - np.array(values), losses[[f"n{i}" for i in picked]].to_numpy()):
        raise SystemExit("OR-Tools finds other losses")
    return spent / len(picked) * len(listed) / own, seconds(lambda: rival.top(TOP))[0] / own_top


def recipes(samples: int) -> tuple[float, float]:
    """Every removal of a recipe network: the ratio to one warm HiGHS model by hand, and to cold ``linprog``."""
    cn.chokepoints(cn.read("mag-9"))  # the solver is loaded
    net = three_tiers(400, 200, 80)
    own, table = seconds(lambda: cn.chokepoints(net))
    flowing = table.index[table["throughput_tpa"] > 1e-9]
    model = ValueModel(Counting(net))
    position = {name: i for i, name in enumerate(model.lowered.tables.ids)}
    sample = [str(flowing[i]) for i in np.linspace(0, len(flowing) - 1, samples).astype(int)]
    closings = [model.lowered.closing(np.array([position[one]])) for one in sample]
    ratios = []
    for rival in (warm_highs, scipy_cold):
        spent, values = seconds(partial(rival, model, closings))
        found = model.value - np.array(values)
        if np.abs(found - table.loc[sample, "lost_tpa"].to_numpy()).max() > 1e-6 * model.value:
            raise SystemExit(f"{rival.__name__} finds other losses")
        ratios.append(spent / samples * len(flowing) / own)
    return ratios[0], ratios[1]


def measured() -> dict[str, float]:
    """Ratios by what is compared."""
    # OR-Tools brings a HiGHS of its own: the two cannot be loaded into one process
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        pure = apart.submit(_pure).result()
    warm, cold = recipes(20)
    return {
        **pure,
        "every removal, 680 nodes with recipes, to one warm HiGHS model by hand": warm,
        "every removal, 680 nodes with recipes, to cold linprog": cold,
    }


def _pure() -> dict[str, float]:
    ours(network_of(layered(3_000, 0)))  # compiled code is loaded, or compiled
    found = {}
    for n_nodes, samples in ((2_000, 40), (10_000, 10)):
        every, best = removals(n_nodes, samples)
        found[f"every removal, {n_nodes:,} nodes, to the OR-Tools loop"] = every
        found[f"top 20, {n_nodes:,} nodes, to the OR-Tools loop"] = best
    return found


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--record", action="store_true", help="put the ratios on record")
    given = parser.parse_args()
    before = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    found = measured()
    lost = [name for name, ratio in found.items() if ratio < LEAST * before.get(name, 0.0)]
    for name, ratio in found.items():
        held = f"{before[name]:.1f} on record" if name in before else "none on record"
        print(f"{ratio:8.1f} times, {held}: {name}{'  LOST' if name in lost else ''}", flush=True)
    if given.record:
        RECORD.write_text(
            json.dumps({name: round(r, 1) for name, r in found.items()}, indent=1) + "\n", encoding="utf-8"
        )
        return 0
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
