"""Which of several scenarios is the worst in the long run."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def worst_of(shortfall_tpa: Mapping[str, pd.Series], first: str) -> str:
    """Return the scenario with the largest shortfall of the first tier, then of all tiers, then by name; "" of none.

    Parameters
    ----------
    shortfall_tpa : mapping of str to Series
        The shortfall of each tier in the long run, t/yr, by the name of the scenario.
    first : str
        The tier that is served first.
    """

    def key(name: str) -> tuple[float, float, str]:
        short = shortfall_tpa[name]
        # rounded, so that ties are ties and not the last digits of a solve
        return (-round(float(short.get(first, 0.0)), 6), -round(float(short.sum()), 6), name)

    return min(shortfall_tpa, key=key, default="")
