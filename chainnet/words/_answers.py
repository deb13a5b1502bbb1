"""What an answer says in one line: who is short and from when, what costs most, what each level of response leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isinf
from typing import Any

from chainnet.words._claims import since
from chainnet.words._names import first_capital, join, readable_id
from chainnet.words._numbers import (
    CERTAIN,
    LEAST,
    MINUS,
    NBSP,
    dollars,
    is_missing,
    nouns,
    number,
    percent,
    tonnes,
    verb,
    whole,
)
from chainnet.words._who import ALL_TIERS, Who

NAN, BLANK = float("nan"), " "
BASELINE = "baseline"
NOBODY = "nobody who counts asks for anything"
FLOOR_BITES = 1e-9  # of a floor: a levy above which it changes something


def least_short(demand_tpa: Any) -> Any:
    """Return the tonnes up to which a demand counts as met: a small part of it, and fewer than any table shows.

    ``demand_tpa``: a number, or a column of them.

    Examples
    --------
    >>> least_short(20.0), least_short(2.6e7)
    (2e-05, 0.1)
    """
    least = CERTAIN * demand_tpa
    return least.clip(upper=LEAST) if hasattr(least, "clip") else min(least, LEAST)


@dataclass(frozen=True)
class TierShort:
    """What a tier is short of its demand, t/yr.

    ``short_tpa`` of the ``demand_tpa`` of a ``tier``; ``least``, ``most``: between what it lies where a stage is
    shared; ``since``: from when, in words; ``is_peak``: whether it is so much only at its worst.
    """

    tier: Any
    short_tpa: float
    demand_tpa: float
    least: float = NAN
    most: float = NAN
    since: str = ""
    is_peak: bool = False

    @property
    def is_met(self) -> bool:
        """Whether nothing is short."""
        most = max(self.short_tpa, 0.0 if is_missing(self.most) else self.most)
        return bool(most <= least_short(self.demand_tpa))

    @property
    def is_range(self) -> bool:
        """Whether the ends are two numbers."""
        return not is_missing(self.least) and number(self.least) != number(self.most)

    @property
    def share(self) -> float:
        """What is short as a part of the demand."""
        return self.short_tpa / self.demand_tpa if self.demand_tpa > 0 else 0.0

    @property
    def amount(self) -> str:
        """How much of how much, in tonnes.

        Examples
        --------
        >>> TierShort("defence", 10.0, 16.0).amount
        '10 of 16 t/yr'
        """
        size = f"{number(self.least)} to {number(self.most)}" if self.is_range else number(self.short_tpa)
        return f"{'up to ' if self.is_peak else ''}{size} of {tonnes(self.demand_tpa, BLANK)}"


def short_sentence(label: str, tiers: Sequence[TierShort]) -> str:
    """Say who is short of how much under a scenario, and who is met.

    Parameters
    ----------
    label : str
        Name of the scenario; "" = the baseline.
    tiers : sequence of TierShort
        In the order of service.

    Examples
    --------
    >>> rows = [TierShort("defence", 0, 4), TierShort("industrial", 10, 16, since=" from month 1")]
    >>> short_sentence("china_out", rows)
    'China out: industrial is short 10 of 16 t/yr from month 1. Defence is met.'
    >>> short_sentence("", [TierShort(None, 0.0, 5.0)])
    'Baseline: all demand is met.'
    >>> short_sentence("", [])
    'Baseline: nobody who counts asks for anything.'
    """
    head = first_capital(readable_id(label or BASELINE))
    if not any(one.demand_tpa > 0 for one in tiers):
        return f"{head}: {NOBODY}."
    short = [one for one in tiers if not one.is_met]
    met = [str(Who.of(one.tier)) for one in tiers if one.is_met]
    if not short:
        return f"{head}: all demand is met."
    is_one = len({one.since for one in short}) == 1  # said once
    said = [
        f"{Who.of(one.tier)} {'' if i else 'is '}short {one.amount}{'' if is_one else one.since}"
        for i, one in enumerate(short)
    ]
    if Who.of(short[0].tier).is_all:
        said[0] = f"demand is short {short[0].amount}"
    since_when = short[0].since if is_one else ""
    rest = f" {first_capital(join(met))} {nouns('is', len(met), 'are')} met." if met else ""
    return f"{head}: {', '.join(said)}{since_when}.{rest}"


def with_impossible(sentence: str, settings: Mapping[str, Any]) -> str:
    """Add to a finding what no answer can mend: demand that nothing reaches, recipes that make goods from nothing.

    Examples
    --------
    >>> with_impossible("Baseline: all demand is met.", {"impossible": "a and b make goods from nothing."})
    'Baseline: all demand is met. a and b make goods from nothing.'
    """
    return " ".join(said for said in (sentence, settings.get("impossible", "")) if said)


def costliest_sentence(name: str, amount: str, n_tied: int = 0, *, is_group: bool = False) -> str:
    """Say what costs most, whether that is several plants, and how many others cost as much.

    Examples
    --------
    >>> costliest_sentence("Trail refinery", "40 t", 1)
    'Losing Trail refinery costs most, as does one other: 40 t.'
    >>> costliest_sentence("Other Chinese plants", "40 t", is_group=True)
    'Losing Other Chinese plants, a group of plants, costs most: 40 t.'
    """
    group = ", a group of plants," if is_group else ""
    return f"Losing {name}{group} costs most{others_words(n_tied)}: {amount}."


def others_words(n_tied: int, other: str = "one other") -> str:
    """Return how many others do as much, behind a verb; where it is one, its name if that is known.

    Examples
    --------
    >>> others_words(0), others_words(1), others_words(3)
    ('', ', as does one other', ', as does any of 3 others')
    >>> others_words(1, "Trail refinery")
    ', as does Trail refinery'
    """
    return "" if not n_tied else f", as does {other if n_tied == 1 else f'any of {n_tied} others'}"


def next_sentence(name: str, amount: str, *, is_group: bool) -> str:
    """Say which single plant, or group of plants, costs most where the costliest is of the other kind; "" = none does.

    Examples
    --------
    >>> next_sentence("Trail refinery", "12 t", is_group=False)
    'Of single plants Trail refinery costs most: 12 t.'
    >>> next_sentence("", "", is_group=False)
    'No single plant costs anything alone.'
    """
    if not name:
        return f"No {'group of plants' if is_group else 'single plant'} costs anything alone."
    return f"Of {'groups of plants' if is_group else 'single plants'} {name} costs most: {amount}."


def before_sentence(label: str, short_tpa: float, demand_tpa: float, whose: str = "") -> str:
    """Say what is short before anything is lost, and under which scenario.

    Parameters
    ----------
    label : str
        Name of the scenario; "" = the baseline.
    short_tpa, demand_tpa : float
        NaN where nobody asks for an amount: there nothing can be short.
    whose : str
        Whose demand counts, in words; "" = everybody's.

    Examples
    --------
    >>> before_sentence("china_out", 128.0, 428.0, "allied defence demand")
    'Before any loss 128 of 428 t/yr of allied defence demand is short (China out).'
    >>> before_sentence("", 0.0, 428.0)
    'Before any loss nothing is short (baseline).'
    >>> before_sentence("china_out", 128.0, 428.0), before_sentence("china_out", NAN, NAN)
    ('Before any loss 128 of 428 t/yr is short (China out).', 'Any loss comes on top of: China out.')
    """
    said = first_capital(readable_id(label)) if label else BASELINE
    if is_missing(demand_tpa):
        return f"Any loss comes on top of: {said}." if label else ""
    is_short = short_tpa > least_short(demand_tpa)
    size = f"{number(short_tpa)} of {tonnes(demand_tpa, BLANK)}" if is_short else "nothing"
    return f"Before any loss {size}{whose and f' of {whose}'} is short ({said})."


def reexports_sentence(each: Sequence[tuple[str, float, float]], n_more: int = 0) -> str:
    """Say what the loss of a country leaves out where a chain was made from trade.

    Parameters
    ----------
    each : sequence of (str, float, float)
        Country, what it ships and did not make, and all that it ships, t/yr.
    n_more : int
        How many other countries do the same.

    Examples
    --------
    >>> reexports_sentence([("China", 4080.0, 11024.0)], 2).partition(": ")[2]
    '4,080 of 11,000 t/yr from China, and those of 2 others.'
    """
    said = [
        f"{number(part)} of {number(whole_tpa)}{'' if i else ' t/yr'} from {name}"
        for i, (name, part, whole_tpa) in enumerate(each)
    ]
    more = f", and those of {n_more} {nouns('other', n_more)}" if n_more else ""
    return (
        "Goods that a country ships but did not make count as lost with their makers alone, traced by equal mixing: "
        f"{', '.join(said)}{more}."
    )


def unranked_words(what: str, n: int, tpa: float, share: float) -> str:
    """Say how many places a ranking leaves out, and what part of the tonnes goes through them.

    Examples
    --------
    >>> unranked_words("places without a country", 4, 90.0, 0.72)
    '4 places without a country, 72 % of tonnes, are not ranked.'
    >>> unranked_words("places without an owner", 1, 0.0, 0.0)
    '1 place without an owner, which carries nothing, is not ranked.'
    """
    part = f"{percent(share, BLANK)} of tonnes" if tpa > 0 else f"which {verb('carry', n)} nothing"
    some = what if n != 1 else what.replace("places", "place", 1)
    return f"{n} {some}, {part}, {nouns('is', n, 'are')} not ranked."


def part_of(tpa: float, whole_tpa: float) -> str:
    """Return tonnes of a whole, with the share.

    Examples
    --------
    >>> part_of(40.0, 50.0)
    '40 of 50 t/yr (80 %)'
    """
    return f"{number(tpa)} of {tonnes(whole_tpa, BLANK)} ({percent(tpa / whole_tpa if whole_tpa > 0 else 0.0, BLANK)})"


def levels_sentence(label: str, left: Sequence[tuple[str, float]], demand_tpa: float, whose: Who = ALL_TIERS) -> str:
    """Say what stays short at the first level of response and at those that avoid any of it.

    Parameters
    ----------
    label : str
        Name of the scenario; "" = the baseline.
    left : sequence of (str, float)
        Each level in words and what is short after it, t/yr, in their order.
    demand_tpa : float
    whose : Who
        Whose demand it is; that of all goes without saying.

    Examples
    --------
    >>> left = [("without rerouting", 48.0), ("with new suppliers", 48.0), ("with all projects", 20.0)]
    >>> levels_sentence("china_out", left, 50.0)
    'China out: 48 of 50 t/yr is short without rerouting, 20 with all projects.'
    >>> levels_sentence("china_out", left, 50.0, Who("civilian"))
    'China out: 48 of 50 t/yr of civilian demand is short without rerouting, 20 with all projects.'
    """
    head = first_capital(readable_id(label or BASELINE))
    if not demand_tpa > 0:
        return f"{head}: {NOBODY}."
    least = least_short(demand_tpa)
    steps = [one for i, one in enumerate(left) if not i or one[1] < left[i - 1][1] - least]
    if steps[0][1] <= least:
        return f"{head}: {whose.demand} is met {steps[0][0]}."
    of = "" if whose.is_all else f" of {whose.demand}"
    (first, most), *rest = steps
    said = [f"{number(short) if short > least else 'nothing'} {words}" for words, short in rest]
    avoids = "" if said else "; no level of response avoids any of it"
    return (
        f"{head}: {', '.join([f'{number(most)} of {tonnes(demand_tpa, BLANK)}{of} is short {first}', *said])}{avoids}."
    )


def course_words(first_month: Any, months: float, latest: float = NAN) -> str:
    """Return from when a tier is short, by its first short month and the months until it is met again.

    ``latest``: the first short month where it is kept whole for as long as can be; inf = never short.

    Examples
    --------
    >>> course_words(3.0, float("inf")), course_words(3.0, 5.0), course_words(3.0, 1.0), course_words(NAN, NAN)
    (' from month 3', ' in months 3 to 7', ' in month 3', ' in the long run')
    >>> course_words(3.0, float("inf"), 19.0), course_words(3.0, float("inf"), float("inf"))
    (' from month 3 (from 19 if kept whole as long as can be)', ' from month 3 (never if kept whole as long as can be)')
    """
    if is_missing(first_month):
        return since(first_month)
    said = f" in month {whole(first_month)}" if months <= 1 else since(first_month)
    if 1 < months < inf:
        said = f" in months {whole(first_month)} to {whole(first_month + months - 1)}"
    if not latest > first_month:
        return said
    return f"{said} ({'never' if isinf(latest) else f'from {whole(latest)}'} if kept whole as long as can be)"


def budget_sentence(budget_musd: float, names: Sequence[str], spent_musd: float, averted_tpa: float) -> str:
    """Say what the best set under a budget avoids, and what it costs.

    Examples
    --------
    >>> budget_sentence(500.0, ["A", "B"], 339.0, 42.5)
    'USD 500 million: A and B avoid 42.5 t/yr of shortfall for USD 339 million.'
    >>> budget_sentence(5.0, [], 0.0, 0.0)
    'USD 5 million: nothing on offer avoids any shortfall.'
    """
    head, spent = (f"USD {number(musd)} million" for musd in (budget_musd, spent_musd))
    if not names or not averted_tpa > 0:
        return f"{head}: nothing on offer avoids any shortfall."
    return f"{head}: {join(names)} {verb('avoid', len(names))} {tonnes(averted_tpa, BLANK)} of shortfall for {spent}."


def gains(low_usd: float, high_usd: float, may_turn: bool = False) -> str:
    """Say what several gain or lose, between two ends.

    Parameters
    ----------
    low_usd, high_usd : float
        USD/a, below 0 a loss; in any order.
    may_turn : bool
        Whether the sign is open, also where both ends have the same.

    Examples
    --------
    >>> [gains(*ends).replace("\u00a0", " ") for ends in ((-7e6, -3e6), (5e6, 5e6), (0.0, 4e6))]
    ['lose USD 3 to 7 million', 'gain USD 5 million', 'gain up to USD 4 million']
    >>> gains(-1e6, 2e6).replace("\u00a0", " ")
    'between −USD 1 million and +USD 2 million'
    """
    low, high = sorted((float(low_usd), float(high_usd)))
    if may_turn or low < 0 < high:
        return f"between {_signed(low)} and {_signed(high)}"
    least, most = (dollars(size) for size in sorted((abs(low), abs(high))))
    if 0.0 in (low, high):
        said = f"up to {most}"
    elif (unit := f"{NBSP}million") in least or unit not in most:  # a unit that both have is said once
        said = least if least == most else f"{least.removesuffix(unit)} to {most.removeprefix(f'USD{NBSP}')}"
    else:
        said = f"{least} to {most}"
    return f"{'gain' if high > 0 else 'lose'} {said}"


def _signed(usd: float) -> str:
    return f"{MINUS if usd < 0 else '+'}{dollars(abs(usd))}"


def floor_state(floor_usd_per_t: float, levy_usd_per_t: float, is_held: bool) -> str:
    """Say whether a floor is held, broken, or below what is paid without it.

    Examples
    --------
    >>> floor_state(110.0, 0.0, True), floor_state(110.0, 50.0, True), floor_state(110.0, 60.0, False)
    ('already there', 'held', 'broken')
    """
    if not levy_usd_per_t > FLOOR_BITES * floor_usd_per_t:
        return "already there"
    return "held" if is_held else "broken"
