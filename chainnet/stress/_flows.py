"""What moves month by month: flows of edges, output of sites, new relations, kept as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.stress._months import Ask, Course

__all__ = ["MonthFlows", "flows_of", "flows_table", "relations_table", "throughput_table"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Words = np.ndarray[Any, np.dtype[np.object_]]
DUST = 1e-9


@dataclass(frozen=True, eq=False)
class MonthFlows:
    """What one scenario moves, as planned by one who knows every date.

    ``month``: first month of each period, from 1; ``keys``: source, target, commodity of ``network.edges``;
    ``ids``: nodes, then projects; ``edge_t``: periods x edges, t shipped in the period; ``node_t``: periods x
    ids, t of main output (process) or throughput (else); ``relations``: period, commodity, maker, user,
    flow_t of new relations.
    """

    month: Ints
    step_months: int
    keys: pd.DataFrame
    ids: Words
    edge_t: Array
    node_t: Array
    relations: pd.DataFrame


def flows_of(found: Course, ask: Ask) -> MonthFlows:
    """Return what a scenario moves; the arrays are those of the plan, cleared of rounding."""
    network, plan = ask.network, found.perfect
    return MonthFlows(
        1 + np.arange(len(plan.flow_t)) * ask.step_months,
        ask.step_months,
        network.edges[["source", "target", "commodity"]],
        np.concatenate([network.nodes["id"].to_numpy(dtype=object), network.projects["id"].to_numpy(dtype=object)]),
        _cleared(plan.flow_t),
        _cleared(plan.through_t),
        plan.relations,
    )


def _cleared(amount: Array) -> Array:
    return np.where(amount <= DUST * amount.max(initial=0.0), 0.0, amount)


def flows_table(by_scenario: Mapping[str, MonthFlows]) -> pd.DataFrame:
    """Return scenario, month, source, target, commodity, flow_t: one row per edge and month."""
    parts = []
    for name, flows in by_scenario.items():
        n, m = flows.edge_t.shape
        part = {key: np.tile(flows.keys[key].to_numpy(dtype=object), n) for key in flows.keys}
        month = np.repeat(flows.month, m)
        parts.append(pd.DataFrame({"scenario": name, "month": month, **part, "flow_t": flows.edge_t.ravel()}))
    return pd.concat(parts, ignore_index=True)


def throughput_table(by_scenario: Mapping[str, MonthFlows]) -> pd.DataFrame:
    """Return scenario, month, id, throughput_t: one row per node or project and month."""
    parts = []
    for name, flows in by_scenario.items():
        n, m = flows.node_t.shape
        columns = {"scenario": name, "month": np.repeat(flows.month, m), "id": np.tile(flows.ids, n)}
        parts.append(pd.DataFrame({**columns, "throughput_t": flows.node_t.ravel()}))
    return pd.concat(parts, ignore_index=True)


def relations_table(by_scenario: Mapping[str, MonthFlows]) -> pd.DataFrame:
    """Return scenario, month, commodity, maker, user, flow_t of new relations that carry something."""
    parts = []
    for name, flows in by_scenario.items():
        table = flows.relations.copy()
        table.insert(0, "month", flows.month[table.pop("period").to_numpy(dtype=np.int64)])
        table.insert(0, "scenario", name)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)
