"""Price floors: worked and published numbers, cash flows added up by hand, bad input."""

from __future__ import annotations

import json
import sys
from typing import Any

import pandas as pd
import pytest
from conftest import frame
from hypothesis import given
from hypothesis import strategies as st

import chainnet as cn
from chainnet.cli import app as cli
from chainnet.prices import (
    capital_recovery_factor,
    price_floor,
)


def market(*projects: tuple[object, ...], **tables: Any) -> cn.Network:
    """A mine in China ships 30 t of metal to the USA and 20 t at home; the US works sells 10 t; projects ship to both."""
    names = "id capacity_tpa capex_musd unit_cost_usd_per_t break_even_usd_per_t"
    rows = frame(names, *projects).assign(stage="refiner", country="USA")
    given = {
        "nodes": frame(
            "id stage country",
            ("plant", "refiner", "CHN"),
            ("works", "refiner", "USA"),
            ("us_user", "end_use", "USA"),
            ("cn_user", "end_use", "CHN"),
        ),
        "edges": pd.concat(
            [
                frame(
                    "source target commodity flow_tpa",
                    ("plant", "us_user", "metal", 30.0),
                    ("works", "us_user", "metal", 10.0),
                    ("plant", "cn_user", "metal", 20.0),
                ),
                frame("source target commodity", *[(p[0], "us_user", "metal") for p in projects]),
            ],
            ignore_index=True,
        ),
        "demand": frame(
            "node commodity tier demand_tpa",
            ("us_user", "metal", "civilian", 40.0),
            ("cn_user", "metal", "civilian", 20.0),
        ),
        "commodities": frame("id price_usd_per_t", ("metal", 54_000.0)),
        "projects": rows if projects else None,
        "main_commodity": "metal",
    }
    return cn.Network(**{**given, **tables})


# methods of the annuity: 500 million dollars, 5,000 t/yr, ten years at ten percent, 60 USD/kg without capital
EXAMPLE_K = ("k", 5000.0, 500.0, 60_000.0, None)


def test_worked_example() -> None:
    table = price_floor(market(EXAMPLE_K), 110_000, 54_000)
    row = table.loc["k"]
    assert capital_recovery_factor(0.10, 10) == pytest.approx(0.1627454, abs=5e-8)
    assert row["break_even_usd_per_t"] / 1000 == pytest.approx(76.2745, abs=5e-5)
    assert row["outlay_usd_per_a"] == pytest.approx(280e6, rel=1e-12)
    assert row["margin_usd_per_t"] / 1000 == pytest.approx(33.73, abs=0.005)
    assert row["tariff_usd_per_t"] == 56_000
    assert row["most_unit_cost_usd_per_t"] == pytest.approx(60_000 + row["margin_usd_per_t"])
    assert (row["viable"], row["viable_at_reference"]) == (True, False)
    assert row["break_even_from"] == "computed"
    assert price_floor(market(EXAMPLE_K), 110_000).equals(table)  # 54,000 is also what the commodities table says


def test_upside_goes_back_by_its_share() -> None:
    row = price_floor(market(EXAMPLE_K), 110_000, 123_000, upside_share=0.3).loc["k"]
    assert row["outlay_usd_per_a"] == 0
    assert row["upside_usd_per_a"] == pytest.approx(0.3 * 13_000 * 5000)
    assert row["margin_usd_per_t"] == pytest.approx(123_000 - 0.3 * 13_000 - row["break_even_usd_per_t"])


def test_top_up_of_mountain_pass_had_the_floor_held_in_the_third_quarter_of_2025() -> None:
    """721 t made, 59 USD/kg realised (MP Materials, results of the third quarter of 2025): 51 x 721 t."""
    row = price_floor(market(("mp", 721.0, None, None, None)), 110_000, 59_000).loc["mp"]
    assert row["outlay_usd_per_a"] == pytest.approx(36.771e6)
    assert pd.isna(row["viable"])
    assert row["break_even_from"] == "unit cost and capital cost not known"


@given(st.floats(0.0, 1.0), st.integers(1, 60), st.floats(1.0, 1e4), st.floats(0.0, 1e5), st.floats(1.0, 1e5))
def test_at_the_break_even_price_the_cash_flows_are_worth_nothing(
    rate: float, years: int, capex: float, unit: float, tonnes: float
) -> None:
    table = price_floor(market(("p", tonnes, capex, unit, None)), 1.0, rate=rate, years=years)
    price = table.loc["p", "break_even_usd_per_t"]
    worth = sum(tonnes * (price - unit) / (1 + rate) ** t for t in range(1, years + 1)) - capex * 1e6
    assert abs(worth) <= 1e-6 * (capex * 1e6 + tonnes * unit * years)


