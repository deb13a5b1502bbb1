"""A store that a measure scales: every room draws it at the same speed, by hand and on random stores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import frame
from hypothesis import given, settings
from hypothesis import strategies as st

import chainnet as cn
from chainnet.flow import Counting, balance_under, levels
from chainnet.scenario import overlay_of
from chainnet.stress import Ask
from chainnet.stress._months import course

HALF = {"kind": "scale", "where": {"holder": "DLA"}, "share": 0.5}
THREE = ("balance", "months", "exposure")
ROOMS = (*THREE, "levels", "requirement")
STOP = {"kind": "remove", "nodes": ["mine"]}


def depot(*measured: Any, demand: float = 12.0, mine: float = 1.0, flow: float | None = None) -> cn.Network:
    """A mine of 1 t/yr and a user of 12 t/yr with one store; ``measured``: stock, release, room."""
    stock, release, room = [*measured, None, None][:3]
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("mine", "mine", "CHN", mine), ("user", "end_use", "USA", None)),
        edges=frame("source target flow_tpa", ("mine", "user", flow)),
        demand=frame("node tier demand_tpa", ("user", "defence", demand)),
        stocks=frame("id holder node stock_t release_tpa capacity_t", ("s", "DLA", "user", stock, release, room)),
    )


def three_rooms(net: cn.Network, *measures: dict[str, Any]) -> dict[str, float]:
    """What the store gives in one year with the mine out: in the long run, month by month, in a window."""
    scenario = cn.Scenario("s", [STOP, *measures])
    return {
        "balance": float(
            balance_under(Counting(net), overlay_of(net, scenario), stocks=True).demand["served_tpa"].sum()
        ),
        "months": float(course(scenario, Ask(Counting(net), 12, step_months=6)).perfect.served_t.sum()),
        "exposure": float(net.demand["demand_tpa"].sum() - risk(net, measures, 1.0)["lost_t"]),
    }


def rooms(net: cn.Network, *measures: dict[str, Any]) -> dict[str, float]:
    """The same, with the level of response and what a requirement need not buy."""
    scenario = cn.Scenario("s", [STOP, *measures])
    steps = levels(Counting(net), overlay_of(net, scenario), np.ones(0)).set_index("level")
    need = cn.stockpile_requirement(net, scenario, months=12, step_months=12)
    return three_rooms(net, *measures) | {
        "levels": float(steps.loc["stocks", "gained_tpa"]),
        "requirement": float(net.demand["demand_tpa"].sum() - need["buy_t"].sum()),
    }


def risk(net: cn.Network, measures: Any, years: float) -> Any:
    return cn.risk_exposure(net, years, scenario=cn.Scenario("s", list(measures)) if measures else None).loc["mine"]


@pytest.mark.long
def test_a_scaled_store_gives_its_share_of_a_year_in_every_room() -> None:
    assert rooms(depot(10.0, 4.0), HALF) == pytest.approx(dict.fromkeys(ROOMS, 2.0))
    assert rooms(depot(10.0, 4.0), HALF, {**HALF, "share": 0.1}) == pytest.approx(dict.fromkeys(ROOMS, 0.2))
    assert rooms(depot(10.0), HALF) == pytest.approx(dict.fromkeys(ROOMS, 5.0)), "without a release its tonnes bind"


def test_a_window_of_two_years_takes_two_years_of_release() -> None:
    # 24 t are asked for in two years, without the mine; 10 t x 0.5 hold out for 2.5 years of 4 x 0.5 t
    for years, given_t in ((1.0, 2.0), (2.0, 4.0), (2.5, 5.0), (4.0, 5.0)):
        lost = risk(depot(10.0, 4.0), [HALF], years)["lost_t"]
        assert 12.0 * years - lost == pytest.approx(given_t)
    months = cn.stress_test(depot(10.0, 4.0), cn.Scenario("s", [STOP, HALF]), months=36, step_months=3).months
    drawn = months[months["scenario"] == "s"]["served_t"].tolist()
    assert drawn == pytest.approx([0.5] * 10 + [0.0] * 2)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:.*release_tpa 3 is more than the stock:chainnet.errors.ChainnetWarning")
def test_a_rate_that_a_release_names_is_not_scaled_and_one_of_the_table_is() -> None:
    opened = {"kind": "release", "stocks": ["s"]}
    for measure, out in (
        (opened, 2.0),
        ({**opened, "release_tpa": 3.0}, 2.0),  # half of the table's 4 is less
        ({**opened, "release_tpa": 1.5}, 1.5),
    ):
        assert three_rooms(depot(10.0, 4.0), HALF, measure) == pytest.approx(dict.fromkeys(THREE, out))
        assert three_rooms(depot(10.0, 4.0).scale({"holder": "DLA"}, 0.5), measure) == pytest.approx(
            dict.fromkeys(THREE, out)
        )


def test_an_open_store_for_half_of_a_period_gives_half_its_share() -> None:
    """In force for one month of two: the mean of shut and open, by what the measure leaves."""
    opened = {"kind": "release", "stocks": ["s"], "start_month": 1, "months": 1}
    given_t = []
    for net, measures in ((depot(10.0, 6.0), [HALF]), (depot(10.0, 6.0).scale({"holder": "DLA"}, 0.5), [])):
        scenario = cn.Scenario("s", [STOP, opened, *measures])
        found = cn.stress_test(net, scenario, months=2, step_months=2).months
        given_t.append(found[found["scenario"] == "s"]["served_t"].sum())
    assert given_t == pytest.approx([0.25, 0.25])


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:.*is more than the stock itself:chainnet.errors.ChainnetWarning")
@settings(max_examples=6)
@given(
    stock=st.integers(0, 20),
    release=st.none() | st.integers(0, 30),
    room=st.none() | st.integers(0, 30),
    share=st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    named=st.none() | st.integers(0, 10),
)
def test_a_measure_is_the_scaled_network_in_every_room(
    stock: int, release: int | None, room: int | None, share: float, named: int | None
) -> None:
    net = depot(float(stock), release, room)
    measure = {**HALF, "share": share}
    more = [] if named is None else [{"kind": "release", "stocks": ["s"], "release_tpa": float(named)}]
    by_measure, by_table = three_rooms(net, measure, *more), three_rooms(net.scale(HALF["where"], share), *more)
    assert by_measure == pytest.approx(by_table, abs=1e-6)
    # what one year gives, whatever the room; 12 t are asked for, one a month, so haste gains nothing
    own = np.inf if release is None else share * release
    most = min(share * stock, own, np.inf if named is None else named, 12.0)
    assert by_measure == pytest.approx(dict.fromkeys(THREE, most), abs=1e-6)


def stressed(net: cn.Network, *measures: dict[str, Any], months: int = 12) -> tuple[float, float, list[float]]:
    """Tonnes short foreseen and unforeseen, and what is left in reach month by month."""
    found = course(cn.Scenario("s", measures), Ask(Counting(net), months))
    asked = float(found.perfect.wanted_t.sum())
    short, unforeseen = asked - found.perfect.served_t.sum(), asked - found.rolling_served_t.sum()
    return short, unforeseen, found.rolling_level_t[:, 0].round(9).tolist()


def test_refilling_a_scaled_store_is_refilling_the_scaled_network() -> None:
    """Half of a room for 4 t holds 2 t: two months of a mine that is out."""
    net = depot(0.0, None, 4.0, demand=6.0, mine=12.0)
    out = {**STOP, "start_month": 8}
    foreseen = []
    for other, measures in ((net, [out]), (net, [out, HALF]), (net.scale({"holder": "DLA"}, 0.5), [out])):
        foreseen.append(stressed(other, *measures, months=17)[0])
    assert foreseen == pytest.approx([0.5, 2.5, 2.5])  # 9 months of 0.5 t less 4 t or 2 t


def test_news_does_not_halve_a_scaled_store_again() -> None:
    """5 of 10 t are in reach; the mine's end in month 4 is news, and what is left then is 5 t less what was drawn."""
    late = {**STOP, "start_month": 3}
    net = depot(10.0, mine=6.0)
    short, unforeseen, levels = stressed(net, HALF, late)
    assert (short, unforeseen) == pytest.approx((12 - 1.5 - 5.0,) * 2)
    assert levels == pytest.approx([4.5, 4.0, 3.5, 2.5, 1.5, 0.5] + [0.0] * 6)
    assert stressed(net.scale({"holder": "DLA"}, 0.5), late) == (
        pytest.approx(short),
        pytest.approx(unforeseen),
        pytest.approx(levels),
    )


