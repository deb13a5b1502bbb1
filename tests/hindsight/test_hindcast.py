"""What would have been said: numbers by hand on two suppliers, bands, scores against a second calculation, the register."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_events import network

import chainnet as cn
from chainnet.hindsight import Hindcast, clopper_pearson, events, register, registered
from chainnet.hindsight._answers import Course, lacks, sums_of
from chainnet.hindsight._baselines import Past, baselines_of, past_of
from chainnet.hindsight._before import _dated, _ratios, _weights
from chainnet.hindsight._event import Event, Question
from chainnet.hindsight._forecast import _lines, _row, _solved, base_of, forecasts_of, rounded
from chainnet.hindsight._hindcast import from_register, kept_in, seen_of
from chainnet.hindsight._members import Member, Setting, ask_of, members_of, networks_of, with_cover
from chainnet.hindsight._outcomes import Told, observed
from chainnet.network import Network
from chainnet.stress import course

NUMBERS = ("flow", "detour", "short", "onset", "recover", "stop")
EVENT = """
label = "A licence"
actor = "CHN"
class = "licence"
announced = "2026-01-01"
in_force = "2026-02-01"
notice_days = 31
base_year = 2025

[[measures]]
kind = "licence"
from = {country = "CHN"}
commodity = ["ore"]
profile = "profile"

[[questions]]
id = "notice"
kind = "flow"
commodity = "ore"
from = "CHN"
to = "USA"
months = [-1, 0]

[[questions]]
id = "half"
kind = "flow"
commodity = "ore"
from = "CHN"
to = "USA"
months = [3, 3]

[[questions]]
id = "rest"
kind = "flow"
commodity = "ore"
from = "AUS"
to = "USA"
months = [4, 6]

[[questions]]
id = "round"
kind = "detour"
commodity = "ore"
to = "USA"
months = [1, 6]

[[questions]]
id = "short"
kind = "short"
country = "USA"
months = [1, 6]

[[questions]]
id = "onset"
kind = "onset"
country = "USA"
months = [1, 6]

[[questions]]
id = "stop"
kind = "stop"
country = "USA"
who = "anyone"
months = [1, 3]

[[questions]]
id = "price"
kind = "sign"
commodity = "ore"
country = "USA"
months = [1, 6]

[[questions]]
id = "inside"
kind = "sign"
commodity = "ore"
country = "CHN"
months = [1, 2]

[[questions]]
id = "back"
kind = "recover"
commodity = "ore"
from = "CHN"
to = "USA"
months = [1, 6]
level = 0.45

