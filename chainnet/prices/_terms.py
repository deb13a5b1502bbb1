"""Projects at a price floor: checked arguments, main outputs, costs and prices of projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.errors import DataError
from chainnet.flow import named_projects, project_sizes
from chainnet.network import Network, check_network

Money = float | Mapping[str, float] | None
MOST_YEARS = 100


def capital_recovery_factor(rate: float = 0.10, years: int = 10) -> float:
    """Return the part of a capital cost that must come back every year: r (1 + r)^n / ((1 + r)^n - 1).

    Parameters
    ----------
    rate : float
        Required return a year, 0 to 1 (0.10 is ten percent).
    years : int
        Years over which it must come back, 1 to 100.

    Returns
    -------
    float, 1/a

    Raises
    ------
    DataError
        If an argument is out of range.

    Examples
    --------
    >>> from chainnet.prices import capital_recovery_factor
    >>> round(capital_recovery_factor(0.10, 10), 6)
    0.162745
    """
    rate = check_number(rate, "rate", 0.0, 1.0, "a share of the capital a year, so ten percent is 0.10")
    rule = "is not allowed; give a whole number of years from {least} to {most}."
    years = checks.whole(years, "years", 1, MOST_YEARS, rule)
    if rate == 0:
        return 1.0 / years
    # expm1 and log1p keep all digits at rates near 0
    return float(rate / -np.expm1(-years * np.log1p(rate)))


class Terms:
    """Projects, their prices and their costs, all arguments checked; ``table`` has their costs."""

    def __init__(
        self,
        network: Network,
        floor: float | Mapping[str, float],
        reference_price: Money,
        projects: Iterable[str] | None,
        commodity: Words,
        rate: float,
        years: int,
        unit_cost: Money,
        utilisation: float,
        by_year: int | None,
        coproduct_credit: bool,
        import_price: Money,
    ) -> None:
        check_network(network)
        known = known_commodities(network)
        self.factor = capital_recovery_factor(rate, years)
        used = check_number(utilisation, "utilisation", 0.0, 1.0, "the part of the capacity that is sold")
        if used == 0:
            raise DataError("utilisation: 0 sells nothing; give a part of the capacity above 0 and up to 1.")
        checks.year(by_year)
        rows, self.commodity = _asked(
            network, projects, commodity, floor if isinstance(floor, Mapping) else None, known
        )
        names = self.commodity.tolist()
        ids = rows.index
        self.floor = self._over(by_commodity(floor, "floor", names, known), ids)
        self.reference = self._over(reference_of(network, reference_price, names, known), ids)
        self.imports = (
            self.reference
            if import_price is None
            else self._over(by_commodity(import_price, "import_price", names, known), ids)
        )
        size = pd.Series(project_sizes(network, by_year), index=network.projects["id"]).reindex(ids)
        self.table = self._costs(network, rows, unit_cost, known, used, coproduct_credit)
        self.table["output_tpa"] = rows["capacity_tpa"] * used * size
        self.settings = {
            "floor": plain(floor),
            "reference_price": plain(reference_price) if reference_price is not None else "commodities.price_usd_per_t",
            "projects": list(ids),
            "rate": float(rate),
            "years": int(years),
            "unit_cost": plain(unit_cost),
            "utilisation": used,
            "by_year": by_year,
            "coproduct_credit": bool(coproduct_credit),
        }

    def _over(self, price: pd.Series, ids: pd.Index) -> pd.Series:
        """Spread a price by commodity over the projects."""
        return pd.Series(price.reindex(self.commodity.to_numpy()).to_numpy(dtype=float), index=ids)

    def _costs(
        self, network: Network, rows: pd.DataFrame, unit_cost: Money, known: set[str], used: float, credited: bool
    ) -> pd.DataFrame:
        given = _unit_costs(unit_cost, self.commodity, known)
        unit = given.fillna(rows["unit_cost_usd_per_t"])
        sold = (rows["capacity_tpa"] * used).where(rows["capacity_tpa"] > 0)
        capital = rows["capex_musd"] * 1e6 * self.factor / sold
        credit = _credits(network, rows) if credited else pd.Series(0.0, index=rows.index)
        stated = rows["break_even_usd_per_t"]
        # no cost is below 0, so what is known of it is a least price
        self.least = stated.fillna(unit.fillna(0.0) + capital.fillna(0.0) - credit)
        price = stated.fillna(unit + capital - credit)
        origin = np.select(
            [
                stated.notna(),
                unit.isna() & capital.isna(),
                unit.isna(),
                rows["capex_musd"].isna(),
                capital.isna(),
                credit.isna(),
                given.notna(),
            ],
            [
                "table",
                "unit cost and capital cost not known",
                "unit cost not known",
                "capex not known",
                "capacity not known",
                "coproduct price not known",
                "computed, unit cost given",
            ],
            default="computed",
        )
        return pd.DataFrame(
            {
                "label": rows["label"],
                "step": rows["step"],
                "country": rows["country"],
                "commodity": self.commodity,
                "output_tpa": np.nan,
                "unit_cost_usd_per_t": unit,
                "capital_usd_per_t": capital,
                "credit_usd_per_t": credit,
                "break_even_usd_per_t": price,
                "break_even_from": origin,
            },
            index=rows.index,
        )


def main_outputs(network: Network, table: pd.DataFrame) -> pd.Series:
    """Return the main output of each row of nodes or projects, by id.

    The output of its process; without a process, what it ships (several joined by +); "" for the
    unnamed commodity or where nothing is shipped.
    """
    recipes = network.processes[network.processes["role"] == "output"]
    made = recipes.groupby("process")["commodity"].agg(lambda c: "+".join(sorted(set(c))))
    edges = network.edges
    goods = edges.assign(commodity=edges["commodity"].fillna(""))
    shipped = goods.groupby("source")["commodity"].agg(lambda c: "+".join(sorted(set(c))))
    # by dictionary: a map that finds nothing would turn the words into numbers
    by_process, by_edges = made.to_dict(), shipped.to_dict()
    pairs = zip(table["process"], table["id"], strict=True)
    found = [by_process[process] if process in by_process else by_edges.get(name, "") for process, name in pairs]
    return pd.Series(found, index=pd.Index(table["id"], name="id"), dtype=object)


def known_commodities(network: Network) -> set[str]:
    """Return every commodity that a table of the network names; "" where a flow is unnamed."""
    edges, demand = network.edges["commodity"], network.demand["commodity"]
    named = set(edges.fillna("")) | set(demand.fillna("")) | set(network.processes["commodity"].dropna())
    return named | set(network.commodities["id"].dropna())


def check_number(value: Any, argument: str, lowest: float, highest: float, meaning: str) -> float:
    """Return ``value`` as a float; raise DataError unless it is a number from lowest to highest."""
    allowed = f"{lowest:g} or more" if np.isinf(highest) else f"from {lowest:g} to {highest:g}"
    given = float(value) if checks.is_real(value) else value
    rule, none = (f"is {wrong}; it is {meaning}, {allowed}." for wrong in ("out of range", "no number"))
    return checks.number(given, argument, lowest, highest, rule, none)


def by_commodity(given: Money, argument: str, wanted: Iterable[str], known: set[str]) -> pd.Series:
    """Return a price for each commodity wanted, NaN where a mapping is silent; every number checked."""
    names = sorted({str(name) for name in wanted})
    meaning = "a price in USD/t"
    if not isinstance(given, Mapping):
        return pd.Series(check_number(given, argument, 0.0, np.inf, meaning), index=names, dtype=float)
    if not given:
        raise DataError(f"{argument}: empty; give a number, or a mapping of commodity to USD/t.")
    found = pd.Series(np.nan, index=names, dtype=float)
    for name, value in given.items():
        checks.known(name, known, argument, "commodity")
        price = check_number(value, f"{argument}[{name}]", 0.0, np.inf, meaning)
        if name in found.index:
            found[name] = price
    return found


def reference_of(network: Network, given: Money, wanted: Iterable[str], known: set[str]) -> pd.Series:
    """Return the price given, elsewhere that of the commodities table."""
    names = sorted({str(name) for name in wanted})
    listed = network.commodities.set_index("id")["price_usd_per_t"].reindex(names).astype(float)
    return listed if given is None else by_commodity(given, "reference_price", names, known).fillna(listed)


def _unit_costs(given: Money, commodity: pd.Series, known: set[str]) -> pd.Series:
    """Return the unit cost given to each project: by its id, else by its commodity."""
    if given is None:
        return pd.Series(np.nan, index=commodity.index, dtype=float)
    if not isinstance(given, Mapping):
        return by_commodity(given, "unit_cost", commodity, known).reindex(commodity).set_axis(commodity.index)
    words = {str(name): value for name, value in given.items()}
    for name, value in words.items():
        checks.known(name, known | set(commodity.index), "unit_cost", "commodity or project asked about")
        check_number(value, f"unit_cost[{name}]", 0.0, np.inf, "a cost in USD/t")
    own = pd.Series(commodity.index.map(words), index=commodity.index, dtype=float)
    return own.fillna(commodity.map(words).astype(float))


def _credits(network: Network, rows: pd.DataFrame) -> pd.Series:
    """Return what the coproducts of a tonne of main output fetch, USD/t; NaN where one has no price."""
    price = network.commodities.set_index("id")["price_usd_per_t"]
    recipes = network.processes[network.processes["role"] == "coproduct"]
    # without any coproduct the mapped column is empty text, not numbers
    worth = recipes.assign(usd=recipes["t_per_t"] * recipes["commodity"].map(price).astype(float))
    total = worth.groupby("process")["usd"].agg(lambda usd: usd.sum(skipna=False))
    has = rows["process"].isin(recipes["process"])
    return rows["process"].map(total).astype(float).where(has, 0.0)


def _asked(
    network: Network,
    projects: Iterable[str] | None,
    commodity: Words,
    floor: Mapping[str, float] | None,
    known: set[str],
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the projects asked about, by id, and the main output of each."""
    table = network.projects
    output = main_outputs(network, table)
    keep = np.ones(len(table), dtype=bool)
    if projects is not None:
        keep &= table["id"].isin(named_projects(network, projects)).to_numpy()
    if floor is not None and commodity is None:
        keep &= output.isin(list(floor)).to_numpy()
    if commodity is not None:
        words = as_list(commodity)
        for word in words:
            checks.known(word, known, "commodity", "commodity")
        keep &= output.isin(words).to_numpy()
    return table[keep].set_index("id"), output[keep]


def as_list(words: Words) -> list[str]:
    """Return one word or several as a list."""
    return [words] if isinstance(words, str) else [str(word) for word in words or ()]


def plain(given: Any) -> Any:
    """Return a price argument as provenance keeps it."""
    return {str(k): float(v) for k, v in sorted(given.items())} if isinstance(given, Mapping) else given
