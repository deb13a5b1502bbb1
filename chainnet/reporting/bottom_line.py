"""The bottom line: what a reader takes from page one, in short sentences. Shares stand before tonnes, labels for ids.

Each claim is made of sentences of at most 25 words and four numbers; a name in quotes is one word, a year no number.
Where a name is so long that a sentence would pass that, it is told without what the tables say as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.assessment import Neck, missing
from chainnet.engine import PRINTED
from chainnet.reporting.advised import advised_of
from chainnet.reporting.ends import Short, ends_differ, has_others, share_words, short_of
from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.horizon import nil
from chainnet.reporting.sentences import Claim, also, fit, hinging, told, unless
from chainnet.results import fact_of
from chainnet.words import (
    NBSP,
    NO_DATA,
    NOT_ASSESSED,
    counted,
    country_name,
    first_capital,
    in_months,
    in_sentence,
    join,
    month_words,
    number,
    percent,
    same,
    span,
    spelled,
    titled,
    tonnes,
    weight,
)

__all__ = [
    "as_built",
    "idle_giants",
    "plants",
    "sure",
    "verdict",
    "when",
    "where",
]

LEAST_GIANT = 0.3  # share of its step that makes a site large
AFTER_OR_BEFORE = ", others served after or before"
WHOEVER = ", whoever is served first"


def _leading(facts: Facts) -> str:
    """Return the tier that leads: the first, the only one, or all together."""
    return facts.first if facts.has_first or len(facts.tiers) > 1 else facts.tiers[0]


def _are(amount: str) -> str:
    """Return the verb of an amount, by its number."""
    return "is" if amount.replace(NBSP, " ").startswith("1 ") else "are"


def _asked(tier: str) -> str:
    """Return a tier's demand as it stands in a sentence."""
    return "all demand" if tier == ALL_TIERS else f"{tier} demand"


# -- verdict ------------------------------------------------------------------------------------


def verdict(facts: Facts) -> Claim:
    """Say how much of demand goes unmet under the worst scenario, at both ends, and what overturns that."""
    lead, more = _verdict(facts)
    return Claim(told(lead, _stands_in(facts)), more)


def _verdict(facts: Facts) -> Claim:
    worst = facts.a.worst
    if not worst:
        return Claim(_undisturbed(facts))
    rest = [t for t in facts.tiers if t != _leading(facts)]
    if all(short_of(facts, worst, t).worst <= 0 for t in facts.tiers):
        n = spelled(len(facts.ordered), "scenario")
        said = f"Under each of {n} tested all demand" if len(facts.ordered) > 1 else "Under the one scenario all demand"
        whoever = WHOEVER if has_others(facts) else ""
        return Claim(told(f"{said} is met in the long run{whoever}; spare capacity covers it.", _holds(facts)))
    holds, more = _holds(facts), told(*_besides(facts, worst, rest), _as_bad(facts, worst), _change(facts, worst))
    lead, drawn = _lead(facts, worst), _in_draws(facts, worst)
    return Claim(told(lead, holds, drawn), more) if " unless " in holds else Claim(told(lead, drawn), told(holds, more))


def _stands_in(facts: Facts) -> str:
    """Say that nobody said what is asked for; nothing where the data do."""
    if "demand" not in missing(facts.network, facts.a.asked).index:
        return ""
    return "Nobody says what is asked for: as demand stands in what each end use gets undisturbed."


def _undisturbed(facts: Facts) -> str:
    whole = short_of(facts, BASELINE, ALL_TIERS)
    if whole.worst <= 0:
        return f"No scenario was given; undisturbed, all demand ({tonnes(whole.demand)}) is met."
    tons, end = f"{number(whole.after)} of {tonnes(whole.demand)}", ""
    if whole.differs:
        tons, end = f"{_range(whole.after, whole.before)}{NBSP}t/yr", AFTER_OR_BEFORE
    said = f"{share_words(whole)} of demand goes unmet ({tons}){end}"
    return f"No scenario was given; undisturbed, {said}."


