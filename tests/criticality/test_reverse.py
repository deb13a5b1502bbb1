"""The likeliest ways to a loss: by hand, from print, against all sets, and what proves them."""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from reverse_networks import HAND_LOSS, all_ways, by_node, fire, first_ways, hand, hand_hazards, loss_of, random_chain
from scipy.optimize import Bounds, LinearConstraint, milp

import chainnet as cn
from chainnet.criticality import Reverse, _ways, garwood
from chainnet.criticality._events import SteadyLosses
from chainnet.criticality._hazards import listed_hazards
from chainnet.criticality._rates import any_of, at_most, day_chance, frechet, more_than
from chainnet.errors import DataError
from chainnet.flow import Counting


def ways(found: Reverse) -> list[frozenset[str]]:
    return [frozenset(events.split("; ")) for events in found.sets["events"]]


# -- rates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "years", "low", "high"),
    [
        (3, 15.75, 0.0393, 0.5567),
        (5, 15.75, 0.1031, 0.7408),
        (1, 15.75, 0.0016, 0.3538),
        (0, 15.75, 0.0, 0.2342),
        (5, 2.83, 0.5737, 4.1231),
    ],
)
def test_garwood_of_the_counts_of_a_window(events: int, years: float, low: float, high: float) -> None:
    found = garwood(events, years)
    assert found == pytest.approx((low, high), abs=5e-5)
    from scipy.stats import poisson

    assert poisson.sf(events - 1, found[0] * years) == pytest.approx(0.025 if events else 1.0)
    assert poisson.cdf(events, found[1] * years) == pytest.approx(0.025)


def test_what_never_ended_lasts_so_long_at_least() -> None:
    """Five licences in force for 115 months together, none of them lifted: a mean of 31 months or more."""
    assert 12 / garwood(0, 115 / 12)[1] == pytest.approx(31.2, abs=0.05)


def test_garwood_refuses_what_is_no_count() -> None:
    for bad in ((-1, 10.0), (1.5, 10.0), (1, 0.0), (1, float("inf"))):
        with pytest.raises(DataError, match="garwood"):
            garwood(*bad)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="level"):
        garwood(1, 10.0, level=1.0)


def test_the_chance_of_a_day() -> None:
    assert day_chance(2.0, 0.5, 5.0) == pytest.approx(0.0769, abs=5e-5)
    assert day_chance(0.1, np.inf, 5.0) == pytest.approx(0.3935, abs=5e-5)
    assert day_chance(0.1, 24.0, 5.0) == pytest.approx(0.1584, abs=5e-5)
    assert day_chance(0.0, 24.0, 5.0) == 0.0


def test_rates_of_the_shipped_hazards() -> None:
    """Of 15.75 years: none seen, one seen; a plant is out 2 to 5 % of the time; what was not counted has no rate."""
    found = cn.hazards(cn.read("gallium"))
    rates = found.loc[["china_stops_all", "china_stops_japan", "china_stops_usa"], ["rate_low", "rate_high"]].to_numpy()
    assert rates == pytest.approx(np.array([[0, 0.234], [0.0016, 0.354], [0.0016, 0.354]]), abs=5e-4)
    plants = found[found.index.str.startswith("out:")]
    assert plants["p_low"].tolist() == [0.02] * len(plants)
    assert plants["p_high"].tolist() == [0.05] * len(plants)
    assert found.loc["two_blocs", ["rate_low", "p_low", "p_high"]].isna().all()


def test_two_short_outages_meet_more_often_in_a_year_than_on_a_day() -> None:
    """2 a year, half a month each: each out on 1 day in 13, both on 0.0059 of days, and 0.28 times a year more."""
    table = hand_hazards().iloc[:2].assign(rate_low=1.0, rate_high=2.0, months_low=0.5, months_high=0.5)
    row = cn.reverse(hand(), 0.75, hazards=table, years=1).sets.iloc[0]
    assert row["events"] == "a; b"
    assert row["chance_high"] == pytest.approx(0.00592, abs=5e-6)
    assert row["once_high"] == pytest.approx(0.00592 + 0.28402, abs=1e-5)


