"""Retaliation: a game solved by hand, parity with interdict and enumeration, bad input, and the commands."""

from __future__ import annotations

import json
import warnings
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.blocs import retaliation
from chainnet.cli.common import app


def duel() -> cn.Network:
    """Metal and ore from China; two American projects, one that makes metal and one that digs ore."""
    nodes = pd.DataFrame(
        [
            ("MA", "mine", "USA", None, 10.0),
            ("MB", "mine", "CHN", None, 80.0),
            ("RA", "refiner", "USA", "smelt", 18.0),
            ("RB", "refiner", "CHN", "smelt", 60.0),
            ("UA", "end_use", "USA", None, np.nan),
            ("UB", "end_use", "CHN", None, np.nan),
        ],
        columns=["id", "stage", "country", "process", "capacity_tpa"],
    )
    projects = pd.DataFrame(
        {
            "id": ["PM", "PO"],
            "stage": ["refiner", "mine"],
            "country": "USA",
            "process": ["smelt", None],
            "capacity_tpa": [6.0, 9.0],
            "capex_musd": [50.0, 30.0],
        }
    )
    ore = [(m, r, "ore") for m in ("MA", "MB", "PO") for r in ("RA", "PM")] + [("MB", "RB", "ore")]
    metal = [(r, "UA", "metal") for r in ("RA", "RB", "PM")] + [("RB", "UB", "metal")]
    edges = pd.DataFrame(ore + metal, columns=["source", "target", "commodity"])
    flows = {("MA", "RA"): 10.0, ("MB", "RA"): 5.0, ("RA", "UA"): 15.0, ("RB", "UA"): 20.0, ("RB", "UB"): 30.0}
    flows[("MB", "RB")] = 50.0
    edges["flow_tpa"] = [flows.get((s, t), 0.0) for s, t, _ in ore + metal]
    return cn.Network(
        nodes=nodes,
        edges=edges,
        demand=pd.DataFrame(
            {"node": ["UA", "UB"], "commodity": "metal", "tier": "industrial", "demand_tpa": [40.0, 30.0]}
        ),
        processes=pd.DataFrame(
            {"process": "smelt", "commodity": ["ore", "metal"], "role": ["input", "output"], "t_per_t": 1.0}
        ),
        commodities=pd.DataFrame({"id": ["ore", "metal"], "price_usd_per_t": [10.0, 100.0]}),
        projects=projects,
        main_commodity=["metal"],
        name="duel",
    )


def test_one_cut_by_hand() -> None:
    # no metal: RA 18 is left of 40; no ore: RB still serves all. PM then adds 6
    found = retaliation(duel(), ["USA"], ["CHN"], {"nothing": None}, 1, budget_musd=60.0)
    line = found.moves.loc["nothing"]
    assert line["moved_tpa"] == pytest.approx(40.0)
    assert line["response"] == "metal"
    assert line["answered_tpa"] == pytest.approx(18.0)
    assert line["their_sales_usd"] == pytest.approx(2000.0)
    assert (line["reply"], line["spent_musd"]) == ("PM", 50.0)
    assert line["replied_tpa"] == pytest.approx(24.0)
    assert line["prepared_tpa"] == pytest.approx(24.0)
    assert found.candidates["sales_usd"].to_dict() == pytest.approx({"metal": 2000.0, "ore": 50.0})
    assert found.certificate.ok


def test_two_cuts_by_hand() -> None:
    # neither metal nor ore: MA 10. PO brings RA to 18 for 30, PM alone has no ore; both bring 19
    cheap = retaliation(duel(), ["USA"], ["CHN"], {"nothing": None}, 2, budget_musd=60.0).moves.loc["nothing"]
    assert cheap["response"] == "metal + ore"
    assert cheap["answered_tpa"] == pytest.approx(10.0)
    assert (cheap["reply"], cheap["final_tpa"]) == ("PO", pytest.approx(18.0))
    rich = retaliation(duel(), ["USA"], ["CHN"], {"nothing": None}, 2, budget_musd=80.0).moves.loc["nothing"]
    assert rich["final_tpa"] == pytest.approx(19.0)
    assert rich["lost_tpa"] == pytest.approx(21.0)


