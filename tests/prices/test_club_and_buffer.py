"""Buyers' clubs and buffer stocks: worked out by hand, against a second program, and when they change nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app
from tests.market_networks import CHN, USA, next_product, random_market, small_country, solved_elsewhere, two_countries

BOTH = {"country": ["CHN", "USA"]}
CLUB = {"kind": "club", "to": USA, "node": "use_usa", "commodity": "good", "tpa": 7.0, "usd_per_t": 70.0}
BUFFER = {"kind": "buffer", "node": "use_usa", "commodity": "good", "floor_usd_per_t": 50.0, "cap_usd_per_t": 60.0}
FULL, EMPTY = {"room_t": 10.0}, {"stock_t": 10.0}


def cleared(asked: tuple[cn.Network, pd.DataFrame], *policy: dict[str, Any], **more: Any) -> Any:
    found = cn.market(asked[0], policy=list(policy), curves=asked[1], **more)
    assert found.certificate.ok
    assert max(found.certificate.arbitrage, found.certificate.policy, found.certificate.money) <= 1e-8
    return found


def price(found: Any, node: str, good: str = "good") -> float:
    return float(found.prices.loc[(node, good), "price_usd_per_t"])


def unchanged(found: Any, free: Any) -> bool:
    names = ("prices", "flows", "demand", "plants", "welfare")
    return all(found.tables()[name].to_csv() == free.tables()[name].to_csv() for name in names)


# -- a club --------------------------------------------------------------------------------------------


def test_a_club_in_a_small_country() -> None:
    # the price stays 54; use is 50 (96 - s), and 500 t cost 27,000: s = 6 (the other root, 90, is not the least)
    club = {**CLUB, "node": "users", "tpa": 500.0, "usd_per_t": 55.0}
    found = cleared(small_country(), club)
    row = found.policies.iloc[0]
    assert row[["usd_per_t", "tonnes_tpa", "treasury_usd_per_a"]].tolist() == pytest.approx([6.0, 500.0, 0.0])
    assert row["binds"]
    assert found.demand[["served_tpa", "price_usd_per_t"]].to_numpy().tolist() == [pytest.approx([4500.0, 60.0])]
    home = found.welfare.loc["USA"]
    assert home.tolist() == pytest.approx([4500**2 * 0.02 / 2, 4900.0, 0.0, 27_000.0, 234_400.0])
    assert found.flows["flow_tpa"].tolist() == pytest.approx([700.0, 4300.0])


def test_a_club_that_raises_the_price_it_pays() -> None:
    # world and home sell 2 p - 80 and p / 2 - 15, users take 97.5 - p - s: p = (199.5 - s) / 3.5, s (97.5 - p - s) = 7 p
    surcharge = min(np.roots([-2.5 / 3.5, 97.5 - 57.0 + 2.0, -7.0 * 57.0]).real)
    found = cleared(two_countries(), CLUB)
    assert found.policies.loc[0, "usd_per_t"] == pytest.approx(surcharge)
    assert price(found, "use_usa") == pytest.approx((199.5 - surcharge) / 3.5)
    assert found.welfare.loc["CHN", "stock_usd_per_a"] == 0.0


def test_a_club_pays_for_what_it_buys_to_the_cent_and_each_owns_what_its_users_paid() -> None:
    found = cleared(two_countries(), {**CLUB, "to": BOTH})
    surcharge, tonnes = found.policies.loc[0, ["usd_per_t", "tonnes_tpa"]]
    use = found.demand.set_index("node")["served_tpa"]
    assert surcharge * use.sum() == pytest.approx(tonnes * price(found, "use_usa"), abs=5e-3)
    stock = found.welfare["stock_usd_per_a"]
    assert stock[["CHN", "USA"]].tolist() == pytest.approx((surcharge * use[["use_chn", "use_usa"]]).tolist())
    assert (found.welfare["treasury_usd_per_a"] == 0).all()
    paid = found.demand.set_index("node")["price_usd_per_t"]
    assert paid["use_chn"] == pytest.approx(price(found, "use_chn") + surcharge)


def test_the_feed_of_a_maker_is_use_too() -> None:
    # oxide stays 50; 0.3 t of it goes into each of 1,000 - 30 s magnets, and 40 t cost 2,000: 9 s^2 - 300 s + 2,000 = 0
    club = {"kind": "club", "to": USA, "node": "home_oxide", "commodity": "oxide", "tpa": 40.0, "usd_per_t": 60.0}
    found = cleared(next_product(), club)
    surcharge = (300.0 - np.sqrt(90_000.0 - 72_000.0)) / 18.0
    assert found.policies.loc[0, "usd_per_t"] == pytest.approx(surcharge)
    maker = found.plants.loc["maker"]
    assert maker[["output_tpa", "paid_usd_per_t"]].tolist() == pytest.approx(
        [1000.0 - 30.0 * surcharge, -0.3 * surcharge]
    )
    assert found.welfare.loc["USA", "stock_usd_per_a"] == pytest.approx(2000.0)


def test_a_club_beside_a_floor_in_any_order() -> None:
    club = {"kind": "club", "to": USA, "commodity": "oxide", "tpa": 10.0, "usd_per_t": 60.0}  # where it costs least
    floor = {"kind": "price_floor", "to": USA, "commodity": "oxide", "usd_per_t": 52.0}
    one, two = cleared(next_product(), club, floor), cleared(next_product(), floor, club)
    rows = one.policies.set_index("kind")["usd_per_t"]
    assert two.policies.set_index("kind")["usd_per_t"][rows.index].tolist() == pytest.approx(rows.tolist())
    made = (45.0 - 20.0 - 0.3 * (52.0 + rows["club"])) / 0.01
    assert 0.3 * made * rows["club"] == pytest.approx(520.0)
    assert bool(one.policies.loc[1, "held"])


def test_a_club_that_its_members_cannot_pay_says_so() -> None:
    # no surcharge brings more than 48 x 50 x 48 = 115,200, which pays for 2,133 t
    club = {**CLUB, "node": "users", "usd_per_t": 55.0}
    assert cleared(small_country(), {**club, "tpa": 2133.0}).policies.loc[0, "usd_per_t"] == pytest.approx(47.4)
    with pytest.raises(cn.DataError, match="no surcharge on what its members use pays for it"):
        cn.market(small_country()[0], policy=[{**club, "tpa": 2134.0}], curves=small_country()[1])
    with pytest.raises(cn.DataError, match="no surcharge on what its members use"):  # they use none
        cn.market(two_countries()[0], policy=[{**CLUB, "to": {"country": "JPN"}}], curves=two_countries()[1])


# -- a buffer stock ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "at", "tonnes", "state", "held"),
    [  # 3.5 p = 192.5 + what is bought
        ({"floor_usd_per_t": 57.0, "cap_usd_per_t": 80.0, **FULL, **EMPTY}, 57.0, 7.0, "buys", True),
        ({"floor_usd_per_t": 58.0, "cap_usd_per_t": 80.0, "room_t": 3.5}, 56.0, 3.5, "full", False),
        ({"floor_usd_per_t": 57.0, "cap_usd_per_t": 80.0, "room_t": 7.0}, 57.0, 7.0, "full", True),
        ({"floor_usd_per_t": 40.0, "cap_usd_per_t": 53.0, **FULL, **EMPTY}, 53.0, -7.0, "sells", True),
        ({"floor_usd_per_t": 40.0, "cap_usd_per_t": 52.0, "stock_t": 3.5}, 54.0, -3.5, "empty", False),
        ({"floor_usd_per_t": 60.0, "cap_usd_per_t": 80.0, "stock_t": 3.5}, 55.0, 0.0, "full", False),
        ({"floor_usd_per_t": 40.0, "cap_usd_per_t": 50.0, "room_t": 3.5}, 55.0, 0.0, "empty", False),
        ({"floor_usd_per_t": 57.0, "cap_usd_per_t": 57.0, **FULL, **EMPTY}, 57.0, 7.0, "buys", True),
    ],
)
def test_a_buffer_holds_its_prices_until_it_is_full_or_empty(
    given: dict[str, float], at: float, tonnes: float, state: str, held: bool
) -> None:
    found = cleared(two_countries(), {**BUFFER, **given})
    row = found.policies.iloc[0]
    assert price(found, "use_usa") == pytest.approx(at, abs=1e-9)
    assert row[["tonnes_tpa", "treasury_usd_per_a"]].tolist() == pytest.approx([tonnes, -at * tonnes])
    assert row["usd_per_t"] == pytest.approx(at if tonnes else 0.0)
    assert (row["state"], bool(row["held"]), bool(row["binds"])) == (state, held, tonnes != 0)
    home = found.welfare.loc["USA"]
    assert home[["treasury_usd_per_a", "stock_usd_per_a"]].tolist() == pytest.approx([-at * tonnes, at * tonnes])


def test_a_buffer_of_several_places_buys_where_it_is_cheapest_and_shares_its_room() -> None:
    given = {"to": BOTH, "floor_usd_per_t": 52.0, "cap_usd_per_t": 80.0}
    wide = {key: value for key, value in BUFFER.items() if key != "node"} | given
    found = cleared(two_countries(), {**wide, "room_t": 20.0})
    assert (price(found, "use_chn"), found.policies.loc[0, "tonnes_tpa"]) == pytest.approx((52.0, 7.0))
    assert found.welfare.loc["CHN", "stock_usd_per_a"] == pytest.approx(7.0 * 52.0)
    full = cleared(two_countries(), {**wide, "room_t": 3.5})
    assert (price(full, "use_chn"), full.policies.loc[0, "tonnes_tpa"]) == pytest.approx((51.0, 3.5))
    assert (full.policies.loc[0, "state"], bool(full.policies.loc[0, "held"])) == ("full", False)


# -- when they change nothing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "measure",
    [
        {**BUFFER, **FULL, **EMPTY},
        {**BUFFER, **FULL, **EMPTY, "floor_usd_per_t": 55.0},
        {**BUFFER, **FULL, **EMPTY, "cap_usd_per_t": 55.0},
        {**CLUB, "usd_per_t": 55.0},
        {"kind": "purchase", "node": "use_usa", "commodity": "good", "tpa": 9.0, "usd_per_t": 54.0},
    ],
)
def test_what_no_price_calls_for_changes_nothing_at_all(measure: dict[str, Any]) -> None:
    free, found = cleared(two_countries()), cleared(two_countries(), measure)
    assert unchanged(found, free)
    assert not found.policies.loc[0, "binds"]
    assert found.policies.loc[0, ["usd_per_t", "tonnes_tpa", "treasury_usd_per_a"]].tolist() == [0.0, 0.0, 0.0]


def test_a_shipped_chain_with_bent_costs_is_left_as_it_is() -> None:
    net = cn.read("gallium")
    given: dict[str, Any] = {"demand_elasticity": 0.2, "supply_elasticity": 0.2}
    free = cn.market(net, **given)
    wide = {"kind": "buffer", "to": {"country": "bloc_2026"}, "commodity": "ga_primary", "room_t": 9, "stock_t": 4}
    found = cn.market(net, policy=[{**wide, "floor_usd_per_t": 1.0, "cap_usd_per_t": 1e8}], **given)
    assert unchanged(found, free)
    club = {"kind": "club", "to": {"country": "bloc_2026"}, "commodity": "ga_primary", "tpa": 9.0, "usd_per_t": 1e6}
    paid = cn.market(net, policy=[club], **given)
    assert paid.certificate.ok
    assert paid.policies.loc[0, "tonnes_tpa"] == pytest.approx(9.0)
    change = (paid.welfare - free.welfare).sum()
    assert change["total_usd_per_a"] - change["stock_usd_per_a"] < 0  # what is bought is worth its price at the most


def test_balance_and_stress_test_do_nothing_with_them() -> None:
    net, _ = small_country()
    club, buffer = {**CLUB, "node": "users"}, {**BUFFER, **FULL, "node": "users"}
    scenario = cn.Scenario("policy", [club, buffer])
    assert cn.balance(net, scenario).demand.to_csv() == cn.balance(net).demand.to_csv()
    tables = [cn.stress_test(net, one).summary.to_csv() for one in (scenario, cn.Scenario("policy"))]
    assert tables[0] == tables[1]


# -- a second program ----------------------------------------------------------------------------------


def agrees(seed: int) -> None:
    net, table = random_market(seed)
    free = cleared((net, table))
    served = free.demand[free.demand["served_tpa"] > 1.0]
    if served.empty:
        return
    user, good, size = served.iloc[0][["node", "commodity", "served_tpa"]]
    now, rng = price(free, user, good), np.random.default_rng(seed)
    country = net.nodes.set_index("id").loc[user, "country"]
    at = {"node": user, "commodity": good}
    club = {"kind": "club", "to": {"country": country}, **at, "tpa": 0.1 * size * rng.uniform(0.1, 1.0)}
    club["usd_per_t"] = now * rng.uniform(1.02, 1.5)
    low = now * rng.uniform(0.8, 1.2)
    buffer = {"kind": "buffer", **at, "floor_usd_per_t": low, "cap_usd_per_t": low * rng.uniform(1.0, 1.1)}
    buffer |= {"room_t": size * rng.uniform(0.0, 0.5), "stock_t": size * rng.uniform(0.0, 0.5)}
    for measure in (club, buffer):
        try:
            found = cleared((net, table), measure)
        except cn.DataError:
            assert measure is club
            assert all(falls_short(net, table, club, surcharge) for surcharge in np.linspace(0.0, 600.0, 40)[1:])
            continue
        row, money = found.policies.iloc[0], found.welfare.drop(columns="total_usd_per_a").sum()
        worth = money.sum() - money["stock_usd_per_a"]
        if measure is club:
            near = net.nodes.loc[net.nodes["country"] == country, "id"]
            own = found.demand[found.demand["node"].isin(near)]["served_tpa"].sum()
            assert own * row["usd_per_t"] == pytest.approx(row["tonnes_tpa"] * price(found, user, good), abs=5e-3)
            trades = [(user, good, 1, club["tpa"], club["usd_per_t"])]
            charged = dict.fromkeys(near, row["usd_per_t"])
            worth += club["usd_per_t"] * row["tonnes_tpa"] - row["usd_per_t"] * own
        else:
            trades = [
                (user, good, 1, buffer["room_t"], low),
                (user, good, -1, buffer["stock_t"], buffer["cap_usd_per_t"]),
            ]
            charged = {}
            worth += (low if row["tonnes_tpa"] > 0 else buffer["cap_usd_per_t"]) * row["tonnes_tpa"]
        value, prices = solved_elsewhere(net, table, trades, charged)
        assert worth >= value - 1e-6 * abs(value) - 1e-4
        assert worth == pytest.approx(value, rel=1e-4, abs=1e-4)
        if abs(worth - value) <= 1e-6 * abs(value):
            ends, near_usd = found.prices.loc[(user, good)], 1e-3 * abs(prices[user, good])
            assert ends["price_low_usd_per_t"] - near_usd <= prices[user, good]
            assert prices[user, good] <= ends["price_high_usd_per_t"] + near_usd


def falls_short(net: cn.Network, table: pd.DataFrame, club: dict[str, Any], surcharge: float) -> bool:
    """Return whether a surcharge brings less than the same purchase costs, its users wanting so much less."""
    own = net.nodes.loc[(net.nodes["country"] == club["to"]["country"]) & (net.nodes["stage"] == "end_use"), "id"]
    less = table["intercept_usd_per_t"].astype(float) - surcharge * table["node"].isin(own)
    buy = {key: value for key, value in club.items() if key != "to"} | {"kind": "purchase"}
    found = cleared((net, table.assign(intercept_usd_per_t=less.clip(lower=0.0))), buy)
    use = found.demand.loc[found.demand["node"].isin(own), "served_tpa"].sum()
    return bool(surcharge * use < -found.policies.loc[0, "treasury_usd_per_a"])


@pytest.mark.filterwarnings("ignore:Singular Jacobian")
@pytest.mark.parametrize("seed", range(8))
def test_random_markets_agree_with_another_program(seed: int) -> None:
    agrees(seed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Singular Jacobian")
@pytest.mark.parametrize("seed", range(8, 108))
def test_more_random_markets_agree_with_another_program(seed: int) -> None:
    agrees(seed)


# -- beside other measures -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:market. .* prices are not known")
def test_what_is_bought_where_goods_are_tracked_may_be_of_any_origin_and_what_is_sold_is_free() -> None:
    net, table = two_countries()
    defence = net.demand.iloc[[1]].assign(tier="defence", demand_tpa=5.0)
    more = cn.Network(
        nodes=net.nodes, edges=net.edges, demand=pd.concat([net.demand, defence]), main_commodity="good", name="toy"
    )
    ban = cn.Scenario("ban", [{"kind": "restrict", "from": CHN, "to": USA, "tier": "defence"}])
    # China alone sells to civilians: 2 p - 80 = 97.5 - p + 6; the home mine to the forces: (p - 30) / 2 = 97.5 - p
    found = cleared(
        (more, table), {"kind": "purchase", "node": "use_usa", "commodity": "good", "tpa": 6.0}, scenario=ban
    )
    assert found.policies.loc[0, ["usd_per_t", "tonnes_tpa"]].tolist() == pytest.approx([183.5 / 3, 6.0])
    # the forces buy what is sold, for nobody else pays as much: (p - 30) / 2 = 97.5 - p - 5
    sold = cleared((more, table), {**BUFFER, "stock_t": 5.0, "floor_usd_per_t": 1.0}, scenario=ban)
    assert price(sold, "mine_usa") == pytest.approx(215 / 3)
    assert sold.policies.loc[0, ["usd_per_t", "tonnes_tpa"]].tolist() == pytest.approx([215 / 3, -5.0])


def test_a_quota_says_what_comes_in_as_the_next_product() -> None:
    # 0.3 t of oxide goes into each of 2,500 - 30 p magnets; home makes 5 p - 200 and 20 t come: p = 930 / 14
    leak = cleared(next_product(), {"kind": "quota", "to": USA, "commodity": "oxide", "tpa": 20.0}).leaks.iloc[0]
    more = 1000.0 - (2500.0 - 30.0 * 930.0 / 14.0)
    assert leak["imports_change_tpa"] == pytest.approx(more)
    assert leak["share"] == pytest.approx(0.3 * more / 230.0)
    stop = cleared(next_product(), {"kind": "quota", "to": USA, "commodity": "oxide", "tpa": 0.0}).leaks.iloc[0]
    assert stop[["imports_change_tpa", "share"]].tolist() == pytest.approx([535.714286, 0.3 * 535.714286 / 250.0])


def test_draws_say_what_a_purchase_costs() -> None:
    buy = {"kind": "purchase", "node": "users", "commodity": "good", "tpa": 10.0}
    given: dict[str, Any] = {"reference_price": 54.0, "unit_cost": {"world": (50.0, 58.0), "home": 90.0}}
    found = cn.market(small_country()[0], policy=[buy], demand_elasticity=0.5, draws=5, **given)
    rows = found.ranges.set_index("quantity")
    assert rows.loc["measure 1 treasury_usd_per_a", "p50"] == pytest.approx(
        -10 * rows.loc["measure 1 usd_per_t", "p50"]
    )


# -- from a file, and what is refused ------------------------------------------------------------------

FILE = """
[[measures]]
kind = "club"
to = {country = "bloc_2026"}
commodity = "ga_primary"
tpa = 5.0
usd_per_t = 900000.0

