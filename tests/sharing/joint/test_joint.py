"""Parts that stay at home: the bracket holds the pooled value, the worked example, and offers that do not fit."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from conftest import frame

import chainnet as cn
from chainnet.sharing import Partition, first_ask, joint_ask, joint_value, offer, partition

THREE = {"usa": ["USA"], "jpn": ["JPN"]}


def pooled(net: cn.Network, scenario: cn.Scenario | None = None, tier: str | None = None) -> float:
    """The most that all can be served, with every table in one place."""
    from chainnet.flow import Counting, ValueModel
    from chainnet.scenario import overlay_of

    return ValueModel(Counting.of(net, tier=tier), overlay_of(net, scenario)).value


def magnets(flows: bool = False) -> cn.Network:
    """A mine at home, separators in two countries, magnet plants in two, users in two: 21 t in all."""
    nodes = frame(
        "id stage country process capacity_tpa",
        ("mine", "mine", "USA", None, 10.0),
        ("sep_usa", "refiner", "USA", "separate", 6.0),
        ("sep_jpn", "refiner", "JPN", "separate", 3.0),
        ("mag_jpn", "manufacturer", "JPN", "press", 16.0),
        ("mag_usa", "manufacturer", "USA", "press", 5.0),
        ("use_usa", "end_use", "USA", None, None),
        ("use_jpn", "end_use", "JPN", None, None),
    )
    pairs = [("mine", s, "ore") for s in ("sep_usa", "sep_jpn")]
    pairs += [(s, m, "oxide") for s in ("sep_usa", "sep_jpn") for m in ("mag_jpn", "mag_usa")]
    pairs += [(m, u, "magnet") for m in ("mag_jpn", "mag_usa") for u in ("use_usa", "use_jpn")]
    return cn.Network(
        nodes=nodes,
        edges=frame("source target commodity", *pairs),
        demand=frame(
            "node commodity tier demand_tpa",
            ("use_usa", "magnet", "defence", 14.0),
            ("use_jpn", "magnet", "civilian", 9.0),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("separate", "ore", "input", 1.25),
            ("separate", "oxide", "output", 1.0),
            ("press", "oxide", "input", 0.3),
            ("press", "magnet", "output", 1.0),
        ),
        main_commodity="magnet",
        name="magnets",
    )


@pytest.fixture(scope="module")
def parts() -> Partition:
    return partition(magnets(), THREE)


def test_a_part_holds_its_own_rows_and_border_points_alone(parts: Partition) -> None:
    usa, jpn = parts.parts["usa"], parts.parts["jpn"]
    assert set(parts.parts) == {"usa", "jpn"}, "nothing lies with the rest"
    own = set(jpn.nodes["id"]) - set(parts.border["id"])
    assert own == {"sep_jpn", "mag_jpn", "use_jpn"}
    text = json.dumps(jpn.nodes.astype(str).to_dict()) + json.dumps(jpn.edges.astype(str).to_dict())
    for name in ("sep_usa", "mag_usa", "use_usa"):
        assert name not in text
    border = parts.border.set_index("id")
    assert border["commodity"].value_counts().to_dict() == {"oxide": 2, "magnet": 2, "ore": 1}
    # the mine's capacity, what the separators can make, what the plants can press
    assert border["limit_tpa"].to_dict() == {
        "border/ore/1": 10.0, "border/oxide/1": 3.0, "border/oxide/2": 6.0, "border/magnet/1": 16.0, "border/magnet/2": 5.0,
    }  # fmt: skip
    assert usa.demand["tier"].isna().value_counts().to_dict() == {True: 3, False: 1}


def test_the_worked_example(parts: Partition) -> None:
    found = joint_value(parts, tolerance=1e-6)
    assert pooled(magnets()) == pytest.approx(21.0)
    assert found.value_tpa == pytest.approx(21.0, rel=1e-6)
    assert found.bound_tpa == pytest.approx(21.0, rel=1e-6)
    assert found.n_rounds <= 8
    assert (found.rounds["bound_tpa"].diff().dropna() <= 1e-6).all()
    # at no price at all each side takes what it likes: 14 and 9
    assert found.rounds["bound_tpa"].iloc[0] <= 23.0 + 1e-6
    assert found.certificate.ok


def chain(seed: int) -> cn.Network:
    """A made-up chain of three countries with a by-product, a host and relations all over."""
    rng = np.random.default_rng(seed)
    countries = ("USA", "JPN", "DEU")
    rows, edges = [], []
    for step, stage, process in (("m", "mine", None), ("r", "refiner", "refine"), ("f", "manufacturer", "form")):
        rows += [(f"{step}{i}", stage, countries[i % 3], process, float(rng.integers(5, 40))) for i in range(5)]
    rows += [(f"u{i}", "end_use", countries[i % 3], None, None) for i in range(4)]
    for a, b, good in (("m", "r", "ore"), ("r", "f", "metal"), ("r", "u", "host"), ("f", "u", "part")):
        for i in range(5):
            edges += [
                (f"{a}{i}", f"{b}{k}", good, float(rng.integers(3, 25)))
                for k in range(4 if b == "u" else 5)
                if rng.random() < 0.5
            ]
    demand = [(f"u{i}", "part", ("defence", "civilian")[i % 2], float(rng.integers(10, 40))) for i in range(4)]
    demand += [(f"u{i}", "host", None, float(rng.integers(2, 9))) for i in range(4)]
    return cn.Network(
        nodes=frame("id stage country process capacity_tpa", *rows),
        edges=frame("source target commodity capacity_tpa", *edges),
        demand=frame("node commodity tier demand_tpa", *demand),
        processes=frame(
            "process commodity role t_per_t",
            ("refine", "ore", "input", 1.5), ("refine", "host", "output", 1.0), ("refine", "metal", "byproduct", 0.4),
            ("form", "metal", "input", 0.25), ("form", "part", "output", 1.0),
        ),
        main_commodity="part",
    )  # fmt: skip


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_the_bracket_holds_the_pooled_value_in_every_round(seed: int) -> None:
    net = chain(seed)
    scenario = cn.Scenario("out", [{"kind": "remove", "nodes": ["m0", "r1"]}, {"kind": "scale", "where": {"country": "JPN"}, "share": 0.5}])  # fmt: skip
    taken = partition(net, {"usa": ["USA"], "jpn": ["JPN"]})
    for plan, tier in ((None, None), (scenario, None), (None, "civilian")):
        true = pooled(net, plan, tier)
        found = joint_value(taken, plan, tier=tier)
        assert (found.rounds["value_tpa"] <= true * (1 + 1e-7) + 1e-6).all()
        assert (found.rounds["bound_tpa"] >= true * (1 - 1e-7) - 1e-6).all()
        assert found.is_settled
        assert found.gap_share <= 1e-3


def tiers_of(net: cn.Network, scenario: cn.Scenario | None = None) -> dict[str, float]:
    """What each tier is served, one after the other, with every table in one place."""
    return cn.balance(net, scenario).by_tier()["served_tpa"].to_dict()


def test_tiers_are_served_one_after_the_other(parts: Partition) -> None:
    found = joint_value(parts, in_order=True, tolerance=1e-6)
    rows = found.tiers.set_index("tier")
    # of 21 t defence takes its 14 first; told the other way round it would have 12
    assert rows["value_tpa"].to_dict() == pytest.approx({"defence": 14.0, "civilian": 7.0}, rel=1e-5)
    assert rows["bound_tpa"].to_dict() == pytest.approx({"defence": 14.0, "civilian": 7.0}, rel=1e-5)
    assert tiers_of(magnets()) == pytest.approx({"defence": 14.0, "civilian": 7.0})
    assert found.value_tpa == pytest.approx(21.0, rel=1e-5)
    assert found.is_settled
    turned = magnets().with_table("tiers", frame("tier rank", ("civilian", 1.0), ("defence", 2.0)))
    rows = joint_value(partition(turned, THREE), in_order=True).tiers
    assert rows["tier"].tolist() == ["civilian", "defence"]
    assert rows["value_tpa"].tolist() == pytest.approx([9.0, 12.0], rel=1e-3)


@pytest.mark.parametrize("seed", [3, pytest.param(4, marks=pytest.mark.slow)])
def test_in_order_each_tier_lies_between_its_ends_and_near_the_pooled_one(seed: int) -> None:
    net = chain(seed)
    plan = cn.Scenario("out", [{"kind": "remove", "nodes": ["m0", "r1"]}])
    found = joint_value(partition(net, {"usa": ["USA"], "jpn": ["JPN"]}), plan, in_order=True, rounds=60)
    true = tiers_of(net, plan)
    rows = found.tiers.set_index("tier")
    assert found.is_settled
    # the first tier is bracketed in every round; a later one may gain what the width of those before it leaves
    first = found.rounds[found.rounds["tier"] == "defence"]
    assert (first["value_tpa"] <= true["defence"] * (1 + 1e-6)).all()
    assert (first["bound_tpa"] >= true["defence"] * (1 - 1e-6)).all()
    assert rows.loc["civilian", "bound_tpa"] >= true["civilian"] * (1 - 1e-6)
    for tier, served in true.items():
        assert rows.loc[tier, "value_tpa"] == pytest.approx(served, rel=3e-3, abs=0.01)


def test_the_rounds_may_end_before_a_tier_was_asked_for() -> None:
    net = chain(3)
    with pytest.warns(cn.ChainnetWarning, match=r"civilian lies from .* apart"):
        found = joint_value(partition(net, THREE), in_order=True, rounds=2)
    rows, true = found.tiers.set_index("tier"), tiers_of(net)
    assert not rows.loc["civilian", "is_settled"]
    assert rows.loc["defence", "value_tpa"] <= true["defence"] + 1e-6 <= rows.loc["defence", "bound_tpa"] + 2e-6
    assert rows.loc["civilian", "bound_tpa"] >= true["civilian"] - 1e-6
    assert cn.balance(net).by_tier()["served_tpa"].sum() <= found.bound_tpa + 1e-6


def test_in_order_by_courier_is_the_same_answer(parts: Partition) -> None:
    ask, offers = by_courier(parts, 2, in_order=True)
    told, _ = joint_ask(ask, offers, 1e-9)
    with pytest.warns(cn.ChainnetWarning, match="after 2 rounds"):
        found = joint_value(parts, in_order=True, tolerance=1e-9, rounds=2)
    assert told["tiers"] == found.tiers.to_dict("records")


def test_tiers_in_order_are_refused_where_there_are_none(parts: Partition) -> None:
    with pytest.raises(cn.DataError, match="leave out tier"):
        joint_value(parts, tier="defence", in_order=True)
    with pytest.raises(cn.DataError, match="leave out tier"):
        offer(parts.parts["usa"], first_ask(parts.parts, in_order=True), tier="defence")
    net = magnets()
    with pytest.raises(cn.DataError, match="has a tier"):
        first_ask(partition(net.with_demand(net.demand.assign(tier=None)), THREE).parts, in_order=True)


def test_demand_without_tiers_counts_and_what_crosses_a_border_never_does() -> None:
    net = magnets()
    net = net.with_demand(net.demand.assign(tier=None))
    found = joint_value(partition(net, THREE), tolerance=1e-6)
    assert found.value_tpa == pytest.approx(pooled(net), rel=1e-6)


def test_a_part_whose_users_ask_for_nothing_takes_nothing() -> None:
    # scrap metal's host may run only as far as its product is wanted; a user abroad who asks for none wants none
    net = cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa",
            ("host", "refiner", "USA", "smelt", 10.0),
            ("home", "end_use", "USA", None, None),
            ("away", "end_use", "JPN", None, None),
        ),
        edges=frame("source target commodity capacity_tpa", ("host", "away", "zinc", 10.0), ("host", "home", "part", 9.0)),
        demand=frame("node commodity tier demand_tpa", ("home", "part", "defence", 5.0)),
        processes=frame("process commodity role t_per_t", ("smelt", "zinc", "output", 1.0), ("smelt", "part", "byproduct", 1.0)),
        main_commodity="part",
    )  # fmt: skip
    assert pooled(net) == 0.0
    found = joint_value(partition(net, THREE))
    assert (found.value_tpa, found.bound_tpa) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_trade_that_a_scenario_stops_carries_nothing(parts: Partition) -> None:
    stop = cn.Scenario(
        "stop", [{"kind": "restrict", "from": {"country": "USA"}, "to": {"country": "JPN"}, "commodity": "oxide"}]
    )
    found = joint_value(parts, stop)
    assert found.value_tpa == pytest.approx(pooled(magnets(), stop), rel=1e-3)
    sold = found.trade[(found.trade["exporter"] == "usa") & (found.trade["commodity"] == "oxide")]
    assert sold["flow_tpa"].tolist() == pytest.approx([0.0])


def test_a_shipped_chain_settles_at_once_and_says_all_that_went_out(mag9: cn.Network) -> None:
    taken = partition(mag9, {"usa": ["USA"], "china": ["CHN"]})
    found = joint_value(taken)
    assert (found.n_rounds, found.is_settled) == (1, True)
    assert found.value_tpa == pytest.approx(pooled(mag9), rel=1e-3)
    n, parties = len(taken.border), len(taken.parts)
    # limit, miss, tonnes and one price each, two weights; two answers a party, three figures each, tonnes and slope twice
    assert len(found.exchanged) == 4 * n + 2 + 2 * (3 * parties + 2 * n * 2)
    assert set(found.exchanged["sender"]) == {"", *taken.parts}
    assert (found.learnt["can_tpa"] <= found.learnt["most_tpa"] + 1e-9).all()


def test_what_is_learnt_holds_the_truth(parts: Partition) -> None:
    learnt = joint_value(parts).learnt.set_index(["party", "id"])
    # Japan's plants press 16 t at most of 4.8 t oxide; it can buy all the oxide that there is, and sell all magnets
    sold = learnt.loc[("jpn", parts.border.set_index("commodity").loc["magnet", "id"].tolist()[0])]
    assert sold["can_tpa"] <= 16.0 + 1e-6 <= sold["most_tpa"] + 1e-5


def test_one_part_alone_is_the_sum_and_says_so() -> None:
    net = magnets()
    with pytest.warns(cn.ChainnetWarning, match="no relation crosses"):
        found = joint_value(partition(net, {"both": ["USA", "JPN"]}))
    assert found.value_tpa == pytest.approx(21.0)
    assert found.trade.empty


def by_courier(parts: Partition, n: int, *, in_order: bool = False) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the last ask and all offers after some rounds, every message a text in between."""
    asks = [first_ask(parts.parts, in_order=in_order)]
    offers: list[dict[str, Any]] = []
    for number in range(n):
        offers += [json.loads(json.dumps(offer(part, asks))) for part in parts.parts.values()]
        _, ask = joint_ask(asks[-1], offers, 1e-12)
        if number < n - 1:
            assert ask is not None
            asks.append(json.loads(json.dumps(ask)))
    return asks[-1], offers


