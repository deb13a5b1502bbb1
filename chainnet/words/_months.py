"""Months as people read them: how many, and by the calendar."""

from __future__ import annotations

from typing import Any

from chainnet.words._numbers import counted, is_missing

_HALF = ("January", "February", "March", "April", "May", "June")
MONTHS = (*_HALF, "July", "August", "September", "October", "November", "December")
SHORT = 3  # letters of a month's short name


def in_months(value: Any) -> str:
    """Return a number of months with its noun.

    Examples
    --------
    >>> in_months(1), in_months(13)
    ('1 month', '13 months')
    """
    return counted(value, "month")


def calendar_month(month: Any, start: str) -> str:
    """Return the calendar month of a month that counts from 1; empty where the start is not known.

    Parameters
    ----------
    month : number
    start : str
        The first month, such as "2025-01"; "" = not known.

    Examples
    --------
    >>> calendar_month(1, "2025-01"), calendar_month(14, "2025-01"), calendar_month(3, "")
    ('Jan 2025', 'Feb 2026', '')
    """
    if is_missing(month) or not start:
        return ""
    year, first = (int(part) for part in start.split("-")[:2])
    years, place = divmod(first - 1 + round(float(month)) - 1, 12)
    return f"{MONTHS[place][:SHORT]} {year + years}"
