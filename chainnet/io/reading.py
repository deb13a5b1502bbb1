"""``read``: one way in for every kind of source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chainnet import checks
from chainnet._types import Words
from chainnet.errors import DataError
from chainnet.io.catalogue import shipped_names, shipped_path
from chainnet.io.datapackage import DESCRIPTOR
from chainnet.io.edgelist import read_edge_excerpt
from chainnet.io.excerpts import Excerpt
from chainnet.io.folder import read_folder
from chainnet.io.sizes import sizes_of
from chainnet.network import Network, Reading

OWN = "own"  # the date that a graph itself bears
_LISTED = 12  # files beside one that is not there


def read(
    graph: str | Path,
    /,
    *,
    as_of: object = OWN,
    source: Words = None,
    sink: Words = None,
    two_way: bool = False,
    rename: Mapping[str, str] | None = None,
    ignore_unknown: bool = False,
    country_names: bool = False,
    separator: str = ",",
    decimal: str | None = None,
    sheet: str | None = None,
    header: int | str | None = None,
    without_rows: int | str | Sequence[int] = (),
    unit: str | None = None,
    fill_down: bool = False,
    any_size: bool = False,
) -> Network:
    """Read a network.

    Parameters
    ----------
    graph : str or Path
        Name of a shipped graph (see ``catalog``), or a path: a folder of CSV or Parquet tables, a workbook
        (``.xlsx``), ``.graphml``, ``.gexf``, node-link ``.json``, or an edge list (``.csv``, ``.tsv`` split by tabs,
        ``.parquet``) with the columns ``source``, ``target`` and ``capacity_tpa``. In files an empty cell means
        unknown, and an empty capacity no limit.
    as_of : str or None, optional
        The date at which the chain stands, such as "2027-06-30"; a month or a year is its last day. Projects that run
        then are plants; see ``Network.at``. None = the base year. Default: the date that the graph itself bears.
    source, sink, two_way, rename, ignore_unknown, country_names : optional
        What is to be known of a file that is not in our own form; see ``Network.from_edges``.
    separator : str
        What stands between the cells of CSV files. Where commas do, the point is the decimal mark.
    decimal : {".", ","}, optional
        The decimal mark of the numbers in text cells; the other one, a blank or an apostrophe then marks thousands.
        Default: a number of the column that can be read one way alone decides (25.65; 1.234,5). A column of such as
        280.000 alone is refused once: its point may mark thousands.
    sheet, header, without_rows, unit, fill_down : optional
        Of an edge list in a workbook or text file that has titles, totals or other units: its sheet; the row of its
        heads, or their rows ("4-5"); rows that are left out ("12,30-32"); the unit of its weights (t, kg, g, kt, Mt,
        lb, short_ton, long_ton); whether a blank source or target is the one above it. ``look`` says what a file needs.
    any_size : bool
        Read files, cells and archives however large they are; for those that you know. Otherwise what is larger than
        stated is refused before it is unpacked.

    Returns
    -------
    Network
        Its ``notes`` say what was inferred, recognised and left out, and ``roles`` who is what.

    Raises
    ------
    DataError
        If there is no such graph or path, or with every fault of the file.

    See Also
    --------
    catalog, write, scenarios, from_trade

    Examples
    --------
    >>> import chainnet as cn
    >>> len(cn.read("mag-9").nodes)
    10
    >>> cn.read("rare-earths").as_of, cn.read("rare-earths", as_of="2027-06").as_of
    ('2026-11-30', '2027-06-30')
    """
    if not isinstance(graph, (str, Path)):
        raise DataError(_no_path(graph))
    if not isinstance(separator, str) or len(separator) != 1 or separator in '\r\n"':
        raise DataError(f'read: separator: {separator!r} is no single character. Give "," or ";" or "\\t".')
    if decimal not in (None, ".", ","):
        raise DataError(f'read: decimal: {decimal!r} is no decimal mark. Give "." or ",".')
    how = Reading(source, sink, two_way, rename or {}, ignore_unknown, country_names, separator, decimal)
    reader, path = _reader_of(graph)
    with sizes_of(any_size):
        if sheet is None and header is None and unit is None and not fill_down and without_rows in ((), ""):
            network = reader(path, how)
        else:
            where = Excerpt(sheet, header, without_rows, rename or {}, unit, {}, separator, decimal, fill_down)
            network = read_edge_excerpt(path, how, where)
    return network if as_of is OWN else network.at(as_of)


def _reader_of(graph: str | Path) -> tuple[Callable[[Path, Reading], Network], Path]:
    """Return what reads a graph, and from where."""
    if isinstance(graph, str) and graph in shipped_names():
        return read_folder, _shipped(graph)
    path = Path(graph)
    try:
        found, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError):
        found = is_folder = False
    if not found:
        raise DataError(_missing(graph))
    if is_folder or path.name == DESCRIPTOR:
        return read_folder, path if is_folder else path.parent
    reader = _readers().get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: {checks.unknown(path.suffix, ['a folder', *_readers()], 'kind of file')}")
    return reader, path


def _shipped(name: str) -> Path:
    """Return the shipped folder, unless a graph of the same name lies here too."""
    folder, here = shipped_path(name), Path(name)
    if any((here / file).is_file() for file in ("nodes.csv", DESCRIPTOR)) and not here.samefile(folder):
        raise DataError(
            f'read: "{name}" is a shipped graph, and a folder of that name lies here; '
            f'write "./{name}" for the folder, or rename it for the shipped graph.'
        )
    return folder


def _no_path(given: object) -> str:
    what = repr(given) if given is None or checks.is_real(given) else f"a {type(given).__name__}"
    return (
        f"read: {what} is neither a path nor the name of a shipped graph. A graph or tables in Python: "
        "Network.from_networkx, Network.from_edges, Network(nodes, edges)."
    )


def _missing(source: str | Path) -> str:
    if str(source) == "-":
        return "read: what a pipe hands over is not read. Write it to a file first, whose name says its kind."
    path = Path(source)
    try:
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, ValueError):
        beside = []
    names = shipped_names()
    hint = checks.near(source, names) or checks.near(path.name, [*names, *beside])
    if path.suffix or path.parent != Path() or "\\" in str(source):
        listed = ", ".join(sorted(beside)[:_LISTED]) or "nothing"
        more = f" and {len(beside) - _LISTED} more" if len(beside) > _LISTED else ""
        windows = " Folders are parted by / here." if "\\" in str(source) and path.parent == Path() else ""
        return f'read: there is no path "{source}";{hint} in its folder are: {listed}{more}.{windows}'
    return f'read: there is no path and no shipped graph "{source}"{f";{hint}" if hint else "."} {checks.listed(names)}'


def _readers() -> dict[str, Callable[[Path, Reading], Network]]:
    from chainnet.io.edgelist import read_edge_csv, read_edge_parquet, read_edge_tsv
    from chainnet.io.gexf import read_gexf
    from chainnet.io.graphml import read_graphml
    from chainnet.io.nodelink import read_nodelink
    from chainnet.io.workbook import read_workbook

    return {
        ".xlsx": read_workbook,
        ".graphml": read_graphml,
        ".gexf": read_gexf,
        ".json": read_nodelink,
        ".csv": read_edge_csv,
        ".tsv": read_edge_tsv,
        ".parquet": read_edge_parquet,
    }
