"""Losses when the beneficiaries do not outbid everyone, against balances of the network without what is removed."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from recipe_networks import recipe_network

import chainnet as cn

CLOSE = 1e-6


def plain(seed: int) -> cn.Network:
    """Mines, passing nodes and users of two countries; whole capacities, demand in one tier."""
    rng = np.random.default_rng(seed)
    mines, mids, ends = ([f"{word}{i}" for i in range(3)] for word in ("m", "p", "u"))
    nodes = [(i, "mine", "AUS", float(rng.integers(1, 9))) for i in mines]
    nodes += [(i, "refiner", str(rng.choice(["USA", "CHN"])), float(rng.integers(1, 9))) for i in mids]
    nodes += [(i, "end_use", ("USA", "CHN", "JPN")[k], None) for k, i in enumerate(ends)]
    pairs = [(a, b) for a in mines for b in mids] + [(a, b) for a in mids for b in ends]
    pairs += [(a, b) for a in mines for b in ends]
    edges = [(a, b, float(rng.integers(1, 7))) for a, b in pairs if rng.random() < 0.6]
    return cn.Network(
        frame("id stage country capacity_tpa", *nodes),
        frame("source target capacity_tpa", *(edges or [("m0", "u0", 3.0)])),
        demand=frame("node tier demand_tpa", *((i, "defence", float(rng.integers(1, 9))) for i in ends)),
        name=f"plain{seed}",
    )


def recipes(seed: int) -> tuple[cn.Network, list[str]]:
    """A random network of recipes with uses in three countries, all in one tier, and what counts in it."""
    net = recipe_network(seed, wild=False)
    nodes, rng = net.nodes, np.random.default_rng(seed)
    ends = nodes["stage"] == "end_use"
    nodes.loc[ends, "country"] = rng.permutation(["USA", "CHN", "JPN"] * 9)[: int(ends.sum())]
    demand = net.demand.dropna(subset=["tier"]).assign(tier="defence")
    demand = demand.groupby(["node", "commodity", "tier"], as_index=False)["demand_tpa"].sum()
    main = sorted(demand["commodity"].unique())[:2]
    return net.with_table("nodes", nodes).with_table("demand", demand).with_table("stocks", net.stocks.iloc[:0]), main


def served(net: cn.Network, order: str, **asked: Any) -> tuple[float, float, float]:
    """Return what a balance serves those that the value counts, and the ends of what the beneficiaries have of it."""
    if net.demand.empty:
        return 0.0, 0.0, 0.0
    found = cn.balance(net, order=order, **asked)  # type: ignore[arg-type]
    rows = found.demand[found.demand["is_counted"] & ((order == "alike") | found.demand["is_beneficiary"])]
    ranges = found.ranges
    ends = (0.0, 0.0) if ranges is None else tuple(ranges[["served_least_tpa", "served_most_tpa"]].sum())
    return float(rows["served_tpa"].sum()), float(ends[0]), float(ends[1])


def check(net: cn.Network, order: str, **asked: Any) -> pd.DataFrame:
    """Compare every loss by node with two balances."""
    table = cn.chokepoints(net, order=order, **asked)  # type: ignore[arg-type]
    base = served(net, order, **asked)
    for name, row in table.iterrows():
        left = served(net.without(nodes=[name]), order, **asked)
        assert row["lost_tpa"] == pytest.approx(base[0] - left[0], abs=CLOSE * max(base[0], 1.0)), name
        if order == "alike":
            ends = (row["ours_least_tpa"], row["ours_most_tpa"])
            assert ends == pytest.approx(left[1:], abs=CLOSE * max(base[0], 1.0)), name
    if order == "alike":
        assert tuple(table.attrs["ours_tpa"].values()) == pytest.approx(base[1:], abs=CLOSE * max(base[0], 1.0))
    assert table["lost_tpa"].is_monotonic_decreasing
    return table


@pytest.mark.long
@pytest.mark.parametrize(
    ("order", "seeds"), [("allies_first", range(1)), ("allies_last", range(4)), ("alike", range(4, 7))]
)
def test_pure_flows_lose_what_two_balances_differ_by(order: str, seeds: range) -> None:
    for seed in seeds:
        check(plain(seed), order, beneficiaries=["USA"])


@pytest.mark.long
@pytest.mark.parametrize(
    ("order", "seeds"),
    [
        ("allies_last", range(3)),
        ("alike", range(5, 7)),
        pytest.param("allies_last", range(3, 5), marks=pytest.mark.slow),
        pytest.param("alike", range(7, 9), marks=pytest.mark.slow),
    ],
)
def test_recipes_lose_what_two_balances_differ_by(order: str, seeds: range) -> None:
    for seed in seeds:
        net, main = recipes(seed)
        check(net, order, beneficiaries=["USA"], commodity=main)


NOTHING = cn.Scenario("nothing", [{"kind": "demand", "tier": "defence", "share": 1.0}])


@pytest.mark.long
@pytest.mark.parametrize("by", ["node", "edge", "country"])
@pytest.mark.parametrize("order", ["allies_last", "alike"])
def test_sweeps_of_pure_flows_agree_with_programs(by: str, order: Any) -> None:
    for seed in range(8):
        asked: dict[str, Any] = {"by": by, "order": order, "beneficiaries": ["USA"]}
        net = plain(seed)
        flows, programs = cn.chokepoints(net, **asked), cn.chokepoints(net, scenario=NOTHING, **asked)
        columns = ["lost_tpa", *(c for c in flows if c.startswith("ours_"))]
        assert len(columns) == (3 if order == "alike" else 1)
        one, two = (table[columns].sort_index().to_numpy(dtype=float) for table in (flows, programs))
        np.testing.assert_allclose(one, two, atol=1e-6)


def test_without_a_demand_table_end_uses_take_what_they_can() -> None:
    net = plain(3)
    bare = cn.Network(net.nodes, net.edges, name="bare")
    for order in ("allies_last", "alike"):
        table = cn.chokepoints(bare, order=order, beneficiaries=["USA"])  # type: ignore[arg-type]
        large = net.with_demand(net.demand.assign(demand_tpa=1e6))
        again = cn.chokepoints(large, order=order, beneficiaries=["USA"])  # type: ignore[arg-type]
        pd.testing.assert_series_equal(table["lost_tpa"], again["lost_tpa"].reindex(table.index))


def crossing() -> cn.Network:
    """Ore of 10 t that our works or their smelter can take; theirs is served first, ours gets the rest."""
    return cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("mine", "mine", "AUS", 10.0),
            ("theirs", "refiner", "CHN", 8.0),
            ("ours", "refiner", "USA", 8.0),
            ("u_chn", "end_use", "CHN", None),
            ("u_usa", "end_use", "USA", None),
        ),
        frame("source target", ("mine", "theirs"), ("mine", "ours"), ("theirs", "u_chn"), ("ours", "u_usa")),
        demand=frame("node tier demand_tpa", ("u_chn", "defence", 8.0), ("u_usa", "defence", 6.0)),
        beneficiaries=["USA"],
        name="crossing",
    )


def test_losing_a_rival_can_leave_more() -> None:
    net = crossing()
    before = cn.chokepoints(net, order="allies_last", verify=True)
    assert before["lost_tpa"].to_dict() == {"mine": 2.0, "ours": 2.0, "theirs": -4.0}
    assert before["lost_share"].to_dict() == {"mine": 1.0, "ours": 1.0, "theirs": -2.0}
    assert before["is_dominator"].to_dict() == {"mine": True, "ours": True, "theirs": False}
    assert before.attrs["provenance"]["settings"]["order"] == "allies_last"
    assert cn.chokepoints(net, top=1, order="allies_last").index.tolist() == ["mine"]
    alongside = cn.chokepoints(net, order="alike", verify=True)
    assert alongside["lost_tpa"].to_dict() == {"mine": 10.0, "theirs": 4.0, "ours": 2.0}
    assert alongside[["ours_least_tpa", "ours_most_tpa"]].loc["theirs"].tolist() == [6.0, 6.0]
    assert alongside.attrs["ours_tpa"] == {"least": 2.0, "most": 6.0}
    after = cn.chokepoints(net)
    assert after["lost_tpa"].to_dict() == {"mine": 6.0, "ours": 6.0, "theirs": 0.0}
    assert "order" not in after.attrs["provenance"]["settings"]


def test_where_everybody_counts_the_order_changes_nothing() -> None:
    net = plain(1)
    table = cn.chokepoints(net, beneficiaries=[])
    for order in ("allies_last", "alike"):
        again = cn.chokepoints(net, beneficiaries=[], order=order)  # type: ignore[arg-type]
        assert again["lost_tpa"].to_dict() == table["lost_tpa"].to_dict()


@pytest.mark.slow
@pytest.mark.parametrize("order", ["allies_last", "alike"])
def test_the_worst_attack_is_the_worst_of_all_attacks(order: Any) -> None:
    asked: dict[str, Any] = {"order": order, "beneficiaries": ["USA"]}
    for seed in range(3):
        net = plain(seed)
        found = cn.interdict(net, 2, details=True, **asked)
        ids = [i for i in net.nodes["id"] if not i.startswith("u")]
        sets = [set(), *(set(c) for k in (1, 2) for c in combinations(ids, k))]
        left = {frozenset(out): served(net.without(nodes=out), **asked)[0] for out in sets}
        assert found.is_optimal
        assert found.left_tpa == pytest.approx(min(left.values()), abs=1e-6)
        assert left[frozenset(found.removed)] == pytest.approx(found.left_tpa, abs=1e-6)
        assert all(left[frozenset(tie)] == pytest.approx(found.left_tpa, abs=1e-6) for tie in found.ties or ())
        ends = served(net.without(nodes=found.removed), **asked)[1:]
        assert found.ours_tpa is None if order == "allies_last" else found.ours_tpa == pytest.approx(ends, abs=1e-6)


def test_attacks_that_were_not_all_tried_are_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainnet.criticality._attack.MOST_ATTACKS", 2)
    found = cn.interdict(plain(6), 1, order="allies_last", beneficiaries=["USA"])
    assert found.left_tpa > 0.5  # where nothing is left, nothing can be worse
    assert (found.is_optimal, found.bound_tpa) == (False, found.base_tpa)
    assert found.provenance["status"] == "bounded, not proved best"


@pytest.mark.parametrize("ask", [cn.chokepoints, cn.balance, cn.stress_test, cn.reroute])
def test_an_unknown_order_is_refused(ask: Any) -> None:
    with pytest.raises(cn.DataError, match=r'order: unknown order "during"\. Known: allies_first, allies_last, alike'):
        ask(crossing(), order="during")
