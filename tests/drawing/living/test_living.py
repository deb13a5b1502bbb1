"""The living page: the same program, solved again in a browser from one file without a network."""

import base64
import gzip
import json
import re
from functools import partial
from types import SimpleNamespace

import firefox
import last_digits
import numpy as np
import pandas as pd
import pytest

import chainnet as cn
from chainnet.drawing.living import page as page_module
from chainnet.drawing.living.controls import controls_of
from chainnet.drawing.living.months import LivingMonths, why_no_months
from chainnet.drawing.living.program import LivingProgram, drawn
from chainnet.engine import PROOF, ROUNDING, WarmModel, certify_linear
from chainnet.errors import SolverError
from chainnet.flow import EXTRA_COST_USD_PER_T, Counting, balance_under, stages_of
from chainnet.lowering import lower
from chainnet.scenario import overlay_of

CHAINS = ["mag-9", "rare-earths", "gallium", "germanium", "tungsten", "antimony", "graphite"]
HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}}"


def solved(page, setting):
    return page.evaluate("s => chainnet.set(s).then(a => ({...a, flows: null}))", setting)


def setting_scenario(controls, values, preset=None):
    """Return what a setting of the page means as a scenario: the preset's measures, then those of the controls."""
    measures = [dict(measure) for measure in preset.measures] if preset is not None else []
    for control in controls:
        measures += control.measures_at(values.get(control.id, control.default))
    return cn.Scenario("setting", measures)


def until(page, expression):
    """Wait until something holds; the policy of the page lets nothing wait inside it."""
    for _ in range(300):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


@pytest.mark.browser
def test_a_page_proves_a_row_as_exact_as_its_sum_as_python_does(browser):
    program, page = last_digits.PROGRAM, browser.new_page()
    page.add_script_tag(path=page_module._TEMPLATES / "worker.js")
    names = ("row_lower", "row_upper", "col_lower", "col_upper", "row_scale", "col_scale", "cost")
    given = {name: getattr(program, name).tolist() for name in names}
    columns = {"starts": program.matrix.indptr, "indices": program.matrix.indices, "values": program.matrix.data}
    given |= {name: part.tolist() for name, part in columns.items()}
    for missing, is_proved in last_digits.MISSING:
        x = [900.0 - missing, 36.0]
        found = page.evaluate(
            """([p, x, tolerances]) => {
                data = {tolerances};
                const model = Object.assign(Object.create(Model.prototype),
                    {...p, n: x.length, m: p.row_lower.length, rowScale: p.row_scale, colScale: p.col_scale});
                const b = {lower: p.col_lower, upper: p.col_upper, rowLower: p.row_lower, rowUpper: p.row_upper};
                return certificate([model.proof(b, p.cost, x, new Float64Array(model.m))]);
            }""",
            [given, x, {"proof": PROOF, "rounding": ROUNDING}],
        )
        mine = certify_linear("toy", program, np.array(x), np.zeros(1), program.row_scale)
        assert (found["ok"], found["gap"]) == (is_proved, 0.0)
        assert found["violation"] == mine.violation
    page.close()


def by_chance(network, controls, info, draw):
    """Return a setting by chance, and the program that it means: counting, overlay, degree."""
    known = {control["id"] for control in info["controls"]}  # stocks are controls where there are months
    setting = {
        "controls": drawn([control for control in controls if control.id in known], draw),
        "order": str(draw.choice(info["orders"])),
        "relations": str(draw.choice(info["relations"])),
        "preset": str(draw.choice(info["presets"])),
    }
    scenario = setting_scenario(controls, setting["controls"], cn.scenarios(network).get(setting["preset"]))
    return setting, Counting.of(network, order=setting["order"]), overlay_of(network, scenario)


def with_held_stages(counting, overlay, degree):
    """Return what each stage gets, each kept by its prices and not by a lock: exact to rounding."""
    low = lower(counting.network, overlay, degree, extra_cost_usd_per_t=EXTRA_COST_USD_PER_T)
    model, basis, served = WarmModel(low.program), None, []
    for _, rows in stages_of(counting):
        model.set_cost(low.serving(rows))
        found = model.solve(basis, or_wide=True)
        basis = found.basis
        model.hold(found)
        served.append(-found.value)
    return np.array(served)


# -- the same answers ---------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.small
def test_a_small_page_gives_what_python_gives(written, tab):
    assert_settings_agree(two_users(beneficiaries=["USA"]), written, tab, 5)


@pytest.mark.browser
def test_settings_by_chance_give_what_python_gives(mag9, written, tab):
    info = assert_settings_agree(mag9, written, tab, 30)
    assert info["relations"] == ["existing", "new", "none"]


