"""The summary of a stress test at both ends of who is served first."""

from __future__ import annotations

import pandas as pd

from chainnet.engine import PRINTED
from chainnet.results._results import fact_of, origin_of, stamp


def ends_of(summary: pd.DataFrame, scenario: str | None = None) -> pd.DataFrame:
    """Return what goes short in the long run of a stress test if all others are served after, and before.

    Parameters
    ----------
    summary : DataFrame
        ``StressTest.summary``.
    scenario : str, optional
        One of them; default all.

    Returns
    -------
    DataFrame, index (scenario, tier), or tier of the one scenario that is named
        demand_tpa, shortfall_after_tpa, shortfall_before_tpa : t/a; as ``both_ends`` says them.
    """
    after = "shortfall_after_tpa" if "shortfall_after_tpa" in summary.columns else "shortfall_tpa"
    columns = {"demand_tpa": "demand_tpa", after: "shortfall_after_tpa", "shortfall_before_tpa": "shortfall_before_tpa"}
    out = summary[list(columns)].rename(columns=columns)
    for column in columns.values():
        if column != "demand_tpa":  # what no reader sees of a demand is rounding
            out[column] = out[column].mask(out[column] <= PRINTED * out["demand_tpa"], 0.0)
    if scenario is not None:
        out = pd.DataFrame(out.loc[scenario])
    return stamp(out, origin_of(summary), facts={"has_others": fact_of(summary, "has_others", False)})
