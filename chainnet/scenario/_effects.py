"""What each measure of a scenario does to the rows of a network, and all of them together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import DataError, UnknownIdError, near_matches
from chainnet.lowering import Overlay, Restriction
from chainnet.network import Network, check_share, split_list
from chainnet.scenario._kinds import listed

__all__ = ["Effect", "effects_of", "overlay_at"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, eq=False)
class Effect:
    """One measure put to a network, at full size.

    Parameters
    ----------
    number : int
        Place of the measure in its scenario.
    measure : mapping
    argument : str
        Scenario, number and kind, for messages.
    nodes, edges, stocks, demand, projects : boolean arrays
        Rows that it reaches; nodes run over nodes, then projects; projects are those of a build or delay.
    users : boolean array
        End uses among ``nodes`` that a remove measure names: with them their demand goes.
    share : float
        What is left of the rows' size; 1 where the kind has none.
    cost : array, optional
        USD/t over each edge.
    restriction : Restriction, optional
    base_tpa : float, optional
        Baseline of the restriction's class, t/a; None = not known on every edge.
    release_tpa : array, optional
        Most that each stock may give, t/a, where ``stocks`` holds.
    tiers : tuple of str
        Tiers that the stocks are released for; empty = as their table says.
    """

    number: int
    measure: Mapping[str, Any]
    argument: str
    nodes: Bools
    edges: Bools
    stocks: Bools
    demand: Bools
    projects: Bools
    users: Bools
    share: float = 1.0
    cost: Array | None = None
    restriction: Restriction | None = None
    base_tpa: float | None = None
    release_tpa: Array | None = None
    tiers: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Kind of the measure."""
        return str(self.measure["kind"])

    def bound_at(self, size: float) -> float:
        """Return the bound of the restriction, t/a, when the measure has grown to ``size``; inf at 0."""
        assert self.restriction is not None
        full = self.restriction.bound_tpa
        if size <= 0.0:
            return float("inf")
        if size >= 1.0:
            return full
        if self.base_tpa is None:
            raise DataError(
                f"{self.argument}: phase_in_months needs the baseline flow of every edge of the class. "
                "Fill flow_tpa or leave phase_in_months out."
            )
        return self.base_tpa - (self.base_tpa - full) * size


def effects_of(network: Network, measures: Sequence[Mapping[str, Any]], name: str) -> list[Effect]:
    """Put measures to a network, in an order of their own that does not depend on how they are listed.

    ``name`` is that of the file or scenario, for messages.

    Raises
    ------
    UnknownIdError
        If a measure names an id or an edge that does not exist.
    DataError
        If a column, country, group, commodity or tier is unknown, a baseline or price is missing,
        or measures contradict each other.
    """
    found = [_PUT[m["kind"]](network, _nothing(network, number, m, name)) for number, m in enumerate(measures)]
    _check_releases(network, found)
    _check_builds(found)
    return sorted(found, key=lambda e: json.dumps(dict(e.measure), sort_keys=True))


def overlay_at(network: Network, effects: Sequence[Effect], sizes: Sequence[float] | Array) -> Overlay:
    """Return the overlay when each measure has grown to its size, 0 (not in force) to 1; nothing is built."""
    base = Overlay.none(network)
    nodes, edges, stocks = base.node_share.copy(), base.edge_share.copy(), base.stock_share.copy()
    demand, tariffs, floors = base.demand_share.copy(), base.edge_cost.copy(), base.edge_cost.copy()
    opened, tiers = np.full(len(stocks), -1.0), list(base.stock_tiers)
    bounds = []
    for effect, size in zip(effects, sizes, strict=True):
        share = effect.share if size >= 1.0 else 1.0 - (1.0 - effect.share) * size
        nodes[effect.nodes & ~effect.users if share > 0 else effect.nodes] *= share
        edges[effect.edges] *= share
        demand[effect.demand] *= share
        if effect.restriction is not None:
            bounds.append(replace(effect.restriction, bound_tpa=effect.bound_at(size)))
        if effect.release_tpa is None:
            stocks[effect.stocks] *= share
        else:  # of two releases of one stock the larger holds; what no release in force opens stays shut
            given = effect.release_tpa if size > 0 else 0.0
            opened = np.where(effect.stocks, np.maximum(opened, given), opened)
            tiers = [effect.tiers if hit else old for hit, old in zip(effect.stocks, tiers, strict=True)]
        if effect.cost is not None and effect.kind == "tariff":
            tariffs += effect.cost * size
        elif effect.cost is not None:  # of two floors the higher holds
            floors = np.maximum(floors, effect.cost * size)
    return replace(
        base,
        node_share=nodes,
        edge_share=edges,
        stock_share=stocks,
        restrictions=tuple(bounds),
        demand_share=demand,
        edge_cost=tariffs + floors,
        release_tpa=np.where(opened < 0, base.release_tpa, opened),
        stock_tiers=tuple(tiers),
    )


