"""What is asked of prices and chances, and which goods, projects and sizes are put into the question: by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from conftest import frame, once

import chainnet as cn
from chainnet.assessment import Floored
from chainnet.assessment import _priced as asked

STOP = cn.Scenario("stop", [{"kind": "remove", "nodes": ["far"]}])


@once
def chain(**more: Any) -> cn.Network:
    """Over the border: 20 t of metal at 10 USD, 30 t of alloy at 8 USD, 900 t of ore without a price.

    What allies send one another, or send away, is no import: 500 t of alloy and 90 t of metal.
    """
    tables: dict[str, Any] = {
        "commodities": frame("id price_usd_per_t", ("ore", None), ("metal", 10.0), ("alloy", 8.0)),
        "processes": frame(
            "process commodity role t_per_t",
            ("smelt", "alloy", "coproduct", 0.5),
            ("smelt", "ore", "input", 2.0),
            ("smelt", "metal", "output", 1.0),
            ("melt", "alloy", "output", 1.0),
            ("wash", "ore", "output", 1.0),
        ),
        "projects": frame(
            "id stage country process capacity_tpa capex_musd",
            ("mill", "refiner", "USA", "smelt", 5.0, 1.0),
            ("works", "refiner", "USA", "smelt", 5.0, 1.0),
            ("unsized", "refiner", "USA", "smelt", None, 1.0),
            ("uncosted", "refiner", "USA", "smelt", 5.0, None),
            ("foundry", "refiner", "USA", "melt", 5.0, 1.0),
            ("pit", "mine", "USA", "wash", 5.0, 1.0),
        ),
        "tiers": frame("tier rank", ("defence", 1), ("civilian", 2)),
        "hazards": frame("id effect rate_low rate_high", ("quake", "{nodes = ['far']}", 0.1, 0.2)),
        "beneficiaries": ["USA"],
        "year": 2026,
    }
    return cn.Network(
        frame(
            "id stage country",
            *(("far", "refiner", "CHN"), ("near", "refiner", "USA")),
            *(("here", "end_use", "USA"), ("there", "end_use", "JPN")),
        ),
        frame(
            "source target commodity flow_tpa",
            *(("far", "here", "metal", 20.0), ("far", "here", "alloy", 30.0), ("far", "here", "ore", 900.0)),
            *(("near", "here", "alloy", 500.0), ("near", "there", "metal", 90.0), ("far", "there", "metal", 90.0)),
        ),
        demand=frame(
            "node commodity tier demand_tpa", ("here", "metal", "defence", 20.0), ("here", "alloy", "civilian", 30.0)
        ),
        **tables | more,
    )


LONG = {"defence": (0.0, 0.1), "civilian": (0.2, 0.9)}


def test_a_floor_is_put_under_what_costs_most_at_the_border_or_what_is_named() -> None:
    """30 t of alloy cost 240 USD, 20 t of metal 200 USD; a good that nobody imports, or without a price, is passed over."""
    net = chain()
    most = Floored.of(net, ["USA"])
    assert (most.good, most.price, most.members) == ("alloy", 8.0, ["USA"])
    assert most.asked == {
        "run": "long",
        "projects": ["foundry"],
        "demand_elasticity": LONG,
        "supply_elasticity": (0.3, 1.5),
    }
    named = Floored.of(net, ["USA"], ["ore", "rubber", "metal", "alloy"])
    assert (named.good, named.price) == ("metal", 10.0)
    assert named.asked["projects"] == ["mill", "works"], "their first output; none without a size or a cost"
    assert Floored.of(net, ["USA"], ["ore"]).good == "alloy"
    assert Floored.of(net, ["JPN"]).good == "metal"
    unpriced = chain(commodities=frame("id", ("metal",), ("alloy",), ("ore",)))
    for members, one in ((["CHN"], net), ([], net), (["USA"], unpriced)):
        with pytest.raises(cn.DataError, match=r"^no good with a price comes over the border of those who count$"):
            Floored.of(one, members)


def test_at_an_end_every_range_of_an_elasticity_is_one_number() -> None:
    floored = Floored.of(chain(), ["USA"])
    told = {"run": "long", "projects": ["foundry"]}
    assert floored.at_end(0) == told | {
        "demand_elasticity": {"defence": 0.0, "civilian": 0.2},
        "supply_elasticity": 0.3,
    }
    assert floored.at_end(1) == told | {
        "demand_elasticity": {"defence": 0.1, "civilian": 0.9},
        "supply_elasticity": 1.5,
    }
    of_tiers = Floored("metal", 10.0, ["USA"], {"demand_elasticity": {"defence": 0.3}, "supply_elasticity": (1, 2)})
    assert [of_tiers.at_end(end) for end in (0, 1)] == [
        {"demand_elasticity": {"defence": 0.3}, "supply_elasticity": size} for size in (1.0, 2.0)
    ]


def test_only_the_first_tier_has_elasticities_of_its_own() -> None:
    assert asked._sizes(chain(), asked.SHORT) == {
        "demand_elasticity": {"defence": 0.0, "civilian": (0.05, 0.3)},
        "supply_elasticity": (0.05, 0.35),
    }


def helped(net: cn.Network, *avoided: tuple[str, float], **more: Any) -> Any:
    """A finding of which is known what each project avoids, most first."""
    return SimpleNamespace(
        measures=frame("id avoids_tpa", *avoided), network=net, tier="defence", scenario=STOP, **more
    )


def test_who_may_enter_a_market_has_a_size_a_cost_a_price_of_what_it_makes_and_helps() -> None:
    """In the order of what each avoids, and no more than twelve, for every set of them is tried."""
    net = chain()
    every = [("pit", 9.0), ("foundry", 8.0), ("unsized", 7.0), ("uncosted", 6.0), ("mill", 5.0), ("works", 0.0)]
    found = asked._entrants(net, helped(net, *every))
    assert found.to_numpy().tolist() == [["foundry", "alloy", 8.0], ["mill", "metal", 5.0]]
    assert list(found) == ["id", "commodity", "avoids_tpa"]
    names = [f"p{k:02d}" for k in range(13)]
    many = chain(
        projects=frame("id stage process capacity_tpa capex_musd", *((n, "mine", "melt", 1.0, 1.0) for n in names))
    )
    found = asked._entrants(many, helped(many, *((name, 1.0) for name in reversed(names))))
    assert found["id"].tolist() == names[:0:-1]


@pytest.mark.parametrize(
    ("value", "kept"),
    [(99.99, 99.0), (100.0, 100.0), (0.0123, 0.012), (1.0, 1.0), (9.96, 9.9), (1234.0, 1200.0), (3.0, 3.0)],
)
def test_a_size_is_kept_to_two_digits_and_never_above_it(value: float, kept: float) -> None:
    assert asked._two_digits(value) == pytest.approx(kept, rel=1e-12)


def test_a_size_of_two_digits_stays_what_it_is() -> None:
    for digits in range(10, 100):
        for power in range(-4, 5):
            size = digits * 10.0**power
            assert asked._two_digits(size) == pytest.approx(size, rel=1e-12)
            assert asked._two_digits(size * 1.001) == pytest.approx(size, rel=1e-12)


@pytest.mark.parametrize(
    ("left", "avoids", "year", "half", "by"),
    [(9.0, 6.42, 2026, 3.2, 2032), (5.0, 6.42, None, 2.5, 2035), (6.5, 6.5, 2026, 3.2, 2032)],
)
def test_instruments_are_set_beside_each_other_where_half_of_what_they_could_is_avoided(
    left: float, avoids: float, year: int | None, half: float, by: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of what the market leaves short, or of what the first project avoids where that is less."""
    net, calls = chain(year=year), []

    def instruments(*given: Any, **told: Any) -> Any:
        calls.append((given, told))
        return SimpleNamespace(table=pd.DataFrame({"left_tpa": [left, 99.0]}))

    monkeypatch.setattr(asked, "instruments", instruments)
    case: Any = SimpleNamespace(network=net, last_year=2035, counting=SimpleNamespace(order="allies_last"))
    finding = helped(net, demand={"tpa": 20.0})
    helpful = frame("id commodity avoids_tpa", ("mill", "metal", avoids), ("foundry", "alloy", 1.0))
    asked._compared(case, finding, helpful)
    assert [told.pop("avoid_tpa") for _, told in calls] == pytest.approx([0.0, half])
    for given, told in calls:
        assert given == (net, "defence")
        assert told == {
            "by": by,
            "scenario": STOP,
            "order": "allies_last",
            "commodity": "metal",
            "projects": ["mill", "foundry"],
            "precision": asked.PRECISION,
            "demand_elasticity": LONG,
            "supply_elasticity": (0.3, 1.5),
        }
    with pytest.raises(
        cn.DataError, match=r"^no listed project that helps has a size, a capital cost and a price of wh"
    ):
        asked._compared(case, finding, helpful[:0])
    left, calls = 3e-5, []
    with pytest.raises(cn.DataError, match=r"^the market builds what is short by itself$"):
        asked._compared(case, finding, helpful)


