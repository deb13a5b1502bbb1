"""The command line: parse, call the API, print or write; no modelling.

Answers go to stdout, progress and messages to stderr. Exit 0 answered, 1 bad data or infeasible,
2 bad usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainnet.errors import ChainnetError, DataError, near_matches

if TYPE_CHECKING:
    from chainnet.cli_output import Answer
    from chainnet.network import Network
    from chainnet.scenario import Scenario

__all__ = ["app", "main"]

app = typer.Typer(
    name="chainnet",
    help="Exact chokepoint, shortfall and rerouting analysis of critical mineral supply chains. "
    "GRAPH is the name of a shipped graph (see `chainnet list`) or a path.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)

Graph = Annotated[str, typer.Argument(metavar="GRAPH", help="Name of a shipped graph, or a folder or file.")]
Form = Annotated[str, typer.Option("--format", help="table, csv or json.")]
TableName = Annotated[str | None, typer.Option("--table", help="Which table to print as table or csv.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the answer to this file instead of stdout.")]
Verify = Annotated[bool, typer.Option("--verify", help="Solve again with a second solver and say so.")]
Beneficiaries = Annotated[
    str | None, typer.Option("--beneficiaries", help="Whose demand counts: countries or groups, split by commas.")
]
Commodity = Annotated[str | None, typer.Option("--commodity", help="What counts: commodities, split by commas.")]
Scenarios = Annotated[
    list[str] | None,
    typer.Option("--scenario", help="Name of a shipped scenario or path of a TOML file; may be repeated."),
]
OneScenario = Annotated[
    str | None, typer.Option("--scenario", help="Name of a shipped scenario or path of a TOML file.")
]
Degree = Annotated[Any, typer.Option("--reroute", help="frozen, existing or new.", parser=str)]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    if version:
        from chainnet.results import package_version

        print(f"chainnet {package_version()}")
        raise typer.Exit
    if debug:
        os.environ["CHAINNET_DEBUG"] = "1"


def _list(words: str | None) -> list[str] | None:
    return None if words is None else [word.strip() for word in words.split(",") if word.strip()]


def _read(graph: str) -> Network:
    from chainnet.io.reading import read

    return read(graph)


def _scenario(network: Network, word: str) -> Scenario:
    from chainnet.scenario import Scenario, scenarios

    shipped = scenarios(network)
    if word in shipped:
        return shipped[word]
    if word.endswith(".toml") or Path(word).exists():
        return Scenario.read(word)
    raise DataError(
        f'--scenario: "{word}" is neither a scenario of {network.name} nor a file;{near_matches(word, shipped)} '
        f"Scenarios: {', '.join(shipped) or 'none'}."
    )


def _say(answer: Answer, form: str, out: Path | None = None, table: str | None = None) -> None:
    from chainnet.cli_output import render

    text = render(answer, form, table)
    if out is None:
        sys.stdout.write(text)
    else:
        from chainnet.io.atomic import write_file

        write_file(out, text.encode())
        print(f"written: {out}", file=sys.stderr)


def _paths(paths: list[Path], form: str) -> None:
    """Say which files were written."""
    import pandas as pd

    from chainnet.cli_output import Answer

    if form == "table":
        for path in paths:
            print(path)
    else:
        _say(Answer({"written": pd.DataFrame({"path": [str(p) for p in paths]})}), form)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str, float], None] | None]:
    """Show a bar on stderr when people look at it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task(what, total=1.0)

        def step(name: str, part: float) -> None:
            bar.update(task, description=name, completed=part)

        yield step


def _verified(proof: Any, verify: bool) -> None:
    if verify and proof.second_value is not None:
        print(f"verified: a second solver finds {proof.second_value:.9g}", file=sys.stderr)


@app.command("list")
def list_graphs(form: Form = "table", out: Out = None) -> None:
    """List the shipped graphs."""
    from chainnet.cli_output import Answer
    from chainnet.io.catalogue import catalog

    _say(Answer({"graphs": catalog()}), form, out)


@app.command()
def check(graph: Graph, form: Form = "table", out: Out = None, table: TableName = None) -> None:
    """Check a graph and say what its figures rest on; every fault is listed at once."""
    from chainnet.assessment import data_quality
    from chainnet.cli_output import Answer

    try:
        network = _read(graph)
    except DataError as err:
        faults = err.faults
        if form != "json" or faults.empty:
            raise
        _say(Answer({"faults": faults}, {"ok": False}), form, out)
        raise typer.Exit(1) from None
    tables = data_quality(network)
    numbers = {"graph": network.name, "digest": network.digest, "ok": True}
    _say(Answer({**tables, "faults": DataError().faults}, numbers, shown=tuple(tables)), form, out, table)


