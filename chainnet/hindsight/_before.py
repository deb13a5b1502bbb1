"""The chain as it was before an event: dated exports of the actor, the shipped flows as seed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import records
from chainnet.calibration import calibrate
from chainnet.errors import ChainnetWarning, DataError
from chainnet.hindsight._event import WORLD, Event
from chainnet.hindsight._reading import events
from chainnet.network import TABLES, Network, kept, split_list, step_of

_MADE = ("nodes", "edges", "demand", "totals", "processes")


def chain_before(network: Network, event: str | Event) -> Network:
    """Return the chain as it was before an event, as far as dated inputs say; structure and ratios stay as shipped.

    Parameters
    ----------
    network : Network
    event : str or Event
        One of ``events(network)``.

    Returns
    -------
    Network
        That of the base year where its flows are of a year before the event. Else: capacity by the dated totals;
        flows nearest to the shipped ones in relative entropy that meet the dated exports and balance through every
        recipe; demand what is then taken in; capacity of links in the shipped ratio to their flow.

    Raises
    ------
    DataError
        If nothing is dated, so that the chain cannot be built.
    UnknownIdError
        If there is no such event.

    See Also
    --------
    hindcast, read

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("rare-earths")
    >>> cn.chain_before(net, "hree_2025").digest == net.at(None).digest
    True
    """
    found = events(network)[event] if isinstance(event, str) else event
    if not found.is_before:
        return network.at(None)
    if found.base_grade == "D":
        raise DataError(
            f"{found.id}: no dated export of {found.actor} is known before it, so the chain before cannot be built (D)."
        )
    return _built(network, found)


@kept(8)
def _built(network: Network, event: Event) -> Network:
    base = network.at(None)
    edges, country = base.edges, base.plants.set_index("id")["country"]
    ratio = _ratios(base, event)
    old = base.baseline.reindex(base.nodes["id"]).to_numpy(dtype=float)
    is_inner = (base.nodes["stage"] != "end_use").to_numpy()
    nodes = base.nodes.assign(output_tpa=np.where(is_inner & (old > 0), old * ratio, np.nan), fit="about")
    live = edges[edges["flow_tpa"] > 0]
    seed = live[["source", "target", "commodity", "cost_usd_per_t", "lag_months", "reference", "quality"]].assign(
        weight=_weights(live), capacity="unlimited"
    )
    sent = live[live["source"].map(country) == event.actor]
    rows = list(_dated(event, sent, country))
    rest: dict[str, Any] = {name: getattr(base, name) for name in TABLES if name not in _MADE}
    for fit in ("exact", "about"):
        relations = pd.concat([seed, pd.DataFrame(rows).assign(fit=fit)], ignore_index=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ChainnetWarning)
                made = calibrate(
                    None, relations, nodes=nodes, processes=base.processes,
                    demand=base.demand.assign(fit="about"), year=event.base_year, name=base.name, label=base.label,
                    main_commodity=base.main_commodity, beneficiaries=base.beneficiaries, **rest,
                )  # fmt: skip
            break
        except DataError:
            if fit == "about":
                raise
    return _put(base, made.edges, made.demand, ratio)


def _weights(live: pd.DataFrame) -> pd.Series:
    """Return the seeds by which the first guess is the shipped flow."""
    flow, goods = live["flow_tpa"], live["commodity"].fillna("")
    supply, use = (flow.groupby([live[end], goods]).transform("sum") for end in ("source", "target"))
    return flow * flow.groupby(goods).transform("sum") / (supply * use)


def _dated(event: Event, sent: pd.DataFrame, country: pd.Series) -> Any:
    """Yield the dated exports of the actor as sums of relations; a destination that takes none is left out."""
    table = event.inputs[(event.inputs["table"] == "flows") & event.inputs["value"].notna()]
    table = table[table["from"] == event.actor]
    is_whole = table["to"].isin(["", WORLD])
    apart = {word for cell in table.loc[~is_whole, "commodity"] for word in split_list(cell)}
    for row in records(table):
        goods = split_list(row["commodity"])
        if row["to"] in ("", WORLD) and apart & set(goods):
            continue  # it holds countries that the chain does not have, and counts for the grade alone
        mine = sent[sent["commodity"].isin(goods)]
        target = mine["target"].map(country)
        to = f"country!={event.actor}" if row["to"] in ("", WORLD) else f"country={row['to']}"
        abroad = target != event.actor
        hit = abroad if row["to"] in ("", WORLD) else target == row["to"]
        if not hit.any():
            continue
        value = row["value"] * (float(mine.loc[abroad, "flow_tpa"].sum()) if row["unit"] == "share" else 1.0)
        yield {
            "source": f"country={event.actor}", "target": to, "commodity": ";".join(goods), "flow_tpa": value,
            "reference": row["reference"], "quality": row["quality"],
        }  # fmt: skip


def _ratios(base: Network, event: Event) -> np.ndarray:
    """Return for every node the dated total of its step and country over the shipped one; 1 where none is dated."""
    steps, ratio = step_of(base.nodes), np.ones(len(base.nodes))
    old = base.baseline.reindex(base.nodes["id"]).to_numpy(dtype=float)
    for row in records(event.inputs[event.inputs["table"] == "totals"]):
        checks.known(row["step"], set(steps), "inputs.csv, step", "step")
        hit = (steps == row["step"]).to_numpy()
        if row["country"]:
            hit = hit & (base.nodes["country"] == row["country"]).to_numpy()
        whole = float(np.nansum(old[hit]))
        if whole > 0 and row["value"] > 0:
            ratio[hit] = row["value"] / whole
    return ratio


def _put(base: Network, flows: pd.DataFrame, demand: pd.DataFrame, ratio: np.ndarray) -> Network:
    """Return the network with other flows and demand; capacities keep their ratio to what flows."""
    key = ["source", "target", "commodity"]
    new = flows.assign(commodity=flows["commodity"].fillna("")).set_index(key)["flow_tpa"]
    edges = base.edges
    names = pd.MultiIndex.from_frame(edges[key].assign(commodity=edges["commodity"].fillna("")))
    old = edges["flow_tpa"].to_numpy(dtype=float)
    flow = np.where(old > 0, new.reindex(names).fillna(0.0).to_numpy(dtype=float), old)
    slack = np.divide(edges["capacity_tpa"].to_numpy(dtype=float), old, out=np.full(len(old), np.nan), where=old > 0)
    capacity = np.where(old > 0, flow * slack, edges["capacity_tpa"].to_numpy(dtype=float))
    made = base.with_table("edges", edges.assign(flow_tpa=flow, capacity_tpa=capacity))
    made = made.with_demand(base.demand.assign(demand_tpa=demand["demand_tpa"].to_numpy(), low=np.nan, high=np.nan))
    nodes = made.nodes
    through = made.baseline.reindex(nodes["id"]).to_numpy(dtype=float)
    size = nodes["capacity_tpa"].to_numpy(dtype=float) * ratio
    return made.with_table(
        "nodes", nodes.assign(capacity_tpa=np.fmax(size, np.nan_to_num(through) * 1.0), low=np.nan, high=np.nan)
    )
