"""What is due to a scenario in its first months: by hand, and against the whole stress test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import frame

import chainnet as cn
from chainnet.flow import Counting
from chainnet.stress import due_by_month, due_in_year, first_year

CHN = {"country": "CHN"}
PROFILE = [{"months": 2, "share": 0.1}, {"share": 0.8}]
LICENCE = cn.Scenario("licence", [{"kind": "licence", "from": CHN, "profile": PROFILE}])


def one_user(weeks: float = 0.0, wanted: float = 12.0, **tables: Any) -> cn.Network:
    """A user in Germany who needs 1 t a month, from a pit in China that makes at most 20 t a year."""
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("pit", "mine", "CHN", 20.0), ("user", "end_use", "DEU", None)),
        edges=frame("source target commodity capacity_tpa flow_tpa", ("pit", "user", "ga", 20.0, 12.0)),
        demand=frame("node commodity tier demand_tpa", ("user", "ga", "civilian", wanted)),
        cover=frame("weeks low high", (weeks, 0.0, 26.0)),
        name="one",
        **tables,
    )


def asked(network: cn.Network, scenario: cn.Scenario | None, months: int = 12) -> dict[str, float]:
    found = first_year(due_by_month(Counting.of(network, order=None), scenario, months))
    assert found.index.tolist() == ["civilian"]
    return {str(name): float(value) for name, value in found.loc["civilian"].items()}


@pytest.mark.parametrize(("weeks", "due", "first"), [(0, 3.8, 1), (6, 2.4154, 2), (13, 0.8, 9)])
def test_a_licence_of_two_phases_by_hand(weeks: float, due: float, first: int) -> None:
    """Short are 0.9 t in months 1 and 2 and 0.2 t in each later one, less what the user holds: 12 t x weeks / 52."""
    found = asked(one_user(weeks), LICENCE)
    assert found["demand_t"] == pytest.approx(12.0)
    assert found["due_t"] == pytest.approx(due, abs=1e-4)
    assert found["due_share"] == pytest.approx(due / 12.0, abs=1e-5)
    assert (found["first_month"], found["already_share"]) == (first, 0.0)


def test_the_horizon_begins_with_the_first_measure() -> None:
    """Half is barred for two months, then all: three months are met before, which are not asked about."""
    half = {"kind": "restrict", "from": CHN, "share": 0.5}
    late = cn.Scenario("late", [{**half, "start_month": 3}, {**half, "share": 0.0, "start_month": 5}])
    found = asked(one_user(), late)
    assert (found["demand_t"], found["due_t"]) == (pytest.approx(12.0), pytest.approx(2 * 0.5 + 10 * 1.0))
    assert found["first_month"] == 1.0
    assert asked(one_user(), late, 3)["due_t"] == pytest.approx(2 * 0.5 + 1.0)


@pytest.mark.parametrize("scenario", [None, cn.Scenario("nothing")])
def test_what_is_short_anyway_is_not_due(scenario: cn.Scenario | None) -> None:
    """The pit makes 20 t of 24 t that are asked for: a sixth is short, whatever is done."""
    found = asked(one_user(wanted=24.0), scenario)
    assert (found["due_t"], found["due_share"]) == (0.0, 0.0)
    assert found["already_share"] == pytest.approx(4 / 24)
    assert np.isnan(found["first_month"])
    # under the licence, of what can be shipped before it: 0.1 and 0.8 of a twelfth of 12 t, less than the 20 t
    under = asked(one_user(wanted=24.0), LICENCE)
    assert under["due_t"] == pytest.approx(20.0 - (2 * 0.1 + 10 * 0.8))
    assert under["already_share"] == pytest.approx(4 / 24)


def test_demand_without_a_tier_is_that_of_all_tiers() -> None:
    net = one_user().with_demand(frame("node commodity demand_tpa", ("user", "ga", 12.0)))
    found = first_year(due_by_month(Counting.of(net, order=None), LICENCE))
    assert found["due_t"].to_dict() == {"all tiers": pytest.approx(3.8)}


def agree(network: cn.Network, scenario: cn.Scenario, order: str) -> None:
    """The brief plans find what the whole ones do, tier by tier."""
    mine = first_year(due_by_month(Counting.of(network, order=order), scenario))  # type: ignore[arg-type]
    summary = cn.stress_test(network, [scenario], 12, reroute="new", order=order).summary
    names = list(dict.fromkeys(summary.index.get_level_values(0)))
    assert names == ["baseline", scenario.name]
    calm, under = (summary.loc[name] for name in names)
    for tier, row in mine.iterrows():
        wanted = under.loc[tier, "demand_t"]
        ends = [float(one.loc[tier, "shortfall_unforeseen_t"]) for one in (under, calm)]
        assert row["demand_t"] == pytest.approx(wanted)
        assert row["already_share"] * wanted == pytest.approx(ends[1], abs=1e-6 * wanted)
        assert row["due_t"] == pytest.approx(max(ends[0] - ends[1], 0.0), abs=1e-6 * wanted), (tier, order)


@pytest.mark.parametrize("order", ["law", "allies_first"])
def test_brief_plans_find_what_the_stress_test_finds(mag9: cn.Network, china_out: cn.Scenario, order: str) -> None:
    agree(mag9, china_out, order)


def down_to(network: cn.Network, scenario: cn.Scenario, order: str) -> None:
    """Asked down to a tier alone, in months or in all, each tier lacks what it lacks when all are asked."""
    counting = Counting.of(network, order=order)  # type: ignore[arg-type]
    whole = due_by_month(counting, scenario)
    year = first_year(whole)["due_share"]
    assert year.max() > 0
    for n, tier in enumerate(year.index):
        part = due_by_month(counting, scenario, last_tier=str(tier))
        names = list(year.index[: n + 1])
        assert list(dict.fromkeys(part.index.get_level_values("tier"))) == names
        for name in names:
            got, due = part.xs(name, level="tier")["due_t"], whole.xs(name, level="tier")["due_t"]
            np.testing.assert_allclose(got, due, rtol=1e-6, atol=1e-6 * float(whole["demand_t"].max()))
        total = due_in_year(counting, scenario, last_tier=str(tier))
        assert total.to_dict() == {name: pytest.approx(float(year[name]), abs=1e-6) for name in names}


@pytest.mark.parametrize("order", ["law", "allies_first", "alike"])
def test_what_comes_after_a_tier_needs_no_plan(mag9: cn.Network, china_out: cn.Scenario, order: str) -> None:
    down_to(mag9, china_out, order)


@pytest.mark.parametrize("order", ["law", "allies_first"])
def test_what_stages_begin_with_decides_nothing(
    china_out: cn.Scenario, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All stages at once, the last worth most and later better than sooner: a bad place to begin, and the same plan."""
    found = []
    for worth, sooner in ((0.2, 0.1), (5.0, -0.9)):
        monkeypatch.setattr("chainnet.flow._law_months.NEXT", worth)
        monkeypatch.setattr("chainnet.flow._law_months.SOONER", sooner)
        counting = Counting.of(cn.read("mag-9"), order=order)  # type: ignore[arg-type]
        found.append(due_by_month(counting, china_out))
    assert found[0]["due_t"].max() > 0
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6, atol=1e-6 * float(found[0]["demand_t"].max()))


