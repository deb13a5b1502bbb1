"""Dates as tables write them: a year, a month or a day, each with a first day and a last."""

from __future__ import annotations

import calendar
import re
from datetime import date

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
