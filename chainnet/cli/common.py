"""What all commands share: the app, the options, reading and printing.

A command names the options that many share once, as a bundle: a parameter of type ``Market``, ``Output`` or
``TableOutput`` stands for the options that are its fields, in the place where it stands.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, TypeVar, get_origin, get_type_hints

import typer

from chainnet.cli.words import words
from chainnet.errors import DataError, near_matches

if TYPE_CHECKING:
    import pandas as pd

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
F = TypeVar("F", bound=Callable[..., None])


class Counted(TypedDict):
    """What counts, as every question takes it."""

    commodity: list[str] | None
    beneficiaries: list[str] | None


@dataclass(frozen=True)
class Market:
    """The options that say what counts."""

    commodity: Commodity = None
    beneficiaries: Beneficiaries = None

    @property
    def words(self) -> Counted:
        """Both as lists of words, to be handed on to a question."""
        return {"commodity": words(self.commodity), "beneficiaries": words(self.beneficiaries)}


@dataclass(frozen=True)
class Output:
    """The options that say how and where an answer goes."""

    form: Form = "table"
    out: Out = None
    table: str | None = None  # no option: see TableOutput

    def say(
        self,
        tables: Mapping[str, pd.DataFrame],
        numbers: Mapping[str, Any] | None = None,
        provenance: Mapping[str, Any] | None = None,
        shown: tuple[str, ...] | None = None,
    ) -> None:
        """Print an answer, or write it to a file whole or not at all; see ``cli_output.Answer``."""
        from chainnet.cli.output import Answer, render

        text = render(Answer(tables, numbers, provenance, shown), self.form, self.table)
        if self.out is None:
            sys.stdout.write(text)
        else:
            from chainnet.io import write_file

            write_file(self.out, text.encode())
            print(f"written: {self.out}", file=sys.stderr)


@dataclass(frozen=True)
class TableOutput(Output):
    """The same for an answer of several tables, one of which may be asked for."""

    table: TableName = None


def command(name: str | None = None) -> Callable[[F], F]:
    """Make a function a command; its bundles are taken apart into options and put together for the call."""

    def register(function: F) -> F:
        options: dict[str, inspect.Parameter] = {}
        bundles: dict[str, tuple[Any, list[str]]] = {}
        for asked in inspect.signature(function, eval_str=True).parameters.values():
            kind: Any = asked.annotation
            hints, defaults = {asked.name: kind}, {asked.name: asked.default}
            if is_dataclass(kind):
                fields = get_type_hints(kind, include_extras=True)
                hints = {field: hint for field, hint in fields.items() if get_origin(hint) is Annotated}
                defaults = {field: getattr(kind, field) for field in hints}
                bundles[asked.name] = (kind, list(hints))
            for option, hint in hints.items():
                options[option] = inspect.Parameter(
                    option, inspect.Parameter.KEYWORD_ONLY, default=defaults[option], annotation=hint
                )

        @wraps(function)
        def run(**given: Any) -> None:
            for asked, (kind, fields) in bundles.items():
                given[asked] = kind(**{field: given.pop(field) for field in fields})
            function(**given)

        # what typer reads
        run.__signature__ = inspect.Signature(list(options.values()))  # type: ignore[attr-defined]
        run.__annotations__ = {option: asked.annotation for option, asked in options.items()}
        app.command(name)(run)
        return function

    return register


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


def read_graph(graph: str) -> Network:
    """Read the graph that a command is about."""
    from chainnet.io import read

    return read(graph)


def pick_scenario(network: Network, word: str, option: str = "--scenario") -> Scenario:
    """Return the shipped scenario of that name, or the one in that file, that was given to ``option``."""
    from chainnet.scenario import Scenario, scenarios

    shipped = scenarios(network)
    if word in shipped:
        return shipped[word]
    if word.endswith(".toml") or Path(word).exists():
        return Scenario.read(word)
    raise DataError(
        f'{option}: "{word}" is neither a scenario of {network.name} nor a file;{near_matches(word, shipped)} '
        f"Scenarios: {', '.join(shipped) or 'none'}."
    )


def maybe_scenario(network: Network, word: str | None) -> Scenario | None:
    """Return the scenario asked for, if one is."""
    return pick_scenario(network, word) if word else None


def each_scenario(network: Network, given: list[str] | None) -> list[Scenario]:
    """Return the scenarios asked for, in their order."""
    return [pick_scenario(network, word) for word in given or ()]


def say_paths(paths: list[Path], form: str) -> None:
    """Say which files were written."""
    if form == "table":
        for path in paths:
            print(path)
    else:
        import pandas as pd

        Output(form).say({"written": pd.DataFrame({"path": [str(p) for p in paths]})})


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
