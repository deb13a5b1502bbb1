"""Sets that meet every row, the lightest first: against all subsets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from chainnet.engine import hitting_sets

Members = frozenset[int]


def listed(weight: np.ndarray, rows: list[Members], most: float = np.inf) -> list[tuple[float, Members]]:
    """Every least hitting set by trying all subsets."""
    n = len(weight)
    subsets = [frozenset(some) for size in range(n + 1) for some in combinations(range(n), size)]
    hit = [one for one in subsets if all(one & row for row in rows) and np.isfinite(weight[list(one)]).all()]
    least = [one for one in hit if not any(other < one for other in hit) and len(one) <= most]
    return sorted((float(weight[list(one)].sum()), one) for one in least)


def in_order(weight: np.ndarray, rows: list[Members], most: float = np.inf) -> list[tuple[float, Members]]:
    found: list[Members] = []
    out = []
    for one, held in hitting_sets(weight, rows, found, most):
        if one is not None:
            found.append(one)
            out.append((held, one))
    return out


@pytest.mark.parametrize("seed", range(20))
def test_all_least_sets_come_in_order_and_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.1, 2.0, 9)
    weight[rng.integers(9)] = np.inf
    rows = [frozenset(rng.choice(9, size=rng.integers(1, 5), replace=False).tolist()) for _ in range(6)]
    most = float(rng.integers(2, 6))
    found = in_order(weight, rows, most)
    assert [held for held, _ in found] == pytest.approx([held for held, _ in listed(weight, rows, most)], abs=1e-12)
    assert {one for _, one in found} == {one for _, one in listed(weight, rows, most)}


def test_a_row_that_comes_later_is_kept() -> None:
    weight, rows, found = np.array([1.0, 2.0, 4.0]), [frozenset({0, 1})], []
    sets = hitting_sets(weight, rows, found, np.inf)
    assert next(sets) == (frozenset({0}), 1.0)
    rows.append(frozenset({1, 2}))  # which {0} misses
    assert next(sets) == (frozenset({1}), 2.0)
    found.append(frozenset({1}))
    assert next(sets) == (frozenset({0, 2}), 5.0)


def test_no_rows_no_members_and_a_row_of_nobody() -> None:
    assert in_order(np.array([1.0]), []) == [(0.0, frozenset())]
    assert in_order(np.array([np.inf]), [frozenset({0})]) == []
    assert in_order(np.array([1.0]), [frozenset()]) == []
