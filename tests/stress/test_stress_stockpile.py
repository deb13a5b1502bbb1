"""What must be in stock: by hand, against what is short without it, published rows, bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.flow import Counting
from chainnet.stress import Ask, averted, requirement
from chainnet.stress._stockpile import _held_back

OUT = cn.Scenario("out", [{"kind": "remove", "nodes": ["mine"]}])


def priced(**tables: Any) -> cn.Network:
    """Ore (100 USD/t, 2 t per t of metal) and metal (1,000 USD/t); a works of 6 t/yr, a user of 12 t/yr."""
    given = {
        "nodes": frame(
            "id stage country process capacity_tpa",
            ("mine", "mine", "CHN", None, 24.0),
            ("works", "refiner", "USA", "smelt", 12.0),
            ("user", "end_use", "USA", None, None),
        ),
        "edges": frame(
            "source target commodity flow_tpa", ("mine", "works", "ore", 24.0), ("works", "user", "metal", 12.0)
        ),
        "processes": frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 2.0), ("smelt", "metal", "output", 1.0)
        ),
        "demand": frame(
            "node commodity tier demand_tpa", ("user", "metal", "defence", 8.0), ("user", "metal", "civilian", 4.0)
        ),
        "commodities": frame("id price_usd_per_t", ("ore", 100.0), ("metal", 1000.0)),
        "main_commodity": "metal",
    }
    return cn.Network(**{**given, **tables})


def by(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("commodity")


def test_the_cheapest_place_in_the_chain() -> None:
    need = cn.stockpile_requirement(priced(), OUT, months=24)
    assert by(need)["required_t"].to_dict() == pytest.approx({"metal": 0.0, "ore": 32.0})
    assert by(need)["alone_t"].to_dict() == pytest.approx({"metal": 16.0, "ore": 32.0})
    assert need["cost_usd"].sum() == pytest.approx(3200.0)
    table, proof = requirement(OUT, "defence", Ask(Counting.of(priced()), 24))
    assert proof.ok
    assert proof.value == pytest.approx(3200.0)
    pd.testing.assert_frame_equal(table, need[list(table)])
    assert need.certificate.value == pytest.approx(3200.0)
    dear = priced(commodities=frame("id price_usd_per_t", ("ore", 600.0), ("metal", 1000.0)))
    assert by(cn.stockpile_requirement(dear, OUT, months=24))["required_t"].to_dict() == pytest.approx(
        {"metal": 16.0, "ore": 0.0}
    )


def test_all_tiers_need_what_goes_short(mag9: cn.Network, china_out: cn.Scenario) -> None:
    for tiers in (["defence"], ["defence", "industrial"], ["defence", "industrial", "civilian"]):
        need = cn.stockpile_requirement(mag9, china_out, tiers, months=24)
        short = cn.stress_test(mag9, china_out, months=24).summary.loc["china_out", "shortfall_t"]
        assert by(need).loc["magnet", "required_t"] == pytest.approx(short[tiers].sum(), abs=1e-6)


def test_held_is_netted_by_commodity_and_drawn_across() -> None:
    stocks = frame(
        "id node commodity stock_t tiers",
        ("a", "works", "ore", 10.0, None),
        ("b", "user", "metal", 3.0, "defence"),
        ("c", "user", "metal", 50.0, "civilian"),
    )
    need = by(cn.stockpile_requirement(priced(stocks=stocks), OUT, months=24))
    assert need["held_t"].to_dict() == {"metal": 3.0, "ore": 10.0}
    assert need["net_t"].to_dict() == pytest.approx({"metal": 0.0, "ore": 22.0})
    # 3 t of metal and 10 t of ore serve 8 of 16 t
    assert need["buy_t"].to_dict() == pytest.approx({"metal": 0.0, "ore": 16.0})


def held(ore_t: float = 10.0, metal_t: float = 3.0) -> cn.Network:
    """Ore of firm A (4 to 14 t), metal of firm B as it is said, and metal for civilians."""
    stocks = frame(
        "id holder country node commodity stock_t tiers low high quality",
        ("a", "Firm A", "USA", "works", "ore", ore_t, None, 4.0, 14.0, "estimated"),
        ("b", "Firm B", "JPN", "user", "metal", metal_t, "defence", None, None, "reported"),
        ("c", None, None, "user", "metal", 50.0, "civilian", None, None, None),
    )
    labels = frame("id label price_usd_per_t", ("ore", "Ore", 1e5), ("metal", "Pure metal", 1e6))
    return priced(stocks=stocks, commodities=labels)


def test_who_covers_how_much_what_is_to_buy_and_what_if_the_stock_is_smaller() -> None:
    """16 t of metal or 32 of ore are asked for; 3 t of metal stand for 6 of ore, and firm A has 10 (4 to 14)."""
    need = cn.stockpile_requirement(held(), OUT, months=24)
    ore = by(need).loc["ore"]
    ends = ore[["required_t", "buy_t", "buy_low_t", "buy_high_t"]].tolist()
    assert ends == pytest.approx([32.0, 16.0, 12.0, 22.0])
    assert ore[["required_usd", "buy_usd", "cost_usd"]].tolist() == pytest.approx([3.2e6, 1.6e6, 2.2e6])
    assert need.held.set_index("id")["drawn_t"].to_dict() == pytest.approx({"a": 10.0, "b": 3.0, "c": 0.0})
    assert need.held["id"].tolist() == ["a", "b", "c"]
    assert need.held.loc[0, ["stock_t", "low_t", "high_t"]].tolist() == [10.0, 4.0, 14.0]
    assert need.held.loc[1, ["stock_t", "low_t", "high_t"]].tolist() == [3.0, 3.0, 3.0]
    assert need.sentence == (
        "For defence demand to be met through “out” (8 t/yr for 24 months, on existing links) 32 t of Ore must be in stock, USD 3.2 million. "
        "Already held: Firm A in the United States gives all its 10 t (perhaps only 4) of Ore and Firm B in Japan gives "
        "all its 3 t of Pure metal. On record, but not drawn: c, 50 t of Pure metal (kept for other tiers). To buy: 16 t of Ore, USD 1.6 million; with stocks at their low figures 22 t of Ore, "
        "USD 2.2 million. Other tiers may be short."
    )
    assert f"<p>{need.sentence}</p>" in need._repr_html_()
    # bought where it says, it is enough, and with less it is not
    for tonnes, is_whole in ((16.0, True), (15.8, False)):
        more = held(10.0 + tonnes)
        short = cn.stress_test(more, OUT, months=24).summary.loc[("out", "defence"), "shortfall_t"]
        assert bool(short < 1e-6) is is_whole


def test_of_several_ways_to_cover_it_the_fewest_tonnes_are_drawn() -> None:
    """20 t of metal serve 16 alone; ore would take two tonnes for each. With the metal at 20 t no end matters."""
    need = cn.stockpile_requirement(held(metal_t=20.0), OUT, months=24)
    assert need.held.set_index("id")["drawn_t"].to_dict() == pytest.approx({"a": 0.0, "b": 16.0, "c": 0.0})
    assert need.held["id"].iloc[0] == "b"
    assert need[["buy_t", "buy_low_t", "buy_high_t", "buy_usd"]].to_numpy().tolist() == [[0.0] * 4] * 2
    said = (
        "Already held: Firm B in Japan gives 16 t of its 20 t of Pure metal. On record, but not drawn: Firm A in the "
        "United States, 10 t of Ore (does not help) and c, 50 t of Pure metal (kept for other tiers). To buy: nothing. "
        "Other tiers may be short."
    )
    assert need.sentence.endswith(said)


def test_what_a_scenario_takes_of_a_stock_is_taken_of_its_ends_too() -> None:
    half = cn.Scenario(
        "out", [*OUT.measures, {"kind": "scale", "where": {"holder": "Firm A"}, "share": 0.5}], label="Half is gone."
    )
    need = cn.stockpile_requirement(held(), half, months=24)
    assert need.held.loc[0, ["stock_t", "low_t", "high_t", "drawn_t"]].tolist() == pytest.approx([5.0, 2.0, 7.0, 5.0])
    assert by(need).loc["ore", ["buy_t", "buy_low_t", "buy_high_t"]].tolist() == pytest.approx([21.0, 19.0, 24.0])
    assert "through “Half is gone” (8 t/yr for 24 months" in need.sentence


def test_a_stock_that_covers_what_has_no_price_is_named_too() -> None:
    """Without the works too only metal helps, of which nobody knows the price: 3 of 16 t are held."""
    net = held()
    net = net.with_table("commodities", net.commodities.assign(price_usd_per_t=[np.nan, 1e5]))
    assert net.commodities["id"].tolist() == ["metal", "ore"]
    both = cn.Scenario("both", [{"kind": "remove", "nodes": ["mine", "works"]}])
    need = cn.stockpile_requirement(net, both, months=24)
    assert by(need).loc["metal", ["required_t", "buy_t"]].tolist() == pytest.approx([16.0, 13.0])
    assert (
        "16 t of Pure metal must be in stock, no price in the data. Already held: Firm B in Japan gives all its 3 t of "
        "Pure metal. On record, but not drawn: Firm A in the United States, Ore (none is left by the scenario) and c, "
        "50 t of Pure metal (kept for other tiers). To buy: 13 t of Pure metal, no price in the data." in need.sentence
    )
    assert np.isnan(by(need).loc["metal", "buy_usd"])


def test_what_would_do_but_has_no_price_is_said_with_how_to_give_it_one() -> None:
    """16 t of metal are bought; 32 t of ore would do, but nobody says what they cost. Both helps while the works runs."""
    net = priced(commodities=frame("id label price_usd_per_t", ("ore", "Ore", None), ("metal", None, 1000.0)))
    would = "32 t of Ore (--price ore=USD_PER_T)"
    need = cn.stockpile_requirement(net, OUT, months=24)
    assert by(need)["required_t"].to_dict() == pytest.approx({"metal": 16.0, "ore": 0.0})
    assert (
        f"16 t of metal must be in stock, under USD 1 million. Or, without a price in the data, {would}. "
        in need.sentence
    )
    told = cn.stockpile_requirement(net, OUT, months=24, prices={"ore": 100.0})
    assert by(told)["required_t"].to_dict() == pytest.approx({"metal": 0.0, "ore": 32.0})
    assert "Or, " not in told.sentence
    never = {"metal": float("inf")}
    with pytest.raises(cn.InfeasibleError) as fault:
        cn.stockpile_requirement(net, OUT, months=24, prices=never)
    assert f"no stock of anything else that has a price keeps defence whole. With {would} it would. Give" in str(
        fault.value
    )
    both = cn.Scenario("both", [{"kind": "remove", "nodes": ["mine", "works"]}])
    assert "Or, " not in cn.stockpile_requirement(net, both, months=24).sentence
    with pytest.raises(cn.InfeasibleError, match=r"no stock of anything else keeps defence whole\. Give"):
        cn.stockpile_requirement(net, both, months=24, prices=never)


def test_what_users_hold_for_themselves_is_left_out_and_that_is_said() -> None:
    """26 weeks of metal with the user serve half a year of the stress test; the requirement is the same without."""
    covered, plain = priced(cover=frame("tier weeks", (None, 26.0))), priced()
    need = cn.stockpile_requirement(covered, OUT, months=24)
    assert need["required_t"].tolist() == cn.stockpile_requirement(plain, OUT, months=24)["required_t"].tolist()
    assert "What users hold for themselves is left out, but counts in chainnet stress and find." in need.sentence
    assert "What users hold" not in cn.stockpile_requirement(plain, OUT, months=24).sentence
    short = [cn.stress_test(net, OUT, months=24).summary.loc["out", "shortfall_t"].sum() for net in (covered, plain)]
    assert short[0] < short[1]


def test_the_sentence_where_no_stock_helps_and_where_none_is_needed() -> None:
    net = held()
    others = net.with_table("stocks", net.stocks[net.stocks["id"] == "c"])
    said = cn.stockpile_requirement(others, OUT, months=24)
    told = "On record, but not drawn: c, 50 t of Pure metal (kept for other tiers). All of it is to buy. "
    assert said.sentence.endswith(told + "Other tiers may be short.")
    assert said["buy_t"].sum() == pytest.approx(32.0)
    none = cn.stockpile_requirement(priced(), OUT, ["defence", "civilian"], months=12, reroute="new")
    assert none.sentence == (
        "For defence and civilian demand to be met through “out” (12 t/yr for 12 months, with new suppliers) 24 t of ore must be in stock, "
        "under USD 1 million. No stock is on record, so all of it is to buy."
    )
    assert none.held.empty
    calm = cn.stockpile_requirement(net, None, months=12)
    said = "Defence demand is met in the baseline (8 t/yr for 12 months, on existing links) with nothing in store: no stock is needed."
    assert calm.sentence == f"{said} Other tiers may be short."
    assert calm.held["drawn_t"].tolist() == [0.0, 0.0, 0.0]


def test_a_stock_on_record_that_is_not_drawn_says_why() -> None:
    """A store without a node, one that the scenario takes, one of metal where ore is short as well as metal."""
    stocks = frame(
        "id holder node commodity stock_t", ("loose", None, None, "ore", 9.0), ("gone", "Firm A", "works", "ore", 7.0)
    )
    taken = cn.Scenario("out", [*OUT.measures, {"kind": "scale", "where": {"holder": "Firm A"}, "share": 0.0}])
    need = cn.stockpile_requirement(priced(stocks=stocks), taken, months=24)
    assert need.held.set_index("id")["not_drawn"].to_dict() == {
        "loose": "names no node",
        "gone": "none is left by the scenario",
    }
    assert "loose, 9 t of ore (names no node)" in need.sentence
    calm = cn.stockpile_requirement(held(), None, months=12)
    assert calm.held.set_index("id")["not_drawn"].to_dict() == {
        "a": "not needed",
        "b": "not needed",
        "c": "kept for other tiers",
    }


def test_the_range_is_that_of_demand_and_with_a_price_of_ones_own() -> None:
    """Two years of 8 t of metal (5 to 11) take two tonnes of ore each; dearer ore gives way to metal."""
    net = priced()
    ranged = net.with_table("demand", net.demand.assign(low=[3.0, 5.0], high=[6.0, 11.0]))
    assert ranged.demand["tier"].tolist() == ["civilian", "defence"]
    need = cn.stockpile_requirement(ranged, OUT, months=24)
    ends = ["required_t", "required_low_t", "required_high_t"]
    assert by(need).loc["ore", ends].tolist() == pytest.approx([32.0, 20.0, 44.0])
    assert "With demand at its low figures 20 t, at its high figures 44 t." in need.sentence
    dear = cn.stockpile_requirement(ranged, OUT, months=24, prices={"ore": 700.0})
    assert by(dear).loc["metal", [*ends, "required_usd"]].tolist() == pytest.approx([16.0, 10.0, 22.0, 16e3])
    assert by(dear)["price_usd_per_t"].to_dict() == {"metal": 1000.0, "ore": 700.0}
    never = cn.stockpile_requirement(ranged, OUT, months=24, prices={"ore": float("inf")})
    assert by(never)["required_t"].to_dict() == pytest.approx({"metal": 16.0, "ore": 0.0})
    assert by(never).loc["ore", ["cost_usd", "required_usd"]].tolist() == [0.0, 0.0]
    both = cn.Scenario("both", [{"kind": "remove", "nodes": ["mine", "works"]}])  # and so ore is no way out
    with pytest.raises(cn.InfeasibleError, match=r"--price metal=inf\) says that metal is never held.*Give a price"):
        cn.stockpile_requirement(ranged, both, months=24, prices={"metal": float("inf")})
    with pytest.raises(cn.DataError, match=r"prices: ore: -1.0 is no price"):
        cn.stockpile_requirement(ranged, OUT, months=24, prices={"ore": -1.0})


def test_the_shell_says_who_covers_it_before_the_tables(tmp_path: Path) -> None:
    cn.write(held(), tmp_path / "held")
    (tmp_path / "out.toml").write_text('[[measures]]\nkind = "remove"\nnodes = ["mine"]\n', encoding="utf-8")
    asked = ["stockpile", str(tmp_path / "held"), "--scenario", str(tmp_path / "out.toml"), "--months", "24"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    need = cn.stockpile_requirement(held(), OUT, months=24)
    assert done.stdout.startswith(f"answer: {need.sentence}\n")
    rows = done.stdout.split("\nstockpile (2 rows)")[1].splitlines()
    assert rows[1].split() == [
        "commodity",
        "label",
        "required_t",
        "required_usd",
        "buy_t",
        "buy_usd",
        "buy_high_t",
        "alone_t",
    ]
    assert rows[3].split() == ["ore", "Ore", "32", "3,200,000", "16", "1,600,000", "22", "32"]
    stocks = done.stdout.split("\nheld (3 rows)")[1].splitlines()
    assert stocks[3].split()[:9] == ["Firm", "A", "USA", "ore", "10", "10", "4", "14", "estimated"]


def test_a_stock_of_that_size_suffices_and_less_does_not() -> None:
    need = by(cn.stockpile_requirement(priced(), OUT, months=24)).loc["ore", "required_t"]
    for tonnes, is_whole in ((need, True), (0.99 * need, False)):
        stocked = priced(stocks=frame("id node commodity stock_t", ("s", "works", "ore", tonnes)))
        short = cn.stress_test(stocked, OUT, months=24).summary.loc[("out", "defence"), "shortfall_t"]
        assert bool(short < 1e-6) is is_whole


def test_no_stock_in_the_hands_of_others() -> None:
    """The works is not the beneficiary's: it can store metal only."""
    net = priced(beneficiaries=["USA"])
    moved = net.with_table("nodes", net.nodes.assign(country=["CHN", "USA", "MYS"]))
    assert moved.nodes.set_index("id")["country"].to_dict() == {"mine": "CHN", "user": "USA", "works": "MYS"}
    need = cn.stockpile_requirement(moved, OUT, months=24)
    assert need["commodity"].tolist() == ["metal"]
    assert need["required_t"].tolist() == pytest.approx([16.0])


