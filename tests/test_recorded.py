"""Every answer on record is given again: tables, figures, certificates, standings and messages."""

from __future__ import annotations

from typing import Any

import pytest
import recorded_answers as answers

FAMILIES = sorted(path.stem for path in answers.RECORDED.glob("*.toml"))
QUESTIONS = [(family, name) for family in FAMILIES for name in answers.questions(family)]


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return answers.names()


@pytest.fixture(scope="module")
def on_record() -> dict[str, Any]:
    return {family: answers.recorded(family) for family in FAMILIES}


@pytest.mark.parametrize(("family", "name"), QUESTIONS, ids=[f"{family}: {name}" for family, name in QUESTIONS])
def test_an_answer_on_record_is_given_again(known: Any, on_record: Any, family: str, name: str) -> None:
    now = answers.answer(answers.questions(family)[name], known)
    assert answers.differences(now, on_record[family][name]) == []


def test_every_answer_on_record_has_its_question(on_record: dict[str, Any]) -> None:
    assert {family: list(found) for family, found in on_record.items()} == {
        family: list(answers.questions(family)) for family in FAMILIES
    }


def test_a_difference_is_seen() -> None:
    then = {"rows": [{"a": 1.0, "b": "x"}], "error": "no"}
    assert answers.differences(then, then) == []
    assert answers.differences({"rows": [{"a": 1.1, "b": "x"}], "error": "no"}, then) == [
        ".rows[0].a: 1.1, on record 1.0"
    ]
    assert answers.differences({"rows": [], "error": "no"}, then) != []
    assert answers.differences({"rows": then["rows"]}, then) == [".error: 'absent', on record 'no'"]
