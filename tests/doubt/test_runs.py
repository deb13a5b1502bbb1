"""Many runs: quantiles, ranks, Sobol indices, workers that die, stores that go on."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import chainnet as cn
from chainnet.doubt._draws import DrawPlan, Trial, _trial, run_draws
from chainnet.doubt._inputs import Z90, Inputs, uncertain_inputs
from chainnet.doubt._sensitivity import sobol_indices
from chainnet.flow import Counting
from chainnet.scenario import overlay_of


@pytest.fixture
def shaky() -> cn.Network:
    """Two mines in parallel before one plant; ranges on all."""
    nodes = pd.DataFrame(
        {
            "id": ["m1", "m2", "p", "u"],
            "stage": ["mine", "mine", "manufacturer", "end_use"],
            "country": ["CHN", "AUS", "AUS", "USA"],
            "capacity_tpa": [60.0, 40.0, 90.0, np.nan],
            "low": [30.0, 20.0, 80.0, np.nan],
            "high": [90.0, 60.0, 110.0, np.nan],
        }
    )
    edges = pd.DataFrame({"source": ["m1", "m2", "p"], "target": ["p", "p", "u"]})
    demand = pd.DataFrame(
        {
            "node": ["u", "u"],
            "tier": ["defence", "civilian"],
            "demand_tpa": [10.0, 80.0],
            "low": [5.0, 60.0],
            "high": [20.0, 100.0],
        }
    )
    return cn.Network(nodes, edges, demand=demand)


OUT = cn.Scenario("out", [{"kind": "remove", "where": {"country": "CHN"}}])


def served(caps: list[float], asked: list[float]) -> float:
    """The same chain by another solver: m1, m2 -> p -> two demands."""
    cost = [0, 0, -1, -1]
    found = linprog(
        cost, [[1, 1, 0, 0]], [caps[2]], [[1, 1, -1, -1]], [0], list(zip([0] * 4, [*caps[:2], *asked], strict=True))
    )
    return float(-found.fun)


def test_every_draw_is_what_another_solver_finds(shaky: cn.Network) -> None:
    trial = Trial(
        DrawPlan(counting=Counting(shaky), scenario=OUT, reroute="existing", seed=3, correlation=0.5, ranked=2)
    )
    table = trial.inputs.table
    assert len(table) == 5
    for number in range(12):
        factors = trial.inputs.factors(trial.inputs.draw(3, number, 0.5))
        size = dict(zip(table["table"] + table["key"], table["value"] * factors, strict=True))
        caps = [size["nodesm1"], size["nodesm2"], size["nodesp"]]
        asked = [size["demandu / defence"], size["demandu / civilian"]]
        got = trial.draw(number)
        assert got["base_t"] == pytest.approx(served(caps, asked), rel=1e-6)
        assert got["served_t"] == pytest.approx(served([0.0, *caps[1:]], asked), rel=1e-6)
        first, both = served([0.0, *caps[1:]], [asked[0], 0.0]), served([0.0, *caps[1:]], asked)
        assert got["defence_short_t"] == pytest.approx(asked[0] - first, rel=1e-6, abs=1e-6)
        assert got["civilian_short_t"] == pytest.approx(asked[1] - (both - first), rel=1e-6, abs=1e-6), "in its turn"
        # ranks follow what the first tier loses
        assert trial.counts == "defence"
        assert got["loss_p_t"] == pytest.approx(served(caps, [asked[0], 0.0]), rel=1e-6)


def planned() -> cn.Network:
    """A mine of 10 t/yr for a user who asks for 100; a second mine of 50 t/yr, 10 to 90, may be built."""
    return cn.Network(
        nodes=frame("id stage capacity_tpa", ("m", "mine", 10.0), ("u", "end_use", None)),
        edges=frame("source target", ("m", "u"), ("p", "u")),
        demand=frame("node tier demand_tpa", ("u", "defence", 100.0)),
        projects=frame("id stage capacity_tpa low high", ("p", "mine", 50.0, 10.0, 90.0)),
    )


BUILT = cn.Scenario("built", [{"kind": "build", "projects": ["p"]}])


def test_what_a_scenario_builds_is_served_above_the_base() -> None:
    net = planned()
    found = cn.ensemble(net, BUILT, draws=12)
    assert cn.balance(net, BUILT).by_tier()["served_tpa"].sum() == pytest.approx(60.0)
    given = found.summary["given"]
    assert given[["base_t", "served_t", "lost_t", "defence_short_t"]].tolist() == pytest.approx([10, 60, 0, 40])
    draws = found.draws
    assert (draws["served_t"] + draws["defence_short_t"]).tolist() == pytest.approx([100.0] * 12)
    assert draws["base_t"].tolist() == pytest.approx([10.0] * 12), "the mine that stands has no range"
    assert (draws["lost_t"] == 0).all(), "nothing is lost by building"
    # the draws are of the project: 10 and what it makes, each of its own size
    inputs = uncertain_inputs(net)
    size = [50.0 * inputs.factors(inputs.draw(0, number, 0.5))[0] for number in range(12)]
    assert (draws["served_t"] - 10.0).tolist() == pytest.approx(np.minimum(size, 90.0).tolist())
    assert draws["served_t"].nunique() > 6


def test_a_scenario_that_asks_for_more_is_no_loss_but_a_shortfall(shaky: cn.Network) -> None:
    """Both mines make 100 t, the plant 90 t; 10 + 80 t are asked for, then 20 + 80 t, then 10 + 40 t."""
    more = cn.Scenario("more", [{"kind": "demand", "tier": "defence", "share": 2.0}])
    less = cn.Scenario("less", [{"kind": "demand", "tier": "civilian", "share": 0.5}])
    names = ["base_t", "served_t", "lost_t", "defence_demand_t", "civilian_short_t"]
    for scenario, numbers in ((more, [90, 90, 0, 20, 10]), (less, [90, 50, 40, 10, 0])):
        assert cn.ensemble(shaky, scenario, draws=1).summary["given"][names].tolist() == pytest.approx(numbers)
    wide = shaky.with_table("nodes", shaky.nodes.assign(capacity_tpa=[60.0, 60.0, 120.0, np.nan], high=np.nan))
    assert cn.ensemble(wide, more, draws=1).summary["given"][names].tolist() == pytest.approx([90, 100, 0, 20, 0])


def test_each_draw_falls_on_the_row_it_was_drawn_for() -> None:
    """Two rows of each table, the second of them with a range: the second alone is multiplied."""
    net = cn.Network(
        nodes=frame(
            "id stage capacity_tpa low high", ("a", "mine", 9.0, None, None), ("b", "mine", 9.0, 5.0, 12.0), ("u", "end_use", None, None, None)
        ),
        edges=frame(
            "source target flow_tpa capacity_tpa low high",
            ("a", "u", 4.0, 6.0, None, None), ("b", "u", 4.0, 6.0, 1.0, 5.0), ("p", "u", None, None, None, None), ("q", "u", None, None, None, None),
        ),
        demand=frame("node tier demand_tpa low high", ("u", "civilian", 3.0, None, None), ("u", "defence", 4.0, 2.0, 8.0)),
        stocks=frame("id node stock_t low high", ("s", "u", 3.0, None, None), ("t", "u", 4.0, 2.0, 8.0)),
        projects=frame("id stage capacity_tpa low high", ("p", "mine", 3.0, None, None), ("q", "mine", 4.0, 2.0, 8.0)),
    )  # fmt: skip
    inputs = uncertain_inputs(net)
    assert inputs.table["table"].tolist() == ["nodes", "edges", "demand", "stocks", "projects"]
    base = overlay_of(net, None)
    got = inputs.overlay(base, np.array([2.0, 3.0, 5.0, 7.0, 11.0]))
    assert got.node_share.tolist() == [1.0, 2.0, 1.0, 1.0, 11.0], "nodes, then projects"
    assert got.edge_share.tolist() == [1.0, 3.0, 1.0, 1.0]
    assert got.demand_share.tolist() == [1.0, 5.0]
    assert got.stock_share.tolist() == [1.0, 7.0]
    assert (base.node_share == 1).all(), "the overlay that was given stays as it was"


def test_low_and_high_are_quantiles(shaky: cn.Network) -> None:
    inputs = uncertain_inputs(shaky)
    ends = inputs.table["value"] * inputs.factors(np.full(5, -Z90))
    assert ends.to_numpy() == pytest.approx(inputs.table["low"].to_numpy())
    ends = inputs.table["value"] * inputs.factors(np.full(5, Z90))
    assert ends.to_numpy() == pytest.approx(inputs.table["high"].to_numpy())
    assert inputs.factors(np.zeros(5)) == pytest.approx(np.ones(5))


@given(z=st.floats(-5, 5), low=st.floats(0, 10), high=st.floats(10, 40))
def test_factors_rise_with_z_and_stay_positive(z: float, low: float, high: float) -> None:
    row = {"value": 10.0, "low": low, "high": high}
    inputs = Inputs(pd.DataFrame([row]))
    here, there = inputs.factors(np.array([z]))[0], inputs.factors(np.array([z + 0.1]))[0]
    assert 0 <= here <= there * (1 + 1e-12)


def test_what_has_no_range_does_not_vary() -> None:
    net = cn.read("mag-9")
    found = cn.ensemble(net, cn.scenarios(net)["china_out"], draws=3)
    assert (found.draws == found.draws.iloc[0]).to_numpy().all()
    assert found.inputs.empty
    assert found.summary.loc["served_t", ["given", "p10", "p90"]].tolist() == [10, 10, 10]


def test_summary_and_ranks_follow_from_the_draws(shaky: cn.Network) -> None:
    found = cn.ensemble(shaky, OUT, draws=40, seed=1, ranked=3)
    for name, row in found.summary.iterrows():
        values = found.draws[name].to_numpy()
        assert row["p10"] == pytest.approx(np.quantile(values, 0.1))
        assert row["mean"] == pytest.approx(values.mean())
    assert (found.draws["lost_t"] >= 0).all()
    losses = found.draws.filter(like="loss_").to_numpy()
    best = found.draws.filter(like="loss_").columns[(losses >= losses.max(axis=1, keepdims=True)).mean(axis=0).argmax()]
    assert found.ranks["first_share"].idxmax() == best.removeprefix("loss_").removesuffix("_t")
    assert found.provenance["settings"]["seed"] == 1


def test_a_draw_depends_on_its_number_alone(shaky: cn.Network) -> None:
    few, many = cn.ensemble(shaky, OUT, draws=5), cn.ensemble(shaky, OUT, draws=9)
    pd.testing.assert_frame_equal(few.draws, many.draws.iloc[:5])
    other = cn.ensemble(shaky, OUT, draws=5, seed=7)
    assert not other.draws.equals(few.draws)
    pd.testing.assert_frame_equal(few.draws, cn.ensemble(shaky, OUT, draws=5).draws)


def rivals() -> cn.Network:
    """A pit of 10 t, 6 to 14, for two countries in two tiers, of which a law puts ours first."""
    return cn.Network(
        nodes=frame(
            "id stage country capacity_tpa low high",
            ("m", "mine", "AUS", 10.0, 6.0, 14.0), ("us", "end_use", "USA", None, None, None), ("jp", "end_use", "JPN", None, None, None),
        ),
        edges=frame("source target", ("m", "us"), ("m", "jp")),
        demand=frame(
            "node tier demand_tpa low high",
            ("us", "defence", 4.0, 2.0, 8.0), ("us", "civilian", 9.0, 9.0, 9.0), ("jp", "defence", 3.0, 1.0, 5.0), ("jp", "civilian", 7.0, 7.0, 7.0),
        ),
        service=frame("country instrument binding", ("USA", "act", "law")),
        beneficiaries=["USA"],
    )  # fmt: skip


TURNS = {  # who is served of 10 t, by tier of ours; alike and by law the last is the middle of what may fall to us
    "law": (4.0, 1.5), "allies_first": (4.0, 6.0), "allies_last": (0.0, 0.0), "alike": (4.0, 1.5),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("order", [*TURNS, "stages", None])
def test_every_draw_is_the_balance_in_the_order_that_is_asked(order: Any) -> None:
    net = rivals()
    asked = order
    if order == "stages":
        asked = frame("stage country tier", (1, "JPN", "civilian"), (2, "USA", ""))
    found = cn.ensemble(net, None, draws=6, order=asked)
    got = found.summary["given"][["defence_short_t", "civilian_short_t"]].to_numpy()
    if order != "stages":
        defence, civilian = TURNS[order or "law"]
        assert got == pytest.approx([4.0 - defence, 9.0 - civilian])
    assert found.summary.loc["base_t", "given"] == pytest.approx(13.0 - got.sum())
    inputs = uncertain_inputs(net)
    for number, row in found.draws.iterrows():
        factors = inputs.factors(inputs.draw(0, int(str(number)), 0.5))
        many = net.with_table("nodes", net.nodes.assign(capacity_tpa=net.nodes["capacity_tpa"] * factors[0]))
        demand = net.demand
        for line, factor in zip(inputs.table["row"][1:], factors[1:], strict=True):
            demand.loc[line, "demand_tpa"] *= factor
        hit = cn.balance(many.with_demand(demand), order=asked)
        short = hit.by_tier()["shortfall_tpa"]
        if hit.ranges is not None:
            short = hit.ranges[["shortfall_least_tpa", "shortfall_most_tpa"]].mean(axis=1)
        assert row[["defence_short_t", "civilian_short_t"]].to_numpy() == pytest.approx(short.to_numpy(), abs=1e-5)
        wants = float(demand.loc[(demand["node"] == "us") & (demand["tier"] == "defence"), "demand_tpa"].iloc[0])
        assert row["loss_m_t"] == pytest.approx(min(10.0 * factors[0], wants), rel=1e-6), "a value: ours first"


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_give_the_same_bits(shaky: cn.Network, workers: int) -> None:
    alone = cn.ensemble(shaky, OUT, draws=40)
    if workers == 2:
        pd.testing.assert_frame_equal(alone.draws, cn.ensemble(shaky, OUT, draws=40, executor=workers).draws)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        pd.testing.assert_frame_equal(alone.draws, cn.ensemble(shaky, OUT, draws=40, executor=pool).draws)
        assert pool.submit(abs, -1).result() == 1, "an executor that was handed in stays open"


OTHER = {
    "network": lambda net: {"network": net.with_table("nodes", net.nodes.assign(capacity_tpa=[7.0, np.nan, np.nan]))},
    "scenario": lambda _: {"scenario": cn.Scenario("half", [{**OUT.measures[0], "kind": "scale", "share": 0.5}])},
    "reroute": lambda _: {"reroute": "none"},
    "commodity": lambda _: {"commodity": "metal"},
    "beneficiaries": lambda _: {"beneficiaries": ["JPN"]},
    "seed": lambda _: {"seed": 7},
    "correlation": lambda _: {"correlation": 0.0},
    "ranked": lambda _: {"ranked": 0},
}


@pytest.mark.long
@pytest.mark.parametrize(
    "word",
    [
        *("network", "commodity", "beneficiaries"),  # what is counted
        *(field.name for field in dataclasses.fields(DrawPlan) if field.name != "counting"),
    ],
)
def test_two_questions_that_differ_in_one_word_are_two_questions(word: str) -> None:
    """Models are kept from call to call: an answer must not come from those of another question."""
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa low high",
            ("a", "mine", "CHN", 9.0, 5.0, 12.0),
            ("u", "end_use", "USA", None, None, None),
            ("v", "end_use", "JPN", None, None, None),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("a", "u", "ore", 2.0), ("a", "u", "metal", 2.0), ("a", "v", "metal", 1.0),
        ),
        demand=frame(
            "node commodity tier demand_tpa low high",
            ("u", "ore", "defence", 5.0, 2.0, 8.0), ("u", "metal", "defence", 3.0, 1.0, 5.0),
            ("v", "metal", "defence", 2.0, 1.0, 5.0),
        ),
    )  # fmt: skip
    call: dict[str, Any] = {"network": net, "scenario": OUT, "draws": 2}
    changed = {**call, **OTHER[word](net)}
    _trial.cache_clear()
    alone = cn.ensemble(**changed)
    _trial.cache_clear()
    before = cn.ensemble(**call)
    after = cn.ensemble(**changed)
    pd.testing.assert_frame_equal(after.draws, alone.draws)
    assert not after.draws.equals(before.draws), "the word matters here"


class Faulty:
    """An executor that loses a share of what it is given, and at last refuses work."""

    def __init__(self) -> None:
        self.given = 0

    def submit(self, work: Any, *args: Any) -> Future[Any]:
        self.given += 1
        if self.given == 3:
            raise RuntimeError("broken")
        job: Future[Any] = Future()
        if self.given == 2:
            job.set_exception(OSError("the worker died"))
        else:
            job.set_result(work(*args))
        return job


def test_what_a_worker_lost_is_done_again(shaky: cn.Network) -> None:
    pool = Faulty()
    found = cn.ensemble(shaky, OUT, draws=60, executor=pool)  # type: ignore[arg-type]
    assert pool.given > 3
    pd.testing.assert_frame_equal(found.draws, cn.ensemble(shaky, OUT, draws=60).draws)


def test_a_store_goes_on(shaky: cn.Network, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runs.sqlite"
    whole = cn.ensemble(shaky, OUT, draws=20, store=path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM draws WHERE draw >= 12")
    done = []
    monkeypatch.setattr("chainnet.doubt._ensemble.run_draws", lambda q, n: done.extend(n) or run_draws(q, n))
    again = cn.ensemble(shaky, OUT, draws=20, store=path)
    assert done == list(range(12, 20))
    pd.testing.assert_frame_equal(whole.draws, again.draws)
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("SELECT count(*), count(DISTINCT draw) FROM draws").fetchone() == (20, 20)


@pytest.mark.parametrize("change", [{"draws": 21}, {"seed": 1}, {"correlation": 0.1}, {"scenario": None}])
def test_a_store_of_another_question_is_refused_and_kept(
    shaky: cn.Network, tmp_path: Any, change: dict[str, Any]
) -> None:
    path = tmp_path / "runs.sqlite"
    call: dict[str, Any] = {"scenario": OUT, "draws": 20, "store": path}
    cn.ensemble(shaky, **call)
    before = path.read_bytes()
    with pytest.raises(cn.DataError, match="another question"):
        cn.ensemble(shaky, **{**call, **change})
    assert path.read_bytes() == before


def test_what_is_no_store_is_refused_and_kept(shaky: cn.Network, tmp_path: Any) -> None:
    text = tmp_path / "a.txt"
    text.write_text("hello, this is not a database at all")
    with pytest.raises(cn.DataError, match="no SQLite file"):
        cn.ensemble(shaky, draws=1, store=text)
    assert text.read_text().startswith("hello")
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as db, db:
        db.execute("CREATE TABLE birds (name TEXT)")
    before = other.read_bytes()
    with pytest.raises(cn.DataError, match="something else"):
        cn.ensemble(shaky, draws=1, store=other)
    assert other.read_bytes() == before
    with pytest.raises(cn.DataError, match="folder"):
        cn.ensemble(shaky, draws=1, store=tmp_path)
    with pytest.raises(cn.DataError, match="folder does not exist"):
        cn.ensemble(shaky, draws=1, store=tmp_path / "none" / "x.sqlite")


KILLED = """
import chainnet as cn, sys
net = cn.read("rare-earths")
cn.ensemble(net, cn.scenarios(net)["china_export_stop"], draws=100000, ranked=0, store=sys.argv[1])
"""


def kept_draws(path: Path) -> int:
    """Draws that a store holds for good; 0 while there is none, or while its writer holds it."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.1)) as db:
            return int(db.execute("SELECT count(*) FROM draws").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


@pytest.mark.slow
def test_a_killed_run_leaves_a_whole_store(tmp_path: Any) -> None:
    path = tmp_path / "runs.sqlite"
    run = subprocess.Popen([sys.executable, "-c", KILLED, str(path)])
    try:
        for _ in range(600):
            time.sleep(0.1)
            if kept_draws(path) >= 64:
                break
        os.kill(run.pid, signal.SIGKILL)
    finally:
        run.wait()
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = db.execute("SELECT draw FROM draws ORDER BY draw").fetchall()
    assert len(rows) >= 64
    assert [r[0] for r in rows] == list(range(len(rows)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"draws": 0}, "draws"),
        ({"draws": 2.5}, "draws"),
        ({"draws": True}, "draws"),
        ({"seed": -1}, "seed"),
        ({"correlation": 1.5}, "correlation"),
        ({"sobol": 3}, "power of two"),
        ({"executor": 0}, "executor"),
        ({"executor": "many"}, "executor"),
        ({"commodity": "gold"}, "gold"),
        ({"reroute": "sideways"}, "sideways"),
    ],
)
def test_wrong_arguments_are_named(words: dict[str, Any], said: str) -> None:
    with pytest.raises(cn.DataError, match=said):
        cn.ensemble(cn.read("mag-9"), **{"draws": 1, **words})


