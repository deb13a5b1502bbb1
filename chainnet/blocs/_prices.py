"""Prices after a split under constant elasticities: which way they go on each side, and what that costs whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.blocs._market import SplitMarket
from chainnet.engine import ROUNDING
from chainnet.errors import DataError
from chainnet.prices import constant_elasticity_price

COLUMNS = [
    "bloc",
    "commodity",
    "demand_tpa",
    "from_rival_tpa",
    "to_rival_tpa",
    "supply_tpa",
    "price_ratio",
    "quantity_tpa",
    "users_lose_usd",
    "makers_gain_usd",
    "net_loss_usd",
]


def check_elasticities(supply: Any, demand: Any) -> None:
    """Refuse elasticities that are no numbers, one without the other, or both 0.

    Raises
    ------
    DataError
        If so.
    """
    if supply is None and demand is None:
        return
    for name, value in (("supply_elasticity", supply), ("demand_elasticity", demand)):
        if value is None:
            raise DataError(f"{name}: missing; a price needs both elasticities.")
        checks.number(value, name, rule="is not allowed; give a number, 0 or more, such as 0.2.")
    if supply + demand == 0:
        raise DataError("supply_elasticity, demand_elasticity: both are 0; then no price clears. Raise one.")


def price_table(market: SplitMarket, supply_elasticity: float | None, demand_elasticity: float | None) -> pd.DataFrame:
    """Say where the price of each commodity that crosses between the blocs settles on either side of the split.

    Before the split a bloc takes D at a price of 1. After it the rival's goods are gone and what its own
    makers sold to the rival comes home: S = D - from_rival + to_rival. Supply S p^es meets demand D p^-ed at
    p = (D / S)^(1 / (es + ed)); trade with third countries stays as it was. All of this is assumed: it
    says which way prices go and in what order, not where they will be, and no plant reroutes.

    Returns
    -------
    DataFrame
        bloc, commodity, demand_tpa, from_rival_tpa, to_rival_tpa (baseline), supply_tpa (S), price_ratio,
        quantity_tpa (that changes hands after it), users_lose_usd (consumer surplus), makers_gain_usd
        (producer surplus of all who sell there), net_loss_usd a year; NaN without a price in
        ``commodities``, price_ratio inf where nothing is left to sell. Empty without elasticities.
    """
    if supply_elasticity is None or demand_elasticity is None:
        return pd.DataFrame(columns=COLUMNS)
    network, n, flow = market.network, len(market.network.edges), market.baseline
    words = market.goods.to_numpy(dtype=object)
    price = network.commodities.set_index("id")["price_usd_per_t"]
    side = market.sign({})
    leaves = [market.leaving(number)[:n] for number in (0, 1)]
    crossing = sorted(set(words[(leaves[0] | leaves[1]) & (flow > 0)]))
    rows: list[dict[str, Any]] = []
    for number, bloc in enumerate(market.sides):
        into = side[market.head[:n]] == (1 if number == 0 else -1)
        for commodity in crossing:
            here = words == commodity
            demand = float(flow[here & into].sum())
            bought, sold = (float(flow[here & leaves[k]].sum()) for k in (1 - number, number))
            if demand <= 0:
                continue
            supply = demand - bought + sold
            supply = supply if supply > ROUNDING * demand else 0.0
            worth = float(price.get(commodity, np.nan))
            rows.append(
                {
                    "bloc": bloc.name,
                    "commodity": commodity,
                    "demand_tpa": demand,
                    "from_rival_tpa": bought,
                    "to_rival_tpa": sold,
                    "supply_tpa": supply,
                    **_settled(supply, demand, supply_elasticity, demand_elasticity, worth),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _settled(supply: float, demand: float, es: float, ed: float, worth: float) -> dict[str, float]:
    """Return price, quantity and surpluses of one side; areas under the two curves between a price of 1 and p."""
    if supply == 0:
        # nothing is sold at any price: with inelastic users the loss has no bound
        lost = worth * demand / (ed - 1.0) if ed > 1 else worth * np.inf
        return {
            "price_ratio": np.inf,
            "quantity_tpa": 0.0,
            "users_lose_usd": lost,
            "makers_gain_usd": worth * 0.0,
            "net_loss_usd": lost,
        }
    p, quantity = constant_elasticity_price(supply, demand, es, ed)
    lost = worth * demand * (np.log(p) if ed == 1 else (p ** (1.0 - ed) - 1.0) / (1.0 - ed))
    gained = worth * supply * (p ** (1.0 + es) - 1.0) / (1.0 + es)
    return {
        "price_ratio": p,
        "quantity_tpa": quantity,
        "users_lose_usd": float(lost),
        "makers_gain_usd": float(gained),
        "net_loss_usd": float(lost - gained),
    }
