"""Which of several scenarios is the worst in the long run."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from chainnet.stress._test import StressTest

__all__ = ["worst_of"]


def worst_of(found: StressTest, names: Sequence[str], first: str) -> str:
    """Return the scenario with the largest shortfall of the first tier, then of all tiers, then by name; "" of none."""
    table = found.summary["shortfall_tpa"]

    def key(name: str) -> tuple[float, float, str]:
        short: pd.Series = table.loc[name]
        # rounded, so that ties are ties and not the last digits of a solve
        return (-round(float(short.get(first, 0.0)), 6), -round(float(short.sum()), 6), name)

    return min(names, key=key, default="")
