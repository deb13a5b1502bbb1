"""The help of every command ends with an example that runs, and what it prints fits a line."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from chainnet.cli.app import app
from chainnet.cli.common import COMMANDS
from chainnet.cli.output import LINE, Answer, render
from chainnet.errors import ChainnetError

EXAMPLES = {name: kind for name, kind in COMMANDS.items() if kind.__module__.startswith("chainnet.")}
# over a second each
LONG = {
    "alliance", "best-reply", "bracket", "calibrate", "compare", "draw", "find", "hazards", "hindcast", "instruments",
    "overview", "report", "storage", "stress",
}  # fmt: skip
MARKS = {name: [pytest.mark.long] for name in LONG}
# what --table asks for is shown whole
WHOLE = {"check"}
# the main questions, on the teaching chain and on a real one
MAIN = (
    "list",
    "chokepoints {chain}",
    "chokepoints {chain} --by step+country",
    "interdict {chain} --k 2",
    "exposure {chain}",
    "flow {chain}",
    "concentration {chain}",
    "balance {chain} --scenario {scenario}",
    "stress {chain} --scenario {scenario} --months 6",
    "reroute {chain} --scenario {scenario}",
    "portfolio {chain} --scenario {scenario} --budget 300",
    "check {chain}",
    "rules {chain}",
    "hazards {chain}",
    "events {chain}",
)
CHAINS = {"mag-9": "china_out", "gallium": "china_export_stop_all"}


def given(line: str) -> str:
    done = CliRunner().invoke(app, shlex.split(line))
    said = done.exception if isinstance(done.exception, ChainnetError) else done.output[-500:]
    assert done.exit_code == 0, f"chainnet {line}: {said}"
    return done.stdout


def tables(text: str) -> list[str]:
    """The lines of the tables: they are set in."""
    return [line for line in text.splitlines() if line.startswith("  ")]


def test_every_command_has_an_example_of_its_own_in_its_help() -> None:
    root: Any = get_command(app)
    for name, kind in EXAMPLES.items():
        example = kind.example
        assert example.startswith(f"{name} "), f"{name}: {example!r} is no example of it"
        lines = (*kind.first, f"chainnet {example}")
        assert max(map(len, lines)) <= LINE, name
        shown: Any = root
        for word in name.split():
            shown = shown.commands[word]
        assert shown.epilog.endswith("\n  ".join(("Example:", *lines))), name
        # it is understood, whether or not it would run
        shown.make_context(name, shlex.split(example)[len(name.split()) :])
    last = CliRunner().invoke(app, ["verify", "--help"]).output.rstrip().splitlines()[-5:]
    assert [line.strip() for line in last] == [
        "Example:",
        *EXAMPLES["verify"].first,
        f"chainnet {EXAMPLES['verify'].example}",
    ]


# two chains of other minerals share no basis, which is said
@pytest.mark.filterwarnings("ignore:join. the (main commodities|networks name):chainnet.errors.ChainnetWarning")
@pytest.mark.parametrize("name", [pytest.param(n, marks=MARKS.get(n, [])) for n in EXAMPLES])
def test_every_example_runs_in_an_empty_folder_and_fits_a_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = ""
    for line in (*EXAMPLES[name].first, f"chainnet {EXAMPLES[name].example}"):
        if line.startswith("chainnet "):
            said = given(line.removeprefix("chainnet "))
        else:
            subprocess.run(line, shell=True, check=True)
    assert name in WHOLE or [row for row in tables(said) if len(row) > LINE] == []


def test_examples_that_make_something_new_run_in_one_folder_too() -> None:
    """What is there already is not written over, so that each makes something of another name."""
    lines = [line for kind in EXAMPLES.values() for line in (*kind.first, f"chainnet {kind.example}")]
    made = [line.split()[-1] for line in lines if re.match("chainnet (copy|init|key) ", line)]
    assert len(made) == len(set(made)) > 4


@pytest.mark.long
@pytest.mark.parametrize("line", MAIN)
def test_the_main_tables_fit_a_line(line: str) -> None:
    for chain, scenario in CHAINS.items():
        asked = line.format(chain=chain, scenario=scenario)
        assert [row for row in tables(given(asked)) if len(row) > LINE] == [], asked


@pytest.mark.long
def test_projects_come_by_what_they_avoid() -> None:
    line = "reroute gallium --scenario china_export_stop_all"
    rows = json.loads(given(f"{line} --format json"))["tables"]["projects"]
    alone = [row["standalone_t"] for row in rows]
    assert alone == sorted(alone, reverse=True)
    shown = given(line).split("projects (")[1]
    # of equals as many stand in the order of the fair share; ids are never cut, names are
    assert [shown.index(row["id"]) for row in rows] == sorted(shown.index(row["id"]) for row in rows)
    assert "Wagerup gallium plant" in shown


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("balance mag-9 --scenario china_out", "China out: industrial is short 10 of"),
        ("stress mag-9 --months 6 --projects none", "30\u00a0t/yr from month 1. Defence is met."),
        ("chokepoints mag-9 --by country", "Losing China costs most: 40 of 50"),
        ("reroute mag-9 --scenario china_out", "40 on existing links"),
        ("portfolio mag-9 --budget 60 --scenario china_out", "USD 60"),
    ],
)
def test_an_answer_is_drawn_too(line: str, said: str, tmp_path: Path) -> None:
    target = tmp_path / "figure.svg"
    text = given(f"{line} --figure {target}")
    assert text == given(line), "what is printed stays"
    assert said in target.read_text(encoding="utf-8")


def test_a_figure_of_another_kind_or_of_several_answers_is_refused_before_any_work(tmp_path: Path) -> None:
    for words in ("balance mag-9 --figure F.jpg", "stress mag-9 --projects a=G_US --projects none --figure F.svg"):
        done = CliRunner().invoke(app, shlex.split(words.replace("F", str(tmp_path / "f"))))
        assert isinstance(done.exception, ChainnetError)
        assert "--figure" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


WIDE = pd.DataFrame(
    {
        "id": ["a" * 24, "b"],
        "note": ["what is told of it at length, word by word, until nobody reads on", "short"],
        "shortfall_of_the_first_year_tpa": [1.0, 22.5],
        **{f"number_{i}_tpa": [123456.7, 0.0] for i in range(6)},
    }
)


def test_a_table_that_is_too_wide_is_folded_then_cut_then_shortened() -> None:
    labels = {"a" * 24: "A name for people that is long enough to be cut, as it is nothing that anybody copies"}
    text = render(Answer({"rows": WIDE}, {}, {}, (), labels=labels), "table")
    assert max(map(len, text.splitlines())) <= LINE
    assert "a" * 24 in text, "an id is copied from the screen"
    assert "A name for people that is" in text
    heads = text.splitlines()[1:5]
    assert heads[0].split()[:2] == ["id", "label"]
    assert "shortfall_" in heads[0]
    assert "tpa" in " ".join(heads[1:])
    left = int(text.splitlines()[-1].split()[0])
    assert text.splitlines()[-1] == f"  {left} more columns: --table, or --format csv or json"
    assert left == 10 - len([one for one in text.splitlines()[-3].split("  ") if one.strip()])


def test_the_whole_table_is_a_word_away_and_a_narrow_one_stays() -> None:
    text = render(Answer({"rows": WIDE}, {}, {}, ()), "table", "rows")
    assert "number_5_tpa" in text
    assert max(map(len, text.splitlines())) > LINE
    narrow = render(Answer({"rows": WIDE[["id", "number_1_tpa"]]}, {}, {}, ()), "table").splitlines()
    assert narrow[1].split() == ["id", "number_1_tpa"]
    assert len(narrow) == 5
