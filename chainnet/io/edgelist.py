"""Edge lists: CSV and Parquet with ``source``, ``target`` and ``capacity_tpa``."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd

from chainnet.errors import DataError
from chainnet.io.intake import Intake
from chainnet.io.text import csv_line, parse_csv, read_text, refuse, written_cells, written_columns
from chainnet.network import TABLES, Network, infer_nodes

__all__ = ["edge_csv", "edge_parquet", "read_edge_csv", "read_edge_parquet"]

_ALWAYS = ("source", "target", "capacity_tpa")
_MOST_ROWS = 20_000_000
_MOST_BYTES = 2 * 2**30


def read_edge_csv(path: Path) -> Network:
    """Read an edge list from CSV; the nodes and their stages are inferred.

    Raises
    ------
    DataError
        With every fault found.
    """
    file = path.name
    intake = Intake(file, file)
    intake.add("edges", parse_csv(read_text(path, file), file))
    if "edges" in intake.frames:
        edges = intake.frames["edges"]
        if edges.columns.is_unique:
            intake.frames["nodes"] = infer_nodes(edges.replace("", None), None)
    return intake.network()


def read_edge_parquet(path: Path) -> Network:
    """Read an edge list from Parquet, as ``Network.from_edges`` takes a DataFrame.

    Raises
    ------
    DataError
        If pyarrow is not installed, or with every fault found.
    """
    file = path.name
    pa, parquet = _arrow()
    if not path.is_file():
        raise refuse(file, "is not a regular file", "Give a file.")
    try:
        with parquet.ParquetFile(path) as source:
            _guard(source, file)
            _check_types(pa, source.schema_arrow, file)
            frame = source.read().to_pandas()
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise refuse(file, f"not a Parquet file that can be read: {first}", "Write it again.") from None
    frame = frame.reset_index(drop=True)
    if frame.empty:
        raise refuse(file, "the table has no rows", "Add them; it must have some.")
    files = dict.fromkeys(TABLES, file)
    if not frame.columns.is_unique:
        raise refuse(file, "a column stands twice", "Keep one of them.")
    return Network(nodes=infer_nodes(frame, None), edges=frame, files=files)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise DataError("Parquet needs pyarrow; install it with: pip install chainnet[data]") from error
    return pa, parquet


def _guard(source: Any, file: str) -> None:
    """Refuse a file that unpacks to more than a laptop holds, before it is unpacked."""
    meta = source.metadata
    size = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    if meta.num_rows > _MOST_ROWS or size > _MOST_BYTES:
        rule = f"holds {meta.num_rows} rows in {size} bytes; at most {_MOST_ROWS} rows in {_MOST_BYTES} bytes"
        raise refuse(file, rule, "Split it.")


def _check_types(pa: Any, schema: Any, file: str) -> None:
    is_ = pa.types
    for column in schema:
        kind = column.type.value_type if is_.is_dictionary(column.type) else column.type
        plain = (is_.is_string, is_.is_large_string, is_.is_string_view, is_.is_integer, is_.is_floating, is_.is_null)
        if not any(test(kind) for test in plain):
            rule = f"the column holds {column.type}"
            raise refuse(file, rule, "Write it as text or numbers.", column=column.name)


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
    pa, parquet = _arrow()
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
