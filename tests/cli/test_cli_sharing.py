"""The commands for sharing: what they write can be read, what they refuse leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import chainnet as cn
from chainnet.cli.app import app


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    from typer.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_bytes(bytes(range(32)))

    def give(*words: str) -> str:
        done = CliRunner().invoke(app, list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    return give


def test_merge_writes_a_graph_and_all_that_was_decided(run, mag9: cn.Network, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    nodes = mag9.nodes
    nodes.loc[0, "capacity_tpa"] *= 2
    cn.write(mag9.with_table("nodes", nodes), tmp_path / "theirs")
    told = run("merge", "usa=mag-9", "jpn=theirs", "--prefer", "jpn", "--out", "both")
    assert "n_conflicts: 1" in told
    assert cn.read(tmp_path / "both").nodes.loc[0, "capacity_tpa"] == nodes.loc[0, "capacity_tpa"]
    listed = pd.read_csv(tmp_path / "both" / "merge" / "conflicts.csv")
    assert listed.set_index("party")["taken"].to_dict() == {"jpn": True, "usa": False}


def test_merge_takes_names_and_counts_from_options(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("pit", "mine1"):
        edges = pd.DataFrame({"source": [name], "target": ["u"], "commodity": ["oxide"], "capacity_tpa": [2.0]})
        cn.write(cn.Network.from_edges(edges), tmp_path / name)
    (tmp_path / "match.csv").write_text("party,table,id,same_as\nb,nodes,mine1,pit\n", encoding="utf-8")
    told = run("merge", "a=pit", "b=mine1", "--match", "match.csv", "--alias", "oxide=metal:0.5", "--format", "json")
    assert json.loads(told)["n_conflicts"] == 0
    assert json.loads(told)["provenance"]["settings"]["alias"] == {"oxide": ["metal", 0.5]}


def test_join_keeps_the_chains_apart(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("join", "north=mag-9", "south=mag-9", "--out", "joined")
    assert cn.max_flow(cn.read(tmp_path / "joined")).value_tpa == pytest.approx(100.0)


def test_a_coarser_chain_is_handed_on_and_asked(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("aggregate", "mag-9", "--respect", "china_out", "--out", "coarse")
    found = json.loads(run("bracket", "coarse/inner", "coarse/outer", "--scenario", "china_out", "--format", "json"))
    assert found["tables"]["bracket"][1]["served_low_tpa"] == pytest.approx(10.0)
    assert not (tmp_path / "coarse" / "outer" / "classes.csv").exists()
    assert (tmp_path / "coarse" / "at-home" / "classes.csv").exists()


def test_a_redacted_folder_says_what_was_done_and_can_be_attacked(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("redact", "mag-9", "--secret", "key", "--scenario", "china_out", "--out", "red")
    page = (tmp_path / "red" / "redaction" / "README.md").read_text(encoding="utf-8")
    assert "disclosure control, not secrecy" in page
    assert "china_out" in run("bracket", "red", "--scenario", "china_out")
    (tmp_path / "facts.toml").write_text(
        "[[facts]]\nserved = 50.0\n[insiders.one]\nAUS_mining_1 = 20.0\n", encoding="utf-8"
    )
    assert "AUS_mining_1" in run("attack", "red", "--facts", "facts.toml")


def test_a_root_a_proof_and_its_check(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("commit", "mag-9", "--secret", "key", "--out", "root.json")
    assert set(json.loads((tmp_path / "root.json").read_text())) == {"format", "root", "size"}
    run("prove", "mag-9", "--secret", "key", "--table", "commodities", "--key", "magnet", "--out", "proof.json")
    assert json.loads(run("verify", "proof.json", "--root", "root.json"))[0] == "commodities"
    with pytest.raises(cn.DataError, match="does not fit this root"):
        run("verify", "proof.json", "--root", "0" * 64)


def test_a_game_in_a_file_is_split(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "game.csv").write_text("coalition,value\na,6\nb,4\na+b,8\n", encoding="utf-8")
    told = json.loads(run("fair-split", "game.csv", "--proposal", "a=8", "--proposal", "b=0", "--format", "json"))
    assert [row["shapley"] for row in told["tables"]["members"]] == [5.0, 3.0]
    assert told["transfer_total"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("merge mag-9 mag-9", "is not of the form NAME=GRAPH"),
        ("merge a=mag-9 a=mag-9", "stands twice"),
        ("merge a=mag-9 b=mag-9 --alias x=y:z", "is not of the form COMMODITY"),
        ("redact mag-9 --secret nowhere", "the secret cannot be read"),
        ("redact mag-9 --secret key --bands wide", "is neither r5 nor a number"),
        ("bracket mag-9 --scenario nothing", 'unknown scenario of mag-9 "nothing"'),
        ("attack mag-9 --facts bad.toml", "no valid TOML"),
        ("attack mag-9 --facts odd.toml", "holds .*facts"),
        ("verify key --root key", "key"),
        ("fair-split bad.csv", 'value: "x" is no number'),
    ],
)
def test_bad_lines_are_refused(run, tmp_path: Path, line: str, message: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.toml").write_text("[[", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("coalition,value\na,x\n", encoding="utf-8")
    (tmp_path / "odd.toml").write_text("other = 1", encoding="utf-8")
    before = {p.name for p in tmp_path.iterdir()}
    with pytest.raises(cn.DataError, match=message):
        run(*line.split())
    assert {p.name for p in tmp_path.iterdir()} == before
