"""Who is short, and when? Scenario by scenario and tier by tier, the course of the worst, and the long run in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from chainnet.assessment import Finding
from chainnet.drawing import month_lines
from chainnet.engine import CERTAIN, PRINTED
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import BASELINE, Facts, once
from chainnet.reporting.model import ReportColumn, ReportFigure, Section, Sentence, make_section
from chainnet.results import origin_of
from chainnet.words import (
    NOT_APPLICABLE,
    NOT_ASKED,
    NOT_ASSESSED,
    Who,
    between,
    first_capital,
    infinite_word,
    join,
    percent,
    verb,
)

LEAST = 0.01  # less is met
NEVER = infinite_word("first_month")


def section(facts: Facts) -> Section:
    """Return who is short when, and the long run of every scenario."""
    return make_section(
        "Who is short, and when?",
        time_table(facts),
        _nobody(facts),
        _stocks(facts),
        course_figure(facts),
        more=(long_table(facts), layer_table(facts), place_table(facts), bracket_table(facts), exposure_table(facts)),
    )


@once
def _assessed(facts: Facts) -> dict[tuple[str, str], Finding]:
    """Return the findings, each tier's, by scenario and tier: a range is assessed of these alone."""
    tiers = [one for found in reversed(facts.a.findings) for one in (found, *found.others)]
    return {(one.scenario.name if one.scenario else "", str(one.tier)): one for one in tiers}


def _finding(facts: Facts, row: Any) -> Finding | None:
    return _assessed(facts).get((str(row["scenario"]), str(row["tier"])))


def _is_short(table: pd.DataFrame) -> pd.Series:
    """Say of which rows anybody is short in the central case."""
    return (table[["first_year_share", "later_share"]] >= LEAST).any(axis=1)


def _rows(facts: Facts) -> pd.DataFrame:
    """Return the rows of who is short, of whom that cannot be said, or of whom anybody may be."""
    table = facts.a.timing
    found = [_assessed(facts).get((str(scenario), str(tier))) for scenario, tier in table.index]
    open_ = [one is not None and (not one.certain or one.later["high"] > CERTAIN) for one in found]
    return table[_is_short(table) | np.array(open_, dtype=bool)]


def _nobody(facts: Facts) -> Sentence | None:
    """Name the scenarios that leave nobody short."""
    short = _is_short(facts.a.timing).groupby(level="scenario", sort=False).any()
    idle = [str(name) for name in short.index[~short]]
    if not idle:
        return None
    names = join([facts.quoted(name) for name in idle])
    return Sentence(f"{names} {verb('leave', len(idle))} nobody short in the central case.", ("over_time",))


def _stocks(facts: Facts) -> Sentence | None:
    """Say from when the tier of the finding is short at either end of what is in store, where that differs."""
    said = facts.a.findings[0].stocks_sentence
    return Sentence(said, ("over_time",)) if said else None


def _first(facts: Facts, row: Any) -> Any:
    """Return the first short month; in words where there is none, or none of the first year and no more was asked."""
    one, month = _finding(facts, row), row["first_month"]
    if row["first_year_share"] != row["first_year_share"]:
        return NOT_ASKED
    if one is not None and month != month:
        if row["later_share"] < LEAST:
            return NEVER
        month = one.first_month if one.scenario == facts.a.findings[0].scenario else month
    return "later" if month != month else month


def _first_range(facts: Facts, row: Any) -> str:
    """Return between what the first year lies: found of the tier of each finding alone."""
    one = _finding(facts, row)
    if row["first_year_share"] != row["first_year_share"]:
        return NOT_ASKED
    if one is None or one not in facts.a.findings:
        return NOT_ASSESSED
    return between(one.first_year["low"], one.first_year["high"])


def _between(one: Finding) -> str:
    return between(one.later["low"], one.later["high"])


def _last(one: Finding) -> float:
    return float(one.assumptions.range["last_share"][one.tier])


def _found(get: Callable[[Finding], Any]) -> Any:
    """Return what gives something of a row's finding; in words where it has none."""

    def given(facts: Facts, row: Any) -> Any:
        one = _finding(facts, row)
        return NOT_ASSESSED if one is None else get(one)

    return given


