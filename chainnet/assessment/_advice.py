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
from chainnet.assessment._closing import YEARS_AHEAD
from chainnet.doubt import demand_factors, is_weak
from chainnet.engine import PRINTED
from chainnet.flow import Counting, balance_under, short_by_tier
from chainnet.lowering import Overlay, Restriction
from chainnet.network import first_years
from chainnet.projects import Access, access_to
from chainnet.scenario import Scenario, overlay_of
from chainnet.words import titled

AS_PLANNED, HALF, LATE = "as planned", "half its capacity", "a year late"
HIGH, LINKS, BEFORE = "demand at its high values", "without its assumed relations", "allies served last"


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and bool(cell)


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
    def rest(self) -> float:
        """What stays short with new relations, before any stock or project."""
        return self.short(self.overlay)

    def short(self, overlay: Overlay, *, stocks: bool = False, counting: Counting | None = None) -> float:
        """Return what the tier lacks, t/yr; what is below the tolerance of its answer is nothing."""
        return self._lacking(short_by_tier(counting or self.counting, overlay, "new", stocks=stocks))

    def _lacking(self, table: pd.DataFrame) -> float:
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
        left = self._lacking(plan.by_tier())
        used = plan.nodes["throughput_tpa"].reindex(nodes["id"]).to_numpy(dtype=float)
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
