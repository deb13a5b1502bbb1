"""What few events can say, by hand: coverage, levels of rerouting, the table of events; a chain put back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.hindsight import Record, clopper_pearson
from chainnet.hindsight._before import _put
from chainnet.hindsight._hindcast import _part, _weeks
from chainnet.hindsight._record import track_record
from chainnet.hindsight._skill import by_event_of, counts_of, cover_of, coverage_of, levels_of, skill_of
from chainnet.hindsight._track import class_of_rule, record_words

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


BASE = "event question kind status who unit horizon"


def scored(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Scores of which one baseline, the share lost, says something."""
    names = f"{BASE} wis wis_share_lost wis_nothing hit_wide error observed_low"
    table = frame(names, *rows)
    return table.assign(**{f"wis_{name}": np.nan for name in ("hhi", "last_year", "last_event", "always_plus")})


FEW = scored(
    ("a", "q1", "flow", "open", "tier", "ratio", 6, 0.1, 0.4, 0.0, True, 0.1, 0.3),
    ("a", "q2", "flow", "kept", "tier", "ratio", 6, 0.3, 0.4, 0.0, False, -0.2, 0.3),
    ("b", "q1", "flow", "open", "tier", "ratio", 6, 0.5, 0.3, 0.0, True, 0.0, 0.3),
    ("c", "q1", "flow", "open", "tier", "ratio", 6, 0.2, 0.2, None, True, 0.0, 0.3),
    ("c", "o1", "onset", "open", "tier", "months", 6, 1.0, 2.0, None, True, -1.0, 2.0),
    ("b", "o1", "onset", "open", "tier", "months", 6, 2.0, 2.0, None, False, 2.0, 2.0),
    ("b", "o2", "onset", "spent", "tier", "months", 6, 0.0, 2.0, None, True, 0.0, 2.0),
    ("b", "o3", "onset", "open", "tier", "months", 6, None, 2.0, None, True, 0.0, 2.0),
    ("b", "s1", "first", "open", "tier", "set", 6, 0.0, 0.5, None, None, None, None),
)


def test_counts_of_what_was_right() -> None:
    told = counts_of(FEW)
    # six numbers of three events; a spent one and one without a score are left out, a set has no band
    assert (told["hits"], told["n"], told["events"]) == (4, 6, 3)
    worth = 6 / (1 + (6 / 3 - 1) * 0.5)
    assert (told["low"], told["high"]) == tuple(round(end, 4) for end in clopper_pearson(4 / 6 * worth, worth))
    assert (told["onsets_right"], told["onsets"]) == (1, 2), "a month is right, two are not"
    # of a 0.2 to 0.4, of b 0.5 to 0.3, of c the same
    assert (told["better_in"], told["compared"]) == (1, 3)
    none = counts_of(FEW.iloc[:0])
    assert [none[name] for name in ("events", "hits", "n", "low", "high", "onsets", "compared")] == [
        0,
        0,
        0,
        0,
        1,
        0,
        0,
    ]


def test_skill_weighs_events_alike_and_says_when_its_sign_hangs_on_one() -> None:
    table = skill_of(FEW).set_index(["kind", "status", "baseline"])
    row = table.loc[("flow", "open", "share_lost")]
    # of a 0.1 and 0.4, of b 0.5 and 0.3, of c 0.2 and 0.2
    assert row[["events", "questions", "better_in"]].tolist() == [3, 3, 1]
    assert row[["wis", "wis_baseline", "skill"]].tolist() == pytest.approx([0.8 / 3, 0.3, 1 - 0.8 / 0.9])
    # without a 0.7 to 0.5, without b 0.3 to 0.6, without c 0.6 to 0.7
    assert row[["skill_low", "skill_high"]].tolist() == pytest.approx([1 - 7 / 5, 1 - 3 / 6])
    assert row["p_sign"] == pytest.approx(7 / 8), "one or more of three by the toss of a coin"
    assert row["says"] == "not shown: its sign hangs on one event"
    onset = table.loc[("onset", "open", "share_lost")]
    assert onset[["skill", "skill_low", "skill_high", "says"]].tolist() == pytest.approx([0.25, 0.0, 0.5, ""])
    perfect = table.loc[("flow", "open", "nothing")]
    assert perfect["says"] == "the baseline was perfect"
    assert math.isnan(perfect["skill"])
    one = table.loc[("flow", "kept", "share_lost")]
    assert one[["skill", "skill_low", "skill_high"]].tolist() == pytest.approx([0.25, math.nan, math.nan], nan_ok=True)
    assert ("flow", "open", "hhi") not in table.index
    two = pd.concat([FEW.iloc[:3], FEW.iloc[:1].assign(question="q9", wis=0.3)])
    mean = skill_of(two).set_index(["kind", "status", "baseline"]).loc[("flow", "open", "share_lost")]
    assert mean[["wis", "questions"]].tolist() == pytest.approx([0.35, 3]), (
        "of 0.1, 0.3 of one event and 0.5 of another"
    )


