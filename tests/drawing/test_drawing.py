"""The drawing room: pages that open anywhere, run nothing from data, and say what the tables say."""

import io
import re
import subprocess
import sys
from base64 import b64encode
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pypdf
import pytest
from conftest import frame
from hypothesis import given
from hypothesis import strategies as st

import chainnet as cn
from chainnet.drawing.answers import sort_answers
from chainnet.drawing.facts import basis_of, collect
from chainnet.drawing.sankey import bands
from chainnet.drawing.style import loss_class, percent, tonnes
from chainnet.drawing.world import _world, atlas
from chainnet.words import NBSP, number
from chainnet.words import percent as report_percent
from chainnet.words import tonnes as report_tonnes

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "href",
    "{{7*7}}",
    "{% raw %}",
    "مصنع المغناطيس",
    "包头稀土分离厂",
    "' onmouseover='alert(3)",
    "a & b < c > d \u2028 \u202e txt",
    "very long " * 60,
]


@pytest.fixture(scope="module")
def mag9():
    return cn.read("mag-9")


@pytest.fixture(scope="module")
def losses(mag9):
    return cn.chokepoints(mag9)


@pytest.fixture(scope="module")
def blocked(mag9):
    return cn.balance(mag9, cn.scenarios(mag9)["china_out"])


def hostile_network():
    ids = [f"n{i}" for i in range(len(HOSTILE))]
    nodes = pd.DataFrame(
        {
            "id": [*ids, "__proto__", "constructor", "end"],
            "label": [*HOSTILE, "proto", "constructor", "end <b>use</b>"],
            "stage": ["mine"] * len(ids) + ["refiner", "refiner", "end_use"],
            "step": ["<i>pit</i>"] * len(ids) + ["</style>", "</style>", None],
            "operator": [*HOSTILE, *HOSTILE[:3]],
            "capacity_tpa": [5.0] * len(ids) + [9.0, 9.0, np.nan],
        }
    )
    edges = pd.DataFrame(
        {
            "source": [*ids, "__proto__", "constructor"],
            "target": ["__proto__"] * 4 + ["constructor"] * (len(ids) - 4) + ["end", "end"],
            "flow_tpa": [2.0] * len(ids) + [8.0, 12.0],
            "quality": ["inferred"] * len(ids) + ["reported", "reported"],
            "note": [*HOSTILE, *HOSTILE[:2]],
        }
    )
    return cn.Network(
        nodes=nodes, edges=edges, name="../../<x>", label="<b>hostile</b> </title><script>alert(4)</script>"
    )


def big_network(n):
    rng = np.random.default_rng(0)
    ids = [f"s{i:04d}" for i in range(n)]
    layer = np.arange(n) * 6 // n
    stage = np.array(["mine", "refiner", "refiner", "manufacturer", "manufacturer", "end_use"])[layer]
    step = np.array(["mining", "concentrate", "metal", "part", "assembly", "use"])[layer]
    nodes = pd.DataFrame(
        {
            "id": ids,
            "label": [f"Site number {i} of a large chain" for i in range(n)],
            "stage": stage,
            "step": step,
            "country": rng.choice(["CHN", "USA", "JPN", "AUS", "DEU", "KOR", "BRA"], n),
            "capacity_tpa": np.where(stage == "end_use", np.nan, 50.0),
        }
    )
    rows = [
        (ids[i], ids[int(t)], float(rng.integers(1, 20)))
        for i in range(n)
        if layer[i] < 5
        for t in rng.choice(np.flatnonzero(layer == layer[i] + 1), 2, replace=False)
    ]
    edges = pd.DataFrame(rows, columns=["source", "target", "flow_tpa"])
    return cn.Network(nodes=nodes, edges=edges)


# -- numbers as printed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (42039.0, "42,000"),
        (0, "0"),
        (0.8, "0.8"),
        (2.6666, "2.67"),
        (999.6, "1,000"),
        (0.0001, "<0.1"),
        (-0.04, ">−0.1"),
        (0.1, "0.1"),
        (1.875, "1.88"),
        (1.865, "1.87"),
        (12450, "12,500"),
        (-12300, "−12,300"),
        (None, "n/d"),
        (float("nan"), "n/d"),
        (float("inf"), "no limit"),
    ],
)
def test_numbers_have_three_figures(value, text):
    assert number(value) == text


def test_percent_never_rounds_to_none_or_all():
    assert [percent(x) for x in (0, 0.0004, 0.042, 0.08, 0.31, 0.996, 0.9996, 1.0, None)] == [
        "0 %",
        "<0.1 %",
        "4.2 %",
        "8 %",
        "31 %",
        "99.6 %",
        ">99.9 %",
        "100 %",
        "n/d",
    ]
    assert tonnes(None) == "n/d"


@given(st.floats(-1e9, 1e9) | st.integers(-9999, 9999).map(lambda n: n / 1000))
def test_drawing_and_report_write_one_number(value):
    assert tonnes(value) == report_tonnes(value).replace(NBSP, " ") == f"{number(value)} t/yr"
    assert percent(value) == report_percent(value).replace(NBSP, " ")


def test_loss_classes_end_where_the_legend_says():
    assert [loss_class(x) for x in (0, 0.05, 0.051, 0.5, 0.76, None)] == [0, 1, 2, 3, 5, 0]


# -- the file -------------------------------------------------------------------------------------


