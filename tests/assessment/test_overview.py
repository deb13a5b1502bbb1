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
from chainnet.assessment import first_rows, is_made_up
from chainnet.assessment._closing import closing, conditions, to_everyone
from chainnet.assessment._dependencies import dependencies, shortened
from chainnet.assessment._overview import COLUMNS, _Chain
from chainnet.cli import main
from chainnet.errors import DataError
from chainnet.flow import Counting
from chainnet.reporting import overview_markdown, overview_page
from chainnet.results import CHECKED
from chainnet.words import NBSP

ROOT = Path(__file__).parents[2]
REAL = ("antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten")
CONTRACT = [
    "chain",
    "year",
    "scenario",
    "tier",
    "shortfall_low_share",
    "shortfall_share",
    "shortfall_high_share",
    "first_month",
]
CONTRACT += [
    "bottleneck_step",
    "bottleneck_country",
    "bottleneck_share",
    "closed_by",
    "closed_by_year",
    "depends_on",
    "assumed_share",
]


@pytest.fixture(scope="module")
def details() -> pd.DataFrame:
    return cn.overview("mag-9", details=True)


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    """Every shipped chain, in full: some minutes."""
    return cn.overview(details=True)


def shares(network: cn.Network, scenario: cn.Scenario | None, judgement: str) -> pd.Series:
    """The part of each tier's demand that is short under one judgement, by ``balance`` alone."""
    kind, _, variant = judgement.partition(":")
    said: dict[str, Any] = {"reroute": "new"}
    said |= {"order": {"order": variant}, "rerouting": {"reroute": variant}}.get(kind, {})
    if kind == "node":
        network = network.without(nodes=[variant])
    elif kind == "demand":
        demand = network.demand
        network = network.with_demand(demand.assign(demand_tpa=demand[variant].fillna(demand["demand_tpa"])))
    elif kind not in ("order", "rerouting", "central"):
        pytest.skip(f"{judgement} is no argument of balance")
    found = cn.balance(network, scenario, **said).by_tier()
    return found["shortfall_tpa"] / found["demand_tpa"]


# -- the teaching chain --------------------------------------------------------------------------------


def test_a_row_a_chain_with_the_same_columns(details: pd.DataFrame) -> None:
    table = first_rows(details)
    assert list(table.columns) == CONTRACT == COLUMNS
    assert len(table) == 1
    assert details.groupby("chain")["tier"].apply(list).tolist() == [["defence", "industrial", "civilian"]]
    row = table.iloc[0]
    assert row[["chain", "year", "scenario", "tier"]].tolist() == ["mag-9", 2025, "china_out", "defence"]
    assert np.isnan(row["first_month"])
    assert row["closed_by"] == "not short"
    assert row["assumed_share"] == 1.0


def test_details_are_what_the_questions_say(mag9: cn.Network, china_out: cn.Scenario, details: pd.DataFrame) -> None:
    by_tier = details.set_index("tier")
    found = cn.key_assumptions(mag9, china_out)
    # the teaching chain meets all demand without a restriction at its stated demand: the central share is the shortfall
    assert by_tier["shortfall_share"].tolist() == found.central["shortfall_share"].tolist()
    assert by_tier["already_share"].tolist() == [0.0, 0.0, 0.0]
    for tier, row in by_tier.iterrows():
        for end, column in (("low", "least"), ("high", "most")):
            name = row[f"shortfall_{end}_by"]
            with_it, without = (shares(mag9, one, name).loc[tier] for one in (china_out, None))
            assert row[f"shortfall_{end}_share"] == pytest.approx(with_it - without), (tier, end, column)
    months = cn.stress_test(mag9, china_out).summary.loc["china_out", "first_short_month"]
    assert by_tier["first_month"].fillna(0.0).tolist() == months.fillna(0.0).tolist() == [0.0, 1.0, 1.0]
    for tier in ("industrial", "civilian"):
        lost = cn.chokepoints(mag9, "step+country", tier=tier)
        assert lost.index[0] == tuple(by_tier.loc[tier, ["bottleneck_step", "bottleneck_country"]])
    made = mag9.baseline[["H_CN", "H_BR"]]
    assert by_tier.loc["civilian", "bottleneck_share"] == pytest.approx(made["H_CN"] / made.sum())
    assert by_tier.loc["industrial", "closed_by"] == "all listed projects"
    assert by_tier.loc["civilian", "closed_by"] == "nothing listed"
    assert by_tier["depends_on"]["defence"].startswith("without Separator in Malaysia; without Magnet plant in Japan;")
    # a plant is named where the restriction costs more without it, not where its loss alone does
    for name, is_named in (("G_JP", True), ("G_CN", False)):
        less = mag9.without(nodes=[name])
        lost = shares(less, china_out, "central") - shares(less, None, "central")
        assert bool(lost["defence"] > 0.01) is is_named
        label = mag9.nodes.set_index("id").loc[name, "label"]
        assert (f"without {label}" in by_tier.loc["defence", "dependencies"]) is is_named


