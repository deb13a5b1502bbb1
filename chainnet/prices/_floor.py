"""Price floors: which projects pay at a price, and what a contract at that floor costs the treasury."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from chainnet._types import Words
from chainnet.engine import ROUNDING
from chainnet.network import Network
from chainnet.prices._market import Market
from chainnet.prices._terms import Money, Terms, check_number
from chainnet.results import provenance, stamp


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
        Default all; of a floor by commodity and no ``commodity``, only those whose main output has a floor.
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
    table, at, reference = terms.table, terms.floor, terms.reference
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


def _at_least(offered: pd.Series, needed: pd.Series, least: pd.Series) -> pd.Series:
    """Say whether a price reaches the break-even price; NA where that is open, no where its known parts are above."""
    hair = ROUNDING * needed.abs()  # rounding is no gap
    enough = (offered >= needed - hair).astype("boolean").mask(offered.isna() | needed.isna())
    return enough.mask(needed.isna() & (least > offered), False)
