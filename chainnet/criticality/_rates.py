"""From rates to chances: counted events, chances of a day, and what is known of many events together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainnet import checks
from chainnet._types import Array
from chainnet.errors import DataError


def garwood(events: int, years: float, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a yearly rate of which so many events were counted.

    Parameters
    ----------
    events : int
        Events in the window. The window comes first: one that begins with its first event counts too many.
    years : float
        Length of the window.
    level : float
        Confidence, above 0 and below 1.

    Returns
    -------
    (float, float)
        Low and high rate, 1/year; low is 0 where nothing was counted.

    Raises
    ------
    DataError
        If an argument is out of range.

    See Also
    --------
    hindsight.clopper_pearson, hazards

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.

    Examples
    --------
    >>> from chainnet.criticality import garwood
    >>> [round(end, 3) for end in garwood(3, 15.75)]
    [0.039, 0.557]
    """
    from scipy.stats import chi2

    checks.whole(events, "garwood: events", 0)
    if not checks.is_number(years) or years <= 0:
        raise DataError(f"garwood: years: {years!r} is not allowed; give a number above 0.")
    if not checks.is_number(level) or not 0 < level < 1:
        raise DataError(f"garwood: level: {level!r} is not allowed; give a number above 0 and below 1.")
    tail = (1.0 - level) / 2.0
    low = float(chi2.ppf(tail, 2 * events)) if events else 0.0
    return low / (2.0 * years), float(chi2.ppf(1.0 - tail, 2 * events + 2)) / (2.0 * years)


def day_chance(rate: float, months: float, years: float) -> float:
    """Return the chance that an event is in force on a day so many years ahead, none being in force today.

    Durations are exponential; ``months`` not finite = it has no end.
    """
    ends = 12.0 / months if np.isfinite(months) else 0.0
    both = rate + ends
    return float(rate / both * -np.expm1(-both * years)) if rate > 0 else 0.0


def more_than(chance: Array, most: int) -> float:
    """Return the chance that more than so many of some independent events happen (Poisson-binomial)."""
    happen = np.zeros(most + 2)  # 0 to most of them, and more
    happen[0] = 1.0
    for p in chance.tolist():
        moved = p * happen
        happen -= moved
        happen[1:] += moved[:-1]
        happen[-1] += moved[-1]
    return float(happen[-1])


def at_most(chance: Array, n: int) -> float:
    """Return Bonferroni's bound of the chance that n of some independent events or more happen."""
    sums = np.zeros(n + 1)
    sums[0] = 1.0
    for p in chance.tolist():
        sums[1:] += p * sums[:-1]
    return float(min(sums[n], 1.0))


def frechet(chance: Array) -> tuple[float, float]:
    """Return the least and the most that the chance of all of some events can be, nothing being known of their ties."""
    return float(max(0.0, chance.sum() - (len(chance) - 1))), float(chance.min(initial=1.0))


def any_of(ways: Sequence[frozenset[int]], chance: Array) -> float:
    """Return the chance that one of some sets of independent events, or more, happens whole."""
    known: dict[frozenset[frozenset[int]], float] = {}

    def union(left: frozenset[frozenset[int]]) -> float:
        if frozenset[int]() in left:
            return 1.0
        if not left:
            return 0.0
        if left not in known:
            held = [i for way in left for i in way]
            pivot = min(set(held), key=lambda i: (-held.count(i), i))
            there = frozenset(way - {pivot} for way in left)
            p = float(chance[pivot])
            known[left] = p * union(_least(there)) + (1.0 - p) * union(frozenset(w for w in left if pivot not in w))
        return known[left]

    return union(_least(frozenset(ways)))


def _least(ways: frozenset[frozenset[int]]) -> frozenset[frozenset[int]]:
    """Return the ways that hold no other."""
    return frozenset(way for way in ways if not any(other < way for other in ways))
