"""``joint_value``: what all parts can serve together, from plans and planes that each gives of itself."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.engine import CERTAIN, Certificate, Rows, WarmModel
from chainnet.errors import ChainnetWarning, DataError
from chainnet.network import Network
from chainnet.results import BOUNDED, Result, provenance, stamp
from chainnet.scenario import Scenario
from chainnet.sharing._sign import check_signature
from chainnet.sharing.joint._offer import ALL, Home, check_named, written
from chainnet.sharing.joint._partition import Partition, border_of, most_prices, own_demand
from chainnet.sharing.joint._talk import Talk
from chainnet.words import exact, percent

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
        No plan serves more; in order the sum over the tiers, and no plan that holds the values serves more.
    gap_share : float
        (bound - value) / bound.
    is_settled : bool
        Whether the gap is at most the tolerance.
    n_rounds : int
        Exchanges of one ask and one offer of each party.
    tiers : DataFrame
        tier ("all" without ``in_order``), value_tpa, bound_tpa, gap_share, is_settled. In order, one plan serves every
        tier its value, and no plan that serves the tiers before it as much serves it more than its bound.
    rounds : DataFrame
        round, tier, value_tpa, bound_tpa, gap_share.
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
    tiers: pd.DataFrame
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
    in_order: bool = False,
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
    in_order : bool
        The tiers one after the other, each held at what it got before the next is asked, as ``balance`` does with
        allies first.
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

    See Also
    --------
    sharing.partition, sharing.joint_ask, sharing.bracket

    Notes
    -----
    Cross decomposition (Van Roy 1983): from the mix of plans (Dantzig and Wolfe 1960) come a value and prices, from
    the planes (Benders 1962) a bound and tonnes. Each ask holds three sets of tonnes: of the planes, half way to the
    mix, and the lesser of what both sides could do last; and three of prices: of the mix, half way to the best so
    far, of the planes. The first asks for the baseline trade.

    In order, what a tier got is one more row over all parties in both masters: it is priced like a border, so that a
    question weighs the tiers. Plans and planes of earlier tiers stay in use. A tier that others follow is settled to a
    tenth of the tolerance, or to the tolerance once a round narrows it by less than three tenths, and then held at what
    it got, less a hundredth of the tolerance: what is left open the next may gain, so its value may lie a little above
    that of ``balance``. A tier is settled too where its width is under a
    tenth of the tolerance of what those before it get.

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
    if in_order and tier is not None:
        raise DataError("in_order: goes through all tiers; leave out tier, or in_order.")
    checks.whole(rounds, "rounds", 1)
    check_named(list(given.values()), scenario)
    ask = first_ask(given, in_order=in_order)
    homes = {name: Home(part, scenario, tier) for name, part in given.items()}
    offers: list[dict[str, Any]] = []
    asks: list[dict[str, Any]] = []
    steps: list[tuple[Any, ...]] = []
    for number in range(1, rounds + 1):
        asks.append(ask)
        offers += [{**home.answer(ask), "party": name} for name, home in homes.items()]
        talk = Talk(ask, offers, tolerance)
        steps += [
            (number, tier, stage.value, stage.bound, stage.gap)
            for tier, stage in zip(talk.tiers[len(ask["floors"]) :], talk.stages, strict=False)
        ]
        if talk.is_settled or number == rounds:
            break
        ask = talk.ask()
    if not ask["border"]:
        warnings.warn(
            "joint: no relation crosses a border, so the answer is the sum of the parts.", ChainnetWarning, stacklevel=2
        )
    settings: dict[str, Any] = {
        "parts": sorted(given),
        "scenario": scenario.name if scenario else "",
        "tier": tier,
        "in_order": in_order,
        "tolerance": tolerance,
        "rounds": rounds,
    }
    source = provenance(next(iter(given.values())), "HiGHS simplex", status=BOUNDED, **settings)
    source["graph"], source["digest"] = " + ".join(sorted(given)), ""
    found = _result(talk, border_of(given), asks, offers, steps, source)
    if not found.is_settled:
        wide = "; ".join(
            f"{row.tier} lies from {exact(row.value_tpa)} to {exact(row.bound_tpa)} t/yr, "
            f"{percent(row.gap_share, ' ')} apart"
            for row in found.tiers[~found.tiers["is_settled"]].itertuples()
        )
        warnings.warn(
            f"joint: after {found.n_rounds} rounds {wide}. Both ends are certain; give more rounds for less.",
            ChainnetWarning,
            stacklevel=2,
        )
    return found


def first_ask(parts: Mapping[str, Network], *, in_order: bool = False, exchange: str = "") -> dict[str, Any]:
    """Return the ask with which the parties begin: the baseline trade, and no prices.

    Parameters
    ----------
    parts : mapping of name to Network
    in_order : bool
        The tiers that any part asks for, one after the other; else all that counts at once.
    exchange : str
        A word that no other exchange bears, so that nothing said in one can be passed off in another.

    Returns
    -------
    dict
        format, round, exchange, before (digests of the asks so far), gap_share (of the open tier), tiers, floors (what
        settled tiers got), border (limit and miss), tonnes, prices, and for each question the weights of the tiers.

    See Also
    --------
    sharing.offer, sharing.joint_ask
    """
    border = border_of(parts)
    worth = _BEYOND * most_prices(parts, border["commodity"].fillna("").tolist())
    limit = border["limit_tpa"].to_numpy(dtype=float)
    flow = np.minimum(np.nan_to_num(border["flow_tpa"].to_numpy(dtype=float)), limit)
    tiers = _tiers(parts) if in_order else [ALL]
    points = dict(zip(border["id"], zip(limit.tolist(), worth.tolist(), strict=True), strict=True))
    alone = np.eye(len(tiers))
    asked = [("tonnes", flow, one) for one in alone] + [("prices", np.zeros(len(flow)), one) for one in alone]
    return written([], exchange, 1.0, tiers, [], points, asked)


def _tiers(parts: Mapping[str, Network]) -> list[str]:
    """Return the tiers in which any part asks for what counts, first served first."""
    orders = {part.tier_order for part in parts.values()}
    if len(orders) > 1:
        raise DataError("in_order: the parts order their tiers differently. Take the parts of one partition.")
    asked = set().union(*(part.view("demand")["tier"][own_demand(part)].dropna() for part in parts.values()))
    if not asked:
        raise DataError("in_order: no demand that counts has a tier. Leave it out.")
    return [tier for tier in orders.pop() if tier in asked]


def joint_ask(
    ask: Mapping[str, Any],
    offers: Sequence[Mapping[str, Any]],
    tolerance: float = 1e-3,
    *,
    keys: Mapping[str, bytes] | None = None,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Put together what all parties have offered in all rounds so far.

    Parameters
    ----------
    ask : mapping
        The last one.
    offers : sequence of mapping
        Every offer of every party and round.
    tolerance : float
        Gap at which there is nothing more to ask.
    keys : mapping of party to bytes, optional
        Public keys of all parties: every offer must be signed with its party's.

    Returns
    -------
    (dict, dict or None)
        value_tpa, bound_tpa, gap_share, n_rounds, and tiers: a list of tier, value_tpa, bound_tpa, gap_share and
        is_settled; and the next ask, None where every gap is closed.

    Raises
    ------
    DataError
        If an offer cannot be read, is missing, stands twice, answers another ask, or contradicts itself; with ``keys``,
        if it is not as its party signed it.

    See Also
    --------
    sharing.offer, sharing.joint_value
    """
    if keys is not None:
        _check_signed(offers, keys)
    checks.number(tolerance, "tolerance", rule="is not allowed; give a share, 0 or more.")
    talk = Talk(ask, offers, tolerance)
    rows = _tier_rows(talk)
    value, bound = (sum(row[end] for row in rows) for end in ("value_tpa", "bound_tpa"))
    gap = (bound - value) / bound if bound > 0 else 0.0
    told = {"value_tpa": value, "bound_tpa": bound, "gap_share": gap, "n_rounds": talk.n_rounds, "tiers": rows}
    return told, None if talk.is_settled else talk.ask()


