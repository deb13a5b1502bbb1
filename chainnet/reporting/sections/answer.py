"""The answer: claims made from numbers, each told once in short on page one and once at length, and what stands there.

A claim is dropped where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.reporting.ends import demand_is_assumed, ends_differ, has_others, layer_words, short_of, tier_words
from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.model import Section, Sentence, make_section
from chainnet.reporting.others import order_of
from chainnet.reporting.sections.losses import set_words, tied_sets
from chainnet.reporting.sections.months import when_words
from chainnet.reporting.sections.projects import stands_words
from chainnet.reporting.sections.rerouting import RUNGS
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

NAMES = 3
LEAST_GIANT = 0.3  # share of its step that makes a site large


def section(facts: Facts) -> Section:
    """Return the answer point by point."""
    return make_section("The answer, point by point", bottom_line(facts))


# -- the claims ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Form:
    """One telling of a claim: its head, the tables that hold its numbers, its words from the facts."""

    head: str
    tables: tuple[str, ...]
    words: Callable[[Facts], str]

    def sentence(self, facts: Facts) -> Sentence:
        years = [f"effects.{year}" for year in facts.a.rerouting] if "projects" in self.tables else []
        return Sentence(self.words(facts), (*self.tables, *years), self.head)


def bottom_line(facts: Facts) -> tuple[Sentence, ...]:
    """Return the answer point by point: verdict, who, when, on what, what helps, how sure."""
    return _told(facts, [long for _, long in CLAIMS])


def short_line(facts: Facts) -> tuple[Sentence, ...]:
    """Return verdict, the layer, when, the narrowest place, what helps, how far to trust it: a sentence each."""
    return _told(facts, [short for short, _ in CLAIMS if short])


def _told(facts: Facts, forms: Sequence[_Form]) -> tuple[Sentence, ...]:
    said = [form.sentence(facts) for form in forms]
    return tuple(sentence for sentence in said if sentence.text)


# -- what several claims say --------------------------------------------------------------------


def _ends(facts: Facts, name: str) -> str:
    """Return the shortfall at low and high demand; empty where no range is known."""
    row = facts.leading.loc[name]
    ends = span(row["shortfall_low_tpa"], row["shortfall_high_tpa"])
    return "" if ends == NOT_ASSESSED else ends


def _delivered(facts: Facts, to: str) -> str:
    """Return what the leading tier gets before and after; where it asks for more than before, what it gets of that."""
    base, worst = facts.leading.loc[BASELINE], facts.leading.loc[facts.a.worst]
    whom = f"{facts.first} deliveries{to}"
    if worst["demand_tpa"] > base["demand_tpa"] * (1 + 1e-9):
        return f"{whom} reach {number(worst['served_tpa'])} of {tonnes(worst['demand_tpa'])} asked for"
    return f"{whom} fall from {number(base['served_tpa'])} to {tonnes(worst['served_tpa'])}"


def _whole(facts: Facts, to: str, noun: str = "") -> tuple[str, str]:
    """Return what the worst scenario costs all tiers where it costs the leading one nothing, and each tier's part."""
    whole, base = facts.whole.loc[facts.a.worst], facts.whole.loc[BASELINE]
    if whole["shortfall_tpa"] <= 0:
        n = first_capital(spelled(len(facts.ordered), "scenario"))
        return f"{n} tested: none costs any tier anything; spare capacity covers each.", ""
    fall = f"fall from {number(base['served_tpa'])} to {tonnes(whole['served_tpa'])}{_basis(facts)}"
    if base["served_tpa"] > 0 and any(demand_is_assumed(facts, t) for t in facts.tiers):
        fall = fall.replace("fall", f"fall by {percent(1 - whole['served_tpa'] / base['served_tpa'])},", 1)
    tiers = join([tier_words(facts, facts.a.worst or "", t, noun) for t in facts.tiers])
    return f"Under {facts.quoted(facts.a.worst or '')}, deliveries{to} {fall}", tiers


