"""``write``: one way out for every kind of target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chainnet import checks
from chainnet.errors import DataError
from chainnet.io.atomic import write_file
from chainnet.io.folder import write_folder
from chainnet.io.results import write_results
from chainnet.network import Network


def write(what: Any, path: str | Path, *, table: str | None = None, network: Network | None = None) -> Path:
    """Write a network or an answer, whole or not at all; ``read`` gives the same network back.

    Parameters
    ----------
    what : Network, or result, table, or list or mapping of them
        A network, or answers.
    path : str or Path
        The suffix says what is written. A network: none a folder of CSV tables, ``.xlsx`` a workbook, ``.graphml``,
        ``.gexf`` (Gephi), ``.json`` (node-link), ``.csv`` or ``.parquet`` an edge list, which holds bare capacities
        only. A folder that was written before gets new tables and keeps its other files. Answers: ``.xlsx`` all tables,
        ``.csv`` or ``.parquet`` one, ``.graphml`` or ``.gexf`` the graph, with losses, flows and prices on its nodes
        and edges.
    table : str, optional
        Which table of an answer goes to ``.csv`` or ``.parquet``; default the first.
    network : Network, optional
        The graph that an answer is of, for ``.graphml`` and ``.gexf``. A shipped one is found by itself; without one
        the graph holds what the answer names.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    DataError
        If the format cannot hold the network, or the target cannot be written; the target is then
        as it was before.

    See Also
    --------
    read, merge

    Examples
    --------
    >>> import tempfile
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cn.read(cn.write(net, f"{folder}/mag-9.json")).digest == net.digest
    ...     text = cn.write(cn.chokepoints(net, top=1), f"{folder}/losses.csv").read_text()
    True
    >>> text.splitlines()[1].split(",")[:2]
    ['H_CN', '40']
    """
    target = Path(path)
    if not isinstance(what, Network):
        return write_results(what, target, table, network)
    if table is not None or network is not None:
        raise DataError("write: table= and network= go with answers; a network is written whole.")
    network = what
    for table in ("nodes", "edges"):
        if getattr(network, table).empty:
            raise DataError(f"write: the network has no {table}; a file without them cannot be read again.")
    suffix = target.suffix.lower()
    if target.is_dir() or not suffix:
        return write_folder(network, target)
    make = _writers().get(suffix)
    if make is None:
        kinds = ["no suffix for a folder", *_writers()]
        raise DataError(f"{target}: {checks.unknown(target.suffix, kinds, 'kind of file')}")
    return write_file(target, make(network))


def _writers() -> dict[str, Callable[[Network], bytes]]:
    from chainnet.io.edgelist import edge_csv, edge_parquet
    from chainnet.io.exits import gexf_bytes
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
    }
