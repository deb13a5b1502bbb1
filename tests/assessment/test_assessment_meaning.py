"""Which of tied bottlenecks, which of equal projects, which plants a verdict depends on: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.assessment._advice import _most
from chainnet.assessment._bottleneck import bottlenecks
from chainnet.assessment._dependencies import dependencies
from chainnet.flow import Counting


def test_of_tied_bottlenecks_the_one_with_most_of_its_step_is_named_then_the_first_by_name() -> None:
    """China digs 4 of 10 t and works up all that it digs; a mill and a press there pass on just as much."""
    net = cn.Network(
        frame(
            "id stage step country",
            ("far", "mine", "digging", "CHN"),
            ("near", "mine", "digging", "AUS"),
            ("mill", "refiner", "milling", "CHN"),
            ("own", "refiner", "milling", "AUS"),
            ("press", "refiner", "pressing", "CHN"),
            ("user", "end_use", None, "AUS"),
        ),
        frame(
            "source target flow_tpa capacity_tpa",
            ("far", "mill", 4.0, 4.0),
            ("mill", "press", 4.0, 4.0),
            ("press", "user", 4.0, 4.0),
            ("near", "own", 6.0, 6.0),
            ("own", "user", 6.0, 6.0),
        ),
        demand=frame("node tier demand_tpa", ("user", "defence", 10.0)),
        beneficiaries=["AUS"],
    )
    row = bottlenecks(Counting.of(net)).loc["first tier"]
    assert (row["step"], row["country"]) == ("pressing", "CHN")
    assert (row["share"], row["lost_tpa"], row["lost_share"]) == (1.0, 4.0, 0.4)
    assert row["tied_with"] == (("digging", "CHN"), ("milling", "CHN")), "alike in share, so by name"


def test_of_equal_projects_the_cheapest_is_advised_then_the_first_by_name() -> None:
    alone = pd.Series({"dear": 5.0, "not_dear": 5.0, "less": 4.0, "unknown": 5.0})
    capex = pd.Series({"dear": 500.0, "not_dear": 10.0, "less": 1.0, "unknown": np.nan})
    none = pd.DataFrame()
    assert _most(alone, none, capex) == ("not_dear",)
    assert _most(alone.drop("not_dear"), none, capex) == ("dear",), "what has no cost on record comes last"
    assert _most(pd.Series({"b": 5.0, "a": 5.0 + 1e-9}), none, pd.Series({"a": 7.0, "b": 7.0})) == ("a",)
    pairs = pd.DataFrame({"project_a": ["x", "p"], "project_b": ["y", "q"], "together_t": [5.0, 9.0]})
    assert _most(alone, pairs, capex) == ("p", "q")
    assert _most(alone, pairs.iloc[:1], capex) == ("not_dear",), "two that return as much as one are not advised"
    assert _most(pd.Series({"a": 0.0}), none, capex) == ()


def test_a_doubtful_plant_is_named_where_it_makes_another_class_and_not_where_it_moves_a_share_alone() -> None:
    """Of 1000 t asked for 955 stay, 5 of them from a plant that is assumed: 4.5 or 5 % are due, little either way."""
    net = cn.Network(
        frame(
            "id label stage country capacity_tpa quality",
            ("big", "Big pit", "mine", "AUS", 950.0, "reported"),
            ("small", "Small pit", "mine", "AUS", 5.0, "assumed"),
            ("far", "Far pit", "mine", "CHN", 1000.0, "reported"),
            ("user", "User", "end_use", "USA", None, None),
        ),
        frame("source target quality", *[(pit, "user", "reported") for pit in ("big", "small", "far")]),
        demand=frame("node tier demand_tpa quality", ("user", "defence", 1000.0, "reported")),
    )
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": ["far"]}])
    found = cn.key_assumptions(net, stop)
    assert found.range.loc["defence", ["low_share", "high_share"]].tolist() == pytest.approx([0.045, 0.05])
    said = dependencies(net, found, "defence", is_first=True)
    assert (said.words, said.over) == ((), ())
    more = net.with_table("nodes", net.nodes.assign(capacity_tpa=net.nodes["capacity_tpa"].replace(950.0, 896.0)))
    said = dependencies(more, cn.key_assumptions(more, stop), "defence", is_first=True)
    assert said.words == said.over == ("without Small pit",), "10.4 % is due without it, a part and no longer little"
