"""Markets one after the other, joined by what is kept: buffer stocks, and holders who buy now to sell later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, SolverError
from chainnet.network import Network, check_network
from chainnet.prices._clear import STILL, search
from chainnet.prices._market import Market, market
from chainnet.prices._measures import is_answered, policy_of
from chainnet.prices._terms import check_number, known_commodities
from chainnet.results import provenance, stamp
from chainnet.scenario import KINDS, Scenario, asked_scenario

COLUMNS = [
    "period", "scenario", "holder", "commodity", "price_low_usd_per_t", "price_high_usd_per_t", "bought_t", "sold_t",
    "room_t", "stock_t", "paid_usd", "state", "held",
]  # fmt: skip
MOST = 60
HAIR = 1e-9  # of a store: what is no more than rounding


def storage(
    network: Network,
    scenarios: Iterable[Scenario | str | None],
    policy: Scenario | Sequence[Mapping[str, Any]] | None = None,
    *,
    months: int = 12,
    node: str | None = None,
    commodity: str | None = None,
    holding_usd_per_t: float = 0.0,
    **options: Any,
) -> pd.DataFrame:
    """Clear markets one after the other, joined by what is kept: say when a buffer stock is full or empty.

    What a buffer stock has bought in a period lies in it in the next. It looks at the price alone. With ``node`` and
    ``commodity`` holders, who know both of two periods, carry the good there from the first to the second as long as
    that pays: the second price is then the first with interest and what holding costs, or below that if they carry
    nothing.

    Parameters
    ----------
    network : Network
    scenarios : iterable of Scenario, str or None
        What happens in each period, in their order; None = nothing.
    policy : Scenario or list of measures, optional
        In force in all periods, as in ``market``. Its buffer stocks begin with their ``room_t`` and ``stock_t``.
    months : int
        Length of a period: a year's flows are taken for that part of it.
    node, commodity : str, optional
        Where holders keep which good, from the first to the second of two periods; default the chain's main commodity,
        if it has one.
    holding_usd_per_t : float
        What they pay for keeping a tonne from one period to the next.
    **options
        As in ``market``; ``rate`` is the holders' interest a year too.

    Returns
    -------
    DataFrame, a row per period and holder
        period (from 1 on), scenario, holder (a buffer by its number among the measures, or holders), commodity;
        price_low_usd_per_t, price_high_usd_per_t (over its places, and where a price is not one number its ends);
        bought_t, sold_t; room_t, stock_t (at the end of the period; of holders no room is known); paid_usd (for what is
        bought, less what is got for what is sold); state (buys, sells, idle, full, empty); held (of buffers: whether
        the price lies between their two).

    Raises
    ------
    DataError, UnknownIdError
        If fewer than two periods are asked for, nothing is kept, or as ``market``.
    SolverError
        If an answer fails its own check.

    See Also
    --------
    market, stress_test, stockpile_requirement

    Notes
    -----
    One market a period. What holders carry is one number, found by a search whose every step is two exact answers: the
    more is carried, the higher the first price and the lower the second.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import storage
    >>> buffer = {"kind": "buffer", "to": {"country": "bloc_2026"}, "commodity": "ga_primary", "room_t": 20,
    ...     "stock_t": 5, "floor_usd_per_t": 300_000, "cap_usd_per_t": 500_000}
    >>> table = storage(cn.read("gallium"), [None, "china_export_stop_all"], [buffer], demand_elasticity=0.2,
    ...     supply_elasticity=0.2, months=6)
    >>> table[["stock_t", "state", "held"]].values.tolist()
    [[5.0, 'idle', True], [0.0, 'empty', False]]
    """
    check_network(network)
    cases = [asked_scenario(network, one) for one in scenarios]
    if len(cases) < 2:
        raise DataError("scenarios: one period has nothing to be kept for. Give two or more; None for the baseline.")
    checks.whole(months, "months", 1)
    given = policy_of(policy)
    measures = [dict(one) for one in given.measures] if given else []
    chain = _Chain(network, cases, measures, months / 12.0, options)
    told: dict[str, Any] = {
        "scenarios": [one.name if one else "" for one in cases],
        "policy": measures,
        "months": months,
    }
    if node is not None and commodity is None and len(network.main_commodity) == 1:
        (commodity,) = network.main_commodity
    if node is None and commodity is None:
        if not chain.buffers:
            raise DataError("policy: has no buffer stock, so nothing is kept. Give one, or node and commodity.")
        rows = chain.run(0.0).rows
    else:
        rate = check_number(options.get("rate", 0.10), "rate", 0.0, 1.0, "an interest a year")
        holding = check_number(holding_usd_per_t, "holding_usd_per_t", 0.0, np.inf, "a cost in USD/t")
        if node is None or commodity is None or len(cases) != 2:
            raise DataError(
                "node: holders keep one commodity at one node over two periods. Give node, commodity and two."
            )
        network.check_nodes([node], "node")
        checks.known(commodity, known_commodities(network), "commodity", "commodity")
        chain.at = node, commodity
        rows = _carried(chain, (1.0 + rate) ** (months / 12.0), holding)
        told |= {"node": node, "commodity": commodity, "rate": rate, "holding_usd_per_t": holding}
    table = pd.DataFrame(rows, columns=COLUMNS)
    return stamp(
        table.assign(held=table["held"].astype("boolean")), provenance(network, "HiGHS simplex and equations", **told)
    )


@dataclass(eq=False)
class _Run:
    """Markets that have cleared one after the other: what each holder did, and the price where goods are carried."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)


