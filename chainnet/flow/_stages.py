"""What is served, clear of rounding; and a second solve in finer sizes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainnet._types import Array
from chainnet.engine import PRINTED, ROUNDING
from chainnet.errors import SolverError
from chainnet.lowering import Lowered
from chainnet.words import digits

# tonnes of one stage that a tonne of another, given way by its floor, may stand for
SEVERAL = 10.0


def settled(served: Array, wanted: Array, open_: Array) -> Array:
    """Return what is served, clear of the solver's rounding.

    Parameters
    ----------
    served, wanted : ndarray
        Of the same unit; ``wanted`` gives the size.
    open_ : ndarray
        What locks and proofs leave open of each: short of less is nobody's shortfall, served less is nothing.

    Returns
    -------
    ndarray
        All that is wanted, or nothing, where it is that but for ``open_``; the nearest number of six digits, where it
        is that but for rounding (29.9999999998 of 40 is 30). Nothing else moves.
    """
    served = np.where(wanted - served <= open_, wanted, np.where(served <= open_, 0.0, served))
    # by what is served, for what is wanted may be far beyond all that can flow
    grid = PRINTED * 10.0 ** np.ceil(np.log10(np.where(served > 0, served, 1.0)))
    near = np.round(served / grid) * grid
    # as a decimal, so that 30 is 30 and not 30.000000000000004
    near = np.array([digits(number, 12) for number in near.ravel()], dtype=float).reshape(near.shape)
    return np.where((served < wanted) & (np.abs(near - served) <= ROUNDING * served), np.minimum(near, wanted), served)


def in_finer_sizes(
    lowering: Callable[..., Lowered], take: Callable[[Lowered], Array], is_proved: Callable[[], bool]
) -> None:
    """Solve, and where the answer has other sizes than were estimated, solve again in those.

    Parameters
    ----------
    lowering : callable
        Takes ``sizes``, or nothing, and lowers.
    take : callable
        Solves a program, keeps the answer and returns its columns.
    is_proved : callable
        Says whether the answer taken last holds.

    Notes
    -----
    The second answer is kept, unless the first alone is proved.
    """
    low = lowering()
    finer = low.finer_sizes(take(low))
    if finer is None:
        return
    held = is_proved()
    try:
        take(lowering(sizes=finer))
    except SolverError:
        if not held:
            raise
        take(low)
        return
    if held and not is_proved():
        take(low)
