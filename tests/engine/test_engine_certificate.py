"""Proofs that must fail: one bound, balance or value is forged at a time, and all else holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import last_digits
import numpy as np
import pytest
from flow_problems import cut_capacity, problem
from scipy.sparse import csc_array

import chainnet as cn
from chainnet.engine import (
    Certificate,
    FlowProblem,
    FlowSolution,
    LinearProgram,
    certify_flow,
    certify_linear,
    require,
    solve,
)

INF = np.inf
PROVED = Certificate("x", 100.0, 100.0, 0.0, 0.0, 1e-9)


# -- the verdict -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["gap", "violation"])
@pytest.mark.parametrize("far", [1.01e-9, 1.0, INF, np.nan])
def test_what_is_above_the_tolerance_or_no_number_is_not_proved(part: str, far: float) -> None:
    assert replace(PROVED, **{part: 1e-9}).ok
    assert not replace(PROVED, **{part: far}).ok


@pytest.mark.parametrize("value", [100.0, 0.01, -100.0, 1e9])
def test_a_second_solver_has_to_agree_to_ten_tolerances(value: float) -> None:
    """Relative to the larger of the two, and to 1 where both are small."""
    hair = 1e-8 * max(1.0, abs(value))
    first = replace(PROVED, value=value, bound=value)
    for side in (1.0, -1.0):
        assert replace(first, second_value=value + 0.9 * side * hair).ok
        assert not replace(first, second_value=value + 1.1 * side * hair).ok
    assert not replace(first, second_value=np.nan).ok
    assert not replace(first, second_value=-value).ok


def test_what_is_not_proved_is_never_returned() -> None:
    assert require(PROVED) is PROVED
    with pytest.raises(cn.SolverError, match=r"x: the answer failed its own check \(value 100.0, bound 101.0"):
        require(replace(PROVED, bound=101.0, gap=0.01))


# -- pure flows ------------------------------------------------------------------------------------


def pipe(supply: float = 9.0, first: float = 9.0, node: float = 9.0, second: float = 9.0, demand: float = 9.0) -> Any:
    """A source, a node in the middle and a sink, and a way back from the middle that nothing needs."""
    arcs = [(0, 1, first), (1, 2, second), (1, 0, 4.0)]
    return problem(3, arcs, supply={0: supply}, demand={2: demand}, node_capacity={1: node})


def proof(p: FlowProblem, f: FlowSolution, cut: float | None = None, error: float = 0.0) -> Certificate:
    return certify_flow("pipe", p, f, f.value if cut is None else cut, error)


@pytest.mark.parametrize("part", ["supply", "first", "node", "second", "demand"])
def test_a_flow_beyond_one_bound_is_not_proved(part: str) -> None:
    """The flow of 7 t is right in every way but for the one bound of 5 t that it passes."""
    small, large = pipe(**{part: 5.0}), pipe(**{part: 7.0})
    honest, forged = solve(small), solve(large)
    assert (honest.value, forged.value) == (5.0, 7.0)
    assert proof(small, honest, cut_capacity(small, honest.source_cut)).ok
    assert proof(large, forged).ok
    found = proof(small, forged)
    assert not found.ok
    assert (found.gap, found.violation) == (0.0, pytest.approx(2.0 / 7.0))


@pytest.mark.parametrize(
    ("part", "change", "breach"),
    [
        ("arc_flow", [0.0, -2.0, 0.0], 2.0),  # 2 t vanish in the middle
        ("arc_flow", [-2.0, 0.0, 0.0], 2.0),  # 2 t come from nowhere
        ("arc_flow", [-2.0, 0.0, -2.0], 2.0),  # balanced, and one arc runs backward
        ("supply_flow", [2.0, 0.0, 0.0], 2.0),
        ("demand_flow", [0.0, 0.0, -2.0], 2.0),
        ("supply_flow", [0.0, 2.0, -2.0], 2.0),  # as much in all, at the wrong places
    ],
)
def test_a_flow_that_does_not_balance_is_not_proved(part: str, change: list[float], breach: float) -> None:
    p = pipe(node=INF)
    f = solve(replace_supply(p, 7.0))
    forged = replace(f, **{part: getattr(f, part) + change})
    found = proof(p, forged)
    assert not found.ok
    assert (found.gap, found.violation * 7.0) == (0.0, pytest.approx(breach))


def replace_supply(p: FlowProblem, most: float) -> FlowProblem:
    return replace(p, supply=np.array([most, 0.0, 0.0]))


def test_a_value_that_nothing_carries_or_no_cut_proves_is_not_proved() -> None:
    p = pipe(supply=5.0)
    f = solve(p)
    assert not proof(p, replace(f, value=6.0)).ok, "6 t said, 5 t carried"
    assert not proof(p, f, cut=6.0).ok, "a cut of 6 t proves no flow of 5 t"
    assert not proof(p, f, cut=4.0).ok, "and a smaller one is none"
    assert proof(p, f, cut=5.0 + 1e-6, error=1e-6).ok, "what the scaling may have cost is not held against it"
    assert not proof(p, f, cut=5.0 + 1e-6, error=0.9e-6).ok
    assert not proof(p, replace(f, arc_flow=f.arc_flow * np.nan)).ok


def test_no_flow_is_proved_by_no_cut_alone() -> None:
    p = pipe(first=0.0)
    f = solve(p)
    assert proof(p, f, cut=0.0).ok
    assert not proof(p, f, cut=1e-300).ok


def test_a_forged_flow_never_leaves_max_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    from conftest import hourglass

    from chainnet.flow import _largest as flow

    def generous(p: FlowProblem) -> FlowSolution:
        f = solve(p)
        return replace(f, value=f.value * 1.001)

    monkeypatch.setattr(flow, "solve", generous)
    with pytest.raises(cn.SolverError, match="failed its own check"):
        cn.max_flow(hourglass())


# -- linear programs -------------------------------------------------------------------------------

# max x + y + z in 6 all told, x - z <= 2, y - x >= -2, all 0 or more, z <= 3: any point with sum 6 is best
MATRIX = np.array([[1.0, 0.0, -1.0], [-1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
PROGRAM = LinearProgram(
    csc_array(MATRIX),
    np.array([-INF, -2.0, -INF]),
    np.array([2.0, INF, 6.0]),
    np.zeros(3),
    np.array([INF, INF, 3.0]),
    -np.ones(3),
    np.ones(3),
    np.ones(3),
)
BEST, DUAL = (2.0, 2.0, 2.0), (0.0, 0.0, -1.0)


def linear(x: Any = BEST, dual: Any = DUAL, sizes: Any = (1.0, 1.0, 1.0), **parts: Any) -> Certificate:
    return certify_linear("toy", replace(PROGRAM, **parts), np.array(x), np.array(dual), np.array(sizes))


def test_a_right_answer_is_proved() -> None:
    found = linear()
    assert found.ok
    assert (found.value, found.bound, found.gap, found.violation) == (-6.0, -6.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("x", "breach"),
    [
        ((4.0, 2.0, 0.0), 2.0),  # x - z = 4
        ((3.4, 0.4, 2.2), 1.0),  # y - x = -3
        ((-1.0, 4.0, 3.0), 1.0),  # x below 0
        ((1.0, 1.0, 4.0), 1.0),  # z above 3
    ],
)
def test_an_answer_of_the_best_value_that_breaks_one_bound_is_not_proved(x: Any, breach: float) -> None:
    found = linear(x)
    assert not found.ok
    assert (found.gap, found.violation) == (pytest.approx(0.0, abs=1e-15), pytest.approx(breach))


@pytest.mark.parametrize(("missing", "is_proved"), last_digits.MISSING)
def test_a_row_of_small_size_and_large_terms_is_as_exact_as_its_sum(missing: float, is_proved: bool) -> None:
    program = last_digits.PROGRAM
    found = certify_linear("toy", program, np.array([900.0 - missing, 36.0]), np.zeros(1), program.row_scale)
    assert found.gap == 0.0
    assert found.ok == is_proved
    if not is_proved:
        assert found.violation == pytest.approx(missing / 2.4e-8, rel=0.2)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("side", ["row_lower", "row_upper"])
def test_either_side_of_each_row_holds(row: int, side: str) -> None:
    """The best answer, where one side of one row is drawn half a tonne too tight, at a price of nothing."""
    activity = MATRIX @ np.array(BEST)
    tight = getattr(PROGRAM, side).copy()
    tight[row] = activity[row] + (0.5 if side == "row_lower" else -0.5)
    found = linear(**{side: tight})
    assert not found.ok
    assert found.violation == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("x", "dual"),
    [
        ((2.0, 2.0, 1.0), DUAL),  # allowed, and not the best
        (BEST, (0.0, 0.0, -2.0)),  # too dear: bound -12
        (BEST, (0.0, 0.0, 0.0)),  # worthless: what is left has no upper bound
        (BEST, (0.0, 0.0, 1.0)),  # the sign of a row without a lower bound
        (BEST, (0.0, 0.5, -2.0 / 3.0)),  # bound -6 all the same; y is priced on the side where it has no bound
        ((np.nan, 2.0, 2.0), DUAL),
        (BEST, (0.0, 0.0, np.nan)),
    ],
)
def test_a_wrong_value_or_price_is_not_proved(x: Any, dual: Any) -> None:
    found = linear(x, dual)
    assert not found.ok
    assert not found.gap <= found.tolerance


def test_a_price_on_the_open_side_of_a_row_proves_nothing() -> None:
    """x and z stand still, so that half a dollar on x - z, which has no lower bound, changes no sum."""
    still = {"col_lower": np.array([2.0, 0.0, 2.0]), "col_upper": np.array([2.0, INF, 2.0])}
    assert linear(**still).ok
    found = linear(dual=(0.5, 0.0, -1.0), **still)
    assert (found.bound, found.gap) == (-6.0, pytest.approx(0.5 / 6.0))
    assert not found.ok


def test_a_breach_counts_by_the_size_of_its_row_and_column() -> None:
    """A ten-thousandth of a tonne is nothing beside a flow of ten thousand, and much beside one of a tonne."""
    x = (2.0, 2.0 - 1e-4, 2.0 + 1e-4)
    tight = np.array([-INF, -1e-4 + 1e-5, -INF])  # y - x may not fall below -0.00009
    assert not linear(x, row_lower=tight).ok
    assert linear(x, row_lower=tight, sizes=(1.0, 1e4, 1.0)).ok
    assert not linear(x, row_lower=tight, sizes=(1e4, 1.0, 1e4)).ok, "another row's size does not help"
    low = np.array([0.0, 2.0, 0.0])
    assert not linear(x, col_lower=low).ok
    assert linear(x, col_lower=low, col_scale=np.array([1.0, 1e4, 1.0])).ok
    assert not linear(x, col_lower=low, col_scale=np.array([1e4, 1.0, 1e4])).ok


def test_the_tolerance_is_a_ten_millionth() -> None:
    for far, is_ok in ((0.9e-7, True), (1.1e-7, False)):
        assert linear((2.0, 2.0 - far, 2.0 + far), col_lower=np.array([0.0, 2.0, 0.0])).ok is is_ok
        assert linear((2.0, 2.0, 2.0 - 6.0 * far)).ok is is_ok, "gap, relative to the value of 6"
