"""Third countries, and an answer by courier, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app


def run(*words: str, fails: bool = False) -> str:
    done = CliRunner().invoke(app, list(words))
    assert (done.exit_code != 0 or done.exception is not None) == fails, done.output
    return done.stdout if not fails else str(done.exception)


def test_partners_takes_blocs_prices_and_choices(tmp_path: Path, mag9: cn.Network, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    prices = [word for good in mag9.commodities["id"] for word in ("--price", f"{good}=1000")]
    told = run("partners", "mag-9", "--bloc", "us=USA", "--bloc", "them=CHN", *prices, "--choice", "joins_us",
               "--choice", "china_out", "--format", "json")  # fmt: skip
    found = json.loads(told)["tables"]["choices"]
    assert {row["choice"] for row in found} == {"as_is", "joins_us", "china_out"}
    assert all(row["value_added_low_usd"] <= row["value_added_high_usd"] for row in found)
    assert "unknown commodity" in run("partners", "mag-9", "--bloc", "us=USA", "--bloc", "them=CHN", "--price", "gold=1", fails=True)  # fmt: skip


@pytest.mark.long
def test_parts_answer_by_courier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("partition", "mag-9", "--party", "usa=USA", "--party", "china=CHN", "--out", "parts")
    assert {path.name for path in Path("parts").iterdir()} == {"usa", "china", "rest", "ask.json", "border.csv"}
    border = pd.read_csv("parts/border.csv")
    usa = cn.read("parts/usa")
    assert set(usa.nodes["country"].dropna()) - {"USA"} <= set(
        usa.nodes.loc[usa.nodes["id"].isin(border["id"]), "country"]
    )
    asks = ["--ask", "parts/ask.json"]
    for number in (1, 2):
        for party in ("usa", "china", "rest"):
            run("offer", f"parts/{party}", *asks, "--scenario", _scenario(), "--out", f"offers/{party}-{number}.json")  # fmt: skip
        offers = sorted(map(str, Path("offers").glob("*.json")))
        told = json.loads(run("joint", *offers, "--ask", asks[-1], "--out", f"ask-{number + 1}.json", "--tolerance", "1e-9", "--format", "json"))  # fmt: skip
        row = told["tables"]["joint"][0]
        assert row["value_tpa"] <= 10.0 + 1e-6 <= row["bound_tpa"] + 2e-6
        if Path(f"ask-{number + 1}.json").exists():
            asks += ["--ask", f"ask-{number + 1}.json"]
    assert "is missing" in run("joint", offers[0], offers[3], "--ask", asks[-1], fails=True)


@pytest.mark.long
def test_signed_rounds_by_courier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cryptography")
    monkeypatch.chdir(tmp_path)
    parties = ("usa", "china", "rest")
    for name in (*parties, "courier"):
        run("key", f"{name}.key")
    signed = ["partition", "mag-9", "--party", "usa=USA", "--party", "china=CHN", "--sign", "courier.key", "--in-order"]
    run(*signed, "--out", "parts")
    check = [word for name in parties for word in ("--verify", f"{name}={name}.key.pub")]
    for name in parties:
        run("offer", f"parts/{name}", "--ask", "parts/ask.json", "--verify", "courier.key.pub", "--sign", f"{name}.key",
            "--out", f"{name}.json")  # fmt: skip
    offers = [f"{name}.json" for name in parties]
    told = json.loads(run("joint", *offers, "--ask", "parts/ask.json", *check, "--format", "json"))["tables"]
    assert [row["tier"] for row in told["tiers"]] == ["defence", "industrial", "civilian"]
    assert all(row["value_tpa"] <= row["bound_tpa"] + 1e-9 for row in told["tiers"])
    assert told["joint"][0]["value_tpa"] <= 50.0 + 1e-6 <= told["joint"][0]["bound_tpa"] + 2e-6
    # another exchange of the same chain: its ask is another, so an offer of this one is refused there
    run(*signed, "--out", "other")
    assert "another ask" in run("joint", *offers, "--ask", "other/ask.json", *check, fails=True)
    assert "is signed with the key" in run("offer", "parts/usa", "--ask", "parts/ask.json", "--verify", "usa.key.pub", fails=True)  # fmt: skip
    message = json.loads(Path("usa.json").read_text())
    message["answers"][0]["bound_tpa"] += 1.0
    Path("usa.json").write_text(json.dumps(message))
    assert "offer of usa, round 1: is not what was signed" in run("joint", *offers, "--ask", "parts/ask.json", *check, fails=True)  # fmt: skip
    assert "PARTY=FILE" in run("joint", *offers, "--ask", "parts/ask.json", "--verify", "usa.key.pub", fails=True)


def _scenario() -> str:
    """Write the scenario in which China's plants drop out; each party puts it to its own part."""
    path = Path("china_out.toml")
    path.write_bytes(cn.scenarios(cn.read("mag-9"))["china_out"].to_toml().encode())
    return str(path)