def test_sobol_of_ishigami() -> None:
    """a = 7, b = 0.1: S 0.3139, 0.4424, 0; ST 0.5576, 0.4424, 0.2437 (analytic)."""

    def ishigami(u: Any) -> float:
        x = np.pi * (2 * u - 1)
        return float(np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0]))

    first, total = sobol_indices(ishigami, [[0], [1], [2]], 4096)
    assert first == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)


def test_sobol_of_a_network_names_what_decides(shaky: cn.Network) -> None:
    """Defence asks for 70 to 100 t and has one mine of 20 to 60 t: short is the one less the other, always."""
    demand = shaky.demand.assign(demand_tpa=[80.0, 85.0], low=[60.0, 70.0], high=[100.0, 100.0])
    net = shaky.with_table("demand", demand)
    found = cn.ensemble(net, OUT, draws=1, sobol=64).sobol
    # each varies on its own, so its part is its variance over their sum
    z = np.linspace(-4, 4, 4001)
    weight = np.exp(-(z**2) / 2)
    spread = {}
    for name, row in {"demand: defence": (85.0, 70.0, 100.0), "capacity: mine": (40.0, 20.0, 60.0)}.items():
        each = pd.DataFrame([row] * len(z), columns=["value", "low", "high"])
        size = row[0] * Inputs(each).factors(z)
        spread[name] = np.average((size - np.average(size, weights=weight)) ** 2, weights=weight)
    assert found.index.tolist() == ["capacity: mine", "demand: defence", "capacity: manufacturer", "demand: civilian"]
    for name in ("capacity: mine", "demand: defence"):
        share = spread[name] / sum(spread.values())
        assert found.loc[name, ["first", "total"]].tolist() == pytest.approx([share, share], abs=0.06)
    assert found.loc["capacity: manufacturer", "total"] < 0.01, "the plant is wide enough"
    assert found.loc["demand: civilian", "total"] == 0, "it comes later"
    assert found["n_inputs"].to_dict()["capacity: mine"] == 2
    assert found["number"].tolist() == ["defence_short_t"] * 4


