"""``cascade`` and ``bracket``: the published examples, a plain oracle, fixed points, mass, bad input."""

from __future__ import annotations

import dataclasses
import json
import random

import numpy as np
import pandas as pd
import pytest
from conftest import frame, hourglass, line
from hypothesis import given, settings
from hypothesis import strategies as st

import chainnet as cn
from chainnet.cascades import bracket, cascade
from chainnet.cascades._cascade import failing, shock_of
from chainnet.cascades._inventory import Behaviour, plants_of, simulate
from chainnet.cascades._links import end_uses, links_of
from chainnet.cli import main
from chainnet.flow import Counting
from chainnet.scenario import overlay_of

# network of Diem et al. 2022 as in the example of the GLcascade package; results derived from the formulas
LINKS = ["3>6", "4>6", "4>7", "5>7", "6>1", "6>2", "7>10", "7>11", "8>1", "8>2", "9>11"]
SECTOR = dict(zip(map(str, range(1, 12)), ["1", "1", "2", "2", "2", "3", "3", "4", "4", "5", "5"], strict=True))


def eleven(order: int = 0) -> cn.Network:
    rows = [(*link.split(">"), 1.0) for link in LINKS]
    random.Random(order).shuffle(rows)
    return cn.Network.from_edges(frame("source target flow_tpa", *rows))


def plant(mine_capacity: float | None = None) -> cn.Network:
    """One input at 0.5 t per tonne, 10 t of output a day."""
    return cn.Network(
        nodes=frame(
            "id stage process capacity_tpa",
            ("m", "mine", None, mine_capacity),
            ("p", "refiner", "works", None),
            ("u", "end_use", None, None),
        ),
        edges=frame("source target commodity flow_tpa", ("m", "p", "ore", 1825.0), ("p", "u", "metal", 3650.0)),
        processes=frame(
            "process commodity role t_per_t", ("works", "ore", "input", 0.5), ("works", "metal", "output", 1.0)
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "metal", "defence", 3650.0)),
        name="plant",
    )


# -- ESRI -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("importance", "replaceable", "index", "firm_6", "firm_1"),
    [
        ("nonessential", False, 3 / 18, 1 / 2, 1 / 4),
        ("essential", False, 4 / 18, 1 / 2, 1 / 2),
        ("nonessential", True, 0.0841751, 1 / 6, 1 / 22),
        ("essential", True, 0.0942761, 1 / 6, 1 / 11),
    ],
)
def test_example_of_eleven_firms(
    importance: str, replaceable: bool, index: float, firm_6: float, firm_1: float
) -> None:
    net = eleven()
    ends = net.edges["source"].value_counts(), net.edges["target"].value_counts()
    weights = {i: float(max(end.get(i, 0) for end in ends)) for i in SECTOR}
    assert sum(weights.values()) == 18
    found = cascade(net, "3", sector=SECTOR, importance=importance, replaceable=replaceable, weights=weights)
    assert found.esri == pytest.approx(index, abs=1e-6)
    loss = found.nodes["loss"]
    assert loss[["6", "1", "2", "3"]].tolist() == pytest.approx([firm_6, firm_1, firm_1, 1.0], abs=1e-9)
    assert (found.nodes["downstream_loss"] == loss).all(), "firm 3 avoids nothing"
    assert found.residual is not None
    assert found.residual <= 1e-9
    again = cascade(eleven(1), "3", sector=SECTOR, importance=importance, replaceable=replaceable, weights=weights)
    assert again.esri == found.esri
    pd.testing.assert_frame_equal(again.nodes, found.nodes)


