"""The best choice within a budget, against trying every set with scipy alone."""

from __future__ import annotations

from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from engine_programs import INF, array, copies, defended, fan, least, levels, shut

from chainnet.engine import BestSet, FixedSets, affordable, cheapest_attack, choice, essential, worst_attack
from chainnet.errors import SolverError

COST, IS_STOCK = array([3.0, 2.0, 4.0, 1.0]), np.array([False, False, True, False])
WANTED = array([0.5 * 9.0 + 0.5 * 5.0, 8.0])


def subsets(n: int) -> list[tuple[int, ...]]:
    return [chosen for k in range(n + 1) for chosen in combinations(range(n), k)]


# -- risk --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "alpha", "expected"),
    [
        ("expected", 0.8, 0.1 * 4 + 0.2 * 1 + 0.3 * 2 + 0.4 * 3),
        ("worst", 0.8, 4.0),
        ("cvar", 0.5, (0.1 * 4 + 0.4 * 3) / 0.5),
        ("cvar", 0.8, (0.1 * 4 + 0.1 * 3) / 0.2),  # the tail ends within the second worst
        ("cvar", 0.95, 4.0),
        ("cvar", 0.0, 2.4),
    ],
)
def test_risk_by_hand(objective: str, alpha: float, expected: float) -> None:
    short, weight = array([4.0, 1.0, 2.0, 3.0]), array([0.1, 0.2, 0.3, 0.4])
    assert choice.risk_of(short, weight, objective, alpha) == pytest.approx(expected)


@pytest.mark.parametrize(("objective", "expected"), [("worst", 4.0), ("cvar", (0.5 * 4 + 0.25 * 1) / 0.75)])
def test_what_has_no_probability_is_no_worst_case(objective: str, expected: float) -> None:
    found = choice.risk_of(array([1.0, 9.0, 4.0]), array([0.5, 0.0, 0.5]), objective, 0.25)
    assert found == pytest.approx(expected)


def risk(short: Any, weight: Any, objective: str, alpha: float) -> float:
    """The same by the formula of Rockafellar and Uryasev: the least over thresholds."""
    if objective == "expected":
        return float(np.dot(weight, short))
    likely = [s for s, w in zip(short, weight, strict=True) if w > 0]
    if objective == "worst":
        return max(likely)
    return min(t + sum(w * max(s - t, 0) for s, w in zip(short, weight, strict=True)) / (1 - alpha) for t in likely)


# -- sets --------------------------------------------------------------------------------------------


def values(part: Any) -> Any:
    """What each scenario is served where each option is taken to that part, by scipy."""
    return array(list(served(tuple(np.asarray(part, dtype=float).tolist()))))


@cache
def served(part: tuple[float, ...]) -> tuple[float, ...]:
    out = np.zeros(2)
    for copy in copies():
        p, upper, high = copy.program, copy.program.col_upper.copy(), copy.program.row_upper.copy()
        for column, most, option in [*copy.columns, *copy.stocks]:
            upper[column] = min(upper[column], most * part[option])
        for row, low, more, option in copy.rows:
            high[row] = min(high[row], low + more * part[option])
        goal = np.zeros(len(p.cost))
        goal[copy.served] = -1.0
        out[copy.scenario] += copy.part * -least(p, goal, col_upper=upper, row_upper=high).fun
    return tuple(out.tolist())


def bought(budget: float) -> list[tuple[tuple[int, ...], Any, float]]:
    """Every set within the budget: its whole options, its parts and its cost; of the stock what money is left buys."""
    found = []
    for whole in subsets(4):
        if 2 in whole or COST[list(whole)].sum() > budget:
            continue
        part = np.isin(np.arange(4), whole).astype(float)
        part[2] = min(1.0, (budget - COST[list(whole)].sum()) / COST[2])
        found.append((whole, part, float(COST @ part)))
    return found


