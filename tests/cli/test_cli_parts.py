"""The parts of the command line: how a class becomes a command, how answers become text, the bar on stderr."""

from __future__ import annotations

import inspect
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli import app as cli
from chainnet.cli import (
    blocs,
    common,
    criticality,
    doubt,
    files,
    options,
    output,
    plans,
    prices,
    progress,
    projects,
    sharing,
    sharing_joint,
    stress,
    trade,
    words,
)
from chainnet.cli.common import Command, Counted, Output, Question, app, command
from chainnet.cli.output import Answer, render
from chainnet.cli.progress import progress_bar
from chainnet.engine import Certificate
from chainnet.flow import Counting


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
    assert found["long_name"] == options.Option(int, "Help.", "--long-name", None, 0, None)
    assert found["read"] == options.Option(str | None, "Words.", "--read", words.words, None, None)
    assert found["named"] == options.Option(list[str], "Several.", "--one", words.words, None, None)


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


# -- readers of options: what they give, and what they say of what is none of their form ----------------

READ: list[tuple[Callable[..., Any], Any, Any]] = [
    (words.several, ["a, b", "c"], ["a", "b", "c"]),
    (words.names, "USA; JPN,EU27 ", ["USA", "JPN", "EU27"]),
    (words.order, "allies_last", "allies_last"),
    (blocs._named, ["us = USA, JPN", "cn=CHN"], {"us": ["USA", "JPN"], "cn": ["CHN"]}),
    (sharing._aliases, ["ore=metal:0.5", "slag=metal"], {"ore": ("metal", 0.5), "slag": "metal"}),
    (sharing._rules, "newer, grade", ["newer", "grade"]),
    (sharing_joint._parties, ["a=JPN,EU27"], {"a": ["JPN", "EU27"]}),
    (prices._sizes, "0.5", 0.5),
    (prices._sizes, "0.5:0.7", (0.5, 0.7)),
    (prices._sizes, "ore=0.1:0.2, ore/civilian = 0.3", {"ore": (0.1, 0.2), ("ore", "civilian"): 0.3}),
    (prices._acts, "USA=leads, JPN/ore=0.5, CHN=2, EU27=0.5.1", {"USA": "leads", ("JPN", "ore"): 0.5, "CHN": 2.0, "EU27": "0.5.1"}),
    (projects._horizon, "2027, 2035", (2027, 2035)),
    (projects._stocks, ["m , ore=2", "m,alloy=3@40", "m=5"],
     {"stock ore m": {"kind": "stock", "node": "m", "commodity": "ore", "most_t": 2.0},
      "stock alloy m": {"kind": "stock", "node": "m", "commodity": "alloy", "most_t": 3.0, "usd_per_t": 40.0},
      "stock m": {"kind": "stock", "node": "m", "commodity": "", "most_t": 5.0}}),
    (options._renames, ["Name = id"], {"Name": "id"}),
    (options._mark, "\\t", "\t"),
    (options._mark, "tab", "\t"),
    (options._mark, ";", ";"),
    (trade._countries, ["Holland=NLD"], {"Holland": "NLD"}),
]  # fmt: skip
REFUSED: list[tuple[Callable[..., Any], Any, str]] = [
    (blocs._named, ["USA"], '--o: "USA" is not of the form NAME=COUNTRIES, such as us=USA,JPN,EU27.'),
    (blocs._named, ["us=USA", "us=JPN"], '--o: "us" stands twice. Name each bloc once.'),
    (sharing._aliases, ["ore"], '--o: "ore" is not of the form COMMODITY=OTHER or COMMODITY=OTHER:TONNES.'),
    (sharing._aliases, ["ore=metal:x"],
     '--o: "ore=metal:x" is not of the form COMMODITY=OTHER or COMMODITY=OTHER:TONNES.'),
    (sharing._aliases, ["ore=a", "ore=b"], '--o: "ore" stands twice. Name each commodity once.'),
    (sharing_joint._parties, ["USA"], '--o: "USA" is not of the form NAME=COUNTRIES, such as usa=USA or allies=JPN,EU27.'),
    (sharing_joint._parties, ["a=USA", "a=JPN"], '--o: "a" stands twice. Name each party once.'),
    (sharing_joint._keys, ["USA"], '--o: "USA" is not of the form PARTY=FILE, such as usa=usa.key.pub.'),
    (sharing_joint._keys, ["a=x", "a=y"], '--o: "a" stands twice. Give one key of each party.'),
    (prices._sizes, "1:2:3", '--o: "1:2:3" is no size; give a number, LOW:HIGH, or NAME=either, split by commas.'),
    (prices._sizes, "a=x", '--o: "a=x" is no size; give a number, LOW:HIGH, or NAME=either, split by commas.'),
    (prices._sizes, "a=1,a=2", '--o: "a" is given twice. Give one size for each.'),
    (prices._acts, "leads", '--o: "leads" is not of the form NAME=HOW.'),
    (prices._acts, "a=1,a=2", '--o: "a" is given twice. Say it once.'),
    (prices._curves, "curves", '--o: "curves" is no CSV file. Give a file whose name ends in .csv.'),
    (projects._horizon, "2027", '--o: "2027" is no pair of years; give FIRST,LAST, such as 2027,2035.'),
    (projects._horizon, "2027,soon", '--o: "2027,soon" is no pair of years; give FIRST,LAST, such as 2027,2035.'),
    (projects._stocks, ["m,ore"], '--o: "m,ore" is not of the form NODE,COMMODITY=TONNES.'),
    (projects._stocks, ["m,ore=1@x"], '--o: "x" is no number.'),
    (projects._stocks, ["m,ore=1", "m,ore=2"], '--o: "m,ore" is given twice. Name it once.'),
    (options._renames, ["id"], '--o: "id" is not of the form OLD=NEW: a column as it stands, and a column of the tables.'),
    (options._renames, ["a=b", "a=c"], '--o: "a" is given twice.'),
    (trade._countries, ["NLD"], '--o: "NLD" is not of the form NAME=CODE.'),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "given", "found"), READ)
