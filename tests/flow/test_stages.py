"""Programs that are solved again in finer sizes, and values that do not depend on what was asked before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import recorded_chains as chains

from chainnet.engine import linear_removal
from chainnet.flow import Counting, ValueModel, in_finer_sizes
from chainnet.progress import Steps


class Rough:
    """A program that says of an answer in which sizes it should be solved, and notes when it is."""

    def __init__(self, name: str, finer: Any) -> None:
        self.name, self._finer = name, finer

    def finer_sizes(self, x: Any) -> Any:
        return self._finer if x == self.name else None


@pytest.mark.parametrize(
    ("finer", "proved", "taken"),
    [
        (None, {"rough": False}, ["rough"]),
        ("sizes", {"rough": True, "fine": True}, ["rough", "fine"]),
        ("sizes", {"rough": False, "fine": True}, ["rough", "fine"]),
        ("sizes", {"rough": False, "fine": False}, ["rough", "fine"]),
        ("sizes", {"rough": True, "fine": False}, ["rough", "fine", "rough"]),
    ],
)
def test_the_finer_answer_is_kept_unless_the_first_alone_is_proved(
    finer: Any, proved: dict[str, bool], taken: list[str]
) -> None:
    seen: list[str] = []
    given: list[Any] = []

    def lower(sizes: Any = None) -> Any:
        given.append(sizes)
        return Rough("rough" if sizes is None else "fine", finer)

    def take(low: Any) -> Any:
        seen.append(low.name)
        return low.name

    in_finer_sizes(lower, take, lambda: proved[seen[-1]])
    assert seen == taken
    assert given == ([None] if finer is None else [None, "sizes"])


def test_a_value_does_not_depend_on_what_was_asked_before() -> None:
    """Warm or cold, closed or opened again: the same."""
    net = chains.magnets()
    model = ValueModel(Counting(net))
    whole = model.value
    closed = [np.array([column]) for column in range(25)]
    one_by_one = [model.value_without(columns) for columns in closed]
    assert model.values_without(closed) == pytest.approx(one_by_one, abs=1e-6)
    assert [ValueModel(Counting(net)).value_without(columns) for columns in closed[::6]] == pytest.approx(
        one_by_one[::6], abs=1e-6
    )
    upper, rows = model.program.col_upper, model.program.row_upper
    half = model.solve_within(0.5 * upper, rows)
    again = model.solve_within(0.5 * upper, rows, half.basis)
    assert again.value == pytest.approx(half.value, abs=1e-6)
    assert -model.solve_within(upper, rows).value == pytest.approx(whole, abs=1e-6)
    assert model.value == whole
    assert all(0.0 <= value <= whole for value in one_by_one)


def test_what_other_optima_leave_idle_is_settled_once_however_often_progress_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, told, settled = ValueModel(Counting(chains.magnets())), [], []
    before = linear_removal.not_idle
    monkeypatch.setattr(linear_removal, "not_idle", lambda *given: settled.append(1) or before(*given))
    monkeypatch.setattr("chainnet.progress.AT_ONCE", 2)
    closed = [np.array([column]) for column in range(25)]
    found = model.values_without(closed, Steps("losses", lambda words, part: told.append(part), len(closed)))
    assert settled == [1]
    assert len(told) > 3
    assert told == sorted(told)
    assert found == pytest.approx([model.value_without(columns) for columns in closed], abs=1e-6)


def test_a_tier_alone_shares_the_program_and_leaves_the_whole_as_it_was() -> None:
    model = ValueModel(Counting(chains.magnets()))
    whole, program = model.value, model.lowered.program
    tier = model.first("defence")
    assert tier.lowered is model.lowered
    assert tier.value == pytest.approx(5.0, abs=1e-6)
    assert tier.counting.tier == "defence"
    assert (model.value, model.counting.tier) == (whole, None)
    assert model.lowered.program is program
    assert tier.value_without(np.array([7])) < model.value_without(np.array([7]))
