"""What each member opens to the others: where the goods that serve them were last the members' own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import spsolve

from chainnet._types import Array, Bools
from chainnet.lowering import Lowered


def contributions(members: pd.DataFrame, moved: Array, holds_usd: Sequence[float]) -> pd.DataFrame:
    """Return what each member puts in and takes out, index member.

    Parameters
    ----------
    members : DataFrame, index member
        With pays_musd and gain_tpa.
    moved : array of members x members
        Tonnes from the own of the one to the users of the other.
    holds_usd : sequence over the members
    """
    between = moved - np.diag(np.diag(moved))
    table = pd.DataFrame({"pays_musd": members["pays_musd"], "holds_usd": holds_usd}, index=members.index)
    table["opens_t"], table["receives_t"] = between.sum(axis=1), between.sum(axis=0)
    table["net_t"] = table["opens_t"] - table["receives_t"]
    table["gain_tpa"] = members["gain_tpa"]
    return table


def opened(
    low: Lowered, x: Array, projects: Mapping[str, Array], stocks: Mapping[str, Bools], users: Mapping[str, Bools]
) -> Array:
    """Return tonnes from the own of each member (rows) to the users of each (columns).

    Parameters
    ----------
    low, x
        A program and its answer.
    projects, stocks : mapping of member to array
        What part of each project is its own, over the projects table; which stocks are.
    users : mapping of member to boolean array over the demand rows
    """
    at_projects = np.column_stack(list(projects.values()))
    at_nodes = np.zeros((len(low.flows.activity) - len(at_projects), len(projects)))
    parts = traced(low, x, np.vstack([at_nodes, at_projects]), np.column_stack(list(stocks.values())).astype(float))
    served = parts * np.maximum(x[low.served], 0.0)[:, None]
    return np.column_stack([served[rows].sum(axis=0) for rows in users.values()])


def traced(low: Lowered, x: Array, owner: Array, stock_owner: Array) -> Array:
    """Return what part of what each demand row is served was last whose own: demand rows x owners.

    Goods of one commodity mix at a node in proportion, and what a plant makes is whose its inputs were, by weight; an
    own plant or stock makes what leaves it its owner's, whatever it was before.

    Parameters
    ----------
    low, x
        A program and its answer.
    owner : array of nodes and projects x owners
        What part of each is whose own; the rest is common.
    stock_owner : array of stocks x owners

    Notes
    -----
    One sparse system of (balances + plants) unknowns. Answers with the same service may be traced otherwise.
    """
    f, places = low.flows, list(low.balance)
    rows = np.array(list(low.balance.values()), dtype=np.int64)
    number = {key: i for i, key in enumerate(places)}
    at = np.array([node for node, _ in places], dtype=np.int64)
    n_pools, n_plants = len(rows), len(f.activity)
    # where a column takes from: a pool, a plant, or a stock (n_pools + n_plants and on)
    source = np.full(len(x), -1, dtype=np.int64)
    ends = zip(f.tail.tolist(), f.commodity.tolist(), strict=True)
    source[: len(f.tail)] = [number.get(key, -1) for key in ends]
    active = np.flatnonzero(f.activity >= 0)
    source[f.activity[active]] = n_pools + active
    source[f.standin_start : f.draw_start] = n_pools + f.standins["node"].to_numpy(dtype=np.int64)
    source[f.draw_start : f.demand_start] = n_pools + n_plants + np.arange(f.demand_start - f.draw_start)
    moved = csr_array(low.program.matrix)[rows].multiply(np.maximum(x, 0.0)[None, :]).tocoo()
    is_in, origin = moved.data > 0, source[moved.col]
    size = n_pools + n_plants
    into = np.bincount(moved.row[is_in], weights=moved.data[is_in], minlength=n_pools)
    out = np.bincount(moved.row[~is_in], weights=-moved.data[~is_in], minlength=n_pools)
    used = ~is_in & (origin >= n_pools) & (origin < size)  # by the plant at the pool
    takes = np.bincount(origin[used] - n_pools, weights=-moved.data[used], minlength=n_plants)
    own = np.zeros((n_pools + n_plants, owner.shape[1]))
    known = at < len(owner)  # a hub of new relations is nobody's
    own[:n_pools][known], own[n_pools:] = owner[at[known]], owner[:n_plants]
    held = np.concatenate([np.maximum(into, out), takes])
    free = (own.sum(axis=1) == 0) & (held > 0)
    flows = [
        (moved.row[is_in], origin[is_in], moved.data[is_in]),
        (origin[used], moved.row[used], -moved.data[used]),
    ]
    to, by, tonnes = (np.concatenate(parts) for parts in zip(*flows, strict=True))
    mixes = free[to] & (by >= 0)
    to, by, share = to[mixes], by[mixes], tonnes[mixes] / held[to[mixes]]
    drawn = by >= size
    np.add.at(own, to[drawn], share[drawn, None] * stock_owner[by[drawn] - size])
    mix = csr_array((share[~drawn], (to[~drawn], by[~drawn])), shape=(size, size))
    # a hair on the diagonal: goods that go in a circle without a source are nobody's
    parts = spsolve((eye_array(size) * (1.0 + 1e-12) - mix).tocsc(), own)
    pools = [number[key] for key in zip(f.demand["position"].tolist(), f.demand["code"].tolist(), strict=True)]
    return np.asarray(np.clip(parts.reshape(size, -1)[pools], 0.0, 1.0))
