"""Pages one and two: the finding, and what stands behind it. All of it is shown from the assessment's findings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from chainnet.assessment import Finding, missing
from chainnet.drawing import Break, break_svg, course_svg, levels_svg, measures_svg
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Front, ReportColumn, ReportFigure
from chainnet.reporting.order import section_id, table_id
from chainnet.reporting.sections.helping import FOR_A_YEAR
from chainnet.reporting.texts import READ
from chainnet.words import (
    country_name,
    first_capital,
    in_a_mark,
    is_missing,
    join,
    lacking,
    money,
    number,
    percent,
    place_words,
    short_label,
    step_words,
    titled,
    vintage,
    whole,
)

NEW = "new suppliers"  # the level of the number of the title
MOST_LINES = 7  # of what the verdict depends on
NOTHING = ("Nothing", "is restricted by rules in force")
WHICH = {"in force": "In force", "may return": "May return", "next": "Next", "worst": "Worst", "other": "Other"}
AS_BAD = "As bad"  # another scenario that leaves every tier as short as the worst
HALF = 0.5
APART = 0.005  # shares nearer than that are one
LABEL = 40  # letters of a project in a picture
# what heads each sentence, and the section that says more
HEADS = {"Who and when.": "served", "Where.": "chain", "What to do.": "helping", "How sure.": "sure"}
LEFT_OUT = "Substitution and thrift: whoever is short finds no other material and does not use less."
STANDS_IN = "Nobody says what is asked for: what each end use gets in the baseline stands in as demand."


def front(facts: Facts, title: str = "") -> Front:
    """Return pages one and two of the report on an assessment; ``title``: what it is called in place of its own."""
    finding = facts.a.findings[0]
    now = facts.a.findings[1] if len(facts.a.findings) > 1 else None
    claims, network, scenarios = finding.claims, facts.network, scenario_table.of(facts)
    first = claims.first(finding.answers.months, *finding.stock_ends.values())
    return Front(
        small=", ".join(part for part in (title or network.label, vintage(network)) if part),
        title=finding.title,
        key_figures=(claims.figure, first, now.claims.today if now else NOTHING),
        sentences=tuple(
            (head, said, section_id(name)) for (head, name), said in zip(HEADS.items(), finding.sentences, strict=True)
        ),
        flows=_flows(facts, finding),
        course=_course(facts, finding),
        levels=_levels(finding),
        measures=_measures(finding),
        listed=_listed(finding),
        scenarios=scenarios,
        firmness=tuple(finding.firmness.items()),
        depends_on=_depends_on(finding),
        left_out=_left_out(facts, finding),
        how_to_read=f"{READ['front']} {scenarios.trust}",
    )


# -- page one -----------------------------------------------------------------------------------


def _flows(facts: Facts, finding: Finding) -> ReportFigure:
    """Draw the break."""
    table, narrow = finding.passage, finding.bottleneck
    places = [*table["country"], *table["to_country"]]
    basis = finding.network.basis(finding.answers.counting.commodities)
    arrives = f"{number(finding.arrives_tpa)} of {number(finding.demand['tpa'])} arrive"
    where = place_words(narrow["step"], narrow["country"])
    svg = break_svg(
        Break(
            passage=table,
            steps={step: facts.drawn(step_words(step)) for step in table["step"]},
            places={place: facts.drawn(country_name(place)) for place in places},
            cut=(narrow["step"], narrow["country"]),
            label=facts.drawn(f"Bottleneck: {where}"),
            users=facts.drawn(f"{first_capital(finding.claims.demand.removesuffix('demand'))}users"),
            arrives=arrives,
        )
    )
    part = finding.arrives_tpa / finding.demand["tpa"]
    whole = "All" if part > 1.0 - APART else "Most" if part >= HALF else "Under half" if part > APART else "Nothing"
    unit = f"t/yr {basis}".strip()
    alt = f"Steps from left to right: {', '.join(dict.fromkeys(map(step_words, table['step'])))}. {arrives}, {unit}."
    return ReportFigure(
        "break",
        f"{whole} arrives{_case(finding)}",
        f"Width: {unit}. Hollow: lost.",
        svg,
        f"{alt}{f' Bottleneck: {where}.' if where else ''}",
    )


def _case(finding: Finding) -> str:
    return "" if finding.certain else ", central case"


def _course(facts: Facts, finding: Finding) -> ReportFigure:
    """Draw the months."""
    months = finding.months
    share = (months["due_t"] / months["demand_t"]).clip(lower=0.0)
    due = [
        (one.due_month, facts.drawn(f"{short_label(in_a_mark(one.thing, one.ids).split(', ')[0], LABEL)} due"))
        for one in finding.advice
        if one.due and not is_missing(one.due_month)
    ]
    year, later = finding.first_year, finding.later
    svg = course_svg(
        pd.DataFrame({"months": months["months"], "share": share}),
        (year["low"], year["high"]),
        (later["share"], later["low"], later["high"]),
        f"{percent(later['share'])} later" if finding.certain else "cannot be said",
        finding.first_month,
        due,
    )
    alt = f"First year {percent(year['share'])}, later {percent(later['share'])} of {finding.claims.demand}."
    halves = " Half-years after the first year." if (months["months"] > 1).any() else ""
    return ReportFigure(
        "course",
        f"{finding.claims.course(finding.answers.months)}{_case(finding)}",
        f"Of {finding.claims.demand}. Pale: range.",
        svg,
        f"{alt}{halves}",
    )


# -- page two -----------------------------------------------------------------------------------


def _levels(finding: Finding) -> ReportFigure:
    table = finding.levels.rename(index=FOR_A_YEAR)
    is_tested = bool((table["last_share"] > table["share"] + APART).any())
    alt = ", ".join(f"{level} {percent(share)}" for level, share in table["share"].items())
    existing, new = (percent(table["share"].get(level, 0.0)) for level in ("existing links", NEW))
    said = f"Existing links leave {existing} short, new suppliers {new}"
    if new == existing:
        said = (
            f"New suppliers avoid nothing: {new} stays short"
            if new != percent(0.0)
            else "Existing links leave nothing short"
        )
    return ReportFigure(
        "response",
        said,
        f"Part of {finding.claims.demand}, each level with those before it."
        f"{' Tick: allies served last, a stress test.' if is_tested else ''}",
        levels_svg(table, NEW),
        f"{first_capital(alt)}.",
    )


def _ranked(finding: Finding) -> pd.DataFrame:
    """Return the projects by what a tonne costs that they avoid; those without a known cost last."""
    table = finding.measures
    rank = table.assign(price=table["cost_musd"] / table["avoids_tpa"])
    return table.loc[rank.sort_values(["price", "label"], kind="stable").index]


def _measures(finding: Finding) -> ReportFigure | None:
    """Draw what each project avoids at what cost; None where none avoids anything."""
    table = _ranked(finding)
    if table.empty:
        return None
    alt = ", ".join(f"{row['label']} {number(row['avoids_tpa'])} t/yr" for row in table.to_dict("records"))
    known = int(table["cost_musd"].notna().sum())
    title = "Of known costs that of project 1 is least" if known > 1 else "What projects avoid has no known cost"
    title = "Only project 1 has a known cost" if known == 1 < len(table) else title
    return ReportFigure(
        "cost_curve",
        title,
        "USD million a point of demand, each alone, not to be added. Darker: nearer to output. Hatched: cost unknown.",
        measures_svg(table, finding.demand["tpa"]),
        f"{alt}.",
    )


def _listed(finding: Finding) -> tuple[str, ...]:
    """Return the projects of the cost curve in its order, a line each."""
    said = []
    for row in _ranked(finding).to_dict("records"):
        cost = "cost not known" if is_missing(row["cost_musd"]) else money(row["cost_musd"] * 1e6)
        cost += f" with {row['cost_also']}" if row["cost_also"] else ""
        due = f", {'was due' if row['is_past'] else 'due'} {row['due']}" if row["due"] else ""
        said.append(f"{row['label']} ({row['state']}{due}): {cost}")
    return tuple(said)


def _depends_on(finding: Finding) -> tuple[str, ...]:
    """Return what alone changes the verdict or moves the bottleneck, a line each, plants first."""
    found = finding.depends_on
    said = []
    for one in found[:MOST_LINES]:
        is_class = one["does"] == "class"
        does = lacking(one["low_share"], one["high_share"]) if is_class else f"bottleneck: {one['then'] or 'none'}"
        said.append(f"{first_capital(one['label'])}: {does}")
    more = len(found) - len(said)
    return (
        (*said, f"And {whole(more)} more: {table_id('dependencies')}, in full in the workbook") if more else tuple(said)
    )


def _left_out(facts: Facts, finding: Finding) -> tuple[str, ...]:
    """Return what the answer leaves out, and what it assumes of users' stocks."""
    cover = finding.network.cover.sort_values("tier", kind="stable", na_position="last")
    tiers = cover["tier"].notna()
    weeks = [
        f"{whole(row['weeks'])} weeks ({whole(row['low'])} to {whole(row['high'])}) for "
        f"{titled(str(row['tier'])) if isinstance(row['tier'], str) else 'all other' if tiers.any() else 'all'} users"
        for row in cover.to_dict("records")
    ]
    held = "Stocks of users are not known: none is counted."
    held = f"Users' stocks are assumed: {join(weeks[:3])}." if weeks else held
    ties = "Which country's users are short may be one of several equally good answers."
    stands_in = (STANDS_IN,) if "demand" in missing(finding.network, facts.a.asked).index else ()
    return (*stands_in, LEFT_OUT, held, ties)


