"""The parts of the command line: how a class becomes a command, how answers become text, the bar on stderr."""

from __future__ import annotations

import inspect
import os
import sys
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli import app as cli
from chainnet.cli import common, options, output, progress, words
from chainnet.cli.common import Command, Counted, Output, Question, app, command
from chainnet.cli.output import Answer, render
from chainnet.cli.progress import progress_bar
from chainnet.engine import Certificate


def test_a_class_becomes_a_command() -> None:
    before = list(app.registered_commands)
    told: list[Any] = []
    try:

        @command("flow.balance", name="greet")
        class Greet(Counted):
            """Say a word.

            Twice.
            """

            word: Annotated[str, typer.Argument(metavar="WORD", help="What is said.")]
            times: Annotated[int, "How often.", options.AtLeast(2)] = 3
            tone: Annotated[Literal["low", "high"], "How high."] = "low"
            to_whom: Annotated[list[str] | None, "Who hears it.", "--to", words.pairs("NAME=NUMBER")] = None

            def _run(self) -> None:
                told.append((self.word, self.times, self.tone, self.given("to_whom"), self.given("commodity")))

        assert Greet.asks == "flow.balance"
        (new,) = app.registered_commands[len(before) :]
        assert (new.name, new.help) == ("greet", "Say a word.\n\nTwice.")
        assert new.callback is not None
        asked = inspect.signature(new.callback).parameters
        assert list(asked) == ["word", "times", "tone", "to_whom", "commodity", "beneficiaries", "debug"]
        assert {one.kind for one in asked.values()} == {inspect.Parameter.KEYWORD_ONLY}
        assert asked["word"].default is ...
        times = asked["times"].default
        assert (times.default, times.param_decls, times.help, times.min) == (3, ("--times",), "How often.", 2)
        assert asked["to_whom"].default.param_decls == ("--to",)
        assert asked["tone"].annotation == Literal["low", "high"]
        assert inspect.get_annotations(new.callback) == {name: one.annotation for name, one in asked.items()}
        shell = CliRunner()
        assert shell.invoke(app, ["greet", "hi", "--to", "x=2", "--tone", "high", "--commodity", "a, b"]).exit_code == 0
        assert shell.invoke(app, ["greet", "hi"]).exit_code == 0
        assert told == [("hi", 3, "high", {"x": 2.0}, ["a", "b"]), ("hi", 3, "low", None, None)]
        assert shell.invoke(app, ["greet"]).exit_code == 2
        assert shell.invoke(app, ["greet", "hi", "--times", "1"]).exit_code == 2
    finally:
        app.registered_commands[:] = before
    assert "greet" not in {info.name for info in app.registered_commands}


def test_without_a_name_a_command_bears_that_of_its_class() -> None:
    before = list(app.registered_commands)
    try:

        @command()
        class Whisper(Output):
            """Say it low."""

        assert Whisper.asks == ""
        assert app.registered_commands[-1].name == "whisper"
        with pytest.raises(NotImplementedError):
            Whisper()._run()
    finally:
        app.registered_commands[:] = before


def test_every_command_has_its_options_in_their_order() -> None:
    group: Any = typer.main.get_command(app)
    balance = {option.name: option for option in group.commands["balance"].params}
    assert list(balance) == [
        "scenario", "reroute", "order", "fair", "graph", "as_of", "laid_rules", "commodity", "beneficiaries",
        "form", "out", "table", "verify", "figure", "debug",
    ]  # fmt: skip
    assert balance["form"].opts == ["--format"]
    assert balance["fair"].help == "Equal fractions inside a tier."
    assert balance["graph"].metavar == "GRAPH"
    assert balance["debug"].help == "Show the traceback of an error."
    root = {option.name: option for option in group.params}
    assert (root["version"].opts, root["version"].help) == (["--version"], "Print the version and stop.")


