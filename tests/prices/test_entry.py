"""Who builds in the long run, at which floor, and which floors go together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainnet as cn
from chainnet.prices import _entry, break_even_floor, capital_recovery_factor, floor_curve, implied_floors
from tests.market_networks import USA, entry, next_product, two_countries

FULL_COST = 45_000.0 + 500e6 * capital_recovery_factor() / 5000.0
CONTRACT = {"kind": "price_floor", "commodity": "good", "mechanism": "cfd", "nodes": "plant"}


def long_run(*policy: dict[str, Any], unit_cost: float = 45_000.0) -> Any:
    net, table = entry(unit_cost)
    found = cn.market(net, policy=list(policy), curves=table, run="long")
    assert found.certificate.ok
    return found


def built(found: Any) -> float:
    return float(found.builds.loc["plant", "built_share"])


@pytest.mark.parametrize("mechanism", ["border", "cfd"])
def test_the_floor_at_which_a_project_enters(mechanism: Any) -> None:
    net, table = entry()
    found = break_even_floor(net, ["plant"], "good", mechanism=mechanism, to="USA", curves=table).loc["plant"]
    low, high = found["floor_low_usd_per_t"], found["floor_high_usd_per_t"]
    assert low < FULL_COST < high < low + 1.0
    assert pytest.approx(61_274.54, abs=0.01) == FULL_COST
    measure = {"kind": "price_floor", "commodity": "good", "to": USA} if mechanism == "border" else CONTRACT
    assert built(long_run({**measure, "usd_per_t": FULL_COST - 10})) == 0.0
    assert built(long_run({**measure, "usd_per_t": FULL_COST + 10})) == pytest.approx(1.0)


def test_a_floor_is_sought_beside_the_measures_of_a_scenario() -> None:
    net, table = entry()
    tariff = cn.Scenario("tariff", [{"kind": "tariff", "to": USA, "commodity": "good", "usd_per_t": 300.0}])
    asked: dict[str, Any] = {"mechanism": "cfd", "to": "USA", "curves": table, "scenario": tariff}
    low, high = break_even_floor(net, ["plant"], "good", **asked).loc["plant"]
    assert low < FULL_COST < high < low + 1.0
    curve = floor_curve(net, "good", [50_000.0, 70_000.0], to="USA", curves=table, scenario=tariff)
    # world 40,000 + q and 300 at the border, users 90,000 - 2 q: 56,866.67; at 70,000 they take 10,000 t
    assert curve["price_usd_per_t"].tolist() == pytest.approx([170_600 / 3, 70_000.0])
    assert curve["levy_usd_per_t"].tolist() == pytest.approx([0.0, 19_700.0])


def test_a_contract_at_the_break_even_floor_and_the_grant_that_does_the_same() -> None:
    free, paid = long_run(), long_run({**CONTRACT, "usd_per_t": FULL_COST + 1e-3})
    assert free.prices.loc[("users", "good"), "price_usd_per_t"] == pytest.approx(170_000 / 3)
    assert paid.prices.loc[("users", "good"), "price_usd_per_t"] == pytest.approx(160_000 / 3)
    assert paid.policies.loc[0, "treasury_usd_per_a"] == pytest.approx(-39.706e6, rel=1e-4)
    grant = {"kind": "subsidy", "nodes": "plant"}
    share = (FULL_COST - 160_000 / 3) / (FULL_COST - 45_000.0)
    assert share == pytest.approx(0.48795, abs=1e-5)
    given = long_run({**grant, "capex_share": share + 1e-9})
    assert built(given) == pytest.approx(1.0)
    assert given.policies.loc[0, "treasury_usd_per_a"] == pytest.approx(-39.706e6, rel=1e-4)
    assert 0 < built(long_run({**grant, "capex_share": 0.4})) < 1
    assert built(long_run({**grant, "capex_share": 1.0}, unit_cost=60_000.0)) == 0.0


def test_a_border_floor_at_break_even_lowers_the_price_of_the_world() -> None:
    found = long_run({"kind": "price_floor", "commodity": "good", "to": USA, "usd_per_t": FULL_COST + 1e-3})
    assert found.policies.loc[0, "usd_per_t"] == pytest.approx(11_912, abs=1)
    assert found.prices.loc[("world", "good"), "price_usd_per_t"] == pytest.approx(49_363, abs=1)
    change = (found.welfare - long_run().welfare).loc["USA"]
    assert change["treasury_usd_per_a"] > 0 > change["consumers_usd_per_a"]


def test_a_project_earns_nothing_where_it_is_built_in_part_and_something_where_whole() -> None:
    part, whole, out = (long_run({"kind": "subsidy", "nodes": "plant", "capex_share": s}) for s in (0.4, 0.6, 0.1))
    assert part.builds.loc["plant", "profit_usd_per_a"] == pytest.approx(0.0, abs=1e-3)
    assert whole.builds.loc["plant", "profit_usd_per_a"] > 0
    assert built(out) == 0.0
    assert out.builds.loc["plant", "profit_usd_per_a"] == 0.0


def test_who_lacks_a_size_or_a_capital_cost_cannot_enter() -> None:
    net, table = entry()
    costs = [net.projects["capex_musd"].iloc[0], None, 500.0, 500.0]
    more = pd.concat([net.projects] * 4, ignore_index=True).assign(
        id=["plant", "costless", "sizeless", "naught"], capex_musd=costs, capacity_tpa=[5000.0, 5000.0, None, 0.0]
    )
    wider = net.with_table("projects", more)
    asked: dict[str, Any] = {"curves": table, "reroute": "existing", "run": "long"}
    found = cn.market(wider, **asked)
    assert found.builds.index.tolist() == ["plant"]
    rows = found.assumed[found.assumed.index.str.startswith("capex ")]
    assert rows.index.tolist() == ["capex costless", "capex naught", "capex sizeless"]
    assert set(rows["source"]) == {"not known: the project cannot enter"}
    assert rows[["low", "used", "high"]].isna().all(axis=None)
    for name in ("costless", "sizeless", "naught"):
        with pytest.raises(cn.DataError) as told:
            cn.market(wider, **asked, projects=["plant", name])
        assert str(told.value) == (
            f"projects: {name} has no capacity_tpa or no capex_musd, so what it must earn is not known."
        )


def test_a_curve_of_floors_bites_holds_and_breaks() -> None:
    net, table = entry()
    floors = [50_000.0, 58_000.0, 63_000.0, 90_000.0]
    found = floor_curve(net, "good", floors, to="USA", curves=table, run="long")
    assert found["price_usd_per_t"].tolist() == pytest.approx([170_000 / 3, 58_000.0, 63_000.0, 80_000.0])
    assert found["levy_usd_per_t"].tolist() == pytest.approx([0.0, 2000.0, 14_500.0, 40_000.0])
    assert found["held"].tolist() == [True, True, True, False]
    assert found["built_tpa"].tolist() == pytest.approx([0.0, 0.0, 5000.0, 5000.0])
    assert found["projects"].tolist() == ["", "", "plant", "plant"]
    assert found["elsewhere_usd_per_t"].isna().all()  # nobody else buys
    assert (np.diff(found["imports_tpa"]) <= 1e-6).all()
    assert found.loc[0, ["users_usd_per_a", "makers_usd_per_a", "treasury_usd_per_a"]].tolist() == [0.0, 0.0, 0.0]
    paid = floor_curve(net, "good", [63_000.0], to="USA", mechanism="cfd", curves=table, run="long").iloc[0]
    assert paid["treasury_usd_per_a"] == pytest.approx(-5000 * (63_000 - 160_000 / 3))
    assert paid["users_usd_per_a"] > 0


def test_many_floors_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports are 112.5 - 1.5 F, China exports 2 p - 70: between 55 and 75 all is known; above, imports end at 75."""
    net, table = two_countries()
    solved: list[float] = []
    solve = _entry._Curve._at
    monkeypatch.setattr(_entry._Curve, "_at", lambda self, floor: solved.append(floor) or solve(self, floor))
    floors = np.random.default_rng(1).permutation(np.linspace(50.25, 89.75, 80))
    found = floor_curve(net, "good", floors, to="USA", curves=table)
    assert found["floor_usd_per_t"].tolist() == floors.tolist()
    assert len(solved) < 30
    at = np.clip(floors, 55.0, 75.0)
    imports, levy = 112.5 - 1.5 * at, 1.75 * at - 96.25
    assert np.allclose(found["price_usd_per_t"], at, atol=1e-6)
    assert np.allclose(found["elsewhere_usd_per_t"], 35 + imports / 2, atol=1e-6)  # where the Chinese buy
    assert np.allclose(found["imports_tpa"], imports, atol=1e-6)
    assert np.allclose(found["levy_usd_per_t"], levy, atol=1e-6)
    assert np.allclose(found["treasury_usd_per_a"], levy * imports, atol=1e-5)
    assert np.allclose(found["users_usd_per_a"], ((97.5 - at) ** 2 - 42.5**2) / 2, atol=1e-5)
    assert np.allclose(found["makers_usd_per_a"], ((at - 30) ** 2 - 25.0**2) / 4, atol=1e-5)
    assert found["held"].tolist() == (floors <= 75.0).tolist()


