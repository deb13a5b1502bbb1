"""The months of an assessment as the report reads them. Nothing is solved."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from chainnet.assessment import Assessment
from chainnet.engine import PRINTED
from chainnet.network import Network
from chainnet.results import fact_of
from chainnet.scenario import first_month, month_text
from chainnet.words import Who, calendar_month, recover_words, survive_words

BASELINE = "baseline"
# of a tier's demand over the horizon: what lacks less does not decide which scenario is worst
NEGLIGIBLE = 0.005
# below this part of the largest share two months are equally bad: the first of them is told
EQUALLY_BAD = 1e-6


class _Assessed(Protocol):
    """What the months are read from: an assessment, its tiers, its scenarios with the worst first."""

    @property
    def a(self) -> Assessment: ...
    @property
    def network(self) -> Network: ...
    @property
    def tiers(self) -> list[Who]: ...
    @property
    def has_first(self) -> bool: ...
    @property
    def first(self) -> Who: ...
    @property
    def ordered(self) -> list[str]: ...
    @property
    def basis(self) -> str: ...


class Months:
    """Looks into the months of an assessment.

    Parameters
    ----------
    facts : _Assessed
    """

    def __init__(self, facts: _Assessed) -> None:
        self.facts = facts
        settings = facts.a.stress.provenance["settings"]
        self.horizon = int(settings["months"])
        self.step = int(settings["step_months"])
        self.start = str(settings["start"] or "")  # as asked for; else nobody said when month 1 is

    @property
    def unit(self) -> str:
        """Unit of tonnes over the horizon."""
        return f"t {self.facts.basis}".strip()

    def start_of(self, scenario: str) -> str:
        """Return the calendar month of month 1, where it was asked for or each measure of a scenario bears a date.

        Beside a measure without a date, which then begins in month 1, a month has no name.
        """
        asked, first = self.facts.a.asked, first_month(self.facts.network)
        measures = asked[scenario].measures if scenario in asked else ()
        dated = [any("start" in t or "until" in t for t in (m, *m.get("suspended", ()))) for m in measures]
        return month_text(first) if not self.start and first is not None and dated and all(dated) else self.start

    def after(self, row: Any) -> int:
        """Return how many months after its first measure a scenario first leaves a tier short; 0 = with it."""
        onset = self.onset(row["scenario"])
        return max(int(row["first_short_month"]) - (1 if np.isnan(onset) else int(onset)), 0)

    @property
    def span(self) -> str:
        """The horizon in words."""
        first, last = calendar_month(1, self.start), calendar_month(self.horizon, self.start)
        return f"{self.horizon} months" + (f", {first} to {last}" if first else "")

    @cached_property
    def summary(self) -> pd.DataFrame:
        """What each scenario does to each tier over the horizon: scenario, tier and the columns in t and months.

        What a solve cannot tell from zero is zero; the worst month is the first of equally bad ones.
        """
        table = Who.named(self.facts.a.stress.summary.reset_index())
        nothing = table["shortfall_t"].abs() <= PRINTED * table["demand_t"]
        for column in ("shortfall_t", "worst_month_share"):
            table[column] = table[column].mask(nothing, 0.0)
        loss = table["value_at_risk_musd"]
        table["value_at_risk_musd"] = loss.mask(nothing & loss.notna(), 0.0)
        table["served_t"] = nil(table["served_t"].mask(nothing, table["demand_t"]), table["demand_t"])
        worth = nil(table["shortfall_unforeseen_t"] - table["shortfall_t"], table["demand_t"])
        table["value_of_information_t"] = worth
        table["shortfall_unforeseen_t"] = table["shortfall_t"] + worth
        shares = self.by_month.pivot_table(index=["scenario", "tier"], columns="month", values="share", sort=False)
        bad = shares.ge(shares.max(axis=1) - EQUALLY_BAD, axis=0).idxmax(axis=1).rename("worst").reset_index()
        table = table.merge(bad, on=["scenario", "tier"], how="left")
        table["worst_month"] = table.pop("worst").mask(table["first_short_month"].isna(), np.nan)
        return table

    @cached_property
    def by_month(self) -> pd.DataFrame:
        """Demand, served and short by scenario, tier and month, and the share that is short."""
        table = Who.named(self.facts.a.stress.months)
        columns = ["demand_t", "served_t", "shortfall_t", "shortfall_unforeseen_t"]
        out = table.groupby(["scenario", "tier", "month"], sort=False)[columns].sum().reset_index()
        for column in ("shortfall_t", "shortfall_unforeseen_t"):
            out[column] = nil(out[column], out["demand_t"])
        out["served_t"] = out["demand_t"] - out["shortfall_t"]
        out["share"] = (out["shortfall_t"] / out["demand_t"].where(out["demand_t"] > 0)).fillna(0.0)
        return out

    def of(self, scenario: str, tier: str) -> Any:
        """Return the row of the summary for a scenario and tier."""
        table = self.summary
        return table[(table["scenario"] == scenario) & (table["tier"] == tier)].iloc[0]

    @property
    def lead(self) -> Who:
        """The tier that leads: the first one, or the only one there is."""
        return self.facts.first if self.facts.has_first else self.facts.tiers[0]

    @cached_property
    def ordered(self) -> list[str]:
        """Scenarios, worst first: by what the leading tier lacks over the horizon, then all tiers, then by name."""
        whole = self.summary.groupby("scenario")["shortfall_t"].sum()

        def key(name: str) -> tuple[float, float, str]:
            row = self.of(name, self.lead)
            first = float(row["shortfall_t"])
            first = first if first > NEGLIGIBLE * float(row["demand_t"]) else 0.0
            return (-round(first, 6), -round(float(whole[name]), 6), name)

        return sorted(self.facts.ordered, key=key)

    @cached_property
    def short(self) -> list[str]:
        """Scenarios that leave anybody short in any month, worst first."""
        hit = set(self.summary.loc[self.summary["first_short_month"].notna(), "scenario"])
        return [name for name in self.ordered if name in hit]

    def short_tiers(self, scenario: str) -> list[Who]:
        """Return the tiers that a scenario leaves short in any month."""
        return [t for t in self.facts.tiers if not np.isnan(self.of(scenario, t)["first_short_month"])]

    def onset(self, scenario: str) -> float:
        """Return the first month in which a measure is in force; NaN if none."""
        if scenario == BASELINE:
            return float("nan")
        return float(self.facts.a.scenarios["onset_month"][scenario])

    def lasts(self, scenario: str) -> float:
        """Return how many months its measures last, from the first to the end of the last; inf = no end is given."""
        end = float("inf") if scenario == BASELINE else float(self.facts.a.scenarios["end_month"][scenario])
        return end - self.onset(scenario) if np.isfinite(end) else end

    def left(self, scenario: str) -> float:
        """Return the months from the first measure to the end of the horizon."""
        onset = self.onset(scenario)
        return self.horizon - (0.0 if np.isnan(onset) else onset - 1)

    def survive(self, row: Any) -> str:
        """Return the time to survive of a row in words."""
        return survive_words(row["time_to_survive"], row["is_unlimited"], self.left(row["scenario"]))

    def recover(self, row: Any) -> str:
        """Return the time to recover of a row in words."""
        return recover_words(row["time_to_recover"], self.horizon)

    def recovered(self, row: Any) -> Any:
        """Return the same as a number where there is one."""
        return self.recover(row) if np.isinf(row["time_to_recover"]) else row["time_to_recover"]

    @property
    def levels_in(self) -> str:
        """In what periods the levels of response over the horizon are counted; "" = months."""
        step = fact_of(self.facts.a.stress.horizon_levels, "step_months", 6)
        return {6: "half-years", 3: "quarters"}.get(step, "")

    @cached_property
    def users(self) -> pd.DataFrame:
        """How long each end use can be kept whole: ``stress.time_to_survive`` without the rows of whole tiers."""
        table = self.facts.a.stress.time_to_survive.reset_index()
        return Who.named(table[table["node"].ne("")])

    @cached_property
    def levels(self) -> pd.DataFrame:
        """What lies in each stock at the end of each month, and its part of what is on record."""
        table = self.facts.a.stress.stocks
        full = self.facts.network.stocks.set_index("id")["stock_t"] if len(table) else pd.Series(dtype=float)
        size = table["stock"].map(full).to_numpy(dtype=float) if len(table) else np.array([])
        out = table.copy()
        for column in ("level_t", "level_unforeseen_t"):
            values = out[column].to_numpy(dtype=float)
            out[column] = np.where(np.abs(values) <= PRINTED * np.maximum(size, 1.0), 0.0, values)
        out["share"] = np.where(size > 0, out["level_t"].to_numpy(dtype=float) / np.where(size > 0, size, 1.0), 0.0)
        return out


def nil(values: pd.Series, size: Any) -> pd.Series:
    """Return amounts in which what is not shown of ``size`` is zero."""
    return values.mask(values.abs() <= PRINTED * size, 0.0)
