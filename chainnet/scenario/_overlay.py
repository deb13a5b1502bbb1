"""All measures of a scenario together: their effects, and the overlay when each has grown to its size."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainnet._types import Array
from chainnet.errors import ChainnetWarning, DataError, near_matches
from chainnet.lowering import Overlay
from chainnet.network import Network, split_list
from chainnet.scenario._customs import with_numbers
from chainnet.scenario._effect import TIMES, Effect, acting, listed, no_effect
from chainnet.scenario._form import plain
from chainnet.scenario._kinds import KINDS
from chainnet.scenario._register import rule_named

__all__ = ["effects_of", "overlay_at", "say_empty"]


def effects_of(
    network: Network, measures: Sequence[Mapping[str, Any]], name: str, *, said: bool = True
) -> list[Effect]:
    """Put measures to a network, in an order of their own that does not depend on how they are listed.

    ``name`` is that of the file or scenario, for messages; ``said``: whether a measure that matches nothing is told.

    Raises
    ------
    UnknownIdError
        If a measure names an id or an edge that does not exist.
    DataError
        If a column, country, group, commodity, tier, rule or source is unknown, a baseline or price is missing,
        customs show no share that a measure asks for, or measures contradict each other.
    """
    _check_sources(network, measures, name)
    found = [
        KINDS[m["kind"]].put(network, no_effect(network, number, m, name))
        for number, m, _ in with_numbers(network, measures, name)
    ]
    _check_releases(network, found)
    _check_builds(found)
    if said:
        say_empty(found)
    return sorted(found, key=lambda e: json.dumps(acting(e.measure), sort_keys=True))


def say_empty(effects: Sequence[Effect]) -> None:
    """Warn of measures that reach nothing: what they name is not there, or no row matches."""
    for effect in effects:
        rows = [effect.nodes, effect.edges, effect.stocks, effect.demand, effect.projects]
        if effect.restriction is not None:
            # a class without a relation is still closed for new ones
            rows.append(np.array([effect.restriction.sources.any() and effect.restriction.targets.any()]))
        if not any(part.any() for part in rows):
            words = ", ".join(
                f"{key} = {plain(value)}" for key, value in acting(effect.measure).items() if key != "kind"
            )
            warnings.warn(
                f"{effect.argument} ({words}) matches nothing: 0 nodes, edges, stocks, projects and rows of demand. "
                "It changes no answer; correct it or leave it out.",
                ChainnetWarning,
                stacklevel=4,
            )


def overlay_at(network: Network, effects: Sequence[Effect], sizes: Sequence[float] | Array) -> Overlay:
    """Return the overlay when each measure has grown to its size, 0 (not in force) to 1; nothing is built."""
    base = Overlay.none(network)
    nodes, edges, stocks = base.node_share.copy(), base.edge_share.copy(), base.stock_share.copy()
    demand, costs, floors = base.demand_share.copy(), base.edge_cost.copy(), base.edge_cost.copy()
    tiers = list(base.stock_tiers)
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
        else:
            tiers = [effect.tiers if hit else old for hit, old in zip(effect.stocks, tiers, strict=True)]
        if effect.cost is not None and effect.is_floor:  # of two floors the higher holds
            floors = np.maximum(floors, effect.cost * size)
        elif effect.cost is not None:
            costs += effect.cost * size
    return replace(
        base,
        node_share=nodes,
        edge_share=edges,
        stock_share=stocks,
        restrictions=tuple(bounds),
        demand_share=demand,
        edge_cost=costs + floors,
        release_tpa=_opened(network, effects, sizes, stocks),
        stock_tiers=tuple(tiers),
    )


def _opened(network: Network, effects: Sequence[Effect], sizes: Sequence[float] | Array, stock_share: Array) -> Array:
    """Return the most that releases let out of each stock, t/a; inf where no measure says anything.

    Of two releases of one stock the larger holds; what no release in force opens stays shut.
    """
    own = network.stocks["release_tpa"].to_numpy(dtype=float)
    own = np.where(np.isnan(own), np.inf, own * stock_share)
    opened = np.full(len(own), -1.0)
    for effect, size in zip(effects, sizes, strict=True):
        if effect.release_tpa is not None:
            named = np.where(np.isnan(effect.release_tpa), own, effect.release_tpa)
            opened = np.where(effect.stocks, np.maximum(opened, named if size > 0 else 0.0), opened)
    return np.where(opened < 0, np.inf, opened)


def _check_sources(network: Network, measures: Sequence[Mapping[str, Any]], name: str) -> None:
    """Hold what measures are sourced from against the references, where there are any; and rules against theirs."""
    known = set(network.references["key"])
    for number, measure in enumerate(measures):
        if "rule" in measure:
            rule_named(measure["rule"], f"{name}: measures[{number}] {measure['kind']}")
        lacking = [key for key in split_list(measure.get("source", "")) if key not in known]
        if lacking and known:
            raise DataError(
                f'{name}: measures[{number}] {measure["kind"]}: source: the references table lacks "{lacking[0]}";'
                f"{near_matches(lacking[0], known)} Correct it or add the row."
            )


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
        if gone.kind != "remove" or TIMES & set(gone.measure):
            continue
        ids = set(listed(gone.measure.get("nodes") or []))
        for built in effects:
            both = ids & set(listed(built.measure.get("projects") or [])) if built.kind == "build" else ()
            if both:
                raise DataError(
                    f'{gone.argument} contradicts measures[{built.number}] build: both name "{min(both)}". '
                    "Keep one of them, or say from when it is removed."
                )
