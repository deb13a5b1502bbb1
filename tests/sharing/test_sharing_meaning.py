"""What may be published, by hand: bounds of a loss, totals that give a contributor away, ranges of a conflict."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.sharing import bracket, redact
from chainnet.sharing._redact import broken_rule

SECRET = bytes(range(32))


def pits(a: float, b: float) -> cn.Network:
    """Two mines serve a user who asks for 40 t."""
    return cn.Network(
        frame("id stage country capacity_tpa", ("a", "mine", "AUS", a), ("b", "mine", "CHN", b), ("u", "end_use", "USA", None)),
        frame("source target", ("a", "u"), ("b", "u")),
        demand=frame("node demand_tpa", ("u", 40.0)),
    )  # fmt: skip


def test_a_loss_lies_between_the_least_before_less_the_most_after_and_the_most_before_less_the_least_after() -> None:
    """Inside 4 + 13 = 17 t, outside 6 + 24 = 30: without b between 4 and 6 are served, so between 11 and 26 are lost."""
    row = bracket(pits(4.0, 13.0), pits(6.0, 24.0), by="country").loc["CHN"]
    assert row[["served_low_tpa", "served_high_tpa"]].tolist() == pytest.approx([4.0, 6.0])
    assert row[["lost_low_tpa", "lost_high_tpa"]].tolist() == pytest.approx([17 - 6, 30 - 4])
    assert row[["shortfall_low_tpa", "shortfall_high_tpa"]].tolist() == pytest.approx([40 - 6, 40 - 4])
    # whoever knows that 21 are served narrows both
    known = bracket(pits(4.0, 13.0), pits(6.0, 24.0), by="country", base_tpa=21.0).loc["CHN"]
    assert known[["lost_low_tpa", "lost_high_tpa"]].tolist() == pytest.approx([21 - 6, 21 - 4])


@pytest.mark.parametrize(
    ("parts", "p", "is_safe"),
    [
        # to the second (25) the rest of 100 - 60 - 25 = 15 hides the first to within 15 of 60: a quarter
        ((60.0, 25.0, 15.0), 0.24, True),
        ((60.0, 25.0, 15.0), 0.26, False),
        # were the second forgotten, 40 of 60 would hide it
        ((60.0, 39.0, 1.0), 0.1, False),
        ((60.0, 34.0, 6.0), 0.1, True),
        ((5.0, 60.0, 35.0), 0.1, False),
        ((60.0, 40.0), 0.1, False),
    ],
)
def test_a_total_is_safe_only_if_the_second_largest_cannot_tell_the_largest(
    parts: tuple[float, ...], p: float, is_safe: bool
) -> None:
    assert (broken_rule(parts, {"p": p}) == "") == is_safe


def owned(share: float | None) -> cn.Network:
    """Four plants of one place: two of firms that Big holds in part, two of others. Contributions 30, 28, 22, 20."""
    plants = [("p1", 30.0, "F1"), ("p2", 28.0, "F2"), ("p3", 22.0, "G"), ("p4", 20.0, "H")]
    return cn.Network(
        frame(
            "id stage step country owner capacity_tpa",
            *((key, "mine", "digging", "AUS", owner, size) for key, size, owner in plants),
            ("u", "end_use", None, "USA", None, None),
        ),
        frame("source target", *((key, "u") for key, *_ in plants)),
        owners=frame("owner parent share", ("F1", "Big", share), ("F2", "Big", share)),
    )


@pytest.mark.parametrize(
    ("share", "contributors", "is_safe"),
    # held together Big has 58 of 100, and of G's view 100 - 58 - 22 = 20 remain: under 0.5 x 58; apart 42 over 0.5 x 30
    [(0.5, 3, False), (0.51, 3, False), (1.0, 3, False), (None, 3, False), (0.49, 4, True)],
)
def test_who_holds_half_of_a_firm_knows_what_it_makes(share: float | None, contributors: int, is_safe: bool) -> None:
    done = redact(owned(share), secret=SECRET, rule={"p": 0.5}, accept=["p1", "p2", "p3", "p4"])
    (row,) = done.cells.to_dict("records")
    assert row["contributors"] == contributors
    assert row["is_safe"] is is_safe


def plant(capacity: float, low: float | None = None, high: float | None = None) -> cn.Network:
    return cn.Network(
        frame(
            "id stage capacity_tpa low high",
            ("sep", "refiner", capacity, low, high),
            ("user", "end_use", None, None, None),
        ),
        frame("source target", ("sep", "user")),
    )


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        # nobody's figure, and no end of anybody's range, lies outside
        ([(50.0, 40.0, 55.0), (90.0, 85.0, None)], (40.0, 90.0)),
        ([(50.0, 45.0, 120.0), (90.0, None, None)], (45.0, 120.0)),
        ([(90.0, None, None), (50.0, None, 60.0)], (50.0, 90.0)),
        ([(90.0, 85.0, None), (50.0, None, None)], (50.0, 90.0)),
        ([(50.0, None, 55.0), (90.0, 20.0, None), (70.0, None, None)], (20.0, 90.0)),
    ],
)
def test_a_figure_in_conflict_has_a_range_that_holds_every_claim(
    claims: list[tuple[Any, ...]], wanted: tuple[float, float]
) -> None:
    parties = {f"p{n}": plant(*claim) for n, claim in enumerate(claims)}
    row = cn.merge(parties).network.nodes.set_index("id").loc["sep"]
    assert (row["low"], row["high"]) == wanted
    assert all(row["low"] <= value <= row["high"] for value, *_ in claims)


def test_a_figure_on_which_all_agree_keeps_the_ranges_they_give() -> None:
    row = (
        cn.merge({"a": plant(50.0, 40.0, None), "b": plant(50.0, 45.0, 60.0)}).network.nodes.set_index("id").loc["sep"]
    )
    assert (row["low"], row["high"]) == (40.0, 60.0)
    alone = cn.merge({"a": plant(50.0), "b": plant(50.0)}).network.nodes.set_index("id").loc["sep"]
    assert pd.isna([alone["low"], alone["high"]]).all()
