"""Rules with their state at a date, shares from customs, and what is in force together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.network import graphs_folder, split_list
from chainnet.scenario import effects_of
from chainnet.scenario._customs import freshness, newest, read_rows, share_of_base
from chainnet.scenario._in_force import _holds
from chainnet.scenario._register import Rule, register, state_at

DATES = ("announced", "in_force", "until", "suspended_from", "suspended_to", "after")
LICENCES: dict[str, Any] = {
    "kind": "restrict",
    "from": {"country": "CHN"},
    "to": {"country": ["USA", "JPN"]},
    "commodity": ["ga_primary", "ga_refined"],
    "share": "controls",
    "rule": "chn_gage_2023",
}


def rule(kind: str = "export", **dates: Any) -> Rule:
    blank = dict.fromkeys(("scope", "source", "review_by", "note", *DATES), "")
    return Rule(id="r", title="R", actor="CHN", kind=kind, chains=(), checked_on="2026-11-29", **{**blank, **dates})


def around(one: Rule, day: str) -> list[str]:
    """States a day before, at, and a day after a date."""
    at = date.fromisoformat(day)
    return [state_at(one, at + timedelta(days)) for days in (-1, 0, 1)]


# -- states -----------------------------------------------------------------------------------------


def test_a_rule_that_was_suspended_has_a_state_at_each_of_its_dates() -> None:
    ban = rule(announced="2024-12-01", in_force="2024-12-03", suspended_from="2025-11-09", suspended_to="2026-11-27")
    assert around(ban, "2024-12-03") == ["announced", "in force", "in force"]
    assert around(ban, "2025-11-09") == ["in force", "suspended", "suspended"]
    assert around(ban, "2026-11-27") == ["suspended", "suspended", "unknown"]


@pytest.mark.parametrize(("after", "state"), [("", "unknown"), ("works", "in force"), ("ended", "ended")])
def test_what_follows_an_end_is_known_only_where_a_source_says_so(after: str, state: str) -> None:
    quota = rule(announced="2025-09", in_force="2025-10-16", until="2027-12-31", after=after)
    assert around(quota, "2027-12-31") == ["in force", "in force", state]
    # the end of a suspension is not the last end of this one
    paused = rule(in_force="2025", until="2027", suspended_from="2026-01", suspended_to="2026-03", after=after)
    assert around(paused, "2026-03-31") == ["suspended", "suspended", "unknown"]


def test_years_and_months_begin_on_their_first_day_and_end_on_their_last() -> None:
    one = rule(announced="2023", in_force="2024", until="2026-02")
    assert around(one, "2024-01-01") == ["announced", "in force", "in force"]
    assert around(one, "2026-02-28") == ["in force", "in force", "unknown"]


def test_without_dates_a_rule_is_in_force_and_a_proposal_never() -> None:
    assert around(rule(), "2026-11-29") == ["in force"] * 3
    assert around(rule("proposal"), "2026-11-29") == ["announced"] * 3
    assert around(rule("proposal", announced="2026", in_force="2026-01-01"), "2026-11-29") == ["announced"] * 3


def test_the_register_as_it_stood_when_it_was_checked() -> None:
    table = cn.rules()
    assert table.index.name == "rule"
    assert table.columns[:8].tolist() == [
        "title", "state", "in_force", "until", "suspended_from", "suspended_to", "review_by", "source"
    ]  # fmt: skip
    states = table["state"]
    assert states[["chn_gage_2023", "chn_a46_c1", "chn_jp_a1", "us_4872_now"]].eq("in force").all()
    assert states[["chn_a46_c2", "chn_a58", "chn_a61", "us_232"]].eq("unknown").all()
    assert states["us_4872_2027"] == "announced"
    assert cn.rules(as_of="2027-01-01").loc["us_4872_2027", "state"] == "in force"
    assert cn.rules(as_of="2026-12").loc["us_4872_2027", "state"] == "announced"
    assert states["us_aam"] == "ended"
    assert not (table["kind"].eq("proposal") & states.eq("in force")).any()
    with pytest.raises(cn.DataError, match=r"as_of: .soon. is no date"):
        cn.rules(as_of="soon")


def test_rules_of_a_chain_are_those_that_touch_it() -> None:
    table = cn.rules(cn.read("graphite"))
    assert "chn_graphite_2023" in table.index
    assert "chn_sb_2024" not in table.index
    assert cn.rules(cn.read("mag-9")).empty


def test_sources_of_the_common_tables_are_listed() -> None:
    folder = graphs_folder() / "common"
    known = set(pd.read_csv(folder / "references.csv", keep_default_na=False)["key"])
    for table in ("rules", "controls"):
        rows = pd.read_csv(folder / f"{table}.csv", keep_default_na=False)
        assert {key for cell in rows["source"] for key in split_list(cell)} <= known


# -- which row, and what it leaves ------------------------------------------------------------------

HEAD = ["chain", "good", "commodity", "from", "to", "period", "t", "share", "before", "before_t", "low", "high"]
HEAD += ["quality", "source", "checked_on", "note"]


def rows(*given: tuple[str, float, str]) -> Any:
    """Rows by period, share, and the period before."""
    blank = dict.fromkeys(HEAD, "") | {
        "chain": "c", "good": "g", "commodity": "x", "from": "CHN", "to": "WLD", "quality": "reported", "source": "s",
        "checked_on": "2026-11-29",
    }  # fmt: skip
    return read_rows([{**blank, "period": p, "share": str(share), "before": before} for p, share, before in given])


def test_the_row_that_ends_last_and_then_the_longest_is_taken() -> None:
    since = rule(in_force="2023-08-01")
    late = rows(
        ("2024", 0.1, "2022"), ("2025-07/2025-12", 0.2, "2022"), ("2025", 0.3, "2022"), ("2026-01", 0.4, "2022")
    )
    assert newest(late, since).share == 0.3  # type: ignore[union-attr]  # ends with the half-year, and is longer
    after = rows(("2025", 0.3, "2023"), ("2024", 0.1, "2022"))
    assert newest(after, since).share == 0.1  # type: ignore[union-attr]  # 2023 does not precede the rule
    assert newest(rows(("2025-01/2025-05", 0.3, "2022")), since) is None  # five months
    assert newest(rows(("2025-01/2025-06", 0.3, "2022")), since) is not None
    assert newest(rows(("2025", 0.3, "2022"), ("2025", 0.2, "2022")), since).share == 0.2  # type: ignore[union-attr]


def test_faults_of_the_table_are_told_by_row_and_column() -> None:
    bad = dict.fromkeys(HEAD, "") | {"chain": "c", "good": "g", "from": "CHN", "to": "WLD", "source": "s"}
    with pytest.raises(cn.DataError, match=r"controls\.csv row 2, period: \"2025-13\": is no period") as caught:
        read_rows([{**bad, "period": "2025-13", "share": "-1", "quality": "sure", "checked_on": "now"}])
    assert {fault.column for fault in caught.value.faults_list} == {"period", "share", "quality", "checked_on"}


def test_gallium_by_hand_and_germanium_of_its_base_year() -> None:
    net = cn.read("gallium")
    scn = cn.Scenario("mine", [LICENCES])
    (effect,) = effects_of(net, scn.measures, "mine")
    by_hand = 62.615 / 94 * 94 / 69.44  # 0.67 of 94 t in 2022 is 0.90 of the table of 2024
    assert effect.measure["share"] == pytest.approx(by_hand, rel=1e-9)
    assert by_hand == pytest.approx(0.9017, abs=1e-4)
    assert effect.restriction is not None
    assert effect.restriction.bound_tpa == pytest.approx(by_hand * (1.98 + 32.0), abs=0.01)  # what went to the two
    table = cn.controls(net).set_index("period").loc["2025"]
    assert (table["base_share"], table["base_low"]) == pytest.approx((by_hand, 0.65 * 94 / 69.44))
    half = cn.controls(net).set_index("period").loc["2025-07/2025-12"]
    assert half["share"] > 1
    assert half["base_share"] == 1.0, "more than before the rule: nothing is held back"
    ge = cn.read("germanium")
    metal = {**LICENCES, "commodity": "ge_metal"}
    (effect,) = effects_of(ge, [metal], "mine")
    assert effect.measure["share"] == pytest.approx(11.76 / 43.7)  # 2022 is the base year: the share itself


def test_what_a_row_leaves_of_the_baseline_by_hand() -> None:
    """Of 60 t/yr that leave China 20 go to Japan; customs saw 30 t in half of 2023, 0.4 of that a year later."""
    net = cn.Network(
        frame("id stage country", ("m", "mine", "CHN"), ("h", "end_use", "CHN"), ("j", "end_use", "JPN"), ("u", "end_use", "USA")),
        frame(
            "source target commodity flow_tpa",
            ("m", "j", "x", 20.0), ("m", "u", "x", 40.0), ("m", "h", "x", 7.0), ("m", "u", "y", 9.0),
        ),
        name="toy", year=2024,
    )  # fmt: skip
    (row,) = rows(("2024-07/2024-12", 0.4, "2023-07/2023-12"))
    row = replace(row, before_t=30.0, low=0.3, high=1.2)
    # of 60 t/yr before 24, 18 to 72 would be left: of what goes to Japan, all and 0.9 of it
    for to, flow, parts in (("WLD", 60.0, (0.4, 0.3, 1.0)), ("JPN", 20.0, (1.0, 0.9, 1.0))):
        found = share_of_base(net, replace(row, to=to), "s")
        assert (found.value, found.low, found.high, found.base_tpa) == pytest.approx((*parts, flow))
        held = "; more than before the rule, so nothing is held back from the baseline flow" if to == "JPN" else ""
        assert found.words == f"0.4 x 60 t/yr of 2023-07/2023-12 / {flow:g} t/yr of the table{held}"
    # where the period before lies in the base year, the share is that of the baseline: no tonnes are asked
    bare = replace(row, before_t=np.nan, to="JPN", low=np.nan)
    found = share_of_base(net, replace(bare, before="2024"), "s")
    assert (found.value, found.high, found.words) == (0.4, 1.0, "0.4 of 2024, the base year")
    assert np.isnan(found.low)
    with pytest.raises(cn.DataError) as none:
        share_of_base(net, bare, "s: share")
    assert str(none.value) == (
        "s: share: graphs/common/controls.csv row 2 (g, 2024-07/2024-12): before_t is empty and 2023-07/2023-12 is not "
        "the base year, 2024. Write a number as share, or fill before_t in."
    )
    with pytest.raises(
        cn.DataError, match=r"toy has no baseline flow of z, w from CHN\. Fill flow_tpa, or write a number"
    ):
        share_of_base(net, replace(row, commodities=("z", "w")), "s")


def test_the_destination_that_a_measure_names_alone_comes_before_everywhere() -> None:
    net = cn.read("rare-earths")
    heavy = {**LICENCES, "commodity": ["dytb_metal"], "rule": "chn_ree7_2025"}

    def share(to: Any) -> float:
        (effect,) = effects_of(net, [{**heavy, "to": {"country": to}}], "mine")
        return float(effect.measure["share"])

    assert share("JPN") == 0.05
    assert share(["JPN"]) == 0.05
    assert share("KOR") == share(["JPN", "USA"]) == 0.62  # dysprosium 0.65, terbium 0.62: of two rows alike the smaller


def test_goods_of_several_rows_become_several_measures() -> None:
    net = cn.read("rare-earths")
    scn = cn.Scenario("m", [{**LICENCES, "commodity": ["smco", "dytb_metal", "ndfeb_hree"], "rule": "chn_ree7_2025"}])
    parts = scn.with_shares(net).measures
    assert [part["commodity"] for part in parts] == [["smco", "ndfeb_hree"], ["dytb_metal"]]
    assert scn.matches(net)["measure"].tolist() == [1, 1]
    ends = scn.with_shares(net).ends()
    assert [round(one.measures[1]["share"], 3) for one in ends.values()] == [0.5, 0.62, 0.65]
    japan = cn.Scenario(
        "m", [{**LICENCES, "to": {"country": "JPN"}, "commodity": "dytb_oxide", "rule": "chn_ree7_2025"}]
    )
    assert list(japan.with_shares(net).parameters) == ["share_dytb_metal_JPN"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"commodity": "gaas_wafer"}, r"mine: measures\[0\] restrict: share: .*controls\.csv has no row of \"gaas_wafer\" "
         r"from CHN for rule \"chn_gage_2023\".* write a number as share"),
        ({"rule": "chn_gage_2024"}, r'measures\[0\] restrict: rule: .*unknown rule of .*rules\.csv "chn_gage_2024"; did you mean '
         r'"chn_gage_2023"'),
        ({"rule": "us_4872_now"}, "has no date from which it is in force"),
        ({"from": {"country": ["CHN", "RUS"]}}, r"has no row of \"ga_primary\" from one country"),
    ],
)  # fmt: skip
def test_a_share_that_customs_do_not_show_is_an_error(change: dict[str, Any], words: str) -> None:
    net = cn.read("gallium")
    with pytest.raises(cn.DataError, match=words):
        cn.balance(net, cn.Scenario("mine", [{**LICENCES, **change}]))


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ({k: v for k, v in LICENCES.items() if k != "rule"}, r'rule: is missing beside share = "controls"'),
        ({k: v for k, v in LICENCES.items() if k != "commodity"}, "commodity: is missing beside"),
        ({k: v for k, v in LICENCES.items() if k != "to"}, "to: is missing beside"),
        ({**LICENCES, "tier": "defence"}, 'tier: "defence": stands beside share'),
        ({**LICENCES, "origin": {"country": "CHN"}}, "origin: .*stands beside share"),
        (
            {"kind": "scale", "where": {"country": "CHN"}, "share": "controls"},
            "is taken of restrict or licence alone, not of scale",
        ),
        ({**LICENCES, "share": 0.5, "severity": 0.5}, 'severity: "0.5": goes with share = "controls" only'),
        ({**LICENCES, "share": "control"}, "share: .*must be a number"),
        ({**LICENCES, "rule": 3}, "rule: .*must be the id of a rule"),
    ],
)
def test_the_form_of_a_share_from_customs(measure: dict[str, Any], words: str) -> None:
    with pytest.raises(cn.DataError, match=words):
        cn.Scenario("mine", [measure])


def test_a_scenario_with_rule_and_share_from_customs_stays_data(tmp_path: Path) -> None:
    scn = cn.Scenario("mine", [LICENCES], "Licences")
    (tmp_path / "mine.toml").write_text(scn.to_toml(), encoding="utf-8")
    again = cn.Scenario.read(tmp_path / "mine.toml")
    assert again == scn
    assert again.measures[0]["share"] == "controls"
    assert cn.Scenario.read(tmp_path / "mine.toml").to_toml() == scn.to_toml()
    net = cn.read("gallium")
    numbers = scn.with_shares(net)
    assert cn.balance(net, numbers).by_tier().equals(cn.balance(net, scn).by_tier())


def test_part_of_a_cut_that_customs_show() -> None:
    net = cn.read("gallium")
    tenth = cn.Scenario("mine", [LICENCES]).severities((0.1,), (12,))["mine.s10.m12"]
    (effect,) = effects_of(net, tenth.measures, "mine")
    assert effect.measure["share"] == pytest.approx(1 - 0.1 * (1 - 62.615 / 69.44))


# -- in force ---------------------------------------------------------------------------------------

PAUSED = {"in_force": "2025", "suspended_from": "2026-01", "suspended_to": "2026-06"}


@pytest.mark.parametrize(
    ("dates", "measure", "holds", "returns"),
    [
        ({}, {}, True, True),
        ({}, {"start": "2026-11"}, True, True),
        ({}, {"start": "2026-12"}, False, False),  # not yet
        ({}, {"until": "2026-11"}, False, False),  # the first month without it
        ({}, {"until": "2026-12"}, True, True),
        ({}, {"months": 3}, False, False),  # month numbers belong to no day
        ({}, {"start_month": 0}, False, False),
        ({"kind": "proposal"}, {}, False, False),
        ({"in_force": "2026-12", "announced": "2026"}, {}, False, False),
        ({"until": "2026-10", "after": "ended"}, {}, False, False),
        ({"until": "2026-10"}, {}, False, True),  # not known what followed
        ({"suspended_from": "2026-11"}, {"start": "2027-05"}, False, True),
        # what was suspended works again: a start after that says when it would have returned, one before when it began
        ({**PAUSED, "after": "works"}, {"start": "2027-05"}, True, True),
        ({**PAUSED, "after": "works"}, {"start": "2026-01"}, True, True),
        (
            {**PAUSED, "after": "works", "suspended_from": "2028", "suspended_to": ""},
            {"start": "2027-05"},
            False,
            False,
        ),
        ({"is_laid": True}, {"start": "2027-05", "status": "suspended"}, True, True),
        ({"is_laid": True}, {"start": "2027-05", "status": "in force"}, False, False),
        ({"is_laid": False}, {"start": "2027-05", "status": "announced"}, False, False),
    ],
)
def test_when_a_measure_of_a_rule_holds(
    dates: dict[str, Any], measure: dict[str, Any], holds: bool, returns: bool
) -> None:
    day, one = date(2026, 11, 29), rule(**dates)
    assert [_holds(one, measure, day, either) for either in (False, True)] == [holds, returns]


def test_in_force_holds_each_measure_whose_rule_is_in_force_once() -> None:
    net = cn.read("antimony")
    now, returns = cn.in_force(net, "2026-11-29"), cn.in_force(net, "2026-11-29", returns=True)
    assert (now.name, returns.name) == ("in_force", "in_force_returns")
    assert {m["rule"] for m in now.measures} == {"chn_a46_c1", "chn_jp_a1", "chn_sb_2024"}
    assert {m["rule"] for m in returns.measures} == {"chn_a46_c1", "chn_a46_c2", "chn_jp_a1", "chn_sb_2024"}
    shipped = cn.scenarios(net)
    lasting = [*shipped["china_military_bar"].measures, *shipped["china_licences"].measures]
    assert len(now.measures) == len(lasting), "the choke of 2024 has ended, and no measure stands twice"
    # in November 2024 the choke of that month stands, the lasting share does not yet
    then = cn.in_force(net, "2024-11")
    licences = [m for m in then.measures if m["kind"] == "licence"]
    assert len(licences) == 6
    assert all(m["profile"] == [{"share": 0.25}] for m in licences)
    assert [m["share"] for m in then.measures if m["kind"] == "restrict"] == [0.0]
    # the ban was in force before its suspension, though its measure says when it would return
    assert "chn_a46_c2" in {m["rule"] for m in cn.in_force(net, "2025-06").measures}
    assert cn.in_force(cn.read("mag-9")).measures == ()


@pytest.mark.parametrize("name", ["antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten"])
def test_every_file_that_bars_military_users_bars_those_of_japan(name: str) -> None:
    for scenario in cn.scenarios(cn.read(name)).values():
        barred = {m["rule"] for m in scenario.measures if m.get("rule") in ("chn_a46_c1", "chn_jp_a1")}
        assert len(barred) in (0, 2), scenario.name


@pytest.mark.long
@pytest.mark.parametrize("name", ["gallium", pytest.param("germanium", marks=pytest.mark.slow)])
def test_all_rules_together_cost_the_first_tier_as_much_as_each_file(name: str) -> None:
    net = cn.read(name)
    now = cn.in_force(net, "2026-11-29")
    together = cn.balance(net, now).by_tier()["shortfall_tpa"].iloc[0]
    rules = {m["rule"] for m in now.measures}
    for scenario in cn.scenarios(net).values():
        ended = any("until" in m or "months" in m for m in scenario.measures)
        if not ended and {m.get("rule") for m in scenario.measures} <= rules:
            alone = cn.balance(net, scenario).by_tier()["shortfall_tpa"].iloc[0]
            assert together >= alone - 1e-6 * max(1.0, float(alone)), scenario.name


def test_how_old_the_newest_customs_are() -> None:
    found = rows(("2025", 0.3, "2022"), ("2025-01/2025-06", 0.3, "2022"))
    assert freshness(found, date(2026, 11, 29)) == (
        "The newest customs figures of its goods end in 2025-12, 11 months before 2026-11-29."
    )
    assert freshness((), date(2026, 11, 29)) == ""


def test_the_register_is_read_whole() -> None:
    assert len(register()) >= 30
    assert np.isfinite(cn.controls()["months"]).all()