def test_an_option_says_what_stands_behind_it() -> None:
    class Some:
        plain: str = ""
        long_name: Annotated[int, "Help.", options.AtLeast(0)] = 1
        read: Annotated[str | None, "Words.", words.words] = None
        named: Annotated[list[str], "Several.", "--one", words.words] = ["a"]  # noqa: RUF012

    found = options.options_of(Some)
    assert list(found) == ["long_name", "read", "named"]
    assert found["long_name"] == options.Option(int, "Help.", "--long-name", None, 0)
    assert found["read"] == options.Option(str | None, "Words.", "--read", words.words, None)
    assert found["named"] == options.Option(list[str], "Several.", "--one", words.words, None)


def test_readers_of_words_and_numbers() -> None:
    assert words.words(" a, ,b ") == ["a", "b"]
    assert words.number("1e3", "no") == 1000.0
    with pytest.raises(cn.DataError, match=r"^no$"):
        words.number("x", "no")
    assert words.split_pairs([" a = b = 1 ", "c=2"], "--o", "is odd.", "twice.") == {"a = b": "1", "c": "2"}
    both = words.Numbers("is odd.", "stands beside others.")
    assert both(["3"], "--o") == 3.0
    assert both(["a=3"], "--o") == {"a": 3.0}
    for given, said in {
        ("3", "4"): '--o: "3" stands beside others.',
        ("a=x",): '--o: "a=x" is odd.',
        ("x",): '--o: "x" is odd.',
        ("a=1", "a=2"): '--o: "a" is given twice. Give one number for each.',
    }.items():
        with pytest.raises(cn.DataError) as refused:
            both(given, "--o")
        assert str(refused.value) == said
    assert words.pairs("A=B").rule == "is not of the form A=B."


PROOF = Certificate("p", 2.0, 2.0, 0.0, 1.25e-12, 1e-6)


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (None, "", "n/a"),
        (float("nan"), "", "n/a"),
        (pd.NA, "", "n/a"),
        (True, "", "yes"),
        (False, "", "no"),
        (2030.0, "start_year", "2030"),
        (2030, "year", "2030"),
        (2030, "", "2030"),
        (1234.5678, "", "1,234.57"),
        (999999.4, "", "999,999"),
        (1e6, "", "1,000,000"),
        (-2.5e6, "", "-2,500,000"),
        (999999.7, "", "1,000,000"),
        (0.0000123456, "", "0.0000123456"),
        (3.47e-07, "", "<0.000001"),
        (-3.47e-07, "", ">-0.000001"),
        (-0.0, "", "0"),
        (float("inf"), "", "no limit"),
        (float("inf"), "time_to_survive", "never short"),
        (float("inf"), "time_to_recover", "never"),
        (float("inf"), "alone_t", "no amount"),
        ([], "", "none"),
        (["a", 2], "", "a, 2"),
        (("a",), "", "a"),
        ("a\tb\x1b", "", "a?b?"),
    ],
)
def test_cells(value: Any, column: str, text: str) -> None:
    assert output._cell(value, column) == text


def test_a_certificate_is_said_in_one_line() -> None:
    assert output._cell(PROOF) == "holds (gap 0, largest breach 1.2e-12)"
    second = Certificate("p", 2.0, 2.0, 0.5, 0.0, 1e-6, 2.5)
    assert output._cell(second) == "FAILS (gap 5.0e-01, largest breach 0, second solver 2.5)"
    plain = output._plain(PROOF)
    assert plain["ok"] is True
    assert (plain["problem"], plain["violation"]) == ("p", 1.25e-12)


