"""Demand that nothing reaches, and recipes that make goods from nothing: every answer says so, and check fails."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.flow import impossible

NODES = ["id", "stage", "capacity_tpa", "process"]


def asking(good: str, brought: str = "re") -> cn.Network:
    """Return a mine whose good reaches a user, who asks for another good."""
    return cn.Network(
        nodes=pd.DataFrame([("m", "mine", 10.0, None), ("u", "end_use", None, None)], columns=NODES),
        edges=pd.DataFrame([("m", "u", brought)], columns=["source", "target", "commodity"]),
        demand=pd.DataFrame([("u", good, "defence", 6.0)], columns=["node", "commodity", "tier", "demand_tpa"]),
    )


def looping(taken: float, given_back: float) -> cn.Network:
    """Return two plants that pass goods round, fed by a mine of 1 t, and a user of 600 t."""
    recipes = [("p", "a", "input", taken), ("p", "b", "output", 1.0), ("q", "b", "input", given_back)]
    return cn.Network(
        nodes=pd.DataFrame(
            [
                ("m", "mine", 1.0, None),
                ("x", "refiner", None, "p"),
                ("y", "refiner", None, "q"),
                ("u", "end_use", None, None),
            ],
            columns=NODES,
        ),
        edges=pd.DataFrame(
            [("m", "x", "a"), ("x", "y", "b"), ("y", "x", "a"), ("x", "u", "b")],
            columns=["source", "target", "commodity"],
        ),
        processes=pd.DataFrame(
            [*recipes, ("q", "a", "output", 1.0)], columns=["process", "commodity", "role", "t_per_t"]
        ),
        demand=pd.DataFrame([("u", "b", "defence", 600.0)], columns=["node", "commodity", "tier", "demand_tpa"]),
    )


def test_demand_for_a_good_that_no_edge_brings_is_said_with_the_good_that_was_meant() -> None:
    said = 'u asks for 6 t/yr of Re, but no edge brings it there: it is never served. Did you mean "re"?'
    net = asking("Re")
    with pytest.warns(cn.ChainnetWarning, match="no edge brings it there"):
        assert cn.balance(net).sentence == f"Baseline: defence is short 6 of 6 t/yr. {said}"
    with pytest.warns(cn.ChainnetWarning):
        assert said in cn.chokepoints(net).sentence
    with pytest.warns(cn.ChainnetWarning):
        assert said in cn.stress_test(net, months=2).sentence


def test_what_is_brought_is_named_where_no_good_is_alike() -> None:
    (words,) = impossible(asking("cobalt"))["words"]
    assert words.endswith("it is never served. Edges bring re.")


def test_demand_behind_a_plant_that_nothing_feeds_is_said() -> None:
    net = asking("re")
    net = net.with_table("nodes", net.nodes.assign(stage=["refiner", "end_use"]))
    (row,) = impossible(net).to_dict("records")
    assert (row["kind"], row["id"], row["tpa"]) == ("demand", "u", 6.0)
    assert "nothing that is mined or in stock leads there" in row["words"]


def test_stocks_and_projects_count_as_supply() -> None:
    net = asking("re")
    net = net.with_table("nodes", net.nodes.assign(stage=["refiner", "end_use"]))
    stock = pd.DataFrame([("s", "m", "re", 5.0)], columns=["id", "node", "commodity", "stock_t"])
    assert impossible(net.with_table("stocks", stock)).empty


@pytest.mark.parametrize(
    ("taken", "given_back", "gains"),
    [
        (0.9, 1.0, True),
        (0.999, 1.0, True),
        (0.5, 1.9, True),
        (1.0, 1.0, False),
        (0.9, 1 / 0.9, False),
        (1.1, 1.0, False),
    ],
)
def test_recipes_that_make_goods_from_nothing_are_found(taken: float, given_back: float, gains: bool) -> None:
    found = impossible(looping(taken, given_back))
    assert found["id"].tolist() == (["x + y"] if gains else [])
    if gains:
        with pytest.warns(cn.ChainnetWarning, match="goods come from nothing"):
            assert "The recipes of x and y pass goods round" in cn.balance(looping(taken, given_back)).sentence


@pytest.mark.parametrize("name", ["rare-earths", "gallium", "germanium", "antimony", "tungsten", "graphite", "mag-9"])
def test_nothing_in_a_shipped_chain_is_impossible(name: str) -> None:
    assert impossible(cn.read(name)).empty


@pytest.mark.parametrize(("good", "code", "says"), [("Re", 1, "ok: no"), ("re", 0, "ok: yes")])
def test_check_fails_where_demand_cannot_be_served(good: str, code: int, says: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cn.write(asking(good), tmp_path / "chain")
    done = CliRunner().invoke(app, ["check", str(tmp_path / "chain")])
    assert (done.exit_code, says in done.stdout) == (code, True), done.stdout
    assert ("it is never served" in done.stdout) == (code == 1)


def test_check_fails_where_the_beneficiaries_ask_for_nothing(tmp_path: Path) -> None:
    net = asking("re")
    net = cn.Network(nodes=net.nodes, edges=net.edges, demand=net.demand, beneficiaries=["FRA"])
    cn.write(net, tmp_path / "chain")
    done = CliRunner().invoke(app, ["check", str(tmp_path / "chain")])
    assert done.exit_code == 1
    assert "answer: Nobody who counts asks for anything." in done.stdout
    assert "ok: no" in done.stdout


def test_check_names_plants_without_a_country() -> None:
    done = CliRunner().invoke(app, ["check", "gallium"])
    assert done.exit_code == 0
    assert "without a country" in done.stdout
    assert "eu27_precursors (EU27)" in done.stdout.replace("\n", " ")
