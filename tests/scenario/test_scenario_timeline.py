"""Measures put to a network: what each kind does, and when."""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import frame, once
from hypothesis import given
from hypothesis import strategies as st

import chainnet as cn
from chainnet.lowering import Overlay
from chainnet.scenario import KINDS as KNOWN_KINDS
from chainnet.scenario import Timeline, month_number, month_text, overlay_of, timeline
from chainnet.scenario._calendar import calendar_of

INF = np.inf
FIELDS = ("node_share", "edge_share", "stock_share", "built", "demand_share", "edge_cost", "release_tpa")


@once
def chain(**more: Any) -> cn.Network:
    """Ore from Australia, metal from China and Japan, users in the USA and Japan, three stocks, three projects."""
    tables: dict[str, Any] = {
        "nodes": frame(
            "id stage country process capacity_tpa",
            ("mine", "mine", "AUS", None, 20.0),
            ("r_chn", "refiner", "CHN", "smelt", 8.0),
            ("r_jpn", "refiner", "JPN", "smelt", 4.0),
            ("u_jpn", "end_use", "JPN", None, None),
            ("u_usa", "end_use", "USA", None, None),
        ),
        "edges": frame(
            "source target commodity flow_tpa",
            ("mine", "r_chn", "ore", 12.0),
            ("mine", "r_jpn", "ore", 6.0),
            ("p_usa", "u_usa", "metal", None),
            ("r_chn", "u_jpn", "metal", 2.0),
            ("r_chn", "u_usa", "metal", 4.0),
            ("r_jpn", "u_usa", "metal", 3.0),
        ),
        "commodities": frame("id price_usd_per_t", ("metal", 100.0), ("ore", None)),
        "processes": frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 2.0), ("smelt", "metal", "output", 1.0)
        ),
        "demand": frame(
            "node commodity tier demand_tpa",
            ("u_jpn", "metal", "civilian", 2.0),
            ("u_usa", "metal", "civilian", 6.0),
            ("u_usa", "metal", "defence", 2.0),
        ),
        "stocks": frame(
            "id holder country commodity stock_t release_tpa tiers node",
            ("s_all", "DLA", "USA", "metal", 5.0, None, None, "u_usa"),
            ("s_def", "DLA", "USA", "metal", 5.0, 4.0, "defence", "u_usa"),
            ("s_far", None, "AUS", "metal", 5.0, None, None, "mine"),
        ),
        "projects": frame(
            "id stage country capacity_tpa start_year ramp_years",
            ("p_jpn", "refiner", "JPN", 5.0, None, None),
            ("p_old", "mine", "USA", 5.0, 2023, 3.0),
            ("p_usa", "mine", "USA", 3.0, 2026, 1.0),
        ),
        "main_commodity": "metal",
        "year": 2024,
        "name": "chain",
    }
    return cn.Network(**{**tables, **more})


def put(net: cn.Network, *measures: dict[str, Any]) -> Overlay:
    return overlay_of(net, cn.Scenario("s", measures))


def over(net: cn.Network, measures: list[dict[str, Any]], months: int, **more: Any) -> Timeline:
    return timeline(net, cn.Scenario("s", measures), months, **more)


def column(line: Timeline, field: str, row: int) -> list[float]:
    return [round(float(getattr(o, field)[row]), 9) for o in line.overlays]


def bounds(line: Timeline) -> list[float]:
    return [round(o.restrictions[0].bound_tpa, 9) for o in line.overlays]


def equal(a: Overlay, b: Overlay) -> bool:
    same = all(np.array_equal(getattr(a, name), getattr(b, name)) for name in FIELDS)
    pairs = list(zip(a.restrictions, b.restrictions, strict=True))
    return (
        same
        and a.stock_tiers == b.stock_tiers
        and all(r.bound_tpa == q.bound_tpa and r.tier == q.tier and np.array_equal(r.edges, q.edges) for r, q in pairs)
    )


# -- months and dates ----------------------------------------------------------------------------


@given(st.integers(0, 12 * 9999 + 11))
def test_months_and_their_numbers(number: int) -> None:
    assert month_number(month_text(number)) == number


@pytest.mark.parametrize("text", ["2025", "2025-00", "2025-13", "25-01", "2025-1", "2025-01-01", "٢٠٢٥-01", 2025])
def test_what_is_no_month(text: object) -> None:
    with pytest.raises(cn.DataError, match=r"argument: .* is no month"):
        month_number(text, "argument")  # type: ignore[arg-type]


def test_a_calendar() -> None:
    measure = {"start": "2025-03", "months": 8, "phase_in_months": 4, "suspended": [{"start": "2025-05", "months": 2}]}
    cal = calendar_of(measure, month_number("2025-01"))
    assert (cal.begin, cal.end, cal.windows, cal.phase_in, cal.has_start) == (2, 10, ((4, 6),), 4, True)
    month = np.arange(12)
    assert np.flatnonzero(cal.in_force(month)).tolist() == [2, 3, 6, 7, 8, 9]
    assert cal.fraction(month)[2:7].tolist() == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert calendar_of({}, None).in_force([0, 10**6]).all()


# -- what each kind does -------------------------------------------------------------------------