def test_answers_as_text() -> None:
    rows = pd.DataFrame({"id": ["a", "b"], "word": ["x" * 61, None], "amount": [1.0, 22.5]}).set_index("id")
    empty = pd.DataFrame({"id": []})
    answer = Answer({"rows": rows, "none": empty}, {"sum": 23.5}, {}, ("rows", "none"))
    wide = 60 * "-"
    assert render(answer, "table") == (
        "sum: 23.5\n\nrows (2 rows)\n"
        f"  id  word{' ' * 56}  amount\n  --  {wide}  ------\n"
        f"  a   {'x' * 59}…       1\n  b   n/a{' ' * 57}    22.5\n"
        "\nnone (0 rows)\n  (no rows)\n"
    )
    assert render(answer, "table", "none") == "sum: 23.5\n\nnone (0 rows)\n  (no rows)\n"
    assert render(Answer({"none": empty, "rows": rows}, {}, {}, ()), "table") == "none (0 rows)\n  (no rows)\n"
    borne = {
        "status": "bounded, not proved best",
        "rests_on": {"quality": "inferred", "n_weakest": 2, "n_limiting": 3},
    }
    last = render(Answer({"none": empty}, {}, borne, ()), "table").splitlines()[-2:]
    assert last == ["", "bounded, not proved best; rests on inferred inputs (2 of the 3 that bind)"]
    assert render(answer, "csv", "rows").splitlines() == ["id,word,amount", f"a,{'x' * 61},1", "b,,22.5"]
    assert render(Answer({"é": empty}, {"a": float("inf")}, {}, ()), "json") == (
        '{\n "a": "no limit",\n "tables": {\n  "é": []\n },\n "columns": {\n  "é": {}\n },\n "provenance": {}\n}\n'
    )
    with pytest.raises(cn.DataError) as refused:
        render(answer, "csv", "row")
    assert str(refused.value) == '--table: unknown table "row"; did you mean "rows"? Known: rows, none.'


def test_names_that_differ_differ_when_they_are_cut() -> None:
    """Beside each other on a line they are cut: at the end, in the middle where the ends differ, or elsewhere."""
    head, far = "demand of the country: radar, electronics and ", " and all that is bought for it"
    names = [f"{head}chips", f"{head}lasers", f"a{'b' * 70}c{'b' * 70}", f"a{'b' * 70}d{'b' * 70}", f"zinc{far}{far}"]
    rows = pd.DataFrame({"label": names, "what": ["x" * 60] * 5, "more": ["y" * 40] * 5})
    shown = [line.split("  ")[1] for line in render(Answer({"t": rows}, {}, {}, ()), "table").splitlines()[3:8]]
    assert len(set(shown)) == 5
    assert max(map(len, shown)) == len(shown[4]), "none is wider than its column"
    assert shown[0].endswith("chips")
    assert shown[0].startswith("demand of")
    assert shown[4].startswith("zinc")
    assert shown[4].endswith("…")


def test_shares_are_percent_and_times_bear_their_unit_for_people_alone(mag9: cn.Network) -> None:
    rows = pd.DataFrame({"lost_share": [0.299065, -0.5], "low_share": [1.0, float("nan")], "n": [2.5, 3.5]})
    answer = Answer({"t": rows}, {"assumed_demand_share": 0.25}, {}, ())
    text = render(answer, "table").splitlines()
    assert text[0] == "assumed_demand_share: 25 %"
    assert [line.split() for line in text[-2:]] == [
        ["30", "%", "100", "%", "2.5"],
        ["\u221250", "%", "n/a", "3.5"],
    ]
    assert '"lost_share": 0.299065' in render(answer, "json")
    assert "0.299065" in render(answer, "csv")
    months = cn.stress_test(mag9, months=2).summary[["time_to_survive"]]
    assert "time_to_survive (months)" in render(Answer({"t": months}, {}, {}, ()), "table")
    periods = cn.risk_exposure(mag9, 1)[["time_to_survive"]]
    assert "time_to_survive (periods)" in render(Answer({"t": periods}, {}, {}, ()), "table")
    assert "(" not in render(Answer({"t": periods}, {}, {}, ()), "csv")


def test_plain_values_for_json() -> None:
    assert output._plain({1: {2.5}, "b": (None, float("nan"), float("-inf"))}) == {
        "1": [2.5],
        "b": [None, None, "no limit"],
    }
    assert output._plain(pd.Series([3]).iloc[0]) == 3
    assert output._plain(Path("a")) == "a"
    assert output._plain(True) is True


def test_short_work_says_nothing_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("work") as step:
        step("half", 0.5)
        step("done", 1.0)
    assert capsys.readouterr().err == ""


