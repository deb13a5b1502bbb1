"""Plans over months: what stocks may and may not do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.flow import Counting, MonthsModel
from chainnet.lowering import Overlay
from chainnet.network import TABLES


@pytest.mark.parametrize("room", [None, 5.0])
def test_stocks_that_are_not_to_be_drawn_are_not_though_they_could_be_filled(room: float | None) -> None:
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 12.0), ("u", "end_use", None)),
        edges=frame("source target", ("m", "u")),
        demand=frame("node tier demand_tpa", ("u", "defence", 12.0)),
        stocks=frame("id node stock_t capacity_t", ("s", "u", 3.0, room)),
    )
    out = cn.Scenario("out", [{"kind": "remove", "nodes": ["m"]}])
    served = {
        stocks: cn.stress_test(net, out, months=2, stocks=stocks).months.groupby("scenario")["served_t"].sum()
        for stocks in (True, False)
    }
    assert served[True]["out"] == pytest.approx(2.0)
    assert served[False]["out"] == 0.0
    assert served[False]["baseline"] == pytest.approx(2.0)


def shaken(net: cn.Network) -> list[cn.Scenario]:
    """A cut that comes and goes, and another within it."""
    mines = net.nodes.dropna(subset="capacity_tpa")["id"].tolist()
    cut = {"kind": "scale", "nodes": mines[:2], "share": 0.3, "start_month": 2, "months": 5}
    more = {"kind": "remove", "nodes": mines[:1], "start_month": 4, "months": 2}
    asked = {"kind": "demand", "where": {"stage": "end_use"}, "share": 1.5, "start_month": 5, "months": 3}
    return [cn.Scenario("cut", [cut, more]), cn.Scenario("asked", [asked])]


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_months_that_stand_alone_are_answered_as_in_one_program(seed: int) -> None:
    net = recipe_network(seed)
    # a stock that holds nothing joins all months, so these are solved together
    node, commodity = net.demand.loc[0, ["node", "commodity"]]
    empty = frame("id node commodity stock_t", ("none", node, commodity, 0.0))
    tables = {name: getattr(net, name) for name in TABLES if len(getattr(net, name))}
    meta = {"main_commodity": list(net.main_commodity), "beneficiaries": list(net.beneficiaries)}
    joined = cn.Network(**{**tables, "stocks": empty}, **meta)
    apart, whole = (cn.stress_test(each, shaken(net), months=9) for each in (net, joined))
    for table in ("summary", "time_to_survive", "money"):
        mine, theirs = getattr(apart, table), getattr(whole, table)
        numbers = mine.select_dtypes("number").columns
        pd.testing.assert_frame_equal(mine[numbers], theirs[numbers], rtol=1e-6, atol=1e-6)
    keys = ["scenario", "month", "tier"]
    by_month = [
        each.months.groupby(keys, dropna=False)[["served_t", "shortfall_unforeseen_t"]].sum() for each in (apart, whole)
    ]
    pd.testing.assert_frame_equal(*by_month, rtol=1e-6, atol=1e-6)


def test_months_under_the_same_measures_are_solved_once() -> None:
    net = recipe_network(1)
    model = MonthsModel(Counting(net), Overlay.none(net), n_periods=40)
    start = model.periods.base_start(net.edges["flow_tpa"].fillna(0.0).to_numpy())
    quiet, cut = (
        Overlay.none(net),
        replace(Overlay.none(net), demand_share=np.full(len(net.demand), 0.5)),
    )
    told: list[str] = []
    plan = model.plan([quiet] * 20 + [cut] * 5 + [quiet] * 15, start, tell=lambda what, _part: told.append(what))
    once = model.plan([quiet], start)
    # a program or two a stage and one for the cost, for two kinds of months
    assert 0 < len(told) <= 2 * (len(model.stages) + 1)
    assert plan.served_t[[0, 19, 39]].tolist() == [once.served_t[0].tolist()] * 3
    assert (plan.wanted_t[22] < plan.wanted_t[0]).all()
