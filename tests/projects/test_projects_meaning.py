"""What pairs of projects buy in words, how likely scenarios are, the worst of them: by hand."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import frame

import chainnet as cn
from chainnet.engine import risk_of
from chainnet.projects._words import _pair_words


def test_a_pair_says_what_it_buys_apart_and_by_how_much_less_or_more_together() -> None:
    assert _pair_words("A", "B", 9.0, 3.0) == "A and B together avoid 9 t/yr, apart 6 t."
    assert _pair_words("A", "B", 3.0, 3.0) == "A and B together avoid 3 t/yr, apart nothing."
    assert (
        _pair_words("A", "B", 9.0, -2.0)
        == "A and B together avoid 9 t/yr, 2 t less than apart: one stands in for the other."
    )


def plans() -> cn.Network:
    """Two mines of 4 and 6 t serve 10; a project of 5 t."""
    return cn.Network(
        frame("id stage country capacity_tpa", ("a", "mine", "AUS", 4.0), ("b", "mine", "CHN", 6.0), ("u", "end_use", "USA", None)),
        frame("source target", ("a", "u"), ("b", "u"), ("new", "u")),
        demand=frame("node tier demand_tpa", ("u", "defence", 10.0)),
        projects=frame("id stage country capacity_tpa capex_musd", ("new", "mine", "CAN", 5.0, 8.0)),
    )  # fmt: skip


def test_probabilities_that_do_not_add_to_one_are_scaled() -> None:
    """One year in ten a is out, three in ten b: of what is planned for, a quarter and three quarters."""
    stops = [
        cn.Scenario("a_out", [{"kind": "remove", "nodes": ["a"]}], probability=0.1),
        cn.Scenario("b_out", [{"kind": "remove", "nodes": ["b"]}], probability=0.3),
    ]
    found = cn.portfolio(plans(), stops, budget_musd=10.0)
    assert found.scenarios["probability"].tolist() == pytest.approx([0.25, 0.75])
    # a out leaves 4 t short, b out 6; the project averts 4 and 5 of them
    assert found.averted_t == pytest.approx(0.25 * 4 + 0.75 * 5)


def test_the_worst_is_the_worst_of_what_may_come() -> None:
    short, chance = np.array([9.0, 4.0, 6.0]), np.array([0.0, 0.7, 0.3])
    assert risk_of(short, chance, "worst", 0.9) == 6.0
    assert risk_of(short, chance, "expected", 0.9) == pytest.approx(0.7 * 4 + 0.3 * 6)
    # the worst four tenths: three of 6 t, one of 4
    assert risk_of(short, chance, "cvar", 0.6) == pytest.approx((0.3 * 6 + 0.1 * 4) / 0.4)
