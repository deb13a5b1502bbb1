"""The commands about uncertain inputs: ensemble, sensitivity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainnet.cli.common import (
    Degree,
    Graph,
    Market,
    OneScenario,
    TableOutput,
    command,
    maybe_scenario,
    progress_bar,
    read_graph,
)


@command()
def ensemble(
    graph: Graph,
    scenario: OneScenario = None,
    draws: Annotated[int, typer.Option("--draws", help="Number of draws.", min=1)] = 512,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.", min=0)] = 0,
    workers: Annotated[int | None, typer.Option("--workers", help="Local processes; default none.", min=1)] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="SQLite file of finished draws; the same call goes on with it.")
    ] = None,
    correlation: Annotated[
        float, typer.Option("--correlation", help="Part of the variance that inputs of a country share, 0 to 1.")
    ] = 0.5,
    ranked: Annotated[int, typer.Option("--ranked", help="Nodes whose rank is followed.", min=0)] = 8,
    sobol: Annotated[
        int, typer.Option("--sobol", help="Base sample of Sobol indices, a power of two; 0 = not asked.", min=0)
    ] = 0,
    reroute: Degree = "existing",
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Ask again and again with inputs drawn between low and high: P10, P50, P90, and whether ranks hold."""
    from chainnet.runs import ensemble as run

    network = read_graph(graph)
    with progress_bar("draws") as progress:
        found = run(
            network,
            maybe_scenario(network, scenario),
            draws,
            seed,
            workers,
            store,
            reroute=reroute,
            correlation=correlation,
            ranked=ranked,
            sobol=sobol,
            **market.words,
            progress=progress,
        )
    shown = ("summary", "ranks", *(("sobol",) if sobol else ()))
    output.say(found.tables(), {"draws": draws, "seed": seed}, found.provenance, shown=shown)


@command()
def sensitivity(
    graph: Graph,
    scenario: OneScenario = None,
    project: Annotated[
        list[str] | None, typer.Option("--project", help="Project that stands; may be repeated.")
    ] = None,
    by_year: Annotated[
        int | None, typer.Option("--by-year", help="Projects at the size they have in this year.")
    ] = None,
    top: Annotated[int, typer.Option("--top", help="Rows of the inputs with the widest range.", min=1)] = 10,
    tier: Annotated[str | None, typer.Option("--tier", help="Only this tier, could it come first.")] = None,
    recipes: Annotated[bool, typer.Option("--recipes/--no-recipes", help="Whether recipe lines are tried too.")] = True,
    reroute: Degree = "existing",
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Solve again with each uncertain input at its low and its high value, and say which moves the answer most."""
    from chainnet.runs import sensitivity as run

    network = read_graph(graph)
    found = run(
        network,
        maybe_scenario(network, scenario),
        projects=project or (),
        by_year=by_year,
        top=top,
        tier=tier,
        recipes=recipes,
        reroute=reroute,
        **market.words,
    )
    shown = ("inputs", "widest")
    output.say(found.tables(), found.numbers(), found.provenance, shown=shown)
