"""Numbers that others have published, or that follow from published inputs; each with its source."""

from __future__ import annotations

import bz2
import pickle
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn

# Pyomo gallery, network_interdiction/max_flow, sample data (github.com/Pyomo/PyomoGallery)
PYOMO = frame(
    "source target capacity_tpa",
    ("Start", "B", 10.0),
    ("Start", "C", 70.0),
    ("C", "B", 30.0),
    ("B", "End", 100.0),
    ("C", "D", 40.0),
    ("D", "End", 50.0),
)


@pytest.fixture
def pyomo() -> cn.Network:
    return cn.Network.from_edges(PYOMO)


def test_pyomo_interdiction(pyomo: cn.Network) -> None:
    """Flow after 0, 1, 2 arc attacks: 80, 10, 0 (published outputs of the gallery; the first attack is Start > C)."""
    assert cn.max_flow(pyomo).value_tpa == 80.0
    assert [cn.interdict(pyomo, k, by="edge").left_tpa for k in (0, 1, 2)] == pytest.approx([80.0, 10.0, 0.0])
    assert cn.interdict(pyomo, 1, by="edge").removed == (("Start", "C"),)


def test_pyomo_vitality(pyomo: cn.Network) -> None:
    """Losses by node and arc, derived from the gallery's inputs."""
    nodes = cn.chokepoints(pyomo)["lost_tpa"]
    assert nodes[["B", "C", "D"]].tolist() == [40.0, 70.0, 40.0]
    arcs = cn.chokepoints(pyomo, by="edge")["lost_tpa"].droplevel(2)
    assert arcs.to_dict() == {
        ("Start", "C"): 70.0,
        ("B", "End"): 40.0,
        ("C", "D"): 40.0,
        ("D", "End"): 40.0,
        ("C", "B"): 30.0,
        ("Start", "B"): 10.0,
    }


def test_pyomo_shapley(pyomo: cn.Network) -> None:
    """Shapley shares of B, C, D: 25, 35, 20 when only they can fail (derived from the gallery's inputs)."""
    nodes = pyomo.nodes.assign(operator=pyomo.nodes["id"].where(pyomo.nodes["id"].isin(["B", "C", "D"])))
    net = cn.Network(nodes=nodes, edges=pyomo.edges)
    assert cn.shapley(net, by="operator")["shapley_tpa"].to_dict() == pytest.approx({"C": 35.0, "B": 25.0, "D": 20.0})


def trap() -> cn.Network:
    edges = frame(
        "source target capacity_tpa",
        ("R1", "D1", None),
        ("R2", "D1", None),
        ("D1", "T", 10.0),
        ("S4", "T", None),
        ("T3", "T", None),
    )
    nodes = frame(
        "id stage capacity_tpa", ("R1", "mine", 10.0), ("R2", "mine", 10.0), ("S4", "mine", 4.0), ("T3", "mine", 3.0)
    )
    return cn.Network.from_edges(edges, nodes=nodes)


def test_the_greedy_trap() -> None:
    """Two sources of 10 behind one bound of 10: no single loss shows, both together are the worst pair (derived)."""
    net = trap()
    assert cn.max_flow(net).value_tpa == 17.0
    assert cn.chokepoints(net)["lost_tpa"][["R1", "R2", "S4", "T3"]].tolist() == [0.0, 0.0, 4.0, 3.0]
    found = [cn.interdict(net, k, protect=["D1"]) for k in (1, 2, 3, 4)]
    assert [r.lost_tpa for r in found] == pytest.approx([4.0, 10.0, 14.0, 17.0])
    assert set(found[1].removed) == {"R1", "R2"}
    assert found[1].greedy_lost_tpa == pytest.approx(7.0)
    share = cn.shapley(
        cn.Network(
            nodes=net.nodes.assign(operator=net.nodes["id"].where(net.nodes["stage"] == "mine")), edges=net.edges
        ),
        by="operator",
    )
    assert share["shapley_tpa"].to_dict() == pytest.approx({"R1": 5.0, "R2": 5.0, "S4": 4.0, "T3": 3.0})


def test_dominator_tree() -> None:
    """networkx test suite, test_dominance: the immediate dominators of node 7 from root 0 are 1, then 0."""
    edges = pd.DataFrame(
        [(0, 1), (1, 2), (1, 3), (2, 7), (3, 4), (4, 5), (4, 6), (5, 7), (6, 4)], columns=["source", "target"]
    )
    nodes = frame("id stage capacity_tpa", ("0", "mine", 1.0), ("7", "end_use", None))
    table = cn.chokepoints(cn.Network.from_edges(edges, nodes=nodes))
    assert set(table.index[table["is_dominator"]]) == {"0", "1"}
    assert (table.loc[["0", "1"], "lost_share"] == 1.0).all()


