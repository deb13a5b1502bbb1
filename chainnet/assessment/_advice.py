"""What to do on the margin: what the cheaper rungs leave short, the project that closes it, and how far that bears.

Words: *rest* (what stays short once known and new relations have done their part), *case* (one way in which the advised
project disappoints).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.assessment._case import Case
from chainnet.assessment._closing import YEARS_AHEAD, by_projects
from chainnet.assumptions import LoadBearing, demand_factors
from chainnet.engine import PRINTED
from chainnet.flow import Counting, balance_under
from chainnet.lowering import Overlay, Restriction
from chainnet.projects import Access, Reroute, access_to
from chainnet.results import provenance, stamp
from chainnet.scenario import Scenario, overlay_of

__all__ = ["advice", "held"]

AS_STATED, HALF, LATE = "as stated", "half its capacity", "a year late"
HIGH, LINKS, BEFORE = "demand at its high values", "without its assumed relations", "all others served first"
COLUMNS = ["case", "year", "without_tpa", "left_tpa"]
HELD = ["stock", "holder", "country", "is_ours", "is_reserved", "returns_tpa"]


def advice(case: Case, worst: Scenario | None, rests: LoadBearing | None, *rerouting: Reroute) -> pd.DataFrame:
    """Return what stays short with the advised project, as stated and where it disappoints.

    Parameters
    ----------
    case : Case
    worst : Scenario or None
    rests : LoadBearing or None
        What the verdict of that scenario rests on.
    *rerouting : Reroute
        Under that scenario, by year, with new relations.

    Returns
    -------
    DataFrame, index case
        year (of the answer, missing = any), without_tpa and left_tpa: short without and with the advised projects, new
        relations allowed, no stock drawn, t/a. Empty where nothing is advised. ``attrs``: tier (whose shortfall; "" =
        all tiers), rest_tpa (short with new relations, t/a), projects (ids; none where none is needed or none
        helps), closes (whether they leave nothing short), year (the first in which they do as much; NaN = any).
    """
    if worst is None:
        return pd.DataFrame()
    margin = _Margin(case.counting, worst, case.first)
    names: tuple[str, ...] = ()
    if margin.rest > 0 and rerouting and rests is not None:
        names = _advised(margin, worst, rests, rerouting[-1], case.last_year)
    rows = margin.cases(names, case.last_year) if names else []
    table = pd.DataFrame(rows, columns=COLUMNS).set_index("case").astype({"year": "Int64"})
    asked = {**case.counting.settings, "scenario": worst.name, "reroute": "new", "by_year": case.last_year}
    source = provenance(case.network, "HiGHS simplex", **asked)
    left = dict(zip(table.index, table["left_tpa"], strict=True))
    said = {
        "tier": margin.tier or "",
        "rest_tpa": margin.rest,
        "projects": names,
        "closes": left.get(AS_STATED) == 0.0,
        "year": margin.first_year(names, case.last_year) if names else np.nan,
    }
    return stamp(table, source, facts=said)


def held(case: Case, worst: Scenario | None) -> pd.DataFrame:
    """Return what each stock gives back in its one year, after new relations and without projects.

    Returns
    -------
    DataFrame, index stock
        holder, country; is_ours (whether it lies with the beneficiaries), is_reserved (whether it is kept for tiers);
        returns_tpa: by how much less the tier of ``advice`` is short for it when all other stocks are drawn too, t/a.
    """
    stocks = case.network.stocks
    if worst is None or stocks.empty:
        return pd.DataFrame(columns=HELD).set_index("stock")
    margin = _Margin(case.counting, worst, case.first)
    drawn = margin.short(margin.overlay, stocks=True)
    inside = case.counting.inside(stocks)
    rows = []
    for place, row in enumerate(stocks.to_dict("records")):
        lost = 0.0
        if drawn < margin.rest:
            share = margin.overlay.stock_share.copy()
            share[place] = 0.0
            lost = margin.settled(margin.short(replace(margin.overlay, stock_share=share), stocks=True) - drawn)
        rows.append((row["id"], row["holder"], row["country"], bool(inside[place]), _is_text(row["tiers"]), lost))
    source = provenance(case.network, "HiGHS simplex", **case.counting.settings, scenario=worst.name, reroute="new")
    return stamp(pd.DataFrame(rows, columns=HELD).set_index("stock"), source)


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and bool(cell)


def _advised(margin: _Margin, worst: Scenario, rests: LoadBearing, found: Reroute, year: int | None) -> tuple[str, ...]:
    """Return the projects that close the rest, else those that return most; none where none returns anything."""
    if margin.tier is not None:
        place = list(rests.stated.index).index(margin.tier)
        closed = by_projects(margin.counting, worst, rests.stated.iloc[place], place)
        if closed is not None:
            return closed.projects
    best = _most(found, margin.tier)
    if best and margin.short(margin.built(best, year)) < margin.rest:
        return best
    return ()


def _most(found: Reroute, tier: str | None) -> tuple[str, ...]:
    """Return the project that returns most alone, the cheapest of those; over all tiers, two if they return more."""
    table, pairs = found.projects, found.complements
    alone = table["standalone_t" if tier is None else f"standalone_{tier}_t"].fillna(0.0).round(6)
    most = float(alone.max()) if len(alone) else 0.0
    if tier is None and len(pairs):
        both = pairs["together_t"].round(6)
        row = pairs.iloc[int(both.to_numpy().argmax())]
        if float(both.max()) > most:
            return (str(row["project_a"]), str(row["project_b"]))
    if most <= 0:
        return ()
    cost = table["capex_musd"].fillna(np.inf)
    return (str(alone.index[np.lexsort((alone.index, cost, -alone))][0]),)


@dataclass(frozen=True)
class _Margin:
    """What a tier (None = all) lacks under a scenario, with new relations and what stands."""

    counting: Counting
    scenario: Scenario
    first: str | None

    @cached_property
    def overlay(self) -> Overlay:
        return overlay_of(self.counting.network, self.scenario)

    @cached_property
    def tier(self) -> str | None:
        """The first tier if it goes short on known relations; else all tiers count."""
        if self.first is None:
            return None
        table = balance_under(self.counting, self.overlay).by_tier()
        short = table.index[table["shortfall_tpa"] > PRINTED * table["demand_tpa"]]
        return self.first if self.first in short else None

    @cached_property
    def rest(self) -> float:
        """What stays short with new relations, before any stock or project."""
        return self.short(self.overlay)

    def short(self, overlay: Overlay, *, stocks: bool = False, counting: Counting | None = None) -> float:
        """Return what the tier lacks, t/a; what is below the tolerance of its answer is nothing."""
        table = balance_under(counting or self.counting, overlay, "new", stocks=stocks).by_tier()
        if self.tier is not None:
            table = table.loc[[self.tier]]
        lacking = table["shortfall_tpa"].where(table["shortfall_tpa"] > PRINTED * table["demand_tpa"], 0.0)
        return float(lacking.sum())

    def settled(self, change: float) -> float:
        """Return a change of the shortfall, 0 where it is no more than rounding."""
        return change if abs(change) > PRINTED * max(self.rest, 1.0) else 0.0

    # -- projects --------------------------------------------------------------------------------

    def built(
        self,
        names: Sequence[str],
        year: int | None,
        *,
        share: float = 1.0,
        late: int = 0,
        overlay: Overlay | None = None,
    ) -> Overlay:
        """Return the overlay with these projects as far as they stand in a year, at a share of their size, or late."""
        access = access_to(self.counting, overlay or self.overlay, year, names, late)
        return self._with(access, overlay or self.overlay, names, share, late)

    def _with(self, access: Access, overlay: Overlay, names: Sequence[str], share: float, late: int) -> Overlay:
        here = self.counting.network.projects["id"].isin(list(names)).to_numpy()
        built = np.maximum(overlay.built, np.where(here, access.sizes(late) * share, 0.0))
        return access.overlay(overlay, late=late, share=share).with_built(built)

    def first_year(self, names: Sequence[str], last: int | None) -> float:
        """Return the first year in which these projects do as much as in the last; NaN where dates are not known."""
        network = self.counting.network
        starts = network.projects.set_index("id")["start_year"].reindex(list(names))
        if last is None or network.year is None or starts.isna().all():
            return np.nan
        least = self.short(self.built(names, last))
        for year in range(max(network.year, int(starts.max())), min(last, network.year + YEARS_AHEAD)):
            if self.settled(self.short(self.built(names, year)) - least) == 0.0:
                return float(year)
        return float(last)

    def cases(self, names: Sequence[str], year: int | None) -> list[tuple[str, float | None, float, float]]:
        """Return (case, year, short without, short with): as stated, then where the projects disappoint."""
        rest, first = self.rest, self.first_year(names, year)
        rows: list[tuple[str, float | None, float, float]] = [
            (AS_STATED, year, rest, self.short(self.built(names, year))),
            (HALF, year, rest, self.short(self.built(names, year, share=0.5))),
        ]
        if not np.isnan(first):
            rows.append((LATE, int(first), rest, self.short(self.built(names, int(first), late=1))))
        high = self._at_high_demand
        if high is not None:
            rows.append((HIGH, year, self.short(high), self.short(self.built(names, year, overlay=high))))
        bare = self._without_assumed(names)
        if bare is not None:
            rows.append((LINKS, year, rest, self.short(self.built(names, year, overlay=bare))))
        if self.counting.others == "after" and self.counting.rivals.any():
            before = self.counting.in_order("before")
            with_it = self.short(self.built(names, year), counting=before)
            rows.append((BEFORE, year, self.short(self.overlay, counting=before), with_it))
        return rows

    @property
    def _at_high_demand(self) -> Overlay | None:
        factors: Array = demand_factors(self.counting.network, "high")
        if (factors == 1.0).all():
            return None
        return replace(self.overlay, demand_share=self.overlay.demand_share * factors)

    def _without_assumed(self, names: Sequence[str]) -> Overlay | None:
        """Return the overlay without the assumed relations of these projects, and no new ones; None if none is."""
        network = self.counting.network
        edges, ids = network.edges, [*network.nodes["id"], *network.projects["id"]]
        here, anywhere = pd.Index(ids).isin(list(names)), np.ones(len(ids), dtype=bool)
        ends = [edges[end].isin(list(names)).to_numpy() for end in ("source", "target")]
        assumed = edges["quality"].eq("assumed").to_numpy()
        if not ((ends[0] | ends[1]) & assumed).any():
            return None
        shut = (
            Restriction(ends[0] & assumed, 0.0, here, anywhere, ()),
            Restriction(ends[1] & assumed, 0.0, anywhere, here, ()),
        )
        return replace(self.overlay, restrictions=self.overlay.restrictions + shut)
