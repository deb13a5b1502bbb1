"""The worst scenario on two layers of the chain: its base year, and as it is built since."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.assessment._case import Case
from chainnet.engine import PRINTED
from chainnet.flow import Counting, balance_under, service_range
from chainnet.network import Network, state_of
from chainnet.results import fact_of, origin_of, provenance, stamp
from chainnet.scenario import Scenario, overlay_of

BASE, BUILT = "base year", "as built"


def layers(case: Case, worst: Scenario | None) -> pd.DataFrame:
    """Return what is short under the worst scenario in the base year and as built, with allies served first and last.

    Returns
    -------
    DataFrame, index (layer, tier)
        year : of the layer.  n_built : plants that were projects in the base year and stand.  demand_tpa,
        shortfall_first_tpa, shortfall_last_tpa : t/yr, on existing links.  shortfall_new_tpa, shortfall_stocks_tpa :
        with new relations, and with one year of stocks too.  is_asked : the layer of all other answers.
        ``attrs["built"]`` names the plants; ``attrs["has_others"]``.
        "as built" is left out where no project runs.

    Notes
    -----
    Seen from a chain that stands as built, the base year is that chain without what was built since; what a scenario
    itself builds of it is then left out.
    """
    network = case.network
    standing = network.standing
    base, built, year = network, running(case), year_known(network, case.scenarios)
    if len(standing):
        base, built, year = network.without(nodes=list(standing["id"])), network, int(standing["year"].max())
    elif built is not None:
        standing = built.standing
    found = {BASE: _row(case, base, worst, network.year, 0)}
    if built is not None:
        found[BUILT] = _row(case, built, worst, year, len(standing))
    table = pd.concat(found, names=["layer"])
    asked = BUILT if len(network.standing) else BASE
    table["is_asked"] = table.index.get_level_values("layer") == asked
    facts = {"built": tuple(standing["label"]), "known": year, "has_others": fact_of(found[BASE], "has_others")}
    return stamp(table, origin_of(found[asked]), facts=facts)


def left_over(case: Case) -> pd.DataFrame:
    """Return what each scenario leaves short with new relations, the projects that run and one year of stocks.

    Returns
    -------
    DataFrame, index (scenario, tier)
        year (of the projects that run), demand_tpa, shortfall_tpa. Empty where no project runs that is not in the
        network yet: then the levels of the scenarios say it.
    """
    built, columns = running(case), ["year", "demand_tpa", "shortfall_tpa"]
    if built is None or not case.scenarios:
        return pd.DataFrame(columns=columns)
    counting, found = Counting.of(built, **case.in_order), {}
    for scenario in case.scenarios:
        table = balance_under(counting, overlay_of(built, scenario), "new", stocks=True).by_tier()
        short = _lacking(table["shortfall_tpa"], table["demand_tpa"])
        found[scenario.name] = table.assign(shortfall_tpa=short, year=int(built.standing["year"].max()))[columns]
    source = provenance(built, "HiGHS simplex", **case.counting.settings, scenario=list(found), reroute="new")
    return stamp(pd.concat(found, names=["scenario"]), source)


def _lacking(short: pd.Series, demand: pd.Series) -> Array:
    """Return what is short, 0 where that is below the tolerance of its answer."""
    lacking = short.to_numpy(dtype=float)
    return np.where(lacking <= PRINTED * demand.to_numpy(dtype=float), 0.0, lacking)


def running(case: Case) -> Network | None:
    """Return the network with the projects that run; None where it stands as built already, or none runs."""
    year = year_known(case.network, case.scenarios)
    if year is None or len(case.network.standing):
        return None
    built = case.network.as_built(year)
    return built if len(built.standing) else None


def year_known(network: Network, scenarios: tuple[Scenario, ...]) -> int | None:
    """Return the year up to which the data know what runs; no clock is asked.

    It is the year of the latest ``checked_on`` of the scenarios; without one the largest start year of the projects
    that run; None where neither is known.
    """
    days = [str(m["checked_on"]) for scenario in scenarios for m in scenario.measures if "checked_on" in m]
    if days:
        return int(max(days)[:4])
    runs = network.projects["status"].map(state_of) == "running"
    start = network.projects["start_year"][runs].max()
    return None if pd.isna(start) else int(start)


def _row(case: Case, network: Network, worst: Scenario | None, year: int | None, n_built: int) -> pd.DataFrame:
    table = service_range(network, worst, **case.said)
    counting, overlay = Counting.of(network, **case.in_order), overlay_of(network, worst)
    for level in ("new", "stocks"):
        short = balance_under(counting, overlay, "new", stocks=level == "stocks").by_tier()["shortfall_tpa"]
        table[f"shortfall_{level}_tpa"] = _lacking(short, table["demand_tpa"])
    table.insert(0, "year", pd.Series(year, index=table.index, dtype="Int64"))
    table.insert(1, "n_built", n_built)
    return table