def test_before_less_averted_is_after_and_every_step_says_what_it_takes_off() -> None:
    nodes = frame(
        "id stage country process capacity_tpa",
        ("mine", "mine", "CHN", None, 24.0),
        ("pit", "mine", "USA", None, 10.0),
        ("works", "refiner", "USA", "smelt", 12.0),
        ("user", "end_use", "USA", None, None),
        ("abroad", "refiner", "KOR", "smelt", 12.0),
    )
    edges = frame(
        "source target commodity flow_tpa",
        ("mine", "works", "ore", 22.0),
        ("pit", "works", "ore", 2.0),
        ("pit", "abroad", "ore", 4.0),
        ("works", "user", "metal", 12.0),
        ("abroad", "user", "metal", 0.0),
    )
    net = priced(
        nodes=nodes,
        edges=edges,
        beneficiaries=["USA"],
        stocks=frame("id node commodity stock_t", ("s", "works", "ore", 1.0)),
    )
    steps = cn.stockpile_mitigation(
        net,
        OUT,
        months=12,
        austerity={"defence": 0.5},
        measures={"thrift": [{"kind": "demand", "tier": "defence", "share": 0.5}]},
    )
    ore = steps[steps["commodity"] == "ore"].set_index("step")
    # 8 t of defence take 16 t of ore; 2 come as before, 10 once the pit sells at home only
    assert ore["before_t"].tolist() == pytest.approx([14.0, 6.0, 6.0, 0.0, 0.0])
    assert ore["averted_t"].tolist() == pytest.approx([8.0, 0.0, 6.0, 0.0, 0.0])
    assert ore.index.tolist() == ["own exports limited", "extra buys", "austerity", "thrift", "stocks held"]
    assert ((steps["before_t"] - steps["averted_t"]) - steps["after_t"]).abs().max() < 1e-9
    assert ((steps["before_usd"] - steps["averted_usd"]) - steps["after_usd"]).abs().max() < 1e-6
    assert not steps[["before_t", "averted_t", "after_t"]].isna().any().any()


