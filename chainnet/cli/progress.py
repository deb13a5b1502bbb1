"""What long work says on stderr while it goes on: a bar for people, plain lines for a file."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from chainnet.cli.words import one_line
from chainnet.words import count

Step = Callable[[str, float], None]

PLAIN = "... "  # how a plain line begins
_QUIET_S = 2.0  # work that is done by then says nothing
_APART_S = 5.0  # at least so long between two plain lines
_PATIENCE_S = 10.0  # work of which nothing was said for so long says that it goes on
_AGAIN_S = 30.0
_GUESSED_FROM = 0.05  # a smaller part done says nothing of what is left


_open: list[_Work] = []  # what is being told of, the innermost last


class _Work:
    """One piece of work: what was heard of it last, and when something was said."""

    def __init__(self) -> None:
        self.begun = monotonic()
        self.words, self.part, self.said = "", 0.0, self.begun + _QUIET_S - _APART_S
        self.is_drawn = False  # who sees a bar needs no other sign

    def hear(self, words: str, part: float) -> None:
        """Note what is done, in words that are safe on a terminal."""
        self.words, self.part = one_line(words), part

    def line(self) -> None:
        """Write a line of it."""
        self.said = monotonic()
        passed = self.said - self.begun
        done = f"{count(100 * self.part)} %" if self.part > 0 else ""
        parts = (done, f"{_clock(passed)} passed", _left(passed, self.part), self.words)
        print(PLAIN + ", ".join(text for text in parts if text), file=sys.stderr, flush=True)


@contextmanager
def patience(what: str) -> Iterator[None]:
    """Say now and then that a command is at work, and at what, where nothing else says so."""
    begun, is_done = monotonic(), threading.Event()

    def watch() -> None:
        pause = _PATIENCE_S
        while not is_done.wait(pause):
            pause = _AGAIN_S
            work = _open[-1] if _open else None
            if work is None:
                print(f"{PLAIN}{what}: at work for {_clock(monotonic() - begun)}", file=sys.stderr, flush=True)
            elif not work.is_drawn and monotonic() - work.said >= _PATIENCE_S:
                work.line()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_done.set()
        thread.join()


@contextmanager
def progress_bar(what: str) -> Iterator[Step]:
    """Show on stderr what is being done, how much is done and how long the rest may take; work that is short is not.

    Raises
    ------
    KeyboardInterrupt
        With what was done, where the work itself does not say.
    """
    work = _Work()
    _open.append(work)
    try:
        with _bar(work, what) as step:
            yield step
    except KeyboardInterrupt as stop:
        if str(stop) or not work.words:
            raise
        raise KeyboardInterrupt(f"done so far: {work.words}") from None
    finally:
        _open.remove(work)


@contextmanager
def _bar(work: _Work, what: str) -> Iterator[Step]:
    if not sys.stderr.isatty():

        def say(words: str, part: float) -> None:
            work.hear(words, part)
            if monotonic() - work.said >= _APART_S:
                work.line()

        yield say
        return
    bar: list[Any] = []

    def draw(words: str, part: float) -> None:
        work.hear(words, part)
        passed = monotonic() - work.begun
        if passed >= _QUIET_S and not bar:
            bar.append(_drawn(what, passed))
            work.is_drawn = True
        for one, task in bar:
            one.update(task, description=work.words, completed=part, left=_left(passed, part))

    try:
        yield draw
    finally:
        for one, _ in bar:
            one.stop()


def _drawn(what: str, passed_s: float) -> tuple[Any, Any]:
    """Return a bar on the terminal of what began some seconds ago, and its task."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.fields[left]}")
    bar = Progress(*columns, TextColumn("{task.description}", markup=False), console=Console(stderr=True))
    task = bar.add_task(what, total=1.0, left="")
    bar.tasks[0].start_time = bar.get_time() - passed_s
    bar.start()
    return bar, task


def _left(passed_s: float, part: float) -> str:
    """Say how long the rest may take, if it goes on as it went."""
    if part < _GUESSED_FROM or part >= 1.0 or passed_s < _QUIET_S:
        return ""
    return f"about {_clock(passed_s * (1.0 - part) / part)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
