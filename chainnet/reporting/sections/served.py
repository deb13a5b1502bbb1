"""Who is short, and when? Scenario by scenario and tier by tier, the course of the worst, and the long run in full."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.drawing import month_lines
from chainnet.engine import PRINTED
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import BASELINE, Facts
from chainnet.reporting.model import ReportFigure, Section, Sentence, make_section
from chainnet.words import NOT_ASKED, Who, first_capital, join, percent, verb

LEAST = 0.01  # less is met


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


def _short(facts: Facts) -> pd.DataFrame:
    """Return the rows of scenarios and tiers in which anybody is short."""
    table = facts.a.timing
    return table[(table[["first_year_share", "later_share"]] >= LEAST).any(axis=1)]


def _nobody(facts: Facts) -> Sentence | None:
    """Name the scenarios that leave nobody short."""
    hit = set(_short(facts).index.get_level_values("scenario"))
    idle = dict.fromkeys(str(name) for name in facts.a.timing.index.get_level_values("scenario") if name not in hit)
    if not idle:
        return None
    names = join([facts.quoted(name) for name in idle])
    return Sentence(f"{names} {verb('leave', len(idle))} nobody short in the central case.", ("over_time",))


def _stocks(facts: Facts) -> Sentence | None:
    """Say from when the tier of the finding is short at either end of what is in store, where that differs."""
    said = facts.a.findings[0].stocks_sentence
    return Sentence(said, ("over_time",)) if said else None


def _first(facts: Facts, row: Any) -> Any:
    """Return the first short month; in words where it lies beyond what was asked."""
    if row["first_year_share"] != row["first_year_share"]:
        return NOT_ASKED
    worst = facts.a.findings[0]
    if row["scenario"] != (worst.scenario.name if worst.scenario else ""):
        return "later" if row["first_month"] != row["first_month"] else row["first_month"]
    worst.answers.months_of(worst.scenario)  # of every tier at once
    found = next(one.first_month for one in (worst, *worst.others) if one.tier == row["tier"])
    return "later" if found != found else found


time_table = col.Table(
    "over_time",
    "Who is short when",
    "Who is short under which scenario, and from when",
    rows=_short,
    columns=(
        *col.SCENARIO,
        col.TIER,
        col.tons("demand_tpa", "Demand", "tonnes asked for in a year"),
        col.count("first_month", "First short month", "counted from the first measure", _first),
        col.share(
            "first_year_share",
            "First year",
            "part of demand that is short in the first twelve months",
            missing=NOT_ASKED,
        ),
        col.share("later_share", "Later", "part of demand that is short once new suppliers are qualified"),
        col.tons("later_tpa", "Later, t/yr", "the same in tonnes"),
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
        f"{first_capital(Who(worst))} ends {percent(share[worst].iloc[-1])} short under the worst scenario",
        f"Part of each tier's demand that is short, month by month. Scenario: {finding.label}.",
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
exposure_table = col.Table(
    "exposure",
    "Exposure",
    "What the loss of a site costs until it is back",
    rows=lambda f: f.a.exposure,
    subtitle="Recovery in years: {f.settings[recovery]}.",
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
    rows=lambda f: f.a.stress.time_to_survive.reset_index().query("node != '' and scenario != 'baseline'"),
    heads={"is_unlimited": "Never short", "shortfall_t": "Short"},
    subtitle="Unit: t and months from the first measure.",
    stands=lambda f: f.standing(f.a.stress.months),
)
