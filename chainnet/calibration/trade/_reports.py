"""From the rows of customs statistics to what exporters and importers report of each flow, in tonnes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chainnet.calibration.trade._counted import counted_once
from chainnet.calibration.trade._files import rows_of
from chainnet.calibration.trade._heads import Layout
from chainnet.calibration.trade._ledger import Ledger, gap
from chainnet.calibration.trade._places import Places
from chainnet.calibration.trade._rows import pairs
from chainnet.errors import DataError, Fault
from chainnet.io import DIRECTIONS, Excerpt
from chainnet.words import count

_KEY = ["year", "code", "side", "exporter", "importer"]
_COLUMNS = [*_KEY, "t", "estimated_t", "usd_without_t", "usd_with_t", "is_reconciled", "product"]
AS_IT_IS = Excerpt()
_MOST = 1e15  # tonnes or USD of a flow; nothing on earth is more


@dataclass
class Reports:
    """What customs report, a row a flow and side, gross tonnes; and what was left out or supposed on the way.

    ``table``: year, code (as it was asked for), side (export, import, both), exporter, importer, t, estimated_t (the
    part whose weight is an estimate of the statistics), filled_t (the part whose weight was missing and is reckoned
    from its value), filled_usd (that value), is_reconciled.
    """

    table: pd.DataFrame
    files: tuple[str, ...]
    left_out: list[dict[str, Any]]
    places: Places
    year: int | None
    ledger: Ledger = field(default_factory=Ledger)


def read_reports(trade: Any, commodities: Mapping[str, str], year: int | None, how: Excerpt = AS_IT_IS) -> Reports:
    """Read what customs report of some products in one year.

    Parameters
    ----------
    trade : DataFrame, path, or list of these
    commodities : mapping of str to str
        Beginning of a product code to the commodity that it is.
    year : int, optional
        Default the one that the files hold.
    how : Excerpt
        Where in a file the table stands, and under which names.

    Raises
    ------
    DataError
        If a file is no known form, holds nothing of a product, or several years without ``year``.
    """
    found = read_years(trade, commodities, year, how)
    if len(found) > 1:
        raise DataError(f"trade: holds the years {', '.join(map(str, sorted(found)))}. Give year= (--year).")
    reports = next(iter(found.values()))
    if reports.table.empty:
        read = ", ".join(reports.files) or "nothing"
        raise DataError(f"trade: no flow from one country to another has a weight; read {read}. Correct the table.")
    return reports


def read_years(
    trade: Any, commodities: Mapping[str, str], year: int | None, how: Excerpt = AS_IT_IS
) -> dict[int, Reports]:
    """Read the same by year, 0 where the files name none.

    Raises
    ------
    DataError
        As ``read_reports``, but for several years.
    """
    places = Places(how.countries)
    ledger = Ledger()
    files: list[str] = []
    parts = []
    for found, rows, file in rows_of(trade, commodities, year, how, ledger):
        files.append(file)
        if len(rows):
            parts.append(_plain(rows, found.layout, file, places, commodities, ledger))
    places.check()
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS)
    _check_found(whole, commodities, files, year)
    whole = counted_once(whole.fillna({"year": 0}), places, commodities, ledger)
    whole = whole.drop(columns="product").groupby([*_KEY, "is_reconciled"], as_index=False, sort=True).sum()
    by_year = {}
    for when, part in whole.groupby("year"):
        apart = ledger.gaps()
        within = part["exporter"] == part["importer"]
        for code, tonnes in pairs(part[within].groupby("code")["t"].sum()):
            note = "exporter and importer are the same: returned or re-imported goods, left out"
            n = int((part[within]["code"] == code).sum())
            apart.append(gap("trade with itself", commodities[str(code)], float(tonnes), note=note, rule="left out",
                             rows=n, tonnes=float(tonnes)))  # fmt: skip
        table = _filled(part[~within].reset_index(drop=True), commodities, apart)
        year_of = int(str(when).removesuffix(".0"))
        by_year[year_of] = Reports(table, tuple(dict.fromkeys(files)), apart, places, year_of or None, ledger)
    return by_year


def _check_found(whole: pd.DataFrame, commodities: Mapping[str, str], files: list[str], year: int | None) -> None:
    for code in commodities:
        if code not in set(whole["code"]):
            when = "" if year is None else f" in {year}"
            read = ", ".join(dict.fromkeys(files)) or "nothing"
            raise DataError(f"trade: no flow of product {code}{when}; read {read}. Correct the code or the year.")


def _plain(
    rows: pd.DataFrame, layout: Layout, file: str, places: Places, commodities: Mapping[str, str], ledger: Ledger
) -> pd.DataFrame:
    """Return rows in one form, whatever they came in."""
    rows = rows.assign(product=rows["code"], code=rows["code"].map(lambda code: _asked(code, commodities)))
    if layout.name == "BACI":
        t, usd = _numbers(rows, "t", file), _numbers(rows, "kusd", file) * 1000.0
        out = rows.assign(side="both", t=t.fillna(0.0), estimated_t=0.0, usd=usd, known=t.notna(), is_reconciled=True)
        ends = [_whole(rows, c, file).map(places.of) for c in ("exporter", "importer")]
    elif layout.name == "plain" and "flow" not in rows.columns:
        return _of_plain(rows, file, places, commodities, ledger)
    elif layout.name in ("plain", "two-sided"):
        return _of_sides(rows, file, places, commodities, ledger)
    else:
        out = _of_comtrade(rows, file, commodities, ledger)
        mine = _named_places(out, "reporter", places, file)
        partner = _named_places(out, "partner", places, file)
        exports = out["side"].eq("export")
        ends = [mine.where(exports, partner), partner.where(exports, mine)]
    out = out.assign(exporter=ends[0], importer=ends[1])
    known = out["known"]
    return out.assign(
        usd_without_t=out["usd"].where(~known, 0.0), usd_with_t=out["usd"].where(known, 0.0),
        year=_whole(out, "year", file),
    )[_COLUMNS]  # fmt: skip


def _asked(code: str, commodities: Mapping[str, str]) -> str:
    """Return the longest code asked for that a product's code begins with."""
    return max((asked for asked in commodities if code.startswith(asked)), key=len)


