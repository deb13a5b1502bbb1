"""A network, a scenario and who counts, as programs: the stated answer, and every other one from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from chainnet._types import Array, Ints
from chainnet.assumptions._changes import Change
from chainnet.assumptions._judgements import Setting
from chainnet.assumptions._programs import Ledger, Parts, Point, Program
from chainnet.assumptions._verdict import RUNGS, Neck, Outcome, top_of, unmet
from chainnet.calibration import denser
from chainnet.criticality import removals
from chainnet.engine import CERTAIN, PRINTED
from chainnet.flow import Counting
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.projects import Access, access_to
from chainnet.scenario import Scenario, overlay_of

__all__ = ["Case"]

# the assessment values projects up to the sixth year after the base year
YEARS_AHEAD = 6
# programs: the relations of the table; all rungs above them, and the same with what young projects may not serve;
# and the first two without any scenario
KNOWN, REACH, BARRED, CALM, CALM_NEW = "known", "reach", "barred", "calm", "calm new"
# rungs beside the four: projects that are qualified for every tier; one project alone on known relations
OLD, ALONE = "projects long qualified", "project "


@dataclass(frozen=True)
class _Chain:
    """A network under the scenario: the overlays, and what of its projects reaches the beneficiaries."""

    network: Network
    counting: Counting
    hit: Overlay
    calm: Overlay
    access: Access


class Case:
    """What is asked of a network under a scenario.

    Parameters
    ----------
    counting : Counting
    scenario : Scenario, optional
    """

    def __init__(self, counting: Counting, scenario: Scenario | None) -> None:
        self.counting, self.network, self.scenario = counting, counting.network, scenario
        self.parts, self.ledger = Parts.of(counting), Ledger()
        year = self.network.year
        self.by_year = None if year is None else year + YEARS_AHEAD
        self._programs: dict[tuple[str, bool], Program] = {}
        self._points: dict[object, Point] = {}

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that are asked about."""
        return self.parts.tiers

    @cached_property
    def chain(self) -> _Chain:
        """The network as it stands."""
        return self._chain_of(self.network)

    @cached_property
    def dense(self) -> _Chain:
        """The network with further relations; the same where there are none to add."""
        network = denser(self.network)
        return self.chain if network is self.network else self._chain_of(network)

    def _chain_of(self, network: Network) -> _Chain:
        counting, hit = self.counting.on(network), overlay_of(network, self.scenario)
        return _Chain(network, counting, hit, Overlay.none(network), access_to(counting, hit, self.by_year))

    @cached_property
    def groups(self) -> dict[str, tuple[pd.Index, list[Ints]]]:
        """What may drop out of the countries outside the beneficiaries: each step of a country, each country."""
        nodes = self.network.nodes
        inside = self.counting.inside(nodes)
        step = "step" if nodes["step"].notna().any() else "stage"
        out = {}
        for name, by in (("steps", f"{step}+country"), ("countries", "country")):
            what = removals(self.network, by)
            outside = [i for i, rows in enumerate(what.members) if not self.counting.whose or not inside[rows].any()]
            out[name] = (what.index[outside], [what.members[i] for i in outside])
        return out

    # -- programs ----------------------------------------------------------------------------------

    def _program(self, kind: str, is_dense: bool, change: Change | None) -> Program:
        """Return a program; one of another recipe is a program of its own, and not kept."""
        chain = self.dense if is_dense else self.chain
        key = (kind, is_dense)
        if key not in self._programs:
            self._programs[key] = self._lowered(kind, chain)
        base = self._programs[key]
        if change is None or change.table != "processes":
            return base
        return base.with_line(int(change.rows[0]), float(change.factors[0]))

    def _lowered(self, kind: str, chain: _Chain) -> Program:
        degree: Degree = "existing" if kind in (KNOWN, CALM) else "new"
        overlay = chain.calm if kind in (CALM, CALM_NEW) else chain.hit
        if kind == BARRED:
            overlay = chain.access.template(overlay)
        stocks = kind in (REACH, BARRED)
        return Program(chain.counting, overlay, degree, self.parts, self.ledger, stocks=stocks)

    def _overlay(self, kind: str, rung: str, setting: Setting, change: Change | None) -> Overlay:
        chain = self.dense if setting.is_dense else self.chain
        overlay = setting.put(chain.network, chain.calm if kind in (CALM, CALM_NEW) else chain.hit)
        if change is not None:
            overlay = change.put(overlay)
        if rung == "new":
            return replace(overlay, stock_share=np.zeros_like(overlay.stock_share))
        sizes = self._sizes(rung, chain.access)
        if sizes is not None:
            overlay = overlay.with_built(np.maximum(overlay.built, sizes))
        return chain.access.overlay(overlay) if kind == BARRED else overlay

    def _sizes(self, rung: str, access: Access) -> Array | None:
        """Return the part of each project's size that stands on a rung; None where none is built."""
        young = np.isin(np.arange(len(self.network.projects)), [bar.project for bar in access.bars])
        if rung == "projects":
            return access.sizes()
        if rung == OLD:
            return np.where(young, 0.0, access.sizes())
        if rung.startswith(ALONE):
            mine = (self.network.projects["id"] == rung.removeprefix(ALONE)).to_numpy()
            return np.where(mine & ~young, access.sizes(), 0.0)
        return None

    def _served(
        self, kind: str, rung: str, setting: Setting, change: Change | None, tier: int | None = None
    ) -> tuple[Program, Point, Array, Array, Array]:
        """Return a program, its point without the change, and what is asked, served at the most and at the least."""
        program = self._program(kind, setting.is_dense, change)
        base = self._program(kind, setting.is_dense, None)
        degree: Degree | None = "frozen" if setting.degree == "frozen" and kind in (KNOWN, CALM) else None
        key = (kind, rung, setting, tier)
        if key not in self._points:
            self._points[key] = base.point(
                setting.order, base.bounds(self._overlay(kind, rung, setting, None), degree), tier
            )
        point = self._points[key]
        if change is None:
            return program, point, program.wanted(point.upper), point.most, point.least
        bounds = program.bounds(self._overlay(kind, rung, setting, change), degree)
        if program is base:
            return program, point, program.wanted(bounds[0]), *program.served(point, bounds)
        point = program.point(setting.order, bounds, tier, point)
        return program, point, program.wanted(bounds[0]), point.most, point.least

    # -- answers -----------------------------------------------------------------------------------

    def outcome(self, setting: Setting, change: Change | None = None) -> Outcome:
        """Return the answer of a way to judge, under a change of one input; nothing is said of the narrowest step."""
        kind, rung = (REACH, "new") if setting.degree == "new" else (KNOWN, "existing")
        _, _, wanted, most, least = self._served(kind, rung, setting, change)
        none = (None,) * len(self.tiers)
        return Outcome(wanted, wanted - least, wanted - most, self._closes(setting, change), none, none)

    def short_by_rung(self, setting: Setting, change: Change | None = None) -> dict[str, Array]:
        """Return the shortfall of each tier, as a share of its demand, rung by rung.

        Projects alone that leave a tier whole in the stated answer stand beside the rungs, by their ids.
        """
        setting = replace(setting, degree="existing")
        short = {rung: self._short(KNOWN if rung == "existing" else REACH, rung, setting, change) for rung in RUNGS[:3]}
        short["projects"] = self._with_projects(setting, change)
        for name in self.closers:
            short[name] = self._short(KNOWN, ALONE + name, setting, change)
        return short

    def _short(self, kind: str, rung: str, setting: Setting, change: Change | None) -> Array:
        _, _, wanted, _, least = self._served(kind, rung, setting, change)
        return unmet(wanted - least, wanted)

    def _with_projects(self, setting: Setting, change: Change | None) -> Array:
        """Return the shortfall with all projects of the year, each for the tiers that it is qualified for.

        It lies between those without and with the young ones unbarred: where the two agree nothing more is solved.
        """
        most = self._short(REACH, "projects", setting, change)
        bars = (self.dense if setting.is_dense else self.chain).access.bars
        if not bars or (np.abs(self._short(REACH, OLD, setting, change) - most) <= CERTAIN).all():
            return most
        return self._short(BARRED, "projects", setting, change)

    @cached_property
    def closers(self) -> tuple[str, ...]:
        """Projects that, alone and on known relations, leave a tier whole that is short in the stated answer."""
        setting = Setting()
        short = self._short(KNOWN, "existing", setting, None) >= PRINTED
        found = []
        for name, size in zip(self.network.projects["id"], self.chain.access.sizes(), strict=True):
            if size > 0 and short.any():
                alone = self._short(KNOWN, ALONE + name, setting, None)
                if (short & (alone < PRINTED)).any():
                    found.append(str(name))
        return tuple(found)

    def _closes(self, setting: Setting, change: Change | None) -> tuple[frozenset[str], ...]:
        short = self.short_by_rung(setting, change)
        return tuple(
            frozenset(rung for rung, part in short.items() if part[tier] < PRINTED) for tier in range(len(self.tiers))
        )

    def narrowed(self, outcome: Outcome, setting: Setting, change: Change | None, tiers: Iterable[int]) -> Outcome:
        """Return an outcome with the narrowest step and the costliest country of some tiers, undisturbed."""
        kind = CALM_NEW if setting.degree == "new" else CALM
        found: dict[str, list[Neck | None]] = {"steps": list(outcome.steps), "countries": list(outcome.countries)}
        for tier in tiers:
            program, point = self._undisturbed(kind, setting, change, tier)
            for name, (index, members) in self.groups.items():
                lost = program.losses(point, members)
                found[name][tier] = top_of(index, lost, float(point.least.sum()))
        return replace(outcome, steps=tuple(found["steps"]), countries=tuple(found["countries"]))

    def _undisturbed(self, kind: str, setting: Setting, change: Change | None, tier: int) -> tuple[Program, Point]:
        program, point, *_ = self._served(kind, kind, setting, None, tier)
        if change is None:
            return program, point
        degree: Degree | None = "frozen" if setting.degree == "frozen" and kind == CALM else None
        program = self._program(kind, setting.is_dense, change)
        bounds = program.bounds(self._overlay(kind, kind, setting, change), degree)
        return program, program.point(setting.order, bounds, tier, point)

    def verified(self, setting: Setting) -> float:
        """Solve the stated answer again with a second solver; return what it serves in all, t/a."""
        program, point, *_ = self._served(KNOWN, "existing", setting, None)
        return program.verified(point)

    def base_share(self, changes: Iterable[Change]) -> Array:
        """Return the unmet share of each tier under several changes at once."""
        overlay = self.chain.hit
        for change in changes:
            overlay = change.put(overlay)
        setting = Setting()
        program, point, *_ = self._served(KNOWN, "existing", setting, None)
        bounds = program.bounds(overlay)
        most, _ = program.served(point, bounds)
        wanted = program.wanted(bounds[0])
        return unmet(wanted - most, wanted)
