"""``best_reply``: what the one whom a policy is aimed at does best about it, and what is then left of the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Words
from chainnet.engine import Certificate, Ordered, require
from chainnet.errors import DataError
from chainnet.network import Network, check_network
from chainnet.prices._conduct import Tried, best_number
from chainnet.prices._entry import Members
from chainnet.prices._market import Market, market
from chainnet.prices._setting import Setting, cleared_with, prepare
from chainnet.prices._terms import known_commodities, main_outputs
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario
from chainnet.words import country_name, dollars, first_capital, in_sentence, inside, join, readable_id, tonnes

NEAR = 1e-2  # of the span of what the player had with the sizes tried: what a better one may still bring
STILL = 1e-7  # of the largest size, to which the best is found
TIE = 1e-6  # of that span: answers as near are equally good
FULL = 1e-6  # a hair: as near plants run full, and a quota lies below a step
HAIR = 1e-5  # of a subsidy, to which the least is found
NONE, NOTHING = "none", "nothing"
UNITS = {"residual": "relative"}
SIDES = ("player", "members", "others")


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Replies(Result):
    """A table of policies against the answers of a player, and the answers that pay it best.

    Attributes
    ----------
    table : DataFrame
        A row per policy and answer: policy ("none" first), answer; usd_per_t (the tax, the subsidy of a flood, or what
        a licence of a quota is worth; a stop has none), exports_tpa (of the player's good over its border); what the
        player, the members and the others (third countries) have with it, and its change against the market with
        neither policy nor answer: player_total_usd_per_a, player_change_usd_per_a, members_..., others_...;
        price_usd_per_t (what members pay for the good, the mean by tonnes), between price_low_usd_per_t and
        price_high_usd_per_t (ends of what goes with the same flows); levy_usd_per_t and held (of the policy's first
        floor on the good); built_tpa (of projects that entered anywhere); gap_usd_per_a (what another size of the
        answer could still bring the player by the bound of the search; blank where nothing is searched, or where the
        sizes tried do not bear the bound out); is_best; residual (largest part of the cell's certificate).
    best : DataFrame
        The rows in which ``is_best``: several of a policy where answers are equally good.
    sentence : str
        The best answers in words.
    certificate : Certificate
        The worst of all cells.
    """

    table: pd.DataFrame
    best: pd.DataFrame
    sentence: str
    certificate: Certificate


def best_reply(
    network: Network,
    policy: Scenario | Sequence[Mapping[str, Any]] | Mapping[str, Any] | None,
    player: str,
    commodity: str,
    *,
    to: Words = None,
    **market: Any,
) -> Replies:
    """Find what a player does best about a policy, and clear the market again with each of its answers.

    Its answers: nothing; the export tax and the export quota that bring it most; a stop of its exports; a flood, in
    which a subsidy makes its plants run full. It minds its own users, makers and treasury together. One round:
    the policy stays as it is, and its levies and contracts are found anew.

    Parameters
    ----------
    network : Network
    policy : Scenario, list of measures, or mapping of name to either
        What the members do; the market without it is always shown too. None = that alone.
    player : str
        The country or group that answers.
    commodity : str
        The good that it taxes, limits, stops or floods with.
    to : str or list of str, optional
        The members; default the beneficiaries.
    **market
        As in ``market``, but ``draws`` and ``seed``. Of ranges the middle is used.

    Returns
    -------
    Replies

    Raises
    ------
    DataError, UnknownIdError
        As ``market``; if the player is a member, or sells nothing of the good abroad.

    See Also
    --------
    market, retaliation, prices.floor_curve

    Notes
    -----
    A size is found as a leader's sales are: what the player has between two sizes is bounded by what a tonne more is
    worth and by what it has beside that, and the interval with the largest bound is halved. It is given a millionth
    less, for at a step of supply or demand nothing says who sells. Licences of a quota are
    the player's, so without a floor the best quota is as good as the best tax. A floor at the members' border takes
    what a tax leaves: the player may raise the tax until the levy is gone, and pay itself what it paid them.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import best_reply
    >>> found = best_reply(cn.read("gallium"), None, "CHN", "ga_primary", demand_elasticity=0.5)
    >>> found.best["answer"].tolist()
    ['export tax', 'quota']
    """
    check_network(network)
    for word in ("draws", "seed"):
        if word in market:
            raise DataError(f"{word}: best_reply uses the middle of every range. Leave it out.")
    checks.known(commodity, known_commodities(network), "commodity", "commodity")
    members, other = Members.of(network, to), Members.of(network, player, "player")
    if (members.inside & other.inside).any():
        raise DataError(f"player: {player} is one of the members. Name another, or say in to who the members are.")
    sides = _Sides(network, commodity, str(player), other, members, market)
    policies = _policies(policy)
    cells = [cell for name, measures in policies.items() for cell in sides.answers(name, measures)]
    table = pd.DataFrame([_row_of(row, cells[0][0]) for row, _ in cells])
    table = table.assign(held=table["held"].astype("boolean"), is_best=_best(table))
    best = table[table["is_best"]].reset_index(drop=True)
    said = [_said(str(player), commodity, name, best[best["policy"] == name]) for name in policies]
    given: dict[str, Any] = {word: market[word] for word in ("run", "by", "reroute") if word in market}
    given |= {"player": player, "commodity": commodity, "to": members.words, "policies": list(policies)}
    source = provenance(network, "HiGHS simplex and equations", **given)
    return Replies(
        provenance=source,
        table=stamp(table, source, units=UNITS),
        best=stamp(best, source, units=UNITS),
        sentence=" ".join(said),
        certificate=require(Certificate.worst([found.certificate for _, found in cells], "market, answers")),
    )


def _row_of(row: dict[str, Any], free: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the change of each total behind it."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        found[name] = value
        if name.endswith("_total_usd_per_a"):
            found[name.replace("total", "change")] = value - free[name]
    return found


def _policies(given: Any) -> dict[str, list[Mapping[str, Any]]]:
    """Return the measures of each policy by its name, the market without any first."""
    is_none = given is None or (isinstance(given, list) and not given)
    named = given if isinstance(given, Mapping) else {} if is_none else {"policy": given}
    found: dict[str, list[Mapping[str, Any]]] = {NONE: []}
    for name, one in named.items():
        if name == NONE or not isinstance(one, (Scenario, Sequence)) or isinstance(one, str):
            raise DataError(
                f"policy: {name!r}: {one!r} is no policy; give a list of measures, or a mapping of name to list. "
                '"none" is there by itself.'
            )
        found[str(name)] = list(one.measures if isinstance(one, Scenario) else one)
    return found


def _best(table: pd.DataFrame) -> pd.Series:
    """Return which answers bring the player most under their policy; nothing, where nothing brings more."""
    total = table["player_total_usd_per_a"]
    span = total.groupby(table["policy"]).transform(lambda part: part.max() - part.min())
    near = TIE * span + FULL * STILL * total.abs()
    is_best = total >= total.groupby(table["policy"]).transform("max") - near
    rests = table["policy"].isin(table.loc[is_best & (table["answer"] == NOTHING), "policy"])
    return is_best & (~rests | (table["answer"] == NOTHING))


@dataclass(frozen=True, eq=False)
class _Sides:
    """Who answers with what, whom it meets, and the market in which they do."""

    network: Network
    commodity: str
    player: str
    other: Members
    members: Members
    market: dict[str, Any]

    def answers(self, name: str, policy: list[Mapping[str, Any]]) -> list[tuple[dict[str, Any], Market]]:
        """Return the cells of one policy: each answer at its best size, with the market that clears under it."""
        border = {"from": {"country": self.other.words}, "commodity": self.commodity}
        tax: dict[str, Any] = {"kind": "export_tax", **border}
        quota: dict[str, Any] = {"kind": "quota", **border}
        taxed = prepare(self.network, policy=[*policy, {**tax, "usd_per_t": 0.0}], **self.market)
        sold = self._exports(taxed, cleared_with(taxed)[0].found.x)
        if not sold > 0 and not policy:
            raise DataError(f"commodity: {self.player} sells no {self.commodity} abroad. Name another good, or player.")
        tonnes_best, gap, most = self._quota(policy, quota, sold)
        usd_best, tax_gap = self._tax(taxed, most)
        asked: list[tuple[str, dict[str, Any] | None, float, float]] = [
            (NOTHING, None, np.nan, np.nan),
            ("export tax", {**tax, "usd_per_t": usd_best}, usd_best, tax_gap),
            ("quota", {**quota, "tpa": tonnes_best}, np.nan, gap),
            ("stop", {**quota, "tpa": 0.0}, np.nan, np.nan),
        ]
        if flood := self._flood(policy):
            asked.append(("flood", flood, float(flood["usd_per_t"]), np.nan))
        return [self._cell(name, answer, policy, measure, usd, left) for answer, measure, usd, left in asked]

    def _exports(self, setting: Setting, x: Array) -> float:
        """Return what the player sells of the good over its border; the measure asked about is the last."""
        return float(x[setting.clearing.own_columns(setting.instruments[-1])].sum())

    def _total(self, setting: Setting, cleared: Any) -> float:
        table = setting.welfare(cleared)["total_usd_per_a"]
        return float(table[table.index.isin(self.other.places)].sum())

    def _quota(
        self, policy: list[Mapping[str, Any]], measure: dict[str, Any], sold: float
    ) -> tuple[float, float, float]:
        """Return the best quota, what another could bring more, and the most that a licence can be worth."""
        setting = prepare(self.network, policy=[*policy, {**measure, "tpa": sold}], **self.market)
        number = len(setting.instruments) - 1
        if not sold > 0 or number not in setting.quotas:
            return sold, np.nan, 0.0
        base = setting.program.program
        fewest = np.zeros(len(base.cost))
        fewest[setting.clearing.own_columns(setting.instruments[-1])] = 1.0  # what is kept for some users must go out
        least = min(max(Ordered(base, "market, fewest exports").stage(fewest).value, 0.0) * (1.0 + STILL), sold)

        def at(tpa: float) -> Tried:
            one = setting.with_measure(number, tpa=tpa)
            cleared = cleared_with(one)[0]
            worth = -float(cleared.dual[one.quotas[number]])
            return Tried(self._total(one, cleared), worth, _binding(one))

        def bound(left: float, low: Tried, right: float, high: Tried) -> float:
            return low.worth * right + high.gain - high.worth * right

        tried = _Kept(at)
        best, gap = best_number(tried, least, sold, bound, _near, STILL * sold)
        # at a step a licence is worth anything up to it, and at a tax as high all sellers are alike: a hair less
        return best * (1.0 - FULL), tried.proved(gap, 1.0), tried(least).worth

    def _tax(self, setting: Setting, most: float) -> tuple[float, float]:
        """Return the best export tax, and what another could bring more."""
        if not most > 0:
            return 0.0, np.nan
        number = len(setting.instruments) - 1

        def at(usd: float) -> Tried:
            one = setting.with_measure(number, usd_per_t=usd)
            cleared = cleared_with(one)[0]
            return Tried(self._total(one, cleared), self._exports(one, cleared.found.x), _binding(one))

        def bound(left: float, low: Tried, right: float, high: Tried) -> float:
            return low.gain + low.worth * (right - left)

        tried = _Kept(at)
        best, gap = best_number(tried, 0.0, most, bound, _near, STILL * most)
        return best * (1.0 - FULL), tried.proved(gap, -1.0)

    def _flood(self, policy: list[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Return the least subsidy with which the player's plants of known capacity run full; None without such."""
        nodes = self.network.nodes
        is_own = self.other.inside[: len(nodes)] & (nodes["capacity_tpa"] > 0).to_numpy()
        makes = (main_outputs(self.network, nodes) == self.commodity).to_numpy()
        if not (is_own & makes).any():
            return None
        names = nodes.loc[is_own & makes, "id"].tolist()
        measure = {"kind": "subsidy", "nodes": names, "commodity": self.commodity, "usd_per_t": 0.0}
        setting = prepare(self.network, policy=[*policy, measure], **self.market)
        number, base = len(setting.instruments) - 1, setting.program.program
        own = np.flatnonzero(setting.clearing.weights(setting.instruments[-1]))
        goal = np.zeros(len(base.cost))
        goal[own] = -1.0
        full = -Ordered(base, "market, most output").stage(goal).value * (1.0 - FULL)

        def runs_full(usd: float) -> bool:
            return float(cleared_with(setting.with_measure(number, usd_per_t=usd))[0].found.x[own].sum()) >= full

        low, usd = 0.0, 0.0
        if not runs_full(0.0):
            usd = 1.0
            while not runs_full(usd):
                low, usd = usd, 2.0 * usd
            while usd - low > HAIR * usd:
                middle = (low + usd) / 2
                low, usd = (low, middle) if runs_full(middle) else (middle, usd)
        return {**measure, "usd_per_t": usd}

    def _cell(
        self,
        name: str,
        answer: str,
        policy: list[Mapping[str, Any]],
        measure: dict[str, Any] | None,
        usd: float,
        gap: float,
    ) -> tuple[dict[str, Any], Market]:
        """Return a row of the table, with the market that clears under a policy and an answer."""
        found = market(self.network, policy=[*policy, *([measure] if measure else [])], **self.market)
        total = found.welfare["total_usd_per_a"]
        of = {"player": total.index.isin(self.other.places), "members": total.index.isin(self.members.places)}
        of["others"] = ~(of["player"] | of["members"])
        last = found.policies.iloc[-1] if measure else None
        if last is not None and np.isnan(usd) and measure and measure["tpa"] > 0:
            usd = float(last["usd_per_t"])
        floors = found.policies[found.policies["held"].notna() & (found.policies["commodity"] == self.commodity)]
        floor = floors.iloc[0] if len(floors) else None
        proof = found.certificate
        parts = proof.gap, proof.violation, proof.arbitrage, proof.policy, proof.money
        row: dict[str, Any] = {"policy": name, "answer": answer, "usd_per_t": usd, "exports_tpa": self._sold(found)}
        row |= {f"{side}_total_usd_per_a": float(total[mask].sum()) for side, mask in of.items()}
        row |= self._price(found)
        row |= {
            "levy_usd_per_t": np.nan if floor is None else float(floor["usd_per_t"]),
            "held": pd.NA if floor is None else floor["held"],
            "built_tpa": float(found.builds["output_tpa"].sum()),
            "gap_usd_per_a": gap,
            "residual": float(max(parts)),
        }
        return row, found

    def _goods(self, found: Market) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
        """Return the flows of the good, and in which place each begins and ends; new relations name places."""
        flows = found.flows[found.flows["commodity"].fillna("") == self.commodity]
        places = self.network.places
        begins, ends = (flows[end].map(places).fillna(flows[end]) for end in ("source", "target"))
        return flows, begins, ends

    def _sold(self, found: Market) -> float:
        flows, begins, ends = self._goods(found)
        out = begins.isin(self.other.places) & ~ends.isin(self.other.places)
        return float(flows.loc[out, "flow_tpa"].sum())

    def _price(self, found: Market) -> dict[str, float]:
        """Return what members pay for the good, with its ends: by tonnes, or where they could buy if nobody does."""
        flows, _, ends = self._goods(found)
        bought = flows[ends.isin(self.members.places)].groupby("target")["flow_tpa"].sum()
        prices = found.prices.xs(self.commodity, level="commodity")
        prices = prices[prices.index.isin(bought.index)]
        weights = bought.reindex(prices.index).to_numpy(dtype=float)
        if not len(prices):
            return dict.fromkeys(prices.columns, np.nan)
        if weights.sum() > 0:  # an end that nothing bounds has no weight where nothing is bought
            prices, weights = prices[weights > 0], weights[weights > 0]
        else:
            weights = np.ones(len(prices))
        return {str(word): float(np.average(prices[word], weights=weights)) for word in prices.columns}


class _Kept:
    """The sizes tried, each once."""

    def __init__(self, at: Callable[[float], Tried]) -> None:
        self._at, self._known = at, dict[float, Tried]()

    def __call__(self, size: float) -> Tried:
        if size not in self._known:
            self._known[size] = self._at(size)
        return self._known[size]

    def proved(self, gap: float, side: float) -> float:
        """Return what a bound leaves open; NaN where the sizes tried do not bear out what it rests on.

        It rests on this: with the size a unit more is worth less, and what the player has beside that only rises, or
        with ``side`` -1 falls.
        """
        sizes = np.array(sorted(self._known))
        gain, worth = (np.array([getattr(self._known[size], name) for size in sizes]) for name in ("gain", "worth"))
        beside = side * (gain - worth * sizes)
        near = FULL * float(np.ptp(gain))
        is_borne = (np.diff(worth) * sizes[1:] <= near).all() and (np.diff(beside) >= -near).all()
        return gap if is_borne else np.nan


def _near(gains: list[float]) -> float:
    """Return what a better size may still bring: a part of what the size matters at all."""
    return NEAR * (max(gains) - min(gains)) + FULL * STILL * abs(max(gains))


def _binding(setting: Setting) -> bytes | None:
    """Return what binds in the market just cleared, where that says something of other sizes."""
    leads = any(one.conjecture is None for one in setting.players)
    return setting.clearing.model.binding if setting.clearing.is_still and not leads else None


def _said(player: str, commodity: str, policy: str, best: pd.DataFrame) -> str:
    """Return the best answers to one policy, and what they come to, in a sentence."""
    words: dict[str, Callable[[Any], str]] = {
        "export tax": lambda row: f"an export tax of {dollars(row.usd_per_t, ' ')}/t",
        "quota": lambda row: f"an export quota of {tonnes(row.exports_tpa, ' ')}",
        "stop": lambda row: "a stop of exports",
        "flood": lambda row: f"a flood, at a subsidy of {dollars(row.usd_per_t, ' ')}/t",
        NOTHING: lambda row: "nothing",
    }
    name = in_sentence(country_name(player))
    head = {NONE: "without a policy", "policy": "under the policy"}.get(policy, f"under {policy}")
    good = inside(readable_id(commodity))
    answers = join([words[str(row.answer)](row) for row in best.itertuples()], "or")
    first = best.iloc[0]
    sums = [
        f"{whose} {'-' if first[column] < 0 else '+'}{dollars(abs(first[column]), ' ')}"
        for whose, column in zip(
            (name, "the members", "third countries"), (f"{side}_change_usd_per_a" for side in SIDES), strict=True
        )
    ]
    return (
        f"{first_capital(head)}, the best reply of {name} in {good} is {answers}: {join(sums)} "
        "a year, against the market with neither, at the elasticities assumed."
    )
