"""Which plants may stand as one: classes in which a sum over the members loses nothing that a bound needs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Ints
from chainnet.errors import DataError
from chainnet.lowering import Tables, stack
from chainnet.network import TABLES, Network
from chainnet.scenario import Effect, Scenario, acting, effects_of, listed
from chainnet.sharing._records import CLASS_NOTE, place_words
from chainnet.words import digits

BY = ("country", "region", "stage", "step", "site", "operator", "owner", "owner_country")
# what a member's columns must agree in, so that the class can bear it
_WORDS = ("country", "region", "stage", "step", "site", "operator", "owner", "owner_country")


@dataclass(frozen=True, eq=False)
class Classes:
    """A number for each node, then each project; ``names`` by number, ``why`` what parted a class."""

    tables: Tables
    of: Ints
    names: tuple[str, ...]
    respected: Mapping[str, frozenset[str]]  # measures that cut no class in two, with the words they ask by

    @property
    def n(self) -> int:
        """Number of classes."""
        return len(self.names)

    @property
    def sizes(self) -> Ints:
        """Number of members of each class."""
        return np.bincount(self.of, minlength=self.n)

    @property
    def first(self) -> Ints:
        """A member of each class."""
        return np.unique(self.of, return_index=True)[1]


def signatures(network: Network, by: Sequence[str], respect: Sequence[Scenario]) -> list[tuple[Any, ...]]:
    """Return what members of a class have in common, per node and project.

    Raises
    ------
    DataError
        If ``by`` names a column that nodes do not have.
    """
    for column in by:
        checks.known(column, BY, "by", "label of nodes")
    t = stack(network)
    projects, n = network.view("projects"), t.n_nodes
    nodes = t.nodes
    recipe = _recipes(network)
    asks: dict[str, set[tuple[str, str]]] = {}
    for node, good, tier in network.view("demand")[["node", "commodity", "tier"]].fillna("").to_numpy().tolist():
        asks.setdefault(node, set()).add((good, tier))
    stores = set(network.view("stocks")["node"].dropna())
    counted = _counted_by(network, nodes)
    when = [("",)] * n + [
        tuple(map(repr, row)) for row in projects[["start_year", "ramp_years", "backers", "status"]].to_numpy().tolist()
    ]
    hits = _hits(network, respect)
    words = place_words(nodes, by)
    alone = _named_ids(respect)
    found = []
    for i, (key, stage) in enumerate(zip(t.ids, nodes["stage"], strict=True)):
        has_limit = not np.isnan(t.node_capacity[i])
        # what is scaled to a part of its baseline must bear that baseline itself; a store serves its own plant
        whose = counted[i] if stage == "end_use" or key in asks else bool(counted[i])
        single = key in stores or key in alone or (stage != "end_use" and not has_limit)
        found.append(
            (
                words[i], stage, recipe.get(nodes["process"].iloc[i], ""), tuple(sorted(asks.get(key, ()))),
                whose, i >= n, when[i], hits[i], has_limit, key if single else "",
            )
        )  # fmt: skip
    return found


def _counted_by(network: Network, nodes: pd.DataFrame) -> list[str]:
    """Return the word by which the demand of each node counts: of those that share it a class bears it still.

    Without beneficiaries everybody counts, by no word; else a country, or the region where there is none.
    """
    if not network.beneficiaries:
        return [""] * len(nodes)
    inside = network.in_countries(nodes, network.beneficiaries, "beneficiaries")
    word = ("country " + nodes["country"]).fillna("region " + nodes["region"])
    return word.where(inside, "").fillna("").tolist()


def _recipes(network: Network) -> dict[str, str]:
    """Return what each process does, its name aside."""
    found: dict[str, str] = {}
    columns = ["commodity", "role", "t_per_t", "group", "max_share"]
    for process, lines in network.view("processes").groupby("process"):
        rows = [
            tuple(str(digits(v, 9) if isinstance(v, float) else v) for v in row) for row in lines[columns].to_numpy()
        ]
        found[str(process)] = repr(sorted(rows))
    return found


def _hits(network: Network, respect: Sequence[Scenario]) -> list[tuple[Any, ...]]:
    """Return which measures reach each node or project, or bound what leaves or enters it, and by which words."""
    plants = stack(network).nodes.assign(id=stack(network).ids)
    found: list[list[Any]] = [[] for _ in range(len(plants))]
    for scenario in respect:
        for effect in effects_of(network, scenario.measures, scenario.file or scenario.name):
            columns = _reached(network, plants["id"], effect)
            # what is reached by a word must bear it still as a class
            words = sorted(words_of(effect.measure))
            told = [plants[word].fillna("").tolist() if word in _WORDS else plants["id"].tolist() for word in words]
            for i, hit in enumerate(zip(*columns, strict=True)):
                found[i].append((hit, tuple(cells[i] for cells in told) if any(hit) else ()))
    return [tuple(own) for own in found]


def _reached(network: Network, ids: pd.Series, effect: Effect) -> list[list[bool]]:
    """Return, for each way in which a measure can reach a plant, which plants it reaches."""
    n = len(network.nodes)
    edges = network.edges[effect.edges]
    columns = [
        effect.nodes,
        effect.users,
        np.concatenate([np.zeros(n, dtype=bool), effect.projects]),
        ids.isin(set(network.demand["node"][effect.demand])).to_numpy(),
        *(ids.isin(set(edges[end])).to_numpy() for end in ("source", "target")),
    ]
    r = effect.restriction
    if r is not None:
        columns += [part for part in (r.sources, r.targets, r.origin, r.users) if part is not None]
    return [column.astype(bool).tolist() for column in columns]


def _named_ids(respect: Sequence[Scenario]) -> set[str]:
    """Return ids that measures name one by one: they stay by themselves, so that the measure still finds them."""
    found: set[str] = set()
    for scenario in respect:
        for measure in scenario.measures:
            for key in ("nodes", "projects"):
                found |= set(measure.get(key) or [])
            for pair in measure.get("edges") or []:
                found |= set(map(str, pair[:2]))
    return found


def classes_of(
    network: Network, keys: Sequence[tuple[Any, ...]], by: Sequence[str], respect: Sequence[Scenario]
) -> Classes:
    """Return classes of equal keys; a class of one keeps its member's id."""
    t = stack(network)
    order: dict[tuple[Any, ...], int] = {}
    of = np.array([order.setdefault(key, len(order)) for key in keys], dtype=np.int64)
    sizes = np.bincount(of, minlength=len(order))
    words = place_words(t.nodes, by)
    taken, number = set(t.ids), Counter[str]()
    names = []
    for k, first in enumerate(np.unique(of, return_index=True)[1]):
        if sizes[k] == 1:
            names.append(str(t.ids[first]))
            continue
        base = "_".join(part for part in words[first] if part) or "class"
        while True:
            number[base] += 1
            name = f"{base}_{number[base]}"
            if name not in taken:
                break
        names.append(name)
    measures = [measure for scenario in respect for measure in scenario.measures]
    return Classes(t, of, tuple(names), {mark_of(measure): words_of(measure) for measure in measures})


