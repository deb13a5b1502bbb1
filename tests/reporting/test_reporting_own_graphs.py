"""A graph of one's own: whatever it lacks, the report ends in documents that say what is missing and how to add it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from conftest import once
from typer.testing import CliRunner

import chainnet as cn
from chainnet.assessment import assume_demand, missing, whoever_counts
from chainnet.cli.app import app
from chainnet.reporting.content import build

BARE = pd.DataFrame(
    {"source": ["pit", "pit", "x", "y"], "target": ["x", "y", "user", "user"], "capacity_tpa": [5.0, 3.0, 4.0, 3.0]}
)
KINDS = {
    "scenarios": "scenarios/NAME.toml",
    "projects": "table projects",
    "cost of projects": "projects.capex_musd",
    "prices": "commodities.price_usd_per_t",
    "value of demand": "demand.value_usd_per_t",
    "sources": "table references",
    "quality of the figures": "column quality",
    "countries": "nodes.country",
    "tiers": "demand.tier",
    "beneficiaries": "--beneficiaries",
    "capacities": "nodes.capacity_tpa",
    "flows of the base year": "edges.flow_tpa",
    "base year": "year=2025",
    "steps": "nodes.step",
    "stocks": "table stocks",
    "ranges": "low and high",
}


@once
def whole(**less: pd.DataFrame) -> cn.Network:
    """A pit, two makers, a user and a project, with everything that a report asks for; ``less`` stands in its place."""
    nodes = pd.DataFrame(
        {
            "id": ["pit", "x", "y", "user"],
            "stage": ["mine", "refiner", "refiner", "end_use"],
            "step": ["mining", "refining", "refining", None],
            "country": ["AUS", "CHN", "JPN", "USA"],
            "capacity_tpa": [9.0, 5.0, 4.0, None],
            "quality": ["reported"] * 4,
            "reference": ["book"] * 4,
        }
    )
    edges = BARE.assign(flow_tpa=[5.0, 3.0, 4.0, 3.0], commodity="metal", low=[4.0, None, None, None])
    edges = pd.concat([edges, pd.DataFrame({"source": ["pit", "z"], "target": ["z", "user"], "commodity": "metal"})])
    tables = {
        "nodes": nodes,
        "edges": edges,
        "commodities": pd.DataFrame({"id": ["metal"], "price_usd_per_t": [100.0]}),
        "demand": pd.DataFrame(
            {
                "node": ["user"] * 2,
                "commodity": "metal",
                "tier": ["defence", "civilian"],
                "demand_tpa": [2.0, 5.0],
                "value_usd_per_t": [9.0, 1.0],
            }
        ),
        "projects": pd.DataFrame({"id": ["z"], "stage": ["refiner"], "capacity_tpa": [2.0], "capex_musd": [1.0]}),
        "stocks": pd.DataFrame({"id": ["heap"], "node": ["user"], "commodity": ["metal"], "stock_t": [1.0]}),
        "references": pd.DataFrame({"key": ["book"], "title": ["A book"], "grade": ["1"]}),
    }
    return cn.Network(**{**tables, **less}, name="own", beneficiaries=["USA"], year=2025)  # type: ignore[arg-type]


def stops() -> cn.Scenario:
    return cn.Scenario("stops", measures=[{"kind": "remove", "nodes": ["x"]}], label="X stops")


def without(table: str, *columns: str) -> cn.Network:
    """The whole graph without some columns of a table."""
    frame = getattr(whole(), table)
    return whole().with_table(table, frame.drop(columns=list(columns)))


def no_projects() -> cn.Network:
    edges = whole().edges
    known = edges[~edges["source"].eq("z") & ~edges["target"].eq("z")]
    return whole(projects=whole().projects.iloc[:0], edges=known)


def no_tiers() -> cn.Network:
    return whole(demand=whole().demand.iloc[:1].drop(columns="tier").assign(demand_tpa=7.0))


def all_at_once() -> cn.Network:
    """Nodes, relations, demand and a project that are there, and nothing said of them; the beneficiaries stay."""
    bare = {
        "nodes": whole().nodes[["id", "stage", "capacity_tpa"]],
        "edges": whole().edges[["source", "target", "capacity_tpa"]],
        "demand": pd.DataFrame({"node": ["user"], "demand_tpa": [7.0]}),
        "projects": whole().projects[["id", "stage", "capacity_tpa"]],
    }
    return cn.Network(**bare, beneficiaries=["USA"])  # type: ignore[arg-type]


def no_beneficiaries() -> cn.Network:
    return cn.Network(**{name: getattr(whole(), name) for name in ("nodes", "edges", "demand", "projects", "stocks")})


CASES: dict[str, Callable[[], cn.Network]] = {
    "prices": lambda: without("commodities", "price_usd_per_t"),
    "value of demand": lambda: without("demand", "value_usd_per_t"),
    "cost of projects": lambda: without("projects", "capex_musd"),
    "projects": no_projects,
    "sources": lambda: without("nodes", "reference").with_table("references", whole().references.iloc[:0]),
    "countries": lambda: without("nodes", "country"),
    "tiers": no_tiers,
    "beneficiaries": no_beneficiaries,
}


def lacking(network: cn.Network, folder: Path, scenarios: list[cn.Scenario]) -> dict[str, str]:
    """Write the report and return what its workbook names as missing, and how that is added."""
    network = assume_demand(network)
    whose = whoever_counts(network, None)
    (path,) = cn.report(cn.assess(network, scenarios, beneficiaries=whose, months=3, draws=0), folder, ["xlsx"])
    book = openpyxl.load_workbook(path)
    if "Missing" not in book.sheetnames:
        return {}
    rows = book["Missing"].iter_rows(min_row=6, values_only=True)
    return {str(row[0]).lower(): str(row[2]) for row in rows if row[1]}


def test_what_a_graph_lacks_is_known_beforehand() -> None:
    assert missing(whole(), {"stops": stops()}).empty
    assert missing(whole()).index.tolist() == ["scenarios"]
    for what, make in CASES.items():
        found = missing(make(), {"stops": stops()})
        assert what in found.index
        assert KINDS[what] in found.loc[what, "add"]


@pytest.mark.slow
def test_a_graph_that_holds_everything_lacks_nothing(tmp_path: Path) -> None:
    assert lacking(whole(), tmp_path, [stops()]) == {}
    assert list(lacking(whole(), tmp_path, [])) == ["scenarios"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:beneficiaries")
@pytest.mark.parametrize("what", CASES)
def test_what_one_graph_lacks_is_said_in_its_report(what: str, tmp_path: Path) -> None:
    assert KINDS[what] in lacking(CASES[what](), tmp_path, [stops()])[what]


@pytest.mark.long
def test_with_all_missing_at_once_the_report_still_ends(tmp_path: Path) -> None:
    with pytest.warns(cn.ChainnetWarning, match="All demand counts instead"):
        told = lacking(all_at_once(), tmp_path, [stops()])
    there = {"scenarios", "projects", "beneficiaries", "capacities"}
    assert set(told) == set(KINDS) - there
    assert all(KINDS[what] in add for what, add in told.items())


def test_beneficiaries_who_ask_for_nothing_are_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(cn.DataError, match="no demand of DEU counts"):
        cn.report(whole(), tmp_path / "out", beneficiaries=["DEU"])
    assert not (tmp_path / "out").exists()


@pytest.mark.documents
@pytest.mark.filterwarnings("ignore:.*holds no demand")
def test_a_bare_edge_list_ends_in_all_documents(tmp_path: Path) -> None:
    """With nothing but capacities: a demand stands in, and every page says so."""
    BARE.to_csv(tmp_path / "bare.csv", index=False)
    done = CliRunner().invoke(
        app, ["report", str(tmp_path / "bare.csv"), "--out", str(tmp_path / "out"), "--months", "3", "--draws", "0"]
    )
    assert done.exit_code == 0, done.output
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == [
        "graph.html",
        "report.html",
        "report.json",
        "report.pdf",
        "report.xlsx",
    ]
    before, *_ = done.stderr.partition("... ")  # the first words of progress
    assert "scenarios, demand, tiers, beneficiaries, projects" in before
    told = re.sub(r"<[^>]+>", " ", (tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert "Nobody says what is asked for: what each end use gets in the baseline stands in as demand" in told
    assert "node, demand_tpa; commodity and tier where there are several" in told


@pytest.mark.parametrize(
    ("edges", "asked", "said"),
    [
        (BARE, 7.0, "part of the largest flow"),
        (BARE.drop(columns="capacity_tpa").assign(flow_tpa=[4.0, 2.0, 4.0, 2.0]), 6.0, "flow of the base year"),
        (BARE.drop(columns="capacity_tpa"), 1.0, "one tonne of each good"),
    ],
)
def test_what_stands_in_for_demand_is_told(edges: pd.DataFrame, asked: float, said: str) -> None:
    with pytest.warns(cn.ChainnetWarning, match=said):
        network = assume_demand(cn.Network.from_edges(edges))
    assert network.demand["demand_tpa"].sum() == asked
    assert set(network.demand["quality"]) == {"assumed"}
    assert missing(network).loc["demand", "add"].startswith("table demand")


def test_a_demand_that_is_given_stays() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert assume_demand(whole()).digest == whole().digest


def test_without_an_end_use_nothing_is_begun(tmp_path: Path) -> None:
    alone = cn.Network(pd.DataFrame({"id": ["pit"], "stage": ["mine"]}), BARE.iloc[:0])
    with pytest.raises(cn.DataError, match="a node of stage end_use with a relation into it"):
        cn.report(alone, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_a_loss_of_a_step_stands_once_and_stages_of_one_step_are_told_apart() -> None:
    """A works makes two goods, and a mine of the same step one of them: no loss is printed for each good."""
    nodes = pd.DataFrame(
        [
            ("works", "refiner", "refining", "CHN", "both", 10.0),
            ("scrap", "mine", "refining", "USA", None, 2.0),
            ("user", "end_use", None, "USA", None, None),
        ],
        columns=["id", "stage", "step", "country", "process", "capacity_tpa"],
    )
    edges = pd.DataFrame(
        [("works", "user", "a", 10.0), ("works", "user", "b", 5.0), ("scrap", "user", "a", 2.0)],
        columns=["source", "target", "commodity", "flow_tpa"],
    )
    processes = pd.DataFrame(
        [("both", "a", "output", 1.0), ("both", "b", "coproduct", 0.5)],
        columns=["process", "commodity", "role", "t_per_t"],
    )
    demand = pd.DataFrame(
        [("user", "a", "defence", 12.0), ("user", "b", "defence", 5.0)],
        columns=["node", "commodity", "tier", "demand_tpa"],
    )
    made = cn.assess(cn.Network(nodes, edges, demand=demand, processes=processes, year=2024), [], months=12, draws=0)
    rows = next(t for t in build(made).tables if t.key == "steps").records()
    told = {(r["step"].text, r["commodity"].text): r["lost_tpa"].text for r in rows}
    assert told == {
        ("refining (mine)", "a"): "2",
        ("refining (refiner)", "a"): "15",
        ("refining", "b"): "as above",
    }
