"""What a market is told: prices, costs, elasticities, each given, of a table, derived or assumed, with its range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import records
from chainnet.errors import DataError, UnknownIdError
from chainnet.lowering import Tables
from chainnet.network import Network
from chainnet.prices._terms import check_number

Span = float | tuple[float, float]
Sized = Span | Mapping[Any, Span] | None
# a value between its ends, given its name, the low end, the middle and the high end
Pick = Callable[[str, float, float, float], float]
CURVES = ["node", "commodity", "tier", "intercept_usd_per_t", "slope_usd_per_t_per_tpa"]
CHOKE = 20.0  # times the reference price: beyond it nobody buys (assumed)
CHEAP = 0.05  # of the reference price: below it nobody buys more on a curve of one elasticity
LOWEST_COST = 0.6  # of what reference prices leave a plant that stands: the rest is margin (assumed)
DEARER = 1.5  # times that: a new plant elsewhere (assumed; half again as high is what is usually quoted)


def central(name: str, low: float, used: float, high: float) -> float:
    """Return the middle of a range."""
    return used


def high_end(name: str, low: float, used: float, high: float) -> float:
    """Return the high end of a range."""
    return high


def low_end(name: str, low: float, used: float, high: float) -> float:
    """Return the low end of a range."""
    return low


class Given:
    """A number, a range, or either by name: the most specific name wins."""

    def __init__(self, given: Any, argument: str, meaning: str, known: set[Any]) -> None:
        self.argument = argument
        table = given if isinstance(given, Mapping) else {} if given is None else {None: given}
        if isinstance(given, Mapping) and not given:
            raise DataError(f"{argument}: empty; give a number, or a mapping of names to numbers.")
        self._ends: dict[Any, tuple[float, float]] = {}
        for key, value in table.items():
            name = argument if key is None else f"{argument}[{key}]"
            if key is not None and key not in known:
                words = sorted({str(word) for word in known})
                raise UnknownIdError(f"{name}: {checks.unknown(key, words, 'name')}")
            ends = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
            if len(ends) != 2:
                raise DataError(f"{name}: {value!r} is no number and no pair (low, high).")
            low, high = (check_number(end, name, 0.0, np.inf, meaning) for end in ends)
            if low > high:
                raise DataError(f"{name}: {value!r} has its low end above its high end. Swap them.")
            self._ends[key] = low, high

    def of(self, *names: Any) -> tuple[str, float, float, float] | None:
        """Return name, low, middle and high of the first of these names that is given; None where none is."""
        for name in (*names, None):
            if name in self._ends:
                low, high = self._ends[name]
                middle = float(np.sqrt(low * high)) if low > 0 else (low + high) / 2
                return (self.argument if name is None else f"{self.argument} {_said(name)}"), low, middle, high
        return None


def _role(line: dict[str, Any]) -> tuple[str, str]:
    return line["role"], line["commodity"]


def _said(name: Any) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


@dataclass
class Inputs:
    """All that a market is told, asked by what it builds; what was assumed is noted as it is asked.

    Parameters
    ----------
    network : Network
    tables : Tables
        Of the same network.
    reference_price, unit_cost, demand_elasticity, supply_elasticity, curves
        As in ``market``.
    demand_form : str
    pick : Pick
        Which value of each range is used.
    """

    network: Network
    tables: Tables
    reference_price: Any = None
    unit_cost: Any = None
    demand_elasticity: Sized = None
    supply_elasticity: Sized = None
    curves: pd.DataFrame | None = None
    demand_form: str = "linear"
    pick: Pick = central
    assumed: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        t = self.tables
        goods, ids, tiers = set(t.code), set(t.ids), set(self.network.tier_order)
        checks.known(self.demand_form, ("linear", "isoelastic"), "demand_form", "form")
        size = "an elasticity, a size"
        pairs = {(good, tier) for good in goods for tier in tiers}
        self._reference = Given(self.reference_price, "reference_price", "a price in USD/t", goods | ids)
        self._cost = Given(self.unit_cost, "unit_cost", "a cost in USD/t", goods | ids)
        self._demand = Given(self.demand_elasticity, "demand_elasticity", size, goods | ids | tiers | pairs)
        self._supply = Given(self.supply_elasticity, "supply_elasticity", size, goods | ids)
        self._listed = self.network.commodities.set_index("id")["price_usd_per_t"].to_dict()
        self._derived: dict[str, float] = {}
        self._recipes: dict[str, list[dict[str, Any]]] = {}
        for line in records(self.network.processes[["process", "commodity", "role", "t_per_t", "group"]]):
            self._recipes.setdefault(line["process"], []).append(line)
        self._curves = _curves_of(self.curves, t, tiers)

    def note(self, name: str, source: str, low: float, used: float, high: float) -> float:
        """Note an input that was assumed; return the value that is used."""
        used = self.pick(name, low, used, high) if high > low else used
        self.assumed[name] = {"low": low, "used": used, "high": high, "source": source}
        return used

    def asked(self, given: Given, *names: Any) -> float | None:
        """Return what an argument says of the first of these names; None where it says nothing."""
        found = given.of(*names)
        if found is None:
            return None
        name, low, used, high = found
        return self.note(name, "argument", low, used, high) if high > low else used

    def price(self, commodity: str, node: str = "") -> float:
        """Return the reference price of a commodity at a node, USD/t: given, of the table, or NaN."""
        given = self.asked(self._reference, node, commodity)
        return float(self._listed.get(commodity, np.nan)) if given is None else given

    def worth(self, commodity: str, node: str = "") -> float:
        """Return the reference price, or where there is none what goes into a tonne at reference prices; else NaN."""
        own = self.price(commodity, node)
        if not np.isnan(own):
            return own
        if commodity not in self._derived:
            self._derived[commodity] = np.nan  # a loop of scrap ends here
            makers = [lines for lines in self._recipes.values() if ("output", commodity) in map(_role, lines)]
            sums = [self._fed(lines) for lines in makers]
            known = [value for value in sums if value > 0]
            if known:
                value = float(np.mean(known))
                said = "derived: what goes into a tonne, its making left out"
                self._derived[commodity] = self.note(f"reference_price {commodity}", said, value, value, value)
        return self._derived[commodity]

    def _fed(self, lines: list[dict[str, Any]]) -> float:
        """Return what the inputs of a recipe cost at reference prices, of stand-ins the cheapest; 0 = not known."""
        total, least = 0.0, dict[str, float]()
        for line in lines:
            worth = float(line["t_per_t"]) * self.worth(line["commodity"]) if line["role"] == "input" else np.nan
            if np.isnan(worth):
                continue
            if isinstance(line["group"], str):
                least[line["group"]] = min(worth, least.get(line["group"], np.inf))
            else:
                total += worth
        return total + sum(least.values())

    def left(self, node: str, process: Any, commodity: str) -> float:
        """Return what reference prices leave a plant of a tonne after its inputs, USD/t; NaN without a price."""
        own = self.price(commodity, node)
        if np.isnan(own) or not isinstance(process, str):
            return own
        lines = self._recipes[process]
        side = [(line, self.price(line["commodity"])) for line in lines if line["role"] in ("coproduct", "byproduct")]
        credit = sum(float(line["t_per_t"]) * price for line, price in side if not np.isnan(price))
        return own + credit - self._fed(lines)

    def demand_curve(self, node: str, commodity: str, tier: Any) -> tuple[float, float] | None:
        """Return intercept and slope of a user's curve that was given; None where none was."""
        for key in ((node, commodity, tier), (node, "", tier), (node, commodity, ""), (node, "", "")):
            if key in self._curves:
                return self._curves[key]
        return None

    def supply_curve(self, node: str, commodity: str) -> tuple[float, float] | None:
        """Return intercept and slope of a plant's curve that was given; None where none was."""
        return self._curves.get((node, commodity, ""), self._curves.get((node, "", "")))

    def given_cost(self, node: str, commodity: str) -> float | None:
        """Return the unit cost that an argument gives a plant; None where it gives none."""
        return self.asked(self._cost, node, commodity)

    def elasticity(self, node: str, commodity: str, tier: Any) -> float:
        """Return the elasticity of a row of demand; 0 where none is given."""
        found = self.asked(self._demand, node, (commodity, tier), tier, commodity)
        if found is None:
            name = f"demand_elasticity {_said((commodity, tier) if isinstance(tier, str) else commodity)}"
            return self.note(name, "none given: as much is bought at any price", 0.0, 0.0, 0.0)
        return found

    def cost(self, node: str, process: Any, commodity: str, listed: float, is_project: bool) -> float:
        """Return the unit cost of a plant without its feed, USD/t: given, of the table, else derived."""
        given = self.given_cost(node, commodity)
        if given is not None:
            return given
        if not np.isnan(listed):
            return float(listed)
        value = self.left(node, process, commodity)
        if np.isnan(value):
            return 0.0  # nothing of it has a price, so nothing of its cost is known
        if value < 0:
            self.assumed[f"unit_cost {node}"] = {
                "low": value, "used": value, "high": value,
                "source": "inconsistent: reference prices leave less than nothing after its inputs",
            }  # fmt: skip
            return value
        low, high = (value, DEARER * value) if is_project else (LOWEST_COST * value, value)
        used = float(np.sqrt(low * high)) if is_project else value
        return self.note(f"unit_cost {node}", "derived: what reference prices leave after its inputs", low, used, high)

    def supply(self, node: str, process: Any, commodity: str) -> tuple[float, float] | None:
        """Return the elasticity of a plant and what reference prices leave it; None where it has none.

        Raises
        ------
        DataError
            If it has an elasticity, and reference prices leave it nothing.
        """
        size = self.asked(self._supply, node, commodity)
        if not size:
            return None
        start = self.left(node, process, commodity)
        if np.isnan(start):
            given = self.given_cost(node, commodity)
            if given is None:
                return None
            start = given
        if start <= 0:
            said = f"unit_cost {node}"
            self.assumed[said] = {
                "low": start, "used": start, "high": start,
                "source": "inconsistent: reference prices leave nothing after its inputs, so no curve is drawn",
            }  # fmt: skip
            return None
        return size, start