def oracle(
    edges: pd.DataFrame,
    ids: list[str],
    fail: dict[str, float],
    sector: dict[str, str],
    word: dict[tuple[str, str], str],
    replaceable: bool,
) -> tuple[dict[str, float], dict[str, float]]:
    """The formulas, link by link."""
    w: dict[tuple[str, str], float] = {}
    for s, t, f in edges[["source", "target", "flow_tpa"]].itertuples(index=False):
        w[s, t] = w.get((s, t), 0.0) + f
    out = {i: sum(f for (s, _), f in w.items() if s == i) for i in ids}
    buys = {j: {i: f for (i, t), f in w.items() if t == j and f > 0} for j in ids}
    left = {i: 1.0 - fail.get(i, 0.0) for i in ids}
    down, up = dict.fromkeys(ids, 1.0), dict.fromkeys(ids, 1.0)
    for _ in range(3000):
        lost = {}
        for i in ids:
            market = sum(down[k] * out[k] for k in ids if sector[k] == sector[i])
            lost[i] = (min(1.0, out[i] / market) if replaceable and market > 0 else 1.0) * (1.0 - down[i])
        new = {}
        for j in ids:
            best, rest = left[j], 1.0
            for k in {sector[i] for i in buys[j]}:
                of_k = {i: f for i, f in buys[j].items() if sector[i] == k}
                essential = sum(f * lost[i] for i, f in of_k.items() if word[i, j] == "essential")
                best = min(best, 1.0 - essential / sum(of_k.values()))
                rest -= sum(f * lost[i] for i, f in of_k.items() if word[i, j] == "nonessential") / sum(
                    buys[j].values()
                )
            new[j] = max(0.0, min(best, rest))
        orders = {i: sum(f * (1 - up[t]) for (s, t), f in w.items() if s == i) / out[i] if out[i] else 0.0 for i in ids}
        down, up = new, {i: max(0.0, min(left[i], 1.0 - orders[i])) for i in ids}
    return down, up


@pytest.mark.parametrize("seed", range(8))
def test_parity_with_a_plain_oracle(seed: int) -> None:
    draw = random.Random(seed)
    ids = [f"n{i}" for i in range(7)]
    pairs = [(a, b) for a in ids for b in ids if a != b and draw.random() < 0.35]
    rows = [(a, b, float(draw.randint(0, 9))) for a, b in [*pairs, *draw.sample(pairs, 3)]]
    edges = frame("source target flow_tpa", *rows)
    net = cn.Network.from_edges(edges, nodes=frame("id stage", *((i, "refiner") for i in ids)))
    sector = {i: draw.choice("abc") for i in ids}
    word = {pair: draw.choice(["essential", "nonessential", "none"]) for pair in pairs}
    fail = {i: draw.choice([0.3, 1.0]) for i in draw.sample(ids, 2)}
    for replaceable in (False, True):
        down, up = oracle(edges, ids, fail, sector, word, replaceable)
        found = cascade(net, fail, sector=sector, importance=word, replaceable=replaceable, tolerance=1e-13)
        assert found.nodes["downstream_loss"].tolist() == pytest.approx([1 - down[i] for i in ids], abs=1e-9)
        assert found.nodes["upstream_loss"].tolist() == pytest.approx([1 - up[i] for i in ids], abs=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=20),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.sampled_from(["essential", "nonessential", "none"]),
    st.booleans(),
)
def test_a_larger_shock_never_costs_less(
    rows: list[tuple[int, int, int]], shares: tuple[float, float], importance: str, replaceable: bool
) -> None:
    links = [(f"n{a}", f"n{b}", float(f)) for a, b, f in rows if a != b]
    net = cn.Network.from_edges(frame("source target flow_tpa", *[*links, ("n0", "n1", 1.0)]))
    small, large = sorted(shares)
    how = {"importance": importance, "replaceable": replaceable}
    low, high = (cascade(net, {"n0": share}, **how) for share in (small, large))  # type: ignore[arg-type]
    assert (high.nodes["loss"] >= low.nodes["loss"] - 1e-6).all()
    assert ((high.nodes >= 0.0) & (high.nodes <= 1.0)).all(axis=None)
    both = cascade(net, {"n0": large, "n1": large}, **how)  # type: ignore[arg-type]
    assert (both.nodes["loss"] >= high.nodes["loss"] - 1e-6).all()
    assert both.esri is not None
    assert low.esri is not None
    assert both.esri >= low.esri - 1e-6


def test_nothing_fails_nothing_is_lost(rare_earths: cn.Network) -> None:
    for fail in ([], {}, {"mys_kuantan": 0.0}):
        found = cascade(rare_earths, fail)
        assert found.esri == 0.0
        assert (found.nodes == 0.0).all(axis=None)
        assert (found.tiers["lost_tpa"] == 0.0).all()


def test_recipes_say_what_is_essential(mag9: cn.Network) -> None:
    found = cascade(mag9, "H_CN").nodes["loss"]
    assert found[["G_CN", "G_JP"]].tolist() == pytest.approx([0.8 / 0.84, 0.1 / 0.16])
    assert found["USE"] == pytest.approx((42 * 0.8 / 0.84 + 8 * 0.1 / 0.16) / 50), "what does not arrive"
    none = cascade(mag9, "H_CN", importance={("H_CN", "G_CN"): "none"}).nodes["loss"]
    assert none[["G_CN", "G_JP"]].tolist() == pytest.approx([0.0, 0.1 / 0.16])


