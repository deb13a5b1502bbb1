"""The one gate for arguments: what is no whole number, number, year or known word is refused in one sentence.

The sentence begins with the argument and the value given; ``rule`` is the rest of it, where {least} and {most}
stand for the limits. Truth values are no numbers here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, TypeGuard

from chainnet.errors import DataError

__all__ = ["choice", "is_number", "is_real", "is_whole", "money", "number", "share", "whole", "year"]

OUT_OF_RANGE = "is out of range; give a whole number, {least} or more."
AT_LEAST = "is not a whole number of at least {least}."


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number, of Python or NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_real(value: object) -> TypeGuard[float]:
    """Return whether a value is a number, be it infinite or not a number in the sense of IEEE 754."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a finite number."""
    try:
        return is_real(value) and math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def whole(
    value: Any,
    argument: str,
    least: float = 0,
    most: float = math.inf,
    rule: str = "is not allowed; give a whole number, {least} or more.",
) -> int:
    """Return a whole number from ``least`` to ``most``; raise DataError for anything else."""
    if not is_whole(value) or not least <= value <= most:
        raise DataError(f"{argument}: {value!r} {rule.format(least=least, most=most)}")
    return int(value)


def number(
    value: Any,
    argument: str,
    least: float = 0.0,
    most: float = math.inf,
    rule: str = "is not allowed; give a finite number, 0 or more.",
    none: str | None = None,
) -> float:
    """Return a finite number from ``least`` to ``most``; raise DataError for anything else.

    ``none`` is the rule for what is no number at all, where that is said in other words.
    """
    if not is_number(value) or not least <= value <= most:
        said = rule if none is None or is_real(value) else none
        raise DataError(f"{argument}: {value!r} {said.format(least=least, most=most)}")
    return float(value)


def money(value: Any, argument: str) -> float:
    """Return an amount of USD million; raise DataError for what is none."""
    return number(value, argument, rule="is not allowed; give USD million, a finite number, 0 or more.")


def share(value: Any, argument: str) -> float:
    """Return a share, which may pass 1; raise DataError unless it is a finite number, 0 or more."""
    rule = "is out of range; a share is a finite number, 0 or more."
    return number(value, argument, rule=rule, none="is no number; a share is 0 or more.")


def year(value: Any, argument: str = "by_year") -> int | None:
    """Return a year, or None for None; raise DataError for what is none."""
    if value is None:
        return None
    return whole(value, argument, -math.inf, rule="is no year; give a whole number such as 2030.")


def choice(value: Any, argument: str, kind: str, known: Iterable[str]) -> None:
    """Raise DataError unless ``value`` is one of the words of a kind that are known."""
    known = list(known)
    if value not in known:
        raise DataError(f'{argument}: unknown {kind} "{value}"; one of {", ".join(known)}.')
