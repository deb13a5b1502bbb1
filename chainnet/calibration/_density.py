"""How much of who ships to whom is inference: relations with more or less slack, fewer of them, more of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools
from chainnet.calibration._write import ALL_OF_SOURCE
from chainnet.network import Network, step_of

# a relation that carries less than this share of what its taker uses may be there or not: no total says so
THIN = 0.05
_GUESSED = ("inferred", "assumed")


def slack_factors(network: Network, margin: float) -> Array:
    """Return by what to multiply capacities so that inferred relations have another margin above their flow.

    Parameters
    ----------
    network : Network
    margin : float
        Times the stated margin: 0 = they carry no more than their baseline, 1 = as stated, 2 = twice as much more.

    Returns
    -------
    float array over ``network.edges``
        1 where a relation is observed, has no flow or no finite capacity above it, or where its capacity is all
        that the source can make.
    """
    edges = network.edges
    flow, capacity = (edges[column].to_numpy(dtype=float) for column in ("flow_tpa", "capacity_tpa"))
    by_source = edges["note"].fillna("").str.contains(ALL_OF_SOURCE, regex=False).to_numpy(dtype=bool)
    hit = _guessed(edges) & ~by_source & (flow > 0) & (capacity > flow) & np.isfinite(capacity)
    out = np.ones(len(edges))
    out[hit] = (flow[hit] + margin * (capacity[hit] - flow[hit])) / capacity[hit]
    return out


def thin_relations(network: Network, share: float = THIN) -> Bools:
    """Return which inferred relations carry under a share of what their taker uses of the commodity.

    Parameters
    ----------
    network : Network
    share : float

    Returns
    -------
    boolean array over ``network.edges``
    """
    edges = network.edges
    flow = edges["flow_tpa"].to_numpy(dtype=float)
    whole = _sums(edges, "target").to_numpy(dtype=float)
    return np.asarray(_guessed(edges) & (flow > 0) & (flow < share * whole), dtype=bool)


def denser(network: Network, share: float = THIN) -> Network:
    """Return the network with relations from every maker to every user of a commodity.

    Parameters
    ----------
    network : Network
    share : float
        Most that each further relation carries, of what its maker ships or its user takes in the baseline, whichever
        is less.

    Returns
    -------
    Network
        With further rows of ``edges`` (flow 0, quality assumed) between kinds of nodes that trade the commodity; the
        same network where there is none to add.
    """
    edges = network.edges
    moving = edges[edges["flow_tpa"] > 0].assign(commodity=edges["commodity"].fillna(""))
    makers, users = (
        moving.groupby(["commodity", end], as_index=False)["flow_tpa"].sum() for end in ("source", "target")
    )
    kind = step_of(network.nodes.set_index("id"))
    makers, users = makers.assign(a=makers["source"].map(kind)), users.assign(b=users["target"].map(kind))
    kinds = network.trade[0].assign(commodity=lambda t: t["commodity"].fillna(""))[["commodity", "a", "b"]]
    pairs = makers.merge(kinds.drop_duplicates(), on=["commodity", "a"])
    pairs = pairs.merge(users, on=["commodity", "b"], suffixes=("_maker", "_user"))
    known = pd.MultiIndex.from_arrays([edges["source"], edges["target"], edges["commodity"].fillna("")])
    named = pd.MultiIndex.from_arrays([pairs["source"], pairs["target"], pairs["commodity"]])
    pairs = pairs[~named.isin(known) & (pairs["source"] != pairs["target"]).to_numpy()]
    if pairs.empty:
        return network
    smaller = np.fmin(pairs["flow_tpa_maker"], pairs["flow_tpa_user"])
    more = pd.DataFrame(
        {
            "source": pairs["source"],
            "target": pairs["target"],
            "commodity": pairs["commodity"].where(pairs["commodity"] != "", None),
            "flow_tpa": 0.0,
            "capacity_tpa": share * smaller,
            "quality": "assumed",
        }
    )
    return network.with_table("edges", pd.concat([edges, more.reindex(columns=edges.columns)], ignore_index=True))


def _guessed(edges: pd.DataFrame) -> Bools:
    return np.asarray(edges["quality"].isin(_GUESSED), dtype=bool)


def _sums(edges: pd.DataFrame, end: str) -> pd.Series:
    """Return for each relation what its source ships, or its target takes, of the commodity in the baseline."""
    goods = edges["commodity"].fillna("")
    return edges["flow_tpa"].groupby([edges[end], goods]).transform("sum")