def test_stand_ins_are_one_input() -> None:
    net = cn.Network(
        nodes=frame(
            "id stage process",
            ("a", "mine", None),
            ("b", "mine", None),
            ("c", "mine", None),
            ("p", "refiner", "works"),
            ("u", "end_use", None),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("a", "p", "rich", 30.0),
            ("b", "p", "poor", 120.0),
            ("c", "p", "acid", 10.0),
            ("p", "u", "metal", 30.0),
        ),
        processes=frame(
            "process commodity role t_per_t group",
            ("works", "rich", "input", 2.0, "ore"),
            ("works", "poor", "input", 8.0, "ore"),
            ("works", "acid", "input", 1 / 3, None),
            ("works", "metal", "output", 1.0, None),
        ),
    )
    loss = {name: cascade(net, name).nodes.loc["u", "loss"] for name in "abc"}
    assert loss == pytest.approx({"a": 0.5, "b": 0.5, "c": 1.0}), "15 t of output each, whatever the tonnes"
    run = cascade(net, "a", method="ario", days=2000, inventory_days=10)
    assert run.output["p"].iloc[-1] * 365 == pytest.approx(15.0 * 1.25, rel=0.02), "b works at its overproduction"


def test_upstream_and_parallel_rows() -> None:
    net = cn.Network.from_edges(
        frame("source target flow_tpa", ("m", "p", 1.0), ("m", "p", 3.0), ("m", "q", 4.0), ("p", "u", 2.0))
    )
    found = cascade(net, {"p": 0.5}).nodes
    assert found["upstream_loss"][["m", "p", "q"]].tolist() == pytest.approx([0.25, 0.5, 0.0])
    assert found["downstream_loss"][["m", "u"]].tolist() == pytest.approx([0.0, 0.5])


def test_a_loss_that_grows_slowly_in_a_cycle() -> None:
    net = cn.Network.from_edges(
        frame("source target flow_tpa", ("a", "b", 999.0), ("b", "a", 999.0), ("c", "a", 1.0)),
        nodes=frame("id stage", ("a", "refiner"), ("b", "refiner")),
    )
    assert cascade(net, "c").nodes.loc["a", "loss"] == pytest.approx(1.0, abs=1e-5)


def test_edges_of_projects_are_left_out(mag9: cn.Network) -> None:
    built = mag9.with_projects(["H_US"])
    assert cascade(built, "H_CN").nodes.loc["G_CN", "loss"] == cascade(mag9, "H_CN").nodes.loc["G_CN", "loss"]
    with pytest.raises(cn.UnknownIdError, match="not built"):
        cascade(mag9, "H_US")


# -- ARIO -----------------------------------------------------------------------------------------


def test_example_of_one_input() -> None:
    found = cascade(plant(), "m", method="ario", inventory_days=10, days=12)
    made = found.output["p"]
    assert made[:3].tolist() == pytest.approx([10.0] * 3)
    assert (made[3:] / made.shift()[3:]).tolist() == pytest.approx([0.875] * 9)
    assert made.sum() == pytest.approx(78.954, abs=5e-4)
    assert made.sum() == pytest.approx(30 + 70 * (1 - 0.875**9), rel=1e-9)
    assert found.path["served_t"].tolist() == pytest.approx(made.tolist())
    assert found.tiers.loc["defence", "lost_t"] == pytest.approx(120 - made.sum())
    assert found.nodes.loc["p", "first_day_short"] == 4
    hard = cascade(plant(), "m", method="ario", inventory_days=10, days=12, psi=0.0)
    assert hard.output["p"].tolist() == pytest.approx([10.0] * 10 + [0.0] * 2, abs=1e-9), "a hard stop at day 10"


@pytest.mark.parametrize("name", ["mag-9", "rare-earths"])
def test_the_baseline_is_a_fixed_point(graphs: dict[str, cn.Network], name: str) -> None:
    for more in ({}, {"inventory_days": 1, "psi": 1.0}, {"ordering": "baseline"}):
        found = cascade(graphs[name], [], method="ario", days=400, **more)  # type: ignore[arg-type]
        assert found.output.iloc[-1].to_numpy() == pytest.approx(found.output.iloc[0].to_numpy(), rel=1e-9)
        assert found.path["lost_t"].max() <= 1e-9 * found.path["demand_t"].max()
        assert found.nodes["first_day_short"].isna().all()