@pytest.mark.parametrize(
    ("capacity", "flow", "held", "home"),
    [
        (None, 5.0, 5.0, None),
        (9.0, 5.0, 5.0, 9.0),
        (6.0, 12.0, 6.0, 6.0),  # a baseline above the capacity carries no more than that
        (6.0, 6.0, 6.0, 6.0),
        (0.0, 3.0, 0.0, 0.0),
        (9.0, 0.0, 0.0, 9.0),
    ],
)
def test_at_first_nothing_carries_more_than_its_baseline_nor_than_its_capacity(
    capacity: float | None, flow: float, held: float, home: float | None
) -> None:
    """``home``: what an edge among beneficiaries carries once they sell at home; others stay held."""
    edges = frame(
        "source target commodity flow_tpa capacity_tpa",
        ("mine", "works", "ore", flow, capacity),
        ("works", "user", "metal", flow, capacity),
    )
    among, none = _held_back(Counting(priced(edges=edges, beneficiaries=["USA"])))
    assert among is not None
    assert none is not None
    assert none.edges["capacity_tpa"].tolist() == [held, held]
    abroad, at_home = among.edges["capacity_tpa"].tolist()
    assert abroad == held, "the mine is not theirs"
    assert at_home == home or (home is None and np.isnan(at_home))


