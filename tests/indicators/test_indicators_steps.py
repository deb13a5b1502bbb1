"""Indices of a network step by step: by hand, against the plain formulas, and beside the losses."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame, once

import chainnet as cn
from chainnet.cli import main
from chainnet.indicators import (
    benchmarks,
    compare_indices,
    eu_supply_risk,
    geopolrisk,
    governance,
    indices,
    supply_risk,
)
from chainnet.indicators._benchmarks import FORMULAS
from chainnet.indicators._compare import _why
from chainnet.indicators._steps import byproduct_shares

WGI = {"CHN": 6.0, "DEU": 2.0, "AUS": 1.0}
EU27 = "AUT BEL BGR HRV CYP CZE DNK EST FIN FRA DEU GRC HUN IRL ITA LVA LTU LUX MLT NLD POL PRT ROU SVK SVN ESP SWE"


@once
def market(**change: Any) -> cn.Network:
    """China makes 60 of 100 t of metal, Germany 30, a remainder 10; Germany takes 20 from China and 20 of its own."""
    tables: dict[str, Any] = {
        "nodes": frame(
            "id stage step country region process capacity_tpa",
            ("m_aus", "mine", "mining", "AUS", None, None, 50.0),
            ("m_chn", "mine", "mining", "CHN", None, None, 60.0),
            ("r_chn", "refiner", "smelting", "CHN", None, "smelt", 80.0),
            ("r_deu", "refiner", "smelting", "DEU", None, "smelt", 36.0),
            ("r_oth", "refiner", "smelting", None, "other", "smelt", 10.0),
            ("u_chn", "end_use", "use", "CHN", None, None, None),
            ("u_deu", "end_use", "use", "DEU", None, None, None),
            ("u_usa", "end_use", "use", "USA", None, None, None),
        ),
        "edges": frame(
            "source target commodity flow_tpa",
            ("m_chn", "r_chn", "ore", 60.0),
            ("m_aus", "r_deu", "ore", 30.0),
            ("m_aus", "r_oth", "ore", 10.0),
            ("r_chn", "u_chn", "metal", 30.0),
            ("r_chn", "u_deu", "metal", 20.0),
            ("r_chn", "u_usa", "metal", 10.0),
            ("r_deu", "u_deu", "metal", 20.0),
            ("r_deu", "u_usa", "metal", 10.0),
            ("r_oth", "u_usa", "metal", 10.0),
        ),
        "processes": frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 1.0), ("smelt", "metal", "output", 1.0)
        ),
        "demand": frame(
            "node commodity tier demand_tpa",
            ("u_chn", "metal", "civilian", 30.0),
            ("u_deu", "metal", "civilian", 40.0),
            ("u_usa", "metal", "defence", 30.0),
        ),
        "main_commodity": ["metal"],
        "name": "market",
    }
    return cn.Network(**{**tables, **change})


METAL, ORE = ("refiner", "smelting", "metal"), ("mine", "mining", "ore")


def test_supply_risk_by_hand() -> None:
    table = supply_risk(market(), wgi=WGI)
    world = 0.6**2 * 6 + 0.3**2 * 2 * 0.8
    eu = 0.5**2 * 6 + 0.5**2 * 2 * 0.8
    reliance = (20 - 10) / 40
    row = table.loc[METAL]
    assert (row["hhi_global"], row["hhi_eu"]) == (pytest.approx(world), pytest.approx(eu))
    assert row["import_reliance"] == pytest.approx(reliance)
    risk = world * reliance / 2 + eu * (1 - reliance / 2)
    assert row["supply_risk"] == pytest.approx(risk)
    assert row["supply_risk_high"] == pytest.approx(risk + reliance / 2 * 0.1**2 * 10)
    assert (row["unscored_share"], row["mixes"], row["top"]) == (pytest.approx(0.1), "both", "CHN")
    ore = table.loc[ORE]
    assert ore["import_reliance"] == pytest.approx(1.0)
    assert ore["supply_risk"] == pytest.approx((0.6**2 * 6 + 0.4**2) / 2 + 1.0 / 2)
    assert table["is_bottleneck"].tolist() == [bool(v) for v in table["supply_risk"] == table["supply_risk"].max()]


def test_supply_risk_takes_its_arguments() -> None:
    net = market()
    plain = supply_risk(net, wgi=WGI)["supply_risk"]
    cut = supply_risk(net, wgi=WGI, eol_rir={"metal": 0.25}, substitution=0.9)["supply_risk"]
    assert cut[METAL] == pytest.approx(plain[METAL] * 0.75 * 0.9)
    assert cut[ORE] == pytest.approx(plain[ORE] * 0.9)
    taxed = supply_risk(net, wgi=WGI, trade={"CHN": 1.5})
    assert taxed.loc[METAL, "hhi_global"] == pytest.approx(0.36 * 6 * 1.5 + 0.09 * 2 * 0.8)
    apart = supply_risk(net, wgi=WGI, trade={"CHN": 1.5}, trade_eu={"DEU": 1.0})
    assert apart.loc[METAL, "hhi_eu"] == pytest.approx(0.25 * 6 + 0.25 * 2)
    usa = supply_risk(net, wgi=WGI, union="USA")
    assert usa.loc[METAL, "import_reliance"] == 1.0
    assert usa.loc[METAL, "hhi_eu"] == pytest.approx((1 / 3) ** 2 * (6 + 2)), "the remainder adds nothing"
    assert usa.loc[ORE, "mixes"] == "global"
    for bad in ({"wgi": {"CHN": -1}}, {"union": "Atlantis"}, {"eol_rir": {"gold": 0.1}}, {"substitution": 1.2}):
        with pytest.raises(cn.DataError, match=f"^{next(iter(bad))}: "):
            supply_risk(net, **bad)


def test_supply_risk_without_any_governance_is_not_zero() -> None:
    row = supply_risk(market(), wgi={"USA": 3.0}).loc[METAL]
    assert np.isnan(row["supply_risk"])
    assert row["supply_risk_high"] == pytest.approx(0.25 / 2 * 10 + (1 - 0.25 / 2) * 10)


def test_supply_risk_without_flows_uses_capacity_and_the_world_mix() -> None:
    net = market()
    row = supply_risk(net.with_table("edges", net.edges.assign(flow_tpa=np.nan)), wgi=WGI).loc[METAL]
    assert row["mixes"] == "global"
    assert row["supply_risk"] == pytest.approx((80 / 126) ** 2 * 6 + (36 / 126) ** 2 * 2 * 0.8)


def plain_mixes(net: cn.Network, step: str, commodity: str) -> tuple[dict[str, float], dict[str, float], float]:
    """World and EU mix and import reliance, edge by edge."""
    nodes = net.nodes.set_index("id")
    home = {k: r["country"] if isinstance(r["country"], str) else r["region"] for k, r in nodes.iterrows()}
    eu = {k: v == "EU27" or v in EU27.split() for k, v in home.items()}
    world: dict[str, float] = defaultdict(float)
    taken: dict[str, float] = defaultdict(float)
    balance = 0.0
    for e in net.edges.itertuples():
        if e.source not in home or e.target not in home or e.commodity != commodity or not e.flow_tpa > 0:
            continue
        if nodes.loc[e.source, "step"] != step or nodes.loc[e.target, "step"] == step:
            continue
        world[home[e.source]] += e.flow_tpa
        if eu[e.target]:
            taken[home[e.source]] += e.flow_tpa
        balance += e.flow_tpa * (int(eu[e.target] and not eu[e.source]) - int(eu[e.source] and not eu[e.target]))
    used = sum(taken.values())
    return (
        {k: v / sum(world.values()) for k, v in world.items()},
        {k: v / used for k, v in taken.items()} if used else {},
        min(max(balance / used, 0.0), 1.0) if used else 0.0,
    )


def test_supply_risk_of_rare_earths_is_the_plain_formula(rare_earths: cn.Network) -> None:
    table = supply_risk(rare_earths)
    w = governance()["scaled_2023"].dropna().to_dict()
    w["EU27"] = float(np.mean([w[c] for c in EU27.split()]))
    members = dict.fromkeys([*EU27.split(), "EU27"], 0.8)
    checked = 0
    for (_, step, commodity), row in table.iterrows():
        world, eu, reliance = plain_mixes(rare_earths, step, commodity)
        scored = {k: v for k, v in world.items() if k in w}
        if not scored:
            assert np.isnan(row["supply_risk"])
            continue
        mixes = (scored, {k: v for k, v in eu.items() if k in w}) if eu else (scored, None)
        expected = eu_supply_risk(
            *mixes, wgi=w, import_reliance=reliance if eu else None, trade_global=members, trade_eu=members
        )
        assert row["supply_risk"] == pytest.approx(expected, rel=1e-9), (step, commodity)
        checked += 1
    assert checked >= 12
    assert table.loc[("refiner", "separation", "dytb_oxide"), "supply_risk"] == pytest.approx(5.58)


def test_benchmarks_by_hand() -> None:
    table = benchmarks(market())
    metal, ore = table.loc[METAL], table.loc[ORE]
    assert (metal["use_tpa"], metal["output_tpa"], metal["capacity_tpa"]) == (40.0, 30.0, 36.0)
    assert (metal["covered_share"], metal["benchmark"]) == (pytest.approx(0.9), 0.4)
    assert metal["is_met"]
    assert not metal["over_65"]
    assert (metal["top_third_country"], metal["top_third_share"]) == ("CHN", pytest.approx(0.5))
    assert (ore["covered_share"], ore["top_third_country"], ore["top_third_share"]) == (0.0, "AUS", 1.0)
    assert ore["over_65"]
    assert not ore["is_met"]
    usa = benchmarks(market(), "USA").loc[METAL]
    assert usa["top_third_share"] == pytest.approx(1 / 3)
    assert usa["over_65"] is pd.NA, "China's third and the remainder's together are above 65 %"
    chn = benchmarks(market(), "CHN").loc[METAL]
    assert (chn["top_third_share"], chn["covered_share"]) == (0.0, pytest.approx(80 / 30)), "it takes its own alone"
    assert not chn["over_65"]


def test_a_remainder_is_no_one_country() -> None:
    net = market()
    edges = net.edges
    edges.loc[(edges["source"] == "r_oth"), "flow_tpa"] = 100.0
    row = benchmarks(net.with_table("edges", edges), "USA").loc[METAL]
    assert row["top_third_country"] in ("CHN", "DEU")
    assert row["over_65"] is pd.NA, "a country above 65 % may hide in it"


def test_the_65_rule_is_strict() -> None:
    net = market()
    edges = net.edges
    edges.loc[(edges["source"] == "r_chn") & (edges["target"] == "u_deu"), "flow_tpa"] = 65.0
    edges.loc[(edges["source"] == "r_deu") & (edges["target"] == "u_deu"), "flow_tpa"] = 35.0
    assert not benchmarks(net.with_table("edges", edges)).loc[METAL, "over_65"]
    edges.loc[(edges["source"] == "r_deu") & (edges["target"] == "u_deu"), "flow_tpa"] = 34.9
    assert benchmarks(net.with_table("edges", edges)).loc[METAL, "over_65"]


def test_indices_hold_every_index_and_its_formula() -> None:
    table = indices(market(), wgi=WGI, importer="USA")
    assert set(table.attrs["formulas"]) == set(FORMULAS)
    assert all(len(words) == 2 and all(words) for words in table.attrs["formulas"].values())
    row = table.loc[METAL]
    assert row["hhi"] == pytest.approx(0.36 + 0.09 + 0.01)
    g = governance()["instability_2023"]
    risk = (10 * g["CHN"] + 10 * g["DEU"] + 10 * 0.5) / 30
    assert row["geopolrisk"] == pytest.approx(0.46 * risk)
    assert np.isnan(table.loc[ORE, "geopolrisk"]), "it neither mines nor buys ore"
    assert row["n1_cover"] == pytest.approx(40 / 70)
    assert table.attrs["provenance"]["settings"]["importer"] == "USA"


def test_geopolrisk_of_a_step_is_the_plain_formula(rare_earths: cn.Network) -> None:
    table = indices(rare_earths, importer="JPN")
    world, _, _ = plain_mixes(rare_earths, "magnet", "ndfeb_hree")
    nodes, edges = rare_earths.nodes.set_index("id"), rare_earths.edges
    home = nodes["country"].fillna(nodes["region"])
    made = edges[(edges["commodity"] == "ndfeb_hree") & (edges["source"].map(nodes["step"]) == "magnet")]
    made = made.assign(origin=made["source"].map(home), target_home=made["target"].map(home))
    bought = made[(made["target_home"] == "JPN") & (made["origin"] != "JPN")].groupby("origin")["flow_tpa"].sum()
    own = made.loc[made["origin"] == "JPN", "flow_tpa"].sum()
    assert {k: v for k, v in world.items() if k == "EU27"}, "a group among the makers: its members' mean"
    instability = governance()["instability_2023"]
    g = {**instability, "EU27": instability.reindex(EU27.split()).mean()}
    expected = sum(g[k] * v for k, v in bought.items()) / (own + bought.sum()) * sum(v**2 for v in world.values())
    assert table.loc[("manufacturer", "magnet", "ndfeb_hree"), "geopolrisk"] == pytest.approx(expected)
    countries = {k: v for k, v in world.items() if k != "EU27"}
    assert geopolrisk(countries, bought.drop("EU27", errors="ignore"), g, domestic=own).score > 0


def host() -> cn.Network:
    """Gallium out of alumina liquor (3 t) and out of an ore of its own (1 t)."""
    return cn.Network(
        commodities=frame(
            "id basis",
            ("bauxite", "t bauxite"),
            ("alumina", "t alumina"),
            ("liquor", "t Ga"),
            ("ga_ore", "t Ga"),
            ("ga", "t Ga"),
            ("wafer", "t GaAs"),
        ),
        nodes=frame(
            "id stage step country process",
            ("mine", "mine", "mining", "AUS", None),
            ("own", "mine", "mining", "USA", None),
            ("alu", "refiner", "alumina", "CHN", "bayer"),
            ("gal", "refiner", "gallium", "CHN", "recover"),
            ("waf", "manufacturer", "wafer", "JPN", "grow"),
            ("u_alu", "end_use", "use", "CHN", None),
            ("u_waf", "end_use", "use", "USA", None),
        ),
        processes=frame(
            "process commodity role t_per_t group",
            ("bayer", "bauxite", "input", 2.0, None),
            ("bayer", "alumina", "output", 1.0, None),
            ("bayer", "liquor", "byproduct", 0.03, None),
            ("recover", "liquor", "input", 1.0, "feed"),
            ("recover", "ga_ore", "input", 1.0, "feed"),
            ("recover", "ga", "output", 1.0, None),
            ("grow", "ga", "input", 0.5, None),
            ("grow", "wafer", "output", 1.0, None),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("mine", "alu", "bauxite", 200.0),
            ("alu", "u_alu", "alumina", 100.0),
            ("alu", "gal", "liquor", 3.0),
            ("own", "gal", "ga_ore", 1.0),
            ("gal", "waf", "ga", 4.0),
            ("waf", "u_waf", "wafer", 8.0),
        ),
        demand=frame("node commodity tier demand_tpa", ("u_waf", "wafer", "civilian", 8.0), ("u_alu", "alumina", None, 100.0)),
        main_commodity=["wafer"],
    )  # fmt: skip


def test_byproduct_share_follows_the_host() -> None:
    share = byproduct_shares(host())
    assert share.xs("alumina", level="commodity").item() == 0.0
    assert share.xs("bauxite", level="commodity").item() == 0.0
    assert share.xs("ga", level="commodity").item() == pytest.approx(0.75)
    assert share.xs("wafer", level="commodity").item() == pytest.approx(0.75), "inherited where no input has the basis"
    assert "liquor" not in share.index.get_level_values("commodity"), "a by-product is no output of its step"


def test_byproduct_share_of_coproducts(rare_earths: cn.Network) -> None:
    share = byproduct_shares(rare_earths)
    assert share[("refiner", "separation", "dytb_oxide")] == 1.0
    assert share[("refiner", "separation", "ndpr_oxide")] == 0.0
    assert 0.5 < share[("refiner", "metal", "dytb_metal")] < 1.0, "recycled oxide is none"
    assert share.dropna().between(0, 1).all()


@pytest.mark.slow
def test_tables_do_not_depend_on_the_order_of_rows() -> None:
    net = market()
    turned = market(nodes=net.nodes[::-1], edges=net.edges[::-1], demand=net.demand[::-1])
    for ask in (indices, benchmarks, supply_risk, compare_indices):
        pd.testing.assert_frame_equal(ask(net), ask(turned))
        assert ask(net).attrs["provenance"] == ask(turned).attrs["provenance"]


def test_steps_missing_in_part_or_whole_and_networks_without_countries() -> None:
    net = market()
    nodes = net.nodes
    nodes.loc[nodes["stage"] == "refiner", "step"] = None
    part = indices(net.with_table("nodes", nodes), wgi=WGI)
    whole = indices(net.with_table("nodes", nodes.assign(step=None)), wgi=WGI)
    assert part["supply_risk"].max() == pytest.approx(whole["supply_risk"].max())
    assert part["supply_risk"].notna().all()
    assert whole.index.names == ["stage", "commodity"]
    assert not compare_indices(net.with_table("nodes", nodes.assign(step=None)), wgi=WGI).empty
    line = cn.Network.from_edges(frame("source target capacity_tpa", ("a", "b", 4.0)))
    assert indices(line)["supply_risk"].isna().all()
    assert compare_indices(line).empty


def test_compare_ranks_and_figures(rare_earths: cn.Network) -> None:
    table = compare_indices(rare_earths)
    losses = cn.chokepoints(rare_earths, by="step+country")
    both = losses.loc[table.index]
    assert (table["lost_tpa"] == both["lost_tpa"]).all()
    for (step, country), row in table.iterrows():
        better = (table["index"] > row["index"] + 1e-9).sum() + 1
        assert row["index_rank"] == better, (step, country)
        if row["lost_tpa"] > 0:
            assert row["loss_rank"] == (table["lost_tpa"] > row["lost_tpa"] + 1e-6).sum() + 1
        else:
            assert row["loss_rank"] == len(table)
        matters = row["lost_tpa"] > 0 or row["index"] >= 1.0
        assert row["disagrees"] == (matters and abs(row["rank_gap"]) >= 2)
        assert row["why"].endswith(".")
    assert table.loc[("mining", "CHN"), "disagrees"]
    assert table.loc[("magnet", "JPN"), "rank_gap"] < 0, "a well governed maker whose loss the index does not see"
    # what every country of a step adds sums to the step's risk where every maker has a country
    row = supply_risk(rare_earths).loc[("refiner", "separation", "dytb_oxide")]
    assert table.loc[("separation", "CHN"), "index"] == pytest.approx(row["supply_risk"])


BASE = {
    "disagrees": True,
    "counts": True,
    "rank_gap": 5,
    "lost_tpa": 0.0,
    "output_tpa": 60.0,
    "idle_elsewhere_tpa": 90.0,
    "commodity": "metal",
    "good": "metal",
    "throughput_tpa": 50.0,
    "n_made": 1,
    "left": 130.0,
    "governance": 6.0,
    "share": 0.6,
    "index": 2.16,
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"disagrees": False}, "Both rank it about the same."),
        ({"disagrees": False, "counts": False}, "Neither finds a risk here."),
        ({"throughput_tpa": 0.0}, "none of the counted demand has to pass through it"),
        ({}, "others have 90 t/yr of metal idle against the 60 t/yr it makes, and nothing is lost."),
        ({"idle_elsewhere_tpa": float("inf")}, "others have tonnes without limit of metal idle"),
        ({"lost_tpa": 5.0}, "and 5 t/yr of the counted demand are lost."),
        ({"idle_elsewhere_tpa": 10.0, "left": 50.0}, "others can still make 50 t/yr of metal"),
        ({"idle_elsewhere_tpa": 10.0, "left": 40.0}, "replaces it for all of the counted demand."),
        ({"idle_elsewhere_tpa": 10.0, "lost_tpa": 7.0}, "for all but 7 t/yr of the counted demand."),
        ({"rank_gap": -3, "lost_tpa": 9.0, "governance": 2.0, "share": 0.09}, "Good governance (2 of 10)"),
        ({"rank_gap": -3, "lost_tpa": 9.0, "share": 0.09}, "Squaring a share of 9 % of metal"),
        ({"rank_gap": -3, "lost_tpa": 9.0}, "judges each step by itself, here 2.16"),
        ({"good": ""}, "others have 90 t/yr idle"),
    ],
)
def test_every_reason_has_its_words(change: dict[str, Any], words: str) -> None:
    assert words in _why({**BASE, **change})


def test_idle_capacity_elsewhere_by_hand() -> None:
    table = compare_indices(market(), wgi=WGI)
    assert table.loc[("smelting", "CHN"), "idle_elsewhere_tpa"] == 6.0
    assert table.loc[("smelting", "DEU"), "idle_elsewhere_tpa"] == 20.0
    assert table.loc[("mining", "CHN"), "idle_elsewhere_tpa"] == 10.0
    assert table.loc[("mining", "AUS"), "idle_elsewhere_tpa"] == 0.0
    assert table.attrs["provenance"]["settings"]["union"] == "EU27"
    listed = compare_indices(market(), wgi=WGI, union=["FRA", "DEU"])
    assert listed.attrs["provenance"]["settings"]["union"] == ["DEU", "FRA"]
    net = market()
    nodes = net.nodes
    nodes.loc[nodes["id"] == "r_oth", "capacity_tpa"] = None
    opened = compare_indices(net.with_table("nodes", nodes), wgi=WGI)
    assert opened.loc[("smelting", "CHN"), "idle_elsewhere_tpa"] == np.inf


@pytest.mark.slow
def test_command_line(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAINNET_DEBUG", raising=False)  # another test may have asked for tracebacks

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["chainnet", *words])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return (code, *capfd.readouterr())

    code, out, _ = run("indicators", "mag-9", "--trade", "CHN=1.2", "--governance", "2016-2020", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert set(document["tables"]) == {"indicators", "disagreements", "beside_losses", "benchmarks", "formulas"}
    assert len(document["tables"]["formulas"]) == len(FORMULAS)
    code, out, _ = run("indicators", "mag-9")
    assert code == 0
    assert "disagreements" in out
    assert run("indicators", "mag-9", "--format", "csv", "--table", "beside_losses")[0] == 0
    plain = {(r["step"], r["commodity"]): r["supply_risk"] for r in document["tables"]["indicators"]}
    words = ("--eol-rir", "dy=0.25", "--substitution", "dy=0.9", "--trade", "CHN=1.2", "--governance", "2016-2020")
    _, out, _ = run("indicators", "mag-9", *words, "--format", "json")
    for row in json.loads(out)["tables"]["indicators"]:
        factor = 0.75 * 0.9 if row["commodity"] == "dy" else 1.0
        assert row["supply_risk"] == pytest.approx(plain[row["step"], row["commodity"]] * factor)
    for bad in (
        ("--eol-rir", "dy=2"),
        ("--substitution", "gold=0.5"),
        ("--trade", "CHN"),
        ("--governance", "1999"),
        ("--importer", "Atlantis"),
        ("--union", "xyz"),
    ):
        code, out, err = run("indicators", "mag-9", *bad)
        assert (code, out) == (2 if bad[1] == "1999" else 1, ""), bad
        assert "Traceback" not in err
