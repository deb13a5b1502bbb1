"""Plants that can give nothing: nothing that they need reaches them, and nothing may be silent about it."""

import warnings
from pathlib import Path

import pandas as pd
import pytest
from conftest import frame
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.network import spare_plants, unfed_plants

EDGE = ["source", "target", "commodity", "flow_tpa"]


def titanium(scrap_stage="recycler", **more):
    """Return sponge and scrap to one mill; the mill's users ask for 20 t/yr, of which scrap would give 12."""
    nodes = [
        ("sponge_jpn", "mine", 8),
        ("scrap_usa", scrap_stage, 15),
        ("mill", "refiner", None),
        ("use", "end_use", None),
    ]
    edges = [("sponge_jpn", "mill", "ti", 8), ("scrap_usa", "mill", "ti", 12), ("mill", "use", "ti", 20)]
    return cn.Network(
        pd.DataFrame(nodes, columns=["id", "stage", "capacity_tpa"]).assign(label=None),
        pd.DataFrame(edges, columns=EDGE),
        demand=pd.DataFrame({"node": ["use"], "commodity": ["ti"], "demand_tpa": [20.0], "tier": ["defence"]}),
        **more,
    )


def test_a_recycler_without_a_way_in_is_said_at_the_answer():
    with pytest.warns(cn.ChainnetWarning, match="scrap_usa.*recycler.*no ti reaches it.*gives nothing.*stage mine"):
        found = cn.balance(titanium())
    assert found.demand["shortfall_tpa"].sum() == pytest.approx(12)


@pytest.mark.parametrize("ask", [cn.max_flow, cn.chokepoints, lambda net: cn.stress_test(net, months=2)])
def test_every_answer_says_so(ask):
    with pytest.warns(cn.ChainnetWarning, match="scrap_usa"):
        ask(titanium())


def test_a_mine_is_a_source_and_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error", cn.ChainnetWarning)
        assert cn.balance(titanium("mine")).demand["shortfall_tpa"].sum() == pytest.approx(0)


def test_what_a_scenario_takes_away_is_not_missed():
    net = titanium("mine").without(["sponge_jpn"])
    assert unfed_plants(net).empty


def test_a_stock_at_the_plant_feeds_it():
    stock = pd.DataFrame({"id": ["pile"], "node": ["scrap_usa"], "commodity": ["ti"], "stock_t": [5.0]})
    assert unfed_plants(titanium(stocks=stock)).empty


def test_an_input_of_a_process_that_nobody_ships():
    nodes = pd.DataFrame(
        [("ore", "mine", None), ("plant", "refiner", "smelt"), ("use", "end_use", None)],
        columns=["id", "stage", "process"],
    )
    edges = pd.DataFrame([("ore", "plant", "ore", 1), ("plant", "use", "metal", 1)], columns=EDGE)
    smelt = pd.DataFrame(
        [
            ("smelt", "ore", "input", 2, None),
            ("smelt", "acid", "input", 1, "a"),
            ("smelt", "lye", "input", 1, "a"),
            ("smelt", "metal", "output", 1, None),
        ],
        columns=["process", "commodity", "role", "t_per_t", "group"],
    )
    net = cn.Network(nodes, edges, processes=smelt)
    (row,) = unfed_plants(net).to_dict("records")
    assert (row["id"], row["ships"], row["lacks"]) == ("plant", "metal", "acid or lye")
    assert "Give it a supplier of acid or lye" in row["words"]


def test_inferred_roles_are_not_doubted():
    edges = pd.DataFrame({"source": ["a", "b"], "target": ["b", "t"], "capacity_tpa": [1.0, 1.0]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        assert unfed_plants(cn.Network.from_edges(edges)).empty
        assert unfed_plants(cn.Network.from_edges(edges, source="b", sink="t")).empty


def test_a_plant_that_takes_in_more_than_it_ships_is_named_with_what_to_do(tmp_path: Path) -> None:
    """Works of 120 t in and 100 t out is named; not that whose process uses 1.2 t per t, nor what is unlimited."""
    edges = frame(
        "source target capacity_tpa",
        *[("pit", plant, size) for plant, size in (("works", 120.0), ("mill", 100.5), ("kiln", 120.0), ("open", None))],
        *[(plant, "user", 100.0) for plant in ("works", "mill", "kiln", "open")],
    )
    nodes = frame(
        "id label stage process",
        ("pit", None, "mine", None),
        ("works", "Old works", "refiner", None),
        ("mill", None, "refiner", None),
        ("kiln", None, "refiner", "burn"),
        ("open", None, "refiner", None),
        ("user", None, "end_use", None),
    )
    lines = frame("process commodity role t_per_t", ("burn", "ore", "input", 1.2), ("burn", "lime", "output", 1.0))
    goods = ["lime" if target == "user" else "ore" for target in edges["target"]]
    net = cn.Network(nodes=nodes, edges=edges.assign(commodity=goods), processes=lines)
    (row,) = spare_plants(net).to_dict("records")
    assert (row["id"], row["in_tpa"], row["out_tpa"]) == ("works", 120.0, 100.0)
    for words in ('works "Old works"', "120", "100", "an input of 1.2 t per t", "end use"):
        assert words in row["words"]
    moved = net.with_table(
        "edges", net.edges.assign(flow_tpa=net.edges["capacity_tpa"].clip(upper=100.0).fillna(100.0))
    )
    assert spare_plants(moved).empty  # by what moved it ships all that it takes
    cn.write(net, tmp_path / "own")
    done = CliRunner().invoke(app, ["check", str(tmp_path / "own")])
    assert f"spare: {row['words']}" in done.stdout