def test_writes_exactly_the_path_with_its_folder(mag9, tmp_path):
    target = tmp_path / "a" / "b" / "page.html"
    assert cn.draw(mag9, path=target) == target
    assert [p.name for p in target.parent.iterdir()] == ["page.html"]
    text = target.read_bytes()
    assert b"\r" not in text
    text.decode("utf-8")


def test_default_name_stays_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cn.draw(hostile_network()).parent == Path()
    assert [p.suffix for p in tmp_path.iterdir()] == [".html"]


@pytest.mark.parametrize("view", ["grahp", "", None, "globe"])
def test_unknown_view_names_the_known_ones(mag9, tmp_path, view):
    with pytest.raises(cn.DataError, match="Known: graph"):
        cn.draw(mag9, view=view, path=tmp_path / "x.html")
    assert not list(tmp_path.iterdir())


def test_foreign_results_are_refused(mag9, losses, blocked, tmp_path):
    other = mag9.without(nodes=["M_AU"])
    for result in (blocked, losses, "text", losses.drop(columns="lost_tpa"), cn.chokepoints(mag9, by="country")):
        with pytest.raises(cn.DataError, match="draw: "):
            cn.draw(other, result, path=tmp_path / "x.html")
    with pytest.raises(cn.DataError, match="once"):
        cn.draw(mag9, losses, losses=losses, path=tmp_path / "x.html")
    assert not list(tmp_path.iterdir())


def test_same_bytes_whatever_the_row_order(mag9, losses, tmp_path):
    tables = {
        t: getattr(mag9, t) for t in ("nodes", "edges", "commodities", "processes", "demand", "projects", "references")
    }
    shuffled = cn.Network(
        **{t: f.sample(frac=1, random_state=3) for t, f in tables.items()},
        name=mag9.name,
        label=mag9.label,
        year=mag9.year,
        main_commodity=mag9.main_commodity,
        beneficiaries=mag9.beneficiaries,
    )
    one = cn.draw(mag9, losses, path=tmp_path / "one.html").read_bytes()
    two = cn.draw(shuffled, losses.sample(frac=1, random_state=5), path=tmp_path / "two.html").read_bytes()
    assert one == two


@pytest.mark.slow
def test_same_bytes_whatever_the_hash_seed(tmp_path):
    code = "import chainnet as cn, sys; n = cn.read('rare-earths'); cn.draw(n, cn.chokepoints(n), path=sys.argv[1])"
    pages = []
    for seed in ("0", "1"):
        target = tmp_path / f"{seed}.html"
        subprocess.run([sys.executable, "-c", code, str(target)], check=True, env={"PYTHONHASHSEED": seed})
        pages.append(target.read_bytes())
    assert pages[0] == pages[1]


