"""The first months of a scenario: what is due to it while existing links, users' stocks and those who qualify carry."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet.flow import Counting
from chainnet.results import provenance, stamp
from chainnet.scenario import Scenario, check_scenario, timeline
from chainnet.stress._months import Ask, course
from chainnet.words import Who

YEAR = 12
AHEAD = 120
# of a month's demand; less than this is no shortage
SHORT = 0.01


def first_year(counting: Counting, scenario: Scenario | None, months: int = YEAR) -> pd.DataFrame:
    """Return what is due to a scenario in its first months: its shortfall less that without it, dates unknown.

    Existing links may be used up to capacity at once, new suppliers once they are qualified, stocks and what users
    hold from the first month on.

    Parameters
    ----------
    counting : Counting
    scenario : Scenario or None
        Month 1 is that of its first measure, if that begins within ten years.
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
    onset = timeline(counting.network, scenario, AHEAD).onset or 0  # the horizon begins with the first measure
    line, calm = (course(one, Ask(counting, months + onset, reroute="new", is_brief=True)) for one in (scenario, None))
    rows = {}
    for name, its in counting.tiers.items():
        tier, mine = Who.of(name), counting.rows & its
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
    asked = {"scenario": scenario.name if scenario else "", "reroute": "new", "months": months, **counting.settings}
    return stamp(table, provenance(counting.network, "HiGHS simplex", **asked))
