"""The packages that chainnet needs, held against what the project asks for."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.results import licences

ROOT = Path(__file__).parents[2]


def test_every_package_that_is_asked_for_is_listed_with_what_it_is_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = ("dev", "bench", "docs", "all")  # nobody who asks a chain needs these
    extras = {name: lines for name, lines in project["optional-dependencies"].items() if name not in ours}
    wanted = dict.fromkeys(project["dependencies"], "core")
    wanted |= {line: name for name, lines in extras.items() for line in lines}
    table = licences()
    for line, part in wanted.items():
        row = table.loc[re.split(r"[>=<!]", line)[0].lower()]
        assert (row["part"], bool(row["used_for"])) == (part, True), line


def test_versions_are_those_that_are_installed_and_every_licence_has_words() -> None:
    there = cn.licences().dropna(subset="version")
    assert {name: version(name) for name in there.index} == there["version"].to_dict()
    assert (there["licence"].str.strip() != "").all()
    assert "pandas" in there.loc["python-dateutil", "used_for"]


@pytest.mark.parametrize(
    ("name", "strength"), [("igraph", "strong"), ("pycountry", "weak"), ("scipy", ""), ("matplotlib", "")]
)
def test_a_licence_that_asks_for_the_source_is_marked(name: str, strength: str) -> None:
    assert licences().loc[name, "copyleft"] == strength


def test_the_command_line_lists_them() -> None:
    found = CliRunner().invoke(app, ["licences", "--format", "csv"])
    assert found.exit_code == 0
    assert "igraph" in found.stdout
