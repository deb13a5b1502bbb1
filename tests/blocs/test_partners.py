"""Third countries in their own terms: worked by hand, held against programs of scipy, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from scipy.optimize import linprog

import chainnet as cn
from chainnet.blocs import partners

BLOCS = {"us": ["USA"], "them": ["CHN"]}
PRICE = {"ore": 1_000.0, "metal": 15_000.0}


def between(pairs: list[tuple[str, str, str]] | None = None, **sizes: float) -> cn.Network:
    """Ore in Indonesia and Australia, refiners in three countries, users in two blocs."""
    nodes = frame(
        "id stage country process capacity_tpa owner_country",
        ("m_idn", "mine", "IDN", None, 100.0, "IDN"),
        ("m_aus", "mine", "AUS", None, 20.0, None),
        ("r_idn", "refiner", "IDN", "smelt", 15.0, "CHN"),
        ("r_chn", "refiner", "CHN", "smelt", 40.0, None),
        ("r_usa", "refiner", "USA", "smelt", 10.0, None),
        ("u_usa", "end_use", "USA", None, None, None),
        ("u_chn", "end_use", "CHN", None, None, None),
    )
    nodes["capacity_tpa"] = [sizes.get(i, c) for i, c in zip(nodes["id"], nodes["capacity_tpa"], strict=True)]
    if pairs is None:
        pairs = [(m, r, "ore") for m in ("m_idn", "m_aus") for r in ("r_idn", "r_chn", "r_usa")]
        pairs += [(r, u, "metal") for r in ("r_idn", "r_chn", "r_usa") for u in ("u_usa", "u_chn")]
    return cn.Network(
        nodes=nodes,
        edges=frame("source target commodity", *pairs),
        demand=frame("node commodity tier demand_tpa", ("u_usa", "metal", "defence", 30.0), ("u_chn", "metal", "industrial", 25.0)),
        processes=frame("process commodity role t_per_t", ("smelt", "ore", "input", 2.0), ("smelt", "metal", "output", 1.0)),
        commodities=frame("id basis price_usd_per_t", *[(c, f"t {c}", p) for c, p in PRICE.items()]),
        main_commodity="metal",
        name="between",
    )  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Any:
    return partners(between(), BLOCS, countries=["IDN"])


def ends(table: pd.DataFrame, choice: str, name: str, unit: str = "usd") -> list[float]:
    row = table.set_index(["country", "choice"]).loc[("IDN", choice)]
    return [float(row[f"{name}_{end}_{unit}"]) for end in ("low", "high")]


def test_the_worked_example(found: Any) -> None:
    rows = found.choices.set_index("choice")
    assert rows["served_tpa"].to_dict() == pytest.approx({"as_is": 55, "joins_us": 35, "joins_them": 55, "own_use": 25})
    assert ends(found.choices, "as_is", "value_added") == pytest.approx([155_000, 295_000])
    assert ends(found.choices, "joins_us", "value_added") == pytest.approx([245_000, 295_000])
    assert ends(found.choices, "own_use", "value_added") == pytest.approx([225_000, 225_000])
    assert ends(found.choices, "as_is", "worked", "tpa") == pytest.approx([5, 15])
    assert ends(found.choices, "joins_us", "worked", "tpa") == pytest.approx([15, 15])
    assert rows["them_best_tpa"][["as_is", "joins_us"]].tolist() == pytest.approx([25, 20])
    assert rows["us_best_tpa"][["as_is", "own_use"]].tolist() == pytest.approx([30, 25])
    assert found.ban.loc["IDN", "break_even_rise"] == pytest.approx(295 / 225 - 1)
    assert found.ban.loc["IDN", "commodities"] == "ore"
    lost = found.leverage.set_index(["choice", "bloc"])["lost_tpa"]
    assert lost["as_is"].to_dict() == pytest.approx({"us": 20, "them": 15})
    assert rows["dominated_by"].to_dict() == {"as_is": "", "joins_us": "", "joins_them": "", "own_use": "joins_us"}
    assert found.certificate.ok


def test_what_is_kept_counts_the_mine_alone(found: Any) -> None:
    # the refiner is China's; the mine ships 80 t at least (two refiners abroad, Australia's 20 t, 10 t for home)
    low, high = ends(found.choices, "as_is", "kept")
    assert [low, high] == pytest.approx([90_000, 100_000])
    assert found.owned.set_index(["owner", "commodity"])["capacity_tpa"].to_dict() == {
        ("home", "ore"): 100.0,
        ("them", "metal"): 15.0,
    }


def own_ends(net: cn.Network, closed: Any, gain: dict[int, float]) -> list[float]:
    """Return the least and the most of a sum over edges by scipy, tiers served in order first."""
    edges, demand, plants = net.edges, net.demand, net.nodes[net.nodes["process"].notna()]
    n, k = len(edges), len(plants)
    rows, sense = [], []
    for node in net.nodes["id"]:
        for good in PRICE:
            line = np.zeros(n + k + len(demand))
            line[:n] += ((edges["target"] == node) & (edges["commodity"] == good)).to_numpy(float)
            line[:n] -= ((edges["source"] == node) & (edges["commodity"] == good)).to_numpy(float)
            at = np.flatnonzero(plants["id"] == node)
            line[n + at] += {"ore": -2.0, "metal": 1.0}[good]
            line[n + k :] -= ((demand["node"] == node) & (demand["commodity"] == good)).to_numpy(float)
            if node.startswith("m_"):
                cap = float(net.nodes.set_index("id").loc[node, "capacity_tpa"])
                rows.append(-line)
                sense.append(("<", cap))
            else:
                rows.append(line)
                sense.append((">" if good == "ore" else "=", 0.0))
    shut = [(0.0, 0.0 if closed(e) else None) for e in edges.itertuples()]
    bounds = [*shut, *((0.0, c) for c in plants["capacity_tpa"]), *((0.0, d) for d in demand["demand_tpa"])]
    equal = [i for i, (word, _) in enumerate(sense) if word == "="]
    loose = [i for i in range(len(rows)) if i not in equal]
    upper = [rows[i] * (1.0 if sense[i][0] == "<" else -1.0) for i in loose]
    limit = [sense[i][1] for i in loose]

    def least(cost: Any) -> float:
        done = linprog(cost, np.array(upper), limit, np.array([rows[i] for i in equal]), np.zeros(len(equal)), bounds)
        assert done.status == 0
        return float(done.fun)

    for tier in ("defence", "industrial"):
        cost = np.zeros(n + k + len(demand))
        cost[n + k :] = -(demand["tier"] == tier).to_numpy(float)
        served = -least(cost)
        upper.append(cost.copy())
        limit.append(-served + 1e-9)
    cost = np.zeros(n + k + len(demand))
    for i, value in gain.items():
        cost[i] = value
    return [least(cost), -least(-cost)]


@pytest.mark.parametrize("seed", range(4))
def test_ranges_are_those_of_another_solver(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = between().edges[["source", "target", "commodity"]].to_numpy().tolist()
    pairs = [tuple(row) for row in whole if rng.random() < 0.85]
    sizes = {name: float(rng.integers(5, 60)) for name in ("m_idn", "m_aus", "r_idn", "r_chn", "r_usa")}
    net = between(pairs, **sizes)
    table = partners(net, BLOCS, countries=["IDN", "AUS"]).choices
    shut = {
        "as_is": lambda e: False,
        "joins_us": lambda e: ("idn" in e.source and "chn" in e.target) or ("chn" in e.source and "idn" in e.target),
        "own_use": lambda e: e.source == "m_idn" and e.target != "r_idn",
    }
    gain = {
        i: PRICE[e.commodity] * (("idn" in e.source) - float("idn" in e.target))
        for i, e in enumerate(net.edges.itertuples())
    }
    sales = {i: g for i, g in gain.items() if g > 0}
    for choice, closed in shut.items():
        assert ends(table, choice, "value_added") == pytest.approx(own_ends(net, closed, gain), rel=1e-6, abs=1e-2)
        assert ends(table, choice, "sales") == pytest.approx(own_ends(net, closed, sales), rel=1e-6, abs=1e-2)


def test_shares_are_the_ends_over_all_plans() -> None:
    # 10 t of metal for the USA: from home, from abroad, or both; so home ore is all, none or part of what is shipped
    pairs = [("m_idn", "r_idn", "ore"), ("m_idn", "r_usa", "ore"), ("r_idn", "u_usa", "metal"), ("r_usa", "u_usa", "metal")]  # fmt: skip
    net = between(pairs, m_idn=60.0, r_idn=20.0, r_usa=20.0)
    row = partners(net, BLOCS, countries=["IDN"], choices=["as_is"]).choices.iloc[0]
    # 30 t take all 60 t of ore: at least 10 and at most 20 t are made at home
    assert row[["worked_low_tpa", "worked_high_tpa"]].tolist() == pytest.approx([10, 20])
    assert row[["worked_low_share", "worked_high_share"]].tolist() == pytest.approx([20 / 60, 40 / 60])


def test_value_added_of_all_adds_up_to_what_is_served() -> None:
    # one way alone, so every range is a point: 20 t of Australian ore, 10 t of metal from Indonesia for the USA
    net = between([("m_aus", "r_idn", "ore"), ("r_idn", "u_usa", "metal")])
    table = partners(net, {"us": ["USA"], "them": ["CHN"]}).choices
    table = table[table["choice"] == "as_is"].set_index("country")
    assert table["value_added_low_usd"].to_dict() == pytest.approx({"AUS": 20_000, "IDN": 130_000})
    assert table["value_added_high_usd"].sum() == pytest.approx(15_000 * 10)


def test_who_trades_with_neither_bloc_changes_nothing_by_joining() -> None:
    net = between([("m_idn", "r_idn", "ore"), ("m_aus", "r_usa", "ore"), ("r_usa", "u_usa", "metal")])
    table = partners(net, BLOCS, countries=["IDN"]).choices.set_index("choice").drop(columns=["country"])
    for choice in ("joins_us", "joins_them"):
        pd.testing.assert_series_equal(table.loc[choice], table.loc["as_is"], check_names=False)


def test_a_missing_price_is_named_and_never_nothing() -> None:
    net = between()
    bare = net.with_table("commodities", net.commodities.assign(price_usd_per_t=[15_000.0, np.nan]))
    found = partners(bare, BLOCS, countries=["IDN"])
    assert found.choices.set_index("choice")["value_added_high_usd"].isna().to_dict() == {
        "as_is": True, "joins_us": True, "joins_them": True, "own_use": False,
    }  # fmt: skip
    assert set(found.unpriced["commodity"]) == {"ore"}
    assert found.leverage.set_index(["choice", "bloc"])["depends_usd"].isna()["as_is"].all()
    assert np.isnan(found.ban.loc["IDN", "break_even_rise"])
    assert found.choices["dominated_by"].isna().all(), "with a measure missing no choice can be told to be worse"
    given = partners(bare, BLOCS, countries=["IDN"], prices={"ore": 1_000.0})
    assert ends(given.choices, "as_is", "value_added") == pytest.approx([155_000, 295_000])


def test_ranges_hold_what_balance_ships() -> None:
    net = between()
    edges = cn.balance(net, beneficiaries=[]).edges
    mine = edges["source"].str.endswith("idn").astype(float) - edges["target"].str.endswith("idn")
    added = float((edges["commodity"].map(PRICE) * edges["flow_tpa"] * mine).sum())
    low, high = ends(partners(net, BLOCS, countries=["IDN"]).choices, "as_is", "value_added")
    assert low - 1e-3 <= added <= high + 1e-3


def test_a_scenario_is_a_choice_and_projects_bring_investment() -> None:
    net = between()
    new = frame(
        "id stage country process capacity_tpa capex_musd backers",
        ("p1", "refiner", "IDN", "smelt", 5.0, 90.0, "USA;CHN;JPN"),
        ("p2", "refiner", "IDN", "smelt", 5.0, None, "CHN"),
    )
    net = cn.Network(
        **{t: getattr(net, t) for t in ("nodes", "edges", "demand", "processes", "commodities")}, projects=new
    )
    plan = cn.Scenario("build", [{"kind": "build", "projects": ["p1"]}])
    found = partners(net, BLOCS, countries=["IDN"], choices=[plan], projects=["p2"])
    assert found.choices["choice"].tolist() == ["as_is", "build"]
    assert found.choices[["investment_musd", "investment_unknown"]].to_numpy().tolist() == [[0.0, 1], [90.0, 1]]
    paid = found.investment.set_index(["choice", "backer"])["capex_musd"]
    assert paid["build"].to_dict() == pytest.approx({"us": 30.0, "them": 30.0, "others": 30.0})
    # two thirds are known to be paid by China; the other backers part what is left, and that is assumed
    stakes = frame("project party kind share", ("p1", "CHN", "loan", 2 / 3))
    found = partners(net.with_table("stakes", stakes), BLOCS, countries=["IDN"], choices=[plan], projects=["p2"])
    paid = found.investment.set_index(["choice", "backer"]).loc["build"]
    assert paid["capex_musd"].to_dict() == pytest.approx({"us": 15.0, "them": 60.0, "others": 15.0})
    assert paid["assumed_musd"].to_dict() == pytest.approx({"us": 15.0, "them": 0.0, "others": 15.0})
    assert paid["n_without_capex"].to_dict() == {"us": 0, "them": 1, "others": 0}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"blocs": {"us": ["USA"]}}, "give two"),
        ({"blocs": {"us": ["USA"], "them": ["USA"]}}, "both"),
        ({"countries": ["USA"]}, "has no choice"),
        ({"choices": ["joins_nobody"]}, "unknown choice"),
        ({"prices": {"oer": 1.0}}, "unknown commodity"),
        ({"prices": {"ore": float("nan")}}, "not allowed"),
        ({"reroute": "new"}, "existing links"),
        ({"reroute": "old"}, "unknown degree"),
    ],
)
def test_bad_arguments_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(cn.DataError, match=said):
        partners(between(), **{"blocs": BLOCS, **given})


def test_no_price_at_all_is_refused() -> None:
    net = between()
    with pytest.raises(cn.DataError, match="no commodity has a price"):
        partners(net.with_table("commodities", net.commodities.assign(price_usd_per_t=np.nan)), BLOCS)
