"""``reroute``: what projects buy, alone, last, shared, by price and in company."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from project_networks import BAR, CUT, PAIRS, SITE, THREE, game, sets

import chainnet as cn
from chainnet.flow import climbed


def plans() -> cn.Network:
    """2 t flow, 9 are asked; plan_a (4 t, $8m) and plan_b (5 t, no cost known) feed the user, plan_c nobody."""
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "AUS", 2.0), ("u", "end_use", "USA", None)),
        edges=frame("source target flow_tpa", ("m", "u", 2.0), ("plan_a", "u", None), ("plan_b", "u", None)),
        demand=frame("node tier demand_tpa", ("u", "defence", 1.0), ("u", "civilian", 8.0)),
        projects=frame(
            "id stage country capacity_tpa capex_musd start_year backers",
            ("plan_a", "mine", "AUS", 4.0, 8.0, 2027, None),
            ("plan_b", "mine", "CHN", 5.0, None, None, "JPN;G7"),
            ("plan_c", "mine", "USA", 9.0, 5.0, 2030, None),
        ),
    )


def test_every_measure_of_worth() -> None:
    rr = cn.reroute(plans())
    table = rr.projects
    assert rr.base_tpa == pytest.approx(2.0)
    assert rr.all_tpa == pytest.approx(9.0)
    assert table["standalone_t"].to_dict() == pytest.approx({"plan_a": 4.0, "plan_b": 5.0, "plan_c": 0.0})
    assert table["last_in_t"].to_dict() == pytest.approx({"plan_a": 2.0, "plan_b": 3.0, "plan_c": 0.0})
    assert table["shapley_t"].to_dict() == pytest.approx({"plan_a": 3.0, "plan_b": 4.0, "plan_c": 0.0})
    assert table["dual_t"].to_dict() == pytest.approx({"plan_a": 4.0, "plan_b": 5.0, "plan_c": 0.0})
    assert table["dual_valid_t"].to_dict() == pytest.approx({"plan_a": 4.0, "plan_b": 5.0, "plan_c": 0.0})
    assert table.loc["plan_a", "usd_per_tpa"] == pytest.approx(2e6)
    assert math.isnan(table.loc["plan_b", "usd_per_tpa"])
    assert table.loc["plan_c", "usd_per_tpa"] == math.inf
    assert table["standalone_defence_t"].to_dict() == {"plan_a": 0.0, "plan_b": 0.0, "plan_c": 0.0}
    pair = rr.complements.iloc[0]
    assert pair[["project_a", "project_b", "kind"]].tolist() == ["plan_a", "plan_b", "substitute"]
    assert pair["surplus_t"] == pytest.approx(-2.0)


def test_which_projects() -> None:
    net = plans()
    assert list(cn.reroute(net, projects=["plan_b"]).projects.index) == ["plan_b"]
    assert list(cn.reroute(net, allies=["AUS"]).projects.index) == ["plan_a"]
    assert list(cn.reroute(net, allies="JPN").projects.index) == ["plan_b"], "a backer is enough"
    assert list(cn.reroute(net, allies=["G7"]).projects.index) == ["plan_b", "plan_c"]
    with pytest.raises(cn.UnknownIdError, match="plan_z"):
        cn.reroute(net, projects=["plan_z"])
    with pytest.raises(cn.DataError, match=r'^allies: "ALLY"'):
        cn.reroute(net, allies=["ALLY"])
    with pytest.raises(cn.DataError, match=r"^by_year: 2030\.5 is no year"):
        cn.reroute(net, by_year=2030.5)  # type: ignore[arg-type]


def test_by_year() -> None:
    early = cn.reroute(plans(), by_year=2026).projects["standalone_t"]
    assert math.isnan(early["plan_a"]) or early["plan_a"] == 0.0
    assert early["plan_b"] == pytest.approx(5.0), "without a start year it stands in every year"
    assert cn.reroute(plans(), by_year=2027).projects.loc["plan_a", "standalone_t"] == pytest.approx(4.0)


def test_measures_reach_projects() -> None:
    stop = cn.Scenario("s", [{"kind": "remove", "where": {"country": "CHN"}}])
    rr = cn.reroute(plans(), stop)
    assert rr.projects.loc["plan_b", "standalone_t"] == 0.0
    assert rr.all_tpa == pytest.approx(6.0)
    half = cn.Scenario("s", [{"kind": "scale", "nodes": ["plan_a"], "share": 0.5}])
    assert cn.reroute(plans(), half).projects.loc["plan_a", "standalone_t"] == pytest.approx(2.0)


def test_mag9(mag9: cn.Network, china_out: cn.Scenario) -> None:
    rr = cn.reroute(mag9, china_out)
    table = rr.projects.loc[["S_US", "H_US", "G_US"]]
    assert table["standalone_t"].tolist() == pytest.approx([0.0, 2.0, 0.0], abs=1e-6)
    assert table["last_in_t"].tolist() == pytest.approx([2.0, 22.0, 20.0], abs=1e-6)
    assert table["shapley_t"].tolist() == pytest.approx([2 / 3, 35 / 3, 29 / 3], abs=1e-6)
    assert table.loc["H_US", ["dual_t", "dual_valid_t"]].tolist() == pytest.approx([25.0, 0.04], abs=1e-6)
    assert rr.complements.iloc[0][["project_a", "project_b"]].tolist() == ["G_US", "H_US"]
    assert rr.complements.iloc[0]["together_t"] == pytest.approx(20.0)
    nothing = cn.reroute(mag9)
    assert nothing.projects["standalone_t"].sum() == 0.0, "in the baseline, nobody is short"


def test_a_plain_network_without_demand() -> None:
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 2.0), ("u", "end_use", None)),
        edges=frame("source target", ("m", "u"), ("plan", "u")),
        projects=frame("id stage capacity_tpa", ("plan", "mine", 3.0)),
    )
    rr = cn.reroute(net)
    assert rr.projects.loc["plan", "standalone_t"] == pytest.approx(3.0)
    assert rr.levels.empty


def test_no_projects_is_an_answer() -> None:
    net = plans()
    bare = cn.Network(nodes=net.nodes, edges=net.edges.iloc[:1], demand=net.demand)
    rr = cn.reroute(bare)
    assert len(rr.projects) == 0
    assert rr.base_tpa == rr.all_tpa == pytest.approx(2.0)


def test_values_equal_those_of_built_networks(mag9: cn.Network, china_out: cn.Scenario) -> None:
    rr = cn.reroute(mag9, china_out)
    for name in rr.projects.index:
        built = cn.balance(mag9.with_projects([name]), china_out).demand["served_tpa"].sum()
        assert rr.base_tpa + rr.projects.loc[name, "standalone_t"] == pytest.approx(built, abs=1e-6)
    assert np.isfinite(rr.projects["shapley_t"]).all()
    pd.testing.assert_frame_equal(rr.projects, cn.reroute(mag9, china_out).projects)


def test_a_part_of_one_project_leaves_young_ones_that_stand_anyway_as_they_are() -> None:
    """The smelter stands by the scenario; half of its first ore is too young for defence in 2029."""
    demand = SITE.demand[SITE.demand["node"] == "u"]
    net = SITE.with_table(
        "demand", demand.assign(demand_tpa=demand["demand_tpa"].where(demand["tier"] == "defence", 0.1))
    )
    built = cn.Scenario("built", [{"kind": "build", "projects": ["smelter"]}, *CUT.measures])
    values = game(net, built, 2029)
    assert values.value() == pytest.approx(1.4)
    assert -values.solution(["scrap_c"], 0.5).value == pytest.approx(2.4)
    assert cn.reroute(net, built, by_year=2029).projects.loc["scrap_c", "dual_valid_t"] == pytest.approx(1.7)


def test_a_price_holds_beside_a_young_project_without_a_size() -> None:
    """What is without a limit does not blur how far the price of another project holds."""
    table = cn.reroute(SITE, CUT, by_year=2031).projects
    assert table.loc["smelter", ["standalone_t", "dual_t", "dual_valid_t"]].tolist() == pytest.approx([2.0, 2.6, 2.0])


@pytest.mark.parametrize(
    ("net", "scenario", "year", "most"),
    [(PAIRS, None, None, 12), (SITE, CUT, 2028, 16), (THREE, None, None, 8), (SITE, BAR, None, 16)],
    ids=["pairs", "young", "three", "barred"],
)
def test_sets_that_others_tell_are_not_solved_and_their_bounds_hold(
    net: cn.Network, scenario: cn.Scenario | None, year: int | None, most: int
) -> None:
    values = game(net, scenario, year)
    found = {chosen: values.value(chosen) for chosen in sets(net)}
    assert values._bracket.known <= most < len(found)
    for chosen, value in found.items():
        low, high = values._bracket.between(values._members(chosen))
        assert low - 1e-6 <= value <= high + 1e-6
        assert -values.solution(chosen).value == pytest.approx(value, abs=1e-6), "as solved by itself"


def test_a_rung_short_by_less_than_an_answer_tells_is_short_of_nothing() -> None:
    levels = frame(
        "level tier demand_tpa served_tpa shortfall_tpa",
        ("existing", "defence", 10.0, 4.0, 6.0),
        ("new", "defence", 10.0, 10.0 - 3.47e-07, 3.47e-07),
        ("stocks", "defence", 10.0, 10.0 + 2e-10, -2e-10),
    )
    found = climbed(levels)
    assert found["shortfall_tpa"].tolist() == [6.0, 0.0, 0.0]
    assert found["served_tpa"].tolist() == [4.0, 10.0, 10.0]
    assert found["gained_tpa"].tolist()[1:] == [6.0, 0.0]
    assert not np.signbit(found["shortfall_tpa"]).any()


def test_where_nobody_else_asks_all_that_a_set_serves_is_the_beneficiaries() -> None:
    """Pit, works and shop could make 240 t and defence asks for 200; 120 t of the spare pit's ore make 60."""
    one = game(THREE)
    for built, served in (([], 0.0), (["works", "shop"], 0.0), (["pit", "works", "shop"], 200.0)):
        assert one.ends(built) == pytest.approx((served, served))
    assert one.ends(["spare", "works", "shop"]) == pytest.approx((60.0, 60.0))


def test_a_project_without_a_price_is_on_offer_only_at_one_that_is_given() -> None:
    with pytest.raises(cn.DataError, match=r'^options: project "scrap_c" has no capex\. Give its cost in USD million'):
        cn.portfolio(SITE, budget_musd=50.0, options={"scrap_c": None})
    assert cn.portfolio(SITE, budget_musd=50.0, options={"scrap_c": 4.0}).options.loc["scrap_c", "cost_musd"] == 4.0
