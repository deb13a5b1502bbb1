"""What a scenario does to a network, as arrays: multipliers on rows, relations closed, projects built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainnet.network import Network

__all__ = ["Overlay", "Restriction"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Restriction:
    """Edges that together carry at most ``bound_tpa``; new relations of the class are closed."""

    edges: Bools
    bound_tpa: float
    sources: Bools
    targets: Bools
    commodities: tuple[str, ...]


@dataclass(frozen=True)
class Overlay:
    """What a scenario does to a network: multipliers on rows, relations closed, projects built.

    ``node_share`` and ``projects`` run over nodes then projects, the others over their tables.
    ``built`` is the part of each project's size that stands (0 = not built).
    """

    node_share: Array
    edge_share: Array
    stock_share: Array
    built: Array
    restrictions: tuple[Restriction, ...] = ()

    @classmethod
    def none(cls, network: Network) -> Overlay:
        """Return the overlay that changes nothing."""
        n_projects = len(network.projects)
        return cls(
            np.ones(len(network.nodes) + n_projects),
            np.ones(len(network.edges)),
            np.ones(len(network.stocks)),
            np.zeros(n_projects),
        )

    def with_built(self, built: Array) -> Overlay:
        """Return the overlay with other projects built."""
        return replace(self, built=built)
