"""The commands that ask again: assumptions, ensemble, sensitivity, and compare for two graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Question, TableOutput, Verified, command
from chainnet.cli.progress import progress_bar


@command("assumptions.load_bearing")
class Assumptions(Question, Counted, TableOutput, Verified):
    """Say what a verdict rests on: each judgement and each weak input otherwise, and sets of assumed plants.

    Without --scenario the network as it stands is asked. The table for people leaves out what moves nothing; csv and
    json hold every row.
    """

    scenario: Annotated[str | None, opt.SCENARIO + "; default the network as it stands."] = None
    tier: Annotated[str | None, "Only this tier, could it come first."] = None
    max_set: Annotated[int, "Largest set of assumed plants that is looked for, 0 to 5.", opt.AtLeast(0)] = 3

    def _run(self) -> None:
        with progress_bar("answers") as progress:
            found = self.ask(progress=progress)
        self._tell(found)

    def _tell(self, found: Any) -> None:
        tables, shown = found.tables(), ("table", "stated", "ends")
        self.say_verified(found.certificate.second_value)
        if self.form == "table" and self.table is None:
            tables, shown = {"table": found.table, "moving": found.moving, **tables}, ("moving", "stated", "ends")
        numbers = {"smallest_set": found.smallest_set or "none", "certificate": found.certificate}
        self.say(found, tables, numbers, shown, {"standing": found.standing, "ends": found.ends_said})


@command()
class Compare(Counted, TableOutput):
    """Say what changed between two graphs, in inputs and in answers, and which input moved the answer."""

    before: Annotated[str, typer.Argument(metavar="BEFORE", help=opt.GRAPH)]
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The same, as it is now.")]
    scenario: Annotated[
        str | None, "Scenario whose change is traced, or undisturbed; default that which changed most."
    ] = None

    def _run(self) -> None:
        from chainnet.assessment import compare
        from chainnet.io import read

        found = compare(
            read(self.before),
            read(self.after),
            scenario=self.scenario,
            **{name: self.given(name) for name in ("commodity", "beneficiaries")},
        )
        heads = {f"{i}": sentence for i, sentence in enumerate(found.words, start=1)}
        self.say(found, numbers=heads, shown=("answers", "causes", "rows"))


@command("runs.ensemble")
class Ensemble(Question, Counted, TableOutput):
    """Ask again and again with inputs drawn between low and high: P10, P50, P90, and whether ranks hold."""

    scenario: opt.OneScenario = None
    draws: Annotated[int, "Number of draws.", opt.AtLeast(1)] = 512
    seed: Annotated[int, "Seed of the draws.", opt.AtLeast(0)] = 0
    executor: Annotated[int | None, "Local processes; default none.", "--workers", opt.AtLeast(1)] = None
    store: Annotated[Path | None, "SQLite file of finished draws; the same call goes on with it."] = None
    correlation: Annotated[float, "Part of the variance that inputs of a country share, 0 to 1."] = 0.5
    ranked: Annotated[int, "Nodes whose rank is followed.", opt.AtLeast(0)] = 8
    sobol: Annotated[int, "Base sample of Sobol indices, a power of two; 0 = not asked.", opt.AtLeast(0)] = 0
    reroute: opt.Degree = "existing"

    def _run(self) -> None:
        with progress_bar("draws") as progress:
            found = self.ask(progress=progress)
        shown = ("summary", "ranks", *(("sobol",) if self.sobol else ()))
        self.say(found, numbers={"draws": self.draws, "seed": self.seed}, shown=shown)


@command("runs.sensitivity")
class Sensitivity(Question, Counted, TableOutput):
    """Solve again with each uncertain input at its low and its high value, and say which moves the answer most."""

    shown = ("inputs", "widest")

    scenario: opt.OneScenario = None
    projects: Annotated[list[str] | None, "Project that stands; may be repeated.", "--project"] = None
    by_year: opt.ByYear = None
    top: Annotated[int, "Rows of the inputs with the widest range.", opt.AtLeast(1)] = 10
    tier: Annotated[str | None, "Only this tier, could it come first."] = None
    recipes: Annotated[bool, "Whether recipe lines are tried too.", "--recipes/--no-recipes"] = True
    reroute: opt.Degree = "existing"
