"""The commands of doubt: assumptions, ensemble, sensitivity; and compare, for two graphs or for columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, PageOutput, Question, TableOutput, Verified, command, read_under
from chainnet.cli.progress import progress_bar
from chainnet.cli.words import split_pairs, words
from chainnet.errors import DataError

if TYPE_CHECKING:
    from chainnet.network import Network

# what people see of the central case, if it fits
_CENTRAL = ("tier", "class", "due_share", "already_share", "shortfall_share", "demand_tpa", "due_tpa", "closed_by",
            "step_stage", "step_country", "step_lost_share", "country", "country_lost_share")  # fmt: skip


@command("doubt.key_assumptions", example="assumptions mag-9 --scenario china_out")
class Assumptions(Question, Counted, TableOutput, Verified):
    """Show which assumptions a result depends on.

    First how much a scenario costs, the range of that, and whether a class of it can be said. Then each judgement and
    each weak input otherwise, and sets of assumed plants. Nothing is due to the baseline, which is asked without
    --scenario. The table for people leaves out what moves nothing; csv and json hold every row.
    """

    scenario: Annotated[str | None, opt.SCENARIO + "; default the baseline."] = None
    tier: Annotated[str | None, "Only this tier, served in its turn."] = None
    max_set: Annotated[int, "Largest set of assumed plants that is looked for, 0 to 5.", opt.AtLeast(0)] = 3
    order: opt.Order = None

    def _tell(self, found: Any) -> None:
        tables, shown = found.tables(), ("range", "central", "table")
        self.say_verified(found.certificate.second_value)
        if self.asked_form() == "table" and self.table is None:
            tables, shown = {"table": found.table, "moving": found.moving, **tables}, ("range", "central", "moving")
        firm = ", ".join(name for name, is_firm in found.firmness.items() if is_firm)
        numbers = {**found.words, "can_be_said": found.certain, "firm_against": firm or "nothing"}
        numbers |= {"smallest_set": found.smallest_set or "none", "certificate": found.certificate}
        tied = (found.table["due_low_share"] < found.table["due_high_share"]).any()
        ends = ("due_low_share", "due_high_share") if tied else ()
        seen = ("label", "variant", "tier", "due_share", *ends, "change_share", "shortfall_share", "what")
        idle = {"moving": ("change_share", "move no shortfall, only the bottleneck or what closes the gap")}
        self.say(found, tables, numbers, shown, columns={"moving": seen, "central": _CENTRAL}, idle=idle)


@command(like="assessment.compare", example="compare mag-9 --portfolio none= --portfolio both=G_US,H_US")
class Compare(Counted, PageOutput):
    """Compare graphs, scenarios or portfolios.

    What changed between two graphs, and which input moved the answer; or things side by side. One GRAPH: a column a
    --scenario (default all), or a column a --portfolio. Two: before and after, with causes. Three or more, or two
    --side-by-side: a column a chain, under --scenario or the worst of its own.
    """

    graphs: Annotated[list[str], typer.Argument(metavar="GRAPH", help=opt.GRAPH)]
    scenario: Annotated[
        list[str] | None,
        "Scenario, by name or TOML file; of one graph a column each, of two the one whose change is traced.",
    ] = None
    portfolio: Annotated[
        list[str] | None, "Column of projects that are built: NAME=ID,ID; NAME= for none. May be repeated."
    ] = None
    side_by_side: Annotated[bool, "Two graphs as columns too, without causes."] = False
    months: Annotated[int, "Horizon in which the first short month of a column is looked for; 0 = not asked."] = 48
    order: opt.Order = None
    laid_rules: opt.LaidRules = None

    def _run(self) -> None:
        if len(self.graphs) == 2 and not self.side_by_side:
            self._say_causes()
        else:
            self._say_columns()

    def _say_causes(self) -> None:
        from chainnet.assessment import compare

        kind = self.asked_kind()
        if kind in ("md", "html"):
            raise DataError(f"--format {kind}: it holds columns; two graphs are set in columns by --side-by-side.")
        if self.portfolio:
            raise DataError("--portfolio: sets of projects are columns of one graph; name one.")
        if len(self.scenario or []) > 1:
            raise DataError("--scenario: the change of one scenario is traced; give one, or --side-by-side.")
        before, after = self._networks()
        found = compare(before, after, scenario=self.scenario[0] if self.scenario else None, **self._counted())
        heads = {f"{i}": sentence for i, sentence in enumerate(found.words, start=1)}
        self.form = cast("opt.Form", kind)
        self.say(found, numbers=heads, shown=("answers", "causes", "rows", "concentration", "losses"))

    def _say_columns(self) -> None:
        from chainnet.assessment import compare
        from chainnet.reporting import comparison_markdown, comparison_page

        kind, asked = self.asked_kind(), [_scenario(word) for word in self.scenario or []]
        if len(self.graphs) > 1 and self.portfolio:
            raise DataError("--portfolio: sets of projects are columns of one graph; name one.")
        if len(asked) > 1 and (self.portfolio or len(self.graphs) > 1):
            raise DataError("--scenario: portfolios and chains are set side by side under one scenario; give one.")
        given: dict[str, Any] = {"months": self.months, **self._counted()}
        if self.portfolio:
            given |= {"portfolios": _sets(self.portfolio), "scenario": asked[0] if asked else None}
        elif len(self.graphs) > 1:
            given |= {"scenario": asked[0] if asked else None}
        else:
            given |= {"scenarios": asked or None}
        networks = self._networks()
        with progress_bar("compare") as step:
            found = compare(networks[0] if len(networks) == 1 else networks, progress=step, **given)
        if kind == "md":
            self.hand_over(comparison_markdown(found))
        elif kind == "html":
            self.hand_over(comparison_page(found))
        else:
            self.form = kind
            heads = {f"{i}": sentence for i, sentence in enumerate(found.words, start=1)}
            self.say(found, numbers=heads)

    def _networks(self) -> list[Network]:
        return [read_under(self.laid_rules, graph) for graph in self.graphs]

    def _counted(self) -> dict[str, Any]:
        return {name: self.given(name) for name in ("order", "commodity", "beneficiaries")}


def _scenario(word: str) -> Any:
    """Return a scenario that is a file; a name as it stands."""
    from chainnet.scenario import Scenario

    return Scenario.read(word) if word.endswith(".toml") else word


def _sets(given: list[str]) -> dict[str, list[str]]:
    """Return sets of projects by name."""
    rule = "is not of the form NAME=ID,ID."
    found = split_pairs(given, "--portfolio", rule, "is named twice; give each set a name of its own.")
    return {name: words(ids) for name, ids in found.items()}


@command("doubt.ensemble", example="ensemble mag-9 --scenario china_out --draws 64")
class Ensemble(Question, Counted, TableOutput):
    """Show the range over draws of uncertain inputs.

    P10, P50, P90, and whether ranks hold.
    """

    scenario: opt.OneScenario = None
    draws: Annotated[int, "Number of draws.", opt.AtLeast(1)] = 512
    seed: Annotated[int, "Seed of the draws.", opt.AtLeast(0)] = 0
    executor: Annotated[int | None, "Local processes; default none.", "--workers", opt.AtLeast(1)] = None
    store: Annotated[Path | None, "SQLite file of finished draws; the same call goes on with it."] = None
    correlation: Annotated[float, "Part of the variance that inputs of a country share, 0 to 1."] = 0.5
    ranked: Annotated[int, "Nodes whose rank is followed.", opt.AtLeast(0)] = 8
    sobol: Annotated[int, "Base sample of Sobol indices, a power of two; 0 = not asked.", opt.AtLeast(0)] = 0
    order: opt.Order = None
    reroute: opt.Degree = "existing"

    def _run(self) -> None:
        found = self.ask()
        shown = ("summary", "ranks", *(("sobol",) if self.sobol else ()))
        self.say(found, numbers={"draws": self.draws, "seed": self.seed}, shown=shown)


@command("doubt.sensitivity", example="sensitivity gallium --scenario china_export_stop_all")
class Sensitivity(Question, Counted, TableOutput):
    """Rank uncertain inputs by how they move the answer.

    Solve again with each at its low and its high value.
    """

    shown = ("inputs", "widest")

    scenario: opt.OneScenario = None
    projects: Annotated[list[str] | None, "Project that stands; may be repeated.", "--project"] = None
    by_year: opt.ByYear = None
    top: Annotated[int, "Rows of the inputs with the widest range.", opt.AtLeast(1)] = 10
    tier: Annotated[str | None, "Only this tier, if served first."] = None
    recipes: Annotated[bool, "Whether recipe lines are tried too.", "--recipes/--no-recipes"] = True
    reroute: opt.Degree = "existing"
