"""What law and contract hold over time: who is served at home first, and the tonnes that contracts left each stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from chainnet._types import Array, Bools, Ints
from chainnet.engine import LOCK, CompactModel, LinearProgram, LinearSolution
from chainnet.flow._counting import Counting
from chainnet.flow._law import at_home, home_stages
from chainnet.lowering import Overlay, Periods

AT_ONCE = "all at once"
# worth of a stage in parts of the one before, and of the first period over the last: any would do, for each stage is
# solved to its own proof from there; finer ones the interior point tells worse
NEXT, SOONER = 0.2, 0.1


def at_once(n_columns: int, goals: Sequence[tuple[Ints, Array]]) -> Array:
    """Return the cost of serving all stages in one program, each worth a part of the one before.

    Mostly its answer is that of every stage, which then needs its own proof but no step.

    Parameters
    ----------
    n_columns : int
    goals : sequence of (columns served, how early each is from 0 to 1)
    """
    cost = np.zeros(n_columns)
    for number, (columns, early) in enumerate(goals):
        cost[columns] = -(NEXT**number) * (1.0 + SOONER * early)
    return cost


def with_stage_rows(periods: Periods, stages: Sequence[Bools]) -> tuple[LinearProgram, Array]:
    """Return the program with a free row for what each stage is served over all periods, and the sizes of these."""
    program = periods.program
    columns = [periods.served(members) for members in stages]
    row = np.repeat(np.arange(len(stages)), [len(some) for some in columns])
    place = np.concatenate(columns)
    sizes = np.array([program.col_scale[some].max(initial=LOCK) for some in columns])
    lines = csr_array((np.ones(len(row)), (row, place)), shape=(len(stages), len(program.cost)))
    free = np.full(len(stages), np.inf)
    return program.with_rows(lines, -free, free, sizes), sizes


def kept_at_home(
    counting: Counting,
    periods: Periods,
    overlays: Sequence[Overlay],
    model: CompactModel,
    bounds: Callable[[Sequence[Overlay]], tuple[Array, Array, Array]],
    solve: Callable[..., LinearSolution],
) -> tuple[Ints, Array]:
    """Find what users get at home from plants there alone while an export rule of their country is in force.

    Tier by tier as much as can be over all periods, then as early as can be; each user keeps in each period what this
    answer gives him, so that later stages may add to it alone.

    Parameters
    ----------
    bounds : callable
        Takes an overlay per period; the bounds of the program under these.
    solve : callable
        Takes an answer to start from, a name and how near it is; solves what is in place and proves it.

    Returns
    -------
    (columns of served demand, tonnes)
    """
    columns, tonnes = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    lengths = periods.lengths
    left = lengths[::-1].cumsum()[::-1] / lengths.sum()
    for country in sorted({country for overlay in overlays for country in overlay.home}):
        known: dict[int, Overlay] = {}
        for overlay in overlays:
            if id(overlay) not in known:
                known[id(overlay)] = at_home(counting.network, overlay, country)
        model.set_bounds(*bounds([known[id(overlay)] for overlay in overlays]))
        is_on = np.zeros(periods.n_periods, dtype=bool)
        is_on[: len(overlays)] = [country in overlay.home for overlay in overlays]
        first = next(overlay for overlay in overlays if country in overlay.home)
        stages = [(name, rows) for where, name, rows in home_stages(counting, first) if where == country]
        if not stages:
            continue
        asked = [periods.served(rows).reshape(periods.n_periods, -1)[is_on].ravel() for _, rows in stages]
        early = [np.repeat(left[is_on], int(rows.sum())) for _, rows in stages]
        n_columns = len(model.program.cost)
        model.set_cost(at_once(n_columns, list(zip(asked, early, strict=True))))
        found = solve(None, AT_ONCE, afresh=True)
        for (name, _), mine, sooner in zip(stages, asked, early, strict=True):
            for weight in (1.0, sooner):
                cost: Any = np.zeros(n_columns)
                cost[mine] = -weight
                model.set_cost(cost)
                found = solve(found, name, is_near=True)
                model.hold(found)
        columns += asked
        tonnes += [np.maximum(found.x[some] * (1 - 1e-7), 0.0) for some in asked]
    return np.concatenate(columns), np.concatenate(tonnes)
