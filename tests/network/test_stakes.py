"""Who pays for a project, who stands behind it and to whom its output is bound, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.network import backers_of, offtakes_of, payers_of


@pytest.fixture(scope="module")
def net() -> cn.Network:
    """Four projects: half stated, nothing stated, all stated, nowhere; and one stake in a plant that stands."""
    return cn.Network(
        nodes=frame("id stage owner", ("m", "mine", None), ("u", "end_use", "Firm")),
        edges=frame("source target", ("m", "u")),
        projects=frame(
            "id stage country region backers",
            ("a_half", "mine", "AUS", None, "USA; JPN"),
            ("b_bare", "mine", "AUS", None, None),
            ("c_whole", "mine", None, "Far", "USA"),
            ("d_nowhere", "mine", None, None, None),
        ),
        stakes=frame(
            "project party kind share",
            ("a_half", "JPN", "capital", 0.3),
            ("a_half", "JPN", "loan", 0.2),
            ("a_half", "Firm", "loan", None),
            ("a_half", "KOR", "offtake", 0.4),
            ("a_half", "FRA", "guarantee", 0.9),
            ("c_whole", "USA", "capital", 0.75),
            ("c_whole", "DEU", "loan", 0.25),
            ("b_bare", "KOR", "offtake", None),
            ("m", "CAN", "capital", 1.0),
        ),
    )


def rows(table: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    cells = table[list(columns)].astype(object).where(table[list(columns)].notna(), None)
    return list(cells.itertuples(index=False, name=None))


def test_what_is_not_stated_is_parted_among_the_backers_else_the_place_pays(net: cn.Network) -> None:
    found = payers_of(net)
    assert rows(found, "project", "party", "share", "is_assumed") == [
        (0, "JPN", pytest.approx(0.5), False),  # capital and loan together
        (0, "USA", pytest.approx(0.25), True),  # the other half between those without a share
        (0, "Firm", pytest.approx(0.25), True),
        (1, "AUS", 1.0, True),
        (2, "DEU", 0.25, False),
        (2, "USA", 0.75, False),
        (3, "", 1.0, True),
    ]
    assert rows(found, "country", "region")[1:4] == [("USA", None), (None, "Firm"), ("AUS", None)]
    assert found.groupby("project")["share"].sum().tolist() == pytest.approx([1.0] * 4)


def test_whoever_only_buys_stands_behind_nothing(net: cn.Network) -> None:
    assert set(rows(backers_of(net), "project", "party")) == {
        (0, "USA"), (0, "JPN"), (0, "Firm"), (0, "FRA"), (2, "USA"), (2, "DEU")
    }  # fmt: skip


def test_an_offtake_without_a_share_binds_nothing(net: cn.Network) -> None:
    assert rows(offtakes_of(net), "project", "party", "country", "share") == [
        (0, "KOR", "KOR", 0.4),
        (1, "KOR", "KOR", 0.0),
    ]
