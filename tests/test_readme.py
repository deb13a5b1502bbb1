"""What the README prints is what the chains answer today: its table, its sentences and its picture."""

from __future__ import annotations

import readme_page as page

import chainnet as cn
from chainnet.assumptions import judged_shares
from chainnet.flow import Counting
from chainnet.words import country_name


def text() -> str:
    return " ".join(page.README.read_text(encoding="utf-8").split())


def unmet(network: cn.Network, scenario: cn.Scenario, tier: str) -> float:
    return float(judged_shares(Counting.of(network), scenario, only=[])["most_share"]["stated"][tier])


def test_the_table_is_what_the_chains_answer() -> None:
    assert page.written_table() == page.table()


def test_the_picture_says_what_the_table_says() -> None:
    said = page.text_of(page.PICTURE)
    network = page.chain("rare-earths", page.TODAY)
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
    assert f"{sum(short(then).values()):.0f} of {us:.0f} t a year did not comply" in text()
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
    most = max(unmet(network, ruled[name], "defence") for name, network in today.items())
    assert f"leave at most {page.percent(most)} of allied defence demand unmet" in text()
    civilian = {name: page.percent(unmet(today[name], ruled[name], "civilian")) for name in page.CHAINS}
    assert (
        f"{civilian['rare-earths']} of civilian demand for rare-earth magnets and {civilian['antimony']} for antimony"
        in text()
    )
    assert [name for name, share in civilian.items() if share != "0 %"] == ["rare-earths", "antimony"]
    without = today["germanium"].without(nodes=["cod_big_hill"])
    share = page.percent(unmet(without, ruled["germanium"], "civilian"))
    assert f"without it {share} is not" in text()
    rows = cn.controls(today["rare-earths"])
    assert ((rows["to"] == "JPN") & (rows["share"] == 0.05)).sum() == 1, "one row of customs decides for rare earths"


def test_the_sentence_on_primers_holds() -> None:
    network = cn.read("antimony")
    stop = cn.scenarios(network)[page.STOP]

    def share(asked: cn.Network) -> float:
        rows = cn.balance(asked, stop).demand
        allies = rows["node"].isin(["usa_defence", "eu27_defence", "jpn_defence"])
        mine = rows[(rows["commodity"] == "sb_trisulfide") & allies]
        return float(mine["shortfall_tpa"].sum() / mine["demand_tpa"].sum())

    assert f"leaves {page.percent(share(network))} of allied primers unmet" in text()
    demand = network.demand
    by_rounds = demand["demand_tpa"].where(demand["commodity"] != "sb_trisulfide", demand["low"])
    counted = network.with_demand(demand.assign(demand_tpa=by_rounds.fillna(demand["demand_tpa"])))
    assert f"({page.percent(share(counted))} if demand is counted by rounds)" in text()