[[questions]]
id = "first"
kind = "first"
among = ["defence", "civilian"]
months = [1, 6]
"""
INPUTS = """event,table,phase,months,value,low,high,unit,knowable_from,quality,reference
lic,profile,1,2,0,0,0.25,share,2025-06-01,assumed,ASSUMPTION
lic,profile,2,,0.5,0.25,0.75,share,2025-06-01,assumed,ASSUMPTION
lic,cover,,,0,0,8,weeks,2025-06-01,assumed,ASSUMPTION
"""
OUTCOMES = """event,question,value,low,high,unit,observed_on,quality,reference,set
lic,half,0.4,,,ratio,2026-08-01,reported,customs,open
lic,rest,0.3,,,t,2026-08-01,reported,customs,spent
lic,round,0.06,,,share,2026-08-01,reported,customs,
lic,onset,never,,,months,2026-08-01,press,press,open
lic,stop,no,,,yes/no,2026-08-01,press,press,open
lic,price,0.3,,,relative change,2026-08-01,press,press,open
lic,first,civilian,,,set,2026-08-01,press,press,open
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A user of 10 t a year: 6 of China, of 7.5 at most, and 4 of Australia, of 5 at most; defence asks for 2 of it."""
    nodes = pd.DataFrame(
        {
            "id": ["cn", "au", "us"],
            "stage": ["mine", "mine", "end_use"],
            "country": ["CHN", "AUS", "USA"],
            "capacity_tpa": [7.5, 5.0, None],
        }
    )
    edges = pd.DataFrame(
        {"source": ["cn", "au"], "target": "us", "commodity": "ore", "flow_tpa": [6.0, 4.0], "capacity_tpa": [7.5, 5.0]}
    )
    demand = pd.DataFrame({"node": "us", "commodity": "ore", "tier": ["defence", "civilian"], "demand_tpa": [2.0, 8.0]})
    net = Network(nodes, edges, demand=demand, name="two", year=2025, beneficiaries=["USA"])
    folder = tmp_path_factory.mktemp("two") / "two"
    cn.write(net, folder)
    (folder / "events").mkdir()
    for name, text in (("lic.toml", EVENT), ("inputs.csv", INPUTS), ("outcomes.csv", OUTCOMES)):
        (folder / "events" / name).write_text(text, encoding="utf-8")
    return cn.read(folder)


@pytest.fixture(scope="module")
def lic(two: Network) -> Event:
    return events(two)["lic"]


@pytest.fixture(scope="module")
def heard() -> list[tuple[str, float]]:
    """What is told of progress while ``found`` is made."""
    return []


@pytest.fixture(scope="module")
def found(two: Network, heard: list[tuple[str, float]]) -> Hindcast:
    return cn.hindcast(two, progress=lambda *said: heard.append(said))


def test_forecasts_by_hand(found: Hindcast) -> None:
    """Nothing comes of China for two months, then 3 t a year; Australia ships its 5: 5 t, then 2 t a year are short."""
    rows = found.forecasts.set_index("question")
    central = rows["central"]
    # the flow doubles in the month of notice, 31 days of 30.4; the month before that is as usual but for 0.02 of it
    assert central["notice"] == pytest.approx((2.0 + 1.0 + (31 / 30.4 - 1)) / 2, abs=1e-6)
    assert rows.loc["notice", ["wide_low", "wide_high"]].tolist() == pytest.approx([1.0, 1 + 31 / 30.4])
    assert central["half"] == pytest.approx(0.5)
    assert rows.loc["half", "narrow_high"] == pytest.approx(0.75)
    assert rows.loc["half", "wide_low"] == 0.0  # who holds eight weeks of need may leave China's ore for later
    assert central["rest"] == pytest.approx(1.25)
    assert central["round"] == pytest.approx((5.0 - 4.0) / 10.0)
    rush = 31 / 30.4 * 0.5  # t in store when the rule begins
    assert central["short"] == pytest.approx((2 * 5 / 12 + 4 * 2 / 12 - rush) / 5.0, abs=1e-6)
    assert central["onset"] == 2.0  # 5 / 12 of a tonne is short a month, and half a tonne was bought ahead
    # without what was bought ahead month 1; with eight weeks of need in store 2.05 t, of which only 1.5 are missed
    assert rows.loc["onset", ["narrow_low", "narrow_high"]].tolist() == [1.0, math.inf]
    assert central["stop"] == 1.0
    assert central["price"] == 1.0
    assert central["inside"] == -1.0
    assert central["back"] == 2.0
    assert central["first"] == "civilian"
    assert found.certificate is not None
    assert found.certificate.ok


def test_each_member_is_told_as_a_part_of_the_whole(
    found: Hindcast, lic: Event, heard: list[tuple[str, float]]
) -> None:
    n = len({m.setting for who in ("tier", "anyone") for m in members_of(lic, who)})
    assert [part for _, part in heard] == pytest.approx([done / n for done in range(n)])
    assert heard[0][0] == f"0 of {n}: members of lic"
    assert heard[1][0] == f"1 of {n}: members of lic, path, law, cover stated"


def test_bands_are_nested(found: Hindcast) -> None:
    rows = found.forecasts
    rows = rows[~rows["kind"].isin(["first", "order"])]
    ends = rows[["wide_low", "narrow_low", "central", "narrow_high", "wide_high"]].astype(float).to_numpy(copy=True)
    ends[np.isinf(ends)] = 99.0
    assert (np.diff(ends, axis=1) >= -1e-9).all()


def test_scores_against_a_second_calculation(found: Hindcast) -> None:
    rows = found.scores.set_index("question")
    assert rows["status"].to_dict() | {"rest": "spent"} == rows["status"].to_dict()
    assert rows.loc["rest", "observed"] == pytest.approx(0.3 / (4.0 * 3 / 12))  # tonnes over those of the base table
    assert rows.loc["round", "observed"] == pytest.approx(0.1)  # a lower end: the forecast lies above
    assert rows.loc["round", "error"] == 0.0
    for name in ("half", "rest", "round"):
        row = rows.loc[name]
        y, m = float(row["observed"]), float(row["central"])
        low, high, far, near = (float(row[c]) for c in ("narrow_low", "narrow_high", "wide_low", "wide_high"))
        inner = high - low + 4 * (max(low - y, 0) + max(y - high, 0))
        outer = near - far + 20 * (max(far - y, 0) + max(y - near, 0))
        assert row["wis"] == pytest.approx((abs(y - m) / 2 + 0.25 * inner + 0.05 * outer) / 2.5)
    # what needs no model: nothing is 1, the share lost is a half, the detour 0
    assert rows.loc["half", ["wis_nothing", "wis_share_lost"]].tolist() == pytest.approx([0.6, 0.1])
    assert rows.loc["round", "wis_share_lost"] == pytest.approx(0.06)
    assert rows.loc["onset", "wis_nothing"] == 0.0
    assert rows.loc["onset", "wis_share_lost"] == 5.0  # month 1 instead of beyond the sixth
    assert rows.loc["price", ["wis", "wis_nothing", "wis_always_plus"]].tolist() == [0.5, 2.0, 0.0]
    assert rows.loc["stop", "wis_nothing"] == 0.0
    assert rows.loc["first", "wis"] == 0.0
    assert rows.loc["first", "wis_nothing"] == 0.5


def test_without_rerouting_a_flow_is_back_once_the_text_lets_enough_through(two: Network) -> None:
    """Nothing is let through for two months, then half."""
    event = events(two)["lic"]
    asked = next(one for one in event.asked if one.id == "back")

    def lost(level: float) -> float:
        told = baselines_of(event, two, replace(asked, level=level), event.horizon, [])["share_lost"]
        assert told is not None
        return float(told.central)

    assert [lost(level) for level in (0.45, 0.0, 0.9)] == [2.0, 0.0, math.inf]


ORE = ("ore",)


USUAL = [[0.1, 0.4], [0.4, 1.6], [0.6, 2.4]]  # t of defence and civilian in month 1, 2 to 3, 4 to 6
# defence lacks 0.1 of its 0.4 t in months 2 to 3; civilian 0.9 t from the fourth on, of which 0.6 without the event
SHORT = {"served": [[0.1, 0.4], [0.3, 1.6], [0.6, 1.5]], "calm": [[0.1, 0.4], [0.4, 1.6], [0.6, 1.8]]}


def months_of(
    event: Event, net: Network, shipped: Any = ((0.0, 0.0),), *, served: Any = USUAL, calm: Any = USUAL
) -> Course:
    """Return six months in which some is short; question q asks for all sums of flows but the first."""
    order = net.view("demand")["tier"].map({"defence": 0, "civilian": 1}).to_numpy(dtype=int)
    lines: list[Any] = [
        SimpleNamespace(
            perfect=SimpleNamespace(shipped_t=np.array(shipped, dtype=float), wanted_t=np.array(USUAL)[:, order]),
            rolling_served_t=np.array(tonnes)[:, order], timeline=SimpleNamespace(lengths=[1, 2, 3]),
        )
        for tonnes in (served, calm)
    ]  # fmt: skip
    return Course(event, net, lines[0], lines[1], 6, "stated", {"q": slice(1, len(shipped))})


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"kind": "short", "months": (2, 4)}, (0.05 * 2 + 0.1) / 3),
        ({"kind": "short", "months": (2, 4), "tier": "defence"}, 0.25 * 2 / 3),
        ({"kind": "short", "months": (3, 5), "country": "USA", "tier": "civilian"}, 0.125 * 2 / 3),
        ({"kind": "onset"}, 2.0),
        ({"kind": "onset", "tier": "civilian"}, 4.0),
        ({"kind": "stop", "months": (1, 4)}, 1.0),
        ({"kind": "stop", "months": (1, 1)}, 0.0),
        ({"kind": "stop", "months": (1, 3), "tier": "civilian"}, 0.0),
        ({"kind": "stop", "months": (4, 6), "tier": "defence"}, 0.0),
        ({"kind": "stop", "months": (4, 4), "tier": "civilian"}, 1.0),
        ({"kind": "sign", "country": "USA"}, 1.0),
    ],
)
def test_months_of_shortage_by_hand(two: Network, lic: Event, asked: dict[str, Any], answer: float) -> None:
    line = months_of(lic, two, **SHORT)
    assert line.answer(Question("q", commodity=ORE, **asked)) == pytest.approx((answer, answer))


def test_a_month_is_short_above_a_hundredth_and_stopped_above_a_twentieth(two: Network, lic: Event) -> None:
    def less(share: float) -> Course:
        return months_of(lic, two, served=np.array(USUAL) * (1 - share))

    answers = [
        (less(share).answer(Question("q", "onset")), less(share).answer(Question("q", "stop")),
         less(share).answer(Question("q", "sign", country="USA")))
        for share in (0.009, 0.011, 0.049, 0.051)
    ]  # fmt: skip
    assert [[low for low, _ in one] for one in answers] == [[math.inf, 0, 0], [1, 0, 1], [1, 0, 1], [1, 1, 1]]


def test_nothing_is_short_because_of_an_event_that_was_short_before_it(two: Network, lic: Event) -> None:
    line = months_of(lic, two, served=USUAL, calm=np.array(USUAL) / 2)
    assert line.due(np.array([True, True])).tolist() == [0.0] * 6
    assert line.due(np.array([False, False])).tolist() == [0.0] * 6


def test_who_is_first_may_be_several_or_nobody(two: Network, lic: Event) -> None:
    q = Question("q", "first", ORE, among=("defence", "civilian", "USA"))
    assert months_of(lic, two, **SHORT).answer(q) == {"defence", "USA"}
    assert months_of(lic, two).answer(q) == frozenset()


@pytest.mark.parametrize(
    ("asked", "shipped", "answer"),
    [
        # of 6 t a year 0.5 a month: 0.6 and 0.9 t in months 1 to 3
        ({"kind": "flow", "source": "CHN", "target": "USA", "months": (1, 3)}, [(0.6, 0.9)], (0.4, 0.6)),
        # month 0 is as usual, and in it as much again is bought ahead; not of Australia
        ({"kind": "flow", "source": "CHN", "target": "USA", "months": (0, 1)}, [(0.1, 0.2)], (2.2 / 2, 2.4 / 2)),
        ({"kind": "flow", "source": "AUS", "target": "USA", "months": (-1, 1)}, [(0.1, 0.2)], (2.3 / 3, 2.6 / 3)),
        ({"kind": "flow", "source": "AUS", "target": "USA", "months": (-2, -1)}, [], (1.0, 1.0)),
        # others ship 4 t a year: 3 to 4 t in half a year are 2 to 4 t a year more, of 10 t of use
        ({"kind": "detour", "target": "USA", "months": (1, 6)}, [(3.0, 4.0)], (0.2, 0.4)),
        # 6 t a year leave China: 2.8 to 1 t in half a year are less by 0.4 to 4 t, of 6 t made
        ({"kind": "sign", "country": "CHN", "months": (1, 6)}, [(1.0, 2.8)], (-1.0, 0.0)),
        ({"kind": "sign", "country": "CHN", "months": (1, 6)}, [(1.0, 2.6)], (-1.0, -1.0)),
        # back for two months at nine tenths of 0.5 t: at the upper end from the fourth on, at the lower never
        ({"kind": "recover", "source": "CHN", "target": "USA", "months": (1, 6)},
         [(0.5, 0.5), (0.0, 0.2), (0.46, 0.46), (0.2, 0.3), (0.44, 0.45), (0.44, 0.5)], (4.0, math.inf)),
        ({"kind": "recover", "source": "CHN", "target": "USA", "months": (1, 6), "level": 0.5},
         [(0.25, 0.5), (0.25, 0.5), (0.25, 0.3), (0.25, 0.3), (0.2, 0.3), (0.25, 0.5)], (0.0, math.inf)),
    ],
)  # fmt: skip
def test_answers_from_sums_of_flows_by_hand(
    two: Network, lic: Event, asked: dict[str, Any], shipped: list[tuple[float, float]], answer: tuple[float, float]
) -> None:
    line = months_of(lic, two, [(99.0, 99.0), *shipped])
    assert line.answer(Question("q", commodity=ORE, **asked)) == pytest.approx(answer)


def test_who_loses_most_of_what_was_shipped_comes_first_and_of_equals_who_is_named_first(
    two: Network, lic: Event
) -> None:
    """China ships 6 t a year to the United States, and none to Australia: of nothing the base is 1."""
    among = ("USA", "WLD", "AUS", "CHN")
    line = months_of(lic, two, [(99, 99), (1.2, 1.8), (1.0, 2.0), (0.2, 0.3), (0, 0)])
    q = Question("q", "order", ORE, source="CHN", among=among, months=(1, 6))
    # 3 of 6 t a year, 3 of 6, 0.5, 0: two ties, in the order in which they are named
    assert line.answer(q) == ("CHN", "USA", "WLD", "AUS")


@pytest.mark.parametrize(
    ("row", "asked", "ends"),
    [
        ({"value": "never"}, {"kind": "onset"}, (math.inf, math.inf)),
        ({"value": "yes"}, {"kind": "stop"}, (1.0, 1.0)),
        ({"value": "no"}, {"kind": "stop"}, (0.0, 0.0)),
        ({"value": "+"}, {"kind": "sign"}, (1.0, 1.0)),
        ({"value": "-"}, {"kind": "sign"}, (-1.0, -1.0)),
        ({"value": "0.3", "low": 0.2}, {"kind": "flow"}, (0.2, 0.3)),
        ({"value": "0.3", "high": 0.4}, {"kind": "flow"}, (0.3, 0.4)),
        ({"low": 0.2}, {"kind": "flow"}, (0.2, 0.2)),
        ({"high": 0.4}, {"kind": "flow"}, (0.4, 0.4)),
        # three months of 6 t a year are 1.5 t; a detour is put over three months of what is used, 2.5 t
        ({"low": 0.3, "high": 0.6, "unit": "t"}, {"kind": "flow", "factor": 0.5}, (0.1, 0.2)),
        ({"value": "0.6", "unit": "t gross"}, {"kind": "flow"}, (0.4, 0.4)),
        ({"value": "0.6", "unit": "t"}, {"kind": "detour", "source": ""}, (0.24, math.inf)),
        ({"value": "0.6", "unit": "share"}, {"kind": "detour", "source": ""}, (0.6, math.inf)),
        ({"value": "0.1", "unit": "relative change"}, {"kind": "sign"}, (0.0, 0.0)),
        ({"low": -0.3, "high": 0.11, "unit": "relative change"}, {"kind": "sign"}, (-1.0, 1.0)),
        ({"value": "0.3", "unit": "relative change"}, {"kind": "short"}, (0.3, 0.3)),
    ],
)  # fmt: skip
def test_an_outcome_in_the_unit_of_its_question(
    two: Network, lic: Event, row: dict[str, Any], asked: dict[str, Any], ends: tuple[float, float]
) -> None:
    q = Question("q", commodity=ORE, months=(2, 4), **{"source": "CHN", "target": "USA", **asked})
    given = {"value": "", "low": math.nan, "high": math.nan, "unit": "ratio", **row}
    assert observed(lic, two, q, given) == pytest.approx(ends)


def test_the_last_event_is_told_by_what_was_seen_before_of_the_same_kind(two: Network, lic: Event) -> None:
    q = Question("q", "flow", ORE, "CHN", "USA", months=(2, 4))
    other = replace(lic, id="former")

    def past(middle: float, on: str = "2025-12-31", event: Event = other, **asked: Any) -> Past:
        return Past(event, replace(q, **asked), on, middle)

    left_out = [
        past(9.0, "2026-01-01"),  # the day of the announcement
        past(9.0, ""),
        past(9.0, event=lic),
        past(9.0, event=replace(other, kind="quota")),
        past(9.0, kind="detour"),
        past(9.0, months=(1, 3)),
        past(9.0, country="CHN"),
    ]
    mine = [past(0.1), past(0.6, months=(9, 12)), past(0.2)]
    assert baselines_of(lic, two, q, 6, [*left_out, *mine])["last_event"] == Told(0.2, (0.1, 0.6), (0.1, 0.6))
    assert baselines_of(lic, two, q, 6, left_out)["last_event"] is None
    ordered = Question("q", "first", among=("defence", "civilian"))
    assert baselines_of(lic, two, ordered, 6, [replace(past(0.1), question=ordered)])["last_event"] is None


def test_what_may_be_learned_from_is_the_middle_of_each_outcome(two: Network, lic: Event) -> None:
    seen = {
        ("lic", "half"): (0.2, 0.4), ("lic", "round"): (0.1, math.inf), ("lic", "notice"): (1.0, 1.4),
        ("lic", "first"): (0.0, 0.0), ("other", "rest"): (1.0, 1.0),
    }  # fmt: skip
    told = {one.question.id: (one.event.id, one.observed_on, one.middle) for one in past_of([(lic, two)], seen)}
    assert told == {
        "notice": ("lic", "", 1.2), "half": ("lic", "2026-08-01", pytest.approx(0.3)), "round": ("lic", "2026-08-01", 0.1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "lost", "hhi", "plus"),
    [
        # nothing is let through in months 1 and 2, then half; the month before is as usual
        ({"kind": "flow", "source": "CHN", "target": "USA", "months": (0, 3)}, (1 + 0.5) / 4, (1 + 0.5) / 4, None),
        ({"kind": "flow", "source": "AUS", "target": "USA", "months": (1, 3)}, 1.0, 1.0, None),
        ({"kind": "flow", "source": "CHN", "target": "CHN", "months": (1, 3)}, 1.0, 1.0, None),
        ({"kind": "detour", "target": "USA"}, 0.0, 0.0, None),
        # six of ten tonnes come of China; of what China takes in nothing is concentrated
        ({"kind": "short", "country": "USA", "months": (2, 4)}, 0.6 * (1 + 0.5 + 0.5) / 3, 0.4, None),
        ({"kind": "onset", "country": "USA"}, 1.0, 1.0, None),
        ({"kind": "onset", "country": "AUS"}, math.inf, math.inf, None),
        ({"kind": "stop", "country": "USA"}, 1.0, 1.0, None),
        ({"kind": "stop", "country": "AUS"}, 0.0, 0.0, None),
        ({"kind": "sign", "country": "USA"}, 1.0, 1.0, 1.0),
        ({"kind": "sign", "country": "CHN"}, -1.0, 0.0, 0.0),
    ],
)  # fmt: skip
def test_what_is_told_without_a_model_by_hand(
    two: Network, lic: Event, asked: dict[str, Any], lost: float, hhi: float, plus: float | None
) -> None:
    q = Question("q", commodity=ORE, **asked)
    told = baselines_of(lic, two, q, 6, [])
    calm = {"flow": 1.0, "onset": math.inf}.get(q.kind, 0.0)
    assert told["nothing"] == Told.point(calm)
    assert told["last_year"] == (None if q.kind == "sign" else Told.point(calm))
    found = {name: told[name].central for name in ("share_lost", "hhi")}  # type: ignore[union-attr]
    assert found == pytest.approx({"share_lost": lost, "hhi": hhi})
    assert told["share_lost"] == Told.point(found["share_lost"])
    assert told["always_plus"] == (None if plus is None else Told.point(plus))


def test_of_a_set_or_a_ranking_concentration_tells_most_where_one_country_ships_all(two: Network, lic: Event) -> None:
    told = baselines_of(lic, two, Question("q", "order", ORE, "CHN", among=("AUS", "USA", "CHN")), 6, [])
    assert told["hhi"] == Told(words=("USA", "AUS", "CHN")), "of equals who is named first"
    assert [told[name] for name in ("nothing", "share_lost", "last_year")] == [Told()] * 3
    told = baselines_of(lic, two, Question("q", "first", among=("USA", "civilian")), 6, [])
    assert {told[name].words for name in ("nothing", "share_lost", "hhi", "last_year")} == {("USA", "civilian")}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"kind": "flow", "source": "KOR", "target": "USA"}, "no node in KOR"),
        ({"kind": "flow", "source": "CHN", "target": "KOR"}, "no node in KOR"),
        ({"kind": "short", "country": "KOR"}, "no node in KOR"),
        ({"kind": "order", "source": "CHN", "among": ("USA", "KOR")}, "no node in KOR"),
        ({"kind": "first", "among": ("defence", "KOR")}, "no node in KOR"),
        ({"kind": "flow", "source": "CHN", "target": "AUS"}, "no flow in the base table"),
        ({"kind": "recover", "source": "AUS", "target": "CHN"}, "no flow in the base table"),
        ({"kind": "order", "source": "USA", "among": ("AUS", "CHN")}, "no flow in the base table"),
        ({"kind": "order", "source": "CHN", "among": ("USA", "AUS")}, ""),
        ({"kind": "detour", "target": "AUS"}, "no use in the base table"),
        ({"kind": "detour", "target": "USA"}, ""),
        *(({"kind": kind, "country": "AUS"}, "no demand of these") for kind in ("short", "onset", "stop", "sign")),
        ({"kind": "sign", "country": "CHN"}, ""),
        ({"kind": "short", "country": "CHN"}, "no demand of these"),
        ({"kind": "short", "tier": "defence"}, ""),
    ],
)
def test_why_a_question_has_no_answer(two: Network, lic: Event, asked: dict[str, Any], why: str) -> None:
    assert lacks(lic, two, Question("q", commodity=ORE, **asked)) == why


ACTOR = {"country": "CHN"}
ONE_BY_ONE = ["degree:free", "degree:existing", "order:allies_first", "order:alike", "cover:high", "cover:low", "rush:high",
              "rush:low", "licence:favourable", "licence:adverse", "scope:adverse"]  # fmt: skip


def test_members_vary_each_judgement_alone_and_all_together(lic: Event) -> None:
    wider = replace(lic, measures=({**lic.measures[0], "also": ["slag"]},))
    told = {m.name: m for m in members_of(wider, "tier")}
    middle = Setting("path", "law", "stated", "stated", 0, 0)
    assert [m.name for m in told.values() if m.band == "narrow"] == ONE_BY_ONE
    assert [m.name for m in told.values() if m.band == "central"] == ["central"]
    assert told["central"].setting == middle
    changed = {"degree:free": {"degree": "free"}, "order:alike": {"order": "alike"}, "cover:high": {"cover": "high"},
               "rush:low": {"rush": "low"}, "licence:adverse": {"licence": 1}, "scope:adverse": {"scope": 1}}  # fmt: skip
    assert {name: told[name].setting for name in changed} == {
        name: replace(middle, **by)  # type: ignore[arg-type]
        for name, by in changed.items()
    }
    assert [m.name for m in told.values() if m.band == "wide"] == [
        f"all {side}, {order}" for side in ("favourable", "adverse") for order in ("allies_first", "law", "alike")
    ]
    assert told["all favourable, law"].setting == Setting("free", "law", "high", "high", -1, 0)
    assert told["all adverse, alike"].setting == Setting("existing", "alike", "low", "low", 1, 1)
    assert [m.name for m in told.values() if m.band == "flows"] == [
        f"{degree}, {order}, licence:{side}"
        for degree in ("free", "existing")
        for order in ("allies_first", "law", "alike")
        for side in ("favourable", "adverse")
    ]
    assert told["existing, alike, licence:favourable"].setting == Setting(
        "existing", "alike", "stated", "stated", -1, 0
    )
    # who may be short first holds less, and of the judgements those count that move an onset
    first = {m.name: m for m in members_of(wider, "anyone")}
    assert list(first) == [
        "central", "degree:free", "degree:existing", "cover:stated", "cover:none", "licence:favourable", "licence:adverse",
        "all favourable, law", "all adverse, law",
    ]  # fmt: skip
    assert first["central"].setting == Setting("path", "law", "low", "stated", 0, 0)
    assert first["all adverse, law"].setting == Setting("existing", "law", "none", "low", 1, 1)
    # a rule of one share without notice has neither a licence nor a rush
    plain = replace(lic, measures=({"kind": "restrict", "from": ACTOR, "share": 0.5},))
    assert [m.name for m in members_of(plain, "tier") if m.band == "narrow"] == ONE_BY_ONE[:6]
    assert not [m for m in members_of(plain, "tier") if m.band == "flows"]
    assert not [m for m in members_of(replace(lic, notice_days=0), "tier") if "rush" in m.name]
    # no law covers China: allies first is then the middle, and two orders are left
    free = replace(lic, network=lic.network._replace({}, beneficiaries=("CHN",)))
    orders = {m.name: m.setting.order for m in members_of(free, "tier") if "order" in m.name or m.band != "narrow"}
    assert list(orders)[:6] == ["central", "order:alike", *(n for n in orders if n.startswith("all "))]
    assert set(orders.values()) == {"allies_first", "alike"}
    assert orders["central"] == "allies_first"


def test_a_degree_of_rerouting_is_a_table_of_who_qualifies_when(two: Network, lic: Event) -> None:
    table = pd.DataFrame(
        {
            "commodity": ["ore"],
            "tier": ["civilian"],
            "months": [12.0],
            "low": [6.0],
            "high": [24.0],
            "quality": ["assumed"],
        }
    )
    net = two.with_table("qualification", table)
    told = networks_of(net)
    assert told["existing"].qualification["months"].tolist() == [12.0]
    assert told["path"].qualification[["months", "low", "high"]].to_numpy().tolist()[0] == pytest.approx(
        [1e4, math.nan, math.nan], nan_ok=True
    )
    assert told["free"].qualification.empty
    asked = ask_of(lic, net, Setting("existing", "alike", "low", "high", 0, 0), 6, [])
    assert (asked.reroute, asked.counting.order, asked.cover, asked.rush) == ("existing", "alike", "low", "high")
    assert (asked.start, asked.months, asked.step_months, asked.is_brief) == ("2026-02", 6, 6, True)
    # windows begin with months 1, 3 and 4 and end with 3 and 6; month -1 is before all
    assert asked.cuts == (0, 1, 2, 3, 4)
    longer = replace(lic, asked=(Question("q", "flow", months=(8, 20)),))
    asked = ask_of(longer, net, Setting("free", "law", "low", "high", 0, 0), 24, [])
    assert (asked.reroute, asked.cuts) == ("new", (0, 1, 2, 3, 4, 6, 7, 9, 12, 18, 20))


def test_what_users_hold_is_what_the_event_says_after_what_the_chain_says(two: Network, lic: Event) -> None:
    columns = ["step", "commodity", "tier", "weeks", "low", "high", "quality"]
    assert with_cover(lic, two).cover[columns].fillna("").to_numpy().tolist() == [
        ["", "", "", 0.0, 0.0, 8.0, "assumed"]
    ]
    none = replace(lic, inputs=lic.inputs[lic.inputs["table"] != "cover"])
    assert with_cover(none, two).cover[["weeks", "low", "high"]].to_numpy().tolist() == [[0.0, 0.0, 13.0]]
    own = two.with_table("cover", pd.DataFrame({"tier": ["civilian"], "weeks": [5.0]}))
    assert with_cover(none, own) is own
    assert with_cover(lic, own).cover["weeks"].tolist() == [5.0, 0.0]


def test_measures_of_an_event_from_its_month_one(lic: Event) -> None:
    """What is of China leaves it with a bound; each good for itself; a share and its ends come from the inputs."""
    row = {"table": "share", "value": 0.3, "low": 0.2, "high": 0.6, "unit": "share", "to": "", "phase": 1.0}
    blank = {"table": "share", "value": 0.9, "to": ""}
    inputs = pd.concat([lic.inputs, pd.DataFrame([row, blank])], ignore_index=True)
    given = {"kind": "restrict", "from": ACTOR, "commodity": "ore", "also": ["slag"], "share": "share", "states": True}
    event = replace(lic, inputs=inputs, until="2026-05-20", measures=(given,))
    expected = {"kind": "restrict", "from": ACTOR, "commodity": ["ore"], "share": 0.3, "start": "2026-02",
                "until": "2026-05", "to": {"country": ["AUS", "USA"]}}  # fmt: skip
    assert [dict(one) for one in event.scenario.measures] == [expected]
    assert [one["commodity"] for one in event.under(0, 1).measures] == [["ore"], ["slag"]]
    assert [event.under(side).measures[0]["share"] for side in (-1, 0, 1)] == [0.6, 0.3, 0.2]
    known = replace(event, measures=({**given, "to": {"country": "USA"}, "share": 0.4},), until="")
    assert [dict(one) for one in known.scenario.measures] == [
        {"kind": "restrict", "from": ACTOR, "commodity": ["ore"], "share": 0.4, "start": "2026-02",
         "to": {"country": "USA"}}
    ]  # fmt: skip
    every = replace(event, measures=({"kind": "restrict", "to": {"country": "USA"}, "share": 0.4},), until="")
    assert [dict(one) for one in every.scenario.measures] == [
        {"kind": "restrict", "to": {"country": "USA"}, "share": 0.4, "start": "2026-02"}
    ]


def test_phases_of_a_licence_and_of_whom_they_bind_apart(lic: Event) -> None:
    """Of others two phases, of the United States one; months have a row of their own with a range."""
    rows = pd.DataFrame(
        [
            {"phase": 2.0, "value": 0.5, "low": 0.25, "high": 0.75, "unit": "share", "to": ""},
            {"phase": 1.0, "months": 2.0, "value": 0.0, "high": 0.25, "unit": "share", "to": ""},
            {"phase": 1.0, "value": 2.0, "low": 1.0, "high": 4.4, "unit": "months", "to": ""},
            {"phase": 1.0, "value": 0.1, "low": 0.0, "high": 0.2, "unit": "share", "to": "USA"},
        ]
    ).assign(table="profile")
    event = replace(lic, inputs=rows)
    told = {side: event.under(side).measures[0] for side in (-1, 0, 1)}
    assert {side: [dict(phase) for phase in one["profile"]] for side, one in told.items()} == {
        -1: [{"share": 0.25, "months": 1}, {"share": 0.75}],
        0: [{"share": 0.0, "months": 2}, {"share": 0.5}],
        1: [{"share": 0.0, "months": 4}, {"share": 0.25}],
    }
    assert {side: one["by"] for side, one in told.items()} == {
        side: [{"to": {"country": "USA"}, "profile": [{"share": share}]}]
        for side, share in ((-1, 0.2), (0, 0.1), (1, 0))
    }
    assert told[0]["announced"] == "2026-01-01", "31 days before the first of February"
    assert "announced" not in replace(event, notice_days=0).scenario.measures[0]


@pytest.mark.parametrize(
    ("sent", "grade"), [((8.0, 2.0), "A"), ((5.0, 5.0), "B"), ((4.9, 5.1), "C"), ((0.0, 1.0), "C"), ((0.0, 0.0), "D")]
)
def test_the_grade_of_a_base_is_the_share_of_exports_that_is_dated(
    two: Network, lic: Event, sent: tuple[float, float], grade: str
) -> None:
    """What stays at home, what others ship and other goods do not count."""
    nodes = pd.DataFrame(
        {"id": ["cn", "home", "au", "us"], "stage": ["mine", "end_use", "mine", "end_use"],
         "country": ["CHN", "CHN", "AUS", "USA"]}
    )  # fmt: skip
    edges = pd.DataFrame(
        [("cn", "us", "ore", sent[0], "reported"), ("cn", "us", "more", 7.0, "reported"), ("cn", "home", "ore", 9.0, "estimated"),
         ("au", "us", "ore", 9.0, "reported")], columns=["source", "target", "commodity", "flow_tpa", "quality"],
    )  # fmt: skip
    other = pd.DataFrame({"id": ["kr"], "stage": ["end_use"], "country": ["KOR"]})
    more = pd.DataFrame(
        [("cn", "kr", "ore", sent[1], "assumed")], columns=["source", "target", "commodity", "flow_tpa", "quality"]
    )
    net = Network(pd.concat([nodes, other]), pd.concat([edges, more]), name="graded", year=2025)
    assert replace(lic, network=net).base_grade == grade


@pytest.mark.parametrize(
    ("rows", "grade"),
    [
        ([("USA", 4.0, "t"), ("WLD", 5.0, "t")], "A"),
        ([("USA", 4.0, "t"), ("", 8.0, "t")], "B"),
        ([("USA", 4.0, "t"), ("", 8.2, "t")], "C"),
        ([("USA", 3.0, "t")], "B"),  # of the 6 t that the chain ships
        ([("USA", 9.0, "t")], "A"),
        ([("USA", 2.0, "t")], "C"),
        ([("USA", 0.9, "share")], "C"),
        ([("USA", None, "t")], "D"),
        ([], "D"),
    ],
)
def test_the_grade_of_a_chain_before_is_what_its_inputs_date(
    lic: Event, rows: list[tuple[str, float | None, str]], grade: str
) -> None:
    flows = [
        {"table": "flows", "from": "CHN", "country": "", "to": to, "value": value, "unit": unit}
        for to, value, unit in rows
    ]
    other = [{"table": "flows", "from": "AUS", "country": "", "to": "USA", "value": 6.0, "unit": "t"}]
    assert replace(lic, is_before=True, inputs=pd.DataFrame(flows + other)).base_grade == grade


def test_a_chain_before_that_nothing_dates_is_refused(two: Network, lic: Event) -> None:
    undated = replace(lic, is_before=True)
    words = r"^lic: no dated export of CHN is known before it, so the chain before cannot be built \(D\)\.$"
    with pytest.raises(cn.DataError, match=words):
        cn.chain_before(two, undated)
    told = forecasts_of(undated)
    assert (len(told.table), len(told.members), told.certificate) == (0, 0, None)
    assert list(told.not_scored.columns) == ["event", "question", "why"]
    assert told.not_scored["question"].tolist() == [q.id for q in lic.asked]
    assert set(told.not_scored["why"]) == {"no dated export of CHN is known before the event"}


def test_the_first_guess_of_a_chain_before_is_what_is_shipped() -> None:
    """A seed times what leaves and what arrives, over the whole of the good, is the flow."""
    live = pd.DataFrame(
        [("a", "u", "ore", 6.0), ("a", "v", "ore", 2.0), ("b", "u", "ore", 1.0), ("a", "u", None, 5.0), ("b", "v", None, 3.0)],
        columns=["source", "target", "commodity", "flow_tpa"],
    )  # fmt: skip
    leaves, arrives, whole = [8, 8, 1, 5, 3], [7, 2, 7, 5, 3], [9, 9, 9, 8, 8]
    told = _weights(live) * leaves * arrives / whole
    assert told.tolist() == pytest.approx(live["flow_tpa"].tolist())


def test_dated_exports_are_sums_of_relations(lic: Event) -> None:
    """China ships 6 t of ore and 2 t of slag to the United States, 1 t of ore to Japan; 4 t of ore stay at home."""
    country = pd.Series({"us": "USA", "jp": "JPN", "cn": "CHN"})
    sent = pd.DataFrame(
        [("us", "ore", 6.0), ("jp", "ore", 1.0), ("us", "slag", 2.0), ("cn", "ore", 4.0)], columns=["target", "commodity", "flow_tpa"]
    )  # fmt: skip

    def dated(*rows: tuple[str, str, float | None, str]) -> list[tuple[str, str, str, float]]:
        table = pd.DataFrame(rows, columns=["to", "commodity", "value", "unit"])
        table = table.assign(table="flows", **{"from": "CHN"}, reference="customs", quality="reported")
        other = table.assign(value=9.0, **{"from": "AUS"})
        event = replace(lic, inputs=pd.concat([other, table.assign(table="totals"), table], ignore_index=True))
        told = list(_dated(event, sent, country))
        assert all((one["reference"], one["quality"]) == ("customs", "reported") for one in told)
        return [(one["source"], one["target"], one["commodity"], one["flow_tpa"]) for one in told]

    assert dated(("USA", "ore;slag", 5.0, "t"), ("JPN", "ore", None, "t"), ("KOR", "ore", 3.0, "t")) == [
        ("country=CHN", "country=USA", "ore;slag", 5.0)
    ]
    assert dated(("WLD", "ore", 5.0, "t"), ("", "slag", 3.0, "t")) == [
        ("country=CHN", "country!=CHN", "ore", 5.0), ("country=CHN", "country!=CHN", "slag", 3.0),
    ]  # fmt: skip
    # a share is one of all that leaves, 7 t; a whole beside parts of the same good is left out
    assert dated(("JPN", "ore", 0.5, "share"), ("WLD", "ore", 5.0, "t"), ("WLD", "slag", 1.0, "share")) == [
        ("country=CHN", "country=JPN", "ore", 3.5), ("country=CHN", "country!=CHN", "slag", 2.0),
    ]  # fmt: skip


def test_dated_totals_scale_a_step_of_a_country_or_of_all(two: Network, lic: Event) -> None:
    def ratios(*rows: tuple[str, str, float]) -> dict[str, float]:
        table = pd.DataFrame(rows, columns=["step", "country", "value"]).assign(table="totals")
        event = replace(lic, inputs=pd.concat([lic.inputs.assign(step="mine", country=""), table], ignore_index=True))
        return dict(zip(two.nodes["id"], _ratios(two, event).tolist(), strict=True))

    assert ratios(("mine", "CHN", 3.0)) == {"au": 1.0, "cn": 0.5, "us": 1.0}
    assert ratios(("mine", "", 5.0)) == {"au": 0.5, "cn": 0.5, "us": 1.0}
    assert ratios(("mine", "AUS", 0.0), ("mine", "KOR", 4.0), ("end_use", "", 20.0)) == {
        "au": 1.0,
        "cn": 1.0,
        "us": 2.0,
    }
    with pytest.raises(cn.DataError) as caught:
        ratios(("mines", "", 5.0))
    assert str(caught.value) == 'inputs.csv, step: unknown step "mines"; did you mean "mine"? Known: end_use, mine.'


def test_a_forecast_is_the_middle_of_its_centre_and_the_hulls_of_its_members(lic: Event) -> None:
    """Members of flows alone widen what is a sum of flows; of who is first the words of all are told."""
    flow, onset, first = (Question("q", kind, ORE) for kind in ("flow", "onset", "first"))
    bands = [("central", "central"), ("narrow", "low"), ("narrow", "high"), ("wide", "all"), ("flows", "more")]
    settings = [Setting("path", str(n), "stated", "low", 0, 0) for n in range(5)]
    members = [Member(one, *band) for one, band in zip(settings, bands, strict=True)]
    ends = [(0.2, 0.4), (0.1, 0.3), (0.2, 0.5), (0.05, 0.2), (0.3, 0.9)]
    who = [frozenset("b"), frozenset("a"), frozenset(), frozenset("c"), frozenset("d")]

    def told(q: Question, answers: Any) -> list[Any]:
        by = {one: {"q": answer} for one, answer in zip(settings, answers, strict=True)}
        row, lines = _row(lic, q, members, by), _lines(lic, q, members, by)
        assert [line[:4] for line in lines] == [("lic", "q", m.band, m.name) for m in members[: len(lines)]]
        return [row[:4], list(row[4:]), [line[4:] for line in lines]]

    assert told(flow, ends) == [
        ("lic", "q", "flow", "ratio"), [0.3, 0.1, 0.5, 0.05, 0.9, "all", "more", "C"], ends,
    ]  # fmt: skip
    assert told(onset, ends)[1] == [0.3, 0.1, 0.5, 0.05, 0.5, "all", "high", "C"]
    assert told(first, who)[1] == ["b", "a;b", "a;b", "a;b;c", "a;b;c", "", "", "C"]
    assert told(first, who)[2] == [("b", "b"), ("a", "a"), ("nobody", "nobody"), ("c", "c")]
    order = [("b", "a"), ("a", "b"), ("b", "a"), ("b", "a"), ("c", "a")]
    assert told(replace(first, kind="order"), order)[1][:1] == ["b;a"]
    assert told(replace(first, kind="order"), order)[1][3:5] == ["a;b;c", "a;b;c"]
    assert [rounded(value) for value in (-1e-9, 0.12345649, math.inf)] == [0.0, 0.123456, math.inf]
    assert math.copysign(1.0, rounded(-1e-9)) == 1.0


def test_members_without_an_answer_are_left_out_and_told(lic: Event) -> None:
    settings = [Setting("path", str(n), "stated", "low", 0, 0) for n in range(3)]
    members = [Member(one, "narrow", f"member {n}") for n, one in enumerate(settings)]
    assert _solved(lic, members, dict.fromkeys(settings)) == members
    with pytest.warns(cn.ChainnetWarning) as caught:
        assert _solved(lic, members, dict.fromkeys(settings[:1])) == members[:1]
    assert [str(one.message) for one in caught] == ["lic: left out, as the solver has no answer: member 1; member 2"]
    with pytest.raises(cn.SolverError, match=r"^lic: the central member has no answer\. Report the network\.$"):
        _solved(lic, members, dict.fromkeys(settings[1:]))


def test_outcomes_that_are_kept_elsewhere_are_read_for_the_events_that_are_asked_about(
    lic: Event, tmp_path: Path
) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("event,question,value,unit\nlic,notice,1.4,ratio\nother,q,1,ratio\nb,q,1,ratio\n", encoding="utf-8")
    with pytest.warns(cn.ChainnetWarning) as caught:
        table = kept_in({"lic": lic}, path)
    assert [str(one.message) for one in caught] == ["outcomes: left aside, as no such event is asked about: b, other"]
    assert table[["event", "question", "value", "row", "is_kept"]].to_numpy().tolist() == [
        ["lic", "notice", "1.4", 2, True]
    ]
    seen = seen_of({"lic": lic}, table).answers
    assert seen["lic", "notice"] == ((1.4, 1.4), (), "kept")
    assert seen["lic", "first"][1:] == (("civilian",), "open")
    assert seen["lic", "rest"][2] == "spent"
    fitted = replace(lic, asked=tuple(replace(q, is_fitted=True) for q in lic.asked))
    assert {status for *_, status in seen_of({"lic": fitted}, table).answers.values()} == {"fitted"}
    seen = replace(lic, asked=tuple(replace(q, is_seen=True) for q in lic.asked))
    assert {status for *_, status in seen_of({"lic": seen}, table).answers.values()} == {"spent"}
    with pytest.raises(cn.DataError) as refused:
        kept_in({"lic": lic}, tmp_path / "gone.csv")
    assert str(refused.value) == f"outcomes: there is no file {tmp_path / 'gone.csv'}."
    assert list(kept_in({}, None).columns) == list(table.columns)


def test_what_was_not_registered_is_told_with_its_reason(two: Network, tmp_path: Path) -> None:
    folder = tmp_path / "two"
    shutil.copytree(str(two.folder), folder)
    text = EVENT + '[[questions]]\nid = "korea"\nkind = "flow"\ncommodity = "ore"\nfrom = "KOR"\nto = "USA"\n'
    (folder / "events" / "lic.toml").write_text(text, encoding="utf-8")
    lines = "event,question,central,narrow_low,narrow_high,wide_low,wide_high,base_grade\n"
    lines += "lic,onset,2,1,never,1,never,C\nlic,first,a;b,a,a,a;b,a;b,C\nlic,onset,9,9,9,9,9,C\nother,onset,1,1,1,1,1,A\nlic,gone,1,1,1,1,1,C\n"
    (folder / "events" / "register.csv").write_text(lines, encoding="utf-8")
    event = events(cn.read(folder))["lic"]
    told = from_register(event)
    assert told.table.to_numpy().tolist() == [
        ["lic", "onset", "onset", "months", 2.0, 1.0, math.inf, 1.0, math.inf, "", "", "C"],
        ["lic", "first", "first", "set", "a;b", "a", "a", "a;b", "a;b", "", "", "C"],
    ]
    why = dict(zip(told.not_scored["question"], told.not_scored["why"], strict=True))
    assert why.pop("korea") == "no node in KOR"
    assert set(why) == {q.id for q in event.asked} - {"onset", "first", "korea"}
    assert set(why.values()) == {"not registered"}
    line = register(event.network, {"lic": event}, told.table, "2026-12-02").read_text(encoding="utf-8").splitlines()[6]
    told_line = line.split(",")
    assert told_line[:8] == ["lic", "onset", "2", "1", "never", "1", "never", "C"]
    assert told_line[9:] == [event.network.digest, event.digests["event"], event.digests["inputs"], "2026-12-02"]


def test_tables_of_a_hindcast_count_its_scores(found: Hindcast) -> None:
    assert found.by_event["questions"].sum() == len(found.scores)
    judged = found.scores[found.scores["hit_wide"].notna() & (found.scores["status"] != "pending")]
    wide = found.coverage[found.coverage["band"] == "wide"]
    assert (wide["n"].sum(), wide["hits"].sum()) == (len(judged), judged["hit_wide"].sum())
    assert wide["n"].sum() > 0


def test_few_events_say_little(found: Hindcast) -> None:
    row = found.coverage.set_index(["status", "band"]).loc[("open", "wide")]
    judged = found.scores[(found.scores["status"] == "open") & found.scores["hit_wide"].notna()]
    assert (row["n"], row["hits"]) == (len(judged), judged["hit_wide"].sum())
    n_eff = row["n"] / (1 + (row["n"] - 1) * 0.5)
    assert row["n_eff"] == pytest.approx(n_eff)
    assert (row["low_eff"], row["high_eff"]) == pytest.approx(clopper_pearson(row["share"] * n_eff, n_eff))
    skill = found.skill.set_index(["kind", "status", "baseline"])
    flow = found.scores[(found.scores["kind"] == "flow") & (found.scores["status"] == "open")]
    assert skill.loc[("flow", "open", "nothing"), "skill"] == pytest.approx(
        1 - flow["wis"].mean() / flow["wis_nothing"].mean()
    )
    assert skill.loc[("onset", "open", "nothing"), "says"] == "the baseline was perfect"
    assert "1 past rule" in found.sentence


@pytest.mark.long
def test_outcomes_kept_elsewhere(two: Network, tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("event,question,value,unit\nlic,notice,1.4,ratio\n", encoding="utf-8")
    rows = cn.hindcast(two, months=1, outcomes=path).scores.set_index("question")
    assert rows.loc["notice", ["status", "observed"]].tolist() == ["kept", 1.4]
    path.write_text("event,question,value,unit\nlic,notice,1.4,ratio\nother,q,1,ratio\n", encoding="utf-8")
    with pytest.warns(cn.ChainnetWarning, match="left aside, as no such event is asked about: other"):
        cn.hindcast(two, months=1, outcomes=path)
    path.write_text("event,question,value,unit\nlic,notiz,1.4,ratio\n", encoding="utf-8")
    with pytest.raises(cn.DataError, match="notiz"):
        cn.hindcast(two, months=1, outcomes=path)


def test_the_register_is_appended_to_and_scored_as_it_stands(two: Network, found: Hindcast) -> None:
    path = register(two, dict(events(two)), found.forecasts, "2026-11-30")
    before = path.read_bytes()
    register(two, dict(events(two)), found.forecasts.assign(central=0.0), "2026-12-01")
    assert path.read_bytes().startswith(before)
    assert len(registered(two)) == 2 * len(found.forecasts)
    again = cn.hindcast(two, registered=True)  # the first line of each question counts
    numbers = [c for c in found.scores if found.scores[c].dtype.kind == "f"]
    np.testing.assert_allclose(
        again.scores[numbers].to_numpy(dtype=float), found.scores[numbers].to_numpy(dtype=float), rtol=1e-5
    )
    assert again.certificate is None
    with pytest.raises(cn.DataError, match="no date"):
        register(two, dict(events(two)), found.forecasts, "soon")


@pytest.mark.long
def test_other_beneficiaries_and_a_shorter_horizon(two: Network) -> None:
    short = cn.hindcast(two, "lic", months=1)
    assert set(short.not_scored["why"]) == {"beyond the horizon"}
    other = cn.hindcast(two, months=1, beneficiaries="AUS").not_scored.set_index("question")
    assert other.loc["first", "why"] == "no demand of these"


def test_a_graph_without_events_is_told_so() -> None:
    with pytest.raises(cn.DataError, match="has no events"):
        cn.hindcast(cn.read("mag-9"))


@pytest.mark.long
def test_a_licence_binds_exports_and_leaves_home_free(tmp_path: Path) -> None:
    """China makes 10 t, uses 6 and ships 3 to the United States and 1 to others: half of each leaves, home has its 6."""
    nodes = pd.DataFrame(
        {
            "id": ["cn", "home", "us", "rest"],
            "stage": ["mine", "end_use", "end_use", "end_use"],
            "country": ["CHN", "CHN", "USA", None],
            "region": [None, None, None, "other"],
            "capacity_tpa": [10.0, None, None, None],
        }
    )
    edges = pd.DataFrame(
        {"source": "cn", "target": ["home", "us", "rest"], "commodity": "ore", "flow_tpa": [6.0, 3, 1]}
    )
    demand = pd.DataFrame(
        {"node": ["home", "us", "rest"], "commodity": "ore", "tier": "civilian", "demand_tpa": [6.0, 3.0, 1.0]}
    )
    net = Network(nodes, edges, demand=demand, name="home", year=2025, beneficiaries=["USA"])
    cn.write(net, tmp_path / "home")
    (tmp_path / "home" / "events").mkdir()
    text = (
        EVENT[: EVENT.index("[[questions]]")]
        + """
