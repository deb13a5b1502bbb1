"""A scenario is frozen to its last word."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import pickle
from collections.abc import Callable

import pytest

import chainnet as cn


def made() -> cn.Scenario:
    return cn.Scenario("ban", [{"kind": "remove", "where": {"country": ["CHN", "USA"], "stage": "refiner"}}])


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.measures[0]["where"]["country"].append("X"),
        lambda s: s.measures[0]["where"].clear(),
        lambda s: dict(s.measures[0])["where"].clear(),
        lambda s: vars(s)["measures"][0]["where"]["country"].append("X"),
        lambda s: vars(s)["measures"][0]["where"].update(stage="mine"),
        lambda s: s.measures[0].update(kind="scale"),
        lambda s: dataclasses.asdict(s)["measures"][0]["where"].clear(),
        lambda s: copy.deepcopy(s).measures[0]["where"].clear(),
        lambda s: setattr(s, "name", "other"),
        lambda s: setattr(s, "measures", ()),
    ],
)
def test_nothing_that_is_read_of_it_changes_it(change: Callable[[cn.Scenario], object]) -> None:
    scenario, before = made(), made().to_toml()
    with contextlib.suppress(AttributeError, TypeError):  # refused
        change(scenario)
    assert scenario.to_toml() == before
    assert scenario == made()
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_the_callers_list_is_copied() -> None:
    measures = [{"kind": "remove", "where": {"country": ["CHN"]}}]
    scenario = cn.Scenario("ban", measures)
    measures[0]["where"]["country"].append("USA")  # type: ignore[index]
    assert scenario.measures[0]["where"]["country"] == ["CHN"]


def test_what_an_answer_hands_out_is_a_copy() -> None:
    net = cn.read("mag-9")
    found = cn.balance(net, cn.scenarios(net)["china_out"])
    short = found.demand["shortfall_tpa"].tolist()
    handed, table = found.demand, found.tables()["demand"]
    handed["shortfall_tpa"] = 0.0
    table.loc[:, "shortfall_tpa"] = 0.0
    found.provenance["settings"]["scenario"] = "none"
    found.demand.attrs["provenance"]["settings"]["scenario"] = "none"
    assert found.demand["shortfall_tpa"].tolist() == short
    assert found.provenance["settings"]["scenario"] == "china_out"
    ranked = cn.chokepoints(net)
    ranked["lost_tpa"] = 0.0
    ranked.attrs["provenance"]["settings"]["by"] = "none"
    again = cn.chokepoints(net)
    assert again["lost_tpa"].max() == pytest.approx(40.0)
    assert again.attrs["provenance"]["settings"]["by"] == "node"
