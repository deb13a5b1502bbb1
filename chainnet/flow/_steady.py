"""A steady state: its tables, the bounds that have a price in it, what it says in a line, and its figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.engine import PRICED, Certificate
from chainnet.lowering import Lowered
from chainnet.network import Network, place_of, step_of
from chainnet.results import Result, figure_of
from chainnet.words import TierShort, short_sentence, with_impossible

CUT_COLUMNS = [
    "kind",
    "source",
    "target",
    "id",
    "commodity",
    "tier",
    "capacity_tpa",
    "price",
    "step",
    "country",
    "owner",
]


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Balance(Result):
    """A steady state: what is served to whom, at least cost.

    Attributes
    ----------
    demand : DataFrame
        One row per demand row: node, commodity, tier, demand_tpa, served_tpa, shortfall_tpa,
        is_counted (whether its tonnes count), is_beneficiary.
    nodes : DataFrame, index id
        throughput_tpa, capacity_tpa, utilisation.
    edges : DataFrame
        One row per row of ``network.edges``: source, target, commodity, flow_tpa, capacity_tpa.
    relations : DataFrame
        New relations in use (``reroute="new"``): commodity, maker and user (countries), flow_tpa.
    suppliers : DataFrame
        The same by plant: source, target, commodity, flow_tpa. What several offer or take together is divided in
        proportion.
    prices : DataFrame, index (id, commodity)
        served_t_per_t: tonnes served per tonne here (value program), one of the duals from
        served_low (per more tonne) to served_high (per tonne less), NaN beyond 500 balances; usd_per_t:
        cost saved per more tonne here (cost program); from_t, to_t: change of supply for which
        served_t_per_t holds.
    limiting : DataFrame
        The inputs that bind what the counted tiers get, the weakest first: kind, id, label, commodity, tier,
        capacity_tpa, price (tonnes served per tonne, the largest over the tiers), low, high, quality, reference.
    cost_usd : float
        Edge and node cost of what flows, without any shortfall penalty, USD/a.
    certificate : Certificate
        The worst of all stages.
    ranges : DataFrame or None, index tier
        Where stages may be shared (all orders but allies_first and allies_last): demand_tpa of the beneficiaries, and
        the least and the most of it that is served (served_least_tpa, served_most_tpa) and short (shortfall_least_tpa,
        shortfall_most_tpa) among the answers that serve these stages most, tiers after it not looked at; with ``fair``
        the equal fractions, where least and most are one.
    moved : DataFrame or None, index row of ``network.edges``
        Of an answer near to that of another rule (``long_runs``) the links that differ most, at most eight: near_tpa,
        flow_tpa, and what each carries at least and at most in any answer that serves as much.
    """

    demand: pd.DataFrame
    nodes: pd.DataFrame
    edges: pd.DataFrame
    relations: pd.DataFrame
    suppliers: pd.DataFrame
    prices: pd.DataFrame
    limiting: pd.DataFrame
    cost_usd: float
    certificate: Certificate
    ranges: pd.DataFrame | None = None
    moved: pd.DataFrame | None = None

    def by_tier(self) -> pd.DataFrame:
        """Return demand, served and shortfall of what counts, by tier in order, t/yr.

        Where ``ranges`` is there, also its ``shortfall_least_tpa`` and ``shortfall_most_tpa``. By law and by a table
        of stages the shortfall is the middle of the two, or as near to it as later stages leave: it is the sum over
        the rows of ``demand``, which of the beneficiaries is short being one answer of several. With
        ``order="alike"`` it is itself one of several.
        """
        table = tier_table(self.demand, self.provenance["settings"]["tiers"])
        return table if self.ranges is None else table.join(self.ranges[["shortfall_least_tpa", "shortfall_most_tpa"]])

    @property
    def shortfalls(self) -> list[TierShort]:
        """What each tier is short of its demand, with its range where a stage is shared."""
        table = self.by_tier()
        table.insert(0, "short", table.pop("shortfall_tpa"))
        return [TierShort(tier, *row) for tier, *row in table.drop(columns="served_tpa").itertuples(name=None)]

    @property
    def sentence(self) -> str:
        """Who is short of how much, in a line."""
        settings = self.provenance["settings"]
        return with_impossible(short_sentence(settings["scenario"], self.shortfalls), settings)

    def plot(self) -> Any:
        """Draw what part of its demand each tier gets.

        Returns
        -------
        Figure
            A notebook shows it; ``.save("name.svg")`` or ``.png`` writes it.

        Examples
        --------
        >>> import chainnet as cn
        >>> cn.balance(cn.read("mag-9")).plot()
        <Figure: 'Baseline: all demand is met.'>
        """
        return figure_of(self)


def tier_table(demand: pd.DataFrame, tiers: Sequence[str]) -> pd.DataFrame:
    """Return what counts of a table of demand, by tier in their order: demand, served and shortfall, t/yr."""
    counted = demand[demand["is_counted"] & demand["is_beneficiary"]]
    table = counted.groupby("tier", sort=False, dropna=False)[["demand_tpa", "served_tpa", "shortfall_tpa"]].sum()
    order = [tier for tier in tiers if tier in table.index]
    return table.reindex(order) if order else table


def node_table(network: Network, throughput: Array) -> pd.DataFrame:
    """Return throughput, capacity and utilisation of every node, index id."""
    nodes = network.view("nodes")
    through = throughput[: len(nodes)]
    capacity = nodes["capacity_tpa"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(capacity > 0, through / capacity, np.nan)
    table = pd.DataFrame({"throughput_tpa": through, "capacity_tpa": capacity, "utilisation": used})
    table.index = pd.Index(nodes["id"].copy(), name="id")
    return table


def edge_table(network: Network, x: Array) -> pd.DataFrame:
    """Return the flow on every row of ``network.edges``."""
    edges = network.view("edges")[["source", "target", "commodity", "flow_tpa", "capacity_tpa"]].copy()
    edges["flow_tpa"] = np.maximum(x[: len(edges)], 0.0)
    return edges


def priced_bounds(low: Lowered, col_price: Array, row_price: Array) -> pd.DataFrame:
    """Return every finite bound of a program that has a price: edges, nodes, demand, restrictions."""
    program, edges = low.program, low.tables.network.view("edges")
    hit = (col_price > PRICED) & np.isfinite(program.col_upper) & (program.col_upper > 0)
    columns = np.arange(len(hit))
    at = low.flows.activity >= 0
    node_of = np.full(len(hit), -1)
    node_of[low.flows.activity[at]] = np.flatnonzero(at)
    on_edge = np.flatnonzero(hit & (columns < low.n_edges))
    on_node = np.flatnonzero(hit & (node_of >= 0))
    on_ask = np.flatnonzero(hit & (columns >= low.flows.demand_start) & (node_of < 0))
    limits = [(r, kind, owner) for r, (kind, owner, _) in enumerate(low.rows) if kind in ("node", "restriction")]
    binds = [entry for entry in limits if row_price[entry[0]] > PRICED and program.row_upper[entry[0]] > 0]
    rows = np.array([r for r, _, _ in binds], dtype=np.int64)
    ids = low.tables.ids
    found = np.concatenate([on_edge, on_node, on_ask])
    bound = np.concatenate([program.col_upper[found], program.row_upper[rows]])
    price = np.concatenate([col_price[found], row_price[rows]])
    ends = (edges[column].array.take(on_edge) for column in ("source", "target", "commodity"))
    demand = low.flows.demand
    asked = (demand[c].array.take(on_ask - low.flows.demand_start) for c in ("node", "commodity", "tier"))
    # kind, source, target, id, commodity, tier
    keys: list[tuple[Any, ...]] = [
        *(("edge", source, target, None, good, None) for source, target, good in zip(*ends, strict=True)),
        *(("node", None, None, ids[node], None, None) for node in node_of[on_node]),
        *(("demand", None, None, *key) for key in zip(*asked, strict=True)),
        *((kind, None, None, ids[at] if kind == "node" else f"measure {at + 1}", None, None) for _, kind, at in binds),
    ]
    order = sorted(range(len(keys)), key=lambda i: [(not isinstance(key, str), key or "") for key in keys[i]])
    cut = pd.DataFrame([keys[i] for i in order], columns=CUT_COLUMNS[:6], dtype="str")
    return with_places(low.tables.network, cut.assign(capacity_tpa=bound[order], price=price[order]))


def with_places(network: Network, cut: pd.DataFrame) -> pd.DataFrame:
    """Add step, country and owner of each member: the node's own, or those of an edge's two ends."""
    nodes = network.view("nodes")
    index = pd.Index(nodes["id"].to_numpy(dtype=object))
    at = {key: index.get_indexer(cut[key].to_numpy(dtype=object)) for key in ("id", "source", "target")}
    is_edge = (cut["kind"] == "edge").to_numpy()
    for column, values in (
        ("step", step_of(nodes)),
        ("country", place_of(nodes)),
        ("owner", nodes["owner"]),
    ):
        words = np.append(values.to_numpy(dtype=object), np.nan)  # position -1: no such node
        own, a, b = (words[at[key]] for key in ("id", "source", "target"))
        ends = [" > ".join(part if isinstance(part, str) else "?" for part in pair) for pair in zip(a, b, strict=True)]
        cut[column] = pd.Series(np.where(is_edge, np.array(ends, dtype=object), own), cut.index, dtype="str")
    return cut.reindex(columns=CUT_COLUMNS)
