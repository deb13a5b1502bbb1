"""The overview: a row a chain, each number against the question that it comes from."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import line, two_tier

import chainnet as cn
from chainnet.assessment import Answers, Finding, first_rows, is_made_up, is_met, spoken_of
from chainnet.assessment._closing import closing, conditions, to_everyone
from chainnet.assessment._overview import COLUMNS, _Chain
from chainnet.cli import main
from chainnet.doubt import class_assumptions
from chainnet.errors import DataError
from chainnet.flow import Counting
from chainnet.reporting import overview_markdown, overview_page, overview_sentences
from chainnet.results import CHECKED
from chainnet.stress import due_by_month, first_year
from chainnet.words import NBSP

ROOT = Path(__file__).parents[2]
REAL = ("antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten")
CONTRACT = ["chain", "as_of", "scenario", "state", "tier", "first_year_share", "later_share", "due_low_share"]
CONTRACT += ["due_high_share", "first_month", "bottleneck_step", "bottleneck_country", "decides"]
NOTHING = cn.Scenario("nothing")


@pytest.fixture(scope="module")
def details() -> pd.DataFrame:
    return cn.overview("mag-9", details=True)


def said(row: pd.Series, **cells: Any) -> str:
    """The one sentence of a table of one row, with some cells otherwise; no-break spaces aside."""
    table = pd.DataFrame([{**row.to_dict(), **cells}])
    (sentence,) = overview_sentences(table).values()
    return sentence.replace(NBSP, " ")


# -- the teaching chain --------------------------------------------------------------------------------


def test_a_row_a_chain_with_the_same_columns(details: pd.DataFrame) -> None:
    table = first_rows(details)
    assert list(table.columns) == CONTRACT == COLUMNS
    assert len(table) == 1
    assert details.groupby("chain")["tier"].apply(list).tolist() == [["defence", "industrial", "civilian"]]
    row = table.iloc[0]
    # defence is met in the central case, but one plant alone decides: so it is spoken of
    assert row[["chain", "as_of", "scenario", "state", "tier"]].tolist() == ["mag-9", "", "china_out", "", "defence"]
    assert np.isnan(row["first_month"])
    assert details["closed_by"].tolist() == ["not short", "all listed projects", "nothing listed"]
    assert set(details["assumed_share"]) == {1.0}


def test_details_are_what_the_questions_say(mag9: cn.Network, china_out: cn.Scenario, details: pd.DataFrame) -> None:
    by_tier, counting = details.set_index("tier"), Counting.of(mag9, order=None)
    found = cn.key_assumptions(mag9, china_out, max_set=0)
    shown = ["already_share", "last_share", "low_by", "high_by"]
    pd.testing.assert_frame_equal(by_tier[shown], found.range[shown], check_names=False)
    pairs = {"later_share": "central_share", "due_low_share": "low_share", "due_high_share": "high_share"}
    for mine, theirs in pairs.items():
        assert by_tier[mine].to_dict() == found.range[theirs].to_dict()
    assert by_tier["class"].to_dict() == found.central["class"].to_dict()
    for tier, row in by_tier.iterrows():
        of = found.of(str(tier))
        assert (row["certain"], row["decides"]) == (of.certain, "; ".join(of.decides))
        assert row["decides_first"] == next(iter(of.decides), "")
    year = first_year(due_by_month(counting, china_out))
    assert by_tier["first_year_share"].to_dict() == year["due_share"].to_dict()
    assert by_tier["first_month"].fillna(0).to_dict() == year["first_month"].fillna(0).to_dict()
    assert by_tier["first_year_share"].nunique() == 3, "three tiers, three numbers"
    for tier in ("industrial", "civilian"):
        first = Finding(Answers(counting), china_out, tier).bottleneck
        assert by_tier.loc[tier, ["bottleneck_step", "bottleneck_country"]].tolist() == [
            first["step"],
            first["country"],
        ]
    made = mag9.baseline[["H_CN", "H_BR"]]
    assert by_tier.loc["civilian", "bottleneck_share"] == pytest.approx(made["H_CN"] / made.sum())


@pytest.mark.long
def test_the_class_alone_is_found_as_with_all_else(mag9: cn.Network, china_out: cn.Scenario) -> None:
    demand = mag9.demand
    more = mag9.with_demand(demand.assign(demand_tpa=1.2 * demand["demand_tpa"]))
    for net in (mag9, more):
        brief = class_assumptions(Counting.of(net, order=None), china_out)
        full = cn.key_assumptions(net, china_out, max_set=0)
        pd.testing.assert_frame_equal(brief.central, full.central)
        pd.testing.assert_frame_equal(
            brief.range.drop(columns=["low_by", "high_by"]),
            full.range[brief.range.columns].drop(columns=["low_by", "high_by"]),
        )
        for tier in full.central.index:
            one, other = brief.of(tier), full.of(tier)
            assert (one.certain, one.decides) == (other.certain, other.decides)
        assert brief.n_solved < full.n_solved


def test_without_a_measure_nothing_is_due(mag9: cn.Network) -> None:
    demand = mag9.demand
    more = mag9.with_demand(demand.assign(demand_tpa=3.0 * demand["demand_tpa"]))
    attributable(more)
    calm = class_assumptions(Counting.of(more, order=None), NOTHING).range["already_share"]
    assert calm.max() > 0.0, "what is asked for is more than the chain can make"
    short = cn.balance(more, reroute="new").by_tier()
    assert calm.to_dict() == pytest.approx((short["shortfall_tpa"] / short["demand_tpa"]).to_dict(), abs=1e-9)


def attributable(network: cn.Network) -> None:
    """To a scenario without measures nothing is due, later or in the first year, whatever is judged."""
    counting = Counting.of(network, order=None)
    found = class_assumptions(counting, NOTHING).range
    assert (found[["low_share", "central_share", "high_share"]] == 0.0).all(axis=None)
    year = first_year(due_by_month(counting, NOTHING))
    assert (year["due_share"] == 0.0).all()
    assert year["first_month"].isna().all()


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    ["gallium", *(pytest.param(n, marks=pytest.mark.slow) for n in REAL if n != "gallium")],
)
def test_without_a_measure_nothing_is_due_on_a_real_chain(name: str) -> None:
    attributable(cn.read(name))


def test_the_call_without_details_gives_the_first_rows(mag9: cn.Network, details: pd.DataFrame) -> None:
    table = cn.overview([mag9])
    pd.testing.assert_frame_equal(table, first_rows(details), check_exact=True)
    book = cn.codebook(details).set_index("column")
    assert book.loc["later_share", ["unit", "status"]].tolist() == ["share, 0 to 1", CHECKED]
    assert table.attrs["provenance"]["settings"]["chains"] == [{"graph": "mag-9", "digest": mag9.digest, "next": ""}]


def test_the_month_is_counted_from_the_first_measure_and_the_first_year_is_the_first_year(mag9: cn.Network) -> None:
    counting = Counting.of(mag9, order=None)
    late = cn.Scenario("late", [{"kind": "remove", "where": {"country": "CHN"}, "start_month": 7}])
    assert first_year(due_by_month(counting, late))["first_month"].fillna(0.0).tolist() == [0.0, 1.0, 1.0]
    assert first_year(due_by_month(counting, None))["first_month"].isna().all()
    # a plant's loss, and half a year after the first year all of China's
    two = [{"kind": "remove", "nodes": ["H_BR"]}, {"kind": "remove", "where": {"country": "CHN"}, "start_month": 18}]
    short, far = (first_year(due_by_month(counting, cn.Scenario("two", two), months)) for months in (12, 24))
    assert short["due_share"].to_dict() == pytest.approx(far["due_share"].to_dict()), "the first year is the first year"
    # after it the months stand in half-years, which end where a measure begins
    assert far["first_month"].tolist()[2] == 19.0
    assert np.isnan(short["first_month"].tolist()[2])


def test_measures_of_other_times_are_told_once(tmp_path: Path, mag9: cn.Network) -> None:
    folder = cn.write(mag9, tmp_path / "mag-9")
    (folder / "scenarios").mkdir()
    text = cn.Scenario("late", [{"kind": "remove", "where": {"country": "CHN"}, "start": "2050-01"}]).to_toml()
    (folder / "scenarios" / "late.toml").write_text(text, encoding="utf-8")
    with pytest.warns(cn.ChainnetWarning, match="late") as told:
        row = cn.overview(str(folder)).iloc[0]
    assert len(told) == 1
    assert np.isnan(row["first_month"])


def test_a_chain_without_scenarios_is_asked_what_the_stop_of_its_bottleneck_does() -> None:
    net = two_tier()
    table = cn.overview(net, details=True)
    assert set(table["restriction"]) == {"worst"}
    assert set(table["scenario"]) == {"bottleneck_stops"}
    lost = cn.chokepoints(net, "stage+country", tier="defence")["lost_tpa"].drop("end_use", errors="ignore")
    narrow = dict(zip(("step", "country"), lost.idxmax(), strict=True))
    stop = Answers(Counting.of(net)).worst
    assert stop is not None
    assert stop.measures[0]["where"] == {"stage": narrow["step"], "country": narrow["country"]}
    assert set(table["scenario_label"]) == {stop.label}


# -- its parts -----------------------------------------------------------------------------------------


def test_the_fewest_projects_that_close_a_gap_and_from_when(mag9: cn.Network, china_out: cn.Scenario) -> None:
    demand = mag9.demand
    hard = mag9.with_demand(demand[demand["tier"] == "defence"].assign(demand_tpa=28.0))
    projects = hard.projects
    projects["start_year"] = [{"G_US": 2027, "H_US": 2029, "S_US": 2026}[name] for name in projects["id"]]
    hard = hard.with_table("projects", projects)
    central = cn.key_assumptions(hard, china_out).central.iloc[0]
    assert "G_US" not in central["closed_by"].split(";")
    found = closing(Counting.of(hard), china_out, central, 0)
    labels = hard.projects.set_index("id")["label"]
    assert sorted(found.words.split(" and ")) == sorted([labels["G_US"], labels["H_US"]])
    assert found.year == 2029.0
    # by themselves they do not, and what stands sooner is not enough
    for ids, short in ((["H_US"], True), (["G_US"], True), (["G_US", "H_US"], False)):
        built = cn.Scenario("b", [*china_out.measures, {"kind": "build", "projects": ids}])
        assert bool(cn.balance(hard, built, "new").by_tier()["shortfall_tpa"].sum() > 1e-6) is short


def test_what_is_in_force_stands_first_then_what_may_return(monkeypatch: pytest.MonkeyPatch, mag9: cn.Network) -> None:
    one = {"kind": "remove", "nodes": ["G_CN"]}
    all_of_it = [one, {"kind": "remove", "nodes": ["H_CN"]}]

    def rules(_network: cn.Network, *, returns: bool = False) -> cn.Scenario:
        return cn.Scenario("in_force_returns", all_of_it) if returns else cn.Scenario("in_force", [one])

    monkeypatch.setattr("chainnet.assessment._overview.in_force", rules)
    table = cn.overview(mag9, details=True)
    assert table["restriction"].tolist() == ["in force"] * 3 + ["may return"] * 3 + ["worst"] * 3
    assert table["state"].tolist() == ["in force"] * 3 + ["may return"] * 3 + [""] * 3
    now = cn.key_assumptions(mag9, rules(mag9), max_set=0).range["central_share"]
    assert table["later_share"].tolist()[:3] == pytest.approx(now.tolist(), abs=1e-9)
    assert first_rows(table)["scenario"].tolist() == ["china_out"]
    assert list(overview_sentences(table)) == ["mag-9, in force", "mag-9, may return", "mag-9, worst"]
    # where the same rules are all that may return, they are not told twice
    monkeypatch.setattr("chainnet.assessment._overview.in_force", lambda _net, **_: cn.Scenario("in_force", [one]))
    assert [name for name, _ in _Chain(mag9, None)._asked()] == ["in force", "worst"]
    monkeypatch.setattr("chainnet.assessment._overview.in_force", lambda _net, **_: NOTHING)
    assert [name for name, _ in _Chain(mag9, None)._asked()] == ["worst"]


def test_a_worst_that_leaves_all_met_is_the_row_of_the_first_tier(mag9: cn.Network, details: pd.DataFrame) -> None:
    met = details.assign(later_share=0.004, first_year_share=0.0, due_high_share=0.0, certain=True)
    assert first_rows(met)["tier"].tolist() == ["defence"]
    assert said(met.iloc[0], decides_first="").endswith("defence demand is met. Nothing alone changes that.")
    assert "<b>met</b>" in overview_page(met)
    # not met in the first year alone, or not to be said: that tier is spoken of
    for cells in ({"first_year_share": [0.0, 0.0, 0.3]}, {"certain": [True, True, False]}):
        other = met.assign(**cells)
        assert spoken_of(other)["tier"] == "civilian"
        assert [is_met(row) for _, row in other.iterrows()] == [True, True, False]
        assert first_rows(other)["tier"].tolist() == ["civilian"]


def test_the_sentence_names_a_number_a_range_and_what_decides(details: pd.DataFrame) -> None:
    row = details.iloc[1]
    shares = {"first_year_share": 0.0, "later_share": 0.3, "due_low_share": 0.25, "due_high_share": 0.9}
    more = {"label": "Magnets", "scenario_label": "China stops", "decides_first": "without Kuantan", "certain": True}
    start, end = "Magnets, at worst (China stops): ", " What decides: without Kuantan."
    row = pd.Series({**row.to_dict(), **shares, **more})
    later = "30 % of industrial demand is short once stocks are gone (25 to 90 %), "
    assert said(row) == f"{start}{later}nothing in the first year.{end}"
    assert said(row, first_year_share=0.12) == f"{start}{later}12 % in the first year.{end}"
    early = (
        "12 % of industrial demand is short in the first year, nothing once new suppliers are qualified (0 to 20 %)."
    )
    assert (
        said(row, first_year_share=0.12, later_share=0.0, due_low_share=0.0, due_high_share=0.2) == start + early + end
    )
    unknown = "how much of industrial demand is short once stocks are gone cannot be said (25 to 90 %)"
    assert said(row, certain=False) == f"{start}{unknown}, nothing is short in the first year.{end}"
    assert "(25 to 90 %), nothing in the first year. 40 % is short without any restriction." in said(
        row, already_share=0.4
    )
    assert said(row, restriction="in force").startswith("Magnets, under the rules in force: 30 %")
    assert said(row, restriction="may return").startswith("Magnets, if the suspended rules apply again too: 30 %")


def test_what_decides_is_in_words(mag9: cn.Network, china_out: cn.Scenario, details: pd.DataFrame) -> None:
    assert details["decides"].tolist()[0].startswith("without Magnet plant in Japan; ")
    assert not [name for name in mag9.nodes["id"] if name in " ".join(details["decides"])]
    table = cn.key_assumptions(mag9, china_out, max_set=0).table
    relations = table.loc[table["kind"] == "relation", "label"]
    assert not relations.str.contains("CHN|BRA|_").any()
    assert relations.str.contains(" in China").any()


def test_made_up_chains_are_left_out_by_their_data(graphs: dict[str, cn.Network]) -> None:
    assert sorted(name for name, net in graphs.items() if not is_made_up(net)) == list(REAL)


def test_what_cannot_be_asked_says_so(mag9: cn.Network) -> None:
    with pytest.raises(DataError, match="Give each once"):
        cn.overview([mag9, "mag-9"])
    with pytest.raises(DataError, match="no graph is given"):
        cn.overview([])
    with pytest.raises(DataError, match="no demand table"):
        cn.overview(line())
    with pytest.raises(DataError, match="order"):
        cn.overview(mag9, order="nobody")  # type: ignore[arg-type]


# -- pages ---------------------------------------------------------------------------------------------


def test_a_page_and_a_table_escape_what_comes_from_the_data(details: pd.DataFrame) -> None:
    evil = details.assign(
        chain='<img src=x onerror="x()">',
        label="<b>bold</b>",
        scenario_label="a | b\n](http://x) <script>",
        decides="*x* `y` &lt;![i]",
        decides_first="<script>*x*",
    )
    evil.attrs = {}
    page, text = overview_page(evil), overview_markdown(evil)
    assert "<img" not in page
    assert "<script" not in page
    assert "<b>bold" not in page
    assert "&lt;img src=x" in page
    sentences, rows, _ = text.split("\n\n")
    assert len(sentences.splitlines()) == 1
    assert len(rows.splitlines()) == 3
    assert all(line.replace("\\|", "").count("|") == 11 for line in rows.splitlines())
    assert "\\<b\\>bold" in sentences
    assert "\\<script\\>" in sentences
    assert "a \\| b \\](http" in rows
    assert "\\&lt;" in rows


def test_the_next_rule_is_named(details: pd.DataFrame) -> None:
    soon = details.copy()
    chain = {"graph": "mag-9", "digest": "abc", "next": "A rule (a_rule): begins on 2027-01-01."}
    soon.attrs = {"provenance": {"settings": {"chains": [chain]}}}
    for text in (overview_page(soon), overview_markdown(soon).replace("\\", "")):
        assert "Next for mag-9: A rule (a_rule): begins on 2027-01-01." in text


def test_the_same_table_gives_the_same_bytes_and_the_strip_its_places(details: pd.DataFrame) -> None:
    # defence: nothing in the first year, a quarter later, between 0 and 50 %, all of it if served last
    wide = details.assign(
        later_share=[0.25, 0.625, 1.0],
        due_high_share=[0.5, 1.0, 1.0],
        last_share=[1.0, np.nan, np.nan],
        certain=True,
        already_share=[0.0, 0.2, 0.0],
    )
    page = overview_page(wide)
    assert page == overview_page(wide.copy())
    assert "http" not in page.replace("http-equiv", "")
    assert f"<b>0{NBSP}%, 25{NBSP}%</b>(0 to 50{NBSP}%; 100{NBSP}% if last)" in page.replace("</b> (", "</b>(")
    assert f"(63 to 100{NBSP}%; 20{NBSP}% already)" in page
    assert '<rect class="bar" x="0.0" y="3.0" width="66.0" height="6"/>' in page
    assert '<rect class="tick" x="32.0" y="0" width="2" height="12"/>' in page
    assert '<rect class="tick" x="0.0" y="0" width="2" height="6.0"/>' in page
    # a stress test inside the range says nothing more
    assert "% if last" not in overview_page(wide.assign(last_share=[0.3, np.nan, np.nan]))
    assert "0 %, cannot be said (0 to 50 %; 100 % if last)" in overview_markdown(wide.assign(certain=False))


@pytest.fixture
def run(details: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the program in this process; what it asks is answered already."""
    monkeypatch.setattr("chainnet.assessment.overview", lambda *_, **__: details.copy())

    def call(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["chainnet", "overview", "mag-9", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        return int(stop.value.code or 0)

    return call


def test_the_command_line_writes_each_form(
    run: Callable[..., int], tmp_path: Path, details: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    for suffix in ("html", "md", "csv", "json", "txt"):
        assert run("--out", str(tmp_path / f"o.{suffix}")) == 0
    assert (tmp_path / "o.html").read_text(encoding="utf-8") == overview_page(details)
    assert (tmp_path / "o.md").read_text(encoding="utf-8") == overview_markdown(details)
    document = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert [len(document["tables"][name]) for name in ("overview", "details")] == [1, 3]
    assert (tmp_path / "o.csv").read_text(encoding="utf-8").splitlines()[0] == ",".join(CONTRACT)
    assert (tmp_path / "o.txt").read_text(encoding="utf-8").startswith("mag-9, worst: MAG-9")
    assert document["mag-9, worst"] == overview_sentences(details)["mag-9, worst"]
    capsys.readouterr()
    assert run("--format", "md") == 0
    assert capsys.readouterr().out == overview_markdown(details)
    assert run("--table", "details", "--format", "csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_the_command_line_refuses_what_it_does_not_know(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--out", "o.docx") == 1
    assert 'unknown format ".docx"' in capsys.readouterr().err
    assert run("--format", "html", "--table", "details") == 1
    assert "shows all there is" in capsys.readouterr().err
    assert run("--format", "pdf") == 2


# -- on what new suppliers depend ------------------------------------------------------------------------


def round_trip() -> cn.Network:
    """Ours buy from a maker in China that may also ship to a trader elsewhere, who can ship to us."""
    nodes = [("mine", "mine", "CHN", 20.0), ("trade", "refiner", "VNM", 20.0), ("us", "end_use", "USA", None)]
    nodes += [("cn", "end_use", "CHN", None), ("vn", "end_use", "VNM", None)]
    edges = [("mine", "us", 10.0), ("mine", "cn", 5.0), ("mine", "trade", 5.0), ("trade", "vn", 5.0)]
    demand = [("us", "defence", 10.0), ("cn", "civilian", 5.0), ("vn", "civilian", 5.0)]
    return cn.Network(
        pd.DataFrame(nodes, columns=["id", "stage", "country", "capacity_tpa"]),
        pd.DataFrame(edges, columns=["source", "target", "flow_tpa"]).assign(commodity="metal", capacity_tpa=20.0),
        demand=pd.DataFrame(demand, columns=["node", "tier", "demand_tpa"]).assign(commodity="metal"),
        beneficiaries=["USA"],
        name="round",
    )


def test_new_suppliers_say_on_what_they_depend() -> None:
    net = round_trip()
    stop = {"kind": "restrict", "from": {"country": "CHN"}, "share": 0.0}
    ours = cn.Scenario("ours", [{**stop, "to": {"country": "USA"}}])
    # the goods come round by Vietnam: only while China ships there, and enough for Vietnam's own users too
    assert cn.balance(net, ours, "new").by_tier()["shortfall_tpa"].sum() == pytest.approx(0.0, abs=1e-6)
    assert conditions(Counting.of(net), ours, 0) == ["third countries pass the goods on"]
    everyone = to_everyone(net, ours)
    assert everyone is not None
    assert [one["to"] for one in everyone.measures] == [{"country": ["!CHN"]}], "home trade stays free"
    assert cn.balance(net, everyone, "new").by_tier().loc["defence", "shortfall_tpa"] == pytest.approx(10.0)
    assert to_everyone(net, everyone) is None
    # a finding keeps it beside the advice
    (kept,) = cn.find(net, ours, "defence").advice
    assert (kept.verb, kept.closes, kept.conditions) == ("Qualify", True, ("third countries pass the goods on",))
    # with less to go round, who comes first decides as well
    nodes = net.nodes
    nodes.loc[nodes["id"] == "mine", "capacity_tpa"] = 17.0
    scarce = net.with_table("nodes", nodes)
    assert conditions(Counting.of(scarce), ours, 0) == [
        "allied users are not served last",
        "third countries pass the goods on",
    ]
