"""One objective after another: kept in one way, in one place, and the same as plain solves with rows."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import engine_programs as programs
import numpy as np
import pytest
from parsed import nodes, tree
from scipy.optimize import linprog

import chainnet
from chainnet.engine import Certificate, LinearProgram, Ordered
from chainnet.errors import DataError, SolverError

INF = np.inf
PACKAGE = Path(chainnet.__file__).parent
A, B = np.array([-1.0, 0.0]), np.array([0.0, -1.0])


def shared(**asked: Any) -> LinearProgram:
    """Two users of one source: x + 2 y up to 10, x up to 4, y up to 7; sizes that differ."""
    given = {"upper": [4.0, 7.0], "cost": [3.0, 1.0], "row_scale": [2.0], "col_scale": [5.0, 0.5], **asked}
    return programs.lp([[1.0, 2.0]], [-INF], [10.0], **given)


# -- meaning, by hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second", "x"), [(A, B, [4.0, 3.0]), (B, A, [0.0, 5.0])])
def test_who_comes_first_takes_what_both_want_and_the_next_gets_the_rest(first: Any, second: Any, x: Any) -> None:
    held = Ordered(shared(), "toy")
    answers = list(held.in_order([first, second]))
    assert answers[-1].x.tolist() == x, "to the last digit: nothing gives way"
    floored = Ordered(shared(), "toy", [first])
    hair = floored.floor(0, floored.stage(first).value)
    assert 0 < hair < 1e-7
    assert floored.stage(second).x == pytest.approx(x, abs=1e-7)


def test_a_floor_gives_way_by_its_hair_and_a_hold_by_nothing() -> None:
    floored, held = Ordered(shared(), "toy", [A]), Ordered(shared(), "toy")
    hair = floored.floor(0, floored.stage(A).value)
    assert floored.stage(B).x.tolist() == pytest.approx([4.0 - hair, 3.0 + hair / 2], abs=1e-15)
    held.stage(A)
    held.hold()
    assert held.stage(B).x.tolist() == [4.0, 3.0]
    assert hair == pytest.approx(100 * 1e-10 * 5.0), "by the size of the row, which is that of its column"


def test_a_tie_of_the_first_stage_is_left_to_the_second_and_to_the_ends() -> None:
    """Source of 6 for two users of up to 5 each: together 6, and who gets it is open until asked."""
    both = A + B
    tied = programs.lp([[1.0, 1.0]], [-INF], [6.0], upper=[5.0, 5.0], cost=[0.0, 0.0])
    one = Ordered(tied, "toy")
    assert one.stage(both).value == -6.0
    one.hold()
    least, most = one.ends(-A)
    assert (least.value, most.value) == (1.0, -5.0)
    assert (least.x.sum(), most.x.sum()) == (6.0, 6.0), "the total is kept at its range"
    assert one.stage(np.array([2.0, 1.0])).x.tolist() == [1.0, 5.0]


def test_ends_before_a_stage_is_held_are_wider_than_after() -> None:
    one = Ordered(shared(), "toy")
    one.stage(A)
    before = [end.x[1] for end in one.ends(-B)]
    one.hold()
    after = [end.x[1] for end in one.ends(-B)]
    assert (before, after) == ([0.0, 5.0], [0.0, 3.0])


def test_what_was_asked_between_a_stage_and_its_hold_changes_nothing() -> None:
    """Prices are measured by the cost of the stage, not by that of what was asked since."""
    plain, asked = Ordered(shared(), "toy"), Ordered(shared(), "toy")
    for one in (plain, asked):
        one.stage(A)
    asked.ask(1e9 * B)
    for one in (plain, asked):
        one.hold()
    assert [a.tolist() for a in asked.model.bounds] == [b.tolist() for b in plain.model.bounds]
    assert asked.model.bounds[0][0] == 4.0, "x is held at its bound"


def test_a_later_stage_has_prices_beside_a_floor_and_none_of_what_is_held() -> None:
    """A tonne more of x for the first stage costs the second half a tonne of y."""
    floored = Ordered(shared(), "toy", [A])
    floored.floor(0, floored.stage(A).value)
    found = floored.stage(B)
    assert found.row_dual.tolist() == [-0.5], "only the rows of the program: a floor is nobody's price"
    assert found.col_dual.tolist() == [0.0, 0.0]
    held = Ordered(shared(), "toy")
    *_, last = held.in_order([A, B])
    assert held.model.bounds[0].tolist() == [4.0, 0.0]
    assert last.row_dual.tolist() == [-0.5]


def test_other_bounds_let_go_of_what_was_kept_and_what_cannot_be_is_said() -> None:
    program = programs.lp([[1.0, 2.0]], [2.0], [10.0], upper=[4.0, 7.0], cost=[3.0, 1.0])
    one = Ordered(program, "toy", [A])
    one.floor(0, one.stage(A).value)
    one.within(np.array([3.0, 7.0]), np.array([5.0]))
    assert one.stage(B).x.tolist() == [0.0, 2.5]
    one.within(np.array([0.5, 0.25]))  # 1 at the most, where 2 are asked for
    with pytest.raises(SolverError, match=r"toy, thirst: the program is infeasible"):
        one.stage(A, "thirst")
    one.within()
    assert one.stage(B).x.tolist() == [0.0, 5.0], "a refused stage leaves no trace"


def test_a_value_found_within_other_bounds_is_kept_by_a_floor() -> None:
    """Nobody held x at 1 in this program: the floor says so, and all beyond is left to y."""
    one = Ordered(shared(), "toy", [A])
    one.within(np.array([1.0, 7.0]))
    first = one.stage(A).value
    one.within()
    one.floor(0, first)
    assert first == -1.0
    assert one.stage(B).x == pytest.approx([1.0, 4.5], abs=1e-7)
    assert one.second(B) == pytest.approx(-4.5, abs=1e-6)


def test_floors_that_collide_by_rounding_are_loosened_and_those_that_collide_are_told() -> None:
    one = Ordered(shared(row_scale=[1e-3], col_scale=[1e-3, 1e-3]), "toy", [A, B])
    one.floor(0, -4.0)
    one.floor(1, -3.0 - 3e-8)  # beside x = 4 there are 3: ten hairs of 3e-10 are too few, a hundred do
    assert one.stage(A + B).value == pytest.approx(-7.0, abs=1e-7)
    assert one.looser == 100.0
    one.floor(1, -3.5)
    with pytest.raises(SolverError, match="infeasible"):
        one.stage(A)


def test_what_nothing_limits_is_said_in_the_words_of_who_asks() -> None:
    endless = programs.lp([[1.0, -1.0]], [-INF], [10.0], upper=[INF, INF], cost=[1.0, 1.0])
    with pytest.raises(DataError, match="no end to y"):
        Ordered(endless, "toy", unbounded=lambda: "no end to y").stage(B)
    with pytest.raises(SolverError, match="toy: the program is unbounded"):
        Ordered(endless, "toy").stage(B)


# -- the worst of many proofs -----------------------------------------------------------------------


def proof(gap: float, violation: float, tolerance: float = 1e-7, **given: Any) -> Certificate:
    values = {"problem": "one", "value": 5.0, "bound": 5.5, **given}
    return Certificate(**values, gap=gap, violation=violation, tolerance=tolerance)


def test_the_worst_of_many_is_the_last_with_the_widest_of_each() -> None:
    many = [proof(3e-8, 1e-9, value=9.0), proof(1e-9, 2e-8, 1e-6), proof(2e-9, 3e-9, value=7.0, bound=7.25)]
    assert Certificate.worst(many) == proof(3e-8, 2e-8, 1e-6, value=7.0, bound=7.25)
    assert Certificate.worst(many, "all") == proof(3e-8, 2e-8, 1e-6, problem="all", value=7.0, bound=7.25)
    assert Certificate.worst(many, value=8.0) == proof(3e-8, 2e-8, 1e-6, value=8.0, bound=8.0)
    assert Certificate.worst(many, value=8.0, bound=8.5) == proof(3e-8, 2e-8, 1e-6, value=8.0, bound=8.5)
    assert Certificate.worst(many, bound=8.5) == proof(3e-8, 2e-8, 1e-6, value=7.0, bound=8.5)


def test_a_proof_that_does_not_hold_is_not_lost_among_others() -> None:
    assert not Certificate.worst([proof(1e-9, 0.0), proof(np.nan, 0.0), proof(1e-9, 0.0)]).ok
    assert not Certificate.worst([proof(1e-6, 0.0), proof(1e-9, 0.0)]).ok
    with pytest.raises(SolverError, match="toy: nothing was solved"):
        Certificate.worst([], "toy")


def test_every_answer_is_proved_and_the_worst_is_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Ordered(shared(), "toy")
    list(one.in_order([A, B], "thirst"))
    one.ends(np.array([3.0, 1.0]), "cost")
    assert [p.problem for p in one.proofs] == ["toy, thirst"] * 2 + ["toy, cost"] * 2
    assert [p.value for p in one.proofs] == [-4.0, -3.0, 15.0, -15.0]
    assert one.worst == Certificate.worst(one.proofs, "toy")
    proofs: list[Certificate] = []
    strict = Ordered(shared(), "toy", proofs=proofs)
    monkeypatch.setattr(strict.model, "certify", lambda problem, _: proof(1e-3, 0.0, problem=problem))
    with pytest.raises(SolverError, match="failed its own check"):
        strict.stage(A)
    assert proofs == []


@pytest.mark.parametrize("is_floored", [True, False])
def test_what_is_served_whole_has_its_price_alone_and_is_not_solved_again(is_floored: bool) -> None:
    """A source of 20 gives 4 and 7 whole: no row has a price, and who comes next finds it done."""
    one = Ordered(programs.lp([[1.0, 2.0]], [-INF], [20.0], upper=[4.0, 7.0], cost=[0.0, 0.0]), "toy", [A, B])
    first = one.stage(A + B)
    assert (first.x.tolist(), first.row_dual.tolist()) == ([4.0, 7.0], [0.0])
    assert first.col_dual.tolist() == [-1.0, -1.0]
    if is_floored:
        one.floor(0, -4.0)
    else:
        one.hold()
    second = one.stage(2.0 * B)
    assert (second.value, second.col_dual.tolist()) == (-14.0, [0.0, -2.0])
    assert second.basis is first.basis, "nothing was solved"
    assert [p.value for p in one.proofs] == [-11.0, -14.0]
    assert one.worst.ok


def test_what_was_whole_is_solved_anew_where_it_is_allowed_no_more() -> None:
    one = Ordered(programs.lp([[1.0, 2.0]], [-INF], [20.0], upper=[4.0, 7.0], cost=[0.0, 0.0]), "toy")
    one.stage(A + B)
    one.within(row_upper=np.array([10.0]))  # 4 and 3 are left, while each alone still lies at its bound
    found = one.stage(B)
    assert (found.value, found.row_dual.tolist()) == (-5.0, [-0.5])
    one.within(upper=np.array([4.0, 9.0]), row_upper=np.array([20.0]))
    assert one.stage(A + B).value == -12.0, "more is asked for: 4 and 8"


def test_a_cost_is_asked_for_its_prices_even_where_nothing_flows() -> None:
    """What would come at a price of 3 lies at 0, its least: the row that asks for nothing still says 3."""
    one = Ordered(programs.lp([[1.0]], [0.0], [0.0], upper=[4.0], cost=[3.0]), "toy")
    one.stage(np.array([-1.0]))
    found = one.stage(np.array([3.0]))
    assert found.value == 0.0
    assert found.row_dual.tolist() == [3.0]


# -- an oracle: plain solves, each floor a row ------------------------------------------------------


def plainly(program: LinearProgram, floors: list[tuple[Any, float]], cost: Any) -> float:
    """The least of a cost by another code: every row and floor as it stands."""
    matrix = program.matrix.toarray()
    rows = [*matrix, *-matrix, *(goal for goal, _ in floors)]
    sides = [*program.row_upper, *-program.row_lower, *(most for _, most in floors)]
    kept = np.isfinite(sides)
    found = linprog(
        cost,
        np.array(rows)[kept],
        np.array(sides)[kept],
        bounds=np.column_stack([program.col_lower, program.col_upper]),
        method="highs-ds",
    )
    assert found.status == 0, found.message
    return float(found.fun)


@pytest.mark.parametrize("seed", range(40))
def test_stages_agree_with_plain_solves(seed: int) -> None:
    """Small whole numbers, so that ties are many; held, floored, and within other bounds."""
    draw = np.random.default_rng(seed)
    n_rows, n_cols, n_stages = draw.integers(2, 6), draw.integers(3, 8), draw.integers(2, 5)
    program = LinearProgram(
        programs.csc_array(draw.integers(0, 4, (n_rows, n_cols)).astype(float)),
        np.full(n_rows, -INF),
        draw.integers(4, 20, n_rows).astype(float),
        np.zeros(n_cols),
        draw.integers(1, 9, n_cols).astype(float),
        np.zeros(n_cols),
        draw.choice([0.5, 1.0, 4.0], n_rows),
        draw.choice([0.25, 1.0, 8.0], n_cols),
    )
    goals = [-draw.integers(0, 3, n_cols).astype(float) for _ in range(n_stages)]
    goals[0][0] = -1.0
    gain = draw.integers(-3, 4, n_cols).astype(float)
    held, floored = Ordered(program, "toy"), Ordered(program, "toy", goals)
    upper = np.maximum(program.col_upper - draw.integers(0, 5, n_cols), 0.0)
    for cut in (program, replace(program, col_upper=upper)):
        floors: list[tuple[Any, float]] = []
        for one in (held, floored):
            one.within(cut.col_upper)
        for number, goal in enumerate(goals):
            value = plainly(cut, floors, goal)
            assert held.stage(goal).value == pytest.approx(value, abs=2e-6)
            assert floored.stage(goal).value == pytest.approx(value, abs=2e-6)
            floors.append((goal, value + 1e-9))
            held.hold()
            floored.floor(number, value)
        ends = plainly(cut, floors, gain), plainly(cut, floors, -gain)
        for one in (held, floored):
            assert [end.value for end in one.ends(gain)] == pytest.approx(ends, abs=2e-6)
        assert held.worst.ok
        assert floored.worst.ok


# -- in one place -----------------------------------------------------------------------------------


def second_homes(whole: ast.AST) -> list[str]:
    """What a module says that belongs to the engine: how a stage is kept, or which of many proofs is the worst."""
    said = []
    for node in nodes(whole):
        if isinstance(node, ast.FunctionDef) and node.name in ("hold", "lock", "floor", "floor_of", "loosen"):
            said.append(f"defines {node.name}")
        is_max = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "max"
        if is_max and any(isinstance(p, ast.Attribute) and p.attr in ("gap", "violation") for p in ast.walk(node)):
            said.append("picks the worst gap or breach")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            sides = [s for side in (node.left, node.right) for s in ast.walk(side)]
            if any(isinstance(s, ast.Name) and s.id == "LOCK" for s in sides):
                said.append("measures a hair by LOCK")
    return said


def test_how_a_stage_is_kept_and_which_proof_is_the_worst_stand_in_the_engine_alone() -> None:
    # what is met but for rounding is no stage that is kept
    whole = {("flow/_months.py", "measures a hair by LOCK"), ("doubt/_programs.py", "measures a hair by LOCK")}
    found = {
        (str(path.relative_to(PACKAGE)), said)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent.name != "engine"
        for said in second_homes(tree(path))
    }
    assert found == whole


@pytest.mark.parametrize(
    "source",
    [
        "def lock(self, number, value): ...",
        "gap = max(p.gap for p in proofs)",
        "worst = replace(one, violation=max(one.violation, two.violation))",
        "slack = max(LOCK * value, 100 * LOCK * scale)",
    ],
)
def test_a_second_home_would_be_seen(source: str) -> None:
    assert second_homes(ast.parse(source))
