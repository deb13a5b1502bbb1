"""The numbers of a table from a file, with decimal points."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from chainnet.errors import Fault
from chainnet.network import Reading, as_numbers


def with_points(
    table: str, frame: pd.DataFrame, how: Reading, file: str, lines: Sequence[int] | None = None
) -> tuple[pd.DataFrame, list[Fault]]:
    """Return a table in which texts that are numbers have decimal points, and a fault for each column left open.

    Parameters
    ----------
    table : str
    frame : DataFrame
        Only its cells of text are looked at: what a workbook holds as a number is one.
    how : Reading
        Its ``decimal`` says which mark is the decimal one; else each column decides. Where commas split the cells,
        the point is the decimal mark, and another is left to the gate.
    file : str
        How faults call the table.
    lines : sequence of int, optional
        The line of each row; default one after the other below the heads.
    """
    faults: list[Fault] = []
    if how.decimal is None and how.separator == ",":
        return frame, faults
    for place, name in enumerate(frame.columns):
        cells = frame.iloc[:, place]
        if how.is_text(table, name) or pd.api.types.is_numeric_dtype(cells.dtype):
            continue
        cells, open_cell = as_numbers(cells, how.decimal)
        frame.isetitem(place, cells.array)
        if open_cell is not None and how.is_number(table, name):
            row, *words = open_cell
            faults.append(Fault(file, lines[row] if lines else row + 2, str(name), *words))
    return frame, faults
