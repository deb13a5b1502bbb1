"""Which of tied bottlenecks, what each tier lacks in its turn, who stands against whom, what a stock avoids: by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from conftest import frame

import chainnet as cn
from chainnet.assessment import Answers, Finding
from chainnet.assessment import _questions as asked
from chainnet.assessment._bloc import blocs_of
from chainnet.assessment._case import Case
from chainnet.assessment._find import finding_of
from chainnet.assessment._in_turn import lacks, served_and_short
from chainnet.flow import Counting
from chainnet.results import provenance


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


def of_case(net: cn.Network, *scenarios: cn.Scenario) -> Case:
    return Case(Counting.of(net), scenarios, (), 12, None, None, 0)


def test_what_is_in_force_has_a_finding_of_its_own_wholly_solved_and_nothing_is_solved_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was found out of it, beside the other answers, is known when its finding is made."""
    net, rests, solved = pair(), [], []

    def finding_of(answers: Answers, scenario: cn.Scenario, **told: Any) -> Any:
        answers.assumptions(STOP)
        known = (answers.due(STOP), dict(answers.asked), scenario, told)
        return SimpleNamespace(known=known, to_dict=lambda: solved.append(known))

    monkeypatch.setattr(asked, "in_force", lambda network: STOP if network is net else None)
    monkeypatch.setattr(asked, "finding_of", finding_of)
    monkeypatch.setattr("chainnet.assessment._answers.class_assumptions", lambda _counting, one: rests.append(one))
    case = of_case(net)
    now, dues = (Answers(case.counting, 12, known) for known in ({}, {"rule": STOP}))
    due = dues.due(STOP)
    found: Any = asked._finding_now(case, dues, asked._now(case, now))
    assert found.known == (due, {"rule": STOP}, STOP, {"restriction": "in force"})
    assert found.known[0] is due
    assert solved == [found.known]
    assert rests == [STOP]
    monkeypatch.setattr(asked, "in_force", lambda _network: cn.Scenario("in_force"))
    assert asked._finding_now(case, dues, asked._now(case, now)) is None
    assert rests == [STOP]


def test_the_worst_scenario_is_asked_about_unless_nobody_asked_for_it() -> None:
    """Where no scenario is given it is the stop of the bottleneck, of which a finding is made and no other answer."""
    named = of_case(pair(), STOP)
    assert asked._worst(named, SimpleNamespace(worst=STOP)) is STOP  # type: ignore[arg-type]
    assert asked._worst(of_case(pair()), SimpleNamespace(worst=STOP)) is None  # type: ignore[arg-type]
    assert asked._disrupted(named, None) is None
    short = asked._disrupted(named, STOP)
    assert short is not None
    assert short.by_tier()["shortfall_tpa"].to_dict() == {"defence": 1.0}


def test_the_first_year_is_told_of_what_is_in_force_and_of_the_worst_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all others what is short later; of the tiers those that ask, in their order."""
    net = pair()
    names = {"now": "in force", "back": "may return", "soon": "next", "stop": "worst", "cut": "other"}
    one = {name: cn.Scenario(name) for name in names}
    monkeypatch.setattr(asked, "in_force", lambda network, returns=False: one["back" if returns else "now"])
    tiers = ["civilian", "defence", "industrial"]

    def later(scenario: cn.Scenario) -> Any:
        k = list(names).index(scenario.name)
        return frame("demand_tpa due_share due_tpa", *((10.0 * n, k / 10 + n, k + n) for n in (1, 2, 3))).set_axis(
            tiers
        )

    def early(scenario: cn.Scenario) -> Any:
        k = list(names).index(scenario.name)
        return frame("first_month due_share due_t", *((k + n, k / 100 + n, 99.0) for n in (1, 2, 3))).set_axis(tiers)

    def answers(known: str, **both: Any) -> Any:
        asked_for = {name: one[name] for name in known.split()}
        return SimpleNamespace(asked=asked_for, due=later, first_year=early, tiers=("defence", "civilian"), **both)

    def finding(known: Any) -> Any:
        listed = frame("scenario which", *names.items()).set_index("scenario")
        return SimpleNamespace(
            answers=known, scenario=one["stop"], scenarios=listed, provenance=provenance(net, "by hand")
        )

    case, both = of_case(net), answers("soon cut")
    with_now = answers("", with_known=lambda other: both if other == "of what is in force" else None)
    for first, now in (finding(both), None), (finding(with_now), SimpleNamespace(answers="of what is in force")):
        table = asked._timing(case, first, now)  # type: ignore[arg-type]
        assert table.index.names == ["scenario", "tier"]
        assert list(table.columns) == asked.TIMING
        rows = [[*index, *row] for index, row in zip(table.index, table.fillna(-1.0).to_numpy().tolist(), strict=True)]
        assert rows == [
            ["now", "defence", 20.0, 2.0, 2.0, 2.0, 2.0], ["now", "civilian", 10.0, 1.0, 1.0, 1.0, 1.0],
            ["back", "defence", 20.0, -1.0, -1.0, 2.1, 3.0], ["back", "civilian", 10.0, -1.0, -1.0, 1.1, 2.0],
            ["soon", "defence", 20.0, -1.0, -1.0, 2.2, 4.0], ["soon", "civilian", 10.0, -1.0, -1.0, 1.2, 3.0],
            ["stop", "defence", 20.0, 5.0, 2.03, 2.3, 5.0], ["stop", "civilian", 10.0, 4.0, 1.03, 1.3, 4.0],
            ["cut", "defence", 20.0, -1.0, -1.0, 2.4, 6.0], ["cut", "civilian", 10.0, -1.0, -1.0, 1.4, 5.0],
        ]  # fmt: skip
    nothing = finding(both)
    nothing.scenarios = nothing.scenarios[:0]
    empty = asked._timing(case, nothing, None)
    assert (list(empty.columns), empty.index.names, len(empty)) == (asked.TIMING, ["scenario", "tier"], 0)
