"""What all commands share: the app, the options, reading and printing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainnet.errors import DataError, near_matches

if TYPE_CHECKING:
    from chainnet.cli_output import Answer
    from chainnet.network import Network
    from chainnet.scenario import Scenario

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
Start = Annotated[str | None, typer.Option("--start", help="First month, such as 2027-01.")]
Step = Annotated[int, typer.Option("--step-months", help="Length of a period.")]
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


def words(text: str | None) -> list[str] | None:
    """Split an option that lists words by commas."""
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


def read_graph(graph: str) -> Network:
    """Read the graph that a command is about."""
    from chainnet.io.reading import read

    return read(graph)


def pick_scenario(network: Network, word: str) -> Scenario:
    """Return the shipped scenario of that name, or the one in that file."""
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


def say(answer: Answer, form: str, out: Path | None = None, table: str | None = None) -> None:
    """Print an answer, or write it to a file whole or not at all."""
    from chainnet.cli_output import render

    text = render(answer, form, table)
    if out is None:
        sys.stdout.write(text)
    else:
        from chainnet.io.atomic import write_file

        write_file(out, text.encode())
        print(f"written: {out}", file=sys.stderr)


def say_paths(paths: list[Path], form: str) -> None:
    """Say which files were written."""
    import pandas as pd

    from chainnet.cli_output import Answer

    if form == "table":
        for path in paths:
            print(path)
    else:
        say(Answer({"written": pd.DataFrame({"path": [str(p) for p in paths]})}), form)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[str, float], None] | None]:
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


def say_verified(proof: Any, verify: bool) -> None:
    """Say what the second solver found."""
    if verify and proof.second_value is not None:
        print(f"verified: a second solver finds {proof.second_value:.9g}", file=sys.stderr)
