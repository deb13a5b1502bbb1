"""A full risk exposure of a recipe network, beside what a user would pick instead.

Run as a script for the table of ratios, or by pytest-benchmark for times alone::

    python tests/benchmarks/bench_exposure.py [--sample 40]
    pytest tests/benchmarks/bench_exposure.py

Ours is the whole public call: time to survive, cost, and the least tonnes among equally cheap plans, for every node. The rivals
find the cost alone (and the time, where there are stocks), for nodes that a first plan uses, with bounds closed and opened again;
their time is scaled up from a sample of these nodes, and every sampled cost and time is compared with ours.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.sparse import vstack

import chainnet as cn
from chainnet.criticality._chokepoints import removals
from chainnet.criticality._exposure_program import ExposureProgram
from chainnet.engine import LinearProgram
from chainnet.flow import Counting
from chainnet.scenario import overlay_of

sys.path.insert(0, str(Path(__file__).parent))

from bench_recipes import three_tiers

KINDS = ("plain", "values", "few stocks", "many stocks")
PERIODS = {"plain": 2.0, "values": 2.0, "few stocks": 2.0, "many stocks": 3.0}


def network(kind: str, n_suppliers: int = 1000, n_makers: int = 500, n_plants: int = 200) -> cn.Network:
    """Return the network of ``bench_recipes`` with values, and with stocks of what nodes ship.

    The demand of "many stocks" is what the network can just deliver, so that every loss has a time to survive.
    """
    bare = three_tiers(n_suppliers, n_makers, n_plants)
    if kind == "plain":
        return bare
    rng = np.random.default_rng(1)
    demand = bare.demand.assign(value_usd_per_t=rng.uniform(100, 1000, len(bare.demand)).round(2))
    ships = bare.edges.drop_duplicates("source").reset_index(drop=True)
    stocks = pd.DataFrame(
        {
            "id": [f"k{i}" for i in range(len(ships))],
            "commodity": ships["commodity"],
            "stock_t": rng.uniform(1, 50, len(ships)).round(2),
            "node": ships["source"],
        }
    )
    if kind == "many stocks":
        stocks["stock_t"] /= 100
        tiers = cn.balance(bare).edges
        reached = tiers[tiers["target"].isin(demand["node"])].groupby("target")["flow_tpa"].sum()
        demand["demand_tpa"] = 0.999 * demand["node"].map(reached).to_numpy(dtype=float)
        demand = demand[demand["demand_tpa"] > 0]
    own = {name: getattr(bare, name) for name in ("nodes", "edges", "processes")}
    held = {"values": None, "few stocks": stocks.iloc[::20], "many stocks": stocks}[kind]
    return cn.Network(**own, demand=demand, stocks=held, name=f"three-tiers, {kind}")


def timed(call: Any, *given: Any) -> tuple[float, Any]:
    """Return (seconds, result)."""
    start = time.perf_counter()
    result = call(*given)
    return time.perf_counter() - start, result


def window(model: ExposureProgram, periods: float) -> LinearProgram:
    """Return the program of one window, divided by its length."""
    upper = model.program.col_upper.copy()
    upper[model.draws] = np.minimum(model.amounts / periods, model.releases)
    return replace(model.program, col_upper=upper)


def warm_highs(p: LinearProgram, closings: list[Any]) -> list[float]:
    """What a careful user writes by hand: one HiGHS model, bounds closed and opened again, warm by itself."""
    import highspy

    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = p.matrix.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = p.cost, p.col_lower, p.col_upper
    lp.row_lower_, lp.row_upper_ = p.row_lower, p.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    matrix = p.matrix.tocsc()
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(lp)
    highs.run()
    out = []
    for columns in closings:
        at = columns.astype(np.int32)
        highs.changeColsBounds(len(at), at, np.zeros(len(at)), np.zeros(len(at)))
        highs.run()
        optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        out.append(float(highs.getInfo().objective_function_value) if optimal else np.inf)
        highs.changeColsBounds(len(at), at, p.col_lower[columns], p.col_upper[columns])
    return out


def cold_scipy(p: LinearProgram, closings: list[Any]) -> list[float]:
    """A loop of cold ``scipy.optimize.linprog`` calls on the same matrix."""
    rows = p.matrix.tocsr()
    equal = p.row_lower == p.row_upper
    above, below = np.isfinite(p.row_lower) & ~equal, np.isfinite(p.row_upper) & ~equal
    a_ub = vstack([rows[below], -rows[above]])
    b_ub = np.concatenate([p.row_upper[below], -p.row_lower[above]])
    out = []
    for columns in closings:
        upper = p.col_upper.copy()
        upper[columns] = 0.0
        bounds = np.column_stack([p.col_lower, upper])
        done = linprog(p.cost, a_ub, b_ub, rows[equal], p.row_lower[equal], bounds, method="highs")
        out.append(float(done.fun) if done.status == 0 else np.inf)
    return out


def compare(kind: str, n_sample: int) -> None:
    """Print our time, and that of each rival with its ratio and largest difference."""
    net, periods = network(kind), PERIODS[kind]
    seconds, table = timed(cn.risk_exposure, net, periods)
    finite = table[np.isfinite(table["time_to_survive"]) & (table["time_to_survive"] > 0)]
    print(
        f"{net!r}\nchainnet: {len(table)} rows, {(table['added_cost_usd'] > 0).sum()} cost something more, {len(finite)} have a time to "
        f"survive; whole call {seconds:.2f} s",
        flush=True,
    )
    model = ExposureProgram(Counting(net), overlay_of(net, None), "existing")
    what = removals(net, "node")
    closings = [model.closing(m) for m in what.members]
    program = window(model, periods)
    used = [i for i, c in enumerate(closings) if (model.base.x[c] > 1e-9).any()]
    survivor, base = model._survivor() if len(model.draws) else (None, None)
    chosen = [used[i] for i in np.linspace(0, len(used) - 1, n_sample).astype(int)]
    whole = float(model.demand @ np.asarray(model.values))
    for name, call, count in (
        ("one warm HiGHS model, by hand", warm_highs, n_sample),
        ("cold scipy linprog", cold_scipy, min(10, n_sample)),
    ):
        some = chosen[:count]
        sets = [closings[i] for i in some]
        spent, values = timed(call, program, sets)
        rows = table.loc[what.index[some]]
        worst = float(np.max(np.abs(periods * (whole + np.array(values)) - rows["cost_usd"]) / (periods * whole)))
        if survivor is not None and base is not None:
            more, shares = timed(call, survivor, sets)
            spent += more
            ours = 1.0 / np.maximum(rows["time_to_survive"].to_numpy(dtype=float), 1e-300)
            theirs = np.array(shares)
            both = np.isfinite(theirs)
            worst = max(worst, float(np.max(np.abs(ours - theirs)[both], initial=0.0)))
        scaled = spent / count * len(used)
        print(
            f"  {name}: {scaled:.1f} s for {len(used)} nodes ({scaled / seconds:.1f} x), largest difference {worst:.0e}",
            flush=True,
        )


def main() -> None:
    """Print the table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    given = parser.parse_args()
    cn.risk_exposure(cn.read("mag-9"), 1)  # imports and caches
    for kind in given.kinds:
        compare(kind, given.sample)


@pytest.mark.parametrize("kind", KINDS)
def test_full_risk_exposure(benchmark: Any, kind: str) -> None:
    """A full call on 1,720 nodes; the aim is 10 s on two cores."""
    net = network(kind)
    table = benchmark.pedantic(cn.risk_exposure, (net, PERIODS[kind]), rounds=2, warmup_rounds=0)
    assert len(table) == 1700
    assert not table.isna().any().any()


if __name__ == "__main__":
    main()
