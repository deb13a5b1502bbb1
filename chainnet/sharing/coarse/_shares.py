"""How a class's tonnes are shared among its members so that every plan of the class can be carried out by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array

from chainnet._types import Array, Ints
from chainnet.errors import SolverError
from chainnet.sharing.coarse._classes import Classes

# weight of a tie that cannot be kept, beside the growth of a class that shares cost
_BROKEN = 1e3
_LEAST = 1e-9


@dataclass(frozen=True)
class Wish:
    """What one answer of the full network makes, ships and serves, summed by class."""

    made: Array  # by class
    shipped: Array  # by class edge
    served: Array  # by class and kind of demand


@dataclass(frozen=True)
class Shares:
    """Shares of nodes in their classes, and where they pinch.

    ``growth``: by wish, how many times over the bounds the wished plan would go. ``pinch``: by node, the price of
    its bounds and of the ties that cannot be kept.
    """

    of_node: Array
    growth: Array
    pinch: Array


def class_edges(classes: Classes, lags: Array) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the class edge of each edge (-1 within a class); and source, target, good of each class edge."""
    t = classes.tables
    a, b = classes.of[t.tail], classes.of[t.head]
    keys = np.column_stack([a, b, t.commodity, np.unique(lags, return_inverse=True)[1]]).astype(np.int64)
    between = a != b
    of = np.full(len(a), -1, dtype=np.int64)
    if not between.any():
        none = np.empty(0, dtype=np.int64)
        return of, none, none, none
    unique, inverse = np.unique(keys[between], axis=0, return_inverse=True)
    of[between] = inverse.ravel()
    return of, unique[:, 0], unique[:, 1], unique[:, 2]


class _Rows:
    def __init__(self) -> None:
        self.row: list[int] = []
        self.col: list[int] = []
        self.value: list[float] = []
        self.bound: list[float] = []

    def add(self, bound: float, *terms: tuple[int, float]) -> int:
        number = len(self.bound)
        self.bound.append(bound)
        for col, value in terms:
            self.row.append(number)
            self.col.append(col)
            self.value.append(value)
        return number

    def matrix(self, n: int) -> csr_array | None:
        if not self.bound:
            return None
        return csr_array(coo_array((self.value, (self.row, self.col)), shape=(len(self.bound), n)))


def fit_shares(
    classes: Classes,
    of: Ints,
    wishes: Sequence[Wish],
    demand: Sequence[tuple[int, int, float]],
    caps: Array,
    edge_caps: Array,
) -> Shares:
    """Find shares under which wished plans go least over the members' bounds: one linear program.

    Parameters
    ----------
    classes : Classes
    of : int array
        Class edge of each edge.
    wishes : sequence of Wish
    demand : sequence of (node, kind, tonnes)
        Rows of demand; kind is a column of ``Wish.served``.
    caps, edge_caps : arrays
        Bounds of nodes and edges, t/a; inf = none.
    """
    t = classes.tables
    n, m, s = len(t.ids), len(t.tail), len(wishes)
    used = np.zeros(int(of.max(initial=-1)) + 1, dtype=bool)
    for wish in wishes:
        used |= wish.shipped > _LEAST * max(float(wish.shipped.max(initial=0.0)), _LEAST)
    free = classes.sizes[classes.of] > 1
    # columns: shares, plans, growth by wish, then two slacks for each tie of a node to a class edge
    ties: dict[tuple[int, int, int], list[int]] = {}
    for e in np.flatnonzero(of >= 0):
        if used[of[e]]:
            ties.setdefault((int(of[e]), int(t.tail[e]), 0), []).append(int(e))
            ties.setdefault((int(of[e]), int(t.head[e]), 1), []).append(int(e))
    sides: dict[tuple[int, int], int] = {(k, side): int(classes.of[i]) for k, i, side in ties}
    members: dict[int, list[int]] = {}
    for i in range(n):
        members.setdefault(int(classes.of[i]), []).append(i)
    equal, upper = _Rows(), _Rows()
    tie_rows: list[tuple[int, int]] = []
    slack = n + m + s
    for (k, side), owner in sorted(sides.items()):
        if len(members[owner]) == 1 and len(ties[k, members[owner][0], side]) == 0:
            continue
        for i in members[owner]:
            terms = [(n + e, 1.0) for e in ties.get((k, i, side), [])]
            number = equal.add(0.0, *terms, (i, -1.0), (slack, 1.0), (slack + 1, -1.0))
            tie_rows.append((number, i))
            slack += 2
    for own in members.values():
        equal.add(1.0, *((i, 1.0) for i in own))
    bound_rows: list[tuple[int, int]] = []
    for w, wish in enumerate(wishes):
        for i in np.flatnonzero(free & np.isfinite(caps)).tolist():
            if wish.made[classes.of[i]] > _LEAST:
                size = float(wish.made[classes.of[i]])
                bound_rows.append((upper.add(0.0, (i, 1.0), (n + m + w, -float(caps[i]) / size)), i))
        for e in np.flatnonzero((of >= 0) & np.isfinite(edge_caps)):
            size = float(wish.shipped[of[e]])
            if size > _LEAST:
                number = upper.add(0.0, (n + int(e), 1.0), (n + m + w, -edge_caps[e] / size))
                bound_rows += [(number, int(t.tail[e])), (number, int(t.head[e]))]
        for user, kind, tonnes in demand:
            size = float(wish.served[classes.of[user], kind])
            if free[user] and size > _LEAST:
                bound_rows.append((upper.add(0.0, (user, 1.0), (n + m + w, -tonnes / size)), user))
    cost = np.zeros(slack)
    cost[n + m : n + m + s] = 1.0
    cost[n + m + s :] = _BROKEN
    low = np.zeros(slack)
    low[n + m : n + m + s] = 1.0
    found = linprog(
        cost, A_ub=upper.matrix(slack), b_ub=upper.bound or None, A_eq=equal.matrix(slack), b_eq=equal.bound or None,
        bounds=np.column_stack([low, np.full(slack, np.inf)]), method="highs",
    )  # fmt: skip
    if found.status != 0:
        raise SolverError(f"aggregate: the shares were not found ({found.message}). Report the network.")
    pinch = np.zeros(n)
    if bound_rows:
        price = np.abs(found.ineqlin.marginals)
        np.maximum.at(pinch, [i for _, i in bound_rows], [price[r] for r, _ in bound_rows])
    gap = found.x[n + m + s :].reshape(-1, 2).sum(axis=1)
    for (_, i), broken in zip(tie_rows, gap, strict=True):
        pinch[i] += _BROKEN * broken if broken > _LEAST else 0.0
    shares = np.where(found.x[:n] > _LEAST, found.x[:n], 0.0)
    shares /= np.bincount(classes.of, shares, minlength=classes.n)[classes.of]
    return Shares(shares, found.x[n + m : n + m + s], np.where(free, pinch, 0.0))


