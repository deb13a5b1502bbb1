"""What is shipped from some places to others in some months: the least and the most over all plans that serve alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from chainnet._types import Array, Bools, Ints
from chainnet.engine import CompactModel, LinearSolution
from chainnet.lowering import Lowered, Periods


@dataclass(frozen=True)
class Shipped:
    """A sum of flows: goods of some commodities (none = all) from some plants to others, by whatever relation.

    ``first``, ``after``: the first month, from 0, and the first month after the last. New relations join countries, so
    they count where plants of both countries are named.
    """

    sources: frozenset[str]
    targets: frozenset[str]
    commodities: frozenset[str]
    first: int
    after: int


def columns_of(low: Lowered, asked: Shipped) -> Ints:
    """Return the columns of one period whose sum is asked, t: edges, then pairs of countries."""
    ids, words = np.asarray(low.tables.ids, dtype=object), np.array([*low.commodities, ""], dtype=object)
    source, target = np.isin(ids, list(asked.sources)), np.isin(ids, list(asked.targets))

    def wanted(codes: Ints) -> Bools:
        hit = np.isin(words[codes], list(asked.commodities)) | (not asked.commodities)
        return np.asarray(hit, dtype=bool)

    t, n = low.tables, low.n_edges
    edges = np.flatnonzero(source[t.tail[:n]] & target[t.head[:n]] & wanted(t.commodity[:n]))
    place = low.tables.network.places.fillna("elsewhere").to_numpy(dtype=object)
    pairs = low.relations.pairs
    joined = pairs["maker"].isin(place[source[: len(place)]]) & pairs["user"].isin(place[target[: len(place)]])
    joined &= wanted(pairs["code"].to_numpy(dtype=np.int64))
    new = n + np.flatnonzero(low.relations.is_pair)[joined.to_numpy()]
    return np.concatenate([edges, new]).astype(np.int64)


def goal_of(asked: Shipped, periods: Periods) -> Array:
    """Return the sum as a goal over the columns of a program over time; of a period that is cut, its part."""
    goal = np.zeros(len(periods.program.cost))
    columns, begin = columns_of(periods.low, asked), 0.0
    for t, length in enumerate(periods.lengths.tolist()):
        inside = min(begin + length, asked.after) - max(begin, asked.first)
        goal[t * periods.width + columns] = max(inside, 0.0) / length
        begin += length
    return goal


def ends_of(
    asked: Sequence[Shipped],
    periods: Periods,
    model: CompactModel,
    solve: Callable[[LinearSolution], LinearSolution],
    found: LinearSolution,
) -> Array:
    """Return the least and the most of each sum over all plans that keep what the model holds, t."""
    ends = np.zeros((len(asked), 2))
    for row, one in enumerate(asked):
        goal = goal_of(one, periods)
        for side, sign in enumerate((1.0, -1.0)):
            model.set_cost(sign * goal)
            found = solve(found)
            ends[row, side] = max(float(goal @ found.x), 0.0)
    return ends