def test_the_courier_brings_the_same_answer(parts: Partition) -> None:
    told, _ = joint_ask(*by_courier(parts, 3))
    with pytest.warns(cn.ChainnetWarning, match="after 3 rounds"):
        found = joint_value(parts, tolerance=1e-12, rounds=3)
    assert (told["value_tpa"], told["bound_tpa"]) == (found.value_tpa, found.bound_tpa)
    ask, offers = by_courier(parts, 2)
    assert joint_ask(ask, offers[::-1]) == joint_ask(ask, offers)


def test_tables_that_change_between_rounds_are_told_by_their_root(parts: Partition) -> None:
    ask, offers = by_courier(parts, 2)
    for one in offers:
        one["committed"] = offer(parts.parts[one["party"]], ask, secret=bytes(32))["committed"]
    assert joint_ask(ask, offers)[0]["n_rounds"] == 2
    usa = parts.parts["usa"]
    other = usa.with_table("nodes", usa.nodes.assign(capacity_tpa=usa.nodes["capacity_tpa"] * 2))
    offers[-1]["committed"] = offer(other, ask, secret=bytes(32))["committed"]
    with pytest.raises(cn.DataError, match="changed between rounds"):
        joint_ask(ask, offers)


def _missing(offers: list[dict[str, Any]]) -> None:
    offers.pop()


