"""One measure put to the rows of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainnet._types import Array, Bools
from chainnet.errors import DataError
from chainnet.lowering import Overlay, Restriction
from chainnet.network import Network
from chainnet.scenario._phases import ALWAYS, Span, takes_customs

# keys that say when a measure is in force
TIMES = ("start_month", "start", "months", "until", "suspended")
# keys that say where a measure comes from; no answer looks at them, but a share from customs at the rule
TOLD = ("rule", "status", "source", "checked_on")


def listed(value: Any) -> list[str]:
    """Return a word or a list of words as a list."""
    return [value] if isinstance(value, str) else [str(v) for v in value]


def acting(measure: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a measure does: all of it but where it comes from.

    A share that is taken from customs hangs on the rule, which then stays.
    """
    left_out = set(TOLD) - ({"rule"} if takes_customs(measure) else set())
    return {key: value for key, value in measure.items() if key not in left_out}


@dataclass(frozen=True, eq=False)
class Effect:
    """One measure put to a network, at full size.

    Parameters
    ----------
    number : int
        Place of the measure in its scenario.
    measure : mapping
    argument : str
        Scenario, number and kind, for messages.
    nodes, edges, stocks, demand, projects : boolean arrays
        Rows that it reaches; nodes run over nodes, then projects; projects are those of a build or delay.
    users : boolean array
        End uses among ``nodes`` that a remove measure names: with them their demand goes.
    share : float
        What is left of the rows' size; 1 where the kind has none.
    cost : array, optional
        USD/t over each edge.
    is_floor : bool
        Of several floors the highest holds; all other costs add up.
    restriction : Restriction, optional
    base_tpa : float, optional
        Baseline of the restriction's class, t/yr; None = not known on every edge.
    release_tpa : array, optional
        Most that each stock may give, t/yr, where ``stocks`` holds; NaN = as its table says, by what is left of it.
    tiers : tuple of str
        Tiers that the stocks are released for; empty = as their table says.
    span : tuple of int and float
        Months of the measure's own time, from and before, in which this part of it acts.
    """

    number: int
    measure: Mapping[str, Any]
    argument: str
    nodes: Bools
    edges: Bools
    stocks: Bools
    demand: Bools
    projects: Bools
    users: Bools
    share: float = 1.0
    cost: Array | None = None
    is_floor: bool = False
    restriction: Restriction | None = None
    base_tpa: float | None = None
    release_tpa: Array | None = None
    tiers: tuple[str, ...] = ()
    span: Span = ALWAYS

    @property
    def kind(self) -> str:
        """Kind of the measure."""
        return str(self.measure["kind"])

    @property
    def is_lasting(self) -> bool:
        """Whether it stays as long as the measure does; what passes before is no part of a static answer."""
        return self.span[1] == float("inf")

    def bound_at(self, size: float) -> float:
        """Return the bound of the restriction, t/yr, when the measure has grown to ``size``; inf at 0."""
        assert self.restriction is not None
        full = self.restriction.bound_tpa
        if size <= 0.0:
            return float("inf")
        if size >= 1.0:
            return full
        if self.base_tpa is None:
            raise DataError(
                f"{self.argument}: phase_in_months needs the baseline flow of every edge of the class. "
                "Fill flow_tpa or leave phase_in_months out."
            )
        return self.base_tpa - (self.base_tpa - full) * size


def no_effect(network: Network, number: int, measure: Mapping[str, Any], name: str) -> Effect:
    """Return the effect of a measure that reaches nothing yet; its kind fills in what it does."""
    none = Overlay.none(network)
    plants, edges, stocks, demand, projects = (
        np.zeros(len(rows), dtype=bool)
        for rows in (none.node_share, none.edge_share, none.stock_share, none.demand_share, none.built)
    )
    return Effect(
        number,
        measure,
        f"{name}: measures[{number}] {measure['kind']}",
        nodes=plants,
        edges=edges,
        stocks=stocks,
        demand=demand,
        projects=projects,
        users=plants.copy(),
    )


def prices_over(network: Network, effect: Effect, rows: Bools, otherwise: str = "") -> Array:
    """Return the price of what goes over some edges, USD/t, 0 over all others."""
    commodity = network.edges["commodity"].fillna("")
    price = commodity.map(network.commodities.set_index("id")["price_usd_per_t"]).to_numpy(dtype=float)
    lacking = sorted(set(commodity[rows & np.isnan(price)]))
    if lacking:
        words = ", ".join(f'"{word}"' if word else "the unnamed commodity" for word in lacking)
        raise DataError(
            f"{effect.argument}: no price of {words}. Fill price_usd_per_t in commodities, or name the commodities "
            f"meant{otherwise}."
        )
    return np.where(rows, price, 0.0)