def assert_settings_agree(network, written, tab, times):
    page = tab(written(network))
    info, draw, controls = page.evaluate("chainnet.ready"), np.random.default_rng(7), controls_of(network)
    for _ in range(times):
        setting, counting, overlay = by_chance(network, controls, info, draw)
        answer = solved(page, setting)
        told = balance_under(counting, overlay, setting["relations"])
        served = told.demand["served_tpa"].to_numpy()
        ours = [stage["served_tpa"] for stage in answer["stages"]]
        theirs = [served[rows].sum() for _, rows in stages_of(counting)]
        assert ours == pytest.approx(theirs, abs=1e-9 * told.demand["demand_tpa"].sum() + 1e-12), setting
        assert answer["cost_usd"] == pytest.approx(told.cost_usd, rel=1e-7, abs=1e-6)
        assert answer["certificate"]["ok"]
    return info


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_a_thousand_settings_give_what_python_gives(name, written, tab):
    network = cn.read(name)
    page = tab(written(network))
    info, draw, controls = page.evaluate("chainnet.ready"), np.random.default_rng(19), controls_of(network)
    for _ in range(1000):
        setting, counting, overlay = by_chance(network, controls, info, draw)
        answer = solved(page, setting)
        ours = np.array([stage["served_tpa"] for stage in answer["stages"]])
        held = with_held_stages(counting, overlay, setting["relations"])
        asked = network.demand["demand_tpa"].sum()
        assert ours == pytest.approx(held, abs=1e-9 * asked), setting
        assert answer["certificate"]["ok"]


@pytest.mark.browser
def test_the_same_setting_gives_the_same_digits_whatever_came_before(mag9, written, tab):
    page = tab(written(mag9))
    setting = {"controls": {"export:CHN:magnet": 0.25, "site:S_MY": False}, "relations": "new"}
    first = solved(page, setting)
    solved(page, {"controls": {}, "preset": "china_out", "order": "allies_last"})
    again = solved(page, setting)
    assert [first[k] for k in ("stages", "cost_usd", "limits")] == [again[k] for k in ("stages", "cost_usd", "limits")]


@pytest.mark.browser
def test_the_scenario_file_gives_the_answer_on_the_page(mag9, written, tab, tmp_path):
    moved = "&project:S_US=true&export:AUS:mining=0.37&demand:civilian=1.5"
    page = tab(written(mag9), "#preset=china_out&relations=existing" + moved)
    page.evaluate("chainnet.ready")
    answer = page.evaluate("chainnet.answer()")
    text = page.evaluate("chainnet.toml()")
    file = tmp_path / "mag-9-setting.toml"
    file.write_text(text, encoding="utf-8")
    assert text.startswith(
        "# chainnet balance mag-9 --scenario mag-9-setting.toml --reroute existing --order allies_first\n"
    )
    told = cn.balance(mag9, cn.Scenario.read(file)).by_tier()
    assert [s["served_tpa"] for s in answer["stages"]] == pytest.approx(told["served_tpa"].tolist(), abs=1e-7)
    assert [s["demand_tpa"] for s in answer["stages"]] == told["demand_tpa"].tolist() == [4.0, 16.0, 45.0]


@pytest.mark.browser
def test_a_page_whose_first_answer_is_not_pythons_gives_none(mag9, written, tab, tmp_path):
    text = written(mag9).read_text(encoding="utf-8")
    found = re.search(r'id="block-data">([^<]*)<', text)
    data = json.loads(gzip.decompress(base64.b64decode(found.group(1))))
    data["start"]["served"][0] -= 0.001
    other = base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()
    file = tmp_path / "other.html"
    file.write_text(text.replace(found.group(1), other), encoding="utf-8")
    page = tab(file)
    assert "not Python's" in page.evaluate("chainnet.ready.catch(e => e.message)")
    assert "not Python's" in page.text_content("#cause")
    assert page.is_disabled("#preset")
    assert page.is_hidden("#strip")


@pytest.mark.browser
def test_firefox_gives_the_same_without_a_request(mag9, written, tmp_path):
    if not firefox.firefox_path():
        pytest.skip("no Firefox was found")
    with firefox.Firefox(tmp_path / "profile") as tab:
        tab.open(written(mag9).resolve().as_uri())
        info = tab.run("page.chainnet.ready")
        draw, controls = np.random.default_rng(11), controls_of(mag9)
        for _ in range(10):
            setting, counting, overlay = by_chance(mag9, controls, info, draw)
            answer = tab.run(
                "page.chainnet.set(given[0]).then(({stages, certificate}) => ({stages, certificate}))", setting
            )
            held = with_held_stages(counting, overlay, setting["relations"])
            assert [s["served_tpa"] for s in answer["stages"]] == pytest.approx(held, abs=1e-9 * 50)
            assert answer["certificate"]["ok"]
        assert tab.run("page.chainnet.months()")["certificate"]["ok"]
        assert tab.run("page.performance.getEntriesByType('resource').map(e => e.name)") == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_preset_by_tier_or_origin_gives_what_python_gives(written, tab):
    network = cn.read("gallium")
    page = tab(written(network, scenario="china_military_bar"))
    assert page.evaluate("chainnet.ready")["presets"][0] == ""
    draw, controls = np.random.default_rng(3), controls_of(network)
    asked = network.demand["demand_tpa"].sum()
    for preset in ("china_military_bar", "china_us_ban_enforced", "china_export_stop"):
        for relations in ("existing", "new"):
            values = drawn(controls, draw)
            setting = {"controls": values, "preset": preset, "relations": relations, "order": "allies_first"}
            answer = solved(page, setting)
            scenario = setting_scenario(controls, values, cn.scenarios(network)[preset])
            held = with_held_stages(Counting.of(network), overlay_of(network, scenario), relations)
            assert [s["served_tpa"] for s in answer["stages"]] == pytest.approx(held, abs=1e-9 * asked)
            assert answer["certificate"]["ok"]


