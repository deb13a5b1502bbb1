"""Of equally good answers the nearest, and who the others are, by hand."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn


def test_the_nearest_answer_never_adds_tonnes_of_different_goods() -> None:
    """A tonne more of metal takes 10 t more of ore, a hundredth of what flows, or 1 t more of salt, a tenth of it."""
    net = cn.Network(
        frame(
            "id stage process capacity_tpa",
            ("pit", "mine", None, 2000.0),
            ("pan", "mine", None, 2000.0),
            ("works", "refiner", "melt", None),
            ("user", "end_use", None, None),
        ),
        frame(
            "source target commodity flow_tpa",
            ("pit", "works", "ore", 1000.0),
            ("pan", "works", "salt", 10.0),
            ("works", "user", "metal", 110.0),
        ),
        demand=frame("node commodity demand_tpa", ("user", "metal", 111.0)),
        processes=frame(
            "process commodity role t_per_t group",
            ("melt", "ore", "input", 10.0, "feed"),
            ("melt", "salt", "input", 1.0, "feed"),
            ("melt", "metal", "output", 1.0, None),
        ),
        main_commodity="metal",
    )
    found = cn.balance(net, closest=True)
    assert found.edges.set_index("source")["flow_tpa"].to_dict() == pytest.approx(
        {"pit": 1010.0, "pan": 10.0, "works": 111.0}, rel=1e-6
    )


@pytest.mark.parametrize(
    ("good", "has_others"),
    # the Japanese user asks for metal, which counts, or for slag, which does not
    [("metal", True), ("slag", False)],
)
def test_there_are_others_only_where_somebody_else_asks_for_what_counts(good: str, has_others: bool) -> None:
    net = cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("pit", "mine", "AUS", 10.0),
            ("heap", "mine", "AUS", 10.0),
            ("us", "end_use", "USA", None),
            ("jp", "end_use", "JPN", None),
        ),
        frame("source target commodity", ("pit", "us", "metal"), ("pit", "jp", "metal"), ("heap", "jp", "slag")),
        demand=frame("node commodity tier demand_tpa", ("us", "metal", "defence", 8.0), ("jp", good, "defence", 6.0)),
        main_commodity="metal",
        beneficiaries=["USA"],
    )
    found = cn.service_range(net)
    assert found.attrs["has_others"] is has_others
    ends = found.loc["defence", ["shortfall_first_tpa", "shortfall_last_tpa"]].tolist()
    assert ends == pytest.approx([0.0, 4.0 if has_others else 0.0])
