"""What offers add up to: a mix of plans that can be carried out, planes that nothing passes, and the next ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainnet import checks
from chainnet._types import Array, Ints
from chainnet.engine import (
    CERTAIN,
    LEAST_SIZE,
    UNIT_ROUNDING,
    Certificate,
    LinearProgram,
    LinearSolution,
    Rows,
    WarmModel,
    certify_linear,
    require,
)
from chainnet.errors import DataError
from chainnet.sharing._sign import digest_of
from chainnet.sharing.joint._offer import OFFER, most_of, read_border, read_gap, read_tiers, written

# how much less than a tonne of the open tier one of the next counts where plans are alike
_LATER = 1e-4
# a weight below which a solver cannot tell it from none
_LEAST_WEIGHT = 1e-6
# tonnes of the open tier that a tonne of a settled one may stand for: were it more, the gap would stay open
_WORTH = 100.0
# what a tonne of a settled tier counts beside one of the open tier where mixes are alike
_TIED = 1e-3
# how far below what it got a tier is held, a part of the tolerance: at the edge itself rounding decides what is left
_HELD = 0.01
# the part of the tolerance to which a tier is settled that others follow: what it leaves open they may gain
_FINER = 0.1
# a round that leaves more than this of the gap of a tier is not worth another, once the tolerance is kept
_STALLS = 0.7
# by how much locks give way where they collide by rounding, over what a linear program can tell
_WIDER = (1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class Answer:
    """One answer of a party: a plan (served by tier, tonnes), and a plane (weights, bound, slope) above all plans."""

    party: int
    round: int
    place: int
    is_priced: bool
    served: Array
    tonnes: Array
    weights: Array
    bound: float
    slope: Array


@dataclass(frozen=True)
class Stage:
    """A tier with what stands of those before it: a value, a bound, and where mix and planes would go on.

    ``plan`` is what the mix serves of each tier. ``mix`` and ``cut`` hold tonnes of border points, prices of border
    points, and weights of tiers.
    """

    value: float
    bound: float
    gap: float
    is_settled: bool
    plan: Array
    mix: tuple[Array, Array, Array]
    cut: tuple[Array, Array, Array]


class Talk:
    """All that was answered, and what follows from it: a value and a bound of each tier, and what to ask next.

    Tiers are settled one after the other: what one got (``floors``) stands as a sum over all parties in the programs of
    those after it. ``stages`` are the tiers looked at this time: from the first that was open to the one that is, or
    the last.
    """

    def __init__(self, ask: Mapping[str, Any], offers: Sequence[Mapping[str, Any]], tolerance: float) -> None:
        border = read_border(ask)
        self.tiers, floors = read_tiers(ask)
        self.points = sorted(border)
        self.limit = np.array([float(border[i][0]) for i in self.points])
        self.miss = np.array([float(border[i][1]) for i in self.points])
        self.index = {point: i for i, point in enumerate(self.points)}
        self.before, self.exchange = [*ask["before"], digest_of(ask)], str(ask.get("exchange", ""))
        self.answers, self.parties, self.exporter, self.importer = _heard(
            offers, self.index, self.limit, self.tiers, self.before
        )
        self.n_rounds = max(a.round for a in self.answers)
        self.proofs: list[Certificate] = []
        self.size = np.maximum(self.limit, LEAST_SIZE)
        self.floors, self.tolerance = list(floors), tolerance
        self._asked = len(floors), read_gap(ask)
        self.stages = [self._stage(self.floors)]
        while self.stages[-1].is_settled and len(self.floors) + 1 < len(self.tiers):
            self.floors.append(self.stages[-1].value * (1 - tolerance * _HELD))
            self.stages.append(self._stage(self.floors))
        self.is_settled = len(self.floors) + 1 == len(self.tiers) and self.stages[-1].is_settled

    def ask(self) -> dict[str, Any]:
        """Return the next ask."""
        open_stage = self.stages[-1]
        mix, cut = open_stage.mix, open_stage.cut
        middle = [(one + other) / 2 for one, other in zip(mix, cut, strict=True)]
        asked = [
            ("tonnes", cut[0], self._and_later(cut[2])),
            ("tonnes", middle[0], self._and_later(middle[2])),
            ("tonnes", self._common(), self._and_later(mix[2])),
            ("prices", mix[1], mix[2]),
            ("prices", *self._best_priced(mix)),
            ("prices", cut[1], cut[2]),
        ]
        border = {i: (a, b) for i, a, b in zip(self.points, self.limit, self.miss, strict=True)}
        return written(self.before, self.exchange, open_stage.gap, self.tiers, self.floors, border, asked)

    def ends(self) -> list[tuple[float, float]]:
        """Return value and bound of all tiers; those that the rounds did not come to by the little that is known.

        One plan serves all the values; the bounds hold for plans that serve the tiers before at least their floors.
        """
        floors, last = list(self.floors), self.stages[-1]
        done = len(floors) - len(self.stages) + 1
        bounds = [self._cut(np.array(floors[:n]))[0] for n in range(done)] + [stage.bound for stage in self.stages]
        while len(bounds) < len(self.tiers):
            floors.append(last.value)
            last = self._stage(floors)
            bounds.append(last.bound)
        return [(value, max(value, bound)) for value, bound in zip(last.plan.tolist(), bounds, strict=True)]

    def _and_later(self, weights: Array) -> Array:
        """Return weights that, of plans alike for the open tier, choose the one that serves later tiers more."""
        out, here = weights.copy(), len(self.floors)
        of_party = [[a.served for a in self.answers if a.party == i] for i in range(len(self.parties))]
        served = sum(np.max(own, axis=0) for own in of_party)
        for later in range(here + 1, len(out)):
            like = served[here] / served[later] if served[later] > 0 else 0.0
            weight = like * _LATER ** (later - here)
            out[later] = weight if weight > _LEAST_WEIGHT else 0.0
        return out

    def _common(self) -> Array:
        """Return what both sides could do when the tonnes of the planes were asked last: the lesser of the two."""
        out = self.limit.copy()
        for a in self.answers:
            if (a.round, a.place) == (self.n_rounds, 0):
                own = (self.exporter == a.party) | (self.importer == a.party)
                out[own] = np.minimum(out[own], a.tonnes[own])
        return out

    def _best_priced(self, mix: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        """Return prices and weights half way from the mix to those under which all together promised least so far."""
        here = len(self.floors)
        floors = np.append(self.floors, np.zeros(len(self.tiers) - here))
        sums: dict[tuple[int, int], float] = {}
        for a in self.answers:
            if a.is_priced and a.weights[here] > 0 and not a.weights[here + 1 :].any():
                key = (a.round, a.place)
                start = 0.0 if key in sums else -float(a.weights[:here] @ floors[:here]) / a.weights[here]
                sums[key] = sums.get(key, 0.0) + start + a.bound / a.weights[here]
        if not sums:
            return mix[1], mix[2]
        best = min(sums, key=lambda key: (sums[key], key))
        prices, weights = np.zeros(len(self.points)), np.zeros(len(self.tiers))
        for a in self.answers:
            if (a.round, a.place) == best:
                own = self.exporter == a.party
                prices[own] = -a.slope[own] / a.weights[here]
                weights = a.weights / a.weights[here]
        return (mix[1] + prices) / 2, (mix[2] + weights) / 2

    def _stage(self, floors: Sequence[float]) -> Stage:
        """Return value and bound of the tier after those that are held at their floors."""
        held = np.array(floors, dtype=float)
        plan, hair, mix = self._mix(held)
        value = float(plan[len(held)])
        bound, cut = self._cut(held, hair)
        bound = max(bound, value)
        gap = (bound - value) / bound if bound > 0 else 0.0
        # beside what the tiers before it got, next to nothing need not be told from nothing
        is_dust = bound - value <= _FINER * self.tolerance * held.sum()
        # what a tier leaves open those after it may gain, so it is narrowed on while that goes on
        is_last = len(held) + 1 == len(self.tiers)
        stalls = len(held) == self._asked[0] and gap > _STALLS * self._asked[1]
        most = self.tolerance * (1.0 if is_last or stalls else _FINER)
        return Stage(value, bound, gap, bool(gap <= most or is_dust), plan, mix, cut)

    def _solve(self, program: LinearProgram, what: str) -> tuple[LinearSolution, float]:
        """Return the optimum, and the most that its duals leave possible."""
        found = WarmModel(program).solve(None, or_wide=True)
        if found.status != "optimal":
            raise DataError(f"joint: the offers do not fit together ({what} is {found.status}). Ask them anew.")
        proof = require(certify_linear(f"joint, {what}", program, found.x, found.row_dual, program.row_scale))
        self.proofs.append(proof)
        return found, most_of(proof, program, found)

    def _carried_out(self, program: LinearProgram, locks: int) -> tuple[LinearSolution, float]:
        """Return the best mix of plans, and by what part locks, the rows from ``locks`` on, give way lest they collide.

        At the edge of a lock prices have no limit, so that a mix is proved to be a plan and no more; planes bound it.
        """
        for wider in _WIDER:
            floors = np.append(program.row_lower[:locks], program.row_lower[locks:] * (1 - wider * CERTAIN))
            held = replace(program, row_lower=floors)
            found = WarmModel(held).solve(None, or_wide=True)
            if found.status == "optimal":
                proof = certify_linear("joint, mix of plans", held, found.x, found.row_dual, held.row_scale)
                proof = replace(proof, bound=proof.value, gap=0.0)
                if proof.ok or wider == _WIDER[-1]:
                    require(proof)
                    return found, wider * CERTAIN
        raise DataError(f"joint: the offers do not fit together (mix of plans is {found.status}). Ask them anew.")

    def _weighted(self, locks: Array) -> Array:
        """Return weights of tiers from the duals of the locks: the open one counts 1."""
        out = np.zeros(len(self.tiers))
        out[: len(locks)], out[len(locks)] = np.maximum(locks, 0.0), 1.0
        return out

    def _mix(self, held: Array) -> tuple[Array, float, tuple[Array, Array, Array]]:
        """Mix the plans so that borders agree: a value that can be carried out; with misses allowed, prices."""
        n, k, j, number = len(self.answers), len(self.parties), len(self.points), len(held)
        party = np.array([a.party for a in self.answers])
        tonnes, tiers = (np.array([getattr(a, what) for a in self.answers]).T for what in ("tonnes", "served"))
        exported, imported = (np.where(side[:, None] == party, tonnes, 0.0) for side in (self.exporter, self.importer))
        border = exported - imported
        # what plans carry may be far less than what a border could, and a few tonnes of it may be worth much
        size = np.maximum(np.abs(border).max(axis=1, initial=0.0), 1e-6 * self.size)
        held_size = np.maximum(held, LEAST_SIZE)
        # a party may also stand still: weights sum to 1 at most, for nothing made is a plan as well; the bounds of
        # single weights and misses never hold, they are there for the proof
        rows = Rows()
        rows.block(np.arange(k)[:, None] == party, 0, -np.inf, 1.0)
        borders = rows.block(border, 0, 0.0, 0.0, size)
        locks = rows.block(tiers[:number], 0, held, np.inf, held_size)
        # of mixes alike for the open tier the one that holds the tiers before it highest
        worth = tiers[number] + _TIED * tiers[:number].sum(axis=0)
        found, hair = self._carried_out(rows.program(-worth, 0.0, 2.0), k + j)
        plan = tiers @ found.x
        plan = np.where(plan <= CERTAIN * np.maximum(tiers.max(axis=1, initial=0.0), LEAST_SIZE), 0.0, plan)
        # with misses allowed: of a border, less and more, and of a lock
        rows.write(borders, n + np.arange(j), 1.0)
        rows.write(borders, n + j + np.arange(j), -1.0)
        rows.write(locks, n + 2 * j + np.arange(number), 1.0)
        sizes = np.concatenate([size, size, held_size])
        cost = np.concatenate([-tiers[number], self.miss, self.miss, np.full(number, _WORTH)])
        most = np.append(np.full(n, 2.0), 2 * sizes)
        missed, _ = self._solve(rows.program(cost, 0.0, most, np.append(np.ones(n), sizes)), "mix of plans")
        weights = self._weighted(missed.row_dual[locks])
        return plan, hair, (exported @ found.x, missed.row_dual[borders], weights)

    def room(self, a: Answer) -> float:
        """Return the natural size of a plane: the most it leaves to weighted tiers, whatever crosses the border."""
        return max(float(abs(a.bound) + np.abs(a.slope) @ self.limit), LEAST_SIZE)

    def _cut(self, held: Array, hair: float = CERTAIN) -> tuple[float, tuple[Array, Array, Array]]:
        """Find the tonnes at which the planes leave room for most: no plan serves more than that."""
        n, k, j, number = len(self.answers), len(self.parties), len(self.points), len(held)
        t = number + 1
        planes = np.zeros((n, k * t + j))
        for r, a in enumerate(self.answers):
            planes[r, a.party * t : (a.party + 1) * t] = a.weights[:t]
            planes[r, k * t :] = -a.slope
        size = np.array([self.room(a) for a in self.answers])
        most = np.full(k * t, np.inf)  # no plane allows so much
        for room, a in zip(size, self.answers, strict=True):
            for tier in np.flatnonzero(a.weights[:t] > 0):
                most[a.party * t + tier] = min(most[a.party * t + tier], 2 * room / a.weights[tier])
        floors, held_size = held * (1 - hair), np.maximum(held, LEAST_SIZE)
        cost = np.concatenate([np.zeros(k * t + j), np.full(number, _WORTH)])
        cost[number : k * t : t] = -1.0
        rows = Rows()
        rows.block(planes, 0, -np.inf, np.array([a.bound for a in self.answers]), size)
        for lock in range(number):
            of_tier = [*range(lock, k * t, t), k * t + j + lock]
            rows.add(of_tier, 1.0, floors[lock], np.inf, held_size[lock])
        upper, sizes = np.concatenate([most, self.limit, 2 * floors]), np.concatenate([most, self.size, held_size])
        program = rows.program(cost, 0.0, upper, sizes)
        found, value = self._solve(program, "planes")
        prices = np.zeros(j)
        for w, a in zip(-found.row_dual[:n], self.answers, strict=True):
            own = self.exporter == a.party
            prices[own] -= w * a.slope[own]
        return value, (found.x[k * t : k * t + j], prices, self._weighted(found.row_dual[n:]))


# -- reading offers -------------------------------------------------------------------------------------


def _heard(
    offers: Sequence[Any], at: Mapping[str, int], limit: Array, tiers: Sequence[str], asks: Sequence[str]
) -> tuple[list[Answer], list[str], Ints, Ints]:
    """Return the answers in canonical order, the parties, and who stands on either side of each border point."""
    held: dict[tuple[str, int], Mapping[str, Any]] = {}
    for one in offers:
        if not isinstance(one, Mapping) or one.get("format") != OFFER or not isinstance(one.get("party"), str):
            raise DataError(f'offer: one is none of format "{OFFER}". Give what offer wrote.')
        key = one["party"], checks.whole(one.get("round"), f"offer of {one['party']}: round", 1)
        if key[1] > len(asks):
            raise DataError(
                f"offer: round {key[1]} of {key[0]} is after the ask, of round {len(asks)}. Give the last ask."
            )
        if one.get("to") != asks[key[1] - 1]:
            raise DataError(
                f"offer: round {key[1]} of {key[0]} answers another ask than that of this round: it is of another "
                "exchange or round, or the ask was changed. Ask it anew."
            )
        if key in held:
            raise DataError(f"offer: round {key[1]} of {key[0]} stands twice. Give each once.")
        held[key] = one
    if not held:
        raise DataError("offer: none is given. Give those of all parties and rounds.")
    parties = sorted({party for party, _ in held})
    exporter, importer = (np.full(len(at), -1, dtype=np.int64) for _ in range(2))
    answers = []
    last = max(number for _, number in held)
    for number in range(1, last + 1):
        lengths = set()
        for i, party in enumerate(parties):
            if (party, number) not in held:
                raise DataError(f"offer: round {number} of {party} is missing. Give those of all parties and rounds.")
            given = held[party, number].get("answers")
            if not isinstance(given, Sequence) or not given:
                raise DataError(f"offer of {party}, round {number}: has no answers.")
            lengths.add(len(given))
            for place, one in enumerate(given):
                answers.append(_answer(one, (i, party, number, place), at, limit, exporter, importer, tiers))
        if len(lengths) > 1:
            raise DataError(f"offer: the parties answered another number of questions in round {number}. Ask anew.")
    for point, i in at.items():
        if min(exporter[i], importer[i]) < 0:
            raise DataError(f'offer: nobody answers for one side of "{point}". Give the offers of all parties.')
    for party in parties:
        if any(held[party, n].get("committed") != held[party, 1].get("committed") for n in range(2, last + 1)):
            raise DataError(f"offer of {party}: its tables changed between rounds: the roots that go with them differ.")
    _check_planes(answers, parties, exporter, importer, limit)
    return answers, parties, exporter, importer


def _answer(
    one: Any,
    who: tuple[int, str, int, int],
    at: Mapping[str, int],
    limit: Array,
    exporter: Ints,
    importer: Ints,
    tiers: Sequence[str],
) -> Answer:
    i, party, number, place = who
    what = f"offer of {party}, round {number}"
    if not isinstance(one, Mapping) or not all(
        isinstance(one.get(k), Mapping) for k in ("served_tpa", "exports", "imports", "weights", "prices")
    ):
        raise DataError(f"{what}: an answer lacks served, exports, imports, weights or prices. Give what offer wrote.")
    tonnes, slope = np.zeros(len(at)), np.zeros(len(at))
    for side, taken in (("exports", exporter), ("imports", importer)):
        for point, value in one[side].items():
            checks.known(point, at, what, "border point", "All parts must be of one partition.")
            j = at[point]
            if taken[j] not in (-1, i):
                raise DataError(f'{what}: "{point}" has {side} of two parties. All parts must be of one partition.')
            taken[j] = i
            tonnes[j] = checks.number(value, f"{what}: {side} of {point}")
            if tonnes[j] > limit[j] * (1 + CERTAIN) + LEAST_SIZE:
                raise DataError(f"{what}: {side} of {point} are {value:g} t/yr, above the limit of {limit[j]:g}.")
    for point, value in one["prices"].items():
        checks.known(point, at, what, "border point", "All parts must be of one partition.")
        slope[at[point]] = checks.number(value, f"{what}: price of {point}", -np.inf)
    by_tier = []
    for name in ("served_tpa", "weights"):
        if set(one[name]) != set(tiers):
            raise DataError(f"{what}: {name} is not by the tiers {', '.join(tiers)} of the ask. Answer this ask.")
        by_tier.append(np.array([checks.number(one[name][tier], f"{what}: {name} of {tier}") for tier in tiers]))
    bound = checks.number(one.get("bound_tpa"), f"{what}: bound_tpa", -np.inf)
    if one.get("asked") not in ("tonnes", "prices"):
        raise DataError(f"{what}: an answer does not say whether tonnes or prices were asked. Give what offer wrote.")
    is_priced = one["asked"] == "prices"
    return Answer(i, number, place, is_priced, by_tier[0], np.minimum(tonnes, limit), by_tier[1], bound, slope)


def _check_planes(
    answers: Sequence[Answer], parties: Sequence[str], exporter: Ints, importer: Ints, limit: Array
) -> None:
    """Raise DataError for a party whose plan lies above one of its own planes."""
    for i, party in enumerate(parties):
        own = [a for a in answers if a.party == i]
        at = (exporter == i) | (importer == i)
        plans, slopes = np.array([a.tonnes[at] for a in own]), np.array([a.slope[at] for a in own])
        weighted = np.array([a.weights for a in own]) @ np.array([a.served for a in own]).T  # plane x plan
        bounds = np.array([a.bound for a in own])
        paid = slopes @ plans.T
        size = np.abs(slopes) @ plans.T + np.abs(bounds)[:, None] + weighted
        # a bound is what is left of prices times all that was asked, so it is no surer than those
        rounded = UNIT_ROUNDING * (np.abs(slopes) @ limit[at])[:, None] + LEAST_SIZE
        above = weighted - bounds[:, None] - paid > 10 * CERTAIN * size + rounded
        if above.any():
            plane, plan = np.argwhere(above)[0]
            raise DataError(
                f"offer of {party}: its plan of round {own[plan].round} serves more than its own bound of round "
                f"{own[plane].round} allows. One of them is not of this part and scenario; ask it anew."
            )
