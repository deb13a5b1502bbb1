"""The sentences of page one, made from numbers. Each part is dropped where there is nothing to say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.facts_months import Months
from chainnet.reporting.model import Sentence
from chainnet.reporting.summary_months import when_words
from chainnet.reporting.tables_losses import set_words, tied_sets
from chainnet.reporting.tables_projects import stands_words
from chainnet.reporting.tables_sure import sure_points
from chainnet.words import (
    NBSP,
    NOT_ASSESSED,
    count,
    country_name,
    first_capital,
    in_sentence,
    join,
    named,
    number,
    percent,
    same,
    span,
    spelled,
    tonnes,
)

__all__ = [
    "bottom_line",
    "contrast",
    "decisions",
    "delivered_words",
    "ends_words",
    "gain_tier",
    "quoted",
    "stranger_sentences",
    "to_whom",
    "whole_verdict",
]

NAMES = 3
RUNG_WORDS = {
    "existing": "known relations",
    "new": "new relations",
    "stocks": "stocks (first year only)",
    "projects": "projects",
}


def bottom_line(facts: Facts, months: Months) -> tuple[Sentence, ...]:
    """Return the answer point by point: verdict, who, when, on what, what helps, how sure."""
    parts = [
        Sentence(_verdict(facts), ("T1", "T8"), "Verdict."),
        Sentence(_who(facts), ("T8", "T8b", "T6d"), "Who goes short."),
        Sentence(when_words(months), ("T8d", "T8e"), "When."),
        Sentence(_hangs(facts), ("T5", "T6a", "T6b", "T7"), "What it hangs on."),
        Sentence(_wins(facts), ("T9",), "What wins it back."),
        Sentence(_trust(facts), ("T15", "T18", "T19", "T20"), "How far to trust it."),
    ]
    return tuple(part for part in parts if part.text)


def quoted(facts: Facts, name: str) -> str:
    """Return a scenario in words, quoted."""
    return f"“{facts.scenario_label(name)}”"


def to_whom(facts: Facts) -> str:
    """Return to whom deliveries go, with a leading blank."""
    if not facts.whose:
        return ""
    return f" to {facts.whose}" + (f" ({facts.whose_members})" if facts.whose_members else "")


def _tier_words(facts: Facts, name: str, tier: str) -> str:
    row = facts.of(name, tier)
    short, demand = float(row["shortfall_tpa"]), float(row["demand_tpa"])
    if short <= 0:
        return f"{tier} demand ({tonnes(demand)}) is met"
    return f"{tier} demand is short {number(short)} of {tonnes(demand)} ({percent(short / demand)})"


def ends_words(facts: Facts, name: str) -> str:
    """Return the shortfall at low and high demand; empty where no range is known."""
    row = facts.leading.loc[name]
    ends = span(row["shortfall_low_tpa"], row["shortfall_high_tpa"])
    return "" if ends == NOT_ASSESSED else ends


def _verdict(facts: Facts) -> str:
    if not facts.a.worst:
        whole = facts.whole.loc[BASELINE]
        return (
            f"No scenario was given. Undisturbed, {number(whole['served_tpa'])} of {tonnes(whole['demand_tpa'])} "
            f"({facts.basis or 'all counted goods'}) are served; below stands what each single loss costs."
        )
    worst, base = facts.leading.loc[facts.a.worst], facts.leading.loc[BASELINE]
    short, before = float(worst["shortfall_tpa"]), float(worst["shortfall_before_tpa"])
    words = quoted(facts, facts.a.worst)
    if short <= 0:
        # nothing falls for the leading tier: what the others lose is the verdict
        first = f" If all other countries are served first, {tonnes(before)} of {facts.first} go short."
        return whole_verdict(facts) + (first if before > 0 and not same(before, 0.0) else "")
    basis = f" ({facts.basis})" if facts.basis else ""
    demand = float(worst["demand_tpa"])
    said = f"Under {words}, {delivered_words(facts, base, worst, to_whom(facts))}{basis}: "
    said += f"{tonnes(short)} ({percent(short / demand)}) go short"
    ends = ends_words(facts, facts.a.worst)
    said += f", {ends} with all demand at its low and high values." if ends else "; no range is in the data."
    if before > short and not same(before, short):
        said += f" If all other countries are served first, {tonnes(before)} go short."
    return f"{said} {_other_scenarios(facts)}".strip()


def whole_verdict(facts: Facts) -> str:
    """Say what the worst scenario costs where the leading tier is met in full."""
    whole, base = facts.whole.loc[facts.a.worst], facts.whole.loc[BASELINE]
    if whole["shortfall_tpa"] <= 0:
        n = spelled(len(facts.ordered), "scenario")
        return f"{first_capital(n)} tested: none costs any tier anything; spare capacity covers each."
    basis = f" ({facts.basis})" if facts.basis else ""
    tiers = join([_tier_words(facts, facts.a.worst, t) for t in facts.tiers])
    return (
        f"Under {quoted(facts, facts.a.worst)}, deliveries{to_whom(facts)} fall from {number(base['served_tpa'])} to "
        f"{tonnes(whole['served_tpa'])}{basis}. {first_capital(tiers)}."
    )


def delivered_words(facts: Facts, base: Any, worst: Any, to: str) -> str:
    """Return what the leading tier gets before and after; where it asks for more than before, what it gets of that."""
    whom = f"{facts.first} deliveries{to}"
    if worst["demand_tpa"] > base["demand_tpa"] * (1 + 1e-9):
        return f"{whom} reach {number(worst['served_tpa'])} of {tonnes(worst['demand_tpa'])} asked for"
    return f"{whom} fall from {number(base['served_tpa'])} to {tonnes(worst['served_tpa'])}"


def _other_scenarios(facts: Facts) -> str:
    rest = facts.ordered[1:]
    hit = [n for n in rest if facts.leading.loc[n, "shortfall_tpa"] > 0]
    parts: list[str] = []
    for name in hit[:NAMES]:
        short = float(facts.leading.loc[name, "shortfall_tpa"])
        if parts and same(short, float(facts.leading.loc[hit[len(parts) - 1], "shortfall_tpa"])):
            parts.append(f"{quoted(facts, name)} as much")
            continue
        ends = ends_words(facts, name)
        parts.append(f"{quoted(facts, name)} leaves {number(short)}{NBSP}t/yr short{' ' + ends if ends else ''}")
    said = f"{join(parts)}." if parts else ""
    if len(hit) > NAMES:
        said += f" {first_capital(spelled(len(hit) - NAMES, 'other leaves', 'others leave'))} less short."
    whole = len(rest) - len(hit)
    if whole:
        them = "The other" if hit else "Each of the other"
        verb = "leaves" if whole == 1 or not hit else "leave"
        said += f" {them} {spelled(whole, 'scenario')} {verb} {facts.first} demand met in full."
    return said.strip()


def place_sentence(facts: Facts) -> str:
    """Say in which countries the leading tier goes short in the worst scenario."""
    table = facts.by_place(facts.when)
    table = table[(table["tier"] == facts.first) & (table["shortfall_tpa"] > 0)]
    if len(table) < 2:
        return ""
    words = [
        f"{in_sentence(row.place)} {number(row.shortfall_tpa)} of {tonnes(row.demand_tpa)}"
        for row in table.head(4).itertuples()
    ]
    return f"Short for {facts.first}: {join(words)} (one of several answers)."


def _who(facts: Facts) -> str:
    parts = []
    if facts.a.worst and facts.leading.loc[facts.a.worst, "shortfall_tpa"] > 0:
        parts.append(place_sentence(facts))
        later = [t for t in facts.tiers if t != facts.first]
        if later:
            parts.append(f"In the worst scenario {join([_tier_words(facts, facts.a.worst, t) for t in later])}.")
    parts.append(step_sentence(facts))
    return " ".join(p for p in parts if p)


def step_sentence(facts: Facts) -> str:
    """Say what each step of the costliest country costs when it alone stops."""
    table = facts.losses("step+country")
    country = _top(facts, "country")
    if country is None or table.empty:
        return ""
    own = table[[key[1] == country for key in table.index]]
    own = own[own["lost_tpa"] > 0]
    if own.empty:
        return ""
    shown = list(own.iterrows())[:4]
    steps = [str(key[0]) for key, _ in shown]
    every = [number(row["lost_tpa"]) for _, row in shown]
    said = f"If one step in {in_sentence(country_name(str(country)))} alone stops for everyone, "
    losses = [
        f"{number(row['first_lost_tpa']) if i else tonnes(row['first_lost_tpa'])} at {step}"
        for i, ((_, row), step) in enumerate(zip(shown, steps, strict=True))
    ]
    if facts.has_first and any(row["first_lost_tpa"] > 0 for _, row in shown):
        return f"{said}{facts.first} loses {join(losses)}; {ALL_TIERS} lose {join(every)}{NBSP}t/yr."
    losses = [
        f"{lost} at {step}" for lost, step in zip([tonnes(shown[0][1]["lost_tpa"]), *every[1:]], steps, strict=True)
    ]
    none = f"; {facts.first} loses nothing" if facts.has_first else ""
    return f"{said}{ALL_TIERS} lose {join(losses)}{none}."


def _top(facts: Facts, by: str) -> Any:
    table = facts.losses(by)
    column = facts.lead_loss
    return table.index[0] if len(table) and table[column].iloc[0] > 0 else None


def _listed(facts: Facts, by: str, names: Any) -> list[str]:
    table = facts.losses(by)
    hit = table[table[facts.lead_loss] > 0]
    words = []
    for i, (name, row) in enumerate(list(hit.iterrows())[:NAMES]):
        loss = row[facts.lead_loss]
        part = row["first_lost_share" if facts.lead_loss == "first_lost_tpa" else "lost_share"]
        shown = f"{tonnes(loss)} ({percent(part)})" if i == 0 else number(loss)
        words.append(f"{names(name)} {shown}")
    return words


def _hangs(facts: Facts) -> str:
    of = facts.lead_tier
    said = []
    if facts.has_first and facts.lead_loss != "first_lost_tpa":
        n = spelled(len(facts.losses("site")), "site")
        said.append(
            f"No single site, country or owner costs {facts.first} anything: {n} tested one by one, all zero, proved. "
            f"What follows counts {ALL_TIERS}."
        )
    country = _listed(facts, "country", lambda c: f"without {in_sentence(country_name(str(c)))}")
    sites = _listed(facts, "site", facts.site_label)
    owners = _listed(facts, "owner_country", lambda c: in_sentence(country_name(str(c))))
    if country:
        loses = "are lost" if of == ALL_TIERS else f"of {of} deliveries are lost"
        said.append(f"{first_capital(country[0])} {loses}{', ' + ', '.join(country[1:]) if country[1:] else ''}.")
    if owners and owners != [w.removeprefix("without ") for w in country]:
        said.append(f"By the owner's country: {join(owners)}.")
    if sites:
        tested = facts.losses("site")
        groups = sum(facts.stands_for_several(str(s)) for s in tested.index[: len(sites)])
        several = f" ({spelled(groups, 'of them stands', 'of them stand')} for several plants)" if groups else ""
        said.append(f"The sites that cost most, each alone, are {join(sites)}{several}.")
    else:
        said.append(f"No single site costs {of} anything: {count(len(facts.losses('site')))} tested, all zero, proved.")
    return " ".join(part for part in (*said, _together(facts), contrast(facts)) if part)


def _together(facts: Facts) -> str:
    """Say what the worst two sites at once cost the leading tier, where that is more than the worst one."""
    attacks = facts.a.attacks
    if ("first tier", 2) not in attacks.index:
        return ""
    row = attacks.loc[("first tier", 2)]
    losses = facts.losses("node")["first_lost_tpa" if facts.has_first else "lost_tpa"]
    lost, single = float(row["lost_tpa"]), float(losses.max()) if len(losses) else 0.0
    if lost <= single or same(lost, single):
        return ""
    others = tied_sets(row["other_sets"]) or []
    ties = f"; {spelled(len(others), 'other pair costs', 'other pairs cost')} as much" if others else ""
    how = "" if row["is_optimal"] else "at least "
    return f"The worst two together, {set_words(facts, row['removed'])}, cost {facts.first} {how}{tonnes(lost)}{ties}."


def contrast(facts: Facts) -> str:
    """Name the site that is large in its step and whose loss costs nothing, as a sentence; empty if none is."""
    giant = idle_giant(facts)
    return f"The loss of {giant} costs nothing: others can stand in." if giant else ""


def idle_giant(facts: Facts) -> str:
    """Name the site that is large in its step and whose loss costs nothing; empty if none is."""
    table = facts.losses("node")
    idle = table[(table["lost_tpa"] <= 0) & (table["first_lost_tpa"].fillna(0.0) <= 0)]
    share = facts.things["step_share"].reindex(idle.index).fillna(0.0)
    thing = facts.things.loc[idle.index]
    share = share[(thing["country"].notna() & (thing["stage"] != "recycler")).to_numpy()]
    if share.empty or float(share.max()) < 0.3:
        return ""
    name = share.sort_values(ascending=False, kind="stable").index[0]
    thing = facts.things.loc[name]
    return f"{named(facts.label(name))} ({thing['step']}, {percent(share[name])} of its step)"


def _wins(facts: Facts) -> str:
    if not facts.a.worst:
        return ""
    years = list(facts.ladders)
    if not years:
        return _wins_without_projects(facts)
    said = []
    before: tuple[str, str] = ("", "")
    for year in years:
        gained, left = _returned(facts, _gains(facts, year)), _left(facts, year)
        stand = stands_words(facts, year)
        if (gained, left) == before:
            said.append(f"By {year} nothing changes.")
        elif gained == before[0]:
            said.append(f"By {year} ({stand}) it regains the same; {left}.")
        else:
            said.append(f"By {year} ({stand}) {gained}; {left}.")
        before = (gained, left)
    if facts.network.stocks.empty:
        said.append("No stocks are in the data.")
    said.append("Projects count at announced size and date.")
    return " ".join(said)


def gain_tier(facts: Facts) -> str:
    """Tier whose gains are told: the leading one if it is short, else all."""
    frozen = facts.leading.loc[facts.when, "shortfall_tpa"]
    return facts.first if facts.has_first and frozen > 0 else ALL_TIERS


def _gains(facts: Facts, year: int) -> list[str]:
    tier = gain_tier(facts)
    words: list[str] = []
    for rung, name in RUNG_WORDS.items():
        row = facts.rung(year, rung, tier)
        if row is not None and not np.isnan(row["gained_tpa"]):
            words.append(f"{number(row['gained_tpa']) if words else tonnes(row['gained_tpa'])} from {name}")
    return words


def _returned(facts: Facts, rungs: list[str]) -> str:
    tier = gain_tier(facts)
    whom = "all tiers together regain" if tier == ALL_TIERS else f"{tier} demand regains"
    return f"{whom} {join(rungs)}" if rungs else "the ladder was not assessed"


def _left(facts: Facts, year: int) -> str:
    short = []
    for tier in facts.tiers:
        row = facts.rung(year, "projects", tier)
        if row is not None and row["shortfall_tpa"] > 1e-9:
            short.append(f"{tier} {number(row['shortfall_tpa'])} of {tonnes(row['demand_tpa'])}")
    return f"still short: {join(short)}" if short else "then no tier is short"


def _wins_without_projects(facts: Facts) -> str:
    words: list[str] = []
    for rung in ("existing", "new", "stocks"):
        row = facts.scenario_rung(facts.when, rung, gain_tier(facts))
        if row is not None and not pd.isna(row["gained_tpa"]):
            gained = row["gained_tpa"]
            words.append(f"{number(gained) if words else tonnes(gained)} from {RUNG_WORDS[rung]}")
    said = _returned(facts, words) if words else "What rerouting wins back was not assessed"
    extra = " No stocks are in the data." if facts.network.stocks.empty else ""
    return f"{first_capital(said)}. No projects are in the data.{extra}"


def _trust(facts: Facts) -> str:
    proofs = facts.a.certificates["ok"]
    said = [f"Proved for the stated data ({count(proofs.sum())} of {count(len(proofs))} certificates close)."]
    quality = facts.a.decisive["quality"]
    if len(quality) and facts.grade == "not graded":
        said.append(f"The answer rests on {spelled(len(quality), 'input')}, not all of which bear a grade.")
    elif len(quality):
        grades = join([f"{count(n)} {word}" for word, n in quality.value_counts().sort_index().items()])
        rests = f"The answer rests on {spelled(len(quality), 'input')} ({grades})"
        said.append(f"{rests}; the weakest is {weakest_input(facts)}.")
    row = facts.leading.loc[facts.when]
    ends = span(row["demand_low_tpa"], row["demand_high_tpa"])
    if ends != NOT_ASSESSED:
        said.append(f"The demand of {facts.first} itself spans {ends}{NBSP}t/yr in the data.")
    cover = facts.a.coverage
    assumed = cover[cover["assumed_share"] > 0]["assumed_share"].sort_values(ascending=False, kind="stable")
    if len(assumed) and float(assumed.iloc[0]) >= 0.05:
        worst = [f"{percent(v)} of {step}" for step, v in assumed.items()][:2]
        said.append(f"Assumed figures carry {join(worst)}.")
    edges = facts.a.edge_quality
    if "inferred" in edges.index and edges["n_with_flow"].sum():
        said.append(
            f"{count(edges.loc['inferred', 'n_with_flow'])} of {count(edges['n_with_flow'].sum())} flows are inferred."
        )
    return " ".join(said)


def decisions(facts: Facts) -> tuple[Sentence, ...]:
    """Return up to three lines that say what to choose, fund or hold; none where nothing averts anything."""
    lines: list[Sentence] = []
    if not facts.a.worst:
        return ()
    years = list(facts.a.rerouting)
    tier = gain_tier(facts)
    if years:
        lines += _build(facts, years)
    row = facts.scenario_rung(facts.when, "stocks", tier)
    if row is not None and row["gained_tpa"] > 1e-9:
        lines.append(
            Sentence(
                f"Keep the stocks on record: they return {tonnes(row['gained_tpa'])} to {tier}, in the first "
                f"year only, "
                "provided that new relations are qualified. See section 7.",
                ("T9", "T12"),
                "Hold.",
            )
        )
    row = facts.scenario_rung(facts.when, "new", ALL_TIERS)
    if row is not None and row["gained_tpa"] > 1e-9 and len(lines) < 3:
        lines.append(
            Sentence(
                f"New relations between plants that stand return {tonnes(row['gained_tpa'])} over all tiers, "
                "at an assumed extra cost per tonne. See section 5.",
                ("T9b",),
                "Qualify.",
            )
        )
    return tuple(lines[:3])


def _cost(facts: Facts, names: list[str]) -> str:
    cost = facts.network.projects.set_index("id").loc[names, "capex_musd"]
    if cost.isna().all():
        return "cost not in the data"
    known = f"USD {number(cost.sum())} million"
    return known if cost.notna().all() else f"{known} for {join([facts.label(n) for n in cost.dropna().index])}"


def _build(facts: Facts, years: list[int]) -> list[Sentence]:
    lines = []
    last = years[-1]
    for year, column, whom in (
        (years[0], f"standalone_{facts.first}_t", f"to {facts.first}, if served first,"),
        (last, "standalone_t", "over all tiers"),
    ):
        table = facts.a.rerouting[year].projects
        alone = table[column].fillna(0.0).round(6) if column in table.columns else pd.Series(dtype=float)
        if not len(alone) or alone.max() <= 0:
            continue
        # among those that return most, the cheapest
        cost = table["capex_musd"].fillna(np.inf)
        name = alone.index[np.lexsort((alone.index, cost, -alone))][0]
        start = table.loc[name, "start_year"]
        when = "" if pd.isna(start) else f", start {start:.0f}"
        tied = int((alone == alone[name]).sum()) - 1
        others = f"; {spelled(tied, 'other returns', 'others return')} as much" if tied else ""
        lines.append(
            Sentence(
                f"{facts.label(name)} alone returns {tonnes(alone[name])} {whom} by {year} "
                f"({_cost(facts, [name])}{when}), if it keeps its size and date{others}. See section 6.",
                (f"T10.{year}",),
                "Fund.",
            )
        )
        break
    for year in years:
        pairs = facts.a.rerouting[year].complements
        if len(pairs) and pairs["surplus_t"].iloc[0] > 0:
            row = pairs.iloc[0]
            names = [row["project_a"], row["project_b"]]
            lines.append(
                Sentence(
                    f"{facts.label(names[0])} alone returns {number(row['alone_a_t'])}, {facts.label(names[1])} alone "
                    f"{number(row['alone_b_t'])}, both {tonnes(row['together_t'])} by {year} ({_cost(facts, names)}): "
                    "they need each other. See section 6.",
                    ("T11",),
                    "Build together.",
                )
            )
            break
    return lines


def weakest_input(facts: Facts) -> str:
    """Return the name of the weakest input that binds."""
    weakest = facts.a.decisive.iloc[0]
    return str(weakest["label"] if isinstance(weakest["label"], str) else weakest["id"])


def _gaps(facts: Facts) -> str:
    """Return the gaps that could change the answer, each with its direction."""
    said = []
    stocks = "No stocks are in the data" if facts.network.stocks.empty else "Stocks may be missing"
    said.append(f"{stocks} (shortfall too large at first)")
    unlimited, nodes = facts.a.coverage["n_unlimited"].sum(), facts.a.coverage["n_nodes"].sum()
    if unlimited:
        said.append(f"{count(unlimited)} of {count(nodes)} nodes have no capacity (too small)")
    edges = facts.a.edge_quality
    if "inferred" in edges.index and edges["n_with_flow"].sum():
        part = f"{count(edges.loc['inferred', 'n_with_flow'])} of {count(edges['n_with_flow'].sum())}"
        said.append(f"{part} flows are inferred (either way)")
    return first_capital("; ".join(said)) + "."


def stranger_sentences(facts: Facts) -> tuple[Sentence, ...]:
    """Return what makes up the trust part of the summary: the gaps that could change the order."""
    row = facts.leading.loc[facts.when]
    grade = facts.grade_words.removesuffix(")")
    named = len(facts.a.decisive) and grade != facts.grade_words
    grade += f"; weakest: {weakest_input(facts)})" if named else ""
    said = [
        Sentence(f"Status {facts.status}, grade {grade} unless another letter stands.", ("T15",)),
        Sentence(_gaps(facts), ("T17",), "Gaps."),
    ]
    low = row["shortfall_low_tpa"]
    if pd.isna(low):
        said.append(Sentence("Not assessed: how the answer moves with demand (the data give no range).", ("T16",)))
    return (*said, *sure_points(facts)[:1])
