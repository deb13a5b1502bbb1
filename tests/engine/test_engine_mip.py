"""Choices within a budget: kept exactly, whatever the solver's integrality leaves open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainnet.engine import mip
from chainnet.engine.mip import solve_mixed
from chainnet.engine.rows import Rows


def test_a_choice_that_is_too_dear_by_more_than_rounding_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    solve, calls = mip._solve, []

    def lax(*given: Any) -> Any:
        found = solve(*given)
        calls.append(found)
        return replace(found, x=np.array([1.0, 1.0 - 1e-6])) if len(calls) == 1 else found

    monkeypatch.setattr(mip, "_solve", lax)
    cost, bounds = np.array([50.0, 50.00004]), (np.zeros(2), np.ones(2))
    rows = Rows()
    rows.add([0, 1], np.ones(2), -np.inf, 2.0)
    found = solve_mixed(
        "test", rows, bounds, np.ones(2), np.arange(2), cost, 100.0, is_minimum=False, time_limit_s=60.0
    )
    assert found is not None
    assert (found.amount.sum(), len(calls)) == (1.0, 2)


def test_what_is_bought_in_parts_fills_the_budget_and_barred_sets_stay_out() -> None:
    rows, cost = Rows(), np.array([3.0, 4.0, 2.0])
    rows.add([0, 1, 2], np.ones(3), -np.inf, 3.0)
    given = {"is_part": np.array([False, False, True]), "is_minimum": False, "time_limit_s": 60.0}
    asked = ("test", rows, (np.zeros(3), np.ones(3)), cost, np.arange(3), cost, 6.0)
    found = solve_mixed(*asked, **given)
    assert found is not None
    assert found.amount.tolist() == pytest.approx([0.0, 1.0, 1.0])
    other = solve_mixed(*asked, barred=[np.array([1])], **given)
    assert other is not None
    assert other.amount.tolist() == pytest.approx([1.0, 0.0, 1.0])
    assert (other.value, other.bound, other.is_optimal) == (pytest.approx(5.0), pytest.approx(5.0), True)


def test_what_cannot_be_is_no_choice() -> None:
    rows = Rows()
    rows.add([0], [1.0], 2.0, np.inf)
    bounds, one = (np.zeros(1), np.ones(1)), np.ones(1)
    assert solve_mixed("test", rows, bounds, one, np.arange(1), one, np.inf, is_minimum=True, time_limit_s=60.0) is None