def fit_plans(classes: Classes, of: Ints, shares: Array, edge_caps: Array) -> tuple[Array, Array]:
    """Return a plan for every class edge, and which have none: there nothing may flow.

    The weights of a class edge add up to the share of each source and of each target; all class edges in one linear
    program, each for the least that its largest weight over capacity can be.
    """
    t = classes.tables
    m, n_edges = len(t.tail), int(of.max(initial=-1)) + 1
    if not n_edges:
        return np.zeros(m), np.zeros(0, dtype=bool)
    inside = np.flatnonzero(of >= 0)
    equal, upper = _Rows(), _Rows()
    column = n_edges + m
    owners: list[int] = []
    by_tie: dict[tuple[int, int, int], list[int]] = {}
    classes_at: dict[tuple[int, int], int] = {}
    for e in inside:
        for side, i in ((0, t.tail[e]), (1, t.head[e])):
            by_tie.setdefault((int(of[e]), side, int(i)), []).append(int(e))
            classes_at[int(of[e]), side] = int(classes.of[i])
    members: dict[int, list[int]] = {}
    for i, k in enumerate(classes.of):
        members.setdefault(int(k), []).append(i)
    for (k, side), owner in classes_at.items():
        for i in members[owner]:
            terms = [(m * 0 + n_edges + e, 1.0) for e in by_tie.get((k, side, i), [])]
            if not terms and shares[i] == 0:
                continue
            equal.add(float(shares[i]), *terms, (column, 1.0), (column + 1, -1.0))
            owners += [k, k]
            column += 2
    for e in inside:
        if np.isfinite(edge_caps[e]):
            upper.add(0.0, (n_edges + int(e), 1.0), (int(of[e]), -float(edge_caps[e])))
    cost = np.full(column, 0.0)
    finite = edge_caps[inside][np.isfinite(edge_caps[inside])]
    cost[:n_edges] = float(np.median(finite[finite > 0])) if (finite > 0).any() else 1.0
    cost[n_edges + m :] = 1e6
    found = linprog(
        cost, A_ub=upper.matrix(column), b_ub=upper.bound or None, A_eq=equal.matrix(column), b_eq=equal.bound,
        bounds=(0, None), method="highs",
    )  # fmt: skip
    if found.status != 0:
        raise SolverError(f"aggregate: the plans were not found ({found.message}). Report the network.")
    broken = np.zeros(n_edges, dtype=bool)
    np.logical_or.at(broken, np.array(owners, dtype=np.int64), found.x[n_edges + m :] > _LEAST)
    plan = found.x[n_edges : n_edges + m]
    return np.where(plan > 0, plan, 0.0), broken