def _named_places(rows: pd.DataFrame, side: str, places: Places, file: str) -> pd.Series:
    blank = pd.Series("", index=rows.index)
    code, number, name = (rows.get(c, blank).fillna("") for c in (side, f"{side}_code", f"{side}_name"))
    return pd.Series(
        [
            places.of(str(c).strip() or n, str(d), file=file, column=side)
            for c, n, d in zip(code, number, name, strict=True)
        ],
        index=rows.index,
        dtype="str",
    )


def _of_comtrade(rows: pd.DataFrame, file: str, commodities: Mapping[str, str], ledger: Ledger) -> pd.DataFrame:
    """Return one row a report of UN Comtrade: totals over transport and customs procedure."""
    if "frequency" in rows.columns and len(set(rows["frequency"])) > 1:
        raise DataError(f"{file}: holds annual and monthly rows, which would count twice. Keep one kind.")
    if "year" not in rows.columns:
        raise DataError(f"{file}: no column of the year (refYear, period or Year). Add it.")
    kg, usd = _numbers(rows, "kg", file), _numbers(rows, "usd", file).fillna(0.0)
    rows = rows.assign(known=kg.gt(0) | usd.eq(0), t=kg.fillna(0.0) / 1000.0, usd=usd)
    rows = _sided(rows, commodities, ledger)
    for column, total in (("second", ("0", "")), ("customs", ("C00", "")), ("mode", ("0", ""))):
        if column in rows.columns:
            kept = _at_total(rows, rows[column].fillna("").astype("str").str.strip().isin(total))
            note = "parts of a total that is there as well (second partner, customs procedure or transport)"
            ledger.by_commodity("parts beside their total", "left out", rows.drop(kept.index), note, commodities)
            rows = kept
    blank = pd.Series("", index=rows.index)
    said = rows.get("estimated", rows.get("flag", blank)).fillna("").astype("str").str.strip().str.lower()
    marked = said.isin(["true", "1", "4", "6"])  # the flags of estimated weights in the legacy form
    return rows.assign(estimated_t=rows["t"].where(marked, 0.0), is_reconciled=False)


