"""Overcapacity: published and hand-worked numbers, ranges against an independent program, premiums, prices, bad input."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

import chainnet as cn
from chainnet.cli import app as cli
from chainnet.prices import capital_recovery_factor, overcapacity

CHARGE = capital_recovery_factor() * 1e6  # of a million dollars, a year
STOP = cn.Scenario("stop", [{"kind": "remove", "nodes": ["old"]}])


def plants(demand: float = 8.0, **tables: Any) -> cn.Network:
    """A mine of 10 t/yr feeds an old plant (6 t/yr, cheap) and, once built, a new one (6 t/yr, dear)."""
    given = {
        "nodes": frame(
            "id stage step capacity_tpa unit_cost_usd_per_t",
            ("pit", "mine", "mining", 10.0, None),
            ("old", "refiner", "smelting", 6.0, 1.0),
            ("user", "end_use", None, None, None),
        ),
        "edges": frame(
            "source target commodity",
            ("pit", "old", "ore"),
            ("pit", "new", "ore"),
            ("old", "user", "metal"),
            ("new", "user", "metal"),
        ),
        "processes": frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 1.0), ("smelt", "metal", "output", 1.0)
        ),
        "demand": frame("node commodity tier demand_tpa", ("user", "metal", "civilian", demand)),
        "projects": frame(
            "id stage step process capacity_tpa unit_cost_usd_per_t start_year ramp_years capex_musd",
            ("new", "refiner", "smelting", "smelt", 6.0, 2.0, 2028, 2, 30.0),
        ),
        "commodities": frame("id price_usd_per_t", ("ore", 10.0), ("metal", 100.0)),
        "main_commodity": "metal",
        "year": 2024,
    }
    given["nodes"]["process"] = [None, "smelt", None]
    return cn.Network(**{**given, **tables})


def at(table: pd.DataFrame, **words: Any) -> pd.Series:
    """Return the one row that matches."""
    hit = np.logical_and.reduce([(table[name] == value).to_numpy(dtype=bool) for name, value in words.items()])
    assert hit.sum() == 1
    return table[hit].iloc[0]


def test_magnets_with_all_projects_and_nothing_cut_off(mag9: cn.Network) -> None:
    steps = overcapacity(mag9).steps
    row = at(steps, commodity="magnet", with_projects=True)
    assert (row["capacity_tpa"], row["output_tpa"]) == (92.0, pytest.approx(50.0))
    assert row["utilisation"] == pytest.approx(50 / 92, abs=1e-9)  # 54.3 percent
    assert row["excess_share"] == pytest.approx(42 / 92, abs=1e-9)  # 45.7 percent
    before = at(steps, commodity="magnet", with_projects=False)
    assert before["utilisation"] == pytest.approx(50 / 72)
    ore = at(steps, commodity="ndpr_ore", with_projects=True)
    assert ore["output_tpa"] == pytest.approx(50 * 0.3 / 0.9)


def test_premium_of_mag_9(mag9: cn.Network, china_out: cn.Scenario) -> None:
    """With China out the three projects avert 22 t; idle, the whole of them cost 230 million dollars times the factor."""
    found = overcapacity(mag9, china_out)
    row = found.premium.iloc[0]
    assert row["expected_averted_t"] == pytest.approx(22.0)
    assert row["stranded_low_usd_per_a"] == pytest.approx(0.0, abs=1.0)  # all could run, in the place of others
    assert row["stranded_high_usd_per_a"] == pytest.approx(230 * CHARGE, rel=1e-6)  # or none
    assert row["premium_high_usd_per_t"] == pytest.approx(230 * CHARGE / 22, rel=1e-6)
    assert row["stranded_usd_per_a"] == pytest.approx(found.projects["stranded_usd_per_a"].sum())
    assert found.certificate.ok
    half = overcapacity(mag9, [china_out], probabilities=[0.5]).premium.iloc[0]
    assert half["premium_high_usd_per_t"] == pytest.approx(2 * row["premium_high_usd_per_t"])


def test_by_hand() -> None:
    found = overcapacity(plants(), STOP)
    row = found.projects.iloc[0]
    # the cheap plant fills first; the dear one makes 2 to 6 of the 8 t asked for
    assert row["output_tpa"] == pytest.approx(2.0)
    assert row[["idle_share", "idle_low_share", "idle_high_share"]].tolist() == pytest.approx([4 / 6, 0.0, 4 / 6])
    assert row["stranded_musd"] == pytest.approx(20.0)
    assert found.averted["averted_t"].tolist() == pytest.approx([6.0])
    assert found.premium["premium_usd_per_t"].iloc[0] == pytest.approx(20 * CHARGE / 6)
    smelting = found.steps[found.steps["step"] == "smelting"]
    # without the project 2 t stay short: what is asked of the step exceeds what it can make
    assert smelting["demand_tpa"].tolist() == pytest.approx([8.0, 8.0])
    assert smelting["output_tpa"].tolist() == pytest.approx([6.0, 8.0])
    assert smelting["excess_share"].tolist() == pytest.approx([-2 / 6, 4 / 12])
    assert smelting["idle_tpa"].tolist() == pytest.approx([0.0, 4.0])


def test_years_ramp_and_growth() -> None:
    found = overcapacity(plants(), STOP, by_year=[2030, 2027, 2028], demand_growth=0.02)
    assert found.projects["year"].tolist() == [2028, 2030]
    assert found.projects["capacity_tpa"].tolist() == pytest.approx([2.0, 6.0])
    later = at(found.steps, year=2030, step="smelting", with_projects=True)
    assert later["demand_tpa"] == pytest.approx(8 * 1.02**6)
    assert found.averted["averted_t"].tolist() == pytest.approx([0.0, 2.0, 6.0])
    assert found.premium["stranded_usd_per_a"].iloc[0] == 0  # nothing stands yet
    assert found.premium["premium_usd_per_t"].isna().tolist() == [True, False, False]


def test_unlimited_and_unpriced() -> None:
    projects = plants().projects.assign(capex_musd=np.nan)
    found = overcapacity(plants(projects=projects))
    assert found.premium["n_without_capex"].tolist() == [1]
    assert found.premium["stranded_usd_per_a"].tolist() == [0.0]
    assert np.isnan(found.premium["expected_averted_t"].iloc[0])
    nodes = plants().nodes.assign(capacity_tpa=[6.0, np.nan, np.nan])
    open_pit = overcapacity(plants(nodes=nodes)).steps
    row = at(open_pit, step="mining", with_projects=True)
    assert row["n_unlimited"] == 1
    assert np.isnan(row["utilisation"])
    alone = overcapacity(plants(projects=None, edges=plants().edges.iloc[[1, 3]].query("source != 'new'")))
    assert len(alone.projects) == 0


def test_degrees_and_second_solver(mag9: cn.Network, china_out: cn.Scenario) -> None:
    averted = {}
    for degree in ("none", "existing", "new"):
        found = overcapacity(mag9, china_out, reroute=degree, verify=True)
        assert found.certificate.ok
        assert found.certificate.second_value is not None
        averted[degree] = found.averted["averted_t"].iloc[0]
    assert averted["none"] >= averted["existing"] - 1e-6  # what nothing else replaces is worth more


def test_stage_in_the_place_of_step() -> None:
    found = overcapacity(plants(), by="stage").steps
    assert "step" not in found.columns
    assert found["stage"].tolist() == ["mine", "refiner"] * 2


@st.composite
def cases(draw: st.DrawFn) -> tuple[float, list[tuple[float, float]]]:
    sizes = st.integers(1, 9).map(float)
    some = draw(st.lists(st.tuples(sizes, st.integers(0, 3).map(float)), min_size=1, max_size=4))
    return draw(st.integers(1, 30).map(float)), some


@pytest.mark.slow
@given(cases())
def test_range_against_a_program_of_its_own(case: tuple[float, list[tuple[float, float]]]) -> None:
    """One market, an old plant of 5 t/yr and some projects: least and most by scipy, without the package's matrices."""
    demand, some = case
    names = [f"p{i}" for i in range(len(some))]
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("old", "mine", 5.0), ("user", "end_use", None)),
        edges=frame("source target", ("old", "user"), *[(n, "user") for n in names]),
        demand=frame("node tier demand_tpa", ("user", "civilian", demand)),
        projects=frame(
            "id stage capacity_tpa unit_cost_usd_per_t capex_musd",
            *[(n, "mine", size, cost, 1.0 + i) for i, (n, (size, cost)) in enumerate(zip(names, some, strict=True))],
        ),
    )
    found = overcapacity(net)
    caps = np.array([5.0, *[size for size, _ in some]])
    served = min(demand, caps.sum())
    charge = np.array([0.0, *[(1.0 + i) * CHARGE for i in range(len(some))]])

    def end(weights: np.ndarray[Any, Any]) -> float:
        solved = linprog(
            weights, A_eq=np.ones((1, len(caps))), b_eq=[served], bounds=list(zip(0 * caps, caps, strict=True))
        )
        return float(solved.fun)

    for i, name in enumerate(names, start=1):
        row = at(found.projects, id=name)
        unit = np.eye(len(caps))[i]
        assert row["idle_high_share"] == pytest.approx(1 - end(unit) / caps[i], abs=1e-6)
        assert row["idle_low_share"] == pytest.approx(1 + end(-unit) / caps[i], abs=1e-6)
        assert row["idle_low_share"] - 1e-9 <= row["idle_share"] <= row["idle_high_share"] + 1e-9
    premium = found.premium.iloc[0]
    weights = charge / caps
    assert premium["stranded_high_usd_per_a"] == pytest.approx(charge.sum() - end(weights), abs=1.0)
    assert premium["stranded_low_usd_per_a"] == pytest.approx(charge.sum() + end(-weights), abs=1.0)


