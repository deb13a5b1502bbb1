"""What a measure names in a network: its plants, stocks, flows, commodities and tiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Bools
from chainnet.errors import DataError, UnknownIdError
from chainnet.lowering import Restriction
from chainnet.network import Network, kept
from chainnet.scenario._effect import Effect, listed

# what a plant makes and takes is said by its process, or without one by what leaves and reaches it
_BY_RECIPE = {"makes": (("output", "coproduct", "byproduct"), "source"), "takes": (("input",), "target")}


def both(network: Network, where: Any, argument: str) -> Bools:
    """Return which nodes, then projects, match."""
    columns = _columns(where)
    parts = [
        network.matches(table, columns, argument) if columns else np.ones(len(network.view(table)), dtype=bool)
        for table in ("nodes", "projects")
    ]
    hit = np.asarray(np.concatenate(parts), dtype=bool)
    for key in _BY_RECIPE.keys() & set(where):
        hit &= _by_recipe(network, key, where, argument)
    return hit


def reached(network: Network, where: Mapping[str, Any]) -> Bools:
    """Return which nodes, then projects, a ``where`` chooses; end uses are never among them."""
    return both(network, where, "where") & ~end_uses(network)


@kept(1)
def end_uses(network: Network) -> Bools:
    """Return which nodes, then projects, are end uses; no project is one. Kept: callers must not change it."""
    plants = network.plants
    return np.asarray((plants["stage"] == "end_use") & ~plants["is_project"], dtype=bool)


def _columns(where: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions on columns: all but what is made and taken."""
    return {column: value for column, value in where.items() if column not in _BY_RECIPE}


def _by_recipe(network: Network, key: str, where: Mapping[str, Any], argument: str) -> Bools:
    """Return which nodes, then projects, make or take one of the commodities named."""
    words = commodities_of(network, {"commodity": where[key]}, f"{argument}.{key}")
    roles, end = _BY_RECIPE[key]
    lines, edges = network.processes, network.edges
    processes = lines.loc[lines["commodity"].isin(words) & lines["role"].isin(roles), "process"]
    plants = network.plants
    passing = plants["process"].isna() & plants["id"].isin(edges.loc[edges["commodity"].isin(words), end])
    return np.asarray((plants["process"].isin(processes) | passing).to_numpy(), dtype=bool)


def stocks_of(network: Network, where: Mapping[str, Any], argument: str) -> Bools:
    """Return which stocks match; nothing that is made or taken reaches a stock, its commodity does."""
    if len(_columns(where)) < len(where):
        return np.zeros(len(network.stocks), dtype=bool)
    return network.matches("stocks", where, argument)


def word_errors(network: Network, effect: Effect) -> list[DataError | UnknownIdError]:
    """Return the error of every word of a measure that the network does not know, so that all are told at once."""
    measure, argument = effect.measure, effect.argument
    asked: list[Callable[[], object]] = [
        partial(network.check_nodes, listed(measure.get(key) or []), f"{argument}: {key}")
        for key in ("nodes", "projects")
    ]
    asked += [partial(network.edge_rows, [pair], f"{argument}: edges") for pair in measure.get("edges") or []]
    for key in ("where", "from", "to", "origin"):
        for column, value in (measure.get(key) or {}).items():
            asked.append(partial(both, network, {column: value}, f"{argument}: {key}"))
    asked.append(partial(commodities_of, network, measure, argument))
    for key in ("tier", "tiers"):
        asked.append(partial(check_tiers, network, listed(measure.get(key) or []), argument))
    found: list[DataError | UnknownIdError] = []
    for ask in asked:
        try:
            ask()
        except (DataError, UnknownIdError) as error:
            found.append(error)
    return found


def class_of(network: Network, effect: Effect) -> Restriction:
    """Return the class of edges that from, to and commodity name, with no bound on it yet."""
    measure, argument = effect.measure, effect.argument

    def side(key: str) -> Bools:
        where = measure.get(key)
        return both(network, where, f"{argument}: {key}") if where else np.ones(len(effect.nodes), dtype=bool)

    ids, sources, targets, edges = network.plants["id"], side("from"), side("to"), network.view("edges")
    commodities = tuple(sorted(commodities_of(network, measure, argument)))
    hit = edges["source"].isin(set(ids[sources])) & edges["target"].isin(set(ids[targets]))
    if commodities:
        hit &= edges["commodity"].isin(commodities)
    return Restriction(hit.to_numpy(), np.inf, sources, targets, commodities)


