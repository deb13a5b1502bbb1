"""Sentences from numbers: one claim each, built by templates that the tests read word by word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainnet.words._names import join
from chainnet.words._numbers import DUST, bill, is_missing, number, same, weight


def owners_sentence(parts: Sequence[tuple[str, float, float]], of: str) -> str:
    """Say where a country's plants and what its owners hold cost differently.

    Parameters
    ----------
    parts : sequence of (str, float, float)
        Country, loss by where plants stand, loss by who owns them, t/yr; those that differ most come first.
    of : str
        Tier whose loss is told.

    Examples
    --------
    >>> from chainnet.words import NBSP
    >>> owners_sentence([("Brazil", 0.0, 12.0)], "defence").replace(NBSP, " ")
    'Location and owner disagree (t/yr of defence by where plants stand, then by who owns them): Brazil 0 and 12.'
    >>> owners_sentence([], "defence")
    'By location and by owner, the losses of defence are the same for every country.'
    """
    if not parts:
        return f"By location and by owner, the losses of {of} are the same for every country."
    said = join([f"{country} {number(place)} and {number(owner)}" for country, place, owner in parts])
    return f"Location and owner disagree (t/yr of {of} by where plants stand, then by who owns them): {said}."


def stock_part(label: str, required: Any, buy: Any, usd: Any) -> str:
    """Say what must be in stock of one material, and what of it is to buy beside all that is held.

    Examples
    --------
    >>> from chainnet.words import NBSP
    >>> stock_part("oxide", 30.5, 30.5, 1.0e7).replace(NBSP, " ")
    '30.5 t of oxide (all to buy, USD 10 million)'
    >>> stock_part("oxide", 30.5, 2.5, 8.0e5).replace(NBSP, " ")
    '30.5 t of oxide (2.5 t to buy beside what is held, under USD 1 million)'
    >>> stock_part("oxide", 3.0, 0.0, None).replace(NBSP, " ")
    '3 t of oxide (nothing to buy, what is held does)'
    """
    if buy <= DUST:
        return f"{weight(required)} of {label} (nothing to buy, what is held does)"
    cost = "no price in the data" if is_missing(usd) else bill(usd)
    what = "all to buy" if same(required, buy) else f"{weight(buy)} to buy beside what is held"
    return f"{weight(required)} of {label} ({what}, {cost})"


def stock_sentence(tier: str, scenario: str, parts: Sequence[str]) -> str:
    """Say what must be in stock for a tier to be met through a scenario.

    Examples
    --------
    >>> stock_sentence("defence", "A stops", ["3 t of oxide", "1 t of alloy"])
    'Carrying defence through “A stops” takes 3 t of oxide and 1 t of alloy.'
    """
    return f"Carrying {tier} through “{scenario}” takes {join(parts)}."
