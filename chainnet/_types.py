"""Types that many modules share: arrays of numbers, places, marks and texts, words that a person gives, rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["INF", "Array", "Bools", "Ints", "Texts", "Words", "records"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Texts = np.ndarray[Any, np.dtype[np.object_]]
# one word or several; none = what the network says
Words = str | Iterable[str] | None
INF = np.inf


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table whose columns have texts for names, which pandas does not know."""
    return cast("list[dict[str, Any]]", table.to_dict("records"))
