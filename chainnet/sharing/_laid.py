"""Scenarios and hazards of each part, put to a joined network: with its names, and for their own part alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from chainnet._types import records
from chainnet.errors import DataError
from chainnet.io import load_toml
from chainnet.network import Network
from chainnet.scenario import KINDS, Scenario, computed_scenario, listed, scenarios, toml_text
from chainnet.sharing._aliases import new_words
from chainnet.sharing._apart import Apart, Names, countries_in

_WHERE = ("where", "from", "to", "origin")
# column of a condition -> tables whose ids stand there
_COLUMNS = {
    "id": ("nodes", "stocks"), "node": ("nodes",), "process": ("processes",), "makes": ("commodities",),
    "takes": ("commodities",), "commodity": ("commodities",), "site": ("sites",), "owner": ("owners",),
    "operator": ("owners",), "country": ("groups",), "owner_country": ("groups",), "region": ("groups",),
}  # fmt: skip
_KEYS = {
    "nodes": "nodes", "node": "nodes", "projects": "nodes", "stocks": "stocks", "commodity": "commodities",
    "tier": "tiers", "tiers": "tiers", "rule": "rules",
}  # fmt: skip
_IN_RECIPES = ("makes", "takes")


@dataclass(frozen=True)
class Part:
    """One part of a joined network: its new names, its goods and the ids of its plants and stocks there."""

    name: str
    names: Names
    network: Network
    goods: frozenset[str]
    ids: frozenset[str]
    alone: bool  # whether its goods are no other part's

    def _new(self, word: str, *tables: str) -> str:
        return next((own[word] for t in tables for own in [self.names.get(t, {})] if word in own), word)

    def words(self, value: Any, *tables: str) -> Any:
        """Return a word or a list of words by their new names."""
        return self._new(value, *tables) if isinstance(value, str) else [self._new(str(w), *tables) for w in value]

    def condition(self, where: Mapping[str, Any]) -> dict[str, Any]:
        """Return a condition by its new names."""
        groups = self.names.get("groups", {})
        return {
            column: countries_in(value, groups)
            if _COLUMNS.get(column) == ("groups",)
            else self.words(value, *_COLUMNS.get(column, ()))
            for column, value in where.items()
        }

    def reached(self, joined: Network, where: Mapping[str, Any]) -> dict[str, Any]:
        """Return a condition on plants and stocks that reaches those of this part alone."""
        new = self.condition(where)
        columns = {column: value for column, value in new.items() if column not in _IN_RECIPES}
        if not columns and self.alone:
            return new
        hit: set[str] = set()
        for table in ("nodes", "projects", "stocks"):
            ids = joined.view(table)["id"]
            hit |= set(ids[joined.matches(table, columns)] if columns else ids)
        if hit <= self.ids:
            return new
        return {**new, "id": sorted(hit & self.ids) or [f"{self.name}:nothing"]}

    def measure(self, joined: Network, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a measure by its new names, kept to what this part holds."""
        kind, new = KINDS[given["kind"]], dict(given)
        for key, value in given.items():
            if key in _KEYS:
                new[key] = self.words(value, _KEYS[key])
            elif key == "edges":
                new[key] = [[*self.words(pair[:2], "nodes"), *self.words(pair[2:], "commodities")] for pair in value]
            elif key == "where" and not kind.has_tiers:
                new[key] = self.reached(joined, value)
            elif key in _WHERE:
                new[key] = self.condition(value)
            elif key == "by":
                new[key] = [{**one, "to": self.condition(one["to"])} for one in value]
            elif key == "source":
                new[key] = new_words(value, self.names.get("references", {}))
            elif key == "content" and isinstance(value, Mapping):
                new[key] = {self._new(good, "commodities"): part for good, part in value.items()}
        is_of_flows = "from" in kind.keys and not (
            {"nodes", "where"} & given.keys() and not {"from", "to"} & given.keys()
        )
        if "commodity" in kind.keys and "commodity" not in given and (is_of_flows or kind.has_tiers):
            new["commodity"] = sorted(self.goods)
        return new

    def scenario(self, joined: Network, given: Scenario) -> Scenario:
        """Return a scenario of the part for the joined network; shares from customs are numbers, with their range."""
        with suppress(DataError):  # of this part alone it is told too, when it is asked
            given = given.with_shares(self.network)
        written = load_toml(given.to_toml(), given.name)
        measures = []
        for filled, told in zip(given.measures, written.get("measures", []), strict=True):
            new = self.measure(joined, filled)
            measures.append({k: told[k] if k in told and filled[k] == value else value for k, value in new.items()})
        text = toml_text(measures)
        parameters = {key: one for key, one in written.get("parameters", {}).items() if f'"${key}"' in text}
        name = self._new(given.name, "scenarios")
        return Scenario(name, measures, given.label, given.probability, parameters=parameters)

    def effect(self, joined: Network, cells: Mapping[str, Any]) -> str:
        """Return the effect of a hazard of the part for the joined network."""
        effect, argument = cells["effect"], f'hazards: "{cells["id"]}"'
        if not isinstance(effect, str):
            nodes = sorted({*joined.view("nodes")["id"], *joined.view("projects")["id"]} & self.ids)
            return f"nodes = {toml_text(nodes)}"
        if "=" not in effect:
            scenario = computed_scenario(self.network, effect)
            if scenario is None or effect in scenarios(self.network):
                return self._new(effect, "scenarios")
            measures: Sequence[Mapping[str, Any]] = scenario.measures
        else:
            data = load_toml(effect, argument)
            is_one = bool(data.keys() & {"kind", "nodes", "where", "edges", "from", "to", "stocks"})
            one = {"kind": "remove", **data} if is_one else {"kind": "remove", "where": data}
            measures = data.get("measures", [one])
            measures = Scenario("effect", measures, file=argument).measures
        new = [self.measure(joined, measure) for measure in measures]
        if len(new) == 1 and set(new[0]) == {"kind", "nodes"} and KINDS[new[0]["kind"]].is_removal:
            return f"nodes = {toml_text(listed(new[0]['nodes']))}"
        return f"measures = {toml_text(new)}"


def laid(book: Apart, goods: Mapping[str, set[str]], joined: Network) -> tuple[Network, dict[str, int]]:
    """Return a joined network with the hazards and scenarios of its parts, and the number of scenarios of each."""
    count = [good for own in goods.values() for good in own]
    texts: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    kept: dict[str, int] = {}
    at = {str(row["id"]): row for row in records(joined.view("hazards"))}
    for name, frames in book.held.items():
        ids = {*frames["nodes"]["id"], *frames["projects"]["id"], *frames["stocks"]["id"]}
        is_alone = not any(count.count(good) > 1 for good in goods[name])
        part = Part(name, book.names[name], book.given[name], frozenset(goods[name]), frozenset(ids), is_alone)
        found = [part.scenario(joined, one) for one in scenarios(book.given[name]).values()]
        texts |= {one.name: one.to_toml() for one in found}
        kept[name] = len(found)
        effect_of = partial(part.effect, joined)
        rows += [{**at[str(row["id"])], "effect": effect_of(row)} for row in records(frames["hazards"])]
    if rows:
        joined = joined.with_table("hazards", pd.DataFrame(rows, columns=joined.view("hazards").columns))
    return (joined.with_scenarios(texts) if texts else joined), kept