# -- what a reader does ---------------------------------------------------------------------------------


@pytest.mark.browser
def test_keys_move_a_control_and_take_it_back(mag9, written, tab):
    page = tab(written(mag9))
    page.evaluate("chainnet.ready")
    before = page.text_content("#heading")
    assert before == "Nothing is restricted: defence demand is met."
    assert page.text_content("#others") == "Industrial and civilian demand is met."
    assert page.text_content("#under").startswith("as the data stand · new suppliers")
    page.evaluate("chainnet.set({relations: 'existing'}).then(() => 0)")
    before = page.text_content("#heading")
    page.focus("[data-control='export:CHN:magnet']")
    page.keyboard.press("Home")
    until(page, "document.getElementById('heading').textContent.includes('0\\u00a0% of baseline exports')")
    short = page.text_content("#heading").removeprefix("China, magnet: 0\u00a0% of baseline exports: ")
    assert re.fullmatch(r"\d+\u00a0% of industrial demand is short on existing links\.", short)
    assert page.get_attribute("[data-control='export:CHN:magnet']", "aria-valuetext") == "0\u00a0% of baseline exports"
    until(page, "location.hash.includes('export%3ACHN%3Amagnet=0')")
    until(page, "document.getElementById('spoken').textContent.includes('industrial demand is short')")
    until(page, "document.querySelectorAll('#members tbody tr').length > 0")
    page.keyboard.press("Control+z")
    until(page, f"document.getElementById('heading').textContent === {json.dumps(before)}")
    assert page.evaluate("chainnet.get().controls") == {}
    page.keyboard.press("Control+y")
    until(page, "document.getElementById('heading').textContent.includes('0\\u00a0% of baseline exports')")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0\u00a0% of what is asked"),
        (0.5, "50\u00a0% of what is asked"),
        (1.0, "as it is"),
        (1.0004, ">100\u00a0% of what is asked"),
        (1.005, "100.5\u00a0% of what is asked"),
        (1.5, "150\u00a0% of what is asked"),
        (2.0, "200\u00a0% of what is asked"),
    ],
)
def test_a_demand_is_told_as_it_is_set_wherever_the_page_says_it(mag9, written, tab, share, words):
    page = tab(written(mag9), f"#demand:defence={share}")
    page.evaluate("chainnet.ready")
    said = f"demand, defence: {words}"
    if share == 1.0:
        assert page.evaluate("movedWords('demand:defence', 1)") == said
        assert "demand, defence" not in page.text_content("#heading")
        return
    until(page, "!document.getElementById('heading').textContent.startsWith('Nothing')")
    assert page.text_content("#heading").startswith(said[0].upper() + said[1:] + ": ")
    assert page.text_content("#list li") == said
    assert f'label = "{said[0].upper() + said[1:]}: ' in page.evaluate("chainnet.toml()")
    assert f"\nshare = {share:g}\n" in page.evaluate("chainnet.toml()")
    assert page.get_attribute("[data-control='demand:defence']", "aria-valuetext") == words
    assert page.text_content("[id='o-demand:defence']") == words.removesuffix(" of what is asked")


@pytest.mark.browser
def test_what_the_address_names_wrongly_is_left_out_with_a_sentence(mag9, written, tab):
    wrong = "#export:CHN:magnet=7&site:S_MY=false&site:NOBODY=false&order=never&demand:civilian=x"
    page = tab(written(mag9), wrong)
    page.evaluate("chainnet.ready")
    assert page.evaluate("chainnet.get().controls") == {"site:S_MY": False}
    for word in ("export:CHN:magnet", "site:NOBODY", "order", "demand:civilian"):
        assert word in page.text_content("#cause")
    said = page.evaluate("chainnet.set({controls: {'site:NOBODY': false}}).catch(e => e.message)")
    assert said == "unknown or out of range: site:NOBODY"


@pytest.mark.browser
def test_of_settings_that_come_fast_only_the_last_is_waited_for(mag9, written, tab):
    page = tab(written(mag9))
    page.evaluate("chainnet.ready")
    ends = page.evaluate(
        "Promise.all([0.1, 0.2, 0.3, 0.4].map(v => chainnet.set({controls: {'export:CHN:magnet': v}})"
        ".then(a => a.setting.controls['export:CHN:magnet'], e => e.name)))"
    )
    assert ends == [0.1, "AbortError", "AbortError", 0.4]


