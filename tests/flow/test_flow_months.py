"""Plans over months: what stocks may and may not do."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn


@pytest.mark.parametrize("room", [None, 5.0])
def test_stocks_that_are_not_to_be_drawn_are_not_though_they_could_be_filled(room: float | None) -> None:
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 12.0), ("u", "end_use", None)),
        edges=frame("source target", ("m", "u")),
        demand=frame("node tier demand_tpa", ("u", "defence", 12.0)),
        stocks=frame("id node stock_t capacity_t", ("s", "u", 3.0, room)),
    )
    out = cn.Scenario("out", [{"kind": "remove", "nodes": ["m"]}])
    served = {
        stocks: cn.stress_test(net, out, months=2, stocks=stocks).months.groupby("scenario")["served_t"].sum()
        for stocks in (True, False)
    }
    assert served[True]["out"] == pytest.approx(2.0)
    assert served[False]["out"] == 0.0
    assert served[False]["baseline"] == pytest.approx(2.0)
