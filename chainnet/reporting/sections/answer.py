"""The answer: claims made from numbers, each told in short sentences on page one, and here what stands behind them.

A claim is dropped where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.assessment import Assessment
from chainnet.errors import DataError
from chainnet.reporting import bottom_line as short
from chainnet.reporting.facts import Facts
from chainnet.reporting.helps import helps
from chainnet.reporting.levels import LEVELS
from chainnet.reporting.model import Section, Sentence, make_section
from chainnet.reporting.sections.losses import set_words, tied_sets
from chainnet.reporting.sections.months import when_words
from chainnet.reporting.sections.projects import stands_words
from chainnet.reporting.sentences import Claim
from chainnet.reporting.where import idle_giants, plants, where
from chainnet.words import (
    ALL_TIERS,
    NBSP,
    NOT_ASSESSED,
    WHOEVER,
    count,
    country_name,
    first_capital,
    in_sentence,
    join,
    number,
    percent,
    same,
    span,
    spelled,
    titled,
    tonnes,
)

NAMES = 3


def section(facts: Facts) -> Section:
    """Return the answer point by point."""
    return make_section("The answer, point by point", bottom_line(facts))


# -- the claims ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Point:
    """A head, the tables that hold the numbers, and the words, in short and at length; ``more`` adds, never repeats."""

    head: str
    tables: tuple[str, ...]
    short: Callable[[Facts], Claim]
    more: Callable[[Facts], str]
    more_tables: tuple[str, ...] = ()


def verdict(assessment: Assessment) -> str:
    """Return the verdict of an assessment: how much is short in its worst scenario, and what changes that.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    str
        The first sentences of the report, on one line.

    Raises
    ------
    DataError
        If it is no assessment.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.reporting import verdict
    >>> verdict(cn.assess(cn.read("mag-9"), months=12, draws=0)).split(", unless")[0]
    'Under “Everything in China stops”, defence demand (4 t/yr) is met in the long run'
    """
    if not isinstance(assessment, Assessment):
        raise DataError(f"verdict: a {type(assessment).__name__}; give an Assessment, made by assess.")
    return short.verdict(Facts(assessment)).text.replace(NBSP, " ")


def short_line(facts: Facts) -> tuple[Sentence, ...]:
    """Return what page one says: verdict, layer, when, where, what helps, how sure."""
    found = [(point, point.short(facts)) for point in POINTS]
    return _told([(point.head, point.tables, claim.text, claim.lead) for point, claim in found], facts)


def bottom_line(facts: Facts) -> tuple[Sentence, ...]:
    """Return what stands behind page one, point by point."""
    return _told([(point.head, point.tables + point.more_tables, point.more(facts), None) for point in POINTS], facts)


def _told(said: Sequence[tuple[str, tuple[str, ...], str, str | None]], facts: Facts) -> tuple[Sentence, ...]:
    years = tuple(f"effects.{year}" for year in facts.a.rerouting)
    return tuple(
        Sentence(text, (*tables, *(years if "projects" in tables else ())), head, lead)
        for head, tables, text, lead in said
        if text
    )


# -- verdict ------------------------------------------------------------------------------------


def _ends(facts: Facts, name: str) -> str:
    """Return the shortfall at low and high demand; empty where no range is known."""
    row = facts.leading.loc[name]
    ends = span(row["shortfall_low_tpa"], row["shortfall_high_tpa"])
    return "" if ends == NOT_ASSESSED else ends


def _other_scenarios(facts: Facts) -> str:
    """Say what the other scenarios leave short of the leading tier, and how many leave it met."""
    rest = facts.ordered[1:]
    hit = [n for n in rest if facts.lacks(n) > 0]
    parts: list[str] = []
    for name in hit[:NAMES]:
        lacking = facts.lacks(name)
        if parts and same(lacking, facts.lacks(hit[len(parts) - 1])):
            parts.append(f"{facts.quoted(name)} as much")
            continue
        ends = _ends(facts, name)
        parts.append(f"{facts.quoted(name)} leaves {number(lacking)}{NBSP}t/yr short{' ' + ends if ends else ''}")
    said = [f"{join(parts)}."] if parts else []
    as_much = sum(same(facts.lacks(n), facts.lacks(hit[NAMES - 1])) for n in hit[NAMES:])
    for n, how in ((as_much, "as much"), (len(hit) - NAMES - as_much, "less")):
        if n > 0:
            leaves = spelled(n, "other scenario leaves", "other scenarios leave")
            said.append(f"{first_capital(leaves)} {how} short.")
    at_one_end = sum(facts.short_if_last(n, facts.first).worst > 0 for n in rest if n not in hit)
    met = len(rest) - len(hit) - at_one_end
    if at_one_end:
        leaves = spelled(at_one_end, "other scenario leaves", "other scenarios leave")
        said.append(f"{first_capital(leaves)} {facts.first} short only if all others are served first.")
    if met:
        end = WHOEVER if facts.has_others else ""
        leaves = spelled(met, "other scenario leaves", "other scenarios leave")
        said.append(f"{first_capital(leaves)} {facts.first} demand met in the long run{end}.")
    return " ".join(said)


# -- who and when -------------------------------------------------------------------------------


def _who(facts: Facts) -> str:
    places = _places(facts) if facts.a.worst and facts.lacks(facts.a.worst) > 0 else ""
    return " ".join(part for part in (_other_scenarios(facts), places) if part)


def _places(facts: Facts) -> str:
    """Say in which countries the leading tier is short in the worst scenario."""
    table = facts.by_place(facts.when)
    table = table[(table["tier"] == facts.first) & (table["shortfall_tpa"] > 0)]
    if len(table) < 2:
        return ""
    words = [
        f"{in_sentence(row['place'])} {number(row['shortfall_tpa'])} of {tonnes(row['demand_tpa'])}"
        for row in records(table.head(4))
    ]
    return f"Short for {facts.first}: {join(words)} (one of several answers)."


# -- on what it hangs ---------------------------------------------------------------------------


def _step_sentence(facts: Facts) -> str:
    """Say what each step of the costliest country, of those abroad if one costs anything, costs when it alone stops."""
    table, countries = facts.losses("step+country"), facts.losses("country")[facts.lead_loss]
    countries = countries[countries > 0]
    if table.empty or countries.empty:
        return ""
    abroad = [c for c in countries.index if not facts.is_member(str(c))]
    country = abroad[0] if abroad else countries.index[0]
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
        return f"{said}{facts.first.loses} {lost('first_lost_tpa')}; {ALL_TIERS.loses} {every}{NBSP}t/yr."
    none = f"; {facts.first.loses} nothing" if facts.has_first else ""
    return f"{said}{ALL_TIERS.loses} {lost('lost_tpa')}{none}."


def _listed(found: pd.Series, shares: pd.Series, names: Callable[[str], str]) -> list[str]:
    """Return the first of some losses in words, the first with its unit and share."""
    shown = list(zip(map(str, found.index), found, shares, strict=True))[:NAMES]
    return [
        f"{names(name)} {f'{tonnes(lost)} ({percent(share)})' if place == 0 else number(lost)}"
        for place, (name, lost, share) in enumerate(shown)
    ]


def _nothing(facts: Facts) -> str:
    """Say that nothing abroad costs the leading tier anything, and what does at home."""
    sites, countries = facts.losses("site"), facts.losses("country")
    n = f"{spelled(len(sites), 'site')} tested one by one"
    rows = pd.concat([sites, countries])["first_lost_tpa"]
    if not (rows > 0).any():
        return f"No single site, country or owner costs {facts.first} anything: {n}, all zero, proved."
    home = countries[countries["first_lost_tpa"] > 0].sort_values("first_lost_tpa", ascending=False, kind="stable")
    words = _listed(home["first_lost_tpa"], home["first_lost_share"], lambda c: in_sentence(country_name(c)))
    lost = f" At home {facts.first.loses}, without all plants in {join(words)}." if words else ""
    return f"No single site abroad costs {facts.first} anything: {n}, proved.{lost}"


def _hangs(facts: Facts) -> str:
    of, lead = facts.lead_tier, facts.lead_loss
    part, tested = lead.replace("_tpa", "_share"), facts.losses("site")
    said = []
    if facts.has_first and lead != "first_lost_tpa":
        said.append(f"{_nothing(facts)} What follows counts {ALL_TIERS}.")
    countries = facts.losses("country")
    hit = countries[countries[lead] > 0]
    inside = np.array([facts.is_member(str(c)) for c in hit.index], dtype=bool)
    loses = "are lost" if of.is_all else f"of {of.adjective} deliveries are lost"
    for rows, head in (
        (hit[~inside], "Without all plants in "),
        (hit[inside], "Among those whose demand counts, without "),
    ):
        words = _listed(rows[lead], rows[part], lambda c: in_sentence(country_name(c)))
        said.append(f"{head}{join(words)} {loses}." if words else "")
    held = facts.losses("owner_country")
    held = held[held[lead] > 0]
    owners = _listed(held[lead], held[part], lambda c: in_sentence(country_name(c)))
    if owners and list(held.index[:NAMES]) != list(hit.index[:NAMES]):
        said.append(f"By the owner's country: {join(owners)}.")
    single, groups = plants(facts)
    for rows, head in (
        (single, "Single plants that cost most, each alone"),
        (groups, "Groups of plants that cost most"),
    ):
        words = _listed(rows["lost_tpa"], rows["lost_share"], lambda s: titled(facts.site_label(s)))
        said.append(f"{head}: {join(words)}." if words else "")
    if single.empty and groups.empty:
        said.append(f"No single site costs {of} anything: {count(len(tested))} tested, all zero, proved.")
    return " ".join(word for word in (*said, _step_sentence(facts), _together(facts), _giant(facts)) if word)


def _giant(facts: Facts) -> str:
    """Say of a site that is large in its step that its loss costs nothing where others come after, and what before."""
    giants = idle_giants(facts)
    giants = giants[giants["before_tpa"] > 0]
    if giants.empty:
        return ""
    site, row = str(giants.index[0]), giants.iloc[0]
    what = f"{titled(facts.site_label(site))} ({facts.part_of_step(row['member'])})"
    return f"The loss of {what} costs nothing if all others are served after, {tonnes(row['before_tpa'])} if before."


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


def _left(facts: Facts, year: int) -> list[str]:
    """Return who stays short with the projects of a year, and by how much."""
    rows = [(t, facts.level(year, "projects", t)) for t in facts.tiers]
    lacking = [(t, row) for t, row in rows if row is not None and row["shortfall_tpa"] > 0]
    return [f"{t} {number(row['shortfall_tpa'])} of {tonnes(row['demand_tpa'])}" for t, row in lacking]


def _wins_long(facts: Facts) -> str:
    if not facts.a.worst:
        return ""
    stocks = "No stocks are in the data." if facts.network.stocks.empty else ""
    tier, years = facts.short_tier, list(facts.level_tables)
    if not years:
        levels = {level: facts.scenario_level(facts.when, level, tier) for level in ("existing", "new", "stocks")}
        said = _avoided(facts, levels) or "What rerouting avoids was not assessed"
        return f"{first_capital(said)}. No projects are in the data. {stocks}".strip()
    parts = []
    before = ("", "")
    for year in years:
        levels = {level: facts.level(year, level, tier) for level in LEVELS if level != "none"}
        gained = _avoided(facts, levels) or "the levels of response were not assessed"
        lacking = join(_left(facts, year))
        left = f"still short: {lacking}" if lacking else "then no tier is short"
        if (gained, left) == before:
            parts.append(f"In {year} the result is the same.")
        else:
            again = "it avoids the same" if gained == before[0] else gained
            parts.append(f"By {year} ({stands_words(facts, year)}) {again}; {left}.")
        before = (gained, left)
    return " ".join(part for part in (*parts, stocks, "Projects count at announced size and date.") if part)


def _avoided(facts: Facts, levels: dict[str, Any]) -> str:
    """Return what each level avoids; empty where none was assessed."""
    tier = facts.short_tier
    known = {level: row["gained_tpa"] for level, row in levels.items() if row is not None}
    gains = {level: t for level, t in known.items() if not pd.isna(t) and t}
    words = [f"{number(t) if i else tonnes(t)} from {LEVELS[level][1]}" for i, (level, t) in enumerate(gains.items())]
    whom = tier.does("avoid", "together" if tier.is_all else "demand")
    return f"{whom} {join(words) or 'nothing'}" if any(not pd.isna(t) for t in known.values()) else ""


# -- how far to trust it ------------------------------------------------------------------------


def _trust(facts: Facts) -> str:
    said = [f"The weakest input that binds is {weakest_input(facts)}."] if facts.n_limiting else []
    row = facts.leading.loc[facts.when]
    ends = span(row["demand_low_tpa"], row["demand_high_tpa"])
    if ends != NOT_ASSESSED:
        said.append(f"The demand of {facts.first} itself spans {ends}{NBSP}t/yr in the data.")
    assumed = facts.a.coverage["assumed_share"]
    assumed = assumed[assumed > 0].sort_values(ascending=False, kind="stable")
    if len(assumed) and float(assumed.iloc[0]) >= 0.05:
        parts = [f"{percent(v)} of {str(step).replace('_', ' ')}" for step, v in assumed.head(2).items()]
        said.append(f"Assumed figures carry {join(parts)}.")
    inferred = inferred_flows(facts)
    return " ".join([*said, f"{inferred} flows are inferred."] if inferred else said)


def inferred_flows(facts: Facts) -> str:
    """Return how many of the flows are inferred; empty where none is."""
    flows = facts.a.edge_quality["n_with_flow"]
    return f"{count(flows['inferred'])} of {count(flows.sum())}" if "inferred" in flows.index and flows.sum() else ""


def weakest_input(facts: Facts) -> str:
    """Return the name of the weakest input that binds; of a relation, those of its ends."""
    weakest = facts.a.limiting.iloc[0]
    return f"{'the demand of ' if weakest['kind'] == 'demand' else ''}{titled(facts.input_label(weakest))}"


POINTS: tuple[_Point, ...] = (
    _Point("Verdict.", ("scenarios", "served", "dependencies"), short.verdict, lambda facts: ""),
    _Point("Who is short.", ("scenarios", "served", "by_country"), lambda facts: Claim(""), _who),
    _Point("When.", ("over_time", "endurance", "levels_over_time"), short.when, when_words),
    _Point("Where.", ("costs_most", "sites", "steps_by_country"), where, _hangs, ("countries", "owners", "sets")),
    _Point("What helps.", ("advice", "levels", "stocks_held"), helps, _wins_long, ("projects",)),
    _Point(
        "How sure.",
        ("served", "limiting", "uncertainty"),
        short.sure,
        _trust,
        ("coverage", "relations", "certificates"),
    ),
)
