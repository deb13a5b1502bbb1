"""Chains of different minerals in one network."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn


def chain(good: str, plant: str, capacity: float, price: float = 1.0) -> cn.Network:
    """A mine, a works with a recipe of its own and a user; the works bound it."""
    return cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa",
            ("pit", "mine", "AUS", None, 100.0), (plant, "refiner", "JPN", "work", capacity),
            ("user", "end_use", "USA", None, None),
        ),
        edges=frame("source target commodity", ("pit", plant, f"{good}_ore"), (plant, "user", good)),
        processes=frame(
            "process commodity role t_per_t", ("work", f"{good}_ore", "input", 2.0 * price), ("work", good, "output", 1.0)
        ),
        commodities=frame("id basis", (good, f"t {good}"), (f"{good}_ore", "ore")),
        demand=frame("node commodity tier demand_tpa", ("user", good, "defence", 20.0)),
        main_commodity=good,
        name=good,
    )  # fmt: skip


def test_joined_with_nothing_shared_each_chain_answers_as_alone(mag9: cn.Network) -> None:
    other = chain("tin", "smelter", 7.0)
    with pytest.warns(cn.ChainnetWarning, match="ask with commodity="):
        both = cn.join({"mag": mag9, "tin": other}).network
    assert both.main_commodity == ()
    for net, good in ((mag9, "magnet"), (other, "tin")):
        joined = cn.chokepoints(both, by="country", commodity=good)["lost_tpa"]
        alone = cn.chokepoints(net, by="country")["lost_tpa"]
        assert joined.reindex(alone.index).to_numpy() == pytest.approx(alone.to_numpy(), abs=1e-9)


def test_what_collides_bears_the_networks_name() -> None:
    with pytest.warns(cn.ChainnetWarning):
        found = cn.join({"a": chain("tin", "works", 5.0), "b": chain("zinc", "works", 5.0)})
    ids = set(found.network.nodes["id"])
    assert ids == {f"{name}:{word}" for name in "ab" for word in ("pit", "works", "user")}
    assert set(found.network.processes["process"]) == {"a:work", "b:work"}
    assert len(found.suspects) == found.n_conflicts == 0


def test_a_shared_plant_with_two_recipes_keeps_two_nodes_that_fall_together() -> None:
    with pytest.warns(cn.ChainnetWarning):
        net = cn.join({"a": chain("tin", "works", 5.0), "b": chain("zinc", "works", 8.0)}, same=["works"]).network
    for good, lost in (("tin", 5.0), ("zinc", 8.0)):
        assert cn.chokepoints(net, by="site", commodity=good)["lost_tpa"]["works"] == pytest.approx(lost)
    assert cn.chokepoints(net, by="site", commodity=["tin", "zinc"])["lost_tpa"]["works"] == pytest.approx(13.0)


def test_a_shared_commodity_couples_the_chains_and_two_files_of_its_makers_are_suspects() -> None:
    one, two = chain("tin", "first", 5.0), chain("tin", "second", 8.0)
    found = cn.join({"a": one, "b": two}, same=["tin"])
    assert found.network.main_commodity == ("tin",)
    assert cn.max_flow(found.network).value_tpa == pytest.approx(13.0)
    assert found.suspects[["id", "other_id"]].to_numpy().tolist() == [["first", "second"]]


def test_one_site_word_in_two_files_is_not_one_site_unless_it_is_said() -> None:
    one, two = (net.with_table("nodes", net.nodes.assign(site="park")) for net in
                (chain("tin", "a1", 5.0), chain("zinc", "b1", 5.0)))  # fmt: skip
    with pytest.warns(cn.ChainnetWarning):
        assert set(cn.join({"a": one, "b": two}).network.nodes["site"]) == {"a:park", "b:park"}


def test_what_is_shared_must_be_in_two_networks() -> None:
    with pytest.raises(cn.DataError, match='same: only one network has "first"'):
        cn.join({"a": chain("tin", "first", 5.0), "b": chain("zinc", "second", 5.0)}, same=["first"])
    with pytest.raises(cn.DataError, match="join: 1 given"):
        cn.join({"a": chain("tin", "first", 5.0)})
