"""What a finding claims, in words: one wording a claim, for every page, picture and file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainnet.words._names import country_name, first_capital, in_sentence, join, step_words
from chainnet.words._numbers import NBSP, bill, is_missing, nouns, percent, tonnes, whole
from chainnet.words._who import Who

# of demand; no more than this is none
NONE = 0.01 + 1e-6
YEAR = 12
MOST_DECIDERS = 1
# what a page that solves for itself says too, with the slots that it fills
CLAIMS = {
    "met": "{demand} is met",
    "short": "{share} of {demand} is short{when}",
    "qualified": " once new suppliers are qualified",
    "already": "{share} is short without any restriction",
    "others_met": "{tiers} demand is met.",
    "others_short": "Other tiers: {tiers} short.",
    "narrow": "The bottleneck is {where}{made}: its stop alone costs {lost}.{also}",
    "made": ", which makes {share} of its step",
    "also": " {n} other {steps} cost as much.",
    "no_narrow": "No single step abroad costs {demand} anything if it alone stops.",
}


@dataclass(frozen=True)
class Shortfall:
    """What is due to a scenario, as shares of a tier's demand, and what is short without it."""

    first_year: float
    later: float
    low: float
    high: float
    already: float
    is_met: bool
    is_certain: bool


@dataclass(frozen=True)
class Narrow:
    """The bottleneck: where, its share of the step, what its stop costs, how many others cost as much."""

    where: str
    share: float
    lost_tpa: float
    n_tied: int


