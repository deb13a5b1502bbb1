"""A shortfall said at both ends: all others served after those who count, and before them."""

from __future__ import annotations

from collections.abc import Sequence

from chainnet.words._numbers import NBSP, number, percent

AGREED = ", whoever is served first"


def agree(after: float, before: float) -> bool:
    """Say whether two shortfalls are one number to the digits shown."""
    return number(after) == number(before)


def ends_words(name: str, demand: float, after: float, before: float, unit: str = "t/yr", blank: str = NBSP) -> str:
    """Return what a tier lacks if all others are served after it, and if before it.

    Parameters
    ----------
    name : str
        The tier.
    demand, after, before : float
        What it asks for, and what it lacks at either end, t/a.
    unit, blank : str
        Unit of the tonnes; what stands between number and unit.

    Examples
    --------
    >>> ends_words("defence", 2.9, 0.0, 2.9, "t/a", " ")
    'defence short 0 t/a if the others are served after, 2.9 t/a (100 %) if before'
    >>> ends_words("civilian", 40.0, 30.0, 30.0, "t/a", " ")
    'civilian short 30 t/a (75 %), whoever is served first'
    """
    short = _short(demand, after, unit, blank)
    if agree(after, before):
        return f"{name} short {short}{AGREED}"
    return f"{name} short {short} if the others are served after, {_short(demand, before, unit, blank)} if before"


def ends_sentence(
    rows: Sequence[tuple[str, float, float, float]], unit: str = "t/yr", blank: str = NBSP, joint: str = "; "
) -> str:
    """Return the same of several tiers (name, demand, after, before); where all agree it is said once.

    Examples
    --------
    >>> ends_sentence([("defence", 4.0, 0.0, 0.0), ("industrial", 16.0, 10.0, 10.0)], "t/a", " ")
    'defence short 0 t/a; industrial short 10 t/a (63 %), whoever is served first'
    """
    if not all(agree(after, before) for _, _, after, before in rows):
        return joint.join(ends_words(*row, unit, blank) for row in rows)
    return joint.join(f"{name} short {_short(demand, after, unit, blank)}" for name, demand, after, _ in rows) + AGREED


def _short(demand: float, short: float, unit: str, blank: str) -> str:
    tons = f"{number(short)}{blank}{unit}"
    return f"{tons} ({percent(short / demand, blank)})" if short > 0 and demand > 0 else tons
