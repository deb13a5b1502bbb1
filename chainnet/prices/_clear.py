"""Who buys what at which price once every measure is in force: one convex program, and a few numbers around it.

A levy or a subsidy a tonne is a cost in the program. A floor, a rate, a contract and what a club charges are numbers
that hang on the prices they make: each is sought by a search on one number in which every step is an exact answer, one
after the other until none moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from chainnet._types import Array, Ints
from chainnet.engine import ConvexModel, ConvexSolution
from chainnet.errors import DataError, SolverError
from chainnet.prices._measures import Instrument
from chainnet.prices._program import Program

IN_USE = 1e-6  # of the natural size of a column: a flow
STILL = 1e-10  # relative to the price: what no longer moves
BEYOND_TIE = (1e-9, 1e-8, 1e-7, 1e-6)  # parts of a floor by which a levy is raised where imports tie with own supply
MOST_STEPS = 200
MOST_SWEEPS = 60
T = TypeVar("T")


@dataclass(eq=False)
class State:
    """How an instrument stands: what it puts on each column, USD/t (above 0 a levy), and whether it does its work."""

    duty: Array
    value: float = 0.0
    binds: bool = True
    held: bool | None = None


@dataclass(eq=False)
class Cleared:
    """A market in which every measure is in force: the answer, its prices by row, and how each instrument stands."""

    found: ConvexSolution
    dual: Array
    states: list[State] = field(default_factory=list)
    residual: float = 0.0  # of floors, rates and contracts, relative to the price; of a club to what it pays
    jumps: bool = False  # whether a floor or a club says which of several prices it is

    @property
    def duty(self) -> Array:
        """What all instruments put on each column together, USD/t."""
        return np.asarray(sum((state.duty for state in self.states), np.zeros(len(self.found.x))), dtype=float)


class Clearing:
    """A market and its instruments, solved again and again.

    Parameters
    ----------
    program : Program
    instruments : list of Instrument
    places : list of int
        Of each instrument that crosses a border its number among the restrictions of the lowered chain.
    """

    def __init__(
        self, program: Program, instruments: list[Instrument], places: dict[int, int], model: ConvexModel | None = None
    ) -> None:
        self.program, self.instruments, self.places = program, instruments, places
        self.model = model or program.model()
        low, n = program.low, len(program.program.cost)
        self._n_edges = len(low.flows.tail)
        self._source = self._rows(low.flows.tail)
        self._target = self._rows(low.flows.head)
        self._zero = np.zeros(n)
        self.bounds: tuple[Array, Array] | None = None  # of columns, where others than the program's hold
        self._bent = program.curves.column
        sought = sum(map(self._is_sought, instruments))
        self.is_still, self.is_alone = sought == 0, sought == 1  # whether no levy or contract moves with the prices
        self.landings: dict[float, float | None] = {}  # at which price imports land under each levy tried
        self.begun: dict[bytes, ConvexSolution] = {}  # markets that searches begin with, by what is levied there
        self._output = {one.column: one for one in program.outputs}

    def _rows(self, at: Ints) -> Ints:
        """Return the row of the good of each edge column at one of its ends."""
        low = self.program.low
        pairs = zip(at.tolist(), low.flows.commodity.tolist(), strict=True)
        return np.array([low.balance[pair] for pair in pairs], dtype=np.int64)

    def solve(self) -> Cleared:
        """Return the market with every instrument in force.

        Raises
        ------
        DataError
            If an instrument pays without an end.
        SolverError
            If the program has no optimum, or instruments chase each other without coming to rest.
        """
        states = [self._start(one) for one in self.instruments]
        cleared = Cleared(self._begin(states), np.empty(0), states)
        cleared.dual = cleared.found.row_dual
        moving = [one for one in self.instruments if self._is_sought(one)]
        for sweep in range(MOST_SWEEPS if moving else 0):
            before = [(s.value, s.duty.copy()) for s in states]
            for one in moving:
                self._seek(one, cleared)
            scale = max(1.0, float(np.max(np.abs(cleared.dual), initial=0.0)))
            moved = max(
                float(np.max(np.abs(now.duty - old), initial=0.0)) for now, (_, old) in zip(states, before, strict=True)
            )
            if moved <= STILL * scale or (len(moving) == 1 and sweep == 0):
                break
        else:
            if moving:
                raise SolverError("market: floors and contracts chase each other and do not come to rest.")
        cleared.residual = max([self._off(one, cleared) for one in moving], default=0.0)
        return cleared

    def _begin(self, states: list[State]) -> ConvexSolution:
        """Return the market from which numbers are sought, which does not hang on them."""
        if self.bounds is not None:
            return self._at(states)
        key = np.asarray(sum((state.duty for state in states), self._zero)).tobytes()
        if key not in self.begun:
            self.begun[key] = self._at(states)
        return self.begun[key]

    # -- one instrument ------------------------------------------------------------------------------

    def weights(self, one: Instrument) -> Array:
        """Return how many tonnes of its good each column of an instrument counts: 1, or the content of another good."""
        found = self._zero.copy()
        if one.act == "pooled":
            return self._use(one)
        if one.crossing is None:
            for output in self.program.outputs:
                if output.plant in one.plants and self.program.low.commodities[output.code] in one.goods:
                    found[output.column] = 1.0
            return found
        parts = {**dict.fromkeys(one.goods, 1.0), **one.content}
        for good, share in parts.items():
            if good in self.program.low.commodities:
                found[self.crossing(one, good)] = share
        return found

    def _use(self, one: Instrument) -> Array:
        """Return how many tonnes of a club's good its members use by one of each column: by recipes, or at the end."""
        low, members = self.program.low, set(one.members.tolist())
        code = low.commodities.index(one.goods[0])
        rows = [row for (node, good), row in low.balance.items() if good == code and node in members]
        found = -np.minimum(self.program.program.matrix[rows].toarray(), 0.0).sum(axis=0)
        found[: self._n_edges] = 0.0  # what is passed on is not used
        found[[trade.column for trade in self.program.trades]] = 0.0  # nor is what is bought
        return np.asarray(found, dtype=float)

    def _start(self, one: Instrument) -> State:
        """Return an instrument as it stands before any price is known."""
        measure, weights = one.measure, self.weights(one)
        if one.act.endswith("levy") and "usd_per_t" in measure:
            return State(weights * float(measure["usd_per_t"]), float(measure["usd_per_t"]))
        if one.act == "paid":
            if "usd_per_t" in measure:
                return State(-weights * float(measure["usd_per_t"]), float(measure["usd_per_t"]))
            share, paid = float(measure["capex_share"]), self._zero.copy()
            for output in self.program.outputs:
                if output.plant in one.plants:
                    paid[output.column] = -share * output.capital
            return State(paid, share)
        return State(self._zero.copy())

    def _is_sought(self, one: Instrument) -> bool:
        return one.act in ("floor", "pooled") or "rate" in one.measure

    def _seek(self, one: Instrument, cleared: Cleared) -> None:
        """Find what an instrument puts on its columns, all others staying as they are."""
        state = cleared.states[one.number]
        if one.act == "levy":
            self._rate(one, cleared)
        elif one.act == "pooled":
            self._club(one, cleared, state)
        elif one.is_border_floor:
            self._border(one, cleared, state)
        else:
            self._contracts(one, cleared, state)

    def _at(self, states: list[State]) -> ConvexSolution:
        """Solve with what all instruments put on the columns."""
        base = self.program.program
        duty = np.asarray(sum((state.duty for state in states), self._zero), dtype=float)
        try:
            within = {} if self.bounds is None else {"col_lower": self.bounds[0], "col_upper": self.bounds[1]}
            return self.model.solve(replace(base, cost=base.cost + duty, **within))
        except SolverError as error:
            if "unbounded" in str(error):
                raise DataError(
                    "market: money is made without an end along a circle, or by a plant without a limit. Give "
                    "capacities, or correct costs, subsidies and rebates."
                ) from error
            raise

    def _try(self, cleared: Cleared, state: State, duty: Array) -> ConvexSolution:
        """Put a duty in the place of an instrument's own, and return the market with it."""
        state.duty = duty
        found = self._at(cleared.states)
        cleared.found, cleared.dual, cleared.jumps = found, found.row_dual, False
        return found

    def _rate(self, one: Instrument, cleared: Cleared) -> None:
        """Find the tariff that is a part of the price at which goods set out: a fixed point, damped where it swings."""
        state, weights, rate = cleared.states[one.number], self.weights(one), float(one.measure["rate"])
        damp, last = 1.0, np.inf
        for _ in range(MOST_STEPS):
            wanted = self._zero.copy()
            wanted[: self._n_edges] = rate * np.maximum(cleared.dual[self._source], 0.0)
            wanted *= weights
            step = wanted - state.duty
            moved = float(np.max(np.abs(step), initial=0.0))
            if moved <= STILL * max(1.0, float(np.max(wanted, initial=0.0))):
                break
            damp = damp / 2 if moved > 0.99 * last else damp
            last = moved
            self._try(cleared, state, state.duty + damp * step)
        state.value = rate

    def _landed(self, found: ConvexSolution, columns: Ints) -> float | None:
        """Return the lowest price at which what flows over some edges lands; None where nothing flows."""
        flows = found.x[columns] > IN_USE * self.program.program.col_scale[columns]
        return float(found.row_dual[self._target[columns[flows]]].min()) if flows.any() else None

    def _border(self, one: Instrument, cleared: Cleared, state: State) -> None:
        """Find the least levy under which every import that flows lands at the floor or above.

        What lands only rises with the levy and imports only fall, so the levy lies between one with which something
        lands below the floor and one with which nothing does, or nothing comes.
        """
        weights, floor = self.weights(one), float(one.measure["usd_per_t"])
        own = self.own_columns(one)

        def at(levy: float) -> tuple[float | None, ConvexSolution]:
            wanted = levy * weights  # a floor that does not bite changes nothing at all
            is_there = np.array_equal(wanted, state.duty)
            found = cleared.found if is_there else self._try(cleared, state, wanted)
            price = self._landed(found, own)
            if self.is_alone:
                self.landings[levy] = price
            return (None if price is None else price - floor), found

        gap, _ = at(0.0)
        state.value = 0.0
        if gap is None or gap >= -STILL * floor:
            state.binds, state.held = False, gap is not None
            return
        state.binds = True
        low, high, top = 0.0, floor, None
        known = sorted(self.landings.items()) if self.is_alone else []  # what lands does not hang on the floor
        for levy, price in known:
            if price is not None and price < floor:
                low, gap = levy, price - floor
        above = [(levy, price) for levy, price in known if levy > low and (price is None or price >= floor)]
        high, price = above[0] if above else (floor, None)
        top = (price - floor if price is not None else None) if above else at(floor)[0]
        if top is None:  # the least at which nothing comes is what the best import would still earn without a levy
            _, found = at(high)
            base = self.program.program
            high = float(np.max((base.matrix.T @ found.row_dual - base.cost)[own], initial=0.0))
            levy, side = high, None
            top, _ = at(high - 1e-7 * floor)
            if top is None:  # several prices go with nothing coming
                levy, side = search(at, low, gap, high, None, floor * STILL)
            elif top >= 0:
                levy, side = search(at, low, gap, high - 1e-7 * floor, top, floor * STILL)
        else:
            levy, side = search(at, low, gap, high, top, floor * STILL)
        gap, _ = at(levy)
        # at a tie of imports and own supply the answer may hold imports below the floor: just above it none come
        for hair in BEYOND_TIE:
            if gap is None or gap >= -STILL * floor or (side is not None and gap > 0):
                break
            gap, _ = at(levy + hair * floor)
        state.value, state.held = levy, gap is not None
        if gap is not None and abs(gap) > 1e-9 * floor:
            self._at_jump(cleared, gap, side)

    def crossing(self, one: Instrument, good: str) -> Ints:
        """Return the edge columns that carry a good over the border of an instrument."""
        return np.flatnonzero(one.columns(self.program.low, self.places.get(one.number), good))

    def own_columns(self, one: Instrument) -> Ints:
        """Return the edge columns that carry the goods of an instrument over its border."""
        return np.sort(np.concatenate([self.crossing(one, good) for good in one.goods]))

    def landed(self, found: ConvexSolution, one: Instrument) -> float | None:
        """Return the lowest price at which a good of an instrument lands; None where nothing comes."""
        return self._landed(found, self.own_columns(one))

    def _at_jump(self, cleared: Cleared, gap: float | None, side: tuple[float, ConvexSolution] | None) -> None:
        """Where prices jump, take of those that go with a number the ones at which the gap is 0."""
        if gap is not None and side is not None and gap > 0 > side[0]:
            share = gap / (gap - side[0])
            cleared.dual = (1.0 - share) * cleared.found.row_dual + share * side[1].row_dual
            cleared.jumps = True

    def _paid(self, one: Instrument, x: Array, dual: Array) -> float:
        """Return what a measure pays for what it buys, USD/a."""
        own = [trade for trade in self.program.trades if trade.number == one.number]
        used = [trade for trade in own if x[trade.column] > IN_USE * self.program.program.col_scale[trade.column]]
        return float(sum(trade.price(dual) * x[trade.column] for trade in used))

    def _club(self, one: Instrument, cleared: Cleared, state: State) -> None:
        """Find the least surcharge on the members' use that pays for what their club buys.

        What a surcharge brings rises ever less with it, so the line through two that bring too little, and what would
        do if use stayed, both lie short of it; where the line or a jump goes beyond, it lies between.
        """
        weights = self.weights(one)

        def at(number: float) -> tuple[float, ConvexSolution]:
            is_there = number == state.value and not cleared.jumps and (state.duty == number * weights).all()
            found = cleared.found if is_there else self._try(cleared, state, number * weights)
            state.value = number
            return number * float(weights @ found.x) - self._paid(one, found.x, found.row_dual), found

        start = self._paid(one, cleared.found.x, cleared.dual)
        if abs(state.value * float(weights @ cleared.found.x) - start) <= STILL * start:
            state.binds = cleared.jumps = start > 0
            return
        gap, found = at(0.0)
        low, number, now, still = 0.0, 0.0, gap, STILL * -gap
        for _ in range(MOST_STEPS):
            if now >= -still:
                break
            use = float(weights @ found.x)
            if use <= IN_USE * float(np.max(self.program.program.col_scale * (weights > 0), initial=0.0)):
                raise DataError(
                    f"{one.argument}: no surcharge on what its members use pays for it. Ask for fewer tonnes, or offer "
                    "less for them."
                )
            line = low - gap * (number - low) / (now - gap) if now > gap else 0.0
            low, gap, number = number, now, max(line, number - now / use)
            now, found = at(number)
        if now > still:
            at(search(at, low, gap, number, now, still)[0])
        state.binds = cleared.jumps = state.value > 0

    def _contracts(self, one: Instrument, cleared: Cleared, state: State) -> None:
        """Find what each plant is paid on top, so that it gets the floor, or gives back of what is above it."""
        floor, back = float(one.measure["usd_per_t"]), float(one.measure.get("upside_share", 0.0))
        state.value, state.held = 0.0, True
        columns = np.flatnonzero(self.weights(one))
        self._check_bounded(one, columns)
        rows = np.array([self._gate(column) for column in columns.tolist()])

        def lacking(price: Array) -> Array:
            return np.asarray(np.where(price < floor, floor - price, -back * (price - floor)), dtype=float)

        # a plant whose cost is flat runs whole or not at all: whole, where the floor pays for what it takes
        flat = ~np.isin(columns, self._bent)
        gains = floor - cleared.dual[rows] - cleared.found.col_dual[columns] + state.duty[columns]
        if (whole := flat & (gains > 0)).any():
            duty = state.duty.copy()
            duty[columns[whole]] = -floor
            self._try(cleared, state, duty)
        moved, before = np.inf, np.inf
        for _ in range(MOST_SWEEPS // 2):  # all at once, which comes to rest where they are a part of the market
            wanted = lacking(cleared.dual[rows])
            moved = float(np.max(np.abs(wanted + state.duty[columns]), initial=0.0))
            if moved <= STILL * floor / 10 or moved > 0.8 * before:
                break
            before, duty = moved, state.duty.copy()
            duty[columns] = -wanted
            self._try(cleared, state, duty)
        for _ in range(MOST_SWEEPS if moved > STILL * floor / 10 else 0):
            largest = 0.0
            for column, row in zip(columns.tolist(), rows.tolist(), strict=True):
                before = -state.duty[column]

                def at(paid: float, column: int = column, row: int = row) -> tuple[float, ConvexSolution]:
                    duty = state.duty.copy()
                    duty[column] = -paid
                    found = self._try(cleared, state, duty)
                    return paid - float(lacking(found.row_dual[row])), found

                gap = before - float(lacking(cleared.dual[row]))
                if abs(gap) <= STILL * floor / 10:
                    continue
                low, high = (before, floor) if gap < 0 else (min(0.0, before), before)
                start = gap
                if gap > 0:
                    start, _ = at(low)
                    while start > 0:
                        low -= max(floor, abs(low))
                        start, _ = at(low)
                if start == 0:
                    continue
                paid, side = search(at, low, start, high, at(high)[0], STILL * floor)
                gap, _ = at(paid)
                if abs(gap) > 1e-9 * floor:
                    self._at_jump(cleared, gap, side)
                largest = max(largest, abs(paid - before))
            if largest <= STILL * floor or len(columns) == 1:
                break
        made = cleared.found.x[columns]
        state.binds = bool((np.abs(state.duty[columns]) > STILL * floor).any())
        state.value = float(np.average(-state.duty[columns], weights=made if made.sum() > 0 else None))

    def _gate(self, column: int) -> int:
        """Return the row of the price at which a plant sells what a column puts out."""
        output = self._output[column]
        return self.program.prices[output.plant, output.code]

    def _check_bounded(self, one: Instrument, columns: Ints) -> None:
        """Refuse a contract with a plant whose output nothing bounds while its cost does not rise."""
        free = columns[~np.isfinite(self.program.program.col_upper[columns])]
        endless = free[~np.isin(free, self._bent)].tolist()
        if endless:
            names = ", ".join(str(self.program.low.tables.ids[self._output[column].plant]) for column in endless)
            raise DataError(
                f"{one.argument}: {names} has no capacity and a flat cost, so a contract pays it without an end. Give "
                "capacity_tpa, or a cost that rises."
            )

    def _off(self, one: Instrument, cleared: Cleared) -> float:
        """Return how far a floor, rate or contract is from what it says, over the price; 0 where it is broken."""
        state: State = cleared.states[one.number]
        dual: Any = cleared.dual
        if one.act == "levy":
            wanted = float(one.measure["rate"]) * np.maximum(dual[self._source], 0.0)
            off = np.abs((wanted - state.duty[: self._n_edges]) * self.weights(one)[: self._n_edges])
            return float(np.max(off, initial=0.0) / max(float(np.max(wanted, initial=0.0)), 1.0))
        if one.act == "pooled":
            paid, x = self._paid(one, cleared.found.x, dual), cleared.found.x
            return abs(float(state.duty @ x) - paid) / max(paid, 1e-300) if state.binds else 0.0
        floor = float(one.measure["usd_per_t"])
        if one.is_border_floor:
            own = self.own_columns(one)
            own = own[cleared.found.x[own] > IN_USE * self.program.program.col_scale[own]]
            low = float(dual[self._target[own]].min()) if len(own) else floor
            return max(floor - low, 0.0) / floor if floor > 0 and state.binds else 0.0
        columns = np.flatnonzero(self.weights(one))
        off = 0.0
        for column in columns.tolist():
            price = float(dual[self._gate(column)])
            back = float(one.measure.get("upside_share", 0.0))
            lacks = floor - price if price < floor else -back * (price - floor)
            off = max(off, float(abs(lacks + state.duty[column])) / max(floor, 1e-300))
        return off


def search(
    at: Callable[[float], tuple[float | None, T]],
    low: float,
    gap: float,
    high: float,
    last: float | None,
    still: float,
) -> tuple[float, tuple[float, T] | None]:
    """Return the least number at which a gap that rises is no longer below 0, or is none; and what was below.

    ``gap`` and ``last`` are those at both ends.

    The false position, the side that stays being halved (Illinois); where nothing flows any more, the middle.
    """
    first, below, was = gap, None, 0
    for step in range(MOST_STEPS):
        if high - low <= STILL / 10 * high:
            break
        if last is None or step % 20 == 19:
            middle = (low + high) / 2
        else:
            middle = min(max(low - first * (high - low) / (last - first), low), high)
        now, found = at(middle)
        is_below = now is not None and now < 0
        if is_below:
            assert now is not None, "nothing flows"
            low, first, below = middle, now, (now, found)
            last = last / 2 if last is not None and was < 0 else last
        else:
            high, last = middle, now
            first = first / 2 if was > 0 else first
        was = -1 if is_below else 1
        if now is not None and abs(now) <= still / 10:
            return middle, below
    return high, below
