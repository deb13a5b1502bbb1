"""The register stays as it was written; the page on validation and the track record are made of it, byte for byte."""

from __future__ import annotations

import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest
import validation_page

import chainnet as cn
from chainnet.hindsight import Record, events, registered, track_line

ROOT = Path(__file__).parents[2]
CHAINS = ("antimony", "gallium", "germanium", "graphite", "rare-earths")
# lines, without the header, of the first registration, and their SHA-256
FIRST = {
    "antimony": (22, "f949628e2ef2bfc6d7a05b0f5940969381dccc4cb216a125a822cc259b34577e"),
    "gallium": (18, "c6164b1165ce04c0280cd2bffda02b2f27025913e679b853a9b6acbc5a82eb8a"),
    "germanium": (15, "7d5bc780580ee0e6a07393f3c588cec806a615784521200a666cd79b1864fb49"),
    "graphite": (16, "eb498f5d9b82e9cbed65f5a7f68dff5b06957d2af15847d75390ec55dffd6f1d"),
    "rare-earths": (30, "6981f80d0eec5d7720051d2c91261ca018778f40c345df457d3c0eafc6b80cde"),
}


def lines_of(chain: str) -> list[str]:
    return (ROOT / "graphs" / chain / "events" / "register.csv").read_text(encoding="utf-8").splitlines()[1:]


def digest(lines: list[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("chain", CHAINS)
def test_no_line_of_the_register_was_changed(chain: str) -> None:
    n, first = FIRST[chain]
    lines = lines_of(chain)
    assert digest(lines[:n]) == first
    changed = [lines[0].replace("0", "1", 1), *lines[1:n]]
    assert digest(changed) != first


@pytest.mark.parametrize("chain", CHAINS)
def test_the_register_only_grew_in_the_history(chain: str) -> None:
    path = f"graphs/{chain}/events/register.csv"
    asked = ["git", "-C", str(ROOT), "log", "--format=%H", "--", path]
    known = subprocess.run(asked, capture_output=True, text=True, check=False)
    if known.returncode or not known.stdout.split():
        pytest.skip("no history here")
    now = (ROOT / path).read_bytes()
    for commit in known.stdout.split():
        shown = subprocess.run(["git", "-C", str(ROOT), "show", f"{commit}:{path}"], capture_output=True, check=False)
        assert shown.returncode or now.startswith(shown.stdout), commit


@pytest.mark.parametrize("chain", CHAINS)
def test_nearly_every_question_is_registered(chain: str) -> None:
    net = cn.read(chain)
    table = registered(net)
    asked = {(event.id, q.id) for event in events(net).values() for q in event.asked}
    told = set(zip(table["event"], table["question"], strict=True))
    assert told <= asked
    # Germany and India without a node, Korea, Thailand and Viet Nam without a flow
    assert len(asked - told) <= 4


@cache
def record() -> Record:
    return validation_page.record()


@pytest.mark.long
def test_the_page_is_made_anew() -> None:
    assert validation_page.PAGE.read_text(encoding="utf-8") == validation_page.page(record())
    assert validation_page.TRACK.read_text(encoding="utf-8") == validation_page.track_text(record())


@pytest.mark.long
def test_misses_stand_before_hits_and_each_is_named() -> None:
    page = validation_page.PAGE.read_text(encoding="utf-8")
    scores = record().scores
    mine = scores[scores["status"].isin(["open", "kept"]) & scores["hit_wide"].notna()]
    missed = mine[~mine["hit_wide"].astype(bool)]
    part = page[page.index("### Every miss") : page.index("### Hits")]
    for row in missed.itertuples():
        assert f"| {row.event} | {row.chain} | {row.question} |" in part
    assert part.count("\n| ") - 2 == len(missed)


@pytest.mark.long
def test_forecasts_enough_and_seven_events() -> None:
    scores = record().scores
    assert scores.loc[scores["status"] != "pending", "event"].nunique() == 7
    assert (scores["status"] == "open").sum() >= 40


@pytest.mark.long
def test_bands_on_record_are_nested() -> None:
    rows = record().scores
    rows = rows[~rows["kind"].isin(["first", "order"])]
    for low, high in (("wide_low", "narrow_low"), ("narrow_low", "central"), ("central", "narrow_high"),
                      ("narrow_high", "wide_high")):  # fmt: skip
        assert (rows[low].astype(float) <= rows[high].astype(float) + 1e-6).all()


def test_the_line_of_a_finding_reads_the_record() -> None:
    kept = pd.read_csv(validation_page.TRACK).set_index(["class", "chain"])
    row = kept.loc[("licence", "all")]
    line = track_line("gallium", [{"kind": "licence"}])
    assert f"held {row['hits']:.0f} of {row['n']:.0f} outcomes" in line
    assert "of this kind" in line
    assert track_line("mag-9", []) == "This chain has never been put to the test."
    assert cn.find(cn.read("mag-9"), "china_out").track_record == "This chain has never been put to the test."


@pytest.mark.parametrize("chain", CHAINS)
def test_texts_and_inputs_are_those_that_were_registered(chain: str) -> None:
    """Who changes an event file or its inputs registers anew: the lines that stand are of what was known then."""
    net = cn.read(chain)
    last = registered(net).drop_duplicates(["event", "question"], keep="last").set_index("event")
    for event in events(net).values():
        assert set(last.loc[[event.id], "event_digest"]) == {event.digests["event"]}
        assert set(last.loc[[event.id], "inputs_digest"]) == {event.digests["inputs"]}
