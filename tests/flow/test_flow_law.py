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
from chainnet.flow._order import covering
from chainnet.stress import due_in_year

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


@pytest.mark.parametrize("seed", range(10))
def test_law_is_what_the_rule_says(seed: int) -> None:
    check_law(a_chain(default_rng(seed)))


@pytest.mark.parametrize("seed", range(100, 110))
def test_law_under_contracts_is_what_the_rule_says(seed: int) -> None:
    check_law(a_chain(default_rng(seed), contracts=True))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_law_is_what_the_rule_says_on_many_chains(seed: int) -> None:
    check_law(a_chain(default_rng(seed), contracts=bool(seed % 2)))


# -- month by month -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(300, 304))
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


@pytest.mark.parametrize(
    "seed", [*range(340, 346), *(pytest.param(n, marks=pytest.mark.slow) for n in range(400, 480))]
)
def test_a_tier_asked_about_alone_is_served_as_among_all(seed: int) -> None:
    """What nobody asks about is not solved, yet contracts that bind output to it are kept."""
    chain = a_chain(default_rng(seed), contracts=True)
    net, stop = (
        chain.network(),
        chain.scenario or cn.Scenario("half", [{"kind": "scale", "where": {"country": "USA"}, "share": 0.5}]),
    )
    counting = Counting.of(net, order="law")
    for tier in (t for t in TIERS if (counting.rows & counting.tiers[t]).any()):
        short = [cn.balance(net, s, "existing", order="law").by_tier().loc[tier] for s in (stop, None)]
        due = max((short[0]["shortfall_tpa"] - short[1]["shortfall_tpa"]) / short[0]["demand_tpa"], 0.0)
        alone, among = (due_in_year(counting, stop, reroute="existing", last_tier=t)[tier] for t in (tier, None))
        assert alone == pytest.approx(among, abs=1e-6), tier
        if tier == TIERS[0]:  # the middle of what falls to ours in a later one rests on ties before it
            assert alone == pytest.approx(due, abs=1e-6)


def lagged(chain: Chain, months: float) -> cn.Network:
    net = chain.network()
    edges = net.edges.assign(lag_months=months, flow_tpa=0.0)
    return net.with_table("edges", edges)


@pytest.mark.parametrize("seed", range(320, 322))
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


# -- stage tables -----------------------------------------------------------------------------------------


def named(order: str) -> pd.DataFrame:
    """The table of stages that says what a named order says, of the small chains."""
    ours = [(n, c, t) for n, t in enumerate(TIERS) for c in OURS]
    theirs = [(n, c, t) for n, t in enumerate(TIERS) for c in ("CHN", "BRA")]
    rows = {
        "allies_first": [*ours, *((n + 5, c, t) for n, c, t in theirs)],
        "allies_last": [*((-1, c, "") for c in ("CHN", "BRA")), *ours],
        "alike": [(n, "", t) for n, t in enumerate(TIERS)],
        "law": [(0, "USA", TIERS[0]), *((1, c, TIERS[0]) for c in ("CHN", "BRA", "PRT"))],  # the rest comes last
    }[order]
    return pd.DataFrame(rows, columns=["stage", "country", "tier"])


@pytest.mark.parametrize("order", ["allies_first", "allies_last", "alike", "law"])
@pytest.mark.parametrize("seed", range(3))
def test_a_table_of_stages_is_the_order_that_it_says(order: str, seed: int) -> None:
    """China's rules and contracts play no part in a table, so the chain has neither."""
    chain = replace(a_chain(default_rng(seed)), stop=())
    net = chain.network()
    word, table = cn.balance(net, order=order), cn.balance(net, order=named(order))
    columns = ["demand_tpa", *([] if word.ranges is None else ["shortfall_least_tpa", "shortfall_most_tpa"])]
    if order != "alike":  # whose middle is not told
        columns.append("shortfall_tpa")
    pd.testing.assert_frame_equal(word.by_tier()[columns], table.by_tier()[columns], atol=1e-6)
    assert table.provenance["settings"]["order"] == "stages"
    assert table.provenance["settings"]["stages"][0] == list(named(order).iloc[0])
    for members in (word.demand["is_beneficiary"], ~word.demand["is_beneficiary"]):
        if order in ("allies_first", "allies_last"):
            sums = [float(found.demand["served_tpa"][members].sum()) for found in (word, table)]
            assert sums[0] == pytest.approx(sums[1], abs=1e-6)