@pytest.mark.browser
def test_each_project_says_what_it_adds_to_the_setting_shown(mag9, written, tab):
    page = tab(written(mag9), "#preset=china_out&relations=existing")
    page.evaluate("chainnet.ready")
    until(page, "document.querySelector('.adds').textContent !== ''")
    out = cn.scenarios(mag9)["china_out"]
    now = cn.balance(mag9, out).demand["served_tpa"].sum()
    for name in mag9.projects["id"]:
        with_it = cn.Scenario("with", [*out.measures, {"kind": "build", "projects": [name]}])
        more = cn.balance(mag9, with_it).demand["served_tpa"].sum() - now
        said = page.text_content(f"[data-row='project:{name}'] .adds")
        assert said == (f" · adds {more:g} t/yr here" if more > 1e-6 else " · adds nothing here")


@pytest.mark.browser
@pytest.mark.parametrize("name", ["mag-9", pytest.param("gallium", marks=pytest.mark.slow)])
def test_the_course_over_months_is_that_of_the_stress_test_of_the_saved_file(name, written, tab, tmp_path):
    network = cn.read(name)
    page = tab(written(network), "#preset=")
    page.evaluate("chainnet.ready")
    draw, controls, file = np.random.default_rng(5), controls_of(network), tmp_path / "setting.toml"
    presets = [n for n, s in cn.scenarios(network).items() if not any({"tier", "origin"} & set(m) for m in s.measures)]
    early = (24 - np.arange(24)) / 24
    for number in range(4):
        moved = {k: v for k, v in drawn(controls, draw).items() if not k.startswith("project:")}
        moved |= {c.id: False for c in controls if c.kind == "stock" and number % 2}
        order, relations = ("allies_first", "allies_last")[number // 2], ("existing", "none")[number % 2]
        preset = str(draw.choice([n for n in presets if "projects" not in n]))
        months = int(draw.integers(1, 25))
        setting = {"controls": moved, "preset": preset, "order": order, "relations": relations, "months": months}
        solved(page, setting)
        found = page.evaluate("chainnet.months()")
        assert found["certificate"]["ok"]
        file.write_text(page.evaluate("chainnet.toml()"), encoding="utf-8")
        stress = cn.stress_test(
            network, [cn.Scenario.read(file)], months=24, reroute=relations, order=order, cover="none"
        )
        told = stress.months[stress.months["scenario"] == "setting"]
        for stage in found["stages"]:
            if stage["counts"]:
                mine = told[told["tier"] == stage["name"]].groupby("month")[["demand_t", "served_t"]].sum().to_numpy()
                asked = mine[:, 0].sum()
                assert stage["asked_t"] == pytest.approx(mine[:, 0], abs=1e-12 * asked)
                assert sum(stage["served_t"]) == pytest.approx(mine[:, 1].sum(), abs=1e-8 * asked)
                assert early @ stage["served_t"] == pytest.approx(early @ mine[:, 1], abs=1e-8 * asked)


@pytest.mark.browser
def test_a_stock_carries_until_it_is_shut(written, tab):
    users = two_users()
    held = pd.DataFrame(
        {"id": ["store"], "node": ["a"], "stock_t": [4.0], "release_tpa": [12.0], "holder": ["A & <b>Sons</b>"]}
    )
    page = tab(written(users.with_table("stocks", held)), "#site:m=false&months=6")
    page.evaluate("chainnet.ready")
    served = [sum(s["served_t"]) for s in page.evaluate("chainnet.months()")["stages"]]
    # half a year without the mine, half of what is asked after it, four tonnes from the store
    assert served == pytest.approx([4.0 + 1.5 * 10.0])
    until(page, "document.querySelectorAll('#course .month').length === 24")
    assert page.query_selector_all("#course .month")[6].get_attribute("class") == "month over"
    page.evaluate("chainnet.set({controls: {'site:m': false, 'stock:store': false}, months: 6}).then(() => 0)")
    assert [sum(s["served_t"]) for s in page.evaluate("chainnet.months()")["stages"]] == pytest.approx([15.0])
    assert "A & <b>Sons</b>" in page.text_content("[data-row='stock:store']")
    assert "release_tpa = 0" in page.evaluate("chainnet.toml()")
    assert page.evaluate("chainnet.set({months: 25}).catch(e => e.message)") == "unknown or out of range: months"


@pytest.mark.long
def test_months_that_are_put_together_otherwise_are_refused(written):
    network = cn.read("gallium")
    controls = controls_of(network)
    months = LivingMonths(network, LivingProgram(Counting(network), "existing", controls, []), controls)
    assert months.prove() < 1e-13
    months.arrays["shuts"].clear()
    with pytest.raises(SolverError, match="are not those of the program"):
        months.prove()


def test_goods_under_way_come_in_when_they_are_due_and_each_stock_gives_what_it_may():
    """6 t/yr take two months and 3 t/yr three; a store gives a tonne a month, a heap all at once, the army's nothing."""
    users = two_users()
    held = {"id": ["store", "heap", "army"], "node": ["a", "b", "b"], "stock_t": [4.0, 9.0, 2.0]}
    held |= {"release_tpa": [12.0, None, None], "tiers": [None, None, "defence"]}
    network = users.with_table("edges", users.edges.assign(flow_tpa=[6.0, 3.0], lag_months=[2.0, 3.0]))
    network = network.with_table("stocks", pd.DataFrame(held))
    controls = controls_of(network)
    months = LivingMonths(network, LivingProgram(Counting(network), "existing", controls, []), controls)
    assert months.arrays["underWay"] == [[0, 0, 0.5], [0, 1, 0.5], [1, 0, 0.25], [1, 1, 0.25], [1, 2, 0.25]]
    given = {one["control"]: one["presets"][""] for one in months.arrays["stocks"]}
    assert given == {"stock:store": [1.0, 4.0, 4.0], "stock:heap": [9.0, 9.0, 9.0], "stock:army": [0.0, 0.0, 0.0]}
    # a column each for what is under way, behind those of 24 months, and a row each for the stocks
    ours, told = months.matrix(), months.periods.program.matrix
    assert ours.shape == told.shape
    assert abs(ours - told).max() == 0.0
    assert months.prove() == 0.0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, ""),
        ({"capacity_t": [5.0]}, "a stock can be filled or costs something to hold"),
        ({"holding_usd_per_t_a": [0.5]}, "a stock can be filled or costs something to hold"),
        ({"holding_usd_per_t_a": [0.0]}, ""),
    ],
)
def test_why_a_page_has_no_months_is_said(more, why):
    held = pd.DataFrame({"id": ["store"], "node": ["a"], "stock_t": [4.0], **more})
    few, many = SimpleNamespace(n_columns=1666), SimpleNamespace(n_columns=1667)
    network = two_users().with_table("stocks", held)
    assert why_no_months(network, few) == why
    large = "24 months would have 40008 unknowns, more than a page solves while one waits"
    assert why_no_months(network, many) == (why or large)