def with_partners(keys: Sequence[tuple[Any, ...]], t: Tables) -> list[tuple[Any, ...]]:
    """Refine keys once by the classes and goods that each node trades with."""
    order: dict[tuple[Any, ...], int] = {}
    of = [order.setdefault(key, len(order)) for key in keys]
    partners: list[set[tuple[str, int, int]]] = [set() for _ in keys]
    for a, b, good in zip(t.tail, t.head, t.commodity, strict=True):
        partners[a].add(("to", of[b], int(good)))
        partners[b].add(("from", of[a], int(good)))
    return [(key, tuple(sorted(own))) for key, own in zip(keys, partners, strict=True)]


def traded_apart(keys: Sequence[tuple[Any, ...]], t: Tables) -> list[tuple[Any, ...]]:
    """Return keys under which no member ships to another of its class: a bound on such a relation would be lost."""
    out = list(keys)
    inner = sorted({int(a) for a, b in zip(t.tail, t.head, strict=True) if keys[a] == keys[b]})
    return apart(out, inner)


def apart(keys: Sequence[tuple[Any, ...]], members: Iterable[int]) -> list[tuple[Any, ...]]:
    """Return keys under which the members given stand each by itself."""
    out = list(keys)
    for i in members:
        out[i] = ("apart", i)
    return out