def _check_signed(offers: Sequence[Mapping[str, Any]], keys: Mapping[str, bytes]) -> None:
    """Raise DataError unless every offer is as its party signed it, and all parties that have a key are heard."""
    heard = set()
    for one in offers:
        party = one.get("party") if isinstance(one, Mapping) else None
        what = f"offer of {party}, round {one.get('round')}" if isinstance(one, Mapping) else "offer"
        if not isinstance(party, str) or party not in keys:
            raise DataError(f"{what}: no key of this party was given. Give the public key of each party.")
        check_signature(one, keys[party], what)
        heard.add(party)
    for party in sorted(set(keys) - heard):
        raise DataError(f"offer: none is of {party}, whose key was given. Give those of all parties.")


# -- tables ---------------------------------------------------------------------------------------------


def _tier_rows(talk: Talk) -> list[dict[str, Any]]:
    """Return value and bound of each tier, what stands of those before it held."""
    done = len(talk.floors) + int(talk.is_settled)
    rows = []
    for number, (tier, (value, bound)) in enumerate(zip(talk.tiers, talk.ends(), strict=True)):
        gap = (bound - value) / bound if bound > 0 else 0.0
        rows.append(
            {"tier": tier, "value_tpa": value, "bound_tpa": bound, "gap_share": gap, "is_settled": number < done}
        )
    return rows