def test_a_page_without_months_says_why_and_has_no_stocks_to_move(written):
    held = pd.DataFrame({"id": ["store"], "node": ["a"], "stock_t": [4.0], "capacity_t": [5.0]})
    text = written(two_users().with_table("stocks", held)).read_text(encoding="utf-8")
    assert "the course over months: a stock can be filled" in text
    assert "stock:store" not in text.split("block-data")[0]
    assert 'id="months"' not in text


@pytest.mark.browser
def test_a_stock_that_is_kept_for_a_tier_is_shut_over_months_and_in_the_file(written, tab, tmp_path):
    held = pd.DataFrame({"id": ["store"], "node": ["a"], "stock_t": [4.0], "tiers": ["defence"]})
    network = two_users().with_table("stocks", held)
    page = tab(written(network), "#site:m=false&months=6")
    page.evaluate("chainnet.ready")
    assert "the stock store: it is kept for some tiers" in page.text_content("#controls")
    assert [sum(s["served_t"]) for s in page.evaluate("chainnet.months()")["stages"]] == pytest.approx([15.0])
    file = tmp_path / "two-setting.toml"
    file.write_text(page.evaluate("chainnet.toml()"), encoding="utf-8")
    why = "# the page shuts this stock over months: it is kept for some tiers, which the page cannot part\n[[measures]]"
    assert f'{why}\nkind = "release"' in file.read_text(encoding="utf-8")
    told = cn.stress_test(network, [cn.Scenario.read(file)], months=24, start="2025-01").months
    assert told.loc[told["scenario"] == "two-setting", "served_t"].sum() == pytest.approx(15.0)


@pytest.mark.browser
def test_what_overturns_the_answer_is_named_with_what_it_leaves(mag9, written, tab):
    page = tab(written(mag9), "#preset=china_out&relations=existing")
    page.evaluate("chainnet.ready")
    until(page, "document.querySelectorAll('#dependencies li').length > 0")
    said = [item.inner_text() for item in page.query_selector_all("#dependencies li")]
    without = cn.Scenario("w", [*cn.scenarios(mag9)["china_out"].measures, {"kind": "remove", "nodes": ["G_JP"]}])
    served = cn.balance(mag9, without).by_tier()["served_tpa"]
    assert served["defence"] == 0.0
    assert "Magnet plant in Japan assumed, gone: defence 100\u00a0% → 0\u00a0%" in said
    turned = [s for s in said if "relations" not in s]
    assert len(turned) == len(set(turned))