def test_a_row_of_demand_named_twice_is_told_with_the_first_row() -> None:
    net = replace(a_chain(default_rng(0)), stop=()).network()
    twice = pd.DataFrame({"stage": [1, 2], "country": ["USA", ""], "tier": ["", TIERS[1]]})
    with pytest.raises(cn.DataError, match=r"row 3, country: .*stands in row 2 already"):
        cn.balance(net, order=twice)


def test_every_fault_of_a_table_of_stages_is_told_at_once() -> None:
    net = replace(a_chain(default_rng(0)), stop=()).network()
    wrong = pd.DataFrame({"stage": [1, 2, 3], "country": ["USA", "Narnia", ""], "tier": ["defense", "", TIERS[1]]})
    with pytest.raises(cn.DataError) as told:
        cn.stress_test(net, [], months=3, order=wrong)
    assert [(f.row, f.column) for f in told.value.faults_list] == [(2, "tier"), (3, "country")]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("during", "unknown order"),
        ("law_only", "unknown order"),
        (7, "unknown order"),
        (pd.DataFrame({"step": [1]}), "unknown column"),
        (pd.DataFrame({"stage": ["first"]}), "no number"),
        (pd.DataFrame({"stage": []}), "no rows"),
    ],
)
def test_what_is_no_order_is_refused(order: Any, said: str) -> None:
    with pytest.raises(cn.DataError, match=said):
        cn.balance(a_chain(default_rng(0)).network(), order=order)


@pytest.mark.parametrize("order", ["law", named("law")], ids=["law", "table"])
def test_values_know_no_stages(order: Any, mag9: cn.Network) -> None:
    for ask in (
        lambda: cn.chokepoints(mag9, order=order),
        lambda: cn.interdict(mag9, 1, order=order),
        lambda: cn.risk_exposure(mag9, 1.0, order=order),
    ):
        with pytest.raises(cn.DataError, match="no exact method"):
            ask()


# -- who is covered ---------------------------------------------------------------------------------------


def served(net: cn.Network, order: Any = "law") -> dict[str, float]:
    table = cn.balance(net, order=order).demand
    return {f"{n} {t}": float(s) for n, t, s in zip(table["node"], table["tier"], table["served_tpa"], strict=True)}


def shared_mine(service: list[tuple[str, ...]], as_of: str | None = None, **more: Any) -> cn.Network:
    """Ten tonnes; defence of five countries asks for four each, so that who is covered is seen at once."""
    where = {"u_usa": "USA", "u_fra": "FRA", "u_jpn": "JPN", "u_eu": None, "u_bra": "BRA"}
    return cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["pit", *where],
                "stage": ["mine", *["end_use"] * 5],
                "country": ["AUS", *where.values()],
                "region": [None, None, None, None, "EU27", None],
                "capacity_tpa": [10.0, *[None] * 5],
            }
        ),
        edges=pd.DataFrame({"source": ["pit"] * 5, "target": list(where)}),
        demand=pd.DataFrame({"node": list(where), "tier": ["defence"] * 5, "demand_tpa": [4.0] * 5}),
        service=pd.DataFrame(
            [(*row, *[None] * (6 - len(row))) for row in service],
            columns=["country", "instrument", "binding", "from", "until", "after"],
        ),
        beneficiaries=["USA", "FRA", "JPN", "EU27"],
        year=2024,
        as_of=as_of,
        **more,
    )


def covered(net: cn.Network, order: Any = "law") -> set[str]:
    counting = Counting(net, order=order)
    return {str(node) for node, hit in zip(net.demand["node"], counting.covered, strict=True) if hit}


def test_a_country_is_covered_while_its_law_holds() -> None:
    law = [("USA", "act", "law", "2020", "2026-09-30", "ended"), ("JPN", "plan", "arrangement", "2027-01")]
    assert covered(shared_mine(law, "2026-09-30")) == {"u_usa"}
    assert covered(shared_mine(law, "2026-10-01")) == set()
    assert covered(shared_mine(law, "2027-01-01")) == {"u_jpn"}
    assert covered(shared_mine(law, None)) == {"u_usa", "u_jpn"}  # without a date nothing has ended


