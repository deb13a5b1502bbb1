"""Interdiction, Shapley shares and fortification: against brute force and published numbers."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.engine import worst_attack
from chainnet.flow import Counting, ValueModel, shapley_values

# Pyomo Gallery, network_interdiction/max_flow (BSD): five nodes, answers 80, 10, 0
SAMPLE = [("S", "B", 10), ("S", "C", 70), ("C", "B", 30), ("B", "E", 100), ("C", "D", 40), ("D", "E", 50)]


def plain(rows: list[tuple[str, str, float | None]], nodes: pd.DataFrame | None = None) -> cn.Network:
    return cn.Network.from_edges(pd.DataFrame(rows, columns=["source", "target", "capacity_tpa"]), nodes)


@pytest.fixture
def trap() -> cn.Network:
    """Two sources that stand in for each other before one gate of 10, and two small ways."""
    rows = [("S", "R1", 10.0), ("S", "R2", 10.0), ("R1", "D1", 10.0), ("R2", "D1", 10.0), ("D1", "T", None)]
    rows += [("S", "S4", 4.0), ("S4", "T", None), ("S", "T3", 3.0), ("T3", "T", None)]
    return plain(rows, pd.DataFrame({"id": ["D1"], "stage": ["refiner"], "capacity_tpa": [10.0]}))


def test_published_arc_attacks() -> None:
    net = plain(SAMPLE)
    left = [cn.interdict(net, k, by="edge").left_tpa for k in range(3)]
    assert left == pytest.approx([80, 10, 0], abs=1e-9)
    assert cn.interdict(net, 1, by="edge").removed == (("S", "C"),)
    two = cn.interdict(net, 2, by="edge", details=True)
    assert two.ties is not None
    assert 1 + len(two.ties) == 4  # four optimal pairs
    assert [cn.interdict(net, k, protect=["S"]).left_tpa for k in (1, 2)] == pytest.approx([10, 0], abs=1e-9)


def test_greedy_is_shown_and_not_trusted(trap: cn.Network) -> None:
    found = {k: cn.interdict(trap, k, protect=["S", "D1"]) for k in (1, 2, 3, 4)}
    for side in ("lost_tpa", "bound_tpa"):  # what is left bounds itself
        assert {k: getattr(f, side) for k, f in found.items()} == pytest.approx({1: 4, 2: 10, 3: 14, 4: 17})
    assert all(f.is_optimal for f in found.values())
    two = cn.interdict(trap, 2, protect=["S", "D1"], details=True)
    assert two.greedy_lost_tpa == pytest.approx(7)
    assert set(two.removed) == {"R1", "R2"}
    assert two.ties == ()
    assert two.pairs[["node_a", "node_b"]].to_numpy().tolist() == [["R1", "R2"]]


@pytest.mark.parametrize("size", [1e-3, 1e6])
def test_an_attack_on_a_network_of_any_size(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    from chainnet.criticality import _attack as criticality_attack

    attacks = []

    def seen(*given: Any, **named: Any) -> Any:
        attacks.append(worst_attack(*given, **named))
        return attacks[-1]

    monkeypatch.setattr(criticality_attack, "worst_attack", seen)
    found = cn.interdict(plain([(s, t, c * size) for s, t, c in SAMPLE]), 1, by="edge")
    assert found.is_optimal
    assert (found.lost_tpa, found.left_tpa) == pytest.approx((70 * size, 10 * size))
    assert (attacks[0].left, attacks[0].bound) == pytest.approx((10 * size, 10 * size))


def test_published_shapley(trap: cn.Network) -> None:
    shares = cn.shapley(plain(SAMPLE).without(), by="node")["shapley_tpa"]
    assert shares.sum() == pytest.approx(80)
    only = plain(SAMPLE, pd.DataFrame({"id": ["B", "C", "D"], "stage": "refiner", "operator": ["b", "c", "d"]}))
    assert cn.shapley(only, by="operator")["shapley_tpa"].to_dict() == pytest.approx({"b": 25, "c": 35, "d": 20})
    nodes = pd.DataFrame(
        {
            "id": ["R1", "R2", "S4", "T3", "D1"],
            "stage": "refiner",
            "operator": ["r", "q", "s", "t", None],
            "capacity_tpa": [None, None, None, None, 10.0],
        }
    )
    backups = plain(
        [
            ("S", "R1", 10.0),
            ("S", "R2", 10.0),
            ("R1", "D1", 10.0),
            ("R2", "D1", 10.0),
            ("D1", "T", None),
            ("S", "S4", 4.0),
            ("S4", "T", None),
            ("S", "T3", 3.0),
            ("T3", "T", None),
        ],
        nodes,
    )
    found = cn.shapley(backups, by="operator")["shapley_tpa"].to_dict()
    assert found == pytest.approx({"r": 5, "q": 5, "s": 4, "t": 3})


def brute(net: cn.Network, k: int, by: str = "node") -> float:
    """The least value after at most k removals, by trying all of them."""
    base = cn.chokepoints(net, by=by).attrs["provenance"]["settings"]["base_tpa"]
    things = list(cn.chokepoints(net, by=by).index)
    least = base
    for size in range(1, k + 1):
        for chosen in combinations(things, size):
            if by == "node":
                smaller = net.without(nodes=chosen)
            else:
                smaller = net
                for label in chosen:
                    smaller = smaller.without(where={by: label})
            least = min(least, cn.max_flow(smaller).value_tpa)
    return float(least)


@pytest.mark.parametrize(
    "seed", [0, 3, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, *range(4, 12)))]
)
def test_attacks_match_brute_force(seed: int) -> None:
    net = recipe_network(seed, wild=False)
    for k in (1, 2):
        found = cn.interdict(net, k)
        assert found.is_optimal
        assert found.certificate.ok
        size = max(found.base_tpa, 1.0)
        assert found.left_tpa == pytest.approx(brute(net, k), abs=2e-6 * size)
        assert found.greedy_lost_tpa <= found.lost_tpa + 1e-6 * size
        assert found.lost_tpa <= found.bound_tpa + 1e-6 * size


@pytest.mark.parametrize(("seed", "k"), [(None, 1), (19, 2), (19, 3)])
def test_a_search_that_stops_early_says_so_and_bounds_the_worst(
    mag9: cn.Network, monkeypatch: pytest.MonkeyPatch, seed: int | None, k: int
) -> None:
    """The solver is stopped at the first attack it comes across; what it then proves holds for the worst one."""
    import highspy

    from chainnet.criticality import _attack as criticality_attack

    net = mag9 if seed is None else recipe_network(seed, wild=False)
    attacks = []

    def seen(*given: Any, **named: Any) -> Any:
        attacks.append(worst_attack(*given, **named))
        return attacks[-1]

    class Hasty(highspy.Highs):  # type: ignore[misc]
        def run(self) -> object:
            for option, value in (("mip_max_improving_sols", 1), ("mip_heuristic_effort", 0.0), ("presolve", "off")):
                self.setOptionValue(option, value)
            return super().run()

    monkeypatch.setattr(criticality_attack, "worst_attack", seen)
    worst = cn.interdict(net, k)
    monkeypatch.setattr(highspy, "Highs", Hasty)
    found = cn.interdict(net, k)
    hair = 1e-6 * worst.base_tpa
    assert worst.is_optimal
    assert not found.is_optimal
    assert found.lost_tpa - hair <= worst.lost_tpa <= found.bound_tpa + hair
    assert found.bound_tpa <= found.base_tpa + hair
    whole, hasty = attacks[0], attacks[-1]
    assert (whole.left, whole.bound) == pytest.approx((worst.left_tpa,) * 2, abs=hair)
    assert hasty.bound - hair <= worst.left_tpa <= hasty.left + hair


def test_budget_costs_and_protection(mag9: cn.Network) -> None:
    dear = cn.interdict(mag9, 1, cost={"H_CN": 5.0, "G_CN": 5.0})
    assert dear.removed == ("S_CN",)
    assert dear.lost_tpa == pytest.approx(20)
    assert cn.interdict(mag9, 1, protect=["H_CN"]).removed == ("G_CN",)
    assert cn.interdict(mag9, 0).lost_tpa == 0
    everything = cn.interdict(mag9, 99)
    assert everything.lost_tpa == pytest.approx(50)
    assert len(everything.removed) == 2  # what adds nothing is not named


@pytest.mark.parametrize("short", [0.0, 1e-10, 1e-9, 1e-6])
def test_an_attackers_budget_is_kept_to_the_last_digit(short: float) -> None:
    """A solver does not see that a billionth is lacking."""
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("a", "mine", 10.0), ("b", "mine", 6.0), ("u", "end_use", None)),
        edges=frame("source target", ("a", "u"), ("b", "u")),
        demand=frame("node demand_tpa", ("u", 20.0)),
    )
    found = cn.interdict(net, 5.0 - short, cost={"a": 5.0, "b": 4.0})
    assert found.removed == (("b",) if short else ("a",))
    assert found.is_optimal


@pytest.mark.parametrize(
    ("by", "protect"),
    [
        ("node", ["USE"]),
        ("node", ["G_US"]),  # a project that is not built
        ("node", "USE"),
        ("country", ["KOR"]),
        ("stage", ["end_use"]),
        ("stage+country", [("end_use", "FRA")]),
        ("site", ["USE"]),
    ],
)
def test_what_can_never_be_removed_may_be_protected(mag9: cn.Network, by: str, protect: Any) -> None:
    bare = cn.interdict(mag9, 1, by=by)
    assert cn.interdict(mag9, 1, by=by, protect=protect).removed == bare.removed
    names = [protect] if isinstance(protect, str) else protect
    assert cn.interdict(mag9, 1, by=by, cost=dict.fromkeys(names, 2.0)).removed == bare.removed


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("node", "nobody"),
        ("edge", ("H_CN", "nobody")),
        ("country", "XYZ"),
        ("stage", "end_user"),
        ("stage+country", ("end_use",)),
    ],
)
@pytest.mark.parametrize("argument", ["protect", "cost"])
def test_what_does_not_exist_can_be_neither_protected_nor_priced(
    mag9: cn.Network, by: str, name: Any, argument: str
) -> None:
    given: dict[str, Any] = {"protect": [name]} if argument == "protect" else {"cost": {name: 1.0}}
    with pytest.raises(cn.UnknownIdError, match=argument):
        cn.interdict(mag9, 1, by=by, **given)


def test_protected_names_may_come_from_a_generator(mag9: cn.Network) -> None:
    found = cn.interdict(mag9, 1, protect=(name for name in ["H_CN"]))
    assert found.removed == ("G_CN",)
    assert found.provenance["settings"]["protect"] == ["H_CN"]


@pytest.mark.parametrize("k", [-1, 1.5, float("nan"), True, "two"])
def test_bad_k(mag9: cn.Network, k: object) -> None:
    with pytest.raises(cn.DataError, match=r"^k: "):
        cn.interdict(mag9, k)  # type: ignore[arg-type]


def test_unknown_names(mag9: cn.Network) -> None:
    with pytest.raises(cn.UnknownIdError, match=r"^protect: unknown node .nobody."):
        cn.interdict(mag9, 1, protect=["nobody"])
    with pytest.raises(cn.UnknownIdError, match=r"^cost: unknown node .nobody."):
        cn.interdict(mag9, 1, cost={"nobody": 1.0})
    with pytest.raises(cn.DataError, match=r'^by: unknown column of nodes "flavour"'):
        cn.interdict(mag9, 1, by="flavour")
    with pytest.raises(cn.UnknownIdError, match=r'^options: unknown node or project "nobody"'):
        cn.fortify(mag9, 1, 10, {"nobody": 1.0})
    with pytest.raises(cn.DataError, match=r"^budget_musd: -1 "):
        cn.fortify(mag9, 1, -1, {"H_CN": 1.0})
    with pytest.raises(cn.DataError, match=r'^options: the cost of "H_CN" is nan'):
        cn.fortify(mag9, 1, 10, ["H_CN"])  # a protection needs a cost


@pytest.mark.parametrize(
    ("k", "budget"),
    [(1, 130), *(pytest.param(k, most, marks=pytest.mark.slow) for k, most in ((2, 250), (1, 60), (1, 250)))],
)
def test_fortify_matches_brute_force(mag9: cn.Network, k: int, budget: float) -> None:
    options = {"H_CN": 60.0, "G_CN": 70.0, "S_US": 100.0, "H_US": 50.0, "G_US": 80.0}
    best = 0.0
    for size in range(len(options) + 1):
        for plan in combinations(options, size):
            if sum(options[o] for o in plan) > budget:
                continue
            built = [o for o in plan if o.endswith("_US")]
            kept = [o for o in plan if not o.endswith("_US")]
            best = max(best, cn.interdict(mag9.with_projects(built), k, protect=kept).left_tpa)
    found = cn.fortify(mag9, k, budget, options)
    assert found.is_optimal
    assert found.spent_musd <= budget
    assert found.left_tpa == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(
    ("budget", "costs", "chosen"),
    [
        (4.999999, {"a": 5.0}, []),
        (0.0, {"a": 5e-7}, []),
        (4.999999, {"a": 5.0, "b": 4.0}, ["b"]),
        (5.0, {"a": 5.0, "b": 4.0}, ["a"]),
        (0.3, {"a": 0.1, "b": 0.2}, ["a", "b"]),  # 0.1 + 0.2 is a little more than 0.3 in binary
    ],
)
def test_fortify_keeps_to_its_budget(budget: float, costs: dict[str, float], chosen: list[str]) -> None:
    """Two mines of 10 and 6 t/yr and two attacks: what is protected is what is left."""
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("a", "mine", 10.0), ("b", "mine", 6.0), ("u", "end_use", None)),
        edges=frame("source target", ("a", "u"), ("b", "u")),
        demand=frame("node demand_tpa", ("u", 20.0)),
    )
    found = cn.fortify(net, 2, budget, costs)
    assert list(found.chosen.index) == chosen
    assert found.spent_musd <= budget * (1 + 1e-12)
    assert found.left_tpa == pytest.approx(sum({"a": 10.0, "b": 6.0}[name] for name in chosen))
    assert found.is_optimal


def test_without_options_every_project_with_a_capex_is_on_offer(mag9: cn.Network) -> None:
    table = mag9.projects
    table.loc[table["id"] == "S_US", "capex_musd"] = None
    found = cn.fortify(mag9.with_table("projects", table), 1, 1000)
    assert found.provenance["settings"]["options"] == ["G_US", "H_US"]


def test_fortify_spends_nothing_in_vain(mag9: cn.Network) -> None:
    found = cn.fortify(mag9, 2, 60, {"H_CN": 60.0})
    assert found.chosen.empty
    assert found.left_tpa == pytest.approx(found.before_left_tpa)


@pytest.mark.parametrize("seed", range(6))
def test_shapley_shares_add_up_to_all_that_can_be_lost(seed: int) -> None:
    net = recipe_network(seed, wild=False)
    table = cn.shapley(net, by="node")
    gone = net.without(nodes=list(table.index))
    lost = cn.max_flow(net).value_tpa - cn.max_flow(gone).value_tpa
    assert table["shapley_tpa"].sum() == pytest.approx(lost, abs=1e-6 * max(lost, 1.0))
    assert (table["shapley_tpa"] >= -1e-6 * max(lost, 1.0)).all()


def wells() -> cn.Network:
    """Thirteen plants of 1 to 13 t/yr in a row with one port of 20 t/yr that no plant can do without."""
    plants = [f"w{i:02d}" for i in range(1, 14)]
    return cn.Network(
        nodes=frame(
            "id stage capacity_tpa operator",
            *((w, "mine", float(i), w) for i, w in enumerate(plants, 1)),
            ("port", "refiner", 20.0, None),
            ("user", "end_use", None, None),
        ),
        edges=frame("source target", *((w, "port") for w in plants), ("port", "user")),
    )


def test_sampled_shares_are_those_of_the_losses_by_hand_and_follow_their_seed() -> None:
    """More than twelve plants are sampled: 20 t less what is left of 91 t of wells, or nothing beyond 71 t out."""
    tonnes = {f"w{i:02d}": float(i) for i in range(1, 14)}
    found = []
    for seed in (1, 2):
        table = cn.shapley(wells(), by="operator", permutations=5, seed=seed)
        known, error = shapley_values(
            sorted(tonnes), lambda out: 20.0 - min(20.0, 91.0 - sum(tonnes[w] for w in out)), 5, seed
        )
        assert table["shapley_tpa"].to_dict() == pytest.approx(known.to_dict(), abs=1e-9)
        assert table["standard_error_tpa"].to_dict() == pytest.approx(error.to_dict(), abs=1e-9)
        assert table["shapley_tpa"].sum() == pytest.approx(20.0)
        found.append(table["shapley_tpa"].sort_index())
    assert not np.allclose(*found)


def test_prices_hold_between_their_ends(mag9: cn.Network, china_out: cn.Scenario) -> None:
    prices = cn.balance(mag9, china_out).prices
    assert (prices["served_low"] <= prices["served_t_per_t"] + 1e-6).all()
    assert (prices["served_t_per_t"] <= prices["served_high"] + 1e-6).all()
    dy = prices.loc[("G_JP", "dy")]
    # one more tonne of dysprosium is worth 50 t of magnets, for the first 0.04 t
    assert dy[["served_low", "served_high"]].tolist() == pytest.approx([50, 50])
    assert dy["to_t"] == pytest.approx(0.04)


def test_sweep_of_a_large_recipe_network_is_exact() -> None:
    """More candidates than are solved at once: other optima and threads come in, losses stay those of single solves."""
    net = recipe_network(3, wild=False)
    copies = []
    for number in range(12):
        nodes = net.nodes.assign(id=net.nodes["id"] + f"_{number}")
        edges = net.edges.assign(source=net.edges["source"] + f"_{number}", target=net.edges["target"] + f"_{number}")
        demand = net.demand.assign(node=net.demand["node"] + f"_{number}")
        copies.append((nodes, edges, demand))
    whole = cn.Network(
        nodes=pd.concat([c[0] for c in copies]),
        edges=pd.concat([c[1] for c in copies]),
        demand=pd.concat([c[2] for c in copies]),
        processes=net.processes,
        commodities=net.commodities,
        references=net.references,
        main_commodity=net.main_commodity or None,
    )
    one = cn.chokepoints(net)["lost_tpa"]
    many = cn.chokepoints(whole, verify=True)["lost_tpa"]
    for name, lost in one.items():
        found = many[[f"{name}_{number}" for number in range(12)]].to_numpy()
        assert np.allclose(found, lost, atol=1e-6 * max(one.max(), 1.0))


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_feed_that_lets_stand_ins_in_is_worth_more_than_itself(share: float) -> None:
    # 10 t of the one feed let in as much of the other as its share allows: 20 t or 50 t run on them
    nodes = pd.DataFrame(
        [("S", "mine", None, 10.0), ("N", "mine", None, 100.0), ("X", "mine", None, 13.0),
         ("C", "manufacturer", "cells", None), ("U", "end_use", None, None)],
        columns=["id", "stage", "process", "capacity_tpa"],
    )  # fmt: skip
    edges = pd.DataFrame(
        [("S", "C", "syn"), ("N", "C", "nat"), ("C", "U", "cell"), ("X", "U", "cell")],
        columns=["source", "target", "commodity"],
    )
    processes = pd.DataFrame(
        [("cells", "syn", "input", 1.0, "feed", None), ("cells", "nat", "input", 1.0, "feed", share),
         ("cells", "cell", "output", 1.0, None, None)],
        columns=["process", "commodity", "role", "t_per_t", "group", "max_share"],
    )  # fmt: skip
    demand = pd.DataFrame({"node": ["U"], "commodity": ["cell"], "demand_tpa": [100.0]})
    net = cn.Network(nodes=nodes, edges=edges, processes=processes, demand=demand)
    found = cn.interdict(net, 1, protect=["C"])
    assert list(found.removed) == ["S"]
    assert found.lost_tpa == pytest.approx(10.0 / (1.0 - share))
    assert found.lost_tpa == pytest.approx(cn.chokepoints(net).drop("C")["lost_tpa"].max())


def by_hand(net: cn.Network, k: int, tier: str | None) -> set[frozenset[str]]:
    """Every set of up to k nodes that leaves least, without those that hold a smaller one."""
    model = ValueModel(Counting.of(net, tier=tier))
    at = {name: place for place, name in enumerate(model.lowered.tables.ids)}
    ids = net.nodes["id"][net.nodes["stage"] != "end_use"].tolist()
    sets = [frozenset(some) for size in range(1, k + 1) for some in combinations(ids, size)]
    left = model.values_without([model.lowered.closing(np.array([at[i] for i in some])) for some in sets])
    least = [some for some, one in zip(sets, left, strict=True) if one <= left.min() + 1e-7 * model.value]
    return {some for some in least if not any(other < some for other in least)}


def test_every_tie_is_found_where_all_is_lost() -> None:
    """Three pairs take all of it from the first tier: what is left is 0, and nothing stands between them."""
    net = cn.read("gallium")
    found = cn.interdict(net, 2, tier="defence", details=True)
    assert found.ties is not None
    assert {frozenset(some) for some in (found.removed, *found.ties)} == by_hand(net, 2, "defence")
    assert len(found.ties) == 2


@pytest.mark.parametrize("seed", range(12))
def test_removed_and_ties_are_all_that_leave_least(seed: int) -> None:
    net = recipe_network(seed, wild=False)
    found = cn.interdict(net, 2, details=True)
    if found.lost_tpa > 1e-6 and found.ties is not None and len(found.ties) < 20:
        assert {frozenset(some) for some in (found.removed, *found.ties)} == by_hand(net, 2, None)


def test_a_bound_is_never_above_what_there_is_to_lose() -> None:
    """Sizes from 1e-6 to 1e3 t/yr: the search itself believes that far more could be lost."""
    net = cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa",
            ("m", "mine", "USA", None, 1.266e-06),
            ("scrap", "mine", "USA", None, 380.6),
            ("r", "refiner", "JPN", "refine", 1.808e-05),
            ("g", "manufacturer", "USA", "mag", 0.4531),
            ("u", "end_use", "CHN", None, None),
        ),
        edges=frame(
            "source target commodity",
            *(("m", "r", "ore"), ("r", "g", "metal"), ("scrap", "g", "remetal"), ("g", "u", "magnet")),
        ),
        processes=frame(
            "process commodity role t_per_t group max_share",
            ("refine", "ore", "input", 1.1976, None, None),
            ("refine", "metal", "output", 1.0, None, None),
            ("mag", "metal", "input", 0.854, "either", None),
            ("mag", "remetal", "input", 0.939, "either", 0.31),
            ("mag", "magnet", "output", 1.0, None, None),
        ),
        demand=frame("node tier commodity demand_tpa", ("u", "defence", "magnet", 2593.0)),
        main_commodity="magnet",
    )
    found = cn.interdict(net, 1, by="country", tier="defence")
    made = 1.266e-06 / 1.1976 / 0.854  # all the metal there is; scrap may add at the most 31 %
    assert made < found.base_tpa < 1.5 * made
    assert found.left_tpa == 0.0
    assert found.bound_tpa == found.base_tpa == found.lost_tpa
    assert found.is_optimal, "nothing is left to lose"
