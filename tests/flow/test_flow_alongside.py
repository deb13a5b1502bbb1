"""With nobody first: all together as much as can be, and what part of a shortfall can fall to the beneficiaries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import frame
from recipe_networks import recipe_network

import chainnet as cn

COLUMNS = ["served_least_tpa", "served_most_tpa", "shortfall_least_tpa", "shortfall_most_tpa"]


def shared(mine: float = 10.0) -> cn.Network:
    """Ten tonnes for three users: ours ask for 6 and 4 (defence, civilian), theirs for 8 and 2."""
    return cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("m", "mine", "AUS", mine),
            ("u", "end_use", "USA", None),
            ("v", "end_use", "CHN", None),
        ),
        frame("source target capacity_tpa flow_tpa", ("m", "u", 9.0, 5.0), ("m", "v", None, 5.0)),
        demand=frame(
            "node tier demand_tpa",
            ("u", "defence", 6.0),
            ("u", "civilian", 4.0),
            ("v", "defence", 8.0),
            ("v", "civilian", 2.0),
        ),
        beneficiaries=["USA"],
        name="shared",
        year=2024,
    )


def test_the_range_is_what_can_fall_to_the_beneficiaries() -> None:
    found = cn.balance(shared(), order="alike", verify=True)
    assert found.ranges is not None
    assert found.ranges.loc["defence"].tolist() == pytest.approx([6.0, 2.0, 6.0, 0.0, 4.0])
    assert found.ranges.loc["civilian", COLUMNS].tolist() == pytest.approx([0.0, 0.0, 4.0, 4.0])
    assert found.by_tier()["shortfall_most_tpa"].tolist() == pytest.approx([4.0, 4.0])
    both = found.demand.groupby("tier")["served_tpa"].sum()
    assert both["defence"] == pytest.approx(10.0)
    assert "ranges" in found.tables()
    assert found.provenance["settings"]["order"] == "alike"
    assert cn.balance(shared(), order="allies_first").ranges is None


def test_equal_fractions_leave_no_tie() -> None:
    found = cn.balance(shared(), order="alike", fair=True)
    served = found.demand.set_index(["node", "tier"])["served_tpa"]
    assert served["u", "defence"] / 6.0 == pytest.approx(served["v", "defence"] / 8.0)
    assert found.ranges is not None
    assert found.ranges.loc["defence", COLUMNS].tolist() == pytest.approx([60 / 14, 60 / 14, 24 / 14, 24 / 14])


def test_where_all_are_served_there_is_no_tie() -> None:
    found = cn.balance(shared(100.0), order="alike")
    assert found.ranges is not None
    # the edge to ours holds one of their ten tonnes back
    assert (found.ranges["shortfall_least_tpa"] == found.ranges["shortfall_most_tpa"]).all()
    assert found.ranges["shortfall_most_tpa"].tolist() == pytest.approx([0.0, 1.0], abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_all_together_get_what_everyone_gets_who_counts(seed: int) -> None:
    """As ``beneficiaries=[]`` solves it; the ends are reached where the others come after, before, in one tier alone."""
    net = recipe_network(seed, wild=False)
    rng = np.random.default_rng(seed)
    nodes = net.nodes
    ends = nodes["stage"] == "end_use"
    nodes.loc[ends, "country"] = rng.permutation(["USA", "CHN"] * 9)[: int(ends.sum())]
    net = net.with_table("nodes", nodes)
    asked: dict[str, Any] = {"commodity": sorted(net.demand.dropna(subset=["tier"])["commodity"].unique())[:2]}
    shared = cn.balance(net, order="alike", beneficiaries=["USA"], **asked)
    every = cn.balance(net, beneficiaries=[], **asked).by_tier()
    counted = shared.demand[shared.demand["is_counted"]]
    together = counted.groupby("tier")["served_tpa"].sum()
    for tier, row in every.iterrows():
        assert together[tier] == pytest.approx(row["served_tpa"], abs=1e-6 * max(row["demand_tpa"], 1.0))
    assert shared.ranges is not None
    table = shared.by_tier()
    size = 1e-6 * table["demand_tpa"].clip(lower=1.0)
    assert (table["shortfall_least_tpa"] <= table["shortfall_tpa"] + size).all()
    assert (table["shortfall_tpa"] <= table["shortfall_most_tpa"] + size).all()


def test_the_stress_test_and_reroute_follow_the_order() -> None:
    gone = cn.Scenario("half", [{"kind": "scale", "nodes": ["m"], "share": 0.8}])
    short = {}
    for order in ("allies_first", "allies_last", "alike"):
        found = cn.stress_test(shared(), gone, months=2, order=order)  # type: ignore[arg-type]
        table = found.summary.loc["half"]
        short[order] = table.loc["defence", "shortfall_tpa"]
        assert table.loc["defence", "shortfall_last_tpa"] == pytest.approx(6.0)
        assert found.summary.loc["half", "shortfall_t"].notna().all()
    assert (short["allies_first"], short["allies_last"]) == pytest.approx((0.0, 6.0))
    ends = table.loc["defence", ["shortfall_least_tpa", "shortfall_most_tpa"]]
    assert ends.tolist() == pytest.approx([0.0, 6.0])
    assert "shortfall_least_tpa" not in cn.stress_test(shared(), gone, months=2, order="allies_first").summary


def with_projects() -> cn.Network:
    """The same with a second mine for theirs, a third for ours, and a works that both could use."""
    net = shared()
    projects = frame(
        "id stage country capacity_tpa capex_musd",
        ("p_ours", "mine", "USA", 3.0, 10.0),
        ("p_theirs", "mine", "CHN", 3.0, 10.0),
        ("p_both", "mine", "AUS", 5.0, 10.0),
    )
    more = frame("source target", ("p_ours", "u"), ("p_theirs", "v"), ("p_both", "u"), ("p_both", "v"))
    edges = net.edges[["source", "target", "capacity_tpa", "flow_tpa"]]
    return cn.Network(
        net.nodes, edges.merge(more, how="outer"), demand=net.demand, projects=projects, beneficiaries=["USA"], name="p"
    )


def served(net: cn.Network, order: Any) -> float:
    rows = cn.balance(net, order=order).demand
    return float(rows.loc[rows["is_beneficiary"] | (order == "alike"), "served_tpa"].sum())


@pytest.mark.parametrize("order", ["allies_first", "allies_last", "alike"])
def test_projects_are_worth_what_two_balances_differ_by(order: Any) -> None:
    net = with_projects()
    base, names = served(net, order), list(net.projects["id"])
    found = cn.reroute(net, order=order)
    alone = {name: served(net.with_projects([name]), order) - base for name in names}
    assert found.projects["standalone_t"].to_dict() == pytest.approx(alone, abs=1e-6)
    whole = served(net.with_projects(names), order)
    last = {name: whole - served(net.with_projects([n for n in names if n != name]), order) for name in names}
    assert found.projects["last_in_t"].to_dict() == pytest.approx(last, abs=1e-6)
    assert (found.base_tpa, found.all_tpa) == pytest.approx((base, whole))
    assert found.projects["shapley_t"].sum() == pytest.approx(whole - base)
    assert found.projects["dual_t"].isna().all() == (order == "allies_last")
    if order != "alike":
        assert found.ours is None
        return
    assert found.ours is not None
    for built in ([], *([name] for name in names), names):
        label = "none" if not built else "all" if len(built) > 1 else built[0]
        merged = net.with_projects(built)
        ends = [served(merged, "allies_last"), served(merged, "allies_first")]
        assert found.ours.loc[label].tolist() == pytest.approx(ends, abs=1e-6), label


def test_what_counts_the_beneficiaries_first_is_not_asked_otherwise() -> None:
    for more in ({"budget_musd": 10.0}, {"horizon": (2026, 2027)}):
        with pytest.raises(cn.DataError, match="budget_musd and horizon count the beneficiaries first"):
            cn.reroute(with_projects(), order="allies_last", **more)  # type: ignore[arg-type]


def test_a_drawing_says_the_order_and_refuses_another(tmp_path: Any) -> None:
    net = shared()
    found, losses = cn.balance(net, order="allies_last"), cn.chokepoints(net, order="allies_last")
    page = cn.draw(net, found, losses=losses, order="allies_last", path=tmp_path / "x.html").read_text(encoding="utf-8")
    assert "allies served last" in page
    for answer, other in ((found, cn.chokepoints(net)), (cn.balance(net, order="allies_first"), losses)):
        with pytest.raises(
            cn.DataError, match='order="allies_last", but an answer was asked with order="allies_first"'
        ):
            cn.draw(net, answer, losses=other, order="allies_last", path=tmp_path / "y.html")
    assert not (tmp_path / "y.html").exists()
    with pytest.raises(cn.DataError, match="unknown order"):
        cn.draw(net, order="during", path=tmp_path / "y.html")  # type: ignore[arg-type]
