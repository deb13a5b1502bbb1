"""What can be reached at all, whatever the capacities, and the most that a tonne can add to what is served.

Reach is forward chaining: a node without a process hands on what comes in; a process fires only when all its inputs are
there. A set without which no demand is reached dominates it. A gain is the price that no dual needs to pass.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, Ints
from chainnet.engine import ROUNDING, UNIT_ROUNDING
from chainnet.errors import DataError
from chainnet.lowering._lowered import Lowered
from chainnet.lowering._rows import stack
from chainnet.network import Network

_ROUNDS = 10_000
# tonnes served per tonne: no chain that ends gains as much
_ENDLESS = 1e100


class Reach:
    """The skeleton of a network, asked again and again with parts taken away.

    Parameters
    ----------
    network : Network
    targets : int array
        Row positions of ``demand`` as lowered, given as (node position, commodity code) pairs.
    """

    def __init__(self, network: Network, targets: Ints) -> None:
        t = stack(network)
        self._n_real = len(network.view("nodes"))
        self._n, self._k = len(t.nodes), max(len(t.code), 1)
        self._tail_node, self._head_node = t.tail, t.head
        self._tail, self._head = t.tail * self._k + t.commodity, t.head * self._k + t.commodity
        mines = ~t.acts & t.is_mine
        self._start = np.unique(self._tail[mines[t.tail]])
        lines = t.recipes
        key = lines["node"].to_numpy(np.int64) * self._k + lines["code"].to_numpy(np.int64)
        is_input = (lines["role"] == "input").to_numpy()
        self._makers = np.unique(lines["node"].to_numpy(np.int64))
        place = np.searchsorted(self._makers, lines["node"].to_numpy(np.int64))
        self._out_key, self._out_maker = key[~is_input], place[~is_input]
        inputs = lines[is_input]
        # stand-ins share one need; each covers at most its max_share of it
        need = inputs.groupby(["node", inputs["group"].fillna("=" + inputs["code"].astype(str))], sort=True).ngroup()
        self._in_key, self._in_need = key[is_input], need.to_numpy(np.int64)
        self._in_share = np.where(inputs["group"].notna(), inputs["max_share"].fillna(1.0), 1.0)
        self._n_needs = int(self._in_need.max()) + 1 if len(inputs) else 0
        self._need_maker = np.zeros(self._n_needs, dtype=np.int64)
        self._need_maker[self._in_need] = place[is_input]
        self._targets = targets

    def reaches(self, nodes: Ints, edges: Ints) -> bool:
        """Say whether any target is still reached without these nodes and edge rows."""
        dead = np.zeros(self._n, dtype=bool)
        dead[self._n_real :] = True  # unbuilt projects
        dead[nodes] = True
        keys = self._targets[:, 0] * self._k + self._targets[:, 1]
        return bool(self._had(dead, edges, self._start)[keys].any())

    def with_all(self, held: Ints) -> Bools:
        """Return which targets are reached if every project is built, from mines and from what is held already.

        ``held``: rows of (node position, commodity code).
        """
        start = np.concatenate([self._start, held[:, 0] * self._k + held[:, 1]])
        have = self._had(np.zeros(self._n, dtype=bool), np.empty(0, dtype=np.int64), start)
        return np.asarray(have[self._targets[:, 0] * self._k + self._targets[:, 1]], dtype=bool)

    def _had(self, dead: Bools, edges: Ints, start: Ints) -> Bools:
        """Return which commodity is there at which node, without dead nodes and some edge rows."""
        alive = ~(dead[self._tail_node] | dead[self._head_node])
        alive[edges] = False
        tail, head = self._tail[alive], self._head[alive]
        have = np.zeros(self._n * self._k, dtype=bool)
        have[start] = True
        have &= ~np.repeat(dead, self._k)
        while True:
            before = int(have.sum())
            have[head[have[tail]]] = True
            if len(self._makers):
                met = np.bincount(self._in_need, weights=self._in_share * have[self._in_key], minlength=self._n_needs)
                lacking = np.bincount(self._need_maker, weights=met < 1 - UNIT_ROUNDING, minlength=len(self._makers))
                fires = (lacking == 0) & ~dead[self._makers]
                have[self._out_key[fires[self._out_maker]]] = True
            if int(have.sum()) == before:
                return have


def commodity_gains(low: Lowered, counted: Bools) -> Array:
    """Return, per commodity, the most tonnes of counted demand that one more tonne can bring.

    A tonne that is asked for brings itself; a tonne that a process takes brings what all its
    products bring, as if its other inputs were free. Where stand-ins may be a part of the feed only, it
    lets in as much of them as their shares allow: two tonnes run on one where the other may be half. Loops
    lose mass, so the climb ends.

    Raises
    ------
    DataError
        If a loop of recipes gains mass without end.
    """
    gain = np.zeros(len(low.commodities))
    asked = low.flows.demand["code"].to_numpy(dtype=np.int64)[counted]
    gain[asked] = 1.0
    lines = low.tables.recipes
    if lines.empty:
        return gain
    node = lines["node"].to_numpy(dtype=np.int64)
    code = lines["code"].to_numpy(dtype=np.int64)
    per = lines["t_per_t"].to_numpy()
    taken = (lines["role"] == "input").to_numpy()
    n = len(low.flows.activity)
    lets_in = _stand_in_factors(lines)[taken]
    for _ in range(_ROUNDS):
        activity = np.bincount(node[~taken], weights=per[~taken] * gain[code[~taken]], minlength=n)
        better = gain.copy()
        np.maximum.at(better, code[taken], activity[node[taken]] * lets_in / per[taken])
        if (better <= gain * (1 + UNIT_ROUNDING) + 1e-15).all():
            return better
        if (better > _ENDLESS).any():
            break
        gain = better
    raise DataError("processes: a loop of recipes makes more than it takes, so a tonne could serve without end.")


def _stand_in_factors(lines: pd.DataFrame) -> Array:
    """Return, per recipe line, how much activity a share of its own carries: 1 / (1 - most that stand-ins may be).

    Stand-ins that together could be all of the feed leave nothing for the line to let in, so only sets of
    them that add to less than 1 count.
    """
    out = np.ones(len(lines))
    limited = (lines["role"] == "input") & lines["group"].notna() & (lines["max_share"] < 1.0)
    share = lines["max_share"].to_numpy(dtype=float)
    keys = lines["node"].astype(str) + "|" + lines["group"].astype(str)
    for key in sorted(set(keys[limited])):
        rows = np.flatnonzero((keys == key).to_numpy() & (lines["role"] == "input").to_numpy())
        for row in rows:
            sums = {0.0}
            for other in rows:
                if other != row and share[other] < 1.0:
                    sums |= {s + share[other] for s in sums if s + share[other] < 1.0 - ROUNDING}
            out[row] = 1.0 / (1.0 - max(sums))
    return out


def column_gains(low: Lowered, counted: Bools) -> Array:
    """Return the most that a tonne over each column can add to what is served."""
    gain = commodity_gains(low, counted)
    out = np.zeros(len(low.program.col_upper))
    out[: len(low.flows.commodity)] = gain[low.flows.commodity]
    lines = low.tables.recipes
    made = lines[lines["role"] != "input"]
    worth = np.bincount(
        made["node"].to_numpy(dtype=np.int64),
        weights=made["t_per_t"].to_numpy() * gain[made["code"].to_numpy(dtype=np.int64)],
        minlength=len(low.flows.activity),
    )
    active = low.flows.activity >= 0
    out[low.flows.activity[active]] = worth[active]
    out[low.served] = np.where(counted, 1.0, 0.0)
    return out
