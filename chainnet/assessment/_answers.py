"""What is known of one chain: each answer solved when it is first asked for, and kept for whoever asks again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from copy import copy
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from chainnet.assessment._bottleneck import bottlenecks_without, lost_by_place, places, step_column
from chainnet.doubt import KeyAssumptions, class_assumptions, orders_of
from chainnet.engine import CERTAIN, LEAST_SIZE, PRINTED, thread_pool
from chainnet.flow import Counting, Kept, project_sizes, short_by_tier
from chainnet.lowering import Degree, Overlay
from chainnet.network import is_country, state_of
from chainnet.results import origin_of, stamp
from chainnet.scenario import KINDS, Scenario, overlay_of, scenarios
from chainnet.stress import YEAR, End, due_by_month, due_in_year, first_year, is_short
from chainnet.words import Who

T = TypeVar("T")
# how far ahead the months of a finding go
HORIZON = 48
BUILDING, PLANNED = "projects being built", "planned projects"
# each level of response: rerouting, whether stocks are drawn, the states of the projects that stand
LEVELS: dict[str, tuple[Degree, bool, tuple[str, ...]]] = {
    "no rerouting": ("none", False, ()),
    "existing links": ("existing", False, ()),
    "new suppliers": ("new", False, ()),
    "stocks": ("new", True, ()),
    BUILDING: ("new", True, ("running", "building")),
    PLANNED: ("new", True, ("running", "building", "decided", "undecided", "idle")),
}
AFTER = "new suppliers"  # the level of what is short later: no stock lasts, no project is sure


class Answers:
    """One chain and whose demand counts; every answer about it is solved once.

    ``asked``: the scenarios among which the worst is looked for, by name; None = those that ship with the graph.
    """

    def __init__(self, counting: Counting, months: int = HORIZON, asked: Mapping[str, Scenario] | None = None) -> None:
        self.counting, self.network, self.months = counting, counting.network, months
        self.asked = scenarios(counting.network) if asked is None else asked
        self._known: dict[Hashable, Any] = {}

    def once(self, key: Hashable, solve: Callable[[], T]) -> T:
        """Return an answer, solved if nobody has asked for it yet."""
        if key not in self._known:
            self._known[key] = solve()
        return self._known[key]  # type: ignore[no-any-return]

    def with_known(self, other: Answers) -> Answers:
        """Return the same with what another one, perhaps of another process, knows of the same chain."""
        if other._known is self._known:  # in threads of one process both are the same
            return self
        both = copy(self)
        both._known = other._known | self._known
        return both

    # -- which scenario, which tiers ---------------------------------------------------------------

    @cached_property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that ask for anything, in order; "all tiers" where none is named."""
        asked = {name: float(self.wanted[name]) for name in self.wanted.index}
        return tuple(name for name, wanted in asked.items() if wanted > 0)

    @cached_property
    def wanted(self) -> pd.Series:
        """What each tier asks for, t/yr, index tier."""
        return self._by_tier(Overlay.none(self.network), "new", self.counting.order, False)["demand_tpa"]

    def place(self, tier: str) -> int:
        """Return the number of a tier among all, from 0."""
        return list(self.wanted.index).index(tier)

    def named(self, tier: str) -> str | None:
        """Return a tier as a question takes it; None = all."""
        return tier if tier in self.network.tier_order else None

    @cached_property
    def worst(self) -> Scenario | None:
        """The export rule that costs the first tier most once new suppliers are qualified, else the next tier.

        Among all scenarios where no export rule is one; ties by what is due in the first year, then by name. Without
        any scenario the stop of the bottleneck of the first tier; None where there is no bottleneck either.
        """
        if not self.asked:
            return self._stop_of_bottleneck()
        asked = {name: one for name, one in self.asked.items() if self._is_export_rule(one)} or dict(self.asked)
        due = {name: self.due(one)["due_share"].round(6) for name, one in asked.items()}
        names = list(asked)
        for tier in self.tiers:
            most = max(float(one[tier]) for one in due.values())
            if most > 0:
                names = [name for name, one in due.items() if float(one[tier]) >= most]
                break
        if len(names) > 1:
            tons = {name: round(float(self.first_year(asked[name])["due_t"].sum()), 6) for name in names}
            names = [name for name in names if tons[name] >= max(tons.values())]
        return asked[min(names)]

    def _is_export_rule(self, scenario: Scenario) -> bool:
        """Say whether all that a scenario does is to bound what leaves one country outside the beneficiaries."""
        barred = set(self.network.groups_known)  # a group's rule is nobody's
        barred |= self.network.resolve(self.counting.whose, "beneficiaries")[0]
        leaves = [(KINDS[m["kind"]], (m.get("from") or {}).get("country")) for m in scenario.measures]
        return bool(leaves) and all(
            kind.takes
            and "from" in kind.keys
            and isinstance(country, str)
            and is_country(country)
            and country not in barred
            for kind, country in leaves
        )

    def _stop_of_bottleneck(self) -> Scenario | None:
        """Return a scenario in which the costliest step abroad stops; None where none costs anything."""
        lost = self.lost(self.named(self.tiers[0])) if self.tiers else pd.DataFrame()
        if lost.empty or not (lost["lost_share"] > CERTAIN).any():
            return None
        step, country = lost.index[0]
        where = {step_column(self.network): step, "country": country}
        label = f"{str(step).replace('_', ' ')} in {country} stops"
        return Scenario("bottleneck_stops", [{"kind": "remove", "where": where}], label=label[0].upper() + label[1:])

    # -- solved answers ----------------------------------------------------------------------------

    def assumptions(self, scenario: Scenario | None) -> KeyAssumptions:
        """Return what the class of a verdict rests on, for all tiers."""
        return self.once(("assumptions", scenario), lambda: class_assumptions(self.counting, scenario))

    def months_of(self, scenario: Scenario | None, last_tier: str | None = None) -> pd.DataFrame:
        """Return what is due over the whole horizon: month by month in the first year, then in half-years.

        The first year is that of ``first_year``; what comes later is of a plan in half-years, down to ``last_tier``.
        """

        def solve() -> pd.DataFrame:
            early = self._first_months(scenario)
            if self.months <= YEAR:
                return early
            late = due_by_month(self.counting, scenario, self.months, last_tier=last_tier and self.named(last_tier))
            late = late[late.index.get_level_values("month") > YEAR]
            asked = self.tiers[: None if last_tier is None else self.tiers.index(last_tier) + 1]
            parts = [table.xs(tier, level="tier", drop_level=False) for tier in asked for table in (early, late)]
            return stamp(pd.concat(parts), origin_of(early))

        if ("months", scenario, None) in self._known:
            last_tier = None  # all of it is known
        return self.once(("months", scenario, last_tier), solve)

    def _first_months(self, scenario: Scenario | None) -> pd.DataFrame:
        return self.once(("by month", scenario), lambda: due_by_month(self.counting, scenario, YEAR))

    def first_year(self, scenario: Scenario | None) -> pd.DataFrame:
        """Return what is due in the first twelve months, index tier; see ``first_year``."""
        return self.once(("first year", scenario), lambda: first_year(self._first_months(scenario)))

    def first_month(self, scenario: Scenario | None, tier: str) -> float:
        """Return the first month in which more than 1 % is due; NaN = none of the horizon."""
        early = float(self.first_year(scenario)["first_month"][tier])
        return early if early == early else _first_of(self.months_of(scenario, tier), tier)

    def first_month_with_stocks(self, scenario: Scenario | None, tier: str, end: str) -> float:
        """Return the same with every stock at the low or high end of its range."""
        stocks = self.network.stocks
        tonnes = stocks[end].fillna(stocks["stock_t"])
        if tonnes.equals(stocks["stock_t"]):
            return self.first_month(scenario, tier)

        def solve() -> float:
            network = self.network.with_table("stocks", stocks.assign(stock_t=tonnes))
            other = Answers(self.counting.on(network), self.months, self.asked)
            if self.months > YEAR and not self.first_month(scenario, tier) <= YEAR:
                # half-years do, and take less time, where they leave the first year whole
                late = due_by_month(other.counting, scenario, self.months, last_tier=self.named(tier))
                early = late[late.index.get_level_values("month") <= YEAR].xs(tier, level="tier")
                if (early["due_t"] <= PRINTED * early["demand_t"]).all():
                    return _first_of(late, tier)
            return other.first_month(scenario, tier)

        return self.once(("first month", scenario, tier, end), solve)

    def first_years(self, scenario: Scenario | None, tier: str) -> list[float]:
        """Return the part of a tier's demand that is due in the first twelve months, under each other judgement.

        Who is served first, what may be rerouted, what users hold: one at a time.
        """

        def solve() -> list[float]:
            mine = self.counting
            held: tuple[End, ...] = ("low", "high") if not self.network.cover.empty else ()
            asked: list[tuple[Counting, Degree, End]] = [
                *((mine.in_order(order), "new", "stated") for order in orders_of(mine)[1:]),
                (mine, "existing", "stated"),
                *((mine, "new", end) for end in held),
            ]
            last = self.named(tier)

            def share(counting: Counting, degree: Degree, end: End) -> float:
                return float(due_in_year(counting, scenario, reroute=degree, cover=end, last_tier=last)[tier])

            with thread_pool() as pool:
                return list(pool.map(lambda one: share(*one), asked))

        return self.once(("first years", scenario, tier), solve)

    def due(self, scenario: Scenario | None, level: str = AFTER, order: Kept | None = None) -> pd.DataFrame:
        """Return what is due to a scenario in the long run at a level of response.

        Returns
        -------
        DataFrame, index tier
            demand_tpa, due_tpa, due_share: never less than 0.
        """
        order = self.counting.order if order is None else order

        def solve() -> pd.DataFrame:
            states = LEVELS[level][2]
            here = self.network.projects["status"].map(state_of).isin(states).to_numpy()
            sizes = np.where(here, project_sizes(self.network, None), 0.0)
            short, calm = (self._short(one, level, sizes, order) for one in (scenario, None))
            wanted = short["demand_tpa"]
            due = (short["shortfall_tpa"] - calm["shortfall_tpa"]).clip(lower=0.0)
            due = due.mask(due <= PRINTED * wanted, 0.0)
            return pd.DataFrame(
                {"demand_tpa": wanted, "due_tpa": due, "due_share": due / wanted.clip(lower=LEAST_SIZE)}
            )

        return self.once(("due", scenario, level, order), solve)

    def _short(self, scenario: Scenario | None, level: str, sizes: Any, order: Kept) -> pd.DataFrame:
        degree, stocks, _ = LEVELS[level]

        def solve() -> pd.DataFrame:
            overlay = overlay_of(self.network, scenario)
            return self._by_tier(overlay.with_built(np.maximum(overlay.built, sizes)), degree, order, stocks)

        return self.once(("short", scenario, level, order), solve)

    def _by_tier(self, overlay: Overlay, degree: Degree, order: Kept, stocks: bool) -> pd.DataFrame:
        found = short_by_tier(self.counting.in_order(order), overlay, degree, stocks=stocks)
        return found.set_axis([Who.of(tier) for tier in found.index])

    def lost(self, tier: str | None) -> pd.DataFrame:
        """Return the steps of countries outside the beneficiaries, the costliest first: share, lost_tpa, lost_share.

        Of the baseline, on existing links, as if the tier came first, allies first whatever the order of the finding;
        of equal losses the one with most of its step.
        """

        def solve() -> pd.DataFrame:
            table = places(self.counting)
            lost = lost_by_place(self.counting.in_order("allies_first"), tier)[["lost_tpa", "lost_share"]]
            table = table[~table["inside"]].join(lost).fillna({"lost_tpa": 0.0, "lost_share": 0.0}).sort_index()
            rank = table.assign(tied=table["lost_share"].round(9))
            return table.loc[rank.sort_values(["tied", "share"], ascending=False, kind="stable").index]

        return self.once(("lost", tier), solve)

    def without(self, tier: str | None, narrow: tuple[str, str], nodes: tuple[str, ...]) -> pd.DataFrame:
        """Return the plants without which the bottleneck, a step and its country, is another one."""
        counting = self.counting.in_order("allies_first").first(tier)
        return self.once(("without", tier, narrow, nodes), lambda: bottlenecks_without(counting, narrow, nodes))


def _first_of(table: pd.DataFrame, tier: str) -> float:
    """Return the first month of a tier in which more than 1 % is due; NaN = none."""
    months = table.index[is_short(table)].to_frame(index=False)
    return float(months.loc[months["tier"] == tier, "month"].min())