def test_floors_stand_where_nothing_is_cut_off_and_one_of_them_has_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under metal of 10 USD, for the first project that helps makes it, though more is paid for alloy."""
    net, told = chain(), {"run": "long", "projects": ["mill", "works"]}
    told |= {"demand_elasticity": LONG, "supply_elasticity": (0.3, 1.5)}
    for name in ("floor_curve", "market"):
        monkeypatch.setattr(asked, name, lambda *given, _name=name, **more: (_name, given, more))
    helpful = frame("id commodity avoids_tpa", ("mill", "metal", 2.0), ("foundry", "alloy", 1.0))
    curve, one = asked._floors(net, helpful)
    assert curve == ("floor_curve", (net, "metal", [10.0, 12.5, 15.0, 20.0]), told)
    floor = {"kind": "price_floor", "commodity": "metal", "usd_per_t": 15.0, "to": {"country": ["USA"]}}
    assert one == ("market", (net,), told | {"policy": [floor], "draws": 8})


@pytest.mark.parametrize("fails", ["market", "_compared", "_floors", ""])
def test_what_of_prices_has_no_answer_has_a_reason_and_the_rest_is_told(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a market that clears nothing of prices is said; an instrument or a floor may be missing alone."""
    net, why = chain(), {"other": "before"}
    answers = {"market": "cleared", "_compared": "compared", "_floors": ("curve", "one")}
    seen: dict[str, Any] = {}

    def answer(name: str, *given: Any, **told: Any) -> Any:
        seen[name] = (given, told)
        if name == fails:
            raise cn.DataError("no way")
        return answers[name]

    for name in answers:
        monkeypatch.setattr(asked, name, lambda *given, _name=name, **told: answer(_name, *given, **told))
    case: Any = SimpleNamespace(network=net)
    found = asked.priced(case, helped(net, ("mill", 2.0)), why)
    told = (found.market, found.instruments, found.floors, found.floor)
    assert (
        told
        == {
            "": ("cleared", "compared", "curve", "one"),
            "market": (None, None, None, None),
            "_compared": ("cleared", None, "curve", "one"),
            "_floors": ("cleared", "compared", None, None),
        }[fails]
    )
    names = {"market": "market", "_compared": "instruments", "_floors": "floors"}
    assert why == {"other": "before"} | ({names[fails]: "no way"} if fails else {})
    assert seen["market"] == ((net, STOP), asked._sizes(net, asked.SHORT)), "in the short run: plants stand"