@pytest.mark.browser
@pytest.mark.slow
def test_what_is_printed_fits_one_page(written, tab):
    page = tab(written(cn.read("gallium")), "#preset=china_export_stop_all&relations=existing&order=allies_first")
    page.evaluate("chainnet.months()")
    until(page, "document.querySelectorAll('#dependencies li').length > 0")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1


@pytest.mark.browser
def test_the_tour_opens_where_no_setting_is_given_acts_and_can_be_left(mag9, written, tab):
    page = tab(written(mag9))
    page.evaluate("chainnet.ready")
    assert page.inner_text("#tour-title").startswith("1 of ")
    page.focus("#tour-on")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")  # over Back to what this step does
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    until(page, "Object.values(chainnet.get().controls)[0] === 0")
    page.keyboard.press("Escape")
    assert page.is_hidden("#tour")
    assert page.evaluate("document.activeElement.id") == "guide"
    page.keyboard.press("Enter")
    assert page.is_visible("#tour")
    with_setting = tab(written(mag9), "#preset=china_out")
    with_setting.evaluate("chainnet.ready")
    assert with_setting.is_hidden("#tour")


def two_users(**meta):
    """One mine in China and two users who ask for more than it gives."""
    nodes = pd.DataFrame(
        {
            "id": ["m", "a", "b"],
            "stage": ["mine", "end_use", "end_use"],
            "country": ["CHN", "USA", "JPN"],
            "capacity_tpa": [10.0, np.nan, np.nan],
        }
    )
    edges = pd.DataFrame({"source": ["m", "m"], "target": ["a", "b"], "flow_tpa": [5.0, 5.0]})
    demand = pd.DataFrame({"node": ["a", "b"], "tier": ["defence", "defence"], "demand_tpa": [8.0, 8.0]})
    return cn.Network(nodes, edges, demand=demand, name="two", **meta)


@pytest.mark.browser
def test_a_tier_bears_both_ends_of_the_order_of_service(written, tab):
    page = tab(written(two_users(beneficiaries=["USA"])))
    page.evaluate("chainnet.ready")
    assert page.text_content("#heading") == "Nothing is restricted: allied defence demand is met."
    until(page, "document.getElementById('bars').textContent.includes('others first: 25\\u00a0%')")
    assert solved(page, {"order": "allies_last"})["stages"] == [
        {"name": "all others", "demand_tpa": 8, "served_tpa": 8},
        {"name": "defence", "demand_tpa": 8, "served_tpa": pytest.approx(2)},
    ]
    # short of 6 t, all of it without any restriction
    assert page.text_content("#heading") == "Nothing is restricted: allied defence demand is met."
    assert page.text_content("#others") == "75\u00a0% is short without any restriction."
    assert page.text_content("#limits").startswith("Mine in China: 10 t/yr is all that fits through there")


@pytest.mark.browser
def test_members_bear_both_ends_where_who_goes_short_is_a_tie(written, tab):
    page = tab(written(two_users(label=HOSTILE)))
    page.evaluate("chainnet.ready")
    until(page, "document.querySelectorAll('#members tbody tr').length === 2")
    rows = [row.inner_text().split("\t") for row in page.query_selector_all("#members tbody tr")]
    assert sorted(row[1:] for row in rows) == [
        ["Japan", "8", "0 to 6", "0\u00a0% to 75\u00a0%"],
        ["United States", "8", "0 to 6", "0\u00a0% to 75\u00a0%"],
    ]
    assert HOSTILE in page.text_content(".name")


@pytest.mark.browser
def test_hostile_owners_places_and_holders_stay_text_and_come_back_from_the_file(written, tab, tmp_path):
    users = two_users()
    nodes = users.nodes.assign(owner=[None, None, HOSTILE], country=[None, "JPN", "CHN"], region=[HOSTILE, None, None])
    held = pd.DataFrame({"id": ["store"], "node": ["a"], "stock_t": [4.0], "holder": [HOSTILE]})
    network = users.with_table("nodes", nodes).with_table("stocks", held)
    page = tab(written(network), "#preset=")
    page.evaluate("chainnet.ready")
    moved = {f"owner:{HOSTILE}": False, f"demand:defence:{HOSTILE}": 0.5, "stock:store": False}
    answer = solved(page, {"controls": moved})
    until(page, "document.querySelectorAll('#dependencies').length === 1")
    assert page.evaluate("chainnet.get().controls") == moved
    file = tmp_path / "two-setting.toml"
    file.write_text(page.evaluate("chainnet.toml()"), encoding="utf-8")
    told = cn.balance(network, cn.Scenario.read(file)).by_tier()
    assert [(s["demand_tpa"], s["served_tpa"]) for s in answer["stages"]] == [(12.0, 0.0)]
    assert told[["demand_tpa", "served_tpa"]].to_numpy().tolist() == [[12.0, 0.0]]
    until(page, "location.hash.length > 8")  # the address follows when the reader rests
    again = tab(written(network), page.evaluate("location.hash"))
    again.evaluate("chainnet.ready")
    assert again.evaluate("chainnet.get().controls") == moved


