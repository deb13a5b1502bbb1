"""``assess``: one bundle, equal to what the single questions answer."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from conftest import line, two_tier

import chainnet as cn
from chainnet.cascades import bracket


@pytest.fixture(scope="module")
def assessment(assessed: cn.Assessment) -> cn.Assessment:
    return assessed


SHORT: dict[str, Any] = {"years": [2040], "months": 12, "draws": 4, "recovery": {"H_CN": 0.5}}


@pytest.fixture(scope="module")
def told() -> list[tuple[str, float]]:
    """What was said, and how far it was, while `brief` was made."""
    return []


@pytest.fixture(scope="module")
def brief(mag9: cn.Network, told: list[tuple[str, float]]) -> cn.Assessment:
    """The teaching chain with words of one's own."""
    return cn.assess(mag9, **SHORT, progress=lambda what, part: told.append((what, part)))


def test_tables_are_those_of_the_questions(mag9: cn.Network, assessment: cn.Assessment, china_out: cn.Scenario) -> None:
    assert assessment.worst == "china_out"
    for by, table in assessment.chokepoints.items():
        pd.testing.assert_frame_equal(table[["lost_tpa"]], cn.chokepoints(mag9, by=by)[["lost_tpa"]])
    first = assessment.first_tier["site"]
    pd.testing.assert_frame_equal(first[["lost_tpa"]], cn.chokepoints(mag9, "site", tier="defence")[["lost_tpa"]])
    long_run = ["demand_tpa", "served_tpa", "shortfall_tpa", "shortfall_last_tpa", "value_musd"]
    pd.testing.assert_frame_equal(assessment.stress.summary[long_run], cn.stress_test(mag9).summary[long_run])
    pd.testing.assert_frame_equal(assessment.indicators, cn.concentration(mag9))
    assert set(assessment.rerouting) == {2031}
    expected = cn.reroute(mag9, china_out, by_year=2031).projects["shapley_t"]
    pd.testing.assert_series_equal(assessment.rerouting[2031].projects["shapley_t"], expected)
    assert assessment.disrupted is not None
    assert assessment.disrupted.demand["served_tpa"].sum() == pytest.approx(10.0)


def test_the_settings_say_which_tiers_stand_in_which_order(assessment: cn.Assessment) -> None:
    assert assessment.provenance["settings"]["tiers"] == ["defence", "industrial", "civilian"]


def test_every_certificate_holds(assessment: cn.Assessment) -> None:
    assert assessment.certificates["ok"].all()
    assert len(assessment.certificates) >= 3


def test_quality_and_decisive_bounds(mag9: cn.Network, assessment: cn.Assessment) -> None:
    assert assessment.coverage["n_nodes"].sum() == 9
    assert (assessment.coverage["assumed_share"] == 1.0).all()
    assert assessment.edge_quality.loc["assumed", "n_edges"] == len(mag9.edges)
    # with China out the first tier has all it asks for, and the one other source of dysprosium binds what is left
    assert assessment.disrupted is not None
    pd.testing.assert_frame_equal(assessment.limiting, assessment.disrupted.limiting)
    out = assessment.limiting[["kind", "id", "tier", "price"]].astype(object).fillna("")
    assert out.to_numpy().tolist() == [["node", "H_BR", "", pytest.approx(50.0)], ["demand", "USE", "defence", 1.0]]


def test_progress_is_told_and_years_can_be_chosen(brief: cn.Assessment, told: list[tuple[str, float]]) -> None:
    assert list(brief.rerouting) == [2040]
    parts = [part for _, part in told]
    assert parts == sorted(parts)
    assert parts[0] > 0
    assert parts[-1] == 1.0
    counts = [tuple(int(n) for n in re.match(r"(\d+) of (\d+): ", what).groups()) for what, _ in told]  # type: ignore[union-attr]
    assert counts == [(n + 1, len(told)) for n in range(len(told))]


@pytest.mark.long
def test_a_network_without_projects_scenarios_or_year() -> None:
    found = cn.assess(two_tier(), months=12, draws=0)
    assert found.worst == ""
    assert found.disrupted is None
    assert dict(found.rerouting) == {}
    with pytest.raises(cn.DataError, match="no demand table"):
        cn.assess(line())


def test_when_who_is_short_scenario_by_scenario(assessment: cn.Assessment) -> None:
    """Without China 10 of 50 t are made: all 4 of defence, 6 of industry's 16, none of the 30 of civil use."""
    found = assessment.timing.loc["china_out"]
    assert found["later_tpa"].to_dict() == pytest.approx({"defence": 0.0, "industrial": 10.0, "civilian": 30.0})
    assert found["later_share"].tolist() == pytest.approx([0.0, 0.625, 1.0])
    assert found["first_year_share"].tolist() == pytest.approx([0.0, 0.625, 1.0])
    assert found["first_month"].isna().tolist() == [True, False, False]


