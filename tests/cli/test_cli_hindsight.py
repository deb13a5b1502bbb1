"""Past events and forecasts of them, asked from a shell."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app

sys.path.append(str(Path(__file__).parents[1] / "hindsight"))
from small_events import FIRST, folder

ONE = (
    FIRST[: FIRST.index("[[questions]]")]
    + FIRST[FIRST.index('[[questions]]\nid = "dy_onset"') :].split("\n\n")[0]
    + "\n"
)
OUTCOMES = "event,question,value,unit,observed_on,reference,set\ndy_2026,dy_onset,0.1,ratio,2026-06-20,customs,open\n"


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    return folder(tmp_path, event=ONE, outcomes=OUTCOMES)


def told(*words: str) -> dict[str, Any]:
    found = CliRunner().invoke(app, [*words, "--format", "json"])
    assert found.exit_code == 0, found.output
    return dict(json.loads(found.stdout))


def test_events_of_a_chain(chain: Path) -> None:
    tables = told("events", str(chain))["tables"]
    assert tables["events"][0]["event"] == "dy_2026"
    assert [row["question"] for row in tables["questions"]] == ["dy_onset"]
    assert tables["inputs"][0]["knowable_from"] == "2026-01-01"
    assert tables["outcomes"][0]["value"] == "0.1"


@pytest.mark.long
def test_forecasts_register_and_scores(chain: Path, tmp_path: Path) -> None:
    first = CliRunner().invoke(app, ["hindcast", str(chain), "--register", "--on", "2026-11-30"])
    assert first.exit_code == 0, first.output
    assert len((chain / "events" / "register.csv").read_text(encoding="utf-8").splitlines()) == 2
    scored = told("hindcast", str(chain), "--registered")
    assert scored["tables"]["scores"][0]["observed"] == 0.1
    assert "1 past rule" in scored["sentence"]
    kept = tmp_path / "kept.csv"
    kept.write_text("event,question,value,unit\ndy_2026,dy_onset,0.3,ratio\n", encoding="utf-8")
    out = tmp_path / "tables"
    found = CliRunner().invoke(app, ["hindcast", str(chain), "--registered", "--event", "dy_2026", "--out", str(out)])
    assert found.exit_code == 0, found.output
    assert {"scores.csv", "skill.csv", "coverage.csv", "not_scored.csv"} <= {file.name for file in out.iterdir()}


def test_the_chain_before(chain: Path, tmp_path: Path) -> None:
    out = tmp_path / "before"
    found = CliRunner().invoke(app, ["events", str(chain), "--event", "dy_2026", "--before", "--out", str(out)])
    assert found.exit_code == 0, found.output
    assert cn.read(out).digest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hindcast", "CHAIN", "--event", "dy_2062"], "unknown event"),
        (["hindcast", "CHAIN", "--outcomes", "none.csv"], "no file"),
        (["hindcast", "CHAIN", "--registered", "--register", "--on", "2026-11-30"], "--register"),
        (["events", "CHAIN", "--before"], "--before"),
        (["hindcast", "mag-9"], "has no events"),
    ],
)
def test_what_cannot_be_asked(chain: Path, words: list[str], said: str) -> None:
    found = CliRunner().invoke(app, [str(chain) if word == "CHAIN" else word for word in words])
    assert found.exit_code != 0
    assert said in f"{found.output}{found.exception}"
