"""A finding at both ends of who is served first, as a report tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainnet.engine import PRINTED
from chainnet.reporting.facts import ALL_TIERS, Facts
from chainnet.results import fact_of
from chainnet.words import NBSP, agree, percent


@dataclass(frozen=True)
class Short:
    """What a tier asks for and lacks, t/yr: in the answer, and if all others are served after, and before."""

    demand: float
    asked: float
    after: float
    before: float

    @property
    def worst(self) -> float:
        """The larger of both ends."""
        return max(self.after, self.before)

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
    one, other = (0.0 if short <= PRINTED * demand else short for short in (one, other))
    return Short(demand, asked, one, other if has_others(facts) else one)


def share_words(short: Short) -> str:
    """Return the share of a demand that goes short, as a range where the ends are two numbers."""
    if short.demand <= 0:
        return percent(0.0)
    low, high = percent(short.after / short.demand), percent(short.before / short.demand)
    return high if low == high else f"{low.removesuffix(f'{NBSP}%')} to {high}"


def ends_differ(facts: Facts, name: str, tiers: Sequence[str]) -> bool:
    """Whether a finding on some tiers is two numbers, by who is served first."""
    return any(short_of(facts, name, tier).differs for tier in tiers)
