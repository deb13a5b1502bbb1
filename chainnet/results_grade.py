"""What an answer rests on: the inputs that bind it, and the grade of the weakest of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from chainnet.network import Network
from chainnet.network_tables import split_list
from chainnet.schema import QUALITIES

__all__ = ["GIVEN", "LETTERS", "NOT_ASSESSED", "NOT_GRADED", "decisive_inputs", "rest_of", "weakest"]

LETTERS = {"reported": "R", "estimated": "E", "inferred": "I", "assumed": "A"}
# a bound that a measure sets is no datum: it is what was asked
GIVEN = "given"
NOT_GRADED, NOT_ASSESSED = "not graded", "not assessed"
_FIGURES = ["label", "low", "high", "quality", "reference"]
_COLUMNS = ["kind", "id", "label", "commodity", "tier", "capacity_tpa", "price", "low", "high", "quality", "reference"]


def weakest(qualities: Iterable[Any]) -> str:
    """Return the letter of the weakest grade among some rows; ``NOT_GRADED`` if none has one."""
    known = [q for q in qualities if isinstance(q, str) and q in QUALITIES]
    return LETTERS[max(known, key=QUALITIES.index)] if known else NOT_GRADED


def decisive_inputs(network: Network, cut: pd.DataFrame) -> pd.DataFrame:
    """Look up the data behind the bounds that bind an answer, weakest grade first.

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
    table = cut.drop_duplicates(["kind", "source", "target", "id", "commodity", "tier"], ignore_index=True)
    words = ["source", "target", "id", "commodity", "tier"]
    table[words] = table[words].astype(object)
    kind = table["kind"].to_numpy(dtype=object)
    is_edge = kind == "edge"
    named = set(table["id"].dropna())
    places = pd.concat([_named(network.nodes, named), _named(network.projects, named)], ignore_index=True)
    edges = network.edges.dropna(subset=_FIGURES[1:], how="all")  # most edges of a bare edge list have none
    edges = edges[edges["source"].isin(set(table["source"].dropna()))] if len(edges) else edges
    out = table.reindex(columns=_COLUMNS).astype(dict.fromkeys(["label", "quality", "reference"], object))
    for name, source, on in (
        ("node", places, ["id"]),
        ("edge", edges, ["source", "target", "commodity"]),
        ("demand", network.demand.rename(columns={"node": "id"}), ["id", "commodity", "tier"]),
        ("demand", network.demand.rename(columns={"node": "id"}), ["id"]),  # a cut may name the end use alone
    ):
        rows = np.flatnonzero((kind == name) & out["quality"].isna().to_numpy())
        if len(rows) and len(source):
            found = _looked_up(source, on, table.iloc[rows])
            out.loc[rows, found.columns] = found.to_numpy(dtype=object)
    out["low"], out["high"] = out["low"].astype(float), out["high"].astype(float)
    labels = places.set_index("id")["label"]
    out["label"] = out["label"].fillna(out["id"].map(labels))
    out.loc[is_edge, "id"] = (table["source"] + " -> " + table["target"])[is_edge]
    quality = out["quality"].astype(object).where(kind != "restriction", GIVEN).fillna(NOT_GRADED)
    out["quality"] = quality
    rank = {word: i for i, word in enumerate((GIVEN, *QUALITIES, NOT_GRADED))}
    order = np.lexsort((out["id"].astype(str), -quality.map(rank).to_numpy(dtype=float)))
    return out.iloc[order].reset_index(drop=True)


def _named(table: pd.DataFrame, ids: set[str]) -> pd.DataFrame:
    return table.loc[table["id"].isin(ids), ["id", *_FIGURES]]


def _looked_up(source: pd.DataFrame, on: list[str], keys: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of each key; of several rows with one key those of the weakest grade."""
    figures = [c for c in _FIGURES if c in source.columns]
    rank = source["quality"].map({word: i for i, word in enumerate(QUALITIES)}).fillna(len(QUALITIES))
    known = source.assign(**{c: source[c].astype(object).fillna("") for c in on}).iloc[
        np.argsort(-rank.to_numpy(), kind="stable")
    ]
    index = pd.MultiIndex.from_frame(known[on])
    known = known.set_axis(index)[figures].loc[~index.duplicated()]
    return known.reindex(pd.MultiIndex.from_frame(keys[on].fillna("")))


def rest_of(decisive: pd.DataFrame | None) -> dict[str, Any]:
    """Return what a result says of the inputs it rests on.

    Parameters
    ----------
    decisive : DataFrame or None
        As ``decisive_inputs`` returns it; None where they were not looked for.

    Returns
    -------
    dict
        grade: letter of the weakest (R, E, I, A), "not graded", "not assessed", or "given" where measures alone
        bind. n_weakest, n_decisive: how many are of that grade, of how many. references: keys of their sources.
    """
    if decisive is None or decisive.empty:
        return {"grade": NOT_ASSESSED, "n_weakest": 0, "n_decisive": 0, "references": []}
    data = decisive[decisive["quality"] != GIVEN]
    if data.empty:
        return {"grade": GIVEN, "n_weakest": 0, "n_decisive": 0, "references": []}
    open_rows = ~data["quality"].isin(QUALITIES)
    grade = NOT_GRADED if open_rows.any() else weakest(data["quality"])
    of_it = open_rows if open_rows.any() else data["quality"].map(LETTERS) == grade
    sources = {key for cell in data["reference"].dropna() for key in split_list(cell)}
    return {
        "grade": grade,
        "n_weakest": int(of_it.sum()),
        "n_decisive": len(data),
        "references": sorted(sources),
    }