@pytest.mark.parametrize("supply", [None, 0.2])
def test_a_point_of_a_grid_is_what_it_is_alone(supply: float | None) -> None:
    net = cn.read("gallium")
    more = {"supply_elasticity": supply} if supply else {}
    floors = np.linspace(350_000.0, 900_000.0, 20)
    grid = floor_curve(net, "ga_primary", floors, elasticities=[0.2, 0.7], **more)
    assert grid["demand_elasticity"].tolist() == [0.2] * 20 + [0.7] * 20
    for row in (3, 9, 18, 26, 37):
        size, floor = grid.loc[row, ["demand_elasticity", "floor_usd_per_t"]]
        alone = floor_curve(net, "ga_primary", [floor], demand_elasticity=size, **more).iloc[0]
        assert grid.loc[row, "projects"] == alone["projects"] == ""
        for name in alone.index.drop("projects"):
            scale = max(abs(float(alone[name])), 1e-3 * float(grid[name].astype(float).abs().max()))
            assert abs(float(grid.loc[row, name]) - float(alone[name])) <= 1e-8 * scale, name
    measure = {"kind": "price_floor", "commodity": "ga_primary", "usd_per_t": float(floors[9]),
               "to": {"country": list(net.beneficiaries)}}  # fmt: skip
    market = cn.market(net, policy=[measure], demand_elasticity=0.2, **more)
    assert grid.loc[9, "levy_usd_per_t"] == pytest.approx(market.policies.loc[0, "usd_per_t"], rel=1e-8)
    assert grid.loc[9, "held"] == market.policies.loc[0, "held"]
    stiff = floor_curve(net, "ga_primary", floors[9:10], elasticities=[0.2], demand_elasticity={"defence": 0.0}, **more)
    assert stiff.loc[0, "imports_tpa"] > grid.loc[9, "imports_tpa"]  # the tier that is named keeps its own size


