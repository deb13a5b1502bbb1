"""Users whose demand counts still count when they stand as a class, whatever the classes are made by."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn
from chainnet.sharing import aggregate, bracket


def shop(*beneficiaries: str) -> cn.Network:
    """Let a mine of 10 t serve two users in the USA (3 t each), one in Japan (6 t) and one in China (9 t)."""
    return cn.Network(
        nodes=frame(
            "id stage country region capacity_tpa",
            ("m", "mine", "AUS", None, 10.0),
            ("u1", "end_use", "USA", None, None),
            ("u2", "end_use", "USA", None, None),
            ("j", "end_use", "JPN", None, None),
            ("c", "end_use", "CHN", None, None),
        ),
        edges=frame("source target", *(("m", user) for user in ("u1", "u2", "j", "c"))),
        demand=frame(
            "node tier demand_tpa", *((u, "defence", t) for u, t in (("u1", 3.0), ("u2", 3.0), ("j", 6.0), ("c", 9.0)))
        ),
        beneficiaries=list(beneficiaries),
    )


@pytest.mark.parametrize("by", ["step", "stage", "country"])
@pytest.mark.parametrize(
    ("beneficiaries", "served", "asked"), [(("USA", "JPN"), 10.0, 12.0), (("JPN",), 6.0, 6.0), ((), 10.0, 21.0)]
)
def test_users_of_several_countries_stay_counted(
    by: str, beneficiaries: tuple[str, ...], served: float, asked: float
) -> None:
    found = aggregate(shop(*beneficiaries), by)
    base = bracket(found.inner, found.outer).loc["base"]
    assert base[["served_low_tpa", "served_high_tpa"]].tolist() == pytest.approx([served, served], rel=1e-7)
    net = found.outer
    where = net.nodes.set_index("id").loc[net.demand["node"], "country"].fillna("").tolist()
    counted = [not beneficiaries or country in beneficiaries for country in where]
    assert net.demand["demand_tpa"][counted].sum() == pytest.approx(asked)


def test_users_of_one_country_still_stand_as_one() -> None:
    found = aggregate(shop("USA", "JPN"), "stage")
    assert found.classes["u1"] == found.classes["u2"] != found.classes["j"]
    assert found.outer.nodes.set_index("id").loc[found.classes["u1"], "country"] == "USA"
