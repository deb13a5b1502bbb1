"""Exported programs: lowered once with every rule of every control open, and what each control does to bounds.

An effect is never described a second time: the lowering is asked for its bounds once as they stand and once for each
control, and what differs is the effect. That the page may put the effects together as it likes is then proved, on
settings drawn by chance, against the bounds that the lowering gives for all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from chainnet._types import INF, Array
from chainnet.drawing.living.controls import HALF, Control
from chainnet.errors import SolverError
from chainnet.flow import EXTRA_COST_USD_PER_T, Counting, at_home, released
from chainnet.lowering import Degree, Lowered, Overlay, lower
from chainnet.scenario import KINDS, Effect, Scenario, effects_of, overlay_at
from chainnet.words import gap

Values = Mapping[str, float | bool | None]
# settings that are drawn to prove that effects may be put together, and how near they must come
_DRAWN, _SAME = 40, 1e-13


class LivingProgram:
    """A network lowered for one degree, with the rules of all controls and presets in it.

    Parameters
    ----------
    counting : Counting
        Whose demand counts in which network; by law the program has the rows of contracts, and what stands at home.
    degree : {"none", "existing", "new"}
    controls : list of Control
    presets : sequence of Scenario
        One with a rule by tier or origin stands alone: goods are parted into tracked flows by it, which are other
        columns.

    Raises
    ------
    DataError
        As ``lower``: no rerouting is asked and a baseline flow is not known.
    SolverError
        If the effects put together are not the bounds that the lowering gives.
    """

    def __init__(
        self, counting: Counting, degree: Degree, controls: Sequence[Control], presets: Sequence[Scenario]
    ) -> None:
        network = counting.network
        self._counting, self._network, self._controls = counting, network, list(controls)
        measures, self._spans = list[dict[str, Any]](), dict[str, list[int]]()
        for control in self._controls:
            share = {"export": {"share": HALF if control.graded else 0.0}, "demand": {"share": 0.0}}
            own = [{**measure, **share.get(control.kind, {})} for measure in control.measures]
            self._spans[control.id] = list(range(len(measures), len(measures) + len(own)))
            measures += own
        found = sorted(effects_of(network, measures, "controls"), key=lambda effect: effect.number)
        self._preset_spans = {"": range(0, 0)}
        for scenario in presets:
            first = len(found)
            found += effects_of(network, scenario.measures, scenario.name)
            self._preset_spans[scenario.name] = range(first, len(found))
        self._effects = found
        # which restriction of an overlay each effect makes
        made = np.cumsum([effect.restriction is not None for effect in found])
        self._restriction = {i: int(made[i]) - 1 for i, e in enumerate(found) if e.restriction is not None}
        self.degree: Degree = degree
        self.low: Lowered = lower(network, self.open, degree, extra_cost_usd_per_t=EXTRA_COST_USD_PER_T)
        self._rows = {owner: row for row, (kind, owner, _) in enumerate(self.low.rows) if kind == "restriction"}
        self.contracts = [row for owner, row in self._rows.items() if owner >= len(self._restriction)]

    # -- what the lowering says ---------------------------------------------------------------------

    @property
    def open(self) -> Overlay:
        """Every rule there and none in force, every project built."""
        none = self._acting(self._effects, np.zeros(len(self._effects)))
        return none.with_built(np.ones(len(self._network.projects)))

    def _acting(self, effects: Sequence[Effect], sizes: Array) -> Overlay:
        # the others do nothing, but a release that is not in force would shut its stock
        some = [i for i, effect in enumerate(effects) if sizes[i] > 0 or effect.restriction is not None]
        return overlay_at(self._network, [effects[i] for i in some], sizes[some]).also(self._counting.contracts)

    def overlay(self, preset: str, values: Values, *, whole: bool = False, with_projects: bool = True) -> Overlay:
        """Return what a setting does to the network, contracts in force; ``whole``: all projects stand."""
        sizes, bounds = np.zeros(len(self._effects)), dict[int, float]()
        sizes[list(self._preset_spans[preset])] = 1.0
        built = np.full(len(self._network.projects), float(whole))
        for i in self._preset_spans[preset]:
            if KINDS[self._effects[i].kind].stands and with_projects:
                built[self._effects[i].projects] = 1.0
        effects = list(self._effects)
        for control in self._controls:
            value = values.get(control.id, control.default)
            if not control.measures_at(value):
                continue
            for i in self._spans[control.id]:
                effect = effects[i]
                if control.kind == "project":
                    built[effect.projects] = 1.0
                elif control.kind == "export":
                    sizes[i] = 1.0
                    bounds[self._restriction[i]] = float(value or 0.0) * (effect.base_tpa or 0.0)
                else:
                    sizes[i] = 1.0
                    effects[i] = replace(effect, share=float(value or 0.0)) if control.kind == "demand" else effect
        found = self._acting(effects, sizes).with_built(built)
        rules = [replace(r, bound_tpa=bounds.get(n, r.bound_tpa)) for n, r in enumerate(found.restrictions)]
        return replace(found, restrictions=tuple(rules))

    def _told(self, preset: str, values: Values, *, whole: bool = False, home: str = "") -> tuple[Array, Array]:
        """Return the bounds that the lowering gives: contracts free, or in force where plants ``home`` stand alone."""
        overlay = self.overlay(preset, values, whole=whole)
        return self.low.bounds(at_home(self._network, overlay, home) if home else released(overlay))

    def _costs(self, preset: str) -> Array:
        sizes = np.zeros(len(self._effects))
        sizes[list(self._preset_spans[preset])] = 1.0
        return self.low.costs(self._acting(self._effects, sizes))

    @property
    def n_columns(self) -> int:
        """Number of unknowns."""
        return len(self.low.program.cost)

    # -- what the page is handed ---------------------------------------------------------------------

    @cached_property
    def base(self) -> dict[str, tuple[Array, Array, Array]]:
        """Upper bounds of columns and rows with all projects built, and costs, by preset; "" = none."""
        return {name: (*self._told(name, {}, whole=True), self._costs(name)) for name in self._preset_spans}

    @cached_property
    def stands(self) -> dict[str, list[str]]:
        """Ids of the project controls that a preset has built, by preset."""
        ids = self._network.projects["id"].to_numpy(dtype=object)
        found = {}
        for name, span in self._preset_spans.items():
            hits = [self._effects[i].projects for i in span if KINDS[self._effects[i].kind].stands]
            built = np.any(hits, axis=0) if hits else np.zeros(len(ids), dtype=bool)
            found[name] = [f"project:{word}" for word in ids[built]]
        return found

    @cached_property
    def effects(self) -> dict[str, dict[str, Any]]:
        """What each control does, columns and rows by number.

        ``close`` and ``closeRows``: upper bound 0 while it is off; ``shut``: columns at 0 as soon as there is a rule;
        ``zero``: columns at 0 at value 0; ``cap``: pairs of a row and its bound at value 1, t/yr; ``times``: columns
        multiplied by the value.
        """
        columns, rows, _ = self.base[""]
        found: dict[str, dict[str, Any]] = {}

        def differs(values: Values, **more: Any) -> tuple[list[int], list[int]]:
            other, other_rows = self._told("", values, **more)
            return np.flatnonzero(other != columns).tolist(), np.flatnonzero(other_rows != rows).tolist()

        for control in self._controls:
            if control.kind == "export":
                shut = differs({control.id: HALF}, whole=True)[0] if control.graded else []
                zero = differs({control.id: 0.0}, whole=True)[0]
                caps = [
                    [self._rows[self._restriction[i]], self._effects[i].base_tpa or 0.0]
                    for i in self._spans[control.id]
                ]
                found[control.id] = {"shut": shut, "zero": sorted(set(zero) - set(shut)), "cap": caps}
            elif control.kind == "demand":
                found[control.id] = {"times": differs({control.id: 0.0}, whole=True)[0]}
            else:
                if control.kind == "project":
                    others = {c.id: True for c in self._controls if c.kind == "project" and c.id != control.id}
                    close, close_rows = differs(others)
                else:
                    close, close_rows = differs({control.id: False}, whole=True)
                found[control.id] = {"close": close, "closeRows": close_rows}
        return found

    def homes(self, countries: Sequence[str]) -> dict[str, dict[str, list[int]]]:
        """Return what stays where plants of one country stand alone: columns that stay open, rows that close."""
        columns, rows, _ = self.base[""]
        rows = rows.copy()
        rows[self.contracts] = 0.0
        told = {country: self._told("", {}, whole=True, home=country) for country in countries}
        return {
            name: {
                "open": np.flatnonzero((upper > 0) | (columns == 0)).tolist(),
                "close": np.flatnonzero(bound != rows).tolist(),
            }
            for name, (upper, bound) in told.items()
        }

    def composed(self, preset: str, values: Values, with_projects: bool = True, home: str = "") -> tuple[Array, Array]:
        """Return the bounds of a setting as the page makes them of the effects."""
        stands = self.stands[preset] if with_projects else []
        columns, rows, _ = (part.copy() for part in self.base[preset])
        for control in self._controls:
            value, effect = values.get(control.id, control.default), self.effects[control.id]
            if control.kind == "export" and value is not None:
                columns[effect["shut"]] = 0.0
                if value == 0:
                    columns[effect["zero"]] = 0.0
                for row, bound in effect["cap"]:
                    rows[row] = min(rows[row], value * bound)
            elif control.kind == "demand" and value != 1.0:
                columns[effect["times"]] *= value
            elif "close" in effect and not (value or control.id in stands):
                columns[effect["close"]], rows[effect["closeRows"]] = 0.0, 0.0
        if home:
            at = self.homes([home])[home]
            columns[np.setdiff1d(np.arange(len(columns)), at["open"])] = 0.0
            rows[at["close"] + self.contracts] = 0.0
        return columns, rows

    def prove(self, seed: int = 0) -> float:
        """Hold the effects put together against the lowering, on settings drawn by chance; return what differs most.

        Raises
        ------
        SolverError
            If more than rounding differs.
        """
        draw = np.random.default_rng(seed)
        worst = 0.0
        for number in range(_DRAWN):
            names = list(self._preset_spans)
            preset, values = names[number % len(names)], drawn(self._controls, draw)
            homes = ["", *self.overlay(preset, values).home] if self._counting.law else [""]
            home = homes[number % len(homes)]
            pairs = zip(self.composed(preset, values, home=home), self._told(preset, values, home=home), strict=True)
            worst = max(worst, *(apart(ours, told) for ours, told in pairs))
        return proved(worst, f"the controls of a living page of {self._network.name} do not add up to the program")


def proved(worst: float, said: str) -> float:
    """Return what differs most between ours and the lowering; a SolverError that says so if it counts."""
    if worst > _SAME:
        raise SolverError(f"draw: {said} (off by {gap(worst)}). Report the network that caused this.")
    return worst


def apart(ours: Array, told: Array) -> float:
    """Return by what part of those told some bounds differ most; without end where one alone is no bound."""
    both = np.isfinite(ours) & np.isfinite(told)
    off = np.abs(ours[both] - told[both]) / np.maximum(np.abs(told[both]), 1e-300)
    return INF if (ours[~both] != told[~both]).any() else float(off.max(initial=0.0))


def drawn(controls: Sequence[Control], draw: np.random.Generator) -> dict[str, float | bool | None]:
    """Return a setting by chance: some controls moved, now few and now many."""
    part = draw.choice([0.03, 0.2, 0.6])
    values: dict[str, float | bool | None] = {}
    for control in controls:
        if draw.random() >= part:
            continue
        if control.kind == "export":
            share = float(draw.choice([0.0, 1.0, round(float(draw.random()), 3)]))
            values[control.id] = share if control.graded else 0.0
        elif control.kind == "demand":
            values[control.id] = round(2.0 * float(draw.random()), 3)
        else:
            values[control.id] = control.kind == "project"
    return values
