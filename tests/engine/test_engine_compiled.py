"""How kernels are handed to numba, and what tells one state of them from another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from chainnet.engine import maxflow_jit, maxflow_kernel, removal_kernel


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What numba is asked for, kernel by kernel; they stay plain Python."""
    calls: list[dict[str, Any]] = []

    def njit(kinds: tuple[Any, ...], **options: Any) -> Callable[..., Any]:
        def keep(function: Any) -> Any:
            calls.append({"kinds": kinds, "function": function, **options})
            return function

        return keep

    monkeypatch.setattr(numba, "njit", njit)
    maxflow_jit._compiled.cache_clear()
    yield calls
    maxflow_jit._compiled.cache_clear()


@pytest.mark.slow  # numba wants bare functions, which deliberate mistakes wrap
def test_each_kernel_is_compiled_once_for_the_kinds_it_names(compiled: list[dict[str, Any]]) -> None:
    made = maxflow_jit._compiled()
    kernels = maxflow_jit._functions()
    assert made.compiled
    assert [call["function"].__name__ for call in compiled] == list(kernels)
    for call, (name, plain) in zip(compiled, kernels.items(), strict=True):
        again = call["function"]
        assert len(call["kinds"]) == plain.__code__.co_argcount
        assert (call["cache"], call["boundscheck"], call["_nrt"]) == (True, False, False)
        assert call["inline"] == ("always" if name in maxflow_jit._INLINED else "never")
        assert again.__module__ == plain.__module__, "where numba keeps what it compiled"
        assert again.__qualname__ == f"{name}_{maxflow_jit._fingerprint(kernels)}"
        assert again.__code__ is plain.__code__
        assert getattr(made, name) is again


@pytest.mark.slow
def test_compiled_kernels_call_compiled_kernels_and_the_plain_ones_stay(compiled: list[dict[str, Any]]) -> None:
    made = maxflow_jit._compiled()
    space = compiled[0]["function"].__globals__
    for name, plain in maxflow_jit._functions().items():
        assert space[name] is getattr(made, name)
        assert getattr(maxflow_jit._plain(), name) is plain
        assert plain is not space[name]
    assert (space["EPOCH"], space["note"]) == (maxflow_kernel.EPOCH, made.note)
    assert not maxflow_jit._plain().compiled


def test_a_kernel_comes_after_those_it_calls() -> None:
    order = list(maxflow_jit._functions())
    for place, function in enumerate(maxflow_jit._functions().values()):
        assert not set(function.__code__.co_names) & set(order[place:]) - {order[place]}


def test_kinds_of_buffers() -> None:
    known = maxflow_jit._numba_types(numba)
    assert known["int"] is numba.int64
    assert known["Ints8"] == numba.types.Array(numba.int8, 1, "C")
    assert known["Ints32"] == numba.types.Array(numba.int32, 1, "C")
    assert known["Ints64"] == numba.types.Array(numba.int64, 1, "C")
    for bundle in (maxflow_kernel.Residual, maxflow_kernel.Work):
        kind = known[bundle.__name__]
        assert kind.instance_class is bundle
        assert len(kind.types) == len(bundle._fields)
    assert known["Residual"].types[3] == known["Ints64"]
    assert known["Residual"].types[5] == known["Ints8"]


def test_the_print_changes_with_all_that_decides_what_kernels_do(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = maxflow_jit._functions()
    prints = [maxflow_jit._fingerprint(kernels)]
    assert maxflow_jit._fingerprint(dict(kernels)) == prints[0]
    assert len(prints[0]) == 12
    assert set(prints[0]) <= set("0123456789abcdef")

    def other(g: Any, w: Any, i: Any) -> None:
        w.clock[i] = 77

    def renamed(g: Any, w: Any, k: Any) -> None:
        w.clock[k] = 77

    def larger(g: Any, w: Any, i: Any) -> None:
        w.clock[i] = 78

    def elsewhere(g: Any, w: Any, i: Any) -> None:
        w.level[i] = 77

    for function in (other, renamed, larger, elsewhere):
        prints.append(maxflow_jit._fingerprint({**kernels, "note": function}))
    prints.append(maxflow_jit._fingerprint({k: v for k, v in kernels.items() if k != "note"}))
    for room in (maxflow_kernel, removal_kernel):
        with monkeypatch.context() as patch:
            patch.setattr(room, "STAMP", 99)
            prints.append(maxflow_jit._fingerprint(kernels))
    with monkeypatch.context() as patch:
        patch.setattr(maxflow_jit, "_INLINED", {"descend"})
        prints.append(maxflow_jit._fingerprint(kernels))
    for bundle in (maxflow_kernel.Residual, maxflow_kernel.Work):
        with monkeypatch.context() as patch:
            patch.setattr(bundle, "_fields", ("a",))
            prints.append(maxflow_jit._fingerprint(kernels))
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize(
    ("halves", "keepable", "compiled"),
    [
        (maxflow_jit.CACHED_FROM - 1, True, False),
        (maxflow_jit.CACHED_FROM, True, True),
        (maxflow_jit.CACHED_FROM, False, False),
        (maxflow_jit.COMPILED_FROM - 1, False, False),
        (maxflow_jit.COMPILED_FROM, False, True),
    ],
)
def test_nobody_compiles_anew_in_every_process_where_plain_kernels_answer_sooner(
    halves: int, keepable: bool, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = maxflow_jit.Kernels({}, compiled=True)
    monkeypatch.setattr(maxflow_jit, "_compiled", lambda: made)
    monkeypatch.setattr(maxflow_jit, "_is_keepable", lambda: keepable)
    assert (maxflow_jit.kernels(halves) is made) is compiled


@pytest.mark.parametrize("kept", [False, True])
def test_compilation_is_told_and_loading_is_not(
    kept: bool, compiled: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(maxflow_jit, "_is_kept", lambda: kept)
    maxflow_jit._compiled()
    maxflow_jit._compiled()
    told = capsys.readouterr().err
    assert told == ("" if kept else "chainnet: compiling the flow kernels once, about 20 s\n")


@pytest.mark.slow
def test_what_numba_keeps_is_known_in_the_next_process(tmp_path: Path) -> None:
    code = "from chainnet.engine import maxflow_jit as j; print(j._is_kept()); j._compiled()"
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
        for _ in range(2)
    ]
    assert [run.stdout.split() for run in runs] == [["False"], ["True"]]
    assert ["compiling" in run.stderr for run in runs] == [True, False]


def test_buffers_are_copies_in_the_container_asked_for() -> None:
    values = np.array([3, 1, 2])
    for compiled, kind in ((True, np.ndarray), (False, list)):
        made = maxflow_jit.Kernels({}, compiled=compiled)
        buffer = made.buffer(values, np.int32)
        buffer[0] = 9
        assert isinstance(buffer, kind)
        assert values[0] == 3
        assert list(made.filled(3, np.int64)) == [0, 0, 0]
        assert list(made.filled(2, np.int64, -1)) == [-1, -1]
    assert maxflow_jit.Kernels({}, compiled=True).buffer(values, np.int8).dtype == np.int8
    with pytest.raises(AttributeError, match="nothing"):
        _ = maxflow_jit.Kernels({}, compiled=True).nothing
