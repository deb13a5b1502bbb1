"""Threads: one place, one size, none inside another; shared work gives the same bits."""

from __future__ import annotations

import os

import numpy as np
import pytest
from flow_problems import problem

from chainnet.engine import arc_losses, node_losses, removal, solve, thread_pool, threads


def test_threads_are_as_many_as_the_processors_that_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(3)), raising=False)
    assert threads.n_threads() == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(100)), raising=False)
    assert threads.n_threads() == threads.MOST
    with thread_pool() as pool:
        assert list(pool.map(lambda x: x * x, range(20))) == [x * x for x in range(20)]


def test_a_thread_starts_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)

    def inner(_: int) -> tuple[int, str]:
        with thread_pool() as pool:
            return threads.n_threads(), type(pool).__name__

    with thread_pool() as pool:
        assert set(pool.map(inner, range(4))) == {(1, "_AtOnce")}
    assert threads.n_threads() == 2


def test_with_one_processor_work_is_done_as_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    done: list[int] = []
    with thread_pool() as pool:
        job = pool.submit(done.append, 1)
        assert done == [1]
        assert job.done()
        assert job.exception() is None
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 // 0).result()
        assert list(pool.map(abs, [-1, 2])) == [1, 2]


@pytest.mark.long
def test_a_shared_sweep_gives_the_same_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    n = 3000
    layer = np.sort(rng.integers(0, 5, n))
    rows = [
        (int(i), int(j), float(rng.integers(1, 9)))
        for i in range(n)
        if layer[i] < 4
        for j in rng.choice(np.flatnonzero(layer == layer[i] + 1), 3, replace=False)
    ]
    p = problem(
        n,
        rows,
        supply=dict.fromkeys(np.flatnonzero(layer == 0).tolist(), np.inf),
        demand=dict.fromkeys(np.flatnonzero(layer == 4).tolist(), 11.0),
    )
    base = solve(p)
    alone = node_losses(p, base), arc_losses(p, base)
    monkeypatch.setattr(removal, "_SHARED_FROM", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    for _ in range(3):
        shared = node_losses(p, base), arc_losses(p, base)
        assert np.array_equal(shared[0], alone[0])
        assert np.array_equal(shared[1], alone[1])
    assert alone[0].max() > 0