@app.command()
def flow(
    graph: Graph,
    commodity: Annotated[str | None, typer.Option("--commodity", help="Cut out the market of one commodity.")] = None,
    beneficiaries: Beneficiaries = None,
    form: Form = "table",
    out: Out = None,
    table: TableName = None,
    verify: Verify = False,
) -> None:
    """Find the largest tonnage that can be served, and the cut that bounds it."""
    from chainnet.cli_output import Answer
    from chainnet.flow import max_flow

    found = max_flow(_read(graph), commodity, beneficiaries=_list(beneficiaries), verify=verify)
    _verified(found.certificate, verify)
    numbers = {"value_tpa": found.value_tpa, "is_unique": found.is_unique, "certificate": found.certificate}
    _say(
        Answer({"cut": found.cut, "nodes": found.nodes, "edges": found.edges}, numbers, found.provenance),
        form,
        out,
        table,
    )


@app.command()
def chokepoints(
    graph: Graph,
    by: Annotated[
        str, typer.Option("--by", help="node, edge, site, country, operator, owner_country, step+country, ...")
    ] = "node",
    top: Annotated[int | None, typer.Option("--top", help="Only the first rows.")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="What this tier loses, could it come first.")] = None,
    centrality: Annotated[bool, typer.Option("--centrality", help="Fill betweenness for comparison.")] = False,
    scenario: OneScenario = None,
    reroute: Degree = "existing",
    commodity: Commodity = None,
    beneficiaries: Beneficiaries = None,
    form: Form = "table",
    out: Out = None,
) -> None:
    """Rank what the network can least do without: the exact loss of each node, edge or group."""
    from chainnet.cli_output import Answer
    from chainnet.criticality import chokepoints as ask

    network = _read(graph)
    found = ask(
        network,
        by,
        top,
        tier,
        centrality,
        scenario=_scenario(network, scenario) if scenario else None,
        reroute=reroute,
        commodity=_list(commodity),
        beneficiaries=_list(beneficiaries),
    )
    source = found.attrs["provenance"]
    _say(Answer({"chokepoints": found}, {"base_tpa": source["settings"]["base_tpa"]}, source), form, out)


@app.command()
def balance(
    graph: Graph,
    scenario: OneScenario = None,
    reroute: Degree = "existing",
    others: Annotated[
        Any, typer.Option("--others", help="after or before: when the others are served.", parser=str)
    ] = "after",
    fair: Annotated[bool, typer.Option("--fair", help="Equal fractions inside a tier.")] = False,
    commodity: Commodity = None,
    beneficiaries: Beneficiaries = None,
    form: Form = "table",
    out: Out = None,
    table: TableName = None,
    verify: Verify = False,
) -> None:
    """Serve demand tier by tier with the least shortfall, then at least cost."""
    from chainnet.cli_output import Answer
    from chainnet.flow_balance import balance as ask

    network = _read(graph)
    found = ask(
        network,
        _scenario(network, scenario) if scenario else None,
        reroute,
        others=others,
        fair=fair,
        commodity=_list(commodity),
        beneficiaries=_list(beneficiaries),
        verify=verify,
    )
    _verified(found.certificate, verify)
    tables = {"tiers": found.by_tier(), **found.tables()}
    numbers = {"cost_usd": found.cost_usd, "certificate": found.certificate}
    _say(Answer(tables, numbers, found.provenance, shown=("tiers", "demand")), form, out, table)


@app.command()
def stress(
    graph: Graph,
    scenario: Scenarios = None,
    reroute: Degree = "existing",
    commodity: Commodity = None,
    beneficiaries: Beneficiaries = None,
    form: Form = "table",
    out: Out = None,
    table: TableName = None,
) -> None:
    """Say who goes short under each scenario, in a steady state of one year."""
    from chainnet.cli_output import Answer
    from chainnet.stress import stress_test

    network = _read(graph)
    chosen = [_scenario(network, word) for word in scenario] if scenario else None
    found = stress_test(
        network,
        chosen,
        reroute=reroute,
        commodity=_list(commodity),
        beneficiaries=_list(beneficiaries),
    )
    _say(Answer(found.tables(), None, found.provenance), form, out, table)