def test_more_than_so_many_and_any_of_some_sets() -> None:
    chance = np.array([0.2, 0.5, 0.1])
    assert more_than(chance, 2) == pytest.approx(0.2 * 0.5 * 0.1)
    assert more_than(chance, 1) == pytest.approx(0.2 * 0.5 * 0.9 + 0.2 * 0.5 * 0.1 + 0.8 * 0.5 * 0.1 + 0.2 * 0.5 * 0.1)
    assert at_most(chance, 2) == pytest.approx(0.1 + 0.02 + 0.05)
    assert more_than(chance, 1) <= at_most(chance, 2)
    two = [frozenset({0}), frozenset({1, 2})]
    assert any_of(two, chance) == pytest.approx(1 - 0.8 * (1 - 0.05))
    assert any_of([], chance) == 0.0
    assert any_of([frozenset({0, 1}), frozenset({0})], chance) == pytest.approx(0.2)
    assert frechet(np.array([0.7, 0.6])) == pytest.approx((0.3, 0.6))


# -- by hand ----------------------------------------------------------------------------------------


def test_the_losses_and_chances_of_the_hand_case() -> None:
    listed = listed_hazards(hand(), hand_hazards(), 5.0)
    losses = SteadyLosses(listed, Counting.of(hand()), None, "existing")
    found = {some: losses(frozenset("abc".index(x) for x in some)) for some in HAND_LOSS}
    assert found == pytest.approx(HAND_LOSS)
    assert listed.low == pytest.approx([0.0952, 0.3935, 0.2212], abs=5e-5)
    assert listed.high == pytest.approx([0.3935, 0.7769, 0.6321], abs=5e-5)


def test_the_hand_case() -> None:
    found = cn.reverse(hand(), 0.3, hazards=hand_hazards())
    table = found.sets.set_index("events")
    assert found.likeliest == ("b", "c")
    assert not found.decided
    assert found.is_optimal
    assert found.is_complete
    assert table.loc["a", ["chance_low", "chance_mid", "chance_high"]].tolist() == pytest.approx(
        [0.0952, 0.1935, 0.3935], abs=5e-5
    )
    assert table.loc["b; c", ["chance_low", "chance_mid", "chance_high"]].tolist() == pytest.approx(
        [0.0870, 0.2067, 0.4911], abs=5e-5
    )
    exact = table[
        ["exact_chance_low", "exact_chance_high"]
    ]  # alone: 0.0952 x 0.2231 x 0.3679, 0.3935 x 0.6065 x 0.7788
    assert exact.loc["a"].tolist() == pytest.approx([0.0078, 0.1859], abs=5e-5)
    assert exact.loc["b; c"].tolist() == pytest.approx([0.0528, 0.4443], abs=5e-5)
    assert "a (between 1 in 11 and 2 in 5)" in found.sentence
    assert table.loc["b; c", ["switch_event", "switch_chance"]].tolist() == ["c", pytest.approx(0.3500, abs=5e-5)]
    assert table["can_be_likeliest"].all()
    assert table.loc["a", ["switch_event", "switch_chance"]].tolist() == ["a", pytest.approx(0.2067, abs=5e-5)]
    assert -np.log(1 - table.loc["a", "switch_chance"]) / 5 == pytest.approx(0.0463, abs=5e-5)
    assert found.hazards.loc[list("abc"), "loss_share"].tolist() == pytest.approx([HAND_LOSS[x] for x in "abc"])
    assert table["loss_share"].tolist() == pytest.approx([0.4, 0.4])
    assert table["lost_tpa"].tolist() == pytest.approx([40.0, 40.0])


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [(0.3, 0.1739, 0.6913), (0.15, 0.4512, 0.8647), (0.75, 0.0374, 0.3057), (1.0, 0.0083, 0.1932)],
)
def test_the_chances_of_a_loss_by_hand(share: float, low: float, high: float) -> None:
    curve = cn.reverse(hand(), 0.3, hazards=hand_hazards(), curve=True).curve
    row = curve[curve["loss_share"] >= share - 1e-9].iloc[0]
    assert [row["chance_low"], row["chance_high"]] == pytest.approx([low, high], abs=5e-5)
    asked = cn.reverse(hand(), 0.3, hazards=hand_hazards(), exceed=[share, 0.01]).exceedance.iloc[-1]
    assert [asked["chance_low"], asked["chance_high"]] == pytest.approx([low, high], abs=5e-5)
    assert (asked["loss_share"], asked["method"]) == (share, "exact")


