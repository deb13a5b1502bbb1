"""How far a bloc depends on one third country, what obeying a cap costs, and how much it makes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array, vstack

from chainnet.blocs._market import Market, baseline
from chainnet.blocs._worlds import solve_proved
from chainnet.engine import WarmModel

__all__ = ["benchmark_table", "cap_table"]

SLACK = 1e-9


def cap_table(market: Market, cap: float) -> pd.DataFrame:
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
    into, flow = side[market.head] == 1, baseline(market)
    words = network.edges["commodity"].fillna("").to_numpy(dtype=object)
    step = network.nodes["step"].fillna(network.nodes["stage"])
    maker = network.edges["source"].map(dict(zip(network.nodes["id"], step, strict=True))).to_numpy(dtype=object)
    where = np.asarray(market.places, dtype=object)[market.tail]
    single = set(pd.concat([network.nodes["country"], network.projects["country"]]).dropna())
    third = np.array([p in single for p in where], dtype=bool) & (side[market.tail] != 1) & into
    held = _Held(market)
    base = held.serve([])
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
        served = held.serve(sets, cap)
        rows.append(
            {
                "commodity": commodity,
                "step": " + ".join(by),
                "taken_tpa": taken,
                "top_country": top,
                "top_share": share,
                "breaks_cap": share > cap + SLACK,
                **held.compare(base, served, sets, cap),
            }
        )
    if rows:
        served = held.serve(all_sets, cap)
        broken = any(row["breaks_cap"] for row in rows)
        rows.append({"commodity": "all", "breaks_cap": broken, **held.compare(base, served, all_sets, cap)})
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


class _Held:
    """The value and the cost program of the first bloc with caps as side constraints."""

    def __init__(self, market: Market) -> None:
        self._market, self._low = market, market.low
        self._served = market.low.served[market.rows[market.sides[0].name]]
        self._cost = np.zeros(len(market.low.program.cost))
        self._cost[self._served] = -1.0

    def _model(self, sets: list[tuple[Any, Any]], cap: float, floor: float | None) -> WarmModel:
        program = self._low.program
        n_cols = program.matrix.shape[1]
        lines = np.zeros((len(sets) + 1, n_cols))
        for i, (part, whole) in enumerate(sets):
            lines[i, : len(part)] = part.astype(float) - cap * whole
        lines[-1, self._served] = 1.0
        size = np.array([np.exp(np.log(program.col_scale[line != 0]).mean()) if line.any() else 1.0 for line in lines])
        low = np.full(len(lines), -np.inf)
        high = np.append(np.zeros(len(sets)), np.inf)
        if floor is not None:
            low[-1] = floor
        wider = replace(
            program,
            matrix=csc_array(vstack([program.matrix, csr_array(lines)])),
            row_lower=np.append(program.row_lower, low),
            row_upper=np.append(program.row_upper, high),
            row_scale=np.append(program.row_scale, size),
            cost=self._cost if floor is None else program.cost,
        )
        model = WarmModel(wider)
        model.set_cost(wider.cost)
        return model

    def serve(self, sets: list[tuple[Any, Any]], cap: float = 1.0) -> float:
        """Return the largest tonnage of the bloc under these caps."""
        found = solve_proved(self._model(sets, cap, None), None, "caps", self._market.proofs)
        return max(-found.value, 0.0) + 0.0

    def compare(self, base: float, served: float, sets: list[tuple[Any, Any]], cap: float) -> dict[str, float]:
        """Return what is served and lost, and what the same service costs more than without the caps."""
        floor = served - SLACK * max(served, 1.0)
        costs = [
            solve_proved(self._model(s, cap, floor), None, "caps, cost", self._market.proofs).value for s in ([], sets)
        ]
        extra = costs[1] - costs[0]
        return {
            "served_tpa": served,
            "lost_tpa": self._market.clean(base - served),
            "extra_usd": 0.0 if abs(extra) <= 1e-6 * max(abs(costs[0]), 1.0) else extra,
        }


def benchmark_table(market: Market, marks: Mapping[str, float]) -> pd.DataFrame:
    """Compare what the first bloc makes of each commodity at a stage with what it needs of it.

    Need is the bloc's share of the counted demand times all that is made of the commodity: its use put
    back to that stage in proportion, inside imported goods too.

    Returns
    -------
    DataFrame
        stage, step, commodity, made_tpa (in the bloc, baseline), need_tpa, share, with_projects (share when
        all projects in the bloc run at capacity too), benchmark, meets, meets_with_projects.
    """
    network = market.network
    flow = pd.Series(baseline(market))
    commodity = network.edges["commodity"].fillna("")
    nodes = network.nodes.set_index("id")
    kind = nodes["step"].fillna(nodes["stage"])
    bloc = market.sides[0]
    inside = pd.Series(bloc.rows(network.nodes), index=network.nodes["id"])
    world = flow.groupby(commodity.to_numpy()).sum()
    demand = market.low.flows.demand["demand_tpa"].to_numpy(dtype=float)
    asked = float(demand[market.counted].sum())
    part = market.demand(bloc.name) / asked if asked > 0 else 0.0
    table = pd.DataFrame(
        {
            "stage": network.edges["source"].map(nodes["stage"]).to_numpy(),
            "step": network.edges["source"].map(kind).to_numpy(),
            "commodity": commodity.to_numpy(),
            "made_tpa": np.where(network.edges["source"].map(inside).fillna(False).to_numpy(dtype=bool), flow, 0.0),
        }
    )
    table = table[table["stage"].isin(list(marks))]
    out = table.groupby(["stage", "step", "commodity"], as_index=False)["made_tpa"].sum()
    planned = _planned(market)
    out["need_tpa"] = part * out["commodity"].map(world).to_numpy(dtype=float)
    out = out[out["need_tpa"] > 0].reset_index(drop=True)
    more = np.array([planned.get((s, c), 0.0) for s, c in zip(out["stage"], out["commodity"], strict=True)])
    out["share"] = out["made_tpa"] / out["need_tpa"]
    out["with_projects"] = (out["made_tpa"] + more) / out["need_tpa"]
    out["benchmark"] = out["stage"].map(dict(marks)).astype(float)
    out["meets"] = out["share"] >= out["benchmark"] - SLACK
    out["meets_with_projects"] = out["with_projects"] >= out["benchmark"] - SLACK
    return out


def _planned(market: Market) -> dict[tuple[str, str], float]:
    """Return what the projects in the bloc can make, by stage and commodity, t/a."""
    network = market.network
    rows = network.projects[market.sides[0].rows(network.projects)]
    recipes = network.processes[network.processes["role"] != "input"]
    made = rows.merge(recipes, on="process")
    made = made.assign(tpa=made["capacity_tpa"].fillna(0.0) * made["t_per_t"], word=made["commodity"].fillna(""))
    plain = rows[rows["process"].isna()]
    first = network.edges.drop_duplicates("source").set_index("source")["commodity"].fillna("")
    plain = plain.assign(tpa=plain["capacity_tpa"].fillna(0.0), word=plain["id"].map(first).fillna(""))
    both = pd.concat([made[["stage", "word", "tpa"]], plain[["stage", "word", "tpa"]]])
    summed = both.groupby(["stage", "word"])["tpa"].sum()
    return {(str(key[0]), str(key[1])): float(v) for key, v in summed.items()}
