"""Who makes, passes on and keeps how much of one commodity: the account of every country."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.calibration._trade import reconcile_mirror, without_reexports
from chainnet.calibration.trade._ledger import gap
from chainnet.calibration.trade._products import Product
from chainnet.calibration.trade._reports import Reports
from chainnet.calibration.trade._rows import each
from chainnet.engine import ROUNDING
from chainnet.errors import DataError
from chainnet.words import count, exact

_THIN = 1e-5  # part of a commodity's trade; thinner relations are left out, and their sum is told


@dataclass(frozen=True)
class Account:
    """What becomes of one commodity, contained tonnes by country.

    Attributes
    ----------
    flows : DataFrame
        origin, destination, value, reported: from where it is made to where it stays; origin = destination is own use.
    made, unexplained, stays : Series by country
        What it makes by the figures; what it ships beyond what it makes and takes; what is neither sold nor made on.
    passed_on : Series
        What it ships and did not make: its exports less what of its own stays abroad.
    """

    flows: pd.DataFrame
    made: pd.Series
    unexplained: pd.Series
    stays: pd.Series
    passed_on: pd.Series


def reconciled(reports: Reports, products: list[Product], gaps: list[dict[str, Any]]) -> pd.DataFrame:
    """Return one figure a flow, contained tonnes: commodity, exporter, importer, value, low, high, ratio, quality...

    Where a figure is reconciled already it stands; else both sides are weighed against each other.
    """
    table = reports.table.copy()
    by_code = {one.code: one for one in products}
    for column, pick in _CONTENTS.items():
        table[column] = table["code"].map({code: pick(one) for code, one in by_code.items()})
    table["commodity"] = table["code"].map({code: one.commodity for code, one in by_code.items()})
    _tell_reckoned(table, gaps)
    for key in ("t", "estimated_t", "filled_t"):
        table[key] = table[key] * table["content"]
    weak = (table["estimated_t"] + table["filled_t"]) > 0.5 * table["t"]
    table["range_low"], table["range_high"] = (table["t"] * table[e] / table["content"] for e in ("low", "high"))
    table = table.assign(weak=weak)
    keys = ["commodity", "exporter", "importer"]
    parts = []
    whole = table[table["is_reconciled"]]
    if len(whole):
        one = whole.groupby(keys, as_index=False).agg(
            value=("t", "sum"), low=("range_low", "sum"), high=("range_high", "sum"), weak=("weak", "max")
        )
        parts.append(one.assign(ratio=np.nan, reported_by="reconciled"))
    sides = table[~table["is_reconciled"]]
    if len(sides):
        parts.append(_mirrored(sides, keys, gaps))
    return pd.concat(parts, ignore_index=True)


def _tell_reckoned(table: pd.DataFrame, gaps: list[dict[str, Any]]) -> None:
    """Tell how many tonnes of each product were reckoned from values, contained."""
    for _, rows in table[table["filled_t"] > 0].groupby("code"):
        tonnes, usd = float(rows["filled_t"].sum()), float(rows["filled_usd"].sum())
        price = f"USD {count(usd)}, at {count(usd / tonnes)} USD/t, the mean of the rest"
        note = f"{len(rows)} reports without weight, {price}"
        size = float((rows["filled_t"] * rows["content"]).sum())
        gaps.append(gap("weight reckoned from value", str(rows["commodity"].iloc[0]), size, note=note))


_CONTENTS: dict[str, Callable[[Product], float]] = {
    "content": lambda one: one.content,
    "low": lambda one: one.low,
    "high": lambda one: one.high,
}


def _mirrored(sides: pd.DataFrame, keys: list[str], gaps: list[dict[str, Any]]) -> pd.DataFrame:
    """Make one figure of two reports; a side that says nothing is blank, and the other stands."""
    wide = sides.pivot_table(index=keys, columns="side", values="t", aggfunc="sum").reindex(
        columns=["export", "import"]
    )
    wide = wide.rename(columns={"export": "reported_export", "import": "reported_import"}).reset_index()
    found = reconcile_mirror(wide, file="trade").merge(wide, on=keys)
    weak = sides.groupby(keys)["weak"].max()
    # the range of the content, and no less than what the two sides span
    spread = sides.groupby(keys)[["t", "range_low", "range_high"]].sum()
    found = found.merge(spread.assign(weak=weak).reset_index(), on=keys)
    scale = found["value"] / found["t"].where(found["t"] > 0)
    ends = found[["reported_export", "reported_import"]]
    found["low"] = np.minimum(found["range_low"] * scale, ends.min(axis=1) * found["range_low"] / found["t"])
    found["high"] = np.maximum(found["range_high"] * scale, ends.max(axis=1) * found["range_high"] / found["t"])
    both = found["reported_by"] == "both"
    for row in each(found[both]):
        size = abs(row.reported_export - row.reported_import)
        if size > ROUNDING * max(row.reported_export, row.reported_import):
            gaps.append(
                gap("mirror difference", row.commodity, size, country=row.exporter, partner=row.importer,
                    given_t=row.reported_export, found_t=row.reported_import,
                    note=f"exporter's report and importer's; {exact(row.value)} t taken")
            )  # fmt: skip
    for side, part in found[~both].groupby("reported_by"):
        for commodity, rows in part.groupby("commodity"):
            note = f"{len(rows)} flows that the {side} alone reports stand as reported"
            gaps.append(gap("reported by one side", str(commodity), float(rows["value"].sum()), note=note))
    return found[[*keys, "value", "low", "high", "weak", "ratio", "reported_by"]]


def account_of(trade: pd.DataFrame, made: pd.Series, commodity: str, gaps: list[dict[str, Any]]) -> Account:
    """Return the account of one commodity.

    Parameters
    ----------
    trade : DataFrame
        exporter, importer, value of the commodity.
    made : Series
        Country -> tonnes made; who is missing makes nothing that a figure says.
    commodity : str
    gaps : list
        Takes what is left out.

    Raises
    ------
    DataError
        If countries only pass on to each other what nobody makes.
    """
    out = trade.groupby("exporter")["value"].sum()
    into = trade.groupby("importer")["value"].sum()
    countries = sorted({*out.index, *into.index, *made.index})
    made, out, into = (one.reindex(countries).fillna(0.0) for one in (made, out, into))
    lack = (out - into - made).clip(lower=0.0)
    lack = lack.where(lack > ROUNDING * max(float(out.max()), 1e-300), 0.0)
    try:
        flows = without_reexports(trade[["exporter", "importer", "value"]], made + lack)
    except np.linalg.LinAlgError:
        raise DataError(
            f"trade: some countries only pass on to each other {commodity} that nobody makes. Give production=, "
            "or leave the flows out."
        ) from None
    abroad = flows[flows["origin"] != flows["destination"]].groupby("origin")["value"].sum()
    passed = out - abroad.reindex(countries).fillna(0.0)
    passed = passed.where(passed > ROUNDING * max(float(out.max()), 1e-300), 0.0)
    reported = trade.set_index(["exporter", "importer"])["value"]
    pairs = pd.MultiIndex.from_frame(flows[["origin", "destination"]])
    flows["reported"] = reported.reindex(pairs).fillna(0.0).to_numpy()
    thin = flows["value"] < _THIN * flows["value"].sum()
    if thin.any():
        note = f"{count(thin.sum())} relations, each below {_THIN:g} of all trade in it, left out"
        gaps.append(gap("thin relations", commodity, float(flows.loc[thin, "value"].sum()), note=note))
    flows = flows[~thin].reset_index(drop=True)
    stays = (made + lack + into - out).clip(lower=0.0)
    return Account(flows, made, lack, stays, passed)
