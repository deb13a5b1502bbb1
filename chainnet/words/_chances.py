"""Chances in words: never one end without the other."""

from __future__ import annotations

from fractions import Fraction

_LARGEST = 10  # denominators of fractions that are no "1 in so many"


def odds(low: float, high: float) -> str:
    """Return a chance in words: ``between 1 in 11 and 2 in 5``."""
    return f"between {_one(low)} and {_one(high)}"


def _one(chance: float) -> str:
    if chance < 1e-9:
        return "none"
    if chance > 1.0 - 1.0 / (2 * _LARGEST):
        return "nearly certain"
    near = Fraction(chance).limit_denominator(_LARGEST)
    if near.numerator > 1 or (near and abs(float(near) / chance - 1.0) < 1.0 / (2 * _LARGEST)):
        return f"{near.numerator} in {near.denominator}"
    n = 1.0 / chance
    step = 10 ** max(len(str(round(n))) - 2, 0)
    return f"1 in {round(n / step) * step:,}"
