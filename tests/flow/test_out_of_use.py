"""A plant that is removed supplies nobody, also where neither capacity nor baseline bounds it and new links may open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import frame
from scipy.optimize import linprog

import chainnet as cn

STOP = cn.Scenario("stop", [{"kind": "remove", "nodes": ["wide"]}])
CHINA = cn.Scenario("china", [{"kind": "remove", "where": {"country": "CHN"}}])


def first_day(**more: Any) -> cn.Network:
    """Edges and names, as on the first day: of the mine in China nothing is known but that it ships."""
    return cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("wide", "mine", "CHN", None),
            ("home", "mine", "USA", 9.0),
            ("user", "end_use", "USA", None),
        ),
        edges=frame("source target commodity", ("wide", "user", "ore"), ("home", "user", "ore")),
        demand=frame("node commodity tier demand_tpa", ("user", "ore", "defence", 100.0)),
        main_commodity="ore",
        beneficiaries=["USA"],
        **more,
    )


@pytest.mark.parametrize("scenario", [STOP, CHINA])
@pytest.mark.parametrize("reroute", ["existing", "new"])
def test_a_removed_mine_supplies_nothing(scenario: cn.Scenario, reroute: Any) -> None:
    found = cn.balance(first_day(), scenario, reroute)
    assert found.demand["shortfall_tpa"].tolist() == pytest.approx([91.0])
    assert found.nodes.loc["wide", "throughput_tpa"] == 0.0
    assert "wide" not in set(found.suppliers["source"])


def test_nor_month_by_month_nor_in_a_ranking_nor_in_levels() -> None:
    net = first_day()
    months = cn.stress_test(net, STOP, months=12, reroute="new").summary.loc["stop"]
    assert months["shortfall_t"].tolist() == pytest.approx([91.0])
    losses = cn.chokepoints(net, by="country", reroute="new")["lost_tpa"]
    assert losses["CHN"] == pytest.approx(91.0)
    assert cn.interdict(net, k=1, reroute="new").lost_tpa == pytest.approx(91.0)
    levels = cn.reroute(net, STOP).levels
    assert levels.filter(like="short").to_numpy().min() == pytest.approx(91.0)


def test_a_user_that_is_removed_hands_nothing_on() -> None:
    net = cn.Network(
        nodes=frame(
            "id stage country",
            ("m", "mine", "AUS"),
            ("hub", "refiner", "CHN"),
            ("u", "end_use", "USA"),
            ("v", "end_use", "JPN"),
        ),
        edges=frame("source target commodity", ("m", "hub", "ore"), ("hub", "u", "ore"), ("hub", "v", "ore")),
        demand=frame("node commodity tier demand_tpa", ("u", "ore", "civilian", 5.0), ("v", "ore", "civilian", 7.0)),
        main_commodity="ore",
    )
    gone = cn.Scenario("gone", [{"kind": "remove", "nodes": ["hub"]}])
    assert cn.balance(net, gone, "new").demand["shortfall_tpa"].tolist() == pytest.approx([5.0, 7.0])


@pytest.mark.parametrize("seed", range(25))
def test_new_links_serve_as_much_as_the_plants_that_stand_can(seed: int) -> None:
    """One good, mines without or with a capacity, users anywhere: each may buy from each that stands."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    capacity = [None if rng.random() < 0.5 else float(rng.integers(0, 20)) for _ in range(n)]
    asked = [float(rng.integers(1, 20)) for _ in range(m)]
    out = set(rng.choice(n, size=int(rng.integers(1, n + 1)), replace=False).tolist())
    mines = [(f"m{k}", "mine", str(rng.choice(["CHN", "AUS"])), cap) for k, cap in enumerate(capacity)]
    users = [(f"u{k}", "end_use", str(rng.choice(["USA", "CHN"])), None) for k in range(m)]
    edges = [(f"m{k}", f"u{k % m}", "ore") for k in range(n)] + [("m0", f"u{k}", "ore") for k in range(1, m)]
    net = cn.Network(
        nodes=frame("id stage country capacity_tpa", *mines, *users),
        edges=frame("source target commodity", *edges),
        demand=frame("node commodity tier demand_tpa", *[(f"u{k}", "ore", "civilian", t) for k, t in enumerate(asked)]),
        main_commodity="ore",
    )
    supply = [0.0 if k in out else 1e6 if cap is None else cap for k, cap in enumerate(capacity)]
    rows = np.zeros((n + m, n * m))
    for k in range(n):
        rows[k, k * m : (k + 1) * m] = 1.0
    for k in range(m):
        rows[n + k, k::m] = 1.0
    best = -linprog(-np.ones(n * m), A_ub=rows, b_ub=[*supply, *asked]).fun
    gone = cn.Scenario("gone", [{"kind": "remove", "nodes": [f"m{k}" for k in sorted(out)]}])
    found = cn.balance(net, gone, "new")
    assert found.demand["served_tpa"].sum() == pytest.approx(best)
