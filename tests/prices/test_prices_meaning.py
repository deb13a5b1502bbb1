"""What is earned while others wait, by hand."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn
from chainnet.prices import build_or_wait, capital_recovery_factor


@pytest.mark.parametrize("delay", [0.5, 1.0, 3.0])
def test_who_builds_now_earns_for_as_many_years_as_others_wait(delay: float) -> None:
    """1000 t/yr at 60,000 now, 20,000 or 90,000 later, for 40,000 USD/t each: 20 million a year until it is known."""
    net = cn.Network(
        frame("id stage country", ("plant", "refiner", "CHN"), ("user", "end_use", "USA")),
        frame("source target commodity flow_tpa", ("plant", "user", "metal", 30.0), ("new", "user", "metal", 0.0)),
        projects=frame(
            "id stage country capacity_tpa capex_musd unit_cost_usd_per_t",
            ("new", "refiner", "USA", 1000.0, 200.0, 40_000.0),
        ),
        main_commodity="metal",
    )
    found = build_or_wait(
        net, 10_000, [20_000, 90_000], [0.25, 0.75], reference_price=60_000, delay_years=delay, rate=0.08, years=12
    ).loc["new"]
    worth = 1000 * 50_000 / capital_recovery_factor(0.08, 12) / 1e6
    share = 1.08**-delay
    assert found["npv_now_musd"] == pytest.approx(share * (0.75 * worth + delay * 20.0) - 200.0)
    assert found["npv_wait_musd"] == pytest.approx(share * 0.75 * (worth - 200.0))
