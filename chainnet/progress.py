"""What long work says of itself: how many of its jobs are done, what goes on, the part of the whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, TypeVar

__all__ = ["SILENT", "Jobs", "Steps", "Stopped", "Tell", "ends_when"]

Tell = Callable[[str, float], None]  # what is called with what has been done and the part of the whole
T = TypeVar("T")

EVERY_S = 5.0  # what goes on within a job is told that often; the end of each is told at once
TOLD = 200  # of more steps than that not every one is told
AT_ONCE = 512  # of what is solved in one sweep, told after each

# asked at every step, of whatever work goes on in this thread
_ENDS: ContextVar[Callable[[], None] | None] = ContextVar("ends", default=None)


@contextmanager
def ends_when(check: Callable[[], None]) -> Iterator[None]:
    """Let a function be called at every step of the work in this thread: it raises where the work is to end."""
    token = _ENDS.set(check)
    try:
        yield
    finally:
        _ENDS.reset(token)


def _ask_whether_to_end() -> None:
    check = _ENDS.get()
    if check is not None:
        check()


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


class Steps:
    """One piece of work in steps: how many are done of how many; what is told never falls, and ends at the whole.

    Parameters
    ----------
    what : str
        What the steps are, to a planner: "sets of members".
    progress : callable, optional
        Called with what has been done and the part of the whole.
    todo : int
        Number of steps, as far as it is known; ``more`` adds to it. As long as it is 0 only words are told.
    """

    def __init__(self, what: str, progress: Tell | None = None, todo: int = 0) -> None:
        self._what, self._progress = what, progress
        self._todo, self._done, self._told, self._at = todo, 0, 0.0, -1
        if progress is not None and todo:
            self._say("")

    def more(self, n: int) -> Steps:
        """Know of more steps than before."""
        if self._progress is not None:
            self._todo += n
        return self

    def done(self, doing: str = "", n: int = 1) -> None:
        """Count steps; ``doing`` says what the last of them was."""
        _ask_whether_to_end()
        self._done = min(self._done + n, self._todo)
        if self._progress is not None and self._done < self._todo:  # the last is told at the end: more may turn up
            at = min(self._todo, TOLD) * self._done // self._todo
            if at > self._at or doing:
                self._at = at
                self._say(doing)

    def now(self, doing: str) -> None:
        """Say what goes on, where nobody can know how much of it there is."""
        _ask_whether_to_end()
        self._say(doing, self._told)

    def each(self, items: Iterable[T], name: Callable[[T], str] | None = None) -> Iterator[T]:
        """Give one item after the other; each is a step that is done when the next is asked for."""
        for item in items:
            yield item
            self.done(name(item) if name is not None else "")

    def sweeps(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        """Give the items in pieces that are solved at once; each item is a step."""
        for start in range(0, len(items), AT_ONCE):
            piece = items[start : start + AT_ONCE]
            yield piece
            self.done(n=len(piece))

    def open_of(self, n: int) -> Callable[[Sequence[T]], Iterator[Sequence[T]]]:
        """Return ``sweeps`` for those of n steps that have to be solved: the others are done by then."""

        def sweeps(items: Sequence[T]) -> Iterator[Sequence[T]]:
            self.done(n=n - len(items))
            yield from self.sweeps(items)

        return sweeps

    def after(self, doing: str, found: T) -> T:
        """Count a step whose answer this is, and hand it on."""
        self.done(doing)
        return found

    def counting(self, value: Callable[[T], Any]) -> Callable[[T], Any]:
        """Return a function that counts each thing it is asked of as a step, the first time."""
        known: set[T] = set()

        def asked(one: T) -> Any:
            found = value(one)
            if one not in known:
                known.add(one)
                self.done()
            return found

        return asked

    def end(self) -> None:
        """Say that all is done, however many steps it took; the last word of every piece of work."""
        self._done = self._todo
        self._say("", 1.0)

    def _say(self, doing: str, part: float | None = None) -> None:
        if self._progress is None:
            return
        if part is None:
            part = self._done / self._todo if self._todo else 0.0
        self._told = max(part, self._told)
        words = f"{self._what}, {doing}" if doing else self._what
        self._progress(f"{self._done} of {self._todo}: {words}" if self._todo else words, self._told)


SILENT = Steps("")


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
        progress: Tell | None,
        every_s: float = EVERY_S,
    ) -> None:
        self._every_s = every_s
        self._names, self._what, self._progress = list(names), what, progress
        self._parts = dict.fromkeys(self._names, 0.0)
        self._doing: dict[str, str] = {}
        self._done: list[str] = []
        self._home, self._said = threading.get_ident(), monotonic()
        self._told, self._is_stopped = 0.0, False

    def teller(self, name: str) -> Tell:
        """Return what a job calls with what it does and its own part; it ends the job where all work is stopped."""

        def tell(doing: str, part: float) -> None:
            _ask_whether_to_end()
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
