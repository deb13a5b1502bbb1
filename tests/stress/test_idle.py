"""What is named and changes nothing: projects without edges, stocks without a node, scenarios without measures."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import chainnet as cn

OUT = cn.Scenario("out", [{"kind": "remove", "nodes": ["m"]}])


def chain(*, joined: bool, at: str | None = "u") -> cn.Network:
    """Return a mine and a user, a project that may have an edge, and a stock that may lie nowhere."""
    edges = [("m", "u"), *([("p", "u")] if joined else [])]
    return cn.Network(
        nodes=pd.DataFrame([("m", "mine", 5.0), ("u", "end_use", None)], columns=["id", "stage", "capacity_tpa"]),
        edges=pd.DataFrame(edges, columns=["source", "target"]),
        demand=pd.DataFrame([("u", "defence", 5.0)], columns=["node", "tier", "demand_tpa"]),
        projects=pd.DataFrame([("p", "mine", 6.0)], columns=["id", "stage", "capacity_tpa"]),
        stocks=pd.DataFrame([("s", at, 1.0)], columns=["id", "node", "stock_t"]),
    )


def test_a_project_without_an_edge_is_said() -> None:
    with pytest.warns(cn.ChainnetWarning, match="projects: p has no edge: naming it changes nothing"):
        cn.stress_test(chain(joined=False), [OUT], months=2, projects=["p"])
    with pytest.warns(cn.ChainnetWarning, match="p has no edge"):
        cn.reroute(chain(joined=False), OUT, projects=["p"])


def test_a_project_that_runs_already_is_said() -> None:
    net = chain(joined=True).with_projects(["p"])
    with pytest.warns(cn.ChainnetWarning, match="projects: p runs already at this date"):
        cn.stress_test(net, [OUT], months=2, projects=["p"])


def test_a_stock_without_a_node_is_said() -> None:
    with pytest.warns(cn.ChainnetWarning, match="stocks: s: no node is named, so nothing is drawn"):
        cn.stress_test(chain(joined=True, at=None), [OUT], months=2)


def test_a_scenario_without_measures_is_said() -> None:
    empty = cn.Scenario("empty", [])
    for ask in (cn.balance, cn.stress_test, cn.reroute):
        with pytest.warns(
            cn.ChainnetWarning, match="scenario empty: no measures, so its answers are those of the baseline"
        ):
            ask(chain(joined=True), empty)


def test_nothing_is_said_where_all_count() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cn.stress_test(chain(joined=True), [OUT], months=2, projects=["p"])