@app.command()
def reroute(
    graph: Graph,
    scenario: Annotated[str, typer.Option("--scenario", help="Name of a shipped scenario or path of a TOML file.")],
    project: Annotated[
        list[str] | None, typer.Option("--project", help="Only these projects; may be repeated.")
    ] = None,
    allies: Annotated[
        str | None, typer.Option("--allies", help="Only projects in, or backed by, these countries or groups.")
    ] = None,
    by_year: Annotated[int | None, typer.Option("--by-year", help="Only projects that stand in this year.")] = None,
    degree: Degree = "existing",
    commodity: Commodity = None,
    beneficiaries: Beneficiaries = None,
    form: Form = "table",
    out: Out = None,
    table: TableName = None,
) -> None:
    """Say how much rerouting and each project buy under a scenario."""
    from chainnet.cli_output import Answer
    from chainnet.projects import reroute as ask

    network = _read(graph)
    found = ask(
        network,
        _scenario(network, scenario),
        project,
        _list(allies),
        by_year,
        degree,
        commodity=_list(commodity),
        beneficiaries=_list(beneficiaries),
    )
    tables = {"projects": found.projects, "ladder": found.ladder, "complements": found.complements}
    _say(Answer(tables, found.numbers(), found.provenance, shown=("ladder", "projects")), form, out, table)


@app.command()
def concentration(
    graph: Graph,
    by: Annotated[str, typer.Option("--by", help="Column of nodes that names the holder.")] = "country",
    form: Form = "table",
    out: Out = None,
) -> None:
    """Say who holds how much of what each step makes."""
    from chainnet.cli_output import Answer
    from chainnet.indicators import concentration as ask

    found = ask(_read(graph), by)
    _say(Answer({"concentration": found}, None, found.attrs["provenance"]), form, out)


@app.command()
def draw(
    graph: Graph,
    out: Annotated[Path | None, typer.Option("--out", help="HTML file to write; default GRAPH-VIEW.html.")] = None,
    view: Annotated[str, typer.Option("--view", help="Which view to draw.")] = "graph",
    scenario: OneScenario = None,
    marking: Annotated[str, typer.Option("--marking", help="Banner at the top and bottom.")] = "",
    title: Annotated[str | None, typer.Option("--title", help="Heading.")] = None,
    form: Form = "table",
) -> None:
    """Draw an interactive page: one file that opens offline."""
    from chainnet.criticality import chokepoints as losses_of
    from chainnet.drawing.pages import draw as ask
    from chainnet.flow_balance import balance as solve

    network = _read(graph)
    found, losses = None, None
    if not network.demand.empty:
        found = solve(network, _scenario(network, scenario) if scenario else None)
        losses = losses_of(network)
    elif scenario:
        raise DataError("draw: a scenario needs a network with a demand table.")
    _paths([ask(network, found, view, out, title=title, marking=marking, losses=losses)], form)


@app.command()
def report(
    graph: Graph,
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("out"),
    formats: Annotated[str, typer.Option("--formats", help="html, pdf, xlsx; split by commas.")] = "html,pdf,xlsx",
    scenario: Scenarios = None,
    year: Annotated[
        list[int] | None, typer.Option("--year", help="Year for which projects are valued; may be repeated.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the report.")] = None,
    author: Annotated[str, typer.Option("--author", help="Who hands it up.")] = "",
    marking: Annotated[str, typer.Option("--marking", help="Banner at the top and bottom of every page.")] = "",
    commodity: Commodity = None,
    beneficiaries: Beneficiaries = None,
    form: Form = "table",
) -> None:
    """Write the stress-test report: report.html, report.pdf, report.xlsx and graph.html."""
    from chainnet.reporting.documents import report as ask

    network = _read(graph)
    chosen = [_scenario(network, word) for word in scenario] if scenario else None
    with _progress("report") as step:
        paths = ask(
            network,
            out,
            _list(formats) or [],
            scenarios=chosen,
            years=year or None,
            title=title,
            author=author,
            marking=marking,
            commodity=_list(commodity),
            beneficiaries=_list(beneficiaries),
            progress=step,
        )
    _paths(paths, form)


@app.command("import")
def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Folder, .xlsx, .graphml, .json, .csv or .parquet.")],
    out: Annotated[Path, typer.Option("--out", help="Folder or file to write.")],
    form: Form = "table",
) -> None:
    """Read a network in one form and write it in another; checked on the way."""
    from chainnet.io.writing import write

    _paths([write(_read(file), out)], form)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make.")],
    form: Form = "table",
) -> None:
    """Start a graph of your own: a small chain as a folder of tables, with a scenario."""
    from chainnet.io.template import write_template

    _paths([write_template(folder)], form)


def main() -> None:
    """Run the command line; no traceback without ``--debug``."""
    try:
        app()
        sys.stdout.flush()
    except ChainnetError as err:
        if os.environ.get("CHAINNET_DEBUG"):
            raise
        print(f"chainnet: {err}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # the reader went away: nothing is wrong on this side
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print("chainnet: stopped", file=sys.stderr)
        sys.exit(130)
