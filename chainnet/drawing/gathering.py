"""A network of very many sites as one of few: those of a step and country stand together, except the costliest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from chainnet._types import Array
from chainnet.drawing.drawn import DrawnFlows, Losses
from chainnet.errors import DataError
from chainnet.network import Network, place_of, step_of
from chainnet.words import count, step_words

# above either a page would take more megabytes than a browser opens at once
MOST_SITES, MOST_LINKS = 3000, 12_000
_MOST_GROUPS = 1500
_SINGLE = 12
_KEYS = ["source", "target", "commodity"]
_LEVELS = (["stage", "step", "place"], ["stage", "place"], ["stage"])


@dataclass(frozen=True)
class Gathered:
    """What is drawn: the network itself, or its groups. ``sizes``: sites in each group by id; ``words`` say so."""

    network: Network
    answer: DrawnFlows | None
    losses: Losses | None
    sizes: dict[str, int]
    words: str = ""


def gather(network: Network, answer: DrawnFlows | None, losses: Losses | None) -> Gathered:
    """Return what is to be drawn of a network and its answers; itself where it is small enough.

    Raises
    ------
    DataError
        If even its groups have too many links to be drawn.
    """
    n = len(network.nodes) + len(network.projects)
    if n <= MOST_SITES and len(network.edges) <= MOST_LINKS:
        return Gathered(network, answer, losses, {})
    groups = _Groups(network, _alone(answer, losses))
    small = groups.small
    if len(small.edges) > MOST_LINKS:
        raise DataError(
            f"draw: {count(n)} sites and {count(len(network.edges))} links, and still {count(len(small.edges))} "
            "links between their groups, are too many for one page. Draw a part, such as net.without(nodes=...), or "
            "give sites a step and a country, by which they are grouped."
        )
    n_groups = sum(size > 1 for size in groups.sizes.values())
    alone = len(small.nodes) - n_groups
    apart = f", and {count(alone)} alone" if alone else ""
    words = (
        f"{count(n)} sites are drawn as {count(n_groups)} groups by {groups.by}{apart}; what moves inside a group "
        f"is not drawn{', nor are projects' if len(network.projects) else ''}. To see more sites one by one draw a "
        "part of the network. "
    )
    return Gathered(small, groups.flows(answer), losses, groups.sizes, words)


def _alone(answer: DrawnFlows | None, losses: Losses | None) -> set[str]:
    """Return the sites that stand by themselves: the costliest, and what binds if that is little."""
    out: set[str] = set()
    for table in () if losses is None else (losses.table, losses.first):
        if table is not None:
            out |= set(table.index[table["rank"] > 0][:_SINGLE])
    if losses is not None and losses.unit_of:
        out = {node for node, unit in losses.unit_of.items() if unit in out}
    cut = set() if answer is None else set(answer.cut_nodes)
    return out | (cut if len(cut) <= 2 * _SINGLE else set())


class _Groups:
    """Which site stands in which group, and the groups as a network."""

    def __init__(self, whole: Network, alone: set[str]) -> None:
        nodes = whole.nodes
        step = step_of(nodes).map(step_words)
        keyed = nodes[["stage"]].assign(step=step, place=place_of(nodes).fillna(""))
        by = next((keys for keys in _LEVELS if keyed.groupby(keys).ngroups <= _MOST_GROUPS), _LEVELS[-1])
        self.by = " and ".join("country" if key == "place" else key for key in by[-2:])
        single = nodes["id"].isin(alone).to_numpy()
        code = keyed.groupby(by).ngroup().to_numpy()
        code = np.where(single, code.max(initial=-1) + np.cumsum(single), code)
        code, first, of, size = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
        table = nodes.iloc[first].assign(step=step.iloc[first]).reset_index(drop=True)
        many = size > 1  # one that is alone in its group is itself
        table["id"] = _names(table["id"], many, set(nodes["id"]))
        capacity = nodes["capacity_tpa"].groupby(of)
        table["capacity_tpa"] = capacity.sum().where(capacity.count() == size).to_numpy()
        kept = {"id", "stage", "capacity_tpa", *by, *(("country", "region") if "place" in by else ())}
        for column in set(nodes.columns) - kept:
            table[column] = table[column].where(~many, np.nan if table[column].dtype != object else None)
        named = [
            f"{count(n)} sites, {what}" for n, what in zip(size.tolist(), step_of(table).map(step_words), strict=True)
        ]
        table["label"] = table["label"].where(~many, named)
        self._whole, self._table, self._of = whole, table, of
        self.sizes = dict(zip(table["id"], size.tolist(), strict=True))
        self.small = self._network()
        self._nodes = self._node_matrix()
        self._edges = self._edge_matrix()

    def _ends(self) -> tuple[Any, Any, Any]:
        """Return the groups at source and target of each edge, and which edges lead from one to another."""
        source, target = self._whole.edge_ends
        inside = (source >= 0) & (target >= 0)  # a project is no node
        names = self._table["id"].to_numpy()[self._of]
        a, b = names[np.where(inside, source, 0)], names[np.where(inside, target, 0)]
        return a, b, inside & (a != b)

    def _network(self) -> Network:
        old, edges = self._whole, self._whole.edges
        source, target, out = self._ends()
        rows = edges.assign(source=source, target=target, n=1)[out]
        rows["guessed"] = rows["flow_tpa"].where(rows["quality"] == "inferred", 0.0)
        grouped = rows.groupby(_KEYS, dropna=False, as_index=False)
        table = grouped[["n", "guessed"]].sum()
        table["flow_tpa"] = grouped["flow_tpa"].sum(min_count=1)["flow_tpa"]
        full = grouped["capacity_tpa"].count()["capacity_tpa"] == table["n"]
        table["capacity_tpa"] = grouped["capacity_tpa"].sum()["capacity_tpa"].where(full)
        table["quality"] = pd.Series("inferred", table.index).where(table["guessed"] > table["flow_tpa"] / 2)
        table["note"] = [None if n == 1 else f"{count(n)} links drawn as one" for n in table["n"]]
        position = dict(zip(old.nodes["id"], self._table["id"].to_numpy()[self._of], strict=True))
        demand = old.demand.assign(node=old.demand["node"].map(position)).dropna(subset=["node"])
        sums = demand.groupby(["node", "commodity", "tier"], dropna=False, as_index=False)["demand_tpa"].sum()
        used = {str(process) for process in self._table["process"].dropna()}
        cited = {key.strip() for cell in self._table["reference"].dropna() for key in str(cell).split(";")}
        more = {name: getattr(old, name) for name in ("commodities", "groups", "tiers")} | {
            "demand": sums,
            "processes": old.processes[old.processes["process"].isin(used)].assign(reference=None),
            "references": old.references[old.references["key"].isin(cited)],
        }
        if "reference" in more["commodities"].columns:
            more["commodities"] = more["commodities"].assign(reference=None)
        return Network(
            self._table,
            table.drop(columns=["n", "guessed"]),
            name=old.name,
            label=old.label,
            year=old.year,
            main_commodity=old.main_commodity or None,
            beneficiaries=old.beneficiaries or None,
            folder=old.folder,
            **{name: frame for name, frame in more.items() if len(frame)},
        )

    def _node_matrix(self) -> Any:
        ids = {name: i for i, name in enumerate(self.small.nodes["id"])}
        rows = np.array([ids[name] for name in self._table["id"]])[self._of]
        return csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(ids), len(rows)))

    def _edge_matrix(self) -> Any:
        source, target, out = self._ends()
        edges = self._whole.edges.assign(source=source, target=target)[_KEYS].fillna("")
        place = pd.MultiIndex.from_frame(self.small.edges[_KEYS].fillna(""))
        rows = place.get_indexer(pd.MultiIndex.from_frame(edges))
        columns = np.flatnonzero(out & (rows >= 0))
        return csr_array((np.ones(len(columns)), (rows[columns], columns)), shape=(len(place), len(rows)))

    def flows(self, answer: DrawnFlows | None) -> DrawnFlows | None:
        """Return an answer of the whole as one of the groups."""
        if answer is None:
            return None
        return replace(self._one(answer), others=tuple(self._one(other) for other in answer.others))

    def _one(self, answer: DrawnFlows) -> DrawnFlows:
        months = answer.months
        if months is not None:
            edge = self._sum(self._edges, months.edge_tpa)
            small = replace(
                months,
                edge_tpa=edge,
                site_tpa=self._through(edge, months.site_tpa[:, : len(self._whole.nodes)]),
                relation_tpa=np.zeros((len(edge), 0)),
                relations=months.relations.iloc[:0],
                hidden=months.hidden + (months.relation_tpa > 0).sum(axis=1),
                asked=self._sum(self._nodes, months.asked),
                shortfall=self._sum(self._nodes, months.shortfall),
            )
            months = replace(small, answer=self._one(replace(months.answer, months=None)))
        flow = self._sum(self._edges, answer.edge_flow)
        return replace(
            answer,
            edge_flow=flow,
            node_flow=self._through(flow, answer.node_flow),
            project_flow=None,
            relations=None,
            peak=self._sum(self._edges, answer.peak),
            asked=self._sum(self._nodes, answer.asked),
            shortfall=self._sum(self._nodes, answer.shortfall),
            cut_nodes=frozenset(self.small.nodes["id"][self._held(answer.cut_nodes)]),
            cut_edges=frozenset(),
            moved=None,
            months=months,
        )

    def _sum(self, matrix: Any, values: Any) -> Any:
        """Return sums over groups, along the last axis; NaN where no member is known."""
        if values is None:
            return None
        known = np.isfinite(values)
        sums = (matrix @ np.where(known, values, 0.0).T).T
        return np.where((matrix @ known.T.astype(float)).T > 0, sums, np.nan)

    def _through(self, flow: Array, own: Array) -> Array:
        """Return what leaves each group, or reaches it where it is one of end uses; one alone keeps its own."""
        source, target = self.small.edge_ends
        edges, n = np.arange(len(source)), len(self.small.nodes)
        ends = (self.small.nodes["stage"] == "end_use").to_numpy()
        known = np.nan_to_num(flow)
        out, into = (
            (csr_array((np.ones(len(edges)), (rows, edges)), shape=(n, len(edges))) @ known.T).T
            for rows in (source, target)
        )
        alone = np.asarray(self._nodes.sum(axis=1)).ravel() == 1
        through: Array = np.where(alone, self._sum(self._nodes, own), np.where(ends, into, out))
        return through

    def _held(self, ids: frozenset[str]) -> Any:
        mine = self._whole.nodes["id"].isin(ids).to_numpy(dtype=float)
        return (self._nodes @ mine) > 0


def _names(ids: pd.Series, many: Any, taken: set[str]) -> list[str]:
    """Return the id of each group: that of its only site, else one that no site has."""
    mark = "group"
    while any(name.startswith(f"{mark} ") for name in taken):
        mark += "_"
    return [f"{mark} {i}" if several else str(name) for i, (name, several) in enumerate(zip(ids, many, strict=True))]
