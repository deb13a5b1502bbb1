"""The likeliest sets of causes that cost so much, one after the other, each with what proves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from time import monotonic

import numpy as np

from chainnet._types import Array, Ints
from chainnet.engine import TIE, least_hitting
from chainnet.progress import Steps

Events = frozenset[int]
# sets that are tried one by one, where nothing says that more events never cost less
MOST_SETS = 50_000


@dataclass(frozen=True)
class Way:
    """A set of causes that costs enough; ``bound``: no other is likelier than that, where it is not the best."""

    events: Events
    chance: float
    bound: float
    is_optimal: bool


class Ways:
    """Finds sets of causes that reach a loss, given their chances.

    Parameters
    ----------
    loss : function
        What a set of causes costs; never less with more of them.
    n : int
        Number of causes.
    least : float
        The loss that is asked for.
    most_events : int, optional
    time_limit_s : float
        For all that is asked.
    steps : Steps

    Notes
    -----
    An implicit hitting set. ``cuts`` holds sets that do not reach the loss, and to none of which a cause can be
    added: so every set that reaches it has a cause outside of each. The likeliest set that keeps these rows is put to
    the loss. If it does not reach it, it is enlarged to a new cut; the first that does is the likeliest of all.
    """

    def __init__(
        self,
        loss: Callable[[Events], float],
        n: int,
        least: float,
        most_events: int | None,
        time_limit_s: float,
        steps: Steps,
    ) -> None:
        self.loss, self.n, self.least, self.most_events = loss, n, least, most_events
        self.cuts: list[Events] = []
        self._found: list[Events] = []
        self._end, self._steps = monotonic() + time_limit_s, steps

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return monotonic() > self._end

    def reaches(self, events: Events) -> bool:
        """Return whether a set costs enough; what is known of its parts, or of what it is part of, costs no answer."""
        if any(way <= events for way in self._found):
            return True
        return not any(events <= cut for cut in self.cuts) and self.loss(events) >= self.least

    def best(self, chance: Array, barred: Sequence[Events] = ()) -> Way | None:
        """Return the likeliest set that reaches the loss and holds none of the barred ones; None = there is none.

        Parameters
        ----------
        chance : array
            Of each cause; NaN or 0 = it does not happen.
        barred : sequence of sets
        """
        chance = np.nan_to_num(chance)
        with np.errstate(divide="ignore"):
            weight = -np.log(chance)
        order = np.argsort(-chance, kind="stable")
        while True:
            found = least_hitting(
                np.maximum(weight, 0.0),
                [self._outside(cut) for cut in self.cuts],
                barred=[_places(one) for one in barred],
                most=np.inf if self.most_events is None else self.most_events,
                time_limit_s=max(self._end - monotonic(), 1.0),
            )
            if found is None:
                return None
            events = frozenset(found.chosen.tolist())
            if self.reaches(events):
                events = self.least_of(events, chance)
                self._found += [events] if events not in self._found else []
                return Way(events, chance_of(events, chance), float(np.exp(-found.bound)), found.is_optimal)
            if self.is_late:
                return self._known(chance, barred, float(np.exp(-found.bound)))
            self.cuts.append(self._largest(events, [int(i) for i in order if int(i) not in events]))
            self._steps.now(f"{len(self.cuts)} sets that cost too little are known")

    def least_of(self, events: Events, chance: Array) -> Events:
        """Return a set without the members that it can do without, the least likely left out first."""
        for i in sorted(events, key=lambda i: (chance[i], i)):
            if self.reaches(events - {i}):
                events -= {i}
        return events

    def _largest(self, events: Events, more: list[int]) -> Events:
        """Return a set that costs too little, with all of ``more`` in their order that leave it so; halves at once."""
        together = events.union(more)
        if not self.reaches(together):
            return together
        if len(more) == 1:
            return events
        half = len(more) // 2
        return self._largest(self._largest(events, more[:half]), more[half:])

    def _outside(self, cut: Events) -> Ints:
        return _places(frozenset(range(self.n)) - cut)

    def _known(self, chance: Array, barred: Sequence[Events], bound: float) -> Way | None:
        """Return some set that reaches the loss, for want of time; its bound is that of the rows so far."""
        there = frozenset(np.flatnonzero(chance > 0).tolist())
        for one in barred:
            if one <= there:
                there -= {min(one, key=lambda i: chance[i])}
        if not self.reaches(there):
            return None
        events = self.least_of(there, chance)
        if self.most_events is not None and len(events) > self.most_events:
            return None
        return Way(events, chance_of(events, chance), bound, False)


class TriedWays(Ways):
    """The same where more events may cost less: all sets up to so many are tried one by one."""

    def reaches(self, events: Events) -> bool:
        """Return whether a set costs enough."""
        return self.loss(events) >= self.least

    @property
    def n_sets(self) -> int:
        """How many sets are tried."""
        return sum(comb(self.n, size) for size in range(1, (self.most_events or 0) + 1))

    def tried(self) -> list[Events]:
        """Return the sets that reach the loss, and of which no part does."""
        if not hasattr(self, "_tried"):
            self._tried: list[Events] = []
            for size in range(1, (self.most_events or 0) + 1):
                for some in combinations(range(self.n), size):
                    events = frozenset(some)
                    if not any(one < events for one in self._tried) and self.reaches(events):
                        self._tried.append(events)
        return self._tried

    def best(self, chance: Array, barred: Sequence[Events] = ()) -> Way | None:
        """Return the likeliest of the sets that were tried."""
        chance = np.nan_to_num(chance)
        known = [(chance_of(one, chance), one) for one in self.tried() if not any(bar <= one for bar in barred)]
        known = [(p, one) for p, one in known if p > 0]
        if not known:
            return None
        p, events = max(known, key=lambda pair: (pair[0], -len(pair[1]), sorted(pair[1], reverse=True)))
        return Way(events, p, p, True)


class TiedWays:
    """Sets by the least of their members' chances: nothing is known of how these hang together (Frechet)."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways

    def best(self, chance: Array, barred: Sequence[Events] = ()) -> Way | None:
        """Return the set whose least likely member is likeliest, of equals the likeliest were they independent."""
        chance = np.nan_to_num(chance)
        levels = np.unique(chance[chance > 0])
        low, high = 0, len(levels) - 1
        found = None
        while low <= high:
            middle = (low + high) // 2
            way = self.ways.best(np.where(chance >= levels[middle], chance, 0.0), barred)
            if way is None:
                high = middle - 1
            else:
                found, low = way, middle + 1
        if found is None:
            return None
        least = float(min(chance[i] for i in found.events))
        return Way(found.events, least, least if found.is_optimal else 1.0, found.is_optimal)


def chance_of(events: Events, chance: Array) -> float:
    """Return the chance that all of some independent causes are in force."""
    return float(np.prod([chance[i] for i in sorted(events)]))


def least_chance_of(events: Events, chance: Array) -> float:
    """Return the most that the chance of all can be, whatever their ties."""
    return float(min(chance[i] for i in events))


def same_chance(one: float, other: float) -> bool:
    """Return whether two chances are one, as far as sums of logarithms tell."""
    return bool(abs(np.log(one) - np.log(other)) <= TIE * max(abs(np.log(other)), 1.0))


def _places(events: Events) -> Ints:
    return np.array(sorted(events), dtype=np.int64)
