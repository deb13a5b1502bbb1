"""Month by month: numbers by hand, a textbook plan, an oracle over a time-expanded graph, properties, bad input."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from conftest import frame
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import PeriodProgram
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.flow import NEW_LAG_MONTHS, Counting
from chainnet.lowering import Overlay
from chainnet.scenario import overlay_of
from chainnet.stress import Ask
from chainnet.stress import _month_tables as month_tables
from chainnet.stress import _months as stress_months
from chainnet.stress._months import course

OUT = [{"kind": "remove", "nodes": ["mine"]}]


def road(**tables: Any) -> cn.Network:
    """A mine of 12 t/yr and a user who asks for 12 t/yr, one a month."""
    given = {
        "nodes": frame("id stage capacity_tpa", ("mine", "mine", 12.0), ("user", "end_use", None)),
        "edges": frame("source target capacity_tpa flow_tpa lag_months", ("mine", "user", None, 12.0, None)),
        "demand": frame("node tier demand_tpa value_usd_per_t", ("user", "defence", 12.0, 1000.0)),
    }
    return cn.Network(**{**given, **tables})


def row(st_: Any, scenario: str, tier: str = "defence") -> pd.Series:
    return st_.summary.loc[(scenario, tier)]


def test_stock_carries_until_it_is_empty() -> None:
    net = road(stocks=frame("id node stock_t", ("pile", "user", 5.0)))
    found = cn.stress_test(net, cn.Scenario("out", OUT), months=12)
    mine = row(found, "out")
    assert mine["time_to_survive"] == 5.0
    assert not mine["is_unlimited"]
    assert mine["shortfall_t"] == pytest.approx(7.0)
    assert (mine["first_short_month"], mine["months_short"], mine["worst_month_share"]) == (6.0, 7, 1.0)
    assert mine["value_at_risk_musd"] == pytest.approx(0.007)
    assert mine["time_to_recover"] == np.inf
    levels = found.stocks[found.stocks["scenario"] == "out"]["level_t"].tolist()
    assert levels == pytest.approx([4, 3, 2, 1] + [0.0] * 8)
    assert row(found, "baseline")["is_unlimited"]
    assert row(found, "baseline")["shortfall_t"] == 0.0


def test_release_limits_what_a_stock_gives() -> None:
    net = road(stocks=frame("id node stock_t release_tpa", ("pile", "user", 5.0, 6.0)))
    mine = row(cn.stress_test(net, cn.Scenario("out", OUT), months=12), "out")
    assert mine["shortfall_t"] == pytest.approx(7.0)
    assert mine["time_to_survive"] == 0.0  # half of what is asked for from the first month on
    assert mine["worst_month_share"] == pytest.approx(1.0)


def test_goods_under_way_arrive_and_recovery_takes_the_road() -> None:
    lagged = frame("source target flow_tpa lag_months", ("mine", "user", 12.0, 2.0))
    out = [{**OUT[0], "months": 4}]
    mine = row(cn.stress_test(road(edges=lagged), cn.Scenario("out", out), months=12), "out")
    assert mine["time_to_survive"] == 2.0
    assert (mine["first_short_month"], mine["months_short"], mine["time_to_recover"]) == (3.0, 4, 4.0)


@pytest.mark.parametrize(
    ("first", "length", "step", "recovers"),
    [
        (9, 1, 1, 1.0),
        (9, 2, 1, 2.0),  # whole again in the last month
        (9, 3, 1, np.inf),
        (11, 1, 1, np.inf),
        (0, 11, 1, 11.0),
        (6, 3, 3, 3.0),  # whole again in the last quarter
        (9, 3, 3, np.inf),
    ],
)
def test_recovery_in_the_last_period_is_one(first: int, length: int, step: int, recovers: float) -> None:
    out = cn.Scenario("out", [{**OUT[0], "start_month": first, "months": length}])
    net = road()
    ask = Ask(Counting(net), 12, step_months=step)
    found = course(out, ask)
    months = month_tables.months_table("out", found, ask)
    tier = month_tables.summary_table(months, found, ask).loc["defence"]
    assert tier[["time_to_recover", "first_short_month"]].tolist() == [recovers, first + 1]
    everyone = month_tables.survival_table(months, found, "out", ask)
    assert everyone[["time_to_recover", "first_short_month"]].to_numpy().tolist() == [[recovers, first + 1]] * 2


def test_flows_and_throughput_by_month() -> None:
    lagged = frame("source target flow_tpa lag_months", ("mine", "user", 12.0, 2.0))
    out = [{**OUT[0], "start_month": 1, "months": 3}]
    found = cn.stress_test(road(edges=lagged), cn.Scenario("out", out), months=8)
    moved = found.flows[found.flows["scenario"] == "out"]
    assert moved["flow_t"].tolist()[:6] == pytest.approx([1, 0, 0, 0, 1, 1])
    through = found.throughput[found.throughput["scenario"] == "out"]
    mine, user = (through[through["id"] == i]["throughput_t"].tolist() for i in ("mine", "user"))
    assert mine[:6] == pytest.approx([1, 0, 0, 0, 1, 1])
    assert user == pytest.approx([1, 1, 1, 0, 0, 0, 1, 1]), (
        "what is under way at the start and shipped arrives two later"
    )
    served = found.months[found.months["scenario"] == "out"]["served_t"].tolist()
    assert user == pytest.approx(served)
    assert "flows" not in found.tables(), "made only when asked for"
    assert "flows" in vars(found), "and once only: what is handed out is a copy"


def test_throughput_of_plants_is_that_of_the_long_run() -> None:
    net = cn.read("mag-9")
    found = cn.stress_test(net, cn.scenarios(net)["china_out"], months=6)
    ends = found.flows.merge(found.months[["scenario", "month"]].drop_duplicates())
    into = ends[ends["target"] == "USE"].groupby(["scenario", "month"])["flow_t"].sum()
    served = found.months.groupby(["scenario", "month"])["served_t"].sum()
    assert into.to_numpy() == pytest.approx(served.to_numpy(), abs=1e-6)
    steady = cn.balance(net, cn.scenarios(net)["china_out"]).nodes["throughput_tpa"]
    last = found.throughput[(found.throughput["scenario"] == "china_out") & (found.throughput["month"] == 6)]
    last = last.set_index("id")["throughput_t"].reindex(steady.index)
    served_now = last.loc["USE"] * 12
    assert served_now == pytest.approx(steady.loc["USE"], abs=1e-6)


def two_works(ore: float, *users: str) -> cn.Network:
    """Ore in store for a works of half a tonne of metal a month, ore for ore, and one that takes 2 t of ore a tonne."""
    return cn.Network(
        nodes=frame(
            "id stage process capacity_tpa",
            ("mine", "mine", None, 100.0),
            ("depot", "refiner", None, None),
            ("good", "refiner", "well", 6.0),
            ("poor", "refiner", "badly", None),
            *((user, "end_use", None, None) for user in users),
        ),
        edges=frame(
            "source target commodity",
            ("mine", "depot", "ore"),
            ("depot", "good", "ore"),
            ("depot", "poor", "ore"),
            *((works, user, "metal") for works in ("good", "poor") for user in users),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("well", "ore", "input", 1.0),
            ("well", "metal", "output", 1.0),
            ("badly", "ore", "input", 2.0),
            ("badly", "metal", "output", 1.0),
        ),
        demand=frame("node commodity tier demand_tpa", *((u, "metal", "defence", 12.0 / len(users)) for u in users)),
        stocks=frame("id node commodity stock_t", ("s", "depot", "ore", ore)),
        main_commodity="metal",
    )


@pytest.mark.parametrize(
    ("ore", "onset", "whole"), [(1.4, 0, 0), (1.6, 0, 1), (10.0, 0, 6), (10.0, 5, 6), (17.9, 0, 11), (18.1, 0, np.inf)]
)
def test_how_long_a_tier_lasts_is_not_how_long_the_best_plan_keeps_it_whole(
    ore: float, onset: int, whole: float
) -> None:
    """The most metal of the ore comes of the good works alone, half of what is asked; a whole month takes 1.5 t of ore."""
    found = course(cn.Scenario("out", [{**OUT[0], "start_month": onset}]), Ask(Counting(two_works(ore, "u")), 12))
    assert found.endurance["defence", ""] == found.endurance["defence", "u"] == whole
    assert not found.is_lasting["defence", ""]


def test_each_end_use_lasts_as_if_it_came_first_in_its_tier() -> None:
    """Half a tonne a month each: either alone lives on the good works, 10 t for 20 months; both together take 1.5 t."""
    found = course(cn.Scenario("out", OUT), Ask(Counting(two_works(10.0, "u", "v")), 24))
    assert found.endurance == {("defence", ""): 6, ("defence", "u"): 20, ("defence", "v"): 20}


def test_reserved_stock_serves_its_tier_alone() -> None:
    net = road(
        demand=frame("node tier demand_tpa", ("user", "defence", 2.0), ("user", "civilian", 10.0)),
        stocks=frame("id node stock_t tiers", ("pile", "user", 6.0, "civilian")),
    )
    found = cn.stress_test(net, cn.Scenario("out", OUT), months=12)
    assert row(found, "out")["shortfall_t"] == pytest.approx(2.0)
    assert row(found, "out", "civilian")["shortfall_t"] == pytest.approx(4.0)


def test_stated_end_and_what_cannot_be_kept() -> None:
    stock = frame("id node stock_t end_t capacity_t", ("pile", "user", 5.0, 3.0, 8.0))
    mine = row(cn.stress_test(road(stocks=stock), cn.Scenario("out", OUT), months=12), "out")
    assert mine["shortfall_t"] == pytest.approx(10.0)
    with pytest.raises(cn.InfeasibleError, match=r'"pile" has to keep end_t 9 t'):
        cn.stress_test(road(stocks=stock.assign(end_t=9.0)), cn.Scenario("out", OUT), months=12)
    with pytest.raises(cn.InfeasibleError, match="end_t"):
        cn.stress_test(road(stocks=stock.assign(end_t=8.0)), cn.Scenario("out", OUT), months=12)


def test_foresight_fills_a_store_that_the_unforeseen_planner_leaves_empty() -> None:
    net = road(
        demand=frame("node tier demand_tpa", ("user", "defence", 6.0)),
        stocks=frame("id node stock_t capacity_t", ("pile", "user", 0.0, 3.0)),
    )
    late = cn.Scenario("late", [{**OUT[0], "start_month": 6}])
    found = cn.stress_test(net, late, months=12)
    mine = row(found, "late")
    assert mine["shortfall_t"] == pytest.approx(0.0)
    assert mine["shortfall_unforeseen_t"] == pytest.approx(3.0)
    assert mine["value_of_information_t"] == pytest.approx(3.0)
    left = found.stocks.loc[found.stocks["scenario"] == "late", ["level_t", "level_unforeseen_t"]]
    assert left["level_t"].max() == pytest.approx(3.0)
    assert left["level_unforeseen_t"].tolist() == pytest.approx([0.0] * len(left))


def test_that_a_store_shuts_again_is_worth_knowing() -> None:
    """The cheap store is open for three months only; the dear one at hand is best kept for the months after."""
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("depot", "refiner", None), ("user", "end_use", None)),
        edges=frame("source target", ("depot", "user")),
        demand=frame("node tier demand_tpa", ("user", "defence", 12.0)),
        stocks=frame("id node stock_t holding_usd_per_t_a", ("a", "user", 3.0, 100.0), ("b", "depot", 10.0, None)),
    )
    found = course(cn.Scenario("s", [{"kind": "release", "stocks": ["b"], "months": 3}]), Ask(Counting(net), 6))
    assert (found.perfect.served_t.sum(), found.rolling_served_t.sum()) == pytest.approx((6.0, 3.0))


NUMBERS = [field.name for field in fields(Overlay) if field.type == "Array"]


@pytest.mark.parametrize("part", [*NUMBERS, "restrictions"])
def test_a_belief_that_differs_in_one_number_is_another(mag9: cn.Network, part: str) -> None:
    """What is believed is planned anew only where it is not what comes: whatever an overlay holds has to be compared."""
    stocked = mag9.with_table("stocks", frame("id node commodity stock_t", ("s", "USE", "magnet", 3.0)))
    truth = overlay_of(stocked, cn.Scenario("s", [{"kind": "restrict", "from": {"country": "CHN"}, "share": 0.5}]))
    if part == "restrictions":
        other = replace(truth, restrictions=(replace(truth.restrictions[0], bound_tpa=1.0),))
    else:
        values = getattr(truth, part).copy()
        assert len(values) > 0
        values[-1] = 0.125
        other = replace(truth, **{part: values})
    assert stress_months._same([truth, truth], [truth, replace(truth)])
    assert not stress_months._same([truth, truth], [truth, other])
    assert not stress_months._same([other, truth], [truth, truth])


def test_planning_anew_every_month_is_planning_on_news(monkeypatch: pytest.MonkeyPatch) -> None:
    net = road(
        demand=frame("node tier demand_tpa", ("user", "defence", 6.0), ("user", "civilian", 8.0)),
        stocks=frame("id node stock_t capacity_t", ("pile", "user", 1.0, 3.0)),
    )
    scenario = cn.Scenario("gap", [{**OUT[0], "start_month": 3, "months": 4}])
    ask = Ask(Counting(net), 12)
    on_news = course(scenario, ask)
    assert on_news.replans == 3
    truth = stress_months._line(scenario, ask, None)
    monkeypatch.setattr(
        stress_months,
        "_line",
        lambda *given, **how: (
            stress_months.replace(truth, news=tuple(range(12))) if given[2] is None else LINE(*given, **how)
        ),
    )
    monthly = course(scenario, Ask(Counting(net.with_demand(net.demand)), 12))  # a network that keeps no answer
    assert monthly.replans == 12
    tier = (net.demand["tier"] == "defence").to_numpy()
    for rows in (tier, ~tier):
        assert monthly.rolling_served_t[:, rows].sum() == pytest.approx(on_news.rolling_served_t[:, rows].sum())


LINE = stress_months._line


def test_mag9_with_stocks(mag9: cn.Network, china_out: cn.Scenario) -> None:
    """With China out 10 t/yr are served: 4 defence, 6 of 16 industrial; 5 t of magnets fill half a year's gap."""
    stocked = mag9.with_table(
        "stocks", frame("id node commodity stock_t", ("pile", _user(mag9, "industrial"), "magnet", 5.0))
    )
    found = cn.stress_test(stocked, china_out, months=12)
    assert row(found, "china_out")["shortfall_t"] == 0.0
    assert row(found, "china_out", "industrial")["shortfall_t"] == pytest.approx(5.0)
    assert row(found, "china_out", "industrial")["time_to_survive"] == 6.0
    assert row(found, "china_out", "civilian")["shortfall_t"] == pytest.approx(30.0)
    dry = cn.stress_test(stocked, china_out, months=12, stocks=False)
    assert row(dry, "china_out", "industrial")["shortfall_t"] == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("more", "measures", "asked", "said"),
    [
        ({}, [], {}, "pile in the United States 10 t (4 to 30) of goods"),
        ({"high_t": None}, [], {}, "pile in the United States 10 t (4 to 10) of goods"),
        (
            {},
            [{"kind": "scale", "where": {"holder": "pile"}, "share": 0.5}],
            {},
            "pile in the United States 5 t (2 to 15) of goods",
        ),
        ({}, [], {"months": 8}, "pile in the United States 10 t (4 to 30) of goods"),
        ({}, [], {"stocks": False}, ""),
        ({"low_t": None, "high_t": None}, [], {}, ""),
        ({"release_tpa": 6.0}, [], {}, ""),
    ],
    ids=["range", "low", "half", "met to the end", "left alone", "known", "short at once"],
)
def test_stocks_of_unsure_size_that_the_time_rests_on_are_said(
    more: dict[str, Any], measures: list[Any], asked: dict[str, Any], said: str
) -> None:
    """A tonne is drawn each month once the mine is out: 10 t last for ten. The other pile serves civilians, who endure."""
    pile = {"low_t": 4.0, "high_t": 30.0, "release_tpa": None} | more
    net = cn.Network(
        nodes=frame("id stage country capacity_tpa", ("mine", "mine", "CHN", 12.0), ("user", "end_use", "USA", None)),
        edges=frame("source target flow_tpa", ("mine", "user", 12.0)),
        demand=frame("node tier demand_tpa", ("user", "defence", 12.0)),
        stocks=frame(
            "id holder node stock_t release_tpa low high country tiers",
            ("a", "pile", "user", 10.0, pile["release_tpa"], pile["low_t"], pile["high_t"], "USA", None),
            ("b", "shut", "user", 9.0, None, 1.0, 20.0, "USA", "civilian"),
        ),
        tiers=frame("tier rank", ("defence", 1), ("civilian", 2)),
    )
    out = cn.Scenario("out", [{"kind": "remove", "nodes": ["mine"]}, *measures])
    found = cn.stress_test(net, out, **{"months": 24, **asked})
    assert found.stocks_sentence == (f"out: the time rests on stocks: {said}." if said else "")
    assert cn.stress_test(net, cn.Scenario("calm"), months=12).stocks_sentence == ""


