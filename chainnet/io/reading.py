"""``read``: one way in for every kind of source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chainnet.errors import DataError, near_matches
from chainnet.io.catalogue import shipped_names, shipped_path
from chainnet.io.datapackage import DESCRIPTOR
from chainnet.io.folder import read_folder
from chainnet.network import Network

__all__ = ["read"]


def read(source: str | Path) -> Network:
    """Read a network.

    Parameters
    ----------
    source : str or Path
        Name of a shipped graph (see ``catalog``), or a path: a folder of CSV or Parquet tables, a workbook
        (``.xlsx``), ``.graphml``, node-link ``.json``, or an edge list (``.csv``, ``.parquet``) with
        the columns ``source``, ``target`` and ``capacity_tpa``. In files an empty cell means
        unknown, and an empty capacity unlimited.

    Returns
    -------
    Network

    Raises
    ------
    DataError
        If there is no such graph or path, or with every fault of the file.

    Examples
    --------
    >>> import chainnet as cn
    >>> len(cn.read("mag-9").nodes)
    10
    """
    if not isinstance(source, (str, Path)):
        raise DataError(f"read: {source!r} is neither a path nor the name of a shipped graph.")
    if isinstance(source, str) and source in shipped_names():
        return read_folder(_shipped(source))
    path = Path(source)
    try:
        found, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError):
        found = is_folder = False
    if not found:
        raise DataError(_missing(source))
    if is_folder:
        return read_folder(path)
    if path.name == DESCRIPTOR:
        return read_folder(path.parent)
    reader = _readers().get(path.suffix.lower())
    if reader is None:
        known = ", ".join(_readers())
        raise DataError(f'{path}: unknown kind of file "{path.suffix}"; known: a folder, {known}.')
    return reader(path)


def _shipped(name: str) -> Path:
    """Return the shipped folder, unless a graph of the same name lies here too."""
    folder, here = shipped_path(name), Path(name)
    if any((here / file).is_file() for file in ("nodes.csv", DESCRIPTOR)) and not here.samefile(folder):
        raise DataError(
            f'read: "{name}" is a shipped graph, and a folder of that name lies here; '
            f'write "./{name}" for the folder, or rename it for the shipped graph.'
        )
    return folder


def _missing(source: str | Path) -> str:
    path = Path(source)
    try:
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, ValueError):
        beside = []
    names = shipped_names()
    hint = near_matches(str(source), names) or near_matches(path.name, [*names, *beside])
    return f'read: there is no path and no shipped graph "{source}";{hint} shipped graphs: {", ".join(names)}.'


def _readers() -> dict[str, Callable[[Path], Network]]:
    from chainnet.io.edgelist import read_edge_csv, read_edge_parquet
    from chainnet.io.graphml import read_graphml
    from chainnet.io.nodelink import read_nodelink
    from chainnet.io.workbook import read_workbook

    return {
        ".xlsx": read_workbook,
        ".graphml": read_graphml,
        ".json": read_nodelink,
        ".csv": read_edge_csv,
        ".parquet": read_edge_parquet,
    }
