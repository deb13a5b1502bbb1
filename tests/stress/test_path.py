"""New relations in the months: existing links at once, traded pairs after the road, others once qualified."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import chainnet as cn

WAIT = 5


def frame(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def chain(wait: float = WAIT, *, traded: bool = True) -> cn.Network:
    """German users take 12 t/yr of metal from Ching; another works of China, where they bought, and one of Korea idle.

    ``traded``: whether a second German user had a little from the other Chinese works' country, so that the pair of
    countries is in the data whichever works ships.
    """
    return cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("ching", "mine", "CHN", 24.0),
            ("idle", "mine", "CHN" if traded else "KOR", 24.0),
            ("user", "end_use", "DEU", None),
            ("home", "end_use", "CHN" if traded else "KOR", None),
        ),
        edges=frame(
            "source target commodity flow_tpa capacity_tpa",
            ("ching", "user", "metal", 12.0, 12.0),
            ("idle", "home", "metal", 6.0, 6.0),
        ),
        demand=frame(
            "node commodity tier demand_tpa", ("user", "metal", "civilian", 12.0), ("home", "metal", "civilian", 6.0)
        ),
        qualification=frame("commodity tier months", ("metal", "civilian", wait)),
        name="path",
    )


GONE = cn.Scenario("gone", [{"kind": "remove", "nodes": ["ching"]}])
LATER = cn.Scenario("later", [{"kind": "remove", "nodes": ["ching"], "start_month": 2}])


def short(net: cn.Network, scenario: cn.Scenario, n: int = 10, **how: Any) -> list[float]:
    found = cn.stress_test(net, [scenario], months=n, reroute="new", **how).months
    mine = found[(found["scenario"] == scenario.name) & (found["node"] == "user")]
    return [round(float(t), 9) for t in mine["shortfall_unforeseen_t"]]


@pytest.mark.long
def test_a_pair_that_traded_needs_the_road_alone() -> None:
    road = 2  # months under way over a new relation
    assert short(chain(), GONE, requalify="table") == [1.0] * (WAIT + road) + [0.0] * (10 - WAIT - road)
    assert short(chain(), GONE, requalify="none") == [1.0] * road + [0.0] * (10 - road)
    # it opens with the measure, not before
    assert short(chain(), LATER, requalify="none") == [0.0] * 2 + [1.0] * road + [0.0] * (8 - road)


def test_another_country_is_qualified_whatever_is_asked() -> None:
    both = [short(chain(traded=False), GONE, requalify=word) for word in ("table", "none")]
    assert both[0] == both[1] == [1.0] * (WAIT + 2) + [0.0] * (8 - WAIT)


def test_what_a_new_project_makes_is_qualified_first() -> None:
    """A plant that opens in China in month 1 serves Germany once qualified, though China shipped there before."""
    net = chain()
    nodes = net.nodes[net.nodes["id"] != "idle"]
    built = cn.Network(
        nodes=nodes,
        edges=net.edges[net.edges["source"] == "ching"],
        demand=net.demand[net.demand["node"] == "user"],
        qualification=net.qualification,
        projects=frame("id stage country capacity_tpa start_year", ("fresh", "mine", "CHN", 24.0, 2025)),
        name="fresh",
        year=2024,
    ).with_table(
        "edges",
        pd.concat(
            [
                net.edges[net.edges["source"] == "ching"],
                frame("source target commodity capacity_tpa", ("fresh", "user", "metal", 0.0)),
            ],
            ignore_index=True,
        ),
    )
    for word in ("table", "none"):
        assert short(built, GONE, projects=["fresh"], requalify=word) == [1.0] * (WAIT + 2) + [0.0] * (8 - WAIT)


@pytest.mark.parametrize("requalify", ["table", "none"])
def test_what_is_never_qualified_in_the_horizon_changes_nothing(requalify: Any) -> None:
    net = chain(wait=40.0, traded=False)
    existing = cn.stress_test(net, [GONE], months=10)
    new = cn.stress_test(net, [GONE], months=10, reroute="new", requalify=requalify)
    columns = ["shortfall_t", "shortfall_unforeseen_t", "time_to_survive", "first_year_share"]
    pd.testing.assert_frame_equal(existing.summary[columns], new.summary[columns], atol=1e-9)
    assert new.relations.empty


def test_the_long_run_and_the_last_months_agree() -> None:
    found = cn.stress_test(chain(), [GONE], months=24, reroute="new", requalify="table").summary.loc["gone"]
    assert found["shortfall_tpa"].tolist() == pytest.approx([0.0])
    assert found["first_year_share"].tolist() == pytest.approx([(WAIT + 2) / 18.0])
    assert found["first_year_tpa"].tolist() == pytest.approx([WAIT + 2.0])


def test_a_first_year_that_a_long_period_runs_over() -> None:
    """Periods of five months: of the third one two of its five count."""
    found = cn.stress_test(chain(), [GONE], months=20, step_months=5).summary.loc["gone"]
    assert found["first_year_tpa"].tolist() == pytest.approx([12.0])
    assert found["first_year_share"].tolist() == pytest.approx([12.0 / 18.0])


def test_an_unknown_word_is_told() -> None:
    with pytest.raises(cn.DataError, match='requalify: unknown word "never"'):
        short(chain(), GONE, requalify="never")


@pytest.mark.long
@pytest.mark.parametrize("left", [0.4, *(pytest.param(n, marks=pytest.mark.slow) for n in (0.1, 0.6))])
def test_how_long_demand_endures_is_the_longest_horizon_without_loss(left: float) -> None:
    net = cn.read("mag-9")
    demand = net.demand.head(1).assign(demand_tpa=50.0, tier="defence")
    stocks = frame("id node commodity stock_t", ("m", "USE", "magnet", 9.0))
    net = net.with_demand(demand).with_table("stocks", stocks)
    cut = cn.Scenario("cut", [{"kind": "scale", "where": {"country": "CHN"}, "share": left, "start_month": 3}])
    survive = cn.stress_test(net, [cut], months=12).summary.loc["cut", "time_to_survive"].item()
    lost = {n: cn.stress_test(net, [cut], months=n).summary.loc["cut", "shortfall_t"].item() for n in range(4, 13)}
    whole = [n for n, tonnes in lost.items() if tonnes <= 1e-7]
    assert survive == max(whole, default=3) - 3
    assert 0 <= survive <= 9
