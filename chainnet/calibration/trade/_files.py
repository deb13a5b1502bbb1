"""Customs statistics as they are downloaded: BACI, UN Comtrade (both forms), or a plain table; in one pass.

A file is read in pieces, and of each piece only the rows of the products asked for are kept, so that its size does
not matter. Nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.calibration.trade._heads import WEIGHTS, Heads, bare, dated, heads_of, in_tonnes, named
from chainnet.calibration.trade._ledger import Ledger
from chainnet.calibration.trade._rows import text_pieces
from chainnet.errors import DataError, Fault
from chainnet.io import UNITS, Excerpt, encoding_of, excerpt, unit_of
from chainnet.network import as_numbers

_PIECE = 1_000_000  # rows
_SAMPLE = 1 << 20  # bytes that say in which encoding a file is
_HEAD = 1 << 16  # bytes of a header; no real one is longer
_MOST_RATIO = 100  # unpacked to packed; statistics pack some ten to one
_BLOCK = 1 << 22  # bytes of a piece that pyarrow reads
_KINDS = {"t": "tonnes", "reported_export": "tonnes", "reported_import": "tonnes", "usd": "number"}
_YEAR_IN_NAME = re.compile(r"_Y(\d{4})_")


@dataclass(frozen=True)
class Ask:
    """What is read of a table, and how: products (beginnings of codes), the year, the excerpt; what is counted."""

    codes: tuple[str, ...]
    year: int | None
    how: Excerpt
    ledger: Ledger

    def chosen(self, piece: pd.DataFrame, found: Heads, file: str, *, is_scaled: bool = False) -> pd.DataFrame:
        """Return the rows of the products and the year, under our names, with codes as text and weights in tonnes."""
        self.ledger.unread.setdefault(file, found.unread)
        rows = named(piece, found)
        rows = self._of_products(rows.assign(line=rows.index + 2), found)
        periods: dict[int, set[str]] = {}
        if not found.layout.is_coded:
            rows, periods = dated(rows, file)
        rows = in_tonnes(rows, None if is_scaled else self.how.unit, file)
        if self.year is not None and "year" in rows.columns:
            here = pd.to_numeric(rows["year"], errors="coerce").eq(self.year)
            self.leave_out("other years", int((~here).sum()), tonnes_of(rows[~here]))
            rows = rows[here]
        for when, held in periods.items():
            if self.year in (None, when):
                self.ledger.periods.setdefault(when, set()).update(held)
        return rows.reset_index(drop=True)

    def anew(self) -> Ask:
        """Return the same with nothing counted."""
        return replace(self, ledger=Ledger())

    def leave_out(self, kind: str, rows: int, tonnes: float) -> None:
        """Count rows that were not asked for."""
        notes = {"other years": "rows of other years than year=", "other products": "rows of products not asked for"}
        self.ledger.add(kind, "left out", rows, tonnes, notes[kind], sized=False)

    def _of_products(self, rows: pd.DataFrame, found: Heads) -> pd.DataFrame:
        if "code" not in rows.columns:
            if "goods" in rows.columns and len(rows["goods"].unique()) > 1:
                head = next(head for head, name in found.names.items() if name == "goods")
                said = ", ".join(f'"{word}"' for word in rows["goods"].astype("str").unique()[:3])
                raise DataError(
                    f"{head}: holds several goods, {said}, and no column of their codes. Add a column code."
                )
            return rows.assign(code=self.codes[0] if len(self.codes) == 1 else "")
        if found.layout.is_coded:
            number = pd.to_numeric(rows["code"], errors="coerce")
            codes = number.fillna(0).astype("int64").astype("str").str.zfill(6)
        else:
            codes = rows["code"].astype("str").str.strip().str.removesuffix(".0").str.replace(r"[.\s]", "", regex=True)
        rows = rows.assign(code=codes)
        hit = np.zeros(len(rows), dtype=bool)
        for code in self.codes:
            hit |= rows["code"].str.startswith(code).to_numpy(dtype=bool)
        self.leave_out("other products", int((~hit).sum()), tonnes_of(rows[~hit]))
        return rows[hit]


def tonnes_of(rows: pd.DataFrame) -> float:
    """Return the gross tonnes of rows that nobody asked for; not a number where their unit is not read."""
    if "unit" in rows.columns:
        return float("nan")
    column = next((column for column in (*WEIGHTS, "kg") if column in rows.columns), None)
    if column is None:
        return float("nan")
    return float(pd.to_numeric(rows[column], errors="coerce").sum()) * (0.001 if column == "kg" else 1.0)


def rows_of(
    trade: Any, codes: Iterable[str], year: int | None, how: Excerpt, ledger: Ledger
) -> Iterator[tuple[Heads, pd.DataFrame, str]]:
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
    ledger : Ledger
        Counts what is left out.
    """
    ask = Ask(tuple(sorted(set(codes))), year, how, ledger)
    if isinstance(trade, pd.DataFrame):
        yield _of_frame(trade, ask)
        return
    for path in [trade] if isinstance(trade, (str, Path)) else list(trade):
        if isinstance(path, pd.DataFrame):
            yield _of_frame(path, ask)
        else:
            yield from _of_path(Path(path), ask)


