"""What does rerouting recover? The ladder: known relations, new relations, stocks, projects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.engine import PRINTED
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.glyphs import drawable
from chainnet.reporting.model import (
    ReportColumn,
    ReportFigure,
    Section,
    Sentence,
    make_section,
)
from chainnet.reporting.order import table_id
from chainnet.reporting.others import order_of
from chainnet.reporting.rungs import RUNGS
from chainnet.results import fact_of
from chainnet.words import (
    ALL_TIERS,
    NOT_ASKED,
    Who,
    first_capital,
    is_known,
    join,
    number,
    percent,
    same,
    tonnes,
    verb,
    whole,
)

TITLE_WORDS = 4  # of the rungs in a title
_OVER_TIME = {"stocks": "+ stocks", "projects": "+ projects from their start year"}
_NOTE = (
    "Tiers are served in their order, so a rung may take from a later tier what an earlier one then gets (a gain "
    "below 0). "
    "A stock counts with what it releases in one year; for how long it lasts see the months. "
    "The last shortfall does not depend on the order of the rungs, the steps do."
)


def section(facts: Facts) -> Section:
    """Return the ladder: with projects, of every scenario, and over the horizon."""
    heading = "What does rerouting recover?"
    if not facts.ordered:
        return make_section(heading, Sentence("Not assessed: rerouting. No scenario was given."))
    gained = {t: facts.scenario_rung(facts.when, "new", t) for t in facts.tiers if not t.is_all}
    taken = [t for t, row in gained.items() if row is not None and row["gained_tpa"] < -1e-9]
    get = f"{join(taken)} {verb('get', len(taken))}"
    note = Sentence(f"New relations serve earlier tiers first, so {get} less on that rung.", ("ladder_by_scenario",))
    return make_section(
        heading,
        note if taken else None,
        year_table(facts) if facts.a.rerouting else None,
        ladder_table(facts),
        rung_table(facts),
        held_table(facts),
    )


def _columns(unit: str, during: str = "") -> list[ReportColumn]:
    """Return the columns of a ladder whose tonnes bear a suffix: tpa or t."""
    amount = col.tons if unit == "tpa" else col.weight
    return [
        col.text("rung", "Rung", "name of the rung", body=False),
        col.text("meaning", "What is allowed", "each rung keeps what those before it allow"),
        col.TIER,
        amount(f"demand_{unit}", "Demand", f"tonnes asked for{during}"),
        amount(f"served_{unit}", "Served", "tonnes served"),
        amount(f"gained_{unit}", "Gained by this rung", "served here less served one rung before", missing=NOT_ASKED),
        amount(f"shortfall_{unit}", "Still short", "demand less served"),
        col.short_share(f"shortfall_{unit}", f"demand_{unit}", body=False),
    ]


def _rows(ladder: pd.DataFrame, unit: str = "tpa") -> Iterator[dict[str, Any]]:
    """Return the rows of a ladder, each rung followed by its sum over tiers where there are several."""
    amounts = [f"{what}_{unit}" for what in ("demand", "served", "gained", "shortfall")]
    for rung, found in ladder.groupby("rung", sort=False):
        words = RUNGS[str(rung)][0] if rung in RUNGS else str(found["meaning"].iloc[0])
        parts = records(Who.named(found))
        if len(parts) > 1:
            parts.append({"tier": ALL_TIERS, **dict(zip(amounts, found[amounts].sum(min_count=1), strict=True))})
        for row in parts:
            yield {**row, "rung": rung, "meaning": words}


def _by_year(facts: Facts) -> list[dict[str, Any]]:
    """Return the rungs that hold in every year once, then those with projects, year by year; the leading tier first."""
    rows = [
        {**row, "by_year": str(year) if row["rung"] == "projects" else "any year"}
        for place, (year, ladder) in enumerate(facts.ladders.items())
        for row in _rows(ladder)
        if row["rung"] == "projects" or place == 0
    ]
    lead = _leads(facts)
    return sorted(rows, key=lambda row: lead.index(row["tier"]) if row["tier"] in lead else len(lead))


def _leads(facts: Facts) -> tuple[str, str]:
    return facts.first, ALL_TIERS


_RUNG, _MEANING, _TIER, *_AMOUNTS = _columns("tpa")
year_table = col.Table(
    "ladder",
    "Ladder",
    "What rerouting, stocks and projects win back in the long run of the worst scenario",
    rows=_by_year,
    columns=(_TIER, col.text("by_year", "By", "year by which projects stand"), _RUNG, _MEANING, *_AMOUNTS),
    subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. {f.whose_words}",
    note=f"{_NOTE} Projects count at announced size, start year and ramp.",
    stands=lambda f: f.standing(f.a.stress.ladder),
    lead=lambda f: sum(row["tier"] in _leads(f) for row in _by_year(f)),
)


def _by_scenario(facts: Facts) -> list[dict[str, Any]]:
    table = facts.scenario_ladders
    ladders = [(name, table[table["scenario"] == name]) for name in facts.ordered]
    return [{**row, "scenario": name} for name, ladder in ladders for row in _rows(ladder)]


ladder_table = col.Table(
    "ladder_by_scenario",
    "Ladder by scenario",
    "What rerouting and stocks win back in the long run, every scenario",
    rows=_by_scenario,
    columns=(*col.SCENARIO, *_columns("tpa")),
    subtitle="Unit: {f.unit}. No projects built. {f.whose_words}",
    note=_NOTE,
    stands=lambda f: f.standing(*(found.ladder for found in f.a.rerouting.values())),
    lead=lambda f: 4 * (len(f.tiers) + 1),
)


def _over_horizon(facts: Facts) -> list[dict[str, Any]] | None:
    """Return the ladder over the horizon, of every scenario for which it was made; None where there is none."""
    rows, ladder = [], facts.a.stress.horizon_ladder
    for name, found in ladder.groupby("scenario", sort=False) if len(ladder) else ():
        for row in _rows(found, "t"):
            size = PRINTED * row["demand_t"]
            short = 0.0 if abs(row["shortfall_t"]) <= size else row["shortfall_t"]
            served = row["demand_t"] - short
            served = 0.0 if abs(served) <= size else served
            words = _OVER_TIME.get(row["rung"], row["meaning"])
            rows.append({**row, "scenario": name, "meaning": words, "served_t": served, "shortfall_t": short})
    return rows or None


def _are_many(facts: Facts) -> bool:
    return len(set(facts.a.stress.horizon_ladder["scenario"])) > 1


def _horizon_columns(facts: Facts) -> list[ReportColumn]:
    label = replace(col.SCENARIO_LABEL, body=_are_many(facts))
    return [col.SCENARIO_NAME, label, *_columns("t", " over the horizon")]


def _horizon_words(facts: Facts) -> str:
    name = str(facts.a.stress.horizon_ladder["scenario"].iloc[0])
    one = "" if _are_many(facts) else f" Scenario: {facts.scenario_label(name)}."
    return f"Unit: {facts.months.unit}. {facts.months.span}.{one} {facts.whose_words}"


def _horizon_note(facts: Facts) -> str:
    counted, period = "", facts.months.rungs_in
    if period:  # what lies between is of the sizes of lags, which are counted in whole periods
        counted = f"Counted in {period}, which end earlier where a measure or a project begins, changes or ends: "
        counted += f"the tonnes are near those of {table_id('over_time')}, not equal. "
    return (
        f"{counted}A new relation serves a tier once qualified for it; stocks are drawn once. "
        "The last shortfall does not depend on the order of the rungs, the steps do."
    )


rung_table = col.Table(
    "ladder_over_time",
    "Ladder over time",
    "What rerouting, stocks and projects win back over the horizon",
    rows=_over_horizon,
    columns=_horizon_columns,
    subtitle=_horizon_words,
    note=_horizon_note,
    stands=lambda f: f.standing(f.a.stress.summary),
)


def _held(facts: Facts) -> pd.DataFrame | None:
    """Return each stock, its holder and what it gives back; None where there is none."""
    stocks = facts.network.stocks.set_index("id")[["commodity", "stock_t"]]
    return col.some(facts.a.held.join(stocks).rename_axis("stock")) if len(facts.a.held) else None


def _held_tier(facts: Facts) -> Who:
    return Who.of(fact_of(facts.a.advice, "tier", ""))


def _held_words(facts: Facts) -> str:
    year = fact_of(facts.a.advice, "running_year")
    ran = f" and the projects that run in {whole(year)}" if is_known(year) else ""
    more = f"New relations{ran or ', no project'}."
    return f"Unit: {facts.unit}, {_held_tier(facts)}. Scenario: {facts.worst_label}. {more}"


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
    "Whose stocks there are, and what each gives back in its year",
    rows=_held,
    columns=_held_columns,
    subtitle=_held_words,
    note="A stock counts with what it releases in a year. Two that stand in for each other both give back nothing.",
    stands=lambda f: f.standing(f.a.stress.ladder),
)


# -- the figure of page one ---------------------------------------------------------------------


def _short(facts: Facts) -> list[tuple[str, str, dict[str, float]]]:
    """Return (what is allowed, the same in the title, short by tier), the projects of each year last."""
    years = list(facts.ladders)
    asked = [
        (
            *_rung_words(facts, rung),
            {
                t: facts.rung(years[0], rung, t) if years else facts.scenario_rung(facts.when, rung, t)
                for t in facts.tiers
            },
        )
        for rung in RUNGS
        if rung != "projects"
    ]
    asked += [
        (f"+ projects by {y}", f"projects by {y}", {t: facts.rung(y, "projects", t) for t in facts.tiers})
        for y in years
    ]
    return [
        (words, name, {t: float(row["shortfall_tpa"]) for t, row in rows.items()})
        for words, name, rows in asked
        if all(row is not None for row in rows.values())
    ]


def _rung_words(facts: Facts, rung: str) -> tuple[str, str]:
    """Return what a rung allows, on its bar and in the title."""
    if rung == "running" and facts.running is not None:
        return f"{RUNGS[rung][0]} in {facts.running['year'].iloc[0]}", "running projects"
    return RUNGS[rung][0], RUNGS[rung][1].removesuffix(" (one year's release)")


@fig.figure("ladder")
def ladder_figure(facts: Facts) -> ReportFigure | None:
    """Draw what is still short, rung by rung, in per cent of demand: the leading tier, and all tiers."""
    rungs = _until_nothing(_short(facts))
    if not rungs:
        return None
    split = facts.has_first and len(facts.tiers) > 1
    asked = {t: float(facts.of(facts.when, t)["demand_tpa"]) for t in facts.tiers}
    shown = [(facts.first, [facts.first])] if split else []
    shown += [(ALL_TIERS, facts.tiers)]
    canvas, (ax,) = fig.new_canvas(0.4 + (0.29 if split else 0.2) * len(rungs))
    y = np.arange(len(rungs))[::-1]
    places = ((0.19, 0.36, fig.tier_colour(0)), (-0.2, 0.3, fig.BAR_LIGHT)) if split else ((0.0, 0.62, fig.BAR),)
    told: dict[str, list[tuple[float, float]]] = {}
    for (whom, tiers), (off, height, colour) in zip(shown, places, strict=True):
        demand = sum(asked[t] for t in tiers)
        short = [sum(found[t] for t in tiers) for *_, found in rungs]
        told[whom] = [(t, t / demand if demand > 0 else 0.0) for t in short]
        ax.barh(y + off, [100 * part for _, part in told[whom]], height, color=colour, label=first_capital(whom))
        for at, (t, part) in zip(y + off, told[whom], strict=True):
            fig.write(ax, 100 * part + 1.2, at, f"{percent(part)}  ({number(t)})" if t > 0 else "0", fontsize=7.5)
    ax.set_yticks(y, [drawable(words) for words, *_ in rungs])
    ax.set_xlim(0, 122)
    ax.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 % of demand"])
    ax.spines["bottom"].set_visible(True)
    ax.spines["bottom"].set_color(fig.AXIS)
    ax.set_ylim(-0.55, len(rungs) - 0.4)
    if split:
        ax.legend(loc="lower right", frameon=False, fontsize=fig.SMALL, handlelength=1.2, borderaxespad=0.1)
    tier = facts.short_tier if split else ALL_TIERS
    what = "Total shortfall" if tier.is_all else f"{first_capital(tier)} shortfall"
    begin, end = told[tier][0], told[tier][-1]
    title = (
        f"{what} falls from {percent(begin[1])} to {percent(end[1])} with {_with(rungs, [t for t, _ in told[tier]])}"
    )
    if same(begin[0], end[0]):
        title = f"{what} stays at {percent(end[1])}, {tonnes(end[0])}"
    if not begin[0] > 0 and not end[0] > 0:
        title = f"{first_capital(tier)}: nothing is short"
    alt = "Bars show what is still short, rung by rung: " + "; ".join(
        f"{words} {percent(part)} ({number(t)} t/yr)" for (words, *_), (t, part) in zip(rungs, told[tier], strict=True)
    )
    last = "Later rungs are 0 too." if len(rungs) < len(_short(facts)) else "The last bars are what stays short."
    ran = f" Projects that run: {table_id('layers')}." if facts.running is not None else ""
    order = f", {order_of(facts).served}" if facts.has_others else ""
    return fig.make_figure(
        canvas,
        title,
        f"Still short, % of demand ({facts.unit} in brackets), by what is allowed. "
        f"Scenario: {facts.scenario_label(facts.when)}{order}. One year.",
        f"{alt}.",
        f"{last}{ran}",
        year_table(facts) if facts.a.rerouting else ladder_table(facts),
    )


def _until_nothing(rungs: list[tuple[str, str, dict[str, float]]]) -> list[tuple[str, str, dict[str, float]]]:
    """Return the rungs up to the first at which nothing is short, where nothing is short from there on."""
    left = [sum(found.values()) for *_, found in rungs]
    last = next((i for i in range(len(rungs)) if not any(t > 0 for t in left[i:])), len(rungs))
    return rungs[: last + 1]


def _with(rungs: list[tuple[str, str, dict[str, float]]], short: list[float]) -> str:
    """Return which rungs take the shortfall to where it ends: by name, or the last of them where those are many."""
    does = [name for i, (_, name, _) in enumerate(rungs) if i and not same(short[i], short[i - 1])]
    reached = next(i for i, t in enumerate(short) if same(t, short[-1]))
    up_to = rungs[reached][1]
    does = does[: does.index(up_to) + 1] if up_to in does else does
    named = join(does)
    return named if len(named.split(" ")) <= TITLE_WORDS else up_to
