"""GEXF: what other programs read is the graph, whatever its names hold."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pandas as pd
import pytest

import chainnet as cn

HOSTILE = '<b>"x" & \\ {|} \u202eabc \u4e2d\u6587; -> [y]'


def awake(network: cn.Network) -> pd.Series:
    """Relations between nodes; those of projects sleep."""
    ids = set(network.nodes["id"])
    return network.edges["source"].isin(ids) & network.edges["target"].isin(ids)


@pytest.fixture
def odd() -> cn.Network:
    nodes = pd.DataFrame({"id": ["a", "b"], "stage": ["mine", "end_use"], "label": [HOSTILE, None]})
    edges = pd.DataFrame(
        {"source": ["a", "a"], "target": ["b", "b"], "commodity": ["ore", "ore"], "flow_tpa": [3.5, None]}
    )
    return cn.Network(nodes, edges, label=HOSTILE)


def test_gexf_is_read_by_networkx(odd: cn.Network, mag9: cn.Network, tmp_path: Path) -> None:
    for network in (odd, mag9):
        graph = nx.read_gexf(cn.write(network, tmp_path / "g.gexf"))
        assert set(graph) == set(network.nodes["id"])
        assert graph.number_of_edges() == int(awake(network).sum())
        asleep = network.nodes.set_index("id")["label"]
        for name, data in graph.nodes(data=True):
            assert data["label"] == (asleep[name] if isinstance(asleep[name], str) else name)


def test_same_bytes_and_a_way_back(mag9: cn.Network, tmp_path: Path) -> None:
    one = cn.write(mag9, tmp_path / "one.gexf")
    turned = mag9.with_table("nodes", mag9.nodes.iloc[::-1]).with_table("edges", mag9.edges.iloc[::-1])
    assert one.read_bytes() == cn.write(turned, tmp_path / "two.gexf").read_bytes()
    assert cn.read(one).digest == mag9.digest


def test_what_is_no_longer_written_is_refused(mag9: cn.Network, tmp_path: Path) -> None:
    with pytest.raises(cn.DataError, match=r'unknown kind of file "\.dot"'):
        cn.write(mag9, tmp_path / "one.dot")
    assert list(tmp_path.iterdir()) == []