def test_long_work_says_plain_lines_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    with progress_bar("work") as step:
        for seconds, name, part in [(1, "a", 0.01), (3, "b", 0.02), (7, "c", 0.03), (60, "d", 0.25), (240, "e", 1.0)]:
            now[0] = 100.0 + seconds
            step(name, part)
    assert capsys.readouterr().err.splitlines() == [
        "... 2 %, 0:03 passed, b",
        "... 25 %, 1:00 passed, about 3:00 left, d",
        "... 100 %, 4:00 passed, e",
    ]


def test_a_bar_where_people_look(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    now = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    with progress_bar("work") as step:
        step("at once", 0.1)
    assert capsys.readouterr().err == ""  # short work draws nothing
    with progress_bar("work") as step:
        now[0] += 8.0
        step("half", 0.5)
        step("done\x1b[2J", 1.0)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "done?[2J" in shown.err
    assert "0:00:0" in shown.err


def test_stopped_work_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    def work(*said: str) -> None:
        with progress_bar("work") as step:
            step("2 of 7: sets", 2 / 7)
            raise KeyboardInterrupt(*said)

    with pytest.raises(KeyboardInterrupt, match=r"^done so far: 2 of 7: sets$"):
        work()
    with pytest.raises(KeyboardInterrupt, match=r"^1 of 2 done$"):
        work("1 of 2 done")
    assert capsys.readouterr().err == ""


def test_work_that_is_silent_for_long_says_what_it_is_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("_PATIENCE_S", "_AGAIN_S"):
        monkeypatch.setattr(progress, name, 0.02)
    said = threading.Event()
    monkeypatch.setattr(progress, "print", lambda *_a, **_k: said.set(), raising=False)
    with progress.patience("balance"):
        assert said.wait(timeout=60)  # no bar at all
        said.clear()
        with progress_bar("work") as step:
            step("0 of 7: sets", 0.0)
            said.clear()
            assert said.wait(timeout=60)  # a bar that hears nothing
    assert capsys.readouterr().out == ""


def test_tracebacks_only_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAINNET_DEBUG", raising=False)
    common._show_tracebacks(False)
    assert "CHAINNET_DEBUG" not in os.environ
    common._show_tracebacks(True)
    assert os.environ.pop("CHAINNET_DEBUG") == "1"


def test_an_error_ends_with_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("CHAINNET_DEBUG", raising=False)
    monkeypatch.setattr(sys, "argv", ["chainnet", "--version"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code in (0, None)
    assert capsys.readouterr().out.startswith("chainnet ")


def test_a_question_reads_its_graph_once(mag9: cn.Network) -> None:
    asked = Question(graph="mag-9")
    assert asked.network is asked.network
    assert asked.network.digest == mag9.digest
    assert Command().out is None


def test_a_question_takes_the_date_at_which_the_chain_stands(rare_earths: cn.Network) -> None:
    group: Any = typer.main.get_command(app)
    asks = [one for one in group.commands.values() if "graph" in {option.name for option in one.params}]
    told = [option.help for one in asks for option in one.params if "--as-of" in option.opts]
    assert len(told) >= 20
    assert {one.name for one in asks if "as_of" not in {o.name for o in one.params}} <= {
        "calibrate",  # it writes tables
        "events",  # each has a date of its own
        "hindcast",
    }
    for day, meant in (("2027-06", "2027-06-30"), ("base", None), (None, "2026-11-30")):
        found = Question(graph="rare-earths", as_of=day).network
        assert (found.as_of, found.digest) == (meant, rare_earths.at(meant).digest)
    shell = CliRunner()
    found = shell.invoke(app, ["flow", "rare-earths", "--as-of", "2026", "--format", "json"])
    assert '"est_narva": "2025"' in found.stdout
    wrong = shell.invoke(app, ["flow", "mag-9", "--as-of", "soon"])
    assert isinstance(wrong.exception, cn.DataError)
    # "base" is a date alone: of any other option it is a word like any other
    wrong = shell.invoke(app, ["chokepoints", "mag-9", "--tier", "base"])
    assert isinstance(wrong.exception, cn.DataError)
