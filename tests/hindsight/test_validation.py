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
CHAINS = ("antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten")
# questions of the registrations so far, and the SHA-256 of the first line of each, in the order of the file
FIRST = {
    "antimony": (31, "0550470d83d57e5248777fdedcc8c7c2201a3f8bfe32ee3ed05356039ce3c7f8"),
    "gallium": (34, "b2c7dc067aaa9bb3b9b5027434db2ff46eafd638b3b89dd4fef1aff7daca8383"),
    "germanium": (31, "08493ba96cbf14a9e61c7aea68c8fce99f4de9313176562a583f67d022806307"),
    "graphite": (38, "bf1e344a236a2386538ed9d5b87888d5ab4556c80a800165543b45591fac49ae"),
    "rare-earths": (84, "d00f99bf92aa2bca321fd3b76dc2e9cd017350c4c077d623acc595c8d0122cf9"),
    "tungsten": (12, "9e9109929f32c41294a7e6b9bd71de2fad714b0d80e86d531bd08bd32788182a"),
}


def lines_of(chain: str) -> list[str]:
    return (ROOT / "graphs" / chain / "events" / "register.csv").read_text(encoding="utf-8").splitlines()[1:]


def digest(lines: list[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()


def first_lines(lines: list[str]) -> list[str]:
    """Return the first line of each question."""
    first: dict[tuple[str, ...], str] = {}
    for line in lines:
        first.setdefault(tuple(line.split(",")[:2]), line)
    return list(first.values())


@pytest.mark.parametrize("chain", CHAINS)
def test_the_first_line_of_no_question_was_changed(chain: str) -> None:
    n, known = FIRST[chain]
    first = first_lines(lines_of(chain))
    assert digest(first[:n]) == known
    changed = [*first[: n - 1], first[n - 1].replace("0", "1", 1)]
    assert digest(changed) != known


@pytest.mark.parametrize("chain", CHAINS)
def test_each_question_on_record_has_a_first_line_that_is_held(chain: str) -> None:
    assert len(first_lines(lines_of(chain))) == FIRST[chain][0]


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
