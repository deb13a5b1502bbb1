"""How a class's tonnes are shared among its members so that every plan of the class can be carried out by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chainnet._types import Array, Bools, Ints
from chainnet.engine import Rows, least
from chainnet.sharing.coarse._classes import Classes

# weight of a tie that cannot be kept, beside the growth of a class that shares cost
_BROKEN = 1e3
# weight of what a plan lacks, beside the largest weight over capacity: where it lacks anything, nothing may flow
_NO_PLAN = 1e6
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
        Bounds of nodes and edges, t/yr; inf = none.

    Raises
    ------
    SolverError
        If the answer fails its own check.
    """
    t = classes.tables
    n, m, s = len(t.ids), len(t.tail), len(wishes)
    shared = classes.sizes[classes.of] > 1
    plan, growth, misses = n, n + m, n + m + s  # columns: shares, plans, growth by wish, then what ties miss
    rows, tied, bound = Rows(), list[int](), list[tuple[int, int]]()  # whose each tie is; bounds with their node

    def limit(column: int, wished: float, most: float, w: int, *nodes: int) -> None:
        """Write that a part of what is wished stays within a bound, times the growth of the wish."""
        if wished > _LEAST:
            row = rows.add([column, growth + w], [1.0, -most / wished], -np.inf, 0.0)
            bound.extend((row, node) for node in nodes)

    for w, wish in enumerate(wishes):
        for i in np.flatnonzero(shared & np.isfinite(caps)).tolist():
            limit(i, wish.made[classes.of[i]], caps[i], w, i)
        for e in np.flatnonzero((of >= 0) & np.isfinite(edge_caps)).tolist():
            limit(plan + e, wish.shipped[of[e]], edge_caps[e], w, t.tail[e], t.head[e])
        for user, kind, tonnes in demand:
            if shared[user]:
                limit(user, wish.served[classes.of[user], kind], tonnes, w, user)
    used = _used(of, wishes)
    for k, i, edges in _ties(classes, of):
        if used[k]:
            _tie(rows, [*(plan + e for e in edges), i], [*[1.0] * len(edges), -1.0], 0.0, misses + 2 * len(tied))
            tied.append(i)
    for members in _members(classes):
        rows.add(members, 1.0, 1.0, 1.0)
    cost = np.repeat([0.0, 1.0, _BROKEN], [n + m, s, 2 * len(tied)])
    found, _ = least("aggregate: shares", rows.program(cost, cost == 1.0))
    pinch = np.zeros(n)
    for row, node in bound:
        pinch[node] = max(pinch[node], abs(found.row_dual[row]))
    missed = found.x[misses:].reshape(-1, 2).sum(axis=1)
    np.add.at(pinch, tied, np.where(missed > _LEAST, _BROKEN * missed, 0.0))
    of_node = np.where(found.x[:n] > _LEAST, found.x[:n], 0.0)
    of_node /= np.bincount(classes.of, of_node, minlength=classes.n)[classes.of]
    return Shares(of_node, found.x[growth:misses], np.where(shared, pinch, 0.0))


def fit_plans(classes: Classes, of: Ints, shares: Array, edge_caps: Array) -> tuple[Array, Array]:
    """Return a plan for every class edge, and which have none: there nothing may flow.

    The weights of a class edge add up to the share of each source and of each target; all class edges in one linear
    program, each for the least that its largest weight over capacity can be.

    Raises
    ------
    SolverError
        If the answer fails its own check.
    """
    m, n_edges = len(of), int(of.max(initial=-1)) + 1
    if not n_edges:
        return np.zeros(m), np.zeros(0, dtype=bool)
    plan, misses = n_edges, n_edges + m  # columns: the largest weight over capacity, plans, then what ties miss
    rows, tied = Rows(), list[int]()
    limited = np.flatnonzero((of >= 0) & np.isfinite(edge_caps))
    rows.each([plan + limited, of[limited]], [1.0, -edge_caps[limited]], -np.inf, 0.0)
    for k, i, edges in _ties(classes, of):
        if edges or shares[i] > 0:
            _tie(rows, [plan + e for e in edges], [1.0] * len(edges), shares[i], misses + 2 * len(tied))
            tied.append(k)
    some = edge_caps[limited][edge_caps[limited] > 0]
    typical = float(np.median(some)) if len(some) else 1.0
    cost = np.repeat([typical, 0.0, _NO_PLAN], [n_edges, m, 2 * len(tied)])
    found, _ = least("aggregate: plans", rows.program(cost))
    broken = np.zeros(n_edges, dtype=bool)
    broken[np.repeat(tied, 2)[found.x[misses:] > _LEAST]] = True
    return np.maximum(found.x[plan:misses], 0.0), broken


def _used(of: Ints, wishes: Sequence[Wish]) -> Bools:
    """Return over which class edges some wish ships more than rounding."""
    used = np.zeros(int(of.max(initial=-1)) + 1, dtype=bool)
    for wish in wishes:
        used |= wish.shipped > _LEAST * max(float(wish.shipped.max(initial=0.0)), _LEAST)
    return used


def _members(classes: Classes) -> list[list[int]]:
    """Return the members of each class, classes in the order of their first."""
    found: dict[int, list[int]] = {}
    for i, k in enumerate(classes.of.tolist()):
        found.setdefault(k, []).append(i)
    return list(found.values())


def _ties(classes: Classes, of: Ints) -> Iterator[tuple[int, int, list[int]]]:
    """Yield each class edge with each member of the classes at its two ends, and the member's edges in it."""
    t, inside = classes.tables, np.flatnonzero(of >= 0).tolist()
    members = {int(classes.of[own[0]]): own for own in _members(classes)}
    sides = []
    for side, ends in enumerate((t.tail.tolist(), t.head.tolist())):
        edges: dict[tuple[int, int], list[int]] = {}
        for e in inside:
            edges.setdefault((int(of[e]), ends[e]), []).append(e)
        class_at = {k: int(classes.of[i]) for k, i in edges}
        sides += [(k, side, i, edges.get((k, i), [])) for k, own in class_at.items() for i in members[own]]
    for k, _, i, own_edges in sorted(sides):
        yield k, i, own_edges


def _tie(rows: Rows, columns: list[int], values: list[float], total: float, misses: int) -> None:
    """Write that a sum meets a total, but for what two columns miss of it: too little, too much."""
    rows.add([*columns, misses, misses + 1], [*values, 1.0, -1.0], total, total)