def best_set(objective: str, alpha: float, weight: Any) -> BestSet:
    return BestSet(copies(), array(weight), COST, IS_STOCK, objective, alpha, 60.0)


def score(part: Any, objective: str, alpha: float, weight: Any) -> float:
    return float(WANTED.max()) - risk(WANTED - values(part), weight, objective, alpha)


ASKS = [
    ("expected", 0.5, [0.75, 0.25]),
    ("worst", 0.5, [0.75, 0.25]),
    ("worst", 0.5, [1.0, 0.0]),
    ("cvar", 0.8, [0.75, 0.25]),
    ("cvar", 0.4, [0.75, 0.25]),
    ("cvar", 0.4, [1.0, 0.0]),
]


@pytest.mark.parametrize(("objective", "alpha", "weight"), ASKS)
@pytest.mark.parametrize("budget", [0.0, 2.5, 3.0, 6.0, INF])
def test_the_best_set_is_the_best_of_all(objective: str, alpha: float, weight: Any, budget: float) -> None:
    found = best_set(objective, alpha, weight).solve(budget)
    assert found is not None
    scores = [score(part, objective, alpha, weight) for _, part, _ in bought(budget)]
    assert found.value == pytest.approx(max(scores), abs=1e-6)
    assert found.bound == pytest.approx(found.value, abs=1e-5)
    assert found.cost <= budget * (1 + 1e-9)
    assert found.cost == pytest.approx(float(COST @ (found.taken + found.parts)))
    assert not (found.taken & IS_STOCK).any()
    assert not found.parts[~IS_STOCK].any()
    assert score(found.taken + found.parts, objective, alpha, weight) == pytest.approx(found.value, abs=1e-6)


@pytest.mark.parametrize(("objective", "alpha", "weight"), ASKS[:4])
@pytest.mark.parametrize("part", [0.2, 0.6, 0.999])
def test_the_cheapest_set_that_does_as_well_costs_least(objective: str, alpha: float, weight: Any, part: float) -> None:
    """No set that costs a little less does as well; one that costs as much does."""
    scores = [score(np.zeros(4), objective, alpha, weight), score(np.ones(4), objective, alpha, weight)]
    asked = scores[0] + part * (scores[1] - scores[0])
    found = best_set(objective, alpha, weight).solve(INF, cheapest_at=asked)
    assert found is not None
    assert found.value >= asked - 1e-6
    assert max(score(p, objective, alpha, weight) for _, p, _ in bought(found.cost + 1e-6)) >= asked - 1e-6
    if found.cost > 1e-3:
        assert max(score(p, objective, alpha, weight) for _, p, _ in bought(found.cost - 1e-3)) < asked


def test_more_than_all_options_give_is_not_to_be_had() -> None:
    best = best_set("expected", 0.5, [0.75, 0.25])
    assert best.solve(INF, cheapest_at=99.0) is None
    assert best.solve(INF, floors=array([60.0, 3.0])) is None
    assert best.solve(0.5, cheapest_at=score(np.ones(4), "expected", 0.5, [0.75, 0.25])) is None


@pytest.mark.parametrize("floors", [[5.0, 3.0], [2.4, 4.0], [3.0, 4.75]])
def test_the_cheapest_set_that_serves_each_scenario_so_much(floors: list[float]) -> None:
    found = best_set("expected", 0.5, [0.75, 0.25]).solve(INF, floors=array(floors))
    meets = [cost for _, part, cost in bought(INF) if (values(part) >= array(floors) - 1e-9).all()]
    if not meets:
        assert found is None
        return
    assert found is not None
    assert (values(found.taken + found.parts) >= array(floors) - 1e-6).all()
    less = [p for _, p, _ in bought(found.cost - 1e-3)] if found.cost > 1e-3 else []
    assert not any((values(p) >= array(floors) - 1e-9).all() for p in less)


