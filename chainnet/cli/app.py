"""The command line: parse, call the API, print or write; no modelling.

Answers go to stdout, progress and messages to stderr. Exit 0 answered, 1 bad data or infeasible,
2 bad usage, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TextIO

from chainnet.cli import (
    blocs,
    calibration,
    cascades,
    criticality,
    doubt,
    files,
    flow,
    hindsight,
    indicators,
    plans,
    prices,
    projects,
    sharing,
    sharing_joint,
    stress,
    trade,
)
from chainnet.cli.common import app
from chainnet.errors import ChainnetError, ChainnetWarning

__all__ = ["FAMILIES", "app", "main"]

# each has registered its commands
FAMILIES = (
    blocs,
    calibration,
    cascades,
    criticality,
    doubt,
    prices,
    files,
    flow,
    hindsight,
    indicators,
    plans,
    projects,
    sharing,
    sharing_joint,
    stress,
    trade,
)


_said: set[str] = set()


def main() -> None:
    """Run the command line; no traceback without ``--debug``."""
    _said.clear()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ChainnetWarning)
            warnings.showwarning = _say
            app()
        sys.stdout.flush()
    except ChainnetError as err:
        if os.environ.get("CHAINNET_DEBUG"):
            raise
        print(f"chainnet: {err}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # the reader went away: nothing is wrong on this side
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _say(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of chainnet as its errors are printed, any other as Python does."""
    if issubclass(category, ChainnetWarning):
        if str(message) not in _said:  # once, however many questions are asked of the same tables
            _said.add(str(message))
            print(f"chainnet: {message}", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)
