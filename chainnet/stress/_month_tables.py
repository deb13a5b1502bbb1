"""The months of a scenario as tables: who is short when, what stocks hold, how long demand endures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import INF
from chainnet.engine import CERTAIN, ROUNDING
from chainnet.network import Network
from chainnet.scenario import Timeline
from chainnet.stress._months import Ask, Trajectory

OVER_TIME = [
    "demand_t",
    "served_t",
    "shortfall_t",
    "shortfall_unforeseen_t",
    "value_of_information_t",
    "first_year_tpa",
    "first_year_share",
    "value_at_risk_musd",
    "first_short_month",
    "worst_month",
    "worst_month_share",
    "months_short",
    "time_to_survive",
    "is_unlimited",
    "time_to_recover",
]


def months_table(name: str, found: Trajectory, ask: Ask) -> pd.DataFrame:
    """Return demand, served and shortfall by month, tier and end use, t; foreseen and unforeseen."""
    rows = np.flatnonzero(ask.counting.rows)
    demand = ask.network.demand.iloc[rows]
    n = len(found.timeline.starts)
    wanted, served = found.perfect.wanted_t[:, rows], found.perfect.served_t[:, rows]
    table = pd.DataFrame(
        {
            "scenario": name,
            "month": np.repeat(1 + np.array(found.timeline.starts), len(rows)),
            "tier": np.tile(demand["tier"].to_numpy(dtype=object), n),
            "node": np.tile(demand["node"].to_numpy(dtype=object), n),
            "commodity": np.tile(demand["commodity"].to_numpy(dtype=object), n),
            "demand_t": wanted.ravel(),
            "served_t": served.ravel(),
            "shortfall_t": (wanted - served).ravel(),
            "shortfall_unforeseen_t": (wanted - found.rolling_served_t[:, rows]).ravel(),
        }
    )
    value = np.tile(demand["value_usd_per_t"].to_numpy(dtype=float), n)
    table["value_musd"] = table["shortfall_t"] * value / 1e6
    return table


def money_table(network: Network, name: str, found: Trajectory) -> pd.DataFrame:
    """Return what is served and lost at the value per tonne, and what it costs, USD over the horizon."""
    value = network.demand["value_usd_per_t"].to_numpy(dtype=float)
    plan = found.perfect
    known = ~np.isnan(value)
    served = float(plan.served_t[:, known].sum(axis=0) @ value[known]) if known.any() else np.nan
    lost = float((plan.wanted_t - plan.served_t)[:, known].sum(axis=0) @ value[known]) if known.any() else np.nan
    row = {"scenario": name, "served_usd": served, "lost_usd": lost, "cost_usd": plan.cost_usd}
    return pd.DataFrame([{**row, "net_usd": served - plan.cost_usd}]).set_index("scenario")


def stock_table(name: str, found: Trajectory) -> pd.DataFrame:
    """Return tonnes left in each stock at the end of each month."""
    stocks = found.stocks
    n = len(found.timeline.starts)
    return pd.DataFrame(
        {
            "scenario": name,
            "month": np.repeat(1 + np.array(found.timeline.starts), len(stocks)),
            "stock": np.tile(stocks["id"].to_numpy(dtype=object), n),
            "commodity": np.tile(stocks["commodity"].to_numpy(dtype=object), n),
            "level_t": found.perfect.level_t.ravel(),
            "level_unforeseen_t": found.rolling_level_t.ravel(),
        }
    )


def summary_table(months: pd.DataFrame, found: Trajectory, ask: Ask) -> pd.DataFrame:
    """Return what a scenario does to each tier over the horizon, indexed by tier."""
    parts = []
    for tier in [*ask.network.tier_order, ""]:
        mine = months[months["tier"].fillna("") == tier]
        if mine.empty:
            continue
        by_month, short, first, last = _short_months(mine)
        share = (by_month["shortfall_t"] / by_month["demand_t"].where(by_month["demand_t"] > 0)).fillna(0.0)
        total = float(by_month["shortfall_t"].sum())
        unforeseen = float(mine["shortfall_unforeseen_t"].sum())
        if abs(unforeseen - total) <= ROUNDING * float(by_month["demand_t"].sum()):
            unforeseen = total  # rounding of two plans
        survive, is_unlimited = _survival(found, tier, "", ask)
        parts.append(
            {
                "tier": tier or None,
                "demand_t": float(by_month["demand_t"].sum()),
                "served_t": float(by_month["served_t"].sum()),
                "shortfall_t": total,
                "shortfall_unforeseen_t": unforeseen,
                "value_of_information_t": unforeseen - total,
                **_first_year(mine, found.timeline),
                "value_at_risk_musd": float(mine["value_musd"].sum(min_count=1)),
                "first_short_month": first,
                "worst_month": float(share.index[int(share.round(9).argmax())]) if short.any() else np.nan,
                "worst_month_share": float(share.max()),
                "months_short": int(np.array(found.timeline.lengths)[short.to_numpy()].sum()),
                "time_to_survive": survive,
                "is_unlimited": is_unlimited,
                "time_to_recover": _recovery(first, last, found.timeline),
            }
        )
    return pd.DataFrame(parts, columns=["tier", *OVER_TIME]).set_index("tier")


def _first_year(rows: pd.DataFrame, line: Timeline) -> dict[str, float]:
    """Return what is short without foresight in the first twelve months, or in all if fewer, t/yr and share."""
    starts, lengths = np.array(line.starts), np.array(line.lengths)
    months = np.clip(12 - starts, 0, lengths)
    sums = rows.groupby("month")[["demand_t", "shortfall_unforeseen_t"]].sum().to_numpy(dtype=float)
    demand, short = (sums * (months / lengths)[:, None]).sum(axis=0).tolist()
    return {
        "first_year_tpa": short * 12.0 / float(months.sum()),
        "first_year_share": short / demand if demand > 0 else 0.0,
    }


def _short_months(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series, float, float]:
    """Return the sums of each month, which months are short, and the first and last of these (NaN = none)."""
    by_month = rows.groupby("month")[["demand_t", "served_t", "shortfall_t"]].sum()
    short = by_month["shortfall_t"] > CERTAIN * by_month["demand_t"]
    return by_month, short, *_ends(by_month)


def _ends(by_month: pd.DataFrame) -> tuple[float, float]:
    """Return the first and the last short month; NaN = none."""
    short = by_month["shortfall_t"].to_numpy() > CERTAIN * by_month["demand_t"].to_numpy()
    months = by_month.index[short]
    return (months[0], months[-1]) if len(months) else (np.nan, np.nan)


def _survival(found: Trajectory, tier: str, node: str, ask: Ask) -> tuple[float, bool]:
    """Return months whole from the onset, and whether it could go on for ever; inf = to the end and beyond."""
    months = found.endurance.get((tier, node), INF)
    if months < INF:
        return months, False
    if found.is_lasting.get((tier, node), True):
        return INF, True
    return float(ask.months - (found.timeline.onset or 0)), False


def _recovery(first: float, last: float, line: Timeline) -> float:
    """Return months from the first short one until demand is met to the end; inf = not within the horizon."""
    if np.isnan(first):
        return 0.0
    later = [month + 1 for month in line.starts if month + 1 > last]
    return float(later[0] - first) if later else INF


def survival_table(months: pd.DataFrame, found: Trajectory, name: str, ask: Ask) -> pd.DataFrame:
    """Return how long each tier (node empty) and each end use can be kept whole, and when it recovers."""
    parts, rows = [], months.assign(tier=months["tier"].fillna(""))
    sums: dict[Any, pd.DataFrame] = {}
    each: tuple[list[Any], ...] = (["tier"], ["tier", "node"])
    for keys in each:
        by_month = rows.groupby([*keys, "month"])[["demand_t", "shortfall_t"]].sum()
        n = len(found.timeline.starts)
        for place in range(0, len(by_month), n):  # every period is there
            *key, _ = by_month.index[place]
            sums[key[0], key[1] if len(key) > 1 else ""] = by_month.iloc[place : place + n].droplevel(keys)
    for tier, node in found.is_lasting:
        first, last = _ends(sums[tier, node])
        survive, is_unlimited = _survival(found, tier, node, ask)
        parts.append(
            {
                "scenario": name,
                "tier": tier or None,
                "node": node,
                "time_to_survive": survive,
                "is_unlimited": is_unlimited,
                "time_to_recover": _recovery(first, last, found.timeline),
                "first_short_month": first,
                "shortfall_t": float(sums[tier, node]["shortfall_t"].sum()),
            }
        )
    columns = ["scenario", "tier", "node", "time_to_survive", "is_unlimited", "time_to_recover"]
    return pd.DataFrame(parts, columns=[*columns, "first_short_month", "shortfall_t"])
