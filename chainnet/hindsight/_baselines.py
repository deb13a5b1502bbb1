"""Forecasts that need no model: nothing happens, the share is lost, the last event comes again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet._types import Array, records
from chainnet.hindsight._answers import ONSET, STOPPED, places
from chainnet.hindsight._event import WORLD, Event, Question, window_of
from chainnet.hindsight._outcomes import Told, goes_abroad, is_inside
from chainnet.network import Network, first_day

BASELINES = ("nothing", "share_lost", "hhi", "last_year", "last_event", "always_plus")
CONCENTRATED = 0.25
_CALM = {"flow": 1.0, "detour": 0.0, "short": 0.0, "onset": np.inf, "recover": 0.0, "sign": 0.0, "stop": 0.0}


@dataclass(frozen=True)
class Past:
    """An outcome that may be learned from: of which event and question, when it was seen, its middle."""

    event: Event
    question: Question
    observed_on: str
    middle: float


def baselines_of(
    event: Event, network: Network, q: Question, horizon: int, past: Sequence[Past]
) -> Mapping[str, Told | None]:
    """Return what each baseline says; None = nothing."""
    calm = Told(words=q.among) if q.kind == "first" else Told() if q.kind == "order" else Told.point(_CALM[q.kind])
    lost = _share_lost(event, network, q, horizon)
    concentration = {word: _hhi(_intake(event, network, q, word)) for word in (q.among or _takers(q))}
    if q.kind == "order":
        hhi = Told(words=tuple(sorted(q.among, key=lambda word: -concentration[word])))
    else:
        hhi = lost if max(concentration.values()) >= CONCENTRATED else calm
    plus = Told.point(0.0 if is_inside(event, q) else 1.0) if q.kind == "sign" else None
    return {
        "nothing": calm, "share_lost": lost, "hhi": hhi, "last_year": None if q.kind == "sign" else calm,
        "last_event": _last_event(event, q, past), "always_plus": plus,
    }  # fmt: skip


def _takers(q: Question) -> tuple[str, ...]:
    return (q.target or q.country or WORLD,)


def _share_lost(event: Event, network: Network, q: Question, horizon: int) -> Told:
    """The actor ships the share that the text leaves, and nothing is rerouted."""
    if q.kind == "first":
        return Told(words=q.among)
    if q.kind == "order":
        return Told()
    if q.kind == "sign":
        return Told.point(-1.0 if is_inside(event, q) else 1.0)
    if q.kind == "detour":
        return Told.point(0.0)
    left = _left(event, network, q, horizon)
    if q.kind in ("flow", "recover"):
        if not goes_abroad(event, q):
            return Told.point(_CALM[q.kind])
        if q.kind == "recover":
            late = np.flatnonzero(left < q.level)
            back = np.flatnonzero(left >= q.level)
            return Told.point(0.0 if not len(late) else float(back[0]) if len(back) else np.inf)
        months = [left[m - 1] if m >= 1 else 1.0 for m in range(q.months[0], q.months[1] + 1)]
        return Told.point(float(np.mean(months)))
    by_country = _intake(event, network, q, q.country or WORLD)
    part = float(by_country.get(event.actor, 0.0) / by_country.sum()) if by_country.sum() > 0 else 0.0
    short = (1.0 - left) * part
    if q.kind == "onset":
        late = np.flatnonzero(short > ONSET)
        return Told.point(float(late[0] + 1) if len(late) else np.inf)
    window = short[q.months[0] - 1 : q.months[1]]
    return Told.point(float((window > STOPPED).any()) if q.kind == "stop" else float(window.mean()))


def _sent(event: Event, network: Network, q: Question) -> pd.DataFrame:
    """Return the baseline flows of the actor that a question is about."""
    edges, plants = network.edges, network.plants
    actor = set(plants["id"][places(network, event.actor, event.actor, q.id)])
    taker = set(plants["id"][places(network, _takers(q)[0], event.actor, q.id)]) - actor
    goods = set(q.commodity) & set(edges["commodity"])
    sent = edges[edges["source"].isin(actor) & edges["target"].isin(taker) & (edges["flow_tpa"] > 0)]
    return sent[sent["commodity"].isin(goods)] if goods and not sent[sent["commodity"].isin(goods)].empty else sent


def _left(event: Event, network: Network, q: Question, horizon: int) -> Array:
    """Return what the text leaves of the actor's flow, by month, destinations by their baseline flow."""
    sent = _sent(event, network, q)
    flow = sent["flow_tpa"].to_numpy(dtype=float)
    left = np.ones((len(sent), horizon))
    for measure in event.scenario.measures:
        goods, to = measure.get("commodity"), (measure.get("to") or {}).get("country")
        hit = sent["commodity"].isin(goods).to_numpy() if goods else np.ones(len(sent), dtype=bool)
        if to:
            inside = set(network.plants["id"][network.in_countries(network.plants, to, "to")])
            hit = hit & sent["target"].isin(inside).to_numpy()
        left[hit] = np.minimum(left[hit], _path(measure, horizon))
    return flow @ left / flow.sum() if flow.sum() > 0 else np.ones(horizon)


def _path(measure: Mapping[str, object], horizon: int) -> Array:
    phases = measure.get("profile") or [{"share": measure.get("share", 1.0)}]
    months: list[float] = []
    for phase in phases:  # type: ignore[attr-defined]
        months += [float(phase["share"])] * int(phase.get("months", horizon))
    return np.array(months[:horizon])


def _intake(event: Event, network: Network, q: Question, word: str) -> pd.Series:
    """Return what a country takes in of the goods of the measures, by country of origin, t/yr."""
    goods = {good for measure in event.scenario.measures for good in measure.get("commodity") or ()}
    edges, plants = network.edges, network.plants
    is_tier = word in network.tier_order
    inside = set(plants["id"][places(network, WORLD if is_tier else word, event.actor, q.id)])
    mine = edges[edges["target"].isin(inside) & (edges["flow_tpa"] > 0)]
    mine = mine[mine["commodity"].isin(goods)] if goods else mine
    return mine.groupby(mine["source"].map(plants.set_index("id")["country"]))["flow_tpa"].sum()


def _hhi(by_country: pd.Series) -> float:
    whole = float(by_country.sum())
    return float(((by_country / whole) ** 2).sum()) if whole > 0 else 0.0


def _last_event(event: Event, q: Question, past: Sequence[Past]) -> Told | None:
    """Return the hull and the median of the same kind's outcomes in earlier events of the class."""
    found = [
        one.middle
        for one in past
        if one.event.id != event.id
        and one.event.kind == event.kind
        and one.question.kind == q.kind
        and window_of(one.question.months) == window_of(q.months)
        and is_inside(one.event, one.question) == is_inside(event, q)
        and one.observed_on
        and first_day(one.observed_on) < first_day(event.told_on)
    ]
    if not found or q.kind in ("first", "order"):
        return None
    hull = (min(found), max(found))
    return Told(float(np.median(found)), hull, hull)


def past_of(
    known: Sequence[tuple[Event, Network]], observed: Mapping[tuple[str, str], tuple[float, float]]
) -> list[Past]:
    """Return what may be learned from: the outcomes of events, each with its middle."""
    found = []
    for event, _ in known:
        days = {row["question"]: row["observed_on"] for row in records(event.outcomes)}
        for q in event.asked:
            ends = observed.get((event.id, q.id))
            if ends is not None and q.kind not in ("first", "order"):
                found.append(Past(event, q, days.get(q.id, ""), ends[0] if np.isinf(ends[1]) else float(np.mean(ends))))
    return found
