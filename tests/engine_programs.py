"""Small programs for the tests of the engine, and what scipy alone says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_array, csr_array

from chainnet.engine import BestDefence, Conditions, Copy, LinearProgram, LinearSolution

INF = np.inf


def array(values: Any) -> Any:
    return np.array(values, dtype=float)


def lp(
    rows: Any,
    low: Any,
    high: Any,
    upper: Any,
    cost: Any,
    lower: Any = None,
    row_scale: Any = None,
    col_scale: Any = None,
) -> LinearProgram:
    """A linear program from lists."""
    matrix = array(rows).reshape(len(low), len(cost))
    return LinearProgram(
        csc_array(matrix),
        array(low),
        array(high),
        np.zeros(len(cost)) if lower is None else array(lower),
        array(upper),
        array(cost),
        np.ones(len(low)) if row_scale is None else array(row_scale),
        np.ones(len(cost)) if col_scale is None else array(col_scale),
    )


def two(**given: Any) -> LinearProgram:
    """Most of 3 x + 2 y, x + y up to 4, x + 3 y up to 7, x up to 3: (3, 1), and one dual."""
    asked = {"upper": [3.0, INF], "cost": [-3.0, -2.0], "row_scale": [2.0, 5.0], "col_scale": [10.0, 0.5], **given}
    return lp([[1.0, 1.0], [1.0, 3.0]], [-INF, -INF], [4.0, 7.0], **asked)


def fan(**given: Any) -> LinearProgram:
    """Three ways of 4, 3 and 2 t to one user, who is served what comes; the middle way makes only half of it."""
    asked = {
        "upper": [4.0, 3.0, 2.0, 100.0],
        "cost": [1.0, 2.0, 4.0, -10.0],
        "row_scale": [0.5, 2.0],
        "col_scale": [2.0, 1.0, 4.0, 3.0],
        **given,
    }
    return lp([[1.0, 0.5, 1.0, -1.0], [1.0, 1.0, 0.0, 0.0]], [0.0, -INF], [INF, 6.0], **asked)


def levels(n: int) -> LinearProgram:
    """``n`` ways of rising size and cost to one user of 1000 t."""
    ways = np.arange(1.0, n + 1.0)
    return lp([[*np.ones(n), -1.0]], [0.0], [INF], [*ways, 1000.0], [*(0.01 * ways), -1.0])


def idle(n: int) -> LinearProgram:
    """``n`` ways of the same size, of which a user of half of it needs every other one."""
    return lp([[*np.ones(n), -1.0]], [0.0], [INF], [*np.ones(n), n / 2.0], [*np.zeros(n), -1.0])


def needed(n: int, others: int) -> LinearProgram:
    """``n`` ways with a user of 1 t each, and others that share one user of half of what they can carry."""
    ways, users = n + others, n + 1
    rows = np.zeros((users, ways + users))
    rows[np.minimum(np.arange(ways), n), np.arange(ways)] = 1.0
    rows[np.arange(users), ways + np.arange(users)] = -1.0
    worth = [*np.zeros(ways), *-np.ones(users)]
    return lp(rows, np.zeros(users), np.full(users, INF), [*np.ones(ways), *np.ones(n), others / 2.0], worth)


def said(found: LinearSolution) -> dict[str, Any]:
    """What a solution says, its basis aside."""
    return {part: getattr(found, part) for part in ("status", "value", "x", "row_dual", "col_dual")}


def chained(upper: float) -> LinearProgram:
    """x up to 1 gives y, of which a row takes up to ``upper``; y is worth something."""
    return lp([[1.0, -1.0], [0.0, 1.0]], [0.0, -INF], [INF, upper], [1.0, INF], [0.0, -1.0])


def copies(**given: Any) -> list[Copy]:
    """Two scenarios, the first in two years; options: a way, more of a row, a stock, the other way."""
    half = fan(upper=[4.0, 3.0, 2.0, 5.0])
    return [
        Copy(fan(), np.array([3]), 0, 0.5, 9.0, [(1, 3.0, 0)], [(1, 4.0, 2.0, 1)], [(2, 2.0, 2)]),
        Copy(half, np.array([3]), 0, 0.5, 5.0, [(0, 1.0, 3), (1, 3.0, 0)], [], [(2, 1.0, 2)]),
        Copy(fan(upper=[2.0, 3.0, 2.0, 8.0]), np.array([3]), 1, 1.0, 8.0, [(1, 3.0, 0)], [(1, 3.0, 1.0, 1)], []),
    ]


def defended(budget: float, attacks: Any, opens: Any = ((),), cost: Any = (1.0, 2.0, 3.0), program: Any = None) -> Any:
    """The best defence of the fan; attacks: (columns, option that keeps them open)."""
    model = BestDefence(
        program or fan(), np.array([3]), array(cost), budget, [np.array(o, dtype=int) for o in opens], 60.0
    )
    for attack in attacks:
        model.add_attack([(np.array(columns), option) for columns, option in attack])
    return model.solve()


def conditions(rows: Any, value: Any, upper: Any = None, scale: Any = None, size: Any = None) -> Conditions:
    """Conditions from lists."""
    matrix = csr_array(array(rows).reshape(len(value), -1))
    n = matrix.shape[1]
    return Conditions(
        matrix,
        array(value),
        np.full(n, INF) if upper is None else array(upper),
        np.ones(len(value)) if scale is None else array(scale),
        np.full(n, 1.0) if size is None else array(size),
    )


def table(rows: Any = (6.0, 3.0), columns: Any = (4.0, 4.0, 1.0), **given: Any) -> Conditions:
    """Two rows and three columns of a table with their sums; the last sum follows from the others."""
    lines = [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1]]
    return conditions(lines, [*rows, *columns], **given)


def proofs(*made: Any) -> list[Any]:
    """Gaps and breaches in thousandths of a millionth, which are left out of other answers."""
    return [[c.problem, c.value, c.bound, 1e9 * c.gap, 1e9 * c.violation, c.tolerance, c.ok] for c in made]


PRIOR = np.array([1.0, 2.0, 0.5, 3.0, 1.5, 0.25])
WEIGHT = np.array([1.0, 0.5, 2.0, 1.0, 1.0, 4.0])


# -- a second opinion -------------------------------------------------------------------------------


def least(p: LinearProgram, cost: Any = None, **bounds: Any) -> Any:
    """What scipy finds for a program, some of whose bounds may be other ones: status 0 optimal, 2 none, 3 no end."""
    p = replace(p, **{name: array(value) for name, value in bounds.items()})
    rows, low, high = p.matrix.toarray(), p.row_lower, p.row_upper
    above, below = np.isfinite(low), np.isfinite(high)
    return linprog(
        p.cost if cost is None else array(cost),
        A_ub=np.vstack([rows[below], -rows[above]]),
        b_ub=np.concatenate([high[below], -low[above]]),
        bounds=np.column_stack([p.col_lower, p.col_upper]),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )


def least_of(p: LinearProgram, **bounds: Any) -> float:
    """The value alone; not a number where there is none."""
    found = least(p, **bounds)
    return float(found.fun) if found.status == 0 else float("nan")


def shut(p: LinearProgram, columns: Any) -> Any:
    """Upper bounds with some columns closed."""
    upper = p.col_upper.copy()
    upper[np.asarray(columns, dtype=int)] = 0.0
    return upper
