"""One draw: every number of a network and a scenario under inputs that were multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from chainnet._types import Array, Words
from chainnet.criticality import chokepoints
from chainnet.flow import ValueModel, counted_demand
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.runs._inputs import Inputs, uncertain_inputs
from chainnet.scenario import Scenario, overlay_of

__all__ = ["Question", "Trial", "run_draws"]

DIGITS = 10  # the last digits of a solve are not part of an answer


@dataclass(frozen=True, eq=False)
class Question:
    """What every draw is asked; it can be sent to another process."""

    network: Network
    scenario: Scenario | None
    reroute: Degree
    commodity: Words
    beneficiaries: Words
    seed: int
    correlation: float
    ranked: int

    def key(self) -> tuple[Any, ...]:
        """Return what makes two questions the same."""
        words = tuple(
            None if w is None else (w,) if isinstance(w, str) else tuple(w)
            for w in (self.commodity, self.beneficiaries)
        )
        asked = repr([dict(m) for m in self.scenario.measures]) if self.scenario else ""
        return (self.network.digest, asked, self.reroute, words, self.seed, self.correlation, self.ranked)


class Trial:
    """A question with its models built, ready for any draw.

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

    def __init__(self, question: Question) -> None:
        network = question.network
        count: dict[str, Any] = {"commodity": question.commodity, "beneficiaries": question.beneficiaries}
        self.question = question
        self.inputs: Inputs = uncertain_inputs(network)
        self._n = len(network.nodes)
        self._base = Overlay.none(network)
        self._hit = overlay_of(network, question.scenario)
        degree = question.reroute
        self.tiers = [t for t in network.tier_order if (network.demand["tier"] == t).any()]
        self._rows = {
            tier: counted_demand(network, network.demand, question.commodity, question.beneficiaries, tier)
            for tier in self.tiers
        }
        self._whole = ValueModel(network, None, degree, **count)
        self._struck = ValueModel(network, self._hit, degree, **count) if question.scenario else None
        self._first = {t: ValueModel(network, self._hit, degree, tier=t, **count) for t in self.tiers}
        self.ranked, self.counts, self._rank_model = self._pick(count, degree)
        position = {name: i for i, name in enumerate(network.nodes["id"])}
        self._places = [position[name] for name in self.ranked]
        self._asked = network.demand["demand_tpa"].to_numpy(dtype=float)
        self.names = list(self.numbers(self._ones()))

    def _ones(self) -> Array:
        return np.ones(len(self.inputs.table))

    def _pick(self, count: dict[str, Any], degree: Degree) -> tuple[list[str], str, ValueModel]:
        network, top = self.question.network, self.question.ranked
        for tier in [*self.tiers[:1], None]:
            losses = chokepoints(network, "node", top=top or 1, tier=tier, **count)["lost_tpa"]
            ids = [str(i) for i in losses.index[losses.to_numpy() > 0]][:top]
            if ids or tier is None:
                break
        model = self._whole if tier is None else ValueModel(network, None, degree, tier=tier, **count)
        return ids, tier or "all", model

    def numbers(self, factors: Array) -> dict[str, float]:
        """Return every number with the inputs multiplied by ``factors``, t/a.

        base_t is what is served without the scenario, served_t under it, lost_t the first less the second and
        never negative; the shortfall of a tier is counted against what it asks for under the scenario.
        """
        calm = self.inputs.overlay(self._base, self._n, factors)
        hit = self.inputs.overlay(self._hit, self._n, factors)
        out: dict[str, float] = {}
        base = -self._whole.solve_under(calm).value
        served = base if self._struck is None else -self._struck.solve_under(hit).value
        # a scenario that builds, or asks for more, may serve more than the base: then nothing is lost
        out["base_t"], out["served_t"], out["lost_t"] = base, served, max(base - served, 0.0)
        asked = self._asked * hit.demand_share
        for tier in self.tiers:
            wanted = float(asked[self._rows[tier]].sum())
            out[f"{tier}_demand_t"] = wanted
            out[f"{tier}_short_t"] = max(wanted + self._first[tier].solve_under(hit).value, 0.0)
        if self.ranked:
            whole = -self._rank_model.solve_under(calm).value
            for name, place in zip(self.ranked, self._places, strict=True):
                out[f"loss_{name}_t"] = max(whole - self._without(calm, place), 0.0)
        return {key: _rounded(value) for key, value in out.items()}

    def number(self, name: str, factors: Array) -> float:
        """Return one number alone: the shortfall of a tier, or lost_t."""
        hit = self.inputs.overlay(self._hit, self._n, factors)
        tier = name.removesuffix("_short_t")
        if tier in self._first:
            wanted = float((self._asked * hit.demand_share)[self._rows[tier]].sum())
            return max(wanted + self._first[tier].solve_under(hit).value, 0.0)
        return self.numbers(factors)[name]

    def _without(self, calm: Overlay, place: int) -> float:
        share = calm.node_share.copy()
        share[place] = 0.0
        return -self._rank_model.solve_under(replace(calm, node_share=share)).value

    def draw(self, number: int) -> dict[str, float]:
        """Return every number of one draw."""
        z = self.inputs.draw(self.question.seed, number, self.question.correlation)
        return self.numbers(self.inputs.factors(z))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}") + 0.0


def run_draws(question: Question, numbers: Sequence[int]) -> list[tuple[int, list[float]]]:
    """Return the numbers of some draws, in the order of ``Trial.names``; a process builds its models once."""
    trial = _trial(_Held(question))
    return [(number, list(trial.draw(number).values())) for number in numbers]


class _Held:
    """A question that can be looked up by what it asks."""

    def __init__(self, question: Question) -> None:
        self.question, self._key = question, question.key()

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other._key == self._key


@lru_cache(maxsize=2)
def _trial(held: _Held) -> Trial:
    return Trial(held.question)
