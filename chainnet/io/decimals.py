"""Numbers as other countries write them: a decimal comma, marks between thousands; what could be either is refused."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd

from chainnet._types import Bools
from chainnet.errors import Fault
from chainnet.network import MOST_FAULTS, Reading

_EITHER = r"\s*[+-]?[1-9]\d{0,2}(\.\d{3})+\s*"  # 280.000: 280 thousand, or 280 and no thousandths
_COMMA = r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*"
_SPACES = " '\u00a0\u202f"
_ASK = 'Give decimal="," (--decimal ",") where points mark thousands, decimal="." where the point is the decimal mark.'


def with_points(
    table: str, frame: pd.DataFrame, how: Reading, file: str, lines: list[int]
) -> tuple[pd.DataFrame, list[Fault]]:
    """Return a table in which the numbers have decimal points, and a fault for each cell that could mean two numbers.

    Parameters
    ----------
    table : str
    frame : DataFrame
        Only its cells of text are looked at: what a workbook holds as a number is one.
    how : Reading
        Its ``decimal`` says which mark is the decimal one. Where nobody says so and the cells are not split by
        commas, a decimal comma is read, and what may be thousands or decimals is a fault.
    file : str
        How faults call the table.
    lines : list of int
        The line of each row.
    """
    faults: list[Fault] = []
    if how.decimal is None and how.separator == ",":
        return frame, faults
    for place, name in enumerate(frame.columns):
        if how.is_text(table, name):
            continue
        cells = frame.iloc[:, place]
        texts = cells.map(lambda cell: cell if isinstance(cell, str) else "").astype(str)
        is_number, plain = numbers_of(texts, how.decimal)
        doubtful = unclear(texts, is_number, how.decimal) & how.is_number(table, name)
        rule = "the point may mark thousands, or be the decimal mark"
        remedy = _ASK
        if how.decimal is not None:
            rule, remedy = "the point marks no thousands here", "Correct the number, or the decimal mark."
        for row in np.flatnonzero(doubtful)[:MOST_FAULTS]:
            faults.append(Fault(file, lines[row], str(name), texts.iloc[row].strip(), rule, remedy))
        if is_number.any():
            frame.isetitem(place, cells.mask(is_number, plain).array)
    return frame, faults


def numbers_of(texts: pd.Series, decimal: str | None) -> tuple[Bools, pd.Series]:
    """Return which cells are numbers with marks that are known, and how they read with a decimal point alone."""
    if decimal is None:
        return texts.str.fullmatch(_COMMA).to_numpy(dtype=bool), texts.str.replace(",", ".", regex=False)
    number, marks = _forms(decimal)
    plain = texts.str.replace(marks, "", regex=True).str.replace(decimal, ".", regex=False)
    return texts.str.fullmatch(number).to_numpy(dtype=bool), plain


def number_of(text: str, decimal: str) -> float | None:
    """Return a text as a number with this decimal mark, None where it is none."""
    number, marks = _forms(decimal)
    return float(marks.sub("", text).replace(decimal, ".")) if number.fullmatch(text) else None


@cache
def _forms(decimal: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what a number with this decimal mark looks like, and the marks between its thousands."""
    marks = ("." if decimal == "," else ",") + _SPACES
    whole = rf"(\d{{1,3}}([{marks}]\d{{3}})+|\d+)"
    number = rf"\s*[+-]?({whole}([{decimal}]\d*)?|[{decimal}]\d+)([eE][+-]?\d+)?\s*"
    return re.compile(number), re.compile(rf"[{marks}]")


def unclear(texts: pd.Series, is_number: Bools, decimal: str | None) -> Bools:
    """Return which cells would be read as another number than was meant, were they left as they are."""
    if decimal == ".":  # what does not fit is no number of ours, and the gate refuses it
        return np.zeros(len(texts), dtype=bool)
    if decimal is None:
        return texts.str.fullmatch(_EITHER).to_numpy(dtype=bool)
    return texts.str.fullmatch(r"\s*[+-]?\d*\.\d*([eE][+-]?\d+)?\s*").to_numpy(dtype=bool) & ~is_number
