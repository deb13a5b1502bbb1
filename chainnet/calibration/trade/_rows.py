"""Rows and pairs of tables, one by one; the text of a table from a file, a piece at a time."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import IO, Any

import pandas as pd

from chainnet.errors import DataError

_PIECE = 200_000  # rows
_HEAD = 1 << 16  # characters of a header; no real one is longer
_SURPLUS = "\x00"  # some downloads end each row in a comma


def each(table: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of a table, with a field a column."""
    yield from table.itertuples(index=False)


def pairs(series: pd.Series) -> Iterator[tuple[str, float]]:
    """Yield label and number of a series."""
    for label, number in zip(series.index, series.to_numpy(dtype="float64"), strict=True):
        yield str(label), float(number)


def heads(names: Iterable[Any]) -> str:
    """Return the first columns of a table in words."""
    return ", ".join(str(name)[:60] for name in list(names)[:12])


def text_pieces(handle: IO[str], file: str) -> Iterator[pd.DataFrame]:
    """Yield the rows of a CSV as text, a piece at a time; no cell is left out or falls under another head.

    Raises
    ------
    DataError
        If it is no CSV, a column stands twice, or a row has more cells than the header.
    UnicodeDecodeError
        If it is in another encoding.
    """
    names = [name.strip() for name in next(csv.reader([handle.readline(_HEAD)]), [])]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise DataError(f"{file}: the column {twice[0][:80]} stands twice. Keep one of them.")
    columns = [name or f"column {place}" for place, name in enumerate(names, start=1)]
    longer = "has more cells than the header. Quote a cell that holds a comma."
    try:
        pieces = pd.read_csv(
            handle, names=[*columns, _SURPLUS], header=None, dtype="str", index_col=False, chunksize=_PIECE,
            keep_default_na=False, skipinitialspace=True,
        )  # fmt: skip
        while (piece := _next_of(pieces)) is not None:
            surplus = piece.pop(_SURPLUS).fillna("").str.strip().ne("")
            if surplus.any():
                row = int(surplus.to_numpy().argmax()) + int(piece.index[0]) + 2
                raise DataError(f"{file} row {row}: {longer}")
            yield piece.fillna("")
    except pd.errors.ParserWarning:
        raise DataError(f"{file}: a row {longer}") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as err:
        if line := re.search(r"in line (\d+), saw", str(err)):  # pandas counts without the header
            raise DataError(f"{file} row {int(line[1]) + 1}: {longer}") from None
        raise DataError(f"{file}: cannot be read as CSV: {str(err).strip()[:200]}.") from None


def _next_of(pieces: Iterator[pd.DataFrame]) -> pd.DataFrame | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas would cut the row, and only say so
        return next(pieces, None)
