"""Scores: numbers by hand, and formulas that share no code with the package."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom, kendalltau

import chainnet as cn
from chainnet.hindsight import brier, clopper_pearson, interval_score, kendall_tau, weighted_interval_score


def test_interval_score_by_hand() -> None:
    assert interval_score(0.3526, 0.0854, 0.6279, 0.5) == pytest.approx(0.5425)
    assert interval_score(0.05, 0.1, 0.3, 0.5) == pytest.approx(0.2 + 4 * 0.05)
    assert interval_score(0.5, 0.1, 0.3, 0.1) == pytest.approx(0.2 + 20 * 0.2)


def test_weighted_interval_score_by_hand() -> None:
    narrow, wide = (0.0854, 0.6279), (0.0, 0.6279)
    assert weighted_interval_score(0.3526, 0.0854, narrow, wide) == pytest.approx(0.1202, abs=5e-5)
    assert weighted_interval_score(0.3526, 0.3567, narrow, wide) == pytest.approx(0.0676, abs=5e-5)
    assert weighted_interval_score(0.9, 0.3567, narrow, wide) == pytest.approx(0.393, abs=5e-4)
    for point in (0.0, 0.0854, 2.0):
        assert weighted_interval_score(0.3526, point, (point, point), (point, point)) == pytest.approx(
            abs(0.3526 - point)
        )


def test_weighted_interval_score_is_a_mean_of_quantile_scores() -> None:
    """The score of a median and two central intervals is twice the mean pinball loss of its five quantiles."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        q = np.sort(rng.normal(size=5))
        y = rng.normal()
        levels = (0.05, 0.25, 0.5, 0.75, 0.95)
        pinball = [2 * ((y < at) - level) * (at - y) for at, level in zip(q, levels, strict=True)]
        ours = weighted_interval_score(y, q[2], (q[1], q[3]), (q[0], q[4]))
        assert ours == pytest.approx(sum(pinball) / 5, abs=1e-12)


def test_brier_by_hand() -> None:
    assert brier({"+": 1.0}, "+") == 0.0
    assert brier({"-": 1.0}, "+") == 2.0
    assert brier({"0": 0.5, "+": 0.5}, "+") == 0.5
    third = 1 / 3
    assert brier({"-": third, "0": third, "+": third}, "0") == pytest.approx(2 / 3)


def test_clopper_pearson_against_the_binomial() -> None:
    assert clopper_pearson(0, 7)[0] == 0.0
    assert clopper_pearson(7, 7)[1] == 1.0
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(5, 6)[0] == pytest.approx(0.36, abs=5e-3)
    low, high = clopper_pearson(18, 25, 0.9)
    assert binom.sf(17, 25, low) == pytest.approx(0.05)
    assert binom.cdf(18, 25, high) == pytest.approx(0.05)
    wide = clopper_pearson(18 * 9.7 / 25, 9.7)
    assert wide[0] == pytest.approx(0.36, abs=0.01)
    assert wide[1] == pytest.approx(0.94, abs=0.01)


@pytest.mark.parametrize("ties", [False, True])
def test_kendall_tau_against_scipy_and_all_orders(ties: bool) -> None:
    rng = np.random.default_rng(2)
    for n in (4, 5, 6):
        x, y = (rng.integers(0, 3, n) if ties else rng.permutation(n) for _ in range(2))
        if len({*x}) < 2 or len({*y}) < 2:
            continue
        tau, p = kendall_tau(x.tolist(), y.tolist())
        assert tau == pytest.approx(kendalltau(x, y).statistic)
        as_much = [kendalltau(x, np.array(order)).statistic >= tau - 1e-9 for order in itertools.permutations(y)]
        assert p == pytest.approx(np.mean(as_much))
    assert kendall_tau([1, 2, 3, 4], [4, 3, 2, 1]) == (-1.0, 1.0)
    assert kendall_tau(range(12), range(12))[1] == pytest.approx(1 / math.factorial(12))


@pytest.mark.parametrize(
    "call",
    [
        lambda: interval_score(1.0, 2.0, 1.0, 0.5),
        lambda: interval_score(math.nan, 0.0, 1.0, 0.5),
        lambda: interval_score(1.0, 0.0, 1.0, 0.0),
        lambda: weighted_interval_score(1.0, 1.0, (0.0,), (0.0, 1.0)),
        lambda: brier({"+": 0.5}, "+"),
        lambda: clopper_pearson(3, 2),
        lambda: clopper_pearson(1, 2, 1.0),
        lambda: kendall_tau([1, 2], [1, 2, 3]),
        lambda: kendall_tau([1, 1], [1, 2]),
        lambda: kendall_tau([1, 1, *range(8)], range(10)),
    ],
)
def test_what_is_no_forecast_is_refused(call: object) -> None:
    with pytest.raises(cn.DataError):
        call()  # type: ignore[operator]
