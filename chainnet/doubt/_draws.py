"""One draw: every number of a network and a scenario under inputs that were multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from chainnet._types import Array
from chainnet.criticality import chokepoints
from chainnet.doubt._inputs import Inputs, uncertain_inputs
from chainnet.doubt._judgements import FIRST
from chainnet.doubt._programs import Ledger, Parts, Program
from chainnet.doubt._verdict import shortfall
from chainnet.flow import Counting, ValueModel
from chainnet.lowering import Degree, Overlay
from chainnet.scenario import Scenario, acting, overlay_of
from chainnet.words import digits

DIGITS = 7  # what floors of stages leave open is not part of an answer


@dataclass(frozen=True, eq=False, kw_only=True)
class DrawPlan:
    """What every draw is asked; it can be sent to another process, where it is equal to one that asks the same."""

    counting: Counting
    scenario: Scenario | None
    reroute: Degree
    seed: int
    correlation: float
    ranked: int

    def _key(self) -> tuple[Any, ...]:
        asked = repr([acting(m) for m in self.scenario.measures]) if self.scenario else ""
        whose = tuple(self.counting.said.values())
        digest = self.counting.network.digest
        order = self.counting.order
        return (digest, asked, self.reroute, whose, order, self.seed, self.correlation, self.ranked)

    def __hash__(self) -> int:
        return hash(self._key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DrawPlan) and other._key() == self._key()


class _InTurn:
    """What each tier asks for and is served in its turn, under any overlay of the same restrictions.

    It begins where the stated answer ends, whatever was asked before: so it depends on what is asked alone.
    """

    def __init__(self, counting: Counting, overlay: Overlay, degree: Degree) -> None:
        self._order = counting.order
        self._at_most: ValueModel | None = None
        self._program: Program | None = None
        if counting.network.demand.empty:  # then it is worth what can flow at most
            self._at_most = ValueModel(counting, overlay, degree)
        elif counting.rows.any():
            parts = Parts.of(counting, (self._order,))
            self._program = Program(counting, overlay, degree, parts, Ledger())
            self._stated = self._program.point(self._program.passes(overlay, self._order))

    def under(self, overlay: Overlay) -> dict[str, tuple[float, float]]:
        """Return what each tier asks for and is served, t/yr; the middle, where who of several is short is a tie."""
        if self._at_most is not None:
            value = -self._at_most.solve_under(overlay).value
            return {"": (value, value)}
        if self._program is None:
            return {}
        passes = self._program.passes(overlay, self._order)
        point, wanted = self._program.point(passes, near=self._stated), self._program.wanted(passes)
        short = shortfall(wanted - (point.most + point.least) / 2.0, wanted) * wanted
        names, served = self._program.parts.tiers, wanted - short
        return {name: (float(wanted[i]), float(served[i])) for i, name in enumerate(names)}


class Trial:
    """A plan with its models built, ready for any draw.

    Attributes
    ----------
    inputs : Inputs
    names : list of str
        Names of the numbers of a draw.
    ranked : list of str
        Nodes whose loss is followed: those that cost most at the given inputs.
    counts : str
        Whose loss ranks: the first tier that something can be lost to, or "all".
    """

    def __init__(self, plan: DrawPlan) -> None:
        counting, network = plan.counting, plan.counting.network
        self.plan = plan
        self.inputs: Inputs = uncertain_inputs(network)
        self._base = Overlay.none(network)
        self._hit = overlay_of(network, plan.scenario)
        degree = plan.reroute
        self.tiers = [t for t in network.tier_order if (network.demand["tier"] == t).any()]
        self._calm = _InTurn(counting, self._base, degree)
        self._struck = _InTurn(counting, self._hit, degree) if plan.scenario else self._calm
        self.ranked, self.counts, self._rank_model = self._pick(degree)
        position = {name: i for i, name in enumerate(network.nodes["id"])}
        self._places = [position[name] for name in self.ranked]
        self.names = list(self.numbers(self._ones()))

    def _ones(self) -> Array:
        return np.ones(len(self.inputs.table))

    def _pick(self, degree: Degree) -> tuple[list[str], str, ValueModel]:
        counting, top = self.plan.counting.in_order(FIRST), self.plan.ranked
        for tier in [*self.tiers[:1], None]:
            losses = chokepoints(counting.network, "node", top=top or 1, tier=tier, **counting.said)["lost_tpa"]
            ids = [str(i) for i in losses.index[losses.to_numpy() > 0]][:top]
            if ids or tier is None:
                break
        return ids, tier or "all", ValueModel(counting.first(tier), None, degree)

    def numbers(self, factors: Array) -> dict[str, float]:
        """Return every number with the inputs multiplied by ``factors``, t/yr.

        base_t is what is served without the scenario, served_t under it, lost_t the first less the second and
        never negative; the shortfall of a tier is counted against what it asks for under the scenario. What the loss
        of a node costs is a value, for which allied users come first.
        """
        calm = self.inputs.overlay(self._base, factors)
        hit = self.inputs.overlay(self._hit, factors)
        out: dict[str, float] = {}
        before = self._calm.under(calm)
        tiers = before if self._struck is self._calm else self._struck.under(hit)
        base, served = (float(sum(got for _, got in each.values())) for each in (before, tiers))
        # a scenario that builds, or asks for more, may serve more than the base: then nothing is lost
        out["base_t"], out["served_t"], out["lost_t"] = base, served, max(base - served, 0.0)
        for tier in self.tiers:
            wanted, got = tiers.get(tier, (0.0, 0.0))
            out[f"{tier}_demand_t"], out[f"{tier}_short_t"] = wanted, wanted - got
        if self.ranked:
            whole = -self._rank_model.solve_under(calm).value
            for name, place in zip(self.ranked, self._places, strict=True):
                out[f"loss_{name}_t"] = max(whole - self._without(calm, place), 0.0)
        return {key: _rounded(value) for key, value in out.items()}

    def number(self, name: str, factors: Array) -> float:
        """Return one number alone: the shortfall of a tier, or lost_t."""
        tier = name.removesuffix("_short_t")
        if tier not in self.tiers:
            return self.numbers(factors)[name]
        wanted, got = self._struck.under(self.inputs.overlay(self._hit, factors)).get(tier, (0.0, 0.0))
        return wanted - got

    def _without(self, calm: Overlay, place: int) -> float:
        return -self._rank_model.solve_under(calm.times("nodes", np.array([place]), 0.0)).value

    def draw(self, number: int) -> dict[str, float]:
        """Return every number of one draw."""
        z = self.inputs.draw(self.plan.seed, number, self.plan.correlation)
        return self.numbers(self.inputs.factors(z))


def _rounded(value: float) -> float:
    return digits(value, DIGITS)


def run_draws(plan: DrawPlan, numbers: Sequence[int]) -> list[tuple[int, list[float]]]:
    """Return the numbers of some draws, in the order of ``Trial.names``; a process builds its models once."""
    trial = _trial(plan)
    return [(number, list(trial.draw(number).values())) for number in numbers]


def forget_trials() -> None:
    """Let go the models that were kept for the next draw, and with them their networks."""
    _trial.cache_clear()


@lru_cache(maxsize=2)
def _trial(plan: DrawPlan) -> Trial:
    return Trial(plan)
