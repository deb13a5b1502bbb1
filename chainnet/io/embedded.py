"""Graph formats, which know nodes and edges only: what goes in with them, and how a graph becomes a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from chainnet.errors import DataError
from chainnet.io.intake import Intake
from chainnet.io.sizes import MOST_COLUMNS, exceeds, too_large
from chainnet.io.text import Records, refuse
from chainnet.network import Annotated, Carried, Network, Reading, annotated, as_text, awake_edges, plain_cell


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


def network_of_graph(
    nodes: Sequence[Mapping[str, Any]],
    edges: Sequence[Mapping[str, Any]],
    words: Any,
    file: str,
    how: Reading,
    *,
    is_own: bool,
    beside: Sequence[str] = (),
) -> Network:
    """Return the network of a graph as read: a mapping per node and edge, and the words that it carried.

    ``is_own`` says that chainnet wrote the words; a graph of others has at most a name. ``beside`` is what else is to
    be said of it.

    Raises
    ------
    DataError
        With every fault found.
    """
    intake = Intake(f"{file}!{{}}", f"{file}!graph", how, forgiving=True)
    if not isinstance(words, Mapping):
        raise refuse(intake.place, "the attributes of the graph must be one JSON object", "Correct the file.")
    carried = Carried.of(words, intake.place, intake.files, is_own)
    intake.faults += carried.faults
    intake.said += [*beside, *carried.fit({text for node in nodes if (text := as_text(node.get("id"))) is not None})]
    tables = {name: Records(held.columns, held.rows, held.lines) for name, held in carried.tables.items()}
    asleep = tables.pop("edges", Records())
    rows = [dict(zip(asleep.header, row, strict=True)) for row in asleep.rows]
    for table, items in (("nodes", nodes), ("edges", [*edges, *rows])):
        try:
            intake.add(table, _records(items, intake.files[table]))
        except DataError as error:
            intake.unreadable(table, error)
    for table, records in tables.items():
        intake.add(table, records)
    return intake.network(**carried.meta, closed=True, is_own=is_own, results=carried.results)


def _records(items: Iterable[Mapping[str, Any]], file: str) -> Records:
    """Return records with one column for every key that any item has."""
    items = [{str(k): v for k, v in item.items()} for item in items]
    names = dict.fromkeys(name for item in items for name in item)
    if exceeds(len(names), MOST_COLUMNS):
        raise too_large(file, f"there are {len(names)} attributes; at most {MOST_COLUMNS}", "Remove some")
    out = Records(header=list(names), lines=list(range(2, len(items) + 2)))
    for line, item in zip(out.lines, items, strict=True):
        out.rows.append([plain_cell(item.get(name), file, line, name, out.faults) for name in names])
    return out
