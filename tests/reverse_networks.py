"""Small networks and hazards whose likeliest losses are known by hand or from print, and the same by trying all sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import highspy
import numpy as np
import pandas as pd
from conftest import frame
from scipy.sparse import csr_array, diags_array, vstack

import chainnet as cn
from chainnet.criticality import removals
from chainnet.flow import Counting, ValueModel
from chainnet.scenario import overlay_of

HAND_LOSS = {"a": 0.40, "b": 0.15, "c": 0.05, "ab": 0.75, "ac": 0.65, "bc": 0.40, "abc": 1.0}


def hand() -> cn.Network:
    """One user of 100 t/yr, three suppliers of 60, 35 and 25: losses as ``HAND_LOSS``."""
    return cn.Network(
        nodes=frame(
            "id stage capacity_tpa",
            ("A", "mine", 60.0),
            ("B", "mine", 35.0),
            ("C", "mine", 25.0),
            ("U", "end_use", None),
        ),
        edges=frame("source target", ("A", "U"), ("B", "U"), ("C", "U")),
        demand=frame("node tier demand_tpa", ("U", "civilian", 100.0)),
    )


def hand_hazards(**more: Sequence[Any]) -> pd.DataFrame:
    rates = {"rate_low": [0.02, 0.10, 0.05], "rate_high": [0.10, 0.30, 0.20]}
    return pd.DataFrame({"id": list("abc"), "effect": [f'nodes = ["{x}"]' for x in "ABC"], **rates, **more})


def fire() -> tuple[cn.Network, pd.DataFrame]:
    """The fire protection of Barrere and Hankin 2020 as ways of water: what stops it is a cut set of their fault tree."""
    parts = [f"x{i}" for i in range(1, 8)]
    ways = ["s x1", "s x2", "x1 x3", "x2 x3", "x3 x4", "x4 x5", "x4 x6", "x6 x7", "x5 u", "x7 u"]
    net = cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["s", *parts, "u"],
                "stage": ["mine", *["refiner"] * 7, "end_use"],
                "capacity_tpa": [1.0] * 8 + [None],
            }
        ),
        edges=pd.DataFrame([way.split() for way in ways], columns=["source", "target"]),
        demand=frame("node tier demand_tpa", ("u", "civilian", 1.0)),
    )
    chance = [0.2, 0.1, 0.001, 0.002, 0.05, 0.1, 0.05]
    effects = [f'nodes = ["{part}"]' for part in parts]
    return net, pd.DataFrame({"id": parts, "effect": effects, "share_low": chance, "share_high": chance})


def by_node(net: cn.Network, seed: int) -> pd.DataFrame:
    """Every plant out with a chance between two seeded ones."""
    what, rng = removals(net, "node"), np.random.default_rng(seed)
    chance = np.exp(rng.uniform(np.log(1e-3), np.log(0.3), len(what.index)))
    ids = net.nodes["id"].to_numpy()
    effects = ["nodes = " + json.dumps(ids[rows].tolist()) for rows in what.members]
    ends = {"share_low": 0.6 * chance, "share_high": np.minimum(1.5 * chance, 1.0)}
    return pd.DataFrame({"id": [str(key) for key in what.index], "effect": effects, **ends})


def random_chain(seed: int) -> cn.Network:
    """Three mines, three works and two users, joined at random."""
    rng = np.random.default_rng(seed)
    mines, works, users = ["m0", "m1", "m2"], ["w0", "w1", "w2"], ["u", "v"]
    edges = [
        (one, other, float(rng.uniform(1, 6)) if rng.random() < 0.5 else None)
        for left, right in ((mines, works), (works, users))
        for one in left
        for other in right
        if rng.random() < 0.75
    ]
    rows = [(name, "mine", float(rng.uniform(2, 8))) for name in mines]
    rows += [(name, "refiner", float(rng.uniform(2, 8))) for name in works]
    return cn.Network(
        nodes=frame("id stage capacity_tpa", *rows, ("u", "end_use", None), ("v", "end_use", None)),
        edges=frame("source target capacity_tpa", *edges),
        demand=frame("node tier demand_tpa", ("u", "defence", 3.0), ("v", "civilian", 6.0)),
    )


@lru_cache(1)
def base_of(net: cn.Network, tier: str | None) -> tuple[Counting, float, float]:
    """What counts, what is served of it, and what it asks for."""
    counting = Counting.of(net, tier=tier)
    return counting, ValueModel(counting).value, float(net.demand["demand_tpa"][counting.rows].sum())


def loss_of(net: cn.Network, hazards: pd.DataFrame, events: Sequence[str], tier: str | None = None) -> float:
    """What some hazards cost together, by a program made for them alone."""
    counting, base, demand = base_of(net, tier)
    effects = hazards.set_index("id")["effect"]
    nodes = [{"kind": "remove", "nodes": json.loads(effects[event].removeprefix("nodes = "))} for event in events]
    left = ValueModel(counting, overlay_of(net, cn.Scenario("all", nodes))).value if events else base
    return float((base - left) / demand)


def all_ways(
    net: cn.Network, hazards: pd.DataFrame, loss: float, most: int, tier: str | None = None
) -> dict[frozenset[str], float]:
    """Every least set of up to so many hazards that costs enough, with its chance in the middle, by trying all."""
    middle = np.sqrt(hazards["share_low"] * hazards["share_high"]).to_numpy()
    counting = Counting.of(net, tier=tier)
    model = ValueModel(counting)
    places = {name: at for at, name in enumerate(net.nodes["id"])}
    named = [json.loads(effect.removeprefix("nodes = ")) for effect in hazards["effect"]]
    closing = [model.lowered.closing(np.array([places[name] for name in names])) for names in named]
    sets = [some for size in range(1, most + 1) for some in combinations(range(len(hazards)), size)]
    left = model.values_without([np.unique(np.concatenate([closing[i] for i in some])) for some in sets])
    demand = net.demand["demand_tpa"][counting.rows].sum()
    found: dict[frozenset[int], float] = {}
    for some, value in zip(sets, left, strict=True):
        if (model.value - value) / demand >= loss - 1e-7 and not any(one < set(some) for one in found):
            found[frozenset(some)] = float(middle[list(some)].prod())
    return {frozenset(hazards["id"].iloc[list(some)]): chance for some, chance in found.items()}


class OwnProgram:
    """What hazards leave, by a solver of its own on the rows of the network's program: no bound, no answer of the package.

    It stays warm from set to set: only bounds change, so few steps lead to the next answer.
    """

    def __init__(self, net: cn.Network, hazards: pd.DataFrame) -> None:
        counting = Counting.of(net)
        model = ValueModel(counting)
        p, places = model.program, {name: at for at, name in enumerate(net.nodes["id"])}
        named = [json.loads(effect.removeprefix("nodes = ")) for effect in hazards["effect"]]
        self.shut = [model.lowered.closing(np.array([places[name] for name in names])) for names in named]
        self.size, self.upper, self.cost = p.col_scale, p.col_upper / p.col_scale, p.cost * p.col_scale
        self.demand = float(net.demand["demand_tpa"][counting.rows].sum())
        scaled = diags_array(1.0 / p.row_scale) @ p.matrix @ diags_array(self.size)
        rows = vstack([scaled, csr_array(self.cost[None, :] / self.demand)]).tocsc()
        self.columns, self.served = np.arange(rows.shape[1], dtype=np.int32), rows.shape[0] - 1
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = rows.shape
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost, np.zeros(len(self.cost)), self.upper
        lp.row_lower_ = np.append(p.row_lower / p.row_scale, -np.inf)
        lp.row_upper_ = np.append(p.row_upper / p.row_scale, np.inf)
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.passModel(lp)
        flow = self._solved(np.zeros(len(hazards), dtype=bool), self.cost)
        assert flow is not None
        self.value = -float(self.cost @ flow)
        # a tonne is the dearer, the less goes through a hazard's plants: then the most of them end up with none
        self.use = np.zeros(len(self.cost))
        for columns in self.shut:
            through = (flow * self.size)[columns].sum()
            self.use[columns] += self.size[columns] / max(through, 1e-3 * self.demand)

    def _solved(self, out: np.ndarray, cost: np.ndarray, served: float = -np.inf) -> np.ndarray | None:
        """The flow of least cost without some hazards' plants, with so much served at least; None = there is none."""
        upper = self.upper.copy()
        for i in np.flatnonzero(out):
            upper[self.shut[i]] = 0.0
        self.highs.changeColsBounds(len(upper), self.columns, np.zeros(len(upper)), upper)
        self.highs.changeColsCost(len(cost), self.columns, cost / np.abs(cost).max())
        self.highs.changeRowBounds(self.served, -np.inf, -served / self.demand)
        self.highs.run()
        status = self.highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        assert status == highspy.HighsModelStatus.kOptimal, status
        return np.array(self.highs.getSolution().col_value)

    def loss(self, out: np.ndarray) -> float:
        flow = self._solved(out, self.cost)
        assert flow is not None
        return float((self.value + self.cost @ flow) / self.demand)

    def room(self, out: np.ndarray, loss: float) -> np.ndarray | None:
        """Hazards, these among them, whose plants one flow does without that loses no more than so much; None = none does."""
        flow = self._solved(out, self.use, self.value - loss * self.demand)
        if flow is None:
            return None
        least = 1e-9 * self.demand
        return out | [not (flow * self.size > least)[columns].any() for columns in self.shut]