def test_what_is_known_decides() -> None:
    net = market(
        ("central", 10.0, 5.0, 9.0, 70_000.0),
        ("costly", 10.0, 50.0, None, None),
        ("open", 10.0, 1.0, None, None),
        ("endless", None, 1.0, 9.0, None),
        ("no_capex", 10.0, None, 9.0, None),
    )
    table = price_floor(net, 100_000)
    assert table["break_even_from"].to_dict() == {
        "costly": "unit cost not known",
        "endless": "capacity not known",
        "no_capex": "capex not known",
        "open": "unit cost not known",
        "central": "table",
    }
    # 50 million over 10 t/yr is 813,727 USD/t of capital alone: no unit cost saves it
    assert table["viable"].astype(object).where(table["viable"].notna(), None).to_dict() == {
        "costly": False,
        "endless": None,
        "no_capex": None,
        "open": None,
        "central": True,
    }
    given = price_floor(net, 100_000, unit_cost={"open": 20_000, "metal": 30_000})
    assert given.loc["open", "unit_cost_usd_per_t"] == 20_000
    assert given.loc["costly", "unit_cost_usd_per_t"] == 30_000
    assert given.loc["open", "break_even_from"] == "computed, unit cost given"
    half = price_floor(market(EXAMPLE_K), 110_000, utilisation=0.5).loc["k"]
    assert half["break_even_usd_per_t"] == pytest.approx(60_000 + 2 * 16_274.5395)
    assert half["outlay_usd_per_a"] == pytest.approx(140e6)


def test_coproducts_are_credited_if_asked() -> None:
    net = cn.Network(
        nodes=frame("id stage", ("mine", "mine"), ("user", "end_use")),
        edges=frame(
            "source target commodity", ("mine", "sep", "ore"), ("sep", "user", "light"), ("sep", "user", "heavy")
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("split", "ore", "input", 3.0),
            ("split", "light", "output", 1.0),
            ("split", "heavy", "coproduct", 0.1),
            ("split", "waste", "byproduct", 0.5),
        ),
        commodities=frame(
            "id price_usd_per_t", ("ore", 9.0), ("light", 50_000.0), ("heavy", 300_000.0), ("waste", 9e9)
        ),
        projects=frame(
            "id stage process capacity_tpa capex_musd unit_cost_usd_per_t",
            ("sep", "refiner", "split", 1000.0, 100.0, 40_000.0),
        ),
    )
    plain, credited = (price_floor(net, 1.0, coproduct_credit=c).loc["sep"] for c in (False, True))
    assert plain["commodity"] == "light"
    assert plain["break_even_usd_per_t"] == pytest.approx(40_000 + 16_274.5395)
    assert credited["break_even_usd_per_t"] == pytest.approx(10_000 + 16_274.5395)


def test_where_nothing_has_a_coproduct_there_is_no_credit(mag9: cn.Network) -> None:
    plain, credited = (price_floor(mag9, 9e5, coproduct_credit=c, unit_cost=3e4) for c in (False, True))
    assert credited["credit_usd_per_t"].tolist() == [0.0] * len(mag9.projects)
    assert credited["break_even_usd_per_t"].notna().any()
    pd.testing.assert_frame_equal(plain, credited)


def test_order_of_rows_does_not_matter() -> None:
    rows = [EXAMPLE_K, ("b", 10.0, 1.0, 5.0, None), ("a", 10.0, 1.0, 5.0, None)]
    one, two = (market(*order) for order in (rows, rows[::-1]))
    assert price_floor(one, 9e4).equals(price_floor(two, 9e4))


def test_a_network_without_projects_has_an_empty_table() -> None:
    found = price_floor(market(), 1.0)
    assert found.empty
    assert "outlay_usd_per_a" in found.columns