def _sided(rows: pd.DataFrame, commodities: Mapping[str, str], ledger: Ledger) -> pd.DataFrame:
    """Return exports and imports alone, each with its side; re-exports are part of exports already."""
    flow = rows["flow"].astype("str").str.strip().str.lower()
    side = flow.map(DIRECTIONS)
    note = "reported apart and part of exports already; goods are traced to where they were made"
    ledger.by_commodity("re-exports as reported", "left out", rows[side.eq("re-export")], note, commodities)
    for word in flow[side.isna()].unique():
        note = f'flow "{word}": neither an export nor an import; part of these, or no trade'
        ledger.by_commodity("other flows", "left out", rows[flow.eq(word)], note, commodities)
    return rows.assign(side=side)[side.isin(["export", "import"])]


def _of_sides(
    rows: pd.DataFrame, file: str, places: Places, commodities: Mapping[str, str], ledger: Ledger
) -> pd.DataFrame:
    """Return rows of a table of one's own in which a column says whether a row is an export or an import."""
    words = rows["flow"].astype("str").str.strip()
    for word in words[~words.str.lower().isin(list(DIRECTIONS))].unique()[:1]:
        raise DataError(faults=[Fault(file, None, "flow", word, "is no direction", "Write export or import (X, M).")])
    rows = _sided(rows, commodities, ledger).reset_index(drop=True)
    exports = rows["side"].eq("export")
    if "reporter" in rows.columns:
        rows = rows.assign(
            exporter=rows["reporter"].where(exports, rows["partner"]),
            importer=rows["partner"].where(exports, rows["reporter"]),
        )
    found = [
        _of_plain(
            rows[mask].rename(columns={"t": f"reported_{side}"}).reset_index(drop=True), file, places, commodities,
            ledger,
        )
        for side, mask in (("export", exports), ("import", ~exports))
        if mask.any()
    ]  # fmt: skip
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=_COLUMNS)


def _at_total(rows: pd.DataFrame, is_total: pd.Series) -> pd.DataFrame:
    """Keep the totals of a breakdown where they are given, else its parts, which add up."""
    by = [c for c in ("year", "product", "side", "reporter", "reporter_code", "partner", "partner_code") if c in rows]
    has_total = is_total.groupby([rows[c] for c in by], dropna=False).transform("any")
    return rows[is_total | ~has_total]


def _whole(rows: pd.DataFrame, column: str, file: str) -> pd.Series:
    """Return the codes of countries, or the years, of rows as whole numbers."""
    numbers = pd.to_numeric(rows[column], errors="coerce").astype("float64")
    wrong = ~(numbers.between(0, 9999) & (numbers % 1).eq(0))
    if wrong.any():
        value = str(rows[column][wrong].iloc[0])
        rule = (
            f"is no {'year' if column == 'year' else 'code of a country'}, in {int(wrong.sum())} of the rows asked for"
        )
        raise DataError(faults=[Fault(file, None, column, value, rule, "Correct the cells.")])
    return numbers.astype("int64")


def _numbers(rows: pd.DataFrame, column: str, file: str) -> pd.Series:
    text = rows[column]
    if not pd.api.types.is_numeric_dtype(text.dtype) or pd.api.types.is_bool_dtype(text.dtype):
        text = text.astype("str").str.strip()
        text = text.mask(text.isin(["", "nan", "NA", "N/A", "NULL"]))
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    wrong = text.notna() & ~numbers.between(0, _MOST)
    if wrong.any():
        value = str(text[wrong].iloc[0])
        rule = f"is no weight or value, in {int(wrong.sum())} of the rows asked for"
        raise DataError(faults=[Fault(file, None, column, value, rule, "Numbers with a point, 0 or more.")])
    return numbers


