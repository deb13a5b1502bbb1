"""The command line: parse, call the API, print or write; no modelling.

Answers go to stdout, progress and messages to stderr. Exit 0 answered, 1 bad data or infeasible,
2 bad usage.
"""

from __future__ import annotations

import os
import sys

from chainnet.cli import blocs as cli_blocs
from chainnet.cli import calibration as cli_calibrate
from chainnet.cli import cascades as cli_cascade
from chainnet.cli import compare as cli_compare
from chainnet.cli import economics as cli_floor
from chainnet.cli import exposure as cli_exposure
from chainnet.cli import files as cli_files
from chainnet.cli import indicators as cli_indicators
from chainnet.cli import projects as cli_projects
from chainnet.cli import questions as cli_questions
from chainnet.cli import runs as cli_runs
from chainnet.cli import stress as cli_stress
from chainnet.cli.common import app
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
