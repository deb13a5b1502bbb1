"""Rules that bar new relations: between whom, of what, from when to when."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.network import bars_in_force

PLACES = {"p_mine": "PRK", "m_mine": "MNG", "c_use": "CHN", "u_use": "USA", "j_use": "JPN"}
SIZES = {"p_mine": 10.0, "m_mine": 4.0}
OWN = {"bars_from": "MNG", "bars_to": "USA"}


def chain(*rules: dict[str, Any], as_of: str | None = "2026-11-30", **places: str) -> cn.Network:
    """Two mines, of 10 and 4 t/yr, ship to China alone, which wants nothing now; two others want 6 each."""
    lies = {**PLACES, **places}
    nodes = [
        (name, name[2:].replace("use", "end_use"), *((None, place) if place == "EU27" else (place, None)))
        for name, place in lies.items()
    ]
    edges = [("p_mine", "c_use", 10.0), ("m_mine", "c_use", 4.0), ("m_mine", "u_use", 0.0), ("m_mine", "j_use", 0.0)]
    laid = [{"title": "R", "kind": "import", "id": f"r{number}", **rule} for number, rule in enumerate(rules)]
    return cn.Network(
        nodes=frame("id stage country region", *nodes).assign(capacity_tpa=lambda t: t["id"].map(SIZES)),
        edges=frame("source target capacity_tpa", *edges).assign(commodity="ore"),
        demand=frame("node demand_tpa", ("u_use", 6.0), ("j_use", 6.0)).assign(commodity="ore", tier="defence"),
        rules=pd.DataFrame(laid) if laid else None,
        as_of=as_of,
    )


def served(net: cn.Network) -> dict[str, float]:
    """What reaches each use, its own country served first."""
    found = {}
    for use in ("u_use", "j_use"):
        mine = cn.balance(net, reroute="new", beneficiaries=PLACES[use], order="allies_first").demand
        found[use] = float(mine.set_index("node").loc[use, "served_tpa"].round(6))
    return found


def test_who_may_take_no_north_korean_ore_shares_that_of_mongolia() -> None:
    # both may take Mongolia's 4, neither North Korea's 10, though its works would take it
    found = cn.balance(chain(), reroute="new")
    assert found.by_tier()["served_tpa"].sum() == pytest.approx(4.0)
    assert set(found.relations["maker"]) == {"MNG"}
    assert served(chain()) == {"u_use": 4.0, "j_use": 4.0}


def test_a_bar_ends_with_its_last_day_and_without_a_date_none_has_ended() -> None:
    # that of Japan is prolonged to 13 April 2027; who comes first then takes all that he wants of the other mine
    assert served(chain(as_of="2027-04-13")) == {"u_use": 4.0, "j_use": 4.0}
    assert served(chain(as_of="2027-04-14")) == {"u_use": 4.0, "j_use": 6.0}
    assert served(chain(as_of="2005")) == {"u_use": 6.0, "j_use": 6.0}  # before any began
    assert served(chain(as_of=None)) == {"u_use": 4.0, "j_use": 4.0}


def test_a_rule_of_the_network_lies_over_that_of_every_graph_and_need_not_say_its_bar_again() -> None:
    assert served(chain({"id": "us_prk", "until": "2020"})) == {"u_use": 6.0, "j_use": 4.0}
    assert served(chain({"id": "us_prk", "until": "2030"})) == {"u_use": 4.0, "j_use": 4.0}
    assert served(chain({"id": "us_prk", "bars_from": "MNG", "bars_to": "USA"})) == {"u_use": 6.0, "j_use": 4.0}


@pytest.mark.parametrize(
    ("own", "of_usa"),
    [
        ({}, 0.0),
        ({"bars_commodity": "ore"}, 0.0),
        ({"bars_commodity": "slag; ore"}, 0.0),
        ({"bars_commodity": "metal"}, 4.0),
        ({"bars_from": "!CHN"}, 0.0),
        ({"bars_to": "G7"}, 0.0),
        ({"bars_to": "!USA"}, 4.0),
        ({"in_force": "2026-12"}, 4.0),
        ({"in_force": "2026-11-30"}, 0.0),
        ({"suspended_from": "2026-11", "suspended_to": "2026-12"}, 4.0),
        ({"suspended_from": "2026-01", "suspended_to": "2026-10"}, 0.0),
        ({"suspended_from": "2026-01"}, 4.0),
        ({"suspended_from": "2026-12"}, 0.0),
        ({"until": "2026-10"}, 4.0),
        ({"until": "2026-10", "after": "works"}, 0.0),
        ({"until": "2026-10", "after": "ended"}, 4.0),
        ({"announced": "2026-01"}, 4.0),
        ({"announced": "2026-01", "in_force": "2026-02"}, 0.0),
        ({"kind": "proposal"}, 4.0),
    ],
)
def test_a_bar_holds_for_whom_what_and_when_it_names(own: dict[str, str], of_usa: float) -> None:
    assert served(chain({**OWN, **own}))["u_use"] == of_usa


def test_a_region_that_is_a_group_is_barred_with_it() -> None:
    found = cn.balance(chain(u_use="EU27", j_use="BRA"), reroute="new").relations
    assert dict(zip(found["maker"], found["user"], strict=True)) == {"MNG": "EU27", "PRK": "BRA"}


def test_links_of_the_tables_stay_and_a_rule_that_meets_nobody_is_not_named() -> None:
    own = {"bars_from": "PRK", "bars_to": "CHN"}
    net = chain(own)
    assert [bar.rule for bar in bars_in_force(net)] == ["us_prk", "jp_prk", "r0"]
    wants = frame("node commodity tier demand_tpa", ("c_use", "ore", "defence", 12.0))
    assert cn.balance(net.with_demand(wants), reroute="new").by_tier()["served_tpa"].sum() == pytest.approx(12.0)
    assert bars_in_force(chain(p_mine="MNG")) == ()


@pytest.mark.parametrize(
    ("cells", "row", "column", "rule"),
    [
        ({"bars_from": "MNG"}, 2, "bars_from", "say together between whom"),
        ({"bars_to": "MNG"}, 2, "bars_from", "say together between whom"),
        ({"bars_from": "MNG; Atlantis", "bars_to": "USA"}, 2, "bars_from", "neither a country nor a known group"),
        ({"bars_from": "MNG", "bars_to": "!Atlantis"}, 2, "bars_to", "neither a country nor a known group"),
        ({"actor": "Atlantis"}, 2, "actor", "neither a country nor a known group"),
    ],
)
def test_a_bar_that_cannot_be_meant_is_refused(cells: dict[str, str], row: int, column: str, rule: str) -> None:
    with pytest.raises(cn.DataError, match=rule) as caught:
        chain(cells)
    assert [(fault.file, fault.row, fault.column) for fault in caught.value.faults_list] == [("rules", row, column)]
