"""Tables and meta words inside of graph formats, which know nodes and edges only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from chainnet.errors import DataError, Fault, near_matches
from chainnet.io.datapackage import network_meta, take_meta
from chainnet.io.intake import Intake
from chainnet.io.sizes import MOST_COLUMNS, exceeds, too_large
from chainnet.io.text import Records, refuse, written_columns
from chainnet.network import TABLES, Annotated, Network, Reading, annotated, result_columns

__all__ = ["annotated_parts", "awake_edges", "cell", "embedded_words", "network_of_graph", "rows_of"]


def cell(value: Any) -> Any:
    """Return a table cell as JSON holds it: text, a number, or None where it is missing."""
    if isinstance(value, float):
        if value != value:
            return None
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return None if pd.isna(value) else value


def rows_of(frame: pd.DataFrame, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns that a file needs and the rows of ``frame`` in them."""
    names = written_columns(frame, [c.name for c in TABLES[table].columns if c.required])
    columns = [[cell(v) for v in frame[name].tolist()] for name in names]
    return names, list(zip(*columns, strict=True))


def awake_edges(network: Network) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the edges between nodes, and those that wait for a project to be built."""
    edges = network.view("edges")
    nodes = network.view("nodes")["id"]
    awake = edges["source"].isin(nodes) & edges["target"].isin(nodes)
    return edges[awake], edges[~awake]


def annotated_parts(network: Network, results: Any = None) -> Annotated:
    """Return nodes and the edges between them, with the numbers that answers have of them; yes and no as words."""
    held = annotated(network.view("nodes"), network.view("edges"), results)
    edges, _ = awake_edges(network)
    return Annotated(_with_words(held.nodes), _with_words(held.edges.loc[edges.index]), held.results)


def _with_words(frame: pd.DataFrame) -> pd.DataFrame:
    for place in range(frame.shape[1]):
        cells = frame.iloc[:, place]
        if pd.api.types.is_bool_dtype(cells.dtype) or cells.dtype == object:
            frame = frame.copy(deep=False)
            words = [None if pd.isna(v) else str(v).lower() if isinstance(v, bool) else v for v in cells.tolist()]
            frame.isetitem(place, pd.array(words, dtype="str"))
    return frame


def embedded_words(network: Network, results: str = "") -> dict[str, Any]:
    """Return what a graph keeps beside nodes and edges: meta words, the other tables, which columns are answers."""
    _, asleep = awake_edges(network)
    frames = {table: getattr(network, table) for table in TABLES if table not in ("nodes", "edges")}
    frames["edges"] = asleep
    tables = {}
    for table, frame in frames.items():
        if len(frame):
            columns, rows = rows_of(frame, table)
            tables[table] = {"columns": columns, "rows": rows}
    said = {"results": results} if results else {}
    return {**network_meta(network), **({"tables": tables} if tables else {}), **said}


def network_of_graph(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]], words: Any, file: str, how: Reading
) -> Network:
    """Return the network of a graph as read: a mapping per node and edge, and the embedded words.

    Raises
    ------
    DataError
        With every fault found.
    """
    intake = Intake(f"{file}!{{}}", f"{file}!graph", how, forgiving=True)
    if not isinstance(words, Mapping):
        raise refuse(intake.place, "the attributes of the graph must be one JSON object", "Correct the file.")
    tables = _tables(words.get("tables", {}), intake)
    asleep = tables.pop("edges", Records())
    rows = [dict(zip(asleep.header, row, strict=True)) for row in asleep.rows]
    intake.faults += asleep.faults
    for table, items in (("nodes", nodes), ("edges", [*edges, *rows])):
        try:
            intake.add(table, _records(items, intake.files[table]))
        except DataError as error:
            intake.unreadable(table, error)
    for table, records in tables.items():
        intake.add(table, records)
    return intake.network(**take_meta(words, intake), closed=True, results=result_columns(words.get("results")))


def _records(items: Iterable[Mapping[str, Any]], file: str) -> Records:
    """Return records with one column for every key that any item has."""
    items = [{str(k): v for k, v in item.items()} for item in items]
    names = dict.fromkeys(name for item in items for name in item)
    if exceeds(len(names), MOST_COLUMNS):
        raise too_large(file, f"there are {len(names)} attributes; at most {MOST_COLUMNS}", "Remove some")
    out = Records(header=list(names), lines=list(range(2, len(items) + 2)))
    for line, item in zip(out.lines, items, strict=True):
        out.rows.append([_plain(item.get(name), file, line, name, out.faults) for name in names])
    return out


def _plain(value: Any, file: str, line: int, column: str, faults: list[Fault]) -> Any:
    if value is None or type(value) in (str, int, float):
        return value
    faults.append(Fault(file, line, column, str(value)[:80], "neither text nor a number", "Correct the cell."))
    return None


def _tables(tables: Any, intake: Intake) -> dict[str, Records]:
    if not isinstance(tables, Mapping):
        intake.fault("must be an object of tables", "Correct the file.", column="tables")
        return {}
    if len(tables) > MOST_COLUMNS:
        intake.fault(f"has {len(tables)} tables; at most {MOST_COLUMNS}", "Correct the file.", column="tables")
        return {}
    out = {}
    allowed = [table for table in TABLES if table != "nodes"]  # every node stands among those of the graph
    for table, content in tables.items():
        columns = content.get("columns") if isinstance(content, Mapping) else None
        rows = content.get("rows") if isinstance(content, Mapping) else None
        if table not in allowed:
            rule = "no table of this name may stand here"
            if table != "nodes":
                rule = f"{rule};{near_matches(str(table), allowed)}".rstrip(";")
            intake.fault(rule, f"Tables: {', '.join(allowed)}.", column="tables", value=table)
        elif not _is_texts(columns) or not isinstance(rows, list):
            intake.fault("must be {columns: [...], rows: [[...]]}", "Correct the file.", column="tables", value=table)
        else:
            out[table] = _fit(columns or [], rows, intake.files[table])
    return out


def _is_texts(words: Any) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def _fit(columns: list[str], rows: Collection[Any], file: str) -> Records:
    out = Records(header=columns)
    for line, row in enumerate(rows, start=2):
        if not isinstance(row, list) or len(row) != len(columns):
            rule = f"the row does not have {len(columns)} cells"
            out.faults.append(Fault(file, line, "", "", rule, "Correct the file."))
            continue
        out.rows.append([_plain(v, file, line, name, out.faults) for name, v in zip(columns, row, strict=True)])
        out.lines.append(line)
    return out