def _of_frame(trade: pd.DataFrame, ask: Ask) -> tuple[Heads, pd.DataFrame, str]:
    how = replace(ask.how, rename={}, unit=None, countries={}, decimal=None)
    if how.is_asked:
        raise DataError("trade: sheet, header, without_rows and the like say how a file is read; a table is given.")
    if ask.how.unit is not None:
        checks.known(ask.how.unit, UNITS, "unit", "unit")
    for old, new in ask.how.rename.items():
        if old not in list(trade.columns):
            raise DataError(f"trade: rename: {checks.unknown(old, map(str, trade.columns), 'column')}")
        said = unit_of(str(old))
        if new in WEIGHTS and ask.how.unit is None and said and said != ("t",):
            rule = f"the head names {' or '.join(said)}, and tonnes are read"
            raise DataError(faults=[Fault("trade", None, str(old), "", rule, f"Give unit= ({said[0]}).")])
    table = trade.rename(columns=dict(ask.how.rename)).reset_index(drop=True)
    found = heads_of(table.columns, "trade", ask.year)
    table = _pointed(table, found, ask.how.decimal)
    return found, ask.chosen(table, found, "trade"), "trade"


def _pointed(table: pd.DataFrame, found: Heads, decimal: str | None) -> pd.DataFrame:
    """Return a table in Python whose weights and values are numbers, by the one rule for decimal marks."""
    for column in [name for name, meant in found.names.items() if meant in (*WEIGHTS, "kg", "kusd")]:
        if not pd.api.types.is_numeric_dtype(table[column].dtype):
            cells, open_cell = as_numbers(table[column], decimal)
            if open_cell is not None:
                row, *words = open_cell
                raise DataError(faults=[Fault("trade", row + 2, str(column), *words)])
            table = table.assign(**{column: cells})
    return table


def _of_path(path: Path, ask: Ask) -> Iterator[tuple[Heads, pd.DataFrame, str]]:
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in (".csv", ".parquet", ".zip", ".xlsx"))
        found = [p for p in inside if not re.match(r"(country|product)_codes", p.name)]
        if not found:
            raise DataError(f"{path}: no CSV, Parquet, zip file or workbook lies in this folder.")
        for file in found:
            if not _other_year(file.name, ask.year):
                yield from _of_path(file, ask)
        return
    if not path.is_file():
        raise DataError(f"trade: there is no file {path}. Give the path of a file as it was downloaded.")
    how = replace(ask.how, countries={})
    if how.is_asked or path.suffix.lower() in (".xlsx", ".tsv"):
        table = excerpt(path, how, lambda name: _KINDS.get(name, _KINDS.get(name.strip().lower(), "text")))
        frame = pd.DataFrame(table.rows, pd.Index(table.lines) - 2, table.header)
        known = heads_of(frame.columns, path.name, ask.year)
        yield known, ask.chosen(frame, known, path.name, is_scaled=True), path.name
    elif path.suffix.lower() == ".parquet":
        yield from _of_parquet(path, ask)
    elif path.suffix.lower() == ".zip":
        yield from _of_zip(path, ask)
    else:
        with path.open("rb") as handle:
            yield from _of_csv(handle, path.name, ask)


def _other_year(name: str, year: int | None) -> bool:
    said = _YEAR_IN_NAME.search(name)
    return said is not None and year is not None and int(said[1]) != year


def _of_zip(path: Path, ask: Ask) -> Iterator[tuple[Heads, pd.DataFrame, str]]:
    try:
        with zipfile.ZipFile(path) as book:
            names = [n for n in book.namelist() if n.lower().endswith(".csv")]
            names = [n for n in names if not re.match(r"(.*/)?(country|product)_codes", n)]
            if not names:
                raise DataError(f"{path.name}: no CSV of trade is in this zip file.")
            for name in names:
                if not _other_year(name, ask.year):
                    _check_ratio(book.getinfo(name), path.name)
                    with book.open(name) as handle:
                        yield from _of_csv(handle, f"{path.name}!{name}", ask)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as err:
        raise DataError(f"{path.name}: is no zip file that can be read: {err}. Unpack it and give the CSV.") from None


def _check_ratio(part: zipfile.ZipInfo, file: str) -> None:
    if part.file_size > _MOST_RATIO * max(part.compress_size, 1):
        rule = f"unpacks to {part.file_size} bytes from {part.compress_size}; at most {_MOST_RATIO} times are taken"
        raise DataError(f"{file}!{part.filename}: {rule}. Unpack it yourself and give the CSV.")


