"""What sets of events cost: one program kept warm under their measures, or the months that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import INF, Array, Ints
from chainnet.criticality._hazards import Listed
from chainnet.engine import (
    CERTAIN,
    LEAST_SIZE,
    PRICED,
    UNIT_ROUNDING,
    Attack,
    Certificate,
    LinearSolution,
    certify_linear,
    cheapest_attack,
)
from chainnet.errors import DataError
from chainnet.flow import Counting, OrderedValue, ValueModel, cut_of, value_model
from chainnet.lowering import Degree, Overlay, column_gains
from chainnet.results import limiting_inputs
from chainnet.scenario import KINDS, TIMES, Scenario, acting, effects_of, overlay_at
from chainnet.stress import Ask, course

_TIMES = (*TIMES, "announced")
_MOST_PRICES = 64  # answers whose prices are kept
Events = frozenset[int]
FAR = 1e30  # in the place of no limit


class Losses:
    """What sets of causes cost, as part of the demand.

    Parameters
    ----------
    listed : Listed
    counting : Counting
    scenario : Scenario or None
        In force whatever happens.
    """

    def __init__(self, listed: Listed, counting: Counting, scenario: Scenario | None) -> None:
        self.listed, self.counting, self.scenario = listed, counting, scenario
        base = [dict(measure) for measure in scenario.measures] if scenario is not None else []
        words = [acting(measure) for measure in base]
        # what is in force anyhow happens once
        self.places = [
            words.index(acting(one)) if acting(one) in words else len(base) + i for i, one in enumerate(listed.measures)
        ]
        self.n_base, self.measures = len(base), [*base, *listed.measures]
        self.effects = effects_of(counting.network, self.measures, "hazards", said=False)
        demand = counting.network.view("demand")
        self.demand_tpa = float(demand["demand_tpa"][counting.valued].sum()) if len(demand) else np.nan
        if len(demand) and not self.demand_tpa > 0:
            counting.check_asked("reverse")
        self._known: dict[object, float] = {}

    @cached_property
    def _units(self) -> list[frozenset[int]]:
        """The measures that each cause puts in force."""
        return [frozenset(self.places[unit] for unit in cause.units) for cause in self.listed.causes]

    def units(self, events: Events) -> frozenset[int]:
        """Return the measures that some causes put in force."""
        return frozenset[int]().union(*(self._units[i] for i in events))

    def breaks_promise(self, is_later: bool) -> str:
        """Say why more events might cost less; empty = they never do.

        ``is_later``: whether what is counted is served after something else.
        """
        if is_later:
            return "what is counted comes after what others get, which events may also free"
        for effect in self.effects:
            kind = KINDS[effect.kind]
            takes = kind.takes or kind.delays or (bool(effect.demand.any()) and effect.share >= 1.0)
            if effect.number >= self.n_base and (not takes or effect.users.any()):
                return f"a measure of kind {effect.kind} may also give"
        return ""

    def __call__(self, events: Events) -> float:
        """Return what these causes cost together, as part of the demand."""
        key = self._key(events)
        if key not in self._known:
            self._known[key] = self._loss(events)
        return self._known[key]

    def surely_reaches(self, events: Events, least: float) -> bool:
        """Return whether these causes cost so much, to a hair."""
        return self(events) >= least

    def _key(self, events: Events) -> object:
        return self.units(events)

    def _loss(self, events: Events) -> float:
        raise NotImplementedError

    def cheapest(
        self,
        weight: Array,
        least: float,
        most: int,
        one_of: Sequence[Events],
        barred: Sequence[Events],
        time_limit_s: float,
    ) -> Attack | None:
        """Find the lightest set of causes that costs so much, in one program; ``closes_only`` says whether it can."""
        raise NotImplementedError

    @property
    def closes_only(self) -> bool:
        """Whether all that causes do is close flows, and what is left is told by one program."""
        return False

    def proof(self, events: Events) -> Certificate | None:
        """Check the answer for these causes; None where each was checked when it was made."""
        return None

    def limiting(self) -> pd.DataFrame:
        """Return the inputs that limit the baseline."""
        return limiting_inputs(self.counting.network, cut_of(ValueModel(self.counting)))


class SteadyLosses(Losses):
    """What sets of causes cost, t/yr, all in force at once."""

    def __init__(self, listed: Listed, counting: Counting, scenario: Scenario | None, degree: Degree) -> None:
        super().__init__(listed, counting, scenario)
        self.model = value_model(counting, self._overlay(frozenset()), degree)
        low = self.model.lowered
        self._served = low.served[counting.valued]
        self._asked = low.program.col_upper[self._served]
        self.demand_tpa = self.demand_tpa if np.isfinite(self.demand_tpa) else max(self.model.value, LEAST_SIZE)
        # an answer in use is no answer once what it uses is gone; with others first the less may also be the more
        self._is_plain = not isinstance(self.model, OrderedValue)
        self._open = low.bounds(self._overlay(frozenset()))
        self._shut: dict[int, tuple[Ints, Ints] | None] = {}
        # a line an answer: its prices of columns and of rows, and what floors of rows give
        self._prices = np.empty((0, len(self._open[0]) + len(self._open[1]) + 1))

    def _overlay(self, on: frozenset[int]) -> Overlay:
        sizes = [float(e.number < self.n_base or e.number in on) for e in self.effects]
        # bounds stay in their order, in force or not; of the rest what is not in force does nothing
        kept = [(e, size) for e, size in zip(self.effects, sizes, strict=True) if size or e.restriction is not None]
        effects = [e for e, _ in kept]
        found = overlay_at(self.counting.network, effects, [size for _, size in kept])
        if not any(KINDS[e.kind].stands for e in effects):
            return found
        return found.with_built(np.any([e.projects for e in effects if KINDS[e.kind].stands], axis=0).astype(float))

    def _shuts(self, unit: int) -> tuple[Ints, Ints] | None:
        """Return the columns and rows that a measure shuts; None where it does anything else, or shuts parted flows."""
        if unit not in self._shut:
            low = self.model.lowered
            columns, rows = (
                (bounds, np.flatnonzero(bounds != base))
                for bounds, base in zip(low.bounds(self._overlay(frozenset([unit]))), self._open, strict=True)
            )
            is_plain = not any(bounds[changed].any() for bounds, changed in (columns, rows))
            is_plain &= bool((columns[1] < low.strands.first).all())
            self._shut[unit] = (columns[1], rows[1]) if is_plain else None
        return self._shut[unit]

    def _bounds(self, events: Events) -> tuple[Array, Array]:
        """Return the upper bounds of columns and rows with these causes in force; what only shuts needs no overlay."""
        on = self.units(events)
        shut = [self._shuts(unit) for unit in on]
        upper, row_upper = (bounds.copy() for bounds in self._open)
        for one in shut:
            if one is None:
                return self.model.lowered.bounds(self._overlay(on))
            upper[one[0]], row_upper[one[1]] = 0.0, 0.0
        return upper, row_upper

    @cached_property
    def _used(self) -> tuple[Array, Array]:
        """What the base answer uses of columns and rows, less what is nothing."""
        p, x = self.model.lowered.program, self.model.base.x
        return x - UNIT_ROUNDING * p.col_scale, p.matrix @ x - UNIT_ROUNDING * p.row_scale

    def _loss(self, events: Events) -> float:
        return self._answer(*self._bounds(events))[0]

    def _answer(self, upper: Array, row_upper: Array) -> tuple[float, LinearSolution | None]:
        """Return what is lost within these bounds, and the answer; None where that without any event still does."""
        columns, rows = self._used
        more = self._more(upper)
        if self._is_plain and (columns <= upper).all() and (rows <= row_upper).all() and not more:
            return 0.0, None
        found = self.model.solve_within(upper, row_upper)
        return (more + self.model.value - max(-found.value, 0.0)) / self.demand_tpa, found

    def _more(self, upper: Array) -> float:
        """Return how much more is asked for within these bounds than without any event, t/yr."""
        asked = upper[self._served]
        return float((asked - self._asked)[np.isfinite(asked)].sum())

    def surely_reaches(self, events: Events, least: float) -> bool:
        """Return whether these causes cost so much, by the prices of another answer where these bound it already.

        Prices are settled to a tolerance: what is said to reach may fall short by a hair.
        """
        if not self._is_plain or self._key(events) in self._known:
            return self(events) >= least
        upper, row_upper = self._bounds(events)
        most = self.model.value + self._more(upper) - least * self.demand_tpa
        bounds = np.minimum(np.concatenate([upper, row_upper, [1.0]]), FAR)
        if (-(self._prices @ bounds) <= most).any():
            return True
        lost, found = self._answer(upper, row_upper)
        self._known[self._key(events)] = lost
        if lost >= least and found is not None:
            p = self.model.lowered.program
            columns = np.where(found.col_dual < -PRICED, found.col_dual, 0.0)
            floors = np.maximum(found.row_dual, 0.0) @ np.where(np.isfinite(p.row_lower), p.row_lower, 0.0)
            prices = np.concatenate([columns, np.minimum(found.row_dual, 0.0), [floors]])
            self._prices = np.vstack([self._prices, prices])[-_MOST_PRICES:]
        return lost >= least

    def proof(self, events: Events) -> Certificate | None:
        """Check the answer for these causes by its duals."""
        if not self._is_plain:
            return None
        upper, row_upper = self._bounds(events)
        found = self.model.solve_within(upper, row_upper)
        program = replace(self.model.program, col_upper=upper, row_upper=row_upper)
        return certify_linear("reverse", program, found.x, found.row_dual, program.row_scale)

    @cached_property
    def closes_only(self) -> bool:
        """Whether all that causes do is shut columns that nobody who counts asks at."""
        lines = self.model.lowered.program.matrix.tocsr()
        shut = [self._shuts(unit) for unit in self.units(frozenset(range(len(self.listed.causes))))]
        return self._is_plain and all(
            one is not None and np.isin(lines[one[1]].indices, one[0]).all() and not np.isin(self._served, one[0]).any()
            for one in shut
        )

    def cheapest(
        self,
        weight: Array,
        least: float,
        most: int,
        one_of: Sequence[Events],
        barred: Sequence[Events],
        time_limit_s: float,
    ) -> Attack | None:
        """Find the lightest set of causes that costs so much, to the solver's tolerance.

        Parameters
        ----------
        weight : array over causes
            Infinite = it does not happen.
        least : float
            The loss that is asked for.
        most : int
            How many causes may be in force.
        one_of, barred : sequences of sets
            Each has a cause in force; none is in force as a whole.
        time_limit_s : float
        """
        low, there = self.model.lowered, np.flatnonzero(np.isfinite(weight))
        place = {int(i): at for at, i in enumerate(there)}
        none = np.empty(0, dtype=np.int64)

        def places(sets: Sequence[Events]) -> list[Ints]:
            return [np.array(sorted(place[i] for i in some if i in place), dtype=np.int64) for some in sets]

        shut = [[pair[0] for unit in sorted(self._units[i]) if (pair := self._shuts(unit))] for i in there.tolist()]
        found = cheapest_attack(
            replace(low.program, col_upper=self._open[0], row_upper=self._open[1]),
            low.served[self.counting.valued],
            [np.unique(np.concatenate([none, *columns])) for columns in shut],
            column_gains(low, self.counting.valued),
            weight[there],
            self.model.value - (least - CERTAIN) * self.demand_tpa,
            most=most,
            one_of=places(one_of),
            forbidden=places([some for some in barred if some <= place.keys()]),
            time_limit_s=time_limit_s,
        )
        return None if found is None else replace(found, chosen=there[found.chosen])

    def limiting(self) -> pd.DataFrame:
        """Return the inputs that limit the baseline."""
        return limiting_inputs(self.counting.network, cut_of(self.model))


class MonthLosses(Losses):
    """What sets of causes cost, t over the months, all beginning in the first and each lasting as long as it may."""

    def __init__(self, listed: Listed, counting: Counting, scenario: Scenario | None, ask: Ask, end: int) -> None:
        super().__init__(listed, counting, scenario)
        self.ask, self._end = ask, end
        if not len(counting.network.view("demand")):
            raise DataError('reverse: over="months" needs a demand table, or nobody can be short. Give demand.')
        self.proofs: list[Certificate] = []
        calm = course(scenario, ask).perfect
        self._calm = self._short(calm.wanted_t, calm.served_t)
        self.demand_t = self.demand_tpa * ask.months / 12.0
        self.proofs.append(calm.certificate)

    def lasting(self, end: int) -> MonthLosses:
        """Return the same with each cause lasting as short (0) or as long (1) as it may."""
        return MonthLosses(self.listed, self.counting, self.scenario, self.ask, end)

    def _short(self, wanted_t: Array, served_t: Array) -> float:
        return float((wanted_t - served_t)[:, self.counting.rows].sum())

    def _key(self, events: Events) -> object:
        return tuple(sorted(self._lasting(events).items()))

    def _lasting(self, events: Events) -> dict[int, float]:
        """Return how long each measure lasts: as long as any of the causes that put it in force."""
        lasting: dict[int, float] = {}
        for i in events:
            for unit in self.listed.causes[i].units:
                lasting[unit] = max(lasting.get(unit, 0.0), self.listed.causes[i].months[self._end])
        return lasting

    def _loss(self, events: Events) -> float:
        measures = self.measures[: self.n_base]
        for unit, months in sorted(self._lasting(events).items()):
            if self.places[unit] < self.n_base or months <= 0:
                continue
            one = {key: value for key, value in self.listed.measures[unit].items() if key not in _TIMES}
            ends = {"months": int(np.ceil(months))} if months < INF else {}
            measures.append({**one, "start_month": 0, **ends})
        if len(measures) == self.n_base:
            return 0.0
        plan = course(Scenario("events", measures), self.ask).perfect
        self.proofs.append(plan.certificate)
        return (self._short(plan.wanted_t, plan.served_t) - self._calm) / self.demand_t


def horizon(months: int | None, years: float, over: str) -> int:
    """Return how many months are followed: all of the years, where nothing else is said."""
    if over == "static" and months is not None:
        raise DataError('months: goes with over="months". Leave it out.')
    if months is not None:
        return checks.whole(months, "months", 1, 1200)
    return max(round(12.0 * years), 1)
