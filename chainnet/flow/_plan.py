"""What is done in each period, what is asked of it, and where the stages of a plan ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.engine import AT_LOWER, BASIC, Certificate, Statuses
from chainnet.errors import DataError
from chainnet.flow._shipped import Shipped
from chainnet.lowering import Lowered, Periods, Start
from chainnet.words import count

# columns of a program that are solved unasked: 24 months of 3,000 sites are about 370,000, and take three minutes where
# goods under way join them and ten where stocks do
MOST_LAGGED, MOST_STOCKED = 600_000, 300_000
# where each month stands alone the tables are what takes long
MOST_APART = 5_000_000
# lags are rounded to whole months
LEAST_LAG = 0.5


@dataclass(frozen=True)
class Plan:
    """What is done in each period.

    ``served_t``: periods x demand rows; ``wanted_t`` the same of what is asked for; ``level_t``:
    periods x stocks, in reach at the end of each; ``flow_t``: periods x edge rows, shipped in the period;
    ``through_t``: periods x nodes and projects; ``relations``: period, commodity, maker, user, flow_t of
    new relations that carry something; ``endurance``: (name, demand rows) -> periods served whole from
    the start, inf = to the end; ``start``: what was there; ``bases``: where its stages ended, if noted;
    ``shipped_t``: the least and the most of each sum of flows that was asked.
    """

    x: Array
    start: Start
    served_t: Array
    wanted_t: Array
    level_t: Array
    flow_t: Array
    through_t: Array
    relations: pd.DataFrame
    cost_usd: float
    endurance: dict[str, float]
    certificate: Certificate
    bases: Bases | None = None
    shipped_t: Array | None = None


@dataclass(frozen=True)
class Bases:
    """Where the stages of a plan ended, for plans of other events: statuses by stage, and the program they are of."""

    periods: Periods
    by_stage: dict[str, Statuses]

    def later(self, by: int) -> Bases:
        """Return the bases for what is left of the plan from a period on; what comes after its end is at rest."""
        p, moved = self.periods, {}
        if p.n_periods == 1:  # each period stands alone
            return self
        for name, (columns, rows) in self.by_stage.items():
            new_columns, new_rows = columns.copy(), rows.copy()
            for new, old, size, rest in (
                (new_columns, columns, p.width, AT_LOWER),
                (new_rows, rows, p.height, BASIC),
            ):
                end, cut = p.n_periods * size, by * size
                new[: end - cut] = old[cut:end]
                new[end - cut : end] = rest
            moved[name] = new_columns, new_rows
        return replace(self, by_stage=moved)

    def for_program(self, periods: Periods) -> dict[str, Statuses]:
        """Return the bases for a program over the same columns, its further rows free; none if it has others."""
        if periods is self.periods:
            return self.by_stage
        place = periods.rows_of(self.periods)
        if place is None:
            return {}
        known = place >= 0
        out = {}
        for name, (columns, rows) in self.by_stage.items():
            mine = np.full(len(place), BASIC, dtype=np.int8)
            mine[known] = rows[place[known]]
            out[name] = columns, mine
        return out


@dataclass(frozen=True)
class Piece:
    """The answer of one program, all of its periods; ``proof``: the worst of its stages, ``ends``: where they ended."""

    x: Array
    served_t: Array
    wanted_t: Array
    cost_usd: float
    endurance: dict[str, float]
    proof: Certificate
    ends: dict[str, Statuses]
    shipped_t: Array | None = None

    @classmethod
    def joined(
        cls, pieces: Sequence[Piece], times: Array, lasting: dict[str, float], rest: int, width: int, n_demand: int
    ) -> Piece:
        """Put periods that stand alone together, each so many times what was solved, then ``rest`` empty ones."""
        parts = list(zip(times.tolist(), pieces, strict=True))
        nothing = np.zeros((rest, n_demand))
        proofs = [piece.proof for piece in pieces]
        return cls(
            np.concatenate([*(n * piece.x for n, piece in parts), np.zeros(rest * width)]),
            np.concatenate([*(n * piece.served_t for n, piece in parts), nothing]),
            np.concatenate([*(n * piece.wanted_t for n, piece in parts), nothing]),
            sum(n * piece.cost_usd for n, piece in parts),
            lasting,
            Certificate.worst(
                proofs,
                value=sum(n * piece.proof.value for n, piece in parts),
                bound=sum(n * piece.proof.bound for n, piece in parts),
            ),
            pieces[0].ends,
        )


@dataclass(frozen=True)
class How:
    """What is asked of a plan besides its measures."""

    totals_only: bool
    least_cost: bool
    worth: Array | None
    ours_only: bool = False
    shipped: tuple[Shipped, ...] = ()
    last_tier: str | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells two of them apart."""
        worth = None if self.worth is None else self.worth.tobytes()
        return self.totals_only, self.ours_only, self.least_cost, worth, self.last_tier


class Told:
    """Tells how many of the programs of a plan are done."""

    def __init__(self, tell: Callable[[str, float], None] | None, todo: int, columns: int) -> None:
        self._tell, self._todo, self._done, self._columns = tell, max(todo, 1), 0, columns

    def done(self, what: str, n: int = 1) -> None:
        """Count programs, or what turned out to need none."""
        self._done += n
        if self._tell is not None:
            done = min(self._done, self._todo)
            size = f"{done} of {self._todo} programs of {count(self._columns)} columns"
            self._tell(f"{what} ({size})", done / self._todo)


def check_size(low: Lowered, lengths: Array) -> None:
    """Refuse a program that takes very long, before it is made.

    Raises
    ------
    DataError
        With what would do.
    """
    n_periods, width, months, step = len(lengths), len(low.program.cost), round(lengths.sum()), round(lengths.max())
    columns = n_periods * width
    stocked = low.stocks and not low.tables.network.stocks.empty
    lagged = (low.tables.network.edges["lag_months"] >= LEAST_LAG).any() or low.relations.is_pair.any()
    most = MOST_STOCKED if stocked else MOST_LAGGED if lagged else MOST_APART
    if n_periods == 1 or columns <= most:
        return
    cut = n_periods - months / step  # where something changes periods end, however long they may be
    divisors = [k for k in range(step + 1, months + 1) if months % k == 0]
    longer = next((k for k in divisors if (months / k + cut) * width <= most), months)
    what = "stocks join" if stocked else "goods under way join" if lagged else "there are"
    into = f"into one program of {count(columns)}" if stocked or lagged else f"to keep, {count(columns)} in all"
    apart = "stocks=False (--no-stocks), by which each month stands alone, " if stocked and not lagged else ""
    raise DataError(
        f"months: {what} {n_periods} periods of {count(width)} columns {into}, "
        f"which takes ten minutes or more; up to {count(most)} are solved unasked. Give "
        f"step_months={longer} (--step-months {longer}), fewer months, {apart}"
        "a network by groups (aggregate), or any_size=True (--any-size) to wait for it."
    )
