"""A network in which anything may be bought for stock, wherever a beneficiary takes it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isinf
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import INF, Array, Bools, Words
from chainnet.errors import DataError, InfeasibleError
from chainnet.flow import Counting, MonthsModel, StockModel, check_tier, first_by_law
from chainnet.network import Network
from chainnet.scenario import Outside, Scenario, timeline
from chainnet.stress._held import left_of
from chainnet.stress._months import Ask, base_flow, qualified
from chainnet.words import count, join, nouns


def tiers_of(network: Network, tiers: Words, asked_by: str) -> tuple[str, ...]:
    """Return the tiers named, in their order; None = the first of the network that anybody asks for.

    Raises
    ------
    DataError
        If none is named, one is unknown, or there is no demand table.
    """
    demand = network.view("demand")
    if demand.empty:
        raise DataError(f"{asked_by}: the network has no demand table, so nobody can be short. Give demand.")
    if tiers is None:
        asks = set(demand.loc[demand["demand_tpa"] > 0, "tier"].dropna())
        tiers = next((tier for tier in network.tier_order if tier in asks), network.tier_order[0])
    words = [tiers] if isinstance(tiers, str) else list(tiers)
    if not words:
        raise DataError(f"tiers: empty; name whose demand has to be met. {checks.listed(network.tier_order)}")
    for word in words:
        check_tier(network, word)
    return tuple(tier for tier in network.tier_order if tier in words)


class Stores:
    """Where something may be in store, and the program that says how much of it.

    Parameters
    ----------
    scenario : Scenario or None
    tiers : tuple of str
        Whose demand has to be met, unless the program is asked otherwise.
    ask : Ask
        Its beneficiaries hold the stores: at their plants and end uses.

    Attributes
    ----------
    node, commodity : array over the stores
        "" is the one unnamed commodity.
    """

    def __init__(self, scenario: Scenario | None, tiers: tuple[str, ...], ask: Ask) -> None:
        self._tiers, network, stocks = tiers, ask.network, ask.network.stocks
        entries = _entries(ask.counting)
        prefix = "new_"
        while stocks["id"].str.startswith(prefix).any():
            prefix += "_"
        fresh = pd.DataFrame(
            {
                "id": [f"{prefix}{i}" for i in range(len(entries))],
                "node": [node for node, _ in entries],
                "commodity": [commodity or None for _, commodity in entries],
                "stock_t": 0.0,
            }
        )
        both = fresh if stocks.empty else pd.concat([stocks, fresh], ignore_index=True)
        self._network = network.with_table("stocks", both)
        self._counting = ask.counting.on(self._network)
        table = self._network.stocks
        self._free = table["id"].str.startswith(prefix).to_numpy(dtype=bool)
        self.node = table.loc[self._free, "node"].to_numpy(dtype=object)
        self.commodity = table.loc[self._free, "commodity"].fillna("").to_numpy(dtype=object)
        self._line = timeline(
            self._network,
            scenario,
            ask.months,
            step_months=ask.step_months,
            start=ask.start,
            projects=ask.projects,
            cuts=ask.cuts,
        )
        ask = replace(ask, counting=self._counting)
        self._overlays = qualified(self._line, ask)
        lengths = self._line.lengths
        self._months = MonthsModel(self._counting, self._overlays[0], ask.reroute, len(lengths), lengths, is_whole=True)
        self._begin = self._months.periods.base_start(base_flow(network))

    def model(self, price: Array, rivals: Sequence[Bools] = ()) -> StockModel:
        """Return the program; price over the stores, USD/t, and rows of demand of whoever may come first."""
        return StockModel(self._months, self._overlays, self._begin, self._whole, self._free, price, rivals)

    @property
    def _whole(self) -> Bools:
        counting = self._counting
        return np.asarray(counting.rows & counting.network.demand["tier"].isin(self._tiers).to_numpy(), dtype=bool)

    def before(self) -> list[tuple[Bools, float]]:
        """Return whom an order serves before the tiers or beside them, and what they get with nothing in store.

        Returns
        -------
        list of (rows of demand, t over the horizon)
            Of each stage up to the last of the tiers; of later ones users at home, whom a law serves first, and those
            under contract. Where a stage is shared it is the middle of what may fall to them.
        """
        shut = {id(o): replace(o, stock_share=np.zeros_like(o.stock_share)) for o in self._overlays}
        overlays = [shut[id(overlay)] for overlay in self._overlays]
        plan = self._months.plan(overlays, self._begin, least_cost=False, keeps_end=False)
        stages = [members for _, members in self._months.stages]
        last = max((n for n, members in enumerate(stages) if (members & self._whole).any()), default=-1)
        every = [members & ~self._whole for members in stages[: last + 1]]
        for rows in first_by_law(self._counting, overlays):
            every += [members & rows for members in stages[last + 1 :]]
        served = plan.served_t.sum(axis=0)
        return [(rows, float(served[rows].sum())) for rows in every if served[rows].sum() > 0]

    @property
    def size(self) -> str:
        """How large the program is."""
        p = self._months.periods
        return f"{p.n_periods} periods, {count(len(p.program.cost))} columns"

    @property
    def starts(self) -> tuple[int, ...]:
        """First month of each period, from 0."""
        return self._line.starts

    @property
    def outside(self) -> Outside:
        """Measures that are in force in no period."""
        return self._line.outside

    @property
    def held(self) -> pd.DataFrame:
        """The stocks on record, in the order of the table, with what of each is in reach.

        id, holder, country, node, commodity; stock_t, low_t, high_t: t that the scenario leaves, as stated and at the
        ends of their range (stock_t where none is given); quality; not_drawn: why none of it can be drawn for the
        tiers, empty where it can.
        """
        table = self._network.stocks[~self._free].reset_index(drop=True)
        left = left_of(self._network.stocks, self._line.overlays)[~self._free].reset_index(drop=True)
        out = table[["id", "holder", "country", "node", "commodity"]].join(left)
        why = np.select(
            [table["node"].isna(), ~self._for_tiers(table), out["stock_t"] <= 0],
            ["names no node", "kept for other tiers", "none is left by the scenario"],
            "",
        )
        return out.assign(quality=table["quality"], not_drawn=why)

    def _for_tiers(self, stocks: pd.DataFrame) -> Bools:
        """Return which stocks are kept for the tiers, or for all."""
        named = stocks["tiers"].fillna("").str.split(";")
        theirs = [not any(words) or bool({w.strip() for w in words} & set(self._tiers)) for words in named]
        return np.array(theirs, dtype=bool)

    @property
    def held_t(self) -> pd.Series[Any]:
        """What lies in stock with the beneficiaries for these tiers by commodity, after the scenario, t."""
        held = self.held
        stocks = self._network.stocks[~self._free].reset_index(drop=True)
        country = stocks["country"].fillna(stocks["node"].map(self._network.nodes.set_index("id")["country"]))
        ours = self._counting.inside(pd.DataFrame({"country": country})) | country.isna().to_numpy()
        ours &= self._for_tiers(stocks)
        return held["stock_t"].where(ours, 0.0).groupby(held["commodity"].fillna("").to_numpy()).sum()


def _entries(counting: Counting) -> list[tuple[str, str]]:
    """Return (node, commodity) where plants and end uses of the beneficiaries take something in."""
    network, nodes = counting.network, counting.network.nodes
    ours = set(nodes["id"][counting.inside(nodes)])
    inputs = network.processes[network.processes["role"] == "input"]
    plants = nodes[["id", "process"]].merge(inputs[["process", "commodity"]], on="process")
    demand = network.demand[["node", "commodity"]].rename(columns={"node": "id"})
    both = pd.concat([plants[["id", "commodity"]], demand], ignore_index=True)
    both = both[both["id"].isin(ours)]
    return sorted(set(zip(both["id"], both["commodity"].fillna(""), strict=True)))


def prices_of(commodities: pd.DataFrame, held: Array, given: Mapping[str, float] | None) -> dict[str, float]:
    """Return the price of each commodity that may be in store: NaN = unknown, inf = is never held.

    Raises
    ------
    DataError
        If a price is none, or of what nobody who may hold it takes in.
    """
    known = commodities.set_index("id")["price_usd_per_t"]
    found = {str(name): float(known.get(name, np.nan)) for name in sorted(set(held))}
    if given is not None and not isinstance(given, Mapping):
        raise DataError(f"prices: {given!r} is not allowed. Give commodity -> USD per t.")
    for name, value in (given or {}).items():
        if name not in found:
            rule = checks.told(f'"{name}" is taken in by no plant or end use of the holders', name, found, ".")
            raise DataError(f"prices: {rule} {checks.listed(found)}")
        is_never = checks.is_real(value) and isinf(value) and value > 0
        rule = "is no price; give USD per t, 0 or more, or inf for what is never held."
        found[name] = INF if is_never else checks.number(value, f"prices: {name}", rule=rule)
    return found


def no_stock(asked_by: str, whom: str, never: Sequence[str], unpriced: Sequence[str] = ()) -> InfeasibleError:
    """Return the fault of an answer that does not exist.

    ``never``: what would help and is priced inf; ``unpriced``: what would too and has no price, in words.
    """
    if never:
        options = " ".join(f"--price {name}=inf" for name in never)
        priced = " that has a price" if unpriced else ""
        would = f" With {join(unpriced)} it would." if unpriced else ""
        return InfeasibleError(
            f"prices: inf ({options}) says that {', '.join(never)} {nouns('is', len(never), 'are')} never held, and no "
            f"stock of anything else{priced} keeps {whom} whole.{would} Give a price in USD per t, or leave the option "
            "out."
        )
    return InfeasibleError(
        f"{asked_by}: no stock keeps {whom} whole: some of their demand is barred from all that could be in store. "
        "Choose whom else to keep whole, or look at stress_test for who is short."
    )
