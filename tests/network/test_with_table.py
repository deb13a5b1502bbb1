"""Equal tables, equal answers: a network in which a table was put in answers as one that was made of the tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from pandas.testing import assert_frame_equal
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.network import TABLES

CHINA_OUT = cn.Scenario("china", [{"kind": "remove", "where": {"country": "CHN"}}])
HALF = cn.Scenario("half", [{"kind": "scale", "where": {"country": "JPN"}, "share": 0.5}])
# what a network says of itself, and cheap public answers; each rests on all that a network remembers
ANSWERS: dict[str, Callable[[cn.Network], pd.DataFrame]] = {
    "baseline": lambda net: net.baseline.to_frame(),
    "kinds": lambda net: net.trade[0],
    "ends": lambda net: net.trade[1],
    "known": lambda net: cn.balance(net, CHINA_OUT).by_tier(),
    "new": lambda net: cn.balance(net, CHINA_OUT, "new").by_tier(),
    "losses": lambda net: cn.chokepoints(net, by="country", reroute="new"),
    "shares": lambda net: cn.concentration(net),
    "halved": lambda net: cn.balance(net, HALF).by_tier(),
}


def made_of(net: cn.Network, **tables: pd.DataFrame) -> cn.Network:
    """Make a network of tables, some of them others than those of ``net``."""
    given = {name: getattr(net, name) for name in TABLES} | tables
    return cn.Network(**given, main_commodity=list(net.main_commodity) or None, year=net.year)


def other(net: cn.Network, table: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return another table: rows gone or put back, and other figures in those that stay."""
    rows = getattr(net, table)
    if table == "edges":
        rows["flow_tpa"] = rng.integers(0, 30, len(rows)).astype(float)
        return rows[rng.random(len(rows)) < 0.8]
    if table == "nodes":
        rows["country"] = rng.permutation(rows["country"].to_numpy(dtype=object))
        rows["step"] = np.where(rng.random(len(rows)) < 0.3, "x", None)
        return rows
    column = {"demand": "demand_tpa", "projects": "capacity_tpa", "stocks": "stock_t"}[table]
    rows[column] = rng.integers(1, 30, len(rows)).astype(float)
    return rows


def said(answer: Callable[[cn.Network], pd.DataFrame], net: cn.Network) -> pd.DataFrame:
    """Return an answer; a refusal (half of a plant whose size is not known) is one too."""
    try:
        return answer(net)
    except cn.DataError as refusal:
        return pd.DataFrame([str(refusal)])


def same(one: cn.Network, two: cn.Network) -> None:
    assert one.digest == two.digest
    for name, answer in ANSWERS.items():
        first, second = (said(answer, net) for net in (one, two))
        assert_frame_equal(first, second, check_exact=True, obj=name)


@pytest.mark.long
@pytest.mark.parametrize(
    ("table", "seed"),
    [
        *((table, seed) for table in ("edges", "nodes") for seed in range(3)),
        ("demand", 0),
        ("projects", 1),
        ("stocks", 2),
    ],
)
def test_a_table_put_in_answers_as_a_network_made_of_the_tables(table: str, seed: int) -> None:
    net = recipe_network(seed, wild=False, baseline=True, projects=True)
    rows = other(net, table, np.random.default_rng(seed))
    same(net.with_table(table, rows), made_of(net, **{table: rows}))


@pytest.mark.parametrize("seed", range(2))
def test_rows_put_back_are_known_as_if_they_had_been_there_from_the_first(seed: int) -> None:
    net = recipe_network(seed, wild=False, baseline=True, projects=True)
    few = made_of(net, edges=net.edges[np.arange(len(net.edges)) % 4 > 0])
    same(few.with_table("edges", net.edges), net)


def shop(*rows: tuple[object, ...]) -> cn.Network:
    return cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("m", "mine", "AUS", 10.0),
            ("u1", "end_use", "USA", None),
            ("u2", "end_use", "JPN", None),
        ),
        edges=frame("source target commodity flow_tpa capacity_tpa", *rows),
        demand=frame("node commodity tier demand_tpa", ("u1", "ore", "defence", 4.0), ("u2", "ore", "defence", 6.0)),
    )


def test_by_hand_a_relation_put_in_makes_its_taker_a_user() -> None:
    one, two = ("m", "u1", "ore", 4.0, 4.0), ("m", "u2", "ore", 1.0, 1.0)
    whole = shop(one, two)
    put = shop(one).with_table("edges", whole.edges)
    assert put.digest == whole.digest
    assert cn.balance(put, reroute="new").demand["shortfall_tpa"].tolist() == [0.0, 0.0]
    assert put.baseline.to_dict() == {"m": 5.0, "u1": 4.0, "u2": 1.0}


def test_what_was_taken_away_stays_known_beside_a_table_put_in() -> None:
    whole = shop(("m", "u1", "ore", 4.0, 4.0), ("m", "u2", "ore", 1.0, 1.0))
    left = whole.without(edges=[("m", "u2")])
    for net in (left, left.with_table("edges", left.edges), left.with_table("stocks", left.stocks)):
        assert cn.balance(net, reroute="new").demand["shortfall_tpa"].tolist() == [0.0, 0.0]
        assert net.baseline.to_dict() == {"m": 5.0, "u1": 4.0, "u2": 1.0}
    grown = whole.without(nodes=["u2"]).with_table("nodes", whole.nodes)
    assert grown.as_read["nodes"]["id"].tolist() == ["m", "u1", "u2"]


def test_a_project_that_stands_may_lie_in_a_table_put_in() -> None:
    net = recipe_network(1, wild=False, baseline=True, projects=True)
    built = net.with_projects(net.projects["id"])
    same(built.with_table("nodes", built.nodes), made_of(built))
