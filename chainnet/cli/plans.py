"""The commands of a planner who edits no file: copy a graph, add a scenario, add a stock."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainnet import checks
from chainnet.cli.common import Form, Output, command, scenarios_named
from chainnet.cli.words import several, split_pairs, words
from chainnet.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from chainnet.network import Network

Own = Annotated[str, typer.Argument(metavar="FOLDER", help="Folder of a graph of your own; see `chainnet copy`.")]


@command(example="copy mag-9 mine")
class Copy(Form):
    """Copy a graph into a folder of your own.

    With its scenarios, notes and sources.
    """

    name: Annotated[str, typer.Argument(metavar="NAME", help="A shipped graph, or a folder.")]
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make.")]

    def _run(self) -> None:
        from chainnet.io import read, write_files

        source = read(self.name).folder
        if source is None or not Path(source).is_dir():
            raise DataError(f"{self.name}: is no folder; `chainnet import` writes other forms as one.")
        if self.folder.exists():
            raise DataError(f"{self.folder}: is there already. Name a folder that is not.")
        files = {
            str(file.relative_to(source)): file.read_bytes()
            for file in sorted(Path(source).rglob("*"))
            if file.is_file() and not file.is_symlink()
        }
        self.say_paths(write_files(self.folder, files, set()))


@dataclass(kw_only=True, eq=False)
class _Owned(Output):
    """A command that writes into the folder of a graph."""

    graph: Own

    @cached_property
    def network(self) -> Network:
        """The graph that is written to."""
        from chainnet.io import read

        return read(self.graph)

    def folder_of(self) -> Path:
        """Return the folder, which may not be that of a shipped graph."""
        from chainnet.io import shipped_names

        if self.graph in shipped_names() and not Path(self.graph).is_dir():
            raise DataError(f"{self.graph}: a shipped graph is not changed. First: chainnet copy {self.graph} FOLDER")
        if self.network.folder is None:
            raise DataError(f"{self.graph}: is no folder of tables. First: chainnet import {self.graph} --out FOLDER")
        return Path(self.network.folder)


@command(
    name="scenario new",
    first=("chainnet copy mag-9 plan",),
    example="scenario new plan half kind=scale nodes=H_CN share=0.5",
)
class ScenarioNew(_Owned):
    """Add a scenario, and show what its measures reach.

    KEY=VALUE are keys of the measure, as a scenario file has them: kind=scale where.country=China where.step=separation
    share=0.5 start=2027-03 months=6. Several words are split by commas. Without any, what a first plant stands for is
    halved, to start from. Comments in the file list the words of the graph.
    """

    graph: Own
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the scenario and its file.")]
    keys: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE...", help="What happens.")] = None
    label: Annotated[str, "How pages call it; default its name."] = ""
    replace: Annotated[bool, "Write over a scenario of that name.", "--replace"] = False

    def _run(self) -> None:
        from chainnet.scenario import Scenario

        network, name = self.network, _file_name(self.name)
        made = Scenario(name, [_measure(self.keys) if self.keys else _first_measure(network)], self.label)
        path = self.folder_of() / "scenarios" / f"{name}.toml"
        if path.exists() and not self.replace:
            raise DataError(f"{path}: is there already. Give another NAME, or --replace.")
        found = made.matches(network)
        self.write(path, f"{_known_words(network, self.graph, name)}\n{made.to_toml()}")
        if self.asked_form() != "table":
            return self.say(None, {"matches": found}, {"scenario": name})
        # whole, where a column would be cut
        told = {word: text for word in ("what", "when") if (text := str(found[word].iloc[0]))}
        return self.say(None, {"matches": for_people(found.drop(columns=[*told]))}, {"scenario": name, **told})


def _measure(given: list[str]) -> dict[str, Any]:
    """Return the measure that KEY=VALUE say; of where.country=CHN the last is a key of the first."""
    measure: dict[str, Any] = {}
    rule = "is not of the form KEY=VALUE, such as share=0.5."
    for key, text in split_pairs(given, "KEY=VALUE", rule, "stands twice. Split several words by commas.").items():
        outer, _, inner = key.partition(".")
        parts = [_country(word) if inner == "country" else _cell(word) for word in words(text)]
        value = parts[0] if len(parts) == 1 else parts
        if not inner:
            measure[outer] = value
        elif isinstance(measure.setdefault(outer, {}), dict):
            measure[outer][inner] = value
        else:
            raise DataError(f'KEY=VALUE: "{outer}" stands with and without ".{inner}". Leave one of the two out.')
    return measure


def _country(word: str) -> str:
    """Return the code of a country by its name, "!" before it kept; else the word itself."""
    from chainnet.network import OUTSIDE, country_named

    name = word.removeprefix(OUTSIDE)
    return OUTSIDE * (name != word) + (country_named(name) or name)


def _cell(word: str) -> int | float | str:
    """Return a number where a word is one."""
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _first_measure(network: Network) -> dict[str, Any]:
    """Return a measure to start from: plants like the first one at half of their capacity."""
    first = network.nodes[network.nodes["stage"] != "end_use"].iloc[0]
    place = "country" if isinstance(first["country"], str) else "region"
    step = "step" if isinstance(first["step"], str) else "stage"
    return {"kind": "scale", "where": {place: first[place], step: first[step]}, "share": 0.5}


def _known_words(network: Network, graph: str, name: str) -> str:
    """Return comments that list what a measure of a network may name."""
    from chainnet.scenario import KINDS

    nodes, stages = network.nodes, sorted(network.nodes["stage"].dropna().unique())
    lists = {
        "kinds": list(KINDS),
        "steps": [step for step in nodes["step"].dropna().unique() if step != "end use"] or stages,
        "commodities": list(network.commodities["id"]),
        "countries": sorted(nodes["country"].dropna().unique()),
        "groups": list(network.groups_known),
        "tiers": list(network.tier_order),
        "stocks": list(network.stocks["id"]),
        "projects": list(network.projects["id"]),
    }
    lines = [f"What the measures reach: chainnet check {graph} --scenario {name}"]
    for what, known in lists.items():
        lines += wrap(f"{what}: {', '.join(known)}", 100, subsequent_indent="  ") if known else []
    return "".join(f"# {line}\n" for line in lines)


def measures_table(network: Network, words: list[str] | None, form: str) -> pd.DataFrame:
    """Return what the measures of some scenarios reach, or of all that ship with a network."""
    import pandas as pd

    from chainnet.scenario import Scenario, in_order, scenarios

    chosen = scenarios_named(network, words) if words else in_order(network, scenarios(network).values())
    found = pd.concat([one.matches(network) for one in chosen or [Scenario("none")]], ignore_index=True)
    return for_people(found) if words and form == "table" else found


def for_people(matches: Any) -> Any:
    """Return what measures reach without the columns in which nothing stands."""
    idle = [c for c in matches.columns if (matches[c].isna() | matches[c].isin([0, ""])).all()]
    return matches.drop(columns=idle)


def _file_name(name: str) -> str:
    if not name.replace("_", "").replace("-", "").isalnum() or len(name) > 100:
        raise DataError(f'NAME: "{name}" makes no file name. Letters, digits, _ and -.')
    return name


@command(
    name="stock add",
    first=("chainnet copy mag-9 stocked",),
    example="stock add stocked --commodity dy --tonnes 2 --at G_JP",
)
class StockAdd(_Owned):
    """Add a stock to a graph of your own.

    And check that it can be drawn where it lies. A stock may be drawn whenever that helps, also in the baseline;
    --end keeps that much of it, and a release measure in a scenario shuts it in that scenario until the release.
    """

    graph: Own
    commodity: Annotated[str, "Id or label of what is in store."]
    tonnes: Annotated[float, "Tonnes in store."]
    at: Annotated[str | None, "Id or label of the node where it enters."] = None
    tiers: Annotated[list[str] | None, "Tier that it is kept for; may be repeated. Default all.", "--tier", several] = (
        None
    )
    release: Annotated[float | None, "Most that may be drawn, t/yr; default no limit."] = None
    end: Annotated[float | None, "Least that is left at the end of the horizon, t."] = None
    holder: Annotated[str | None, "Who holds it."] = None
    stock: Annotated[str | None, "Id of the stock; default made from commodity and node.", "--id"] = None
    reference: Annotated[str | None, "Keys of the references table; without one it counts as assumed."] = None

    def _run(self) -> None:
        import pandas as pd

        from chainnet.io import DESCRIPTOR, generate_datapackage, headers_of, table_csv, write_files
        from chainnet.scenario import Scenario

        network, folder = self.network, self.folder_of()
        good = _id_of(self.commodity, network.commodities, "--commodity")
        node = self._node(good)
        name = self.stock or f"{good}_{node}"
        row = {
            "id": name, "holder": self.holder, "commodity": good, "stock_t": self.tonnes, "release_tpa": self.release,
            "tiers": ";".join(self.given("tiers") or []) or None, "node": node, "end_t": self.end,
            "country": network.nodes.set_index("id")["country"].get(node), "reference": self.reference,
            "quality": "reported" if self.reference else "assumed",
        }  # fmt: skip
        rows = [*network.stocks.to_dict("records"), row]
        changed = network.with_table("stocks", pd.DataFrame(rows, columns=network.stocks.columns))
        # refuses a stock that nothing can deliver
        Scenario(name, [{"kind": "release", "stocks": [name]}]).matches(changed)
        kept = {table: names for table, names in headers_of(folder).items() if table != "stocks"}
        files = {
            "stocks.csv": table_csv(changed, "stocks").encode(),
            DESCRIPTOR: generate_datapackage(changed, kept).encode(),
        }
        write_files(folder, files, set())
        print(f"written: {folder / 'stocks.csv'}", file=sys.stderr)
        self.say(None, {"stocks": changed.stocks.dropna(axis="columns", how="all")})

    def _node(self, good: str) -> str:
        """Return the node where the stock enters; without one, say which could deliver it."""
        from chainnet.scenario import places_of

        network = self.network
        able = places_of(network, good)
        if self.at is None:
            raise DataError(f"--at: is missing. Nodes that ship, use or ask for {good}: {', '.join(able) or 'none'}.")
        node = _id_of(self.at, network.nodes, "--at")
        if node not in able:
            raise DataError(f"--at: {node} neither ships, uses nor asks for {good}. Able: {', '.join(able) or 'none'}.")
        return node


def _id_of(word: str, table: Any, option: str) -> str:
    """Return the id of a row by its id or its label."""
    if word in set(table["id"]):
        return word
    named = table.loc[table["label"].str.lower() == word.lower(), "id"].tolist()
    if len(named) != 1:
        if named:
            raise DataError(f'{option}: "{word}" is the label of {" and ".join(named)}. Give the id.')
        raise DataError(f"{option}: {checks.unknown(word, [*table['id'], *table['label'].dropna()], 'id or label')}")
    return str(named[0])
