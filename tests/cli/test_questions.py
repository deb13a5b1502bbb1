"""``chainnet --help``: every command once, under a question, in a line that fits."""

from __future__ import annotations

from typing import Any

from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.cli.questions import QUESTIONS


def _commands() -> dict[str, str]:
    """The first paragraph of each command's help."""
    import typer

    root: Any = typer.main.get_command(app)
    return {name: one.help.split("\n\n")[0] for name, one in root.commands.items()}


def test_every_command_stands_under_one_question() -> None:
    listed = [name for names in QUESTIONS.values() for name in names]
    assert len(set(listed)) == len(listed)
    assert set(listed) == set(_commands())


def test_summaries_are_short_sentences() -> None:
    for name, summary in _commands().items():
        assert len(summary) <= 60, f"{name}: {len(summary)} characters: {summary}"
        assert summary[0].isupper()
        assert summary.endswith(".")
        assert not summary.startswith(("Say ", "Ask "))


def test_the_help_names_the_function_where_it_has_another_name() -> None:
    lines = CliRunner().invoke(app, ["--help"]).output.splitlines()
    named = {line.split()[0]: line.rpartition("[")[2].rstrip("]") for line in lines if line.endswith("]")}
    assert named["stress"] == "stress_test"
    assert named["floor"] == "price_floor"
    assert "balance" not in named  # its own name says it
    listed = {name for names in QUESTIONS.values() for name in names}
    assert {name: function for name, function in named.items() if name in listed and function not in cn.__all__} == {
        # on the face of their package
        "break-even": "break_even_floor",
        "check": "coverage",
        "indicators": "indices",
        "init": "write_template",
        "key": "new_key",
        "joint": "joint_ask",
    }
    order = [line for line in lines if line.endswith(("?:", "?"))]
    assert [line.rstrip(":") for line in order] == list(QUESTIONS)
    assert all(len(line) <= 80 for line in lines)
