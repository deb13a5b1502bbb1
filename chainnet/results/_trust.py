"""How far an answer can be trusted, in words: how it was made, which inputs bind it, how the weakest is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from chainnet.network import QUALITIES, Network, split_list
from chainnet.words import nouns

# how a number was made
CHECKED: Final = "arithmetic checked"  # its certificate closes, for the stated data
BOUNDED: Final = "bounded, not proved best"
SAMPLED: Final = "sampled"
SIMULATED: Final = "simulated without foresight"
FROM_INPUTS: Final = "from the inputs, not solved"
Status = Literal[
    "arithmetic checked",
    "bounded, not proved best",
    "sampled",
    "simulated without foresight",
    "from the inputs, not solved",
]
# a bound that a measure sets is no datum: it is what was asked
GIVEN = "given"
NOT_STATED, NOT_ASSESSED = "not stated", "not assessed"
_KEYS = ["kind", "source", "target", "id", "commodity", "tier"]
_FIGURES = ["label", "low", "high", "quality", "reference"]
_COLUMNS = ["kind", "id", "label", "commodity", "tier", "capacity_tpa", "price", "low", "high", "quality", "reference"]


def weakest(qualities: Iterable[Any]) -> str:
    """Return the weakest quality among some rows; ``NOT_STATED`` if none has one."""
    known = [q for q in qualities if isinstance(q, str) and q in QUALITIES]
    return max(known, key=QUALITIES.index) if known else NOT_STATED


def limiting_inputs(network: Network, cut: pd.DataFrame) -> pd.DataFrame:
    """Look up the data behind the bounds that bind an answer, the weakest first: its **limiting inputs**.

    An input is limiting where its bound carries a price for the question asked: a tonne more of it would change the
    answer. Every count of them, in text, tables and footers, is that of ``rest_of``.

    Parameters
    ----------
    network : Network
    cut : DataFrame
        kind (node, edge, demand, restriction), id or source and target, commodity, tier, capacity_tpa, price.

    Returns
    -------
    DataFrame
        kind, id ("a -> b" for an edge), label, commodity, tier, capacity_tpa (the bound), price (tonnes served
        per tonne of it), low, high, quality, reference. Quality is "given" for a bound that a measure sets.
    """
    keys = _cells(cut, _KEYS)
    first = {key: i for i, key in reversed(list(enumerate(keys)))}
    rows = sorted(first.values())
    keys = [keys[i] for i in rows]
    named, tails = {key[3] for key in keys}, {key[1] for key in keys}
    places = _figures(network.view("nodes"), ["id"], named) | _figures(network.view("projects"), ["id"], named)
    by_row = _figures(network.view("demand"), ["node", "commodity", "tier"], named)
    by_user = _figures(network.view("demand"), ["node"], named)  # a cut may name the end use alone
    edges = _figures(network.view("edges"), ["source", "target", "commodity"], tails, bare=False)
    nothing = dict.fromkeys(_FIGURES)
    found = []
    for kind, source, target, id_, commodity, tier in keys:
        row: dict[str, Any] = {**nothing, "id": id_ or None}
        if kind == "node":
            row |= places.get((id_,), nothing)
        elif kind == "edge":
            row |= edges.get((source, target, commodity), nothing)
            row["id"] = f"{source} -> {target}"
        elif kind == "demand":
            row |= by_row.get((id_, commodity, tier), nothing)
            row |= by_user.get((id_,), nothing) if row["quality"] is None else {}
        row["label"] = row["label"] or places.get((id_,), nothing)["label"]
        row["quality"] = GIVEN if kind == "restriction" else row["quality"] or NOT_STATED
        found.append(row)
    rank = {word: -i for i, word in enumerate((GIVEN, *QUALITIES, NOT_STATED))}
    order = sorted(range(len(found)), key=lambda i: (rank[found[i]["quality"]], str(found[i]["id"])))
    out = cut.iloc[[rows[i] for i in order]].reindex(columns=_COLUMNS).reset_index(drop=True)
    for column in ("id", *_FIGURES):
        cells = np.array([found[i][column] for i in order], dtype=object)
        out[column] = pd.Series(cells, dtype="float64" if column in ("low", "high") else "str")
    return out


def _cells(table: pd.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    """Return the rows of a table as tuples of text, "" where there is none."""
    nothing = np.full(len(table), None)
    parts = [table[column].to_numpy(dtype=object) if column in table else nothing for column in columns]
    return [tuple(cell if isinstance(cell, str) else "" for cell in row) for row in zip(*parts, strict=True)]


def _figures(
    table: pd.DataFrame, on: list[str], wanted: set[str], *, bare: bool = True
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the figures of each key whose first part is wanted; of several rows those of the weakest.

    ``bare=False`` passes over rows that bear no figure.
    """
    figures = [column for column in _FIGURES if column in table]
    rows = table[[*on, *figures]].take(np.flatnonzero(table[on[0]].isin(wanted)))
    if not bare:
        rows = rows.dropna(subset=_FIGURES[1:], how="all")
    if rows.empty:
        return {}
    parts = [rows[column].to_numpy(dtype=object) for column in figures]
    rank = {word: i for i, word in enumerate((*QUALITIES, None))}
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key, *cells in zip(_cells(rows, on), *parts, strict=True):
        row = {name: None if cell != cell else cell for name, cell in zip(figures, cells, strict=True)}
        if key not in found or rank[row["quality"]] > rank[found[key]["quality"]]:
            found[key] = row
    return found


