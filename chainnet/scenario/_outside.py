"""Measures of other times: in force in no month of an answer, they count as nothing, and a warning names them.

A release of other times keeps its stocks shut: they are open only while it is in force.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from chainnet.errors import ChainnetWarning
from chainnet.scenario._calendar import Calendar, month_text
from chainnet.scenario._effect import Effect
from chainnet.scenario._kinds import KINDS

# whether whoever asked tells it for all the answers that it puts together
_IS_TOLD: ContextVar[bool] = ContextVar("_IS_TOLD", default=False)


@dataclass(frozen=True)
class Outside:
    """Measures of a scenario that are in force in no month of an answer.

    Attributes
    ----------
    scenario : str
        File or name of the scenario.
    words : tuple of str
        One text each: scenario, measure and why.
    is_all : bool
        Whether nothing else is in the scenario: over time it equals the baseline.
    """

    scenario: str = ""
    words: tuple[str, ...] = ()
    is_all: bool = False


def why_outside(effect: Effect, calendar: Calendar, zero: int | None, months: int) -> str:
    """Say why a measure is in force in none of the ``months``; "" where it is in force in one.

    Parameters
    ----------
    effect : Effect
    calendar : Calendar
    zero : int, optional
        Number of month 0 (``month_number``); None = months have no dates.
    months : int
        Horizon.
    """
    # a stock that a release names is open only while the release is in force
    shut = ": its stocks stay shut" if KINDS[effect.kind].shuts else ""
    if calendar.begin >= months:
        return f"{effect.argument} starts {_when(calendar.begin, zero)}, after a horizon of {months} months{shut}"
    if KINDS[effect.kind].delays:  # it speaks of projects, whenever they were due
        return ""
    if zero is not None and calendar.end <= 0:
        over = month_text(zero + int(calendar.end))
        return f"{effect.argument} is over since {over}, before month 1 ({month_text(zero)}){shut}"
    if not calendar.in_force(np.arange(months)).any():
        return f"{effect.argument} is suspended over the whole horizon of {months} months from {_when(0, zero)}{shut}"
    return ""


def _when(month: int, zero: int | None) -> str:
    return f"month {month + 1}" if zero is None else month_text(zero + month)


def tell_outside(found: Iterable[Outside], stacklevel: int = 3) -> None:
    """Warn once of all measures of other times, where there are any and nobody above tells it.

    Parameters
    ----------
    found : iterable of Outside
    stacklevel : int
        As in ``warnings.warn``; 3 = whoever called the caller.
    """
    each = list(dict.fromkeys(found))
    words = list(dict.fromkeys(text for one in each for text in one.words))
    if not words or _IS_TOLD.get():
        return
    still = sorted({one.scenario for one in each if one.is_all})
    words += [f"{name}: nothing of it is in force, so over time it equals the baseline" for name in still]
    head = "Not in force in the months of this answer, and counted as nothing:"
    warnings.warn("\n  ".join([head, *words]), ChainnetWarning, stacklevel=stacklevel)


@contextmanager
def outside_is_told() -> Iterator[None]:
    """Keep the answers asked for inside from warning: whoever asks does."""
    token = _IS_TOLD.set(True)
    try:
        yield
    finally:
        _IS_TOLD.reset(token)
