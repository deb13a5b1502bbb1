"""What helps? The levels of response, the listed projects, the advice and how it bears; best sets on screen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Section, Sentence, make_section, stands
from chainnet.reporting.sections.asked import not_assessed
from chainnet.results import CHECKED, SAMPLED
from chainnet.words import NOT_APPLICABLE, Who, first_capital, is_missing, join, money, number, tonnes

NOT_KNOWN = "not known"
FOR_A_YEAR = {"stocks": "stocks, for one year"}  # no stock lasts


def section(facts: Facts) -> Section:
    """Return what each level of response, each project and the advice do."""
    finding = facts.a.findings[0]
    nothing = Sentence(f"{first_capital(finding.tier)} demand is met: nothing has to be done for it.")
    return make_section(
        "What helps?",
        level_table(facts),
        measure_table(facts),
        tuple(_advice_words(facts, one) for one in finding.advice) if finding.advice else nothing,
        case_table(facts),
        more=(
            listed_table(facts),
            *(effect_table(facts, year) for year in facts.a.rerouting),
            pair_table(facts),
            set_table(facts),
            *not_assessed(facts, "portfolio"),
        ),
    )


level_table = col.Table(
    "levels",
    "Levels",
    "What stays short after each level of response",
    rows=lambda f: f.a.findings[0].levels.rename(index=FOR_A_YEAR),
    columns=(
        col.text("level", "Level", "what is allowed, with all before it"),
        col.share("share", "Short", "part of the demand of the tier, in the order of the finding"),
        col.tons("tpa", "Short, t/yr", "the same in tonnes"),
        col.share("first_share", "Allies served first", "the same if allies are served first"),
        col.share("last_share", "Allies served last", "a stress test: the same if allies are served last"),
    ),
    subtitle="Unit: {f.unit}, {f.lead_words}. Scenario: {f.worst_label}.",
    stands=lambda f: f.standing(f.a.stress.summary),
)


def _verb(_facts: Facts, row: Any) -> str:
    return str(row["verb"]).removesuffix(" of").removesuffix(" on")


def _due(_facts: Facts, row: Any) -> str | None:
    return f"{row['due']}{' (passed)' if row['is_past'] else ''}" if row["due"] else None


measure_table = col.Table(
    "helps_most",
    "Projects",
    "What each listed project alone avoids",
    rows=lambda f: f.a.findings[0].measures,
    columns=(
        col.PROJECT_ID,
        col.text("label", "Project", "the project in words"),
        col.text("state", "State", "how far it is"),
        col.text("verb", "To do", "what there is to do about it, by its state", _verb),
        col.tons("avoids_tpa", "Avoids, t/yr", "of the shortfall of the tier, with it alone"),
        col.million("cost_musd", "USD million", "capital cost"),
        col.text("cost_also", "Pays also for", "what else the capital cost pays for; blank = nothing", body=False),
        col.text("due", "Due", "when its output begins", _due),
    ),
    none={"label": "no listed project avoids anything"},
    subtitle="Unit: {f.unit}, {f.lead_words}. Scenario: {f.worst_label}. After new suppliers, no stocks.",
    stands=stands("see the sheet Project data", CHECKED),
    lead=10,
)


def _advice_words(facts: Facts, one: Any) -> Sentence:
    """Return one piece of advice: what to do, what it avoids, what it costs, when it is due, on what it depends."""
    held, rests = one.state == "held", "nothing" if one.left_tpa <= 0 else tonnes(one.left_tpa)
    once = " for one year; the months draw it already" if held else ""
    said = [f"avoids {tonnes(one.avoids_tpa)}{once}, {rests} stays short"]
    if one.ids and not held:
        also = f", with {one.cost_also}" if one.cost_also else ""
        said.append(f"capital cost {NOT_KNOWN if is_missing(one.cost_musd) else money(one.cost_musd * 1e6)}{also}")
    if one.due:
        said.append(f"{'was due' if one.is_past else 'is due'} {one.due}")
    holds = "This closes the gap if" if one.closes else "It avoids something only if"
    needs = f" {holds} {join(one.conditions)}." if one.conditions else ""
    rivals = f" As much is avoided by {join(one.rivals[:3])}." if one.rivals else ""
    rivals += f" Cheaper together: {join(list(one.cheaper))}." if one.cheaper else ""
    head, table = f"{one.verb} {one.thing}:", "helps_most" if one.ids and not held else "levels"
    named = [facts.label(name) for name in one.ids if facts.label(name) not in one.thing and not held]
    who = f" They are {join(named)}." if named else ""
    return Sentence(f"{'; '.join(said)}.{who}{needs}{rivals}", (table,), head)


def _cases(facts: Facts) -> list[dict[str, Any]] | None:
    rows = [
        {"thing": f"{one.verb} {one.thing}", "case": first_capital(case), "left_tpa": left}
        for one in facts.a.findings[0].advice
        for case, left in one.cases
    ]
    return rows or None


case_table = col.Table(
    "advice",
    "Advice",
    "What stays short where the advice disappoints",
    rows=_cases,
    columns=(
        col.text("thing", "Advice", "what is done"),
        col.text("case", "Case", "how it turns out"),
        col.tons("left_tpa", "Short, t/yr", "what stays short of the tier's demand then"),
    ),
    subtitle="Unit: {f.unit}, {f.lead_words}. Scenario: {f.worst_label}. New suppliers, stocks only if released.",
    stands=stands("see the sheet Project data", CHECKED),
)


# -- on screen alone ------------------------------------------------------------------------------


listed_table = col.Table(
    "projects",
    "Project data",
    "What the listed projects are",
    rows=lambda f: f.network.projects[
        ["id", "country", "start_year", "capacity_tpa", "capex_musd", "break_even_usd_per_t", "status", "quality"]
    ],
    heads={"id": "Project", "status": "State", "break_even_usd_per_t": "Pays at"},
    subtitle="Unit: t/yr of the project's main output. Capacity and dates as announced.",
    stands=lambda _: stands("see column"),
)


def yearly(table: pd.DataFrame) -> pd.DataFrame:
    """Return an answer in a steady year with the unit of its tonnes in their names."""
    return table.rename(columns=lambda name: f"{name}pa" if str(name).endswith("_t") else name)


_EFFECTS = {
    "standalone_tpa": "Alone, all tiers",
    "last_in_tpa": "Last in",
    "shapley_tpa": "Fair share",
    "shapley_se_tpa": "Standard error",
    "dual_tpa": "Price x size",
    "dual_valid_tpa": "Price holds to",
    "usd_per_tpa": "USD per t/yr",
}


def effect_table(facts: Facts, year: int) -> Any:
    """Return what each project avoids by a year: alone, last in, by its fair share."""
    found = facts.a.rerouting[year].projects
    heads = {f"standalone_{facts.first}_tpa": f"Alone, {facts.first} first"} | _EFFECTS
    table = found[found["standalone_t"].notna()].sort_values(["shapley_t"], ascending=False, kind="stable")
    table = yearly(table.rename_axis("project"))
    status = f"{CHECKED}; fair share {SAMPLED}" if (found["shapley_se_t"].fillna(0.0) > 0).any() else CHECKED
    return col.Table(
        f"effects.{year}",
        f"Projects {year}",
        f"What each project avoids by {year}",
        rows=lambda _: table[[key for key in heads if key in table.columns]],
        heads=heads,
        subtitle="Unit: {f.unit}. {f.worst_label}. Allies first, new suppliers, no stocks. Rises of what is served.",
        note="Alone and last in are no shares and do not add up. Fair share: Shapley value over all tiers.",
        stands=lambda f: f.standing(found, status=status),
    )(facts)


def _pairs(facts: Facts) -> pd.DataFrame | None:
    tables = [found.complements.assign(year=year) for year, found in facts.a.rerouting.items()]
    table = pd.concat(tables) if tables else pd.DataFrame()
    return yearly(table)


pair_table = col.Table(
    "complements",
    "Complements",
    "Projects that need each other, or replace each other",
    rows=_pairs,
    heads={"project_a": "Project", "project_b": "and project", "kind": "They"},
    subtitle="Unit: {f.unit}, all tiers, allies served first. Scenario: {f.worst_label}.",
    note="A surplus above 0: together they win more than the sum of each alone.",
    stands=lambda f: f.standing(*(found.complements for found in f.a.rerouting.values())),
)


def _sets(facts: Facts) -> pd.DataFrame | None:
    """Return the best set of projects at each budget; a budget that buys the set of a smaller one says nothing new."""
    tables = []
    for tier, best in facts.a.portfolios.items():
        frontier = best.frontier.sort_values("budget_musd").drop_duplicates("taken")
        names = [
            join([facts.label(name) for name in str(ids).split("; ") if name]) or "none" for ids in frontier["taken"]
        ]
        columns = ["budget_musd", "spent_musd", "averted_t", "bound_t", "greedy_averted_t"]
        whose = whom if (whom := Who.of(tier)).is_all else f"{whom} first"
        tables.append(frontier[columns].assign(counts=whose, best_set=names))
    return pd.concat(tables, ignore_index=True) if tables else None


def _closing(facts: Facts) -> str:
    said = []
    for tier, best in facts.a.portfolios.items():
        for row in best.closing.to_dict("records")[:1]:
            least = row["least_budget_musd"]
            cost = f"USD {number(least)} million" if not is_missing(least) else NOT_APPLICABLE
            said.append(f"Closes the gap of {Who.of(tier)}: {cost}.")
    return " ".join(said)


set_table = col.Table(
    "portfolio",
    "Portfolio",
    "Which projects to build at which budget",
    rows=_sets,
    heads={"averted_t": "Averted", "bound_t": "No set averts more than", "greedy_averted_t": "Greedy averts"},
    subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. Allies served first, new suppliers, no stocks.",
    note=_closing,
    stands=lambda f: f.standing(*(best.frontier for best in f.a.portfolios.values())),
)