def _basis(facts: Facts) -> str:
    return f" ({facts.basis})" if facts.basis else ""


def _idle_giant(facts: Facts) -> str:
    """Say of a site that is large in its step that its loss costs nothing, at both ends; empty if there is none.

    Of several the one whose loss costs most if all others are served first: there the zero hangs on the order.
    """
    table = facts.losses("node")
    idle = table[(table["lost_tpa"] <= 0) & (table["first_lost_tpa"].fillna(0.0) <= 0)]
    thing = facts.things.loc[idle.index]
    thing = thing[thing["country"].notna() & (thing["stage"] != "recycler") & (thing["step_share"] >= LEAST_GIANT)]
    if thing.empty:
        return ""
    sites = facts.losses("site")
    before = pd.Series(0.0, index=thing.index)
    if "others_lost_tpa" in sites:
        before = facts.site_of.reindex(thing.index).map(sites["others_lost_tpa"]).fillna(0.0)
    name = before.index[np.lexsort((-thing["step_share"], -before.round(6)))[0]]
    what = (
        f"{named(facts.label(name))} ({thing.loc[name, 'step']}, {percent(thing.loc[name, 'step_share'])} of its step)"
    )
    if before[name] > 0:
        return f"{what} costs nothing if all others are served after, {tonnes(before[name])} if before"
    return f"{what} costs nothing" + (", whoever is served first" if "others_lost_tpa" in sites else "")


def gain_tier(facts: Facts) -> str:
    """Tier whose gains are told: the leading one if it is short, else all."""
    return facts.first if facts.has_first and facts.lacks(facts.when) > 0 else ALL_TIERS


def _left(facts: Facts, year: int) -> list[str]:
    """Return who stays short with the projects of a year, and by how much."""
    rows = [(t, facts.rung(year, "projects", t)) for t in facts.tiers]
    short = [(t, row) for t, row in rows if row is not None and row["shortfall_tpa"] > 1e-9]
    return [f"{t} {number(row['shortfall_tpa'])} of {tonnes(row['demand_tpa'])}" for t, row in short]


def _proofs(facts: Facts) -> str:
    proofs = facts.a.certificates["ok"]
    done = "Arithmetic checked" if proofs.all() else "Arithmetic checked in part"
    return f"{done} ({count(proofs.sum())} of {count(len(proofs))} certificates close)"


def _demand_ends(facts: Facts) -> str:
    row = facts.leading.loc[facts.when]
    ends = span(row["demand_low_tpa"], row["demand_high_tpa"])
    return "" if ends == NOT_ASSESSED else f"{ends}{NBSP}t/yr"


def best_alone(facts: Facts, year: int, column: str) -> tuple[pd.Series, str]:
    """Return what each project returns alone, and the cheapest of those that return most; empty where none does."""
    table = facts.a.rerouting[year].projects
    alone = table[column].fillna(0.0).round(6) if column in table.columns else pd.Series(dtype=float)
    if not len(alone) or not alone.max() > 0:
        return alone, ""
    cost = table["capex_musd"].fillna(np.inf)
    return alone, str(alone.index[np.lexsort((alone.index, cost, -alone))][0])


# -- verdict ------------------------------------------------------------------------------------


def _verdict_short(facts: Facts) -> str:
    if not facts.a.worst:
        return f"No scenario was given; undisturbed, {_undisturbed(facts, _basis(facts))}."
    to = f" to {facts.whose}" if facts.whose else ""  # the table of the scenarios says who that is
    short = short_of(facts, facts.a.worst, facts.first)
    if short.differs or (short.asked > 0 and demand_is_assumed(facts, facts.first)):
        return _verdict_at_both_ends(facts, to)
    if short.asked <= 0:
        said, tiers = _whole(facts, to)
        return f"{said}: {tiers}{_whoever(facts, facts.tiers)}." if tiers else said
    said = f"Under {facts.quoted(facts.a.worst)}, {_delivered(facts, to)}{_basis(facts)}, "
    said += f"{tonnes(short.asked)} ({percent(short.asked / short.demand)}) short{_whoever(facts, [facts.first])}"
    ends = _ends(facts, facts.a.worst)
    said += f", {ends} with demand at its low and high values" if ends else ", no range in the data"
    return said + _rest_of_verdict(facts)


