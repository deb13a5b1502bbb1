"""Scenarios, portfolios and chains as columns: each answers as it does alone, at its range of who is served first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.reporting import comparison_markdown, comparison_page

SETS: dict[str, list[str]] = {"nothing": [], "pair": ["H_US", "G_US"]}


def shared(name: str = "shared", capacity: float = 10.0, **more: Any) -> cn.Network:
    """A maker of 10 t for the United States, who ask for 6 t of defence, and Japan, who ask for 8 t."""
    nodes = pd.DataFrame(
        {
            "id": ["maker", "us", "jp"],
            "label": ["The maker", "US users", "Japanese users"],
            "stage": ["mine", "end_use", "end_use"],
            "country": ["AUS", "USA", "JPN"],
            "capacity_tpa": [capacity, None, None],
        }
    )
    edges = pd.DataFrame({"source": ["maker", "maker"], "target": ["us", "jp"], "flow_tpa": [5.0, 5.0]})
    demand = pd.DataFrame({"node": ["us", "jp"], "tier": ["defence", "defence"], "demand_tpa": [6.0, 8.0]})
    return cn.Network(nodes, edges, demand=demand, name=name, beneficiaries=["USA"], **more)


def half() -> cn.Scenario:
    return cn.Scenario(
        "half", measures=[{"kind": "scale", "where": {"id": "maker"}, "share": 0.5}], label="Half is left"
    )


def at(found: Any, tier: str, figure: str, order: str = "either") -> dict[str, float]:
    rows = found.side.query(f"tier == '{tier}' and figure == '{figure}' and order == '{order}'")
    assert len(rows) == 1, (tier, figure, order)
    return {str(name): float(value) for name, value in rows.iloc[0].drop(["tier", "figure", "order"]).items()}


def test_both_ends_stand_where_they_differ_and_once_where_they_do_not() -> None:
    found = cn.compare(shared(), scenarios=["baseline", half()], months=12)
    # of 10 t the others may take 8 first; of 5 t all
    assert at(found, "defence", "shortfall_tpa", "law") == pytest.approx({"baseline": 0.0, "half": 1.0})
    assert at(found, "defence", "shortfall_tpa", "allies_last") == pytest.approx({"baseline": 4.0, "half": 6.0})
    assert at(found, "defence", "shortfall_share", "allies_last")["half"] == pytest.approx(1.0)
    assert at(found, "defence", "demand_tpa") == {"baseline": 6.0, "half": 6.0}
    assert at(found, "defence", "first_short_month", "allies_last") == {"baseline": 1.0, "half": 1.0}
    assert np.isnan(at(found, "defence", "first_short_month", "law")["baseline"])
    assert "first short month, served by law and contract | not in 12 months | month 1 |" in comparison_markdown(found)
    # where nothing is served nothing can be lost
    assert np.isnan(at(found, "defence", "largest_loss_share", "allies_last")["half"])
    assert found.words == ('"half" leaves the largest part of defence short, whoever is served first.',)


def test_a_rank_that_hangs_on_who_is_first_says_so() -> None:
    rich = shared("rich", 8.0)
    poor = cn.Network(
        pd.DataFrame(
            {"id": ["m", "us"], "stage": ["mine", "end_use"], "country": ["AUS", "USA"], "capacity_tpa": [5, None]}
        ),
        pd.DataFrame({"source": ["m"], "target": ["us"], "flow_tpa": [5.0]}),
        demand=pd.DataFrame({"node": ["us"], "tier": ["defence"], "demand_tpa": [6.0]}),
        name="poor",
        beneficiaries=["USA"],
    )
    found = cn.compare([rich, poor], months=0)
    assert at(found, "defence", "shortfall_share", "law") == pytest.approx({"rich": 0.0, "poor": 1 / 6})
    assert at(found, "defence", "shortfall_share", "allies_last") == pytest.approx({"rich": 1.0, "poor": 1 / 6})
    (said,) = found.words
    assert "depends on who is served first" in said
    assert 'Served by law and contract: "poor" leaves' in said
    assert 'allies served last: "rich" leaves' in said


@pytest.mark.long
# of 10 t we ask for 6, the others for 8; alike between 2 and 6 of them are ours
@pytest.mark.parametrize(("order", "short"), [("law", 0.0), ("allies_first", 0.0), ("alike", 2.0), ("stages", 4.0)])
def test_the_order_that_is_asked_stands_beside_the_stress_test(order: str, short: float) -> None:
    table = pd.DataFrame({"stage": [1, 2], "country": ["JPN", "USA"]})
    found = cn.compare(shared(), scenarios=["baseline", half()], months=12, order=table if order == "stages" else order)
    assert found.provenance["settings"].get("order", "allies_first") == order
    last = {"baseline": 4.0, "half": 6.0}
    if order == "stages":  # a table that says the same as the stress test
        assert at(found, "defence", "shortfall_tpa") == pytest.approx(last)
        assert found.words[0].endswith("whoever is served first.")
        return
    assert at(found, "defence", "shortfall_tpa", order)["baseline"] == pytest.approx(short)
    assert at(found, "defence", "shortfall_tpa", "allies_last") == pytest.approx(last)


def test_allies_last_alone_is_no_stress_test_beside_itself() -> None:
    found = cn.compare(shared(), scenarios=["baseline", half()], months=0, order="allies_last")
    assert set(found.side["order"]) == {"allies_last"}
    assert found.words == ('"half" leaves the largest part of defence short, with allies served last.',)
    assert "Defence short, allies served last |" in comparison_markdown(found)


def test_columns_of_two_orders_are_compared_with_allies_first() -> None:
    lawless = shared("lawless", service=pd.DataFrame({"country": ["USA"], "instrument": ["plan"], "binding": ["none"]}))
    found = cn.compare([shared(), lawless], months=0)
    assert set(found.side["order"]) == {"allies_first", "allies_last", "either"}
    assert at(
        cn.compare([shared(), lawless], months=0, order="law"), "defence", "shortfall_tpa", "law"
    ) == pytest.approx({"shared": 0.0, "lawless": 2.0})


def test_scenarios_say_what_each_says_alone(mag9: cn.Network) -> None:
    found = cn.compare(mag9, months=12)
    assert list(found.columns.index) == ["baseline", "china_out"]
    alone = cn.stress_test(mag9, months=12).summary
    for name, scenario in (("baseline", "baseline"), ("china_out", "china_out")):
        for tier in ("defence", "industrial", "civilian"):
            assert at(found, tier, "shortfall_tpa")[name] == pytest.approx(alone.loc[(scenario, tier), "shortfall_tpa"])
            first = at(found, tier, "first_short_month")[name]
            assert first == pytest.approx(alone.loc[(scenario, tier), "first_short_month"], nan_ok=True)
    assert found.words[0] == "No column leaves defence short, whoever is served first."
    assert found.words[1].startswith('"china_out" leaves the largest part of industrial short')


def test_portfolios_stand_under_the_worst_scenario_and_name_their_cost(mag9: cn.Network) -> None:
    found = cn.compare(mag9, portfolios=SETS, months=0)
    assert found.columns["scenario"].tolist() == ["china_out", "china_out"]
    assert found.columns["capex_musd"].tolist() == [0.0, 130.0]
    # the pair returns 20 of the 40 t that are short
    short = {tier: at(found, tier, "shortfall_tpa") for tier in ("industrial", "civilian")}
    assert sum(row["nothing"] for row in short.values()) == pytest.approx(40.0)
    assert sum(row["pair"] for row in short.values()) == pytest.approx(20.0)
    assert found.side.query("figure == 'first_short_month'")[list(SETS)].isna().all(axis=None)
    calm = cn.compare(mag9, scenario="baseline", portfolios=SETS, months=0)
    assert at(calm, "civilian", "shortfall_tpa") == {"nothing": 0.0, "pair": 0.0}


def test_a_project_without_a_cost_makes_the_sum_unknown(mag9: cn.Network) -> None:
    free = mag9.with_table("projects", mag9.projects.assign(capex_musd=[80.0, None, 100.0]))
    found = cn.compare(free, portfolios=SETS, months=0)
    assert np.isnan(found.columns.loc["pair", "capex_musd"])
    assert "| Their capital cost | USD 0 million | n/d |" in comparison_markdown(found)


def test_chains_each_stand_under_their_own_worst_scenario(mag9: cn.Network) -> None:
    found = cn.compare([mag9, shared()], months=0)
    assert found.columns["scenario"].tolist() == ["china_out", "baseline"]
    assert found.columns["unit"].tolist() == ["t/yr finished magnets", "t/yr"]
    # a chain without a tier says so
    assert np.isnan(at(found, "civilian", "shortfall_share")["shared"])
    assert "| Civilian short | 100 % (30 t/yr) | n/a |" in comparison_markdown(found)


def test_two_networks_keep_their_causes(mag9: cn.Network) -> None:
    found = cn.compare(mag9, mag9.scale({"id": "G_JP"}, 0.5))
    assert found.rows.loc[0, "key"] == "G_JP"
    assert not found.causes.empty


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"portfolios": {"a": ["FOO"], "b": []}}, '"a": unknown project of mag-9 "FOO"'),
        ({"portfolios": {"a": []}}, "one column alone"),
        ({"portfolios": {"tier": [], "b": []}}, 'cannot be called "tier"'),
        ({"portfolios": ["a"]}, "mapping"),
        ({"portfolios": SETS, "scenarios": ["china_out"]}, "give scenario="),
        ({"scenarios": ["china_oot", "baseline"]}, 'did you mean "china_out"'),
        ({"scenarios": ["china_out", "china_out"]}, "two columns"),
        ({"scenario": "china_out"}, "name the columns"),
        ({"months": -1}, "months"),
    ],
)
def test_what_cannot_be_compared_says_why(mag9: cn.Network, asked: Any, said: str) -> None:
    with pytest.raises(cn.DataError, match=said):
        cn.compare(mag9, **asked)


def test_what_goes_with_another_question_says_so(mag9: cn.Network) -> None:
    with pytest.raises(cn.DataError, match="leave the second one out"):
        cn.compare(mag9, mag9, portfolios=SETS)  # type: ignore[call-overload]
    with pytest.raises(cn.DataError, match="not a list"):
        cn.compare([mag9, shared()], scenarios=["baseline"])
    with pytest.raises(cn.DataError, match="two columns bear the name"):
        cn.compare([mag9, mag9], months=0, scenario="baseline")
    with pytest.raises(cn.DataError, match="no demand table"):
        cn.compare([mag9, mag9.with_table("demand", mag9.demand.iloc[:0])])


def test_a_page_and_a_table_escape_what_comes_from_the_data() -> None:
    evil = '<img src=x onerror="x()">|*a*'
    network = shared(label=evil).with_table("nodes", shared().nodes.assign(label=evil))
    found = cn.compare(network, portfolios={evil: [], "b": []}, months=0)
    page, text = comparison_page(found), comparison_markdown(found)
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {4}
    assert "<img" not in text.replace("\\<img", "")
    assert comparison_page(found) == page


def run(*words: str, fails: int = 0) -> str:
    done = CliRunner().invoke(app, ["compare", *words])
    assert done.exit_code == fails, done.output
    return done.output if not fails else str(done.exception or done.output)


@pytest.mark.slow
def test_the_command_line_writes_each_form(tmp_path: Path) -> None:
    asked = ["mag-9", "--portfolio", "nothing=", "--portfolio", "pair=H_US, G_US", "--months", "0"]
    for suffix in ("html", "md", "csv", "json", "txt"):
        run(*asked, "--out", str(tmp_path / f"c.{suffix}"))
    found = cn.compare(cn.read("mag-9"), portfolios=SETS, months=0)
    assert (tmp_path / "c.html").read_text(encoding="utf-8") == comparison_page(found)
    assert (tmp_path / "c.md").read_text(encoding="utf-8") == comparison_markdown(found)
    assert (tmp_path / "c.csv").read_text(encoding="utf-8").startswith("tier,figure,order,nothing,pair")
    told = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert set(told["tables"]) == {"side", "columns", "answers"}
    assert (tmp_path / "c.txt").read_text(encoding="utf-8").startswith("1: No column leaves defence short")


def test_the_command_line_says_what_goes_with_what() -> None:
    assert "before" not in run("mag-9", "--months", "0", "--scenario", "china_out", "--scenario", "baseline")
    two = CliRunner().invoke(app, ["compare", "mag-9", "mag-9"])
    assert "The inputs are the same." in two.output
    for words, said in (
        (["mag-9", "mag-9", "--format", "html"], "--side-by-side"),
        (["mag-9", "mag-9", "--portfolio", "a="], "columns of one graph"),
        (["mag-9", "gallium", "germanium", "--portfolio", "a="], "columns of one graph"),
        (["mag-9", "--portfolio", "a", "--portfolio", "b="], "NAME=ID,ID"),
        (["mag-9", "--portfolio", "a=", "--portfolio", "a="], "named twice"),
    ):
        done = CliRunner().invoke(app, ["compare", *words])
        assert isinstance(done.exception, cn.DataError), words
        assert said in str(done.exception)
