"""Events as data: what could not be known before is refused, with file, row and column; what is right passes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

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
        ({"event": FIRST.replace('profile = "profile"', "share = 0.3")}, "dy_2026.toml", None, "measures[1].share", "R6"),
        ({"event": FIRST.replace('"profile"', '[{share = 0.5}]')}, "dy_2026.toml", None, "measures[1].profile", "R6"),
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


@pytest.mark.parametrize("chain", ["gallium", "germanium", "antimony", "graphite", "rare-earths"])
def test_shipped_events_keep_the_rules(chain: str) -> None:
    net = cn.read(chain)
    known = set(net.references["key"])
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
