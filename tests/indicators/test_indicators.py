"""Concentration: shares, HHI and N-1 cover against hand calculation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn


def market(flow: bool) -> cn.Network:
    nodes = frame(
        "id stage country capacity_tpa",
        ("a", "mine", "CHN", 60.0), ("b", "mine", "AUS", 30.0), ("c", "mine", "USA", 10.0),
        ("u", "end_use", "CHN", None), ("v", "end_use", "USA", None),
    )  # fmt: skip
    edges = frame(
        "source target flow_tpa",
        ("a", "u", 25.0),
        ("a", "v", 25.0),
        ("b", "v", 30.0),
        ("c", "u", 0.0),
        ("c", "v", 20.0),
    )
    if not flow:
        edges = edges.drop(columns="flow_tpa")
    demand = frame("node tier demand_tpa", ("u", "defence", 25.0), ("v", "civilian", 75.0))
    return cn.Network(nodes=nodes, edges=edges, demand=demand)


def test_shares_by_baseline_flow() -> None:
    row = cn.concentration(market(True)).loc[("mine", "")]
    assert row["basis"] == "flow"
    assert row["output_tpa"] == 100.0
    assert row["hhi"] == pytest.approx(0.25 + 0.09 + 0.04)
    assert (row["top"], row["top_share"], row["top3_share"]) == ("CHN", pytest.approx(0.5), pytest.approx(1.0))
    assert row["n1_cover"] == pytest.approx(50 / 75), "China's own demand falls away with China"
    assert row["excess_share"] == pytest.approx(0.0)


def test_shares_by_capacity_where_no_flow_is_known() -> None:
    row = cn.concentration(market(False)).loc[("mine", "")]
    assert row["basis"] == "capacity"
    assert row["hhi"] == pytest.approx(0.36 + 0.09 + 0.01)
    assert row["n1_cover"] == pytest.approx(40 / 75)


def test_a_coproduct_has_the_capacity_that_its_recipe_gives_it() -> None:
    """A plant of 100 t/yr of alumina yields 0.1 t of Ga per tonne and needs 2 t of ore, of which nothing is its output."""
    net = cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa",
            ("x", "refiner", "CHN", "works", 100.0),
            ("y", "refiner", "AUS", "works", 60.0),
            ("u", "end_use", "USA", None, None),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("x", "u", "al", 80.0), ("x", "u", "ga", 4.0), ("y", "u", "al", 60.0), ("y", "u", "ga", 6.0),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("works", "ore", "input", 2.0), ("works", "al", "output", 1.0), ("works", "ga", "coproduct", 0.1),
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "al", "civilian", 140.0)),
    )  # fmt: skip
    table = cn.concentration(net).droplevel("stage")
    assert table["capacity_tpa"].to_dict() == pytest.approx({"al": 160.0, "ga": 16.0})
    assert table["output_tpa"].to_dict() == pytest.approx({"al": 140.0, "ga": 10.0})
    assert table["excess_share"].to_dict() == pytest.approx({"al": 20 / 160, "ga": 6 / 16})
    # without a flow the shares are those of capacity, in tonnes of the commodity itself
    bare = cn.concentration(net.with_table("edges", net.edges.drop(columns="flow_tpa"))).droplevel("stage")
    assert bare["basis"].tolist() == ["capacity", "capacity"]
    assert bare["output_tpa"].to_dict() == pytest.approx({"al": 160.0, "ga": 16.0})


def test_a_missing_capacity_is_not_counted_and_never_zero() -> None:
    net = market(False)
    nodes = net.nodes.assign(capacity_tpa=net.nodes["capacity_tpa"].where(net.nodes["id"] != "c"))
    row = cn.concentration(cn.Network(nodes=nodes, edges=net.edges, demand=net.demand)).loc[("mine", "")]
    assert row["n_uncounted"] == 1
    assert row["hhi"] == pytest.approx((60 / 90) ** 2 + (30 / 90) ** 2)
    assert math.isnan(row["capacity_tpa"])


def test_mag9_by_hand(mag9: cn.Network) -> None:
    table = cn.concentration(mag9)
    assert table.index.names == ["stage", "step", "commodity"]
    ore = table.xs("ndpr_ore", level="commodity").iloc[0]
    total = 11 + 3 + 8 / 3
    assert ore["hhi"] == pytest.approx(sum((x / total) ** 2 for x in (11, 3, 8 / 3)))
    magnet = table.xs("magnet", level="commodity").iloc[0]
    assert magnet["hhi"] == pytest.approx(0.84**2 + 0.16**2)
    assert magnet["n1_cover"] == pytest.approx(8 / 50), "users have no country, so nothing falls away"
    assert table.xs("ndpr", level="commodity").iloc[0]["top"] == "CHN"


def test_by_other_columns(mag9: cn.Network) -> None:
    owner = cn.concentration(mag9, by="owner_country")
    assert owner.xs("ndpr", level="commodity").iloc[0]["top"] == "CHN"
    assert cn.concentration(mag9, by="id").xs("magnet", level="commodity").iloc[0]["top"] == "G_CN"
    for bad in ("capacity_tpa", "colour"):
        with pytest.raises(cn.DataError, match=f'^by: unknown column "{bad}"'):
            cn.concentration(mag9, by=bad)


def test_ranges(graphs: dict[str, cn.Network]) -> None:
    for net in graphs.values():
        table = cn.concentration(net)
        made = table[table["output_tpa"] > 0]
        assert len(made) > 0
        assert made["hhi"].between(1 / 300, 1 + 1e-12).all()
        assert (made["top3_share"] >= made["top_share"] - 1e-12).all()
        assert (made["hhi"] >= made["top_share"] ** 2 - 1e-12).all()
        assert np.isfinite(made["top_share"]).all()


@pytest.mark.parametrize("word", ["Total", "WORLD", "all countries"])
def test_a_total_row_is_refused_and_a_remainder_is_not(word: str) -> None:
    nodes = market(True).nodes

    def held(country: str | None, region: str | None) -> cn.Network:
        row = frame("id stage country region capacity_tpa", ("t", "mine", country, region, 100.0))
        edges = frame("source target flow_tpa", ("t", "u", 100.0))
        whole = market(True)
        return cn.Network(
            nodes=pd.concat([nodes, row], ignore_index=True),
            edges=pd.concat([whole.edges, edges], ignore_index=True),
            demand=whole.demand,
        )

    with pytest.raises(cn.DataError, match="ISO 3166-1"):
        held(word, None)
    with pytest.raises(cn.DataError, match="never counted as a country"):
        cn.concentration(held(None, word))
    assert cn.concentration(held(None, "other")).loc[("mine", ""), "hhi"] == pytest.approx(
        0.25 + 0.0625 + 0.0225 + 0.01
    )