def _curves_of(
    given: pd.DataFrame | None, t: Tables, tiers: set[str]
) -> dict[tuple[str, str, Any], tuple[float, float]]:
    """Return intercept and slope by node, commodity and tier ("" = all) of a table of curves, every cell checked."""
    if given is None:
        return {}
    table = pd.DataFrame(given)
    checks.known("node", set(table.columns), "curves", "column")
    for name in CURVES[3:]:
        checks.known(name, set(table.columns), "curves", "column")
    for name in table.columns:
        checks.known(name, CURVES, "curves", "column")
    found: dict[tuple[str, str, Any], tuple[float, float]] = {}
    for number, row in enumerate(table.reindex(columns=CURVES).to_dict("records")):
        where = f"curves[{number}]"
        node, good, tier = ("" if pd.isna(row[name]) else str(row[name]) for name in CURVES[:3])
        key = node, good, tier
        for word, known, kind in zip(key, (set(t.ids), set(t.code), tiers), ("node", "commodity", "tier"), strict=True):
            if word:
                checks.known(word, known, f"{where}: {kind}", kind, error=UnknownIdError)
        ends = [check_number(row[name], f"{where}: {name}", 0.0, np.inf, "a size") for name in CURVES[3:]]
        if key in found:
            raise DataError(f"{where}: {' '.join(filter(None, key))} has two rows. Keep one.")
        found[key] = ends[0], ends[1]
    return found
