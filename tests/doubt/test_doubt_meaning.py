"""Between which shares a verdict lies, by hand."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn


def shared(**more: object) -> cn.Network:
    """Ten tonnes for two who ask for 12 each; at the low value for 11 each."""
    return cn.Network(
        frame("id stage country capacity_tpa", ("pit", "mine", "AUS", 10.0), ("us", "end_use", "USA", None), ("jp", "end_use", "JPN", None)),
        frame("source target", ("pit", "us"), ("pit", "jp")),
        demand=frame("node tier demand_tpa low high quality", ("us", "defence", 12.0, 11.0, 16.0, "assumed"), ("jp", "defence", 12.0, 11.0, 16.0, "assumed")),
        beneficiaries=["USA"],
        **more,
    )  # fmt: skip


def test_the_low_end_is_that_of_the_judgement_with_the_least_and_the_high_end_with_the_most() -> None:
    found = cn.key_assumptions(shared())
    rows = found.table[found.table["tier"] == "defence"].set_index("id")
    row = found.ends.loc["defence"]
    # all low, ours first: 1 of 11 is short; served after all others nothing is left
    assert row["low_share"] == pytest.approx(1 / 11)
    assert row["high_share"] == pytest.approx(1.0)
    assert row["central_share"] == pytest.approx(2 / 12)
    assert (row["low_by"], row["high_by"]) == ("demand:low", "order:allies_last")
    assert rows.loc["order:alike", ["shortfall_least_tpa", "shortfall_tpa"]].tolist() == pytest.approx([2.0, 12.0])


def test_where_who_is_short_is_a_tie_the_low_end_is_its_least_and_not_its_most() -> None:
    """Our gate lets 10 t through, of ore for the army and salt for the shop; others have as much of both for themselves.

    Army first, the shop gets what the gate has left: nothing, or 3 t where the army asks for 7. If all are served alike
    the ore may go to the others, and the shop then have all 10 t through the gate, or none.
    """
    net = cn.Network(
        frame(
            "id stage step country capacity_tpa",
            ("pit", "mine", "digging", "AUS", 10.0),
            ("pan", "mine", "boiling", "AUS", 10.0),
            ("gate", "refiner", "our gate", "USA", 10.0),
            ("door", "refiner", "their door", "JPN", None),
            ("us", "end_use", "our use", "USA", None),
            ("jp", "end_use", "their use", "JPN", None),
        ),
        frame(
            "source target commodity",
            *[(mine, way, good) for mine, good in (("pit", "ore"), ("pan", "salt")) for way in ("gate", "door")],
            *[(way, user, good) for way, user in (("gate", "us"), ("door", "jp")) for good in ("ore", "salt")],
        ),
        demand=frame(
            "node commodity tier demand_tpa low high",
            ("us", "ore", "defence", 10.0, 7.0, 10.0),
            ("us", "salt", "civilian", 10.0, None, None),
            ("jp", "ore", "defence", 10.0, None, None),
            ("jp", "salt", "civilian", 10.0, None, None),
        ),
        main_commodity=["ore", "salt"],
        beneficiaries=["USA"],
    )
    found = cn.key_assumptions(net, max_set=0)
    rows = found.table[found.table["tier"] == "civilian"].set_index("id")
    assert rows.loc["order:alike", ["shortfall_least_tpa", "shortfall_tpa"]].tolist() == pytest.approx([0.0, 10.0])
    assert rows.loc["demand:low", ["shortfall_least_tpa", "shortfall_tpa"]].tolist() == pytest.approx([7.0, 7.0])
    row = found.ends.loc["civilian"]
    assert (row["low_share"], row["low_by"]) == (pytest.approx(0.0, abs=1e-6), "order:alike")
    assert row["high_share"] == pytest.approx(1.0)
