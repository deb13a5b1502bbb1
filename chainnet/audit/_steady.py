"""The audit of a steady state: flows in t/yr against the tables of the network and the measures of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import INF, Array, Bools, Ints
from chainnet.audit._breaches import Breach, Flows
from chainnet.engine import LEAST_SIZE, PRINTED, PROOF
from chainnet.lowering import Restriction
from chainnet.network import Network, bars_in_force
from chainnet.scenario import KINDS, Effect

# part of a plant's own tonnes that an audit leaves to rounding: as much as tables are settled to
OWN = PRINTED
# part of the largest flow of a commodity that an audit leaves to rounding: as much as a proof leaves open
OTHERS = PROOF


def audit_flows(network: Network, effects: Sequence[Effect], reroute: str, flows: Flows) -> list[Breach]:
    """Check a steady state against the tables and the measures, and list what it breaks.

    Parameters
    ----------
    network : Network
    effects : sequence of Effect
        The measures put to the network, all at full size.
    reroute : {"none", "existing", "new"}
    flows : Flows

    Returns
    -------
    list of Breach
        Empty where the answer holds. Rules: removed, unbuilt, edge capacity, plant capacity, measure, recipe,
        balance, demand, new relation.

    Notes
    -----
    It never reads the program. Cost: linear in edges and recipe lines. Measures that follow a tier or an origin need
    a split of the flows and are left to ``audit_split``.
    """
    return _Audit(network, effects, reroute, flows).run()


class _Lines:
    """The lines of the recipes as arrays."""

    def __init__(self, network: Network, good: Ints) -> None:
        table = network.view("processes")
        self.good, self.role = good, table["role"].to_numpy(dtype=object)
        self.is_input = self.role == "input"
        self.amount = table["t_per_t"].to_numpy(float)
        self.group = table["group"].fillna("").to_numpy(dtype=object)
        self.most = table["max_share"].fillna(1.0).to_numpy(float)
        self._of = table.groupby("process").indices

    def of(self, process: str) -> Ints:
        """Return the lines of a process."""
        return np.asarray(self._of.get(process, np.empty(0)), dtype=np.int64)


class Reading:
    """Rows of the tables beside the flows over them; plants are nodes, then projects."""

    def __init__(self, network: Network, flows: Flows) -> None:
        self.network, self.flows = network, flows
        self.plants = network.plants
        self.ids = pd.Index(self.plants["id"].to_numpy(dtype=object))
        edges, new = network.view("edges"), flows.suppliers
        self.n_edges = len(edges)
        self.goods = pd.Index(
            sorted(
                {
                    word if isinstance(word, str) else ""
                    for table in (edges, new, network.view("demand"), network.view("processes"))
                    for word in table["commodity"]
                }
            )
        )
        self.tail = self._at(edges["source"], new["source"])
        self.head = self._at(edges["target"], new["target"])
        self.good = self._good(edges["commodity"], new["commodity"])
        self.flow = np.concatenate([flows.edges["flow_tpa"].to_numpy(float), new["flow_tpa"].to_numpy(float)])
        demand = network.view("demand")
        self.user, self.asked_good = self._at(demand["node"]), self._good(demand["commodity"])
        self.served = flows.demand["served_tpa"].to_numpy(float)
        # the tonnes that projects make are in no table: what leaves them tells
        self.through = flows.nodes["throughput_tpa"].reindex(self.ids).to_numpy(float)
        size = np.zeros(len(self.goods))
        np.maximum.at(size, self.good, np.nan_to_num(self.flow))
        np.maximum.at(size, self.asked_good, np.nan_to_num(self.served))
        # a commodity of which nothing flows is left the dust of all others
        self.slack = OTHERS * size + 10.0 * LEAST_SIZE * (1.0 + OWN * float(size.max(initial=0.0)))
        self.into, self.out = (self._sum(ends, self.good, self.flow) for ends in (self.head, self.tail))
        self.out += self._sum(self.user, self.asked_good, self.served)
        self.makes = self.plants["process"].notna().to_numpy()
        self.lines = _Lines(network, self._good(network.view("processes")["commodity"]))
        self.made = self._made()

    def _at(self, *columns: pd.Series) -> Ints:
        return np.concatenate([self.ids.get_indexer(pd.Index(column, dtype=object)) for column in columns])

    def _good(self, *columns: pd.Series) -> Ints:
        return np.concatenate([self.codes(column.fillna("")) for column in columns])

    def codes(self, words: Any) -> Ints:
        """Return where commodities stand among those of the network."""
        return np.asarray(self.goods.get_indexer(pd.Index(words, dtype=object)), dtype=np.int64)

    def _sum(self, at: Ints, good: Ints, tonnes: Array) -> Array:
        """Return tonnes by plant and commodity."""
        shape = len(self.ids), len(self.goods)
        table = np.bincount(at * shape[1] + good, weights=tonnes, minlength=shape[0] * shape[1])
        return np.asarray(table.reshape(shape), dtype=float)

    def _made(self) -> Array:
        """Return the tonnes of main output of plants with a process; where no table has them, the least that leaves."""
        made = self.through.copy()
        for plant in np.flatnonzero(self.makes & np.isnan(made)).tolist():
            rows = self.lines.of(self.plants["process"].iloc[plant])
            rows = rows[~self.lines.is_input[rows]]
            made[plant] = (self.out[plant, self.lines.good[rows]] / self.lines.amount[rows]).max(initial=0.0)
        return made

    def inside(self, bound: Restriction) -> Bools:
        """Return which links a measure names: rows of edges, then new relations."""
        found = np.asarray(self.between(bound, self.tail, self.head, self.good), dtype=bool)
        found[: self.n_edges] = bound.edges
        return found

    def between(self, bound: Restriction, tail: Any, head: Any, good: Any) -> Any:
        """Return whether a measure names new relations between plants."""
        found = bound.sources[tail] & bound.targets[head]
        if bound.commodities:
            found = found & np.isin(good, self.codes(bound.commodities))
        return found


class _Audit(Reading):
    """The rules, one after the other."""

    def __init__(self, network: Network, effects: Sequence[Effect], reroute: str, flows: Flows) -> None:
        super().__init__(network, flows)
        self.effects, self.reroute = effects, reroute
        self.found: list[Breach] = []

    def run(self) -> list[Breach]:
        self._closed()
        self._edge_capacities()
        self._plant_capacities()
        self._demand()
        self._classes()
        self._new_relations()
        self._balances()
        return self.found

    # -- what the checks share --

    def _most(self, rule: str, rows: Ints, tonnes: Array, allowed: Array, slack: Array, name: object) -> None:
        """Note every row that has more tonnes than allowed; no number at all is a breach too."""
        over = ~(tonnes <= allowed + slack)
        for row in np.flatnonzero(over).tolist():
            self.found.append(Breach(rule, name(int(rows[row])), float(tonnes[row]), float(allowed[row])))  # type: ignore[operator]

    def _edge(self, row: int) -> str:
        good = self.goods[self.good[row]]
        return f"{self.ids[self.tail[row]]} -> {self.ids[self.head[row]]}{f' ({good})' if good else ''}"

    def _plant(self, row: int) -> str:
        return str(self.ids[row])

    # -- the rules --

    def _closed(self) -> None:
        """Nothing goes to, through or out of plants that are removed or not built."""
        gone, n = np.zeros(len(self.ids), dtype=bool), len(self.network.view("nodes"))
        standing = np.zeros(len(self.ids), dtype=bool)
        standing[:n] = True
        for effect in self.effects:
            if effect.share == 0.0:
                gone |= effect.nodes
            if KINDS[effect.kind].stands:
                standing[n:] |= effect.projects
        for rule, out in (("removed", gone), ("unbuilt", ~standing & ~gone)):
            if not out.any():
                continue
            touched = np.flatnonzero(out[self.tail] | out[self.head])
            zero = np.zeros(len(touched))
            self._most(rule, touched, self.flow[touched], zero, self.slack[self.good[touched]], self._edge)
            at = np.flatnonzero(out)
            least = np.full(len(at), float(self.slack.max(initial=0.0)))
            self._most(rule, at, np.nan_to_num(self.through[at]), np.zeros(len(at)), least, self._plant)
            served = np.flatnonzero(out[self.user])
            zero = np.zeros(len(served))
            self._most(
                rule, self.user[served], self.served[served], zero, self.slack[self.asked_good[served]], self._plant
            )
        self.gone, self.standing = gone, standing

    def _edge_capacities(self) -> None:
        """No edge carries more than its capacity and what measures leave of it; with none, than its baseline."""
        edges, share = self.network.view("edges"), np.ones(self.n_edges)
        for effect in self.effects:
            share[effect.edges] *= effect.share
        capacity = self._left("edges", edges, share)
        if self.reroute == "none":
            base = edges["flow_tpa"].to_numpy(float)
            projects = set(self.network.view("projects")["id"]) | self.network.built_projects
            new = (edges["source"].isin(projects) | edges["target"].isin(projects)).to_numpy()
            capacity = np.where(new | np.isnan(base), capacity, np.minimum(capacity, base * share))
        rows = np.arange(self.n_edges)
        flow = self.flow[rows]
        self._most("edge capacity", rows, flow, capacity, self.slack[self.good[rows]], self._edge)
        self._most("negative flow", rows, -flow, np.zeros(len(rows)), self.slack[self.good[rows]], self._edge)

    def _left(self, table: str, frame: pd.DataFrame, share: Array) -> Array:
        """Return the capacities that measures leave, t/yr; of rows without one a part of their baseline."""
        part = (share != 1.0) & (share != 0.0)
        own = frame["capacity_tpa"].to_numpy(float)
        if (part & np.isnan(own)).any():
            own = self.network.finite_capacity(table, part)
        own = np.where(np.isnan(own), INF, own)
        return np.where(share == 0.0, 0.0, own * np.where(share == 0.0, 1.0, share))

    def _plant_capacities(self) -> None:
        """No plant makes more, or passes on more, than its capacity and what measures leave of it."""
        share = np.ones(len(self.ids))
        for effect in self.effects:
            share[effect.nodes & ~effect.users if effect.share > 0 else effect.nodes] *= effect.share
        n = len(self.network.view("nodes"))
        capacity = np.concatenate(
            [
                self._left(table, self.network.view(table), part)
                for table, part in (("nodes", share[:n]), ("projects", share[n:]))
            ]
        )
        into, out = self.into.sum(axis=1), self.out.sum(axis=1)
        mine = (self.plants["stage"] == "mine").to_numpy()
        tonnes = np.where(self.makes, self.made, np.where(mine, out, into))
        at = np.arange(len(self.ids))
        slack = OWN * np.maximum(tonnes, 0.0) + float(self.slack.max(initial=0.0))
        self._most("plant capacity", at, tonnes, capacity, slack, self._plant)

    def _demand(self) -> None:
        """Nobody is served more than asked, and what is not served is short."""
        table, share = self.network.view("demand"), np.ones(len(self.user))
        for effect in self.effects:
            share[effect.demand] *= effect.share
        asked = np.where(self.gone[self.user], 0.0, table["demand_tpa"].to_numpy(float) * share)
        told = self.flows.demand
        short = told["shortfall_tpa"].to_numpy(float)
        slack = OWN * np.maximum(asked, 0.0) + self.slack[self.asked_good]
        rows = np.arange(len(self.user))

        def name(row: int) -> str:
            tier = table["tier"].iloc[row]
            return f"{self.ids[self.user[row]]}{f', {tier}' if isinstance(tier, str) else ''}"

        self._most("demand", rows, self.served, asked, slack, name)
        self._most("demand", rows, -self.served, np.zeros(len(rows)), slack, name)
        stated = np.abs(told["demand_tpa"].to_numpy(float) - asked)
        self._most("demand", rows, stated, np.zeros(len(rows)), slack, name)
        lacking = np.abs(asked - self.served - short)
        counts = table["tier"].notna().to_numpy() | told["is_counted"].to_numpy(bool)
        self._most("demand", rows, np.where(counts, lacking, 0.0), np.zeros(len(rows)), slack, name)

    def _classes(self) -> None:
        """A class of links that a measure bounds carries no more than the bound, and no new relation of the class."""
        for effect in self.effects:
            bound = effect.restriction
            if bound is None or bound.is_strand or bound.part is not None:
                continue
            inside = self.inside(bound)
            new = np.flatnonzero(inside[self.n_edges :]) + self.n_edges
            slack = self.slack[self.good[new]]
            self._most("measure", new, self.flow[new], np.zeros(len(new)), slack, self._edge)
            old = np.flatnonzero(inside[: self.n_edges])
            tonnes = np.array([self.flow[old].sum()])
            slack = np.array([self.slack[self.good[old]].max(initial=0.0)])
            allowed = np.array([bound.bound_tpa])
            self._most("measure", np.array([0]), tonnes, allowed, slack, lambda row, name=effect.argument: name)

    def _new_relations(self) -> None:
        """New relations are there only where asked, between plants that trade the commodity, and not where barred."""
        rows = np.arange(self.n_edges, len(self.flow))
        if not len(rows):
            return
        slack = self.slack[self.good[rows]]
        kinds, ends = self.network.trade
        allowed = np.full(len(rows), INF if self.reroute == "new" else 0.0)
        makers, users = (
            set(ends.loc[ends["side"] == side, ["id", "commodity"]].fillna("").itertuples(index=False, name=None))
            for side in ("source", "target")
        )
        steps = self.network.steps.to_numpy(dtype=object)
        known = set(kinds[["commodity", "a", "b"]].fillna("").itertuples(index=False, name=None))
        for place, row in enumerate(rows.tolist()):
            a, b, good = int(self.tail[row]), int(self.head[row]), self.goods[self.good[row]]
            if (
                (self.ids[a], good) not in makers
                or (self.ids[b], good) not in users
                or (good, steps[a], steps[b]) not in known
            ):
                allowed[place] = 0.0
        for bar in bars_in_force(self.network):
            hit = bar.makers[self.tail[rows]] & bar.users[self.head[rows]]
            if bar.commodities:
                hit &= np.isin(self.good[rows], self.codes(bar.commodities))
            allowed[hit] = 0.0
        self._most("new relation", rows, self.flow[rows], allowed, slack, self._edge)

    def _balances(self) -> None:
        """At each plant recipes hold: what leaves is made of what enters, and of a main output nothing is lost."""
        mine = (self.plants["stage"] == "mine").to_numpy()
        size = np.maximum(self.into, self.out)
        self._balance("balance", ~self.makes & ~mine, np.abs(self.into - self.out), size)
        self._balance("balance", ~self.makes & mine, self.into - self.out, size)  # a mine takes from the ground
        for plant in np.flatnonzero(self.makes).tolist():
            self._recipe(plant)

    def _balance(self, rule: str, rows: Bools, excess: Array, size: Array) -> None:
        """Note each plant and commodity with an excess above nothing."""
        over = rows[:, None] & ~(excess <= OWN * size + self.slack)
        for plant, good in zip(*np.nonzero(over), strict=True):
            place = f"{self.ids[plant]}{f' ({self.goods[good]})' if self.goods[good] else ''}"
            self.found.append(Breach(rule, place, float(excess[plant, good]), 0.0))

    def _recipe(self, plant: int) -> None:
        """Compare tonnes made, used and thrown away of each commodity at a plant with a process."""
        lines, made = self.lines, self.made[plant]
        rows = lines.of(self.plants["process"].iloc[plant])
        left = self.into[plant] - self.out[plant]
        standins = rows[lines.is_input[rows] & (lines.group[rows] != "")]
        plain = np.setdiff1d(rows, standins)
        sign = np.where(lines.is_input[plain], -1.0, 1.0)
        np.add.at(left, lines.good[plain], sign * lines.amount[plain] * made)
        slack = OWN * np.maximum(self.into[plant], self.out[plant]) + self.slack
        for word in sorted(set(lines.group[standins])):
            members = standins[lines.group[standins] == word]
            good, amount = lines.good[members], lines.amount[members]
            could = np.minimum(np.maximum(left[good], 0.0) / amount, lines.most[members] * made).sum()
            if could < made - (slack[good] / amount).sum():
                self.found.append(Breach("recipe", f"{self.ids[plant]} ({word})", made, float(could)))
            left[good] = np.maximum(left[good], 0.0)
        is_main = lines.role[rows] == "output"
        loose = np.zeros(len(left), dtype=bool)
        loose[lines.good[rows[~is_main]]] = True
        loose[lines.good[rows[is_main]]] = bool((lines.role[rows] == "coproduct").any())
        for code in np.flatnonzero((left < -slack) | (~loose & (left > slack))).tolist():
            place = f"{self.ids[plant]} ({self.goods[code]})"
            self.found.append(Breach("recipe", place, float(abs(left[code])), 0.0))
