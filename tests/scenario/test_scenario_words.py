"""Scenarios with parameters, that extend and add up, that and choose by what plants make."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scenario_networks import YARD, put, scn

import chainnet as cn
from chainnet.scenario import with_values
from chainnet.scenario._at_home import named_at_home, stopped_at_home

CUT = {"kind": "scale", "where": {"country": "CHN"}, "share": "$left", "start": "$when", "months": 6}
PARAMETERS = {"left": {"value": 0.5, "low": 0.3, "high": 0.8, "note": "guess"}, "when": "2027-03"}


def cut() -> cn.Scenario:
    return cn.Scenario("cut", [CUT], "A cut", 0.2, parameters=PARAMETERS)


# -- parameters -------------------------------------------------------------------------------------


def test_values_behind_a_name_are_pairs() -> None:
    told = with_values(cut(), "left=low, when = 2028-01", "--scenario")
    assert (told.measures[0]["share"], told.measures[0]["start"]) == (0.3, "2028-01")
    for wrong in ("left", "left=", "=0.3", "left=0.4,", "left 0.4,when=2028-01"):
        with pytest.raises(cn.DataError, match=r"^--scenario: .*: write PARAMETER=VALUE .* of cut: left, when\."):
            with_values(cut(), wrong, "--scenario")


def test_a_measure_takes_the_value_of_its_parameter() -> None:
    assert cut().measures[0]["share"] == 0.5
    assert cut().measures[0]["start"] == "2027-03"
    assert cut().with_parameters(left=0.4).measures[0]["share"] == 0.4
    assert cut().with_parameters(left=0.4, when="2028-01").measures[0]["start"] == "2028-01"


def test_the_ends_put_one_parameter_at_a_time_to_the_ends_of_its_range() -> None:
    both = cn.Scenario(
        "b", [{**CUT, "months": "$long"}], parameters={**PARAMETERS, "long": {"value": 6, "low": 3, "high": 9}}
    )
    found = {name: (one.measures[0]["share"], one.measures[0]["months"]) for name, one in both.ends().items()}
    assert found == {
        "b@left=0.3": (0.3, 6), "b": (0.5, 6), "b@left=0.8": (0.8, 6), "b@long=3": (0.5, 3), "b@long=9": (0.5, 9)
    }  # fmt: skip
    assert list(scn({"kind": "remove", "nodes": ["works"]}).ends()) == ["s"]


def test_a_value_outside_its_range_is_told_and_taken() -> None:
    with pytest.warns(cn.ChainnetWarning, match=r"left = 0\.9 lies outside its range, 0\.3 to 0\.8"):
        assert cut().with_parameters(left=0.9).measures[0]["share"] == 0.9


def test_a_file_with_parameters_is_written_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.toml"
    path.write_text(cut().to_toml(), encoding="utf-8")
    read = cn.Scenario.read(path)
    assert read == cut()
    assert read.to_toml() == cut().to_toml()
    assert 'share = "$left"' in read.to_toml()
    assert pickle.loads(pickle.dumps(read)) == read
    # another field changed, and the parameters are still parameters
    assert replace(read, probability=0.5).with_parameters(left=0.7).measures[0]["share"] == 0.7


def test_a_text_that_only_looks_like_a_parameter_stays_a_text() -> None:
    odd = cn.Scenario("s", [{"kind": "remove", "where": {"owner": "$left"}}])
    assert odd.measures[0]["where"]["owner"] == "$left"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"lefft": 0.5}, r'no such parameter; did you mean "lefft"'),
        ({"left": {"value": 0.9, "low": 0.3, "high": 0.8}, "when": "2027-03"}, "lies outside its range"),
        ({"left": {"value": 0.5, "low": 0.3}, "when": "2027-03"}, "a range needs numbers"),
        ({"left": {"value": "x", "low": 0.3, "high": 1}, "when": "2027-03"}, "a range needs numbers"),
        ({"left": {"valu": 0.5}, "when": "2027-03"}, "unknown key"),
        ({"left": [0.5], "when": "2027-03"}, "must be a number or a word"),
        ({"2": 0.5, "left": 0.5, "when": "2027-03"}, "is no name"),
        ({"left": 0.5, "when": "soon"}, "must be a month"),
        ([0.5], "must map names to values"),
        ({"left": {"value": 0.5, "note": 3}, "when": "2027-03"}, "note: .*is no text"),
    ],
)
def test_a_wrong_parameter_is_refused(parameters: Any, words: str) -> None:
    with pytest.raises(cn.DataError, match=words):
        cn.Scenario("cut", [CUT], parameters=parameters)


def test_an_unknown_parameter_is_refused_with_those_known() -> None:
    with pytest.raises(cn.DataError, match='unknown parameter "lift"; did you mean "left"'):
        cut().with_parameters(lift=0.2)


# -- extends and sums -------------------------------------------------------------------------------


def files(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_file_that_extends_another_has_its_measures_and_may_change_its_parameters(tmp_path: Path) -> None:
    files(
        tmp_path,
        base=cut().to_toml(),
        more='extends = "base"\n[parameters]\nleft = 0.3\n[[measures]]\nkind = "demand"\ntier = "defence"\nshare = 2.0\n',
        most='extends = ["more", "other"]\nlabel = "All of it"\n',
        other='[[measures]]\nkind = "remove"\nnodes = ["plant"]\n',
    )
    more = cn.Scenario.read(tmp_path / "more.toml")
    assert [m["kind"] for m in more.measures] == ["scale", "demand"]
    assert more.measures[0]["share"] == 0.3
    assert more.label == "A cut"
    most = cn.Scenario.read(tmp_path / "most.toml")
    assert [m["kind"] for m in most.measures] == ["scale", "demand", "remove"]
    assert most.label == "All of it"
    files(tmp_path, again=most.to_toml())
    assert replace(cn.Scenario.read(tmp_path / "again.toml"), name="most") == most


@pytest.mark.parametrize(
    ("extends", "words"),
    [
        ('"other"', 'unknown file beside it "other"'),
        ('"self"', "self > self is a circle"),
        ('"round"', "self > round > self is a circle"),
        ('"../base"', "must be a name"),
        ("3", "must be a name"),
        ('["base", 3]', "must be a name"),
    ],
)
def test_a_wrong_extends_is_refused(tmp_path: Path, extends: str, words: str) -> None:
    files(tmp_path, base="", self=f"extends = {extends}\n", round='extends = "self"\n')
    with pytest.raises(cn.DataError, match=words):
        cn.Scenario.read(tmp_path / "self.toml")


def test_a_sum_has_the_measures_of_both_and_the_same_one_once() -> None:
    a = scn({"kind": "scale", "where": {"country": "CHN"}, "share": 0.5}, name="a")
    b = scn(
        {"kind": "scale", "where": {"country": "CHN"}, "share": 0.5}, {"kind": "remove", "nodes": ["pit"]}, name="b"
    )
    both = a + b
    assert both.name == "a+b"
    assert [m["kind"] for m in both.measures] == ["scale", "remove"]
    assert (a + a).measures == a.measures
    net = cn.read("mag-9")
    assert cn.balance(net, a + a).demand.equals(cn.balance(net, a).demand)
    assert (cut() + a).with_parameters(left=0.3).measures[0]["share"] == 0.3


def test_a_sum_refuses_two_parameters_of_one_name() -> None:
    other = cn.Scenario("o", [{**CUT, "where": {"country": "JPN"}}], parameters={"left": 0.1, "when": "2027-03"})
    with pytest.raises(cn.DataError, match='the parameter "left" differs'):
        cut() + other


# -- what plants make, and what measures match ----------------------------------------------------------


def test_makes_and_takes_choose_plants_by_their_process_or_by_what_passes_through() -> None:
    made = put({"kind": "remove", "where": {"country": ["CHN", "JPN"], "makes": "metal"}})
    assert made["node_share"] == put({"kind": "remove", "nodes": ["works", "plant", "old"]})["node_share"]
    ore = scn({"kind": "remove", "where": {"makes": "ore"}}).matches(YARD)
    assert ore["names"].tolist() == ["mine_a, mine_c, pit"]
    users = scn({"kind": "scale", "where": {"takes": "ore", "country": "CHN"}, "share": 0.5}).matches(YARD)
    assert users["names"].tolist() == ["works"]


def test_what_is_made_reaches_no_stock() -> None:
    assert scn({"kind": "remove", "where": {"makes": "metal"}}).matches(YARD)["n_stocks"].tolist() == [0]


def test_an_unknown_commodity_is_refused() -> None:
    with pytest.raises(cn.DataError, match=r'where\.makes: unknown commodity "metl"; did you mean "metal"'):
        scn({"kind": "remove", "where": {"makes": "metl"}}).matches(YARD)


def test_matches_counts_rows_and_names_them() -> None:
    asked = scn(
        {"kind": "scale", "where": {"country": "CHN"}, "share": 0.5},
        {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "JPN"}, "share": 0.0},
        {"kind": "demand", "tier": "defence", "share": 2.0},
        {"kind": "release", "stocks": ["s_free"]},
        {"kind": "build", "projects": ["plan"]},
        {"kind": "tariff", "from": {"country": "JPN"}, "usd_per_t": 5.0},
    )
    found = asked.matches(YARD)
    assert found["measure"].tolist() == [1, 2, 3, 4, 5, 6]
    counts = found[["n_nodes", "n_edges", "n_stocks", "n_demand", "n_projects"]].to_numpy().tolist()
    assert counts == [
        [2, 0, 1, 0, 0],
        [0, 3, 0, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 3, 0, 0, 0],
    ]
    assert found["names"].tolist()[1] == "mine_c > plant, works > user_j"
    assert found["capacity_tpa"].tolist()[0] == 17.0
    assert np.isnan(found["flow_tpa"].tolist()[1])  # the baseline of slag is not known


def test_what_else_plants_make_is_said() -> None:
    net = cn.read("rare-earths")
    heavy = scn(
        {"kind": "scale", "where": {"country": "CHN", "step": "separation", "makes": "dytb_oxide"}, "share": 0.5}
    )
    assert heavy.matches(net)[["names", "also"]].to_numpy().tolist() == [
        ["chn_ionic_sep, chn_monazite_sep", "ndpr_oxide, sm_oxide, yttrium_mixed"]
    ]


def test_what_a_measure_reaches_is_told_with_its_dates_and_uncut() -> None:
    countries = ["CHN", "JPN", "KOR", "USA", "DEU", "FRA", "GBR", "CAN", "AUS", "IND", "BRA", "ZAF"]
    found = scn(
        {"kind": "remove", "where": {"country": countries}, "start": "2027-03", "months": 6},
        {
            "kind": "remove",
            "where": {"country": "CHN"},
            "start_month": 2,
            "suspended": [{"start_month": 4, "months": 3}],
        },
        {"kind": "remove", "where": {"country": "CHN"}},
    ).matches(YARD)
    assert found["when"].tolist() == [
        "from 2027-03, for 6 months",
        "from month 2, suspended from month 4, for 3 months",
        "",
    ]
    assert found["what"].iloc[0] == f"where country = {' or '.join(countries)}"


# -- what a part of a network keeps for itself --------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "kept"),
    [
        ({"kind": "restrict"}, {}),
        ({"kind": "restrict", "share": 0.0, "to": {"region": "EU27"}, "from": {"country": "CHN"}}, {}),
        ({"kind": "restrict", "commodity": ["metal", "gold"]}, {"commodity": ["metal"]}),
        ({"kind": "restrict", "commodity": "gold"}, None),
        *(
            ({"kind": "quota", **more}, "quota: parts can stop trade between countries, by commodity, wholly; ")
            for more in (
                {"tpa": 0.0},
                {"share": 0.5},
                {"tier": "defence"},
                {"origin": {"country": "CHN"}},
                {"from": {"country": "CHN", "stage": "mine"}},
                {"to": {"step": "melt"}},
            )
        ),
    ],
)
def test_what_stops_trade_is_kept_by_each_part_where_it_is_a_whole_stop_between_places(
    measure: dict[str, Any], kept: Any
) -> None:
    if isinstance(kept, str):
        with pytest.raises(cn.DataError, match=kept):
            stopped_at_home(YARD, measure)
        return
    assert stopped_at_home(YARD, measure) == (None if kept is None else {**measure, **kept})


@pytest.mark.parametrize(
    ("measure", "kept"),
    [
        ({"nodes": ["works", "theirs"], "share": 0.5}, {"nodes": ["works"], "share": 0.5}),
        ({"nodes": ["theirs"]}, None),
        ({"nodes": ["theirs"], "where": {"country": "CHN"}}, {"where": {"country": "CHN"}}),
        ({"nodes": "plan", "projects": ["soon", "x"]}, {"nodes": ["plan"], "projects": ["soon"]}),
        ({"nodes": ["theirs"], "stocks": ["s_arms", "x"]}, {"stocks": ["s_arms"]}),
        ({"node": "theirs", "tpa": 2.0}, None),
        ({"node": "works", "tpa": 2.0}, {"node": "works", "tpa": 2.0}),
        ({"edges": [["a", "b"], ["works", "user_u", "metal"]]}, {"edges": [["works", "user_u", "metal"]]}),
        ({"edges": [["a", "b"]]}, None),
        ({"edges": [["works", "theirs"]]}, "an edge across the border cannot be named by its ids"),
        ({"commodity": "slag"}, {"commodity": ["slag"]}),  # which users ask for
        ({"commodity": ["zinc", "gold"]}, {"commodity": ["zinc"]}),  # which a table knows
    ],
)
def test_a_part_keeps_what_a_measure_names_in_it(measure: dict[str, Any], kept: Any) -> None:
    given = {"kind": "remove", **measure}
    if isinstance(kept, str):
        with pytest.raises(cn.DataError, match=f"remove: {kept}. Use restrict from and to."):
            named_at_home(YARD, given)
        return
    assert named_at_home(YARD, given) == (None if kept is None else {"kind": "remove", **kept})
    assert given == {"kind": "remove", **measure}, "what was given stays as it is"
