"""A program whose stages are solved once, and again only where a change could move what they serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from chainnet._types import Array, Bools, Ints
from chainnet.doubt._judgements import BY_LAW
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
from chainnet.flow import (
    Counting,
    Kept,
    at_home,
    home_stages,
    in_finer_sizes,
    released,
    stages_of,
)
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

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(self.proofs + other.proofs, self.settled + other.settled)

    def certificate(self, point: Point, second: float | None) -> Certificate:
        """Return what a point serves in all, with the worst gap and breach of everything."""
        value = sum(stage.value for stage in point.stages[-1])
        bound = -sum(stage.proof.bound for stage in point.stages[-1])
        return require(replace(Certificate.worst(self.proofs, NAME, value=value, bound=bound), second_value=second))


@dataclass(frozen=True)
class Parts:
    """Whose demand makes a stage: ``ours`` by tier, and the stages of each order of service, in turn.

    ``n_asked``: how many of these there are up to the last that holds what is asked for.
    """

    tiers: tuple[str, ...]
    ours: tuple[Bools, ...]
    orders: Mapping[Kept, tuple[Bools, ...]]
    n_asked: Mapping[Kept, int]

    @classmethod
    def of(cls, counting: Counting, orders: Iterable[Kept], tier: str | None = None) -> Parts:
        """Return the parts of what counts, or of one tier."""
        mine = counting.first(tier).rows
        ours = {name: mine & rows for name, rows in counting.tiers.items() if (mine & rows).any()}
        stages = {order: tuple(rows for _, rows in stages_of(counting.in_order(order))) for order in orders}
        n_asked = {
            order: 1 + max(place for place, rows in enumerate(turns) if (rows & mine).any())
            for order, turns in stages.items()
        }
        return cls(tuple(ours), tuple(ours.values()), stages, n_asked)

    def within(self, rows: Bools, tier: int | None) -> list[int]:
        """Return the tiers of which a stage holds any of our part."""
        return [i for i, mine in enumerate(self.ours) if (tier is None or i == tier) and (rows & mine).any()]

    def is_tied(self, rows: Bools, tier: int) -> bool:
        """Say whether a stage asks for more than our part of a tier: who of them is served is then open."""
        return bool((rows & ~self.ours[tier]).any())


@dataclass(frozen=True)
class Pass:
    """Stages, by the number of their goal, that are served one after another within the same bounds.

    ``is_apart``: what was served before it is not kept in it, but its own is kept in what comes after.
    """

    upper: Array
    rows: Array
    stages: tuple[tuple[int, Bools], ...]
    is_apart: bool = False


Passes = tuple[Pass, ...]


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
    holds what gives either. ``kept``: optimal answers with the activity of their rows, of each pass and of each end.
    """

    tier: int | None
    passes: Passes
    stages: tuple[tuple[_Stage, ...], ...]
    ends: tuple[_Stage, ...]
    most: Array
    least: Array
    kept: tuple[list[tuple[Array, Array]], ...]

    @property
    def sought(self) -> list[_Stage]:
        """All that was sought, of every pass, then the ends."""
        return [*(stage for turns in self.stages for stage in turns), *self.ends]

    @property
    def last(self) -> Pass:
        """The pass that leaves what is served."""
        return self.passes[-1]


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
        # contracts, and users at home who come first, play a part in an order by law alone
        self._law = counting.in_order("law") if "law" in parts.orders else None
        self._home = [] if self._law is None else home_stages(self._law, overlay)
        every = [*parts.ours, *(rows for turns in parts.orders.values() for rows in turns), *(h[2] for h in self._home)]
        self._goals = {rows.tobytes(): rows for rows in every}
        self._numbers = {key: number for number, key in enumerate(self._goals)}
        overlay = overlay if self._law is None else overlay.also(self._law.contracts)
        lowering = partial(lower, counting.network, overlay, degree, stocks=stocks)
        self._is_proved = True
        in_finer_sizes(lowering, self._take, lambda: self._is_proved)

    def _take(self, low: Lowered) -> Array:
        self._lower(low)
        turns = self._turns(next(iter(self.parts.orders.values())))
        stages = list(self._in_order((Pass(low.program.col_upper, low.program.row_upper, turns),)))
        self._is_proved = all(stage.proof.ok for *_, stage in stages)
        return stages[-1][2].x

    def _lower(self, low: Lowered) -> None:
        goals = [low.serving(rows) for rows in self._goals.values()]
        self.low, self._ordered, self._matrix = low, Ordered(low.program, NAME, goals), csr_array(low.program.matrix)

    def _turns(self, stages: Iterable[Bools]) -> tuple[tuple[int, Bools], ...]:
        """Return stages with the numbers of their goals."""
        return tuple((self._numbers[rows.tobytes()], rows) for rows in stages)

    def with_line(self, line: int, t_per_t: float) -> Program:
        """Return the program with another amount in a line of a recipe."""
        other = copy(self)
        other._is_edited = True
        other._lower(self.low.with_line(line, t_per_t))
        return other

    def passes(self, overlay: Overlay, order: Kept, tier: int | None = None) -> Passes:
        """Return what is served within which bounds under an overlay; ``tier`` = that one alone, as if it came first.

        By law users at home come first, with what plants at home can give them; then all stages while contracts hold;
        and where there are any, the stages once more, for what those under contract do not take is for all. What
        is held for later stages than those asked about is kept for them.
        """
        if self._law is not None:
            overlay = overlay.also(self._law.contracts)
        free = released(overlay)
        every = self._turns(self.parts.orders[order] if tier is None else (self.parts.ours[tier],))
        turns = every[: self.parts.n_asked[order]]
        if self._law is None or order not in BY_LAW or tier is not None:
            return (Pass(*self.low.bounds(free), turns),)
        network, found = self._law.network, []
        for country in dict.fromkeys(place for place, *_ in self._home):
            mine = self._turns(rows for place, _, rows in self._home if place == country)
            found.append(Pass(*self.low.bounds(at_home(network, overlay, country)), mine, is_apart=True))
        if free is not overlay:
            found.append(Pass(*self.low.bounds(overlay), every))
        return (*found, Pass(*self.low.bounds(free), turns))

    def wanted(self, passes: Passes) -> Array:
        """Return what our part of each tier asks for within these bounds, t/yr."""
        asked = passes[-1].upper[self.low.served]
        return np.array([asked[rows].sum() for rows in self.parts.ours])

    def point(self, passes: Passes, tier: int | None = None, near: Point | None = None) -> Point:
        """Solve every stage within these bounds; start where a point ``near`` ended."""
        stages: list[list[_Stage]] = [[] for _ in passes]
        ends: list[_Stage] = []
        most, least = (np.zeros(len(self.parts.tiers)) for _ in range(2))
        for at, members, stage in self._in_order(passes, near.stages if near else ()):
            stages[at].append(stage)
            self.ledger.add(stage.proof)
            for one in self.parts.within(members, tier) if at == len(passes) - 1 else ():
                if not self.parts.is_tied(members, one):
                    most[one] += stage.value
                    least[one] += stage.value
                    continue
                if self._is_whole(stage, members):  # so is our part of it
                    asked = float(stage.x[self.low.served[self.parts.ours[one] & members]].sum())
                    most[one] += asked
                    least[one] += asked
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
        kept = tuple([(found.x, self._matrix @ found.x)] for found in (*(turns[-1] for turns in stages), *ends))
        return Point(tier, passes, tuple(map(tuple, stages)), tuple(ends), most, least, kept)

    def served(self, point: Point, passes: Passes) -> tuple[Array, Array]:
        """Return the most and the least that each tier is served within other bounds, t/yr."""
        if self._stays(point, passes):
            self.ledger.settled += 1
            return point.most, point.least
        found = self.point(passes, point.tier, point)
        was, now = (np.array([stage.value for stage in one.sought]) for one in (point, found))
        is_same = len(was) == len(now) and bool((np.abs(now - was) <= ROUNDING * np.maximum(was, 1.0)).all())
        is_tighter = all(
            (new.upper <= old.upper).all() and (new.rows <= old.rows).all()
            for new, old in zip(passes, point.passes, strict=True)
        )
        if (
            is_same and is_tighter
        ):  # then the new answers are as good as the old ones, and allowed within the old bounds
            for known, new in zip(point.kept, found.kept, strict=True):
                if len(known) < MOST_KEPT:
                    known.append(new[0])
        return found.most, found.least

    def served_each(self, point: Point, bounds: Sequence[Passes]) -> list[tuple[Array, Array]]:
        """Return the same for many bounds; where many are open, answers are looked for that need little of them."""
        left = [within for within in bounds if not self._stays(point, within)]
        while len(left) > FEW:
            self._keep_thrifty(point, left)
            before, left = len(left), [within for within in left if not self._stays(point, within)]
            if before - len(left) < max(4, before // 25):
                break
        return [self.served(point, within) for within in bounds]

    def _keep_thrifty(self, point: Point, left: Sequence[Passes]) -> None:
        """Keep one more optimal answer, which uses as little as it can of what these bounds take away."""
        *_, (_, _, last) = self._in_order(point.passes, point.stages)
        weight = np.zeros(len(point.last.upper))
        for within in left:
            columns = np.flatnonzero(within[-1].upper < point.last.upper)
            lines = np.flatnonzero(within[-1].rows < point.last.rows)
            columns = np.concatenate([columns, *(self._matrix[[i], :].indices for i in lines)])
            used = columns[last.x[columns] > 0]
            weight[used] = np.maximum(weight[used], 1.0 / last.x[used])
        if weight.any():
            x = self._ordered.ask(weight).x
            point.kept[len(point.passes) - 1].insert(0, (x, self._matrix @ x))

    def losses(self, point: Point, groups: Sequence[Ints]) -> Array:
        """Return how much less of its tier a point serves, at the least, without each group of nodes, t/yr.

        A group that surely loses less than the worst found so far is not solved and counts as 0.
        """
        base = float(point.least.sum())
        most = self._most_lost(point, groups)
        lost, worst = np.zeros(len(groups)), 0.0
        for i in np.argsort(-most, kind="stable"):
            if most[i] < worst - CERTAIN * max(base, LEAST_SIZE):
                break
            upper = point.last.upper.copy()
            upper[self.low.closing(groups[i])] = 0.0
            lost[i] = max(base - self._left(point, replace(point.last, upper=upper)), 0.0)
            worst = max(worst, lost[i])
        return lost

    def _left(self, point: Point, within: Pass) -> float:
        """Return what a point of one tier still serves within other bounds of columns; the value alone is solved."""
        if self._stays(point, (within,)):
            return float(point.least.sum())
        self._ordered.within(within.upper, within.rows)
        ((_, members),), ((stage,),) = within.stages, point.stages
        value = -self._ordered.value(self.low.serving(members), stage.basis)
        if np.isnan(value):  # rounding may be to blame: then all is solved with care
            return float(self.point((within,), point.tier, point).least.sum())
        return max(value, 0.0)

    def _most_lost(self, point: Point, groups: Sequence[Ints]) -> Array:
        """Return more than each group can lose: what leaves it, by the most that a tonne can add to what is served."""
        if point.tier is None or self._is_edited:
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
        found = list(self._in_order(point.passes, point.stages, seconds))
        size = max(max(stage.value for *_, stage in found), 1.0)
        for (*_, stage), second in zip(found, seconds, strict=True):
            if abs(stage.value - second) > AGREE * size:
                raise SolverError(f"{NAME}: a second solver finds {second!r}, not {stage.value!r}. Report the network.")
        return sum(second for (at, *_), second in zip(found, seconds, strict=True) if at == len(point.passes) - 1)

    # -- inside ------------------------------------------------------------------------------------

    def _in_order(
        self,
        passes: Passes,
        before: Sequence[Sequence[_Stage]] = (),
        seconds: list[float] | None = None,
    ) -> Iterator[tuple[int, Bools, _Stage]]:
        """Serve each stage and keep it before the next, by a floor, for prices of all are asked; yield pass and rows.

        ``seconds`` takes what a second solver finds.
        """
        ordered, low, kept = self._ordered, self.low, dict[int, float]()
        turns: list[_Stage] = []
        for at, one in enumerate(passes):
            turns = turns[: len(one.stages)]
            if turns and seconds is None and _is_all_the_same(passes[at - 1], one, turns):
                yield from ((at, members, stage) for (_, members), stage in zip(one.stages, turns, strict=True))
                continue
            turns = []
            ordered.within(one.upper, one.rows)
            for number, value in () if one.is_apart else kept.items():
                ordered.floor(number, value)
            for place, (number, members) in enumerate(one.stages):
                near = before[at][place:] if before else ()
                if not turns or not self._is_whole(turns[-1], one.stages[place - 1][1]):
                    self._serve_at_once(one.stages[place:], near)
                found = ordered.stage(low.serving(members), basis=near[0].basis if near else None)
                if seconds is not None:
                    seconds.append(-ordered.second(low.serving(members)))
                stage = _sought(found, max(-found.value, 0.0), ordered.proofs[-1])
                kept[number] = -stage.value
                ordered.floor(number, -stage.value)
                turns.append(stage)
                yield at, members, stage
                # later stages are served here for the sake of the next pass alone
                if seconds is None and _is_enough(one, passes[at + 1 :], turns):
                    break

    def _serve_at_once(self, stages: Sequence[tuple[int, Bools]], near: Sequence[_Stage]) -> None:
        """Look for an answer that serves several stages whole at once, where one near by did."""
        alike = list(takewhile(lambda one: self._is_whole(one[1], one[0][1]), zip(stages, near, strict=False)))
        if len(alike) > 1:
            cost = np.sum([self.low.serving(members) for (_, members), _ in alike], axis=0)
            self._ordered.stage(cost, basis=alike[-1][1].basis)

    def _is_whole(self, stage: _Stage, members: Bools) -> bool:
        """Say whether all that a stage asks for is served, and no more can be whatever else is in place."""
        return bool((stage.col_price[self.low.served[members]] > PRICED).all()) and not stage.row_price.any()

    def _ends(self, rows: Bools, before: Sequence[_Stage]) -> tuple[_Stage, _Stage]:
        """Return the least and the most that our part of a stage is served, what all get being kept."""
        cost, out = self.low.serving(rows), []
        for place, sign in enumerate((-1.0, 1.0)):
            found = self._ordered.ask(sign * cost, basis=before[place].basis if before else None)
            self.ledger.add(self._ordered.proofs[-1])
            out.append(_sought(found, max(-sign * found.value, 0.0), self._ordered.proofs[-1]))
        return out[0], out[1]

    def _stays(self, point: Point, passes: Passes) -> bool:
        """Say whether what a point serves is surely the same within other bounds."""
        n = len(passes)
        each = zip(point.passes, passes, point.stages, zip(point.kept[:n], strict=True), strict=True)
        return all(self._holds(*one) for one in each) and self._holds(
            point.last, passes[-1], point.ends, point.kept[n:]
        )

    def _holds(
        self, old: Pass, new: Pass, sought: Sequence[_Stage], kept: Sequence[Sequence[tuple[Array, Array]]]
    ) -> bool:
        """Say whether an answer of each is allowed within new bounds, and its prices still prove it."""
        raised, lifted = new.upper > old.upper, new.rows > old.rows
        if any((s.col_price[raised] > PRICED).any() or (s.row_price[lifted] > PRICED).any() for s in sought):
            return False
        columns, lines = np.flatnonzero(new.upper < old.upper), np.flatnonzero(new.rows < old.rows)
        most = new.upper[columns] + UNIT_ROUNDING * self.low.program.col_scale[columns]
        high = new.rows[lines] + UNIT_ROUNDING * self.low.program.row_scale[lines]
        return all(
            any((x[columns] <= most).all() and (line[lines] <= high).all() for x, line in known) for known in kept
        )


def _is_enough(one: Pass, after: Sequence[Pass], turns: Sequence[_Stage]) -> bool:
    """Say whether the stages that the next pass asks about are served, and it leaves them as they are."""
    return bool(after) and len(turns) == len(after[0].stages) and _is_all_the_same(one, after[0], turns)


def _is_all_the_same(before: Pass, after: Pass, turns: Sequence[_Stage]) -> bool:
    """Say whether stages are served alike within bounds that are nowhere tighter: nothing that rises has a price."""
    if before.is_apart:
        return False
    raised, lifted = after.upper > before.upper, after.rows > before.rows
    is_wider = (after.upper >= before.upper).all() and (after.rows >= before.rows).all()
    priced = any((s.col_price[raised] > PRICED).any() or (s.row_price[lifted] > PRICED).any() for s in turns)
    return bool(is_wider and not priced)


def _sought(found: LinearSolution, value: float, proof: Certificate) -> _Stage:
    """Return an answer with the price of each bound."""
    prices = np.maximum(-found.col_dual, 0.0), np.maximum(-found.row_dual, 0.0)
    return _Stage(value, found.x, found.basis, *prices, proof)