def test_what_is_not_known_to_have_ended_counts_and_is_said() -> None:
    law = [("USA", "act", "law", "2020", "2026-09-30", None), ("JPN", "pact", "arrangement"), ("FRA", "bill", "none")]
    net = shared_mine(law, "2026-11-30")
    assert covered(net) == {"u_usa", "u_jpn"}
    assert covered(net, "law_only") == set()
    assert covered(shared_mine([*law, ("USA", "other", "law")], "2026-11-30"), "law_only") == {"u_usa"}
    found = cn.balance(net, order="law")
    assert found.provenance["settings"]["service_unsure"] == ["USA: act (until 2026-09-30)"]
    first = found.demand.set_index("node")["served_tpa"]
    assert first[["u_usa", "u_jpn"]].tolist() == pytest.approx([4.0, 4.0])
    assert first.sum() == pytest.approx(10.0)
    # two tonnes for three places of which two are ours: from nothing to all may be ours, the middle is one
    assert found.by_tier().loc["defence", "served_tpa"] == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("row", "by_law", "by_law_alone"),
    [
        (("law", "2020", "2026-10-31", None), "yes", True),  # its last day
        (("law", "2020", "2026-10-30", "ended"), "no", False),
        (("law", "2020", "2026-10-30", "works"), "yes", True),  # what followed does as much
        (("law", "2020", "2026-10-30", None), "unsure", False),
        (("law", "2026-10-31", None, None), "yes", True),
        (("law", "2026-11", None, None), "no", False),
        (("law", None, None, "ended"), "yes", True),  # it has no last day
        (("arrangement", None, None, None), "yes", False),
        (("arrangement", None, "2026-09", None), "unsure", False),
        (("none", None, None, None), "no", False),
    ],
)
def test_what_is_in_force_at_a_day(row: tuple[Any, ...], by_law: str, by_law_alone: bool) -> None:
    net = shared_mine([("JPN", "pact", *row)], "2026-10-31")
    assert covered(net) == (set() if by_law == "no" else {"u_jpn"})
    assert covered(net, "law_only") == ({"u_jpn"} if by_law_alone else set())
    assert covering(net, False).unsure == ((f"JPN: pact (until {row[2]})",) if by_law == "unsure" else ())
    assert covering(net, True).unsure == ()
    undated = shared_mine([("JPN", "pact", *row)])
    assert covered(undated) == ({"u_jpn"} if row[0] != "none" else set())
    assert covering(undated, False).unsure == ()


def test_a_group_covers_its_members_and_a_member_its_group() -> None:
    assert covered(shared_mine([("EU27", "act", "law")])) == {"u_fra", "u_eu"}
    assert covered(shared_mine([("FRA", "decree", "law")])) == {"u_fra", "u_eu"}
    assert covered(shared_mine([("NOR", "pact", "law")])) == set()


def test_the_table_of_every_graph_holds_where_a_network_has_none(graphs: Any) -> None:
    gallium = graphs["gallium"] if isinstance(graphs, dict) else cn.read("gallium")
    found = cn.balance(gallium, order="law")
    assert len(found.provenance["settings"]["service_digest"]) == 64
    places = Counting(gallium, order="law").places
    hit = set(places["country"][Counting(gallium, order="law").covered].dropna())
    assert {"USA", "JPN"} <= hit
    assert "CHN" not in hit
    assert set(places["country"][Counting(gallium, order="law_only").covered].dropna()) == {"USA"}


# -- contracts --------------------------------------------------------------------------------------------


def two_works(contracts: list[tuple[Any, ...]], as_of: str | None = None, wants: float = 6.0) -> cn.Network:
    """Works of ten tonnes; users in Japan and the United States; hubs would let them sell to France too."""
    return cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["works", "other", "u_jpn", "u_usa", "u_fra"],
                "stage": ["mine", "mine", "end_use", "end_use", "end_use"],
                "country": ["MYS", "FRA", "JPN", "USA", "FRA"],
                "capacity_tpa": [10.0, 1.0, None, None, None],
            }
        ),
        edges=pd.DataFrame(
            {"source": ["works", "works", "other"], "target": ["u_jpn", "u_usa", "u_fra"], "commodity": ["metal"] * 3}
        ),
        demand=pd.DataFrame(
            {
                "node": ["u_jpn", "u_usa", "u_fra"],
                "commodity": ["metal"] * 3,
                "tier": ["civilian", "civilian", "defence"],
                "demand_tpa": [wants, 8.0, 5.0],
            }
        ),
        contracts=pd.DataFrame(contracts, columns=["supplier", "for", "share", "tpa", "until"]),
        beneficiaries=["USA", "FRA"],
        year=2024,
        as_of=as_of,
    )


