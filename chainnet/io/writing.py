"""``write``: one way out for every kind of target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chainnet.errors import DataError
from chainnet.io.atomic import write_file
from chainnet.io.folder import write_folder
from chainnet.network import Network

__all__ = ["write"]


def write(network: Network, path: str | Path) -> Path:
    """Write a network, whole or not at all; ``read`` gives the same network back, but for two kinds.

    Parameters
    ----------
    network : Network
    path : str or Path
        The suffix says what is written: none a folder of CSV tables, ``.xlsx`` a workbook,
        ``.graphml``, ``.json`` (node-link), ``.csv`` or ``.parquet`` an edge list, which holds bare
        capacities only; ``.gexf`` (Gephi) and ``.dot`` (Graphviz) are pictures of the graph for other
        programs and are not read back. A folder that was written before gets new tables and keeps its other files.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    DataError
        If the format cannot hold the network, or the target cannot be written; the target is then
        as it was before.

    Examples
    --------
    >>> import tempfile
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cn.read(cn.write(net, f"{folder}/mag-9.json")).digest == net.digest
    True
    """
    target = Path(path)
    for table in ("nodes", "edges"):
        if getattr(network, table).empty:
            raise DataError(f"write: the network has no {table}; a file without them cannot be read again.")
    suffix = target.suffix.lower()
    if target.is_dir() or not suffix:
        return write_folder(network, target)
    make = _writers().get(suffix)
    if make is None:
        known = ", ".join(_writers())
        raise DataError(f'{target}: unknown kind of file "{target.suffix}"; known: no suffix for a folder, {known}.')
    return write_file(target, make(network))


def _writers() -> dict[str, Callable[[Network], bytes]]:
    from chainnet.io.edgelist import edge_csv, edge_parquet
    from chainnet.io.exits import dot_bytes, gexf_bytes
    from chainnet.io.graphml import graphml_bytes
    from chainnet.io.nodelink import nodelink_bytes
    from chainnet.io.workbook import workbook_bytes

    return {
        ".xlsx": workbook_bytes,
        ".graphml": graphml_bytes,
        ".json": nodelink_bytes,
        ".csv": edge_csv,
        ".parquet": edge_parquet,
        ".gexf": gexf_bytes,
        ".dot": dot_bytes,
    }
