"""The commands about blocs: alliance, alignment, retaliation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainnet.cli.common import (
    Commodity,
    Degree,
    Graph,
    OneScenario,
    TableOutput,
    command,
    maybe_scenario,
    pick_scenario,
    read_graph,
)
from chainnet.cli.words import words
from chainnet.errors import DataError

ByYear = Annotated[int | None, typer.Option("--by-year", help="Projects at the size they have in this year.")]
Projects = Annotated[
    list[str] | None, typer.Option("--project", help="Only these projects; may be repeated. Default: all.")
]


def _named(options: list[str], option: str) -> dict[str, list[str]]:
    """Split options of the form NAME=COUNTRY,COUNTRY."""
    out: dict[str, list[str]] = {}
    for text in options:
        name, found, rest = text.partition("=")
        if not found or not name.strip():
            raise DataError(f'{option}: "{text}" is not of the form NAME=COUNTRIES, such as us=USA,JPN,EU27.')
        if name.strip() in out:
            raise DataError(f'{option}: "{name.strip()}" stands twice. Name each bloc once.')
        out[name.strip()] = words(rest) or []
    return out


@command()
def alliance(
    graph: Graph,
    scenario: OneScenario = None,
    members: Annotated[
        str | None, typer.Option("--members", help="Countries or groups, split by commas; each is a member.")
    ] = None,
    project: Projects = None,
    by_year: ByYear = None,
    reroute: Degree = "existing",
    others: Annotated[
        Any, typer.Option("--others", help="before or after: when third countries are served.", parser=str)
    ] = "before",
    regions: Annotated[
        str | None, typer.Option("--regions", help="Groups by which investment is told apart, split by commas.")
    ] = None,
    commodity: Commodity = None,
    *,
    output: TableOutput,
) -> None:
    """Say what members keep alone, in pairs and together, and who pays against who gains."""
    from chainnet.blocs import REGIONS
    from chainnet.blocs import alliance as ask

    network = read_graph(graph)
    found = ask(
        network,
        maybe_scenario(network, scenario),
        words(members),
        projects=project,
        by_year=by_year,
        reroute=reroute,
        others=others,
        regions=REGIONS if regions is None else words(regions) or [],
        commodity=words(commodity),
    )
    numbers = {**found.numbers(), "certificate": found.certificate}
    shown = ("members", "coalitions", "pools", "regions")
    output.say(found.tables(), numbers, found.provenance, shown=shown)


@command()
def alignment(
    graph: Graph,
    bloc: Annotated[list[str], typer.Option("--bloc", help="NAME=COUNTRIES split by commas; give two, ours first.")],
    scenario: OneScenario = None,
    country: Annotated[
        str | None, typer.Option("--countries", help="Who has to choose, split by commas. Default: all others.")
    ] = None,
    project: Annotated[
        list[str] | None, typer.Option("--project", help="Projects that stand, or all; may be repeated. Default: none.")
    ] = None,
    by_year: ByYear = None,
    reroute: Degree = "existing",
    tariff: Annotated[
        list[float] | None, typer.Option("--tariff", help="Part of the price; may be repeated. Default: 0.25.")
    ] = None,
    leak: Annotated[
        list[float] | None, typer.Option("--leak", help="Part of closed trade that leaks; may be repeated.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", help="Owner shut out; may be repeated. Default: all owners of the second bloc."),
    ] = None,
    exclude_from: Annotated[
        str | None, typer.Option("--exclude-from", help="Date that the exclusion scenario bears.")
    ] = None,
    cap: Annotated[float, typer.Option("--cap", help="Most that may come from one third country.")] = 0.65,
    supply_elasticity: Annotated[
        float | None, typer.Option("--supply-elasticity", help="Assumed; with the next, adds the table prices.")
    ] = None,
    demand_elasticity: Annotated[float | None, typer.Option("--demand-elasticity", help="Assumed.")] = None,
    save: Annotated[
        Path | None, typer.Option("--save-scenarios", help="Folder to write the instruments to, as TOML scenarios.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the random orders, beyond 12 countries.")] = 0,
    commodity: Commodity = None,
    *,
    output: TableOutput,
) -> None:
    """Say what a split into two blocs costs, and what each country between them is worth to either."""
    import pandas as pd

    from chainnet.blocs import alignment as ask
    from chainnet.io import write_file

    network = read_graph(graph)
    found = ask(
        network,
        _named(bloc, "--bloc"),
        scenario=maybe_scenario(network, scenario),
        countries=words(country),
        projects=None if project == ["all"] else project or (),
        by_year=by_year,
        reroute=reroute,
        tariff_rates=(0.25,) if tariff is None else tariff,
        leak_shares=(0.1, 0.25, 0.5) if leak is None else leak,
        exclude=exclude,
        exclude_from=exclude_from,
        cap_share=cap,
        supply_elasticity=supply_elasticity,
        demand_elasticity=demand_elasticity,
        seed=seed,
        commodity=words(commodity),
    )
    numbers = {**found.numbers(), "certificate": found.certificate}
    plans = pd.DataFrame([(name, plan.label, plan.to_toml()) for name, plan in found.scenarios.items()])
    tables = {**found.tables(), "scenarios": plans.set_axis(["name", "label", "toml"], axis=1)}
    if save is not None:
        for name, plan in found.scenarios.items():
            write_file(save / f"{name}.toml", plan.to_toml().encode())
    shown = ["split", "countries", "incumbents", "counter_network", "leaks", "caps"]
    shown += ["prices"] if len(found.prices) else []
    output.say(tables, numbers, found.provenance, shown=tuple(shown))


@command()
def retaliation(
    graph: Graph,
    us: Annotated[str, typer.Option("--us", help="Our countries or groups, split by commas.")],
    them: Annotated[str, typer.Option("--them", help="The other side, split by commas.")],
    move: Annotated[
        list[str] | None,
        typer.Option("--move", help="Scenario (shipped name or file) as a move of ours; may be repeated."),
    ] = None,
    k: Annotated[int, typer.Option("--k", help="Most cuts in their answer.")] = 1,
    by: Annotated[Any, typer.Option("--by", help="commodity or node: what they cut.", parser=str)] = "commodity",
    to: Annotated[Any, typer.Option("--to", help="us or all: whom a stopped export hits.", parser=str)] = "us",
    scenario: OneScenario = None,
    project: Projects = None,
    budget: Annotated[float | None, typer.Option("--budget", help="What the reply may cost, USD million.")] = None,
    by_year: ByYear = None,
    reroute: Degree = "existing",
    commodity: Commodity = None,
    *,
    output: TableOutput,
) -> None:
    """Play a bloc's measures against the best answer of the other side, and reply with projects."""
    from chainnet.blocs import retaliation as ask

    network = read_graph(graph)
    moves: dict[str, Any] | None = None
    if move:
        moves = {"nothing": None, **{m: pick_scenario(network, m, "--move") for m in move}}
    found = ask(
        network,
        words(us) or [],
        words(them) or [],
        moves,
        k,
        by=by,
        to=to,
        scenario=maybe_scenario(network, scenario),
        projects=project,
        budget_musd=budget,
        by_year=by_year,
        reroute=reroute,
        commodity=words(commodity),
    )
    numbers = {**found.numbers(), "certificate": found.certificate}
    output.say(found.tables(), numbers, found.provenance, shown=("moves", "candidates"))
