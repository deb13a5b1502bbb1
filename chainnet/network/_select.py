"""Rows that are looked for: edges between pairs, capacities where a baseline must stand in, what no edge reaches."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools, records
from chainnet.errors import DataError, UnknownIdError
from chainnet.network._countries import Groups, country_named
from chainnet.network._gate import Frames
from chainnet.network._nouns import plants_of

_COUNTRY_COLUMNS = ("country", "owner_country")


def meant_by(word: str, known: Collection[str], groups: Groups) -> str:
    """Return what a word that is no id may mean: a country or group, or several ids in one text; else nothing."""
    code = word if word in groups else country_named(word)
    if code is not None:
        return f"A country or group is named by where;{checks.meant([f'where.country = {json.dumps(code)}'])}"
    parts = [part.strip() for part in re.split("[,;]", word)]
    several = len(parts) > 1 and all(part in known for part in parts)
    return f"Several ids are a list: {json.dumps(parts, ensure_ascii=False)}." if several else ""


def matches(
    table: str,
    frame: pd.DataFrame,
    built: pd.DataFrame,
    where: Mapping[str, str | Sequence[str]],
    argument: str,
    in_countries: Callable[[pd.DataFrame, list[str], str, str], Bools],
) -> Bools:
    """See ``Network.matches``; ``built`` are projects that stand, ``in_countries`` the network's own."""
    hit = np.ones(len(frame), dtype=bool)
    for column, value in where.items():
        words = [value] if isinstance(value, str) else list(value)
        if column not in frame.columns:
            if table != "nodes" or column not in built.columns:
                return np.zeros(len(frame), dtype=bool)
            # a project that was built keeps what the projects table says of it
            known = built.set_index("id")[column]
            frame = frame.assign(**{column: known.reindex(frame["id"]).to_numpy()})
        if column in _COUNTRY_COLUMNS:
            hit &= in_countries(frame, words, f"{argument}.{column}", column)
        else:
            hit &= frame[column].isin([str(w) for w in words]).to_numpy()
    return hit


def edge_rows(edges: pd.DataFrame, gone: frozenset[str], pairs: Iterable[Sequence[str]], argument: str) -> Bools:
    """See ``Network.edge_rows``."""
    hit = np.zeros(len(edges), dtype=bool)
    for pair in pairs:
        words = [str(w) for w in pair]
        if isinstance(pair, str) or len(words) not in (2, 3):
            raise DataError(
                f"{argument}: {pair!r} is no (source, target) pair. Give two ids, or two ids and a commodity."
            )
        between = (edges["source"] == words[0]) & (edges["target"] == words[1])
        if len(words) == 3:
            between &= edges["commodity"].fillna("") == words[2]
        rows = between.to_numpy()
        if not rows.any() and not ({words[0], words[1], "\x1f".join(words[:2])} & gone):
            raise UnknownIdError(
                f'{argument}: no edge from "{words[0]}" to "{words[1]}"; list them with network.edges.'
            )
        hit |= rows
    return hit


def finite_capacity(table: str, frame: pd.DataFrame, hit: Bools, baseline: Callable[[], pd.Series]) -> Array:
    """See ``Network.finite_capacity``."""
    capacity = np.array(frame["capacity_tpa"], dtype=float)
    need = hit & np.isnan(capacity)
    if need.any():
        if table == "edges":
            capacity[need] = frame["flow_tpa"].to_numpy(dtype="float64")[need]
            names = frame["source"] + " -> " + frame["target"]
        else:
            names = frame["id"]
            capacity[need] = baseline().reindex(names).to_numpy(dtype="float64")[need]
        lacking = need & np.isnan(capacity)
        if lacking.any():
            who = ", ".join(names[lacking].tolist()[:5])
            raise DataError(
                f"{table}: neither a limit nor a baseline flow: {who}; a share of nothing known is nothing known. "
                "Give capacity_tpa or flow_tpa."
            )
    return capacity


def unrelated_of(frames: Frames) -> pd.DataFrame:
    """Return what no relation reaches: nodes and projects without an edge, stocks that nothing at their node can take.

    Returns
    -------
    DataFrame
        table, id, label, is_fit (whether questions take it, or refuse the network for it), words.
    """
    edges, demand = frames["edges"], frames["demand"]
    named = set(edges["source"]) | set(edges["target"])
    rows: list[tuple[str, str, str, bool, str]] = []
    for table in ("nodes", "projects"):
        frame = frames[table]
        for row in records(frame[~frame["id"].isin(named).to_numpy()][["id", "label"]]):
            rows.append((table, row["id"], _label(row), True, "has no relation: no edge begins or ends at it."))
    places = _takers(frames)
    open_ends = set(frames["nodes"].loc[frames["nodes"]["stage"] == "end_use", "id"]) if demand.empty else set()
    for row in records(frames["stocks"][["id", "node", "commodity"]]):
        good = row["commodity"] if isinstance(row["commodity"], str) else ""
        if not isinstance(row["node"], str):
            words = "has no relation: it names no node, so it cannot be drawn."
        elif (row["node"], good) in places or row["node"] in open_ends:
            continue
        else:
            words = f"has no relation: no edge, process or demand at {row['node']} can take {good or 'it'}."
        rows.append(("stocks", row["id"], row["id"], not isinstance(row["node"], str), words))
    return pd.DataFrame(rows, columns=["table", "id", "label", "is_fit", "words"])


def _label(row: dict[str, Any]) -> str:
    return row["label"] if isinstance(row["label"], str) else row["id"]


def _takers(frames: Frames) -> set[tuple[str, str]]:
    """Return the (node, commodity) pairs where something leaves, uses or asks for the commodity."""
    plants = plants_of(frames["nodes"], frames["projects"])[["id", "process"]].dropna()
    inputs = frames["processes"][frames["processes"]["role"] == "input"]
    awake = frames["edges"]["target"].isin(frames["nodes"]["id"])  # what leads to a project alone takes nothing yet
    parts = (
        frames["edges"][awake.to_numpy()][["source", "commodity"]],
        plants.merge(inputs, on="process")[["id", "commodity"]],
        frames["demand"][["node", "commodity"]],
    )
    return {pair for part in parts for pair in part.fillna("").itertuples(index=False, name=None)}
