"""What tables say by themselves: one order of rows, one digest, baseline output, and who trades what."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from chainnet.network._coded import Coded, blank_numbers, blank_texts, counted_order, encode, is_long, joined, places
from chainnet.network._gate import Frames, Gate
from chainnet.network._nouns import plants_of, step_of
from chainnet.network._schema import TABLES

Ends = tuple[np.ndarray, np.ndarray]


def sort_tables(gate: Gate, frames: Frames) -> tuple[Frames, Ends]:
    """Return all tables in canonical order, and the ends of edges as rows of nodes."""
    orders = {name: canonical_order(name, frame, gate.coded_of(name)) for name, frame in frames.items()}
    ends = _ends(gate, frames, orders) if {"source", "target"} <= set(gate.coded_of("edges")) else None
    out: Frames = {}
    for name, frame in frames.items():
        order = orders[name]
        out[name] = frame if order is None else taken(frame, order, gate.coded_of(name))
    return out, ends_of(out) if ends is None else ends


def _ends(gate: Gate, frames: Frames, orders: Mapping[str, np.ndarray | None]) -> Ends:
    ids, nodes, edges = frames["nodes"]["id"], orders["nodes"], orders["edges"]
    row_of = np.full(len(ids) + 1, -1, dtype=np.intp)  # the last is that of words that no node has
    row_of[np.arange(len(ids)) if nodes is None else nodes] = np.arange(len(ids))

    def end(column: str) -> np.ndarray:
        codes = gate.coded["edges", column].codes
        return np.asarray(row_of[gate.places("edges", column, ids)][codes if edges is None else codes[edges]])

    return _read_only(end("source"), end("target"))


def ends_of(frames: Frames) -> Ends:
    """Return the rows of nodes where each edge begins and ends; -1 where no node has the id."""
    ids, edges = frames["nodes"]["id"], frames["edges"]
    if is_long(edges):
        return _read_only(places(edges["source"].array, ids), places(edges["target"].array, ids))
    index = pd.Index(ids.to_numpy(dtype=object))
    source, target = (index.get_indexer(edges[end].to_numpy(dtype=object)) for end in ("source", "target"))
    return _read_only(source, target)


def _read_only(source: np.ndarray, target: np.ndarray) -> Ends:
    for rows in (source, target):
        rows.setflags(write=False)
    return source, target


def canonical(name: str, frame: pd.DataFrame, coded: Mapping[str, Coded] | None = None) -> pd.DataFrame:
    """Sort ``frame`` into canonical order: by key, then by all other columns, empty last.

    ``coded`` are columns of a long table that are known as codes already.
    """
    order = canonical_order(name, frame, coded or {})
    return frame if order is None else taken(frame, order, coded or {})


def canonical_order(name: str, frame: pd.DataFrame, coded: Mapping[str, Coded]) -> np.ndarray | None:
    """Return the rows of ``frame`` in canonical order; None where they stand in it."""
    if len(frame) < 2:
        return None
    table = TABLES[name]
    first = list(table.named_by)
    rest = [c for c in table.names if c not in first]
    if is_long(frame) and all(table.column(c).kind == "text" for c in first):
        return _long_order(frame, first, rest, coded)
    order = _short_order(frame, first, rest)
    return None if (order == np.arange(len(order))).all() else order


def _short_order(frame: pd.DataFrame, first: list[str], rest: list[str]) -> np.ndarray:
    codes = _folded([_codes(frame[column]) for column in first])
    order = np.lexsort(codes[::-1])
    same = np.ones(len(frame) - 1, dtype=bool)
    for code in codes:
        same &= code[order][1:] == code[order][:-1]
    if same.any():
        codes += [_codes(frame[column]) for column in rest]
        order = np.lexsort(codes[::-1])
    return order


def _long_order(frame: pd.DataFrame, first: list[str], rest: list[str], coded: Mapping[str, Coded]) -> np.ndarray:
    """Order a long table: one pass for each column of its name, all columns for rows of one name only."""
    columns = [(coded.get(c) or _encoded(frame[c])).ranked() for c in first]
    order = counted_order(columns)
    same = np.ones(len(frame) - 1, dtype=bool)
    for column in columns:
        code = column.codes[order]
        same &= code[1:] == code[:-1]
    if same.any():
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        run = np.cumsum(np.append(False, ~same))[tied]
        rows = frame.take(order[tied])
        keys = [_codes(rows[c]) for c in rest if rows[c].notna().any()]
        order[tied] = order[tied][np.lexsort([*keys[::-1], run])]
    return order


def _encoded(cells: pd.Series) -> Coded:
    coded = encode(cells)
    if coded is None:  # pragma: no cover - the gate hands on text alone
        raise TypeError(f"{cells.name}: no column of text")
    return coded


def taken(frame: pd.DataFrame, order: np.ndarray, coded: Mapping[str, Coded]) -> pd.DataFrame:
    """Return rows of ``frame`` in an order; of a long table, column by column, so that blank ones cost nothing."""
    if not is_long(frame):
        return frame.take(order).reset_index(drop=True)
    out: dict[str, Any] = {}
    for column in frame.columns:
        cells = frame[column]
        is_number = pd.api.types.is_numeric_dtype(cells.dtype)
        if not cells.notna().any():
            out[column] = blank_numbers(len(order)) if is_number else blank_texts(len(order))
        elif is_number:
            out[column] = cells.to_numpy()[order]
        else:
            out[column] = coded[column].cells(order) if column in coded else cells.array.take(order)
    return pd.DataFrame(out, copy=False)


def _folded(codes: list[np.ndarray]) -> list[np.ndarray]:
    """Fold ranks of several columns into one of the same order, where it fits: one sort instead of several."""
    room = 1
    for code in codes:
        if code.dtype != np.int64:
            return codes
        room *= int(code.max()) + 1
    if room >= 2**62:
        return codes
    folded = np.zeros(len(codes[0]), dtype=np.int64)
    for code in codes:
        folded = folded * (int(code.max()) + 1) + code
    return [folded]


def _codes(cells: pd.Series) -> np.ndarray:
    """Return sort ranks of a column; missing cells rank last."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return np.asarray(cells.to_numpy(dtype="float64"))
    codes, uniques = pd.factorize(cells, use_na_sentinel=True)
    rank = np.empty(len(uniques) + 1, dtype=np.int64)
    texts = np.asarray(uniques, dtype=object)
    rank[np.argsort(texts, kind="stable")] = np.arange(len(uniques))
    rank[-1] = len(uniques)
    return np.asarray(rank[codes])