def _user(net: cn.Network, tier: str) -> str:
    return str(net.demand.loc[net.demand["tier"] == tier, "node"].iloc[0])


def test_project_on_time_but_unqualified_serves_civilians_only() -> None:
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("mine", "mine", 6.0), ("user", "end_use", None)),
        edges=frame("source target commodity", ("mine", "user", "metal"), ("new", "user", "metal")),
        demand=frame(
            "node commodity tier demand_tpa", ("user", "metal", "defence", 12.0), ("user", "metal", "civilian", 12.0)
        ),
        projects=frame("id stage capacity_tpa start_year ramp_years", ("new", "mine", 12.0, 2026.0, 0.0)),
        qualification=frame("commodity tier months", ("metal", "defence", 8), ("metal", "civilian", 2)),
        year=2025,
    )
    found = cn.stress_test(net, [], months=12, projects=["new"])
    by = found.months.pivot_table(index="month", columns="tier", values="served_t")
    assert by["defence"].tolist() == pytest.approx([0.5] * 8 + [1.0] * 4)
    assert by["civilian"].tolist() == pytest.approx([0.0] * 2 + [1.0] * 6 + [0.5] * 4)


@pytest.mark.parametrize(("months", "waits"), [(0, 0), (1, 1), (3, 1), (4, 2), (6, 2), (7, 3), (12, 4)])
def test_a_period_is_served_only_when_it_is_qualified_throughout(months: int, waits: int) -> None:
    """Quarters of a mine of 1.5 t and a project of 3 t, which has to be qualified for so many months."""
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("mine", "mine", 6.0), ("user", "end_use", None)),
        edges=frame("source target commodity", ("mine", "user", "metal"), ("new", "user", "metal")),
        demand=frame("node commodity tier demand_tpa", ("user", "metal", "defence", 12.0)),
        projects=frame("id stage capacity_tpa start_year", ("new", "mine", 12.0, 2026.0)),
        qualification=frame("commodity tier months", ("metal", "defence", months)),
        year=2025,
    )
    found = course(None, Ask(Counting(net), 12, step_months=3, projects=("new",))).perfect
    assert found.served_t[:, 0].tolist() == pytest.approx([1.5] * waits + [3.0] * (4 - waits))


