"""The commands of a planner who edits no file: copy a graph, add a scenario in words, add a stock."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainnet.cli.common import Form, Output, command, scenarios_named
from chainnet.cli.words import words
from chainnet.errors import DataError, near_matches

if TYPE_CHECKING:
    import pandas as pd

    from chainnet.network import Network

Own = Annotated[str, typer.Argument(metavar="FOLDER", help="Folder of a graph of your own; see `chainnet copy`.")]


@command()
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


@command(name="scenario new")
class ScenarioNew(_Owned):
    """Add a scenario, and show what its measures reach.

    WORDS say what happens (cut, halve, stop, close, lose, raise, double), to what (a step, a commodity that plants
    make, a site, exports, demand), where, by how much, from when and for how long: "cut heavy separation in China by
    half for six months from 2027-03". Several parts are split by ";".
    """

    graph: Own
    sentence: Annotated[str, typer.Argument(metavar="WORDS", help="What happens, in quotes.")]
    name: Annotated[str, "Name of the scenario and its file; default made from the words."] = ""
    replace: Annotated[bool, "Write over a scenario of that name.", "--replace"] = False

    def _run(self) -> None:
        from chainnet.scenario import Scenario

        made = Scenario.from_words(self.network, self.sentence, self.name)
        path = self.folder_of() / "scenarios" / f"{_file_name(made.name)}.toml"
        if path.exists() and not self.replace:
            raise DataError(f"{path}: is there already. Give another --name, or --replace.")
        found = made.matches(self.network)
        self.write(path, made.to_toml())
        seen = for_people(found) if self.asked_form() == "table" else found
        self.say(None, {"matches": seen}, {"scenario": made.name, "label": made.label})


def measures_table(network: Network, words: list[str] | None, form: str) -> pd.DataFrame:
    """Return what the measures of some scenarios reach, or of all that ship with a network."""
    import pandas as pd

    from chainnet.scenario import Scenario, scenarios

    chosen = scenarios_named(network, words) if words else list(scenarios(network).values())
    found = pd.concat([one.matches(network) for one in chosen or [Scenario("none")]], ignore_index=True)
    return for_people(found) if words and form == "table" else found


def for_people(matches: Any) -> Any:
    """Return what measures reach without the columns in which nothing stands."""
    idle = [c for c in matches.columns if (matches[c].isna() | matches[c].isin([0, ""])).all()]
    return matches.drop(columns=idle)


def _file_name(name: str) -> str:
    if not name.replace("_", "").replace("-", "").isalnum() or len(name) > 100:
        raise DataError(f'--name: "{name}" makes no file name. Letters, digits, _ and -.')
    return name


@command(name="stock add")
class StockAdd(_Owned):
    """Add a stock to a graph of your own.

    And check that it can be drawn where it lies. A stock may be drawn whenever that helps, also where nothing
    happens; --end keeps that much of it, and a release measure in a scenario shuts it in that scenario until the
    release.
    """

    graph: Own
    commodity: Annotated[str, "Id or label of what is in store."]
    tonnes: Annotated[float, "Tonnes in store."]
    at: Annotated[str | None, "Id or label of the node where it enters."] = None
    tiers: Annotated[str | None, "Tiers that it is kept for, split by commas; default all.", words] = None
    release: Annotated[float | None, "Most that may be drawn, t/a; default no limit."] = None
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
        near = near_matches(word, [*table["id"], *table["label"].dropna()])
        raise DataError(f'{option}: "{word}" is {"several" if named else "no id and no label"};{near}')
    return str(named[0])