def digest_of(frames: Frames, *words: Sequence[str]) -> str:
    """Return the SHA-256 of canonical tables, after some lists of words, as hex text."""
    sha = hashlib.sha256()
    for several in words:
        sha.update("\x1f".join(several).encode() + b"\x1e")
    for table, frame in frames.items():
        if frame.empty:
            continue
        sha.update(f"{table}:{len(frame)}\x1e".encode())
        for column, cells in frame.items():
            if isinstance(cells.dtype, np.dtype):
                values = cells.to_numpy(dtype="<f8")
                missing = np.isnan(values)
                if missing.all():
                    continue
                if missing.any():
                    values = np.where(missing, np.nan, values)  # one kind of it, whatever bits a file had
                held = np.ascontiguousarray(values).data
            else:
                held = joined(cells)
                if held is None:
                    continue
            sha.update(str(column).encode() + b"\x1e")
            sha.update(held)
    return sha.hexdigest()


def html_of(label: str, digest: str, frames: Frames) -> str:
    """Return what a notebook shows of a network: its title, and how many rows its tables have."""
    counts = "".join(
        f"<tr><th style='text-align:left'>{escape(table)}</th><td>{len(frame)}</td></tr>"
        for table, frame in frames.items()
        if len(frame)
    )
    return f"<p><b>{escape(label)}</b> ({escape(digest[:12])})</p><table>{counts}</table>"


def trade_of(frames: Frames) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return kinds of nodes that trade a commodity, and who ships or takes it; see ``Network.trade``."""
    # a project that was built stands in both tables, where the one of the nodes was put in later
    places = plants_of(frames["nodes"], frames["projects"]).drop_duplicates("id").set_index("id")
    kind = step_of(places)
    edges = frames["edges"][["source", "target", "commodity"]].assign(commodity=frames["edges"]["commodity"].fillna(""))
    kinds = pd.DataFrame(
        {"commodity": edges["commodity"], "a": edges["source"].map(kind), "b": edges["target"].map(kind)}
    ).drop_duplicates(ignore_index=True)
    ends = [
        edges[[end, "commodity"]].set_axis(["id", "commodity"], axis=1).assign(side=end) for end in ("source", "target")
    ]
    return kinds, pd.concat(ends, ignore_index=True).drop_duplicates(ignore_index=True)


def baseline_of(frames: Frames) -> pd.Series:
    """Main output (process) or throughput (else) of each node from edges.flow_tpa; NaN where unknown."""
    nodes, edges, processes = frames["nodes"], frames["edges"], frames["processes"]
    ids, flow = nodes["id"].to_numpy(dtype=object), edges["flow_tpa"].to_numpy()
    known = ~np.isnan(flow)
    if not known.any():
        return pd.Series(np.nan, index=ids, dtype=float)
    source, target, commodity = (edges[c].to_numpy(dtype=object)[known] for c in ("source", "target", "commodity"))
    tonnes = pd.Series(flow[known])

    def sums(by: np.ndarray, where: Any = slice(None)) -> np.ndarray:
        return np.asarray(tonnes[where].groupby(by[where]).sum().reindex(ids))

    result = np.where((nodes["stage"] != "end_use").to_numpy(), sums(source), sums(target))
    process = nodes["process"].to_numpy(dtype=object)
    is_named = nodes["process"].notna().to_numpy()
    if is_named.any():
        lines = zip(processes["process"], processes["role"], processes["commodity"], strict=True)
        main = {process: commodity for process, role, commodity in lines if role == "output"}
        wanted = {node: main.get(step) for node, step in zip(ids[is_named], process[is_named], strict=True)}
        made = commodity == np.array([wanted.get(node) for node in source], dtype=object)
        result = np.where(is_named, sums(source, made), result)
    return pd.Series(result, index=ids)
