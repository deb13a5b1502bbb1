"""Refine the answer of a linear program until its breaches are those of the numbers themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainnet._types import Array
from chainnet.engine.linear import Bounds, LinearSolution, WarmModel

MOST_ROUNDS = 4
SMALL = 2.0**-40  # breach, in units of the natural sizes, that is enlarged to the size of the program
EXACT = 1e-16  # breach, in the same units, that sums of numbers with 16 digits cannot tell from nothing


def refined(model: WarmModel, found: LinearSolution) -> LinearSolution:
    """Solve for what an answer lacks, enlarged, until it keeps all bounds to the last digits.

    Parameters
    ----------
    model : WarmModel
        With the bounds and costs of the answer, which stay in place.
    found : LinearSolution
        Its optimum within the tolerances of the solver.

    Notes
    -----
    Iterative refinement (Gleixner, Steffy and Wolter 2016): the correction has the same matrix, costs and basis; its
    bounds are the distances to those in place, enlarged. Tolerances of the solver are absolute, so a tier of 20 t
    beside 26 million is below them in the first answer and far above them in the correction.
    """
    bounds = model.bounds
    best = replace(found, x=np.clip(found.x, bounds[0], bounds[1]))
    distances, least = _distances(model, bounds, best.x)
    for _ in range(MOST_ROUNDS):
        if least <= EXACT:
            break
        enlarged = 1.0 / max(least, SMALL)
        lower, upper, row_lower, row_upper = (distance * enlarged for distance in distances)
        model.set_bounds((lower, upper, row_lower, row_upper))
        step = model.solve(best.basis, is_neat=False)
        if step.status != "optimal":
            break
        x = np.clip(best.x + step.x / enlarged, bounds[0], bounds[1])
        distances, breach = _distances(model, bounds, x)
        if not breach < least:
            break
        best, least = replace(step, x=x), breach
    model.set_bounds(bounds)
    return replace(best, value=float((model.current().cost * best.x).sum()))


def _distances(model: WarmModel, bounds: Bounds, x: Array) -> tuple[Bounds, float]:
    """Return how far an answer is from each bound, and its worst breach in units of the natural sizes."""
    lower, upper, row_lower, row_upper = bounds
    activity = model.program.matrix @ x
    rows = row_lower - activity, row_upper - activity
    breach = np.maximum(rows[0], -rows[1]) / model.program.row_scale
    return (lower - x, upper - x, *rows), float(breach.max(initial=0.0))
