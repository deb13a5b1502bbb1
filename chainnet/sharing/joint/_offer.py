"""What a party answers about its own part: a plan at its border, and a plane that all its plans lie below."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainnet import checks
from chainnet._types import Array
from chainnet.engine import (
    UNIT_ROUNDING,
    Certificate,
    LinearProgram,
    LinearSolution,
    Rows,
    WarmModel,
    certify_linear,
    require,
)
from chainnet.errors import ChainnetWarning, DataError, UnknownIdError
from chainnet.lowering import Overlay, lower
from chainnet.network import Network
from chainnet.scenario import KINDS, Scenario, ids_at_home, listed, overlay_of
from chainnet.sharing._commit import commit
from chainnet.sharing._sign import digest_of
from chainnet.sharing.joint._partition import BORDER, own_demand

ASK, OFFER = "chainnet-ask-1", "chainnet-offer-1"
# the tier of an ask that does not tell tiers apart
ALL = "all"


def offer(
    part: Network,
    ask: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    scenario: Scenario | None = None,
    *,
    tier: str | None = None,
    secret: bytes | None = None,
) -> dict[str, Any]:
    """Answer a question about a part: what it serves at given border tonnes, and at given border prices.

    Parameters
    ----------
    part : Network
        A part of ``partition``.
    ask : mapping, or sequence of mapping
        Border points with limit and miss, tonnes and prices: as ``first_ask`` and ``joint_ask`` give it. Several are
        all asks of one exchange so far: the last is answered, going on from where the others led, which takes fewer
        rounds.
    scenario : Scenario, optional
        In force; what it names in other parts is left to them.
    tier : str, optional
        Only this tier, as if it came first.
    secret : bytes, optional
        Binds every offer to the same tables: the root of ``commit(part, secret)`` goes with it, so that a row can be
        proved later, and ``joint_ask`` refuses offers of one party with different roots.

    Returns
    -------
    dict
        format, party, round, to (the digest of the ask), answers: for each what each tier is served, tonnes of exports
        and imports, and a plane (weights of tiers, bound and prices) below which every plan of the part lies. Plain
        JSON; nothing else goes out.

    Raises
    ------
    DataError
        If the question cannot be read, lacks a border point of the part, or a measure couples parts.

    See Also
    --------
    sharing.joint_ask, sharing.first_ask

    Examples
    --------
    >>> import chainnet as cn
    >>> parts = cn.sharing.partition(cn.read("mag-9"), {"usa": ["USA"], "china": ["CHN"]}).parts
    >>> found = cn.sharing.offer(parts["usa"], cn.sharing.first_ask(parts))
    >>> found["party"], len(found["answers"])
    ('usa', 2)
    """
    asks = [ask] if isinstance(ask, Mapping) else list(ask)
    if not asks:
        raise DataError("ask: none is given. Give what partition or joint wrote.")
    home = Home(part, scenario, tier)
    digests = [digest_of(one) for one in asks]
    for place, one in enumerate(asks):
        if place and one.get("before", [])[-place:] != digests[:place]:
            raise DataError(
                f"ask: number {place + 1} does not go on from those before it. Give the asks of one exchange in order."
            )
    found = [home.answer(one) for one in asks][-1]
    return found if secret is None else {**found, "committed": commit(part, secret).published}


@dataclass(frozen=True)
class _Line:
    """A border point in a part: its id, edge column, and +1 for an export, -1 for an import."""

    point: str
    column: int
    sign: float


class Home:
    """A part as a program, held by its party.

    Parameters
    ----------
    part : Network
    scenario : Scenario, optional
    tier : str, optional
    """

    def __init__(self, part: Network, scenario: Scenario | None = None, tier: str | None = None) -> None:
        self.party = part.name
        self._low = low = lower(part, at_home(part, scenario))
        self._tier, self._order = tier, part.tier_order
        if tier is not None:
            checks.known(tier, part.tier_order, "tier", "tier")
        self._counted, self._of_tier = own_demand(part), part.view("demand")["tier"].to_numpy(dtype=object)
        edges = part.view("edges")
        self.lines = [
            _Line(edges[end].iloc[i], int(i), sign)
            for end, sign in (("target", 1.0), ("source", -1.0))
            for i in np.flatnonzero(edges[end].str.startswith(BORDER))
        ]
        self._columns = np.array([line.column for line in self.lines], dtype=np.int64)
        self._signs = np.array([line.sign for line in self.lines])
        self._plain = WarmModel(replace(low.program, cost=np.zeros(len(low.program.cost))))
        self._held = WarmModel(self._wider(low.program))
        self._starts: dict[int, Any] = {}

    def _wider(self, p: LinearProgram) -> LinearProgram:
        """Return the program with a row for each border point: tonnes, less and more than asked."""
        k, n = len(self.lines), len(p.cost)
        less, scale, rows = n + np.arange(k), p.col_scale[self._columns], Rows()
        rows.each([self._columns, less, less + k], [1.0, 1.0, -1.0], 0.0, 0.0, scale)
        wider = replace(p, cost=np.zeros(n)).with_columns(np.append(scale, scale))
        return wider.with_rows(*rows.lines(n + 2 * k))

    def answer(self, ask: Mapping[str, Any]) -> dict[str, Any]:
        """Answer every question of an ask."""
        points = [line.point for line in self.lines]
        border, (tiers, _) = read_border(ask), read_tiers(ask)
        _whole(border, points, "border")
        served = {tier: self._serving(tier) for tier in tiers}
        miss = np.array([border[point][1] for point in points])
        answers = []
        for what, values, weights in read_asked(ask, points, tiers):
            at = np.array([values[point] for point in points], dtype=float)
            cost = sum((weights[tier] * served[tier] for tier in tiers), np.zeros(len(self._low.program.cost)))
            if what == "tonnes":
                x, bound, slope = self._at_tonnes(at, cost, max(weights.values()) * miss)
            else:
                x, bound, slope = self._at_prices(at, cost)
            by_tier = {tier: -float((served[tier] * x).sum()) for tier in tiers}
            answers.append(self._told(what, by_tier, x, weights, bound, slope))
        return {"format": OFFER, "party": self.party, "round": ask["round"], "to": digest_of(ask), "answers": answers}

    def _serving(self, tier: str) -> Array:
        """Return the costs under which the least is the most that a tier, or all that counts, can be served."""
        rows = self._counted
        if tier != ALL and self._tier is not None:
            raise DataError(f'offer: the ask goes through the tiers one by one; leave out tier="{self._tier}".')
        if tier != ALL:
            checks.known(tier, self._order, "ask: tiers", "tier")
        own = tier if tier != ALL else self._tier
        if own is not None:
            rows = rows & (self._of_tier == own)
        return self._low.serving(rows) if rows.any() else np.zeros(len(self._low.program.cost))

    def _at_tonnes(self, tonnes: Array, cost: Array, miss: Array) -> tuple[Array, float, Array]:
        """Return the most that is served with the border as asked, each tonne off it at a price that none is worth."""
        p = self._held.program
        k, n = len(tonnes), len(cost)
        m = len(p.row_lower) - k
        self._held.set_rows(np.append(p.row_lower[:m], tonnes), np.append(p.row_upper[:m], tonnes))
        self._held.set_cost(np.concatenate([cost, miss, miss]))
        found, bound = self._solve(self._held)
        slope = -found.row_dual[m:]
        paid = slope * tonnes
        return found.x[:n], bound - float(paid.sum()) + UNIT_ROUNDING * float(np.abs(paid).sum()), slope

    def _at_prices(self, prices: Array, cost: Array) -> tuple[Array, float, Array]:
        """Return the most that is served with exports paid and imports charged at prices, in tonnes served a tonne."""
        cost = cost.copy()
        cost[self._columns] -= prices * self._signs
        self._plain.set_cost(cost)
        found, bound = self._solve(self._plain)
        return found.x, bound, -prices * self._signs

    def _solve(self, model: WarmModel) -> tuple[LinearSolution, float]:
        """Return the optimum and the value that its duals prove."""
        # near corners fit together better than far ones that serve as much; where rounding spoils one, from afresh
        for start in (self._starts.get(id(model)), None):
            found = model.solve(start, or_wide=True)
            if found.status == "unbounded":
                raise DataError(f"offer: nothing limits what {self.party} can serve. Give capacities, or demand.")
            p = model.current()
            proof = certify_linear(f"offer of {self.party}", p, found.x, found.row_dual, p.row_scale)
            if proof.ok:
                break
        self._starts[id(model)] = found.basis
        return found, most_of(require(proof), p, found)

    def _told(
        self,
        asked: str,
        served: Mapping[str, float],
        x: Array,
        weights: Mapping[str, float],
        bound: float,
        slope: Array,
    ) -> dict[str, Any]:
        tonnes = np.maximum(x[self._columns], 0.0)
        sides = {"exports": 1.0, "imports": -1.0}
        return {
            "asked": asked,
            "served_tpa": {tier: max(value, 0.0) + 0.0 for tier, value in served.items()},
            **{side: {li.point: float(t) for li, t in zip(self.lines, tonnes, strict=True) if li.sign == sign}
               for side, sign in sides.items()},
            "weights": dict(weights),
            "bound_tpa": float(bound) + 0.0,
            "prices": {line.point: float(s) + 0.0 for line, s in zip(self.lines, slope, strict=True)},
        }  # fmt: skip


def most_of(proof: Certificate, program: LinearProgram, found: LinearSolution) -> float:
    """Return the most that a program can reach, as its duals prove it: what rounding leaves open is added."""
    paid = np.abs(program.cost * found.x)
    size = max(
        abs(proof.value), float(paid.sum()), float(np.max(np.abs(program.cost) * program.col_scale, initial=0.0))
    )
    return max(-proof.bound, -proof.value) + proof.gap * size


def read_border(ask: Any) -> dict[str, tuple[float, float]]:
    """Return limit and miss of each border point of an ask.

    Raises
    ------
    DataError
        If it is no ask, or a number is out of range.
    """
    if not isinstance(ask, Mapping) or ask.get("format") != ASK:
        raise DataError(f'ask: is none of format "{ASK}". Give what partition or joint wrote.')
    checks.whole(ask.get("round"), "ask: round", 1)
    before = ask.get("before")
    if not isinstance(before, (list, tuple)) or len(before) != ask["round"] - 1:
        raise DataError(
            "ask: before does not hold the digests of the asks before it. Give what partition or joint wrote."
        )
    border, out = ask.get("border"), {}
    if not isinstance(border, Mapping):
        raise DataError("ask: lacks border. Give what partition or joint wrote.")
    for point, pair in border.items():
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise DataError(f'ask: border of "{point}" is not [limit, miss].')
        limit, miss = (checks.number(v, f"ask: {w} of {point}") for w, v in zip(("limit", "miss"), pair, strict=True))
        out[point] = (limit, miss)
    return out


def read_tiers(ask: Mapping[str, Any]) -> tuple[list[str], list[float]]:
    """Return the tiers of an ask in order, and what those that are settled got, t/yr.

    Raises
    ------
    DataError
        If they cannot be read.
    """
    tiers, floors = ask.get("tiers"), ask.get("floors")
    texts = isinstance(tiers, (list, tuple)) and all(isinstance(tier, str) for tier in tiers)
    if not isinstance(tiers, (list, tuple)) or not texts or not tiers or len(set(tiers)) < len(tiers):
        raise DataError("ask: tiers is no list of tiers, each once. Give what partition or joint wrote.")
    if not isinstance(floors, Mapping) or list(floors) != list(tiers[: len(floors)]) or len(floors) >= len(tiers):
        raise DataError("ask: floors is not what the first of its tiers got. Give what partition or joint wrote.")
    return list(tiers), [checks.number(floors[tier], f"ask: floors of {tier}") for tier in floors]


def read_gap(ask: Mapping[str, Any]) -> float:
    """Return the gap of the open tier when it was asked for; 1 where nothing is known."""
    return checks.number(ask.get("gap_share"), "ask: gap_share", 0.0)


def read_asked(
    ask: Mapping[str, Any], points: Sequence[str], tiers: Sequence[str]
) -> list[tuple[str, dict[str, float], dict[str, float]]]:
    """Return the questions of an ask: tonnes or prices, at border points of a part, and weights of tiers."""
    weights, found = ask.get("weights"), []
    for what, least in (("tonnes", 0.0), ("prices", -np.inf)):
        given = ask.get(what)
        if not isinstance(given, (list, tuple)) or not all(isinstance(one, Mapping) for one in given):
            raise DataError(f"ask: {what} is no list of what is asked. Give what partition or joint wrote.")
        for one in given:
            _whole(one, points, what)
            found.append((what, {i: checks.number(one[i], f"ask: {what} of {i}", least) for i in points}))
    if not isinstance(weights, (list, tuple)) or len(weights) != len(found):
        raise DataError("ask: weights is no list, one for each question. Give what partition or joint wrote.")
    out = []
    for (what, at), one in zip(found, weights, strict=True):
        if not isinstance(one, Mapping) or set(one) != set(tiers):
            raise DataError("ask: weights are not by its tiers. Give what partition or joint wrote.")
        out.append((what, at, {tier: checks.number(one[tier], f"ask: weight of {tier}") for tier in tiers}))
    return out


def written(
    before: Sequence[str],
    exchange: str,
    gap: float,
    tiers: Sequence[str],
    floors: Sequence[float],
    border: Mapping[str, tuple[float, float]],
    asked: Sequence[tuple[str, Array, Array]],
) -> dict[str, Any]:
    """Return the ask after others, which are given by their digests; its questions are (what, at points, weights)."""

    def named(names: Sequence[str], values: Array) -> dict[str, float]:
        return dict(zip(names, (np.asarray(values) + 0.0).tolist(), strict=True))

    limit = np.array([most for most, _ in border.values()])
    tonnes = [(np.clip(at, 0.0, limit), w) for what, at, w in asked if what == "tonnes"]
    prices = [(at, w) for what, at, w in asked if what == "prices"]
    return {
        "format": ASK,
        "round": len(before) + 1,
        "exchange": exchange,
        "before": list(before),
        "gap_share": gap,
        "tiers": list(tiers),
        "floors": named(tiers[: len(floors)], np.asarray(floors, dtype=float)),
        "border": {point: [float(most), float(miss)] for point, (most, miss) in border.items()},
        "tonnes": [named([*border], at) for at, _ in tonnes],
        "prices": [named([*border], at) for at, _ in prices],
        "weights": [named(tiers, w) for _, w in tonnes + prices],
    }


def _whole(values: Mapping[str, Any], points: Sequence[str], what: str) -> None:
    lacking = next((point for point in points if point not in values), None)
    if lacking is not None:
        raise DataError(f'ask: {what} lacks "{lacking}", a border point of this part. Take the ask of this partition.')


# -- a scenario at home ---------------------------------------------------------------------------------


def at_home(part: Network, scenario: Scenario | None) -> Overlay:
    """Return what a scenario does to a part; border points themselves stay as agreed.

    Raises
    ------
    DataError
        If a measure couples parts: a bound above 0 on a class, a tier or an origin followed down the chain, or an
        edge across the border by its ids.
    """
    if scenario is None:
        return Overlay.none(part)
    kept = [found for m in scenario.measures if (found := KINDS[m["kind"]].at_home(part, m)) is not None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ChainnetWarning)  # what matches nothing here may do so elsewhere
        overlay = overlay_of(part, Scenario(scenario.name, kept)) if kept else Overlay.none(part)
    at_border = part.plants["id"].str.startswith(BORDER).to_numpy(dtype=bool)
    asks = part.view("demand")["node"].str.startswith(BORDER).to_numpy(dtype=bool)
    return replace(
        overlay,
        node_share=np.where(at_border, 1.0, overlay.node_share),
        demand_share=np.where(asks, 1.0, overlay.demand_share),
    )


def check_named(parts: Sequence[Network], scenario: Scenario | None) -> None:
    """Raise UnknownIdError for an id of a scenario that no part has."""
    held = [ids_at_home(part) for part in parts]
    known = {key: set().union(*(ids[key] for ids in held)) for key in ("nodes", "projects", "stocks")}
    for measure in scenario.measures if scenario else ():
        for key, ids in known.items():
            for word in listed(measure.get(key) or []):
                if word not in ids:
                    raise UnknownIdError(f'{measure["kind"]}: {key}: no part has "{word}". Correct it or leave it out.')
