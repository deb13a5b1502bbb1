"""Sums of flows over time: the least and the most over all plans that serve alike, against a program of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from chainnet.flow import Counting, MonthsModel, Shipped
from chainnet.lowering import Overlay
from chainnet.network import Network


def random_network(seed: int) -> tuple[Network, np.ndarray, np.ndarray, np.ndarray]:
    """Three mines and two users, who ask in two tiers; every mine ships to every user."""
    rng = np.random.default_rng(seed)
    supply, room = rng.uniform(2, 10, 3), rng.uniform(1, 6, (3, 2))
    ask = rng.uniform(2, 8, (2, 2))  # users x tiers
    nodes = pd.DataFrame(
        {
            "id": ["m0", "m1", "m2", "u0", "u1"],
            "stage": ["mine"] * 3 + ["end_use"] * 2,
            "country": ["CHN", "AUS", "CHL", "USA", "JPN"],
            "capacity_tpa": [*supply, None, None],
        }
    )
    edges = pd.DataFrame(
        [(f"m{i}", f"u{j}", "ore", 0.1, room[i, j]) for i in range(3) for j in range(2)],
        columns=["source", "target", "commodity", "flow_tpa", "capacity_tpa"],
    )
    tiers = ("defence", "civilian")
    demand = pd.DataFrame(
        [(f"u{j}", "ore", tiers[t], ask[j, t]) for j in range(2) for t in range(2)],
        columns=["node", "commodity", "tier", "demand_tpa"],
    )
    return Network(nodes, edges, demand=demand, year=2025), supply, room, ask


def ends_by_hand(supply: Any, room: Any, ask: Any, picked: list[tuple[int, int]]) -> list[float]:
    """Serve defence, then civilians, lock both, then the least and the most of some flows: flows (6), served (4)."""
    n = 6 + 4
    bounds = [(0, room[i, j]) for i in range(3) for j in range(2)] + [
        (0, ask[j, t]) for j in range(2) for t in range(2)
    ]
    upper, limit = np.zeros((3, n)), supply
    for i in range(3):
        upper[i, [2 * i, 2 * i + 1]] = 1.0
    equal, right = np.zeros((2, n)), np.zeros(2)
    for j in range(2):
        equal[j, [j, 2 + j, 4 + j]] = 1.0  # what comes
        equal[j, [6 + 2 * j, 7 + 2 * j]] = -1.0  # is used: what nobody uses is not bought
    for t in range(2):
        goal = np.zeros(n)
        goal[[6 + t, 8 + t]] = -1.0
        best = linprog(goal, upper, limit, equal, right, bounds=bounds)
        equal, right = np.vstack([equal, goal]), np.append(right, best.fun)
    goal = np.zeros(n)
    goal[[2 * i + j for i, j in picked]] = 1.0
    return [sign * linprog(sign * goal, upper, limit, equal, right, bounds=bounds).fun for sign in (1, -1)]


@pytest.mark.parametrize("seed", range(6))
def test_ends_equal_those_of_a_program_of_its_own(seed: int) -> None:
    net, supply, room, ask = random_network(seed)
    months = 4
    model = MonthsModel(Counting(net), Overlay.none(net), "existing", months, is_whole=True)
    asked = [
        Shipped(frozenset({"m0"}), frozenset({"u0", "u1"}), frozenset({"ore"}), 0, months),
        Shipped(frozenset({"m1", "m2"}), frozenset({"u1"}), frozenset(), 1, 3),
    ]
    start = model.periods.base_start(np.zeros(len(net.edges)))
    plan = model.plan([Overlay.none(net)] * months, start, shipped=asked, least_cost=False)
    assert plan.shipped_t is not None
    for row, (picked, n) in enumerate([([(0, 0), (0, 1)], months), ([(1, 1), (2, 1)], 2)]):
        low, high = ends_by_hand(supply, room, ask, picked)
        assert plan.shipped_t[row] == pytest.approx([low * n / 12, high * n / 12], abs=1e-6)


def test_a_part_of_a_period_counts_for_its_part() -> None:
    net, *_ = random_network(1)
    model = MonthsModel(Counting(net), Overlay.none(net), "existing", 2, [3.0, 3.0], is_whole=True)
    start = model.periods.base_start(np.zeros(len(net.edges)))
    every = (frozenset(net.nodes["id"]), frozenset(net.nodes["id"]), frozenset({"ore"}))
    plan = model.plan(
        [Overlay.none(net)] * 2, start, shipped=[Shipped(*every, 0, 6), Shipped(*every, 2, 3)], least_cost=False
    )
    assert plan.shipped_t is not None
    assert plan.shipped_t[0, 1] == pytest.approx(6 * plan.shipped_t[1, 1])
    assert plan.shipped_t[0, 0] == pytest.approx(plan.served_t.sum())  # what is used comes, and nothing else must
