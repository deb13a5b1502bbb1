"""Scores of forecasts, and how much few events can say: pure functions of numbers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import permutations
from math import factorial

import numpy as np

from chainnet import checks
from chainnet.errors import DataError

# half as wide a band is held half of the time, a wide one nine times of ten: declared, to be tested
NARROW_ALPHA, WIDE_ALPHA = 0.5, 0.1
_MOST_TIED = 8  # of values with ties, every order of so many is looked at
_ANY = "is no finite number."


def interval_score(observed: float, low: float, high: float, alpha: float) -> float:
    """Return the interval score of a band that claims to hold 1 - alpha of all outcomes; 0 is best.

    Parameters
    ----------
    observed, low, high : float
        In one unit, which is that of the score.
    alpha : float
        Above 0, at most 1.

    Raises
    ------
    DataError
        If low is above high, alpha is out of range, or a value is no finite number.

    Notes
    -----
    Width, plus 2 / alpha for each unit that the outcome lies outside (Gneiting and Raftery 2007,
    doi:10.1198/016214506000001437).

    Examples
    --------
    >>> round(interval_score(0.9, 0.0, 0.6, alpha=0.5), 6)
    1.8
    """
    y, a, b = (_finite(value, name) for value, name in ((observed, "observed"), (low, "low"), (high, "high")))
    if checks.number(alpha, "alpha", 0.0, 1.0, "is out of range; give a number above 0, at most 1.") == 0.0:
        raise DataError(f"alpha: {alpha!r} is out of range; give a number above 0, at most 1.")
    if a > b:
        raise DataError(f"low: {low!r} is above high, {high!r}. Swap them.")
    return float((b - a) + 2.0 / alpha * (max(0.0, a - y) + max(0.0, y - b)))


def weighted_interval_score(observed: float, central: float, narrow: Sequence[float], wide: Sequence[float]) -> float:
    """Return the weighted interval score of a central value with a narrow (50 %) and a wide (90 %) band; 0 is best.

    Parameters
    ----------
    observed, central : float
    narrow, wide : pair of float
        Low and high.

    Returns
    -------
    float
        In the unit of what was observed.

    Raises
    ------
    DataError
        As for ``interval_score``.

    See Also
    --------
    hindsight.brier, hindcast

    Notes
    -----
    (abs(y - m) / 2 + 0.25 S_0.5 + 0.05 S_0.1) / 2.5 (Bracher et al. 2021, doi:10.1371/journal.pcbi.1008618): that of a
    point, three times the same value, is its distance from the outcome.

    Examples
    --------
    >>> round(weighted_interval_score(0.3526, 0.0854, (0.0854, 0.6279), (0.0, 0.6279)), 4)
    0.1202
    """
    inner = interval_score(observed, *_pair(narrow, "narrow"), NARROW_ALPHA)
    outer = interval_score(observed, *_pair(wide, "wide"), WIDE_ALPHA)
    middle = abs(_finite(observed, "observed") - _finite(central, "central"))
    return float((0.5 * middle + 0.5 * NARROW_ALPHA * inner + 0.5 * WIDE_ALPHA * outer) / 2.5)


def brier(chances: Mapping[Hashable, float], outcome: Hashable) -> float:
    """Return the Brier score of chances of several outcomes, 0 (best) to 2; an outcome not named had no chance.

    Parameters
    ----------
    chances : mapping
        By outcome, 0 to 1.
    outcome : hashable
        What came.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If the chances do not add up to 1.

    See Also
    --------
    hindsight.weighted_interval_score, hindcast

    Examples
    --------
    >>> brier({"+": 0.5, "0": 0.5}, "+"), brier({"-": 1.0}, "+")
    (0.5, 2.0)
    """
    shares = {
        key: checks.number(p, f"chances[{key!r}]", 0.0, 1.0, "is no chance, 0 to 1.") for key, p in chances.items()
    }
    if abs(sum(shares.values()) - 1.0) > 1e-9:
        raise DataError(f"chances: they add up to {sum(shares.values()):g}, not to 1.")
    return float(sum((shares.get(key, 0.0) - (key == outcome)) ** 2 for key in {*shares, outcome}))


def clopper_pearson(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share of which ``hits`` of ``n`` were seen; 0 and 1 where n is 0.

    Parameters
    ----------
    hits, n : float
        Both may be fractions, of an effective number.
    level : float
        Confidence, above 0 and below 1.

    Returns
    -------
    (float, float)
        Low and high, 0 to 1.

    Raises
    ------
    DataError
        If hits are not 0 to n, or level not between 0 and 1.

    See Also
    --------
    hindsight.garwood, hindcast

    Notes
    -----
    Quantiles of the beta distribution (Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404).

    Examples
    --------
    >>> [round(end, 2) for end in clopper_pearson(18, 25)]
    [0.51, 0.88]
    """
    from scipy.stats import beta

    total = checks.number(n, "n")
    seen = checks.number(hits, "hits", 0.0, total, "is out of range; give 0 to n.")
    tail = (1.0 - _level(level)) / 2.0
    if total == 0.0:
        return 0.0, 1.0
    low = float(beta.ppf(tail, seen, total - seen + 1.0)) if seen > 0.0 else 0.0
    return low, float(beta.ppf(1.0 - tail, seen + 1.0, total - seen)) if seen < total else 1.0


