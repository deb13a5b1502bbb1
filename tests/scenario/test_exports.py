"""What leaves a country: ``"!CHN"`` is abroad; a bound that holds at home too, or meets no flow, says so."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from chainnet.criticality import hazards
from chainnet.hindsight import events
from chainnet.scenario import effects_of

FROM = {"country": "CHN"}
STOP = {"kind": "restrict", "from": FROM, "share": 0.0}
DOUBTFUL = "binds home trade too|meets no flow"


def chain() -> cn.Network:
    """China ships 6 t/yr of metal to itself, 4 t/yr to Germany and 3 t/yr to a place without a country."""
    return cn.Network(
        nodes=pd.DataFrame(
            [
                {"id": "pit", "stage": "mine", "country": "CHN"},
                {"id": "home", "stage": "end_use", "country": "CHN"},
                {"id": "deu", "stage": "end_use", "country": "DEU"},
                {"id": "rest", "stage": "end_use", "region": "other"},
                {"id": "jpn", "stage": "end_use", "country": "JPN"},
            ],
        ),
        edges=pd.DataFrame(
            [
                {"source": "pit", "target": "home", "commodity": "metal", "flow_tpa": 6.0},
                {"source": "pit", "target": "deu", "commodity": "metal", "flow_tpa": 4.0},
                {"source": "pit", "target": "rest", "commodity": "metal", "flow_tpa": 3.0},
                {"source": "pit", "target": "home", "commodity": "scrap", "flow_tpa": 2.0},
            ],
        ),
        demand=pd.DataFrame(
            [
                {"node": node, "commodity": "metal", "tier": tier, "demand_tpa": tonnes}
                for node, tier, tonnes in (
                    ("home", "civilian", 6.0),
                    ("deu", "defence", 4.0),
                    ("rest", "industrial", 3.0),
                )
            ],
        ),
        main_commodity="metal",
        name="small",
    )


def short(network: cn.Network, *measures: dict[str, Any]) -> list[float]:
    """Return what defence (Germany), industrial (no country) and civilian (China) lack, t/yr."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        found = cn.balance(network, cn.Scenario("s", list(measures)))
    return [round(float(t), 6) for t in found.by_tier()["shortfall_tpa"]]


def said(network: cn.Network, *measures: dict[str, Any]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", cn.ChainnetWarning)
        effects_of(network, cn.Scenario("s", list(measures)).measures, "s")
    return [str(one.message) for one in caught]


def test_abroad_is_everywhere_but_there() -> None:
    net = chain()
    assert short(net, STOP) == [4.0, 3.0, 6.0], "without to nothing that is Chinese flows, at home either"
    assert short(net, {**STOP, "to": {"country": "!CHN"}}) == [4.0, 3.0, 0.0], "a place without a country is abroad"
    assert short(net, {**STOP, "to": {"country": ["EU27", "!CHN"]}}) == [4.0, 0.0, 0.0]
    assert short(net, {**STOP, "to": {"country": ["EU27", "!DEU"]}}) == [0.0, 0.0, 0.0], "the EU but Germany"
    assert short(net, {**STOP, "to": {"country": ["!CHN", "!DEU"]}}) == [0.0, 3.0, 0.0]
    # a share is one of what leaves: half of 7 t, not half of 13 t, of which all 7 t could go abroad at home's cost
    assert sum(short(net, {**STOP, "to": {"country": "!CHN"}, "share": 0.5})) == 3.5
    outside = net.view("nodes")["id"][net.matches("nodes", {"country": "!EU27"})]
    assert sorted(outside) == ["home", "jpn", "pit", "rest"]
    with pytest.raises(cn.DataError, match=r'to\.country: "CHM" is neither an ISO 3166-1 alpha-3 country'):
        cn.balance(net, cn.Scenario("s", [{**STOP, "to": {"country": "!CHM"}}]))


def test_home_trade_is_said() -> None:
    net = chain()
    (one,) = said(net, STOP)
    assert said(net, STOP) == [], "once for a network, however often it is asked"
    assert one == (
        "s: measures[0] restrict (from country = CHN) binds home trade too: 2 of its 4 relations end there. An export "
        'rule says whom it hits: abroad is to = {country = "!CHN"}.'
    )
    group = {**STOP, "from": {"country": ["EU27", "CHN"]}, "to": {"stage": "end_use"}}
    (one,) = said(net, group)
    assert "3 of its 4 relations end there" in one
    assert 'abroad is to = {country = ["!EU27", "!CHN"]}.' in one
    for to in ({"country": "!CHN"}, {"country": ["CHN", "DEU"]}, {"region": "other"}, {"id": ["home"]}):
        assert said(net, {**STOP, "to": to}) == []
    phases = [{"months": 2, "share": 0.0}, {"share": 0.5}]
    licence = {
        "kind": "licence",
        "from": FROM,
        "profile": phases,
        "by": [{"to": {"country": "DEU"}, "profile": phases}],
    }
    (one,) = said(net, licence)
    assert "licence (from country = CHN) binds home trade too: 2 of its 3 relations" in one
    assert said(net, {key: value for key, value in licence.items() if key != "profile"}) == []
    quota = {"kind": "quota", "from": FROM, "tpa": 5.0}
    assert "quota (from country = CHN) binds home trade too" in said(net, quota)[0]
    assert said(net, {"kind": "restrict", "from": {"stage": "mine"}, "share": 0.5}) == [], "no country has a home"


def test_a_bound_without_a_flow_is_said() -> None:
    net = chain()
    (one,) = said(net, {**STOP, "to": {"country": "!CHN"}, "commodity": "scrap"})
    assert one == (
        "s: measures[0] restrict (from country = CHN; commodity scrap; to country = !CHN) meets no flow abroad, "
        "and only closes new relations. What leaves there: metal."
    )
    both = said(net, {**STOP, "commodity": "scrap"})
    assert ["meets no flow" in text for text in both] == [True, False]
    assert "binds home trade too: 1 of its 1 relations" in both[1]
    nobody = {**STOP, "to": {"country": "JPN"}}
    assert "to country = JPN) meets no flow" in said(net, nobody)[0]
    assert said(net, nobody, {**STOP, "to": {"country": "DEU"}}) == [], "its sister does something"


@pytest.mark.parametrize("chain", ["mag-9", "antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten"])
def test_what_ships_names_whom_it_hits(chain: str) -> None:
    net = cn.read(chain)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", f".*({DOUBTFUL})", cn.ChainnetWarning)
        for name, scenario in cn.scenarios(net).items():
            effects_of(net, scenario.measures, name)
        for event in events(net).values():
            effects_of(event.network, event.scenario.measures, event.id)
        hazards(net)
