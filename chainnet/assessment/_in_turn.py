"""What each tier is served and lacks in its turn, in the long run."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from chainnet.engine import ROUNDING
from chainnet.flow import Counting, ValueModel, balance_under
from chainnet.scenario import Scenario, overlay_of
from chainnet.words import digits

Count = Callable[..., Counting]  # what is asked, of any network


def in_turn(counting: Counting, scenario: Scenario | None) -> pd.DataFrame:
    """Return demand_tpa, served_tpa and shortfall_tpa by tier in the long run.

    With nobody first the middle of what may fall to the beneficiaries: a balance itself is then one of several.
    """
    found = balance_under(counting, overlay_of(counting.network, scenario), with_links=False)
    table = found.by_tier()
    if counting.order == "alike" and found.ranges is not None:
        short = found.ranges[["shortfall_least_tpa", "shortfall_most_tpa"]].mean(axis=1)
        table = table.assign(shortfall_tpa=short, served_tpa=table["demand_tpa"] - short)
    return table[["demand_tpa", "served_tpa", "shortfall_tpa"]]


def served_and_short(counting: Counting, scenario: Scenario | None) -> dict[str | None, tuple[float, float]]:
    """Return what each tier is served in its turn, and what it lacks; of all under None."""
    network = counting.network
    if network.demand.empty:  # then it is worth what can flow at most
        return {None: (rounded(ValueModel(counting, overlay_of(network, scenario)).value), 0.0)}
    table = in_turn(counting, scenario)
    found: dict[str | None, tuple[float, float]] = {None: _clear(table.sum())}
    return found | {tier if isinstance(tier, str) else "": _clear(row) for tier, row in table.iterrows()}


def amount_of(counting: Counting, scenario: Scenario | None, tier: str | None, measure: str) -> float:
    """Return what a tier lacks (short_t) or gets (served_t), or all (None); nothing where nobody asks for it."""
    return served_and_short(counting, scenario).get(tier, (0.0, 0.0))[measure == "short_t"]


def rounded(value: float) -> float:
    """Return a tonnage without the last digits of a solve."""
    return digits(value, 10)


def _clear(row: pd.Series) -> tuple[float, float]:
    """Return what is served and what is short, without the rounding of a solve."""
    wanted, served, short = (float(row[column]) for column in ("demand_tpa", "served_tpa", "shortfall_tpa"))
    return rounded(served), rounded(short) if short > ROUNDING * max(wanted, 1.0) else 0.0
