"""What a group of sites can make, and in what order tiers stand on the page, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import frame

import chainnet as cn
from chainnet.drawing import gathering
from chainnet.drawing.living.payload import _members
from chainnet.flow import Counting


def test_a_group_with_an_unlimited_member_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mines of 4 and 6 t in Australia make 10; of two in China one has no limit, so the group has none."""
    net = cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("a1", "mine", "AUS", 4.0),
            ("a2", "mine", "AUS", 6.0),
            ("c1", "mine", "CHN", 5.0),
            ("c2", "mine", "CHN", None),
            ("u", "end_use", "USA", None),
        ),
        frame(
            "source target flow_tpa capacity_tpa",
            ("a1", "u", 1.0, 2.0),
            ("a2", "u", 2.0, 3.0),
            ("c1", "u", 3.0, 4.0),
            ("c2", "u", 4.0, None),
        ),
    )
    monkeypatch.setattr(gathering, "MOST_SITES", 4)
    found = gathering.gather(net, None, None)
    nodes = found.network.nodes.set_index("country")
    assert sorted(found.sizes.values()) == [1, 2, 2]
    assert nodes["capacity_tpa"].to_dict() == pytest.approx({"AUS": 10.0, "CHN": np.nan, "USA": np.nan}, nan_ok=True)
    place = found.network.nodes.set_index("id")["country"]
    edges = found.network.edges.assign(place=found.network.edges["source"].map(place)).set_index("place")
    assert edges["flow_tpa"].to_dict() == pytest.approx({"AUS": 3.0, "CHN": 7.0})
    assert edges["capacity_tpa"].to_dict() == pytest.approx({"AUS": 5.0, "CHN": np.nan}, nan_ok=True)


def test_the_living_page_lists_tiers_in_the_order_in_which_they_are_served_and_places_by_name() -> None:
    net = cn.Network(
        frame("id stage country", ("m", "mine", "AUS"), ("us", "end_use", "USA"), ("jp", "end_use", "JPN")),
        frame("source target", ("m", "us"), ("m", "jp")),
        demand=frame(
            "node tier demand_tpa",
            ("us", "alpha", 1.0),
            ("us", "zulu", 2.0),
            ("jp", "zulu", 3.0),
            ("us", None, 4.0),
            ("jp", "mid", 5.0),
        ),
        tiers=frame("tier rank", ("zulu", 1.0), ("mid", 2.0), ("alpha", 3.0)),
    )
    found = [(member["tier"], member["label"]) for member in _members(net, Counting.of(net))]
    assert [tier for tier, _ in found] == [*["zulu"] * 2, "mid", "alpha"] + [""] * (len(found) - 4)
    assert [label for tier, label in found if tier == "zulu"] == ["Japan", "United States"]
