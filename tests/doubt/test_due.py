"""What a scenario costs, its class, how firm it is and whether it can be said: by hand, and against ``balance`` alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.calibration import denser, slack_factors, thin_relations
from chainnet.doubt import CLASSES, KeyAssumptions
from chainnet.doubt._case import Case
from chainnet.doubt._due import SQUARES, firmness
from chainnet.doubt._inputs import demand_labels, draws_of
from chainnet.doubt._verdict import class_of
from chainnet.flow import Counting, balance_under
from chainnet.scenario import overlay_of

STOP = cn.Scenario("stop", [{"kind": "remove", "nodes": ["far"]}])
SETTINGS = {"order", "rerouting", "demand", "slack", "density"}
INPUTS = {"node", "process", "relation", "stock", "project", "input"}
TINY = 1e-6


def pits(
    *, near: float, far: float, want: float, low: float | None = None, high: float | None = None, **more: Any
) -> cn.Network:
    """Two pits for one user: the near one stays, the far one is what STOP takes."""
    return cn.Network(
        frame(
            "id label stage country capacity_tpa quality low high",
            ("near", "Near pit", "mine", "AUS", near, more.pop("near_is", "reported"), more.pop("near_low", None), None),
            ("far", "Far pit", "mine", "CHN", far, "reported", None, None),
            *more.pop("nodes", ()),
            ("us", "User", "end_use", "USA", None, "reported", None, None),
        ),
        frame("source target", ("near", "us"), ("far", "us"), *more.pop("edges", ())),
        demand=frame("node tier demand_tpa low high", ("us", "defence", want, low, high), *more.pop("demand", ())),
        **more,
    )  # fmt: skip


def asked(net: cn.Network, scenario: cn.Scenario | None = STOP, **more: Any) -> KeyAssumptions:
    return cn.key_assumptions(net, scenario, max_set=0, **more)


# -- due, by hand --------------------------------------------------------------------------------------


def test_what_is_short_without_the_scenario_is_not_due_to_it() -> None:
    """Asked for 20 t, of which 6 and 10 t are there: 4 t are short already, 14 t without the far pit."""
    found = asked(pits(near=6, far=10, want=20))
    row = found.central.loc["defence"]
    assert row[["shortfall_tpa", "due_tpa"]].tolist() == pytest.approx([14, 10])
    assert row[["shortfall_share", "due_share", "already_share"]].tolist() == pytest.approx([0.7, 0.5, 0.2])
    assert row["class"] == "part", "what is due is exactly a half, and a border belongs to the lower class"
    ends = found.range.loc["defence"]
    assert ends[["low_share", "central_share", "high_share", "already_share"]].tolist() == pytest.approx(
        [0.5, 0.5, 0.5, 0.2]
    )
    assert (ends["low_by"], ends["high_by"]) == ("central", "central")
    assert np.isnan(ends["last_share"]), "all demand counts, so nobody else can be first"


@pytest.mark.parametrize(
    "scenario",
    [None, cn.Scenario("calm"), cn.Scenario("dear", [{"kind": "tariff", "from": {"country": "AUS"}, "usd_per_t": 9.0}])],
)  # fmt: skip
def test_a_scenario_that_takes_nothing_costs_nothing_to_the_last_digit(scenario: cn.Scenario | None) -> None:
    """Demand is short without any measure: nothing is due, and all is short already."""
    net = pits(near=7 / 3, far=10 / 7, want=13, low=11, high=17, near_is="assumed", near_low=1)
    found = asked(net, scenario)
    due = ["due_tpa", "due_share", "due_low_share", "due_high_share"]
    assert (found.table[due] == 0.0).all(axis=None)
    assert (found.table["shortfall_share"] > 0.5).all()
    ends = found.range.loc["defence"]
    assert ends[["low_share", "central_share", "high_share", "class_share"]].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert ends["already_share"] == pytest.approx(1 - (7 / 3 + 10 / 7) / 13)
    assert found.firmness.all()
    assert found.certain
    assert found.decides == ()
    assert all(end != end for end in found.decides_ends)


def test_the_range_is_of_what_is_due_and_not_of_what_is_short() -> None:
    """High demand is short by 30 % without any measure: it costs the scenario's 10 t of 20, not 80 %."""
    found = asked(pits(near=4, far=10, want=14, low=7, high=20))
    rows = found.table.set_index("id")
    assert rows.loc["demand:high", ["shortfall_share", "due_share"]].tolist() == pytest.approx([0.8, 0.5])
    assert rows.loc["demand:low", ["shortfall_share", "due_share"]].tolist() == pytest.approx([3 / 7, 3 / 7])
    ends = found.range.loc["defence"]
    assert ends[["low_share", "central_share", "high_share"]].tolist() == pytest.approx([3 / 7, 10 / 14, 10 / 14])
    assert (ends["low_by"], ends["high_by"]) == ("demand:low", "central")


