"""The command line: parse, call the API, print or write; no modelling.

Answers go to stdout, progress and messages to stderr. Exit 0 answered, 1 bad data or infeasible,
2 bad usage.
"""

from __future__ import annotations

import os
import sys

from chainnet import (
    cli_blocs,
    cli_calibrate,
    cli_cascade,
    cli_compare,
    cli_exposure,
    cli_files,
    cli_floor,
    cli_indicators,
    cli_projects,
    cli_questions,
    cli_runs,
    cli_stress,
)
from chainnet.cli_common import app
from chainnet.errors import ChainnetError

__all__ = [
    "app",
    "cli_blocs",
    "cli_calibrate",
    "cli_cascade",
    "cli_compare",
    "cli_exposure",
    "cli_files",
    "cli_floor",
    "cli_indicators",
    "cli_projects",
    "cli_questions",
    "cli_runs",
    "cli_stress",
    "main",
]


def main() -> None:
    """Run the command line; no traceback without ``--debug``."""
    try:
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
    except KeyboardInterrupt:
        print("chainnet: stopped", file=sys.stderr)
        sys.exit(130)