def test_floors_that_go_together() -> None:
    net, _ = next_product()
    price = {"oxide": 50.0, "magnet": 45.0}
    down = implied_floors(net, {"oxide": 80.0}, price)
    assert down.loc["magnet"].tolist() == [pytest.approx(54.0), "oxide", 0.3]
    up = implied_floors(net, {"magnet": 54.0}, price)
    assert up.loc["oxide", "floor_usd_per_t"] == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda net, table: break_even_floor(net, ["plant"], "good", curves=table), "names no beneficiaries"),
        (lambda net, table: break_even_floor(net, ["plants"], "good", to="USA", curves=table), "plants"),
        (lambda net, table: floor_curve(net, "goods", [1.0], to="USA", curves=table), "unknown commodity"),
        (lambda net, table: floor_curve(net, "good", [-1.0], to="USA", curves=table), "floors: -1.0"),
        (lambda net, table: floor_curve(net, "good", [1.0], to="USA", curves=table, mechanism="x"), "mechanism"),
        (lambda net, table: floor_curve(net, "good", [1.0], to="USA", elasticities=[-0.1]), "elasticities: -0.1"),
        (
            lambda net, table: floor_curve(net, "good", [1.0], to="USA", elasticities=[0.1], demand_elasticity=0.2),
            "stands beside elasticities",
        ),
        (lambda net, table: implied_floors(net, {"good": 3.0}), "no price of good to rise from"),
    ],
)
def test_bad_input_is_said(ask: Any, said: str) -> None:
    with pytest.raises(cn.ChainnetError, match=said):
        ask(*entry())
