"""The help of every command ends with an example that runs, and what it prints fits a line."""

from __future__ import annotations

import json
import shlex
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

EXAMPLES = {name: kind.example for name, kind in COMMANDS.items() if kind.__module__.startswith("chainnet.")}
# a second or more each, and a report
DEAR = [
    "alignment", "alliance", "balance", "calibrate", "check", "compare", "draw", "find", "hindcast", "instruments",
    "overview", "report", "reroute", "stress",
]  # fmt: skip
# what others write and these read comes first
LATER = ["prove", "verify", "attack", "bracket", "offer", "joint", "refresh", "scenario new", "stock add", "import"]
# what --table asks for is shown whole
WHOLE = {"check"}
FILES = {
    "costs.csv": "coalition,value\nUSA,4\nJPN,5\nUSA + JPN,6\n",
    "BACI_2022.csv": "t,i,j,k,v,q\n2022,180,156,260500,5000,1500\n2022,156,392,260500,900,200\n2022,36,392,260500,300,100\n",
    "mcs2024-cobal_world.csv": (
        "Source,Country,Type,Prod_t_2022,Prod_t_est_2023,Prod_notes,Reserves_t,Reserves_notes\n"
        'MCS2024,Congo (Kinshasa),"Mine production, cobalt content",130,170,,,\n'
        'MCS2024,Australia,"Mine production, cobalt content",60,46,,,\n'
    ),
}
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
    for name, example in EXAMPLES.items():
        assert example.startswith(f"{name} "), f"{name}: {example!r} is no example of it"
        assert len(f"chainnet {example}") <= LINE, name
        shown: Any = root
        for word in name.split():
            shown = shown.commands[word]
        assert shown.epilog.endswith(f"Example:\n  chainnet {example}"), name
        # it is understood, whether or not it would run
        shown.make_context(name, shlex.split(example)[len(name.split()) :])
    last = CliRunner().invoke(app, ["chokepoints", "--help"]).output.rstrip().splitlines()[-2:]
    assert [line.strip() for line in last] == ["Example:", f"chainnet {EXAMPLES['chokepoints']}"]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::chainnet.errors.ChainnetWarning")
def test_every_example_runs_and_fits_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret.key").write_bytes(bytes(range(32)))
    for file, text in FILES.items():
        Path(file).write_text(text, encoding="utf-8")
    order = sorted(EXAMPLES, key=lambda name: (name in LATER, LATER.index(name) if name in LATER else 0))
    for name in order:
        if name in DEAR:
            continue
        if name == "joint":  # the other parties' offers, as the first one's
            for party in ("china", "rest"):
                given(EXAMPLES["offer"].replace("usa", party))
        said = given(EXAMPLES[name])
        wide = [] if name in WHOLE else [line for line in tables(said) if len(line) > LINE]
        assert wide == [], name


@pytest.mark.slow
@pytest.mark.parametrize("name", DEAR)
def test_the_dear_examples_run_too(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = given(EXAMPLES[name])
    assert name in WHOLE or [line for line in tables(said) if len(line) > LINE] == []


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