def test_restrict_by_tier() -> None:
    net = chain()
    bar = {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "USA"}, "commodity": "metal"}
    found = put(net, {**bar, "tier": "defence", "share": 0.5}).restrictions[0]
    # half of the 4 t, times the 2 of 8 t that defence asks for in the USA
    assert (found.bound_tpa, found.tier, found.is_strand) == (0.5, "defence", True)
    assert found.edges.tolist() == [False, False, False, False, True, False]
    inner = {"kind": "restrict", "to": {"stage": "refiner"}, "commodity": "ore", "tier": "civilian", "share": 0.5}
    # nobody asks at the refiners: 8 of all 10 t are civilian
    assert put(net, inner).restrictions[0].bound_tpa == pytest.approx(0.5 * 18 * 0.8)
    assert put(net, {**bar, "tier": "defence"}).restrictions[0].bound_tpa == 0
    for tier, words in (("navy", "unknown tier"), ("industrial", "nobody")):
        with pytest.raises(cn.DataError, match=rf"s: measures\[0\] restrict: .*{words}"):
            put(net, {**bar, "tier": tier})
    less = net.with_demand(net.demand[net.demand["tier"] != "defence"])
    with pytest.raises(cn.DataError, match="nobody"):  # as if it had been read so
        put(less, {**bar, "tier": "defence"})


def test_restrict_by_origin() -> None:
    found = put(chain(), {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "AUS"}}).restrictions[0]
    assert found.bound_tpa == 0
    assert found.origin is not None
    assert found.origin_stocks is not None
    assert found.origin.tolist() == [True] + [False] * 7
    assert found.origin_stocks.tolist() == [False, False, True]


def test_quota() -> None:
    net = chain()
    quota = {"kind": "quota", "from": {"country": "CHN"}, "commodity": "metal", "tpa": 2}
    assert put(net, quota).restrictions[0].bound_tpa == 2
    assert put(net, {**quota, "severity": 0.25}).restrictions[0].bound_tpa == 5  # 6 - a quarter of 4
    assert put(net, {**quota, "tpa": 9, "severity": 0.25}).restrictions[0].bound_tpa == 9, "above the baseline"
    assert put(net, {**quota, "tier": "defence"}).restrictions[0].tier == "defence"
    bare = chain(edges=net.edges.drop(columns="flow_tpa"))
    assert put(bare, quota).restrictions[0].bound_tpa == 2
    with pytest.raises(cn.DataError, match=r"measures\[0\] quota: severity needs the baseline flow of r_chn -> u_jpn"):
        put(bare, {**quota, "severity": 0.5})


def test_tariffs_add_up_and_of_two_floors_the_higher_holds() -> None:
    net = chain()
    chinese = {"from": {"country": "CHN"}, "commodity": "metal"}
    tariff, flat = (
        {"kind": "tariff", **chinese, "rate": 0.25},
        {"kind": "tariff", "to": {"country": "USA"}, "usd_per_t": 7},
    )
    assert put(net, tariff, flat).edge_cost.tolist() == [0, 0, 7, 25, 32, 7]
    floor = {"kind": "price_floor", **chinese, "usd_per_t": 130}
    assert put(net, floor).edge_cost.tolist() == [0, 0, 0, 30, 30, 0]
    assert put(net, floor, {**floor, "usd_per_t": 110}, flat).edge_cost.tolist() == [0, 0, 7, 30, 37, 7]
    assert put(net, {**floor, "usd_per_t": 90}).edge_cost.tolist() == [0] * 6
    for measure in ({"kind": "tariff", "from": {"country": "AUS"}, "rate": 0.1}, {**floor, "from": {"country": "AUS"}}):
        measure.pop("commodity", None)
        with pytest.raises(cn.DataError, match=rf'measures\[0\] {measure["kind"]}: no price of "ore"'):
            put(net, measure)
    cheap = cn.balance(net, cn.Scenario("s", [tariff])).cost_usd
    assert cheap > cn.balance(net).cost_usd


def test_demand() -> None:
    net = chain()
    assert put(net, {"kind": "demand", "tier": "defence", "share": 2}).demand_share.tolist() == [1, 1, 2]
    usa = {"kind": "demand", "where": {"country": "USA"}, "share": 0.5}
    assert put(net, usa).demand_share.tolist() == [1, 0.5, 0.5]
    assert put(net, {**usa, "tier": "civilian"}, {**usa, "commodity": "metal"}).demand_share.tolist() == [1, 0.25, 0.5]
    assert put(net, {"kind": "demand", "nodes": "u_jpn", "share": 0.0}).demand_share.tolist() == [0, 1, 1]
    assert put(net, {**usa, "where": {"country": "NZL"}}).demand_share.tolist() == [1, 1, 1]
    assert cn.balance(net, cn.Scenario("s", [usa])).demand["demand_tpa"].tolist() == [2, 3, 1]
    for wrong in ({"tier": "navy"}, {"commodity": "gold"}, {"nodes": ["u_can"]}, {"where": {"colour": "red"}}):
        with pytest.raises((cn.DataError, cn.UnknownIdError), match=r"measures\[0\] demand"):
            put(net, {"kind": "demand", "share": 2, **wrong})


