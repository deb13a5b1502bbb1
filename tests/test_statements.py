"""What README and docs say of the project itself is true today: paths, counts, dates, installs, names of commands."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from reference_pages import asked, differing

import chainnet as cn
from chainnet.cli.app import app as _app
from chainnet.cli.common import COMMANDS, STOPPED

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CARDS = sorted((ROOT / "graphs").glob("*/README.md"))
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), *CARDS]
# what was true of a version then stays in the changelog; what the code makes is compared with it elsewhere
HISTORY = {"changelog.md"}
TODAY = [p for p in PAGES if p.name not in HISTORY]
WORDS = "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty hundred"
COUNT = rf"(?:\d[\d,]*|{WORDS.replace(' ', '|')})"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)


@pytest.mark.parametrize("path", TODAY, ids=name_of)
def test_files_that_are_named_exist(path: Path) -> None:
    """A path in backticks with a folder in it is one of this repository."""
    roots = {"chainnet", "docs", "tests", "graphs"}
    named = re.findall(r"`((?:\w[\w.-]*/)+[\w.-]*)`", prose(path))
    lacking = [n for n in named if n.split("/")[0] in roots and not (ROOT / n).exists()]
    assert not lacking, f"{path.name}: no such file"
    tests = re.findall(r"\btests/[\w/]+\.py\b", path.read_text(encoding="utf-8"))
    assert not [t for t in tests if not (ROOT / t).exists()], path.name


@pytest.mark.parametrize("path", TODAY, ids=name_of)
def test_nobody_is_told_to_install_what_no_index_has(path: Path) -> None:
    """The project is on no index: an install names a path (as `-e ".[report]"` does), never the bare name."""
    told = re.findall(r"(?:pip|uv|pipx) (?:install|add|run)[^\n`]*", path.read_text(encoding="utf-8"))
    assert not [
        line for line in told if re.search(r"""(?<![\w./-])chainnet(?:\[|["'\s]|$)""", line.split("--extra")[0])
    ], path.name


@pytest.mark.parametrize("path", TODAY, ids=name_of)
def test_what_is_counted_in_the_code_is_not_counted_by_hand(path: Path) -> None:
    """A number of words, shipped scenarios, questions or broken files is stale at the next change."""
    things = r"(?:shipped scenarios|questions\b|broken files|such files|words of the glossary)"
    found = re.findall(rf"\b{COUNT} {things}", prose(path), re.I)
    kept = [f for f in found if not f.lower().startswith(("one ", "two "))]
    # the fuzzer's own page compares its numbers with the test below
    assert not [f for f in kept if path.name != "threat-model.md"], path.name
    if path == DOCS / "README.md":
        assert not re.search(rf"\b{COUNT} words\b", prose(path), re.I)


def test_the_number_of_broken_files_is_that_of_the_suite() -> None:
    page = " ".join((DOCS / "explanation" / "threat-model.md").read_text(encoding="utf-8").split())
    suite = (ROOT / "tests" / "io" / "test_fuzzing.py").read_text(encoding="utf-8")
    numbers = {int(n.replace("_", "")) for n in re.findall(r"\b[\d_]{3,}\b", suite)}
    said = re.search(r"The test suite reads ([\d,]+) such files, the long tests ([\d,]+)", page)
    assert said is not None
    assert {int(n.replace(",", "")) for n in said.groups()} <= numbers


def test_the_kinds_of_a_measure_that_the_glossary_names_are_kinds() -> None:
    line = next(
        li
        for li in (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8").splitlines()
        if li.startswith("| Measure ")
    )
    listed = (DOCS / "reference" / "measures.md").read_text(encoding="utf-8")
    named = re.findall(r"[a-z]+", line.split("such as")[1].split(";")[0])
    for kind in set(named) - {"or"}:
        assert f"`{kind}`" in listed, kind
    assert "such as" in line


def test_the_states_of_a_project_that_the_tables_name_are_read_as_such() -> None:
    from chainnet.network import TABLES, state_of

    said = next(c.description for c in TABLES["projects"].columns if c.name == "status")
    words = re.findall(r"[a-z]+", said.split(";")[0])
    read = {word: state_of(word) for word in words if word != "or"}
    assert read == {"operating": "running", "building": "building", "decided": "decided", "idle": "idle"}
    assert state_of("planned") == state_of(None) == "undecided"
    assert "undecided" in said


def test_the_rules_are_as_of_the_day_they_were_last_checked() -> None:
    """The page's date is that of the newest check; what was suspended to a day that is over says what holds since."""
    page = (DOCS / "explanation" / "data.md").read_text(encoding="utf-8")
    said = re.search(r"^## Policy as of (\d+ \w+ \d{4})$", page, re.M)
    assert said is not None
    day = date.fromisoformat(_iso(said[1]))
    checked = [
        date.fromisoformat(str(measure["checked_on"]))
        for name in cn.catalog().index
        for scenario in cn.scenarios(cn.read(name)).values()
        for measure in scenario.measures
        if measure.get("checked_on")
    ]
    assert checked
    assert day >= max(checked), "rules of a scenario were checked later than the table of rules: look at it again"
    for row in (line for line in page.splitlines() if line.startswith("|")):
        status = row.strip("|").split("|")[-2].strip()
        for until in re.findall(r"suspended to (\d{4}-\d\d-\d\d)", status):
            over = date.fromisoformat(until) <= LATEST
            assert not over or "since" in status, f"the suspension to {until} is over: say what holds since"


def _iso(words: str) -> str:
    from chainnet.words import MONTHS

    day, month, year = words.split()
    return f"{year}-{MONTHS.index(month) + 1:02d}-{int(day):02d}"


def latest() -> date:
    """The newest day that the project itself names: a version of the changelog, or a check of a rule."""
    log = (DOCS / "changelog.md").read_text(encoding="utf-8")
    return max(date.fromisoformat(d) for d in re.findall(r"^## \d+\.\d+\.\d+ - (\S+)$", log, re.M))


LATEST = latest()


def test_every_command_names_a_function_that_exists() -> None:
    own = {name: kind for name, kind in COMMANDS.items() if kind.__module__.startswith("chainnet.")}
    for name, kind in own.items():
        if kind.like:
            family, function = kind.like.split(".")
            assert callable(getattr(import_module(f"chainnet.{family}"), function)), name
    # what changes or makes files of a graph has no function of its own
    assert {name for name, kind in own.items() if not kind.like} == {
        "copy",
        "licences",
        "scenario new",
        "stock add",
    }


def test_nobody_says_that_command_line_and_python_have_the_same_words() -> None:
    assert differing()["stress"] == "cn.stress_test"
    assert asked()["reroute"] == "cn.reroute"
    for path in TODAY:
        assert not re.search(r"command line[^.]{0,40}the same words", prose(path)), path.name


def test_exit_codes_are_those_of_the_command_line() -> None:
    from typer.testing import CliRunner

    for page in ("reference/errors.md", "howto/gate-a-ci-run.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for code in (0, 1, 2, STOPPED):
            assert re.search(rf"\b{code}\b", text), f"{page}: {code}"
    assert CliRunner().invoke(_app, ["chokepoints"]).exit_code == 2
    assert CliRunner().invoke(_app, ["list"]).exit_code == 0


def test_the_changelog_has_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    heads = re.findall(r"^## (.+)$", (DOCS / "changelog.md").read_text(encoding="utf-8"), re.M)
    assert heads[0] == "Unreleased"
    assert heads[1].startswith(f"{version} - ")
