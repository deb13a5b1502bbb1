"""What of a plant's output is bound to go to whom: the contracts in force at the date at which a network stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from chainnet.errors import DataError, Fault
from chainnet.network._dates import day_of, last_day
from chainnet.network._kept import kept

if TYPE_CHECKING:
    from chainnet.network._network import Network

_COLUMNS = ["supplier", "for", "commodity", "share", "is_main"]


@kept(1)
def contracts_in_force(network: Network) -> pd.DataFrame:
    """Return the contracts that bind a node or a project at the date of a network, as shares of what it puts out.

    Returns
    -------
    DataFrame
        supplier, for, commodity (what is bound), share (0 to 1), is_main (whether that is its main output).

    Raises
    ------
    DataError
        With every row whose supplier puts out no such good, or whose share cannot be found.
    """
    table, plants = network.view("contracts"), network.plants.set_index("id")
    day = None if network.as_of is None else day_of(network.as_of)
    size = plants["capacity_tpa"]
    if len(table):
        size = size.where(size.notna(), network.baseline.reindex(size.index))
    found: list[tuple[object, ...]] = []
    faults: list[Fault] = []
    for line, row in enumerate(table.to_dict("records"), 2):
        said = {str(key): "" if pd.isna(value) else value for key, value in row.items()}
        supplier = str(said["supplier"])
        if said["binding"] == "none" or supplier not in size.index:
            continue
        if said["until"] and day is not None and last_day(str(said["until"])) < day:
            continue
        try:
            good, per, is_main = _good(network, supplier, plants.loc[supplier, "process"], str(said["commodity"]))
            share = _share(said, float(size[supplier]) * per)
        except DataError as err:
            faults.append(Fault("contracts", line, "supplier", supplier, str(err), "Correct the row."))
            continue
        found.append((supplier, str(said["for"]), good, share, is_main))
    if faults:
        raise DataError(faults=faults)
    return pd.DataFrame(found, columns=_COLUMNS).astype({"share": float, "is_main": bool})


def _good(network: Network, supplier: str, process: object, word: str) -> tuple[str, float, bool]:
    """Return what of a supplier is bound, how much of it there is per t of its main output, and whether it is that."""
    lines = network.view("processes")
    lines = lines[(lines["process"] == process) & (lines["role"] != "input")]
    if len(lines):
        is_main = lines["role"] == "output"
        hit = lines[lines["commodity"].fillna("") == word] if word else lines[is_main]
        if hit.empty:
            raise DataError(f'makes no "{word}". It makes: {", ".join(lines["commodity"].fillna(""))}.')
        return str(hit["commodity"].fillna("").iloc[0]), float(hit["t_per_t"].iloc[0]), bool(is_main[hit.index[0]])
    edges = network.view("edges")
    ships = sorted(set(edges.loc[edges["source"] == supplier, "commodity"].fillna("")))
    if word not in ships and (word or len(ships) > 1):
        raise DataError(f'ships no "{word}". It ships: {", ".join(ships) or "nothing"}.')
    return word or next(iter(ships), ""), 1.0, True


def _share(said: dict[str, object], size: float) -> float:
    """Return the part of the output that is bound."""
    if said["share"] != "":
        return float(str(said["share"]))
    if not np.isfinite(size) or size <= 0:
        raise DataError("has a tonnage (tpa), but the size of its supplier is not known; give share")
    return min(1.0, float(str(said["tpa"])) / size)
