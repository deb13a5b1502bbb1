"""A program whose stages are solved once, and again only where a change could move what they serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

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
    Ordered,
    require,
)
from chainnet.errors import DataError, SolverError
from chainnet.flow import Counting, in_finer_sizes
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
    """Whose demand makes a stage, by tier: ``ours``, and ``everyone`` where nobody comes first."""

    tiers: tuple[str, ...]
    ours: tuple[Bools, ...]
    everyone: tuple[Bools, ...]
    others: Bools

    @classmethod
    def of(cls, counting: Counting) -> Parts:
        """Return the parts of what counts; of one tier alone if the counting names one."""
        mine, anyone = counting.rows, counting.anyone
        asked = {name: rows for name, rows in counting.tiers.items() if counting.tier in (None, name)}
        tiers = tuple(name for name, rows in asked.items() if (mine & rows).any())
        everyone = tuple(anyone & rows for rows in asked.values() if (anyone & rows).any())
        return cls(tiers, tuple(mine & asked[name] for name in tiers), everyone, anyone & ~counting.ours)

    @property
    def has_others(self) -> bool:
        """Whether anybody asks who is no beneficiary."""
        return bool(self.others.any())

    @property
    def all_stages(self) -> list[Bools]:
        """The rows of every stage there may be, in the order of their numbers."""
        return [self.others, *self.everyone, *self.ours]

    def stages(self, order: str, tier: int | None = None) -> list[tuple[int, Bools]]:
        """Return number and rows of each stage; ``tier`` = that one alone, as if it came first."""
        if order == "alike":
            named = range(len(self.everyone))
            own = named if tier is None else [i for i in named if (self.everyone[i] & self.ours[tier]).any()]
            return [(1 + i, self.everyone[i]) for i in own]
        first = 1 + len(self.everyone)
        chosen = range(len(self.tiers)) if tier is None else [tier]
        mine = [(first + i, self.ours[i]) for i in chosen]
        return [(0, self.others), *mine] if order == "allies_last" and self.has_others else mine

    def within(self, stage: int, tier: int | None) -> list[int]:
        """Return the tiers of which a stage of everyone holds our part."""
        if tier is not None:
            return [tier]
        return [i for i, rows in enumerate(self.ours) if (rows & self.everyone[stage]).any()]


@dataclass(frozen=True)
class _Stage:
    """One stage as solved: what it serves, its prices by column and row."""

    value: float
    x: Array
    basis: Any
    col_price: Array
    row_price: Array
    proof: Certificate


class _Ends(NamedTuple):
    """The most and the least that can fall to us of what a stage serves, and the answer with the least."""

    most: float
    least: float
    x: Array


@dataclass(frozen=True)
class Point:
    """A program as solved within some bounds, and what each tier is served, t/yr.

    ``most`` and ``least`` differ where nobody comes first: who of all is served is then a tie. ``kept``: optimal
    answers with the activity of their rows.
    """

    order: str
    tier: int | None
    upper: Array
    rows: Array
    stages: tuple[_Stage, ...]
    most: Array
    least: Array
    kept: list[tuple[Array, Array]] = field(default_factory=list)


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
        stages = list(self._in_order("allies_first", None, low.program.col_upper, low.program.row_upper, ()))
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
        ends: list[_Ends] = []
        for stage in self._in_order(order, tier, upper, rows, near.stages if near else ()):
            stages.append(stage)
            self.ledger.add(stage.proof)
            if order == "alike":
                ends += [self._ends(self.parts.ours[i], stage) for i in self.parts.within(len(stages) - 1, tier)]
        x = ends[-1].x if ends else stages[-1].x
        if order == "alike":
            most, least = (np.array([getattr(end, side) for end in ends]) for side in ("most", "least"))
        else:
            n = len(self.parts.tiers) if tier is None else 1
            most = least = np.array([stage.value for stage in stages[-n:]])
        return Point(order, tier, upper, rows, tuple(stages), most, least, [(x, self._matrix @ x)])

    def served(self, point: Point, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        """Return the most and the least that each tier is served within other bounds, t/yr."""
        if self._stays(point, *bounds):
            self.ledger.settled += 1
            return point.most, point.least
        found = self.point(point.order, bounds, point.tier, point)
        same = np.abs(found.most - point.most) <= ROUNDING * np.maximum(point.most, 1.0)
        tighter = bool((found.upper <= point.upper).all() and (found.rows <= point.rows).all())
        if same.all() and tighter and len(point.kept) < MOST_KEPT:
            point.kept.append(found.kept[0])
        return found.most, found.least

    def served_each(self, point: Point, bounds: Sequence[tuple[Array, Array]]) -> list[tuple[Array, Array]]:
        """Return the same for many bounds; where many are open, answers are looked for that need little of them."""
        left = [within for within in bounds if not self._stays(point, *within)]
        while len(left) > FEW and point.order != "alike":
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
            point.kept.insert(0, (x, self._matrix @ x))

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
        if point.order == "alike":
            return float(self.point(point.order, (upper, point.rows), point.tier, point).least.sum())
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
        flows, x = low.flows, point.kept[0][0]
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
            prices = np.maximum(-found.col_dual, 0.0), np.maximum(-found.row_dual, 0.0)
            stage = _Stage(max(-found.value, 0.0), found.x, found.basis, *prices, ordered.proofs[-1])
            ordered.floor(number, -stage.value)
            yield stage

    def _ends(self, rows: Bools, stage: _Stage) -> _Ends:
        """Return the most and the least that our part of a stage is served, what all get being kept."""
        ends = self._ordered.ends(-self.low.serving(rows))
        for proof in self._ordered.proofs[-2:]:
            self.ledger.add(proof)
        least, most = max(ends[0].value, 0.0), max(-ends[1].value, 0.0)
        # floors give way by a hair, of which a stage may make several
        is_one = most - least <= SEVERAL * LOCK * max(stage.value, LEAST_SIZE)
        return _Ends(most, most if is_one else least, ends[0].x)

    def _stays(self, point: Point, upper: Array, rows: Array) -> bool:
        """Say whether what a point serves is surely the same within other bounds.

        With all served alike it is the least of one tier alone that is so sure, and only where nothing is raised.
        """
        raised, lifted = upper > point.upper, rows > point.rows
        columns, lines = np.flatnonzero(upper < point.upper), np.flatnonzero(rows < point.rows)
        if point.order == "alike":
            if not len(columns) and not len(lines):
                return not raised.any() and not lifted.any()
            if raised.any() or lifted.any() or len(point.least) > 1:
                return False
        if any((s.col_price[raised] > PRICED).any() or (s.row_price[lifted] > PRICED).any() for s in point.stages):
            return False
        most = upper[columns] + UNIT_ROUNDING * self.low.program.col_scale[columns]
        high = rows[lines] + UNIT_ROUNDING * self.low.program.row_scale[lines]
        return any((x[columns] <= most).all() and (line[lines] <= high).all() for x, line in point.kept)
