"""When a worst case is one, by hand."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn
from chainnet.cascades import bracket


def crowded(share: float) -> cn.Scenario:
    return cn.Scenario("more", [{"kind": "demand", "tier": "civilian", "share": share}])


def test_a_worst_case_that_the_long_run_passes_is_not_called_an_upper_bound() -> None:
    """Order want three times their ore: no plant fails, so nothing spreads, and yet their orders crowd out the works."""
    net = cn.Network(
        frame("id stage process", ("pit", "mine", None), ("works", "refiner", "melt"), ("us", "end_use", None), ("jp", "end_use", None)),
        frame("source target commodity flow_tpa", ("pit", "works", "ore", 365.0), ("works", "us", "metal", 365.0), ("pit", "jp", "ore", 100.0)),
        processes=frame("process commodity role t_per_t", ("melt", "ore", "input", 1.0), ("melt", "metal", "output", 1.0)),
        demand=frame("node commodity tier demand_tpa", ("us", "metal", "defence", 365.0), ("jp", "ore", "civilian", 100.0)),
        main_commodity="metal",
    )  # fmt: skip
    table = bracket(net, scenario=crowded(3.0), years=3)
    assert table.loc["worst case", "lost_tpa"] == pytest.approx(0.0)
    assert table.loc["myopic long run", "lost_tpa"] > 1.0
    assert table.loc["worst case", "bound"] == "passed by the long run"
    half = cn.Scenario("half", [{"kind": "scale", "where": {"stage": "mine"}, "share": 0.5}])
    held = bracket(net, scenario=half, years=3)
    assert held.loc["worst case", "lost_tpa"] >= held.loc["myopic long run", "lost_tpa"] - 1e-6
    assert held.loc["worst case", "bound"] == "upper"
