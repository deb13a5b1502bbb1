"""Who goes short when: every scenario as a steady state, tier by tier, with both ends of the bracket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.flow_balance import balance_under
from chainnet.flow_value import Words, count_settings
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, overlay_of, pick_scenarios
from chainnet.valuation import ladder, project_sizes

__all__ = ["StressTest", "stress_test"]


@dataclass(frozen=True, repr=False, eq=False)
class StressTest(Result):
    """What each scenario leaves short.

    Attributes
    ----------
    summary : DataFrame, index (scenario, tier)
        demand_tpa, served_tpa, shortfall_tpa (others served after the beneficiaries),
        shortfall_before_tpa (others served first: the largest shortfall), shortfall_low_tpa and
        shortfall_high_tpa (all demand at its low or high value, NaN where no range is given),
        demand_low_tpa, demand_high_tpa, value_musd (loss at the value per tonne, USD million a year).
        The first scenario is "baseline": nothing happens.
    nodes : DataFrame, index (scenario, node, commodity, tier)
        The same per end use.
    ladder : DataFrame
        scenario, rung, tier, demand_tpa, served_tpa, shortfall_tpa, gained_tpa; no projects built.
    """

    summary: pd.DataFrame
    nodes: pd.DataFrame
    ladder: pd.DataFrame


def stress_test(
    network: Network,
    scenarios: Any = None,
    *,
    reroute: Degree = "existing",
    beneficiaries: Words = None,
    commodity: Words = None,
) -> StressTest:
    """Put scenarios to a network and say who goes short, in a steady state of one year.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenarios : Scenario, list or mapping of Scenario, optional
        Default the scenarios that ship with the graph.
    reroute : {"existing", "frozen", "new"}
        How far flows may leave the baseline.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.

    Returns
    -------
    StressTest

    Raises
    ------
    DataError
        If there is no demand table or an argument is unknown.

    Examples
    --------
    >>> import chainnet as cn
    >>> st = cn.stress_test(cn.read("mag-9"))
    >>> st.summary.loc["china_out", "shortfall_tpa"].round(6).tolist()
    [0.0, 10.0, 30.0]
    """
    chosen: list[Scenario | None] = [None, *pick_scenarios(network, scenarios)]
    low, high = (_at_corner(network, side) for side in ("low", "high"))
    summaries, nodes, rungs = [], [], []
    for scenario in chosen:
        name = scenario.name if scenario else "baseline"
        overlay = overlay_of(network, scenario)
        count: dict[str, Any] = {"commodity": commodity, "beneficiaries": beneficiaries}
        after = balance_under(network, overlay, reroute, scenario_name=name, **count)
        before = balance_under(network, overlay, reroute, others="before", scenario_name=name, **count)
        table = after.by_tier()
        table["shortfall_before_tpa"] = before.by_tier()["shortfall_tpa"]
        for side, corner in (("low", low), ("high", high)):
            found = balance_under(corner, overlay, reroute, **count).by_tier() if corner is not None else None
            table[f"demand_{side}_tpa"] = np.nan if found is None else found["demand_tpa"]
            table[f"shortfall_{side}_tpa"] = np.nan if found is None else found["shortfall_tpa"]
        per_node = after.demand[after.demand["is_counted"] & after.demand["is_beneficiary"]].copy()
        value = network.demand["value_usd_per_t"].reindex(per_node.index)
        per_node["value_musd"] = per_node["shortfall_tpa"] * value.to_numpy() / 1e6
        table["value_musd"] = per_node.groupby("tier", dropna=False)["value_musd"].sum(min_count=1).reindex(table.index)
        summaries.append(pd.concat({name: table}, names=["scenario"]))
        per_node.insert(0, "scenario", name)
        nodes.append(per_node.drop(columns=["is_counted", "is_beneficiary"]))
        if scenario is not None:
            steps = ladder(network, overlay, project_sizes(network, None), projects=[], **count)
            steps = steps[steps["rung"] != "projects"]
            steps.insert(0, "scenario", name)
            rungs.append(steps)
    source = provenance(
        network,
        "HiGHS simplex",
        reroute=reroute,
        scenarios=[s.name for s in chosen if s is not None],
        **count_settings(network, commodity, beneficiaries),
    )
    all_nodes = pd.concat(nodes, ignore_index=True).set_index(["scenario", "node", "commodity", "tier"])
    all_rungs = pd.concat(rungs, ignore_index=True) if rungs else pd.DataFrame()
    return StressTest(source, stamp(pd.concat(summaries), source), stamp(all_nodes, source), stamp(all_rungs, source))


def _at_corner(network: Network, side: str) -> Network | None:
    """Return the network with every demand at its low or high value, or None where no range is given."""
    demand = network.demand
    if demand[side].isna().all():
        return None
    corner = demand.assign(demand_tpa=demand[side].fillna(demand["demand_tpa"]))
    return network.with_demand(corner)
