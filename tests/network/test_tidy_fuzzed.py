"""Tables of random kinds, shapes and heads: the network that they say, or a refusal with the place; nothing else."""

from __future__ import annotations

import contextlib
import warnings
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainnet as cn
from chainnet.errors import ChainnetWarning
from chainnet.network import TABLES

IDS = ("pit", "kiln", "mill", "7", "Ä b")
ODD: tuple[Any, ...] = (
    None, pd.NA, pd.NaT, float("nan"), np.inf, -np.inf, True, 1j, "", " ", "1,5", "50 %", "x\x00", "\ud800", ["a"], {"a": 1}, b"a",
    Decimal("NaN"), Decimal("1.5"), datetime(2027, 1, 1), pd.Timedelta(1), 10**400, -1.0, object,
)  # fmt: skip
STAGES = ("mine", "refiner", "end_use")


def cell(column: str) -> st.SearchStrategy[Any]:
    """A cell of a column: mostly one that fits it, at times anything."""
    names = st.sampled_from(IDS).flatmap(lambda i: st.sampled_from([i, f" {i}", f"{i}\u00a0", i]))
    fits: dict[str, st.SearchStrategy[Any]] = {
        "id": names,
        "source": names,
        "target": names,
        "stage": st.sampled_from([*STAGES, "mine "]),
        "country": st.sampled_from(["CHL", "JPN", None]),
        "capacity_tpa": st.sampled_from([0, 1.5, 7, "3", Decimal("2.5"), None]),
    }
    usual = fits.get(column, st.text(max_size=3))
    return usual if column in ("id", "stage") else st.one_of(*[usual] * 8, st.sampled_from(ODD))


KINDS = (
    "object",
    "category",
    "string",
    "str",
    "string[pyarrow]",
    "Float64",
    "Int64",
    "float32",
    "Sparse[float]",
    "datetime64[ns]",
)


@st.composite
def tables(draw: st.DrawFn, table: str) -> Any:
    """A table with odd kinds of columns, heads, levels and order."""
    needed = [c.name for c in TABLES[table].columns if c.required]
    more = draw(st.lists(st.sampled_from(["capacity_tpa", "country", "note"]), unique=True, max_size=3))
    names = [c for c in [*needed, *more] if c in TABLES[table].names]
    rows = draw(st.integers(1, 4))
    cells = {c: pd.Series(draw(st.lists(cell(c), min_size=rows, max_size=rows)), dtype=object) for c in names}
    for name in names:
        kind = draw(st.sampled_from(["object", "object", *KINDS]))
        with contextlib.suppress(Exception):  # what pandas itself refuses
            cells[name] = cells[name].astype(kind)
    frame = pd.concat(cells, axis=1)
    way = draw(
        st.sampled_from(
            ["plain", "plain", "upper", "padded", "index", "levels", "nameless", "twice", "strange", "records", "dict"]
        )
    )
    if way == "upper":
        return frame.rename(columns=str.upper)
    if way == "padded":
        return frame.rename(columns=lambda c: f" {c.replace('_', ' ')}\t")
    if way == "index":
        return frame.set_index(frame.columns[0])
    if way in ("levels", "nameless"):
        levels = frame.set_index(needed)
        return levels if way == "levels" else levels.rename_axis([None] * len(needed))
    if way == "twice":
        return pd.concat([frame, frame.iloc[:, :1]], axis=1)
    if way == "strange":
        return frame.assign(**{draw(st.sampled_from(["x", "Capacity", "0", "ca\x00p"])): 1})
    return frame.to_dict("list" if way == "dict" else "records") if way in ("dict", "records") else frame


def said(value: Any) -> Any:
    """Return what a cell says, found without the package: None, a number or a text."""
    if (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, (float, np.floating)) and np.isnan(value))
    ):
        return None
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.strip() or None if isinstance(value, str) else value


def rows_said(frame: Any, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Return the rows of a table as given, in plain words, in any order."""
    table = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame)
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    heads = {str(c).strip().lower().replace(" ", "_"): c for c in table.columns}
    columns = [
        [said(v) for v in table[heads[name]].tolist()] if name in heads else [None] * len(table) for name in names
    ]
    return list(zip(*columns, strict=True))


def as_held(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row as a network holds it: ids as text, capacities as numbers, no limit as none."""
    *words, capacity = row
    number = None if capacity is None or float(capacity) == np.inf else float(capacity)
    held = (str(int(w)) if isinstance(w, float) and w.is_integer() else w for w in words)
    return (*(None if w is None else str(w) for w in held), number)


def told(rows: list[tuple[Any, ...]]) -> list[str]:
    return sorted(map(repr, rows))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables("nodes"), tables("edges"), st.booleans())
def test_a_table_is_what_it_says_or_is_refused_in_words(nodes: Any, edges: Any, is_listed: bool) -> None:
    columns = {"nodes": ("id", "stage", "country", "capacity_tpa"), "edges": ("source", "target", "capacity_tpa")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ChainnetWarning)
        try:
            net = cn.Network.from_edges(edges, nodes) if is_listed else cn.Network(nodes, edges)
        except cn.DataError as error:
            refusal = str(error)
        else:
            refusal = ""
    if refusal:
        assert any(word in refusal for word in ("nodes", "edges", "from_edges")), refusal
        return
    for table, names in columns.items():
        given_rows = [as_held(row) for row in rows_said({"nodes": nodes, "edges": edges}[table], names)]
        frame = getattr(net, table)
        held = [as_held(tuple(map(said, row))) for row in frame[list(names)].itertuples(index=False)]
        if is_listed and table == "edges":
            given_rows = [row for row in given_rows if row[0] != row[1]]
        if is_listed and table == "nodes":  # those that only edges name are added
            held = [row for row in held if row[0] in {given_row[0] for given_row in given_rows}]
        assert told(held) == told(given_rows)
