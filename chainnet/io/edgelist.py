"""Edge lists: CSV and Parquet with ``source``, ``target`` and ``capacity_tpa``."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd

from chainnet.errors import DataError
from chainnet.io.decimals import with_points
from chainnet.io.excerpts import Excerpt, excerpt
from chainnet.io.intake import Intake
from chainnet.io.parquet import arrow, parquet_frame
from chainnet.io.text import csv_line, parse_csv, read_text, written_cells
from chainnet.io.workbook import take_beside
from chainnet.network import TABLES, Network, Reading, infer_nodes, written_columns

_ALWAYS = ("source", "target", "capacity_tpa")


def read_edge_csv(path: Path, how: Reading) -> Network:
    """Read an edge list from CSV; the nodes and their stages are inferred.

    Raises
    ------
    DataError
        With every fault found.
    """
    file = path.name
    intake = Intake(file, file, how, forgiving=True)
    intake.add("edges", parse_csv(read_text(path, file), file, how.separator))
    return intake.network()


def read_edge_tsv(path: Path, how: Reading) -> Network:
    """Read an edge list whose cells are split by tabs, unless another separator is named.

    Raises
    ------
    DataError
        With every fault found.
    """
    return read_edge_csv(path, replace(how, separator="\t") if how.separator == "," else how)


def read_edge_excerpt(path: Path, how: Reading, where: Excerpt) -> Network:
    """Read an edge list that stands somewhere in a sheet or a text file; other sheets may be tables of ours.

    Raises
    ------
    DataError
        With every fault found.
    """
    named = replace(how, rename={}, separator=",", decimal=None)

    def kind(name: str) -> str:
        column = named.column_of("edges", name)
        if column is None or column.kind == "text":
            return "text"
        return "tonnes" if column.unit.split("/")[0] == "t" else "number"

    intake = Intake(path.name, path.name, named, forgiving=True)
    records = excerpt(path, where, kind)
    intake.add("edges", records)
    beside = take_beside(path, where.sheet, intake) if path.suffix.lower() == ".xlsx" else {}
    return intake.network(**beside)


def read_edge_parquet(path: Path, how: Reading) -> Network:
    """Read an edge list from Parquet, as ``Network.from_edges`` takes a DataFrame.

    Raises
    ------
    DataError
        If pyarrow is not installed, or with every fault found.
    """
    file = path.name
    frame = parquet_frame(path, file).reset_index(drop=True)
    frame, unclear = with_points("edges", frame, replace(how, separator=""), file)
    if unclear:
        raise DataError(faults=unclear)
    return how.network(Network, {"edges": frame}, forgiving=True, depth=3, files=dict.fromkeys(TABLES, file))


def edge_csv(network: Network) -> bytes:
    """Return a bare network as CSV.

    Raises
    ------
    DataError
        If anything besides its edges would be lost.
    """
    frame = _bare_edges(network, ".csv")
    columns = [written_cells(frame[name]) for name in frame.columns]
    return (csv_line(list(frame.columns)) + "".join(map(csv_line, zip(*columns, strict=True)))).encode()


def edge_parquet(network: Network) -> bytes:
    """Return a bare network as Parquet.

    Raises
    ------
    DataError
        If pyarrow is not installed, or anything besides the edges would be lost.
    """
    frame = _bare_edges(network, ".parquet")
    pa, parquet = arrow()
    out = io.BytesIO()
    columns = {}
    for name in frame.columns:
        kind = pa.string() if TABLES["edges"].column(name).kind == "text" else pa.float64()
        columns[name] = pa.array(frame[name].to_numpy(dtype=object), type=kind, from_pandas=True)
    parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def _bare_edges(network: Network, suffix: str) -> pd.DataFrame:
    lost = _lost(network)
    if lost:
        raise DataError(
            f"write: an edge list ({suffix}) would lose {'; '.join(lost)}. "
            "Write a folder, .xlsx, .graphml or .json instead."
        )
    edges = network.view("edges")
    return edges[written_columns(edges, _ALWAYS)]


def _lost(network: Network) -> list[str]:
    """Name what an edge list cannot hold."""
    lost = [f"the table {t}" for t in TABLES if t not in ("nodes", "edges") and len(getattr(network, t))]
    nodes, edges = network.view("nodes"), network.view("edges")
    extra = [c for c in written_columns(nodes, ()) if c not in ("id", "stage")]
    if extra:
        lost.append(f"the node columns {', '.join(extra)}")
    stages = infer_nodes(edges, None).set_index("id")["stage"].reindex(nodes["id"])
    alone = nodes["id"][stages.isna().to_numpy()].tolist()
    if alone:
        lost.append(f"nodes without an edge ({', '.join(alone[:5])})")
    other = nodes["id"][(stages.notna() & (stages.to_numpy() != nodes["stage"].to_numpy())).to_numpy()].tolist()
    if other:
        lost.append(f"stages that the edges do not tell ({', '.join(other[:5])})")
    words = (("main_commodity", network.main_commodity), ("beneficiaries", network.beneficiaries))
    lost += [name for name, value in words if value]
    if network.year is not None:
        lost.append("year")
    return lost
