"""Scores: numbers by hand, and formulas that share no code with the package."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom, kendalltau

import chainnet as cn
from chainnet.hindsight import brier, clopper_pearson, interval_score, kendall_tau, weighted_interval_score
from chainnet.hindsight._event import Question
from chainnet.hindsight._outcomes import Told, is_hit, loss_of, number_of, told_in


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


SIGNS = Told(1.0, (0.0, 1.0), (-1.0, 1.0))  # no fall: each of two signs has a half
MONTHS = Told(math.inf, (4.0, math.inf), (2.0, math.inf))


@pytest.mark.parametrize(
    ("kind", "told", "ends", "words", "loss"),
    [
        ("first", Told(words=("a", "b", "c")), None, ("b", "d"), 2 / 3),
        ("first", Told(), None, ("b",), 1.0),
        # one pair of six the other way round: tau is 4 / 6
        ("order", Told(words=("a", "b", "c", "d")), None, ("b", "a", "c", "d"), 1 / 6),
        ("order", Told(words=("a",)), None, ("a", "b", "c", "d"), 0.5),
        ("order", Told(words=("a", "b")), None, ("b", "a"), 1.0),
        ("flow", Told(), (0.1, 0.2), (), math.nan),
        ("sign", SIGNS, (-1.0, -1.0), (), 0.25 + 0.25 + 1.0),
        ("sign", SIGNS, (0.0, 1.0), (), 0.25 + 0.25),
        ("sign", Told(-1.0, (-1.0, -1.0), (-1.0, 1.0)), (-1.0, 0.0), (), 0.0),
        ("stop", Told(0.0, (0.0, 0.5), (0.0, 1.0)), (1.0, 1.0), (), 2 * 0.75**2),
        ("stop", Told(0.0, (0.0, 0.5), (0.0, 1.0)), (0.0, 0.0), (), 2 * 0.25**2),
        # months end at the horizon, 6: bands of 2 and 4 months, and what came is their upper end
        ("onset", MONTHS, (math.inf, math.inf), (), (0.25 * 2 + 0.05 * 4) / 2.5),
        ("recover", MONTHS, (3.0, math.inf), (), (0.25 * 2 + 0.05 * 4) / 2.5),
        ("recover", MONTHS, (3.0, 5.0), (), (0.5 * 1 + 0.25 * 2 + 0.05 * 4) / 2.5),
        # of 0.2 to 0.4 the nearest is 0.4: below both bands, by 0.1 and 0.05
        ("flow", Told(0.7, (0.5, 0.8), (0.45, 0.9)), (0.2, 0.4), (),
         (0.5 * 0.3 + 0.25 * (0.3 + 4 * 0.1) + 0.05 * (0.45 + 20 * 0.05)) / 2.5),
        ("short", Told(9.0, (8.0, 10.0), (7.0, 11.0)), (7.0, 8.0), (), (0.5 * 1 + 0.25 * 2 + 0.05 * 4) / 2.5),
    ],
)  # fmt: skip
def test_how_far_a_forecast_was_off_by_hand(
    kind: str, told: Told, ends: tuple[float, float], words: tuple[str, ...], loss: float
) -> None:
    assert loss_of(Question("q", kind), told, ends, words, 6) == pytest.approx(loss, nan_ok=True)


def test_a_band_holds_an_outcome_that_it_touches() -> None:
    ranges = [(0.1, 0.19), (0.1, 0.2), (0.1, 0.9), (0.25, 0.3), (0.4, 0.5), (0.41, 0.5), (0.4, math.inf)]
    assert [is_hit((0.2, 0.4), ends) for ends in ranges] == [False, True, True, True, True, False, True]


def test_a_row_holds_a_forecast() -> None:
    row = {"central": 0.3, "narrow_low": "0.2", "narrow_high": "0.4", "wide_low": 0.1, "wide_high": "never"}
    assert told_in({"kind": "recover", **row}) == Told(0.3, (0.2, 0.4), (0.1, math.inf))
    assert told_in({"kind": "first", "central": "b;a"}).words == told_in({"kind": "order", "central": "b;a"}).words
    assert told_in({"kind": "first", "central": "b;a"}).words == ("b", "a")
    assert number_of("never") == math.inf


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