def test_what_a_project_may_ship_stays_as_it_is_given() -> None:
    projects = frame("id stage country capacity_tpa", ("new", "mine", "CHN", 9.0))
    edges = pd.concat([priced().edges, frame("source target commodity capacity_tpa", ("new", "works", "ore", 7.0))])
    for held in _held_back(Counting(priced(edges=edges, projects=projects, beneficiaries=["USA"]))):
        assert held is not None
        assert held.edges.set_index("source").loc["new", "capacity_tpa"] == 7.0


def test_a_baseline_above_the_capacity_frees_no_exports() -> None:
    edges = frame(
        "source target commodity flow_tpa capacity_tpa",
        ("mine", "works", "ore", 24.0, None),
        ("works", "user", "metal", 12.0, 6.0),
    )
    steps = cn.stockpile_mitigation(priced(edges=edges), OUT, months=12, step_months=12)
    own = steps[steps["step"] == "own exports limited"].set_index("commodity")
    # 8 t of defence: 6 t of the works, of 2 t of ore each, and 2 t of metal in store
    for column in ("before_t", "after_t"):
        assert own.loc[["metal", "ore"], column].tolist() == pytest.approx([2.0, 12.0], abs=1e-6)


def test_stand_ins_count_as_a_mitigation() -> None:
    processes = pd.DataFrame(
        {
            "process": ["smelt"] * 3,
            "commodity": ["ore", "scrap", "metal"],
            "role": ["input", "input", "output"],
            "t_per_t": [2.0, 1.0, 1.0],
            "group": ["feed", "feed", None],
            "max_share": [None, 0.25, None],
        }
    )
    nodes = pd.concat(
        [priced().nodes, frame("id stage country capacity_tpa", ("yard", "mine", "USA", 100.0))], ignore_index=True
    )
    edges = pd.concat(
        [priced().edges, frame("source target commodity flow_tpa", ("yard", "works", "scrap", 0.0))], ignore_index=True
    )
    known = frame("id price_usd_per_t", ("ore", 100.0), ("metal", 1000.0), ("scrap", None))
    net = priced(processes=processes, nodes=nodes, edges=edges, commodities=known)
    steps = cn.stockpile_mitigation(net, OUT, months=12)
    ore = steps[(steps["commodity"] == "ore") & (steps["step"] == "substitution")].iloc[0]
    assert (ore["before_t"], ore["averted_t"]) == (pytest.approx(16.0), pytest.approx(4.0))


