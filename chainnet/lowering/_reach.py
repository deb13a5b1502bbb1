"""Forward chaining: what can be reached at all, whatever the capacities.

A node without a process hands on what comes in; a process fires only when all its inputs are
there. A set without which no demand is reached dominates it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainnet._types import Ints
from chainnet.lowering._rows import stack
from chainnet.network import Network

__all__ = ["Reach"]


class Reach:
    """The skeleton of a network, asked again and again with parts taken away.

    Parameters
    ----------
    network : Network
    targets : int array
        Row positions of ``demand`` as lowered, given as (node position, commodity code) pairs.
    """

    def __init__(self, network: Network, targets: Any) -> None:
        t = stack(network)
        self._n_real = len(network.nodes)
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
        self._targets = np.asarray(targets, dtype=np.int64)

    def reaches(self, nodes: Ints, edges: Ints) -> bool:
        """Say whether any target is still reached without these nodes and edge rows."""
        dead = np.zeros(self._n, dtype=bool)
        dead[self._n_real :] = True  # unbuilt projects
        dead[nodes] = True
        alive = ~(dead[self._tail_node] | dead[self._head_node])
        alive[edges] = False
        tail, head = self._tail[alive], self._head[alive]
        have = np.zeros(self._n * self._k, dtype=bool)
        have[self._start] = True
        have &= ~np.repeat(dead, self._k)
        while True:
            before = int(have.sum())
            have[head[have[tail]]] = True
            if len(self._makers):
                met = np.bincount(self._in_need, weights=self._in_share * have[self._in_key], minlength=self._n_needs)
                lacking = np.bincount(self._need_maker, weights=met < 1 - 1e-12, minlength=len(self._makers))
                fires = (lacking == 0) & ~dead[self._makers]
                have[self._out_key[fires[self._out_maker]]] = True
            if int(have.sum()) == before:
                break
        keys = self._targets[:, 0] * self._k + self._targets[:, 1]
        return bool(have[keys].any())
