"""A network, a scenario and who counts, as programs: the stated answer, and every other one from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from threading import RLock
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from chainnet._types import Array, Ints, Texts
from chainnet.calibration import denser
from chainnet.criticality import removals
from chainnet.doubt._changes import Change
from chainnet.doubt._inputs import Drawn
from chainnet.doubt._judgements import FIRST, LAST, Setting, orders_of
from chainnet.doubt._programs import Ledger, Parts, Point, Program
from chainnet.doubt._verdict import LEVELS, MET, Bottleneck, Outcome, class_of, shortfall, top_of
from chainnet.engine import CERTAIN, PRINTED, Certificate
from chainnet.flow import Counting
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.projects import Access, access_to
from chainnet.scenario import Scenario, overlay_of

# the assessment values projects up to the sixth year after the base year
YEARS_AHEAD = 6
# programs: the relations of the table; all levels above them, and the same with what young projects may not serve;
# and the first two without any scenario
KNOWN, REACH, BARRED, CALM, CALM_NEW = "known", "reach", "barred", "calm", "calm new"
# levels beside the four: projects that are qualified for every tier; one project alone on existing links
OLD, ALONE = "projects long qualified", "project "
T = TypeVar("T")
# what each tier asks for, is served at the most, and at the least, t/yr
_Served = tuple[Array, Array, Array]


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
    tier : str, optional
        The only one that is asked about.
    calm : Case, optional
        One without a scenario, of the same counting and tier: what it knows is not asked again. Default this one.
    """

    def __init__(
        self, counting: Counting, scenario: Scenario | None, tier: str | None = None, calm: Case | None = None
    ) -> None:
        self.counting, self.network, self.scenario, self.tier = counting, counting.network, scenario, tier
        self.orders = orders_of(counting)
        self.central = Setting(self.orders[0])
        self.parts, self.ledger = Parts.of(counting, (*self.orders, FIRST, LAST), tier), Ledger()
        year = self.network.current_year
        self.by_year = None if year is None else year + YEARS_AHEAD
        self._programs: dict[tuple[str, bool], Program] = {}
        self._points: dict[object, Point] = {}
        self._starts: dict[object, Point] = {}
        self._calm = self if calm is None else calm
        # with each answer the change that it is of, whose number is no other's as long as it is there
        self._calmly: dict[object, tuple[object, Any]] = {}
        self._lock = RLock()

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that are asked about."""
        return self.parts.tiers

    @cached_property
    def chain(self) -> _Chain:
        """The baseline network."""
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

    def _program(self, kind: str, is_dense: bool) -> Program:
        if (kind, is_dense) not in self._programs:
            self._programs[kind, is_dense] = self._lowered(kind, self.dense if is_dense else self.chain)
        return self._programs[kind, is_dense]

    def _lowered(self, kind: str, chain: _Chain) -> Program:
        degree: Degree = "existing" if kind in (KNOWN, CALM) else "new"
        overlay = chain.calm if kind in (CALM, CALM_NEW) else chain.hit
        if kind == BARRED:
            overlay = chain.access.template(overlay)
        stocks = kind in (REACH, BARRED)
        return Program(chain.counting, overlay, degree, self.parts, self.ledger, stocks=stocks)

    def _overlay(self, kind: str, level: str, setting: Setting, change: Change | Drawn | None) -> Overlay:
        chain = self.dense if setting.is_dense else self.chain
        overlay = setting.put(chain.network, chain.calm if kind in (CALM, CALM_NEW) else chain.hit)
        if change is not None:
            overlay = change.put(overlay)
        if level == "new":
            return overlay.times("stocks", slice(None), 0.0)
        sizes = self._sizes(level, chain.access)
        if sizes is not None:
            overlay = overlay.with_built(np.maximum(overlay.built, sizes))
        return chain.access.overlay(overlay) if kind == BARRED else overlay

    def _sizes(self, level: str, access: Access) -> Array | None:
        """Return the part of each project's size that stands on a level; None where none is built."""
        if level not in ("projects", OLD) and not level.startswith(ALONE):
            return None
        sizes = access.sizes()
        if level == "projects":
            return sizes
        sizes[[bar.project for bar in access.bars]] = 0.0
        return sizes if level == OLD else np.where(self.project_ids == level.removeprefix(ALONE), sizes, 0.0)

    @cached_property
    def project_ids(self) -> Texts:
        """Ids of the projects, in the order of their table."""
        return self.network.projects["id"].to_numpy(dtype=object)

    def _point(self, kind: str, level: str, setting: Setting, tier: int | None = None) -> tuple[Program, Point]:
        """Return a program as solved on a level, under no change."""
        program, key = self._program(kind, setting.is_dense), (kind, level, setting, tier)
        if key not in self._points:
            passes = program.passes(self._overlay(kind, level, setting, None), setting.order, tier)
            alike = (kind, setting.is_dense, setting.order, tier)
            self._points[key] = program.point(passes, tier, self._starts.get(alike))
            self._starts.setdefault(alike, self._points[key])
        return program, self._points[key]

    def _each(self, kind: str, level: str, setting: Setting, changes: Sequence[Change | Drawn | None]) -> list[_Served]:
        """Return what each tier asks for and is served on a level, under each of many changes."""
        if not changes:
            return []
        program, point = self._point(kind, level, setting)
        found: dict[int, _Served] = {}
        plain = [i for i, change in enumerate(changes) if not (isinstance(change, Change) and change.is_recipe)]
        passes = [program.passes(self._overlay(kind, level, setting, changes[i]), setting.order) for i in plain]
        for i, within, served in zip(plain, passes, program.served_each(point, passes), strict=True):
            found[i] = (program.wanted(within), *served)
        for i, change in enumerate(changes):
            if isinstance(change, Change) and change.is_recipe:
                other = program.with_line(*change.line)
                there = other.point(point.passes, None, point)
                found[i] = (other.wanted(point.passes), there.most, there.least)
        return [found[i] for i in range(len(changes))]

    # -- answers -----------------------------------------------------------------------------------

    def outcomes(self, setting: Setting, changes: Sequence[Change | Drawn | None] = (None,)) -> list[Outcome]:
        """Return the answer of a way to judge, under each of many changes; nothing is said of the bottleneck."""
        made = self.shortfalls(setting, changes)
        known = {str(setting.rerouting): [shortfall(one.short[1], one.wanted) for one in made]}
        short = self.short_by_level(setting, changes, known)
        n, out = len(self.tiers), []
        for i, one in enumerate(made):
            closed = tuple(frozenset(r for r, parts in short.items() if parts[i][t] < PRINTED) for t in range(n))
            out.append(replace(one, closes=closed, steps=(None,) * n, countries=(None,) * n))
        return out

    @cached_property
    def is_calm(self) -> bool:
        """Whether the scenario does nothing in the long run: then nothing is due to it."""
        hit, calm = self.chain.hit, self.chain.calm
        shares = ("node_share", "edge_share", "stock_share", "demand_share", "built", "release_tpa")
        is_same = all(np.array_equal(getattr(hit, name), getattr(calm, name)) for name in shares)
        return is_same and not hit.restrictions and hit.stock_tiers == calm.stock_tiers

    def shortfalls(self, setting: Setting, changes: Sequence[Change | Drawn | None] = (None,)) -> list[Outcome]:
        """Return what is short with the scenario and without any: neither bottleneck nor what closes a gap is asked."""
        is_new = setting.rerouting == "new"
        kind, level = (REACH, "new") if is_new else (KNOWN, "existing")
        restricted = self._each(kind, level, setting, changes)
        baseline = restricted if self.is_calm else self._calm.calmly(setting, changes)
        return [_outcome(hit, calm) for hit, calm in zip(restricted, baseline, strict=True)]

    def calmly(self, setting: Setting, changes: Sequence[Change | Drawn | None]) -> list[_Served]:
        """Return what each tier asks for and is served without any scenario, under each of many changes."""
        kind = CALM_NEW if setting.rerouting == "new" else CALM

        def solve(asked: Sequence[Change | Drawn | None]) -> list[_Served]:
            return self._each(kind, kind, setting, asked)

        return self._once((kind, setting), changes, solve)

    def _once(self, what: object, changes: Sequence[Any], solve: Callable[[Sequence[Any]], list[T]]) -> list[T]:
        """Return what is known of each change, or solved now; one thread at a time, for all share the programs."""
        with self._lock:
            asked = [one for one in changes if (what, id(one)) not in self._calmly]
            for one, found in zip(asked, solve(asked), strict=True):
                self._calmly[what, id(one)] = one, found
            return [self._calmly[what, id(one)][1] for one in changes]

    def classes(self, draws: Sequence[Drawn]) -> list[tuple[str, ...]]:
        """Return the class of what each tier lacks because of the scenario, as it is judged centrally, in each draw.

        Nothing more is solved of a draw in which so little is short that the class is known.
        """
        restricted = self._each(REACH, "new", self.central, draws)
        open_ = [i for i, one in enumerate(restricted) if any(class_of(s) != MET for s in _outcome(one, one).share)]
        open_ = [] if self.is_calm else open_
        calm = dict(zip(open_, self._calm.calmly(self.central, [draws[i] for i in open_]), strict=True))
        due = [_outcome(one, calm[i]).due if i in calm else np.zeros(len(one[0])) for i, one in enumerate(restricted)]
        return [tuple(map(class_of, shares)) for shares in due]

    def short_by_level(
        self, setting: Setting, changes: Sequence[Change | Drawn | None], known: Mapping[str, list[Array]]
    ) -> dict[str, list[Array]]:
        """Return the shortfall of each tier, as a share of its demand, by level and change; some are known already.

        Projects alone that leave a tier met in the central case stand beside the levels, by their ids.
        """
        setting, short = replace(setting, rerouting="existing"), dict(known)
        if "existing" not in short:
            short["existing"] = self._short(KNOWN, "existing", setting, changes)
        for before, level in pairwise(LEVELS):
            if level not in short:
                short[level] = self._above(level, setting, changes, short[before])
        for name in self.closers:
            short[name] = self._above(ALONE + name, setting, changes, short["existing"])
        return short

    def _above(
        self, level: str, setting: Setting, changes: Sequence[Change | Drawn | None], below: Sequence[Array]
    ) -> list[Array]:
        """Return the shortfall on a level; where we come first, what is met below it stays met and is not solved."""
        open_ = [i for i, short in enumerate(below) if setting.order != FIRST or (short >= PRINTED).any()]
        out = list(below)
        asked = [changes[i] for i in open_]
        if level == "projects":
            found = self._with_projects(setting, asked)
        else:
            found = self._short(KNOWN if level.startswith(ALONE) else REACH, level, setting, asked)
        for i, short in zip(open_, found, strict=True):
            out[i] = short
        return out

    def _short(self, kind: str, level: str, setting: Setting, changes: Sequence[Change | Drawn | None]) -> list[Array]:
        return [shortfall(wanted - least, wanted) for wanted, _, least in self._each(kind, level, setting, changes)]

    def _with_projects(self, setting: Setting, changes: Sequence[Change | Drawn | None]) -> list[Array]:
        """Return the shortfall with all projects of the year, each for the tiers that it is qualified for.

        It lies between those without and with the young ones unbarred: where the two agree nothing more is solved.
        """
        short = self._short(REACH, "projects", setting, changes)
        if not (self.dense if setting.is_dense else self.chain).access.bars:
            return short
        without = self._short(REACH, OLD, setting, changes)
        open_ = [i for i, (a, b) in enumerate(zip(short, without, strict=True)) if (np.abs(a - b) > CERTAIN).any()]
        if open_:
            barred = self._short(BARRED, "projects", setting, [changes[i] for i in open_])
            for i, part in zip(open_, barred, strict=True):
                short[i] = part
        return short

    @cached_property
    def closers(self) -> tuple[str, ...]:
        """Projects that, alone and on existing links, leave a tier met that is short in the central case."""
        stated = self._short(KNOWN, "existing", self.central, [None])[0] >= PRINTED
        found = []
        for name, size in zip(self.project_ids, self.chain.access.sizes(), strict=True):
            if size > 0 and stated.any():
                alone = self._short(KNOWN, ALONE + name, self.central, [None])[0]
                if (stated & (alone < PRINTED)).any():
                    found.append(str(name))
        return tuple(found)

    def narrowed(
        self, outcome: Outcome, setting: Setting, change: Change | Drawn | None, tiers: Iterable[int]
    ) -> Outcome:
        """Return an outcome with the bottleneck and the costliest country of some tiers.

        They are those of the baseline on existing links with allies served first, whatever else is judged otherwise.
        """
        setting = replace(setting, order=FIRST, rerouting="existing")
        found: dict[str, list[Bottleneck | None]] = {"steps": list(outcome.steps), "countries": list(outcome.countries)}
        for tier in tiers:
            for name, top in self._calm.tops(setting, change, tier).items():
                found[name][tier] = top
        return replace(outcome, steps=tuple(found["steps"]), countries=tuple(found["countries"]))

    def tops(self, setting: Setting, change: Change | Drawn | None, tier: int) -> dict[str, Bottleneck]:
        """Return the bottleneck and the costliest country of a tier in the baseline."""

        def solve(asked: Sequence[Any]) -> list[dict[str, Bottleneck]]:
            return [self._tops(setting, one, tier) for one in asked]

        return self._once(("tops", setting, tier), [change], solve)[0]

    def _tops(self, setting: Setting, change: Change | Drawn | None, tier: int) -> dict[str, Bottleneck]:
        program, point = self._point(CALM, CALM, setting, tier)
        if change is not None:
            passes = program.passes(self._overlay(CALM, CALM, setting, change), setting.order, tier)
            if isinstance(change, Change) and change.is_recipe:
                program = program.with_line(*change.line)
            point = program.point(passes, tier, point)
        served = float(point.least.sum())
        return {
            name: top_of(index, program.losses(point, members), served)
            for name, (index, members) in self.groups.items()
        }

    @property
    def proved(self) -> Ledger:
        """The proofs of all that this case rests on."""
        return self.ledger if self._calm is self else self.ledger + self._calm.ledger

    def certificate(self, verify: bool) -> Certificate:
        """Return the proof of the stated answer with the worst of all; solved again with a second solver if asked."""
        program, point = self._point(REACH, "new", self.central)
        return self.proved.certificate(point, program.verified(point) if verify else None)


def _outcome(restricted: _Served, calm: _Served) -> Outcome:
    """Return what is short with a scenario and without it."""
    (wanted, most, least), (asked, calm_most, calm_least) = restricted, calm
    return Outcome(wanted, (wanted - most, wanted - least), (asked - calm_most, asked - calm_least))