# -- one at a time ------------------------------------------------------------------------------


def test_one_at_a_time_by_hand(shaky: cn.Network) -> None:
    found = cn.sensitivity(shaky, OUT)
    assert (found.served_t, found.short_t) == (40.0, 50.0)
    rows = found.inputs.set_index("key")
    assert rows.loc["m2", ["shortfall_low_t", "shortfall_high_t", "swing_t"]].tolist() == [70.0, 30.0, 20.0]
    assert rows.loc["m1", "swing_t"] == 0.0
    assert rows.loc["u / civilian", ["shortfall_low_t", "shortfall_high_t"]].tolist() == [30.0, 70.0]
    assert rows.loc["u / defence", ["shortfall_low_t", "shortfall_high_t"]].tolist() == [45.0, 60.0]
    assert found.inputs["swing_t"].is_monotonic_decreasing
    assert found.widest["key"].iloc[0] == "u / defence"
    assert cn.sensitivity(shaky, OUT, top=2).widest["key"].tolist() == found.widest["key"].tolist()[:2]


@settings(max_examples=5)
@given(low=st.floats(1, 39), high=st.floats(41, 80))
def test_ends_agree_with_a_network_that_holds_them(low: float, high: float) -> None:
    nodes = pd.DataFrame(
        {
            "id": ["m", "u"],
            "stage": ["mine", "end_use"],
            "capacity_tpa": [40.0, np.nan],
            "low": [low, None],
            "high": [high, None],
        }
    )
    edges = pd.DataFrame({"source": ["m"], "target": ["u"]})
    demand = pd.DataFrame({"node": ["u"], "tier": ["defence"], "demand_tpa": [60.0]})
    row = cn.sensitivity(cn.Network(nodes, edges, demand=demand)).inputs.iloc[0]
    for end in (low, high):
        there = cn.Network(nodes.assign(capacity_tpa=[end, np.nan], low=None, high=None), edges, demand=demand)
        short = float(cn.balance(there).demand["shortfall_tpa"].sum())
        assert row["shortfall_low_t" if end == low else "shortfall_high_t"] == pytest.approx(short, abs=1e-6)


