"""The commands that list, check, draw, report, compare all chains in a table, and convert."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import Command, Counted, Form, Output, Question, TableOutput, command
from chainnet.cli.progress import progress_bar
from chainnet.cli.words import words
from chainnet.errors import DataError

# what an overview is written as, by the name of its file
BY_SUFFIX: dict[str, Literal["table", "csv", "json", "md", "html"]] = {
    ".html": "html",
    ".md": "md",
    ".csv": "csv",
    ".json": "json",
    ".txt": "table",
}
PROCESSES_FROM = 30  # nodes from which two processes repay their start
Marking = Annotated[str, "Banner at the top and bottom."]


def _formats(text: str, option: str) -> list[str]:
    """Read the formats of a report; any other word is bad usage."""
    from chainnet.reporting import FORMATS

    for word in words(text):
        if word not in FORMATS:
            raise typer.BadParameter(f"{word!r} is not one of {', '.join(FORMATS)}.", param_hint=option)
    return words(text)


@command(name="list")
class ListGraphs(Output):
    """List the shipped graphs."""

    def _run(self) -> None:
        from chainnet.io import catalog

        self.say(None, {"graphs": catalog()})


@command()
class Check(Question, TableOutput):
    """Check a graph and say what its figures rest on; every fault is listed at once."""

    def _run(self) -> None:
        from chainnet.cli.indicators import coverage_answer

        try:
            network = self.network
        except DataError as err:
            if self.form != "json" or err.faults.empty:
                raise
            Output(form=self.form, out=self.out).say(None, {"faults": err.faults}, {"ok": False})
            raise typer.Exit(1) from None
        tables, figures = coverage_answer(network)
        numbers = {"graph": network.name, "digest": network.digest, "ok": True, **figures}
        # balance gaps and published totals only where there are any
        shown = tuple(name for name, rows in tables.items() if len(rows) or name in ("coverage", "edges", "references"))
        self.say(None, {**tables, "faults": DataError().faults}, numbers, shown)


@command("drawing.draw")
class Draw(Question, Form):
    """Draw an interactive page: one file that opens offline."""

    path: Annotated[Path | None, "HTML file to write; default GRAPH-VIEW.html.", "--out"] = None
    view: Annotated[Literal["graph", "map", "sankey"], "Which view to draw."] = "graph"
    scenario: opt.OneScenario = None
    months: Annotated[int | None, "Horizon: the scenario month by month, with a slider."] = None
    start: opt.Start = None
    step_months: opt.Step = 1
    others: opt.Others = "after"
    marking: Marking = ""
    title: Annotated[str | None, "Heading."] = None
    live: Annotated[bool, "A living page: it solves again whenever its reader moves a control."] = False

    def _run(self) -> None:
        if self.live:
            if self.months is not None or self.start is not None or self.step_months != 1:
                raise DataError("draw: a living page has no months yet. Leave --months out, or --live.")
            self.say_paths(self.ask(scenario=self.scenario))
            return
        if self.months is None and (self.start is not None or self.step_months != 1):
            raise DataError("draw: --start and --step-months go with --months; give the horizon.")
        if self.months is not None and self.scenario is None:
            raise DataError("draw: --months follows one scenario; name it with --scenario.")
        found: Any = None
        event, losses, ends = None, None, None
        if not self.network.demand.empty:
            event = self.given("scenario")
            steady = self.months is None
            found = self.ask("flow.balance") if steady else self.ask("stress.stress_test", scenarios=event)
            ends = self.ask("flow.both_ends", known=found) if steady else None
            losses = self.ask("criticality.chokepoints", scenario=None)
        elif self.scenario:
            raise DataError("draw: a scenario needs a network with a demand table.")
        name = event.name if event is not None and self.months is not None else None
        self.say_paths(self.ask(result=found, losses=losses, scenario=name, ends=ends))


@command("reporting.report")
class Report(Question, Counted, Form):
    """Write the stress-test report: report.html, report.pdf, report.xlsx and graph.html."""

    path: Annotated[Path, "Folder to write.", "--out"] = Path("out")
    formats: Annotated[str, "html, pdf, xlsx; split by commas.", _formats] = "html,pdf,xlsx"
    scenarios: opt.Scenarios = None
    years: Annotated[list[int] | None, "Year for which projects are valued; may be repeated.", "--year"] = None
    months: Annotated[int, "Horizon of the answers over time."] = 48
    start: opt.Start = None
    recovery: Annotated[float | None, "Years until a site that drops out is back; default 1, assumed."] = None
    title: Annotated[str | None, "Title of the report."] = None
    author: Annotated[str, "Who hands it up."] = ""
    marking: Annotated[str, "Banner at the top and bottom of every page."] = ""
    language: Annotated[str, "Language of the documents, such as en."] = "en"
    templates: Annotated[Path | None, "Folder with page.html.j2, report.typ or both in place of ours."] = None
    draws: Annotated[int, "Draws of the uncertain inputs; 0 = none.", opt.AtLeast(0)] = 64
    others: opt.Others = "after"

    def _run(self) -> None:
        from concurrent.futures import ProcessPoolExecutor
        from contextlib import nullcontext
        from multiprocessing import get_context

        pays = len(self.network.nodes) >= PROCESSES_FROM
        apart = ProcessPoolExecutor(2, mp_context=get_context("spawn")) if pays else nullcontext()
        with apart as pool, progress_bar("report") as step:
            self.say_paths(*self.ask(executor=pool, progress=step))


@command()
class Overview(Command):
    """Say of every chain in one row who goes short, where the neck is, what closes it and what that hinges on.

    Without GRAPH every shipped chain that is not made up to learn on. People see the worst and the likeliest
    restriction; the first table of csv and json has a row a chain, --table details every restriction and tier.
    """

    graphs: Annotated[list[str] | None, typer.Argument(metavar="GRAPH", help=opt.GRAPH)] = None
    months: Annotated[int, "Horizon in which the first month is looked for.", opt.AtLeast(1)] = 48
    out: Annotated[Path | None, "Write to this file; .html, .md, .csv and .json say the format."] = None
    kind: Annotated[
        Literal["table", "csv", "json", "md", "html"] | None, "Of the answer; default by --out, else table.", "--format"
    ] = None
    table: Annotated[str | None, "Which table to print as table or csv: overview or details."] = None

    def _run(self) -> None:
        from chainnet.assessment import first_rows, overview
        from chainnet.reporting import overview_markdown, overview_page

        kind = self.kind or self._by_name()
        if self.table is not None and kind in ("md", "html"):
            raise DataError(f"--table: --format {kind} shows all there is; ask for table or csv.")
        with progress_bar("overview") as step:
            found = overview(self.graphs or None, details=True, months=self.months, progress=step)
        if kind == "md":
            self._hand_over(overview_markdown(found))
        elif kind == "html":
            self._hand_over(overview_page(found))
        else:
            self.form = kind
            self.say(found, {"overview": first_rows(found), "details": found}, {})

    def _hand_over(self, text: str) -> None:
        """Print a page or a table, or write it to the file."""
        if self.out is None:
            sys.stdout.write(text)
        else:
            self.write(self.out, text)

    def _by_name(self) -> Literal["table", "csv", "json", "md", "html"]:
        """Return the format that the name of the file says."""
        suffix = self.out.suffix.lower() if self.out is not None else ""
        found = BY_SUFFIX.get(suffix)
        if found is None and suffix:
            raise DataError(f'--out: "{suffix}" is no known format. Known: {", ".join(BY_SUFFIX)}; or give --format.')
        return found or "table"


@command(name="import")
class Import(Form):
    """Read a network in one form and write it in another; checked on the way."""

    file: Annotated[str, typer.Argument(metavar="FILE", help="Folder, .xlsx, .graphml, .json, .csv or .parquet.")]
    path: Annotated[Path, "Folder or file to write.", "--out"]

    def _run(self) -> None:
        from chainnet.io import read, write

        self.say_paths(write(read(self.file), self.path))


@command()
class Init(Form):
    """Start a graph of your own: a small chain as a folder of tables, with a scenario."""

    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make.")]

    def _run(self) -> None:
        from chainnet.io import write_template

        self.say_paths(write_template(self.folder))


@command()
class Engine(Form):
    """Add the solver of living pages (draw --live) from the file that `npm pack` writes."""

    action: Annotated[Literal["add"], typer.Argument(metavar="add", help="What to do.")]
    file: Annotated[Path, typer.Argument(metavar="FILE", help="highs-1.15.3.tgz.")]

    def _run(self) -> None:
        from chainnet.drawing import add_solver

        self.say_paths(add_solver(self.file))
