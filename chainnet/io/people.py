"""CSV for people: what a spreadsheet opens without running anything in it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from chainnet.io.text import csv_line, number_text
from chainnet.words import infinite_word

_RUN = ("=", "+", "-", "@", "\t", "\r")


def to_people_csv(frame: pd.DataFrame | pd.Series) -> str:
    """Return a result table as CSV that no spreadsheet takes for formulas.

    Parameters
    ----------
    frame : DataFrame or Series
        A named index becomes leading columns.

    Returns
    -------
    str
        A header and one line per row. A text cell that begins with ``= + - @``, a tab or a carriage
        return gets a leading ``'``; a missing cell is empty, an infinite number the word
        of its column, such as ``no limit``.

    Examples
    --------
    >>> import pandas as pd
    >>> print(to_people_csv(pd.DataFrame({"label": ["=1+1"], "lost_tpa": [-2.5]})), end="")
    label,lost_tpa
    '=1+1,-2.5
    """
    table = frame.to_frame() if isinstance(frame, pd.Series) else frame
    named = [name for name in table.index.names if name is not None]
    if named:
        table = table.reset_index(level=named)
    columns = [
        [_cell(v, _name(name)) for v in table.iloc[:, place].tolist()] for place, name in enumerate(table.columns)
    ]
    header = csv_line([_cell(_name(name)) for name in table.columns])
    return header + "".join(map(csv_line, zip(*columns, strict=True)))


def _name(name: Any) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _cell(value: Any, column: str = "") -> str:
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return ("" if number > 0 else "-") + infinite_word(column) if math.isinf(number) else number_text(number)
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        value = "; ".join(_cell(v) for v in (sorted(value) if isinstance(value, (set, frozenset)) else value))
    text = str(value)
    return "'" + text if text.startswith(_RUN) else text
