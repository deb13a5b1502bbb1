"""A table as a Parquet file: columns of text and numbers, read whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from chainnet.errors import DataError
from chainnet.io.text import refuse

__all__ = ["arrow", "parquet_frame"]

_MOST_ROWS = 20_000_000
_MOST_BYTES = 2 * 2**30


def parquet_frame(path: Path, file: str, needs_rows: bool = True) -> pd.DataFrame:
    """Read the table of a Parquet file.

    Parameters
    ----------
    path : Path
    file : str
        How the faults call it.
    needs_rows : bool
        Whether a table without rows is refused.

    Raises
    ------
    DataError
        If pyarrow is not installed, or the file holds anything else, too much or nothing.
    """
    pa, parquet = arrow()
    if not path.is_file():
        raise refuse(file, "is not a regular file", "Give a file.")
    try:
        with parquet.ParquetFile(path) as source:
            _guard(source, file)
            _check_types(pa, source.schema_arrow, file)
            # handed on piece by piece: what pandas has, Arrow need not keep
            frame: pd.DataFrame = source.read().to_pandas(self_destruct=True, split_blocks=True)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise refuse(file, f"not a Parquet file that can be read: {first}", "Write it again.") from None
    if needs_rows and frame.empty:
        raise refuse(file, "the table has no rows", "Add them; it must have some.")
    if not frame.columns.is_unique:
        raise refuse(file, "a column stands twice", "Keep one of them.")
    return frame


def arrow() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet module.

    Raises
    ------
    DataError
        If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise DataError("Parquet needs pyarrow; install it with: pip install chainnet[data]") from error
    return pa, parquet


def _guard(source: Any, file: str) -> None:
    """Refuse a file that unpacks to more than a laptop holds, before it is unpacked."""
    meta = source.metadata
    size = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    if meta.num_rows > _MOST_ROWS or size > _MOST_BYTES:
        rule = f"holds {meta.num_rows} rows in {size} bytes; at most {_MOST_ROWS} rows in {_MOST_BYTES} bytes"
        raise refuse(file, rule, "Split it.")


def _check_types(pa: Any, schema: Any, file: str) -> None:
    is_ = pa.types
    for column in schema:
        kind = column.type.value_type if is_.is_dictionary(column.type) else column.type
        plain = (is_.is_string, is_.is_large_string, is_.is_string_view, is_.is_integer, is_.is_floating, is_.is_null)
        if not any(test(kind) for test in plain):
            rule = f"the column holds {column.type}"
            raise refuse(file, rule, "Write it as text or numbers.", column=column.name)
