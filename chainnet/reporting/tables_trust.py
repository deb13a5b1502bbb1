"""The tables that say how far to trust the rest: what decides, what was assumed, what is missing, what was proved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.network import TABLES, split_list
from chainnet.reporting.facts import Facts
from chainnet.reporting.measures import measure_words
from chainnet.reporting.model import Cell, Column, Table, make_table
from chainnet.reporting.tables import GIVEN, PROVED, text, tons
from chainnet.results import LETTERS, weakest
from chainnet.words import NO_DATA, count, number, percent, span, tonnes

__all__ = [
    "assumption_table",
    "certificate_table",
    "decisive_table",
    "edge_table",
    "gap_table",
    "input_tables",
    "measure_table",
    "source_table",
]

NONE = "-"


def measure_table(facts: Facts) -> Table:
    """Return T21: the measures of every scenario in words."""
    rows = [
        [name, facts.scenario_label(name), part]
        for name in facts.ordered
        for part in measure_words(facts, facts.a.asked[name])
    ]
    return make_table(
        [
            text("scenario", "Name", "name of the scenario", body=False),
            text("label", "Scenario", "the scenario in words"),
            text("measure", "Measure", "what it does"),
        ],
        rows or [[NONE, "no scenario was given", NONE]],
        id="T21",
        sheet="Scenarios",
        title="What each scenario does",
        subtitle="In the long run every measure is in force at its full size; in the months its dates count.",
        note="A limit on a flow also closes new relations of its kind. Out: what is named drops out, its demand stays.",
        status=GIVEN,
        grade="n/a",
    )


def decisive_table(facts: Facts) -> Table:
    """Return T15: bounds that carry a price for the leading tier."""
    table = facts.a.decisive
    rows = []
    for row in table.itertuples():
        label = row.label if isinstance(row.label, str) else str(row.id)
        rows.append(
            [
                row.kind,
                row.id,
                label,
                facts.commodity(row.commodity) or NONE,
                row.tier if isinstance(row.tier, str) else NONE,
                Cell("unlimited") if np.isinf(row.capacity_tpa) else row.capacity_tpa,
                Cell(span(row.low, row.high)),
                *(Cell(NO_DATA) if pd.isna(v) else v for v in (row.low, row.high)),
                row.price,
                LETTERS.get(row.quality, row.quality),
                row.reference.replace(";", "; ") if isinstance(row.reference, str) else None,
            ]
        )
    columns = [
        text("kind", "Bound of", "node, edge or demand"),
        text("id", "Id", "whose bound it is", body=False),
        text("label", "Name", "the same in words"),
        text("commodity", "Of", "commodity"),
        text("tier", "Tier", "tier of a demand", body=False),
        tons("capacity_tpa", "Bound", "the figure itself"),
        text("range", "Range", "from the data"),
        tons("low", "Low", "low value in the data", body=False),
        tons("high", "High", "high value in the data", body=False),
        Column("price", "Worth, t per t", "number", "t/t", "tonnes served per tonne more of this bound"),
        text("quality", "Grade", "R, E, I or A"),
        text("reference", "Source", "key into the sources"),
    ]
    empty = [NONE, NONE, "no bound carries a price", NONE, NONE, *(Cell(NONE) for _ in range(5)), NONE, NONE]
    return make_table(
        columns,
        rows or [empty],
        id="T15",
        sheet="Decisive inputs",
        title="Inputs on which the answer rests, weakest grade first",
        subtitle=f"Bounds with a price for {facts.first} demand. Scenario: {facts.scenario_label(facts.when)}.",
        note="A demand in this list is met in full: more supply elsewhere changes nothing for it. One of the "
        "sets of bounds that "
        "prove the answer; others may exist. n/d: no range in the data.",
        status=PROVED,
        grade="see column",
    ).with_lead()


def assumption_table(facts: Facts, horizon: str) -> Table:
    """Return T16: what was assumed, and whether it was tested; ``horizon`` in words."""
    a, net = facts.a, facts.network
    demand = net.demand
    first = demand[demand["tier"] == facts.first] if facts.has_first else demand
    worst = facts.leading.loc[facts.when]
    ends = span(worst["shortfall_low_tpa"], worst["shortfall_high_tpa"])
    tested = f"{facts.first} short {ends} t/yr in the worst scenario" if not ends.startswith("not") else "not tested"
    nodes = net.nodes[net.nodes["stage"] != "end_use"]
    frozen, new = (facts.scenario_rung(facts.when, r, facts.first) for r in ("frozen", "new"))
    if frozen is not None and new is not None:
        relations = (
            f"{facts.first} short {number(frozen['shortfall_tpa'])} if frozen, "
            f"{number(new['shortfall_tpa'])} t/yr if new relations open"
        )
    else:
        relations = "not tested"
    others = f"{facts.first} short {tonnes(worst['shortfall_before_tpa'])} if all others come first"
    rows: list[list[Any]] = [
        ["Length", f"a steady year; {horizon} for the months", "all answers", "either", "not tested"],
        ["Intensity", "every measure at its full size; in the months with its dates", "scenarios", "up", "T8, T8d"],
        ["Foresight", "every date of a scenario is known beforehand", "T8d, T8e, T12", "down", "T8d"],
        ["Whose demand", facts.whose or "everyone's", "all answers", "either", "not tested"],
        ["Others", "served after the counted demand" if facts.whose else "nobody else", "scenarios", "down", others],
        ["Order of tiers", ", ".join(facts.tiers), "scenarios, ladder", "either", "not tested"],
        [
            f"Demand, {facts.first}",
            f"{tonnes(worst['demand_tpa'])}, grade {weakest(first['quality'])}",
            "all answers",
            "either",
            tested,
        ],
        [
            "Capacities",
            f"{count(len(nodes))} nodes, weakest grade {weakest(nodes['quality'])}",
            "all answers",
            "either",
            "not tested",
        ],
        ["Relations", "known ones, each up to its capacity", "T1, T5, T6, T8", "up", relations],
        ["New relations", "any maker to any user not barred, at an extra cost", "ladder", "down", "T9"],
        ["Stocks", f"{count(len(net.stocks))} on record, drawn once", "ladder, months", "down", "T9, T9c"],
    ]
    if a.rerouting:
        standing = {y: int(r.projects["standalone_t"].notna().sum()) for y, r in a.rerouting.items()}
        words = ", ".join(f"{n} by {y}" for y, n in standing.items())
        rows.append(
            [
                "Projects",
                f"announced size, year and ramp: {words}",
                "ladder, T10",
                "down",
                "by year: T9; delay: not tested",
            ]
        )
    rows += _recovery(facts)
    if not facts.whose:
        rows[4][4] = "n/a"
    columns = [
        text("assumption", "Assumption", "what was assumed"),
        text("value", "Value", "how"),
        text("enters", "Enters", "which answers rest on it"),
        text("pushes", "Pushes the loss", "up, down or either way"),
        text("tested", "Tested", "the result if otherwise"),
    ]
    return make_table(
        columns,
        rows,
        id="T16",
        sheet="Assumptions",
        title="What was assumed",
        subtitle=f"Results if otherwise in {facts.unit}, scenario: {facts.scenario_label(facts.when)}.",
        status=GIVEN,
        grade="see rows",
    )


def _recovery(facts: Facts) -> list[list[Any]]:
    """Return the row that says how long a site is out; none where that was not assessed."""
    table = facts.a.exposure
    if table.empty:
        return []
    years = sorted(set(table["recovery"]))
    value = number(years[0]) if len(years) == 1 else f"{number(years[0])} to {number(years[-1])}"
    how = "given" if table.attrs.get("recovery") == "given" else "assumed"
    return [
        ["Recovery of a site", f"{value} {'year' if value == '1' else 'years'}, {how}", "T8f", "either", "not tested"]
    ]


def gap_table(facts: Facts) -> Table:
    """Return T17: what is missing from the data, and which way that pushes the answers."""
    net, cover = facts.network, facts.a.coverage
    nodes = net.nodes[net.nodes["stage"] != "end_use"]
    rows: list[list[Any]] = []

    def gap(what: str, n: Any, of: Any, how: str, bias: str) -> None:
        if n:
            rows.append([what, f"{count(n)} of {count(of)}", how, bias])

    small, either = "shortfall too small", "either way"
    for step, row in cover.iterrows():
        gap(f"Capacity of {step} nodes", row["n_unlimited"], row["n_nodes"], "unlimited", small)
    for step, row in cover.iterrows():
        if row["assumed_share"] > 0:
            part = f"{percent(row['assumed_share'])} of tonnes"
            rows.append([f"Output of {step}: assumed, no source", part, "as assumed in the data", either])
    edges = facts.a.edge_quality
    carrying = int(edges["n_with_flow"].sum())
    for word in ("inferred", "assumed"):
        if word in edges.index:
            n = edges.loc[word, "n_with_flow"]
            gap(f"Who ships to whom: {word}", n, carrying, "as in the data, capacity of the relation bounds it", either)
    region = nodes["country"].isna()
    gap(
        "Plants behind a region's remainder",
        int(region.sum()),
        len(nodes),
        "one node each",
        "loss of one site too large",
    )
    gap(
        "Owner's country",
        int(nodes["owner_country"].isna().sum()),
        len(nodes),
        "falls with no owner",
        "owner losses too small",
    )
    counted = net.demand[net.demand["tier"].notna()]
    gap("Range of a demand", int(counted["low"].isna().sum()), len(counted), "its one value", "range too narrow")
    if net.stocks.empty:
        rows.append(["Stocks", "none on record", "no stock is drawn", "shortfall too large in the first months"])
    else:
        rows.append(["Stocks not on record", NO_DATA, "not drawn", "shortfall too large in the first months"])
    projects = net.projects
    gap(
        "Capital cost of a project",
        int(projects["capex_musd"].isna().sum()),
        len(projects),
        "no cost per tonne",
        "order by cost open",
    )
    gap("Start year of a project", int(projects["start_year"].isna().sum()), len(projects), "stands in any year", small)
    columns = [
        text("what", "What is missing", "kind of gap"),
        text("n", "How much", "rows, or share of tonnes"),
        text("treated", "Treated as", "what the model does instead"),
        text("bias", "Pushes the answer", "direction of the error"),
    ]
    return make_table(
        columns,
        rows,
        id="T17",
        sheet="Gaps",
        title="What is missing, and which way it pushes the answers",
        subtitle="Counted from the data as they stand.",
        note="Gaps that the data cannot show (materials, firms, uses left out) are in the graph's own README.",
        status=GIVEN,
        grade="n/a",
    )


def edge_table(facts: Facts) -> Table:
    """Return T19: relations by grade."""
    table = facts.a.edge_quality
    columns = [
        text("quality", "Grade", "grade of the baseline flow"),
        Column("n_edges", "Relations", "count", "", "rows of the edges table"),
        Column("n_with_flow", "of them with flow", "count", "", "rows with a baseline flow above 0"),
    ]
    rows = [[word, row["n_edges"], row["n_with_flow"]] for word, row in table.iterrows()]
    return make_table(
        columns,
        rows or [["no relation", 0, 0]],
        id="T19",
        sheet="Edge grades",
        title="How well the relations are known",
        subtitle="Unit: rows. Tonnes of different goods are not added.",
        total=["all", int(table["n_edges"].sum()), int(table["n_with_flow"].sum())],
        status=GIVEN,
        grade="see rows",
    )


def certificate_table(facts: Facts) -> Table:
    """Return T20: what was proved, and how closely."""
    columns = [
        text("problem", "Problem", "what was solved"),
        Column("value", "Value", "number", "t/yr or USD/yr", "the answer"),
        Column("bound", "Bound", "number", "t/yr or USD/yr", "the value that proves it"),
        text("gap_words", "Gap", "value less bound, relative"),
        text("violation_words", "Largest breach", "of a bound or balance, relative"),
        text("tolerance_words", "Allowed", "both must stay below it"),
        Column("gap", "Gap", "number", "", "value less bound, relative", body=False),
        Column("violation", "Largest breach", "number", "", "of a bound or balance, relative", body=False),
        text("ok", "Closes", "whether it is proved"),
    ]
    rows = [
        [
            _problem(facts, str(row.problem)),
            row.value,
            row.bound,
            *(f"{v:.0e}" if v else "0" for v in (row.gap, row.violation, row.tolerance)),
            row.gap,
            row.violation,
            "yes" if row.ok else "no",
        ]
        for row in facts.a.certificates.itertuples()
    ]
    return make_table(
        columns,
        rows,
        id="T20",
        sheet="Certificates",
        title="Certificates",
        subtitle="Value: t/yr served; balance: its last stage, USD/yr of flow cost. Checked by code that shares "
        "nothing with the solver.",
        note="Every other solve was checked in the same way as it was made; one that fails stops the run.",
        status=PROVED,
        grade="n/a",
    )


def _problem(facts: Facts, name: str) -> str:
    head, _, scenario = name.partition(", ")
    return f"{head}, {facts.scenario_label(scenario)}" if scenario in facts.ordered else name


def source_table(facts: Facts) -> Table:
    """Return T22: the sources, and how many rows rest on each."""
    net = facts.network
    used: dict[str, int] = {}
    for name in TABLES:
        frame = getattr(net, name)
        if "reference" in frame.columns:
            for cell in frame["reference"].dropna():
                for key in split_list(cell):
                    used[key] = used.get(key, 0) + 1
    columns = [
        text("key", "Key", "name of the source"),
        text("title", "Title", "title"),
        text("publisher", "Publisher", "who published it"),
        text("year", "Year", "year of publication"),
        text("grade", "Grade", "A official, B company or consultancy, C press or derived"),
        Column("rows", "Rows", "count", "", "rows of the tables that rest on it"),
        text("address", "Address", "where it can be found", body=False),
    ]
    rows = [
        [row.key, row.title, row.publisher, row.year, row.grade, used.get(row.key, 0), row.address]
        for row in net.references.itertuples()
    ]
    return make_table(
        columns,
        rows or [[NONE, "no source on record", NONE, NONE, NONE, 0, NONE]],
        id="T22",
        sheet="Sources",
        title="Sources",
        subtitle="Addresses are in the workbook.",
        status=GIVEN,
        grade="see column",
    )


def input_tables(facts: Facts) -> tuple[Table, ...]:
    """Return the inputs as used, one sheet each."""
    made = []
    for name, schema in TABLES.items():
        frame = getattr(facts.network, name).reset_index(drop=True)
        if frame.empty or name == "references":
            continue
        columns = [
            Column(c.name, c.name, "text" if c.kind == "text" else "number", c.unit, c.description)
            for c in schema.columns
        ]
        rows = [
            [Cell("", None) if pd.isna(v) else _exact(v) for v in row]
            for row in frame[[c.key for c in columns]].itertuples(index=False)
        ]
        made.append(
            make_table(
                columns,
                rows,
                id=f"I {name}",
                sheet=f"Input {name}",
                title=f"Input: {name}",
                subtitle=f"{schema.description} As used; an empty cell means what the Columns sheet says.",
                status=GIVEN,
                grade="see column quality",
            )
        )
    return tuple(made)


def _exact(value: Any) -> Cell:
    if isinstance(value, str):
        return Cell(value, value)
    return Cell(f"{float(value):.12g}", float(value))
