"""Long work in jobs: told in the thread that waits, in order, and ended with what is done."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from chainnet.words import Jobs, Stopped


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
