"""Linear programs of the engine, warm and cold, against scipy alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engine_programs import INF, chained, fan, idle, least, least_of, levels, lp, needed, shut, two

from chainnet.engine import (
    LinearProgram,
    WarmModel,
    not_idle,
    plan,
    plans_without,
    price_ranges,
    shares_without,
    solve_independently,
    survival_program,
    values_without,
)
from chainnet.errors import SolverError

# what is put in place, as the model is told and as the program is written anew
STEPS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("set_upper", ([2.0, INF],), {"col_upper": [2.0, INF]}),
    ("set_cost", ([-1.0, -4.0],), {"cost": [-1.0, -4.0]}),
    ("set_row", (1, -INF, 3.0), {"row_upper": [4.0, 3.0]}),
    ("set_col_lower", (0, 0.5), {"col_lower": [0.5, 0.0]}),
    ("set_rows", ([1.0, -INF], [3.0, 2.5]), {"row_lower": [1.0, -INF], "row_upper": [3.0, 2.5]}),
    ("set_cost", ([1.0, 1.0],), {"cost": [1.0, 1.0]}),
    ("set_upper", ([2.5, 0.75],), {"col_upper": [2.5, 0.75]}),
    ("set_rows", ([-INF, 1.5], [3.0, 2.5]), {"row_lower": [-INF, 1.5]}),
]


def array(values: Any) -> Any:
    return np.array(values, dtype=float) if isinstance(values, list) else values


def same(one: LinearProgram, other: LinearProgram) -> bool:
    parts = ("row_lower", "row_upper", "col_lower", "col_upper", "cost", "row_scale", "col_scale")
    equal = all(np.array_equal(getattr(one, part), getattr(other, part)) for part in parts)
    return equal and np.array_equal(one.matrix.toarray(), other.matrix.toarray())


def proved(model: WarmModel, program: LinearProgram, found: Any) -> None:
    """The program in place is the one meant, and the answer is its optimum, by scipy and by its duals."""
    assert same(model.current(), program)
    assert found.status == "optimal"
    assert found.value == pytest.approx(least_of(program), abs=1e-9)
    assert float(program.cost @ found.x) == pytest.approx(found.value, abs=1e-12)
    assert found.col_dual == pytest.approx(program.cost - program.matrix.T @ found.row_dual)
    assert model.certify("now", found).ok


@pytest.mark.parametrize("asked", [{}, {"is_near": True}, {"is_neat": False}, {"or_wide": True}, {"afresh": True}])
@pytest.mark.parametrize("sizes", [((1.0, 1.0), (1.0, 1.0)), ((2.0, 5.0), (10.0, 0.5))])
def test_each_step_changes_what_it_says_and_the_answer_is_that_of_a_program_written_anew(
    asked: dict[str, bool], sizes: Any
) -> None:
    program = two(row_scale=sizes[0], col_scale=sizes[1])
    model = WarmModel(program)
    found = model.solve(**asked)
    proved(model, program, found)
    for name, given, parts in STEPS:
        getattr(model, name)(*map(array, given))
        program = replace(program, **{part: array(value) for part, value in parts.items()})
        found = model.solve(found.basis, **asked)
        proved(model, program, found)
        assert model.value(found.basis) == pytest.approx(found.value, abs=1e-12)
        assert model.col_lower(0) == program.col_lower[0]
        assert model.certify("a", found).problem == "a"


def test_bounds_are_put_in_place_all_at_once() -> None:
    model = WarmModel(fan())
    bounds = tuple(map(array, ([0.5, 0.0, 1.0, 0.0], [4.0, 2.0, 2.0, 5.0], [0.0, 1.0], [INF, 6.0])))
    model.set_bounds(bounds)  # type: ignore[arg-type]
    parts = dict(zip(("col_lower", "col_upper", "row_lower", "row_upper"), bounds, strict=True))
    proved(model, replace(fan(), **parts), model.solve())


def test_prices_are_the_change_of_the_value_for_a_tonne_more() -> None:
    found = WarmModel(two()).solve()
    assert found.x.tolist() == pytest.approx([3.0, 1.0])
    assert found.row_dual.tolist() == pytest.approx([-2.0, 0.0])
    assert found.col_dual.tolist() == pytest.approx([-1.0, 0.0])
    assert least_of(two(), row_upper=[4.25, 7.0]) - found.value == pytest.approx(-2.0 * 0.25)


def test_what_cannot_be_and_what_has_no_end_is_told_apart() -> None:
    none, endless = two(lower=[0.0, 5.0]), lp([[1.0, -1.0]], [0.0], [0.0], [INF, INF], [-1.0, -1.0])
    for program, status in ((none, "infeasible"), (endless, "unbounded")):
        found = WarmModel(program).solve()
        assert (found.status, found.x.size, found.basis) == (status, 0, None)
        assert np.isnan(found.value)
        assert np.isnan(WarmModel(program).value(None))
    nothing = WarmModel(lp([], [], [], [], [])).solve()
    assert (nothing.status, nothing.value) == ("optimal", 0.0)


def test_a_program_that_rounding_makes_impossible_is_solved_with_wider_tolerances() -> None:
    def status(need: float, **asked: bool) -> str:
        program = lp([[1.0, -1.0], [0.0, 1.0]], [0.0, need], [INF, INF], [1.0, INF], [1.0, 1.0])
        return WarmModel(program).solve(**asked).status

    assert status(1 + 1e-8) == "infeasible"
    assert [status(need, or_wide=True) for need in (2.0, 1 + 1e-8, 1 + 1e-6)] == ["infeasible", "optimal", "infeasible"]


@pytest.mark.parametrize(
    ("program", "is_sure"),
    [
        (lp([[1.0, 1.0]], [-INF], [1.0], [5.0, 5.0], [1.0, 1.0], lower=[0.75 + 1e-8, 0.25], row_scale=[2.0]), False),
        # one row and two halves of columns may give way by 1e-7 each: 4e-7 where the row has the size 2
        (lp([[1.0, 1.0]], [-INF], [1.0], [5.0, 5.0], [1.0, 1.0], lower=[0.75 + 3e-7, 0.25], row_scale=[2.0]), False),
        (lp([[1.0, 1.0]], [-INF], [1.0], [5.0, 5.0], [1.0, 1.0], lower=[0.75 + 5e-7, 0.25], row_scale=[2.0]), True),
        (lp([[1.0, 1.0]], [-INF], [1.0], [5.0, 5.0], [1.0, 1.0], lower=[0.75 + 1e-5, 0.25], row_scale=[2.0]), True),
        (lp([[1.0, 1.0]], [-INF], [1.0], [5.0, 5.0], [1.0, 1.0], lower=[2.0, 0.25], row_scale=[2.0]), True),
        (two(lower=[0.0, 5.0]), True),
    ],
)
def test_a_lower_bound_of_a_column_counts_in_what_is_surely_impossible(program: LinearProgram, is_sure: bool) -> None:
    model = WarmModel(program)
    assert model.solve().status == "infeasible"
    assert model.is_surely_infeasible() is is_sure


def test_a_matrix_that_no_solver_takes_is_refused() -> None:
    with pytest.raises(SolverError, match="refused the model"):
        WarmModel(lp([[1e16]], [0.0], [1.0], [1.0], [1.0]))


def test_the_range_of_a_row_is_where_its_price_holds() -> None:
    """3 to 3 t of the first row: at its price -2 any other bound than 4 moves along; the ends, by scipy."""
    model = WarmModel(two())
    base = model.solve()
    low, high = model.row_ranges()
    assert low[0] < 4.0 < high[0]
    for bound in (low[0], high[0]):
        moved = least_of(two(), row_upper=[bound, 7.0])
        assert moved - base.value == pytest.approx(base.row_dual[0] * (bound - 4.0))
    beyond = least_of(two(), row_upper=[high[0] + 1.0, 7.0])
    assert beyond - base.value > base.row_dual[0] * (high[0] + 1.0 - 4.0) + 0.1


@pytest.mark.parametrize("afresh", [False, True])
def test_an_answer_from_a_basis_of_other_bounds_is_that_of_these(afresh: bool) -> None:
    model = WarmModel(chained(0.995))
    model.set_rows(np.array([0.0, -INF]), np.array([INF, 1.2]))
    basis = model.solve().basis
    model.set_rows(np.array([0.0, -INF]), np.array([INF, 0.995]))
    assert model.solve(basis, afresh=afresh).value == pytest.approx(-0.995)


def test_rows_and_columns_stand_at_the_end_with_their_sizes() -> None:
    longer = two().with_rows(
        np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.0, 1.0]), np.array([2.0, INF]), np.array([3.0, 4.0])
    )
    rows = [[1.0, 1.0], [1.0, 3.0], [1.0, 0.0], [0.0, 2.0]]
    low, high = [-INF, -INF, 0.0, 1.0], [4.0, 7.0, 2.0, INF]
    sizes = {"row_scale": [2.0, 5.0, 3.0, 4.0], "col_scale": [10.0, 0.5]}
    assert same(longer, lp(rows, low, high, [3.0, INF], [-3.0, -2.0], **sizes))
    entries = np.array([0, 1, 1]), np.array([0, 2, 3]), np.array([5.0, 6.0, 7.0])
    wider = two().with_columns(np.array([8.0, 9.0]), cost=np.array([2.0, -4.0]), upper=6.0, entries=entries)
    rows = [[6.0, 1.0, 0.0, 0.0], [1.0, 3.0, 6.0, 7.0]]
    sizes = {"row_scale": [2.0, 5.0], "col_scale": [10.0, 0.5, 8.0, 9.0]}
    expected = lp(rows, [-INF, -INF], [4.0, 7.0], [3.0, INF, 6.0, 6.0], [-3.0, -2.0, 2.0, -4.0], **sizes)
    assert same(wider, expected)


def test_a_basis_grows_with_the_rows() -> None:
    model = WarmModel(two())
    found = model.solve()
    longer = two().with_rows(np.array([[1.0, 0.0]]), np.array([-INF]), np.array([2.5]), np.array([1.0]))
    wider = WarmModel(longer)
    basis = wider.extended_basis(found.basis, 1)
    assert basis.valid
    assert list(basis.col_status) == list(found.basis.col_status)
    assert list(basis.row_status) == [*found.basis.row_status, wider._known.HighsBasisStatus.kBasic]
    again = wider.solve(basis)
    assert again.value == pytest.approx(least_of(longer))
    assert again.value > found.value


def test_a_second_solver_finds_the_same() -> None:
    line = lp([[1.0, 2.0]], [1.0], [3.0], [2.0, 2.0], [1.0, 1.5], lower=[0.25, 0.0])
    even = lp([[1.0, 2.0]], [3.0], [3.0], [2.0, 2.0], [1.0, 1.5], row_scale=[7.0], col_scale=[3.0, 0.2])
    free = lp([[1.0, 2.0]], [-INF], [INF], [2.0, 2.0], [-1.0, 1.5])
    for program in (two(), fan(), levels(3), line, even, free):
        assert solve_independently(program) == pytest.approx(least_of(program), abs=1e-6)
    with pytest.raises(SolverError, match="second solver found no optimum"):
        solve_independently(two(lower=[0.0, 5.0]))


# -- prices ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        two(),
        two(upper=[3.0, 1.0]),  # degenerate: three bounds meet in one point
        fan(),
        lp([[1.0], [1.0]], [2.0, 2.0], [INF, 5.0], [9.0], [3.0], row_scale=[2.0, 3.0], col_scale=[0.5]),
        lp([[1.0, -1.0]], [0.0], [0.0], [2.0, 2.0], [1.0, -3.0]),
    ],
)
def test_the_ends_of_a_price_are_the_value_of_a_tonne_less_and_a_tonne_more(program: LinearProgram) -> None:
    value = WarmModel(program).solve().value
    low, high = price_ranges(program, value, np.arange(len(program.row_lower)))
    far = 1e-3
    for row in range(len(low)):
        ends = []
        for step in (-far, far):
            moved = {side: getattr(program, side).copy() for side in ("row_lower", "row_upper")}
            for bound in moved.values():
                bound[row] += step
            ends.append((least_of(program, **moved) - value) / step)
        assert [low[row], high[row]] == pytest.approx(sorted(ends), abs=1e-6)


def test_a_price_without_end_and_a_value_that_is_none() -> None:
    low, high = price_ranges(lp([[1.0]], [2.0], [INF], [2.0], [1.0]), 2.0, np.array([0]))
    assert (low[0], high[0]) == (pytest.approx(1.0), INF)  # nothing can give the third tonne
    assert np.isnan(price_ranges(two(), -5.0, np.array([0, 1]))).all()


def test_a_range_on_which_the_solver_has_no_verdict_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any, **__: Any) -> Any:
        raise SolverError("no verdict")

    monkeypatch.setattr("chainnet.engine.linear_prices.WarmModel.solve", none)
    low, high = price_ranges(two(), -11.0, np.array([0, 1]))
    assert (len(low), len(high)) == (2, 2)
    assert np.isnan([*low, *high]).all()


# -- removals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "closings"),
    [
        (fan(), [[0], [1], [2], [0, 1], [3]]),
        (levels(70), [[i] for i in range(70)]),
        (idle(120), [[i, i + 1] for i in range(0, 119, 3)]),
        (needed(50, 60), [[i] for i in range(0, 111, 2)]),
        (fan(), []),
    ],
)
def test_the_value_without_columns_is_that_of_a_program_in_which_they_are_shut(
    program: LinearProgram, closings: list[list[int]]
) -> None:
    base, sets = WarmModel(program).solve(), [np.array(columns) for columns in closings]
    expected = [least_of(program, col_upper=shut(program, columns)) for columns in closings]
    assert values_without(program, base, sets) == pytest.approx(expected, abs=1e-9)
    seen: list[int] = []

    def in_pieces(places: Any) -> Any:
        for place in places:
            seen.append(place)
            yield [place]

    assert values_without(program, base, sets, in_pieces) == pytest.approx(expected, abs=1e-9)
    costly = {i for i, value in enumerate(expected) if value > base.value + 1e-9}
    assert costly <= set(not_idle(program, base, sets)), "what costs something is never called idle"
    assert sorted(seen) == sorted(not_idle(program, base, sets))


def test_what_some_other_best_answer_leaves_idle_is_settled_at_once() -> None:
    """50 ways that a user each needs, and 60 of which half are enough: only the 50 are looked at one by one."""
    program = needed(50, 60)
    base = WarmModel(program).solve()
    assert not_idle(program, base, [np.array([i]) for i in range(110)]) == list(range(50))
    few = needed(48, 12)
    found = not_idle(few, WarmModel(few).solve(), [np.array([i]) for i in range(60)])
    assert set(found) >= set(range(48))


def test_a_removal_without_an_answer_is_no_answer() -> None:
    program = lp([[1.0]], [1.0], [INF], [2.0], [1.0])
    with pytest.raises(SolverError, match="no optimum"):
        values_without(program, WarmModel(program).solve(), [np.array([0])])


# -- windows -----------------------------------------------------------------------------------------


def test_how_long_what_is_required_can_be_met() -> None:
    """5 t a period of the user: the ways give 4 t and 1 t, so the store's 3 t, of 1 t a period, last 3 periods.

    The middle way makes half a tonne of each of the 2 t that the row leaves it beside the first way's 4 t.
    """
    program = survival_program(
        fan(upper=[4.0, 3.0, 9.0, 100.0]),
        np.array([2]),
        np.array([3.0]),
        np.array([INF]),
        np.array([3]),
        np.array([6.0]),
    )
    base = WarmModel(program).solve()
    assert 1.0 / base.value == pytest.approx(3.0 / (6.0 - 4.0 - 0.5 * 2.0))
    closings = [[0], [1], [2], [0, 1]]
    # without the first way the middle one gives 1.5 t; without the store nobody is served in full
    expected = [(6.0 - 0.5 * 3.0) / 3.0, 2.0 / 3.0, INF, 6.0 / 3.0]
    assert shares_without(program, base, [np.array(c) for c in closings]) == pytest.approx(expected)


def test_a_release_bounds_what_a_store_gives_in_a_period() -> None:
    def share(release: float) -> float:
        program = survival_program(
            fan(), np.array([2]), np.array([3.0]), np.array([release]), np.array([3]), np.array([6.0])
        )
        return WarmModel(program).value(None)

    assert share(1.0) == pytest.approx(1.0 / 3.0)
    assert np.isnan(share(0.9))


PLANS = [
    (fan(), [2, 3]),
    (fan(cost=[1.0, 2.0, 1.0, -1.0]), [2]),
    (lp([[1.0, 1.0, -1.0]], [0.0], [INF], [4.0, 4.0, 5.0], [0.0, 0.0, -1.0], col_scale=[1.0, 2.0, 3.0]), [1]),
    (lp([[1.0, 1.0]], [2.0], [5.0], [4.0, 4.0], [1.0, 1.0]), [1]),
]


def most_at_least_cost(program: LinearProgram, wanted: list[int], **bounds: Any) -> float:
    """The most on some columns among the cheapest answers: by scipy, with a row that holds the cost."""
    value = least_of(program, **bounds)
    held = program.with_rows(program.cost[None, :], np.array([-INF]), np.array([value + 1e-9]), np.array([1.0]))
    goal = np.zeros(len(program.cost))
    goal[wanted] = -1.0
    return -float(least(held, goal, **bounds).fun)


@pytest.mark.parametrize(("program", "wanted"), PLANS)
def test_of_equally_cheap_plans_the_one_that_carries_most_where_it_is_asked(
    program: LinearProgram, wanted: list[int]
) -> None:
    cheapest, _, _ = plan(program, None, np.array(wanted), False)
    assert cheapest.value == pytest.approx(least_of(program))
    tied, face, basis = plan(program, None, np.array(wanted), True)
    assert program.cost @ tied.x == pytest.approx(least_of(program))
    assert tied.x[wanted].sum() == pytest.approx(most_at_least_cost(program, wanted), abs=1e-6)
    assert least(face, program.cost).fun == pytest.approx(least_of(program)), "the face is of the cheapest alone"
    assert -least(face, -program.cost).fun == pytest.approx(least_of(program))
    assert WarmModel(program).solve(basis).value == pytest.approx(least_of(program))


@pytest.mark.parametrize("is_tied", [False, True])
def test_a_plan_for_each_removal_and_its_window(is_tied: bool) -> None:
    program, closings, bounds = fan(), [[0], [1], [], [0]], [[2.0], [1.0], [0.5], [0.25]]
    found = plans_without(
        program,
        WarmModel(program).solve().basis,
        [np.array(c, dtype=int) for c in closings],
        np.array([2]),
        np.array(bounds),
        np.array([2, 3]),
        is_tied,
    )
    for row, columns, (most,) in zip(found, closings, bounds, strict=True):
        upper = program.col_upper.copy()
        upper[2] = most
        upper[columns] = 0.0
        assert row == pytest.approx(least(program, col_upper=upper).x[[2, 3]], abs=1e-9)


def test_many_plans_are_as_one_by_one() -> None:
    program = levels(40)
    found = plans_without(
        program,
        WarmModel(program).solve().basis,
        [np.array([i]) for i in range(40)],
        np.array([0]),
        np.full((40, 1), 0.5),
        np.array([0, 39, 40]),
        True,
    )
    total = 0.5 + sum(range(2, 41))
    assert found[1:39, 2] == pytest.approx([total - (i + 1) for i in range(1, 39)])
    assert found[0].tolist() == pytest.approx([0.0, 40.0, total - 0.5])
    with pytest.raises(SolverError, match="infeasible"):
        plan(two(lower=[0.0, 5.0]), None, np.array([0]), True)