def kendall_tau(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Return Kendall's tau-b of two rankings, and the exact chance of so much or more if the order were random.

    Parameters
    ----------
    x, y : sequence of float
        Two values of each thing.

    Returns
    -------
    (float, float)
        Tau, -1 to 1, and the chance.

    Raises
    ------
    DataError
        If they are not of one length of 2 or more, one has no two different values, or values are tied and there are
        more than 8.

    See Also
    --------
    hindsight.brier, hindcast

    Examples
    --------
    >>> tau, p = kendall_tau([1, 2, 3, 4, 5], [10, 20, 30, 40, 50])
    >>> tau, round(1 / p)
    (1.0, 120)
    """
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if first.shape != second.shape or first.ndim != 1 or len(first) < 2 or not np.isfinite([first, second]).all():
        raise DataError("x, y: give two lists of numbers of one length, 2 or more.")
    one, other = np.triu_indices(len(first), 1)
    a, b = np.sign(first[one] - first[other]), np.sign(second[one] - second[other])
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if size == 0.0:
        raise DataError("x, y: all values of one list are equal, so there is no order.")
    agree = float((a * b).sum())
    return agree / size, _chance_of(agree, a, b, second)


def _chance_of(agree: float, a: np.ndarray, b: np.ndarray, second: np.ndarray) -> float:
    """Return the share of all orders of the second list that agree with the first as much or more."""
    n = len(second)
    if (a != 0).all() and (b != 0).all():
        counts = [1]  # orders by number of pairs that disagree
        for k in range(2, n + 1):
            counts = [sum(counts[max(0, i - k + 1) : i + 1]) for i in range(len(counts) + k - 1)]
        return sum(counts[: round((len(a) - agree) / 2) + 1]) / factorial(n)
    if n > _MOST_TIED:
        raise DataError(f"x, y: {n} values with ties; the exact chance is found for at most {_MOST_TIED}.")
    orders = np.array(list(permutations(range(n))))
    one, other = np.triu_indices(n, 1)
    signs = np.sign(second[orders[:, one]] - second[orders[:, other]])
    return float((signs @ a >= agree - 1e-9).mean())


def _finite(value: float, name: str) -> float:
    return checks.number(value, name, -np.inf, rule=_ANY)


def _pair(ends: Sequence[float], name: str) -> tuple[float, float]:
    if len(ends) != 2:
        raise DataError(f"{name}: {ends!r} is no pair. Give low and high.")
    return ends[0], ends[1]


def _level(level: float) -> float:
    value = checks.number(level, "level", 0.0, 1.0, "is out of range; give a number between 0 and 1.")
    if value in (0.0, 1.0):
        raise DataError(f"level: {level!r} is out of range; give a number between 0 and 1.")
    return value
