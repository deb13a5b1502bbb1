"""Long columns of text as distinct words and codes: what is asked of each cell is asked of each word once.

No Python object is made of a cell. Where pandas keeps text in Arrow, Arrow finds the words; else pandas does.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

# rows from which a table is long: below, plain pandas is as quick and simpler
MANY = 20_000
_PIECE = 65_536
# numbers that every reader of text reads alike
_PLAIN = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"

Codes = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of text.

    Attributes
    ----------
    codes : int array, one entry per cell
        Place in ``words``; -1 where the cell is missing.
    words : pandas text array
        Distinct words, each of which stands in some cell.
    is_ranked : bool
        Whether the words rise, so that codes are ranks.
    """

    codes: Codes
    words: Any
    is_ranked: bool = False

    def cells(self, order: Any = None) -> Any:
        """Return the column itself as a text array, its rows in an order."""
        codes = self.codes if order is None else self.codes[order]
        return self.words.take(codes, allow_fill=True)

    def rows_of(self, words: set[str]) -> np.ndarray:
        """Return a boolean array: which cells are among ``words``."""
        hit = np.zeros(len(self.words) + 1, dtype=bool)  # the last is that of missing cells
        hit[:-1] = pd.Series(self.words).isin(list(words)).to_numpy()
        return np.asarray(hit[self.codes])

    def without(self, lost: np.ndarray) -> Coded:
        """Return the column with the cells missing whose word is ``lost``."""
        kept = np.flatnonzero(~lost)
        anew = np.full(len(self.words) + 1, -1, dtype=np.int32)
        anew[kept] = np.arange(len(kept), dtype=np.int32)
        return Coded(anew[self.codes], self.words.take(kept), self.is_ranked)

    def ranked(self) -> Coded:
        """Return the same with rising words."""
        if self.is_ranked:
            return self
        order = np.asarray(self.words.argsort())
        rank = np.full(len(order) + 1, -1, dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return Coded(rank[self.codes], self.words.take(order), True)


def is_long(rows: Sized) -> bool:
    """Say whether a table or column has so many rows that it is looked at column by column."""
    return len(rows) >= MANY


def encode(cells: pd.Series) -> Coded | None:
    """Return a column as codes; None where its cells are no plain text, nor whole numbers of one kind.

    Whole numbers become the text of their digits.
    """
    dtype = cells.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        named = _plain_text(pd.Series(dtype.categories))
        return None if named is None else _used(Coded(np.asarray(cells.cat.codes, dtype=np.int32), named.array))
    if isinstance(dtype, np.dtype) and dtype.kind in "iu":
        rows, numbers = pd.factorize(cells.to_numpy())
        return Coded(np.asarray(rows, dtype=np.int32), pd.array(list(map(str, numbers.tolist())), dtype="str"))
    held = _plain_text(cells)
    if held is None:
        return None
    arrow = _as_arrow(held.array)
    if arrow is None:
        rows, words = pd.factorize(held.array)
        return Coded(np.asarray(rows, dtype=np.int32), words)
    return _by_arrow(arrow, held.dtype)


def _plain_text(cells: pd.Series) -> pd.Series | None:
    if cells.dtype == object:
        if pd.api.types.infer_dtype(cells, skipna=True) not in ("string", "empty"):
            return None
    elif not pd.api.types.is_string_dtype(cells.dtype):
        return None
    try:
        return cells.astype("str")
    except UnicodeEncodeError:  # half a character, which other kinds of text can hold
        return None


def _used(coded: Coded) -> Coded:
    counts = np.bincount(coded.codes + 1, minlength=len(coded.words) + 1)[1:]
    return coded if counts.all() else coded.without(counts == 0)


def _by_arrow(arrow: Any, dtype: Any) -> Coded:
    import pyarrow as pa

    chunks = arrow.dictionary_encode().chunks
    if not chunks:
        return Coded(np.empty(0, dtype=np.int32), pd.array([], dtype="str"))
    codes = [chunk.indices.fill_null(-1).cast(pa.int32()).to_numpy(zero_copy_only=False) for chunk in chunks]
    return Coded(np.concatenate(codes), dtype.__from_arrow__(chunks[-1].dictionary))


def _as_arrow(texts: Any) -> Any:
    """Return a text array as Arrow has it, or None where pandas keeps it otherwise."""
    if getattr(texts.dtype, "storage", "") != "pyarrow":
        return None
    import pyarrow as pa

    held = pa.array(texts)
    return (held if isinstance(held, pa.ChunkedArray) else pa.chunked_array([held])).cast(pa.large_string())


def places(words: Any, ids: pd.Series) -> np.ndarray:
    """Return the first row of each word in ``ids``; -1 where none has it."""
    own, theirs = _as_arrow(words), _as_arrow(ids.array)
    if own is None or theirs is None:
        rows = np.flatnonzero(~ids.duplicated().to_numpy())  # an id that stands twice is told of elsewhere
        index = pd.Index(ids.to_numpy(dtype=object)[rows])
        found = index.get_indexer(pd.array(words).to_numpy(dtype=object))
        return np.asarray(np.append(rows, -1)[found], dtype=np.int64)
    import pyarrow as pa
    from pyarrow import compute

    found = compute.index_in(own, value_set=theirs.combine_chunks(), skip_nulls=True)
    return np.asarray(found.fill_null(-1).cast(pa.int64()).to_numpy())


def joined(cells: pd.Series) -> Any:
    """Return the texts of a column one after the other as bytes, a unit separator between two; None without any."""
    arrow = _as_arrow(cells.array) if is_long(cells) else None
    if arrow is None:
        texts = [text if isinstance(text, str) else None for text in cells.tolist()]
        known = [text or "" for text in texts]
        return None if texts.count(None) == len(texts) else "\x1f".join(known).encode("utf-8", "surrogatepass")
    if arrow.null_count == len(arrow):
        return None
    import pyarrow as pa
    from pyarrow import compute

    none, mark = (pa.scalar(text, pa.large_string()) for text in ("", "\x1f"))
    marked = compute.binary_join_element_wise(compute.fill_null(arrow.combine_chunks(), none), none, mark)
    ends = np.frombuffer(marked.buffers()[1], dtype=np.int64)[marked.offset :][: len(marked) + 1]
    return memoryview(marked.buffers()[2])[ends[0] : ends[-1] - 1]


def counted_order(columns: Sequence[Coded]) -> np.ndarray:
    """Return the order of rows by ranked columns, the first first, missing cells last; equal rows as they stand.

    Each column costs one pass: a transposed sparse matrix is a counting sort.
    """
    n = len(columns[0].codes)
    order: np.ndarray | None = None
    for column in reversed(columns):
        size = len(column.words)
        if not size:
            continue
        rank = np.where(column.codes < 0, np.int32(size), column.codes)
        rank = rank if order is None else rank[order]
        row = csr_array((np.ones(n, dtype=np.int8), rank, np.arange(n + 1, dtype=np.int32)), shape=(n, size + 1))
        step = row.tocsc().indices
        order = step if order is None else order[step]
    return np.arange(n, dtype=np.int32) if order is None else order


def blank_numbers(length: int) -> np.ndarray:
    """Return a column of missing numbers; a long one is one number, seen many times, and cannot be written to."""
    return np.full(length, np.nan) if not is_long(range(length)) else np.broadcast_to(np.float64(np.nan), (length,))


def blank_texts(length: int) -> Any:
    """Return a column of missing texts; a long one is one piece, taken many times."""
    if not is_long(range(length)):
        return _missing(1).take(np.zeros(length, dtype=np.int64))
    pieces, left = divmod(length, _PIECE)
    parts = [pd.Series(_missing(_PIECE))] * pieces + ([pd.Series(_missing(left))] if left else [])
    return pd.concat(parts, ignore_index=True).array


@cache
def _missing(length: int) -> Any:
    return pd.array([None] * length, dtype="str")


def plain_numbers(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return a column as numbers, and the rows whose cells must be looked at one by one.

    Missing and blank cells are NaN; the rows to be looked at are so until then.
    """
    values = np.full(len(cells), np.nan)
    nowhere = np.empty(0, dtype=np.int64)
    if cells.dtype == object:
        if pd.api.types.infer_dtype(cells, skipna=True) in ("floating", "integer", "mixed-integer-float", "empty"):
            try:
                return cells.to_numpy(dtype="float64"), nowhere
            except (OverflowError, TypeError, ValueError):  # numbers beyond the largest, marks for missing cells
                pass
    elif is_long(cells) and pd.api.types.is_string_dtype(cells.dtype):
        arrow = _as_arrow(cells.array)
        if arrow is not None:
            return _read_numbers(arrow.combine_chunks(), values)
    return values, np.arange(len(cells))


def _read_numbers(texts: Any, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import pyarrow as pa
    from pyarrow import compute

    texts = compute.fill_null(compute.utf8_trim_whitespace(texts), "")
    is_plain = compute.match_substring_regex(texts, _PLAIN)
    try:
        read = compute.cast(texts.filter(is_plain), pa.float64())
    except pa.ArrowInvalid:  # one of them is larger than any
        return values, np.arange(len(values))
    plain = is_plain.to_numpy(zero_copy_only=False)
    values[plain] = read.to_numpy(zero_copy_only=False)
    blank = compute.equal(texts, "").to_numpy(zero_copy_only=False)
    return values, np.flatnonzero(~plain & ~blank | np.isinf(values))