def test_what_stands_behind_an_option_is_read(reader: Callable[..., Any], given: Any, found: Any) -> None:
    assert reader(given, "--o") == found


@pytest.mark.parametrize(("reader", "given", "said"), REFUSED)
def test_what_is_none_of_the_form_of_an_option_is_told_with_it(
    reader: Callable[..., Any], given: Any, said: str
) -> None:
    with pytest.raises(cn.DataError) as refused:
        reader(given, "--o")
    assert str(refused.value) == said


def test_sets_of_projects_have_a_name_each() -> None:
    assert doubt._sets(["a=p, q", "b=r"]) == {"a": ["p", "q"], "b": ["r"]}
    with pytest.raises(cn.DataError, match=r'^--portfolio: "a" is named twice; give each set a name of its own\.$'):
        doubt._sets(["a=p", "a=q"])
    with pytest.raises(cn.DataError, match=r'^--portfolio: "p" is not of the form NAME=ID,ID\.$'):
        doubt._sets(["p"])
    assert doubt._scenario("china_out") == "china_out"


def test_products_of_trade_have_a_content_and_more_behind_it(tmp_path: Path) -> None:
    assert trade._products(None, None) == {}
    assert trade._products(["2605 = 0.08: ore ", "81=1:metal:0.9", "82=:slag"], None) == {
        "2605": {"content": "0.08", "commodity": "ore"},
        "81": {"content": "1", "commodity": "metal", "recovery": "0.9"}, "82": {"commodity": "slag"},
    }  # fmt: skip
    assert trade._products([], tmp_path) == tmp_path
    for given in (["2605"], ["83="], ["=0.08"], ["81=1", "81 =2"]):
        with pytest.raises(cn.DataError) as refused:
            trade._products(given, None)
        assert str(refused.value) == (
            f'--product: "{given[-1]}": write CODE=CONTENT, each code once, such as 2605=0.08:ore.'
        )
    with pytest.raises(cn.DataError, match=r"^--product: stands beside --products\. Give one of the two\.$"):
        trade._products(["81=1"], tmp_path)


