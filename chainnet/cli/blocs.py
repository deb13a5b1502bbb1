"""The commands about blocs: alliance, alignment, partners, retaliation, fair-split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import Question, TableOutput, command
from chainnet.cli.words import number, pairs, split_pairs, words


def _named(given: Sequence[str], option: str) -> dict[str, list[str]]:
    """Read NAME=COUNTRY,COUNTRY."""
    rule = "is not of the form NAME=COUNTRIES, such as us=USA,JPN,EU27."
    pairs = split_pairs(given, option, rule, "stands twice. Name each bloc once.")
    return {name: words(countries) for name, countries in pairs.items()}


@command("blocs.alliance", example="alliance gallium --scenario china_export_stop_all --members USA,JPN")
class Alliance(Question, TableOutput):
    """Show what members keep alone, in pairs and together.

    And who pays, against who gains.
    """

    shown = ("members", "coalitions", "contributions", "pools", "regions")

    scenario: opt.OneScenario = None
    members: Annotated[str | None, "Countries or groups, split by commas; each is a member.", words] = None
    projects: opt.Projects = None
    by_year: opt.ByYear = None
    reroute: opt.Degree = "existing"
    order: Annotated[Literal["allies_last", "allies_first"], "Whether third countries are served last, or first."] = (
        "allies_last"
    )
    regions: Annotated[str | None, "Groups by which investment is told apart, split by commas.", words] = None
    commodity: opt.Commodity = None

    def _run(self) -> None:
        found = self.ask()
        self.say(found, shown=self.shown, footer=found.words)


@command("blocs.alignment", example="alignment gallium --bloc us=bloc_2026 --bloc cn=CHN --countries KOR")
class Alignment(Question, TableOutput):
    """Show what a split into two blocs costs.

    And what each country between the two is worth to either.
    """

    blocs: Annotated[list[str], "NAME=COUNTRIES split by commas; give two, ours first.", "--bloc", _named]
    scenario: opt.OneScenario = None
    countries: Annotated[str | None, "Who has to choose, split by commas. Default: all others.", words] = None
    projects: Annotated[
        list[str] | None, "Projects that stand, or all; may be repeated. Default: none.", "--project"
    ] = None
    by_year: opt.ByYear = None
    reroute: opt.Degree = "existing"
    exclude: Annotated[list[str] | None, "Owner shut out; may be repeated. Default: all owners of the second bloc."] = (
        None
    )
    exclude_from: Annotated[str | None, "Date that the exclusion scenario bears."] = None
    cap_share: Annotated[float, "Most that may come from one third country.", "--cap"] = 0.65
    save: Annotated[
        Path | None, "Folder to write the instruments to, as TOML scenarios.", "--save-scenarios", opt.FOLDER
    ] = None
    seed: Annotated[int, "Seed of the random orders, beyond 12 countries."] = 0
    commodity: opt.Commodity = None

    def _run(self) -> None:
        import pandas as pd

        from chainnet.io import write_file

        found = self.ask(projects=None if self.projects == ["all"] else self.projects or ())
        plans = [(name, plan.label, plan.to_toml()) for name, plan in found.scenarios.items()]
        if self.save is not None:
            for name, _, text in plans:
                write_file(self.save / f"{name}.toml", text.encode())
        tables = {**found.tables(), "scenarios": pd.DataFrame(plans, columns=["name", "label", "toml"])}
        shown = ("split", "countries", "incumbents", "counter_network", "caps")
        self.say(found, tables, shown=shown)


@command("blocs.partners", example="partners graphite --bloc us=bloc_2026 --bloc them=CHN --countries MOZ")
class Partners(Question, TableOutput):
    """Show what a third country gains by each choice.

    It may choose a side, neither, or keep its ore at home.
    """

    blocs: Annotated[list[str], "NAME=COUNTRIES split by commas; give two.", "--bloc", _named]
    countries: Annotated[str | None, "Who has to choose, split by commas. Default: all others.", words] = None
    scenario: opt.OneScenario = None
    projects: Annotated[
        list[str] | None, "Projects that stand, or all; may be repeated. Default: none.", "--project"
    ] = None
    by_year: opt.ByYear = None
    choices: Annotated[
        list[str] | None,
        "as_is, joins_NAME, own_use, or a scenario (shipped name or file); may be repeated. Default: the first four.",
        "--choice",
    ] = None
    prices: Annotated[
        list[str] | None, "COMMODITY=USD per tonne; may be repeated.", "--price", pairs("COMMODITY=USD per tonne")
    ] = None
    reroute: opt.Degree = "existing"
    commodity: opt.Commodity = None

    def _run(self) -> None:
        own = ("as_is", "own_use", *(f"joins_{name}" for name in self.given("blocs")))
        chosen = [word if word in own else self.pick_scenario(word, "--choice") for word in self.choices or ()]
        found = self.ask(projects=None if self.projects == ["all"] else self.projects or (), choices=chosen or None)
        tables = found.tables()
        kept = ["_best_tpa", "value_added", "worked_low_tpa", "worked_high_tpa", "short", "dominated_by"]
        narrow = [c for c in tables["choices"] if c in ("country", "choice") or any(part in c for part in kept)]
        if self.asked_form() == "table" and self.table is None:
            tables["choices"] = tables["choices"][narrow]
        self.say(found, tables, shown=("choices", "leverage", "ban", *(("unpriced",) if len(found.unpriced) else ())))


@command("blocs.retaliation", example="retaliation gallium --us bloc_2026 --them CHN --move two_blocs")
class Retaliation(Question, TableOutput):
    """Show a bloc's measures against the best answer.

    The other side answers, and the bloc replies with projects.
    """

    shown = ("moves", "candidates")

    us: Annotated[str, "Our countries or groups, split by commas.", words]
    them: Annotated[str, "The other side, split by commas.", words]
    move: Annotated[list[str] | None, "Scenario (shipped name or file) as a move of ours; may be repeated."] = None
    k: Annotated[int, "Most cuts in their answer."] = 1
    by: Annotated[Literal["commodity", "node"], "What they cut."] = "commodity"
    to: Annotated[Literal["us", "all"], "Whom a stopped export hits."] = "us"
    scenario: opt.OneScenario = None
    projects: opt.Projects = None
    budget_musd: Annotated[float | None, "What the reply may cost, USD million.", "--budget"] = None
    by_year: opt.ByYear = None
    reroute: opt.Degree = "existing"
    commodity: opt.Commodity = None

    def _run(self) -> None:
        moves = {"nothing": None, **{word: self.pick_scenario(word, "--move") for word in self.move or ()}}
        seen = (
            "move",
            "final_tpa",
            "lost_tpa",
            "is_best",
            "moved_tpa",
            "response",
            "answered_tpa",
            "reply",
            "spent_musd",
        )
        found = self.ask(moves=moves if self.move else None)
        self.say(found, shown=self.shown, columns={"moves": seen})


@command(
    name="fair-split",
    like="blocs.fair_split",
    first=("printf 'coalition,value\\nUSA,4\\nJPN,5\\nUSA + JPN,6\\n' > costs.csv",),
    example="fair-split costs.csv --kind cost",
)
class FairSplit(TableOutput):
    """Split a cost or a gain among members.

    Shapley, core, nucleolus, and the least compensation of a proposal.
    """

    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV of coalition (names joined by +) and value.")]
    kind: Annotated[Literal["cost", "gain"], "What the values are."] = "cost"
    proposal: Annotated[
        list[str] | None, "MEMBER=AMOUNT, for each member; may be repeated.", pairs("MEMBER=AMOUNT")
    ] = None

    def _run(self) -> None:
        import pandas as pd

        from chainnet.blocs import fair_split
        from chainnet.io import parse_csv, read_text

        held = parse_csv(read_text(self.file, self.file.name), self.file.name)
        table = pd.DataFrame(held.rows, columns=held.header)
        if "value" in table:
            said = f'{self.file.name}, value: "{{}}" is no number.'
            table["value"] = [number(str(cell), said.format(cell)) for cell in table["value"]]
        self.say(fair_split(table, self.kind, self.given("proposal")), shown=("members", "coalitions"))
