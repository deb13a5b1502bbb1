"""A stockpile that several hold: the worked case, an independent linear program, layers, prices, bad input."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame, once
from scipy.optimize import linprog
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app

WHO = ("DEU", "JPN", "USA")
OUT = cn.Scenario("out", [{"kind": "remove", "where": {"country": "CHN", "stage": ["mine", "manufacturer"]}}])


@once
def worked(**tables: Any) -> cn.Network:
    """Magnets of 0.3 t oxide each in Japan (18 t/yr) and Germany (6 t/yr); Australia has 1.2 t/yr of oxide."""
    plants, users = ("p_jpn", "p_deu", "p_chn"), ("u_usa", "u_jpn", "u_deu", "u_chn")
    given = {
        "nodes": frame(
            "id stage country process capacity_tpa",
            ("aus", "mine", "AUS", None, 1.2),
            ("chn", "mine", "CHN", None, 100.0),
            ("p_jpn", "manufacturer", "JPN", "melt", 18.0),
            ("p_deu", "manufacturer", "DEU", "melt", 6.0),
            ("p_chn", "manufacturer", "CHN", "melt", 100.0),
            *[(user, "end_use", user[2:].upper(), None, None) for user in users],
        ),
        "edges": frame(
            "source target commodity",
            *[(mine, plant, "oxide") for mine in ("aus", "chn") for plant in plants],
            *[(plant, user, "magnet") for plant in plants for user in users],
        ),
        "processes": frame(
            "process commodity role t_per_t", ("melt", "oxide", "input", 0.3), ("melt", "magnet", "output", 1.0)
        ),
        "demand": frame(
            "node commodity tier demand_tpa",
            ("u_usa", "magnet", "defence", 12.0),
            ("u_jpn", "magnet", "defence", 5.0),
            ("u_deu", "magnet", "defence", 4.0),
            ("u_jpn", "magnet", "civilian", 10.0),
            ("u_chn", "magnet", "civilian", 60.0),
        ),
        "commodities": frame("id price_usd_per_t", ("oxide", 100000.0), ("magnet", 60000.0)),
        "main_commodity": "magnet",
        "name": "worked",
    }
    return cn.Network(**{**given, **tables})


def ask(net: cn.Network, **more: Any) -> Any:
    return cn.joint_stockpile(net, OUT, WHO, **{"months": 12, "step_months": 12, **more})


@pytest.fixture(scope="module")
def after() -> Any:
    return ask(worked(), order="allies_first")


def test_what_three_hold_apart_and_together_by_hand(after: Any) -> None:
    found = after
    assert found.coalitions["cost_usd"].to_dict() == pytest.approx(
        {"DEU": 120e3, "JPN": 150e3, "USA": 720e3, "DEU+JPN": 270e3, "DEU+USA": 780e3, "JPN+USA": 510e3}
        | {"DEU+JPN+USA": 510e3}
    )
    assert (found.alone_usd, found.together_usd, found.saves_usd) == pytest.approx((990e3, 510e3, 480e3))
    members = found.members
    assert members["shapley_usd"].to_dict() == pytest.approx({"DEU": 70e3, "JPN": -50e3, "USA": 490e3})
    assert members["nucleolus_usd"].to_dict() == pytest.approx({"DEU": 60e3, "JPN": -60e3, "USA": 510e3})
    assert members["holds_usd"].to_dict() == pytest.approx({"DEU": 0.0, "JPN": 510e3, "USA": 0.0})
    assert members["transfer_usd"].to_dict() == pytest.approx({"DEU": 120e3, "JPN": -360e3, "USA": 240e3})
    assert members["pays_usd"].sum() == pytest.approx(found.together_usd)
    assert found.transfer_total_usd == pytest.approx(360e3)
    assert not found.core_is_empty
    assert not found.holds_in_core
    assert "JPN with USD 360,000" in found.words["stability"]
    assert found.certificate.ok


def test_of_equally_cheap_sets_the_ends_are_said_and_the_largest_plants_shown(after: Any) -> None:
    found = after
    oxide = found.stocks.set_index("node")[["tonnes", "low_t", "high_t"]]
    assert oxide.loc["p_jpn"].tolist() == pytest.approx([5.1, 3.3, 5.1])
    assert oxide.loc["p_deu"].tolist() == pytest.approx([0.0, 0.0, 1.8])
    assert found.members.loc["JPN", ["holds_low_usd", "holds_high_usd"]].tolist() == pytest.approx([330e3, 510e3])
    # who pays Japan is open as well
    assert found.members.loc["USA", ["transfer_low_usd", "transfer_high_usd"]].tolist() == pytest.approx([240e3, 360e3])
    assert "2 of 2 stores may hold more or less" in found.words["place"]


def test_spare_that_each_counts_on_cannot_be_saved_twice() -> None:
    last = ask(worked(), order="last")
    assert last.members["alone_usd"].to_dict() == pytest.approx({"DEU": 0.0, "JPN": 30e3, "USA": 480e3}, abs=1.0)
    assert last.saves_usd == 0.0
    assert last.core_is_empty
    assert last.outside_money_usd == pytest.approx(120e3)
    before = ask(worked())
    assert before.together_usd == pytest.approx(660e3)
    assert before.least_core_usd == pytest.approx(15e3)
    assert before.members["core_low_usd"].isna().all()
    assert before.conventions["together_usd"].to_dict() == pytest.approx(
        {"allies_last": 660e3, "allies_first": 510e3, "last": 510e3}
    )
    for convention, found in (("last", last), ("allies_last", before)):
        assert found.conventions.loc[convention, "alone_usd"] == pytest.approx(found.alone_usd)


# -- against an independent program ---------------------------------------------------------------


def oracle(net: cn.Network, ours: frozenset[str], order: str, periods: int, shut: Any) -> float:
    """The cost of a coalition by a program written row by row: half-years, no lags, ``shut(node, t)`` = nothing moves."""
    nodes, edges, demand = net.nodes.set_index("id"), net.edges, net.demand
    price = net.commodities.set_index("id")["price_usd_per_t"]
    recipe = {p: dict(zip(g["commodity"], g["t_per_t"], strict=True)) for p, g in net.processes.groupby("process")}
    makes = {p: g.loc[g["role"] == "output", "commodity"].iloc[0] for p, g in net.processes.groupby("process")}
    columns: dict[tuple[Any, ...], int] = {}
    top: list[float] = []

    def column(*key: Any, upper: float = np.inf) -> None:
        columns[key] = len(top)
        top.append(upper)

    for t in range(periods):
        open_ = {n: not shut(n, t) for n in nodes.index}
        for i, (a, b) in enumerate(zip(edges["source"], edges["target"], strict=True)):
            column("flow", i, t, upper=np.inf if open_[a] and open_[b] else 0.0)
        for name in nodes.index[nodes["process"].notna()]:
            column("run", name, t, upper=nodes.loc[name, "capacity_tpa"] / 2 if open_[name] else 0.0)
            if nodes.loc[name, "country"] in ours:
                for c in set(recipe[nodes.loc[name, "process"]]) - {makes[nodes.loc[name, "process"]]}:
                    column("draw", name, c, t, upper=np.inf if open_[name] else 0.0)
        for j, row in demand.iterrows():
            column("serve", j, t, upper=row["demand_tpa"] / 2)
            if nodes.loc[row["node"], "country"] in ours:
                columns.setdefault(("draw", row["node"], row["commodity"], t), len(top))
                top.append(np.inf)
    more, most = [], []
    for t in range(periods):
        for name, c in {(n, c) for n in nodes.index for c in price.index}:
            line = np.zeros(len(top))
            for i, row in edges.iterrows():
                if row["commodity"] == c:
                    line[columns["flow", i, t]] += (row["source"] == name) - float(row["target"] == name)
            process = nodes.loc[name, "process"]
            if isinstance(process, str) and c in recipe[process]:
                line[columns["run", name, t]] += -1.0 if makes[process] == c else recipe[process][c]
            if ("draw", name, c, t) in columns:
                line[columns["draw", name, c, t]] -= 1.0
            for j, row in demand.iterrows():
                if (row["node"], row["commodity"]) == (name, c):
                    line[columns["serve", j, t]] += 1.0
            if nodes.loc[name, "stage"] == "mine":
                if not (edges.loc[edges["source"] == name, "commodity"] == c).any():
                    continue
                more.append(line)
                most.append(nodes.loc[name, "capacity_tpa"] / 2)
                continue
            more.append(line)  # what leaves is at most what came in
            most.append(0.0)
    lines, room = np.array(more), np.array(most)
    place = nodes["country"].reindex(demand["node"]).to_numpy()
    mine = np.isin(place, list(ours))
    rivals = (
        ~mine if order == "allies_last" else ~mine & np.isin(place, WHO) if order == "allies_first" else mine & False
    )
    served = np.zeros(len(top))
    bounds = np.column_stack([np.zeros(len(top)), top])
    for j in np.flatnonzero(rivals):
        for t in range(periods):
            served[columns["serve", j, t]] = 1.0
    draws = [k for key, k in columns.items() if key[0] == "draw"]
    without = bounds.copy()
    without[draws] = 0.0
    best = -linprog(-served, A_ub=lines, b_ub=room, bounds=without).fun
    cost = np.zeros(len(top))
    for key, k in columns.items():
        if key[0] == "draw":
            cost[k] = price[key[2]]
    for j in np.flatnonzero(mine & (demand["tier"] == "defence").to_numpy()):
        for t in range(periods):
            bounds[columns["serve", j, t], 0] = top[columns["serve", j, t]]
    return float(linprog(cost, A_ub=np.vstack([lines, -served]), b_ub=np.append(room, -best), bounds=bounds).fun)


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, *[pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 5)]])
def test_every_coalition_costs_what_an_independent_program_says(seed: int) -> None:
    draw = np.random.default_rng(seed)
    net = worked()
    nodes = net.nodes.assign(
        capacity_tpa=[*draw.uniform(0.5, 3.0, 2), *draw.uniform(2.0, 15.0, 3), *[np.nan] * 4],
        country=net.nodes["country"],
    )
    demand = net.demand.assign(demand_tpa=draw.uniform(1.0, 12.0, 5))
    edges = net.edges[draw.random(len(net.edges)) < 0.8].reset_index(drop=True)
    price = net.commodities.assign(price_usd_per_t=draw.uniform(1e4, 2e5, 2))
    net = worked(nodes=nodes, demand=demand, edges=edges, commodities=price)
    stop = cn.Scenario(
        "stop", [{"kind": "remove", "where": {"country": "CHN", "stage": ["mine", "manufacturer"]}, "start_month": 6}]
    )
    sets = [frozenset(c) for k in (1, 2, 3) for c in combinations(WHO, k)]
    for order in ("allies_last", "allies_first", "last"):
        found = cn.joint_stockpile(net, stop, WHO, months=12, step_months=6, order=order)
        for coalition in sets:
            wanted = oracle(net, coalition, order, 2, lambda n, t: t == 1 and n in ("chn", "p_chn"))
            got = found.coalitions.loc["+".join(sorted(coalition)), "cost_usd"]
            assert got == pytest.approx(wanted, rel=1e-6, abs=1e-2), (order, coalition)


def test_last_is_the_requirement_of_the_coalition_and_never_above_the_others() -> None:
    net = worked()
    found = ask(net, order="last")
    for name in ("USA", "JPN+USA", "DEU+JPN+USA"):
        need = cn.stockpile_requirement(net, OUT, months=12, step_months=12, beneficiaries=name.split("+"))
        wanted = (need["required_t"] * need["price_usd_per_t"]).sum()
        assert found.coalitions.loc[name, "cost_usd"] == pytest.approx(wanted, rel=1e-6)
    for order in ("allies_last", "allies_first"):
        assert (ask(net, order=order).coalitions["cost_usd"] >= found.coalitions["cost_usd"] - 1e-3).all()


# -- layers and release ---------------------------------------------------------------------------


def test_the_first_layer_lies_within_the_whole_and_is_what_a_store_is_not_opened_below() -> None:
    found = ask(worked(), tiers=["civilian", "defence"], months=24, step_months=6, order="allies_first")
    assert list(found.layers["tier"]) == ["defence", "civilian"]
    assert found.layers.loc[2, "cheapest_usd"] == pytest.approx(found.together_usd)
    assert found.layers.loc[2, "nesting_usd"] == 0.0
    assert (found.layers["nested_usd"] >= found.layers["cheapest_usd"] - 1e-3).all()
    stocks, release = found.stocks, found.release
    layers = stocks[["layer_defence_t", "layer_civilian_t"]].sum(axis=1)
    assert layers.to_numpy() == pytest.approx(stocks["tonnes"].to_numpy(), abs=1e-6)
    assert (release["store"] == release["node"] + " / " + release["commodity"]).all()
    drawn = release.groupby(["node", "commodity"])["tonnes"].sum()
    held = stocks[stocks["tonnes"] > 0].set_index(["node", "commodity"])["tonnes"]
    assert drawn.to_dict() == pytest.approx(held.to_dict())
    for key, rows in release.groupby(["node", "commodity"]):
        first = rows[rows["layer"] == 1].set_index("month")["tonnes"]
        for row in rows[rows["layer"] == 2].itertuples():
            assert row.floor_t == pytest.approx(first[first.index > row.month].sum(), abs=1e-6), key
    assert (release.loc[release["layer"] == 1, "floor_t"] == 0.0).all()
    assert (release.loc[release["layer"] == 2, "floor_t"] > 0.0).any()


def test_a_first_layer_that_would_be_cheaper_by_itself_says_what_nesting_costs() -> None:
    """Mixed ore gives both tiers their metal; the first alone would hold pure ore, of which the whole has none."""
    net = cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa",
            ("mine", "mine", "CHN", None, 99.0),
            ("twin", "refiner", "USA", "part", 10.0),
            ("works", "refiner", "USA", "smelt", 10.0),
            ("near", "end_use", "USA", None, None),
            ("far", "end_use", "JPN", None, None),
        ),
        edges=frame(
            "source target commodity",
            ("mine", "twin", "mixed"),
            ("mine", "works", "pure"),
            ("twin", "near", "a"),
            ("works", "near", "a"),
            ("twin", "far", "b"),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("part", "mixed", "input", 1.0),
            ("part", "a", "output", 1.0),
            ("part", "b", "byproduct", 1.0),
            ("smelt", "pure", "input", 1.0),
            ("smelt", "a", "output", 1.0),
        ),
        demand=frame("node commodity tier demand_tpa", ("near", "a", "defence", 8.0), ("far", "b", "civilian", 8.0)),
        commodities=frame("id price_usd_per_t", ("mixed", 3.0), ("pure", 2.0), ("a", 4.0), ("b", 2.5)),
        main_commodity=["a", "b"],
    )
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": ["mine"]}])
    found = cn.joint_stockpile(net, stop, ["JPN", "USA"], ["defence", "civilian"], 12, step_months=12, order="last")
    assert found.together_usd == pytest.approx(24.0)
    assert found.layers.loc[1].tolist()[1:] == pytest.approx([16.0, 24.0, 8.0])


# -- prices, members, scale -----------------------------------------------------------------------


def test_what_has_no_price_is_asked_for_only_where_it_would_be_held() -> None:
    unknown = worked(commodities=frame("id price_usd_per_t", ("oxide", None), ("magnet", 60000.0)))
    with pytest.raises(cn.DataError, match=r"prices: .*oxide \(by DEU, JPN, USA\)"):
        ask(unknown)
    given = ask(unknown, prices={"oxide": 100000.0}, order="allies_first")
    assert given.together_usd == pytest.approx(510e3)
    assert given.provenance["settings"]["prices"] == {"oxide": 100000.0}
    never = ask(worked(), prices={"oxide": float("inf")}, order="allies_first")
    assert never.forms.index.tolist() == ["magnet"]
    assert never.together_usd == pytest.approx(17 * 60e3)
    with pytest.raises(
        cn.InfeasibleError, match=r"\(--price oxide=inf\) says that oxide is never held.*defence of DEU"
    ):
        ask(worked(), prices={"oxide": float("inf"), "magnet": float("inf")}, order="allies_first")
    # nothing is short, so no price is asked for
    calm = cn.joint_stockpile(unknown, None, ["JPN", "USA"], months=12, step_months=12, order="last")
    assert calm.together_usd == 0.0
    assert calm.words["stability"].startswith("Nothing has to be held")


def test_prices_scale_everything_and_dearer_never_costs_less(after: Any) -> None:
    one = after
    ten = ask(worked(), order="allies_first", prices={"oxide": 1e6, "magnet": 6e5})
    assert ten.coalitions["cost_usd"].to_numpy() == pytest.approx(10 * one.coalitions["cost_usd"].to_numpy())
    assert ten.members["nucleolus_usd"].to_numpy() == pytest.approx(10 * one.members["nucleolus_usd"].to_numpy())
    dear = ask(worked(), order="allies_first", prices={"oxide": 150e3})
    assert (dear.coalitions["cost_usd"] >= one.coalitions["cost_usd"] - 1e-3).all()


def test_a_member_that_asks_for_nothing_and_brings_nothing_pays_nothing() -> None:
    nodes = pd.concat([worked().nodes, frame("id stage country", ("u_gbr", "end_use", "GBR"))], ignore_index=True)
    demand = pd.concat(
        [worked().demand, frame("node commodity tier demand_tpa", ("u_gbr", "magnet", "civilian", 1.0))],
        ignore_index=True,
    )
    found = cn.joint_stockpile(
        worked(nodes=nodes, demand=demand), OUT, ["GBR", "JPN", "USA"], months=12, step_months=12, order="last"
    )
    assert found.members.loc["GBR", ["alone_usd", "shapley_usd", "nucleolus_usd"]].tolist() == pytest.approx(
        [0, 0, 0], abs=1
    )


def test_the_order_of_rows_and_members_does_not_matter() -> None:
    net = worked()
    turned = worked(nodes=net.nodes.iloc[::-1], edges=net.edges.iloc[::-1], demand=net.demand.iloc[::-1])
    one = ask(net)
    two = cn.joint_stockpile(turned, OUT, WHO[::-1], months=12, step_months=12)
    for name, table in one.tables().items():
        pd.testing.assert_frame_equal(table, two.tables()[name], rtol=1e-6, atol=1e-3)


def test_what_the_stocks_table_holds_is_named_and_not_taken_off() -> None:
    stocks = frame("id country node commodity stock_t", ("s", "JPN", "p_jpn", "oxide", 2.0))
    found = ask(worked(stocks=stocks), order="allies_first")
    assert found.together_usd == pytest.approx(510e3)
    assert found.forms.loc["oxide", "held_t"] == 2.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"members": ["USA"]}, "1 named; 2 to 8"),
        ({"members": ["USA", "G7"]}, "USA is in both"),
        ({"members": ["AUS", "BRA"]}, "no demand of defence that counts lies with AUS, BRA"),
        ({"tiers": ["marines"]}, "marines"),
        ({"tiers": []}, "tiers: empty"),
        ({"order": "never"}, 'unknown order "never"'),
        ({"prices": {"gold": 1.0}}, '"gold" is taken in by no plant'),
        ({"prices": {"oxide": -1.0}}, "prices: oxide: -1.0 is no price"),
        ({"prices": {"oxide": float("nan")}}, "is no price"),
        ({"prices": 5}, "prices: 5 is not allowed"),
        ({"months": 0}, "months"),
        ({"reroute": "never"}, "never"),
    ],
)
def test_bad_input_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(cn.ChainnetError, match=words):
        cn.joint_stockpile(worked(), OUT, **{"members": WHO, "months": 12, **given})


def test_tiers_that_no_stock_can_serve_are_said() -> None:
    barred = cn.Scenario("barred", [{"kind": "remove", "nodes": ["p_jpn", "p_deu", "p_chn", "u_usa"]}])
    found = cn.joint_stockpile(worked(), barred, WHO, months=12, step_months=12)
    # a user that is out asks for nothing
    assert found.members.loc["USA", "alone_usd"] == pytest.approx(0.0, abs=1.0)


def test_the_command_says_it_in_words_and_refuses_what_does_not_belong() -> None:
    runner = CliRunner()
    line = ["stockpile", "mag-9", "--scenario", "china_out", "--months", "6"]
    refused = runner.invoke(app, [*line, "--order", "last"])
    assert 'unknown order "last"' in str(refused.exception)
    refused = runner.invoke(app, [*line, "--members", "USA,JPN", "--mitigation"])
    assert "not with --members" in str(refused.exception)


@pytest.mark.slow
def test_the_rare_earths_of_three_over_two_years() -> None:
    net = cn.read("rare-earths")
    stop = cn.scenarios(net)["china_export_stop_all"]
    with pytest.raises(cn.DataError, match="sm_metal"):
        cn.joint_stockpile(net, stop, ["USA", "JPN", "EU27"], months=24)
    found = cn.joint_stockpile(
        net, stop, ["USA", "JPN", "EU27"], months=24, prices={"sm_metal": 15e3, "swarf_hree": float("inf")}
    )
    assert found.saves_usd > 0.5 * found.alone_usd
    assert found.certificate.ok
    assert json.dumps(dict(found.words))
