"""What long work says of itself: how many of its jobs are done, what goes on, the part of the whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from time import monotonic
from typing import Any

__all__ = ["Jobs", "Stopped"]

EVERY_S = 5.0  # what goes on within a job is told that often; the end of each is told at once


class Stopped(KeyboardInterrupt):
    """Work that was interrupted, and what of it is done.

    Parameters
    ----------
    done : iterable of str
        Names of the jobs whose answers are kept.
    n : int
        Number of jobs.
    """

    def __init__(self, done: Iterable[str], n: int) -> None:
        self.done, self.n = tuple(done), n
        named = f": {', '.join(self.done)}" if self.done else ""
        super().__init__(f"{len(self.done)} of {n} done{named}")


class Jobs:
    """Several jobs that go on at once, told as one piece of work, always in the thread that waits for them.

    Parameters
    ----------
    names : iterable of str
        Of the jobs, in their order.
    what : str
        What is done in each.
    progress : callable, optional
        Called with what has been done and the part of the whole.
    every_s : float
        Seconds from one word of what goes on to the next.
    """

    def __init__(
        self,
        names: Iterable[str],
        what: str,
        progress: Callable[[str, float], None] | None,
        every_s: float = EVERY_S,
    ) -> None:
        self._every_s = every_s
        self._names, self._what, self._progress = list(names), what, progress
        self._parts = dict.fromkeys(self._names, 0.0)
        self._doing: dict[str, str] = {}
        self._done: list[str] = []
        self._home, self._said = threading.get_ident(), monotonic()
        self._told, self._is_stopped = 0.0, False

    def teller(self, name: str) -> Callable[[str, float], None]:
        """Return what a job calls with what it does and its own part; it ends the job where all work is stopped."""

        def tell(doing: str, part: float) -> None:
            if self._is_stopped:
                raise Stopped(self._done, len(self._names))
            self._doing[name], self._parts[name] = doing, max(part, self._parts[name])
            if threading.get_ident() == self._home:
                self._now_and_then()

        return tell

    def result(self, name: str, *jobs: Future[Any]) -> list[Any]:
        """Wait for a job, all of whose parts these are, and return what came of them; tell meanwhile what goes on.

        Raises
        ------
        Stopped
            If somebody interrupts; what is under way ends at its next step.
        """
        try:
            while wait(jobs, timeout=self._every_s).not_done:
                self._now_and_then()
            found = [job.result() for job in jobs]
        except KeyboardInterrupt:
            self._is_stopped = True
            raise Stopped(self._done, len(self._names)) from None
        except BaseException:
            self._is_stopped = True
            raise
        self._done.append(name)
        self._parts[name] = 1.0
        self._doing.pop(name, None)
        self._say(f"{len(self._done)} of {len(self._names)}: {self._what}", len(self._done) / len(self._names))
        return found

    def _say(self, words: str, part: float) -> None:
        """Tell a part, never a smaller one than before."""
        self._said, self._told = monotonic(), max(part, self._told)
        if self._progress is not None:
            self._progress(words, self._told)

    def _now_and_then(self) -> None:
        if self._progress is None or monotonic() - self._said < self._every_s:
            return
        goes_on = "; ".join(f"{name}, {doing}" for name, doing in list(self._doing.items())[:2])
        part = sum(self._parts.values()) / len(self._parts)
        self._say(f"{len(self._done) + 1} of {len(self._names)}: {goes_on or self._what}", part)
