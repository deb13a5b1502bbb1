"""Who is short, and when? Scenario by scenario and tier by tier, the course of the worst, and the long run in full."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.assessment import Finding
from chainnet.drawing import month_lines
from chainnet.engine import CERTAIN
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import BASELINE, Facts, once
from chainnet.reporting.model import ReportFigure, Section, Sentence, make_section
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
    least_short,
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
        tuple(one for one in (_nobody(facts), _stocks(facts)) if one),
        course_figure(facts),
        more=(long_table(facts), layer_table(facts), place_table(facts), bracket_table(facts), exposure_table(facts)),
    )


@once
def _timed(facts: Facts) -> list[dict[str, Any]]:
    """Return every scenario and tier with its finding, if it has one: a range is assessed of these alone."""
    every = [one for found in reversed(facts.a.findings) for one in (found, *found.others)]
    known = {(one.scenario.name if one.scenario else "", str(one.tier)): one for one in every}
    return [
        {**row, "finding": one, **_ends(one, one in facts.a.findings)}
        for row in records(facts.a.timing.reset_index())
        for one in [known.get((str(row["scenario"]), str(row["tier"])))]
    ]


def _ends(one: Finding | None, is_led: bool) -> dict[str, Any]:
    """Return between what lies what is short, over the judgements; the first year of the tier of a finding alone."""
    if one is None:
        return {"first_range": ""} | dict.fromkeys(
            ("range", "last_share", "later_low_share", "later_high_share"), NOT_ASSESSED
        )
    year, later = (one.first_year if is_led else None), one.later
    return {
        "first_range": between(year["low"], year["high"]) if year else NOT_ASSESSED,
        "range": between(later["low"], later["high"]),
        "last_share": one.last_share,
        "later_low_share": later["low"],
        "later_high_share": later["high"],
    }


def _is_short(row: Any) -> bool:
    """Say whether anybody is short in the central case."""
    return bool(row["first_year_share"] >= LEAST or row["later_share"] >= LEAST)


def _rows(facts: Facts) -> list[dict[str, Any]]:
    """Return the rows of who is short, of whom that cannot be said, and of who may be, served last too."""

    def may_be(one: Finding | None) -> bool:
        return one is not None and (not one.certain or max(one.later["high"], one.last_share) > CERTAIN)

    return [row for row in _timed(facts) if _is_short(row) or may_be(row["finding"])]


def _nobody(facts: Facts) -> Sentence | None:
    """Name the scenarios that leave nobody short."""
    hit = {row["scenario"] for row in _timed(facts) if _is_short(row)}
    idle = dict.fromkeys(str(row["scenario"]) for row in _timed(facts) if row["scenario"] not in hit)
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
    one, month = row["finding"], row["first_month"]
    if row["first_year_share"] != row["first_year_share"]:
        return NOT_ASKED
    if one is not None and month != month:
        if row["later_share"] < LEAST:
            return NEVER
        month = one.first_month if one.scenario == facts.a.findings[0].scenario else month
    return "later" if month != month else month


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
        col.text("first_range", "Range, first year", "least to most, over judgements one at a time", missing=NOT_ASKED),
        col.share("later_share", "Later", "part of demand that is short once new suppliers are qualified"),
        col.text("range", "Range, later", "least to most, over judgements one at a time"),
        col.share(
            "last_share", "Allies last", "a stress test: later, if allies are served last", missing=NOT_APPLICABLE
        ),
        col.tons("later_tpa", "Later, t/yr", "the same in tonnes", body=False),
        col.share("later_low_share", "Later, least", "low end of the range", body=False),
        col.share("later_high_share", "Later, most", "high end of the range", body=False),
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
    is_certain = {one.tier: one.certain for one in (finding, *finding.others)}
    last = {tier: float(share[tier].iloc[-1]) for tier in tiers if is_certain[tier]}
    title = "Who is short month by month, in one of several equally good plans"
    if last:
        worst = max(last, key=last.__getitem__)
        title = f"{first_capital(Who(worst).demand)} ends {percent(last[worst])} short under the worst scenario"
    alt = "; ".join(
        f"{tier}: {percent(share[tier].max())} at most, {percent(share[tier].iloc[-1])} at the end" for tier in tiers
    )
    return fig.make_figure(
        picture.svg,
        title,
        "Part of each tier's demand that is short, month by month, new suppliers as they qualify, stocks drawn. "
        f"Scenario: {finding.label}.",
        f"{first_capital(alt)}.",
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
    is_short: pd.Series[bool] = table["shortfall_tpa"] > least_short(table["demand_tpa"])
    return table[is_short]


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


def _exposed(facts: Facts) -> pd.DataFrame:
    """Return what each loss costs; no money where no demand has a value, for then a cost is in tonnes."""
    table = facts.a.exposure
    is_priced = origin_of(table).get("settings", {}).get("value") == "value_usd_per_t"
    return table if is_priced else table[[key for key in table.columns if not key.endswith("_usd")]]


exposure_table = col.Table(
    "exposure",
    "Exposure",
    "What the loss of a site costs until it is back",
    rows=_exposed,
    heads={
        "cost_usd": "Cost, USD million",
        "rei": "Cost over the largest, 0 to 1",
        "lost_t": "Lost, t",
        "time_to_survive": "Borne for, years",
        "gap": "Too late by, years",
        "recovery": "Back after, years",
        "added_cost_usd": "Not lost anyway, USD million",
        "throughput_tpa": "Throughput, t/yr",
        "spend_usd": "Spend, USD million",
    },
    subtitle="Years until a site is back: {f.settings[recovery]}. On existing links, stocks drawn. Borne for: the "
    "longest time in which nothing is lost; too late by: from then until it is back.",
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
