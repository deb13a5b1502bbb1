"""Price floors: who pays at which price, what a floor costs the treasury and the buyers, and what undercutting does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.engine import ROUNDING
from chainnet.network import Network
from chainnet.prices._market import Market
from chainnet.prices._terms import (
    Money,
    Terms,
    as_list,
    by_commodity,
    capital_recovery_factor,
    check_number,
    known_commodities,
    plain,
    reference_of,
    whole_sum,
)
from chainnet.results import provenance, stamp

__all__ = ["capital_recovery_factor", "floor_buyers", "floor_supply_curve", "floor_tables", "price_cut", "price_floor"]

NOT_KNOWN = "not known"
CUT_COLUMNS = [
    "commodity",
    "cut_share",
    "reference_usd_per_t",
    "n_viable",
    "viable_tpa",
    "n_viable_without_floor",
    "viable_tpa_without_floor",
    "n_not_known",
    "outlay_usd_per_a",
    "outlay_all_usd_per_a",
    "tariff_usd_per_t",
    "incumbent_exports_tpa",
    "incumbent_loss_usd_per_a",
]


def price_floor(
    network: Network,
    floor: float | Mapping[str, float],
    reference_price: Money = None,
    *,
    projects: Iterable[str] | None = None,
    commodity: Words = None,
    rate: float = 0.10,
    years: int = 10,
    upside_share: float = 0.0,
    unit_cost: Money = None,
    import_price: Money = None,
    utilisation: float = 1.0,
    by_year: int | None = None,
    coproduct_credit: bool = False,
    market: Market | None = None,
) -> pd.DataFrame:
    """Say which projects pay at a price floor, and what a contract for difference at that floor costs.

    The break-even price of the main output is p* = unit cost + capex x CRF / output, or the one that the
    projects table states. A project pays at the floor if floor >= p*. A two-sided contract over output q pays
    q x max(0, floor - reference) and takes back share x q x max(0, reference - floor). Taxes, ramp-up and
    the years of building are left out.

    Parameters
    ----------
    network : Network
    floor : float or mapping of commodity to float
        USD per tonne of the project's main output. A number holds for every project asked about: on a graph
        of several commodities give a mapping, or name the ``commodity``.
    reference_price : float or mapping, optional
        Market price, USD/t; default ``commodities.price_usd_per_t``, unknown where that is empty.
    projects : iterable of str, optional
        Default all whose main output has a floor.
    commodity : str or list of str, optional
        Only projects with this main output.
    rate, years
        Of the capital recovery factor.
    upside_share : float
        Part of what the market pays above the floor that goes back to who guarantees it, 0 to 1.
    unit_cost : float or mapping of project or commodity to float, optional
        Cost without capital, USD/t of main output, feed included; goes before ``unit_cost_usd_per_t`` of the table.
    import_price : float or mapping, optional
        What importers pay, USD/t; default the reference price.
    utilisation : float
        Part of the capacity that is made and sold, above 0 to 1.
    by_year : int, optional
        Output that the ramp has reached in that year; default full. Break-even prices stay those of full output.
    coproduct_credit : bool
        Take the coproducts, at their price, off the break-even price.
    market : Market, optional
        A market that has cleared: reference and import prices are then its own, the mean by tonnes of what is made, and
        of what comes over a border, unless they are given.

    Returns
    -------
    DataFrame, index id
        commodity : main output.  output_tpa.  unit_cost_usd_per_t, capital_usd_per_t, credit_usd_per_t : parts of
        the break-even price.  break_even_usd_per_t.  break_even_from : table, computed, computed with the
        unit cost given, or what is missing.  floor_usd_per_t, reference_usd_per_t.  viable,
        viable_at_reference : NA where a price is unknown, unless what is known of the cost exceeds it.
        margin_usd_per_t : what is received, upside returned, less break-even.  most_unit_cost_usd_per_t : the unit
        cost up to which it pays at the floor.  outlay_usd_per_a, upside_usd_per_a : paid to, and taken back
        from, the project if it stands.  tariff_usd_per_t : what an importer pays under a border-adjusted
        floor, max(0, floor - import price).  price_with_floor_usd_per_t : with ``market``, the price there or the
        floor, the larger of the two.

    Raises
    ------
    DataError
        If a price is negative or no number, a commodity is unknown, or rate, years or a share is out of range.
    UnknownIdError
        If a project does not exist.

    See Also
    --------
    prices.floor_curve, prices.break_even_floor, instruments, portfolio

    Notes
    -----
    Closed form, linear in the number of projects. Contract for difference: as in the agreement of MP
    Materials with the US Department of Defense (Form 8-K of 10 July 2025).

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import price_floor
    >>> cost = {"usa_white_mesa_phase2": 29_390}
    >>> table = price_floor(cn.read("rare-earths"), {"ndpr_oxide": 110_000}, unit_cost=cost)
    >>> float(table.loc["usa_white_mesa_phase2", "break_even_usd_per_t"].round(1))
    40510.9
    """
    if market is not None:
        made, landed = market.mean_prices(network)
        reference_price = made if reference_price is None else reference_price
        import_price = landed if import_price is None else import_price
    terms = Terms(
        network, floor, reference_price, projects, commodity, rate, years, unit_cost, utilisation, by_year,
        coproduct_credit, import_price,
    )  # fmt: skip
    share = check_number(upside_share, "upside_share", 0.0, 1.0, "the part of the upside that is returned")
    table = terms.table
    at, reference = terms.needed_floor, terms.reference
    table["floor_usd_per_t"], table["reference_usd_per_t"] = at, reference
    table["viable"] = _at_least(at, table["break_even_usd_per_t"], terms.least)
    table["viable_at_reference"] = _at_least(reference, table["break_even_usd_per_t"], terms.least)
    gap, upside = (at - reference).clip(lower=0.0), share * (reference - at).clip(lower=0.0)
    table["margin_usd_per_t"] = reference + gap - upside - table["break_even_usd_per_t"]
    table["most_unit_cost_usd_per_t"] = at - table["capital_usd_per_t"] + table["credit_usd_per_t"]
    table["outlay_usd_per_a"] = table["output_tpa"] * gap
    table["upside_usd_per_a"] = table["output_tpa"] * upside
    table["tariff_usd_per_t"] = (at - terms.imports).clip(lower=0.0)
    if market is not None:
        table["price_with_floor_usd_per_t"] = reference.clip(lower=at)
    return stamp(table, provenance(network, "none", **terms.settings, upside_share=share))


def floor_supply_curve(
    network: Network,
    reference_price: Money = None,
    *,
    projects: Iterable[str] | None = None,
    commodity: Words = None,
    rate: float = 0.10,
    years: int = 10,
    unit_cost: Money = None,
    utilisation: float = 1.0,
    by_year: int | None = None,
    coproduct_credit: bool = False,
) -> pd.DataFrame:
    """Say who becomes viable at which floor: the supply curve of the projects, by commodity.

    Parameters
    ----------
    network, reference_price, projects, commodity, rate, years, unit_cost, utilisation, by_year, coproduct_credit
        As in ``price_floor``.

    Returns
    -------
    DataFrame, sorted by commodity, floor and id
        commodity, floor_usd_per_t (its break-even price), id, output_tpa, n_viable, cumulative_tpa (of all that
        pay at this floor, ties together), outlay_usd_per_a (a contract at this floor for all of them). A
        project without a known break-even price stands last in its commodity, without a floor.

    Raises
    ------
    DataError, UnknownIdError
        As ``price_floor``.

    See Also
    --------
    price_floor, prices.floor_buyers

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import floor_supply_curve
    >>> curve = floor_supply_curve(cn.read("rare-earths"), commodity="ndpr_oxide",
    ...     unit_cost={"usa_white_mesa_phase2": 29_390, "aus_eneabba": 40_000})
    >>> curve.loc[curve["floor_usd_per_t"].notna(), ["id", "cumulative_tpa"]].values[:3].tolist()
    [['usa_white_mesa_phase2', 6000.0], ['zaf_phalaborwa', 7900.0], ['aus_eneabba', 13400.0]]
    """
    terms = Terms(
        network, None, reference_price, projects, commodity, rate, years, unit_cost, utilisation, by_year,
        coproduct_credit, None,
    )  # fmt: skip
    table = terms.table.assign(reference=terms.reference).reset_index()
    table["floor_usd_per_t"] = table["break_even_usd_per_t"]
    table = table.sort_values(["commodity", "floor_usd_per_t", "id"], kind="stable", na_position="last")
    parts = []
    for _, part in table.groupby("commodity", sort=True, dropna=False):
        price, output, market = (part[c].to_numpy(dtype=float) for c in ("floor_usd_per_t", "output_tpa", "reference"))
        known = ~np.isnan(price)
        # ties stand together: all that pay at a floor count at it
        last = np.searchsorted(price[known], price[known], side="right")
        out = part[["commodity", "floor_usd_per_t", "id", "output_tpa"]].copy()
        sums = np.cumsum(output[known])
        outlay = sums[last - 1] * np.maximum(price[known] - market[known], 0.0)
        for column, values in (("n_viable", last), ("cumulative_tpa", sums[last - 1]), ("outlay_usd_per_a", outlay)):
            out[column] = np.nan
            out.loc[known, column] = values
        parts.append(out)
    columns = ["commodity", "floor_usd_per_t", "id", "output_tpa", "n_viable", "cumulative_tpa", "outlay_usd_per_a"]
    curve = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    curve["n_viable"] = curve["n_viable"].astype("Int64")
    return stamp(curve[columns], provenance(network, "none", **terms.settings))


def price_cut(
    network: Network,
    floor: float | Mapping[str, float],
    reference_price: Money = None,
    *,
    cut: float = 0.5,
    steps: int = 5,
    incumbent: Words = None,
    projects: Iterable[str] | None = None,
    commodity: Words = None,
    rate: float = 0.10,
    years: int = 10,
    unit_cost: Money = None,
    utilisation: float = 1.0,
    by_year: int | None = None,
    coproduct_credit: bool = False,
) -> pd.DataFrame:
    """Say what happens when the incumbent cuts its price: who still pays, and what the floor then costs.

    The reference price falls in equal steps to (1 - cut) of what it is. Volumes stay as they are.

    Parameters
    ----------
    network, floor, reference_price
        As in ``price_floor``.
    cut : float
        Part of the price that is cut at most, 0 to 1.
    steps : int
        Number of steps down, 1 to 1000.
    incumbent : str or list of str, optional
        Countries or groups that cut; what they then lose on their baseline exports is counted.
    projects, commodity, rate, years, unit_cost, utilisation, by_year, coproduct_credit
        As in ``price_floor``.

    Returns
    -------
    DataFrame, one row per commodity and step
        commodity, cut_share, reference_usd_per_t, n_viable, viable_tpa (at the floor),
        n_viable_without_floor, viable_tpa_without_floor, n_not_known (may pay at the floor or not),
        outlay_usd_per_a (contracts with those that pay at the floor), outlay_all_usd_per_a (with all, also
        those that do not pay or are not known), tariff_usd_per_t (border-adjusted floor, imports at the reference
        price), incumbent_exports_tpa, incumbent_loss_usd_per_a (exports x cut, NaN without baseline flows).

    Raises
    ------
    DataError, UnknownIdError
        As ``price_floor``.

    See Also
    --------
    price_floor, overcapacity

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import price_cut
    >>> table = price_cut(cn.read("rare-earths"), {"ndpr_oxide": 60_000}, cut=0.5, steps=1,
    ...     unit_cost={"usa_white_mesa_phase2": 29_390})
    >>> table[["reference_usd_per_t", "n_viable", "n_viable_without_floor"]].values.tolist()
    [[55000.0, 1.0, 1.0], [27500.0, 1.0, 0.0]]
    """
    terms = Terms(
        network, floor, reference_price, projects, commodity, rate, years, unit_cost, utilisation, by_year,
        coproduct_credit, None,
    )  # fmt: skip
    cut = check_number(cut, "cut", 0.0, 1.0, "the part of the price that is cut")
    checks.whole(steps, "steps", 1, 1000, "is not allowed; give a whole number from {least} to {most}.")
    exports = _exports(network, incumbent)
    table = terms.table.assign(at=terms.needed_floor, market=terms.reference, least=terms.least)
    rows: list[dict[str, Any]] = []
    for name, part in table.groupby("commodity", sort=True):
        price, output = part["break_even_usd_per_t"], part["output_tpa"]
        at, market = float(part["at"].iloc[0]), float(part["market"].iloc[0])
        pays = price <= at
        for share in np.linspace(0.0, cut, steps + 1):
            low = market * (1.0 - share)
            bare = price <= low
            gap = max(at - low, 0.0) if not np.isnan(at - low) else np.nan
            sent = exports.get(str(name), np.nan)
            rows.append(
                {
                    "commodity": name,
                    "cut_share": share,
                    "reference_usd_per_t": low,
                    "n_viable": int(pays.sum()),
                    "viable_tpa": float(output[pays].sum()),
                    "n_viable_without_floor": int(bare.sum()),
                    "viable_tpa_without_floor": float(output[bare].sum()),
                    "n_not_known": int((price.isna() & ~(part["least"] > at)).sum()),
                    "outlay_usd_per_a": float(output[pays].sum()) * gap,
                    "outlay_all_usd_per_a": float(output.sum()) * gap,
                    "tariff_usd_per_t": gap,
                    "incumbent_exports_tpa": sent,
                    "incumbent_loss_usd_per_a": sent * market * share,
                }
            )
    found = pd.DataFrame(rows, columns=CUT_COLUMNS)
    return stamp(found, provenance(network, "none", **terms.settings, cut=cut, incumbent=incumbent or ""))


def floor_buyers(
    network: Network,
    floor: float | Mapping[str, float],
    reference_price: Money = None,
    *,
    import_price: Money = None,
    buyers: Words = None,
) -> pd.DataFrame:
    """Say what a floor costs who buys: at the border alone, or if all purchases rise to the floor.

    Parameters
    ----------
    network : Network
    floor : float or mapping of commodity to float
        USD/t. A number holds for every commodity that is bought: give a mapping where there are several.
    reference_price, import_price : float or mapping, optional
        As in ``price_floor``.
    buyers : str or list of str, optional
        Countries or groups behind the floor; default the beneficiaries of the network, else all.

    Returns
    -------
    DataFrame, one row per commodity and country (or region) of the buyers
        commodity, buyer, purchases_tpa, imported_tpa (from outside the buyers), basis (baseline flows, or
        demand where none are known: then what is imported is not known), tariff_usd_per_t,
        border_usd_per_a : imported x max(0, floor - import price), if only imports pay.
        market_usd_per_a : purchases x max(0, floor - reference), if every tonne costs the floor.
        With a contract for difference buyers pay nothing more: see ``outlay_usd_per_a`` of ``price_floor``.

    Raises
    ------
    DataError
        As ``price_floor``.

    See Also
    --------
    price_floor, prices.floor_supply_curve

    Notes
    -----
    Purchases stay as they are. What is bought inside finished goods pays no floor: a floor on an oxide
    alone leaves magnets made elsewhere out.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import floor_buyers
    >>> bill = floor_buyers(cn.read("rare-earths"), {"ndpr_oxide": 110_000})
    >>> bool((bill["border_usd_per_a"] <= bill["market_usd_per_a"]).all())
    True
    """
    known = known_commodities(network)
    wanted = sorted(floor) if isinstance(floor, Mapping) else sorted(known)
    at = by_commodity(floor, "floor", wanted, known)
    market = reference_of(network, reference_price, wanted, known)
    imports = market if import_price is None else by_commodity(import_price, "import_price", wanted, known)
    words = list(network.beneficiaries) if buyers is None else as_list(buyers)
    bought = _purchases(network, words, wanted)
    tariff = (at - imports).clip(lower=0.0).reindex(bought["commodity"]).to_numpy()
    rise = (at - market).clip(lower=0.0).reindex(bought["commodity"]).to_numpy()
    bought["tariff_usd_per_t"] = tariff
    bought["border_usd_per_a"] = bought["imported_tpa"] * tariff
    bought["market_usd_per_a"] = bought["purchases_tpa"] * rise
    return stamp(bought, provenance(network, "none", floor=plain(floor), buyers=words or "all"))


def floor_tables(
    network: Network,
    floor: float | Mapping[str, float],
    reference_price: Money = None,
    *,
    import_price: Money = None,
    upside_share: float = 0.0,
    cut: float = 0.5,
    incumbent: Words = None,
    buyers: Words = None,
    projects: Iterable[str] | None = None,
    commodity: Words = None,
    rate: float = 0.10,
    years: int = 10,
    unit_cost: Money = None,
    by_year: int | None = None,
    coproduct_credit: bool = False,
) -> dict[str, pd.DataFrame]:
    """Ask all that is asked of a floor, of the same projects and buyers.

    Parameters
    ----------
    network, floor, reference_price, import_price, upside_share, projects, rate, years, unit_cost, by_year, \
