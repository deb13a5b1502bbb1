"""What it costs when a project comes late, and what it is worth to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import DataError
from chainnet.flow import Counting, check_year
from chainnet.lowering import Degree, Overlay
from chainnet.projects._access import access_to
from chainnet.projects._game import Game

__all__ = ["Timing", "check_horizon", "delay_table", "timing_value"]

LATE = (1, 2, 3)
COLUMNS = ("project", "years_late", "alone_t", "last_in_t")


def check_horizon(horizon: Any) -> tuple[int, int] | None:
    """Return (first, last) year; raise DataError for anything else."""
    if horizon is None:
        return None
    if isinstance(horizon, str) or not isinstance(horizon, Sequence) or len(horizon) != 2:
        raise DataError(f"horizon: {horizon!r} is no pair of years; give (2027, 2035).")
    first, last = (check_year(year, "horizon") for year in horizon)
    if first is None or last is None or last < first or last - first > 100:
        raise DataError(f"horizon: {horizon!r} is not allowed; give a first year and a last one that is not before it.")
    return first, last


def delay_table(
    counting: Counting,
    overlay: Overlay,
    names: Sequence[str],
    horizon: tuple[int, int],
    degree: Degree = "existing",
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
    start = network.projects.set_index("id")["start_year"]
    dated = [name for name in names if not np.isnan(start[name])]
    alone = {(name, late): 0.0 for name in dated for late in LATE}
    last_in = dict(alone)
    for year in range(horizon[0], horizon[1] + 1):
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
        lost = [x if x > 1e-9 * largest else 0.0 for x in (alone[name, late], last_in[name, late])]
        rows.append((name, late, *lost))
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True)
class Timing:
    """Now or next year.

    Attributes
    ----------
    now, wait : float
        Present value of building now, and of building next year only where it then pays.
    option_value : float
        wait less now (0 where now does not pay), at least 0: what it is worth to be able to wait.
    hazard_cost : float
        Expected cost of what goes short in the year of waiting.
    build_now : bool
        Whether the hazard outweighs the option.
    """

    now: float
    wait: float
    option_value: float
    hazard_cost: float
    build_now: bool


def timing_value(
    cost: float,
    payoffs: Sequence[float],
    probabilities: Sequence[float],
    rate: float,
    hazard_cost: float = 0.0,
) -> Timing:
    """Compare building now with waiting a year, when next year shows what the project is worth.

    Parameters
    ----------
    cost : float
        What it costs to build, now or then.
    payoffs, probabilities : sequences of float
        What it is worth next year, and how likely each is (they sum to 1).
    rate : float
        Discount rate, above -1.
    hazard_cost : float
        Expected cost of waiting: chance of the disruption x tonnes averted x worth of a tonne.

    Returns
    -------
    Timing

    Raises
    ------
    DataError
        If the numbers are not finite, the probabilities do not sum to 1 or the rate is -1 or less.

    Notes
    -----
    now = E[payoff] / (1 + rate) - cost; wait = E[max(payoff - cost, 0)] / (1 + rate). Build now if the hazard cost
    exceeds wait - now.

    References
    ----------
    Dixit, A. K., Pindyck, R. S. (1994). Investment under Uncertainty. Princeton University Press, chapter 2.

    Examples
    --------
    >>> from chainnet.projects import timing_value
    >>> found = timing_value(100, [180, 60], [0.5, 0.5], 0.10)
    >>> round(found.now, 2), round(found.wait, 2), round(found.option_value, 2), found.build_now
    (9.09, 36.36, 27.27, False)
    """
    worth, chance = np.array(payoffs, dtype=float), np.array(probabilities, dtype=float)
    numbers = np.concatenate([worth, chance, np.array([cost, rate, hazard_cost], dtype=float)])
    if worth.shape != chance.shape or worth.ndim != 1 or not len(worth) or not np.isfinite(numbers).all():
        raise DataError("timing_value: give as many probabilities as payoffs, all of them finite numbers.")
    if (chance < 0).any() or abs(chance.sum() - 1.0) > 1e-9:
        raise DataError(f"probabilities: they sum to {chance.sum():g}; give numbers, 0 or more, that sum to 1.")
    if rate <= -1.0:
        raise DataError(f"rate: {rate!r} is not allowed; give a rate above -1, such as 0.1.")
    if hazard_cost < 0:
        raise DataError(f"hazard_cost: {hazard_cost!r} is negative; give a cost, 0 or more.")
    now = float(chance @ worth / (1.0 + rate) - cost)
    wait = float(chance @ np.maximum(worth - cost, 0.0) / (1.0 + rate))
    option = max(wait - max(now, 0.0), 0.0)
    return Timing(now, wait, option, float(hazard_cost), bool(now + hazard_cost > wait))
