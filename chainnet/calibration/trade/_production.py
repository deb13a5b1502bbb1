"""What countries make, from USGS files as they are downloaded or from a table; the marks of the statistics stay.

Marks: *reported*, *estimated* (e), *withheld* (W), *not available* (NA), *greater than*, *less than*.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.calibration.trade._places import Places
from chainnet.calibration.trade._rows import heads, text_pieces
from chainnet.errors import ChainnetWarning, DataError, Fault
from chainnet.io import UNITS, encoding_of, role_of, unit_size
from chainnet.network import is_country

MARKS = ("reported", "estimated", "withheld", "not available", "greater than", "less than")
COLUMNS = ("country", "value", "mark", "low", "high", "year", "note")
_UNITS = {"t": 1.0, "kt": 1000.0, "mt": 1e6, "kg": 0.001, "metric tons": 1.0, "thousand metric tons": 1000.0,
          "million metric tons": 1e6, "kilograms": 0.001}  # fmt: skip
_WIDE = re.compile(r"(?:Prod|PROD)_(?:(t|kt|Mt|kg)_)?(est_ ?|EST_ ?)?(\d{4})$")
_NUMBER = re.compile(r"\d[\d,]*\.?\d*|\.\d+")
_LONG = {"statistics", "year", "value", "country"}
_MOST = 1 << 26  # bytes


@dataclass(frozen=True)
class Figure:
    """A figure as a statistic prints it."""

    value: float
    mark: str
    low: float
    high: float


def figure_of(text: str, is_estimate: bool = False, unit: float = 1.0) -> Figure | None:
    """Read a cell: a number, a dash for zero, W, NA, e or r beside it, > or < before it; None = something else."""
    said = text.strip().replace("\u2014", "-").replace("\u2013", "-")
    nan = float("nan")
    if said.upper() in ("W", "WITHHELD"):
        return Figure(nan, "withheld", nan, nan)
    if said.upper() in ("NA", "N/A", "XX", "") or said in ("..", "..."):
        return Figure(nan, "not available", nan, nan)
    if set(said) == {"-"}:
        return Figure(0.0, "estimated" if is_estimate else "reported", nan, nan)
    bound = re.match(r"(>|greater than|more than|<|less than)\s*", said, re.I)
    rest = said[bound.end() :] if bound else said
    beside = re.fullmatch(r"([eErRpP]{0,2})\s*([\d.,]+)\s*([eErRpP]{0,2})", rest)
    if re.fullmatch(r"(\u00bd|1/2|one-half) unit", rest, re.I):
        return Figure(0.0, "less than", 0.0, 0.5 * unit)
    if beside is None or not _NUMBER.fullmatch(beside[2]):
        return None
    value = float(beside[2].replace(",", "")) * unit
    if bound is not None:
        above = bound[1].lower() in (">", "greater than", "more than")
        return Figure(value, "greater than" if above else "less than", value if above else 0.0, nan if above else value)
    marked = is_estimate or "e" in f"{beside[1]}{beside[3]}".lower()
    return Figure(value, "estimated" if marked else "reported", nan, nan)


def read_production(
    path: str | Path,
    *,
    material: str | None = None,
    kind: str | None = None,
    year: int | None = None,
    nearest: bool = False,
) -> pd.DataFrame:
    """Read what countries make from a USGS Mineral Commodity Summaries file as it is downloaded.

    Takes the data releases of 2022 to 2024 (a file a commodity: Country, Type, Prod_t_2022, Prod_t_est_2023), of
    2025 (COMMODITY, COUNTRY, TYPE, UNIT_MEAS, PROD_2023, PROD_EST_ 2024) and of 2026 (Commodity, Country,
    Statistics, Statistics_detail, Unit, Year, Value).

    Parameters
    ----------
    path : str or Path
    material : str, optional
        Commodity of the file, such as "Cobalt"; needed where it holds several.
    kind : str, optional
        Words of the type of production, such as "mine" or "refinery"; needed where there are several.
    year : int, optional
        Default the last one.
    nearest : bool
        Whether the last year stands in where ``year`` is not there.

    Returns
    -------
    DataFrame
        country (ISO alpha-3, or the words of a remainder; "world" for the total), value (t), mark (reported,
        estimated, withheld, not available, greater than, less than), low, high (what a mark says of the range),
        year, note.

    Raises
    ------
    DataError
        If the file is none of these, or holds several materials, types or no such year.
    """
    return _production_file(Path(path), Places(), material=material, kind=kind, year=year, nearest=nearest)


def _production_file(
    path: Path,
    places: Places,
    *,
    material: str | None = None,
    kind: str | None = None,
    year: int | None = None,
    nearest: bool = False,
) -> pd.DataFrame:
    rows = _table(path)
    names = _plain_names(rows)
    if set(names) >= _LONG:
        plain = _of_long(rows, names)
    elif "country" in names and any(_WIDE.match(c.replace("EST_ ", "EST_")) for c in rows.columns):
        plain = _of_wide(rows, names)
    else:
        raise DataError(
            f"{path.name}: is no USGS file of production that is known; its columns are {heads(rows.columns)}."
        )
    plain = _one_of(plain, "material", material, path.name)
    if nearest and year not in set(plain["year"]):
        year = None
    if year is not None and year not in set(plain["year"]):
        known = ", ".join(str(y) for y in sorted(set(plain["year"])))
        raise DataError(f"{path.name}: no figures of {year}; it has {known}.")
    plain = plain[plain["year"] == (plain["year"].max() if year is None else year)]
    # the world's total often bears a shorter name of the kind
    world = plain["country"].str.lower().str.startswith("world")
    chosen = _one_of(plain[~world] if not world.all() else plain, "kind", kind, path.name)
    kinds = {_bare(one) for one in chosen["kind"]}
    same = [any(one.startswith(_bare(k)) for one in kinds) for k in plain["kind"]]
    plain = pd.concat([chosen, plain[world & pd.Series(same, index=plain.index)]]) if not world.all() else chosen
    return _figures(plain, path.name, places)


def is_production(path: Path) -> bool:
    """Say whether a file is one of production, by its first line."""
    if not path.is_file() or path.suffix.lower() != ".csv":
        return False
    with path.open("rb") as handle:
        head = handle.readline(_MOST).decode("latin-1")
    rows = pd.DataFrame(columns=[name.strip().strip('"') for name in head.strip().split(",")])
    return set(_plain_names(rows)) >= _LONG or any(_WIDE.match(c.replace("EST_ ", "EST_")) for c in rows.columns)


def _plain_names(rows: pd.DataFrame) -> dict[str, str]:
    return {c.lower().replace("_", " "): c for c in rows.columns}


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(f"production: there is no file {path}. Give the path of a file as it was downloaded.")
    if path.stat().st_size > _MOST:
        raise DataError(f"{path.name}: larger than 64 MiB; no file of production is.")
    data = path.read_bytes()
    for encoding in dict.fromkeys((encoding_of(data)[0], "utf-8-sig", "cp1252", "latin-1")):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    pieces = list(text_pieces(io.StringIO(text, newline=""), path.name))
    if not pieces:
        raise DataError(f"{path.name}: holds no rows. Give the file as it was downloaded.")
    return pd.concat(pieces, ignore_index=True)


def _of_wide(rows: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return a row a figure from a file with a column a year."""
    blank = pd.Series("", index=rows.index)
    notes = rows.get(names.get("prod notes", ""), blank)
    parts = []
    for column in rows.columns:
        said = _WIDE.match(column.replace("EST_ ", "EST_"))
        if said is None:
            continue
        unit = rows.get(names.get("unit meas", ""), blank).str.strip().str.lower()
        unit = unit.where(unit.ne(""), (said[1] or "t").lower())
        parts.append(
            pd.DataFrame(
                {
                    "material": rows.get(names.get("commodity", ""), blank).str.strip(),
                    "kind": rows.get(names.get("type", ""), blank).str.strip(),
                    "country": rows[names["country"]].str.strip(),
                    "text": rows[column].str.strip(),
                    "is_estimate": bool(said[2]),
                    "unit": unit,
                    "year": int(said[3]),
                    "note": notes.str.strip(),
                    "row": rows.index + 2,
                    "column": column,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _of_long(rows: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return a row a figure from a file with a row a figure."""
    made = rows[names["statistics"]].str.contains("production", case=False) & ~rows[names["country"]].eq("")
    if "section" in names:
        made &= rows[names["section"]].str.contains("world", case=False)
    rows = rows[made]
    blank = pd.Series("", index=rows.index)
    detail = rows.get(names.get("statistics detail", ""), blank)
    return pd.DataFrame(
        {
            "material": rows[names.get("commodity", names["country"])].str.strip(),
            "kind": detail.where(detail.str.strip().ne(""), rows[names["statistics"]]).str.strip(),
            "country": rows[names["country"]].str.strip(),
            "text": rows[names["value"]].str.strip(),
            "is_estimate": rows[names["year"]].str.contains("e", case=False),
            "unit": rows.get(names.get("unit", ""), blank).str.strip().str.lower(),
            "year": pd.to_numeric(rows[names["year"]].str.extract(r"(\d{4})")[0], errors="coerce")
            .fillna(0)
            .astype(int),
            "note": rows.get(names.get("notes", ""), blank).str.strip(),
            "row": rows.index + 2,
            "column": names["value"],
        }
    )


def _one_of(rows: pd.DataFrame, column: str, word: str | None, file: str) -> pd.DataFrame:
    """Return the rows of one material or kind; which one must be said where there are several."""
    known = sorted(set(rows[column]))
    if column == "material" and known == [""] and word is not None:
        if not rows["kind"].str.contains(word, case=False, regex=False).any():
            kinds = "; ".join(sorted(set(rows["kind"])))
            raise DataError(f'{file}: material: the file does not name "{word}"; it has {kinds}. Leave material out.')
        return rows
    hit = known
    if word is not None:
        hit = [one for one in known if one.lower() == word.lower()] or [k for k in known if word.lower() in k.lower()]
        hit = hit if len(hit) == 1 else [k for k in hit if "rounded" not in k.lower()]
        if column == "kind" and known == [""]:
            hit = known
    # the world's total may bear a type of its own
    if len({_bare(one) for one in hit}) > 1 or not hit:
        said = f'"{word}" is {"several" if hit else "none"}' if word is not None else "there are several"
        near = checks.near(word or "", known)
        raise DataError(f"{file}: {column}: {said}.{near} It has: {'; '.join((hit or known)[:40])}. Give {column}=.")
    return rows[rows[column].isin(hit)]


def _bare(kind: str) -> str:
    return re.sub(r"\s*\(?rounded\)?", "", kind.lower()).strip(" ,")


def _figures(rows: pd.DataFrame, file: str, places: Places) -> pd.DataFrame:
    out, faults = [], []
    for row in rows.to_dict("records"):
        unit = next((size for word, size in _UNITS.items() if row["unit"] == word), None)
        if unit is None:
            hits = [size for word, size in _UNITS.items() if len(word) > 2 and row["unit"].startswith(word)]
            unit = hits[0] if hits else None
        figure = figure_of(row["text"], row["is_estimate"], unit or 1.0)
        if unit is None or figure is None:
            value, rule = (row["unit"], "is no known unit") if unit is None else (row["text"], "is no figure")
            faults.append(Fault(file, int(row["row"]), str(row["column"]), value, rule, "Correct the cell."))
            continue
        country = places.figure_of(row["country"], file, "Country", int(row["row"]))
        out.append((country, figure.value, figure.mark, figure.low, figure.high, row["year"], row["note"]))
    if faults:
        raise DataError(faults=faults)
    places.check()
    table = pd.DataFrame(out, columns=list(COLUMNS))
    return table.sort_values("country", kind="stable").reset_index(drop=True)


def _head_of(head: str) -> str:
    """Return the name here of a head, in any case; a column of units under any of its names."""
    small = head.strip().lower()
    return "unit" if role_of(head)[0] == "unit" else small


def production_of(given: Any, argument: str, places: Places, **choice: Any) -> pd.DataFrame:
    """Return what countries make or use as a table, from a path, a mapping, a Series or a DataFrame.

    Raises
    ------
    DataError
        If it is none of these, a country stands twice, or a figure is negative or no number.
    """
    if isinstance(given, tuple) and len(given) == 2:  # a file and the kind of production in it
        given, choice["kind"] = given
    if isinstance(given, (str, Path)):
        path = Path(given)
        rows = _table(path)
        if {"country", "value"} <= {str(c).strip().lower() for c in rows.columns}:
            given = rows
        else:
            return _production_file(path, places, **choice)
    if isinstance(given, (Mapping, pd.Series)):
        series = pd.Series(given)
        given = pd.DataFrame({"country": series.index, "value": series.to_numpy()})
    if isinstance(given, pd.DataFrame):
        given = given.rename(columns=lambda head: _head_of(str(head)))
    if not isinstance(given, pd.DataFrame) or not {"country", "value"} <= set(given.columns):
        raise DataError(f"{argument}: give country -> tonnes, a table with country and value, or the path of a file.")
    unread = [head for head in given.columns if head not in (*COLUMNS, "unit")]
    if unread:
        warnings.warn(f"{argument}: columns that were not read: {heads(unread)}.", ChainnetWarning, stacklevel=4)
    out, faults = [], []
    for place, row in enumerate(given.to_dict("records")):
        text, unit = str(row["value"]), str(row.get("unit", "t"))
        size = unit_size(unit)
        if size is None:
            rule, remedy = "is no unit of weight that is known for sure", f"Write one of {', '.join(UNITS)}."
            faults.append(Fault(argument, place + 2, "unit", unit, rule, remedy))
            continue
        figure = figure_of(text if text not in ("nan", "None", "<NA>") else "", unit=size)
        if figure is None or figure.value < 0 or figure.value == np.inf:
            faults.append(Fault(argument, place + 2, "value", text, "is no figure, 0 or more", "Correct it."))
            continue
        mark = str(row.get("mark") or figure.mark)
        if mark not in MARKS:
            rule = checks.told("unknown mark", mark, MARKS)
            faults.append(Fault(argument, place + 2, "mark", mark, rule, checks.listed(MARKS)))
        low, high = (size * float(row.get(k, np.nan)) if row.get(k) is not None else np.nan for k in ("low", "high"))
        ends = [figure.low if low != low else low, figure.high if high != high else high]
        country = places.figure_of(row["country"], argument, "country", place + 2)
        out.append((country, figure.value, mark, *ends, row.get("year"), row.get("note")))
    places.check()
    table = pd.DataFrame(out, columns=list(COLUMNS))
    odd = [c for c in table["country"] if not is_country(c) and c != "world" and not c.lower().startswith("other")]
    if odd:
        said = f"{argument}: {', '.join(odd[:5])}: no country; it counts only where the trade has the same name."
        warnings.warn(said, ChainnetWarning, stacklevel=4)
    for country in table["country"][table["country"].duplicated()].unique():
        faults.append(Fault(argument, None, "country", country, "stands twice", "Keep one figure."))
    if faults:
        raise DataError(faults=faults)
    return table
