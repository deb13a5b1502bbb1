"""Of when a chain is, in one sentence that stands in every title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainnet.words._months import MONTHS
from chainnet.words._numbers import spelled

if TYPE_CHECKING:
    from chainnet.network import Network


def day_words(day: str) -> str:
    """Return a date as people read it: its month, and the day where it is not the last of the month.

    Examples
    --------
    >>> day_words("2026-11-30"), day_words("2026-11-12")
    ('November 2026', '12 November 2026')
    """
    from chainnet.network import last_day

    month = f"{MONTHS[int(day[5:7]) - 1]} {day[:4]}"
    return month if last_day(day[:7]).isoformat() == day else f"{int(day[8:])} {month}"


def vintage(network: Network) -> str:
    """Return as of when a chain stands, and of which year its plants, demand and flows are; empty where not known.

    Examples
    --------
    >>> import chainnet as cn
    >>> vintage(cn.read("gallium"))
    'as of November 2026: plants and demand of 2024'
    """
    year, opened = network.year, len(network.opened)
    if network.as_of is None:
        return "" if year is None else f"base year {year}"
    head = f"as of {day_words(network.as_of)}"
    if year is None:
        return head
    if not opened:
        return f"{head}: plants and demand of {year}"
    since = "one" if opened == 1 else spelled(opened, "plant").split()[0]
    return f"{head}: plants of {year} and {since} opened since; demand of {year}"
