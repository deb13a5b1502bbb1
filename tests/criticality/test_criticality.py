"""Chokepoints: index, columns, and losses that a rebuilt network confirms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import TOYS, frame, hourglass, two_tier
from oracles import TableProgram
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.criticality._checks import ranks

COLUMNS = ["lost_tpa", "lost_share", "throughput_tpa", "in_cut", "is_dominator", "betweenness"]


def test_hourglass() -> None:
    table = cn.chokepoints(hourglass())
    assert table.index.name == "id"
    assert table["lost_tpa"].to_dict() == {"waist": 9.0, "m1": 3.0, "m2": 3.0}
    assert table.loc["waist", ["lost_share", "in_cut", "is_dominator"]].tolist() == [1.0, True, True]
    assert not table.loc["m1", "is_dominator"]
    assert table["betweenness"].isna().all()


@pytest.mark.parametrize("name", TOYS)
def test_columns_order_and_shares(name: str) -> None:
    make, value = TOYS[name]
    net = make()
    for by in ("node", "edge", "site", "stage"):
        table = cn.chokepoints(net, by=by)
        assert table.columns[:6].tolist() == COLUMNS
        assert table["lost_tpa"].is_monotonic_decreasing
        assert table["lost_tpa"].between(0, value).all()
        assert np.allclose(table["lost_share"], table["lost_tpa"] / value)
        assert table.attrs["provenance"]["digest"] == net.digest
        if by in ("node", "edge"):
            assert (table["lost_tpa"] <= table["throughput_tpa"] + 1e-9).all()
        assert (table.loc[table["is_dominator"], "lost_share"] > 1 - 1e-9).all()


def test_every_node_has_a_row_and_top_is_the_head() -> None:
    net = hourglass()
    full = cn.chokepoints(net)
    assert set(full.index) == {"m1", "m2", "waist"}, "end uses never drop out"
    for n in range(5):
        assert cn.chokepoints(net, top=n)["lost_tpa"].tolist() == full["lost_tpa"].tolist()[:n]
    for bad in (-1, 1.5, True, "3"):
        with pytest.raises(cn.DataError, match=r"^top: "):
            cn.chokepoints(net, top=bad)  # type: ignore[arg-type]


def test_parallel_edges_have_a_row_each() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "u", 3.0), ("m", "u", 4.0)))
    table = cn.chokepoints(net, by="edge")
    assert table.index.names[:2] == ["source", "target"]
    assert table["lost_tpa"].tolist() == [4.0, 3.0]


def test_a_small_loss_beside_a_huge_value_is_a_loss() -> None:
    net = cn.Network.from_edges(
        frame("source target capacity_tpa", ("a", "u", 2.5e9), ("b", "v", 1.0), ("c", "w", 0.37))
    )
    assert cn.chokepoints(net)["lost_tpa"].to_dict() == pytest.approx({"a": 2.5e9, "b": 1.0, "c": 0.37}, rel=1e-6)


def test_value_zero_gives_shares_zero() -> None:
    table = cn.chokepoints(hourglass().without(nodes=["waist"]))
    assert table["lost_share"].tolist() == [0.0, 0.0]


def test_labels() -> None:
    net = two_tier()
    assert cn.chokepoints(net, by="country")["lost_tpa"].to_dict() == pytest.approx({"AUS": 5.0, "CHN": 5.0})
    both = cn.chokepoints(net, by="stage+country")
    assert both.index.names == ["stage", "country"]
    assert both.loc[("refiner", "CHN"), "lost_tpa"] == pytest.approx(5.0)
    assert len(cn.chokepoints(net, by="operator")) == 0, "nodes without a label have no row"
    with pytest.raises(cn.DataError, match="unknown column of nodes"):
        cn.chokepoints(net, by="colour")
    with pytest.raises(cn.DataError, match=r'^by: unknown column of nodes "stage\+capacity_tpa"'):
        cn.chokepoints(net, by="stage+capacity_tpa")


def test_tier_commodity_and_beneficiaries() -> None:
    net = two_tier()
    assert cn.chokepoints(net, tier="defence")["lost_tpa"].to_dict() == pytest.approx({"mine": 3.0, "works": 3.0})
    assert cn.chokepoints(net, beneficiaries=["JPN"])["lost_tpa"].max() == pytest.approx(2.0)
    assert cn.chokepoints(net, commodity="ore")["lost_tpa"].max() == 0.0, "nobody asks for ore"
    with pytest.raises(cn.DataError, match="unknown tier"):
        cn.chokepoints(net, tier="military")
    with pytest.raises(cn.DataError, match="unknown commodity"):
        cn.chokepoints(net, commodity="gold")


def test_losses_on_top_of_a_scenario(mag9: cn.Network, china_out: cn.Scenario) -> None:
    table = cn.chokepoints(mag9, scenario=china_out, verify=True)
    assert table.loc["H_BR", "lost_tpa"] == pytest.approx(10.0)
    assert table.loc["S_CN", "lost_tpa"] == 0.0, "it is out already"


def test_dominators_by_forward_chaining() -> None:
    """Two sources of one input, one of the other: only the other dominates, and a stand-in unmakes it."""
    nodes = frame(
        "id stage process capacity_tpa", ("a", "mine", None, 9.0), ("b1", "mine", None, 5.0), ("b2", "mine", None, 5.0),
        ("p", "manufacturer", "make", 4.0), ("u", "end_use", None, None),
    )  # fmt: skip
    edges = frame("source target commodity", ("a", "p", "ca"), ("b1", "p", "cb"), ("b2", "p", "cb"), ("p", "u", "x"))
    demand = frame("node commodity tier demand_tpa", ("u", "x", "defence", 99.0))

    def dominators(group: str | None) -> set[str]:
        recipe = frame(
            "process commodity role t_per_t group",
            ("make", "ca", "input", 1.0, group), ("make", "cb", "input", 1.0, group),
            ("make", "x", "output", 1.0, None),
        )  # fmt: skip
        table = cn.chokepoints(cn.Network(nodes=nodes, edges=edges, processes=recipe, demand=demand))
        return set(table.index[table["is_dominator"]])

    assert dominators(None) == {"a", "p"}
    assert dominators("either") == {"p"}


def test_a_total_loss_need_not_be_a_dominator() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("a", "u", 5.0), ("b", "u", 0.0)))
    table = cn.chokepoints(net)
    assert table.loc["a", "lost_share"] == 1.0
    assert not table.loc["a", "is_dominator"], "b still has a way, though of no capacity"


def test_centrality_is_only_for_comparison() -> None:
    import networkx as nx

    net = hourglass()
    table = cn.chokepoints(net, centrality=True)
    expected = nx.betweenness_centrality(nx.DiGraph(net.to_networkx()), normalized=False)
    assert table["betweenness"].to_dict() == pytest.approx({k: expected[k] for k in table.index})
    plain = cn.chokepoints(net)
    assert table["lost_tpa"].to_dict() == plain["lost_tpa"].to_dict()


def test_what_differs_by_rounding_alone_has_one_rank() -> None:
    assert ranks(pd.Series([0.3, 0.1 + 0.2, -1e-17, 0.0, 9.0])).tolist() == [3.5, 3.5, 1.5, 1.5, 5.0]
    assert ranks(pd.Series([0.0, 0.0])).tolist() == [1.5, 1.5]
    assert ranks(pd.Series([3e12, 1e12, 2e12])).tolist() == [3.0, 1.0, 2.0]


def test_what_is_refused_is_said_in_plain_words(mag9: cn.Network) -> None:
    for ask in (
        lambda: cn.interdict(mag9, 1, protect="nowhere at all"),
        lambda: cn.fortify(mag9, 1, 9.0, ["nowhere at all"]),
    ):
        with pytest.raises(cn.UnknownIdError, match=r"[^;]\.$"):
            ask()
    unpriced = mag9.with_table("projects", mag9.projects.assign(capex_musd=np.nan))
    with pytest.raises(cn.DataError, match='the cost of "H_US" is nan;'):
        cn.fortify(unpriced, 1, 9.0, ["H_US"])


@pytest.mark.parametrize("seed", range(12))
def test_losses_are_those_of_a_rebuilt_network(seed: int) -> None:
    net = recipe_network(seed, wild=False)
    base = TableProgram(net).value()
    if base in (0.0, np.inf):
        net = recipe_network(seed + 100, wild=False)
        base = TableProgram(net).value()
    if base == np.inf:
        with pytest.raises(cn.DataError, match="nothing limits"):
            cn.chokepoints(net)
        return
    for by, key in (("node", "id"), ("country", "country"), ("operator", "operator")):
        table = cn.chokepoints(net, by=by)
        inner = net.nodes[net.nodes["stage"] != "end_use"]
        assert set(table.index) == set(inner[key].dropna())
        for label in table.index[:5]:
            less = net.without(nodes=[label]) if by == "node" else net.without(where={by: label})
            assert table.loc[label, "lost_tpa"] == pytest.approx(
                base - TableProgram(less).value(), abs=1e-6 * max(base, 1)
            )


def test_verify_by_edge_leaves_sleeping_edges_asleep() -> None:
    """An edge of an unbuilt project has no arc; closing it must close nothing else."""
    net = cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 5.0), ("u", "end_use", None)),
        edges=frame("source target capacity_tpa", ("m", "u", 4.0), ("p", "u", 3.0)),
        projects=frame("id stage capacity_tpa", ("p", "mine", 9.0)),
    )
    lost = cn.chokepoints(net, by="edge", verify=True)["lost_tpa"]
    assert lost.tolist() == [4.0, 0.0]


def owned(*owners: tuple[str, str, float | None]) -> cn.Network:
    """A mine of 5 t/yr that the firm Sub runs."""
    return cn.Network(
        nodes=frame(
            "id stage capacity_tpa owner owner_country",
            ("m", "mine", 5.0, "Sub", "AUS"),
            ("u", "end_use", None, None, None),
        ),
        edges=frame("source target", ("m", "u")),
        owners=frame("owner parent share", *owners),
    )


@pytest.mark.parametrize(
    ("share", "controls"), [(0.49, False), (0.4999999, False), (0.5, True), (0.51, True), (1.0, True), (None, True)]
)
def test_who_holds_half_or_an_unstated_share_controls(share: float | None, controls: bool) -> None:
    lost = cn.chokepoints(owned(("Sub", "Parent", share)), by="owner")["lost_tpa"].to_dict()
    assert lost == {"Sub": 5.0, **({"Parent": 5.0} if controls else {})}


def test_control_goes_through_every_firm_between_and_ends_where_a_half_is_missing() -> None:
    chain = owned(
        ("Sub", "Mid", 0.5), ("Mid", "Top", 0.5), ("Top", "CHN", 0.6), ("Top", "JPN", 0.4), ("Sub", "Top", 0.1)
    )
    assert set(cn.chokepoints(chain, by="owner").index) == {"Sub", "Mid", "Top"}
    assert set(cn.chokepoints(chain, by="owner_country").index) == {"AUS", "CHN"}, "its own country and who controls it"
    broken = owned(("Sub", "Mid", 0.5), ("Mid", "Top", 0.4), ("Top", "CHN", 1.0))
    assert set(cn.chokepoints(broken, by="owner").index) == {"Sub", "Mid"}
    assert set(cn.chokepoints(broken, by="owner_country").index) == {"AUS"}
    joint = owned(("Sub", "A", 0.5), ("Sub", "B", 0.5), ("A", "Sub", 1.0))
    assert set(cn.chokepoints(joint, by="owner").index) == {"A", "B", "Sub"}, (
        "two halves both control; no ring is endless"
    )


def test_nodes_of_several_owners_do_not_fall_together() -> None:
    """ "several" and "unknown" name no firm, with a table of owners and without."""
    for owners in ((), (("Sub", "Parent", 0.6),)):
        chain = cn.Network(
            nodes=frame(
                "id stage capacity_tpa owner owner_country",
                ("m", "mine", 5.0, "several", "AUS"),
                ("n", "mine", 3.0, "unknown", "AUS"),
                ("o", "mine", 2.0, "Sub", "AUS"),
                ("u", "end_use", None, None, None),
            ),
            edges=frame("source target", ("m", "u"), ("n", "u"), ("o", "u")),
            **({"owners": frame("owner parent share", *owners)} if owners else {}),
        )
        assert set(cn.chokepoints(chain, by="owner").index) == {"Sub", *(row[1] for row in owners)}
        assert cn.chokepoints(chain, by="owner_country")["lost_tpa"].to_dict() == {"AUS": 10.0}