def _nothing(network: Network, number: int, measure: Mapping[str, Any], name: str) -> Effect:
    def none(n: int) -> Bools:
        return np.zeros(n, dtype=bool)

    plants, projects = len(network.nodes) + len(network.projects), len(network.projects)
    return Effect(
        number,
        measure,
        f"{name}: measures[{number}] {measure['kind']}",
        nodes=none(plants),
        edges=none(len(network.edges)),
        stocks=none(len(network.stocks)),
        demand=none(len(network.demand)),
        projects=none(projects),
        users=none(plants),
    )


def _both(network: Network, where: Any, argument: str) -> Bools:
    """Return which nodes, then projects, match."""
    parts = [network.matches("nodes", where, argument), network.matches("projects", where, argument)]
    return np.asarray(np.concatenate(parts), dtype=bool)


def _node_ids(network: Network) -> pd.Series:
    return pd.concat([network.nodes["id"], network.projects["id"]], ignore_index=True)


# -- one function for each group of kinds -------------------------------------------------------------


def _put_removal(network: Network, effect: Effect) -> Effect:
    """Put a remove or scale: nodes and projects, edges, stocks."""
    measure, argument = effect.measure, effect.argument
    removed = effect.kind == "remove"
    ids = network.check_nodes(listed(measure.get("nodes") or []), f"{argument}: nodes")
    named = _node_ids(network).isin(ids).to_numpy()
    ends = np.concatenate([network.nodes["stage"] == "end_use", np.zeros(len(network.projects), dtype=bool)])
    nodes, stocks = named.copy(), effect.stocks.copy()
    if removed:
        stocks |= network.stocks["node"].isin(ids).to_numpy()
    if "where" in measure:
        nodes |= _both(network, measure["where"], f"{argument}: where") & ~ends
        stocks |= network.matches("stocks", measure["where"], f"{argument}: where")
    return replace(
        effect,
        nodes=nodes,
        edges=network.edge_rows(measure.get("edges") or [], f"{argument}: edges"),
        stocks=stocks,
        demand=network.demand["node"].isin(ids).to_numpy() & removed,
        users=named & ends & removed,
        share=0.0 if removed else check_share(measure["share"], f"{argument}: share"),
    )


def _class(network: Network, effect: Effect) -> Restriction:
    """Return the class of edges that from, to and commodity name, with no bound on it yet."""
    measure, argument = effect.measure, effect.argument

    def side(key: str) -> Bools:
        where = measure.get(key)
        return _both(network, where, f"{argument}: {key}") if where else np.ones(len(effect.nodes), dtype=bool)

    ids, sources, targets, edges = _node_ids(network), side("from"), side("to"), network.edges
    commodities = tuple(sorted(_commodities(network, measure, argument)))
    hit = edges["source"].isin(set(ids[sources])) & edges["target"].isin(set(ids[targets]))
    if commodities:
        hit &= edges["commodity"].isin(commodities)
    return Restriction(hit.to_numpy(), np.inf, sources, targets, commodities)


def _commodities(network: Network, measure: Mapping[str, Any], argument: str) -> list[str]:
    words = listed(measure.get("commodity") or [])
    if words:
        parts = [network.edges["commodity"], network.demand["commodity"], network.commodities["id"]]
        known = set(pd.concat(parts).dropna())
        for word in words:
            if word not in known:
                hint = near_matches(word, known)
                raise DataError(
                    f'{argument}: unknown commodity "{word}";{hint} list them with network.edges["commodity"].'
                )
    return words


def _check_tiers(network: Network, words: Sequence[str], argument: str) -> None:
    for word in words:
        if word not in network.tier_order:
            hint = near_matches(word, network.tier_order)
            raise DataError(f'{argument}: unknown tier "{word}";{hint} Known: {", ".join(network.tier_order)}.')


def _put_restriction(network: Network, effect: Effect) -> Effect:
    """Put a restrict or quota: a bound on a class, for all of it, for a tier or for an origin."""
    measure, argument = effect.measure, effect.argument
    found = _class(network, effect)
    tier = measure.get("tier")
    part = 1.0
    if tier is not None:
        _check_tiers(network, [tier], argument)
        asked = [network.demand["tier"], network.as_read["demand"]["tier"]]  # also by whom `without` took away
        if tier not in set(pd.concat(asked).dropna()):
            raise DataError(
                f'{argument}: nobody in {network.name} asks as tier "{tier}". Leave tier out or correct it.'
            )
        part = _tier_part(network, tier, found.targets if "to" in measure else None)
    base = _baseline(network, found.edges)
    base = None if base is None else base * part
    if effect.kind == "quota":
        full, severity = float(measure["tpa"]), float(measure.get("severity", 1.0))
        if severity < 1.0:
            if base is None:
                raise DataError(f"{argument}: severity needs {_lacking(network, found.edges)}")
            full = base - (base - full) * severity if full < base else full
    else:
        share = float(measure.get("share", 0.0))
        if share > 0 and base is None:
            raise DataError(f"{argument} with share {share:g} needs {_lacking(network, found.edges)} Or use share 0.")
        full = share * base if base is not None and share > 0 else 0.0
    origin = stocks = None
    if "origin" in measure:
        origin = _both(network, measure["origin"], f"{argument}: origin")
        stocks = network.matches("stocks", measure["origin"], f"{argument}: origin")
    return replace(
        effect,
        restriction=replace(found, bound_tpa=full, tier=tier, origin=origin, origin_stocks=stocks),
        base_tpa=base if origin is None else None,
    )


