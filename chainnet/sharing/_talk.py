"""What offers add up to: a mix of plans that can be carried out, planes that nothing passes, and the next ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from chainnet import checks
from chainnet._types import Array, Ints
from chainnet.engine import (
    CERTAIN,
    LEAST_SIZE,
    Certificate,
    LinearProgram,
    LinearSolution,
    WarmModel,
    certify_linear,
    require,
)
from chainnet.errors import DataError
from chainnet.sharing._offer import ASK, OFFER, most_of

__all__ = ["Talk"]


@dataclass(frozen=True)
class Answer:
    """One answer of a party: a plan (served, tonnes) and a plane (bound, slope) over all border points."""

    party: int
    round: int
    place: int
    is_priced: bool
    served: float
    tonnes: Array
    bound: float
    slope: Array


class Talk:
    """All that was answered, and what follows from it: a value, a bound, and what to ask next."""

    def __init__(self, border: Mapping[str, Any], offers: Sequence[Mapping[str, Any]]) -> None:
        self.points = sorted(border)
        self.limit = np.array([float(border[i][0]) for i in self.points])
        self.miss = np.array([float(border[i][1]) for i in self.points])
        self.index = {point: i for i, point in enumerate(self.points)}
        self.answers, self.parties, self.exporter, self.importer = _heard(offers, self.index, self.limit)
        self.n_rounds = max(a.round for a in self.answers)
        self.worst: Certificate | None = None
        self.value = self.bound = 0.0
        self.size = np.maximum(self.limit, LEAST_SIZE)
        self._mix()
        self._cut()
        self.bound = max(self.bound, self.value)
        self.gap = (self.bound - self.value) / self.bound if self.bound > 0 else 0.0

    def ask(self, number: int) -> dict[str, Any]:
        """Return the next ask."""
        prices = [self.mix_price, (self.mix_price + self._best_price()) / 2, self.cut_price]
        tonnes = [self.cut_tonnes, (self.mix_tonnes + self.cut_tonnes) / 2, self._common()]
        tonnes = [np.clip(one, 0.0, self.limit) for one in tonnes]

        def named(values: Array) -> dict[str, float]:
            return dict(zip(self.points, (values + 0.0).tolist(), strict=True))

        border = {i: [float(a), float(b)] for i, a, b in zip(self.points, self.limit, self.miss, strict=True)}
        return {
            "format": ASK,
            "round": number,
            "border": border,
            "tonnes": [named(t) for t in tonnes],
            "prices": [named(p) for p in prices],
        }

    def _common(self) -> Array:
        """Return what both sides could do when the tonnes of the planes were asked last: the lesser of the two."""
        out = self.limit.copy()
        for a in self.answers:
            if (a.round, a.place) == (self.n_rounds, 0):
                own = (self.exporter == a.party) | (self.importer == a.party)
                out[own] = np.minimum(out[own], a.tonnes[own])
        return out

    def _best_price(self) -> Array:
        """Return the prices under which all together promised least: the sharpest bound that prices alone gave."""
        sums: dict[tuple[int, int], float] = {}
        for a in self.answers:
            if a.is_priced:
                sums[a.round, a.place] = sums.get((a.round, a.place), 0.0) + a.bound
        best = min(sums, key=lambda key: (sums[key], key))
        out = np.zeros(len(self.points))
        for a in self.answers:
            if (a.round, a.place) == best:
                own = self.exporter == a.party
                out[own] = -a.slope[own]
        return out

    def _solve(self, program: LinearProgram, what: str) -> tuple[LinearSolution, float]:
        """Return the optimum, and the most that its duals leave possible."""
        found = WarmModel(program).solve(None, or_wide=True)
        if found.status != "optimal":
            raise DataError(f"joint: the offers do not fit together ({what} is {found.status}). Ask them anew.")
        proof = require(certify_linear(f"joint, {what}", program, found.x, found.row_dual, program.row_scale))
        self.worst = proof if self.worst is None or proof.gap > self.worst.gap else self.worst
        return found, most_of(proof, program, found)

    def _mix(self) -> None:
        """Mix the plans so that borders agree: a value that can be carried out; with misses allowed, prices."""
        n, k, j = len(self.answers), len(self.parties), len(self.points)
        sums, border = np.zeros((k, n)), np.zeros((j, n))
        for c, a in enumerate(self.answers):
            sums[a.party, c] = 1.0
            border[:, c] = np.where(self.exporter == a.party, a.tonnes, 0.0) - np.where(
                self.importer == a.party, a.tonnes, 0.0
            )
        served = np.array([a.served for a in self.answers])
        # a party may also stand still: weights sum to 1 at most, for nothing made is a plan as well; the bounds of
        # single weights and misses never hold, they are there for the proof
        most = float(served.max(initial=0.0)) or 1.0
        for allowed in (False, True):
            m = 2 * j if allowed else 0
            slack = [np.vstack([np.zeros((k, j)), np.diag(s * np.ones(j))]) for s in (1.0, -1.0)] if allowed else []
            cost = np.append(-served, np.tile(self.miss, 2)[:m])
            program = LinearProgram(
                csc_array(np.hstack([np.vstack([sums, border]), *slack])),
                np.append(np.full(k, -np.inf), np.zeros(j)), np.append(np.ones(k), np.zeros(j)),
                np.zeros(n + m), np.append(np.full(n, 2.0), np.tile(2 * self.size, 2)[:m]), cost,
                np.append(np.ones(k), self.size), np.append(np.ones(n), np.tile(self.size, 2)[:m]),
            )  # fmt: skip
            found, _ = self._solve(program, "mix of plans")
            if allowed:
                self.mix_price = found.row_dual[k:]
            else:
                value = float((served * found.x[:n]).sum())
                self.value = 0.0 if value <= CERTAIN * most else value
                self.mix_tonnes = np.array(
                    [
                        sum(
                            w * a.tonnes[i]
                            for w, a in zip(found.x, self.answers, strict=True)
                            if a.party == self.exporter[i]
                        )
                        for i in range(j)
                    ]
                )

    def _cut(self) -> None:
        """Find the tonnes at which the planes leave room for most: no plan serves more than that."""
        n, k, j = len(self.answers), len(self.parties), len(self.points)
        rows = np.zeros((n, k + j))
        for r, a in enumerate(self.answers):
            rows[r, a.party] = 1.0
            rows[r, k:] = -a.slope
        bound = np.array([a.bound for a in self.answers])
        size = max(float(np.abs(bound).max(initial=0.0)), LEAST_SIZE)
        most = 2 * (size + float(max(np.abs(a.slope) @ self.limit for a in self.answers)))  # no plane allows so much
        program = LinearProgram(
            csc_array(rows), np.full(n, -np.inf), bound, np.zeros(k + j), np.append(np.full(k, most), self.limit),
            np.append(-np.ones(k), np.zeros(j)), np.full(n, size), np.append(np.full(k, size), self.size),
        )  # fmt: skip
        found, self.bound = self._solve(program, "planes")
        self.cut_tonnes = found.x[k:]
        weight = -found.row_dual
        self.cut_price = np.zeros(j)
        for w, a in zip(weight, self.answers, strict=True):
            own = self.exporter == a.party
            self.cut_price[own] -= w * a.slope[own]


# -- reading offers -------------------------------------------------------------------------------------


def _heard(offers: Sequence[Any], at: Mapping[str, int], limit: Array) -> tuple[list[Answer], list[str], Ints, Ints]:
    """Return the answers in canonical order, the parties, and who stands on either side of each border point."""
    held: dict[tuple[str, int], Mapping[str, Any]] = {}
    for one in offers:
        if not isinstance(one, Mapping) or one.get("format") != OFFER or not isinstance(one.get("party"), str):
            raise DataError(f'offer: one is none of format "{OFFER}". Give what offer wrote.')
        key = one["party"], checks.whole(one.get("round"), f"offer of {one['party']}: round", 1)
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
                answers.append(_answer(one, (i, party, number, place), at, limit, exporter, importer))
        if len(lengths) > 1:
            raise DataError(f"offer: the parties answered another number of questions in round {number}. Ask anew.")
    for point, i in at.items():
        if min(exporter[i], importer[i]) < 0:
            raise DataError(f'offer: nobody answers for one side of "{point}". Give the offers of all parties.')
    for party in parties:
        if any(held[party, n].get("committed") != held[party, 1].get("committed") for n in range(2, last + 1)):
            raise DataError(f"offer of {party}: its tables changed between rounds: the roots that go with them differ.")
    _check_planes(answers, parties, exporter, importer)
    return answers, parties, exporter, importer


def _answer(
    one: Any, who: tuple[int, str, int, int], at: Mapping[str, int], limit: Array, exporter: Ints, importer: Ints
) -> Answer:
    i, party, number, place = who
    what = f"offer of {party}, round {number}"
    if not isinstance(one, Mapping) or not all(
        isinstance(one.get(k), Mapping) for k in ("exports", "imports", "prices")
    ):
        raise DataError(f"{what}: an answer lacks exports, imports or prices. Give what offer wrote.")
    tonnes, slope = np.zeros(len(at)), np.zeros(len(at))
    for side, taken in (("exports", exporter), ("imports", importer)):
        for point, value in one[side].items():
            if point not in at:
                raise DataError(f'{what}: unknown border point "{point}". All parts must be of one partition.')
            j = at[point]
            if taken[j] not in (-1, i):
                raise DataError(f'{what}: "{point}" has {side} of two parties. All parts must be of one partition.')
            taken[j] = i
            tonnes[j] = checks.number(value, f"{what}: {side} of {point}")
            if tonnes[j] > limit[j] * (1 + CERTAIN) + LEAST_SIZE:
                raise DataError(f"{what}: {side} of {point} are {value:g} t/a, above the limit of {limit[j]:g}.")
    for point, value in one["prices"].items():
        if point not in at:
            raise DataError(f'{what}: unknown border point "{point}". All parts must be of one partition.')
        slope[at[point]] = checks.number(value, f"{what}: price of {point}", -np.inf)
    served = checks.number(one.get("served_tpa"), f"{what}: served_tpa")
    bound = checks.number(one.get("bound_tpa"), f"{what}: bound_tpa", -np.inf)
    if one.get("asked") not in ("tonnes", "prices"):
        raise DataError(f"{what}: an answer does not say whether tonnes or prices were asked. Give what offer wrote.")
    return Answer(i, number, place, one["asked"] == "prices", served, np.minimum(tonnes, limit), bound, slope)


def _check_planes(answers: Sequence[Answer], parties: Sequence[str], exporter: Ints, importer: Ints) -> None:
    """Raise DataError for a party whose plan lies above one of its own planes."""
    for i, party in enumerate(parties):
        own = [a for a in answers if a.party == i]
        at = (exporter == i) | (importer == i)
        plans, slopes = np.array([a.tonnes[at] for a in own]), np.array([a.slope[at] for a in own])
        served, bounds = np.array([a.served for a in own]), np.array([a.bound for a in own])
        paid = slopes @ plans.T  # plane x plan
        size = np.abs(slopes) @ plans.T + np.abs(bounds)[:, None] + served[None, :]
        above = served[None, :] - bounds[:, None] - paid > 10 * CERTAIN * size + LEAST_SIZE
        if above.any():
            plane, plan = np.argwhere(above)[0]
            raise DataError(
                f"offer of {party}: its plan of round {own[plan].round} serves more than its own bound of round "
                f"{own[plane].round} allows. One of them is not of this part and scenario; ask it anew."
            )
