"""The sets of causes that cost so much, the likeliest first, with what proves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from time import monotonic

import numpy as np

from chainnet._types import Array
from chainnet.criticality._events import Losses
from chainnet.engine import TIE, hitting_sets
from chainnet.errors import SolverError
from chainnet.progress import Steps

Events = frozenset[int]
# sets that are tried one by one, where nothing says that more events never cost less
MOST_SETS = 50_000
# part of the time after which rows that found nothing give way to one program of all causes, where there is one
BY_ROWS = 0.25


@dataclass(frozen=True)
class Way:
    """A set of causes that costs enough; ``bound``: none that is yet to come is likelier; ``is_proved``: they meet."""

    events: Events
    chance: float
    bound: float
    is_proved: bool = True


class Ways:
    """Finds sets of causes that reach a loss, given their chances.

    Parameters
    ----------
    losses : Losses
        What a set of causes costs; never less with more of them.
    n : int
        Number of causes.
    least : float
        The loss that is asked for.
    most_events : int, optional
    time_limit_s : float
        For all that is asked.
    steps : Steps

    Attributes
    ----------
    is_cut_short : bool
        Whether a search ended for want of time.
    is_by_program : bool
        Whether rows gave way to one program of all causes.

    Notes
    -----
    An implicit hitting set. ``cuts`` holds sets that do not reach the loss, and to none of which a cause can be
    added: so every set that reaches it has a cause outside of each. The likeliest set that does is put to the loss. If
    it does not reach it, it is enlarged to a new cut; the first that does is the likeliest of all.

    A loss that many causes share takes too many cuts. Where causes only shut flows and a quarter of the time is over
    without a set, one mixed-integer program of all of them goes on, as in ``interdict``, with the cuts as rows.
    """

    def __init__(
        self,
        losses: Losses,
        n: int,
        least: float,
        most_events: int | None,
        time_limit_s: float,
        steps: Steps,
    ) -> None:
        self.losses, self.n, self.least = losses, n, least
        self.most_events = n if most_events is None else most_events
        self.cuts: list[Events] = []
        self._rows: list[Events] = []  # what lies outside of each
        self._known: list[Events] = []
        self._end, self._steps = monotonic() + time_limit_s, steps
        self._switch = self._end - (1.0 - BY_ROWS) * time_limit_s
        self.is_cut_short, self.is_by_program = False, False

    def reaches(self, events: Events) -> bool:
        """Return whether a set costs enough; what is known of its parts, or of what it is part of, costs no answer."""
        if any(way <= events for way in self._known):
            return True
        return not any(events <= cut for cut in self.cuts) and self.losses(events) >= self.least

    def in_order(self, chance: Array, one_of: Events | None = None, found: Sequence[Events] = ()) -> Iterator[Way]:
        """Give the sets that reach the loss and have no member too many, the likeliest first.

        Parameters
        ----------
        chance : array
            Of each cause; NaN or 0 = it does not happen.
        one_of : set, optional
            Of these each set has one.
        found : sequence of sets
            No set holds one of these whole.
        """
        chance = np.nan_to_num(chance)
        with np.errstate(divide="ignore"):
            weight = np.maximum(-np.log(chance), 0.0)
        order = np.argsort(-chance, kind="stable").tolist()
        rows, known = [*self._rows, *([] if one_of is None else [one_of])], list(found)
        for events, held in hitting_sets(weight, rows, known, self.most_events):
            if not self._known and self._switch < monotonic() < self._end and self.losses.closes_only:
                yield from self._by_program(chance, weight, rows, known, held)
                return
            if monotonic() > self._end:
                self.is_cut_short = True
                yield from self._for_want_of_time(chance, known, float(np.exp(-held)))
                return
            if events is None:
                continue
            if self.reaches(events):
                yield self._way(events, chance, float(np.exp(-held)), known)
            else:
                self._cut(events, order, rows)

    def _way(self, events: Events, chance: Array, bound: float, known: list[Events], is_proved: bool = True) -> Way:
        """Keep a set that reaches the loss, without the members that it can do without."""
        events = self._trimmed(events, chance)
        known.append(events)
        self._known += [events] if events not in self._known else []
        return Way(events, chance_of(events, chance), bound, is_proved)

    def _cut(self, events: Events, order: list[int], rows: list[Events]) -> None:
        """Enlarge a set that does not reach the loss, the likeliest cause first, and keep it as a row."""
        cut = self._largest(events, [i for i in order if i not in events])
        self.cuts.append(cut)
        for kept in (self._rows, rows):
            kept.append(frozenset(range(self.n)) - cut)
        self._steps.now(f"{len(self.cuts)} sets that cost too little are known")

    def _by_program(
        self, chance: Array, weight: Array, rows: list[Events], known: list[Events], held: float
    ) -> Iterator[Way]:
        """Go on with one program of all causes, no set lighter than ``held``."""
        self.is_by_program, order = True, np.argsort(-chance, kind="stable").tolist()
        while True:
            try:
                left = max(self._end - monotonic(), 0.0)
                found = self.losses.cheapest(weight, self.least, self.most_events, rows, known, left)
            except SolverError:  # the time is over
                self.is_cut_short = True
                yield from self._for_want_of_time(chance, known, float(np.exp(-held)))
                return
            if found is None:
                return
            held = max(held, found.bound)
            events = frozenset(found.chosen.tolist())
            if not self.reaches(events):  # by less than the solver sees
                self._cut(events, order, rows)
                continue
            self.is_cut_short |= not found.is_optimal
            yield self._way(events, chance, float(np.exp(-held)), known, found.is_optimal)
            if not found.is_optimal:
                return

    def _trimmed(self, events: Events, chance: Array) -> Events:
        """Return a set without the members that it can do without, the least likely left out first."""
        for i in sorted(events, key=lambda i: (chance[i], i)):
            if self.reaches(events - {i}):
                events -= {i}
        return events

    def _largest(self, events: Events, more: list[int], is_too_much: bool = False) -> Events:
        """Return a set that costs too little, with all of ``more`` in their order that leave it so; halves at once.

        ``is_too_much``: whether all of them together are known to reach the loss.
        """
        if not is_too_much and not self._is_too_much(events.union(more)):
            return events.union(more)
        if len(more) == 1:
            return events
        first, second = more[: len(more) // 2], more[len(more) // 2 :]
        begun = self._largest(events, first)
        return self._largest(begun, second, begun.issuperset(first))

    def _is_too_much(self, events: Events) -> bool:
        """Return whether a set would be no cut; one too small for a hair is one all the same."""
        return any(way <= events for way in self._known) or (
            not any(events <= cut for cut in self.cuts) and self.losses.surely_reaches(events, self.least)
        )

    def _for_want_of_time(self, chance: Array, known: Sequence[Events], bound: float) -> Iterator[Way]:
        """Give some other set that reaches the loss, if one is found fast, with the bound of all."""
        there = frozenset(np.flatnonzero(chance > 0).tolist())
        for one in known:
            if one <= there:
                there -= {min(one, key=lambda i: chance[i])}
        if self.reaches(there):
            events = self._trimmed(there, chance)
            if len(events) <= self.most_events:
                yield Way(events, chance_of(events, chance), bound, False)


class TriedWays(Ways):
    """The same where more events may cost less: all sets up to so many are tried one by one."""

    @property
    def n_sets(self) -> int:
        """How many sets are tried."""
        return sum(comb(self.n, size) for size in range(1, self.most_events + 1))

    def in_order(self, chance: Array, one_of: Events | None = None, found: Sequence[Events] = ()) -> Iterator[Way]:
        """Give the sets that reach the loss and of which no part does, the likeliest first."""
        if not self._known:
            for size in range(1, self.most_events + 1):
                for events in map(frozenset, combinations(range(self.n), size)):
                    if not any(one < events for one in self._known) and self.losses(events) >= self.least:
                        self._known.append(events)
        chances = {events: chance_of(events, np.nan_to_num(chance)) for events in self._known}
        for events in sorted(self._known, key=lambda events: (-chances[events], len(events), sorted(events))):
            p, is_asked = chances[events], one_of is None or bool(one_of & events)
            if p > 0 and is_asked and not any(one <= events for one in found):
                yield Way(events, p, p)


def in_order_of_least(ways: Ways, chance: Array) -> Iterator[Way]:
    """Give the sets by the least of their members' chances: of their ties nothing is known (Frechet)."""
    chance = np.nan_to_num(chance)
    found: list[Events] = []
    for level in np.unique(chance[chance > 0])[::-1].tolist():
        at = frozenset(np.flatnonzero(chance == level).tolist())
        for way in ways.in_order(np.where(chance >= level, chance, 0.0), at, tuple(found)):
            found.append(way.events)
            least = least_chance_of(way.events, chance)
            yield Way(way.events, least, level, way.is_proved)


def chance_of(events: Events, chance: Array) -> float:
    """Return the chance that all of some independent causes are in force."""
    return float(np.prod([chance[i] for i in sorted(events)]))


def least_chance_of(events: Events, chance: Array) -> float:
    """Return the most that the chance of all can be, whatever their ties."""
    return float(min(chance[i] for i in events))


def same_chance(one: float, other: float) -> bool:
    """Return whether two chances are one, as far as sums of logarithms tell."""
    return bool(abs(np.log(one) - np.log(other)) <= TIE * max(abs(np.log(other)), 1.0))
