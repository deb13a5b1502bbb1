"""The command line: every command in every format, exit codes, and nothing left after an error."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import chainnet as cn
from chainnet.cli import common, main
from chainnet.cli.options import options_of
from chainnet.cli.progress import PLAIN
from chainnet.words import country_name

CHINA_OUT = ("--scenario", "china_out")
COMMANDS: dict[str, tuple[str, ...]] = {
    "list": ("list",),
    "check": ("check", "mag-9"),
    "flow": ("flow", "mag-9"),
    "flow of a market": ("flow", "mag-9", "--commodity", "dy"),
    "chokepoints": ("chokepoints", "mag-9", "--by", "stage+country", "--top", "3"),
    "chokepoints of edges": ("chokepoints", "mag-9", "--by", "edge", "--tier", "defence", "--centrality"),
    "interdict": ("interdict", "mag-9", "--k", "2"),
    "shapley": ("shapley", "mag-9"),
    "fortify": ("fortify", "mag-9", "--k", "1", "--budget", "100", "--build", "H_US"),
    "balance": ("balance", "mag-9", *CHINA_OUT, "--fair"),
    "stress": ("stress", "mag-9", *CHINA_OUT),
    "reroute": ("reroute", "mag-9", *CHINA_OUT, "--allies", "USA,JPN", "--by-year", "2030"),
    "concentration": ("concentration", "mag-9"),
}


@dataclass
class Told:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the program in this process."""
    monkeypatch.delenv("CHAINNET_DEBUG", raising=False)

    def call(*words: str) -> Told:
        monkeypatch.setattr(sys, "argv", ["chainnet", *words])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        found = capfd.readouterr()
        return Told(code, found.out, found.err)

    return call


def strict(text: str) -> Any:
    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.long
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_every_format(run: Any, name: str) -> None:
    words = COMMANDS[name]
    plain = run(*words)
    assert plain.code == 0, plain.err
    assert plain.out.strip()
    assert "\x1b" not in plain.out + plain.err, "no colour codes without a terminal"
    document = run(*words, "--format", "json")
    assert document.code == 0
    found = strict(document.out)
    assert any(len(rows) > 0 for rows in found["tables"].values())
    table = run(*words, "--format", "csv")
    assert table.code == 0
    rows = list(csv.reader(io.StringIO(table.out)))
    assert len(rows) >= 2
    assert len({len(row) for row in rows}) == 1
    assert len(rows) - 1 == len(next(iter(found["tables"].values())))


@pytest.mark.parametrize("name", COMMANDS)
def test_help(run: Any, name: str) -> None:
    told = run(COMMANDS[name][0], "--help")
    assert told.code == 0
    assert "Usage" in told.out