def test_new_relations_serve_a_tier_once_qualified() -> None:
    """The only known supplier drops out; another could deliver, to civilians after 3 months, to defence after 6."""
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("m1", "mine", "CHN", 24.0),
            ("m2", "mine", "AUS", 24.0),
            ("u1", "end_use", "USA", None),
            ("u2", "end_use", "AUS", None),
        ),
        edges=frame("source target commodity flow_tpa", ("m1", "u1", "metal", 24.0), ("m2", "u2", "metal", 0.0)),
        demand=frame(
            "node commodity tier demand_tpa", ("u1", "metal", "defence", 12.0), ("u1", "metal", "civilian", 12.0)
        ),
        qualification=frame("commodity tier months", ("metal", "defence", 6), ("metal", "civilian", 3)),
    )
    out = cn.Scenario("out", [{"kind": "remove", "where": {"country": "CHN"}}])
    known = cn.stress_test(net, out, months=12)
    assert row(known, "out")["shortfall_t"] == pytest.approx(12.0)
    new = cn.stress_test(net, out, months=12, reroute="new")
    by = new.months[new.months["scenario"] == "out"].pivot_table(index="month", columns="tier", values="served_t")
    way = int(NEW_LAG_MONTHS)
    assert by["civilian"].tolist() == pytest.approx([0.0] * (3 + way) + [1.0] * (9 - way))
    assert by["defence"].tolist() == pytest.approx([0.0] * (6 + way) + [1.0] * (6 - way))


