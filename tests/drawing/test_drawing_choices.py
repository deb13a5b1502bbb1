"""What a reader chooses in the graph: scenario, tier, projects; and what very large networks become."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from test_drawing import big_network, heading

import chainnet as cn
from chainnet.drawing import OTHER_COLOUR, country_colours
from chainnet.drawing.answers import sort_answers
from chainnet.drawing.facts import collect
from chainnet.drawing.gathering import gather
from chainnet.drawing.insets import insets
from chainnet.drawing.style import tonnes
from chainnet.drawing.world import _project, atlas
from chainnet.flow import Counting, long_runs
from chainnet.network import several_plants

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def net() -> cn.Network:
    return cn.read("mag-9")


@pytest.fixture(scope="module")
def runs(net: cn.Network) -> Any:
    return long_runs(net, [*cn.scenarios(net).values(), None])


def data_of(file: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', file.read_text("utf-8"), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


# -- colours --------------------------------------------------------------------------------------


def test_a_country_has_one_colour_in_the_files_of_all_shipped_chains(graphs: dict[str, cn.Network]) -> None:
    colours: dict[str, set[str]] = {}
    for net in graphs.values():
        mine = country_colours(net)
        assert len(set(mine.values())) == len(mine) == 6
        for place, colour in mine.items():
            colours.setdefault(place, set()).add(colour)
    assert {place: found for place, found in colours.items() if len(found) > 1} == {}
    assert all("CHN" in country_colours(net) for net in graphs.values())


def test_colours_do_not_depend_on_the_answer_that_is_drawn(net: cn.Network, runs: Any) -> None:
    bare, with_answer = collect(net, None, None), collect(net, sort_answers(net, runs.balances[0], None)[0], None)
    assert [(s["id"], s["colour"]) for s in bare.sites] == [(s["id"], s["colour"]) for s in with_answer.sites]
    mine = country_colours(net)
    assert all(s["colour"] == mine.get(s["place"], OTHER_COLOUR) for s in bare.sites)


def test_of_two_countries_with_one_colour_the_larger_has_it() -> None:
    nodes = frame("id stage country", ("a", "mine", "DEU"), ("b", "mine", "AUS"), ("u", "end_use", None))
    edges = frame("source target flow_tpa", ("a", "u", 1.0), ("b", "u", 2.0))
    assert list(country_colours(cn.Network(nodes=nodes, edges=edges))) == ["AUS"]


# -- losses: single sites and groups of plants -----------------------------------------------------


def test_what_may_be_several_plants_bears_no_rank(rare_earths: cn.Network, tmp_path: Path) -> None:
    table = cn.chokepoints(rare_earths)
    groups = several_plants(rare_earths)
    assert "chn_ionic_sep" in groups
    assert table.index[0] == "chn_ionic_sep"
    facts = collect(rare_earths, *sort_answers(rare_earths, None, table))
    assert not [s["id"] for s in facts.sites if s["rank"] and s["id"] in groups]
    assert {s["rankText"] for s in facts.sites if s["id"] == "chn_ionic_sep"} == {"group"}
    page = cn.draw(rare_earths, table, path=tmp_path / "x.html").read_text("utf-8")
    assert heading(page).startswith("No single plant that is named costs anything; ")
    assert f"up to {tonnes(table['lost_tpa'].max())}." in heading(page)


def test_losses_by_site_count_the_parts_of_a_site_as_one(rare_earths: cn.Network) -> None:
    table = cn.chokepoints(rare_earths, by="site")
    facts = collect(rare_earths, *sort_answers(rare_earths, None, table))
    parts = [s for s in facts.sites if s["unit"] == "japan_magnet_makers"]
    assert len(parts) == 2
    assert [s["lost"] for s in parts] == pytest.approx([table.loc["japan_magnet_makers", "lost_tpa"]] * 2)
    assert {s["unitLabel"] for s in parts} == {"Shin-Etsu Chemical, Proterial, TDK (2 parts)"}
    assert facts.data["tested"]["single"] < len(table)
    with pytest.raises(cn.DataError, match="both by node, or both by site"):
        sort_answers(rare_earths, None, table, first_losses=cn.chokepoints(rare_earths))


@pytest.mark.browser
def test_the_switch_of_tiers_changes_list_heads_and_sizes(
    rare_earths: cn.Network, opened: Open, tmp_path: Path
) -> None:
    first, every = cn.chokepoints(rare_earths, by="site", tier="defence"), cn.chokepoints(rare_earths, by="site")
    tab = opened(cn.draw(rare_earths, losses=every, first_losses=first, path=tmp_path / "x.html"))
    text = tab.inner_text("#side")
    assert "Groups of plants" in text
    assert f"Refined cobalt made outside China\n{tonnes(first['lost_tpa'].max())}" in text
    assert not re.search(r"^1=? ", text, re.MULTILINE), "nothing that may be several plants is ranked"
    tab.keyboard.press("t")
    text = tab.inner_text("#side")
    assert f"Ion-clay separators in southern China\n{tonnes(every['lost_tpa'].max())}" in text
    costliest = [h for h in tab.locator(".head").all_inner_texts() if "▶ costliest step" in h]
    assert [h.split("\n")[0] for h in costliest] == ["separation"]
    assert "losses=all" in tab.url


# -- scenarios and the long run ---------------------------------------------------------------------


def test_a_menu_of_balances_says_each_in_its_heading(net: cn.Network, runs: Any, tmp_path: Path) -> None:
    file = cn.draw(net, runs, path=tmp_path / "x.html")
    courses = data_of(file)["courses"]
    assert [c["words"] for c in courses] == ["Everything in China stops", "no scenario"]
    assert [[r["heading"] for r in c["rows"]] for c in courses] == [
        ["Everything in China stops: defence demand is met, 63 % of industrial demand is short (10 of 16 t/yr)."],
        ["All demand is met (50 t/yr)."],
    ]
    assert heading(file.read_text("utf-8")) == courses[0]["rows"][0]["heading"]
    for wrong in ([], [runs.balances[0], "x"], [runs.balances[0]] * 2):
        with pytest.raises(cn.DataError, match="draw: "):
            cn.draw(net, wrong, path=tmp_path / "y.html")


def test_the_long_run_stands_behind_the_months_and_opens_the_page(net: cn.Network, runs: Any, tmp_path: Path) -> None:
    stress = cn.stress_test(net, list(cn.scenarios(net).values()), months=3)
    file = cn.draw(net, stress, path=tmp_path / "x.html", long_run=runs)
    data = data_of(file)
    course = data["courses"][0]
    assert [row["n"] for row in course["rows"]] == [1, 2, 3, 0]
    assert course["start"] == 3
    assert "month" not in heading(file.read_text("utf-8"))
    site = next(i for i, s in enumerate(data["sites"]) if s["id"] == "USE")
    demand = runs.balances[0].demand
    assert data["sites"][site]["shortfall"] == pytest.approx(demand["shortfall_tpa"].sum())
    assert data["sites"][site]["asked"] == pytest.approx(demand["demand_tpa"].sum())
    flows = [link.get("result", link.get("base")) for link in data["links"]]
    assert flows == pytest.approx(runs.balances[0].edges["flow_tpa"].tolist(), abs=1e-4)
    with pytest.raises(cn.DataError, match="long_run stands beside a stress test"):
        cn.draw(net, runs.balances[0], long_run=runs, path=tmp_path / "y.html")


@pytest.mark.browser
def test_end_uses_say_what_goes_short_and_follow_the_scenario(
    net: cn.Network, runs: Any, opened: Open, tmp_path: Path
) -> None:
    tab = opened(cn.draw(net, list(runs.balances), path=tmp_path / "x.html"))
    assert tab.evaluate("C.shortfallText(C.byId.get('USE'))") == "short 40 of 50"
    assert tab.evaluate("C.isBlock(C.byId.get('USE')) && C.shortfallShare(C.byId.get('USE'))") == pytest.approx(0.8)
    assert tab.is_hidden("#month"), "one place makes no slider"
    tab.select_option("#course", index=1)
    assert tab.inner_text("#heading") == "All demand is met (50 t/yr)."
    assert tab.evaluate("C.isShort(C.byId.get('USE'))") is False
    assert tab.evaluate("C.shortfallShare(C.byId.get('USE'))") == 0


def test_still_pictures_say_what_goes_short(net: cn.Network, runs: Any, tmp_path: Path) -> None:
    text = cn.draw(net, runs.balances[0], path=tmp_path / "x.svg").read_text("utf-8")
    assert "short 40 of 50</tspan>" in text
    assert "short" not in cn.draw(net, runs.balances[1], path=tmp_path / "y.svg").read_text("utf-8")


def three_mines() -> cn.Network:
    """The base year takes 5 t from ``b`` and 4 from ``c``; ``a``, cheaper, stands idle and could bring 9."""
    nodes = frame(
        "id stage country capacity_tpa",
        ("a", "mine", "AUS", 9.0),
        ("b", "mine", "CHN", 9.0),
        ("c", "mine", "BRA", 9.0),
        ("u", "end_use", "USA", None),
    )
    edges = frame(
        "source target flow_tpa cost_usd_per_t", ("a", "u", 0.0, 1.0), ("b", "u", 5.0, 2.0), ("c", "u", 4.0, 2.0)
    )
    return cn.Network(nodes=nodes, edges=edges, demand=frame("node demand_tpa", ("u", 9.0)), name="three")


def test_the_difference_holds_a_scenario_against_the_baseline_that_is_nearest_to_the_data(tmp_path: Path) -> None:
    """The cheapest plan would run ``a`` alone; the rule moves nothing, or what it must."""
    net = three_mines()
    assert cn.balance(net).edges["flow_tpa"].tolist() == pytest.approx([9.0, 0.0, 0.0]), "else there is no taste"
    stop = cn.Scenario("stop", [{"kind": "remove", "where": {"id": "b"}}])
    less = cn.Scenario("less", [{"kind": "remove", "nodes": ["a", "b"]}])
    found = long_runs(net, [stop, less])
    assert found.baseline.edges["flow_tpa"].tolist() == pytest.approx([0.0, 5.0, 4.0])
    # of the 5 t that stop, ``a`` and ``c`` can bring any part: only the end of ``b`` is forced
    moved = found.balances[0].moved
    assert moved is not None
    rows = {int(i): (row["near_tpa"], row["least_tpa"], row["most_tpa"]) for i, row in moved.iterrows()}
    assert rows[1] == pytest.approx((5.0, 0.0, 0.0))
    for i, row in rows.items():
        assert i == 1 or row == pytest.approx(([0.0, 5.0, 4.0][i], 0.0, 9.0))
    forced = found.balances[1].moved
    assert forced is not None
    assert forced.loc[2, ["least_tpa", "most_tpa"]].tolist() == pytest.approx([9.0, 9.0])
    assert data_of(cn.draw(net, found, path=tmp_path / "x.html"))["courses"][0]["moved"][0] == [1, 0.0, 0.0]


@pytest.mark.browser
def test_where_nobody_is_short_the_difference_has_no_changed_link(opened: Open, tmp_path: Path) -> None:
    net = three_mines()
    stop = cn.Scenario("stop", [{"kind": "remove", "where": {"id": "b"}}])
    both = cn.Scenario("both", [{"kind": "remove", "nodes": ["a", "b", "c"]}])
    tab = opened(cn.draw(net, long_runs(net, [stop, both]), path=tmp_path / "x.html"), "#flows=diff")
    changed = "C.every.links.filter((k) => C.change(k)).length"
    assert tab.evaluate("[C.state.mode, " + changed + "]") == ["diff", 0]
    assert tab.evaluate("C.sites.filter((s) => C.change(s)).length") == 0
    assert "none: nobody is short" in tab.inner_text("#side")
    tab.select_option("#course", "both")
    assert tab.evaluate(changed) == 2
    assert "forced" in tab.inner_text("#side")


@pytest.mark.parametrize("name", ["gallium", "rare-earths"])
def test_the_baseline_of_a_shipped_chain_moves_nothing(name: str, graphs: dict[str, cn.Network]) -> None:
    """So a link that the optimiser would rather leave is no finding."""
    net = graphs[name]
    found = long_runs(net, [], Counting.of(net, order=None), "new")
    base = net.edges["flow_tpa"].fillna(0.0).to_numpy()
    assert found.baseline.edges["flow_tpa"].to_numpy() == pytest.approx(base, abs=1e-6 * base.max())


# -- projects ---------------------------------------------------------------------------------------


def five_projects() -> cn.Network:
    """Five mines to come; the first three need the plant, the fourth; the fifth stands in for the first."""
    nodes = frame("id stage capacity_tpa", ("m", "mine", 1.0), ("u", "end_use", None))
    projects = frame(
        "id stage capacity_tpa status capex_musd label",
        ("p1", "mine", 3.0, "running", 10.0, "Mine one"),
        ("p2", "mine", 4.0, "building", None, "Mine two"),
        ("p3", "mine", 5.0, "planned", 30.0, "Mine three"),
        ("p4", "refiner", 9.0, "approved", 40.0, "Plant"),
        ("p5", "refiner", 6.0, "idle", 50.0, "Other plant"),
    )
    edges = frame(
        "source target",
        ("m", "u"),
        *((mine, plant) for mine in ("p1", "p2", "p3") for plant in ("p4", "p5")),
        ("p4", "u"),
        ("p5", "u"),
    )
    demand = frame("node demand_tpa tier", ("u", 12.0, "defence"))
    return cn.Network(nodes=nodes, edges=edges, projects=projects, demand=demand, name="five")


@pytest.mark.browser
def test_what_is_said_of_a_set_of_projects_is_its_value_or_holds_it(opened: Open, tmp_path: Path) -> None:
    net = five_projects()
    tab = opened(cn.draw(net, cn.balance(net), rerouting=cn.reroute(net), path=tmp_path / "x.html"))
    base = cn.max_flow(net).value_tpa
    known = 0
    for n in range(1, 6):
        for ids in combinations(net.projects["id"], n):
            gain = min(cn.max_flow(net.with_projects(ids)).value_tpa, 12.0) - base
            said = tab.evaluate("(ids) => C.together(ids)", list(ids))
            if said["isKnown"]:
                known += 1
                assert said["least"] == pytest.approx(gain), ids
            else:
                assert said["least"] <= gain + 1e-9 <= said["most"] + 2e-9, ids
    assert 21 <= known < 31, "each, all pairs, all and all but one are known; not all triples"
    tab.keyboard.press("p")
    heads = tab.locator("#side h3").all_inner_texts()
    assert heads == [
        "Running, not in the base year (1)",
        "Being built (1)",
        "Decided, not begun (1)",
        "Idle, to restart (1)",
        "Not decided (1)",
    ]
    tab.check("#side input[value=p1]")
    tab.check("#side input[value=p4]")
    assert tab.inner_text("#joint") == "Together: 3 t/yr, apart 0; USD 50 million."
    tab.check("#side input[value=p2]")
    tab.check("#side input[value=p5]")
    tab.uncheck("#side input[value=p1]")
    assert "USD 90 million and 1 of unknown cost" in tab.inner_text("#joint")
    assert tab.evaluate("location.hash").count("project=") == 3
    tab.click("#reset")
    assert tab.evaluate("C.ticked.size") == 0
    assert "Projects" not in tab.inner_text("#side h2")


def test_projects_are_told_without_values_where_nobody_asked(net: cn.Network, tmp_path: Path) -> None:
    data = data_of(cn.draw(net, path=tmp_path / "x.html"))
    assert data["worth"] is None
    assert {s["id"]: s["state"] for s in data["sites"] if s.get("project")} == dict.fromkeys(
        net.projects["id"], "undecided"
    )
    with pytest.raises(cn.DataError, match="rerouting is the answer of reroute"):
        cn.draw(net, rerouting="x", path=tmp_path / "y.html")
    with pytest.raises(cn.DataError, match="another network"):
        cn.draw(three_mines(), rerouting=cn.reroute(net), path=tmp_path / "y.html")


# -- controls ---------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_slash_starts_a_new_search_and_reset_resets_all(net: cn.Network, opened: Open, tmp_path: Path) -> None:
    tab = opened(cn.draw(net, cn.chokepoints(net), path=tmp_path / "x.html"))
    tab.keyboard.press("/")
    tab.keyboard.type("magnet")
    tab.keyboard.press("Enter")
    tab.keyboard.press("/")
    tab.keyboard.type("dysprosium")
    assert tab.input_value("#search") == "dysprosium"
    tab.keyboard.press("Enter")
    tab.click("#filters")
    tab.uncheck("#legend input[value=CHN]")
    tab.click("#closeFilters")
    shown = tab.evaluate("C.data.showProjects")
    tab.evaluate("C.setProjects(!C.state.projects)")
    tab.click("#reset")
    assert tab.input_value("#search") == ""
    assert tab.is_hidden("#hits")
    assert tab.evaluate("document.querySelector('#legend input[value=CHN]').checked")
    assert tab.evaluate("C.state.projects") == shown
    assert tab.evaluate("[C.state.chosen, location.hash]") == [None, ""]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (900, 800), (390, 800)])
def test_the_first_rows_begin_below_the_heads(
    width: int, height: int, rare_earths: cn.Network, browser: Any, tmp_path: Path
) -> None:
    file = cn.draw(rare_earths, losses=cn.chokepoints(rare_earths), path=tmp_path / "x.html")
    tab = browser.new_page(viewport={"width": width, "height": height})
    tab.goto(file.resolve().as_uri())
    tab.wait_for_function("window.network !== undefined")
    covered = tab.evaluate(
        """() => { const pane = C.at('graph').getBoundingClientRect();
        const heads = C.heads.map((h) => h.element.getBoundingClientRect());
        return C.sites.filter(C.siteShown).filter((s) => { const at = network.canvasToDOM({ x: s.x, y: s.y });
          return heads.some((h) => pane.left + at.x > h.left && pane.left + at.x < h.right && pane.top + at.y > h.top && pane.top + at.y < h.bottom);
        }).map((s) => s.id); }"""
    )
    assert covered == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.is_hidden("#rail")
    assert tab.is_visible("#graph") == (width > 600)
    assert tab.is_visible("#steplist") == (width <= 600), "on a phone the steps are a list"
    if width < 1000:
        assert tab.evaluate("document.querySelector('.pane').getBoundingClientRect().top") < 400
    tab.click("#filters")
    assert tab.is_visible("#search")
    tab.click("#closeFilters")
    assert tab.is_hidden("#rail")
    tab.close()


# -- very large networks ------------------------------------------------------------------------------


def test_above_three_thousand_sites_the_page_holds_groups_alone(tmp_path: Path) -> None:
    large = big_network(3006)
    drawn = gather(large, None, None)
    assert len(drawn.network.nodes) == 42
    assert sum(drawn.sizes.values()) == 3006
    assert drawn.network.edges["flow_tpa"].sum() == pytest.approx(large.edges["flow_tpa"].sum())
    by_step = large.nodes.groupby("step")["capacity_tpa"].sum()
    mine = drawn.network.nodes.groupby("step")["capacity_tpa"].sum()
    assert mine[mine > 0].to_dict() == pytest.approx(by_step[by_step > 0].to_dict())
    file = cn.draw(large, path=tmp_path / "x.html")
    assert file.stat().st_size < 1_000_000
    text = file.read_text("utf-8")
    assert "3,006 sites are drawn as 42 groups by step and country" in text
    assert large.digest[:12] in text
    small = big_network(600)
    assert gather(small, None, None).network is small


def test_an_answer_of_groups_is_the_sum_of_the_sites(tmp_path: Path) -> None:
    n = 3001
    ids = [f"m{i}" for i in range(n)]
    nodes = pd.DataFrame({"id": [*ids, "u"], "stage": ["mine"] * n + ["end_use"], "capacity_tpa": [1.0] * n + [None]})
    nodes["country"] = [*["AUS", "BRA"] * (n // 2), "AUS", None]
    edges = pd.DataFrame({"source": ids, "target": "u", "flow_tpa": 0.5})
    large = cn.Network(nodes=nodes, edges=edges, demand=frame("node demand_tpa", ("u", 4000.0)), name="large")
    found = cn.balance(large)
    drawn = gather(large, sort_answers(large, found, None)[0], None)
    assert drawn.answer is not None
    assert drawn.network.nodes["label"].tolist()[:2] == ["1,501 sites, mine", "1,500 sites, mine"]
    assert drawn.answer.edge_flow.tolist() == pytest.approx([1501.0, 1500.0])
    assert drawn.answer.node_flow.tolist() == pytest.approx([1501.0, 1500.0, 3001.0])
    assert np.nansum(drawn.answer.shortfall) == pytest.approx(999.0)
    for answer in (found, [found]):
        text = cn.draw(large, answer, path=tmp_path / "x.html").read_text("utf-8")
        assert heading(text) == "25 % of all demand is short (999 of 4,000 t/yr)."


def test_groups_with_too_many_links_are_refused_with_the_remedy(tmp_path: Path) -> None:
    edges = pd.DataFrame({"source": "a", "target": "b", "commodity": [f"c{i}" for i in range(12_001)]})
    nodes = frame("id stage", ("a", "mine"), ("b", "end_use"))
    crowded = cn.Network(nodes=nodes, edges=edges)
    with pytest.raises(cn.DataError, match=r"12,001 links.*Draw a part"):
        cn.draw(crowded, path=tmp_path / "x.html")
    assert not list(tmp_path.iterdir())


# -- map ----------------------------------------------------------------------------------------------


def test_flows_on_the_map_begin_and_end_at_the_sites(rare_earths: cn.Network) -> None:
    found = atlas(rare_earths, collect(rare_earths, None, None))
    arc = next(a for a in found["arcs"] if a["from"].startswith("Kalgoorlie"))
    ends = rare_earths.nodes.set_index("id").loc[["aus_kalgoorlie", "mys_kuantan"], ["longitude", "latitude"]]
    assert arc["ends"] == pytest.approx([c for place in ends.to_numpy() for c in _project(*place)])


def test_marks_in_an_inset_do_not_cover_each_other_and_names_are_whole() -> None:
    one = {"x": 500.0, "y": 200.0, "r": 6.0, "words": "w", "points": "", "colour": "#000", "known": True, "label": ""}
    marks = [one | {"name": f"Plant number {i} with a rather long name"} for i in range(7)]
    marks += [one | {"x": 20.0 + 60 * i, "name": "alone"} for i in range(5)]
    found = insets(marks, 600.0, 1240.0)
    assert [len(i["marks"]) for i in found] == [7]
    inset = found[0]
    for a, b in combinations(inset["marks"], 2):
        assert np.hypot(a["x"] - b["x"], a["y"] - b["y"]) > a["r"] + b["r"]
    for m in inset["marks"]:
        assert inset["left"] <= m["x"] <= inset["left"] + inset["width"]
        assert inset["top"] <= m["y"] <= inset["top"] + inset["height"]
    assert insets(marks[7:], 600.0, 1240.0) == []


def test_the_map_of_a_chain_has_insets_where_marks_pile_up(rare_earths: cn.Network, tmp_path: Path) -> None:
    text = cn.draw(rare_earths, view="map", path=tmp_path / "x.html").read_text("utf-8")
    assert text.count('<clipPath id="inset') >= 1
    assert "In the insets marks that would cover each other are moved apart." in text
