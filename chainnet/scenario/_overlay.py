"""All measures of a scenario together: their effects, and the overlay when each has grown to its size."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools
from chainnet.errors import ChainnetWarning, DataError, UnknownIdError
from chainnet.lowering import Overlay
from chainnet.network import OUTSIDE, Network, is_country, kept, split_list
from chainnet.scenario._customs import with_numbers
from chainnet.scenario._effect import TIMES, Effect, acting, listed, no_effect
from chainnet.scenario._form import plain
from chainnet.scenario._kinds import KINDS
from chainnet.scenario._matches import words_of
from chainnet.scenario._named import word_errors
from chainnet.scenario._register import rule_named

_GOODS = 8  # that a warning lists
_MOST_DEMAND = 10.0  # times the demand: beyond it a per cent is more likely meant


def effects_of(
    network: Network, measures: Sequence[Mapping[str, Any]], name: str, *, said: bool = True, in_phases: bool = False
) -> list[Effect]:
    """Put measures to a network, in an order of their own that does not depend on how they are listed.

    ``name`` is that of the file or scenario, for messages; ``said``: whether a measure that matches nothing is told;
    ``in_phases``: whether also what passes is put, not what lasts alone.

    Raises
    ------
    UnknownIdError
        If a measure names an id or an edge that does not exist.
    DataError
        If a column, country, group, commodity, tier, rule or source is unknown, a baseline or price is missing,
        customs show no share that a measure asks for, or measures contradict each other.
    """
    _check_sources(network, measures, name)
    asked = with_numbers(network, measures, name)
    empty = [
        replace(no_effect(network, number, one, name), span=span)
        for number, measure, _ in asked
        for one, span in KINDS[measure["kind"]].phases(network, measure, f"{name}: measures[{number}]")
        if in_phases or span[1] == np.inf
    ]
    _check_words(network, empty, name)
    found = [KINDS[effect.kind].put(network, effect) for effect in empty]
    _check_releases(network, found)
    _check_builds(found)
    if said:
        say_doubtful(network, found)
    return sorted(found, key=lambda e: json.dumps(acting(e.measure), sort_keys=True))


def _check_words(network: Network, effects: Sequence[Effect], name: str) -> None:
    """Raise what is wrong with the words of all measures: one error as it is, several in one."""
    errors = [error for effect in effects for error in word_errors(network, effect)]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        kind = UnknownIdError if all(isinstance(error, UnknownIdError) for error in errors) else DataError
        raise kind("\n  ".join([f"{name}: {len(errors)} faults against {network.name}", *map(str, errors)]))


def say_doubtful(network: Network, effects: Sequence[Effect]) -> None:
    """Warn of what is hardly meant: nothing is reached, or home trade too; a per cent of demand; a slow stock."""
    _say_slow(network, effects)
    _say_exports(network, tuple(effects))
    for effect in effects:
        if effect.share > _MOST_DEMAND:  # of demand alone: of all else a share is what is left
            warnings.warn(
                f"{effect.argument}: share = {effect.share:g} makes the demand {effect.share:g} times as large. "
                f"If {effect.share:g} % is meant, write {effect.share / 100:g}.",
                ChainnetWarning,
                stacklevel=4,
            )
        rows = _rows(effect)
        if effect.restriction is not None:
            # a class without a relation is still closed for new ones
            rows.append(np.array([effect.restriction.sources.any() and effect.restriction.targets.any()]))
        if not any(part.any() for part in rows):
            words = ", ".join(
                f"{key} = {plain(value)}" for key, value in acting(effect.measure).items() if key != "kind"
            )
            warnings.warn(
                f"{effect.argument} ({words}) matches nothing: 0 nodes, edges, stocks, projects and rows of demand. "
                f"It changes no answer; correct it or leave it out.{_near(network, effect.measure)}",
                ChainnetWarning,
                stacklevel=4,
            )


def _rows(effect: Effect) -> list[Bools]:
    return [effect.nodes, effect.edges, effect.stocks, effect.demand, effect.projects]


def _near(network: Network, measure: Mapping[str, Any]) -> str:
    """Say what words of a measure no row has, and which are near to them."""
    said = []
    for key in ("where", "from", "to", "origin"):
        for column, value in (measure.get(key) or {}).items():
            tables = [network.as_read[name] for name in ("nodes", "projects", "stocks")]
            cells = [table[column].dropna() for table in tables if column in table]
            known = sorted(set(map(str, pd.concat(cells)))) if cells else []
            for word in listed(value):
                hint = checks.near(word, known) if word not in known else ""
                if hint:
                    said.append(f' {column} "{word}":{hint}')
    return "".join(said)


@kept(64)
def _say_exports(network: Network, effects: tuple[Effect, ...]) -> None:
    """Warn of bounds on what leaves a place that meet no flow, and of those on a country that hold at home too."""
    plants, edges, said = network.plants, network.view("edges"), dict[str, None]()
    bounds = [(effect, effect.restriction) for effect in effects if effect.restriction is not None]
    met = [effect.measure.get("from") for effect, bound in bounds if bound.edges.any()]
    is_idle = not met and not any(part.any() for effect in effects for part in _rows(effect))
    for effect, bound in bounds:
        begins, to = effect.measure.get("from"), effect.measure.get("to") or {}
        if not begins or not bound.sources.any() or not bound.targets.any():
            continue
        countries = [word for word in listed(begins.get("country", [])) if not word.startswith(OUTSIDE)]
        inside = network.in_countries(plants, countries, effect.argument) if countries else np.zeros_like(bound.sources)
        at_home = edges["target"].isin(set(plants["id"][inside])).to_numpy()
        leaving = edges["commodity"][edges["source"].isin(set(plants["id"][bound.sources])).to_numpy() & ~at_home]
        # phases name by their ids whom no group of destinations names: not what somebody wrote
        is_placed = bool(
            to.keys()
            & ({"country", "region", "site"} | ({"id"} if "profile" not in KINDS[effect.kind].keys else set()))
        )
        named = {key: effect.measure[key] for key in ("from", "commodity") if key in effect.measure}
        what = f"{effect.argument} ({words_of(named | ({'to': to} if is_placed else {}))})"
        home = int((bound.edges & at_home).sum())
        leaves = leaving.isin(bound.commodities).any() if bound.commodities else len(leaving)
        # the text of a law lists goods that nobody ships, beside others: a bound of the same place speaks for them
        if is_idle or (not leaves and (home or begins not in met)):
            goods = sorted(set(leaving.dropna()))
            listing = ", ".join(goods[:_GOODS]) + (", ..." if len(goods) > _GOODS else "")
            more = f" What leaves there: {listing}." if goods and not leaves else ""
            abroad = " abroad" if countries else ""
            said[f"{what} meets no flow{abroad}, and only closes new relations.{more}"] = None
        if home and not is_placed:
            abroad = json.dumps([OUTSIDE + word for word in countries] if countries[1:] else OUTSIDE + countries[0])
            said[
                f"{what} binds home trade too: {home} of its {int(bound.edges.sum())} relations end there. An export "
                f"rule says whom it hits: abroad is to = {{country = {abroad}}}."
            ] = None
    for text in said:
        _say_once(network, text)


@kept(256)
def _say_once(network: Network, text: str) -> None:
    """Warn, however often the same is asked of a network."""
    warnings.warn(text, ChainnetWarning, stacklevel=8)


def _say_slow(network: Network, effects: Sequence[Effect]) -> None:
    """Warn of stocks that a release would have give more a year than their own table says."""
    stocks = network.view("stocks")
    own = stocks["release_tpa"].to_numpy(dtype=float)
    for effect in effects:
        if effect.release_tpa is None:
            continue
        slow = np.flatnonzero(effect.stocks & (effect.release_tpa > own))  # False where either says nothing
        if len(slow):
            said = ", ".join(f'"{stocks["id"].iloc[i]}" {own[i]:g} t/yr' for i in slow[:5].tolist())
            warnings.warn(
                f"{effect.argument}: release_tpa {effect.measure['release_tpa']:g} is more than the stock itself can "
                f"give (stocks.release_tpa): {said}. It gives no more than that; raise stocks.release_tpa if it can.",
                ChainnetWarning,
                stacklevel=5,
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
        home=homes_of(network, [effect for effect, size in zip(effects, sizes, strict=True) if size > 0]),
        release_tpa=_opened(network, effects, sizes, stocks),
        stock_tiers=tuple(tiers),
    )


def homes_of(network: Network, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return the countries whose export rules these measures are.

    A measure that names a rule is of its actor, if that is a rule on exports; without rule or actor a bound on what
    leaves a country is of that country. A bound on what leaves a group is nobody's rule: a bloc has no home.
    """
    found = set[str]()
    for effect in effects:
        named, leaves = effect.measure.get("rule"), (effect.measure.get("from") or {}).get("country")
        rule = None if named is None else rule_named(named, effect.argument, network)
        if rule is not None and (rule.actor or rule.kind != "export"):
            found |= {rule.actor} if rule.kind == "export" else set()
        elif effect.restriction is not None and leaves:
            found |= {word for word in listed(leaves) if is_country(word) and word not in network.groups_known}
    return tuple(sorted(found))


