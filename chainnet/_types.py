"""Names of types that many modules share: arrays of numbers, places, marks and texts, and words that a person gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["INF", "Array", "Bools", "Ints", "Texts", "Words"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Texts = np.ndarray[Any, np.dtype[np.object_]]
# one word or several; none = what the network says
Words = str | Iterable[str] | None
INF = np.inf
