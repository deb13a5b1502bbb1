"""Answers as files: their tables as XLSX, CSV or Parquet, or as attributes of the graph in GraphML and GEXF."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import ChainnetWarning, DataError
from chainnet.io.atomic import write_file
from chainnet.io.catalogue import shipped_names, shipped_path
from chainnet.io.exits import gexf_bytes
from chainnet.io.folder import read_folder
from chainnet.io.graphml import graphml_bytes
from chainnet.io.parquet import arrow
from chainnet.io.people import to_people_csv
from chainnet.io.workbook import tables_bytes
from chainnet.network import Network, infer_nodes, named_results

_LONGEST_TITLE = 31  # of a sheet
_ENDS = ("source", "target")
_ROUNDING = 1e-9  # of the sum of all flows


def write_results(results: Any, target: Path, table: str | None, network: Network | None) -> Path:
    """Write answers; see ``write``."""
    given = named_results(results)
    if not given:
        raise DataError("write: there is no answer to write.")
    tables = _tables(given)
    suffix = target.suffix.lower()
    if suffix in (".csv", ".parquet"):
        make: Callable[[pd.DataFrame], bytes] = _csv if suffix == ".csv" else _parquet
        return write_file(target, make(_one(tables, table)))
    if table is not None:
        raise DataError(f"write: table= goes with .csv and .parquet; {suffix or 'a folder'} holds all tables.")
    if suffix == ".xlsx":
        return write_file(target, tables_bytes({"about": _about(given), **{_title(n): t for n, t in tables.items()}}))
    if suffix in (".graphml", ".gexf"):
        whole = network or _graph_of(given) or _bare(given, tables)
        return write_file(target, (graphml_bytes if suffix == ".graphml" else gexf_bytes)(whole, given))
    raise DataError(f'{target}: answers are written as .xlsx, .csv, .parquet, .graphml or .gexf, not "{suffix}".')


def _tables(given: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return all tables by name, those of several answers under the name of each."""
    out = {}
    for name, answer in given.items():
        held = {"": answer} if isinstance(answer, pd.DataFrame) else answer.tables()
        for title, frame in held.items():
            key = title if len(given) == 1 and title else f"{name}.{title}".rstrip(".")
            out[key] = _flat(frame)
    return out


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose index is columns, and whose cells are text, numbers or yes and no."""
    flat = frame.reset_index() if any(name is not None for name in frame.index.names) else frame.reset_index(drop=True)
    names: list[Any] = flat.columns.tolist()  # of several levels where a tuple
    flat = flat.set_axis([" ".join(map(str, c)) if isinstance(c, tuple) else str(c) for c in names], axis=1)
    flat.attrs = {}
    for place, column in enumerate(flat.columns):
        if pd.api.types.is_object_dtype(flat.dtypes.iloc[place]):
            flat.isetitem(place, [_plain(v) for v in flat[column].tolist()])
    return flat


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        return "; ".join(map(str, sorted(value) if isinstance(value, (set, frozenset)) else value))
    return value


def _one(tables: Mapping[str, pd.DataFrame], table: str | None) -> pd.DataFrame:
    if table is not None:
        checks.known(table, tables, "write", "table")
    return tables[next(iter(tables)) if table is None else table]


def _csv(frame: pd.DataFrame) -> bytes:
    return to_people_csv(frame).encode()


def _parquet(frame: pd.DataFrame) -> bytes:
    pa, parquet = arrow()
    out = io.BytesIO()
    try:
        parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), out)
    except pa.ArrowException:  # a column of several kinds
        mixed = [c for c in frame.columns if frame[c].dtype == object]
        texts = frame.assign(**{c: frame[c].map(str, na_action="ignore") for c in mixed})
        parquet.write_table(pa.Table.from_pandas(texts, preserve_index=False), out)
    return out.getvalue()


def _title(name: str) -> str:
    return "".join("_" if c in "[]:*?/\\" else c for c in name)[:_LONGEST_TITLE]


def _about(given: Mapping[str, Any]) -> pd.DataFrame:
    """Return the single figures of answers, and where they come from."""
    rows: list[tuple[str, str, Any]] = []
    for name, answer in given.items():
        source = _source(answer)
        numbers = {} if isinstance(answer, pd.DataFrame) else answer.numbers()
        settings = {f"settings.{key}": value for key, value in source.get("settings", {}).items()}
        told = {key: source[key] for key in ("graph", "digest", "version", "solver", "status") if key in source}
        rows += [(name, key, _said(value)) for key, value in {**numbers, **told, **settings}.items()]
    return pd.DataFrame(rows, columns=["answer", "key", "value"])


def _said(value: Any) -> Any:
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    return str(_plain(value))


def _source(answer: Any) -> Mapping[str, Any]:
    found = answer.attrs.get("provenance", {}) if isinstance(answer, pd.DataFrame) else answer.provenance
    return found if isinstance(found, Mapping) else {}


def _graph_of(given: Mapping[str, Any]) -> Network | None:
    """Return the shipped graph that the answers are of, if they are of one as it is shipped."""
    for answer in given.values():
        source = _source(answer)
        if source.get("graph") in shipped_names():
            network = read_folder(shipped_path(source["graph"]))
            if network.digest == source.get("digest"):
                return network
    return None


def _bare(given: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> Network:
    """Return the graph that answers name by themselves: the ends of their edges, with capacities where they are told.

    Raises
    ------
    DataError
        If none of them names any edge.
    """
    named = [frame for frame in tables.values() if {"source", "target"} <= set(frame.columns) and "kind" not in frame]
    filled = [frame for frame in named if len(frame)]
    if not filled:
        raise DataError("write: the answer names no edges, and a graph has some. Give the network: network=...")
    whole = next((frame for frame in filled if {"flow_tpa", "capacity_tpa"} <= set(frame.columns)), None)
    if whole is not None:  # row by row the edges of the network
        edges = whole[[c for c in (*_ENDS, "commodity", "capacity_tpa") if c in whole]].replace("", None)
    else:
        columns = [c for c in (*_ENDS, "commodity") if all(c in frame for frame in filled)]
        edges = pd.concat([frame[columns] for frame in filled]).drop_duplicates(ignore_index=True).replace("", None)
    nodes = infer_nodes(edges, None)
    if whole is not None:
        nodes = _with_limits(nodes, tables)
        value = next((a.numbers().get("value_tpa") for a in given.values() if not isinstance(a, pd.DataFrame)), None)
        nodes = _with_roles(nodes, whole, value)
    network = Network(nodes, edges)
    if network.digest not in {_source(answer).get("digest") for answer in given.values()}:
        words = "the graph holds what the answer names: nodes, edges and their capacities"
        warnings.warn(f"write: {words}. With network=... it holds all tables.", ChainnetWarning, stacklevel=4)
    return network


def _with_limits(nodes: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return nodes with the capacities that an answer has of them."""
    for frame in tables.values():
        if {"id", "capacity_tpa", "throughput_tpa"} <= set(frame.columns) and "kind" not in frame:
            return nodes.assign(capacity_tpa=nodes["id"].map(frame.set_index("id")["capacity_tpa"]))
    return nodes


def _with_roles(nodes: pd.DataFrame, edges: pd.DataFrame, value_tpa: Any) -> pd.DataFrame:
    """Return nodes with the roles that a largest flow shows: it begins at a mine and ends at an end use.

    Where the flow does not add up to the value (recipes make and use up tonnes), the ways in and out say it.
    """
    flows = [edges.groupby(end)["flow_tpa"].sum().reindex(nodes["id"]).fillna(0.0).to_numpy() for end in _ENDS]
    gives = flows[0] - flows[1]
    size = max(float(edges["flow_tpa"].sum()), 1.0) * _ROUNDING
    if not isinstance(value_tpa, (int, float)) or abs(gives[gives > 0].sum() - value_tpa) > size:
        return nodes
    stage = np.where(gives > size, "mine", np.where(gives < -size, "end_use", "refiner"))
    return nodes.assign(stage=stage) if value_tpa > size else nodes
