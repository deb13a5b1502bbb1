"""Programs with curves: hand-solved markets, and what a curve costs against an integral by quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_programs import INF, lp
from scipy.integrate import quad

from chainnet.engine.convex import ConvexModel, Curves
from chainnet.engine.linear import LinearProgram
from chainnet.errors import SolverError


def curves(*rows: tuple[int, float, float, float, float, float, float]) -> Curves:
    """Rows of column, base, slope, power, exponent, at, least."""
    parts = [np.array(part, dtype=float) for part in zip(*rows, strict=True)]
    return Curves(parts[0].astype(np.int64), *parts[1:])


def served(demand: float, upper: Any = (50.0, 60.0), cost: Any = (0.0, 0.0), **sizes: Any) -> LinearProgram:
    """Two suppliers who together make at least what is asked for."""
    return lp([[1.0] * len(cost)], [demand], [INF], upper, cost, **sizes)


LINE = (0, 2.0, 1.0, 0.0, 1.0, 1.0, 0.0)  # 2 + x
STEEPER = (1, 4.0, 2.0, 0.0, 1.0, 1.0, 0.0)  # 4 + 2 x
RISING = (0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0)  # x
SQUARE = (1, 0.0, 0.0, 16.0, 2.0, 8.0, 0.0)  # 16 (x / 8)², which is x² / 4


@pytest.mark.parametrize("sizes", [{}, {"row_scale": [7.0], "col_scale": [3.0, 0.5]}])
@pytest.mark.parametrize(
    ("rows", "program", "x", "price"),
    [
        # 2 + a = 4 + 2 b and a + b = 7
        ((LINE, STEEPER), {"demand": 7.0}, (16 / 3, 5 / 3), 22 / 3),
        # the cheaper alone, below where the other begins
        ((LINE, STEEPER), {"demand": 1.5}, (1.5, 0.0), 3.5),
        # a = b² / 4 and a + b = 24
        ((RISING, SQUARE), {"demand": 24.0}, (16.0, 8.0), 16.0),
        # the first is full at 10, the last tonne is the other's: 14² / 4
        ((RISING, SQUARE), {"demand": 24.0, "upper": (10.0, 60.0)}, (10.0, 14.0), 49.0),
        # 3 more for each tonne of the first: a + 3 = b² / 4 and a + b = 21
        ((RISING, SQUARE), {"demand": 21.0, "cost": (3.0, 0.0)}, (13.0, 8.0), 16.0),
        # a straight supplier at 9 beside the square one, who stops at 6
        ((SQUARE,), {"demand": 21.0, "cost": (9.0, 0.0)}, (15.0, 6.0), 9.0),
    ],
)
def test_suppliers_share_what_is_asked_for_until_one_more_costs_the_same(
    rows: Any, program: dict[str, Any], x: tuple[float, float], price: float, sizes: dict[str, Any]
) -> None:
    asked = served(**program, **sizes)
    found = ConvexModel(asked, curves(*rows), "two suppliers").solve()
    assert found.x == pytest.approx(x, abs=1e-9)
    assert found.row_dual == pytest.approx([price])
    reached = np.array([0.0, 0.0])
    for row in rows:
        reached[row[0]] += curves(row).marginal(found.x[[row[0]]])[0]
    assert found.tangent.cost == pytest.approx(asked.cost + reached), "as steep as it is there"
    assert found.col_dual == pytest.approx(found.tangent.cost - price, abs=1e-9)
    assert found.certificate.ok
    assert max(found.residual, found.arbitrage) < 1e-9


def test_a_buyer_who_pays_less_for_more_meets_a_seller() -> None:
    """Buyers pay 64 / x, the seller asks x: 8 t at 8; a levy of 12 leaves 4 t, 16 paid and 4 got."""
    program = lp([[1.0, -1.0]], [0.0], [0.0], [50.0, 50.0], [0.0, 0.0])
    model = ConvexModel(program, curves(RISING, (1, 0.0, 0.0, -64.0, -1.0, 1.0, 0.01)), "a market")
    assert not model.is_straight
    found = model.solve()
    assert found.x == pytest.approx([8.0, 8.0])
    assert abs(found.row_dual[0]) == pytest.approx(8.0)
    levied = model.solve(lp([[1.0, -1.0]], [0.0], [0.0], [50.0, 50.0], [12.0, 0.0]))
    assert levied.x == pytest.approx([4.0, 4.0])
    assert abs(levied.row_dual[0]) == pytest.approx(16.0)
    assert model.binding is None, "curves bend: what binds here says nothing of other answers"


def test_a_model_asked_again_forgets_nothing_and_keeps_nothing() -> None:
    model = ConvexModel(served(24.0), curves(RISING, SQUARE), "again")
    # a = p, b = 2 sqrt(p): 16 + 8, 25 + 10, 4 + 4; at 99 the first is full at 50, and 49² / 4 is the price
    asked = {24.0: 16.0, 35.0: 25.0, 8.0: 4.0, 99.0: 600.25}
    for demand, price in [*asked.items(), *reversed(asked.items())]:
        assert model.solve(served(demand)).row_dual == pytest.approx([price])
    with pytest.raises(SolverError, match=r"^again: the program is infeasible"):
        model.solve(served(111.0))
    assert model.solve(served(24.0)).x == pytest.approx([16.0, 8.0])


def test_on_lines_the_same_binds_until_somebody_is_full() -> None:
    model = ConvexModel(served(7.0), curves(LINE, STEEPER), "lines")
    assert model.is_straight
    assert model.binding is None, "nothing was asked"
    known = {}
    for demand in (7.0, 9.0, 1.5, 80.0):
        model.solve(served(demand))
        known[demand] = model.binding
    assert known[7.0] == known[9.0] is not None
    assert len(set(known.values())) == 3


@pytest.mark.parametrize(
    "row",
    [(0, 3.0, 0.5, 4.0, 1.5, 2.0, 0.0), (0, 3.0, 0.5, -4.0, -1.0, 2.0, 0.25), (0, -1.0, 0.0, -4.0, -0.6, 2.0, 0.25),
     (0, 3.0, 2.0, 0.0, 1.0, 5.0, 0.0)],
)  # fmt: skip
@pytest.mark.parametrize("x", [0.1, 0.25, 1.0, 7.0])
def test_what_a_curve_costs_is_its_margin_added_up_and_its_steepness_the_change_of_it(row: Any, x: float) -> None:
    curve, step = curves(row), 1e-6
    at = lambda x: float(curve.marginal(np.array([x]))[0])  # noqa: E731
    whole, _ = quad(at, 0.0, x, points=[0.25] if x > 0.25 else None)
    assert curve.total(np.array([x])) == pytest.approx([whole], rel=1e-7)
    assert curve.total(np.array([0.0])) == pytest.approx([0.0], abs=1e-12)
    # above what stands still the power bends, below it the slope alone is left
    side = 1.0 if x >= row[-1] else -1.0
    bent = side * (at(x + side * step) - at(x)) / step
    assert curve.steepness(np.array([x])) == pytest.approx([bent], rel=1e-4, abs=1e-4)