def test_after_the_outage_all_is_as_before() -> None:
    found = cascade(plant(), "m", method="ario", inventory_days=10, days=1500, start_day=11, days_out=20)
    share = found.path["served_share"]
    assert share[:13].min() == 1.0
    assert share[14:30].max() < 1.0
    assert share.iloc[-1] == pytest.approx(1.0)
    never = cascade(plant(), "m", method="ario", days=10, start_day=11)
    assert never.path["lost_t"].sum() == 0.0


def test_mass_is_conserved(rare_earths: cn.Network) -> None:
    links = links_of(rare_earths)
    plants = plants_of(
        links, end_uses(links, Counting(links.tables.network)), Behaviour(inventory_days=20).check(links.words)
    )
    left = np.where(rare_earths.nodes["id"] == "chn_ionic", 0.25, 1.0)
    shock = dataclasses.replace(shock_of(links, failing(rare_earths, left)), output_left=left, days_out=200)
    run = simulate(plants, shock, Behaviour(inventory_days=20), 500)
    assert run.start_stock + run.received - run.used == pytest.approx(run.stock, rel=1e-9, abs=1e-6)
    shipped = np.bincount(plants.outlet, run.shipped)
    most = run.made[plants.outlet_unit] * plants.outlet_ratio
    assert (shipped <= most * (1 + 1e-9)).all()
    capacity = rare_earths.nodes["capacity_tpa"].to_numpy()[plants.unit_node]
    assert (run.made <= np.where(np.isnan(capacity), np.inf, capacity) / 365 * 500 * (1 + 1e-9)).all()
    used = plants.slot_ratio * run.made[plants.slot_unit]
    assert run.used == pytest.approx(used)
    assert (run.use_served <= run.use_asked * (1 + 1e-12)).all()


@settings(max_examples=12)
@given(st.floats(1, 60), st.floats(1, 60), st.floats(0, 1), st.floats(0.1, 1))
def test_more_in_store_never_hurts(one: float, other: float, share: float, psi: float) -> None:
    few, many = sorted((one, other))
    served = [
        cascade(plant(), {"m": share}, method="ario", inventory_days=stock, psi=psi, days=60).path["served_t"].sum()
        for stock in (few, many)
    ]
    assert served[1] >= served[0] * (1 - 1e-9)


def test_a_plant_does_not_run_for_its_byproduct() -> None:
    """Metal is wanted by half: slag comes by half too, whoever asks for all of it."""
    slag = frame("process commodity role t_per_t", ("works", "slag", "byproduct", 0.2))
    base = plant()
    net = cn.Network(
        nodes=pd.concat([base.nodes, frame("id stage", ("road", "end_use"))]),
        edges=pd.concat([base.edges, frame("source target commodity flow_tpa", ("p", "road", "slag", 730.0))]),
        processes=pd.concat([base.processes, slag]),
        demand=pd.concat([base.demand, frame("node commodity tier demand_tpa", ("road", "slag", "civilian", 730.0))]),
        main_commodity="metal",
    )
    for user, share in (("u", 0.5), ("road", 1.0)):
        found = cascade(net, {user: 0.5}, method="ario", inventory_days=10, days=800)
        assert found.output["p"].iloc[-1] == pytest.approx(share * found.output["p"].iloc[0], rel=1e-3)


def test_orders_turn_to_who_can_still_make() -> None:
    net = cn.Network.from_edges(
        frame("source target flow_tpa", ("a", "p", 5.0), ("b", "p", 5.0), ("p", "u", 10.0)),
        nodes=frame("id stage capacity_tpa", ("b", "mine", 6.0), ("p", "refiner", None)),
    )

    def lost(ordering: str, days: float, restock: float, psi: float) -> float:
        habits = {"inventory_days": days, "restock_days": restock, "psi": psi, "tau_days": 5}
        return float(
            cascade(net, "a", method="ario", ordering=ordering, days=300, **habits).path["lost_t"].iloc[-1] * 365
        )

    # who turns to b has all that b can make; who does not still asks it for half of a day's use and of the gap's part:
    # x = (1 + (days - psi days x) / restock) / 2 of the baseline, a store of psi days x bearing an output of x
    for days, restock, psi in ((5, 60, 0.8), (5, 30, 0.8), (5, 60, 0.5)):
        share = 0.5 * (1 + days / restock) / (1 + 0.5 * psi * days / restock)
        assert lost("alt", days, restock, psi) == pytest.approx(4.0, abs=1e-9), "the capacity of b holds"
        assert lost("baseline", days, restock, psi) == pytest.approx(10.0 * (1 - share), abs=1e-3)
    assert lost("baseline", 10, 30, 0.5) == pytest.approx(4.0, abs=1e-9), "large gaps ask for more than b can make"


