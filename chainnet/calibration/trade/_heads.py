"""Heads of customs statistics: which form a table has, what each column is, and which of them nobody reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from chainnet.calibration.trade._rows import heads
from chainnet.errors import DataError, Fault
from chainnet.io import UNITS, head_words, role_of, unit_of, unit_size

WEIGHTS = ("t", "reported_export", "reported_import")
_YEAR = re.compile(r"(?:19[5-9]|20\d)\d")
_MONTHS = {"month", "months", "monat", "mois", "mes", "refmonth"}
_TAKEN = {"year": "year", "unit": "unit", "flow": "flow", "code": "code", "goods": "goods"}
_WHEN = re.compile(r"((?:19|20)\d\d)(?:[-/. ]?(0[1-9]|1[0-2]|Q[1-4])(?:[-/.](\d\d)(?:[ T].*)?)?)?", re.I)
_ENDS_OF_YEAR = {("01", "01"), ("12", "31")}  # days with which annual figures are stamped


@dataclass(frozen=True)
class Layout:
    """A form of file: which columns it has, and what they are called here.

    Parameters
    ----------
    name : str
        For messages.
    needs : set of str
        Columns by which it is known.
    columns : mapping of str to str
        Column of the file to name here; those that may be missing too.
    is_coded : bool
        Whether countries and products are numbers.
    """

    name: str
    needs: frozenset[str]
    columns: Mapping[str, str]
    is_coded: bool = False


LAYOUTS = (
    Layout(
        "BACI",
        frozenset("tijkvq"),
        {"t": "year", "i": "exporter", "j": "importer", "k": "code", "v": "kusd", "q": "t"},
        is_coded=True,
    ),
    Layout(
        "UN Comtrade",
        frozenset(("flowCode", "cmdCode", "netWgt", "primaryValue")),
        {
            "freqCode": "frequency", "refYear": "year", "period": "period", "flowCode": "flow",
            "reporterCode": "reporter_code", "reporterISO": "reporter", "reporterDesc": "reporter_name",
            "partnerCode": "partner_code",
            "partnerISO": "partner", "partnerDesc": "partner_name", "partner2Code": "second", "cmdCode": "code",
            "customsCode": "customs", "motCode": "mode", "netWgt": "kg", "isNetWgtEstimated": "estimated",
            "primaryValue": "usd",
        },
    ),
    Layout(
        "UN Comtrade (legacy)",
        frozenset(("Trade Flow", "Commodity Code", "Netweight (kg)", "Trade Value (US$)")),
        {
            "Year": "year", "Period": "period", "Trade Flow": "flow", "Reporter Code": "reporter_code",
            "Reporter ISO": "reporter",
            "Reporter": "reporter_name", "Partner Code": "partner_code", "Partner ISO": "partner",
            "Partner": "partner_name", "Commodity Code": "code", "Netweight (kg)": "kg", "Trade Value (US$)": "usd",
            "Flag": "flag",
        },
    ),
    Layout(
        "two-sided",
        frozenset(("reporter", "partner", "flow", "t")),
        {name: name for name in ("year", "reporter", "partner", "flow", "code", "t", "usd", "estimated")},
    ),
    Layout(
        "plain",
        frozenset(("exporter", "importer")),
        {name: name for name in ("year", "exporter", "importer", "code", "t", "usd", "reported_export",
                                 "reported_import", "estimated")},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Heads:
    """What the columns of a table are.

    ``names``: head -> name here. ``unread``: heads of columns that nobody reads. ``year``: the year of the weights
    where their head is one. A column of goods is held against one another, and read no further.
    """

    layout: Layout
    names: Mapping[str, str]
    unread: tuple[str, ...] = ()
    year: int | None = None


def bare(head: Any) -> str:
    """Return a head without blanks around it and without a mark of the encoding."""
    return str(head).strip().lstrip("\ufeff").strip()


def layout_of(columns: Iterable[Any], file: str) -> Layout:
    """Return the form of a table by its columns, in whatever case they are written.

    Raises
    ------
    DataError
        If it is none that is known.
    """
    names = [bare(c) for c in columns]
    small = {name.lower() for name in names}
    for layout in LAYOUTS:
        if {name.lower() for name in layout.needs} <= small:
            return layout
    hint = " It looks as if semicolons part its cells; write it with commas." if ";" in "".join(names) else ""
    raise DataError(
        f"{file}: is no trade table that is known; its columns are {heads(names)}.{hint} Known: BACI "
        "(t, i, j, k, v, q), UN Comtrade as downloaded (flowCode, cmdCode, netWgt, primaryValue, ...), or a table with "
        "exporter, importer, code and t, or reported_export and reported_import; or with reporter, partner, flow, code "
        "and t. chainnet look FILE says which options read another table."
    )


def heads_of(columns: Iterable[Any], file: str, year: int | None) -> Heads:
    """Return what each column of a table is.

    Raises
    ------
    DataError
        If the form is not known, two columns are the same, or weights of several years stand side by side without
        ``year``.
    """
    given = [bare(c) for c in columns]
    chosen, given_year = _wide(given, file, year)
    layout = layout_of([*given, "t"] if chosen else given, file)
    ours = {head.lower(): name for head, name in layout.columns.items()}
    names = {head: ours[head.lower()] for head in given if head.lower() in ours}
    if chosen:
        names[chosen] = "t"
    twice = next((name for name in names.values() if list(names.values()).count(name) > 1), None)
    if twice is not None:
        same = [head for head, name in names.items() if name == twice]
        raise DataError(f"{file}: the columns {' and '.join(same)} are both {twice}. Leave one of them out.")
    if not layout.name.startswith("UN Comtrade"):
        _take_more(given, names, {"unit"} if layout.is_coded else {*_TAKEN, "month"})
    return Heads(layout, names, tuple(head for head in given if names.get(head, "goods") == "goods"), given_year)


def _wide(given: list[str], file: str, year: int | None) -> tuple[str, int | None]:
    """Return the column of weights where their heads are years, and that year."""
    years = [head for head in given if _YEAR.fullmatch(head)]
    if not years or {head.lower() for head in given} & {*WEIGHTS, "q", "netwgt", "netweight (kg)"}:
        return "", None
    if year is not None and str(year) in years:
        return str(year), year
    if year is not None or len(years) > 1:
        raise DataError(f"{file}: holds the years {', '.join(sorted(years))}. Give year= (--year).")
    return years[0], int(years[0])


def _take_more(given: list[str], names: dict[str, str], roles: set[str]) -> None:
    """Take columns that say the year, the month, the unit, the direction or the goods, under whatever head."""
    for head in given:
        if head in names:
            continue
        words = head_words(head)
        role = "month" if _MONTHS & {*words, "".join(words)} else _TAKEN.get(role_of(head)[0], "")
        if role == "year" and ("year" in names.values() or "period" in words):
            role = "period"
        if role == "flow" and "t" not in names.values():
            continue
        if role in (roles | {"period"} if "year" in roles else roles) and role not in names.values():
            names[head] = role


def named(piece: pd.DataFrame, found: Heads) -> pd.DataFrame:
    """Return the columns of a form under the names used here."""
    piece = piece.rename(columns=bare)
    out = piece[[c for c in piece.columns if c in found.names]].rename(columns=dict(found.names))
    return out if found.year is None else out.assign(year=found.year)


def in_tonnes(rows: pd.DataFrame, unit: str | None, file: str) -> pd.DataFrame:
    """Return rows with their weights in tonnes, by the unit of the call or of each row.

    Raises
    ------
    DataError
        If a unit is none of weight that is known, or call and rows differ.
    """
    weights = [column for column in WEIGHTS if column in rows.columns]
    if not len(rows) or not weights:
        return rows
    if "unit" not in rows.columns:
        return rows if unit in (None, "t") else _scaled(rows, weights, UNITS[unit])
    cells = rows["unit"].astype("str").str.strip().mask(rows["unit"].isna(), "")
    sizes = {cell: unit_size(cell) for cell in cells.unique()}
    if unit is not None and len(sizes) == 1 and next(iter(sizes.values())) in (None, UNITS[unit]):
        return _scaled(rows, weights, UNITS[unit])
    if not set(sizes) - {""}:
        return rows
    for cell, size in sizes.items():
        if size is None or unit is not None:
            rule = "differs from unit=" if size is not None else "is no unit of weight that is known for sure"
            if cell and size is None and len(unit_of(cell)) > 1:
                rule = f"may be {' or '.join(unit_of(cell))}"
            row = int(rows["line"][cells == cell].iloc[0])
            remedy = f"Write one of {', '.join(UNITS)} in each row, or keep rows of one unit and give unit=."
            raise DataError(faults=[Fault(file, row, "unit", cell, rule, remedy)])
    return _scaled(rows, weights, cells.map(sizes).astype("float64"))


def _scaled(rows: pd.DataFrame, weights: list[str], size: Any) -> pd.DataFrame:
    scaled = {}
    for column in weights:
        cells = rows[column]
        numbers = pd.to_numeric(cells, errors="coerce")
        # what is no number stays, so that it is refused by its own name
        scaled[column] = (numbers * size).astype(object).where(numbers.notna(), cells)
    return rows.assign(**scaled)


def dated(rows: pd.DataFrame, file: str) -> tuple[pd.DataFrame, dict[int, set[str]]]:
    """Return rows with their year as a number, and the parts of each year that they are of.

    Raises
    ------
    DataError
        If a cell is no year, month or quarter; or a year has annual rows beside those of its parts.
    """
    said = [column for column in ("period", "year") if column in rows.columns]
    if not said or not len(rows):
        return rows, {}
    told = [rows[column].astype("str").fillna("").str.strip().str.removesuffix(".0") for column in said]
    cells = told[0].where(~told[0].isin(["", "nan", "None"]), told[-1])
    read = {cell: _WHEN.fullmatch(cell) for cell in cells.unique()}
    for cell, found in read.items():
        if found is None:
            wrong = int(cells.eq(cell).sum())
            rule = f"is no year, month or quarter, in {wrong} of the rows asked for"
            raise DataError(faults=[Fault(file, None, said[0], cell, rule, "Correct the cells.")])
    parts = {cell: found[2] or "" for cell, found in read.items() if found}
    days = {(found[2], found[3]) for found in read.values() if found and found[3]}
    if days and len(days) == 1 and days <= _ENDS_OF_YEAR:
        parts = dict.fromkeys(parts, "")
    years = cells.map({cell: int(found[1]) for cell, found in read.items() if found})
    part = cells.map(parts)
    if "month" in rows.columns:
        months = rows["month"].astype("str").str.strip().str.removesuffix(".0")
        part = part.where(part.ne("") | months.isin(["", "52", "nan"]), months.str.zfill(2))
    if "year" in said and said[0] == "period":
        other = pd.to_numeric(rows["year"], errors="coerce")
        if (other.notna() & other.ne(years)).any():
            raise DataError(f"{file}: its columns of the year and of the period differ. Leave one of them out.")
    by_year = {int(when): set(part[years == when]) for when in years.unique()}
    for when, held in by_year.items():
        if "" in held and len(held) > 1:
            raise DataError(f"{file}: holds annual and monthly rows of {when}, which would count twice. Keep one kind.")
    return rows.assign(year=years), {when: held for when, held in by_year.items() if held != {""}}
