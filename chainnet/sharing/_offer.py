"""What a party answers about its own part: a plan at its border, and a plane that all its plans lie below."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import block_array, csc_array, eye_array

from chainnet import checks
from chainnet._types import Array
from chainnet.engine import Certificate, LinearProgram, LinearSolution, WarmModel, certify_linear, require
from chainnet.errors import ChainnetWarning, DataError, UnknownIdError
from chainnet.lowering import Overlay, lower
from chainnet.network import Network
from chainnet.scenario import Scenario, listed, overlay_of
from chainnet.sharing._commit import commit
from chainnet.sharing._partition import BORDER, own_demand

__all__ = ["ASK", "OFFER", "Home", "at_home", "check_named", "most_of", "offer", "read_border"]

ASK, OFFER = "chainnet-ask-1", "chainnet-offer-1"
_PLACES = {"country", "region"}


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
        all asks so far: the last is answered, going on from where the others led, which takes fewer rounds.
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
        format, party, round, answers: for each a served tonnage, tonnes of exports and imports, and a plane (bound
        and prices) below which every plan of the part lies. Plain JSON; nothing else goes out.

    Raises
    ------
    DataError
        If the question cannot be read, lacks a border point of the part, or a measure couples parts.

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
        low = lower(part, at_home(part, scenario))
        counted = own_demand(part)
        if tier is not None:
            checks.choice(tier, "tier", "tier", part.tier_order)
            counted = counted & (part.view("demand")["tier"] == tier).to_numpy(dtype=bool)
        edges = part.view("edges")
        self.lines = [
            _Line(edges[end].iloc[i], int(i), sign)
            for end, sign in (("target", 1.0), ("source", -1.0))
            for i in np.flatnonzero(edges[end].str.startswith(BORDER))
        ]
        self._columns = np.array([line.column for line in self.lines], dtype=np.int64)
        self._signs = np.array([line.sign for line in self.lines])
        self._cost = low.serving(counted) if counted.any() else np.zeros(len(low.program.cost))
        self._program = low.program
        self._plain = WarmModel(replace(low.program, cost=self._cost))
        self._held = WarmModel(self._wider(low.program))
        self._starts: dict[int, Any] = {}

    def _wider(self, p: LinearProgram) -> LinearProgram:
        """Return the program with a row for each border point: tonnes, less and more than asked."""
        k, n = len(self.lines), len(p.cost)
        pick = csc_array((np.ones(k), (np.arange(k), self._columns)), shape=(k, n))
        none = np.zeros(k)
        scale = p.col_scale[self._columns]
        return LinearProgram(
            csc_array(block_array([[p.matrix, None, None], [pick, eye_array(k), -eye_array(k)]])) if k else p.matrix,
            np.append(p.row_lower, none), np.append(p.row_upper, none),
            np.append(p.col_lower, np.zeros(2 * k)), np.append(p.col_upper, np.full(2 * k, np.inf)),
            np.append(self._cost, np.zeros(2 * k)),
            np.append(p.row_scale, scale), np.concatenate([p.col_scale, scale, scale]),
        )  # fmt: skip

    def answer(self, ask: Mapping[str, Any]) -> dict[str, Any]:
        """Answer every question of an ask."""
        border, tonnes, prices = _read(ask, [line.point for line in self.lines])
        miss = np.array([border[line.point][1] for line in self.lines])
        answers = [self._at_tonnes(self._own(one), miss) for one in tonnes]
        answers += [self._at_prices(self._own(one)) for one in prices]
        return {"format": OFFER, "party": self.party, "round": ask["round"], "answers": answers}

    def _own(self, values: Mapping[str, float]) -> Array:
        return np.array([values[line.point] for line in self.lines], dtype=float)

    def _at_tonnes(self, tonnes: Array, miss: Array) -> dict[str, Any]:
        """Return the most that is served with the border as asked, each tonne off it at a price that none is worth."""
        p = self._held.program
        k, n = len(tonnes), len(self._cost)
        m = len(p.row_lower) - k
        self._held.set_rows(np.append(p.row_lower[:m], tonnes), np.append(p.row_upper[:m], tonnes))
        self._held.set_cost(np.concatenate([self._cost, miss, miss]))
        found, bound = self._solve(self._held)
        slope = -found.row_dual[m:]
        return self._told("tonnes", found.x[:n], bound - float((slope * tonnes).sum()), slope)

    def _at_prices(self, prices: Array) -> dict[str, Any]:
        """Return the most that is served with exports paid and imports charged at prices, in tonnes served a tonne."""
        cost = self._cost.copy()
        cost[self._columns] -= prices * self._signs
        self._plain.set_cost(cost)
        found, bound = self._solve(self._plain)
        return self._told("prices", found.x, bound, -prices * self._signs)

    def _solve(self, model: WarmModel) -> tuple[LinearSolution, float]:
        """Return the optimum and the value that its duals prove."""
        found = model.solve(self._starts.get(id(model)), or_wide=True)
        if found.status == "unbounded":
            raise DataError(f"offer: nothing limits what {self.party} can serve. Give capacities, or demand.")
        # near corners fit together better than far ones that serve as much
        self._starts[id(model)] = found.basis
        p = model.current()
        proof = require(certify_linear(f"offer of {self.party}", p, found.x, found.row_dual, p.row_scale))
        return found, most_of(proof, p, found)

    def _told(self, asked: str, x: Array, bound: float, slope: Array) -> dict[str, Any]:
        tonnes = np.maximum(x[self._columns], 0.0)
        sides = {"exports": 1.0, "imports": -1.0}
        return {
            "asked": asked,
            "served_tpa": max(-float((self._cost * x).sum()), 0.0) + 0.0,
            **{side: {li.point: float(t) for li, t in zip(self.lines, tonnes, strict=True) if li.sign == sign}
               for side, sign in sides.items()},
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
    border, out = ask.get("border"), {}
    if not isinstance(border, Mapping):
        raise DataError("ask: lacks border. Give what partition or joint wrote.")
    for point, pair in border.items():
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise DataError(f'ask: border of "{point}" is not [limit, miss].')
        limit, miss = (checks.number(v, f"ask: {w} of {point}") for w, v in zip(("limit", "miss"), pair, strict=True))
        out[point] = (limit, miss)
    return out


def _read(
    ask: Any, points: Sequence[str]
) -> tuple[dict[str, tuple[float, float]], list[dict[str, float]], list[dict[str, float]]]:
    """Return border (limit and miss), tonnes and prices of an ask, as far as a part is concerned."""
    border = read_border(ask)
    _whole(border, points, "border")
    found = []
    for what, least in (("tonnes", 0.0), ("prices", -np.inf)):
        given = ask.get(what)
        if not isinstance(given, (list, tuple)) or not all(isinstance(one, Mapping) for one in given):
            raise DataError(f"ask: {what} is no list of what is asked. Give what partition or joint wrote.")
        for one in given:
            _whole(one, points, what)
        found.append([{i: checks.number(one[i], f"ask: {what} of {i}", least) for i in points} for one in given])
    return border, found[0], found[1]


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
    kept = [found for m in scenario.measures if (found := _own_part(part, m)) is not None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ChainnetWarning)  # what matches nothing here may do so elsewhere
        overlay = overlay_of(part, Scenario(scenario.name, kept)) if kept else Overlay.none(part)
    ids = np.concatenate([part.view("nodes")["id"], part.view("projects")["id"]]).astype(str)
    at_border = np.char.startswith(ids, BORDER) if len(ids) else np.zeros(0, dtype=bool)
    asks = part.view("demand")["node"].str.startswith(BORDER).to_numpy(dtype=bool)
    return replace(
        overlay,
        node_share=np.where(at_border, 1.0, overlay.node_share),
        demand_share=np.where(asks, 1.0, overlay.demand_share),
    )


def _own_part(part: Network, measure: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a measure with what it names in this part; None where that is nothing."""
    new = dict(measure)
    kind = new["kind"]
    if kind in ("restrict", "quota"):
        away = {key for side in ("from", "to") for key in new.get(side, {})} - _PLACES
        if kind == "quota" or new.get("share", 0.0) or "tier" in new or "origin" in new or away:
            raise DataError(
                f"{kind}: parts can stop trade between countries, by commodity, wholly; no share, tonnage, tier, "
                "origin, stage or step: that couples the parts. Leave it out, or ask the whole network."
            )
    ids = {
        "nodes": _known(part, "nodes", "projects"),
        "projects": _known(part, "nodes", "projects"),
        "stocks": _known(part, "stocks"),
    }
    named = [key for key in (*ids, "edges") if new.get(key)]
    for key in [key for key in named if key != "edges"]:
        new[key] = [word for word in listed(new[key]) if word in ids[key]]
    if new.get("edges"):
        own = [[end in ids["nodes"] for end in pair[:2]] for pair in new["edges"]]
        if any(any(ends) and not all(ends) for ends in own):
            raise DataError(f"{kind}: an edge across the border cannot be named by its ids. Use restrict from and to.")
        new["edges"] = [pair for pair, ends in zip(new["edges"], own, strict=True) if all(ends)]
    if named and not any(new[key] for key in named) and "where" not in new:
        return None
    new = {key: value for key, value in new.items() if key not in named or value}
    if "commodity" in new:
        goods = (
            set(part.view("edges")["commodity"])
            | set(part.view("demand")["commodity"])
            | set(part.view("commodities")["id"])
        )
        new["commodity"] = [word for word in listed(new["commodity"]) if word in goods]
        if not new["commodity"]:
            return None
    return new


def _known(part: Network, *tables: str) -> set[str]:
    return {name for table in tables for name in part.view(table)["id"]}


def check_named(parts: Sequence[Network], scenario: Scenario | None) -> None:
    """Raise UnknownIdError for an id of a scenario that no part has."""
    plants = set().union(*(_known(part, "nodes", "projects") for part in parts))
    known = {"nodes": plants, "projects": plants, "stocks": set().union(*(_known(part, "stocks") for part in parts))}
    for measure in scenario.measures if scenario else ():
        for key, ids in known.items():
            for word in listed(measure.get(key) or []):
                if word not in ids:
                    raise UnknownIdError(f'{measure["kind"]}: {key}: no part has "{word}". Correct it or leave it out.')