# -- where it cannot solve ---------------------------------------------------------------------------------


@pytest.mark.browser
def test_without_scripts_the_figures_stand_and_the_page_says_why(mag9, written, tab):
    page = tab(written(mag9), java_script_enabled=False)
    assert "Scripts are off" in page.inner_text("header")
    assert page.inner_text("#start tbody tr >> nth=0").split() == ["defence", "4", "t/yr"]
    assert page.query_selector("svg.picture") is not None


@pytest.mark.browser
@pytest.mark.parametrize("word", ["WebAssembly", "DecompressionStream", "Worker"])
def test_a_browser_that_lacks_something_is_told_what(mag9, written, tab, word):
    page = tab(written(mag9), before=f"delete window.{word}")
    assert page.evaluate("chainnet.ready.catch(e => e.message)") == f"this browser has no {word}"
    assert f"this browser has no {word}" in page.inner_text("#cause")
    assert page.is_disabled("[data-control='export:CHN:magnet']")
    assert page.is_visible("#start")


# -- what is exported ---------------------------------------------------------------------------------


def test_effects_that_do_not_add_up_are_refused(mag9):
    program = LivingProgram(Counting(mag9), "existing", controls_of(mag9), list(cn.scenarios(mag9).values()))
    assert program.prove() == 0.0
    program.effects["site:S_MY"]["close"].pop()
    with pytest.raises(SolverError, match="do not add up"):
        program.prove()


def test_controls_mean_measures(mag9):
    controls = {control.id: control for control in controls_of(mag9)}
    assert controls["export:CHN:magnet"].measures_at(None) == []
    assert controls["export:CHN:magnet"].measures_at(0.5) == [
        {
            "kind": "restrict",
            "from": {"country": "CHN", "step": "magnet"},
            "to": {"country": ["AUS", "BRA", "JPN", "MYS", "USA"]},
            "share": 0.5,
        },
        {
            "kind": "restrict",
            "from": {"country": "CHN", "step": "magnet"},
            "to": {"region": ["all users"]},
            "share": 0.5,
        },
    ]
    assert controls["site:S_MY"].measures_at(False) == [{"kind": "remove", "nodes": ["S_MY"]}]
    assert controls["site:S_MY"].measures_at(True) == controls["demand:civilian"].measures_at(1.0) == []
    assert "site:USE" not in controls


def test_an_owner_is_all_that_it_owns_and_a_member_a_part_of_its_tier(mag9):
    owners = {"S_MY": "Lynas", "M_AU": "Lynas", "S_US": "Lynas", "G_JP": "several", "USE": "Users"}
    net = mag9
    for table in ("nodes", "projects"):
        rows = getattr(mag9, table)
        net = net.with_table(table, rows.assign(owner=rows["id"].map(owners)))
    controls = {control.id: control for control in controls_of(net)}
    assert [name for name in controls if name.startswith("owner:")] == ["owner:Lynas"]
    lynas = controls["owner:Lynas"]
    assert lynas.measures_at(True) == []
    gone = [{"kind": "remove", "where": {"owner": "Lynas"}}]
    assert lynas.measures_at(False) == gone
    by_id = [{"kind": "remove", "nodes": ["S_MY", "M_AU", "S_US"]}]
    one, other = (cn.balance(net, cn.Scenario("s", m)).by_tier()["served_tpa"].tolist() for m in (gone, by_id))
    assert one == pytest.approx(other)
    program = LivingProgram(Counting(net), "existing", list(controls.values()), [])
    assert program.prove() < 1e-13

    shared = controls_of(two_users())
    assert [c.id for c in shared if c.kind == "demand"] == [
        "demand:defence",
        "demand:defence:JPN",
        "demand:defence:USA",
    ]
    japan = next(c for c in shared if c.id == "demand:defence:JPN")
    assert japan.measures_at(0.5) == [{"kind": "demand", "tier": "defence", "where": {"country": "JPN"}, "share": 0.5}]
    assert not any(c.is_part for c in controls.values())  # a tier of one member


def test_an_export_whose_baseline_is_not_known_is_off_or_on_alone(mag9):
    edges = mag9.edges.copy()
    edges.loc[(edges["source"] == "S_CN") & (edges["target"] == "G_JP"), "flow_tpa"] = np.nan
    graded = {control.id: control.graded for control in controls_of(mag9.with_table("edges", edges))}
    assert "export:CHN:separation" not in graded
    assert graded["export:AUS:mining"]


@pytest.mark.long
def test_the_page_is_one_file_with_a_policy_and_the_same_bytes(mag9, written, tmp_path):
    text = written(mag9).read_text(encoding="utf-8")
    assert cn.draw(mag9, path=tmp_path / "again.html", live=True).read_text(encoding="utf-8") == text
    assert len(text.encode()) < 3_000_000
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert "script-src 'sha256-" in policy
    assert "unsafe-inline'; img" in policy  # styles alone
    assert not re.search(r'(?:src|href)="(?!#)', text)


