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
from chainnet.assessment._closing import to_everyone
from chainnet.doubt import demand_factors, is_weak
from chainnet.engine import PRINTED
from chainnet.flow import Counting, balance_under, short_by_tier
from chainnet.lowering import Overlay, Restriction
from chainnet.network import first_years
from chainnet.projects import access_to
from chainnet.scenario import Scenario, overlay_of
from chainnet.words import titled

HALF, LATE, HIGH = "half its capacity", "a year late", "demand at its high values"
WITHOUT = "without "  # a doubtful plant, by its label
PART = "of these without "  # one of several projects
LINKS, BEFORE, KEPT = f"{WITHOUT}its assumed relations", "allies served last", "third countries keep the goods"
LOW = "stocks at their low values"


@dataclass(frozen=True)
class Margin:
    """What a tier (None = all) lacks under a scenario, with new relations, what stands and the projects ``given``.

    Projects count as far as they stand in ``year``, None = whole; ``stocks``: of the beneficiaries, for one year.
    """

    counting: Counting
    scenario: Scenario
    tier: str | None
    year: int | None = None
    given: tuple[str, ...] = ()
    stocks: bool = False

    @cached_property
    def overlay(self) -> Overlay:
        return overlay_of(self.counting.network, self.scenario)

    @cached_property
    def rest(self) -> float:
        """What stays short with new relations and what is given, before anything else is done."""
        return self.short(self.built(()))

    def short(self, overlay: Overlay, *, counting: Counting | None = None) -> float:
        """Return what the tier lacks, t/yr; what is below the tolerance of its answer is nothing."""
        return self._lacking(short_by_tier(counting or self.counting, overlay, "new", stocks=self.stocks))

    def _lacking(self, table: pd.DataFrame) -> float:
        if self.tier is not None:
            table = table.loc[[self.tier]]
        lacking = table["shortfall_tpa"].where(table["shortfall_tpa"] > PRINTED * table["demand_tpa"], 0.0)
        return float(lacking.sum())

    def settled(self, change: float) -> float:
        """Return a change of the shortfall, 0 where it is no more than rounding."""
        return change if abs(change) > PRINTED * max(self.rest, 1.0) else 0.0

    def built(
        self, names: Sequence[str], *, share: float = 1.0, late: int = 0, overlay: Overlay | None = None
    ) -> Overlay:
        """Return the overlay with these projects, at a share of their size or late, and those given as planned."""
        start, ids = overlay or self.overlay, self.counting.network.projects["id"]
        if not (names or self.given):
            return start
        access = access_to(self.counting, start, self.year, (*self.given, *names), late)
        mine, here = (ids.isin(list(some)).to_numpy() for some in (names, (*self.given, *names)))
        years, part = np.where(mine, float(late), 0.0), np.where(mine, share, 1.0)
        sizes = np.where(here, access.sizes(years) * part, 0.0)
        return access.overlay(start, late=years, share=part).with_built(np.maximum(start.built, sizes))

    def left(self, names: Sequence[str]) -> float:
        """Return what stays short with these projects as planned."""
        return self.short(self.built(names))

    # -- where advice disappoints ------------------------------------------------------------------

    def cases(self, names: Sequence[str] = ()) -> list[tuple[str, float]]:
        """Return (case, what stays short) where projects, or without any new suppliers and stocks, disappoint."""
        counting, network = self.counting, self.counting.network
        rows: list[tuple[str, float]] = []
        if names:
            rows.append((HALF, self.short(self.built(names, share=0.5))))
            rows += self._parts(names)
            late = replace(self, year=self._first_year(names))
            if late.year is not None:
                rows.append((LATE, late.short(late.built(names, late=1))))
        factors: Array = demand_factors(network, "high")
        if (factors != 1.0).any():
            rows.append(
                (HIGH, self.short(self.built(names, overlay=self.overlay.times("demand", slice(None), factors))))
            )
        table = network.stocks
        if self.stocks and table["low"].notna().any():
            low = (table["low"] / table["stock_t"].where(table["stock_t"] > 0)).fillna(1.0).to_numpy(dtype=float)
            rows.append((LOW, self.short(self.built(names, overlay=self.overlay.times("stocks", slice(None), low)))))
        bare = self._without_assumed(names)
        if bare is not None:
            rows.append((LINKS, self.short(self.built(names, overlay=bare))))
        everyone = None if names else to_everyone(network, self.scenario)
        if everyone is not None:
            rows.append((KEPT, self.short(self.built((), overlay=overlay_of(network, everyone)))))
        if counting.order not in ("allies_last", "alike") and counting.rivals.any():
            rows.append((BEFORE, self.short(self.built(names), counting=counting.in_order("allies_last"))))
        return rows + self._less(names)

    def _parts(self, names: Sequence[str]) -> list[tuple[str, float]]:
        """Return the same without each of several projects."""
        labels = self.counting.network.labels
        rest = {name: [one for one in names if one != name] for name in names} if len(names) > 1 else {}
        return [(f"{PART}{titled(labels[name])}", self.left(others)) for name, others in rest.items()]

    def _first_year(self, names: Sequence[str]) -> int | None:
        """Return the first year in which these projects do as much as in the last; None where dates are not known."""
        network, last = self.counting.network, self.year
        starts = pd.Series(first_years(network.projects), index=network.projects["id"]).reindex(list(names))
        if last is None or network.current_year is None or starts.isna().all():
            return None
        least = self.left(names)
        for year in range(max(network.current_year, int(starts.max())), last):
            if self.settled(replace(self, year=year).left(names) - least) == 0.0:
                return year
        return last

    def _less(self, names: Sequence[str]) -> list[tuple[str, float]]:
        """Return the same without each doubtful plant that alone leaves more short."""
        nodes, overlay = self.counting.network.nodes, self.built(names)
        plan = balance_under(self.counting, overlay, "new", stocks=self.stocks)
        left = self._lacking(plan.by_tier())
        used = plan.nodes["throughput_tpa"].reindex(nodes["id"]).to_numpy(dtype=float)
        doubtful = np.asarray(is_weak(nodes)) | nodes["id"].isin(self.counting.network.opened["id"]).to_numpy()
        # a plan that uses none of a plant stands without it
        asked = doubtful & (nodes["stage"] != "end_use").to_numpy() & (used > 0)
        rows: list[tuple[str, float]] = []
        for place in np.flatnonzero(asked):
            short = self.short(overlay.times("nodes", np.array([place]), 0.0))
            if self.settled(short - left) > 0:
                name, label = nodes[["id", "label"]].iloc[place]
                rows.append((f"{WITHOUT}{titled(label if isinstance(label, str) and label else name)}", short))
        return sorted(rows, key=lambda row: (-round(row[1], 6), row[0]))

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
