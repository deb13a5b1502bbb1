"""A shortfall in words, with allies served first and with allies served last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from chainnet.words._numbers import NBSP, number, percent

# how the ends are named after a sentence, where they agree
WHOEVER = ", whoever is served first"

# each order of service, in few words
ORDER_WORDS = {
    "law": "served by law and contract",
    "allies_first": "allies served first",
    "allies_last": "allies served last",
    "alike": "nobody served first",
    "stages": "served by a table of stages",
}


@dataclass(frozen=True)
class SaidEnds:
    """What is short of one demand with allies served first and last, in words; ``results.Ends`` takes it from tables.

    Attributes
    ----------
    after, before : float
        Short if all others are served after, and before, t/yr.
    demand : float
        What is asked for, t/yr.

    Examples
    --------
    >>> ends = SaidEnds(2.0, 6.0, 8.0)
    >>> ends.agree, ends.numbers, ends.shares.replace(NBSP, " ")
    (False, '2 to 6', '25 to 75 %')
    """

    after: float
    before: float
    demand: float = 0.0

    @property
    def agree(self) -> bool:
        """Whether both are one number to the digits shown."""
        return number(self.after) == number(self.before)

    @property
    def share(self) -> Self:
        """Both as parts of the demand; none of no demand."""
        whole = self.demand if self.demand > 0 else math.inf
        return replace(self, after=self.after / whole, before=self.before / whole, demand=1.0)

    @property
    def numbers(self) -> str:
        """Both as a range; one number where they agree."""
        return number(self.after) if self.agree else f"{number(self.after)} to {number(self.before)}"

    @property
    def shares(self) -> str:
        """The same of its parts of the demand."""
        low, high = percent(self.share.after), percent(self.share.before)
        return high if low == high else f"{low.removesuffix(f'{NBSP}%')} to {high}"

    def said(self, name: str, unit: str = "t/yr", blank: str = NBSP) -> str:
        """Return what a tier lacks with allies served first and last.

        Parameters
        ----------
        name : str
            The tier.
        unit, blank : str
            Unit of the tonnes; what stands between number and unit.

        Examples
        --------
        >>> SaidEnds(0.0, 2.9, 2.9).said("defence", "t/yr", " ")
        'defence short 0 t/yr if the others are served after, 2.9 t/yr (100 %) if before'
        >>> SaidEnds(30.0, 30.0, 40.0).said("civilian", "t/yr", " ")
        'civilian short 30 t/yr (75 %), whoever is served first'
        """
        after = self.short(self.after, unit, blank)
        return f"{name} short {at_ends(after, after if self.agree else self.short(self.before, unit, blank))}"

    def short(self, tonnes: float, unit: str, blank: str) -> str:
        """Return what is short at one end, and its part of the demand."""
        tons = f"{number(tonnes)}{blank}{unit}"
        return f"{tons} ({percent(tonnes / self.demand, blank)})" if tonnes > 0 and self.demand > 0 else tons


def at_ends(after: str, before: str) -> str:
    """Return what is said of either end, once where it is the same.

    Examples
    --------
    >>> at_ends("loses 2 t", "loses 3 t"), at_ends("3 t", "3 t")
    ('loses 2 t if the others are served after, loses 3 t if before', '3 t, whoever is served first')
    """
    if after == before:
        return f"{after}{WHOEVER}"
    return f"{after} if the others are served after, {before} if before"


def ends_sentence(rows: Mapping[str, SaidEnds], unit: str = "t/yr", blank: str = NBSP) -> str:
    """Return what several tiers lack with allies served first and last, by name; where all agree it is said once.

    Examples
    --------
    >>> ends_sentence({"defence": SaidEnds(0.0, 0.0, 4.0), "industrial": SaidEnds(10.0, 10.0, 16.0)}, "t/yr", " ")
    'defence short 0 t/yr; industrial short 10 t/yr (63 %), whoever is served first'
    """
    if not all(ends.agree for ends in rows.values()):
        return "; ".join(ends.said(name, unit, blank) for name, ends in rows.items())
    return "; ".join(f"{name} short {ends.short(ends.after, unit, blank)}" for name, ends in rows.items()) + WHOEVER