[[measures]]
kind = "buffer"
to = {country = "bloc_2026"}
commodity = "ga_refined"
floor_usd_per_t = 100.0
cap_usd_per_t = 9000000.0
room_t = 4.0
stock_t = 2.0
"""


def test_both_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(FILE)
    asked = ["market", "gallium", "--policy", str(file), "--demand-elasticity", "0.2", "--supply-elasticity", "0.2"]
    found = CliRunner().invoke(app, [*asked, "--format", "json"])
    assert found.exit_code == 0, found.output
    rows = json.loads(found.stdout)["tables"]["policies"]
    assert [(row["kind"], row["tonnes_tpa"], row["state"]) for row in rows] == [
        ("club", pytest.approx(5.0, rel=1e-12), ""),
        ("buffer", 0.0, "idle"),
    ]


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ({**CLUB, "tpa": -1.0}, "tpa.*must be a number, 0 or more"),
        ({key: value for key, value in CLUB.items() if key != "tpa"}, "tpa.*is missing"),
        ({key: value for key, value in CLUB.items() if key != "to"}, "names nothing to club. Give to"),
        ({key: value for key, value in CLUB.items() if key != "commodity"}, "give the commodity"),
        ({**CLUB, "to": {"country": "XXX"}}, "XXX"),
        ({**CLUB, "node": "mine_mars"}, "mine_mars"),
        ({**CLUB, "node": "mine_usa", "commodity": "god"}, "unknown commodity"),
        ({**CLUB, "rate": 0.1}, "unknown key of club"),
        ({**BUFFER, **FULL, "cap_usd_per_t": 49.0}, "cap_usd_per_t.*is below floor_usd_per_t, 50"),
        ({**BUFFER, "room_t": -1.0}, "room_t.*must be a number, 0 or more"),
        ({**BUFFER, "stock_t": "much"}, "stock_t.*must be a number, 0 or more"),
        ({**BUFFER}, "room_t.*is missing, and stock_t too"),
        ({key: value for key, value in {**BUFFER, **FULL}.items() if key != "cap_usd_per_t"}, "cap_usd_per_t.*is missing"),
        ({**BUFFER, **FULL, "to": USA}, "must have either node or to"),
        ({**BUFFER, **FULL, "node": ["a", "b"]}, "must be the id of one node"),
        ({**BUFFER, **FULL, "commodity": ["good", "bad"]}, "bad"),
    ],
)  # fmt: skip
def test_bad_input_is_said_in_one_sentence(measure: dict[str, Any], said: str) -> None:
    net, table = two_countries()
    with pytest.raises(cn.ChainnetError, match=said):
        cn.market(net, policy=[measure], curves=table)
