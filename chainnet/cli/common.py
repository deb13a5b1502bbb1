"""What all commands share: the app, the options, reading, asking and printing.

A command is a class: its fields are the options, a call asks the question and tells the answer. Options that many
commands take are fields of the classes that it is made from, and stand after its own: ``Counted``, ``Output``, ...
A field bears the name of the parameter that it goes to, so that ``ask`` can put a question by its name alone.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import MISSING, dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    TypeVar,
    dataclass_transform,
)

import typer
from typer.core import TyperCommand, TyperGroup

from chainnet import checks
from chainnet.cli import options as opt
from chainnet.cli.progress import patience, progress_bar
from chainnet.cli.questions import QUESTIONS
from chainnet.errors import DataError
from chainnet.words import exact

if TYPE_CHECKING:
    import pandas as pd

    from chainnet.network import Network
    from chainnet.scenario import Scenario


@contextmanager
def _until_closed() -> Iterator[None]:
    """Hand on all that was printed; end quietly where the reader has closed the pipe: nothing is wrong on this side."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):  # what is still held goes nowhere
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        sys.exit(0)


class ByQuestion(TyperGroup):
    """The commands under the question that they answer; each names its function where that has another name."""

    def make_context(self, *given: Any, **more: Any) -> Any:
        """Read the words of the command line; a page of help goes to a reader that may close the pipe."""
        with _until_closed():
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; its reader may close the pipe."""
        with _until_closed():
            return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line: ``help COMMAND`` is ``COMMAND --help``."""
        return super().parse_args(ctx, [*args[1:], "--help"] if args[:1] == ["help"] else args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, a heading for each question."""
        width = max(map(len, self.commands))
        for question, names in QUESTIONS.items():
            with formatter.section(question):
                for name in names:
                    short = self.commands[name].get_short_help_str(limit=80)
                    asked = COMMANDS[name].like.rpartition(".")[2] if name in COMMANDS else ""
                    more = f" [{asked}]" if asked.replace("_", "-") not in ("", name) else ""
                    formatter.write(f"{'':{formatter.current_indent}}{name:{width}}  {short}{more}\n")


app = typer.Typer(
    name="chainnet",
    cls=ByQuestion,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Exact chokepoint, shortfall and rerouting analysis of critical mineral supply chains. "
    "GRAPH is the name of a shipped graph (see `chainnet list`) or a path.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


@dataclass(kw_only=True, eq=False)
class Command:
    """A command, and how it says what it found."""

    asks: ClassVar[str] = ""
    like: ClassVar[str] = ""
    example: ClassVar[str] = ""
    first: ClassVar[tuple[str, ...]] = ()
    # options only where a class below makes them so
    form: opt.Form = "table"
    out: Path | None = None
    table: str | None = None
    verify: bool = False
    figure: Path | None = None

    def _run(self) -> None:
        raise NotImplementedError

    @cached_property
    def options(self) -> dict[str, opt.Option]:
        """The options by field."""
        return opt.options_of(type(self))

    def check_targets(self) -> None:
        """Refuse before any work what could not be written, or under a name that says something else."""
        for name, option in self.options.items():
            value = getattr(self, name)
            if option.writes is not None and value is not None:
                from chainnet.io import check_target

                check_target(value, option.writes, option.name)

    @property
    def labels(self) -> Mapping[str, str]:
        """Names for people, by id."""
        return {}

    def given(self, name: str) -> Any:
        """Return what an option says, as a question takes it."""
        value, option = getattr(self, name), self.options[name]
        return value if value is None or option.read is None else option.read(value, option.name)

    def say(
        self,
        found: Any,
        tables: Mapping[str, pd.DataFrame] | None = None,
        numbers: Mapping[str, Any] | None = None,
        shown: tuple[str, ...] = (),
        footer: Mapping[str, str] | None = None,
        columns: Mapping[str, tuple[str, ...]] | None = None,
        idle: Mapping[str, tuple[str, str]] | None = None,
        **more: Any,
    ) -> None:
        """Print an answer, or write it to a file.

        Parameters
        ----------
        found : Result or DataFrame or None
            Says where the answer comes from, and holds the tables and numbers that are not given here.
        tables : mapping of str to DataFrame, optional
            The main one first.
        numbers : mapping, optional
            Single figures.
        shown : tuple of str
            Which tables people see; default the first.
        footer : mapping, optional
            Sentences by name, which stand below the tables.
        columns : mapping, optional
            By table the columns that people see, where not all; ``--table`` and the other formats give all.
        idle : mapping, optional
            By table a column, and what is said of the rows in which it is 0: people see how many there are.
        **more
            More figures, which stand before the certificate.
        """
        from chainnet.cli.output import Answer, render
        from chainnet.results import Result, origin_of
        from chainnet.words import first_capital

        source: Mapping[str, Any] = {}
        if isinstance(found, Result):
            source = found.provenance
            proof = {"certificate": found.certificate} if hasattr(found, "certificate") else {}
            numbers = {**found.numbers(), **more, **proof} if numbers is None else numbers
            tables = found.tables() if tables is None else tables
        elif found is not None:
            source = origin_of(found)
        tables = {type(self).__name__.lower(): found} if tables is None else tables
        if numbers is None and (sentence := str(getattr(found, "sentence", ""))):
            numbers = {"answer": sentence}
        if nobody := source.get("settings", {}).get("nobody"):
            numbers = {"answer": f"{first_capital(nobody)}.", **(numbers or {})}
        if impossible := source.get("settings", {}).get("impossible"):
            footer = {**(footer or {}), "impossible": impossible}
        answer = Answer(tables, numbers or {}, source, shown, footer or {}, self.labels, columns or {}, idle or {})
        text = render(answer, self.asked_form(), self.table)
        if self.out is None:
            sys.stdout.write(text)
        else:
            self.write(self.out, text)

    def asked_form(self) -> opt.Form:
        """Return the form that is asked for, or that the name of the file says."""
        return self.form

    def write(self, path: Path, text: str) -> None:
        """Write a file whole or not at all, and say so."""
        from chainnet.io import write_file

        write_file(path, text.encode())
        print(f"written: {path}", file=sys.stderr)

    def say_paths(self, *paths: Path) -> None:
        """Say which files were written."""
        if self.form == "table":
            for path in paths:
                print(path)
        else:
            import pandas as pd

            self.say(None, {"written": pd.DataFrame({"path": [str(p) for p in paths]})})

    def say_verified(self, what: float | str | None) -> None:
        """Say what the second solver found."""
        if self.verify and what is not None:
            said = what if isinstance(what, str) else exact(what, 9)
            print(f"verified: a second solver finds {said}", file=sys.stderr)


@dataclass(kw_only=True, eq=False)
class Question(Command):
    """A question of one graph; which one is named where the class is made a command, as in "flow.balance"."""

    shown: ClassVar[tuple[str, ...]] = ()
    graph: opt.Graph
    as_of: opt.AsOf = None
    laid_rules: opt.LaidRules = None

    def _run(self) -> None:
        self._tell(self.ask())

    def _tell(self, found: Any) -> None:
        self.say(found, shown=self.shown)

    @cached_property
    def network(self) -> Network:
        """The graph that the command is about."""
        return read_under(self.laid_rules, self.graph, self.as_of)

    def check_targets(self) -> None:
        """Refuse before any work what could not be written, or under a name that says something else."""
        for name, option in self.options.items():
            value = getattr(self, name)
            if option.writes is not None and value is not None:
                from chainnet.io import check_target

                check_target(value, option.writes, option.name)

    @property
    def labels(self) -> Mapping[str, str]:
        """Names for people, by id: of nodes, projects and sites."""
        return self._labels

    @cached_property
    def _labels(self) -> dict[str, str]:
        parts = (self.network.site_labels, self.network.labels)
        return {str(name): label for part in parts for name, label in part.items() if label != name}

    def named(self, member: Any) -> str:
        """Return the name for people of an id, or of the ends of a link; the id itself where there is none."""
        if isinstance(member, tuple):
            return " -> ".join(map(self.named, member))
        return self.labels.get(str(member), str(member))

    def given(self, name: str) -> Any:
        """Return what an option says, as a question takes it; the names of scenarios as scenarios."""
        value = getattr(self, name)
        if value is None or name not in ("scenario", "scenarios"):
            return super().given(name)
        return self.pick_scenario(value) if name == "scenario" else scenarios_named(self.network, value)

    def ask(self, question: str | None = None, of: Any = None, /, **other: Any) -> Any:
        """Ask a question with every option that it has a parameter for, and more; without one, its default holds.

        It is asked of the network, or of what stands in for it. What is long says how far it is.
        """
        family, function = (question or self.asks).split(".")
        asked = getattr(import_module(f"chainnet.{family}"), function)
        parameters = inspect.signature(asked).parameters
        given = {name: self.given(name) for name in parameters if name in self.options and name not in other}
        given = {name: value for name, value in given.items() if value is not None}
        if "progress" not in parameters or "progress" in other:
            return asked(self.network if of is None else of, **given, **other)
        with progress_bar(function.replace("_", " ")) as step:
            return asked(self.network if of is None else of, **given, progress=step, **other)

    def pick_scenario(self, word: str, option: str = "--scenario") -> Scenario:
        """Return the scenario that was given to ``option``."""
        return scenario_named(self.network, word, option)


def read_under(rules: Path | None, graph: str | Path, as_of: str | None = None) -> Network:
    """Read a graph as it stands at the date of ``--as-of``, and lay rules over its own where a file of them is given.

    ``base`` = the base year; None = the graph's own date.
    """
    from chainnet.io import read, with_rules

    network = read(graph) if as_of is None else read(graph, as_of=None if as_of == "base" else as_of)
    return network if rules is None else with_rules(network, rules)


def scenario_named(network: Network, word: str, option: str = "--scenario") -> Scenario:
    """Return the scenario that was given to ``option``: ``NAME@PARAMETER=VALUE+NAME...``, or files for names.

    ``in_force`` and ``in_force_returns`` are names too.
    """
    from chainnet.scenario import COMPUTED, Scenario, computed_scenario, scenarios, with_values

    shipped = scenarios(network)
    if word in shipped:
        return shipped[word]
    if (all_rules := computed_scenario(network, word)) is not None:
        return all_rules
    if Path(word).exists():
        return Scenario.read(word)
    if "+" in word:
        first, *more = [scenario_named(network, part, option) for part in word.split("+")]
        return sum(more, first)
    if "@" in word:
        name, _, values = word.partition("@")
        return with_values(scenario_named(network, name, option).with_shares(network), values, option)
    if word.endswith(".toml"):
        return Scenario.read(word)
    said = checks.unknown(word, [*shipped, *COMPUTED], f"scenario of {network.name}")
    raise DataError(f"{option}: {said} A file ends in .toml.")


def scenarios_named(network: Network, words: list[str]) -> list[Scenario]:
    """Return the scenarios given; ``NAME@ends`` is several: its central case, and its parameters at their ends."""
    found: list[Scenario] = []
    for word in words:
        name, _, end = word.rpartition("@")
        found += (
            scenario_named(network, name).with_shares(network).ends().values()
            if end == "ends"
            else [scenario_named(network, word)]
        )
    return found


@dataclass(kw_only=True, eq=False)
class Counted(Command):
    """The options that say what counts."""

    commodity: opt.Commodity = None
    beneficiaries: opt.Beneficiaries = None


@dataclass(kw_only=True, eq=False)
class Form(Command):
    """The option that says in what form an answer goes."""

    form: opt.Format = "table"


@dataclass(kw_only=True, eq=False)
class Output(Form):
    """The options that say how and where an answer goes."""

    out: Annotated[Path | None, "Write to this file; .json, .csv and .txt say the format.", opt.ANSWER] = None

    def __post_init__(self) -> None:
        self.asked_form()  # before any work is done

    def asked_form(self) -> opt.Form:
        """Return the format that is asked for, or that the name of the file says.

        Raises
        ------
        DataError
            If the name says no format or another one than is asked for.
        """
        suffix = self.out.suffix.lower() if self.out is not None else ""
        if suffix:
            checks.known(suffix, opt.FORM_BY_SUFFIX, "--out", "format", "Or leave the suffix out, and give --format.")
        said = opt.FORM_BY_SUFFIX.get(suffix)
        if said not in (None, self.form) and self.form != "table":
            raise DataError(f'--out: "{suffix}" says {said}, --format says {self.form}. Leave one of them out.')
        return said or self.form


@dataclass(kw_only=True, eq=False)
class TableOutput(Output):
    """The same for an answer of several tables, one of which may be asked for."""

    table: opt.Table = None


@dataclass(kw_only=True, eq=False)
class PageOutput(Command):
    """The same for an answer that may also go as a page, or as a table in Markdown."""

    out: Annotated[Path | None, "Write to this file; .html, .md, .csv and .json say the format.", opt.PAGE] = None
    kind: Annotated[opt.Kind | None, "Of the answer; default by --out, else table.", "--format"] = None
    table: opt.Table = None

    def asked_kind(self) -> opt.Kind:
        """Return the format that is asked for, or that the name of the file says."""
        suffix = self.out.suffix.lower() if self.out is not None else ""
        if suffix:
            checks.known(suffix, opt.BY_SUFFIX, "--out", "format", "Or leave the suffix out, and give --format.")
        said = opt.BY_SUFFIX.get(suffix)
        kind = self.kind or said or "table"
        if said not in (None, kind):
            raise DataError(f'--out: "{suffix}" says {said}, --format says {kind}. Leave one of them out.')
        if self.table is not None and kind in ("md", "html"):
            raise DataError(f"--table: --format {kind} shows all there is; ask for table or csv.")
        return kind

    def hand_over(self, text: str) -> None:
        """Print a page or a table, or write it to the file."""
        if self.out is None:
            sys.stdout.write(text)
        else:
            self.write(self.out, text)


@dataclass(kw_only=True, eq=False)
class Drawn(Command):
    """The option to have an answer drawn too."""

    figure: Annotated[Path | None, "Also draw the answer: F.svg, or F.png (extra: report).", opt.PICTURE] = None

    def say(self, found: Any, *tables: Any, **more: Any) -> None:
        """Print an answer, and draw it."""
        super().say(found, *tables, **more)
        if self.figure is not None:
            print(f"written: {found.plot().save(self.figure)}", file=sys.stderr)


@dataclass(kw_only=True, eq=False)
class Verified(Command):
    """The option to have an answer found by a second solver too."""

    verify: Annotated[bool, "Solve again with a second solver and say so."] = False


Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
# may stand before the command, and after it
STOPPED = 130  # exit code after Ctrl-C, as shells have it
DEBUG = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Debug)
C = TypeVar("C", bound=type[Command])


_GROUPS: dict[str, typer.Typer] = {}
# every command by its name
COMMANDS: dict[str, type[Command]] = {}


def _group(name: str) -> typer.Typer:
    """Return the commands that begin with one word, such as "scenario"."""
    if name not in _GROUPS:
        _GROUPS[name] = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
        app.add_typer(_GROUPS[name], name=name, help=f"Commands on one {name} of a graph.")
    return _GROUPS[name]


@dataclass_transform(kw_only_default=True)
class _Once(TyperCommand):
    """A command that refuses a second value of an option that takes one, of which the last would win unsaid."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line."""
        given = [word.partition("=")[0] for word in args]
        known = {name for param in self.params for name in param.opts}
        reading = {option.name for option in opt.options_of(COMMANDS["import"]).values()} - known
        if "graph" in {param.name for param in self.params} and (name := next(filter(reading.__contains__, given), "")):
            ctx.fail(
                f"No such option: {name}. It says how a file is read: chainnet import FILE {name} ... --out FOLDER\n"
                "comes first. Then ask the folder."
            )
        one = [p for p in self.params if p.param_type_name == "option" and not (p.multiple or p.is_flag)]  # type: ignore[attr-defined]
        for name in (name for option in one for name in option.opts if given.count(name) > 1):
            ctx.fail(f"{name}: given {given.count(name)} times, but takes one value here. Give it once.")
        return super().parse_args(ctx, args)


def command(
    asks: str = "", name: str = "", like: str = "", *, example: str = "", first: tuple[str, ...] = ()
) -> Callable[[C], C]:
    """Make a class a command; its own options stand first, then those of the classes it is made from.

    Parameters
    ----------
    asks : str
        The function that it asks, such as "flow.balance", after its package.
    name : str
        What it is called; default the name of the class in small letters.
    like : str
        The function of Python that does the same, where the command does not ask it by name.
    example : str
        A line that runs, after ``chainnet``; it ends the help.
    first : tuple of str
        The whole lines before it that make its files, so that the example runs in an empty folder.
    """

    def register(kind: C) -> C:
        dataclass(kw_only=True, eq=False)(kind)
        kind.asks, kind.like, kind.example, kind.first = asks, like or asks, example, first
        options = opt.options_of(kind)
        inherited = [field for base in kind.__bases__ for field in opt.options_of(base)]
        parameters = []
        for field in dict.fromkeys([*inspect.get_annotations(kind), *inherited]):
            given = kind.__dataclass_fields__[field].default
            hint, default = options[field].typed(... if given is MISSING else given)
            parameters.append(
                inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
            )
        parameters.append(DEBUG)
        COMMANDS[name or kind.__name__.lower()] = kind
        group, _, own = (name or kind.__name__.lower()).rpartition(" ")

        def run(debug: bool, **given: Any) -> None:
            _show_tracebacks(debug)
            try:
                with patience(own):
                    asked = kind(**given)
                    asked.check_targets()
                    asked._run()
            except KeyboardInterrupt as stop:
                said = f"stopped; {stop}." if str(stop) else "stopped"
                print(f"chainnet: {said}", file=sys.stderr)
                raise typer.Exit(STOPPED) from None

        # what typer reads
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {asked.name: asked.annotation for asked in parameters}
        said = "\n  ".join(("\b\nExample:", *first, f"chainnet {example}")) if example else None
        (_group(group) if group else app).command(own, cls=_Once, help=inspect.getdoc(kind), epilog=said)(run)
        return kind

    return register


def short_at_ends(table: pd.DataFrame, head: str = "") -> dict[str, str]:
    """Return the line on the shortfall, tier by tier, of ``service_range``; ``head`` says of what."""
    from chainnet.results import Ends
    from chainnet.words import ends_sentence

    return {"ends": head + ends_sentence(Ends.by_tier(table, "demand"), "t/yr", " ")}


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Debug = False,
) -> None:
    if version:
        from chainnet._version import package_version

        print(f"chainnet {package_version()}")
        raise typer.Exit
    _show_tracebacks(debug)


def _show_tracebacks(debug: bool) -> None:
    if debug:
        os.environ["CHAINNET_DEBUG"] = "1"