def _verdict_at_both_ends(facts: Facts, to: str) -> str:
    """Return the verdict as a range over who is served first, shares first where the demand is assumed."""
    worst = facts.a.worst
    noun = f" demand{to.replace(' to ', ' of ')}"
    basis = f" {facts.basis}" if facts.basis else ""
    said = f"Under {facts.quoted(worst)}, {tier_words(facts, worst, facts.first, noun, basis=basis)}"
    differs, ends = short_of(facts, worst, facts.first).differs, _ends(facts, worst)
    said += "" if differs else _whoever(facts, [facts.first])
    order = f", {order_of(facts).served}" if differs else ""
    said += f"; with demand at its low and high values {ends}{NBSP}t/yr{order}" if ends else "; no range in the data"
    return said + _rest_of_verdict(facts)


def _rest_of_verdict(facts: Facts) -> str:
    """Return what the other tiers lack, and which scenarios cost the leading tier as much."""
    worst, short = facts.a.worst, facts.lacks(facts.a.worst)
    others = [tier_words(facts, worst, t, brief=True) for t in facts.tiers if t != facts.first]
    said = f"; {join(others)}" if others else ""
    # scenarios that cost the leading tier as much as the worst one, which costs all tiers more
    tied = sum(same(facts.lacks(n), short) for n in facts.ordered[1:]) if short > 0 else 0
    costs = spelled(tied, "other scenario costs", "other scenarios cost")
    return said + (f"; {costs} {facts.first} as much." if tied else ".")


def _whoever(facts: Facts, tiers: Sequence[str]) -> str:
    """Return that who is served first changes nothing; empty where nobody else asks, or it does change."""
    agreed = has_others(facts) and not ends_differ(facts, facts.a.worst, tiers)
    return ", whoever is served first" if agreed else ""


def _undisturbed(facts: Facts, basis: str) -> str:
    """Return what is served where no scenario is given, at both ends."""
    whole = short_of(facts, BASELINE, ALL_TIERS)
    said = f"{number(whole.demand - whole.after)} of {tonnes(whole.demand)}{basis} are served"
    return (
        f"{said} if all others come after, {number(whole.demand - whole.before)} if before" if whole.differs else said
    )


def _verdict_long(facts: Facts) -> str:
    if not facts.a.worst:
        basis = f" ({facts.basis or 'all counted goods'})"
        said = f"No scenario was given. Undisturbed, {_undisturbed(facts, basis)}"
        return f"{said}; below stands what each single loss costs."
    members = f" ({facts.whose_members})" if facts.whose_members else ""
    to = f" to {facts.whose}{members}" if facts.whose else ""
    short = short_of(facts, facts.a.worst, facts.first)
    if short.asked <= 0:
        # nothing falls for the leading tier: what the others lose is the verdict
        said, tiers = _whole(facts, to, " demand")
        return f"{said}. {first_capital(tiers)}." if tiers else f"{said}{_ends_sentence(facts, ' of ' + facts.first)}"
    said = f"Under {facts.quoted(facts.a.worst)}, {_delivered(facts, to)}{_basis(facts)}: "
    said += f"{tonnes(short.asked)} ({percent(short.asked / short.demand)}) go short"
    ends = _ends(facts, facts.a.worst)
    said += f", {ends} with all demand at its low and high values." if ends else "; no range is in the data."
    return f"{said}{_ends_sentence(facts)} {_other_scenarios(facts)}".strip()


