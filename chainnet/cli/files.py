"""The commands that list, check, draw, report, compare all chains in a table, and convert."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import (
    Command,
    Counted,
    Form,
    Output,
    PageOutput,
    Question,
    TableOutput,
    command,
    read_under,
)
from chainnet.cli.plans import measures_table
from chainnet.cli.progress import progress_bar
from chainnet.cli.trade import TRADE
from chainnet.cli.words import words
from chainnet.errors import DataError, Fault

if TYPE_CHECKING:
    from chainnet.flow import Counting
    from chainnet.network import Network

SAID = 3  # plants that a line names
PROCESSES_FROM = 30  # nodes from which two processes repay their start
Marking = Annotated[str, "Banner at the top and bottom."]


def _formats(text: str, option: str) -> list[str]:
    """Read the formats of a report; any other word is bad usage."""
    from chainnet.reporting import FORMATS

    for word in words(text):
        if word not in FORMATS:
            raise typer.BadParameter(f"{word!r} is not one of {', '.join(FORMATS)}.", param_hint=option)
    return words(text)


@command(name="list", like="io.catalog", example="list --format csv")
class ListGraphs(Output):
    """List the shipped graphs."""

    def _run(self) -> None:
        from chainnet.io import catalog

        self.say(None, {"graphs": catalog()})


@command(example="licences --format csv")
class Licences(Output):
    """List the packages that chainnet needs.

    Version, licence, what each is used for; nothing is asked of a network.
    """

    def _run(self) -> None:
        from chainnet.cli.licences import licences

        self.say(None, {"licences": licences()})


@dataclass(kw_only=True, eq=False)
class OwnData(Command):
    """The options that say how a file of one's own is read."""

    source: opt.Source = None
    sink: opt.Sink = None
    two_way: opt.TwoWay = False
    rename: opt.Rename = None
    ignore_unknown: opt.IgnoreUnknown = False
    country_names: opt.CountryNames = False
    separator: opt.Separator = ","
    decimal: opt.Decimal = None
    sheet: opt.Sheet = None
    header: opt.Header = None
    without_rows: opt.WithoutRows = ""
    unit: opt.Unit = None
    fill_down: opt.FillDown = False
    any_size: opt.AnySize = False

    def read_own(self, graph: str) -> Network:
        """Read a graph as the options say."""
        from chainnet.io import read

        return read(graph, **{name: self.given(name) for name in OwnData.__annotations__})


@command(like="indicators.coverage", example="check gallium --table measures")
class Check(OwnData, TableOutput):
    """Check a graph, its figures and its scenarios.

    What its figures rest on, and what each measure of its scenarios reaches. Every fault is listed at once; those
    of a workbook are marked in a copy beside it, cell by cell. With --scenario only these scenarios are looked at,
    and people see their measures.
    """

    graph: opt.Graph
    laid_rules: opt.LaidRules = None
    as_of: opt.AsOf = None
    scenarios: opt.Scenarios = None

    def _run(self) -> None:
        from chainnet.cli.indicators import coverage_answer
        from chainnet.flow import Counting, impossible, impossible_words
        from chainnet.io import with_rules
        from chainnet.network import spare_plants, unfed_plants, unlinked_plants
        from chainnet.scenario import rule_warnings
        from chainnet.words import NOBODY, first_capital

        try:
            network = self.read_own(self.graph)
            network = network if self.laid_rules is None else with_rules(network, self.laid_rules)
            _refuse_unfit(network)
        except DataError as err:
            self._mark(err)
            if self.asked_form() != "json" or err.faults.empty:
                raise
            Output(form=self.form, out=self.out).say(None, {"faults": err.faults}, {"ok": False})
            raise typer.Exit(1) from None
        network = network if self.as_of is None else network.at(None if self.as_of == "base" else self.as_of)
        tables, figures = coverage_answer(network)
        tables["measures"] = measures_table(network, self.scenarios, self.asked_form())
        broken = impossible(network)
        nobody = not network.demand.empty and Counting(network).is_nobodys
        ok = broken.empty and not nobody
        said_first = {"answer": f"{first_capital(NOBODY)}."} if nobody else {}
        numbers = {**said_first, "graph": network.name, "digest": network.digest, "ok": ok, **figures}
        tables["impossible"] = broken
        tables |= {"unrelated": network.unrelated, "unfed": unfed_plants(network), "unlinked": unlinked_plants(network)}
        tables |= {"roles": network.roles, "spare": (spare := spare_plants(network))}
        # balance gaps, published totals and what no relation reaches only where there are any
        always, never = ("coverage", "edges", "references"), ("roles", "shares", "spare", "impossible")
        shown = tuple(name for name, rows in tables.items() if name not in never and (len(rows) or name in always))
        shown = ("measures",) if self.scenarios else tuple(name for name in shown if name != "measures")
        footer = {"counted": _COUNTED, **({"read": " ".join(network.notes)} if network.notes else {})}
        if len(spare):
            more = f" {len(spare) - SAID} more: --table spare." if len(spare) > SAID else ""
            footer["spare"] = " ".join(spare["words"].head(SAID)) + more
        if said := rule_warnings(network):
            footer["rules_due"] = " ".join(said)
        if places := _unplaced(network):
            footer["places"] = places
        if len(broken):
            footer["impossible"] = impossible_words(network)
        self.say(None, {**tables, "faults": DataError().faults}, numbers, shown, footer)
        if not ok:
            raise typer.Exit(1)

    def _mark(self, error: DataError) -> None:
        """Write a copy of a workbook in which the faults are marked, and say so."""
        from chainnet.io import marked_copy

        path = Path(self.graph)
        if path.suffix.lower() == ".xlsx" and path.is_file() and error.faults_list:
            print(f"marked: {marked_copy(path, error)}", file=sys.stderr)


