"""The command `exposure`: recovery times in three forms, the answer in three formats, a plot."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

import chainnet as cn
from chainnet.cli import app as cli


class Told(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Call the program in this process, in an empty folder."""
    monkeypatch.delenv("CHAINNET_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Told:
        monkeypatch.setattr(sys, "argv", ["chainnet", "exposure", *words])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Told(code, *capfd.readouterr())

    return call


def rows(told: Told) -> dict[str, dict[str, Any]]:
    assert told.code == 0, told.err
    return {row["id"]: row for row in json.loads(told.out)["tables"]["exposure"]}


def test_the_default_recovery_is_said(run: Any, mag9: cn.Network) -> None:
    told = run("mag-9")
    assert told.out.startswith("recovery: 1 period for all (default; give --recovery)\n")
    assert "recover too late: 3 of 9" in told.out
    found = rows(run("mag-9", "--format", "json"))
    expected = cn.risk_exposure(mag9, 1)
    assert list(found) == expected.index.tolist()
    assert found["H_CN"]["cost_usd"] == expected.loc["H_CN", "cost_usd"]
    assert found["G_JP"]["time_to_survive"] == "never short"


def test_one_number_pairs_or_a_file(run: Any, tmp_path: Path) -> None:
    assert run("mag-9", "--recovery", "2").out.startswith("recovery: 2 periods for all\n")
    pairs = run("mag-9", "--recovery", "H_CN=2", "--recovery", "G_CN=0.5", "--format", "json")
    recovery = {name: row["recovery"] for name, row in rows(pairs).items() if row["recovery"]}
    assert recovery == {"H_CN": 2.0, "G_CN": 0.5}
    (tmp_path / "back.csv").write_text("id,periods\nH_CN,2\nG_CN,0.5\n", encoding="utf-8")
    assert run("mag-9", "--recovery", "back.csv", "--format", "json").out == pairs.out
    assert "as given by row, 0 periods for the rest" in pairs.out
    edge = run("mag-9", "--by", "edge", "--recovery", "M_CN,S_CN=3", "--format", "json")
    found = json.loads(edge.out)["tables"]["exposure"]
    assert [(row["source"], row["target"]) for row in found if row["recovery"] == 3] == [("M_CN", "S_CN")]


def test_groups_top_and_a_second_solver(run: Any) -> None:
    told = run("mag-9", "--by", "country", "--top", "1", "--verify", "--format", "csv")
    assert [line.split(",")[0] for line in told.out.splitlines()] == ["country", "CHN"]
    assert "second solver" in told.err


def test_a_plot(run: Any, tmp_path: Path) -> None:
    told = run("mag-9", "--plot", "sub/plot.svg", "--top", "1", "--format", "json")
    assert json.loads(told.out)["plot"] == "sub/plot.svg"
    root = ElementTree.fromstring((tmp_path / "sub" / "plot.svg").read_text(encoding="utf-8"))
    assert len(list(root.iter("{http://www.w3.org/2000/svg}use"))) == 9, "all rows, whatever --top prints"
    assert "Dysprosium source in China" in "".join(root.itertext())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--recovery", "soon"), '"soon" is not allowed'),
        (("--recovery", "-1"), "0 or more"),
        (("--recovery", "nan"), "0 or more"),
        (("--recovery", "1", "--recovery", "2"), "stands beside others"),
        (("--recovery", "H_CN=1", "--recovery", "H_CN=2"), "given twice"),
        (("--recovery", "H_CM=1"), 'did you mean "H_CN"'),
        (("--recovery", "none.csv"), "no such file"),
        (("--recovery", "weeks.csv"), "write id, periods"),
        (("--recovery", "twice.csv"), "row 3 is given twice"),
        (("--recovery", "empty.csv"), "row 2, H_CN"),
        (("--plot", "plot.png"), ".svg"),
        (("--by", "colour"), "colour"),
    ],
)
def test_what_is_wrong_is_named(run: Any, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "weeks.csv").write_text("id,weeks\nH_CN,2\n", encoding="utf-8")
    (tmp_path / "twice.csv").write_text("id,periods\nH_CN,2\nH_CN,2\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("id,periods\nH_CN,\n", encoding="utf-8")
    told = run("mag-9", *words)
    assert told.code == 1
    assert said in told.err
    assert told.out == ""
    assert not (tmp_path / "plot.png").exists()


def test_no_rows_is_no_top(run: Any) -> None:
    assert run("mag-9", "--top", "0").code == 2