time_table = col.Table(
    "over_time",
    "Who is short when",
    "Who is short under which scenario, and from when",
    rows=_rows,
    columns=(
        *col.SCENARIO,
        col.TIER,
        col.tons("demand_tpa", "Demand", "tonnes asked for in a year"),
        col.month("first_month", "First short month", "counted from the first measure", _first),
        col.share(
            "first_year_share", "First year", "part of demand short in the first twelve months", missing=NOT_ASKED
        ),
        col.text("first_range", "Range, first year", "least to most, over judgements one at a time", _first_range),
        col.share("later_share", "Later", "part of demand that is short once new suppliers are qualified"),
        col.text("range", "Range, later", "least to most, over judgements one at a time", _found(_between)),
        col.share(
            "last_share",
            "Allies last",
            "a stress test: later, if allies are served last",
            _found(_last),
            missing=NOT_APPLICABLE,
        ),
        col.tons("later_tpa", "Later, t/yr", "the same in tonnes", body=False),
        col.share("later_low_share", "Later, least", "low end", _found(lambda one: one.later["low"]), body=False),
        col.share("later_high_share", "Later, most", "high end", _found(lambda one: one.later["high"]), body=False),
    ),
    none={"label": "no scenario leaves anybody short"},
    subtitle="Unit: {f.unit}. Served {f.order}. {f.whose_words}",
    stands=lambda f: f.standing(f.a.stress.summary),
)


@fig.figure("courses")
def course_figure(facts: Facts) -> ReportFigure | None:
    """Draw what each tier lacks month by month under the worst scenario."""
    finding = facts.a.findings[0]
    table = finding.answers.months_of(finding.scenario)
    share = (table["due_t"] / table["demand_t"].where(table["demand_t"] > 0)).fillna(0.0).clip(lower=0.0)
    tiers = [tier for tier in finding.answers.tiers if share[tier].max() >= LEAST]
    if not tiers:
        return None
    end = float((table.index.get_level_values("month") + table["months"]).max()) - 1.0
    shares = pd.DataFrame({facts.drawn(tier): share[tier] for tier in tiers})
    places = [finding.answers.tiers.index(tier) for tier in tiers]
    picture = month_lines(shares, end, places, "months from the first measure")
    worst = tiers[int(np.argmax([share[tier].iloc[-1] for tier in tiers]))]
    alt = "; ".join(
        f"{tier}: {percent(share[tier].max())} at most, {percent(share[tier].iloc[-1])} at the end" for tier in tiers
    )
    return fig.make_figure(
        picture.svg,
        f"{first_capital(Who(worst).demand)} ends {percent(share[worst].iloc[-1])} short under the worst scenario",
        f"Part of each tier's demand that is short, month by month, stocks drawn. Scenario: {finding.label}.",
        f"{first_capital(alt)}.",
        "",
        time_table(facts),
    )


# -- on screen alone ------------------------------------------------------------------------------

_LONG = ["demand_tpa", "served_tpa", "shortfall_tpa", "shortfall_first_tpa", "shortfall_last_tpa"]


def _long(facts: Facts) -> pd.DataFrame:
    """Return the long run of every scenario on existing links."""
    table = facts.summary[facts.summary["scenario"] != BASELINE]
    columns = [c for c in (*_LONG, "value_musd") if c in table.columns and table[c].notna().any()]
    return table[["scenario", "tier", *columns]]


long_table = col.Table(
    "served",
    "Served",
    "Who is short in the long run on existing links",
    rows=_long,
    heads={"shortfall_tpa": "Short", "shortfall_first_tpa": "Allies first", "shortfall_last_tpa": "Allies last"},
    subtitle="Unit: {f.unit}. A steady year with every measure at its full size, stocks not drawn. {f.whose_words}",
    stands=lambda f: f.standing(f.a.stress.summary),
)
layer_table = col.Table(
    "layers",
    "Layers",
    "Who is short under the worst scenario, in the base year alone and as the chain stands",
    rows=lambda f: f.layers.drop(columns="n_opened"),
    subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. Allies served first, last; with new suppliers; with stocks.",
    stands=lambda f: f.standing(f.a.layers),
)


def _places(facts: Facts) -> pd.DataFrame:
    table = facts.by_place(facts.when)
    return table[table["shortfall_tpa"] > PRINTED * table["demand_tpa"]]


