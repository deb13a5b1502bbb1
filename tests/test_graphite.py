"""The graphite chain: owners, feeds, rules with their dates, and what its card tells."""

from __future__ import annotations

from typing import Any

import pytest

import chainnet as cn

STATES = {"running", "building", "decided", "undecided", "idle"}
UNKNOWN = {"ind_mines", "kor_mines", "mex_mines", "tur_mines", "vnm_mines", "mdg_other", "tza_other"}
TODAY = "2026-11"


@pytest.fixture(scope="module")
def net(graphs: dict[str, cn.Network]) -> cn.Network:
    return graphs["graphite"]


@pytest.fixture(scope="module")
def rules(net: cn.Network) -> dict[str, list[dict[str, Any]]]:
    assert net.folder is not None
    files = sorted((net.folder / "scenarios").glob("*.toml"))
    return {file.stem: [dict(measure) for measure in cn.Scenario.read(file).measures] for file in files}


def test_a_plant_has_an_owners_country_unless_it_is_a_sum_of_many(net: cn.Network) -> None:
    plants = net.nodes[net.nodes["stage"] != "end_use"].set_index("id")
    blank = plants[plants["owner_country"].isna()]
    assert set(blank.index) == UNKNOWN
    assert (blank["owner"] == "several").all()
    assert net.projects["owner_country"].notna().all()


def test_owners_of_today(net: cn.Network) -> None:
    plants = net.nodes.set_index("id")["owner_country"]
    assert plants[["nor_skaland", "deu_kropfmuehl", "lka_bogala"]].tolist() == ["GBR", "USA", "USA"]
    assert plants[["idn_kendal_natural", "ukr_zavalievsky", "gbr_humber"]].tolist() == ["CHN", "AUS", "USA"]
    projects = net.projects.set_index("id")["owner_country"]
    assert projects[["nor_heroya", "can_st_thomas"]].tolist() == ["SWE", "SWE"]
    assert (net.owners["share"].dropna() >= 0.25).all()
    assert net.owners.groupby("owner")["share"].sum().max() <= 1.0


def test_projects_say_how_far_they_are(net: cn.Network) -> None:
    words = net.projects.set_index("id")["status"].str.split(",").str[0]
    assert set(words) <= STATES
    assert set(words[words == "running"].index) == {"nor_heroya", "kor_pohang_2"}
    started = net.projects.set_index("id")["start_year"]
    assert (started[words == "running"] <= 2026).all()
    assert (started[words == "undecided"] > 2026).all()


def test_becancour_can_be_fed_by_its_mine(net: cn.Network) -> None:
    size = net.projects.set_index("id")["capacity_tpa"]
    lines = net.processes.set_index(["process", "commodity", "role"])["t_per_t"]
    made = size["can_becancour_1"] + size["can_becancour_2"]
    assert made == pytest.approx(44_100)
    assert made * lines["flake_to_anode_fines", "flake", "input"] <= size["can_matawinie"]


def test_what_is_fitted_says_so(net: cn.Network) -> None:
    fitted = net.totals["note"].fillna("").str.contains("fitted")
    assert fitted.sum() >= 20
    shares = net.totals["unit"] == "share"
    assert not fitted[shares].any()


def test_every_measure_says_where_it_comes_from(net: cn.Network, rules: dict[str, list[dict[str, Any]]]) -> None:
    known = set(net.references["key"])
    for name, measures in rules.items():
        for measure in measures:
            assert measure["checked_on"] in ("2026-11-26", "2026-11-29"), name
            assert set(str(measure.get("source", "")).split(";")) <= known | {""}, name
            if measure["status"] == "assumed":
                assert "start" not in measure, name
            else:
                assert measure["source"], name
                assert measure["start"], name
            if measure["status"] == "ended":
                assert measure["until"] <= TODAY, name
            if measure["status"] == "in force":
                assert measure["start"] <= TODAY, name
                assert "until" not in measure, name


def test_what_may_have_come_back_never_bites_before(net: cn.Network, rules: dict[str, list[dict[str, Any]]]) -> None:
    pairs = [name.removesuffix("_returns") for name in rules if name.endswith("_returns")]
    assert pairs == ["china_october_2025", "us_end_use_checks_2024"]
    for name in pairs:
        back = [m for m in rules[f"{name}_returns"] if m["status"] == "suspended"]
        assert back
        assert min(m["start"] for m in back) >= TODAY
        stays = [m for m in rules[f"{name}_returns"] if m["status"] != "suspended"]
        assert stays == rules[f"{name}_extended"]


def test_the_military_bar_names_both_countries(rules: dict[str, list[dict[str, Any]]]) -> None:
    since = {m["to"]["country"]: m["start"] for m in rules["china_military_bar"]}
    assert since == {"USA": "2024-12", "JPN": "2026-01"}
    for name, measures in rules.items():
        if name.endswith(("_returns", "_extended")):
            assert all(bar in measures for bar in rules["china_military_bar"]), name


def test_the_card_tells_what_is_found(net: cn.Network) -> None:
    assert net.folder is not None
    card = (net.folder / "README.md").read_text(encoding="utf-8")
    industry = ["flake", "amorphous", "fines"]
    steps = cn.chokepoints(net, "step+country")["lost_tpa"]
    found = {
        "| all that stands in China |": cn.chokepoints(net, "country")["lost_tpa"]["CHN"],
        "Chinese-owned plants abroad (Kendal) |": cn.chokepoints(net, "owner_country")["lost_tpa"]["CHN"],
        "| Chinese anode makers |": steps["anode", "CHN"],
        "| Chinese coke |": steps["coke", "CHN"],
    }
    for head, lost in found.items():
        line = next(row for row in card.splitlines() if head in row)
        assert f"| {lost:,.0f} |" in line, (head, lost)
    mines = cn.chokepoints(net, "step+country", commodity=industry)["lost_tpa"]["mining", "CHN"]
    assert f"| {mines:,.0f} |" in next(row for row in card.splitlines() if row.startswith("| Chinese mines"))
    assert f"{len(net.nodes)} nodes, {len(net.edges)} relations" in card
    assert f"{len(net.projects)} projects" in card
