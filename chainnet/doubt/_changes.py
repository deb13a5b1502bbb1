"""What may be otherwise: each weak input of a network, gone, at its low and at its high value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, Ints
from chainnet.doubt._inputs import demand_labels
from chainnet.errors import DataError
from chainnet.flow import Counting
from chainnet.lowering import Overlay
from chainnet.network import Network, kept, split_list
from chainnet.results import NOT_STATED, weakest
from chainnet.words import country_name, in_sentence, join, spelled, step_words

# what no source says of the thing itself
WEAK = ("inferred", "assumed")
ENDS = ("low", "high")
# the id of all plants that opened since the base year, together
OPENED = "opened"


@dataclass(frozen=True)
class Change:
    """What a variation does: a factor on rows of a table, or another amount in a line of a recipe.

    ``table``: nodes (and after them projects), projects, edges, demand, stocks, or processes; of the last ``rows`` is
    one line and ``factors`` its new t_per_t.
    """

    table: str
    rows: Ints
    factors: Array

    @property
    def is_recipe(self) -> bool:
        """Whether the program itself is another one, not its bounds alone."""
        return self.table == "processes"

    @property
    def line(self) -> tuple[int, float]:
        """The line of the recipe and its new t_per_t."""
        return int(self.rows[0]), float(self.factors[0])

    @classmethod
    def of(cls, table: str, at: Any, factor: Any) -> Change:
        """Return a change of one row, or of some by one factor or one each."""
        rows = np.atleast_1d(np.asarray(at, dtype=np.int64))
        return cls(table, rows, np.broadcast_to(np.asarray(factor, dtype=float), rows.shape))

    def put(self, overlay: Overlay) -> Overlay:
        """Return an overlay with the factors upon it."""
        return overlay if self.is_recipe else overlay.times(self.table, self.rows, self.factors)

    def on(self, network: Network) -> Network:
        """Return the network with the other recipe; the same one where bounds alone change."""
        if not self.is_recipe:
            return network
        table = network.processes
        table.loc[table.index[self.rows], "t_per_t"] = self.factors
        return network.with_table("processes", table)

    def fits(self, network: Network) -> bool:
        """Say whether a network may be so."""
        try:
            self.on(network)
        except DataError:
            return False
        return True


@dataclass(frozen=True)
class Variation:
    """One thing that may be otherwise: what it is, how it is known, what then changes."""

    kind: str
    id: str
    label: str
    quality: str
    reference: str
    variant: str
    change: Change


def is_weak(table: pd.DataFrame) -> Bools:
    """Return which rows are inferred or assumed."""
    return np.asarray(table["quality"].isin(WEAK), dtype=bool)


@kept(4)
def variations(network: Network, counting: Counting) -> tuple[Variation, ...]:
    """Return every variation of an input, by kind, then in the order of its table; the same ones whenever asked.

    Notes
    -----
    Nodes, recipes, relations, stocks and rows of demand that are inferred or assumed; what opened since the base year;
    projects of any quality, for none of them stands yet. Relations go by family: one commodity from a step in a country
    to a step in a country. Only what is counted of the demand is asked; demand is never absent.
    """
    found = [*_nodes(network), *_processes(network), *_relations(network), *_stocks(network)]
    return (*found, *_projects(network), *_demand(network, counting))


def _row(kind: str, row: Any, name: str, label: str, variant: str, change: Change) -> Variation:
    quality, reference = row["quality"], row["reference"]
    words = [cell if isinstance(cell, str) else "" for cell in (quality, reference)]
    return Variation(kind, name, label, words[0] or NOT_STATED, words[1], variant, change)


def _ends(kind: str, table: str, row: Any, at: int, name: str, label: str, value: float) -> Iterator[Variation]:
    """Yield the low and the high value of a figure, where it has them and they differ from it."""
    for end in ENDS:
        figure = float(row[end])
        if np.isfinite(figure) and np.isfinite(value) and value > 0 and figure != value:
            yield _row(kind, row, name, label, end, Change.of(table, at, figure / value))


def _text(cell: Any, otherwise: str = "") -> str:
    return cell if isinstance(cell, str) and cell else otherwise


def _things(kind: str, table: pd.DataFrame, shift: int, rows: Bools) -> Iterator[Variation]:
    """Yield nodes or projects: gone, and at the ends of their capacity."""
    for at in np.flatnonzero(rows).tolist():
        row = table.iloc[at]
        label = _text(row["label"], row["id"])
        yield _row(kind, row, row["id"], label, "absent", Change.of("nodes", shift + at, 0.0))
        yield from _ends(kind, "nodes", row, shift + at, row["id"], label, float(row["capacity_tpa"]))


def _nodes(network: Network) -> Iterator[Variation]:
    """Yield plants that are doubtful; also those that opened since the base year, each and all of them together."""
    nodes, opened = network.nodes, network.opened
    weak = is_weak(nodes) & (nodes["stage"] != "end_use").to_numpy()
    yield from _things("node", nodes, 0, weak)
    new = np.flatnonzero(nodes["id"].isin(opened["id"]))
    for at in new[~weak[new]].tolist():
        row = nodes.iloc[at]
        yield _row("node", row, row["id"], _text(row["label"], row["id"]), "absent", Change.of("nodes", at, 0.0))
    if len(new) > 1:
        head = {"quality": weakest(nodes["quality"].iloc[new]), "reference": _sources(nodes["reference"].iloc[new])}
        label = f"the {spelled(len(new), 'plant')} opened since the base year"
        yield _row("node", head, OPENED, label, "absent", Change.of("nodes", new, 0.0))


def _projects(network: Network) -> Iterator[Variation]:
    projects = network.projects
    yield from _things("project", projects, len(network.nodes), np.ones(len(projects), dtype=bool))


def _processes(network: Network) -> Iterator[Variation]:
    """Yield recipes: without any plant that runs them, and each line at the ends of its amount."""
    lines, users = network.processes, network.plants["process"]
    weak = is_weak(lines)
    for process in lines["process"].unique():
        at = np.flatnonzero((lines["process"] == process).to_numpy())
        plants = np.flatnonzero((users == process).to_numpy())
        if not weak[at].any() or not len(plants):
            continue
        rows, words = lines.iloc[at], _recipe_words(network, str(process), plants)
        head = {"quality": weakest(rows["quality"]), "reference": _sources(rows["reference"])}
        yield _row("process", head, str(process), words, "absent", Change.of("nodes", plants, 0.0))
        for i in at[weak[at]].tolist():
            row = lines.iloc[i]
            name, good = f"{process} / {row['commodity']}", network.good(row["commodity"])
            label = f"the {row['role']} of {good} in {words}"
            for end in ENDS:
                figure = float(row[end])
                change = Change.of("processes", i, figure)
                if figure > 0 and figure != row["t_per_t"] and change.fits(network):
                    yield _row("process", row, name, label, end, change)


def _recipe_words(network: Network, process: str, plants: Ints) -> str:
    """Return a recipe in words: by the one plant that runs it, else by its own name and what it makes."""
    if len(plants) == 1:
        return f"the recipe of {_text(network.plants['label'].iloc[plants[0]], network.plants['id'].iloc[plants[0]])}"
    lines, words = network.processes, process.replace("_", " ")
    made = lines.loc[(lines["process"] == process) & (lines["role"] == "output"), "commodity"].map(network.good)
    goods = [re.split(r"[,(:]| as | and ", good)[0].strip() for good in made if words.lower() not in good.lower()]
    return f"the recipe {words}{f' ({join(goods)})' if goods else ''}"


def _relations(network: Network) -> Iterator[Variation]:
    """Yield families of relations: gone, and all of them at the ends of their flows."""
    edges, weak = network.edges, np.flatnonzero(is_weak(network.edges))
    where = network.steps + " " + network.places.fillna("")
    ends = {end: where.reindex(edges[end]).str.strip().to_numpy(dtype=object) for end in _TWO}
    said = dict(zip(where.str.strip(), network.steps.map(step_words) + network.places.map(_in_country), strict=True))
    goods = edges["commodity"].fillna("").to_numpy(dtype=object)
    quality, reference = edges["quality"], edges["reference"].to_numpy(dtype=object)
    flow, held = (edges[column].to_numpy(dtype=float) for column in ("flow_tpa", "capacity_tpa"))
    figures = {end: edges[end].to_numpy(dtype=float) for end in ENDS}
    families: dict[tuple[str, str, str], list[int]] = {}
    for i in weak.tolist():
        families.setdefault((goods[i], ends["source"][i], ends["target"][i]), []).append(i)
    for (good, source, target), rows in sorted(families.items()):
        at = np.array(rows, dtype=np.int64)
        head = {"quality": weakest(quality.iloc[at]), "reference": _sources(reference[at])}
        name = f"{good}: {source} > {target}" if good else f"{source} > {target}"
        label = f"{network.good(good) or 'relations'}, {said[source]} to {said[target]}"
        yield _row("relation", head, name, label, "absent", Change.of("edges", at, 0.0))
        for end in ENDS:
            figure = figures[end][at]
            known = np.isfinite(figure) & (flow[at] > 0) & (figure != flow[at]) & np.isfinite(held[at])
            if known.any():
                part = at[known]
                yield _row("relation", head, name, label, end, Change.of("edges", part, figure[known] / flow[part]))


def _in_country(place: Any) -> str:
    return f" in {in_sentence(country_name(place))}" if _text(place) else ""


_TWO = ("source", "target")


def _stocks(network: Network) -> Iterator[Variation]:
    stocks = network.stocks
    for at in np.flatnonzero(is_weak(stocks)).tolist():
        row = stocks.iloc[at]
        label = _text(row["holder"], row["id"])
        yield _row("stock", row, row["id"], label, "absent", Change.of("stocks", at, 0.0))
        yield from _ends("stock", "stocks", row, at, row["id"], label, float(row["stock_t"]))


def _demand(network: Network, counting: Counting) -> Iterator[Variation]:
    demand, labels = network.demand, demand_labels(network)
    for at in np.flatnonzero(is_weak(demand) & counting.rows).tolist():
        row = demand.iloc[at]
        parts = [_text(row[c]) for c in ("node", "commodity", "tier")]
        name = " / ".join(part for part in parts if part)
        label = f"demand of {labels[at]}"
        yield from _ends("input", "demand", row, at, name, label, float(row["demand_tpa"]))


def _sources(cells: Iterable[Any]) -> str:
    return ";".join(sorted({key for cell in cells if isinstance(cell, str) for key in split_list(cell)}))