def test_asks_for_nothing_and_stays_small(mag9, losses, tmp_path):
    text = cn.draw(mag9, losses, path=tmp_path / "x.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"<(?:link|iframe|object|embed)\b|@import|sourceMappingURL|<script[^>]*\bsrc=", text)
    assert not re.search(r"\b(?:src|href)=[\"']?https?:", text)
    assert len(text.encode()) < 2_000_000


def test_hostile_text_is_never_markup(tmp_path):
    text = cn.draw(hostile_network(), path=tmp_path / "x.html", title=HOSTILE[1], marking=HOSTILE[0]).read_text("utf-8")
    assert "<img src=x" not in text
    assert "alert(2)</script>" not in text
    assert "<script>alert" not in text
    assert "{{7*7}}" in text
    assert HOSTILE[6] in text


# -- what it says ---------------------------------------------------------------------------------


def page(net, tmp_path, result=None, **more):
    return cn.draw(net, result, path=tmp_path / "x.html", **more).read_text(encoding="utf-8")


def heading(text):
    return re.sub("<[^>]+>", "", re.search("<h1>(.*?)</h1>", text)[1])


def test_heading_names_the_costliest_loss(mag9, losses, tmp_path):
    assert "Dysprosium source in China" in heading(page(mag9, tmp_path, losses))
    assert "40 t/yr, 80 % of 50 t/yr" in heading(page(mag9, tmp_path, losses=losses))


def test_heading_says_who_is_short(mag9, losses, blocked, tmp_path):
    text = page(mag9, tmp_path, blocked, losses=losses)
    assert heading(text) == (
        "Everything in China stops: defence demand is met, 63 % of industrial demand is short (10 of 16 t/yr)."
    )
    assert "Of 50 t/yr demand 10 are served; industrial short 10 of 16 and civilian short 30 of 30." in text


def test_losses_of_a_tier_stand_beside_those_of_all(mag9, losses, blocked, tmp_path):
    first = cn.chokepoints(mag9, tier="defence")
    text = page(mag9, tmp_path, blocked, losses=losses, first_losses=first)
    rows = {r[0]: re.findall(r"<td[^>]*>([^<]*)", r[1])[1:4] for r in re.findall(r'<tr data-site="([^"]+)">(.*)', text)}
    for site in losses.index:
        assert rows[site] == [
            tonnes(losses.loc[site, "lost_tpa"]),
            percent(losses.loc[site, "lost_share"]),
            tonnes(first.loc[site, "lost_tpa"]),
        ]
    assert (
        "Loss: what all tiers lose if the site alone drops out and the rest is rerouted (counted: all demand)." in text
    )
    assert "Loss: what defence loses if" in page(mag9, tmp_path, first)
    with pytest.raises(cn.DataError, match="give losses too"):
        page(mag9, tmp_path, blocked, first_losses=first)


@pytest.mark.browser
def test_list_card_and_tooltip_say_both_losses(mag9, losses, blocked, opened, tmp_path):
    first = cn.chokepoints(mag9, tier="defence")
    first["lost_tpa"] = losses["lost_tpa"].reindex(first.index) / 10
    tab = opened(cn.draw(mag9, blocked, losses=losses, first_losses=first, path=tmp_path / "x.html"))
    assert tab.inner_text("#side .row").split("\n")[1] == "4 t/yr"
    tab.click("#side .switch button:last-child")
    assert tab.inner_text("#side .row").split("\n")[1] == "40 t/yr"
    tab.click("#side .switch button:first-child")
    find(tab, "H_CN")
    assert "defence 4 t/yr, all tiers 40 t/yr" in tab.inner_text("#side .big")
    assert (
        "defence 4 t/yr, all tiers 40 t/yr" in dict(tab.evaluate("C.tipRows(C.byId.get('H_CN'))")[1])["Its loss costs"]
    )


def test_heading_says_ties_and_nothing(tmp_path):
    nodes = pd.DataFrame(
        {"id": ["a", "b", "u"], "stage": ["mine", "mine", "end_use"], "capacity_tpa": [1.0, 1.0, None]}
    )
    edges = pd.DataFrame({"source": ["a", "b"], "target": ["u", "u"]})
    net = cn.Network(nodes=nodes, edges=edges)
    table = cn.chokepoints(net)
    assert "a and b tie" in heading(page(net, tmp_path, table))
    assert "No single site costs anything" in heading(page(net, tmp_path, table.assign(lost_tpa=0.0, lost_share=0.0)))


def test_every_site_and_link_stands_in_the_tables(mag9, losses, tmp_path):
    text = page(mag9, tmp_path, losses, marking="EXERCISE ONLY")
    assert text.count("<tr data-site=") == len(mag9.nodes) + len(mag9.projects)
    assert text.count("<tr data-link=") == len(mag9.edges)
    assert re.findall(r'<p class="marking(?: last)?">EXERCISE ONLY</p>', text)[1:] == [
        '<p class="marking last">EXERCISE ONLY</p>'
    ]
    assert mag9.digest[:12] in text
    assert 'id="legend"' in text
    assert "<noscript>" in text


def test_tonnes_of_different_kinds_are_not_added():
    net = cn.read("rare-earths")
    blocks = {b["name"]: b for b in collect(net, None, None).blocks}
    assert blocks["recycling"]["baseText"] == "not added"
    mined = net.baseline.reindex(net.nodes.loc[net.nodes["step"] == "mining", "id"]).sum()  # none where it opened since
    assert blocks["mining"]["baseText"] == tonnes(mined)
    assert blocks["magnet"]["unit"] == "t finished magnet"


def test_steps_stand_in_the_order_of_flow():
    facts = collect(cn.read("rare-earths"), None, None)
    column = {b["name"]: b["column"] for b in facts.blocks}
    assert column["mining"] < column["separation"] < column["metal"] < column["magnet"] < column["end use"]
    assert column["recycling"] == -1


def test_a_bare_network_without_flows_can_be_drawn(tmp_path):
    edges = pd.DataFrame(
        {"source": ["a", "b", "c", "b"], "target": ["b", "c", "d", "d"], "capacity_tpa": [4.0, 3, 3, 1]}
    )
    net = cn.Network.from_edges(edges)
    text = page(net, tmp_path, cn.max_flow(net))
    assert "The largest deliveries are 4 t/yr" in heading(text)
    page(net, tmp_path)
    page(cn.Network(nodes=pd.DataFrame({"id": [], "stage": []}), edges=edges.head(0)), tmp_path)


@pytest.mark.parametrize("view", ["sankey", "map"])
def test_sheets_have_no_script_and_hold_their_table(view, mag9, blocked, tmp_path):
    for result in (None, blocked, cn.max_flow(mag9)):
        text = cn.draw(mag9, result, view=view, path=tmp_path / "x.html", marking="EXERCISE ONLY").read_text("utf-8")
        assert "<script" not in text
        assert text.count("<svg") == 1
        assert "JPN" in text
        assert len(re.findall(r'<p class="marking(?: last)?">EXERCISE ONLY</p>', text)) == 2
    hostile = cn.draw(hostile_network(), view=view, path=tmp_path / "y.html", title=HOSTILE[1]).read_text("utf-8")
    assert "<script" not in hostile
    assert "<img" not in hostile
    assert "<i>pit" not in hostile


def test_map_places_sites_and_counts_the_rest(tmp_path):
    net = cn.read("rare-earths")
    text = cn.draw(net, view="map", path=tmp_path / "x.html").read_text("utf-8")
    assert "Bayan Obo" in text
    assert "at the country&#39;s centre" in text
    assert "sites have no place" in text
    assert "Natural Earth" in text


def test_every_country_centre_lies_in_its_country():
    # boxes of each country's largest part, Natural Earth 1:110m
    boxes = pd.read_csv(Path(__file__).parents[1] / "data" / "country_boxes.csv", index_col="country", na_filter=False)
    world = _world()
    assert sorted(world["centres"]) == sorted(boxes.index)
    centre = pd.DataFrame.from_dict(world["centres"], orient="index", columns=["latitude", "longitude"])
    centre = centre.reindex(boxes.index)
    inside = centre["latitude"].between(boxes["south"], boxes["north"])
    inside &= centre["longitude"].between(boxes["west"], boxes["east"])
    assert list(boxes.index[~inside]) == []


def test_names_on_the_map_do_not_collide():
    for name in ("gallium", "rare-earths"):
        net = cn.read(name)
        marks = [m for m in atlas(net, collect(net, None, None))["marks"] if m["label"]]
        boxes = {m["label"]: (m["x"] + m["dx"], m["y"] + m["dy"], 7 * len(m["label"])) for m in marks}
        assert len(boxes) == len(marks) > 8
        for (one, a), (two, b) in combinations(boxes.items(), 2):
            apart = a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or abs(a[1] - b[1]) >= 10
            assert apart, f"{one} and {two}"


def test_sankey_blocks_balance():
    net = cn.read("rare-earths")
    sheet = bands(collect(net, None, None), basis_of(net), net.main_commodity)
    for group in sheet["groups"]:
        assert sum(b["size"] for b in group["blocks"]) == pytest.approx(group["size"])
        if group["name"] == "magnet":
            leaving = sum(b["base"] for b in sheet["bands"] if b["from"].endswith(", magnet"))
            assert group["size"] == pytest.approx(leaving)
            for block in group["blocks"]:
                thick = sum(b["w1"] for b in sheet["bands"] if b["from"] == f"{block['place']}, magnet")
                assert thick == pytest.approx(block["h"], abs=0.01)


def test_a_use_that_ships_on_has_blocks_by_what_leaves_it():
    # cells take anodes and go on to two users: 7 and 3 t/yr
    net = cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["anode", "cells", "cars", "drones"],
                "stage": ["manufacturer", "end_use", "end_use", "end_use"],
                "step": ["anode", "cells", "use", "use"],
                "country": ["CHN", "CHN", "USA", "JPN"],
            }
        ),
        edges=pd.DataFrame(
            {
                "source": ["anode", "cells", "cells"],
                "target": ["cells", "cars", "drones"],
                "commodity": ["anode material", "cell", "cell"],
                "flow_tpa": [10.0, 7.0, 3.0],
            }
        ),
        demand=pd.DataFrame({"node": ["cars", "drones"], "commodity": ["cell"] * 2, "demand_tpa": [7.0, 3.0]}),
        main_commodity="cell",
    )
    sheet = bands(collect(net, None, None), basis_of(net), net.main_commodity)
    size = {group["name"]: group["size"] for group in sheet["groups"]}
    assert size == {"anode": 10.0, "cells": 10.0, "use": 10.0}
    assert [b["base"] for b in sheet["bands"] if b["from"].endswith(", cells")] == pytest.approx([7.0, 3.0])


