"""A finding at both ends of who is served first, and on which layer of the chain, in the words of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from chainnet.engine import CERTAIN
from chainnet.reporting.facts import ALL_TIERS, Facts, once
from chainnet.results import fact_of
from chainnet.words import agree, ends_sentence, number, percent, tonnes

__all__ = ["Short", "demand_is_assumed", "ends_differ", "has_others", "layer_words", "short_of", "tier_words"]


@dataclass(frozen=True)
class Short:
    """What a tier asks for and lacks, t/yr: in the answer, and if all others are served after, and before."""

    demand: float
    asked: float
    after: float
    before: float

    @property
    def differs(self) -> bool:
        """Whether the ends are two numbers to the digits shown."""
        return not agree(self.after, self.before)


def has_others(facts: Facts) -> bool:
    """Whether there is demand that does not count."""
    return bool(fact_of(facts.a.stress.summary, "has_others", False))


def short_of(facts: Facts, name: str, tier: str) -> Short:
    """Return what a tier lacks under a scenario; all tiers together where it is named so."""
    table = facts.summary[facts.summary["scenario"] == name]
    table = table if tier == ALL_TIERS else table[table["tier"] == tier]
    after = "shortfall_after_tpa" if "shortfall_after_tpa" in table.columns else "shortfall_tpa"
    demand, asked, one, other = (
        float(table[c].sum()) for c in ("demand_tpa", "shortfall_tpa", after, "shortfall_before_tpa")
    )
    one, other = (0.0 if short <= CERTAIN * demand else short for short in (one, other))
    return Short(demand, asked, one, other if has_others(facts) else one)


def ends_differ(facts: Facts, name: str, tiers: Sequence[str]) -> bool:
    """Whether a finding on some tiers is two numbers, by who is served first."""
    return any(short_of(facts, name, tier).differs for tier in tiers)


@once
def demand_is_assumed(facts: Facts, tier: str) -> bool:
    """Whether most of what counts in a tier's demand is assumed: its share says more than its tonnes."""
    demand = facts.network.demand
    users = facts.users[facts.users["scenario"] == facts.when]
    counted = set(zip(users["node"], users["commodity"].fillna(""), users["tier"], strict=True))
    named = demand["tier"].fillna(ALL_TIERS)
    keys = zip(demand["node"], demand["commodity"].fillna(""), named, strict=True)
    rows = pd.Series([key in counted for key in keys], index=demand.index)
    rows &= (named == tier) | (tier == ALL_TIERS)
    asked = demand["demand_tpa"]
    return bool(asked[rows & (demand["quality"] == "assumed")].sum() > asked[rows].sum() / 2)


def tier_words(facts: Facts, name: str, tier: str, noun: str = "", *, brief: bool = False, basis: str = "") -> str:
    """Return how far a tier is met, at both ends where they differ, its share first where its demand is assumed.

    Parameters
    ----------
    facts : Facts
    name, tier : str
        Scenario and tier.
    noun : str
        " demand" tells it at length.
    brief : bool
        The ends as a range, where a sentence before has said what they are.
    basis : str
        What a tonne counts, after the unit.
    """
    short = short_of(facts, name, tier)
    demand, assumed = short.demand, demand_is_assumed(facts, tier)
    if not short.differs:
        if short.asked <= 0:
            return f"{tier}{noun} ({tonnes(demand)}) is met"
        if assumed:
            return f"{percent(short.asked / demand)} of {tier}{noun} is short ({_of(short.asked, demand)}{basis})"
        part = f" ({percent(short.asked / demand)})" if noun else ""
        return f"{tier}{noun} is short {_of(short.asked, demand)}{basis}{part}"
    low, high = number(short.after), number(short.before)
    shares = percent(short.after / demand), percent(short.before / demand)
    tons = f"{low} to {high} of {tonnes(demand)}{basis}"
    if brief:
        return f"{tier}{noun} is short " + (f"{shares[0]} to {shares[1]} ({tons})" if assumed else tons)
    if assumed:
        said = f"{tier}{noun} is short {shares[0]} if all others are served after, {shares[1]} if before"
        return f"{said} ({tons}; this demand is assumed)"
    said = f"{tier}{noun} is short {low} of {tonnes(demand)}{basis} if all others are served after"
    return f"{said}, {high} ({shares[1]}) if before"


def _of(short: float, demand: float) -> str:
    return f"{number(short)} of {tonnes(demand)}"


def layer_words(facts: Facts) -> str:
    """Return on which layer of the chain the answers stand, and what the worst scenario does on the other."""
    table = facts.a.layers
    asked = table[table["is_asked"]].index[0][0]
    year = f"the base year{'' if facts.network.year is None else f' {facts.network.year}'}"
    built = fact_of(table, "built", ())
    projects = "project" if len(built) == 1 else "projects"
    since = f"{len(built)} {projects} since {facts.network.year or year}"
    if asked != "base year":
        head = (
            f"This report stands on the chain as built in {fact_of(table, 'known')} ({since}). In {year}, without them"
        )
        return f"{head}: {_layer(facts, 'base year')}."
    if not built:
        known = fact_of(table, "known")
        by = f" by {known}" if known else ""
        some = f"no listed project runs{by}" if len(facts.network.projects) else "no projects are listed"
        return f"This report stands on {year}; {some}."
    today = f"as known in {fact_of(table, 'known')}"
    return f"With the plants that run today ({since}, {today}): {_layer(facts, 'as built')}. All else here is {year}."


def _layer(facts: Facts, layer: str) -> str:
    rows = facts.a.layers.loc[layer]
    tiers = [tier if isinstance(tier, str) else ALL_TIERS for tier in rows.index]
    columns = ("demand_tpa", "shortfall_after_tpa", "shortfall_before_tpa")
    told = list(zip(tiers, *(rows[c].astype(float) for c in columns), strict=True))
    if has_others(facts):
        return ends_sentence(told)
    return "; ".join(f"{tier} short {number(short)} of {tonnes(demand)}" for tier, demand, short, _ in told)
