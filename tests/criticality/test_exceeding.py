"""The chance of a loss: inside is the truth of all sets, at both ends of the rates."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from chainnet.criticality._events import Losses
from chainnet.criticality._exceeding import Exceeding, at_losses, most_together
from chainnet.criticality._rates import at_most, more_than
from chainnet.criticality._ways import Ways
from chainnet.progress import Steps

N = 12


def setting(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0.01, 0.2, N)
    return low, np.minimum(low * rng.uniform(1.2, 3.0, N), 0.9), rng.uniform(0.02, 0.3, N)


def true_chances(chance: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Losses of all sets, and the chance of each."""
    inside = np.array(list(product((False, True), repeat=N)))
    return np.minimum(inside @ size, 1.0), np.where(inside, chance, 1 - chance).prod(axis=1)


def found_of(seed: int, k: int) -> Exceeding:
    low, high, size = setting(seed)
    return Exceeding(low, high, lambda some: min(float(size[sorted(some)].sum()), 1.0), k)


@pytest.mark.parametrize("k", [1, 2, 3, N])
def test_the_truth_of_all_sets_lies_inside_and_is_met_with_all(k: int) -> None:
    low, high, size = setting(3)
    found = found_of(3, k)
    lost, at_low = true_chances(low, size)
    _, at_high = true_chances(high, size)
    for level in (0.01, 0.1, 0.25, 0.5, 0.9):
        for end, chance in enumerate((at_low, at_high)):
            truth = float(chance[lost >= level].sum())
            least, most = found.bracket(level, end)
            assert least - 1e-12 <= truth <= most + 1e-12
            if k == N:
                assert (least, most) == pytest.approx((truth, truth), abs=1e-12)


def test_known_ways_raise_the_low_end() -> None:
    low, _, size = setting(3)
    found = found_of(3, 1)
    way = frozenset({0, 1, 2, 3, 4, 5})
    level = float(size[sorted(way)].sum())
    assert found.bracket(level, 0)[0] < found.bracket(level, 0, [(way, level)])[0]
    assert found.bracket(level, 0, [(way, level)])[0] == pytest.approx(low[sorted(way)].prod())


def test_the_hand_case_with_one_and_with_two_together() -> None:
    low = 1 - np.exp(-5 * np.array([0.02, 0.10, 0.05]))
    losses = {(): 0.0, (0,): 0.4, (1,): 0.15, (2,): 0.05, (0, 1): 0.75, (0, 2): 0.65, (1, 2): 0.4, (0, 1, 2): 1.0}
    for k, least in ((1, 0.0450), (2, 0.1656), (3, 0.1739)):
        found = Exceeding(low, low, lambda some: losses[tuple(sorted(some))], k)
        assert found.bracket(0.3, 0) == pytest.approx((least, 0.1739), abs=5e-5)


def test_draws_hold_the_truth_in_nearly_all_seeds() -> None:
    low, high, size = setting(5)
    lost, chance = true_chances(high, size)
    held = 0
    levels = (0.05, 0.2, 0.4, 0.6)
    known: dict[frozenset[int], float] = {}

    def loss(some: frozenset[int]) -> float:
        if some not in known:
            known[some] = min(float(size[sorted(some)].sum()), 1.0)
        return known[some]

    for seed in range(100):
        found = Exceeding(low, high, loss, 0)
        found.draw(2000, seed)
        inside = [found.bracket(level, 1) for level in levels]
        truth = [float(chance[lost >= level].sum()) for level in levels]
        held += all(least <= p <= most for (least, most), p in zip(inside, truth, strict=True))
    assert held >= 95


def test_more_draws_say_more_and_the_same_seed_says_the_same() -> None:
    found = [found_of(5, 1) for _ in range(3)]
    for one, (draws, seed) in zip(found, ((2000, 1), (2000, 1), (20_000, 1)), strict=True):
        one.draw(draws, seed)
    brackets = [one.bracket(0.4, 1) for one in found]
    assert brackets[0] == brackets[1]
    assert found[2].error == pytest.approx(0.0096, abs=5e-5)
    assert brackets[2][1] - brackets[2][0] < brackets[0][1] - brackets[0][0]


def test_how_many_together_and_what_is_left() -> None:
    assert [most_together(n) for n in (3, 12, 14, 15, 30, 60, 20_000)] == [3, 12, 14, 7, 3, 2, 0]
    assert most_together(26) == 4
    chance = np.full(20, 0.05)
    assert more_than(chance, 3) <= at_most(chance, 4)


class Total(Losses):
    """What causes cost that add up, to the whole."""

    def __init__(self, size: np.ndarray) -> None:
        self.size = size

    def __call__(self, events: frozenset[int]) -> float:
        return min(float(self.size[sorted(events)].sum()), 1.0)


def ways_of(size: np.ndarray, level: float, time_limit_s: float) -> Ways:
    return Ways(Total(size), N, level, None, time_limit_s, Steps("sets", None))


@pytest.mark.parametrize("seed", range(3))
def test_the_chance_of_some_losses_is_that_of_all_sets_at_both_ends(seed: int) -> None:
    low, high, size = setting(seed)
    lost, at_low = true_chances(low, size)
    _, at_high = true_chances(high, size)
    asked = (0.05, 0.3, 0.6, 1.0)
    found = at_losses(low, high, lambda level: ways_of(size, level, 60.0), asked)
    assert found["method"].isin(["exact", "bounds"]).all()
    for row in found.itertuples():
        least, most = (float(chance[lost >= row.loss_share].sum()) for chance in (at_low, at_high))
        assert row.chance_low <= least + 1e-12
        assert row.chance_high >= most - 1e-12
        if row.method == "exact":
            assert (row.chance_low, row.chance_high) == pytest.approx((least, most), abs=1e-12)
    assert found["method"].iloc[0] == "exact"
    assert (found["method"] == "bounds").any()  # more than 40 least sets reach the middle ones
    assert found["chance_low"].is_monotonic_decreasing
    assert found["chance_high"].is_monotonic_decreasing


def test_without_time_the_chance_of_a_loss_is_a_bound() -> None:
    low, high, size = setting(3)
    found = at_losses(low, high, lambda level: ways_of(size, level, 0.0), (0.5,))
    lost, at_high = true_chances(high, size)
    assert found["method"].tolist() == ["bounds"]
    assert found["chance_high"].iloc[0] >= float(at_high[lost >= 0.5].sum())