def test_recycling_loop_comes_back_after_the_life_of_goods() -> None:
    """Demand 100 t/yr met, life 5 years, half collected, 0.8 recovered: nothing for five years, then 40 t/yr."""
    net = cn.Network(
        nodes=frame(
            "id stage process capacity_tpa",
            ("mine", "mine", None, 100.0),
            ("fleet", "manufacturer", "use", None),
            ("works", "recycler", "recover", None),
            ("user", "end_use", None, None),
        ),
        edges=frame(
            "source target commodity flow_tpa lag_months",
            ("mine", "fleet", "metal", 100.0, None),
            ("works", "fleet", "metal", 0.0, None),
            ("fleet", "user", "service", 100.0, None),
            ("fleet", "works", "scrap", 0.0, 60.0),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("use", "metal", "input", 1.0),
            ("use", "service", "output", 1.0),
            ("use", "scrap", "byproduct", 0.5),
            ("recover", "scrap", "input", 1.25),
            ("recover", "metal", "output", 1.0),
        ),
        demand=frame("node commodity tier demand_tpa", ("user", "service", "civilian", 200.0)),
        main_commodity="service",
    )
    found = cn.stress_test(net, [], months=120, step_months=12)
    served = found.months.groupby("month")["served_t"].sum().tolist()
    assert served == pytest.approx([100.0] * 5 + [140.0] * 5)  # 40 t: end-of-life recycling input rate 0.5 x 0.8


def with_stores(net: cn.Network, stores: dict[str, tuple[str, str, float, float]]) -> cn.Network:
    """Each store (node, commodity, tonnes, tonnes a year) as a mine with an edge, for the oracle."""
    ids = list(stores)
    nodes = pd.DataFrame({"id": ids, "stage": "mine"})
    edges = pd.DataFrame(
        {"source": ids, "target": [s[0] for s in stores.values()], "commodity": [s[1] or None for s in stores.values()]}
    )
    both = {"nodes": pd.concat([net.nodes, nodes]), "edges": pd.concat([net.edges, edges])}
    tables = {
        name: getattr(net, name) for name in ("processes", "demand", "projects", "commodities", "references", "tiers")
    }
    return cn.Network(**both, **tables, main_commodity=list(net.main_commodity) or None)