def _ends_sentence(facts: Facts, of: str = "") -> str:
    """Return what the leading tier lacks if all others come first, and after where they did not; empty where one."""
    short = short_of(facts, facts.a.worst, facts.first)
    if not short.differs:
        return ""
    said = ""
    if not same(short.before, short.asked):
        said += f" If all other countries are served first, {tonnes(short.before)}{of} go short."
    if not same(short.after, short.asked):
        said += f" If all other countries are served after, {tonnes(short.after)}{of} go short."
    return said


def _other_scenarios(facts: Facts) -> str:
    rest = facts.ordered[1:]
    hit = [n for n in rest if facts.lacks(n) > 0]
    parts: list[str] = []
    for name in hit[:NAMES]:
        short = facts.lacks(name)
        if parts and same(short, facts.lacks(hit[len(parts) - 1])):
            parts.append(f"{facts.quoted(name)} as much")
            continue
        ends = _ends(facts, name)
        parts.append(f"{facts.quoted(name)} leaves {number(short)}{NBSP}t/yr short{' ' + ends if ends else ''}")
    said = f"{join(parts)}." if parts else ""
    if len(hit) > NAMES:
        said += f" {first_capital(spelled(len(hit) - NAMES, 'other leaves', 'others leave'))} less short."
    met = len(rest) - len(hit)
    if met:
        them = "The other" if hit else "Each of the other"
        verb = "leaves" if met == 1 or not hit else "leave"
        said += f" {them} {spelled(met, 'scenario')} {verb} {facts.first} demand met in full."
    return said.strip()


# -- who and when -------------------------------------------------------------------------------


def _who(facts: Facts) -> str:
    parts = []
    if facts.a.worst and facts.lacks(facts.a.worst) > 0:
        parts.append(_places(facts))
        later = [tier_words(facts, facts.a.worst, t, " demand") for t in facts.tiers if t != facts.first]
        parts.append(f"In the worst scenario {join(later)}." if later else "")
    return " ".join(p for p in (*parts, _step_sentence(facts)) if p)


def _places(facts: Facts) -> str:
    """Say in which countries the leading tier goes short in the worst scenario."""
    table = facts.by_place(facts.when)
    table = table[(table["tier"] == facts.first) & (table["shortfall_tpa"] > 0)]
    if len(table) < 2:
        return ""
    words = [
        f"{in_sentence(row['place'])} {number(row['shortfall_tpa'])} of {tonnes(row['demand_tpa'])}"
        for row in records(table.head(4))
    ]
    return f"Short for {facts.first}: {join(words)} (one of several answers)."


def _step_sentence(facts: Facts) -> str:
    """Say what each step of the costliest country costs when it alone stops."""
    table, countries = facts.losses("step+country"), facts.losses("country")
    if table.empty or not len(countries) or not countries[facts.lead_loss].iloc[0] > 0:
        return ""
    country = countries.index[0]
    shown = table[[key[1] == country for key in table.index]]
    shown = shown[shown["lost_tpa"] > 0].head(4)
    if shown.empty:
        return ""
    said = f"If one step in {in_sentence(country_name(str(country)))} alone stops for everyone, "

    def lost(column: str) -> str:
        words = [number(v) if i else tonnes(v) for i, v in enumerate(shown[column])]
        return join([f"{word} at {key[0]}" for word, key in zip(words, shown.index, strict=True)])

    if facts.has_first and (shown["first_lost_tpa"] > 0).any():
        every = join([number(v) for v in shown["lost_tpa"]])
        return f"{said}{facts.first} loses {lost('first_lost_tpa')}; {ALL_TIERS} lose {every}{NBSP}t/yr."
    none = f"; {facts.first} loses nothing" if facts.has_first else ""
    return f"{said}{ALL_TIERS} lose {lost('lost_tpa')}{none}."


