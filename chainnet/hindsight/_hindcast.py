"""``hindcast``: what would have been said of past events, what happened, and how that scores."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Words, records
from chainnet.engine import Certificate
from chainnet.errors import ChainnetWarning, DataError
from chainnet.hindsight._answers import lacks
from chainnet.hindsight._baselines import BASELINES, Past, baselines_of, past_of
from chainnet.hindsight._checks import check_outcomes
from chainnet.hindsight._event import OUTCOME_COLUMNS, Event, Question
from chainnet.hindsight._forecast import FORECAST, MEMBER, Forecasts, base_of, forecasts_of
from chainnet.hindsight._outcomes import SETS, is_hit, loss_of, nearest, observed, told_in
from chainnet.hindsight._reading import Intake, take_table
from chainnet.hindsight._reading import events as read_events
from chainnet.hindsight._register import registered as read_register
from chainnet.hindsight._skill import by_event_of, counts_of, cover_of, coverage_of, levels_of, skill_of
from chainnet.hindsight._track import record_words
from chainnet.network import Network, split_list
from chainnet.progress import Tell
from chainnet.results import Result, provenance, stamp

STATUSES = ("open", "kept", "spent", "fitted", "pending")
SCORE = [*FORECAST, "status", "class", "who", "observed", "observed_low", "observed_high", "horizon", "hit_narrow",
         "hit_wide", "width_narrow", "width_wide", "wis", "error", *(f"wis_{name}" for name in BASELINES)]  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Hindcast(Result):
    """What would have been said of past events, and how that scores.

    Attributes
    ----------
    forecasts : DataFrame
        event, question, kind, unit, central, narrow_low, narrow_high, wide_low, wide_high, low_by, high_by (which
        member of the band has its ends), base_grade (A to D), status: open, kept (outcomes from elsewhere), spent (the
        outcome stands in the data), fitted (it taught a rule or an input of the model), pending (no outcome yet).
        Months beyond the horizon are infinite.
    scores : DataFrame
        The same with observed (its ends too), hit_narrow, hit_wide, the widths, wis (how far off, 0 = not at all),
        error (central less observed) and ``wis_<baseline>``.
    skill : DataFrame
        By kind, status and baseline: one minus the ratio of mean scores, its ends over leaving out one event, in how
        many events it is better and the chance of that.
    coverage : DataFrame
        By status and band: how often it held, with exact intervals, beside its mean width.
    levels : DataFrame
        By class of event, how far each degree of rerouting was off.
    cover : DataFrame
        By event, the weeks of users' stocks that fit its first short months.
    members : DataFrame
        The answer of each member of the bands; of registered forecasts none.
    by_event, not_scored : DataFrame
        Counts by event; questions without an answer, and why.
    sentence : str
        How often it was right, with the ends of the interval.
    certificate : Certificate or None
        The worst of all plans; None where forecasts were read from the register.
    """

    forecasts: pd.DataFrame
    scores: pd.DataFrame
    skill: pd.DataFrame
    coverage: pd.DataFrame
    levels: pd.DataFrame
    cover: pd.DataFrame
    members: pd.DataFrame
    by_event: pd.DataFrame
    not_scored: pd.DataFrame
    sentence: str
    certificate: Certificate | None


def hindcast(
    network: Network,
    events: Words = None,
    *,
    months: int | None = None,
    outcomes: str | Path | None = None,
    beneficiaries: Words = None,
    registered: bool = False,
    progress: Tell | None = None,
) -> Hindcast:
    """Say what would have been forecast of past events from what was known beforehand, and score it.

    Parameters
    ----------
    network : Network
        With events beside it (``events``); any folder.
    events : str or list of str, optional
        Ids of events; default all.
    months : int, optional
        Horizon; default the last month that a question of the event asks about.
    outcomes : path, optional
        A table like ``outcomes.csv`` of outcomes that are kept elsewhere; they score as kept.
    beneficiaries : optional
        Whose demand counts; default from the network.
    registered : bool
        Score the first registered forecast of each question; nothing is solved.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Hindcast

    Raises
    ------
    DataError
        If the network has no events, an event breaks a rule, or an outcome has no question.
    UnknownIdError
        If there is no such event.

    Warns
    -----
    ChainnetWarning
        If a member of a band has no answer, or outcomes name other events: these are left out.

    See Also
    --------
    events, chain_before, find

    Notes
    -----
    Forecasts come from texts and inputs dated before; no scenario that ships is read. Each is solved under every
    judgement alone and under all together; flows are given as the ends over all plans that serve alike. Users do not
    know the dates. Cost: seconds to some twenty minutes an event.

    Examples
    --------
    >>> import chainnet as cn
    >>> found = cn.hindcast(cn.read("rare-earths"), "hree_2025", registered=True)
    >>> found.forecasts.set_index("question").loc["magnets_usa_onset", "narrow_low"] < 1
    True
    """
    known = read_events(network)
    if not known:
        raise DataError(f"{network.name or 'the network'} has no events. Add events/<event>.toml to its folder.")
    if beneficiaries is not None:
        words = (beneficiaries,) if isinstance(beneficiaries, str) else tuple(beneficiaries)
        known = {name: _for(event, words) for name, event in known.items()}
    names = [events] if isinstance(events, str) else list(events or known)
    chosen = {name: known[name] for name in names}
    kept = kept_in(chosen, outcomes)
    made = (
        {name: from_register(event) for name, event in chosen.items()}
        if registered
        else {
            name: forecasts_of(event, _part(progress, n, len(chosen)), months)
            for n, (name, event) in enumerate(chosen.items())
        }
    )
    source = provenance(
        network, "register" if registered else "HiGHS simplex", events=names, months=months or 0,
        digests={name: event.digests["event"] for name, event in chosen.items()},
    )  # fmt: skip
    return _result(chosen, made, seen_of(chosen, kept), source)


def _part(tell: Tell | None, n: int, of: int) -> Tell | None:
    """Return what hears the part of an event as part of all of them."""
    return None if tell is None else lambda what, part: tell(what, (n + part) / of)


def _for(event: Event, words: tuple[str, ...]) -> Event:
    network = event.network
    return replace(event, network=network._replace({}, beneficiaries=words))


@dataclass(frozen=True)
class Seen:
    """What came of the questions of some events: ends, words and status by (event, question); their networks."""

    bases: Mapping[str, Network]
    answers: Mapping[tuple[str, str], tuple[tuple[float, float], tuple[str, ...], str]]

    def past(self, chosen: Mapping[str, Event]) -> list[Past]:
        """Return what later events may learn from."""
        known = [(event, self.bases[name]) for name, event in chosen.items() if name in self.bases]
        return past_of(known, {key: ends for key, (ends, *_) in self.answers.items()})


def seen_of(chosen: Mapping[str, Event], kept: pd.DataFrame) -> Seen:
    """Return what came of the questions of events, from their own outcomes and from those kept elsewhere."""
    bases = {name: base_of(event) for name, event in chosen.items() if event.base_grade != "D"}
    seen: dict[tuple[str, str], tuple[tuple[float, float], tuple[str, ...], str]] = {}
    for name, event in chosen.items():
        rows = pd.concat([event.outcomes, kept[kept["event"] == name]], ignore_index=True)
        asked = {q.id: q for q in event.asked}
        for row in records(rows):
            q = asked[row["question"]]
            if name not in bases or lacks(event, bases[name], q):
                continue
            status = "kept" if row["is_kept"] is True else row["set"] or "open"
            words = tuple(split_list(row["value"])) if q.kind in SETS else ()
            ends = (np.nan, np.nan) if words else observed(event, bases[name], q, row)
            status = "fitted" if q.is_fitted else "spent" if q.is_seen else status
            seen[name, q.id] = ends, words, status
    return Seen(bases, seen)


def scores_of(
    chosen: Mapping[str, Event], made: Mapping[str, Forecasts], seen: Seen, past: Sequence[Past]
) -> pd.DataFrame:
    """Return forecasts beside outcomes, scored; nothing is solved."""
    lines = []
    for row in records(pd.concat([one.table for one in made.values()], ignore_index=True)):
        event = chosen[row["event"]]
        q = next(q for q in event.asked if q.id == row["question"])
        lines.append(_scored(event, seen.bases[event.id], q, row, seen.answers.get((event.id, q.id)), past))
    return pd.DataFrame(lines, columns=SCORE)


def _result(chosen: Mapping[str, Event], made: Mapping[str, Forecasts], seen: Seen, source: dict[str, Any]) -> Hindcast:
    scores, bases = scores_of(chosen, made, seen, seen.past(chosen)), seen.bases
    members = pd.concat([one.members for one in made.values()], ignore_index=True)
    proofs = [one.certificate for one in made.values() if one.certificate is not None]
    real = scores[scores["status"] != "pending"]
    weeks = _weeks(next(iter(bases.values()))) if bases else {}

    def told(frame: pd.DataFrame) -> pd.DataFrame:
        return stamp(frame.reset_index(drop=True), source)

    return Hindcast(
        provenance=source,
        forecasts=told(scores[[*FORECAST, "status"]].copy()),
        scores=told(scores),
        skill=told(skill_of(real)),
        coverage=told(coverage_of(real)),
        levels=told(levels_of(members, real, {name: event.kind for name, event in chosen.items()})),
        cover=told(cover_of(members, real, weeks) if len(members) else cover_of(members, real.iloc[:0], weeks)),
        members=told(members),
        by_event=told(by_event_of(scores)),
        not_scored=told(pd.concat([one.not_scored for one in made.values()], ignore_index=True)),
        sentence=record_words(counts_of(scores)),
        certificate=Certificate.worst(proofs) if proofs else None,
    )


def _scored(
    event: Event, network: Network, q: Question, row: Mapping[str, Any], seen: Any, past: Sequence[Any]
) -> dict[str, Any]:
    """Return the line of a question: forecast, outcome, scores."""
    line = {name: row[name] for name in FORECAST}
    horizon = event.horizon
    line |= {"status": "pending", "class": event.kind, "who": q.who, "horizon": horizon}
    if seen is None:
        return line
    ends, words, status = seen
    told = told_in(row)
    line |= {"status": status, "wis": loss_of(q, told, ends, words, horizon)}
    for name, other in baselines_of(event, network, q, horizon, past).items():
        line[f"wis_{name}"] = np.nan if other is None else loss_of(q, other, ends, words, horizon)
    if q.kind in SETS:
        return line | {"observed": ";".join(words)}
    y = nearest(ends, told.central)
    wide, narrow = told.wide, told.narrow
    return line | {
        "observed": y, "observed_low": ends[0], "observed_high": ends[1],
        "hit_narrow": is_hit(narrow, ends), "hit_wide": is_hit(wide, ends),
        "width_narrow": _width(narrow, horizon), "width_wide": _width(wide, horizon),
        "error": 0.0 if told.central == y else told.central - y,
    }  # fmt: skip


def _width(band: tuple[float, float], horizon: int) -> float:
    low, high = (min(end, float(horizon)) if np.isinf(end) else end for end in band)
    return high - low


def _weeks(network: Network) -> dict[str, float]:
    """Return the weeks that users hold at each end of the table, where the first row says."""
    row = network.cover.iloc[0] if len(network.cover) else None
    if row is None:
        return {}
    stated = float(row["weeks"])
    low, high = (stated if pd.isna(row[end]) else float(row[end]) for end in ("low", "high"))
    return {"none": 0.0, "low": low, "stated": stated, "high": high}


def kept_in(chosen: Mapping[str, Event], path: str | Path | None) -> pd.DataFrame:
    """Return the outcomes of a file given; of events that are not asked about they are left aside."""
    columns = [*OUTCOME_COLUMNS, "row", "is_kept"]
    if path is None:
        return pd.DataFrame(columns=columns)
    if not Path(path).is_file():
        raise DataError(f"outcomes: there is no file {path}.")
    intake = Intake()
    table = take_table(Path(path), OUTCOME_COLUMNS, intake)
    for name, event in chosen.items():
        check_outcomes(event, table[table["event"] == name], Path(path).name, intake.fault)
    intake.done()
    mine = table["event"].isin(chosen)
    if not mine.all():
        others = ", ".join(sorted(set(table.loc[~mine, "event"])))
        warnings.warn(f"outcomes: left aside, as no such event is asked about: {others}", ChainnetWarning, stacklevel=3)
    return table[mine].assign(is_kept=True)


def from_register(event: Event) -> Forecasts:
    """Return the first registered forecast of each question."""
    table = read_register(event.network)
    mine = table[table["event"] == event.id].drop_duplicates("question")
    asked = {q.id: q for q in event.asked}
    mine = mine[mine["question"].isin(asked)].reset_index(drop=True)
    numbers = ["central", "narrow_low", "narrow_high", "wide_low", "wide_high"]
    rows = []
    for row in records(mine):
        q = asked[row["question"]]
        values = [row[name] if q.kind in SETS else float(row[name].replace("never", "inf")) for name in numbers]
        rows.append((event.id, q.id, q.kind, q.unit, *values, "", "", row["base_grade"]))
    others = [q for q in event.asked if q.id not in set(mine["question"])]
    base = base_of(event) if others else event.network
    left = [(event.id, q.id, lacks(event, base, q) or "not registered") for q in others]
    return Forecasts(
        pd.DataFrame(rows, columns=FORECAST), pd.DataFrame(columns=MEMBER),
        pd.DataFrame(left, columns=["event", "question", "why"]), None,
    )  # fmt: skip