def _range(low: float, high: float) -> str:
    """Return two numbers as a range; one where they read the same."""
    return number(low) if number(low) == number(high) else f"{number(low)} to {number(high)}"


def _lead(facts: Facts, worst: str) -> str:
    """Return what the leading tier lacks, its share first."""
    short, what = short_of(facts, worst, _leading(facts)), _asked(_leading(facts))
    head = f"Under {facts.quoted(worst)}{', on known relations' if _worse_on_new(facts) else ''}"
    of = [f" of {facts.people}", ""] if facts.people else [""]
    if short.worst <= 0:
        end = WHOEVER if has_others(facts) else ""
        return fit(*(f"{head}, {what}{o} ({tonnes(short.demand)}) is met in the long run{end}." for o in of))
    if short.after <= 0:
        part = f"{percent(short.before / short.demand)} unmet ({tonnes(short.before)}) if they come first"
        return fit(*(f"{head}, {what}{o} is met if all others are served after, and {part}." for o in of))
    if short.differs:
        tons = f"{_range(short.after, short.before)}{NBSP}t/yr"
        return fit(*(f"{head}, {share_words(short)} of {what}{o} goes unmet ({tons}){AFTER_OR_BEFORE}." for o in of))
    end = WHOEVER if has_others(facts) else ""
    tons = f"{number(short.asked)} of {tonnes(short.demand)}"
    return fit(*(f"{head}, {share_words(short)} of {what}{o} goes unmet ({tons}){end}." for o in of))


def _worse_on_new(facts: Facts) -> bool:
    """Say whether others who come first leave more short with new relations than the verdict gives at its worse end."""
    found = advised_of(facts)
    if found is None or found.others_first is None or found.tier != _leading(facts):
        return False
    worst = short_of(facts, facts.a.worst, _leading(facts)).worst
    return found.others_first > worst and not same(found.others_first, worst)


def _besides(facts: Facts, worst: str, tiers: Sequence[str]) -> list[str]:
    """Return what the other tiers lack, two a sentence, and which of them are met."""
    return unmet_sentences([(t, short_of(facts, worst, t)) for t in tiers], "Besides, ")


def unmet_sentences(found: Sequence[tuple[str, Any]], head: str) -> list[str]:
    """Return what tiers lack, two a sentence, and which of them are met; ``head`` opens the first sentence."""
    parts = [(t, f"{share_words(short)} of {t}", short.differs) for t, short in found if short.worst > 0]
    met = [t for t, short in found if short.worst <= 0]
    said = []
    for at in range(0, len(parts), 2):
        pair = parts[at : at + 2]
        end = AFTER_OR_BEFORE if any(differs for *_, differs in pair) else ""
        said.append(f"{join([words for _, words, _ in pair])} demand goes unmet{end}.")
    if met:
        said.append(f"{join(met)} demand is met in the long run.")
    return [head + first for first in said[:1]] + [f"Also, {more}" for more in said[1:]]


def _in_draws(facts: Facts, worst: str) -> str:
    """Say that what is met as given is short in most draws; empty where it is not."""
    many, key = facts.a.ensemble, f"{facts.first}_short_t"
    short = short_of(facts, worst, _leading(facts))
    if many is None or key not in many.summary.index or short.after > 0:
        return ""
    middle = float(many.summary["p50"][key])
    if middle <= PRINTED * short.demand:
        return ""
    return f"With inputs drawn within their ranges it is short in at least half of the draws (median {tonnes(middle)})."


def _as_bad(facts: Facts, worst: str) -> str:
    """Say which other scenarios leave as much of the leading tier short, at both ends."""
    own = short_of(facts, worst, _leading(facts))
    if not own.worst > 0:
        return ""
    ends = [(n, short_of(facts, n, _leading(facts))) for n in facts.ordered if n != worst]
    tied = [n for n, one in ends if same(one.after, own.after) and same(one.before, own.before)]
    if not tied:
        return ""
    who, leave = facts.quoted(tied[0]), "leaves"
    if len(tied) > 1:
        who, leave = first_capital(spelled(len(tied), "other scenario", "other scenarios")), "leave"
    return f"{who} {leave} as much of {_asked(_leading(facts))} unmet."