def _when_short(facts: Facts) -> str:
    months = facts.months
    if not months.ordered:
        return ""
    name = facts.a.worst or ""
    if not months.short:
        return f"Over {months.span} nobody is short in any month of {spelled(len(months.ordered), 'scenario')}."
    hit = {t: months.of(name, t) for t in months.short_tiers(name)}
    if not hit:
        return f"Over {months.span} nobody is short in any month of it{_more(facts, name)}."
    tier, first = next(iter(hit.items()))
    after = number(first["time_to_recover"])
    back = f"is whole again {after} month{'' if after == '1' else 's'} later"
    back = "does not recover" if np.isinf(first["time_to_recover"]) else back
    said = f"{first_capital(tier)} is short from {_month(facts, first)}, by {weight(first['shortfall_t'])} in "
    said += f"{months.horizon} months, and {back}"
    later: dict[str, list[str]] = {}
    for other in list(hit)[1:]:
        later.setdefault(_month(facts, hit[other]), []).append(other)
    said += "".join(f"; {join(tiers)} from {month}" for month, tiers in later.items())
    return f"{said}{_more(facts, name)}."


def _month(facts: Facts, row: Any) -> str:
    return f"month{NBSP}{month_words(row['first_short_month'], facts.months.start)}"


def _more(facts: Facts, name: str) -> str:
    """Name the scenario that takes most of the leading tier in the months, where it is another one and not small."""
    months = facts.months
    other = months.ordered[0]
    row, own = months.of(other, months.lead), months.of(name, months.lead)["shortfall_t"]
    if other == name or not row["shortfall_t"] > own:
        return ""
    takes = f"{facts.quoted(other)} takes {'more' if own > 0 else 'some'}"
    return f"; {takes} of {months.lead} in the months, {weight(row['shortfall_t'])} from {_month(facts, row)}"


# -- on what it hangs ---------------------------------------------------------------------------


def _hangs_short(facts: Facts) -> str:
    of = facts.lead_tier
    sites, countries = facts.losses("site")[facts.lead_loss], facts.losses("country")
    said = []
    if len(countries) and countries[facts.lead_loss].iloc[0] > 0:
        name, loss = countries.index[0], countries.iloc[0]
        said.append(
            f"without {in_sentence(country_name(str(name)))} {of} {'loses' if of != ALL_TIERS else 'lose'} "
            f"{tonnes(loss[facts.lead_loss])} ({percent(loss[_share(facts)])})"
        )
    if len(sites) and sites.iloc[0] > 0:
        name, lost = str(sites.index[0]), float(sites.iloc[0])
        what, several = ("entries", " (several plants)") if facts.stands_for_several(name) else ("sites", "")
        tied = int((sites.round(6) == round(lost, 6)).sum()) - 1
        others = f", {spelled(tied, 'other')} as much" if tied else ""
        said.append(f"of single {what} {named(facts.site_label(name))}{several} costs most, {tonnes(lost)}{others}")
    else:
        said.append(f"no single site costs {of} anything ({count(len(sites))} tested, all zero, proved)")
    giant = _idle_giant(facts)
    return first_capital("; ".join([*said, giant] if giant else said)) + "."


def _share(facts: Facts) -> str:
    return facts.lead_loss.replace("_tpa", "_share")


def _listed(facts: Facts, by: str, names: Callable[[str], str]) -> list[str]:
    table = facts.losses(by)
    hit = table[table[facts.lead_loss] > 0].head(NAMES)
    worst = [
        tonnes(loss) + f" ({percent(part)})"
        for loss, part in zip(hit[facts.lead_loss], hit[_share(facts)], strict=True)
    ]
    said = [worst[0], *(number(loss) for loss in hit[facts.lead_loss].iloc[1:])] if worst else []
    return [f"{names(str(name))} {words}" for name, words in zip(hit.index, said, strict=True)]


