"""From the rows of customs statistics to what exporters and importers report of each flow, in tonnes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.calibration.trade._files import AS_IT_IS, Layout, rows_of
from chainnet.calibration.trade._places import Places
from chainnet.calibration.trade._rows import pairs
from chainnet.errors import DataError, Fault
from chainnet.io import DIRECTIONS, Excerpt
from chainnet.words import count

_KEY = ["year", "code", "side", "exporter", "importer"]
_COLUMNS = [*_KEY, "t", "estimated_t", "usd_without_t", "is_reconciled"]
_MOST = 1e15  # tonnes or USD of a flow; nothing on earth is more
GAP_COLUMNS = ("kind", "commodity", "country", "partner", "size_t", "given_t", "found_t", "note")


def gap(kind: str, commodity: str, size_t: float, **more: Any) -> dict[str, Any]:
    """Return a row of ``gaps``."""
    row: dict[str, Any] = {"kind": kind, "commodity": commodity, "size_t": size_t, **more}
    return {column: row.get(column) for column in GAP_COLUMNS}


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
    places = Places()
    left_out: list[dict[str, Any]] = []
    files: list[str] = []
    parts = []
    for layout, rows, file in rows_of(trade, commodities, year, how):
        files.append(file)
        if len(rows):
            parts.append(_plain(rows, layout, file, places, commodities, left_out))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS)
    _check_found(whole, commodities, files, year)
    whole = whole.fillna({"year": 0}).groupby([*_KEY, "is_reconciled"], as_index=False, sort=True).sum()
    found = {}
    for when, part in whole.groupby("year"):
        apart = list(left_out)
        within = part["exporter"] == part["importer"]
        for code, tonnes in pairs(part[within].groupby("code")["t"].sum()):
            note = "exporter and importer are the same: returned or re-imported goods, left out"
            apart.append(gap("trade with itself", commodities[str(code)], float(tonnes), note=note))
        table = _filled(part[~within].reset_index(drop=True), commodities, apart)
        found[int(str(when).removesuffix(".0"))] = Reports(
            table, tuple(dict.fromkeys(files)), apart, places, int(str(when).removesuffix(".0")) or None
        )
    return found


def _check_found(whole: pd.DataFrame, commodities: Mapping[str, str], files: list[str], year: int | None) -> None:
    for code in commodities:
        if code not in set(whole["code"]):
            when = "" if year is None else f" in {year}"
            read = ", ".join(dict.fromkeys(files)) or "nothing"
            raise DataError(f"trade: no flow of product {code}{when}; read {read}. Correct the code or the year.")


def _plain(
    rows: pd.DataFrame, layout: Layout, file: str, places: Places, commodities: Mapping[str, str],
    left_out: list[dict[str, Any]],
) -> pd.DataFrame:  # fmt: skip
    """Return rows in one form, whatever they came in."""
    rows = rows.assign(product=rows["code"], code=rows["code"].map(lambda code: _asked(code, commodities)))
    if layout.name == "BACI":
        t, usd = _numbers(rows, "t", file), _numbers(rows, "kusd", file) * 1000.0
        out = rows.assign(side="both", t=t.fillna(0.0), estimated_t=0.0, usd=usd, known=t.notna(), is_reconciled=True)
        ends = [_whole(rows, c, file).map(places.of) for c in ("exporter", "importer")]
    elif layout.name == "plain":
        return _of_plain(rows, file, places)
    elif layout.name == "two-sided":
        return _of_sides(rows, file, places, commodities, left_out)
    else:
        out = _of_comtrade(rows, file, commodities, left_out)
        mine = _named_places(out, "reporter", places)
        partner = _named_places(out, "partner", places)
        exports = out["side"].eq("export")
        ends = [mine.where(exports, partner), partner.where(exports, mine)]
    out = out.assign(exporter=ends[0], importer=ends[1])
    out = out[out["exporter"].notna() & out["importer"].notna()]  # sums over all countries
    known = out["known"]
    return out.assign(
        usd_without_t=out["usd"].where(~known, 0.0), usd_with_t=out["usd"].where(known, 0.0),
        year=_whole(out, "year", file),
    )[[*_COLUMNS, "usd_with_t"]]  # fmt: skip


def _asked(code: str, commodities: Mapping[str, str]) -> str:
    """Return the longest code asked for that a product's code begins with."""
    return max((asked for asked in commodities if code.startswith(asked)), key=len)


def _named_places(rows: pd.DataFrame, side: str, places: Places) -> pd.Series:
    blank = pd.Series("", index=rows.index)
    code, number, name = (rows.get(c, blank).fillna("") for c in (side, f"{side}_code", f"{side}_name"))
    return pd.Series(
        [places.of(c.strip() or n, d) for c, n, d in zip(code, number, name, strict=True)],
        index=rows.index,
        dtype="str",
    )


