"""Instruments at equal effect: what each needs and costs, by hand on one project, and its ends on several."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from tests.market_networks import entry

FULL_COST, PRICE = 61_274.5394885, 170_000 / 3
OUT = cn.Scenario("out", [{"kind": "remove", "nodes": ["world"]}])


def asked(avoid: float, unit_cost: float = 45_000.0, **more: Any) -> Any:
    net, table = entry(unit_cost)
    priced = cn.Network(
        nodes=net.nodes, edges=net.edges, demand=net.demand, projects=net.projects, main_commodity="good", name="toy",
        commodities=pd.DataFrame({"id": ["good"], "price_usd_per_t": [PRICE]}), beneficiaries=["USA"],
    )  # fmt: skip
    return cn.instruments(priced, "civilian", avoid, 2030, OUT, **{"reroute": "existing", "curves": table, **more})


def test_each_instrument_at_the_effect_of_one_project() -> None:
    found = asked(2000.0)
    table = found.table
    assert found.certificate.ok
    assert table["reaches"].all()
    for name in ("floor", "contract_for_difference", "offtake"):
        assert FULL_COST < table.loc[name, "usd_per_t"] < FULL_COST * (1 + 1e-5)
    for name in ("floor", "contract_for_difference", "offtake", "grant"):
        assert table.loc[name, "projects"] == "plant"
        assert table.loc[name, "avoids_tpa"] == pytest.approx(5000.0, rel=0.7)
        assert table.loc[name, "avoids_tpa"] >= 2000.0 * (1 - 1e-5)
    made = table.loc["contract_for_difference", "avoids_tpa"]
    assert table.loc["contract_for_difference", "cost_usd_per_a"] <= 5000 * (FULL_COST - 160_000 / 3) * 1.001
    assert made <= 5000.0 * (1 + 1e-9)
    loss = (90_000 - PRICE) ** 2 / 4 - (90_000 - FULL_COST) ** 2 / 4
    assert table.loc["floor", "cost_usd_per_a"] == pytest.approx(loss, rel=1e-4)
    assert table.loc["floor", "revenue_usd_per_a"] > 0
    assert table.loc["grant", "cost_usd"] == pytest.approx(0.48795 * 500e6, rel=1e-4)
    assert table.loc["grant", "cost_usd_per_a"] == pytest.approx(39.706e6, rel=1e-4)
    assert table.loc["stock", "tonnes_t"] == 2000.0
    assert table.loc["stock", "cost_usd"] == pytest.approx(2000 * PRICE)
    assert table.loc["stock", "cost_usd_per_a"] == pytest.approx(200 * PRICE)
    assert table["payer"].tolist() == ["users", "treasury", "buyer", "treasury", "treasury"]


@pytest.mark.slow
def test_ranges_of_what_is_assumed_give_ends_of_the_cost() -> None:
    table = asked(2000.0, curves=None, demand_elasticity=(0.3, 0.9), supply_elasticity=(0.5, 1.5)).table
    assert (table["cost_low_usd_per_a"] <= table["cost_usd_per_a"]).all()
    assert (table["cost_usd_per_a"] <= table["cost_high_usd_per_a"]).all()
    assert table.loc["floor", "cost_low_usd_per_a"] < table.loc["floor", "cost_high_usd_per_a"]


def test_what_no_number_reaches_has_no_cost() -> None:
    table = asked(6000.0).table
    assert table["reaches"].tolist() == [False, False, False, False, True]
    assert table["cost_usd_per_a"].isna().tolist() == [True, True, True, True, False]
    assert table.loc["grant", "avoids_tpa"] == pytest.approx(5000.0)
    dear = asked(2000.0, unit_cost=60_000.0).table
    assert not dear.loc["grant", "reaches"]
    assert dear.loc["contract_for_difference", "reaches"]


@pytest.mark.slow
def test_nothing_costs_nothing_and_more_never_costs_less() -> None:
    rows = [asked(avoid).table["cost_usd_per_a"] for avoid in (0.0, 1000.0, 4000.0)]
    assert rows[0].tolist() == [0.0] * 5
    for less, more in pairwise(rows):
        assert (more >= less * (1 - 1e-4)).all()


def test_a_project_that_begins_too_late_does_not_count() -> None:
    net, table = entry()
    late = net.projects.assign(start_year=2035)
    other = cn.Network(
        nodes=net.nodes, edges=net.edges, demand=net.demand, projects=late, main_commodity="good", beneficiaries=["USA"]
    )
    found = cn.instruments(
        other, "civilian", 10.0, 2030, OUT, reroute="existing", curves=table, reference_price=PRICE
    ).table
    assert found["reaches"].tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"avoid": -1.0}, "avoid_tpa: -1.0"),
        ({"run": "long"}, r"^run: is set by instruments itself\. Leave it out\.$"),
        ({"policy": []}, r"^policy: is set by instruments itself\. Leave it out\.$"),
        ({"precision": 0.0}, r"^precision: 0\.0 is out of range; give a part of the number, such as 1e-6\.$"),
        ({"precision": 0.6}, "precision: 0.6 is out of range"),
        ({"projects": ["plans"]}, "unknown project"),
        ({"reference_price": -1}, "reference_price"),
    ],
)
def test_bad_input_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(cn.ChainnetError, match=said):
        asked(**{"avoid": 10.0, **given})


@pytest.mark.long
def test_a_rough_number_lies_above_the_close_one_within_its_precision() -> None:
    asked = {"commodity": "ga_primary", "demand_elasticity": 0.5, "supply_elasticity": 0.5}
    close, rough = (
        cn.instruments(cn.read("gallium"), "civilian", 1.0, 2030, precision=near, **asked).table
        for near in (1e-4, 1e-2)
    )
    for name in ("contract_for_difference", "offtake"):
        least, most = close.loc[name, "usd_per_t"], rough.loc[name, "usd_per_t"]
        assert least * (1 - 1e-4) <= most <= least * 1.011
    with pytest.raises(cn.DataError, match="precision"):
        cn.instruments(cn.read("gallium"), "civilian", 1.0, 2030, precision=0.0, **asked)


def rivals(*projects: tuple[str, float, float, float]) -> Any:
    """One project or several beside the makers of the world: id, tonnes, capital cost in million USD, unit cost."""
    net, table = entry(45_000.0)
    rows = pd.DataFrame(projects, columns=["id", "capacity_tpa", "capex_musd", "unit_cost_usd_per_t"])
    first = net.projects.iloc[0]
    built = rows.assign(stage=first["stage"], country=first["country"])
    links = net.edges[net.edges["source"] == first["id"]]
    others = net.edges[~net.edges.index.isin(links.index)]
    edges = pd.concat([others, *[links.assign(source=name) for name in rows["id"]]], ignore_index=True)
    made = table[~table["node"].isin(net.projects["id"])]
    priced = cn.Network(
        nodes=net.nodes, edges=edges, demand=net.demand, projects=built, main_commodity="good", name="toy",
        commodities=pd.DataFrame({"id": ["good"], "price_usd_per_t": [PRICE]}), beneficiaries=["USA"],
    )  # fmt: skip
    return lambda avoid: cn.instruments(priced, "civilian", avoid, 2030, OUT, reroute="existing", curves=made).table


def test_a_grant_passes_over_what_would_not_run_and_takes_the_cheapest_grant() -> None:
    plant = ("plant", 5000.0, 500.0, 45_000.0)
    alone = rivals(plant)(2000.0).loc["grant"]
    assert alone["reaches"]
    # least capital cost, and a running cost above any price
    beside = rivals(plant, ("never", 5000.0, 1.0, 90_000.0))(2000.0).loc["grant"]
    assert (beside["reaches"], beside["projects"]) == (True, "plant")
    assert beside["cost_usd_per_a"] == pytest.approx(alone["cost_usd_per_a"], rel=1e-6)
    # less capital cost, but more of it has to be given
    dearer = rivals(plant, ("dear", 5000.0, 400.0, 53_000.0))(2000.0).loc["grant"]
    assert dearer["projects"] == "plant"
    assert dearer["cost_usd_per_a"] == pytest.approx(alone["cost_usd_per_a"], rel=1e-6)
    none = rivals(("never", 5000.0, 1.0, 90_000.0))(2000.0).loc["grant"]
    assert not none["reaches"]
    assert (none["avoids_tpa"], pd.isna(none["cost_usd"])) == (0.0, True)
    assert "no grant suffices" in none["note"]