@pytest.mark.slow
def test_recipes_and_projects_are_followed(rare_earths: cn.Network) -> None:
    scenario = cn.scenarios(rare_earths)["china_export_stop_all"]
    found = cn.sensitivity(rare_earths, scenario, projects=["mys_lynas_heavy"], tier="defence")
    assert found.averted_t > 0
    assert "processes" in set(found.inputs["table"])
    line = found.inputs.query("key == 'ndfeb_hree / dytb_metal'").iloc[0]
    table = rare_earths.processes
    hit = (table["process"] == "ndfeb_hree") & (table["commodity"] == "dytb_metal")
    table.loc[hit, "t_per_t"] = line["high"]
    net = rare_earths.with_table("processes", table)
    again = cn.sensitivity(net, scenario, projects=["mys_lynas_heavy"], tier="defence", recipes=False)
    assert line["shortfall_high_t"] == pytest.approx(again.short_t, abs=1e-6)


def test_words_of_the_question_are_checked(rare_earths: cn.Network) -> None:
    with pytest.raises(cn.UnknownIdError, match="mys_lynas_heavy"):
        cn.sensitivity(rare_earths, projects=["mys_lynas_heavyy"])
    for words, said in (({"top": 0}, "top: 0"), ({"tier": "royal"}, 'tier .*"royal"')):
        with pytest.raises(cn.DataError, match=said):
            cn.sensitivity(rare_earths, **words)  # type: ignore[arg-type]


@pytest.mark.long
def test_commands(tmp_path: Any) -> None:
    from typer.testing import CliRunner

    from chainnet.cli.common import app

    run = CliRunner()
    store = tmp_path / "s.sqlite"
    line = ["ensemble", "rare-earths", "--scenario", "china_export_stop", "--draws", "4", "--store", str(store)]
    done = run.invoke(app, [*line, "--format", "json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["tables"]["summary"]
    net = cn.read("rare-earths")
    same = cn.ensemble(net, cn.scenarios(net)["china_export_stop"], draws=4, store=store).summary
    assert {row["number"]: row["p90"] for row in told} == pytest.approx(same["p90"].to_dict())
    assert run.invoke(app, [*line, "--seed", "1"]).exit_code == 1
    done = run.invoke(
        app, ["sensitivity", "rare-earths", "--tier", "defence", "--no-recipes", "--format", "csv", "--table", "widest"]
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("table,key,label")
