"""Pairs that hurt more together, and rank correlations over all rows: by hand."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn


def test_pairs_that_cost_most_together_come_first_and_of_equals_by_name() -> None:
    """Three pairs of mills stand in for each other before gates of 5, 9 and 5 t."""
    ways = [("d", "e", 5.0), ("x", "y", 9.0), ("a", "b", 5.0)]
    net = cn.Network(
        frame(
            "id stage step capacity_tpa",
            ("pit", "mine", "digging", 100.0),
            *[(mill, "refiner", "milling", None) for one, two, _ in ways for mill in (one, two)],
            *[(f"gate_{one}", "refiner", "gating", size) for one, _, size in ways],
            ("u", "end_use", None, None),
        ),
        frame(
            "source target",
            *[("pit", mill) for one, two, _ in ways for mill in (one, two)],
            *[(mill, f"gate_{one}") for one, two, _ in ways for mill in (one, two)],
            *[(f"gate_{one}", "u") for one, _, _ in ways],
        ),
    )
    pairs = cn.interdict(net, 2, protect=["pit", "u"], details=True).pairs
    assert pairs[["node_a", "node_b"]].to_numpy().tolist() == [["x", "y"], ["a", "b"], ["d", "e"]]
    assert pairs["lost_both_tpa"].tolist() == pytest.approx([9.0, 5.0, 5.0])
    assert pairs["surplus_tpa"].tolist() == pytest.approx([9.0, 5.0, 5.0])


def test_a_rank_correlation_is_over_all_rows_whatever_is_shown() -> None:
    """Losses 9, 5, 4, 2 and 1 t; over the first two alone every correlation would be one or minus one."""
    net = cn.Network.from_edges(
        frame(
            "source target capacity_tpa",
            ("m", "a", 5.0),
            ("m", "b", 4.0),
            ("n", "b", 2.0),
            ("n", "c", 1.0),
            ("a", "u", None),
            ("b", "u", None),
            ("c", "u", None),
        )
    )
    whole = cn.chokepoints(net, centrality=True).attrs["rank_correlation"]
    assert 0.0 < abs(whole["betweenness"]) < 1.0
    for top in (2, 3):
        found = cn.chokepoints(net, centrality=True, top=top)
        assert len(found) == top
        assert found.attrs["rank_correlation"] == pytest.approx(whole, nan_ok=True)