def _without_baseline(network: Network, rows: Bools) -> Bools:
    edges = network.edges
    new = set(network.projects["id"]) | network.built_projects  # a project has no baseline, built or not
    asleep = (edges["source"].isin(new) | edges["target"].isin(new)).to_numpy()
    return np.asarray(rows & edges["flow_tpa"].isna().to_numpy() & ~asleep, dtype=bool)


def _lacking(network: Network, rows: Bools) -> str:
    edges = network.edges[_without_baseline(network, rows)]
    pairs = (edges["source"] + " -> " + edges["target"]).tolist()
    return f"the baseline flow of {', '.join(pairs[:5])}. Fill flow_tpa."


def _baseline(network: Network, rows: Bools) -> float | None:
    """Return the baseline flow over these edges together, t/a; None where one is not known."""
    if _without_baseline(network, rows).any():
        return None
    return float(np.nansum(network.edges["flow_tpa"].to_numpy(dtype=float)[rows]))


def _tier_part(network: Network, tier: str, targets: Bools | None) -> float:
    """Return a tier's part of the counted demand at the targets, or of all where nobody asks there."""
    demand = network.demand
    counted = demand["tier"].notna()
    if network.main_commodity:
        counted &= demand["commodity"].isin(network.main_commodity)
    here = counted
    if targets is not None:
        here = counted & demand["node"].isin(set(_node_ids(network)[targets]))
    amounts = demand[here if here.any() else counted]
    total = float(amounts["demand_tpa"].sum())
    return float(amounts.loc[amounts["tier"] == tier, "demand_tpa"].sum()) / total if total > 0 else 0.0


def _put_cost(network: Network, effect: Effect) -> Effect:
    """Put a tariff or a price floor: USD/t over the edges of a class."""
    measure, argument = effect.measure, effect.argument
    rows = _class(network, effect).edges
    if "rate" not in measure and effect.kind == "tariff":
        return replace(effect, cost=np.where(rows, float(measure["usd_per_t"]), 0.0))
    commodity = network.edges["commodity"].fillna("")
    price = commodity.map(network.commodities.set_index("id")["price_usd_per_t"]).to_numpy(dtype=float)
    lacking = sorted(set(commodity[rows & np.isnan(price)]))
    if lacking:
        words = ", ".join(f'"{word}"' if word else "the unnamed commodity" for word in lacking)
        raise DataError(
            f"{argument}: no price of {words}. Fill price_usd_per_t in commodities, or name the commodities meant"
            f"{', or give usd_per_t' if effect.kind == 'tariff' else ''}."
        )
    price = np.where(rows, price, 0.0)
    if effect.kind == "tariff":
        return replace(effect, cost=price * float(measure["rate"]))
    return replace(effect, cost=np.where(rows, np.maximum(float(measure["usd_per_t"]) - price, 0.0), 0.0))


def _put_demand(network: Network, effect: Effect) -> Effect:
    """Put a change of demand: rows that match in everything named."""
    measure, argument = effect.measure, effect.argument
    demand = network.demand
    hit = np.ones(len(demand), dtype=bool)
    if measure.get("nodes") or "where" in measure:
        nodes = set(network.check_nodes(listed(measure.get("nodes") or []), f"{argument}: nodes"))
        if "where" in measure:
            nodes |= set(_node_ids(network)[_both(network, measure["where"], f"{argument}: where")])
        hit &= demand["node"].isin(nodes).to_numpy()
    if "commodity" in measure:
        hit &= demand["commodity"].isin(_commodities(network, measure, argument)).to_numpy()
    if "tier" in measure:
        tiers = listed(measure["tier"])
        _check_tiers(network, tiers, argument)
        hit &= demand["tier"].isin(tiers).to_numpy()
    return replace(effect, demand=hit, share=check_share(measure["share"], f"{argument}: share"))


