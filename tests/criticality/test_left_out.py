"""Places that lack the label that ranks: every ranking says how many there are, and what part of the tonnes they hold."""

from __future__ import annotations

import pandas as pd
import pytest

import chainnet as cn


def chain(*, first: str | None = "CHN", second: str | None = None) -> cn.Network:
    """Return two mines that feed one user, who needs all that they make."""
    nodes = pd.DataFrame(
        [("a", "mine", first, 5.0), ("b", "mine", second, 50.0), ("u", "end_use", "USA", None)],
        columns=["id", "stage", "country", "capacity_tpa"],
    )
    edges = pd.DataFrame([("a", "u"), ("b", "u")], columns=["source", "target"])
    demand = pd.DataFrame([("u", "defence", 55.0)], columns=["node", "tier", "demand_tpa"])
    return cn.Network(nodes=nodes, edges=edges, demand=demand)


@pytest.mark.parametrize(
    "ask",
    [
        lambda net: cn.chokepoints(net, by="country"),
        lambda net: cn.chokepoints(net, by="country", reroute="new"),
        lambda net: cn.shapley(net, by="country"),
        lambda net: cn.interdict(net, 1, by="country"),
        lambda net: cn.criticality.risk_exposure(net, recovery=2, by="country"),
    ],
)
def test_places_without_a_country_are_counted(ask: object) -> None:
    left = ask(chain()).left_out  # type: ignore[operator]
    (row,) = left.to_dict("records")
    assert (row["what"], row["n"], round(row["tpa"], 6)) == ("places without a country", 1, 50.0)
    assert row["share"] == pytest.approx(50 / 55)
    assert ask(chain(second="AUS")).left_out.empty  # type: ignore[operator]


def test_the_sentence_and_the_notebook_say_it() -> None:
    ranking = cn.chokepoints(chain(), by="country")
    assert "1 place without a country, 91 % of tonnes, is not ranked." in ranking.sentence
    assert "is not ranked" in str(ranking._repr_html_())
    assert cn.chokepoints(chain(), by="node").left_out.empty
    assert cn.chokepoints(chain(), by="edge").left_out.empty
    assert cn.chokepoints(chain(), by="stage+country").left_out["what"].tolist() == [
        "places without a stage or a country"
    ]


@pytest.mark.parametrize("by", ["owner", "region", "owner_country"])
def test_nothing_is_said_of_what_was_never_tried(by: str) -> None:
    sentence = cn.chokepoints(chain(), by=by).sentence
    assert sentence.startswith("Nothing was tried. 2 places without a")
    assert "costs anything" not in sentence


def test_a_shipped_chain_says_what_has_no_country() -> None:
    ranking = cn.chokepoints(cn.read("rare-earths"), by="country", tier="defence")
    assert ranking.left_out["n"].tolist() == [6]
