"""Customs statistics as they are downloaded: BACI, UN Comtrade (both forms), or a plain table; in one pass.

A file is read in pieces, and of each piece only the rows of the products asked for are kept, so that its size does
not matter. Nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from chainnet._types import Bools
from chainnet.calibration.trade._rows import heads, text_pieces
from chainnet.errors import DataError, Fault
from chainnet.io import Excerpt, encoding_of, excerpt
from chainnet.network import as_numbers

_PIECE = 1_000_000  # rows
_SAMPLE = 1 << 20  # bytes that say in which encoding a file is
_HEAD = 1 << 16  # bytes of a header; no real one is longer
_MOST_RATIO = 100  # unpacked to packed; statistics pack some ten to one
_BLOCK = 1 << 22  # bytes of a piece that pyarrow reads
_KINDS = {"t": "tonnes", "reported_export": "tonnes", "reported_import": "tonnes", "usd": "number"}
AS_IT_IS = Excerpt()
_YEAR_IN_NAME = re.compile(r"_Y(\d{4})_")


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
            "Year": "year", "Trade Flow": "flow", "Reporter Code": "reporter_code", "Reporter ISO": "reporter",
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

Keep = Callable[[pd.DataFrame], Bools]


def layout_of(columns: Iterable[str], file: str) -> Layout:
    """Return the form of a table by its columns.

    Raises
    ------
    DataError
        If it is none that is known.
    """
    names = [str(c).strip().lstrip("\ufeff") for c in columns]
    for layout in LAYOUTS:
        if layout.needs <= set(names):
            return layout
    hint = " It looks as if semicolons part its cells; write it with commas." if ";" in "".join(names) else ""
    raise DataError(
        f"{file}: is no trade table that is known; its columns are {heads(names)}.{hint} Known: BACI "
        "(t, i, j, k, v, q), UN Comtrade as downloaded (flowCode, cmdCode, netWgt, primaryValue, ...), or a table with "
        "exporter, importer, code and t, or reported_export and reported_import; or with reporter, partner, flow, code "
        "and t. chainnet look FILE says which options read another table."
    )


def rows_of(
    trade: Any, codes: Iterable[str], year: int | None, how: Excerpt = AS_IT_IS
) -> Iterator[tuple[Layout, pd.DataFrame, str]]:
    """Yield the rows of the products asked for, a piece at a time: their form, the rows, and the file.

    Parameters
    ----------
    trade : DataFrame, path, or list of these
        A path may be a CSV, a Parquet file, a zip of CSVs, or a folder of all these.
    codes : iterable of str
        Beginnings of product codes.
    year : int, optional
        Rows of other years are left out.
    how : Excerpt
        Where in a file the table stands, and under which names.
    """
    codes = sorted(set(codes))
    if isinstance(trade, pd.DataFrame):
        if replace(how, decimal=None).is_asked:
            raise DataError("trade: sheet, header, rename and the like say how a file is read; a table is given.")
        layout = layout_of(trade.columns, "trade")
        yield layout, _pointed(_chosen(_named(trade, layout), layout, codes, year), how.decimal), "trade"
        return
    for path in [trade] if isinstance(trade, (str, Path)) else list(trade):
        if isinstance(path, pd.DataFrame):
            yield from rows_of(path, codes, year, how)
        else:
            yield from _of_path(Path(path), codes, year, how)


def _pointed(rows: pd.DataFrame, decimal: str | None) -> pd.DataFrame:
    """Return rows of a table in Python whose weights and values are numbers, by the one rule for decimal marks."""
    for column in (c for c in (*_KINDS, "kg", "kusd") if c in rows.columns):
        if not pd.api.types.is_numeric_dtype(rows[column].dtype):
            cells, open_cell = as_numbers(rows[column], decimal)
            if open_cell is not None:
                row, *words = open_cell
                raise DataError(faults=[Fault("trade", row + 2, column, *words)])
            rows = rows.assign(**{column: cells})
    return rows


def _of_path(
    path: Path, codes: list[str], year: int | None, how: Excerpt
) -> Iterator[tuple[Layout, pd.DataFrame, str]]:
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in (".csv", ".parquet", ".zip", ".xlsx"))
        found = [p for p in inside if not re.match(r"(country|product)_codes", p.name)]
        if not found:
            raise DataError(f"{path}: no CSV, Parquet, zip file or workbook lies in this folder.")
        for file in found:
            if not _other_year(file.name, year):
                yield from _of_path(file, codes, year, how)
        return
    if not path.is_file():
        raise DataError(f"trade: there is no file {path}. Give the path of a file as it was downloaded.")
    if how.is_asked or path.suffix.lower() in (".xlsx", ".tsv"):
        table = excerpt(path, how, lambda name: _KINDS.get(name, "text"))
        frame = pd.DataFrame(table.rows, columns=table.header)
        layout = layout_of(frame.columns, path.name)
        yield layout, _chosen(_named(frame, layout), layout, codes, year), path.name
    elif path.suffix.lower() == ".parquet":
        yield from _of_parquet(path, codes, year)
    elif path.suffix.lower() == ".zip":
        yield from _of_zip(path, codes, year)
    else:
        with path.open("rb") as handle:
            yield from _of_csv(handle, path.name, codes, year)


def _other_year(name: str, year: int | None) -> bool:
    said = _YEAR_IN_NAME.search(name)
    return said is not None and year is not None and int(said[1]) != year


def _of_zip(path: Path, codes: list[str], year: int | None) -> Iterator[tuple[Layout, pd.DataFrame, str]]:
    try:
        with zipfile.ZipFile(path) as book:
            names = [n for n in book.namelist() if n.lower().endswith(".csv")]
            names = [n for n in names if not re.match(r"(.*/)?(country|product)_codes", n)]
            if not names:
                raise DataError(f"{path.name}: no CSV of trade is in this zip file.")
            for name in names:
                if not _other_year(name, year):
                    _check_ratio(book.getinfo(name), path.name)
                    with book.open(name) as handle:
                        yield from _of_csv(handle, f"{path.name}!{name}", codes, year)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as err:
        raise DataError(f"{path.name}: is no zip file that can be read: {err}. Unpack it and give the CSV.") from None


def _check_ratio(part: zipfile.ZipInfo, file: str) -> None:
    if part.file_size > _MOST_RATIO * max(part.compress_size, 1):
        rule = f"unpacks to {part.file_size} bytes from {part.compress_size}; at most {_MOST_RATIO} times are taken"
        raise DataError(f"{file}!{part.filename}: {rule}. Unpack it yourself and give the CSV.")


def _of_parquet(path: Path, codes: list[str], year: int | None) -> Iterator[tuple[Layout, pd.DataFrame, str]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise DataError(f"{path.name}: Parquet needs the extra: pip install '.[data]' in the checkout.") from None
    try:
        book = pq.ParquetFile(path)
        layout = layout_of(book.schema_arrow.names, path.name)
        wanted = [c for c in layout.columns if c in book.schema_arrow.names]
        for piece in book.iter_batches(_PIECE, columns=wanted):
            kept = piece.filter(_hits(piece, codes, year)) if layout.is_coded else piece
            yield layout, _chosen(_named(kept.to_pandas(ignore_metadata=True), layout), layout, codes, year), path.name
    except (pa.ArrowException, OSError, UnicodeError) as err:
        raise DataError(f"{path.name}: cannot be read as Parquet: {str(err).strip()[:200]}.") from None


def _of_csv(
    handle: IO[bytes], file: str, codes: list[str], year: int | None
) -> Iterator[tuple[Layout, pd.DataFrame, str]]:
    head = handle.readline(_HEAD)
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    if "\x00" in text:
        raise DataError(
            f"{file}: is no plain text. Name the row of its heads, header=1 (--header 1): UTF-16 is read so."
        )
    columns = [name.strip().strip('"') for name in text.strip().split(",")]
    layout = layout_of(columns, file)
    if layout.is_coded:
        yield from _of_plain_csv(handle, columns, layout, file, codes, year)
        return
    handle.seek(0)
    found = encoding_of(handle.read(_SAMPLE))[0]
    # codes are text: 0101 is not 101; a letter of another encoding may stand far below
    for encoding in dict.fromkeys(("utf-8-sig" if found == "utf-8" else found, "utf-8-sig", "latin-1")):
        handle.seek(0)
        decoded = io.TextIOWrapper(handle, encoding, newline="")
        try:
            pieces = [_chosen(_named(piece, layout), layout, codes, year) for piece in text_pieces(decoded, file)]
        except UnicodeDecodeError:
            continue
        finally:
            decoded.detach()  # or the file would be shut with it
        for piece in pieces:
            yield layout, piece, file
        return


def _of_plain_csv(
    handle: IO[bytes], columns: list[str], layout: Layout, file: str, codes: list[str], year: int | None
) -> Iterator[tuple[Layout, pd.DataFrame, str]]:
    """Read a CSV of numbers alone, by pyarrow where it is there."""
    start = handle.tell()
    try:
        for piece in _arrow_pieces(handle, columns, codes, year):
            yield layout, _chosen(_named(piece, layout), layout, codes, year), file
        return
    except ImportError:
        handle.seek(start)
    except ValueError:  # padded cells, as in older editions: pandas takes them
        handle.seek(start)
    missing = ["", "NA"]
    try:
        for piece in pd.read_csv(
            handle, names=columns, header=None, chunksize=_PIECE, skipinitialspace=True, na_values=missing,
            usecols=list(layout.columns), dtype=dict.fromkeys(layout.columns, "float64"), index_col=False,
        ):  # fmt: skip
            yield layout, _chosen(_named(piece, layout), layout, codes, year), file
    except ValueError as err:
        raise DataError(f"{file}: a cell is no number: {err}. Correct it; product codes are figures.") from None


def _arrow_pieces(handle: IO[bytes], columns: list[str], codes: list[str], year: int | None) -> Iterator[pd.DataFrame]:
    import pyarrow as pa
    from pyarrow import csv

    types = {"t": pa.int32(), "i": pa.int32(), "j": pa.int32(), "k": pa.int32(), "v": pa.float64(), "q": pa.float64()}
    reader = csv.open_csv(
        handle,
        read_options=csv.ReadOptions(column_names=columns, block_size=_BLOCK),
        convert_options=csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=["", "NA"], strings_can_be_null=True
        ),
    )
    yield pd.DataFrame(columns=columns)  # so that a file without any hit is known to have been read
    for piece in reader:
        kept = piece.filter(_hits(piece, codes, year))
        if kept.num_rows:
            yield kept.to_pandas()


def _hits(piece: Any, codes: list[str], year: int | None) -> Any:
    """Return which rows of a piece of numbers are of the products and the year asked for."""
    import pyarrow.compute as pc

    hit = None
    for low, high in map(_range_of, codes):
        here = pc.and_(pc.greater_equal(piece["k"], low), pc.less(piece["k"], high))
        hit = here if hit is None else pc.or_(hit, here)
    return hit if year is None else pc.and_(hit, pc.equal(piece["t"], year))


def _range_of(code: str) -> tuple[int, int]:
    """Return the numbers of six figures that begin with a code, which may itself begin with 0."""
    size = 10 ** (6 - len(code))
    return int(code) * size, (int(code) + 1) * size


def _named(piece: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return the columns of a form under the names used here."""
    piece = piece.rename(columns=lambda name: str(name).strip().lstrip("\ufeff"))
    return piece[[c for c in layout.columns if c in piece.columns]].rename(columns=dict(layout.columns))


def _chosen(rows: pd.DataFrame, layout: Layout, codes: list[str], year: int | None) -> pd.DataFrame:
    """Return the rows of the products and the year; codes as text."""
    if "code" not in rows.columns:
        rows = rows.assign(code=codes[0]) if len(codes) == 1 else rows.assign(code="")
    elif layout.is_coded:
        number = pd.to_numeric(rows["code"], errors="coerce")
        rows = rows.assign(code=number.fillna(0).astype("int64").astype("str").str.zfill(6))
    else:
        rows = rows.assign(code=rows["code"].astype("str").str.strip().str.removesuffix(".0"))
    hit = np.zeros(len(rows), dtype=bool)
    for code in codes:
        hit |= rows["code"].str.startswith(code).to_numpy(dtype=bool)
    rows = rows[hit]
    if year is not None and "year" in rows.columns:
        rows = rows[pd.to_numeric(rows["year"], errors="coerce").eq(year)]
    return rows.reset_index(drop=True)
