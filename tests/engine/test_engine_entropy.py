"""The nearest flows to a guess under conditions: what holds at the least of a strictly convex sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_programs import INF, PRIOR, WEIGHT, array, conditions, table
from scipy.optimize import linprog

from chainnet.engine import Conditions, nearest, repair
from chainnet.engine.entropy import _from_inside, support
from chainnet.errors import SolverError


def is_nearest(c: Conditions, x: Any, prior: Any, weight: Any, forced: Any) -> bool:
    """Say whether prices of the rows explain every flow that the conditions leave free.

    w ln(x/q) = A'y where x lies between its bounds, and at most A'y where it lies at the upper one.
    """
    free = ~np.asarray(forced, dtype=bool)
    rows = c.matrix.toarray() / c.scale[:, None]
    slope = weight * np.log(np.maximum(x, 1e-300) / prior)
    full = free & (x >= c.upper * (1 - 1e-9))
    inside = free & ~full
    off = 1e-6 * np.maximum(1.0, np.abs(slope))
    a = np.vstack([rows[:, inside].T, -rows[:, inside].T, -rows[:, full].T])
    b = np.concatenate([(slope + off)[inside], (off - slope)[inside], (off - slope)[full]])
    return linprog(np.zeros(len(rows)), A_ub=a, b_ub=b, bounds=(None, None), method="highs").status == 0


RECIPE = [[1, 1, 0, -2, 0], [0, 0, 1, 1, -1], [1, 0, 0, 0, 0]]
NONE = [False] * 6
CASES: list[tuple[Conditions, Any, Any, list[bool]]] = [
    (table(), PRIOR, WEIGHT, NONE),
    (table(), np.ones(6), np.ones(6), NONE),
    (table(upper=[2.5, INF, INF, INF, 3.0, 0.5]), PRIOR, WEIGHT, NONE),
    (table(upper=[1.5, INF, INF, INF, INF, INF]), PRIOR, WEIGHT, NONE),
    (table(rows=(8.0, 1.0), columns=(8.0, 1.0, 0.0)), PRIOR, WEIGHT, [False, False, True, False, False, True]),
    (table(upper=[4.0, 1.0, 1.0, INF, INF, INF]), PRIOR, WEIGHT, [True, True, True, True, False, True]),
    (conditions([[1.0, 1.0]], [3.0], upper=[1.0, 2.0]), np.ones(2), np.ones(2), [True, True]),
    (conditions([[1.0, 1.0, 0.0]], [3.0], upper=[INF, INF, 0.5]), array([1.0, 2.0, 0.75]), np.ones(3), [False] * 3),
    (
        conditions(RECIPE, [0.0, 0.0, 2.0], upper=[INF, INF, 4.0, INF, INF]),
        array([1.0, 1.0, 2.0, 0.5, 3.0]),
        array([1.0, 2.0, 1.0, 3.0, 1.0]),
        [False] * 5,
    ),
    (
        table(rows=(6e6, 3e6), columns=(4e6, 4e6, 1e6), scale=[6e6, 3e6, 4e6, 4e6, 1e6], size=[1e6] * 6),
        1e6 * PRIOR,
        1e-6 * WEIGHT,
        NONE,
    ),
    (table(), array([1e-6, 1.0, 1e4, 1.0, 1e-3, 1.0]), array([1.0, 1e-3, 1.0, 1e3, 1.0, 1.0]), NONE),
]


@pytest.mark.parametrize(("c", "prior", "weight", "forced"), CASES)
def test_the_nearest_flows_meet_all_and_no_step_leads_nearer(
    c: Conditions, prior: Any, weight: Any, forced: list[bool]
) -> None:
    x = nearest(c, prior, weight)
    assert c.matrix @ x == pytest.approx(c.value, rel=1e-9, abs=1e-9 * float(c.size.max()))
    assert (x >= 0).all()
    assert (x <= c.upper).all()
    scaled = weight * float(c.size.max())  # weights are one over tonnes
    assert is_nearest(c, x, prior, scaled / scaled.max(), forced)


@pytest.mark.parametrize(("c", "prior", "weight", "forced"), CASES)
def test_the_slower_way_from_an_inner_point_ends_where_the_quick_one_does(
    c: Conditions, prior: Any, weight: Any, forced: list[bool]
) -> None:
    zero, full, start = support(c)
    free = ~zero & ~full
    if not free.any():
        return
    matrix, value = c.scaled
    left = (value - matrix @ np.where(full, c.upper, 0.0))[(matrix[:, free] != 0).sum(axis=1) > 0]
    part = matrix[:, free][(matrix[:, free] != 0).sum(axis=1) > 0]
    given = (part, left, prior[free], weight[free], c.upper[free], start[free], c.size[free])
    assert _from_inside(*given) == pytest.approx(nearest(c, prior, weight)[free], rel=1e-6, abs=1e-9 * c.size.max())


def test_an_even_guess_of_a_table_is_rows_times_columns() -> None:
    found = nearest(table(), np.ones(6), np.ones(6))
    assert found == pytest.approx(np.outer([6.0, 3.0], [4.0, 4.0, 1.0]).ravel() / 9.0)


def test_what_no_condition_names_stays_as_guessed_up_to_its_bound() -> None:
    """3 t in all of the first two, both full; the third is held by its bound of 0.5 t, the fourth by nothing."""
    c = conditions([[1.0, 1.0, 0.0, 0.0]], [3.0], upper=[1.0, 2.0, 0.5, INF])
    assert nearest(c, array([1.0, 2.0, 0.75, 0.25]), np.ones(4)) == pytest.approx([1.0, 2.0, 0.5, 0.25])


def test_of_two_flows_the_one_that_weighs_less_gives_way() -> None:
    """x + y = 4 from a guess of 1 and 1, weights 1 and 3: ln x = 3 ln y, so y + y^3 = 4."""
    x, y = nearest(conditions([[1.0, 1.0]], [4.0]), np.ones(2), array([1.0, 3.0]))
    assert (x + y, x) == (pytest.approx(4.0), pytest.approx(y**3))


# -- what conditions force -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("c", "zero", "full"),
    [
        (table(), [], []),
        (table(rows=(8.0, 1.0), columns=(8.0, 1.0, 0.0)), [2, 5], []),
        (table(upper=[4.0, 1.0, 1.0, INF, INF, INF]), [3, 5], [0, 1, 2]),
        (conditions([[1.0, 1.0]], [3.0], upper=[1.0, 2.0]), [], [0, 1]),
        (conditions([[1.0, 1.0]], [3.0], upper=[1.0, 2.5]), [], []),
        (conditions([[1.0, 1.0]], [0.0]), [0, 1], []),
        (conditions([[1.0, -1.0], [1.0, 0.0]], [0.0, 2.0], upper=[INF, 2.0]), [], [1]),
    ],
)
def test_what_is_forced_to_nothing_or_to_its_bound(c: Conditions, zero: list[int], full: list[int]) -> None:
    is_zero, is_full, inner = support(c)
    assert np.flatnonzero(is_zero).tolist() == zero
    assert np.flatnonzero(is_full).tolist() == full
    assert c.matrix @ inner == pytest.approx(c.value, abs=1e-9)
    assert (inner[~is_zero] > 1e-6).all(), "an inner point: what is not forced lies between its bounds"
    assert (inner[~is_full] < c.upper[~is_full] - 1e-6).all()


def test_a_tonne_beside_a_hundred_million_is_not_called_nothing() -> None:
    rows = [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]
    c = conditions(rows, [1e8, 1.0], scale=[1e8, 1.0], size=[1e8, 1e8, 1.0])
    is_zero, is_full, inner = support(c)
    assert not is_zero.any()
    assert not is_full.any()
    assert 0.0 < inner[1] < 1.0


# -- what cannot be met --------------------------------------------------------------------------------


def test_what_can_be_met_lacks_nothing() -> None:
    x, lack = repair(table(), np.ones(5, dtype=bool), np.ones(5))
    assert lack == pytest.approx(np.zeros(5), abs=1e-9)
    assert table().matrix @ x == pytest.approx(table().value)


def test_the_row_that_may_give_way_does() -> None:
    c = table(rows=(6.0, 4.0))  # 10 t in rows, 9 in columns
    for row, sign in ((0, 1.0), (1, 1.0), (2, -1.0), (4, -1.0)):
        x, lack = repair(c, np.arange(5) == row, np.ones(5))
        assert lack == pytest.approx(sign * (np.arange(5) == row), abs=1e-9)
        assert c.matrix @ x == pytest.approx(c.value - lack, abs=1e-9)
    with pytest.raises(SolverError, match="the linear program of the conditions ended"):
        repair(c, np.zeros(5, dtype=bool), np.ones(5))


@pytest.mark.parametrize(
    ("weight", "x", "lack"), [((1.0, 1.0), 1.0, (0.0, 2.0)), ((1.0, 4.0), 3.0, (-2.0, 0.0)), ((3.0, 1.0), 1.0, (0, 2))]
)
def test_a_breach_weighs_by_the_size_of_its_row(weight: Any, x: float, lack: Any) -> None:
    """x = 1 and x = 3 at once, in rows of size 2 and 5: two tonnes are a whole of the one and two fifths of the other."""
    c = conditions([[1.0], [1.0]], [1.0, 3.0], scale=[2.0, 5.0])
    found, lacking = repair(c, np.ones(2, dtype=bool), array(weight))
    assert (found.tolist(), lacking.tolist()) == ([pytest.approx(x)], pytest.approx(list(lack)))


def test_a_bound_leaves_a_lack() -> None:
    c = conditions([[1.0, 0.0], [0.0, 2.0]], [5.0, 6.0], upper=[2.0, 4.0])
    x, lack = repair(c, np.ones(2, dtype=bool), np.ones(2))
    assert (x.tolist(), lack.tolist()) == (pytest.approx([2.0, 3.0]), pytest.approx([3.0, 0.0]))


def test_half_a_tonne_beside_a_hundred_million_is_met_too() -> None:
    c = conditions([[1.0, 1.0], [0.0, 1.0]], [1e8, 1.5], scale=[1e8, 1.0], size=[1e8, 1e8])
    x, lack = repair(c, np.ones(2, dtype=bool), np.ones(2))
    assert x == pytest.approx([1e8 - 1.5, 1.5], rel=1e-12)
    assert np.abs(lack).max() <= 1e-7