# -- in a browser ---------------------------------------------------------------------------------


def find(tab, words):
    tab.evaluate("C.drawer(true)")
    tab.fill("#search", words)
    tab.press("#search", "Enter")
    return tab.evaluate("window.network.getSelectedNodes()")


def inked(tab):
    return tab.evaluate(
        """() => { const c = document.querySelector('canvas');
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let n = 0; for (let i = 3; i < d.length; i += 4) if (d[i] > 0) n += 1; return n / (d.length / 4); }"""
    )


@pytest.mark.browser
@pytest.mark.small
def test_page_is_drawn_and_found(mag9, losses, opened, tmp_path):
    tab = opened(cn.draw(mag9, losses, path=tmp_path / "x.html"))
    assert inked(tab) > 0.01
    assert tab.is_hidden("#legend"), "search, filters and legend are folded"
    for _, row in mag9.nodes.iterrows():
        assert find(tab, row["id"]) == [row["id"]]
        assert find(tab, row["label"]) == [row["id"]]
    assert find(tab, "DYSPRÓSIUM source in chi") == ["H_CN"]
    tab.click("#filters")
    assert tab.is_visible("#legend")
    tab.evaluate("C.drawer(true)")
    tab.fill("#search", "no such site")
    assert tab.inner_text("#found") == "nothing found"
    assert find(tab, "G_US") == ["G_US"]


@pytest.mark.browser
def test_choosing_traces_and_shows_the_card(mag9, losses, opened, tmp_path):
    tab = opened(cn.draw(mag9, losses, path=tmp_path / "x.html"))
    assert "Costliest single losses" in tab.inner_text("#side")
    find(tab, "S_MY")
    card = tab.inner_text("#side")
    assert "Separator in Malaysia" in card
    assert "Mine in Australia" in card
    assert "feeds 1 end use" in card
    assert tab.evaluate("[...C.state.traced.sites].map((s) => s.id).sort()") == ["G_CN", "G_JP", "M_AU", "S_MY", "USE"]
    assert "site=S_MY" in tab.url
    tab.keyboard.press("Escape")
    assert tab.evaluate("window.network.getSelectedNodes()") == []


@pytest.mark.browser
def test_keys_alone_are_enough(mag9, losses, blocked, opened, tmp_path):
    tab = opened(cn.draw(mag9, blocked, losses=losses, path=tmp_path / "x.html"))
    tab.focus("#graph")
    tab.keyboard.press("1")
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        tab.keyboard.press(key)
    assert tab.evaluate("window.network.getSelectedNodes()") == ["G_CN"]
    assert "Magnet plant in China" in tab.inner_text("#live")
    tab.keyboard.press("3")
    assert tab.evaluate("C.state.mode") == "diff"
    tab.keyboard.press("c")
    assert tab.evaluate("C.state.choke") is True
    tab.keyboard.press("Escape")
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "search"


