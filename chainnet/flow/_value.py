"""The value of a network: the largest tonnage that can be served, one linear program kept warm."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Ints, Words
from chainnet.engine import (
    UNIT_ROUNDING,
    Certificate,
    LinearProgram,
    LinearSolution,
    WarmModel,
    certify_linear,
    require,
    solve_independently,
    values_without,
)
from chainnet.errors import DataError, near_matches
from chainnet.flow._stages import in_finer_sizes
from chainnet.lowering import Degree, Lowered, Overlay, lower
from chainnet.network import Network

__all__ = ["ValueModel", "check_commodities", "check_tier", "count_settings", "counted_demand"]


def check_commodities(network: Network, commodity: Words) -> tuple[str, ...] | None:
    """Return the commodities that count: those asked for, else the main ones, else None (all).

    Raises
    ------
    DataError
        If one flows nowhere in the network.
    """
    if commodity is None:
        return network.main_commodity or None
    words = (commodity,) if isinstance(commodity, str) else tuple(commodity)
    known = set(network.edges["commodity"].dropna()) | set(network.demand["commodity"].dropna())
    known |= set(network.commodities["id"].dropna())
    for word in words:
        if word not in known:
            raise DataError(
                f'commodity: unknown commodity "{word}";{near_matches(str(word), known)} '
                f"Known: {', '.join(sorted(known)) or 'one unnamed commodity'}."
            )
    return words


def check_tier(network: Network, tier: str | None) -> str | None:
    """Return ``tier``; raise DataError if the network has no such tier."""
    if tier is not None:
        checks.choice(tier, "tier", "tier", network.tier_order)
    return tier


def counted_demand(
    network: Network, demand: pd.DataFrame, commodity: Words, beneficiaries: Words, tier: str | None
) -> Any:
    """Return a boolean array over demand rows: whose tonnes count.

    A row without a tier is a host product and never counts, unless no row has a tier.
    """
    counted = np.ones(len(demand), dtype=bool)
    commodities = check_commodities(network, commodity)
    if commodities is not None:
        counted &= demand["commodity"].isin(commodities).to_numpy()
    counted &= beneficiary_rows(network, demand, beneficiaries)
    has_tier = demand["tier"].notna().to_numpy()
    if has_tier.any():
        counted &= has_tier
    if check_tier(network, tier) is not None:
        counted &= (demand["tier"] == tier).to_numpy()
    return counted


def beneficiary_rows(network: Network, demand: pd.DataFrame, beneficiaries: Words) -> Any:
    """Return a boolean array over demand rows: which lie with the beneficiaries."""
    if beneficiaries is None:
        beneficiaries = network.beneficiaries
    words = [beneficiaries] if isinstance(beneficiaries, str) else list(beneficiaries)
    if not words:
        return np.ones(len(demand), dtype=bool)
    columns = ["id", "country", "region"]
    places = pd.concat([network.nodes[columns], network.projects[columns]], ignore_index=True)
    inside = pd.Series(network.in_countries(places, words, "beneficiaries"), index=places["id"])
    return inside.reindex(demand["node"]).to_numpy(dtype=bool)


def count_settings(network: Network, commodity: Words, beneficiaries: Words) -> dict[str, Any]:
    """Return what a result counts, for its provenance."""
    commodities = check_commodities(network, commodity)
    whose = network.beneficiaries if beneficiaries is None else beneficiaries
    words = [whose] if isinstance(whose, str) else list(whose)
    return {"commodity": list(commodities) if commodities else "all", "beneficiaries": words or "all"}


class ValueModel:
    """The value of a network under an overlay: solved once, then again and again with columns closed.

    Parameters
    ----------
    network : Network
    overlay : Overlay, optional
    degree : {"frozen", "existing", "new"}
    commodity, beneficiaries, tier
        Whose demand counts, see ``counted_demand``.
    stocks : bool
        Whether stocks may be drawn.

    Raises
    ------
    DataError
        If nothing limits the flow.
    """

    def __init__(
        self,
        network: Network,
        overlay: Overlay | None = None,
        degree: Degree = "existing",
        *,
        commodity: Words = None,
        beneficiaries: Words = None,
        tier: str | None = None,
        stocks: bool = False,
    ) -> None:
        self._counts = (commodity, beneficiaries, tier)
        lowering = partial(lower, network, overlay, degree, stocks=stocks)
        in_finer_sizes(lowering, self._take, lambda: self._proof().ok)

    def _take(self, low: Lowered) -> Array:
        """Take a program and solve it; return the columns of its answer."""
        self.lowered = low
        self.counted = counted_demand(low.network, low.demand, *self._counts)
        self._cost = low.serving(self.counted)
        self._model = WarmModel(low.program)
        self._model.set_cost(self._cost)
        self.base = self._solve(None)
        self._upper = low.program.col_upper
        return self.base.x

    def counting(self, tier: str | None) -> ValueModel:
        """Return the value program of a tier on what this one was lowered to: lowering strands is the slow part."""
        other = copy(self)
        other._counts = (*self._counts[:2], tier)
        other._take(self.lowered)
        return other

    def _solve(self, basis: Any) -> LinearSolution:
        found = self._model.solve(basis)
        if found.status == "unbounded":
            raise DataError(
                "nothing limits the flow: on some way from a source to a use neither a node nor an edge has a "
                "capacity, and the use has no demand. Give one of them capacity_tpa, or give the demand table."
            )
        if found.status != "optimal":
            raise DataError(f"the value program is {found.status}")
        return found

    @property
    def program(self) -> LinearProgram:
        """The program, whose least is the largest tonnage served."""
        return replace(self.lowered.program, cost=self._cost)

    @property
    def value(self) -> float:
        """Largest tonnage served, t/a."""
        return -self.base.value + 0.0

    def certificate(self, verify: bool = False) -> Certificate:
        """Prove the base value by its duals, and by a second solver if asked."""
        proof = self._proof()
        second = -solve_independently(self._model.current()) if verify else None
        return require(
            Certificate(
                "value", -proof.value + 0.0, -proof.bound + 0.0, proof.gap, proof.violation, proof.tolerance, second
            )
        )

    def _proof(self) -> Certificate:
        program = self.program
        return certify_linear("value", program, self.base.x, self.base.row_dual, program.row_scale)

    def value_without(self, columns: Ints) -> float:
        """Return the value with some columns closed; those that carry nothing cost no solve."""
        if not (self.base.x[columns] > UNIT_ROUNDING * self.lowered.program.col_scale[columns]).any():
            return self.value
        upper = self._upper.copy()
        upper[columns] = 0.0
        self._model.set_upper(upper)
        value = -self._solve(self.base.basis).value
        return min(max(value, 0.0), self.value)

    def values_without(self, closings: Sequence[Ints]) -> Array:
        """Return the value with each set of columns closed, one at a time."""
        found = -values_without(self.program, self.base, closings)
        return np.clip(found, 0.0, self.value)

    def solve_under(self, overlay: Overlay) -> LinearSolution:
        """Solve under another overlay of the same restrictions (projects built, shares changed)."""
        return self.solve_within(*self.lowered.bounds(overlay))

    def solve_within(self, upper: Array, row_upper: Array, basis: Any = None) -> LinearSolution:
        """Solve within other upper bounds of columns and rows, from ``basis`` or that of the base answer."""
        self._model.set_upper(upper)
        self._model.set_rows(self.lowered.program.row_lower, row_upper)
        return self._solve(self.base.basis if basis is None else basis)
