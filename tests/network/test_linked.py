"""Who finds no new supplier or user, because no link of theirs says that they may have any."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.network import unlinked_plants


def two_users(*more: tuple[Any, ...]) -> cn.Network:
    """A mine of 10 t and two users of 4 and 6 t, of whom the second has no link unless it is given."""
    edges = frame("source target commodity flow_tpa capacity_tpa", ("m", "u1", "ore", 4.0, 10.0), *more)
    return cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("m", "mine", "AUS", 10.0),
            ("u1", "end_use", "USA", None),
            ("u2", "end_use", "JPN", None),
        ),
        edges=edges,
        demand=frame("node commodity tier demand_tpa", ("u1", "ore", "defence", 4.0), ("u2", "ore", "defence", 6.0)),
        main_commodity="ore",
    )


def test_a_user_without_a_link_is_named_and_new_links_warn_of_it() -> None:
    net = two_users()
    (row,) = unlinked_plants(net).to_dict("records")
    assert (row["id"], row["commodity"], row["lacks"]) == ("u2", "ore", "supplier")
    with pytest.warns(cn.ChainnetWarning, match="u2 .* finds no new supplier either"):
        assert cn.balance(net, reroute="new").by_tier()["shortfall_tpa"].tolist() == [6.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cn.balance(net)  # known links: nothing is promised


def test_a_link_that_can_carry_nothing_says_that_there_may_be_some() -> None:
    net = two_users(("m", "u2", "ore", 0.0, 0.0))
    assert unlinked_plants(net).empty
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cn.balance(net, reroute="new").by_tier()["shortfall_tpa"].tolist() == [0.0]
    assert unlinked_plants(net.without(edges=[("m", "u2")])).empty, "what is taken away is not missed"


def plant(group: str | None, edges: pd.DataFrame) -> cn.Network:
    """A refiner that makes metal and slag of ore or scrap, in one group or not."""
    return cn.Network(
        nodes=frame(
            "id stage process capacity_tpa",
            ("m", "mine", None, 10.0),
            ("s", "mine", None, 10.0),
            ("r", "refiner", "melt", 10.0),
            ("r2", "refiner", "melt", 10.0),
            ("u", "end_use", None, None),
        ),
        edges=edges,
        processes=frame(
            "process commodity role t_per_t group",
            ("melt", "ore", "input", 1.0, group),
            ("melt", "scrap", "input", 1.0, group),
            ("melt", "metal", "output", 1.0, None),
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "metal", "defence", 5.0)),
        main_commodity="metal",
    )


def test_inputs_that_stand_in_for_each_other_need_one_link() -> None:
    rows = [("m", "r", "ore"), ("s", "r", "scrap"), ("m", "r2", "ore"), ("r", "u", "metal")]
    edges = frame("source target commodity", *rows)
    found = unlinked_plants(plant("feed", edges))
    assert found[["id", "commodity", "lacks"]].to_numpy().tolist() == [["r2", "metal", "user"]]
    found = unlinked_plants(plant(None, edges))
    assert found[["id", "commodity", "lacks"]].to_numpy().tolist() == [
        ["r2", "metal", "user"],
        ["r2", "scrap", "supplier"],
    ]
    assert found["words"].tolist() == [
        "r2 (refiner) makes metal, but no row of edges with metal begins there: it finds no new user either. "
        "If it may have one, add a row with capacity_tpa 0.",
        "r2 (refiner) needs scrap, but no row of edges with scrap ends there: it finds no new supplier either. "
        "If it may have one, add a row with capacity_tpa 0.",
    ]
