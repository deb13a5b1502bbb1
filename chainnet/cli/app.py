"""The command line: parse, call the API, print or write; no modelling.

Answers go to stdout, progress and messages to stderr. Exit 0 answered, 1 bad data or infeasible,
2 bad usage, 3 a fault of chainnet itself, 130 stopped with Ctrl-C.
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


FAULT = 3  # exit code where the fault is not in the data
_said: set[str] = set()


def main() -> None:
    """Run the command line; every error is one message and an exit code, and ``--debug`` shows the traceback."""
    _said.clear()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ChainnetWarning)
            warnings.showwarning = _say
            app()
    except Exception as err:
        if os.environ.get("CHAINNET_DEBUG"):
            raise
        told, code = _told(err)
        print(f"chainnet: {told}", file=sys.stderr)
        sys.exit(code)


def _told(error: Exception) -> tuple[str, int]:
    """Return the message of an error, and the exit code of its kind."""
    if isinstance(error, ChainnetError):
        return str(error), 1
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}", 1
    kind = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"{kind}. This is a fault of chainnet: please report it with what the same command says with --debug.", FAULT


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
