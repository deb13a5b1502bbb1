"""What it costs when a project comes late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.engine import ROUNDING
from chainnet.errors import DataError
from chainnet.flow import Counting
from chainnet.lowering import Degree, Overlay
from chainnet.network import first_years
from chainnet.progress import SILENT, Steps
from chainnet.projects._access import access_to
from chainnet.projects._game import Game

LATE = (1, 2, 3)
COLUMNS = ("project", "years_late", "alone_t", "last_in_t")


def check_horizon(horizon: Any) -> tuple[int, int] | None:
    """Return (first, last) year; raise DataError for anything else."""
    if horizon is None:
        return None
    if isinstance(horizon, str) or not isinstance(horizon, Sequence) or len(horizon) != 2:
        raise DataError(f"horizon: {horizon!r} is no pair of years; give (2027, 2035).")
    first, last = (checks.year(year, "horizon") for year in horizon)
    if first is None or last is None or last < first or last - first > 100:
        raise DataError(f"horizon: {horizon!r} is not allowed; give a first year and a last one that is not before it.")
    return first, last


def delay_table(
    counting: Counting,
    overlay: Overlay,
    names: Sequence[str],
    horizon: tuple[int, int],
    degree: Degree = "existing",
    steps: Steps = SILENT,
) -> pd.DataFrame:
    """Return what is not served over a horizon when a project starts late.

    Parameters
    ----------
    counting : Counting
    overlay : Overlay
        The scenario, the same in every year.
    names : sequence of str
        Projects; those without a start year are left out.
    horizon : (int, int)
        First and last year that count.
    degree
        As in ``reroute``.
    steps : Steps
        Each year is one.

    Returns
    -------
    DataFrame
        project, years_late (1, 2, 3), alone_t (tonnes lost over the horizon, no other project built), last_in_t (the
        same when all others come in time).

    Notes
    -----
    Each year is one static answer, with the sizes and qualifications of that year. Cost: one lowering for each
    year, and eight warm solves for each project and year.
    """
    network = counting.network
    start = dict(zip(network.projects["id"], first_years(network.projects), strict=True))
    dated = [name for name in names if not np.isnan(start[name])]
    alone = {(name, late): 0.0 for name in dated for late in LATE}
    last_in = dict(alone)
    for year in steps.each(range(horizon[0], horizon[1] + 1), "late in {}".format):
        access = access_to(counting, overlay, year, names, max(LATE))
        game = Game(counting, overlay, access, degree)
        reached = dict(zip(network.projects["id"], access.reached(), strict=True))
        here = [name for name in names if reached[name] > 0]
        for name in dated:
            if reached[name] == 0:
                continue
            one, all_in_time = game.value([name]), game.value(here)
            for late in LATE:
                alone[name, late] += max(one - game.late([name], name, late), 0.0)
                last_in[name, late] += max(all_in_time - game.late(here, name, late), 0.0)
    largest = max([*alone.values(), *last_in.values(), 1.0])
    rows = []
    for name, late in alone:
        lost = [x if x > ROUNDING * largest else 0.0 for x in (alone[name, late], last_in[name, late])]
        rows.append((name, late, *lost))
    return pd.DataFrame(rows, columns=list(COLUMNS))
