"""One table of flows from its margins: alternate scaling (RAS), and maximum entropy with capacities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.errors import DataError, Fault, InfeasibleError
from chainnet.network import is_total

_TOLERANCE = 1e-10
_ROUNDS = 20_000


def ras(
    seed: Any,
    rows: Any,
    columns: Any,
    *,
    capacity: Any = None,
    rest: str | None = None,
    tolerance: float = _TOLERANCE,
) -> Any:
    """Scale a table of flows to its margins: the nearest to the seed in relative entropy (RAS, IPF).

    Rows and columns of the seed are scaled by turns until both margins are met. A zero of the seed
    stays zero (a pair that may not trade), odds ratios are kept, and a seed that meets the margins
    comes back unchanged.

    Parameters
    ----------
    seed : DataFrame or array, t/a, 0 or more
        Known or guessed flows: makers in rows, takers in columns.
    rows, columns : Series, sequence or array, t/a
        What each maker ships and each taker gets. A Series is matched by label.
    capacity : DataFrame or array, t/a, optional
        Most that each pair can carry; NaN or inf = unlimited.
    rest : str, optional
        Name of a row or column that takes the difference when the margins do not add up to the
        same; every maker or taker may then trade with it. Without it such margins are an error.
    tolerance : float
        Largest error of a margin, as a share of the total.

    Returns
    -------
    DataFrame if ``seed`` is one or ``rest`` is given, else array
        Flows in t/a.

    Raises
    ------
    DataError
        If a number is negative or missing, a label stands twice or is that of a sum ("Total", "WLD"),
        the shapes differ, or the margins differ and ``rest`` is not given.
    InfeasibleError
        If the pairs that may trade, or their capacities, cannot carry the margins.

    Notes
    -----
    A round costs two passes over the table; convergence is geometric. With capacities each row or
    column is scaled by the factor that meets its margin with every pair at most at its capacity,
    which gives the nearest table within them. Deming and Stephan (1940), doi:10.1214/aoms/1177731829.

    Examples
    --------
    >>> from chainnet.calibration import ras
    >>> flows = ras([[7, 9], [12, 7]], rows=[5, 15], columns=[10, 10])
    >>> flows.round(4).tolist()
    [[1.7757, 3.2243], [8.2243, 6.7757]]
    """
    table, row_margin, column_margin, names = _given(seed, rows, columns)
    limit = _limits(capacity, table.shape)
    gap = float(row_margin.sum() - column_margin.sum())
    total = max(float(row_margin.sum()), float(column_margin.sum()))
    if abs(gap) > max(tolerance, 1e-9) * max(total, 1e-300):
        if rest is None:
            raise DataError(
                f"ras: the rows add up to {row_margin.sum():.9g} t and the columns to {column_margin.sum():.9g} t, "
                f'{abs(gap):.9g} t apart; margins must be equal. Correct a total, or give rest="..." to take '
                "the difference."
            )
        table, row_margin, column_margin, limit, names = _with_rest(
            table, row_margin, column_margin, limit, names, rest, gap
        )
    elif gap and column_margin.sum() > 0:
        column_margin = column_margin * (row_margin.sum() / column_margin.sum())
    flows = _scale(table, row_margin, column_margin, limit, tolerance, names)
    if isinstance(seed, pd.DataFrame) or (rest is not None and len(names[0]) + len(names[1]) > sum(flows.shape) - 1):
        return pd.DataFrame(flows, index=names[0], columns=names[1])
    return flows


def max_entropy(
    rows: Any,
    columns: Any,
    *,
    allowed: Any = None,
    capacity: Any = None,
    cost: Any = None,
    beta: float = 0.0,
    rest: str | None = None,
    tolerance: float = _TOLERANCE,
) -> Any:
    """Return the flows that say no more than the margins do (maximum entropy, gravity).

    T_ij = a_i b_j O_i D_j exp(-beta c_ij) on the pairs that may trade; with beta = 0, all pairs open
    and no capacity this is O_i D_j / total.

    Parameters
    ----------
    rows, columns : Series, sequence or array, t/a
    allowed : DataFrame or array of bool, optional
        Pairs that may trade; all by default.
    capacity : DataFrame or array, t/a, optional
    cost : DataFrame or array, optional
        Cost of a pair, in any unit; must be given if beta is above 0.
    beta : float, 0 or more
        How strongly cost keeps a pair apart, per unit of cost.
    rest : str, optional
        As for ``ras``.
    tolerance : float

    Returns
    -------
    DataFrame where ``rows`` and ``columns`` are Series or ``allowed`` or ``cost`` is a DataFrame, else array

    Raises
    ------
    DataError, InfeasibleError
        As ``ras``.

    Examples
    --------
    >>> from chainnet.calibration import max_entropy
    >>> max_entropy([30, 70], [50, 50]).tolist()
    [[15.0, 15.0], [35.0, 35.0]]
    """
    if not np.isfinite(beta) or beta < 0:
        raise DataError(f"max_entropy: beta is {beta}; it must be a number, 0 or more.")
    if beta > 0 and cost is None:
        raise DataError("max_entropy: beta is above 0 and there is no cost. Give cost=.")
    out, into = _margin(rows, "rows"), _margin(columns, "columns")
    shape = (len(out), len(into))
    total = max(float(into.sum()), 1e-300)
    seed: Any = np.outer(out, into) / total
    frame = next((t for t in (allowed, cost, capacity) if isinstance(t, pd.DataFrame)), None)
    if cost is not None and beta > 0:
        price = np.asarray(cost, dtype=np.float64)
        _same_shape(price, shape, "cost")
        seed = seed * np.exp(-beta * (price - np.nanmin(price)))
    if allowed is not None:
        mask = np.asarray(allowed, dtype=bool)
        _same_shape(mask, shape, "allowed")
        seed = seed * mask
    if frame is not None:
        seed = pd.DataFrame(seed, index=frame.index, columns=frame.columns)
    elif isinstance(rows, pd.Series) and isinstance(columns, pd.Series):
        seed = pd.DataFrame(seed, index=rows.index, columns=columns.index)
    return ras(seed, rows, columns, capacity=capacity, rest=rest, tolerance=tolerance)


Names = tuple[list[Any], list[Any]]


def _margin(margin: Any, name: str) -> Array:
    values = np.asarray(margin, dtype=np.float64)
    if values.ndim != 1:
        raise DataError(f"{name}: must be one line of numbers.")
    labels = list(margin.index) if isinstance(margin, pd.Series) else list(range(1, len(values) + 1))
    faults = []
    for place, (label, value) in enumerate(zip(labels, values.tolist(), strict=True)):
        if not np.isfinite(value) or value < 0:
            rule = "a margin is t/a, 0 or more"
            faults.append(Fault(name, place + 2, str(label), f"{value:g}", rule, "Correct it."))
        if is_total(label):
            rule = "a sum over all stands among its parts"
            faults.append(Fault(name, place + 2, str(label), f"{value:g}", rule, "Remove the row."))
        if labels.index(label) != place:
            faults.append(Fault(name, place + 2, str(label), f"{value:g}", "stands twice", "Keep one row."))
    if faults:
        raise DataError(faults=faults)
    return values


def _same_shape(table: Any, shape: tuple[int, int], name: str) -> None:
    if table.shape != shape:
        raise DataError(f"{name}: has the shape {table.shape}; rows and columns have {shape}.")


def _given(seed: Any, rows: Any, columns: Any) -> tuple[Array, Array, Array, Names]:
    """Return seed and margins as arrays, matched by label where they have labels."""
    if isinstance(seed, pd.DataFrame):
        names: Names = (list(seed.index), list(seed.columns))
        if isinstance(rows, pd.Series):
            rows = _matched(rows, names[0], "rows")
        if isinstance(columns, pd.Series):
            columns = _matched(columns, names[1], "columns")
    else:
        names = ([], [])
    table = np.asarray(seed, dtype=np.float64)
    out, into = _margin(rows, "rows"), _margin(columns, "columns")
    if table.ndim != 2:
        raise DataError("seed: must be a table of numbers.")
    _same_shape(table, (len(out), len(into)), "seed")
    if not names[0]:
        names = (list(range(len(out))), list(range(len(into))))
    bad = np.argwhere(~np.isfinite(table) | (table < 0))
    if len(bad):
        faults = [
            Fault(
                "seed", int(i) + 2, str(names[1][j]), f"{table[i, j]:g}", "must be a number, 0 or more", "Correct it."
            )
            for i, j in bad
        ]
        raise DataError(faults=faults)
    return table, out, into, names


def _matched(margin: pd.Series, labels: list[Any], name: str) -> pd.Series:
    _margin(margin, name)
    lacking = [label for label in labels if label not in margin.index]
    extra = [label for label in margin.index if label not in labels]
    if lacking or extra:
        raise DataError(f"{name}: labels differ from the seed's; missing {lacking}, not in the seed {extra}.")
    return margin.reindex(labels)


def _limits(capacity: Any, shape: tuple[int, int]) -> Array:
    if capacity is None:
        return np.full(shape, np.inf)
    limit = np.array(capacity, dtype=np.float64)
    _same_shape(limit, shape, "capacity")
    limit[np.isnan(limit)] = np.inf
    if (limit < 0).any():
        raise DataError(f"capacity: {limit.min():g} is negative; capacities are t/a, 0 or more, NaN for unlimited.")
    return limit


def _with_rest(
    table: Array, rows: Array, columns: Array, limit: Array, names: Names, rest: str, gap: float
) -> tuple[Array, Array, Array, Array, Names]:
    """Add a column that takes what is left over, or a row that gives what lacks."""
    if gap > 0:
        extra = np.where(rows > 0, np.maximum(table.mean(axis=1), 1e-300), 0.0)[:, None]
        extra = np.where(extra <= 1e-300, rows[:, None], extra)
        table, columns = np.hstack([table, extra]), np.append(columns, gap)
        limit = np.hstack([limit, np.full((len(rows), 1), np.inf)])
        return table, rows, columns, limit, (names[0], [*names[1], rest])
    extra = np.where(columns > 0, np.maximum(table.mean(axis=0), 1e-300), 0.0)[None, :]
    extra = np.where(extra <= 1e-300, columns[None, :], extra)
    table, rows = np.vstack([table, extra]), np.append(rows, -gap)
    limit = np.vstack([limit, np.full((1, len(columns)), np.inf)])
    return table, rows, columns, limit, ([*names[0], rest], names[1])


def _scale(table: Array, rows: Array, columns: Array, limit: Array, tolerance: float, names: Names) -> Array:
    total = float(rows.sum())
    if total == 0:
        return np.zeros_like(table)
    _check_support(np.where(limit > 0, table, 0.0), rows, columns, limit, names)
    right = np.ones(len(columns))
    flows = np.minimum(table, limit)
    left = np.ones(len(rows))
    for _ in range(_ROUNDS):
        off = max(np.abs(flows.sum(axis=1) - rows).max(), np.abs(flows.sum(axis=0) - columns).max())
        if off <= tolerance * total:
            return flows
        left = _factors(table * right, rows, limit)
        right = _factors((table * left[:, None]).T, columns, limit.T)
        flows = np.minimum(table * left[:, None] * right, limit)
    raise InfeasibleError(
        f"ras: the margins are still {off:.3g} t apart after {_ROUNDS} rounds: flows are only approached in the limit, "
        "where a pair of the seed would be zero. Set it to zero, or give the table more pairs."
    )


def _factors(table: Array, margin: Array, limit: Array) -> Array:
    """Return the factor of each row by which its entries, none above its limit, add up to the margin."""
    sums = table.sum(axis=1)
    factor = np.divide(margin, sums, out=np.zeros_like(margin), where=sums > 0)
    over = ((table * factor[:, None]) > limit * (1 + 1e-15)).any(axis=1)
    for row in np.flatnonzero(over):
        cells = table[row] > 0
        entry, most = table[row][cells], limit[row][cells]
        # the sum rises in pieces: where each entry meets its limit is a corner
        order = np.argsort(most / entry, kind="stable")
        entry, most = entry[order], most[order]
        held = np.concatenate([[0.0], np.cumsum(most[:-1])])
        free = np.cumsum(entry[::-1])[::-1]
        candidate = (margin[row] - held) / free
        fits = candidate <= most / entry * (1 + 1e-12)
        factor[row] = candidate[np.argmax(fits)] if fits.any() else (most / entry).max()
    return np.asarray(factor, dtype=np.float64)


def _check_support(table: Array, rows: Array, columns: Array, limit: Array, names: Names) -> None:
    """Raise if the pairs that may trade cannot carry the margins; the proof is a maximum flow."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    makers, takers = np.nonzero(table > 0)
    count = len(makers)
    total = float(rows.sum())
    place = np.arange(count)
    ends = np.concatenate([makers, takers + len(rows)])
    matrix = coo_array((np.ones(2 * count), (ends, np.concatenate([place, place]))), (len(rows) + len(columns), count))
    found = linprog(
        -np.ones(count),
        A_ub=matrix.tocsr(),
        b_ub=np.concatenate([rows, columns]) / total,
        bounds=np.column_stack([np.zeros(count), limit[makers, takers] / total]),
        method="highs",
    )
    carried = -float(found.fun) if count else 0.0
    if carried >= 1 - 1e-8:
        return
    flow = np.zeros(table.shape)
    if count:
        flow[makers, takers] = found.x * total
    short_out = [f"{n} ({r:.6g} t)" for n, r in zip(names[0], rows - flow.sum(axis=1), strict=True) if r > 1e-8 * total]
    short_in = [
        f"{n} ({c:.6g} t)" for n, c in zip(names[1], columns - flow.sum(axis=0), strict=True) if c > 1e-8 * total
    ]
    raise InfeasibleError(
        f"ras: the pairs that may trade carry at most {carried * total:.9g} t of {total:.9g} t; "
        f"rows left over: {', '.join(short_out) or 'none'}; columns short: {', '.join(short_in) or 'none'}. "
        "Open more pairs (a seed above zero, a larger capacity) or correct a margin."
    )
