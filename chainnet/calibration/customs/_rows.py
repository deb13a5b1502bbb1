"""Rows and pairs of tables, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

__all__ = ["each", "pairs"]


def each(table: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of a table, with a field a column."""
    yield from table.itertuples(index=False)


def pairs(series: pd.Series) -> Iterator[tuple[str, float]]:
    """Yield label and number of a series."""
    for label, number in zip(series.index, series.to_numpy(dtype="float64"), strict=True):
        yield str(label), float(number)
