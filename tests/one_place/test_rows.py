"""Rows of programs are collected in one place, and programs are solved in one: what they mean, and that it stays so."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsed import nodes, trees
from scipy.optimize import linprog

from chainnet.engine import LinearProgram, Rows, least
from chainnet.errors import SolverError

INF = np.inf
# what stacks blocks or triplets, so what a builder of rows is made of
STACKING = {"coo_array", "coo_matrix", "lil_array", "dok_array", "block_array", "block_diag", "hstack", "vstack"}
STACKING |= {"bmat", "eye_array", "identity"}


def outside() -> dict[str, ast.Module]:
    """Return the modules outside the engine."""
    return {name: tree for name, tree in trees().items() if not name.startswith("engine/")}


def imported(tree: ast.AST) -> set[str]:
    """Whatever a module imports, as dotted names."""
    found = set()
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def called(tree: ast.AST) -> set[str]:
    """Names that are called, or the last part of what is."""
    functions = [node.func for node in nodes(tree) if isinstance(node, ast.Call)]
    return {f.id if isinstance(f, ast.Name) else f.attr for f in functions if isinstance(f, (ast.Name, ast.Attribute))}


# -- one place ---------------------------------------------------------------------------------------


def test_only_the_second_solver_and_the_calibration_of_the_engine_ask_scipy_to_solve() -> None:
    users = {name for name, tree in trees().items() if any(i.startswith("scipy.optimize") for i in imported(tree))}
    assert users == {"engine/linear.py", "engine/entropy.py"}
    second = [
        node.name
        for node in nodes(trees()["engine/linear.py"])
        if isinstance(node, ast.FunctionDef) and any(i.startswith("scipy.optimize") for i in imported(node))
    ]
    assert second == ["solve_independently"]


def test_outside_the_engine_programs_are_made_of_rows_alone() -> None:
    assert [name for name, tree in outside().items() if "LinearProgram" in called(tree)] == []
    assert [name for name, tree in outside().items() if "Conditions" in called(tree)] == []
    assert "LinearProgram" in called(trees()["engine/rows.py"])


def test_one_class_collects_rows() -> None:
    """Who writes programs stacks no sparse matrices, and a class that hands out a matrix is Rows or made of it."""
    words = ("Rows", "LinearProgram", "Conditions", "NamedRows", "FlowProblem")
    writers = {n: t for n, t in outside().items() if any(i.rsplit(".", 1)[-1] in words for i in imported(t))}
    assert {"lowering/_rows.py", "sharing/coarse/_shares.py", "sharing/_attack.py"} <= set(writers)
    stacking = {
        name: sorted(used)
        for name, tree in writers.items()
        if (used := {i.rsplit(".", 1)[-1] for i in imported(tree) if i.startswith("scipy.sparse")} & STACKING)
    }
    # a lag is a small matrix of its own, by which months are spread; it is no row
    assert stacking == {"lowering/_periods.py": ["coo_array"]}
    builders = [
        (name, node.name)
        for name, tree in trees().items()
        for node in nodes(tree)
        if isinstance(node, ast.ClassDef)
        and {"add", "matrix"} <= {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    ]
    assert builders == [("engine/rows.py", "Rows")]


# -- what rows mean ----------------------------------------------------------------------------------


def test_each_way_to_write_a_row_says_what_stands_there() -> None:
    rows = Rows()
    assert rows.add([0, 2, 2], [1.0, 2.0, 3.0], 0.5, 5.0, size=7.0) == 0  # a column that comes twice counts with both
    assert rows.open(-INF, 4.0) == 1
    rows.put(1, 3, 6.0)
    rows.write(1, [0, 3], [8.0, 0.5])
    assert rows.block(np.array([[0.0, 9.0], [10.0, 0.0]]), 1, [1.0, 2.0], 3.0, [11.0, 12.0]).tolist() == [2, 3]
    assert rows.each([[0, 1], 3], [-1.0, [13.0, 14.0]], -INF, [15.0, 16.0], 17.0).tolist() == [4, 5]
    rows.bar(np.array([0, 1, 3]))
    matrix, low, high, size = rows.lines(4)
    assert matrix.toarray().tolist() == [
        [1.0, 0.0, 5.0, 0.0],
        [8.0, 0.0, 0.0, 6.5],
        [0.0, 0.0, 9.0, 0.0],
        [0.0, 10.0, 0.0, 0.0],
        [-1.0, 0.0, 0.0, 13.0],
        [0.0, -1.0, 0.0, 14.0],
        [1.0, 1.0, 0.0, 1.0],
    ]
    assert low.tolist() == [0.5, -INF, 1.0, 2.0, -INF, -INF, -INF]
    assert high.tolist() == [5.0, 4.0, 3.0, 3.0, 15.0, 16.0, 2.0]
    assert size.tolist() == [7.0, 1.0, 11.0, 12.0, 17.0, 17.0, 1.0]
    assert len(rows) == 7


def test_open_rows_are_filled_later_and_wait_for_nothing() -> None:
    rows = Rows()
    opened = rows.open_all(3, [1.0, 2.0, 3.0], INF, 2.0)
    rows.write(opened[[2, 0]], [0, 1], [4.0, 5.0])
    assert rows.matrix(2).toarray().tolist() == [[0.0, 5.0], [0.0, 0.0], [4.0, 0.0]]
    assert Rows().matrix(3).shape == (0, 3)
    assert Rows().each([np.empty(0, dtype=int), 2], [1.0, -1.0], 0.0, 0.0).tolist() == []


def test_a_copy_goes_on_alone() -> None:
    rows = Rows()
    rows.add([0], [2.0], 0.0, 3.0)
    rows.put(0, 1, 4.0)
    other = rows.copy()
    other.add([1], [5.0], 0.0, 6.0)
    other.put(0, 0, 7.0)
    other.high[0] = 8.0
    assert (rows.matrix(2).toarray().tolist(), list(rows.high)) == ([[2.0, 4.0]], [3.0])
    assert (other.matrix(2).toarray().tolist(), list(other.high)) == ([[9.0, 4.0], [0.0, 5.0]], [8.0, 6.0])


def test_a_program_bears_bounds_costs_and_sizes() -> None:
    rows = Rows()
    rows.add([0, 1], [1.0, -2.0], -1.0, 3.0, size=4.0)
    program = rows.program(np.array([5.0, 6.0]), lower=[-INF, 0.5], upper=7.0, size=[8.0, 9.0])
    assert (program.col_lower.tolist(), program.col_upper.tolist()) == ([-INF, 0.5], [7.0, 7.0])
    assert (program.row_lower.tolist(), program.row_upper.tolist(), program.row_scale.tolist()) == (
        [-1.0],
        [3.0],
        [4.0],
    )
    assert (program.cost.tolist(), program.col_scale.tolist()) == ([5.0, 6.0], [8.0, 9.0])
    plain = rows.program(np.array([5.0, 6.0]))
    assert (plain.col_lower.tolist(), plain.col_upper.tolist(), plain.col_scale.tolist()) == (
        [0.0, 0.0],
        [INF, INF],
        [1.0, 1.0],
    )


def test_columns_stand_at_the_end_and_old_ones_may_get_more() -> None:
    rows = Rows()
    rows.add([0, 1], [1.0, 2.0], -1.0, 3.0)
    program = rows.program(np.array([5.0, 6.0]))
    at = np.array([0, 0, 0]), np.array([1, 2, 3]), np.array([10.0, 20.0, 30.0])
    wider = program.with_columns(np.array([7.0, 8.0]), cost=[0.5, 0.25], upper=9.0, entries=at)
    assert wider.matrix.toarray().tolist() == [[1.0, 12.0, 20.0, 30.0]]
    assert (wider.col_lower.tolist(), wider.col_upper.tolist()) == ([0.0] * 4, [INF, INF, 9.0, 9.0])
    assert (wider.cost.tolist(), wider.col_scale.tolist()) == ([5.0, 6.0, 0.5, 0.25], [1.0, 1.0, 7.0, 8.0])
    assert program.with_columns(np.array([7.0])).matrix.toarray().tolist() == [[1.0, 2.0, 0.0]]


# -- the least ---------------------------------------------------------------------------------------


def fan(most: float) -> LinearProgram:
    """Two ways of 3 and 5 a tonne, the cheap one of at most 4 t, for at least 6 and at most ``most`` t."""
    rows = Rows()
    rows.add([0, 1], [1.0, 1.0], 6.0, most, size=6.0)
    return rows.program(np.array([3.0, 5.0]), upper=[4.0, INF], size=2.0)


def test_the_least_is_proved_and_its_prices_say_what_a_tonne_more_costs() -> None:
    found, proof = least("two ways", fan(9.0))
    assert found.x.tolist() == pytest.approx([4.0, 2.0])
    assert (found.value, proof.value, proof.bound) == (pytest.approx(22.0), pytest.approx(22.0), pytest.approx(22.0))
    assert found.row_dual.tolist() == pytest.approx([5.0])
    assert found.col_dual.tolist() == pytest.approx([-2.0, 0.0])
    assert proof.ok
    assert proof.problem == "two ways"


def test_what_cannot_be_or_has_no_end_is_said() -> None:
    with pytest.raises(SolverError, match="two ways: the program is infeasible"):
        least("two ways", fan(5.0))
    rows = Rows()
    rows.add([0, 1], [1.0, -1.0], -INF, 2.0)
    with pytest.raises(SolverError, match="no end: the program is unbounded"):
        least("no end", rows.program(np.array([-1.0, 0.0])))


@given(st.integers(0, 10_000))
def test_random_programs_against_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 6, 2)
    matrix = rng.integers(-3, 4, (m, n)).astype(float)
    middle = rng.integers(-4, 8, m).astype(float)
    low = np.where(rng.random(m) < 0.3, -INF, middle)
    high = middle + rng.choice([0.0, 3.0, INF], m)
    upper = rng.choice([2.5, 6.0, INF], n)
    cost = rng.integers(-2, 6, n).astype(float)
    rows = Rows()
    for line, *ends in zip(matrix, low, high, strict=True):
        rows.add(np.arange(n), line, *ends, size=3.0)
    above, below = np.isfinite(high), np.isfinite(low)
    known = linprog(
        cost,
        A_ub=np.vstack([matrix[above], -matrix[below]]),
        b_ub=np.concatenate([high[above], -low[below]]),
        bounds=np.column_stack([np.zeros(n), upper]),
        method="highs-ipm",
    )
    program = rows.program(cost, upper=upper, size=2.0)
    if known.status == 0:
        found, proof = least("random", program)
        assert proof.ok
        assert found.value == pytest.approx(known.fun, rel=1e-6, abs=1e-6)
    else:
        with pytest.raises(SolverError, match=r"infeasible|unbounded"):
            least("random", program)
