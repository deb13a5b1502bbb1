"""The commands about time: who goes short when, and what must be in stock."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chainnet.cli.common import (
    Degree,
    Graph,
    Market,
    Scenarios,
    Start,
    Step,
    TableOutput,
    command,
    each_scenario,
    pick_scenario,
    progress_bar,
    read_graph,
)
from chainnet.cli.words import by_label, words
from chainnet.errors import DataError

Months = Annotated[int, typer.Option("--months", help="Horizon.")]
Projects = Annotated[
    str | None, typer.Option("--projects", help="Come on stream at their start year: ids split by commas, or all.")
]

# what fits on a screen
OVERVIEW = (
    "shortfall_tpa",
    "demand_t",
    "shortfall_t",
    "shortfall_unforeseen_t",
    "first_short_month",
    "worst_month",
    "worst_month_share",
    "time_to_survive",
    "time_to_recover",
)


@command()
def stress(
    graph: Graph,
    scenario: Scenarios = None,
    months: Months = 48,
    start: Start = None,
    step_months: Step = 1,
    reroute: Degree = "existing",
    severities: Annotated[
        bool, typer.Option("--severities", help="Each scenario at 10, 30, 60, 100 % for 3, 12, 48 months.")
    ] = False,
    no_stocks: Annotated[bool, typer.Option("--no-stocks", help="Leave stocks where they are.")] = False,
    projects: Projects = None,
    ladder: Annotated[bool, typer.Option("--ladder", help="The ladder over the horizon too (slow).")] = False,
    objective: Annotated[
        Any, typer.Option("--objective", help="tiers in their order, or value less cost.", parser=str)
    ] = "tiers",
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Say who goes short under each scenario, in the long run and month by month."""
    from chainnet.scenario import scenarios as shipped
    from chainnet.stress import stress_test

    network = read_graph(graph)
    chosen: Any = each_scenario(network, scenario) or None
    if severities:
        if chosen is None:
            chosen = list(shipped(network).values())
        lengths = [length for length in (3, 12, 48) if length <= months]
        if not lengths:
            raise DataError("--severities: the shortest lasts 3 months; give --months 3 or more.")
        chosen = [step for one in chosen for step in one.severities(months=lengths).values()]
    with progress_bar("stress test") as progress:
        found = stress_test(
            network,
            chosen,
            months,
            start,
            step_months=step_months,
            reroute=reroute,
            stocks=not no_stocks,
            projects=_projects(network, projects),
            ladder_over_time=ladder,
            objective=objective,
            **market.words,
            progress=progress,
        )
    tables = {**found.tables(), "overview": found.summary[list(OVERVIEW)]}
    numbers = {"certificate": found.certificate}
    output.say(tables, numbers, found.provenance, shown=("overview",))


def _projects(network: Any, given: str | None) -> list[str] | None:
    return list(network.projects["id"]) if given == "all" else words(given)


@command()
def stockpile(
    graph: Graph,
    scenario: Annotated[str, typer.Option("--scenario", help="Name of a shipped scenario or path of a TOML file.")],
    tiers: Annotated[str, typer.Option("--tiers", help="Who must stay whole, split by commas.")] = "defence",
    months: Months = 48,
    start: Start = None,
    step_months: Step = 1,
    reroute: Degree = "existing",
    projects: Projects = None,
    mitigation: Annotated[
        bool, typer.Option("--mitigation", help="Before and after each mitigation, besides the requirement.")
    ] = False,
    austerity: Annotated[
        list[str] | None,
        typer.Option("--austerity", help="TIER=SHARE of demand that is left; with --mitigation; may be repeated."),
    ] = None,
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Say what must be in stock for the tiers chosen to stay whole through a scenario."""
    from chainnet.stress import stockpile_mitigation, stockpile_requirement

    network = read_graph(graph)
    event = pick_scenario(network, scenario)
    who = words(tiers) or []
    asked: dict[str, Any] = {"step_months": step_months, **market.words}
    built = _projects(network, projects)
    need = stockpile_requirement(network, event, who, months, start, reroute=reroute, projects=built, **asked)
    tables = {"stockpile": need}
    if mitigation:
        less = by_label(austerity, "--austerity", "TIER=SHARE")
        tables["mitigation"] = stockpile_mitigation(
            network, event, who, months, start, austerity=less, projects=built, **asked
        )
    elif austerity:
        raise DataError("--austerity: only --mitigation takes it; a demand measure in the scenario does the same.")
    numbers = {"certificate": need.attrs["certificate"]}
    output.say(tables, numbers, need.attrs["provenance"], shown=tuple(tables))
