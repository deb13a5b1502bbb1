"""Splits of any game: worked examples, enumeration, and Kohlberg's criterion."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

import chainnet as cn

COSTS = {"A": 9.0, "B": 8.0, "C": 5.0, "A+B": 10.0, "A+C": 13.0, "B+C": 12.0, "A+B+C": 15.0}


def test_the_estate_of_the_talmud() -> None:
    claims = {"a": 100.0, "b": 200.0, "c": 300.0}
    worth = {}
    for names in ("a", "b", "c", "a+b", "a+c", "b+c", "a+b+c"):
        outside = sum(claim for name, claim in claims.items() if name not in names.split("+"))
        worth[names] = max(0.0, 200.0 - outside)
    found = cn.fair_split(worth, "gain")
    assert found.members["nucleolus"].tolist() == pytest.approx([50.0, 75.0, 75.0], abs=1e-9)
    assert found.members["shapley"].tolist() == pytest.approx([100 / 3, 250 / 3, 250 / 3], abs=1e-9)


def test_a_core_that_is_empty() -> None:
    found = cn.fair_split({"a": 6, "b": 6, "c": 6, "a+b": 8, "a+c": 8, "b+c": 8, "a+b+c": 14})
    assert found.core_is_empty
    assert found.least_core == pytest.approx(4 / 3)
    assert found.outside_money == pytest.approx(2.0)
    assert found.members[["core_low", "core_high"]].isna().all(axis=None)


def test_shapley_may_lie_outside_the_core() -> None:
    found = cn.fair_split(COSTS)
    assert found.members["shapley"].tolist() == pytest.approx([17 / 3, 14 / 3, 14 / 3])
    assert not found.shapley_in_core
    assert found.members["nucleolus"].tolist() == pytest.approx([5.5, 4.5, 5.0])
    assert found.members.loc["C", ["core_low", "core_high"]].tolist() == pytest.approx([5.0, 5.0])
    assert found.coalitions.loc["A+B", "excess_shapley"] == pytest.approx(1 / 3)


def test_the_least_compensation_of_a_proposal() -> None:
    costs = {"USA": 720, "JPN": 150, "DEU": 120, "USA+JPN": 510, "USA+DEU": 780, "JPN+DEU": 270, "USA+JPN+DEU": 510}
    found = cn.fair_split(costs, proposal={"USA": 0, "JPN": 510, "DEU": 0})
    assert found.members["shapley"].to_dict() == pytest.approx({"USA": 490.0, "JPN": -50.0, "DEU": 70.0})
    assert found.members["nucleolus"].to_dict() == pytest.approx({"USA": 510.0, "JPN": -60.0, "DEU": 60.0})
    assert found.proposal_in_core is False
    assert found.transfer_total == pytest.approx(360.0)
    assert found.members.loc["JPN", "transfer"] == pytest.approx(-360.0)


def balanced(sets: np.ndarray) -> bool:
    """Whether positive weights of the sets give each member 1: Kohlberg's criterion, all sets of a level together."""
    ends = [linprog(-np.eye(len(sets))[i], A_eq=sets.T, b_eq=np.ones(sets.shape[1])) for i in range(len(sets))]
    return all(end.status == 0 and -end.fun > 1e-9 for end in ends)


@given(st.lists(st.integers(0, 40), min_size=15, max_size=15))
def test_random_games_against_enumeration_and_kohlberg(numbers: list[int]) -> None:
    names = "abcd"
    sets = [frozenset(n for i, n in enumerate(names) if k >> i & 1) for k in range(1, 16)]
    worth = dict(zip(sets, map(float, numbers), strict=True))
    found = cn.fair_split(worth)
    adds = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        for i, name in enumerate(order):
            adds[name] += worth[frozenset(order[: i + 1])] - worth.get(frozenset(order[:i]), 0.0)
    assert found.members["shapley"].to_dict() == pytest.approx({n: total / 24 for n, total in adds.items()})
    x = found.members["nucleolus"].to_numpy()
    assert x.sum() == pytest.approx(worth[frozenset(names)], abs=1e-6)
    rows = np.array([[float(n in s) for n in names] for s in sets])
    excess = rows @ x - np.array([worth[s] for s in sets])
    proper = [k for k, s in enumerate(sets) if len(s) < 4]
    for level in sorted({round(excess[k], 6) for k in proper}, reverse=True):
        at = [k for k in proper if excess[k] >= level - 1e-5]
        assert balanced(np.vstack([rows[at], np.ones(4)]))


def test_a_table_is_read_too_and_gains_turn_the_signs() -> None:
    table = pd.DataFrame({"coalition": list(COSTS), "value": list(COSTS.values())})
    costs, gains = cn.fair_split(table), cn.fair_split({k: -v for k, v in COSTS.items()}, "gain")
    for column in ("shapley", "nucleolus"):
        assert gains.members[column].to_numpy() == pytest.approx(-costs.members[column].to_numpy())
    assert gains.members["core_low"].to_numpy() == pytest.approx(-costs.members["core_high"].to_numpy())


@pytest.mark.parametrize(
    ("values", "more", "message"),
    [
        ({k: v for k, v in COSTS.items() if k != "A+C"}, {}, r'"A\+C" is missing'),
        ({**COSTS, ("B", "A"): 1.0}, {}, "stands twice"),
        ({**COSTS, "A": float("nan")}, {}, "is no finite number"),
        ({"A": 1.0}, {}, "1 members; give 2 to 8"),
        (COSTS, {"proposal": {"A": 1.0, "B": 1.0, "C": 1.0}}, "adds up to 3, not to 15"),
        (COSTS, {"proposal": {"A": 15.0}}, "give an amount for each of A, B, C"),
        (COSTS, {"kind": "loss"}, 'unknown kind "loss"'),
        (5, {}, "is no game"),
    ],
)
def test_bad_games_are_refused(values: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(cn.DataError, match=message):
        cn.fair_split(values, **more)