def _hangs_long(facts: Facts) -> str:
    of, tested = facts.lead_tier, facts.losses("site")
    said = []
    if facts.has_first and facts.lead_loss != "first_lost_tpa":
        n = spelled(len(tested), "site")
        said.append(
            f"No single site, country or owner costs {facts.first} anything: {n} tested one by one, all zero, proved. "
            f"What follows counts {ALL_TIERS}."
        )
    country = _listed(facts, "country", lambda c: f"without {in_sentence(country_name(c))}")
    sites = _listed(facts, "site", facts.site_label)
    owners = _listed(facts, "owner_country", lambda c: in_sentence(country_name(c)))
    if country:
        loses = "are lost" if of == ALL_TIERS else f"of {of} deliveries are lost"
        said.append(f"{first_capital(country[0])} {loses}{''.join(f', {words}' for words in country[1:])}.")
    if owners and owners != [w.removeprefix("without ") for w in country]:
        said.append(f"By the owner's country: {join(owners)}.")
    if sites:
        groups = sum(facts.stands_for_several(str(s)) for s in tested.index[: len(sites)])
        several = f" ({spelled(groups, 'of them stands', 'of them stand')} for several plants)" if groups else ""
        said.append(f"The sites that cost most, each alone, are {join(sites)}{several}.")
    else:
        said.append(f"No single site costs {of} anything: {count(len(tested))} tested, all zero, proved.")
    giant = _idle_giant(facts)
    contrast = f"The loss of {giant}." if giant else ""
    return " ".join(part for part in (*said, _together(facts), contrast) if part)


def _together(facts: Facts) -> str:
    """Say what the worst two sites at once cost the leading tier, where that is more than the worst one."""
    attacks = facts.a.attacks
    if ("first tier", 2) not in attacks.index:
        return ""
    row = attacks.loc[[("first tier", 2)]].iloc[0]
    losses = facts.losses("node")["first_lost_tpa" if facts.has_first else "lost_tpa"]
    lost, single = float(row["lost_tpa"]), float(losses.max()) if len(losses) else 0.0
    if lost <= single or same(lost, single):
        return ""
    others = tied_sets(row["other_sets"]) or []
    ties = f"; {spelled(len(others), 'other pair costs', 'other pairs cost')} as much" if others else ""
    how = "" if row["is_optimal"] else "at least "
    return f"The worst two together, {set_words(facts, row['removed'])}, cost {facts.first} {how}{tonnes(lost)}{ties}."


# -- what wins it back --------------------------------------------------------------------------


def _wins_short(facts: Facts) -> str:
    years = list(facts.a.rerouting)
    if not facts.a.worst or not years or not facts.ladders:
        return ""
    year = years[-1]
    left = _left(facts, year)
    stays = f"what stays short is {join(left)}" if left else "no tier is short"
    return f"{first_capital(_best(facts, year))}; with stocks and {stands_words(facts, year)}, by {year}, {stays}."


def _best(facts: Facts, year: int) -> str:
    """Say which project returns most alone, what it costs, who ties, and which returns most per dollar."""
    tier = gain_tier(facts)
    alone, best = best_alone(facts, year, f"standalone_{facts.first}_t" if tier != ALL_TIERS else "standalone_t")
    if not best:
        return f"no single project returns anything to {tier}"
    cost = facts.a.rerouting[year].projects["capex_musd"].fillna(np.inf)
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


def _wins_long(facts: Facts) -> str:
    if not facts.a.worst:
        return ""
    stocks = "No stocks are in the data." if facts.network.stocks.empty else ""
    tier, years = gain_tier(facts), list(facts.ladders)
    if not years:
        rungs = {rung: facts.scenario_rung(facts.when, rung, tier) for rung in ("existing", "new", "stocks")}
        said = _regained(facts, rungs) or "What rerouting wins back was not assessed"
        return f"{first_capital(said)}. No projects are in the data. {stocks}".strip()
    parts = []
    before = ("", "")
    for year in years:
        rungs = {rung: facts.rung(year, rung, tier) for rung in RUNGS if rung != "frozen"}
        gained = _regained(facts, rungs) or "the ladder was not assessed"
        short = join(_left(facts, year))
        left = f"still short: {short}" if short else "then no tier is short"
        if (gained, left) == before:
            parts.append(f"By {year} nothing changes.")
        else:
            again = "it regains the same" if gained == before[0] else gained
            parts.append(f"By {year} ({stands_words(facts, year)}) {again}; {left}.")
        before = (gained, left)
    return " ".join(part for part in (*parts, stocks, "Projects count at announced size and date.") if part)