def test_a_group_has_a_cause_of_its_own() -> None:
    table = hand_hazards(group=[None, "g", "g"], group_rate_low=[None, 0.01, 0.01], group_rate_high=[None, 0.05, 0.05])
    found = cn.reverse(hand(), 0.3, hazards=table, curve=True)
    row = found.curve[found.curve["loss_share"] >= 0.3 - 1e-9].iloc[0]
    assert [row["chance_low"], row["chance_high"]] == pytest.approx([0.2142, 0.7596], abs=5e-5)
    assert ways(found)[2] == {"group:g"}
    assert found.hazards.loc["group:g", "loss_share"] == pytest.approx(0.4)  # that of b and c together


def test_an_event_without_a_rate_enters_no_chance() -> None:
    table = pd.concat([hand_hazards(), pd.DataFrame({"id": ["x"], "effect": ['nodes = ["A"]']})], ignore_index=True)
    table.loc[0, "effect"] = 'nodes = ["C"]'
    table.loc[2, "effect"] = 'nodes = ["A"]'  # c now costs 0.4
    found = cn.reverse(hand(), 0.5, hazards=table, curve=True)
    alone = cn.reverse(hand(), 0.5, hazards=table.iloc[:3], curve=True)
    known = found.curve[found.curve["if_event"] == ""]
    assert known["chance_high"].tolist() == pytest.approx(alone.curve["chance_high"].tolist())
    assert "x" not in set().union(*ways(found))
    what = found.what_if.set_index("event").loc["x"]
    assert what["events"] == "b"  # A out costs 0.4, with B 0.75
    assert [what["chance_low"], what["chance_high"]] == pytest.approx([0.3935, 0.7769], abs=5e-5)
    given = found.curve[found.curve["if_event"] == "x"]
    assert given.loc[given["loss_share"] >= 0.75 - 1e-9, "chance_high"].iloc[0] > known["chance_high"].iloc[-1]


def test_whatever_the_ties_a_chance_is_a_range() -> None:
    found = cn.reverse(hand(), 0.3, hazards=hand_hazards(), dependence="any").sets.set_index("events")
    assert found.loc["b; c", ["chance_low", "chance_high"]].tolist() == pytest.approx(
        [max(0.0, 0.3935 + 0.2212 - 1), 0.6321], abs=5e-5
    )
    assert found.loc["b; c", "chance_mid"] == pytest.approx(np.sqrt(0.2212 * 0.6321), abs=1e-4)
    assert found.index.tolist() == ["b; c", "a"]
    table = hand_hazards()
    table.loc[0, ["rate_low", "rate_high"]] = [0.3, 0.4]
    assert cn.reverse(hand(), 0.3, hazards=table, dependence="any").likeliest == ("a",)


# of the whole tree: 1 - (1 - x1 x2)(1 - x3)(1 - x4)(1 - x5 (1 - (1 - x6)(1 - x7)))
FIRE = 0.030021739