place_table = col.Table(
    "by_country",
    "By country",
    "Who is short under the worst scenario, by country",
    rows=_places,
    heads={"place": "Country or region", "shortfall_tpa": "Short"},
    subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. Existing links.",
    note="Inside a tier who is short is one of several answers with the same total; that total is proved.",
    stands=lambda f: f.scenario_standing(f.when),
)
bracket_table = col.Table(
    "bracket",
    "Bracket",
    "Lost with the best rerouting, and if firms react only to their own stocks",
    rows=lambda f: f.a.bracket.drop(columns="meaning", errors="ignore"),
    subtitle="Unit: {f.unit}, all tiers. Best rerouting draws no stocks; simulated plants order as they always did.",
    note="Worst case: no stores, no rerouting; no bound by proof.",
)


def _exposure_columns(facts: Facts) -> list[ReportColumn]:
    """Return the columns of what a loss costs; money where demand has a value."""
    told = facts.a.exposure.columns
    is_priced = origin_of(facts.a.exposure)["settings"]["value"] == "value_usd_per_t"
    money = {
        "cost_usd": ("Cost, USD million", "least value lost until it is back"),
        "added_cost_usd": ("Added, USD million", "of that, what is not lost anyway"),
        "spend_usd": ("Spend, USD million", "a year's output at its price"),
    }
    return [
        col.code("site", "Name", "name in the data"),
        col.text("site_label", "Site", "what is out", lambda f, row: f.network.site_labels[str(row["site"])]),
        *(col.dollars(key, *words, key) for key, words in money.items() if is_priced and key in told),
        col.number("rei", "Over the largest", "cost over the largest cost (risk exposure index)", unit="0 to 1"),
        col.weight("lost_t", "Lost, t", "tonnes lost until it is back"),
        col.number("time_to_survive", "Borne for, years", "longest time in which nothing is lost", unit="years"),
        col.number("gap", "Too late by, years", "years from then until it is back", unit="years"),
        col.number("recovery", "Back after, years", "as given, or assumed", unit="years"),
        col.tons("throughput_tpa", "Throughput, t/yr", "what it makes or passes on in the baseline"),
    ]


exposure_table = col.Table(
    "exposure",
    "Exposure",
    "What the loss of a site costs until it is back",
    rows=lambda f: None if f.a.exposure.empty else f.a.exposure,
    columns=_exposure_columns,
    subtitle="Years until a site is back: {f.settings[recovery]}. On existing links, stocks drawn; 0 to 1: over the "
    "largest cost.",
    lead=col.FEW_ROWS,
)


def month_sheets(facts: Facts) -> tuple[Any, ...]:
    """Return the sheets of the workbook that go by month: who is short, what is left in stock."""
    return tuple(made for table in (_MONTHS, _STOCKS, _USES) if (made := table(facts)) is not None)


def _by_month(facts: Facts) -> pd.DataFrame:
    table = facts.a.stress.months
    sums = ["demand_t", "served_t", "shortfall_t", "shortfall_unforeseen_t"]
    found = Who.named(table).groupby(["scenario", "tier", "month"], sort=False)[sums].sum().reset_index()
    return found[found["scenario"] != BASELINE]


_MONTHS = col.Table(
    "M1",
    "Months",
    "Months under the worst scenario, by tier",
    rows=_by_month,
    heads={"shortfall_t": "Short", "shortfall_unforeseen_t": "Short if unforeseen"},
    subtitle="Unit: t. Existing links, stocks drawn. Month by month in the first year, then in half-years.",
    stands=lambda f: f.standing(f.a.stress.months),
)
_STOCKS = col.Table(
    "M3",
    "Stock levels",
    "What is left in each stock",
    rows=lambda f: f.a.stress.stocks,
    heads={"level_t": "Left", "level_unforeseen_t": "Left if unforeseen"},
    subtitle="Unit: t of the stock's own material.",
)
_USES = col.Table(
    "M2",
    "Endurance by use",
    "How long each end use can be kept whole under the worst scenario",
    rows=lambda f: (
        f.a.stress.time_to_survive.reset_index()
        .query("node != '' and scenario != 'baseline'")
        .fillna(
            {"first_short_month": np.inf}  # never, of the horizon
        )
    ),
    heads={"is_unlimited": "Never short", "shortfall_t": "Short"},
    subtitle="Unit: t and months from the first measure. Existing links, every date known, over {f.horizon} months.",
    note="Time to survive: months in which this use alone is kept whole, the tiers before it served. First short "
    "month: of the plan with the fewest tonnes short over all months; any shortfall counts. Page one tells another "
    "month: of a whole tier, with new suppliers, without foresight, more than 1 % short.",
    stands=lambda f: f.standing(f.a.stress.months),
)
