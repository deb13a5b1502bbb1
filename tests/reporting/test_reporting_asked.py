"""What was asked: the report says which projects stand as built, and how to make it again."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn
from chainnet.reporting.facts import Facts
from chainnet.reporting.reproduction import reproduction
from chainnet.reporting.sections.asked import asked_points
from chainnet.words import NBSP


def chain() -> cn.Network:
    projects = frame(
        "id label status start_year ramp_years stage capacity_tpa",
        ("p", "Narva", "running", 2025, 1, "mine", 4.0),
        ("q", None, "operating", None, None, "mine", 4.0),
    )
    return cn.Network(
        frame("id stage capacity_tpa", ("pit", "mine", 4.0), ("user", "end_use", None)),
        frame("source target flow_tpa", ("pit", "user", 4.0), ("p", "user", None), ("q", "user", None)),
        demand=frame("node tier demand_tpa", ("user", "defence", 20.0)),
        projects=projects,
        name="chain",
        year=2024,
    )


@pytest.mark.long
def test_the_report_names_what_stands_and_the_command_repeats_it() -> None:
    for net, heads, option in ((chain(), [], False), (chain().at("2025"), ["Opened since 2024:"], True)):
        facts = Facts(cn.assess(net, [], months=3, draws=0))
        said = {point.head: point.text for point in asked_points(facts)}
        assert [head for head in said if head.startswith("Opened")] == heads
        assert all(said[head].replace(NBSP, " ") == "Narva since 2025, at 50 % of its size; q." for head in heads)
        command = next(point.text for point in reproduction(facts, {}) if point.head == "Command.")
        assert ("--as-of 2025-12-31" in command) == option
