"""Sentences from numbers: one claim each, built by templates that the tests read word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any

from chainnet.words._names import first_capital, join, named
from chainnet.words._numbers import DUST, NBSP, bill, is_missing, number, same, weight

MOST_NAMED = 3  # stocks of which nothing is drawn, or goods without a price
# how far flows may move, in a sentence
DEGREE_WORDS = {"none": "without rerouting", "existing": "on existing links", "new": "with new suppliers"}


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
    'On existing links, carrying defence through “A stops” takes 3 t of oxide and 1 t of alloy.'
    """
    return f"On existing links, carrying {tier} through “{scenario}” takes {join(parts)}."


def carried_sentence(scenario: str, stocks: Sequence[tuple[str, str, float, float, float]]) -> str:
    """Say on which stocks of unsure size the time rests until somebody is short; "" of none.

    ``stocks``: holder, what, t as stated, least t, most t.

    Examples
    --------
    >>> carried_sentence("a_stops", [("Firm X in France", "oxide", 200.0, 100.0, 250.0)])
    'a_stops: the time rests on stocks: Firm X in France 200 t (100 to 250) of oxide.'
    """
    said = [
        f"{holder} {weight(stated)} ({number(low)} to {number(high)}) of {named(label)}"
        for holder, label, stated, low, high in stocks
    ]
    return f"{scenario}: the time rests on stocks: {join(said)}.".replace(NBSP, " ") if said else ""


@dataclass(frozen=True)
class Amount:
    """So many tonnes of a material, and what they cost; ``usd`` None = no price in the data."""

    tonnes: float
    label: str
    usd: float | None = None

    def __str__(self) -> str:
        return f"{weight(self.tonnes)} of {named(self.label)}"


@dataclass(frozen=True)
class Drawn:
    """What of a stock is drawn: ``holder`` in words, ``low``: what it may be at least, None = as much as said."""

    holder: str
    label: str
    tonnes: float
    drawn: float
    low: float | None = None

    def __str__(self) -> str:
        part = "all" if same(self.drawn, self.tonnes) else f"{weight(self.drawn)} of"
        low = "" if self.low is None else f" (perhaps {f'only {number(self.low)}' if self.low > DUST else 'none'})"
        return f"{self.holder} gives {part} its {weight(self.tonnes)}{low} of {named(self.label)}"