def test_without_a_measure_nothing_is_lost_to_it(mag9: cn.Network) -> None:
    demand = mag9.demand
    more = mag9.with_demand(demand.assign(demand_tpa=3.0 * demand["demand_tpa"]))
    rows = cn.overview(more, details=True)
    assert rows["already_share"].max() > 0.0  # what is asked for is more than the chain can make
    calm = cn.key_assumptions(more, cn.Scenario("calm"), max_set=0).range
    assert (calm[["low_share", "central_share", "high_share"]] == 0.0).all(axis=None)
    assert calm["already_share"].to_dict() == pytest.approx(shares(more, None, "central").to_dict(), abs=1e-9)


def test_the_call_without_details_gives_the_first_rows(mag9: cn.Network, details: pd.DataFrame) -> None:
    table = cn.overview([mag9])
    pd.testing.assert_frame_equal(table, first_rows(details), check_exact=True)
    book = cn.codebook(table).set_index("column")
    assert book.loc["shortfall_share", ["unit", "status", "low", "high"]].tolist() == [
        "share, 0 to 1",
        CHECKED,
        "shortfall_low_share",
        "shortfall_high_share",
    ]
    assert table.attrs["provenance"]["settings"]["chains"] == [{"graph": "mag-9", "digest": mag9.digest, "next": ""}]


def test_the_month_is_counted_from_the_first_measure(mag9: cn.Network) -> None:
    late = cn.Scenario("late", [{"kind": "remove", "where": {"country": "CHN"}, "start_month": 7}])
    months = _Chain(mag9, 24)._first_months(late)
    assert months.fillna(0.0).tolist() == [0.0, 1.0, 1.0]
    assert _Chain(mag9, 24)._first_months(None).isna().all()


def test_measures_of_other_times_are_told_once(tmp_path: Path, mag9: cn.Network) -> None:
    folder = cn.write(mag9, tmp_path / "mag-9")
    (folder / "scenarios").mkdir()
    text = cn.Scenario("late", [{"kind": "remove", "where": {"country": "CHN"}, "start": "2050-01"}]).to_toml()
    (folder / "scenarios" / "late.toml").write_text(text, encoding="utf-8")
    with pytest.warns(cn.ChainnetWarning, match="late") as told:
        row = cn.overview(str(folder)).iloc[0]
    assert len(told) == 1
    assert np.isnan(row["first_month"])


def test_a_chain_without_scenarios_is_asked_as_it_stands() -> None:
    table = cn.overview(two_tier(), details=True)
    assert set(table["restriction"]) == {"worst"}
    assert set(table["scenario"]) == {""}
    assert set(table["scenario_label"]) == {"baseline"}


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


def test_what_is_in_force_stands_together_beside_the_worst(monkeypatch: pytest.MonkeyPatch, mag9: cn.Network) -> None:
    now = cn.Scenario("in_force", [{"kind": "remove", "nodes": ["G_CN"]}], label="All rules in force")
    monkeypatch.setattr("chainnet.assessment._overview.in_force", lambda _network: now)
    table = cn.overview(mag9, details=True)
    assert table["restriction"].tolist() == ["worst"] * 3 + ["in force"] * 3
    assert table["scenario_label"].tolist()[3:] == ["All rules in force"] * 3
    assert table["shortfall_share"].tolist()[3:] == pytest.approx(shares(mag9, now, "central").tolist(), abs=1e-9)