@pytest.mark.browser
def test_after_a_search_the_keys_move_in_the_graph(mag9, losses, blocked, opened, tmp_path):
    tab = opened(cn.draw(mag9, blocked, losses=losses, path=tmp_path / "x.html"))
    tab.keyboard.press("Tab")
    assert tab.inner_text(":focus") == "Skip to the graph"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "graph"
    tab.keyboard.press("/")
    tab.keyboard.type("separator in malay")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "graph"
    for key, then in (
        ("1", "C.state.mode === 'base'"),
        ("c", "C.state.choke"),
        ("ArrowLeft", "C.state.hover.id === 'M_AU'"),
    ):
        tab.keyboard.press(key)
        assert tab.evaluate(then), key
    tab.keyboard.press("Escape")
    tab.focus("#side .row")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "graph"


@pytest.mark.browser
def test_chokepoints_are_announced_and_never_mixed_with_changes(mag9, losses, blocked, opened, tmp_path):
    file = cn.draw(mag9, blocked, losses=losses, path=tmp_path / "x.html")
    tab = opened(file)
    tab.focus("#graph")
    tab.keyboard.press("3")
    tab.keyboard.press("c")
    assert tab.evaluate("[C.state.mode, C.state.choke]") == ["result", True]
    assert tab.inner_text("#live").startswith("Chokepoints shown")
    tab.keyboard.press("3")
    assert tab.evaluate("[C.state.mode, C.state.choke]") == ["diff", False]
    tab.keyboard.press("c")
    tab.keyboard.press("c")
    assert tab.inner_text("#live").startswith("Chokepoints off")
    assert opened(file, "#flows=diff&chokepoints=1").evaluate("[C.state.mode, C.state.choke]") == ["result", True]


@pytest.mark.browser
def test_the_key_is_in_view_untouched(rare_earths, opened, tmp_path):
    flows = cn.balance(rare_earths)
    tab = opened(cn.draw(rare_earths, flows, losses=cn.chokepoints(rare_earths), path=tmp_path / "x.html"))
    box = tab.locator("#key").bounding_box()
    assert box["y"] > 0
    assert box["y"] + box["height"] < 768
    assert "dashed = inferred" in tab.inner_text("#key")
    tab.click("#filters")
    for one in ("#widths", "#legend .key:has-text('dashed = inferred')", "#legend .shape >> nth=-1", "#areaWords"):
        box = tab.locator(one).bounding_box()
        assert box["y"] > 0, one
        assert box["y"] + box["height"] < 768, one
    tab.keyboard.press("3")
    assert tab.locator("#changes").bounding_box()["y"] < 700


@pytest.mark.browser
@pytest.mark.parametrize("name", ["gallium", "rare-earths"])
def test_nothing_is_cut_at_the_edges(name, graphs, opened, tmp_path):
    net = graphs[name]
    tab = opened(cn.draw(net, cn.balance(net), losses=cn.chokepoints(net), path=tmp_path / "x.html"))
    assert (
        tab.evaluate(
            "[...document.querySelectorAll('.head.low b')].filter((b) => b.scrollWidth > b.clientWidth).length"
        )
        == 0
    )
    ends = tab.evaluate("C.boxes.filter((b) => b.s.stage === 'recycler').map((b) => C.world.width - b.x2)")
    assert len(ends) > 3
    assert min(ends) >= 0
    tab.keyboard.press("3")
    left = tab.evaluate(
        """() => { const at = [], put = { arc: (x, y, r) => at.push(x - r) };
        const ctx = new Proxy({}, { get: (_, key) => put[key] || (() => {}), set: () => true });
        C.sites.filter(C.badge).forEach((s) => C.rings(ctx, s, 1 / network.getScale()));
        return at; }"""
    )
    assert (name == "rare-earths") != bool(left), "no single plant of the rare-earth chain costs anything"
    assert all(x >= 0 for x in left)


@pytest.mark.browser
def test_a_step_is_marked_for_what_it_is_where_no_bottleneck_was_asked_for(mag9, rare_earths, opened, tmp_path):
    tab = opened(cn.draw(rare_earths, cn.chokepoints(rare_earths), path=tmp_path / "x.html"))
    heads = [h for h in tab.locator(".head").all_inner_texts() if "▶ costliest step" in h]
    assert len(heads) == 1
    assert heads[0].startswith("separation")
    assert "costliest step, group of plants 19,700 t/yr" in heads[0]
    assert "▶ costliest step = step of the costliest loss" in tab.inner_text("#legend")
    net = mag9.without(nodes=["H_CN"])
    facts = collect(net, *sort_answers(net, cn.max_flow(net), None))
    assert facts.data["narrowBy"] == "cut"
    assert [b["narrowest"] for b in facts.blocks] == [b["nCut"] > 0 for b in facts.blocks]


@pytest.mark.browser
def test_filters_hide_and_count(mag9, opened, tmp_path):
    tab = opened(cn.draw(mag9, path=tmp_path / "x.html"))
    before = tab.inner_text("#count")
    tab.click("#filters")
    tab.uncheck('#legend input[value="CHN"]')
    assert tab.evaluate("C.nodes.get('S_CN').hidden") is True
    assert tab.inner_text("#count") != before
    assert tab.is_hidden('#sites tr[data-site="S_CN"]')
    tab.click("#closeFilters")
    tab.click("#chips button")
    assert tab.inner_text("#count") == before