def agree(net: cn.Network, stores: dict[str, tuple[str, str, float, float]], months: int, step: int) -> list[float]:
    """What each stage is served over the horizon, by the package and by an oracle that reads the tables alone."""
    rows = [(s, node, word or None, tonnes, rate) for s, (node, word, tonnes, rate) in stores.items()]
    stocked = net.with_table("stocks", frame("id node commodity stock_t release_tpa", *rows))
    plan = course(None, Ask(Counting(stocked), months, step_months=step)).perfect
    oracle = PeriodProgram(
        with_stores(net, stores), {s: row[2:] for s, row in stores.items()}, months // step, step / 12.0
    )
    stages = oracle.stages()
    totals, _ = oracle.lexicographic(stages)
    served = plan.served_t.ravel()
    assert oracle.demand["node"].tolist() == net.demand["node"].tolist() * (months // step)
    assert [served[s].sum() for s in stages] == pytest.approx(totals, rel=1e-6, abs=1e-6 + 1e-8 * max(totals))
    return totals


def test_weights_far_apart_agree_with_the_order_of_tiers(mag9: cn.Network) -> None:
    """VOLL 10,000 : 100 : 1, further apart than any conversion; rows by hand from the tables, one solve with scipy."""
    left = mag9.without(where={"country": "CHN"})
    stores = {"pile": (_user(mag9, "civilian"), "magnet", 3.0, 4.0)}
    totals = agree(left, stores, 6, 1)
    # 10 t/yr are made without China, and the pile gives 2 t in half a year: 2 t defence, 5 of 8 t industry
    assert totals == pytest.approx([2.0, 5.0, 0.0], abs=1e-6)
    oracle = PeriodProgram(with_stores(left, stores), {"pile": (3.0, 4.0)}, 6, 1 / 12)
    weight = oracle.demand["tier"].map({"defence": 1e4, "industrial": 1e2, "civilian": 1.0}).to_numpy()
    cost = np.zeros(len(oracle.upper))
    cost[oracle.served] = -weight
    x = oracle.solve(cost).x[oracle.served]
    by_weights = [x[(oracle.demand["tier"] == t).to_numpy()].sum() for t in ("defence", "industrial", "civilian")]
    assert by_weights == pytest.approx(totals, abs=1e-6)


@pytest.mark.parametrize("seed", [8, 13, 19, 29, 35])
def test_periods_and_stores_against_an_independent_program(seed: int) -> None:
    """Recipes, stand-ins and joint products over three periods of four months, with a store beside each of two users."""
    net = recipe_network(seed, wild=False)
    ends = net.nodes.set_index("id")["capacity_tpa"]
    asked = net.demand[net.demand["node"].map(ends).isna()].drop_duplicates(["node", "commodity"])
    stores = {
        f"store{i}": (row.node, "" if pd.isna(row.commodity) else row.commodity, tonnes, rate)
        for i, (row, (tonnes, rate)) in enumerate(zip(asked.itertuples(), [(2.0, 3.0), (5.0, 9.0)], strict=False))
    }
    assert len(stores) == 2
    assert sum(agree(net, stores, 12, 4)) > 7.0


@st.composite
def lagged_roads(draw: st.DrawFn) -> tuple[cn.Network, cn.Scenario]:
    """Two mines, two ports and a user, with lags and stocks of whole tonnes; one mine drops out for a while."""
    whole = st.integers(0, 24).map(float)
    ends = [("m0", "p0"), ("m0", "p1"), ("m1", "p0"), ("m1", "p1"), ("p0", "u"), ("p1", "u")]
    edges = pd.DataFrame(
        [(s, t, draw(whole) * 12, 0.0, draw(st.integers(0, 3))) for s, t in ends],
        columns=["source", "target", "capacity_tpa", "flow_tpa", "lag_months"],
    )
    ids = ["m0", "m1", "p0", "p1"]
    nodes = pd.DataFrame(
        {"id": [*ids, "u"], "stage": ["mine"] * 2 + ["refiner"] * 2 + ["end_use"]},
    ).assign(capacity_tpa=[draw(whole) * 12 for _ in ids] + [None])
    stocks = pd.DataFrame({"id": ["s"], "node": [draw(st.sampled_from(["p0", "p1", "u"]))], "stock_t": [draw(whole)]})
    demand = pd.DataFrame({"node": ["u"], "tier": ["defence"], "demand_tpa": [draw(whole) * 12]})
    measure = {"kind": "remove", "nodes": ["m0"], "start_month": draw(st.integers(0, 5)), "months": 3}
    return cn.Network(nodes=nodes, edges=edges, stocks=stocks, demand=demand), cn.Scenario("out", [measure])


def by_time_expansion(net: cn.Network, scenario: cn.Scenario, months: int) -> float:
    """The most that can be served over the horizon: a max flow with a copy of every node for each month."""
    graph: nx.DiGraph = nx.DiGraph()
    measure = scenario.measures[0]
    out = range(measure["start_month"], measure["start_month"] + measure["months"])
    nodes, stocks = net.nodes.set_index("id"), net.stocks
    for month in range(months):
        for name, stage in nodes["stage"].items():
            capacity = nodes.loc[name, "capacity_tpa"] / 12
            if name == "m0" and month in out:
                capacity = 0.0
            graph.add_edge((name, month), (name, month, "out"), capacity=capacity if stage != "end_use" else 1e9)
            if stage == "mine":
                graph.add_edge("source", (name, month), capacity=1e9)
            if stage == "end_use":
                graph.add_edge((name, month, "out"), "sink", capacity=net.demand["demand_tpa"].iloc[0] / 12)
        for s, t, most, lag in net.edges[["source", "target", "capacity_tpa", "lag_months"]].itertuples(index=False):
            dead = month in out and "m0" in (s, t)
            if month + lag < months and not dead:
                graph.add_edge((s, month, "out"), (t, month + int(lag)), capacity=most / 12)
        for name, node in stocks[["id", "node"]].itertuples(index=False):
            # what leaves a store has passed its node before
            graph.add_edge(("stock", name), (node, month, "out"), capacity=1e9)
    for name, amount in stocks[["id", "stock_t"]].itertuples(index=False):
        graph.add_edge("source", ("stock", name), capacity=amount)
    return float(nx.maximum_flow_value(graph, "source", "sink"))


@pytest.mark.slow
@settings(max_examples=8)
@given(lagged_roads())
def test_as_much_as_a_max_flow_over_a_time_expanded_graph(case: tuple[cn.Network, cn.Scenario]) -> None:
    net, scenario = case
    found = cn.stress_test(net, scenario, months=9)
    assert row(found, "out")["served_t"] == pytest.approx(by_time_expansion(net, scenario, 9), rel=1e-7, abs=1e-6)


@settings(max_examples=3)
@given(lagged_roads(), st.sampled_from(["stock", "mine", "edge"]))
def test_more_never_hurts_the_first_tier(case: tuple[cn.Network, cn.Scenario], what: str) -> None:
    net, scenario = case
    more = {
        "stock": lambda: net.with_table("stocks", net.stocks.assign(stock_t=net.stocks["stock_t"] + 5)),
        "mine": lambda: net.with_table("nodes", net.nodes.assign(capacity_tpa=net.nodes["capacity_tpa"] + 12)),
        "edge": lambda: net.with_table("edges", net.edges.assign(capacity_tpa=net.edges["capacity_tpa"] + 12)),
    }[what]()
    before, after = (row(cn.stress_test(n, scenario, months=9), "out") for n in (net, more))
    assert after["shortfall_t"] <= before["shortfall_t"] + 1e-6
    assert after["time_to_survive"] >= before["time_to_survive"]


@pytest.mark.slow
@settings(max_examples=8)
@given(lagged_roads())
def test_time_to_survive_is_the_longest_window_without_loss(case: tuple[cn.Network, cn.Scenario]) -> None:
    """Within the time to survive nothing need be lost; one month more cannot be borne."""
    net, scenario = case
    months = 9
    found = row(cn.stress_test(net, scenario, months=months), "out")
    onset = scenario.measures[0]["start_month"]
    if found["demand_t"] == 0:
        return
    whole = onset + found["time_to_survive"]
    if np.isinf(whole):
        assert found["shortfall_t"] == pytest.approx(0.0, abs=1e-6)
        return
    monthly = found["demand_t"] / months
    if whole >= 1 and found["time_to_survive"] > 0:
        assert by_time_expansion(net, scenario, int(whole)) == pytest.approx(monthly * whole, rel=1e-6)
    if whole < months and found["time_to_survive"] > 0:
        assert by_time_expansion(net, scenario, int(whole) + 1) < monthly * (whole + 1) - 1e-6


def test_nothing_disrupted_is_the_base_and_a_full_stop_is_the_long_run(
    rare_earths: cn.Network, mag9: cn.Network, china_out: cn.Scenario
) -> None:
    found = cn.stress_test(mag9, china_out, months=60, step_months=12)
    for name in ("baseline", "china_out"):
        last = found.months[(found.months["scenario"] == name) & (found.months["month"] == 49)]
        steady = found.summary.loc[name, "shortfall_tpa"]
        by = last.groupby("tier")["shortfall_t"].sum().reindex(steady.index)
        assert by.to_numpy() == pytest.approx(steady.to_numpy(), abs=1e-6)
    with pytest.warns(cn.ChainnetWarning, match="no measures"):
        idle = cn.stress_test(rare_earths, cn.Scenario("idle", []), months=12, step_months=6)
    assert (idle.summary["shortfall_t"] == 0).all()
    assert idle.summary["is_unlimited"].all()


@pytest.mark.slow
def test_earlier_project_never_hurts(rare_earths: cn.Network) -> None:
    scenario = cn.scenarios(rare_earths)["china_export_stop_all"]
    ids = list(rare_earths.projects["id"])
    ask = {"months": 48, "step_months": 6, "projects": ids}
    early = rare_earths.with_table("projects", rare_earths.projects.assign(start_year=rare_earths.year))
    late, soon = (row(cn.stress_test(net, scenario, **ask), scenario.name) for net in (rare_earths, early))
    assert soon["shortfall_t"] <= late["shortfall_t"] + 1e-6


# H. P. Williams, Model Building in Mathematical Programming, factory planning 1: hours per unit of each product
MACHINES = {
    "grinder": (4, {1: 0.5, 2: 0.7, 5: 0.3, 6: 0.2, 7: 0.5}),
    "vdrill": (2, {1: 0.1, 2: 0.2, 4: 0.3, 6: 0.6}),
    "hdrill": (3, {1: 0.2, 3: 0.8, 7: 0.6}),
    "borer": (1, {1: 0.05, 2: 0.03, 4: 0.07, 5: 0.1, 7: 0.08}),
    "planer": (1, {3: 0.01, 5: 0.05, 7: 0.05}),
}
DOWN = {0: {"grinder": 1}, 1: {"hdrill": 2}, 2: {"borer": 1}, 3: {"vdrill": 1}, 4: {"grinder": 1, "vdrill": 1}}
DOWN[5] = {"planer": 1, "hdrill": 1}
PROFIT = [10, 6, 8, 4, 11, 9, 3]
MARKET = [
    [500, 1000, 300, 300, 800, 200, 100],
    [600, 500, 200, 0, 400, 300, 150],
    [300, 600, 0, 0, 500, 400, 100],
    [200, 300, 400, 500, 200, 0, 100],
    [0, 100, 500, 100, 1000, 300, 0],
    [500, 500, 100, 300, 1100, 500, 60],
]


def factory() -> tuple[cn.Network, cn.Scenario]:
    """Machines make hours, products are made of hours, stores hold up to 100 of each at 0.5 a month."""
    products = range(1, 8)
    hours = 24 * 16 * 12.0
    nodes = [(m, "mine", f"run_{m}", n * hours) for m, (n, _) in MACHINES.items()]
    nodes += [(f"p{i}", "manufacturer", f"make_{i}", None) for i in products]
    nodes += [(f"u{i}", "end_use", None, None) for i in products]
    edges = [(m, f"p{i}", f"{m}_hours") for m, (_, use) in MACHINES.items() for i in use]
    edges += [(f"p{i}", f"u{i}", f"product{i}") for i in products]
    recipes = [(f"run_{m}", f"{m}_hours", "output", 1.0) for m in MACHINES]
    recipes += [
        (f"make_{i}", f"{m}_hours", "input", use[i]) for m, (_, use) in MACHINES.items() for i in products if i in use
    ]
    recipes += [(f"make_{i}", f"product{i}", "output", 1.0) for i in products]
    most = np.max(MARKET, axis=0)
    demand = [(f"u{i}", f"product{i}", "civilian", float(most[i - 1]) * 12, float(PROFIT[i - 1])) for i in products]
    stocks = [(f"s{i}", f"u{i}", f"product{i}", 0.0, 100.0, 50.0, 6.0) for i in products]
    measures: list[dict[str, Any]] = [
        {
            "kind": "demand",
            "nodes": [f"u{i}"],
            "share": MARKET[t][i - 1] / float(most[i - 1]),
            "start_month": t,
            "months": 1,
        }
        for t in range(6)
        for i in products
        if MARKET[t][i - 1] != most[i - 1]
    ]
    measures += [
        {"kind": "scale", "nodes": [m], "share": 1 - n / MACHINES[m][0], "start_month": t, "months": 1}
        for t, down in DOWN.items()
        for m, n in down.items()
    ]
    net = cn.Network(
        nodes=frame("id stage process capacity_tpa", *nodes),
        edges=frame("source target commodity", *edges),
        processes=frame("process commodity role t_per_t", *recipes),
        demand=frame("node commodity tier demand_tpa value_usd_per_t", *demand),
        stocks=frame("id node commodity stock_t capacity_t end_t holding_usd_per_t_a", *stocks),
    )
    return net, cn.Scenario("maintenance", measures)


def test_a_textbook_plan_in_public_tables() -> None:
    """The published profit of factory planning 1 is 93,715.18."""
    net, scenario = factory()
    found = cn.stress_test(net, scenario, months=6, objective="value")
    assert found.money.loc["maintenance", "net_usd"] == pytest.approx(93715.17857, rel=1e-7)
    assert found.money.loc["maintenance", "net_usd"] == pytest.approx(
        found.money.loc["maintenance", "served_usd"] - found.money.loc["maintenance", "cost_usd"]
    )
    last = found.stocks[(found.stocks["scenario"] == "maintenance") & (found.stocks["month"] == 6)]
    assert (last["level_t"] >= 50 - 1e-6).all()


def test_a_scenario_asked_again_is_not_solved_again(
    mag9: cn.Network, china_out: cn.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved: list[Any] = []
    beliefs = stress_months._beliefs
    monkeypatch.setattr(stress_months, "_beliefs", lambda s, *given: solved.append(s and s.name) or beliefs(s, *given))
    mag9 = mag9.with_demand(mag9.demand)  # a network that keeps no answer yet
    cn.stress_test(mag9, china_out, months=6)
    other = cn.Scenario("other", [{"kind": "remove", "where": {"country": "JPN"}}])
    same = cn.Scenario(china_out.name, [dict(m) for m in china_out.measures], china_out.label)
    cn.stress_test(mag9, [same, other], months=6)
    assert sorted(map(str, solved)) == ["None", "china_out", "other"]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"months": 0}, cn.DataError, "months: 0 is out of range"),
        ({"months": 2.5}, cn.DataError, "months: 2.5 is out of range"),
        ({"months": 5, "step_months": 2}, cn.DataError, "no multiple"),
        ({"start": "2030-13"}, cn.DataError, "start"),
        ({"reroute": "best"}, cn.DataError, "reroute"),
        ({"objective": "money"}, cn.DataError, "objective"),
        ({"objective": "value", "levels_over_time": True}, cn.DataError, "levels_over_time"),
        ({"commodity": "gold"}, cn.DataError, "gold"),
        ({"projects": ["nowhere"]}, cn.UnknownIdError, "nowhere"),
        ({"beneficiaries": ["XXX"]}, cn.DataError, "XXX"),
    ],
)
def test_bad_arguments(mag9: cn.Network, given: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        cn.stress_test(mag9, **{"months": 12, **given})


def test_bad_measures_are_named(mag9: cn.Network) -> None:
    unknown = cn.Scenario("gone", [{"kind": "restrict", "from": {"country": "CHN"}, "commodity": "gold", "share": 0}])
    with pytest.raises(cn.DataError, match="gold"):
        cn.stress_test(mag9, unknown, months=12)


def test_what_is_never_in_force_equals_the_baseline_and_is_told_once_a_call(mag9: cn.Network) -> None:
    gone = [{"kind": "remove", "where": {"country": "CHN"}}]
    late = cn.Scenario("late", [{**measure, "start_month": 12} for measure in gone])
    past = cn.Scenario("past", [{**gone[0], "start": "2020-01", "until": "2021-01"}, {**gone[0], "start_month": 6}])
    with pytest.warns(cn.ChainnetWarning) as told:
        found = cn.stress_test(mag9, [late, past], months=12)
    assert len(told) == 1
    assert told[0].filename == __file__, "it points at the call"
    words = str(told[0].message)
    assert "late: measures[0] remove starts 2027-01, after a horizon of 12 months" in words
    assert "past: measures[0] remove is over since 2021-01, before month 1 (2026-01)" in words
    assert "late: nothing of it is in force, so over time it equals the baseline" in words
    assert "past: nothing" not in words
    over_time = ["served_t", "shortfall_t", "shortfall_unforeseen_t", "time_to_survive"]
    table = found.summary[over_time]
    pd.testing.assert_frame_equal(table.loc["late"], table.loc["baseline"])
    assert table.loc["past", "shortfall_t"].sum() > 0
    assert found.summary.loc["late", "shortfall_tpa"].sum() > 0, "the long run takes every measure at its full size"
    with pytest.warns(cn.ChainnetWarning, match="late: nothing of it"):
        cn.stress_test(mag9, late, months=12)  # an answer that is kept tells it again


@pytest.mark.slow
def test_an_assessment_tells_once_what_is_never_in_force(mag9: cn.Network) -> None:
    gone = {"kind": "remove", "where": {"country": "CHN"}}
    more = {"kind": "demand", "tier": "defence", "share": 1000.0}
    past = cn.Scenario("past", [{**gone, "start": "2020-01", "until": "2021-01"}, gone, more])
    with pytest.warns(cn.ChainnetWarning, match=r"past: measures\[0\] remove is over since 2021-01") as told:
        found = cn.assess(mag9, past, months=12, draws=0)
    assert len(told) == 1
    assert len(found.stockpile) > 0, "the stocks were asked for too"
    for ask in (cn.stockpile_requirement, cn.stockpile_mitigation):
        with pytest.warns(cn.ChainnetWarning, match=r"past: measures\[0\] remove is over") as told:
            ask(mag9, past, ["industrial"], months=12)
        assert len(told) == 1
        assert told[0].filename == __file__


def test_a_stock_that_nothing_can_take_is_named(mag9: cn.Network) -> None:
    wrong = mag9.with_table(
        "stocks", frame("id node commodity stock_t", ("pile", _user(mag9, "civilian"), "ndpr", 3.0))
    )
    with pytest.raises(cn.DataError, match=r'"pile" \(ndpr at '):
        cn.stress_test(wrong, months=12)


def test_nothing_is_shipped_to_a_node_that_is_out_and_nothing_waits_there() -> None:
    """A port is out in month 4; 10 t a month take two months to it: months 4 and 6 are lost, and no tonne is wasted."""
    net = cn.Network(
        nodes=frame(
            "id stage capacity_tpa", ("mine", "mine", 120.0), ("port", "refiner", None), ("user", "end_use", None)
        ),
        edges=frame("source target flow_tpa lag_months", ("mine", "port", 120.0, 2), ("port", "user", 120.0, 0)),
        demand=frame("node tier demand_tpa", ("user", "defence", 120.0)),
    )
    out = cn.Scenario("out", [{"kind": "remove", "nodes": ["port"], "start_month": 3, "months": 1}])
    found = cn.stress_test(net, out, months=8)
    served = found.months.query("scenario == 'out'").set_index("month")["served_t"]
    assert served.tolist() == pytest.approx([10, 10, 10, 0, 10, 0, 10, 10])
    sent = found.flows.query("scenario == 'out' and source == 'mine'").groupby("month")["flow_t"].sum()
    assert sent.reindex(range(1, 7), fill_value=0.0).tolist() == pytest.approx([10, 0, 10, 0, 10, 10])


def test_output_of_a_project_rises_in_level_yearly_steps() -> None:
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("mine", "mine", 0.0), ("user", "end_use", None)),
        edges=frame("source target flow_tpa", ("mine", "user", 0.0), ("plan", "user", None)),
        demand=frame("node tier demand_tpa", ("user", "defence", 120.0)),
        projects=frame("id stage capacity_tpa start_year ramp_years", ("plan", "mine", 120.0, 2026, 2)),
    )
    built = cn.Scenario("built", [{"kind": "build", "projects": ["plan"]}])
    months = cn.stress_test(net, built, months=48, start="2026-01").months
    served = months.query("scenario == 'built'").set_index("month")["served_t"]
    steps = [value for value in (10 / 3, 20 / 3, 10, 10) for _ in range(12)]
    assert served.tolist() == pytest.approx(steps)


