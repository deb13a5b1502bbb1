"""Tables from outside made clean, before anything is read from them: heads, index levels, kinds of cells, blanks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Bools
from chainnet.errors import UNWRITABLE, DataError
from chainnet.network._schema import LONGEST_NAME, TABLES, Column

# white space around a cell; what no file may hold (form feeds, separators of records) is a fault of its own
BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and not UNWRITABLE.match(c))
# what a cell of text may not hold: several things, or what is no text yet
HEAPS = (list, dict, set, frozenset, bytes, bytearray, np.ndarray, pd.Series, pd.DataFrame)
_TEXT = pd.array([None], dtype="str").dtype


def plain_head(name: object) -> str:
    """Return a head as it is compared: without case, and with one underscore for blanks, hyphens and underscores.

    Examples
    --------
    >>> plain_head(" Main commodity"), plain_head("capacity-TPA")
    ('main_commodity', 'capacity_tpa')
    """
    word = str(name)
    return re.sub(r"[\s_-]+", "_", word.strip()).casefold() if len(word) <= LONGEST_NAME else word


def tidy(table: str, given: object, renamed: Collection[object] = (), heads: bool = True) -> pd.DataFrame:
    """Return a table of any form as columns of plain cells; what its cells say is unchanged.

    Named levels of the index that are columns become columns; a head that differs from a column by case, blanks or
    hyphens alone is that column; categories are the words that they stand for; text has no blanks around it.

    Parameters
    ----------
    table : str
        Its name, such as edges.
    given : DataFrame, Series, or rows and columns that pandas takes for one
    renamed : collection
        Heads that the caller renames, which stay as they are.
    heads : bool
        Whether heads are compared without case; else only as they stand.

    Raises
    ------
    DataError
        If it is no table, or its columns are levels of an index without names.
    """
    frame = _with_levels(table, _frame(table, given), renamed)
    if heads:
        frame = _with_heads(table, frame, renamed)
    cells = [frame.iloc[:, place] for place in range(frame.shape[1])]
    clean = [_plain(column) for column in cells]
    if all(new is old for new, old in zip(clean, cells, strict=True)):
        return frame
    out = pd.DataFrame(dict(enumerate(clean)), frame.index, copy=False)
    return out.set_axis(pd.Index(_names(frame), dtype=object), axis=1)


def too_long(column: Column, cells: pd.Series) -> Bools:
    """Return a boolean array: which cells of a column of text have more characters than any may have."""
    if cells.dtype == object:
        lengths = np.array([len(cell) if isinstance(cell, str) else 0 for cell in cells.tolist()])
    elif pd.api.types.is_string_dtype(cells.dtype):
        lengths = cells.str.len().fillna(0).to_numpy(dtype=float)
    else:
        return np.zeros(len(cells), dtype=bool)
    return np.asarray(lengths > column.longest, dtype=bool)


def is_spoilt(table: str, frame: pd.DataFrame) -> bool:
    """Say whether a table has a column twice, a cell of several things, or text too long to be looked into first."""
    known = {column.name: column for column in TABLES[table].columns if column.kind == "text"}
    names = frame.columns.tolist()
    if any(len(str(name)) > LONGEST_NAME for name in names) or len({*names} & known.keys()) < sum(
        n in known for n in names
    ):
        return True
    texts = [(known[name], frame.iloc[:, place]) for place, name in enumerate(names) if name in known]
    heaps = (any(isinstance(cell, HEAPS) for cell in cells.tolist()) for _, cells in texts if cells.dtype == object)
    return any(too_long(*each).any() for each in texts) or any(heaps)


def own_names(
    items: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], kind: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return nodes or edges of a graph as rows that bear their own names, and what is to be said of others.

    Parameters
    ----------
    items : sequence of (mapping, mapping)
        Names as the graph has them (id, or source and target), and attributes, of which none may stand in their place.
    kind : str
        nodes or edges.
    """
    rows = [{**own, **given, **own} for own, given in items]
    other = [name for own, given in items for name in own if name in given and str(given[name]) != str(own[name])]
    if not other:
        return rows, []
    names, what = ", ".join(f'"{name}"' for name in dict.fromkeys(other)), kind if len(other) > 1 else kind[:-1]
    said = f"{names} among the attributes of {len(other)} {what} left out"
    return rows, [f"{said}, being other than the graph's own names, which count."]