# -- what a class bears -----------------------------------------------------------------------------------


def words_of(measure: Mapping[str, Any]) -> frozenset[str]:
    """Return the columns that a measure asks by."""
    return frozenset(str(word) for value in measure.values() if isinstance(value, Mapping) for word in value)


def mark_of(measure: Mapping[str, Any]) -> str:
    """Return a short mark of what a measure does."""
    return hashlib.sha256(json.dumps(acting(measure), sort_keys=True, default=list).encode()).hexdigest()[:8]


def kept_columns(rows: pd.DataFrame, table: str, respected: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """Return the words in which all members agree, and a note that names those in which they do not.

    The note also bears the marks of measures that ask by such words and were respected: they reach all or none.
    """
    out: dict[str, Any] = {}
    held = [CLASS_NOTE.match(note) for note in rows["note"].fillna("")]
    mixed = {word for found in held if found for word in found.group(2).split(", ")} - {"nothing"}
    marks = [set((found.group(3) or "").split(", ")) for found in held if found and found.group(2) != "nothing"]
    for column in (*_WORDS, "process", "label"):
        cells = rows[column].fillna("")
        if column == "label":
            mixed |= {column} if (cells != "").any() else set()
        elif (cells == cells.iloc[0]).all():
            out[column] = rows[column].iloc[0]
        else:
            mixed.add(column)
    for column in TABLES[table].names:
        if column in ("start_year", "ramp_years", "backers", "status"):
            out[column] = rows[column].iloc[0]
    known = [mark for mark, words in respected.items() if words & mixed and all(mark in own for own in marks)]
    n = sum(int(found.group(1)) if found else 1 for found in held)
    note = f"class of {n}; differ in: {', '.join(sorted(mixed)) or 'nothing'}"
    return {**out, "note": note + (f"; yet asked for by: {', '.join(known)}" if known else "")}


def check_label(network: Network, column: str) -> None:
    """Refuse to go by a label in which members of a class differ."""
    check_measured(network, [Scenario(f"by={column}", [{"kind": "remove", "where": {column: "any"}}])], is_named=False)


def check_measured(network: Network, scenarios: Sequence[Scenario], is_named: bool = True) -> None:
    """Refuse a measure by words that no plant bears, or in which members of a class differ.

    Both would be answered as if nothing had happened to plants that it is meant for.

    Raises
    ------
    DataError
        Naming the word, the class and the remedy.
    """
    asked = [(s.name, words_of(m), mark_of(m)) for s in scenarios for m in s.measures]
    for table in ("nodes", "projects"):
        frame = network.view(table)
        for key, note in zip(frame["id"], frame["note"], strict=True):
            found = CLASS_NOTE.match(note) if isinstance(note, str) else None
            if found is None:
                continue
            mixed, marks = set(found.group(2).split(", ")), set((found.group(3) or "").split(", "))
            for name, words, mark in asked:
                if words & mixed and mark not in marks:
                    word = min(words & mixed)
                    raise DataError(
                        f'{name}: asks by {word}, but the class "{key}" holds plants that differ in it, so the answer '
                        f"would be about other plants. Aggregate anew with {word} in by, or in respect of the measure."
                    )
    if is_named:
        _check_borne(network, scenarios)


def _check_borne(network: Network, scenarios: Sequence[Scenario]) -> None:
    """Refuse names of plants and firms that no row bears: they may be withheld."""
    held = [network.view(table) for table in ("nodes", "projects", "stocks")]
    for scenario in scenarios:
        for measure in scenario.measures:
            for where in (value for value in measure.values() if isinstance(value, Mapping)):
                for column in {"site", "operator", "owner", "owner_country", "id"} & set(where):
                    known = {word for frame in held if column in frame for word in frame[column].dropna()}
                    for word in listed(where[column]):
                        if word not in known and (column != "owner_country" or not known):
                            raise DataError(
                                f'{scenario.name}: asks by {column} "{word}", which no row here bears; it may be '
                                "withheld. Ask by country and step, or ask who holds the names."
                            )
