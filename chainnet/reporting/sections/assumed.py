"""What was assumed, what is missing? Each with the way in which it pushes the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import ReportColumn, stands
from chainnet.reporting.order import table_id
from chainnet.results import weakest
from chainnet.words import NO_DATA, NO_LIMIT, count, nouns, number, percent, span, tonnes

NOT_TESTED = "not tested"
_SMALL, _EITHER = "shortfall too small", "either way"
_ASSUMED = (
    col.text("assumption", "Assumption", "what was assumed"),
    col.text("value", "Value", "how"),
    col.text("enters", "Enters", "which answers rest on it"),
    col.text("pushes", "Pushes the loss", "up, down or either way"),
    col.text("tested", "Tested", "the result if otherwise"),
)
_MISSING = (
    col.text("what", "What is missing", "kind of gap"),
    col.text("n", "How much", "rows, or share of tonnes"),
    col.text("treated", "Treated as", "what the model does instead"),
    col.text("bias", "Pushes the answer", "direction of the error"),
)


def _told(columns: Sequence[ReportColumn], rows: Iterator[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return rows that are told one by one, each by the keys of the columns."""
    return [dict(zip((column.key for column in columns), row, strict=True)) for row in rows]


assumption_table = col.Table(
    "assumptions",
    "Assumptions",
    "What was assumed",
    rows=lambda f: _told(_ASSUMED, _assumptions(f)),
    columns=_ASSUMED,
    subtitle="Results if otherwise in {f.unit}, scenario: {f.worst_label}.",
    stands=stands("see rows"),
)


def _assumptions(facts: Facts) -> Iterator[tuple[str, ...]]:
    net, lead = facts.network, facts.first
    demand = net.demand[net.demand["tier"] == lead] if facts.has_first else net.demand
    nodes = net.nodes[net.nodes["stage"] != "end_use"]
    worst = facts.leading.loc[facts.when]
    ends = span(worst["shortfall_low_tpa"], worst["shortfall_high_tpa"])
    ranged = NOT_TESTED if ends.startswith("not") else f"{lead} short {ends} t/yr in the worst scenario"
    asked = f"{tonnes(worst['demand_tpa'])}, known at weakest as {weakest(demand['quality'])}"
    capacities = f"{count(len(nodes))} nodes, the weakest {weakest(nodes['quality'])}"
    depends, levels = (f"see {table_id(key)}" for key in ("dependencies", "levels"))
    every = "all answers"
    yield "Length", f"a steady year; {facts.horizon} months over time", every, "either", NOT_TESTED
    yield "Intensity", "every measure at its full size; its dates in the months", "scenarios", "up", NOT_TESTED
    yield "Foresight", "none in the first year; every date in required stocks", "months, stocks", "down", NOT_TESTED
    yield "Whose demand", facts.whose or "everyone's", every, "either", NOT_TESTED
    yield "Who is served first", facts.order, "scenarios", "either", depends
    yield f"Demand, {lead}", asked, every, "either", ranged
    yield "Capacities", capacities, every, "either", depends
    yield "Relations", "known ones, each up to its capacity", "losses, stocks", "up", levels
    yield "New suppliers", "any maker to any user not barred, at an extra cost", "what is short later", "down", levels
    yield "Stocks", f"{count(len(net.stocks))} on record, drawn once", "levels, months", "down", levels
    if facts.a.rerouting:
        standing = {y: int(r.projects["standalone_t"].notna().sum()) for y, r in facts.a.rerouting.items()}
        words = ", ".join(f"{n} by {y}" for y, n in standing.items())
        yield "Projects", f"announced size, year and ramp: {words}", "what helps", "down", f"see {table_id('advice')}"
    if len(facts.a.exposure):
        years = sorted(set(facts.a.exposure["recovery"]))
        value = number(years[0]) if len(years) == 1 else f"{number(years[0])} to {number(years[-1])}"
        words = f"{value} {nouns('year', 1 if value == '1' else 2)}, {facts.settings['recovery']}"
        yield "Recovery of a site", words, table_id("exposure"), "either", NOT_TESTED


gap_table = col.Table(
    "gaps",
    "Gaps",
    "What is missing, and which way it pushes the answers",
    rows=lambda f: _told(_MISSING, _gaps(f)),
    columns=_MISSING,
    subtitle="Counted from the data as they stand.",
    note="Gaps that the data cannot show (materials, firms, uses left out) are in the graph's own README.",
    stands=stands("n/a"),
)


def _gaps(facts: Facts) -> Iterator[tuple[str, ...]]:
    net, cover, edges = facts.network, facts.a.coverage, facts.a.edge_quality
    nodes = net.nodes[net.nodes["stage"] != "end_use"]
    counted, projects = net.demand[net.demand["tier"].notna()], net.projects

    def gap(what: str, n: Any, of: Any, how: str, bias: str) -> list[tuple[str, ...]]:
        return [(what, f"{count(n)} of {count(of)}", how, bias)] if n else []

    def empty(what: str, table: Any, column: str, how: str, bias: str) -> list[tuple[str, ...]]:
        return gap(what, int(table[column].isna().sum()), len(table), how, bias)

    for step, row in cover.iterrows():
        yield from gap(f"Capacity of {step} nodes", row["n_unlimited"], row["n_nodes"], NO_LIMIT, _SMALL)
    for step, share in cover["assumed_share"].items():
        if share > 0:
            yield (
                f"Output of {step}: assumed, no source",
                f"{percent(share)} of tonnes",
                "as assumed in the data",
                _EITHER,
            )
    for word in ("inferred", "assumed"):
        n = edges["n_with_flow"].get(word, 0)
        how = "as in the data, capacity of the relation bounds it"
        yield from gap(f"Who ships to whom: {word}", n, int(edges["n_with_flow"].sum()), how, _EITHER)
    remains = "Plants behind a region's remainder"
    yield from empty(remains, nodes, "country", "one node each", "loss of one site too large")
    yield from empty("Owner's country", nodes, "owner_country", "falls with no owner", "owner losses too small")
    yield from empty("Range of a demand", counted, "low", "its one value", "range too narrow")
    bias = "shortfall too large in the first months"
    if net.stocks.empty:
        yield "Stocks", "none on record", "no stock is drawn", bias
    else:
        yield "Stocks not on record", NO_DATA, "not drawn", bias
    yield from empty("Capital cost of a project", projects, "capex_musd", "no cost per tonne", "order by cost open")
    yield from empty("Start year of a project", projects, "start_year", "stands in any year", _SMALL)