def test_what_is_given_and_what_is_barred() -> None:
    weight = [0.75, 0.25]
    best = best_set("expected", 0.5, weight)
    for taken in ([True, False, False, False], [True, True, False, True]):
        found = best.solve(INF, fixed=np.array(taken))
        assert found is not None
        assert found.taken.tolist() == taken
        part = np.where(IS_STOCK, 1.0, taken)
        assert found.value == pytest.approx(score(part, "expected", 0.5, weight), abs=1e-6)
    for barred in ([(0, 1)], [(0,), (1,)], [(0, 1, 3), (1, 3)]):
        sets = [np.isin(np.arange(4), members) for members in barred]
        found = best.solve(6.0, barred=sets)
        assert found is not None
        open_sets = [(w, p) for w, p, _ in bought(6.0) if not any(set(b) <= set(w) for b in barred)]
        assert found.value == pytest.approx(max(score(p, "expected", 0.5, weight) for _, p in open_sets), abs=1e-6)


def test_of_sets_that_cost_alike_the_first_is_taken_and_nothing_for_nothing() -> None:
    free = BestSet(copies(), array([0.75, 0.25]), np.zeros(4), IS_STOCK, "expected", 0.5, 60.0)
    found = free.solve(INF, cheapest_at=0.0)
    assert found is not None
    assert not found.taken.any()
    assert not found.parts.any()


def test_the_values_of_given_sets_are_those_of_programs_written_anew() -> None:
    model = FixedSets(copies(), 2)
    for taken in [*product([False, True], repeat=4), (True, False, False, False)]:
        assert model.values(np.array(taken)) == pytest.approx(values(np.array(taken, dtype=float)), abs=1e-9)


def test_a_budget_is_kept_but_for_what_adding_up_loses() -> None:
    assert affordable(np.full(10, 0.1), 1.0)
    assert affordable(array([1.0 + 1e-13]), 1.0)
    assert not affordable(array([1.0 + 1e-11]), 1.0)
    assert not affordable(array([0.5, 0.6]), 1.0)
    assert affordable(np.zeros(0), 0.0)


# -- attacks -----------------------------------------------------------------------------------------

GROUPS, PRICE, PENALTY = [[0], [1], [2], [0, 2]], array([2.0, 1.0, 1.0, 4.0]), array([1.0, 0.5, 1.0, 1.0])


def left(chosen: Any) -> float:
    """What can be served where these groups are shut."""
    columns = [c for g in chosen for c in GROUPS[g]]
    return -float(least(fan(), [0.0, 0.0, 0.0, -1.0], col_upper=shut(fan(), columns)).fun)


@pytest.mark.parametrize("forbidden", [[], [(0,)], [(0,), (1, 2)], [(2,), (3,)]])
@pytest.mark.parametrize("budget", [0.0, 1.0, 2.0, 3.0, 4.0, 6.0])
def test_the_worst_attack_leaves_the_least_of_all(budget: float, forbidden: list[tuple[int, ...]]) -> None:
    groups, bars = [np.array(g) for g in GROUPS], [np.array(f) for f in forbidden]
    found = worst_attack(fan(), np.array([3]), groups, PENALTY, PRICE, budget, forbidden=bars)
    allowed = [
        chosen
        for chosen in subsets(4)
        if PRICE[list(chosen)].sum() <= budget and not any(set(f) <= set(chosen) for f in forbidden)
    ]
    assert found is not None
    assert found.is_optimal
    assert tuple(found.chosen) in allowed
    assert found.left == pytest.approx(min(map(left, allowed)), abs=1e-6)
    assert found.bound == pytest.approx(found.left, abs=1e-5)
    assert left(found.chosen) == pytest.approx(found.left, abs=1e-6)


