"""One table from a file of its own, and rules that are laid over a chain."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from chainnet.errors import DataError
from chainnet.io.folder import take_table
from chainnet.io.intake import Intake
from chainnet.network import Network

_SUFFIXES = (".csv", ".parquet")


def read_table(path: Path | str, table: str) -> pd.DataFrame:
    """Return one table from a CSV or Parquet file, checked as at the gate.

    Parameters
    ----------
    path : Path or str
    table : str
        A table that stands by itself, such as rules.

    Raises
    ------
    DataError
        If the file is missing or of another kind, and with every fault of the table.
    """
    file = Path(path)
    if file.suffix.lower() not in _SUFFIXES:
        raise DataError(f"{path}: is no table of {table}. Give a {' or '.join(_SUFFIXES)} file.")
    intake = Intake("{}.csv", file.name)
    intake.files[table] = file.name
    take_table(file.parent, table, file.name, intake)
    return intake.table(table)


def with_rules(network: Network, path: Path | str) -> Network:
    """Return a network over whose rules those of a file lie, by their ids: a row replaces one or is added.

    Raises
    ------
    DataError
        As ``read_table``.
    """
    laid, own = read_table(path, "rules"), network.view("rules")
    return network.with_table("rules", pd.concat([laid, own[~own["id"].isin(laid["id"])]], ignore_index=True))
