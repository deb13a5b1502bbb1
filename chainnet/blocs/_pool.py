"""The game of an alliance: what any coalition of members keeps, each answer solved once and proved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainnet._types import Array, Words
from chainnet.blocs._worlds import Party, chosen_projects, demand_of, unlimited
from chainnet.engine import CERTAIN, LEAST_SIZE, Certificate, Ordered
from chainnet.errors import DataError
from chainnet.flow import Counting, project_sizes, share_fairly
from chainnet.lowering import Degree, Lowered, Overlay, Restriction, lower
from chainnet.network import Network, offtakes_of
from chainnet.progress import SILENT, Steps


@dataclass(frozen=True)
class Served:
    """One coalition's answer: the largest tonnage, what outsiders got first, and served demand rows in tier order.

    ``plan``: the program that served them, and its answer.
    """

    kept: float
    outsiders: float
    served: Any
    plan: tuple[Lowered, Array] | None = None


class Pool:
    """The game: what any coalition keeps, each solved once and proved."""

    def __init__(
        self,
        network: Network,
        overlay: Overlay,
        who: Sequence[Party],
        projects: Iterable[str] | None,
        by_year: int | None,
        degree: Degree,
        order: str,
        commodity: Words,
        steps: Steps = SILENT,
    ) -> None:
        self._steps = steps
        self.network, self.who, self.degree, self.order = network, {m.name: m for m in who}, degree, order
        self.overlay = overlay
        self.sizes = np.where(chosen_projects(network, projects), project_sizes(network, by_year), 0.0)
        self.counted = Counting.of(network, commodity, []).rows_of(network.demand)
        self.rows = {m.name: demand_of(network, network.demand, m) & self.counted for m in who}
        if not any(rows.any() for rows in self.rows.values()):
            raise DataError(
                f"members: no demand that counts lies with {', '.join(self.who)}. Name the countries of end uses."
            )
        self.proofs: list[Certificate] = []
        self._offtakes = offtakes_of(network)
        self._behind = {m.name: m.stands_behind(network) for m in who}
        self._known: dict[tuple[frozenset[str], str, frozenset[str] | None], Served] = {}

    def usable(self, coalition: frozenset[str]) -> Any:
        """Return the part of each project that a coalition may use by itself, 0 to 1."""
        inside = [self.who[name] for name in sorted(coalition)]
        own = np.zeros(len(self.sizes), dtype=bool)
        for member in inside:
            own |= self._behind[member.name]
        row, ours = self._offtakes["project"].to_numpy(dtype=np.int64), np.zeros(len(self._offtakes), dtype=bool)
        for member in inside:
            ours |= member.rows(self._offtakes)
        share = self._offtakes["share"].to_numpy(dtype=float)
        bought, away = (np.bincount(row, share * whose, minlength=len(own)) for whose in (ours, ~ours))
        return np.where(own, np.maximum(1.0 - away, 0.0), bought)

    def held(self, coalition: frozenset[str]) -> Any:
        """Return which stocks lie with a coalition."""
        stocks = self.network.stocks
        out = np.zeros(len(stocks), dtype=bool)
        for name in coalition:
            out |= self.who[name].rows(stocks)
        return out

    def kept(self, coalition: frozenset[str]) -> float:
        """Return what a coalition keeps with all that it pools, t/yr."""
        return self.answer(coalition).kept if coalition else 0.0

    def answer(
        self,
        coalition: frozenset[str],
        pool: str = "projects",
        only: frozenset[str] | None = None,
        detail: bool = False,
    ) -> Served:
        """Solve for a coalition; ``pool`` says how far it pools, ``only`` which projects stand."""
        key = (coalition, pool, only)
        if key not in self._known or (detail and self._known[key].served is None):
            self._known[key] = self._solve(coalition, pool, only, detail)
            self._steps.done(" + ".join(name for name in self.who if name in coalition))
        return self._known[key]

    def closed(self) -> float:
        """Return what all keep together if nobody's users are served with what is another member's own."""
        full, _ = self._worlds(frozenset(self.who), "projects", None)
        bars = list(full.restrictions)
        for name in self.who:
            inside = frozenset([name])
            rivals = frozenset(self.who) - inside
            theirs = np.zeros(len(self.sizes), dtype=bool)
            if rivals:
                theirs = (self.sizes * self.usable(rivals) > 0) & ~(self.sizes * self.usable(inside) > 0)
            stocks = self.held(rivals)
            if theirs.any() or stocks.any():
                bars.append(self._bar(inside, theirs, stocks))
        ours = np.any(list(self.rows.values()), axis=0)
        low = lower(self.network, replace(full, restrictions=tuple(bars)), self.degree, stocks=True)
        return max(-self._ordered(low).stage(low.serving(ours)).value, 0.0)

    def _ordered(self, low: Lowered, stages: Sequence[Any] = ()) -> Ordered:
        """Return the program of a network; it serves these demand rows stage by stage."""
        goals = [low.serving(rows) for rows in stages]
        return Ordered(low.program, "alliance", goals, unbounded=lambda: unlimited("alliance"), proofs=self.proofs)

    def _solve(self, coalition: frozenset[str], pool: str, only: frozenset[str] | None, detail: bool) -> Served:
        ours = np.any([self.rows[name] for name in sorted(coalition)], axis=0)
        rivals = self.counted & ~ours
        if self.order == "allies_first":
            rivals = rivals & np.any(list(self.rows.values()), axis=0)
        full, common = self._worlds(coalition, pool, only)
        tier = self.network.demand["tier"].to_numpy(dtype=object)
        stages = [ours & (tier == name) for name in self.network.tier_order]
        stages = [rows for rows in stages if rows.any()] or [ours]
        low = lower(self.network, full, self.degree, stocks=True)
        solver = self._ordered(low, [rivals, *stages])
        first = 0.0
        if rivals.any():
            solver.within(*low.bounds(common))
            first = max(-solver.stage(low.serving(rivals)).value, 0.0)
            solver.within()
            solver.floor(0, -first)
        found = solver.stage(low.serving(ours))
        # what the slack of the floor alone lets through is nothing
        kept = max(-found.value, 0.0) if -found.value > CERTAIN * max(first, LEAST_SIZE) else 0.0
        if not detail:
            return Served(kept, first, None)
        for number, rows in enumerate(stages, 1):
            solver.floor(number, solver.stage(low.serving(rows)).value)
        share_fairly(low, solver, stages)
        found = solver.stage(low.serving(ours))
        wanted = low.flows.demand["demand_tpa"].to_numpy(dtype=float)
        return Served(kept, first, np.clip(found.x[low.served], 0.0, wanted), (low, found.x))

    def _worlds(self, coalition: frozenset[str], pool: str, only: frozenset[str] | None) -> tuple[Overlay, Overlay]:
        """Return what stands for a coalition and its rivals, and what stands for the rivals alone."""
        everyone = frozenset(self.who)
        table, none = self.network.projects, np.zeros(len(self.sizes))
        mine = self.sizes * self.usable(coalition) if pool == "projects" else none
        every = self.sizes * self.usable(everyone) if pool == "projects" else none
        if only is not None:
            named = table["id"].isin(only).to_numpy()
            mine, every = np.where(named, mine, 0.0), np.where(named, every, 0.0)
        theirs = np.where(mine > 0, 0.0, every)
        my_stocks, all_stocks = self.held(coalition), self.held(everyone)
        if pool == "access":
            my_stocks, all_stocks = my_stocks & False, all_stocks & False
        their_stocks = all_stocks & ~my_stocks
        share, built = self.overlay.stock_share, self.overlay.built
        common = replace(self.overlay, built=np.maximum(built, theirs), stock_share=np.where(their_stocks, share, 0.0))
        bars = self.overlay.restrictions
        if (theirs > 0).any() or their_stocks.any():
            bars = (*bars, self._bar(coalition, theirs > 0, their_stocks))
        full = replace(
            common,
            built=np.maximum(built, np.maximum(mine, theirs)),
            stock_share=np.where(all_stocks, share, 0.0),
            restrictions=bars,
        )
        return full, replace(common, restrictions=bars)

    def _bar(self, coalition: frozenset[str], projects: Any, stocks: Any) -> Restriction:
        """Bar a coalition's users from what was made at, went through or was stored with what is its rivals' own."""
        network = self.network
        ids = network.plants["id"]
        ours = np.any([self.rows[name] for name in sorted(coalition)], axis=0)
        users = ids.isin(set(network.demand["node"][ours])).to_numpy()
        edges = network.edges["target"].isin(set(ids[users])).to_numpy()
        origin = np.concatenate([np.zeros(len(network.nodes), dtype=bool), projects])
        everywhere = np.ones(len(ids), dtype=bool)
        return Restriction(edges, 0.0, everywhere, users, (), origin=origin, origin_stocks=stocks, users=users)
