"""Trade reports before they are used: two reports of one flow, and goods that only pass through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.engine import ROUNDING, UNIT_ROUNDING
from chainnet.errors import DataError, Fault
from chainnet.network import is_total
from chainnet.words import exact

_KEYS = ("exporter", "importer", "commodity")


def _checked(table: pd.DataFrame, numbers: tuple[str, ...], name: str) -> pd.DataFrame:
    """Return the table sorted by its keys; every fault is raised at once."""
    table = pd.DataFrame(table).reset_index(drop=True)
    keys = [key for key in _KEYS if key in table.columns]
    lacking = [column for column in ("exporter", "importer", *numbers) if column not in table.columns]
    if lacking:
        raise DataError(f"{name}: the column {', '.join(lacking)} is missing; columns: {', '.join(table.columns)}.")
    faults = []
    for column in keys:
        faults += [
            Fault(name, int(row) + 2, column, "", "the cell is blank", "Fill it in.")
            for row in np.flatnonzero(table[column].isna())
        ]
    for column in keys:
        for row in np.flatnonzero(table[column].map(is_total).to_numpy(dtype=bool)):
            value = str(table[column][row])
            rule = "a sum over all stands among its parts"
            faults.append(Fault(name, int(row) + 2, column, value, rule, "Remove the row."))
    for row in np.flatnonzero(table.duplicated(keys)):
        value = " / ".join(str(v) for v in table.loc[row, keys])
        faults.append(Fault(name, int(row) + 2, "exporter", value, "the pair stands twice", "Add the rows up."))
    for row in np.flatnonzero((table["exporter"] == table["importer"]).to_numpy()):
        value = str(table["exporter"][row])
        faults.append(Fault(name, int(row) + 2, "importer", value, "is its own exporter", "Remove the row."))
    for column in numbers:
        values = table[column].astype("float64")
        for row in np.flatnonzero((values < 0) | np.isinf(values)):
            faults.append(
                Fault(name, int(row) + 2, column, f"{values[row]:g}", "must be a number, 0 or more", "Correct it.")
            )
    if faults:
        raise DataError(faults=faults)
    return table.sort_values(keys, kind="stable").reset_index(drop=True)


def reconcile_mirror(
    reports: pd.DataFrame,
    *,
    cif: float = 0.0,
    spread: float | Mapping[str, float] | None = None,
    one_sided: float = 2.0,
    file: str = "reports",
) -> pd.DataFrame:
    """Make one figure of the exporter's and the importer's report of the same flow.

    The importer's figure is freed of freight and insurance, m' = m / (1 + cif); both are weighted by
    inverse variance: v = (x/sx^2 + m'/sm^2) / (1/sx^2 + 1/sm^2). Where one side is silent the other
    stands, with a wider spread.

    Parameters
    ----------
    reports : DataFrame
        exporter, importer, reported_export, reported_import (blank = not reported; 0 is a report);
        optional commodity, cif (share, by row), export_sd, import_sd (in the unit of the figures),
        content (share of the material in the gross weight: all four are multiplied by it).
    cif : float
        Freight and insurance as a share of the exporter's value; 0 for tonnages.
    spread : float or mapping of reporter to float, optional
        Relative standard deviation of a reporter, where the row has none. By default it is found
        from the reports: the root mean square of ln(x / m') over a reporter's two-sided flows over
        the square root of two, at least 0.05 (0.2 for one without two-sided flows).
    one_sided : float
        Factor on the spread of a figure that only one side reports.
    file : str
        Name of the table in messages.

    Returns
    -------
    DataFrame, one row per flow, sorted by its keys
        value, sd (unit of the figures), ratio (export over import without freight; NaN if one-sided),
        reported_by (both, exporter, importer).

    Raises
    ------
    DataError
        If a pair stands twice, a figure is negative, or neither side reports.

    See Also
    --------
    calibration.without_reexports, from_trade

    Notes
    -----
    After Gaulier and Zignago (2010), BACI: international trade database at the product level, CEPII
    working paper 2010-23, which also weighs reporters by how far their mirror ratios scatter.

    Examples
    --------
    >>> import pandas as pd
    >>> from chainnet.calibration import reconcile_mirror
    >>> row = {"exporter": "CHN", "importer": "JPN", "reported_export": 100.0, "reported_import": 132.0}
    >>> found = reconcile_mirror(pd.DataFrame([{**row, "export_sd": 10.0, "import_sd": 20.0}]), cif=0.10)
    >>> round(float(found["value"].iloc[0]), 9)
    104.0
    """
    table = _checked(reports, ("reported_export", "reported_import"), file)
    _positive("cif", cif, 0.0)
    _positive("one_sided", one_sided, 1.0)
    content: Any = 1.0
    if "content" in table.columns:
        content = table["content"].astype("float64").fillna(1.0).to_numpy()
        if ((content <= 0) | (content > 1)).any():
            raise DataError(f"{file}: content must be above 0 and at most 1; it is a share of the gross weight.")
    out = table["reported_export"].astype("float64").to_numpy() * content
    freight = table["cif"].astype("float64").fillna(cif).to_numpy() if "cif" in table.columns else cif
    into = table["reported_import"].astype("float64").to_numpy() * content / (1.0 + freight)
    silent = np.flatnonzero(np.isnan(out) & np.isnan(into))
    if len(silent):
        row = table.loc[silent[0]]
        raise DataError(f"{file}: neither {row['exporter']} nor {row['importer']} reports the flow. Remove the row.")
    sides = []
    for side, value, column in (("exporter", out, "export_sd"), ("importer", into, "import_sd")):
        relative = table[side].map(_spreads(table, out, into, spread)).to_numpy(dtype=np.float64)
        sd = relative * np.maximum(value, 1e-300)
        if column in table.columns:
            given = table[column].astype("float64").to_numpy() * content
            if (given <= 0).any():
                raise DataError(f"{file}: {column} must be above 0.")
            sd = np.where(np.isnan(given), sd, given)
        sides.append(np.where(np.isnan(value), np.inf, sd))
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = [np.where(np.isinf(sd), 0.0, 1.0 / sd**2) for sd in sides]
        both = weight[0] + weight[1]
        value = (weight[0] * np.nan_to_num(out) + weight[1] * np.nan_to_num(into)) / both
        ratio = out / into
    two_sided = ~np.isnan(out) & ~np.isnan(into)
    # two zeros agree
    value = np.where(two_sided & (out == 0) & (into == 0), 0.0, value)
    sd = np.where(two_sided, 1.0, one_sided) / np.sqrt(both)
    said = np.where(two_sided, "both", np.where(np.isnan(into), "exporter", "importer"))
    keys = [key for key in _KEYS if key in table.columns]
    return table[keys].assign(value=value, sd=sd, ratio=ratio, reported_by=said)


def _positive(name: str, value: float, least: float) -> None:
    if not np.isfinite(value) or value < least:
        raise DataError(f"reconcile_mirror: {name} is {value}; it must be a number, {least:g} or more.")


def _spreads(table: pd.DataFrame, out: Any, into: Any, spread: float | Mapping[str, float] | None) -> dict[str, float]:
    reporters = sorted(set(table["exporter"]) | set(table["importer"]))
    if isinstance(spread, (int, float)):
        return dict.fromkeys(reporters, float(spread))
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(out / into)
    known = np.isfinite(log)
    found: dict[str, float] = {}
    for reporter in reporters:
        mine = known & ((table["exporter"] == reporter) | (table["importer"] == reporter)).to_numpy()
        size = float(np.sqrt((log[mine] ** 2).mean() / 2.0)) if mine.any() else 0.2
        found[reporter] = max(size, 0.05)
    return {**found, **dict(spread or {})}


def without_reexports(
    trade: pd.DataFrame, production: Mapping[str, float] | pd.Series, *, value: str = "value"
) -> pd.DataFrame:
    """Trace goods from where they are made to where they are used, through those who pass them on.

    What a country exports is taken to be its own output and its imports in equal parts. With A the
    exports of each country as shares of its supply (output plus imports), the flow from origin i to
    user j is p_i [(I - A)^-1]_ij u_j / s_j: p output, s supply, u = s less exports what stays.

    Parameters
    ----------
    trade : DataFrame
        exporter, importer, value (one commodity, contained tonnes).
    production : mapping or Series
        Country -> tonnes made; countries that are missing make nothing.
    value : str
        Column of the tonnages.

    Returns
    -------
    DataFrame: origin, destination, value; sorted; origin = destination is own use
        Rows add up to output by origin, and to what stays by destination.

    Raises
    ------
    DataError
        If a pair stands twice, a number is negative, or a country exports more than it makes and
        imports (its output is understated, or stock was sold).

    See Also
    --------
    calibration.reconcile_mirror, from_trade

    Notes
    -----
    Kastner, Kastner and Nonhebel (2011), doi:10.1016/j.ecolecon.2011.01.012. One dense solve in the
    number of countries.

    Examples
    --------
    >>> import pandas as pd
    >>> from chainnet.calibration import without_reexports
    >>> trade = pd.DataFrame(
    ...     [("CHN", "NLD", 80.0), ("NLD", "DEU", 60.0)], columns=["exporter", "importer", "value"]
    ... )
    >>> without_reexports(trade, {"CHN": 100.0})["value"].round(9).tolist()
    [20.0, 60.0, 20.0]
    """
    table = _checked(trade, (value,), "trade")
    made = pd.Series(production, dtype="float64")
    if "commodity" in table.columns and len(table["commodity"].unique()) > 1:
        raise DataError("trade: holds several commodities; trace them one by one.")
    if made.index.has_duplicates:
        twice = made.index[made.index.duplicated()][0]
        raise DataError(f'production: "{twice}" stands twice. Keep one figure.')
    wrong = made[~np.isfinite(made) | (made < 0)]
    if len(wrong):
        raise DataError(f"production: {wrong.index[0]} is {wrong.iloc[0]:g}; output is 0 or more.")
    countries = sorted({*table["exporter"], *table["importer"], *map(str, made.index)})
    place = {country: i for i, country in enumerate(countries)}
    shipped = np.zeros((len(countries), len(countries)))
    shipped[table["exporter"].map(place), table["importer"].map(place)] = table[value].fillna(0.0)
    output = made.reindex(countries).fillna(0.0).to_numpy()
    supply = output + shipped.sum(axis=0)
    stays = supply - shipped.sum(axis=1)
    base = max(float(supply.max(initial=0.0)), 1e-300)
    over = [f"{c} ({exact(-s)} t)" for c, s in zip(countries, stays, strict=True) if s < -ROUNDING * base]
    if over:
        raise DataError(
            f"trade: exports are larger than output and imports in {', '.join(over)}. Correct production, or add "
            "what was taken from stock to it."
        )
    stays = np.maximum(stays, 0.0)
    share = np.divide(shipped, supply[:, None], out=np.zeros_like(shipped), where=supply[:, None] > 0)
    used = np.divide(stays, supply, out=np.zeros_like(stays), where=supply > 0)
    traced = output[:, None] * np.linalg.inv(np.eye(len(countries)) - share) * used
    i, j = np.nonzero(traced > UNIT_ROUNDING * base)
    names = np.array(countries, dtype=object)
    return pd.DataFrame({"origin": names[i], "destination": names[j], "value": traced[i, j]})


NUMBERS = ("reported_export", "reported_import", "export_sd", "import_sd", "cif", "content")
_REPORTS = (*_KEYS, *NUMBERS, "reference", "note")


def compare_trade(
    edges: pd.DataFrame,
    nodes: pd.DataFrame,
    reports: pd.DataFrame,
    *,
    reexports: bool = False,
    file: str = "reports",
) -> pd.DataFrame:
    """Hold the flows of a calibrated chain against what customs report.

    Parameters
    ----------
    edges, nodes : DataFrame
        Of the chain: source, target, commodity, flow_tpa; id, country, region.
    reports : DataFrame
        As for ``reconcile_mirror``; exporter and importer are countries or regions of the nodes.
    reexports : bool
        Whether goods are first traced through countries that only pass them on (``without_reexports``),
        with what the chain's nodes of a country ship beyond what they take as its output.
    file : str
        Name of the table in messages.

    Returns
    -------
    DataFrame, one row per reported flow, or traced one, sorted
        commodity, exporter, importer, trade_tpa, sd (NaN if traced), reported_by, found_tpa (what the
        chain's relations carry between the two), difference_tpa, difference_share.

    Raises
    ------
    DataError
        As the two functions, or if a column is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from chainnet.calibration import compare_trade
    >>> nodes = pd.DataFrame({"id": ["mine", "users"], "country": ["CHN", "JPN"]})
    >>> edges = pd.DataFrame({"source": ["mine"], "target": ["users"], "commodity": ["ore"], "flow_tpa": [90.0]})
    >>> reports = pd.DataFrame({"exporter": ["CHN"], "importer": ["JPN"], "commodity": ["ore"],
    ...                         "reported_export": [100.0], "reported_import": [None]})
    >>> compare_trade(edges, nodes, reports)["difference_tpa"].tolist()
    [-10.0]
    """
    for column in reports.columns:
        checks.known(column, _REPORTS, file, "column")
    where = nodes["country"].copy()
    if "region" in nodes.columns:
        where = where.fillna(nodes["region"])
    place = dict(zip(nodes["id"], where.fillna("?"), strict=True))
    flows = edges.dropna(subset=["flow_tpa"])
    flows = pd.DataFrame(
        {
            "commodity": flows["commodity"].fillna(""),
            "exporter": flows["source"].map(place),
            "importer": flows["target"].map(place),
            "source": flows["source"],
            "target": flows["target"],
            "found_tpa": flows["flow_tpa"],
        }
    ).dropna()
    keys = ["commodity", "exporter", "importer"]
    found = flows.groupby(keys)["found_tpa"].sum()
    if "commodity" not in reports.columns:
        goods = sorted(set(flows["commodity"]))
        if len(goods) != 1:
            raise DataError(f"{file}: the column commodity is missing; the chain has {', '.join(goods)}.")
        reports = reports.assign(commodity=goods[0])
    trade = reconcile_mirror(reports, file=file).rename(columns={"value": "trade_tpa"})
    if reexports:
        trade = pd.concat([_traced(part, good, flows) for good, part in trade.groupby("commodity", sort=True)])
    trade = trade.sort_values(keys, kind="stable").reset_index(drop=True)
    carried = found.reindex(pd.MultiIndex.from_frame(trade[keys])).fillna(0.0).to_numpy()
    difference = carried - trade["trade_tpa"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = difference / trade["trade_tpa"].to_numpy()
    trade = trade.assign(found_tpa=carried, difference_tpa=difference, difference_share=share)
    return trade[[*keys, "trade_tpa", "sd", "reported_by", "found_tpa", "difference_tpa", "difference_share"]]


def _traced(trade: pd.DataFrame, good: Any, flows: pd.DataFrame) -> pd.DataFrame:
    """Return trade in one commodity from makers to users; own use is left out."""
    mine = flows[flows["commodity"] == good]
    # a node that hands goods on is no maker: what it takes is taken off
    taken = mine.groupby("target")["found_tpa"].sum()
    shipped = mine.groupby(["exporter", "source"])["found_tpa"].sum()
    net = shipped - taken.reindex(shipped.index.get_level_values("source")).fillna(0.0).to_numpy()
    made = net.clip(lower=0.0).groupby("exporter").sum()
    plain = trade.rename(columns={"trade_tpa": "value"})[["exporter", "importer", "value"]]
    traced = without_reexports(plain, made)
    traced = traced[traced["origin"] != traced["destination"]]
    named = traced.rename(columns={"origin": "exporter", "destination": "importer", "value": "trade_tpa"})
    return named.assign(commodity=good, sd=np.nan, reported_by="traced")
