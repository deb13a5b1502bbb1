"""The graphs that come with the package."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError
from chainnet.io.datapackage import DESCRIPTOR, read_descriptor
from chainnet.io.intake import Intake
from chainnet.io.text import parse_csv, read_text
from chainnet.network import graphs_folder

_COUNTED = ("nodes", "edges", "projects")


def shipped_names() -> list[str]:
    """Return the names of the shipped graphs in order."""
    folder = graphs_folder()
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if (entry / "nodes.csv").is_file())


def shipped_path(name: str) -> Path:
    """Return the folder of a shipped graph.

    Raises
    ------
    DataError
        If no shipped graph has that name.
    """
    checks.known(name, shipped_names(), "graph", "shipped graph")
    return graphs_folder() / name


def catalog() -> pd.DataFrame:
    """List the shipped graphs.

    Returns
    -------
    DataFrame, one row per graph, index ``name``, sorted by it
        label : title for people. year : year of all flows. nodes, edges, projects : counts.
        main_commodity, beneficiaries : what its questions count by default, several split by ``;``.

    See Also
    --------
    read, overview

    Examples
    --------
    >>> import chainnet as cn
    >>> int(cn.catalog().loc["mag-9", "nodes"])
    10
    """
    rows = []
    for name in shipped_names():
        folder = shipped_path(name)
        intake = Intake("{}.csv", DESCRIPTOR)
        meta = read_descriptor(folder, intake).meta
        if intake.faults:
            raise DataError(f"the shipped graph {name} is damaged", intake.faults)
        rows.append(
            {
                "name": name,
                "label": meta.get("label", name),
                "year": meta.get("year", 0),
                **{table: _count(folder / f"{table}.csv") for table in _COUNTED},
                "main_commodity": "; ".join(meta.get("main_commodity", [])),
                "beneficiaries": "; ".join(meta.get("beneficiaries", [])),
            }
        )
    columns = ["name", "label", "year", *_COUNTED, "main_commodity", "beneficiaries"]
    table = pd.DataFrame(rows, columns=columns).set_index("name")
    return table.astype(dict.fromkeys(["year", *_COUNTED], "int64"))


def _count(path: Path) -> int:
    return len(parse_csv(read_text(path, path.name), path.name).rows) if path.is_file() else 0
