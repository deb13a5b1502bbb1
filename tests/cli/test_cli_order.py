"""``--order``: every command that serves somebody takes it, as its question does in Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import frame
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app

# by command: its options, and a number of its answer
ASKED = {
    "assumptions": (["--max-set", "0"], ["central", 1, "shortfall_tpa"]),
    "ensemble": (["--draws", "2", "--ranked", "0"], ["summary", -1, "given"]),
    "overview": ([], ["details", 1, "already_share"]),
    "compare": (["--scenario", "baseline", "--scenario", "calm", "--months", "0"], ["answers", 1, "shortfall_tpa"]),
}
# what is short of our 9 t in the second tier of 10 t dug, when 4 of ours and 3 of others' defence and 7 t of theirs ask
SHORT = {"law": 7.5, "allies_first": 3.0, "allies_last": 9.0, "stages": 9.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pit of 10 t for two countries in two tiers, of which a law puts ours first; and a table of stages."""
    net = cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "AUS", 10.0), ("us", "end_use", "USA", None), ("jp", "end_use", "JPN", None)),
        edges=frame("source target", ("m", "us"), ("m", "jp")),
        demand=frame("node tier demand_tpa", ("us", "defence", 4.0), ("us", "civilian", 9.0), ("jp", "defence", 3.0), ("jp", "civilian", 7.0)),
        service=frame("country instrument binding", ("USA", "act", "law")),
        beneficiaries=["USA"], name="two",
    )  # fmt: skip
    made = tmp_path_factory.mktemp("order")
    cn.write(net, made / "two")
    (made / "two" / "scenarios").mkdir()
    toll = '[[measures]]\nkind = "tariff"\nfrom = { country = "AUS" }\nusd_per_t = 1.0\n'
    (made / "two" / "scenarios" / "calm.toml").write_text(toll, encoding="utf-8")
    (made / "stages.csv").write_text("stage,country,tier\n1,JPN,\n2,USA,defence\n", encoding="utf-8")
    return made


def tell(command: str, folder: Path, order: str | None) -> Any:
    said = str(folder / "stages.csv") if order == "stages" else order
    words = [command, str(folder / "two"), *ASKED[command][0], *(["--order", said] if said else []), "--format", "json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.exception
    table, row, column = ASKED[command][1]
    return json.loads(done.stdout)["tables"][table][row][column]


@pytest.mark.parametrize("order", [*SHORT, None])
@pytest.mark.parametrize("command", ASKED)
def test_every_command_that_serves_takes_the_order(command: str, order: str | None, folder: Path) -> None:
    short = SHORT[order or "law"]
    found = tell(command, folder, order)
    assert found == pytest.approx(short / 9.0 if command == "overview" else short, abs=1e-6)


@pytest.mark.parametrize("command", [*ASKED, "stockpile"])
def test_a_word_that_is_no_order_is_told(command: str, folder: Path) -> None:
    done = CliRunner().invoke(
        app, [command, str(folder / "two"), *ASKED.get(command, (["--scenario", "calm"],))[0], "--order", "ours"]
    )
    assert isinstance(done.exception, cn.DataError)
    assert 'order: unknown order "ours". Known: allies_first, allies_last, alike, law' in str(done.exception)


def test_a_stockpile_is_told_with_all_others_first(folder: Path) -> None:
    """Others take all 10 t, so our 4 t of defence have to be there; by law these come first, of 10 t."""
    words = ["stockpile", str(folder / "two"), "--scenario", "calm", "--months", "12", "--format", "json"]
    need = json.loads(CliRunner().invoke(app, [*words, "--order", "allies_last"]).stdout)["tables"]["stockpile"]
    assert pd.DataFrame(need)["required_t"].tolist() == pytest.approx([4.0])
    for order in ([], ["--order", "law"]):
        need = json.loads(CliRunner().invoke(app, [*words, *order]).stdout)["tables"]["stockpile"]
        assert pd.DataFrame(need)["required_t"].tolist() == pytest.approx([0.0])
