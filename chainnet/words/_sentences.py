"""Sentences from numbers: one claim each, built by templates that the tests read word by word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainnet.words._infinite import NEVER_SHORT
from chainnet.words._months import month_words
from chainnet.words._names import first_capital, join
from chainnet.words._numbers import DUST, NBSP, NOT_ASKED, bill, is_missing, number, percent, same, tonnes, weight


def tier_sentence(tier: str, demand_t: Any, short_t: Any, first: Any, worst: Any, share: Any, start: str) -> str:
    """Say from when, by how much and how badly a tier is short over the horizon.

    Examples
    --------
    >>> said = tier_sentence("defence", 1712.0, 985.5, 5.0, 44.0, 0.8995, "2025-01")
    >>> said.replace(NBSP, " ")
    'Defence demand is short from month 5 (May 2025), by 986 t in all; at worst, in month 44 (Aug 2028), by 90 %.'
    >>> tier_sentence("defence", 1712.0, 0.0, None, None, 0.0, "").replace(NBSP, " ")
    'Defence demand (1,710 t) is met in every month.'
    """
    if is_missing(first):
        return f"{first_capital(tier)} demand ({weight(demand_t)}) is met in every month."
    return (
        f"{first_capital(tier)} demand is short from month{NBSP}{month_words(first, start)}, by {weight(short_t)} in "
        f"all; at worst, in month{NBSP}{month_words(worst, start)}, by {percent(share)}."
    )


def endurance_sentence(tier: str, survive: str, recover: str) -> str:
    """Say how long a tier can be kept whole, and when it is met again.

    Parameters
    ----------
    tier : str
    survive, recover : str
        As ``survive_words`` and ``recover_words`` write them.

    Examples
    --------
    >>> endurance_sentence("defence", "4", "not in 48")
    'It can be kept whole for 4 months from the first measure and does not recover in 48 months.'
    >>> endurance_sentence("defence", "1", "4")
    'It can be kept whole for one month from the first measure and is met again 4 months after the first short one.'
    """
    if survive == NEVER_SHORT:
        return "It could be kept whole for ever, if it came first."
    carried = "one month" if survive == "1" else f"{survive} months"
    if recover.startswith("not in "):
        after = f"does not recover in {recover.removeprefix('not in ')} months"
    elif recover == NOT_ASKED:
        after = "then is short at the most in part of a month"
    else:
        after = f"is met again {recover} month{'' if recover == '1' else 's'} after the first short one"
    if survive == "0":
        return f"It cannot be kept whole for even one month from the first measure and {after}."
    return f"It can be kept whole for {carried} from the first measure and {after}."


def foresight_sentence(worth_t: Any, short_t: Any) -> str:
    """Say what it is worth to know every date beforehand; empty where it is worth nothing.

    Examples
    --------
    >>> foresight_sentence(10.0, 50.0).replace(NBSP, " ")
    'If nobody foresees a date, 60 t are short, 10 t more.'
    >>> foresight_sentence(0.0, 50.0)
    ''
    """
    if is_missing(worth_t) or worth_t <= 1e-6 * max(float(short_t), 1e-6):
        return ""
    return f"If nobody foresees a date, {weight(short_t + worth_t)} are short, {weight(worth_t)} more."


def bracket_sentence(optimal: Any, myopic: Any) -> str:
    """Say what is lost with best rerouting and with none but habit.

    Examples
    --------
    >>> bracket_sentence(10.0, 14.0).replace(NBSP, " ")
    'With best rerouting 10 t/yr are lost; if firms react only to their own stocks, 14.'
    """
    return f"With best rerouting {tonnes(optimal)} are lost; if firms react only to their own stocks, {number(myopic)}."


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
