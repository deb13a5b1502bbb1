"""Rules and what is in force, asked from a shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chainnet.cli.common import app, scenario_named, scenarios_named
from chainnet.errors import DataError
from chainnet.io import read


def told(*words: str) -> dict[str, Any]:
    found = CliRunner().invoke(app, [*words, "--format", "json"])
    assert found.exit_code == 0, found.output
    return dict(json.loads(found.stdout))


def test_rules_of_a_chain_at_a_date() -> None:
    said = told("rules", "gallium", "--as-of", "2026-11-27")
    rows = {row["rule"]: row for row in said["tables"]["rules"]}
    assert rows["chn_a46_c2"]["state"] == "suspended"
    assert rows["chn_gage_2023"]["state"] == "in force"
    assert "gallium metal" in said["tables"]["controls"][0]["good"]
    assert "customs figures of its goods end in 2025-12, 11 months before 2026-11-27" in str(said["rules_due"])


def test_a_date_that_is_none_is_refused() -> None:
    found = CliRunner().invoke(app, ["rules", "gallium", "--as-of", "soon"])
    assert found.exit_code != 0
    assert isinstance(found.exception, DataError)
    assert "as_of: 'soon' is no date" in str(found.exception)


def test_check_warns_of_rules_whose_state_is_unknown() -> None:
    said = told("check", "germanium", "--as-of", "2026-11-29", "--scenario", "in_force")
    due = str(said["rules_due"])
    assert "chn_a46_c2: checked 2026-11-29, suspension until 2026-11-27: state unknown on 2026-11-29." in due


def test_names_of_what_is_in_force_are_scenario_names() -> None:
    network = read("germanium")
    assert scenario_named(network, "in_force").name == "in_force"
    assert scenario_named(network, "in_force_returns+loss_of_trail").name == "in_force_returns+loss_of_trail"
    ends = scenarios_named(network, ["china_licences_in_force@ends"])
    assert [one.name.rpartition("@")[2] for one in ends][:2] == ["share_ge_metal=0.17", "china_licences_in_force"]


RULES = "id,title,kind,in_force\nchn_a46_c2,The ban applies again,export,2026-11-28\nour_rule,Ours,duty,2027-01-01\n"


@pytest.mark.slow
def test_rules_of_a_file_lie_over_those_of_a_graph(tmp_path: Path) -> None:
    file = tmp_path / "changed.csv"
    file.write_text(RULES)
    rows = {r["rule"]: r for r in told("rules", "gallium", "--rules", str(file))["tables"]["rules"]}
    assert (rows["chn_a46_c2"]["title"], rows["chn_a46_c2"]["state"]) == ("The ban applies again", "in force")
    assert rows["our_rule"]["state"] == "announced"
    said = told("check", "gallium", "--rules", str(file), "--scenario", "in_force")
    assert "our_rule: announced, begins on 2027-01-01, 32 days after 2026-11-30." in str(said["rules_due"])
    assert "chn_a46_c2" not in str(said["rules_due"])
    # and what is in force is another scenario for a question
    before = told("balance", "gallium", "--scenario", "in_force")
    after = told("balance", "gallium", "--scenario", "in_force", "--rules", str(file))
    assert before["provenance"]["digest"] != after["provenance"]["digest"]
    assert before["tables"] != after["tables"]


def test_a_file_of_rules_that_is_at_fault_is_told_with_its_row(tmp_path: Path) -> None:
    file = tmp_path / "changed.csv"
    file.write_text(RULES.replace("2027-01-01", "soon"))
    found = CliRunner().invoke(app, ["balance", "mag-9", "--rules", str(file)])
    assert isinstance(found.exception, DataError)
    [fault] = found.exception.faults_list
    assert (fault.file, fault.row, fault.column, fault.value, fault.rule) == (
        "changed.csv", 3, "in_force", "soon", "is no date",
    )  # fmt: skip


def test_scenarios_stand_with_what_is_in_force_and_what_comes_next_first() -> None:
    rows = told("rules", "tungsten", "--as-of", "2026-11-30")["tables"]["scenarios"]
    assert [(row["scenario"], row["standing"]) for row in rows[:2]] == [
        ("in_force", "in force"),
        ("us_defence_origin_2027", "begins 2027-01-01"),
    ]