def _change(facts: Facts, worst: str) -> str:
    """Say what the scenario asks for more or less than the base year, and what is short without it."""
    said = []
    for tier in dict.fromkeys((facts.first, ALL_TIERS)):
        before, now = short_of(facts, BASELINE, tier).demand, short_of(facts, worst, tier).demand
        if not same(before, now):
            how = "raises" if now > before else "lowers"
            said.append(f"The scenario itself {how} {_asked(tier)} from {number(before)} to {tonnes(now)}.")
            break
    base = short_of(facts, BASELINE, _leading(facts))
    if base.worst > 0:
        said.append(f"Undisturbed, {share_words(base)} of {_asked(_leading(facts))} goes unmet already.")
    return " ".join(said)


def _holds(facts: Facts) -> str:
    """Say what alone overturns the verdict; nothing where that was not asked."""
    if facts.a.load_bearing is None:
        return ""
    every, words = hinging(facts, _leading(facts), "verdict"), hinge_words(facts, _leading(facts))
    if not words:
        said = "no single judgement and no single doubtful input overturns this."
        # what runs since is neither, and may
        return f"In the base year {said}" if fact_of(facts.a.advice, "running", ()) else first_capital(said)
    more = also(len(every) - 1, "overturns", "overturn")
    return fit(f"This holds unless {words[0]}{more}.", f"This holds unless {words[0]}.")


def hinge_words(facts: Facts, tier: str) -> list[str]:
    """Return what overturns the verdict on a tier, each as it stands after "unless": plants by name before judgements.

    Who is served first is left out where the verdict gives both ends.
    """
    found = [words for words, _ in hinging(facts, tier, "verdict")]
    plants = {f"without {titled(str(label))}" for label in facts.things["label"]}
    words = [unless(words) for words in sorted(found, key=lambda words: words not in plants)]
    both_ends = ends_differ(facts, facts.when, [tier])
    orders = ("all others are served first", "all are served alike, nobody first")
    return [w for w in words if not (both_ends and w in orders)]


# -- as built -----------------------------------------------------------------------------------


def as_built(facts: Facts) -> Claim:
    """Say on which layer of the chain the answers stand, and what the worst scenario does on the other."""
    table = facts.a.layers
    asked = table[table["is_asked"]].index[0][0]
    year = f"the base year{'' if facts.network.year is None else f' {facts.network.year}'}"
    built, known = fact_of(table, "built", ()), fact_of(table, "known")
    if asked != "base year":
        more = spelled(len(built), "project")
        head = f"This report stands on the chain as built in {known}, {more} more than in {year}."
        them = "it" if len(built) == 1 else "them"
        return Claim(head, told(*unmet_sentences(_layer(facts, "base year"), f"Without {them} ")))
    if built:
        more, them = spelled(len(built), "project that runs", "projects that run"), "it" if len(built) == 1 else "them"
        found = _layer(facts, "as built")
        started = spelled(len(built), "project started", "projects started")
        heads = (f"In {known}, with {started} since {year}, ", f"With {more} in {known}, ")
        lead = fit(*(told(*unmet_sentences(found[:1], head)) for head in heads))
        stands = f"This report stands on {year}, before {them if lead else f'{more} in {known}'}."
        return Claim(lead, told(stands, *unmet_sentences(found[1:], f"With {them} "))) if lead else Claim(stands)
    if facts.network.projects.empty:
        return Claim(f"This report stands on {year}; no projects are listed.")
    return Claim(f"This report stands on {year}; no listed project runs{f' by {known}' if known else ''}.")


