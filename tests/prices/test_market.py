"""Markets: prices worked out by hand, published ones, a second program, and what must hold of every market."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from tests.market_networks import (
    CHN,
    USA,
    curves,
    entry,
    joint_product,
    magnets,
    network,
    next_product,
    random_market,
    small_country,
    solved_elsewhere,
    two_countries,
)

Asked = tuple[cn.Network, pd.DataFrame]
FLOOR = {"kind": "price_floor", "to": USA, "commodity": "good", "usd_per_t": 59.0}


def cleared(asked: Asked, *policy: dict[str, Any], **more: Any) -> Any:
    found = cn.market(asked[0], policy=list(policy), curves=asked[1], **more)
    assert found.certificate.ok
    assert max(found.certificate.arbitrage, found.certificate.policy, found.certificate.money) <= 1e-8
    return found


def price(found: Any, node: str, good: str = "good") -> float:
    row = found.prices.loc[(node, good)]
    assert row["price_low_usd_per_t"] <= row["price_usd_per_t"] <= row["price_high_usd_per_t"]
    return float(row["price_usd_per_t"])


def flow(found: Any, source: str, target: str) -> float:
    table = found.flows
    return float(table.loc[(table["source"] == source) & (table["target"] == target), "flow_tpa"].sum())


def total(found: Any, country: str) -> float:
    return float(found.welfare.loc[country, "total_usd_per_a"])


# -- by hand -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "prices", "trade", "totals", "levy"),
    [
        (None, (50.0, 55.0), 30.0, (850.0, 1059.375), None),
        ({"kind": "tariff", "to": USA, "commodity": "good", "usd_per_t": 7.0}, (47, 59), 24, (769, 1119.375), 7.0),
        (FLOOR, (47.0, 59.0), 24.0, (769.0, 1119.375), 7.0),
        ({"kind": "quota", "to": USA, "commodity": "good", "tpa": 24.0}, (47, 59), 24, (769, 1119.375), 7.0),
        (
            {"kind": "quota", "to": USA, "commodity": "good", "tpa": 24.0, "revenue": "from"},
            (47, 59), 24, (937, 951.375), 7.0,
        ),
        ({"kind": "quota", "from": CHN, "commodity": "good", "tpa": 0.0}, (35, 75), 0, (625, 759.375), None),
        # the rent of an export quota stays with who sells, however abroad is said
        ({"kind": "quota", "from": CHN, "commodity": "good", "tpa": 24.0}, (47, 59), 24, (937, 951.375), 7.0),
        (
            {"kind": "quota", "from": CHN, "to": {"country": "!CHN"}, "commodity": "good", "tpa": 24.0},
            (47, 59), 24, (937, 951.375), 7.0,
        ),
        (
            {"kind": "export_tax", "from": CHN, "commodity": "good", "usd_per_t": 140 / 11},
            (490 / 11, 685 / 11), 210 / 11, (959.0909090909, 880.8626033), 140 / 11,
        ),
        ({**FLOOR, "usd_per_t": 90.0}, (35.0, 75.0), 0.0, (625.0, 759.375), 35.0),
        ({"kind": "tariff", "to": USA, "commodity": "good", "rate": 7 / 47}, (47, 59), 24, (769, 1119.375), None),
    ],
)  # fmt: skip
def test_two_countries(
    measure: Any, prices: tuple[float, float], trade: float, totals: tuple[float, float], levy: float | None
) -> None:
    found = cleared(two_countries(), *([measure] if measure else []))
    assert (price(found, "use_chn"), price(found, "use_usa")) == pytest.approx(prices, abs=1e-7)
    assert flow(found, "mine_chn", "use_usa") == pytest.approx(trade, abs=1e-7)
    assert (total(found, "CHN"), total(found, "USA")) == pytest.approx(totals, abs=1e-5)
    if levy is not None:
        assert found.policies.loc[0, "usd_per_t"] == pytest.approx(levy, abs=1e-7)
        assert found.policies.loc[0, "treasury_usd_per_a"] == pytest.approx(levy * trade, abs=1e-5)


def test_a_floor_says_whether_it_is_held_and_bites() -> None:
    held = {floor: cleared(two_countries(), {**FLOOR, "usd_per_t": floor}).policies.iloc[0] for floor in (54, 59, 90)}
    assert [bool(row["binds"]) for row in held.values()] == [False, True, True]
    assert [bool(row["held"]) for row in held.values()] == [True, True, False]


def test_a_floor_at_or_below_the_price_changes_nothing_at_all() -> None:
    free = cleared(two_countries())
    for floor in (54.0, 55.0):
        found = cleared(two_countries(), {**FLOOR, "usd_per_t": floor})
        for name in ("prices", "flows", "demand", "plants", "welfare"):
            assert found.tables()[name].to_csv() == free.tables()[name].to_csv()


def test_a_contract_leaves_the_price_to_users_and_costs_the_treasury() -> None:
    found = cleared(two_countries(), {**FLOOR, "mechanism": "cfd", "nodes": "mine_usa"})
    assert (price(found, "use_chn"), price(found, "use_usa")) == pytest.approx((148 / 3, 163 / 3))
    assert found.plants.loc["mine_usa", "output_tpa"] == pytest.approx(14.5)
    assert found.policies.loc[0, "usd_per_t"] == pytest.approx(14 / 3)
    assert found.welfare.loc["USA", "treasury_usd_per_a"] == pytest.approx(-67.6666667)


def test_a_contract_that_gives_back_lets_the_plant_keep_a_part() -> None:
    measure = {"kind": "price_floor", "commodity": "good", "usd_per_t": 50.0, "mechanism": "cfd", "nodes": "mine_usa"}
    found = cleared(two_countries(), {**measure, "upside_share": 0.5})
    paid = price(found, "use_usa") - 0.5 * (price(found, "use_usa") - 50.0)
    assert 30.0 + 2.0 * found.plants.loc["mine_usa", "output_tpa"] == pytest.approx(paid)
    assert found.welfare.loc["USA", "treasury_usd_per_a"] > 0
    assert price(found, "use_usa") > 55.0  # it makes less than it would


@pytest.mark.parametrize(
    ("capacity", "separation", "made", "prices", "rent"),
    [
        (None, 15.0, 346.261398, (26.869301, 56.231003, 32.984802), 0.0),
        (None, 35.0, 334.589666, (32.705167, 75.683891, 32.547112), 0.0),
        (60.0, 15.0, 200.0, (100.0, 300.0, 27.5), 250.625),
        (60.0, 35.0, 200.0, (100.0, 300.0, 27.5), 230.625),
    ],
)
def test_a_cost_is_passed_on_below_capacity_and_swallowed_by_rent_at_it(
    capacity: float | None, separation: float, made: float, prices: tuple[float, float, float], rent: float
) -> None:
    found = cleared(magnets(capacity, separation))
    assert found.plants.loc["maker", "output_tpa"] == pytest.approx(made, abs=1e-5)
    got = price(found, "users", "magnet"), price(found, "maker", "oxide"), price(found, "separator", "ore")
    assert got == pytest.approx(prices, abs=1e-5)
    assert found.plants.loc["separator", "rent_usd_per_t"] == pytest.approx(rent, abs=1e-6)


def test_border_and_contract_in_a_small_country() -> None:
    free = cleared(small_country()).welfare
    floor = {"kind": "price_floor", "commodity": "good", "usd_per_t": 70.0}
    border, paid = cleared(small_country(), {**floor, "to": USA}), None
    paid = cleared(small_country(), {**floor, "mechanism": "cfd", "where": USA})
    groups = ["consumers_usd_per_a", "producers_usd_per_a", "treasury_usd_per_a", "total_usd_per_a"]
    change = [(found.welfare - free).loc["USA", groups].tolist() for found in (border, paid)]
    assert change[0] == pytest.approx([-70_400, 17_600, 40_000, -12_800], abs=1e-4)
    assert change[1] == pytest.approx([0, 17_600, -24_000, -6_400], abs=1e-4)
    for found, imports in ((border, 2500.0), (paid, 3300.0)):
        assert found.plants.loc["home", "output_tpa"] == pytest.approx(1500.0)
        assert flow(found, "world", "users") == pytest.approx(imports)


def test_joint_products_find_their_prices_together() -> None:
    free = cleared(joint_product())
    assert (price(free, "plant", "nd"), price(free, "plant", "ce")) == pytest.approx((50.0, 10.0))
    buy = {"kind": "purchase", "node": "nd_users", "commodity": "nd", "tpa": 23.0}
    found = cleared(joint_product(), buy)
    assert (price(found, "plant", "nd"), price(found, "plant", "ce")) == pytest.approx((63.0, 6.0))
    assert found.welfare.loc["CHN", "stock_usd_per_a"] == pytest.approx(23 * 63.0)
    assert found.policies.loc[0, "treasury_usd_per_a"] == pytest.approx(-23 * 63.0)
    none = cleared(joint_product(), {**buy, "usd_per_t": 45.0})  # nobody sells at that
    assert none.policies.loc[0, "tonnes_tpa"] == 0.0
    waste = cleared(joint_product(30.0))
    assert (price(waste, "plant", "nd"), price(waste, "plant", "ce")) == pytest.approx((190 / 3, 0.0), abs=1e-9)
    thrown = 2 * waste.plants.loc["plant", "output_tpa"] - flow(waste, "plant", "ce_users")
    assert thrown == pytest.approx(23.3333333)


def test_a_floor_leaks_through_the_next_product_unless_that_bears_its_content() -> None:
    floor = {"kind": "price_floor", "to": USA, "commodity": "oxide", "usd_per_t": 80.0}
    alone = cleared(next_product(), floor)
    assert price(alone, "maker", "oxide") == pytest.approx(67.857142857)
    assert alone.plants.loc["maker", "output_tpa"] == pytest.approx(464.285714)
    assert not alone.policies.loc[0, "held"]
    leak = alone.leaks.iloc[0]
    assert (leak["product"], leak["content"]) == ("magnet", 0.3)
    assert leak["imports_change_tpa"] == pytest.approx(535.714286)
    assert leak["share"] == pytest.approx(0.3 * 535.714286 / 250.0)
    for content in ({"magnet": 0.3}, "auto"):
        found = cleared(next_product(), {**floor, "content": content})
        assert (price(found, "maker", "oxide"), price(found, "users", "magnet")) == pytest.approx((80.0, 54.0))
        assert flow(found, "world_oxide", "maker") == pytest.approx(100.0)
        assert found.plants.loc["maker", "output_tpa"] == pytest.approx(1000.0)
        assert found.policies.loc[0, "treasury_usd_per_a"] == pytest.approx(100 * 30 + 3550 * 9)


def test_floors_of_two_stages_say_what_goes_together() -> None:
    oxide = {"kind": "price_floor", "to": USA, "commodity": "oxide", "usd_per_t": 80.0}
    found = cleared(next_product(), oxide, {**oxide, "commodity": "magnet", "usd_per_t": 54.0})
    assert found.policies["held"].tolist() == [True, True]
    assert found.policies.loc[1, "consistent_usd_per_t"] == pytest.approx(54.0)  # 45 and 0.3 x 30
    assert price(found, "maker", "oxide") == pytest.approx(80.0)


def test_a_price_that_is_not_one_number_is_told_with_its_ends() -> None:
    net = network(
        [("a", "mine", "CHN", None, 50.0), ("b", "mine", "CHN", None, 50.0), ("u", "end_use", "CHN", None, None)],
        [("a", "u", "good", 0.0), ("b", "u", "good", 0.0)],
        {("u", "good"): 50.0},
        main_commodity="good",
    )
    found = cleared((net, curves(a=(10, 0), b=(30, 0), u=(100, 0))))
    assert found.prices.loc[("u", "good")].tolist() == pytest.approx([20.0, 10.0, 30.0])
    assert found.welfare.loc["CHN", "total_usd_per_a"] == pytest.approx(50 * 90.0)


def test_what_crosses_over_new_relations_bears_its_duty() -> None:
    """Chinese goods at 10, 3 for a new relation and 7 at the border: users take 97.5 - 20, and nobody at home sells."""
    net = network(
        [
            ("a", "mine", "CHN", None, None), ("b", "mine", "AUS", None, None),
            ("h", "end_use", "CHN", None, None), ("u", "end_use", "USA", None, None),
        ],
        [("a", "h", "good", 0.0), ("b", "u", "good", 0.0)],
        {("h", "good"): 10.0, ("u", "good"): 40.0},
        main_commodity="good",
    )  # fmt: skip
    tariff = {"kind": "tariff", "to": USA, "commodity": "good", "usd_per_t": 7.0}
    table = curves(a=(10, 0), b=(50, 1), h=(60, 1), u=(97.5, 1))
    found = cleared((net, table), tariff, reroute="new", extra_cost_usd_per_t=3.0)
    assert found.flows.columns.tolist() == ["source", "target", "commodity", "flow_tpa", "duty_usd_per_t"]
    rows = [("a", "h", "good", 50.0, 0.0), ("b", "u", "good", 0.0, 7.0), ("CHN", "USA", "good", 77.5, 7.0)]
    for row, expected in zip(found.flows.itertuples(index=False, name=None), rows, strict=True):
        assert row[:3] == expected[:3]
        assert row[3:] == pytest.approx(expected[3:])
    assert found.policies.loc[0, "treasury_usd_per_a"] == pytest.approx(7 * 77.5)


def test_the_wedge_is_between_the_cheapest_and_the_dearest_place_inside_and_elsewhere() -> None:
    """China sells at 10 to 30; America at 75, where 22.5 t are made; scrap has no price on record, wire no trade.

    What nobody ships from the far pit has a price, but no place in it.
    """
    net = network(
        [
            ("a", "mine", "CHN", None, 50.0), ("b", "mine", "CHN", None, 50.0), ("u", "end_use", "CHN", None, None),
            ("far", "mine", "CHN", None, 50.0),
            ("m", "mine", "USA", None, None), ("v", "end_use", "USA", None, None), ("w", "end_use", "USA", None, None),
        ],
        [
            ("a", "u", "good", 0.0), ("b", "u", "good", 0.0), ("far", "u", "good", 5.0), ("m", "v", "good", 0.0),
            ("m", "w", "scrap", 0.0),
        ],
        {("u", "good"): 50.0, ("v", "good"): 40.0, ("w", "scrap"): 10.0},
        main_commodity="good",
        commodities={"id": ["good", "scrap", "wire"], "price_usd_per_t": [64.0, np.nan, 9.0]},
    )  # fmt: skip
    table = curves(a=(10, 0), b=(30, 0), far=(80, 0), u=(100, 0), w=(97.5, 1))
    rows = [("m", "good", None, 30.0, 2.0), ("v", "good", None, 97.5, 1.0), ("m", "scrap", None, 1.0, 1.0)]
    found = cleared((net, pd.concat([table, pd.DataFrame(rows, columns=table.columns)], ignore_index=True)))
    ends = ["inside_low_usd_per_t", "inside_high_usd_per_t", "elsewhere_low_usd_per_t", "elsewhere_high_usd_per_t"]
    for place, expected in (("CHN", [10.0, 30.0, 75.0, 75.0]), ("USA", [75.0, 75.0, 10.0, 30.0])):
        wedge = found.wedge(net, place)
        assert (wedge.index.name, wedge.index.tolist()) == ("commodity", ["good"])
        assert wedge["reference_usd_per_t"].tolist() == [64.0]
        assert wedge.loc["good", ends].tolist() == pytest.approx(expected)
        assert wedge.attrs["provenance"] == found.provenance
    with pytest.raises(cn.DataError, match=r'^inside: unknown place "CHL"; did you mean "CHN"'):
        found.wedge(net, "CHL")


# -- published -----------------------------------------------------------------------------------------


def test_three_countries_of_miranda_and_fackler() -> None:
    demand, supply = ((42, 2), (54, 3), (51, 1)), ((9, 1), (3, 2), (18, 1))
    freight = ((0, 3, 9), (3, 0, 3), (6, 3, 0))
    places = ("CHN", "USA", "JPN")
    net = network(
        [(f"{kind}{i}", stage, place, None, None) for i, place in enumerate(places) for kind, stage in (("m", "mine"), ("u", "end_use"))],
        [(f"m{i}", f"u{j}", "good", float(freight[i][j])) for i in range(3) for j in range(3)],
        {(f"u{i}", "good"): 10.0 for i in range(3)},
        main_commodity="good",
    )  # fmt: skip
    given = {f"u{i}": ends for i, ends in enumerate(demand)} | {f"m{i}": ends for i, ends in enumerate(supply)}
    found = cleared((net, curves(**given)))
    assert [price(found, f"u{i}") for i in range(3)] == pytest.approx([24.0, 27.0, 30.0])
    assert [found.plants.loc[f"m{i}", "output_tpa"] for i in range(3)] == pytest.approx([15.0, 12.0, 12.0])


def test_the_competitive_market_of_the_example_of_pypsa() -> None:
    hours = {"a": 0.8, "b": 0.5, "c": 0.1}
    nodes: list[tuple[Any, ...]] = []
    edges, given, demand = [], {}, {}
    for hour, sun in hours.items():
        for name, cap in ((f"gas1{hour}", None), (f"gas2{hour}", None), (f"sun{hour}", 3.0 * sun)):
            nodes.append((name, "mine", "DEU", None, cap))
            edges.append((name, f"use{hour}", "power", 0.0))
            given[name] = (0.0, 0.0) if cap else (1.0, 1.0)
        nodes.append((f"use{hour}", "end_use", "DEU", None, None))
        given[f"use{hour}"], demand[f"use{hour}", "power"] = (30.0, 4.0), 6.0
    found = cleared((network(nodes, edges, demand, main_commodity="power"), curves(**given)))
    gas = found.plants.index.str.startswith("gas")
    prices = [price(found, f"use{hour}", "power") for hour in hours]
    output = found.plants.loc[gas, "output_tpa"]
    assert np.mean(prices) == pytest.approx(3.60, abs=5e-3)
    assert output.sum() == pytest.approx(15.60, abs=5e-3)
    assert (output + output**2 / 2).sum() == pytest.approx(36.32, abs=5e-3)
    assert found.plants.loc[gas, "profit_usd_per_a"].sum() == pytest.approx(20.72, abs=5e-3)
    assert found.demand["surplus_usd_per_a"].sum() == pytest.approx(261.41, abs=5e-3)


# -- a second program, and what always holds -----------------------------------------------------------


def agrees(seed: int) -> None:
    net, table = random_market(seed)
    found = cleared((net, table))
    value, prices = solved_elsewhere(net, table)
    total_usd = found.welfare["total_usd_per_a"].sum()
    assert total_usd >= value - 1e-6 * abs(value) - 1e-4  # the other program comes near from below
    assert total_usd == pytest.approx(value, rel=1e-4, abs=1e-4)
    if abs(total_usd - value) > 1e-6 * abs(value):
        return  # it stopped too early to have prices
    ends = found.prices[["price_low_usd_per_t", "price_high_usd_per_t"]]
    for (node, good), other in prices.items():
        low, high = ends.loc[(node, good)] if (node, good) in ends.index else (-np.inf, np.inf)
        served = found.demand.loc[found.demand["node"] == node, "served_tpa"].sum()
        if node.startswith("end_use") and served > 1e-3:
            near = 1e-3 * abs(other)  # a price is off by the root of what the worth is off by
            assert low - near <= other <= high + near


@pytest.mark.filterwarnings("ignore:Singular Jacobian")
@pytest.mark.parametrize("seed", range(20))
def test_random_markets_agree_with_another_program(seed: int) -> None:
    agrees(seed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Singular Jacobian")
@pytest.mark.parametrize("seed", range(20, 220))
def test_more_random_markets_agree_with_another_program(seed: int) -> None:
    agrees(seed)


def test_a_higher_floor_raises_the_price_and_home_output_until_it_breaks() -> None:
    rows = []
    for floor in (50.0, 56.0, 60.0, 66.0, 74.9, 80.0, 100.0):
        found = cleared(two_countries(), {**FLOOR, "usd_per_t": floor})
        home = found.plants.loc["mine_usa", "output_tpa"]
        use = found.demand.set_index("node").loc["use_usa", "served_tpa"]
        rows.append((price(found, "use_usa"), home, -use, -flow(found, "mine_chn", "use_usa")))
    for before, after in pairwise(rows):
        assert all(b <= a + 1e-7 for b, a in zip(before, after, strict=True))
    assert rows[-1] == pytest.approx(rows[-2], abs=1e-6)


def test_a_tariff_is_a_subsidy_to_makers_and_a_tax_on_users() -> None:
    net, table = small_country()
    tariff = cleared((net, table), {"kind": "tariff", "to": USA, "commodity": "good", "usd_per_t": 9.0})
    taxed = table.assign(intercept_usd_per_t=[54.0, 40.0, 141.0])
    both = cleared((net, taxed), {"kind": "subsidy", "nodes": "home", "usd_per_t": 9.0})
    for name in ("home", "world"):
        assert tariff.plants.loc[name, "output_tpa"] == pytest.approx(both.plants.loc[name, "output_tpa"])
    assert both.policies.loc[0, "treasury_usd_per_a"] == pytest.approx(-9.0 * both.plants.loc["home", "output_tpa"])


@pytest.mark.parametrize(
    "measure",
    [
        {"kind": "tariff", "to": USA, "usd_per_t": 7.0},
        {"kind": "quota", "to": USA, "commodity": "good", "tpa": 10.0},
        FLOOR,
        {**FLOOR, "mechanism": "cfd", "nodes": "mine_usa"},
        {"kind": "subsidy", "where": USA, "commodity": "good", "usd_per_t": 4.0},
    ],
)
def test_no_distortion_of_a_competitive_market_makes_the_world_richer(measure: dict[str, Any]) -> None:
    free, found = cleared(two_countries()), cleared(two_countries(), measure)
    assert found.welfare["total_usd_per_a"].sum() < free.welfare["total_usd_per_a"].sum() - 1.0


def test_money_and_tonnes_scale() -> None:
    net, table = next_product()
    free = cleared((net, table))
    dear = table.assign(**{name: table[name] * 3.0 for name in table.columns[3:]})
    wide = table.assign(slope_usd_per_t_per_tpa=table["slope_usd_per_t_per_tpa"] / 5.0)
    for given, money, tonnes in ((dear, 3.0, 1.0), (wide, 1.0, 5.0)):
        found = cleared((net, given))
        assert found.prices["price_usd_per_t"].tolist() == pytest.approx(
            (money * free.prices["price_usd_per_t"]).tolist()
        )
        assert found.flows["flow_tpa"].tolist() == pytest.approx((tonnes * free.flows["flow_tpa"]).tolist())


def test_two_halves_of_a_plant_are_the_plant() -> None:
    free = cleared(two_countries())
    net, table = two_countries()
    half = net.nodes[net.nodes["id"] == "mine_chn"].assign(id="twin")
    ways = net.edges[net.edges["source"] == "mine_chn"].assign(source="twin")
    more = cn.Network(
        nodes=pd.concat([net.nodes, half]), edges=pd.concat([net.edges, ways]), demand=net.demand, main_commodity="good"
    )
    found = cleared(
        (more, curves(mine_chn=(10, 2), twin=(10, 2), mine_usa=(30, 2), use_chn=(60, 1), use_usa=(97.5, 1)))
    )
    assert price(found, "use_usa") == pytest.approx(price(free, "use_usa"))
    assert total(found, "CHN") == pytest.approx(total(free, "CHN"))
    assert table.shape == (4, 5)


def test_without_elasticities_the_market_serves_what_the_balance_serves() -> None:
    net = cn.read("mag-9")
    scenario = cn.scenarios(net)["china_out"]
    found = cn.market(net, scenario, reference_price={"magnet": 40_000.0}, unit_cost=1.0)
    assert found.certificate.ok
    served = cn.balance(net, scenario, order="alike").demand["served_tpa"].sum()
    assert found.demand["served_tpa"].sum() == pytest.approx(served)
    guarded = cn.market(net, scenario, reference_price={"magnet": 40_000.0}, unit_cost=1.0, protect="defence")
    first = guarded.demand.set_index("tier")["served_tpa"]
    assert first["defence"] == pytest.approx(cn.balance(net, scenario).by_tier().loc["defence", "served_tpa"])


def test_curves_go_through_the_reference_point() -> None:
    net, _ = small_country()
    for form in ("linear", "isoelastic"):
        given = {"reference_price": 54.0, "demand_form": form, "demand_elasticity": 0.4, "unit_cost": 54.0}
        found = cn.market(net, **given)
        assert found.demand["served_tpa"].tolist() == pytest.approx([4800.0])
        dear = cn.market(net, **{**given, "unit_cost": 60.0})
        expected = 4800.0 * (60 / 54) ** -0.4 if form == "isoelastic" else 4800.0 * (1 - 0.4 * 6 / 54)
        assert dear.demand["served_tpa"].tolist() == pytest.approx([expected])
        assert dear.certificate.ok


def test_every_shipped_chain_clears() -> None:
    net = cn.read("gallium")
    given = {"demand_elasticity": {"defence": 0.0, "industrial": (0.05, 0.3)}, "supply_elasticity": (0.05, 0.35)}
    found = cn.market(net, **given)
    assert found.certificate.ok
    assert found.left_out == ("alumina", "zinc")
    row = found.assumed.loc["demand_elasticity industrial"]
    assert row[["low", "used", "high"]].tolist() == pytest.approx([0.05, np.sqrt(0.05 * 0.3), 0.3])
    again = cn.market(net, **given)
    for name, table in found.tables().items():
        assert table.to_csv() == again.tables()[name].to_csv()


def test_a_floor_takes_its_prices_from_a_market() -> None:
    net, table = entry()
    found = cn.price_floor(net, 60_000.0, market=cn.market(net, curves=table)).loc["plant"]
    assert found["reference_usd_per_t"] == pytest.approx(170_000 / 3)
    assert found["tariff_usd_per_t"] == pytest.approx(60_000 - 170_000 / 3)
    assert found["price_with_floor_usd_per_t"] == 60_000.0
    assert "price_with_floor_usd_per_t" not in cn.price_floor(net, 60_000.0)


def test_draws_give_ranges_and_the_input_that_turns_a_sign() -> None:
    net, _ = small_country()
    given: dict[str, Any] = {
        "reference_price": 54.0, "unit_cost": {"world": (50.0, 58.0), "home": 54.0}, "demand_elasticity": 0.5,
        "policy": [{"kind": "price_floor", "to": USA, "commodity": "good", "usd_per_t": 53.0}],
    }  # fmt: skip
    found = cn.market(net, **given, draws=40, seed=3)
    rows = found.ranges.set_index("quantity")
    price = rows.loc["price_usd_per_t good"]
    assert 50.0 <= price["p10"] <= price["p50"] <= price["p90"] <= 54.0
    levy = rows.loc["measure 1 usd_per_t"]
    assert 0.0 <= levy["p10"] <= levy["p90"] <= 3.0
    assert levy["reverses"] == "unit_cost world"
    assert rows.loc["price_usd_per_t good", "sign_share"] == 1.0
    assert found.ranges.to_csv() == cn.market(net, **given, draws=40, seed=3).ranges.to_csv()
    assert cn.market(net, **given).ranges.empty


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"demand_elasticity": -0.1}, "demand_elasticity: -0.1 is out of range"),
        ({"supply_elasticity": (0.5, 0.1)}, "low end above its high end"),
        ({"demand_elasticity": {"hafnium": 0.1}}, r"demand_elasticity\[hafnium\]: unknown name"),
        ({"reference_price": {}}, "reference_price: empty"),
        ({"policy": [{"kind": "tariff", "commodity": "good", "usd_per_t": 3.0}]}, "names no border"),
        ({"policy": [{"kind": "price_floor", "to": USA, "usd_per_t": 3.0}]}, "a floor is one of one commodity"),
        ({"policy": [{**FLOOR, "mechanism": "magic"}]}, "mechanism.*is not known"),
        ({"policy": [{**FLOOR, "mechanism": "cfd"}]}, "contract with nobody"),
        ({"policy": [{**FLOOR, "mechanism": "cfd", "nodes": "use_usa"}]}, "makes no good"),
        ({"policy": [{"kind": "tariff", "to": USA, "usd_per_t": -3.0}]}, "must be a number, 0 or more"),
        ({"policy": [{"kind": "purchase", "node": "mine_usa", "commodity": "god", "tpa": 3.0}]}, "unknown commodity"),
        ({"policy": "floor"}, "is no Scenario and no list"),
        ({"run": "medium"}, "unknown run"),
        ({"draws": -1}, "draws: -1"),
        ({"projects": ["x"]}, "long run only"),
        ({"protect": ["pets"]}, "unknown tier"),
        ({"curves": curves(mine_mars=(1, 1))}, "unknown node"),
        ({"curves": curves(mine_usa=(1, -1))}, "slope_usd_per_t_per_tpa"),
        ({"curves": pd.concat([curves(mine_usa=(1, 1))] * 2)}, "has two rows"),
        ({"curves": None}, "no price is known of what is asked for: 'good'"),
    ],
)
def test_bad_input_is_said_in_one_sentence(given: dict[str, Any], said: str) -> None:
    net, table = two_countries()
    with pytest.raises(cn.ChainnetError, match=said):
        cn.market(net, **{"curves": table, **given})


def test_a_plant_without_a_limit_is_not_paid_without_an_end() -> None:
    net, table = small_country()
    flat = table.assign(slope_usd_per_t_per_tpa=[0.0, 0.0, 0.02])
    with pytest.raises(cn.DataError, match="home has no capacity and a flat cost"):
        cn.market(net, policy=[{**FLOOR, "mechanism": "cfd", "nodes": "home"}], curves=flat)


# -- what is not known, and ties at the border ----------------------------------------------------------------


def tied_border() -> tuple[cn.Network, pd.DataFrame]:
    """Two makers of one good at flat costs of 20 and 24 USD/t, one abroad and one at home."""
    makers = [(name, "manufacturer", country, "mag") for name, country in (("abroad", "CHN"), ("home", "JPN"))]
    net = cn.Network(
        nodes=frame("id stage country process", ("pit", "mine", "AUS", None), *makers, ("u", "end_use", "JPN", None)),
        edges=frame(
            "source target commodity",
            *[("pit", name, "ox") for name, *_ in makers],
            *[(name, "u", "magnet") for name, *_ in makers],
        ),
        processes=frame(
            "process commodity role t_per_t", ("mag", "ox", "input", 1.0), ("mag", "magnet", "output", 1.0)
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "magnet", "civilian", 100.0)),
        main_commodity="magnet",
        beneficiaries=["JPN"],
    )
    flat = [("u", 100.0, 1.0), ("pit", 10.0, 0.0), ("abroad", 10.0, 0.0), ("home", 14.0, 0.0)]
    curves = frame("node intercept_usd_per_t slope_usd_per_t_per_tpa", *flat)
    return net, curves.assign(commodity=None, tier=None)


@pytest.mark.parametrize("floor", [25.0, 30.0, 60.0, 99.0])
def test_a_border_floor_at_which_home_supply_ties_with_imports_is_broken(floor: float) -> None:
    net, curves = tied_border()
    measure = {"kind": "price_floor", "to": {"country": "JPN"}, "commodity": "magnet", "usd_per_t": floor}
    found = cn.market(net, policy=[measure], curves=curves)
    row = found.policies.iloc[0]
    assert row["usd_per_t"] == pytest.approx(4.0)
    assert row[["tonnes_tpa", "treasury_usd_per_a"]].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    assert not row["held"]
    assert found.prices.loc[("u", "magnet"), "price_usd_per_t"] == pytest.approx(24.0)
    assert found.demand["served_tpa"].tolist() == pytest.approx([76.0])


def test_a_price_that_nothing_bounds_is_blank_and_said() -> None:
    net = cn.read("rare-earths")
    with pytest.warns(cn.ChainnetWarning, match="74 of 217 prices are not known and left blank"):
        found = cn.market(net, "china_october_2025_returns")
    blank = found.prices["price_usd_per_t"].isna()
    assert blank.sum() == 74
    assert (found.prices.loc[np.isinf(found.prices["price_high_usd_per_t"]) & ~blank, "price_low_usd_per_t"] > 0).all()
    unknown = set(found.prices.index[blank])
    rows = [pair in unknown for pair in zip(found.demand["node"], found.demand["commodity"], strict=True)]
    assert found.demand.loc[rows, "price_usd_per_t"].isna().all()
    assert found.demand.loc[rows].query("served_tpa > 0")["surplus_usd_per_a"].isna().all()
    assert np.isnan(found.welfare.loc["CHN", "total_usd_per_a"])
    assert np.isfinite(found.welfare.loc["AUS", "total_usd_per_a"])
    assert np.isfinite(found.welfare["treasury_usd_per_a"]).all()
