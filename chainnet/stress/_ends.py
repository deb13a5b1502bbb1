"""The long run of scenarios at both ends of who is served first, and which scenario is the worst."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from chainnet.engine import PRINTED
from chainnet.results import fact_of, stamp
from chainnet.stress._test import StressTest

__all__ = ["ends_of", "worst_of"]


def worst_of(found: StressTest, names: Sequence[str], first: str) -> str:
    """Return the scenario with the largest shortfall of the first tier, then of all tiers, then by name; "" of none."""
    table = found.summary["shortfall_tpa"]

    def key(name: str) -> tuple[float, float, str]:
        short: pd.Series = table.loc[name]
        # rounded, so that ties are ties and not the last digits of a solve
        return (-round(float(short.get(first, 0.0)), 6), -round(float(short.sum()), 6), name)

    return min(names, key=key, default="")


def ends_of(found: StressTest, scenario: str | None = None) -> pd.DataFrame:
    """Return what goes short in the long run if all others are served after, and before.

    Returns
    -------
    DataFrame, index (scenario, tier), or tier of the one scenario that is named
        demand_tpa, shortfall_after_tpa, shortfall_before_tpa : t/a; as ``both_ends`` says them.
    """
    table = found.summary
    after = "shortfall_after_tpa" if "shortfall_after_tpa" in table.columns else "shortfall_tpa"
    columns = {"demand_tpa": "demand_tpa", after: "shortfall_after_tpa", "shortfall_before_tpa": "shortfall_before_tpa"}
    out = table[list(columns)].rename(columns=columns)
    for column in columns.values():
        if column != "demand_tpa":  # what no reader sees of a demand is rounding
            out[column] = out[column].mask(out[column] <= PRINTED * out["demand_tpa"], 0.0)
    if scenario is not None:
        out = pd.DataFrame(out.loc[scenario])
    return stamp(out, found.provenance, facts={"has_others": fact_of(table, "has_others", False)})
