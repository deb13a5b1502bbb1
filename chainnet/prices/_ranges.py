"""How far what is assumed moves a market: draws of every range, and which input turns a sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.prices._inputs import Pick
from chainnet.prices._money import GROUPS, money_of, welfare_of
from chainnet.prices._policies import policies_of
from chainnet.prices._setting import Setting, cleared_with

COLUMNS = ["quantity", "p10", "p50", "p90", "sign_share", "reverses"]


def ranges_of(prepared: Callable[[Pick | None], Setting], draws: int, seed: int) -> pd.DataFrame:
    """Return quantiles of what a market says, over draws of every range, each uniform in its logarithm.

    Parameters
    ----------
    prepared : callable
        A market in which this value of each range is used; None = the middle.
    draws, seed : int

    Returns
    -------
    DataFrame
        quantity: price of each good (the mean of the nodes where it is used), levy and treasury of each measure,
        tonnes built, and by country what users, makers and treasury have (with measures: against the same market
        without them); p10, p50, p90; sign_share (of the draws that have the sign of the median); reverses (the input
        that goes most with the sign, where it is not one).
    """
    if not draws:
        return pd.DataFrame(columns=COLUMNS)
    first = prepared(None)
    names = sorted(name for name, one in first.inputs.assumed.items() if one["high"] > one["low"])
    parts = np.random.default_rng(seed).random((draws, len(names)))
    rows = [_told(prepared(_pick(dict(zip(names, part.tolist(), strict=True))))) for part in parts]
    table = pd.DataFrame(rows).fillna(0.0)  # a country that nothing reaches in a draw
    found = []
    for quantity in table.columns:
        values = table[quantity].to_numpy(dtype=float)
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        same = np.sign(values) == np.sign(middle)
        turns = _turns(np.sign(values), parts, names) if not same.all() else ""
        found.append((quantity, low, middle, high, float(same.mean()), turns))
    return pd.DataFrame(found, columns=COLUMNS)


def _pick(part: dict[str, float]) -> Pick:
    """Return a value between the ends of each range: uniform in the logarithm, or where that begins at 0 as it is."""

    def pick(name: str, low: float, used: float, high: float) -> float:
        if name not in part:
            return used
        if low > 0:
            return float(low * (high / low) ** part[name])
        return float(low + part[name] * (high - low))

    return pick


def _turns(sign: Array, parts: Array, names: list[str]) -> str:
    """Return the input that goes most with a sign."""
    centred = parts - parts.mean(axis=0)
    with np.errstate(invalid="ignore"):
        goes = np.abs((centred * (sign - sign.mean())[:, None]).sum(axis=0)) / np.sqrt((centred**2).sum(axis=0))
    return names[int(np.argmax(np.nan_to_num(goes)))] if names else ""


def _told(setting: Setting) -> dict[str, Any]:
    """Return what one market says, a number each."""
    cleared, _ = cleared_with(setting)
    program, x = setting.program, cleared.found.x
    found: dict[str, float] = {}
    demand = program.demand[program.demand["is_valued"]]
    ends = zip(demand["position"].tolist(), demand["code"].tolist(), strict=True)
    price = pd.Series([program.price_of(cleared.dual, node, code) for node, code in ends], index=demand.index)
    for good, values in price.groupby(demand["commodity"].fillna("")):
        found[f"price_usd_per_t {good}"] = float(values.mean())
    money = money_of(program, cleared, setting.quotas)
    stands = policies_of(setting, cleared, money)[["usd_per_t", "treasury_usd_per_a"]]
    for number, numbers in enumerate(stands.itertuples(index=False, name=None), 1):
        found |= {f"measure {number} {name}": value for name, value in zip(stands.columns, numbers, strict=True)}
    out = [one for one in program.outputs if setting.entrants[one.plant]]
    if out:
        found["built_tpa"] = sum(float(x[one.column]) for one in out)
    places = setting.network.places.reindex(setting.network.plants["id"])
    welfare = welfare_of(program, cleared, money, setting.instruments, places, places)
    if setting.instruments:
        free = setting.without_policy()
        bare, _ = cleared_with(free)
        plain = money_of(free.program, bare, {})
        welfare = welfare.sub(welfare_of(free.program, bare, plain, [], places, places), fill_value=0.0)
    for country, row in welfare.iterrows():
        found |= {f"{group} {country}": float(row[group]) for group in GROUPS[:3] if abs(row[group]) > 0}
    return found
