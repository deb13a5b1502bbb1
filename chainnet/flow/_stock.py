"""The least stock that keeps some demand whole over a horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from chainnet._types import INF, Array, Bools
from chainnet.engine import LOCK, PAID, PRINTED, ROUNDING, Certificate, CompactModel, LinearSolution, floor_of, require
from chainnet.errors import SolverError
from chainnet.flow._months import MonthsModel
from chainnet.lowering import Overlay, Start


@dataclass(frozen=True)
class LeastStock:
    """What is drawn from each stock that was free to buy, and the proof that no cheaper set does.

    ``drawn_t`` over the free stocks; ``plan_t`` the same by period, as it was solved; ``cost`` at the prices asked
    for; ``may_differ``: which stocks other sets as cheap may draw more of.
    """

    drawn_t: Array
    plan_t: Array
    cost: float
    may_differ: Bools
    certificate: Certificate


class StockModel:
    """What free stocks would have to give for some demand to be whole in every period.

    Parameters
    ----------
    model : MonthsModel
        With stocks.
    overlays : sequence of Overlay
        One per period.
    start : Start
    whole : boolean array over the demand rows
        Who must be served in full, unless ``least`` is asked otherwise.
    free : boolean array over ``network.stocks``
        Stocks of any size, drawn at any rate wherever their node stands; the others are as in the table.
    price : array over the free stocks, USD/t
        NaN = unknown: as few tonnes as can be of these, then the rest at least cost.
    rivals : sequence of boolean arrays over the demand rows
        Whoever may come first: ``most`` says how much each can get, ``least`` leaves that to some of them.
    """

    def __init__(
        self,
        model: MonthsModel,
        overlays: Sequence[Overlay],
        start: Start,
        whole: Bools,
        free: Bools,
        price: Array,
        rivals: Sequence[Bools] = (),
    ) -> None:
        p = self._periods = model.periods
        upper, row_lower, row_upper = p.bounds(model.let_go(overlays), start)
        places = np.flatnonzero(free)
        entry = p.low.tables.stock_place[places]
        first = np.arange(p.n_periods) * p.width + p.low.flows.draw_start
        self._columns = first[:, None] + places
        stands = np.array([overlay.node_share[entry] > 0 for overlay in overlays])
        upper[self._columns] = np.where(stands, np.inf, 0.0)
        row_upper[p.stock_rows[places]] = np.inf
        self._whole = p.served(whole)
        self._held = (first[:, None] + np.flatnonzero(~free)).ravel()
        self._scale, self._price = p.program.col_scale, price
        self._rivals = [p.served(rows) for rows in rivals]
        self._locks = len(row_lower) + np.arange(len(rivals))
        some = np.full(len(rivals), INF)
        self._upper, self._rows = upper, (np.append(row_lower, -some), np.append(row_upper, some))
        asked = np.zeros(len(upper), dtype=bool)
        asked[self._whole] = True
        sizes = np.array([self._scale[columns].max(initial=LOCK) for columns in self._rivals])
        lines = csr_array((len(rivals), len(upper)))
        if rivals:
            row = np.repeat(np.arange(len(rivals)), [len(columns) for columns in self._rivals])
            place = (row, np.concatenate(self._rivals))
            lines = csr_array((np.ones(len(row)), place), shape=lines.shape)
        self._model = CompactModel(p.program.with_rows(lines, -some, some, sizes), asked)
        self._sizes = sizes

    def most(self, rival: int) -> tuple[float, Certificate]:
        """Return the tonnes that a rival can be served over the horizon with nothing in store."""
        upper = self._upper.copy()
        upper[self._columns.ravel()] = upper[self._held] = 0.0
        self._model.set_bounds(upper, *self._rows)
        cost = np.zeros(len(upper))
        cost[self._rivals[rival]] = -1.0
        found = self._solve(cost)
        assert found is not None, "nothing has to be kept, so to do nothing is allowed"
        return max(-found.value, 0.0), require(self._model.certify("what others get"))

    def least(
        self,
        use_held: bool = True,
        only: Bools | None = None,
        price: Array | None = None,
        *,
        whole: Bools | None = None,
        first: Sequence[tuple[int, float]] = (),
        within_t: Array | None = None,
    ) -> LeastStock | None:
        """Return the cheapest set of free stocks, or None where no amount of them suffices.

        Parameters
        ----------
        use_held : bool
            Whether what is held may be drawn.
        only : boolean array over the free stocks
            Leave the others out.
        price : array over the free stocks, optional
            Other prices, all of them known.
        whole : boolean array over the demand rows, optional
            Who must be served in full.
        first : sequence of (number of a rival, tonnes)
            Who gets at least so much over the horizon.
        within_t : array of periods x free stocks, optional
            Most that is drawn of each in each period: the plan of a larger set.

        Raises
        ------
        SolverError
            If an answer fails its own check.
        """
        upper, (low, high) = self._upper.copy(), self._rows
        if not use_held:
            upper[self._held] = 0.0
        if only is not None:
            upper[self._columns[:, ~only].ravel()] = 0.0
        if within_t is not None:
            room = within_t + ROUNDING * self._scale[self._columns]
            upper[self._columns] = np.minimum(upper[self._columns], np.maximum(room, 0.0))
        low = low.copy()
        for rival, tonnes in first:
            low[self._locks[rival]] = max(floor_of(tonnes, float(self._sizes[rival])), 0.0)
        columns = self._whole if whole is None else self._periods.served(whole)
        self._model.set_bounds(upper, low, high)
        self._model.hold_at(columns, upper[columns])
        cost = self._price if price is None else price
        unknown = np.isnan(cost)
        found = None
        if unknown.any():
            found = self._solve(self._over(np.where(unknown, 1.0, 0.0)))
            if found is None:
                return None
            self._model.hold(found)
            found = self._solve(self._over(np.where(unknown, 0.0, cost)), found)
        else:
            found = self._solve(self._over(cost))
        return None if found is None else self._answer(found, cost)

    def keep(self) -> None:
        """Leave only sets as cheap as the last answer, for ``best`` to choose from."""
        self._model.hold(self._last)

    def best(self, weight: Array) -> LeastStock | None:
        """Return the set, of those left, in which what is drawn weighs least; None where nothing limits it."""
        found = self._solve(self._over(weight), self._last, may_be_unlimited=True)
        return None if found is None else self._answer(found, weight)

    def fewest_held(self) -> Array:
        """Return the tonnes that are drawn of each held stock where no more is bought than in the last answer.

        Of several ways it is the one that draws the fewest tonnes in all.
        """
        self.keep()
        cost = np.zeros(len(self._upper))
        cost[self._held] = 1.0
        found = self._solve(cost, self._last)
        assert found is not None, "the last answer is one"
        require(self._model.certify("stocks drawn"))
        drawn, scale = (values[self._held].reshape(len(self._columns), -1) for values in (found.x, self._scale))
        return np.asarray(np.where(drawn <= PRINTED * scale, 0.0, drawn).sum(axis=0))

    def _over(self, price: Array) -> Array:
        """Return costs of all columns: a price on whatever is drawn of the free stocks."""
        cost = np.zeros(len(self._upper))
        cost[self._columns] = price
        return cost

    def _answer(self, found: LinearSolution, price: Array) -> LeastStock:
        plan, scale = found.x[self._columns], self._scale[self._columns]
        drawn = np.where(plan <= PRINTED * scale, 0.0, plan).sum(axis=0)
        size = float(np.nanmax(np.abs(price) * scale, initial=0.0)) or 1.0
        may_differ = (np.abs(found.col_dual[self._columns] * scale) <= PAID * size).any(axis=0)
        self._last = found
        return LeastStock(drawn, plan, found.value, may_differ, require(self._model.certify("least stock")))

    def _solve(
        self, cost: Array, before: LinearSolution | None = None, *, may_be_unlimited: bool = False
    ) -> LinearSolution | None:
        """Solve; None where nothing suffices, which only the first solve can find, or nothing limits it."""
        self._model.set_cost(cost)
        found = self._model.solve(before, or_wide=before is None)
        if found.status == "infeasible" or (may_be_unlimited and found.status == "unbounded"):
            return None
        if found.status != "optimal":
            raise SolverError(f"least stock: the program is {found.status}. Report the network.")
        return found
