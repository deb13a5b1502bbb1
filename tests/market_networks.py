"""Small markets whose prices can be worked out by hand, and random ones with a program that shares nothing with ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import LinearConstraint, minimize

import chainnet as cn

CURVES = ["node", "commodity", "tier", "intercept_usd_per_t", "slope_usd_per_t_per_tpa"]
USA, CHN = {"country": "USA"}, {"country": "CHN"}


def network(
    nodes: list[tuple[Any, ...]],
    edges: list[tuple[str, str, str, float]],
    demand: dict[tuple[str, str], float],
    recipes: list[tuple[str, str, str, float]] | None = None,
    **more: Any,
) -> cn.Network:
    """Return a network: nodes of id, stage, country, process and capacity; edges with a cost; recipes by line."""
    tables = {name: pd.DataFrame(more.pop(name)) for name in ("projects", "commodities", "stocks") if name in more}
    if recipes:
        tables["processes"] = pd.DataFrame(recipes, columns=["process", "commodity", "role", "t_per_t"])
    asked = [(node, good, "civilian", size) for (node, good), size in demand.items()]
    return cn.Network(
        nodes=pd.DataFrame(nodes, columns=["id", "stage", "country", "process", "capacity_tpa"]),
        edges=pd.DataFrame(edges, columns=["source", "target", "commodity", "cost_usd_per_t"]),
        demand=pd.DataFrame(asked, columns=["node", "commodity", "tier", "demand_tpa"]),
        name="toy",
        **tables,
        **more,
    )


def curves(**given: tuple[float, float]) -> pd.DataFrame:
    """Return a table of curves: intercept and slope by node."""
    return pd.DataFrame([(name, None, None, *ends) for name, ends in given.items()], columns=CURVES)


def two_countries() -> tuple[cn.Network, pd.DataFrame]:
    """China 10 + q and 60 - q; USA 30 + 2q and 97.5 - q; transport 5."""
    net = network(
        [
            ("mine_chn", "mine", "CHN", None, None),
            ("mine_usa", "mine", "USA", None, None),
            ("use_chn", "end_use", "CHN", None, None),
            ("use_usa", "end_use", "USA", None, None),
        ],
        [
            ("mine_chn", "use_chn", "good", 0.0),
            ("mine_usa", "use_usa", "good", 0.0),
            ("mine_chn", "use_usa", "good", 5.0),
        ],
        {("use_chn", "good"): 10.0, ("use_usa", "good"): 40.0},
        main_commodity="good",
    )
    return net, curves(mine_chn=(10, 1), mine_usa=(30, 2), use_chn=(60, 1), use_usa=(97.5, 1))


def magnets(capacity: float | None = None, separation: float = 15.0) -> tuple[cn.Network, pd.DataFrame]:
    """Ore 20 + 0.1 q; 1.25 t of it a tonne of oxide; 0.3 t of that a magnet, at 10; users 200 - 0.5 q."""
    net = network(
        [
            ("ore", "mine", "CHN", None, None),
            ("separator", "refiner", "CHN", "separate", capacity),
            ("maker", "manufacturer", "CHN", "magnet", None),
            ("users", "end_use", "CHN", None, None),
        ],
        [("ore", "separator", "ore", 0.0), ("separator", "maker", "oxide", 0.0), ("maker", "users", "magnet", 0.0)],
        {("users", "magnet"): 300.0},
        [
            ("separate", "oxide", "output", 1.0),
            ("separate", "ore", "input", 1.25),
            ("magnet", "magnet", "output", 1.0),
            ("magnet", "oxide", "input", 0.3),
        ],
        main_commodity="magnet",
    )
    return net, curves(ore=(20, 0.1), separator=(separation, 0), maker=(10, 0), users=(200, 0.5))


def small_country() -> tuple[cn.Network, pd.DataFrame]:
    """World 54, flat; home 40 + 0.02 q; users 150 - 0.02 q."""
    net = network(
        [
            ("world", "mine", "CHN", None, None),
            ("home", "mine", "USA", None, None),
            ("users", "end_use", "USA", None, None),
        ],
        [("world", "users", "good", 0.0), ("home", "users", "good", 0.0)],
        {("users", "good"): 4800.0},
        main_commodity="good",
    )
    return net, curves(world=(54, 0), home=(40, 0.02), users=(150, 0.02))


def joint_product(cerium: float = 50.0) -> tuple[cn.Network, pd.DataFrame]:
    """One run gives 1 Nd and 2 Ce from feed at 20 + 0.5 z; Nd 150 - q, Ce cerium - 0.2 q."""
    net = network(
        [
            ("feed", "mine", "CHN", None, None),
            ("plant", "refiner", "CHN", "split", None),
            ("nd_users", "end_use", "CHN", None, None),
            ("ce_users", "end_use", "CHN", None, None),
        ],
        [("feed", "plant", "ore", 0.0), ("plant", "nd_users", "nd", 0.0), ("plant", "ce_users", "ce", 0.0)],
        {("nd_users", "nd"): 100.0, ("ce_users", "ce"): 100.0},
        [("split", "nd", "output", 1.0), ("split", "ce", "coproduct", 2.0), ("split", "ore", "input", 1.0)],
        main_commodity="nd",
    )
    return net, curves(feed=(20, 0.5), plant=(0, 0), nd_users=(150, 1), ce_users=(cerium, 0.2))


def next_product() -> tuple[cn.Network, pd.DataFrame]:
    """World oxide 50 and magnets 45, flat; home oxide 40 + 0.2 q, magnets of 0.3 t oxide at 20 + 0.01 z."""
    net = network(
        [
            ("world_oxide", "mine", "CHN", None, None),
            ("world_magnet", "mine", "CHN", None, None),
            ("home_oxide", "mine", "USA", None, None),
            ("maker", "manufacturer", "USA", "magnet", None),
            ("users", "end_use", "USA", None, None),
        ],
        [
            ("world_oxide", "maker", "oxide", 0.0),
            ("home_oxide", "maker", "oxide", 0.0),
            ("maker", "users", "magnet", 0.0),
            ("world_magnet", "users", "magnet", 0.0),
        ],
        {("users", "magnet"): 5000.0},
        [("magnet", "magnet", "output", 1.0), ("magnet", "oxide", "input", 0.3)],
        main_commodity="magnet",
    )
    return net, curves(
        world_oxide=(50, 0), world_magnet=(45, 0), home_oxide=(40, 0.2), maker=(20, 0.01), users=(145, 0.02)
    )


def entry(unit_cost: float = 45_000.0) -> tuple[cn.Network, pd.DataFrame]:
    """World 40,000 + q; users 90,000 - 2q; a project of 5,000 t for 500 million."""
    net = network(
        [("world", "mine", "CHN", None, None), ("users", "end_use", "USA", None, None)],
        [("world", "users", "good", 0.0), ("plant", "users", "good", 0.0)],
        {("users", "good"): 16_000.0},
        projects=[
            {"id": "plant", "stage": "mine", "country": "USA", "capacity_tpa": 5000.0, "capex_musd": 500.0,
             "unit_cost_usd_per_t": unit_cost, "start_year": 2028},
        ],
        main_commodity="good",
    )  # fmt: skip
    return net, curves(world=(40_000, 1), users=(90_000, 2))


def random_market(seed: int) -> tuple[cn.Network, pd.DataFrame]:
    """Return a market of two to four stages, some plants with a flat cost and a limit, links with costs and limits."""
    rng = np.random.default_rng(seed)
    stages = int(rng.integers(2, 5))
    nodes: list[tuple[Any, ...]] = []
    rows: dict[str, tuple[float, float]] = {}
    recipes: list[tuple[str, str, str, float]] = []
    layers: list[list[str]] = []
    for stage in range(stages):
        kind = "mine" if stage == 0 else "end_use" if stage == stages - 1 else "refiner"
        names = [f"{kind}{stage}_{number}" for number in range(int(rng.integers(1, 4)))]
        process = None if kind in ("mine", "end_use") else f"p{stage}"
        if process:
            recipes += [(process, f"g{stage}", "output", 1.0), (process, f"g{stage - 1}", "input", rng.uniform(0.3, 2))]
        for name in names:
            country = rng.choice(["CHN", "USA"])
            flat = bool(rng.random() < 0.3) and kind != "end_use"
            cap = float(rng.uniform(5, 60)) if flat or rng.random() < 0.3 else None
            nodes.append((name, kind, country, process, None if kind == "end_use" else cap))
            slope = 0.0 if flat else float(rng.uniform(0.05, 2))
            rows[name] = (float(rng.uniform(200, 600) if kind == "end_use" else rng.uniform(1, 60)), slope)
        layers.append(names)
    edges = [
        (a, b, f"g{number}", float(rng.uniform(0, 20)))
        for number, (left, right) in enumerate(pairwise(layers))
        for a in left
        for b in right
        if rng.random() < 0.8
    ]
    good = f"g{stages - 2}"
    net = network(nodes, edges, {(name, good): 50.0 for name in layers[-1]}, recipes, main_commodity=good)
    return net, curves(**rows)


def solved_elsewhere(
    net: cn.Network,
    table: pd.DataFrame,
    trades: Sequence[tuple[str, str, int, float, float]] = (),
    charged: Mapping[str, float] | None = None,
) -> tuple[float, dict[tuple[str, str], float]]:
    """Return what a random market is worth and its prices, by scipy's own method on a program written anew.

    Prices are the slopes of the worth in what is given to a balance from outside, on both sides. ``trades``: node, good,
    1 = bought there or -1 = sold, at most how much, at which price; ``charged``: USD/t that each user pays on top.
    """
    curve = table.set_index("node")[CURVES[3:]].astype(float)
    edges, nodes = net.edges, net.nodes.set_index("id")
    makers = [name for name in nodes.index if nodes.loc[name, "stage"] == "refiner"]
    mines = [name for name in nodes.index if nodes.loc[name, "stage"] == "mine"]
    users = [name for name in nodes.index if nodes.loc[name, "stage"] == "end_use"]
    names = [
        *[("edge", i) for i in range(len(edges))],
        *[("make", n) for n in [*mines, *makers]],
        *[("use", n) for n in users],
        *[("trade", i) for i in range(len(trades))],
    ]
    place = {name: number for number, name in enumerate(names)}
    balances: dict[tuple[str, str], np.ndarray] = {}

    def row(node: str, good: str) -> np.ndarray:
        return balances.setdefault((node, good), np.zeros(len(names)))

    for i, edge in enumerate(edges.itertuples()):
        row(edge.source, edge.commodity)[i] -= 1.0
        row(edge.target, edge.commodity)[i] += 1.0
    lines = net.processes
    for name in makers:
        for line in lines[lines["process"] == nodes.loc[name, "process"]].itertuples():
            row(name, line.commodity)[place["make", name]] += (1.0 if line.role == "output" else -1.0) * line.t_per_t
    for name in mines:
        for good in set(edges.loc[edges["source"] == name, "commodity"]):
            row(name, good)[place["make", name]] += 1.0
    for name in users:
        for good in set(net.demand.loc[net.demand["node"] == name, "commodity"]):
            row(name, good)[place["use", name]] -= 1.0
    base, slope, upper = np.zeros(len(names)), np.zeros(len(names)), np.full(len(names), np.inf)
    base[: len(edges)] = edges["cost_usd_per_t"]
    for number, (node, good, sign, most, usd) in enumerate(trades):
        column = place["trade", number]
        row(node, good)[column] -= sign
        base[column], upper[column] = -sign * usd, most
    for kind, name in names[len(edges) : len(names) - len(trades)]:
        number = place[kind, name]
        a, b = curve.loc[name]
        base[number], slope[number] = ((charged or {}).get(name, 0.0) - a if kind == "use" else a), b
        if kind == "make" and not np.isnan(nodes.loc[name, "capacity_tpa"]):
            upper[number] = nodes.loc[name, "capacity_tpa"]
    matrix = np.array(list(balances.values()))
    found = minimize(
        lambda x: float(base @ x + slope @ (x * x) / 2),
        np.zeros(len(names)),
        jac=lambda x: base + slope * x,
        hess=lambda x: np.diag(slope),
        method="trust-constr",
        bounds=list(zip(np.zeros(len(names)), upper, strict=True)),
        constraints=[LinearConstraint(matrix, 0.0, np.inf)],
        options={"gtol": 1e-9, "xtol": 1e-12, "barrier_tol": 1e-9, "maxiter": 3000},
    )
    price = -np.asarray(found.v[0])
    return -float(found.fun), {key: float(value) for key, value in zip(balances, price, strict=True)}