def _of_plain(
    rows: pd.DataFrame, file: str, places: Places, commodities: Mapping[str, str], ledger: Ledger
) -> pd.DataFrame:
    """Return rows of a plain table: one figure a flow, or what either side reports."""
    columns = {"t": "both", "reported_export": "export", "reported_import": "import"}
    given = [c for c in columns if c in rows.columns]
    if not given:
        raise DataError(f"{file}: no column of tonnes: t, or reported_export and reported_import. Add one.")
    nobody = [rows[end].isna() | (rows[end].astype("str") == "") for end in ("exporter", "importer")]
    blank = nobody[0] | nobody[1]
    if blank.any():
        rule = f"a cell is blank, in {int(blank.sum())} of the rows asked for"
        remedy = "Name both countries of each flow."
        if all(rows[end].dropna().astype("str").str.fullmatch("[A-Z]{2}").all() for end in ("exporter", "importer")):
            remedy += " Where NA is Namibia, write NAM, or read the file with keep_default_na=False."
        raise DataError(faults=[Fault(file, None, "exporter, importer", "", rule, remedy)])
    ends = {c: places.column(rows, c, file) for c in ("exporter", "importer")}
    parts = []
    for column in given:
        t = _numbers(rows, column, file)
        marked = (
            rows.get("estimated", pd.Series("", index=rows.index)).astype("str").str.lower().isin(["true", "1", "e"])
        )
        usd = _numbers(rows, "usd", file) if "usd" in rows.columns else pd.Series(0.0, index=rows.index)
        part = rows.assign(**ends, side=columns[column], t=t.fillna(0.0), is_reconciled=column == "t")
        part = part.assign(
            estimated_t=part["t"].where(marked, 0.0), usd_without_t=usd.where(t.isna(), 0.0).fillna(0.0),
            usd_with_t=usd.where(t.notna(), 0.0).fillna(0.0),
            year=_whole(rows, "year", file) if "year" in rows.columns else np.nan,
        )  # fmt: skip
        parts.append(part[t.notna() | part["usd_without_t"].gt(0)])
    kept = pd.concat(parts)
    note = "neither a weight nor a value: tonnes unknown"
    ledger.by_commodity("no figure", "left out", rows[~rows.index.isin(kept.index)].assign(t=np.nan), note, commodities)
    return kept.reset_index(drop=True)[_COLUMNS]


def _filled(table: pd.DataFrame, commodities: Mapping[str, str], left_out: list[dict[str, Any]]) -> pd.DataFrame:
    """Reckon missing weights from values, at the product's value a tonne; what cannot be reckoned is a gap."""
    with_weight = table.groupby("code")[["usd_with_t", "t"]].transform("sum")
    with np.errstate(divide="ignore", invalid="ignore"):
        per_t = (with_weight["usd_with_t"] / with_weight["t"]).where(with_weight["t"] > 0)
        filled = (table["usd_without_t"] / per_t).where(per_t > 0)
    lost = filled.isna() & table["usd_without_t"].gt(0)
    for code, usd in pairs(table[lost].groupby("code")["usd_without_t"].sum()):
        note = f"USD {count(usd)} without any weight to reckon from: tonnes unknown"
        left_out.append(gap("weight unknown", commodities[str(code)], float("nan"), note=note))
    table = table.assign(filled_t=filled.fillna(0.0))
    table["t"] = table["t"] + table["filled_t"]
    table["filled_usd"] = table["usd_without_t"].where(table["filled_t"] > 0, 0.0)
    return table[[*_KEY, "t", "estimated_t", "filled_t", "filled_usd", "is_reconciled"]]