def _of_comtrade(
    rows: pd.DataFrame, file: str, commodities: Mapping[str, str], left_out: list[dict[str, Any]]
) -> pd.DataFrame:
    """Return one row a report of UN Comtrade: totals over transport and customs procedure, one level of codes."""
    rows = rows.assign(flow=rows["flow"].str.strip().str.lower())
    if "frequency" in rows.columns and len(set(rows["frequency"])) > 1:
        raise DataError(f"{file}: holds annual and monthly rows, which would count twice. Keep one kind.")
    kg, usd = _numbers(rows, "kg", file), _numbers(rows, "usd", file).fillna(0.0)
    if "year" not in rows.columns:
        if "period" not in rows.columns:
            raise DataError(f"{file}: no column of the year (refYear, period or Year). Add it.")
        rows = rows.assign(year=rows["period"].str[:4])
    rows = rows.assign(known=kg.gt(0) | usd.eq(0), t=kg.fillna(0.0) / 1000.0, usd=usd)
    rows = _sided(rows, commodities, left_out)
    for column, total in (("second", ("0", "")), ("customs", ("C00", "")), ("mode", ("0", ""))):
        if column in rows.columns:
            rows = _at_total(rows, rows[column].fillna("").str.strip().isin(total))
    size = rows["product"].str.len()
    by = ["year", "code", "side", *(c for c in ("reporter", "reporter_code", "reporter_name") if c in rows.columns)]
    rows = rows[size.eq(size.groupby([rows[c] for c in by], dropna=False).transform("min"))]
    said = rows.get("estimated", rows.get("flag", pd.Series("", index=rows.index))).fillna("").str.strip().str.lower()
    marked = said.isin(["true", "1", "4", "6"])  # the flags of estimated weights in the legacy form
    return rows.assign(estimated_t=rows["t"].where(marked, 0.0), is_reconciled=False)


def _sided(rows: pd.DataFrame, commodities: Mapping[str, str], left_out: list[dict[str, Any]]) -> pd.DataFrame:
    """Return exports and imports alone, each with its side; re-exports are part of exports already."""
    side = rows["flow"].map(DIRECTIONS)
    passed_on = side.eq("re-export")
    tonnes_of = pd.to_numeric(rows["t"], errors="coerce")[passed_on].groupby(rows["code"][passed_on]).sum()
    for code, tonnes in pairs(tonnes_of):
        note = "reported apart and part of exports already; goods are traced to where they were made"
        left_out.append(gap("re-exports as reported", commodities[str(code)], float(tonnes), note=note))
    return rows.assign(side=side)[side.isin(["export", "import"])]


def _of_sides(
    rows: pd.DataFrame, file: str, places: Places, commodities: Mapping[str, str], left_out: list[dict[str, Any]]
) -> pd.DataFrame:
    """Return rows of a plain table in which a reporter tells what it exports and imports."""
    rows = rows.assign(flow=rows["flow"].astype("str").str.strip().str.lower())
    for word in rows["flow"][~rows["flow"].isin(list(DIRECTIONS))].unique()[:1]:
        raise DataError(faults=[Fault(file, None, "flow", word, "is no direction", "Write export or import (X, M).")])
    rows = _sided(rows, commodities, left_out).reset_index(drop=True)
    exports = rows["side"].eq("export")
    rows = rows.assign(
        exporter=rows["reporter"].where(exports, rows["partner"]),
        importer=rows["partner"].where(exports, rows["reporter"]),
    )
    found = [
        _of_plain(rows[mask].rename(columns={"t": f"reported_{side}"}).reset_index(drop=True), file, places)
        for side, mask in (("export", exports), ("import", ~exports))
        if mask.any()
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=[*_COLUMNS, "usd_with_t"])


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


def _of_plain(rows: pd.DataFrame, file: str, places: Places) -> pd.DataFrame:
    """Return rows of a plain table: one figure a flow, or what either side reports."""
    columns = {"t": "both", "reported_export": "export", "reported_import": "import"}
    given = [c for c in columns if c in rows.columns]
    if not given:
        raise DataError(f"{file}: no column of tonnes: t, or reported_export and reported_import. Add one.")
    nobody = [rows[end].isna() | (rows[end].astype("str") == "") for end in ("exporter", "importer")]
    blank = nobody[0] | nobody[1]
    if blank.any():
        rule = f"a cell is blank, in {int(blank.sum())} of the rows asked for"
        raise DataError(faults=[Fault(file, None, "exporter, importer", "", rule, "Name both countries of each flow.")])
    ends = {c: rows[c].astype("str").map(places.of) for c in ("exporter", "importer")}
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
        parts.append(
            part[(t.notna() | part["usd_without_t"].gt(0)) & part["exporter"].notna() & part["importer"].notna()]
        )
    return pd.concat(parts, ignore_index=True)[[*_COLUMNS, "usd_with_t"]]


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
