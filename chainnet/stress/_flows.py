"""What moves month by month: flows of edges, output of sites, new relations, kept as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet._types import Array, Ints, Texts
from chainnet.engine import ROUNDING
from chainnet.results import Guarded
from chainnet.stress._months import Ask, Trajectory


@dataclass(frozen=True, eq=False)
class MonthFlows(Guarded):
    """What one scenario moves, as planned by one who knows every date.

    ``month``: first month of each period, from 1; ``lengths``: months of each; ``keys``: source, target,
    commodity of ``network.edges``; ``ids``: nodes, then projects; ``edge_t``: periods x edges, t shipped in the
    period; ``node_t``: periods x ids, t of main output (process) or throughput (else); ``relations``: period,
    commodity, maker, user, flow_t of new relations.
    """

    month: Ints
    lengths: Ints
    keys: pd.DataFrame
    ids: Texts
    edge_t: Array
    node_t: Array
    relations: pd.DataFrame


def flows_of(found: Trajectory, ask: Ask) -> MonthFlows:
    """Return what a scenario moves; the arrays are those of the plan, cleared of rounding."""
    network, plan = ask.network, found.perfect
    return MonthFlows(
        1 + np.array(found.timeline.starts),
        np.array(found.timeline.lengths),
        network.edges[["source", "target", "commodity"]],
        network.plants["id"].to_numpy(dtype=object),
        _cleared(plan.flow_t),
        _cleared(plan.through_t),
        plan.relations,
    )


def _cleared(amount: Array) -> Array:
    return np.where(amount <= ROUNDING * amount.max(initial=0.0), 0.0, amount)


def flows_table(by_scenario: Mapping[str, MonthFlows]) -> pd.DataFrame:
    """Return scenario, month, source, target, commodity, flow_t: one row per edge and month."""
    return pd.concat([_long(n, f, f.keys, "flow_t", f.edge_t) for n, f in by_scenario.items()], ignore_index=True)


def throughput_table(by_scenario: Mapping[str, MonthFlows]) -> pd.DataFrame:
    """Return scenario, month, id, throughput_t: one row per node or project and month."""
    parts = [_long(n, f, pd.DataFrame({"id": f.ids}), "throughput_t", f.node_t) for n, f in by_scenario.items()]
    return pd.concat(parts, ignore_index=True)


def _long(scenario: str, flows: MonthFlows, keys: pd.DataFrame, what: str, amount: Array) -> pd.DataFrame:
    n, m = amount.shape
    part = {key: np.tile(keys[key].to_numpy(dtype=object), n) for key in keys}
    return pd.DataFrame({"scenario": scenario, "month": np.repeat(flows.month, m), **part, what: amount.ravel()})


def relations_table(by_scenario: Mapping[str, MonthFlows]) -> pd.DataFrame:
    """Return scenario, month, commodity, maker, user, flow_t of new relations that carry something."""
    parts = []
    for name, flows in by_scenario.items():
        table = flows.relations.copy()
        table.insert(0, "month", flows.month[table.pop("period").to_numpy(dtype=np.int64)])
        table.insert(0, "scenario", name)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)
