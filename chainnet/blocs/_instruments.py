"""Instruments of a bloc against its rival: tariffs, the split and what leaks through it, exclusion by owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.blocs._market import THIRD, SplitMarket
from chainnet.blocs._worlds import Party, places
from chainnet.criticality import CONTROL
from chainnet.engine import ROUNDING
from chainnet.errors import UnknownIdError
from chainnet.lowering import Overlay, Restriction
from chainnet.network import Network


def with_bars(market: SplitMarket, share: float, *, origin: bool = False) -> Overlay:
    """Return the market's overlay with the trade between the blocs cut to a share of its baseline.

    ``origin``: also bar the first bloc from all that was made in, or went through, the second.
    """
    plants, n = market.network.plants, len(market.network.edges)
    lies = [bloc.rows(plants) for bloc in market.sides]
    flow = market.baseline if share > 0 else np.zeros(n)
    bars = []
    for number in (0, 1):
        edges = market.leaving(number)[:n]
        bound = share * float(flow[edges].sum())
        bars.append(Restriction(edges, bound, lies[number], lies[1 - number], ()))
    if origin:
        edges = market.network.edges["target"].isin(set(plants["id"][lies[0]])).to_numpy()
        stocks = market.sides[1].rows(market.network.stocks)
        everywhere = np.ones(len(plants), dtype=bool)
        bars.append(Restriction(edges, 0.0, everywhere, lies[0], (), origin=lies[1], origin_stocks=stocks))
    return replace(market.overlay, restrictions=(*market.overlay.restrictions, *bars))


def tariff_table(market: SplitMarket, rates: Sequence[float]) -> pd.DataFrame:
    """Say what a tariff of the first bloc moves, by whom it is borne, and what it costs to move.

    Returns
    -------
    DataFrame
        on (the rival, or everyone outside: a preferential zone), rate, trade_tpa and before_tpa (counted
        commodities that cross), trade_usd and before_usd (priced commodities), paid_usd (tariff), moved_usd
        (rise of all other costs, what avoiding it costs), served_tpa of the first bloc; unpriced: commodities
        that cross without a price and so bear none. Relations that are not in the table bear none either.
    """
    n = len(market.network.edges)
    side = market.sign({})
    tail, head = side[market.tail[:n]], side[market.head[:n]]
    price, counted = market.price, market.carries_counted
    ours = market.demand(market.sides[0].name)
    before = market.settled(market.overlay) if len(rates) else None
    rows: list[dict[str, Any]] = []
    scopes = [(market.sides[1].name, (head == 1) & (tail == -1)), ("all outside", (head == 1) & (tail != 1))]
    for label, edges in scopes:
        bare = sorted(set(market.goods[edges & np.isnan(price)]))
        for rate in rates:
            duty = np.where(edges, np.nan_to_num(price) * rate, 0.0)
            overlay = replace(market.overlay, edge_cost=market.overlay.edge_cost + duty)
            after = market.settled(overlay)
            assert before is not None
            old, new = (b.edges["flow_tpa"].to_numpy(dtype=float) for b in (before, after))
            paid = float((new * duty).sum())
            short = after.by_tier()["shortfall_tpa"].sum()
            worth = np.nan_to_num(price)
            rows.append(
                {
                    "on": label,
                    "rate": float(rate),
                    "before_tpa": float(old[edges & counted].sum()),
                    "trade_tpa": float(new[edges & counted].sum()),
                    "before_usd": float((old * worth)[edges].sum()),
                    "trade_usd": float((new * worth)[edges].sum()),
                    "paid_usd": paid,
                    "moved_usd": _dust(after.cost_usd - paid - before.cost_usd, before.cost_usd),
                    "served_tpa": ours - float(short),
                    "unpriced": ", ".join(bare),
                }
            )
    columns = [
        "on",
        "rate",
        "before_tpa",
        "trade_tpa",
        "before_usd",
        "trade_usd",
        "paid_usd",
        "moved_usd",
        "served_tpa",
        "unpriced",
    ]
    return pd.DataFrame(rows, columns=columns)


def _dust(value: float, size: float) -> float:
    return 0.0 if abs(value) <= ROUNDING * max(abs(size), 1.0) else float(value)


def leak_table(market: SplitMarket, shares: Sequence[float], usd_per_t: float) -> pd.DataFrame:
    """Say how tight the split is: with every origin barred, with third countries between, with trans-shipment.

    Returns
    -------
    DataFrame
        case, leak_share (of the baseline trade between the blocs that comes through in spite of it),
        <bloc>_tpa (served), cost_usd of the whole market when the first bloc comes first.
    """
    n = len(market.network.edges)
    across = (market.leaving(0) | market.leaving(1))[:n]
    cases: list[tuple[str, float, Overlay]] = [
        ("split, and origins barred", 0.0, with_bars(market, 0.0, origin=True)),
        ("split, third countries work up and hand on", 0.0, with_bars(market, 0.0)),
    ]
    for share in shares:
        overlay = with_bars(market, float(share))
        cost = overlay.edge_cost + np.where(across, usd_per_t, 0.0)
        cases.append(("split, with trans-shipment", float(share), replace(overlay, edge_cost=cost)))
    rows = []
    for label, share, overlay in cases:
        here = market.under(overlay)
        served = {f"{bloc.name}_tpa": here.value(bloc.name) for bloc in market.sides}
        rows.append({"case": label, "leak_share": share, **served, "cost_usd": market.settled(overlay).cost_usd})
    return pd.DataFrame(rows)


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