def test_the_payoffs_show_both_sides() -> None:
    table = retaliation(duel(), ["USA"], ["CHN"], {"nothing": None}, 1).payoffs.set_index("response")
    assert table["us_tpa"].to_dict() == pytest.approx({"nothing": 40.0, "metal": 18.0, "ore": 40.0})
    assert table["them_lost_tpa"].to_list() == [0.0, 0.0, 0.0]


def test_moves_of_our_own_are_compared() -> None:
    stop = cn.Scenario(
        "stop", [{"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "USA"}, "share": 0.0}]
    )
    found = retaliation(duel(), ["USA"], ["CHN"], {"nothing": None, "stop buying": stop}, 1, projects=[])
    assert found.moves["moved_tpa"].to_dict() == pytest.approx({"nothing": 40.0, "stop buying": 10.0})
    assert found.moves.loc["stop buying", "response"] == "nothing"
    assert found.moves["is_best"].to_dict() == {"nothing": True, "stop buying": False}
    assert found.best_tpa == pytest.approx(18.0)


def test_an_answer_that_is_not_proved_in_time_is_never_returned() -> None:
    with pytest.raises(cn.SolverError, match="within"):
        retaliation(cn.read("rare-earths"), ["bloc_2026"], ["CHN"], {"nothing": None}, 4, by="node", time_limit_s=1e-6)


def test_a_relation_far_above_the_usual_size_does_not_bound_the_reply() -> None:
    """In the units of a small commodity a project's relation may be far above a thousand; the reply is still proved."""
    moves = retaliation(cn.read("rare-earths"), ["bloc_2026"], ["CHN"], k=2, budget_musd=2500.0).moves
    assert len(moves) == 4
    assert (moves["final_tpa"] <= moves["prepared_tpa"] * (1 + 1e-6)).all()


@pytest.mark.long
def test_the_answer_equals_interdict_on_what_they_control() -> None:
    net = cn.read("rare-earths")
    found = retaliation(net, ["bloc_2026"], ["CHN"], {"nothing": None}, 2, by="node", projects=[])
    nodes = net.nodes[net.nodes["stage"] != "end_use"]
    kept = list(nodes["id"][(nodes["country"] != "CHN") & (nodes["owner_country"] != "CHN")])
    worst = cn.interdict(net, 2, protect=kept, beneficiaries=["bloc_2026"])
    assert found.moves.loc["nothing", "answered_tpa"] == pytest.approx(worst.left_tpa, rel=1e-7)


@pytest.mark.long
def test_the_answer_and_the_reply_equal_enumeration_on_mag_9() -> None:
    net = cn.read("mag-9")
    nodes = net.nodes.assign(country=net.nodes["country"].mask(net.nodes["id"] == "USE", "JPN"))
    net = net.with_table("nodes", nodes)
    found = retaliation(net, ["JPN", "USA"], ["CHN"], {"nothing": None}, 2, by="node", budget_musd=130.0)
    line = found.moves.loc["nothing"]
    theirs = ["M_CN", "S_CN", "H_CN", "G_CN"]
    left = {pair: _served(net.without(nodes=list(pair))) for pair in combinations(theirs, 2)}
    assert line["answered_tpa"] == pytest.approx(min(left.values()))
    attack = line["response"].split(" + ")
    plans = [["S_US"], ["H_US"], ["G_US"], ["H_US", "G_US"]]
    best = max(_served(net.without(nodes=attack).with_projects(plan)) for plan in plans)
    assert line["replied_tpa"] == pytest.approx(best)
    worst = [min(_served(net.with_projects(p).without(nodes=list(pair))) for pair in left) for p in [[], *plans]]
    assert line["prepared_tpa"] == pytest.approx(max(worst))


def _served(net: cn.Network) -> float:
    return float(cn.balance(net, beneficiaries=["JPN", "USA"]).demand["served_tpa"].sum())


@pytest.mark.parametrize(
    ("us", "them", "keywords", "words"),
    [
        ([], ["CHN"], {}, '"us" has no members'),
        (["USA"], ["USA"], {}, "USA is in both"),
        (["USA"], ["CHN"], {"k": -1}, "k: -1"),
        (["USA"], ["CHN"], {"by": "hope"}, "hope"),
        (["USA"], ["CHN"], {"to": "some"}, "some"),
        (["USA"], ["CHN"], {"budget_musd": -5.0}, "budget_musd"),
        (["USA"], ["CHN"], {"budget_musd": "x"}, "budget_musd"),
        (["USA"], ["CHN"], {"time_limit_s": 0}, "time_limit_s"),
        (["USA"], ["CHN"], {"by_year": "soon"}, "by_year"),
        (["USA"], ["CHN"], {"moves": ["stop"]}, "mapping"),
        (["USA"], ["CHN"], {"moves": {}}, "none is given"),
        (["USA"], ["CHN"], {"moves": {"x": "ban"}}, "give a Scenario"),
        (["USA"], ["CHN"], {"projects": ["PX"]}, "unknown project"),
    ],
)
def test_bad_input_is_named(us: Any, them: Any, keywords: dict[str, Any], words: str) -> None:
    with pytest.raises(cn.ChainnetError, match=words):
        retaliation(duel(), us, them, **keywords)


@pytest.mark.long
@pytest.mark.parametrize(
    "line",
    [
        "alliance rare-earths --scenario china_export_stop --members USA,JPN --project usa_columbus",
        "alignment rare-earths --bloc us=USA,JPN,EU27 --bloc cn=CHN --countries MYS,VNM",
        "retaliation rare-earths --us bloc_2026 --them CHN --budget 500",
    ],
)
def test_commands_answer_in_strict_json(line: str) -> None:
    done = CliRunner().invoke(app, [*line.split(), "--format", "json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout, parse_constant=pytest.fail)
    assert answer["certificate"]["ok"]
    assert answer["tables"]


def test_alignment_writes_its_instruments_as_scenarios(tmp_path: Path) -> None:
    line = "alignment mag-9 --bloc a=USA,JPN,AUS --bloc b=CHN --exclude-from 2027-01 --project all --format json"
    done = CliRunner().invoke(app, [*line.split(), "--save-scenarios", str(tmp_path / "plans")])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout, parse_constant=pytest.fail)
    told = {row["name"]: row["toml"] for row in answer["tables"]["scenarios"]}
    kept = {p.stem: p.read_text(encoding="utf-8") for p in (tmp_path / "plans").iterdir()}
    assert kept == told
    assert set(kept) == {"split", "exclusion", "origin_rule"}
    again = cn.Scenario.read(tmp_path / "plans" / "exclusion.toml")
    assert again.measures[0]["start"] == "2027-01"
    stress = CliRunner().invoke(app, ["stress", "mag-9", "--scenario", str(tmp_path / "plans" / "split.toml")])
    assert stress.exit_code == 0, stress.output


def test_a_bloc_without_a_name_is_told() -> None:
    done = CliRunner().invoke(app, ["alignment", "rare-earths", "--bloc", "USA", "--bloc", "cn=CHN"])
    assert done.exit_code != 0
    assert "NAME=COUNTRIES" in str(done.exception)


def test_moves_that_are_made_here_are_not_said_to_match_nothing_and_those_given_are() -> None:
    net = cn.read("mag-9")
    play = partial(cn.retaliation, net, ["USA"], ["CHN"], k=1, projects=[])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        played = play()
    assert "exclude their owners" in played.moves.index
    mistaken = cn.Scenario("slip", [{"kind": "remove", "where": {"owner_country": "FRA", "country": "JPN"}}])
    with pytest.warns(cn.ChainnetWarning, match="matches nothing"):
        play(moves={"slip": mistaken})
