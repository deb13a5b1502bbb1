"""Risk exposure: the published table, hand-solved stocks, and a program written from the tables alone."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame, once, two_tier
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import INF, limit, word
from recipe_networks import recipe_network
from scipy.optimize import linprog

import chainnet as cn
from chainnet.criticality import risk_exposure

COLUMNS = ["cost_usd", "rei", "lost_t", "time_to_survive", "gap"]
SEEDS = st.integers(0, 10_000)
SUPPLIERS = {"S1": 30.0, "S2": 45.0, "S3": 60.0}
PRODUCTS = {"P1": (75.0, 20.0, 5000.0), "P2": (50.0, 25.0, 6500.0)}
# Simchi-Levi et al. (2015), Interfaces 45(5), doi:10.1287/inte.2015.0804; problem 1 of
# https://github.com/acedesci/scanalytics (EN/S11_Disruption_Management): cost, index, lost, time, gap
PUBLISHED = {
    "S1": (0.0, 0.0, 0.0, 2.250, 0.0),
    "S2": (125_000.0, 0.455, 25.0, 1.286, 0.714),
    "S3": (275_000.0, 1.0, 55.0, 0.900, 1.100),
}


@once
def ford(**tables: Any) -> cn.Network:
    """Three suppliers of two products, each with some of the finished product in store."""
    asked = [(p, "part", "civilian", d, value) for p, (d, _, value) in PRODUCTS.items()]
    held = [(f"store_{p}", "part", s, p) for p, (_, s, _) in PRODUCTS.items()]
    given_tables: dict[str, Any] = {
        "nodes": frame(
            "id stage capacity_tpa operator",
            *((s, "mine", c, f"firm_{s}") for s, c in SUPPLIERS.items()),
            *((p, "end_use", None, None) for p in PRODUCTS),
        ),
        "edges": frame("source target commodity", *((s, p, "part") for s in SUPPLIERS for p in PRODUCTS)),
        "demand": frame("node commodity tier demand_tpa value_usd_per_t", *asked),
        "stocks": frame("id commodity stock_t node", *held),
        "name": "ford",
    }
    return cn.Network(**(given_tables | tables))


def chain(stocks: pd.DataFrame | None = None, **capacity: float) -> cn.Network:
    """Ore of two mines, through a port, makes metal one to one; 10 t a period asked, half of it by defence."""
    return cn.Network(
        nodes=frame(
            "id stage process capacity_tpa",
            ("m1", "mine", None, capacity.get("m1", 6.0)),
            ("m2", "mine", None, capacity.get("m2", 4.0)),
            ("port", "refiner", None, 20.0),
            ("works", "refiner", "smelt", 10.0),
            ("user", "end_use", None, None),
        ),
        edges=frame(
            "source target commodity",
            ("m1", "port", "ore"),
            ("m2", "port", "ore"),
            ("port", "works", "ore"),
            ("works", "user", "metal"),
        ),
        processes=frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 1.0), ("smelt", "metal", "output", 1)
        ),
        demand=frame(
            "node commodity tier demand_tpa value_usd_per_t",
            ("user", "metal", "defence", 5.0, 100.0),
            ("user", "metal", "civilian", 5.0, 1.0),
        ),
        stocks=stocks,
        name="chain",
    )


# -- the oracle: totals over the window, production and store apart, no matrix shared with the package ----


class Window:
    """A window of a network as a linear program, one row at a time; small networks only."""

    def __init__(self, net: cn.Network, out: set[str]) -> None:
        self.names: list[str] = []
        self.fixed: dict[int, float] = {}
        self.rows: list[tuple[dict[int, float], str, float, float]] = []  # terms (sign) constant + rate x t
        node = net.nodes.set_index("id")
        known = set(node.index)
        held = {(s.node, word(s.commodity)) for s in net.stocks.itertuples() if s.stock_t > 0}
        terms: dict[tuple[str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
        entering: dict[str, dict[int, float]] = defaultdict(dict)
        for e in net.edges.itertuples():
            key = (e.source, word(e.commodity))
            if e.source not in known or e.target not in known or e.target in out:
                continue
            if e.source in out and key not in held:
                continue
            y = self.new()
            self.most({y: 1.0}, limit(e.capacity_tpa))
            terms[key][y] -= 1.0
            terms[e.target, word(e.commodity)][y] += 1.0
            entering[e.target][y] = 1.0
        self.lost: list[int] = []
        demand = net.demand.assign(tier=net.demand["tier"].map(word), commodity=net.demand["commodity"].map(word))
        main = demand["commodity"].isin(net.main_commodity) if net.main_commodity else pd.Series(True, demand.index)
        counts = main & (demand["tier"] != "") if (demand["tier"] != "").any() else main
        some = demand["value_usd_per_t"].notna() & counts
        self.value: list[float] = []
        for d, counted in zip(demand.itertuples(), counts, strict=True):
            served = self.new()
            if d.node not in known or (d.node in out and (d.node, d.commodity) not in held):
                self.most({served: 1.0}, 0.0)
            else:
                terms[d.node, d.commodity][served] -= 1.0
            self.most({served: 1.0}, d.demand_tpa)
            if counted:
                gone = self.new()
                self.rows.append(({served: 1.0, gone: 1.0}, "=", 0.0, d.demand_tpa))
                self.lost.append(gone)
                self.value.append(float(d.value_usd_per_t) if some.any() else 1.0)
        for s in net.stocks.itertuples():
            if s.node in known and s.stock_t > 0:
                b = self.new()
                self.rows.append(({b: 1.0}, "<", float(s.stock_t), 0.0))
                self.most({b: 1.0}, limit(s.release_tpa))
                terms[s.node, word(s.commodity)][b] += 1.0
        recipes = dict(iter(net.processes.groupby("process")))
        for i in sorted(known):
            cap = 0.0 if i in out else limit(node.loc[i, "capacity_tpa"])
            process = node.loc[i, "process"]
            loose: set[str] = set()
            if isinstance(process, str):
                loose = self.recipe(i, recipes[process], cap, terms)
            elif node.loc[i, "stage"] == "mine":
                digs = {}
                for place, c in [key for key in terms if key[0] == i]:
                    digs[self.new()] = 1.0
                    terms[place, c][max(digs)] += 1.0
                self.most(digs, cap)
            else:
                self.most(entering[i], cap)
            for place, c in [key for key in terms if key[0] == i]:
                self.rows.append((dict(terms[place, c]), ">" if c in loose else "=", 0.0, 0.0))

    def new(self) -> int:
        self.names.append("")
        return len(self.names) - 1

    def most(self, terms: dict[int, float], rate: float) -> None:
        """The terms together are at most rate x t."""
        if np.isfinite(rate) and terms:
            self.rows.append((terms, "<", 0.0, rate))

    def recipe(self, i: str, lines: pd.DataFrame, cap: float, terms: Any) -> set[str]:
        z = self.new()
        self.most({z: 1.0}, cap)
        groups: dict[str, dict[int, float]] = defaultdict(dict)
        for line in lines.itertuples():
            if line.role != "input":
                terms[i, line.commodity][z] += line.t_per_t
            elif word(line.group):
                used = self.new()
                terms[i, line.commodity][used] -= 1.0
                groups[line.group][used] = 1.0 / line.t_per_t
                share = 1.0 if pd.isna(line.max_share) else float(line.max_share)
                self.rows.append(({used: 1.0 / line.t_per_t, z: -share}, "<", 0.0, 0.0))
            else:
                terms[i, line.commodity][z] -= line.t_per_t
        for members in groups.values():
            self.rows.append(({**members, z: -1.0}, "=", 0.0, 0.0))
        any_product = (lines["role"] == "coproduct").any()
        return set(lines.loc[(lines["role"] != "output") | any_product, "commodity"])

    def _solve(self, cost: Any, t: float | None, lost_is_zero: bool) -> Any:
        """Minimise; t = None makes it the last variable."""
        n = len(self.names) + (t is None)
        matrices: dict[str, tuple[list[Any], list[float]]] = {"<": ([], []), "=": ([], [])}
        for terms, sign, constant, rate in self.rows:
            line = np.zeros(n)
            for column, value in terms.items():
                line[column] += value
            if t is None:
                line[-1] -= rate
                bound = constant
            else:
                bound = constant + rate * t
            flip = -1.0 if sign == ">" else 1.0
            rows, bounds = matrices["=" if sign == "=" else "<"]
            rows.append(flip * line)
            bounds.append(flip * bound)
        top = np.full(n, np.inf)
        if lost_is_zero:
            top[self.lost] = 0.0
        (a, b), (c, d) = matrices["<"], matrices["="]
        return linprog(
            cost,
            np.array(a) if a else None,
            b if a else None,
            np.array(c) if c else None,
            d if c else None,
            np.column_stack([np.zeros(n), top]),
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )

    def cost(self, t: float) -> tuple[float, float]:
        """Return (least value lost, tonnes lost there at least) in a window of t periods."""
        if not self.lost or t == 0:
            return 0.0, 0.0
        cost = np.zeros(len(self.names))
        cost[self.lost] = self.value
        found = self._solve(cost, t, False)
        assert found.status == 0, found.message
        return float(found.fun), float(found.x[self.lost].sum())

    def time(self) -> float:
        """Return the longest window without a loss."""
        cost = np.zeros(len(self.names) + 1)
        cost[-1] = -1.0
        found = self._solve(cost, None, True)
        if found.status == 3:
            return INF
        assert found.status == 0, found.message
        return float(-found.fun)


def with_stocks(seed: int, **more: Any) -> cn.Network:
    """A random recipe network with stocks and values, its projects left unbuilt."""
    net = recipe_network(seed, wild=False, projects=True, **more)
    rng = np.random.default_rng(seed)
    demand = net.demand.assign(value_usd_per_t=rng.choice([1.0, 10.0, 33.0], len(net.demand)))
    return rebuilt(net, demand=demand)


def rebuilt(net: cn.Network, **tables: Any) -> cn.Network:
    own = {name: getattr(net, name) for name in ("nodes", "edges", "demand", "processes", "stocks", "projects")}
    return cn.Network(**(own | tables), main_commodity=net.main_commodity or None, name=net.name)


# -- the published example -------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["node", "operator"])
def test_the_published_table(by: str) -> None:
    """Rows TTS1-*, REI and cost of the Ford example, to three decimals; end uses have no row."""
    table = risk_exposure(ford(), 2, by=by, verify=True)
    assert table.columns[:5].tolist() == COLUMNS
    named = table.rename(index=lambda name: name.removeprefix("firm_"))
    assert named.index.tolist() == ["S3", "S2", "S1"]
    for name, expected in PUBLISHED.items():
        assert named.loc[name, COLUMNS].round(3).tolist() == list(expected), name
    assert table.attrs["provenance"]["digest"] == ford().digest
    assert not table.isna().any().any()


def test_the_published_summary_of_four_scenarios() -> None:
    """Rows STAT1-*: nothing out, then each supplier; linear quantiles, standard deviation with n - 1."""
    costs = np.append(risk_exposure(ford(), 2)["cost_usd"].to_numpy(), 0.0)
    assert costs.mean() == pytest.approx(100_000)
    assert costs.std(ddof=1) == pytest.approx(130_703.2, abs=0.05)
    assert np.quantile(costs, [0.1, 0.5, 0.9]).tolist() == pytest.approx([0.0, 62_500.0, 230_000.0])


def test_nothing_out_lasts_for_ever() -> None:
    spare = pd.concat([ford().nodes, frame("id stage capacity_tpa", ("S4", "mine", 1.0))])
    table = risk_exposure(ford(nodes=spare), 50)
    assert table.loc["S4", "time_to_survive"] == INF
    assert table.loc["S4", ["cost_usd", "gap"]].tolist() == [0.0, 0.0]


def test_the_multi_tier_form_with_stocks_at_every_tier() -> None:
    """Two materials make a part, the part a product; each node has some of what it makes in store.

    Written by hand after the published generator: production of a node is bounded by its capacity,
    by each input that arrives, and is nothing where it is out; what it has in store still ships.
    """
    net = cn.Network(
        nodes=frame(
            "id stage process capacity_tpa",
            ("a1", "mine", None, 4.0),
            ("a2", "mine", None, 4.0),
            ("b", "mine", None, 20.0),
            ("part", "refiner", "make_part", 8.0),
            ("product", "manufacturer", "make_product", 8.0),
            ("user", "end_use", None, None),
        ),
        edges=frame(
            "source target commodity",
            ("a1", "part", "a"),
            ("a2", "part", "a"),
            ("b", "part", "b"),
            ("part", "product", "part"),
            ("product", "user", "product"),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("make_part", "a", "input", 1.0),
            ("make_part", "b", "input", 2.0),
            ("make_part", "part", "output", 1.0),
            ("make_product", "part", "input", 1.0),
            ("make_product", "product", "output", 1.0),
        ),
        demand=frame("node commodity tier demand_tpa value_usd_per_t", ("user", "product", "civilian", 8.0, 3.0)),
        stocks=frame(
            "id commodity stock_t node",
            ("ka", "a", 6.0, "a1"),
            ("kb", "b", 10.0, "b"),
            ("kpart", "part", 4.0, "part"),
            ("kproduct", "product", 2.0, "product"),
        ),
    )
    table = risk_exposure(net, 3, verify=True)
    # a1: 24 asked, a2 makes 12, stores of a, part and product give 12; 8t = 4t + 12
    # b: its store of 10 makes 5 parts; 8t = 5 + 4 + 2.  part: 8t = 4 + 2.  product: 8t = 2
    times = {"a1": 3.0, "a2": 3.0, "b": 11 / 8, "part": 6 / 8, "product": 2 / 8}
    assert table["time_to_survive"].to_dict() == pytest.approx(times)
    assert table["lost_t"].to_dict() == pytest.approx({k: 24 - 8 * t for k, t in times.items()})
    assert table["cost_usd"].to_dict() == pytest.approx({k: 3 * (24 - 8 * t) for k, t in times.items()})


# -- stocks: where they lie, how fast they come, for whom ------------------------------------------------


def times(stocks: pd.DataFrame | None, **more: float) -> dict[str, float]:
    return risk_exposure(chain(stocks, **more), 4, verify=True)["time_to_survive"].to_dict()


def test_where_a_stock_lies_decides_whom_it_helps() -> None:
    assert times(None) == {"m1": 0.0, "m2": 0.0, "port": 0.0, "works": 0.0}

    def at(node: str, commodity: str) -> dict[str, float]:
        return times(frame("id commodity stock_t node", ("k", commodity, 12.0, node)))

    at_mine = {"m1": 2.0, "m2": 3.0, "port": 0.0, "works": 0.0}
    assert at("m1", "ore") == pytest.approx(at_mine), "beyond its capacity, and when the mine itself is out"
    assert at("port", "ore") == pytest.approx({**at_mine, "port": 1.2}), "at a node that passes on"
    assert at("works", "ore") == pytest.approx({**at_mine, "port": 1.2})
    assert at("works", "metal") == pytest.approx({**at_mine, "port": 1.2, "works": 1.2})
    assert at("user", "metal") == pytest.approx({**at_mine, "port": 1.2, "works": 1.2})


def test_a_release_limit_and_a_stock_nowhere() -> None:
    def limited(release: float) -> dict[str, float]:
        return times(frame("id commodity stock_t release_tpa node", ("k", "metal", 12.0, release, "user")))

    assert limited(3.9) == {"m1": 0.0, "m2": 0.0, "port": 0.0, "works": 0.0}
    assert limited(4.0) == pytest.approx({"m1": 0.0, "m2": 3.0, "port": 0.0, "works": 0.0})
    nowhere = frame("id commodity stock_t node", ("k", "metal", 12.0, None))
    assert times(nowhere) == times(None)
    slow = risk_exposure(chain(frame("id commodity stock_t release_tpa node", ("k", "metal", 12.0, 3.0, "user"))), 2)
    assert slow.loc["works", "lost_t"] == pytest.approx(20 - 6)


def test_a_stock_that_is_kept_for_a_tier() -> None:
    kept = frame("id commodity stock_t tiers node", ("k", "metal", 12.0, "defence", "user"))
    table = risk_exposure(chain(kept), 2, verify=True)
    # without the works civilians are short at once; defence, 5 a period, has enough for two
    assert table["time_to_survive"].to_dict() == pytest.approx({"m1": 0.0, "m2": 3.0, "port": 0.0, "works": 0.0})
    assert table.loc["works", ["cost_usd", "lost_t"]].tolist() == pytest.approx([10.0, 10.0])


def test_the_dearest_demand_is_served_first() -> None:
    table = risk_exposure(chain(), 3)
    assert table["cost_usd"].to_dict() == pytest.approx(
        {"port": 3 * 505.0, "works": 3 * 505.0, "m1": 3 * (5.0 + 100.0), "m2": 3 * 4.0}
    )
    assert table["added_cost_usd"].tolist() == table["cost_usd"].tolist()


# -- arguments -------------------------------------------------------------------------------------------


def test_recovery_by_row() -> None:
    by_dict = risk_exposure(ford(), {"S2": 2, "S3": 0.5})
    assert by_dict["recovery"].to_dict() == {"S2": 2.0, "S3": 0.5, "S1": 0.0}
    assert by_dict["cost_usd"].to_dict() == pytest.approx({"S2": 125_000.0, "S1": 0.0, "S3": 0.0})
    assert by_dict["time_to_survive"].round(3).to_dict() == {"S2": 1.286, "S1": 2.25, "S3": 0.9}
    by_series = risk_exposure(ford(), pd.Series({"S2": 2, "S3": 0.5, "P1": 7}))
    pd.testing.assert_frame_equal(by_dict, by_series, check_flags=False)
    edges = risk_exposure(ford(), {("S3", "P1"): 2}, by="edge")
    assert edges["recovery"].sum() == 2
    pairs = risk_exposure(chain(), {("refiner", "smelt"): 1.0}, by="stage+process")
    assert pairs.index.names == ["stage", "process"]
    assert pairs["recovery"].tolist() == [1.0]


def test_no_recovery_time_costs_nothing() -> None:
    table = risk_exposure(ford(), 0)
    assert table[["cost_usd", "rei", "lost_t", "gap"]].to_numpy().tolist() == [[0.0] * 4] * 3
    assert table.index.tolist() == ["S1", "S2", "S3"]
    assert table["time_to_survive"].round(3).tolist() == [2.25, 1.286, 0.9]


@pytest.mark.parametrize("bad", [-1, float("nan"), INF, "2", None, True, {"S1": -1}, {"S1": float("nan")}])
def test_recovery_is_a_number_of_periods(bad: Any) -> None:
    with pytest.raises(cn.DataError, match="recovery"):
        risk_exposure(ford(), bad)


def test_unknown_names() -> None:
    with pytest.raises(cn.UnknownIdError, match='did you mean "S1"'):
        risk_exposure(ford(), {"S1x": 1})
    with pytest.raises(cn.UnknownIdError, match=r"^recovery: unknown operator .P1."):
        risk_exposure(ford(), {"P1": 1}, by="operator")
    with pytest.raises(cn.DataError, match="stands twice"):
        risk_exposure(ford(), pd.Series([1, 2], index=["S1", "S1"]))
    with pytest.raises(cn.DataError, match="unknown column of nodes"):
        risk_exposure(ford(), 1, by="colour")
    with pytest.raises(cn.DataError, match="unknown commodity"):
        risk_exposure(ford(), 1, commodity="gold")
    with pytest.raises(cn.DataError, match="no demand table"):
        risk_exposure(cn.Network.from_edges(frame("source target", ("a", "b"))), 1)


def test_values() -> None:
    demand = ford().demand
    none = risk_exposure(ford(demand=demand.assign(value_usd_per_t=None)), 2)
    assert none["cost_usd"].to_dict() == pytest.approx({"S3": 55.0, "S2": 25.0, "S1": 0.0}), "a tonne counts 1"
    assert none.attrs["provenance"]["settings"]["value"] == "1 per tonne"
    with pytest.raises(cn.DataError, match="P2 part civilian"):
        risk_exposure(ford(demand=demand.assign(value_usd_per_t=[5000.0, None])), 2)
    cheap = risk_exposure(ford(demand=demand.assign(value_usd_per_t=[0.0, 6500.0])), 2)
    assert cheap["cost_usd"].tolist() == [0.0, 0.0, 0.0], "what is worth nothing is not lost"
    assert cheap["rei"].tolist() == [0.0, 0.0, 0.0]


def test_what_adds_nothing_ties_with_nothing_out() -> None:
    """Two tiers of value are short anyway: losing what is not needed adds 0 exactly, and rows tie by index."""
    rng = np.random.default_rng(4)
    nodes = [(f"m{i}", "mine", float(rng.uniform(1, 9))) for i in range(60)] + [
        (f"u{j}", "end_use", None) for j in range(9)
    ]
    table = risk_exposure(
        cn.Network(
            nodes=frame("id stage capacity_tpa", *nodes, ("spare", "mine", 5.0)),
            edges=frame(
                "source target commodity capacity_tpa",
                *((f"m{i}", f"u{j}", "ore", float(rng.uniform(0.1, 0.9))) for i in range(60) for j in range(9)),
                ("spare", "u0", "ore", 0.0),
            ),
            demand=frame(
                "node commodity tier demand_tpa value_usd_per_t",
                *((f"u{j}", "ore", "civilian", 40.0, float(rng.uniform(100, 999))) for j in range(9)),
            ),
        ),
        1.7,
    )
    assert (table["cost_usd"] > 0).all()
    least = table["cost_usd"].min()
    assert table.loc["spare", ["cost_usd", "added_cost_usd"]].tolist() == [least, 0.0]
    added = table["added_cost_usd"]
    assert ((added == 0) | (added > 1e-6)).all()


def test_labels_beneficiaries_and_scenario(mag9: cn.Network, china_out: cn.Scenario) -> None:
    by_country = risk_exposure(two_tier(), 2, by="country")
    assert by_country["lost_t"].to_dict() == pytest.approx({"AUS": 18.0, "CHN": 18.0})
    assert by_country["added_cost_usd"].to_dict() == pytest.approx({"AUS": 10.0, "CHN": 10.0}), "4 t are short anyway"
    japan = risk_exposure(two_tier(), 2, by="country", beneficiaries=["JPN"])
    assert japan["lost_t"].to_dict() == pytest.approx({"AUS": 4.0, "CHN": 4.0})
    assert len(risk_exposure(two_tier(), 2, by="operator")) == 0
    out = risk_exposure(mag9, 1, scenario=china_out, verify=True)
    assert out.loc["S_CN", "added_cost_usd"] == 0.0, "it is out already"
    assert (out["cost_usd"] > 0).all()


def test_size_and_cost_may_be_unrelated() -> None:
    """The cheap part that everything needs: little flow, all of the loss."""
    net = cn.Network(
        nodes=frame(
            "id stage process capacity_tpa",
            ("steel_a", "mine", None, 100.0),
            ("steel_b", "mine", None, 100.0),
            ("clip", "mine", None, 1.0),
            ("plant", "manufacturer", "build", 100.0),
            ("user", "end_use", None, None),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("steel_a", "plant", "steel", 60.0),
            ("steel_b", "plant", "steel", 40.0),
            ("clip", "plant", "clip", 1.0),
            ("plant", "user", "car", 100.0),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("build", "steel", "input", 1.0),
            ("build", "clip", "input", 0.01),
            ("build", "car", "output", 1.0),
        ),
        demand=frame("node commodity tier demand_tpa value_usd_per_t", ("user", "car", "civilian", 100.0, 9.0)),
        commodities=frame("id price_usd_per_t", ("steel", 5.0), ("clip", 50.0), ("car", 900.0)),
    )
    table = risk_exposure(net, 1)
    assert table["throughput_tpa"].to_dict() == pytest.approx(
        {"clip": 1.0, "plant": 100.0, "steel_a": 60.0, "steel_b": 40.0}
    )
    assert table["spend_usd"].to_dict() == pytest.approx(
        {"clip": 50.0, "plant": 90_000.0, "steel_a": 300.0, "steel_b": 200.0}
    )
    assert table["rei"].to_dict() == {"clip": 1.0, "plant": 1.0, "steel_a": 0.0, "steel_b": 0.0}
    assert table.attrs["rank_correlation"]["throughput_tpa"] == pytest.approx(0.0)
    assert set(table.attrs["correlation"]) == {"throughput_tpa", "spend_usd"}


# -- properties ------------------------------------------------------------------------------------------


def agrees(a: float, b: float, size: float = 1e-6) -> bool:
    return a == b or abs(a - b) <= 1e-6 * max(abs(a), abs(b), size)


@settings(max_examples=8)
@given(SEEDS, st.sampled_from([0.25, 1.0, 3.0]), st.sampled_from(["node", "country"]))
def test_against_a_program_written_from_the_tables(seed: int, t: float, by: str) -> None:
    net = with_stocks(seed)
    table = risk_exposure(net, t, by=by)
    column = "id" if by == "node" else by
    labels = net.nodes.loc[net.nodes["stage"] != "end_use"].groupby(column)["id"].agg(set)
    for name, row in table.iterrows():
        oracle = Window(net, labels[name])
        cost, lost = oracle.cost(t)
        size = t * float(net.demand["demand_tpa"].sum())
        assert agrees(row["cost_usd"], cost, size), (name, row["cost_usd"], cost)
        assert row["lost_t"] <= lost + 1e-6 * size, "the least tonnes among equally cheap plans"
        time = oracle.time()
        assert agrees(row["time_to_survive"], time) or (min(row["time_to_survive"], time) > 1e7), (name, row, time)


@settings(max_examples=8)
@given(SEEDS, st.floats(0.05, 8.0))
def test_cost_is_nothing_exactly_within_the_time_to_survive(seed: int, t: float) -> None:
    net = with_stocks(seed)
    table = risk_exposure(net, t)
    assert ((table["cost_usd"] == 0) == (table["recovery"] <= table["time_to_survive"])).all()
    assert not table.isna().any().any()
    assert table["rei"].between(0, 1).all()
    limited = table.index[(table["time_to_survive"] > 0) & np.isfinite(table["time_to_survive"])]
    if len(limited):
        just = table.loc[limited, "time_to_survive"]
        assert (risk_exposure(net, just * (1 - 1e-6)).loc[limited, "cost_usd"] == 0).all()
        assert (risk_exposure(net, just * (1 + 1e-3)).loc[limited, "cost_usd"] > 0).all()


@settings(max_examples=8)
@given(SEEDS)
def test_more_stock_and_a_shorter_time_never_hurt(seed: int) -> None:
    net = with_stocks(seed)
    more = rebuilt(net, stocks=net.stocks.assign(stock_t=net.stocks["stock_t"] * 2, release_tpa=None))
    table = risk_exposure(net, 2.0)
    better = risk_exposure(more, 2.0).reindex(table.index)
    size = 1e-7 * (1 + table["cost_usd"].max())
    assert (better["cost_usd"] <= table["cost_usd"] + size).all()
    assert (better["time_to_survive"] >= table["time_to_survive"] * (1 - 1e-7)).all()
    shorter = risk_exposure(net, 1.0).reindex(table.index)
    assert (shorter["cost_usd"] <= table["cost_usd"] + size).all()
    assert (table["added_cost_usd"] <= table["cost_usd"]).all()


@settings(max_examples=8)
@given(SEEDS)
def test_each_row_alone_is_as_in_the_whole(seed: int) -> None:
    """Warm, shared and settled answers are those of a program that was asked one thing."""
    net = with_stocks(seed)
    table = risk_exposure(net, 2.0)
    for name in table.index[:4]:
        alone = risk_exposure(net, {name: 2.0}).loc[name]
        assert alone["cost_usd"] == pytest.approx(table.loc[name, "cost_usd"], rel=1e-7, abs=1e-7)
        assert alone["lost_t"] == pytest.approx(table.loc[name, "lost_t"], rel=1e-7, abs=1e-7)


def test_without_stocks_the_loss_is_that_of_chokepoints(rare_earths: cn.Network) -> None:
    bare = rebuilt(two_tier())
    lost = cn.chokepoints(bare)["lost_tpa"]
    table = risk_exposure(bare, 3.0)
    assert (table["lost_t"] / 3.0 - 4.0).to_dict() == pytest.approx(lost.to_dict()), "4 t are short anyway"
    real = risk_exposure(rare_earths, 0.5, verify=True)
    assert not real.isna().any().any()
    assert len(real) == (rare_earths.nodes["stage"] != "end_use").sum()


def test_row_order_changes_nothing() -> None:
    net = with_stocks(7)
    mixed = rebuilt(
        net,
        **{name: getattr(net, name).sample(frac=1, random_state=3) for name in ("nodes", "edges", "demand", "stocks")},
    )
    pd.testing.assert_frame_equal(risk_exposure(net, 2), risk_exposure(mixed, 2), check_exact=True)


# -- who is served first ---------------------------------------------------------------------------------


def shared_refinery(stock: float = 0.0) -> cn.Network:
    """One refinery of 10 t/yr and a small one of 3 for two users of 6 and 8 t/yr; the first user keeps a stock."""
    tables: dict[str, Any] = {}
    if stock:
        tables["stocks"] = frame(
            "id node commodity stock_t", ("store", "usa", "metal", stock), ("theirs", "chn", "metal", stock)
        )
    return cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("big", "refiner", "CHN", 10.0),
            ("small", "refiner", "CHN", 3.0),
            ("pit", "mine", "AUS", None),
            ("usa", "end_use", "USA", None),
            ("chn", "end_use", "CHN", None),
        ),
        frame(
            "source target commodity",
            ("pit", "big", "metal"),
            ("pit", "small", "metal"),
            ("big", "usa", "metal"),
            ("big", "chn", "metal"),
            ("small", "usa", "metal"),
        ),
        demand=frame(
            "node commodity tier demand_tpa", ("usa", "metal", "defence", 6.0), ("chn", "metal", "defence", 8.0)
        ),
        beneficiaries=("USA",),
        **tables,
    )


def test_the_order_of_service_decides_what_an_exposure_costs() -> None:
    net = shared_refinery()
    found = {order: risk_exposure(net, 2, order=order) for order in ("allies_first", "allies_last", "alike")}  # type: ignore[arg-type]
    cost = {order: table.sort_index()["cost_usd"].to_dict() for order, table in found.items()}
    # first come the USA: 6 of 13; last: 13 - 8 are left, with the large one out 3, with the small one out 2
    assert cost["allies_first"] == pytest.approx({"big": 6.0, "pit": 12.0, "small": 0.0})
    assert cost["allies_last"] == pytest.approx({"big": 6.0, "pit": 12.0, "small": 8.0})
    assert cost["alike"] == pytest.approx({"big": 22.0, "pit": 28.0, "small": 8.0}), "the loss of all"
    assert found["allies_last"].loc["big", "added_cost_usd"] == pytest.approx(4.0), "1 t/yr is short anyway"
    assert set(found["allies_last"]["time_to_survive"]) == {0.0}


def test_stocks_last_as_long_as_what_the_others_leave() -> None:
    """With 4 t in each store: the others need 8 - 4 / t of the large refinery, which leaves the USA the rest."""
    table = risk_exposure(shared_refinery(4.0), 2, order="allies_last", verify=True).sort_index()
    # nothing of the small one: 10 - (8 - 4 / t) + 4 / t = 6 at t = 2; of the large one: 3 + 4 / t = 6
    assert table["time_to_survive"].to_dict() == pytest.approx({"big": 4 / 3, "pit": 2 / 3, "small": 2.0}, rel=1e-8)
    assert table["cost_usd"].to_dict() == pytest.approx({"big": 2.0, "pit": 8.0, "small": 0.0})
    longer = risk_exposure(shared_refinery(4.0), 5, order="allies_last").sort_index()
    # over 5 periods each needs 30 and 40: 65 of both, less what the others take beyond their store
    assert longer["cost_usd"].to_dict() == pytest.approx({"big": 11.0, "pit": 26.0, "small": 12.0})
    # with nothing out 13 - (8 - 0.8) + 0.8 = 6.6 are there: 6 are needed
    assert longer["added_cost_usd"].to_dict() == pytest.approx({"big": 11.0, "pit": 26.0, "small": 12.0})


def test_a_loss_that_comes_and_goes_with_time_is_told_where_it_is_asked() -> None:
    """The others fill the shared plant as long as their store lasts; ours is gone before: short from 1.5 to 3.5."""
    net = cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("pit", "mine", "AUS", 100.0),
            ("depot", "refiner", "CHN", None),
            ("plant", "refiner", "CHN", 10.0),
            ("idle", "refiner", "CHN", 1.0),
            ("usa", "end_use", "USA", None),
            ("chn", "end_use", "CHN", None),
        ),
        frame(
            "source target commodity",
            ("pit", "plant", "x"),
            ("pit", "idle", "x"),
            ("depot", "plant", "y"),
            ("plant", "usa", "x"),
            ("plant", "chn", "y"),
        ),
        demand=frame("node commodity tier demand_tpa", ("usa", "x", "defence", 6.0), ("chn", "y", "defence", 8.0)),
        stocks=frame("id node commodity stock_t", ("ours", "usa", "x", 6.0), ("theirs", "depot", "y", 20.0)),
        beneficiaries=("USA",),
    )
    for periods, cost, time in ((1.0, 0.0, np.inf), (2.0, 2.0, 1.5), (3.0, 2.0, 1.5), (5.0, 0.0, np.inf)):
        row = risk_exposure(net, periods, order="allies_last", verify=True).loc["idle"]
        assert row[["cost_usd", "time_to_survive"]].tolist() == pytest.approx([cost, time], rel=1e-8), periods
        assert row["gap"] == pytest.approx(max(periods - time, 0.0))


@pytest.mark.parametrize("seed", [1, 4])
def test_without_stocks_others_first_cost_what_chokepoints_say(seed: int) -> None:
    net = with_stocks(seed)
    nodes = net.nodes
    ends = nodes["stage"] == "end_use"
    nodes.loc[ends, "country"] = (["USA", "CHN"] * 9)[: int(ends.sum())]
    demand = net.demand.assign(value_usd_per_t=None)
    bare = rebuilt(net.with_table("stocks", net.stocks.iloc[:0]).with_table("nodes", nodes), demand=demand)
    for order in ("allies_last", "alike"):
        asked: dict[str, Any] = {"order": order, "beneficiaries": ["USA"]}
        table, losses = risk_exposure(bare, 3.0, **asked), cn.chokepoints(bare, **asked)["lost_tpa"]
        assert (table["added_cost_usd"] / 3.0).sort_index().to_dict() == pytest.approx(
            losses.sort_index().to_dict(), abs=1e-6
        )
