"""What few events can say, by hand: coverage, levels of rerouting, the table of events; a chain put back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.hindsight._before import _put
from chainnet.hindsight._hindcast import _part, _weeks
from chainnet.hindsight._skill import by_event_of, coverage_of, levels_of

SCORES = frame(
    "event question status unit wis hit_narrow hit_wide width_narrow width_wide observed_low observed_high",
    ("a", "q1", "open", "share", 0.1, True, True, 0.2, 0.4, 0.5, 0.5),
    ("a", "q2", "open", "share", 0.2, False, True, 0.1, 0.8, 0.2, 0.3),
    ("b", "q1", "open", "ratio", 0.3, False, False, 0.3, 0.5, 0.9, 0.9),
    ("b", "q3", "spent", "months", 0.4, True, True, 0.3, 0.6, 4.0, 4.0),
    ("c", "q1", "open", "order", 0.5, None, None, None, None, None, None),
    ("c", "q2", "open", "share", None, None, None, None, None, 0.1, 0.1),
)


def test_coverage_is_told_of_each_status_and_band() -> None:
    table = coverage_of(SCORES).set_index(["status", "band"])
    told = ["declared", "hits", "n", "events_whole", "events", "hits_if_sharp", "n_if_sharp"]
    assert table.loc[("open", "narrow"), told].tolist() == [0.5, 1, 3, 0, 2, 1, 3]
    assert table.loc[("open", "wide"), told].tolist() == [0.9, 2, 3, 1, 2, 1, 2], "of 0.4, 0.5 and 0.8 two are sharp"
    assert table.loc[("spent", "wide"), told].tolist() == [0.9, 1, 1, 1, 1, 0, 0]
    assert table.loc[("open", "wide"), "mean_width"] == pytest.approx(1.7 / 3)
    # three outcomes of two events that go half together are worth 3 / (1 + 0.5 x 0.5)
    assert table.loc[("open", "wide"), "n_eff"] == pytest.approx(2.4)


def test_an_event_is_one_row_with_what_was_asked_scored_and_held() -> None:
    table = by_event_of(SCORES).set_index("event")
    assert table.loc["a", ["questions", "scored", "hits_narrow", "hits_wide", "judged"]].tolist() == [2, 2, 1, 2, 2]
    assert table.loc["b", ["questions", "scored", "hits_narrow", "hits_wide", "judged"]].tolist() == [2, 2, 1, 1, 2]
    assert table.loc["c", ["questions", "scored", "hits_narrow", "hits_wide", "judged"]].tolist() == [2, 1, 0, 0, 0]
    assert table["mean_width"].tolist() == pytest.approx([0.6, 0.55, math.nan], nan_ok=True)


@pytest.mark.parametrize(("n_events", "leads"), [(3, True), (2, False)])
def test_a_level_leads_where_three_events_say_so(n_events: int, leads: bool) -> None:
    events = list("xyz")[:n_events]
    scores = pd.DataFrame(
        {"event": events, "question": "q", "unit": "share", "observed_low": 0.4, "observed_high": 0.5}
    )
    # off by 0.1 above the range, by nothing within it, by 0.2 below
    rows = [
        (event, "q", member, low, high)
        for event in events
        for member, low, high in (("central", 0.5, 0.7), ("degree:free", 0.3, 0.6), ("degree:existing", 0.1, 0.3), ("other", 0.9, 0.9))
    ]  # fmt: skip
    members = pd.DataFrame(rows, columns=["event", "question", "member", "low", "high"])
    table = levels_of(members, scores, dict.fromkeys(events, "licence")).set_index("level")
    assert table["wis"].to_dict() == pytest.approx({"path": 0.1, "free": 0.0, "existing": 0.2})
    assert table["leads"].to_dict() == {"path": False, "free": leads, "existing": False}
    assert table["events"].tolist() == [n_events] * 3
    assert levels_of(members, scores.assign(unit="months"), {}).empty


def test_the_weeks_of_users_are_those_of_the_first_row_and_its_ends() -> None:
    def weeks(*row: object) -> dict[str, float]:
        cover = frame("step weeks low high", row) if row else None
        return _weeks(cn.Network(frame("id stage", ("m", "mine")), frame("source target"), cover=cover))

    assert weeks("magnets", 6.0, 2.0, 9.0) == {"none": 0.0, "low": 2.0, "stated": 6.0, "high": 9.0}
    assert weeks("magnets", 6.0, None, None) == {"none": 0.0, "low": 6.0, "stated": 6.0, "high": 6.0}
    assert weeks() == {}


def test_the_part_of_an_event_is_a_part_of_all() -> None:
    told: list[tuple[str, float]] = []
    tell = _part(lambda *said: told.append(said), 2, 4)
    assert tell is not None
    tell("members", 0.5)
    assert told == [("members", 0.625)]
    assert _part(None, 2, 4) is None


def test_a_chain_put_back_keeps_the_room_of_what_flows_and_no_plant_is_too_small() -> None:
    base = cn.Network(
        nodes=frame("id stage capacity_tpa low high", ("m", "mine", 20.0, 1.0, 2.0), ("p", "refiner", 12.0, None, None),
                    ("u", "end_use", None, None, None), ("v", "end_use", None, None, None)),
        edges=frame("source target capacity_tpa flow_tpa", ("m", "p", 16.0, 8.0), ("m", "u", 5.0, 0.0), ("m", "v", 6.0, 2.0), ("p", "u", None, 8.0)),
        demand=frame("node demand_tpa low high", ("u", 8.0, 7.0, 9.0), ("v", 2.0, None, None)),
    )  # fmt: skip
    flows = base.edges[base.edges["target"] != "v"].assign(flow_tpa=[14.0, 3.0, 14.0])
    made = _put(base, flows, base.demand.assign(demand_tpa=[14.0, 0.0]), np.array([0.5, 1.0, 1.0, 1.0]))
    edges = made.edges.set_index(["source", "target"])
    assert edges["flow_tpa"].to_dict() == {("m", "p"): 14.0, ("m", "u"): 0.0, ("m", "v"): 0.0, ("p", "u"): 14.0}
    assert edges["capacity_tpa"].tolist() == pytest.approx([28.0, 5.0, 0.0, math.nan], nan_ok=True), "twice what flows"
    assert made.demand[["demand_tpa", "low", "high"]].to_numpy().tolist()[0] == pytest.approx(
        [14.0, math.nan, math.nan], nan_ok=True
    )
    # half of the mine would be 10 t: it ships 14
    assert made.nodes.set_index("id")["capacity_tpa"].tolist()[:2] == pytest.approx([14.0, 14.0])
    assert made.nodes[["low", "high"]].isna().all(axis=None)