def rest_of(limiting: pd.DataFrame | None) -> dict[str, Any]:
    """Return what a result says of the inputs it rests on.

    Parameters
    ----------
    limiting : DataFrame or None
        As ``limiting_inputs`` returns it; None where they were not looked for.

    Returns
    -------
    dict
        quality: that of the weakest (reported, estimated, inferred, assumed), "not stated", "not assessed", or
        "given" where measures alone bind. n_weakest, n_limiting: how many are so, of how many; what a measure sets
        is not counted. references: keys of their sources.
    """
    if limiting is None or limiting.empty:
        return {"quality": NOT_ASSESSED, "n_weakest": 0, "n_limiting": 0, "references": []}
    data = limiting[limiting["quality"] != GIVEN]
    if data.empty:
        return {"quality": GIVEN, "n_weakest": 0, "n_limiting": 0, "references": []}
    open_rows = ~data["quality"].isin(QUALITIES)
    quality = NOT_STATED if open_rows.any() else weakest(data["quality"])
    of_it = open_rows if open_rows.any() else data["quality"] == quality
    sources = {key for cell in data["reference"].dropna() for key in split_list(cell)}
    return {
        "quality": quality,
        "n_weakest": int(of_it.sum()),
        "n_limiting": len(data),
        "references": sorted(sources),
    }


def inputs_words(rest: Mapping[str, Any]) -> str:
    """Return the inputs of ``rest_of`` in words: "assumed inputs (2 of the 12 that bind)"."""
    quality, n, of = rest["quality"], rest["n_weakest"], rest["n_limiting"]
    if quality == GIVEN:
        return "what the scenario sets alone"
    if not of:
        return str(quality)
    part = "the only one that binds" if of == 1 else f"all {of} that bind" if n == of else f"{n} of the {of} that bind"
    noun = nouns("input", n)
    if quality == NOT_STATED:
        return f"{'an ' if n == 1 else ''}{noun} of no stated quality ({part})"
    article = "" if n > 1 else "a " if quality == "reported" else "an "
    return f"{article}{quality} {noun} ({part})"


def is_assessed(rest: Mapping[str, Any]) -> bool:
    """Say whether anybody looked at what a result rests on."""
    return bool(rest["quality"] != NOT_ASSESSED)


def rests_words(rest: Mapping[str, Any]) -> str:
    """Return on what a result rests: "rests on assumed inputs (2 of the 12 that bind)"."""
    if rest["quality"] == NOT_ASSESSED:
        return f"what it rests on: {NOT_ASSESSED}"
    return f"rests on {inputs_words(rest)}"
