"""How likely is a loss of so much or more: between all chances at their low and all at their high end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools
from chainnet.criticality._rates import any_of, at_most, more_than
from chainnet.criticality._ways import Ways
from chainnet.engine import TIE
from chainnet.progress import Steps

Events = frozenset[int]
MOST_SETS = 20_000
# chance of more causes than were tried together, above which draws are taken
REST = 0.02
_SURE = 0.05  # one minus the confidence of the band of draws (Massart 1990)
COLUMNS = ["loss_share", "chance_low", "chance_high", "method", "k", "rest", "rest_bonferroni"]
# sets joined into one chance: more take too long
_MOST_JOINED = 40


def most_together(n: int, most: int = MOST_SETS) -> int:
    """Return the largest k of which all sets of up to k of n causes are no more than so many."""
    sets, k = 1, 0
    while k < n and (sets := sets + comb(n, k + 1)) <= most:
        k += 1
    return k


class Exceeding:
    """Losses of all sets of up to k causes, and what follows for the chance of any loss.

    Parameters
    ----------
    low, high : arrays
        Chances of each cause, of independent causes.
    loss : function
        What a set of causes costs.
    k : int
    steps : Steps, optional
    """

    def __init__(
        self, low: Array, high: Array, loss: Callable[[Events], float], k: int, steps: Steps | None = None
    ) -> None:
        self.low, self.high, self.loss, self.k = low, high, loss, k
        n = len(low)
        sets = [some for size in range(k + 1) for some in combinations(range(n), size)]
        self._in = np.zeros((len(sets), n), dtype=bool)
        for row, some in enumerate(sets):
            self._in[row, list(some)] = True
        if steps is not None:
            steps.more(len(sets))
        self.losses = np.empty(len(sets))
        for row, some in enumerate(sets):
            self.losses[row] = loss(frozenset(some))
            if steps is not None:
                steps.done()
        self._exact = [self._chances(self._in, chance) for chance in (low, high)]
        self.rest = [more_than(chance, k) if k < n else 0.0 for chance in (low, high)]
        self._drawn: list[Array] = []

    def _chances(self, inside: Bools, chance: Array) -> Array:
        """Return the chance that exactly these causes are in force, for each set."""
        return np.asarray(np.where(inside, chance, 1.0 - chance).prod(axis=1))

    def bracket(self, level: float, end: int, ways: Sequence[tuple[Events, float]] = ()) -> tuple[float, float]:
        """Return between what the chance of a loss of so much or more lies, at one end of all chances (0 low, 1 high).

        ``ways``: sets of causes known to cost something, with what.
        """
        chance = (self.low, self.high)[end]
        least = float(self._exact[end][self.losses >= level].sum())
        most = least + self.rest[end]
        if self.rest[end] > 0:
            least = max(least, any_of([way for way, lost in ways if lost >= level], chance))
        if self._drawn:
            drawn, error = float((self._drawn[end] >= level).mean()), self.error
            least, most = max(least, drawn - error), min(most, drawn + error)
        return min(least, 1.0), min(max(most, least), 1.0)

    def draw(self, draws: int, seed: int, steps: Steps | None = None) -> None:
        """Draw what is in force, at both ends from the same numbers, and put each set that comes up once."""
        numbers = np.random.default_rng(seed).random((draws, len(self.low)))
        for chance in (self.low, self.high):
            sets, which = np.unique(numbers < chance, axis=0, return_inverse=True)
            if steps is not None:
                steps.more(len(sets))
            lost = np.empty(len(sets))
            for row, inside in enumerate(sets):
                lost[row] = self.loss(frozenset(np.flatnonzero(inside).tolist()))
                if steps is not None:
                    steps.done()
            self._drawn.append(lost[which.reshape(-1)])

    @property
    def error(self) -> float:
        """How far the chances of all losses together may be from those of the draws, at 95 %."""
        return float(np.sqrt(np.log(2.0 / _SURE) / (2.0 * len(self._drawn[0]))))

    @property
    def method(self) -> str:
        """In a word, how the chances were found."""
        if self._drawn:
            return "draws"
        return "exact" if self.rest[1] == 0 else "sets"

    def table(self, asked: float, ways: Sequence[tuple[Events, float]]) -> pd.DataFrame:
        """Return the chances at each loss that a set was found to cost, and at the one that is asked for."""
        lost = self.losses if not self._drawn else np.concatenate([self.losses, *self._drawn])
        levels = np.unique(np.round(np.append(lost[lost > TIE], asked), 9))
        bonferroni = at_most(self.high, self.k + 1) if self.k < len(self.high) else 0.0
        rows = []
        for level in levels.tolist():
            floor = level - 1e-7  # as where a loss counts as reached
            least, most = self.bracket(floor, 0, ways)[0], self.bracket(floor, 1, ways)[1]
            rows.append((level, least, most, self.method, self.k, self.rest[1], bonferroni))
        return pd.DataFrame(rows, columns=COLUMNS)


def exceeding(
    low: Array,
    high: Array,
    loss: Callable[[Events], float],
    *,
    asked: float,
    ways: Sequence[tuple[Events, float]] = (),
    draws: int,
    seed: int,
    most: int = MOST_SETS,
    steps: Steps | None = None,
) -> pd.DataFrame:
    """Return the chance of any loss or more, low and high, with how it was found; ``most``: sets that are tried."""
    found = Exceeding(low, high, loss, most_together(len(low), most), steps)
    if found.rest[1] > REST:
        found.draw(draws, seed, steps)
    return found.table(asked, ways)


def at_losses(low: Array, high: Array, finder: Callable[[float], Ways], asked: Sequence[float]) -> pd.DataFrame:
    """Return the chance of each of some losses or more, by the sets that reach it and those that do not.

    Parameters
    ----------
    low, high : arrays
        Chances of each of all causes; 0 = it does not happen.
    finder : function
        Finds the sets that reach a loss, where more causes never cost less.
    asked : sequence of float

    Returns
    -------
    DataFrame
        loss_share, chance_low, chance_high, method (exact; bounds = not all sets were found in time), ways, cuts (how
        many sets that reach it, and how many largest ones that do not, these chances rest on).

    Notes
    -----
    A loss is reached where one of its least sets is in force whole, and is not where all that is in force lies in one
    set that costs too little. So the chance of the first bounds it from below, one less that of the second from above.
    """
    rows: list[tuple[object, ...]] = []
    for level in asked:
        search = finder(level)
        ways: list[Events] = []
        is_all = True
        for way in search.in_order(high):
            is_all &= way.is_proved and len(ways) < _MOST_JOINED
            if not is_all:
                break
            ways.append(way.events)
        is_all &= not search.is_cut_short
        least = [any_of(ways, chance) for chance in (low, high)]
        most = least[1] if is_all else max(least[1], _at_most(search, high))
        rows.append((level, least[0], most, "exact" if is_all else "bounds", len(ways), len(search.cuts)))
    found = pd.DataFrame(rows, columns=["loss_share", "chance_low", "chance_high", "method", "ways", "cuts"])
    found = found.sort_values("loss_share", kind="stable", ignore_index=True)
    # a larger loss is no likelier
    found["chance_low"] = found["chance_low"][::-1].cummax()[::-1]
    found["chance_high"] = found["chance_high"].cummin()
    return found


def _at_most(search: Ways, chance: Array) -> float:
    """Return one less the chance that all in force lies in one of the sets that cost too little."""
    there = frozenset(np.flatnonzero(chance > 0).tolist())
    outside = [there - cut for cut in search.cuts]
    absent = 1.0 - chance
    outside.sort(key=lambda some: (-float(np.prod(absent[sorted(some)])), sorted(some)))
    return 1.0 - any_of(outside[:_MOST_JOINED], absent)
