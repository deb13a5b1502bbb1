"""Losses when the beneficiaries do not outbid everyone, against balances of the network without what is removed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from recipe_networks import recipe_network

import chainnet as cn

CLOSE = 1e-6


def plain(seed: int) -> cn.Network:
    """Mines, passing nodes and users of two countries; whole capacities, demand in one tier."""
    rng = np.random.default_rng(seed)
    mines, mids, ends = ([f"{word}{i}" for i in range(3)] for word in ("m", "p", "u"))
    nodes = [(i, "mine", "AUS", float(rng.integers(1, 9))) for i in mines]
    nodes += [(i, "refiner", str(rng.choice(["USA", "CHN"])), float(rng.integers(1, 9))) for i in mids]
    nodes += [(i, "end_use", ("USA", "CHN", "JPN")[k], None) for k, i in enumerate(ends)]
    pairs = [(a, b) for a in mines for b in mids] + [(a, b) for a in mids for b in ends]
    pairs += [(a, b) for a in mines for b in ends]
    edges = [(a, b, float(rng.integers(1, 7))) for a, b in pairs if rng.random() < 0.6]
    return cn.Network(
        frame("id stage country capacity_tpa", *nodes),
        frame("source target capacity_tpa", *(edges or [("m0", "u0", 3.0)])),
        demand=frame("node tier demand_tpa", *((i, "defence", float(rng.integers(1, 9))) for i in ends)),
        name=f"plain{seed}",
    )


def recipes(seed: int) -> cn.Network:
    """A random network of recipes with a few uses in each of two countries, all in one tier."""
    net = recipe_network(seed, wild=False)
    nodes, rng = net.nodes, np.random.default_rng(seed)
    ends = nodes["stage"] == "end_use"
    nodes.loc[ends, "country"] = rng.permutation(["USA", "CHN", "JPN"] * 9)[: int(ends.sum())]
    demand = net.demand.dropna(subset=["tier"]).assign(tier="defence")
    demand = demand.groupby(["node", "commodity", "tier"], as_index=False)["demand_tpa"].sum()
    main = sorted(demand["commodity"].unique())[:2]
    return net.with_table("nodes", nodes).with_table("demand", demand).with_table("stocks", net.stocks.iloc[:0]), main


def served(net: cn.Network, others: str, **asked: Any) -> tuple[float, float, float]:
    """Return what a balance serves those that the value counts, and the ends of what the beneficiaries have of it."""
    if net.demand.empty:
        return 0.0, 0.0, 0.0
    found = cn.balance(net, others=others, **asked)  # type: ignore[arg-type]
    rows = found.demand[found.demand["is_counted"] & ((others == "alongside") | found.demand["is_beneficiary"])]
    ranges = found.ranges
    ends = (0.0, 0.0) if ranges is None else tuple(ranges[["served_least_tpa", "served_most_tpa"]].sum())
    return float(rows["served_tpa"].sum()), float(ends[0]), float(ends[1])


def check(net: cn.Network, others: str, **asked: Any) -> pd.DataFrame:
    """Compare every loss by node with two balances."""
    table = cn.chokepoints(net, others=others, **asked)  # type: ignore[arg-type]
    base = served(net, others, **asked)
    for name, row in table.iterrows():
        left = served(net.without(nodes=[name]), others, **asked)
        assert row["lost_tpa"] == pytest.approx(base[0] - left[0], abs=CLOSE * max(base[0], 1.0)), name
        if others == "alongside":
            ends = (row["ours_least_tpa"], row["ours_most_tpa"])
            assert ends == pytest.approx(left[1:], abs=CLOSE * max(base[0], 1.0)), name
    if others == "alongside":
        assert tuple(table.attrs["ours_tpa"].values()) == pytest.approx(base[1:], abs=CLOSE * max(base[0], 1.0))
    assert table["lost_tpa"].is_monotonic_decreasing
    return table


@pytest.mark.parametrize("others", ["after", "before", "alongside"])
@pytest.mark.parametrize("seed", range(12))
def test_pure_flows_lose_what_two_balances_differ_by(seed: int, others: str) -> None:
    check(plain(seed), others, beneficiaries=["USA"])


@pytest.mark.parametrize("others", ["before", "alongside"])
@pytest.mark.parametrize("seed", range(16))
def test_recipes_lose_what_two_balances_differ_by(seed: int, others: str) -> None:
    net, main = recipes(seed)
    check(net, others, beneficiaries=["USA"], commodity=main)