def usa(net: cn.Network, reroute: Any = "existing", order: Any = "law") -> tuple[float, float, float]:
    """Served in the United States: the least, the most, and in the answer."""
    found = cn.balance(net, None, reroute, order=order)
    row = found.by_tier().loc["civilian"]
    return (*(8.0 - row[f"shortfall_{end}_tpa"] for end in ("most", "least")), float(row["served_tpa"]))


def test_a_contract_binds_its_share_and_what_is_not_taken_moves() -> None:
    assert usa(two_works([])) == pytest.approx((4.0, 8.0, 6.0))
    assert usa(two_works([("works", "JPN", 0.0, None, None)])) == pytest.approx((4.0, 8.0, 6.0))
    # half is Japan's: of ten tonnes five at the most go elsewhere, till Japan has its six
    assert usa(two_works([("works", "JPN", 0.5, None, None)])) == pytest.approx((4.0, 8.0, 6.0))


def test_a_contract_decides_between_stages() -> None:
    """French defence comes before all; what is bound to Japan does not reach it, if Japan takes it."""
    for share, gets in ((0.0, 4.0), (0.5, 4.0), (0.8, 2.0), (1.0, 0.0)):
        net = two_works([("works", "JPN", share, None, None)], wants=10.0)
        found = cn.balance(net, None, "new", order="law").demand.set_index("node")["served_tpa"]
        assert found["u_fra"] == pytest.approx(1.0 + gets), share
    # Japan asks for three alone: the rest is for all, France first
    net = two_works([("works", "JPN", 1.0, None, None)], wants=3.0)
    found = cn.balance(net, None, "new", order="law").demand.set_index("node")["served_tpa"]
    assert found["u_fra"] == pytest.approx(5.0)
    assert found["u_jpn"] + found["u_usa"] == pytest.approx(6.0)  # within a stage nobody is preferred


def test_tonnes_of_a_contract_are_a_share_of_the_works_and_end() -> None:
    def france(net: cn.Network, order: Any = "law") -> float:
        return float(cn.balance(net, None, "new", order=order).demand.set_index("node").loc["u_fra", "served_tpa"])

    bound = [("works", "JPN", None, 7.0, "2026-09")]
    assert france(two_works(bound, wants=10.0)) == pytest.approx(4.0)
    assert france(two_works(bound, "2026-09-30", wants=10.0)) == pytest.approx(4.0)
    assert france(two_works(bound, "2026-10-01", wants=10.0)) == pytest.approx(5.0)
    assert france(two_works([("works", "JPN", None, 70.0, None)], wants=10.0)) == pytest.approx(1.0)
    assert france(two_works(bound, wants=10.0), "allies_first") == pytest.approx(5.0)  # of the law alone


def test_what_a_works_uses_itself_counts_to_the_output_that_a_contract_is_a_share_of() -> None:
    """Of ten tonnes, four of them used by the works, eight are Japan's: two go elsewhere, not 0.2 of six."""
    net = two_works([("works", "JPN", 0.8, None, None)], wants=10.0)
    own = pd.DataFrame({"node": ["works"], "commodity": ["metal"], "tier": ["defence"], "demand_tpa": [4.0]})
    found = cn.balance(net.with_demand(pd.concat([net.demand, own])), None, "new", order="law").demand
    served = found.set_index("node")["served_tpa"]
    assert served[["works", "u_fra"]].tolist() == pytest.approx([4.0, 1.0 + 2.0])


def test_a_contract_on_what_nobody_makes_is_told() -> None:
    net = two_works([("works", "JPN", 0.5, None, None)])
    wrong = net.with_table("contracts", net.contracts.assign(commodity="gold"))
    with pytest.raises(cn.DataError, match=r'row 2, supplier: "works": ships no "gold"'):
        cn.balance(wrong, order="law")


# -- home first -------------------------------------------------------------------------------------------