@pytest.mark.parametrize(
    ("where", "home"),
    [({"country": "CHN"}, ("CHN",)), ({"country": ["JPN", "CHN"]}, ("CHN", "JPN")), ({"country": ["CHN", "duo"]}, ("CHN",)),
     ({"country": "duo"}, ()), ({"stage": "mine"}, ())],
)  # fmt: skip
def test_a_bound_on_what_leaves_a_country_is_its_own_and_a_group_has_no_home(where: Any, home: tuple[str, ...]) -> None:
    net = chain(groups=frame("group country", ("duo", "JPN"), ("duo", "CHN")))
    assert put(net, {"kind": "restrict", "from": where, "to": {"country": "USA"}, "share": 0.5}).home == home
    assert put(net, {"kind": "restrict", "to": {"country": "USA"}, "share": 0.5}).home == ()


def test_a_release_of_more_than_a_stock_gives_is_told_of_as_much_is_not() -> None:
    release = {"kind": "release", "where": {"holder": "DLA"}, "release_tpa": 5}
    with pytest.warns(cn.ChainnetWarning, match=r'release_tpa 5 is more than .*: "s_def" 4 t/yr\. It gives no more'):
        cn.balance(chain(), cn.Scenario("s", [release]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cn.balance(chain(), cn.Scenario("s", [{**release, "release_tpa": 4}]))


def test_release() -> None:
    net = chain()
    one = {"kind": "release", "stocks": ["s_all"], "tiers": ["defence", "industrial"], "release_tpa": 3}
    found = put(net, one)
    assert found.release_tpa.tolist() == [3, INF, INF]
    assert found.stock_tiers == (("defence", "industrial"), (), ())
    assert put(net, {"kind": "release", "where": {"holder": "DLA"}}).release_tpa.tolist() == [INF, 4, INF]
    assert put(net, one, {**one, "release_tpa": 2}).release_tpa.tolist() == [3, INF, INF], "the larger holds"
    line = over(net, [{**one, "start_month": 1, "months": 4, "suspended": [{"start_month": 2, "months": 1}]}], 6)
    assert column(line, "release_tpa", 0) == [0, 3, 0, 3, 3, 0]
    assert column(line, "release_tpa", 1) == [INF] * 6
    assert line.overlays[0].stock_tiers == line.overlays[1].stock_tiers
    assert put(net.without(where={"holder": "DLA"}), one).release_tpa.tolist() == [INF], "taken away is not unknown"


@pytest.mark.parametrize(
    ("measures", "words"),
    [
        ([{"kind": "release", "stocks": ["s_old"]}], r"measures\[0\] release: unknown stock .s_old."),
        ([{"kind": "release", "stocks": ["s_def"], "tiers": ["navy"]}], r"measures\[0\] release: unknown tier"),
        (
            [{"kind": "release", "stocks": ["s_def"], "tiers": ["civilian"]}],
            r"measures\[0\] release: .*kept for defence",
        ),
        (
            [
                {"kind": "release", "stocks": ["s_all"], "tiers": ["defence"]},
                {"kind": "remove", "nodes": ["mine"]},
                {"kind": "release", "where": {"holder": "DLA"}},
            ],
            r"measures\[2\] release contradicts measures\[0\] release: .*s_all",
        ),
        ([{"kind": "release", "stocks": ["s_far"]}], r"measures\[0\] release: no edge can deliver s_far"),
        ([{"kind": "release", "where": {"country": "AUS"}}], r"measures\[0\] release: no edge can deliver s_far"),
        ([{"kind": "build", "projects": ["p_new"]}], r"measures\[0\] build: projects: unknown id .p_new."),
        ([{"kind": "build", "projects": ["mine"]}], r"measures\[0\] build: unknown project .mine."),
        ([{"kind": "tariff", "commodity": "gold", "rate": 1}], r"measures\[0\] tariff: unknown commodity .gold."),
    ],
)
def test_wrong_or_contradictory_measures_are_named(measures: list[dict[str, Any]], words: str) -> None:
    with pytest.raises((cn.DataError, cn.UnknownIdError), match=words):
        put(chain(), *measures)


def test_what_is_built_and_removed_by_name_is_refused() -> None:
    build, gone = {"kind": "build", "projects": ["p_usa"]}, {"kind": "remove", "nodes": ["mine", "p_usa"]}
    with pytest.raises(cn.DataError, match=r's: measures\[0\] remove contradicts measures\[1\] build: .*"p_usa"'):
        put(chain(), gone, build)
    assert put(chain(), build, {**gone, "start_month": 30}).node_share[-1] == 0.0, "it may come and go"


def test_messages_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gold.toml"
    path.write_text('[[measures]]\nkind = "restrict"\ncommodity = "gold"\n', encoding="utf-8")
    with pytest.raises(cn.DataError, match=r'^gold\.toml: measures\[0\] restrict: unknown commodity "gold"'):
        cn.balance(chain(), cn.Scenario.read(path))
    path.write_text('[[measures]]\nkind = "remove"\nwhere = {country = "CHN"}\nstart = "2030-01"\n', encoding="utf-8")
    late = timeline(chain(), cn.Scenario.read(path), 12).outside
    assert late.words == ("gold.toml: measures[0] remove starts 2030-01, after a horizon of 12 months",)
    assert (late.scenario, late.is_all) == ("gold.toml", True)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"start_month": 6, "until": "2025-07"}, "until is not after its start"),
        ({"until": "2025-03", "phase_in_months": 3}, r"phase_in_months \(3\) is longer than months \(2\)"),
        (
            {"start": "2024-06", "suspended": [{"start_month": 3, "months": 2}], "months": 5},
            "a suspension lies outside",
        ),
    ],
)
def test_times_that_contradict_each_other_are_refused(when: dict[str, Any], words: str) -> None:
    with pytest.raises(cn.DataError, match=rf"s: measures\[0\] remove: {words}"):
        over(chain(), [{**REMOVE, **when}], 12, start="2025-01")


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"start": "2024-01", "months": 12}, "is over since 2025-01, before month 1 (2025-01)"),
        ({"start": "2023-01", "until": "2024-11"}, "is over since 2024-11, before month 1 (2025-01)"),
        ({"until": "2024-07"}, "is over since 2024-07, before month 1 (2025-01)"),
        ({"start": "2026-01"}, "starts 2026-01, after a horizon of 12 months"),
        ({"start_month": 12, "months": 3}, "starts 2026-01, after a horizon of 12 months"),
        (
            {"start": "2024-06", "suspended": [{"start": "2024-12", "months": 20}]},
            "is suspended over the whole horizon of 12 months from 2025-01",
        ),
    ],
)
def test_a_measure_of_other_times_counts_as_nothing(when: dict[str, Any], words: str) -> None:
    net, bar = chain(), {**BAR, "start_month": 3}
    alone = over(net, [{**REMOVE, **when}], 12, start="2025-01")
    assert alone.outside.words == (f"s: measures[0] remove {words}",)
    assert alone.outside.is_all
    assert (alone.onset, alone.news) == (None, ())
    nothing = timeline(net, None, 12, start="2025-01")
    assert nothing.outside.words == ()
    assert not nothing.outside.is_all, "nothing was given"
    assert all(equal(a, b) for a, b in zip(alone.overlays, nothing.overlays, strict=True))
    both, lone = over(net, [{**REMOVE, **when}, bar], 12, start="2025-01"), over(net, [bar], 12, start="2025-01")
    assert both.outside.words == alone.outside.words
    assert (both.outside.is_all, lone.outside.words) == (False, ())
    assert (both.onset, both.news, bounds(both)) == (3, (3,), bounds(lone))