# -- classes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "word"),
    [
        (-0.2, "met"), (0.0, "met"), (0.01, "met"), (0.01 + 0.9e-6, "met"), (0.01 + 1.1e-6, "little"),
        (0.1, "little"), (0.1 + 0.9e-6, "little"), (0.1 + 1.1e-6, "part"),
        (0.5, "part"), (0.5 + 0.9e-6, "part"), (0.5 + 1.1e-6, "most"), (1.0, "most"),
    ],
)  # fmt: skip
def test_a_border_and_what_is_within_a_millionth_of_it_is_in_the_lower_class(share: float, word: str) -> None:
    assert class_of(share) == word
    assert list(CLASSES) == ["met", "little", "part", "most"]


@pytest.mark.parametrize(
    ("near", "word"), [(99, "met"), (98, "little"), (90, "little"), (89, "part"), (50, "part"), (49, "most")]
)
def test_the_class_of_a_chain(near: float, word: str) -> None:
    assert asked(pits(near=near, far=100, want=100)).central["class"].tolist() == [word]


# -- what can be said ----------------------------------------------------------------------------------


def shared(other: float, **more: Any) -> cn.Network:
    """The near pit's 10 t are asked for by us (10 t, first) and by others; the far pit has as much as both want."""
    others = ("jp", "Other user", "end_use", "JPN", None, "reported", None, None)
    return pits(
        near=10, far=10 + other, want=10, nodes=[others], edges=[("near", "jp"), ("far", "jp")],
        demand=[("jp", "defence", other, None, None)], beneficiaries=["USA"], **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "due", "certain"),
    [(0.1, 0.005, True), (1.0, 0.05, True), (2.0, 0.1, True), (2.4, 0.12, False), (30.0, 0.5, False)],
)
def test_an_order_that_moves_the_class_by_two_leaves_nothing_to_be_said(
    other: float, due: float, certain: bool
) -> None:
    """If nobody is first who of 10 t gets how much is a tie: from nothing to all that the others ask for is ours."""
    found = asked(shared(other))
    row = found.table.set_index("id").loc["order:alike"]
    assert row["due_share"] == pytest.approx(due), "the middle"
    assert row[["due_low_share", "due_high_share"]].tolist() == pytest.approx([0.0, 2 * due])
    assert found.central["class"].tolist() == ["met"]
    assert found.certain is certain
    assert found.firmness["order"] == (class_of(due) == "met")
    ends = found.range.loc["defence"]
    assert ends["high_share"] == pytest.approx(2 * due)
    assert ends["last_share"] == pytest.approx(min(other / 10, 1.0)), "served last we get what is left"
    assert ends["high_by"] == "order:alike"


def test_served_last_is_a_stress_test_and_decides_nothing() -> None:
    """The others have a pit of their own, so alike nobody lacks; first of all others they may take ours too."""
    found = asked(shared(0.15))
    last = found.table.set_index("id").loc["order:allies_last"]
    assert (class_of(last["due_share"]), last["changes_result"], last["what"]) == ("little", False, "")
    assert found.firmness["order"]
    assert found.range.loc["defence", "high_share"] == pytest.approx(0.015)


