"""The point nearest to a prior, in relative entropy, that meets linear conditions exactly.

Arrays alone: minimise sum w (x ln(x/q) - x + q) subject to A x = b, 0 <= x <= u. The dual has one
number per condition and is solved by Newton's method; what the conditions force to zero or to its
bound is found first, by linear programs, so that the rest has an inside.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack
from scipy.sparse.linalg import splu

from chainnet._types import Array, Bools
from chainnet.engine.rows import Rows
from chainnet.errors import SolverError

_FORCED = 1e-9  # of its commodity: a variable that cannot rise above this is forced
_NOISE = 1e-6  # of its own size: but one that rises above this is not
_ROUNDS = 80
_TOLERANCE = 1e-11
_NEAR = 1e-9  # farther off than this the dual has lost its way
_STEPS = 300
_CENTRE = 0.1
_SETTLED = 1e-6
_DUST = 1e-16  # of a typical amount
_PASSES = 30
_REFINED = 4
_MOST = 1e-3  # of its size: no variable need be raised further
_EXACT = 1e-12  # of the scale of a row
_LEAST = 1e-15  # of a typical amount: sizes are not told apart below


@dataclass(frozen=True)
class Conditions:
    """A x = b within 0 <= x <= u; every row is divided by its scale before it meets a solver.

    ``size`` is a typical amount of each variable, in its own unit: what is tiny is judged by it.
    """

    matrix: csr_array
    value: Array
    upper: Array
    scale: Array
    size: Array

    @classmethod
    def of(cls, rows: Rows, upper: Array, size: Array) -> Conditions:
        """Return rows, each held at its lower bound, as conditions on variables of these upper bounds and sizes."""
        matrix, value, _, scale = rows.lines(len(upper))
        return cls(csr_array(matrix), value, upper, scale, size)

    @property
    def scaled(self) -> tuple[csr_array, Array]:
        """Rows over their scale."""
        over = diags_array(1.0 / self.scale)
        return csr_array(over @ self.matrix), self.value / self.scale


def _equal(conditions: Conditions) -> Conditions:
    """Return the conditions with every variable and row judged by what it can carry, not by the whole commodity.

    A linear program knows no difference below 1e-7 of its units: beside 1e8 tonnes, a tonne would be nothing.
    """
    matrix = csr_array(conditions.matrix)
    matrix.eliminate_zeros()
    entries = matrix.tocoo()
    row, column, part = entries.row, entries.col, np.abs(entries.data)
    plus = entries.data > 0
    most = conditions.upper.copy()
    for _ in range(_PASSES):
        carried = part * most[column]
        more = np.bincount(row[plus], carried[plus], matrix.shape[0]) - conditions.value
        less = np.bincount(row[~plus], carried[~plus], matrix.shape[0]) + conditions.value
        before = most.copy()
        # all amounts are 0 or more: none exceeds the other side of its row
        np.minimum.at(most, column, np.where(plus, less[row], more[row]) / part)
        if np.array_equal(most, before):
            break
    typical = np.maximum(conditions.size, 1e-300)
    size = np.where(most > 0, np.clip(most, _LEAST * typical, typical), typical)
    scale = np.zeros(matrix.shape[0])
    np.maximum.at(scale, row, part * size[column])
    return replace(conditions, size=size, scale=np.where(scale > 0, scale, conditions.scale))


def repair(conditions: Conditions, soft: Bools, weight: Array) -> tuple[Array, Array]:
    """Return (x, lack): a point that breaks only the rows marked soft, with the least weighted breach.

    ``weight`` is that of a breach as large as the row's scale.

    ``lack`` is what each row falls short (+) or goes over (-), in the row's own unit; all zero if
    the conditions can be met.
    """
    weight = weight / conditions.scale
    conditions = _equal(conditions)
    weight = weight * conditions.scale
    matrix, value = conditions.scaled
    columns, size = matrix.shape[1], conditions.size
    unit = csr_array(matrix @ diags_array(size))
    rows = np.flatnonzero(soft)
    slack = csr_array(eye_array(matrix.shape[0], format="csr")[:, rows])
    whole = hstack([unit, slack, -slack], format="csr")
    cost = np.concatenate([np.zeros(columns), weight[rows], weight[rows]])
    upper = conditions.upper / size
    x, lack, times = np.zeros(columns), np.zeros(matrix.shape[0]), 1.0
    for _ in range(_REFINED):
        # what the last answer left open, enlarged: a solver's tolerance is not that of the data
        bounds = np.column_stack([np.zeros(whole.shape[1]), np.full(whole.shape[1], np.inf)])
        bounds[:columns] = np.column_stack([-times * x, times * (upper - x)])
        found = linprog(cost, A_eq=whole, b_eq=times * (value - unit @ x), bounds=bounds, method="highs")
        if found.status != 0 and times > 1.0:
            break
        if found.status != 0:
            raise SolverError(f"calibration: the linear program of the conditions ended with {found.message}")
        x = np.clip(x + found.x[:columns] / times, 0.0, upper)
        over, under = found.x[columns : columns + len(rows)], found.x[columns + len(rows) :]
        lack[rows] = (over - under) / times
        left = float(np.abs(value - unit @ x - lack).max(initial=0.0))
        if left <= _EXACT:
            break
        times = 1.0 / left
    return x * size, lack * conditions.scale


def support(conditions: Conditions) -> tuple[Bools, Bools, Array]:
    """Return (is_zero, is_full, x): what the conditions force to zero or to its bound, and an inner point.

    Each linear program raises as many still flat variables as it can; the mean of its answers is an
    inner point. It ends when none can be raised.
    """
    typical, conditions = conditions.size, _equal(conditions)
    matrix, value = conditions.scaled
    columns, size = matrix.shape[1], conditions.size
    flat = np.minimum(_FORCED * typical / size, _NOISE)
    unit = csr_array(matrix @ diags_array(size))
    upper = conditions.upper / size
    bounded = np.flatnonzero(np.isfinite(upper))
    low, high = np.ones(columns, dtype=bool), np.isfinite(upper)
    points: list[Array] = []
    start = np.zeros(columns)
    for _ in range(columns + 1):
        if not low.any() and not high.any():
            break
        found = _raised(unit, value, upper, low, high, start)
        if found.status != 0:
            # large figures are rounded by more than small ones can bear: from the nearest point that holds exactly
            everything = np.ones(len(value), dtype=bool)
            start = repair(conditions, everything, np.ones(len(value)))[0] / size
            value = unit @ start
            found = _raised(unit, value, upper, low, high, start)
        if found.status != 0:
            raise SolverError(f"calibration: the linear program of the support ended with {found.message}")
        x = np.maximum(start + found.x[:columns], 0.0)
        points.append(x)
        fresh = (low & (x > flat)) | (high & (upper - x > flat))
        low &= x <= flat
        high &= upper - x <= flat
        if not fresh.any():
            break
    assert len(bounded) >= int(high.sum())
    return low, high, np.mean(points, axis=0) * size


def _raised(unit: csr_array, value: Array, upper: Array, low: Bools, high: Bools, start: Array) -> Any:
    """Solve for the step from ``start`` that lifts most variables off zero (``low``) and off their bound (``high``)."""
    columns = unit.shape[1]
    raised, lowered = np.flatnonzero(low), np.flatnonzero(high)
    identity = eye_array(columns, format="csr")
    # x >= t where x may be zero, u - x >= t where x may be full
    above = hstack([-identity[raised], eye_array(len(raised)), csr_array((len(raised), len(lowered)))])
    below = hstack([identity[lowered], csr_array((len(lowered), len(raised))), eye_array(len(lowered))])
    count = len(raised) + len(lowered)
    box = np.column_stack([np.zeros(columns + count), np.full(columns + count, _MOST)])
    box[:columns] = np.column_stack([-start, upper - start])
    return linprog(
        np.concatenate([np.zeros(columns), -np.ones(count)]),
        A_ub=vstack([above, below], format="csr"),
        b_ub=np.concatenate([start[raised], (upper - start)[lowered]]),
        A_eq=hstack([unit, csr_array((unit.shape[0], count))], format="csr"),
        b_eq=value - unit @ start,
        bounds=box,
        method="highs",
    )


def nearest(conditions: Conditions, prior: Array, weight: Array) -> Array:
    """Return the x that minimises the weighted relative entropy to ``prior`` under the conditions.

    Parameters
    ----------
    conditions : Conditions
        They must be feasible (``repair`` says so).
    prior : array, above 0
    weight : array, above 0
        How much a variable resists; in units of one over tonnes, so that tonnes of different
        materials weigh alike.

    Raises
    ------
    SolverError
        If the search does not settle, which no feasible problem should cause.

    Notes
    -----
    x = min(u, q exp(A' y / w)) for the dual y. Cost: some twenty factorisations of A D A'. Where weights of
    very different size leave the dual lost, the primal is followed from an inner point instead.
    """
    zero, full, inner_point = support(conditions)
    x = np.where(full, conditions.upper, 0.0)
    free = ~zero & ~full
    if not free.any():
        return x
    matrix, value = conditions.scaled
    left = value - matrix @ x
    inner = csr_array(matrix[:, free])
    keep = np.diff(inner.indptr) > 0
    inner, left, scale = csr_array(inner[keep]), left[keep], conditions.scale[keep]
    terms = prior[free], weight[free], conditions.upper[free]
    if not len(left):
        x[free] = np.minimum(terms[0], terms[2])
        return x
    found = _newton(inner, left, *terms)
    if np.abs(inner @ found - left).max(initial=0.0) > _NEAR * max(1.0, float(np.abs(left).max(initial=0.0))):
        start = _polish(inner, left, inner_point[free], terms[2], conditions.size[free])
        found = _from_inside(inner, left, *terms, start, conditions.size[free])
    x[free] = _polish(inner, left, found, conditions.upper[free], conditions.size[free])
    assert len(scale) == len(left)
    return x


def _at(matrix: csr_array, dual: Array, prior: Array, weight: Array, upper: Array) -> tuple[Array, Bools, Array]:
    """Return x, whether it lies below its bound, and the conjugate of each term."""
    power = (matrix.T @ dual) / weight
    with np.errstate(over="ignore"):
        raw = prior * np.exp(np.clip(power, -700.0, 650.0))
    inside = raw < upper
    x = np.where(inside, raw, upper)
    # sup over x <= u of x s - w (x ln(x/q) - x + q); with s = w * power
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        at_bound = weight * (x * power - x * np.log(x / prior) + x - prior)
    term = np.where(inside, weight * (x - prior), at_bound)
    return x, inside, term


def _newton(matrix: csr_array, value: Array, prior: Array, weight: Array, upper: Array) -> Array:
    """Minimise the dual; the ridge grows where a step leads out of the region that its curve speaks of."""
    dual = np.zeros(matrix.shape[0])
    x, inside, term = _at(matrix, dual, prior, weight, upper)
    worth = float(term.sum() - value @ dual)
    base = max(1.0, float(np.abs(value).max(initial=0.0)))
    ridge = 1e-10
    for _ in range(_ROUNDS):
        slope = matrix @ x - value
        if np.abs(slope).max() <= _TOLERANCE * base:
            return x
        curve = csr_array(matrix @ diags_array(np.where(inside, x, 0.0) / weight) @ matrix.T)
        size = curve.diagonal()
        while True:
            lift = ridge * np.maximum(size, size.max() * 1e-6)
            step = -_solved(csr_array(curve + diags_array(lift)), slope)
            gain = float(slope @ step)
            found = _down(matrix, value, prior, weight, upper, dual, step, gain, worth) if gain < 0 else None
            if found is not None:
                break
            ridge *= 30.0
            if ridge > 1e8:
                return x  # as near as floating point comes; the polish and the check decide
        length, dual, x, inside, term, worth = found
        ridge = max(ridge * (0.03 if length == 1.0 else 1.0), 1e-13)
    return x


def _from_inside(
    matrix: csr_array, value: Array, prior: Array, weight: Array, upper: Array, x: Array, typical: Array
) -> Array:
    """Minimise from an inner point with a price on every bound (primal-dual): slower, but it cannot get lost."""
    bounded = np.isfinite(upper)
    floor = _DUST * typical
    x = np.maximum(x, floor)
    room = np.where(bounded, np.maximum(upper - x, floor), np.inf)
    gap = float((weight * x * np.maximum(1.0, np.abs(np.log(x / prior)))).mean())
    low, high = gap / x, gap / room
    change, calm = 1.0, 0
    for _ in range(_STEPS):
        slope = weight * np.log(x / prior) - gap / x + gap / room
        bend = weight / x + low / x + high / room
        curve = csr_array(matrix @ diags_array(1.0 / bend) @ matrix.T)
        aim = value - matrix @ x + matrix @ (slope / bend)
        step = -(slope + matrix.T @ _solved(curve, -aim)) / bend
        to_low, to_high = gap / x - low - low * step / x, gap / room - high + high * step / room
        # what is dust does not count, however it moves
        change = float(np.abs(step / x)[x > 1e4 * floor].max(initial=0.0))
        reach = np.maximum(
            np.maximum(-step / x, step / room), np.maximum(-to_low / low, -to_high / np.maximum(high, 1e-300))
        )
        length = min(1.0, 0.95 / max(float(reach.max(initial=0.0)), 1e-300))
        x = np.maximum(x + length * step, floor)
        room = np.where(bounded, np.maximum(upper - x, 1e-4 * floor), np.inf)
        low = np.maximum(low + length * to_low, 1e-300)
        high = np.where(bounded, np.maximum(high + length * to_high, 1e-300), 0.0)
        calm += int((gap <= 1e-10 * weight * np.maximum(x, 1e4 * floor)).all())
        if calm and (change <= 1e-9 or calm > 10):
            break
        if length > 0.5:
            gap *= _CENTRE
    if not calm or change > _SETTLED:
        raise SolverError(
            f"calibration: the search for the nearest flows did not settle (last change {change:.2g} of a flow); "
            "weights or tonnages lie too far apart."
        )
    return x


def _solved(curve: csr_array, right: Array) -> Array:
    """Solve with rows and columns scaled alike, and as small a lift of the diagonal as keeps it regular."""
    diagonal = curve.diagonal()
    over = 1.0 / np.sqrt(np.maximum(diagonal, max(diagonal.max(initial=0.0) * 1e-26, 1e-300)))
    scaled = csr_array(diags_array(over) @ curve @ diags_array(over))
    aim = over * right
    for lift in (1e-14, 1e-11, 1e-8):
        with suppress(RuntimeError), np.errstate(over="ignore", invalid="ignore"):  # exactly singular
            factor = splu((scaled + lift * eye_array(len(aim), format="csr")).tocsc())
            found = factor.solve(aim)
            for _ in range(2):  # what the lift took away
                found = found + factor.solve(aim - scaled @ found)
            if np.isfinite(over * found).all():
                return np.asarray(over * found)
    raise SolverError("calibration: the conditions are singular beyond repair.")


def _down(
    matrix: csr_array,
    value: Array,
    prior: Array,
    weight: Array,
    upper: Array,
    dual: Array,
    step: Array,
    gain: float,
    worth: float,
) -> tuple[float, Array, Array, Bools, Array, float] | None:
    """Return the first of a few shorter and shorter steps that goes down enough."""
    slack = 1e-14 * max(abs(worth), 1.0)
    for length in (1.0, 0.5, 0.25, 0.0625):
        trial = dual + length * step
        x, inside, term = _at(matrix, trial, prior, weight, upper)
        found = float(term.sum() - value @ trial)
        if np.isfinite(found) and found <= worth + 1e-4 * length * gain + slack:
            return length, trial, x, inside, term, found
    return None


def _polish(matrix: csr_array, value: Array, x: Array, upper: Array, size: Array) -> Array:
    """Move x onto the conditions by weighted least squares; what is small moves little, zero stays zero."""
    for _ in range(8):
        lack = value - matrix @ x
        if np.abs(lack).max(initial=0.0) <= 1e-16 * max(1.0, np.abs(value).max(initial=0.0)):
            break
        room = np.minimum(x, np.where(np.isfinite(upper), np.maximum(upper - x, 0.0), np.inf))
        curve = csr_array(matrix @ diags_array(room * size) @ matrix.T)
        move = room * size * (matrix.T @ _solved(curve, lack))
        x = np.clip(x + move, 0.0, upper)
    return x
