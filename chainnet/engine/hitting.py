"""Sets that meet every row of a list, at the least weight: the master of an implicit hitting set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainnet._types import Array, Ints
from chainnet.engine.mip import solve_mixed
from chainnet.engine.rows import Rows


@dataclass(frozen=True)
class Hitting:
    """A set that meets every row, and a weight below which none does; ``is_optimal``: the two meet."""

    chosen: Ints
    bound: float
    is_optimal: bool


def least_hitting(
    weight: Array,
    rows: Sequence[Ints],
    *,
    barred: Sequence[Ints] = (),
    most: float = np.inf,
    time_limit_s: float = 60.0,
) -> Hitting | None:
    """Find the set of least weight that has a member of every row; None = there is none.

    Parameters
    ----------
    weight : array
        Of each member, 0 or more; infinite = never taken.
    rows : sequence of int arrays
        Of each of these at least one.
    barred : sequence of int arrays
        Sets none of whose supersets may be taken.
    most : float
        How many may be taken.
    time_limit_s : float

    References
    ----------
    Moreno-Centeno, E. and Karp, R. M. (2013). The implicit hitting set approach to solve combinatorial optimization
    problems with an application to multigenome alignment. Operations Research 61(2), 453-468.
    """
    is_open = np.isfinite(weight)
    if any(not is_open[row].any() for row in rows) or any(not len(members) for members in barred):
        return None
    program = Rows()
    for row in rows:
        program.add(row, 1.0, 1.0, np.inf)
    found = solve_mixed(
        "hitting set",
        program,
        (np.zeros(len(weight)), is_open.astype(float)),
        np.where(is_open, weight, 0.0),
        np.arange(len(weight)),
        np.ones(len(weight)),
        most,
        barred=barred,
        is_minimum=True,
        time_limit_s=time_limit_s,
    )
    return None if found is None else Hitting(np.flatnonzero(found.amount), found.bound, found.is_optimal)
