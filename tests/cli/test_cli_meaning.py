"""Both ends of who is served first stand in their order, whichever is asked: by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from conftest import frame

import chainnet as cn
from chainnet.cli import app as cli


def test_exposure_tells_the_end_after_first_whichever_end_is_asked(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without b 4 of 10 t are left for 6 of ours and 3 of others: 2 short if ours come first, 5 if last."""
    net = cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("a", "mine", "AUS", 4.0),
            ("b", "mine", "CHN", 6.0),
            ("us", "end_use", "USA", None),
            ("jp", "end_use", "JPN", None),
        ),
        frame("source target flow_tpa", ("a", "us", 4.0), ("b", "us", 2.0), ("a", "jp", 0.0), ("b", "jp", 3.0)),
        demand=frame("node tier demand_tpa", ("us", "defence", 6.0), ("jp", "defence", 3.0)),
        beneficiaries=["USA"],
    )
    cn.write(net, tmp_path / "net")
    told = {}
    for order in ("allies_first", "allies_last"):
        monkeypatch.setattr(
            sys,
            "argv",
            ["chainnet", "exposure", str(tmp_path / "net"), "--by", "node", "--order", order, "--format", "json"],
        )
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        told[order] = json.loads(capfd.readouterr().out)["ends"]
    assert told["allies_last"] == told["allies_first"]
    first, last = told["allies_first"].split(" if the others are served after, ")
    assert first.startswith("largest cost 2 t"), told
    assert last.startswith("5 t"), told


@pytest.mark.long
def test_a_table_of_stages_is_read_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Japan's defence alone comes first: more of it is served than where all defence is one stage."""

    def served(order: str) -> float:
        words = ["balance", "gallium", "--scenario", "china_export_stop", "--order", order, "--format", "json"]
        monkeypatch.setattr(sys, "argv", ["chainnet", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        rows = json.loads(capsys.readouterr().out)["tables"]["demand"]
        return sum(r["served_tpa"] for r in rows if r["node"].startswith("jpn") and r["tier"] == "defence")

    stages = tmp_path / "stages.csv"
    stages.write_text("stage,country,tier\n1,JPN,defence\n2,,civilian\n", encoding="utf-8")
    wanted = cn.read("gallium").demand
    wanted = wanted[wanted["node"].str.startswith("jpn") & (wanted["tier"] == "defence")]["demand_tpa"].sum()
    assert served(str(stages)) == pytest.approx(wanted)
    assert served("allies_last") < wanted


def test_find_lists_the_projects_that_help_with_their_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """China digs all 10 t; one pit is built for 2028 and gives 4 of them, one is a plan and gives 3."""
    net = cn.Network(
        frame("id stage country capacity_tpa", ("cn", "mine", "CHN", 10.0), ("us", "end_use", "USA", None)),
        frame("source target flow_tpa", ("cn", "us", 10.0), ("pit", "us", None), ("plan", "us", None)),
        demand=frame("node tier demand_tpa", ("us", "defence", 10.0)),
        projects=frame(
            "id label stage country capacity_tpa status start_year",
            ("plan", "Planned pit", "mine", "AUS", 3.0, "undecided", 2030),
            ("pit", "Pit", "mine", "AUS", 4.0, "building, since 2026", 2028),
        ),
        beneficiaries=["USA"],
        year=2026,
    )
    cn.write(net, tmp_path / "net")
    monkeypatch.setattr(sys, "argv", ["chainnet", "find", str(tmp_path / "net")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    said = capfd.readouterr().out
    rows = [line.split() for line in said.splitlines() if line.split()[:1] in (["pit"], ["plan"])]
    assert rows == [["pit", "Pit", "building", "2028", "4"], ["plan", "Planned", "pit", "undecided", "2030", "3"]]
    assert "once new suppliers are qualified, without stocks, at its size in 2032." in said
    assert "the month is that of the plan with the fewest tonnes short in the first year" in said