@dataclass(eq=False)
class _Chain:
    """A chain in several periods: what happens in each, and what is in force in all."""

    network: Network
    cases: list[Scenario | None]
    measures: list[dict[str, Any]]
    years: float
    options: dict[str, Any]
    at: tuple[str, str] | None = None

    @property
    def buffers(self) -> list[int]:
        """Numbers of the measures that are buffer stocks."""
        return [number for number, one in enumerate(self.measures) if KINDS[one["kind"]].money == "stored"]

    def run(self, carried: float) -> _Run:
        """Clear the markets, so many tonnes being carried from the first to the second."""
        done, kept = _Run(), {number: self._first(number) for number in self.buffers}
        for period, scenario in enumerate(self.cases):
            now = [dict(one) for one in self.measures]
            for number, (room, stock) in kept.items():
                now[number] |= {"room_t": room / self.years, "stock_t": stock / self.years}
            if self.at is not None and carried > 0:
                now.append(self._carry(period, carried / self.years))
            found = market(self.network, scenario, now, **self.options)
            if not found.certificate.ok:
                raise SolverError(f"storage: the market of period {period + 1} failed its own check.")
            own = [number for number, one in enumerate(now) if is_answered(one)]
            stands = dict(zip(own, found.policies.tail(len(own)).to_dict("records"), strict=True))
            head = {"period": period + 1, "scenario": scenario.name if scenario else ""}
            for number, (room, stock) in kept.items():
                net, hair = float(stands[number]["tonnes_tpa"]) * self.years, HAIR * (room + stock)
                room, stock = room - net, stock + net
                kept[number] = room if room > hair else 0.0, stock if stock > hair else 0.0
                paid = -float(stands[number]["treasury_usd_per_a"]) * self.years
                good = str(stands[number]["commodity"])
                low, high = self._ends(found, self.measures[number], good)
                done.rows.append(
                    head | _row(f"measure {number + 1}", good, low, high, net, kept[number], paid)
                    | {name: stands[number][name] for name in ("state", "held")}
                )  # fmt: skip
            if self.at is not None:
                self._tell(done, found, head, carried if period == 0 else -carried)
        return done

    def _first(self, number: int) -> tuple[float, float]:
        """Return the room and the stock with which a buffer begins."""
        return float(self.measures[number].get("room_t", 0.0)), float(self.measures[number].get("stock_t", 0.0))

    def _carry(self, period: int, tpa: float) -> dict[str, Any]:
        """Return what takes out of the first market, and puts into the second, what is carried."""
        assert self.at is not None, "nothing is carried"
        here = {"node": self.at[0], "commodity": self.at[1]}
        if period == 0:
            return {"kind": "purchase", **here, "tpa": tpa}
        return {"kind": "buffer", **here, "floor_usd_per_t": 0.0, "cap_usd_per_t": 0.0, "stock_t": tpa}

    def _ends(self, found: Market, measure: Mapping[str, Any], good: str) -> tuple[float, float]:
        """Return the least and the highest price at the places of a buffer stock."""
        table = found.prices.xs(good, level="commodity")
        if "node" in measure:
            row: Any = table.loc[measure["node"]]
            return float(row["price_low_usd_per_t"]), float(row["price_high_usd_per_t"])
        ids = self.network.plants["id"]
        parts = [self.network.matches(name, measure["to"], "policy: to") for name in ("nodes", "projects")]
        price = table.loc[table.index.isin(ids[np.concatenate(parts)]), "price_usd_per_t"]
        return float(price.min()), float(price.max())

    def _tell(self, done: _Run, found: Market, head: dict[str, Any], net: float) -> None:
        """Add what holders did in a period, and the price there."""
        assert self.at is not None, "nothing is carried"
        if self.at not in found.prices.index:
            raise DataError(f"node: nothing at {self.at[0]} makes, uses or brings {self.at[1]}. Name another node.")
        price: Any = found.prices.loc[self.at]
        done.prices.append(float(price["price_usd_per_t"]))
        done.sizes.append(float(found.demand["served_tpa"].sum()) * self.years)
        low, high = float(price["price_low_usd_per_t"]), float(price["price_high_usd_per_t"])
        paid = net * done.prices[-1]
        state = "buys" if net > 0 else "sells" if net < 0 else "idle"
        done.rows.append(
            head | _row("holders", self.at[1], low, high, net, (np.nan, max(net, 0.0)), paid)
            | {"state": state, "held": None}
        )  # fmt: skip


