"""The threads of the package: one place, one size; work that runs in one of them starts no others."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

# each holds models of its own: more would cost more memory than they save time
MOST = 8

_inside = threading.local()


def n_threads() -> int:
    """Return how many threads work may be shared among: the processors that are ours, or 1 inside such a thread."""
    if getattr(_inside, "yes", False):
        return 1
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST, ours)


def thread_pool() -> Executor:
    """Return threads for the length of a ``with``; where there is but one to be had, work is done as it is given."""
    return ThreadPoolExecutor(n, initializer=_enter) if (n := n_threads()) > 1 else _AtOnce()


def _enter() -> None:
    _inside.yes = True


class _AtOnce(Executor):
    """An executor without threads."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do the work and return its outcome."""
        job: Future[Any] = Future()
        try:
            job.set_result(fn(*args, **kwargs))
        except Exception as error:
            job.set_exception(error)
        return job
