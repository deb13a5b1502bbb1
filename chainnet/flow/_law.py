"""What law and contract hold beside the stages: who is served at home first, and what output is bound to whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from chainnet._types import INF, Bools, Ints
from chainnet.flow._counting import Counting
from chainnet.lowering import Overlay, Restriction
from chainnet.network import Network, contracts_in_force, kept


def home_stages(counting: Counting, overlay: Overlay) -> list[tuple[str, str, Bools]]:
    """Return whom plants at home serve before anyone by law: country, name of the stage, rows of demand.

    That are the users in each country with an export rule in force, tier by tier, in what counts.
    """
    if counting.law is None or not overlay.home:
        return []
    tiers = [(name or "demand", counting.anyone & rows) for name, rows in counting.tiers.items()]
    lies = counting.places["country"]
    found = [
        (country, f"{name} at home in {country}", rows & (lies == country).to_numpy())
        for country in overlay.home
        for name, rows in tiers
    ]
    return [stage for stage in found if stage[2].any()]


def first_by_law(counting: Counting, overlays: Iterable[Overlay]) -> list[Bools]:
    """Return rows of demand that law or contract serves whatever their stage: at home by country, then by contract."""
    if counting.law is None:
        return []
    home = {name: rows for overlay in overlays for _, name, rows in home_stages(counting, overlay)}
    holders = sorted(set(contracts_in_force(counting.network)["for"]))
    bound = [counting.anyone & counting.network.in_countries(counting.places, [who], "contracts") for who in holders]
    return [rows for rows in (*home.values(), *bound) if rows.any()]


def at_home(network: Network, overlay: Overlay, country: str) -> Overlay:
    """Return the overlay in which nothing stands but what lies in a country."""
    return overlay.times("nodes", _away(network, country), 0.0)


@kept(16)
def _away(network: Network, country: str) -> Ints:
    """Return the places of all plants that do not lie in a country."""
    return np.flatnonzero(network.plants["country"].to_numpy(dtype=object) != country)


def under_contract(counting: Counting, overlay: Overlay) -> Overlay:
    """Return the overlay with the contracts in force, where the order is by law; they are its last restrictions."""
    bound = contracts_of(counting.network) if counting.law is not None else ()
    return replace(overlay, restrictions=overlay.restrictions + bound) if bound else overlay


def released(overlay: Overlay) -> Overlay:
    """Return the overlay with no contract in force, its restrictions in their places; itself where there is none."""
    if all(r.part is None for r in overlay.restrictions):
        return overlay
    free = (r if r.part is None else replace(r, bound_tpa=INF) for r in overlay.restrictions)
    return replace(overlay, restrictions=tuple(free))


def law_facts(counting: Counting, overlay: Overlay) -> dict[str, Any]:
    """Return what an answer by law says of itself beside its order: whose exports are held, who is under contract."""
    ids = counting.network.view("nodes")["id"].to_list() + counting.network.view("projects")["id"].to_list()
    bound = sorted({ids[int(np.flatnonzero(r.sources)[0])] for r in overlay.restrictions if r.part is not None})
    home = list(overlay.home) if counting.law is not None else []
    return {**({"home_first": home} if home else {}), **({"contracts": bound} if bound else {})}


@kept(1)
def contracts_of(network: Network) -> tuple[Restriction, ...]:
    """Return the contracts in force at the date at which a network stands, as bounds on what goes to other buyers.

    Raises
    ------
    DataError
        With every row whose supplier puts out no such good, or whose share cannot be found.
    """
    plants, edges, found = network.plants, network.view("edges"), list[Restriction]()
    ids = plants["id"]
    for row in contracts_in_force(network).to_dict("records"):
        if row["share"] <= 0:
            continue
        outside = ~network.in_countries(plants, [row["for"]], "contracts: for")
        out = (edges["source"] == row["supplier"]) & edges["target"].isin(set(ids[outside]))
        out &= edges["commodity"].fillna("") == row["commodity"]
        mine = (ids == row["supplier"]).to_numpy()
        found.append(Restriction(out.to_numpy(), 0.0, mine, outside, (row["commodity"],), part=1.0 - row["share"]))
    return tuple(found)
