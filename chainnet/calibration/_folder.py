"""A chain that is rebuilt from its folder: hand-written tables in ``calibration/``, what follows beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.calibration._calibrate import Calibration, calibrate
from chainnet.calibration._tables import HAND_TABLES
from chainnet.calibration._trade import NUMBERS
from chainnet.engine import ROUNDING
from chainnet.errors import DataError, Fault
from chainnet.io import (
    DESCRIPTOR,
    Intake,
    generate_datapackage,
    headers_of,
    load_toml,
    parse_csv,
    read_descriptor,
    read_text,
    shipped_names,
    shipped_path,
    table_csv,
    take_meta,
    write_files,
    write_folder,
)
from chainnet.network import TABLES

HAND_FOLDER = "calibration"
SETTINGS = "settings.toml"
_CHAIN_KEYS = ("name", "title", "year", "main_commodity", "beneficiaries")
_NEEDED = ("nodes", "relations")
_COMPUTED = ("nodes", "demand", "totals")


@dataclass(frozen=True)
class Rebuilt:
    """A calibration of a folder.

    Attributes
    ----------
    found : Calibration
    folder : Path
        Where it came from.
    by_hand : tuple of str
        Its tables that lie in the hand-written part.
    is_shipped : bool
        Whether the folder is one of the package.
    """

    found: Calibration
    folder: Path
    by_hand: tuple[str, ...]
    is_shipped: bool

    def change(self) -> float | None:
        """Return the largest change of a flow against the folder's present edges, t/yr; None = no edges yet.

        A flow that differs by rounding alone has not changed.
        """
        path = self.folder / "edges.csv"
        if not path.is_file():
            return None
        records = parse_csv(read_text(path, path.name), path.name)
        old = pd.DataFrame(records.rows, columns=records.header)
        if not {"source", "target", "flow_tpa"} <= set(old.columns):
            return None
        key = ["source", "target", "commodity"]
        old["commodity"] = old["commodity"] if "commodity" in old.columns else ""
        flow = pd.to_numeric(old["flow_tpa"], errors="coerce").fillna(0.0)
        before = flow.groupby([old[k] for k in key]).sum()
        new = self.found.edges.assign(commodity=self.found.edges["commodity"].fillna(""))
        after = new["flow_tpa"].fillna(0.0).groupby([new[k] for k in key]).sum()
        both = pd.concat([before, after], axis=1).fillna(0.0)
        change = both.iloc[:, 1].sub(both.iloc[:, 0]).abs()
        # the last digit written may differ from one processor to the next; each flow is measured by its own size
        return float(change.where(change > ROUNDING * both.max(axis=1), 0.0).max())


def find_folder(word: str) -> tuple[Path, bool]:
    """Return the folder that a word names, and whether it is a shipped graph named by its name.

    Raises
    ------
    DataError
        If there is no such folder, or nothing in it to calibrate from.
    """
    path = Path(word)
    shipped = not path.is_dir() and word in shipped_names()
    folder = (shipped_path(word) if shipped else path).resolve()
    if not folder.is_dir():
        known = shipped_names()
        raise DataError(f"{word}: there is no such folder; {checks.unknown(word, known, 'shipped graph')}")
    hand = folder / HAND_FOLDER
    lacking = [f"{HAND_FOLDER}/{t}.csv" for t in _NEEDED if not (hand / f"{t}.csv").is_file()]
    if lacking:
        raise DataError(
            f"{folder}: {', '.join(lacking)} is missing; a chain is calibrated from the hand-written tables "
            f"{', '.join(f'{HAND_FOLDER}/{t}.csv' for t in HAND_TABLES)} and {HAND_FOLDER}/{SETTINGS}."
        )
    return folder, shipped


def calibrate_folder(word: str | Path, *, method: str = "ras", slack: float | None = None) -> Rebuilt:
    """Calibrate the chain in a folder; nothing is written.

    Parameters
    ----------
    word : str or Path
        Folder with ``calibration/``, or the name of a shipped graph.
    method : {"ras", "entropy"}
    slack : float, optional
        Instead of the one in ``settings.toml``.

    Returns
    -------
    Rebuilt

    Raises
    ------
    DataError
        As ``calibrate``, with the faults of all files.

    See Also
    --------
    calibrate, from_trade

    Notes
    -----
    ``calibration/`` holds ``nodes.csv`` and ``relations.csv``, and ``demand.csv``, ``totals.csv`` and
    ``settings.toml`` where they are needed; all other tables are read beside it, as any graph's.

    Examples
    --------
    >>> calibrate_folder("gallium").change()
    0.0
    """
    folder, shipped = find_folder(str(word))
    hand = folder / HAND_FOLDER
    intake = Intake("{}.csv", DESCRIPTOR)
    tables: dict[str, pd.DataFrame | None] = {}
    files = {"settings": f"{HAND_FOLDER}/{SETTINGS}", **{table: f"{table}.csv" for table in TABLES}}
    by_hand = []
    known = {f"{table}.csv" for table in HAND_TABLES}
    for entry in sorted(hand.iterdir()):
        if entry.suffix == ".csv" and entry.name not in known:
            raise DataError(f"{HAND_FOLDER}: {checks.unknown(entry.name, known, 'table')}")
    for table in HAND_TABLES:
        path = hand / f"{table}.csv"
        if path.is_file():
            by_hand.append(table)
            files[table] = f"{HAND_FOLDER}/{table}.csv"
            tables[table] = _frame(path, files[table])
    for table in TABLES:
        if table not in tables and table != "edges" and (folder / f"{table}.csv").is_file():
            tables[table] = _frame(folder / f"{table}.csv", f"{table}.csv")
    meta, settings = _settings(hand / SETTINGS)
    descriptor = read_descriptor(folder, intake).meta
    if intake.faults:
        raise DataError(faults=intake.faults)
    meta = {"name": folder.resolve().name, **descriptor, **meta}
    if slack is not None:
        settings["slack"] = slack
    relations, nodes = tables.pop("relations"), tables.pop("nodes")
    assert nodes is not None
    found = calibrate(
        tables.pop("totals", None),
        relations,
        nodes=nodes,
        processes=tables.pop("processes", None),
        demand=tables.pop("demand", None),
        method=method,
        settings=settings,
        files=files,
        folder=folder,
        **meta,
        **tables,  # type: ignore[arg-type]
    )
    return Rebuilt(found, folder, tuple(by_hand), shipped)


def write_rebuilt(rebuilt: Rebuilt, out: Path | None = None) -> Path:
    """Write the calibrated tables, whole or not at all.

    Parameters
    ----------
    rebuilt : Rebuilt
    out : Path, optional
        Folder for the whole network. None = beside ``calibration/``: edges and datapackage.json,
        and each of nodes, demand and totals whose hand-written table lies there.

    Returns
    -------
    Path
        The folder written.
    """
    network = rebuilt.found.network
    if out is not None:
        return write_folder(network, out)
    filed = network.at(None)  # what opened since is a project in a file
    written = ["edges", *(t for t in _COMPUTED if t in rebuilt.by_hand)]
    files = {f"{table}.csv": table_csv(filed, table).encode() for table in written}
    kept = {table: names for table, names in headers_of(rebuilt.folder).items() if table not in written}
    files[DESCRIPTOR] = generate_datapackage(network, kept).encode()
    return write_files(rebuilt.folder, files, set())


def read_trade(path: str | Path) -> pd.DataFrame:
    """Read a CSV of customs reports; cells that should be numbers are numbers.

    Raises
    ------
    DataError
        If there is no such file, or a cell of a number column holds none.
    """
    path = Path(path)
    table = read_table(path, "a CSV of customs reports")
    faults = []
    for column in [c for c in NUMBERS if c in table.columns]:
        numbers = pd.to_numeric(table[column], errors="coerce")
        for row in np.flatnonzero((numbers.isna() & table[column].notna()).to_numpy()):
            value = str(table[column].iloc[row])
            faults.append(Fault(path.name, int(row) + 2, column, value, "is no number", "Correct the cell."))
        table[column] = numbers
    if faults:
        raise DataError(faults=faults)
    return table


def read_table(path: str | Path, what: str) -> pd.DataFrame:
    """Return a CSV as text, blank cells as missing.

    Raises
    ------
    DataError
        If there is no such file, or it is no CSV; ``what`` says what was asked for.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file. Give {what}.")
    table = _frame(path, path.name)
    return table.where(table.notna() & (table != ""), np.nan)


def _frame(path: Path, file: str) -> pd.DataFrame:
    records = parse_csv(read_text(path, file), file)
    if records.faults:
        raise DataError(faults=records.faults)
    return pd.DataFrame(records.rows, columns=pd.Index(records.header, dtype="object"), dtype="str")


def _settings(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what ``settings.toml`` says of the chain, and of the calibration."""
    file = f"{HAND_FOLDER}/{SETTINGS}"
    if not path.is_file():
        return {}, {}
    data = load_toml(read_text(path, file), file)
    intake = Intake("{}.csv", file)
    meta = take_meta({key: data.pop(key) for key in _CHAIN_KEYS if key in data}, intake)
    if intake.faults:
        raise DataError(faults=intake.faults)
    return meta, data
