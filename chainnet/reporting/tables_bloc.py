"""The tables of money and blocs: best sets, prices at which projects pay, what stands idle, who holds the balance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting.facts import ALL_TIERS, Facts
from chainnet.reporting.model import Cell, Column, Table, make_table
from chainnet.reporting.tables import GIVEN, PROVED, share, text, tons
from chainnet.words import NO_DATA, NOT_APPLICABLE, country_name, first_capital, join, number

__all__ = ["bloc_names", "floor_table", "frontier_table", "idle_table", "index_table", "side_table", "split_table"]

SHORT_LIST = 10
MUSD = "USD million"


def frontier_table(facts: Facts) -> Table | None:
    """Return T11b: the best set of projects at each budget; None where it was not assessed."""
    found = facts.a.portfolios
    if not found:
        return None
    columns = [
        text("counts", "Counts", "whose tonnes the set is chosen for"),
        Column("budget_musd", "Budget, USD million", "number", MUSD, "most that may be spent"),
        Column("spent_musd", "Spent", "number", MUSD, "capital cost of the set"),
        tons("averted_t", "Averted", "what the set averts"),
        tons("short_t", "Still short", "what stays short with it"),
        tons("bound_t", "No set averts more than", "proved bound", body=False),
        tons("greedy_averted_t", "Greedy averts", "most averted per dollar first"),
        text("label", "Best set", "the projects in words"),
        text("taken", "Ids", "names of the projects", body=False),
    ]
    rows = []
    for tier, best in found.items():
        before = float((best.scenarios["demand_tpa"] - best.scenarios["before_tpa"]).iloc[0])
        # a budget that buys the same set as a smaller one says nothing new
        for row in best.frontier.sort_values("budget_musd").drop_duplicates("taken").to_dict("records"):
            names = [n for n in str(row["taken"]).split("; ") if n]
            rows.append(
                [
                    ALL_TIERS if tier == "all" else f"{tier} first",
                    row["budget_musd"],
                    row["spent_musd"],
                    row["averted_t"],
                    max(before - row["averted_t"], 0.0),
                    row["bound_t"],
                    row["greedy_averted_t"],
                    join([facts.label(n) for n in names]) or "none",
                    row["taken"] or "none",
                ]
            )
    closing = [(tier, best.closing.iloc[0]) for tier, best in found.items() if len(best.closing)]
    note = "Tonnes served, no tier first, without stocks and new relations: with them, and all projects, T9. "
    note += " ".join(_closing_words(tier, row) for tier, row in closing)
    lacking = next(iter(found.values())).options
    costless = int((lacking["why"] == "no capex").sum())
    if costless:
        note += f" {costless} listed projects have no capital cost in the sources and cannot be chosen."
    year = list(facts.a.rerouting)[-1] if facts.a.rerouting else None
    return make_table(
        columns,
        rows,
        id="T11b",
        sheet="Portfolio",
        title="Which projects to build at which budget",
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(facts.when)}"
        + (f", by {year}." if year else ".")
        + " Known relations, no stocks.",
        note=note.strip(),
        status=PROVED,
        **facts.rests_on(*(best.frontier for best in found.values())),
    )


def _closing_words(tier: str, row: Any) -> str:
    whom = ALL_TIERS if tier == "all" else tier
    if row["short_tpa"] <= 0:
        return f"{first_capital(whom)}: nothing is short."
    if np.isnan(row["least_budget_musd"]):
        return f"No budget closes the gap of {whom}: {number(row['remains_t'])} t/yr stay short with every project."
    return f"USD {number(row['least_budget_musd'])} million close the gap of {whom}."


def floor_table(facts: Facts) -> Table | None:
    """Return T13: at which price each project pays; None where it was not assessed."""
    table = facts.a.floors
    if table.empty:
        return None
    columns = [
        text("id", "Id", "name of the project", body=False),
        text("label", "Project", "the project in words"),
        text("commodity", "Makes", "its main output"),
        Column("reference", "Price now, USD/t", "number", "USD/t", "price in the data"),
        Column("capital", "Capital, USD/t", "number", "USD/t", "capital cost over ten years at 10 %, per tonne"),
        Column("unit_cost", "Unit cost, USD/t", "number", "USD/t", "cost without capital"),
        Column("break_even", "Pays at, USD/t", "number", "USD/t", "break-even price"),
        Column("most", "Pays now if unit cost is below", "number", "USD/t", "price less capital per tonne"),
        text("viable", "Pays now", "yes, no, or what is missing"),
    ]
    rows = []
    for row in table.reset_index().to_dict("records"):
        known = row["break_even_usd_per_t"] == row["break_even_usd_per_t"]
        verdict = row["viable_at_reference"]
        said = row["break_even_from"] if pd.isna(verdict) else "yes" if bool(verdict) else "no"
        most = row["reference_usd_per_t"] - row["capital_usd_per_t"]
        rows.append(
            [
                row["id"],
                facts.label(row["id"]),
                facts.commodity(row["commodity"]),
                row["reference_usd_per_t"],
                row["capital_usd_per_t"],
                row["unit_cost_usd_per_t"],
                row["break_even_usd_per_t"],
                Cell("never") if most < 0 else most,
                said if known or not pd.isna(verdict) else str(said),
            ]
        )
    order = sorted(range(len(rows)), key=lambda i: (str(rows[i][8]) not in ("yes", "no"), rows[i][0]))
    return make_table(
        columns,
        [rows[i] for i in order],
        id="T13",
        sheet="Floors",
        title="At which price listed projects pay",
        subtitle="Unit: USD per t of the project's main output. Capital spread over ten years at 10 % (assumed).",
        note="Taxes, ramp-up and the years of building are left out. A floor at the break-even price makes a project "
        "pay; “chainnet floor” gives the outlay at any floor.",
        status=GIVEN,
        grade="see Input projects",
    ).with_lead(rows=SHORT_LIST)


def idle_table(facts: Facts) -> Table | None:
    """Return T13b: use of each step if nothing is cut off, without and with projects; None where not assessed."""
    idle = facts.a.idle
    if idle is None or idle.steps.empty:
        return None
    columns = [
        text("step", "Step", "step of the chain"),
        text("commodity", "Makes", "main output"),
        tons("capacity", "Capacity", "without projects"),
        share("used", "Used", "output over capacity"),
        tons("capacity_with", "Capacity with projects", "with all projects that stand"),
        share("used_with", "Used with projects", "output over capacity"),
        tons("idle_with", "Idle with projects", "capacity less output"),
    ]
    keys = ["stage", "step", "commodity"]
    table = idle.steps[idle.steps["year"] == idle.steps["year"].max()]
    without = table[~table["with_projects"].astype(bool)].set_index(keys)
    standing = table[table["with_projects"].astype(bool)].set_index(keys)
    rows = []
    for key in standing.index:
        now, then = without.loc[key] if key in without.index else None, standing.loc[key]
        rows.append(
            [
                key[1] or key[0],
                facts.commodity(key[2]),
                *((now["capacity_tpa"], now["utilisation"]) if now is not None else (Cell("0"), Cell(NOT_APPLICABLE))),
                then["capacity_tpa"],
                then["utilisation"],
                then["idle_tpa"],
            ]
        )
    order = sorted(range(len(rows)), key=lambda i: (_place(facts, rows[i][0]), rows[i][1]))
    return make_table(
        columns,
        [rows[i] for i in order],
        id="T13b",
        sheet="Idle",
        title="What stands idle if nothing is cut off",
        subtitle=f"Unit: t/yr of what the step makes, each on its own basis. Year: {int(idle.steps['year'].max())}."
        if idle.steps["year"].notna().any()
        else "Unit: t/yr of what the step makes, each on its own basis. All projects at full size.",
        note=_premium_words(facts),
        status=PROVED,
        **facts.rests_on(idle.projects),
    )


def _place(facts: Facts, step: str) -> int:
    steps = list(facts.steps)
    return steps.index(step) if step in steps else len(steps)


def _premium_words(facts: Facts) -> str:
    idle = facts.a.idle
    if idle is None or idle.premium.empty:
        return "One of several answers where plants cost the same."
    row = idle.premium.iloc[-1]
    said = "One of several answers where plants cost the same. "
    if np.isnan(row["premium_usd_per_t"]):
        return said + "No premium: the projects avert nothing, or none has a capital cost."
    ends = f"[{number(row['premium_low_usd_per_t'])}–{number(row['premium_high_usd_per_t'])}]"
    said += f"Capital that stands idle costs USD {number(row['stranded_usd_per_a'] / 1e6)} million a year, "
    said += f"USD {number(row['premium_usd_per_t'])} {ends} per tonne averted once the worst scenario happens."
    lacking = int(row["n_without_capex"])
    return said + (f" {lacking} projects without a capital cost are left out of it." if lacking else "")


def side_table(facts: Facts) -> Table | None:
    """Return T14: what each country between the blocs is worth to either side; None where not assessed."""
    found = facts.a.alignment
    if found is None or found.countries.empty:
        return None
    one, two = bloc_names(facts)
    columns = [
        text("country", "Code", "country", body=False),
        text("label", "Country", "the country in words"),
        tons("swing_allies_t", f"Swing of {one}", "served if it sides with them less if it sides with the other"),
        tons("shapley_allies_t", "Fair share", "Shapley value over all who choose"),
        tons("swing_rival_t", f"Swing of {two}", "the same for the other side"),
        tons("shapley_rival_t", "Fair share there", "the same for the other side"),
    ]
    table = found.countries.reset_index()
    order = np.lexsort(
        (
            table["country"].astype(str),
            -table["swing_rival_t"].round(6),
            -table["shapley_allies_t"].round(6),
            -table["swing_allies_t"].round(6),
        )
    )
    rows = [
        [
            row["country"],
            country_name(str(row["country"])),
            row["swing_allies_t"],
            row["shapley_allies_t"],
            row["swing_rival_t"],
            row["shapley_rival_t"],
        ]
        for row in table.iloc[order].to_dict("records")
    ]
    return make_table(
        columns,
        rows,
        id="T14",
        sheet="Balance",
        title="What each country between the blocs is worth to either side",
        subtitle=f"Unit: {facts.unit} served to the side's own users, after a split. {one} against {two}.",
        note="Swing: all others stay open to both sides. Fair share: Shapley value over the countries that choose. "
        "Existing relations, no projects.",
        status=PROVED,
        **facts.rests_on(found.countries),
    ).with_lead(rows=SHORT_LIST)


def split_table(facts: Facts) -> Table | None:
    """Return T14b: what a split into two blocs costs each side; None where not assessed."""
    found = facts.a.alignment
    if found is None or found.split.empty:
        return None
    one, two = bloc_names(facts)
    names = {"allies": one, "rival": two}
    columns = [
        text("side", "Side", "whose users"),
        tons("demand_tpa", "Demand", "of its users"),
        tons("together_tpa", "Served, one market", "with all trade"),
        tons("split_tpa", "Served, split", "without trade between the blocs"),
        tons("lost_tpa", "Lost by the split", "the difference"),
        tons("alone_tpa", "Served alone", "from its own plants only"),
        tons("leverage_t", "Others lose if it stops selling", "what the other side's users lose"),
        Column("revenue", "Sales to the other, USD million", "number", MUSD, "what it would no longer sell"),
    ]
    rows = []
    for side, row in found.split.iterrows():
        sells = found.incumbents.loc[side] if side in found.incumbents.index else None
        rows.append(
            [
                names.get(str(side), str(side)),
                row["demand_tpa"],
                row["together_tpa"],
                row["split_tpa"],
                row["lost_tpa"],
                Cell(NOT_APPLICABLE) if pd.isna(row["alone_tpa"]) else row["alone_tpa"],
                Cell(NOT_APPLICABLE) if sells is None else sells["leverage_t"],
                Cell(NOT_APPLICABLE) if sells is None else sells["revenue_usd"] / 1e6,
            ]
        )
    unpriced = sorted({c for cell in found.incumbents["unpriced"] for c in str(cell).split(", ") if c and c != "nan"})
    note = "Each side's own users outbid everyone. "
    if unpriced:
        note += f"Sales leave out what has no price in the data: {join([facts.commodity(c) for c in unpriced])}."
    return make_table(
        columns,
        rows,
        id="T14b",
        sheet="Split",
        title="What a split into two markets costs",
        subtitle=f"Unit: {facts.unit}. {one} against {two}; the others trade with both.",
        note=note.strip(),
        status=PROVED,
        **facts.rests_on(found.split),
    )


def bloc_names(facts: Facts) -> tuple[str, str]:
    """Return the two sides in words."""
    settings: dict[str, Any] = facts.a.alignment.provenance["settings"] if facts.a.alignment else {}
    blocs = settings.get("blocs", {})
    words = []
    for name in ("allies", "rival"):
        members = blocs.get(name, [name]) if isinstance(blocs, dict) else [name]
        words.append(join([country_name(str(m)) for m in members]))
    return words[0], words[1]


def index_table(facts: Facts) -> Table | None:
    """Return T23: every country and step by published index and by loss; None where not assessed."""
    table = facts.a.indices
    if table.empty:
        return None
    levels = list(table.index.names)
    columns = [
        text("step", "Step", "step of the chain"),
        text("country", "Country", "whose plants"),
        text("commodity", "Of", "commodity for which the index is largest"),
        share("share", "Share", "of its tonnes"),
        Column("index", "Adds to supply risk", "number", "", "squared share x governance x trade parameter"),
        Column("index_rank", "Rank by index", "count", "", "1 = largest"),
        tons("lost_tpa", "Lost without it", "solved"),
        Column("loss_rank", "Rank by loss", "count", "", "1 = largest"),
        text("why", "Why they differ", "one sentence", body=False),
    ]
    rows = [
        [
            row[levels[0]],
            country_name(str(row["country"])),
            facts.commodity(row["commodity"]) or NO_DATA,
            row["share"],
            row["index"],
            row["index_rank"],
            row["lost_tpa"],
            row["loss_rank"],
            row["why"],
        ]
        for row in table.reset_index().to_dict("records")
    ]
    differ = table[table["disagrees"].astype(bool)]
    note = f"Ranks differ by two places or more in {len(differ)} of {len(table)} rows; the workbook says why. "
    if len(differ):
        first = differ.reset_index().iloc[0]
        note += f"{first_capital(str(first[levels[0]]))}, {country_name(str(first['country']))}: {first['why']}"
    return make_table(
        columns,
        rows,
        id="T23",
        sheet="Indices",
        title="Published index and solved loss disagree where spare capacity or a narrow step decides",
        subtitle=f"Index: contribution to the EU supply risk. Loss: {facts.unit}, all tiers.",
        note=note,
        status=f"index {GIVEN}; loss {PROVED}",
        **facts.rests_on(table),
    ).with_lead(rows=SHORT_LIST)