def commodities_of(network: Network, measure: Mapping[str, Any], argument: str) -> list[str]:
    """Return the commodities that a measure names, each of which the network knows."""
    words = listed(measure.get("commodity") or [])
    if words:
        parts = [
            network.view("edges")["commodity"],
            network.view("demand")["commodity"],
            network.view("commodities")["id"],
        ]
        known = set(pd.concat(parts).dropna())
        for word in words:
            checks.known(word, known, argument, "commodity")
    return words


def check_tiers(network: Network, words: Sequence[str], argument: str) -> None:
    """Raise DataError if the network has no such tier."""
    for word in words:
        checks.known(word, network.tier_order, argument, "tier")


def _without_baseline(network: Network, rows: Bools) -> Bools:
    edges = network.view("edges")
    new = set(network.view("projects")["id"]) | network.built_projects  # a project has no baseline, built or not
    asleep = (edges["source"].isin(new) | edges["target"].isin(new)).to_numpy()
    return np.asarray(rows & edges["flow_tpa"].isna().to_numpy() & ~asleep, dtype=bool)


def lacking_of(network: Network, rows: Bools) -> str:
    """Say of which of these edges the baseline flow is missing."""
    edges = network.edges[_without_baseline(network, rows)]
    pairs = (edges["source"] + " -> " + edges["target"]).tolist()
    return f"the baseline flow of {', '.join(pairs[:5])}. Fill flow_tpa."


def baseline_of(network: Network, rows: Bools) -> float | None:
    """Return the baseline flow over these edges together, t/yr; None where one is not known."""
    if _without_baseline(network, rows).any():
        return None
    return float(np.nansum(network.view("edges")["flow_tpa"].to_numpy(dtype=float)[rows]))


def tier_part(network: Network, tier: str, targets: Bools | None) -> float:
    """Return a tier's part of the counted demand at the targets, or of all where nobody asks there."""
    demand = network.view("demand")
    counted = demand["tier"].notna()
    if network.main_commodity:
        counted &= demand["commodity"].isin(network.main_commodity)
    here = counted
    if targets is not None:
        here = counted & demand["node"].isin(set(network.plants["id"][targets]))
    amounts = demand[here if here.any() else counted]
    total = float(amounts["demand_tpa"].sum())
    return float(amounts.loc[amounts["tier"] == tier, "demand_tpa"].sum()) / total if total > 0 else 0.0


def places_of(network: Network, commodity: str) -> list[str]:
    """Return the ids of the nodes at which a stock of a commodity can be drawn."""
    return sorted({node for node, good in _places(network) if good == commodity} & set(network.nodes["id"]))


def deliverable(network: Network) -> Bools:
    """Return which stocks lie where their commodity is shipped, used or asked for, whatever was taken away."""
    places, stocks = _places(network), network.stocks
    at = zip(stocks["node"].fillna(""), stocks["commodity"].fillna(""), strict=True)
    return np.array([pair in places for pair in at], dtype=bool)


def _places(network: Network) -> set[tuple[str, str]]:
    """Return pairs of node and commodity: what it ships, uses or asks for."""
    tables = network.as_read
    used = pd.concat([network.plants, tables["nodes"]])[["id", "process"]].dropna()
    inputs = tables["processes"][tables["processes"]["role"] == "input"]
    used = used.merge(inputs, on="process")[["id", "commodity"]]
    parts = [
        tables["edges"][["source", "commodity"]],
        used,
        tables["demand"][["node", "commodity"]],
        network.demand[["node", "commodity"]],
    ]
    if tables["demand"].empty:  # end uses take whatever reaches them
        ends = tables["edges"][["target", "commodity"]]
        parts.append(ends[ends["target"].isin(network.nodes.loc[network.nodes["stage"] == "end_use", "id"])])
    return {(node, good) for part in parts for node, good in part.fillna("").itertuples(index=False, name=None)}
