"""A pyvis network as a page: offline, in its place, and words from data are never code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from pyvis.network import Network as Page

import chainnet as cn

HOSTILE = '<img src=x onerror=alert(1)></script><script>alert(2)</script> "href" & \u202eabc'


def data_of(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1), parse_constant=pytest.fail)


def hostile() -> cn.Network:
    nodes = pd.DataFrame({"id": ["a<b>", "u"], "stage": ["mine", "end_use"], "label": [HOSTILE, None]})
    return cn.Network(nodes, frame("source target flow_tpa note", ("a<b>", "u", 1.0, HOSTILE)))


def test_every_node_has_a_place_of_its_own_in_the_order_of_the_chain(mag9: cn.Network) -> None:
    page = mag9.to_pyvis(results=cn.chokepoints(mag9))
    assert isinstance(page, Page)
    assert not page.options.physics.enabled
    node = {item["id"]: item for item in page.nodes}
    assert set(node) == set(mag9.nodes["id"])
    assert len({(item["x"], item["y"]) for item in page.nodes}) == 10
    assert node["M_AU"]["x"] < node["S_MY"]["x"] < node["G_CN"]["x"] < node["USE"]["x"]
    assert "lost_tpa: 40" in node["H_CN"]["title"].splitlines()
    widest = max(page.edges, key=lambda edge: edge["width"])
    assert (widest["from"], widest["to"]) == ("G_CN", "USE")
    assert len(page.edges) == mag9.to_networkx().number_of_edges()


def test_a_chain_of_parallel_edges_is_drawn_edge_by_edge() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "u", 1.0), ("m", "u", 3.0)))
    assert [edge["width"] for edge in net.to_pyvis().edges] == [round(1 + 8 * (1 / 3) ** 0.5, 3), 9.0]


def test_the_stock_page_of_pyvis_takes_no_words_for_code() -> None:
    assert not any("href" in node["title"] for node in hostile().to_pyvis().nodes)


def test_what_pyvis_holds_is_on_the_page_as_text(tmp_path: Path) -> None:
    path = cn.draw(hostile().to_pyvis(), path=tmp_path / "x.html", title=HOSTILE, marking="TEST ONLY")
    text = path.read_text(encoding="utf-8")
    assert "<img" not in text
    assert "alert(2)</script>" not in text
    assert text.count("TEST ONLY") >= 3
    assert data_of(path)["nodes"][0]["label"] == HOSTILE
    assert 'http-equiv="Content-Security-Policy"' in text
    assert path.read_bytes() == cn.draw(
        hostile().to_pyvis(), path=tmp_path / "y.html", title=HOSTILE, marking="TEST ONLY"
    ).read_bytes()  # fmt: skip


def test_a_page_of_others_gets_places_and_no_picture_from_elsewhere(tmp_path: Path) -> None:
    page = Page(directed=True)
    page.add_node(1, label="one", shape="image", image="http://example.org/x.png")
    page.add_node("two", size=12.5, group="b")
    page.add_edge(1, "two", value=2)
    page.nodes[0]["size"] = np.float64("nan")
    page.nodes[1]["value"] = np.int64(3)
    held = data_of(cn.draw(page, path=tmp_path / "x.html"))
    assert "example.org" not in (tmp_path / "x.html").read_text(encoding="utf-8")
    one, two = held["nodes"]
    assert (one["shape"], one["size"], two["value"], two["label"]) == ("dot", None, 3, "two")
    assert one["x"] < two["x"]


def test_what_cannot_be_drawn_is_refused(mag9: cn.Network, tmp_path: Path) -> None:
    page = mag9.to_pyvis()
    for words, more in (
        ("takes no losses", {"losses": cn.chokepoints(mag9)}),
        ("takes no live", {"live": True}),
        ("one HTML page", {"view": "sankey"}),
        ("one HTML page", {"path": tmp_path / "x.svg"}),
    ):
        with pytest.raises(cn.DataError, match=words):
            cn.draw(page, **{"path": tmp_path / "x.html", **more})
    with pytest.raises(cn.DataError, match="has no nodes"):
        cn.draw(Page(), path=tmp_path / "x.html")
    page.edges[0]["to"] = "nobody"
    with pytest.raises(cn.DataError, match='ends at "nobody"'):
        cn.draw(page, path=tmp_path / "x.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_the_page_opens_offline_and_finds_a_node(mag9: cn.Network, opened: Any, tmp_path: Path) -> None:
    tab = opened(cn.draw(mag9.to_pyvis(), path=tmp_path / "x.html"))
    assert tab.locator("canvas").count() >= 1
    assert "end use" in tab.inner_text("#legend")
    for words, name in (("USE", "USE"), ("Separator in Malaysia", "S_MY")):
        tab.fill("#search", words)
        tab.press("#search", "Enter")
        assert tab.evaluate("window.network.getSelectedNodes()") == [name]
    before = tab.evaluate("window.network.getPosition('USE')")
    tab.wait_for_timeout(200)
    assert tab.evaluate("window.network.getPosition('USE')") == before, "nothing moves by itself"


@pytest.mark.browser
def test_words_from_data_run_nothing_in_a_browser(opened: Any, tmp_path: Path) -> None:
    tab = opened(cn.draw(hostile().to_pyvis(), path=tmp_path / "x.html", title=HOSTILE))
    tab.fill("#search", "a<b>")
    tab.press("#search", "Enter")
    place = tab.evaluate("(() => { const p = network.canvasToDOM(network.getPosition('a<b>')); return [p.x, p.y]; })()")
    box = tab.locator("#graph").bounding_box()
    tab.mouse.move(box["x"] + place[0] + 30, box["y"] + place[1] + 30)
    tab.mouse.move(box["x"] + place[0], box["y"] + place[1], steps=4)
    tab.wait_for_selector("div.vis-tooltip", state="visible")
    assert tab.locator("div.vis-tooltip img").count() == 0
    assert tab.inner_text("div.vis-tooltip").startswith("<img src=x")
