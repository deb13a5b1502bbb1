"""The bottom line: five sentences made from numbers, each dropped where there is nothing to say."""

from __future__ import annotations

import numpy as np

from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.facts_months import Months
from chainnet.reporting.model import Sentence
from chainnet.reporting.summary import contrast, delivered_words, ends_words, gain_tier, quoted, whole_verdict
from chainnet.reporting.summary_months import lasts_words, tier_words
from chainnet.reporting.tables_projects import stands_words
from chainnet.reporting.words import (
    NOT_ASSESSED,
    count,
    country_name,
    first_capital,
    in_sentence,
    join,
    number,
    percent,
    span,
    spelled,
    tonnes,
)

__all__ = ["short_line"]


def short_line(facts: Facts, months: Months) -> tuple[Sentence, ...]:
    """Return verdict, when, the narrowest place, what helps, how far to trust it."""
    parts = [
        Sentence(_verdict(facts), ("T1", "T8"), "Verdict."),
        Sentence(_when(months), ("T8d", "T8e"), "When."),
        Sentence(_place(facts), ("T5", "T6a"), "Where."),
        Sentence(_helps(facts), ("T9", *(f"T10.{y}" for y in facts.a.rerouting)), "What helps."),
        Sentence(_trust(facts), ("T15", "T18", "T20"), "How sure."),
    ]
    return tuple(part for part in parts if part.text)


def _verdict(facts: Facts) -> str:
    if not facts.a.worst:
        whole = facts.whole.loc[BASELINE]
        return (
            f"No scenario was given. Undisturbed, {number(whole['served_tpa'])} of {tonnes(whole['demand_tpa'])} "
            f"({facts.basis or 'all counted goods'}) are served."
        )
    worst, base = facts.leading.loc[facts.a.worst], facts.leading.loc[BASELINE]
    short = float(worst["shortfall_tpa"])
    if short <= 0:
        return whole_verdict(facts)
    basis = f" ({facts.basis})" if facts.basis else ""
    said = f"Under {quoted(facts, facts.a.worst)}, {delivered_words(facts, base, worst)}{basis}: "
    said += f"{tonnes(short)} ({percent(short / float(worst['demand_tpa']))}) go short"
    ends = ends_words(facts, facts.a.worst)
    return said + (f", {ends} with all demand at its low and high values." if ends else "; no range is in the data.")


def _when(months: Months) -> str:
    if not months.ordered:
        return ""
    if not months.short:
        n = spelled(len(months.ordered), "scenario")
        return f"Over {months.span} nobody is short in any month of {n}."
    name = months.short[0]
    tiers = [t for t in (months.lead, *months.facts.tiers) if not np.isnan(months.of(name, t)["first_short_month"])]
    tier = tiers[0] if tiers else months.lead
    where = "" if name == months.facts.a.worst else f"Under {quoted(months.facts, name)}: "
    return f"{where}{tier_words(months, name, tier)}{lasts_words(months, name, tier)}"


def _place(facts: Facts) -> str:
    of = facts.lead_tier
    sites, countries = facts.losses("site"), facts.losses("country")
    said = []
    if len(sites) and sites[facts.lead_loss].iloc[0] > 0:
        name, lost = str(sites.index[0]), float(sites[facts.lead_loss].iloc[0])
        tied = int((sites[facts.lead_loss].round(6) == round(lost, 6)).sum()) - 1
        others = f", {spelled(tied, 'other')} as much" if tied else ""
        if facts.stands_for_several(name):
            said.append(
                f"What costs {of} most is {facts.site_label(name)}, {tonnes(lost)}, several plants as one entry."
            )
            said.append(_plant(facts, of))
        else:
            said.append(f"The single site that costs {of} most is {facts.site_label(name)}, {tonnes(lost)}{others}.")
    else:
        said.append(f"No single site costs {of} anything: {count(len(sites))} tested, all zero, proved.")
    if len(countries) and countries[facts.lead_loss].iloc[0] > 0:
        name, lost = str(countries.index[0]), float(countries[facts.lead_loss].iloc[0])
        part = countries["first_lost_share" if facts.lead_loss == "first_lost_tpa" else "lost_share"].iloc[0]
        said.append(f"Without {in_sentence(country_name(name))} {tonnes(lost)} ({percent(part)}) are lost.")
    return " ".join([*said, contrast(facts)]).strip()


def _plant(facts: Facts, of: str) -> str:
    """Return the single plant that costs most, where the data have larger entries that are no single plants."""
    sites = facts.losses("site")[facts.lead_loss]
    single = sites[[not facts.stands_for_several(str(name)) for name in sites.index]]
    if not len(single) or single.iloc[0] <= 0:
        return f"No single plant costs {of} anything."
    return f"Of single plants it is {facts.site_label(str(single.index[0]))}, {tonnes(float(single.iloc[0]))}."


def _helps(facts: Facts) -> str:
    years = list(facts.a.rerouting)
    if not facts.a.worst or not years or not facts.ladders:
        return ""
    last = years[-1]
    table = facts.a.rerouting[last].projects
    tier = gain_tier(facts)
    column = f"standalone_{facts.first}_t" if tier != ALL_TIERS else "standalone_t"
    alone = table[column].fillna(0.0).round(6) if column in table.columns else None
    said = []
    if alone is not None and len(alone) and alone.max() > 0:
        # among those that return most, the cheapest
        name = alone.index[np.lexsort((alone.index, table["capex_musd"].fillna(np.inf), -alone))][0]
        cost = table.loc[name, "capex_musd"]
        money = f" (USD {number(cost)} million)" if cost == cost else ""
        said.append(f"{facts.label(name)}{money} alone returns {tonnes(alone[name])} to {tier}.")
    else:
        said.append(f"No single project returns anything to {tier}.")
    said.append(f"With stocks and {stands_words(facts, last)}, by {last}, {_left(facts, last)}.")
    return " ".join(said)


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
        said += f"; it rests on {spelled(len(quality), 'input')} ({grades})"
    row = facts.leading.loc[facts.when]
    ends = span(row["demand_low_tpa"], row["demand_high_tpa"])
    demand = "" if ends == NOT_ASSESSED else f" {first_capital(facts.first)} demand itself spans {ends} t/yr."
    return f"{said}.{demand}"