def test_files_behind_options_are_told_by_their_name(tmp_path: Path) -> None:
    for name, text in (("order.csv", "stage,word\n1,a\n"), ("curves.csv", "good,low_usd_per_t,note\nore,2,\n,,x\n"),
                       ("bad.json", "{"), ("bad.csv", "good,usd_per_t\nore,much\n"), ("odd.csv", "a\n1,2\n")):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert words.order(str(tmp_path / "order.csv")).to_numpy().tolist() == [["1", "a"]]
    (tmp_path / "ORDER.CSV").write_text("stage\n2\n", encoding="utf-8")
    assert words.order(str(tmp_path / "ORDER.CSV")).to_dict("list") == {"stage": ["2"]}
    told = {"bad.json": sharing.read_json, "odd.csv": lambda path: words.order(str(path))}
    for name, reader in told.items():
        with pytest.raises(cn.DataError, match=f"^{name}|\\n  {name}"):
            reader(tmp_path / name)
    with pytest.raises(cn.DataError, match=r'^--o: usd_per_t "much" is no number\.$'):
        prices._curves(str(tmp_path / "bad.csv"), "--o")
    (tmp_path / "curves.csv").write_text("good,low_usd_per_t,note\nore,2,\ntin,3.5,x\n", encoding="utf-8")
    read = prices._curves(str(tmp_path / "curves.csv"), "--o")
    assert read.to_numpy().tolist() == [["ore", 2.0, None], ["tin", 3.5, "x"]]


