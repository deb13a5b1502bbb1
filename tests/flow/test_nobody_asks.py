"""Beneficiaries who ask for nothing: no answer says that all is well."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import chainnet as cn

SAID = "nobody who counts asks for anything"


def chain(who: list[str]) -> cn.Network:
    """Return a mine, a project and a user in the United States."""
    nodes = pd.DataFrame(
        [("a", "mine", "CHN", 5.0), ("u", "end_use", "USA", None)], columns=["id", "stage", "country", "capacity_tpa"]
    )
    edges = pd.DataFrame([("a", "u"), ("p", "u")], columns=["source", "target"])
    demand = pd.DataFrame([("u", "defence", 5.0)], columns=["node", "tier", "demand_tpa"])
    projects = pd.DataFrame([("p", "mine", 6.0, 10.0)], columns=["id", "stage", "capacity_tpa", "capex_musd"])
    return cn.Network(nodes=nodes, edges=edges, demand=demand, projects=projects, beneficiaries=who)


OUT = cn.Scenario("out", [{"kind": "remove", "nodes": ["a"]}])
ASKED: dict[str, Callable[[cn.Network], Any]] = {
    "balance": lambda net: cn.balance(net, OUT),
    "stress_test": lambda net: cn.stress_test(net, [OUT], months=3),
    "chokepoints": lambda net: cn.chokepoints(net),
    "by country": lambda net: cn.chokepoints(net, by="country"),
    "reroute": lambda net: cn.reroute(net, OUT),
    "portfolio": lambda net: cn.portfolio(net, OUT, budget_musd=100),
    "interdict": lambda net: cn.interdict(net, 1),
    "max_flow": lambda net: cn.max_flow(net),
    "shapley": lambda net: cn.shapley(net),
    "fortify": lambda net: cn.fortify(net, 1, 100),
}


@pytest.mark.parametrize("name", ASKED)
def test_every_answer_says_that_nobody_asks(name: str) -> None:
    with pytest.warns(cn.ChainnetWarning, match=SAID):
        found = ASKED[name](chain(["FRA"]))
    assert SAID in f"{getattr(found, 'sentence', '')}{found._repr_html_()}".lower()


@pytest.mark.parametrize("name", ["balance", "chokepoints", "reroute"])
def test_nothing_is_said_where_somebody_asks(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ASKED[name](chain(["USA"]))
    assert SAID not in found.sentence.lower()


def test_a_tier_without_demand_is_said() -> None:
    net = chain([])
    ranking = cn.chokepoints(net, tier="civilian")
    assert ranking.sentence == "Nobody who counts asks for anything."


@pytest.mark.parametrize("ask", [cn.find, cn.key_assumptions])
def test_what_is_found_of_nobody_is_refused(ask: Callable[[cn.Network], Any]) -> None:
    with pytest.warns(cn.ChainnetWarning), pytest.raises(cn.DataError, match=SAID):
        ask(chain(["FRA"]))