def _is_as_bad(facts: Facts, row: Any) -> bool:
    """Say whether another scenario leaves each tier as short as the worst."""
    table = facts.a.findings[0].scenarios
    worst = table[table["which"] == "worst"].filter(like="due_share:").max()
    is_other = row["which"] == "other" and worst.max() > 0
    return is_other and all(abs(worst[tier] - row[tier]) < APART / 10 for tier in worst.index)


def _columns(facts: Facts) -> list[ReportColumn]:
    tiers = facts.a.findings[0].answers.tiers

    def which(_: Any, row: Any) -> str:
        begins = f", {row['state']}" if str(row["state"]).startswith("begins") else ""
        return f"{AS_BAD if _is_as_bad(facts, row) else WHICH[row['which']]}{begins}"

    doubtful = {
        one.scenario.name if one.scenario else "": [str(of.tier) for of in (one, *one.others) if not of.certain]
        for one in facts.a.findings
    }

    def can_be_said(_: Any, row: Any) -> str:
        tiers = doubtful.get(row["scenario"])
        return "not assessed" if tiers is None else f"not of {join(tiers)}" if tiers else "yes"

    due = [
        col.share(
            f"due_share_{tier}",
            first_capital(tier),
            f"part of the demand of {tier} that is short because of the scenario, once new suppliers are qualified",
            lambda _, row, tier=tier: row[f"due_share:{tier}"],
        )
        for tier in tiers
    ]
    return [
        col.text("which", "When", "in force today, may return, next to begin, the worst, or another", which),
        col.SCENARIO_NAME,
        col.text("label", "Scenario", "the scenario in words"),
        col.text("can_be_said", "Can a class be said?", "yes, or of which tiers no class can be said", can_be_said),
        *due,
    ]


scenario_table = col.Table(
    "scenarios",
    "Summary",
    "What each scenario leaves short",
    rows=lambda f: f.a.findings[0].scenarios,
    columns=_columns,
    subtitle="Unit: part of the demand of each tier. Central case, once new suppliers are qualified, stocks gone.",
    stands=lambda f: f.standing(f.a.stress.summary),
    none={"which": "-"},
)
