"""Two networks side by side: what changed, and which input moved which answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app


def test_the_same_says_so(mag9: cn.Network) -> None:
    found = cn.compare(mag9, mag9)
    assert found.words == ("The inputs are the same.", "No shortfall changed.")
    assert found.inputs.empty
    assert found.causes.empty
    assert (found.answers["change"] == 0).all()


def test_two_changes_that_need_each_other(mag9: cn.Network) -> None:
    """Twice the magnets of Japan and more dysprosium of Brazil: with China out, only both together count."""
    nodes, demand = mag9.nodes, mag9.demand
    nodes.loc[nodes["id"] == "G_JP", "capacity_tpa"] = 24.0
    demand.loc[demand["tier"] == "civilian", "demand_tpa"] = 35.0
    after = mag9.with_table("nodes", nodes.assign(capacity_tpa=nodes["capacity_tpa"].where(nodes["id"] != "H_BR", 0.4)))
    after = after.with_table("demand", demand)
    found = cn.compare(mag9, after)
    # H_BR 0.4 t of Dy make 20 t of magnets, 24 could be made: served 20 instead of 10 of 55 instead of 50
    top = found.answers.query("tier == 'all tiers' and measure == 'short_t' and scenario == 'china_out'").iloc[0]
    assert (top["before"], top["after"]) == pytest.approx((40.0, 35.0))
    found = cn.compare(mag9, after, scenario="china_out")
    assert found.causes.attrs["answer"].startswith("short_t, china_out")
    assert found.causes["share_t"].sum() == pytest.approx(-5.0)
    assert found.causes.loc["nodes", ["share_t", "alone_t", "last_in_t"]].tolist() == pytest.approx([-10, -10, -10])
    assert found.causes.loc["demand", "share_t"] == pytest.approx(5.0)
    alone = found.rows.set_index("key")["alone_t"]
    assert alone["G_JP"] == 0
    assert alone["H_BR"] == pytest.approx(-2.0), "12 t of magnets can be made in Japan"
    assert any("fell from 40 t/yr to 35 t/yr" in sentence for sentence in found.words)


@settings(max_examples=2)
@given(caps=st.lists(st.floats(0.5, 40), min_size=3, max_size=3), asked=st.floats(1, 60))
def test_shares_add_up(caps: list[float], asked: float) -> None:
    nodes = pd.DataFrame(
        {"id": ["a", "b", "u"], "stage": ["mine", "mine", "end_use"], "capacity_tpa": [10.0, 20.0, np.nan]}
    )
    edges = pd.DataFrame({"source": ["a", "b"], "target": ["u", "u"], "capacity_tpa": [8.0, np.nan]})
    demand = pd.DataFrame({"node": ["u"], "tier": ["defence"], "demand_tpa": [30.0]})
    old = cn.Network(nodes, edges, demand=demand)
    new = cn.Network(
        nodes.assign(capacity_tpa=[caps[0], caps[1], np.nan]),
        edges.assign(capacity_tpa=[caps[2], np.nan]),
        demand=demand.assign(demand_tpa=asked),
    )
    found = cn.compare(old, new)
    change = found.answers.query("tier == 'all tiers' and measure == 'short_t'")["change"].iloc[0]
    by_hand = max(asked - min(caps[0], caps[2]) - caps[1], 0) - 2.0
    assert change == pytest.approx(by_hand, abs=1e-6)
    assert found.causes["share_t"].sum() == pytest.approx(change, abs=1e-6)
    back = cn.compare(new, old)
    assert back.causes["share_t"].sum() == pytest.approx(-change, abs=1e-6)


def test_rows_come_and_go(mag9: cn.Network) -> None:
    found = cn.compare(mag9, mag9.without(nodes=["H_CN"]), scenario="undisturbed")
    gone = found.inputs[found.inputs["kind"] == "removed"]
    assert "H_CN" in set(gone["key"])
    assert found.causes.loc["rows added or removed", "share_t"] == pytest.approx(40.0)
    back = cn.compare(mag9.without(nodes=["H_CN"]), mag9, scenario="undisturbed")
    assert set(back.inputs["kind"]) == {"added"}


def test_assessments_bring_their_scenarios(mag9: cn.Network) -> None:
    mild = cn.Scenario("own", [{"kind": "scale", "nodes": ["H_CN"], "share": 0.5}])
    hard = cn.Scenario("own", [{"kind": "remove", "nodes": ["H_CN"]}])
    found = cn.compare(*(cn.assess(mag9, [one], years=[2030], months=6, draws=0) for one in (mild, hard)))
    assert set(found.answers["scenario"]) == {"undisturbed", "own"}
    assert found.causes.index.tolist() == ["scenario"]
    assert found.words[0] == "The inputs are the same."


def test_a_scenario_that_one_side_lacks(mag9: cn.Network) -> None:
    other = cn.Network.from_edges(pd.DataFrame({"source": ["a"], "target": ["b"], "capacity_tpa": [1.0]}))
    found = cn.compare(mag9, other)
    assert found.answers.query("scenario == 'china_out'")["after"].isna().all()


@pytest.mark.parametrize("wrong", [{"before": 3}, {"scenario": "nowhere"}])
def test_wrong_arguments_are_named(mag9: cn.Network, wrong: dict[str, Any]) -> None:
    call: dict[str, Any] = {"before": mag9, "after": mag9, **wrong}
    with pytest.raises(cn.DataError, match=next(iter(wrong))):
        cn.compare(call.pop("before"), call.pop("after"), **call)


def test_order_of_rows_changes_nothing(mag9: cn.Network) -> None:
    turned = mag9.with_table("nodes", mag9.nodes.iloc[::-1])
    assert cn.compare(mag9, turned).inputs.empty


def test_command(mag9: cn.Network, tmp_path: Any) -> None:
    cn.write(mag9.scale({"id": "G_JP"}, 0.5), tmp_path / "less")
    run = CliRunner()
    done = run.invoke(app, ["compare", "mag-9", str(tmp_path / "less"), "--scenario", "undisturbed"])
    assert done.exit_code == 0, done.output
    done = run.invoke(app, ["compare", "mag-9", str(tmp_path / "less"), "--format", "json"])
    assert done.exit_code == 0
    assert "G_JP" in done.stdout
    assert run.invoke(app, ["compare", "mag-9", "mag-10"]).exit_code == 1
