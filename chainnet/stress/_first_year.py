"""What is due to a scenario by month, while existing links, users' stocks and those who qualify carry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from chainnet.flow import Counting
from chainnet.lowering import Degree
from chainnet.results import provenance, stamp
from chainnet.scenario import Scenario, check_scenario, timeline
from chainnet.stress._held import COVER, End
from chainnet.stress._months import Ask, common_cuts, course
from chainnet.words import Who

YEAR, HALF_YEAR = 12, 6
AHEAD = 120
# of a month's demand; less than this is no shortage
SHORT = 0.01


def due_by_month(
    counting: Counting,
    scenario: Scenario | None,
    months: int = YEAR,
    *,
    reroute: Degree = "new",
    cover: End = COVER,
    last_tier: str | None = None,
) -> pd.DataFrame:
    """Return what is due to a scenario month by month: its shortfall less that without it, dates unknown.

    Existing links may be used up to capacity at once, new suppliers once they are qualified, stocks and what users
    hold from the first month on.

    Parameters
    ----------
    counting : Counting
    scenario : Scenario or None
        Month 1 is that of its first measure, if that begins within ten years.
    months : int
        Horizon from there. Beyond twelve all of it is planned in half-years, which saves nine tenths of the time.
    reroute, cover
        As in ``stress_test``.
    last_tier : str, optional
        Tiers after this one are left out, and not solved for.

    Returns
    -------
    DataFrame, index (tier, month)
        months (how many the row stands for), demand_t, short_t, already_t (short without the scenario), due_t. Tiers
        that ask for nothing are left out.

    Notes
    -----
    Cost: two plans of the months with new relations, 1 to 6 s a chain.
    """
    onset = _onset(counting, scenario)
    ask = Ask(counting, months + onset, reroute=reroute, cover=cover, is_brief=True, last_tier=last_tier)
    if months > YEAR:
        ask = replace(ask, months=-(-(months + onset) // HALF_YEAR) * HALF_YEAR, step_months=HALF_YEAR)
        ask = replace(ask, cuts=(onset, onset + YEAR))
        ask = replace(ask, cuts=common_cuts([scenario, None], [ask, ask]))
    return _due(scenario, ask, onset, months)


def due_in_year(
    counting: Counting,
    scenario: Scenario | None,
    *,
    reroute: Degree = "new",
    cover: End = COVER,
    last_tier: str | None = None,
) -> pd.Series:
    """Return what is due to a scenario over its first twelve months, as a part of demand, index tier.

    As the sum of ``due_by_month``, in two thirds of its time: within the year no month comes before another. Where the
    first measure comes later than the horizon begins, or dates come as news, it is that sum.
    """
    onset = _onset(counting, scenario)
    ask = Ask(counting, YEAR + onset, reroute=reroute, cover=cover, is_brief=True, is_total=not onset)
    ask = replace(ask, last_tier=last_tier)
    return first_year(_due(scenario, ask, onset, YEAR))["due_share"]


def _onset(counting: Counting, scenario: Scenario | None) -> int:
    """Return the month, from 0, in which the first measure begins, which is where the horizon does."""
    if scenario is not None:
        check_scenario(scenario)
    return timeline(counting.network, scenario, AHEAD).onset or 0


def _due(scenario: Scenario | None, ask: Ask, onset: int, months: int) -> pd.DataFrame:
    """Return the table of ``due_by_month``."""
    counting = ask.counting
    line, calm = (course(one, ask) for one in (scenario, None))
    begins, lengths = np.array(line.timeline.starts), np.array(line.timeline.lengths)
    asked = (begins >= onset) & (begins < onset + months)
    parts = []
    for name, its in counting.tiers.items():
        mine = counting.rows & its
        wanted, served, calmly = (
            table[:, mine].sum(axis=1)[asked]
            for table in (line.perfect.wanted_t, line.rolling_served_t, calm.rolling_served_t)
        )
        if not wanted.sum() > 0:
            continue
        short, already = wanted - served, wanted - calmly
        columns = {"demand_t": wanted, "short_t": short, "already_t": already, "due_t": short - already}
        told = {"tier": Who.of(name), "month": begins[asked] - onset + 1, "months": lengths[asked], **columns}
        parts.append(pd.DataFrame(told))
        if name == ask.last_tier:
            break
    table = pd.concat(parts, ignore_index=True).set_index(["tier", "month"])
    source = provenance(
        counting.network,
        "HiGHS simplex",
        scenario=scenario.name if scenario else "",
        reroute=ask.reroute,
        months=months,
        cover=ask.cover,
        **counting.settings,
    )
    return stamp(table, source)


def first_year(table: pd.DataFrame) -> pd.DataFrame:
    """Return what is due to a scenario in its first twelve months, and when it is first short.

    Parameters
    ----------
    table : DataFrame
        From ``due_by_month``.

    Returns
    -------
    DataFrame, index tier
        demand_t, due_t : over the first twelve months.  due_share : their ratio.  already_share : short without the
        scenario.  first_month : the first in which more than 1 % of the month's demand is due; NaN = none of the
        table.
    """
    early = table[table.index.get_level_values("month") <= YEAR]
    found = early.groupby(level="tier", sort=False)[["demand_t", "due_t", "already_t"]].sum()
    found["due_t"] = found["due_t"].clip(lower=0.0)
    late = table.index[is_short(table)].to_frame(index=False).groupby("tier", sort=False)["month"].min()
    return found.assign(
        due_share=found["due_t"] / found["demand_t"],
        already_share=found["already_t"] / found["demand_t"],
        first_month=late.reindex(found.index).astype(float),
    ).drop(columns="already_t")


def is_short(table: pd.DataFrame) -> pd.Series:
    """Return in which rows of ``due_by_month`` more than 1 % of demand is due."""
    return table["due_t"] > SHORT * table["demand_t"]
