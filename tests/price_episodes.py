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
FORECASTS, OUTCOMES = COMMON / "price_forecasts.csv", COMMON / "price_outcomes.csv"
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


def compared() -> pd.DataFrame:
    """Return each forecast beside what came: observed (times the price before), and whether each band holds it."""
    both = registered().merge(pd.read_csv(OUTCOMES), on=["event", "chain", "commodity"], suffixes=("", "_seen"))
    both["observed"] = both["after"] / both["before"]
    for band in ("narrow", "wide"):
        both[band] = both["observed"].between(both[f"{band}_low"], both[f"{band}_high"])
    return both


def section() -> str:
    """Return what the page on validation tells of prices, in Markdown."""
    head = (
        "metal",
        "chain",
        "event",
        "seen",
        "from",
        "to",
        "central",
        "narrow",
        "held",
        "wide",
        "held",
        "width of wide",
    )
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    table = compared()
    for row in table.itertuples():
        bands = [
            f"{getattr(row, f'{name}_low'):.3g} to {getattr(row, f'{name}_high'):.3g}" for name in ("narrow", "wide")
        ]
        held = ["yes" if getattr(row, name) else "no" for name in ("narrow", "wide")]
        cells = [
            row.commodity, row.chain, row.event, f"{row.observed:.3g}", f"{row.before:g} {row.unit}, {row.before_on}",
            f"{row.after:g}, {row.after_on}", f"{row.central:.3g}", bands[0], held[0], bands[1], held[1],
            f"{row.wide_high / row.wide_low:.3g} times",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    narrow, wide = int(table["narrow"].sum()), int(table["wide"].sum())
    return _LEAD + "\n".join(lines) + "\n\n" + _SAYS.format(n=len(table), narrow=narrow, wide=wide)


_LEAD = """## Prices

How many times its price does a metal cost outside China once a rule has settled? A market on the chain before the event
says it, with elasticities that are assumed (`graphs/common/price_forecasts.csv`). These forecasts were committed before
`price_outcomes.csv` was put beside them. But who made them knew what prices had done: they are a test of arithmetic, not
of foresight, and no gate. Narrow: the rule as its central case has it, short-run to long-run elasticities. Wide: every end
of both.

"""
_SAYS = """The narrow band held {narrow} of {n}, the wide one {wide}. A band as wide as these holds nearly anything: **a market on
assumed elasticities says the sign, and no size.** Stocks, state buying and fear are left out, and a price quoted outside
China is one of few deals.

A model of the United States Geological Survey has +150 % for gallium and +26 % for germanium after a full stop of China's
net exports (Open-File Report 2024-1057). A part of a stop brought +357 % and +400 %. The elasticities of that model were
not found, so its numbers are not reproduced. On the chains here they would take elasticities of demand of 2.3 and 3.1,
defence too. The highest assumed above is 0.9.

Signs of published rare-earth episodes hold on the shipped chain (`tests/prices/test_episodes.py`). A purchase for a stock
raises its own price and the ore that bears it, and lowers the oxides that come with it. Export limits raise light rare
earths a little and heavy ones to more than twice. The mines opened since then undid the rise of light ones alone. Two
things do not hold there. Ore of all kinds together falls when dysprosium is bought, for the light ore has none on record.
And the projects listed today undo the rise of heavy rare earths, for light ones hardly rise any more."""


def main() -> None:
    """Make the forecasts that lack."""
    table = registered()
    for row in table[table["central"].isna()].itertuples():
        for name, value in forecast(row).items():
            table.loc[row.Index, name] = value
        table.to_csv(FORECASTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