def test_numbers_are_those_of_the_api(run: Any, mag9: cn.Network, china_out: cn.Scenario) -> None:
    rows = strict(run("chokepoints", "mag-9", "--format", "json").out)["tables"]["chokepoints"]
    expected = cn.chokepoints(mag9)["lost_tpa"]
    assert {r["id"]: r["lost_tpa"] for r in rows} == pytest.approx(expected.to_dict())
    reroute = strict(run("reroute", "mag-9", *CHINA_OUT, "--format", "json").out)
    projects = {r["id"]: r for r in reroute["tables"]["projects"]}
    assert projects["H_US"]["shapley_t"] == pytest.approx(35 / 3)
    assert projects["S_US"]["usd_per_tpa"] == "no amount"
    assert reroute["provenance"]["digest"] == mag9.digest
    balance = strict(run("balance", "mag-9", *CHINA_OUT, "--format", "json").out)
    assert sum(r["served_tpa"] for r in balance["tables"]["demand"]) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("shapley mag-9 --seed 5", {"seed": 5}),
        (
            "balance mag-9 --order allies_last --fair --reroute new",
            {"order": "allies_last", "fair": True, "reroute": "new"},
        ),
        (
            "stress mag-9 --scenario china_out --months 3 --step-months 3 --no-stocks --objective value",
            {"scenarios": ["china_out"], "months": 3, "step_months": 3, "stocks": False, "objective": "value"},
        ),
        (
            "stockpile mag-9 --scenario china_out --months 3 --reroute new --tier civilian",
            {"scenario": "china_out", "months": 3, "reroute": "new", "tiers": ["civilian"]},
        ),
        ("chokepoints mag-9 --by stage --tier defence", {"by": "stage", "tier": "defence"}),
        ("ensemble mag-9 --draws 2 --seed 3 --ranked 1", {"draws": 2, "seed": 3, "ranked": 1}),
    ],
)
def test_an_answer_says_the_settings_that_were_asked_for(run: Any, line: str, settings: dict[str, Any]) -> None:
    """From the options to the answer; that each option reaches its question is checked in test_cli_options."""
    found = strict(run(*line.split(), "--format", "json").out)["provenance"]["settings"]
    assert {name: found[name] for name in settings} == settings


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("interdict mag-9 --k 2 --cost 9", '--cost: "9" is not of the form LABEL=NUMBER'),
        ("interdict mag-9 --k 2 --cost =9", '--cost: "=9" is not of the form LABEL=NUMBER'),
        ("interdict mag-9 --k 2 --cost H_CN=many", '--cost: "H_CN=many" is not of the form LABEL=NUMBER'),
        ("fortify mag-9 --k 1 --budget 9 --protect H_CN=1 --protect H_CN=2", '--protect: "H_CN" is given twice'),
        ("stockpile mag-9 --scenario china_out --mitigation --austerity 0.5", '--austerity: "0.5" is not of the form'),
        ("stockpile mag-9 --scenario china_out --austerity civilian=0.5", "only --mitigation takes it"),
        ("indicators mag-9 --trade CHN", '--trade: "CHN" is not of the form COUNTRY=NUMBER'),
        (
            "retaliation mag-9 --us USA --them CHN --move stop",
            '--move: unknown scenario of mag-9 "stop"',
        ),
    ],
)
def test_an_option_of_another_form_is_named(run: Any, line: str, said: str) -> None:
    told = run(*line.split())
    assert told.code == 1
    assert said in told.err


def test_another_table_and_a_wrong_one(run: Any) -> None:
    told = run("flow", "mag-9", "--format", "csv", "--table", "edges")
    assert told.out.splitlines()[0].startswith("source,target,commodity")
    wrong = run("flow", "mag-9", "--format", "csv", "--table", "edgse")
    assert wrong.code in (1, 2)
    assert "edges" in wrong.err


def test_verify_says_so_on_stderr(run: Any) -> None:
    told = run("flow", "mag-9", "--verify", "--format", "json")
    assert strict(told.out)
    assert "second solver finds 50" in told.err


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("flow", "mag9"), 1, "mag-9"),
        (("flow", "nowhere.xlsx"), 1, "nowhere.xlsx"),
        (("balance", "mag-9", "--scenario", "chna_out"), 1, "china_out"),
        (("balance", "mag-9", "--reroute", "free"), 2, "none"),
        (("balance", "mag-9", "--beneficiaries", "XYZ"), 1, "XYZ"),
        (("chokepoints", "mag-9", "--by", "colour"), 1, "colour"),
        (("chokepoints", "mag-9", "--top", "-1"), 1, "-1"),
        (("chokepoints", "mag-9", "--tier", "army"), 1, "army"),
        (("flow", "mag-9", "--commodity", "gold"), 1, "gold"),
        (("interdict", "mag-9", "--k", "-1"), 1, "-1"),
        (("flow", "mag-9", "--format", "yaml"), 2, "'table', 'csv', 'json'"),
        (("draw", "mag-9", "--view", "cube"), 2, "'graph', 'map', 'sankey'"),
        (("report", "mag-9", "--formats", "html,docx"), 2, "'docx' is not one of html, pdf, xlsx"),
        (("report", "mag-9", "--brief", "--formats", "xlsx"), 1, "unknown format of a brief"),
        (("reroute", "mag-9", *CHINA_OUT, "--project", "X_US"), 1, "X_US"),
        (("flow",), 2, "GRAPH"),
        (("flow", "mag-9", "--loud"), 2, "--loud"),
        (("dance", "mag-9"), 2, "dance"),
        (("reroute", "mag-9"), 2, "--scenario"),
        (("chokepoints", "mag-9", "--top", "many"), 2, "--top"),
        (("chokepoints", "mag-9", "--tier", "defence", "--tier=civilian"), 2, "--tier: given 2 times"),
        (("chokepoints", "mag-9", "--tiers", "defence"), 2, "--tier)"),
        (("stockpile", "mag-9", *CHINA_OUT, "--tiers", "defence"), 2, "--tier)"),
    ],
)
def test_exit_codes_and_messages(run: Any, words: tuple[str, ...], code: int, named: str) -> None:
    told = run(*words)
    assert told.code == code, told.err
    assert named in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_version_and_debug(run: Any) -> None:
    assert run("--version").out.startswith("chainnet ")
    told = run("flow", "mag9")
    assert (told.code, told.out) == (1, "")
    with pytest.raises(cn.DataError, match="mag9"):
        run("--debug", "flow", "mag9")


