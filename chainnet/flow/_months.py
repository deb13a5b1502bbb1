"""Who is served when: one linear program over all periods, tier by tier, early, then at least cost.

Where neither goods under way nor stocks join the periods, each stands alone, and periods under the same measures are
one: a program of one period is solved for each of these, which is the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chainnet._types import Array, Bools
from chainnet.engine import (
    BASIC,
    CERTAIN,
    LEAST_SIZE,
    LOCK,
    PRICED,
    SOLVER,
    Certificate,
    CompactModel,
    LinearSolution,
    Statuses,
    floor_of,
    require,
)
from chainnet.errors import DataError, InfeasibleError, SolverError
from chainnet.flow._balance import EXTRA_COST_USD_PER_T, relation_flows, shared_tiers, stages_of
from chainnet.flow._counting import Counting
from chainnet.flow._endured import Endured
from chainnet.flow._law import released
from chainnet.flow._law_months import AT_ONCE, at_once, kept_at_home, with_stage_rows
from chainnet.flow._order import VALUED
from chainnet.flow._plan import Bases, How, Piece, Plan, Told, check_size
from chainnet.flow._shipped import Shipped, ends_of
from chainnet.flow._stages import settled
from chainnet.lowering import Degree, Overlay, Periods, Start, check_stocks, expand_periods, lower

NEW_LAG_MONTHS = 2.0
# ratio of sizes of commodities; of the chains known, zinc with germanium and bauxite with gallium are beyond it
HOST = 1e5
COST = "least cost"  # the last stage
# part of the size of a sum that the solver leaves open
DUST = 3 * SOLVER
# a stage that took more than one step for so many rows is far from the plan of the baseline; so are the next
FAR_STEPS = 16


class MonthsModel:
    """A network over periods, solved again and again under other overlays of the same restrictions.

    Parameters
    ----------
    counting : Counting
        Whose demand comes first, in which network, as in ``balance``.
    template : Overlay
        Its restrictions give the classes; their bounds do not matter.
    degree : {"none", "existing", "new"}
    n_periods, step_months
        Number and length of the periods, or the length of each.
    stocks : bool
        Whether stocks may be drawn.
    near : Bases, optional
        Of the plan of the baseline: its stages are where those of other events begin.
    any_size : bool
        Whether a program is made that takes very long.
    is_whole : bool
        Whether periods are one program even where each stands alone.

    Raises
    ------
    DataError
        If there is no demand table, a stock lies where nothing can take it, or the program would take very long.
    """

    def __init__(
        self,
        counting: Counting,
        template: Overlay,
        degree: Degree = "existing",
        n_periods: int = 48,
        step_months: float | Sequence[float] = 1.0,
        *,
        stocks: bool = True,
        near: Bases | None = None,
        any_size: bool = True,
        is_whole: bool = False,
    ) -> None:
        network = counting.network
        if network.demand.empty:
            raise DataError("months: the network has no demand table, so nobody can be short. Give demand.")
        self.network, self.stages = network, stages_of(counting)
        # the stages of those whose shortfall counts, and until when some do
        mine = [name for name, members in self.stages if (members & counting.rows).any()]
        self._firsts = {*network.tier_order, "demand", *mine}
        self._counting, self._overlays = counting, dict[int, tuple[Overlay, Overlay]]()
        template = template.also(counting.contracts)
        # of these what falls to the beneficiaries is a range, whose middle is told
        self._shared = {} if counting.order in VALUED else shared_tiers(counting, self.stages)
        open_ = tuple(replace(r, bound_tpa=np.inf) for r in template.restrictions)
        low = lower(
            network,
            replace(template, restrictions=open_),
            degree,
            stocks=stocks,
            extra_cost_usd_per_t=EXTRA_COST_USD_PER_T,
            pipeline=True,
        )
        if stocks:
            check_stocks(low)
        if not any_size:
            check_size(low, np.broadcast_to(np.asarray(step_months, dtype=float), n_periods))
        self.periods: Periods = expand_periods(low, n_periods, step_months, new_lag_months=NEW_LAG_MONTHS)
        # who has no tier comes sooner from the stage before
        late = {name for name, members in self.stages if not (members & ~counting.tiers[""]).any()}
        # without goods under way and stocks there are no columns and rows but those of each period
        program, whole = self.periods.program, (self.periods.width * n_periods, self.periods.height * n_periods)
        self.is_apart = not is_whole and (len(program.cost), len(program.row_lower)) == whole
        # of periods that stand alone one is solved for all lengths: twice as long is twice as much of everything
        self._solved = self.periods
        if self.is_apart:
            self._solved = expand_periods(low, 1, self.periods.lengths[0], new_lag_months=NEW_LAG_MONTHS)
        self._pieces: dict[Any, Piece] = {}
        self._steps = Told(None, 1, 0)
        self._bound, self._stage_sizes = any(r.part is not None for r in template.restrictions), np.empty(0)
        program = self._solved.program
        if self._bound:  # a row for what each stage is served, to be kept when contracts are released
            program, self._stage_sizes = with_stage_rows(self._solved, [members for _, members in self.stages])
        known = self._fitting(near)
        self._first_near = {name: ends for name, ends in known.items() if name not in late}
        basic = [columns == BASIC for columns, _ in self._first_near.values()]  # these stay in the model, even if shut
        self._model = CompactModel(program, np.any(basic, axis=0) if basic else None)
        # the first periods alone, for what is impossible even if nobody came before: a small part of the program
        self._first_part = CompactModel(program)
        # beside a host so much larger the dual method wanders among equal answers, ten times as long as others take
        self._has_host = float(low.sizes.max()) > HOST * float(low.sizes.min())
        # of the plan at hand: proofs, whether stocks must keep some
        self._proofs: list[Certificate] = []
        self._watched: tuple[Bools, Bools] | None = None
        self._is_priced = False
        self._keeps, self._notes, self._is_close, self._is_far = False, False, True, False
        # whether all that is asked is served already, and held; whether stages begin at an answer to all at once
        self._is_served = self._is_begun = False
        self._ends: dict[str, Statuses] = {}
        self._near, self._most_steps = self._first_near, 0

    @property
    def n_demand(self) -> int:
        """Number of demand rows."""
        return len(self.periods.low.flows.demand)

    def plan(
        self,
        overlays: Sequence[Overlay],
        start: Start,
        *,
        totals_only: bool = False,
        ours_only: bool = False,
        last_tier: str | None = None,
        endurance: Sequence[tuple[str, Any]] = (),
        least_cost: bool = True,
        worth: Array | None = None,
        keeps_end: bool = True,
        notes_bases: bool = False,
        near: Bases | None = None,
        shipped: Sequence[Shipped] = (),
        tell: Callable[[str, float], None] | None = None,
    ) -> Plan:
        """Serve tier after tier over all periods, early rather than late, then at least cost.

        Parameters
        ----------
        overlays : sequence of Overlay
            One per period; fewer than the model has periods leaves the last ones empty.
        start : Start
        totals_only : bool
            Only how much the tiers that count are served; when, and who else, is then one of many answers.
        ours_only : bool
            When and how much the tiers that count are served; whatever comes after them is left out.
        last_tier : str, optional
            With one of the two: of the tiers that count, those after this one are left out too.
        endurance : sequence of (stage name, demand rows)
            For whom to find how long they can be served whole once the stages before theirs are.
        least_cost : bool
            Whether to look for the least cost at the end.
        worth : array over demand rows, USD/t, optional
            Serve for the most worth less cost instead of tier by tier; endurance is then of whom it comes first.
        keeps_end : bool
            Whether stocks have to keep their ``end_t``.
        notes_bases : bool
            Whether plans of other events may start from where the stages of this one end.
        near : Bases, optional
            Where the stages of this plan begin, rather than where those of the model do.
        shipped : sequence of Shipped
            Sums of flows of which the ends over all plans that serve alike are found; the model has to be whole.
        tell : callable, optional
            Called with what is done and the part of the plan.

        Raises
        ------
        InfeasibleError
            If lower bounds (what a stock has to keep) collide.
        SolverError
            If an answer fails its own check, or the solver has none.
        """
        how = How(totals_only, least_cost, worth, ours_only, tuple(shipped), last_tier)
        steps = len(overlays)
        self._notes = notes_bases
        if self.is_apart:
            piece = self._apart(overlays, start, how, endurance, tell)
        else:
            self._steps = Told(tell, self._programs(how, endurance), self._n_columns)
            piece = self._solve(overlays, start, how, endurance, keeps_end, near)
        p = self.periods
        block = p.block(piece.x)
        return Plan(
            piece.x,
            start,
            piece.served_t[:steps],
            piece.wanted_t[:steps],
            p.levels(piece.x, overlays, start)[:steps],
            np.maximum(block[:steps, : p.low.n_edges], 0.0),
            p.throughput(piece.x)[:steps],
            relation_flows(p.low, block[:steps]),
            piece.cost_usd,
            piece.endurance,
            piece.proof,
            Bases(self._solved, piece.ends) if piece.ends else None,
            piece.shipped_t,
        )

    @property
    def _n_columns(self) -> int:
        return len(self._solved.program.cost)

    def _programs(self, how: How, endurance: Sequence[tuple[str, Any]]) -> int:
        """Return how many programs a plan takes at most, where each of endurance takes one."""
        return 2 * len(self.stages) + len(endurance) + how.least_cost

    def _apart(
        self,
        overlays: Sequence[Overlay],
        start: Start,
        how: How,
        endurance: Sequence[tuple[str, Any]],
        tell: Callable[[str, float], None] | None,
    ) -> Piece:
        """Put the plan together from periods that stand alone, each kind of them solved once."""
        keys = [(overlay, how.key) for overlay in overlays]
        kinds = len(set(keys) - self._pieces.keys())
        self._steps = Told(tell, kinds * self._programs(how, endurance), self._n_columns)
        whole, lasting, pieces = dict(endurance), dict[str, float](), []
        for t, (key, overlay) in enumerate(zip(keys, overlays, strict=True)):
            piece = self._pieces.get(key)
            if piece is None or not self._members(whole).keys() <= piece.endurance.keys():
                piece = self._pieces[key] = self._solve([overlay], start, how, list(whole.items()), True, None)
            pieces.append(piece)
            for label in [label for label in whole if label in piece.endurance]:
                lasting[label] = float("inf")
                if piece.endurance[label] == 0:
                    lasting[label] = float(t)
                    del whole[label]
        p = self.periods
        times = p.lengths[: len(pieces)] / p.lengths[0]
        return Piece.joined(pieces, times, lasting, p.n_periods - len(overlays), p.width, self.n_demand)

    def _members(self, endurance: dict[str, Any]) -> dict[str, Any]:
        """Return for whom endurance is found: those whom any stage serves."""
        some = np.any([members for _, members in self.stages], axis=0) if self.stages else np.zeros(self.n_demand, bool)
        return {label: rows for label, rows in endurance.items() if (rows & some).any()}

    def _solve(
        self,
        overlays: Sequence[Overlay],
        start: Start,
        how: How,
        endurance: Sequence[tuple[str, Any]],
        keeps_end: bool,
        near: Bases | None,
        is_quick: bool = True,
    ) -> Piece:
        p, asked, overlays = self._solved, overlays, self._under(overlays)
        bounds = partial(self._bounds, start=start, keeps_end=keeps_end)
        upper, *_ = put = bounds(overlays)
        self._proofs = []
        self._ends, self._is_close, self._is_served = {}, True, False
        # whether it is many steps from a stage to the next, or to whole service of some; with tracked flows it is
        self._is_far = p.n_periods > 1 and len(p.low.strands.edge) > 0
        self._near, self._most_steps = self._first_near, len(p.program.row_lower) // FAR_STEPS
        if near is not None:  # a plan that was followed up to now is near however many steps it takes
            self._near, self._most_steps = self._fitting(near), len(p.program.row_lower) * FAR_STEPS
        self._keeps = keeps_end and bool((self.network.stocks["end_t"] > 0).any())
        self._put, self._watched, self._is_priced = put, None, False
        freed = bounds([released(overlay) for overlay in overlays]) if self._bound and how.worth is None else None
        if freed is not None:
            self._model.set_bounds(*freed)  # what contracts shut stays in the model, so that it has a price
        self._model.set_bounds(*put)
        wanted = upper[p.served(np.ones(self.n_demand, dtype=bool))].reshape(p.n_periods, -1)
        lasting: dict[str, float] = {}
        found = None
        gain = np.zeros(len(upper))
        if how.worth is not None:
            gain[p.served(np.ones(self.n_demand, dtype=bool))] = np.tile(how.worth, p.n_periods)
            self._model.set_cost(p.costs(overlays) - gain)
            found = self._optimal(None, "worth")
        best, home = found, None
        if how.worth is None and self._counting.law is not None and any(overlay.home for overlay in overlays):
            home = kept_at_home(self._counting, p, overlays, self._model, bounds, self._optimal)
            self._model.set_bounds(*put)
            self._model.keep_at_least(*home)
        if freed is not None:
            is_quick &= not (how.least_cost or how.shipped or endurance)
            found = self._release(freed, wanted, how, is_quick)
            if home is not None:
                self._model.keep_at_least(*home)
        if how.worth is None and not self._is_served:
            found = self._all_at_once(self._n_asked(how), how.totals_only) or found
        for number, (name, members) in enumerate(self.stages[: self._n_asked(how)]):
            before = self._model.held
            if how.worth is None:
                found = self._stage(name, members, wanted, found, how.totals_only)
            self._steps.done(f"who is served: {name}", 2)
            assert found is not None
            after = self._model.held
            self._model.set_held(before)  # who endures how long is asked with the stages before kept, not its own
            if freed is not None:
                self._model.free_below(len(self._solved.program.row_lower) + np.arange(number, len(self._stage_sizes)))
            seen = [found.x]
            for label, rows in [(label, rows) for label, rows in endurance if (rows & members).any()]:
                lasting[label] = self._lasting(rows & members, wanted, found, len(overlays), seen)
                self._steps.done(f"who endures how long: {name}")
            self._model.set_held(after)
        ranges = None
        if how.shipped:
            assert found is not None, "there is demand"
            solve = partial(self._optimal, problem="flows", is_near=True)
            ranges = ends_of(how.shipped, p, self._model, solve, found)
        if how.worth is not None:
            assert best is not None
            found = best
        else:
            priced = p.costs(overlays) if how.least_cost or found is None else None
            found = self._in_the_middle(found, wanted, priced, self._n_asked(how))
            if self._is_priced:
                return self._solve(asked, start, how, endurance, keeps_end, near, is_quick=False)
            self._steps.done(COST)
        served = self._settled(np.clip(p.block(found.x)[:, p.low.served], 0.0, wanted), wanted)
        cost = float(found.value + (gain * found.x).sum()) if how.least_cost else float("nan")
        proof = Certificate.worst(self._proofs, "months")
        return Piece(found.x, served, wanted, cost, lasting, proof, self._ends, ranges)

    def let_go(self, overlays: Sequence[Overlay]) -> list[Overlay]:
        """Return the overlays with the restrictions of this model, and no contract in force."""
        return [released(overlay) for overlay in self._under(overlays)]

    def _under(self, overlays: Sequence[Overlay]) -> Sequence[Overlay]:
        """Return the overlays with the contracts in force, each the same one whenever it is asked."""
        if not self._bound:
            return overlays
        for overlay in overlays:
            if self._overlays.get(id(overlay), (None,))[0] is not overlay:
                self._overlays[id(overlay)] = overlay, overlay.also(self._counting.contracts)
        return [self._overlays[id(overlay)][1] for overlay in overlays]

    def _bounds(self, overlays: Sequence[Overlay], start: Start, keeps_end: bool) -> tuple[Array, Array, Array]:
        """Return the bounds of the program; what stages are served is free."""
        upper, *rows = self._solved.bounds(overlays, start, keeps_end=keeps_end)
        free = np.full(len(self._stage_sizes), np.inf)
        return upper, np.append(rows[0], -free), np.append(rows[1], free)

    def _fitting(self, near: Bases | None) -> dict[str, Statuses]:
        """Return where stages of another plan ended, the rows of stages free; none without one."""
        known = {} if near is None else near.for_program(self._solved)
        n, k = len(self._solved.program.row_lower), len(self._stage_sizes)
        free = np.full(k, BASIC, dtype=np.int8)
        return {name: (columns, np.append(rows[:n], free)) for name, (columns, rows) in known.items()}

    def _release(
        self, freed: tuple[Array, Array, Array], wanted: Array, how: How, is_quick: bool
    ) -> LinearSolution | None:
        """Serve the stages while contracts hold; then let these go, and keep the tonnes of each stage by floors.

        Also of stages that nobody asks about, unless all before them are served whole: a contract may bind output to
        their users, which must not go to others when it is let go. Where no bound that a contract makes has a price,
        letting it go changes nothing, and it stays: ``is_quick`` looks for that, here and in all that is solved after.
        """
        asked, n_asked, (upper, low, high) = list[Any](), self._n_asked(how), freed
        if is_quick:
            self._watched = upper > self._put[0], high > self._put[2]
        found = self._all_at_once(n_asked if is_quick else len(self.stages), how.totals_only)
        for name, members in self.stages:
            is_free = is_quick and not self._is_priced
            if len(asked) == n_asked and (is_free or self._all_whole(found, wanted, n_asked)):
                break
            found = self._stage(name, members, wanted, found, True)
            asked.append(self._solved.served(members))
        assert found is not None, "there is demand"
        if is_quick and not self._is_priced:
            self._is_served = True
            return found
        self._put = upper, low.copy(), high  # without the floors of whole stages
        self._watched, self._is_priced = None, False
        for row, (columns, size) in enumerate(zip(asked, self._stage_sizes.tolist(), strict=False)):
            low[len(self._solved.program.row_lower) + row] = floor_of(float(found.x[columns].sum()), size)
        self._model.set_bounds(upper, low, high)
        self._is_close = False
        return found

    def _n_asked(self, how: How) -> int:
        """Return how many stages are asked: all, or up to the last of those whose shortfall counts."""
        if not (how.totals_only or how.ours_only):
            return len(self.stages)
        asked = [n for n, (name, _) in enumerate(self.stages) if name in self._firsts]
        if how.last_tier is not None:
            mine = self._counting.rows & self._counting.tiers[how.last_tier]
            asked = [n for n in asked if (self.stages[n][1] & mine).any()]
        return 1 + max(asked, default=-1)

    def _in_the_middle(
        self, found: LinearSolution | None, wanted: Array, cost: Array | None, n_asked: int
    ) -> LinearSolution:
        """Return the least cost; where stages are shared the mean of the plans in which ours come last and first."""
        p, ends = self._solved, list[LinearSolution]()

        def finish(at: LinearSolution | None) -> LinearSolution:
            if cost is not None:
                self._model.set_cost(cost)
                at = self._optimal(at, COST, is_near=self._has_host)
            assert at is not None, "no stage and no cost"
            return at

        tied = []
        for number, mine in (one for one in self._shared.values() if one[0] < n_asked):
            rows = self.stages[number][1]
            if found is not None and not self._is_whole(found, p.served(rows), wanted[:, np.flatnonzero(rows)]):
                tied.append((p.served(mine), int(mine.sum())))
        if not tied:
            return finish(found)
        held, left = self._model.held, p.lengths[::-1].cumsum()[::-1]
        for sign in (1.0, -1.0):
            self._model.set_held(held)
            at = found
            for columns, n in tied:
                goal = np.zeros(len(p.program.cost))
                goal[columns] = sign * np.repeat(left / left[0], n)
                self._model.set_cost(goal)
                at = self._optimal(at, "what falls to the beneficiaries", is_near=True)
                self._model.hold(at)
            ends.append(finish(at))
        last, first = ends
        return replace(first, x=(last.x + first.x) / 2, value=(last.value + first.value) / 2)

    def _settled(self, served: Array, wanted: Array) -> Array:
        """Clear of rounding: what the proof of a stage leaves open is nobody's loss."""
        p = self._solved
        dust = CERTAIN * np.minimum(p.low.program.col_scale[p.low.served] * p.years[:, None], wanted / 1000.0)
        for _, members in self.stages:
            # a sum is settled to the size of all that it sums
            open_ = DUST * float(p.program.col_scale[p.served(members)].sum())
            dust[:, members] = np.maximum(dust[:, members], np.minimum(open_, 1e-3 * wanted[:, members]))
        return settled(served, wanted, dust)

    def _all_at_once(self, n_asked: int, totals_only: bool) -> LinearSolution | None:
        """Return where the stages begin if it is many steps from one to the next; None where it is not.

        All are served in one program, each worth a part of the one before, sooner a little more than later. Mostly
        that is the answer of every stage, which then needs its own proof but no step.
        """
        self._is_begun = self._is_far and not (self._is_close and self.stages[0][0] in self._near)
        if not self._is_begun:
            return None
        p = self._solved
        left = p.lengths[::-1].cumsum()[::-1] / p.lengths.sum()
        sooner = set() if totals_only else self._firsts
        goals = [
            (p.served(members), np.repeat(left * (name in sooner), int(members.sum())))
            for name, members in self.stages[:n_asked]
        ]
        self._model.set_cost(at_once(self._n_columns, goals))
        return self._optimal(None, AT_ONCE, afresh=True, is_far=len(goals) > 1)

    def _stage(
        self, name: str, members: Any, wanted: Array, found: LinearSolution | None, totals_only: bool
    ) -> LinearSolution:
        """Serve a stage as far as can be, hold that, then as early as can be, and hold that."""
        columns = self._solved.served(members)
        ask = wanted[:, np.flatnonzero(members)]
        if found is not None and self._is_whole(found, columns, ask):
            self._model.hold_at(columns, ask.ravel())  # nothing better is possible
            return found
        cost = np.zeros(self._n_columns)
        if found is None or not self._is_served:
            cost[columns] = -1.0
            self._model.set_cost(cost)
            is_far = self._is_far and not self._is_begun and name in self._firsts
            found = self._optimal(found, name, is_near=self._has_host or self._is_begun, afresh=is_far)
            self._model.hold(found)
        p = self._solved  # of one period nothing is early or late
        if p.n_periods == 1 or totals_only or name not in self._firsts or self._is_whole(found, columns, ask):
            return found
        left = p.lengths[::-1].cumsum()[::-1]  # months from the beginning of each period to the end
        cost[columns] = -np.repeat(left / left[0], int(members.sum()))
        self._model.set_cost(cost)
        found = self._optimal(found, f"{name}, early", is_near=True)
        self._model.hold(found)
        return found

    def _is_whole(self, found: LinearSolution, columns: Any, ask: Array) -> bool:
        return bool((ask.ravel() - found.x[columns] <= LOCK * np.maximum(ask.ravel(), LEAST_SIZE)).all())

    def _all_whole(self, found: LinearSolution | None, wanted: Array, n: int) -> bool:
        """Say whether an answer serves the first stages whole."""
        each = ((self._solved.served(rows), wanted[:, np.flatnonzero(rows)]) for _, rows in self.stages[:n])
        return found is None or all(self._is_whole(found, columns, ask) for columns, ask in each)

    def _lasting(self, rows: Any, wanted: Array, found: LinearSolution, steps: int, seen: list[Array]) -> float:
        """Return for how many periods from the start these rows can be served whole, the stages before kept.

        The best of the plans ``seen`` so far gives a first answer, the plan that serves them early a second. Whether
        more is possible is asked of the first periods alone, then of a program that counts one period more, then two,
        four, until it is not; what lies between is halved.
        """
        asked, basis, n_proofs = Endured(self._solved, rows, wanted, steps), found, len(self._proofs)
        reach, most, stride = max(map(asked.first_short, seen)), steps, 0
        while reach < most and not self._is_beyond(asked, reach + 1):
            tried = min(reach + stride, most) if stride else most
            self._model.set_cost(asked.cost(tried, self._n_columns, is_early=not stride))
            is_first = basis is found
            basis = self._optimal(basis, "how long", is_near=True, afresh=is_first and self._is_far)
            self._is_far |= is_first and not self._model.is_at_once
            seen.append(basis.x)
            got = asked.first_short(basis.x)
            if not stride:  # early rather than late is a good plan, but says nothing of others
                stride = 1
            elif got >= tried:
                stride *= 2
            else:
                most, stride = tried - 1, max((tried - 1 - got) // 2, 1)
            reach = max(reach, got)
        del self._proofs[n_proofs:]  # they are not of the plan itself
        return float("inf") if reach >= steps else float(reach)

    def _is_beyond(self, asked: Endured, tried: int) -> bool:
        """Say whether some rows cannot be served whole for so many periods, whatever else is left aside.

        It is asked of these periods alone: no stage comes before, and what is there at their end may be thrown away.
        Whatever serves the rows in the whole program does so there. False where that is not known.
        """
        p = self._solved
        if self._keeps or p.n_periods == 1:  # what has to be kept to the end may be brought later
            return False
        upper, row_lower, row_upper = (bounds.copy() for bounds in self._put)
        upper[tried * p.width : p.n_periods * p.width] = 0.0
        later = slice(tried * p.height, p.n_periods * p.height)
        row_upper[later] = np.where(p.is_balance, np.inf, row_upper[later].reshape(-1, p.height)).ravel()
        self._first_part.set_bounds(upper, row_lower, row_upper)
        self._first_part.set_cost(asked.cost(tried, len(upper)))
        best = self._first_part.solve(None, or_wide=True, afresh=True)
        if best.status != "optimal":
            return False
        require(self._first_part.certify("months, how long at most"))
        return asked.first_short(best.x) < tried

    def _optimal(
        self, before: LinearSolution | None, problem: str, *, is_near: bool = False, **begins: bool
    ) -> LinearSolution:
        """Solve and prove; ``begins``: how, where no plan alike says where, as ``WarmModel.solve`` takes it.

        Raises
        ------
        InfeasibleError
            If what stocks have to keep cannot be kept: the first solve alone can show that. Else as ``plan``.
        """
        earlier, is_first, starts_near = before, before is None, self._is_close and problem in self._near
        if starts_near:
            before, is_near = self._model.at(self._near[problem]), False
        found = self._model.solve(before, or_wide=True, is_near=is_near, **({} if starts_near else begins))
        if found.status == "infeasible" and earlier is not None and self._model.admit(earlier):
            found = self._model.solve(earlier)
        if found.status == "infeasible" and is_first and self._keeps:
            raise InfeasibleError(
                "months: what stocks have to keep (stocks.end_t) cannot be kept with what they hold and what can "
                "be brought to them. Lower end_t."
            )
        if found.status != "optimal":
            raise SolverError(f"months, {problem}: the program is {found.status}. Report the network.")
        self._proofs.append(require(self._model.certify(f"months, {problem}")))
        if self._watched is not None:
            priced = zip((found.col_dual, found.row_dual), self._watched, strict=True)
            self._is_priced |= any(bool((np.abs(dual[raised]) > PRICED).any()) for dual, raised in priced)
        if starts_near:
            self._is_close = self._model.n_steps <= self._most_steps
        if self._notes and (problem == COST or problem in dict(self.stages)):
            self._ends[problem] = self._model.statuses(found)
        return found
