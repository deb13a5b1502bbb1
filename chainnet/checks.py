"""The one gate for arguments: what is no whole number, number, year or known word is refused in one sentence.

The sentence begins with the argument and the value given; ``rule`` is the rest of it, where {least} and {most}
stand for the limits. Truth values are no numbers here.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, TypeGuard, TypeVar

from chainnet.errors import ChainnetError, DataError, UnknownIdError

__all__ = [
    "Named",
    "alike",
    "is_number",
    "is_real",
    "is_whole",
    "known",
    "listed",
    "meant",
    "money",
    "near",
    "number",
    "share",
    "told",
    "unknown",
    "whole",
    "year",
]

Value = TypeVar("Value")
OUT_OF_RANGE = "is out of range; give a whole number, {least} or more."
AT_LEAST = "is not a whole number of at least {least}."
MOST_LISTED = 16  # words of what is known that one message lists
_LONGEST_HINT = 100  # of words that are compared with each other, which takes the square of it


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
    return whole(value, argument, 1900, 2200, "is no year; give a whole number such as 2030.")


def meant(words: Sequence[str]) -> str:
    """Return `` did you mean x or y?``, or nothing."""
    return f" did you mean {' or '.join(words)}?" if words else ""


def alike(word: str, words: Iterable[str], most: int = 3, likeness: float = 0.6) -> list[str]:
    """Return the words that are spelled most like a word, the nearest first; none for a word that is very long."""
    if len(word) > _LONGEST_HINT:
        return []
    short = [text for text in words if len(text) <= _LONGEST_HINT]
    return difflib.get_close_matches(word, short, n=most, cutoff=likeness)


def near(word: object, words: Iterable[object]) -> str:
    """Return `` did you mean "x"?`` for the words that are spelled alike, or nothing."""
    return meant([f'"{text}"' for text in alike(str(word), map(str, words))])


def told(rule: str, word: object, words: Iterable[object], stop: str = "") -> str:
    """Return the rule that a word breaks, with the words that are spelled alike; where there are none, a stop."""
    hint = near(word, words)
    return f"{rule};{hint}" if hint else f"{rule}{stop}"


def listed(words: Iterable[object]) -> str:
    """Return what is known in one sentence; of many words the first, of a set in the order of the alphabet."""
    every = [str(word) for word in words if word not in ("", None)]
    shown = (sorted(every) if isinstance(words, (set, frozenset)) else every)[:MOST_LISTED]
    left = len(every) - len(shown)
    return f"Known: {', '.join(shown) or 'none'}{f' and {left} more' if left else ''}."


def unknown(word: object, words: Iterable[object], kind: str) -> str:
    """Return the sentence on a word that is not known: what was given, what is near, what is known."""
    rule = told(f'unknown {kind} "{word}"', word, words, ".")
    return f"{rule} {listed(words)}"


def known(
    word: object,
    words: Collection[Any],
    argument: str,
    kind: str,
    also: str = "",
    error: type[ChainnetError] = DataError,
) -> None:
    """Raise unless a word is one of those that are known.

    Parameters
    ----------
    word : object
        As it was given.
    words : collection
        What is known.
    argument : str
        Where the word stands: an argument, or a file and its row.
    kind : str
        What the word should name.
    also : str
        What else helps, in a sentence of its own.
    error : type
        UnknownIdError for ids.
    """
    try:
        is_known = word in words
    except TypeError:  # a list cannot be a key
        is_known = False
    except ValueError:  # a table is equal to nothing as a whole
        is_known, word = False, type(word).__name__
    if not is_known:
        raise error(f"{argument}: {unknown(word, words, kind)} {also}".rstrip())


class Named(dict[str, Value]):
    """Things by their names; a name that is none of theirs is told with those that are near."""

    def __init__(self, things: Mapping[str, Value], argument: str, kind: str) -> None:
        super().__init__(things)
        self._argument, self._kind = argument, kind

    def __missing__(self, name: str) -> Value:
        """Raise UnknownIdError, which is a KeyError too."""
        raise UnknownIdError(f"{self._argument}: {unknown(name, self, self._kind)}")
