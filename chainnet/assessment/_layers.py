"""The worst scenario on two layers of the chain: its base year, and as it stands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.assessment._case import Case
from chainnet.engine import PRINTED
from chainnet.flow import Counting, service_range, short_by_tier
from chainnet.network import Network
from chainnet.results import fact_of, origin_of, stamp
from chainnet.scenario import Scenario, overlay_of

BASE, NOW = "base year", "as it stands"


def layers(case: Case, worst: Scenario | None) -> pd.DataFrame:
    """Return what is short under the worst scenario in the base year and as the chain stands, allies first and last.

    Returns
    -------
    DataFrame, index (layer, tier)
        n_opened : plants that opened since the base year.  demand_tpa, shortfall_first_tpa, shortfall_last_tpa : t/yr,
        on existing links.  shortfall_new_tpa, shortfall_stocks_tpa : with new relations, and with one year of stocks
        too.  ``attrs["opened"]`` names the plants; ``attrs["has_others"]``.
        One layer where nothing opened since the base year.

    Notes
    -----
    All other answers are of the chain as it stands. What a scenario builds of the plants that opened since is left out
    of the base year.
    """
    network = case.network
    opened = network.opened
    found = {NOW: _row(case, network, worst, len(opened))}
    if len(opened):
        base = network.without(nodes=list(opened["id"]))
        found = {BASE: _row(case, base, worst, 0), **found}
    table = pd.concat(found, names=["layer"])
    facts = {"opened": tuple(opened["label"]), "has_others": fact_of(found[NOW], "has_others")}
    return stamp(table, origin_of(found[NOW]), facts=facts)


def _lacking(short: pd.Series, demand: pd.Series) -> Array:
    """Return what is short, 0 where that is below the tolerance of its answer."""
    lacking = short.to_numpy(dtype=float)
    return np.where(lacking <= PRINTED * demand.to_numpy(dtype=float), 0.0, lacking)


def _row(case: Case, network: Network, worst: Scenario | None, n_opened: int) -> pd.DataFrame:
    table = service_range(network, worst, **case.said)
    counting, overlay = Counting.of(network, **case.in_order), overlay_of(network, worst)
    for level in ("new", "stocks"):
        short = short_by_tier(counting, overlay, "new", stocks=level == "stocks")["shortfall_tpa"]
        table[f"shortfall_{level}_tpa"] = _lacking(short, table["demand_tpa"])
    table.insert(0, "n_opened", n_opened)
    return table
