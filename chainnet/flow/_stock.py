"""The least stock that keeps some demand whole over a horizon."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from chainnet._types import Array, Bools
from chainnet.engine import PRINTED, Certificate, CompactModel, LinearSolution, require
from chainnet.errors import SolverError
from chainnet.flow._months import MonthsModel
from chainnet.lowering import Overlay, Start

__all__ = ["LeastStock", "StockModel"]


@dataclass(frozen=True)
class LeastStock:
    """Tonnes drawn from each stock that was free to buy, and the proof that no cheaper set does."""

    drawn_t: Array
    certificate: Certificate


class StockModel:
    """What free stocks would have to give for some stages to be whole in every period.

    Parameters
    ----------
    model : MonthsModel
        With stocks.
    overlays : sequence of Overlay
        One per period.
    start : Start
    whole : set of str
        Names of the stages of the model that must be served in full.
    free : boolean array over ``network.stocks``
        Stocks of any size, drawn at any rate wherever their node stands; the others are as in the table.
    price : array over the free stocks, USD/t
        NaN = unknown: as few tonnes as can be of these, then the rest at least cost.
    """

    def __init__(
        self,
        model: MonthsModel,
        overlays: Sequence[Overlay],
        start: Start,
        whole: Collection[str],
        free: Bools,
        price: Array,
    ) -> None:
        p = model.periods
        upper, row_lower, row_upper = p.bounds(overlays, start)
        places = np.flatnonzero(free)
        entry = p.low.tables.stock_place[places]
        first = np.arange(p.n_periods) * p.width + p.low.flows.draw_start
        self._columns = first[:, None] + places
        stands = np.array([overlay.node_share[entry] > 0 for overlay in overlays])
        upper[self._columns] = np.where(stands, np.inf, 0.0)
        row_upper[p.stock_rows[places]] = np.inf
        members = np.zeros(model.n_demand, dtype=bool)
        for name, rows in model.stages:
            if name in whole:
                members |= rows
        self._whole = p.served(members)
        self._held = (first[:, None] + np.flatnonzero(~free)).ravel()
        self._scale, self._price = p.program.col_scale, price
        self._upper, self._rows = upper, (row_lower, row_upper)
        asked = np.zeros(len(upper), dtype=bool)
        asked[self._whole] = True
        self._model = CompactModel(p.program, asked)

    def least(self, use_held: bool = True, only: Bools | None = None, price: Array | None = None) -> LeastStock | None:
        """Return the cheapest set of free stocks, or None where no amount of them suffices.

        Parameters
        ----------
        use_held : bool
            Whether what is held may be drawn.
        only : boolean array over the free stocks
            Leave the others out.
        price : array over the free stocks, optional
            Other prices, all of them known.

        Raises
        ------
        SolverError
            If an answer fails its own check.
        """
        upper = self._upper.copy()
        if not use_held:
            upper[self._held] = 0.0
        if only is not None:
            upper[self._columns[:, ~only].ravel()] = 0.0
        self._model.set_bounds(upper, *self._rows)
        self._model.hold_at(self._whole, upper[self._whole])
        cost = self._price if price is None else price
        unknown = np.isnan(cost)
        found = None
        if unknown.any():
            found = self._solve(np.where(unknown, 1.0, 0.0), None)
            if found is None:
                return None
            self._model.hold(found)
            found = self._solve(np.where(unknown, 0.0, cost), found)
        else:
            found = self._solve(cost, None)
        if found is None:
            return None
        drawn = found.x[self._columns]
        drawn = np.where(drawn <= PRINTED * self._scale[self._columns], 0.0, drawn).sum(axis=0)
        return LeastStock(drawn, require(self._model.certify("least stock")))

    def _solve(self, price: Array, before: LinearSolution | None) -> LinearSolution | None:
        """Solve; None where nothing suffices, which only the first solve can find."""
        cost = np.zeros(len(self._upper))
        cost[self._columns] = price
        self._model.set_cost(cost)
        found = self._model.solve(before, or_wide=before is None)
        if found.status == "infeasible":
            return None
        if found.status != "optimal":
            raise SolverError(f"stockpile_requirement: the program is {found.status}. Report the network.")
        return found
