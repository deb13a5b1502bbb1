"""Long work in jobs: told in the thread that waits, in order, and ended with what is done."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from chainnet.progress import SILENT, Jobs, Steps, Stopped, ends_when


def done(value: int) -> Future[int]:
    job: Future[int] = Future()
    job.set_result(value)
    return job


def test_the_end_of_each_job_is_told_with_how_many_there_are() -> None:
    told: list[tuple[str, float]] = []
    jobs = Jobs(["a", "b"], "months", lambda what, part: told.append((what, part)))
    assert jobs.result("a", done(1), done(2)) == [1, 2]
    jobs.teller("b")("first stage", 0.5)
    jobs.result("b", done(3))
    assert told == [("1 of 2: months", 0.5), ("2 of 2: months", 1.0)]


def test_what_goes_on_in_another_thread_is_told_in_the_one_that_waits() -> None:
    said = threading.Event()
    told: list[tuple[str, int]] = []

    def hear(what: str, _part: float) -> None:
        told.append((what, threading.get_ident()))
        said.set()

    jobs = Jobs(["ban"], "months", hear, every_s=0.05)

    def work() -> None:
        jobs.teller("ban")("second stage", 0.25)
        assert said.wait(timeout=60)

    with ThreadPoolExecutor(1) as pool:
        jobs.result("ban", pool.submit(work))
    assert told[0] == ("1 of 1: ban, second stage", threading.get_ident())
    assert {thread for _, thread in told} == {threading.get_ident()}


def test_an_interruption_says_what_is_done_and_ends_what_is_under_way() -> None:
    jobs = Jobs(["a", "b", "c"], "months", None)
    jobs.result("a", done(1))
    broken: Future[int] = Future()
    broken.set_exception(KeyboardInterrupt())
    with pytest.raises(Stopped, match="1 of 3 done: a") as caught:
        jobs.result("b", broken)
    assert caught.value.done == ("a",)
    with pytest.raises(Stopped):
        jobs.teller("c")("first stage", 0.1)


def test_steps_are_counted_in_words_and_the_last_is_told_at_the_end() -> None:
    told: list[tuple[str, float]] = []
    steps = Steps("sets", lambda what, part: told.append((what, part)), 2)
    assert list(steps.each("ab", "set {}".format)) == ["a", "b"]
    assert told == [("0 of 2: sets", 0.0), ("1 of 2: sets, set a", 0.5)]
    steps.more(2)
    steps.done()
    steps.end()
    assert told[2:] == [("3 of 4: sets", 0.75), ("4 of 4: sets", 1.0)]


def test_of_very_many_steps_not_every_one_is_told() -> None:
    told: list[float] = []
    steps = Steps("days", lambda _what, part: told.append(part), 100_000)
    for _ in range(100_000):
        steps.done()
    steps.end()
    assert 100 < len(told) <= 202
    assert told[-1] == 1.0


def test_a_thing_that_is_asked_twice_is_one_step() -> None:
    told: list[str] = []
    value = Steps("sets", lambda what, _part: told.append(what), 3).counting(len)
    assert [value("ab"), value("ab"), value("c")] == [2, 2, 1]
    assert told == ["0 of 3: sets", "1 of 3: sets", "2 of 3: sets"]


def test_work_whose_length_nobody_knows_is_told_in_words_alone_until_its_end() -> None:
    told: list[tuple[str, float]] = []
    steps = Steps("defences", lambda what, part: told.append((what, part)))
    steps.now("round 1")
    steps.end()
    assert told == [("defences, round 1", 0.0), ("defences", 1.0)]


def test_silent_work_counts_nothing_yet_ends_when_it_is_to_end() -> None:
    def end() -> None:
        raise Stopped((), 1)

    assert list(SILENT.more(5).each([1, 2])) == [1, 2]
    with ends_when(end), pytest.raises(Stopped):
        SILENT.done()
    SILENT.done()
