"""Coalition games and the levels of response: what several rooms share."""

from __future__ import annotations

from math import comb, factorial

import numpy as np
import pandas as pd
import pytest
from conftest import two_tier

import chainnet as cn
from chainnet.flow import Counting, levels, project_sizes, shapley_values
from chainnet.lowering import Overlay
from chainnet.projects._access import access_to
from chainnet.projects._game import Game
from chainnet.scenario import overlay_of


def majority(coalition: frozenset[str]) -> float:
    """2 of 3 win 6; a alone wins 1."""
    return 6.0 if len(coalition) >= 2 else float("a" in coalition)


def test_shapley_by_hand() -> None:
    share, error = shapley_values(["a", "b", "c"], majority)
    assert share.sum() == pytest.approx(6.0)
    assert share["b"] == pytest.approx(share["c"])
    assert share["a"] == pytest.approx((2 * 1 + 2 * 6) / factorial(3) + 0.0)
    assert (error == 0).all()


def test_many_players_are_sampled_with_their_error() -> None:
    weight = {f"p{i}": float(i) for i in range(15)}
    share, error = shapley_values(list(weight), lambda c: sum(weight[p] for p in c), permutations=8)
    assert share.to_dict() == pytest.approx(weight), "an additive game leaves nothing to chance"
    assert (error < 1e-9).all()

    def rough(c: frozenset[str]) -> float:
        return max((weight[p] for p in c), default=0.0)

    first, error = shapley_values(list(weight), rough, permutations=8, seed=3)
    again, _ = shapley_values(list(weight), rough, permutations=8, seed=3)
    pd.testing.assert_series_equal(first, again)
    assert first.sum() == pytest.approx(14.0)
    assert (error > 0).any()


WEIGHT = {f"p{i:02d}": float(i) for i in range(1, 15)}


def exact_shares(most: float) -> dict[str, float]:
    """Shares of the game min(most, sum of weights), by counting the sets of others of each size and sum."""
    n, top = len(WEIGHT), int(sum(WEIGHT.values()))
    weight = np.array([1.0 / (n * comb(n - 1, size)) for size in range(n)])
    sums, shares = np.arange(top + 1), {}
    for player, own in WEIGHT.items():
        ways = np.zeros((n + 1, top + 1))
        ways[0, 0] = 1.0
        for other, amount in WEIGHT.items():
            if other != player:
                ways[1:, int(amount) :] += ways[:-1, : top + 1 - int(amount)].copy()
        gain = np.minimum(sums + own, most) - np.minimum(sums, most)
        shares[player] = float(weight @ (ways[:n] @ gain))
    return shares


def capped(coalition: frozenset[str]) -> float:
    return min(20.0, sum(WEIGHT[p] for p in coalition))


def test_sampled_shares_lie_within_their_error_of_the_exact_ones() -> None:
    exact = pd.Series(exact_shares(20.0))
    assert exact.sum() == pytest.approx(20.0)
    squares = []
    for seed in range(4):
        share, error = shapley_values(list(WEIGHT), capped, permutations=60, seed=seed)
        off = (share - exact) / error
        assert off.abs().max() <= 3.5
        squares.append(float((off**2).mean()))
    assert 0.6 <= np.sqrt(np.mean(squares)) <= 1.4, "an error that is one standard deviation, neither half nor double"


def test_another_seed_draws_other_orders() -> None:
    first, other = (shapley_values(list(WEIGHT), capped, permutations=4, seed=seed)[0] for seed in (1, 2))
    assert not np.allclose(first, other)
    assert first.sum() == pytest.approx(other.sum()) == pytest.approx(20.0)


def test_every_order_is_drawn_with_its_reverse() -> None:
    """In a game of pairs an order and its reverse together give each player exactly half of each of its pairs."""

    def pairs(coalition: frozenset[str]) -> float:
        return float(sum(WEIGHT[p] for p in coalition) ** 2)

    share, error = shapley_values(list(WEIGHT), pairs, permutations=3, seed=5)
    total = sum(WEIGHT.values())
    assert share.to_dict() == pytest.approx({p: w * total for p, w in WEIGHT.items()})
    assert error.max() <= 1e-9 * total


def test_no_players() -> None:
    share, _ = shapley_values([], majority)
    assert len(share) == 0


def test_coalitions_of_mag9(mag9: cn.Network, china_out: cn.Scenario) -> None:
    overlay = overlay_of(mag9, china_out)
    game = Game(Counting(mag9), overlay, access_to(Counting(mag9), overlay, None))
    base = game.value([])
    won = {names: game.value(names) - base for names in (
        ("S_US",), ("H_US",), ("G_US",), ("S_US", "H_US"), ("S_US", "G_US"), ("H_US", "G_US"), ("S_US", "H_US", "G_US")
    )}  # fmt: skip
    assert list(won.values()) == pytest.approx([0, 2, 0, 2, 0, 20, 22], abs=1e-6)
    assert base == pytest.approx(10.0)


def test_sizes_ramp_up() -> None:
    net = cn.Network(
        nodes=pd.DataFrame({"id": ["u"], "stage": ["end_use"]}),
        edges=pd.DataFrame({"source": ["a", "b", "c"], "target": ["u"] * 3}),
        projects=pd.DataFrame(
            {
                "id": ["a", "b", "c"],
                "stage": ["mine"] * 3,
                "start_year": [2027, 2027, np.nan],
                "ramp_years": [np.nan, 3, 2],
            }
        ),
    )
    assert project_sizes(net, None).tolist() == [1, 1, 1]
    assert project_sizes(net, 2026).tolist() == [0, 0, 1]
    assert project_sizes(net, 2027).tolist() == [1, 0.25, 1]
    assert project_sizes(net, 2028).tolist() == [1, 0.5, 1]
    assert project_sizes(net, 2040).tolist() == [1, 1, 1]


def test_the_ladder_never_falls(mag9: cn.Network, china_out: cn.Scenario) -> None:
    table = levels(Counting(mag9), overlay_of(mag9, china_out), np.ones(3))
    assert table["level"].unique().tolist() == ["none", "existing", "new", "stocks", "projects"]
    served = table.groupby("level", sort=False)["served_tpa"].sum()
    assert (served.diff().dropna() > -1e-6).all()
    assert served["projects"] == pytest.approx(32.0)
    assert np.allclose(table["demand_tpa"] - table["served_tpa"], table["shortfall_tpa"])
    first = table[table["level"] == "none"]
    assert first["gained_tpa"].isna().all()
    gains = table.groupby("level", sort=False)["gained_tpa"].sum()
    assert gains.sum() == pytest.approx(served["projects"] - served["none"])


def test_the_ladder_without_baseline_begins_at_existing() -> None:
    net = two_tier()
    assert levels(Counting(net), Overlay.none(net), np.empty(0))["level"].unique().tolist() == [
        "existing",
        "new",
        "stocks",
        "projects",
    ]
