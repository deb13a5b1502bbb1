"""``reverse`` and ``hazards`` from the shell: no chance without its other end, nothing likeliest but of the events listed."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from both_ends import lacks_an_end

from chainnet.cli import app as cli

TABLE = """id,label,effect,each,rate_low,rate_high,share_low,share_high,months_low,months_high
ban,The ban,china_out,,0.02,0.1,,,,
out,Out,"where = {stage = ""refiner""}",site,,,0.02,0.05,0.5,2
quake,The quake,"where = {country = ""JPN""}",,,,,,,
"""


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Call the program in this process, in an empty folder."""
    monkeypatch.delenv("CHAINNET_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["chainnet", *words])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return (code, *capfd.readouterr())

    return call


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "line",
    [
        "reverse mag-9 --loss 0.3",
        "reverse mag-9 --loss 0.3 --curve --format json",
        "reverse mag-9 --loss 1 --tier defence --years 1",
        "reverse mag-9 --loss 0.9 --most 1",
        "reverse mag-9 --loss 0.3 --dependence any --format csv",
        "reverse mag-9 --loss 0.3 --table what_if --format csv",
        "reverse mag-9 --loss 0.3 --curve --table curve",
        "reverse mag-9 --loss 0.3 --exceed 0.1 --exceed 0.5",
        "reverse mag-9 --loss 0.3 --exceed 0.1 --table exceedance --format csv",
        "reverse mag-9 --loss 0.2 --over months --years 1",
        "hazards mag-9",
        "hazards mag-9 --format json",
    ],
)
def test_no_chance_without_its_other_end(run: Any, line: str, table: Path) -> None:
    code, out, err = run(*line.split(), "--hazards", str(table))
    assert code == 0, err
    assert lacks_an_end(out) == []
    assert lacks_an_end(err) == []


def test_what_lacks_an_end_is_seen() -> None:
    assert lacks_an_end("with chance 1 in 11")
    assert lacks_an_end("rank  chance_low\n1 0.1")
    assert lacks_an_end("the likeliest is the ban")
    assert not lacks_an_end("the likeliest of the events listed: the ban (between 1 in 11 and 2 in 5)")


def test_an_event_without_a_rate_is_said_to_have_none(run: Any, table: Path) -> None:
    _, out, _ = run("hazards", "mag-9", "--hazards", str(table))
    said = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "unknown n/a n/a" in " ".join(said["quake"].split())
    assert "unknown" not in said["ban"]


@pytest.mark.parametrize("length", range(30, 61, 3))
def test_where_a_line_is_too_short_both_ends_are_left_out(run: Any, tmp_path: Path, length: int) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"id,label,effect,rate_low,rate_high\n{'x' * length},{'y' * 40},china_out,0.000123457,0.1\n")
    _, out, _ = run("hazards", "mag-9", "--hazards", str(path))
    assert lacks_an_end(out) == []


def test_help_says_it_too(run: Any) -> None:
    for command in ("reverse", "hazards"):
        code, out, _ = run(command, "--help")
        assert code == 0
        assert lacks_an_end(" ".join(out.split())) == []


def test_the_answer_and_its_picture(run: Any, table: Path, tmp_path: Path) -> None:
    figure = tmp_path / "band.svg"
    code, out, _ = run("reverse", "mag-9", "--loss", "0.3", "--hazards", str(table), "--figure", str(figure))
    assert code == 0
    assert "The ban (between 1 in 11 and 2 in 5) on a day 5 years ahead" in " ".join(out.split())
    assert "nobody gives a rate: The quake" in figure.read_text(encoding="utf-8")


def test_no_figure_without_a_rate_that_counts(run: Any, tmp_path: Path) -> None:
    path, figure = tmp_path / "mine.csv", tmp_path / "band.svg"
    path.write_text('id,effect\nquake,"where = {country = ""JPN""}"\n', encoding="utf-8")
    code, out, _ = run("reverse", "mag-9", "--loss", "0.3", "--hazards", str(path), "--figure", str(figure))
    assert code == 0
    assert "no event with a rate costs anything" in out
    assert not figure.exists()


def test_no_set_reaches_the_loss_is_an_answer(run: Any, table: Path) -> None:
    code, out, _ = run("reverse", "mag-9", "--loss", "1", "--hazards", str(table), "--most", "1", "--format", "json")
    assert code == 0
    assert json.loads(out)["tables"]["sets"] == []


def test_rows_are_those_of_python(run: Any, table: Path) -> None:
    code, out, _ = run(
        "reverse", "mag-9", "--loss", "0.3", "--hazards", str(table), "--table", "sets", "--format", "csv"
    )
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["events"] for row in rows] == ["ban", "out:S_CN"]
    assert float(rows[0]["chance_high"]) == pytest.approx(0.3935, abs=5e-5)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--loss", "1.5"], "loss"),
        (["--loss", "0.3", "--figure", "band.pdf"], "--figure"),
        (["--loss", "0.3", "--months", "12"], "months"),
        (["--loss", "0.3", "--hazards", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_bad_lines_are_told(run: Any, table: Path, more: list[str], said: str) -> None:
    given = more if "--hazards" in more else [*more, "--hazards", str(table)]
    code, _, err = run("reverse", "mag-9", *given)
    assert code == 1
    assert said in err


def test_a_fault_of_the_file_has_its_row(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,effect,rate_low,rate_high\na,china_out,0.1,0.2\nb,china_out,0.3,0.2\n", encoding="utf-8")
    code, _, err = run("hazards", "mag-9", "--hazards", str(path))
    assert code == 1
    assert "mine.csv" in err
    assert "row 3" in err
    assert "rate_low" in err
