"""Order by law: against a program written from the words of the rule alone, on small chains made at random."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.random import Generator, default_rng
from scipy.optimize import linprog

import chainnet as cn
from chainnet.flow import Counting, stages_of

PLACES = ["CHN", "USA", "PRT", "BRA"]
OURS, COVERED = ["USA", "PRT"], ["USA"]
TIERS = ["defence", "civilian"]


# -- the rule in words of its own -----------------------------------------------------------------------


@dataclass
class Chain:
    """Pits dig ore, works make metal of it, users take metal; all in one of four countries."""

    pits: dict[str, tuple[str, float]]
    works: dict[str, tuple[str, float, float]]  # country, capacity, ore for a tonne
    users: dict[str, str]
    roads: list[tuple[str, str, float]]
    wants: dict[tuple[str, str], float]  # user, tier
    contracts: list[tuple[str, str, float]] = field(default_factory=list)  # supplier, for, share
    stop: tuple[str, ...] = ()  # where China lets nothing go

    def country(self, name: str) -> str:
        return {**{k: v[0] for k, v in self.pits.items()}, **{k: v[0] for k, v in self.works.items()}, **self.users}[
            name
        ]

    def network(self, **more: Any) -> cn.Network:
        pits = [(n, "mine", c, cap, None) for n, (c, cap) in self.pits.items()]
        works = [(n, "refiner", c, cap, f"make {n}") for n, (c, cap, _) in self.works.items()]
        users = [(n, "end_use", c, None, None) for n, c in self.users.items()]
        recipes = [
            row
            for n, (*_, ore) in self.works.items()
            for row in ((f"make {n}", "ore", "input", ore), (f"make {n}", "metal", "output", 1.0))
        ]
        service = [("USA", "act", "law"), ("PRT", "plan", "none")]
        return cn.Network(
            nodes=pd.DataFrame([*pits, *works, *users], columns=["id", "stage", "country", "capacity_tpa", "process"]),
            edges=pd.DataFrame(
                [(a, b, "ore" if a in self.pits else "metal", most) for a, b, most in self.roads],
                columns=["source", "target", "commodity", "capacity_tpa"],
            ),
            processes=pd.DataFrame(recipes, columns=["process", "commodity", "role", "t_per_t"]),
            demand=pd.DataFrame(
                [(user, "metal", tier, t) for (user, tier), t in self.wants.items()],
                columns=["node", "commodity", "tier", "demand_tpa"],
            ),
            service=pd.DataFrame(service, columns=["country", "instrument", "binding"]),
            contracts=pd.DataFrame(self.contracts, columns=["supplier", "for", "share"]),
            beneficiaries=OURS,
            **more,
        )

    @property
    def scenario(self) -> cn.Scenario | None:
        stop = {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": list(self.stop)}}
        return cn.Scenario("stop", [stop]) if self.stop else None


class Rule:
    """Columns: what each road carries, then what each demand is served."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.n, self.keys = len(chain.roads), list(chain.wants)
        self.width = self.n + len(self.keys)
        self.most = np.array([most for *_, most in chain.roads] + [chain.wants[key] for key in self.keys])
        for i, (a, b, _) in enumerate(chain.roads):
            if chain.country(a) == "CHN" and chain.country(b) in chain.stop:
                self.most[i] = 0.0
        self.less: list[tuple[np.ndarray, float]] = []
        self.same: list[np.ndarray] = []
        for pit, (_, cap) in chain.pits.items():
            self.less.append((self.out(pit), cap))
        for works, (_, cap, ore) in chain.works.items():
            self.less.append((self.out(works), cap))
            self.less.append((ore * self.out(works) - self.into(works), 0.0))  # what it cannot use it throws away
        for user in chain.users:
            self.same.append(self.into(user) - self.served([k for k in self.keys if k[0] == user]))
        self.bound = []
        for supplier, whose, share in chain.contracts:
            others = np.array([chain.country(b) != whose for _, b, _ in chain.roads] + [False] * len(self.keys))
            self.bound.append(self.out(supplier) * others - (1 - share) * self.out(supplier))

    def out(self, name: str) -> np.ndarray:
        return np.array([a == name for a, *_ in self.chain.roads] + [False] * len(self.keys), dtype=float)

    def into(self, name: str) -> np.ndarray:
        return np.array([b == name for _, b, _ in self.chain.roads] + [False] * len(self.keys), dtype=float)

    def served(self, keys: list[tuple[str, str]]) -> np.ndarray:
        return np.array([0.0] * self.n + [float(key in keys) for key in self.keys])

    def best(
        self, goal: np.ndarray, floors: list[tuple[np.ndarray, float]], *, held: bool = False, only: str = ""
    ) -> float:
        """The most of a goal; ``held``: contracts hold, ``only``: roads inside one country alone."""
        most = self.most.copy()
        for i, (a, b, _) in enumerate(self.chain.roads):
            if only and {self.chain.country(a), self.chain.country(b)} != {only}:
                most[i] = 0.0
        less = self.less + ([(row, 0.0) for row in self.bound] if held else [])
        rows = [row for row, _ in less] + [-row for row, _ in floors]
        high = [value for _, value in less] + [1e-9 - value for _, value in floors]
        found = linprog(
            -goal, rows, high, self.same, np.zeros(len(self.same)), np.column_stack([np.zeros(self.width), most])
        )
        assert found.status == 0, found.message
        return -float(found.fun)

    def law(self) -> tuple[list[float], dict[str, tuple[float, float, float]]]:
        """What each stage is served, and by tier the least, the most and the middle of what is ours."""
        country, mine = self.chain.country, [k for k in self.keys if self.chain.country(k[0]) in OURS]
        first = [k for k in self.keys if k[1] == TIERS[0]]
        stages = [
            [k for k in first if country(k[0]) in COVERED],
            [k for k in first if country(k[0]) not in COVERED],
            [k for k in self.keys if k[1] == TIERS[1]],
        ]
        stages = [stage for stage in stages if stage]
        home: list[tuple[np.ndarray, float]] = []
        if self.chain.stop:
            for tier in TIERS:
                row = self.served([k for k in self.keys if k[1] == tier and country(k[0]) == "CHN"])
                home.append((row, self.best(row, home, held=True, only="CHN")))
        kept: list[tuple[np.ndarray, float]] = []
        for stage in stages:
            row = self.served(stage)
            kept.append((row, self.best(row, [*home, *kept], held=True)))
        ends: dict[str, tuple[float, float]] = {}
        for number, stage in enumerate(stages):  # the second time without contracts, the tonnes of the first kept
            row = self.served(stage)
            kept[number] = row, self.best(row, [*home, *kept])
            for tier in TIERS:
                last = max((n for n, s in enumerate(stages) for k in s if k in mine and k[1] == tier), default=-1)
                if last == number:
                    ours = self.served([k for k in mine if k[1] == tier])
                    ends[tier] = -self.best(-ours, [*home, *kept]), self.best(ours, [*home, *kept])
        out = {}
        pinned = [*home, *kept]
        for tier, (least, most) in ends.items():
            ours = self.served([k for k in mine if k[1] == tier])
            low, high = -self.best(-ours, pinned), self.best(ours, pinned)
            middle = min(max((least + most) / 2, low), high)
            pinned += [(ours, middle), (-ours, -middle)]
            out[tier] = least, most, middle
        return [value for _, value in kept], out