def test_recovery_times_are_of_all_of_some_or_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "times.csv"
    path.write_text("id,periods\na,2\n0b,0.5\n", encoding="utf-8")
    read = criticality._recovery
    assert (read(None, "node"), read(["3"], "node")) == (1.0, 3.0)
    assert read(["a=2", "b=3"], "node") == {"a": 2.0, "b": 3.0}
    assert read([str(path)], "node") == {"a": 2.0, "0b": 0.5}
    assert read(["a, b=2"], "edge") == read(["a, b=2"], "stage+country") == {("a", "b"): 2.0}
    for text, said in (
        ("id,weeks\na,2\n", "--recovery: the columns of times.csv are id, weeks; write id, periods."),
        ("id,periods\na,2\na,3\n", f'--recovery: "a" in times.csv row 3 {criticality.PERIODS.twice}'),
        ("id,periods\na,x\n", f'--recovery: "times.csv row 2, a: x" {criticality.PERIODS.rule}'),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(cn.DataError) as refused:
            read([str(path)], "node")
        assert str(refused.value) == said
    said_of = [criticality._said(*one) for one in ((None, 1.0), (["a=2"], "by row"), (["1"], 1.0), (["2.5"], 2.5))]
    assert said_of == [
        "1 period for all (default; give --recovery)", "as given by row, 0 periods for the rest", "1 period for all",
        "2.5 periods for all",
    ]  # fmt: skip


def test_the_largest_loss_and_cost_are_named_with_how_many_cost_as_much() -> None:
    ends = pd.DataFrame(
        {"lost_tpa": [4.0, 0.0], "lost_share": [0.25, 0.0], "base_tpa": [16.0, 16.0], "name": ["m", "n"], "n_tied": [2, 0]},
        index=["allies_first", "allies_last"],
    )  # fmt: skip
    assert criticality._loss_at_ends(ends, {"m": "Mine"}) == {
        "ends": "largest loss 4 t/yr (25 % of 16; Mine and 2 more) if the others are served after, 0 t/yr if before"
    }
    costs = pd.DataFrame({"cost_usd": [8.0, 8.0, 3.0]}, index=["m", "n", "o"])
    assert criticality._cost(costs, "USD", {"m": "Mine"}) == "8 USD (Mine and 1 more)"
    assert criticality._cost(costs.iloc[2:], "USD", {}) == "3 USD (o)"
    pairs = costs.set_axis(pd.MultiIndex.from_tuples([("a", "b"), ("c", "d"), ("e", "f")]))
    assert criticality._cost(pairs.iloc[:1], "USD", {}) == "8 USD (a / b)"
    assert criticality._cost(costs.iloc[:0], "USD", {}) == criticality._cost(costs * 0, "USD", {}) == "0 USD"
    assert [criticality._edge(text) for text in ("a -> b, c", "a , b")] == [("a", "b, c"), ("a", "b")]
    assert [criticality._word(one) for one in (("a", "b"), "a")] == ["a -> b", "a"]


def test_months_are_dates_where_the_first_is_given() -> None:
    table = pd.DataFrame({"worst_month": [1.0, 13.0, float("nan"), float("inf")], "months": [1.0, 2.0, 3.0, 4.0]})
    table.attrs["provenance"] = {"graph": "g"}
    assert stress.dated({"t": table}, None)["t"] is table
    told = stress.dated({"t": table.rename_axis("row")}, "2026-12")["t"]
    assert told["row"].tolist() == [0, 1, 2, 3]
    assert told["months"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert told["worst_month"].tolist()[:2] == ["2026-12", "2027-12"]
    assert told["worst_month"].isna().tolist() == [False, False, True, True]
    assert told.attrs == table.attrs
    assert table["worst_month"].tolist()[:2] == [1.0, 13.0]


def test_a_shortfall_within_the_tolerance_of_an_answer_is_none() -> None:
    summary = pd.DataFrame(
        {"demand_t": [1e6, 1e6], "shortfall_t": [1e-3, 5.0], "shortfall_first_tpa": [-1e-3, -5.0], "n": [1, 2]}
    )
    summary.attrs["provenance"] = {"graph": "g"}
    told = stress._settled(summary)
    assert told.to_dict("list") == {
        "demand_t": [1e6, 1e6],
        "shortfall_t": [0.0, 5.0],
        "shortfall_first_tpa": [0.0, -5.0],
        "n": [1, 2],
    }
    assert told.attrs == summary.attrs
    assert summary["shortfall_t"].tolist() == [1e-3, 5.0]


# -- tables as people see them --------------------------------------------------------------------------


def test_rows_that_hold_nothing_are_counted_in_words() -> None:
    rows = pd.DataFrame({"id": list("abc"), "lost": [-2.0, 0.0, 1e-12]})
    seen, said = output._busy(rows, "lost", "plants cost nothing")
    assert (seen["id"].tolist(), said) == (["a"], ["  2 more plants cost nothing: --format csv or json"])
    seen, said = output._busy(rows * {"id": 1, "lost": 0}, "lost", "plants cost nothing")
    assert (len(seen), said) == (0, ["  3 plants cost nothing: --format csv or json"])
    assert output._busy(rows.iloc[:1], "lost", "plants")[1] == []
    assert output._busy(rows.iloc[:0], "lost", "plants")[1] == []


def test_names_stand_behind_the_ids_that_have_any() -> None:
    links = pd.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "t": [1, 2]})
    told = output._labelled(links, {"a": "Mine A", "c": "User C"})
    assert list(told) == ["source", "target", "t", "source_label", "target_label"]
    assert told["source_label"].fillna("").tolist() == ["Mine A", ""]
    assert told["target_label"].fillna("").tolist() == ["", "User C"]
    assert output._labelled(links, {"x": "X"}) is links
    plants = pd.DataFrame({"n": [1], "node": ["a"], "t": [2]})
    assert list(output._labelled(plants, {"a": "Mine A"})) == ["n", "node", "label", "t"]
    named = plants.assign(label="own")
    assert output._labelled(named, {"a": "Mine A"}) is named