def test_the_railway_of_1955_from_its_plain_edge_list() -> None:
    """Harris and Ross (1955), RAND RM-1573: 163 thousand tons a day, and the bottleneck, from tracks open both ways."""
    net = cn.read(Path(__file__).parent / "data" / "rail_1955.csv", source="origins", sink="destinations", two_way=True)
    found = cn.max_flow(net)
    assert found.value_tpa == found.cut["capacity_tpa"].sum() == 163.0
    cut = {frozenset(pair): tons for *pair, tons in found.cut[["source", "target", "capacity_tpa"]].to_numpy()}
    assert cut == {
        frozenset({"v28", "v30"}): 19.0, frozenset({"v29", "v30"}): 5.0, frozenset({"v31", "v41"}): 10.0,
        frozenset({"v38", "v46"}): 30.0, frozenset({"v39", "v44"}): 16.0, frozenset({"v39", "v45"}): 36.0,
        frozenset({"v39", "v46"}): 17.0, frozenset({"v40", "v41"}): 6.0, frozenset({"v40", "v44"}): 24.0,
    }  # fmt: skip
    assert net.roles["rule"].value_counts().to_dict() == {
        "neither a source nor a sink": 53, "named as a source": 1, "named as a sink": 1,
    }  # fmt: skip
    guessed = cn.Network.from_edges(net.edges[["source", "target", "capacity_tpa"]])
    assert "No node is left as a mine" in guessed.notes[0]


@pytest.mark.parametrize(
    ("name", "value"), [("gl1", 156545), ("gw1", 1202018), pytest.param("wlm3", 11875108, marks=pytest.mark.slow)]
)
def test_large_flows_of_networkx(name: str, value: int) -> None:
    """networkx, algorithms/flow/tests: data and values of test_maxflow_large_graph (source 1, sink n)."""
    path = Path(nx.__file__).parent / "algorithms" / "flow" / "tests" / f"{name}.gpickle.bz2"
    with bz2.open(path) as handle:
        graph = pickle.load(handle)
    edges = pd.DataFrame(
        [(u, v, d["capacity"]) for u, v, d in graph.edges(data=True)], columns=["source", "target", "capacity_tpa"]
    )
    stages = pd.DataFrame({"id": list(graph), "stage": "refiner"}).set_index("id")
    stages.loc[1, "stage"], stages.loc[len(graph), "stage"] = "mine", "end_use"
    net = cn.Network.from_edges(edges, nodes=stages.reset_index())
    flow = cn.max_flow(net)
    assert flow.value_tpa == value
    assert flow.cut["capacity_tpa"].sum() == value


# MAG-9: losses, Shapley shares and the order of service, derived by hand and by an independent program

MAG9_LOSSES = {"H_CN": 40, "G_CN": 38, "S_CN": 20, "M_CN": 0, "M_AU": 0, "M_US": 0, "S_MY": 0, "H_BR": 0, "G_JP": 0}


def test_mag9_losses(mag9: cn.Network) -> None:
    assert cn.max_flow(mag9).value_tpa == pytest.approx(50.0, abs=1e-6)
    assert cn.chokepoints(mag9)["lost_tpa"].to_dict() == pytest.approx(MAG9_LOSSES, abs=1e-6)
    by_country = cn.chokepoints(mag9, by="country")["lost_tpa"]
    assert by_country["CHN"] == pytest.approx(40.0, abs=1e-6)


def test_mag9_projects(mag9: cn.Network, china_out: cn.Scenario) -> None:
    table = cn.reroute(mag9, china_out).projects
    assert table["shapley_t"].to_dict() == pytest.approx(
        {"S_US": 0.6666667, "H_US": 11.6666667, "G_US": 9.6666667}, abs=1e-6
    )
    assert table["shapley_t"].sum() == pytest.approx(22.0)


def test_mag9_tiers(mag9: cn.Network, china_out: cn.Scenario) -> None:
    served = cn.balance(mag9, china_out).by_tier()["served_tpa"]
    assert served.to_dict() == pytest.approx({"defence": 4.0, "industrial": 6.0, "civilian": 0.0}, abs=1e-6)


def test_gallium_from_alumina() -> None:
    """1,000 kt of alumina, 50 g/t, recovery 0.4: 20 t of gallium, 15 t with a plant of 15 t, 10 t at half the host."""

    def made(host: float) -> float:
        net = cn.Network(
            nodes=frame(
                "id stage process capacity_tpa",
                ("host", "mine", "bayer", 1e6),
                ("ga_plant", "refiner", "recover", 15.0),
                ("u", "end_use", None, None),
            ),
            edges=frame(
                "source target commodity",
                ("host", "ga_plant", "liquor_ga"),
                ("host", "u", "alumina"),
                ("ga_plant", "u", "ga"),
            ),
            processes=frame(
                "process commodity role t_per_t",
                ("bayer", "alumina", "output", 1.0),
                ("bayer", "liquor_ga", "byproduct", 50e-6),
                ("recover", "liquor_ga", "input", 1 / 0.4),
                ("recover", "ga", "output", 1.0),
            ),
            demand=frame("node commodity tier demand_tpa", ("u", "ga", "defence", 99.0), ("u", "alumina", None, host)),
            main_commodity="ga",
        )
        return cn.max_flow(net).value_tpa

    assert made(1e6) == pytest.approx(15.0)
    assert made(0.5e6) == pytest.approx(10.0)