@pytest.mark.parametrize(
    ("share", "high", "first", "loss"),
    [
        (0.4, 0.9, 0.6, 0.4),  # as it is found
        (0.4, 0.9, 0.3, 0.3),  # less where the tier is served first
        (0.4, 0.9, 0.009, 0.4),  # but not where it would be met then
        (0.005, 0.7, 0.8, 0.7),  # met: the high end
        (1.0000001, 2.0, 3.0, 1.0),  # never more than all
    ],
)
def test_how_likely_as_much_is_is_asked_of_the_loss_that_is_told(
    share: float, high: float, first: float, loss: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, now, why = chain(), cn.Scenario("now"), {}
    calls: list[Any] = []
    monkeypatch.setattr(asked, "_if_served_first", lambda *_: first)
    monkeypatch.setattr(asked, "in_force", lambda network: now if network is net else None)
    monkeypatch.setattr(asked, "reverse", lambda *given, **told: calls.append((given, told)))
    case: Any = SimpleNamespace(network=net, in_value={"order": "alike", "beneficiaries": ["JPN"]})
    finding: Any = SimpleNamespace(
        later={"share": share, "high": high}, tier="all", answers=SimpleNamespace(named="{}_named".format)
    )
    assert asked.likelihood(case, finding, why) is None
    (((network, asked_loss), told),) = calls
    assert (network, asked_loss, why) == (net, pytest.approx(loss), {})
    assert told.pop("exceed") == pytest.approx([0.05, 0.1, 0.25, 0.5, 0.75, 1.0, loss])
    assert told == {
        "tier": "all_named",
        "scenario": now,
        "reroute": "new",
        "years": 5.0,
        "ways": 5,
        "time_limit_s": 20.0,
        "order": "alike",
        "beneficiaries": ["JPN"],
    }


def test_no_chance_is_told_without_hazards_or_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def why(net: cn.Network, high: float) -> dict[str, str]:
        told: dict[str, str] = {}
        finding: Any = SimpleNamespace(later={"share": 0.002, "high": high})
        assert asked.likelihood(SimpleNamespace(network=net), finding, told) is None  # type: ignore[arg-type]
        return told

    assert why(chain(hazards=None), 0.5) == {"likelihood": "the data list no hazards"}
    assert why(chain(), 0.008) == {"likelihood": "the finding leaves nothing short"}
