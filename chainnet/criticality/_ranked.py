"""Ways in the order of their chances, those that could come first within all rates, and where the first changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from chainnet._types import Array
from chainnet.criticality._hazards import Listed
from chainnet.criticality._rates import frechet
from chainnet.criticality._ways import Way, Ways, chance_of, in_order_of_least, least_chance_of, same_chance
from chainnet.engine import TIE

Events = frozenset[int]
Dependence = Literal["groups", "any"]
# of the first way's chance: where ranks end
_NEGLIGIBLE = 0.01
# ties of the last rank, and ways that are asked whether they could come first
_MOST_TIES = 200
_MOST_CANDIDATES = 1000


class Ranked:
    """The ways to lose so much, the likeliest first with chances in the middle.

    Parameters
    ----------
    finder : Ways
    listed : Listed
    dependence : {"groups", "any"}
    most : int
        How many are ranked; ties of the last besides.

    Attributes
    ----------
    ways : list of sets of causes
        Those that are ranked, then others that could come first.
    ranks : list of int or None
    could_lead : set of sets
        Those that are the likeliest at some chances between low and high.
    is_decided, is_complete : bool
        Whether that is one; whether all searches ended.
    first_chance, bound : float
        Chance of the first way, and one that no way exceeds, in the middle; ``is_optimal``: whether they are one, and
        ``is_by_rows`` whether the cuts prove it.
    """

    def __init__(self, finder: Ways, listed: Listed, dependence: Dependence, most: int) -> None:
        self.finder, self.listed, self.is_tied = finder, listed, dependence == "any"
        self.low, self.middle, self.high = (np.nan_to_num(p) for p in (listed.low, listed.middle, listed.high))
        self.with_rates = frozenset(np.flatnonzero(self.high > 0).tolist())
        self._score = least_chance_of if self.is_tied else chance_of
        self.is_complete, self.is_optimal = True, True
        self.first_chance, self.bound, self.is_by_rows = 0.0, 0.0, True
        self._next: Events | None = None
        # where a rate may be 0 in the middle all the same, what could come first is all there is to say
        self.ways, self.ranks = self._in_order(self.middle, most)
        if not self.ways:
            self.ways, self.ranks = self._in_order(self.high, most)
        self.could_lead = self._leading()
        self.is_optimal &= bool(self.ways) or not finder.is_cut_short
        self.is_complete &= not finder.is_cut_short
        more = sorted(self.could_lead - set(self.ways), key=lambda way: (-self._score(way, self.high), sorted(way)))
        self.ways += more
        self.ranks += [None] * len(more)
        self.is_decided = self.is_complete and len(self.could_lead) == 1

    def _each(self, chance: Array) -> Iterator[Way]:
        """Give the ways in order, and keep in mind whether each is proved."""
        for way in in_order_of_least(self.finder, chance) if self.is_tied else self.finder.in_order(chance):
            self.is_complete &= way.is_proved
            yield way

    def _in_order(self, chance: Array, most: int) -> tuple[list[Events], list[int | None]]:
        """Return the ways in order with their ranks; ties share one and all stand there, up to 200 beyond the last."""
        found: list[Way] = []
        for way in self._each(chance):
            if not found:
                self.first_chance, self.bound, self.is_optimal = way.chance, max(way.bound, way.chance), way.is_proved
                self.is_by_rows = not self.finder.is_by_program
            else:
                self._next = self._next or way.events
                is_far = way.chance < _NEGLIGIBLE * found[0].chance or len(found) >= most + _MOST_TIES
                if is_far or (len(found) >= most and not same_chance(way.chance, found[-1].chance)):
                    break
            if way.is_proved or not found:  # an order is none without proof
                found.append(way)
        ranks: list[int | None] = []
        for place, way in enumerate(found):
            is_tied = place > 0 and same_chance(way.chance, found[place - 1].chance)
            ranks.append(ranks[-1] if is_tied else place + 1)
        return [way.events for way in found], ranks

    def _leading(self) -> set[Events]:
        """Return the ways that are the likeliest at some chances between low and high.

        What a way has in common with another counts alike for both. So it does best against all others with its own
        chances high and all others low. No way can lead whose high chance is below the best there is with all chances
        low; nor can any such way beat one that is not below it.
        """
        if not self.ways or not self.is_complete:
            return set(self.ways[:1])
        best = next(self._each(self.low), None)
        least = 0.0 if best is None else best.chance * (1.0 - TIE)
        could: list[Events] = []
        for way in self._each(self.high):
            if way.chance < least:
                break
            if len(could) >= _MOST_CANDIDATES:
                self.is_complete = False
                break
            could.append(way.events)
        return {way for way in could if self._leads(way, could)}

    def _leads(self, way: Events, others: list[Events]) -> bool:
        """Return whether none of the others is likelier, this one's chances being high and all others low."""
        chance = self.low.copy()
        chance[list(way)] = self.high[list(way)]
        most = self._score(way, chance) * (1.0 + TIE)
        return all(self._score(other, chance) <= most for other in others)

    def ends(self, events: Events) -> tuple[float, float, float]:
        """Return the chance of a way: low, in the middle, high."""
        inside = sorted(events)
        if self.is_tied:
            return frechet(self.low[inside])[0], self._score(events, self.middle), frechet(self.high[inside])[1]
        low, middle, high = (chance_of(events, chance) for chance in (self.low, self.middle, self.high))
        return low, middle, high

    def exact(self, events: Events) -> tuple[float, float]:
        """Return the chance that these causes and no others with a rate are in force; NaN with any ties."""
        if self.is_tied:
            return float("nan"), float("nan")
        inside = np.isin(np.arange(len(self.low)), list(events))
        low = float(np.where(inside, self.low, 1.0 - self.high).prod())
        return low, float(np.where(inside, self.high, 1.0 - self.low).prod())

    def once(self, events: Events, years: float) -> float:
        """Return a bound of the chance that all are in force at once on some day until then; NaN = not known."""
        if self.is_tied:
            return float("nan")
        turns = sum(self.listed.causes[i].turn for i in events)
        return float(np.minimum(chance_of(events, self.high) * (1.0 + years * turns), 1.0))

    def switch(self, events: Events) -> tuple[str | None, float]:
        """Return the event whose chance alone makes this way and the first as likely, and that chance.

        For the first way: it and the next. All other chances are in the middle.
        """
        first = self.ways[0]
        other = self._next if events == first else first
        if self.is_tied or other is None or not chance_of(first, self.middle) > 0:
            return None, float("nan")
        mine = chance_of(events, self.middle)
        if not mine > 0:
            return None, float("nan")
        change = chance_of(other, self.middle) / mine
        for i in sorted(events - other, key=lambda i: self.middle[i]):
            if self.middle[i] * change <= 1.0:
                return self.listed.causes[i].id, float(self.middle[i] * change)
        return None, float("nan")