# USA, National Defense Stockpile requirements report 2013, table 10-1: units and USD million
PUBLISHED = [
    ("gallium, kg", 17686, 13750, 10.48, 8.15, 3936, 2.33),
    ("germanium, kg", 28888, 21605, 35.66, 26.67, 7283, 8.98),
    ("antimony, short tons", 22575, 15195, 182.04, 122.53, 7380, 59.51),
    ("tantalum, lb", 623307, 623307, 42.07, 42.07, 0, 0.0),
]


def test_published_rows_before_and_after_extra_buys() -> None:
    before = pd.DataFrame([(n, b, u * 1e6) for n, b, _, u, *_ in PUBLISHED], columns=["commodity", "tonnes", "usd"])
    after = pd.DataFrame([(n, a, u * 1e6) for n, _, a, _, u, *_ in PUBLISHED], columns=["commodity", "tonnes", "usd"])
    table = averted(before, after).set_index("commodity")
    for name, _, _, _, _, units, musd in PUBLISHED:
        assert table.loc[name, "averted_t"] == pytest.approx(units, abs=1)
        assert table.loc[name, "averted_usd"] / 1e6 == pytest.approx(musd, abs=0.011)
    assert table.loc["tantalum, lb", ["averted_t", "averted_usd"]].tolist() == [0.0, 0.0]


