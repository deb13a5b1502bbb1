"""Second opinions that share no code with the package's solvers: read the tables, trust nothing.

``check_flow`` looks at a flow that the package returns. ``TableProgram`` writes the linear
program of a network row by row from its public tables and solves it with scipy alone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

import chainnet as cn

INF = np.inf


def word(value: Any) -> str:
    """Return a cell as text, a missing one as nothing."""
    return "" if value is None or pd.isna(value) else str(value)


def limit(value: Any) -> float:
    """Return a capacity, a missing one as no limit."""
    return INF if pd.isna(value) else float(value)


class TableProgram:
    """The linear program of a network, one row at a time; small networks only.

    Parameters
    ----------
    net : Network
    frozen : bool
        No edge carries more than its baseline flow.
    """

    def __init__(self, net: cn.Network, frozen: bool = False) -> None:
        self.net = net
        self.upper: list[float] = []
        self.cost: list[float] = []
        self.equal: list[dict[int, float]] = []
        self.most: list[tuple[dict[int, float], float]] = []
        balance: dict[tuple[str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
        node = net.nodes.set_index("id")
        known = set(node.index)
        recipes = dict(iter(net.processes.groupby("process")))
        unit = {i: 0.0 if pd.isna(c) else float(c) for i, c in node["unit_cost_usd_per_t"].items()}
        into: dict[str, dict[int, float]] = defaultdict(dict)
        out: dict[str, dict[int, float]] = defaultdict(dict)
        self.edge_columns: list[int | None] = []
        for row in net.edges.itertuples():
            if row.source not in known or row.target not in known:
                self.edge_columns.append(None)
                continue
            cap = limit(row.capacity_tpa)
            if frozen:
                cap = min(cap, float(row.flow_tpa))
            cost = 0.0 if pd.isna(row.cost_usd_per_t) else float(row.cost_usd_per_t)
            for end, at_source in ((row.source, True), (row.target, False)):
                is_mine = node.loc[end, "stage"] == "mine"
                if pd.isna(node.loc[end, "process"]) and is_mine == at_source:
                    cost += unit[end]
            column = self.column(cap, cost)
            self.edge_columns.append(column)
            balance[row.source, word(row.commodity)][column] -= 1.0
            balance[row.target, word(row.commodity)][column] += 1.0
            out[row.source][column] = 1.0
            into[row.target][column] = 1.0
        self.demand = self._demand()
        self.served: list[int] = []
        for row in self.demand.itertuples():
            column = self.column(row.demand_tpa if row.node in known else 0.0, 0.0)
            self.served.append(column)
            balance[row.node, row.commodity][column] -= 1.0
            out[row.node][column] = 1.0
        may_discard: set[tuple[str, str]] = set()
        self.activity: dict[str, int] = {}
        for i, process in node["process"].dropna().items():
            z = self.column(limit(node.loc[i, "capacity_tpa"]), unit[i])
            self.activity[i] = z
            lines = recipes[process]
            coproducts = (lines["role"] == "coproduct").any()
            groups: dict[str, list[tuple[int, float]]] = defaultdict(list)
            for line in lines.itertuples():
                key = (i, line.commodity)
                if line.role != "input":
                    balance[key][z] += line.t_per_t
                    if coproducts or line.role == "byproduct":
                        may_discard.add(key)
                    continue
                may_discard.add(key)
                if not word(line.group):
                    balance[key][z] -= line.t_per_t
                    continue
                used = self.column(INF, 0.0)
                balance[key][used] -= 1.0
                groups[line.group].append((used, line.t_per_t))
                share = 1.0 if pd.isna(line.max_share) else float(line.max_share)
                self.most.append(({used: 1.0 / line.t_per_t, z: -share}, 0.0))
            for members in groups.values():
                self.equal.append({**{u: 1.0 / t for u, t in members}, z: -1.0})
        for (i, commodity), terms in balance.items():
            if i not in known:
                continue
            makes = pd.isna(node.loc[i, "process"]) and node.loc[i, "stage"] == "mine"
            if makes:  # in - out <= 0: the rest is dug
                self.most.append((dict(terms), 0.0))
            elif (i, commodity) in may_discard:
                self.most.append(({c: -v for c, v in terms.items()}, 0.0))
            else:
                self.equal.append(dict(terms))
        for i in known - set(self.activity):
            cap = limit(node.loc[i, "capacity_tpa"])
            terms = out[i] if node.loc[i, "stage"] == "mine" else into[i]
            if np.isfinite(cap) and terms:
                self.most.append((dict(terms), cap))

    def column(self, upper: float, cost: float) -> int:
        self.upper.append(upper)
        self.cost.append(cost)
        return len(self.upper) - 1

    def _demand(self) -> pd.DataFrame:
        net = self.net
        if len(net.demand):
            return net.demand.assign(commodity=net.demand["commodity"].map(word), tier=net.demand["tier"].map(word))[
                ["node", "commodity", "tier", "demand_tpa"]
            ]
        ends = set(net.nodes.loc[net.nodes["stage"] == "end_use", "id"])
        pairs = {(t, word(c)) for t, c in zip(net.edges["target"], net.edges["commodity"], strict=True) if t in ends}
        return pd.DataFrame(
            [(n, c, "", INF) for n, c in sorted(pairs)], columns=["node", "commodity", "tier", "demand_tpa"]
        )

    def counted(
        self, tier: str | None = None, commodity: tuple[str, ...] | None = None, countries: set[str] | None = None
    ) -> np.ndarray:
        """Whose tonnes count: rows of ``demand``."""
        d = self.demand
        main = commodity if commodity is not None else self.net.main_commodity
        hit = d["commodity"].isin(main) if main else pd.Series(True, index=d.index)
        if (d["tier"] != "").any():
            hit &= d["tier"] != ""
        if tier is not None:
            hit &= d["tier"] == tier
        if countries is not None:
            hit &= d["node"].map(self.net.nodes.set_index("id")["country"]).isin(countries)
        return hit.to_numpy()

    def solve(self, cost: np.ndarray, locks: list[tuple[dict[int, float], float]] = ()) -> Any:  # type: ignore[assignment]
        """Minimise ``cost``; each lock says that a sum is at least a number."""
        n = len(self.upper)

        def dense(rows: list[dict[int, float]]) -> np.ndarray:
            matrix = np.zeros((len(rows), n))
            for k, terms in enumerate(rows):
                for column, value in terms.items():
                    matrix[k, column] += value
            return matrix

        most = [*self.most, *(({c: -v for c, v in terms.items()}, -least) for terms, least in locks)]
        # divided by the largest bound, so that scipy's absolute tolerances mean something
        finite = [u for u in self.upper if np.isfinite(u)] + [b for _, b in self.most]
        scale = max([*finite, 1e-9]) / 1000.0
        found = linprog(
            cost,
            A_ub=dense([t for t, _ in most]) if most else None,
            b_ub=[b / scale for _, b in most] if most else None,
            A_eq=dense(self.equal) if self.equal else None,
            b_eq=np.zeros(len(self.equal)) if self.equal else None,
            bounds=[(0, None if np.isinf(u) else u / scale) for u in self.upper],
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        if found.status == 0:
            found.x, found.fun = found.x * scale, found.fun * scale
        return found

    def value(self, **whose: Any) -> float:
        """Return the largest counted tonnage, inf where nothing limits it."""
        cost = np.zeros(len(self.upper))
        cost[np.array(self.served, dtype=int)[self.counted(**whose)]] = -1.0
        found = self.solve(cost)
        if found.status == 3:
            return INF
        assert found.status == 0, found.message
        return float(-found.fun)

    def lexicographic(self, stages: list[np.ndarray], slack: float = 1e-10) -> tuple[list[float], float]:
        """Return what each stage is served when the stages come one after the other, and the least cost."""
        locks: list[tuple[dict[int, float], float]] = []
        totals = []
        served = np.array(self.served, dtype=int)
        for members in stages:
            cost = np.zeros(len(self.upper))
            cost[served[members]] = -1.0
            found = self.solve(cost, locks)
            assert found.status == 0, found.message
            totals.append(float(-found.fun))
            locks.append(({int(c): 1.0 for c in served[members]}, totals[-1] * (1 - slack)))
        found = self.solve(np.array(self.cost), locks)
        assert found.status == 0, found.message
        return totals, float(found.fun)

    def stages(self, countries: set[str] | None = None, order: str = "allies_first") -> list[np.ndarray]:
        """Return the order of service that the package documents."""
        d, net = self.demand, self.net
        main = d["commodity"].isin(net.main_commodity) if net.main_commodity else pd.Series(True, index=d.index)
        ours = pd.Series(True, index=d.index)
        if countries is not None:
            ours = d["node"].map(net.nodes.set_index("id")["country"]).isin(countries)
        tiers = [*net.tier_order]
        if (d["tier"] == "").all():
            tiers = [""]
        first = [main & ours & (d["tier"] == t) for t in tiers]
        rest = [main & ~ours & (d["tier"] == t) for t in tiers]
        whole = main & ~ours & d["tier"].isin(tiers)
        stages = [whole, *first] if order == "allies_last" else [*first, *rest]
        for t in net.tier_order:
            for c in sorted(set(d["commodity"])):
                side = ~main & (d["tier"] == t) & (d["commodity"] == c)
                stages += [side & ours, side & ~ours]
        stages.append((d["tier"] == "") & ~(main & ("" in tiers)))
        return [s.to_numpy() for s in stages if s.any()]


class PeriodProgram(TableProgram):
    """The same over periods, joined by stores alone: no lags, no measures.

    Parameters
    ----------
    net : Network
        In which each store is a mine without a process, with one edge to where it enters.
    stores : mapping
        Id of the mine -> tonnes in store, and tonnes a year that may be drawn.
    periods, years
        Number and length of the periods.
    """

    def __init__(self, net: cn.Network, stores: dict[str, tuple[float, float]], periods: int, years: float) -> None:
        super().__init__(net)
        n = len(self.upper)
        draws = {s: self.edge_columns[net.edges["source"].tolist().index(s)] for s in stores}
        for store, (_, rate) in stores.items():
            self.upper[draws[store]] = rate

        def shift(terms: dict[int, float], period: int) -> dict[int, float]:
            return {column + period * n: value for column, value in terms.items()}

        span = range(periods)
        self.equal = [shift(terms, t) for t in span for terms in self.equal]
        self.most = [(shift(terms, t), bound * years) for t in span for terms, bound in self.most]
        self.most += [({draws[s] + t * n: 1.0 for t in span}, tonnes) for s, (tonnes, _) in stores.items()]
        self.served = [column + t * n for t in span for column in self.served]
        self.upper = [u * years for u in self.upper] * periods
        self.cost = self.cost * periods
        self.demand = pd.concat([self.demand] * periods, ignore_index=True)


def check_flow(
    net: cn.Network, edges: pd.DataFrame, served: pd.DataFrame | None = None, tolerance: float = 1e-7
) -> None:
    """Assert that a flow keeps every bound and every balance.

    Parameters
    ----------
    edges : DataFrame
        ``flow_tpa`` row for row with ``net.edges``.
    served : DataFrame, optional
        node, commodity, served_tpa; without it an end use takes what comes in.
    """
    assert len(edges) == len(net.edges)
    flow = edges["flow_tpa"].to_numpy()
    assert (edges["source"].to_numpy() == net.edges["source"].to_numpy()).all()
    assert (edges["target"].to_numpy() == net.edges["target"].to_numpy()).all()
    size = max(float(flow.max(initial=0.0)), 1e-12) * tolerance
    assert (flow >= 0).all()
    caps = net.edges["capacity_tpa"].map(limit).to_numpy()
    assert (flow <= caps + size).all()
    into: dict[tuple[str, str], float] = defaultdict(float)
    out: dict[tuple[str, str], float] = defaultdict(float)
    for row, tonnes in zip(net.edges.itertuples(), flow, strict=True):
        into[row.target, word(row.commodity)] += tonnes
        out[row.source, word(row.commodity)] += tonnes
    taken: dict[tuple[str, str], float] = defaultdict(float)
    if served is not None:
        for row in served.itertuples():
            assert row.served_tpa >= 0
            taken[row.node, word(row.commodity)] += row.served_tpa
    recipes = dict(iter(net.processes.groupby("process")))
    for row in net.nodes.itertuples():
        handled = {c for i, c in [*into, *out, *taken] if i == row.id}
        cap = limit(row.capacity_tpa)
        if not isinstance(row.process, str):
            for c in handled:
                a, b = into[row.id, c], out[row.id, c] + taken[row.id, c]
                if row.stage == "mine":
                    assert b >= a - size, (row.id, c, a, b)
                elif served is None and row.stage == "end_use":
                    assert a >= b - size, (row.id, c, a, b)
                else:
                    assert abs(a - b) <= size, (row.id, c, a, b)
            side = out if row.stage == "mine" else into
            assert sum(t for (i, _), t in side.items() if i == row.id) <= cap + size, row.id
            continue
        lines = recipes[row.process]
        coproducts = (lines["role"] == "coproduct").any()
        net_out = {c: out[row.id, c] + taken[row.id, c] - into[row.id, c] for c in handled}
        products = lines[lines["role"] != "input"].set_index("commodity")["t_per_t"]
        main = lines.loc[lines["role"] == "output", "commodity"].iloc[0]
        least = max([net_out.get(c, 0.0) / t for c, t in products.items()] + [0.0])
        if not coproducts:
            least = max(net_out.get(main, 0.0), 0.0)
            for c, t in products.items():
                assert net_out.get(c, 0.0) <= least * t + size * max(t, 1.0), (row.id, c)
        assert least <= cap + size, row.id
        inputs = lines[lines["role"] == "input"]
        for line in inputs[inputs["group"].isna()].itertuples():
            assert -net_out.get(line.commodity, 0.0) >= least * line.t_per_t - size * max(line.t_per_t, 1.0), (
                row.id,
                line,
            )
        for _, members in inputs[inputs["group"].notna()].groupby("group"):
            have = 0.0
            for line in members.itertuples():
                share = 1.0 if pd.isna(line.max_share) else line.max_share
                have += min(-net_out.get(line.commodity, 0.0) / line.t_per_t, share * least + size / line.t_per_t)
            assert have >= least - size * (1 / members["t_per_t"]).sum(), row.id
        named = set(lines["commodity"])
        for c in handled - named:
            assert abs(net_out[c]) <= size, (row.id, c)
