"""Every single removal of a recipe network, beside what a user would pick instead.

Run as a script: ``python tests/benchmarks/bench_recipes.py [--nodes 1700]``. Rivals are timed on a
sample of the same removals and scaled to all of them; losses are compared on the sample.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import chainnet as cn
from chainnet.flow import Counting, ValueModel

sys.path.insert(0, str(Path(__file__).parents[1]))


def three_tiers(n_suppliers: int, n_makers: int, n_plants: int, seed: int = 0) -> cn.Network:
    """Suppliers of 60 materials, makers of 40 parts, plants of 20 products; heavy-tailed sizes."""
    rng = np.random.default_rng(seed)
    n_materials, n_parts, n_products = 60, 40, 20
    nodes: list[tuple[Any, ...]] = []
    edges: list[tuple[str, str, str]] = []
    recipes: list[tuple[str, str, str, float]] = []
    suppliers: dict[int, list[str]] = {}
    for i in range(n_suppliers):
        material = i if i < n_materials else int(rng.integers(n_materials))
        nodes.append((f"S{i}", "mine", None, rng.pareto(1.5) * 10 + 1))
        suppliers.setdefault(material, []).append(f"S{i}")
    takes = [rng.choice(n_materials, 3, replace=False) for _ in range(n_parts)]
    for part in range(n_parts):
        recipes.append((f"p{part}", f"p{part}", "output", 1.0))
        recipes += [(f"p{part}", f"m{m}", "input", float(rng.uniform(0.2, 1.5))) for m in takes[part]]
    makers: dict[int, list[str]] = {}
    for i in range(n_makers):
        part = i % n_parts
        nodes.append((f"T{i}", "refiner", f"p{part}", rng.pareto(1.5) * 20 + 2))
        makers.setdefault(part, []).append(f"T{i}")
        for m in takes[part]:
            chosen = rng.choice(suppliers[int(m)], min(3, len(suppliers[int(m)])), replace=False)
            edges += [(s, f"T{i}", f"m{m}") for s in chosen]
    needs = [rng.choice(n_parts, 3, replace=False) for _ in range(n_products)]
    for product in range(n_products):
        recipes.append((f"q{product}", f"q{product}", "output", 1.0))
        recipes += [(f"q{product}", f"p{p}", "input", float(rng.uniform(0.2, 1.2))) for p in needs[product]]
    for i in range(n_plants):
        product = i % n_products
        nodes.append((f"P{i}", "manufacturer", f"q{product}", rng.pareto(1.5) * 30 + 5))
        for p in needs[product]:
            chosen = rng.choice(makers[int(p)], min(4, len(makers[int(p)])), replace=False)
            edges += [(t, f"P{i}", f"p{p}") for t in chosen]
        edges.append((f"P{i}", f"D{product}", f"q{product}"))
    demand = [(f"D{q}", f"q{q}", "civilian", 200.0) for q in range(n_products)]
    nodes += [(f"D{q}", "end_use", None, None) for q in range(n_products)]
    return cn.Network(
        nodes=pd.DataFrame(nodes, columns=["id", "stage", "process", "capacity_tpa"]),
        edges=pd.DataFrame(edges, columns=["source", "target", "commodity"]),
        processes=pd.DataFrame(recipes, columns=["process", "commodity", "role", "t_per_t"]),
        demand=pd.DataFrame(demand, columns=["node", "commodity", "tier", "demand_tpa"]),
        name="three-tiers",
    )


def scipy_cold(model: ValueModel, closings: list[Any]) -> list[float]:
    """A loop of cold ``scipy.optimize.linprog`` calls on the same matrix."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    p = model.lowered.program
    cost = np.zeros(len(p.cost))
    cost[model.lowered.served[model.counted]] = -1.0
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
        done = linprog(cost, a_ub, b_ub, rows[equal], p.row_lower[equal], bounds, method="highs")
        out.append(-float(done.fun))
    return out


def warm_highs(model: ValueModel, closings: list[Any]) -> list[float]:
    """What a careful user writes by hand: one HiGHS model, bounds closed and opened again, warm by itself."""
    import highspy

    p = model.lowered.program
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = p.matrix.shape
    cost = np.zeros(len(p.cost))
    cost[model.lowered.served[model.counted]] = -1.0
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, p.col_lower, p.col_upper
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
        out.append(-float(highs.getInfo().objective_function_value))
        highs.changeColsBounds(len(at), at, p.col_lower[columns], p.col_upper[columns])
    return out