def test_the_published_fault_tree() -> None:
    net, table = fire()
    found = cn.reverse(net, 1.0, hazards=table, curve=True, exceed=[1.0])
    assert found.exceedance[["chance_low", "chance_high"]].iloc[0].tolist() == pytest.approx([FIRE] * 2, abs=1e-9)
    assert found.exceedance["ways"].tolist() == [5]
    assert found.sets["events"].tolist() == ["x1; x2", "x5; x6", "x5; x7", "x4", "x3"]
    assert found.sets["chance_mid"].tolist() == pytest.approx([0.02, 0.005, 0.0025, 0.002, 0.001], abs=1e-12)
    assert found.curve[["chance_low", "chance_high"]].iloc[-1].tolist() == pytest.approx([FIRE] * 2, abs=1e-9)
    assert found.decided
    assert found.likeliest == ("x1", "x2")


# -- against all sets ---------------------------------------------------------------------------------


def checked(net: cn.Network, table: pd.DataFrame, loss: float, most: int, tier: str | None = None) -> None:
    expected = all_ways(net, table, loss, most, tier)
    found = cn.reverse(net, loss, hazards=table, most_events=most, tier=tier, ways=1000)
    if not expected:
        assert found.likeliest is None
        return
    best = max(expected.values())
    if tier is None:  # the quick way to try all finds the same
        first = {way: p for way, p in expected.items() if p >= best * (1 - 1e-9)}
        assert first_ways(net, table, loss, most) == pytest.approx(first, rel=1e-9)
    near = {way: p for way, p in expected.items() if p >= 0.0101 * best}
    ranked = found.sets.dropna(subset="rank")
    mine = dict(zip(map(frozenset, ranked["events"].str.split("; ")), ranked["chance_mid"], strict=True))
    assert {way: mine[way] for way in near} == pytest.approx(near, rel=1e-9)
    assert set(mine) <= set(expected)
    free = cn.reverse(net, loss, hazards=table, tier=tier)
    assert free.sets["chance_mid"].iloc[0] >= best * (1 - 1e-12)
    proved(net, table, free, loss, tier)


def proved(net: cn.Network, table: pd.DataFrame, found: Reverse, loss: float, tier: str | None = None) -> None:
    """The proof by hand: each row costs too little and has no room; the first way is the least that keeps all rows."""
    ids = table["id"].tolist()
    weight = -np.log(np.sqrt(table["share_low"] * table["share_high"]).to_numpy())
    outside = np.ones((len(found.cuts), len(ids)))
    for row, (events, share) in enumerate(found.cuts.itertuples(index=False)):
        inside = [event for event in events.split("; ") if event]
        outside[row, [ids.index(event) for event in inside]] = 0.0
        assert loss_of(net, table, inside, tier) == pytest.approx(share, abs=1e-7)
        assert share < loss - 1e-7
    least = milp(
        weight, constraints=LinearConstraint(outside, lb=1.0), bounds=Bounds(0, 1), integrality=np.ones(len(ids))
    )
    first = found.sets.iloc[0]
    assert least.fun == pytest.approx(-np.log(first["chance_mid"]), rel=1e-7)
    assert loss_of(net, table, first["events"].split("; "), tier) == pytest.approx(first["loss_share"], abs=1e-7)
    assert first["loss_share"] >= loss - 1e-7
    assert found.certificate.ok
    assert found.certificate.value == pytest.approx(least.fun, rel=1e-7)


@pytest.mark.parametrize("seed", range(12))
def test_small_chains_agree_with_all_sets(seed: int) -> None:
    net = random_chain(seed)
    for loss, tier in ((0.2, None), (0.5, None), (0.5, "defence")):
        checked(net, by_node(net, seed), loss, 3, tier)