def test_hinges_are_labels_and_no_ids(mag9: cn.Network, china_out: cn.Scenario) -> None:
    found = cn.key_assumptions(mag9, china_out)
    words = dependencies(mag9, found, "defence", is_first=True).words
    assert not [word for word in words if any(name in word for name in mag9.nodes["id"])]
    assert len(words) == len(set(words))
    assert shortened(["a"]) == "a"
    assert shortened([]) == ""


def test_made_up_chains_are_left_out_by_their_data(graphs: dict[str, cn.Network]) -> None:
    assert sorted(name for name, net in graphs.items() if not is_made_up(net)) == list(REAL)


def test_what_cannot_be_asked_says_so(mag9: cn.Network) -> None:
    with pytest.raises(DataError, match="Give each once"):
        cn.overview([mag9, "mag-9"])
    with pytest.raises(DataError, match="no graph is given"):
        cn.overview([])
    with pytest.raises(DataError, match="no demand table"):
        cn.overview(line())
    with pytest.raises(DataError, match="months"):
        cn.overview(mag9, months=0)


# -- pages ---------------------------------------------------------------------------------------------


def test_a_page_and_a_table_escape_what_comes_from_the_data(details: pd.DataFrame) -> None:
    evil = details.assign(
        chain='<img src=x onerror="x()">',
        scenario_label="a | b\n](http://x) <script>",
        depends_on="*x* `y` &lt;![i]",
    )
    evil.attrs = {}
    page, text = overview_page(evil), overview_markdown(evil)
    assert "<img" not in page
    assert "<script" not in page
    assert "&lt;img src=x" in page
    lines = text.split("\n\n")[0].splitlines()
    assert len(lines) == 3
    assert all(line.replace("\\|", "").count("|") == 11 for line in lines)
    assert "\\<script\\>" in text
    assert "a \\| b \\](http" in text
    assert "\\&lt;" in text


def test_a_line_names_what_its_first_tier_depends_on(details: pd.DataFrame) -> None:
    told = details.assign(depends_on=["x; v; w; and 6 more", "y", "z"])
    assert "Defence: x; and 8 more." in overview_markdown(told).splitlines()[2]
    assert "<td>Defence: x; v; w; and 6 more.\nIndustrial: y.</td>" in overview_page(told)


def test_the_same_table_gives_the_same_bytes_and_the_strip_its_places(details: pd.DataFrame) -> None:
    wide = details["shortfall_high_share"].where(details["tier"] != "defence", 0.5)
    details = details.assign(shortfall_high_share=wide, shortfall_last_share=[1.0, np.nan, np.nan])
    page = overview_page(details)
    assert page == overview_page(details.copy())
    assert "http" not in page.replace("http-equiv", "")
    # defence: stated 0, between 0 and 50 %
    assert '<rect class="bar" x="0.0" y="3.0" width="66.0" height="6"/>' in page
    assert '<rect class="tick" x="0.0" y="0" width="2" height="12"/>' in page
    assert f"(0 to 50{NBSP}%; 100{NBSP}% if last)" in page
    # a stress test inside the range says nothing more
    assert "if last" not in overview_page(details.assign(shortfall_last_share=[0.3, np.nan, np.nan])).replace(
        "If last", ""
    )


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
    assert (tmp_path / "o.txt").read_text(encoding="utf-8").startswith("overview (1 rows)")
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


# -- the shipped chains --------------------------------------------------------------------------------


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
    assert cn.balance(net, everyone, "new").by_tier().loc["defence", "shortfall_tpa"] == pytest.approx(10.0)
    assert to_everyone(net, everyone) is None
    # an assessment keeps it beside the advice
    kept = cn.assess(net, [ours], months=12, draws=0).advice.attrs
    assert (kept["new_tpa"], kept["projects"]) == (pytest.approx(0.0), ())
    assert kept["closed_if"] == ("third countries pass the goods on",)
    # with less to go round, who comes first decides as well
    nodes = net.nodes
    nodes.loc[nodes["id"] == "mine", "capacity_tpa"] = 17.0
    scarce = net.with_table("nodes", nodes)
    assert conditions(Counting.of(scarce), ours, 0) == [
        "allied users are served first",
        "third countries pass the goods on",
    ]
