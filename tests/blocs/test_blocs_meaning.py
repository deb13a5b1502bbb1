"""What a fair split moves, who opens what, and whether together is less or more: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.blocs._contributions import contributions


def test_the_least_transfers_of_a_gain_lie_between_their_low_and_their_high_end() -> None:
    """A has all 10; B and C gain 4 without A, so 4 must go to them."""
    worth = {"A": 0, "B": 0, "C": 0, "A+B": 0, "A+C": 0, "B+C": 4, "A+B+C": 10}
    found = cn.fair_split(worth, "gain", {"A": 10, "B": 0, "C": 0}).members
    assert found["transfer"].sum() == pytest.approx(0.0)
    assert found.loc["A", ["transfer_low", "transfer", "transfer_high"]].tolist() == pytest.approx([-4.0] * 3)
    for name in ("B", "C"):
        assert found.loc[name, ["transfer_low", "transfer_high"]].tolist() == pytest.approx([0.0, 4.0])
    assert (found["transfer_low"] <= found["transfer_high"] + 1e-9).all()
    # the same as costs: what is gained is not paid, and the ends change places with the sign
    cost = cn.fair_split({k: -v for k, v in worth.items()}, "cost", {"A": -10, "B": 0, "C": 0}).members
    assert cost.loc["A", ["transfer_low", "transfer_high"]].tolist() == pytest.approx([4.0, 4.0])
    assert cost.loc["B", ["transfer_low", "transfer_high"]].tolist() == pytest.approx([-4.0, 0.0])


def test_a_member_opens_what_leaves_its_own_and_receives_what_comes_from_others() -> None:
    """USA sends 5 t to Japan and 1 to Germany, Japan 2 to the USA; 9 and 7 t stay where they were."""
    members = pd.DataFrame(
        {"pays_musd": [3.0, 4.0, 0.0], "gain_tpa": [1.0, 6.0, 1.0]},
        index=pd.Index(["USA", "JPN", "DEU"], name="member"),
    )
    moved = np.array([[9.0, 5.0, 1.0], [2.0, 7.0, 0.0], [0.0, 0.0, 0.0]])
    found = contributions(members, moved, [10.0, 20.0, 0.0])
    assert found["opens_t"].to_dict() == {"USA": 6.0, "JPN": 2.0, "DEU": 0.0}
    assert found["receives_t"].to_dict() == {"USA": 2.0, "JPN": 5.0, "DEU": 1.0}
    assert found["net_t"].to_dict() == {"USA": 4.0, "JPN": -3.0, "DEU": -1.0}
    assert found["pays_musd"].tolist() == [3.0, 4.0, 0.0]


def spare(order: str) -> cn.JointStockpile:
    """Two who ask for 6 t each of what a mine abroad brings; 6 t come from elsewhere for whoever is first."""
    net = cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("far", "mine", "CHN", 12.0),
            ("spare", "mine", "AUS", 6.0),
            ("u_usa", "end_use", "USA", None),
            ("u_jpn", "end_use", "JPN", None),
        ),
        frame("source target commodity", *[(m, u, "metal") for m in ("far", "spare") for u in ("u_usa", "u_jpn")]),
        demand=frame("node commodity tier demand_tpa", ("u_usa", "metal", "defence", 6.0), ("u_jpn", "metal", "defence", 6.0)),
        commodities=frame("id price_usd_per_t", ("metal", 1e6)),
    )  # fmt: skip
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": ["far"]}])
    return cn.joint_stockpile(net, stop, ["USA", "JPN"], months=12, step_months=12, order=order)


@pytest.mark.parametrize(
    ("order", "apart", "words"),
    [
        # each alone counts on all that is spare: apart nothing, together 6 t
        ("last", 0.0, "against USD 0 apart, USD 6 million more;"),
        # each alone counts on nothing of it: apart 12 t, together 6
        ("allies_last", 12e6, "against USD 12 million apart, USD 6 million less;"),
    ],
)
def test_the_answer_says_whether_together_takes_less_or_more(order: str, apart: float, words: str) -> None:
    found = spare(order)
    assert (found.together_usd, found.alone_usd) == pytest.approx((6e6, apart))
    assert words in found.words["answer"]
