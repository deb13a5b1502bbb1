"""What happened, in the unit of its question, and how far a forecast was from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.hindsight._answers import MOVED, base_tpa, use_tpa
from chainnet.hindsight._event import NEVER, WORLD, Event, Question
from chainnet.hindsight._scores import brier, kendall_tau, weighted_interval_score
from chainnet.network import Network, split_list

SETS = ("first", "order")
_WORDS = {"+": 1.0, "-": -1.0, "yes": 1.0, "no": 0.0, NEVER: np.inf}
_SIGNS = (-1.0, 0.0, 1.0)


@dataclass(frozen=True)
class Told:
    """A forecast, of the model or of a baseline: a central value and two bands; of sets the words."""

    central: float = np.nan
    narrow: tuple[float, float] = (np.nan, np.nan)
    wide: tuple[float, float] = (np.nan, np.nan)
    words: tuple[str, ...] = ()

    @classmethod
    def point(cls, value: float) -> Told:
        """Return a forecast that leaves nothing open."""
        return cls(value, (value, value), (value, value))


def told_in(row: Mapping[str, Any]) -> Told:
    """Return the forecast that a row of the table or of the register holds."""
    if row["kind"] in SETS:
        return Told(words=tuple(split_list(row["central"])))
    n = [number_of(row[name]) for name in ("central", "narrow_low", "narrow_high", "wide_low", "wide_high")]
    return Told(n[0], (n[1], n[2]), (n[3], n[4]))


def number_of(cell: Any) -> float:
    """Return a number of a table; "never" is infinite."""
    return np.inf if cell == NEVER else float(cell)


def observed(event: Event, network: Network, q: Question, row: Mapping[str, Any]) -> tuple[float, float]:
    """Return the ends of an outcome in the unit of its question; tonnes are put over those of the base table.

    A detour is seen for some countries only: what was seen is its lower end.
    """
    low, value, high = row["low"], row["value"], row["high"]
    middle = _WORDS[value] if value in _WORDS else float(value) if value != "" else np.nan
    ends = [middle if pd.isna(end) else float(end) for end in (low, high)]
    ends = [end if not np.isnan(end) else other for end, other in zip(ends, ends[::-1], strict=True)]
    if row["unit"] in ("t", "t gross"):
        months = q.months[1] - q.months[0] + 1
        whole = use_tpa(network, q) if q.kind == "detour" else base_tpa(event, network, q)
        ends = [end * q.factor / (whole * months / 12.0) for end in ends]
    if q.kind == "sign" and row["unit"] == "relative change":
        ends = [float(np.sign(end)) if abs(end) > MOVED else 0.0 for end in ends]
    return (ends[0], np.inf) if q.kind == "detour" else (ends[0], ends[1])


def nearest(ends: tuple[float, float], value: float) -> float:
    """Return the point of an outcome's range that is nearest to a value."""
    return float(min(max(value, ends[0]), ends[1]))


def loss_of(q: Question, told: Told, ends: tuple[float, float], words: tuple[str, ...], horizon: int) -> float:
    """Return how far a forecast was off, 0 = not at all; NaN where it says nothing.

    Weighted interval score of numbers (months cut at the horizon), Brier score of signs and stops, 1 less the share of
    those named that were first, half of 1 less Kendall's tau of a ranking.
    """
    if q.kind == "first":
        right = len({*told.words} & {*words})
        return 1.0 - right / len(told.words) if told.words else 1.0
    if q.kind == "order":
        if len(told.words) < 2:
            return 0.5
        place = {word: n for n, word in enumerate(told.words)}
        return (1.0 - kendall_tau([place[word] for word in words], range(len(words)))[0]) / 2.0
    if np.isnan(told.central):
        return float("nan")
    if q.kind == "sign":
        named = [sign for sign in _SIGNS if told.narrow[0] <= sign <= told.narrow[1]]
        return brier({sign: 1.0 / len(named) for sign in named}, nearest(ends, told.central))
    if q.kind == "stop":
        chance = float(np.mean(told.narrow))
        return brier({1.0: chance, 0.0: 1.0 - chance}, ends[0])
    if q.kind in ("onset", "recover"):
        told = Told(*(cut(part, horizon) for part in (told.central, told.narrow, told.wide)))
        ends = cut(ends, horizon)
    y = nearest(ends, told.central)
    return weighted_interval_score(y, told.central, told.narrow, told.wide)


def cut(value: Any, horizon: int) -> Any:
    """Return months of which those beyond the horizon are the horizon."""
    return tuple(min(end, float(horizon)) for end in value) if isinstance(value, tuple) else min(value, float(horizon))


def is_hit(band: tuple[float, float], ends: tuple[float, float]) -> bool:
    """Say whether a band holds some value that the outcome may have been."""
    return bool(band[0] <= ends[1] + 1e-9 and ends[0] <= band[1] + 1e-9)


def is_inside(event: Event, q: Question) -> bool:
    """Say whether a question is about the actor itself."""
    return q.country == event.actor


def goes_abroad(event: Event, q: Question) -> bool:
    """Say whether a question is about what the actor ships."""
    return q.source == event.actor and (q.target or WORLD) != event.actor
