"""The commands for sharing: merge, join, aggregate, bracket, redact, attack, commit, prove, verify."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chainnet import checks
from chainnet.cli import options as opt
from chainnet.cli.common import Command, Counted, Form, Output, Question, TableOutput, command
from chainnet.cli.words import number, split_pairs, words
from chainnet.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from chainnet.network import Network
    from chainnet.sharing import Merge as Merged

# lines that make the files of examples
SECRET = "head -c 32 /dev/urandom > secret.key"
_PROOF = "prove mag-9 --secret secret.key --table nodes --key H_CN --out proof.json"
_PARTY = "is not of the form NAME=GRAPH, such as usa=ours."
Secret = Annotated[Path, "File of 16 random bytes or more; it stays at home."]
Facts = Annotated[Path | None, "TOML file of [[facts]] and [insiders.NAME]: what is published besides."]


def _aliases(given: Sequence[str], option: str) -> dict[str, tuple[str, float] | str]:
    """Read COMMODITY=OTHER or COMMODITY=OTHER:FACTOR."""
    rule = "is not of the form COMMODITY=OTHER or COMMODITY=OTHER:TONNES."
    found: dict[str, tuple[str, float] | str] = {}
    for name, value in split_pairs(given, option, rule, "stands twice. Name each commodity once.").items():
        other, colon, factor = value.rpartition(":")
        found[name] = (other, number(factor, f'{option}: "{name}={value}" {rule}')) if colon else value
    return found


def _rules(text: str, option: str) -> list[str]:
    return words(text)


@dataclass(kw_only=True, eq=False)
class _Together(Command):
    """The options of what puts tables of several parties together."""

    graphs: Annotated[list[str], typer.Argument(metavar="NAME=GRAPH...", help="Parties: a name and a graph each.")]
    path: Annotated[
        Path | None, "Folder (or file) to write the network to; a folder also gets merge/*.csv.", "--out", opt.NETWORK
    ] = None
    prefer: Annotated[
        str | None, "Parties whose word is taken where nothing better decides, split by commas.", words
    ] = None
    rules: Annotated[str, "How conflicts are decided, from left to right.", _rules] = "grade,newer,prefer"
    ranges: Annotated[
        Literal["widen", "taken"], "Whether low and high hold every party's figure, or are those of the one taken."
    ] = "widen"
    ties: Annotated[Literal["take", "error"], "Whether the tie-break may decide what no rule does."] = "take"
    match: Annotated[Path | None, "CSV of party, table, id, same_as."] = None
    alias: Annotated[
        list[str] | None, "COMMODITY=OTHER:TONNES, what one tonne of it counts; may be repeated.", _aliases
    ] = None
    form: opt.Format = "table"
    table: opt.Table = None

    def _given(self) -> tuple[dict[str, Network], dict[str, Any]]:
        from chainnet.io import parse_csv, read, read_text

        pairs = split_pairs(self.graphs, "NAME=GRAPH", _PARTY, "stands twice. Name each party once.")
        match: pd.DataFrame | None = None
        if self.match is not None:
            import pandas as pd

            records = parse_csv(read_text(self.match, self.match.name), self.match.name)
            match = pd.DataFrame(records.rows, columns=records.header)
        more = {
            "prefer": self.given("prefer") or (), "rules": self.given("rules"), "ranges": self.ranges,
            "ties": self.ties, "match": match, "alias": self.given("alias"),
        }  # fmt: skip
        return {name: read(graph) for name, graph in pairs.items()}, more

    def _told(self, found: Merged, *always: str) -> None:
        if self.path is not None:
            from chainnet.io import to_people_csv, write, write_files

            target = write(found.network, self.path)
            if target.is_dir():
                files = {f"{name}.csv": to_people_csv(table).encode() for name, table in found.tables().items()}
                write_files(target / "merge", files, set())
            print(f"written: {target}", file=sys.stderr)
        shown = (*always, "conflicts", *(name for name in ("unmatched", "suspects") if len(getattr(found, name))))
        self.say(found, shown=shown)


@command(like="sharing.merge", example="merge usa=mag-9 jpn=mag-9 --prefer jpn --out merged")
class Merge(_Together):
    """Put the tables of several parties into one network.

    Every conflict is listed, with what was taken and why.
    """

    def _run(self) -> None:
        from chainnet.sharing import merge

        networks, more = self._given()
        self._told(merge(networks, **more))


@command(like="sharing.join", example="join magnets=mag-9 gallium=gallium --out joined")
class Join(_Together):
    """Join chains of different minerals into one.

    Tied by the plants and commodities they share.
    """

    same: Annotated[str | None, "Ids of plants and commodities that are shared, split by commas.", words] = None

    def _run(self) -> None:
        from chainnet.sharing import join

        networks, more = self._given()
        self._told(join(networks, same=self.given("same"), **more), "counts")


@command("sharing.aggregate", example="aggregate gallium --by country,step --most-width 0.05 --out coarse")
class Aggregate(Question, Form):
    """Make a chain coarser, with bounds on its answers.

    An outer network can serve at least as much as the truth, an inner one at most. --out writes FOLDER/inner and
    FOLDER/outer, which may be handed on, and FOLDER/at-home, which may not.
    """

    shown = ("checked", "split")

    by: Annotated[str, "Labels of a class, split by commas.", words] = "country,step"
    respect: Annotated[list[str] | None, "Scenario that the classes must not cut in two; may be repeated."] = None
    most_width: Annotated[float | None, "Split classes until the bracket is this share of demand at most."] = None
    path: Annotated[Path | None, "Folder to write both networks to.", "--out", opt.FOLDER] = None
    table: opt.Table = None

    def _run(self) -> None:
        from chainnet.io import to_people_csv, write, write_files

        respect = [self.pick_scenario(word, "--respect") for word in self.respect or ()]
        found = self.ask(respect=respect)
        if self.path is not None:
            for side in ("inner", "outer"):
                folder = write(getattr(found, side), self.path / side)
                _write_scenarios(folder, respect)
            home = {name: found.tables()[name] for name in ("checked", "split")}
            files = {f"{name}.csv": to_people_csv(table).encode() for name, table in home.items()}
            files["classes.csv"] = to_people_csv(found.classes).encode()
            write_files(self.path / "at-home", files, set())
            print(f"written: {self.path}", file=sys.stderr)
        self._tell(found)


@command(
    like="sharing.bracket",
    first=("chainnet aggregate gallium --by country,step --out coarse",),
    example="bracket coarse/inner coarse/outer --by country",
)
class Bracket(Counted, Output):
    """Show between what bounds the true answer lies.

    From an inner and an outer network, or from one that holds bands.
    """

    inner: Annotated[str, typer.Argument(metavar="INNER", help=opt.GRAPH)]
    outer: Annotated[
        str | None,
        typer.Argument(metavar="OUTER", help="Without it INNER is taken at the low and at the high ends of its bands."),
    ] = None
    scenarios: opt.Scenarios = None
    by: Annotated[str | None, "A row for each label instead, all its plants out: country, step+country, ..."] = None
    tier: opt.Tier = None
    base_tpa: Annotated[float | None, "What the owner says can be served in the baseline, t/yr."] = None

    def _run(self) -> None:
        from chainnet.io import read
        from chainnet.sharing import at_bounds, bracket

        first = read(self.inner)
        pair = (first, read(self.outer)) if self.outer else (at_bounds(first, "low"), at_bounds(first, "high"))
        picked = [_picked(first, word) for word in self.scenarios or ()]
        counted = {"commodity": self.given("commodity"), "beneficiaries": self.given("beneficiaries")}
        found = bracket(*pair, picked or None, by=self.by, tier=self.tier, base_tpa=self.base_tpa, **counted)
        self.say(found)


@command(like="sharing.redact", first=(SECRET,), example="redact mag-9 --secret secret.key --out redacted")
class Redact(Question, Form):
    """Make a folder that may be handed on.

    Bands instead of figures, no names of firms. Not secrecy: see its README. It is refused where --facts narrow a
    hidden figure too far.
    """

    secret: Secret
    path: Annotated[Path | None, "Folder to write.", "--out", opt.FOLDER] = None
    table: opt.Table = None
    hide: Annotated[
        str | None,
        "What is hidden, split by commas: names, owners, sources, coordinates, flows, capacities; if named stocks, "
        "demand, prices. Default: the first six.",
        words,
    ] = None
    bands: Annotated[str, "r5 (1, 1.6, 2.5, 4, 6.3), or the ratio between the ends of a band."] = "r5"
    within: Annotated[
        str | None, "Countries and groups, split by commas: figures of what lies elsewhere are handed on.", words
    ] = None
    keep: Annotated[str | None, "owner_country, ranges, or ids that keep their name; split by commas.", words] = None
    accept: Annotated[str | None, "Ids whose figures may be narrowed further, split by commas.", words] = None
    protect: Annotated[float, "Least width of a hidden figure."] = 0.2
    facts: Facts = None
    scenarios: Annotated[list[str] | None, "Scenario to hand on with the new ids; may be repeated.", "--scenario"] = (
        None
    )
    show_cells: Annotated[bool, "Also show which totals may be published exactly; stays at home."] = False

    def _run(self) -> None:
        from chainnet.io import to_people_csv, write, write_files
        from chainnet.sharing import read_secret, readme, redact

        facts, _ = _facts(self.facts, self.network)
        bands = (
            self.bands
            if self.bands == "r5"
            else number(self.bands, f'--bands: "{self.bands}" is neither r5 nor a number.')
        )
        hide = {} if self.hide is None else {"hide": self.given("hide")}
        found = redact(
            self.network, secret=read_secret(self.secret), bands=bands, within=self.given("within"),
            keep=self.given("keep") or (), accept=self.given("accept") or (), protect=self.protect, facts=facts,
            scenarios=[self.pick_scenario(word) for word in self.scenarios or ()], **hide,
        )  # fmt: skip
        if self.path is not None:
            folder = write(found.network, self.path)
            _write_scenarios(folder, found.scenarios)
            told = {
                f"{n}.csv": to_people_csv(t).encode()
                for n, t in {"redaction": found.log, "attack": found.attack}.items()
            }
            write_files(folder / "redaction", {**told, "README.md": readme(found).encode()}, set())
            print(f"written: {folder}", file=sys.stderr)
        tables = (
            {**found.tables(), "cells": found.cells} if self.show_cells or self.table == "cells" else found.tables()
        )
        self.say(found, tables, shown=("log", *(("cells",) if self.show_cells else ())))


@command(
    like="sharing.attack",
    first=(SECRET, "chainnet redact mag-9 --secret secret.key --out redacted"),
    example="attack redacted",
)
class Attack(Question, Output):
    """Show how far hidden capacities can be narrowed.

    From the bands and what else is published.
    """

    facts: Facts = None
    protect: Annotated[float, "Least width at which a figure counts as protected."] = 0.2

    def _run(self) -> None:
        from chainnet.sharing import attack

        facts, insiders = _facts(self.facts, self.network)
        self.say(attack(self.network, facts, insiders=insiders, protect=self.protect))


@command(like="sharing.commit", first=(SECRET,), example="commit mag-9 --secret secret.key --out root.json")
class Commit(Question, TableOutput):
    """Fix every row of a graph by one root.

    The root may be published; rows can be proved later.
    """

    secret: Secret
    level: Annotated[Literal["row", "cell"], "What can be shown alone."] = "row"

    def _run(self) -> None:
        from chainnet.sharing import commit, read_secret

        found = commit(self.network, read_secret(self.secret), level=self.level)
        is_root = self.out is not None and self.out.suffix.lower() in ("", ".json")
        if self.out is not None and is_root and self.form == "table" and self.table is None:
            self.write(self.out, json.dumps(found.published, indent=1) + "\n")
        else:
            self.say(found, numbers=found.published)


@command(like="sharing.prove", first=(SECRET,), example=_PROOF)
class Prove(Question):
    """Prove that a row was in a graph; writes JSON.

    When its root was made.
    """

    table: Annotated[str, "Table of the row."]
    key: Annotated[str, 'Its key columns joined by " / "; edges: source / target / commodity.']
    secret: Secret
    number: Annotated[int, "Which of several rows of one key, from 0.", opt.AtLeast(0)] = 0
    level: Annotated[Literal["row", "cell"], "As when the root was made."] = "row"
    column: Annotated[str | None, "Which cell, at level cell."] = None
    out: Annotated[Path | None, "Write the proof to this file instead of stdout.", opt.JSON] = None

    def _run(self) -> None:
        from chainnet.sharing import prove, read_secret

        proof = prove(
            self.network,
            read_secret(self.secret),
            self.table,
            self.key,
            self.number,
            level=self.level,
            column=self.column,
        )
        text = json.dumps(proof, ensure_ascii=False, indent=1) + "\n"
        if self.out is None:
            sys.stdout.write(text)
        else:
            self.write(self.out, text)


@command(
    like="sharing.verify",
    first=(SECRET, "chainnet commit mag-9 --secret secret.key --out root.json", f"chainnet {_PROOF}"),
    example="verify proof.json --root root.json",
)
class Verify(Command):
    """Check whether a proof fits a published root.

    Exit 0 if it does, 1 if not.
    """

    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="JSON file that prove wrote.")]
    root: Annotated[str, "The published root: the JSON file that commit wrote, or the root in hex."]

    def _run(self) -> None:
        from chainnet.sharing import verify

        root = self.root if len(self.root) == 64 and not Path(self.root).exists() else read_json(Path(self.root))
        proof = read_json(self.proof)
        if not verify(proof, root):
            raise DataError(
                f"{self.proof}: the proof does not fit this root. The row, the root or the proof is another one."
            )
        print(proof["row"])


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    from chainnet.io import load_json, read_text

    return load_json(read_text(path, path.name), path.name)


def _picked(network: Network, word: str) -> Any:
    """Return a scenario in a file, or one that lies with a graph."""
    from chainnet.scenario import Scenario, computed_scenario, scenarios

    shipped = scenarios(network)
    if word in shipped:
        return shipped[word]
    if (all_rules := computed_scenario(network, word)) is not None:
        return all_rules
    if word.endswith(".toml"):
        return Scenario.read(word)
    said = checks.unknown(word, shipped, f"scenario of {network.name}")
    raise DataError(f"--scenario: {said} A file ends in .toml.")


def _write_scenarios(folder: Path, scenarios: Sequence[Any]) -> None:
    from chainnet.io import file_stem, write_files

    if scenarios:
        write_files(folder / "scenarios", {f"{file_stem(s.name)}.toml": s.to_toml().encode() for s in scenarios}, set())


def _facts(path: Path | None, network: Network) -> tuple[list[dict[str, Any]], dict[str, dict[str, float]]]:
    """Read facts and insiders from TOML; scenarios by name or path."""
    from chainnet.io import load_toml, read_text

    if path is None:
        return [], {}
    data = load_toml(read_text(path, path.name), path.name)
    strange = sorted(set(data) - {"facts", "insiders"})
    facts, insiders = data.get("facts", []), data.get("insiders", {})
    if strange or not isinstance(facts, list) or not isinstance(insiders, Mapping):
        raise DataError(
            f"{path.name}: holds [[facts]] and [insiders.NAME] only{': not ' + strange[0] if strange else ''}."
        )
    read = [
        {**f, "scenario": _picked(network, f["scenario"])} if isinstance(f, dict) and "scenario" in f else f
        for f in facts
    ]
    return read, dict(insiders)