@command("scenario.rules", example="rules gallium --as-of 2027-01")
class Rules(TableOutput):
    """List the rules that touch a chain, with their state.

    At a date; and what customs show under them. --table scenarios: the scenarios, what is in force and what comes
    next first. --table controls: the rows of customs from which a scenario takes its shares.
    """

    graph: opt.Graph
    laid_rules: opt.LaidRules = None
    as_of: opt.AsOf = None

    def _run(self) -> None:
        from chainnet.scenario import controls, rule_warnings, rules, standings

        network = read_under(self.laid_rules, self.graph, self.as_of)
        found = rules(network)
        if self.form == "table":
            found = found[["title", "state", "in_force", "until", "suspended_from", "suspended_to", "review_by"]]
        said = rule_warnings(network)
        footer = {"rules_due": " ".join(said)} if said else {}
        self.say(
            None,
            {"rules": found, "scenarios": standings(network, self.as_of), "controls": controls(network)},
            {"graph": network.name},
            ("rules",),
            footer,
        )


# two measures of one network, which the overview of all chains has a third beside
_COUNTED = (
    "assumed_output_share is of the tonnes that all steps make, so steps of large tonnage weigh most; "
    "inferred_edge_share is of the tonnes on links, inferred or assumed. "
    "assumed_share of overview is of rows, without links."
)


def _unplaced(network: Network) -> str:
    """Say which plants have no country, and in which region they lie; "" where all have one."""
    from chainnet.words import join

    nodes = network.nodes
    plants = nodes[(nodes["stage"] != "end_use") & nodes["country"].isna()]
    if plants.empty or plants["country"].isna().sum() == (nodes["stage"] != "end_use").sum():
        return ""
    at = plants["region"].fillna("no region")
    each = [f"{join(plants.loc[at == region, 'id'])} ({region})" for region in sorted(set(at))]
    return f"without a country, so rankings by country leave them out: {'; '.join(each)}"


def _refuse_unfit(network: Network) -> None:
    """Raise what a question would refuse."""
    unfit = network.unrelated[~network.unrelated["is_fit"].astype(bool)]
    remedy = "Correct stocks.node or stocks.commodity, or add the edge."
    faults = [
        Fault(str(table), None, "node", str(name), str(words).rstrip("."), remedy)
        for table, name, words in zip(unfit["table"], unfit["id"], unfit["words"], strict=True)
    ]
    if faults:
        raise DataError(faults=faults)