def two_inputs() -> cn.Network:
    """A works that needs a and b; two makers of b, one behind a border; another user of b."""
    return cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa",
            ("a", "mine", "USA", None, 365.0),
            ("b_chn", "mine", "CHN", None, 3650.0),
            ("b_usa", "mine", "USA", None, 730.0),
            ("w", "refiner", "USA", "works", None),
            ("u", "end_use", "USA", None, None),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("a", "w", "a", 365.0),
            ("b_chn", "w", "b", 365.0),
            ("b_usa", "w", "b", 365.0),
            ("w", "u", "metal", 365.0),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("works", "a", "input", 1.0),
            ("works", "b", "input", 2.0),
            ("works", "metal", "output", 1.0),
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "metal", "defence", 365.0)),
        main_commodity="metal",
        name="two_inputs",
    )


def test_a_plant_that_waits_does_not_pile_up_its_other_inputs() -> None:
    net = two_inputs()
    links = links_of(net)
    how = Behaviour(inventory_days=10)
    plants = plants_of(links, end_uses(links, Counting(links.tables.network)), how.check(links.words))
    left = np.where(net.nodes["id"] == "a", 0.0, 1.0)
    shock = dataclasses.replace(shock_of(links, failing(net, left)), output_left=left)
    run = simulate(plants, shock, how, 3650)
    fed = plants.slot_unit[plants.slot_ratio == 2.0]
    assert len(fed) == 1
    assert run.stock[plants.slot_ratio == 2.0] == pytest.approx(run.start_stock[plants.slot_ratio == 2.0], rel=1e-6)


def test_orders_do_not_wait_at_a_closed_border() -> None:
    net = two_inputs()
    ban = cn.Scenario("ban", [{"kind": "restrict", "from": {"country": "CHN"}}])
    habits = {"overproduction": 4.0, "tau_days": 30, "inventory_days": 5}
    turned, stuck = (bracket(net, scenario=ban, ordering=word, **habits)["lost_tpa"] for word in ("alt", "baseline"))
    assert turned["optimal"] == pytest.approx(0.0, abs=1e-6)
    assert turned["worst case"] == stuck["worst case"] == pytest.approx(182.5)
    assert turned["myopic long run"] < 0.1 * stuck["myopic long run"]
    assert stuck["myopic long run"] <= 182.5 + 1e-6


def test_a_user_that_passes_goods_on() -> None:
    net = cn.Network.from_edges(
        frame("source target flow_tpa", ("m", "u", 10.0), ("u", "v", 4.0)),
        nodes=frame("id stage", ("m", "mine"), ("u", "end_use"), ("v", "end_use")),
    )
    uses = end_uses(links_of(net), Counting(net))
    assert uses.set_index("node")["flow_tpa"].to_dict() == {"u": 6.0, "v": 4.0}
    base = cascade(net, [], method="ario", days=50)
    assert base.path["served_t"].sum() * 365 / 50 == pytest.approx(10.0)
    hit = cascade(net, "m", method="ario", days=50, inventory_days=5)
    assert hit.path["served_share"].iloc[0] == pytest.approx(1.0)
    assert hit.path["served_share"].iloc[-1] < 0.01


@pytest.mark.parametrize("name", ["mag-9", "rare-earths"])
def test_shipped_graphs(graphs: dict[str, cn.Network], name: str) -> None:
    net = graphs[name]
    makers = net.nodes.loc[net.nodes["stage"] != "end_use", "id"]
    for node in makers.iloc[:: 1 if name == "mag-9" else 6]:
        static, run = cascade(net, node), cascade(net, node, method="ario", days=200, inventory_days=30)
        assert ((static.nodes >= 0.0) & (static.nodes <= 1.0)).all(axis=None)
        assert static.esri is not None
        assert 0.0 <= static.esri <= 1.0
        assert run.nodes["loss"].between(0.0, 1.0).all()
        for tiers in (static.tiers, run.tiers):
            assert tiers["lost_share"].between(0.0, 1.0).all()
            assert list(tiers.index) == [t for t in net.tier_order if t in tiers.index]


