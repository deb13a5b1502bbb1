"""The first months of a scenario: what is due to it while existing links, users' stocks and those who qualify carry."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet.flow import Counting
from chainnet.results import provenance, stamp
from chainnet.scenario import Scenario, check_scenario
from chainnet.stress._months import Ask, course

YEAR = 12
# of a month's demand; less than this is no shortage
SHORT = 0.01


def first_year(counting: Counting, scenario: Scenario | None, months: int = YEAR) -> pd.DataFrame:
    """Return what is due to a scenario in its first months: its shortfall less that without it, no date being known.

    Existing links may be used up to capacity at once, new suppliers once they are qualified, stocks and what users
    hold from the first month on.

    Parameters
    ----------
    counting : Counting
    scenario : Scenario or None
        Month 1 is that of its first measure.
    months : int
        Horizon from there.

    Returns
    -------
    DataFrame, index tier
        demand_t, due_t : over the months.  due_share : their ratio.  already_share : short without the scenario.
        first_month : the first in which more than 1 % of the month's demand is due; NaN = none of them.

    Notes
    -----
    Cost: two plans of the months with new relations, 5 to 25 s a chain.
    """
    if scenario is not None:
        check_scenario(scenario)
    line = course(scenario, Ask(counting, months, reroute="new", is_brief=True))
    onset = line.timeline.onset or 0
    if onset:  # the horizon begins with the first measure
        line = course(scenario, Ask(counting, months + onset, reroute="new", is_brief=True))
    calm = course(None, Ask(counting, months + onset, reroute="new", is_brief=True))
    rows = {}
    for tier in [name or "demand" for name in counting.tiers]:
        mine = counting.rows & counting.tiers["" if tier == "demand" else tier]
        wanted = line.perfect.wanted_t[onset:, mine].sum(axis=1)
        if not wanted.sum() > 0:
            continue
        short = wanted - line.rolling_served_t[onset:, mine].sum(axis=1)
        already = (calm.perfect.wanted_t - calm.rolling_served_t)[onset:, mine].sum(axis=1)
        due = np.maximum(short - already, 0.0)
        late = np.flatnonzero(due > SHORT * wanted)
        rows[tier] = {
            "demand_t": wanted.sum(),
            "due_t": max(float((short - already).sum()), 0.0),
            "due_share": max(float((short - already).sum() / wanted.sum()), 0.0),
            "already_share": float(already.sum() / wanted.sum()),
            "first_month": float(late[0] + 1) if len(late) else np.nan,
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("tier")
    name = scenario.name if scenario else ""
    asked = {"scenario": name, "reroute": "new", "months": months, **counting.settings}
    return stamp(table, provenance(counting.network, "HiGHS simplex", **asked))
