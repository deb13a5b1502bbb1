"""When a measure is in force: month numbers, dates, phase-in and suspensions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainnet._types import Array, Bools
from chainnet.errors import DataError

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


def is_month(text: object) -> bool:
    """Say whether ``text`` is a month such as "2025-04"."""
    return isinstance(text, str) and _MONTH.fullmatch(text) is not None


def month_number(text: str, argument: str = "month") -> int:
    """Return the number of a month: twelve times the year, plus 0 for January to 11 for December.

    Raises
    ------
    DataError
        If it is no month such as "2025-04".

    Examples
    --------
    >>> month_number("2027-01") - month_number("2025-04")
    21
    """
    if not is_month(text):
        raise DataError(f'{argument}: {text!r} is no month. Write year and month, such as "2025-04".')
    return int(text[:4]) * 12 + int(text[5:]) - 1


def month_text(number: int) -> str:
    """Return the month of a number, the inverse of ``month_number``.

    Examples
    --------
    >>> month_text(month_number("2025-04") + 21)
    '2027-01'
    """
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


@dataclass(frozen=True)
class Calendar:
    """When a measure is in force, in months counted from the month 0 of an answer.

    Parameters
    ----------
    begin : int
        First month; below 0 where it began before month 0.
    end : float
        First month after it; inf = it stays.
    windows : tuple of (int, int)
        Suspensions, first month and first month after, sorted.
    phase_in : int
        Months over which the effect grows to full size; 1 = at once. Suspensions do not stop it.
    has_start : bool
        Whether the measure says when it begins.
    known : float
        Month in which it was announced; inf = known when it is in force. Its stated end is known with it.
    """

    begin: int
    end: float
    windows: tuple[tuple[int, int], ...]
    phase_in: int
    has_start: bool
    known: float = np.inf

    def within(self, first: int, after: float) -> Calendar:
        """Return the calendar of a part of the measure, in months of its own time."""
        begin, end = self.begin + first, min(self.end, self.begin + after)
        windows = tuple(w for w in self.windows if w[1] > begin and w[0] < end)
        return replace(self, begin=begin, end=end, windows=windows)

    def believed(self, months: Any, seen: int, span: tuple[int, float]) -> Bools:
        """Return for each month whether one who knows what is in force, and announced, up to ``seen`` expects it.

        He takes the phase that is in force, of what is announced the first, to stay: for ever, and where the measure
        was announced to its stated end.
        """
        months, part = np.asarray(months), self.within(*span)
        if seen < self.known:
            return np.full(len(months), part.in_force([seen])[0])
        now = bool(part.in_force([max(seen, self.begin)])[0])
        return np.asarray(now & (months >= self.begin) & (months < self.end), dtype=bool)

    def in_force(self, months: Any) -> Bools:
        """Return for each month whether the measure is in force."""
        months = np.asarray(months)
        force = (months >= self.begin) & (months < self.end)
        for first, after in self.windows:
            force &= (months < first) | (months >= after)
        return np.asarray(force, dtype=bool)

    def fraction(self, months: Any) -> Array:
        """Return for each month the part of the full effect that the phase-in has reached."""
        grown = (np.asarray(months) - self.begin + 1) / self.phase_in
        return np.asarray(np.clip(grown, 0.0, 1.0), dtype=float)

    def changes(self) -> set[float]:
        """Return the months in which it begins, ends, grows, is suspended or resumes; inf = never."""
        return {*range(self.begin, self.begin + self.phase_in), *self.news()}

    def news(self) -> set[float]:
        """Return the months in which it begins, ends, is suspended or resumes; inf = never."""
        told = {self.known} if self.known < self.begin else set()
        return {self.begin, self.end, *told, *(month for window in self.windows for month in window)}

    def problems(self) -> list[str]:
        """Return what is wrong with it, in words."""
        if self.end <= self.begin:  # "until" alone can do so; without a start it lies before month 0
            return ["until is not after its start"] if self.has_start else []
        found = []
        if self.begin + self.phase_in > self.end:
            found.append(f"phase_in_months ({self.phase_in}) is longer than months ({self.end - self.begin:g})")
        reached: float = self.begin
        for (first, after), (following, _) in zip(self.windows, self.windows[1:], strict=False):
            if following < after:
                found.append(f"two suspensions overlap: one ends after {after - first} months, the next begins before")
        for first, after in self.windows:
            if after <= self.begin or first >= self.end:
                found.append("a suspension lies outside the time of the measure")
            elif first <= reached:
                reached = max(reached, after)
        if reached >= self.end:
            found.append("its suspensions cover the whole of it")
        return found


def calendar_of(measure: Mapping[str, Any], zero: int | None) -> Calendar:
    """Return the calendar of a measure.

    Parameters
    ----------
    measure : mapping
    zero : int, optional
        Number of month 0 (``month_number``); needed where the measure gives dates.
    """
    windows = []
    for window in measure.get("suspended") or ():
        first = _first(window, zero)
        windows.append((first, first + int(window["months"])))
    begin = _first(measure, zero)
    return Calendar(
        begin,
        _end(measure, begin, zero),
        tuple(sorted(windows)),
        int(measure.get("phase_in_months", 1)),
        "start" in measure or "start_month" in measure,
        _known(measure, zero),
    )


def _first(table: Mapping[str, Any], zero: int | None) -> int:
    return _dated(table, "start", "start_month", zero) if "start" in table else int(table.get("start_month", 0))


def _known(measure: Mapping[str, Any], zero: int | None) -> float:
    if "announced" not in measure or "start" not in measure or zero is None:
        return np.inf
    return month_number(measure["announced"][:7]) - zero


def _end(measure: Mapping[str, Any], begin: int, zero: int | None) -> float:
    """Return the month after the last one; inf where it never ends."""
    if "until" in measure:
        return _dated(measure, "until", "months", zero)
    return begin + int(measure["months"]) if "months" in measure else np.inf


def _dated(table: Mapping[str, Any], key: str, instead: str, zero: int | None) -> int:
    if zero is None:
        raise DataError(
            f'{key} = "{table[key]}" needs to know when the first month is. Give start= or a network with a year, '
            f"or write {instead}."
        )
    return month_number(table[key]) - zero
