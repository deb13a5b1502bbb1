"""Scenarios: their form, their file, and what they do to a network."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame, two_tier

import chainnet as cn
from chainnet.scenario import KINDS

REMOVE = {"kind": "remove", "where": {"country": "CHN"}}
TOLD = {"status": "suspended", "source": "a; b", "checked_on": "2025-11-20", "start": "2027-01"}
UNTIL_OF_A_WINDOW = "suspended[0].months: is missing | suspended[0].until: unknown key of a suspension"


@pytest.mark.parametrize(
    ("measure", "faults"),
    [
        ({"kind": "explode", "where": {"country": "CHN"}}, "kind: unknown kind"),
        ({"kind": "remove"}, ": names nothing to remove"),
        (
            {"kind": "remove", "where": {}},
            ": names nothing to remove | where: must map columns to a word or a list of words",
        ),
        ({"kind": "remove", "where": {"country": 3}}, "where: must map columns to a word or a list of words"),
        ({"kind": "remove", "where": {"country": "CHN"}, "color": "red"}, "color: unknown key of remove"),
        ({"kind": "remove", "nodes": [1]}, "nodes: must be a word or a list of words"),
        ({"kind": "remove", "edges": [["a"]]}, "edges: must be a list of [source, target] pairs"),
        ({"kind": "remove", "edges": ["ab"]}, "edges: must be a list of [source, target] pairs"),
        ({"kind": "scale", "where": {"country": "CHN"}}, "share: is missing"),
        ({"kind": "scale", "where": {"country": "CHN"}, "share": -1}, "share: must be a number, 0 or more"),
        ({"kind": "scale", "where": {"country": "CHN"}, "share": True}, "share: must be a number, 0 or more"),
        ({"kind": "scale", "where": {"country": "CHN"}, "share": float("nan")}, "share: must be a number, 0 or more"),
        ({"kind": "restrict", "share": 0.5}, ": names nothing to restrict"),
        ({**REMOVE, "start_month": -1}, "start_month: must be a whole number, 0 or more"),
        ({**REMOVE, "start_month": 1.5}, "start_month: must be a whole number, 0 or more"),
        ({**REMOVE, "months": 0}, "months: must be a whole number, 1 or more"),
        ({**REMOVE, "start": "2025-13"}, "start: must be a month"),
        ({**REMOVE, "start": "2025-04", "start_month": 3}, "start: stands beside start_month"),
        ({**REMOVE, "until": "2026-1"}, "until: must be a month"),
        ({**REMOVE, "until": 2026}, "until: must be a month"),
        ({**REMOVE, "until": "2026-01", "months": 3}, "until: stands beside months"),
        ({**REMOVE, "start": "2026-01", "until": "2026-01"}, "until: is not after start, 2026-01"),
        ({**REMOVE, "start": "2026-02", "until": "2026-01"}, "until: is not after start, 2026-02"),
        (
            {**REMOVE, "start": "2026-01", "until": "2026-03", "phase_in_months": 3},
            ": phase_in_months (3) is longer than months (2)",
        ),
        (
            {**REMOVE, "start": "2026-01", "until": "2026-03", "suspended": [{"start": "2026-03", "months": 1}]},
            ": a suspension lies outside the time of the measure",
        ),
        ({**REMOVE, "suspended": [{"start_month": 1, "until": "2026-01"}]}, UNTIL_OF_A_WINDOW),
        ({**REMOVE, "status": "active"}, "status: unknown status"),
        ({**REMOVE, "status": ["ended"]}, "status: unknown status"),
        ({**REMOVE, "status": "suspended"}, "start: is missing beside a suspended status"),
        ({**REMOVE, "status": "suspended", "start_month": 3}, "start: is missing beside a suspended status"),
        ({**REMOVE, "source": " ; "}, "source: must be keys of the references table"),
        ({**REMOVE, "source": ["a"]}, "source: must be keys of the references table"),
        ({**REMOVE, "checked_on": "2025-11"}, "checked_on: must be a day"),
        ({**REMOVE, "checked_on": "2025-02-30"}, "checked_on: must be a day"),
        ({**REMOVE, "checked_on": 20251120}, "checked_on: must be a day"),
        ({**REMOVE, "months": 10**400}, "months: must be a whole number, 1 or more"),
        ({**REMOVE, "phase_in_months": 0}, "phase_in_months: must be a whole number, 1 or more"),
        ({**REMOVE, "phase_in_months": 4, "months": 3}, ": phase_in_months (4) is longer than months (3)"),
        ({**REMOVE, "suspended": []}, "suspended: must be a list of windows"),
        ({**REMOVE, "suspended": 3}, "suspended: must be a list of windows"),
        ({**REMOVE, "suspended": ["2025"]}, "suspended[0]: is no window"),
        ({**REMOVE, "suspended": [{"start_month": 3}]}, "suspended[0].months: is missing"),
        ({**REMOVE, "suspended": [{"months": 3}]}, "suspended[0]: does not say when it begins"),
        (
            {**REMOVE, "suspended": [{"start_month": 3, "months": 2, "weeks": 1}]},
            "suspended[0].weeks: unknown key of a suspension",
        ),
        ({**REMOVE, "suspended": [{"start": "2025-1", "months": 2}]}, "suspended[0].start: must be a month"),
        (
            {**REMOVE, "months": 3, "suspended": [{"start_month": 3, "months": 2}]},
            ": a suspension lies outside the time of the measure",
        ),
        (
            {**REMOVE, "start_month": 2, "suspended": [{"start_month": 0, "months": 2}]},
            ": a suspension lies outside the time of the measure",
        ),
        (
            {**REMOVE, "months": 3, "suspended": [{"start_month": 0, "months": 3}]},
            ": its suspensions cover the whole of it",
        ),
        (
            {**REMOVE, "months": 3, "suspended": [{"start_month": 2, "months": 1}, {"start_month": 0, "months": 2}]},
            ": its suspensions cover the whole of it",
        ),
        (
            {**REMOVE, "start": "2025-01", "months": 3, "suspended": [{"start": "2024-11", "months": 9}]},
            ": its suspensions cover the whole of it",
        ),
        (
            {**REMOVE, "suspended": [{"start_month": 3, "months": 4}, {"start_month": 1, "months": 4}]},
            ": two suspensions overlap",
        ),
        ({"kind": "demand", "tier": "defence", "share": -1}, "share: must be a number, 0 or more"),
        ({"kind": "demand", "tier": "defence", "share": float("nan")}, "share: must be a number, 0 or more"),
        (
            {"kind": "restrict", "to": {"country": "USA"}, "tier": ["defence", "civilian"]},
            "tier: must be the name of one tier",
        ),
        (
            {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "share": 0.5},
            "share: stands beside origin",
        ),
        (
            {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "phase_in_months": 2},
            "phase_in_months: stands beside origin",
        ),
        (
            {"kind": "restrict", "to": {"country": "USA"}, "origin": {}},
            "origin: must map columns to a word or a list of words",
        ),
        ({"kind": "quota", "to": {"country": "USA"}}, "tpa: is missing"),
        ({"kind": "quota", "tpa": 3}, ": names nothing to quota"),
        ({"kind": "quota", "to": {"country": "USA"}, "tpa": -3}, "tpa: must be a number, 0 or more"),
        ({"kind": "quota", "to": {"country": "USA"}, "tpa": 3, "severity": 1.5}, "severity: must be from 0 to 1"),
        (
            {"kind": "quota", "to": {"country": "USA"}, "tpa": 3, "phase_in_months": 2},
            "phase_in_months: unknown key of quota",
        ),
        ({"kind": "tariff", "to": {"country": "USA"}}, ": must have either rate or usd_per_t"),
        (
            {"kind": "tariff", "to": {"country": "USA"}, "rate": 0.1, "usd_per_t": 3},
            ": must have either rate or usd_per_t",
        ),
        ({"kind": "tariff", "to": {"country": "USA"}, "rate": 10**400}, "rate: must be a number, 0 or more"),
        ({"kind": "tariff", "rate": 0.1}, ": names nothing to tariff"),
        ({"kind": "tariff", "to": {"country": "USA"}, "rate": 0.1, "share": 0.1}, "share: unknown key of tariff"),
        ({"kind": "price_floor", "commodity": "metal"}, "usd_per_t: is missing"),
        ({"kind": "price_floor", "usd_per_t": 3}, ": names nothing to price floor"),
        ({"kind": "demand", "share": 2}, ": names nothing to demand"),
        ({"kind": "demand", "tier": "defence"}, "share: is missing"),
        ({"kind": "demand", "tier": 3, "share": 2}, "tier: must be a word or a list of words"),
        ({"kind": "release"}, ": names nothing to release"),
        ({"kind": "release", "stocks": []}, ": names nothing to release | stocks: must be a word or a list of words"),
        ({"kind": "release", "stocks": "s", "tiers": []}, "tiers: must be a word or a list of words"),
        ({"kind": "release", "stocks": "s", "release_tpa": "5"}, "release_tpa: must be a number, 0 or more"),
        ({"kind": "release", "stocks": "s", "phase_in_months": 3}, "phase_in_months: unknown key of release"),
        ({"kind": "build"}, ": names nothing to build"),
        ({"kind": "build", "projects": ["p"], "phase_in_months": 3}, "phase_in_months: unknown key of build"),
        ({"kind": "delay", "projects": ["p"]}, "late_months: is missing"),
        ({"kind": "delay", "projects": ["p"], "late_months": 1.5}, "late_months: must be a whole number, 1 or more"),
        (
            {"kind": "delay", "projects": ["p"], "late_months": 3, "phase_in_months": 3},
            "phase_in_months: unknown key of delay",
        ),
        ("remove", ": is no measure"),
    ],
)
def test_a_wrong_form_is_refused(measure: object, faults: str) -> None:
    """By the rule it breaks and no other; ``faults``: key and the first words of the rule."""
    with pytest.raises(cn.DataError, match=r"measures\[0\]") as caught:
        cn.Scenario("s", [measure])  # type: ignore[list-item]
    found = caught.value.faults
    keys = found["column"].str.removeprefix("measures[0]").str.lstrip(".")
    told = [f"{key}: {rule}" for key, rule in zip(keys, found["rule"], strict=True)]
    expected = faults.split(" | ")
    assert len(told) == len(expected), told
    assert [line[: len(words)] for line, words in zip(told, expected, strict=True)] == expected


WHERE = "must map columns to a word or a list of words"
USA = {"country": "USA"}


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        (
            {"kind": "remove", "where": {"country": 3}, "nodes": [1], "edges": ["ab"], "months": 0},
            [
                ".edges: \"['ab']\": must be a list of [source, target] pairs. Correct it.",
                '.months: "0": must be a whole number, 1 or more. Correct it.',
                '.nodes: "[1]": must be a word or a list of words. Correct it.',
                f'.where: "{{\'country\': 3}}": {WHERE}. For example {{country = "CHN"}}.',
            ],
        ),
        (
            {"kind": "scale", "nodes": "m", "share": "x"},
            ['.share: "x": must be a number, 0 or more. Correct it.'],
        ),
        (
            {"kind": "scale", "nodes": "m", "share": 50},
            ['.share: "50": must be from 0 to 1. A share is what is left: write 0.5 for 50 %.'],
        ),
        ({"kind": "scale", "nodes": "m", "share": 500}, ['.share: "500": must be from 0 to 1. Correct it.']),
        ({"kind": "scale", "nodes": "m"}, [".share: is missing. Say what share of the capacity is left."]),
        (
            {"kind": "restrict", "tier": ["a"], "origin": USA, "share": 0.5, "phase_in_months": 2},
            [
                '.phase_in_months: "2": stands beside origin, which takes share 0 only. Leave it out.',
                '.share: "0.5": stands beside origin. An origin takes share 0 only.',
                ".tier: \"['a']\": must be the name of one tier. Write one measure for each tier.",
            ],
        ),
        (
            {"kind": "quota", "tpa": 2, "severity": 1.5},
            [
                ": names nothing to quota. Give from or to or commodity.",
                '.severity: "1.5": must be from 0 to 1. Correct it.',
            ],
        ),
        (
            {**REMOVE, "start": "2025-13", "start_month": 2},
            [
                '.start: "2025-13": must be a month such as "2025-04". Correct it.',
                '.start: "2025-13": stands beside start_month. Keep one of the two.',
            ],
        ),
        (
            {**REMOVE, "until": "2026-1", "months": 3, "status": "active", "rule": "", "source": ";"},
            [
                ".rule: must be the id of a rule. List the ids with chainnet.rules().",
                '.source: ";": must be keys of the references table. Write keys, several split by ;.',
                '.status: "active": unknown status. Known: in force, suspended, announced, ended, assumed.',
                '.until: "2026-1": must be a month such as "2026-11". Write the first month without it.',
                '.until: "2026-1": stands beside months. Keep one of the two.',
            ],
        ),
        (
            {**REMOVE, "until": "2026-01", "start": "2026-02", "checked_on": "2025-02-30"},
            [
                '.checked_on: "2025-02-30": must be a day such as "2025-11-20". '
                "Write the day on which the source was read, in quotes.",
                '.until: "2026-01": is not after start, 2026-02. '
                "Write the first month in which it is no longer in force.",
            ],
        ),
        (
            {**REMOVE, "status": "suspended"},
            [
                ".start: is missing beside a suspended status. "
                "Write the month in which it would return; it never acts before."
            ],
        ),
        (
            {**REMOVE, "suspended": [3, {"weeks": 1}]},
            [
                '.suspended[0]: "3": is no window. Write {start_month = 3, months = 2}.',
                ".suspended[1]: does not say when it begins. Give start_month or start.",
                ".suspended[1].months: is missing. Say how long it is suspended; months of the measure end it.",
                ".suspended[1].weeks: unknown key of a suspension. Known: start_month, start, months.",
            ],
        ),
        (
            {**REMOVE, "suspended": 3},
            ['.suspended: "3": must be a list of windows. For example [{start_month = 3, months = 2}].'],
        ),
        (
            {**REMOVE, "phase_in_months": 4, "months": 3},
            [': "remove": phase_in_months (4) is longer than months (3). Correct the times.'],
        ),
        (
            {"kind": "tariff", "rate": 0.1, "usd_per_t": 2, "to": USA, "revenue": "us"},
            [
                ": must have either rate or usd_per_t. Keep one: a share of the price, or USD a tonne.",
                '.revenue: "us": is not known. Known: to, from.',
            ],
        ),
        (
            {"kind": "price_floor", "commodity": "metal", "usd_per_t": 2, "mechanism": "cfd", "content": 3},
            [
                ": is a contract with nobody. Name the plants by nodes or where.",
                '.content: "3": must be "auto", or map commodities to tonnes in a tonne. For example {magnet = 0.3}.',
            ],
        ),
        (
            {"kind": "scale", "where": USA, "share": "controls"},
            [
                '.share: "controls": is taken of restrict or licence alone, not of scale. '
                "Customs show what crosses a border. Write a number, or restrict or licence the flow."
            ],
        ),
        (
            {
                "kind": "restrict",
                "from": USA,
                "to": USA,
                "commodity": "m",
                "rule": "r",
                "share": "controls",
                "tier": "a",
            },
            [
                '.tier: "a": stands beside share = "controls". Customs do not say for whom a good is, nor what it was '
                "made of. Write a number, or leave it out."
            ],
        ),
        (
            {"kind": "restrict", "from": USA, "share": 0.5, "severity": 0.5},
            ['.severity: "0.5": goes with share = "controls" only. Leave it out, and write what is left as share.'],
        ),
    ],
)
def test_a_wrong_form_says_what_to_do(measure: dict[str, Any], told: list[str]) -> None:
    with pytest.raises(cn.DataError) as caught:
        cn.Scenario("s", [measure])
    assert [str(fault).removeprefix("scenario s, measures[0]") for fault in caught.value.faults_list] == told


def test_an_unknown_key_of_a_file_is_told_with_those_known(tmp_path: Path) -> None:
    path = write(tmp_path, 'name = "stop"\nlabl = "x"\n', "ban.toml")
    with pytest.raises(cn.DataError) as caught:
        cn.Scenario.read(path)
    assert [str(fault) for fault in caught.value.faults_list] == [
        'ban.toml, labl: unknown key; did you mean "label"? '
        "Known: name, label, probability, extends, parameters, measures.",
        'ban.toml, name: "stop": differs from the file stem "ban". Leave it out.',
    ]


@pytest.mark.parametrize(
    "line", ['measures = "stop"', 'measures = {kind = "remove", nodes = ["H_CN"]}', "measures = 3"]
)
def test_measures_of_a_file_are_a_list(tmp_path: Path, line: str) -> None:
    path = tmp_path / "stop.toml"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(cn.DataError, match=r"stop.toml, measures: .*: is no list of measures\. Write \[\[measures\]\]"):
        cn.Scenario.read(path)


def test_all_faults_come_at_once_and_name_measure_and_key() -> None:
    measures = [
        {**REMOVE, "months": 0, "colour": "red"},
        {"kind": "quota", "to": {"country": "USA"}, "tonnes": 3},
        {"kind": "tarif", "to": {"country": "USA"}, "rate": 0.1},
    ]
    with pytest.raises(cn.DataError, match=r"^5 faults") as caught:
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


@pytest.mark.parametrize(
    ("name", "label", "words"),
    [
        ("", "", "name: is no text"),
        (3, "", "name: .* is no text"),
        ("s", 3, "label: .* is no text"),
        ("s", "a\x00b", "label: .* a control character"),
    ],
)
def test_name_and_label_are_text(name: object, label: object, words: str) -> None:
    with pytest.raises(cn.DataError, match=words):
        cn.Scenario(name, [REMOVE], label)  # type: ignore[arg-type]


@pytest.mark.parametrize("probability", [-0.1, 1.1, True, "0.5"])
def test_a_wrong_probability_is_refused(probability: object) -> None:
    with pytest.raises(cn.DataError, match=r"probability: .* must be from 0 to 1"):
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


def test_every_kind_bears_an_end_and_where_it_comes_from(tmp_path: Path) -> None:
    for measure in EVERY_KIND:
        own = {key: value for key, value in measure.items() if key not in ("months", "start_month", "suspended")}
        scn = cn.Scenario("s", [{**own, **TOLD, "until": "2028-01"}])
        again = cn.Scenario.read(write(tmp_path, scn.to_toml(), "s.toml"))
        assert again == scn
        assert {key: again.measures[0][key] for key in (*TOLD, "until")} == {**TOLD, "until": "2028-01"}


def test_where_a_measure_comes_from_changes_no_answer() -> None:
    half = {"kind": "scale", "where": {"stage": "mine"}, "share": 0.5}
    later = {"kind": "scale", "nodes": ["mine"], "share": 0.4}
    told = {**half, **TOLD, "until": "2028-01"}  # at its full size, whatever its dates
    assert served(two_tier(), told, later) == served(two_tier(), half, later)


def test_a_source_is_held_against_the_references() -> None:
    bare, sourced = two_tier(), two_tier()
    tables = {name: getattr(sourced, name) for name in ("nodes", "edges", "demand", "processes")}
    sourced = cn.Network(**tables, references=frame("key", ("a",), ("beta",)), main_commodity="metal", name="t")
    cn.balance(bare, cn.Scenario("s", [{**REMOVE, "source": "a; b"}]))  # a network without references judges none
    cn.balance(sourced, cn.Scenario("s", [{**REMOVE, "source": "a; beta"}]))
    fault = r'^s: measures\[1\] remove: source: unknown key of the references table "bta"; did you mean "beta"\?'
    wrong = cn.Scenario("s", [REMOVE, {**REMOVE, "source": "a; bta"}])
    with pytest.raises(cn.DataError, match=fault):
        cn.balance(sourced, wrong)
    with pytest.raises(cn.DataError, match=fault):
        cn.stress_test(sourced, wrong, months=12, start="2025-01")


EVERY_KIND: list[dict[str, object]] = [
    {**REMOVE, "start_month": 2, "months": 9, "phase_in_months": 3, "suspended": [{"start_month": 4, "months": 2}]},
    {"kind": "remove", "nodes": "works", "edges": [["mine", "works"], ["works", "u_usa", "metal"]]},
    {"kind": "scale", "where": {"stage": ["mine", "refiner"]}, "share": 0.25, "start": "2027-01"},
    {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": ["USA", "JPN"]}, "tier": "defence"},
    {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "commodity": "metal", "share": 0},
    {
        "kind": "licence",
        "from": {"country": "CHN"},
        "announced": "2026-05-08",
        "start": "2026-07",
        "profile": [{"months": 2, "share": 0.1}, {"share": 0.8}],
        "by": [{"to": {"country": "JPN"}, "profile": [{"share": 0.25}]}],
    },
    {"kind": "quota", "from": {"country": "CHN"}, "tpa": 2.5, "tier": "defence", "severity": 0.5},
    {"kind": "tariff", "commodity": ["ore", "metal"], "rate": 0.25},
    {"kind": "tariff", "to": {"country": "USA"}, "usd_per_t": 1e-07},
    {"kind": "price_floor", "commodity": "metal", "usd_per_t": 1e22},
    {"kind": "price_floor", "commodity": "metal", "usd_per_t": 2, "to": {"country": "USA"}, "content": {"ore": 0.5}},
    {"kind": "price_floor", "commodity": "metal", "usd_per_t": 2, "mechanism": "cfd", "nodes": "works"},
    {"kind": "export_tax", "from": {"country": "CHN"}, "usd_per_t": -3},
    {"kind": "subsidy", "where": {"country": "USA"}, "commodity": "metal", "usd_per_t": 5},
    {"kind": "purchase", "node": "works", "commodity": "metal", "tpa": 2, "usd_per_t": 9},
    {"kind": "club", "to": {"country": "USA"}, "node": "works", "commodity": "metal", "tpa": 2, "usd_per_t": 9},
    {"kind": "buffer", "node": "works", "commodity": "metal", "floor_usd_per_t": 8, "cap_usd_per_t": 9, "room_t": 3},
    {"kind": "demand", "tier": ["defence", "civilian"], "where": {"country": "USA"}, "share": 2},
    {"kind": "release", "stocks": ["s"], "tiers": ["defence"], "release_tpa": 3, "start_month": 1},
    {"kind": "build", "projects": ["p"]},
    {"kind": "delay", "where": {"country": "USA"}, "late_months": 18},
]


def test_every_kind_goes_through_a_file(tmp_path: Path) -> None:
    scn = cn.Scenario("s", EVERY_KIND, 'Words with "quotes", a line\nbreak, \x7f, 日本 and 𝟙', 0.5)
    assert "日本 and 𝟙" in scn.to_toml(), "people read it"
    again = cn.Scenario.read(write(tmp_path, scn.to_toml(), "s.toml"))
    assert again == scn
    assert {m["kind"] for m in scn.measures} == set(KINDS)


def test_no_key_of_a_kind_takes_what_is_of_no_form() -> None:
    """A list of a number below 0 is neither a number, a word, a condition, a month nor a phase."""
    for measure in EVERY_KIND:
        for key in KINDS[str(measure["kind"])].keys:
            with pytest.raises(cn.DataError) as caught:
                cn.Scenario("s", [{**measure, key: [-1]}])
            columns = caught.value.faults["column"].tolist()
            assert any(column.startswith(f"measures[0].{key}") for column in columns), (measure["kind"], key, columns)


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
        {"kind": "restrict", "to": {"country": "USA"}, "start": "2026-01", "until": "2027-01"},
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
        {"kind": "restrict", "to": {"country": "USA"}, "start": "2026-01", "months": 3, "share": 0.7},
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
        ("measures = 3", "measures"),
        ("label = [", ""),
        ("probability = 2", "probability"),
    ],
)
def test_a_faulty_file_names_file_and_key(tmp_path: Path, text: str, column: str) -> None:
    with pytest.raises(cn.DataError, match=r"ban\.toml") as caught:
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
        with pytest.raises(TypeError, match="item assignment"):
            found["new"] = None  # type: ignore[index]


def test_a_network_of_ones_own_has_no_scenarios() -> None:
    assert dict(cn.scenarios(two_tier())) == {}


@pytest.mark.parametrize(
    ("measure", "error", "words"),
    [
        ({"kind": "remove", "nodes": ["wroks"]}, cn.UnknownIdError, 'nodes: unknown id "wroks"; did you mean "works"'),
        ({"kind": "remove", "edges": [["mine", "u_usa"]]}, cn.UnknownIdError, 'edges: no edge from "mine" to "u_usa"'),
        (
            {"kind": "remove", "where": {"colour": "red"}},
            cn.DataError,
            'where: unknown column of nodes, stocks or projects "colour"',
        ),
        ({"kind": "remove", "where": {"country": "CHINA"}}, cn.DataError, r'where\.country: "CHINA" is neither'),
        ({"kind": "restrict", "commodity": "gold"}, cn.DataError, 'unknown commodity "gold"'),
        ({"kind": "restrict", "commodity": "metal", "share": 0.5}, cn.DataError, "baseline flow of works -> u_jpn"),
    ],
)
def test_ids_are_checked_when_it_is_put_to_a_network(
    measure: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=rf"^s: measures\[0\] {measure['kind']}:? .*{words}"):
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


@pytest.mark.parametrize("hit", [{"edges": [["m", "u"]]}, {"nodes": ["m"]}], ids=["edge", "node"])
@pytest.mark.parametrize("share", [0.0, 1e-6, 0.3, 0.49, 0.5, 0.51, 0.999, 1.0])
def test_what_is_unlimited_keeps_its_share_of_its_baseline(hit: dict[str, object], share: float) -> None:
    """10 t/yr flow and 40 t/yr are asked for; nothing is limited but by the measure, which at share 1 is none."""
    net = cn.Network(
        nodes=frame("id stage", ("m", "mine"), ("u", "end_use")),
        edges=frame("source target flow_tpa", ("m", "u", 10.0)),
        demand=frame("node tier demand_tpa", ("u", "defence", 40.0)),
    )
    assert served(net, {"kind": "scale", **hit, "share": share}) == pytest.approx(
        [40.0 if share == 1.0 else 10 * share]
    )


def test_what_is_limited_keeps_its_share_of_its_capacity_whatever_flows() -> None:
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 60.0), ("u", "end_use", None)),
        edges=frame("source target flow_tpa capacity_tpa", ("m", "u", 10.0, 30.0)),
        demand=frame("node tier demand_tpa", ("u", "defence", 40.0)),
    )
    edge, node = ({"kind": "scale", **hit, "share": 0.3} for hit in ({"edges": [["m", "u"]]}, {"nodes": ["m"]}))
    assert served(net, edge) == pytest.approx([9.0])
    assert served(net, node) == pytest.approx([18.0])
    assert served(net, edge, {**edge, "share": 0.5}) == pytest.approx([4.5])
    blank = net.with_table("edges", net.edges.assign(capacity_tpa=None, flow_tpa=None))
    for share in (0.3, 0.7):
        with pytest.raises(cn.DataError, match=r"^edges: neither a limit nor a baseline flow: m -> u"):
            served(blank, {**edge, "share": share})
    assert served(blank, {**edge, "share": 0.0}) == [0.0], "nothing of anything is nothing"


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
    with pytest.raises(AttributeError, match="name"):
        scn.name = "t"  # type: ignore[misc]
    with pytest.raises(TypeError, match="item assignment"):
        scn.measures[0]["kind"] = "scale"  # type: ignore[index]


def test_a_scenario_is_frozen_to_its_last_word() -> None:
    words: dict[str, Any] = {
        "kind": "remove",
        "where": {"country": ["CHN", "AUS"]},
        "edges": [["a", "b"]],
        "suspended": [{"start_month": 3, "months": 2}],
    }
    scn = cn.Scenario("s", [words])
    before = scn.to_toml()
    scn.measures[0]["where"]["country"] = "USA"
    scn.measures[0]["where"]["country"].append("JPN")
    scn.measures[0]["edges"][0].append("c")
    scn.measures[0]["suspended"][0].clear()
    words["where"]["country"].append("JPN")  # nor does it share what it was made of
    assert scn.to_toml() == before
    assert scn.measures[0]["where"] == {"country": ["CHN", "AUS"]}
    again = pickle.loads(pickle.dumps(scn))
    assert again == scn
    assert again.to_toml() == before


def test_scenarios_of_the_same_words_are_one_key() -> None:
    one = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "CHN"}}])
    same = cn.Scenario("ban", [{"where": {"country": "CHN"}, "kind": "remove"}])
    other = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "JPN"}}])
    assert {one: 1, same: 2, other: 3} == {one: 2, other: 3}


def test_a_file_that_is_too_large_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_text("# " + "x" * (1 << 20))
    with pytest.raises(cn.DataError) as refused:
        cn.Scenario.read(file)
    assert str(refused.value) == "large.toml: larger than 1 MiB; a scenario is a short list of measures."


@pytest.mark.parametrize("kind", ["scale", "restrict"])
def test_a_share_of_what_is_left_is_at_most_one(kind: str) -> None:
    what = {"where": {"stage": "mine"}} if kind == "scale" else {"from": {"stage": "mine"}}
    with pytest.raises(
        cn.DataError, match=r"share: .50.: must be from 0 to 1. A share is what is left: write 0\.5 for 50 %"
    ):
        cn.Scenario("x", [{"kind": kind, **what, "share": 50}])
    assert cn.Scenario("x", [{"kind": kind, **what, "share": 1.0}]).measures
    assert cn.Scenario("x", [{"kind": "demand", "tier": "defence", "share": 2.0}]).measures, "demand may grow"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "measure",
    [
        {"kind": "remove", "where": {"step": "separatoin"}},
        {"kind": "restrict", "from": {"step": "separatoin"}},
        {"kind": "tariff", "from": {"country": "NZL"}, "usd_per_t": 3.0},
        {"kind": "demand", "where": {"country": "NZL"}, "share": 2.0},
        {"kind": "build", "where": {"country": "NZL"}},
    ],
)
def test_a_measure_that_matches_nothing_is_an_answer_and_says_so(mag9: cn.Network, measure: dict[str, object]) -> None:
    with pytest.warns(cn.ChainnetWarning, match=f"slip: measures.0. {measure['kind']} .* matches nothing: 0 nodes"):
        found = cn.balance(mag9, cn.Scenario("slip", [measure]))
    assert found.demand["shortfall_tpa"].sum() == pytest.approx(0.0, abs=1e-6)
    cn.balance(mag9, cn.Scenario("meant", [{"kind": "remove", "where": {"step": "separation"}}]))


def test_a_notebook_shows_a_scenario_and_nothing_in_it_runs() -> None:
    scenario = cn.Scenario(
        "x<y", [{"kind": "remove", "where": {"operator": "<script>alert(1)</script>"}}], "A & B", 0.5
    )
    html = scenario._repr_html_()
    assert "A &amp; B" in html
    assert "probability 0.5" in html
    assert "<script" not in html


# -- all faults at once, and slips of the pen ------------------------------------------------------------


def test_an_unknown_kind_does_not_hide_the_other_faults() -> None:
    measures = [{"kind": "restict", "contry": "CHN", "to": {"country": "USA"}, "share": 50}]
    with pytest.raises(cn.DataError) as bad:
        cn.Scenario("slips", measures)
    columns = bad.value.faults["column"].tolist()
    assert columns == ["measures[0].contry", "measures[0].kind", "measures[0].share"]
    assert "write 0.5 for 50 %" in str(bad.value)


def test_all_words_of_all_measures_are_held_against_the_graph_at_once() -> None:
    measures = [
        {"kind": "remove", "nodes": ["H_XX"]},
        {"kind": "restrict", "from": {"country": "China"}, "to": {"country": "Amerika"}, "tier": "defense"},
        {"kind": "demand", "commodity": "magnetz", "share": 2.0},
    ]
    with pytest.raises(cn.DataError) as bad:
        cn.balance(cn.read("mag-9"), cn.Scenario("slips", measures))
    told = str(bad.value)
    assert all(word in told for word in ('"H_XX"', '"China"', '"Amerika"', '"defense"', '"magnetz"'))
    assert "slips: 5 faults against mag-9" in told
    with pytest.raises(cn.UnknownIdError, match="H_XX"):
        cn.balance(cn.read("mag-9"), cn.Scenario("slips", measures[:1]))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("share = 0,5", r'row 4: "0,5": a number has a decimal point. Write 0.5.'),
        ("share = \u201chalf\u201d", 'row 4: "\u201c": curly quotes. Write ".'),
        ("until = 2027-13-99x", "no valid TOML"),
        ("commodity = magnet", 'row 4: "magnet": a text stands in quotes. Write "magnet".'),
        ('source = "C:\\\\Users\\me"', "a backslash in a text begins a code. Write / in paths."),
    ],
)
def test_slips_in_toml_are_named_by_their_line(tmp_path: Path, line: str, rule: str) -> None:
    path = tmp_path / "slip.toml"
    path.write_text(f'label = "x"\n[[measures]]\nkind = "demand"\n{line}\n', encoding="utf-8")
    with pytest.raises(cn.DataError, match=rule):
        cn.Scenario.read(path)


def test_a_scenario_in_utf_16_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "wide.toml"
    path.write_text('[[measures]]\nkind = "remove"\n', encoding="utf-16")
    with pytest.raises(cn.DataError, match=r"the file is in UTF-16 or UTF-32. Save the file as UTF-8"):
        cn.Scenario.read(path)


def test_a_file_without_measures_is_said_to_be_the_baseline(tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_text('label = "to do"\n', encoding="utf-8")
    with pytest.warns(
        cn.ChainnetWarning, match="empty.toml: has no measures, so every answer under it is the baseline"
    ):
        assert cn.Scenario.read(path).measures == ()


def test_a_demand_of_fifty_times_is_asked_back() -> None:
    grown = cn.Scenario("grown", [{"kind": "demand", "tier": "defence", "share": 50}])
    with pytest.warns(cn.ChainnetWarning, match=r"share = 50 makes the demand 50 times as large. If 50 % .* write 0.5"):
        found = cn.balance(cn.read("mag-9"), grown)
    assert (
        found.by_tier().loc["defence", "demand_tpa"]
        == 50 * cn.balance(cn.read("mag-9")).by_tier().loc["defence", "demand_tpa"]
    )


def test_what_matches_nothing_is_told_what_is_near() -> None:
    lost = cn.Scenario("lost", [{"kind": "remove", "where": {"stage": "refinner"}}])
    with pytest.warns(cn.ChainnetWarning, match='matches nothing: .* stage "refinner": did you mean "refiner"'):
        cn.balance(cn.read("mag-9"), lost)


def test_a_balance_takes_the_name_of_a_shipped_scenario(tmp_path: Path) -> None:
    net = cn.read("mag-9")
    named = cn.balance(net, scenario="china_out")
    assert named.by_tier().equals(cn.balance(net, cn.scenarios(net)["china_out"]).by_tier())
    assert named.provenance["settings"]["scenario"] == "china_out"
    with pytest.raises(cn.DataError, match='unknown scenario of mag-9 "chin_out"; did you mean "china_out"'):
        cn.balance(net, scenario="chin_out")
    cn.write(net, tmp_path / "mine")
    again = cn.balance(cn.read(tmp_path / "mine"), scenario="china_out")
    assert named.by_tier().equals(again.by_tier())
    assert "china_out" in set(cn.stress_test(net, "china_out", months=2).summary.reset_index()["scenario"])


ASKED = {
    "service_range": lambda net, out: cn.service_range(net, out),
    "chokepoints": lambda net, out: cn.chokepoints(net, scenario=out),
    "interdict": lambda net, out: cn.interdict(net, 1, scenario=out),
    "key_assumptions": lambda net, out: cn.key_assumptions(net, out).table,
    "reroute": lambda net, out: cn.reroute(net, out).levels,
    "risk_exposure": lambda net, out: cn.risk_exposure(net, recovery=1, scenario=out),
    "shapley": lambda net, out: cn.shapley(net, scenario=out),
    "stockpile": lambda net, out: cn.stockpile_requirement(net, out, months=3),
    "mitigation": lambda net, out: cn.stockpile_mitigation(net, out, months=3),
}


@pytest.mark.parametrize("question", ASKED)
def test_a_question_takes_the_name_of_a_scenario_that_ships(question: str) -> None:
    net = cn.read("mag-9")

    def told(found: Any) -> pd.DataFrame:
        return found if isinstance(found, pd.DataFrame) else next(iter(found.tables().values()))

    by_name = told(ASKED[question](net, "china_out"))
    pd.testing.assert_frame_equal(by_name, told(ASKED[question](net, cn.scenarios(net)["china_out"])))
    with pytest.raises(cn.DataError, match=r"unknown scenario of .* .china_ou.;.*china_out"):
        ASKED[question](net, "china_ou")


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("share", "0,5", "Write 0.5: a number has a point"),
        ("share", [0, 5], "Write 0.5: a number has a point"),
        ("share", "50%", "Write 0.5: a number has a point"),
        ("share", "12.5 %", "Write 0.125: a number has a point"),
        ("share", 1.2, "A share is what is left, 1 all of it. For more than there is, build a project."),
        ("share", 40, "write 0.4 for 40 %."),
        ("months", "6", "Write 6: a number has a point"),
        ("months", 6.0, "Write 6."),
    ],
)
def test_a_number_that_is_written_otherwise_is_told_as_it_is_written_here(key: str, value: Any, remedy: str) -> None:
    measure = {"kind": "scale", "where": {"country": "IDN"}, "share": 0.1, key: value}
    with pytest.raises(cn.DataError) as caught:
        cn.Scenario("cut", [measure])
    assert f"measures[0].{key}" in str(caught.value)
    assert remedy in str(caught.value)
    if not isinstance(value, str):
        return
    with pytest.raises(cn.DataError, match=r"tpa: .*(write the amount itself|Write )"):
        cn.Scenario("cut", [{"kind": "quota", "to": {"country": "IDN"}, "tpa": value}])


def test_a_probability_that_is_a_per_cent_or_has_a_comma_is_told() -> None:
    for given, remedy in (("0,2", "Write 0.2"), (20, "Write 0.2 for 20 %")):
        with pytest.raises(cn.DataError, match=f"probability: .*{remedy}"):
            cn.Scenario("cut", [REMOVE], probability=given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("brazil", 'did you mean where.country = "BRA"'),
        ("JPN", 'did you mean where.country = "JPN"'),
        ("EU27", 'did you mean where.country = "EU27"'),
        ("H_US; S_CN", r'Several ids are a list: \["H_US", "S_CN"\]'),
    ],
)
def test_a_country_or_several_ids_among_the_nodes_are_told_where_they_belong(
    mag9: cn.Network, word: str, meant: str
) -> None:
    with pytest.raises(cn.UnknownIdError, match=meant):
        cn.balance(mag9, cn.Scenario("out", [{"kind": "remove", "nodes": word}]))


def test_a_scenario_without_measures_is_told_wherever_it_is_asked(mag9: cn.Network) -> None:
    nothing = cn.Scenario("nothing", [])
    for ask in (lambda: cn.balance(mag9, nothing), lambda: cn.stress_test(mag9, [nothing])):
        with pytest.warns(cn.ChainnetWarning, match="scenario nothing: has no measures, so every answer under it"):
            ask()
