"""What may be bought: projects, stocks, protection of nodes, qualification ahead of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, UnknownIdError, check_words
from chainnet.network import Network

KEYS = {
    "build": {"projects", "cost_musd"},
    "protect": {"nodes", "cost_musd"},
    "qualify": {"projects", "tiers", "cost_musd"},
    "stock": {"node", "commodity", "most_t", "usd_per_t", "release_tpa", "tiers", "country"},
}
NEEDED = {
    "build": ("projects", "cost_musd"),
    "protect": ("nodes", "cost_musd"),
    "qualify": ("projects", "cost_musd"),
    "stock": ("node", "most_t"),
}


@dataclass(frozen=True)
class Option:
    """One thing to buy.

    ``cost_musd`` is the price of all of it; a stock is bought in any part, up to ``most_t`` tonnes.
    """

    id: str
    kind: str
    cost_musd: float
    projects: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    commodity: str = ""
    most_t: float = np.nan
    release_tpa: float = np.nan
    country: str | None = None

    @property
    def drawn_tpa(self) -> float:
        """Most that a stock of the largest size gives in one year, t."""
        return float(np.fmin(self.most_t, self.release_tpa))


def options_of(
    network: Network, names: Iterable[str], given: Mapping[str, Any] | None
) -> tuple[list[Option], dict[str, str]]:
    """Return what may be bought, by id, and why a project is not on offer.

    Parameters
    ----------
    network : Network
    names : iterable of str
        Projects on offer, at their capex.
    given : mapping, optional
        As for ``portfolio``.

    Raises
    ------
    DataError
        With the option, the key and what is allowed.
    UnknownIdError
        If an option names something that does not exist.
    """
    if given is not None and not isinstance(given, Mapping):
        raise DataError(f"options: {given!r} is no mapping of id to cost; for example {{'kuantan': 50.0}}.")
    capex = network.projects.set_index("id")["capex_musd"]
    found: dict[str, Option] = {}
    for name in sorted(given or {}):
        check_words(options=str(name))
        found[name] = _option(network, str(name), (given or {})[name], capex)
    sold = {p for o in found.values() if o.kind == "build" for p in o.projects}
    twice = [p for p in sorted(sold) if sum(p in o.projects for o in found.values() if o.kind == "build") > 1]
    if twice:
        raise DataError(f'options: project "{twice[0]}" is on offer twice. Name it in one option.')
    lacking, priced = {}, {option.id: option for option in at_capex(network, names)}
    for name in names:
        if name in sold:
            continue
        if name not in priced:
            lacking[name] = "no capex"
        elif name in found:
            raise DataError(f'options: "{name}" is a project. Give its option another id.')
        else:
            found[name] = priced[name]
    return [found[name] for name in sorted(found)], lacking


def at_capex(network: Network, names: Iterable[str]) -> list[Option]:
    """Return the building of each project whose capex is known, by id."""
    capex = network.projects.set_index("id")["capex_musd"]
    return [Option(name, "build", float(capex[name]), (name,)) for name in sorted(names) if not np.isnan(capex[name])]


def _option(network: Network, name: str, given: Any, capex: pd.Series) -> Option:
    if isinstance(given, Mapping):
        return _described(network, name, given)
    if name in capex.index:
        cost = capex[name] if given is None else given
        if given is None and np.isnan(cost):
            raise DataError(f'options: project "{name}" has no capex. Give its cost in USD million.')
        return Option(name, "build", checks.money(cost, f'options: the cost of "{name}"'), (name,))
    nodes = network.nodes.set_index("id")["stage"]
    if name not in nodes.index:
        known = [*nodes.index, *capex.index]
        raise UnknownIdError(f"options: {checks.unknown(name, sorted(known), 'node or project')}")
    cost = checks.money(given, f'options: the cost of "{name}"')
    return Option(name, "protect", cost, nodes=_plants(network, [name], name))


def _described(network: Network, name: str, given: Mapping[str, Any]) -> Option:
    kind = str(given.get("kind"))
    checks.known(kind, KEYS, f'options: "{name}"', "kind")
    for key in given:
        if key != "kind":
            checks.known(key, KEYS[kind], f'options: "{name}" ({kind})', "key")
    for key in NEEDED[kind]:
        if key not in given:
            raise DataError(f'options: "{name}" ({kind}) lacks {key}. Give {", ".join(NEEDED[kind])}.')
    tiers = tuple(_list(given.get("tiers", ())))
    for tier in tiers:
        checks.known(tier, network.tier_order, f'options: "{name}"', "tier")
    if kind == "stock":
        return _stock(network, name, given, tiers)
    cost = checks.money(given["cost_musd"], f'options: the cost of "{name}"')
    if kind == "protect":
        return Option(name, kind, cost, nodes=_plants(network, _list(given["nodes"]), name))
    projects = _list(given["projects"])
    known = set(network.projects["id"])
    for project in projects:
        checks.known(project, known, f'options: "{name}"', "project", error=UnknownIdError)
    return Option(name, kind, cost, tuple(projects), tiers=tiers or network.tier_order)


def _plants(network: Network, ids: list[str], name: str) -> tuple[str, ...]:
    stage = network.plants.set_index("id")["stage"]
    for node in ids:
        checks.known(node, stage.index, f'options: "{name}"', "node", error=UnknownIdError)
        if stage[node] == "end_use":
            raise DataError(f'options: "{name}" protects the end use "{node}"; only what makes goods can be protected.')
    return tuple(ids)


def _stock(network: Network, name: str, given: Mapping[str, Any], tiers: tuple[str, ...]) -> Option:
    said = f'options: "{name}" (stock)'
    most = checks.number(given["most_t"], f"{said} most_t")
    release = checks.number(given["release_tpa"], f"{said} release_tpa") if "release_tpa" in given else np.nan
    commodity = given.get("commodity", "")
    known = set(network.edges["commodity"].dropna()) | set(network.demand["commodity"].dropna())
    if commodity or known:
        checks.known(commodity, known, said, "commodity")
    node = str(given["node"])
    checks.known(node, set(network.nodes["id"]), said, "node", error=UnknownIdError)
    price = given.get("usd_per_t")
    if price is None:
        price = network.commodities.set_index("id")["price_usd_per_t"].get(commodity, np.nan)
        if np.isnan(price):
            raise DataError(f'{said}: no price of "{commodity}" is known. Give usd_per_t.')
    cost = checks.number(price, f"{said} usd_per_t") * most / 1e6
    place = network.nodes.set_index("id")["country"].get(node)
    country = given.get("country", place if isinstance(place, str) else None)
    return Option(
        name,
        "stock",
        cost,
        nodes=(node,),
        tiers=tiers,
        commodity=str(commodity),
        most_t=most,
        release_tpa=release,
        country=country,
    )


def _list(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else [str(word) for word in words]


def stock_network(network: Network, options: Iterable[Option]) -> Network:
    """Return the network whose only stocks are those on offer, at their largest size."""
    rows = [
        {
            "id": o.id,
            "country": o.country,
            "commodity": o.commodity or None,
            "stock_t": o.most_t,
            "release_tpa": o.release_tpa,
            "tiers": ";".join(o.tiers) or None,
            "node": o.nodes[0],
        }
        for o in options
        if o.kind == "stock"
    ]
    return network.with_table("stocks", pd.DataFrame(rows)) if rows else network
