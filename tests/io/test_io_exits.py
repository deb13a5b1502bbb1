"""GEXF and DOT: what other programs read is the graph, whatever its names hold."""

from __future__ import annotations

import shutil
import subprocess
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


def test_dot_is_the_graph(mag9: cn.Network, odd: cn.Network, tmp_path: Path) -> None:
    text = cn.write(mag9, tmp_path / "g.dot").read_text(encoding="utf-8")
    assert text.count(" -> ") == int(awake(mag9).sum()) < len(mag9.edges), "projects are not built"
    assert all(f'"{name}" [label=' in text for name in mag9.nodes["id"])
    path = cn.write(odd, tmp_path / "odd.dot")
    line = next(row for row in path.read_text(encoding="utf-8").splitlines() if row.strip().startswith('"a" [label='))
    assert '\\"x\\"' in line
    assert "\\\\ " in line
    if shutil.which("dot"):
        done = subprocess.run(["dot", "-Tsvg", str(path)], capture_output=True, check=True)
        assert b"<svg" in done.stdout


@pytest.mark.parametrize("kind", ["gexf", "dot"])
def test_same_bytes_and_a_way_back_for_one_of_them(mag9: cn.Network, tmp_path: Path, kind: str) -> None:
    one = cn.write(mag9, tmp_path / f"one.{kind}")
    turned = mag9.with_table("nodes", mag9.nodes.iloc[::-1]).with_table("edges", mag9.edges.iloc[::-1])
    two = cn.write(turned, tmp_path / f"two.{kind}")
    assert one.read_bytes() == two.read_bytes()
    if kind == "gexf":
        assert cn.read(one).digest == mag9.digest
        return
    with pytest.raises(cn.DataError, match=f'unknown kind of file "\\.{kind}"'):
        cn.read(one)
