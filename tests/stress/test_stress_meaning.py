"""Time to survive, months short, what is held and what it costs, which is the worst: by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.stress import worst_of


def road(*stocks: tuple[str, str, float]) -> cn.Network:
    """A mine abroad of 12 t/yr serves one tonne of metal a month, 3 USD/t; a place at home uses half a tonne a year."""
    return cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("mine", "mine", "CHN", 12.5),
            ("user", "end_use", "USA", None),
            ("shop", "end_use", "USA", None),
        ),
        frame("source target commodity flow_tpa", ("mine", "user", "metal", 12.0), ("mine", "shop", "metal", 0.5)),
        demand=frame(
            "node commodity tier demand_tpa", ("user", "metal", "defence", 12.0), ("shop", "metal", "civilian", 0.5)
        ),
        commodities=frame("id price_usd_per_t", ("metal", 3.0)),
        stocks=frame("id node commodity stock_t", *[(s, node, "metal", t) for s, node, t in stocks])
        if stocks
        else None,
    )


def out(**times: int) -> cn.Scenario:
    return cn.Scenario("out", [{"kind": "remove", "nodes": ["mine"], **times}])


def test_time_to_survive_counts_from_the_first_measure_to_the_end_of_the_horizon() -> None:
    """The mine stops after 6 of 24 months; 20 t last longer than the 18 that are left, 5 t for five of them."""
    for tonnes, survive in ((20.0, 18.0), (5.0, 5.0)):
        found = cn.stress_test(road(("depot", "user", tonnes)), [out(start_month=6)], months=24)
        row = found.summary.loc[("out", "defence")]
        assert (row["time_to_survive"], row["is_unlimited"]) == (pytest.approx(survive), False)
        each = found.time_to_survive.reset_index().query("scenario == 'out' and tier == 'defence'")
        assert each["time_to_survive"].tolist() == pytest.approx([survive] * 2), "the tier, and its only user"


@pytest.mark.parametrize("step", [2, 3])
def test_months_short_are_months_and_not_periods(step: int) -> None:
    found = cn.stress_test(road(), [out(start_month=6, months=6)], months=18, step_months=step)
    assert found.summary.loc[("out", "defence"), "months_short"] == 6


def shut(**times: int) -> cn.Scenario:
    """The mine stops, and the place of the depot is shut."""
    return cn.Scenario("shut", [*out().measures, {"kind": "remove", "nodes": ["shop"], **times}])


def test_a_stock_that_is_shut_for_a_time_is_held() -> None:
    net = road(("depot", "shop", 5.0))
    for scenario, held in ((shut(start_month=3, months=2), 5.0), (shut(), 0.0), (out(), 5.0)):
        need = cn.stockpile_requirement(net, scenario, ["defence"], months=12)
        assert need["held_t"].tolist() == [held], scenario.measures


def test_the_requirement_costs_what_is_required_less_held() -> None:
    """12 t must be in stock; 5 lie where they do not help, so all 12 are to be bought, and 7 are required beyond them."""
    net = road(("far", "shop", 5.0))
    (row,) = cn.stockpile_requirement(net, out(), ["defence"], months=12).to_dict("records")
    assert (row["required_t"], row["held_t"], row["net_t"], row["buy_t"]) == pytest.approx((12.0, 5.0, 7.0, 12.0))
    assert row["cost_usd"] == pytest.approx(7 * 3.0)


def test_of_scenarios_that_leave_the_first_tier_alike_the_worst_leaves_all_more_short_then_the_first_by_name() -> None:
    def short(defence: float, civilian: float) -> pd.Series:
        return pd.Series({"defence": defence, "civilian": civilian})

    assert worst_of({"a": short(2.0, 1.0), "b": short(2.0, 7.0), "c": short(1.0, 99.0)}, "defence") == "b"
    assert worst_of({"b": short(2.0, 7.0), "a": short(2.0, 7.0)}, "defence") == "a"
    assert worst_of({"z": short(2.0, 7.0), "y": short(2.0 + 1e-9, 7.0)}, "defence") == "y"
    assert worst_of({}, "defence") == ""
