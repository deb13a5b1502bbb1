"""``balance``: who is served when not all can be, and at what cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame, two_tier
from oracles import check_flow
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.engine import Ordered
from chainnet.errors import SolverError
from chainnet.flow import share_fairly
from chainnet.flow._stages import settled
from chainnet.lowering import Lowered, lower


def served(bal: object) -> dict[tuple[str, str], float]:
    table = bal.demand.set_index(["node", "tier"])["served_tpa"]  # type: ignore[attr-defined]
    return {key: round(value, 6) for key, value in table.items()}


def test_tiers_come_in_their_order() -> None:
    net = two_tier()
    bal = cn.balance(net, verify=True)
    assert bal.by_tier()["served_tpa"].to_dict() == pytest.approx({"defence": 3.0, "civilian": 2.0})
    assert bal.by_tier()["shortfall_tpa"].to_dict() == pytest.approx({"defence": 0.0, "civilian": 4.0})
    assert (bal.demand["shortfall_tpa"] - (bal.demand["demand_tpa"] - bal.demand["served_tpa"])).abs().max() < 1e-12
    check_flow(net, bal.edges, bal.demand)
    assert bal.certificate.ok


def test_cost_is_edges_and_nodes_without_penalty() -> None:
    # 10 t of ore at 1 + 2, 5 t of metal at 10; Japan's edge costs 1 more, so the USA's civilians come first
    bal = cn.balance(two_tier())
    assert bal.cost_usd == pytest.approx(10 * 3 + 5 * 10, abs=1e-5)
    assert served(bal)["u_usa", "civilian"] == pytest.approx(2.0)


def test_tiers_of_ones_own() -> None:
    net = two_tier()
    own = cn.Network(
        nodes=net.nodes,
        edges=net.edges,
        processes=net.processes,
        demand=net.demand,
        tiers=frame("tier rank", ("civilian", 1), ("defence", 2)),
        main_commodity="metal",
    )
    assert cn.balance(own).by_tier()["served_tpa"].to_dict() == pytest.approx({"civilian": 5.0, "defence": 0.0})


def test_others_after_and_before_bound_the_shortfall() -> None:
    net = two_tier()
    after = cn.balance(net, beneficiaries=["JPN"], order="allies_first")
    before = cn.balance(net, beneficiaries=["JPN"], order="allies_last")
    assert served(after) == {("u_jpn", "civilian"): 2.0, ("u_usa", "civilian"): 0.0, ("u_usa", "defence"): 3.0}
    assert served(before)["u_jpn", "civilian"] == 0.0
    assert sum(served(before).values()) == pytest.approx(5.0)
    with pytest.raises(cn.DataError, match="unknown order"):
        cn.balance(net, order="never")  # type: ignore[arg-type]


def test_nothing_disrupted_is_the_base() -> None:
    net = two_tier()
    pd.testing.assert_frame_equal(cn.balance(net).demand, cn.balance(net, cn.Scenario("nothing")).demand)


def test_unreachable_demand_is_shortfall() -> None:
    net = two_tier().without(nodes=["works"])
    bal = cn.balance(net)
    assert bal.demand["served_tpa"].sum() == 0.0
    assert bal.cost_usd == 0.0


def test_as_much_as_possible() -> None:
    net = two_tier()
    net = net.with_demand(net.demand.assign(demand_tpa=1e9))
    bal = cn.balance(net)
    assert bal.demand["served_tpa"].sum() == pytest.approx(5.0)
    assert served(bal)["u_usa", "defence"] == 5.0


@pytest.mark.long
@pytest.mark.parametrize(
    "scenario", [pytest.param("loss_of_bayan_obo", marks=pytest.mark.slow), "china_export_stop_all"]
)
def test_fair_shares_exist_wherever_there_is_an_answer(scenario: str) -> None:
    net = cn.read("rare-earths", as_of="2026")
    plain, fair = (
        cn.balance(net, cn.scenarios(net)[scenario], fair=equal, order="allies_first") for equal in (False, True)
    )
    short, asked = (plain.by_tier()[column] for column in ("shortfall_tpa", "demand_tpa"))
    # equal fractions take nothing from a tier as a whole, and cost no less
    assert ((fair.by_tier()["shortfall_tpa"] - short).abs() <= 1e-6 * asked).all()
    assert fair.cost_usd >= plain.cost_usd * (1 - 1e-8)
    assert fair.certificate.ok


def test_fair_floors_by_hand_and_wider_where_they_collide_by_rounding() -> None:
    """Of six tonnes both users get half of what they want, or one a quarter where its edge lets no more pass."""
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 6.0), *((user, "end_use", None) for user in "uvw")),
        edges=frame("source target capacity_tpa", ("m", "u", None), ("m", "v", None), ("m", "w", None)),
        demand=frame("node demand_tpa", ("u", 4.0), ("v", 8.0), ("w", 0.0)),
    )
    everyone = np.ones(3, dtype=bool)

    def floors(low: Lowered, value: float) -> tuple[Ordered, list[float]]:
        solver = Ordered(low.program, "fair", [low.serving(everyone)])
        solver.floor(0, -value)
        share_fairly(low, solver, [everyone])
        return solver, solver.model.bounds[0][low.served].tolist()

    low = lower(net)
    for value, looser in ((6.0, 1.0), (6.0 + 3e-9, 10.0), (6.0 + 3e-8, 100.0)):
        solver, found = floors(low, value)
        assert solver.looser == looser
        assert found == pytest.approx([2 * (1 - 1e-8 * looser), 4 * (1 - 1e-8 * looser), 0.0], rel=1e-10)
    with pytest.raises(SolverError, match="balance, fair: the program is infeasible"):
        floors(low, 6.0 + 1e-6)
    tight = net.with_table("edges", net.edges.assign(capacity_tpa=[1.0, None, None]))
    assert floors(lower(tight), 6.0)[1] == pytest.approx([1.0, 5.0, 0.0], rel=1e-7)


def test_fair_shares_inside_a_tier() -> None:
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 6.0), ("u", "end_use", None), ("v", "end_use", None)),
        edges=frame("source target capacity_tpa", ("m", "u", None), ("m", "v", None)),
        demand=frame("node tier demand_tpa", ("u", "defence", 4.0), ("v", "defence", 8.0), ("v", "civilian", 3.0)),
    )
    fair = cn.balance(net, fair=True)
    assert served(fair) == pytest.approx(
        {("u", "defence"): 2.0, ("v", "defence"): 4.0, ("v", "civilian"): 0.0}, abs=1e-5
    )
    capped = net.without(edges=[("m", "u")])
    edges = pd.concat([capped.edges, frame("source target capacity_tpa", ("m", "u", 1.0))], ignore_index=True)
    tight = cn.Network(nodes=net.nodes, edges=edges, demand=net.demand)
    assert served(cn.balance(tight, fair=True))["v", "defence"] == pytest.approx(5.0, abs=1e-5), "no tonne is wasted"


def test_other_commodities_come_after_in_id_order_and_hosts_last() -> None:
    # 4 t of feed make one each of product, side_a, side_b; a trader's 5 t/yr carry all three and the feed's rest
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", None), ("t", "refiner", 5.0), ("u", "end_use", None)),
        edges=frame(
            "source target commodity",
            *((s, d, c) for s, d in (("m", "t"), ("t", "u")) for c in ("main", "za", "ab", "host")),
        ),
        demand=frame(
            "node commodity tier demand_tpa",
            ("u", "main", "defence", 1.0),
            ("u", "main", "civilian", 1.5),
            ("u", "za", "defence", 2.0),
            ("u", "ab", "industrial", 2.0),
            ("u", "host", None, 9.0),
        ),
        main_commodity="main",
    )
    bal = cn.balance(net).demand.set_index("commodity")
    assert bal.loc["main", "served_tpa"].sum() == pytest.approx(2.5)
    assert bal.loc["za", "served_tpa"] == pytest.approx(2.0)
    assert bal.loc["ab", "served_tpa"] == pytest.approx(0.5)
    assert bal.loc["host", "served_tpa"] == pytest.approx(0.0)
    assert bal.loc["host", "shortfall_tpa"] == 0.0, "a host product is never short"
    first = cn.balance(net, commodity="ab").demand.set_index("commodity")
    assert first.loc["ab", "served_tpa"] == pytest.approx(2.0), "what counts comes first"


def disposal(
    extra: tuple[str, str, str, float] | None, ga_demand: float = 9.0, host_demand: float = 10.0
) -> cn.Network:
    """Alumina with 0.1 t gallium a tonne as by-product; ``extra`` adds a row to the recipe."""
    rows = [("bayer", "bauxite", "input", 2.0), ("bayer", "alumina", "output", 1.0), ("bayer", "ga", "byproduct", 0.1)]
    rows += [extra] if extra else []
    return cn.Network(
        nodes=frame(
            "id stage process capacity_tpa",
            ("m", "mine", None, None),
            ("host", "refiner", "bayer", 100.0),
            ("u", "end_use", None, None),
        ),
        edges=frame(
            "source target commodity",
            ("m", "host", "bauxite"),
            ("host", "u", "alumina"),
            ("host", "u", "ga"),
            *([("host", "u", extra[1])] if extra else []),
        ),
        processes=frame("process commodity role t_per_t", *rows),
        demand=frame(
            "node commodity tier demand_tpa",
            ("u", "ga", "defence", ga_demand),
            ("u", "alumina", None, host_demand),
            *([("u", extra[1], "civilian", 50.0)] if extra else []),
        ),
        main_commodity="ga",
    )


def test_a_byproduct_is_never_a_reason_to_run() -> None:
    bal = cn.balance(disposal(None)).demand.set_index("commodity")["served_tpa"]
    assert bal.to_dict() == pytest.approx({"alumina": 10.0, "ga": 1.0}), "the host sells 10 t, so 1 t of gallium"
    halved = cn.balance(disposal(None, host_demand=5.0)).demand.set_index("commodity")["served_tpa"]
    assert halved["ga"] == pytest.approx(0.5)
    little = cn.balance(disposal(None, ga_demand=0.2)).demand.set_index("commodity")["served_tpa"]
    assert little.to_dict() == pytest.approx({"alumina": 10.0, "ga": 0.2}), "surplus gallium is thrown away"


def test_a_coproduct_is() -> None:
    net = disposal(("bayer", "dy", "coproduct", 0.5))
    bal = cn.balance(net).demand.set_index("commodity")["served_tpa"]
    assert bal["ga"] == pytest.approx(9.0), "now any product may be thrown away, the main one too"
    assert cn.balance(net).nodes.loc["host", "throughput_tpa"] == pytest.approx(100.0, rel=1e-6)


def test_standins_add_up_each_within_its_share() -> None:
    def net(share: float | None) -> cn.Network:
        return cn.Network(
            nodes=frame(
                "id stage process capacity_tpa",
                ("a", "mine", None, 10.0),
                ("b", "mine", None, 4.0),
                ("p", "manufacturer", "make", None),
                ("u", "end_use", None, None),
            ),
            edges=frame("source target commodity", ("a", "p", "ca"), ("b", "p", "cb"), ("p", "u", "x")),
            processes=frame(
                "process commodity role t_per_t group max_share",
                ("make", "ca", "input", 2.0, "g", share),
                ("make", "cb", "input", 1.0, "g", None),
                ("make", "x", "output", 1.0, None, None),
            ),
            demand=frame("node commodity tier demand_tpa", ("u", "x", "defence", 99.0)),
        )

    assert cn.max_flow(net(None)).value_tpa == pytest.approx(9.0)  # 5 from a, 4 from b
    assert cn.max_flow(net(0.5)).value_tpa == pytest.approx(8.0)  # at most half from a
    assert cn.max_flow(net(0.0)).value_tpa == pytest.approx(4.0)
    assert cn.max_flow(net(0.5).without(nodes=["b"])).value_tpa == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("share", "defence", "served"),
    [
        # 4 t of cb and 2 t of clean ca: 5 t without Chinese ca, beside which the rest of it makes another 5
        (None, 99.0, (5.0, 5.0)),
        # all cb is in what defence takes, and Chinese ca alone may be no more than half
        (0.5, 99.0, (5.0, 0.0)),
        # a t of clean ca and 2 t of cb make the 3; the other 2 t of cb carry as much Chinese ca
        (0.5, 3.0, (3.0, 4.0)),
    ],
)
def test_standins_keep_their_share_in_what_is_made_without_a_barred_origin(
    share: float | None, defence: float, served: tuple[float, float]
) -> None:
    net = cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa",
            ("a_chn", "mine", "CHN", None, 10.0),
            ("a_aus", "mine", "AUS", None, 2.0),
            ("b", "mine", "AUS", None, 4.0),
            ("p", "manufacturer", "JPN", "make", None),
            ("u", "end_use", "USA", None, None),
        ),
        edges=frame(
            "source target commodity", ("a_chn", "p", "ca"), ("a_aus", "p", "ca"), ("b", "p", "cb"), ("p", "u", "x")
        ),
        processes=frame(
            "process commodity role t_per_t group max_share",
            ("make", "ca", "input", 2.0, "g", share),
            ("make", "cb", "input", 1.0, "g", None),
            ("make", "x", "output", 1.0, None, None),
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "x", "defence", defence), ("u", "x", "civilian", 99.0)),
    )
    barred = {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "tier": "defence"}
    found = cn.balance(net, cn.Scenario("clean", [barred])).by_tier()["served_tpa"]
    assert (found["defence"], found["civilian"]) == pytest.approx(served)


def test_a_mine_with_a_process_and_an_outside_source() -> None:
    net = cn.Network(
        nodes=frame("id stage process capacity_tpa", ("scrap", "recycler", "old", 3.0), ("u", "end_use", None, None)),
        edges=frame("source target commodity", ("scrap", "u", "x")),
        processes=frame("process commodity role t_per_t", ("old", "x", "output", 1.0)),
        demand=frame("node commodity tier demand_tpa", ("u", "x", "defence", 99.0)),
    )
    assert cn.max_flow(net).value_tpa == pytest.approx(3.0)


def test_the_three_degrees() -> None:
    nodes = frame(
        "id stage country capacity_tpa", ("m1", "mine", "AUS", 4.0), ("m2", "mine", "CHN", 4.0),
        ("p1", "refiner", "JPN", None), ("p2", "refiner", "CHN", None), ("u", "end_use", "USA", None),
    )  # fmt: skip
    edges = frame(
        "source target capacity_tpa flow_tpa cost_usd_per_t",
        ("m1", "p1", 3.0, 2.0, None), ("m2", "p2", None, 4.0, None),
        ("p1", "u", None, 2.0, None), ("p2", "u", None, 4.0, None),
    )  # fmt: skip
    net = cn.Network(nodes=nodes, edges=edges, demand=frame("node tier demand_tpa", ("u", "defence", 10.0)))
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": ["m2"]}])
    found = {d: cn.balance(net, stop, reroute=d).demand["served_tpa"].sum() for d in ("none", "existing", "new")}
    assert found == pytest.approx({"none": 2.0, "existing": 3.0, "new": 4.0})
    new = cn.balance(net, stop, reroute="new", extra_cost_usd_per_t=7.0)
    assert new.relations["flow_tpa"].sum() == pytest.approx(1.0, rel=1e-6)
    assert new.cost_usd == pytest.approx(7.0, rel=1e-6)
    closed = cn.Scenario(
        "closed", [*stop.measures, {"kind": "restrict", "from": {"country": "AUS"}, "to": {"country": "CHN"}}]
    )
    assert cn.balance(net, closed, reroute="new").demand["served_tpa"].sum() == pytest.approx(4.0), "over Japan's hub"
    both = cn.Scenario("both", [*stop.measures, {"kind": "restrict", "from": {"country": "AUS"}}])
    assert cn.balance(net, both, reroute="new").demand["served_tpa"].sum() == pytest.approx(0.0)
    with pytest.raises(cn.DataError, match="unknown degree"):
        cn.balance(net, reroute="free")  # type: ignore[arg-type]


def test_a_negative_cost_is_a_credit_and_around_an_unlimited_cycle_an_error() -> None:
    nodes = frame(
        "id stage capacity_tpa",
        ("m", "mine", 3.0),
        ("p", "refiner", None),
        ("q", "refiner", None),
        ("u", "end_use", None),
    )
    demand = frame("node tier demand_tpa", ("u", "defence", 2.0))
    good = frame("source target cost_usd_per_t", ("m", "p", -5.0), ("p", "u", 1.0))
    bal = cn.balance(cn.Network(nodes=nodes, edges=good, demand=demand))
    assert bal.cost_usd == pytest.approx(-8.0)
    ring = frame("source target cost_usd_per_t", ("m", "p", 1.0), ("p", "u", 1.0), ("p", "q", -3.0), ("q", "p", 1.0))
    with pytest.raises(cn.DataError, match=r"p -> q -> p|q -> p -> q"):
        cn.balance(cn.Network(nodes=nodes, edges=ring, demand=demand))


def test_prices_hold_where_they_say() -> None:
    net = two_tier()
    price = cn.balance(net).prices
    assert price.loc[("works", "ore"), "served_t_per_t"] == pytest.approx(0.5)
    row = price.loc[("works", "ore")]
    assert row["from_t"] < 0 < row["to_t"] <= 8.0, "4 t of metal are short, 8 t of ore"
    # a second source of as much ore beside the mine
    extra = row["to_t"]
    more = cn.Network(
        nodes=pd.concat([net.nodes, frame("id stage capacity_tpa", ("extra", "mine", extra))], ignore_index=True),
        edges=pd.concat([net.edges, frame("source target commodity", ("extra", "works", "ore"))], ignore_index=True),
        processes=net.processes,
        demand=net.demand,
        main_commodity="metal",
    )
    assert cn.max_flow(more).value_tpa - cn.max_flow(net).value_tpa == pytest.approx(extra * row["served_t_per_t"])


def test_a_price_is_negative_where_a_tonne_more_is_in_the_way() -> None:
    """Alumina from elsewhere, which the host cannot throw away, takes the place of its own and of the gallium in it."""
    prices = cn.balance(disposal(None)).prices
    for key in (("host", "alumina"), ("u", "alumina")):
        row = prices.loc[key]
        assert row[["served_t_per_t", "served_low", "served_high"]].tolist() == pytest.approx([-0.1] * 3)
        assert row[["from_t", "to_t"]].tolist() == pytest.approx([-80.0, 10.0])
    assert prices.loc[("host", "ga"), ["served_t_per_t", "from_t", "to_t"]].tolist() == pytest.approx([1.0, -1.0, 8.0])

    def gallium(more: float) -> float:
        """What is served with so much more alumina from elsewhere: so much less is asked of the host."""
        table = cn.balance(disposal(None, host_demand=10.0 - more)).demand.set_index("commodity")
        return float(table.loc["ga", "served_tpa"])

    assert gallium(10.0) == pytest.approx(1.0 - 0.1 * 10.0)
    assert gallium(-80.0) == pytest.approx(1.0 + 0.1 * 80.0)
    assert gallium(-85.0) == pytest.approx(9.0), "beyond that all that is asked for is served"


def test_what_a_tonne_saves_in_dollars() -> None:
    """Ore at 1 + 2, metal of 2 t of ore at 10, to Japan at 1: what is at hand need not be dug, made or shipped."""
    prices = cn.balance(two_tier()).prices
    assert prices.loc[("mine", "ore"), ["from_t", "to_t"]].tolist() == [0.0, pytest.approx(10.0)], "from here on"
    usd = prices["usd_per_t"]
    found = [usd[key] for key in (("mine", "ore"), ("works", "ore"), ("works", "metal"), ("u_jpn", "metal"))]
    assert found == pytest.approx([0.0, 3.0, 16.0, 17.0])


@pytest.mark.parametrize("seed", [1, 28])
def test_every_price_lies_between_its_ends_and_holds_where_we_are(seed: int) -> None:
    prices = cn.balance(recipe_network(seed, wild=False)).prices
    assert (prices["served_t_per_t"] < -1e-3).any()
    assert (prices["served_low"] <= prices["served_t_per_t"] + 1e-9).all()
    assert (prices["served_t_per_t"] <= prices["served_high"] + 1e-9).all()
    assert (prices["from_t"] <= 0.0).all()
    assert (prices["to_t"] >= 0.0).all()


def two_chains() -> cn.Network:
    """10 t of what counts and 2 t of what stands beside it, for the USA in two tiers and Japan in one."""
    return cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("a", "mine", "AUS", 10.0),
            ("b", "mine", "CHN", 2.0),
            ("usa", "end_use", "USA", None),
            ("jpn", "end_use", "JPN", None),
        ),
        edges=frame(
            "source target commodity", ("a", "usa", "x"), ("a", "jpn", "x"), ("b", "usa", "side"), ("b", "jpn", "side")
        ),
        demand=frame(
            "node commodity tier demand_tpa",
            ("usa", "x", "defence", 3.0),
            ("usa", "x", "civilian", 20.0),
            ("jpn", "x", "civilian", 5.0),
            ("usa", "side", "defence", 5.0),
            ("jpn", "side", "civilian", 1.0),
        ),
        main_commodity="x",
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {("node", "a", ""), ("demand", "usa", "defence")}),
        ({"beneficiaries": ["JPN"]}, {("demand", "jpn", "civilian")}),  # that the others lack a tonne is not theirs
        ({"beneficiaries": ["JPN"], "order": "allies_last"}, {("node", "a", "")}),
        ({"commodity": "side"}, {("node", "b", "")}),
        ({"commodity": "side", "beneficiaries": ["JPN"]}, {("demand", "jpn", "civilian")}),
        ({"commodity": ["x", "side"]}, {("node", "a", ""), ("node", "b", ""), ("demand", "usa", "defence")}),
    ],
)
def test_what_decides_is_what_binds_those_who_count(given: dict[str, Any], expected: set[tuple[str, str, str]]) -> None:
    table = cn.balance(two_chains(), **{"order": "allies_first", **given}).limiting
    assert set(zip(table["kind"], table["id"], table["tier"].astype(object).fillna(""), strict=True)) == expected
    assert table["price"].tolist() == pytest.approx([1.0] * len(expected))
    assert set(table.loc[table["kind"] == "demand", "commodity"]) <= {"x", "side"}


def test_nothing_decides_where_nobody_asks_for_what_counts() -> None:
    assert cn.balance(two_tier(), commodity="ore").limiting.empty
    found = cn.balance(two_tier()).limiting.set_index("id")
    assert found["price"].to_dict() == pytest.approx({"mine": 0.5, "u_usa": 1.0})
    assert found.loc["u_usa", "tier"] == "defence", "the civilians are short: their demand does not bind"


def test_no_demand_table_is_said() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "u", 1.0)))
    with pytest.raises(cn.DataError, match="no demand table"):
        cn.balance(net)


def test_mag9(mag9: cn.Network, china_out: cn.Scenario) -> None:
    whole = cn.balance(mag9)
    assert whole.by_tier()["served_tpa"].tolist() == pytest.approx([4.0, 16.0, 30.0], abs=1e-6)
    left = cn.balance(mag9, china_out, verify=True)
    assert left.by_tier()["served_tpa"].tolist() == pytest.approx([4.0, 6.0, 0.0], abs=1e-6)
    check_flow(mag9, left.edges, left.demand)
    assert left.prices.loc[("G_JP", "dy"), "served_t_per_t"] == pytest.approx(50.0)
    assert left.prices.loc[("G_JP", "dy"), "to_t"] == pytest.approx(0.04)
    assert np.isfinite(left.cost_usd)


def test_a_large_network_is_not_priced_for_ever() -> None:
    n = 600
    ids = [f"m{i}" for i in range(n)]
    net = cn.Network(
        nodes=pd.DataFrame(
            {"id": [*ids, "u"], "stage": ["mine"] * n + ["end_use"], "capacity_tpa": [1.0] * n + [None]}
        ),
        edges=pd.DataFrame({"source": ids, "target": "u"}),
        demand=frame("node tier demand_tpa", ("u", "defence", 700.0)),
    )
    bal = cn.balance(net)
    assert bal.demand["served_tpa"].sum() == pytest.approx(n)
    assert len(bal.prices) == n + 1
    assert bal.prices["served_low"].isna().all()
    assert bal.prices.loc[("u", ""), "served_t_per_t"] == pytest.approx(1.0)


def test_what_a_lock_gives_way_is_nobodys_shortfall() -> None:
    """Each tier is held a hair below what it got, and the least cost takes that hair: 3.5e-07 t of 5 t."""
    net = cn.read("rare-earths")
    demand = cn.balance(net, "china_licences_in_force").demand
    counted = demand[demand["is_counted"]]
    short = counted["shortfall_tpa"]
    assert (short > 0).any(), "somebody is short"
    assert not short.between(0.0, 1e-6 * counted["demand_tpa"], inclusive="neither").any()
    assert (counted["served_tpa"] + short).to_numpy() == pytest.approx(counted["demand_tpa"].to_numpy(), rel=1e-15)


@pytest.mark.parametrize(
    ("served", "wanted", "said"),
    [
        (40.0 - 3e-7, 40.0, 40.0),  # short of less than is open
        (3e-7, 40.0, 0.0),  # less than is open
        (30.0 - 2e-10, 40.0, 30.0),  # a round number but for rounding
        (24499.999999, 24500.0, 24500.0),  # 4e-11 of the demand is rounding
        (24499.999, 24500.0, 24499.999),  # a kilogram is none
        (40 / 3, 40.0, 40 / 3),  # no round number
        (1e7 - 5, 1e7, 1e7 - 5),  # whole tonnes stay, however large the demand
        (0.123456789, 1.0, 0.123456789),
        (0.1 + 0.2, 0.1 + 0.2, 0.1 + 0.2),  # all of a demand that is no round number itself
        (0.0, 0.0, 0.0),
    ],
)
def test_only_what_is_a_number_but_for_rounding_is_said_as_that_number(
    served: float, wanted: float, said: float
) -> None:
    assert float(settled(np.array([served]), np.array([wanted]), np.array([4e-7]))[0]) == said
