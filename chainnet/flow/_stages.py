"""What is served, clear of rounding; and a second solve in finer sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools
from chainnet.engine import PRINTED, ROUNDING
from chainnet.errors import SolverError
from chainnet.flow._counting import Counting
from chainnet.lowering import Lowered
from chainnet.words import digits

# tonnes of one stage that a tonne of another, given way by its floor, may stand for
SEVERAL = 10.0
# largest stage over the smallest beyond which a hair of the one is seen in the other
WIDELY = 1e4
# last digits by which sums of flows are off
LAST_DIGITS = 8.0


def differ_widely(low: Lowered, stages: Sequence[Bools], x: Array) -> bool:
    """Say whether the tonnes of one stage are so few beside those of another that a hair of these changes who is short.

    Parameters
    ----------
    low : Lowered
    stages : sequence of boolean arrays over the demand rows
    x : array
        Columns of an answer, for a demand may be far beyond all that can flow.
    """
    asked = low.flows.demand["demand_tpa"].to_numpy(dtype=float)
    some = [total for rows in stages if (total := float(asked[rows].sum())) > 0]
    most = max((float(x[low.served[rows]].sum()) for rows in stages), default=0.0)
    return len(some) > 1 and most > WIDELY * min(some)


def demand_table(low: Lowered, counting: Counting, x: Array, left: Array) -> pd.DataFrame:
    """Return served and short tonnes of each demand row; ``left`` t/yr of it are open to floors, -inf = none are."""
    table = low.flows.demand[["node", "commodity", "tier", "demand_tpa"]].copy()
    wanted = table["demand_tpa"].to_numpy()
    served = np.clip(x[low.served], 0.0, wanted)
    if np.isneginf(left).all():  # refined: only the last digits are open
        hair = np.minimum(LAST_DIGITS * np.spacing(np.abs(x).max(initial=0.0)), PRINTED * wanted)
        served = np.where(wanted - served <= hair, wanted, np.where(served <= hair, 0.0, served))
    else:
        # dust is measured by what can flow, for a demand may be far beyond it
        flows = low.program.col_scale[low.served]
        dust = PRINTED * np.minimum(flows, wanted / 1000.0)
        dust = np.maximum(dust, np.minimum(left, PRINTED * np.minimum(1000.0 * flows, wanted)))
        served = settled(served, wanted, dust)
    table["served_tpa"] = served
    table["shortfall_tpa"] = wanted - served
    table["is_counted"], table["is_beneficiary"] = counting.anyone, counting.ours
    host = (table["tier"].isna() & ~table["is_counted"]).to_numpy()
    table.loc[host, "shortfall_tpa"] = 0.0  # taken if there, never short
    return table


def settled(served: Array, wanted: Array, open_: Array) -> Array:
    """Return what is served, clear of the solver's rounding.

    Parameters
    ----------
    served, wanted : ndarray
        Of the same unit; ``wanted`` gives the size.
    open_ : ndarray
        What locks and proofs leave open of each: short of less is nobody's shortfall, served less is nothing.

    Returns
    -------
    ndarray
        All that is wanted, or nothing, where it is that but for ``open_``; the nearest number of six digits, where it
        is that but for rounding (29.9999999998 of 40 is 30). Nothing else moves.
    """
    served = np.where(wanted - served <= open_, wanted, np.where(served <= open_, 0.0, served))
    # by what is served, for what is wanted may be far beyond all that can flow
    grid = PRINTED * 10.0 ** np.ceil(np.log10(np.where(served > 0, served, 1.0)))
    near = np.round(served / grid) * grid
    # as a decimal, so that 30 is 30 and not 30.000000000000004
    near = np.array([digits(number, 12) for number in near.ravel()], dtype=float).reshape(near.shape)
    return np.where((served < wanted) & (np.abs(near - served) <= ROUNDING * served), np.minimum(near, wanted), served)


def in_finer_sizes(
    lowering: Callable[..., Lowered], take: Callable[[Lowered], Array], is_proved: Callable[[], bool]
) -> None:
    """Solve, and where the answer has other sizes than were estimated, solve again in those.

    Parameters
    ----------
    lowering : callable
        Takes ``sizes``, or nothing, and lowers.
    take : callable
        Solves a program, keeps the answer and returns its columns.
    is_proved : callable
        Says whether the answer taken last holds.

    Notes
    -----
    The second answer is kept, unless the first alone is proved.
    """
    low = lowering()
    finer = low.finer_sizes(take(low))
    if finer is None:
        return
    held = is_proved()
    try:
        take(lowering(sizes=finer))
    except SolverError:
        if not held:
            raise
        take(low)
        return
    if held and not is_proved():
        take(low)
