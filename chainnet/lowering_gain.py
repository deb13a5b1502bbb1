"""Most that a tonne can add to what is served: the price that no dual needs to pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainnet.errors import DataError
from chainnet.lowering import Lowered

__all__ = ["column_gains", "commodity_gains"]

Array = np.ndarray[Any, np.dtype[np.float64]]
_ROUNDS = 10_000


def commodity_gains(low: Lowered, counted: Any) -> Array:
    """Return, per commodity, the most tonnes of counted demand that one more tonne can bring.

    A tonne that is asked for brings itself; a tonne that a process takes brings what all its
    products bring, as if its other inputs were free. Loops lose mass, so the climb ends.

    Raises
    ------
    DataError
        If a loop of recipes gains mass without end.
    """
    gain = np.zeros(len(low.commodities))
    asked = low.demand["code"].to_numpy(dtype=np.int64)[np.asarray(counted)]
    gain[asked] = 1.0
    lines = low.tables.recipes
    if lines.empty:
        return gain
    node = lines["node"].to_numpy(dtype=np.int64)
    code = lines["code"].to_numpy(dtype=np.int64)
    per = lines["t_per_t"].to_numpy()
    taken = (lines["role"] == "input").to_numpy()
    n = len(low.activity)
    for _ in range(_ROUNDS):
        activity = np.bincount(node[~taken], weights=per[~taken] * gain[code[~taken]], minlength=n)
        better = gain.copy()
        np.maximum.at(better, code[taken], activity[node[taken]] / per[taken])
        if (better <= gain * (1 + 1e-12) + 1e-15).all():
            return better
        gain = better
    raise DataError("processes: a loop of recipes gives back more than it takes, so a tonne could serve without end.")


def column_gains(low: Lowered, counted: Any) -> Array:
    """Return the most that a tonne over each column can add to what is served."""
    gain = commodity_gains(low, counted)
    out = np.zeros(len(low.program.col_upper))
    out[: len(low.commodity)] = gain[low.commodity]
    lines = low.tables.recipes
    made = lines[lines["role"] != "input"]
    worth = np.bincount(
        made["node"].to_numpy(dtype=np.int64),
        weights=made["t_per_t"].to_numpy() * gain[made["code"].to_numpy(dtype=np.int64)],
        minlength=len(low.activity),
    )
    active = low.activity >= 0
    out[low.activity[active]] = worth[active]
    out[low.served] = np.where(counted, 1.0, 0.0)
    return out