def pypsa_loop(net: cn.Network, ids: list[str]) -> list[float]:
    """Build the same model in PyPSA and solve it with HiGHS, once per removal."""
    import logging

    import pypsa

    logging.disable(logging.WARNING)
    nodes, edges, recipes = net.nodes.set_index("id"), net.edges, net.processes
    out = []
    for removed in ids:
        n = pypsa.Network()
        n.set_snapshots([0])
        keys = sorted({*(edges["source"] + "|" + edges["commodity"]), *(edges["target"] + "|" + edges["commodity"])})
        n.add("Bus", keys)
        n.add(
            "Link",
            [f"e{i}" for i in range(len(edges))],
            bus0=(edges["source"] + "|" + edges["commodity"]).to_numpy(),
            bus1=(edges["target"] + "|" + edges["commodity"]).to_numpy(),
            p_nom=1e5,
        )
        for process, lines in recipes.groupby("process"):
            made = lines.loc[lines["role"] == "output", "commodity"].iloc[0]
            inputs = lines[lines["role"] == "input"]
            who = [i for i in nodes.index[nodes["process"] == process] if f"{i}|{made}" in keys]
            first = inputs.iloc[0]
            ports = {"bus0": [f"{i}|{first['commodity']}" for i in who], "bus1": [f"{i}|{made}" for i in who]}
            ports["efficiency"] = [1.0 / first["t_per_t"]] * len(who)
            for number, line in enumerate(inputs.iloc[1:].itertuples(), start=2):
                ports[f"bus{number}"] = [f"{i}|{line.commodity}" for i in who]
                ports[f"efficiency{number}"] = [-line.t_per_t / first["t_per_t"]] * len(who)
            size = [0.0 if i == removed else float(nodes.loc[i, "capacity_tpa"]) * first["t_per_t"] for i in who]
            n.add("Link", [f"z{i}" for i in who], p_nom=size, **ports)
        mines = nodes.index[(nodes["stage"] == "mine")]
        commodity = edges.drop_duplicates("source").set_index("source")["commodity"]
        mines = [m for m in mines if m in commodity.index]
        n.add(
            "Generator",
            [f"g{m}" for m in mines],
            bus=[f"{m}|{commodity[m]}" for m in mines],
            p_nom=[0.0 if m == removed else float(nodes.loc[m, "capacity_tpa"]) for m in mines],
        )
        asked = net.demand
        n.add(
            "Generator",
            ("d" + asked["node"]).tolist(),
            bus=(asked["node"] + "|" + asked["commodity"]).to_numpy(),
            p_nom=asked["demand_tpa"].to_numpy(),
            p_min_pu=-1.0,
            p_max_pu=0.0,
            marginal_cost=1.0,
        )
        n.optimize(solver_name="highs", log_to_console=False, output_flag=False, include_objective_constant=False)
        out.append(-float(n.objective))
    return out


def timed(call: Any, *given: Any) -> tuple[float, Any]:
    """Return (seconds, result)."""
    start = time.perf_counter()
    result = call(*given)
    return time.perf_counter() - start, result


def main() -> None:
    """Print the table of ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--pypsa", type=int, default=2, help="removals timed with PyPSA, 0 = leave out")
    given = parser.parse_args()
    cn.chokepoints(cn.read("mag-9"))  # imports and caches
    net = three_tiers(1000, 500, 200)
    seconds, table = timed(cn.chokepoints, net)
    flowing = table.index[table["throughput_tpa"] > 1e-9]
    print(f"{net!r}\nchainnet: {len(table)} removals, {len(flowing)} carry flow, whole call {seconds:.2f} s")
    model = ValueModel(Counting(net))
    position = {name: i for i, name in enumerate(model.lowered.tables.ids)}
    sample = [str(flowing[i]) for i in np.linspace(0, len(flowing) - 1, given.sample).astype(int)]
    closings = [model.lowered.closing(np.array([position[s]])) for s in sample]
    rivals: list[tuple[str, Any, tuple[Any, ...], int]] = [
        ("one warm HiGHS model, by hand", warm_highs, (model, closings), len(sample)),
        ("cold scipy linprog", scipy_cold, (model, closings[:10]), 10),
    ]
    if given.pypsa:
        rivals.append(("PyPSA build and solve", pypsa_loop, (net, sample[: given.pypsa]), given.pypsa))
    for name, call, args, count in rivals:
        spent, values = timed(call, *args)
        whole = spent / count * len(flowing)
        found = np.array([model.value - v for v in values])
        ours = table.loc[sample[:count], "lost_tpa"].to_numpy()
        worst = float(np.max(np.abs(found - ours)))
        print(
            f"{name}: {whole:.1f} s for all that carry flow ({whole / seconds:.1f} x), largest difference {worst:.1e} t"
        )


if __name__ == "__main__":
    main()
