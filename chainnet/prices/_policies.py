"""How each measure stands in a market that has cleared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.prices._clear import Cleared
from chainnet.prices._measures import Instrument, contents
from chainnet.prices._money import Money
from chainnet.prices._setting import Setting

COLUMNS = [
    "kind", "commodity", "usd_per_t", "tonnes_tpa", "treasury_usd_per_a", "binds", "held", "consistent_usd_per_t",
    "state",
]  # fmt: skip
NEAR = 1e-9  # of a price or of a size: what is no more than rounding


def policies_of(setting: Setting, cleared: Cleared, money: Money) -> pd.DataFrame:
    """Return how each measure stands, a row each, in order."""
    rows = []
    x = cleared.found.x
    for one, state, levied in zip(setting.instruments, cleared.states, money.levied, strict=True):
        weights = setting.clearing.weights(one) > 0
        row: dict[str, Any] = {
            "kind": one.kind,
            "commodity": "+".join(one.goods) if one.measure.get("commodity") else "all",
            "usd_per_t": state.value,
            "tonnes_tpa": float(x[weights].sum()),
            "treasury_usd_per_a": float(levied.sum()),
            "binds": state.binds,
            "held": state.held,
            "consistent_usd_per_t": _consistent(setting, cleared, one),
            "state": "",
        }
        if one.content:  # the tonnes of its own good
            row["tonnes_tpa"] = float(x[setting.clearing.own_columns(one)].sum())
        if one.act == "limit":
            at = setting.quotas.get(one.number)
            row["usd_per_t"] = float(-cleared.dual[at]) if at is not None else np.nan
            row["binds"] = at is None or row["usd_per_t"] > 0
        if one.trades:
            row |= _traded(setting, cleared, one, money)
        rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(held=table["held"].astype("boolean"), binds=table["binds"].astype(bool))


def _traded(setting: Setting, cleared: Cleared, one: Instrument, money: Money) -> dict[str, Any]:
    """Return what stands otherwise of a measure that buys, or sells, itself."""
    columns, signs = setting.program.trades_of(one.number)
    x = cleared.found.x[columns]
    found = {"tonnes_tpa": float(signs @ x), "binds": bool((x > 0).any())}
    if one.act == "pooled":  # its members' users pay, no treasury
        return {**found, "treasury_usd_per_a": 0.0}
    paid = money.bought[columns]
    found |= {
        "usd_per_t": float(np.abs(paid).sum() / x.sum()) if found["binds"] else 0.0,
        "treasury_usd_per_a": -float(paid.sum()),
    }
    if one.act == "stored":
        found |= _buffer(setting, cleared, one)
    return found


def _buffer(setting: Setting, cleared: Cleared, one: Instrument) -> dict[str, Any]:
    """Return whether a buffer stock keeps the price between its two, and what it does: it fails when full or empty."""
    program = setting.program
    if not program.trades:  # no price called for it
        return {"held": True, "state": "idle"}
    prices = [trade.price(cleared.dual) for trade in program.trades if trade.number == one.number]
    columns, signs = program.trades_of(one.number)
    room, stock = (size for _, size, _ in one.trades)
    floor, cap = float(one.measure["floor_usd_per_t"]), float(one.measure["cap_usd_per_t"])
    bought, sold = (float(cleared.found.x[columns[signs == sign]].sum()) for sign in (1, -1))
    below, above = min(prices) < floor * (1.0 - NEAR), max(prices) > cap * (1.0 + NEAR)
    if below or 0 < room * (1.0 - NEAR) <= bought:
        state = "full"
    elif above or 0 < stock * (1.0 - NEAR) <= sold:
        state = "empty"
    else:
        state = "buys" if bought > 0 else "sells" if sold > 0 else "idle"
    return {"held": not (below or above), "state": state}


def _consistent(setting: Setting, cleared: Cleared, one: Instrument) -> float:
    """Return the floor that goes with those on what a good is made of: where it lands untaxed, and their levies."""
    others = [i for i in setting.instruments if i.is_border_floor and i.number != one.number]
    if not one.is_border_floor or not others:
        return np.nan
    table = contents(setting.network)
    share = {i.number: table.get(one.goods[0], {}).get(i.goods[0], 0.0) for i in others}
    levies = sum(part * cleared.states[number].value for number, part in share.items())
    landed = setting.clearing.landed(cleared.found, one)
    if not any(share.values()) or landed is None:
        return np.nan
    return landed - cleared.states[one.number].value + float(levies)
