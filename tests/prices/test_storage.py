"""Markets one after the other, joined by what is kept: worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app
from chainnet.prices import storage
from chainnet.prices._storage import _carried, _Run
from tests.market_networks import curves, network

HALF = cn.Scenario("half", [{"kind": "scale", "nodes": "mine", "share": 0.5}])
BUFFER = {
    "kind": "buffer", "node": "users", "commodity": "good", "floor_usd_per_t": 45.0, "cap_usd_per_t": 60.0,
    "room_t": 8.0, "stock_t": 1.0,
}  # fmt: skip
HERE = {"node": "users", "commodity": "good"}


def one_mine() -> tuple[cn.Network, pd.DataFrame]:
    """60 t at no cost; users 100 - q: 40 USD/t, and 70 from half of it."""
    net = network(
        [("mine", "mine", "CHN", None, 60.0), ("users", "end_use", "CHN", None, None)],
        [("mine", "users", "good", 0.0)],
        {("users", "good"): 60.0},
        main_commodity="good",
    )
    return net, curves(mine=(0, 0), users=(100, 1))


def kept(scenarios: list[Any], *policy: dict[str, Any], **more: Any) -> pd.DataFrame:
    net, table = one_mine()
    return storage(net, scenarios, list(policy), curves=table, **more)


def test_holders_carry_until_the_second_price_is_the_first_with_interest_and_cost() -> None:
    # 70 - g = 1.1 (40 + g) + 2
    found = kept([None, HALF], holding_usd_per_t=2.0, **HERE)
    assert found["price_low_usd_per_t"].tolist() == pytest.approx([360 / 7, 410 / 7])
    assert found["price_high_usd_per_t"].tolist() == pytest.approx([360 / 7, 410 / 7])
    assert found["bought_t"].tolist() == pytest.approx([80 / 7, 0.0])
    assert found["sold_t"].tolist() == pytest.approx([0.0, 80 / 7])
    assert found["stock_t"].tolist() == pytest.approx([80 / 7, 0.0])
    assert found["paid_usd"].tolist() == pytest.approx([80 / 7 * 360 / 7, -80 / 7 * 410 / 7])
    assert found["state"].tolist() == ["buys", "sells"]


def test_interest_and_flows_are_those_of_the_length_of_a_period() -> None:
    # in half a year 2 g more a year are taken: 70 - 2 g = r (40 + 2 g) + 3, r = 1.21 ** 0.5
    found = kept([None, HALF], holding_usd_per_t=3.0, months=6, rate=0.21, **HERE)
    assert found.loc[0, "stock_t"] == pytest.approx((67.0 - 1.1 * 40.0) / 4.2)
    assert found.loc[1, "price_low_usd_per_t"] == pytest.approx(1.1 * found.loc[0, "price_low_usd_per_t"] + 3.0)


def test_nothing_is_carried_where_that_would_not_pay() -> None:
    for scenarios, prices in (([HALF, None], [70.0, 40.0]), ([None, None], [40.0, 40.0])):
        found = kept(scenarios, **HERE)
        assert found["price_low_usd_per_t"].tolist() == pytest.approx(prices)
        assert found["state"].tolist() == ["idle", "idle"]
        assert found["bought_t"].tolist() == [0.0, 0.0]


@pytest.mark.long
def test_where_prices_jump_any_between_goes_with_what_is_carried() -> None:
    # 50 t at 10 and 50 at 30, users take 50; then half of each: one tonne carried would cost 30 and bring 30
    net = network(
        [("a", "mine", "CHN", None, 50.0), ("b", "mine", "CHN", None, 50.0), ("u", "end_use", "CHN", None, None)],
        [("a", "u", "good", 0.0), ("b", "u", "good", 0.0)],
        {("u", "good"): 50.0},
        main_commodity="good",
    )
    less = cn.Scenario("less", [{"kind": "scale", "nodes": "a", "share": 0.5}])
    found = storage(net, [None, less], node="u", commodity="good", curves=curves(a=(10, 0), b=(30, 0), u=(100, 0)))
    assert found.loc[0, "bought_t"] == pytest.approx(0.0, abs=1e-6)
    low, high = found.loc[0, ["price_low_usd_per_t", "price_high_usd_per_t"]]
    assert low <= 30 / 1.1 <= high


def test_at_a_jump_the_ends_of_both_sides_are_told() -> None:
    """Up to 2 t cost 10 in the first period, more 30; at 25 in the second neither pays exactly for what is carried."""

    def ends(low: float, high: float) -> dict[str, Any]:
        return {"price_low_usd_per_t": low, "price_high_usd_per_t": high}

    class Jumps:
        def run(self, carried: float) -> _Run:
            low = carried < 2.0
            rows = [ends(9.0, 10.5), ends(24.0, 26.5)] if low else [ends(29.0, 31.0), ends(23.0, 25.5)]
            return _Run(rows, [10.0 if low else 30.0, 25.0], [80.0, 80.0])

    assert _carried(Jumps(), 1.0, 0.0) == [ends(9.0, 31.0), ends(23.0, 26.5)]  # type: ignore[arg-type]
    # where carrying never pays, or nobody would carry even the first tonne, the market stays as it is
    assert _carried(Jumps(), 1.0, 15.0) == [ends(9.0, 10.5), ends(24.0, 26.5)]  # type: ignore[arg-type]
    assert _carried(Jumps(), 2.0, 5.0) == [ends(9.0, 10.5), ends(24.0, 26.5)]  # type: ignore[arg-type]


def test_a_buffer_is_filled_and_emptied_period_by_period() -> None:
    # it buys 5 t at 45; half the mine leaves 6 t sold at 64, above its cap; then it has nothing: 70
    found = kept([None, HALF, HALF, None], BUFFER)
    assert found["price_high_usd_per_t"].tolist() == pytest.approx([45.0, 64.0, 70.0, 45.0])
    assert found["bought_t"].tolist() == pytest.approx([5.0, 0.0, 0.0, 5.0])
    assert found["sold_t"].tolist() == pytest.approx([0.0, 6.0, 0.0, 0.0])
    assert found["stock_t"].tolist() == pytest.approx([6.0, 0.0, 0.0, 5.0])
    assert found["room_t"].tolist() == pytest.approx([3.0, 9.0, 9.0, 4.0])
    assert found["paid_usd"].tolist() == pytest.approx([225.0, -384.0, 0.0, 225.0])
    assert found["state"].tolist() == ["buys", "empty", "empty", "buys"]
    assert found["held"].tolist() == [True, False, False, True]
    full = kept([None] * 3, BUFFER)  # room for 5, then 3, then nothing
    assert full["price_low_usd_per_t"].tolist() == pytest.approx([45.0, 43.0, 40.0])
    assert full["state"].tolist() == ["buys", "full", "full"]


def test_a_buffer_over_months_takes_in_a_part_of_a_year_at_a_time() -> None:
    found = kept([None, None, HALF, HALF], BUFFER, months=6)
    assert found["stock_t"].tolist() == pytest.approx([3.5, 6.0, 1.0, 0.0])
    assert found["price_low_usd_per_t"].tolist() == pytest.approx([45.0, 45.0, 60.0, 68.0])
    assert found["state"].tolist() == ["buys", "buys", "sells", "empty"]


def test_the_first_period_is_the_market_of_a_year() -> None:
    net, table = one_mine()
    row = cn.market(net, policy=[BUFFER], curves=table).policies.iloc[0]
    first = kept([None, HALF], BUFFER).iloc[0]
    assert (first["bought_t"], first["paid_usd"]) == (row["tonnes_tpa"], -row["treasury_usd_per_a"])


def test_holders_keep_the_main_commodity_where_none_is_named() -> None:
    named, default = (kept([None, HALF], BUFFER, **here) for here in (HERE, {"node": HERE["node"]}))
    pd.testing.assert_frame_equal(named, default)


def test_a_buffer_stands_beside_holders() -> None:
    # it buys nothing at 45, for 40 + g lies above, and sells its one tonne above 55: 69 - g = 1.1 (40 + g)
    rows = kept([None, HALF], {**BUFFER, "cap_usd_per_t": 55.0}, **HERE).set_index(["holder", "period"])
    assert rows.loc[("holders", 1), "bought_t"] == pytest.approx(25 / 2.1)
    assert rows.loc[("holders", 2), "price_low_usd_per_t"] == pytest.approx(69 - 25 / 2.1)
    assert rows.loc[("measure 1", 2), "state"] == "empty"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scenarios": [None]}, "one period has nothing"),
        ({"scenarios": [None, "no_such"]}, "no_such"),
        ({"policy": []}, "has no buffer stock"),
        ({"policy": "buffer"}, "is no Scenario and no list"),
        ({"policy": [{**BUFFER, "cap_usd_per_t": 9.0}]}, "is below floor_usd_per_t"),
        ({"commodity": HERE["commodity"]}, "holders keep one commodity at one node over two periods"),
        ({**HERE, "scenarios": [None, HALF, None]}, "holders keep one commodity at one node over two periods"),
        ({**HERE, "node": "mars"}, "mars"),
        ({**HERE, "commodity": "god"}, "unknown commodity"),
        ({**HERE, "holding_usd_per_t": -1.0}, "holding_usd_per_t: -1.0 is out of range"),
        ({"months": 0}, "months: 0"),
    ],
)
def test_bad_input_is_said_in_one_sentence(given: dict[str, Any], said: str) -> None:
    net, table = one_mine()
    asked = {"scenarios": [None, HALF], "policy": [BUFFER], "curves": table} | given
    with pytest.raises(cn.ChainnetError, match=said):
        storage(net, asked.pop("scenarios"), asked.pop("policy"), **asked)


def test_it_is_asked_from_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        '[[measures]]\nkind = "buffer"\nnode = "USE"\ncommodity = "magnet"\nfloor_usd_per_t = 60000.0\n'
        "cap_usd_per_t = 70000.0\nroom_t = 10.0\n"
    )
    asked = [
        "storage",
        "mag-9",
        "--period",
        "baseline",
        "--period",
        "china_out",
        "--policy",
        str(file),
        "--months",
        "6",
    ]
    prices = ["--reference", "magnet=50000", "--reference", "ndpr=60000", "--reference", "dy=300000"]
    found = CliRunner().invoke(app, [*asked, *prices, "--demand-elasticity", "0.5", "--format", "json"])
    assert found.exit_code == 0, found.output
    rows = json.loads(found.stdout)["tables"]["storage"]
    assert [row["state"] for row in rows] == ["full", "empty"]
    assert [row["stock_t"] for row in rows] == [10.0, 0.0]
