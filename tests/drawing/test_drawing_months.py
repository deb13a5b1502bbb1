"""The months of a stress test on the page: the numbers of the tables, a slider for keys, safe words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_drawing import HOSTILE, big_network, heading, hostile_network

import chainnet as cn
from chainnet.drawing import pages
from chainnet.drawing.style import percent, tonnes
from chainnet.stress._flows import MonthFlows
from chainnet.words import number

STOP = "china_export_stop_all"


@pytest.fixture(scope="module")
def net() -> cn.Network:
    return cn.read("rare-earths", as_of=None)  # with what opened since, defence is short in none of the first months


@pytest.fixture(scope="module")
def stopped(net: cn.Network) -> Any:
    return cn.stress_test(net, cn.scenarios(net)[STOP], months=8)


@pytest.fixture(scope="module")
def page(net: cn.Network, stopped: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cn.draw(net, stopped, path=tmp_path_factory.mktemp("months") / "x.html")


def data_of(file: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', file.read_text("utf-8"), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def series(row: dict[str, Any], text: str | None, n: int) -> list[float]:
    """Read the flows of a row as the script does."""
    if text is None:
        return [row.get("result", row.get("base", 0.0)) or 0.0] * n
    out: list[float] = []
    for token in text.split(" "):
        value, _, times = token.partition("*")
        out += [row["base"] if value == "b" else float(value)] * int(times or 1)
    return out


def few_months(net: cn.Network, n: int, part: float = 1.0) -> Any:
    """A stress test whose flows were made up: each edge at random parts of its baseline."""
    rng = np.random.default_rng(1)
    edge = np.nan_to_num(np.tile(net.edges["flow_tpa"].to_numpy(dtype=float) / 12, (n, 1)))
    hit = rng.random(edge.shape[1]) < part
    edge[:, hit] *= rng.random((n, int(hit.sum())))
    ids = np.array([*net.nodes["id"], *net.projects["id"]], dtype=object)
    site = np.nan_to_num(np.tile(net.baseline.reindex(ids).to_numpy(dtype=float) / 12, (n, 1)))
    site *= rng.random((n, 1))
    none = pd.DataFrame({"period": [], "commodity": [], "maker": [], "user": [], "flow_t": []})
    keys = net.edges[["source", "target", "commodity"]]
    flows = MonthFlows(1 + np.arange(n), np.ones(n, dtype=np.int64), keys, ids, edge, site, none)
    served = rng.random(n) * 10
    months = pd.DataFrame(
        {"scenario": "x", "month": flows.month, "tier": "defence", "node": ids[-1], "commodity": None}
        | {"demand_t": 10.0, "served_t": served, "shortfall_t": 10.0 - served}
    )
    return replace(one_month(), months=months, by_month={"x": flows})


@cache
def one_month() -> Any:
    toy = cn.read("mag-9")
    return cn.stress_test(toy, cn.scenarios(toy)["china_out"], months=1)


def two_scenarios(toy: cn.Network) -> list[cn.Scenario]:
    late = cn.Scenario("malaysia_late", [{"kind": "remove", "nodes": ["S_MY"], "start_month": 3}])
    return [cn.scenarios(toy)["china_out"], late]


# -- what it says -----------------------------------------------------------------------------------


def test_numbers_on_the_page_are_those_of_the_tables(net: cn.Network, stopped: Any, page: Path) -> None:
    data = data_of(page)
    months = data["courses"][0]
    assert [row["n"] for row in months["rows"]] == list(range(1, 9))
    flows = stopped.flows[stopped.flows["scenario"] == STOP]
    wanted = flows["flow_t"].to_numpy().reshape(8, len(net.edges)) * 12
    shown = np.array([series(k, months["links"].get(str(i)), 8) for i, k in enumerate(data["links"])]).T
    np.testing.assert_allclose(shown, wanted, rtol=6e-5, atol=1e-9)
    assert len(months["links"]) < len(net.edges) / 2, "only what changes is on the page month by month"
    through = stopped.throughput[stopped.throughput["scenario"] == STOP]
    for i, site in enumerate(data["sites"]):
        got = series(site, months["sites"].get(str(i)), 8)
        mine = through.loc[through["id"] == site["id"], "throughput_t"].to_numpy()
        np.testing.assert_allclose(got, mine * 12, rtol=6e-5, atol=1e-9)
    table = stopped.months[stopped.months["scenario"] == STOP]
    by_tier = table.groupby(["month", "tier"])[["demand_t", "served_t", "shortfall_t"]].sum() * 12
    for row in months["rows"]:
        for tier, words in zip(months["tiers"], row["tiers"], strict=True):
            demand, served, short = by_tier.loc[(row["n"], tier)]
            assert words == [tonnes(served), tonnes(short), percent(served / demand)]
        lost = (net.edges["flow_tpa"].to_numpy() > 0) & (wanted[row["n"] - 1] <= 0)
        assert f"{lost.sum()} link" in row["spoken"]


def test_the_page_opens_at_the_worst_month_and_names_it(net: cn.Network, stopped: Any, page: Path) -> None:
    text = page.read_text("utf-8")
    table = stopped.months[(stopped.months["scenario"] == STOP) & (stopped.months["tier"] == "defence")]
    short = table.groupby("month")["shortfall_t"].sum()
    worst = short[short >= short.max() * (1 - 1e-6)].index  # the other tiers part equals
    rows = data_of(page)["courses"][0]["rows"]
    start = data_of(page)["courses"][0]["start"]
    assert short.max() > 1
    assert rows[start]["n"] in worst
    assert f", month {rows[start]['n']} of 8: " in heading(text)
    assert heading(text) == rows[start]["heading"]
    assert f"Without scripts the picture shows month {rows[start]['n']} of 8" in text
    assert "the tonnes of the month × 12" in text
    assert rows[0]["words"] == "month 1 of 8", "no calendar without a start"
    dated = cn.draw(
        net, cn.stress_test(net, cn.scenarios(net)[STOP], months=2, start="2027-03"), path=page.with_name("d")
    )
    assert data_of(dated)["courses"][0]["rows"][1]["words"] == "month 2 of 2 (Apr 2027)"


def test_the_end_of_the_horizon_is_said_and_not_taken_for_the_worst(tmp_path: Path) -> None:
    toy = cn.Network(
        nodes=pd.DataFrame({"id": ["a", "u"], "stage": ["mine", "end_use"], "capacity_tpa": [12.0, None]}),
        edges=pd.DataFrame({"source": ["a"], "target": ["u"], "flow_tpa": [12.0], "lag_months": [2.0]}),
        demand=pd.DataFrame({"node": ["u"], "demand_tpa": [24.0]}),
    )
    data = data_of(cn.draw(toy, cn.stress_test(toy, [], months=6), path=tmp_path / "x.html"))
    rows = data["courses"][0]["rows"]
    assert series(data["links"][0], data["courses"][0]["links"]["0"], 6) == [12.0] * 4 + [0.0] * 2
    assert ["Near the end less is shipped" in row["inferred"] for row in rows] == [False] * 4 + [True] * 2
    assert data["courses"][0]["start"] == 0, "all months are equally short"


def test_still_pictures_and_sheets_show_the_worst_month(net: cn.Network, stopped: Any, tmp_path: Path) -> None:
    svg = cn.draw(net, stopped, path=tmp_path / "a.svg").read_text("utf-8")
    assert re.search(r"month \d of 8", svg)
    assert 'fill="#FFFFFF" stroke="#A3320B"' in svg, "what stops is hollow"
    for view in ("sankey", "map"):
        text = cn.draw(net, stopped, view=view, path=tmp_path / "a.html").read_text("utf-8")
        assert re.search(r"month \d of 8", heading(text))


def test_which_scenario_is_shown(net: cn.Network, stopped: Any, tmp_path: Path) -> None:
    calm = cn.draw(net, stopped, path=tmp_path / "x.html", scenario="baseline").read_text("utf-8")
    assert "all demand is met" in heading(calm)
    with pytest.raises(cn.DataError, match=f"Known: baseline, {STOP}"):
        cn.draw(net, stopped, scenario="china_export_stop", path=tmp_path / "x.html")
    with pytest.raises(cn.DataError, match="no other"):
        cn.draw(net, cn.max_flow(net), scenario=STOP, path=tmp_path / "x.html")
    with pytest.raises(cn.DataError, match="another network"):
        cn.draw(net.without(nodes=[net.nodes["id"].iloc[0]]), stopped, path=tmp_path / "x.html")
    with pytest.raises(cn.DataError, match="no flows by month"):
        cn.draw(net, replace(stopped, by_month={}), path=tmp_path / "x.html")


def test_every_scenario_has_its_own_numbers(tmp_path: Path) -> None:
    toy = cn.read("mag-9")
    found = cn.stress_test(toy, two_scenarios(toy), months=6)
    data = data_of(cn.draw(toy, found, path=tmp_path / "x.html"))
    names = [c["scenario"] for c in data["courses"]]
    assert sorted(names) == sorted(set(found.by_month) - {"baseline"})
    assert len(names) > 1
    lost = found.summary["shortfall_t"].groupby("scenario").sum()
    assert lost[names[0]] > 0
    for course in data["courses"]:
        flows = found.flows[found.flows["scenario"] == course["scenario"]]["flow_t"].to_numpy().reshape(6, -1) * 12
        shown = np.array([series(k, course["links"].get(str(i)), 6) for i, k in enumerate(data["links"])]).T
        np.testing.assert_allclose(shown, flows, rtol=6e-5, atol=1e-6)


def test_periods_of_several_months_are_at_the_yearly_rate(tmp_path: Path) -> None:
    toy = cn.read("mag-9")
    found = cn.stress_test(toy, cn.scenarios(toy)["china_out"], months=12, step_months=3, start="2027-04")
    data = data_of(cn.draw(toy, found, path=tmp_path / "x.html"))
    assert data["courses"][0]["rows"][1]["words"] == "months 4 to 6 of 12 (from Jul 2027)"
    flows = found.flows[found.flows["scenario"] == "china_out"]["flow_t"].to_numpy().reshape(4, -1) * 4
    shown = np.array([series(k, data["courses"][0]["links"].get(str(i)), 4) for i, k in enumerate(data["links"])]).T
    np.testing.assert_allclose(shown, flows, rtol=6e-5, atol=1e-9)
    assert "the tonnes of the 3 months × 4" in (tmp_path / "x.html").read_text("utf-8")


def test_a_page_key_moves_by_a_quarter_of_the_months_but_by_two_to_six(tmp_path: Path) -> None:
    toy = cn.read("mag-9")
    for n, leap in ((6, 2), (14, 3), (30, 6)):
        text = cn.draw(toy, few_months(toy, n), path=tmp_path / "x.html").read_text("utf-8")
        assert f'data-leap="{leap}"' in text


@pytest.mark.slow
def test_new_relations_between_countries_are_counted(net: cn.Network, tmp_path: Path) -> None:
    found = cn.stress_test(net, cn.scenarios(net)[STOP], months=12, step_months=6, reroute="new")
    table = found.relations[found.relations["scenario"] == STOP]
    months = found.by_month[STOP].month.tolist()
    n = table.groupby("month").size().reindex(months, fill_value=0).tolist()
    assert n[-1] > 1
    rows = data_of(cn.draw(net, found, path=tmp_path / "x.html", scenario=STOP))["courses"][0]["rows"]
    assert f"{n[-1]} new relations between countries are in the answer and not drawn" in rows[len(n) - 1]["inferred"]
    assert ("not drawn" in rows[0]["inferred"]) is (n[0] > 0)


def test_new_relations_of_sites_are_drawn(tmp_path: Path) -> None:
    nodes = pd.DataFrame(
        {"id": ["a", "b", "u"], "stage": ["mine", "mine", "end_use"], "capacity_tpa": [12.0, 12.0, None]}
    )
    edges = pd.DataFrame({"source": ["a"], "target": ["u"], "flow_tpa": [12.0]})
    toy = cn.Network(nodes=nodes, edges=edges, demand=pd.DataFrame({"node": ["u"], "demand_tpa": [12.0]}))
    found = cn.stress_test(toy, cn.Scenario("out", [{"kind": "remove", "nodes": ["a"]}]), months=4)
    pair = pd.DataFrame({"period": [2, 3], "commodity": "", "maker": "b", "user": "u", "flow_t": [0.5, 1.0]})
    flows = replace(found.by_month["out"], relations=pair)
    data = data_of(cn.draw(toy, replace(found, by_month={"out": flows}), path=tmp_path / "x.html"))
    (i,) = [i for i, k in enumerate(data["links"]) if k.get("isNew")]
    assert series(data["links"][i], data["courses"][0]["links"][str(i)], 4) == [0.0, 0.0, 6.0, 12.0]
    # nothing flowed before, so all of it is the change
    link = data["links"][i]
    assert (link["base"], link["quality"]) == (0.0, "new relation")
    assert "changeText" not in link  # it follows from its numbers, as that of any link does


def test_same_bytes_twice(net: cn.Network, stopped: Any, page: Path, tmp_path: Path) -> None:
    again = cn.stress_test(net, cn.scenarios(net)[STOP], months=8)
    assert cn.draw(net, again, path=tmp_path / "y.html").read_bytes() == page.read_bytes()


@pytest.mark.long
@pytest.mark.parametrize(("bound", "span"), [(0, 12), (2_000_000, 1)])
def test_a_page_too_large_takes_the_worst_month_of_each_year(
    bound: int, span: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_MOST_BYTES", bound)
    toy = cn.read("mag-9")
    found = cn.stress_test(toy, cn.scenarios(toy)["china_out"], months=24)
    file = cn.draw(toy, found, path=tmp_path / "x.html")
    months = data_of(file)["courses"][0]
    assert len(months["rows"]) == 24 // span
    assert ("of every 12 months the worst is shown" in file.read_text("utf-8")) is (span > 1)
    assert months["rows"][0]["words"].endswith("the worst of its year") is (span > 1)


def test_forty_eight_months_fit(net: cn.Network, tmp_path: Path) -> None:
    many = few_months(net, 48)
    file = cn.draw(net, many, path=tmp_path / "x.html")
    assert file.stat().st_size < 2_000_000
    assert len(data_of(file)["courses"][0]["rows"]) == 48


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.1, 1.0])
def test_two_thousand_sites_fit(part: float, tmp_path: Path) -> None:
    large = big_network(2000)
    file = cn.draw(large, few_months(large, 48, part), path=tmp_path / "x.html")
    assert file.stat().st_size < 2_000_000


# -- in a browser -----------------------------------------------------------------------------------

Open = Callable[..., Any]


@pytest.mark.browser
def test_the_slider_moves_by_keys_and_all_follows(net: cn.Network, stopped: Any, page: Path, opened: Open) -> None:
    rows = data_of(page)["courses"][0]["rows"]
    start = data_of(page)["courses"][0]["start"]
    tab = opened(page)
    assert tab.inner_text("h1") == rows[start]["heading"]
    tab.focus("#month")
    tab.keyboard.press("Home")
    assert tab.inner_text("h1") == rows[0]["heading"]
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("C.monthNow().n") == 2
    assert "month=2" in tab.url
    assert tab.inner_text("#live") == rows[1]["spoken"]
    assert tab.inner_text("#monthText").startswith("Month 2 of 8")
    assert tab.get_attribute("#month", "aria-valuetext") == rows[1]["words"]
    tab.keyboard.press("PageUp")
    assert tab.evaluate("C.monthNow().n") == 4
    tab.focus("#graph")
    tab.keyboard.press("]")
    tab.keyboard.press("]")
    tab.keyboard.press("[")
    assert tab.evaluate("C.monthNow().n") == 5
    tab.click("#filters")
    tab.fill("#search", "[]")
    assert tab.evaluate("C.monthNow().n") == 5, "brackets in the search are words"
    tab.fill("#search", "")
    tab.click("#closeFilters")
    # every number shown is that of the table
    now = stopped.flows[(stopped.flows["scenario"] == STOP) & (stopped.flows["month"] == 5)]
    texts = tab.evaluate("C.every.links.map((k) => k.resultText)")
    in_table = dict(
        tab.evaluate(
            "[...document.querySelectorAll('#links tbody tr')].map((r) => [r.dataset.link, r.cells[4].innerText.trim()])"
        )
    )
    for i, flow in enumerate(now["flow_t"].to_numpy() * 12):
        rounded = float(f"{flow:.5g}")
        assert texts[i] in (tonnes(rounded), tonnes(net.edges["flow_tpa"].iloc[i]))
        assert in_table[f"e{i}"] == texts[i]
    assert tab.inner_text("#served tbody tr td:nth-child(5)") == rows[4]["tiers"][0][2]
    assert tab.inner_text("#served caption").startswith("Month 5 of 8")
    assert rows[4]["tiers"][0][2] in tab.inner_text("#side")
    assert tab.inner_text("#links thead th:nth-child(5)") == "Month 5 of 8"
    tab.keyboard.press("Escape")
    assert tab.evaluate("C.monthNow().n") == 5


@pytest.mark.browser
def test_card_tooltip_and_switch_follow_the_month(page: Path, opened: Open) -> None:
    data = data_of(page)
    i = next(i for i, text in data["courses"][0]["sites"].items() if data["sites"][int(i)].get("base"))
    site = data["sites"][int(i)]
    flows = series(site, data["courses"][0]["sites"][i], 8)
    tab = opened(page, f"#month=1&site={site['id']}")
    for n in (1, 4):
        assert tab.evaluate("C.monthNow().n") == n
        shown = tonnes(flows[n - 1])
        assert f"Flow, month {n} of 8\n{shown}" in re.sub(r"\s*\n\s*", "\n", tab.inner_text("#side"))
        tip = tab.evaluate(f"JSON.stringify(C.tipRows(C.byId.get({json.dumps(site['id'])})))")
        assert f"Base year → month {n} of 8" in tip
        assert shown in tip
        tab.keyboard.press("]")
        tab.keyboard.press("]")
        tab.keyboard.press("]")
    tab.keyboard.press("1")
    assert tab.inner_text("h1") == data["courses"][0]["baseHeading"]
    tab.keyboard.press("[")
    assert tab.evaluate("C.state.mode") == "result", "a month is shown where the baseline was"
    tab.keyboard.press("3")
    assert tab.evaluate("C.state.mode") == "diff"
    assert tab.evaluate("C.state.chosen.id") == site["id"]
    assert tab.pdf(prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.browser
def test_the_menu_of_scenarios(opened: Open, tmp_path: Path) -> None:
    toy = cn.read("mag-9")
    found = cn.stress_test(toy, two_scenarios(toy), months=6)
    file = cn.draw(toy, found, path=tmp_path / "x.html")
    data = data_of(file)
    tab = opened(file)
    assert tab.inner_text("h1") == data["courses"][0]["rows"][data["courses"][0]["start"]]["heading"]
    for i, name in enumerate(c["scenario"] for c in data["courses"]):
        tab.select_option("#course", name)
        tab.focus("#month")
        tab.keyboard.press("End")
        assert tab.inner_text("h1") == data["courses"][i]["rows"][5]["heading"]
        assert data["courses"][i]["words"] in tab.inner_text("#served caption")
        now = found.flows[(found.flows["scenario"] == name) & (found.flows["month"] == 6)]["flow_t"].to_numpy() * 12
        np.testing.assert_allclose(tab.evaluate("C.every.links.map((k) => k.result)"), now, rtol=6e-5, atol=1e-6)
    assert f"scenario={name}" in tab.url
    again = opened(file, f"#scenario={name}&month=2")
    assert again.inner_text("h1") == data["courses"][i]["rows"][1]["heading"]
    assert again.evaluate("C.at('course').value") == name


@pytest.mark.browser
def test_a_month_that_is_not_on_the_page_gives_the_nearest(page: Path, opened: Open) -> None:
    assert opened(page, "#month=99").evaluate("C.monthNow().n") == 8
    start = data_of(page)["courses"][0]["start"]
    assert opened(page, "#month=x").evaluate("C.state.month") == start


@pytest.mark.browser
def test_tables_sorted_by_the_month_stay_sorted(page: Path, opened: Open) -> None:
    tab = opened(page)
    tab.click("#links th[data-k=result]")
    tab.keyboard.press("[")
    shown = tab.evaluate("[...document.querySelectorAll('#links tbody tr')].map((r) => C.thing(r).result || 0)")
    assert shown == sorted(shown, reverse=True)
    with tab.expect_download() as saved:
        tab.click("#csv")
    assert re.fullmatch(r"sites-month-\d\.csv", saved.value.suggested_filename)


@pytest.mark.slow
@pytest.mark.browser
def test_groups_add_up_in_every_month(opened: Open, tmp_path: Path) -> None:
    large = big_network(900)
    found = few_months(large, 4)
    tab = opened(cn.draw(large, found, path=tmp_path / "x.html"))
    within = large.edges.merge(large.nodes[["id", "country", "step"]], left_on="source", right_on="id")
    assert len(within) == len(large.edges)
    widest = tab.evaluate("C.links.map((k) => C.linkWidth(C.peak(k), k.basis)).reduce((a, b) => Math.max(a, b))")
    for n in (1, 2, 3, 4):
        tab.evaluate(f"C.setMonth({n - 1})")
        total = tab.evaluate("C.links.reduce((sum, k) => sum + k.result, 0)")
        flows = found.flows
        assert total == pytest.approx(flows.loc[flows["month"] == n, "flow_t"].sum() * 12, rel=1e-4)
        assert tab.evaluate("C.sites.filter((s) => s.members).length") > 10
        same = tab.evaluate("C.links.map((k) => C.linkWidth(C.peak(k), k.basis)).reduce((a, b) => Math.max(a, b))")
        assert same == widest, "widths keep their scale from month to month"


@pytest.mark.browser
def test_hostile_words_stay_words(opened: Open, tmp_path: Path) -> None:
    base = hostile_network()
    demand = pd.DataFrame({"node": ["end"], "tier": ["defence"], "demand_tpa": [20.0]})
    edges = base.edges.assign(lag_months=1.0)
    net = cn.Network(nodes=base.nodes, edges=edges, demand=demand, name=base.name, label=base.label)
    event = cn.Scenario(HOSTILE[0], [{"kind": "remove", "nodes": ["n1", "__proto__"], "start_month": 2}])
    found = cn.stress_test(net, event, months=5)
    file = cn.draw(net, found, path=tmp_path / "x.html", title=HOSTILE[0], marking=HOSTILE[1])
    text = file.read_text("utf-8")
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    tab = opened(file)
    tab.focus("#month")
    for key in ("Home", "ArrowRight", "PageUp", "End"):
        tab.keyboard.press(key)
    assert HOSTILE[0] in tab.inner_text("#heading")
    assert HOSTILE[0] in tab.inner_text("#served caption")
    assert tab.evaluate("document.querySelectorAll('img[src=x], b > i').length") == 0
    assert tab.evaluate("C.byId.get('__proto__').result") == 0


@pytest.mark.browser
def test_numbers_in_the_script_are_written_as_in_the_tables(page: Path, opened: Open) -> None:
    tab = opened(page)
    rng = np.random.default_rng(3)
    values = [0.0, 1005.0, 12450.0, 12350.0, 0.125, 2.125, 12.25, 999.5, 99.95, 0.0009, 0.001, 1234567.0, -12450.0]
    values += [1.875, 1.865, 0.0999, 0.1, -0.05, 1e-10, 9.995, 99.949999999999, *(n / 1000 for n in range(1, 2000, 7))]
    values += [float(f"{x:.5g}") for x in 10 ** rng.uniform(-4, 7, 400)]
    assert tab.evaluate(f"{json.dumps(values)}.map((x) => C.number(x))") == [number(v) for v in values]
    shares = [
        0.0,
        0.125,
        0.345,
        0.0225,
        0.0435,
        0.005,
        0.0995,
        0.08,
        0.996,
        0.9996,
        1.0,
        1.2,
        -0.3,
        *rng.random(400).tolist(),
    ]
    assert tab.evaluate(f"{json.dumps(shares)}.map(C.percent)") == [percent(s) for s in shares]