@command("drawing.draw", example="draw mag-9 --out mag-9.html")
class Draw(Question, Form):
    """Draw an interactive page: one file, opens offline."""

    graph: opt.Graph = ""
    path: Annotated[
        Path | None,
        "HTML file to write, or a picture of it: .html, .svg, .png; default GRAPH-VIEW.html.",
        "--out",
        opt.DRAWING,
    ] = None
    view: Annotated[Literal["graph", "map", "sankey"], "Which view to draw."] = "graph"
    scenario: Annotated[str | None, opt.SCENARIO + ", or in_force; default the worst."] = None
    tier: Annotated[str | None, "Whose shortfall leads; default the first that is not met."] = None
    months: Annotated[int | None, "Horizon: month by month, with a slider; of the scenario that leads alone."] = None
    start: opt.Start = None
    step_months: opt.Step = 1
    order: opt.Order = None
    marking: Marking = ""
    title: Annotated[str | None, "Heading."] = None
    gains: Annotated[
        int | None, "Year for which the graph says what each project gains, costs and needs under the scenario."
    ] = None
    live: Annotated[bool, "A living page: it solves again whenever its reader moves a control."] = False
    examples: Annotated[
        Path | None, "With --live and without GRAPH: folder for a living page of every shipped graph, NAME-live.html."
    ] = None

    def _run(self) -> None:
        if self.examples is not None:
            self._examples(self.examples)
            return
        if not self.graph:
            raise DataError("draw: GRAPH is missing. Name a graph or its path, or give --live --examples FOLDER.")
        if self.live:
            if self.months is not None or self.start is not None or self.step_months != 1:
                raise DataError(
                    "draw: a living page has 24 months of its own, all that is set in force from the first. Leave "
                    "--months, --start and --step-months out, or --live."
                )
            self.say_paths(self.ask(scenario=self.scenario))
            return
        if self.months is None and (self.start is not None or self.step_months != 1):
            raise DataError("draw: --start and --step-months go with --months; give the horizon.")
        from chainnet.flow import Counting

        counting = None if self.network.demand.empty else Counting.of(self.network, order=self.given("order"))
        if counting is None or not counting.rows.any():
            if self.scenario or self.gains is not None:
                what = "a scenario" if self.scenario else "--gains"
                raise DataError(f"draw: {what} needs a network with a demand table.")
            self.say_paths(self.ask(result=None))
            return
        finding = self.ask("assessment.find", scenario=self.given("scenario"))
        tier, first = finding.answers.named(finding.tier), finding.scenario
        valued = partial(self.ask, "criticality.chokepoints", by="site", order=counting.value_order)
        under = valued(scenario=first, tier=tier) if first is not None and tier else None
        beside = {
            "order": counting.order_name,
            "losses": valued(scenario=None, tier=None),
            "first_losses": valued(scenario=None, tier=tier) if tier else None,
            "scenario_losses": under,
            "finding": finding.to_dict(brief=self.months is None),
            "rerouting": self._gains(),
        }
        self.say_paths(self.ask(scenario=None, **self._flows(counting, first), **beside))

    def _examples(self, folder: Path) -> None:
        """Write a living page of every shipped graph, as it stands."""
        fields, own = type(self).__dataclass_fields__, ("live", "examples", "form")
        more = [name for name in self.options if name not in own and getattr(self, name) != fields[name].default]
        if more or not self.live:
            said = [self.graph if name == "graph" else self.options[name].name for name in more]
            wrong = f"Leave out {', '.join(said)}" if more else "Add --live"
            raise DataError(f"draw: --examples writes a living page of every shipped graph as it stands. {wrong}.")
        from chainnet.drawing import draw
        from chainnet.io import catalog, read

        names, written = list(catalog().index), []
        with progress_bar("examples") as step:
            for number, name in enumerate(names):
                step(name, number / len(names))
                written.append(draw(read(name), live=True, path=folder / f"{name}-live.html"))
        self.say_paths(*written)

    def _flows(self, counting: Counting, first: Any) -> dict[str, Any]:
        """Return the long run of every scenario, first that of the finding; with a horizon its months, and no other."""
        from chainnet.flow import long_runs
        from chainnet.scenario import scenarios

        lead = [] if first is None else [first]
        if self.months is None:
            others = [one for one in scenarios(self.network).values() if first is None or one.name != first.name]
            return {"result": long_runs(self.network, [*lead, None, *others], counting, "new")}
        runs = long_runs(self.network, lead or [None], counting, "new")
        return {"result": self.ask("stress.stress_test", scenarios=lead, reroute="new"), "long_run": runs}

    def _gains(self) -> Any:
        """Return what the projects gain under the scenario in the year, if that is asked."""
        if self.gains is None:
            return None
        if self.scenario is None:
            raise DataError("draw: --gains counts under one scenario; name it with --scenario.")
        return self.ask("projects.reroute", by_year=self.gains)


