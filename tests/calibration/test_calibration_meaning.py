"""Whose capacity is a judgement: by hand."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn
from chainnet.calibration import slack_factors
from chainnet.calibration._write import ALL_OF_SOURCE


@pytest.mark.parametrize(
    ("margin", "factors"), [(0.0, [10 / 16, 1, 1, 1, 1]), (2.0, [22 / 16, 1, 1, 1, 1]), (0.5, [13 / 16, 1, 1, 1, 1])]
)
def test_a_margin_is_judged_only_where_it_is_a_guess_and_not_all_that_the_source_can_make(
    margin: float, factors: list[float]
) -> None:
    """Of five relations with 10 t of flow only the first has a guessed margin: 6 t above its flow."""
    net = cn.Network(
        frame("id stage", ("m", "mine"), ("n", "mine"), *((f"u{k}", "end_use") for k in range(5))),
        frame(
            "source target flow_tpa capacity_tpa quality note",
            ("m", "u0", 10.0, 16.0, "inferred", "capacity: a guess"),
            ("m", "u1", 10.0, 16.0, "inferred", f"by totals; {ALL_OF_SOURCE}"),
            ("m", "u2", 10.0, 16.0, "reported", None),
            ("m", "u3", 10.0, None, "assumed", None),
            ("n", "u4", 10.0, 10.0, "assumed", None),
        ),
    )
    assert slack_factors(net, margin).tolist() == pytest.approx(factors)
