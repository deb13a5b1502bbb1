"""The base year and what is built since: which year, which plants, the same answer from either side."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from chainnet.assessment._case import Case
from chainnet.assessment._layers import layers, left_over, year_known
from chainnet.flow import Counting
from chainnet.network import verb_of

STOP = cn.Scenario("stop", [{"kind": "remove", "nodes": ["m"], "checked_on": "2026-05-01"}])


def chain(status: str | None = "operating", start: float | None = 2025.0) -> cn.Network:
    nodes = pd.DataFrame(
        {"id": ["m", "u", "v"], "stage": ["mine", "end_use", "end_use"], "country": ["CHN", "USA", "CHN"]}
    ).assign(capacity_tpa=[10.0, None, None])
    edges = pd.DataFrame({"source": ["m", "m", "p", "p"], "target": ["u", "v", "u", "v"]})
    demand = pd.DataFrame({"node": ["u", "v"], "tier": ["defence", "civilian"], "demand_tpa": [4.0, 6.0]})
    projects = pd.DataFrame({"id": ["p"], "stage": ["mine"], "country": ["AUS"], "capacity_tpa": [5.0]})
    projects = projects.assign(status=status, start_year=start)
    return cn.Network(
        nodes=nodes, edges=edges, demand=demand, projects=projects, beneficiaries=["USA"], name="chain", year=2024
    )


def asked(net: cn.Network, *scenarios: cn.Scenario) -> Any:
    return layers(Case(Counting.of(net), scenarios, (), 12, None, None, 0), scenarios[0] if scenarios else None)


def test_both_layers_at_both_ends_from_either_side() -> None:
    base = asked(chain(), STOP)
    assert base.attrs["built"] == ("p",)
    assert base.loc[("base year", "defence"), ["shortfall_first_tpa", "shortfall_last_tpa"]].tolist() == [4.0, 4.0]
    assert base.loc[("as built", "defence"), ["shortfall_first_tpa", "shortfall_last_tpa"]].tolist() == [0.0, 4.0]
    assert base.loc[("as built", "defence"), "n_built"] == 1
    later = asked(chain().as_built(2026), STOP)
    pd.testing.assert_frame_equal(base.drop(columns="is_asked"), later.drop(columns="is_asked"), check_index_type=False)
    assert base["is_asked"].tolist() != later["is_asked"].tolist()


def test_what_runs_and_stocks_leave_over_in_every_scenario() -> None:
    cut = cn.Scenario("cut", [{"kind": "remove", "nodes": ["m"]}, {"kind": "demand", "share": 3.0, "nodes": ["u"]}])

    def over(net: cn.Network, *scenarios: cn.Scenario) -> pd.DataFrame:
        return left_over(Case(Counting.of(net), scenarios, (), 12, None, None, 0))

    stocks = pd.DataFrame({"id": ["s"], "node": ["u"], "stock_t": [3.0]})
    found = over(chain(), STOP, cut)
    assert found["shortfall_tpa"].to_dict() == {("stop", "defence"): 0.0, ("cut", "defence"): pytest.approx(7.0)}
    assert found["year"].unique().tolist() == [2026]
    assert over(chain().with_table("stocks", stocks), cut)["shortfall_tpa"].tolist() == pytest.approx([4.0])
    # nothing runs, nothing is asked, or what runs stands already: the levels of the scenarios say it
    for empty in (over(chain("planned"), STOP), over(chain()), over(chain().as_built(2026), STOP)):
        assert empty.empty


@pytest.mark.parametrize(
    ("net", "scenarios", "year"),
    [
        (chain(), (STOP,), 2026),
        (chain(), (), 2025),
        (chain("planned"), (), None),
        (chain("planned"), (STOP,), 2026),
        (chain(start=None), (), None),
    ],
)
def test_the_year_is_read_from_the_data(net: cn.Network, scenarios: Any, year: int | None) -> None:
    assert year_known(net, scenarios) == year


def test_what_does_not_run_leaves_the_base_year_alone() -> None:
    assert asked(chain("under construction"), STOP).index.get_level_values("layer").unique().tolist() == ["base year"]


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        ("operating, ramping", "Secure the offtake of"),
        ("under construction", "Protect the date of"),
        ("approved", "Hold to the decision on"),
        ("idle", "Restart"),
        ("feasibility study", "Fund"),
        (None, "Fund"),
    ],
)
def test_the_verb_follows_the_state(status: str | None, verb: str) -> None:
    assert verb_of(status) == verb