def test_one_plant_that_moves_the_class_by_two_leaves_nothing_to_be_said() -> None:
    found = asked(pits(near=100, far=100, want=100, near_is="assumed"))
    assert not found.certain
    assert found.words["why"].startswith(
        "One thing by itself moves it by two classes or more: without Near pit it is 100 %. Draws cannot show that"
    )
    assert found.decides == ("without Near pit",)
    assert found.decides_ends == pytest.approx((1.0, 1.0))
    assert found.firmness.to_dict() == dict.fromkeys(SQUARES, True) | {"plants": False}
    ends = found.range.loc["defence"]
    assert (ends["high_share"], ends["high_by"]) == (pytest.approx(1.0), "node:near")
    # by one class, from little to part, it is named and no more
    nodes = [("mid", "Mid pit", "mine", "AUS", 5.0, "assumed", None, None)]
    found = asked(pits(near=89, far=100, want=100, nodes=nodes, edges=[("mid", "us")]))
    assert found.central["class"].tolist() == ["little"]
    assert found.certain
    assert "why" not in found.words
    assert found.words["asked"].startswith("Defence demand in a steady year with new suppliers")
    assert found.decides == ("without Mid pit",)
    assert "1" not in found.words["decides"]


def test_a_weak_input_that_alone_goes_past_the_range_of_judgements_stands_beside_it() -> None:
    """Of samarium 8 t are left for 10, of neodymium enough: all demand high costs 12 of 40 t, samarium's alone 12 of 30.

    All demand low costs nothing, so the lower end is not passed.
    """
    ends = [("near_sm", "sm", 8), ("near_nd", "nd", 100), ("far_sm", "sm", 100), ("far_nd", "nd", 100)]
    net = cn.Network(
        frame("id label stage country capacity_tpa", *((i, i, "mine", "AUS", size) for i, _, size in ends),
              ("us", "User", "end_use", "USA", None)),
        frame("source target commodity", *((i, "us", good) for i, good, _ in ends)),
        commodities=frame("id label", ("sm", "Samarium"), ("nd", "Neodymium")),
        demand=frame("node commodity tier demand_tpa quality low high", ("us", "sm", "defence", 10, "assumed", 5, 20),
                     ("us", "nd", "defence", 10, "assumed", 5, 20)),
    )  # fmt: skip
    found = asked(net, cn.Scenario("stop", [{"kind": "remove", "nodes": ["far_sm", "far_nd"]}]))
    assert found.range.loc["defence", ["low_share", "high_share"]].tolist() == pytest.approx([0.0, 0.3])
    alone = "one weak input alone goes further: up to 40 % with demand of User (Samarium) at its high value."
    assert found.words["range"].endswith(alone)
    # the first tier is all there is
    assert "others" not in found.words


def test_what_leaves_more_short_without_the_scenario_stands_last_for_it_is_no_way_out() -> None:
    """A refiner of far ore gives 8 of 10. Without it 10 lack with the stop and without, so nothing is due."""
    net = cn.Network(
        frame("id label stage country capacity_tpa quality", ("far", "Far", "mine", "CHN", 8, "reported"),
              ("ref", "Refiner", "refiner", "AUS", 8, "assumed"), ("us", "User", "end_use", "USA", None, "reported")),
        frame("source target flow_tpa", ("far", "ref", 8), ("ref", "us", 8)),
        demand=frame("node tier demand_tpa quality low high", ("us", "defence", 10, "assumed", 10, 20)),
    )  # fmt: skip
    found = asked(net, cn.Scenario("stop", [{"kind": "remove", "nodes": ["far"]}]))
    rows = found.moving.set_index("label")[["due_share", "shortfall_share", "change_share"]]
    assert rows.loc["Refiner"].tolist() == pytest.approx([0.0, 1.0, -0.8])
    assert rows.loc["every demand at its high value"].tolist() == pytest.approx([0.4, 1.0, -0.4])
    assert list(rows.index).index("Refiner") > list(rows.index).index("every demand at its high value")


