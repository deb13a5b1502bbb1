"""Dates as tables write them: a year, a month or a day, which begins on its first day and ends on its last."""

from __future__ import annotations

import calendar
import re
from datetime import date

from chainnet.errors import DataError

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


def first_day(text: str) -> date:
    """Return the first day of a year, a month or a day written as text; ValueError for anything else."""
    return _days(text)[0]


def last_day(text: str) -> date:
    """Return the last day of a year, a month or a day written as text; ValueError for anything else."""
    return _days(text)[1]


def _days(text: str) -> tuple[date, date]:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (int(part) if part else None for part in found.groups())
    assert year is not None
    if day is not None and month is not None:
        only = date(year, month, day)
        return only, only
    first, last = (1, 12) if month is None else (month, month)
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def day_of(as_of: object, argument: str = "as_of") -> date:
    """Return the day that ``as_of`` means; a month or a year is its last day.

    Raises
    ------
    DataError
        If it is no such text.
    """
    if isinstance(as_of, date):
        return date(as_of.year, as_of.month, as_of.day)
    try:
        return last_day(as_of if isinstance(as_of, str) else "")
    except ValueError as err:
        raise DataError(
            f'{argument}: {as_of!r} is no date. Write "2026-11-29", or "2026-11" for its last day.'
        ) from err


def month_of(day: date) -> int:
    """Return the number of a day's month: twelve times the year, plus 0 for January to 11 for December."""
    return day.year * 12 + day.month - 1
