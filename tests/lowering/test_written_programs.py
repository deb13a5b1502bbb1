"""Ten programs as texts: line by line as they were written, and solved for numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import highspy
import numpy as np
import pytest
from written_programs import PROGRAMS, WRITTEN


def test_each_text_has_its_network() -> None:
    assert sorted(file.stem for file in PROGRAMS.iterdir()) == sorted(WRITTEN)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_program_is_written_as_before(name: str) -> None:
    before = (PROGRAMS / f"{name}.lp").read_text(encoding="utf-8").splitlines()
    assert WRITTEN[name].lines() == before


@pytest.mark.parametrize("name", WRITTEN)
def test_a_text_solved_by_itself_gives_the_numbers_by_hand(name: str) -> None:
    served, cost = solved(PROGRAMS / f"{name}.lp")
    assert served == pytest.approx(WRITTEN[name].served_t)
    assert cost == pytest.approx(WRITTEN[name].cost_usd)


def solved(file: Path) -> tuple[float, float]:
    """The most that is served, then the least that this costs, read from the text alone."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(file)) == highspy.HighsStatus.kOk
    lp = highs.getLp()
    cost = np.zeros(len(lp.col_names_)) if file.stem == "share" else np.array(lp.col_cost_)
    columns = np.arange(len(cost), dtype=np.int32)
    wanted = np.array([name.startswith(("serve.", "take.")) for name in lp.col_names_], dtype=float)
    highs.changeObjectiveSense(highspy.ObjSense.kMinimize)
    highs.changeColsCost(len(columns), columns, -wanted)
    highs.run()
    served = -highs.getInfo().objective_function_value
    places = np.flatnonzero(wanted).astype(np.int32)
    highs.addRow(served - 1e-9, highspy.kHighsInf, len(places), places, np.ones(len(places)))
    highs.changeColsCost(len(columns), columns, cost)
    highs.run()
    return served, highs.getInfo().objective_function_value
