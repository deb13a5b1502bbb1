"""Answers to a policy, against markets worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainnet as cn
from chainnet.prices import best_reply
from chainnet.prices._conduct import Tried, best_number
from chainnet.prices._reply import _best, _said
from tests.market_networks import CHN, USA, curves, network, two_countries
from tests.prices.test_conduct import sellers

ANSWERS = ["nothing", "export tax", "quota", "stop", "flood"]
CELLS = ["player_total_usd_per_a", "members_total_usd_per_a", "others_total_usd_per_a"]


def floor(usd: float) -> list[dict[str, Any]]:
    return [{"kind": "price_floor", "to": USA, "commodity": "good", "usd_per_t": usd}]


def three_countries() -> tuple[cn.Network, pd.DataFrame]:
    """China 10 + q up to 60 t, and 60 - q; USA and Germany 30 + 2q and 97.5 - q each; transport 5."""
    places = {"chn": "CHN", "usa": "USA", "deu": "DEU"}
    nodes: list[tuple[Any, ...]] = [
        (f"mine_{name}", "mine", code, None, 60.0 if name == "chn" else None) for name, code in places.items()
    ]
    nodes += [(f"use_{name}", "end_use", code, None, None) for name, code in places.items()]
    edges = [(f"mine_{name}", f"use_{name}", "good", 0.0) for name in places]
    edges += [("mine_chn", f"use_{name}", "good", 5.0) for name in ("usa", "deu")]
    net = network(nodes, edges, {(f"use_{name}", "good"): 10.0 for name in places}, main_commodity="good")
    both = {f"mine_{name}": (30.0, 2.0) for name in ("usa", "deu")} | {
        f"use_{name}": (97.5, 1.0) for name in ("usa", "deu")
    }
    return net, curves(mine_chn=(10, 1), use_chn=(60, 1), **both)


def told(found: Any, policy: str) -> pd.DataFrame:
    assert found.certificate.ok
    assert found.table["residual"].max() <= 1e-8
    table: pd.DataFrame = found.table[found.table["policy"] == policy].set_index("answer")
    return table


@pytest.mark.long
def test_a_floor_at_the_border_invites_a_tax_that_takes_the_levy() -> None:
    net, table = two_countries()
    net = net.with_table("nodes", net.nodes.assign(capacity_tpa=[60.0, np.nan, np.nan, np.nan]))
    found = best_reply(
        net, {"low": floor(40.0), "50": floor(50.0), "65": floor(65.0)}, "CHN", "good", to="USA", curves=table
    )
    free, low, middle, high = (told(found, name) for name in ("none", "low", "50", "65"))
    # 1 a tax and a quota at home are one thing: 12.727 USD/t, or 19.09 t
    assert free.index.tolist() == ANSWERS
    assert free["exports_tpa"].tolist() == pytest.approx([30.0, 210 / 11, 210 / 11, 0.0, 42.0], abs=1e-4)
    assert free["usd_per_t"].tolist() == pytest.approx(
        [np.nan, 140 / 11, 140 / 11, np.nan, 28.0], abs=1e-3, nan_ok=True
    )
    assert free["player_total_usd_per_a"].tolist() == pytest.approx(
        [850.0, 959.0909091, 959.0909091, 625.0, 282.0], abs=2e-2
    )
    assert free["members_total_usd_per_a"].tolist() == pytest.approx(
        [1059.375, 880.8626033, 880.8626033, 759.375, 1347.375], abs=2e-2
    )
    assert free["price_usd_per_t"].tolist() == pytest.approx([55.0, 685 / 11, 685 / 11, 75.0, 47.0], abs=1e-3)
    assert free.loc["export tax", "gap_usd_per_a"] == 0.0
    # 2 a floor below every price changes no cell; one that only the flood meets changes that cell alone
    compared = [*CELLS, "exports_tpa", "price_usd_per_t"]
    assert np.allclose(low[compared], free[compared], atol=1e-4)
    assert np.allclose(middle.loc[ANSWERS[:4], compared], free.loc[ANSWERS[:4], compared], atol=1e-4)
    assert middle.loc["flood", ["price_usd_per_t", "levy_usd_per_t", "usd_per_t"]].tolist() == pytest.approx(
        [50.0, 7.5, 32.5], abs=1e-3
    )
    # 3 a floor above the best tax's price: the tax rises until the levy is gone
    assert high["levy_usd_per_t"].tolist() == pytest.approx([17.5, 0.0, 0.0, 0.0, 45.0], abs=1e-3)
    assert high["player_total_usd_per_a"].tolist()[:4] == pytest.approx([681.25, 943.75, 943.75, 625.0], abs=1e-3)
    assert high.loc["export tax", "usd_per_t"] == pytest.approx(17.5, abs=1e-4)
    assert high.loc["export tax", "members_change_usd_per_a"] == pytest.approx(-225.0, abs=1e-3)
    assert high["held"].tolist() == [True, True, True, False, True]
    assert found.best["answer"].tolist() == ["export tax", "quota"] * 4
    assert (
        "Under 65, the best reply of China in good is an export tax of USD 17.5/t or an export quota of 15 t/yr"
        in found.sentence
    )
    # 943.75 less 850, a half that rounding may put either way
    assert "15 t/yr: China +USD 93." in found.sentence
    assert ", the members -USD 225 and third countries +USD 0 a year" in found.sentence


def test_third_countries_gain_by_a_floor_of_others_and_lose_by_the_answer() -> None:
    net, table = three_countries()
    found = best_reply(net, floor(65.0), "CHN", "good", to="USA", curves=table)
    free, held = told(found, "none"), told(found, "policy")

    def total(price: float) -> float:
        return (97.5 - price) ** 2 / 2 + (price - 30.0) ** 2 / 4

    assert free.loc["nothing", CELLS[1:]].tolist() == pytest.approx([total(61.0)] * 2)
    assert free.loc["stop", CELLS[1:]].tolist() == pytest.approx([total(75.0)] * 2)
    # what Germany imports once the USA take 15 t at 65: 2 p - 70 = 15 + 112.5 - 1.5 (p + 5)
    assert held.loc["nothing", "others_total_usd_per_a"] == pytest.approx(total(190 / 3.5 + 5.0))
    assert held.loc["nothing", "others_change_usd_per_a"] > 0 > held.loc["export tax", "others_change_usd_per_a"]


@pytest.mark.parametrize(("size", "sales", "total"), [(6.0, 19.5, 760.5), (10.0, 35.0, 700.0)])
def test_a_quota_lets_a_small_entrant_in_and_keeps_a_large_one_out(size: float, sales: float, total: float) -> None:
    net, table = sellers(1, entrant_tpa=size)
    free = told(best_reply(net, None, "CHN", "good", to="USA", curves=table, run="long"), "none")
    assert free.loc[["export tax", "quota"], "player_total_usd_per_a"].tolist() == pytest.approx([total] * 2, abs=1e-3)
    assert free.loc["quota", "exports_tpa"] == pytest.approx(sales, abs=1e-4)
    assert free["built_tpa"].tolist() == pytest.approx([0.0, *[size if size < 7 else 0.0] * 2, size], abs=1e-4)
    if size > 7:  # a contract takes that away, and the price is higher than with the entrant kept out
        contract = {
            "kind": "price_floor",
            "commodity": "good",
            "usd_per_t": 31.0,
            "mechanism": "cfd",
            "nodes": "entrant",
        }
        paid = told(best_reply(net, [contract], "CHN", "good", to="USA", curves=table, run="long"), "policy")
        assert paid.loc["quota", ["exports_tpa", "price_usd_per_t"]].tolist() == pytest.approx([17.5, 45.0], abs=1e-3)


@pytest.mark.parametrize("seed", range(2))
def test_no_size_tried_pays_more_than_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net, _ = two_countries()
    net = net.with_table("nodes", net.nodes.assign(capacity_tpa=[float(rng.uniform(20, 60)), 15.0, np.nan, np.nan]))
    given = curves(
        mine_chn=(10, 0), mine_usa=(rng.uniform(20, 60), 2), use_chn=(60, 1), use_usa=(rng.uniform(80, 120), 1)
    )
    usd = float(rng.uniform(50, 80))
    found = told(best_reply(net, floor(usd), "CHN", "good", to="USA", curves=given), "policy")
    total = found["player_total_usd_per_a"]
    assert total["export tax"] >= total["nothing"] - 1e-6
    assert total.max() >= total["nothing"]
    out = {"from": CHN, "commodity": "good"}
    for part in np.linspace(0.0, 1.0, 7):
        for answer, measure in (
            ("export tax", {"kind": "export_tax", **out, "usd_per_t": 60.0 * part}),
            ("quota", {"kind": "quota", **out, "tpa": 60.0 * part}),
        ):
            tried = cn.market(net, policy=[*floor(usd), measure], curves=given).welfare.loc["CHN", "total_usd_per_a"]
            assert tried <= total[answer] + 1e-4 * abs(total[answer])


def test_at_a_step_a_quota_a_hair_below_it_takes_all_that_a_tax_takes() -> None:
    """Users take 40 t whatever it costs up to 90; China makes it at 10, others from 70 on: the best tax is 60."""
    net = network(
        [
            ("mine", "mine", "CHN", None, None),
            ("other", "mine", "USA", None, None),
            ("use", "end_use", "USA", None, None),
        ],
        [("mine", "use", "good", 0.0), ("other", "use", "good", 0.0)],
        {("use", "good"): 40.0},
        main_commodity="good",
    )
    table = told(
        best_reply(net, None, "CHN", "good", to="USA", curves=curves(mine=(10, 0), other=(70, 0), use=(90, 0))), "none"
    )
    assert table.loc[["export tax", "quota"], "player_total_usd_per_a"].tolist() == pytest.approx(
        [2400.0] * 2, rel=1e-5
    )
    assert table.loc[["export tax", "quota"], "usd_per_t"].tolist() == pytest.approx([60.0] * 2, rel=1e-5)
    assert table["is_best"].tolist()[:3] == [False, True, True]


def test_one_who_is_too_small_to_move_a_price_does_nothing() -> None:
    net = network(
        [
            ("mine", "mine", "CHN", None, 10.0),
            ("world", "mine", "AUS", None, None),
            ("users", "end_use", "USA", None, None),
        ],
        [("mine", "users", "good", 0.0), ("world", "users", "good", 0.0)],
        {("users", "good"): 50.0},
        main_commodity="good",
    )
    given = curves(mine=(10, 1), world=(54, 0), users=(150, 1))
    found = best_reply(net, None, "CHN", "good", to="USA", curves=given)
    assert "the best reply of China in good is nothing" in found.sentence
    assert found.best["answer"].tolist() == ["nothing"]


def test_of_equal_answers_nothing_alone_is_best() -> None:
    """Under each policy what is within a millionth of the span of the largest total; spans and policies differ."""
    rows = [
        ("none", "nothing", 5.0), ("none", "export tax", 9.0), ("none", "quota", 9.0 - 3e-6), ("none", "stop", 5.0),
        ("floor", "export tax", 70.0), ("floor", "nothing", 70.0 - 6e-5), ("floor", "stop", 0.0),
        ("club", "quota", 1.0), ("club", "nothing", 1.0 - 2e-6), ("club", "stop", 0.0),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["policy", "answer", "player_total_usd_per_a"])
    best = table[_best(table)]
    assert list(zip(best["policy"], best["answer"], strict=True)) == [
        ("none", "export tax"),
        ("none", "quota"),
        ("floor", "nothing"),
        ("club", "quota"),
    ]


def test_every_answer_has_its_words() -> None:
    def said(policy: str, player: str, *answers: str, change: float = -2e6) -> str:
        row = {"usd_per_t": 12.0, "exports_tpa": 34.0, "player_change_usd_per_a": change}
        row |= {"members_change_usd_per_a": 5.0, "others_change_usd_per_a": -7.0}
        table = pd.DataFrame([{"answer": answer, **row} for answer in answers])
        return _said(player, "raw_good", policy, table)

    end = "a year, against the market with neither, at the elasticities assumed."
    assert said("none", "CHN", "nothing", change=0.0) == (
        "Without a policy, the best reply of China in raw good is nothing: "
        f"China +USD 0, the members +USD 5 and third countries -USD 7 {end}"
    )
    assert said("policy", "USA", "flood", "stop").startswith(
        "Under the policy, the best reply of the United States in raw good is a flood, at a subsidy of USD 12/t or a stop "
        "of exports: the United States -USD 2 million, the members"
    )
    assert said("high floor", "far_club", "export tax", "quota").startswith(
        "Under high floor, the best reply of Far club in raw good is an export tax of USD 12/t or an export quota of 34 t/yr: "
        "Far club -USD 2 million,"
    )


@pytest.mark.parametrize("binding", [None, b"one"])
@pytest.mark.parametrize("top", [0.0, 2.7, 6.3, 9.0])
def test_the_best_number_is_found_whatever_is_known_of_its_neighbours(top: float, binding: bytes | None) -> None:
    """What it has is 50 - 2 (x - top)^2 from 1 to 8; a tangent bounds it."""

    def at(number: float) -> Tried:
        return Tried(50.0 - 2.0 * (number - top) ** 2, -4.0 * (number - top), binding)

    def bound(left: float, low: Tried, right: float, high: Tried) -> float:
        return max(low.gain + max(low.worth, 0.0) * (right - left), high.gain)

    best, gap = best_number(at, 1.0, 8.0, bound, lambda gains: 1e-6 * abs(max(gains)), 1e-9)
    nearest = min(max(top, 1.0), 8.0)
    assert best == pytest.approx(nearest, abs=1e-3 if binding is None else 1e-9)
    assert at(nearest).gain - at(best).gain <= gap + 1e-9 <= 1e-4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"player": "USA"}, "is one of the members"),
        ({"player": "Cathay"}, "Cathay"),
        ({"commodity": "goods"}, "unknown commodity"),
        ({"policy": "floor"}, "is no policy"),
        ({"policy": {"none": []}}, "is there by itself"),
        ({"policy": [{"kind": "price_floor", "commodity": "good"}]}, "usd_per_t"),
        ({"to": None}, "names no beneficiaries"),
        ({"draws": 10}, "the middle of every range"),
        ({"player": "USA", "to": "CHN"}, "sells no good abroad"),
    ],
)
def test_bad_input_is_said(given: dict[str, Any], said: str) -> None:
    net, table = two_countries()
    asked = {"policy": None, "player": "CHN", "commodity": "good", "to": "USA", "curves": table, **given}
    with pytest.raises(cn.ChainnetError, match=said):
        best_reply(net, **asked)
