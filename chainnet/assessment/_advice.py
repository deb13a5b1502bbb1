"""What to do on the margin: what the cheaper levels leave short, the project that closes it, and how far that bears.

Words: *rest* (what stays short once known and new relations and the projects that run have done their part), *case*
(one way in which the advised project disappoints).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.assessment._advisable import advisable
from chainnet.assessment._case import Case
from chainnet.assessment._closing import YEARS_AHEAD, by_projects, conditions
from chainnet.doubt import KeyAssumptions, demand_factors, is_weak
from chainnet.engine import PRINTED
from chainnet.flow import Balance, Counting, balance_under
from chainnet.lowering import Overlay, Restriction
from chainnet.network import first_years
from chainnet.projects import Access, Reroute, access_to
from chainnet.results import provenance, stamp
from chainnet.scenario import Scenario, overlay_of
from chainnet.words import titled

AS_PLANNED, HALF, LATE = "as planned", "half its capacity", "a year late"
HIGH, LINKS, BEFORE = "demand at its high values", "without its assumed relations", "allies served last"
COLUMNS = ["case", "year", "without_tpa", "left_tpa"]
HELD = ["stock", "holder", "country", "is_ours", "is_reserved", "returns_tpa"]


def advice(case: Case, worst: Scenario | None, rests: KeyAssumptions | None, *rerouting: Reroute) -> pd.DataFrame:
    """Return what stays short with the advised project, as planned and where it disappoints.

    Parameters
    ----------
    case : Case
    worst : Scenario or None
    rests : KeyAssumptions or None
        What the verdict of that scenario rests on.
    *rerouting : Reroute
        Under that scenario, by year, with new relations.

    Returns
    -------
    DataFrame, index case
        year (of the answer, missing = any), without_tpa and left_tpa: short without and with the advised projects, new
        relations allowed, no stock drawn, t/yr. Empty where nothing is advised. ``attrs``: tier (whose shortfall; "" =
        all tiers), new_tpa (short with new relations), closed_if (where new relations leave nothing short: on what
        that depends, in words; none where it holds in any case), projects (ids; none where none is
        needed or none helps), closes (whether they leave nothing short), year (the first in which they do as much;
        NaN = any).
    """
    if worst is None:
        return pd.DataFrame()
    margin = _margin(case, worst)
    names: tuple[str, ...] = ()
    if margin.rest > 0 and rerouting and rests is not None:
        names = _advised(margin, rests, rerouting[-1], case.last_year)
    rows = margin.cases(names, case.last_year) if names else []
    table = pd.DataFrame(rows, columns=COLUMNS).set_index("case").astype({"year": "Int64"})
    asked = {**case.counting.settings, "scenario": worst.name, "reroute": "new", "by_year": case.last_year}
    source = provenance(case.network, "HiGHS simplex", **asked)
    left = dict(zip(table.index, table["left_tpa"], strict=True))
    said = {
        "tier": margin.tier or "",
        "new_tpa": margin.rest,
        "closed_if": () if margin.rest > 0 or margin.known <= 0 else _closed_if(margin),
        "projects": names,
        "closed_by": left.get(AS_PLANNED) == 0.0,
        "year": margin.first_year(names, case.last_year) if names else np.nan,
    }
    return stamp(table, source, facts=said)


def _closed_if(margin: Margin) -> tuple[str, ...]:
    """Return on what it depends that what stands leaves nothing short, with new relations."""
    place = None if margin.tier is None else [*margin.stands.by_tier().index].index(margin.tier)
    return tuple(conditions(margin.counting, margin.scenario, place))


def held(case: Case, worst: Scenario | None) -> pd.DataFrame:
    """Return what each stock avoids in one year, after new relations and the projects that run.

    Returns
    -------
    DataFrame, index stock
        holder, country; is_ours (whether it lies with the beneficiaries), is_reserved (whether it is kept for tiers);
        returns_tpa: by how much less the tier of ``advice`` is short for it when all other stocks are drawn too, t/yr.
        ``attrs``: drawn_tpa, what stays short with all of them, t/yr.
    """
    stocks = case.network.stocks
    if worst is None or stocks.empty:
        return pd.DataFrame(columns=HELD).set_index("stock")
    margin = _margin(case, worst)
    drawn = margin.short(margin.overlay, stocks=True)
    inside = case.counting.inside(stocks)
    rows = []
    for place, row in enumerate(stocks.to_dict("records")):
        lost = 0.0
        if drawn < margin.rest:
            without = margin.overlay.times("stocks", np.array([place]), 0.0)
            lost = margin.settled(margin.short(without, stocks=True) - drawn)
        rows.append((row["id"], row["holder"], row["country"], bool(inside[place]), _is_text(row["tiers"]), lost))
    source = provenance(case.network, "HiGHS simplex", **case.counting.settings, scenario=worst.name, reroute="new")
    return stamp(pd.DataFrame(rows, columns=HELD).set_index("stock"), source, facts={"drawn_tpa": drawn})


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and bool(cell)


def _margin(case: Case, worst: Scenario) -> Margin:
    """Return what the tier lacks that is asked about: the first if it is short on existing links, else all."""
    every = Margin(case.counting, worst, None)
    first = replace(every, tier=case.first)
    return first if case.first is not None and first.known > 0 else every


def _advised(margin: Margin, rests: KeyAssumptions, found: Reroute, year: int | None) -> tuple[str, ...]:
    """Return the projects that close the rest, else those that return most; none where none returns anything.

    Projects of a country whose goods the scenario takes away are not among them (``advisable``).
    """
    network = margin.counting.network
    if margin.tier is not None:
        place = list(rests.central.index).index(margin.tier)
        ways = str(rests.central["closed_by"].iloc[place]).split(";")
        closed = by_projects(margin.counting, margin.scenario, place, ways)
        if closed is not None:
            return closed.projects
    pairs = found.complements if margin.tier is None else pd.DataFrame()
    alone = found.projects["standalone_t" if margin.tier is None else f"standalone_{margin.tier}_t"]
    open_ = set(network.projects["id"][advisable(network, margin.scenario)])
    alone = alone[alone.index.isin(open_)]
    if len(pairs):
        pairs = pairs[pairs["project_a"].isin(open_) & pairs["project_b"].isin(open_)]
    best = _most(alone.fillna(0.0), pairs, network.projects.set_index("id")["capex_musd"])
    if best and margin.short(margin.built(best, year)) < margin.rest:
        return best
    return ()


def _most(alone: pd.Series, pairs: pd.DataFrame, capex: pd.Series) -> tuple[str, ...]:
    """Return the project that returns most alone, the cheapest of those; two of ``pairs`` if they return more."""
    alone = alone.round(6)
    most = float(alone.max()) if len(alone) else 0.0
    if len(pairs):
        both = pairs["together_t"].round(6)
        row = pairs.iloc[int(both.to_numpy().argmax())]
        if float(both.max()) > most:
            return (str(row["project_a"]), str(row["project_b"]))
    if most <= 0:
        return ()
    cost = capex.reindex(alone.index).fillna(np.inf)
    return (str(alone.index[np.lexsort((alone.index, cost, -alone))][0]),)


@dataclass(frozen=True)
class Margin:
    """What a tier (None = all) lacks under a scenario, with new relations and what stands."""

    counting: Counting
    scenario: Scenario
    tier: str | None

    @cached_property
    def overlay(self) -> Overlay:
        return overlay_of(self.counting.network, self.scenario)

    @cached_property
    def known(self) -> float:
        """What is short on existing links."""
        return self._lacking(self.stands)

    @cached_property
    def stands(self) -> Balance:
        """The answer on existing links."""
        return balance_under(self.counting, self.overlay)

    @cached_property
    def rest(self) -> float:
        """What stays short with new relations, before any stock or project."""
        return self.short(self.overlay)

    def short(self, overlay: Overlay, *, stocks: bool = False, counting: Counting | None = None) -> float:
        """Return what the tier lacks, t/yr; what is below the tolerance of its answer is nothing."""
        return self._lacking(balance_under(counting or self.counting, overlay, "new", stocks=stocks))

    def _lacking(self, found: Balance) -> float:
        table = found.by_tier()
        if self.tier is not None:
            table = table.loc[[self.tier]]
        lacking = table["shortfall_tpa"].where(table["shortfall_tpa"] > PRINTED * table["demand_tpa"], 0.0)
        return float(lacking.sum())

    def _without(self, overlay: Overlay, node: str) -> Overlay:
        """Return an overlay in which a node of the network makes nothing."""
        place = np.flatnonzero((self.counting.network.nodes["id"] == node).to_numpy())
        return overlay.times("nodes", place, 0.0)

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
        starts = pd.Series(first_years(network.projects), index=network.projects["id"]).reindex(list(names))
        if last is None or network.current_year is None or starts.isna().all():
            return np.nan
        least = self.short(self.built(names, last))
        for year in range(max(network.current_year, int(starts.max())), min(last, network.current_year + YEARS_AHEAD)):
            if self.settled(self.short(self.built(names, year)) - least) == 0.0:
                return float(year)
        return float(last)

    def cases(self, names: Sequence[str], year: int | None) -> list[tuple[str, float | None, float, float]]:
        """Return (case, year, short without, short with): as planned, then where the projects disappoint."""
        rest, first = self.rest, self.first_year(names, year)
        rows: list[tuple[str, float | None, float, float]] = [
            (AS_PLANNED, year, rest, self.short(self.built(names, year))),
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
        if self.counting.order not in ("allies_last", "alike") and self.counting.rivals.any():
            before = self.counting.in_order("allies_last")
            with_it = self.short(self.built(names, year), counting=before)
            rows.append((BEFORE, year, self.short(self.overlay, counting=before), with_it))
        return rows + self._less(names, year)

    def _less(self, names: Sequence[str], year: int | None) -> list[tuple[str, float | None, float, float]]:
        """Return the same without each doubtful plant that alone makes the projects leave more short."""
        nodes, overlay = self.counting.network.nodes, self.built(names, year)
        plan = balance_under(self.counting, overlay, "new")
        left, used = self._lacking(plan), plan.nodes["throughput_tpa"].reindex(nodes["id"]).to_numpy(dtype=float)
        # a plan that uses none of a plant stands without it
        asked = np.asarray(is_weak(nodes)) & (nodes["stage"] != "end_use").to_numpy() & (used > 0)
        rows: list[tuple[str, float | None, float, float]] = []
        for name, label in nodes.loc[asked, ["id", "label"]].itertuples(index=False):
            short = self.short(self._without(overlay, name))
            if self.settled(short - left) > 0:
                words = f"without {titled(label if _is_text(label) else name)}"
                rows.append((words, year, self.short(self._without(self.overlay, name)), short))
        return sorted(rows, key=lambda row: (-round(row[3], 6), row[0]))

    @property
    def _at_high_demand(self) -> Overlay | None:
        factors: Array = demand_factors(self.counting.network, "high")
        if (factors == 1.0).all():
            return None
        return self.overlay.times("demand", slice(None), factors)

    def _without_assumed(self, names: Sequence[str]) -> Overlay | None:
        """Return the overlay without the assumed relations of these projects, and no new ones; None if none is."""
        network = self.counting.network
        edges, here = network.edges, network.plants["id"].isin(list(names)).to_numpy()
        anywhere = np.ones(len(here), dtype=bool)
        ends = [edges[end].isin(list(names)).to_numpy() for end in ("source", "target")]
        assumed = edges["quality"].eq("assumed").to_numpy()
        if not ((ends[0] | ends[1]) & assumed).any():
            return None
        shut = (
            Restriction(ends[0] & assumed, 0.0, here, anywhere, ()),
            Restriction(ends[1] & assumed, 0.0, anywhere, here, ()),
        )
        return replace(self.overlay, restrictions=self.overlay.restrictions + shut)