def _result(
    talk: Talk, border: pd.DataFrame, asks: Sequence[Any], offers: Sequence[Any], steps: Sequence[Any], source: Any
) -> Joint:
    trade = border[["id", "commodity", "exporter", "importer"]].copy()
    order = [talk.index[point] for point in border["id"]]
    last = talk.stages[-1]
    trade["flow_tpa"], trade["limit_tpa"] = last.mix[0][order], border["limit_tpa"]
    trade["price_t_per_t"] = last.cut[1][order]
    tiers = pd.DataFrame(_tier_rows(talk))
    value, bound = float(tiers["value_tpa"].sum()), float(tiers["bound_tpa"].sum())
    proof = Certificate.worst(talk.proofs, "joint value", value=value, bound=bound)
    return Joint(
        provenance=source,
        value_tpa=value,
        bound_tpa=bound,
        gap_share=(bound - value) / bound if bound > 0 else 0.0,
        is_settled=talk.is_settled,
        n_rounds=talk.n_rounds,
        tiers=stamp(tiers, source),
        rounds=stamp(pd.DataFrame(steps, columns=["round", "tier", "value_tpa", "bound_tpa", "gap_share"]), source),
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
        rows += [(n, "", 0, "floors", tier, value) for tier, value in ask["floors"].items()]
        asked = [(what, one) for what in ("tonnes", "prices") for one in ask[what]]
        for k, ((what, one), weights) in enumerate(zip(asked, ask["weights"], strict=True)):
            rows += [(n, "", k, what, point, value) for point, value in one.items()]
            rows += [(n, "", k, "weights", tier, value) for tier, value in weights.items()]
    for one in offers:
        for k, answer in enumerate(one["answers"]):
            head = (one["round"], one["party"], k)
            rows.append((*head, "bound_tpa", "", answer["bound_tpa"]))
            for what in ("served_tpa", "exports", "imports", "weights", "prices"):
                rows += [(*head, what, name, value) for name, value in answer[what].items()]
    return pd.DataFrame(rows, columns=["round", "sender", "answer", "what", "id", "number"])


def _learnt(talk: Talk) -> pd.DataFrame:
    """Say between what ends the messages put each party's ability at each border point."""
    rows = []
    for i, party in enumerate(talk.parties):
        own = [a for a in talk.answers if a.party == i]
        at = np.flatnonzero((talk.exporter == i) | (talk.importer == i))
        tiers = len(talk.tiers)
        lines = np.array([[*a.weights, *(-a.slope[at])] for a in own])
        room = np.array([talk.room(a) for a in own])
        size = np.append(np.full(tiers, room.min()), talk.size[at])
        none, rows_of = np.zeros(tiers + len(at)), Rows()
        rows_of.block(lines, 0, -np.inf, np.array([a.bound for a in own]), room)
        model = WarmModel(rows_of.program(none, 0.0, np.append(np.full(tiers, np.inf), talk.limit[at]), size))
        for c, j in enumerate(at, tiers):
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
