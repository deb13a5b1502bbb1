"""Page one below the bottom line: scenarios, what costs and helps most, decisions, how far to trust it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from chainnet.network import state_of, verb_of
from chainnet.reporting import columns as col
from chainnet.reporting.ends import has_others
from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.model import Block, ReportTable, Sentence, blocks_of, make_table
from chainnet.reporting.others import order_of
from chainnet.reporting.sections.answer import best_alone, gain_tier, inferred_flows, weakest_input
from chainnet.reporting.sections.losses import top_losses
from chainnet.reporting.sections.months import month_columns
from chainnet.reporting.sections.order import see, table_id
from chainnet.reporting.sections.projects import project_status, top_projects
from chainnet.reporting.sections.rerouting import ladder_figure
from chainnet.reporting.sections.strip import chain_figure
from chainnet.reporting.sections.sure import sure_points
from chainnet.results import BOUNDED, CHECKED
from chainnet.words import NOT_APPLICABLE, NOT_ASSESSED, count, first_capital, join, number, span, spelled, tonnes

KEY_ROWS = 4  # so that the summary stands on two pages


def summary(facts: Facts) -> tuple[Block, ...]:
    """Return what stands on page one below the bottom line."""
    lines = decisions(facts)
    return blocks_of(
        chain_figure(facts),
        scenario_table(facts),
        ladder_figure(facts),
        top_losses(facts),
        top_projects(facts) if facts.a.rerouting else None,
        Sentence("", (), "Decisions this supports") if lines else None,
        lines,
        Sentence("", (), "How far to trust it"),
        _stranger_sentences(facts),
    )


def _short_head(facts: Facts) -> str:
    """Return the head of the column of what the leading tier lacks; at which end, where there are two."""
    after = has_others(facts) and order_of(facts).served == "others served after"
    return f"{first_capital(facts.first)} short{', others last' if after else ''}"


@col.table("scenarios", "Summary", "Scenarios, worst first")
def scenario_table(facts: Facts) -> ReportTable:
    """Return the baseline, then scenarios, worst first, with the months of the leading tier."""
    first, months = first_capital(facts.first), facts.months
    others = [t for t in facts.tiers if t != facts.first] if facts.has_first else []

    def left(row: Any) -> Any:
        rung = facts.scenario_rung(row["scenario"], "stocks", facts.first)
        return NOT_APPLICABLE if rung is None else rung["shortfall_tpa"]

    def over_all(row: Any) -> Any:
        return facts.whole.loc[row["scenario"], "served_tpa"]

    def short_of(tier: str) -> Callable[[Any], Any]:
        return lambda row: facts.of(row["scenario"], tier)["shortfall_tpa"]

    columns = [
        *col.scenario(facts),
        col.tons("shortfall_tpa", _short_head(facts), f"shortfall of {facts.first}, {order_of(facts).served}"),
        col.text(
            "range",
            "Low to high demand",
            "the same with all demand at its low and at its high values",
            lambda row: span(row["shortfall_low_tpa"], row["shortfall_high_tpa"]),
        ),
        *(
            col.tons(
                f"shortfall_{side}_tpa",
                f"Short, {side} demand",
                f"all demand at its {side} values",
                missing=NOT_ASSESSED,
                body=False,
            )
            for side in ("low", "high")
        ),
        col.share(
            "met_share",
            f"{first} met",
            f"part of the demand of {facts.first} that is served",
            lambda row: row["served_tpa"] / row["demand_tpa"] if row["demand_tpa"] > 0 else NOT_APPLICABLE,
            body=False,
        ),
        col.tons(
            "shortfall_before_tpa",
            f"{first} short, others first",
            "shortfall if all other countries come first",
            body=has_others(facts),
        ),
        *(
            col.tons(f"shortfall_{t}_tpa", f"{first_capital(t)} short", f"shortfall of {t}", short_of(t))
            for t in others
        ),
        *(
            [col.tons("whole_served_tpa", "All tiers served", "tonnes served over all tiers", over_all, body=False)]
            if others
            else []
        ),
        col.weight("shortfall_t", f"In {months.horizon} months, t", f"what {months.lead} lacks over the horizon"),
        *month_columns(months),
        col.tons("residual_tpa", "Left after rerouting, stocks", "after new relations and one year of stocks", left),
        col.text(
            "rests_on",
            "Rests on",
            "how the weakest decisive input is known, and how many are so",
            lambda row: facts.scenario_inputs_words(row["scenario"]),
            body=False,
        ),
    ]
    names = [BASELINE, *facts.ordered]
    return make_table(
        columns,
        ({**months.of(name, months.lead), **facts.leading.loc[name], "scenario": name} for name in names),
        subtitle=f"Unit: {facts.unit}. The long run; months from 1. {facts.whose_words}",
        note=(
            "Scenarios are assumptions to test against, not forecasts. The range is that of two corner cases, all "
            "demand at its low and at its high values. Months: over the horizon, stocks drawn, every date known "
            f"({table_id('endurance')}); time to survive counts from the first measure, if the tier is served first. "
            "Some are short in the long run but in no month: measures end, stocks carry. Worst site under a scenario: "
            f"not assessed. Projects: {table_id('ladder')}."
        ),
        **facts.standing(facts.a.stress.summary),
    ).with_lead(rows=KEY_ROWS)


# -- decisions and trust on page one ------------------------------------------------------------


def decisions(facts: Facts) -> tuple[Sentence, ...]:
    """Return up to three lines that say what to secure, protect, fund or hold; none where nothing averts anything."""
    if not facts.a.worst:
        return ()
    lines = _build(facts)
    tier = gain_tier(facts)
    row = facts.scenario_rung(facts.when, "stocks", tier)
    if row is not None and row["gained_tpa"] > 1e-9:
        hold = (
            f"Keep the stocks on record: they return {tonnes(row['gained_tpa'])} to {tier}, in the first year only, "
            f"provided that new relations are qualified. {see('stocks')}"
        )
        lines.append(Sentence(hold, ("ladder", "requirement"), "Hold."))
    row = facts.scenario_rung(facts.when, "new", ALL_TIERS)
    if row is not None and row["gained_tpa"] > 1e-9:
        qualify = (
            f"New relations between plants that stand return {tonnes(row['gained_tpa'])} over all tiers, "
            f"at an assumed extra cost per tonne. {see('rerouting')}"
        )
        lines.append(Sentence(qualify, ("ladder_by_scenario",), "Qualify."))
    return tuple(lines[:3])


def _cost(facts: Facts, names: list[str]) -> str:
    cost = facts.network.projects.set_index("id").loc[names, "capex_musd"]
    if cost.isna().all():
        return "cost not in the data"
    known = f"USD {number(cost.sum())} million"
    return known if cost.notna().all() else f"{known} for {join([facts.label(n) for n in cost.dropna().index])}"


def _pair_verb(facts: Facts, names: list[str]) -> str:
    """Return what there is to do about two projects that need each other."""
    first, second = (verb_of(project_status(facts, name)) for name in names)
    if first == second == "Fund":
        return "Build together."
    what = f"{first} the first, {second[0].lower()}{second[1:]} the second"
    return f"{first} both." if first == second else f"{what}."


def _build(facts: Facts) -> list[Sentence]:
    """Return what to do about the project that returns most, and about two that need each other."""
    lines = []
    years = list(facts.a.rerouting)
    first = (f"standalone_{facts.first}_t", f"to {facts.first}, if served first,")
    asked = [(years[0], *first), (years[-1], "standalone_t", "over all tiers")] if years else []
    for year, column, whom in asked:
        alone, name = best_alone(facts, year, column)
        if not name:
            continue
        start = facts.a.rerouting[year].projects["start_year"][name]
        when = "" if pd.isna(start) else f", start {start:.0f}"
        tied = int((alone == alone[name]).sum()) - 1
        others = f"; {spelled(tied, 'other returns', 'others return')} as much" if tied else ""
        keeps = "size" if state_of(project_status(facts, name)) == "running" else "size and date"
        fund = (
            f"{facts.label(name)}: alone it returns {tonnes(alone[name])} {whom} by {year} "
            f"({_cost(facts, [name])}{when}), if it keeps its {keeps}{others}. {see('projects')}"
        )
        lines.append(Sentence(fund, (f"effects.{year}",), verb_of(project_status(facts, name))))
        break
    for year in years:
        pairs = facts.a.rerouting[year].complements
        if len(pairs) and pairs["surplus_t"].iloc[0] > 0:
            row = pairs.iloc[0]
            names = [row["project_a"], row["project_b"]]
            both = (
                f"{facts.label(names[0])} alone returns {number(row['alone_a_t'])}, {facts.label(names[1])} alone "
                f"{number(row['alone_b_t'])}, both {tonnes(row['together_t'])} by {year} ({_cost(facts, names)}): "
                f"they need each other. {see('projects')}"
            )
            lines.append(Sentence(both, ("complements",), _pair_verb(facts, names)))
            break
    return lines


def _gaps(facts: Facts) -> str:
    """Return the gaps that could change the answer, each with its direction."""
    stocks = "No stocks are in the data" if facts.network.stocks.empty else "Stocks may be missing"
    said = [f"{stocks} (shortfall too large at first)"]
    unlimited, nodes = facts.a.coverage["n_unlimited"].sum(), facts.a.coverage["n_nodes"].sum()
    if unlimited:
        said.append(f"{count(unlimited)} of {count(nodes)} nodes have no capacity (too small)")
    inferred = inferred_flows(facts)
    return "; ".join([*said, f"{inferred} flows are inferred (either way)"] if inferred else said) + "."


def _stranger_sentences(facts: Facts) -> tuple[Sentence, ...]:
    """Return what makes up the trust part of the summary: the gaps that could change the order."""
    status = CHECKED if bool(facts.a.certificates["ok"].all()) else BOUNDED
    named = f", the weakest {weakest_input(facts)}" if facts.n_decisive else ""
    said = [
        Sentence(f"{first_capital(status)}; the answer {facts.rests_words}{named}.", ("decisive",)),
        Sentence(_gaps(facts), ("gaps",), "Gaps."),
    ]
    if pd.isna(facts.leading["shortfall_low_tpa"][facts.when]):
        said.append(
            Sentence("Not assessed: how the answer moves with demand (the data give no range).", ("assumptions",))
        )
    return (*said, *sure_points(facts)[:1])
