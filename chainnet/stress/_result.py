"""What a stress test answers: its tables, and what they say in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine import Certificate
from chainnet.results import Result, fact_of, figure_of, stamp
from chainnet.stress._flows import MonthFlows, flows_table, relations_table, throughput_table
from chainnet.stress._worst import worst_of
from chainnet.words import (
    DEGREE_WORDS,
    TierShort,
    Who,
    course_words,
    in_months,
    join,
    percent,
    same,
    short_sentence,
    whole,
    with_impossible,
)


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class StressTest(Result):
    """What each scenario leaves short, in the long run and month by month.

    Attributes
    ----------
    summary : DataFrame, index (scenario, tier)
        The long run, in t/yr (a steady state with every measure and every project asked for at its full size,
        stocks not drawn):
        demand_tpa, served_tpa, shortfall_tpa (allies served first, unless asked otherwise;
        where stages are shared also shortfall_least_tpa and shortfall_most_tpa, between which it may lie),
        shortfall_last_tpa (allies served last: the largest shortfall) and, where allies are not served first,
        shortfall_first_tpa (allies served first: the least), shortfall_low_tpa and
        shortfall_high_tpa (all demand at its low or high value, NaN where no range is given),
        demand_low_tpa, demand_high_tpa, value_musd (loss at the value per tonne, USD million a year).
        Over the horizon, in t: demand_t, served_t, shortfall_t (a planner who knows every date),
        shortfall_unforeseen_t (one who sees only what is in force), value_of_information_t (their
        difference), first_year_tpa and first_year_share (what is short without foresight in the first twelve
        months, t/yr and as a share of demand), value_at_risk_musd, first_short_month, worst_month, worst_month_share,
        months_short, time_to_survive (months from the first measure; inf = never short, is_unlimited says
        so; a number as long as the horizon after the onset means at least that), time_to_recover
        (months from the first short one; inf = not within the horizon). Months count from 1.
        The first scenario is "baseline": no measure.
    nodes : DataFrame, index (scenario, node, commodity, tier)
        The long run per end use.
    countries : DataFrame, index (scenario, tier, country)
        The long run by country or region of the users: demand_tpa, served_tpa, shortfall_tpa, the most short first.
        Users who are served together may share a shortfall otherwise; the total of a tier is proved.
    levels : DataFrame
        The long run, level by level: scenario, level, meaning (in words), tier, demand_tpa, served_tpa,
        shortfall_tpa, gained_tpa; no projects built but those asked for.
    months : DataFrame
        scenario, month, tier, node, commodity, demand_t, served_t, shortfall_t,
        shortfall_unforeseen_t, value_musd; with ``step_months`` a row stands for the period that begins with its
        month, to the next month of the scenario.
    stocks : DataFrame
        scenario, month, stock, commodity, level_t and level_unforeseen_t at the end of the month (of the period).
    time_to_survive : DataFrame, index (scenario, tier, node)
        Of each tier (node empty) and each end use: time_to_survive, is_unlimited, time_to_recover,
        first_short_month, shortfall_t.
    horizon_levels : DataFrame
        Over the horizon, level by level, where asked for: scenario, level, tier, demand_t, served_t,
        shortfall_t, gained_t.
    money : DataFrame, index scenario
        Over the horizon and all demand rows, USD: served_usd and lost_usd at the value per tonne, cost_usd
        of flows, plants and storage, net_usd = served less cost.
    certificate : Certificate
        The worst of all scenarios.
    flows : DataFrame
        What moves, as planned by one who knows every date: scenario, month, source, target, commodity,
        flow_t (shipped in the month; goods with a lag arrive later). Made when asked for, as are the next two.
    throughput : DataFrame
        scenario, month, id, throughput_t of nodes and projects.
    relations : DataFrame
        scenario, month, commodity, maker, user, flow_t of new relations that carry something.
    by_month : dict
        The arrays behind these tables, by scenario.
    """

    summary: pd.DataFrame
    nodes: pd.DataFrame
    countries: pd.DataFrame
    levels: pd.DataFrame
    months: pd.DataFrame
    stocks: pd.DataFrame
    time_to_survive: pd.DataFrame
    horizon_levels: pd.DataFrame
    money: pd.DataFrame
    certificate: Certificate
    by_month: dict[str, MonthFlows] = field(default_factory=dict)

    @cached_property
    def flows(self) -> pd.DataFrame:
        """What every edge ships in every month, t."""
        return stamp(flows_table(self.by_month), self.provenance)

    @cached_property
    def throughput(self) -> pd.DataFrame:
        """What every node and project makes or passes on in every month, t."""
        return stamp(throughput_table(self.by_month), self.provenance)

    @cached_property
    def relations(self) -> pd.DataFrame:
        """What new relations carry in every month, t."""
        return stamp(relations_table(self.by_month), self.provenance)

    @property
    def worst(self) -> str:
        """The scenario that leaves most short in the long run, tier by tier; "baseline" where none was asked."""
        names = [] if self.summary.empty else self.provenance["settings"]["scenarios"]
        short = {name: self.summary["shortfall_tpa"].loc[name] for name in names}
        return worst_of(short, str(next(iter(short.values())).index[0])) if short else "baseline"

    def shortfalls(self, scenario: str) -> list[TierShort]:
        """Return what each tier is short of its demand under a scenario, and from when.

        At the rate of its worst month; of a tier that is met in all months, or whose months were not followed, in the
        long run.
        """
        found = []
        summary = self.summary
        for tier, row in summary[summary.index.get_level_values("scenario") == scenario].droplevel(0).iterrows():
            lasting, demand, first = row["shortfall_tpa"], row["demand_tpa"], row["first_short_month"]
            if first == first:
                peak = row["worst_month_share"] * demand
                when = course_words(first, row["time_to_recover"], self._latest(scenario, row))
                found.append(TierShort(tier, peak, demand, since=when, is_peak=not same(peak, lasting)))
            else:
                least, most = (row.get(f"shortfall_{end}_tpa", np.nan) for end in ("least", "most"))
                found.append(TierShort(tier, lasting, demand, least, most, course_words(np.nan, np.nan)))
        return found

    @property
    def sentence(self) -> str:
        """Who is short of how much, and from when, under the worst scenario, in a line."""
        return self.sentence_of(self.worst)

    def sentence_of(self, scenario: str) -> str:
        """Return who is short of how much, and from when, under a scenario, in a line."""
        return with_impossible(short_sentence(scenario, self.shortfalls(scenario)), self.provenance["settings"])

    def _latest(self, scenario: str, row: pd.Series) -> float:
        """Return the first month short where a tier is kept whole for as long as can be; inf = none of the horizon."""
        whole_months = fact_of(self.summary, "onsets")[scenario] + row["time_to_survive"]
        return float(whole_months + 1 if whole_months < self.provenance["settings"]["months"] else np.inf)

    @property
    def timing_sentence(self) -> str:
        """From when tiers are short under the worst scenario, where they could be kept whole longer; "" else.

        The first short month is that of the plan for the whole horizon, and may move with it. How long a tier can be
        kept whole hangs on the tiers before it alone.
        """
        said = []
        for tier, row in self.summary.loc[self.worst].iterrows():
            first, latest = row["first_short_month"], self._latest(self.worst, row)
            if latest > first:
                later = "in no month" if np.isinf(latest) else f"from month {whole(latest)}"
                said.append(f"{Who.of(tier)} is short from month {whole(first)}, or {later} if kept whole")
        if not said:
            return ""
        settings = self.provenance["settings"]
        aim = "the most value" if settings["objective"] == "value" else "the fewest tonnes short"
        return (
            f"{self.worst}: {join(said)} as long as can be, at the cost of others or of later months. The plan has "
            f"{aim} over {in_months(settings['months'])}; another horizon may move its first short month."
        )

    @property
    def stocks_sentence(self) -> str:
        """Which stocks of unsure size are drawn under the worst scenario before its last tier is short; "" of none."""
        return str(fact_of(self.summary, "carried", {}).get(self.worst, ""))

    @property
    def levels_sentence(self) -> str:
        """What the worst scenario leaves short in the long run on existing links and with new suppliers; "" of none."""
        if self.levels.empty:  # no scenario was asked
            return ""
        table = self.levels[self.levels["scenario"] == self.worst]
        shares = (table["shortfall_tpa"] / table["demand_tpa"]).where(table["demand_tpa"] > 0, 0.0)
        said = []
        for level in ("existing", "new"):
            tiers = zip(table["tier"], table["level"], shares, strict=True)
            parts = [f"{tier} {percent(share, ' ')}" for tier, at, share in tiers if at == level]
            said.append(f"{DEGREE_WORDS[level]} {join(parts)}")
        return f"{self.worst}, short in the long run: {'; '.join(said)}."

    def plot(self, scenario: str | None = None) -> Any:
        """Draw what part of each tier's demand is short, month by month.

        Parameters
        ----------
        scenario : str, optional
            Default the worst.

        Returns
        -------
        Figure
            A notebook shows it; ``.save("name.svg")`` or ``.png`` writes it.

        Raises
        ------
        DataError
            If the scenario is none of those asked.

        Examples
        --------
        >>> import chainnet as cn
        >>> cn.stress_test(cn.read("mag-9"), months=12).plot().title
        'China out: industrial is short 10 of 16 t/yr, civilian short 30 of 30 t/yr from month 1. Defence is met.'
        """
        return figure_of(self, scenario=scenario)
