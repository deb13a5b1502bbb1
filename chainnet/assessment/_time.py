"""What an assessment says of time, stores and habits: exposure, the cascade bracket, what must be in stock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chainnet.assessment._case import Case, Reason, Reasons
from chainnet.cascades import bracket
from chainnet.criticality import risk_exposure
from chainnet.engine import Certificate
from chainnet.errors import ChainnetError
from chainnet.flow import Counting
from chainnet.results import origin_of, stamp
from chainnet.scenario import Scenario, Timeline, timeline
from chainnet.stress import YEAR, Ask, requirement

RECOVERY_YEARS = 1.0  # where none is given: the time in which a plant is rebuilt is not in the data
HALF_YEAR, QUARTER = 6, 3
BRACKET_YEARS = 10
# what must be in stock, and the proof of it by scenario
Stocks = tuple[pd.DataFrame, dict[str, Certificate]]


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


def monthly(case: Case, counting: Counting) -> Ask:
    """Return how the case is asked over time: month by month in the first year, then in half-years.

    These take a fraction of the time. They end where a measure or a project begins, changes or ends.
    """
    step = next(s for s in (HALF_YEAR, QUARTER, 1) if case.months % s == 0)
    return Ask(counting, case.months, case.start, step, cuts=tuple(range(min(case.months, YEAR) + 1)))


def myopia(case: Case, worst: Scenario | None, reasons: Reasons) -> pd.DataFrame:
    """Return the bracket of the worst scenario; empty, with the reason kept, where it cannot be put in such terms."""
    if worst is not None:
        with Reason(reasons, f"bracket: {worst.name}"):
            found = bracket(case.network, scenario=worst, years=BRACKET_YEARS, **case.said)
            return stamp(pd.concat({worst.name: found}, names=["scenario"]), origin_of(found))
    return pd.DataFrame()


def stockpiles(case: Case, worst: Scenario | None, reasons: Reasons) -> Stocks:
    """Return what must be in stock for the first tier under the worst scenario, and the proof of that."""
    if case.first is None:
        reasons["stockpile"] = "nobody asks in the first tier"
    elif worst is not None:
        with Reason(reasons, f"stockpile: {worst.name}"):
            asked = monthly(case, case.counting)
            table, proof = requirement(worst, (case.first,), asked)
            named = pd.DataFrame({"scenario": worst.name, **dict(table.items())})
            return stamp(named, origin_of(table)), {worst.name: proof}
    return pd.DataFrame(), {}