[[questions]]
id = "usa"
kind = "flow"
commodity = "ore"
from = "CHN"
to = "USA"
months = [3, 6]

[[questions]]
id = "world"
kind = "flow"
commodity = "ore"
from = "CHN"
to = "WLD"
months = [3, 6]
"""
    )
    inputs = "\n".join(INPUTS.splitlines()[:3]) + "\n"
    for name, content in (("lic.toml", text), ("inputs.csv", inputs)):
        (tmp_path / "home" / "events" / name).write_text(content, encoding="utf-8")
    event = events(cn.read(tmp_path / "home"))["lic"]
    assert [measure["to"] for measure in event.scenario.measures] == [{"country": ["USA"]}, {"region": ["other"]}]
    rows = cn.hindcast(event.network).members
    central = rows[rows["member"] == "degree:existing"].set_index("question")
    assert central.loc["usa", ["low", "high"]].astype(float).tolist() == pytest.approx([0.5, 0.5])
    assert central.loc["world", ["low", "high"]].astype(float).tolist() == pytest.approx([0.5, 0.5])
    found = cn.balance(event.network, event.scenario).edges.set_index("target")["flow_tpa"]
    assert found.to_dict() == pytest.approx({"home": 6.0, "us": 1.5, "rest": 0.5})


@pytest.mark.long
def test_the_teaching_chain_with_an_event(tmp_path: Path) -> None:
    found = cn.hindcast(network(tmp_path))
    assert found.not_scored["why"].tolist() == ["no node in KOR"]
    assert found.forecasts.set_index("question").loc["dy_onset", "central"] == 0.0
    assert math.isinf(found.forecasts.set_index("question").loc["users_onset", "wide_high"])


@pytest.mark.slow
def test_no_member_is_without_an_answer_for_a_road_that_is_short_by_a_hair() -> None:
    """In the antimony chain of 2020 a road carries 1e-12 less than what is asked through it; a later stage has an answer."""
    event = events(cn.read("antimony"))["sb_2024"]
    base = base_of(event)
    (member,) = (m for m in members_of(event, "tier") if m.name == "all adverse, allies_first")
    asked = [q for q in event.asked if not lacks(event, base, q)]
    shipped = [one for q in asked for one in sums_of(event, base, q, event.horizon)]
    found = course(None, ask_of(event, networks_of(base)["existing"], member.setting, event.horizon, shipped))
    assert found.perfect.certificate.ok
    assert found.perfect.served_t.sum() == pytest.approx(found.perfect.wanted_t.sum(), rel=1e-9)


@pytest.mark.long
def test_the_chain_before_an_event() -> None:
    """Dated exports are met, every recipe balances, nobody is short, and what had no flow has none."""
    net = cn.read("antimony")
    before, base = cn.chain_before(net, "sb_2024"), net.at(None)
    country = before.plants.set_index("id")["country"]
    edges = before.edges.assign(made=before.edges["source"].map(country), taken=before.edges["target"].map(country))
    sent = edges[edges["made"] == "CHN"].groupby(["commodity", "taken"])["flow_tpa"].sum()
    for row in cn.events(net)["sb_2024"].inputs.query("table == 'flows' and to != 'WLD'").itertuples():
        assert sent[row.commodity, row.to] == pytest.approx(row.value, rel=1e-6)
    assert cn.balance(before).by_tier()["shortfall_tpa"].abs().max() < 1e-6
    assert ((before.edges["flow_tpa"] > 0) <= (base.edges["flow_tpa"] > 0)).all()
    flow, room = before.edges["flow_tpa"].fillna(0.0), before.edges["capacity_tpa"].fillna(np.inf)
    assert (flow <= room * (1 + 1e-9)).all()
    made = before.baseline / before.nodes.set_index("id")["capacity_tpa"]
    assert (made.dropna() <= 1 + 1e-9).all()


def drawn_inside(event: Event, rng: np.random.Generator) -> tuple[Event, Network]:
    """An event and its chain with each share, number of months and weeks of stock somewhere in its range."""
    inputs, net = event.inputs.copy(), base_of(event)
    for k in inputs.index[inputs["table"].isin(["profile", "share"]) & inputs["low"].notna()]:
        value = rng.uniform(inputs.loc[k, "low"], inputs.loc[k, "high"])
        inputs.loc[k, "value"] = float(round(value)) if inputs.loc[k, "unit"] == "months" else value
    cover = net.cover
    if len(cover):
        low, high = (cover[end].fillna(cover["weeks"]) for end in ("low", "high"))
        net = net.with_table("cover", cover.assign(weeks=low + rng.uniform(size=len(cover)) * (high - low)))
    return replace(event, inputs=inputs), net


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chain", "name"),
    [("gallium", "gage_2023"), ("germanium", "gage_2023"), ("graphite", "graphite_2023"), ("antimony", "us_ban_2024")],
)
def test_members_from_inside_lie_in_the_wide_bands_of_shipped_events(chain: str, name: str) -> None:
    """Of each its point: of an interval of flows the middle."""
    event, rng = events(cn.read(chain))[name], np.random.default_rng(7)
    wide = forecasts_of(event).table.set_index("question")[["wide_low", "wide_high"]]
    asked = [q for q in event.asked if q.who == "tier" and q.kind in NUMBERS and not lacks(event, base_of(event), q)]
    orders = sorted({m.setting.order for m in members_of(event, "tier")})
    for _ in range(67):
        mine, net = drawn_inside(event, rng)
        shipped, sums = [], {}
        for q in asked:
            more = sums_of(mine, net, q, event.horizon)
            sums[q.id] = slice(len(shipped), len(shipped) + len(more))
            shipped += more
        degree: Any = str(rng.choice(["free", "path", "existing"]))
        rush: Any = str(rng.choice(["low", "stated", "high"]))
        setting = Setting(degree, str(rng.choice(orders)), "stated", rush, 0, int(rng.integers(2)))
        ask = ask_of(mine, networks_of(net)[degree], setting, event.horizon, shipped)
        told, calm = course(mine.under(0, setting.scope), ask), course(None, ask)
        line = Course(mine, net, told, calm, event.horizon, rush, sums)
        for q in asked:
            low, high = map(float, wide.loc[q.id])
            assert low - 1e-6 <= float(np.mean(line.answer(q))) <= high + 1e-6, (q.id, setting)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_member_from_inside_lies_in_the_wide_band(two: Network, found: Hindcast, tmp_path: Path, seed: int) -> None:
    """Shares, months and weeks drawn from inside their ranges: what is then central lies between the ends."""
    rng = np.random.default_rng(seed)
    first, then, weeks = rng.uniform(0, 0.25), rng.uniform(0.25, 0.75), rng.uniform(0, 8)
    inputs = (
        INPUTS.splitlines()[0]
        + f"""
lic,profile,1,2,{first},,,share,2025-06-01,assumed,ASSUMPTION
lic,profile,2,,{then},,,share,2025-06-01,assumed,ASSUMPTION
lic,cover,,,{weeks},,,weeks,2025-06-01,assumed,ASSUMPTION
"""
    )
    folder = tmp_path / "two"
    shutil.copytree(str(two.folder), folder)
    (folder / "events" / "inputs.csv").write_text(inputs, encoding="utf-8")
    inner = cn.hindcast(cn.read(folder)).forecasts.set_index("question")
    outer = found.forecasts.set_index("question")
    for question in ("half", "rest", "round", "short", "onset"):
        low, high = (float(outer.loc[question, f"wide_{end}"]) for end in ("low", "high"))
        assert low - 1e-6 <= float(inner.loc[question, "central"]) <= high + 1e-6, question