def test_months_that_would_take_very_long_are_refused_with_what_would_do(
    monkeypatch: pytest.MonkeyPatch, rare_earths: cn.Network
) -> None:
    monkeypatch.setattr("chainnet.flow._plan.MOST_STOCKED", 3_100)
    with pytest.raises(
        cn.DataError, match=r"^months: stocks join 12 periods .*step_months=[34] .*any_size=True"
    ) as refused:
        cn.stress_test(rare_earths, [], 12)
    assert "--no-stocks" not in str(refused.value)  # its lags join the months too
    at_once = rare_earths.with_table("edges", rare_earths.edges.assign(lag_months=0.0))
    with pytest.raises(cn.DataError, match=r"--no-stocks"):
        cn.stress_test(at_once, [], 12)
    assert cn.stress_test(at_once, [], 12, stocks=False).certificate.ok
    found = cn.stress_test(rare_earths, [], 12, step_months=3)  # what it says would do does
    assert found.certificate.ok
    asked = cn.stress_test(rare_earths, [], 12, any_size=True)
    assert asked.months["demand_t"].sum() == pytest.approx(found.months["demand_t"].sum())


def test_months_that_nothing_joins_are_never_too_many(monkeypatch: pytest.MonkeyPatch, mag9: cn.Network) -> None:
    for bound in ("MOST_STOCKED", "MOST_LAGGED"):
        monkeypatch.setattr(f"chainnet.flow._plan.{bound}", 10)
    assert cn.stress_test(mag9, [], 6).certificate.ok
    lagged = mag9.with_table("edges", mag9.edges.assign(lag_months=1.0))
    with pytest.raises(cn.DataError, match=r"^months: goods under way join 6 periods .*step_months=6 ") as refused:
        cn.stress_test(lagged, [], 6)
    assert "--no-stocks" not in str(refused.value)