def test_a_measure_that_touches_a_month_is_of_this_time() -> None:
    for when in ({"start": "2024-01", "until": "2025-02"}, {"start": "2025-12"}, {"start": "2024-01"}):
        line = over(chain(), [{**REMOVE, **when}], 12, start="2025-01")
        assert (line.outside.words, line.onset is None) == ((), False)
    begun = over(chain(), [{**REMOVE, "start": "2024-01"}], 3, start="2025-01")
    assert (begun.onset, column(begun, "node_share", 1)) == (0, [0, 0, 0])


def test_builds_and_delays_of_other_times() -> None:
    net, build = chain(), {"kind": "build", "projects": ["p_usa"]}
    gone, late = {**build, "start": "2020-01", "until": "2024-01"}, {**build, "start_month": 24}
    mine = net.projects["id"].tolist().index("p_usa")
    assert over(net, [build], 24).project_start[mine] < 24
    for measure in (gone, late):
        line = over(net, [measure], 24)
        assert (line.outside.is_all, line.project_start[mine], column(line, "built", mine)) == (True, INF, [0] * 24)
    delay = {"kind": "delay", "projects": ["p_usa"], "late_months": 2}
    slow = over(net, [build, {**delay, "start_month": 24}], 24)
    assert slow.outside.words == ("s: measures[1] delay starts 2027-01, after a horizon of 24 months",)
    assert column(slow, "built", mine) == column(over(net, [build], 24), "built", mine), "the delay counts as nothing"
    assert over(net, [gone, delay], 24).outside.words[0].startswith("s: measures[0] build is over since 2024-01")
    assert over(net, [build, {**delay, "start": "2020-01", "months": 12}], 24).outside.words == (), (
        "whenever it was due"
    )


def test_build_and_removed_wins() -> None:
    net = chain()
    build = {"kind": "build", "where": {"country": "USA"}}
    assert put(net, build).built.tolist() == [0, 1, 1]
    gone = {"kind": "remove", "where": {"country": "USA"}}
    both = put(net, build, gone)
    assert both.node_share[-2:].tolist() == [0, 0]
    served = cn.balance(net, cn.Scenario("s", [build])).demand["served_tpa"].sum()
    assert served == pytest.approx(10.0)
    assert put(net.with_projects(["p_usa"]), {"kind": "build", "projects": ["p_usa"]}).built.tolist() == [0, 0]


# -- over time -----------------------------------------------------------------------------------

REMOVE = {"kind": "remove", "where": {"country": "CHN"}}
BAR = {"kind": "restrict", "from": {"country": "CHN"}, "commodity": "metal"}  # baseline 6 t


def test_nothing_happens() -> None:
    net = chain()
    line = timeline(net, None, 12)
    assert (line.onset, line.news, len(line.overlays)) == (None, (), 12)
    assert all(o is line.overlays[0] for o in line.overlays)
    assert equal(line.overlays[0], Overlay.none(net))
    assert (line.project_start == INF).all()


