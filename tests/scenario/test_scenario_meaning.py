"""When a scenario ends, what part of a border a tier holds, how many more a table names: by hand."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn
from chainnet.scenario import timeline

LATE = cn.Scenario("late", [{"kind": "remove", "nodes": ["mine"], "start_month": 2, "months": 5}])


def road() -> cn.Network:
    return cn.Network(
        frame("id stage capacity_tpa", ("mine", "mine", 12.0), ("user", "end_use", None)),
        frame("source target flow_tpa", ("mine", "user", 12.0)),
        demand=frame("node tier demand_tpa", ("user", "defence", 12.0)),
    )


@pytest.mark.long
@pytest.mark.parametrize("step", [1, 2, 3, 6])
def test_a_scenario_ends_in_its_month_whatever_the_period(step: int) -> None:
    """Five months from the third on: out in months 3 to 7, whole again in the eighth."""
    line = timeline(road(), LATE, 12, step_months=step)
    assert (line.onset, line.end, line.news) == (2, 7.0, (2, 7))
    found = cn.stress_test(road(), [LATE], months=12, step_months=step)
    row = found.summary.loc["late"].iloc[0]
    assert (row["first_short_month"], row["time_to_recover"], row["months_short"]) == (3, 5.0, 5)
    assert row["shortfall_t"] == pytest.approx(5.0)


def test_the_part_of_a_tier_is_of_the_demand_for_the_same_goods() -> None:
    """Defence asks for 2 of 10 t of metal and for 30 t of slag: a fifth of the metal that crosses is its part."""
    net = cn.Network(
        frame("id stage country", ("pit", "mine", "CHN"), ("heap", "mine", "CHN"), ("us", "end_use", "USA")),
        frame("source target commodity flow_tpa", ("pit", "us", "metal", 10.0), ("heap", "us", "slag", 30.0)),
        demand=frame(
            "node commodity tier demand_tpa",
            ("us", "metal", "defence", 2.0),
            ("us", "metal", "civilian", 8.0),
            ("us", "slag", "defence", 30.0),
        ),
        main_commodity="metal",
    )
    half = {"kind": "restrict", "from": {"country": "CHN"}, "commodity": "metal", "tier": "defence", "share": 0.5}
    found = cn.balance(net, cn.Scenario("half", [half])).by_tier()["shortfall_tpa"]
    # half of its fifth of 10 t may pass: 1 of the 2 t
    assert found["defence"] == pytest.approx(1.0)


@pytest.mark.parametrize("n", [8, 9, 11])
def test_the_table_of_measures_names_eight_and_counts_the_rest(n: int) -> None:
    ids = [f"m{k:02}" for k in range(n)]
    net = cn.Network(
        frame("id stage country", *((i, "mine", "CHN") for i in ids), ("user", "end_use", "USA")),
        frame("source target", *((i, "user") for i in ids)),
    )
    (row,) = cn.Scenario("out", [{"kind": "remove", "where": {"country": "CHN"}}]).matches(net).to_dict("records")
    assert row["n_nodes"] == n
    assert row["names"] == ", ".join(ids[:8]) + (f", {n - 8} more" if n > 8 else "")
