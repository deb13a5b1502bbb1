"""The tables of projects and stocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Cell, Column, Table, make_table
from chainnet.reporting.tables import GIVEN, PROVED, text, tons
from chainnet.results import LETTERS
from chainnet.words import NOT_APPLICABLE, count, country_name, ranks, whole

__all__ = ["complement_table", "effect_table", "project_table", "stock_table", "top_projects"]

SAMPLED = "S"
NONE_WON = "none won"


def _first_column(facts: Facts) -> list[str]:
    column = f"standalone_{facts.first}_t"
    found = [r.projects for r in facts.a.rerouting.values()]
    return [column] if facts.has_first and found and column in found[0].columns else []


def sampled(table: pd.DataFrame) -> bool:
    """Say whether the fair shares of a year are means of random orders, not exact."""
    return bool((table["shapley_se_t"].fillna(0.0) > 1e-6).any())


def _start(year: Any) -> Cell:
    return Cell("any year") if pd.isna(year) else Cell(whole(year), float(year))


def project_table(facts: Facts) -> Table:
    """Return T10: what each project is."""
    columns = [
        text("id", "Id", "name of the project", body=False),
        text("label", "Project", "the project in words"),
        text("step", "Step", "step of the chain"),
        text("place", "Country", "where it is to stand"),
        Column("start_year", "Start", "year", "year", "first year of output"),
        tons("capacity_tpa", "Capacity", "main output at full size"),
        Column("capex_musd", "Capital cost, USD million", "number", "USD million", "cost to build"),
        Column("break_even_usd_per_t", "Pays at, USD/t", "number", "USD/t", "price at which it pays", body=False),
        text("status", "State", "how far it is"),
        text("quality", "Grade", "grade of its capacity"),
    ]
    table = facts.network.projects
    rows = [
        [
            row.id,
            facts.label(row.id),
            facts.things.loc[row.id, "step"],
            facts.things.loc[row.id, "place"],
            _start(row.start_year),
            Cell("unlimited") if np.isnan(row.capacity_tpa) else row.capacity_tpa,
            row.capex_musd,
            row.break_even_usd_per_t,
            row.status,
            LETTERS.get(row.quality, row.quality),
        ]
        for row in table.itertuples()
    ]
    order = sorted(range(len(rows)), key=lambda i: (rows[i][4].value or 0, rows[i][0]))
    return make_table(
        columns,
        [rows[i] for i in order],
        id="T10",
        sheet="Project data",
        title="What the listed projects are",
        subtitle="Unit: t/yr of the project's main output. Capacity and dates as announced.",
        note="n/d: no figure in the sources; such a cost is not 0.",
        status=GIVEN,
        grade="see column",
    )


def effect_table(facts: Facts, year: int) -> Table:
    """Return T10.<year>: what each project wins back by a year."""
    found = facts.a.rerouting[year].projects
    first = _first_column(facts)
    order = np.lexsort((found.index, -found["standalone_t"].fillna(-1), -found["shapley_t"].fillna(-1).round(6)))
    found = found.iloc[order]
    columns = [
        text("id", "Id", "name of the project", body=False),
        text("label", "Project", "the project in words"),
        text("place", "Country", "where it is to stand"),
        Column("start_year", "Start", "year", "year", "first year of output"),
        *(tons(c, f"Alone, {facts.first} first", f"rise of what {facts.first} can get, with it alone") for c in first),
        tons("standalone_t", "Alone, all tiers", "rise of the largest tonnage served, with it alone"),
        tons("last_in_t", "Last in", "fall without it when all others stand"),
        tons("shapley_t", "Fair share", "Shapley value: its part of what all win together"),
        tons("shapley_se_t", "Standard error", "of the fair share, where sampled", body=False),
        tons("dual_t", "Price x size", "what its output is worth at the margin, times its size", body=False),
        tons("dual_valid_t", "Price holds to", "tonnes of its output for which that price holds", body=False),
        Column("usd_per_tpa", "USD per t/yr", "number", "USD per t/yr", "capital cost over what it wins alone"),
    ]
    rows = []
    for row in found.reset_index().to_dict("records"):
        stands = not pd.isna(row["standalone_t"])
        gone = Cell(NOT_APPLICABLE)
        cost = row["usd_per_tpa"]
        rows.append(
            [
                row["id"],
                facts.label(row["id"]),
                facts.things.loc[row["id"], "place"],
                _start(row["start_year"]),
                *(row[c] if stands else gone for c in first),
                *(row[c] if stands else gone for c in ("standalone_t", "last_in_t", "shapley_t")),
                row["shapley_se_t"] if stands else gone,
                *(row[c] if stands else gone for c in ("dual_t", "dual_valid_t")),
                gone if not stands else Cell(NONE_WON) if np.isinf(cost) else cost,
            ]
        )
    standing = int(found["standalone_t"].notna().sum())
    note = f"{count(standing)} of {count(len(found))} projects stand by {year}; n/a: not by then. "
    if sampled(found):
        note += "Fair share: mean of 64 random orders of building, seed 0; its standard error is in the workbook. "
    note += "Alone and last in are not shares and do not add up. Values are rises of the largest tonnage served."
    return make_table(
        columns,
        rows,
        id=f"T10.{year}",
        sheet=f"Projects {year}",
        title=f"What each project wins back by {year}",
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(facts.when)}. Known relations, no stocks.",
        note=note,
        status=f"{PROVED}; fair share {SAMPLED}" if sampled(found) else PROVED,
        **facts.rests_on(found),
    ).with_lead()


def top_projects(facts: Facts) -> Table:
    """Return T3: five projects with the largest fair share, side by side over the years."""
    years = list(facts.a.rerouting)
    last = facts.a.rerouting[years[-1]].projects if years else pd.DataFrame(columns=["shapley_t"])
    first = [c for c in _first_column(facts) if bool((last[c] > 0).any())]
    shares = last["shapley_t"].fillna(0.0).round(6)
    lead = last[first[0]].fillna(0.0).round(6) if first else shares
    order = np.lexsort((last.index.astype(str), -shares, -lead))
    names = [n for n in last.index[order] if shares[n] > 0 or lead[n] > 0][:5]
    alone = f"Alone, {facts.first} first, {years[-1]}" if first else f"Alone {years[-1]}" if years else "Alone"
    columns = [
        text("rank", "Rank", "place; = tied"),
        text("label", "Project", "the project in words"),
        text("step", "Step", "step of the chain"),
        text("place", "Country", "where it is to stand"),
        Column("start_year", "Start", "year", "year", "first year of output"),
        tons("alone_t", alone, "rise with it alone, in the last year asked"),
        *(tons(f"shapley_{y}_t", f"Fair share {y}", f"Shapley value by {y}") for y in years),
        Column("capex_musd", "USD million", "number", "USD million", "cost to build"),
    ]
    rows = []
    for place, name in zip(ranks(lead[names]), names, strict=True):
        thing, row = facts.things.loc[name], last.loc[name]
        won = [facts.a.rerouting[y].projects.loc[name, "shapley_t"] for y in years]
        rows.append(
            [
                place,
                facts.label(name),
                thing["step"],
                thing["place"],
                _start(row["start_year"]),
                row[first[0]] if first else row["standalone_t"],
                *(Cell(NOT_APPLICABLE) if pd.isna(w) else w for w in won),
                row["capex_musd"],
            ]
        )
    nothing = ["-", "no project wins anything", "-", "-", Cell("-"), *(Cell("-") for _ in columns[5:])]
    is_sampled = bool(years) and sampled(last)
    return make_table(
        columns,
        rows or [nothing],
        id="T3",
        sheet="Helps most",
        title="Projects that help most",
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(facts.when)}. Known relations, no stocks.",
        note=(
            (f"Ranked by what {facts.first} regains with the project alone. " if first else "")
            + "Fair share: Shapley value over all tiers"
            + (" (mean of 64 random orders, seed 0)." if is_sampled else ".")
            + " n/a: does not stand by then."
        ),
        status=f"{PROVED}; fair share {SAMPLED}" if is_sampled else PROVED,
        **facts.rests_on(last),
    )


def complement_table(facts: Facts) -> Table:
    """Return T11: pairs of projects that need, or replace, each other."""
    columns = [
        text("by_year", "By", "year by which both stand"),
        text("project_a", "Id a", "name of the first project", body=False),
        text("project_b", "Id b", "name of the second project", body=False),
        text("label_a", "Project", "the first project in words"),
        text("label_b", "and project", "the second project in words"),
        tons("alone_a_t", "First alone", "rise with the first alone"),
        tons("alone_b_t", "Second alone", "rise with the second alone"),
        tons("together_t", "Both", "rise with both"),
        tons("surplus_t", "Surplus", "both less the sum of each alone"),
        text("kind", "They", "complement: need each other; substitute: either will do"),
    ]
    rows = [
        [
            str(year),
            row.project_a,
            row.project_b,
            facts.label(row.project_a),
            facts.label(row.project_b),
            row.alone_a_t,
            row.alone_b_t,
            row.together_t,
            row.surplus_t,
            row.kind,
        ]
        for year, found in facts.a.rerouting.items()
        for row in found.complements.itertuples()
    ]
    if not rows:
        rows = [["-", "-", "-", "no pair", "-", *(Cell("-") for _ in range(4)), "-"]]
    return make_table(
        columns,
        rows,
        id="T11",
        sheet="Complements",
        title="Projects that need each other, or replace each other",
        subtitle=f"Unit: {facts.unit}, all tiers. Scenario: {facts.scenario_label(facts.when)}.",
        note="A surplus above 0: together they win more than the sum of each alone. Pairs without a surplus are "
        "left out.",
        status=PROVED,
        **facts.rests_on(*(found.complements for found in facts.a.rerouting.values())),
    ).with_lead()


def stock_table(facts: Facts) -> Table:
    """Return T12a: the stocks on record."""
    stocks = facts.network.stocks
    columns = [
        text("id", "Stock", "name of the stock", body=False),
        text("holder", "Holder", "who holds it"),
        text("place", "Country", "where it lies"),
        text("commodity", "Of", "what is in store"),
        Column("stock_t", "In store, t", "number", "t", "tonnes in store"),
        tons("release_tpa", "Most in a year", "most that may be drawn in a year"),
        text("node", "Enters at", "node where it enters"),
        text("quality", "Grade", "grade of the tonnes"),
    ]
    rows = [
        [
            row.id,
            row.holder,
            country_name(row.country) if isinstance(row.country, str) else None,
            facts.commodity(row.commodity) or "-",
            row.stock_t,
            Cell("no limit") if np.isnan(row.release_tpa) else row.release_tpa,
            facts.label(row.node) if isinstance(row.node, str) else "nowhere",
            LETTERS.get(row.quality, row.quality),
        ]
        for row in stocks.itertuples()
    ]
    return make_table(
        columns,
        rows or [["-", "no stock on record", "-", "-", Cell("-"), Cell("-"), "-", "-"]],
        id="T12a",
        sheet="Stocks held",
        title="Stocks on record",
        subtitle="Unit: t of the stock's own material; never added.",
        note="All that is on record, whoever holds it; T12 counts what lies with the counted countries for its tier.",
        status=GIVEN,
        grade="see column",
    )


def stands_words(facts: Facts, year: int) -> str:
    """Return how many projects stand by a year."""
    table = facts.a.rerouting[year].projects
    return f"{count(table['standalone_t'].notna().sum())} of {count(len(table))} listed projects"