def _row(
    holder: str, commodity: str, low: float, high: float, net: float, left: tuple[float, float], paid: float
) -> dict[str, Any]:
    """Return what a holder did in a period."""
    room, stock = left
    return {
        "holder": holder, "commodity": commodity, "price_low_usd_per_t": low, "price_high_usd_per_t": high,
        "bought_t": max(net, 0.0), "sold_t": max(-net, 0.0), "room_t": room, "stock_t": stock, "paid_usd": paid,
    }  # fmt: skip


def _carried(chain: _Chain, grows: float, holding: float) -> list[dict[str, Any]]:
    """Carry so much that the second price is the first with interest and holding; nothing where that would not pay."""

    def at(tonnes: float) -> tuple[float, _Run]:
        done = chain.run(tonnes)
        first, second = done.prices
        return grows * first + holding - second, done

    gap, done = at(0.0)
    if not np.isfinite(gap):
        raise DataError("node: the good has no price there in both periods. Name a node where it is used.")
    if gap >= 0:
        return done.rows
    still, low, high = STILL * abs(done.prices[1]), 0.0, max(done.sizes[0], 1e-9) / 8.0
    last, now = at(high)
    for _ in range(MOST):
        if last >= 0:
            break
        low, gap, high = high, last, 2.0 * high
        last, now = at(high)
    if abs(last) > still:
        number, below = search(at, low, gap, high, last, still)
        last, now = at(number if number > HAIR * now.sizes[0] else 0.0)
        if below is not None and abs(last) > HAIR * abs(now.prices[1]):  # prices jump, and any between goes with it
            for one, other in zip(now.rows, below[1].rows, strict=True):
                one["price_low_usd_per_t"] = min(one["price_low_usd_per_t"], other["price_low_usd_per_t"])
                one["price_high_usd_per_t"] = max(one["price_high_usd_per_t"], other["price_high_usd_per_t"])
    return now.rows
