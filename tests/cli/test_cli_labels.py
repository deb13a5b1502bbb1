"""Tables for people name what an id stands for, put the largest effect first and leave out what holds nothing."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.cli.output import Answer, render


def said(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


NODES = cn.read("mag-9").nodes.set_index("id")["label"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "table"),
    [
        ("chokepoints mag-9 --top 2", "chokepoints"),
        ("exposure mag-9 --top 2", "exposure"),
        ("shapley mag-9 --by node", "shapley"),
        ("reroute mag-9 --scenario china_out", "projects"),
    ],
)
def test_an_id_has_its_label_beside_it(words: str, table: str) -> None:
    names = {**NODES, **cn.read("mag-9").projects.set_index("id")["label"]}
    told = json.loads(said(*words.split(), "--format", "json"))["tables"][table]
    assert told
    assert all(row["label"] == names[row["id"]] for row in told)
    text = said(*words.split())
    # a long name is cut where all would not fit a line
    assert all(row["label"][:25] in text for row in told)


def test_an_attack_is_told_by_names() -> None:
    (optimal, *_) = json.loads(said("interdict", "mag-9", "--k", "2", "--format", "json"))["tables"]["attacks"]
    assert optimal["label"] == " + ".join(NODES[name] for name in optimal["removed"].split(" + "))
    links = said("interdict", "mag-9", "--k", "1", "--by", "edge", "--format", "csv")
    assert "Magnet plant in China -> Users of magnets" in links


def test_the_ends_of_a_link_are_named_last() -> None:
    head, first, *_ = said("flow", "mag-9", "--format", "csv", "--table", "edges").splitlines()
    assert head.startswith("source,target,commodity")
    assert head.endswith("source_label,target_label")
    source, target = first.split(",")[:2]
    assert first.endswith(f"{NODES[source]},{NODES[target]}")


def test_check_says_what_its_two_shares_count() -> None:
    told = json.loads(said("check", "mag-9", "--format", "json"))
    assert told["assumed_output_share"] == 1.0
    assert "links" in told["counted"]
    assert "counted: assumed_output_share" in said("check", "mag-9")


@pytest.mark.long
def test_projects_come_by_what_they_add_and_fit_a_line() -> None:
    words = ("reroute", "mag-9", "--scenario", "china_out")
    alone = [row["standalone_t"] for row in json.loads(said(*words, "--format", "json"))["tables"]["projects"]]
    assert alone == sorted(alone, reverse=True)
    assert alone[0] > 0
    assert max(len(line) for line in said(*words).splitlines() if line.startswith(" ")) <= 100
    # all that is known is a word away
    assert "dual_valid_t" in said(*words, "--table", "projects")
    assert "dual_valid_t" in said(*words, "--table", "projects", "--format", "csv")


def test_columns_that_hold_nothing_are_named_once() -> None:
    rows = pd.DataFrame({"id": ["a", "b"], "share": [None, float("nan")], "why": ["", None], "t": [1.0, 0.0]})
    text = render(Answer({"rows": rows}, {}, {}, (), labels={"a": "Alpha"}), "table")
    assert text.splitlines()[1].split() == ["id", "label", "t"]
    assert "  no value in any row: share, why" in text
    assert render(Answer({"rows": rows}, {}, {}, ()), "csv").startswith("id,share,why,t\n")
    empty = pd.DataFrame({"a": [None], "b": [None]})
    assert "no value in any row: a, b" in render(Answer({"rows": empty}, {}, {}, ()), "table")


def test_a_table_that_has_names_or_no_such_ids_stays_as_it_is() -> None:
    named = pd.DataFrame({"id": ["a"], "label": ["own"]})
    other = pd.DataFrame({"node": ["z"], "t": [1]})
    answer = Answer({"named": named, "other": other}, {}, {}, (), labels={"a": "Alpha"})
    assert render(answer, "csv", "named") == "id,label\na,own\n"
    assert render(answer, "csv", "other") == "node,t\nz,1\n"