@pytest.mark.parametrize("seed", range(4))
def test_one_program_of_all_events_finds_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rows take too long; here from the first moment on. What it finds is proved without a row."""
    net = random_chain(seed)
    table = by_node(net, seed)
    for loss, tier, most in ((0.2, None, None), (0.5, None, 3), (0.5, "defence", None)):
        by_rows = cn.reverse(net, loss, hazards=table, tier=tier, most_events=most)
        with monkeypatch.context() as patch:
            patch.setattr(_ways, "BY_ROWS", 0.0)
            found = cn.reverse(net, loss, hazards=table, tier=tier, most_events=most)
        assert found.cuts.empty
        assert (found.is_optimal, found.is_complete, found.decided) == (True, True, by_rows.decided)
        one, other = (dict(zip(map(frozenset, ways(x)), x.sets["chance_mid"], strict=True)) for x in (found, by_rows))
        assert one == pytest.approx(other, rel=1e-9)
        assert found.bound == pytest.approx(by_rows.bound, rel=1e-7)
        assert found.certificate.ok


def test_a_measure_that_only_takes_a_part_is_no_matter_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ways, "BY_ROWS", 0.0)
    table = hand_hazards()
    table.loc[0, "effect"] = 'kind = "scale"\nnodes = ["A"]\nshare = 0.5'  # a then costs 0.1, with b 0.45
    found = cn.reverse(hand(), 0.42, hazards=table)
    assert found.sets["events"].tolist() == ["a; b"]
    assert len(found.cuts) > 0


def test_a_set_of_events_shuts_what_its_measures_shut_together() -> None:
    """The short way to the bounds of a set, against the overlay of all its measures, beside measures that do more."""
    net = cn.read("gallium")
    more = frame(
        "id effect share_low share_high",
        ("half", f'kind = "scale"\nnodes = ["{net.nodes["id"].iloc[0]}"]\nshare = 0.5', 0.1, 0.2),
        ("first", f'nodes = ["{net.nodes["id"].iloc[0]}"]', 0.1, 0.2),
    )
    table = pd.concat([net.hazards, more], ignore_index=True)
    listed, rng = listed_hazards(net, table, 5.0), np.random.default_rng(0)
    losses = SteadyLosses(listed, Counting.of(net), None, "new")
    for size in (1, 2, 3, 5, 8):
        events = frozenset(rng.choice(len(listed.causes), min(size, len(listed.causes)), replace=False).tolist())
        whole = losses.model.lowered.bounds(losses._overlay(losses.units(events)))
        for mine, theirs in zip(losses._bounds(events), whole, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("loss", [0.1, 0.3, 0.5])
def test_the_teaching_chain_agrees_with_all_sets(loss: float) -> None:
    net = cn.read("mag-9")
    for seed in range(3):
        checked(net, by_node(net, seed), loss, 3)


def first_is_that_of_all_sets(graph: str, loss: float, seed: int) -> None:
    net = cn.read(graph)
    table = by_node(net, seed)
    best = first_ways(net, table, loss, 3)
    middle = np.sqrt(table["share_low"] * table["share_high"])  # what could come first within ranges is asked elsewhere
    one = table.assign(share_low=middle, share_high=middle)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ways, "monotonic", process_time)  # a busy machine is no fault
        found = cn.reverse(net, loss, hazards=one, most_events=3, ways=1, time_limit_s=120)
    assert found.is_optimal
    if not best:
        assert found.likeliest is None
        return
    mine = dict(zip(ways(found), found.sets["chance_mid"], strict=True))
    assert {way: mine[way] for way in best} == pytest.approx(best, rel=1e-9)
    assert max(mine.values()) == pytest.approx(max(best.values()), rel=1e-9)


def test_a_shipped_chain_agrees_with_all_sets_of_three() -> None:
    first_is_that_of_all_sets("graphite", 0.1, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("graph", ["antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten"])
@pytest.mark.parametrize("loss", [0.1, 0.3, 0.5])
def test_shipped_chains_agree_with_all_sets_of_three(graph: str, loss: float, seed: int) -> None:
    first_is_that_of_all_sets(graph, loss, seed)


@pytest.mark.slow
@pytest.mark.parametrize("graph", ["gallium", "germanium", "graphite", "rare-earths"])
@pytest.mark.parametrize("loss", [0.1, 0.3, 0.5])
def test_shipped_chains_keep_their_proof(graph: str, loss: float) -> None:
    net = cn.read(graph)
    table = by_node(net, 0)
    found = cn.reverse(net, loss, hazards=table)
    assert found.is_optimal
    proved(net, table, found, loss)


def test_ties_share_a_rank_and_all_are_listed() -> None:
    table = hand_hazards()
    table["rate_low"], table["rate_high"] = 0.1, 0.2
    found = cn.reverse(hand(), 0.6, hazards=table, ways=1)  # any two but b and c
    assert found.sets["events"].tolist() == ["a; b", "a; c"]
    assert found.sets["rank"].tolist() == [1, 1]


def test_a_loss_on_the_line_is_reached_and_named() -> None:
    found = cn.reverse(hand(), 0.4, hazards=hand_hazards())
    assert found.sets["on_line"].all()
    assert len(found.sets) == 2
    above = cn.reverse(hand(), 0.400001, hazards=hand_hazards())
    assert {frozenset("ab"), frozenset("ac")} == set(ways(above))


def test_the_likeliest_is_among_those_that_can_be() -> None:
    net, table = cn.read("mag-9"), by_node(cn.read("mag-9"), 4)
    table["share_low"] *= 0.02
    found = cn.reverse(net, 0.3, hazards=table)
    every = list(all_ways(net, table, 0.3, 4))
    could = {way for way, is_one in zip(ways(found), found.sets["can_be_likeliest"], strict=True) if is_one}
    drawn = np.random.default_rng(0).uniform(table["share_low"], table["share_high"], (1000, len(table)))
    chances = [drawn[:, table["id"].isin(way)].prod(axis=1) for way in every]
    seen = {every[first] for first in np.argmax(chances, axis=0)}
    assert seen <= could
    assert len(could) > 1
    assert not found.decided


def test_where_the_first_changes() -> None:
    net, table = cn.read("mag-9"), by_node(cn.read("mag-9"), 1)
    found = cn.reverse(net, 0.3, hazards=table)
    middle = np.sqrt(table["share_low"] * table["share_high"]).set_axis(table["id"])
    every = list(all_ways(net, table, 0.3, 3))
    first = found.sets.iloc[0]
    low, high = 0.0, float(middle[first["switch_event"]])
    for _ in range(60):
        chance = middle.copy()
        chance[first["switch_event"]] = (low + high) / 2
        best = max(every, key=lambda way: chance[list(way)].prod())
        low, high = (low, (low + high) / 2) if best == set(found.likeliest or ()) else ((low + high) / 2, high)
    assert first["switch_chance"] == pytest.approx(high, abs=1e-9)


# -- what may also give, months, and what is refused ---------------------------------------------------


def test_what_may_give_is_tried_one_by_one() -> None:
    net = cn.read("mag-9")
    build = 'kind = "build"\nprojects = ["G_US"]'
    table = frame(
        "id effect rate_low rate_high",
        ("build", build, 0.1, 0.2),
        ("g", 'nodes = ["G_CN"]', 0.1, 0.2),
        ("s", 'nodes = ["S_CN"]', 0.02, 0.05),
    )
    with pytest.raises(DataError, match=r"build may also give.*most_events"):
        cn.reverse(net, 0.3, hazards=table)
    with pytest.raises(DataError, match="exceed: where more events may cost less"):
        cn.reverse(net, 0.3, hazards=table, most_events=2, exceed=[0.3])
    found = cn.reverse(net, 0.3, hazards=table, most_events=2)
    assert set(ways(found)) == {frozenset("g"), frozenset("s")}
    assert found.cuts.empty
    assert found.is_optimal


def test_a_later_tier_over_months_has_no_promise() -> None:
    net = cn.read("mag-9")
    table = frame("id effect rate_low rate_high months_high months_low", ("out", "china_out", 0.1, 0.2, 6.0, 2.0))
    with pytest.raises(DataError, match="comes after what others get"):
        cn.reverse(net, 0.2, hazards=table, over="months", tier="civilian", years=1)
    found = cn.reverse(net, 0.3, hazards=table, over="months", tier="civilian", years=1, most_events=1)
    assert found.likeliest == ("out",)
    row = found.sets.iloc[0]
    asked = cn.stress_test(net, cn.Scenario("x", [{"kind": "remove", "where": {"country": "CHN"}, "months": 6}]), 12)
    short = asked.months[asked.months["scenario"] == "x"].groupby("tier")["shortfall_t"].sum()
    assert row["lost_t_high"] == pytest.approx(short["civilian"])
    assert row["lost_t_low"] < row["lost_t_high"]
    assert row["loss_share"] == pytest.approx(short["civilian"] / 30.0)
    with pytest.raises(DataError, match="months"):
        cn.reverse(net, 0.3, hazards=table, months=12)


def test_what_is_in_force_happens_once() -> None:
    net = hand()
    half = 'kind = "scale"\nnodes = ["A"]\nshare = 0.5'
    table = frame("id effect rate_low rate_high", ("half", half, 0.1, 0.2), ("b", 'nodes = ["B"]', 0.1, 0.2))
    now = cn.Scenario("now", [{"kind": "scale", "nodes": ["A"], "share": 0.5}])
    found = cn.reverse(net, 0.3, hazards=table, scenario=now)
    assert found.hazards["loss_share"].to_dict() == pytest.approx({"half": 0.0, "b": 0.35})


def test_one_hazard_for_each_match() -> None:
    table = frame(
        "id label effect each share_low share_high", ("out", "Out", 'where = {stage = "mine"}', "country", 0.02, 0.05)
    )
    found = cn.hazards(cn.read("mag-9"), table)
    assert found.index.tolist() == ["out:AUS", "out:BRA", "out:CHN", "out:USA"]
    assert found["p_low"].tolist() == [0.02] * 4
    lost = cn.reverse(cn.read("mag-9"), 0.3, hazards=table).hazards["loss_share"]
    assert lost["out:CHN"] == pytest.approx(loss_of_mines())


def loss_of_mines() -> float:
    net = cn.read("mag-9")
    gone = cn.balance(net, cn.Scenario("x", [{"kind": "remove", "nodes": ["M_CN", "H_CN"]}]))
    return float(gone.demand["shortfall_tpa"].sum()) / 50.0


def test_no_set_reaches_the_loss() -> None:
    found = cn.reverse(hand(), 0.9, hazards=hand_hazards().iloc[:2])
    assert found.likeliest is None
    assert found.sets.empty
    assert not found.decided
    assert found.most_loss_share == pytest.approx(0.75)
    assert "No set of the events listed costs 90" in found.sentence


ONE = {"id": ["a"], "effect": ['nodes = ["A"]']}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"rate_low": [-0.1], "rate_high": [0.1]}, "rate_low"),
        ({"rate_low": [0.3], "rate_high": [0.1]}, "above rate_high"),
        ({"rate_low": [0.3]}, "other end"),
        ({"rate_low": [0.1], "rate_high": [0.2], "count": [1], "years": [10.0]}, "beside rate_low"),
        ({"share_low": [0.1], "share_high": [0.2], "count": [1], "years": [10.0]}, "beside count"),
        ({"count": [1]}, "years"),
        ({"count": [1.5], "years": [10.0]}, "whole"),
        ({"months_low": [3.0], "months_high": [1.0]}, "months_low is above"),
        ({"months_high": [1.0]}, "other end"),
        ({"group": ["g"]}, "group of one"),
        ({"group_rate_low": [0.1], "group_rate_high": [0.2]}, "Name the group"),
        ({"each": ["planet"]}, "each"),
        ({"share_low": [0.1], "share_high": [1.2]}, "share_high"),
        ({"effect": ["china_out_of_it"]}, "unknown scenario"),
        ({"effect": ['nodes = ["Z"]']}, "Z"),
        ({"effect": ['kind = "vanish"\nnodes = ["A"]']}, "vanish"),
        ({"effect": ["nodes = ["]}, "TOML"),
        ({"effect": [None]}, "effect"),
        ({"effect": ['kind = "demand"\ntier = "civilian"\nshare = 2'], "each": ["node"]}, "each needs"),
    ],
)
def test_bad_hazards_are_told(columns: dict[str, Any], said: str) -> None:
    with pytest.raises((DataError, cn.UnknownIdError), match=said):
        cn.hazards(hand(), pd.DataFrame({**ONE, **columns}))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"loss": 0.0}, "loss"),
        ({"loss": 1.01}, "loss"),
        ({"loss": float("nan")}, "loss"),
        ({"loss": "0.3"}, "loss"),
        ({"years": 0}, "years"),
        ({"over": "weeks"}, "over"),
        ({"dependence": "none"}, "dependence"),
        ({"most_events": 0}, "most_events"),
        ({"ways": 0}, "ways"),
        ({"order": "law"}, "order"),
        ({"tier": "nobody"}, "tier"),
        ({"hazards": None}, "no hazards"),
        ({"dependence": "any", "curve": True}, "curve"),
        ({"dependence": "any", "exceed": [0.3]}, "exceed"),
        ({"exceed": [0.3, 1.5]}, r"exceed\[1\]: 1.5"),
    ],
)
def test_bad_arguments_are_told(options: dict[str, Any], said: str) -> None:
    given = {"loss": 0.3, "hazards": hand_hazards(), **options}
    with pytest.raises(DataError, match=said):
        cn.reverse(hand(), given.pop("loss"), **given)


def test_with_allies_served_last_each_loss_is_that_of_chokepoints() -> None:
    net = cn.read("gallium", as_of=None)
    ids = ["jpn_refining", "chn_alumina", "usa_new_york_primary"]
    ids = [name for name in ids if name in set(net.nodes["id"])]
    table = pd.DataFrame(
        {"id": ids, "effect": [f'nodes = ["{name}"]' for name in ids], "share_low": 0.1, "share_high": 0.2}
    )
    with pytest.raises(DataError, match="most_events"):
        cn.reverse(net, 0.1, hazards=table, order="allies_last")
    found = cn.reverse(net, 0.1, hazards=table, order="allies_last", most_events=1)
    lost = cn.chokepoints(net, order="allies_last")["lost_tpa"]
    inside = net.in_countries(net.nodes.set_index("id").loc[net.demand["node"]], net.beneficiaries, "x")
    counted = (
        net.demand["commodity"].isin(net.main_commodity).to_numpy() & inside & net.demand["tier"].notna().to_numpy()
    )
    demand = float(net.demand["demand_tpa"][counted].sum())
    assert found.hazards["loss_share"].to_dict() == pytest.approx({name: lost[name] / demand for name in ids}, abs=1e-7)


def test_an_answer_says_which_hazards_it_used() -> None:
    net = hand()
    one, other = (cn.reverse(net, 0.3, hazards=hand_hazards().iloc[:n]) for n in (2, 3))
    assert one.provenance["digest"] != other.provenance["digest"]
    assert one.provenance["digest"] == cn.hazards(net, hand_hazards().iloc[:2]).attrs["provenance"]["digest"]


def test_for_want_of_time_nothing_is_said_to_be_proved() -> None:
    net = cn.read("mag-9")
    found = cn.reverse(net, 0.6, hazards=by_node(net, 0), time_limit_s=0)
    assert not found.is_optimal
    assert not found.is_complete
    assert not found.decided
    assert found.sets["loss_share"].iloc[0] >= 0.6 - 1e-7
    assert found.bound >= found.sets["chance_mid"].iloc[0]
    few = cn.reverse(random_chain(1), 0.9, hazards=by_node(random_chain(1), 0), time_limit_s=0, most_events=1)
    if few.likeliest is None:
        assert not few.is_optimal
        assert "in time" in few.sentence
