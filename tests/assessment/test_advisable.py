"""Nobody is advised to rely on a project that the other side holds."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import frame

import chainnet as cn
from chainnet.assessment._advisable import advisable
from chainnet.assessment._closing import by_projects
from chainnet.flow import Counting

STOP = {"kind": "restrict", "from": {"country": "CHN"}, "share": 0.0}


def chain() -> cn.Network:
    """Let a user lack 10 t; three projects could bring them: held from China, in China, and held from Japan."""
    projects = frame(
        "id stage country owner_country capacity_tpa capex_musd start_year status",
        ("a_theirs", "mine", "KAZ", "CHN", 10.0, 1.0, 2025, "undecided"),
        ("b_there", "mine", "CHN", "CHN", 10.0, 2.0, 2025, "undecided"),
        ("c_ours", "mine", "KAZ", "JPN", 10.0, 300.0, 2025, "undecided"),
        ("d_open", "mine", "AUS", None, 4.0, 100.0, 2025, "undecided"),
    )
    makers = ("m", *projects["id"])
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "CHN", 10.0), ("u", "end_use", "USA", None)),
        edges=frame("source target commodity flow_tpa", *((m, "u", "ore", 10.0 if m == "m" else None) for m in makers)),
        demand=frame("node commodity tier demand_tpa", ("u", "ore", "defence", 10.0)),
        projects=projects,
        main_commodity="ore",
        beneficiaries=["USA"],
        year=2024,
    )


@pytest.mark.parametrize(
    ("measures", "open_"),
    [
        ([], ["a_theirs", "b_there", "c_ours", "d_open"]),
        ([STOP], ["c_ours", "d_open"]),
        ([{**STOP, "from": {"country": "!CHN"}}], ["b_there"]),
        ([STOP, {**STOP, "from": {"country": "!CHN"}}], []),
        ([{"kind": "remove", "where": {"country": "CHN"}}], ["c_ours", "d_open"]),
        ([{"kind": "remove", "nodes": ["m"]}], ["a_theirs", "b_there", "c_ours", "d_open"]),
        ([{"kind": "tariff", "from": {"country": "CHN"}, "rate": 0.1}], ["a_theirs", "b_there", "c_ours", "d_open"]),
    ],
)
def test_who_takes_goods_away_holds_no_project_that_is_advised(measures: list[Any], open_: list[str]) -> None:
    net = chain()
    assert net.projects["id"][advisable(net, cn.Scenario("s", measures))].tolist() == open_


def test_what_closes_a_gap_is_the_dearer_project_that_nobody_can_withhold() -> None:
    net = chain()
    found = by_projects(Counting.of(net), cn.Scenario("s", [STOP]), 0)
    assert found is not None
    assert found.projects == ("c_ours",)  # a_theirs and b_there cost a hundredth of it, and would do as much