def test_without_dates_it_is_the_static_overlay() -> None:
    net = chain()
    measures = [REMOVE, {**BAR, "share": 0.5}, {"kind": "tariff", "to": {"country": "USA"}, "usd_per_t": 7}]
    line = over(net, measures, 24, step_months=6)
    assert (line.onset, line.news) == (0, (0,))
    assert all(o is line.overlays[0] for o in line.overlays)
    assert equal(line.overlays[0], put(net, *measures))


def test_start_end_phase_in_and_suspension() -> None:
    net, row = chain(), 1  # r_chn
    dated = {**REMOVE, "start_month": 2, "months": 3}
    line = over(net, [dated], 8)
    assert column(line, "node_share", row) == [1, 1, 0, 0, 0, 1, 1, 1]
    assert (line.onset, line.news) == (2, (2, 5))
    assert line.overlays[0] is line.overlays[7]
    slow = {**REMOVE, "start_month": 1, "phase_in_months": 4, "suspended": [{"start_month": 3, "months": 1}]}
    line = over(net, [slow], 7)
    assert column(line, "node_share", row) == [1, 0.75, 0.5, 1, 0, 0, 0]
    assert line.news == (1, 3, 4)
    half = {**slow, "kind": "scale", "share": 0.5}
    assert column(over(net, [half], 7), "node_share", row) == [1, 0.875, 0.75, 1, 0.5, 0.5, 0.5]
    assert bounds(over(net, [{**BAR, "share": 0.5, "phase_in_months": 3}], 4)) == [5, 4, 3, 3]
    tariff = {"kind": "tariff", "to": {"country": "JPN"}, "commodity": "metal", "rate": 0.5, "phase_in_months": 2}
    assert column(over(net, [tariff], 3), "edge_cost", 3) == [25, 50, 50]
    floor = {"kind": "price_floor", "commodity": "metal", "usd_per_t": 150, "phase_in_months": 2, "start_month": 1}
    assert column(over(net, [floor], 3), "edge_cost", 3) == [0, 25, 50]
    surge = {"kind": "demand", "tier": "defence", "share": 3, "phase_in_months": 2}
    assert column(over(net, [surge], 3), "demand_share", 2) == [2, 3, 3]


def test_restrictions_are_the_same_in_every_period() -> None:
    measures = [
        {**BAR, "months": 2},
        {**BAR, "tier": "defence", "start_month": 2},
        {"kind": "quota", "to": {"country": "JPN"}, "tpa": 1},
    ]
    line = over(chain(), measures, 4)
    first = line.overlays[0].restrictions
    for overlay in line.overlays:
        assert len(overlay.restrictions) == 3
        for a, b in zip(first, overlay.restrictions, strict=True):
            assert (a.tier, a.commodities) == (b.tier, b.commodities)
            assert a.edges is b.edges
    found = sorted(tuple(o.restrictions[i].bound_tpa for o in line.overlays) for i in range(3))
    assert found == [(0, 0, INF, INF), (1, 1, 1, 1), (INF, INF, 0, 0)]


def test_periods_end_where_something_changes() -> None:
    net = chain()
    line = over(net, [{**REMOVE, "start_month": 2, "months": 2}], 9, step_months=3)
    assert (line.starts, line.lengths) == ((0, 2, 3, 4, 6), (2, 1, 1, 2, 3))
    assert column(line, "node_share", 1) == [1, 0, 0, 1, 1], "whole months, none of them averaged"
    assert (line.onset, line.news, line.end) == (2, (2, 4), 4.0)
    slow = over(net, [{**BAR, "start_month": 1, "phase_in_months": 3}], 6, step_months=6)
    assert (slow.starts, bounds(slow)) == ((0, 1, 2, 3), pytest.approx([INF, 4, 2, 0]))
    pause = {**REMOVE, "suspended": [{"start_month": 5, "months": 2}]}
    line = over(net, [pause], 12, step_months=12)
    assert (line.starts, column(line, "node_share", 1)) == ((0, 5, 7), [0, 1, 0])
    bare = chain(edges=net.edges.drop(columns="flow_tpa"))
    origin = {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "AUS"}}
    for one in ({**BAR, "share": 0}, origin):  # no baseline is asked for: nothing is averaged
        line = over(bare, [{**one, "start_month": 3, "months": 1}], 8, step_months=4)
        assert (line.starts, bounds(line)) == ((0, 3, 4), [INF, 0, INF])
    with pytest.raises(cn.DataError, match="phase_in_months needs the baseline flow"):
        over(bare, [{**BAR, "phase_in_months": 2}], 3)
    gone = over(net, [{"kind": "remove", "nodes": ["u_jpn"], "months": 1}], 6, step_months=2)
    assert (column(gone, "demand_share", 0), gone.starts) == ([0, 1, 1, 1], (0, 1, 2, 4))
    opened = over(net, [{"kind": "release", "stocks": ["s_all"], "start_month": 1, "months": 1}], 3, step_months=3)
    assert (opened.starts, column(opened, "release_tpa", 0)) == ((0, 1, 2), [0, INF, 0])
    assert timeline(net, None, 12, step_months=6, cuts=[4, 20]).starts == (0, 4, 6)


def test_periods_end_where_projects_grow() -> None:
    net = chain()
    line = timeline(net, None, 36, step_months=36, projects=["p_usa"], start="2025-07")
    begin = int(line.project_start[2])
    assert 0 < begin < 36
    assert begin in line.starts, "it comes on stream"
    stands = [overlay.built[2] for overlay in line.overlays]
    monthly = timeline(net, None, 36, projects=["p_usa"], start="2025-07")
    assert stands == [monthly.overlays[month].built[2] for month in line.starts]