def _twice(offers: list[dict[str, Any]]) -> None:
    offers.append(offers[0])


def _lies(offers: list[dict[str, Any]]) -> None:
    offers[0]["answers"][0]["served_tpa"]["all"] += 50.0


def _unknown(offers: list[dict[str, Any]]) -> None:
    offers[0]["answers"][0]["exports"]["border/gold/1"] = 1.0


def _not_a_number(offers: list[dict[str, Any]]) -> None:
    offers[0]["answers"][0]["bound_tpa"] = float("nan")


def _too_much(offers: list[dict[str, Any]]) -> None:
    tonnes = offers[0]["answers"][0]["exports"]
    tonnes[next(iter(tonnes))] = 1e6


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_missing, "is missing"),
        (_twice, "stands twice"),
        (_lies, "than its own bound"),
        (_unknown, "unknown border point"),
        (_not_a_number, "not allowed"),
        (_too_much, "above the limit"),
    ],
)
def test_offers_that_do_not_fit_are_refused(parts: Partition, spoil: Any, said: str) -> None:
    ask, offers = by_courier(parts, 2)
    offers = copy.deepcopy(offers)
    spoil(offers)
    with pytest.raises(cn.DataError, match=said):
        joint_ask(ask, offers)


@pytest.mark.parametrize(
    ("parties", "said"),
    [
        ({}, "give names"),
        ({"usa": ["USA"], "both": ["USA", "JPN"]}, "in both"),
        ({"usa": ["USA"], "far": ["AUS"]}, "nothing of"),
        ({"rest": ["USA"]}, "kept for"),
        ({"../usa": ["USA"]}, "no name of a folder"),
        ({"usa": ["Usa"]}, "neither"),
    ],
)
def test_bad_parties_are_refused(parties: Any, said: str) -> None:
    with pytest.raises(cn.DataError, match=said):
        partition(magnets(), parties)