# -- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"floor": -1.0}, "floor: -1.0 is out of range"),
        ({"floor": float("nan")}, "floor: nan"),
        ({"floor": float("inf")}, "floor: inf"),
        ({"floor": "110"}, "floor: '110' is no number"),
        ({"floor": True}, "floor: True is no number"),
        ({"floor": {}}, "floor: empty"),
        ({"floor": None}, "floor: None is no number"),
        ({"floor": {"metall": 1.0}}, 'unknown commodity "metall"; did you mean "metal"'),
        ({"floor": {"metal": -5}}, r"floor\[metal\]: -5.0 is out of range"),
        ({"reference_price": -1}, "reference_price: -1.0"),
        ({"reference_price": {"x": 1}}, 'reference_price: unknown commodity "x"'),
        ({"rate": 10.0}, "rate: 10.0 is out of range; .*ten percent is 0.10"),
        ({"rate": -0.1}, "rate: -0.1"),
        ({"rate": float("nan")}, "rate: nan"),
        ({"years": 0}, "years: 0 is not allowed"),
        ({"years": 2.5}, "years: 2.5 is not allowed"),
        ({"upside_share": 1.5}, "upside_share: 1.5"),
        ({"utilisation": 0.0}, "utilisation: 0 sells nothing"),
        ({"unit_cost": {"kk": 1.0}}, 'unknown commodity or project asked about "kk"'),
        ({"unit_cost": {"k": -1.0}}, r"unit_cost\[k\]: -1.0"),
        ({"commodity": "ore"}, 'commodity: unknown commodity "ore"'),
        ({"by_year": 2030.5}, "by_year: 2030.5 is no year"),
        ({"projects": ["j"]}, 'unknown project "j"'),
    ],
)
def test_bad_input_is_named(words: dict[str, Any], message: str) -> None:
    with pytest.raises((cn.DataError, cn.UnknownIdError), match=message):
        price_floor(market(EXAMPLE_K), **{"floor": 1.0, **words})


# -- shipped graph and command line -----------------------------------------------------------------------------


def test_rare_earths() -> None:
    net = cn.read("rare-earths")
    cost = {"usa_white_mesa_phase2": 29_390}
    table = price_floor(net, {"ndpr_oxide": 110_000}, unit_cost=cost)
    assert set(table["commodity"]) == {"ndpr_oxide"}
    row = table.loc["usa_white_mesa_phase2"]
    assert row["break_even_usd_per_t"] == pytest.approx(29_390 + 410e6 * 0.16274539 / 6000)
    told = {"aus_nolans", "usa_white_mesa_phase2", "zaf_phalaborwa"}  # whose unit cost the tables hold
    assert set(table.index[table["viable"].notna()]) == told
    assert table["outlay_usd_per_a"].notna().all()
    early = price_floor(net, {"ndpr_oxide": 110_000}, unit_cost=cost, by_year=2029).loc["usa_white_mesa_phase2"]
    assert early["output_tpa"] == 3000.0
    assert early["break_even_usd_per_t"] == row["break_even_usd_per_t"]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.delenv("CHAINNET_DEBUG", raising=False)
        monkeypatch.setattr(sys, "argv", ["chainnet", *words])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    return call


def test_command(run: Any) -> None:
    words = ("floor", "rare-earths", "--floor", "ndpr_oxide=110000", "--unit-cost", "usa_white_mesa_phase2=29390")
    code, out, err = run(*words, "--format", "json")
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert said["viable at the floor"] == 3, "the projects whose unit cost the tables hold"
    assert list(said["tables"]) == ["floor"]
    assert {row["commodity"] for row in said["tables"]["floor"]} == {"ndpr_oxide"}


@pytest.mark.parametrize("option", ["--cut=0.3", "--incumbent=CHN", "--buyers=USA", "--table=supply_curve"])
def test_what_the_command_no_longer_knows_is_refused(run: Any, option: str) -> None:
    code, _, err = run("floor", "rare-earths", "--floor", "ndpr_oxide=110000", option)
    assert code
    assert option.split("=")[0] in err or option.split("=")[1] in err


def test_projects_of_goods_without_a_floor_do_not_appear_and_are_named(run: Any) -> None:
    net = cn.read("rare-earths")
    other = next(name for name, row in price_floor(net, 1.0).iterrows() if row["commodity"] != "ndpr_oxide")
    asked = ["aus_nolans", str(other)]
    assert price_floor(net, {"ndpr_oxide": 110_000}, projects=asked).index.to_list() == ["aus_nolans"]
    words = ("floor", "rare-earths", "--floor", "ndpr_oxide=110000", "--projects", ",".join(asked))
    code, out, err = run(*words, "--format", "json")
    assert code == 0
    assert [row["id"] for row in json.loads(out)["tables"]["floor"]] == ["aus_nolans"]
    assert f"left out, since no --floor or --commodity names what they make: {other}." in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--floor", "-1"), "floor: -1.0 is out of range"),
        (("--floor", "cheap"), '--floor: "cheap" is no number'),
        (("--floor", "1", "--floor", "2"), '"1" stands beside others'),
        (("--floor", "dy=1", "--floor", "dy=2"), '"dy" is given twice'),
        (("--floor", "1", "--rate", "10"), "rate: 10.0"),
        (("--floor", "1", "--years", "0"), "years: 0"),
    ],
)
def test_command_refuses(run: Any, words: tuple[str, ...], message: str) -> None:
    code, _, err = run("floor", "mag-9", *words)
    assert code == 1
    assert message in err
    assert "Traceback" not in err