def test_what_no_stock_can_mend_and_bad_input(mag9: cn.Network, china_out: cn.Scenario) -> None:
    with pytest.raises(cn.DataError, match="tier"):
        cn.stockpile_requirement(mag9, china_out, "marines")
    with pytest.raises(cn.DataError, match="tiers: empty"):
        cn.stockpile_requirement(mag9, china_out, [])
    with pytest.raises(cn.DataError, match="months"):
        cn.stockpile_requirement(mag9, china_out, months=0)
    with pytest.raises(cn.DataError, match="demand table"):
        cn.stockpile_requirement(cn.Network.from_edges(frame("source target", ("a", "b"))), None)
    with pytest.raises(cn.DataError, match="tier"):
        cn.stockpile_mitigation(mag9, china_out, austerity={"marines": 0.5})
    fine = cn.stockpile_requirement(mag9, None, ["defence", "industrial", "civilian"], months=12)
    assert np.allclose(fine["required_t"], 0.0)


def test_the_last_mitigation_draws_what_is_held_of_whatever_material() -> None:
    """3 t of metal stand in for 6 t of ore: what is left is what ``buy_t`` says, not the ore less the ore held."""
    stocks = frame(
        "id node commodity stock_t tiers", ("a", "works", "ore", 10.0, None), ("b", "user", "metal", 3.0, "defence")
    )
    steps = cn.stockpile_mitigation(priced(stocks=stocks), OUT, months=24)
    last = by(steps[steps["step"] == "stocks held"])
    assert last["before_t"].to_dict() == pytest.approx({"metal": 0.0, "ore": 32.0})
    assert last["after_t"].to_dict() == pytest.approx({"metal": 0.0, "ore": 16.0})