def test_of_a_table_too_wide_for_a_line_the_last_columns_go_and_of_ends_both() -> None:
    head = [f"amount_{i:02}_of_all_that_is_asked" for i in range(9)]
    frame = pd.DataFrame([[1234.5] * 9 + [1.0, 2.0, 3.0]], columns=[*head, "share_low_tpa", "share_high_tpa", "last"])
    text, n = output._fitted(frame)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[-1].split() == ["1,234.5"] * 9
    assert n == 9, "of a low end and a high one both are left out"
    assert [line.split()[0] for line in lines[:-2]] == ["amount_", "00_of_", "all_", "that_is_", "asked"]
    assert output._fitted(frame.iloc[:0]) == ("  (no rows)", 12)
    seen = output._seen(frame.assign(blank=None), (), fits=True)
    assert seen[1:] == ["  no value in any row: blank", "  3 more columns: --table, or --format csv or json"]
    assert output._seen(frame, ("last", "gone"), fits=True)[-1] == "  11 more columns: --table, or --format csv or json"
    wide = output._seen(frame, (), fits=False)
    assert len(wide) == 1
    assert len(wide[0].splitlines()[0]) > 200


def test_texts_that_are_alike_are_cut_so_that_they_differ() -> None:
    assert output._clipped(["abcdefghij", "abc"], 6) == ["abcde…", "abc"]
    assert output._clipped(["abcdefghijklXYZ", "abcdefghijklXYW"], 10) == ["abcd…klXYZ", "abcd…klXYW"]
    assert output._cut("abcdefghij", 6, 2) == "abc…ij"
    assert output._cut("abcdef", 6, 2) == "abcdef"


def test_of_work_under_way_the_rest_is_told_once_it_can_be_guessed() -> None:
    assert [progress._clock(s) for s in (0.4, 59.6, 61, 3600)] == ["0:00", "1:00", "1:01", "60:00"]
    said = [
        progress._left(*one) for one in ((10.0, 0.05), (10.0, 0.049), (1.9, 0.5), (2.0, 0.5), (10.0, 1.0), (30.0, 0.75))
    ]
    assert said == ["about 3:10 left", "", "", "about 0:02 left", "", "about 0:10 left"]


@pytest.mark.parametrize(
    ("given", "measure"),
    [
        (["kind=scale", "share=0.5", "months=6"], {"kind": "scale", "share": 0.5, "months": 6}),
        (["where.country=China, !Japan", "where.step=mine", "nodes=a, b"],
         {"where": {"country": ["CHN", "!JPN"], "step": "mine"}, "nodes": ["a", "b"]}),
        (["where.country=bloc_2026", "start=2027-03"], {"where": {"country": "bloc_2026"}, "start": "2027-03"}),
    ],
)  # fmt: skip
def test_a_measure_is_read_word_by_word(given: list[str], measure: dict[str, Any]) -> None:
    assert plans._measure(given) == measure


def test_a_measure_that_names_a_key_both_ways_is_refused() -> None:
    with pytest.raises(cn.DataError) as refused:
        plans._measure(["where=a", "where.country=CHN"])
    assert str(refused.value) == 'KEY=VALUE: "where" stands with and without ".country". Leave one of the two out.'


def test_a_thing_is_found_by_its_id_or_its_one_label() -> None:
    table = pd.DataFrame({"id": ["a", "b", "c"], "label": ["Mine", "Works", "works"]})
    assert [plans._id_of(word, table, "--at") for word in ("a", "mine")] == ["a", "a"]
    with pytest.raises(cn.DataError, match=r'^--at: "Works" is the label of b and c\. Give the id\.$'):
        plans._id_of("Works", table, "--at")
    with pytest.raises(
        cn.DataError, match=r'^--at: unknown id or label "mines"; did you mean "Mine"\? Known: a, b, c, Mine,'
    ):
        plans._id_of("mines", table, "--at")
    for name in ("a b", "", "x" * 101, "../a"):
        with pytest.raises(cn.DataError, match=r"^NAME: .* makes no file name\. Letters, digits, _ and -\.$"):
            plans._file_name(name)
    assert plans._file_name("a_b-1") == "a_b-1"