def _put_release(network: Network, effect: Effect) -> Effect:
    """Put a release: which stocks, how fast, for whom."""
    measure, argument = effect.measure, effect.argument
    stocks = network.stocks
    ids = listed(measure.get("stocks") or [])
    known = set(stocks["id"]) | set(network.as_read["stocks"]["id"])
    for name in ids:
        if name not in known:
            hint = near_matches(name, known)
            raise UnknownIdError(f'{argument}: unknown stock "{name}";{hint} list them with network.stocks.')
    hit = stocks["id"].isin(ids).to_numpy()
    moves = _deliverable(network)
    stuck = hit & ~moves
    if "where" in measure:
        also = network.matches("stocks", measure["where"], f"{argument}: where")
        if also.any() and not (also & moves).any():
            stuck |= also
        hit = hit | also
    if stuck.any():
        raise DataError(
            f"{argument}: no edge can deliver {', '.join(stocks['id'][stuck].tolist()[:5])}. Give the stock a node "
            "that ships, uses or asks for its commodity, or leave it out."
        )
    tiers = tuple(t for t in network.tier_order if t in listed(measure.get("tiers") or []))
    _check_tiers(network, listed(measure.get("tiers") or []), argument)
    own = stocks["release_tpa"].fillna(np.inf).to_numpy(dtype=float)
    given = np.full(len(stocks), float(measure["release_tpa"])) if "release_tpa" in measure else own
    return replace(effect, stocks=hit, release_tpa=given, tiers=tiers)


def _deliverable(network: Network) -> Bools:
    """Return which stocks lie where their commodity is shipped, used or asked for, whatever was taken away."""
    tables = network.as_read
    used = pd.concat([network.nodes, network.projects, tables["nodes"]])[["id", "process"]].dropna()
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
    places = {pair for part in parts for pair in part.fillna("").itertuples(index=False, name=None)}
    stocks = network.stocks
    at = zip(stocks["node"].fillna(""), stocks["commodity"].fillna(""), strict=True)
    return np.array([pair in places for pair in at], dtype=bool)


def _put_projects(network: Network, effect: Effect) -> Effect:
    """Put a build or delay: which projects."""
    measure, argument = effect.measure, effect.argument
    projects, standing = network.projects, network.built_projects
    ids = network.check_nodes(listed(measure.get("projects") or []), f"{argument}: projects")
    plants = set(network.nodes["id"]) - standing
    for name in ids:
        if name in plants:
            hint = near_matches(name, projects["id"])
            raise UnknownIdError(f'{argument}: "{name}" is no project;{hint} list them with network.projects.')
        if name in standing and effect.kind == "delay":
            raise DataError(f'{argument}: "{name}" stands already. Leave it unbuilt and build it by a measure.')
    hit = projects["id"].isin(ids).to_numpy()
    if "where" in measure:
        hit = hit | network.matches("projects", measure["where"], f"{argument}: where")
    return replace(effect, projects=hit)


_PUT = {
    "remove": _put_removal,
    "scale": _put_removal,
    "restrict": _put_restriction,
    "quota": _put_restriction,
    "tariff": _put_cost,
    "price_floor": _put_cost,
    "demand": _put_demand,
    "release": _put_release,
    "build": _put_projects,
    "delay": _put_projects,
}


def _check_releases(network: Network, effects: Sequence[Effect]) -> None:
    """Releases may not contradict the stock's own rule, nor each other."""
    every = frozenset(network.tier_order)
    kept = network.stocks["tiers"]
    for row, (name, cell) in enumerate(zip(network.stocks["id"], kept, strict=True)):
        own = frozenset(split_list(cell)) if isinstance(cell, str) else every
        first: tuple[Effect, frozenset[str]] | None = None
        for effect in effects:
            if effect.release_tpa is None or not effect.stocks[row]:
                continue
            asked = frozenset(effect.tiers) or own
            if not asked <= own:
                raise DataError(
                    f'{effect.argument}: releases stock "{name}" for {", ".join(sorted(asked - own))}, but it is kept '
                    f"for {', '.join(t for t in network.tier_order if t in own)}. Correct tiers here or in stocks."
                )
            if first is not None and first[1] != asked:
                raise DataError(
                    f'{effect.argument} contradicts measures[{first[0].number}] release: both release stock "{name}", '
                    "for different tiers. Name the same tiers, or other stocks."
                )
            first = first or (effect, asked)


def _check_builds(effects: Sequence[Effect]) -> None:
    """Refuse a project that one measure builds by name and another removes by name for good."""
    for gone in effects:
        if gone.kind != "remove" or {"start", "start_month", "months", "suspended"} & set(gone.measure):
            continue
        ids = set(listed(gone.measure.get("nodes") or []))
        for built in effects:
            both = ids & set(listed(built.measure.get("projects") or [])) if built.kind == "build" else ()
            if both:
                raise DataError(
                    f'{gone.argument} contradicts measures[{built.number}] build: both name "{min(both)}". '
                    "Keep one of them, or say from when it is removed."
                )
