"""What may drop out, one at a time: nodes, edges, sites, or all that bears a label."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Ints
from chainnet.errors import ChainnetWarning, DataError
from chainnet.network import TABLES, Network, check_network, is_country

# a holder of half or more controls
CONTROL = 0.5
# words of nodes.owner that name no firm: such nodes do not fall together
NO_FIRM = ("several", "unknown")


@dataclass(frozen=True)
class Removals:
    """What may be removed, one at a time: an index, and the node positions or edge rows of each.

    ``single``: one position each; None where ``groups`` holds several. ``unnamed``: positions of the nodes that may
    drop out and lack the label, so that no row takes them; ``open_rows``: those of all nodes that may drop out.
    """

    index: pd.Index
    single: Ints | None
    is_edge: bool
    groups: list[Ints] = field(default_factory=list)
    unnamed: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    open_rows: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @cached_property
    def members(self) -> list[Ints]:
        """The positions of each, as arrays."""
        return self.groups if self.single is None else list(self.single.reshape(-1, 1))

    def take(self, order: Ints) -> Removals:
        """Return some of them, in an order."""
        if self.single is not None:
            return replace(self, index=self.index[order], single=self.single[order])
        return replace(self, index=self.index[order], groups=[self.groups[i] for i in order])


def removals(network: Network, by: str) -> Removals:
    """Return what ``by`` names: every node, edge row, site or label; end uses never drop out.

    Raises
    ------
    DataError
        If ``by`` is neither node nor edge nor made of columns of the nodes table.
    """
    check_network(network)
    nodes = network.view("nodes")
    if by == "edge":
        edges = network.view("edges")
        keys = [edges["source"], edges["target"], edges["commodity"].fillna("")]
        index: pd.Index = pd.MultiIndex.from_arrays(keys, names=["source", "target", "commodity"])
        return Removals(index, np.arange(len(edges)), True)
    open_rows = np.flatnonzero((nodes["stage"] != "end_use").to_numpy())
    if by == "node":
        index = pd.Index(nodes["id"].iloc[open_rows], name="id")
        return Removals(index, open_rows, False)
    columns = by.split("+") if isinstance(by, str) else []
    known = [c for c in TABLES["nodes"].names if TABLES["nodes"].column(c).kind == "text"]
    for column in columns or [str(by)]:
        if column not in known:
            said = checks.unknown(by, ["node", "edge", *known], "column of nodes")
            raise DataError(f"by: {said} Columns may be joined by +, as in stage+country.")
    labels = nodes[columns].iloc[open_rows].copy()
    if "owner" in columns:
        labels["owner"] = labels["owner"].mask(labels["owner"].isin(NO_FIRM))
    if "site" in columns:
        labels["site"] = labels["site"].fillna(nodes["id"].iloc[open_rows])
    if len(columns) == 1 and columns[0] in ("owner", "owner_country") and not network.view("owners").empty:
        return _look_through(network, columns[0], open_rows)
    unnamed = open_rows[labels.isna().any(axis=1).to_numpy()]
    labels = labels.dropna()
    if labels.empty and len(open_rows) and "country" in columns:
        warnings.warn(
            f"by: no node of {network.name} that may drop out has a {' and '.join(columns)}, so there is nothing to "
            f"rank. Fill {', '.join(f'nodes.{column}' for column in columns)}.",
            ChainnetWarning,
            stacklevel=3,
        )
    groups = labels.groupby(columns, sort=True).indices
    members = {k if isinstance(k, tuple) else (k,): rows for k, rows in groups.items()}
    positions = labels.index.to_numpy()
    keys_sorted = sorted(members)
    if len(columns) == 1:
        index = pd.Index([k[0] for k in keys_sorted], name=columns[0], dtype="str")
    else:
        index = (
            pd.MultiIndex.from_tuples(keys_sorted, names=columns)
            if keys_sorted
            else pd.MultiIndex.from_arrays([[] for _ in columns], names=columns)
        )
    return Removals(index, None, False, [positions[members[k]] for k in keys_sorted], unnamed, open_rows)


def _look_through(network: Network, column: str, open_rows: Ints) -> Removals:
    """Return who holds what through other firms: a label takes all that it controls.

    A parent controls a firm of which it holds half or more, or an unstated share; so a node may
    fall with several labels. Parents that are countries count for owner_country.
    """
    owners = network.view("owners")
    controls = owners[owners["share"].isna() | (owners["share"] >= CONTROL)]
    parents = controls.groupby("owner")["parent"].agg(list).to_dict()
    nodes = network.view("nodes")
    held: dict[str, list[int]] = {}
    for row in open_rows.tolist():
        labels = {nodes[column].iloc[row]} - {np.nan, None, *NO_FIRM}
        wave = [nodes["owner"].iloc[row]]
        seen: set[str] = set()
        while wave:
            firm = wave.pop()
            if not isinstance(firm, str) or firm in seen or firm in NO_FIRM:
                continue
            seen.add(firm)
            wave += parents.get(firm, [])
        labels |= {name for name in seen if is_country(name) == (column == "owner_country")}
        for label in labels:
            if isinstance(label, str):
                held.setdefault(label, []).append(row)
    names = sorted(held)
    members = [np.array(held[name]) for name in names]
    unnamed = np.setdiff1d(open_rows, np.concatenate([np.empty(0, dtype=np.int64), *members]))
    return Removals(pd.Index(names, name=column, dtype="str"), None, False, members, unnamed, open_rows)
