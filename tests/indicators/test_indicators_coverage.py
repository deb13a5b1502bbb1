"""Coverage: what the figures of a network rest on, by hand and on the shipped graphs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import frame
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app
from chainnet.cli.indicators import coverage_answer
from chainnet.indicators import coverage, share_quality
from chainnet.network import TABLES


def chain(**change: object) -> cn.Network:
    """60 t of ore of one mine and 40 of another, half of it metal; a pass-through port."""
    tables = {
        "nodes": frame(
            "id stage step country process capacity_tpa quality reference",
            ("m1", "mine", "mining", "CHN", None, 60.0, "reported", "new"),
            ("m2", "mine", "mining", "AUS", None, None, "assumed", "old;middle"),
            ("works", "refiner", "metal", "CHN", "smelt", 50.0, "inferred", "middle"),
            ("port", "manufacturer", None, "JPN", None, None, None, None),
            ("user", "end_use", "use", "USA", None, None, "reported", "new"),
        ),
        "edges": frame(
            "source target commodity flow_tpa quality reference",
            ("m1", "works", "ore", 60.0, "reported", "new"),
            ("m2", "works", "ore", 40.0, "inferred", "old"),
            ("works", "port", "metal", 50.0, "assumed", "old"),
            ("port", "user", "metal", 50.0, None, None),
            ("works", "user", "metal", None, "reported", "new"),
        ),
        "processes": frame(
            "process commodity role t_per_t reference",
            ("smelt", "ore", "input", 2.0, "new"),
            ("smelt", "metal", "output", 1.0, None),
        ),
        "demand": frame("node commodity tier demand_tpa reference", ("user", "metal", "civilian", 50.0, "new")),
        "totals": frame(
            "step commodity country year value unit reference",
            ("mining", "ore", "CHN", 2024, 50.0, "t/yr", "new"),
            ("mining", None, "CHN", 2024, 0.5, "share", "new"),
            ("mining", None, None, 2024, 125.0, "t/yr", "new"),
            ("rolling", None, "CHN", 2024, 1.0, "t/yr", "new"),
        ),
        "references": frame(
            "key year grade", ("new", "2025-11", "1"), ("middle", "2020", "3"), ("old", "2012/13", "3"), ("idle", None, None)
        ),
    }  # fmt: skip
    return cn.Network(**{**tables, **change})  # type: ignore[arg-type]


def test_steps_by_hand() -> None:
    found = coverage(chain())
    steps = found.steps
    assert steps.loc["mining", "output_tpa"] == 100.0
    assert steps.loc["mining", ["reported_share", "assumed_share"]].tolist() == [0.6, 0.4]
    assert steps.loc["metal", "inferred_share"] == 1.0
    assert steps.loc["manufacturer", "not_stated_share"] == 1.0
    assert steps["n_unlimited"].to_dict() == {"manufacturer": 1, "metal": 0, "mining": 1}
    assert found.as_of == 2025.0
    assert steps.loc["mining", "age_years"] == pytest.approx(0.6 * 0 + 0.4 * 5), "of several sources the newest"
    assert steps.loc["mining", "oldest_year"] == 2020
    assert np.isnan(steps.loc["manufacturer", "age_years"])
    assert found.assumed_output_share == pytest.approx(40 / 200)


def test_edges_by_hand() -> None:
    found = coverage(chain())
    assert found.edges.loc["mining", "inferred_or_assumed_share"] == pytest.approx(0.4)
    assert found.edges.loc["metal", ["n_edges", "n_with_flow"]].tolist() == [2, 1]
    assert found.inferred_edge_share == pytest.approx((40 + 50) / 200)


def test_references_by_source_class() -> None:
    table = coverage(chain()).references
    assert table["n_references"].to_dict() == {"1": 1, "3": 2, "not stated": 1}
    assert table["n_cited"].to_dict() == {"1": 1, "3": 2, "not stated": 0}
    # 1: m1, user, two edges, a recipe, a demand, four totals; 3: m2, works, two edges
    assert table["n_rows"].to_dict() == {"1": 10, "3": 4, "not stated": 0}
    assert table.loc["3", ["oldest_year", "newest_year"]].tolist() == [2012.0, 2020.0]


def test_totals_beside_flows() -> None:
    table = coverage(chain()).totals.set_index(["step", "country", "unit"])
    assert table.loc[("mining", "CHN", "t/yr"), "gap_share"] == pytest.approx(10 / 50)
    assert table.loc[("mining", "CHN", "share"), "gap"] == pytest.approx(0.1)
    assert np.isnan(table.loc[("rolling", "CHN", "t/yr"), "flow"])
    world = table[table.index.get_level_values("country").isna()].iloc[0]
    assert world["gap"] == pytest.approx(-25.0)


@pytest.mark.parametrize(
    ("row", "node", "rule", "gap"),
    [
        (1, "works", "input = output x t_per_t", 10.0),
        (2, "works", "input = output x t_per_t", -20.0),
        (2, "port", "in = out", 10.0),
        (3, "user", "in = demand", 10.0),
    ],
)
def test_a_flow_that_does_not_add_up_is_named(row: int, node: str, rule: str, gap: float) -> None:
    net = chain()
    assert coverage(net).gaps.empty
    assert coverage(net).largest_gap == 0.0
    edges = net.edges.sort_values(["commodity", "source", "target"], ascending=[False, True, True], ignore_index=True)
    order = [("m1", "works"), ("m2", "works"), ("works", "port"), ("port", "user")]
    source, target = order[row]
    edges.loc[(edges["source"] == source) & (edges["target"] == target), "flow_tpa"] += 10.0
    found = coverage(net.with_table("edges", edges))
    hit = found.gaps[(found.gaps["node"] == node) & (found.gaps["rule"] == rule)]
    assert hit["gap_tpa"].tolist() == [pytest.approx(gap)]
    assert found.largest_gap > 0.05


def test_stand_ins_and_by_products_balance() -> None:
    net = cn.Network(
        nodes=frame(
            "id stage process",
            ("a", "mine", None),
            ("b", "mine", None),
            ("w", "refiner", "mix"),
            ("u", "end_use", None),
            ("v", "end_use", None),
        ),
        processes=frame(
            "process commodity role t_per_t group",
            ("mix", "x", "input", 2.0, "feed"),
            ("mix", "y", "input", 4.0, "feed"),
            ("mix", "m", "output", 1.0, None),
            ("mix", "slag", "byproduct", 0.5, None),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("a", "w", "x", 10.0),
            ("b", "w", "y", 20.0),
            ("w", "u", "m", 10.0),
            ("w", "v", "slag", 5.0),
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "m", "civilian", 10.0), ("v", "slag", None, 5.0)),
    )
    assert coverage(net).gaps.empty
    edges = net.edges
    edges.loc[edges["commodity"] == "y", "flow_tpa"] = 16.0
    edges.loc[edges["commodity"] == "slag", "flow_tpa"] = 6.0
    gaps = coverage(net.with_table("edges", edges)).gaps.set_index("rule")
    assert gaps.loc["stand-ins = output", "gap_tpa"] == pytest.approx(-1.0)
    assert gaps.loc["stand-ins = output", "commodity"] == "x + y"
    assert gaps.loc["by-product <= output x t_per_t", "gap_tpa"] == pytest.approx(1.0)


def test_shipped_graphs(rare_earths: cn.Network, mag9: cn.Network) -> None:
    for net in (rare_earths, mag9):
        found = coverage(net)
        assert found.largest_gap == 0.0
        assert found.gaps.empty
        shares = found.steps.filter(regex="_share$")
        assert np.allclose(shares.sum(axis=1), 1.0)
        assert 0 <= found.inferred_edge_share <= 1
        tables_of = (getattr(net, name) for name in TABLES if name != "references")
        texts = [text for table in tables_of if "reference" in table for text in table["reference"].dropna()]
        texts += [str(m.get("source", "")) for one in cn.scenarios(net).values() for m in one.measures]
        for event in cn.events(net).values():
            texts += [event.text_source, *event.inputs["reference"].dropna(), *event.outcomes["reference"].dropna()]
        cited = {key.strip() for text in texts for key in text.split(";")}
        assert set(net.references["key"]) <= cited, "a source that neither a row nor a scenario cites"
        tables, numbers = coverage_answer(net)
        assert list(tables) == ["coverage", "edges", "references", "gaps", "totals", "shares"]
        assert set(numbers) == {"assumed_output_share", "inferred_edge_share", "largest_gap", "as_of"}


def test_check_prints_coverage(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "rare-earths", "--format", "json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout, parse_constant=pytest.fail)
    found = coverage(cn.read("rare-earths"))
    assert told["assumed_output_share"] == pytest.approx(found.assumed_output_share)
    assert told["inferred_edge_share"] == pytest.approx(found.inferred_edge_share)
    assert told["largest_gap"] == 0.0
    assert told["as_of"] == f"{found.as_of:.0f}"
    classes = {row["source_class"]: row["n_references"] for row in told["tables"]["references"]}
    assert classes == found.references["n_references"].to_dict()
    assert {row["step"] for row in told["tables"]["coverage"]} == set(found.steps.index)
    assert "gaps" not in CliRunner().invoke(app, ["check", "rare-earths"]).stdout, "nothing to say, nothing said"
    net = chain()
    edges = net.edges
    edges.loc[edges["source"] == "port", "flow_tpa"] = 40.0
    cn.write(net.with_table("edges", edges), tmp_path / "off")
    words = CliRunner().invoke(app, ["check", str(tmp_path / "off")]).stdout
    assert "largest_gap: 0.2" in words
    assert "in = out" in words


def test_an_empty_network_and_the_order_of_rows() -> None:
    line = cn.Network.from_edges(frame("source target capacity_tpa", ("a", "b", 4.0)))
    found = coverage(line)
    assert np.isnan(found.inferred_edge_share)
    assert found.gaps.empty
    net = chain()
    turned = chain(nodes=net.nodes[::-1], edges=net.edges[::-1], references=net.references[::-1])
    for name, table in coverage(net).tables().items():
        assert table.equals(coverage(turned).tables()[name]), name


def test_whose_figure_a_share_is_by_hand() -> None:
    """60 of 100 t of ore: published; set by us where its row says so, or where most of the step is assumed."""
    share = ("mining", None, "CHN", 2024, 0.5, "share", "new")
    columns = "step commodity country year value unit reference quality"
    settings = {"year": 2024}
    told = chain(totals=frame(columns, (*share, "reported")), **settings)
    table = share_quality(told)
    assert table.loc[("mining", "CHN"), ["made_tpa", "share", "basis", "reference"]].tolist() == [
        60,
        0.6,
        "published",
        "new",
    ]
    assert table.loc[("metal", "CHN"), "basis"] == "worked out", "no row of totals, and the works are not assumed"
    assert (
        share_quality(chain(totals=frame(columns, (*share, "assumed")), **settings))["basis"]["mining", "CHN"]
        == "set by us"
    )
    older = frame(columns, ("mining", None, "CHN", 2018, 0.5, "share", "new", "reported"))
    assert share_quality(chain(totals=older, **settings))["basis"]["mining", "CHN"] == "worked out", (
        "40 of 100 t assumed"
    )
    guessed = chain().nodes.assign(quality="assumed")
    assert share_quality(chain(nodes=guessed, totals=older, **settings))["basis"]["mining", "CHN"] == "set by us"


SET = {("tungsten", "refining"): 0.786, ("antimony", "trisulfide"): 0.898, ("antimony", "smelting"): 0.70}


def test_shares_that_were_set_say_so_in_the_shipped_tables(graphs: dict[str, cn.Network]) -> None:
    """China's shares: 79 % of refined tungsten and 90 % of trisulfide are choices of the tables, mine shares are not."""
    for (chain_name, step), share in SET.items():
        row = share_quality(graphs[chain_name]).loc[(step, "CHN")]
        assert row["basis"] == "set by us"
        assert row["share"] == pytest.approx(share, abs=0.001)
        totals = graphs[chain_name].totals
        told = totals[(totals["step"] == step) & (totals["unit"] == "share") & (totals["country"] == "CHN")]
        assert told["note"].str.contains("set by us").all()
    others = [("tungsten", "mining"), ("antimony", "mining"), ("gallium", "primary gallium"), ("germanium", "refining")]
    for chain_name, step in [*others, ("graphite", "anode"), ("rare-earths", "magnet")]:
        assert share_quality(graphs[chain_name])["basis"][step, "CHN"] == "published", (chain_name, step)


def test_check_prints_whose_figure_a_share_is() -> None:
    said = CliRunner().invoke(app, ["check", "tungsten", "--table", "shares", "--format", "json"])
    assert said.exit_code == 0, said.output
    assert "set by us" in said.output
