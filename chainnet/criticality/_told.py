"""What ``reverse`` found, as tables, and what proves it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chainnet.criticality._events import Losses, MonthLosses, SteadyLosses
from chainnet.criticality._exceeding import COLUMNS, MOST_SETS, at_losses, exceeding
from chainnet.criticality._hazards import Listed
from chainnet.criticality._ranked import Ranked
from chainnet.criticality._rates import frechet
from chainnet.criticality._ways import TriedWays, Ways, chance_of
from chainnet.engine import CERTAIN, PROOF_SEARCH, Certificate, require
from chainnet.errors import DataError
from chainnet.progress import Steps

Events = frozenset[int]
APART = "; "  # between events
_PART = 10  # sets and draws where an event without a rate happens: so many times fewer
_SETS = [
    "rank", "events", "n", "chance_low", "chance_mid", "chance_high", "exact_chance_low", "exact_chance_high",
    "once_high", "loss_share", "lost_tpa", "lost_t_low", "lost_t_high", "can_be_likeliest", "switch_event",
    "switch_chance", "on_line",
]  # fmt: skip
_WHAT_IF = ["what", "event", "events", "n", "chance_low", "chance_mid", "chance_high", "loss_share"]


def joined(listed: Listed, events: Events) -> tuple[str, ...]:
    """Return the ids of some causes."""
    return tuple(listed.causes[i].id for i in sorted(events))


def sets_table(ranked: Ranked, losses: Losses, asked: float, years: float) -> pd.DataFrame:
    """Return the ways, the likeliest first."""
    brief = losses.lasting(0) if isinstance(losses, MonthLosses) else None
    rows = []
    for rank, way in zip(ranked.ranks, ranked.ways, strict=True):
        lost = losses(way)
        steady, least, most = lost * losses.demand_tpa, np.nan, np.nan
        if isinstance(losses, MonthLosses) and brief is not None:
            steady, least, most = np.nan, brief(way) * losses.demand_t, lost * losses.demand_t
        chances = (*ranked.ends(way), *ranked.exact(way), ranked.once(way, years))
        turns = (way in ranked.could_lead, *ranked.switch(way), bool(abs(lost - asked) <= CERTAIN))
        words = APART.join(joined(ranked.listed, way))
        rows.append((rank, words, len(way), *chances, lost, steady, least, most, *turns))
    table = pd.DataFrame(rows, columns=_SETS)
    return table.astype({"rank": "Int64", "n": int, "can_be_likeliest": bool, "on_line": bool})


def cuts_table(ranked: Ranked) -> pd.DataFrame:
    """Return the sets that cost too little and prove the first way; none where a program of all causes does."""
    cuts = ranked.finder.cuts if ranked.is_by_rows else []
    rows = [(APART.join(joined(ranked.listed, cut)), ranked.finder.losses(cut)) for cut in cuts]
    return pd.DataFrame(rows, columns=["events", "loss_share"])


def hazards_table(listed: Listed, losses: Losses) -> pd.DataFrame:
    """Return the causes, with what each costs alone."""
    table = listed.table()
    table.insert(6, "loss_share", [losses(frozenset([i])) for i in range(len(listed.causes))])
    return table


def what_if_table(ranked: Ranked, losses: Losses) -> pd.DataFrame:
    """Return the likeliest rest where an event without a rate happens, and the first way whatever its ties."""
    listed = ranked.listed
    rows: list[tuple[object, ...]] = []
    for i, cause in enumerate(listed.causes):
        if cause.is_known:
            continue
        chance = ranked.middle.copy()
        chance[i] = 1.0
        way = next(ranked.finder.in_order(chance), None)
        if way is None:
            rows.append(("if_event", cause.id, "", 0, np.nan, np.nan, np.nan, losses(ranked.with_rates | {i})))
            continue
        rest = way.events - {i}
        ends = [chance_of(rest, p) if rest else np.nan for p in (ranked.low, ranked.middle, ranked.high)]
        rows.append(("if_event", cause.id, APART.join(joined(listed, rest)), len(rest), *ends, losses(rest | {i})))
    if ranked.ways and not ranked.is_tied:
        way_, inside = ranked.ways[0], sorted(ranked.ways[0])
        least, most = frechet(ranked.low[inside])[0], frechet(ranked.high[inside])[1]
        middle = float(ranked.middle[inside].min())
        words = APART.join(joined(listed, way_))
        rows.append(("any_dependence", "", words, len(inside), least, middle, most, losses(way_)))
    return pd.DataFrame(rows, columns=_WHAT_IF)


def curve_table(
    ranked: Ranked, losses: Losses, asked: float, drawn: tuple[int, int], steps: Steps | None
) -> pd.DataFrame:
    """Return the chance of any loss, then the same with each event without a rate in force; None = not asked for."""
    parts = [pd.DataFrame(columns=["if_event", *COLUMNS])]
    unknown = [i for i, cause in enumerate(ranked.listed.causes) if not cause.is_known]
    there = sorted(ranked.with_rates)
    place = {i: at for at, i in enumerate(there)}
    for given in ([], *([i] for i in unknown)) if steps is not None else ():
        extra = frozenset(given)

        def lost(events: Events, extra: Events = extra) -> float:
            return losses(extra.union(there[at] for at in events))

        ways = [] if given else [(frozenset(place[i] for i in way), losses(way)) for way in ranked.ways]
        low, high = ranked.low[there], ranked.high[there]
        draws, most = (max(drawn[0] // _PART, 1), MOST_SETS // _PART) if given else (drawn[0], MOST_SETS)
        found = exceeding(low, high, lost, asked=asked, ways=ways, draws=draws, seed=drawn[1], most=most, steps=steps)
        found.insert(0, "if_event", ranked.listed.causes[given[0]].id if given else "")
        parts.append(found)
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def exceedance_table(ranked: Ranked, asked: Sequence[float], time_limit_s: float, steps: Steps) -> pd.DataFrame:
    """Return the chance of each of some losses or more; each has its part of the time."""
    known = ranked.finder
    if asked and isinstance(known, TriedWays):
        raise DataError("exceed: where more events may cost less, no set tells a chance. Ask for the curve.")

    def finder(level: float) -> Ways:
        return Ways(known.losses, known.n, level - CERTAIN, None, time_limit_s / len(asked), steps)

    return at_losses(ranked.low, ranked.high, finder, asked)


def proof_of(ranked: Ranked, losses: Losses) -> Certificate:
    """Check every row of the proof and every way by its own duals, and the first way against the bound.

    Raises
    ------
    SolverError
        If one is wrong.
    """
    if isinstance(losses, SteadyLosses):
        proofs = [losses.model.certificate()]
    else:
        proofs = list(losses.proofs) if isinstance(losses, MonthLosses) else []
    rows = ranked.finder.cuts if ranked.is_by_rows else []
    answers = (losses.proof(events) for events in (*rows, *ranked.ways))
    proofs += [proof for proof in answers if proof is not None]
    chances = (ranked.first_chance, ranked.bound) if ranked.ways else (1.0, 1.0)
    value, bound = (float(-np.log(p)) + 0.0 if p > 0 else np.inf for p in chances)
    gap = abs(value - bound) / max(abs(value), 1.0) if ranked.is_optimal and np.isfinite(value) else 0.0
    proofs.append(Certificate("reverse", value, bound, gap, 0.0, PROOF_SEARCH))
    return require(Certificate.worst(proofs, "reverse", value=value, bound=bound))
