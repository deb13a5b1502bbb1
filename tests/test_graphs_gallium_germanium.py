"""What the gallium and germanium tables must go on saying: owners, plants shared by both, rules with their dates."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import chainnet as cn
from chainnet.scenario import timeline

NAMES = ("gallium", "germanium")


@pytest.fixture(params=NAMES)
def net(request: pytest.FixtureRequest, graphs: dict[str, cn.Network]) -> cn.Network:
    return graphs[request.param]


def makers(net: cn.Network) -> pd.DataFrame:
    """Nodes and projects that make or collect something."""
    plants = pd.concat([net.nodes[net.nodes["stage"] != "end_use"], net.projects])
    return plants.set_index("id")


def test_only_a_sum_of_firms_is_without_a_country_of_its_owner(net: cn.Network) -> None:
    plants = makers(net)
    assert plants["owner"].notna().all()
    blank = plants[plants["owner_country"].isna()]
    assert (blank["owner"] == "several").all(), blank.index.tolist()
    assert blank["operator"].isna().all()


def test_sums_inside_china_are_chinese(net: cn.Network) -> None:
    plants = makers(net)
    sums = plants[(plants["owner"] == "several") & (plants["country"] == "CHN")]
    assert len(sums) >= 6
    assert (sums["owner_country"] == "CHN").all()


def test_plants_of_both_chains_have_one_owner_and_one_site(graphs: dict[str, cn.Network]) -> None:
    """Langelsheim belongs to Vital Materials of China, Clarksville to Korea Zinc, in both chains."""
    both = [makers(graphs[name]) for name in NAMES]
    for site, owner, country in (("langelsheim", "Vital Materials", "CHN"), ("clarksville", "Korea Zinc", "KOR")):
        for plants in both:
            here = plants[plants["site"] == site]
            assert len(here) >= 1
            assert set(here["owner"]) == {owner}
            assert set(here["owner_country"]) == {country}
    known = pd.concat([plants.dropna(subset=["site"]) for plants in both]).groupby("site")["owner_country"]
    assert (known.agg(set).str.len() == 1).all()


def test_parents_are_known_with_their_source(net: cn.Network) -> None:
    owners = net.owners
    assert len(owners) >= 8
    assert owners["reference"].notna().all()
    sums = owners.dropna(subset=["share"]).groupby("owner")["share"].sum()
    assert (sums <= 1.0 + 1e-9).all()


def test_every_project_says_how_far_it_is(net: cn.Network) -> None:
    words = net.projects["status"].str.extract(r"^(\w+)(?:, |$)")[0]
    assert set(words) <= {"running", "building", "decided", "undecided", "idle"}
    running = net.projects[words == "running"]
    assert (running["start_year"] <= 2026).all()
    assert (net.projects.loc[words != "running", "start_year"] >= 2026).all()


def test_every_measure_says_where_it_comes_from(net: cn.Network) -> None:
    for name, scenario in cn.scenarios(net).items():
        for measure in scenario.measures:
            assert {"status", "source", "checked_on"} <= set(measure), name
            if measure["status"] in ("in force", "suspended"):
                assert "start" in measure, name
                assert "until" not in measure, name


def test_what_comes_back_never_bites_before_its_date(net: cn.Network) -> None:
    asked = cn.scenarios(net)
    back = [m for m in asked["china_us_ban_2024_returns"].measures if m["status"] == "suspended"]
    assert [(m["to"], m["start"], m["share"]) for m in back] == [({"country": "USA"}, "2026-12", 0.0)]
    stays = [*asked["china_us_ban_2024_extended"].measures]
    assert [m for m in asked["china_us_ban_2024_returns"].measures if m["status"] == "in force"] == stays
    assert {m["status"] for m in stays} == {"in force"}
    ban = cn.Scenario("ban", back)
    assert timeline(net, ban, 3, start="2026-11").onset == 1, "not in November 2026, but in December"
    assert {m["status"] for m in asked["china_us_ban_enforced"].measures} == {"assumed"}  # a test: it bears no date


def test_the_bar_on_military_users_reaches_japan(net: cn.Network) -> None:
    bar = cn.scenarios(net)["china_military_bar"].measures
    assert {(m["to"]["country"], m["tier"], m["start"]) for m in bar} == {
        ("USA", "defence", "2024-12"),
        ("JPN", "defence", "2026-01"),
    }


def test_what_was_fitted_is_not_called_agreement(net: cn.Network) -> None:
    notes = net.totals["note"]
    assert notes.str.contains("input").all()


def test_a_figure_that_is_not_taken_stands_in_the_card(net: cn.Network) -> None:
    """What the tables hold beside their own figure is named under Choices, Gaps or What is missing, in some unit."""
    assert net.folder is not None
    card = (net.folder / "README.md").read_text(encoding="utf-8")
    part = card[card.index("## Choices between sources") : card.index("## Scenarios")]
    printed = [float(word.replace(",", "")) for word in re.findall(r"\d[\d,]*(?:\.\d+)?", part.replace(", ", " "))]
    other = net.figures[net.figures["note"].fillna("").str.contains(r"not taken|not verified|two counts")]
    assert len(other) >= 7
    for row in other.itertuples():
        sizes = [row.value, row.value / 1000, row.value * 100]
        assert any(abs(size / number - 1) < 0.005 for size in sizes for number in printed if number), row.key