def test_order_of_rows_does_not_matter(mag9: cn.Network, china_out: cn.Scenario) -> None:
    tables = {
        name: getattr(mag9, name).iloc[::-1]
        for name in ("nodes", "edges", "processes", "demand", "projects", "commodities", "groups")
    }
    turned = cn.Network(**tables, name=mag9.name, main_commodity=mag9.main_commodity, year=mag9.year)
    one, two = overcapacity(mag9, china_out), overcapacity(turned, china_out)
    for name, table in one.tables().items():
        assert table.equals(two.tables()[name]), name


# -- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"by": "country"}, 'by: unknown grouping "country"'),
        ({"by_year": 2030.5}, "by_year: 2030.5 is no year"),
        ({"by_year": []}, "by_year: empty"),
        ({"projects": ["newer"]}, 'unknown project "newer"; did you mean "new"'),
        ({"rate": 5}, "rate: 5.0 is out of range"),
        ({"years": 0}, "years: 0"),
        ({"demand_growth": 0.02}, "demand_growth: it needs by_year"),
        ({"demand_growth": -1.0}, "demand_growth: -1.0"),
        ({"demand_growth": float("nan")}, "demand_growth: nan"),
        ({"probabilities": [0.5, 0.5]}, "probabilities: 2 for 1 scenarios"),
        ({"probabilities": [1.5]}, "probabilities: 1.5"),
        ({"probabilities": {"go": 0.5}}, 'probabilities: unknown scenario "go"'),
        ({"scenarios": [STOP, cn.Scenario("b", STOP.measures)], "probabilities": [0.8, 0.8]}, "they sum to 1.6"),
        ({"scenarios": ["stop"]}, "unknown scenario of"),
    ],
)
def test_bad_input_is_named(words: dict[str, Any], message: str) -> None:
    with pytest.raises((cn.DataError, cn.UnknownIdError), match=message):
        overcapacity(plants(), **{"scenarios": [STOP], **words})