def _layer(facts: Facts, layer: str) -> list[tuple[str, Short]]:
    """Return what goes unmet on a layer under the worst scenario, tier by tier."""
    table = facts.a.layers
    rows = table[table.index.get_level_values("layer") == layer].reset_index()
    found = []
    for row in records(rows):
        demand, after, before = (float(row[c]) for c in ("demand_tpa", "shortfall_after_tpa", "shortfall_before_tpa"))
        tier = row["tier"] if isinstance(row["tier"], str) else "all"
        found.append((tier, Short(demand, after, after, before)))
    return found


# -- when ---------------------------------------------------------------------------------------


def when(facts: Facts) -> Claim:
    """Say how long after its first measure the worst scenario leaves whom short, and until what comes."""
    months, name = facts.months, facts.a.worst
    if not name:
        return Claim("")
    hit = {tier: months.of(name, tier) for tier in months.short_tiers(name)}
    if not hit:
        return Claim(_never(facts, name, _leading(facts)), _more(facts, name))
    tier, row = next(iter(hit.items()))
    said = []
    if tier != _leading(facts) != ALL_TIERS and short_of(facts, name, _leading(facts)).worst > 0:
        said.append(_never(facts, name, _leading(facts)))
    met = ", though met in the long run," if short_of(facts, name, tier).worst <= 0 else ""
    lost = weight(row["shortfall_t"])
    drawn = "" if facts.network.stocks.empty else ", stocks drawn"
    missing = f"{lost} {_are(lost)} missing over {months.horizon} months"
    until, after = _until(facts, tier, row)
    short = f"{first_capital(tier)} demand{met} goes short {_from(facts, row)}"
    apart = told(f"{short}; {missing}.", f"It {until}." if until else "")
    whole = [f"{short} and {until}; {missing}{after_all}." for after_all in dict.fromkeys((drawn, ""))]
    said.append(fit(*whole, apart) if until else apart)
    later: dict[str, list[str]] = {}
    for other in list(hit)[1:]:
        later.setdefault(_from(facts, hit[other]), []).append(other)
    others = [f"{first_capital(join(tiers))} demand goes short {since}." for since, tiers in later.items()]
    return Claim(told(*said), told(after, *others, _more(facts, name)))


def _never(facts: Facts, name: str, tier: str) -> str:
    """Say that a tier is short in no month; and where it is so in the long run, that both are true."""
    others = facts.months.short_tiers(name)
    who = _asked(tier) if others else "any demand"
    said = f"In none of the scenario's {facts.months.horizon} months is {who} short"
    long = any(short_of(facts, name, t).worst > 0 for t in ([tier] if others else facts.tiers))
    return f"{said}; the long run has neither stocks nor dates." if long else f"{said}."


def _from(facts: Facts, row: Any) -> str:
    """Return from when something is short: by the calendar where it is known, else counted from the first measure."""
    start = facts.months.start_of(row["scenario"])
    if start:
        return f"from month{NBSP}{month_words(row['first_short_month'], start)}"
    after = facts.months.after(row)
    return f"{in_months(after)} after the first measure" if after else "with the first measure"


def _until(facts: Facts, tier: str, row: Any) -> tuple[str, str]:
    """Return until when a tier is short, as it stands after its name, and what then is missing still."""
    months, after = facts.months, row["time_to_recover"]
    if np.isfinite(after):
        n = number(after)
        return f"is whole again {n} month{'' if n == '1' else 's'} later" if after > 0 else "", ""
    ladder, own = facts.a.stress.horizon_ladder, float(row["shortfall_t"])
    new = facts.scenario_rung(row["scenario"], "new", tier)
    built = facts.rung(list(facts.ladders)[-1], "projects", tier) if facts.ladders else None
    starts = "projects start" if facts.running is None else ""  # some of them have, since the base year
    ways = (
        ("new", new, "new relations are qualified", "new relations"),
        ("projects", built, starts, "new relations, stocks and projects"),
    )
    for rung, end, comes, what in ways:
        if end is not None and end["shortfall_tpa"] <= 0 and len(ladder):
            ends = f"until {comes}" if comes else "without projects"
            return f"does not recover {ends}", _left_with(facts, what, rung, tier)
    if facts.network.projects.empty:
        return f"does not recover in {months.horizon} months; no projects are in the data", ""
    left = _over_months(ladder, "projects", tier) if len(ladder) else own
    if left < own and not same(left, own):
        return "does not recover", _left_with(facts, ways[1][3], "projects", tier)
    return "does not recover, with or without the listed projects", ""