def first_ways(net: cn.Network, hazards: pd.DataFrame, loss: float, most: int) -> dict[frozenset[str], float]:
    """The likeliest sets of up to so many hazards that cost enough, all ties, of all sets, the likeliest first.

    Each has an answer of its own, or one flow does without all its plants and loses too little, by more than a solver's
    tolerance.
    """
    middle = np.sqrt(hazards["share_low"] * hazards["share_high"]).to_numpy()
    program, n = OwnProgram(net, hazards), len(hazards)
    sets = [some for size in range(1, most + 1) for some in combinations(range(n), size)]
    members = np.array([(*some, *[n] * (most - len(some))) for some in sets])
    chance = np.append(middle, 1.0)[members].prod(axis=1)
    order = np.argsort(-chance, kind="stable")
    members, chance = members[order], chance[order]
    found: dict[frozenset[str], float] = {}
    while len(members) and chance[0] >= max(found.values(), default=0.0) * (1 - 1e-9):
        out, is_open = np.isin(np.arange(n), members[0]), np.arange(len(members)) > 0
        idle = program.room(out, loss - 1e-6)
        if idle is not None:
            is_open &= ~np.append(idle, True)[members].all(axis=1)
        elif program.loss(out) >= loss - 1e-7:
            found[frozenset(hazards["id"][out])] = float(chance[0])
        members, chance = members[is_open], chance[is_open]
    best = max(found.values(), default=0.0)
    return {way: p for way, p in found.items() if p >= best * (1 - 1e-9)}