def requirement_sentence(
    head: tuple[Sequence[str], str, str],
    required: Sequence[Amount],
    drawn: Sequence[Drawn],
    buy: Sequence[Amount],
    most: Sequence[Amount] | None = None,
    idle: Sequence[str] = (),
    ends: tuple[Sequence[Amount], Sequence[Amount]] | None = None,
    unpriced: Sequence[str] = (),
    *,
    leaves_cover: bool = False,
) -> str:
    """Say what must be in stock, which stocks give a part of it, and what is to buy.

    Parameters
    ----------
    head : (tiers, event, conditions)
        Whose demand is met, through what ("through ...", or in what), and how: all in words.
    required, buy : sequence of Amount
        Nothing held, and beside what is held.
    drawn : sequence of Drawn
        Of what is held.
    most : sequence of Amount, optional
        What is to buy if every stock is as small as it may be.
    idle : sequence of str
        Stocks on record of which nothing is drawn, and why.
    ends : (sequence of Amount, sequence of Amount), optional
        Nothing held, with demand at its low and at its high figures.
    unpriced : sequence of str
        What would do alone in its place and has no price: how much of what.
    leaves_cover : bool
        Whether users hold something for themselves, which is left out.

    Examples
    --------
    >>> head = (["defence"], "through “A stops”", "12 months")
    >>> oxide = Drawn("Firm X in France", "oxide", 200.0, 80.0, 50.0)
    >>> need, rest = Amount(30.0, "alloy", 6e6), Amount(12.5, "alloy", 2.5e6)
    >>> ends = [Amount(21.0, "alloy")], [Amount(float("inf"), "alloy")]
    >>> said = requirement_sentence(head, [need], [oxide], [], [rest], [], ends, ["9 t of tin"], leaves_cover=True)
    >>> for part in said.split(". "):
    ...     print(part)
    For defence demand to be met through “A stops” (12 months) 30 t of alloy must be in stock, USD 6 million
    With demand at its low figures 21 t, at its high figures no amount
    Or, without a price in the data, 9 t of tin
    Already held: Firm X in France gives 80 t of its 200 t (perhaps only 50) of oxide
    To buy: nothing; with stocks at their low figures 12.5 t of alloy, USD 2.5 million
    What users hold for themselves is left out, but counts in chainnet stress and find.
    >>> requirement_sentence(head, [], [], [])
    'Defence demand is met through “A stops” (12 months) with nothing in store: no stock is needed.'
    """
    tiers, event, how = head
    through, at_ends = f"met {event} ({how})", "" if ends is None else _at_ends(required, *ends)
    if not required:
        said = first_capital(f"{join(tiers)} demand is {through} with nothing in store: no stock is needed.")
        return " ".join(filter(None, [said, at_ends])).replace(NBSP, " ")
    parts = [
        f"For {join(tiers)} demand to be {through} {join([*map(str, required)])} must be in stock, {_cost(required)}."
    ]
    if at_ends:
        parts.append(at_ends)
    if unpriced:
        parts.append(f"Or, without a price in the data, {join(unpriced[:MOST_NAMED], 'or')}.")
    if drawn:
        parts.append(f"Already held: {join([*map(str, drawn)])}.")
    if idle:
        more = [f"{len(idle) - MOST_NAMED} more"] if len(idle) > MOST_NAMED else []
        parts.append(f"On record, but not drawn: {join([*idle[:MOST_NAMED], *more])}.")
    if not drawn:
        parts.append(f"{'All' if idle else 'No stock is on record, so all'} of it is to buy.")
    else:
        bought = f"{join([*map(str, buy)])}, {_cost(buy)}" if buy else "nothing"
        low = ""
        if most and (
            len(most) != len(buy) or any(not same(*pair) for pair in zip(*map(_tonnes, (most, buy)), strict=True))
        ):
            only = f"{most[0]}, " if len(most) == 1 else ""
            low = f"; with stocks at their low figures {only}{_cost(most)}"
        parts.append(f"To buy: {bought}{low}.")
    if leaves_cover:
        parts.append("What users hold for themselves is left out, but counts in chainnet stress and find.")
    return " ".join(parts).replace(NBSP, " ")


def _at_ends(required: Sequence[Amount], low: Sequence[Amount], high: Sequence[Amount]) -> str:
    """Return what is required at the ends of demand: in tonnes where it is one material, else in USD; "" = the same."""
    each = (required, low, high)
    if len({one.label for amounts in each for one in amounts}) == 1:
        sizes = [sum(_tonnes(amounts)) for amounts in each]
        told = ["nothing" if not size > 0 else "no amount" if isinf(size) else weight(size) for size in sizes]
    elif any(isinf(size) for amounts in each for size in _tonnes(amounts)):
        told = ["no amount" if any(map(isinf, _tonnes(amounts))) else _cost(amounts) for amounts in each]
    else:
        told = [_cost(amounts) if amounts else "nothing" for amounts in each]
    return (
        ""
        if told[0] == told[1] == told[2]
        else f"With demand at its low figures {told[1]}, at its high figures {told[2]}."
    )


def _tonnes(amounts: Sequence[Amount]) -> list[float]:
    return [one.tonnes for one in amounts]


def _cost(amounts: Sequence[Amount]) -> str:
    """Return what amounts cost together, as far as they have a price."""
    known = [one.usd for one in amounts if not is_missing(one.usd)]
    if not known:
        return "no price in the data"
    unpriced = "" if len(known) == len(amounts) else " without those that have no price"
    return f"{bill(sum(float(usd) for usd in known if usd is not None))}{' in all' if len(known) > 1 else ''}{unpriced}"
