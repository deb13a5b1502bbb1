"""What a finding claims, in words: one wording a claim, for every page, picture and file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainnet.words._names import country_name, first_capital, in_sentence, join, step_words
from chainnet.words._numbers import NBSP, bill, is_missing, percent, spelled, tonnes, whole
from chainnet.words._who import Who

# of demand; no more than this is none
NONE = 0.01 + 1e-6
YEAR = 12
CANNOT = "Cannot be said"
# what a page that solves for itself says too, with the slots that it fills
CLAIMS = {
    "met": "{demand} is met",
    "cannot": "what {demand} loses cannot be said",
    "short": "{share} of {demand} is short{when}",
    "short_from": "{when} {demand} is short, later by {share}",
    "gone": " once stocks are gone",
    "already": "{share} is short without any restriction",
    "others_met": "{tiers} demand is met.",
    "others_met_first": "{tiers} demand is met unless served last.",
    "other_short": "{tier} demand {loses}{share}",
    "narrow": "The bottleneck is {where}. On existing links its stop costs {demand} {lost}.{also}",
    "also": " {steps} as much.",
    "no_narrow": "No single step abroad costs {demand} anything if it alone stops.",
}


@dataclass(frozen=True)
class Shortfall:
    """What is due to a scenario, as shares of a tier's demand, and what is short without it.

    Attributes
    ----------
    first_year, later : float
        In the first twelve months, and once new suppliers are qualified.
    low, high : float
        The least and the most of ``later`` over the judgements, one at a time.
    already : float
        Short without the scenario.
    is_met, is_certain : bool
        Whether less than 1 % is short, and whether that, or its class, can be said.
    last : float
        ``later`` if allies are served last; ``is_worse_last``: whether that is of another class.
    decided : pair of float
        The least and the most of ``later`` under what alone changes its class most.
    """

    first_year: float
    later: float
    low: float
    high: float
    already: float
    is_met: bool
    is_certain: bool
    last: float = 0.0
    is_worse_last: bool = False
    decided: tuple[float, float] = (math.nan, math.nan)


@dataclass(frozen=True)
class Other:
    """How far another tier is short under the same scenario.

    Attributes
    ----------
    tier : str
    is_met, is_certain : bool
        As of ``Shortfall``.
    later : pair of float
        The least and the most that is due later as page one gives it: a range where it changes the class.
    first_year : float
        What is due in the first twelve months.
    is_met_last : bool
        Whether it is met too if allies are served last.
    is_sooner : bool
        Whether it is short before the tier of the finding.
    """

    tier: str
    is_met: bool
    is_certain: bool
    later: tuple[float, float]
    first_year: float
    is_met_last: bool = True
    is_sooner: bool = False


@dataclass(frozen=True)
class Narrow:
    """The bottleneck.

    Attributes
    ----------
    where : str
        Step and country, in words.
    lost_tpa : float
        What its stop costs, t/yr.
    n_tied : int
        How many others cost as much.
    """

    where: str
    lost_tpa: float
    n_tied: int


@dataclass(frozen=True)
class Claims:
    """A finding in words: one wording for each claim, whatever shows it.

    Attributes
    ----------
    label : str
        Of the scenario.
    tier : str
        Whose shortfall; ``is_allied``: only the demand of beneficiaries counts.
    is_allied : bool
    shortfall : Shortfall
    first_month : float
        As of ``Finding``.
    narrow : Narrow
        The bottleneck.
    decides : tuple of str
        What alone changes the class of the shortfall.
    good : str
        The one good of several that bears all of the shortfall; "" = more than one does.
    """

    label: str
    tier: str
    is_allied: bool
    shortfall: Shortfall
    first_month: float
    narrow: Narrow
    decides: tuple[str, ...] = ()
    good: str = ""

    @property
    def demand(self) -> str:
        """Whose demand it is."""
        return demand_words(self.tier, self.is_allied)

    @property
    def title(self) -> str:
        """The verdict."""
        short, claim = self.shortfall, CLAIMS["met"].format(demand=self.demand)
        if not short.is_certain:
            claim = CLAIMS["cannot"].format(demand=self.demand)
        elif not short.is_met and short.later <= NONE:
            claim = f"{percent(short.first_year)} of {self.demand} is short in the first year, nothing later"
        elif not short.is_met:
            slots = {"share": percent(short.later), "demand": self.demand, "when": self.since}
            claim = CLAIMS["short" if is_missing(self.first_month) else "short_from"].format(**slots).lstrip()
        return f"{first_capital(self.label)}: {claim}."

    @property
    def since(self) -> str:
        """From when."""
        return since(self.first_month)

    @property
    def amount(self) -> str:
        """How much is short, with its range, in a clause."""
        short = self.shortfall
        ends = f" ({between(short.low, short.high)})"
        year = "nothing" if short.first_year <= NONE else percent(short.first_year)
        if not short.is_certain:
            said = f"how much of {self.demand} is short{CLAIMS['gone']} cannot be said{ends}, "
            return f"{said}{year} is short in the first year"
        if short.is_met:
            met = CLAIMS["met"].format(demand=self.demand)
            return f"{met}{ends if percent(short.high) != percent(0.0) else ''}"
        if short.later <= NONE:
            said = f"{year} of {self.demand} is short in the first year, nothing once new suppliers are qualified"
            return f"{said}{ends}"
        slots = {"share": percent(short.later), "demand": self.demand, "when": CLAIMS["gone"]}
        return f"{CLAIMS['short'].format(**slots)}{ends}, {year} in the first year"

    @property
    def already(self) -> str:
        """What is short without any restriction; "" of nothing."""
        short = self.shortfall.already
        return CLAIMS["already"].format(share=percent(short)) if short > NONE else ""

    # -- key figures: a value, and its caption of about six words ---------------------------------------

    @property
    def figure(self) -> tuple[str, str]:
        """How much is short."""
        short, span = self.shortfall, between(self.shortfall.low, self.shortfall.high)
        range_ = "" if percent(short.low) == percent(short.high) else f" ({span})"
        if not short.is_certain:
            return (span, f"of {self.demand} short, by judgement") if range_ else (CANNOT, f"for {self.demand}")
        if short.is_met:
            return "Nothing", f"of {self.demand} short{range_}"
        if short.later <= NONE:
            return percent(short.first_year), f"of {self.demand} short, first year alone"
        return percent(short.later), f"of {self.demand} short{range_}"

    def first(self, horizon: int, low: float = math.nan, high: float = math.nan) -> tuple[str, str]:
        """When it is first short, and in what other year with all stocks at the ends of their ranges.

        Parameters
        ----------
        horizon : int
            Months that were looked at.
        low, high : float
            First month at either end; NaN = none that was looked at.
        """
        central = "" if self.shortfall.is_certain else ", central case"
        what = f"first {'' if Who(self.tier).is_all else f'{self.tier} '}shortfall{central}"
        if is_missing(self.first_month):
            return "Never", f"is {self.demand} short ({whole(horizon)} months, with new suppliers{central})"
        other = [
            f"{since(month).removeprefix(' from ')} at {end} stocks"
            for end, month in (("low", low), ("high", high))
            if not is_missing(month) and -(-month // YEAR) != -(-self.first_month // YEAR)
        ]
        what += f" ({join(other)})" if other and self.shortfall.is_certain else ""
        if self.first_month <= YEAR:
            return f"Month {whole(self.first_month)}", what
        return f"Year {whole(-(-self.first_month // YEAR))}", what

    @property
    def today(self) -> tuple[str, str]:
        """How much the rules in force leave short, of which the finding is."""
        short, span = self.shortfall, between(self.shortfall.low, self.shortfall.high)
        if not short.is_certain:
            if percent(short.low) == percent(short.high):
                return CANNOT, f"for {self.demand} under today's rules"
            return CANNOT, f"of {demand_words(self.tier, False)} today ({span})"
        if short.is_met:
            return "Nothing", f"of {self.demand} short under today's rules"
        return percent(max(short.later, short.first_year)), f"of {self.demand} short under today's rules"

    def course(self, horizon: int) -> str:
        """When the gap opens, as the title of a picture; ``horizon``: months that were looked at."""
        if not is_missing(self.first_month):
            return "Short within the first year" if self.first_month <= YEAR else "Short after the first year"
        is_later = self.shortfall.is_certain and self.shortfall.later > NONE and not self.shortfall.is_met
        return f"Nothing short in {whole(horizon)} months{', but later' if is_later else ''}"

    # -- four sentences ----------------------------------------------------------------------------------

    def who(self, others: Sequence[Other]) -> str:
        """Say who is short, and when.

        Parameters
        ----------
        others : sequence of Other
            The other tiers, in order.
        """
        short, tier = self.shortfall, first_capital(self.demand)
        unsure = [one.tier for one in others if not one.is_certain]
        year = "nothing" if short.first_year <= NONE else part(short.first_year)
        if not short.is_certain:
            said = [f"{tier} loses {year} over the first year (central case)."]
        elif short.is_met:
            said = [f"{tier} is met in the first year and later."]
        else:
            late = "nothing" if short.later <= NONE else "more" if short.later > short.first_year + NONE else ""
            late = late or ("less" if short.later < short.first_year - NONE else "as much")
            only = f": in the central case only {self.good}" if self.good else ""
            said = [f"{tier} loses {year} over the first year, {late} later{only}."]
        said += [f"{first_capital(self.already)}."] if self.already else []
        met = [one for one in others if one.is_met and one.later[1] <= NONE]
        lost = [one for one in others if one.is_certain and one not in met]
        for is_met_last, claim in ((True, CLAIMS["others_met"]), (False, CLAIMS["others_met_first"])):
            names = [one.tier for one in met if one.is_met_last == is_met_last]
            said += [claim.format(tiers=first_capital(join(names)))] if names else []
        for is_sooner, head in ((False, ""), (True, "short sooner, ")):
            words = [
                CLAIMS["other_short"].format(tier=one.tier, loses="" if i else "loses ", share=_most(one))
                for i, one in enumerate(other for other in lost if other.is_sooner == is_sooner)
            ]
            said += [f"{first_capital(head + join(words))}."] if words else []
        cannot = CLAIMS["cannot"].format(demand=f"{join(unsure)} demand")
        said += [f"{first_capital(cannot)}."] if unsure else []
        return " ".join(said)

    @property
    def where(self) -> str:
        """Where the chain breaks."""
        narrow = self.narrow
        if not narrow.where:
            return CLAIMS["no_narrow"].format(demand=self.demand)
        steps = "Other steps cost" if narrow.n_tied > 1 else "Another step costs"
        also = CLAIMS["also"].format(steps=steps) if narrow.n_tied else ""
        slots = {"where": narrow.where, "demand": self.demand, "lost": tonnes(narrow.lost_tpa)}
        return CLAIMS["narrow"].format(**slots, also=also)

    def with_stocks(self, low: float, high: float) -> str:
        """Say from when the tier is short with all stocks at the low and high end of their ranges.

        Parameters
        ----------
        low, high : float
            First month at either end; NaN = none that was looked at. "" is said where both are as the title says.
        """
        ends = [_by_when(month) for month in (low, self.first_month, high)]
        if len(set(ends)) == 1:
            return ""
        head = f"The time rests on stocks: {self.demand} is short"
        return f"{head} {ends[0]} with all of them at the low end of their ranges, {ends[2]} at the high end."

    def what(self, advice: Sequence[Mapping[str, Any]]) -> str:
        """Say what to do: the first of the projects, or what there is without any, then what closes the rest.

        Parameters
        ----------
        advice : sequence of mapping
            What to do, in order (verb, thing, ids, state, avoids_tpa, left_tpa, cost_musd, cost_also, due, is_past,
            closes, conditions, rivals, cheaper).
        """
        if not advice:
            if self.shortfall.is_met or self.shortfall.later <= NONE:
                case = "No measure" if self.shortfall.is_certain else "In the central case no measure"
                return f"{case} is needed once new suppliers are qualified."
            return f"No listed project avoids the shortfall of {self.demand}."
        projects = [one for one in advice if one["ids"] and one["state"] != "held"]
        first, *then = projects or advice[-1:]
        told = f"{first['verb']} {first['thing']}: that avoids {tonnes(first['avoids_tpa'])}{_bill(first)}"
        said = [f"{told}, {'closing the gap' if first['closes'] else f'leaving {_left(first)}'}"]
        said += [
            f"Then {one['verb'].lower()} {one['thing']}{_bill(one)}: "
            f"that {'closes the gap' if one['closes'] else f'leaves {_left(one)}'}"
            for one in then
        ]
        only = join(list(dict.fromkeys(word for one in (first, *then) for word in one["conditions"])))
        n = len(first["rivals"])
        also = f" {first_capital(spelled(n, 'other project avoids', 'other projects avoid'))} as much." if n else ""
        also += " Two cheaper projects do so together." if first["cheaper"] else ""
        return f"{'. '.join(said)}{f' if {only}' if only else ''}.{also}"

    def how_sure(self, firmness: Mapping[str, bool]) -> str:
        """Say how sure that is, and the one thing that decides."""
        short = self.shortfall
        loose = [name for name, firm in firmness.items() if not firm]
        held = [name for name, firm in firmness.items() if firm and not (name == "order" and short.is_worse_last)]
        last = f"served last, allies lose {part(short.last)}" if short.is_worse_last else ""
        if not loose:
            firm = "No judgement and no doubtful input that was tried changes this verdict"
            return f"{first_capital('; '.join(one for one in (firm, last) if one))}."
        most = " most" if len(self.decides) > 1 else ""
        then = "nothing short" if short.decided[1] <= NONE else between(*short.decided)
        said = f"The verdict changes{most} {self.decides[0]}: {then}." if self.decides else ""
        firm = f"Nothing assumed of {join(held, 'or')} changes its class" if held else ""
        ends = first_capital("; ".join(one for one in (firm, last) if one))
        return " ".join(one for one in (said, f"{ends}." if ends else "") if one)

    @property
    def judged(self) -> str:
        """The range of what is short later, and where a wider one is found; "" where nothing moves it."""
        short = self.shortfall
        if percent(short.low) == percent(short.high):
            return ""
        ends = f"{between(short.low, short.high)} of {self.demand} is short{CLAIMS['gone']}"
        further = "A weak input can go further: ask chainnet assumptions of this scenario and tier."
        return f"Judged otherwise, one thing at a time, {ends}. {further}"

    def line(self, chain: str, under: str) -> str:
        """Return the finding in a line of an overview: chain, restriction, how much is short, what decides."""
        also = f" {first_capital(self.already)}." if self.already else ""
        decides = f"What decides: {self.decides[0]}." if self.decides else "Nothing alone changes that."
        return f"{chain}, {under}: {self.amount}.{also} {decides}"


def _most(one: Other) -> str:
    """Return what is short at most, of the ends of what is later and of the first year: a range where that is open."""
    is_open = one.later[1] >= one.first_year and percent(one.later[0]) != percent(one.later[1])
    return between(*one.later) if is_open else part(max(*one.later, one.first_year))


def in_a_mark(thing: str, ids: Sequence[str]) -> str:
    """Return what is advised as a mark in a picture names it.

    Examples
    --------
    >>> in_a_mark("“Works, phase 1”", ["w"]), in_a_mark("“Works” and Mill", ["w", "m"])
    ('Works, phase 1', 'two projects')
    """
    return spelled(len(ids), "project") if len(ids) > 1 else thing.strip("“”")


def _bill(advice: Mapping[str, Any]) -> str:
    """Return in brackets what an advice costs and when it is due; "" of a stock, which is there."""
    if advice["state"] == "held":
        return ""
    several = len(advice["ids"]) > 1
    unknown = "not all costs known" if several else "cost unknown"
    of = "part of" if advice["cost_also"] else "capex"
    cost = unknown if is_missing(advice["cost_musd"]) else f"{of} {bill(advice['cost_musd'] * 1e6)}"
    due = f"{'last ' if several else ''}due {advice['due']}"
    return f" ({cost}{f', was {due}' if advice['is_past'] else f', {due}' if advice['due'] else ''})"


def _left(advice: Mapping[str, Any]) -> str:
    """Return what stays short with an advice; a stock lasts a year."""
    left = tonnes(advice["left_tpa"]) if advice["left_tpa"] > 0 else "nothing short"
    return f"{left} for one year" if advice["state"] == "held" else left


def _by_when(first_month: float) -> str:
    return "in no month looked at" if is_missing(first_month) else since(first_month).strip()


def since(first_month: float) -> str:
    """Return from when somebody is short, by the first short month; NaN = no month that was looked at.

    Examples
    --------
    >>> since(3.0), since(25.0), since(float("nan"))
    (' from month 3', ' from year 3', ' in the long run')
    """
    if is_missing(first_month):
        return " in the long run"
    if first_month <= YEAR:
        return f" from month {whole(first_month)}"
    return f" from year {whole(-(-first_month // YEAR))}"


def demand_words(tier: str, is_allied: bool) -> str:
    """Return whose demand it is.

    Examples
    --------
    >>> demand_words("defence", True)
    'allied defence demand'
    """
    return f"{'allied ' if is_allied else ''}{'' if Who(tier).is_all else f'{tier} '}demand"


def part(share: float) -> str:
    """Return a share in words: all of it, or so many percent."""
    return "all" if share >= 1.0 - NONE / 1e3 else percent(share)


def between(low: float, high: float) -> str:
    """Return a range of shares in words."""
    least, most = percent(low), percent(high)
    return most if least == most else f"{least.removesuffix(NBSP + '%')} to {most}"


def lacking(low: float, high: float) -> str:
    """Return how much is short, at least and at most, in words.

    Examples
    --------
    >>> lacking(0.0, 0.0), lacking(0.0, 0.13).replace(NBSP, " ")
    ('nothing short', '0 to 13 % short')
    """
    return "nothing short" if high <= NONE else f"{between(low, high)} short"


def place_words(step: str, country: str) -> str:
    """Return a step of a country in words; "" of none.

    Examples
    --------
    >>> place_words("separation", "CHN")
    'separation in China'
    """
    return f"{step_words(step)} in {in_sentence(country_name(country))}" if step else ""
