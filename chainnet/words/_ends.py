"""A shortfall said at both ends: all others served after those who count, and before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from chainnet.words._numbers import NBSP, number, percent

# how the ends are named after a sentence: where they agree, and where they differ
WHOEVER = ", whoever is served first"
AFTER_OR_BEFORE = ", others served after or before"


class _Ends(Protocol):
    """``results.Ends``, which stands beside this package and uses it."""

    @property
    def after(self) -> float: ...
    @property
    def before(self) -> float: ...
    @property
    def demand(self) -> float: ...
    @property
    def agree(self) -> bool: ...
    @property
    def share(self) -> _Ends: ...


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


def ends_words(name: str, ends: _Ends, unit: str = "t/yr", blank: str = NBSP) -> str:
    """Return what a tier lacks if all others are served after it, and if before it.

    Parameters
    ----------
    name : str
        The tier.
    ends : Ends
        What it asks for, and what it lacks at either end, t/a.
    unit, blank : str
        Unit of the tonnes; what stands between number and unit.

    Examples
    --------
    >>> from chainnet.results import Ends
    >>> ends_words("defence", Ends(0.0, 2.9, 2.9), "t/a", " ")
    'defence short 0 t/a if the others are served after, 2.9 t/a (100 %) if before'
    >>> ends_words("civilian", Ends(30.0, 30.0, 40.0), "t/a", " ")
    'civilian short 30 t/a (75 %), whoever is served first'
    """
    after = _short(ends.demand, ends.after, unit, blank)
    return f"{name} short {at_ends(after, after if ends.agree else _short(ends.demand, ends.before, unit, blank))}"


def ends_sentence(rows: Mapping[str, _Ends], unit: str = "t/yr", blank: str = NBSP) -> str:
    """Return the same of several tiers by name; where all agree it is said once.

    Examples
    --------
    >>> from chainnet.results import Ends
    >>> ends_sentence({"defence": Ends(0.0, 0.0, 4.0), "industrial": Ends(10.0, 10.0, 16.0)}, "t/a", " ")
    'defence short 0 t/a; industrial short 10 t/a (63 %), whoever is served first'
    """
    if not all(ends.agree for ends in rows.values()):
        return "; ".join(ends_words(name, ends, unit, blank) for name, ends in rows.items())
    parts = (f"{name} short {_short(ends.demand, ends.after, unit, blank)}" for name, ends in rows.items())
    return "; ".join(parts) + WHOEVER


def short_range(ends: _Ends) -> str:
    """Return what goes short as a range; one number where the ends agree.

    Examples
    --------
    >>> from chainnet.results import Ends
    >>> short_range(Ends(2.0, 6.0)), short_range(Ends(6.0, 6.0004))
    ('2 to 6', '6')
    """
    return number(ends.after) if ends.agree else f"{number(ends.after)} to {number(ends.before)}"


def share_words(ends: _Ends) -> str:
    """Return the share of a demand that goes short, as a range where the ends are two numbers.

    Examples
    --------
    >>> from chainnet.results import Ends
    >>> [share_words(Ends(2.0, most, 8.0)).replace(NBSP, " ") for most in (6.0, 2.0)]
    ['25 to 75 %', '25 %']
    """
    low, high = percent(ends.share.after), percent(ends.share.before)
    return high if low == high else f"{low.removesuffix(f'{NBSP}%')} to {high}"


def _short(demand: float, short: float, unit: str, blank: str) -> str:
    tons = f"{number(short)}{blank}{unit}"
    return f"{tons} ({percent(short / demand, blank)})" if short > 0 and demand > 0 else tons
