"""The commands that list, check, draw, report and convert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainnet.cli.common import (
    Form,
    Graph,
    Market,
    OneScenario,
    Output,
    Scenarios,
    Start,
    Step,
    TableOutput,
    command,
    each_scenario,
    maybe_scenario,
    progress_bar,
    read_graph,
    say_paths,
)
from chainnet.cli.words import words
from chainnet.errors import DataError


@command("list")
def list_graphs(output: Output) -> None:
    """List the shipped graphs."""
    from chainnet.io import catalog

    output.say({"graphs": catalog()})


@command()
def check(graph: Graph, output: TableOutput) -> None:
    """Check a graph and say what its figures rest on; every fault is listed at once."""
    from chainnet.cli.indicators import coverage_answer

    try:
        network = read_graph(graph)
    except DataError as err:
        faults = err.faults
        if output.form != "json" or faults.empty:
            raise
        Output(output.form, output.out).say({"faults": faults}, {"ok": False})
        raise typer.Exit(1) from None
    tables, figures = coverage_answer(network)
    numbers = {"graph": network.name, "digest": network.digest, "ok": True, **figures}
    # balance gaps and published totals only where there are any
    shown = tuple(name for name, rows in tables.items() if len(rows) or name in ("coverage", "edges", "references"))
    output.say({**tables, "faults": DataError().faults}, numbers, shown=shown)


@command()
def draw(
    graph: Graph,
    out: Annotated[Path | None, typer.Option("--out", help="HTML file to write; default GRAPH-VIEW.html.")] = None,
    view: Annotated[str, typer.Option("--view", help="Which view to draw.")] = "graph",
    scenario: OneScenario = None,
    months: Annotated[
        int | None, typer.Option("--months", help="Horizon: the scenario month by month, with a slider.")
    ] = None,
    start: Start = None,
    step_months: Step = 1,
    marking: Annotated[str, typer.Option("--marking", help="Banner at the top and bottom.")] = "",
    title: Annotated[str | None, typer.Option("--title", help="Heading.")] = None,
    form: Form = "table",
) -> None:
    """Draw an interactive page: one file that opens offline."""
    from chainnet.criticality import chokepoints as losses_of
    from chainnet.drawing import draw as ask
    from chainnet.flow import balance as solve
    from chainnet.stress import stress_test

    if months is None and (start is not None or step_months != 1):
        raise DataError("draw: --start and --step-months go with --months; give the horizon.")
    if months is not None and scenario is None:
        raise DataError("draw: --months follows one scenario; name it with --scenario.")
    network = read_graph(graph)
    found: Any = None
    event, losses = None, None
    if not network.demand.empty:
        event = maybe_scenario(network, scenario)
        if months is None:
            found = solve(network, event)
        else:
            found = stress_test(network, event, months, start, step_months=step_months)
        losses = losses_of(network)
    elif scenario:
        raise DataError("draw: a scenario needs a network with a demand table.")
    name = event.name if event is not None and months is not None else None
    drawn = ask(network, found, view, out, title=title, marking=marking, losses=losses, scenario=name)
    say_paths([drawn], form)


@command()
def report(
    graph: Graph,
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("out"),
    formats: Annotated[str, typer.Option("--formats", help="html, pdf, xlsx; split by commas.")] = "html,pdf,xlsx",
    scenario: Scenarios = None,
    year: Annotated[
        list[int] | None, typer.Option("--year", help="Year for which projects are valued; may be repeated.")
    ] = None,
    months: Annotated[int, typer.Option("--months", help="Horizon of the answers over time.")] = 48,
    start: Annotated[str | None, typer.Option("--start", help="First month, such as 2027-01.")] = None,
    recovery: Annotated[
        float | None, typer.Option("--recovery", help="Years until a site that drops out is back; default 1, assumed.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the report.")] = None,
    author: Annotated[str, typer.Option("--author", help="Who hands it up.")] = "",
    marking: Annotated[str, typer.Option("--marking", help="Banner at the top and bottom of every page.")] = "",
    language: Annotated[str, typer.Option("--language", help="Language of the documents, such as en.")] = "en",
    templates: Annotated[
        Path | None, typer.Option("--templates", help="Folder with page.html.j2, report.typ or both in place of ours.")
    ] = None,
    draws: Annotated[int, typer.Option("--draws", help="Draws of the uncertain inputs; 0 = none.", min=0)] = 64,
    *,
    market: Market,
    form: Form = "table",
) -> None:
    """Write the stress-test report: report.html, report.pdf, report.xlsx and graph.html."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from chainnet.reporting import report as ask

    network = read_graph(graph)
    chosen = each_scenario(network, scenario) or None
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool, progress_bar("report") as step:
        paths = ask(
            network,
            out,
            words(formats) or [],
            scenarios=chosen,
            years=year or None,
            months=months,
            start=start,
            recovery=recovery,
            title=title,
            author=author,
            marking=marking,
            language=language,
            templates=templates,
            draws=draws,
            executor=pool,
            **market.words,
            progress=step,
        )
    say_paths(paths, form)


@command("import")
def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Folder, .xlsx, .graphml, .json, .csv or .parquet.")],
    out: Annotated[Path, typer.Option("--out", help="Folder or file to write.")],
    form: Form = "table",
) -> None:
    """Read a network in one form and write it in another; checked on the way."""
    from chainnet.io import write

    say_paths([write(read_graph(file), out)], form)


@command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make.")],
    form: Form = "table",
) -> None:
    """Start a graph of your own: a small chain as a folder of tables, with a scenario."""
    from chainnet.io import write_template

    say_paths([write_template(folder)], form)
