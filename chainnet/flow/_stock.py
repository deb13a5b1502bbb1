"""The least stock that keeps some demand whole over a horizon."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csc_array

from chainnet._types import Array, Bools
from chainnet.engine import PRINTED, ROUNDING, Certificate, CompactModel, LinearSolution, require
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
        for number, (name, members) in enumerate(model.stages):
            if name in whole:
                row_lower[p.locks[2 * number]] = upper[p.served(members)].sum()
        self._held = (first[:, None] + np.flatnonzero(~free)).ravel()
        self._scale, self._price = p.program.col_scale, price
        self._upper, self._rows = upper, (np.append(row_lower, -np.inf), np.append(row_upper, np.inf))
        unknown = self._columns[:, np.isnan(price)].ravel()
        size = float(np.exp(np.log(self._scale[unknown]).mean())) if len(unknown) else 1.0
        line = csc_array(
            (np.ones(len(unknown)), (np.zeros(len(unknown), dtype=np.int64), unknown)), shape=(1, len(upper))
        )
        wider = replace(p.program, row_lower=row_lower, row_upper=row_upper)
        self._model = CompactModel(wider.with_rows(line, np.array([-np.inf]), np.array([np.inf]), np.array([size])))
        self._dust = ROUNDING * size

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
        cost = self._price if price is None else price
        unknown = np.isnan(cost)
        found = None
        if unknown.any():
            found = self._solve(np.where(unknown, 1.0, 0.0), None)
            if found is None:
                return None
            found = self._cheapest(np.where(unknown, 0.0, cost), found)
        else:
            found = self._solve(cost, None)
        if found is None:
            return None
        drawn = found.x[self._columns]
        drawn = np.where(drawn <= PRINTED * self._scale[self._columns], 0.0, drawn).sum(axis=0)
        return LeastStock(drawn, require(self._model.certify("least stock")))

    def _cheapest(self, price: Array, fewest: LinearSolution) -> LinearSolution:
        """Return the cheapest answer with as few tonnes of unknown price, up to rounding, as were found."""
        least = max(fewest.value, 0.0)
        for looser in (1.0, 10.0, 100.0):
            self._model.set_row(len(self._rows[0]) - 1, -np.inf, least + looser * (ROUNDING * least + self._dust))
            found = self._solve(price, fewest)
            if found is not None:
                return found
        raise SolverError("stockpile_requirement: the program collides by rounding. Report the network.")

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