@pytest.mark.browser
def test_hostile_text_stays_text(opened, tmp_path):
    net = hostile_network()
    tab = opened(cn.draw(net, cn.max_flow(net), path=tmp_path / "x.html", title=HOSTILE[0], marking=HOSTILE[1]))
    for i, words in enumerate(HOSTILE):
        assert find(tab, f"n{i}") == [f"n{i}"]
        assert tab.inner_text("#side h2").split() == words.split()
        place = tab.evaluate(
            f"(() => {{ const s = C.byId.get('n{i}'); return network.canvasToDOM({{x: s.x, y: s.y}}); }})()"
        )
        box = tab.locator("#graph").bounding_box()
        tab.mouse.move(box["x"] + place["x"], box["y"] + place["y"])
    assert len(find(tab, "__proto__")) == 1
    assert len(find(tab, "constructor")) == 1
    assert tab.evaluate("document.querySelectorAll('img[src=x], b > i').length") == 0
    assert "49" not in tab.inner_text("#hits")


@pytest.mark.browser
def test_prints_and_saves(mag9, losses, opened, tmp_path):
    tab = opened(cn.draw(mag9, losses, path=tmp_path / "x.html", marking="EXERCISE ONLY"))
    paper = pypdf.PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True)))
    assert len(paper.pages) > 1
    assert len(paper.pages[0].images) == 1, "heading and picture on the first page"
    assert all(p.extract_text().count("EXERCISE ONLY") >= 2 for p in paper.pages)
    assert tab.evaluate("document.getElementById('printed').src.length") > 10_000
    with tab.expect_download() as saved:
        tab.click("#csv")
    text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
    assert "Dysprosium source in China" in text
    with tab.expect_download() as saved:
        tab.click("#png")
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")


@pytest.mark.browser
def test_the_view_is_saved_as_svg(mag9, losses, blocked, opened, tmp_path):
    tab = opened(cn.draw(mag9, blocked, losses=losses, path=tmp_path / "x.html", marking=MARK, title=HOSTILE[0]))

    def saved():
        with tab.expect_download() as file:
            tab.click("#svg")
        return ElementTree.fromstring(Path(file.value.path()).read_text(encoding="utf-8"))

    mark = "{http://www.w3.org/2000/svg}"
    shown = saved()
    texts = ["".join(e.itertext()).strip("\u2068\u2069") for e in shown.iter(f"{mark}text")]
    assert texts.count(MARK) == 2
    assert texts.count(HOSTILE[0]) == 1
    assert {"Magnet plant in", "JPN"} & set(texts)
    assert not any(e.tag in (f"{mark}script", f"{mark}img") for e in shown.iter())
    running = tab.evaluate("C.links.filter(C.linkShown).length")
    bands = [e.get("stroke") for e in shown.iter(f"{mark}path") if "C" in e.get("d") and e.get("fill") == "none"]
    lines = [colour for colour in bands if colour not in ("#fff", tab.evaluate("C.SAME"))]
    assert len(lines) == running
    assert len(bands) > running, "what is lost stands behind as hollow bands"
    shapes = sum(e.get("fill") != "none" and e.get("d").endswith("Z") for e in shown.iter(f"{mark}path"))
    assert shapes >= tab.evaluate("C.sites.filter((s) => C.siteShown(s) && C.data.shapes[s.stage][0] !== 'dot').length")
    tab.keyboard.press("1")
    assert len([e for e in saved().iter(f"{mark}path") if "C" in e.get("d")]) != len(lines)


def test_without_scripts_the_picture_shows_the_scenario(mag9, losses, blocked, tmp_path):
    text = cn.draw(mag9, blocked, losses=losses, path=tmp_path / "x.html").read_text(encoding="utf-8")
    drawn = re.search(r"<noscript>(.*?)</noscript>", text, re.DOTALL)[1]
    stopped = re.findall(r"<title>([^<]*)</title>\s*<\w+ [^>]*fill=\"#FFFFFF\"", drawn)
    gone = (mag9.baseline > 0) & ~(blocked.nodes["throughput_tpa"].reindex(mag9.baseline.index) > 0)
    labels = mag9.nodes.set_index("id")["label"]
    assert sorted(stopped) == sorted(labels[labels.index.isin(gone.index[gone])])
    assert len(stopped) > 2
    assert drawn.count("<path d=") == (blocked.edges["flow_tpa"] > 0).sum() + len(blocked.relations)
    assert "shows the scenario; hollow = stopped" in drawn


MARK = 'EX "1" } \\ only'


@pytest.mark.parametrize("view", ["graph", "sankey", "map"])
def test_every_printed_page_bears_the_marking(view, mag9, losses, tmp_path):
    text = cn.draw(mag9, losses, view=view, path=tmp_path / "x.html", marking=MARK).read_text("utf-8")
    written = "".join(c if c.isalnum() else f"\\{ord(c):06x}" for c in MARK)
    rule = re.search(r"@page\{(.*)\}\n", text)[1]
    for side in ("top", "bottom"):
        assert f'@{side}-center{{content:"{written}"' in rule
    assert "@top-center" not in cn.draw(mag9, losses, view=view, path=tmp_path / "x.html").read_text("utf-8")


