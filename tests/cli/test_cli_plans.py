"""A planner's commands: a copy, a scenario, a stock, sets of projects side by side; no file edited by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app


def ask(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    if code and isinstance(done.exception, cn.ChainnetError):
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture
def mine(tmp_path: Path) -> str:
    ask("copy", "mag-9", str(tmp_path / "mine"))
    return str(tmp_path / "mine")


def test_the_whole_job_takes_four_commands_and_no_editor(tmp_path: Path) -> None:
    mine = str(tmp_path / "mine")
    ask("copy", "mag-9", mine)
    what = "kind=remove where.country=China where.step=magnet start=2026-03 months=2"
    ask("scenario", "new", mine, "cut", *what.split())
    ask(
        "stock",
        "add",
        mine,
        "--commodity",
        "magnet",
        "--tonnes",
        "5",
        "--at",
        "USE",
        "--tier",
        "defence,industrial",
    )
    said = json.loads(
        ask("stress", mine, "--scenario", "cut", "--start", "2026-01", "--months", "6", "--projects", "none",
            "--projects", "both=all", "--format", "json")
    )  # fmt: skip
    rows = {(r["scenario"], r["tier"]): r for r in said["tables"]["side_by_side"]}
    row = rows["cut", "civilian"]
    assert row["shortfall_t none"] >= row["shortfall_t both"]
    assert row["first_short_month none"] == "2026-03"
    assert {r["month"] for r in said["tables"]["months none"]} == {f"2026-0{m}" for m in range(1, 7)}
    net = cn.read(mine)
    alone = cn.stress_test(net, cn.scenarios(net)["cut"], months=6, start="2026-01").summary
    assert row["shortfall_t none"] == pytest.approx(alone.loc[("cut", "civilian"), "shortfall_t"])


@pytest.mark.slow
def test_the_job_with_heavy_rare_earths(tmp_path: Path) -> None:
    mine = str(tmp_path / "mine")
    ask("copy", "rare-earths", mine)
    plants = "where.country=China where.step=separation where.makes=dytb_oxide"
    said = ask(
        "scenario", "new", mine, "heavy", "kind=scale", *plants.split(), "share=0.5", "start=2027-03", "months=6"
    )
    assert "chn_ionic_sep, chn_monazite_sep" in said
    ask("stock", "add", mine, "--commodity", "dytb_oxide", "--tonnes", "100", "--at", "gbr_lcm_dytb")
    said = ask(
        "stress", mine, "--scenario", "heavy", "--start", "2027-01", "--months", "12", "--order", "allies_last",
        "--projects", "none", "--projects", "lynas=mys_lynas_dytb,mys_lynas_heavy", "--format", "json",
    )  # fmt: skip
    rows = {(r["scenario"], r["tier"]): r for r in json.loads(said)["tables"]["side_by_side"]}
    assert rows["heavy", "defence"]["shortfall_t lynas"] < rows["heavy", "defence"]["shortfall_t none"]


def test_a_copy_has_everything_and_reads_the_same(mine: str) -> None:
    assert cn.read(mine).digest == cn.read("mag-9").digest
    assert list(cn.scenarios(cn.read(mine))) == list(cn.scenarios(cn.read("mag-9")))
    assert (Path(mine) / "README.md").is_file()
    assert "is there already" in ask("copy", "mag-9", mine, code=1)


def test_a_shipped_graph_is_never_changed() -> None:
    assert "First: chainnet copy mag-9 FOLDER" in ask("scenario", "new", "mag-9", "cut", code=1)
    assert "First: chainnet copy mag-9" in ask(
        "stock", "add", "mag-9", "--commodity", "magnet", "--tonnes", "1", "--at", "USE", code=1
    )


HALVED = ("kind=scale", "where.country=China", "where.step=magnet", "share=0.5")


def test_a_new_scenario_is_a_file_that_is_not_written_over_by_mistake(mine: str) -> None:
    said = json.loads(ask("scenario", "new", mine, "cut", *HALVED, "--label", "Half of it", "--format", "json"))
    assert said["tables"]["matches"][0]["names"] == "G_CN"
    path = Path(mine) / "scenarios" / "cut.toml"
    made = cn.Scenario.read(path)
    assert made.label == "Half of it"
    assert [dict(one) for one in made.measures] == [
        {"kind": "scale", "where": {"country": "CHN", "step": "magnet"}, "share": 0.5}
    ]
    notes = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert "# tiers: defence, industrial, civilian" in notes
    assert any(line.startswith("# steps: ") and "magnet" in line for line in notes)
    assert "is there already" in ask("scenario", "new", mine, "cut", *HALVED, code=1)
    ask("scenario", "new", mine, "cut", "kind=remove", "nodes=M_CN,H_CN", "months=7", "--replace")
    assert [dict(one) for one in cn.scenarios(cn.read(mine))["cut"].measures] == [
        {"kind": "remove", "nodes": ["M_CN", "H_CN"], "months": 7}
    ]
    for name in ("../cut", "a b", "a/b"):
        assert "makes no file name" in ask("scenario", "new", mine, name, *HALVED, code=1)


def test_a_new_scenario_without_a_word_is_one_to_start_from(mine: str) -> None:
    ask("scenario", "new", mine, "fresh")
    net = cn.read(mine)
    found = cn.scenarios(net)["fresh"].matches(net)
    assert found["kind"].tolist() == ["scale"]
    assert net.nodes["id"].iloc[0] in found["names"].iloc[0]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (("kind=scaled", "where.country=CHN"), 'unknown kind; did you mean "scale"?'),
        (("kind=remove", "where.county=CHN"), 'did you mean "country"'),
        (("kind=remove", "where"), "is not of the form KEY=VALUE"),
        (("kind=remove", "kind=scale"), "stands twice"),
        (("kind=remove", "where=3", "where.country=CHN"), 'stands with and without ".country"'),
        (("kind=remove", "where.country=Chyna"), "neither an ISO 3166-1 alpha-3 country"),
    ],
)
def test_a_measure_that_nothing_can_take_is_refused_and_no_file_written(
    mine: str, keys: tuple[str, ...], message: str
) -> None:
    assert message in ask("scenario", "new", mine, "wrong", *keys, code=1)
    assert not (Path(mine) / "scenarios" / "wrong.toml").exists()


def test_a_stock_lies_where_it_can_be_drawn(mine: str) -> None:
    before = {p.name: p.read_bytes() for p in Path(mine).iterdir() if p.is_file()}
    assert "Nodes that ship, use or ask for magnet: " in ask(
        "stock", "add", mine, "--commodity", "magnet", "--tonnes", "1", code=1
    )
    assert (
        "neither ships, uses nor asks for"
        in ask("stock", "add", mine, "--commodity", "magnet", "--tonnes", "1", "--at", "M_CN", code=1)
        or cn.read(mine).stocks.empty
    )
    assert 'unknown id or label "magnit"; did you mean "magnet"?' in ask(
        "stock", "add", mine, "--commodity", "magnit", "--tonnes", "1", "--at", "USE", code=1
    )
    assert "must be 0 or more" in ask(
        "stock", "add", mine, "--commodity", "magnet", "--tonnes", "-1", "--at", "USE", code=1
    )
    assert {p.name: p.read_bytes() for p in Path(mine).iterdir() if p.is_file()} == before
    ask("stock", "add", mine, "--commodity", "magnet", "--tonnes", "3", "--at", "USE", "--release", "1.5")
    after = {p.name: p.read_bytes() for p in Path(mine).iterdir() if p.is_file()}
    assert {name for name in after if after[name] != before.get(name)} == {"stocks.csv", "datapackage.json"}
    stock = cn.read(mine).stocks.iloc[0]
    assert (stock["id"], stock["stock_t"], stock["release_tpa"], stock["quality"]) == (
        "magnet_USE",
        3.0,
        1.5,
        "assumed",
    )


def test_scenarios_combine_on_the_command_line(mine: str) -> None:
    scenarios = Path(mine) / "scenarios"
    (scenarios / "part.toml").write_text(
        '[parameters]\nleft = {value = 0.5, low = 0.2, high = 0.9}\n[[measures]]\nkind = "scale"\n'
        'where = {country = "JPN"}\nshare = "$left"\n',
        encoding="utf-8",
    )
    said = ask("check", mine, "--scenario", "china_out+part@left=low", "--format", "json")
    rows = json.loads(said)["tables"]["measures"]
    assert [(r["kind"], r["what"]) for r in rows] == [
        ("remove", "where country = CHN"), ("scale", "where country = JPN; share 0.2")
    ]  # fmt: skip
    rows = json.loads(ask("check", mine, "--scenario", "part@ends", "--format", "json"))["tables"]["measures"]
    assert [r["scenario"] for r in rows] == ["part@left=0.2", "part", "part@left=0.9"]
    assert 'unknown parameter "lift"' in ask("check", mine, "--scenario", "part@lift=1", code=1)
    assert "write PARAMETER=VALUE after @" in ask("check", mine, "--scenario", "part@left", code=1)
    assert 'unknown scenario of mag-9 "chinaout"' in ask("check", mine, "--scenario", "part+chinaout", code=1)


def test_a_project_that_comes_too_late_is_told(mine: str) -> None:
    late = cn.read(mine).projects["id"].iloc[0]
    net = cn.read(mine)
    cn.write(net.with_table("projects", net.projects.assign(start_year=2030)), mine)
    with pytest.warns(cn.ChainnetWarning, match=rf"starts after the horizon, and changes nothing: {late} \(2030\)"):
        ask("stress", mine, "--scenario", "china_out", "--months", "3", "--step-months", "3", "--projects", late)


def test_one_name_for_two_sets_is_refused(mine: str) -> None:
    assert 'the set "x" is given twice' in ask(
        "stress", mine, "--months", "3", "--projects", "x=all", "--projects", "x=none", code=1
    )