coproduct_credit
        As in ``price_floor``.
    cut, incumbent
        As in ``price_cut``.
    buyers
        As in ``floor_buyers``.
    commodity : str or list of str, optional
        Whose makers, and what is bought at a floor that is one number; default those of a floor by commodity.

    Returns
    -------
    dict of DataFrame
        floor, supply_curve, price_cut, buyers.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import floor_tables
    >>> tables = floor_tables(cn.read("rare-earths"), 110_000, commodity="ndpr_oxide")
    >>> tables["buyers"]["commodity"].unique().tolist()
    ['ndpr_oxide']
    """
    at, makers = floor, commodity
    if isinstance(floor, Mapping):
        makers = sorted(floor) if commodity is None else commodity
    elif commodity is not None:
        at = dict.fromkeys(as_list(commodity), floor)
    terms: dict[str, Any] = {
        "projects": projects,
        "commodity": makers,
        "rate": rate,
        "years": years,
        "unit_cost": unit_cost,
        "by_year": by_year,
        "coproduct_credit": coproduct_credit,
    }
    return {
        "floor": price_floor(
            network, floor, reference_price, upside_share=upside_share, import_price=import_price, **terms
        ),
        "supply_curve": floor_supply_curve(network, reference_price, **terms),
        "price_cut": price_cut(network, floor, reference_price, cut=cut, incumbent=incumbent, **terms),
        "buyers": floor_buyers(network, at, reference_price, import_price=import_price, buyers=buyers),
    }


def _at_least(offered: pd.Series, needed: pd.Series, least: pd.Series) -> pd.Series:
    """Say whether a price reaches the break-even price; NA where that is open, no where its known parts are above."""
    hair = ROUNDING * needed.abs()  # rounding is no gap
    enough = (offered >= needed - hair).astype("boolean").mask(offered.isna() | needed.isna())
    return enough.mask(needed.isna() & (least > offered), False)


def _exports(network: Network, incumbent: Words) -> dict[str, float]:
    """Return what the incumbent ships abroad by commodity, t/yr, where every such flow is known."""
    if incumbent is None:
        return {}
    words = as_list(incumbent)
    nodes, edges = network.nodes, network.edges
    own = pd.Series(network.in_countries(nodes, words, "incumbent"), index=nodes["id"])
    ends = [edges[end].map(own) for end in ("source", "target")]
    out = edges[(ends[0] == True) & (ends[1] == False)]  # noqa: E712 (an end that is not built is neither)
    sums = out.assign(commodity=out["commodity"].fillna("")).groupby("commodity")["flow_tpa"]
    return {str(name): float(value) for name, value in sums.agg(lambda flow: flow.sum(skipna=False)).items()}


def _purchases(network: Network, words: list[str], wanted: list[str]) -> pd.DataFrame:
    """Return what the buyers take in by commodity and country, and how much of it comes from elsewhere."""
    nodes, edges, demand = network.nodes, network.edges, network.demand
    inside = network.in_countries(nodes, words, "buyers") if words else np.ones(len(nodes), dtype=bool)
    ours = pd.Series(inside, index=nodes["id"])
    place = network.places.fillna(NOT_KNOWN)
    lots = edges.assign(commodity=edges["commodity"].fillna(""))
    lots = lots[lots["source"].isin(nodes["id"]) & lots["target"].isin(nodes["id"])]
    lots = lots[lots["commodity"].isin(wanted) & lots["target"].map(ours).fillna(False).astype(bool)]
    has_flow = lots.groupby("commodity")["flow_tpa"].transform(lambda flow: flow.notna().any()).astype(bool)
    lots = lots[has_flow]
    flow = lots["flow_tpa"].fillna(0.0)
    first = pd.DataFrame(
        {
            "commodity": lots["commodity"],
            "buyer": lots["target"].map(place),
            "purchases_tpa": flow,
            "imported_tpa": flow.where(~lots["source"].map(ours).astype(bool), 0.0),
            "basis": "baseline flows",
        }
    )
    asked = demand.assign(commodity=demand["commodity"].fillna(""))
    asked = asked[asked["commodity"].isin(wanted) & ~asked["commodity"].isin(first["commodity"])]
    asked = asked[asked["node"].map(ours).fillna(False).astype(bool)]
    second = pd.DataFrame(
        {
            "commodity": asked["commodity"],
            "buyer": asked["node"].map(place),
            "purchases_tpa": asked["demand_tpa"],
            "imported_tpa": np.nan,
            "basis": "demand",
        }
    )
    both = pd.concat([part for part in (first, second) if len(part)] or [first], ignore_index=True)
    sums = both.groupby(["commodity", "buyer", "basis"], sort=True)[["purchases_tpa", "imported_tpa"]]
    out = sums.agg(whole_sum).reset_index()
    return out[["commodity", "buyer", "purchases_tpa", "imported_tpa", "basis"]]
