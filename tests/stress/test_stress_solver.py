"""Month by month where the solver is at its limits: the answer is found and proved, or the fault is named as what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import frame
from flow_problems import chain_program

import chainnet as cn
from chainnet.engine import CompactModel, LinearSolution, WarmModel
from chainnet.engine.linear import FINE, INTERIOR, PLAIN, PRESOLVED, PRIMAL, WIDELY
from chainnet.flow import Counting
from chainnet.stress import Ask
from chainnet.stress._months import course

STOP = [{"kind": "restrict", "from": {"country": "CHN"}, "to": {"region": "other"}, "share": 0.0}]
STOP.append({**STOP[0], "to": {"country": ["bloc_2026", "G7", "quad", "KOR", "RUS", "COD"]}})


def two_tiers() -> cn.Network:
    """12 t/yr for two users who ask for 9 each; 5 t in store."""
    return cn.Network(
        nodes=frame(
            "id stage capacity_tpa", ("mine", "mine", 12.0), ("army", "end_use", None), ("shop", "end_use", None)
        ),
        edges=frame("source target flow_tpa", ("mine", "army", 9.0), ("mine", "shop", 3.0)),
        demand=frame("node tier demand_tpa", ("army", "defence", 9.0), ("shop", "civilian", 9.0)),
        stocks=frame("id node stock_t", ("pile", "shop", 5.0)),
    )


@pytest.mark.slow
def test_a_host_a_million_times_larger_leaves_room_for_every_stage() -> None:
    """Zinc of 5e5 t beside 0.1 t of germanium: stages that take up all that is left to rounding."""
    net = cn.read("germanium")
    more = {"kind": "demand", "where": {"country": "bloc_2026"}, "tier": "defence", "share": 2.65}
    found = course(cn.Scenario("stop", [*STOP, more]), Ask(Counting(net), 48)).perfect
    assert found.certificate.ok
    tier = net.demand["tier"].to_numpy(dtype=object)
    ours = net.demand["node"].map(net.nodes.set_index("id")["country"]).isin(["USA", "JPN"]).to_numpy()
    assert (found.served_t <= found.wanted_t * (1 + 1e-9)).all()
    assert 0 < found.served_t[:, ours & (tier == "defence")].sum() < found.wanted_t[:, ours & (tier == "defence")].sum()


def test_a_solver_that_stops_is_not_blamed_on_stocks(monkeypatch: pytest.MonkeyPatch) -> None:
    net, scenario = two_tiers(), cn.Scenario("gone", [{"kind": "scale", "nodes": ["mine"], "share": 0.25}])
    solve, none = CompactModel.solve, np.empty(0)

    def stops(self: CompactModel, before: Any = None, **given: Any) -> LinearSolution:
        return solve(self) if before is None else LinearSolution("infeasible", np.nan, none, none, none, None)

    monkeypatch.setattr(CompactModel, "solve", stops)
    with pytest.raises(cn.SolverError, match="infeasible") as said:
        course(scenario, Ask(Counting(net), 9))
    assert "end_t" not in str(said.value)


@pytest.mark.parametrize("seed", range(5))
def test_every_way_finds_the_optimum(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    program = chain_program(np.random.default_rng(seed))
    model = WarmModel(program)
    start = model.solve()
    other = program.cost * np.random.default_rng(seed).uniform(0.5, 2.0, len(program.cost))
    model.set_cost(other)
    known = model.solve()
    assert model.solve(start.basis, is_near=True).value == pytest.approx(known.value, abs=1e-9)
    for way in (PRIMAL, FINE, PRESOLVED, WIDELY, INTERIOR):
        monkeypatch.setattr(WarmModel, "_ways", lambda *given, way=way: [(way, True)])
        assert model.solve(start.basis).value == pytest.approx(known.value, abs=1e-7)


def test_what_is_not_near_is_begun_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    model = WarmModel(chain_program(np.random.default_rng(6)))
    known = model.solve()
    run, seen = WarmModel._run, []

    def counted(self: WarmModel, basis: Any, way: dict[str, Any]) -> str:
        seen.append(basis is not None)
        return run(self, basis, {**way, "simplex_iteration_limit": 0} if len(seen) == 1 else way)

    monkeypatch.setattr(WarmModel, "_run", counted)
    model.set_cost(-model.current().cost[::-1])
    other = model.solve(known.basis, is_near=True)
    assert seen == [True, False]
    assert other.value == pytest.approx(WarmModel(model.current()).solve().value, abs=1e-9)


def test_without_a_verdict_other_ways_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    program = chain_program(np.random.default_rng(3))
    known = WarmModel(program).solve().value
    run = WarmModel._run

    def first_fails(self: WarmModel, basis: Any, way: dict[str, Any]) -> str:
        return "Unknown" if way is PLAIN else run(self, basis, way)

    monkeypatch.setattr(WarmModel, "_run", first_fails)
    assert WarmModel(program).solve().value == pytest.approx(known, abs=1e-9)
    assert WarmModel(program).value(None) == pytest.approx(known, abs=1e-9)
    monkeypatch.setattr(WarmModel, "_run", lambda self, basis, way: "Unknown")
    with pytest.raises(cn.SolverError, match=r"without a verdict \(Unknown\)"):
        WarmModel(program).solve()


def test_of_answers_with_a_breach_the_neatest_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    program = chain_program(np.random.default_rng(4))
    known = WarmModel(program).solve()
    found = WarmModel._found

    def off(self: WarmModel) -> LinearSolution:
        right = found(self)
        far = 0.0 if self._way["solver"] == "ipm" else 1e-3
        return LinearSolution("optimal", right.value, right.x - far, right.row_dual, right.col_dual, right.basis)

    monkeypatch.setattr(WarmModel, "_found", off)
    assert WarmModel(program).solve().x == pytest.approx(known.x, abs=1e-6)


def test_what_is_asked_next_is_asked_of_the_answer_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    program = chain_program(np.random.default_rng(5))
    model = WarmModel(program)
    model.solve()
    known = model.row_ranges()
    found, seen = WarmModel._found, []

    def first_is_neatest(self: WarmModel) -> LinearSolution:
        right = found(self)
        seen.append(self._way)
        far = 1e-6 if len(seen) == 1 else 1e-3
        return LinearSolution("optimal", right.value, right.x - far, right.row_dual, right.col_dual, right.basis)

    monkeypatch.setattr(WarmModel, "_found", first_is_neatest)
    other = WarmModel(program)
    other.solve()
    assert len(seen) > 1
    for side, known_side in zip(other.row_ranges(), known, strict=True):
        assert side == pytest.approx(known_side, rel=1e-9)
