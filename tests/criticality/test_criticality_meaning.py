"""Pairs that hurt more together, and rank correlations over all rows: by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.criticality._finding import ranking
from chainnet.results import LEFT_OUT


def test_pairs_that_cost_most_together_come_first_and_of_equals_by_name() -> None:
    """Three pairs of mills stand in for each other before gates of 5, 9 and 5 t."""
    ways = [("d", "e", 5.0), ("x", "y", 9.0), ("a", "b", 5.0)]
    net = cn.Network(
        frame(
            "id stage step capacity_tpa",
            ("pit", "mine", "digging", 100.0),
            *[(mill, "refiner", "milling", None) for one, two, _ in ways for mill in (one, two)],
            *[(f"gate_{one}", "refiner", "gating", size) for one, _, size in ways],
            ("u", "end_use", None, None),
        ),
        frame(
            "source target",
            *[("pit", mill) for one, two, _ in ways for mill in (one, two)],
            *[(mill, f"gate_{one}") for one, two, _ in ways for mill in (one, two)],
            *[(f"gate_{one}", "u") for one, _, _ in ways],
        ),
    )
    pairs = cn.interdict(net, 2, protect=["pit", "u"], details=True).pairs
    assert pairs[["node_a", "node_b"]].to_numpy().tolist() == [["x", "y"], ["a", "b"], ["d", "e"]]
    assert pairs["lost_both_tpa"].tolist() == pytest.approx([9.0, 5.0, 5.0])
    assert pairs["surplus_tpa"].tolist() == pytest.approx([9.0, 5.0, 5.0])


def test_a_rank_correlation_is_over_all_rows_whatever_is_shown() -> None:
    """Losses 9, 5, 4, 2 and 1 t; over the first two alone every correlation would be one or minus one."""
    net = cn.Network.from_edges(
        frame(
            "source target capacity_tpa",
            ("m", "a", 5.0),
            ("m", "b", 4.0),
            ("n", "b", 2.0),
            ("n", "c", 1.0),
            ("a", "u", None),
            ("b", "u", None),
            ("c", "u", None),
        )
    )
    whole = cn.chokepoints(net, centrality=True).attrs["rank_correlation"]
    assert 0.0 < abs(whole["betweenness"]) < 1.0
    for top in (2, 3):
        found = cn.chokepoints(net, centrality=True, top=top)
        assert len(found) == top
        assert found.attrs["rank_correlation"] == pytest.approx(whole, nan_ok=True)


def works(*rows: tuple[str, str, str | None, float], need: float | None = None) -> cn.Network:
    """Works (id, operator, site, t/yr) beside each other, all of a pit of 100 t/yr; with a need, a recipe network."""
    demand = None if need is None else frame("node demand_tpa", ("u", need))
    return cn.Network(
        frame(
            "id label stage operator site capacity_tpa",
            ("pit", "The pit", "mine", "Digger", None, 100.0),
            *[(name, f"Works {name}", "refiner", operator, site, size) for name, operator, site, size in rows],
            ("u", "User", "end_use", None, None, None),
        ),
        frame("source target", *[("pit", name) for name, *_ in rows], *[(name, "u") for name, *_ in rows]),
        demand=demand,
    )


@pytest.mark.parametrize("need", [None, 16.0])
def test_the_worst_group_and_the_worst_plant_are_both_named(need: float | None) -> None:
    """Works of 9 (several firms), 5 (one) and 2 t/yr (nobody's): a group costs most, then a plant."""
    net = works(
        ("a", "A and others", None, 9.0), ("b", "Rouge and Paint", None, 5.0), ("c", None, None, 2.0), need=need
    )
    calm = "" if need is None else " Before any loss nothing is short (baseline)."
    table = cn.chokepoints(net)
    assert table["is_group"].to_dict() == {"pit": False, "a": True, "b": False, "c": True}
    assert table.sentence == (
        "Losing The pit costs most: 16 of 16 t/yr (100 %). Of groups of plants Works a costs most: 9 of 16 t/yr (56 %)."
        + calm
    )
    spared = net.with_table("nodes", net.nodes.assign(operator=net.nodes["operator"].replace("Digger", "C; D")))
    said = "Losing The pit, a group of plants, costs most: 16 of 16 t/yr (100 %). "
    plant = f"Of single plants Works b costs most: 5 of 16 t/yr (31 %).{calm}"
    assert cn.chokepoints(spared).sentence == said + plant
    first = cn.chokepoints(spared, top=1)  # the finding is one on all rows
    assert len(first) == 1
    assert first.sentence == said + plant


def test_nothing_is_said_of_plants_that_nobody_looked_at() -> None:
    """The group is first of all; whether the plant with 3 t or the one not solved comes next is not known."""
    net = works(("a", "A, B", None, 9.0), ("b", "B", None, 5.0), ("c", "C", None, 4.0))
    every = pd.Series({"a": 9.0, "b": 3.0, "c": float("nan")})
    table, none = pd.DataFrame({"lost_tpa": every.head(1)}), pd.DataFrame(columns=LEFT_OUT)
    cut = ranking(net, "node", table, "lost_tpa", lambda tpa: f"{tpa:g} t", none, every)
    assert cut.sentence == "Losing Works a, a group of plants, costs most: 9 t."
    whole = ranking(net, "node", table, "lost_tpa", lambda tpa: f"{tpa:g} t", none, every.fillna(2.0))
    assert whole.sentence == cut.sentence + " Of single plants Works b costs most: 3 t."


def test_a_group_that_costs_most_where_no_plant_costs_anything() -> None:
    """Two works of one firm stand in for each other; the crowd's works of 7 t/yr is the only other."""
    table = cn.chokepoints(works(("a", "A, B", None, 7.0), need=7.0).without(nodes=["pit"]), top=None)
    assert table.sentence == (
        "Nothing that drops out alone costs anything. Before any loss 7 of 7 t/yr is short (baseline)."
    )
    net = cn.Network(
        frame(
            "id stage operator capacity_tpa",
            ("one", "mine", "X", 7.0),
            ("two", "mine", "X", 7.0),
            ("crowd", "refiner", "about 40 plants", 7.0),
            ("u", "end_use", None, None),
        ),
        frame("source target", ("one", "crowd"), ("two", "crowd"), ("crowd", "u")),
    )
    said = "Losing crowd, a group of plants, costs most: 7 of 7 t/yr (100 %). No single plant costs anything alone."
    assert cn.chokepoints(net).sentence == said


def test_what_is_short_before_any_loss_is_said_with_its_scenario() -> None:
    """Of 16 t/yr the scenario takes the works of 9, and asks a quarter more of the users: 20 less 7 are short."""
    net = works(("a", "A", None, 9.0), ("b", "B", None, 5.0), ("c", "C", None, 2.0), need=16.0)
    measures = [{"kind": "remove", "nodes": ["a"]}, {"kind": "demand", "nodes": ["u"], "share": 1.25}]
    said = cn.chokepoints(net, scenario=cn.Scenario("dry_year", measures)).sentence
    assert said.startswith("Losing The pit costs most: 7 of 7 t/yr (100 %).")
    assert said.endswith("Before any loss 13 of 20 t/yr is short (Dry year).")
    # nobody who asks for no amount can be short; what is lost comes on top all the same
    free = cn.chokepoints(
        works(("a", "A", None, 9.0), ("b", "B", None, 5.0)), scenario=cn.Scenario("no_a", measures[:1])
    )
    assert free.sentence.endswith("Any loss comes on top of: No a.")


def test_a_site_is_a_group_if_all_its_parts_are_or_if_firms_share_it() -> None:
    rows = (("a", "A", "yard", 6.0), ("b", "B", "yard", 5.0), ("c", "C", "dock", 3.0), ("d", "A, C", "dock", 1.0))
    table = cn.chokepoints(works(*rows), by="site")
    # the yard has two firms; on the dock one part is a plant, and so are the firms two
    assert table["is_group"].to_dict() == {"pit": False, "yard": True, "dock": True}
    alone = cn.chokepoints(works(("a", "A", "yard", 6.0), ("b", "A", "yard", 5.0), ("c", None, None, 3.0)), by="site")
    assert alone["is_group"].to_dict() == {"pit": False, "yard": False, "c": True}
    assert "is_group" not in cn.chokepoints(works(*rows), by="stage")