@command("reporting.report", example="report mag-9 --out out --formats html")
class Report(Question, Counted, Form):
    """Write the stress-test report.

    report.html, report.pdf, report.xlsx and graph.html.
    """

    path: Annotated[Path, "Folder to write.", "--out", opt.FOLDER] = Path("out")
    formats: Annotated[str | None, "html, pdf, xlsx, json; split by commas. Default all.", _formats] = None
    brief: Annotated[bool, "One page in the place of the report: brief.html, brief.pdf."] = False
    figures: Annotated[Path | None, "Folder for every figure as a slide, SVG and PNG of 1920 x 1080.", opt.FOLDER] = (
        None
    )
    live: Annotated[bool, "A living page beside it: live.html, which solves again when a control is moved."] = False
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
    order: opt.Order = None

    def _run(self) -> None:
        from contextlib import nullcontext
        from inspect import signature

        from chainnet.assessment import assess
        from chainnet.doubt import local_processes

        self._say_missing()
        pays = len(self.network.nodes) >= PROCESSES_FROM
        apart = local_processes(2) if pays else nullcontext()
        with apart as pool, progress_bar("report") as step:
            said = "done"

            def tell(what: str, part: float) -> None:
                nonlocal said
                said = what  # the last is the verdict, which is no work
                step(what if part < 1.0 else "done", part)

            wanted = {name: self.given(name) for name in signature(assess).parameters if name in self.options}
            asked = {name: value for name, value in wanted.items() if value is not None}
            paths = self.ask(self.asks, progress=tell, executor=pool, **asked)
        self.say_paths(*paths)
        print(f"verdict: {said}", file=sys.stderr)

    def _say_missing(self) -> None:
        """Say before the work begins what the graph does not hold, and so no page of the report."""
        from chainnet.assessment import missing
        from chainnet.scenario import pick_scenarios

        asked = {one.name: one for one in pick_scenarios(self.network, self.given("scenarios"))}
        found = missing(self.network, asked).index
        if len(found):
            print(f"not in {self.network.name}, the report says how to add them: {', '.join(found)}", file=sys.stderr)


# what people see of a project that helps
_PROJECT = ("id", "label", "state", "due", "avoids_tpa", "cost_musd")


@command("assessment.find", example="find mag-9 --scenario china_out")
class Find(Question, Counted, TableOutput):
    """Find who is short, when, where, and what helps.

    Also where the chain breaks, and how sure that is. Without --scenario the worst of the export rules that ship with
    the graph, without --tier the first tier that is not met. json holds the whole finding.
    """

    scenario: Annotated[str | None, opt.SCENARIO + ", or in_force; default the worst."] = None
    tier: Annotated[str | None, "Whose shortfall; default the first that is not met."] = None
    order: opt.Order = None

    def _tell(self, found: Any) -> None:
        import json

        import pandas as pd

        from chainnet.words import NBSP

        if self.asked_form() == "json" and self.table is None:
            text = json.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n"
            if self.out is None:
                sys.stdout.write(text)
            else:
                self.write(self.out, text)
            return
        names = ("finding", "who", "where", "what", "how_sure")
        lines = [line.replace(NBSP, " ") for line in (found.title, *found.sentences)]
        lines[-1] = f"{lines[-1]} {found.range_sentence.replace(NBSP, ' ')}".rstrip()
        tables = {"levels": found.levels.reset_index()}
        if not found.is_met:
            tables |= {"projects": found.measures}
        if self.asked_form() != "table" or self.table is not None:  # the months take longer than all else
            tables |= {"projects": found.measures, "depends_on": pd.DataFrame(found.depends_on)}
            tables |= {"months": found.months.reset_index()}
        shown = tuple(name for name in ("levels", "projects") if len(tables.get(name, ())))
        footer = {
            "stocks": found.stocks_sentence.replace(NBSP, " "),
            "when": found.when_words,
            "levels": found.levels_words,
            "projects": found.projects_words if "projects" in shown else "",
        }
        footer = {name: words for name, words in footer.items() if words}
        said = dict(zip(names, lines, strict=True))
        self.say(found.levels, tables, said, shown, footer, columns={"projects": _PROJECT})