@dataclass(frozen=True)
class Claims:
    """A finding as it is said: one wording for each claim, whatever shows it."""

    label: str
    tier: str
    is_allied: bool
    shortfall: Shortfall
    first_month: float
    narrow: Narrow
    decides: tuple[str, ...] = ()

    @property
    def demand(self) -> str:
        """Whose demand it is."""
        return demand_words(self.tier, self.is_allied)

    @property
    def title(self) -> str:
        """The verdict."""
        short, claim = self.shortfall, CLAIMS["met"].format(demand=self.demand)
        if not short.is_certain:
            claim = f"how much of {self.demand} is short cannot be said"
        elif not short.is_met and short.later <= NONE:
            claim = f"{percent(short.first_year)} of {self.demand} is short in the first year, nothing later"
        elif not short.is_met:
            claim = CLAIMS["short"].format(share=percent(short.later), demand=self.demand, when=self.since)
        return f"{first_capital(self.label)}: {claim}."

    @property
    def since(self) -> str:
        """From when."""
        if is_missing(self.first_month):
            return " in the long run"
        if self.first_month <= YEAR:
            return f" from month {whole(self.first_month)}"
        return f" from year {whole(-(-self.first_month // YEAR))}"

    @property
    def amount(self) -> str:
        """How much is short, with its range, in a clause."""
        short = self.shortfall
        ends = f" ({between(short.low, short.high)})"
        year = "nothing" if short.first_year <= NONE else percent(short.first_year)
        if not short.is_certain:
            said = f"how much of {self.demand} is short once new suppliers are qualified cannot be said{ends}, "
            return f"{said}{year} is short in the first year"
        if short.is_met:
            met = CLAIMS["met"].format(demand=self.demand)
            return f"{met}{ends if percent(short.high) != percent(0.0) else ''}"
        if short.later <= NONE:
            said = f"{year} of {self.demand} is short in the first year, nothing once new suppliers are qualified"
            return f"{said}{ends}"
        slots = {"share": percent(short.later), "demand": self.demand, "when": CLAIMS["qualified"]}
        said = f"{CLAIMS['short'].format(**slots)}{ends}"
        return f"{said}, {year} in the first year"

    @property
    def already(self) -> str:
        """What is short without any restriction; "" of nothing."""
        short = self.shortfall.already
        return CLAIMS["already"].format(share=percent(short)) if short > NONE else ""

    def who(self, tiers: Sequence[str], others: Sequence[tuple[str, bool, bool, float, float]]) -> str:
        """Say who is short, and by how much.

        Parameters
        ----------
        tiers : sequence of str
            All tiers, in order.
        others : sequence
            Of each other tier: name, whether it is met, whether its class can be said, what is due later and in the
            first year.
        """
        met = [tier for tier, is_met, *_ in others if is_met]
        rest = [
            f"{tier} {percent(max(later, early)) if certain else 'cannot be said'}"
            for tier, is_met, certain, later, early in sorted(others, key=lambda one: list(tiers).index(one[0]))
            if not is_met
        ]
        said = [f"{first_capital(self.amount)}."]
        said += [f"{first_capital(self.already)}."] if self.already else []
        said += [CLAIMS["others_met"].format(tiers=first_capital(join(met)))] if met else []
        said += [CLAIMS["others_short"].format(tiers=join(rest))] if rest else []
        return " ".join(said)

    @property
    def where(self) -> str:
        """Where the chain breaks."""
        narrow = self.narrow
        if not narrow.where:
            return CLAIMS["no_narrow"].format(demand=self.demand)
        made = "" if is_missing(narrow.share) else CLAIMS["made"].format(share=percent(narrow.share))
        steps = nouns("step", narrow.n_tied)
        also = CLAIMS["also"].format(n=whole(narrow.n_tied), steps=steps) if narrow.n_tied else ""
        return CLAIMS["narrow"].format(where=narrow.where, made=made, lost=tonnes(narrow.lost_tpa), also=also)

    def what(self, advice: Mapping[str, Any] | None) -> str:
        """Say what to do.

        Parameters
        ----------
        advice : mapping, optional
            The advice that leads (verb, thing, avoids_tpa, cost_musd, due, is_past, closes); None = there is none.
        """
        if advice is None:
            none = self.shortfall.is_met or self.shortfall.later <= NONE
            return "No measure is needed once new suppliers are qualified." if none else "No listed project avoids it."
        cost = "cost not known" if is_missing(advice["cost_musd"]) else bill(advice["cost_musd"] * 1e6)
        when = f", due {advice['due']}" if advice["due"] else ""
        when = f", was due {advice['due']}" if advice["is_past"] else when
        told = f"{advice['verb']} {advice['thing']}: it avoids {tonnes(advice['avoids_tpa'])}"
        if advice["ids"]:
            told += f" ({cost}{when})"
        return f"{told}{' and closes the gap' if advice['closes'] else ''}."

    def how_sure(self, firmness: Mapping[str, bool]) -> str:
        """Say how sure that is, and what decides."""
        loose = [name for name, firm in firmness.items() if not firm]
        held = [name for name, firm in firmness.items() if firm]
        if not loose:
            return "The class holds under every judgement that was tried."
        said = f"What decides: {'; '.join(self.decides[:MOST_DECIDERS])}." if self.decides else ""
        firm = f"The class holds whatever is assumed of {join(held, 'or')}." if held else ""
        return " ".join(part for part in (said, firm) if part)

    def line(self, chain: str, under: str) -> str:
        """Return the finding in a line of an overview: chain, restriction, how much is short, what decides."""
        also = f" {first_capital(self.already)}." if self.already else ""
        decides = f"What decides: {self.decides[0]}." if self.decides else "Nothing alone changes that."
        return f"{chain}, {under}: {self.amount}.{also} {decides}"


def demand_words(tier: str, is_allied: bool) -> str:
    """Return whose demand it is.

    Examples
    --------
    >>> demand_words("defence", True)
    'allied defence demand'
    """
    return f"{'allied ' if is_allied else ''}{'' if Who(tier).is_all else f'{tier} '}demand"


def between(low: float, high: float) -> str:
    """Return a range of shares in words."""
    least, most = percent(low), percent(high)
    return most if least == most else f"{least.removesuffix(NBSP + '%')} to {most}"


def place_words(step: str, country: str) -> str:
    """Return a step of a country in words; "" of none.

    Examples
    --------
    >>> place_words("heavy_separation", "CHN")
    'heavy separation in China'
    """
    return f"{step_words(step)} in {in_sentence(country_name(country))}" if step else ""