@pytest.mark.parametrize("more", [{}, {"most": 1.0}, {"one_of": [(1, 2)]}, {"forbidden": [(0, 2)]}, {"one_of": [(3,)]}])
@pytest.mark.parametrize("tonnes", [0.0, 1.0, 2.5, 4.0, 7.0])
def test_the_cheapest_attack_is_that_of_all_that_leave_so_little(tonnes: float, more: dict[str, Any]) -> None:
    groups = [np.array(g) for g in GROUPS]
    given = {key: [np.array(some) for some in value] if key != "most" else value for key, value in more.items()}
    found = cheapest_attack(fan(), np.array([3]), groups, PENALTY, PRICE, tonnes, **given)
    allowed = [
        chosen
        for chosen in subsets(4)
        if left(chosen) <= tonnes + 1e-9
        and len(chosen) <= more.get("most", 4)
        and all(set(some) & set(chosen) for some in more.get("one_of", []))
        and not any(set(some) <= set(chosen) for some in more.get("forbidden", []))
    ]
    if not allowed:
        assert found is None
        return
    assert found is not None
    assert found.is_optimal
    assert tuple(found.chosen) in allowed
    assert found.left == pytest.approx(min(PRICE[list(chosen)].sum() for chosen in allowed))
    assert found.bound == pytest.approx(found.left)


def test_no_time_is_no_answer_and_no_group_no_attack() -> None:
    none = worst_attack(fan(), np.array([3]), [], np.ones(4), np.zeros(0), 1.0)
    assert none is not None
    assert (none.chosen.tolist(), none.left) == ([], pytest.approx(7.0))
    ways = [np.array([i]) for i in range(30)]
    with pytest.raises(SolverError, match="no answer was found within 0 s"):
        worst_attack(levels(30), np.array([30]), ways, np.ones(31), np.ones(30), 3.0, time_limit_s=0.0)


def test_members_without_which_an_attack_is_as_good_are_dropped_one_by_one() -> None:
    """10 t less 5, 0, 3 and 1 t: the first is kept where without it too much is left."""

    def rest(chosen: tuple[int, ...]) -> float:
        return 10.0 - sum((5.0, 0.0, 3.0, 1.0)[i] for i in chosen)

    assert essential((0, 1, 2, 3), rest, 2.0) == (0, 2)
    assert essential((0, 1, 2, 3), rest, 1.0) == (0, 2, 3)
    assert essential((3, 2, 1, 0), rest, 5.0) == (0,)
    assert essential((0, 1, 2, 3), rest, 9.0) == (3,)
    assert essential((), rest, 10.0) == ()


@pytest.mark.parametrize("budget", [0.0, 1.0, 2.0, 3.0, 6.0])
@pytest.mark.parametrize(
    ("attacks", "opens"),
    [
        ([[([0], 0)], [([1, 2], 1)], [([2], 2)]], [[], [], []]),
        ([[([0], -1)], [([1], 0)]], [[], [2], []]),
        ([[([0], 0), ([2], 1)], [([1], -1)]], [[], [], [1]]),
    ],
)
def test_the_best_defence_leaves_most_in_the_worst_attack(budget: float, attacks: Any, opens: Any) -> None:
    cost = array([1.0, 2.0, 3.0])

    def worst(taken: tuple[int, ...]) -> float:
        found = []
        for attack in attacks:
            columns = [c for group, option in attack if option not in taken for c in group]
            columns += [c for option, group in enumerate(opens) if option not in taken for c in group]
            found.append(-float(least(fan(), [0.0, 0.0, 0.0, -1.0], col_upper=shut(fan(), columns)).fun))
        return min(found)

    taken, bound = defended(budget, attacks, opens)
    allowed = [chosen for chosen in subsets(3) if cost[list(chosen)].sum() <= budget]
    assert bound == pytest.approx(max(map(worst, allowed)), abs=1e-5)
    assert worst(tuple(np.flatnonzero(taken))) == pytest.approx(bound, abs=1e-5)
    assert cost[taken].sum() <= budget


def test_a_defence_without_a_plan_is_refused() -> None:
    with pytest.raises(SolverError, match="no plan was found"):
        defended(1.0, [[([0], 0)]], program=fan(upper=[4.0, 3.0, 2.0, -1.0]))
