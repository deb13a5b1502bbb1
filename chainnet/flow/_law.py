"""What law and contract hold beside the stages: who is served at home first, and what output is bound to whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from chainnet._types import INF, Bools, Ints
from chainnet.flow._counting import Counting
from chainnet.lowering import Overlay
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


def released(overlay: Overlay) -> Overlay:
    """Return the overlay with no contract in force, its restrictions in their places; itself where there is none."""
    if all(r.part is None for r in overlay.restrictions):
        return overlay
    free = (r if r.part is None else replace(r, bound_tpa=INF) for r in overlay.restrictions)
    return replace(overlay, restrictions=tuple(free))