def test_a_page_of_months_has_those_of_the_finding_and_the_long_run_with_new_suppliers(
    mag9: cn.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, asked, counting = cn.scenarios(mag9)["china_out"], [], Counting.of(mag9)
    monkeypatch.setattr("chainnet.flow.long_runs", lambda *given: given)

    def flows(months: int | None, first: cn.Scenario | None) -> dict[str, Any]:
        draw = files.Draw(graph="mag-9", months=months)
        draw.ask = lambda what, **given: asked.append((what, given))  # type: ignore[method-assign, assignment]
        return draw._flows(counting, first)

    others = [one.name for one in cn.scenarios(mag9).values() if one.name != "china_out"]
    (_, several, *how) = flows(None, scenario)["result"]
    assert [one.name if one else "" for one in several] == ["china_out", "", *others]
    assert how == [counting, "new"]
    assert len(flows(None, None)["result"][1]) == len(others) + 2
    assert asked == []
    assert flows(6, scenario)["long_run"][1:] == ([scenario], counting, "new")
    assert asked == [("stress.stress_test", {"scenarios": [scenario], "reroute": "new"})]
    assert flows(6, None)["long_run"][1:] == ([None], counting, "new")
    assert asked[-1] == ("stress.stress_test", {"scenarios": [], "reroute": "new"})


@pytest.mark.parametrize(("form", "all_columns"), [("table", False), ("json", True)])
def test_people_see_of_a_third_country_who_chooses_what_and_what_it_is_worth(form: Any, all_columns: bool) -> None:
    """A table that is named, and what goes to a program, has all columns."""
    shown = [
        "country",
        "choice",
        "us_best_tpa",
        "value_added_low_usd",
        "worked_low_tpa",
        "us_short_tpa",
        "dominated_by",
    ]
    choices = pd.DataFrame(columns=[*shown, "label", "ore_tpa"])
    told: list[Any] = []

    def columns(unpriced: list[str], **more: Any) -> tuple[list[str], Any]:
        found = SimpleNamespace(tables=lambda: {"choices": choices}, unpriced=unpriced)
        asks = blocs.Partners(graph="mag-9", blocs=["us=USA", "them=CHN"], form=form, **more)
        asks.ask = lambda **given: told.append(given) or found  # type: ignore[method-assign, assignment, func-returns-value]
        asks.say = lambda _, tables, shown: told.append((tables, shown))  # type: ignore[method-assign, assignment]
        asks._run()
        tables, seen = told.pop()
        return list(tables["choices"]), seen

    every = list(choices)
    assert columns([]) == (every if all_columns else shown, ("choices", "leverage", "ban"))
    assert told.pop() == {"projects": (), "choices": None}
    assert columns(["ore"], table="choices", projects=["all"]) == (every, ("choices", "leverage", "ban", "unpriced"))
    assert told.pop() == {"projects": None, "choices": None}
    columns([], projects=["p"], choices=["own_use", "joins_us", "as_is", "china_out"])
    (asked,) = told
    assert asked["projects"] == ["p"]
    assert asked["choices"][:3] == ["own_use", "joins_us", "as_is"]
    assert asked["choices"][3].name == "china_out"


def test_an_answer_goes_in_the_form_that_its_file_says() -> None:
    def form(out: str | None, asked: Any = "table") -> str:
        return Output(out=None if out is None else Path(out), form=asked).asked_form()

    files_ = (None, "a.csv", "a.JSON", "a.txt", "folder")
    assert [form(out) for out in files_] == ["table", "csv", "json", "table", "table"]
    assert [form(out, "csv") for out in (None, "a.csv", "folder")] == ["csv"] * 3
    for asked, said in (
        (
            ("a.xml",),
            '--out: unknown format ".xml". Known: .csv, .json, .txt. Or leave the suffix out, and give --format.',
        ),
        (("a.csv", "json"), '--out: ".csv" says csv, --format says json. Leave one of them out.'),
    ):
        with pytest.raises(cn.DataError) as refused:
            form(*asked)
        assert str(refused.value) == said


def test_a_page_goes_in_the_kind_that_its_file_says() -> None:
    def kind(out: str | None, asked: Any = None, table: str | None = None) -> str:
        return common.PageOutput(out=None if out is None else Path(out), kind=asked, table=table).asked_kind()

    kinds = [kind(out) for out in (None, "a.html", "a.MD", "a.csv", "a.json", "a.txt", "folder")]
    assert kinds == ["table", "html", "md", "csv", "json", "table", "table"]
    assert (kind("a", "md"), kind("a.json", "json"), kind("a.csv", table="rows")) == ("md", "json", "csv")
    for asked, said in (
        (
            ("a.pdf",),
            '--out: unknown format ".pdf". Known: .html, .md, .csv, .json, .txt. Or leave the suffix out, and give --format.',
        ),
        (("a.csv", "json"), '--out: ".csv" says csv, --format says json. Leave one of them out.'),
        ((None, "md", "rows"), "--table: --format md shows all there is; ask for table or csv."),
        (("a.html", None, "rows"), "--table: --format html shows all there is; ask for table or csv."),
    ):
        with pytest.raises(cn.DataError) as refused:
            kind(*asked)
        assert str(refused.value) == said


def test_projects_that_start_after_the_horizon_are_told_with_their_years() -> None:
    projects_ = pd.DataFrame(
        {"id": ["a", "b", "c", "d"], "start_year": [2027.0, 2028.0, 2030.0, 2031.0], "start": None}
    )
    asked = SimpleNamespace(network=SimpleNamespace(projects=projects_), start="2027-01", months=12)
    with pytest.warns(cn.ChainnetWarning) as caught:
        stress._tell_late(asked, ["a", "b", "d"])
    assert [str(one.message) for one in caught] == [
        "--projects: starts after the horizon, and changes nothing: b (2028), d (2031)."
    ]
    asked.months = 13
    stress._tell_late(asked, ["a", "b"])


def test_sets_of_projects_side_by_side_have_names_or_bear_their_ids() -> None:
    network = SimpleNamespace(projects=pd.DataFrame({"id": ["a", "b"], "start_year": [2026.0, 2026.0], "start": None}))
    asked = SimpleNamespace(
        network=network, start="2027-01", months=12, projects=["both = a, b", "a", "every=all", "none"]
    )
    assert stress._sets(asked) == {"both": ["a", "b"], "a": ["a"], "every": ["a", "b"], "none": None}
    asked.projects = None
    assert stress._sets(asked) == {"none": None}
    asked.projects = ["a=b", "a"]
    with pytest.raises(cn.DataError) as refused:
        stress._sets(asked)
    assert str(refused.value) == '--projects: the set "a" is given twice. Give each a name, as NAME=IDS.'
    told = [stress._on_stream(SimpleNamespace(network=network, projects=one)) for one in (None, "all", "b, a")]
    assert told == [None, ["a", "b"], ["b", "a"]]


def test_what_a_drawing_asks_beside_the_flows(mag9: cn.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """The losses without and with the scenario of the finding, of all and of its tier; what projects gain, if asked."""
    first, asked = cn.scenarios(mag9)["china_out"], []

    def drawn(lead: cn.Scenario | None, tier: str | None, **more: Any) -> dict[str, Any]:
        finding = SimpleNamespace(
            tier=tier,
            scenario=lead,
            answers=SimpleNamespace(named=lambda word: word),
            to_dict=lambda brief: {"brief": brief},
        )
        draw = files.Draw(graph="mag-9", **more)

        def ask(what: str = "draw", **given: Any) -> Any:
            asked.append((what, given))
            return finding if what == "assessment.find" else Path("page.html") if what == "draw" else (what, given)

        draw.ask = ask  # type: ignore[method-assign, assignment]
        monkeypatch.setattr(draw, "_flows", lambda counting, one: {"result": one})
        draw._run()
        return dict(asked.pop()[1])

    def losses(scenario: cn.Scenario | None, tier: str | None) -> tuple[str, dict[str, Any]]:
        return "criticality.chokepoints", {"by": "site", "order": "allies_first", "scenario": scenario, "tier": tier}

    assert drawn(first, "defence") == {
        "scenario": None, "result": first, "order": "allies_first", "losses": losses(None, None),
        "first_losses": losses(None, "defence"), "scenario_losses": losses(first, "defence"), "finding": {"brief": True},
        "rerouting": None,
    }  # fmt: skip
    told = drawn(None, None, months=6, scenario="china_out", gains=2030)
    assert (told["first_losses"], told["scenario_losses"], told["finding"]) == (None, None, {"brief": False})
    assert told["rerouting"] == ("projects.reroute", {"by_year": 2030})
    for more, said in (
        ({"gains": 2030}, "draw: --gains counts under one scenario; name it with --scenario."),
        ({"start": "2027-01"}, "draw: --start and --step-months go with --months; give the horizon."),
        ({"step_months": 3}, "draw: --start and --step-months go with --months; give the horizon."),
        *(({"live": True, **one}, "draw: a living page has 24 months of its own, all that is set in force from the first. "
           "Leave --months, --start and --step-months out, or --live.") for one in ({"months": 2}, {"step_months": 3})),
    ):  # fmt: skip
        with pytest.raises(cn.DataError) as refused:
            drawn(first, "defence", **more)
        assert str(refused.value) == said


def test_a_market_is_asked_with_the_options_of_a_market_and_the_border(monkeypatch: pytest.MonkeyPatch) -> None:
    """Floors are levies at the border or contracts inside it; what a comparison sets itself is not passed on."""
    asked: list[tuple[str | None, dict[str, Any]]] = []
    monkeypatch.setattr(Question, "ask", lambda _, question=None, of=None, /, **given: asked.append((question, given)))
    floors = {"graph": "mag-9", "members": "USA, JPN", "floor": ["magnet=60000"]}
    one = {"kind": "price_floor", "commodity": "magnet", "usd_per_t": 60000.0}
    inside = {"country": ["USA", "JPN"]}
    prices.Market(**floors).ask()
    prices.Market(**floors, mechanism="cfd", long_run=True).ask()
    prices.Market(**floors, content="auto").ask()
    prices.Market(graph="mag-9", members="USA").ask("prices.market")
    assert asked == [
        (None, {"policy": [{**one, "to": inside}], "run": "short"}),
        (None, {"policy": [{**one, "mechanism": "cfd", "where": inside}], "run": "long"}),
        (None, {"policy": [{**one, "to": inside, "content": "auto"}], "run": "short"}),
        ("prices.market", {"policy": [], "run": "short"}),
    ]
    asked.clear()
    prices.FloorCurve(
        graph="mag-9", members="USA, JPN", commodity="magnet", floors=[1.0], demand_elasticity="0.2", long_run=True
    ).ask()
    ((question, given),) = asked
    assert question == "prices.floor_curve"
    assert (given["to"], given["run"], given["demand_elasticity"]) == (["USA", "JPN"], "long", 0.2)
    asked.clear()
    prices.Instruments(
        graph="mag-9", tier="civilian", avoid_tpa=1.0, by=2031, scenario="china_out", demand_elasticity="0.2"
    ).ask()
    ((question, given),) = asked
    assert question == "prices.instruments"
    assert given["demand_elasticity"] == 0.2
    assert not {"scenario", "reroute", "projects", "rate", "years"} & set(given)


@pytest.mark.parametrize(("by", "protect"), [("edge", [("a", "b"), ("c", "d")]), ("node", ["a->b", "c, d"])])
def test_what_may_not_be_removed_is_a_link_where_links_are_removed(by: str, protect: list[Any]) -> None:
    asked: list[Any] = []
    found = SimpleNamespace(
        removed=[("a", "b")], greedy=[("a", "b"), "n"], ties=[["n"]], pairs=None, ours_tpa=(1.0, 2.0)
    )
    attack = criticality.Interdict(graph="mag-9", k=2, by=by, protect=["a->b", "c, d"])
    attack.ask = lambda **given: asked.append(given) or found  # type: ignore[method-assign, assignment, func-returns-value]
    attack.say = lambda _, tables, **more: asked.append((tables["attacks"], more))  # type: ignore[method-assign, assignment]
    attack._run()
    given, (attacks, more) = asked
    assert given == {"protect": protect}
    assert attacks.to_dict("list") == {"kind": ["optimal", "tie", "greedy"], "removed": ["a -> b", "n", "a -> b + n"]}
    assert more == {"shown": ("attacks",), "is_unique": False, "ours_least_tpa": 1.0, "ours_most_tpa": 2.0}
