"""A network's own rules over the register, what comes first in tables, and what is in force together."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from chainnet.io import read_table, with_rules
from chainnet.network import graphs_folder
from chainnet.scenario import in_order, next_words, rule_warnings, standings
from chainnet.scenario._register import Rule, register, state_at
from chainnet.scenario._standing import standing_of

ORIGIN = ["us_defence_origin_2027", "us_defence_origin_put_off", "us_defence_origin_tiered"]


@pytest.fixture(scope="module")
def gallium() -> cn.Network:
    return cn.read("gallium")


@pytest.fixture(scope="module")
def rare_earths() -> cn.Network:
    return cn.read("rare-earths")


def laid(network: cn.Network, *rows: dict[str, Any]) -> cn.Network:
    return network.with_table("rules", pd.DataFrame([{"title": "T", "kind": "export", **row} for row in rows]))


# -- the register ---------------------------------------------------------------------------------------


def test_the_common_table_goes_through_the_gate_and_every_row_says_where_it_is_from() -> None:
    common = read_table(graphs_folder() / "common" / "rules.csv", "rules")
    assert common["id"].tolist() == list(register())
    assert common[["source", "checked_on", "actor"]].notna().all(axis=None)


@pytest.mark.parametrize("name", ["in_force", "until", "suspended_from", "suspended_to"])
def test_every_rule_of_the_register_changes_its_state_on_its_own_dates_alone(name: str) -> None:
    # the first day that a state can change is the first day of a begin, or the day after the last of an end
    from chainnet.network import first_day, last_day

    for rule in register().values():
        ends = {last_day(t) + timedelta(1) for t in (rule.until, rule.suspended_to) if t}
        begins = {first_day(t) for t in (rule.in_force, rule.suspended_from) if t}
        text = getattr(rule, name)
        if not text:
            continue
        day = last_day(text) + timedelta(1) if name in ("until", "suspended_to") else first_day(text)
        for about in (day - timedelta(2), day, day + timedelta(1)):
            if about + timedelta(1) not in ends | begins:
                assert state_at(rule, about) == state_at(rule, about + timedelta(1)), (rule.id, about)


def test_a_proposal_is_never_in_force_whatever_followed_it() -> None:
    blank = dict.fromkeys(Rule.__dataclass_fields__, "")
    bill = Rule(
        **{
            **blank,
            "kind": "proposal",
            "until": "2026-01",
            "after": "works",
            "chains": (),
            "is_own": False,
            "is_laid": False,
        }
    )  # type: ignore[arg-type]
    assert state_at(bill, date(2026, 3, 1)) == "announced"


# -- a network's own table ------------------------------------------------------------------------------


def test_an_own_row_takes_the_place_of_one_and_others_are_added(gallium: cn.Network) -> None:
    before = cn.rules(gallium, "2026-11-29")["state"]
    own = laid(gallium, {"id": "chn_a46_c2", "in_force": "2024-12-03"}, {"id": "mine", "in_force": "2027"})
    after = cn.rules(own, "2026-11-29")["state"]
    assert (before["chn_a46_c2"], after["chn_a46_c2"]) == ("unknown", "in force")
    assert after.drop(["chn_a46_c2", "mine"]).equals(before.drop("chn_a46_c2"))
    assert after.index[-1] == "mine"
    assert cn.rules(own).loc[["chn_a46_c2", "mine"], "actor"].tolist() == [
        "CHN",
        "",
    ]  # whose it is need not be said again
    assert [cn.rules(own, day).loc["mine", "state"] for day in ("2026-12-31", "2027-01-01", "2027-01-02")] == [
        "announced", "in force", "in force",
    ]  # fmt: skip
    # the network that was given, and others, still have the register
    assert cn.rules(gallium, "2026-11-29")["state"].equals(before)


def test_an_own_row_touches_its_network_unless_it_or_the_one_it_replaces_names_chains(gallium: cn.Network) -> None:
    own = laid(
        gallium,
        {"id": "here", "in_force": "2026"},
        {"id": "elsewhere", "in_force": "2026", "chains": "tungsten"},
        {"id": "chn_graphite_2023", "in_force": "2023-12-01"},
    )
    found = set(cn.rules(own).index)
    assert "here" in found
    assert not {"elsewhere", "chn_graphite_2023"} & found


def test_what_is_in_force_follows_the_own_rule(gallium: cn.Network) -> None:
    def named(network: cn.Network, day: str) -> set[str]:
        return {measure["rule"] for measure in cn.in_force(network, day).measures}

    assert "chn_a46_c2" not in named(gallium, "2026-11-29")
    again = laid(gallium, {"id": "chn_a46_c2", "in_force": "2026-11-28"})
    assert [("chn_a46_c2" in named(again, day)) for day in ("2026-11-27", "2026-11-28", "2026-11-29")] == [
        False, True, True,
    ]  # fmt: skip
    gone = laid(gallium, {"id": "chn_gage_2023", "in_force": "2023-08-01", "until": "2026-10", "after": "ended"})
    assert "chn_gage_2023" in named(gone, "2026-10-31")
    assert "chn_gage_2023" not in named(gone, "2026-11-01")


def test_a_measure_may_name_an_own_rule_and_no_other(mag9: cn.Network) -> None:
    ban = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "CHN"}, "rule": "our_ban"}])
    with pytest.raises(cn.DataError, match=r'unknown rule of .* "our_ban"'):
        cn.balance(mag9, ban)
    own = laid(mag9, {"id": "our_ban", "in_force": "2026-05"})
    assert cn.balance(own, ban).demand["shortfall_tpa"].sum() == pytest.approx(40.0)


def test_warnings_and_the_default_date_are_those_of_the_own_rules(mag9: cn.Network) -> None:
    own = laid(
        mag9,
        {"id": "ended", "in_force": "2025", "until": "2026-11-10", "checked_on": "2027-03-04"},
        {"id": "due", "in_force": "2025", "review_by": "2027-02"},
        {"id": "next", "announced": "2026", "in_force": "2027-03-05"},
        {"id": "far", "announced": "2026", "in_force": "2032"},
    )
    assert rule_warnings(own) == [  # at the newest check
        "due: in force on 2027-03-04, but its review was due by 2027-02.",
        "ended: checked 2027-03-04, until 2026-11-10: state unknown on 2027-03-04.",
        "next: announced, begins on 2027-03-05, 1 day after 2027-03-04.",
    ]
    own = own.at("2027-02")  # a network that stands at a date is asked at that date
    assert rule_warnings(own) == [
        "ended: checked 2027-03-04, until 2026-11-10: state unknown on 2027-02-28.",
        "next: announced, begins on 2027-03-05, 5 days after 2027-02-28.",
    ]
    assert cn.rules(own).loc["next", "state"] == "announced"
    assert cn.rules(own, "2027-03-05").loc["next", "state"] == "in force"
    assert next_words(own) == (
        "T (next): begins on 2027-03-05, 5 days after 2027-02-28. Not known whether they apply again: ended."
    )


def test_a_file_of_rules_lies_over_those_of_a_network(gallium: cn.Network, tmp_path: Path) -> None:
    file = tmp_path / "changed.csv"
    file.write_text("id,title,kind,in_force\nchn_a46_c2,The ban applies again,export,2026-11-28\n")
    own = laid(gallium, {"id": "chn_a46_c2", "in_force": "2024"}, {"id": "mine", "in_force": "2026"})
    found = with_rules(own, file)
    assert found.rules["id"].tolist() == ["chn_a46_c2", "mine"]
    assert cn.rules(found).loc["chn_a46_c2", "title"] == "The ban applies again"
    assert found.digest != own.digest
    assert found.folder == gallium.folder  # its scenarios are still there
    file.write_text("id,title,kind,in_force\n\na,A,export,soon\nb,,ban,\n")
    with pytest.raises(cn.DataError) as caught:
        with_rules(gallium, file)
    told = {(f.file, f.row, f.column) for f in caught.value.faults_list}
    assert told == {
        ("changed.csv", 2, ""), ("changed.csv", 3, "in_force"), ("changed.csv", 4, "title"), ("changed.csv", 4, "kind"),
    }  # fmt: skip
    for wrong in ("no.csv", "rules.xlsx"):
        with pytest.raises(cn.DataError):
            with_rules(gallium, tmp_path / wrong)


# -- what comes first -----------------------------------------------------------------------------------


def test_what_is_in_force_comes_first_then_what_begins_next_then_the_others_by_name(rare_earths: cn.Network) -> None:
    table = standings(rare_earths, "2026-11-30")
    assert table.index[:5].tolist() == ["in_force", "in_force_returns", *ORIGIN]
    assert table["standing"].iloc[:5].tolist() == [
        "in force", "may return", "begins 2027-01-01", "begins 2027-01-01", "begins 2027-01-01",
    ]  # fmt: skip
    others = table.index[5:].tolist()
    assert others == sorted(others)
    assert (table["standing"].iloc[5:] == "").all()
    # from its first day on it is part of what is in force, and its file one of the others
    then = standings(rare_earths, "2027-01-01")
    assert then.loc[ORIGIN[0], "standing"] == ""
    assert "us_4872_2027" in {one["rule"] for one in cn.in_force(rare_earths, "2027-01-01").measures}
    assert then.loc["in_force", "label"] == "The rules in force on 1 January 2027"
    # no proposal ever is
    late = cn.in_force(rare_earths, "2033", returns=True)
    assert not {"us_hr9073", "us_ndaa27_1803"} & {measure["rule"] for measure in late.measures}


def test_a_test_that_also_holds_a_rule_to_come_is_no_forecast() -> None:
    net = cn.read("tungsten")
    mobilised = cn.scenarios(net)["us_defence_origin_2027_mobilised"]
    assert standing_of(net, mobilised, "2026-11-30").words == ""
    assert [one.name for one in in_order(net, cn.scenarios(net).values(), "2026-11-30")][:3] == ORIGIN


@pytest.mark.slow
def test_the_outcomes_of_the_origin_rule_differ_in_when_they_begin() -> None:
    rare_earths = cn.read("rare-earths", as_of=None)  # with the plants of 2024 it costs most
    found = cn.stress_test(rare_earths, ORIGIN, months=24, start="2026-12", reroute="none", step_months=6, cover=False)
    first = found.summary["first_short_month"].xs("defence", level="tier")
    assert first[ORIGIN[0]] <= 3  # from January 2027, but for what is under way
    assert pd.isna(first[ORIGIN[1]])  # until 2032 as now
    assert first[ORIGIN[2]] == first[ORIGIN[0]] + 12  # from January 2028
    short = found.summary["shortfall_tpa"].xs("defence", level="tier")
    melt = cn.balance(rare_earths, "us_defence_melt", reroute="none").by_tier()["shortfall_tpa"]["defence"]
    assert short[ORIGIN[1]] == pytest.approx(melt, abs=1e-6)
    assert short[ORIGIN[2]] == pytest.approx(short[ORIGIN[0]], abs=1e-6)


# -- together -------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("name", ["gallium", pytest.param("rare-earths", marks=pytest.mark.slow)])
def test_all_in_force_costs_the_first_tier_at_least_what_each_file_alone_does(name: str) -> None:
    net = cn.read(name)
    now = cn.in_force(net, "2026-11-30").with_shares(net)
    acts = ("rule", "kind", "from", "to", "commodity", "tier", "origin")
    held = [{k: m.get(k) for k in acts} for m in now.measures]

    def short(scenario: cn.Scenario | None) -> float:
        table = cn.balance(net, scenario, reroute="none").demand
        return float(table[table["is_counted"] & (table["tier"] == "defence")]["shortfall_tpa"].sum())

    together, parts = short(now), 0
    for one in cn.scenarios(net).values():
        given = one.with_shares(net)
        mine = [{k: m.get(k) for k in acts} for m in given.measures]
        if mine and all(measure in held for measure in mine) and len(mine) < len(held):
            parts += 1
            assert together >= short(given) - 1e-6, one.name
    assert parts >= 2
