"""Events as data: what could not be known before is refused, with file, row and column; what is right passes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_events import FIRST, INPUTS, OUTCOMES, folder, network

import chainnet as cn
from chainnet.hindsight import events, first_month_of, window_of

ROW = "dy_2026,profile,1,2,0,0,0.5,share,,2026-01-01,,assumed,mag9"


def faults(where: Path, **files: str) -> list[tuple[str, Any, str, str]]:
    with pytest.raises(cn.DataError) as caught:
        events(network(where, **files))
    return [(one.file, one.row, one.column, one.rule) for one in caught.value.faults_list]


def test_an_event_by_hand(tmp_path: Path) -> None:
    event = events(network(tmp_path))["dy_2026"]
    assert (event.kind, event.begins, event.horizon, event.chain) == ("licence", "2026-04", 4, "mag-9")
    assert event.questions["window"].tolist()[:3] == ["notice", "onset", "first year"]
    measure = event.scenario.measures[0]
    assert [dict(phase) for phase in measure["profile"]] == [{"share": 0.0, "months": 2}, {"share": 0.5}]
    assert measure["announced"] == "2026-03-02"  # thirty days before the first of April
    adverse = event.under(1).measures[0]["profile"]
    assert [phase["share"] for phase in adverse] == [0.0, 0.25]
    assert adverse[0]["months"] == 3
    assert [phase["share"] for phase in event.under(-1).measures[0]["profile"]] == [0.5, 1.0]
    assert len(event.outcomes) == 2
    with pytest.raises(KeyError, match="unknown event"):
        events(network(tmp_path / "again"))["dy_2062"]


def test_month_one_is_the_next_after_the_middle_of_a_month() -> None:
    assert first_month_of("2024-09-15") == first_month_of("2024-09") == 2024 * 12 + 8
    assert first_month_of("2010-09-21") == 2010 * 12 + 9
    assert [window_of(w) for w in ((0, 0), (1, 1), (2, 3), (1, 12), (13, 24), (25, 25))] == [
        "notice", "onset", "first quarter", "first year", "second year", "later",
    ]  # fmt: skip


def test_a_graph_without_events_has_none() -> None:
    assert dict(events(cn.read("mag-9"))) == {}


def later(**changed: str) -> str:
    """Return the inputs with other cells in their first row."""
    names = INPUTS.splitlines()[0].split(",")
    cells = dict(zip(names, ROW.split(","), strict=True)) | changed
    return INPUTS.replace(ROW, ",".join(cells[name] for name in names))


@pytest.mark.parametrize(
    ("files", "file", "row", "column", "rule"),
    [
        ({"inputs": later(knowable_from="2026-03-02")}, "inputs.csv", 2, "knowable_from", "R1"),
        ({"inputs": later(knowable_from="2026-05")}, "inputs.csv", 2, "knowable_from", "R1"),
        ({"inputs": later(reference="mag9;customs")}, "inputs.csv", 2, "reference", "R2"),
        ({"inputs": later(period="2026-01/04")}, "inputs.csv", 2, "period", "R2"),
        ({"inputs": later(learned_from="dy_2026")}, "inputs.csv", 2, "learned_from", "R3"),
        ({"inputs": later(learned_from="dy_2020")}, "inputs.csv", 2, "learned_from", "R3"),
        ({"event": FIRST.replace("base_year = 2025", "base_year = 2027")}, "dy_2026.toml", None, "base_year", "R4"),
        ({"event": FIRST.replace("base_year = 2025", 'base_year = 2024\nbase = "before"')}, "dy_2026.toml", None, "base",
         "R4"),
        ({"event": FIRST.replace("2026-03-02", "2025-11-02")}, "dy_2026.toml", None, "base_year", "R4"),
        ({"event": 'extends = "china_out"\n' + FIRST}, "dy_2026.toml", None, "extends", "R5"),
        ({"event": 'scenario = "china_out"\n' + FIRST}, "dy_2026.toml", None, "scenario", "R5"),
        ({"event": FIRST.replace('profile = "profile"', "share = 0.3")}, "dy_2026.toml", None, "measures[0].share", "R6"),
        ({"event": FIRST.replace('"profile"', '[{share = 0.5}]')}, "dy_2026.toml", None, "measures[0].profile", "R6"),
        ({"inputs": later(low="0.2", value="0.1")}, "inputs.csv", 2, "low", "order"),
        ({"inputs": later(high="1.5")}, "inputs.csv", 2, "high", "share"),
        ({"inputs": later(months="-2")}, "inputs.csv", 2, "months", "below 0"),
        ({"inputs": later(value="much")}, "inputs.csv", 2, "value", "number"),
        ({"inputs": later(table="stocks")}, "inputs.csv", 2, "table", "unknown table"),
        ({"inputs": INPUTS.replace("profile,2,,0.5", "profile,2,4,0.5")}, "inputs.csv", 4, "months", "last has none"),
        ({"inputs": INPUTS.replace("dy_2026,profile,2", "dy_2062,profile,2")}, "inputs.csv", 4, "event", "dy_2062"),
        ({"event": FIRST.replace('class = "licence"', 'class = "license"')}, "dy_2026.toml", None, "class", "license"),
        ({"event": FIRST.replace('kind = "short"', 'kind = "shortage"')}, "dy_2026.toml", None,
         "questions.users_short.kind", "shortage"),
        ({"event": FIRST.replace('tier = "civilian"', 'tier = "civil"', 1)}, "dy_2026.toml", None,
         "questions.users_onset.tier", "civil"),
        ({"event": FIRST.replace('to = "KOR"', 'to = "KOREA"')}, "dy_2026.toml", None, "questions.korea.to", "KOREA"),
        ({"event": FIRST.replace('commodity = "dy"', 'commodity = "dysprosium"', 1)}, "dy_2026.toml", None,
         "questions.dy_notice.commodity", "dysprosium"),
        ({"event": FIRST.replace("months = [2, 4]", "months = [1, 1]")}, "dy_2026.toml", None, "questions.dy_year",
         "asks the same"),
        ({"event": FIRST.replace("months = [2, 4]", "months = [4, 2]")}, "dy_2026.toml", None, "questions[3].months",
         "window"),
        ({"event": FIRST.replace('to = "KOR"', 'to = "KOR"\nfactor = 0')}, "dy_2026.toml", None, "questions[7].factor",
         "above 0"),
        ({"outcomes": OUTCOMES.replace("users_onset", "users_begin")}, "outcomes.csv", 3, "question", "users_begin"),
        ({"outcomes": OUTCOMES.replace("months,", "months,").replace(",2,,,", ",soon,,,")}, "outcomes.csv", 3, "value",
         "no answer"),
    ],
)  # fmt: skip
def test_a_breach_is_named_with_its_place(
    tmp_path: Path, files: dict[str, str], file: str, row: int | None, column: str, rule: str
) -> None:
    found = faults(tmp_path, **files)
    assert any(one[:3] == (file, row, column) and rule in one[3] for one in found), found


WRONG = """label = "Wrong"
actor = "CHI"
class = "license"
announced = "2026-03-02"
in_force = "2026-04-01"
until = "soon"
base_year = 2023
[[measures]]
kind = "licence"
from = {country = "CHN"}
profile = "controls"
[[measures]]
kind = "restrict"
from = {country = "CHN"}
share = 0.4
[[questions]]
id = "a"
kind = "shortage"
commodity = "dysprosium"
tier = "civil"
who = "all"
country = "KOREA"
months = [0, 3]
[[questions]]
id = "b"
kind = "flow"
from = "CHN"
months = [0, 0]
[[questions]]
id = "b"
kind = "flow"
from = "CHN"
months = [-3, -1]
[[questions]]
id = "c"
kind = "order"
among = ["USA", "JPN", "KOR"]
[[questions]]
id = "d"
kind = "first"
among = ["USA"]
[[questions]]
id = "e"
kind = "detour"
[[questions]]
id = "f"
kind = "sign"
[[questions]]
id = "g"
kind = "recover"
months = [1, 2]
[[questions]]
id = "h"
kind = "stop"
tier = "civilian"
"""
WRONG_INPUTS = """event,table,phase,months,value,low,high,unit,period,knowable_from,learned_from,quality,reference
dy_2026,stocks,1,,0.5,0.6,0.7,share,,soon,,assumed,mag9
dy_2026,share,1,,1.5,,,share,2026-03,2026-04-01,dy_2026,assumed,customs
dy_2026,totals,1,-1,-2,-3,4,t,,2026-01,other,assumed,mag9
"""
WRONG_OUTCOMES = """event,question,value,low,high,unit,observed_on,quality,reference,set
dy_2026,h,perhaps,,,yes/no,2026-06-20,reported,customs,open
dy_2026,h,yes,2,1,yes/no,2026-06-20,reported,customs,openly
dy_2026,i,yes,,,yes/no,2026-06-20,reported,,open
dy_2026,c,USA;FRA,,,rank,2026-06-20,reported,,open
dy_2026,d,,,,set,2026-06-20,reported,,open
"""


def test_every_breach_is_said_with_its_value_rule_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(cn.DataError) as caught:
        events(network(tmp_path, event=WRONG, inputs=WRONG_INPUTS, outcomes=WRONG_OUTCOMES))
    faults_list = caught.value.faults_list
    told = {(one.column, one.value, one.rule, one.remedy) for one in faults_list if one.file == "dy_2026.toml"}
    groups = ", ".join(sorted(cn.read("mag-9").groups_known))
    word, write = "Correct the word.", "Write it."
    lacking = [("b.to", "flow"), ("c.among", "order"), ("c.from", "order"), ("d.among", "first"), ("e.to", "detour"),
               ("f.country", "sign"), ("g.from", "recover"), ("g.to", "recover")]  # fmt: skip
    assert {one for one in told if not one[0].startswith("measures[") or "R6" in one[2]} == {
        ("actor", "CHI", "is no country", "Write an ISO alpha-3 code."),
        ("base_year", "2023", "the flows of the chain are of 2025 (R4)", 'Write base = "before" and add dated inputs.'),
        ("class", "license", 'unknown class "license"; did you mean "licence"? Known: licence, ban_one, stop_silent, quota,'
         " outage, conflict.", word),
        ("until", "soon", "is no date", "Write it as 2023-08-01."),
        ("measures[0].profile", "controls", "takes what customs showed later (R6)", 'Write "profile" and add inputs.'),
        ("measures[1].share", "0.4", "holds a share that the text does not state (R6)",
         'Write "profile" or "share" and add inputs, or states = true where the text says it.'),
        ("questions.a.kind", "shortage", 'unknown kind "shortage"; did you mean "short"? Known: flow, detour, short, onset,'
         " recover, sign, first, order, stop.", word),
        ("questions.a.commodity", "dysprosium", 'unknown commodity "dysprosium". Known: dy, magnet, ndpr, ndpr_ore.', word),
        ("questions.a.tier", "civil", 'unknown tier "civil"; did you mean "civilian"? Known: defence, industrial, civilian.',
         word),
        ("questions.a.who", "all", 'unknown word "all". Known: tier, anyone.', "Correct it."),
        ("questions.a.country", "KOREA", f'unknown country or group "KOREA". Known: {groups}.',
         "Write an ISO alpha-3 code, or the name of a group."),
        ("questions.a.months", "[0, 3]", "the window begins before the first month in force, of which only flows are told",
         "Begin with month 1."),
        ("questions.b.id", "b", "stands twice", "Ask it once."),
        ("questions.b", "b", "asks the same as b: commodity, countries and window are of one class", "Ask an aspect once."),
        *((f"questions.{key}", "", f"a question of kind {kind} has to say it", write) for key, kind in lacking),
    }  # fmt: skip
    lines = {(one.file, one.row, one.column, one.value, one.rule, one.remedy) for one in faults_list if one.row}
    number = "Correct the number."
    assert {one[1:] for one in lines if one[0] == "inputs.csv"} == {
        (2, "table", "stocks", 'unknown table "stocks". Known: totals, flows, cover, profile, share.', word),
        (2, "low", "0.6", "low, value and high are not in order", "Correct the range."),
        (2, "knowable_from", "soon", "is no date (R1)", "Write the day from which the figure could be known."),
        (3, "value", "1.5", "is no share, 0 to 1", number),
        (3, "knowable_from", "2026-04-01", "could not be known before 2026-03-02 (R1)",
         "Take a figure known before. A later one may only widen a range: no value, quality assumed."),
        (3, "reference", "customs", '"customs" is the source of an outcome of the event too, row 3 (R2)',
         "Take a source from before the event."),
        (3, "period", "2026-03", "ends after 2026-03-02 (R2)", "Take a period that was over by then."),
        (3, "learned_from", "dy_2026", "dy_2026 was in force on 2026-04-01, not before 2026-03-02 (R3)",
         "Learn from earlier events alone."),
        (4, "value", "-2.0", "is below 0", number), (4, "low", "-3.0", "is below 0", number),
        (4, "months", "-1.0", "is below 0", number),
        (4, "learned_from", "other", 'no event file "other.toml" is found (R3)', "Add it, or take the word out."),
    }  # fmt: skip
    assert {one[1:] for one in lines if one[0] == "outcomes.csv"} == {
        (2, "value", "perhaps", "is no answer to a question of kind stop", "Correct it."),
        (3, "question", "h", "has two outcomes", "Keep one."),
        (3, "set", "openly", 'unknown word "openly"; did you mean "open"? Known: open, kept, spent, fitted.', word),
        (3, "value", "yes", "is no answer to a question of kind stop", "Correct it."),
        (4, "question", "i", 'unknown question of dy_2026 "i". Known: a, b, c, d, e, f, g, h.',
         "Correct the word, or ask the question."),
        (5, "value", "USA;FRA", "is no answer to a question of kind order", "Correct it."),
        (6, "value", "", "is no answer to a question of kind first", "Correct it."),
    }  # fmt: skip


NO_WHOLE = ("is no whole number, 0 or more", "Write a number, such as 30.")
NO_DATE = ("is no date", "Write it as 2023-08-01.")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("notice_days = 30", 'notice_days = "a month"', ("notice_days", "a month", *NO_WHOLE)),
        ("notice_days = 30", "notice_days = -1", ("notice_days", "-1", *NO_WHOLE)),
        ("base_year = 2025", "base_year = 2025.5", ("base_year", "2025.5", *NO_WHOLE)),
        ("base_year = 2025", 'base = "after"', ("base", "after", 'unknown base "after". Known: before.',
                                                "Correct the word, or leave base out.")),
        ("base_year = 2025", "parameters = 3", ("parameters", "3", "must be a table", "Write [parameters].")),
        ("2026-03-02", "2026-13-02", ("announced", "2026-13-02", *NO_DATE)),
        ("2026-04-01", "in April", ("in_force", "in April", *NO_DATE)),
        ('actor = "CHN"\n', "", ("actor", "", "is missing", "Write it.")),
        ("[[measures]]", "[measures]", ("measures", "", "must be a list of tables", "Write [[measures]].")),
        ('kind = "sign"', 'kind = ""', ("questions[6].kind", "", "is missing", "Write a word.")),
        ("months = [1, 3]", "months = [1, 3, 4]", ("questions[6].months", "[1, 3, 4]", "is no window",
                                                   "Write the first and the last month, such as [1, 3].")),
        ("months = [1, 3]", "level = 0.0", ("questions[6].level", "0.0", "must be above 0",
                                            "Write a share of the former flow.")),
        ("months = [1, 3]", "factor = -1", ("questions[6].factor", "-1", "must be above 0",
                                            "Write what gross tonnes are multiplied by.")),
        ("label =", 'scenario = "out"\nlabel =', ("scenario", "out", "takes a scenario, which may hold what came later (R5)",
                                                  "Write the measures as the text of the event has them.")),
    ],
)  # fmt: skip
def test_an_event_file_that_makes_no_sense_is_told_so(
    tmp_path: Path, old: str, new: str, fault: tuple[str, str, str, str]
) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "dy_2026.toml").write_text(FIRST.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "events" / "inputs.csv").write_text(INPUTS, encoding="utf-8")
    with pytest.raises(cn.DataError) as caught:
        events(cn.read("mag-9")._replace({}, folder=tmp_path))
    assert [(one.column, one.value, one.rule, one.remedy) for one in caught.value.faults_list] == [fault]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('label = "A licence for dysprosium"', 'label = ["a"]', "label"),
        ('actor = "CHN"', "actor = 5", "actor"),
        ('tier = "civilian"', 'tier = ["civilian"]', "tier"),
        ('tier = "civilian"', "commodity = 5", "commodity"),
        ('tier = "civilian"', "among = [1, 2]", "among"),
    ],
)
def test_a_word_of_an_event_that_is_no_text_is_a_fault(tmp_path: Path, old: str, new: str, key: str) -> None:
    with pytest.raises(cn.DataError) as caught:
        events(network(tmp_path, event=FIRST.replace(old, new, 1)))
    assert any(one.column.endswith(key) and "must be" in one.rule for one in caught.value.faults_list), caught.value


def test_unknown_keys_of_an_event_are_named_with_those_that_are_meant(tmp_path: Path) -> None:
    wrong = FIRST.replace("notice_days", "notice_day").replace('tier = "civilian"', 'tiers = "civilian"', 1)
    with pytest.raises(cn.DataError) as caught:
        events(network(tmp_path, event=wrong))
    assert str(caught.value).splitlines()[1] == (
        '  dy_2026.toml, notice_day: unknown key; did you mean "notice_days"? Known: label, actor, class, announced,'
        " in_force, notice_days, until, text_source, base_year, base, measures, parameters, questions."
    )
    wrong = FIRST.replace('tier = "civilian"', 'tiers = "civilian"', 1)
    with pytest.raises(cn.DataError) as caught:
        events(network(tmp_path / "b", event=wrong))
    assert str(caught.value).splitlines()[1] == (
        '  dy_2026.toml, questions[4].tiers: "civilian": unknown key; did you mean "tier"? Known: id, kind, commodity, from,'
        " to, tier, country, months, per, factor, who, level, among, fitted, seen."
    )


def test_all_breaches_are_named_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path, inputs=later(knowable_from="2026-06", reference="customs"), event=FIRST.replace("2025", "2023")
    )
    assert {"R1", "R2", "R4"} <= {word for *_, rule in found for word in ("R1", "R2", "R4") if word in rule}


def test_a_later_row_may_widen_a_range_but_never_be_its_centre(tmp_path: Path) -> None:
    wider = INPUTS + "dy_2026,profile,1,,,0,4,months,,2027-01-01,,assumed,mag9\n"
    assert len(events(network(tmp_path, inputs=wider))["dy_2026"].inputs) == 4
    assert math.isnan(events(network(tmp_path / "b", inputs=wider))["dy_2026"].inputs["value"].iloc[-1])


@pytest.mark.parametrize(("word", "is_right"), [("open", False), ("", False), ("fitted", True), ("spent", True)])
def test_an_outcome_that_taught_what_users_hold_does_not_count(tmp_path: Path, word: str, is_right: bool) -> None:
    path = folder(tmp_path, outcomes=OUTCOMES.replace("customs,open", f"customs,{word}"))
    cover = "tier,weeks,reference,quality\n,7,customs,assumed\n"
    (path / "cover.csv").write_text(cover, encoding="utf-8")
    with (path / "references.csv").open("a", encoding="utf-8") as file:
        file.write("customs,Trade of the made-up chain,chainnet,2026,3\n")
    if is_right:
        assert events(cn.read(path))["dy_2026"].outcomes["set"].tolist() == [word, "spent"]
    else:
        with pytest.raises(cn.DataError, match=r'"customs" is a source of the table cover too.*R2'):
            events(cn.read(path))


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    path = folder(tmp_path, outcomes="")
    assert events(cn.read(path))["dy_2026"].outcomes.empty


@pytest.mark.parametrize("chain", ["gallium", "germanium", "antimony", "graphite", "rare-earths", "tungsten"])
def test_shipped_events_keep_the_rules(chain: str) -> None:
    net = cn.read(chain)
    shared = pd.read_csv(Path(__file__).parents[2] / "graphs" / "common" / "references.csv")
    known = {*net.references["key"], *shared["key"]}  # the text of a rule may be that of the shared table of rules
    found = events(net)
    assert found
    for event in found.values():
        cited = {
            key for table in (event.inputs, event.outcomes) for cell in table["reference"] for key in cell.split(";")
        }
        assert {event.text_source, *cited} - {""} <= known
        assert event.base_grade in "ABC"


def test_seven_events_have_outcomes_and_one_that_hits_two_chains_is_one() -> None:
    every = [events(cn.read(chain)) for chain in ("gallium", "germanium", "antimony", "graphite", "rare-earths")]
    assert len({name for mine in every for name, event in mine.items() if len(event.outcomes)}) == 7
    assert "gage_2023" in set(every[0]) & set(every[1])
    assert every[2]["us_ban_returns_2026"].outcomes.empty  # of which nobody knows the outcome when it is registered
