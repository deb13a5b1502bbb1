"""Programs most of whose columns must be 0: the same optimum with and without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flow_problems import chain_program
from scipy.sparse import csc_array

from chainnet.engine import CompactModel, LinearProgram, WarmModel
from chainnet.engine.linear_compact import in_use


@pytest.mark.parametrize("seed", range(15))
def test_same_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    program = chain_program(rng)
    compact, whole = CompactModel(program), WarmModel(program)
    compact.set_cost(program.cost)
    whole.set_cost(program.cost)
    found, known = compact.solve(), whole.solve()
    assert found.value == pytest.approx(known.value, abs=1e-9)
    assert compact.certify("test").ok
    assert (program.matrix @ found.x >= -1e-9).all()
    # other bounds: some columns come into use that were not
    upper = np.where(rng.random(len(program.cost)) < 0.5, 0.0, 5.0)
    compact.set_bounds(upper, program.row_lower, program.row_upper)
    whole.set_upper(upper)
    again = compact.solve(found)
    assert again.value == pytest.approx(whole.solve().value, abs=1e-9)
    assert not again.x[upper == 0].any()


def test_what_nothing_feeds_is_not_in_use() -> None:
    """a -> b -> c with the first shut: nothing can flow; what may be thrown away is in use all the same."""
    matrix = csc_array(np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]))
    low, high = np.zeros(2), np.full(2, np.inf)
    assert in_use(matrix, np.array([False, True, True]), low, high).tolist() == [False, False, False]
    assert in_use(matrix, np.array([True, True, False]), low, high).tolist() == [True, True, False]
    assert in_use(matrix, np.array([True, True, False]), low, np.zeros(2)).tolist() == [False, False, False]


def test_a_row_that_cannot_hold_with_nothing_is_infeasible() -> None:
    program = LinearProgram(
        csc_array(np.array([[1.0]])),
        np.ones(1),
        np.full(1, np.inf),
        np.zeros(1),
        np.zeros(1),
        np.ones(1),
        np.ones(1),
        np.ones(1),
    )
    assert CompactModel(program).solve().status == "infeasible"


def second_best(program: LinearProgram, first: float, cost: np.ndarray) -> float:
    """The least of a second cost among the answers that are as good by the first, by linprog with a row for it."""
    from scipy.optimize import linprog

    rows = np.vstack([program.cost, -program.matrix.toarray()])
    most = np.r_[first + 1e-10, -program.row_lower]
    return float(linprog(cost, A_ub=rows, b_ub=most, bounds=np.c_[program.col_lower, program.col_upper]).fun)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_held_leaves_all_that_is_as_good_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    program = chain_program(rng)
    cost = np.where(rng.random(len(program.cost)) < 0.5, 0.0, rng.uniform(-2, 2, len(program.cost)))
    for model in (WarmModel(program), CompactModel(program)):
        model.set_cost(program.cost)
        first = model.solve()
        whole = model.bounds if isinstance(model, WarmModel) else model.held
        model.hold(first)
        model.set_cost(cost)
        second = model.solve(first if isinstance(model, CompactModel) else first.basis)
        assert second.value == pytest.approx(second_best(program, first.value, cost), abs=1e-7)
        assert float(program.cost @ second.x) == pytest.approx(first.value, abs=1e-8), "the first keeps what it got"
        (model.set_bounds if isinstance(model, WarmModel) else model.set_held)(whole)
        model.set_cost(program.cost)
        assert model.solve().value == pytest.approx(first.value, abs=1e-9), "let go, it is as it was"


def test_columns_are_held_at_a_value_until_other_bounds_are_put_in_place() -> None:
    program = chain_program(np.random.default_rng(1))
    model = CompactModel(program)
    model.set_cost(program.cost)
    best = model.solve()
    used = np.flatnonzero(best.x > 1e-6)[:1]
    model.hold_at(used, best.x[used] / 2)
    model.set_cost(np.zeros(len(best.x)))
    assert model.solve().x[used] == pytest.approx(best.x[used] / 2)
    model.set_bounds(program.col_upper, program.row_lower, program.row_upper)
    model.set_cost(program.cost)
    assert model.solve().value == pytest.approx(best.value, abs=1e-9)


def asks(need: float, scale: float = 1.0) -> WarmModel:
    """x <= 1 feeds y (no bound of its own), of which ``need`` is asked."""
    matrix = csc_array(np.array([[1.0, -1.0], [0.0, 1.0]]))
    return WarmModel(
        LinearProgram(
            matrix,
            np.array([0.0, need * scale]),
            np.full(2, np.inf),
            np.zeros(2),
            np.array([scale, np.inf]),
            np.ones(2),
            np.full(2, scale),
            np.full(2, scale),
        )
    )


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e7])
@pytest.mark.parametrize(("need", "status", "is_sure"), [(2.0, "infeasible", True), (1 + 1e-8, "infeasible", False)])
def test_rounding_is_told_from_what_cannot_be(need: float, status: str, is_sure: bool, scale: float) -> None:
    model = asks(need, scale)
    assert model.solve().status == status
    assert model.is_surely_infeasible() is is_sure


@pytest.mark.parametrize(("short", "is_rounding"), [(1e-12, True), (4e-8, True), (1e-6, False)])
def test_bounds_give_way_to_an_answer_that_is_off_by_rounding(short: float, is_rounding: bool) -> None:
    """A road carries 2 t but for a hair, a demand of 2 t is held: the answer that met it is let in, or nothing moves."""
    ends = np.array([2.0 * (1 - short), 2.0])
    program = LinearProgram(
        csc_array(np.array([[1.0, -1.0]])), np.zeros(1), np.zeros(1), np.array([0.0, 2.0]), ends, np.zeros(2), np.ones(1),
        np.array([2.0, 2.0]),
    )  # fmt: skip
    model = WarmModel(program)
    assert model.admit(np.array([2.0, 2.0])) is is_rounding
    lower, upper, *_ = model.bounds
    assert lower.tolist() == [0.0, 2.0]
    assert upper.tolist() == ([2.0, 2.0] if is_rounding else ends.tolist())


def test_a_solvable_program_is_not_infeasible() -> None:
    model = asks(1.0)
    assert model.solve().status == "optimal"
    assert not model.is_surely_infeasible()


@pytest.mark.parametrize("seed", range(15))
def test_sure_verdicts_agree_with_an_elastic_program(seed: int) -> None:
    """Least surplus asked for that must be waived: by linprog, all at once."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    program = chain_program(rng)
    low = np.where(rng.random(12) < 0.3, rng.uniform(0, 3, 12), 0.0)
    model = WarmModel(replace(program, row_lower=low))
    status = model.solve().status
    rows, cols = program.matrix.shape
    elastic = np.hstack([-program.matrix.toarray(), -np.eye(rows)])
    bounds = [(0, u) for u in program.col_upper] + [(0, None)] * rows
    waived = linprog(np.r_[np.zeros(cols), np.ones(rows)], A_ub=elastic, b_ub=-low, bounds=bounds).fun
    assert (status == "infeasible") == (waived > 1e-6)
    assert model.is_surely_infeasible() == (waived > 1e-6)
