"""What the README prints is what the chains answer today: its table, its sentences and its picture."""

from __future__ import annotations

import readme_page as page

import chainnet as cn
from chainnet.words import country_name


def text() -> str:
    return " ".join(page.README.read_text(encoding="utf-8").split())


def shortfall(network: cn.Network, scenario: cn.Scenario, tier: str) -> float:
    row = cn.balance(network, scenario).by_tier().loc[tier]
    return float(row["shortfall_tpa"] / row["demand_tpa"])


def test_the_table_is_what_the_chains_answer() -> None:
    assert page.written_table() == page.table()


def test_no_other_plant_decides_more_than_the_one_that_the_table_names() -> None:
    for name, (_, decide) in page.CHAINS.items():
        network = page.chain(name, page.TODAY)
        stop = cn.scenarios(network)[page.STOP]
        lost = cn.chokepoints(network, tier="defence", scenario=stop)["lost_tpa"]
        named = lost[list(decide)]
        assert named.is_monotonic_decreasing, name
        assert lost.max() <= named.iloc[0] + 1e-6, (name, lost.idxmax())


def test_the_picture_says_what_the_table_says() -> None:
    said = page.text_of(page.PICTURE)
    network = page.chain("rare-earths", page.TODAY)
    assert said["plants"].endswith(f"eight plants opened by {page.TODAY}")
    assert len(network.opened) == 8
    found = page.bottleneck(network)
    assert said["bottleneck"].startswith(f"▶ bottleneck: {country_name(found.country)}, loss {found.lost_tpa:.0f}")
    assert page.place("rare-earths").startswith(f"{found.step}, {country_name(found.country)}")
    now = page.short(network, cn.scenarios(network)[page.STOP])
    assert [page.percent(share) in said["heading"].replace("\u00a0", " ") for share in now.defence] == [True, True]
    assert f"`{page.COMMAND}`" in text()
    first, last = map(page.percent, now.defence)
    assert f"Allied defence lacks {first} of its demand, and {last} in the stress test" in text()


def test_the_sentence_on_the_us_origin_rule_holds() -> None:
    then, now = page.chain("rare-earths", None), page.chain("rare-earths", page.TODAY)
    rule = cn.scenarios(then)["us_defence_origin_2027"]

    def short(network: cn.Network) -> dict[str, float]:
        rows = cn.balance(network, rule).demand
        rows = rows[(rows["tier"] == "defence") & (rows["shortfall_tpa"] > 1e-3)]
        return rows.groupby("commodity")["shortfall_tpa"].sum().round().to_dict()

    us = then.demand[then.demand["node"].str.startswith("usa_defence")]["demand_tpa"].sum()
    assert f"{sum(short(then).values()):.0f} of {us:.0f} t/yr would not have complied" in text()
    assert short(now) == {"smco": 90.0}
    assert "On today's plants 90 t do not, all of it samarium-cobalt" in text()
    # samarium, and a maker of the metal: either alone is not enough
    both = now.with_projects(["usa_mountain_pass_heavy", "usa_mountain_pass_sm"])
    assert short(both) == {}
    assert short(both.without(nodes=["gbr_lcm_sm"]))["smco"] == 90.0
    assert int(now.projects.set_index("id").loc["usa_mountain_pass_sm", "start_year"]) == 2028


def test_the_sentence_on_the_rules_in_force_holds() -> None:
    today = {name: page.chain(name, page.TODAY) for name in page.CHAINS}
    ruled = {name: cn.in_force(network) for name, network in today.items()}
    most = max(shortfall(network, ruled[name], "defence") for name, network in today.items())
    assert f"leave a shortfall of at most {page.percent(most)} of allied defence demand" in text()
    civilian = {name: page.percent(shortfall(today[name], ruled[name], "civilian")) for name in page.CHAINS}
    assert (
        f"{civilian['rare-earths']} of civilian demand for rare-earth magnets and {civilian['antimony']} for antimony"
        in text()
    )
    assert f"The {civilian['rare-earths']} depend on one customs row" in text()
    assert [name for name, share in civilian.items() if share != "0 %"] == ["rare-earths", "antimony"]
    without = today["germanium"].without(nodes=["cod_big_hill"])
    share = page.percent(shortfall(without, ruled["germanium"], "civilian"))
    assert f"without it {share} is not" in text()
    rows = cn.controls(today["rare-earths"])
    assert ((rows["to"] == "JPN") & (rows["share"] == 0.05)).sum() == 1, "one row of customs decides for rare earths"
    numbers = ruled["rare-earths"].with_shares(today["rare-earths"])
    kept = [one for one in numbers.measures if one.get("to") != {"country": "JPN"} or "tier" in one]
    assert len(kept) == len(numbers.measures) - 1
    share = page.percent(shortfall(today["rare-earths"], cn.Scenario("without the row", kept), "civilian"))
    assert f"without it they are {share}" in text()


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


def test_the_sentences_on_products_hold() -> None:
    for year in (None, page.TODAY):
        antimony = page.chain("antimony", year)
        stop = cn.scenarios(antimony)[page.STOP]
        assert f"a stop leaves allied primers {page.percent(lost(antimony, stop, 'sb_trisulfide'))} short" in text()
        assert f"({page.percent(lost(by_rounds(antimony), stop, 'sb_trisulfide'))} if demand is counted" in text()
    rules = cn.in_force(antimony)
    primers, counted = (lost(network, rules, "sb_trisulfide") for network in (antimony, by_rounds(antimony)))
    assert f"leave allied primers {page.percent(primers)} short ({page.percent(counted)} if demand" in text()
    assert lost(antimony, rules, "sb_trisulfide", ("jpn_defence",)) > 1 - 1e-9
    assert lost(by_rounds(antimony), rules, "sb_trisulfide", ("jpn_defence",)) > 1 - 1e-9


def test_the_sentences_on_samarium_hold() -> None:
    magnets = page.chain("rare-earths", page.TODAY)
    stop = cn.scenarios(magnets)[page.STOP]
    rows = cn.balance(magnets, stop).demand
    short = rows[(rows["tier"] == "defence") & rows["node"].str.startswith(ALLIES) & (rows["shortfall_tpa"] > 1e-6)]
    assert set(short["commodity"]) == {"smco"}
    assert lost(magnets, stop, "smco") > 1 - 1e-9
    assert f"The {page.percent(page.short(magnets, stop).defence[0])} for rare earths are all samarium-cobalt" in text()
    share = page.percent(lost(magnets, cn.in_force(magnets), "smco", ("usa_defence",)))
    assert f"{share} of US samarium-cobalt magnets" in text()


def test_the_sentence_on_new_suppliers_holds() -> None:
    network = page.chain("rare-earths", page.TODAY)
    rules = cn.in_force(network).with_shares(network)
    wide = [{key: value for key, value in one.items() if key != "to" or "from" not in one} for one in rules.measures]
    assert cn.balance(network, rules, reroute="new").by_tier()["shortfall_tpa"].max() < 1e-3
    kept = cn.balance(network, cn.Scenario("to everyone", wide), reroute="new").by_tier().loc["defence"]
    share = page.percent(kept["shortfall_tpa"] / kept["demand_tpa"])
    assert f"from everyone, {share} of allied defence demand would stay short" in text()


def test_congress_may_change_the_origin_rule() -> None:
    rules = cn.rules(page.chain("rare-earths", None))
    assert list(rules.loc[["us_4872_2027", "us_ndaa27_1803", "us_hr9073"], "state"]) == ["announced"] * 3
    assert "unless Congress changes it: two proposals would" in text()
