"""Both ends of who is served first: solved, said, and at the command line."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.results import Ends
from chainnet.words import ends_sentence


def shared() -> cn.Network:
    """Ten tonnes of ore for our eight and their eight: 6 are short, ours or theirs."""
    nodes = pd.DataFrame(
        {
            "id": ["m", "ours", "theirs"],
            "stage": ["mine", "end_use", "end_use"],
            "country": ["AUS", "USA", "CHN"],
            "capacity_tpa": [10.0, None, None],
        }
    )
    edges = pd.DataFrame({"source": ["m", "m"], "target": ["ours", "theirs"]})
    demand = pd.DataFrame({"node": ["ours", "theirs"], "tier": ["defence", "civilian"], "demand_tpa": [8.0, 8.0]})
    return cn.Network(nodes=nodes, edges=edges, demand=demand, beneficiaries=["USA"], name="shared")


@pytest.mark.parametrize("known", [None, "allies_first", "allies_last", "alike"])
def test_the_ends_are_the_two_balances(known: Any) -> None:
    net = shared()
    given = None if known is None else cn.balance(net, order=known)
    found = cn.service_range(net, known=given)
    assert found.loc["defence"].tolist() == pytest.approx([8.0, 0.0, 6.0])
    assert found.attrs["has_others"]
    for order in ("allies_first", "allies_last"):
        short = cn.balance(net, order=order).by_tier()["shortfall_tpa"]  # type: ignore[arg-type]
        assert found[f"shortfall_{order.removeprefix('allies_')}_tpa"].tolist() == pytest.approx(short.tolist())


def test_where_all_count_there_is_one_end() -> None:
    found = cn.service_range(shared(), beneficiaries=[])
    assert not found.attrs["has_others"]
    assert (found["shortfall_first_tpa"] == found["shortfall_last_tpa"]).all()


def test_an_answer_to_another_question_is_refused() -> None:
    net = shared()
    with pytest.raises(cn.DataError, match="reroute"):
        cn.service_range(net, known=cn.balance(net, reroute="new"))
    with pytest.raises(cn.DataError, match="the network"):
        cn.service_range(net, known=cn.balance(net.scale({"id": "m"}, 0.5)))


def test_the_words_say_one_number_where_the_digits_shown_agree() -> None:
    assert Ends(0.0, 6.0, 8.0).said("a", "t/yr", " ") == (
        "a short 0 t/yr if the others are served after, 6 t/yr (75 %) if before"
    )
    assert Ends(6.0, 6.0004, 8.0).said("a", "t/yr", " ") == "a short 6 t/yr (75 %), whoever is served first"
    both = {"a": Ends(0.0, 0.0, 8.0), "b": Ends(0.0, 2.0, 8.0)}
    assert ends_sentence(both).count("whoever") == 1


@pytest.fixture
def folder(tmp_path: Any) -> str:
    return str(cn.write(shared(), tmp_path / "shared"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("balance", "ends: defence short 0 t/yr if the others are served after, 6 t/yr (75 %) if before"),
        ("balance --order allies_last", "defence short 0 t/yr if the others are served after, 6 t/yr (75 %) if before"),
        ("stress --months 3", "baseline, in the long run: defence short 0 t/yr if the others are served after, 6 t/yr"),
        ("stress --months 3 --order allies_last", "defence short 0 t/yr if the others are served after, 6 t/yr (75 %)"),
        (
            "chokepoints",
            "largest loss 8 t/yr (100 % of 8; m) if the others are served after, 2 t/yr (100 % of 2",
        ),
        (
            "chokepoints --top 1 --order allies_last",
            "largest loss 8 t/yr (100 % of 8; m) if the others are served",
        ),
        ("exposure", "largest cost 8 t (m), whoever is served first"),
    ],
)
def test_the_command_line_says_both_ends(folder: str, line: str, said: str) -> None:
    command, *more = line.split()
    found = CliRunner().invoke(app, [command, folder, *more])
    assert found.exit_code == 0, found.output
    assert said in found.stdout
    found = CliRunner().invoke(app, [command, folder, *more, "--format", "json"])
    assert said.removeprefix("ends: ") in json.loads(found.stdout)["ends"]


def test_without_others_nothing_is_said_of_ends() -> None:
    for line in (["balance", "mag-9"], ["chokepoints", "mag-9"], ["exposure", "mag-9"]):
        assert "ends:" not in CliRunner().invoke(app, line).stdout
