"""Kinds of measures: for each its keys, what it needs, and what it does to the rows of a network.

To add one: a function that puts it to a network, and a record in ``KINDS`` that answers all that anybody asks of a
kind, for nobody else knows one by its name; its words for readers stand in ``chainnet/reporting/measures.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, UnknownIdError
from chainnet.network import Network
from chainnet.scenario._at_home import Measure, named_at_home, refused, stopped_at_home
from chainnet.scenario._effect import TIMES, TOLD, Effect, listed, prices_over
from chainnet.scenario._loss import less, licensed, restricted, scaled, severity
from chainnet.scenario._named import (
    baseline_of,
    both,
    check_tiers,
    class_of,
    commodities_of,
    deliverable,
    end_uses,
    lacking_of,
    reached,
    stocks_of,
    tier_part,
)
from chainnet.scenario._phases import ALWAYS, Span, phases_of, profile_of

_SELECTORS = ("nodes", "edges", "where")
_CLASS = ("from", "to", "commodity")
_MONEY = ("revenue",)  # who gets what a levy or a licence brings: a market asks, nothing else
_FLOOR = ("mechanism", "content", "upside_share", "nodes", "where")  # how a market keeps a floor
_AT_ONCE = (*TIMES, *TOLD)
_CALENDAR = (*_AT_ONCE, "phase_in_months")


@dataclass(frozen=True)
class Kind:
    """One kind of measure.

    Parameters
    ----------
    put : function
        Network and empty effect to the effect at full size.
    keys : tuple of str
        Keys that the measure may have beside ``kind``.
    names_what : tuple of str
        Keys of which it must have one, or it names nothing.
    needed : tuple of str, optional
        A key that it must have, and the remedy where it is missing.
    either : tuple of str, optional
        Two keys of which it must have one alone, and the remedy.
    part : function, optional
        Measure and part of its loss, above 0 and below 1, to the measure that takes so much; None = it takes nothing
        away.
    at_home : function
        Part of a network and measure to the measure with what it names there, None = nothing; it raises where the
        measure couples the parts, and as long as nobody has said how a kind is kept to a part.
    tracked flows : tuple of str
        Keys by which it parts goods into tracked flows, because they are followed down the chain.
    follows : tuple of str
        Which rows of ``bracket`` follow it: optimal, myopic.
    stands, delays : bool
        Whether the projects that it reaches stand, or are late: it bounds nothing.
    shuts : bool
        Whether what it reaches is open in its months alone: in all others it is shut.
    is_removal : bool
        Whether what it names is gone, so that nothing beside it can be done there.
    has_customs : bool
        Whether its share may be read from customs; ``severity`` then says how much of the loss.
    has_tiers : bool
        Whether its ``tier`` may name several.
    faults : function
        Measure to what is wrong between its values: key, rule and remedy.
    money : str
        What a market makes of it: levy, exit levy (the seller's), limit, floor, paid, bought, pooled (bought by
        all who use it), stored (bought and sold); "" = nothing.
    phases : function
        Network, measure and argument to what it is put as, each with the months of its own time in which it acts.
    """

    put: Callable[[Network, Effect], Effect]
    keys: tuple[str, ...]
    names_what: tuple[str, ...]
    needed: tuple[str, str] | None = None
    either: tuple[str, str, str] | None = None
    part: Callable[[Measure, float], dict[str, Any]] | None = None
    at_home: Callable[[Network, Measure], dict[str, Any] | None] = refused
    strands: tuple[str, ...] = ()
    follows: tuple[str, ...] = ("optimal", "myopic")
    stands: bool = False
    delays: bool = False
    shuts: bool = False
    is_removal: bool = False
    has_customs: bool = False
    has_tiers: bool = False
    faults: Callable[[Measure], list[tuple[str, str, str]]] = lambda measure: []
    money: str = ""
    phases: Callable[[Network, Measure, str], list[tuple[Measure, Span]]] = lambda network, measure, argument: [
        (measure, ALWAYS)
    ]

    @property
    def takes(self) -> bool:
        """Whether it takes something away, so that part of the loss can be set."""
        return self.part is not None

    @property
    def is_of_projects(self) -> bool:
        """Whether it says when projects stand, and bounds nothing."""
        return self.stands or self.delays

    @property
    def is_endless(self) -> bool:
        """Whether it is left without an end where others end with a setting: what is built or shut stays so."""
        return self.is_of_projects or self.shuts

    def parts_goods(self, measure: Measure) -> tuple[str, ...]:
        """Return the keys by which a measure parts goods into tracked flows; empty = it does not."""
        return tuple(key for key in self.strands if key in measure)


def _licence_at_home(part: Network, measure: Measure) -> dict[str, Any] | None:
    """Return a licence with what it names in a part, as it lasts; see ``stopped_at_home``."""
    if "by" in measure:
        raise DataError("licence: parts cannot keep it each for themselves, by destination. Ask the whole network.")
    lasting = {key: value for key, value in measure.items() if key != "profile"}
    return stopped_at_home(part, {**lasting, "share": profile_of(measure)[-1]["share"]})


# -- one function for each group of kinds -------------------------------------------------------------


def _put_removal(network: Network, effect: Effect) -> Effect:
    """Put a remove or scale: nodes and projects, edges, stocks."""
    measure, argument = effect.measure, effect.argument
    removed = effect.kind == "remove"
    ids = network.check_nodes(listed(measure.get("nodes") or []), f"{argument}: nodes")
    named, stocks, demand = effect.nodes.copy(), effect.stocks.copy(), effect.demand
    if ids:
        named |= network.plants["id"].isin(ids).to_numpy()
    if ids and removed:
        stocks |= network.view("stocks")["node"].isin(ids).to_numpy()
        demand = network.view("demand")["node"].isin(ids).to_numpy()
    ends, nodes = end_uses(network), named.copy()
    if "where" in measure:
        nodes |= both(network, measure["where"], f"{argument}: where") & ~ends
        stocks |= stocks_of(network, measure["where"], f"{argument}: where")
    return replace(
        effect,
        nodes=nodes,
        edges=network.edge_rows(measure.get("edges") or [], f"{argument}: edges"),
        stocks=stocks,
        demand=demand,
        users=named & ends & removed,
        share=0.0 if removed else checks.share(measure["share"], f"{argument}: share"),
    )


def _put_restriction(network: Network, effect: Effect) -> Effect:
    """Put a restrict or quota: a bound on a class, for all of it, for a tier or for an origin."""
    measure, argument = effect.measure, effect.argument
    found = class_of(network, effect)
    tier = measure.get("tier")
    part = 1.0
    if tier is not None:
        check_tiers(network, [tier], argument)
        asked = [network.demand["tier"], network.as_read["demand"]["tier"]]  # also by whom `without` took away
        if tier not in set(pd.concat(asked).dropna()):
            raise DataError(
                f'{argument}: nobody in {network.name} asks as tier "{tier}". Leave tier out or correct it.'
            )
        part = tier_part(network, tier, found.targets if "to" in measure else None)
    base = baseline_of(network, found.edges)
    base = None if base is None else base * part
    if effect.kind == "quota":
        full, severity = float(measure["tpa"]), float(measure.get("severity", 1.0))
        if severity < 1.0:
            if base is None:
                raise DataError(f"{argument}: severity needs {lacking_of(network, found.edges)}")
            full = base - (base - full) * severity if full < base else full
    else:
        share = float(measure.get("share", 0.0))
        if share > 0 and base is None:
            raise DataError(f"{argument} with share {share:g} needs {lacking_of(network, found.edges)} Or use share 0.")
        full = share * base if base is not None and share > 0 else 0.0
    origin = stocks = None
    if "origin" in measure:
        origin = both(network, measure["origin"], f"{argument}: origin")
        stocks = stocks_of(network, measure["origin"], f"{argument}: origin")
    return replace(
        effect,
        restriction=replace(found, bound_tpa=full, tier=tier, origin=origin, origin_stocks=stocks),
        base_tpa=base if origin is None else None,
    )


def _put_tariff(network: Network, effect: Effect) -> Effect:
    """Put a tariff, USD/t or a part of the price, over the edges of a class."""
    rows = class_of(network, effect).edges
    if "usd_per_t" in effect.measure:
        return replace(effect, cost=np.where(rows, float(effect.measure["usd_per_t"]), 0.0), edges=rows)
    price = prices_over(network, effect, rows, ", or give usd_per_t")
    return replace(effect, cost=price * float(effect.measure["rate"]), edges=rows)


def _put_floor(network: Network, effect: Effect) -> Effect:
    """Put a price floor over the edges of a class: what lacks to it; a contract with plants costs no user anything."""
    if effect.measure.get("mechanism", "border") != "border":
        return _put_paid(network, effect)
    rows = class_of(network, effect).edges
    lacks = np.maximum(float(effect.measure["usd_per_t"]) - prices_over(network, effect, rows), 0.0)
    return replace(effect, cost=np.where(rows, lacks, 0.0), edges=rows, is_floor=True)


def _put_paid(network: Network, effect: Effect) -> Effect:
    """Put what only moves money, which a market alone answers to: it reaches plants and bounds nothing."""
    measure, argument = effect.measure, effect.argument
    ids = listed(measure.get("nodes") or measure.get("node") or [])
    hit = network.plants["id"].isin(network.check_nodes(ids, f"{argument}: nodes")).to_numpy()
    return replace(effect, nodes=hit | reached(network, measure["where"]) if "where" in measure else hit)


def _put_demand(network: Network, effect: Effect) -> Effect:
    """Put a change of demand: rows that match in everything named."""
    measure, argument = effect.measure, effect.argument
    demand = network.demand
    hit = np.ones(len(demand), dtype=bool)
    if measure.get("nodes") or "where" in measure:
        nodes = set(network.check_nodes(listed(measure.get("nodes") or []), f"{argument}: nodes"))
        if "where" in measure:
            nodes |= set(network.plants["id"][both(network, measure["where"], f"{argument}: where")])
        hit &= demand["node"].isin(nodes).to_numpy()
    if "commodity" in measure:
        hit &= demand["commodity"].isin(commodities_of(network, measure, argument)).to_numpy()
    if "tier" in measure:
        tiers = listed(measure["tier"])
        check_tiers(network, tiers, argument)
        hit &= demand["tier"].isin(tiers).to_numpy()
    return replace(effect, demand=hit, share=checks.share(measure["share"], f"{argument}: share"))


def _put_release(network: Network, effect: Effect) -> Effect:
    """Put a release: which stocks, how fast, for whom."""
    measure, argument = effect.measure, effect.argument
    stocks = network.stocks
    ids = listed(measure.get("stocks") or [])
    known = set(stocks["id"]) | set(network.as_read["stocks"]["id"])
    for name in ids:
        checks.known(name, known, argument, "stock", error=UnknownIdError)
    hit = stocks["id"].isin(ids).to_numpy()
    moves = deliverable(network)
    stuck = hit & ~moves
    if "where" in measure:
        also = stocks_of(network, measure["where"], f"{argument}: where")
        if also.any() and not (also & moves).any():
            stuck |= also
        hit = hit | also
    if stuck.any():
        raise DataError(
            f"{argument}: no edge can deliver {', '.join(stocks['id'][stuck].tolist()[:5])}. Give the stock a node "
            "that ships, uses or asks for its commodity, or leave it out."
        )
    tiers = tuple(t for t in network.tier_order if t in listed(measure.get("tiers") or []))
    check_tiers(network, listed(measure.get("tiers") or []), argument)
    given = np.full(len(stocks), float(measure.get("release_tpa", np.nan)))
    return replace(effect, stocks=hit, release_tpa=given, tiers=tiers)


def _put_projects(network: Network, effect: Effect) -> Effect:
    """Put a build or delay: which projects."""
    measure, argument = effect.measure, effect.argument
    projects, standing = network.projects, network.built_projects
    ids = network.check_nodes(listed(measure.get("projects") or []), f"{argument}: projects")
    plants = set(network.nodes["id"]) - standing
    for name in ids:
        if name in plants:
            said = checks.unknown(name, projects["id"], "project")
            raise UnknownIdError(f"{argument}: {said} It is a plant that stands.")
        if name in standing and effect.kind == "delay":
            raise DataError(f'{argument}: "{name}" stands already. Leave it unbuilt and build it by a measure.')
    hit = projects["id"].isin(ids).to_numpy()
    if "where" in measure:
        hit = hit | both(network, measure["where"], f"{argument}: where")[len(network.nodes) :]
    return replace(effect, projects=hit)


def _buffer_faults(measure: Measure) -> list[tuple[str, str, str]]:
    """Return what a buffer stock lacks: both prices in their order, and anything to fill or to give."""
    low, high = "floor_usd_per_t", "cap_usd_per_t"
    said = {low: "Say at which price it buys.", high: "Say at which price it sells."}
    found = [(key, "is missing", remedy) for key, remedy in said.items() if key not in measure]
    if not found and all(checks.is_number(measure[key]) for key in said) and measure[low] > measure[high]:
        found.append((high, f"is below {low}, {measure[low]:g}", "It would sell for less than it pays. Correct one."))
    if not {"room_t", "stock_t"} & set(measure):
        found.append(("room_t", "is missing, and stock_t too", "Say how much it can take in, or what lies in it."))
    return found


def _priced(money: str) -> dict[str, Any]:
    return {"at_home": named_at_home, "follows": (), "money": money}


# in the order in which messages list them
KINDS: dict[str, Kind] = {
    "remove": Kind(
        _put_removal, (*_SELECTORS, *_CALENDAR), _SELECTORS, part=scaled, at_home=named_at_home, is_removal=True
    ),
    "scale": Kind(
        _put_removal,
        (*_SELECTORS, "share", *_CALENDAR),
        _SELECTORS,
        ("share", "Say what share of the capacity is left."),
        part=less,
        at_home=named_at_home,
    ),
    "restrict": Kind(
        _put_restriction,
        (*_CLASS, "share", "severity", "tier", "origin", *_CALENDAR),
        (*_CLASS, "tier", "origin"),
        part=restricted,
        at_home=stopped_at_home,
        strands=("tier", "origin"),
        has_customs=True,
    ),
    "licence": Kind(
        _put_restriction,
        (*_CLASS, "share", "severity", "profile", "by", "announced", *_AT_ONCE),
        _CLASS,
        part=licensed,
        at_home=_licence_at_home,
        has_customs=True,
        phases=partial(phases_of, both),
    ),
    "quota": Kind(
        _put_restriction,
        (*_CLASS, "tier", "tpa", "severity", *_MONEY, *_AT_ONCE),
        _CLASS,
        ("tpa", "Say how many tonnes a year the class may carry."),
        part=severity,
        at_home=stopped_at_home,
        strands=("tier",),
        money="limit",
    ),
    "tariff": Kind(
        _put_tariff,
        (*_CLASS, "rate", "usd_per_t", *_MONEY, *_CALENDAR),
        _CLASS,
        either=("rate", "usd_per_t", "Keep one: a share of the price, or USD a tonne."),
        **_priced("levy"),
    ),
    "price_floor": Kind(
        _put_floor,
        (*_CLASS, "usd_per_t", *_MONEY, *_FLOOR, *_CALENDAR),
        (*_CLASS, "nodes", "where"),
        ("usd_per_t", "Say what a tonne must cost at least."),
        **_priced("floor"),
    ),
    "export_tax": Kind(
        _put_tariff,
        (*_CLASS, "usd_per_t", *_CALENDAR),
        ("from",),
        ("usd_per_t", "Say what a tonne pays as it leaves; below 0 it is a rebate."),
        **_priced("exit levy"),
    ),
    "subsidy": Kind(
        _put_paid,
        ("nodes", "where", "commodity", "usd_per_t", "capex_share", *_AT_ONCE),
        ("nodes", "where"),
        either=("usd_per_t", "capex_share", "Keep one: USD a tonne made, or a share of the capital cost."),
        **_priced("paid"),
    ),
    "purchase": Kind(
        _put_paid,
        ("node", "commodity", "tpa", "usd_per_t", *_AT_ONCE),
        ("node",),
        ("tpa", "Say how much at most."),
        **_priced("bought"),
    ),
    "club": Kind(
        _put_paid,
        ("node", "to", "commodity", "tpa", "usd_per_t", *_AT_ONCE),
        ("to",),
        ("tpa", "Say how much at most."),
        **_priced("pooled"),
    ),
    "buffer": Kind(
        _put_paid,
        ("node", "to", "commodity", "floor_usd_per_t", "cap_usd_per_t", "room_t", "stock_t", *_AT_ONCE),
        ("commodity",),
        either=("node", "to", "It lies at one node, or with all members."),
        faults=_buffer_faults,
        **_priced("stored"),
    ),
    "demand": Kind(
        _put_demand,
        ("nodes", "where", "commodity", "tier", "share", *_CALENDAR),
        ("nodes", "where", "commodity", "tier"),
        ("share", "Say what demand is multiplied by."),
        at_home=named_at_home,
        has_tiers=True,
    ),
    "release": Kind(
        _put_release,
        ("stocks", "where", "tiers", "release_tpa", *_AT_ONCE),
        ("stocks", "where"),
        at_home=named_at_home,
        follows=(),
        shuts=True,
    ),
    "build": Kind(
        _put_projects,
        ("projects", "where", *_AT_ONCE),
        ("projects", "where"),
        at_home=named_at_home,
        follows=("optimal",),
        stands=True,
    ),
    "delay": Kind(
        _put_projects,
        ("projects", "where", "late_months", *_AT_ONCE),
        ("projects", "where"),
        ("late_months", "Say by how many months they are late."),
        at_home=named_at_home,
        delays=True,
    ),
}
