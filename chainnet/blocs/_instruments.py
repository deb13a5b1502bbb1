"""Instruments of a bloc against its rival: the split, and exclusion by owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.blocs._market import THIRD, SplitMarket
from chainnet.blocs._worlds import Party, places
from chainnet.criticality import CONTROL
from chainnet.errors import UnknownIdError
from chainnet.lowering import Overlay, Restriction
from chainnet.network import Network


def with_bars(market: SplitMarket) -> Overlay:
    """Add to the market's overlay that nothing is traded between the blocs."""
    plants, n = market.network.plants, len(market.network.edges)
    lies = [bloc.rows(plants) for bloc in market.sides]
    bars = [Restriction(market.leaving(k)[:n], 0.0, lies[k], lies[1 - k], ()) for k in (0, 1)]
    return replace(market.overlay, restrictions=(*market.overlay.restrictions, *bars))


def excluded_firms(network: Network, rival: Party, named: Iterable[str] | None) -> list[str]:
    """Return the firms that are shut out: those named, else those of the rival's countries, and all that they control.

    A parent controls a firm of which it holds half or more, or an unstated share.

    Raises
    ------
    UnknownIdError
        If a named firm owns nothing.
    """
    owners = network.owners
    controls = owners[owners["share"].isna() | (owners["share"] >= CONTROL)]
    if named is None:
        found = set(rival.countries)
    else:
        found = {named} if isinstance(named, str) else {str(name) for name in named}
        tables = (network.nodes["owner"], network.projects["owner"], owners["owner"], owners["parent"])
        known = sorted(set(pd.concat(tables).dropna()))
        for name in sorted(found):
            checks.known(name, known, "exclude", "owner", error=UnknownIdError)
    size = 0
    while size < len(found):
        size = len(found)
        found |= set(controls["owner"][controls["parent"].isin(found)])
    return sorted(found - (rival.countries if named is None else frozenset()))


def exclusion_table(market: SplitMarket, named: Iterable[str] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say which plants the excluded owners have outside the rival's bloc, and what shutting them out costs whom."""
    plants = market.network.plants
    where = places(plants)
    owned = plants["owner"].isin(excluded_firms(market.network, market.sides[1], named)).to_numpy(dtype=bool)
    if named is None:
        owned = owned | market.sides[1].rows(plants, "owner_country")
    built = np.concatenate([np.ones(len(market.network.nodes), dtype=bool), market.overlay.built > 0])
    makes = np.asarray(plants["stage"] != "end_use") & built & owned
    ours = np.array([market.sides[0].holds(p) for p in where], dtype=bool)
    third = ~ours & ~np.array([market.sides[1].holds(p) for p in where], dtype=bool)
    hit = makes & (ours | third)
    columns = ["id", "label", "country", "step", "owner", "owner_country", "capacity_tpa"]
    table = plants.loc[hit, columns].copy()
    table.insert(1, "scope", np.where(ours[hit], market.sides[0].name, THIRD))
    rows = []
    for label, inside in ((market.sides[0].name, ours), ("with third countries", ours | third)):
        gone = np.flatnonzero(makes & inside)
        closed = np.isin(market.low.flows.tail, gone) | np.isin(market.low.flows.head, gone)
        for name in market.rows:
            before, after = market.value(name), market.value(name, closed)
            rows.append((label, name, len(gone), before, after, market.clean(before - after)))
    names = ["scope", "side", "n_plants", "before_tpa", "after_tpa", "lost_tpa"]
    return table.sort_values("id").set_index("id"), pd.DataFrame(rows, columns=names)
