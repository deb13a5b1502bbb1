"""What stays where it is mined: it counts for nobody, and it replaces no import that is lost."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import chainnet as cn

BAUXITE = {"2606": {"commodity": "bauxite"}}


def trade(*rows: tuple[Any, ...], columns: str = "exporter importer t") -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def losses(
    use: Any = None, *, utilisation: float = 1.0, slack: float = 1.0, reroute: str = "existing"
) -> dict[str, float]:
    """India mines 90 t for itself and takes 60 t of Guinea and 30 t of Jamaica."""
    rows = trade(("GIN", "IND", 60.0), ("JAM", "IND", 30.0))
    made = {"GIN": 60.0, "JAM": 30.0, "IND": 90.0}
    found = cn.from_trade(rows, made, use, products=BAUXITE, utilisation=utilisation, slack=slack)
    table = cn.chokepoints(found.network, by="country", reroute=reroute)
    return {country: loss for country, loss in table["lost_tpa"].items() if loss > 1e-9}


def test_what_a_miner_keeps_replaces_no_import_that_is_lost() -> None:
    assert losses() == pytest.approx({"GIN": 60.0, "JAM": 30.0})
    assert losses({"IND": 180.0}) == pytest.approx({"GIN": 60.0, "JAM": 30.0, "IND": 90.0})
    assert losses(reroute="new") == pytest.approx({"GIN": 60.0, "JAM": 30.0})


def test_idle_capacity_at_home_replaces_imports_alike_with_and_without_use() -> None:
    """A mine at four fifths has 22.5 t more than it keeps, Jamaica 7.5 t more, Guinea 15 t."""
    assert losses(utilisation=0.8, slack=1.5) == pytest.approx({"GIN": 30.0})
    assert losses({"IND": 180.0}, utilisation=0.8, slack=1.5) == pytest.approx({"GIN": 30.0, "IND": 67.5})


def test_use_that_is_given_takes_what_stays_at_home_first() -> None:
    # of 150 t India uses 120: its own 90 and Jamaica's 30 are enough
    assert losses({"IND": 120.0}) == pytest.approx({"IND": 30.0})
    # of its own 90 t it uses 40, and 50 stay; all 40 are its own
    assert losses({"IND": 40.0}) == {}
    held = (
        cn.from_trade(
            trade(("GIN", "IND", 60.0)), {"GIN": 60.0, "IND": 90.0}, {"IND": 40.0}, products=BAUXITE, utilisation=1.0
        )
        .network.nodes.set_index("id")["capacity_tpa"]
        .dropna()
    )
    assert held.to_dict() == pytest.approx({"gin_bauxite": 60.0, "ind_bauxite": 40.0, "ind_bauxite_kept_at_home": 50.0})


def test_what_a_country_without_a_figure_of_use_keeps_serves_no_other() -> None:
    """Australia keeps 50 t of which nobody says what it does; they do not come to China when Guinea is lost."""
    rows = trade(("GIN", "CHN", 60.0), ("AUS", "CHN", 40.0))
    found = cn.from_trade(
        rows, {"GIN": 60.0, "AUS": 90.0}, {"CHN": 100.0}, products=BAUXITE, utilisation=1.0, slack=9.0
    )
    assert cn.chokepoints(found.network, by="country")["lost_tpa"].to_dict() == pytest.approx(
        {"GIN": 60.0, "AUS": 40.0}
    )


def test_in_a_chain_ore_that_goes_into_what_stays_is_held_as_well() -> None:
    """China makes 90 t of metal of 60 t of ore of its own and 40 t of Chile's, and ships none: 54 t are of its own ore.

    Spain takes 36 t of Chile's metal. Without Chile it gets nothing of what China keeps.
    """
    rows = trade(("CHL", "CHN", 2603, 40.0), ("CHL", "ESP", 7403, 36.0), columns="exporter importer code t")
    products = {"2603": {"commodity": "ore"}, "7403": {"commodity": "metal", "recovery": 0.9}}
    with pytest.warns(cn.ChainnetWarning, match="54 t of ore stay"):
        found = cn.from_trade(rows, {"CHN": 60.0, "CHL": 80.0}, products=products, utilisation=1.0, slack=9.0)
    assert found.uncounted_tpa == pytest.approx(54.0)
    assert found.demand_tpa == pytest.approx(36.0 + 36.0)
    asked = found.network.demand.set_index(["node", "commodity"])["demand_tpa"].to_dict()
    assert asked == pytest.approx(
        {("chn_use", "metal"): 36.0, ("esp_use", "metal"): 36.0, ("chn_use", "metal kept at home"): 54.0}
    )
    assert cn.chokepoints(found.network, by="country")["lost_tpa"].to_dict() == pytest.approx(
        {"CHL": 72.0, "CHN": 36.0}
    )
    assert cn.balance(found.network).demand["shortfall_tpa"].sum() == pytest.approx(0.0, abs=1e-6)


def test_all_that_a_country_mines_stands_in_its_plants() -> None:
    rows = trade(("GIN", "IND", 60.0), ("IND", "ARE", 20.0))
    found = cn.from_trade(rows, {"GIN": 60.0, "IND": 90.0, "BRA": 7.0}, products=BAUXITE, utilisation=0.5)
    mines = found.network.nodes.query("stage == 'mine'").groupby("country")["capacity_tpa"].sum()
    assert mines.to_dict() == pytest.approx({"BRA": 14.0, "GIN": 120.0, "IND": 180.0})