def a_chain(rng: Generator, *, contracts: bool = False) -> Chain:
    pits = {f"pit{i}": (str(rng.choice(PLACES)), float(rng.integers(4, 30))) for i in range(3)}
    works = {
        f"works{i}": (str(place), float(rng.integers(3, 20)), float(rng.integers(1, 4)))
        for i, place in enumerate(["CHN", "USA", rng.choice(PLACES)])
    }
    users = {f"user_{place.lower()}": place for place in PLACES}
    roads = [
        (a, b, float(rng.integers(2, 15)))
        for a, b in [*((p, w) for p in pits for w in works), *((w, u) for w in works for u in users)]
        if rng.random() < 0.7
    ]
    wants = {(u, t): float(rng.integers(1, 9)) for u in users for t in TIERS if rng.random() < 0.9}
    stop = [c for c in PLACES[1:] if rng.random() < 0.5] if rng.random() < 0.6 else []
    found = Chain(pits, works, users, roads, wants, stop=tuple(stop))
    if contracts:
        for name in {str(rng.choice([*works, *pits])) for _ in range(2)}:
            if any(a == name for a, *_ in roads):
                found.contracts.append((name, str(rng.choice(PLACES)), float(rng.integers(1, 5)) / 4))
    return found


def ours_of(found: cn.Balance) -> dict[str, tuple[float, float, float]]:
    table = found.by_tier()
    least, most = (table["demand_tpa"] - table[f"shortfall_{end}_tpa"] for end in ("most", "least"))
    return {t: (float(least[t]), float(most[t]), float(table.loc[t, "served_tpa"])) for t in table.index}