def test_without_tiers_the_first_that_asks_has_to_be_met() -> None:
    net = cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "AUS", 12.0), ("u", "end_use", "USA", None)),
        edges=frame("source target commodity flow_tpa", ("m", "u", "ore", 12.0)),
        demand=frame("node commodity tier demand_tpa", ("u", "ore", "clinics", 6.0), ("u", "ore", "shops", 6.0)),
        tiers=frame("tier rank", ("army", 1), ("clinics", 2), ("shops", 3)),
    )
    lost = cn.Scenario("lost", [{"kind": "remove", "nodes": ["m"]}])
    # a year without the mine: 6 t for the first tier that asks for anything, 12 t for both
    assert cn.stockpile_requirement(net, lost, months=12)["required_t"].sum() == pytest.approx(6.0)
    assert cn.stockpile_requirement(net, lost, ["clinics", "shops"], months=12)["required_t"].sum() == pytest.approx(
        12.0
    )
    with pytest.raises(cn.DataError, match="Known: army, clinics, shops"):
        cn.stockpile_requirement(net, lost, [], months=12)


def test_others_who_come_first_leave_more_to_be_in_store() -> None:
    """Two pits of 6 t each; we ask for 8 t, others for 7. In a year others take 7 of 12, and 3 t have to be there."""
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa", ("far", "mine", "AUS", 6.0), ("near", "mine", "USA", 6.0), ("us", "end_use", "USA", None), ("jp", "end_use", "JPN", None)
        ),
        edges=frame("source target commodity", ("far", "us", "ore"), ("near", "us", "ore"), ("far", "jp", "ore"), ("near", "jp", "ore")),
        demand=frame("node commodity tier demand_tpa", ("us", "ore", "defence", 8.0), ("jp", "ore", "civilian", 7.0)),
        stocks=frame("id node commodity stock_t", ("s", "us", "ore", 1.0)),
        commodities=frame("id price_usd_per_t", ("ore", 10.0)),
        beneficiaries=["USA"],
    )  # fmt: skip
    lost = cn.Scenario("lost", [{"kind": "remove", "nodes": ["far"]}])
    for scenario, order, tonnes in (
        (None, "allies_first", 0.0), (None, "allies_last", 3.0), (lost, "allies_first", 2.0), (lost, "allies_last", 8.0)
    ):  # fmt: skip
        need = cn.stockpile_requirement(net, scenario, months=12, order=order)
        assert need[["required_t", "alone_t"]].to_numpy().ravel() == pytest.approx([tonnes, tonnes], abs=1e-6)
        assert need["buy_t"].tolist() == pytest.approx([max(tonnes - 1.0, 0.0)], abs=1e-6)
        # what the order leaves short without stocks is what has to be there
        short = cn.stress_test(net, [scenario] if scenario else [], 12, order=order, stocks=False, cover="none").summary
        mine = short.loc[scenario.name if scenario else "baseline"]
        assert mine["shortfall_t"].to_list() == pytest.approx([tonnes], abs=1e-5)
    steps = cn.stockpile_mitigation(net, lost, months=12, order="allies_last")
    assert steps.groupby("step")["after_t"].sum()["stocks held"] == pytest.approx(7.0, abs=1e-6)