def test_the_tiers_after_the_first_are_named_where_they_are_short() -> None:
    """5 t are left: defence takes its 4, industry gets 1 of 3, and civil users, who ask for 2, get nothing."""
    net = pits(near=5, far=10, want=4, demand=[("us", "industrial", 3, None, None), ("us", "civilian", 2, None, None)])
    said = asked(net).words["others"]
    assert said.startswith("Of the tiers after it 67 % of industrial demand and 100 % of civilian demand are short")
    assert asked(net).words["asked"].startswith("Defence demand, the first tier that asks, in a steady year")
    one = asked(net, tier="industrial").words
    assert one["verdict"].startswith("Industrial demand is short by most of it")
    assert one["asked"].startswith("Industrial demand in a steady year")
    assert "others" not in asked(pits(near=9, far=10, want=4)).words


def test_a_plant_that_the_scenario_takes_anyway_is_no_milder_scenario() -> None:
    """Without the far pit 9 of 10 t are short with the scenario and without it: its row stands, and decides nothing."""
    net = pits(near=1, far=10, want=10)
    nodes = net.nodes
    net = net.with_table("nodes", nodes.assign(quality=nodes["quality"].mask(nodes["id"] == "far", "assumed")))
    found = asked(net)
    row = found.table.set_index(["id", "variant"]).loc[("far", "absent")]
    assert row[["shortfall_share", "due_share", "what"]].tolist() == [pytest.approx(0.9), 0.0, ""]
    assert found.certain
    assert found.range.loc["defence", ["low_share", "low_by"]].tolist() == [pytest.approx(0.9), "central"]


def test_what_opened_since_the_base_year_is_doubted_one_by_one_and_together() -> None:
    new = [(f"new{i}", f"New pit {i}", 2.0, 2026, "operating", "reported") for i in (1, 2)]
    net = cn.Network(
        frame("id stage country capacity_tpa", ("near", "mine", "AUS", 96.5), ("far", "mine", "CHN", 100.0), ("us", "end_use", "USA", None)),
        frame("source target", *[(name, "us") for name in ("near", "far", "new1", "new2")]),
        demand=frame("node tier demand_tpa", ("us", "defence", 100.0)),
        projects=frame("id label capacity_tpa start_year status quality", *new).assign(country="AUS", stage="mine"),
        year=2024,
    ).at("2027-12")  # fmt: skip
    found = asked(net)
    rows = found.table[found.table["variant"] == "absent"].set_index("id")
    assert rows["due_share"].to_dict() == pytest.approx({"new1": 0.015, "new2": 0.015, "opened": 0.035})
    assert rows.loc["opened", "label"] == "the two plants opened since the base year"
    assert found.decides[0] == "without the two plants opened since the base year"
    ends = found.range.loc["defence"]
    assert (ends["high_share"], ends["high_by"]) == (pytest.approx(0.035), "node:opened")


def test_each_kind_of_doubt_has_its_square() -> None:
    """Demand up to 104, then a far pit's user who knows no other: each alone changes the class, nothing else does."""
    net = pits(near=100, far=100, want=100, low=90, high=104)
    assert asked(net).firmness.to_dict() == dict.fromkeys(SQUARES, True) | {"demand": False}
    edges = net.edges
    lone = net.with_demand(net.demand.assign(high=None)).with_table("edges", edges[edges["source"] == "far"])
    found = asked(_with_known_way(lone))
    assert found.firmness.to_dict() == dict.fromkeys(SQUARES, True) | {"rerouting": False}
    assert found.range.loc["defence", ["high_share", "high_by"]].tolist() == [pytest.approx(1.0), "rerouting:existing"]
    assert found.certain, "only an order or a plant can leave nothing to be said"


