"""A program whose stages are solved once, and again only where a change could move what they serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from chainnet._types import Array, Bools, Ints
from chainnet.engine import (
    AGREE,
    CERTAIN,
    LEAST_SIZE,
    LOCK,
    PRICED,
    ROUNDING,
    UNIT_ROUNDING,
    Certificate,
    LinearSolution,
    Ordered,
    require,
)
from chainnet.errors import DataError, SolverError
from chainnet.flow import Counting, Order, in_finer_sizes, stages_of
from chainnet.lowering import Degree, Lowered, Overlay, column_gains, lower

# optimal answers kept of one point: what one of them leaves idle needs no solve
MOST_KEPT = 48
# fewer open answers than this are solved at once
FEW = 12
SEVERAL = 10.0
NAME = "assumptions"


@dataclass
class Ledger:
    """The proofs of all stages solved, and how many answers needed no solve."""

    proofs: list[Certificate] = field(default_factory=list)
    settled: int = 0

    def add(self, proof: Certificate) -> None:
        """Take a proof; raise SolverError if it does not hold."""
        self.proofs.append(require(proof))

    def certificate(self, point: Point, second: float | None) -> Certificate:
        """Return what a point serves in all, with the worst gap and breach of everything."""
        value, bound = sum(stage.value for stage in point.stages), -sum(stage.proof.bound for stage in point.stages)
        return require(replace(Certificate.worst(self.proofs, NAME, value=value, bound=bound), second_value=second))


@dataclass(frozen=True)
class Parts:
    """Whose demand makes a stage: ``ours`` by tier, and the stages of each order of service, in turn."""

    tiers: tuple[str, ...]
    ours: tuple[Bools, ...]
    orders: Mapping[str, tuple[Bools, ...]]

    @classmethod
    def of(cls, counting: Counting, orders: Iterable[Order], tier: str | None = None) -> Parts:
        """Return the parts of what counts, or of one tier; an order ends with the last stage that asks for any of it."""
        mine = counting.first(tier).rows
        ours = {name: mine & rows for name, rows in counting.tiers.items() if (mine & rows).any()}
        stages = {}
        for order in orders:
            turns = [rows for _, rows in stages_of(counting.in_order(order))]
            last = max(place for place, rows in enumerate(turns) if (rows & mine).any())
            stages[order] = tuple(turns[: last + 1])
        return cls(tuple(ours), tuple(ours.values()), stages)

    @cached_property
    def all_stages(self) -> list[Bools]:
        """The rows of every stage there may be, each once, in the order of their numbers."""
        every = [*self.ours, *(rows for turns in self.orders.values() for rows in turns)]
        return list({rows.tobytes(): rows for rows in every}.values())

    def stages(self, order: str, tier: int | None = None) -> list[tuple[int, Bools]]:
        """Return number and rows of each stage; ``tier`` = that one alone, as if it came first."""
        places = {rows.tobytes(): place for place, rows in enumerate(self.all_stages)}
        turns = self.orders[order] if tier is None else (self.ours[tier],)
        return [(places[rows.tobytes()], rows) for rows in turns]

    def within(self, rows: Bools, tier: int | None) -> list[int]:
        """Return the tiers of which a stage holds any of our part."""
        return [i for i, mine in enumerate(self.ours) if (tier is None or i == tier) and (rows & mine).any()]

    def is_tied(self, rows: Bools, tier: int) -> bool:
        """Say whether a stage asks for more than our part of a tier: who of them is served is then open."""
        return bool((rows & ~self.ours[tier]).any())


@dataclass(frozen=True)
class _Stage:
    """What is sought of a program: a stage, or an end of our part of one; its prices by column and row."""

    value: float
    x: Array
    basis: Any
    col_price: Array
    row_price: Array
    proof: Certificate


@dataclass(frozen=True)
class Point:
    """A program as solved within some bounds, and what each tier is served, t/yr.

    ``most`` and ``least`` differ where a stage asks for others too: who of them is served is then a tie, and ``ends``
    holds what gives either. ``kept``: optimal answers with the activity of their rows, of the stages and of each end.
    """

    order: str
    tier: int | None
    upper: Array
    rows: Array
    stages: tuple[_Stage, ...]
    ends: tuple[_Stage, ...]
    most: Array
    least: Array
    kept: tuple[list[tuple[Array, Array]], ...]


class Program:
    """A lowered network that is asked again and again within other bounds.

    Parameters
    ----------
    counting : Counting
        Whose demand counts, in which network.
    overlay : Overlay
        With every restriction that will ever be in force.
    degree : {"existing", "new"}
    parts : Parts
    ledger : Ledger
    stocks : bool
        Whether stocks may be drawn.

    Notes
    -----
    An answer stays as it is, and nothing is solved, if (1) one of the known optimal answers keeps the bounds that
    are lowered and (2) the bounds that are raised have no price in any stage: the answer is then still allowed, and
    the duals still prove it.
    """

    low: Lowered
    _ordered: Ordered
    _matrix: csr_array

    def __init__(
        self,
        counting: Counting,
        overlay: Overlay,
        degree: Degree,
        parts: Parts,
        ledger: Ledger,
        *,
        stocks: bool = False,
    ) -> None:
        self.parts, self.ledger, self._is_edited = parts, ledger, False
        self._gains: dict[int, Array] = {}
        lowering = partial(lower, counting.network, overlay, degree, stocks=stocks)
        self._is_proved = True
        in_finer_sizes(lowering, self._take, lambda: self._is_proved)

    def _take(self, low: Lowered) -> Array:
        self._lower(low)
        stages = list(
            self._in_order(next(iter(self.parts.orders)), None, low.program.col_upper, low.program.row_upper, ())
        )
        self._is_proved = all(stage.proof.ok for stage in stages)
        return stages[-1].x

    def _lower(self, low: Lowered) -> None:
        goals = [low.serving(rows) for rows in self.parts.all_stages]
        self.low, self._ordered, self._matrix = low, Ordered(low.program, NAME, goals), csr_array(low.program.matrix)

    def with_line(self, line: int, t_per_t: float) -> Program:
        """Return the program with another amount in a line of a recipe."""
        other = copy(self)
        other._is_edited = True
        other._lower(self.low.with_line(line, t_per_t))
        return other

    def bounds(self, overlay: Overlay, degree: Degree | None = None) -> tuple[Array, Array]:
        """Return the bounds of columns and rows under an overlay; ``degree`` is none where nothing is rerouted."""
        low = self.low if degree in (None, self.low.degree) else replace(self.low, degree=degree)
        return low.bounds(overlay)

    def wanted(self, upper: Array) -> Array:
        """Return what our part of each tier asks for within these bounds, t/yr."""
        asked = upper[self.low.served]
        return np.array([asked[rows].sum() for rows in self.parts.ours])

    def point(
        self, order: str, bounds: tuple[Array, Array], tier: int | None = None, near: Point | None = None
    ) -> Point:
        """Solve every stage within these bounds; start where a point ``near`` ended."""
        upper, rows = bounds
        stages: list[_Stage] = []
        ends: list[_Stage] = []
        most, least = (np.zeros(len(self.parts.tiers)) for _ in range(2))
        turns = self.parts.stages(order, tier)
        sought = self._in_order(order, tier, upper, rows, near.stages if near else ())
        for (_, members), stage in zip(turns, sought, strict=True):
            stages.append(stage)
            self.ledger.add(stage.proof)
            for one in self.parts.within(members, tier):
                if not self.parts.is_tied(members, one):
                    most[one] += stage.value
                    least[one] += stage.value
                    continue
                near_ends = near.ends[len(ends) : len(ends) + 2] if near else ()
                low, high = self._ends(self.parts.ours[one] & members, near_ends)
                ends += [low, high]
                # floors give way by a hair, of which a stage may make several
                is_one = high.value - low.value <= SEVERAL * LOCK * max(stage.value, LEAST_SIZE)
                most[one] += high.value
                least[one] += high.value if is_one else low.value
        if tier is not None:
            most, least = most[[tier]], least[[tier]]
        kept = tuple([(found.x, self._matrix @ found.x)] for found in (stages[-1], *ends))
        return Point(order, tier, upper, rows, tuple(stages), tuple(ends), most, least, kept)

    def served(self, point: Point, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        """Return the most and the least that each tier is served within other bounds, t/yr."""
        if self._stays(point, *bounds):
            self.ledger.settled += 1
            return point.most, point.least
        found = self.point(point.order, bounds, point.tier, point)
        same = [
            (np.abs(getattr(found, end) - getattr(point, end)) <= ROUNDING * np.maximum(point.most, 1.0)).all()
            for end in ("most", "least")
        ]
        if all(same) and (found.upper <= point.upper).all() and (found.rows <= point.rows).all():
            for known, new in zip(point.kept, found.kept, strict=True):
                if len(known) < MOST_KEPT:
                    known.append(new[0])
        return found.most, found.least

    def served_each(self, point: Point, bounds: Sequence[tuple[Array, Array]]) -> list[tuple[Array, Array]]:
        """Return the same for many bounds; where many are open, answers are looked for that need little of them."""
        left = [within for within in bounds if not self._stays(point, *within)]
        while len(left) > FEW:
            self._keep_thrifty(point, left)
            before, left = len(left), [within for within in left if not self._stays(point, *within)]
            if before - len(left) < max(4, before // 25):
                break
        return [self.served(point, within) for within in bounds]

    def _keep_thrifty(self, point: Point, left: Sequence[tuple[Array, Array]]) -> None:
        """Keep one more optimal answer, which uses as little as it can of what these bounds take away."""
        *_, last = self._in_order(point.order, point.tier, point.upper, point.rows, point.stages)
        weight = np.zeros(len(point.upper))
        for upper, rows in left:
            columns, lines = np.flatnonzero(upper < point.upper), np.flatnonzero(rows < point.rows)
            columns = np.concatenate([columns, *(self._matrix[[i], :].indices for i in lines)])
            used = columns[last.x[columns] > 0]
            weight[used] = np.maximum(weight[used], 1.0 / last.x[used])
        if weight.any():
            x = self._ordered.ask(weight).x
            point.kept[0].insert(0, (x, self._matrix @ x))

    def losses(self, point: Point, groups: Sequence[Ints]) -> Array:
        """Return how much less a point serves, at the least, without each group of nodes, t/yr.

        Where we come first, a group that surely loses less than the worst found so far is not solved and counts as 0.
        """
        base = float(point.least.sum())
        most = self._most_lost(point, groups)
        lost, worst = np.zeros(len(groups)), 0.0
        for i in np.argsort(-most, kind="stable"):
            if most[i] < worst - CERTAIN * max(base, LEAST_SIZE):
                break
            upper = point.upper.copy()
            upper[self.low.closing(groups[i])] = 0.0
            lost[i] = max(base - self._left(point, upper), 0.0)
            worst = max(worst, lost[i])
        return lost

    def _left(self, point: Point, upper: Array) -> float:
        """Return what a point still serves, at the least, within other bounds of columns; values alone are solved."""
        if self._stays(point, upper, point.rows):
            return float(point.least.sum())
        self._ordered.within(upper, point.rows)
        value = 0.0
        for stage, (number, members) in zip(point.stages, self.parts.stages(point.order, point.tier), strict=True):
            value = -self._ordered.value(self.low.serving(members), stage.basis)
            if np.isnan(value):  # rounding may be to blame: then all is solved with care
                return float(self.point(point.order, (upper, point.rows), point.tier, point).least.sum())
            self._ordered.floor(number, -max(value, 0.0))
        return max(value, 0.0)

    def _most_lost(self, point: Point, groups: Sequence[Ints]) -> Array:
        """Return more than each group can lose: what leaves it, by the most that a tonne can add to what is served."""
        if point.order != "allies_first" or point.tier is None or self._is_edited:
            return np.full(len(groups), np.inf)
        low, ours = self.low, self.parts.ours[point.tier]
        if point.tier not in self._gains:
            try:
                self._gains[point.tier] = column_gains(low, ours)
            except DataError:  # a loop of recipes gains mass: there is no such most
                self._gains[point.tier] = np.full(len(low.program.cost), np.inf)
        gain = self._gains[point.tier]
        flows, x = low.flows, point.kept[0][0][0]
        columns = np.concatenate([np.arange(len(flows.tail)), low.served])
        at = np.concatenate([flows.tail, flows.demand["position"].to_numpy(dtype=np.int64)])
        used = x[columns] > 0
        worth = np.bincount(at[used], (gain * x)[columns][used], minlength=len(flows.activity))
        return np.array([worth[nodes].sum() for nodes in groups])

    def verified(self, point: Point) -> float:
        """Solve the stages of a point again with a second solver; return what they serve in all, t/yr.

        Raises
        ------
        SolverError
            If the two differ by more than 1e-6 of the largest stage.
        """
        seconds: list[float] = []
        stages = list(self._in_order(point.order, point.tier, point.upper, point.rows, point.stages, seconds))
        size = max(max(stage.value for stage in stages), 1.0)
        for stage, second in zip(stages, seconds, strict=True):
            if abs(stage.value - second) > AGREE * size:
                raise SolverError(f"{NAME}: a second solver finds {second!r}, not {stage.value!r}. Report the network.")
        return sum(seconds)

    # -- inside ------------------------------------------------------------------------------------

    def _in_order(
        self,
        order: str,
        tier: int | None,
        upper: Array,
        rows: Array,
        before: Sequence[_Stage],
        seconds: list[float] | None = None,
    ) -> Iterator[_Stage]:
        """Serve each stage and keep it before the next, by a floor, for prices of all are asked.

        ``seconds`` takes what a second solver finds.
        """
        ordered, low = self._ordered, self.low
        ordered.within(upper, rows)
        for place, (number, members) in enumerate(self.parts.stages(order, tier)):
            found = ordered.stage(low.serving(members), basis=before[place].basis if before else None)
            if seconds is not None:
                seconds.append(-ordered.second(low.serving(members)))
            stage = _sought(found, max(-found.value, 0.0), ordered.proofs[-1])
            ordered.floor(number, -stage.value)
            yield stage

    def _ends(self, rows: Bools, before: Sequence[_Stage]) -> tuple[_Stage, _Stage]:
        """Return the least and the most that our part of a stage is served, what all get being kept."""
        cost, out = self.low.serving(rows), []
        for place, sign in enumerate((-1.0, 1.0)):
            found = self._ordered.ask(sign * cost, basis=before[place].basis if before else None)
            self.ledger.add(self._ordered.proofs[-1])
            out.append(_sought(found, max(-sign * found.value, 0.0), self._ordered.proofs[-1]))
        return out[0], out[1]

    def _stays(self, point: Point, upper: Array, rows: Array) -> bool:
        """Say whether what a point serves is surely the same within other bounds."""
        raised, lifted = upper > point.upper, rows > point.rows
        sought = (*point.stages, *point.ends)
        if any((s.col_price[raised] > PRICED).any() or (s.row_price[lifted] > PRICED).any() for s in sought):
            return False
        columns, lines = np.flatnonzero(upper < point.upper), np.flatnonzero(rows < point.rows)
        most = upper[columns] + UNIT_ROUNDING * self.low.program.col_scale[columns]
        high = rows[lines] + UNIT_ROUNDING * self.low.program.row_scale[lines]
        return all(
            any((x[columns] <= most).all() and (line[lines] <= high).all() for x, line in known) for known in point.kept
        )


def _sought(found: LinearSolution, value: float, proof: Certificate) -> _Stage:
    """Return an answer with the price of each bound."""
    prices = np.maximum(-found.col_dual, 0.0), np.maximum(-found.row_dual, 0.0)
    return _Stage(value, found.x, found.basis, *prices, proof)