def _opened(network: Network, effects: Sequence[Effect], sizes: Sequence[float] | Array, stock_share: Array) -> Array:
    """Return the most that releases let out of each stock, t/yr; inf where no measure says anything.

    Of two releases of one stock the larger holds; what no release in force opens stays shut.
    """
    if all(effect.release_tpa is None for effect in effects):
        return np.full(len(stock_share), np.inf)
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
    known = set(network.view("references")["key"])
    for number, measure in enumerate(measures):
        if "rule" in measure:
            rule_named(measure["rule"], f"{name}: measures[{number}] {measure['kind']}", network)
        lacking = [key for key in split_list(measure.get("source", "")) if key not in known]
        if lacking and known:
            said = checks.unknown(lacking[0], known, "key of the references table")
            raise DataError(f"{name}: measures[{number}] {measure['kind']}: source: {said} Correct it or add the row.")


def _check_releases(network: Network, effects: Sequence[Effect]) -> None:
    """Releases may not contradict the stock's own rule, nor each other."""
    if all(effect.release_tpa is None for effect in effects):
        return
    every = frozenset(network.tier_order)
    stocks = network.view("stocks")
    for row, (name, cell) in enumerate(zip(stocks["id"], stocks["tiers"], strict=True)):
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
        if not KINDS[gone.kind].is_removal or set(TIMES) & set(gone.measure):
            continue
        ids = set(listed(gone.measure.get("nodes") or []))
        for built in effects:
            both = ids & set(listed(built.measure.get("projects") or [])) if KINDS[built.kind].stands else ()
            if both:
                raise DataError(
                    f'{gone.argument} contradicts measures[{built.number}] {built.kind}: both name "{min(both)}". '
                    "Keep one of them, or say from when it is removed."
                )