def _of_parquet(path: Path, ask: Ask) -> Iterator[tuple[Heads, pd.DataFrame, str]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise DataError(f"{path.name}: Parquet needs the extra: pip install '.[data]' in the checkout.") from None
    try:
        book = pq.ParquetFile(path)
        columns = book.schema_arrow.names
        found = heads_of(columns, path.name, ask.year)
        wanted = [c for c in columns if bare(c) in found.names]
        for piece in book.iter_batches(_PIECE, columns=wanted):
            kept = piece
            if found.layout.is_coded:
                kept = _hits(piece.rename_columns([bare(c).lower() for c in piece.schema.names]), ask)
            yield found, ask.chosen(kept.to_pandas(ignore_metadata=True), _lower(found), path.name), path.name
    except (pa.ArrowException, OSError, UnicodeError) as err:
        raise DataError(f"{path.name}: cannot be read as Parquet: {str(err).strip()[:200]}.") from None


def _lower(found: Heads) -> Heads:
    """Return the heads of a table of numbers as its fast readers write them."""
    return replace(found, names={h.lower(): n for h, n in found.names.items()}) if found.layout.is_coded else found


def _of_csv(handle: IO[bytes], file: str, ask: Ask) -> Iterator[tuple[Heads, pd.DataFrame, str]]:
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
    found = heads_of(columns, file, ask.year)
    if found.layout.is_coded and "unit" not in found.names.values():
        yield from _of_plain_csv(handle, [name.lower() for name in columns], _lower(found), file, ask)
        return
    handle.seek(0)
    first = encoding_of(handle.read(_SAMPLE))[0]
    # codes are text: 0101 is not 101; a letter of another encoding may stand far below
    for encoding in dict.fromkeys(("utf-8-sig" if first == "utf-8" else first, "utf-8-sig", "latin-1")):
        handle.seek(0)
        decoded = io.TextIOWrapper(handle, encoding, newline="")
        trial = ask.anew()
        try:
            pieces = [trial.chosen(piece, found, file) for piece in text_pieces(decoded, file)]
        except UnicodeDecodeError:
            continue
        finally:
            decoded.detach()  # or the file would be shut with it
        ask.ledger.take(trial.ledger)
        for piece in pieces:
            yield found, piece, file
        return


def _of_plain_csv(
    handle: IO[bytes], columns: list[str], found: Heads, file: str, ask: Ask
) -> Iterator[tuple[Heads, pd.DataFrame, str]]:
    """Read a CSV of numbers alone, by pyarrow where it is there."""
    start = handle.tell()
    wanted = list(found.names)
    trial = ask.anew()
    try:
        # all before any is yielded: a cell far down that this reader does not take makes the other begin again
        pieces = [trial.chosen(piece, found, file) for piece in _arrow_pieces(handle, columns, trial)]
    except (ImportError, ValueError):  # padded cells, as in older editions: pandas takes them
        handle.seek(start)
    else:
        ask.ledger.take(trial.ledger)
        for piece in pieces:
            yield found, piece, file
        return
    missing = ["", "NA"]
    try:
        for piece in pd.read_csv(
            handle, names=columns, header=None, chunksize=_PIECE, skipinitialspace=True, na_values=missing,
            usecols=wanted, dtype=dict.fromkeys(wanted, "float64"), index_col=False,
        ):  # fmt: skip
            yield found, ask.chosen(piece, found, file), file
    except ValueError as err:
        raise DataError(f"{file}: a cell is no number: {err}. Correct it; product codes are figures.") from None


def _arrow_pieces(handle: IO[bytes], columns: list[str], ask: Ask) -> Iterator[pd.DataFrame]:
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
        kept = _hits(piece, ask)
        if kept.num_rows:
            yield kept.to_pandas()


def _hits(piece: Any, ask: Ask) -> Any:
    """Return the rows of a piece of numbers that are of the products and the year asked for; the rest is counted."""
    import pyarrow.compute as pc

    hit = None
    for low, high in map(_range_of, ask.codes):
        here = pc.and_(pc.greater_equal(piece["k"], low), pc.less(piece["k"], high))
        hit = here if hit is None else pc.or_(hit, here)
    kept = piece.filter(hit)
    _count_less(piece, kept, "other products", ask)
    if ask.year is None:
        return kept
    here = kept.filter(pc.equal(kept["t"], ask.year))
    _count_less(kept, here, "other years", ask)
    return here


def _count_less(before: Any, after: Any, kind: str, ask: Ask) -> None:
    import pyarrow.compute as pc

    tonnes = [float(pc.sum(piece["q"]).as_py() or 0.0) for piece in (before, after)]
    ask.leave_out(kind, before.num_rows - after.num_rows, tonnes[0] - tonnes[1])


def _range_of(code: str) -> tuple[int, int]:
    """Return the numbers of six figures that begin with a code, which may itself begin with 0."""
    size = 10 ** (6 - len(code))
    return int(code) * size, (int(code) + 1) * size
