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
from chainnet.engine import CERTAIN, LEAST_SIZE, Certificate, LinearProgram, WarmModel
from chainnet.errors import ChainnetWarning, DataError
from chainnet.network import Network
from chainnet.results import BOUNDED, Result, provenance, stamp
from chainnet.scenario import Scenario
from chainnet.sharing._offer import ASK, Home, check_named, read_border
from chainnet.sharing._partition import Partition, border_of, most_prices
from chainnet.sharing._talk import Talk

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
    the planes (Benders 1962) a bound and tonnes. Each ask holds three sets of tonnes: of the planes, half way to the
    mix, and the lesser of what both sides could do last; and three of prices: of the mix, half way to the best so
    far, of the planes. The first asks for the baseline trade. Tiers are not locked one after the other.

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
        talk = Talk(ask["border"], offers)
        if talk.gap <= tolerance or number == rounds:
            break
        ask = talk.ask(number + 1)
    if not ask["border"]:
        warnings.warn(
            "joint: no relation crosses a border, so the answer is the sum of the parts.", ChainnetWarning, stacklevel=2
        )
    settings: dict[str, Any] = {
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
    checks.number(tolerance, "tolerance", rule="is not allowed; give a share, 0 or more.")
    talk = Talk(read_border(ask), offers)
    told = {"value_tpa": talk.value, "bound_tpa": talk.bound, "gap_share": talk.gap, "n_rounds": talk.n_rounds}
    return told, None if talk.gap <= tolerance else talk.ask(talk.n_rounds + 1)


# -- tables ---------------------------------------------------------------------------------------------


def _result(
    talk: Talk, border: pd.DataFrame, asks: Sequence[Any], offers: Sequence[Any], source: Any, tolerance: float
) -> Joint:
    trade = border[["id", "commodity", "exporter", "importer"]].copy()
    order = [talk.index[point] for point in border["id"]]
    trade["flow_tpa"], trade["limit_tpa"] = talk.mix_tonnes[order], border["limit_tpa"]
    trade["price_t_per_t"] = talk.cut_price[order]
    steps = []
    for number in range(1, talk.n_rounds + 1):
        then = talk if number == talk.n_rounds else Talk(asks[0]["border"], [o for o in offers if o["round"] <= number])
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
        asked = [(what, one) for what in ("tonnes", "prices") for one in ask[what]]
        for k, (what, one) in enumerate(asked):
            rows += [(n, "", k, what, point, value) for point, value in one.items()]
    for one in offers:
        for k, answer in enumerate(one["answers"]):
            head = (one["round"], one["party"], k)
            rows += [(*head, what, "", answer[what]) for what in ("served_tpa", "bound_tpa")]
            for what in ("exports", "imports", "prices"):
                rows += [(*head, what, point, value) for point, value in answer[what].items()]
    return pd.DataFrame(rows, columns=["round", "sender", "answer", "what", "id", "number"])


def _learnt(talk: Talk) -> pd.DataFrame:
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