def at_home_first() -> cn.Network:
    """China digs ten and wants six for cars; a German pit digs four; arms in America and Brazil want eight."""
    return cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["pit_chn", "pit_deu", "cars_chn", "arms_usa", "arms_bra"],
                "stage": ["mine", "mine", "end_use", "end_use", "end_use"],
                "country": ["CHN", "DEU", "CHN", "USA", "BRA"],
                "capacity_tpa": [10.0, 4.0, None, None, None],
            }
        ),
        edges=pd.DataFrame(
            [(a, b, 10.0, 0.0) for a in ("pit_chn", "pit_deu") for b in ("cars_chn", "arms_usa", "arms_bra")],
            columns=["source", "target", "capacity_tpa", "flow_tpa"],
        ),
        demand=pd.DataFrame(
            {
                "node": ["cars_chn", "arms_usa", "arms_bra"],
                "tier": ["civilian", "defence", "defence"],
                "demand_tpa": [6.0, 7.0, 3.0],
            }
        ),
        service=pd.DataFrame({"country": ["USA"], "instrument": ["act"], "binding": ["law"]}),
        beneficiaries=["USA"],
        year=2024,
    )


RULE = {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "BRA"}}


def test_china_first_where_it_has_an_export_rule() -> None:
    net, stop = at_home_first(), cn.Scenario("stop", [RULE])
    at = {"cars_chn": 4.0, "arms_usa": 7.0, "arms_bra": 3.0}
    assert served(net) == pytest.approx({f"{n} {'civilian' if 'cars' in n else 'defence'}": t for n, t in at.items()})
    found = cn.balance(net, stop, order="law")
    # six of the ten stay at home; what is left and the German four serve arms
    assert found.demand.set_index("node")["served_tpa"].to_dict() == pytest.approx(
        {"cars_chn": 6.0, "arms_usa": 7.0, "arms_bra": 1.0}
    )
    assert found.provenance["settings"]["home_first"] == ["CHN"]
    assert cn.balance(net, stop, order="allies_first").by_tier()["shortfall_tpa"].tolist() == [0.0]
    # a duty of somebody else is no export rule of China
    other = cn.Scenario("duty", [RULE | {"rule": "us_301_w"}])
    assert "home_first" not in cn.balance(net, other, order="law").provenance["settings"]
    bloc = cn.Scenario("bloc", [RULE | {"from": {"country": ["EU27", "CHN"]}}])  # a bloc has no home
    assert cn.balance(net, bloc, order="law").provenance["settings"]["home_first"] == ["CHN"]
    others = cn.Scenario("others", [RULE | {"from": {"country": "!USA"}}])  # nor has everybody else
    assert "home_first" not in cn.balance(net, others, order="law").provenance["settings"]


def test_home_comes_first_in_the_months_of_the_rule() -> None:
    net = at_home_first()
    stop = cn.Scenario("stop", [RULE | {"start_month": 3, "months": 4}])
    found = cn.stress_test(net, stop, months=12, order="law")
    months = found.months[found.months["scenario"] == "stop"].set_index("month")
    flows = found.flows[(found.flows["scenario"] == "stop") & (found.flows["target"] == "cars_chn")]
    cars = flows.groupby("month")["flow_t"].sum().reindex(range(1, 13), fill_value=0.0) * 12
    assert months["shortfall_t"].to_numpy() == pytest.approx(np.zeros(12), abs=1e-9)
    assert cars.to_numpy() == pytest.approx([4.0, 4, 4, 6, 6, 6, 6, 4, 4, 4, 4, 4])


@pytest.mark.long
def test_law_with_neither_contract_nor_rule_on_a_shipped_chain_is_its_table_of_stages() -> None:
    net = cn.read("gallium").with_table("contracts", pd.DataFrame(columns=["supplier", "for", "share"]))
    hit = Counting(net, order="law").covered
    first = net.tier_order[0]
    places = Counting(net, order="law").places
    names = places["country"].fillna(places["region"])
    defence = (net.demand["tier"] == first).to_numpy()
    rows = [(1, name, first) for name in sorted(set(names[hit & defence]))]
    rows += [(2, name, first) for name in sorted(set(names[~hit & defence]) - {name for _, name, _ in rows})]
    rows += [(n, "", tier) for n, tier in enumerate(net.tier_order[1:], 3)]
    table = pd.DataFrame(rows, columns=["stage", "country", "tier"])
    out = cn.Scenario("out", [{"kind": "remove", "where": {"country": "CHN"}}])  # no rule on exports
    word, stages = cn.balance(net, out, order="law"), cn.balance(net, out, order=table)
    pd.testing.assert_frame_equal(word.by_tier(), stages.by_tier(), rtol=1e-5)
    before = cn.balance(net, out, order="allies_first").by_tier()["shortfall_tpa"]
    assert word.by_tier()["shortfall_tpa"][first] >= before[first] - 1e-6
