"""What a scenario does to a network, as arrays: multipliers on rows, relations closed, projects built."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainnet._types import Array, Bools, Ints
from chainnet.network import Network, kept

_SHARES = {
    "nodes": "node_share",
    "projects": "node_share",
    "edges": "edge_share",
    "demand": "demand_share",
    "stocks": "stock_share",
}


@kept(1)
def _sizes(network: Network) -> tuple[int, ...]:
    """Return how many rows the tables have that an overlay runs over."""
    return tuple(len(network.view(table)) for table in ("nodes", "projects", "edges", "stocks", "demand"))


@dataclass(frozen=True)
class Restriction:
    """Edges that together carry at most ``bound_tpa`` of what the measure binds.

    Parameters
    ----------
    edges : boolean array over ``network.edges``
        The class; with a bound of 0 new relations of it are closed too, with a finite one as well.
    bound_tpa : float
        Most that the class carries, t/yr; inf = not in force.
    sources, targets : boolean arrays over nodes, then projects
        The ends of the class, for relations that are not in the table.
    commodities : tuple of str
        Empty = all.
    tier : str, optional
        Binds only what serves this tier, all the way down; None = whatever the use.
    origin : boolean array over nodes, then projects, optional
        Binds only what was made at, or went through, one of these nodes (bound 0 only).
    origin_stocks : boolean array over ``network.stocks``, optional
        Stocks that are of this origin.
    users : boolean array over nodes, then projects, optional
        Demand there may not take goods of the origin either, though they cross no edge: a stock that lies there.
    levels : str
        Restrictions of one group are lifted in their order, never a later one before an earlier one.
    part : float, optional
        A contract: the class carries at most this part of what its one source puts out of its one commodity, edges
        and new relations together. Its bound is 0 while it is in force, else inf.
    traded : bool, optional
        Of new relations it holds those alone between countries that traded the commodity in the baseline (True), or
        that did not (False); None = all.
    """

    edges: Bools
    bound_tpa: float
    sources: Bools
    targets: Bools
    commodities: tuple[str, ...]
    tier: str | None = None
    origin: Bools | None = None
    origin_stocks: Bools | None = None
    users: Bools | None = None
    levels: str = ""
    part: float | None = None
    traded: bool | None = None

    @property
    def is_strand(self) -> bool:
        """Whether the measure follows goods down the chain."""
        return self.tier is not None or self.origin is not None


@dataclass(frozen=True, eq=False)
class Overlay:
    """What a scenario does to a network: multipliers on rows, relations closed, projects built.

    ``node_share`` runs over nodes then projects, the others over their tables. ``built`` is the part
    of each project's size that stands (0 = not built). ``demand_share`` multiplies demand,
    ``edge_cost`` is added to what a tonne over an edge costs (tariff, border price floor, USD/t),
    ``release_tpa`` is the most that a stock may give, t/yr (inf = as its table says),
    ``stock_tiers`` the tiers that a stock is reserved for (empty = as its table says), ``home`` the countries with an
    export rule in force, whose own users come first where law decides who is served.
    """

    node_share: Array
    edge_share: Array
    stock_share: Array
    built: Array
    restrictions: tuple[Restriction, ...]
    demand_share: Array
    edge_cost: Array
    release_tpa: Array
    stock_tiers: tuple[tuple[str, ...], ...]
    home: tuple[str, ...] = ()

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """All that it does: overlays that do the same are equal, so that an answer can be kept under one."""
        return (*_contents(self), *map(_contents, self.restrictions))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Overlay) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @classmethod
    def none(cls, network: Network) -> Overlay:
        """Return the overlay that changes nothing."""
        n_nodes, n_projects, n_edges, n_stocks, n_demand = _sizes(network)
        return cls(
            np.ones(n_nodes + n_projects),
            np.ones(n_edges),
            np.ones(n_stocks),
            np.zeros(n_projects),
            (),
            np.ones(n_demand),
            np.zeros(n_edges),
            np.full(n_stocks, np.inf),
            ((),) * n_stocks,
        )

    def with_built(self, built: Array) -> Overlay:
        """Return the overlay with other projects built."""
        return replace(self, built=built)

    def also(self, restrictions: tuple[Restriction, ...]) -> Overlay:
        """Return the overlay with further restrictions, which come last; itself where there are none."""
        return replace(self, restrictions=self.restrictions + restrictions) if restrictions else self

    def times(self, table: str, rows: Ints | slice, factors: Array | float) -> Overlay:
        """Return the overlay with the shares of rows of nodes, projects, edges, demand or stocks multiplied.

        Each row stands once in ``rows``. Nodes run on over the projects, which also have numbers of their own.
        """
        share = getattr(self, _SHARES[table]).copy()
        (share[len(share) - len(self.built) :] if table == "projects" else share)[rows] *= factors
        return replace(self, **{_SHARES[table]: share})


def _contents(one: Overlay | Restriction) -> tuple[Any, ...]:
    values = (getattr(one, each.name) for each in fields(one) if each.name != "restrictions")
    return tuple(value.tobytes() if isinstance(value, np.ndarray) else value for value in values)