def test_no_demand_table() -> None:
    with pytest.raises(cn.DataError, match="no demand table"):
        overcapacity(
            plants(demand=1.0, **{"projects": None, "edges": frame("source target", ("pit", "old"))}).with_demand(
                frame("node commodity tier demand_tpa")
            )
        )


# -- shipped graph and command line ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_rare_earths() -> None:
    net = cn.read("rare-earths")
    stops = [cn.scenarios(net)[name] for name in ("china_export_stop", "china_export_stop_all")]
    found = overcapacity(net, stops, by_year=[2027, 2030], probabilities={"china_export_stop": 0.1})
    table = found.projects
    assert (table["idle_low_share"] <= table["idle_share"] + 1e-9).all()
    assert (table["idle_share"] <= table["idle_high_share"] + 1e-9).all()
    premium = found.premium
    assert (premium["stranded_low_usd_per_a"] <= premium["stranded_usd_per_a"]).all()
    assert (premium["stranded_usd_per_a"] <= premium["stranded_high_usd_per_a"]).all()
    first = found.averted[found.averted["scenario"] == "china_export_stop"]
    assert premium["expected_averted_t"].tolist() == pytest.approx((0.1 * first["averted_t"]).tolist())
    steps = found.steps
    ends = [steps[steps["with_projects"] == stands]["capacity_tpa"].sum() for stands in (False, True)]
    assert ends[1] > ends[0]
    assert found.certificate.ok


def test_command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.delenv("CHAINNET_DEBUG", raising=False)
        monkeypatch.setattr(sys, "argv", ["chainnet", "overcapacity", *words])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    code, out, err = run(
        "mag-9",
        "--scenario",
        "china_out",
        "--format",
        "json",
    )
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert list(said["tables"]) == ["steps", "projects", "premium", "averted"]
    assert said["certificate"]["ok"]
    code, out, _ = run("mag-9", "--by-year", "2030")
    assert (code, out.count("rows)")) == (0, 1)
    for words, message in (
        (("--supply-elasticity", "0.2"), "--supply-elasticity"),
        (("--demand-elasticity", "0.2"), "--demand-elasticity"),
        (("--by", "owner"), "'step', 'stage'"),
        (("--scenario", "nowhere"), 'unknown scenario of mag-9 "nowhere"'),
    ):
        code, _, err = run("mag-9", *words)
        assert code == (1 if "--scenario" in words else 2)
        assert message in err
