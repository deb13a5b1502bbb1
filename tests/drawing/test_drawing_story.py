"""The finding on the page: its heading, five steps with addresses, what stands out, its course over time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_drawing import HOSTILE, heading

import chainnet as cn
from chainnet.drawing.story import timeline
from chainnet.drawing.style import tonnes
from chainnet.flow import Counting, long_runs

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def net() -> cn.Network:
    return cn.read("mag-9")


@pytest.fixture(scope="module")
def finding(net: cn.Network) -> cn.Finding:
    return cn.find(net, "china_out", "industrial")


@pytest.fixture(scope="module")
def runs(net: cn.Network, finding: cn.Finding) -> Any:
    return long_runs(net, [finding.scenario, None], Counting.of(net, order=None), "new")


@pytest.fixture(scope="module")
def page(net: cn.Network, finding: cn.Finding, runs: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    losses = cn.chokepoints(net)
    under = cn.chokepoints(net, scenario=finding.scenario, tier="industrial")
    target = tmp_path_factory.mktemp("story") / "x.html"
    return cn.draw(net, runs, losses=losses, scenario_losses=under, finding=finding.to_dict(), path=target)


def held(file: Path, name: str) -> Any:
    found = re.search(
        rf'<script type="application/json" id="{name}">(.*?)</script>', file.read_text("utf-8"), re.DOTALL
    )
    assert found
    return json.loads(found[1])


def test_the_page_holds_the_finding_whole_and_says_its_title(page: Path, finding: cn.Finding) -> None:
    assert held(page, "finding") == json.loads(json.dumps(finding.to_dict()))
    assert heading(page.read_text("utf-8")) == finding.title
    course = held(page, "data")["courses"][0]
    assert course["rows"][0]["heading"] == finding.title
    assert course["baseHeading"] == f"Today: industrial demand is {tonnes(finding.demand['tpa'])}."
    heads = {b["name"]: b["bottleneckText"] for b in held(page, "data")["blocks"] if b["bottleneckText"]}
    narrow = finding.bottleneck
    assert list(heads) == [narrow["step"]]
    assert heads[narrow["step"]].endswith(f"its stop costs industrial users {tonnes(narrow['lost_tpa'])}")


def test_what_is_drawn_as_short_is_what_the_finding_counts(runs: Any, finding: cn.Finding) -> None:
    short = runs.balances[0].by_tier()["shortfall_tpa"] - runs.baseline.by_tier()["shortfall_tpa"]
    assert short["industrial"] == pytest.approx(finding.later["tpa"])


def test_a_brief_finding_leaves_out_what_costs_most(
    net: cn.Network, finding: cn.Finding, runs: Any, tmp_path: Path
) -> None:
    brief = finding.to_dict(brief=True)
    dear = {"when", "months", "products", "levels", "depends_on", "measures", "passage", "arrives_tpa", "scenarios"}
    assert dear == set(finding.to_dict()) - set(brief) - {"horizon"}
    assert list(brief["shortfall"]["first_year"]) == ["share"]
    file = cn.draw(net, runs, finding=finding, path=tmp_path / "x.html")
    assert held(file, "finding") == json.loads(json.dumps(brief))
    assert held(file, "data")["story"]["months"] is None


def test_still_pictures_and_sheets_bear_the_title(
    net: cn.Network, runs: Any, finding: cn.Finding, tmp_path: Path
) -> None:
    svg = cn.draw(net, runs, finding=finding, path=tmp_path / "a.svg").read_text("utf-8")
    assert finding.title.replace("\u00a0", " ")[:40] in svg.replace("\u00a0", " ")
    assert "short 10 of 16" not in svg
    for view in ("sankey", "map"):
        text = cn.draw(net, runs, finding=finding, view=view, path=tmp_path / "a.html").read_text("utf-8")
        assert heading(text) == finding.title


def test_a_foreign_finding_is_refused(net: cn.Network, runs: Any, finding: cn.Finding, tmp_path: Path) -> None:
    other = {**finding.to_dict(brief=True), "digest": "0" * 64}
    with pytest.raises(cn.DataError, match="another network"):
        cn.draw(net, runs, finding=other, path=tmp_path / "x.html")
    with pytest.raises(cn.DataError, match="the answer of find"):
        cn.draw(net, runs, finding="china_out", path=tmp_path / "x.html")  # type: ignore[arg-type]
    with pytest.raises(cn.DataError, match="which no result shows"):
        cn.draw(net, runs.baseline, finding=finding, path=tmp_path / "x.html")
    assert not list(tmp_path.iterdir())


def test_hostile_words_of_a_finding_never_end_its_script(
    net: cn.Network, runs: Any, finding: cn.Finding, tmp_path: Path
) -> None:
    told = {**finding.to_dict(brief=True), "title": HOSTILE[1], "sentences": [HOSTILE[0], HOSTILE[1], *HOSTILE[:2]]}
    file = cn.draw(net, runs, finding=told, path=tmp_path / "x.html")
    assert held(file, "finding")["title"] == HOSTILE[1]
    text = file.read_text("utf-8")
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_the_course_over_time_has_its_marks_where_they_fall() -> None:
    """What is due in month 14 of 14 is marked; what was due, is due beyond them or has no date is not."""
    rows = ((1, 1, 0.0), (2, 1, 5.0), (3, 6, 10.0), (9, 6, 2.5))
    months = [{"month": m, "months": n, "due_t": d, "demand_t": 10.0} for m, n, d in rows]
    dues = (("“Plant”", 14.0), ("Old", -11.0), ("None", None), ("Far", 15.0))
    advice = [{"thing": thing, "ids": ["a"], "due_month": month} for thing, month in dues]
    found = timeline(
        {"months": months, "when": {"first_month": 2.0}, "advice": advice, "as_of": "2026-11", "horizon": 14}
    )
    assert found == {
        "bars": [[1, 1, 0.0], [2, 1, 0.5], [3, 6, 1.0], [9, 6, 0.25]],
        "marks": [[2, "first short"], [14, "Plant due"]],
        "last": 14,
    }


@pytest.mark.browser
def test_the_story_has_five_steps_each_with_its_address(page: Path, finding: cn.Finding, opened: Open) -> None:
    tab = opened(page)
    mode, told = "C.state.mode", "#told"
    assert tab.evaluate(f"[C.state.step, {mode}, C.state.focus]") == [3, "result", True]
    assert tab.url.endswith(".html"), "the page opens where it breaks: heading and picture are of the scenario"
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate(f"[C.state.step, {mode}, C.state.focus]") == [1, "base", True]
    assert tab.inner_text("h1").startswith("Today: industrial demand is ")
    shown = []
    for step in (2, 3, 4, 5):
        tab.keyboard.press("ArrowRight")
        assert tab.url.endswith(f"#step={step}" if step != 3 else ".html")
        assert tab.inner_text("h1").replace("\u00a0", " ") == finding.title.replace("\u00a0", " ")
        shown.append(tab.inner_text(told))
        assert tab.inner_text("#live").endswith(tab.inner_text(told))
        assert opened(page, f"#step={step}").inner_text(told) == shown[-1]
    who, where, what, sure = finding.sentences
    assert shown[1:] == [where, who, f"{what} {sure}"]
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("C.state.step") == 5, "there is no sixth"
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate(f"[C.state.step, {mode}]") == [4, "result"]
    tab.click("#story button:last-child")
    assert tab.evaluate(f"[C.state.step, {mode}, C.state.focus]") == [0, "base", False]
    assert tab.url.endswith("#step=explore")
    again = opened(page, tab.url.split("html")[1])
    assert again.evaluate(f"[C.state.step, {mode}, C.state.focus]") == [0, "base", False]
    tab.focus("#graph")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("C.state.step") == 0, "in the graph the arrows go from site to site"


@pytest.mark.browser
def test_what_leads_to_the_demand_stands_out_and_what_is_lost_is_hollow(page: Path, opened: Open) -> None:
    tab = opened(page, "#step=4")
    ends = tab.evaluate("[...C.focus.sites].filter((s) => s.stage === 'end_use').map((s) => s.id)")
    assert ends == ["USE"]
    reached = tab.evaluate("[...C.focus.sites].map((s) => s.id).sort()")
    assert set(reached) > {"USE", "G_CN", "G_JP", "M_CN"}
    dim = tab.evaluate("C.sites.filter((s) => C.dim(s)).map((s) => s.id)")
    assert not set(dim) & set(reached)
    strong = "C.links.filter((k) => C.linkStyle(k).color.opacity > 0.1)"
    assert tab.evaluate(f"{strong}.every((k) => C.focus.now.has(k) && k.result > 0)")
    assert 0 < tab.evaluate(f"{strong}.length") < tab.evaluate("C.focus.links.size"), "what no longer comes is faint"
    strokes = """() => { const out = []; const ctx = new Proxy({}, {
        get: (t, key) => key in t ? t[key] : key === 'stroke' ? () => out.push([t.strokeStyle, t.lineWidth]) : () => {},
        set: (t, key, value) => { t[key] = value; return true; } });
        C.under(ctx); return out; }"""
    grey = [width for colour, width in tab.evaluate(strokes) if colour == tab.evaluate("C.SAME")]
    assert (
        len(grey)
        == tab.evaluate("C.links.filter((k) => C.change(k) < 0 && !k.isBack && C.focus.links.has(k)).length")
        > 3
    )
    assert tab.evaluate("C.shortfallShare(C.byId.get('USE'))") == pytest.approx(0.8)
    tab.keyboard.press("1")
    assert tab.evaluate(strokes) == [], "today nothing is lost"


@pytest.mark.browser
def test_a_card_says_the_loss_in_the_baseline_and_under_the_scenario(
    net: cn.Network, page: Path, finding: cn.Finding, opened: Open
) -> None:
    base = cn.chokepoints(net)["lost_tpa"]
    under = cn.chokepoints(net, scenario=finding.scenario, tier="industrial")["lost_tpa"]
    name = str(under.idxmax())
    assert base[name] != pytest.approx(under[name]), "else the card need not say both"
    card = opened(page, f"#site={name}").inner_text("#side").replace("\u00a0", " ")
    assert tonnes(base[name]).replace("\u00a0", " ") in card or "costs nothing in the baseline" in card
    assert f"Under “Everything in China stops” its loss costs industrial {tonnes(under[name])}" in card


@pytest.mark.browser
def test_the_shortfall_by_month_stands_at_the_foot(page: Path, finding: cn.Finding, opened: Open) -> None:
    tab = opened(page)
    assert tab.locator("#timeline rect").count() == len(finding.months)
    said = tab.get_attribute("#timeline svg", "aria-label")
    assert f"month {finding.when['first_month']:.0f}: first short" in said


@pytest.mark.browser
def test_on_a_phone_the_steps_are_a_list_in_the_order_of_the_chain(page: Path, browser: Any) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    tab.goto(page.resolve().as_uri() + "#step=4")
    tab.wait_for_function("window.network !== undefined")
    assert tab.is_hidden("#graph")
    heads = tab.locator("#steplist h3").all_inner_texts()
    assert heads.index("separation") < heads.index("magnet") < heads.index("use")
    assert tab.locator("#steplist li.narrow").count() == 1
    assert "short 40 of 50" in tab.inner_text("#steplist")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.click("#steplist .row >> nth=0")
    assert tab.evaluate("C.state.chosen !== null")
    tab.close()
