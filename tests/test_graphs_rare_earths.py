"""The rare-earth chain as it is today: what runs, what is left out, yttrium and scandium, and what the card prints of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import chainnet as cn
from chainnet.flow import Counting, balance_under
from chainnet.scenario import overlay_of

STOP, ORIGIN = "china_export_stop_all", "us_defence_origin_2027"
NO_FEED_NO_DECISION = {"usa_round_top", "usa_stillwater", "usa_stillwater_full"}
TIERS = ("defence", "industrial", "civilian")


@pytest.fixture(scope="module")
def today(rare_earths: cn.Network) -> cn.Network:
    return rare_earths.at("2026")


def short(
    net: cn.Network, scenario: cn.Scenario, order: cn.Order = "allies_first", commodity: str | None = None
) -> list[float]:
    """Shortfall of the allies by tier; as ``balance``, without its prices."""
    tiers = balance_under(Counting.of(net, commodity, None, None, order), overlay_of(net, scenario)).by_tier()
    return [float(tiers.loc[tier, "shortfall_tpa"]) for tier in TIERS if tier in tiers.index]


# -- samarium of Mountain Pass ---------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(("year", "left"), [(2027, 90.0), (2028, 0.0)])
def test_samarium_of_mountain_pass_comes_by_2028(today: cn.Network, year: int, left: float) -> None:
    """The circuit of 2026 makes Dy and Tb only, so the origin rule leaves all US defence SmCo (30 % of 300 t) short."""
    found = cn.reroute(
        today,
        cn.scenarios(today)[ORIGIN],
        ["usa_mountain_pass_heavy", "usa_mountain_pass_sm"],
        by_year=year,
    )
    assert found.all_tpa - found.base_tpa == pytest.approx(90.0 - left, abs=0.01)


def test_the_origin_rule_with_mountain_pass_heavy_is_90_t_short(today: cn.Network) -> None:
    rule = cn.scenarios(today)[ORIGIN]
    assert short(today, rule)[0] == pytest.approx(90.0, abs=0.01)
    assert short(today.with_projects(["usa_mountain_pass_heavy"]), rule)[0] == pytest.approx(90.0, abs=0.01)
    both = today.with_projects(["usa_mountain_pass_heavy", "usa_mountain_pass_sm"])
    assert short(both, rule)[0] == pytest.approx(0.0, abs=0.01)


def test_the_samarium_loan_is_no_cost_of_a_plant(rare_earths: cn.Network) -> None:
    projects = rare_earths.projects.set_index("id")
    assert projects.loc[["usa_mountain_pass_heavy", "usa_mountain_pass_sm"], "capex_musd"].isna().all()
    assert "USD 150 million" in projects.loc["usa_mountain_pass_sm", "note"]
    made = rare_earths.processes.set_index("process")["commodity"]
    assert "sm_oxide" not in set(made[projects.loc["usa_mountain_pass_heavy", "process"]])


# -- what is ranked, and what runs -----------------------------------------------------------------------


@pytest.mark.slow
def test_what_has_neither_feed_nor_decision_is_not_ranked(rare_earths: cn.Network) -> None:
    found = cn.reroute(rare_earths, cn.scenarios(rare_earths)[STOP], by_year=2030).projects
    assert not NO_FEED_NO_DECISION & set(found.index)
    assert not NO_FEED_NO_DECISION & ({*rare_earths.edges["source"]} | {*rare_earths.edges["target"]})
    card = (Path(str(rare_earths.folder)) / "README.md").read_text(encoding="utf-8")
    left_out = card[card.index("Known, not entered") :]
    assert "Round Top" in left_out
    assert "Stillwater" in left_out


def test_makers_of_today_are_in_the_tables(rare_earths: cn.Network) -> None:
    projects = rare_earths.projects.set_index("id")
    state = projects["status"].str.split(",").str[0]
    assert state["can_src_metal"] == "running"
    assert projects.loc["can_src_metal", ["capacity_tpa", "high"]].tolist() == [120.0, 400.0]
    assert projects.loc[["can_src_metal", "can_src_metal_full"], "capacity_tpa"].sum() == pytest.approx(400.0)
    heavy = projects.loc["can_src_heavy"]
    assert (heavy["capacity_tpa"], heavy["start_year"]) == (45.0, 2027)
    bound = rare_earths.contracts.set_index("supplier")
    assert bound.loc["can_src_heavy", ["for", "share"]].tolist() == ["USA", 0.8]
    assert state["usa_white_mesa_heavy"] == "building"
    assert state["usa_terves_sm"] == "undecided"
    recipe = rare_earths.processes.set_index(["process", "commodity"])["t_per_t"]
    donald = projects.loc["usa_white_mesa_heavy", "capacity_tpa"]
    assert donald * recipe["separate_donald", "reo_monazite"] == pytest.approx(
        projects.loc["aus_donald", "capacity_tpa"]
    )
    assert donald * recipe["separate_donald", "sm_oxide"] == pytest.approx(129.0)


def test_an_owner_whose_shares_are_not_public_has_no_country(rare_earths: cn.Network) -> None:
    nodes = rare_earths.nodes.set_index("id")
    assert nodes.loc[["jpn_metal", "jpn_dytb_metal"], "owner_country"].isna().all()
    assert nodes.loc["eu_vac", "quality"] == "estimated"


# -- yttrium and scandium --------------------------------------------------------------------------------


@pytest.mark.parametrize(("commodity", "lost"), [("yttrium_oxide", 2194.0), ("scandium_oxide", 9.8125)])
@pytest.mark.parametrize("stop", [STOP, "china_export_stop"])
def test_a_stop_of_china_shows_in_yttrium_and_scandium(
    rare_earths: cn.Network, stop: str, commodity: str, lost: float
) -> None:
    """All yttrium is separated in China; of 20 t of scandium used by allies the 10.2 t made elsewhere are capacity."""
    assert sum(short(rare_earths, cn.scenarios(rare_earths)[stop], commodity=commodity)) == pytest.approx(
        lost, abs=0.01
    )


def test_yttrium_hangs_on_separation_not_on_ore(rare_earths: cn.Network) -> None:
    steps = cn.chokepoints(rare_earths, by="step+country", commodity="yttrium_oxide")["lost_tpa"]
    assert steps["yttrium", "CHN"] == pytest.approx(2194.0, abs=0.01)
    assert short(rare_earths, cn.scenarios(rare_earths)["loss_of_myanmar"], commodity="yttrium_oxide") == pytest.approx(
        [0.0], abs=0.01
    )


def test_magnets_are_counted_as_if_yttrium_and_scandium_were_not_there(rare_earths: cn.Network) -> None:
    others = rare_earths.demand["commodity"].isin(["yttrium_oxide", "scandium_oxide"]).to_numpy()
    bare = rare_earths.with_table("demand", rare_earths.demand[~others])
    for order in ("allies_first", "allies_last"):
        stop = cn.scenarios(rare_earths)[STOP]
        assert short(rare_earths, stop, order) == pytest.approx(short(bare, stop, order), abs=1e-3)


# -- the card --------------------------------------------------------------------------------------------

MINES = cn.Scenario("mines", [{"kind": "remove", "where": {"country": "CHN", "step": "mining"}}])
ROWS = {
    "China stops exports to everyone": "china_export_stop_all",
    "China stops exports to the allies alone": "china_export_stop",
    "October 2025 rule on military goods returns": "china_october_2025_returns",
    "US origin rule of 1 January 2027": "us_defence_origin_2027",
    "loss of Bayan Obo": "loss_of_bayan_obo",
    "no feed from Myanmar": "loss_of_myanmar",
    "loss of Baotou Huamei": "loss_of_baotou_huamei",
    "licences of spring 2025": "china_licences_2025",
    "Japan as in 2010": "japan_embargo_2010",
}
THE_SAME = {
    "the same, with samarium from Lynas": ["mys_lynas_heavy"],
    "the same, with Dy and Tb from Mountain Pass": ["usa_mountain_pass_heavy"],
    "the same, with samarium from Mountain Pass too (by 2028)": ["usa_mountain_pass_heavy", "usa_mountain_pass_sm"],
}


def table_of(card: str, head: str) -> list[list[str]]:
    """Rows of the table of a card whose first line begins with ``head``."""
    lines = card[card.index(f"| {head}") :].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines[: lines.index("")]]


@pytest.mark.long
@pytest.mark.parametrize("year", [2026, 2024])
def test_every_number_of_the_cards_first_tables_is_what_balance_gives(rare_earths: cn.Network, year: int) -> None:
    card = (Path(str(rare_earths.folder)) / "README.md").read_text(encoding="utf-8")
    shipped = cn.scenarios(rare_earths)
    layer = rare_earths.at("2026") if year == 2026 else rare_earths
    barred = [m for name in ("china_military_bar", "china_entity_list_2026") for m in shipped[name].measures]
    scenario = MINES
    rows = table_of(card, f"question, plants of {year} | allies first: defence")
    for label, *cells in rows:
        built = layer.with_projects(THE_SAME[label]) if label in THE_SAME else layer
        if label in ROWS:
            scenario = shipped[ROWS[label]]
        elif label == "loss of all Chinese mines":
            scenario = MINES
        elif label == "bar of military users and entity list together":
            scenario = cn.Scenario("barred", barred)
        else:
            assert label in THE_SAME, label
        found = [t for order in ("allies_first", "allies_last") for t in short(built, scenario, order)]
        assert [float(cell.replace(",", "")) for cell in cells] == pytest.approx(found, abs=0.51), label
    assert len(rows) >= 10
