"""``joint_value``: what all parts can serve together, from plans and planes that each gives of itself."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
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
from chainnet.errors import ChainnetWarning, DataError
from chainnet.network import Network
from chainnet.results import BOUNDED, Result, provenance, stamp
from chainnet.scenario import Scenario
from chainnet.sharing._offer import ASK, OFFER, Home, check_named, most_of
from chainnet.sharing._partition import Partition, border_of, most_prices

__all__ = ["Joint", "first_ask", "joint_ask", "joint_value"]

# a miss must cost more than a tonne can be worth
_BEYOND = 1.5


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Joint(Result):
    """What all parts serve together, between two ends that both are certain.

    Attributes
    ----------
    value_tpa : float
        A plan exists that serves so much: each party mixes its own answers, and the borders agree.
    bound_tpa : float
        No plan serves more.
    gap_share : float
        (bound - value) / bound.
    is_settled : bool
        Whether the gap is at most the tolerance.
    n_rounds : int
        Exchanges of one ask and one offer of each party.
    rounds : DataFrame
        round, value_tpa, bound_tpa, gap_share.
    trade : DataFrame
        The border of the plan: id, commodity, exporter, importer, flow_tpa, limit_tpa, price_t_per_t.
    exchanged : DataFrame
        Every number that went out: round, sender, answer, what, id, number.
    learnt : DataFrame
        party, id, side, can_tpa (that the others have seen it do), most_tpa (what all its planes leave possible),
        limit_tpa, is_narrowed.
    certificate : Certificate
        The worst program solved by the one who puts the answers together; each party proves its own.
    """

    value_tpa: float
    bound_tpa: float
    gap_share: float
    is_settled: bool
    n_rounds: int
    rounds: pd.DataFrame
    trade: pd.DataFrame
    exchanged: pd.DataFrame
    learnt: pd.DataFrame
    certificate: Certificate


def joint_value(
    parts: Partition | Mapping[str, Network],
    scenario: Scenario | None = None,
    *,
    tier: str | None = None,
    tolerance: float = 1e-3,
    rounds: int = 30,
) -> Joint:
    """Find what all parts can serve together while each stays at home.

    Parameters
    ----------
    parts : Partition or mapping of name to Network
        As ``partition`` makes them.
    scenario : Scenario, optional
        Each party puts it to its own part.
    tier : str, optional
        Only this tier, as if it came first; None = all that count.
    tolerance : float
        Gap at which it stops, a part of the bound; above 0, below 1.
    rounds : int
        Most exchanges.

    Returns
    -------
    Joint
        The value of the whole network (``cn.chokepoints`` counts the same) lies from ``value_tpa`` to ``bound_tpa``.

    Raises
    ------
    DataError
        If the parts do not fit, an argument is out of range, or a measure couples parts (a share or a tonnage of
        trade, a tier, an origin).
    UnknownIdError
        If no part has an id that a measure names.

    Warns
    -----
    ChainnetWarning
        If the rounds are over before the gap is closed, or no relation crosses a border.

    Notes
    -----
    Cross decomposition (Van Roy 1983): from the mix of plans (Dantzig and Wolfe 1960) come a value and prices, from
    the planes (Benders 1962) a bound and tonnes. Each ask holds two sets of tonnes, of the planes and half way to the
    mix, and three of prices: of the mix, half way to the best so far, of the planes. The first asks for the baseline trade. Tiers are
    not locked one after the other.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> parts = cn.sharing.partition(net, {"usa": ["USA"], "china": ["CHN"]})
    >>> found = cn.sharing.joint_value(parts)
    >>> round(found.value_tpa, 6), found.is_settled
    (50.0, True)
    """
    given: Mapping[str, Network] = parts.parts if isinstance(parts, Partition) else parts
    if not isinstance(given, Mapping) or not given:
        raise DataError("parts: give a Partition, or a mapping of names to networks.")
    tolerance = checks.number(tolerance, "tolerance", rule="is not allowed; give a share above 0, below 1.")
    if not 0 < tolerance < 1:
        raise DataError(f"tolerance: {tolerance!r} is not allowed; give a share above 0, below 1.")
    checks.whole(rounds, "rounds", 1)
    check_named(list(given.values()), scenario)
    ask = first_ask(given)
    homes = {name: Home(part, scenario, tier) for name, part in given.items()}
    offers: list[dict[str, Any]] = []
    asks: list[dict[str, Any]] = []
    for number in range(1, rounds + 1):
        asks.append(ask)
        offers += [{**home.answer(ask), "party": name} for name, home in homes.items()]
        talk = _Talk(ask["border"], offers)
        if talk.gap <= tolerance or number == rounds:
            break
        ask = talk.ask(number + 1)
    if not ask["border"]:
        warnings.warn(
            "joint: no relation crosses a border, so the answer is the sum of the parts.", ChainnetWarning, stacklevel=2
        )
    settings = {
        "parts": sorted(given),
        "scenario": scenario.name if scenario else "",
        "tier": tier,
        "tolerance": tolerance,
        "rounds": rounds,
    }
    source = provenance(next(iter(given.values())), "HiGHS simplex", status=BOUNDED, **settings)
    source["graph"], source["digest"] = " + ".join(sorted(given)), ""
    found = _result(talk, border_of(given), asks, offers, source, tolerance)
    if not found.is_settled:
        warnings.warn(
            f"joint: after {found.n_rounds} rounds the value lies from {found.value_tpa:.6g} to {found.bound_tpa:.6g} "
            f"t/a, {found.gap_share:.2%} apart. Both ends are certain; give more rounds for less.",
            ChainnetWarning,
            stacklevel=2,
        )
    return found


def first_ask(parts: Mapping[str, Network]) -> dict[str, Any]:
    """Return the ask with which the parties begin: the baseline trade, and no prices."""
    border = border_of(parts)
    worth = _BEYOND * most_prices(parts, border["commodity"].fillna("").tolist())
    limit = border["limit_tpa"].to_numpy(dtype=float)
    flow = np.minimum(np.nan_to_num(border["flow_tpa"].to_numpy(dtype=float)), limit)
    points = border["id"].tolist()
    return {
        "format": ASK,
        "round": 1,
        "border": {i: [float(most), float(m)] for i, most, m in zip(points, limit, worth, strict=True)},
        "tonnes": [dict(zip(points, flow.tolist(), strict=True))],
        "prices": [dict.fromkeys(points, 0.0)],
    }


def joint_ask(
    ask: Mapping[str, Any], offers: Sequence[Mapping[str, Any]], tolerance: float = 1e-3
) -> tuple[dict[str, float], dict[str, Any] | None]:
    """Put together what all parties have offered in all rounds so far.

    Parameters
    ----------
    ask : mapping
        The last one.
    offers : sequence of mapping
        Every offer of every party and round.
    tolerance : float
        Gap at which there is nothing more to ask.

    Returns
    -------
    (dict, dict or None)
        value_tpa, bound_tpa, gap_share, n_rounds; and the next ask, None where the gap is closed.

    Raises
    ------
    DataError
        If an offer cannot be read, is missing, stands twice, or contradicts itself.
    """
    if not isinstance(ask, Mapping) or ask.get("format") != ASK:
        raise DataError(f'ask: is none of format "{ASK}". Give what partition or joint wrote.')
    talk = _Talk(ask["border"], offers)
    told = {"value_tpa": talk.value, "bound_tpa": talk.bound, "gap_share": talk.gap, "n_rounds": talk.n_rounds}
    return told, None if talk.gap <= tolerance else talk.ask(talk.n_rounds + 1)


@dataclass(frozen=True)
class _Answer:
    """One answer of a party: a plan (served, tonnes) and a plane (bound, slope) over all border points."""

    party: int
    round: int
    place: int
    is_priced: bool
    served: float
    tonnes: Array
    bound: float
    slope: Array


class _Talk:
    """All that was answered, and what follows from it: a value, a bound, and what to ask next."""

    def __init__(self, border: Mapping[str, Any], offers: Sequence[Mapping[str, Any]]) -> None:
        self.points = sorted(border)
        self.limit = np.array([float(border[i][0]) for i in self.points])
        self.miss = np.array([float(border[i][1]) for i in self.points])
        self.at = {point: i for i, point in enumerate(self.points)}
        self.answers, self.parties, self.exporter, self.importer = _heard(offers, self.at, self.limit)
        self.n_rounds = max(a.round for a in self.answers)
        self.worst: Certificate | None = None
        self.size = np.maximum(self.limit, LEAST_SIZE)
        self._mix()
        self._cut()
        self.bound = max(self.bound, self.value)
        self.gap = (self.bound - self.value) / self.bound if self.bound > 0 else 0.0

    def ask(self, number: int) -> dict[str, Any]:
        """Return the next ask."""
        prices = [self.mix_price, (self.mix_price + self._best_price()) / 2, self.cut_price]
        tonnes = [np.clip(t, 0.0, self.limit) for t in ((self.mix_tonnes + self.cut_tonnes) / 2, self.cut_tonnes)]

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
        # a party may also stand still: weights sum to 1 at most, for nothing made is a plan as well; the bounds of single
        # weights and misses never hold, they are there for the proof
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


def _heard(offers: Sequence[Any], at: Mapping[str, int], limit: Array) -> tuple[list[_Answer], list[str], Ints, Ints]:
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
    _check_planes(answers, parties, exporter, importer)
    return answers, parties, exporter, importer


def _answer(
    one: Any, who: tuple[int, str, int, int], at: Mapping[str, int], limit: Array, exporter: Ints, importer: Ints
) -> _Answer:
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
    return _Answer(i, number, place, one["asked"] == "prices", served, np.minimum(tonnes, limit), bound, slope)


def _check_planes(answers: Sequence[_Answer], parties: Sequence[str], exporter: Ints, importer: Ints) -> None:
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


# -- tables ---------------------------------------------------------------------------------------------


def _result(
    talk: _Talk, border: pd.DataFrame, asks: Sequence[Any], offers: Sequence[Any], source: Any, tolerance: float
) -> Joint:
    trade = border[["id", "commodity", "exporter", "importer"]].copy()
    order = [talk.at[point] for point in border["id"]]
    trade["flow_tpa"], trade["limit_tpa"] = talk.mix_tonnes[order], border["limit_tpa"]
    trade["price_t_per_t"] = talk.cut_price[order]
    steps = []
    for number in range(1, talk.n_rounds + 1):
        then = (
            talk if number == talk.n_rounds else _Talk(asks[0]["border"], [o for o in offers if o["round"] <= number])
        )
        steps.append((number, then.value, then.bound, then.gap))
    assert talk.worst is not None
    proof = replace(talk.worst, problem="joint value", value=talk.value, bound=talk.bound)
    return Joint(
        provenance=source,
        value_tpa=talk.value,
        bound_tpa=talk.bound,
        gap_share=talk.gap,
        is_settled=bool(talk.gap <= tolerance),
        n_rounds=talk.n_rounds,
        rounds=stamp(pd.DataFrame(steps, columns=["round", "value_tpa", "bound_tpa", "gap_share"]), source),
        trade=stamp(trade, source),
        exchanged=stamp(_exchanged(asks, offers), source),
        learnt=stamp(_learnt(talk), source),
        certificate=proof,
    )


def _exchanged(asks: Sequence[Mapping[str, Any]], offers: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for ask in asks:
        n = ask["round"]
        for point, (limit, miss) in ask["border"].items():
            rows += [(n, "", 0, "limit", point, limit), (n, "", 0, "miss", point, miss)]
        for k, (what, one) in enumerate([(what, one) for what in ("tonnes", "prices") for one in ask[what]]):
            rows += [(n, "", k, what, point, value) for point, value in one.items()]
    for one in offers:
        for k, answer in enumerate(one["answers"]):
            head = (one["round"], one["party"], k)
            rows += [(*head, what, "", answer[what]) for what in ("served_tpa", "bound_tpa")]
            for what in ("exports", "imports", "prices"):
                rows += [(*head, what, point, value) for point, value in answer[what].items()]
    return pd.DataFrame(rows, columns=["round", "sender", "answer", "what", "id", "number"])


def _learnt(talk: _Talk) -> pd.DataFrame:
    """Say between what ends the messages put each party's ability at each border point."""
    rows = []
    for i, party in enumerate(talk.parties):
        own = [a for a in talk.answers if a.party == i]
        at = np.flatnonzero((talk.exporter == i) | (talk.importer == i))
        lines = np.array([[1.0, *(-a.slope[at])] for a in own])
        size = np.append(max(max(abs(a.bound) for a in own), LEAST_SIZE), talk.size[at])
        none = np.zeros(len(at) + 1)
        program = LinearProgram(
            csc_array(lines), np.full(len(own), -np.inf), np.array([a.bound for a in own]), none,
            np.append(np.inf, talk.limit[at]), none, np.full(len(own), size[0]), size,
        )  # fmt: skip
        model = WarmModel(program)
        for c, j in enumerate(at, 1):
            cost = none.copy()
            cost[c] = -1.0
            model.set_cost(cost)
            found = model.solve(None, or_wide=True)
            can = max(float(a.tonnes[j]) for a in own)
            most = max(-found.value, can) if found.status == "optimal" else float(talk.limit[j])
            rows.append(
                (
                    party,
                    talk.points[j],
                    "export" if talk.exporter[j] == i else "import",
                    can,
                    most,
                    float(talk.limit[j]),
                )
            )
    table = pd.DataFrame(rows, columns=["party", "id", "side", "can_tpa", "most_tpa", "limit_tpa"])
    table["is_narrowed"] = (table["can_tpa"] > 0) | (table["most_tpa"] < table["limit_tpa"] * (1 - CERTAIN))
    return table