def test_periods_end_while_what_left_before_is_under_way() -> None:
    net = chain()
    slow = chain(edges=net.edges.assign(lag_months=2.0))
    out = {**REMOVE, "start_month": 6, "months": 1}
    steps = slow.nodes["stage"].nunique()
    plain, late = (over(one, [out], 24, step_months=24).starts for one in (net, slow))
    assert plain == (0, 6, 7)
    waits = range(0, 2 * (steps - 1) + 1, 2)
    assert late == tuple(sorted({0, *(6 + wait for wait in waits), *(7 + wait for wait in waits)}))


def test_dates_count_from_the_start() -> None:
    net = chain()
    dated = {**REMOVE, "start": "2025-03", "months": 2}
    assert over(net, [dated], 6).onset == 2, "January of the year after the baseline"
    assert over(net, [dated], 6, start="2024-11").onset == 4
    assert over(net, [dated], 6, start="2025-04").news == (0, 1), "it began before month 0"
    assert over(net, [dated], 6, start="2025-05").outside.is_all
    until = {**REMOVE, "start": "2025-03", "until": "2025-05"}
    for begin in ("2025-01", "2024-11", "2025-04"):
        ends, lasts = (over(net, [one], 6, start=begin) for one in (until, dated))
        assert (ends.onset, ends.news) == (lasts.onset, lasts.news), "the first month without it"
    assert over(net, [{**REMOVE, "until": "2025-03"}], 6).news == (0, 2), "in force from the beginning"
    build = {"kind": "build", "projects": ["p_usa"]}
    ended, gone = (over(net, [{**build, **when}], 60).overlays for when in ({"until": "2029-01"}, {"months": 48}))
    assert [o.built.tolist() for o in ended] == [o.built.tolist() for o in gone]
    slow = {**REMOVE, "start": "2024-11", "phase_in_months": 4}
    assert column(over(net, [slow], 3), "node_share", 1) == [0.25, 0, 0]
    timeless = chain(year=None)
    assert over(timeless, [dated], 6, start="2025-01").onset == 2
    with pytest.raises(cn.DataError, match=r's: measures\[1\] remove: start = "2025-03" needs'):
        over(timeless, [{**BAR}, dated], 6)
    with pytest.raises(cn.DataError, match=r's: measures\[0\] remove: until = "2025-03" needs .* or write months'):
        over(timeless, [{**REMOVE, "until": "2025-03"}], 6)
    mixed = {**REMOVE, "start": "2025-03", "suspended": [{"start_month": 0, "months": 2}]}
    with pytest.raises(cn.DataError, match=r"measures\[0\] remove: a suspension lies outside"):
        over(net, [mixed], 6)
    assert over(net, [mixed], 6, start="2025-02").news == (2,)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"months": 0}, "months: 0"),
        ({"months": 2.5}, "months: 2.5"),
        ({"months": True}, "months: True"),
        ({"step_months": 0}, "step_months: 0"),
        ({"step_months": 5}, "no multiple of step_months 5"),
        ({"start": "2025"}, "start: '2025' is no month"),
        ({"known_at": 12}, "known_at: 12 is no month of the horizon"),
        ({"known_at": -1}, "known_at: -1"),
        ({"projects": ["p_new"]}, "projects: unknown id"),
        ({"projects": ["mine"]}, "unknown project .mine."),
    ],
)
def test_wrong_arguments_are_refused(more: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"months": 12, **more}
    with pytest.raises((cn.DataError, cn.UnknownIdError), match=words):
        timeline(chain(), cn.Scenario("s", [REMOVE]), **given)


def test_the_last_month_is_of_this_time_and_without_dates_months_are_numbers() -> None:
    timeless = over(chain(year=None), [BAR, {**REMOVE, "start_month": 12}], 12)
    assert timeless.outside.words == ("s: measures[1] remove starts month 13, after a horizon of 12 months",)
    assert over(chain(), [BAR, {**REMOVE, "start_month": 11}], 12).news == (0, 11)
    with pytest.raises(cn.DataError, match="no Scenario"):
        timeline(chain(), "ban", 12)  # type: ignore[arg-type]


def test_projects_over_time() -> None:
    net = chain()
    build = {"kind": "build", "where": {"country": ["USA", "JPN"]}}
    line = over(net, [build], 48)
    assert line.project_start.tolist() == [0, -24, 12]
    assert (line.onset, line.news) == (None, ()), "a start is no news"
    assert column(line, "built", 0) == [1] * 48
    assert column(line, "built", 1) == [0.75] * 12 + [1] * 36
    assert column(line, "built", 2) == [0] * 12 + [0.5] * 12 + [1] * 24
    assert len({id(o) for o in line.overlays}) == 3
    late = {"kind": "delay", "projects": ["p_usa"], "late_months": 5}
    line = over(net, [build, late, late], 48)
    assert line.project_start.tolist() == [0, -24, 22]
    yearly = over(net, [build, late], 48, step_months=12)
    assert yearly.project_start.tolist() == [0, -24, 17], "months, whatever the periods"
    assert yearly.starts == (0, 12, 17, 24, 29, 36), "it comes on stream and grows in the midst of a year"
    assert column(yearly, "built", 2) == [0, 0, 0.5, 0.5, 1, 1]
    given = timeline(net, None, 24, projects=["p_usa"])
    assert given.project_start.tolist() == [INF, INF, 12]
    assert over(net, [late], 24, projects=["p_usa"]).project_start.tolist() == [INF, INF, 17]
    assert put(net, build, late).built.tolist() == [1, 1, 1], "in a static answer it is no later"


