"""Published price episodes of rare earths on the shipped chain: signs and order, where that chain has them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

import chainnet as cn

CHN = {"country": "CHN"}
SIZES = {"demand_elasticity": 0.3, "supply_elasticity": 0.3}
LIGHT, HEAVY = "ndpr_metal", "dytb_metal"
# light rare earths outside China, which a study of 2014 took for entrants: Mt Weld with Kuantan, Mountain Pass
ENTRANTS = ["aus_mt_weld", "aus_kalgoorlie", "mys_kuantan", "usa_mountain_pass", "usa_mountain_pass_sep",
            "usa_mountain_pass_ndpr_ramp"]  # fmt: skip


@cache
def chain() -> Any:
    return cn.read("rare-earths")


@cache
def free() -> Any:
    return cn.market(chain(), **SIZES)


def price(found: Any, good: str, abroad: bool = False) -> float:
    """What a tonne costs where it lands, the mean by tonnes; ``abroad``: outside China."""
    flows, place = found.flows, chain().places
    rows = flows[(flows["commodity"] == good) & (flows["flow_tpa"] > 0)]
    rows = rows[rows["target"].map(place) != "CHN"] if abroad else rows
    paid = [found.prices.loc[(node, good), "price_usd_per_t"] for node in rows["target"]]
    return float((rows["flow_tpa"] * paid).sum() / rows["flow_tpa"].sum())


def ore(found: Any, process: str) -> float:
    nodes = chain().nodes
    return float(found.plants.loc[nodes.loc[nodes["process"] == process, "id"], "output_tpa"].sum())


@pytest.mark.parametrize(
    ("good", "node", "tpa", "ores"),
    [
        ("ndpr_oxide", "jpn_metal", 2000.0, ("mine_light", "mine_monazite")),
        ("dytb_oxide", "jpn_dytb_metal", 100.0, ("mine_ionic",)),
    ],
)
def test_a_purchase_raises_its_own_price_and_lowers_those_of_oxides_not_bought(
    good: str, node: str, tpa: float, ores: tuple[str, ...]
) -> None:
    """Resources Policy 55 (2018): stockpiling neodymium or dysprosium, and the oxides that come with them."""
    purchase = {"kind": "purchase", "node": node, "commodity": good, "tpa": tpa}
    bought = cn.market(chain(), policy=[purchase], **SIZES)
    assert bought.certificate.ok
    assert bought.policies.loc[0, "tonnes_tpa"] == pytest.approx(tpa)
    assert price(bought, good) > 1.01 * price(free(), good)
    for other in {"ndpr_oxide", "dytb_oxide", "sm_oxide"} - {good}:
        assert price(bought, other) < 0.999 * price(free(), other), other
    # yttrium comes of ionic clay alone; its oxide is limited by who separates it, and does not fall
    assert price(bought, "yttrium_oxide") <= price(free(), "yttrium_oxide") * (1 + 1e-9)
    # more is mined of the ores that bear it; of all ores together only where light ore bears it
    for process in ores:
        assert ore(bought, process) > ore(free(), process)


def test_export_limits_raise_light_a_little_and_heavy_to_more_than_twice() -> None:
    """Pothen (ZEW 14-005) has +21 % and more than double; since then light ore is mined outside China too."""
    flows, place = free().flows, chain().places
    out = flows[(flows["source"].map(place) == "CHN") & (flows["target"].map(place) != "CHN")]
    sold = out.groupby("commodity")["flow_tpa"].sum()
    assert min(sold[LIGHT], sold[HEAVY]) > 0

    def rise(share: float, good: str) -> float:
        limits = [
            {"kind": "quota", "from": CHN, "commodity": name, "tpa": share * float(sold[name])}
            for name in (LIGHT, HEAVY, "dytb_oxide")
        ]
        found = cn.market(chain(), policy=limits, **SIZES)
        assert found.certificate.ok
        return price(found, good, abroad=True) / price(free(), good, abroad=True) - 1

    light, heavy = rise(0.8, LIGHT), rise(0.8, HEAVY)
    assert 0 < light < 0.21
    assert heavy > 10 * light
    assert rise(0.6, HEAVY) > 1.0 > heavy


def test_entry_undoes_light_first() -> None:
    """Pothen: entry takes back what light rare earths rose by; heavy ones stay dear."""
    before = cn.market(chain(), cn.Scenario("before", [{"kind": "remove", "nodes": ENTRANTS}]), **SIZES)
    assert before.certificate.ok
    assert price(free(), LIGHT, abroad=True) < 0.6 * price(before, LIGHT, abroad=True)
    assert price(free(), HEAVY, abroad=True) > price(before, HEAVY, abroad=True)