@command(like="assessment.overview", example="overview mag-9")
class Overview(PageOutput):
    """Summarise each chain, and what decides it.

    A sentence a chain and restriction: what is in force, what may return, the worst, as the chain stands at its date
    or at --as-of. Then a table. Without GRAPH every shipped chain but the teaching one. The first table of csv and json
    has a row a chain, --table details every restriction and tier.
    """

    graphs: Annotated[list[str] | None, typer.Argument(metavar="GRAPH", help=opt.GRAPH)] = None
    order: opt.Order = None
    as_of: opt.AsOf = None
    laid_rules: opt.LaidRules = None

    def _run(self) -> None:
        from chainnet.assessment import first_rows, overview
        from chainnet.reporting import overview_markdown, overview_page, overview_sentences

        kind = self.asked_kind()
        with progress_bar("overview") as step:
            found = overview(self._networks(), details=True, order=self.given("order"), progress=step)
        if kind == "md":
            self.hand_over(overview_markdown(found))
        elif kind == "html":
            self.hand_over(overview_page(found))
        else:
            self.form = kind
            self.say(found, {"overview": first_rows(found), "details": found}, overview_sentences(found))

    def _networks(self) -> list[Any] | None:
        """Return the graphs that are asked about, under the rules that are laid over them; None = all shipped ones."""
        from chainnet.assessment import is_made_up
        from chainnet.io import shipped_names

        if self.laid_rules is None and self.as_of is None:
            return self.graphs or None
        found = [read_under(self.laid_rules, graph, self.as_of) for graph in self.graphs or shipped_names()]
        return [network for network in found if self.graphs or not is_made_up(network)]


@command(like="calibration.look", first=(TRADE,), example="look BACI_2022.csv")
class Look(TableOutput):
    """Look at a table, and print the command that reads it.

    Which sheets it has, where the heads stand, what each column seems to be and by what, units, totals, names that
    are nearly equal. What the file leaves open is asked: there is a command for each answer.
    """

    file: Annotated[str, typer.Argument(metavar="FILE", help="Workbook (.xlsx) or text (.csv, .tsv).")]
    sheet: Annotated[str | None, "Only this sheet."] = None

    def _run(self) -> None:
        from chainnet.calibration import look

        found = look(self.file, sheet=self.sheet)
        if self.asked_form() == "table" and self.table is None:
            text = f"{found}\n"
            sys.stdout.write(text) if self.out is None else self.write(self.out, text)
        else:
            self.say(None, found.tables(), {"path": found.path, "command": found.command})


@command(name="import", like="io.read", first=("chainnet init own",), example="import own --out own.json")
class Import(OwnData, Form):
    """Read a network in one form, write it in another.

    It is checked on the way.
    """

    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Folder, .xlsx, .graphml, .gexf, .json, .csv or .parquet; or a graph.")
    ]
    path: Annotated[Path, "Folder or file to write.", "--out", opt.NETWORK]

    def _run(self) -> None:
        from chainnet.io import write

        self.say_paths(write(self.read_own(self.file), self.path))


@command(like="io.write_template", example="init --excel mine.xlsx")
class Init(Form):
    """Start a graph of your own.

    A small chain as a folder of tables, with a scenario, or as a workbook to fill in.
    """

    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="Folder to make.")] = None
    excel: Annotated[
        Path | None, "Workbook to make instead: lists to choose from, units, checks in the cells.", opt.BOOK
    ] = None

    def _run(self) -> None:
        from chainnet.io import write_template, write_template_book

        if self.folder is not None and self.excel is None:
            self.say_paths(write_template(self.folder))
        elif self.excel is not None and self.folder is None:
            self.say_paths(write_template_book(self.excel))
        else:
            raise DataError("init: give either FOLDER or --excel FILE.")
