"""The bottom line: what a reader takes from page one, in short sentences. Shares stand before tonnes, labels for ids.

Each claim is made of sentences of at most 25 words and four numbers; a name in quotes is one word, a year no number.
Where a name is so long that a sentence would pass that, it is told without what the tables say as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.assessment import missing
from chainnet.engine import PRINTED
from chainnet.reporting.advised import advised_of
from chainnet.reporting.facts import BASELINE, Facts
from chainnet.reporting.horizon import nil
from chainnet.reporting.sentences import Claim, also, drawn_middle, fit, fits, grown, told, unless
from chainnet.results import Ends
from chainnet.words import (
    ALL_TIERS,
    NBSP,
    NOT_ASSESSED,
    Who,
    counted,
    first_capital,
    in_months,
    join,
    month_words,
    nouns,
    number,
    percent,
    same,
    span,
    spelled,
    titled,
    tonnes,
    verb,
    weight,
)

NEITHER = "the long run has neither stocks nor dates"


def _leading(facts: Facts) -> Who:
    """Return the tier that leads: the first, the only one, or all together."""
    return facts.first if facts.has_first or len(facts.tiers) > 1 else facts.tiers[0]


def _are(amount: str) -> str:
    """Return the verb of an amount, by its number."""
    return verb("are", 1 if amount.replace(NBSP, " ").startswith("1 ") else 2)


# -- verdict ------------------------------------------------------------------------------------


def verdict(facts: Facts) -> Claim:
    """Say how much of demand is short under the worst scenario, allies first and last, and what changes that."""
    lead, more = _verdict(facts)
    return Claim(lead, told(_stands_in(facts), more))


def _verdict(facts: Facts) -> Claim:
    worst = facts.a.worst
    if not worst:
        return Claim(_baseline(facts))
    rest = [t for t in facts.tiers if t != _leading(facts)]
    if all(facts.short(worst, t).worst <= 0 for t in facts.tiers):
        n = spelled(len(facts.ordered), "scenario")
        said = f"Under each of {n} tested all demand" if len(facts.ordered) > 1 else "Under the one scenario all demand"
        end = facts.whoever(facts.tiers, *facts.ordered)
        lead, holds = grown([f"{said} is met in the long run{end}"], _dependency(facts))
        return Claim(lead, told(holds, _more_dependencies(facts), _if_last(facts, worst), "Spare capacity covers it."))
    lead, holds = _lead(facts, worst)
    more = (
        _by_product(facts, worst),
        *_besides(facts, worst, rest),
        _as_bad(facts, worst),
        _change(facts, worst),
    )
    return Claim(lead, told(holds, _more_dependencies(facts), _if_last(facts, worst), *more))


def _stands_in(facts: Facts) -> str:
    """Say that nobody said what is asked for; nothing where the data do."""
    if "demand" not in missing(facts.network, facts.a.asked).index:
        return ""
    return "Nobody says what is asked for: as demand stands in what each end use gets in the baseline."


def _baseline(facts: Facts) -> str:
    whole = facts.short(BASELINE, ALL_TIERS)
    if whole.worst <= 0:
        return f"No scenario was given; in the baseline, all demand ({tonnes(whole.demand)}) is met."
    tons, end = _tonnes_short(whole), "" if whole.agree else facts.either
    said = f"{whole.shares} of demand is short ({tons}){end}"
    return f"No scenario was given; in the baseline, {said}."


def _tonnes_short(short: Ends) -> str:
    """Return what is short of how much; as a range where the ends are two numbers."""
    return f"{number(short.after)} of {tonnes(short.demand)}" if short.agree else f"{short.numbers}{NBSP}t/yr"


def _lead(facts: Facts, worst: str) -> Claim:
    """Say what the leading tier lacks, its share first, with allies served first and last, and what changes that."""
    short, what = facts.short(worst, _leading(facts)), _leading(facts).demand
    head = f"Under {facts.quoted(worst)}{', on existing links' if _worse_on_new(facts) else ''}"
    whose = [f" of {facts.people}", ""] if facts.people else [""]
    end, dependency = facts.whoever([_leading(facts)], worst), _dependency(facts)
    if short.worst <= 0:
        asked = [f" ({tonnes(short.demand)})", ""]
        return grown([f"{head}, {what}{o}{t} is met in the long run{end}" for o in whose for t in asked], dependency)
    if short.after <= 0 and not facts.is_by_law:
        shortfall = f"{percent(short.share.before)} short ({tonnes(short.before)}) if they come first"
        ways = [
            f"{head}, {what}{o} is met if all others are served after{dependency[0]}, and {shortfall}." for o in whose
        ]
        if fits(ways[-1]):
            return Claim(fit(*ways))
        return Claim(f"{head}, {what} is met if all others are served after, and {shortfall}.", dependency[1])
    tons, end = _tonnes_short(short), end if short.agree else facts.either
    return grown([f"{head}, {short.shares} of {what}{o} is short ({tons}){end}" for o in whose], dependency)


def _worse_on_new(facts: Facts) -> bool:
    """Say whether others who come first leave more short with new relations than the verdict gives at its worse end."""
    found = advised_of(facts)
    if facts.is_by_law or found is None or found.others_first is None or found.tier != _leading(facts):
        return False
    worst = facts.short(facts.a.worst, _leading(facts)).worst
    return found.others_first > worst and not same(found.others_first, worst)


def _if_last(facts: Facts, worst: str) -> str:
    """Say what the leading tier lacks if all others come first, where its own order is by law: a stress test."""
    tier, short = _leading(facts), facts.short(worst, _leading(facts))
    last = facts.short_if_last(worst, tier)
    if not facts.is_by_law or not last.before > short.worst or same(last.before, short.worst):
        return ""
    share, tons = percent(last.share.before), tonnes(last.before)
    return f"Stress test: if all others are served first, {share} of {tier.demand} is short ({tons})."


def _besides(facts: Facts, worst: str, tiers: Sequence[Who]) -> list[str]:
    """Return what the other tiers lack, two a sentence, and which of them are met."""
    found, head = [(t, facts.short(worst, t)) for t in tiers], "Besides, "
    parts = [(f"{short.shares} of {t.adjective}", short.agree) for t, short in found if short.worst > 0]
    met = [t.adjective for t, short in found if short.worst <= 0]
    said = []
    for at in range(0, len(parts), 2):
        pair = parts[at : at + 2]
        end = "" if all(agree for _, agree in pair) else facts.either
        said.append(f"{join([words for words, _ in pair])} demand is short{end}.")
    if met:
        said.append(f"{join(met)} demand is met in the long run.")
    return [head + first for first in said[:1]] + [f"Also, {more}" for more in said[1:]]


def _by_product(facts: Facts, worst: str) -> str:
    """Say which products the leading tier lacks, where it asks for several; empty where nothing is short."""
    tier = _leading(facts)
    rows = facts.users[facts.users["scenario"] == worst]
    rows = rows.iloc[:0] if tier.is_all else tier.rows(rows)  # tonnes of a tier may be added
    found = rows.groupby("commodity")[["demand_tpa", "shortfall_tpa"]].sum()
    hit = found[found["shortfall_tpa"] > PRINTED * found["demand_tpa"]]
    if len(found) < 2 or hit.empty or not facts.short(worst, tier).after > 0:
        return ""
    hit = hit.iloc[np.lexsort((hit.index.map(str), -hit["shortfall_tpa"].round(9)))]
    parts = [
        f"{number(row['shortfall_tpa'])} of {tonnes(row['demand_tpa'])} of {titled(facts.commodity(str(name)))}"
        for name, row in hit.head(2).iterrows()
    ]
    rest = "; other products lack less" if len(hit) > 2 else "; other products none" if len(hit) < len(found) else ""
    said = f"In this answer {tier} lacks {join(parts)}"
    return fit(f"{said}{rest}.", f"{said}.")


def _as_bad(facts: Facts, worst: str) -> str:
    """Say which other scenarios leave as much of the leading tier short, allies first and last, if they last."""
    own = facts.short(worst, _leading(facts))
    if not own.worst > 0:
        return ""
    ends = [(n, facts.short(n, _leading(facts))) for n in facts.ordered if n != worst]
    tied = [n for n, one in ends if same(one.after, own.after) and same(one.before, own.before)]
    if not tied:
        return ""
    who, they, much = facts.quoted(tied[0]), "it", f"as much of {_leading(facts).demand} short"
    if len(tied) > 1:
        who, they = first_capital(spelled(len(tied), "other scenario", "other scenarios")), "they"
    if all("months" in m or "until" in m for name in tied for m in facts.a.asked[name].measures):
        return f"{who} would leave {much} if {they} lasted."
    return f"{who} {verb('leave', len(tied))} {much}."


def _change(facts: Facts, worst: str) -> str:
    """Say what the scenario asks for more or less than the base year, and what is short without it."""
    said = []
    for tier in dict.fromkeys((facts.first, ALL_TIERS)):
        before, now = facts.short(BASELINE, tier).demand, facts.short(worst, tier).demand
        if not same(before, now):
            how = "raises" if now > before else "lowers"
            said.append(f"The scenario itself {how} {tier.demand} from {number(before)} to {tonnes(now)}.")
            break
    base = facts.short(BASELINE, _leading(facts))
    if base.worst > 0:
        said.append(f"In the baseline, {base.shares} of {_leading(facts).demand} is short already.")
    return " ".join(said)


def _dependency(facts: Facts) -> tuple[str, str]:
    """Return what alone changes the verdict, as a clause and by itself; empty if nothing does."""
    words = _dependency_words(facts, _leading(facts)) if facts.a.key_assumptions is not None else []
    return (f", unless {words[0]}", f"This holds unless {words[0]}.") if words else ("", "")


def _more_dependencies(facts: Facts) -> str:
    """Say how much more changes the verdict, or that nothing does; empty where that was not asked."""
    if facts.a.key_assumptions is None:
        return ""
    if _dependency_words(facts, _leading(facts)):
        return also(len(facts.depending(_leading(facts), "verdict")) - 1, "changes", "change")
    return "No single judgement and no single doubtful input changes this."


def _dependency_words(facts: Facts, tier: Who) -> list[str]:
    """Return what changes the verdict on a tier, each as it stands after "unless": plants by name before judgements.

    Who is served first is left out where the verdict gives its range.
    """
    found = [words for words, _ in facts.depending(tier, "verdict")]
    plants = {f"without {titled(str(label))}" for label in facts.things["label"]}
    words = [unless(words) for words in sorted(found, key=lambda words: words not in plants)]
    service_range = facts.ends_differ(facts.when, tier)
    orders = ("all others are served first", "all are served alike, nobody first")
    return [w for w in words if not (service_range and w in orders)]


# -- when ---------------------------------------------------------------------------------------


def when(facts: Facts) -> Claim:
    """Say how long after its first measure the worst scenario leaves whom short, and until what comes."""
    months, name = facts.months, facts.a.worst
    if not name:
        return Claim("")
    hit = {tier: months.of(name, tier) for tier in months.short_tiers(name)}
    if not hit:
        return Claim(_never(facts, name), _more(facts, name))
    tier, row = next(iter(hit.items()))
    lost = weight(row["shortfall_t"])
    over = f"over {months.horizon} months{'' if facts.network.stocks.empty else ', stocks drawn'}"
    missing = (f"; {lost} {_are(lost)} missing {over}", f"{first_capital(tier)} demand lacks {lost} {over}.")
    until, after = _until(facts, tier, row)
    ends = (f" and {until}", f"It {until}.") if until else ("", "")
    lead = _leading(facts)
    is_other = tier != lead and not lead.is_all and facts.short(name, lead).worst > 0
    none = f"{first_capital(lead)} is short in no month; " if is_other else ""
    met = [", though met in the long run,", ""] if facts.short(name, tier).worst <= 0 else [""]
    short = f" demand{{}} is short {_from(facts, row)}"
    ways = [f"{none}{tier if none else first_capital(tier)}{short.format(m)}" for m in met]
    said = grown(ways, ends, missing)
    later: dict[str, list[str]] = {}
    for other in list(hit)[1:]:
        later.setdefault(_from(facts, hit[other]), []).append(other)
    others = [f"{first_capital(join(tiers))} demand is short {since}." for since, tiers in later.items()]
    reason = f"{first_capital(NEITHER)}." if is_other else ""
    return Claim(said.lead, told(said.more, after, reason, *others, _more(facts, name)))


def _never(facts: Facts, name: str) -> str:
    """Say that nobody is short in any month; and where somebody is so in the long run, that both are true."""
    said = f"In none of the scenario's {facts.months.horizon} months is any demand short"
    long = any(facts.short(name, t).worst > 0 for t in facts.tiers)
    return f"{said}; {NEITHER}." if long else f"{said}."


def _from(facts: Facts, row: Any) -> str:
    """Return from when something is short: by the calendar where it is known, else counted from the first measure."""
    start = facts.months.start_of(row["scenario"])
    if start:
        return f"from month{NBSP}{month_words(row['first_short_month'], start)}"
    after = facts.months.after(row)
    return f"{in_months(after)} after the first measure" if after else "with the first measure"


def _until(facts: Facts, tier: Who, row: Any) -> tuple[str, str]:
    """Return until when a tier is short, as it stands after its name, and what then is missing still."""
    months, after = facts.months, row["time_to_recover"]
    if np.isfinite(after):
        n = number(after)
        return f"is met again {n} {nouns('month', 1 if n == '1' else 2)} later" if after > 0 else "", ""
    levels, own = facts.a.stress.horizon_levels, float(row["shortfall_t"])
    new = facts.scenario_level(row["scenario"], "new", tier)
    built = facts.level(list(facts.level_tables)[-1], "projects", tier) if facts.level_tables else None
    ways = (
        ("new", new, "new relations are qualified", "new relations"),
        ("projects", built, "projects start", "new relations, stocks and projects"),
    )
    for level, end, comes, what in ways:
        if end is not None and end["shortfall_tpa"] <= 0 and len(levels):
            ends = f"until {comes}" if comes else "without projects"
            return f"does not recover {ends}", _left_with(facts, what, level, tier)
    if facts.network.projects.empty:
        return f"does not recover in {months.horizon} months; no projects are in the data", ""
    left = _over_months(levels, "projects", tier) if len(levels) else own
    if left < own and not same(left, own):
        return "does not recover", _left_with(facts, ways[1][3], "projects", tier)
    return "does not recover, with or without the listed projects", ""


def _left_with(facts: Facts, what: str, level: str, tier: Who) -> str:
    """Say what more than existing links cuts what is missing over the horizon to, both counted in the same periods."""
    levels, periods = facts.a.stress.horizon_levels, facts.months.levels_in
    now, left = (_over_months(levels, one, tier) for one in ("existing", level))
    if same(left, now):
        said = f"{what} take nothing off {weight(now)} (existing links, no stocks)."
    else:
        end = weight(left) if left else "nothing"
        said = f"{what} cut it from {weight(now)} (existing links, no stocks) to {end}."
    return f"Counted in {periods}, {said}" if periods else first_capital(said)


def _over_months(levels: pd.DataFrame, level: str, tier: Who) -> float:
    """Return what a tier lacks over the horizon on a level, t."""
    row = levels[(levels["level"] == level) & (levels["tier"].map(Who.of) == tier)]
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


# -- how sure -----------------------------------------------------------------------------------


def sure(facts: Facts) -> Claim:
    """Say that the arithmetic is checked, how weak the inputs are, and how far the answer moves."""
    proofs = facts.a.certificates["ok"]
    done = "The arithmetic is checked" if proofs.all() else "The arithmetic is checked in part"
    closed = f" ({proofs.sum()} of {counted(len(proofs), 'certificate')})"
    rests = f"; the answer {facts.rests_words}" if facts.n_limiting else ""
    drawn = (f"; in half the draws or more {facts.first} is short", "") if _is_drawn_short(facts) else ("", "")
    said = grown([f"{done}{with_count}{rests}" for with_count in (closed, "")], drawn)
    return Claim(said.lead, told(_at_ends_of_demand(facts), _drawn(facts)))


def _is_drawn_short(facts: Facts) -> bool:
    """Say whether the first tier, met as given, is short in at least half of the draws."""
    many, key = facts.a.ensemble, f"{facts.first}_short_t"
    if many is None or key not in many.summary.index or not facts.a.worst:
        return False
    short = facts.short(facts.a.worst, facts.first)
    return short.after <= 0 and float(many.summary["p50"][key]) > PRINTED * short.demand


def _at_ends_of_demand(facts: Facts) -> str:
    row = facts.leading.loc[facts.when]
    ends = span(row["shortfall_low_tpa"], row["shortfall_high_tpa"])
    if ends == NOT_ASSESSED:
        return "No demand has a range in the data."
    asked = span(row["demand_low_tpa"], row["demand_high_tpa"])
    of = facts.first.demand
    return fit(
        f"With all demand at its low and high values {ends} of {asked}{NBSP}t/yr of {of} are short.",
        f"With all demand at its low and high values {ends}{NBSP}t/yr of {of} are short.",
    )


def _drawn(facts: Facts) -> str:
    """Say what the shortfall is in eight of ten draws."""
    many, key = facts.a.ensemble, f"{facts.first}_short_t"
    if many is None or key not in many.summary.index:
        return ""
    row = many.summary.loc[key]
    ends = f"{number(row['p10'])} to {tonnes(row['p90'])}"
    said = f"In eight of ten draws {facts.first} lacks {ends}"
    return f"{said}{drawn_middle(row, float(facts.leading['demand_tpa'][facts.when]))}."