def test_counts_what_is_asked(rare_earths: cn.Network) -> None:
    all_of_it = cascade(rare_earths, "chn_ionic", beneficiaries=[])
    ours = cascade(rare_earths, "chn_ionic", commodity="smco")
    assert all_of_it.tiers["demand_tpa"].sum() > ours.tiers["demand_tpa"].sum()
    assert ours.provenance["settings"]["commodity"] == ["smco"]
    assert ours.provenance["settings"]["fail"] == {"chn_ionic": 1.0}
    assert ours.nodes.attrs["provenance"]["digest"] == rare_earths.digest
    with pytest.raises(dataclasses.FrozenInstanceError, match="esri"):
        ours.esri = 0.0  # type: ignore[misc]


# -- the bracket ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mag-9", "rare-earths"])
def test_no_habit_beats_the_optimum_for_long(graphs: dict[str, cn.Network], name: str) -> None:
    net = graphs[name]
    makers = net.nodes.loc[net.nodes["stage"] != "end_use", "id"]
    tables = [bracket(net, node, inventory_days=10) for node in makers.iloc[:: 1 if name == "mag-9" else 12]]
    tables += [bracket(net, scenario=s, inventory_days=10) for s in list(cn.scenarios(net).values())[:3]]
    for table in tables:
        assert list(table.index) == ["optimal", "myopic first year", "myopic long run", "worst case"]
        lost = table["lost_tpa"]
        size = table.attrs["provenance"]["settings"]["demand_tpa"]
        assert lost["optimal"] <= lost["myopic long run"] + 1e-6 * size
        assert table["lost_share"].between(0.0, 1.0).all()


def test_bracket_by_hand(mag9: cn.Network) -> None:
    table = bracket(mag9, "H_CN")
    assert table.loc["optimal", "lost_tpa"] == pytest.approx(40.0)
    assert table.loc["worst case", "lost_tpa"] == pytest.approx(45.0)
    half = cn.Scenario("half", [{"kind": "scale", "where": {"stage": "mine"}, "share": 0.5}])
    plain = bracket(plant(1825.0), scenario=half, inventory_days=5)["lost_tpa"]
    assert plain[["optimal", "myopic long run", "worst case"]].tolist() == pytest.approx([1825.0] * 3)
    assert plain["myopic first year"] < 1825.0, "the stores give 25 t of ore"
    quota = cn.Scenario("quota", [{"kind": "restrict", "commodity": "ore", "share": 0.8}])
    assert bracket(plant(), scenario=quota).loc["worst case", "lost_tpa"] == pytest.approx(730.0)


@pytest.mark.slow
def test_every_shipped_scenario_is_followed_in_order_or_refused(rare_earths: cn.Network) -> None:
    for name, scenario in cn.scenarios(rare_earths).items():
        if any({"tier", "origin"} & set(measure) for measure in scenario.measures):
            with pytest.raises(cn.DataError, match=rf"{name}\.toml: measures\[0\] restrict binds a tier"):
                bracket(rare_earths, scenario=scenario)
            continue
        table = bracket(rare_earths, scenario=scenario, years=4)
        lost, slack = table["lost_tpa"], 1e-6 * table.attrs["provenance"]["settings"]["demand_tpa"]
        assert lost["optimal"] <= lost["worst case"] + slack, name
        assert lost["myopic long run"] <= lost["worst case"] + slack, name
        assert table.loc["worst case", "bound"] == "upper"


def test_the_bracket_says_what_it_does_not_follow(mag9: cn.Network) -> None:
    out = {"kind": "remove", "nodes": ["H_CN"]}
    measures = [out, {"kind": "build", "projects": ["H_US"]}, {"kind": "tariff", "commodity": "dy", "usd_per_t": 1.0}]
    measures[2]["commodity"] = str(mag9.edges["commodity"].dropna().iloc[0])
    said = bracket(mag9, scenario=cn.Scenario("s", measures))["meaning"]
    assert said["optimal"].endswith("; not followed: measures[2] tariff")
    assert said["worst case"].endswith("; not followed: measures[1] build, measures[2] tariff")
    assert said["myopic long run"].endswith("; not followed: measures[1] build, measures[2] tariff")
    assert "not followed" not in " ".join(bracket(mag9, scenario=cn.Scenario("s", [out]))["meaning"])
    less = cn.Scenario("less", [out, {"kind": "demand", "tier": "civilian", "share": 0.0}])
    table = bracket(mag9, scenario=less)
    assert table.attrs["provenance"]["settings"]["demand_tpa"] == pytest.approx(20.0)
    # 10 % of what defence and industry take arrives, and what the others no longer take is no gain
    assert table.loc["worst case", "lost_tpa"] == pytest.approx(18.0)
    barred = cn.Scenario("s", [out, {"kind": "quota", "commodity": "magnet", "tier": "defence", "tpa": 1.0}])
    with pytest.raises(cn.DataError, match=r"^bracket: s: measures\[1\] quota binds a tier"):
        bracket(mag9, scenario=barred)