@pytest.mark.parametrize(("square", "kinds"), SQUARES.items())
def test_a_kind_of_variation_fills_or_empties_one_square(square: str, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        rows = pd.DataFrame({"kind": [kind, kind], "what": ["rank", "class;closed_by"]})
        assert firmness(rows).to_dict() == dict.fromkeys(SQUARES, True) | {square: False}
        assert firmness(rows[:1]).all()
    assert sorted(kind for kinds in SQUARES.values() for kind in kinds) == sorted([*SETTINGS, *INPUTS])


def _with_known_way(net: cn.Network) -> cn.Network:
    """Let the near pit sell to a small shop, so that it may find new users."""
    shop = net.nodes[net.nodes["id"] == "us"].assign(id="shop", country="JPN")
    net = net.with_table("nodes", pd.concat([net.nodes, shop], ignore_index=True))
    edges = pd.concat([net.edges, pd.DataFrame({"source": ["near"], "target": ["shop"]})], ignore_index=True)
    return net.with_table("edges", edges)


# -- draws ---------------------------------------------------------------------------------------------


def test_the_class_share_is_that_of_256_draws_of_seed_0() -> None:
    """The near pit makes 50 to 92 t of 100, 89 t as given: due is part or little, draw by draw."""
    net = pits(near=89, far=100, want=100, near_low=50)
    nodes = net.nodes
    net = net.with_table("nodes", nodes.assign(high=nodes["high"].mask(nodes["id"] == "near", 92.0)))
    found = asked(net)
    made = [float(89 * one.factors[0]) for one in draws_of(net, 256)]
    want = np.mean([class_of(max(1 - near / 100, 0.0)) == "part" for near in made])
    assert found.range["class_share"].tolist() == [want]
    assert 0.5 < want < 1.0
    pd.testing.assert_frame_equal(asked(net).range, found.range)


def test_a_class_that_most_draws_leave_cannot_be_said() -> None:
    """At 90.5 t of 100 little is due; nearly any lower draw makes it a part, and half of all draws lie below."""
    net = pits(near=90.05, far=100, want=100, near_low=50)
    found = asked(net)
    assert found.central["class"].tolist() == ["little"]
    share = float(found.range["class_share"].iloc[0])
    assert 0.3 < share < 0.6
    assert found.certain is (share >= 0.5)


# -- an independent program ------------------------------------------------------------------------------


def scattered(seed: int) -> cn.Network:
    """Two or three pits, works and users of a metal, ours and others, in two tiers; what is known of them is mixed."""
    rng = np.random.default_rng(seed)
    n = [int(rng.integers(2, 4)) for _ in range(3)]
    ids = [[f"{letter}{i}" for i in range(k)] for letter, k in zip("pwu", n, strict=True)]
    places = [str(c) for c in rng.choice(["AUS", "CHN", "USA", "JPN"], size=n[0] + n[1])]
    rows = [
        (name, "mine" if name in ids[0] else "refiner", place, float(rng.integers(4, 20)))
        for name, place in zip([*ids[0], *ids[1]], places, strict=True)
    ]
    rows += [(name, "end_use", ("USA", "CHN", "JPN")[i], None) for i, name in enumerate(ids[2])]
    nodes = frame("id stage country capacity_tpa", *rows)
    nodes["quality"] = rng.choice(["reported", "assumed"], size=len(nodes))
    nodes["low"], nodes["high"] = 0.8 * nodes["capacity_tpa"], 1.3 * nodes["capacity_tpa"]
    pairs = [(a, b) for one, other in ((0, 1), (1, 2)) for a in ids[one] for b in ids[other] if rng.random() < 0.75]
    pairs += [
        (a, b) for one, other in ((0, 1), (1, 2)) for a, b in [(ids[one][0], ids[other][0])] if (a, b) not in pairs
    ]
    edges = frame("source target", *pairs)
    edges["flow_tpa"] = rng.integers(1, 6, size=len(edges)).astype(float)
    edges["capacity_tpa"] = edges["flow_tpa"] + rng.integers(0, 5, size=len(edges))
    edges["quality"] = rng.choice(["reported", "inferred"], size=len(edges))
    demand = frame(
        "node tier demand_tpa",
        *[(u, tier, float(rng.integers(2, 9))) for u in ids[2] for tier in ("defence", "civilian")],
    )
    demand["low"], demand["high"], demand["quality"] = 0.7 * demand["demand_tpa"], 1.4 * demand["demand_tpa"], "assumed"
    return cn.Network(nodes, edges, demand=demand, beneficiaries=["USA", "JPN"], name=f"scattered {seed}")  # fmt: skip


def ends_by_balance(net: cn.Network, scenario: cn.Scenario | None, order: str, reroute: str) -> pd.DataFrame:
    """What each tier lacks at the least and at the most, t/yr, by ``balance`` alone."""
    counting = Counting.of(net).in_order(order)  # type: ignore[arg-type]
    found = balance_under(counting, overlay_of(net, scenario), reroute)  # type: ignore[arg-type]
    table = found.by_tier()
    if found.ranges is not None:
        table = table.assign(least=found.ranges["shortfall_least_tpa"], most=found.ranges["shortfall_most_tpa"])
    else:
        table = table.assign(least=table["shortfall_tpa"], most=table["shortfall_tpa"])
    return table[["demand_tpa", "least", "most"]]


def otherwise(net: cn.Network, row: Any, order: str) -> tuple[cn.Network, str, str]:
    """The network, the order and the rerouting of a variation; ``order`` is that of the central case."""
    kind, name, variant = row["kind"], row["id"], row["variant"]
    edges, demand = net.edges, net.demand
    if kind == "order":
        return net, variant, "new"
    if kind == "rerouting":
        return net, order, variant
    if kind == "demand":
        return net.with_demand(demand.assign(demand_tpa=demand[variant])), order, "new"
    if kind == "slack":
        margin = slack_factors(net, {"less": 0.0, "more": 2.0}[variant])
        return net.with_table("edges", edges.assign(capacity_tpa=edges["capacity_tpa"] * margin)), order, "new"
    if kind == "density":
        other = denser(net) if variant == "more" else net.with_table("edges", edges[~thin_relations(net)])
        return other, order, "new"
    if kind == "node" and variant == "absent":
        nodes = net.nodes  # a plant that is there and makes nothing, so that all links stay known
        return net.with_table("nodes", nodes.assign(capacity_tpa=nodes["capacity_tpa"].mask(nodes["id"] == name, 0.0))), order, "new"  # fmt: skip
    if kind == "node":
        nodes = net.nodes
        at = nodes["id"] == name
        return net.with_table("nodes", nodes.assign(capacity_tpa=nodes["capacity_tpa"].mask(at, nodes[variant]))), order, "new"  # fmt: skip
    assert kind == "input", kind
    at = demand["node"] + " / " + demand["tier"] == name
    return net.with_demand(demand.assign(demand_tpa=demand["demand_tpa"].mask(at, demand[variant]))), order, "new"  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("by_law", [False, True])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))])