@pytest.mark.browser
def test_the_first_printed_page_holds_heading_and_picture(rare_earths, opened, tmp_path):
    file = cn.draw(rare_earths, cn.chokepoints(rare_earths), path=tmp_path / "x.html", marking="EXERCISE ONLY")
    tab = opened(file)
    tab.set_viewport_size({"width": 1032, "height": 688})  # A4 landscape within its margins
    tab.evaluate("C.print()")
    tab.emulate_media(media="print")
    box = tab.locator("#printed").bounding_box()
    assert box["height"] > 300
    assert box["y"] + box["height"] < 688
    legend, tables = (tab.locator(one).bounding_box() for one in ("#legend", "#tables"))
    assert legend["y"] + legend["height"] < 688
    assert tables["y"] > box["y"] + box["height"]


@pytest.mark.browser
def test_a_hidden_graph_prints_its_picture(mag9, losses, opened, tmp_path):
    tab = opened(cn.draw(mag9, losses, path=tmp_path / "x.html"))
    tab.emulate_media(media="print")  # the pane is hidden before anything is told of the printing
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.wait_for_function("document.getElementById('printed').complete")
    assert tab.evaluate("document.getElementById('printed').naturalWidth") > 800
    assert (
        tab.evaluate(
            """() => { const image = document.getElementById('printed'), c = document.createElement('canvas');
        c.width = image.naturalWidth; c.height = image.naturalHeight; const ctx = c.getContext('2d');
        ctx.drawImage(image, 0, 0); const d = ctx.getImageData(0, 0, c.width, c.height).data;
        let n = 0; for (let i = 0; i < d.length; i += 4) if (d[i] < 200) n += 1; return n / (d.length / 4); }"""
        )
        > 0.005
    )
    tab.emulate_media(media="screen")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    tab.wait_for_timeout(100)
    assert inked(tab) > 0.01


@pytest.mark.browser
def test_without_scripts_there_is_a_picture(mag9, losses, browser, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(cn.draw(mag9, losses, path=tmp_path / "x.html").as_uri())
    assert tab.is_visible("svg.picture")
    assert tab.is_visible("#sites")
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("view", ["sankey", "map"])
def test_sheets_open_without_a_request(view, mag9, blocked, browser, tmp_path):
    tab, faults = browser.new_page(), []
    tab.on("request", lambda r: faults.append(r.url) if not r.url.startswith("file:") else None)
    tab.on("console", lambda m: faults.append(m.text))
    tab.goto(cn.draw(mag9, blocked, view=view, path=tmp_path / "x.html", marking="EXERCISE ONLY").as_uri())
    assert tab.locator("svg.sheet").bounding_box()["width"] > 400
    paper = pypdf.PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True)))
    assert all(p.extract_text().count("EXERCISE ONLY") >= 2 for p in paper.pages)
    tab.close()
    assert faults == []


@pytest.mark.browser
def test_three_hundred_sites_are_quickly_usable(opened, tmp_path):
    net = big_network(300)
    file = cn.draw(net, path=tmp_path / "x.html")
    assert file.stat().st_size < 2_000_000
    tab = opened(file)
    usable = tab.evaluate("performance.now()")
    assert usable < 5000  # 1 s on a free machine; the bound is for a busy one
    assert inked(tab) > 0.01


@pytest.mark.slow
@pytest.mark.browser
def test_two_thousand_sites_open_in_groups(opened, tmp_path):
    net = big_network(2000)
    tab = opened(cn.draw(net, path=tmp_path / "x.html"))
    assert tab.evaluate("performance.now()") < 10_000  # 2.5 s on a free machine
    assert tab.evaluate("C.nodes.length") < 60
    assert tab.inner_text("#count").startswith("2,000 of 2,000 sites (42 groups)")
    flow = tab.evaluate("C.links.reduce((sum, k) => sum + k.base, 0)")
    assert flow == pytest.approx(net.edges["flow_tpa"].sum())
    # what is seen is found: groups by their step and country, and the sites in them
    herds = "C.sites.filter((s) => s.members && s.step === 'mining')"
    largest = f"{herds}.reduce((p, q) => C.flow(p) >= C.flow(q) ? p : q).key"
    assert find(tab, "mining") == [tab.evaluate(largest)]
    assert find(tab, "JPN assembly")[0].startswith("group ")
    assert tab.inner_text("#side h2").endswith("sites, assembly")
    assert find(tab, "no such thing") == find(tab, "JPN assembly")
    assert find(tab, "s0100") == ["s0100"]
    assert "Site number 100" in tab.inner_text("#side h2")
    tab.click("#reset")
    assert tab.evaluate("C.nodes.length") < 60


@pytest.mark.slow
@pytest.mark.browser
def test_of_a_group_only_links_that_carry_goods_are_counted(opened, tmp_path):
    net = big_network(700)
    edges = net.edges
    edges.loc[::3, "flow_tpa"] = 0.0
    moving = int((edges["flow_tpa"] > 0).sum())
    tab = opened(cn.draw(net.with_table("edges", edges), path=tmp_path / "x.html"))
    told = tab.inner_text("#count")
    assert "groups)" in told
    assert f"{moving:,} of {moving:,} links with flow".replace(",", "") in told.replace(",", "")


