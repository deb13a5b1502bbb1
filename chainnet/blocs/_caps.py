"""How far a bloc depends on one third country, and what obeying a cap costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from chainnet.blocs._market import SplitMarket
from chainnet.blocs._worlds import unlimited
from chainnet.engine import PRINTED, ROUNDING, Ordered


def cap_table(market: SplitMarket, cap: float) -> pd.DataFrame:
    """Compare every commodity that the first bloc takes with a cap on one third country, and price obeying it.

    The cap is a side constraint of the value program: what comes from one third country is at most
    ``cap`` times all that the bloc takes of the commodity, from its own plants too. A region that is no
    single country is never the one that is capped.

    Returns
    -------
    DataFrame
        commodity, step (who makes it), taken_tpa, top_country, top_share (baseline), breaks_cap,
        served_tpa (largest tonnage of the bloc when this cap holds), lost_tpa against no cap, and
        extra_usd: what the whole market costs more at that service. The last row, "all", holds all caps.
    """
    network, n = market.network, len(market.network.edges)
    side = market.sign({})
    into, flow = side[market.head] == 1, market.baseline
    words = market.goods.to_numpy(dtype=object)
    maker = network.edges["source"].map(network.steps).to_numpy(dtype=object)
    where = np.asarray(market.places, dtype=object)[market.tail]
    single = set(network.plants["country"].dropna())
    third = np.array([p in single for p in where], dtype=bool) & (side[market.tail] != 1) & into
    capped = _Capped(market)
    base = capped.serve([])
    rows: list[dict[str, Any]] = []
    all_sets: list[tuple[Any, Any]] = []
    for commodity in sorted(set(words[into[:n]])):
        here = into & (np.asarray(market.low.commodities, dtype=object)[market.low.flows.commodity] == commodity)
        taken = float(flow[here[:n]].sum())
        if taken <= 0:
            continue
        sets = [(here & third & (where == k), here) for k in sorted(set(where[here & third]))]
        all_sets += sets
        parts = pd.Series(flow[(here & third)[:n]]).groupby(where[:n][(here & third)[:n]]).sum()
        top = str(parts.idxmax()) if len(parts) and parts.max() > 0 else ""
        share = float(parts.max()) / taken if top else 0.0
        by = sorted({str(s) for s in maker[here[:n] & (flow > 0)] if isinstance(s, str)})
        served = capped.serve(sets, cap)
        rows.append(
            {
                "commodity": commodity,
                "step": " + ".join(by),
                "taken_tpa": taken,
                "top_country": top,
                "top_share": share,
                "breaks_cap": share > cap + ROUNDING,
                **capped.compare(base, served, sets, cap),
            }
        )
    if rows:
        served = capped.serve(all_sets, cap)
        broken = any(row["breaks_cap"] for row in rows)
        rows.append({"commodity": "all", "breaks_cap": broken, **capped.compare(base, served, all_sets, cap)})
    columns = [
        "commodity",
        "step",
        "taken_tpa",
        "top_country",
        "top_share",
        "breaks_cap",
        "served_tpa",
        "lost_tpa",
        "extra_usd",
    ]
    return pd.DataFrame(rows, columns=columns)


class _Capped:
    """The value and the cost program of the first bloc with caps as side constraints."""

    def __init__(self, market: SplitMarket) -> None:
        self._market, self._program = market, market.low.program
        self._cost = market.low.serving(market.rows[market.sides[0].name])

    def _under(self, sets: list[tuple[Any, Any]], cap: float) -> Ordered:
        program = self._program
        lines = np.zeros((len(sets), len(program.cost)))
        for line, (part, whole) in zip(lines, sets, strict=True):
            line[: len(part)] = part.astype(float) - cap * whole
        size = np.array([np.exp(np.log(program.col_scale[line != 0]).mean()) if line.any() else 1.0 for line in lines])
        wider = program.with_rows(csr_array(lines), np.full(len(lines), -np.inf), np.zeros(len(lines)), size)
        proofs = self._market.proofs
        return Ordered(wider, "caps", [self._cost], unbounded=lambda: unlimited("caps"), proofs=proofs)

    def serve(self, sets: list[tuple[Any, Any]], cap: float = 1.0) -> float:
        """Return the largest tonnage of the bloc under these caps."""
        return max(-self._under(sets, cap).stage(self._cost).value, 0.0) + 0.0

    def compare(self, base: float, served: float, sets: list[tuple[Any, Any]], cap: float) -> dict[str, float]:
        """Return what is served and lost, and what the same service costs more than without the caps."""
        costs = []
        for some in ([], sets):
            market = self._under(some, cap)
            market.floor(0, -served)
            costs.append(market.stage(self._program.cost, "cost").value)
        extra = costs[1] - costs[0]
        return {
            "served_tpa": served,
            "lost_tpa": self._market.clean(base - served),
            "extra_usd": 0.0 if abs(extra) <= PRINTED * max(abs(costs[0]), 1.0) else extra,
        }
