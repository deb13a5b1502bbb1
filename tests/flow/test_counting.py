"""Whose tonnes count: defaults, empty lists, tiers, and what is found once."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.flow import Counting


@pytest.fixture
def net() -> cn.Network:
    return cn.Network(
        nodes=frame("id stage country", ("mine", "mine", "CHN"), ("a", "end_use", "USA"), ("b", "end_use", "DEU")),
        edges=frame("source target commodity", ("mine", "a", "ore"), ("mine", "b", "ore"), ("mine", "b", "slag")),
        demand=frame(
            "node commodity tier demand_tpa",
            ("a", "ore", "defence", 1.0),
            ("b", "ore", "civilian", 2.0),
            ("b", "slag", None, 4.0),
        ),
        main_commodity="ore",
        beneficiaries=["USA"],
    )


def tonnes(counting: Counting) -> float:
    return float(counting.network.demand["demand_tpa"][counting.rows].sum())


def test_none_is_the_default_of_the_network_and_empty_is_everyone(net: cn.Network) -> None:
    assert tonnes(Counting(net)) == 1.0
    assert tonnes(Counting.of(net, beneficiaries=[])) == 3.0
    assert tonnes(Counting.of(net, beneficiaries="DEU")) == 2.0
    assert Counting(net).settings == {"commodity": ["ore"], "beneficiaries": ["USA"]}
    slag = Counting.of(net, "slag", []).settings
    nobody = "nobody who counts asks for anything"
    assert slag == {"commodity": ["slag"], "beneficiaries": "all", "nobody": nobody}


def test_a_row_without_a_tier_counts_only_where_no_row_has_one(net: cn.Network) -> None:
    assert tonnes(Counting.of(net, ["ore", "slag"], [])) == 3.0
    plain = net.with_demand(net.demand.assign(tier=None))
    assert tonnes(Counting.of(plain, ["ore", "slag"], [])) == 7.0


def test_a_tier_comes_first_alone(net: cn.Network) -> None:
    everyone = Counting.of(net, beneficiaries=[])
    assert [tonnes(everyone.first(tier)) for tier in ("defence", "industrial", "civilian", None)] == [1, 0, 2, 3]
    assert {name: int(rows.sum()) for name, rows in everyone.tiers.items()} == {
        "defence": 1,
        "industrial": 0,
        "civilian": 1,
        "": 1,
    }


@pytest.mark.parametrize(
    ("given", "word"), [({"commodity": "gold"}, "gold"), ({"tier": "x"}, "x"), ({"order": "y"}, "y")]
)
def test_what_is_unknown_is_refused_at_once(net: cn.Network, given: dict[str, str], word: str) -> None:
    with pytest.raises(cn.DataError, match=f'unknown .*"{word}"'):
        Counting.of(net, **given)


def test_two_that_ask_the_same_are_one_key_and_travel(net: cn.Network) -> None:
    assert {Counting.of(net, "ore", ["USA"]): 1}[Counting.of(net, ["ore"], "USA")] == 1
    assert Counting(net) != Counting.of(net, beneficiaries=[]) != replace(Counting(net), order="allies_last")
    counting = Counting(net)
    assert counting.rows.tolist() == [True, False, False]
    sent = pickle.loads(pickle.dumps(counting))
    assert "rows" not in sent.__dict__
    assert sent.rows.tolist() == counting.rows.tolist()


def test_rows_are_found_once_in_a_balance(net: cn.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    places = cn.Network.in_countries

    def seen(self: cn.Network, table: pd.DataFrame, *given: object) -> object:
        looked.append("countries")
        return places(self, table, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(cn.Network, "in_countries", seen)
    cn.balance(net)
    assert looked == ["countries"]