@pytest.mark.long
def test_only_the_worst_scenario_is_followed_over_time(mag9: cn.Network, china_out: cn.Scenario) -> None:
    other = cn.Scenario("japan", [{"kind": "remove", "where": {"country": "JPN"}}])
    found = cn.assess(mag9, [china_out, other], months=12, draws=0)
    assert found.worst == "china_out"
    assert set(found.stress.months["scenario"]) == {"baseline", "china_out"}
    alone = cn.balance(mag9, other).by_tier()["shortfall_tpa"].tolist()
    assert found.stress.summary.loc["japan", "shortfall_tpa"].tolist() == pytest.approx(alone)
    assert found.stress.summary.loc["japan", "shortfall_t"].isna().all(), "nobody asked for its months"
    assert set(found.timing.index.get_level_values("scenario")) == {"china_out", "japan"}
    assert found.timing.loc["japan", "first_year_share"].isna().all()
    assert found.timing.loc["japan", "later_tpa"].sum() >= 0.0


def test_frozen(assessment: cn.Assessment) -> None:
    with pytest.raises(AttributeError, match="worst"):
        assessment.worst = ""  # type: ignore[misc]
    with pytest.raises(TypeError, match="item assignment"):
        assessment.chokepoints["site"] = None  # type: ignore[index]


# -- months, stores and habits ------------------------------------------------------------------


def test_the_questions_of_time_are_those_asked_alone(
    mag9: cn.Network, assessment: cn.Assessment, china_out: cn.Scenario
) -> None:
    # the same in each month of the first year; after it a row stands for half a year, of six times as much
    found, alone = (
        one.months[one.months["scenario"] == "china_out"].groupby("month")["shortfall_t"].sum()
        for one in (assessment.stress, cn.stress_test(mag9, china_out))
    )
    assert found.index.tolist() == [*range(1, 13), *range(13, 48, 6)]
    assert found.loc[:12].tolist() == pytest.approx(alone.loc[:12].tolist())
    assert found.loc[13:].tolist() == pytest.approx((6 * alone.loc[found.index[12:]]).tolist())
    pd.testing.assert_frame_equal(assessment.exposure, cn.risk_exposure(mag9, 1.0, by="site"), check_like=True)
    assert assessment.provenance["settings"]["recovery"] == "assumed"
    alone = bracket(mag9, scenario=china_out)
    pd.testing.assert_frame_equal(assessment.bracket.loc["china_out"], alone)
    assert assessment.scenarios.loc["china_out", "onset_month"] == 1.0
    assert set(assessment.unanswered) == {"market", "likelihood", "alignment", "ranges"}


@pytest.mark.long
def test_stock_is_asked_for_the_first_tier_where_it_is_short() -> None:
    # without the works defence lacks all of its 3 t of metal a year
    stop = cn.Scenario("stop", measures=[{"kind": "remove", "nodes": ["works"]}])
    found = cn.assess(two_tier(), [stop, cn.Scenario("nothing", measures=[])], months=12, draws=0)
    assert set(found.stockpile["scenario"]) == {"stop"}
    metal = found.stockpile.set_index("commodity").loc["metal"]
    assert metal[["required_t", "held_t", "net_t"]].tolist() == pytest.approx([3.0, 0.0, 3.0])
    assert "least stock, stop" in set(found.certificates["problem"])


def test_recovery_given_is_taken(brief: cn.Assessment) -> None:
    assert brief.provenance["settings"]["recovery"] == "given"
    assert brief.exposure.loc["H_CN", "recovery"] == 0.5
    with pytest.raises(cn.UnknownIdError, match="recovery"):
        cn.assess(two_tier(), recovery={"nowhere": 1.0}, months=6, draws=0)


@pytest.mark.slow
def test_answers_are_the_same_in_other_processes(mag9: cn.Network, brief: cn.Assessment) -> None:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = cn.assess(mag9, **SHORT, executor=pool)
        assert pool.submit(abs, -1).result() == 1, "an executor that was handed in stays open"
    assert found.worst == brief.worst
    assert dict(found.unanswered) == dict(brief.unanswered)
    pd.testing.assert_frame_equal(found.stress.summary, brief.stress.summary)
    pd.testing.assert_frame_equal(found.attacks, brief.attacks)
    for year, bought in brief.rerouting.items():
        pd.testing.assert_frame_equal(found.rerouting[year].projects, bought.projects)


def test_a_network_is_pickled_while_it_is_asked(mag9: cn.Network) -> None:
    import pickle
    import threading

    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            for name in ("digest", "baseline", "trade", "edge_ends"):
                getattr(mag9, name)
                mag9.__dict__.pop(name, None)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for _ in range(60):
            assert pickle.loads(pickle.dumps(mag9)).name == mag9.name
    finally:
        stop.set()
        thread.join()