def _frame(table: str, given: object) -> pd.DataFrame:
    if isinstance(given, pd.DataFrame):
        return given
    if isinstance(given, pd.Series):
        return given.to_frame(table if given.name is None else given.name)
    if isinstance(given, (Mapping, Sequence)) and not isinstance(given, (str, bytes)):
        try:
            return _made(given)
        except (TypeError, ValueError) as error:
            raise DataError(f"{table}: is no table: {error}. Give a pandas DataFrame.") from None
    raise DataError(f"{table}: a {type(given).__name__} is no table. Give a pandas DataFrame.")


def _made(given: Any) -> pd.DataFrame:
    try:
        return pd.DataFrame(given)
    except UnicodeEncodeError:  # half a character: the gate names the cell
        return pd.DataFrame(given, dtype=object)


def _names(frame: pd.DataFrame) -> list[Any]:
    """Return the heads; of several levels of them those that say anything."""
    if not isinstance(frame.columns, pd.MultiIndex):
        return frame.columns.tolist()
    words = [[str(part) for part in name if str(part).strip() and not pd.isna(part)] for name in frame.columns]
    return [part[0] if len(part) == 1 else name for part, name in zip(words, frame.columns, strict=True)]


def _with_levels(table: str, frame: pd.DataFrame, renamed: Collection[object]) -> pd.DataFrame:
    """Return a table whose columns are no levels of its index."""
    known, present = TABLES[table].names, {plain_head(name) for name in frame.columns}
    levels = [
        place
        for place, name in enumerate(frame.index.names)
        if name is not None and (name in renamed or plain_head(name) in known) and plain_head(name) not in present
    ]
    if levels:
        return frame.reset_index(level=levels)
    needed = [c.name for c in TABLES[table].columns if c.required and c.name not in present]
    if isinstance(frame.index, pd.MultiIndex) and len(needed) > 1 and len(needed) <= frame.index.nlevels:
        said = " and ".join(needed)
        remedy = f"Name the levels and call reset_index(): frame.rename_axis({needed}).reset_index()"
        raise DataError(f"{table}: {said} are index levels, or missing. {remedy}.")
    return frame


def _with_heads(table: str, frame: pd.DataFrame, renamed: Collection[object]) -> pd.DataFrame:
    """Return a table in which a head that can only be one column has its name."""
    names, known = _names(frame), TABLES[table].names
    plain = [plain_head(name) for name in names]
    new = [
        word if name not in known and name not in renamed and word in known and plain.count(word) == 1 else name
        for name, word in zip(names, plain, strict=True)
    ]
    return frame if new == frame.columns.tolist() else frame.set_axis(pd.Index(new, dtype=object), axis=1)


def _plain(cells: pd.Series) -> pd.Series:
    """Return a column of plain cells: the column itself where it is plain already."""
    dtype = cells.dtype
    if isinstance(dtype, (pd.CategoricalDtype, pd.SparseDtype)) or _is_odd(dtype):
        cells = pd.Series(cells.astype(object).tolist(), cells.index, dtype=object, name=cells.name)
    if cells.dtype == _TEXT:
        bare = cells.str.strip(BLANKS)
        return cells if bare.equals(cells) else bare
    if cells.dtype == object or pd.api.types.is_string_dtype(cells.dtype):
        held = cells.tolist()
        bare_cells = [cell.strip(BLANKS) if isinstance(cell, str) else cell for cell in held]
        if any(new is not old for new, old in zip(bare_cells, held, strict=True)):
            return pd.Series(bare_cells, cells.index, dtype=object, name=cells.name)
    return cells


def _is_odd(dtype: Any) -> bool:
    """Say whether pandas turns a column of this kind into other numbers, or into none."""
    if isinstance(dtype, pd.ArrowDtype):
        kind = str(dtype.pyarrow_dtype)
        return kind.startswith(("decimal", "dictionary", "list", "large_list", "struct", "map", "binary", "null"))
    return getattr(dtype, "kind", "") == "c"