@pytest.mark.slow
@pytest.mark.parametrize("order", ["law", "law_only", "alike"])
def test_what_comes_after_a_tier_needs_no_plan_on_a_real_chain(order: str) -> None:
    net = cn.read("gallium")
    down_to(net, cn.scenarios(net)["china_export_stop_all"], order)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["law", "allies_first"])
def test_brief_plans_find_the_same_on_a_real_chain(order: str) -> None:
    net = cn.read("gallium")
    agree(net, cn.scenarios(net)["china_export_stop_all"], order)
    agree(net, cn.in_force(net), order)


@pytest.mark.parametrize(
    ("tier", "wants", "short"), [("civilian", 8.0, 4.0), ("civilian", 5.0, 3.0), ("civilian", 0.0, 0.0)]
)
def test_a_contract_of_a_later_stage_is_kept_whoever_is_asked_about(tier: str, wants: float, short: float) -> None:
    """A pit of 12 t, half of it bound to Japan by contract, is all that is left to defence in the US (10 t).

    Japan takes at most 6 t of it: it goes to others only so far as he does not, though nobody asks about Japan.
    """
    users = (("us", "USA", "defence", 10.0), ("jp", "JPN", tier, wants))
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("pit", "mine", "AUS", 12.0),
            ("old", "mine", "CHL", 20.0),
            *((name, "end_use", country, None) for name, country, *_ in users),
        ),
        edges=frame("source target commodity", *((p, u, "ore") for p in ("pit", "old") for u, *_ in users)),
        demand=frame("node commodity tier demand_tpa", *((name, "ore", row, tpa) for name, _, row, tpa in users)),
        contracts=frame("supplier commodity for share", ("pit", "ore", "JPN", 0.5)),
        beneficiaries=["USA"],
    )
    lost = cn.Scenario("lost", [{"kind": "remove", "nodes": ["old"]}])
    counting = Counting.of(net, order="law")
    assert cn.balance(net, lost, order="law").by_tier()["shortfall_tpa"].tolist() == pytest.approx([short], abs=1e-6)
    for last in (None, "defence"):
        found = due_in_year(counting, lost, last_tier=last)
        assert found.tolist() == pytest.approx([short / 10.0], abs=1e-6)
    for tier_asked in (None, "defence"):
        seen = cn.key_assumptions(net, lost, tier=tier_asked, order="law", max_set=0)
        assert seen.range.loc["defence", "central_share"] == pytest.approx(short / 10.0, abs=1e-6)
    need = cn.stockpile_requirement(net, lost, "defence", months=12, order="law")
    assert need["required_t"].tolist() == pytest.approx([short], abs=1e-6)
