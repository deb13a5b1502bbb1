"""Real capacities as integers, exact wherever they can be.

Max flow on doubles is not safe: rounding dust joins what is apart and cuts what is whole. Here all capacities are
multiplied by one number and become 64-bit integers: by 10**d where all are decimals of at most d places (exact), else
by a power of two (exact for dyadic numbers, else with a bound on the error that is handed on).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# largest integer capacity: sums of a few of them stay below 2**63
_LARGEST_EXACT = 2**60
_LARGEST = 2**57
_EXACT_DOUBLE = 2.0**53
_PLACES = 15
_SAMPLE = 512


@dataclass(frozen=True)
class Scale:
    """A multiplier: ``power`` of ten or of two, and by how much a sum over all capacities may be wrong."""

    base: int
    power: int
    max_error: float

    def to_float(self, values: IntArray) -> FloatArray:
        """Return scaled integers in the unit of the data."""
        if self.base == 2:
            return np.ldexp(values.astype(np.float64), -self.power)
        return values / 10.0**self.power if self.power else values.astype(np.float64)

    def one_to_float(self, value: int) -> float:
        """Return one scaled integer in the unit of the data, correctly rounded."""
        if self.base == 10 or self.power >= 0:
            return float(value / self.base**self.power)
        return float(value * self.base**-self.power)

    def rounding(self, value: int) -> float:
        """Return how far a double may be from this value: 0 up to 2**53, for which doubles are made."""
        return 0.0 if abs(value) <= _EXACT_DOUBLE else float(np.spacing(self.one_to_float(value)))


def to_integers(capacity: FloatArray, bound: float) -> tuple[IntArray, Scale]:
    """Scale capacities to integers.

    Parameters
    ----------
    capacity : float array
        Capacities, 0 or more, infinite ones allowed.
    bound : float
        No less than the largest flow possible. Larger capacities can never be full, so they are cut down to a little
        more than the bound.

    Returns
    -------
    values : int array
        Integers of at least 0.
    scale : Scale
        How to come back.
    """
    # twice the bound: a capacity that was cut down is never full, so it is in no minimum cut
    ceiling = 2.0 * bound if bound > 0 else 1.0
    is_large = capacity > ceiling
    usual = capacity[~is_large]
    scale = _decimal(usual, ceiling)
    if scale is None:
        power = _LARGEST.bit_length() - 1 - int(np.frexp(ceiling)[1])
        scaled = np.ldexp(usual, power)
        whole = np.floor(scaled)
        n_rounded = int(np.count_nonzero(whole != scaled))
        scale = Scale(2, power, float(np.ldexp(float(n_rounded), -power)))
    elif scale.power == 0:
        whole = usual
    else:
        # whole numbers beyond 2**53 / 10**d have no exact product in doubles, but they have one in integers
        is_whole = usual == np.floor(usual)
        whole = np.rint(usual * 10.0**scale.power)
        values = whole.astype(np.int64)
        values[is_whole] = usual[is_whole].astype(np.int64) * 10**scale.power
        whole = values
    values = np.empty(len(capacity), dtype=np.int64)
    values[~is_large] = whole.astype(np.int64)
    values[is_large] = int(np.ceil(ceiling)) * 10**scale.power if scale.base == 10 else _LARGEST
    return values, scale


def _decimal(usual: FloatArray, ceiling: float) -> Scale | None:
    """Return the smallest power of ten that makes all values whole, if there is one within 64 bits."""
    if np.ceil(ceiling) > _LARGEST_EXACT:
        return None
    fractions = usual[usual != np.floor(usual)]
    if len(fractions) == 0:
        return Scale(10, 0, 0.0)
    largest = float(fractions.max())
    for places in range(1, _PLACES + 1):
        factor = 10.0**places
        if int(np.ceil(ceiling)) * 10**places > _LARGEST_EXACT or largest * factor > _EXACT_DOUBLE:
            return None
        if all(_is_decimal(part, factor) for part in (fractions[:_SAMPLE], fractions)):
            return Scale(10, places, 0.0)
    return None


def _is_decimal(values: FloatArray, factor: float) -> bool:
    return bool(np.all(np.rint(values * factor) / factor == values))
