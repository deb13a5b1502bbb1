"""What does rerouting recover? The levels of response: existing links, new relations, stocks, projects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from chainnet._types import records
from chainnet.engine import PRINTED
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.levels import LEVELS
from chainnet.reporting.model import (
    ReportColumn,
    Section,
    Sentence,
    make_section,
)
from chainnet.reporting.order import table_id
from chainnet.results import fact_of
from chainnet.words import (
    ALL_TIERS,
    NOT_ASKED,
    Who,
    join,
    same,
    verb,
)

TITLE_WORDS = 4  # of the levels in a title
_OVER_TIME = {"stocks": "+ stocks", "projects": "+ projects from their start year"}
_NOTE = (
    "Tiers are served in their order, so a level may take from a later tier what an earlier one then gets (a gain "
    "below 0). "
    "A stock counts with what it releases in one year; for how long it lasts see the months. "
    "The last shortfall does not depend on the order of the levels, the steps do."
)


def section(facts: Facts) -> Section:
    """Return the levels of response: with projects, of every scenario, and over the horizon."""
    heading = "What does rerouting recover?"
    if not facts.ordered:
        return make_section(heading, Sentence("Not assessed: rerouting. No scenario was given."))
    gained = {t: facts.scenario_level(facts.when, "new", t) for t in facts.tiers if not t.is_all}
    taken = [t for t, row in gained.items() if row is not None and row["gained_tpa"] < -1e-9]
    get = f"{join(taken)} {verb('get', len(taken))}"
    note = Sentence(f"New relations serve earlier tiers first, so {get} less on that level.", ("levels_by_scenario",))
    return make_section(
        heading,
        note if taken else None,
        year_table(facts) if facts.a.rerouting else None,
        levels_table(facts),
        level_table(facts),
        held_table(facts),
    )


def _columns(unit: str, during: str = "") -> list[ReportColumn]:
    """Return the columns of levels of response whose tonnes bear a suffix: tpa or t."""
    amount = col.tons if unit == "tpa" else col.weight
    return [
        col.text("level", "Level", "name of the level", body=False),
        col.text("meaning", "What is allowed", "each level keeps what those before it allow"),
        col.TIER,
        amount(f"demand_{unit}", "Demand", f"tonnes asked for{during}"),
        amount(f"served_{unit}", "Served", "tonnes served"),
        amount(f"gained_{unit}", "Gained by this level", "served here less served one level before", missing=NOT_ASKED),
        amount(f"shortfall_{unit}", "Still short", "demand less served"),
        col.shortfall_share(f"shortfall_{unit}", f"demand_{unit}", body=False),
    ]


def _rows(levels: pd.DataFrame, unit: str = "tpa") -> Iterator[dict[str, Any]]:
    """Return the rows of levels of response, each level followed by its sum over tiers where there are several."""
    amounts = [f"{what}_{unit}" for what in ("demand", "served", "gained", "shortfall")]
    for level, found in levels.groupby("level", sort=False):
        words = LEVELS[str(level)][0] if level in LEVELS else str(found["meaning"].iloc[0])
        parts = records(Who.named(found))
        if len(parts) > 1:
            parts.append({"tier": ALL_TIERS, **dict(zip(amounts, found[amounts].sum(min_count=1), strict=True))})
        for row in parts:
            yield {**row, "level": level, "meaning": words}


def _by_year(facts: Facts) -> list[dict[str, Any]]:
    """Return the levels of every year once, then those with projects, year by year; the leading tier first."""
    rows = [
        {**row, "by_year": str(year) if row["level"] == "projects" else "any year"}
        for place, (year, levels) in enumerate(facts.level_tables.items())
        for row in _rows(levels)
        if row["level"] == "projects" or place == 0
    ]
    lead = _leads(facts)
    return sorted(rows, key=lambda row: lead.index(row["tier"]) if row["tier"] in lead else len(lead))


def _leads(facts: Facts) -> tuple[str, str]:
    return facts.first, ALL_TIERS


_LEVEL, _MEANING, _TIER, *_AMOUNTS = _columns("tpa")
year_table = col.Table(
    "levels",
    "Levels",
    "What rerouting, stocks and projects avoid in the long run of the worst scenario",
    rows=_by_year,
    columns=(_TIER, col.text("by_year", "By", "year by which projects stand"), _LEVEL, _MEANING, *_AMOUNTS),
    subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. {f.whose_words}",
    note=f"{_NOTE} Projects count at announced size, start year and ramp.",
    stands=lambda f: f.standing(f.a.stress.levels),
    lead=lambda f: sum(row["tier"] in _leads(f) for row in _by_year(f)),
)


def _by_scenario(facts: Facts) -> list[dict[str, Any]]:
    table = facts.scenario_levels
    level_tables = [(name, table[table["scenario"] == name]) for name in facts.ordered]
    return [{**row, "scenario": name} for name, levels in level_tables for row in _rows(levels)]


levels_table = col.Table(
    "levels_by_scenario",
    "Levels of response by scenario",
    "What rerouting and stocks avoid in the long run, every scenario",
    rows=_by_scenario,
    columns=(*col.SCENARIO, *_columns("tpa")),
    subtitle="Unit: {f.unit}. No projects built. {f.whose_words}",
    note=_NOTE,
    stands=lambda f: f.standing(*(found.levels for found in f.a.rerouting.values())),
    lead=lambda f: 4 * (len(f.tiers) + 1),
)


def _over_horizon(facts: Facts) -> list[dict[str, Any]] | None:
    """Return the levels of response over the horizon, of every scenario that was asked; None where there is none."""
    rows, levels = [], facts.a.stress.horizon_levels
    for name, found in levels.groupby("scenario", sort=False) if len(levels) else ():
        for row in _rows(found, "t"):
            size = PRINTED * row["demand_t"]
            short = 0.0 if abs(row["shortfall_t"]) <= size else row["shortfall_t"]
            served = row["demand_t"] - short
            served = 0.0 if abs(served) <= size else served
            words = _OVER_TIME.get(row["level"], row["meaning"])
            rows.append({**row, "scenario": name, "meaning": words, "served_t": served, "shortfall_t": short})
    return rows or None


def _are_many(facts: Facts) -> bool:
    return len(set(facts.a.stress.horizon_levels["scenario"])) > 1


def _horizon_columns(facts: Facts) -> list[ReportColumn]:
    label = replace(col.SCENARIO_LABEL, body=_are_many(facts))
    return [col.SCENARIO_NAME, label, *_columns("t", " over the horizon")]


def _horizon_words(facts: Facts) -> str:
    name = str(facts.a.stress.horizon_levels["scenario"].iloc[0])
    one = "" if _are_many(facts) else f" Scenario: {facts.scenario_label(name)}."
    return f"Unit: {facts.months.unit}. {facts.months.span}.{one} {facts.whose_words}"


def _horizon_note(facts: Facts) -> str:
    counted, period = "", facts.months.levels_in
    if period:  # what lies between is of the sizes of lags, which are counted in whole periods
        counted = f"Counted in {period}, which end earlier where a measure or a project begins, changes or ends: "
        counted += f"the tonnes are near those of {table_id('over_time')}, not equal. "
    return (
        f"{counted}A new relation serves a tier once qualified for it; stocks are drawn once. "
        "The last shortfall does not depend on the order of the levels, the steps do."
    )


level_table = col.Table(
    "levels_over_time",
    "Levels of response over time",
    "What rerouting, stocks and projects avoid over the horizon",
    rows=_over_horizon,
    columns=_horizon_columns,
    subtitle=_horizon_words,
    note=_horizon_note,
    stands=lambda f: f.standing(f.a.stress.summary),
)


def _held(facts: Facts) -> pd.DataFrame | None:
    """Return each stock, its holder and what it avoids; None where there is none."""
    stocks = facts.network.stocks.set_index("id")[["commodity", "stock_t"]]
    return col.some(facts.a.held.join(stocks).rename_axis("stock")) if len(facts.a.held) else None


def _held_tier(facts: Facts) -> Who:
    return Who.of(fact_of(facts.a.advice, "tier", ""))


def _held_words(facts: Facts) -> str:
    return f"Unit: {facts.unit}, {_held_tier(facts)}. Scenario: {facts.worst_label}. New relations, no project."


def _held_columns(facts: Facts) -> tuple[ReportColumn, ...]:
    back = f"by how much less {_held_tier(facts).does('are')} short for it, the others drawn too"
    return (
        col.code("stock", "Id", "name of the stock"),
        col.text("holder", "Holder", "whose it is", missing="not on record"),
        col.placed("country", "Country", "where it lies"),
        col.commodity("Of", "what it holds"),
        col.weight("stock_t", "Stock, t", "on record"),
        col.whether("is_ours", "Ours", "whether it lies with those who count"),
        col.whether("is_reserved", "Kept for tiers", "whether it is reserved"),
        col.tons("returns_tpa", "Gives back", back),
    )


held_table = col.Table(
    "stocks_held",
    "Stocks released",
    "Whose stocks there are, and what each avoids in its year",
    rows=_held,
    columns=_held_columns,
    subtitle=_held_words,
    note="A stock counts with what it releases in a year. Two that stand in for each other both give back nothing.",
    stands=lambda f: f.standing(f.a.stress.levels),
)


# -- the figure of page one ---------------------------------------------------------------------


def _short(facts: Facts) -> list[tuple[str, str, dict[str, float]]]:
    """Return (what is allowed, the same in the title, short by tier), the projects of each year last."""
    years = list(facts.level_tables)
    asked = [
        (
            *_level_words(facts, level),
            {
                t: facts.level(years[0], level, t) if years else facts.scenario_level(facts.when, level, t)
                for t in facts.tiers
            },
        )
        for level in LEVELS
        if level != "projects"
    ]
    asked += [
        (f"+ projects by {y}", f"projects by {y}", {t: facts.level(y, "projects", t) for t in facts.tiers})
        for y in years
    ]
    return [
        (words, name, {t: float(row["shortfall_tpa"]) for t, row in rows.items()})
        for words, name, rows in asked
        if all(row is not None for row in rows.values())
    ]


def _level_words(facts: Facts, level: str) -> tuple[str, str]:
    """Return what a level allows, on its bar and in the title."""
    return LEVELS[level][0], LEVELS[level][1].removesuffix(" (one year's release)")


def _with(levels: list[tuple[str, str, dict[str, float]]], short: list[float]) -> str:
    """Return which levels take the shortfall to where it ends: by name, or the last of them where those are many."""
    does = [name for i, (_, name, _) in enumerate(levels) if i and not same(short[i], short[i - 1])]
    reached = next(i for i, t in enumerate(short) if same(t, short[-1]))
    up_to = levels[reached][1]
    does = does[: does.index(up_to) + 1] if up_to in does else does
    named = join(does)
    return named if len(named.split(" ")) <= TITLE_WORDS else up_to
