"""What would have been said: central value, narrow and wide band of each question, from what was known before."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet.engine import Certificate, thread_pool
from chainnet.errors import ChainnetWarning, SolverError
from chainnet.flow import Shipped
from chainnet.hindsight._answers import NOBODY, Answer, Course, lacks, sums_of
from chainnet.hindsight._before import chain_before
from chainnet.hindsight._event import Event, Question
from chainnet.hindsight._members import Member, Setting, ask_of, members_of, networks_of, with_cover
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.stress import Ask, course

DIGITS = 6
FORECAST = ["event", "question", "kind", "unit", "central", "narrow_low", "narrow_high", "wide_low", "wide_high",
            "low_by", "high_by", "base_grade"]  # fmt: skip
MEMBER = ["event", "question", "band", "member", "low", "high"]
_OF_FLOWS = ("flow", "detour", "order", "recover")


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of one event, the answers of their members, what could not be answered, the worst proof."""

    table: pd.DataFrame
    members: pd.DataFrame
    not_scored: pd.DataFrame
    certificate: Certificate | None


def base_of(event: Event) -> Network:
    """Return the network that forecasts of an event begin with, and what its users hold."""
    return with_cover(event, chain_before(event.network, event))


def forecasts_of(event: Event, tell: Tell | None = None, months: int | None = None) -> Forecasts:
    """Return the forecasts of an event; ``months``: the horizon, where not the last month asked about.

    Notes
    -----
    Cost: one or two plans of the months for each member, 20 to 45 of them, and two warm linear programs for each sum of
    flows.
    """
    if event.base_grade == "D":
        words = f"no dated export of {event.actor} is known before the event"
        left_out = _left_out(event, {q.id: words for q in event.asked})
        return Forecasts(_frame([], FORECAST), _frame([], MEMBER), left_out, None)
    network, horizon = base_of(event), months or event.horizon
    why = {q.id: lacks(event, network, q) for q in event.asked}
    why |= {q.id: "beyond the horizon" for q in event.asked if not why[q.id] and q.months[1] > horizon}
    asked = [q for q in event.asked if not why[q.id]]
    members = {who: list(members_of(event, who)) for who in ("tier", "anyone") if any(q.who == who for q in asked)}
    settings = list(dict.fromkeys(m.setting for mine in members.values() for m in mine))
    shipped, sums = list[Shipped](), dict[str, slice]()
    for q in asked:
        more = sums_of(event, network, q, horizon)
        sums[q.id] = slice(len(shipped), len(shipped) + len(more))
        shipped += more
    forms, steps = networks_of(network), Steps(f"members of {event.id}", tell, len(settings))
    asks = {one: ask_of(event, forms[one.degree], one, horizon, shipped) for one in settings}

    def followed(setting: Setting) -> Course | None:
        ask: Ask = asks[setting]
        scenario = event.under(setting.licence, setting.scope)
        try:
            told, calm = course(scenario, ask), course(None, ask)
        except SolverError:
            return None
        return Course(event, network, told, calm, horizon, setting.rush, sums)

    answers: dict[Setting, dict[str, Answer]] = {}
    proofs: list[Certificate] = []
    with thread_pool() as pool:
        for setting, line in zip(settings, pool.map(followed, settings), strict=True):
            if line is not None:
                answers[setting] = {q.id: line.answer(q) for q in asked}
                proofs.append(line.told.perfect.certificate)
            steps.done(f"{setting.degree}, {setting.order}, cover {setting.cover}")
    members = {who: _solved(event, mine, answers) for who, mine in members.items()}
    rows = [_row(event, q, members[q.who], answers) for q in asked]
    every = [line for q in asked for line in _lines(event, q, members[q.who], answers)]
    worst = Certificate.worst(proofs) if proofs else None
    return Forecasts(_frame(rows, FORECAST), _frame(every, MEMBER), _left_out(event, why), worst)


def _frame(rows: Sequence[Sequence[object]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns))


def _left_out(event: Event, why: Mapping[str, str]) -> pd.DataFrame:
    rows = [(event.id, q.id, why[q.id]) for q in event.asked if why[q.id]]
    return _frame(rows, ["event", "question", "why"])


def _solved(event: Event, members: Sequence[Member], answers: Mapping[Setting, object]) -> list[Member]:
    """Return the members that have an answer; one of a band that the solver has none for is told and left out."""
    lost = [m.name for m in members if m.setting not in answers]
    if members[0].setting not in answers:
        raise SolverError(f"{event.id}: the central member has no answer. Report the network.")
    if lost:
        warnings.warn(
            f"{event.id}: left out, as the solver has no answer: {'; '.join(lost)}", ChainnetWarning, stacklevel=4
        )
    return [m for m in members if m.setting in answers]


def _used(q: Question, members: Sequence[Member]) -> list[Member]:
    return [m for m in members if m.band != "flows" or q.kind in _OF_FLOWS]


def _row(
    event: Event, q: Question, members: Sequence[Member], answers: Mapping[Setting, Mapping[str, Answer]]
) -> tuple[object, ...]:
    """Return the forecast of a question: the middle of the central answer, and the hulls of its members."""
    used = _used(q, members)
    found = [(m, answers[m.setting][q.id]) for m in used]
    head = (event.id, q.id, q.kind, q.unit)
    if q.kind in ("first", "order"):
        central = words_of(found[0][1])
        ends = [_union(a for m, a in found if m.band in bands) for bands in (_NARROW, _WIDE)]
        return (*head, central, ends[0], ends[0], ends[1], ends[1], "", "", event.base_grade)
    narrow = [a for m, a in found if m.band in _NARROW]
    low, high = (min(found, key=lambda pair: pair[1][0]), max(found, key=lambda pair: pair[1][1]))
    middle = float(np.mean(found[0][1]))
    hull = (min(a[0] for a in narrow), max(a[1] for a in narrow), low[1][0], high[1][1])
    return (*head, *(rounded(v) for v in (middle, *hull)), low[0].name, high[0].name, event.base_grade)


def _union(answers: Iterable[Answer]) -> str:
    return words_of(frozenset(str(word) for answer in answers for word in answer))


_NARROW, _WIDE = ("central", "narrow"), ("central", "narrow", "wide", "flows")


def _lines(
    event: Event, q: Question, members: Sequence[Member], answers: Mapping[Setting, Mapping[str, Answer]]
) -> list[tuple[object, ...]]:
    """Return the answer of each member to a question."""
    found = []
    for m in _used(q, members):
        answer = answers[m.setting][q.id]
        ends = [words_of(answer)] * 2 if q.kind in ("first", "order") else list(map(rounded, answer))
        found.append((event.id, q.id, m.band, m.name, *ends))
    return found


def words_of(answer: Answer) -> str:
    """Return who is first, or a ranking, as text."""
    words = sorted(answer) if isinstance(answer, frozenset) else list(answer)
    return ";".join(map(str, words)) or NOBODY


def rounded(value: float) -> float:
    """Return a number as it is registered: what a solver leaves open is not told."""
    return round(float(value), DIGITS) + 0.0
