"""Sellers who hold back, against closed forms and a published example."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainnet as cn
from chainnet.prices import capital_recovery_factor
from tests.market_networks import curves, joint_product, magnets, network, two_countries


def sellers(n: int, fringe: bool = False, entrant_tpa: float = 0.0) -> Any:
    """n sellers at 10 under P = 100 - 2 Q; a fringe at 20 + 2 q; an entrant of so many tonnes whose full cost is 30."""
    names = [f"s{number}" for number in range(n)]
    nodes: list[tuple[Any, ...]] = [(name, "mine", "CHN", None, None) for name in names]
    given, more = dict.fromkeys(names, (10.0, 0.0)), {}
    if fringe:
        nodes.append(("fringe", "mine", "USA", None, None))
        given["fringe"] = (20.0, 2.0)
    edges = [(name, "users", "good", 0.0) for name in given]
    if entrant_tpa:
        capex = 20.0 * entrant_tpa / capital_recovery_factor() / 1e6
        more["projects"] = [
            {"id": "entrant", "stage": "mine", "country": "USA", "capacity_tpa": entrant_tpa, "capex_musd": capex,
             "unit_cost_usd_per_t": 10.0, "start_year": 2028}
        ]  # fmt: skip
        edges.append(("entrant", "users", "good", 0.0))
    nodes.append(("users", "end_use", "USA", None, None))
    net = network(nodes, edges, {("users", "good"): 45.0}, main_commodity="good", **more)
    return net, curves(**given, users=(100.0, 2.0))


def price(found: Any) -> float:
    assert found.certificate.ok
    return float(found.prices.loc[("users", "good"), "price_usd_per_t"])


@pytest.mark.parametrize(("n", "expected"), [(1, 55.0), (2, 40.0), (3, 32.5), (10, 200 / 11)])
def test_cournot_sellers_who_are_alike(n: int, expected: float) -> None:
    net, table = sellers(n)
    found = cn.market(net, curves=table, conduct={f"s{number}": "cournot" for number in range(n)})
    assert price(found) == pytest.approx(expected)
    assert found.conduct["profit_usd_per_a"].sum() == pytest.approx((expected - 10) * (100 - expected) / 2)
    assert found.conduct["gain_usd_per_a"].max() <= 1e-8 * found.conduct["profit_usd_per_a"].max()
    free = cn.market(net, curves=table, conduct={"s0": 0.0, "CHN": "competitive"} if n == 1 else None)
    assert price(free) == pytest.approx(10.0)
    assert found.welfare["total_usd_per_a"].sum() < free.welfare["total_usd_per_a"].sum()


def test_a_leader_who_sees_the_fringe_sells_more_than_one_who_does_not() -> None:
    net, table = sellers(1, fringe=True)
    blind, leader = (cn.market(net, curves=table, conduct={"CHN": how}) for how in ("cournot", "leader"))
    assert (price(blind), price(leader)) == (pytest.approx(130 / 3), pytest.approx(35.0, abs=1e-5))
    assert blind.plants["output_tpa"].tolist() == pytest.approx([35 / 3, 50 / 3])
    assert leader.plants["output_tpa"].tolist() == pytest.approx([7.5, 25.0], abs=1e-5)
    profits = [found.conduct.loc["CHN", "profit_usd_per_a"] for found in (blind, leader)]
    assert profits == pytest.approx([5000 / 9, 625.0])
    assert leader.conduct.loc["CHN", "gain_usd_per_a"] <= 2e-6 * 625.0
    half = cn.market(net, curves=table, conduct={"CHN": 0.5})
    assert price(half) < price(blind)


@pytest.mark.parametrize(
    ("size", "expected", "sales", "profit"),
    [(6.0, 49.0, 19.5, 760.5), (7.5, 47.5, 18.75, 703.125), (7.7, 30.0, 35.0, 700.0), (10.0, 30.0, 35.0, 700.0)],
)
def test_a_leader_lets_a_small_entrant_in_and_floods_a_large_one(
    size: float, expected: float, sales: float, profit: float
) -> None:
    net, table = sellers(1, entrant_tpa=size)
    found = cn.market(net, curves=table, conduct={"CHN": "leader"}, run="long")
    assert price(found) == pytest.approx(expected, abs=1e-4)
    assert found.conduct.loc["CHN"].tolist()[1:3] == pytest.approx([sales, profit], rel=1e-5)
    assert found.builds.loc["entrant", "built_share"] == pytest.approx(1.0 if expected > 30.001 else 0.0, abs=1e-5)


def test_a_contract_takes_flooding_off_the_table_and_the_price_rises() -> None:
    net, table = sellers(1, entrant_tpa=10.0)
    measure = {"kind": "price_floor", "commodity": "good", "usd_per_t": 31.0, "mechanism": "cfd", "nodes": "entrant"}
    found = cn.market(net, policy=[measure], curves=table, conduct={"CHN": "leader"}, run="long")
    assert price(found) == pytest.approx(45.0, abs=1e-5)
    assert found.plants["output_tpa"].tolist() == pytest.approx([10.0, 17.5], abs=1e-4)
    assert found.welfare["treasury_usd_per_a"].sum() == 0.0


def test_the_cournot_market_of_the_example_of_pypsa() -> None:
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
    net = network(nodes, edges, demand, main_commodity="power")
    gas = [name for name in given if name.startswith("gas")]
    found = cn.market(net, curves=curves(**given), conduct=dict.fromkeys(gas, "cournot"))
    output = found.plants.loc[gas, "output_tpa"]
    assert np.mean([found.prices.loc[(f"use{hour}", "power"), "price_usd_per_t"] for hour in hours]) == pytest.approx(
        10.0, abs=5e-3
    )
    assert output.sum() == pytest.approx(10.80, abs=5e-3)
    assert (output + output**2 / 2).sum() == pytest.approx(20.73, abs=5e-3)
    assert found.conduct["profit_usd_per_a"].sum() == pytest.approx(89.37, abs=5e-3)
    assert found.demand["surplus_usd_per_a"].sum() == pytest.approx(150.66, abs=5e-3)


def test_a_seller_upstream_reckons_with_what_others_make_of_its_good() -> None:
    net, table = magnets()
    found = cn.market(net, curves=table, conduct={"ore": "cournot"})
    assert found.certificate.ok
    ore, users = found.plants.loc["ore", "output_tpa"], 0.5 / (0.3 * 1.25) ** 2
    worth = (200 - 10 - 0.3 * 15) / (0.3 * 1.25)  # of the first tonne of ore
    assert ore == pytest.approx((worth - 20) / (2 * users + 0.1))  # worth - 2 users q = 20 + 0.1 q


@pytest.mark.parametrize(
    ("conduct", "said"),
    [
        ({"CHN": "greedy"}, "unknown way to act"),
        ({"CHN": 1.5}, "a conjecture is from 0 to 1"),
        ({"use_chn": "cournot"}, "nobody who sells"),
        ({"CHN": "cournot", "mine_chn": "leader"}, "share a plant"),
        ({"CHN": "leader", "USA": "leader"}, "more than one leader"),
        ("leader", "is no mapping"),
        ({("CHN", "god"): "leader"}, "unknown commodity"),
    ],
)
def test_bad_input_is_said(conduct: Any, said: str) -> None:
    net, table = two_countries()
    with pytest.raises(cn.ChainnetError, match=said):
        cn.market(net, curves=table, conduct=conduct)


def test_a_markup_without_bound_is_refused() -> None:
    net, _ = two_countries()
    given: dict[str, Any] = {"reference_price": 50.0, "unit_cost": 40.0, "conduct": {"CHN": "cournot"}}
    for more in ({}, {"demand_elasticity": 0.5, "demand_form": "isoelastic"}):
        with pytest.raises(cn.DataError, match="has no bound"):
            cn.market(net, **given, **more)
    assert cn.market(net, **given, demand_elasticity=0.5).certificate.ok


def test_a_leader_leads_with_one_good_and_whoever_acts_sells_to_others() -> None:
    net, table = joint_product()
    with pytest.raises(cn.DataError) as told:
        cn.market(net, curves=table, conduct={"plant": "leader"})
    assert str(told.value) == ('conduct: plant sells ce, nd, and leads with one good. Name it: ("plant", "ce").')
    assert cn.market(net, curves=table, conduct={("plant", "ce"): "leader"}).conduct.index.tolist() == ["plant ce"]
    with pytest.raises(cn.DataError, match=r"^conduct: CHN sells nothing to others\. Leave it out\.$"):
        cn.market(net, curves=table, conduct={("CHN", "ore"): 0.5})