@pytest.mark.documents
def test_a_report_brings_a_living_page_of_its_own_scenarios_and_of_whom_it_counts(written, tmp_path):
    users = two_users(beneficiaries=["USA"], year=2024)
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": ["m"]}], label="The mine stops")
    asked = cn.assess(users, [stop], beneficiaries=["JPN"], months=12, draws=0)
    made = cn.report(asked, tmp_path, ["xlsx"], live=True, marking="TRIAL")
    assert [path.name for path in made] == ["live.html", "report.xlsx"]
    text = made[0].read_text(encoding="utf-8")
    assert '<option value="stop">The mine stops</option>' in text
    assert "TRIAL" in text
    packed = re.search(r'id="block-data">([^<]*)<', text).group(1)
    data = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert (data["whose"], data["asks"]) == ("Japan", " --beneficiaries JPN")


# -- refusals ---------------------------------------------------------------------------------------------


def test_live_takes_no_result_no_other_view_and_no_unknown_scenario(mag9, written, tmp_path):
    write = partial(cn.draw, mag9, path=tmp_path / "p.html", live=True)
    with pytest.raises(cn.DataError, match="takes no result"):
        write(cn.balance(mag9))
    with pytest.raises(cn.DataError, match="no other view"):
        write(view="sankey")
    with pytest.raises(cn.DataError, match="no other view"):
        cn.draw(mag9, path=tmp_path / "p.png", live=True)
    with pytest.raises(cn.DataError, match=r'unknown shipped scenario of .* "china_in"'):
        write(scenario="china_in")
    with pytest.raises(cn.DataError, match="demand table"):
        cn.draw(cn.Network.from_edges(mag9.edges[["source", "target"]]), path=tmp_path / "p.html", live=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_preset_by_tier_that_is_too_large_is_no_start_and_is_named_as_left_out(written, monkeypatch, tmp_path):
    network = cn.read("gallium")
    monkeypatch.setattr(page_module, "_MOST_COLUMNS", 900)
    with pytest.raises(cn.DataError, match="by tier or origin needs more than 900 unknowns"):
        cn.draw(network, path=tmp_path / "never.html", live=True, scenario="china_military_bar")
    file = cn.draw(network, path=tmp_path / "without.html", live=True)
    text = file.read_text(encoding="utf-8")
    assert 'value="china_export_stop"' in text
    assert 'value="china_military_bar"' not in text
    assert re.search(r"<li>[^<]*: its rule by tier or origin needs [0-9]+ unknowns", text)


@pytest.mark.long
def test_the_command_line_writes_a_page_and_refuses_what_it_cannot_hold(written, tmp_path):
    from typer.testing import CliRunner

    from chainnet.cli.app import app

    file = tmp_path / "p.html"
    told = CliRunner().invoke(app, ["draw", "mag-9", "--live", "--scenario", "china_out", "--out", str(file)])
    assert (told.exit_code, told.stdout.strip()) == (0, str(file))
    assert '<option value="china_out" selected>' in file.read_text(encoding="utf-8")
    months = CliRunner().invoke(app, ["draw", "mag-9", "--live", "--months", "24", "--out", str(tmp_path / "q.html")])
    assert "24 months of its own" in str(months.exception)
    assert not (tmp_path / "q.html").exists()


@pytest.mark.slow
def test_one_command_writes_an_example_of_every_chain(written, monkeypatch, tmp_path):
    from typer.testing import CliRunner

    import chainnet.io
    from chainnet.cli.app import app

    monkeypatch.setattr(chainnet.io, "catalog", partial(lambda all_of_them: all_of_them.loc[["mag-9"]], cn.catalog()))
    told = CliRunner().invoke(app, ["draw", "--live", "--examples", str(tmp_path / "pages")])
    assert (told.exit_code, told.stdout.strip()) == (0, str(tmp_path / "pages" / "mag-9-live.html"))
    assert cn.catalog().index.tolist() == sorted(CHAINS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "GRAPH is missing. Name a graph or its path, or give --live --examples FOLDER."),
        (["--live"], "GRAPH is missing"),
        (["--examples", "pages"], "as it stands. Add --live."),
        (["mag-9", "--live", "--examples", "pages"], "as it stands. Leave out mag-9."),
        (
            ["--live", "--examples", "pages", "--scenario", "china_out", "--months", "3"],
            "Leave out --scenario, --months.",
        ),
    ],
)
def test_a_page_of_every_chain_takes_no_graph_and_nothing_that_it_would_ignore(words, message, monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from chainnet.cli.app import app

    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, ["draw", *words])
    assert told.exit_code == 1
    assert message in str(told.exception)
    assert not list(tmp_path.iterdir())


def test_engine_is_no_command():
    from chainnet.cli.common import COMMANDS

    assert "engine" not in COMMANDS