def test_debug_may_stand_after_the_command(run: Any) -> None:
    with pytest.raises(cn.DataError, match="mag9"):
        run("flow", "mag9", "--debug")
    assert "--debug" in run("flow", "--help").out


def faulty(folder: Path) -> Path:
    folder.mkdir()
    (folder / "nodes.csv").write_text("id,stage\nm,mine\nm,mine\nu,shop\n")
    (folder / "edges.csv").write_text("source,target,capacity_tpa\nm,x,-3\n")
    return folder


def test_check_lists_the_faults(run: Any, tmp_path: Path) -> None:
    folder = faulty(tmp_path / "bad")
    told = run("check", str(folder), "--format", "json")
    assert told.code == 1
    faults = strict(told.out)["tables"]["faults"]
    assert [(f["file"], f["row"], f["column"]) for f in faults] == [
        ("edges.csv", 2, "capacity_tpa"),
        ("edges.csv", 2, "target"),
        ("nodes.csv", 3, "id"),
        ("nodes.csv", 4, "stage"),
    ]
    assert set(faults[0]) == {"file", "row", "column", "value", "rule", "remedy"}
    words = run("check", str(folder))
    assert words.code == 1
    assert "nodes.csv row 4, stage" in words.err


def test_out_writes_the_same_bytes_and_nothing_after_an_error(run: Any, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "answer.json"
    shown = run("flow", "mag-9", "--format", "json").out
    told = run("flow", "mag-9", "--format", "json", "--out", str(target))
    assert told.code == 0
    assert told.out == ""
    assert target.read_text(encoding="utf-8") == shown
    before = sorted(p.name for p in target.parent.iterdir())
    assert run("flow", "mag9", "--format", "json", "--out", str(target)).code == 1
    assert target.read_text(encoding="utf-8") == shown
    assert sorted(p.name for p in target.parent.iterdir()) == before == ["answer.json"]
    other = tmp_path / "other.json"
    assert run("flow", str(faulty(tmp_path / "bad")), "--out", str(other)).code == 1
    assert not other.exists()


def test_out_goes_by_the_name_of_the_file(run: Any, tmp_path: Path) -> None:
    for suffix, form in ((".json", "json"), (".csv", "csv"), (".txt", "table")):
        target = tmp_path / f"answer{suffix}"
        assert run("flow", "mag-9", "--out", str(target)).code == 0
        assert target.read_text(encoding="utf-8") == run("flow", "mag-9", "--format", form).out
    assert json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))["value_tpa"] == 50
    unknown = run("flow", "mag-9", "--out", str(tmp_path / "answer.docx"))
    assert (unknown.code, (tmp_path / "answer.docx").exists()) == (1, False)
    assert 'unknown format ".docx". Known: .csv, .json, .txt' in unknown.err
    at_odds = run("flow", "mag-9", "--format", "csv", "--out", str(tmp_path / "other.json"))
    assert at_odds.code == 1
    assert '".json" says json, --format says csv' in at_odds.err


