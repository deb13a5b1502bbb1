"""Which of tied bottlenecks, what each tier lacks in its turn, who stands against whom, what a stock avoids: by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from conftest import frame

import chainnet as cn
from chainnet.assessment import Answers, Finding
from chainnet.assessment._bloc import blocs_of
from chainnet.assessment._find import finding_of
from chainnet.assessment._in_turn import lacks, served_and_short
from chainnet.flow import Counting


def pair(**more: Any) -> cn.Network:
    """Mines of 6 t in China and 3 t in Australia; the army asks for 4 t, and who is of no tier for 8 t."""
    return cn.Network(
        frame(
            "id stage step country capacity_tpa",
            ("far", "mine", "digging", "CHN", 6.0),
            ("near", "mine", "digging", "AUS", 3.0),
            ("user", "end_use", None, "AUS", None),
        ),
        frame("source target flow_tpa", ("far", "user", 6.0), ("near", "user", 3.0)),
        demand=frame("node tier demand_tpa", ("user", "defence", 4.0), ("user", None, 8.0)),
        beneficiaries=["AUS"],
        **more,
    )


STOP = cn.Scenario("stop", [{"kind": "remove", "where": {"country": "CHN"}}])


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


def test_a_host_product_is_lacked_by_nobody_and_where_nobody_has_a_tier_all_are_one() -> None:
    """The army has 3 t of 4 without China, the 8 t of no tier never count; asked for alone, 3 of them are there."""
    mixed = Counting.of(pair())
    assert served_and_short(mixed, STOP) == {None: (3.0, 1.0), "defence": (3.0, 1.0)}
    alone = Counting.of(pair().with_demand(frame("node tier demand_tpa", ("user", None, 8.0))))
    assert served_and_short(alone, None) == {None: (8.0, 0.0), "": (8.0, 0.0)}
    assert served_and_short(alone, STOP) == {None: (3.0, 5.0), "": (3.0, 5.0)}
    assert [lacks(alone, STOP, tier) for tier in (None, "", "defence")] == [5.0, 5.0, 0.0]


def test_whoever_waits_is_told_in_words_how_far_it_is() -> None:
    heard: list[tuple[str, float]] = []
    finding_of(Answers(Counting.of(pair())), STOP, say=lambda what, part: heard.append((what, part)))
    assert [part for _, part in heard] == sorted(part for _, part in heard)
    assert heard[-1][1] == 1.0
    assert all(what.strip() for what, _ in heard)


@pytest.mark.parametrize(
    ("first", "every", "rival"),
    [({"AUS": 9.0, "BRA": 2.0, "CHN": 1.0}, {"CHN": 5.0}, "BRA"), ({"AUS": 9.0, "BRA": 0.0}, {"CHN": 5.0}, "CHN")],
)
def test_the_rival_is_who_costs_the_first_tier_most_then_all(
    first: dict[str, float], every: dict[str, float], rival: str
) -> None:
    """Whoever is an ally is no rival, whatever its loss costs; where nobody else costs the army anything, all count."""
    case: Any = SimpleNamespace(network=pair())
    tables = [{"country": frame("country lost_tpa", *lost.items()).set_index("country")} for lost in (every, first)]
    assert blocs_of(case, (tables[0], tables[1])) == {"allies": ["AUS"], "rival": [rival]}


def test_a_stock_of_ones_own_avoids_what_it_holds_in_a_year_and_that_of_others_nothing() -> None:
    """Without China the army lacks 1 t a year: half a tonne of Australia's helps by half, China's is not counted."""
    stocks = frame(
        "id node tiers stock_t country holder",
        ("ours", "user", "defence", 0.5, "AUS", "Treasury"),
        ("none", "user", "defence", 0.0, "AUS", "Treasury"),
        ("theirs", "user", "defence", 0.25, "CHN", "Bureau"),
    )
    advice = finding_of(Answers(Counting.of(pair(stocks=stocks))), STOP).advice
    assert [(one.ids, one.avoids_tpa) for one in advice if one.verb == "Release"] == [(("ours",), pytest.approx(0.5))]
