"""Most that a tonne can add to what is served: the price that no dual needs to pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import DataError
from chainnet.lowering._lowered import Lowered

__all__ = ["column_gains", "commodity_gains"]

Array = np.ndarray[Any, np.dtype[np.float64]]
_ROUNDS = 10_000
_WHOLE = 1e-9


def commodity_gains(low: Lowered, counted: Any) -> Array:
    """Return, per commodity, the most tonnes of counted demand that one more tonne can bring.

    A tonne that is asked for brings itself; a tonne that a process takes brings what all its
    products bring, as if its other inputs were free. Where stand-ins may be a part of the feed only, it
    lets in as much of them as their shares allow: two tonnes run on one where the other may be half. Loops
    lose mass, so the climb ends.

    Raises
    ------
    DataError
        If a loop of recipes gains mass without end.
    """
    gain = np.zeros(len(low.commodities))
    asked = low.flows.demand["code"].to_numpy(dtype=np.int64)[np.asarray(counted)]
    gain[asked] = 1.0
    lines = low.tables.recipes
    if lines.empty:
        return gain
    node = lines["node"].to_numpy(dtype=np.int64)
    code = lines["code"].to_numpy(dtype=np.int64)
    per = lines["t_per_t"].to_numpy()
    taken = (lines["role"] == "input").to_numpy()
    n = len(low.flows.activity)
    lets_in = _stand_in_factors(lines)[taken]
    for _ in range(_ROUNDS):
        activity = np.bincount(node[~taken], weights=per[~taken] * gain[code[~taken]], minlength=n)
        better = gain.copy()
        np.maximum.at(better, code[taken], activity[node[taken]] * lets_in / per[taken])
        if (better <= gain * (1 + 1e-12) + 1e-15).all():
            return better
        gain = better
    raise DataError("processes: a loop of recipes gives back more than it takes, so a tonne could serve without end.")


def _stand_in_factors(lines: pd.DataFrame) -> Array:
    """Return, per recipe line, how much activity a share of its own carries: 1 / (1 - most that stand-ins may be).

    Stand-ins that together could be all of the feed leave nothing for the line to let in, so only sets of
    them that add to less than 1 count.
    """
    out = np.ones(len(lines))
    limited = (lines["role"] == "input") & lines["group"].notna() & (lines["max_share"] < 1.0)
    share = lines["max_share"].to_numpy(dtype=float)
    keys = lines["node"].astype(str) + "|" + lines["group"].astype(str)
    for key in sorted(set(keys[limited])):
        rows = np.flatnonzero((keys == key).to_numpy() & (lines["role"] == "input").to_numpy())
        for row in rows:
            sums = {0.0}
            for other in rows:
                if other != row and share[other] < 1.0:
                    sums |= {s + share[other] for s in sums if s + share[other] < 1.0 - _WHOLE}
            out[row] = 1.0 / (1.0 - max(sums))
    return out


def column_gains(low: Lowered, counted: Any) -> Array:
    """Return the most that a tonne over each column can add to what is served."""
    gain = commodity_gains(low, counted)
    out = np.zeros(len(low.program.col_upper))
    out[: len(low.flows.commodity)] = gain[low.flows.commodity]
    lines = low.tables.recipes
    made = lines[lines["role"] != "input"]
    worth = np.bincount(
        made["node"].to_numpy(dtype=np.int64),
        weights=made["t_per_t"].to_numpy() * gain[made["code"].to_numpy(dtype=np.int64)],
        minlength=len(low.flows.activity),
    )
    active = low.flows.activity >= 0
    out[low.flows.activity[active]] = worth[active]
    out[low.served] = np.where(counted, 1.0, 0.0)
    return out
