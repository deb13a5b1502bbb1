"""The documentation holds: blocks run, links resolve, reference pages are those of the code."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from house_picture import picture
from page_blocks import blocks, played
from reference_pages import PAGES
from reference_python import python_pages
from test_architecture import FLOORS

import chainnet as cn

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


# pages that ask for whole reports, portfolios or long draws: `-m slow` runs their blocks
LONG = {
    "draw-the-chain.md",
    "alignment-and-split-markets.md",
    "as-of.md",
    "calibrate-a-chain.md",
    "cascades.md",
    "choose-a-portfolio.md",
    "compare-projects.md",
    "compare-with-indices.md",
    "hand-up-a-report.md",
    "hold-a-stockpile-together.md",
    "measure-an-alliance.md",
    "merge-and-join.md",
    "model-an-export-ban.md",
    "overcapacity.md",
    "overview.md",
    "plan-without-python.md",
    "retaliation.md",
    "scenarios.md",
    "share-data.md",
    "side-by-side.md",
    "size-a-stockpile.md",
    "tutorial.md",
    "uncertain-inputs.md",
    "who-comes-first.md",
    "who-goes-short-when.md",
}
# pages of over two seconds, and the README, whose questions are asked of the largest chain, twice: in the second job
LONGER = {
    "add-a-graph.md",
    "assumptions.md",
    "find-chokepoints.md",
    "forecasts.md",
    "joint-answer.md",
    "living-page.md",
    "markets.md",
    "past-events.md",
    "risk-exposure.md",
}
PAGES_RUN = [
    pytest.param(
        path,
        marks=[pytest.mark.slow] * (path.name in LONG)
        + [pytest.mark.long] * (path.name in LONGER or path == ROOT / "README.md"),
    )
    for path in FILES
]


def slug(heading: str) -> str:
    text = re.sub(r"`|\[([^\]]*)\]\([^)]*\)", lambda m: m.group(1) or "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@pytest.mark.filterwarnings("error:.* (binds home trade too|meets no flow)")
@pytest.mark.parametrize("path", PAGES_RUN, ids=lambda p: str(p.relative_to(ROOT)))
def test_blocks_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert played(path, tmp_path) == path.read_text(encoding="utf-8"), f"run: python tests/page_blocks.py {path}"
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_resolve(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        page = (path.parent / name).resolve() if name else path
        assert page.exists(), f"{path.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
            assert anchor in {slug(h) for h in headings}, f"{path.name}: {target}"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_reference_pages_are_current(name: str) -> None:
    kept = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert kept == PAGES[name](), "run: python tests/reference_pages.py"


def test_python_reference_is_current() -> None:
    folder = ROOT / "docs" / "reference" / "python"
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert kept == python_pages(), "run: python tests/reference_pages.py"


def test_the_picture_of_the_floors_is_drawn_from_the_imports() -> None:
    kept = (ROOT / "docs" / "images" / "floors.svg").read_text(encoding="utf-8")
    assert kept == picture(FLOORS), "run: python tests/house_picture.py"


def test_every_name_and_command_is_documented() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    lacking = [name for name in cn.__all__ if f"`{name}`" not in text and f"cn.{name}" not in text]
    assert not lacking
    env = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "chainnet", "--help"], capture_output=True, text=True, check=True, env=env
    )
    commands = re.findall(r"^  ([a-z][a-z-]*)  ", done.stdout, re.M)
    assert commands
    assert all(f"chainnet {command}" in text for command in commands)


def test_readme_commands() -> None:
    shell = [text.strip() for kind, text in blocks(ROOT / "README.md") if kind in {"sh", "bash", "console"}]
    assert len(shell[0].splitlines()) == 1
    assert shell[0].split("&&")[-1].strip() == ".venv/bin/chainnet report rare-earths --out out"
    assert len(shell[1].splitlines()) == 1
    assert "pytest" in shell[1]


def test_the_policy_table_is_dated_and_sourced() -> None:
    page = (ROOT / "docs" / "explanation" / "data.md").read_text(encoding="utf-8")
    section = page.split("## Policy as of ")[1].split("\n## ")[0]
    with (ROOT / "graphs" / "common" / "references.csv").open(encoding="utf-8", newline="") as handle:
        known = {row["key"] for row in csv.DictReader(handle)}
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "| 20" in line]
    assert len(rows) >= 12
    begins = [row[2] for row in rows]
    assert begins == sorted(begins)
    for event, _, begin, until, status, source in rows:
        assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", begin), event
        assert until == "" or until > begin, event
        assert status, event
        assert set(re.findall(r"`(\w+)`", source)) <= known, event
        assert "`" in source, event
