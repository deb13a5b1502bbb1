"""What passes each step and arrives, and what is lost: small chains by hand."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn
from chainnet.assessment import find


def chain() -> cn.Network:
    """A mine at home and one abroad feed a maker each; both makers serve one army, which asks for 50."""
    nodes = frame(
        "id stage step country capacity_tpa",
        ("mine_home", "mine", "mining", "AUS", 12.0),
        ("mine_away", "mine", "mining", "CHN", 90.0),
        ("maker_home", "manufacturer", "making", "USA", 20.0),
        ("maker_away", "manufacturer", "making", "CHN", 60.0),
        ("army", "end_use", None, "USA", None),
    )
    edges = frame(
        "source target commodity flow_tpa capacity_tpa",
        ("mine_home", "maker_home", "ore", 12.0, 12.0),
        ("mine_away", "maker_home", "ore", 3.0, 8.0),
        ("mine_away", "maker_away", "ore", 35.0, 60.0),
        ("maker_home", "army", "part", 15.0, 20.0),
        ("maker_away", "army", "part", 35.0, 60.0),
    )
    processes = frame(
        "process commodity role t_per_t",
        ("make", "ore", "input", 1.0),
        ("make", "part", "output", 1.0),
    )
    nodes["process"] = [None, None, "make", "make", None]
    demand = frame("node commodity tier demand_tpa", ("army", "part", "defence", 50.0))
    return cn.Network(
        nodes=nodes,
        edges=edges,
        processes=processes,
        demand=demand,
        tiers=frame("tier rank", ("defence", 1)),
        beneficiaries=["USA", "AUS"],
    )


def stop() -> cn.Scenario:
    return cn.Scenario("stop", [{"kind": "remove", "where": {"country": "CHN"}}], "China stops")


def amounts(found: cn.Finding, column: str) -> dict[tuple[str, str, str, str], float]:
    table = found.passage[found.passage[column] > 1e-9]
    return {(r.step, r.country, r.to_step, r.to_country): round(getattr(r, column), 6) for r in table.itertuples()}


def test_what_arrives_comes_over_what_stands_and_what_is_lost_over_what_stopped() -> None:
    found = find(chain(), stop())
    assert amounts(found, "arrives_tpa") == {
        ("mining", "AUS", "making", "USA"): 12.0,
        ("making", "USA", "", "USA"): 12.0,
    }
    # of the 50 of the baseline 35 came from the maker abroad, 15 from that at home; 38 are lost, in proportion
    lost = amounts(found, "lost_tpa")
    assert lost[("making", "CHN", "", "USA")] == pytest.approx(38.0 * 35 / 50)
    assert lost[("making", "USA", "", "USA")] == pytest.approx(38.0 * 15 / 50)
    assert lost[("mining", "CHN", "making", "CHN")] == pytest.approx(38.0 * 35 / 50)
    assert lost[("mining", "CHN", "making", "USA")] == pytest.approx(38.0 * 15 / 50 * 3 / 15)
    assert found.arrives_tpa == pytest.approx(12.0)


def test_every_step_carries_what_arrives_and_what_is_lost() -> None:
    table = find(chain(), stop()).passage.groupby("step")[["arrives_tpa", "lost_tpa"]].sum()
    assert table["arrives_tpa"].tolist() == pytest.approx([12.0, 12.0])
    assert table["lost_tpa"].tolist() == pytest.approx([38.0, 38.0])


def test_scenarios_stand_side_by_side() -> None:
    found = find(cn.read("mag-9"), tier="civilian")
    table = found.scenarios
    assert table["which"].tolist().count("worst") == 1
    assert table.loc[found.scenario.name, "which"] == "worst"  # type: ignore[union-attr]
    others = table[table["which"] == "other"]["due_share:civilian"]
    assert (others.diff().dropna() <= 1e-6).all()
    assert found.later["share"] == pytest.approx(table.loc[found.scenario.name, "due_share:civilian"])  # type: ignore[union-attr]
