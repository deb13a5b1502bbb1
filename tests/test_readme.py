"""What the README prints is what the chains answer today: its table, its sentences and its picture."""

from __future__ import annotations

import pandas as pd
import pytest
import readme_page as page

import chainnet as cn
from chainnet.assessment import Answers, Finding
from chainnet.flow import Counting
from chainnet.words import country_name


def text() -> str:
    return " ".join(page.README.read_text(encoding="utf-8").split())


@pytest.mark.slow
@pytest.mark.parametrize("name", page.CHAINS)
def test_the_row_and_the_first_lines_of_a_chain_are_what_it_answers(name: str) -> None:
    assert page.row(name) in page.written(page.README, page.BEGIN, page.END).splitlines()
    assert page.written(page.page_of(name), page.CARD_BEGIN, page.CARD_END) == page.card(name)


def test_the_first_answer_is_what_the_block_prints() -> None:
    net = page.chain("rare-earths")
    short = cn.balance(net, cn.scenarios(net)[page.STOP]).by_tier()["shortfall_tpa"].round()
    assert all(f"{tier} {tonnes}" in text() for tier, tonnes in short.items())


def test_the_picture_says_what_the_chain_answers() -> None:
    said = page.text_of(page.PICTURE)
    network = page.chain("rare-earths")
    assert len(network.opened) == 8
    assert "eight opened since" in said["plants"]
    found = Finding(Answers(Counting.of(network)), None, network.tier_order[0]).bottleneck
    costs = f"its stop costs {network.tier_order[0]} users {found['lost_tpa']:.0f}"
    assert f"bottleneck: {country_name(found['country'])}, {costs}" in said["bottleneck"].replace("\xa0", " ")
    assert said["heading"].startswith(cn.scenarios(network)[page.STOP].label)
    card = page.written(page.page_of("rare-earths"), page.CARD_BEGIN, page.CARD_END)
    assert f"**{said['heading']}**".replace("\xa0", " ") in card.replace("\xa0", " ")
    assert f"`{page.COMMAND}`" in text()


@pytest.mark.slow
def test_the_sentence_on_the_us_origin_rule_holds() -> None:
    now = page.chain("rare-earths")
    rule = cn.scenarios(now)["us_defence_origin_2027"]

    def short(network: cn.Network) -> dict[str, float]:
        rows = cn.balance(network, rule).demand
        rows = rows[(rows["tier"] == "defence") & (rows["shortfall_tpa"] > 1e-3)]
        return rows.groupby("commodity")["shortfall_tpa"].sum().round().to_dict()

    assert short(now) == {"smco": 90.0}
    assert "On today's plants 90 t/yr do not comply, all of it samarium-cobalt" in text()
    # samarium, and a maker of the metal: either alone is not enough
    both = now.with_projects(["usa_mountain_pass_heavy", "usa_mountain_pass_sm"])
    assert short(both) == {}
    assert short(both.without(nodes=["gbr_lcm_sm"]))["smco"] == 90.0
    assert int(now.projects.set_index("id").loc["usa_mountain_pass_sm", "start_year"]) == 2028


ALLIES = ("usa_defence", "eu27_defence", "jpn_defence")


def lost(network: cn.Network, scenario: cn.Scenario, commodity: str, allies: tuple[str, ...] = ALLIES) -> float:
    """Return the part of a product that defence of some allies asks for and does not get."""
    rows = cn.balance(network, scenario).demand
    mine = rows[(rows["commodity"] == commodity) & rows["node"].str.startswith(allies)]
    return float(mine["shortfall_tpa"].sum() / mine["demand_tpa"].sum())


def by_rounds(network: cn.Network) -> cn.Network:
    """Return a network whose demand for primers is its low end, a count of rounds."""
    demand = network.demand
    counted = demand["demand_tpa"].where(demand["commodity"] != "sb_trisulfide", demand["low"])
    return network.with_demand(demand.assign(demand_tpa=counted.fillna(demand["demand_tpa"])))


@pytest.mark.slow
def test_the_sentences_on_products_hold() -> None:
    antimony = page.chain("antimony")
    stop, rules = cn.scenarios(antimony)[page.STOP], cn.in_force(antimony)
    assert f"a stop leaves allied primers {page.percent(lost(antimony, stop, 'sb_trisulfide'))} short" in text()
    assert f"({page.percent(lost(by_rounds(antimony), stop, 'sb_trisulfide'))} if demand is counted" in text()
    primers, counted = (lost(network, rules, "sb_trisulfide") for network in (antimony, by_rounds(antimony)))
    assert f"leave allied primers {page.percent(primers)} short ({page.percent(counted)} if demand" in text()
    assert lost(antimony, rules, "sb_trisulfide", ("jpn_defence",)) > 1 - 1e-9
    assert lost(by_rounds(antimony), rules, "sb_trisulfide", ("jpn_defence",)) > 1 - 1e-9


@pytest.mark.long
def test_the_sentences_on_samarium_hold() -> None:
    magnets = page.chain("rare-earths")
    rows = cn.balance(magnets, cn.scenarios(magnets)[page.STOP], reroute="new").demand
    defence = rows[(rows["tier"] == "defence") & rows["node"].str.startswith(ALLIES)]
    short = defence[defence["shortfall_tpa"] > 1e-6]
    assert set(short["commodity"]) == {"smco"}
    share = page.percent(float(defence["shortfall_tpa"].sum() / defence["demand_tpa"].sum()))
    assert f"The {share} for rare earths are all samarium-cobalt" in text()
    share = page.percent(lost(magnets, cn.in_force(magnets), "smco", ("usa_defence",)))
    assert f"{share} of US samarium-cobalt magnets" in text()


def test_congress_may_change_the_origin_rule() -> None:
    rules = cn.rules(page.chain("rare-earths"))
    assert list(rules.loc[["us_4872_2027", "us_ndaa27_1803", "us_hr9073"], "state"]) == ["announced"] * 3
    assert "unless Congress changes it: two proposals would" in text()


def test_what_the_record_of_forecasts_is_said_to_be() -> None:
    table = pd.read_csv(page.ROOT / "graphs" / "common" / "track_record.csv").set_index(["class", "chain"])
    row = table.loc[("all", "all")]
    events = {7: "seven"}[int(row["events"])]
    said = f"Of {events} past events the wide forecast held {row['hits']:.0f} of {row['n']:.0f} outcomes"
    assert said in text()
