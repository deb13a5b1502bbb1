"""A chain from a trade table: who makes, who ships to whom, who uses, and all that was supposed on the way."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.calibration.trade._accounts import Account, account_of, reconciled
from chainnet.calibration.trade._held import held_of
from chainnet.calibration.trade._ledger import GAP_COLUMNS, gap
from chainnet.calibration.trade._places import Places, check_named
from chainnet.calibration.trade._production import COLUMNS, production_of
from chainnet.calibration.trade._products import Product, products_of
from chainnet.calibration.trade._reports import read_reports
from chainnet.calibration.trade._rows import each, pairs
from chainnet.calibration.trade._tables import Parts, assumptions_of, network_of, stays_with_miners
from chainnet.engine import ROUNDING
from chainnet.errors import ChainnetWarning
from chainnet.io import Excerpt
from chainnet.network import Network, is_country
from chainnet.results import Result, provenance, stamp
from chainnet.words import exact


@dataclass(frozen=True, repr=False, eq=False)
class TradeChain(Result):
    """A chain made from a trade table.

    Attributes
    ----------
    network : Network
        The chain, ready for every question.
    assumptions : DataFrame
        All that was supposed: assumption, value, applies_to, size_t (contained tonnes that it bears on), note.
    gaps : DataFrame
        All that does not fit or is not known, the largest first: kind, commodity, country, partner, size_t, given_t,
        found_t, note. Contained tonnes, but for what was left out of the files (gross). Rows of the input that are no
        flow of their own have rule (left out, added, kept), rows (how many) and tonnes (gross).
    flows : DataFrame
        One figure a reported flow, contained tonnes: commodity, exporter, importer, value_t, low_t, high_t, ratio
        (export over import), reported_by.
    production : DataFrame
        What countries make as given, with the marks of the statistics: commodity, country, value_t, mark, low_t,
        high_t, year, note.
    demand_tpa : float
        What is asked for in a tier, contained tonnes: on this every ranking rests.
    assumed_demand_share : float
        The part of it that no figure of use gives: what stays in each country is taken for its use.
    uncounted_tpa : float
        What stays where it is mined. It is no demand, and replaces no lost imports: it may leave under a product code
        that was not given.
    """

    network: Network
    assumptions: pd.DataFrame
    gaps: pd.DataFrame
    flows: pd.DataFrame
    production: pd.DataFrame
    demand_tpa: float
    assumed_demand_share: float
    uncounted_tpa: float


def from_trade(
    trade: Any,
    production: Any = None,
    use: Any = None,
    *,
    products: Any,
    year: int | None = None,
    material: str | None = None,
    name: str = "trade",
    tier: str = "civilian",
    beneficiaries: str | Sequence[str] | None = None,
    slack: float = 1.5,
    utilisation: float = 0.8,
    sheet: str | None = None,
    header: int | str | None = None,
    without_rows: int | str | Sequence[int] = (),
    rename: Mapping[str, str] | None = None,
    unit: str | None = None,
    countries: Mapping[str, str] | None = None,
    separator: str = ",",
    decimal: str | None = None,
    fill_down: bool = False,
) -> TradeChain:
    """Make a chain from bilateral trade by product code.

    Each report is brought to contained tonnes; the two sides of a flow are made one figure (``reconcile_mirror``);
    goods are traced through countries that pass them on to where they were made (``without_reexports``). Who ships more
    than it makes and takes by the figures gets a source of its own, and the gap is told. Of several commodities, in
    the order of ``products``, each is made from the one before.

    Parameters
    ----------
    trade : DataFrame, path, or list of these
        BACI (t, i, j, k, v, q) and UN Comtrade files as they are downloaded, also zipped, as Parquet or a folder of
        them; or a table with exporter, importer, code and t (gross tonnes), or reported_export and reported_import.
        A file of any size is read in one pass and never held.
    production : mapping, Series, DataFrame or path, optional
        Country -> contained tonnes of the first commodity; a table with country, value and mark; or a USGS file as it
        is downloaded. For several commodities a mapping of commodity to one of these. Default: net exporters make what
        they export, and their own use is not known.
    use : mapping, Series, DataFrame or path, optional
        Country -> contained tonnes of the last commodity asked for. Default: what stays in each country, but for what
        stays where it is mined, which counts for nobody.
    products : mapping, DataFrame or path
        Beginning of a product code -> content (tonnes of the material in a tonne), or a mapping or row with
        commodity, content, content_low, content_high, recovery (of what goes in), reference.
    year : int, optional
        Needed where the files hold several.
    material : str, optional
        Commodity in the USGS file, such as "Cobalt".
    name : str
        Of the network.
    tier : str
        Of all demand.
    beneficiaries : str or sequence of str, optional
        As of ``Network``.
    slack : float
        Capacity of a relation over its flow.
    utilisation : float
        Output over capacity of every maker.
    sheet : str, optional
        Of a workbook. This and what follows is for a table as it comes out of a spreadsheet; ``look`` says what it
        needs. A table in memory takes rename, unit and countries.
    header : int or str, optional
        Row of the heads, or their rows, such as "4-5". Default the first.
    without_rows : int, str or list of int, optional
        Rows that are left out, such as totals: ``[12, 30]`` or "12,30-32", as a spreadsheet counts them.
    rename : mapping of str to str, optional
        Head -> exporter, importer, code, year, t, usd, reported_export or reported_import; or reporter, partner, flow.
    unit : str, optional
        Of the weights: t (default), kg, g, kt, Mt, lb, short_ton or long_ton.
    countries : mapping of str to str, optional
        What stands for a country in the table -> its ISO code, or the name of a region.
    separator, decimal : str, optional
        As of ``read``.
    fill_down : bool
        Whether a blank exporter or importer is the one that stands above it.

    Returns
    -------
    TradeChain
        network, assumptions, gaps, flows, production.

    Raises
    ------
    DataError
        If a file is of no known form, a cell no number, a product without flows, or an argument out of range; if a
        name may mean several countries, a unit is not sure, or the table holds several years.

    Warns
    -----
    ChainnetWarning
        If goods stay where they are mined and no use is given, or months of a year are missing.

    See Also
    --------
    refresh, calibrate, read

    Notes
    -----
    Marks of production stay: withheld and not available are no figure, and the output is what the exports need at
    least; greater than counts at its bound, and the gap says so.

    Examples
    --------
    >>> import chainnet as cn
    >>> import pandas as pd
    >>> trade = pd.DataFrame(
    ...     [("COD", "CHN", 900.0), ("CHN", "JPN", 100.0), ("AUS", "JPN", 50.0)], columns=["exporter", "importer", "t"]
    ... )
    >>> found = cn.from_trade(trade, {"COD": 90.0, "AUS": 5.0}, products={"2605": 0.1})
    >>> cn.chokepoints(found.network, by="country")["lost_tpa"].round(6).to_dict()
    {'COD': 88.75, 'AUS': 0.0}
    >>> found.assumptions.set_index("assumption").loc["re-exports traced", "size_t"].round(6)
    np.float64(10.0)
    """
    slack = checks.number(slack, "slack", 1.0, np.inf, "is out of range; 1 or more.")
    utilisation = checks.number(utilisation, "utilisation", 1e-6, 1.0, "is out of range; above 0, at most 1.")
    goods = products_of(products)
    commodities = list(dict.fromkeys(one.commodity for one in goods))
    gaps: list[dict[str, Any]] = []
    how = Excerpt(sheet, header, without_rows, rename or {}, unit, countries or {}, separator, decimal, fill_down)
    reports = read_reports(trade, {one.code: one.commodity for one in goods}, checks.year(year, "year"), how)
    gaps += reports.left_out
    flows = reconciled(reports, goods, gaps)
    places = Places(how.countries)
    figures = _figures(production, commodities, material, reports.year, places)
    asked = None if use is None else production_of(use, "use", places)
    check_named(how.countries, reports.places.met | places.met)
    accounts, feeds = _accounts(commodities, flows, figures, goods, gaps)
    recoveries = {one.commodity: one.recovery for one in goods}
    held = held_of(accounts, feeds, recoveries, figures, asked)
    parts = Parts(commodities, accounts, feeds, figures, asked, flows, goods, slack, utilisation, tier, held)
    network = network_of(parts, reports, gaps, name=name, beneficiaries=beneficiaries)
    source = provenance(network, "none", slack=slack, utilisation=utilisation, products=[one.code for one in goods])
    told = assumptions_of(parts, reports, production is not None)
    listed = pd.DataFrame(gaps, columns=list(GAP_COLUMNS)).sort_values("size_t", ascending=False, kind="stable")
    shown = flows.rename(columns={"value": "value_t", "low": "low_t", "high": "high_t"}).drop(columns="weak")
    made = [one.assign(commodity=good) for good, one in figures.items()]
    made_table = pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=["commodity", *COLUMNS])
    made_table = made_table.rename(columns={"value": "value_t", "low": "low_t", "high": "high_t"})
    unsold = 0.0 if asked is not None else float(stays_with_miners(parts).sum())
    _say_unsold(unsold, parts.commodities[0])
    _say_periods(told)
    ours = network.demand[network.demand["tier"].notna()]
    demand, inferred = float(ours["demand_tpa"].sum()), float(ours.loc[ours["reference"] != "USE", "demand_tpa"].sum())
    return TradeChain(
        source,
        network,
        stamp(told, source),
        stamp(listed.reset_index(drop=True), source),
        stamp(shown, source),
        stamp(made_table[["commodity", *(c for c in made_table.columns if c != "commodity")]], source),
        demand,
        inferred / demand if demand > 0 else 0.0,
        unsold,
    )


def _say_unsold(size: float, good: str) -> None:
    """Warn of what stays where it is mined: no figure says that it is used there."""
    if size > 0:
        said = (
            f"from_trade: {exact(size)} t of {good} stay in the countries that mine it, and count for nobody: they are "
            "no demand, and replace no lost imports. They may leave under a product code that is not given. Give that "
            "code too, or use= (--use)."
        )
        warnings.warn(said, ChainnetWarning, stacklevel=3)


def _say_periods(told: pd.DataFrame) -> None:
    """Warn of a year of which parts are missing."""
    for note in told.loc[told["assumption"] == "parts of a year", "note"]:
        if not note.startswith(("12 of 12", "4 of 4")):
            said = f"from_trade: {note}: the tonnes of a whole year are more. Give the rest, or read the result so."
            warnings.warn(said, ChainnetWarning, stacklevel=3)


def _figures(
    given: Any, commodities: list[str], material: str | None, year: int | None, places: Places
) -> dict[str, pd.DataFrame]:
    """Return the figures of what is made, by commodity."""
    if given is None:
        return {}
    by_good = isinstance(given, Mapping) and bool(given) and set(map(str, given)) <= set(commodities)
    if not by_good:
        # of a file with mines and refineries the first commodity takes the mines
        is_first_of_several = isinstance(given, (str, Path)) and len(commodities) > 1
        given = {commodities[0]: (given, "mine") if is_first_of_several else given}
    return {
        good: production_of(given[good], f"production of {good}", places, material=material, year=year, nearest=True)
        for good in commodities
        if good in given
    }


def _accounts(
    commodities: list[str],
    flows: pd.DataFrame,
    figures: Mapping[str, pd.DataFrame],
    goods: list[Product],
    gaps: list[dict[str, Any]],
) -> tuple[dict[str, Account], dict[str, pd.Series]]:
    """Return the account of each commodity, and by commodity what of the one before goes into making it."""
    accounts: dict[str, Account] = {}
    feeds: dict[str, pd.Series] = {}
    kept: pd.Series | None = None
    for good in commodities:
        trade = flows[flows["commodity"] == good]
        recovery = next(one.recovery for one in goods if one.commodity == good)
        made = _made(good, figures.get(good), trade, gaps)
        if kept is None:
            made = pd.Series(dtype="float64") if made is None else made
        else:
            made = kept * recovery if made is None else made
            feeds[good] = made / recovery
            _feed_gaps(good, feeds[good], kept, gaps)
        account = account_of(trade, made, good, gaps)
        if good in figures or kept is not None:
            for country, size in pairs(account.unexplained[account.unexplained > 0]):
                note = "ships more than it makes and takes by the figures; a source of its own stands for the rest"
                gaps.append(gap("exports beyond supply", good, float(size), country=country, note=note))
        accounts[good], kept = account, account.stays
    return accounts, feeds


def _made(good: str, figures: pd.DataFrame | None, trade: pd.DataFrame, gaps: list[dict[str, Any]]) -> pd.Series | None:
    """Return what countries make by the figures; what the figures do not say is a gap."""
    if figures is None:
        return None
    world = figures[figures["country"] == "world"]
    named = figures[figures["country"] != "world"]
    traders = {*trade["exporter"], *trade["importer"]}
    out = pd.Series(0.0, index=sorted(traders)).add(trade.groupby("exporter")["value"].sum(), fill_value=0.0)
    known = named[named["value"].notna()]
    for row in each(named[named["value"].isna()]):
        least = max(float(out.get(row.country, 0.0) - trade.loc[trade["importer"] == row.country, "value"].sum()), 0.0)
        note = f"{row.mark}: no figure; its exports need {exact(least)} t at least"
        gaps.append(gap(f"production {row.mark}", good, least, country=row.country, note=note))
    for row in each(known[known["mark"].isin(["greater than", "less than"])]):
        note = f"printed as {row.mark} {exact(row.value)} t, counted as that; how much it differs is not known"
        gaps.append(
            gap(f"production {row.mark}", good, float("nan"), country=row.country, given_t=row.value, note=note)
        )
    apart = known[[not is_country(c) and c not in traders for c in known["country"]]]
    for row in each(apart):
        note = "made by countries that the figures do not name: it stands in no country's account"
        gaps.append(gap("production of no named country", good, float(row.value), country=row.country, note=note))
    counted = known.drop(apart.index)
    if len(world) and world["value"].notna().any():
        total, found = float(world["value"].iloc[0]), float(known["value"].sum())
        if abs(total - found) > ROUNDING * total:
            note = "the world's total less all that is listed (rounded, withheld or not named)"
            gaps.append(gap("world total", good, abs(total - found), given_t=total, found_t=found, note=note))
    return pd.Series(counted["value"].to_numpy(dtype="float64"), index=counted["country"].to_numpy(dtype=object))


def _feed_gaps(good: str, need: pd.Series, kept: pd.Series, gaps: list[dict[str, Any]]) -> None:
    """Tell where what a country makes does not fit what it keeps of the commodity before."""
    difference = kept.sub(need, fill_value=0.0)
    size = max(float(kept.abs().max() or 0.0), 1e-300)
    for country, over in pairs(difference[difference.abs() > ROUNDING * size]):
        ends = {"given_t": float(need.get(country, 0.0)), "found_t": float(kept.get(country, 0.0))}
        if over > 0:
            note = f"it keeps more of the commodity before than its output of {good} needs"
            gaps.append(gap("input beyond output", good, float(over), country=country, note=note, **ends))
        else:
            note = f"its output of {good} needs more than it keeps; other feed stands for the rest"
            gaps.append(gap("feed not explained", good, float(-over), country=country, note=note, **ends))