def test_weeks_by_which_every_first_short_month_is_right() -> None:
    weeks = {"none": 0.0, "low": 2.0, "stated": 6.0, "high": 9.0}
    came = frame(
        "event question kind who observed_low horizon",
        ("a", "q1", "onset", "tier", 3.0, 6), ("a", "q2", "onset", "tier", math.inf, 6), ("b", "q1", "onset", "anyone", 3.0, 6),
        ("c", "q1", "onset", "tier", 1.0, 6), ("c", "q2", "short", "tier", 0.0, 6),
    )  # fmt: skip
    told = frame(
        "event question member low",
        # the stated weeks and the low ones are off by a month, the high ones by two
        ("a", "q1", "central", 4.0), ("a", "q1", "cover:low", 2.0), ("a", "q1", "cover:high", 5.0), ("a", "q1", "degree:free", 3.0),
        # nothing came within six months: month 4 is off by two
        ("a", "q2", "central", 5.0), ("a", "q2", "cover:low", 4.0), ("a", "q2", "cover:high", math.inf),
        # who may be the first to be short holds the low weeks, where nothing else is said
        ("b", "q1", "central", 2.0), ("b", "q1", "cover:none", 3.0), ("b", "q1", "cover:stated", 9.0),
        ("c", "q1", "central", 5.0),
    )  # fmt: skip
    table = cover_of(told, came, weeks).set_index(["event", "who"])
    assert table.loc[("a", "tier")].tolist() == [6.0, 6.0]
    assert table.loc[("b", "anyone")].tolist() == [0.0, 2.0]
    assert table.loc[("c", "tier")].isna().all()


LICENCE, QUOTA = {"kind": "licence"}, {"kind": "quota"}


@pytest.mark.parametrize(
    ("measures", "name"),
    [
        ([{"kind": "restrict", "to": {"country": "USA"}}], "ban_one"),
        ([{"kind": "restrict", "to": {"country": "USA"}}, {"kind": "restrict", "to": {"country": "EU27"}}], "all"),
        ([{"kind": "restrict", "to": {"country": ["USA", "JPN"]}}], "all"),
        ([{"kind": "restrict"}], "all"),
        ([{"kind": "restrict", "to": {"country": "USA"}}, QUOTA], "quota"),
        ([QUOTA, LICENCE], "licence"),
        ([{"kind": "remove"}], "all"),
        ([{"kind": "purchase"}, {"kind": "club"}], "all"),
        ([{"kind": "purchase"}, {"kind": "restrict", "to": {"country": "USA"}}], "ban_one"),
        ([], "all"),
    ],
)  # fmt: skip
def test_the_class_of_past_events_that_measures_are_like(measures: list[dict[str, object]], name: str) -> None:
    assert class_of_rule(measures) == name


def test_a_track_record_in_words() -> None:
    row = {"events": 3, "hits": 4, "n": 6, "low": 0.214, "high": 0.956, "onsets_right": 1, "onsets": 2, "better_in": 1,
           "compared": 3}  # fmt: skip
    assert record_words(row, True) == (
        "Put to 3 past rules of this kind, as known beforehand, the wide band held 4 of 6 outcomes (between 21 and 96 of"
        " 100 at this number). The first short month was right within one in 1 of 2. For flows it beat 'the share is lost,"
        " nothing is rerouted' in 1 of 3."
    )
    assert record_words(row | {"events": 1, "onsets": 0, "compared": 0}) == (
        "Put to 1 past rule, as known beforehand, the wide band held 4 of 6 outcomes (between 21 and 96 of 100 at this"
        " number)."
    )
    assert record_words(row | {"n": 0}) == "This chain has never been put to the test."


def test_a_track_record_counts_by_class_and_chain_and_leaves_out_what_has_no_band() -> None:
    classes = {"a": "licence", "b": "quota", "c": "licence"}
    chains = {"a": "ore", "b": "ore", "c": "tin"}
    scores = FEW.assign(**{"class": FEW["event"].map(classes), "chain": FEW["event"].map(chains)})
    events: dict[tuple[str, str], object] = {("tin", "c"): None, ("ore", "a"): None}
    table = track_record(Record(scores, events, pd.DataFrame()))  # type: ignore[arg-type]
    counted = table[["class", "chain", "events", "hits", "n"]].to_numpy().tolist()
    assert counted == [
        ["all", "all", 3, 4, 6], ["all", "ore", 2, 2, 4], ["all", "tin", 1, 2, 2], ["licence", "all", 2, 3, 4],
        ["licence", "ore", 1, 1, 2], ["licence", "tin", 1, 2, 2], ["quota", "all", 1, 1, 2], ["quota", "ore", 1, 1, 2],
    ]  # fmt: skip