SCALE = {"kind": "scale", "edges": [["a", "u"]], "share": 0.1}
QUOTA = {"kind": "restrict", "from": {"country": "CHN"}, "share": 0.8}
TIGHT = {"kind": "restrict", "from": {"country": "CHN"}, "share": 0.5}


@pytest.mark.parametrize(
    ("measures", "left"),
    [
        ([SCALE], [0.5, 5.0, 5.0]),
        # what China may send is parted by what each sent: 4 t of 5 t each
        ([QUOTA], [4.0, 4.0, 5.0]),
        ([SCALE, QUOTA], [0.5, 4.0, 5.0]),
        ([QUOTA, SCALE], [0.5, 4.0, 5.0]),
        ([QUOTA, TIGHT], [2.5, 2.5, 5.0]),
        ([TIGHT, QUOTA, SCALE], [0.5, 2.5, 5.0]),
    ],
)
def test_of_several_bounds_on_a_relation_the_tightest_is_followed(
    measures: list[dict[str, object]], left: list[float]
) -> None:
    net = cn.Network(
        nodes=frame(
            "id stage country",
            ("a", "mine", "CHN"),
            ("b", "mine", "CHN"),
            ("c", "mine", "AUS"),
            ("u", "end_use", "USA"),
        ),
        edges=frame(
            "source target flow_tpa capacity_tpa", ("a", "u", 5.0, 5.0), ("b", "u", 5.0, 5.0), ("c", "u", 5.0, 5.0)
        ),
    )
    links = links_of(net)
    assert shock_of(links, overlay_of(net, cn.Scenario("s", measures))).edge_cap == pytest.approx(left)


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"fail": "nobody"}, cn.UnknownIdError, "nobody"),
        ({"fail": 7.5}, cn.DataError, "fail"),
        ({"fail": {"m": 1.5}}, cn.DataError, "1.5"),
        ({"fail": {"m": -0.1}}, cn.DataError, "0 to 1"),
        ({"fail": {"m": float("nan")}}, cn.DataError, "nan"),
        ({"fail": {"m": "all"}}, cn.DataError, "all"),
        ({"method": "sir"}, cn.DataError, "esri, ario"),
        ({"importance": "vital"}, cn.DataError, "vital"),
        ({"importance": 3}, cn.DataError, "importance"),
        ({"importance": {("m", "p"): "vital"}}, cn.DataError, "vital"),
        ({"importance": {("m", "u"): "none"}}, cn.UnknownIdError, "m -> u"),
        ({"importance": {"m": "none"}}, cn.UnknownIdError, "no edge m"),
        ({"sector": {"nobody": "a"}}, cn.UnknownIdError, "sector"),
        ({"sector": ["a"]}, cn.DataError, "sector"),
        ({"weights": {"nobody": 1.0}}, cn.UnknownIdError, "weights"),
        ({"weights": {"m": -1.0}}, cn.DataError, "-1.0"),
        ({"weights": {"m": 0.0}}, cn.DataError, "all are 0"),
        ({"weights": [1.0]}, cn.DataError, "weights"),
        ({"replaceable": "yes"}, cn.DataError, "replaceable"),
        ({"tolerance": 0}, cn.DataError, "tolerance"),
        ({"tolerance": -1.0}, cn.DataError, "tolerance"),
        ({"commodity": "tin"}, cn.DataError, "tin"),
        ({"days": 5}, cn.DataError, "days"),
        ({"method": "ario", "importance": "none"}, cn.DataError, "importance"),
        ({"method": "ario", "days": 0}, cn.DataError, "days"),
        ({"method": "ario", "days": 10**9}, cn.DataError, "36500"),
        ({"method": "ario", "days": 1.5}, cn.DataError, "1.5"),
        ({"method": "ario", "start_day": 0}, cn.DataError, "start_day"),
        ({"method": "ario", "days_out": 0}, cn.DataError, "days_out"),
        ({"method": "ario", "inventory_days": 0.5}, cn.DataError, "inventory_days"),
        ({"method": "ario", "inventory_days": float("inf")}, cn.DataError, "inf"),
        ({"method": "ario", "inventory_days": {"tin": 5}}, cn.DataError, "tin"),
        ({"method": "ario", "psi": 1.1}, cn.DataError, "psi"),
        ({"method": "ario", "overproduction": 0.9}, cn.DataError, "overproduction"),
        ({"method": "ario", "tau_days": 0}, cn.DataError, "tau_days"),
        ({"method": "ario", "restock_days": 0}, cn.DataError, "restock_days"),
        ({"method": "ario", "ordering": "best"}, cn.DataError, "alt, baseline"),
    ],
)
def test_bad_input(arguments: dict[str, object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        cascade(plant(), **{"fail": "m", **arguments})  # type: ignore[arg-type]


def test_missing_flows_are_named() -> None:
    with pytest.raises(cn.DataError, match="mine -> port"):
        cascade(line(), "mine")
    with pytest.raises(cn.DataError, match="waist -> u1"):
        bracket(hourglass(), "waist")


def test_bad_brackets(mag9: cn.Network) -> None:
    with pytest.raises(cn.DataError, match="either fail or scenario"):
        bracket(mag9)
    with pytest.raises(cn.DataError, match="psy"):
        bracket(mag9, "H_CN", psy=0.5)
    with pytest.raises(cn.DataError, match="years"):
        bracket(mag9, "H_CN", years=0)


def test_too_slow_to_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainnet.cascades._esri.MOST_ROUNDS", 2)
    with pytest.raises(cn.SolverError, match="larger tolerance"):
        cascade(eleven(), "3")
    monkeypatch.undo()
    monkeypatch.setattr("chainnet.cascades._cascade.residual_of", lambda *_: 0.5)
    with pytest.raises(cn.SolverError, match="no fixed point"):
        cascade(eleven(), "3")


def test_networks_with_next_to_nothing() -> None:
    lone = cn.Network(
        nodes=frame("id stage", ("a", "mine")), edges=frame("source target", ("a", "b")).iloc[:0], name="lone"
    )
    idle = cn.Network.from_edges(frame("source target flow_tpa", ("a", "b", 0.0)))
    for net in (lone, idle):
        found = cascade(net, "a")
        assert found.esri == 0.0
        assert found.nodes.loc["a", "loss"] == 1.0
        assert cascade(net, "a", method="ario", days=3).path["served_share"].tolist() == [1.0] * 3


# -- the command line -----------------------------------------------------------------------------


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["chainnet", "cascade", "mag-9", *words])
    monkeypatch.delenv("CHAINNET_DEBUG", raising=False)
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mag9: cn.Network) -> None:
    assert command(monkeypatch, "--fail", "H_CN=0.5", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["esri"] == cascade(mag9, {"H_CN": 0.5}).esri
    assert command(monkeypatch, "--fail", "H_CN", "--method", "ario", "--days", "90", "--inventory-days", "dy=20") == 0
    assert "lost_t" in capsys.readouterr().out
    assert (
        command(monkeypatch, "--scenario", "china_out", "--method", "bracket", "--years", "2", "--format", "csv") == 0
    )
    assert "year 2, the stores used up" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing fails"),
        (("--fail", "H_CN", "--method", "sir"), "'esri', 'ario', 'bracket'"),
        (("--fail", "H_CN", "--days", "9"), "--days: belongs to --method ario"),
        (("--fail", "H_CN", "--method", "bracket", "--replaceable"), "--replaceable: belongs to --method esri"),
        (("--fail", "H_CN", "--years", "9"), "--years: belongs to --method bracket"),
        (("--scenario", "china_out"), "--scenario: belongs to --method bracket"),
        (("--fail", "H_CN=half"), "ID or ID=SHARE"),
        (("--fail", "H_CN", "--fail", "H_CN=0.5"), "named twice"),
        (("--fail", "H_CN", "--method", "ario", "--inventory-days", "dy=few"), "COMMODITY=DAYS"),
    ],
)
def test_bad_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert command(monkeypatch, *words) == (2 if "sir" in words else 1)
    assert said in capsys.readouterr().err