def test_a_build_may_have_dates_of_its_own() -> None:
    net = chain()
    line = over(net, [{"kind": "build", "projects": ["p_usa", "p_jpn"], "start_month": 15, "months": 20}], 48)
    assert line.project_start.tolist() == [15, INF, 15]
    assert column(line, "built", 2) == [0] * 15 + [0.5] * 12 + [1] * 8 + [0] * 13
    stall = {"kind": "delay", "where": {"country": ["USA", "JPN"]}, "late_months": 3, "start_month": 1, "months": 20}
    every = {"kind": "build", "where": {"country": ["USA", "JPN"]}}
    assert over(net, [every, stall], 48).project_start.tolist() == [0, -24, 15], "only what would start then"


def test_start_years_need_a_month_0() -> None:
    net = chain(year=None)
    with pytest.raises(cn.DataError, match='"p_usa" has a start_year'):
        timeline(net, None, 12, projects=["p_usa"])
    assert timeline(net, None, 12, projects=["p_usa"], start="2026-07").project_start[2] == -6
    assert timeline(net, None, 12, projects=["p_jpn"]).project_start[0] == 0


def test_a_delay_of_what_nothing_builds_is_refused() -> None:
    net = chain()
    late = {"kind": "delay", "projects": ["p_usa"], "late_months": 5}
    for measures in ([late], [late, {"kind": "build", "projects": ["p_jpn"]}], [{**late, "projects": "p_usa"}]):
        with pytest.raises(cn.DataError, match=r'measures\[0\] delay: delays "p_usa", which nothing builds'):
            over(net, measures, 12)
    some = {"kind": "delay", "where": {"country": "USA"}, "late_months": 5}
    assert over(net, [some, {"kind": "build", "projects": ["p_usa"]}], 24).project_start[2] == 17
    assert over(net, [{**some, "where": {"country": "NZL"}}], 24).onset is None
    with pytest.raises(cn.DataError, match="stands already"):
        over(net.with_projects(["p_usa"]), [late], 12)


# -- what a planner believes ----------------------------------------------------------------------


def test_what_is_believed() -> None:
    net, row = chain(), 1
    one = {**REMOVE, "start_month": 2, "months": 4, "suspended": [{"start_month": 3, "months": 1}]}
    truth = [1, 1, 0, 1, 0, 0, 1, 1]
    assert column(over(net, [one], 8), "node_share", row) == truth
    expected = {
        0: [1, 1, 1, 1, 1, 1, 1, 1],
        2: [1, 1, 0, 0, 0, 0, 0, 0],
        3: [1, 1, 0, 1, 1, 1, 1, 1],
        5: [1, 1, 0, 1, 0, 0, 0, 0],
        7: truth,
    }
    for period, shares in expected.items():
        line = over(net, [one], 8, known_at=period)
        assert column(line, "node_share", row) == shares
    assert over(net, [one], 8, known_at=0).onset is None
    slow = {**BAR, "share": 0, "phase_in_months": 3, "start_month": 1, "months": 4}
    assert bounds(over(net, [slow], 6, known_at=1)) == [INF, 4, 2, 0, 0, 0]
    assert bounds(over(net, [slow], 6, known_at=0)) == [INF] * 6
    shut = {"kind": "release", "stocks": ["s_all"], "start_month": 3}
    assert column(over(net, [shut], 5, known_at=1), "release_tpa", 0) == [0] * 5, "a stock that is shut is seen shut"
    build = {"kind": "build", "projects": ["p_usa"]}
    assert over(net, [build], 24, known_at=0).project_start[2] == 12, "builds are known"


def test_belief_in_longer_periods() -> None:
    one = {**REMOVE, "start_month": 2, "months": 2}
    for known, shares in ((0, [1, 1, 1, 1, 1]), (2, [1, 0, 0, 0, 0]), (4, [1, 0, 0, 1, 1])):
        line = over(chain(), [one], 9, step_months=3, known_at=known)
        assert (line.starts, column(line, "node_share", 1)) == ((0, 2, 3, 4, 6), shares), "the periods are the truth's"


# -- properties ----------------------------------------------------------------------------------