def test_what_was_out_of_reach_comes_back() -> None:
    """The store is shut for months 3 to 5, half of it for months 6 and 7; then what was never drawn is there."""
    net = depot(10.0, mine=0.0, demand=12.0)
    shut = {"kind": "remove", "where": {"holder": "DLA"}, "start_month": 2, "months": 3}
    half = {**HALF, "start_month": 5, "months": 2}
    short, unforeseen, levels = stressed(net, shut, half, months=12)
    assert short == pytest.approx(3.0)
    assert unforeseen >= short - 1e-9
    # 2 t drawn; then 5 - 2 = 3 t of the half, two of which go; in the end all that is left of ten
    assert levels == pytest.approx([9.0, 8.0, 0.0, 0.0, 0.0, 2.0, 1.0, 5.0, 4.0, 3.0, 2.0, 1.0])


def test_a_scaled_store_that_has_to_keep_more_than_it_can_hold_is_named() -> None:
    net = depot(10.0, None, 12.0).with_table("stocks", depot(10.0, None, 12.0).stocks.assign(end_t=7.0))
    with pytest.raises(cn.InfeasibleError, match=r'"s" has to keep end_t 7 t at the end but can hold 6 t'):
        cn.stress_test(net, cn.Scenario("s", [STOP, HALF]), months=12)
    with pytest.raises(cn.InfeasibleError, match=r'"s" has to keep end_t 7 t at the end but can hold 6 t'):
        cn.stress_test(net.scale({"holder": "DLA"}, 0.5), cn.Scenario("s", [STOP]), months=12)
