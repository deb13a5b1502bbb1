"""A shortfall with allies served first, and with allies served last."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet.results._results import fact_of, origin_of, stamp
from chainnet.words import SaidEnds, least_short

# when all others are served -> the column of what is then short
ENDS: dict[Literal["allies_first", "allies_last"], str] = {
    "allies_first": "shortfall_first_tpa",
    "allies_last": "shortfall_last_tpa",
}


class Ends(SaidEnds):
    """The shortfall of one demand with allies served first and last, as columns of ``service_range`` have it.

    Attributes
    ----------
    after, before : float
        Short if all others are served after, and before, t/yr.
    demand : float
        What is asked for, t/yr.

    Examples
    --------
    >>> ends = Ends(2.0, 6.0, 8.0)
    >>> ends.agree, ends.worst, ends.share.after, ends.share.before
    (False, 6.0, 0.25, 0.75)
    """

    @classmethod
    def of(cls, rows: Any) -> Ends:
        """Return the ends of a row of a table of ends, or of all its rows together; what no reader sees is zero."""
        demand, after, before = (float(np.sum(rows[column])) for column in ("demand_tpa", *ENDS.values()))
        after, before = (0.0 if short <= least_short(demand) else short for short in (after, before))
        return cls(after, before, demand)

    @classmethod
    def by_tier(cls, table: pd.DataFrame, blank: str) -> dict[str, Ends]:
        """Return the ends of each row of ``service_range``; ``blank`` names demand without a tier."""
        return {tier if isinstance(tier, str) else blank: cls.of(row) for tier, row in table.iterrows()}

    @property
    def worst(self) -> float:
        """The larger of both."""
        return max(self.after, self.before)


def ends_table(
    demand: pd.Series, after: pd.Series, before: pd.Series, source: dict[str, Any], has_others: bool
) -> pd.DataFrame:
    """Return demand and what is short of it at either end as columns; what no reader sees of a demand is zero."""
    out = demand.to_frame("demand_tpa")
    for column, short in zip(ENDS.values(), (after, before), strict=True):
        out[column] = short.mask(short <= least_short(demand), 0.0)
    return stamp(out, source, facts={"has_others": has_others})


def ends_of(summary: pd.DataFrame, scenario: str | None = None) -> pd.DataFrame:
    """Return what is short in the long run of a stress test if all others are served after, and before.

    Parameters
    ----------
    summary : DataFrame
        ``StressTest.summary``.
    scenario : str, optional
        One of them; default all.

    Returns
    -------
    DataFrame, index (scenario, tier), or tier of the one scenario that is named
        demand_tpa, shortfall_first_tpa, shortfall_last_tpa : t/yr; as ``service_range`` says them.
    """
    rows = summary if scenario is None else pd.DataFrame(summary.loc[scenario])
    after = rows.get(ENDS["allies_first"], rows["shortfall_tpa"])  # the answer itself, where others are served after
    told = origin_of(summary), fact_of(summary, "has_others", False)
    return ends_table(rows["demand_tpa"], after, rows[ENDS["allies_last"]], *told)