@pytest.mark.parametrize(
    "measure",
    [
        {"kind": "restrict", "from": {"country": "USA"}, "share": 0.5},
        {"kind": "restrict", "from": {"stage": "mine"}},
        {"kind": "restrict", "origin": {"country": "USA"}},
        {"kind": "quota", "from": {"country": "USA"}, "tpa": 1.0},
        {"kind": "remove", "edges": [["mine", "sep_jpn"]]},
    ],
)
def test_a_measure_that_couples_parts_is_refused(parts: Partition, measure: dict[str, Any]) -> None:
    with pytest.raises(cn.DataError, match=r"couples the parts|across the border"):
        joint_value(parts, cn.Scenario("s", [measure]))


def test_an_id_that_no_part_has_is_refused(parts: Partition) -> None:
    with pytest.raises(cn.UnknownIdError, match="no part has"):
        joint_value(parts, cn.Scenario("s", [{"kind": "remove", "nodes": ["mien"]}]))


def test_a_relation_without_a_limit_and_a_taken_name_are_refused() -> None:
    net = magnets()
    with pytest.raises(cn.DataError, match="has no limit"):
        partition(net.with_table("nodes", net.nodes.assign(capacity_tpa=np.nan)), THREE)
    mine = net.nodes.replace({"id": {"mine": "border/mine"}})
    with pytest.raises(cn.DataError, match="Rename it"):
        partition(
            cn.Network(
                nodes=mine, edges=net.edges.replace("mine", "border/mine"), demand=net.demand, processes=net.processes
            ),
            THREE,
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "else"}, "none of format"),
        ({"round": 0}, "round"),
        ({"border": {}}, "lacks"),
        ({"border": {"border/ore/1": [1.0]}}, "limit, miss"),
        ({"tonnes": {}}, "no list"),
        ({"tiers": []}, "no list of tiers"),
        ({"tiers": ["defence", "defence"]}, "each once"),
        ({"floors": {"all": 1.0}}, "floors"),
        ({"before": ["0"]}, "before"),
        ({"weights": []}, "weights"),
        ({"weights": [{"defence": 1.0}, {"all": 1.0}]}, "weights"),
        ({"prices": [{}]}, "lacks"),
    ],
)
def test_an_ask_that_cannot_be_read_is_refused(parts: Partition, change: dict[str, Any], said: str) -> None:
    with pytest.raises(cn.DataError, match=said):
        offer(parts.parts["usa"], {**first_ask(parts.parts), **change})
