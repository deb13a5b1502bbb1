"""A scenario over time: one overlay a period, what is news when, and what a planner believes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainnet import checks
from chainnet._types import Array, Bools, Ints
from chainnet.errors import DataError, UnknownIdError
from chainnet.lowering import Overlay
from chainnet.network import Network, begins_of, day_of, month_of, step_of
from chainnet.scenario._calendar import Calendar, calendar_of, month_number
from chainnet.scenario._effect import TIMES, Effect
from chainnet.scenario._kinds import KINDS
from chainnet.scenario._outside import Outside, why_outside
from chainnet.scenario._overlay import overlay_at
from chainnet.scenario._phases import ALWAYS
from chainnet.scenario._rush import Bought, bought_ahead
from chainnet.scenario._scenario import Scenario, check_scenario, effects_under

_SHARES = ("node_share", "edge_share", "stock_share", "demand_share", "edge_cost", "release_tpa", "built")


@dataclass(frozen=True, eq=False)
class Timeline:
    """A scenario over the periods of an answer.

    Attributes
    ----------
    overlays : tuple of Overlay
        One per period; consecutive equal ones are the same object. All have the same restrictions in the
        same order; where a restriction is not in force its bound is inf.
    starts : tuple of int
        First month of each period, counted from 0.
    lengths : tuple of int
        Months of each period.
    onset : int or None
        First month in which any measure is in force; builds and delays do not count.
    end : float
        First month after the last measure, as its times say; inf = one has no end, or none is in force.
    news : tuple of int
        Months in which what is in force changes other than by its phase-in: onsets, ends, suspensions,
        resumptions. Each is the first of a period.
    project_start : array over ``network.projects``
        Month in which each begins, may be negative; inf = not built.
    outside : Outside
        Measures that are in force in no month of the horizon: they ended before it, start after it, or are
        suspended throughout. They count as nothing; a release among them keeps its stocks shut.
    bought : tuple of Bought
        What is bought ahead of measures that were announced; no overlay holds it.
    """

    overlays: tuple[Overlay, ...]
    starts: tuple[int, ...]
    lengths: tuple[int, ...]
    onset: int | None
    end: float
    news: tuple[int, ...]
    project_start: Array
    outside: Outside
    bought: tuple[Bought, ...] = ()


def timeline(
    network: Network,
    scenario: Scenario | None,
    months: int,
    *,
    step_months: int = 1,
    start: str | None = None,
    known_at: int | None = None,
    projects: Iterable[str] | None = None,
    cuts: Iterable[int] = (),
) -> Timeline:
    """Put a scenario to a network over time.

    A period ends where something changes: where a measure begins, ends, grows, is suspended or resumes, or a project
    comes on stream or grows. So nothing is averaged in a period. After a measure begins, ends, is suspended or resumes
    a period also ends whenever goods that left before may arrive, to the longest lag at each step but one. A measure
    that is in force in none of the months counts as nothing, but a release keeps its stocks shut; ``outside`` names it.

    Parameters
    ----------
    network : Network
    scenario : Scenario, optional
        None = the baseline.
    months : int
        Horizon, a multiple of ``step_months``.
    step_months : int
        Longest period; periods also end at its multiples.
    start : str, optional
        Month 0, such as "2025-01"; default the month after ``as_of``, else January after the base year.
    known_at : int, optional
        What a planner believes in that month, who sees what is in force but no dates: what has not
        begun never begins, what is in force stays for ever (its phase-in runs on), what has ended or is
        suspended stays so. Months up to this one are as they are; builds and delays are known in full.
        The periods are those of the scenario itself.
    projects : iterable of str, optional
        Projects built besides those of build measures.
    cuts : iterable of int
        Further months in which a period begins, so that several answers have the same periods.

    Returns
    -------
    Timeline

    Raises
    ------
    UnknownIdError
        If an id does not exist.
    DataError
        If an argument is out of range, the times of a measure contradict each other, a date or start
        year cannot be placed, or a delay names a project that nothing builds.

    Notes
    -----
    Each distinct state of the measures is put to the tables once.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.scenario import timeline
    >>> ban = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "CHN"}, "start_month": 2, "months": 3}])
    >>> line = timeline(cn.read("mag-9"), ban, 12)
    >>> line.onset, line.news, line.overlays[2] is line.overlays[4]
    (2, (2, 5), True)
    >>> timeline(cn.read("mag-9"), ban, 12, step_months=6).starts
    (0, 2, 5, 6)
    """
    months, step = (
        checks.whole(value, name, 1, rule=checks.OUT_OF_RANGE)
        for value, name in ((months, "months"), (step_months, "step_months"))
    )
    if months % step:
        raise DataError(f"months: {months} is no multiple of step_months {step}. Give whole periods.")
    if known_at is not None and checks.whole(known_at, "known_at", rule=checks.OUT_OF_RANGE) >= months:
        raise DataError(f"known_at: {known_at} is no month of the horizon; there are {months}, counted from 0.")
    zero = month_number(start, "start") if start is not None else None
    if zero is None:
        zero = first_month(network)
    if scenario is not None:
        check_scenario(scenario)
    name = (scenario.file or scenario.name) if scenario is not None else ""
    effects = effects_under(network, scenario, in_phases=True) if scenario is not None else []
    calendars = [_calendar(effect, zero) for effect in effects]
    why = [why_outside(effect, calendar, zero, months) for effect, calendar in zip(effects, calendars, strict=True)]
    built, first = _projects(network, effects, calendars, why, _ids(network, projects), zero, months)
    # a measure of which one phase is over is in force all the same
    here = [not words and _acts(e, c, months) for e, c, words in zip(effects, calendars, why, strict=True)]
    inside = [(e, c) for e, c, acts in zip(effects, calendars, here, strict=True) if acts]
    # a release of other times is put too: in force in no month, it keeps its stocks shut
    put = [(e, c) for e, c, acts in zip(effects, calendars, here, strict=True) if acts or KINDS[e.kind].shuts]
    pairs = [(e, c) for e, c in put if not KINDS[e.kind].is_of_projects]
    acting = [effect for effect, _ in pairs]
    sizes = np.zeros((len(pairs), months))
    for row, (effect, calendar) in enumerate(pairs):
        sizes[row] = _sizes(effect, calendar, months, known_at)
    force = sizes > 0
    changed = np.flatnonzero((force != np.hstack([np.zeros((len(pairs), 1), dtype=bool), force[:, :-1]])).any(axis=0))
    acted = np.flatnonzero(force.any(axis=0))
    onset = int(acted[0]) if len(acted) else None
    grown = network.growth(np.arange(months) + (zero or 0))
    told = {int(c.known) for _, c in pairs if 0 < c.known < min(c.begin, months)}  # what is announced is news
    starts = _starts(network, [c.within(*e.span) for e, c in pairs], np.vstack([built, grown]), cuts, months, step)
    return Timeline(
        _overlays(network, acting, sizes[:, starts], built[:, starts], grown[:, starts]),
        tuple(starts.tolist()),
        tuple(np.diff(starts, append=months).tolist()),
        onset,
        float(max(c.end for e, c in inside if not KINDS[e.kind].is_of_projects)) if len(acted) else np.inf,
        tuple(sorted({*changed.tolist(), *told})),
        np.floor(first),
        Outside(name, tuple(words for words in why if words), is_all=bool(effects) and not inside and not pairs),
        bought_ahead(network, acting, [calendar for _, calendar in pairs]),
    )


def first_month(network: Network) -> int | None:
    """Return the number of the month with which answers over time begin, where nobody says it; None = not known."""
    if network.as_of is not None:
        return month_of(day_of(network.as_of)) + 1
    return None if network.year is None else (network.year + 1) * 12


def _calendar(effect: Effect, zero: int | None) -> Calendar:
    try:
        calendar = calendar_of(effect.measure, zero)
    except DataError as err:
        raise DataError(f"{effect.argument}: {err}") from err
    for problem in calendar.problems():
        raise DataError(f"{effect.argument}: {problem}. Correct the times.")
    return calendar


def _acts(effect: Effect, calendar: Calendar, months: int) -> bool:
    """Whether a part of a measure that is in force in some month is so itself."""
    return effect.span == ALWAYS or bool(calendar.within(*effect.span).in_force(np.arange(months)).any())


def _sizes(effect: Effect, calendar: Calendar, months: int, seen: int | None) -> Array:
    """Return the size of a measure in each month; after the month ``seen``, as one believes then."""
    month = np.arange(months)
    force = calendar.within(*effect.span).in_force(month)
    if seen is not None:
        force = np.where(month <= seen, force, calendar.believed(month, seen, effect.span))
    return np.where(force, calendar.fraction(month), 0.0)


def _starts(
    network: Network, calendars: Sequence[Calendar], built: Array, cuts: Iterable[int], months: int, step: int
) -> Ints:
    """Return the first month of each period: the multiples of the step, and wherever something changes.

    What a planner believes changes nothing here, so that plans on beliefs have the periods of the truth.
    """
    if step == 1:
        return np.arange(months)
    found: set[float] = {*range(0, months, step), *cuts}
    found.update(*(calendar.changes() for calendar in calendars))
    found.update((1 + np.flatnonzero((built[:, 1:] != built[:, :-1]).any(axis=0))).tolist())
    # what leaves a plant late is missed elsewhere when it would have come
    news, waits = {month for calendar in calendars for month in calendar.news()}, _echoes(network)
    found.update(month + wait for month in news for wait in waits)
    return np.array(sorted(month for month in found if 0 <= month < months), dtype=np.int64)


def _echoes(network: Network) -> list[int]:
    """Return after how many months a change may be felt elsewhere: up to the longest lag at each step but one."""
    lags = np.floor(network.view("edges")["lag_months"].fillna(0.0).to_numpy(dtype=float) + 0.5).astype(np.int64)
    longest, least = int(lags.max(initial=0)), int(np.gcd.reduce(lags))
    if not longest:
        return []
    nodes = network.view("nodes")
    steps = max(int(step_of(nodes[nodes["stage"] != "recycler"]).nunique()) - 1, 1)
    return list(range(least, longest * steps + 1, least))


# -- projects ---------------------------------------------------------------------------------------


def _ids(network: Network, projects: Iterable[str] | None) -> Bools:
    names = [projects] if isinstance(projects, str) else [str(p) for p in projects or ()]
    plants = set(network.nodes["id"]) - network.built_projects
    for name in network.check_nodes(names, "projects"):
        if name in plants:
            said = checks.unknown(name, network.projects["id"], "project")
            raise UnknownIdError(f"projects: {said} It is a plant that stands.")
    return np.asarray(network.projects["id"].isin(names).to_numpy(), dtype=bool)


def _projects(
    network: Network,
    effects: Sequence[Effect],
    calendars: Sequence[Calendar],
    why: Sequence[str],
    chosen: Bools,
    zero: int | None,
    months: int,
) -> tuple[Array, Array]:
    """Return the size of each project in each month, and the month in which it begins (inf = never).

    A measure of other times, which ``why`` has words for, builds and delays nothing.
    """
    table = network.projects
    wanted = chosen.copy()
    for effect in effects:
        if KINDS[effect.kind].stands:
            wanted |= effect.projects
    opens = begins_of(table)
    dated = wanted & ~np.isnan(opens)
    if dated.any() and zero is None:
        raise DataError(
            f'projects: "{table["id"][dated].iloc[0]}" has a start_year, but nothing says when the first month is. '
            "Give start= or a network with a year."
        )
    begin = np.where(np.isnan(opens), 0.0, opens - (zero or 0))
    late = np.zeros(len(table))
    for effect, calendar, outside in zip(effects, calendars, why, strict=True):
        if KINDS[effect.kind].delays:
            _check_delay(effect, wanted, table["id"])
            if outside:
                continue
            hit = effect.projects & (calendar.in_force(begin) if _has_times(effect) else True)
            late[hit] += int(effect.measure["late_months"])
    begin, month = begin + late, np.arange(months, dtype=float)
    ramp = np.where(np.isnan(opens), 0.0, table["ramp_years"].fillna(0.0).to_numpy(dtype=float))

    def size(first: Array) -> Array:
        years = np.floor((month[None, :] - first[:, None]) / 12.0)
        return np.clip((years + 1.0) / (ramp[:, None] + 1.0), 0.0, 1.0)

    built = np.where(chosen[:, None], size(begin), 0.0)
    first = np.where(chosen, begin, np.inf)
    for effect, calendar, outside in zip(effects, calendars, why, strict=True):
        if KINDS[effect.kind].stands and not outside:
            own = np.maximum(begin, calendar.begin) if calendar.has_start else begin
            own = np.where(effect.projects, own, np.inf)
            stands = calendar.in_force(month) if _has_times(effect) else np.ones(months, dtype=bool)
            built = np.maximum(built, size(own) * stands)
            first = np.minimum(first, own)
    return built, first


def _has_times(effect: Effect) -> bool:
    return any(key in effect.measure for key in TIMES)


def _check_delay(effect: Effect, wanted: Bools, ids: Any) -> None:
    named = effect.measure.get("projects") or []
    named = [named] if isinstance(named, str) else named
    idle = effect.projects & ~wanted
    lost = idle & ids.isin(named).to_numpy()
    if not lost.any() and (effect.projects & wanted).any():
        return
    if lost.any() or idle.any():
        name = ids[lost if lost.any() else idle].iloc[0]
        raise DataError(
            f'{effect.argument}: delays "{name}", which nothing builds. Add a build measure, or leave the delay out.'
        )


# -- overlays ---------------------------------------------------------------------------------------


def _overlays(
    network: Network, effects: Sequence[Effect], sizes: Array, built: Array, grown: Array
) -> tuple[Overlay, ...]:
    """Return the overlay of each period from the sizes of the measures, of the projects and of plants that grow."""
    by_state: dict[bytes, Overlay] = {}
    by_period: dict[tuple[bytes, ...], Overlay] = {}
    by_content: dict[tuple[bytes, ...], Overlay] = {}
    out = []
    for size, stands, growth in zip(sizes.T, built.T, grown.T, strict=True):
        state = size.tobytes()
        key = (state, stands.tobytes(), growth.tobytes())
        if key not in by_period:
            if state not in by_state:
                by_state[state] = overlay_at(network, effects, size)
            found = by_state[state].with_built(stands)
            if (growth != 1.0).any():
                found = found.times("nodes", np.flatnonzero(growth != 1.0), growth[growth != 1.0])
            content = tuple(getattr(found, name).tobytes() for name in _SHARES)
            bounds = np.array([r.bound_tpa for r in found.restrictions]).tobytes()
            by_period[key] = by_content.setdefault((*content, bounds), found)
        out.append(by_period[key])
    return tuple(out)