def shared_road(**tables: Any) -> cn.Network:
    """A pit of 12 t a year for four users: defence of the US (6) and India (4), industry of the US (8) and India (9)."""
    users = (
        ("ud", "USA", "defence", 6.0),
        ("xd", "IND", "defence", 4.0),
        ("ui", "USA", "industrial", 8.0),
        ("xi", "IND", "industrial", 9.0),
    )
    given = {
        "nodes": frame("id stage country capacity_tpa", ("pit", "mine", "AUS", 12.0), *((u, "end_use", c, None) for u, c, *_ in users)),
        "edges": frame("source target commodity", *(("pit", u, "ore") for u, *_ in users)),
        "demand": frame("node commodity tier demand_tpa", *((u, "ore", tier, t) for u, _, tier, t in users)),
        "commodities": frame("id price_usd_per_t", ("ore", 10.0)),
        "beneficiaries": ["USA"],
    }  # fmt: skip
    return cn.Network(**(given | tables))


def required(net: cn.Network, scenario: cn.Scenario | None, tiers: Any, order: Any) -> float:
    need = cn.stockpile_requirement(net, scenario, tiers, months=12, order=order)
    assert need["alone_t"].sum() == pytest.approx(need["required_t"].sum(), abs=1e-6)
    return float(need["required_t"].sum())


@pytest.mark.parametrize(
    ("order", "defence", "industrial", "both"),
    [
        # US defence orders come first by law (6); India's defence next (4): 2 t are left for the industries
        # of both, of which the US may get none or all, so India keeps 1; whoever asks for defence too asks for no more
        ("law", 0.0, 8.0 - 1.0, 8.0 - 1.0),
        # whoever is not asked for gives way: 12 t for 6, for 8, and for 14
        ("allies_first", 0.0, 0.0, 2.0),
        # India first, 12 of its 13 t: nothing is left
        ("allies_last", 6.0, 8.0, 14.0),
        # defence alike: 12 t for 10, and 2 t for industries
        ("alike", 0.0, 8.0 - 1.0, 8.0 - 1.0),
        # by a table industry comes first, all of it 17 t: India keeps the middle of 4 (12 - 8) and 9
        (frame("stage tier", (1, "industrial"), (2, "defence")), 6.0, 8.0 - 5.5, 14.0 - 5.5),
    ],
)
def test_whoever_comes_before_or_beside_keeps_what_he_has(
    order: Any, defence: float, industrial: float, both: float
) -> None:
    """Of the others alone: those of ours who are not asked for keep what comes before the tiers too."""
    net = shared_road()
    assert required(net, None, "defence", order) == pytest.approx(defence, abs=1e-6)
    assert required(net, None, "industrial", order) == pytest.approx(industrial, abs=1e-6)
    assert required(net, None, ["defence", "industrial"], order) == pytest.approx(both, abs=1e-6)