def stage_sums(found: cn.Balance, net: cn.Network) -> list[float]:
    served = found.demand["served_tpa"].to_numpy()
    return [float(served[rows].sum()) for _, rows in stages_of(Counting.of(net, order="law"))]


def check_law(chain: Chain) -> None:
    net = chain.network()
    found = cn.balance(net, chain.scenario, order="law")
    sums, ours = Rule(chain).law()
    assert found.certificate.ok
    np.testing.assert_allclose(stage_sums(found, net), sums, atol=1e-5)
    told = ours_of(found)
    assert set(told) == set(ours)
    for tier, numbers in ours.items():
        np.testing.assert_allclose(told[tier], numbers, atol=1e-5, err_msg=tier)
    # what everybody expects of the first tier: never below what allies first leaves short
    first = cn.balance(net, chain.scenario, order="allies_first").by_tier()["shortfall_tpa"]
    if TIERS[0] in first.index:
        assert found.by_tier()["shortfall_tpa"][TIERS[0]] >= first[TIERS[0]] - 1e-6


@pytest.mark.parametrize("seed", range(12))
def test_law_is_what_the_rule_says(seed: int) -> None:
    check_law(a_chain(default_rng(seed)))


@pytest.mark.parametrize("seed", range(100, 112))
def test_law_under_contracts_is_what_the_rule_says(seed: int) -> None:
    check_law(a_chain(default_rng(seed), contracts=True))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_law_is_what_the_rule_says_on_many_chains(seed: int) -> None:
    check_law(a_chain(default_rng(seed), contracts=bool(seed % 2)))


# -- month by month -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(300, 308))
def test_months_without_lags_and_stocks_are_the_steady_state(seed: int) -> None:
    """In a year of months that stand alone each tier gets what it gets in a year, at the middle of its range."""
    chain = a_chain(default_rng(seed), contracts=True)
    net, _ = chain.network(), (sums := Rule(chain).law()[0])
    stop = chain.scenario or cn.Scenario("none", [{"kind": "scale", "where": {"country": "CHN"}, "share": 1.0}])
    found = cn.stress_test(net, [stop], months=12, order="law")
    months = found.months[found.months["scenario"] == stop.name]
    steady = cn.balance(net, stop, order="law")
    ours = steady.ranges
    assert found.certificate.ok
    for tier, row in found.summary.loc[stop.name].iterrows():
        least, most = (float(ours.loc[tier, f"shortfall_{end}_tpa"]) for end in ("least", "most"))
        assert least - 1e-5 <= row["shortfall_t"] <= most + 1e-5
        if tier == TIERS[0]:  # nothing before it is shared
            assert row["shortfall_t"] == pytest.approx((least + most) / 2, abs=1e-5)
    by_stage = [steady.demand.loc[rows, "served_tpa"].sum() for _, rows in stages_of(Counting.of(net, order="law"))]
    np.testing.assert_allclose(by_stage, sums, atol=1e-5)
    assert months["month"].nunique() == 12


def lagged(chain: Chain, months: float) -> cn.Network:
    net = chain.network()
    edges = net.edges.assign(lag_months=months, flow_tpa=0.0)
    return net.with_table("edges", edges)


@pytest.mark.parametrize("seed", range(320, 324))
def test_goods_under_way_put_the_whole_off_by_the_lag(seed: int) -> None:
    """With a lag of a month on each of two legs and nothing under way the steady state begins in the third month."""
    chain = a_chain(default_rng(seed), contracts=True)
    net = lagged(chain, 1.0)
    stop = chain.scenario or cn.Scenario("none", [{"kind": "scale", "where": {"country": "CHN"}, "share": 1.0}])
    found = cn.stress_test(net, [stop], months=14, order="law")
    assert found.certificate.ok
    months = found.months[found.months["scenario"] == stop.name]
    steady = cn.balance(net, stop, order="law").ranges
    short = months.groupby(["tier", "month"])["shortfall_t"].sum()
    for tier in steady.index:
        rows = short.loc[tier]
        demand = steady.loc[tier, "demand_tpa"] / 12
        assert rows.iloc[:2].to_numpy() == pytest.approx(demand, abs=1e-6)  # nothing is there yet
        least, most = (steady.loc[tier, f"shortfall_{end}_tpa"] for end in ("least", "most"))
        assert least - 1e-5 <= rows.iloc[2:].sum() <= most + 1e-5
