"""Months as people read them: by the calendar, how long demand is kept whole, when it is met again."""

from __future__ import annotations

import math
from typing import Any

from chainnet.words._infinite import NEVER_SHORT
from chainnet.words._numbers import NBSP, NO_DATA, NOT_ASKED, counted, is_missing, number, whole

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
    return " ".join(month_and_year(month, start)).strip()


def month_and_year(month: Any, start: str) -> tuple[str, str]:
    """Return the short name of a month that counts from 1, and its year; both empty where the start is not known.

    Examples
    --------
    >>> month_and_year(14, "2025-01")
    ('Feb', '2026')
    """
    if is_missing(month) or not start:
        return "", ""
    year, first = (int(part) for part in start.split("-")[:2])
    years, place = divmod(first - 1 + round(float(month)) - 1, 12)
    return MONTHS[place][:SHORT], str(year + years)


def month_words(month: Any, start: str, never: str = "never") -> str:
    """Return a month by its number and its name.

    Examples
    --------
    >>> month_words(4, "2025-01").replace(NBSP, " "), month_words(4, ""), month_words(None, "2025-01")
    ('4 (Apr 2025)', '4', 'never')
    """
    if is_missing(month):
        return never
    name = calendar_month(month, start)
    return f"{whole(month)}{NBSP}({name.replace(' ', NBSP)})" if name else whole(month)


def survive_words(months: Any, is_unlimited: Any, horizon: Any) -> str:
    """Return how long demand can be kept whole, in months from the first measure.

    Parameters
    ----------
    months : number
        inf where demand is met for ever.
    is_unlimited : bool
    horizon : number
        Months from the first measure to the end; a time as long as that is a lower limit.

    Examples
    --------
    >>> survive_words(6.0, False, 48), survive_words(48.0, False, 48), survive_words(float("inf"), True, 48)
    ('6', 'at least 48', 'never short')
    """
    if is_missing(months):
        return NO_DATA
    if is_unlimited or math.isinf(months):
        return NEVER_SHORT
    return f"at least {number(months)}" if not is_missing(horizon) and months >= horizon - 1e-6 else number(months)


def recover_words(months: Any, horizon: Any) -> str:
    """Return months from the first short one until demand is met for good.

    Examples
    --------
    >>> recover_words(4.0, 48), recover_words(0.0, 48), recover_words(float("inf"), 48)
    ('4', '-', 'not in 48')
    """
    if is_missing(months):
        return NO_DATA
    if math.isinf(months):
        return f"not in {whole(horizon)}"
    return NOT_ASKED if months <= 0 else number(months)
