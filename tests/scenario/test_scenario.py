"""Scenarios: their form, their file, and what they do to a network."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from conftest import frame, two_tier

import chainnet as cn
from chainnet.scenario._kinds import MEASURES

REMOVE = {"kind": "remove", "where": {"country": "CHN"}}


@pytest.mark.parametrize(
    "measure",
    [
        {"kind": "explode", "where": {"country": "CHN"}},
        {"kind": "remove"},
        {"kind": "remove", "where": {}},
        {"kind": "remove", "where": {"country": 3}},
        {"kind": "remove", "where": {"country": "CHN"}, "color": "red"},
        {"kind": "remove", "nodes": [1]},
        {"kind": "remove", "edges": [["a"]]},
        {"kind": "remove", "edges": ["ab"]},
        {"kind": "scale", "where": {"country": "CHN"}},
        {"kind": "scale", "where": {"country": "CHN"}, "share": -1},
        {"kind": "scale", "where": {"country": "CHN"}, "share": True},
        {"kind": "scale", "where": {"country": "CHN"}, "share": float("nan")},
        {"kind": "restrict", "share": 0.5},
        {**REMOVE, "start_month": -1},
        {**REMOVE, "start_month": 1.5},
        {**REMOVE, "months": 0},
        {**REMOVE, "start": "2025-13"},
        {**REMOVE, "start": "2025-04", "start_month": 3},
        {**REMOVE, "months": 10**400},
        {**REMOVE, "phase_in_months": 0},
        {**REMOVE, "phase_in_months": 4, "months": 3},
        {**REMOVE, "suspended": []},
        {**REMOVE, "suspended": 3},
        {**REMOVE, "suspended": ["2025"]},
        {**REMOVE, "suspended": [{"start_month": 3}]},
        {**REMOVE, "suspended": [{"months": 3}]},
        {**REMOVE, "suspended": [{"start_month": 3, "months": 2, "weeks": 1}]},
        {**REMOVE, "suspended": [{"start": "2025-1", "months": 2}]},
        {**REMOVE, "months": 3, "suspended": [{"start_month": 3, "months": 2}]},
        {**REMOVE, "start_month": 2, "suspended": [{"start_month": 0, "months": 2}]},
        {**REMOVE, "months": 3, "suspended": [{"start_month": 0, "months": 3}]},
        {**REMOVE, "months": 3, "suspended": [{"start_month": 2, "months": 1}, {"start_month": 0, "months": 2}]},
        {**REMOVE, "start": "2025-01", "months": 3, "suspended": [{"start": "2024-11", "months": 9}]},
        {**REMOVE, "suspended": [{"start_month": 3, "months": 4}, {"start_month": 1, "months": 4}]},
        {"kind": "demand", "tier": "defence", "share": -1},
        {"kind": "demand", "tier": "defence", "share": float("nan")},
        {"kind": "restrict", "to": {"country": "USA"}, "tier": ["defence", "civilian"]},
        {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "share": 0.5},
        {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "phase_in_months": 2},
        {"kind": "restrict", "to": {"country": "USA"}, "origin": {}},
        {"kind": "quota", "to": {"country": "USA"}},
        {"kind": "quota", "tpa": 3},
        {"kind": "quota", "to": {"country": "USA"}, "tpa": -3},
        {"kind": "quota", "to": {"country": "USA"}, "tpa": 3, "severity": 1.5},
        {"kind": "quota", "to": {"country": "USA"}, "tpa": 3, "phase_in_months": 2},
        {"kind": "tariff", "to": {"country": "USA"}},
        {"kind": "tariff", "to": {"country": "USA"}, "rate": 0.1, "usd_per_t": 3},
        {"kind": "tariff", "to": {"country": "USA"}, "rate": 10**400},
        {"kind": "tariff", "rate": 0.1},
        {"kind": "tariff", "to": {"country": "USA"}, "rate": 0.1, "share": 0.1},
        {"kind": "price_floor", "commodity": "metal"},
        {"kind": "price_floor", "usd_per_t": 3},
        {"kind": "demand", "share": 2},
        {"kind": "demand", "tier": "defence"},
        {"kind": "demand", "tier": 3, "share": 2},
        {"kind": "release"},
        {"kind": "release", "stocks": []},
        {"kind": "release", "stocks": "s", "tiers": []},
        {"kind": "release", "stocks": "s", "release_tpa": "5"},
        {"kind": "release", "stocks": "s", "phase_in_months": 3},
        {"kind": "build"},
        {"kind": "build", "projects": ["p"], "phase_in_months": 3},
        {"kind": "delay", "projects": ["p"]},
        {"kind": "delay", "projects": ["p"], "late_months": 1.5},
        {"kind": "delay", "projects": ["p"], "late_months": 3, "phase_in_months": 3},
        "remove",
    ],
)
def test_a_wrong_form_is_refused(measure: object) -> None:
    with pytest.raises(cn.DataError) as caught:
        cn.Scenario("s", [measure])  # type: ignore[list-item]
    assert len(caught.value.faults) >= 1


def test_all_faults_come_at_once_and_name_measure_and_key() -> None:
    measures = [
        {**REMOVE, "months": 0, "colour": "red"},
        {"kind": "quota", "to": {"country": "USA"}, "tonnes": 3},
        {"kind": "tarif", "to": {"country": "USA"}, "rate": 0.1},
    ]
    with pytest.raises(cn.DataError) as caught:
        cn.Scenario("s", measures)
    assert caught.value.faults["column"].tolist() == [
        "measures[0].colour",
        "measures[0].months",
        "measures[1].tonnes",
        "measures[1].tpa",
        "measures[2].kind",
    ]
    assert 'did you mean "tariff"?' in str(caught.value)
    with pytest.raises(cn.DataError, match=r"measures\[1\].*phase_in_months \(4\) is longer than months \(3\)"):
        cn.Scenario("s", [REMOVE, {**REMOVE, "phase_in_months": 4, "months": 3}])


@pytest.mark.parametrize("measures", [None, 3, "remove", REMOVE])
def test_measures_that_are_no_list_are_refused(measures: object) -> None:
    with pytest.raises(cn.DataError, match="measures"):
        cn.Scenario("s", measures)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "label"), [("", ""), (3, ""), ("s", 3), ("s", "a\x00b")])
def test_name_and_label_are_text(name: object, label: object) -> None:
    with pytest.raises(cn.DataError):
        cn.Scenario(name, [REMOVE], label)  # type: ignore[arg-type]


@pytest.mark.parametrize("probability", [-0.1, 1.1, True, "0.5"])
def test_a_wrong_probability_is_refused(probability: object) -> None:
    with pytest.raises(cn.DataError):
        cn.Scenario("s", [REMOVE], probability=probability)  # type: ignore[arg-type]


def write(folder: Path, text: str, name: str = "ban.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_the_same_words(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'name = "ban"\nlabel = "Chinese refiners stop"\nprobability = 0.2\n'
        '[[measures]]\nkind = "remove"\nwhere = {country = "CHN", stage = "refiner"}\nstart_month = 0\nmonths = 12\n'
        '[[measures]]\nkind = "restrict"\nfrom = {country = "CHN"}\nto = {country = ["USA", "EU27"]}\n'
        'commodity = "metal"\nshare = 0.5\n',
    )
    scn = cn.Scenario.read(path)
    assert scn.name == "ban"
    assert scn.probability == 0.2
    assert scn.measures[0]["where"] == {"country": "CHN", "stage": "refiner"}
    again = cn.Scenario.read(write(tmp_path, scn.to_toml(), "again.toml"))
    assert [dict(m) for m in again.measures] == [dict(m) for m in scn.measures]
    assert again.label == scn.label


EVERY_KIND: list[dict[str, object]] = [
    {**REMOVE, "start_month": 2, "months": 9, "phase_in_months": 3, "suspended": [{"start_month": 4, "months": 2}]},
    {"kind": "remove", "nodes": "works", "edges": [["mine", "works"], ["works", "u_usa", "metal"]]},
    {"kind": "scale", "where": {"stage": ["mine", "refiner"]}, "share": 0.25, "start": "2027-01"},
    {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": ["USA", "JPN"]}, "tier": "defence"},
    {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "commodity": "metal", "share": 0},
    {"kind": "quota", "from": {"country": "CHN"}, "tpa": 2.5, "tier": "defence", "severity": 0.5},
    {"kind": "tariff", "commodity": ["ore", "metal"], "rate": 0.25},
    {"kind": "tariff", "to": {"country": "USA"}, "usd_per_t": 1e-07},
    {"kind": "price_floor", "commodity": "metal", "usd_per_t": 1e22},
    {"kind": "demand", "tier": ["defence", "civilian"], "where": {"country": "USA"}, "share": 2},
    {"kind": "release", "stocks": ["s"], "tiers": ["defence"], "release_tpa": 3, "start_month": 1},
    {"kind": "build", "projects": ["p"]},
    {"kind": "delay", "where": {"country": "USA"}, "late_months": 18},
]


def test_every_kind_goes_through_a_file(tmp_path: Path) -> None:
    scn = cn.Scenario("s", EVERY_KIND, 'Words with "quotes", a line\nbreak, \x7f and 日本', 0.5)
    again = cn.Scenario.read(write(tmp_path, scn.to_toml(), "s.toml"))
    assert again == scn
    assert {m["kind"] for m in scn.measures} == set(MEASURES)


def test_numbers_and_sets_become_plain(tmp_path: Path) -> None:
    measure = {"kind": "scale", "where": {"country": {"USA", "JPN"}}, "share": np.float64(0.5), "months": np.int64(3)}
    scn = cn.Scenario("s", (m for m in [measure]))
    assert dict(scn.measures[0]) == {"kind": "scale", "where": {"country": ["JPN", "USA"]}, "share": 0.5, "months": 3}
    assert cn.Scenario.read(write(tmp_path, scn.to_toml(), "s.toml")) == scn


def test_a_scenario_goes_to_another_process() -> None:
    scn = cn.Scenario("s", EVERY_KIND, "words", 0.5)
    assert pickle.loads(pickle.dumps(scn)) == scn


def test_the_severity_ladder() -> None:
    measures: list[dict[str, object]] = [
        {**REMOVE, "start_month": 2, "months": 9, "phase_in_months": 6, "suspended": [{"start_month": 4, "months": 2}]},
        {"kind": "scale", "where": {"country": "CHN"}, "share": 0.5},
        {"kind": "restrict", "to": {"country": "USA"}},
        {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}},
        {"kind": "quota", "to": {"country": "USA"}, "tpa": 4},
        {"kind": "demand", "tier": "defence", "share": 2},
    ]
    steps = cn.Scenario("ban", measures, "No exports", 0.3).severities()
    assert len(steps) == 12
    assert list(steps)[:4] == ["ban.s10.m3", "ban.s10.m12", "ban.s10.m48", "ban.s30.m3"]
    assert all(name == step.name for name, step in steps.items())
    third = steps["ban.s30.m3"]
    assert third.label == "No exports: 30 % of the loss, origins barred in full, 3 months"
    assert steps["ban.s100.m3"].label == "No exports: 100 % of the loss, 3 months"
    assert third.probability is None
    assert [dict(m) for m in third.measures] == [
        {
            "kind": "scale",
            "where": {"country": "CHN"},
            "start_month": 2,
            "months": 3,
            "phase_in_months": 3,
            "share": 0.7,
        },
        {"kind": "scale", "where": {"country": "CHN"}, "share": 0.85, "months": 3},
        {"kind": "restrict", "to": {"country": "USA"}, "months": 3, "share": 0.7},
        {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "months": 3},
        {"kind": "quota", "to": {"country": "USA"}, "tpa": 4, "months": 3, "severity": 0.3},
        measures[5],
    ]
    whole = steps["ban.s100.m48"].measures
    assert [m["kind"] for m in whole] == [m["kind"] for m in measures]
    assert "share" not in whole[2]
    for shares, months in (
        ((0.0,), (3,)),
        ((1.5,), (3,)),
        ((0.5,), (0,)),
        ((0.5,), (2.5,)),
        (("x",), (3,)),
        (0.3, (3,)),
        ((0.3,), 3),
    ):
        with pytest.raises(cn.DataError, match="severities"):
            cn.Scenario("ban", measures).severities(shares, months)  # type: ignore[arg-type]


def test_a_ladder_has_only_steps_that_differ() -> None:
    origin = {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}}
    barred = cn.Scenario("barred", [origin, {"kind": "demand", "tier": "defence", "share": 2}])
    assert list(barred.severities()) == ["barred.s100.m3", "barred.s100.m12", "barred.s100.m48"]
    with pytest.raises(cn.DataError, match="barred only bars origins"):
        barred.severities(shares=(0.1, 0.3))
    with pytest.raises(cn.DataError, match="no measure of surge takes anything away"):
        cn.Scenario("surge", [{"kind": "demand", "tier": "defence", "share": 2}]).severities()


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('nmae = "ban"', "nmae"),
        ('name = "other"', "name"),
        ('[[measures]]\nkind = "remove"\nwhere = {country = "CHN"}\nwhen = 3', "measures[0].when"),
        ("measures = 3", "measures[0]"),
        ("label = [", ""),
        ("probability = 2", "probability"),
    ],
)
def test_a_faulty_file_names_file_and_key(tmp_path: Path, text: str, column: str) -> None:
    with pytest.raises(cn.DataError) as caught:
        cn.Scenario.read(write(tmp_path, text))
    faults = caught.value.faults
    assert (faults["file"] == "ban.toml").all()
    assert column in faults["column"].tolist()


def test_a_missing_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(cn.DataError, match=r"nowhere\.toml"):
        cn.Scenario.read(tmp_path / "nowhere.toml")


def test_shipped_scenarios_are_a_sorted_mapping(graphs: dict[str, cn.Network]) -> None:
    for net in graphs.values():
        found = cn.scenarios(net)
        assert list(found) == sorted(found)
        assert len(found) >= 1
        assert all(name == scn.name for name, scn in found.items())
        with pytest.raises(TypeError):
            found["new"] = None  # type: ignore[index]


def test_a_network_of_ones_own_has_no_scenarios() -> None:
    assert dict(cn.scenarios(two_tier())) == {}


@pytest.mark.parametrize(
    ("measure", "error"),
    [
        ({"kind": "remove", "nodes": ["wroks"]}, cn.UnknownIdError),
        ({"kind": "remove", "edges": [["mine", "u_usa"]]}, cn.UnknownIdError),
        ({"kind": "remove", "where": {"colour": "red"}}, cn.DataError),
        ({"kind": "remove", "where": {"country": "CHINA"}}, cn.DataError),
        ({"kind": "restrict", "commodity": "gold"}, cn.DataError),
        ({"kind": "restrict", "commodity": "metal", "share": 0.5}, cn.DataError),  # no baseline
    ],
)
def test_ids_are_checked_when_it_is_put_to_a_network(measure: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        cn.balance(two_tier(), cn.Scenario("s", [measure]))


def served(net: cn.Network, *measures: dict[str, object], **more: object) -> list[float]:
    found = cn.balance(net, cn.Scenario("s", measures), **more)
    return found.demand["served_tpa"].round(9).tolist()


def test_what_each_kind_does() -> None:
    net = two_tier()  # rows: Japan civilian 2, USA civilian 4, USA defence 3; 5 t can be made
    assert served(net)[2] == 3.0
    assert served(net, REMOVE) == [0.0, 0.0, 0.0]
    assert served(net, {"kind": "remove", "where": {"country": "NZL"}})[2] == 3.0
    assert served(net, {"kind": "scale", "where": {"stage": "mine"}, "share": 0.4}) == [0.0, 0.0, 2.0]
    assert served(net, {"kind": "remove", "edges": [["works", "u_usa"]]}) == [2.0, 0.0, 0.0]
    assert served(net, {"kind": "restrict", "to": {"country": "USA"}, "commodity": "metal"}) == [2.0, 0.0, 0.0]
    assert served(net, {"kind": "remove", "where": {"country": "JPN"}}) == served(net), "end uses never drop out"


def test_measures_multiply_and_their_order_does_not_matter() -> None:
    net = two_tier()
    half = {"kind": "scale", "where": {"stage": "mine"}, "share": 0.5}
    fifth = {"kind": "scale", "nodes": ["mine"], "share": 0.4}
    assert sum(served(net, half, fifth)) == sum(served(net, fifth, half)) == 1.0


def test_restrict_binds_the_class_together() -> None:
    net = two_tier()
    flows = net.edges.assign(flow_tpa=[10.0, 2.0, 3.0])  # mine->works, works->u_jpn, works->u_usa
    net = cn.Network(
        nodes=net.nodes, edges=flows, demand=net.demand, processes=net.processes, main_commodity="metal", name="t"
    )
    both = {"kind": "restrict", "from": {"country": "CHN"}, "commodity": "metal", "share": 0.5}
    assert sum(served(net, both)) == pytest.approx(2.5)
    usa = {**both, "to": {"country": "USA"}}
    assert served(net, usa) == pytest.approx([2.0, 0.0, 1.5])


def test_dates_do_not_matter_in_a_static_answer() -> None:
    net = two_tier()
    assert served(net, {**REMOVE, "start_month": 30, "months": 1}) == [0.0, 0.0, 0.0]


def test_a_restriction_of_a_projects_edges_needs_no_baseline() -> None:
    net = cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "CHN", 2.0), ("u", "end_use", "USA", None)),
        edges=frame("source target flow_tpa", ("m", "u", 2.0), ("plan", "u", None)),
        demand=frame("node tier demand_tpa", ("u", "defence", 9.0)),
        projects=frame("id stage country capacity_tpa", ("plan", "mine", "USA", 4.0)),
    )
    scn = cn.Scenario("s", [{"kind": "restrict", "to": {"country": "USA"}, "share": 0.5}])
    assert cn.reroute(net, scn).all_tpa == pytest.approx(1.0)
    assert cn.balance(net.with_projects(["plan"]), scn).demand["served_tpa"].sum() == pytest.approx(1.0)


def test_a_scenario_is_frozen() -> None:
    scn = cn.Scenario("s", [REMOVE])
    with pytest.raises(AttributeError):
        scn.name = "t"  # type: ignore[misc]
    with pytest.raises(TypeError):
        scn.measures[0]["kind"] = "scale"  # type: ignore[index]


def test_scenarios_of_the_same_words_are_one_key() -> None:
    one = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "CHN"}}])
    same = cn.Scenario("ban", [{"where": {"country": "CHN"}, "kind": "remove"}])
    other = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "JPN"}}])
    assert {one: 1, same: 2, other: 3} == {one: 2, other: 3}
