"""The packages that chainnet needs, held against what the project asks for."""

from __future__ import annotations

import re
import tomllib
from email.message import Message
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli import licences as module
from chainnet.cli.app import app
from chainnet.cli.licences import licences

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
    there = licences().dropna(subset="version")
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


@pytest.mark.parametrize(
    ("said", "words", "strength"),
    [
        ({"License-Expression": "MIT", "License": "GPL"}, "MIT", ""),
        ({"License": "GPL-2.0"}, "GPL-2.0", "strong"),
        ({"License": "  BSD\n   3-Clause "}, "BSD 3-Clause", ""),
        ({"License": "x" * 100}, "x" * 100, ""),
        ({"License": "x" * 101}, "x" * 100 + "...", ""),
        ({"License": "BSD", "Classifier": ["License :: OSI Approved :: MIT License", "Topic :: GPL", "License :: Public Domain"]},
         "MIT License or Public Domain", ""),
        ({"Classifier": ["License :: GNU Lesser General Public License v3 (LGPLv3)"]},
         "GNU Lesser General Public License v3 (LGPLv3)", "weak"),
        ({"Classifier": ["License :: GNU General Public License (GPL)"]}, "GNU General Public License (GPL)", "strong"),
        ({"License": "AGPL-3.0"}, "AGPL-3.0", "strong"), ({"License": "MPL-2.0"}, "MPL-2.0", "weak"),
        ({"License": "Eclipse"}, "Eclipse", "weak"), ({"License": "GNU Library General Public License"},
                                                      "GNU Library General Public License", "weak"),
        ({}, "not stated", ""),
    ],
)  # fmt: skip
def test_what_a_package_says_of_its_licence(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str | list[str]], words: str, strength: str
) -> None:
    lines = Message()
    lines["Version"] = "1.2"
    for key, value in said.items():
        for one in [value] if isinstance(value, str) else value:
            lines[key] = one
    monkeypatch.setattr(module, "_metadata", lambda name: lines if name == "thing" else None)
    assert module._row("thing", "core", "parts") == ("thing", "1.2", words, strength, "core", "parts")
    assert module._row("other", "data", "tables") == ("other", None, None, "", "data", "tables")


def test_packages_behind_others_are_listed_once_with_all_that_need_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for in an extra alone, is not installed, or is chainnet itself is left out."""
    needs = {
        "a": ["C_d>=1", "chainnet", "b", "gone", 'odd; extra == "test"'],
        "b": ["c.d", "e"],
        "c-d": ["e (>2)"],
        "e": ["A"],
    }
    monkeypatch.setattr(module, "_requires", lambda name: needs.get(name, []))
    monkeypatch.setattr(module, "_metadata", lambda name: None if name == "gone" else Message())
    assert module._behind(["a", "b"]) == {"c-d": ["a", "b"], "e": ["b", "c-d"]}
    assert module._plain(" ") == ""


def test_packages_that_are_named_come_first_by_their_place_and_the_core_before_extras(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ["rich", "numpy>=2", 'typst; extra == "report"', 'typst; extra == "all"', 'pytest; extra == "dev"',
             "typst ; extra=='other'", "unheard"]  # fmt: skip
    monkeypatch.setattr(module, "requires", lambda _: asked)
    monkeypatch.setattr(module, "_behind", lambda named: {"deep": named})
    table = licences()
    assert table.index.tolist() == ["numpy", "rich", "unheard", "typst", "deep"]
    assert table["part"].tolist() == ["core", "core", "core", "report, other", "through others"]
    assert table["used_for"].tolist() == [
        "arrays", "progress on the command line", "", "PDF", "needed by rich, numpy, typst, unheard",
    ]  # fmt: skip

    def nobody(_: str) -> list[str]:
        raise PackageNotFoundError

    monkeypatch.setattr(module, "requires", nobody)
    with pytest.raises(cn.DataError, match=r"^licences: chainnet is not installed here\. Install it: pip install \.$"):
        licences()