WHERES = st.sampled_from([{"country": "CHN"}, {"country": ["USA", "JPN"]}, {"stage": "refiner"}, {"country": "AUS"}])
TIMES = st.fixed_dictionaries(
    {},
    optional={
        "start_month": st.integers(0, 6),
        "months": st.integers(3, 9),
        "suspended": st.just([{"start_month": 7, "months": 1}]),
    },
)
KINDS = st.one_of(
    st.builds(lambda w: {"kind": "remove", "where": w}, WHERES),
    st.builds(lambda w, s: {"kind": "scale", "where": w, "share": s}, WHERES, st.sampled_from([0.0, 0.3, 0.7, 2.0])),
    st.builds(lambda w, s: {"kind": "restrict", "from": w, "share": s}, WHERES, st.sampled_from([0.0, 0.3, 0.7])),
    st.builds(lambda w: {"kind": "restrict", "to": w, "tier": "defence", "share": 0.3}, WHERES),
    st.builds(lambda w: {"kind": "quota", "to": w, "tpa": 1.5}, WHERES),
    st.builds(lambda w, r: {"kind": "tariff", "from": w, "commodity": "metal", "rate": r}, WHERES, st.floats(0, 2)),
    st.builds(
        lambda w, u: {"kind": "price_floor", "to": w, "commodity": "metal", "usd_per_t": u}, WHERES, st.floats(50, 200)
    ),
    st.builds(lambda w, s: {"kind": "demand", "where": w, "share": s}, WHERES, st.floats(0, 3)),
    st.builds(lambda r: {"kind": "release", "stocks": ["s_all"], "release_tpa": r}, st.floats(0, 5)),
    st.builds(lambda w: {"kind": "build", "where": w}, WHERES),
)
MEASURES = st.lists(st.builds(lambda k, t: {**k, **t}, KINDS, TIMES), min_size=1, max_size=5)


def possible(measures: list[dict[str, Any]]) -> cn.Scenario | None:
    try:
        return cn.Scenario("s", measures)
    except cn.DataError:  # a suspension outside the measure
        return None


@given(MEASURES, st.randoms(use_true_random=False), st.sampled_from([1, 3]), st.none() | st.integers(0, 3))
def test_the_order_of_measures_never_matters(
    drawn: list[Any], rng: random.Random, step: int, known: int | None
) -> None:
    net = chain()
    shuffled = drawn.copy()
    rng.shuffle(shuffled)
    one, other = possible(drawn), possible(shuffled)
    if one is None or other is None:
        return
    assert equal(overlay_of(net, one), overlay_of(net, other))
    a, b = (timeline(net, s, 12, step_months=step, known_at=known) for s in (one, other))
    assert (a.onset, a.news, a.project_start.tolist()) == (b.onset, b.news, b.project_start.tolist())
    assert all(equal(x, y) for x, y in zip(a.overlays, b.overlays, strict=True))


@given(MEASURES, st.sampled_from([1, 2, 4]))
def test_what_holds_of_every_timeline(drawn: list[Any], step: int) -> None:
    net, scenario = chain(), possible(drawn)
    if scenario is None:
        return
    line = timeline(net, scenario, 12, step_months=step)
    assert len(line.overlays) == len(line.starts) == len(line.lengths)
    assert set(range(0, 12, step)) <= set(line.starts)
    assert np.cumsum([0, *line.lengths]).tolist() == [*line.starts, 12]
    monthly = timeline(net, scenario, 12)
    for month, truth in enumerate(monthly.overlays):  # every month is as it is month by month
        period = int(np.searchsorted(line.starts, month, side="right")) - 1
        assert equal(truth, line.overlays[period])
    assert (line.onset, line.news, line.end) == (monthly.onset, monthly.news, monthly.end)
    for before, after in zip(line.overlays, line.overlays[1:], strict=False):
        assert (before is after) == equal(before, after)
    assert (line.onset is None) == (not line.news)
    if line.onset is not None:
        assert line.news[0] == line.onset
    last = timeline(net, scenario, 12, step_months=step, known_at=11)
    assert all(equal(x, y) for x, y in zip(line.overlays, last.overlays, strict=True)), "in the end all is known"
    for period, month in enumerate(line.starts):
        believed = timeline(net, scenario, 12, step_months=step, known_at=month)
        assert believed.starts == line.starts
        assert all(equal(x, y) for x, y in zip(line.overlays[: period + 1], believed.overlays, strict=False))
        assert not any(n > month for n in believed.news), "no news is foreseen"


def test_the_files_of_the_documentation_run(rare_earths: cn.Network, tmp_path: Path) -> None:
    gallium = cn.read("gallium")
    docs = Path(__file__).parents[2] / "docs"
    pages = [(docs / name).read_text(encoding="utf-8") for name in ("howto/scenarios.md", "reference/measures.md")]
    texts = [text for page in pages for text in re.findall(r"^```toml\n(.*?)^```$", page, re.M | re.S)]
    kinds: set[str] = set()
    for number, text in enumerate(texts):
        name = "separation_lost" if "[parameters]" in text and "extends" not in text else f"s{number}"
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        scenario = cn.Scenario.read(path)
        kinds |= {measure["kind"] for measure in scenario.measures}
        network = gallium if "ga_primary" in text else rare_earths
        overlay_of(network, scenario)
        assert timeline(network, scenario, 48).onset is not None
    assert kinds == set(KNOWN_KINDS), "the pages show every kind"


@pytest.mark.slow
def test_shipped_scenarios_over_time(graphs: dict[str, cn.Network]) -> None:
    for net in graphs.values():
        for scenario in cn.scenarios(net).values():
            line = timeline(net, scenario, 48)
            assert len(line.overlays) == 48
            assert line.onset is not None
            if not {m["kind"] for m in scenario.measures} & {"remove", "scale", "restrict", "quota"}:
                with pytest.raises(cn.DataError, match="takes anything away"):
                    scenario.severities()
                continue
            for step in scenario.severities((0.3, 1.0), (12,)).values():
                overlay_of(net, step)
