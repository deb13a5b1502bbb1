"""The base year and what opened since: which plants, and what they change."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from chainnet.assessment._case import Case
from chainnet.assessment._layers import layers
from chainnet.flow import Counting
from chainnet.network import verb_of

STOP = cn.Scenario("stop", [{"kind": "remove", "nodes": ["m"], "checked_on": "2026-05-01"}])


def chain(status: str | None = "operating", start: float | None = 2025.0) -> cn.Network:
    nodes = pd.DataFrame(
        {"id": ["m", "u", "v"], "stage": ["mine", "end_use", "end_use"], "country": ["CHN", "USA", "CHN"]}
    ).assign(capacity_tpa=[10.0, None, None])
    edges = pd.DataFrame({"source": ["m", "m", "p", "p"], "target": ["u", "v", "u", "v"]})
    demand = pd.DataFrame({"node": ["u", "v"], "tier": ["defence", "civilian"], "demand_tpa": [4.0, 6.0]})
    projects = pd.DataFrame({"id": ["p"], "stage": ["mine"], "country": ["AUS"], "capacity_tpa": [5.0]})
    projects = projects.assign(status=status, start_year=start)
    return cn.Network(
        nodes=nodes, edges=edges, demand=demand, projects=projects, beneficiaries=["USA"], name="chain", year=2024
    )


def asked(net: cn.Network, *scenarios: cn.Scenario) -> Any:
    return layers(Case(Counting.of(net), scenarios, (), 12, None, None, 0), scenarios[0] if scenarios else None)


def test_both_layers_with_allies_first_and_last() -> None:
    found = asked(chain().at("2026"), STOP)
    assert found.attrs["opened"] == ("p",)
    assert found.loc[("base year", "defence"), ["shortfall_first_tpa", "shortfall_last_tpa"]].tolist() == [4.0, 4.0]
    assert found.loc[("as it stands", "defence"), ["shortfall_first_tpa", "shortfall_last_tpa"]].tolist() == [0.0, 4.0]
    assert found["n_opened"].groupby("layer").first().to_dict() == {"as it stands": 1, "base year": 0}


def test_what_does_not_run_leaves_the_base_year_alone() -> None:
    for net in (chain("under construction").at("2026"), chain()):
        assert asked(net, STOP).index.get_level_values("layer").unique().tolist() == ["as it stands"]


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        ("operating, ramping", "Secure the offtake of"),
        ("under construction", "Protect the date of"),
        ("approved", "Hold to the decision on"),
        ("idle", "Restart"),
        ("feasibility study", "Fund"),
        (None, "Fund"),
    ],
)
def test_the_verb_follows_the_state(status: str | None, verb: str) -> None:
    assert verb_of(status) == verb
