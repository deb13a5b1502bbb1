"""What an infinite number means, by the column in which it stands: said here, and nowhere else."""

from __future__ import annotations

NO_LIMIT = "no limit"  # a capacity, or tonnes that it leaves idle
NEVER_SHORT = "never short"  # a time to survive
NEVER = "never"  # a time to recover, an onset, an end
NO_END = "no end"  # how long an event lasts
NO_AMOUNT = "no amount"  # tonnes in stock, money, or a price that would be enough

_TIMES_TO_SURVIVE = ("survive",)
_TIMES_TO_COME = ("recover", "recovery", "onset", "month", "year")
_AMOUNTS_ENOUGH = ("alone_t", "break_even_rise")
_MONEY = "usd_per_"
_DURATIONS = ("months_low", "months_high")
# of forecasts only months are infinite
_FORECASTS = ("central", "narrow_low", "narrow_high", "wide_low", "wide_high", "observed")


def infinite_word(column: str) -> str:
    """Return the word for an infinite number in a column.

    Parameters
    ----------
    column : str
        Its name in code, or that of a single figure.

    Examples
    --------
    >>> [infinite_word(c) for c in ("capacity_tpa", "time_to_survive", "time_to_recover", "alone_t", "usd_per_tpa")]
    ['no limit', 'never short', 'never', 'no amount', 'no amount']
    """
    if column in _DURATIONS:
        return NO_END
    parts = column.split("_")
    if any(word in parts for word in _TIMES_TO_SURVIVE):
        return NEVER_SHORT
    if any(word in parts for word in _TIMES_TO_COME) or column in _FORECASTS:
        return NEVER
    return NO_AMOUNT if column in _AMOUNTS_ENOUGH or column.startswith(_MONEY) else NO_LIMIT
