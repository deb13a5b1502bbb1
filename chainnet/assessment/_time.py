"""What an assessment says of time, stores and habits: exposure, the cascade bracket, what must be in stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.cascades import bracket
from chainnet.criticality import risk_exposure
from chainnet.engine import CERTAIN
from chainnet.errors import ChainnetError
from chainnet.flow import Counting
from chainnet.network import Network
from chainnet.results import stamp
from chainnet.scenario import Scenario, timeline
from chainnet.stress import Ask, StressTest, horizon_ladder, stockpile_mitigation, stockpile_requirement

__all__ = ["exposures", "horizon_rungs", "myopia", "onsets", "stockpiles"]

RECOVERY_YEARS = 1.0  # where none is given: the time in which a plant is rebuilt is not in the data
HALF_YEAR, QUARTER = 6, 3
BRACKET_YEARS = 10
MOST_STOCKS = 3
Reasons = dict[str, str]


class Reason:
    """Keep why a question has no answer, and go on."""

    def __init__(self, reasons: Reasons, question: str) -> None:
        self._reasons, self._question = reasons, question

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: object, _trace: object) -> bool:
        if isinstance(error, ChainnetError):
            self._reasons[self._question] = str(error)
        return isinstance(error, ChainnetError)


def onsets(network: Network, scenarios: Sequence[Scenario], months: int, start: str | None) -> list[float]:
    """Return the first month, from 1, in which a measure of each scenario is in force; NaN = none."""
    found = [timeline(network, s, months, start=start).onset for s in scenarios]
    return [np.nan if onset is None else float(onset + 1) for onset in found]


def exposures(counting: Counting, recovery: Any, reasons: Reasons) -> pd.DataFrame:
    """Return what the loss of each site costs until it is back; empty, with the reason kept, where nothing says."""
    try:
        years = RECOVERY_YEARS if recovery is None else recovery
        found = risk_exposure(counting.network, years, by="site", **counting.said)
    except ChainnetError as error:
        if recovery is not None:  # what was asked for is answered or refused
            raise
        reasons["exposure"] = str(error)
        return pd.DataFrame()
    found.attrs["recovery"] = "assumed" if recovery is None else "given"
    return found


def myopia(counting: Counting, scenarios: Sequence[Scenario], reasons: Reasons) -> pd.DataFrame:
    """Return the bracket of each scenario that it can express; why not is kept for the others."""
    tables: dict[str, pd.DataFrame] = {}
    for scenario in scenarios:
        with Reason(reasons, f"bracket: {scenario.name}"):
            found = bracket(counting.network, scenario=scenario, years=BRACKET_YEARS, **counting.said)
            tables[scenario.name] = found
    if not tables:
        return pd.DataFrame()
    settings = next(iter(tables.values())).attrs["provenance"]
    return stamp(pd.concat(tables, names=["scenario"]), settings)


def horizon_rungs(counting: Counting, worst: Scenario | None, months: int, start: str | None) -> pd.DataFrame:
    """Return the ladder over the horizon of the worst scenario alone, in half-years where these are whole.

    New relations are many, and so are the columns of every month: half-years say the same in a fraction
    of the time, for a few days of lag.
    """
    step = next(s for s in (HALF_YEAR, QUARTER, 1) if months % s == 0)
    return horizon_ladder([worst] if worst else [], Ask(counting, months, start, step))


def stockpiles(
    counting: Counting,
    stress: StressTest,
    scenarios: Sequence[Scenario],
    tier: str | None,
    months: int,
    start: str | None,
    reasons: Reasons,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what must be in stock for the first tier, and what lessens it, for the scenarios that need it most."""
    if tier is None:
        reasons["stockpile"] = "nobody asks in the first tier"
        return pd.DataFrame(), pd.DataFrame()
    summary = stress.summary.xs(tier, level="tier")
    short, asked = summary["shortfall_t"], summary["demand_t"]
    hit = [s for s in scenarios if short[s.name] > CERTAIN * asked[s.name]]
    hit.sort(key=lambda s: (-round(float(short[s.name]), 6), s.name))
    need: dict[str, pd.DataFrame] = {}
    less: dict[str, pd.DataFrame] = {}
    network, said = counting.network, counting.said
    step = QUARTER if months % QUARTER == 0 else 1
    for scenario in hit[:MOST_STOCKS]:
        with Reason(reasons, f"stockpile: {scenario.name}"):
            need[scenario.name] = stockpile_requirement(network, scenario, (tier,), months, start, **said)
    for scenario in (s for s in hit if s.name in need):
        with Reason(reasons, f"mitigation: {scenario.name}"):
            found = stockpile_mitigation(network, scenario, (tier,), months, start, step_months=step, **said)
            less[scenario.name] = found
            break
    return _joined(need), _joined(less)


def _joined(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame()
    parts = []
    for name, table in tables.items():
        part = table.copy()
        part.attrs = {}
        part.insert(0, "scenario", name)
        parts.append(part)
    out = pd.concat(parts, ignore_index=True)
    out.attrs["certificates"] = {name: table.attrs.get("certificate") for name, table in tables.items()}
    return stamp(out, next(iter(tables.values())).attrs["provenance"])