def _regained(facts: Facts, rungs: dict[str, Any]) -> str:
    """Return what each rung gives back; empty where none was assessed."""
    tier = gain_tier(facts)
    gains = {
        rung: row["gained_tpa"] for rung, row in rungs.items() if row is not None and not pd.isna(row["gained_tpa"])
    }
    words = [f"{number(t) if i else tonnes(t)} from {RUNGS[rung][1]}" for i, (rung, t) in enumerate(gains.items())]
    whom = "all tiers together regain" if tier == ALL_TIERS else f"{tier} demand regains"
    return f"{whom} {join(words)}" if words else ""


# -- how far to trust it ------------------------------------------------------------------------


def _trust_short(facts: Facts) -> str:
    ends = _demand_ends(facts)
    said = _proofs(facts)
    if facts.n_decisive:
        said += f"; the answer {facts.rests_words}"
    return said + (f"; {facts.first} demand itself spans {ends}." if ends else ".")


def _trust_long(facts: Facts) -> str:
    ends = _demand_ends(facts)
    said = [f"{_proofs(facts)}."]
    if facts.n_decisive:
        said.append(f"The answer {facts.rests_words}; the weakest is {weakest_input(facts)}.")
    if ends:
        said.append(f"The demand of {facts.first} itself spans {ends} in the data.")
    assumed = facts.a.coverage["assumed_share"]
    assumed = assumed[assumed > 0].sort_values(ascending=False, kind="stable")
    if len(assumed) and float(assumed.iloc[0]) >= 0.05:
        said.append(
            f"Assumed figures carry {join([f'{percent(v)} of {step}' for step, v in assumed.head(2).items()])}."
        )
    inferred = inferred_flows(facts)
    return " ".join([*said, f"{inferred} flows are inferred."] if inferred else said)


def inferred_flows(facts: Facts) -> str:
    """Return how many of the flows are inferred; empty where none is."""
    flows = facts.a.edge_quality["n_with_flow"]
    return f"{count(flows['inferred'])} of {count(flows.sum())}" if "inferred" in flows.index and flows.sum() else ""


def weakest_input(facts: Facts) -> str:
    """Return the name of the weakest input that binds."""
    weakest = facts.a.decisive.iloc[0]
    return str(weakest["label"] if isinstance(weakest["label"], str) else weakest["id"])


# each claim in short, where page one has room for it, and at length
CLAIMS: tuple[tuple[_Form | None, _Form], ...] = (
    (
        _Form("Verdict.", ("scenarios", "served"), _verdict_short),
        _Form("Verdict.", ("scenarios", "served"), _verdict_long),
    ),
    (_Form("As built.", ("layers",), layer_words), _Form("As built.", ("layers",), layer_words)),
    (None, _Form("Who goes short.", ("served", "by_country", "steps_by_country"), _who)),
    (_Form("When.", ("over_time", "endurance"), _when_short), _Form("When.", ("over_time", "endurance"), when_words)),
    (
        _Form("Where.", ("sites", "countries"), _hangs_short),
        _Form("What it hangs on.", ("sites", "countries", "owners", "sets"), _hangs_long),
    ),
    (_Form("What helps.", ("ladder", "projects"), _wins_short), _Form("What wins it back.", ("ladder",), _wins_long)),
    (
        _Form("How sure.", ("served", "decisive", "certificates"), _trust_short),
        _Form("How far to trust it.", ("decisive", "coverage", "relations", "certificates"), _trust_long),
    ),
)
