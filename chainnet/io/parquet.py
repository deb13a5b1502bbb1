"""A table as a Parquet file: columns of text and numbers, read whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from chainnet.errors import DataError
from chainnet.io import sizes
from chainnet.io.sizes import exceeds, too_large
from chainnet.io.text import refuse

_INDEX = re.compile(r"__index_level_\d+__")  # an index without a name, as pandas writes it


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
            # handed on piece by piece: what pandas has, Arrow need not keep; what pandas noted beside it is not read
            held = source.read()
            held = held.drop_columns([name for name in held.column_names if _INDEX.fullmatch(name)])
            frame: pd.DataFrame = held.to_pandas(self_destruct=True, split_blocks=True, ignore_metadata=True)
    except (pa.ArrowException, OSError, UnicodeError) as error:
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
        raise DataError("Parquet needs pyarrow; install it with: pip install '.[data]' in the checkout") from error
    return pa, parquet


def _guard(source: Any, file: str) -> None:
    """Refuse a file that unpacks to more than a laptop holds, before it is unpacked."""
    meta = source.metadata
    size = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    most_rows, most_bytes = sizes.MOST_PARQUET_ROWS, sizes.MOST_PARQUET_BYTES
    if exceeds(meta.num_rows, most_rows) or exceeds(size, most_bytes):
        rule = f"holds {meta.num_rows} rows in {size} bytes; at most {most_rows} rows in {most_bytes} bytes"
        raise too_large(file, rule, "Split it")


def _check_types(pa: Any, schema: Any, file: str) -> None:
    is_ = pa.types
    for column in schema:
        kind = column.type.value_type if is_.is_dictionary(column.type) else column.type
        plain = (is_.is_string, is_.is_large_string, is_.is_string_view, is_.is_integer, is_.is_floating, is_.is_null)
        if not any(test(kind) for test in plain):
            rule = f"the column holds {column.type}"
            raise refuse(file, rule, "Write it as text or numbers.", column=column.name)
