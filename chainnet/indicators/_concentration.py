"""Published indices from the same tables: who holds how much of each step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError
from chainnet.network import TABLES, Network, check_network, is_total, place_of
from chainnet.results import provenance, stamp

NOT_KNOWN = "not known"  # who holds a node, where nothing says


def concentration(network: Network, by: str = "country") -> pd.DataFrame:
    """Say who holds how much of what each step makes.

    Shares are taken on the baseline flow that leaves the step where edges have one, else on
    capacity; a capacity that is not known is not counted, and ``n_uncounted`` says how many.
    HHI = sum of squared shares. N-1 cover = (S - S_top) / (D - D_top): supply without the largest
    holder over demand without that holder's own.

    Parameters
    ----------
    network : Network
    by : str
        Column of nodes that names the holder; where a country is missing its region stands in.

    Returns
    -------
    DataFrame, index (stage, step, commodity) or (stage, commodity) where no node has a step
        output_tpa, capacity_tpa, hhi (0 to 1), top, top_share, top3_share, n1_cover, excess_share
        (idle part of the capacity), basis (flow or capacity), n_nodes, n_uncounted.

    Raises
    ------
    DataError
        If ``by`` is no text column of nodes, or a region is a total ("World").

    See Also
    --------
    eu_supply_risk, geopolrisk, indicators.compare_indices, chokepoints

    Examples
    --------
    >>> import chainnet as cn
    >>> table = cn.concentration(cn.read("mag-9"))
    >>> table.xs("ndpr_ore", level="commodity")["top"].tolist()
    ['CHN']
    >>> gallium = cn.read("gallium")
    >>> float(cn.concentration(gallium)["top_share"].max().round(2))
    0.99
    """
    check_network(network)
    known = [c.name for c in TABLES["nodes"].columns if c.kind == "text"]
    checks.known(by, known, "by", "column")
    supply, demand = supply_by_node(network, by), _demand(network, by)
    levels = levels_of(network)
    rows: list[dict[str, Any]] = []
    for key, part in supply.groupby(levels, sort=True, dropna=False):
        named = dict(zip(levels, key if isinstance(key, tuple) else (key,), strict=True))
        rows.append({**named, **_measures(part, demand[demand["commodity"] == named["commodity"]])})
    columns = [
        "output_tpa",
        "capacity_tpa",
        "hhi",
        "top",
        "top_share",
        "top3_share",
        "n1_cover",
        "excess_share",
        "basis",
        "n_nodes",
        "n_uncounted",
    ]
    table = pd.DataFrame(rows, columns=[*levels, *columns])
    return stamp(table.set_index(levels), provenance(network, "none", by=by))


def levels_of(network: Network) -> list[str]:
    """Return what a row of an index table stands for: stage, step (where nodes have one) and commodity."""
    return ["stage", "step", "commodity"] if network.nodes["step"].notna().any() else ["stage", "commodity"]


def holders(network: Network, by: str) -> pd.Series:
    """Return who holds each node, by id; a region stands in for a missing country."""
    nodes = network.nodes
    label = place_of(nodes) if by == "country" else nodes[by]
    if by == "country":
        sums = nodes["id"][label.map(is_total).to_numpy(dtype=bool)]
        if len(sums):
            raise DataError(
                f'nodes: {sums.iloc[0]} lies in "{label[sums.index[0]]}"; a total is never counted as a country. '
                'Leave the row out, or give the remainder as region "other".'
            )
    return pd.Series(label.fillna(NOT_KNOWN).to_numpy(), index=nodes["id"])


def supply_by_node(network: Network, by: str) -> pd.DataFrame:
    """Return what each node makes: node, stage, step, commodity, label, amount, capacity_tpa, basis."""
    nodes, edges = network.nodes.set_index("id"), network.edges
    place = nodes["stage"] + "|" + nodes["step"].fillna("")
    awake = edges["source"].isin(nodes.index) & edges["target"].isin(nodes.index)
    out = edges[awake & (edges["source"].map(place) != edges["target"].map(place))]
    out = out.assign(commodity=out["commodity"].fillna(""))
    made = out.groupby(["source", "commodity"], sort=True)["flow_tpa"].agg(lambda f: f.sum(min_count=1)).reset_index()
    made = made.rename(columns={"source": "node", "flow_tpa": "flow"})
    made["process"] = made["node"].map(nodes["process"])
    recipes = network.processes.rename(columns={"t_per_t": "per"})[["process", "commodity", "role", "per"]]
    recipes = recipes[recipes["role"].isin(["output", "coproduct"])]
    made = made.merge(recipes, on=["process", "commodity"], how="left")
    # of a recipe only outputs and coproducts are the step's output
    made = made[made["process"].isna() | made["role"].notna()]
    made["capacity_tpa"] = made["node"].map(nodes["capacity_tpa"]).astype(float) * made["per"].fillna(1.0)
    for column in ("stage", "step"):
        made[column] = made["node"].map(nodes[column])
    made["label"] = made["node"].map(holders(network, by))
    by_flow = made.groupby(["stage", "commodity"])["flow"].transform(lambda f: f.notna().any())
    made["basis"] = np.where(by_flow, "flow", "capacity")
    made["amount"] = np.where(by_flow, made["flow"], made["capacity_tpa"])
    return made


def _demand(network: Network, by: str) -> pd.DataFrame:
    """Return who asks for what: commodity, label, amount. End uses count their demand, users their baseline flow."""
    nodes, edges, demand = network.nodes.set_index("id"), network.edges, network.demand
    labels = holders(network, by)
    asked = demand.assign(commodity=demand["commodity"].fillna(""), label=demand["node"].map(labels))
    asked = asked.rename(columns={"demand_tpa": "amount"})[["commodity", "label", "amount"]]
    place = nodes["stage"] + "|" + nodes["step"].fillna("")
    inner = edges[edges["source"].map(place) != edges["target"].map(place)]
    inner = inner[~inner["target"].isin(set(demand["node"])) & inner["target"].isin(nodes.index)]
    used = inner.assign(commodity=inner["commodity"].fillna(""), label=inner["target"].map(labels))
    used = used.rename(columns={"flow_tpa": "amount"})[["commodity", "label", "amount"]].dropna(subset=["amount"])
    return pd.concat([asked, used], ignore_index=True) if len(used) else asked


def _measures(part: pd.DataFrame, demand: pd.DataFrame) -> dict[str, Any]:
    counted = part.dropna(subset=["amount"])
    held = counted.groupby("label", sort=True)["amount"].sum().sort_values(ascending=False, kind="stable")
    total = float(held.sum())
    share = held / total if total > 0 else held * np.nan
    top = held.index[0] if total > 0 else None
    wanted = float(demand["amount"].sum())
    own = float(demand.loc[demand["label"] == top, "amount"].sum())
    rest = wanted - own
    cover = (total - float(held.iloc[0])) / rest if total > 0 and rest > 0 else np.nan
    capacity = float(part["capacity_tpa"].sum()) if part["capacity_tpa"].notna().all() else np.nan
    return {
        "output_tpa": total,
        "capacity_tpa": capacity,
        "hhi": float((share**2).sum()) if total > 0 else np.nan,
        "top": top,
        "top_share": float(share.iloc[0]) if total > 0 else np.nan,
        "top3_share": float(share.iloc[:3].sum()) if total > 0 else np.nan,
        "n1_cover": cover,
        "excess_share": (capacity - total) / capacity if capacity > 0 else np.nan,
        "basis": part["basis"].iloc[0],
        "n_nodes": len(part),
        "n_uncounted": int(part["amount"].isna().sum()),
    }
