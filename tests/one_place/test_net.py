"""The net of tests: two jobs that together run all that is not slow, records that stay small, mistakes that leave out the second job."""

from __future__ import annotations

import re
import tomllib
from itertools import product
from pathlib import Path

import mutation

TESTS = Path(__file__).parents[1]
MARKERS = ("browser", "documents", "long", "slow", "small")


def expression(text: str) -> str:
    """What ``-m`` is given in a line of words."""
    return next(re.finditer(r'-m\s+"([^"]*)"', text))[1]


def default() -> str:
    told = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert [line.split(":")[0] for line in told["markers"]] == list(MARKERS)
    return expression(told["addopts"])


def second() -> str:
    lines = (TESTS.parent / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    return expression(next(line for line in lines if " -m pytest " in line))


def runs(words: str, marked: dict[str, bool]) -> bool:
    return bool(eval(words, {}, dict(marked)))


def test_what_the_default_run_leaves_out_the_second_job_runs() -> None:
    for flags in product([False, True], repeat=len(MARKERS)):
        marked = dict(zip(MARKERS, flags, strict=True))
        if marked["small"] and not marked["browser"]:
            continue  # said of browser tests alone
        assert marked["slow"] or runs(default(), marked) or runs(second(), marked), marked
        assert not (marked["slow"] or marked["documents"] or marked["long"]) or not runs(default(), marked), marked


def test_a_small_page_is_opened_by_default() -> None:
    assert runs(default(), {"browser": True, "documents": False, "long": False, "slow": False, "small": True})
    small = [file.stem for file in TESTS.rglob("test_*.py") if "@pytest.mark.small" in file.read_text(encoding="utf-8")]
    assert {"test_living", "test_drawing"} <= set(small)
    for guarded in ("test_redact", "test_aggregate"):
        text = next(TESTS.rglob(f"{guarded}.py")).read_text(encoding="utf-8")
        assert "pytestmark" not in text, f"{guarded} guards what is published: it runs by default"


def test_records_stay_small_and_say_what_tables_repeat_once() -> None:
    files = [*(TESTS / "recorded").glob("*.json"), TESTS / "cli" / "lines.json"]
    assert sum(file.stat().st_size for file in files) <= 1_300_000
    assert {file.stem for file in files}.isdisjoint({"engine", "lowering"}), (
        "insides are held by properties and oracles"
    )
    for file in files:
        assert '"attrs": { "provenance"' not in file.read_text(encoding="utf-8"), file.name


def test_every_package_has_its_row_of_mistakes() -> None:
    page = (TESTS.parent / "docs" / "howto" / "mutation-tests.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    package = TESTS.parent / "chainnet"
    assert rows == sorted(folder.parent.name for folder in package.glob("*/__init__.py"))
    assert "--no-records" in page
    assert all((TESTS / name).exists() for name in [*mutation.RECORDS, *mutation.BARE])
