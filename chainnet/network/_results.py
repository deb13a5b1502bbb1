"""Answers as attributes of nodes and edges: losses, flows and prices beside the tables they belong to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from chainnet.errors import DataError
from chainnet.network._schema import TABLES

_EDGE = ["source", "target", "commodity"]
_PARTS = ("scenario", "tier", "commodity")  # further keys of a row, which then stand in the name of its columns
_USUAL = ("capacity", "weight")  # what edges bear for graph libraries
_SAME = ("capacity_tpa", "demand_tpa")  # what answers repeat of the tables


class Annotated(NamedTuple):
    """Nodes and edges with what answers say of them, and as text which columns are answers."""

    nodes: pd.DataFrame
    edges: pd.DataFrame
    results: str


def named_results(results: Any) -> dict[str, Any]:
    """Return answers by name: as a mapping names them, else by what they are and the scenario they are of.

    Raises
    ------
    DataError
        If one is neither a result nor a table.
    """
    if results is None:
        return {}
    if isinstance(results, Mapping):
        found = {str(name): answer for name, answer in results.items()}
    else:
        several = results if isinstance(results, (list, tuple)) else [results]
        found = {}
        for answer in several:
            _check(answer, "")
            base = name = _name(answer)
            number = 1
            while name in found:
                number += 1
                name = f"{base}_{number}"
            found[name] = answer
    for name, answer in found.items():
        _check(answer, f"{name}: ")
    return found


def _check(answer: Any, where: str) -> None:
    if not isinstance(answer, pd.DataFrame) and not callable(getattr(answer, "tables", None)):
        raise DataError(f"results: {where}a {type(answer).__name__} is no answer. Give a result or a table.")


def _name(answer: Any) -> str:
    source = answer.attrs.get("provenance", {}) if isinstance(answer, pd.DataFrame) else answer.provenance
    told = {"shapley_tpa": "shapley", "lost_tpa": "chokepoints"}  # tables that are answers by themselves
    kind = next((told[c] for c in told if isinstance(answer, pd.DataFrame) and c in answer.columns), "table")
    if not isinstance(answer, pd.DataFrame):
        kind = re.sub(r"(?<!^)([A-Z])", r"_\1", type(answer).__name__)
    scenario = source.get("settings", {}).get("scenario", "") if isinstance(source, Mapping) else ""
    return f"{kind}_{scenario}".lower() if isinstance(scenario, str) and scenario else kind.lower()


def annotated(nodes: pd.DataFrame, edges: pd.DataFrame, results: Any) -> Annotated:
    """Return nodes and edges with the numbers that answers have of them.

    A table of an answer belongs to nodes where its rows are named by ``id`` or ``node``, and to edges where they are
    named by ``source`` and ``target``; of parallel edges that cannot be told apart nothing is said. What a row has for
    a commodity, tier or scenario only bears that word at its end. A column that stands in two answers, or in the
    tables, bears the name of its answer in front. Months are left out.
    """
    given = named_results(results)
    parts: dict[str, list[tuple[str, pd.DataFrame]]] = {"nodes": [], "edges": []}
    for name, answer in given.items():
        tables = {"": answer} if isinstance(answer, pd.DataFrame) else answer.tables()
        for table in tables.values():
            found = _keyed(table, nodes, edges)
            if found is not None:
                parts[found[0]].append((name, found[1]))
    out: dict[str, pd.DataFrame] = {}
    said: dict[str, list[str]] = {}
    for kind, frame in (("nodes", nodes), ("edges", edges)):
        columns = [column for _, table in parts[kind] for column in table.columns]
        twice = {c for c in columns if columns.count(c) > 1} | {*TABLES[kind].names, *_USUAL}
        named = [
            table.rename(columns={c: f"{name}_{c}" for c in table.columns if c in twice}) for name, table in parts[kind]
        ]
        more = pd.concat([table.set_axis(frame.index) for table in named], axis=1) if named else pd.DataFrame()
        more = more.loc[:, ~more.columns.duplicated()]
        said[kind] = more.columns.tolist()
        out[kind] = pd.concat([frame, more], axis=1) if len(said[kind]) else frame
    return Annotated(out["nodes"], out["edges"], json.dumps(said) if any(said.values()) else "")


def result_columns(text: object) -> dict[str, list[str]]:
    """Return which attributes a graph says to be results; none where it says nothing that can be read."""
    try:
        said = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    return {kind: [c for c in said[kind] if isinstance(c, str)] for kind in ("nodes", "edges") if _is_list(said, kind)}


def _is_list(said: Mapping[str, Any], kind: str) -> bool:
    return isinstance(said.get(kind), list)


def _keyed(table: pd.DataFrame, nodes: pd.DataFrame, edges: pd.DataFrame) -> tuple[str, pd.DataFrame] | None:
    """Return to what a table belongs, and its numbers in the order of nodes or edges; None where to neither."""
    flat = table.reset_index() if any(name is not None for name in table.index.names) else table
    columns = set(flat.columns)
    if flat.empty or "month" in columns:
        return None
    if {"source", "target"} <= columns and "kind" not in columns:
        return _of_edges(flat, edges)
    key = next((name for name in ("id", "node") if name in columns), None)
    if key is None or "kind" in columns or not flat[key].isin(nodes["id"]).any():
        return None
    return _of_nodes(flat, key, nodes)


def _numbers(flat: pd.DataFrame, keys: Iterable[str]) -> list[str]:
    return [
        str(c)
        for c in flat.columns
        if c not in keys and c not in _SAME and pd.api.types.is_numeric_dtype(flat[c]) and flat[c].notna().any()
    ]


def _of_edges(flat: pd.DataFrame, edges: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Return the numbers of a table of edges; where the rows of parallel edges cannot be told apart, none."""
    keys = [key for key in _EDGE if key in flat.columns]
    numbers = _numbers(flat, (*_EDGE, *_PARTS))
    theirs, ours = (frame[keys].astype(object).where(frame[keys].notna(), "").astype(str) for frame in (flat, edges))
    if theirs.reset_index(drop=True).equals(ours.reset_index(drop=True)):  # row by row as the table of edges
        return "edges", flat[numbers].reset_index(drop=True)
    once = pd.concat([theirs, flat[numbers]], axis=1).drop_duplicates()
    once = once[~once.duplicated(keys, keep=False)]
    counts = [frame.groupby(keys).size() for frame in (theirs, ours)]
    alike = counts[0].reindex(counts[1].index).eq(counts[1])
    known = ours.merge(alike.rename("alike").reset_index(), on=keys, how="left")["alike"].to_numpy(dtype=bool)
    found = ours.merge(once, on=keys, how="left")[numbers]
    return "edges", found.where(np.repeat(known[:, None], len(numbers), axis=1))


def _of_nodes(flat: pd.DataFrame, key: str, nodes: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    split = [part for part in _PARTS if part in flat.columns and len(flat[part].drop_duplicates()) > 1]
    numbers = _numbers(flat, (key, *_PARTS))
    if not split:
        values = flat.drop_duplicates(key).set_index(key)[numbers]
        return "nodes", values.reindex(nodes["id"]).reset_index(drop=True)
    words = flat[split].astype(object).where(flat[split].notna(), "").astype(str)
    tails = words.agg("_".join, axis=1)
    columns: dict[str, Any] = {}
    for tail, rows in flat.groupby(tails, sort=True):
        values = rows.drop_duplicates(key).set_index(key)[numbers].reindex(nodes["id"])
        columns |= {f"{number}_{tail}": values[number].to_numpy() for number in numbers if values[number].notna().any()}
    return "nodes", pd.DataFrame(columns)