def sharing(**tables: Any) -> cn.Network:
    """A pile of 6 t of ore, once the mine stops, for two users of one tier, a tonne a month each.

    A tonne of wafers takes 2 t of ore, one of resin takes 1 t.
    """
    given = {
        "nodes": frame(
            "id stage process capacity_tpa country",
            ("mine", "mine", None, 99.0, "AUS"),
            ("store", "refiner", None, None, "USA"),
            ("saw", "refiner", "saw", 99.0, "USA"),
            ("mixer", "refiner", "mix", 99.0, "USA"),
            ("chips", "end_use", None, None, "USA"),
            ("glue", "end_use", None, None, "USA"),
        ),
        "processes": frame(
            "process commodity role t_per_t",
            ("saw", "ore", "input", 2.0),
            ("saw", "wafer", "output", 1.0),
            ("mix", "ore", "input", 1.0),
            ("mix", "resin", "output", 1.0),
        ),
        "commodities": frame("id", ("ore",), ("resin",), ("wafer",)),
        "edges": frame(
            "source target commodity flow_tpa",
            ("mine", "store", "ore", 36.0),
            ("store", "saw", "ore", 24.0),
            ("store", "mixer", "ore", 12.0),
            ("saw", "chips", "wafer", 12.0),
            ("mixer", "glue", "resin", 12.0),
        ),
        "demand": frame(
            "node commodity tier demand_tpa", ("chips", "wafer", "civilian", 12.0), ("glue", "resin", "civilian", 12.0)
        ),
        "stocks": frame("id node commodity stock_t", ("pile", "store", "ore", 6.0)),
        "beneficiaries": ["USA"],
    }
    return cn.Network(**{**given, **tables})


