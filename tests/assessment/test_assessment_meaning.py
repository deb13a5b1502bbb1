"""Which of tied bottlenecks: by hand."""

from __future__ import annotations

from conftest import frame

import chainnet as cn
from chainnet.assessment import Answers, Finding
from chainnet.flow import Counting


def test_of_tied_bottlenecks_the_one_with_most_of_its_step_is_named_then_the_first_by_name() -> None:
    """China digs 4 of 10 t and works up all that it digs; a mill and a press there pass on just as much."""
    net = cn.Network(
        frame(
            "id stage step country",
            ("far", "mine", "digging", "CHN"),
            ("near", "mine", "digging", "AUS"),
            ("mill", "refiner", "milling", "CHN"),
            ("own", "refiner", "milling", "AUS"),
            ("press", "refiner", "pressing", "CHN"),
            ("user", "end_use", None, "AUS"),
        ),
        frame(
            "source target flow_tpa capacity_tpa",
            ("far", "mill", 4.0, 4.0),
            ("mill", "press", 4.0, 4.0),
            ("press", "user", 4.0, 4.0),
            ("near", "own", 6.0, 6.0),
            ("own", "user", 6.0, 6.0),
        ),
        demand=frame("node tier demand_tpa", ("user", "defence", 10.0)),
        beneficiaries=["AUS"],
    )
    row = Finding(Answers(Counting.of(net)), None, "defence").bottleneck
    assert (row["step"], row["country"]) == ("pressing", "CHN")
    assert (row["share_made"], row["lost_tpa"], row["lost_share"]) == (1.0, 4.0, 0.4)
    assert row["ties"] == [["digging", "CHN"], ["milling", "CHN"]], "alike in share, so by name"