def _left_with(facts: Facts, what: str, rung: str, tier: str) -> str:
    """Say what more than known relations cuts what is missing over the horizon to, both counted in the same periods."""
    ladder, periods = facts.a.stress.horizon_ladder, facts.months.rungs_in
    now, left = (_over_months(ladder, one, tier) for one in ("existing", rung))
    if same(left, now):
        said = f"{what} take nothing off {weight(now)} (known relations, no stocks)."
    else:
        end = weight(left) if left else "nothing"
        said = f"{what} cut it from {weight(now)} (known relations, no stocks) to {end}."
    return f"Counted in {periods}, {said}" if periods else first_capital(said)


def _over_months(ladder: pd.DataFrame, rung: str, tier: str) -> float:
    """Return what a tier lacks over the horizon on a rung, t."""
    row = ladder[(ladder["rung"] == rung) & (ladder["tier"].fillna(ALL_TIERS) == tier)]
    return float(nil(row["shortfall_t"], row["demand_t"]).iloc[0])


def _more(facts: Facts, name: str) -> str:
    """Name the scenario that takes most of the leading tier in the months, where it is another one and not small."""
    months = facts.months
    if not months.ordered or months.ordered[0] == name:
        return ""
    other = months.ordered[0]
    row, own = months.of(other, months.lead), float(months.of(name, months.lead)["shortfall_t"])
    if not row["shortfall_t"] > own or same(float(row["shortfall_t"]), own):
        return ""
    more = "more" if own > 0 else "some"
    tons = weight(row["shortfall_t"])
    return f"{facts.quoted(other)} costs {months.lead} {more} over the months: {tons}, {_from(facts, row)}."


# -- where --------------------------------------------------------------------------------------


def where(facts: Facts) -> Claim:
    """Say which step of which country is the neck, and which single plant that can be named costs most."""
    tier, abroad = facts.lead_tier, " abroad" if facts.whose else ""
    neck = facts.neck(tier)
    said = [] if tier == facts.first else [_no_neck(facts, abroad)]
    if neck.lost_tpa > 0:
        place, step = in_sentence(country_name(neck.country)), titled(neck.step.replace("_", " "))
        also = f"; {_tied(facts, tier, neck)} as much" if neck.n_tied else ""
        lost = f"{tier} {'lose' if tier == ALL_TIERS else 'loses'} {percent(neck.lost_share)} ({tonnes(neck.lost_tpa)})"
        said.append(f"The neck is {step} in {place}: without it {lost}{also}.")
    else:
        whom = "anybody" if tier == ALL_TIERS else tier
        said = [f"No single step{abroad} costs {whom} anything."]
    return Claim(told(*said, _other_neck(facts, tier)), told(_plant(facts, tier), _idle_giant(facts)))


def _tied(facts: Facts, tier: str, neck: Neck) -> str:
    """Return the steps that cost as much as the neck, with their verb: one by name, else how many."""
    if neck.n_tied > 1:
        return f"{spelled(neck.n_tied, '', 'other steps')} cost"
    table = facts.losses("step+country")
    lost = table["first_lost_tpa" if tier != ALL_TIERS else "lost_tpa"]
    for step, country in lost.index:
        is_other = (step, country) != (neck.step, neck.country) and not facts.is_member(country)
        if is_other and same(float(lost[(step, country)]), neck.lost_tpa):
            return f"{titled(str(step).replace('_', ' '))} in {in_sentence(country_name(country))} costs"
    return "one other step costs"