@pytest.mark.long
def test_import_init_and_draw(run: Any, tmp_path: Path, mag9: cn.Network) -> None:
    started = run("init", str(tmp_path / "own"), "--format", "json")
    assert started.code == 0, started.err
    assert strict(started.out)["tables"]["written"]
    assert run("check", str(tmp_path / "own")).code == 0
    again = run("init", str(tmp_path / "own"))
    assert again.code == 1, "what is there is not overwritten"
    copied = run("import", "mag-9", "--out", str(tmp_path / "copy"), "--format", "json")
    assert copied.code == 0, copied.err
    assert cn.read(tmp_path / "copy").digest == mag9.digest
    page = tmp_path / "page.html"
    drawn = run("draw", "mag-9", "--tier", "industrial", "--out", str(page), "--format", "json")
    assert drawn.code == 0, drawn.err
    assert strict(drawn.out)["tables"]["written"] == [{"path": str(page)}]
    assert page.read_text(encoding="utf-8").lstrip().startswith("<!DOCTYPE html>")
    # heading and mark are those of the finding, and no other step is marked
    found = cn.find(mag9, tier="industrial")
    text = page.read_text(encoding="utf-8").replace("\u00a0", " ")
    assert f'<h1><bdi id="heading">{found.title}</bdi></h1>'.replace("\u00a0", " ") in text
    narrow = found.bottleneck
    assert text.count(f"▶ bottleneck: {country_name(narrow['country'])}") == 1
    assert "costliest step" not in text.split("<script")[0]
    months = tmp_path / "months.html"
    drawn = run("draw", "mag-9", "--scenario", "china_out", "--months", "6", "--step-months", "3", "--out", str(months))
    assert drawn.code == 0, drawn.err
    assert 'id="month"' in months.read_text(encoding="utf-8")
    assert "months 4 to 6 of 6" in months.read_text(encoding="utf-8")
    for lacking, told in (
        (("--start", "2027-01"), "--months"),
        (("--scenario", "china_out", "--step-months", "3"), "--months"),
        (("--gains", "2030"), "--scenario"),
    ):
        refused = run("draw", "mag-9", "--out", str(tmp_path / "none.html"), *lacking)
        assert refused.code == 1
        assert told in refused.err
    every = run("draw", "mag-9", "--months", "2", "--gains", "2030", "--scenario", "china_out", "--out", str(months))
    assert every.code == 0, every.err
    assert "Long run" in months.read_text(encoding="utf-8")
    bad = run("draw", "mag-9", "--out", str(tmp_path / "none.html"), "--view", "cube")
    assert bad.code == 2
    assert not (tmp_path / "none.html").exists()


