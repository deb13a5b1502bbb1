"""What long work says on stderr while it goes on: a bar for people, plain lines for a file."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

__all__ = ["PLAIN", "patience", "progress_bar"]

Step = Callable[[str, float], None]

PLAIN = "... "  # how a plain line begins
_QUIET_S = 2.0  # work that is done by then says nothing
_APART_S = 5.0  # at least so long between two plain lines
_PATIENCE_S = 10.0  # a command that has said nothing for so long says that it is at work
_AGAIN_S = 30.0
_GUESSED_FROM = 0.05  # a smaller part done says nothing of what is left


_shown: list[str] = []  # bars: who sees one needs no other sign


@contextmanager
def patience(what: str) -> Iterator[None]:
    """Say now and then that a command is at work, and for how long, where no bar says more."""
    begun, is_done = monotonic(), threading.Event()

    def wait() -> None:
        pause = _PATIENCE_S
        while not is_done.wait(pause):
            pause = _AGAIN_S
            if not _shown:
                print(f"{PLAIN}{what}: at work for {_clock(monotonic() - begun)}", file=sys.stderr, flush=True)

    watch = threading.Thread(target=wait, daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_done.set()
        watch.join()


@contextmanager
def progress_bar(what: str) -> Iterator[Step]:
    """Show on stderr what is being done, how much is done and how long the rest may take."""
    _shown.append(what)
    try:
        with _bar(what) as step:
            yield step
    finally:
        _shown.remove(what)


@contextmanager
def _bar(what: str) -> Iterator[Step]:
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    begun = monotonic()
    columns = BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.fields[left]}")
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=1.0, left="")

        def step(name: str, part: float) -> None:
            bar.update(task, description=name, completed=part, left=_left(monotonic() - begun, part))

        yield step


def _plain_lines() -> Step:
    """Return what writes a line now and then, the first only if the work is long."""
    begun = monotonic()
    said = begun + _QUIET_S - _APART_S

    def step(name: str, part: float) -> None:
        nonlocal said
        now = monotonic()
        if now - said < _APART_S:
            return
        said = now
        parts = (f"{100 * part:.0f} %", f"{_clock(now - begun)} passed", _left(now - begun, part), name)
        print(PLAIN + ", ".join(text for text in parts if text), file=sys.stderr, flush=True)

    return step


def _left(passed_s: float, part: float) -> str:
    """Say how long the rest may take, if it goes on as it went."""
    if part < _GUESSED_FROM or part >= 1.0 or passed_s < _QUIET_S:
        return ""
    return f"about {_clock(passed_s * (1.0 - part) / part)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
