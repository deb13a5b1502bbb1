"""The bottom line: five sentences made from numbers, each dropped where there is nothing to say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.facts_months import Months
from chainnet.reporting.model import Sentence
from chainnet.reporting.summary import delivered_words, ends_words, gain_tier, idle_giant, quoted
from chainnet.reporting.tables_projects import stands_words
from chainnet.words import (
    NBSP,
    NOT_ASSESSED,
    count,
    country_name,
    first_capital,
    in_sentence,
    join,
    month_words,
    named,
    number,
    percent,
    same,
    span,
    spelled,
    tonnes,
    weight,
)

__all__ = ["short_line"]


def short_line(facts: Facts, months: Months) -> tuple[Sentence, ...]:
    """Return verdict, when, the narrowest place, what helps, how far to trust it."""
    years = [f"T10.{year}" for year in facts.a.rerouting]
    parts = [
        Sentence(_verdict(facts), ("T1", "T8"), "Verdict."),
        Sentence(_when(months), ("T8d", "T8e"), "When."),
        Sentence(_place(facts), ("T5", "T6a"), "Where."),
        Sentence(_helps(facts), ("T9", "T10", *years), "What helps."),
        Sentence(_trust(facts), ("T8", "T15", "T20"), "How sure."),
    ]
    return tuple(part for part in parts if part.text)


def _verdict(facts: Facts) -> str:
    basis = f" ({facts.basis})" if facts.basis else ""
    whole, base = facts.whole.loc[facts.when], facts.whole.loc[BASELINE]
    if not facts.a.worst:
        what = f"{number(whole['served_tpa'])} of {tonnes(whole['demand_tpa'])}{basis} are served"
        return f"No scenario was given; undisturbed, {what}."
    if whole["shortfall_tpa"] <= 0:
        n = spelled(len(facts.ordered), "scenario")
        return f"{first_capital(n)} tested: none costs any tier anything; spare capacity covers each."
    worst = facts.leading.loc[facts.a.worst]
    short = float(worst["shortfall_tpa"])
    others = [t for t in facts.tiers if t != facts.first]
    to = f" to {facts.whose}" if facts.whose else ""  # T1 says who that is
    if short <= 0:
        fall = f"deliveries{to} fall from {number(base['served_tpa'])} to {tonnes(whole['served_tpa'])}"
        tiers = join([_tier(facts, t) for t in facts.tiers])
        return f"Under {quoted(facts, facts.a.worst)}, {fall}{basis}: {tiers}."
    fall = delivered_words(facts, facts.leading.loc[BASELINE], worst, to)
    said = f"Under {quoted(facts, facts.a.worst)}, {fall}{basis}, "
    said += f"{tonnes(short)} ({percent(short / float(worst['demand_tpa']))}) short"
    ends = ends_words(facts, facts.a.worst)
    said += f", {ends} with demand at its low and high values" if ends else ", no range in the data"
    said += f"; {join([_tier(facts, t) for t in others])}" if others else ""
    return f"{said}{_tied(facts)}."


def _tier(facts: Facts, tier: str) -> str:
    row = facts.of(facts.a.worst, tier)
    short, demand = float(row["shortfall_tpa"]), float(row["demand_tpa"])
    if short <= 0:
        return f"{tier} ({tonnes(demand)}) is met"
    return f"{tier} is short {number(short)} of {tonnes(demand)}"


def _tied(facts: Facts) -> str:
    """Name scenarios that cost the leading tier as much as the worst one, which costs all tiers more."""
    worst = float(facts.leading.loc[facts.a.worst, "shortfall_tpa"])
    tied = [n for n in facts.ordered[1:] if same(float(facts.leading.loc[n, "shortfall_tpa"]), worst)]
    if not tied:
        return ""
    return f"; {spelled(len(tied), 'other scenario costs', 'other scenarios cost')} {facts.first} as much"


def _when(months: Months) -> str:
    if not months.ordered:
        return ""
    name = months.facts.a.worst
    hit = [t for t in months.facts.tiers if not np.isnan(months.of(name, t)["first_short_month"])]
    if not months.short:
        n = spelled(len(months.ordered), "scenario")
        return f"Over {months.span} nobody is short in any month of {n}."
    if not hit:
        return f"Over {months.span} nobody is short in any month of it{_more(months, name)}."
    rows = {t: months.of(name, t) for t in hit}
    first = rows[hit[0]]
    said = f"{first_capital(hit[0])} is short from {_month(months, first)}, by {weight(first['shortfall_t'])} in "
    said += f"{months.horizon} months, and {_back(months, first)}"
    later: dict[str, list[str]] = {}
    for tier in hit[1:]:
        later.setdefault(_month(months, rows[tier]), []).append(tier)
    said += "".join(f"; {join(tiers)} from {month}" for month, tiers in later.items())
    return f"{said}{_more(months, name)}."


def _month(months: Months, row: Any) -> str:
    return f"month{NBSP}{month_words(row['first_short_month'], months.start)}"


def _back(months: Months, row: Any) -> str:
    if np.isinf(row["time_to_recover"]):
        return "does not recover"
    return f"is whole again {number(row['time_to_recover'])} months later"


def _more(months: Months, name: str) -> str:
    """Name the scenario that takes most of the leading tier in the months, where it is another one and not small."""
    other = months.ordered[0]
    row, own = months.of(other, months.lead), months.of(name, months.lead)["shortfall_t"]
    if other == name or not row["shortfall_t"] > own:
        return ""
    takes = f"{quoted(months.facts, other)} takes {'more' if own > 0 else 'some'}"
    return f"; {takes} of {months.lead} in the months, {weight(row['shortfall_t'])} from {_month(months, row)}"


def _place(facts: Facts) -> str:
    of = facts.lead_tier
    sites, countries = facts.losses("site")[facts.lead_loss], facts.losses("country")
    said = []
    if len(countries) and countries[facts.lead_loss].iloc[0] > 0:
        name, lost = str(countries.index[0]), float(countries[facts.lead_loss].iloc[0])
        part = countries["first_lost_share" if facts.lead_loss == "first_lost_tpa" else "lost_share"].iloc[0]
        said.append(
            f"without {in_sentence(country_name(name))} {of} {'loses' if of != ALL_TIERS else 'lose'} "
            f"{tonnes(lost)} ({percent(part)})"
        )
    if len(sites) and sites.iloc[0] > 0:
        name, lost = str(sites.index[0]), float(sites.iloc[0])
        what = "entries" if facts.stands_for_several(name) else "sites"
        several = " (several plants)" if facts.stands_for_several(name) else ""
        tied = int((sites.round(6) == round(lost, 6)).sum()) - 1
        others = f", {spelled(tied, 'other')} as much" if tied else ""
        said.append(f"of single {what} {named(facts.site_label(name))}{several} costs most, {tonnes(lost)}{others}")
    else:
        said.append(f"no single site costs {of} anything ({count(len(sites))} tested, all zero, proved)")
    giant = idle_giant(facts)
    if giant:
        said.append(f"{giant} costs nothing")
    return f"{first_capital('; '.join(said))}."


def _helps(facts: Facts) -> str:
    years = list(facts.a.rerouting)
    if not facts.a.worst or not years or not facts.ladders:
        return ""
    last = years[-1]
    left = f"with stocks and {stands_words(facts, last)}, by {last}, {_left(facts, last)}"
    return f"{first_capital(_best(facts, last))}; {left}."


def _best(facts: Facts, year: int) -> str:
    """Say which project returns most alone, what it costs, who ties, and which returns most per dollar."""
    table = facts.a.rerouting[year].projects
    tier = gain_tier(facts)
    column = f"standalone_{facts.first}_t" if tier != ALL_TIERS else "standalone_t"
    alone = table[column].fillna(0.0).round(6) if column in table.columns else pd.Series(dtype=float)
    if not len(alone) or not alone.max() > 0:
        return f"no single project returns anything to {tier}"
    cost = table["capex_musd"].fillna(np.inf)
    # among those that return most, the cheapest
    best = alone.index[np.lexsort((alone.index, cost, -alone))][0]
    tied = [n for n in alone.index if n != best and same(float(alone[n]), float(alone[best]))]
    also = named(facts.label(tied[0])) if len(tied) == 1 else spelled(len(tied), "other")
    said = f"{named(facts.label(best))} alone returns {tonnes(alone[best])} to {tier} ({_money(cost[best])}"
    said += f"; {also} as much)" if tied else ")"
    rate = (alone / cost.where(cost > 0, np.inf)).where(alone > 0, 0.0)
    thrifty = rate.index[np.lexsort((rate.index, -rate))][0]
    if rate[thrifty] > 0 and rate[thrifty] > (1 + 1e-9) * rate[best]:
        said += f"; per dollar {named(facts.label(thrifty))} returns most, {tonnes(alone[thrifty])} for "
        said += f"{_money(cost[thrifty])}"
    return said


def _money(cost: float) -> str:
    return f"USD{NBSP}{number(cost)}{NBSP}million" if np.isfinite(cost) else "cost not in the data"


def _left(facts: Facts, year: int) -> str:
    rows = [(t, facts.rung(year, "projects", t)) for t in facts.tiers]
    short = [(t, r) for t, r in rows if r is not None and r["shortfall_tpa"] > 1e-9]
    if not short:
        return "no tier is short"
    words = [f"{t} {number(r['shortfall_tpa'])} of {tonnes(r['demand_tpa'])}" for t, r in short]
    return f"what stays short is {join(words)}"


def _trust(facts: Facts) -> str:
    proofs = facts.a.certificates["ok"]
    quality = facts.a.decisive["quality"]
    said = f"Proved for the stated data ({count(proofs.sum())} of {count(len(proofs))} certificates close)"
    if len(quality) and facts.grade != "not graded":
        grades = join([f"{count(n)} {word}" for word, n in quality.value_counts().sort_index().items()])
        said += f"; {spelled(len(quality), 'input binds', 'inputs bind')} ({grades})"
    row = facts.leading.loc[facts.when]
    ends = span(row["demand_low_tpa"], row["demand_high_tpa"])
    demand = "" if ends == NOT_ASSESSED else f"; {facts.first} demand itself spans {ends}{NBSP}t/yr"
    return f"{said}{demand}."