def _no_neck(facts: Facts, abroad: str) -> str:
    """Say that no step costs the first tier anything, and without which doubtful plant one does."""
    said, moved = f"No single step{abroad} costs {facts.first} anything", hinging(facts, facts.first, "neck")
    if not moved:
        return f"{said}."
    more = also(len(moved) - 1, "overturns", "overturn")
    without = f"{said}; {moved[0][0]} one would" if moved[0][0].startswith("without ") else ""
    ways = [without] if without else [f"{said} unless {unless(moved[0][0])}"]
    return fit(*(f"{way}{end}." for way in ways for end in (more, "")))


def _other_neck(facts: Facts, tier: str) -> str:
    """Say without which doubtful plant another step is the neck; nothing where there is none."""
    moved = hinging(facts, tier, "neck")
    if not moved:
        return ""
    (words, then), more = moved[0], also(len(moved) - 1, "moves", "move")
    gone = f"{first_capital(words)} in the data"
    said = f"{gone} it would be {then}" if then else f"{gone} no step abroad would be one"
    return fit(f"{said}{more}.", f"{said}.")


def plants(facts: Facts, tier: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what the loss of each single plant costs a tier, those abroad first, and the same of groups of plants.

    Parameters
    ----------
    facts : Facts
    tier : str

    Returns
    -------
    (DataFrame, DataFrame), index site
        lost_tpa, lost_share, is_ours; those that cost something, the costliest first.
    """
    table = facts.losses("site")
    part = "first_" if tier != ALL_TIERS else ""
    found = pd.DataFrame(
        {
            "lost_tpa": table[f"{part}lost_tpa"],
            "lost_share": table[f"{part}lost_share"],
            "is_ours": [facts.is_ours(str(site)) for site in table.index],
            "is_group": [facts.stands_for_several(str(site)) for site in table.index],
        }
    )
    found = found[found["lost_tpa"] > 0]
    order = np.lexsort((found.index.map(str), -found["lost_tpa"].round(9)))
    found = found.iloc[order]
    one = found[~found["is_group"]]
    return one.sort_values("is_ours", kind="stable"), found[found["is_group"]]


def _plant(facts: Facts, tier: str) -> str:
    """Say which single plant costs most, and how many entries that cost more are groups of plants."""
    single, groups = plants(facts, tier)
    whom, abroad = "anybody" if tier == ALL_TIERS else tier, " abroad" if facts.whose else ""
    if single.empty:
        entries = spelled(
            len(groups), "entry that costs something is a group", "entries that cost something are groups"
        )
        also = f"; {entries} of plants" if len(groups) else ""
        return f"No single plant that we can name costs {whom} anything{also}."
    name, row = str(single.index[0]), single.iloc[0]
    peers = single.loc[single["is_ours"] == row["is_ours"], "lost_tpa"]
    tied = sum(same(float(lost), float(row["lost_tpa"])) for lost in peers) - 1
    above = int((groups["lost_tpa"] > row["lost_tpa"] * (1 + 1e-9)).sum())
    also = f"; {spelled(tied, 'other costs', 'others cost')} as much" if tied else ""
    entries = spelled(above, "entry above it is a group", "entries above it are groups")
    also += f"; {entries} of plants" if above else ""
    whole = "all deliveries" if tier == ALL_TIERS else f"{tier} deliveries"
    loss = f"{percent(row['lost_share'])} of {whole} ({tonnes(row['lost_tpa'])})"
    if row["is_ours"]:
        home = f"Of those at home {_site(facts, name)} costs most: {loss}"
        n = sum(not facts.is_ours(str(site)) for site in groups.index)
        but = f"; {spelled(n, 'group of plants does', 'groups of plants do')}" if n else ""
        none = f"No single plant abroad that we can name costs {whom} anything{but}."
        return f"{none} {home}." if n else f"{none} {fit(f'{home}{also}.', f'{home}.')}"
    return fit(
        f"The costliest single plant{abroad} that we can name is {_site(facts, name)}: {loss}{also}.",
        f"The costliest plant{abroad} that we can name is {_site(facts, name)}: {loss}.",
    )


def _site(facts: Facts, site: str) -> str:
    """Return a site's name, with its country where the name does not say it."""
    label = facts.site_label(site)
    place = facts.things.loc[facts.members(site), "place"].iloc[0]
    is_said = place == NO_DATA or place.removeprefix("The ") in label
    return titled(label) + ("" if is_said else f" in {in_sentence(place)}")


def idle_giants(facts: Facts) -> pd.DataFrame:
    """Return single sites that are large in their step and whose loss costs nothing: step_share, before_tpa, member.

    ``before_tpa``: what it costs if all others are served first. The largest such cost first, then the largest share.
    """
    table = facts.losses("site")
    idle = table[(table["lost_tpa"] <= 0) & (table["first_lost_tpa"].fillna(0.0) <= 0)]
    rows = []
    for site in map(str, idle.index):
        parts = facts.things.loc[facts.members(site)]
        parts = parts[parts["country"].notna() & (parts["stage"] != "recycler")]
        if parts.empty or not LEAST_GIANT <= parts["step_share"].max() < 1 or facts.stands_for_several(site):
            continue  # the only one of its step is no larger than others
        before = float(idle["others_lost_tpa"].get(site, 0.0)) if "others_lost_tpa" in idle else 0.0
        rows.append((site, parts["step_share"].idxmax(), float(parts["step_share"].max()), before))
    found = pd.DataFrame(rows, columns=["site", "member", "step_share", "before_tpa"]).set_index("site")
    return found.iloc[np.lexsort((found.index, -found["step_share"].round(9), -found["before_tpa"].round(6)))]


def _idle_giant(facts: Facts) -> str:
    """Name what looks large and does not decide, where that holds at both ends; empty if there is none."""
    giants = idle_giants(facts)
    giants = giants[giants["before_tpa"] <= 0]
    if giants.empty:
        return ""
    site, row = str(giants.index[0]), giants.iloc[0]
    end = WHOEVER if len(facts.a.others_first) else ""
    return f"The loss of {titled(facts.site_label(site))}, {facts.part_of_step(row['member'])}, costs nothing{end}."


# -- how sure -----------------------------------------------------------------------------------


def sure(facts: Facts) -> Claim:
    """Say that the arithmetic is checked, how weak the inputs are, and how far the answer moves."""
    proofs = facts.a.certificates["ok"]
    done = "The arithmetic is checked" if proofs.all() else "The arithmetic is checked in part"
    said = f"{done} ({proofs.sum()} of {counted(len(proofs), 'certificate')})"
    said += f"; the answer {facts.rests_words}." if facts.n_decisive else "."
    return Claim(said, told(_at_ends_of_demand(facts), _drawn(facts)))


def _at_ends_of_demand(facts: Facts) -> str:
    row = facts.leading.loc[facts.when]
    ends = span(row["shortfall_low_tpa"], row["shortfall_high_tpa"])
    if ends == NOT_ASSESSED:
        return "No demand has a range in the data."
    asked = span(row["demand_low_tpa"], row["demand_high_tpa"])
    of = _asked(facts.first)
    return fit(
        f"With all demand at its low and high values {ends} of {asked}{NBSP}t/yr of {of} go unmet.",
        f"With all demand at its low and high values {ends}{NBSP}t/yr of {of} go unmet.",
    )


def _drawn(facts: Facts) -> str:
    """Say what the shortfall is in eight of ten draws."""
    many, key = facts.a.ensemble, f"{facts.first}_short_t"
    if many is None or key not in many.summary.index:
        return ""
    row = many.summary.loc[key]
    ends = f"{number(row['p10'])} to {tonnes(row['p90'])} (median {number(row['p50'])})"
    return f"In eight of ten draws {facts.first} lacks {ends}; as given {number(row['given'])}."
