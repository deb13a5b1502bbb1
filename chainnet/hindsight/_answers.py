"""What a plan answers to a question: the ends of a sum of flows, months of shortage, who is first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainnet._types import Array, Bools
from chainnet.flow import Counting, Shipped
from chainnet.hindsight._event import WORLD, Event, Question, has_phases
from chainnet.network import Network, kept
from chainnet.stress import Trajectory

ONSET, STOPPED, FELL, MOVED = 0.01, 0.05, 0.1, 0.1
NOBODY = "nobody"
# the ends of a number; of who is first a frozenset of words, of a ranking a tuple of them
Answer = Any
_RUSHED = {"none": 0.0, "low": 0.0, "stated": 1.0, "high": 2.0}


def places(network: Network, word: str, actor: str, argument: str) -> Bools:
    """Return which plants lie in a country or group; the world is all but the actor."""
    plants = network.plants
    if word == WORLD:
        return np.asarray((plants["country"] != actor).to_numpy(), dtype=bool)
    return network.in_countries(plants, word, argument)


def lacks(event: Event, network: Network, q: Question) -> str:
    """Return why a question cannot be answered in a network; empty = it can."""
    for word in (q.source, q.target, q.country, *(q.among if q.kind in ("order", "first") else ())):
        if word and word not in network.tier_order and not places(network, word, event.actor, q.id).any():
            return f"no node in {word}"
    if q.kind in ("flow", "recover", "order") and not base_tpa(event, network, q) > 0:
        return "no flow in the base table"
    if q.kind == "detour" and not use_tpa(network, q) > 0:
        return "no use in the base table"
    if (
        q.kind in ("short", "onset", "stop", "first", "sign")
        and not _is_inside(event, q)
        and not (rows_of(network, event.actor, q).any())
    ):
        return "no demand of these"
    return ""


def _is_inside(event: Event, q: Question) -> bool:
    return q.kind == "sign" and q.country == event.actor


def _ids(network: Network, hit: Bools) -> frozenset[str]:
    return frozenset(network.plants["id"][hit])


@kept(64)
def _within(network: Network, word: str, actor: str, argument: str) -> frozenset[str]:
    """Return the ids of the plants in a country or group; see ``places``."""
    return _ids(network, places(network, word, actor, argument))


def sums_of(event: Event, network: Network, q: Question, horizon: int) -> list[Shipped]:
    """Return the sums of flows that a question needs."""
    first, after = max(q.months[0], 1) - 1, q.months[1]
    actor = places(network, event.actor, event.actor, q.id)
    goods = frozenset(q.commodity)

    def between(source: Bools, target: Bools, begin: int, end: int) -> Shipped:
        return Shipped(_ids(network, source), _ids(network, target & ~source), goods, begin, end)

    if q.kind in ("flow", "order", "recover"):
        source = places(network, q.source, event.actor, q.id)
        if q.kind == "order":
            return [between(source, places(network, word, event.actor, q.id), first, after) for word in q.among]
        target = places(network, q.target, event.actor, q.id)
        if q.kind == "recover":
            return [between(source, target, m, m + 1) for m in range(horizon)]
        return [between(source, target, first, after)] if after > first else []
    if q.kind == "detour":
        target = places(network, q.target, event.actor, q.id)
        return [between(~actor & ~target, target, first, after)]
    return [between(actor, ~actor, first, after)] if _is_inside(event, q) else []


def base_tpa(event: Event, network: Network, q: Question, target: str = "") -> float:
    """Return what the base table ships between the countries of a question, t/yr."""
    source = _within(network, q.source or event.actor, event.actor, q.id)
    taker = _within(network, target or q.target or WORLD, event.actor, q.id) - source
    return _flow(network, q.commodity, source, taker)


@kept(256)
def _flow(network: Network, goods: tuple[str, ...], source: frozenset[str], target: frozenset[str]) -> float:
    edges = network.view("edges")
    hit = edges["source"].isin(source) & edges["target"].isin(target)
    if goods:
        hit &= edges["commodity"].isin(goods)
    return float(edges.loc[hit, "flow_tpa"].sum())


@kept(64)
def use_tpa(network: Network, q: Question) -> float:
    """Return what a country asks for of these commodities, of all main ones where it asks for none of them, t/yr."""
    demand, asked = network.view("demand"), Counting.of(network, said=False)
    nodes = set(network.plants["id"][network.in_countries(network.plants, q.target, q.id)])
    mine = demand["node"].isin(nodes) & demand["tier"].notna()
    goods = demand["commodity"].isin(q.commodity or asked.commodities or demand["commodity"])
    return float(demand.loc[mine & (goods if (mine & goods).any() else True), "demand_tpa"].sum())


def elsewhere_tpa(event: Event, network: Network, q: Question) -> float:
    """Return what a country takes in from all others but the actor in the base table, t/yr."""
    actor, target = (_within(network, word, event.actor, q.id) for word in (event.actor, q.target))
    return _flow(network, q.commodity, frozenset(network.plants["id"]) - actor - target, target)


@kept(256)
def rows_of(network: Network, actor: str, q: Question, word: str = "") -> Bools:
    """Return the demand rows that a question is about; ``word``: a tier or country of those among whom it asks.

    Kept: callers must not change it.
    """
    demand = network.view("demand")
    counting = Counting.of(network, said=False)
    country = q.country or (word if word and word not in network.tier_order else "")
    tier = q.tier or (word if word in network.tier_order else "")
    if country:
        nodes = _within(network, country, actor, q.id)
        rows = demand["node"].isin(nodes).to_numpy() & demand["tier"].notna().to_numpy()
        main = demand["commodity"].isin(counting.commodities or demand["commodity"]).to_numpy()
        rows &= main if (rows & main).any() else True
    else:
        rows = counting.rows & demand["tier"].notna().to_numpy()
    goods = demand["commodity"].isin(q.commodity).to_numpy()
    if (rows & goods).any():
        rows &= goods
    return np.asarray(rows & (demand["tier"] == tier).to_numpy() if tier else rows, dtype=bool)


@dataclass(frozen=True)
class Course:
    """An answer over time: what is due to the event month by month, and the ends of the sums of flows."""

    event: Event
    network: Network
    told: Trajectory
    calm: Trajectory
    horizon: int
    rush: str
    sums: Mapping[str, slice]

    def due(self, rows: Bools) -> Array:
        """Return what is short because of the event, by month, over demand: seen by one who knows no dates."""
        wanted = self._by_month(self.told, self.told.perfect.wanted_t, rows)
        due = self._by_month(self.calm, self.calm.rolling_served_t, rows)
        due -= self._by_month(self.told, self.told.rolling_served_t, rows)
        return np.clip(np.divide(due, wanted, out=np.zeros(len(due)), where=wanted > 0), 0.0, 1.0)

    def _by_month(self, line: Trajectory, tonnes: Array, rows: Bools) -> Array:
        """Return what the periods hold of some demand rows, a month each; periods may differ."""
        lengths = np.array(line.timeline.lengths)
        return np.repeat(tonnes[:, rows].sum(axis=1) / lengths, lengths)[: self.horizon]

    def shipped(self, q: Question) -> Array:
        """Return the ends of the sums of a question, t."""
        ends = self.told.perfect.shipped_t
        return np.zeros((0, 2)) if ends is None else ends[self.sums[q.id]]

    def answer(self, q: Question) -> Answer:
        """Return the answer: its ends, or who is first."""
        return getattr(self, f"_{q.kind}")(q)

    def _flow(self, q: Question) -> Answer:
        months = np.arange(q.months[0], q.months[1] + 1)
        before = sum(self._ahead(q, int(m)) for m in months if m < 1)
        base = base_tpa(self.event, self.network, q) / 12.0
        inside = self.shipped(q)
        low, high = inside[0] / base if len(inside) else (0.0, 0.0)
        return (before + low) / len(months), (before + high) / len(months)

    def _ahead(self, q: Question, month: int) -> float:
        """Return the flow of a month before the rule over a usual one: in the notice it rises by what is bought."""
        part = min(max(self.event.notice_months + month, 0.0), 1.0)
        is_of_actor = q.source == self.event.actor and any(map(has_phases, self.event.measures))
        return 1.0 + (part * _RUSHED[self.rush] if is_of_actor else 0.0)

    def _detour(self, q: Question) -> Answer:
        years = (q.months[1] - q.months[0] + 1) / 12.0
        low, high = (self.shipped(q)[0] / years - elsewhere_tpa(self.event, self.network, q)) / use_tpa(self.network, q)
        return float(low), float(high)

    def _short(self, q: Question) -> Answer:
        share = float(self.due(rows_of(self.network, self.event.actor, q))[q.months[0] - 1 : q.months[1]].mean())
        return share, share

    def _onset_of(self, rows: Bools) -> float:
        late = np.flatnonzero(self.due(rows) > ONSET)
        return float(late[0] + 1) if len(late) else float("inf")

    def _onset(self, q: Question) -> Answer:
        month = self._onset_of(rows_of(self.network, self.event.actor, q))
        return month, month

    def _stop(self, q: Question) -> Answer:
        seen = self.due(rows_of(self.network, self.event.actor, q))[q.months[0] - 1 : q.months[1]]
        is_short = float((seen > STOPPED).any())
        return is_short, is_short

    def _first(self, q: Question) -> Answer:
        onset = {word: self._onset_of(rows_of(self.network, self.event.actor, q, word)) for word in q.among}
        least = min(onset.values())
        return frozenset(word for word, month in onset.items() if month == least) if np.isfinite(least) else frozenset()

    def _recover(self, q: Question) -> Answer:
        base = base_tpa(self.event, self.network, q) / 12.0
        return tuple(self._since(self.shipped(q)[:, side] / base >= q.level) for side in (1, 0))

    def _since(self, is_back: Bools) -> float:
        """Return the months until a flow is back for two months; 0 = it never fell, inf = not within the horizon."""
        if is_back.all():
            return 0.0
        fell = int(np.flatnonzero(~is_back)[0])
        pairs = np.flatnonzero(is_back[fell:-1] & is_back[fell + 1 :])
        return float(fell + pairs[0]) if len(pairs) else float("inf")

    def _sign(self, q: Question) -> Answer:
        if not _is_inside(self.event, q):
            is_short = float((self.due(rows_of(self.network, self.event.actor, q)) > ONSET).any())
            return is_short, is_short
        actor = _within(self.network, self.event.actor, self.event.actor, q.id)
        made = _flow(self.network, q.commodity, actor, frozenset(self.network.plants["id"]))
        years = (q.months[1] - q.months[0] + 1) / 12.0
        fall = (base_tpa(self.event, self.network, q) - self.shipped(q)[0] / years) / made if made > 0 else np.zeros(2)
        return -float(fall[0] > FELL), -float(fall[1] > FELL)

    def _order(self, q: Question) -> Answer:
        years = (q.months[1] - q.months[0] + 1) / 12.0
        base = np.array([base_tpa(self.event, self.network, q, word) for word in q.among])
        left = self.shipped(q).mean(axis=1) / years / np.where(base > 0, base, 1.0)
        return tuple(q.among[i] for i in np.argsort(left, kind="stable"))
