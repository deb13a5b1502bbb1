"""Numbers that are text: which mark is the decimal one is decided by a column, and never guessed.

One rule for text files, cells of text in workbooks and tables in Python: a mark that a number of the column can have
only one way decides for all of them (25.65; 1.234,5; 0.125); where none does, and two readings differ, the column is
refused once, with what to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd

_SPACES = " '\u00a0\u202f\u2019"
_ASK = 'Give decimal="{}" (--decimal "{}") where {} mark thousands, decimal="{}" where the {} is the decimal mark.'
_SIGNS = {".": (",", "points", "point"), ",": (".", "commas", "comma")}  # the other mark, and how they are called


@cache
def _forms(decimal: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what a number with this decimal mark looks like, and the marks between its thousands."""
    marks = ("." if decimal == "," else ",") + _SPACES
    mark = re.escape(decimal)
    grouped = rf"[1-9]\d{{0,2}}([{marks}])\d{{3}}(?:\1\d{{3}})*(?:{mark}\d*)?"
    number = rf"\s*[+-]?(?:{grouped}|(?:\d+(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?)\s*"
    return re.compile(number), re.compile(rf"[{marks}]")


def number_of(text: str, decimal: str) -> float | None:
    """Return a text as a number with this decimal mark, None where it is none."""
    number, marks = _forms(decimal)
    if not number.fullmatch(text):
        return None
    return float(marks.sub("", text.strip()).replace(decimal, "."))


def _decimal_of(words: Iterable[str]) -> tuple[str | None, tuple[str, ...]]:
    """Decide which decimal mark the numbers among some texts have; None with samples where it is open, or differs."""
    only: dict[str, str] = {}
    either = ""
    for word in words:
        point, comma = number_of(word, "."), number_of(word, ",")
        if point == comma:
            continue
        if point is None or comma is None:
            only.setdefault("," if point is None else ".", word)
        else:
            either = either or word
    if len(only) == 2:
        return None, (only["."], only[","])
    if only:
        return next(iter(only)), ()
    return (None, (either,)) if either else (".", ())


def as_numbers(cells: pd.Series, decimal: str | None = None) -> tuple[pd.Series, tuple[int, str, str, str] | None]:
    """Read the texts of a column that are numbers as numbers; all else stays as it is.

    Parameters
    ----------
    cells : Series
    decimal : str, optional
        The decimal mark; default as the column decides.

    Returns
    -------
    cells : Series
        Beside a fault either reading, so that the column is refused once.
    fault : tuple or None
        Row, value, rule and remedy where the column leaves open what its numbers are.
    """
    values = cells.tolist()
    words = dict.fromkeys(value for value in values if isinstance(value, str))
    mark, samples = (decimal, ()) if decimal else _decimal_of(words)
    fault: tuple[int, str, str, str] | None = None
    if mark is None:
        row = values.index(samples[0])
        if len(samples) == 2:
            rule = f'its decimal mark is a point, that of "{samples[1].strip()}" in the same column a comma'
            remedy = "Write all of them alike."
        else:
            sign = "," if "," in samples[0] else "."
            other, several, one = _SIGNS[sign]
            n = sum(isinstance(value, str) and number_of(value, ".") != number_of(value, ",") for value in values)
            rule = f"the {one} may mark thousands, or be the decimal mark" + (f", in {n} cells of the column" * (n > 1))
            remedy = _ASK.format(other, other, several, sign, one)
        fault = (row, samples[0].strip(), rule, remedy)
    elif wrong := [word for word in words if number_of(word, mark) is None and number_of(word, ".") is not None]:
        rule, remedy = "the point marks no thousands here", "Correct the number, or the decimal mark."
        fault = (values.index(wrong[0]), wrong[0].strip(), rule, remedy)
    marks = (mark,) if mark and fault is None else (".", ",")
    read = {word: next((x for m in marks if (x := number_of(word, m)) is not None), None) for word in words}
    numbers = {word: number for word, number in read.items() if number is not None and np.isfinite(number)}
    made = [numbers.get(value, value) if isinstance(value, str) else value for value in values]
    return pd.Series(made, index=cells.index, dtype="object"), fault
