"""What an assessment says of time, stores and habits: exposure, the cascade bracket, what must be in stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from chainnet.assessment._case import Case, Reason, Reasons
from chainnet.cascades import bracket
from chainnet.criticality import risk_exposure
from chainnet.engine import CERTAIN, Certificate
from chainnet.errors import ChainnetError
from chainnet.results import origin_of, stamp
from chainnet.scenario import Scenario, Timeline, timeline
from chainnet.stress import Ask, StressTest, horizon_levels, requirement, stockpile_mitigation

RECOVERY_YEARS = 1.0  # where none is given: the time in which a plant is rebuilt is not in the data
HALF_YEAR, QUARTER = 6, 3
BRACKET_YEARS = 10
MOST_STOCKS = 3
# what must be in stock, what lessens it, and the proofs of the first by scenario
Stocks = tuple[pd.DataFrame, pd.DataFrame, dict[str, Certificate]]


def timelines(case: Case) -> list[Timeline]:
    """Return each scenario over the months."""
    return [timeline(case.network, s, case.months, start=case.start) for s in case.scenarios]


def onsets(found: Sequence[Timeline]) -> list[float]:
    """Return the first month, from 1, in which a measure of each scenario is in force; NaN = none."""
    return [np.nan if line.onset is None else float(line.onset + 1) for line in found]


def ends(found: Sequence[Timeline]) -> list[float]:
    """Return the first month, from 1, after the last measure of each scenario; inf = no end is given."""
    return [line.end + 1 for line in found]


def exposures(case: Case, reasons: Reasons) -> pd.DataFrame:
    """Return what the loss of each site costs until it is back; empty, with the reason kept, where nothing says."""
    try:
        years = RECOVERY_YEARS if case.recovery is None else case.recovery
        return risk_exposure(case.network, years, by="site", **case.said)
    except ChainnetError as error:
        if case.recovery is not None:  # what was asked for is answered or refused
            raise
        reasons["exposure"] = str(error)
        return pd.DataFrame()


def myopia(case: Case, reasons: Reasons) -> pd.DataFrame:
    """Return the bracket of each scenario that it can express; why not is kept for the others."""
    tables: dict[str, pd.DataFrame] = {}
    for scenario in case.scenarios:
        with Reason(reasons, f"bracket: {scenario.name}"):
            found = bracket(case.network, scenario=scenario, years=BRACKET_YEARS, **case.said)
            tables[scenario.name] = found
    if not tables:
        return pd.DataFrame()
    settings = origin_of(next(iter(tables.values())))
    return stamp(pd.concat(tables, names=["scenario"]), settings)


def horizon_level_names(case: Case, worst: Scenario | None) -> pd.DataFrame:
    """Return the levels of response over the horizon of the worst scenario alone, in half-years where these are met.

    New relations are many, and so are the columns of every month: half-years take a fraction of the time. They end
    where a measure or a project begins, changes or ends; lags are rounded to what a period can tell.
    """
    return horizon_levels([worst] if worst else [], Ask(case.counting, case.months, case.start, level_months(case)))


def level_months(case: Case) -> int:
    """Return how many months the periods of these levels of response have."""
    return next(s for s in (HALF_YEAR, QUARTER, 1) if case.months % s == 0)


def stockpiles(case: Case, stress: StressTest, reasons: Reasons) -> Stocks:
    """Return what must be in stock for the first tier, and what lessens it, for the scenarios that need it most."""
    tier = case.first
    if tier is None:
        reasons["stockpile"] = "nobody asks in the first tier"
        return pd.DataFrame(), pd.DataFrame(), {}
    summary = stress.summary.xs(tier, level="tier")
    short, asked = summary["shortfall_t"], summary["demand_t"]
    hit = [s for s in case.scenarios if short[s.name] > CERTAIN * asked[s.name]]
    hit.sort(key=lambda s: (-round(float(short[s.name]), 6), s.name))
    need: dict[str, pd.DataFrame] = {}
    less: dict[str, pd.DataFrame] = {}
    proofs: dict[str, Certificate] = {}
    network, said, months, start = case.network, case.said, case.months, case.start
    step = QUARTER if months % QUARTER == 0 else 1
    for scenario in hit[:MOST_STOCKS]:
        with Reason(reasons, f"stockpile: {scenario.name}"):
            asked = Ask(case.counting.in_order("allies_first"), months, start)
            need[scenario.name], proofs[scenario.name] = requirement(scenario, (tier,), asked)
    for scenario in (s for s in hit if s.name in need):
        with Reason(reasons, f"mitigation: {scenario.name}"):
            found = stockpile_mitigation(network, scenario, (tier,), months, start, step_months=step, **said)
            less[scenario.name] = found
            break
    return _joined(need), _joined(less), proofs


def _joined(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame()
    parts = [pd.DataFrame({"scenario": name, **dict(table.items())}) for name, table in tables.items()]
    return stamp(pd.concat(parts, ignore_index=True), origin_of(next(iter(tables.values()))))