@pytest.mark.parametrize(
    ("months", "first", "short_t", "said"),
    [
        (2, np.nan, 0.0, ""),
        (3, 2.0, 1.5, "from month 2, or from month 3 if kept whole"),  # resin 3 t of ore, wafers what is left: 1.5 t
        (12, 1.0, 18.0, "from month 1, or from month 3 if kept whole"),  # the whole pile for six months of resin
    ],
)
@pytest.mark.parametrize("bound", [0.0, 0.5])
def test_a_horizon_that_moves_the_first_short_month_is_said(
    months: int, first: float, short_t: float, said: str, bound: float
) -> None:
    """Both users are whole for two months whatever the horizon; the fewest tonnes short want wafers to go without.

    A contract whose goods all go to those for whom they are bound changes nothing.
    """
    contracts = {"contracts": frame("supplier commodity for share", ("saw", "wafer", "USA", bound))} if bound else {}
    found = cn.stress_test(sharing(**contracts), cn.Scenario("out", OUT), months=months, order="law")
    mine = row(found, "out", "civilian")
    assert mine["shortfall_t"] == pytest.approx(short_t, abs=1e-6)
    assert (mine["first_short_month"], mine["time_to_survive"]) == (pytest.approx(first, nan_ok=True), 2.0)
    assert said in found.timing_sentence
    assert bool(said) == bool(found.timing_sentence)
    assert ("from 3 if kept whole" in found.sentence) == bool(said)


def test_a_tier_that_may_be_whole_to_the_end_is_said_so() -> None:
    """Resin for others is served beside our wafers: of 6 t of ore it takes 3 t, though ours could have them all."""
    shared = sharing()
    glue = shared.nodes["id"] == "glue"
    net = sharing(nodes=shared.nodes.assign(country=shared.nodes["country"].mask(glue, "AUS")))
    found = cn.stress_test(net, cn.Scenario("out", OUT), months=3, order="law")
    assert row(found, "out", "civilian")["first_short_month"] == 2.0
    assert "civilian is short from month 2, or in no month if kept whole" in found.timing_sentence
    assert "from month 2 (never if kept whole as long as can be)" in found.sentence