# -- still pictures -----------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["graph", "sankey", "map"])
def test_a_view_as_svg_and_png(mag9: cn.Network, tmp_path: Path, view: str) -> None:
    hostile = '<script>alert("x")</script> & \u202eabc'
    svg = cn.draw(mag9, view=view, path=tmp_path / "a.svg", title=hostile, marking=hostile)
    root = ElementTree.fromstring(svg.read_text(encoding="utf-8"))
    texts = ["".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count(hostile) == 2, "the marking stands above and below, as text"
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    bare = cn.draw(mag9, view=view, path=tmp_path / "b.svg").read_text(encoding="utf-8")
    assert "alert" not in bare
    one = cn.draw(mag9, view=view, path=tmp_path / "a.png")
    two = cn.draw(mag9, view=view, path=tmp_path / "b.png")
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes().startswith(b"\x89PNG")


class Tags(HTMLParser):
    """The tags of a piece of HTML with their attributes, as a browser takes them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


HOSTILE_NAME = 'x" onload="alert(1) <b> \' & .'


@pytest.mark.parametrize(("kind", "mime"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_a_picture_shows_itself_in_a_notebook_whatever_its_name(tmp_path: Path, kind: str, mime: str) -> None:
    file = cn.draw(of_each_quality(), path=tmp_path / f"{HOSTILE_NAME}{kind}")
    shown = Tags(file._repr_html_())  # type: ignore[attr-defined]
    data = b64encode(file.read_bytes()).decode()
    # one tag of two attributes: nothing of the name became markup, nothing of it is lost
    assert shown.found == [("img", [("alt", f"{HOSTILE_NAME}{kind}"), ("src", f"data:{mime};base64,{data}")])]
    assert shown.words == ""


def test_a_page_shows_itself_in_a_notebook_without_leaving_its_frame(tmp_path: Path) -> None:
    page = cn.draw(hostile_network(), path=tmp_path / f"{HOSTILE_NAME}html", title=HOSTILE[1])
    assert isinstance(page, Path)
    shown = Tags(page._repr_html_())  # type: ignore[attr-defined]
    assert [(tag, [name for name, _ in attrs]) for tag, attrs in shown.found] == [
        ("iframe", ["srcdoc", "sandbox", "style"])
    ]
    attributes = dict(shown.found[0][1])
    assert attributes["sandbox"] == "allow-scripts", "no access to the notebook"
    assert attributes["srcdoc"] == page.read_text(encoding="utf-8"), "all of it is one escaped attribute"
    assert shown.words == ""


def of_each_quality(first: str = "reported") -> cn.Network:
    """Four mines send 9, 4, 1 and 1 t to a refinery by links of four qualities, and a fifth sends nothing."""
    rows = [("a", 9.0, first), ("b", 4.0, "inferred"), ("c", 1.0, "assumed"), ("d", 1.0, None), ("e", 0.0, "inferred")]
    return cn.Network(
        nodes=frame("id stage", *((name, "mine") for name, *_ in rows), ("w", "refiner"), ("u", "end_use")),
        edges=frame(
            "source target flow_tpa quality", *((name, "w", *row) for name, *row in rows), ("w", "u", 15.0, "estimated")
        ),
    )


def strokes(file: Path) -> list[tuple[float, bool]]:
    """Width and dash of each link of a still picture, the widest first."""
    root = ElementTree.fromstring(file.read_text(encoding="utf-8"))
    paths = [p for p in root.iter("{http://www.w3.org/2000/svg}path") if p.get("stroke-opacity")]
    dashes = {p.get("stroke-dasharray") for p in paths}
    assert dashes <= {None, "7 4"}, "as the legend shows them"
    return [(float(p.get("stroke-width", "nan")), p.get("stroke-dasharray") is not None) for p in paths]


def test_inferred_links_are_dashed_and_widths_are_roots_of_tonnes(rare_earths: cn.Network, tmp_path: Path) -> None:
    wide = [round(10 * (t / 15) ** 0.5, 2) for t in (15, 9, 4, 1, 1)]
    found = strokes(cn.draw(of_each_quality(), path=tmp_path / "a.svg"))
    assert found == list(zip(wide, [False, False, True, False, False], strict=True))
    found = strokes(cn.draw(of_each_quality("inferred"), path=tmp_path / "b.svg"))
    assert found == list(zip(wide, [False, True, True, False, False], strict=True))
    edges = rare_earths.edges
    nodes = rare_earths.nodes["id"]
    moving = edges[(edges["flow_tpa"] > 0) & edges["source"].isin(nodes) & edges["target"].isin(nodes)]
    drawn = strokes(cn.draw(rare_earths, path=tmp_path / "c.svg"))
    assert len(drawn) == len(moving) > 200
    assert sum(dashed for _, dashed in drawn) == (moving["quality"] == "inferred").sum()


@pytest.mark.parametrize(("first", "n", "striped"), [("reported", "20", "no"), ("inferred", "40", "yes")])
def test_how_much_is_inferred_is_said_alike_on_page_and_sheet(tmp_path: Path, first: str, n: str, striped: str) -> None:
    """4 of 15 t are less than half, 13 of 15 are more; the link that carries nothing is not counted."""
    page = cn.draw(of_each_quality(first), path=tmp_path / "a.html").read_text(encoding="utf-8")
    said = rf"{n}[\s\u00a0\u202f]?% of the 5 links with flow are inferred"
    assert re.search(rf"{said} \(dashed\)", page)
    sheet = cn.draw(of_each_quality(first), view="sankey", path=tmp_path / "b.html").read_text(encoding="utf-8")
    assert re.search(rf"{said} \(striped\)", sheet)
    rows = re.findall(r"<tr><th scope=\"row\">([^<]*)</th>.*?<td>(yes|no)</td></tr>", sheet)
    assert [word for start, word in rows if start.endswith("mine")] == [striped]
    assert [word for start, word in rows if not start.endswith("mine")] == ["no"]
    assert ('fill="url(#inferred)"' in sheet) is (striped == "yes")