def test_a_file_of_ones_own_becomes_a_folder_by_options(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("from_port;to_port;weight;mood\npit;port;3,5;x\nport;users;2,25;y\n")
    refused = run("check", str(file))
    assert refused.code == 1
    assert '--separator ";"' in refused.err
    told = run("import", str(file), "--out", str(tmp_path / "own"), "--separator", ";", "--rename", "from_port=source",
               "--rename", "to_port=target", "--ignore-unknown", "--source", "pit", "--sink", "users")  # fmt: skip
    assert told.code == 0, told.err
    assert told.err.count('"weight" of edges is read as capacity_tpa (t/yr).') == 1
    assert '"mood" of edges left out' in told.err
    assert cn.max_flow(cn.read(tmp_path / "own")).value_tpa == 2.25
    assert run("import", str(file), "--out", str(tmp_path / "x"), "--rename", "weight").code == 1
    tracks = tmp_path / "tracks.csv"
    tracks.write_text("source,target,capacity_tpa\nport,pit,3\nusers,port,2\n")
    found = run(
        "check", str(tracks), "--two-way", "--source", "pit", "--sink", "users", "--table", "roles", "--format", "csv"
    )
    assert found.out.splitlines()[1:] == [
        "pit,mine,given,named as a source",
        "port,refiner,inferred,neither a source nor a sink",
        "users,end_use,given,named as a sink",
    ]
    guessed = run("check", str(tracks))
    assert "roles of 3 of 3 nodes are inferred" in guessed.err.lower()
    assert "read: Roles of 3 of 3" in guessed.out


def test_a_workbook_is_started_checked_and_its_faults_are_marked(run: Any, tmp_path: Path) -> None:
    import openpyxl

    plan = tmp_path / "plan.xlsx"
    assert run("init", "--excel", str(plan)).code == 0
    assert run("init", "--excel", str(plan)).code == 1, "what is there is not overwritten"
    assert run("init").code == run("init", "x", "--excel", str(tmp_path / "y.xlsx")).code == 1
    assert run("check", str(plan)).code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.xlsx"]
    book = openpyxl.load_workbook(plan)
    book["nodes"]["C2"] = "shop"
    book.save(plan)
    for form in ("table", "json"):
        told = run("check", str(plan), "--format", form)
        assert told.code == 1
        assert "plan-marked.xlsx" in told.err
    assert openpyxl.load_workbook(tmp_path / "plan-marked.xlsx")["faults"]["A2"].value == "nodes!C2"


def test_check_refuses_what_a_question_would_refuse_and_names_what_stands_alone(run: Any, tmp_path: Path) -> None:
    net = cn.read("mag-9")
    stocks = {"id": ["pile"], "commodity": ["dy"], "stock_t": [5.0]}
    import pandas as pd

    for node, code in (("G_CN", 0), ("USE", 1)):
        folder = cn.write(net.with_table("stocks", pd.DataFrame({**stocks, "node": [node]})), tmp_path / node)
        told = run("check", str(folder))
        assert (told.code, run("stress", str(folder), "--months", "2").code) == (code, code), told.err
        if code:
            assert 'stocks, node: "pile": has no relation' in told.err
            faults = strict(run("check", str(folder), "--format", "json").out)
            assert (faults["ok"], len(faults["tables"]["faults"])) == (False, 1)
    alone = pd.concat([net.projects, pd.DataFrame({"id": ["someday"], "stage": ["refiner"], "capacity_tpa": [1.0]})])
    told = run("check", str(cn.write(net.with_table("projects", alone), tmp_path / "alone")))
    assert told.code == 0
    assert "someday" in told.out
    assert "has no relation" in told.out


def test_a_scenario_file_and_a_faulty_one(run: Any, tmp_path: Path) -> None:
    good = tmp_path / "stop.toml"
    good.write_text('[[measures]]\nkind = "remove"\nnodes = ["H_CN"]\n')
    told = run("stress", "mag-9", "--scenario", str(good), "--format", "json")
    rows = strict(told.out)["tables"]["summary"]
    assert sum(r["shortfall_tpa"] for r in rows if r["scenario"] == "stop") == pytest.approx(40.0)
    bad = tmp_path / "bad.toml"
    bad.write_text('[[measures]]\nkind = "remve"\n')
    wrong = run("stress", "mag-9", "--scenario", str(bad))
    assert wrong.code == 1
    assert "bad.toml" in wrong.err
    assert "remove" in wrong.err


ENV = {**os.environ, "PYTHONWARNINGS": "error"}


PRINTING = (
    "--version", "--help", "-h", "help flow", "flow -h", "list", "list --format json", "flow mag-9 --table edges --format csv",
    "scenario new plan half kind=scale nodes=H_CN share=0.5", "copy mag-9 other", "find mag-9 --format json",
    "overview mag-9 --format md", "prove mag-9 --secret secret.key --table nodes --key H_CN", "look plan/edges.csv",
    "check bad --format json",
)  # fmt: skip


@pytest.mark.parametrize("line", PRINTING)
def test_a_closed_pipe_ends_every_command_quietly(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody reads from the first word on, so that no clock decides whether something was printed before."""
    monkeypatch.chdir(tmp_path)
    Path("secret.key").write_bytes(bytes(range(32)))
    faulty(tmp_path / "bad")
    cn.write(cn.read("mag-9"), "plan")
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as closed:  # noqa: PTH123
        monkeypatch.setattr(sys, "argv", ["chainnet", *line.split()])
        monkeypatch.setattr(sys, "stdout", closed)
        with pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code == 0
    assert "Broken" not in capfd.readouterr().err


def test_the_program_ends_quietly_on_a_closed_pipe() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "chainnet", "--help"]
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120, env=ENV, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", ["--version", "--help", "chokepoints -h"])
def test_help_and_version_import_neither_tables_nor_solvers(words: str) -> None:
    code = f"import sys; sys.argv = ['chainnet', *{words.split()}]\nfrom chainnet.cli import main\ntry:\n    main()\n"
    code += "except SystemExit:\n    print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    heavy = {"pandas", "numpy", "scipy", "networkx", "igraph", "highspy", "numba", "openpyxl", "jinja2", "pycountry"}
    assert not heavy & set(done.stdout.splitlines()[-1].split())


def test_help_comes_by_every_name(run: Any) -> None:
    for words in (("flow", "-h"), ("help", "flow")):
        assert run(*words).out == run("flow", "--help").out
    assert run("help", "scenario", "new").out == run("scenario", "new", "--help").out
    assert run("help").out == run("-h").out == run("--help").out
    assert "Did you mean 'chokepoints'" in run("chokpoints", "mag-9").err


@pytest.mark.parametrize(
    "line", ["chokepoints F.csv --rename a=source", "stress F.csv --sheet=one", "flow F --unit kg"]
)
def test_an_option_that_reads_a_file_names_the_command_that_has_it(run: Any, line: str) -> None:
    told = run(*line.split())
    option = line.split()[2].partition("=")[0]
    assert told.code == 2
    assert f"chainnet import FILE {option} ... --out FOLDER" in told.err


def test_every_error_is_one_message_with_the_exit_code_of_its_kind(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    told = run("flow", "mag-9", "--out", str(file / "x.csv"))
    assert (told.code, "Traceback" in told.err) == (1, False)
    assert str(file) in told.err
    monkeypatch.setattr(cn.flow, "max_flow", lambda *_, **__: {}["gone"])
    told = run("flow", "mag-9")
    assert (told.code, told.out) == (3, "")
    assert told.err.startswith("chainnet: KeyError: 'gone'. This is a fault of chainnet: please report it")
    assert len(told.err.splitlines()) == 1
    with pytest.raises(KeyError, match="gone"):
        run("flow", "mag-9", "--debug")


def test_as_a_module_without_warnings() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chainnet", "balance", "mag-9", *CHINA_OUT, "--format", "json"],
        capture_output=True,
        timeout=120,
        env=ENV,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert strict(done.stdout.decode("utf-8"))["certificate"]["ok"] is True


INTERRUPTED = """
import signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # where a runner ignores it, its children would too

class Interrupts:
    def find_spec(self, name, *_):
        if name == {name!r}:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
sys.argv = ["chainnet", "flow", "mag-9"]
from chainnet.__main__ import main
main()
"""


@pytest.mark.parametrize("name", ["typer", "chainnet.cli", "chainnet.flow", "highspy"])
def test_ctrl_c_ends_quietly_from_the_first_import_on(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(name=name)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 130
    assert done.stdout == ""
    said = [
        line for line in done.stderr.splitlines() if not line.startswith(PLAIN)
    ]  # how long it took, on a slow machine
    assert said in ([], ["chainnet: stopped"])


def test_one_option_names_a_tier_everywhere_repeated_for_several(run: Any) -> None:
    """What one word with commas says, repeated options say too; no command knows another name for a tier."""
    asked = ("stockpile", "mag-9", *CHINA_OUT, "--months", "3", "--format", "json")
    both = strict(run(*asked, "--tier", "industrial", "--tier", "defence").out)["tables"]
    assert both == strict(run(*asked, "--tier", "industrial,defence").out)["tables"]
    assert both != strict(run(*asked, "--tier", "defence").out)["tables"]
    known = {option.name for kind in common.COMMANDS.values() for option in options_of(kind).values()}
    assert "--tier" in known
    assert "--tiers" not in known
