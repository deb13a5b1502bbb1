"""What the figures of a network rest on: quality, inferred relations, sources, balance and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine import ROUNDING
from chainnet.indicators._concentration import supply_by_node
from chainnet.network import QUALITIES, TABLES, Network, split_list, step_of
from chainnet.results import NOT_STATED, Result, provenance


@dataclass(frozen=True, repr=False, eq=False)
class Coverage(Result):
    """What the figures of a network rest on.

    Attributes
    ----------
    assumed_output_share : float
        Part of the tonnes that nodes make whose figure is assumed. Links are not counted here.
    inferred_edge_share : float
        Part of the tonnes on links (edges) whose figure is inferred or assumed.
    largest_gap : float
        Largest relative gap of the mass balance of a node; 0 where all balance to 1e-9.
    as_of : float
        Year from which ages are counted: the newest source. NaN without one.
    steps : DataFrame
        Index step: output_tpa (baseline, end uses left out), the share of it by quality, n_nodes, n_unknown
        (no baseline flow), n_unlimited (no capacity), age_years (of the newest source of each node,
        mean by tonnes), oldest_year.
    edges : DataFrame
        Index step, of the source: flow_tpa, inferred_or_assumed_share, the share of it by quality, n_edges,
        n_with_flow.
    references : DataFrame
        Index source_class (1, 2, 3; column ``grade`` of the table): n_references, n_cited (by a row), n_rows (that
        cite one), oldest_year, newest_year.
    gaps : DataFrame
        Mass balance by node and commodity: node, commodity, rule, have_tpa, need_tpa, gap_tpa, gap_share.
        Only rows off by more than 1e-9; above 0: input that arrives and is not used.
    totals : DataFrame
        Published totals beside the flows: step, commodity, country, year, unit, published, flow,
        gap, gap_share, note. Totals of steps that the graph does not name have no flow; where the note
        names another basis (magnet elements, say) the gap is one of basis.
    """

    assumed_output_share: float
    inferred_edge_share: float
    largest_gap: float
    as_of: float
    steps: pd.DataFrame
    edges: pd.DataFrame
    references: pd.DataFrame
    gaps: pd.DataFrame
    totals: pd.DataFrame


def coverage(network: Network) -> Coverage:
    """Say what the figures of a network rest on.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Coverage
        Tables steps, edges, references, gaps, totals; numbers assumed_output_share,
        inferred_edge_share, largest_gap, as_of.

    See Also
    --------
    codebook, key_assumptions

    Notes
    -----
    Tonnes of different commodities are added within a step, so shares are of tonnes, not of value. A row
    that cites several sources has the age of the newest. Cost: linear in the tables.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.indicators import coverage
    >>> c = coverage(cn.read("rare-earths"))
    >>> c.largest_gap
    0.0
    """
    years = _years(network)
    as_of = float(years.max()) if years.notna().any() else np.nan
    steps, edges = _steps(network, years, as_of), _edges(network)
    gaps = _balance_gaps(network)
    made, carried = steps["output_tpa"].sum(), edges["flow_tpa"].sum()
    assumed = (steps["assumed_share"].fillna(0.0) * steps["output_tpa"]).sum()
    inferred = (edges["inferred_or_assumed_share"].fillna(0.0) * edges["flow_tpa"]).sum()
    return Coverage(
        provenance(network, "none"),
        float(assumed / made) if made > 0 else np.nan,
        float(inferred / carried) if carried > 0 else np.nan,
        float(gaps["gap_share"].abs().max()) if len(gaps) else 0.0,
        as_of,
        steps,
        edges,
        _references(network, years),
        gaps,
        _published(network),
    )


def _years(network: Network) -> pd.Series:
    """Return the year of each reference, by key; NaN where its text names none."""
    references = network.references
    text = references["year"].astype("string").str.extract(r"((?:19|20)\d\d)", expand=False)
    return pd.Series(pd.to_numeric(text, errors="coerce").astype(float).to_numpy(), index=references["key"])


def _newest(cells: pd.Series, years: pd.Series) -> Any:
    """Return the year of the newest source of each cell of a reference column."""
    keys = cells.reset_index(drop=True).fillna("").str.split(";").explode().str.strip()
    return keys.map(years).astype(float).groupby(level=0).max().to_numpy()


def tonnes_by_quality(table: pd.DataFrame, amount: str) -> pd.DataFrame:
    """Return the tonnes of each step by quality; those of no stated quality last, where there are any."""
    table = table.assign(quality=table["quality"].astype(object).fillna(NOT_STATED))
    wide = table.pivot_table(index="step", columns="quality", values=amount, aggfunc="sum", fill_value=0.0)
    wide.columns.name = None
    return wide.reindex(columns=[*QUALITIES, *([NOT_STATED] if NOT_STATED in wide.columns else [])], fill_value=0.0)


def _by_quality(table: pd.DataFrame, amount: str) -> pd.DataFrame:
    """Return the tonnes of each step and the share of each quality in them."""
    wide = tonnes_by_quality(table, amount)
    total = wide.sum(axis=1)
    shares = wide.div(total.where(total > 0), axis=0)
    shares.columns = [f"{str(c).replace(' ', '_')}_share" for c in shares.columns]
    return pd.concat([total.rename(amount), shares], axis=1)


def _steps(network: Network, years: pd.Series, as_of: float) -> pd.DataFrame:
    nodes = network.nodes[(network.nodes["stage"] != "end_use").to_numpy()]
    output = network.baseline.reindex(nodes["id"]).to_numpy(dtype=float)
    table = pd.DataFrame(
        {
            "step": step_of(nodes).to_numpy(),
            "quality": nodes["quality"].to_numpy(),
            "output_tpa": np.nan_to_num(output),
            "is_unknown": np.isnan(output),
            "is_unlimited": nodes["capacity_tpa"].isna().to_numpy(),
            "year": _newest(nodes["reference"], years) if len(nodes) else [],
        }
    )
    wide = _by_quality(table, "output_tpa")
    grouped = table.groupby("step")
    wide["n_nodes"] = grouped.size()
    wide["n_unknown"] = grouped["is_unknown"].sum()
    wide["n_unlimited"] = grouped["is_unlimited"].sum()
    dated = table.dropna(subset=["year"])
    weight = dated["output_tpa"].groupby(dated["step"]).sum()
    age = ((as_of - dated["year"]) * dated["output_tpa"]).groupby(dated["step"]).sum()
    wide["age_years"] = (age / weight.where(weight > 0)).reindex(wide.index)
    wide["oldest_year"] = grouped["year"].min()
    return wide


def _edges(network: Network) -> pd.DataFrame:
    nodes = network.nodes.set_index("id")
    edges = network.edges[network.edges["source"].isin(nodes.index) & network.edges["target"].isin(nodes.index)]
    table = edges.assign(step=edges["source"].map(network.steps), flow_tpa=edges["flow_tpa"].fillna(0.0))
    wide = _by_quality(table, "flow_tpa")
    wide.insert(1, "inferred_or_assumed_share", wide["inferred_share"] + wide["assumed_share"])
    grouped = table.groupby("step")["flow_tpa"]
    wide["n_edges"] = grouped.size()
    wide["n_with_flow"] = grouped.apply(lambda f: int((f > 0).sum()))
    return wide


def _references(network: Network, years: pd.Series) -> pd.DataFrame:
    """Return how many sources of each class there are, how many are cited, and by how many rows."""
    references = network.references
    group = pd.Series(references["grade"].fillna(NOT_STATED).to_numpy(), index=references["key"])
    cited: list[pd.DataFrame] = []
    for name, table in TABLES.items():
        frame = getattr(network, name)
        if "reference" in table.names and len(frame):
            keys = frame["reference"].reset_index(drop=True).dropna().map(split_list).explode()
            cited.append(pd.DataFrame({"row": name + ":" + keys.index.astype(str), "key": keys.to_numpy()}))
    used = pd.concat(cited, ignore_index=True) if cited else pd.DataFrame({"row": [], "key": []})
    used["source_class"] = used["key"].map(group)
    out = pd.DataFrame({"n_references": group.groupby(group).size()}).rename_axis("source_class")
    out["n_cited"] = used.groupby("source_class")["key"].nunique().reindex(out.index).fillna(0).astype(int)
    out["n_rows"] = used.groupby("source_class")["row"].nunique().reindex(out.index).fillna(0).astype(int)
    out["oldest_year"] = years.groupby(group).min()
    out["newest_year"] = years.groupby(group).max()
    return out


def _balance_gaps(network: Network) -> pd.DataFrame:
    """Return every node whose baseline flows do not add up: inputs against outputs x t_per_t."""
    nodes, edges = network.nodes.set_index("id"), network.edges
    edges = edges.assign(commodity=edges["commodity"].fillna("")).dropna(subset=["flow_tpa"])
    out = edges.groupby(["source", "commodity"])["flow_tpa"].sum().rename_axis(["node", "commodity"])
    into = edges.groupby(["target", "commodity"])["flow_tpa"].sum().rename_axis(["node", "commodity"])
    with_process = nodes.index[nodes["process"].notna()]
    rows = [_recipe_gaps(network, nodes, out, into)]
    # a node without a process passes each commodity on; a mine may add to it
    inner = nodes.index[nodes["process"].isna() & ~nodes["stage"].isin(["mine", "end_use"])]
    both = pd.DataFrame({"have_tpa": into, "need_tpa": out}).fillna(0.0).reset_index()
    rows.append(both[both["node"].isin(inner)].assign(rule="in = out"))
    asked = network.demand.assign(commodity=network.demand["commodity"].fillna(""))
    need = asked.groupby(["node", "commodity"])["demand_tpa"].sum()
    users = pd.DataFrame({"have_tpa": into, "need_tpa": need}).fillna({"have_tpa": 0.0}).dropna().reset_index()
    users = users[users["node"].isin(nodes.index[nodes["stage"] == "end_use"].difference(with_process))]
    rows.append(users.assign(rule="in = demand"))
    table = pd.concat([r for r in rows if len(r)], ignore_index=True) if any(len(r) for r in rows) else rows[0]
    table = table.assign(gap_tpa=table["have_tpa"] - table["need_tpa"])
    scale = table[["have_tpa", "need_tpa"]].max(axis=1)
    table["gap_share"] = table["gap_tpa"] / scale.where(scale > 0)
    table = table[table["gap_share"].abs() > ROUNDING]
    columns = ["node", "commodity", "rule", "have_tpa", "need_tpa", "gap_tpa", "gap_share"]
    order = table.assign(size=-table["gap_share"].abs()).sort_values(["size", "node", "commodity", "rule"])
    return order[columns].reset_index(drop=True)


def _recipe_gaps(network: Network, nodes: pd.DataFrame, out: pd.Series, into: pd.Series) -> pd.DataFrame:
    """Return inputs against what the outputs of each process need, and by-products against what they yield."""
    recipes = network.processes[["process", "commodity", "role", "t_per_t", "group"]]
    run = nodes[nodes["process"].notna()][["process"]].rename_axis("node").reset_index().merge(recipes, on="process")
    if run.empty:
        return pd.DataFrame(columns=["node", "commodity", "rule", "have_tpa", "need_tpa"])
    at = pd.MultiIndex.from_frame(run[["node", "commodity"]])
    is_input = (run["role"] == "input").to_numpy()
    flow = np.where(is_input, into.reindex(at).to_numpy(dtype=float), out.reindex(at).to_numpy(dtype=float))
    run["tonnes"] = np.nan_to_num(flow)
    run["runs"] = run["tonnes"] / run["t_per_t"]
    # a main output is never thrown away, unless a coproduct may be kept in its stead
    products = run[run["role"].isin(["output", "coproduct"])]
    activity = products.groupby("node")["runs"].max()
    need = run["node"].map(activity).fillna(0.0)
    surplus = run[run["role"] == "byproduct"].assign(need=need)
    surplus = surplus[surplus["tonnes"] > surplus["need"] * surplus["t_per_t"] * (1 + ROUNDING)]
    more = pd.DataFrame(
        {
            "node": surplus["node"],
            "commodity": surplus["commodity"],
            "rule": "by-product <= output x t_per_t",
            "have_tpa": surplus["tonnes"],
            "need_tpa": surplus["need"] * surplus["t_per_t"],
        }
    )
    inputs = run[run["role"] == "input"].assign(need=need)
    alone = inputs["group"].isna()
    single = inputs[alone]
    single = pd.DataFrame(
        {
            "node": single["node"],
            "commodity": single["commodity"],
            "rule": "input = output x t_per_t",
            "have_tpa": single["tonnes"],
            "need_tpa": single["need"] * single["t_per_t"],
        }
    )
    # stand-ins of a group are added in tonnes of the output that they make
    grouped = (
        inputs[~alone]
        .groupby(["node", "group"])
        .agg(
            commodity=("commodity", lambda c: " + ".join(sorted(c))),
            have_tpa=("runs", "sum"),
            need_tpa=("need", "first"),
        )
    )
    grouped = grouped.reset_index().assign(rule="stand-ins = output")[list(single.columns)]
    return pd.concat([f for f in (single, grouped, more) if len(f)] or [single], ignore_index=True)


def _published(network: Network) -> pd.DataFrame:
    """Return published totals beside what the flows say; a share is of the step's tonnes of the same commodities."""
    totals = network.totals
    made = supply_by_node(network, "country")
    made = made[(made["basis"] == "flow").to_numpy()].assign(step=step_of(made))
    rows = []
    for row in totals.itertuples():
        part = made[made["step"] == row.step]
        if isinstance(row.commodity, str):
            part = part[part["commodity"] == row.commodity]
        flow = float(part["amount"].sum())
        own = float(part.loc[part["label"] == row.country, "amount"].sum()) if isinstance(row.country, str) else flow
        found = own / flow if row.unit == "share" and flow > 0 else own
        rows.append(found if len(part) and row.unit in ("share", "t/yr") else np.nan)
    table = totals[["step", "commodity", "country", "year", "unit"]].assign(published=totals["value"], flow=rows)
    gap = table["flow"] - table["published"]
    # sums of many flows round
    table["gap"] = gap.mask(gap.abs() <= ROUNDING * table["published"].abs(), 0.0)
    table["gap_share"] = table["gap"] / table["published"].where(table["published"] > 0)
    table["note"] = totals["note"]
    return table.reset_index(drop=True)
