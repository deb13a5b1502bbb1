"""How large a file may be, so that none from elsewhere fills a laptop; and how its reader lifts that.

All bounds stand here: a file beyond one is refused before it is unpacked or parsed, with what to do. ``read`` lifts
them for a file that its reader knows. What is no matter of size (entities, links out of a folder) is never lifted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chainnet.errors import DataError, Fault

MOST_BYTES = 64 * 2**20  # of a text file, of a workbook, of each part of it unpacked
MOST_UNPACKED = 256 * 2**20  # bytes of a workbook, all parts together
MOST_RATIO = 100  # of a workbook unpacked to packed
MOST_COLUMNS = 200  # of a table, attributes of a graph
MOST_ROWS = 1_500_000  # of a table
MOST_CELLS = 12_000_000  # of a table
LONGEST_CELL = 1_000_000  # characters; a cell of a workbook holds 32,767
MOST_ITEMS = 1_000_000  # nodes, or edges, of a graph
MOST_JSON_PARTS = 2_500_000  # objects and lists of a JSON file
MOST_MARKS = 3_000_000  # XML elements of a workbook, or of a GEXF file
MOST_PARQUET_ROWS = 20_000_000
MOST_PARQUET_BYTES = 2 * 2**30  # unpacked

# None where a file is read that nobody can lift the bounds for
_LIFTED: ContextVar[bool | None] = ContextVar("sizes", default=None)


@contextmanager
def sizes_of(any_size: bool) -> Iterator[None]:
    """Read with the bounds lifted, or with them in place and the way to lift them named."""
    token = _LIFTED.set(any_size)
    try:
        yield
    finally:
        _LIFTED.reset(token)


def exceeds(size: float, most: float) -> bool:
    """Say whether a size is beyond its bound, and nobody has lifted that."""
    return size > most and not _LIFTED.get()


def too_large(file: str, rule: str, remedy: str, *, row: int | None = None, column: str = "") -> DataError:
    """Return the error for what exceeds a bound; ``remedy`` is a clause without its stop."""
    lifted = "" if _LIFTED.get() is None else ", or read it with any_size=True (--any-size) if you know it"
    return DataError(faults=[Fault(file, row, column, "", rule, f"{remedy}{lifted}.")])
