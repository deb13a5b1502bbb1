"""Forecast what partial restrictions did to prices outside the actor, and compare: ``python tests/price_episodes.py``.

``graphs/common/price_forecasts.csv`` holds the settings and, once made, the forecast of each; a forecast that stands
there is not made anew.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import chainnet as cn

COMMON = Path(__file__).parents[1] / "graphs" / "common"
FORECASTS = COMMON / "price_forecasts.csv"
BANDS = ["central", "narrow_low", "narrow_high", "wide_low", "wide_high"]
FAVOURABLE, CENTRAL, ADVERSE = -1, 0, 1
DIGITS = 3


def forecast(row: Any) -> dict[str, float]:
    """Return how many times its price a good costs outside the actor, once the rule has settled.

    Central: the middle of what the rule lets out and of all elasticities. Narrow: the same rule, elasticities from the
    middle of the short-run range to that of the long-run one. Wide: every end of the rule with every end of these.
    """
    network = cn.read(row.chain)
    event = cn.events(network)[row.event]
    before = cn.chain_before(network, row.event)

    def middle(low: float, high: float) -> float:
        return float(np.sqrt(low * high)) if low > 0 else (low + high) / 2

    def ratio(rule: int, demand: float, supply: float) -> float:
        sizes = {
            "demand_elasticity": {"defence": 0.0, "industrial": demand, "civilian": demand},
            "supply_elasticity": supply,
        }
        free = cn.market(before, **sizes)
        flows = free.flows[free.flows["commodity"] == row.commodity]
        weights = flows[flows["target"].map(before.places) != event.actor].groupby("target")["flow_tpa"].sum()
        weights = weights[weights > 0]
        paid = [
            np.array([found.prices.loc[(node, row.commodity), "price_usd_per_t"] for node in weights.index])
            for found in (free, cn.market(before, event.under(rule), **sizes))
        ]
        return float(paid[1] @ weights / (paid[0] @ weights))

    short = middle(row.demand_short_low, row.demand_short_high), middle(row.supply_short_low, row.supply_short_high)
    long = middle(row.demand_long_low, row.demand_long_high), middle(row.supply_long_low, row.supply_long_high)
    ends = (row.demand_short_low, row.supply_short_low), (row.demand_long_high, row.supply_long_high)
    half = ratio(CENTRAL, middle(*(s[0] for s in (short, long))), middle(*(s[1] for s in (short, long))))
    narrow = [half, *(ratio(CENTRAL, *sizes) for sizes in (short, long))]
    wide = [*narrow, *(ratio(rule, *sizes) for rule, sizes in product((FAVOURABLE, ADVERSE), ends))]
    found = half, min(narrow), max(narrow), min(wide), max(wide)
    return {name: float(f"{value:.{DIGITS}g}") for name, value in zip(BANDS, found, strict=True)}


def registered() -> pd.DataFrame:
    """Return the settings, and the forecasts that stand."""
    return pd.read_csv(FORECASTS)


def main() -> None:
    """Make the forecasts that lack."""
    table = registered()
    for row in table[table["central"].isna()].itertuples():
        for name, value in forecast(row).items():
            table.loc[row.Index, name] = value
        table.to_csv(FORECASTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
