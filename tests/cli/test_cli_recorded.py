"""Every command line on record ends as it did and prints what it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import recorded_lines as lines

LINES = lines.lines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lines")
    lines.lay_out(folder)
    return folder


@pytest.fixture(scope="module")
def on_record() -> dict[str, Any]:
    return lines.answers.read(lines.HERE / "lines.json")


@pytest.mark.parametrize("name", LINES)
def test_a_line_on_record_prints_the_same(folder: Path, on_record: dict[str, Any], name: str) -> None:
    assert lines.differences(lines.give(LINES[name], folder), on_record[name]) == []


def test_every_line_on_record_is_given(on_record: dict[str, Any]) -> None:
    assert list(on_record) == list(LINES)


def test_a_difference_of_lines_is_seen() -> None:
    assert lines.same("a  1.00000001", "a 1.0")
    assert not lines.same("a  1.0", "a 1.0")
    assert not lines.same("a 1.1", "a 1.0")
    assert not lines.same("a b", "a")
    assert lines.differences({"code": 0, "out": ["a"]}, {"code": 0, "out": ["b"]}) != []
    assert lines.differences({"code": 1}, {"code": 0}) != []