def test_all_of_it_against_a_program_that_only_calls_balance(
    seed: int, by_law: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainnet.flow._order.LAW_BY_DEFAULT", by_law)
    net = scattered(seed)
    if by_law:  # one of ours is put first by law, one by an arrangement, and half of what a pit digs is sold to us
        service = frame("country instrument binding", ("USA", "act", "law"), ("JPN", "plan", "arrangement"))
        contract = frame("supplier for share", ("p0", "USA", 0.5))
        net = net.with_table("service", service).with_table("contracts", contract)
    order = Counting.of(net, order=None).order
    assert order == ("law" if by_law else "allies_first")
    scenario = cn.Scenario("china", [{"kind": "restrict", "from": {"country": "CHN"}, "share": 0.0}])
    found = asked(net, scenario)
    naive: dict[tuple[str, str], dict[str, tuple[float, float, float, float]]] = {}

    def due(other: cn.Network, order: str, reroute: str) -> dict[str, tuple[float, float, float, float]]:
        hit, calm = (ends_by_balance(other, one, order, reroute) for one in (scenario, None))
        out = {}
        for tier in hit.index:
            ends = [
                (hit.loc[tier, end] - calm.loc[tier, end]) / hit.loc[tier, "demand_tpa"] for end in ("least", "most")
            ]
            already = (calm.loc[tier, "least"] + calm.loc[tier, "most"]) / 2 / calm.loc[tier, "demand_tpa"]
            out[str(tier)] = (sum(ends) / 2, min(ends), max(ends), already)
        return out

    base = due(net, str(order), "new")
    rows = found.table[~found.table["kind"].isin(["relation", "density"]) | (found.table["id"] == "density:more")]
    for row in rows.drop_duplicates(["kind", "id", "variant"]).to_dict("records"):
        naive[row["id"], row["variant"]] = due(*otherwise(net, row, str(order)))
    for row in rows.to_dict("records"):
        middle, low, high, _ = naive[row["id"], row["variant"]][row["tier"]]
        got = [row["due_share"], row["due_low_share"], row["due_high_share"]]
        assert got == pytest.approx([middle, low, high], abs=TINY), (row["id"], row["variant"], row["tier"])
    for tier in found.central.index:
        mine = found.of(str(tier))
        middle, low, high, already = base[str(tier)]
        word, judged, jump = class_of(middle), [("central", low, high)], False
        moved = set()
        for (name, variant), by_tier in naive.items():
            value, least, most, without = by_tier[str(tier)]
            kind = rows.loc[rows["id"] == name, "kind"].iloc[0]
            if name == "order:allies_last":
                assert mine.range["last_share"].iloc[0] == pytest.approx(value, abs=TINY)
                continue
            if kind == "node" and without > already + 1e-7 and value < middle:
                continue
            steps = abs(list(CLASSES).index(class_of(value)) - list(CLASSES).index(word))
            jump = jump or (kind in ("order", "node") and steps >= 2)
            moved |= {kind} if steps else set()
            if kind in SETTINGS or (kind == "node" and variant == "absent"):
                judged.append((name, least, most))
        row = mine.range.iloc[0]
        others = found.table[(found.table["tier"] == tier) & (found.table["id"] == "density:less")]
        if others.empty:
            assert row["low_share"] == pytest.approx(min(low for _, low, _ in judged), abs=TINY)
            assert row["high_share"] == pytest.approx(max(high for *_, high in judged), abs=TINY)
        assert mine.central["class"].tolist() == [word]
        assert mine.certain == (row["class_share"] >= 0.5 and not jump)
        for square in ("order", "rerouting", "demand"):
            assert mine.firmness[square] == (not moved & set(SQUARES[square])), square


@pytest.mark.long
def test_draws_against_balance() -> None:
    net = scattered(3)
    scenario = cn.Scenario("china", [{"kind": "restrict", "from": {"country": "CHN"}, "share": 0.0}])
    found = asked(net, scenario)
    counting, held = Counting.of(net, order=None), []
    for one in draws_of(net, 256)[:48]:
        hit, calm = (
            balance_under(counting, one.put(overlay_of(net, under)), "new").by_tier() for under in (scenario, None)
        )
        held.append([class_of(s) for s in (hit["shortfall_tpa"] - calm["shortfall_tpa"]) / hit["demand_tpa"]])
    case = Case(counting, scenario)
    assert [list(words) for words in case.classes(draws_of(net, 48))] == held
    assert found.range["class_share"].between(0, 1).all()


# -- another order ---------------------------------------------------------------------------------------

CHINA = cn.Scenario("china", [{"kind": "restrict", "from": {"country": "CHN"}, "share": 0.0}])
# the first tier of those whom a law puts first, of all others, and the next tier of everyone
LIKE_LAW = frame("stage country tier", (1, "USA", "defence"), (2, "JPN", "defence"), (2, "CHN", "defence"), (3, "", "civilian"))  # fmt: skip


def under_a_law(seed: int) -> cn.Network:
    """A chain in which one of ours is put first by a law, the other by an arrangement; no export rule, no contract."""
    service = frame("country instrument binding", ("USA", "act", "law"), ("JPN", "plan", "none"))
    return scattered(seed).with_table("service", service)


SLOW = pytest.mark.slow


@pytest.mark.long
@pytest.mark.parametrize(
    "order", ["law", "alike", *(pytest.param(o, marks=SLOW) for o in ("allies_first", "allies_last"))]
)
@pytest.mark.parametrize("seed", [1, pytest.param(5, marks=SLOW)])
def test_the_central_case_is_in_the_order_that_is_asked(order: Any, seed: int) -> None:
    net = under_a_law(seed)
    found = asked(net, CHINA, order=order)
    ends = [ends_by_balance(net, one, order, "new")[["least", "most"]] for one in (CHINA, None)]
    hit, calm = (both.mean(axis=1) for both in ends)
    assert found.central["shortfall_tpa"].to_numpy() == pytest.approx(hit.to_numpy(), abs=1e-6)
    assert found.central["due_tpa"].to_numpy() == pytest.approx((hit - calm).to_numpy(), abs=1e-6)
    others = found.table.loc[found.table["kind"] == "order", "variant"]
    assert set(others) == {"law", "alike", "allies_first", "allies_last"} - {order}, "the range but the central one"
    assert found.range["last_share"].isna().all() == (order == "allies_last"), "that test would be the central case"
    assert found.provenance["settings"].get("order", "allies_first") == order
    by_default = asked(net, CHINA)
    mine = by_default.table[by_default.table["id"] == f"order:{order}"].set_index("tier")
    if order != "law":
        assert mine["due_tpa"].to_numpy() == pytest.approx(found.central["due_tpa"].to_numpy(), abs=1e-6)
    if order == "allies_last":
        assert found.range["high_by"].str.startswith("order:allies_last").sum() == 0


@pytest.mark.long
def test_a_table_of_the_stages_of_law_gives_what_law_gives() -> None:
    net = under_a_law(5)
    by_table, by_law = asked(net, CHINA, order=LIKE_LAW), asked(net, CHINA, order="law")
    assert by_law.central["due_share"].gt(0).any()
    pd.testing.assert_frame_equal(by_table.central, by_law.central, rtol=1e-6, atol=1e-6)
    ends = ["central_share", "low_share", "high_share", "last_share"]
    pd.testing.assert_frame_equal(by_table.range[ends], by_law.range[ends], rtol=1e-6, atol=1e-6)
    assert by_table.provenance["settings"]["order"] == "stages"


def test_an_order_that_is_none_is_told() -> None:
    with pytest.raises(cn.DataError, match=r'order: unknown order "ours".*allies_first.*DataFrame of stages'):
        asked(scattered(1), CHINA, order="ours")


# -- one tier ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_tier_picks_rows_and_is_served_in_its_turn() -> None:
    net = scattered(1)
    scenario = cn.Scenario("china", [{"kind": "restrict", "from": {"country": "CHN"}, "share": 0.0}])
    every, one = asked(net, scenario), asked(net, scenario, tier="civilian")
    assert list(one.range.index) == ["civilian"]
    pd.testing.assert_frame_equal(every.of("civilian").range, one.range, rtol=1e-6, atol=1e-6)
    assert every.of("civilian").decides == one.decides
    with pytest.raises(cn.DataError, match="tier"):
        every.of("military")


def test_a_user_of_several_goods_is_named_with_each() -> None:
    net = cn.Network(
        frame("id label stage country", ("pit", "Pit", "mine", "AUS"), ("us", "Army", "end_use", "USA"), ("jp", "Navy", "end_use", "JPN")),
        frame("source target commodity", *(("pit", end, good) for end in ("us", "jp") for good in ("sm", "nd", "nx"))),
        commodities=frame("id label", ("sm", "Samarium metal, 99 % (of metal)"), ("nd", "Magnet, dense"), ("nx", "Magnet, light")),
        demand=frame("node commodity tier demand_tpa", ("us", "sm", "defence", 1), ("us", "nd", "defence", 2),
                     ("us", "nx", "civilian", 3), ("jp", "sm", "defence", 4), ("jp", "sm", "civilian", 5)),
    )  # fmt: skip
    named = ["Army (Samarium metal)", "Army (Magnet, dense)", "Army (Magnet, light)", "Navy", "Navy"]
    assert sorted(demand_labels(net)) == sorted(named)
